"""The rules of the Functions host for queue triggers and output bindings that the local host keeps."""

import base64
import threading
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy

from tests.sandbox.host_world import World, on_message, on_request, queue_app, started
from tests.support.azurite import Account


def ringing_app(values: Any, *, fail: bool = False, answer: Any = "ok") -> func.FunctionApp:
    def rings(req: func.HttpRequest, out: func.Out[Any]) -> Any:
        out.set(values)
        if fail:
            raise ValueError
        return answer

    return on_request(rings, rings="%BELLS%")


def noting_app(world: World) -> func.FunctionApp:
    def works(msg: str) -> None:
        world.calls.append(msg)

    return on_message(works)


@pytest.mark.parametrize(("values", "sent"), [("one", ["one"]), (["one", "two"], ["one", "two"]), (None, [])])
def test_an_output_binding_sends_base64_messages(world: World, values: Any, sent: list[str]) -> None:
    assert world.host(ringing_app(values)).call("GET", "/api/x").status_code == 200
    assert [base64.b64decode(text).decode() for text in world.texts("bells")] == sent


@pytest.mark.parametrize("wrong", [{"fail": True}, {"answer": {"no": "dict"}}], ids=["throws", "answer"])
def test_a_failed_function_sends_nothing(world: World, wrong: dict[str, Any]) -> None:
    assert world.host(ringing_app("one", **wrong)).call("GET", "/api/x").status_code == 500
    assert world.texts("bells") == []


def test_a_message_that_cannot_be_written_fails_the_run(world: World) -> None:
    host = world.host(ringing_app("one"))
    world.queues.fail(1, ServiceRequestError("no route"), on=["send_message"])
    assert host.call("GET", "/api/x").status_code == 500
    assert host.call("GET", "/api/x").status_code == 200


def test_a_message_is_delivered_once_and_deleted(world: World) -> None:
    host = world.host(queue_app(world))
    world.send("work", "ü")
    assert (host.drain(), host.drain()) == (1, 0)
    assert world.calls == [("ü", 1)]
    assert world.texts("work") == []


def test_a_message_that_keeps_failing_shows_again_after_the_timeout_and_ends_in_the_poison_queue(world: World) -> None:
    host = world.host(queue_app(world, fail=lambda text: True))
    world.send("work", "a")
    for count in (1, 2, 3):
        assert (host.drain(), host.drain()) == (1, 0)
        assert world.calls[-1] == ("a", count)
        world.pass_time(seconds=29)
        assert host.drain() == 0
        world.pass_time(seconds=1)
    assert len(world.calls) == 3
    assert world.texts("work") == []
    assert world.texts("work-poison") == [base64.b64encode(b"a").decode()]


def test_poisoning_works_on_either_kind_of_account(world: World, account: Account) -> None:
    host = world.host(
        queue_app(world, fail=lambda text: text == "bad"), queues={"STORE": account.queues}, visibility="00:00:00"
    )
    client = account.queues.get_queue_client("work", message_encode_policy=TextBase64EncodePolicy())
    client.create_queue()
    for text in ("bad", "good"):
        client.send_message(text)
    host.drain()
    poison = account.queues.get_queue_client("work-poison", message_decode_policy=TextBase64DecodePolicy())
    assert [message.content for message in poison.receive_messages()] == ["bad"]
    assert client.get_queue_properties().approximate_message_count == 0
    assert [text for text, _ in world.calls] == ["bad", "good", "bad", "bad"]


def test_a_message_lost_by_crashes_is_poisoned_without_a_run(world: World) -> None:
    world.send("work", "a")
    client = world.queues.get_queue_client("work")
    for _ in range(3):
        assert client.receive_message(visibility_timeout=1)
        world.pass_time(seconds=2)
    world.host(queue_app(world)).drain()
    assert world.calls == []
    assert len(world.texts("work-poison")) == 1


@pytest.mark.parametrize("text", ["not base64!", '{"ids":[]}', "{}"])
def test_a_message_that_is_not_base64_is_poisoned_without_a_run(world: World, text: str) -> None:
    world.send("work", text, encoded=False)
    world.host(queue_app(world)).drain()
    assert world.calls == []
    assert world.texts("work-poison") == [text]


def test_a_poison_queue_has_no_poison_queue(world: World) -> None:
    host = world.host(queue_app(world, fail=lambda text: True, queue="work-poison"))
    world.send("work-poison", "a")
    for _ in range(5):
        host.drain()
        world.pass_time(minutes=10)
    assert [count for _, count in world.calls] == [1, 2, 3, 4, 5]
    assert len(world.texts("work-poison")) == 1
    assert "work-poison-poison" not in world.queues.messages


def test_one_failing_message_does_not_stop_its_neighbours(world: World) -> None:
    host = world.host(queue_app(world, fail=lambda text: text == "b"))
    for text in "abc":
        world.send("work", text)
    assert host.drain() == 3
    assert [text for text, _ in world.calls] == ["a", "b", "c"]


def test_a_returned_value_without_a_binding_fails_the_run(world: World) -> None:
    def works(msg: str) -> str:
        return msg

    world.send("work", "a")
    host = world.host(on_message(works))
    host.drain()
    assert [run.succeeded for run in host.recent] == [False]


def test_a_parameter_annotated_as_text_gets_the_bare_body(world: World) -> None:
    world.send("work", "ü")
    world.host(noting_app(world)).drain()
    assert world.calls == ["ü"]


def test_a_queue_that_rings_itself_for_ever_is_reported(world: World) -> None:
    def works(msg: str, out: func.Out[str]) -> None:
        out.set(msg)

    world.send("work", "a")
    with pytest.raises(RuntimeError, match="5 rounds"):
        world.host(on_message(works, rings="work")).drain(max_rounds=5)


def test_messages_run_at_the_same_time_up_to_the_limit(world: World) -> None:
    # The first batch is a and b. When only b is left, which is newBatchThreshold, c and d join it.
    together, last = threading.Barrier(4), threading.Event()

    def works(msg: str) -> None:
        world.calls.append(msg)
        if msg in "bcd":
            together.wait(timeout=10)
            together.wait(timeout=10)
        if msg == "f":
            last.set()

    for text in "abcdef":
        world.send("work", text)
    with started(world, on_message(works)):
        together.wait(timeout=10)
        assert sorted(world.calls) == list("abcd")
        assert len(world.queues.get_queue_client("work").peek_messages(5)) == 2
        together.wait(timeout=10)
        assert last.wait(timeout=10)
    assert sorted(world.calls) == list("abcdef")
    assert world.texts("work") == []


@pytest.mark.parametrize("method", ["receive_messages", "delete_message"])
def test_listening_survives_a_storage_that_does_not_answer(world: World, method: str) -> None:
    ran = threading.Event()

    def works(msg: str) -> None:
        world.calls.append(msg)
        if msg == "b":
            ran.set()

    world.queues.fail(1, ServiceRequestError("down"), on=[method])
    world.send("work", "a")
    with started(world, on_message(works)):
        world.send("work", "b")
        assert ran.wait(timeout=10)
    assert sorted(world.calls) == ["a", "b"]
