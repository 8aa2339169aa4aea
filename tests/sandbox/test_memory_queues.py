"""The queue double behaves as the service: one suite on it and on Azurite, and some of it with a clock to turn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import DecodeError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy

from sandbox.memory import MemoryQueues
from tests.support.azurite import Account


@pytest.fixture
def queue(account: Account) -> Any:
    client = account.queues.get_queue_client("contract")
    client.create_queue()
    return client


def test_a_queue_is_created_once(queue: Any) -> None:
    with pytest.raises(ResourceExistsError):
        queue.create_queue()


def test_a_missing_queue_is_not_found(account: Account) -> None:
    client = account.queues.get_queue_client("absent")
    calls: list[Callable[[], Any]] = [lambda: client.send_message("x"), lambda: list(client.receive_messages())]
    for call in calls:
        with pytest.raises(ResourceNotFoundError) as caught:
            call()
        assert caught.value.status_code == 404


def test_a_received_message_is_hidden_and_counted(queue: Any) -> None:
    queue.send_message("text")
    message = queue.receive_message(visibility_timeout=60)
    assert (message.content, message.dequeue_count) == ("text", 1)
    assert queue.receive_message() is None
    assert queue.get_queue_properties().approximate_message_count == 1
    queue.delete_message(message)
    assert queue.get_queue_properties().approximate_message_count == 0


def test_an_updated_message_shows_again_and_its_old_receipt_is_stale(queue: Any) -> None:
    queue.send_message("text")
    first = queue.receive_message(visibility_timeout=60)
    queue.update_message(first, visibility_timeout=0)
    second = queue.receive_message()
    assert (second.content, second.dequeue_count) == ("text", 2)
    with pytest.raises(HttpResponseError) as caught:
        queue.delete_message(second.id, first.pop_receipt)
    assert caught.value.status_code == 400
    queue.delete_message(second)


def test_a_message_that_is_gone_is_not_found(queue: Any) -> None:
    queue.send_message("text")
    message = queue.receive_message()
    queue.delete_message(message)
    with pytest.raises(ResourceNotFoundError):
        queue.delete_message(message)


def test_messages_come_in_order_and_up_to_the_wanted_number(queue: Any) -> None:
    for text in "abcde":
        queue.send_message(text)
    first = list(queue.receive_messages(messages_per_page=2, max_messages=3))
    assert [message.content for message in first] == list("abc")
    assert [message.content for message in queue.receive_messages(messages_per_page=2)] == list("de")


def test_a_delayed_message_is_not_seen(queue: Any) -> None:
    queue.send_message("late", visibility_timeout=600)
    assert queue.receive_message() is None
    assert list(queue.peek_messages()) == []


def test_peeking_neither_hides_nor_counts(queue: Any) -> None:
    queue.send_message("text")
    assert [message.content for message in queue.peek_messages(max_messages=5)] == ["text"]
    assert queue.receive_message().dequeue_count == 1


def test_base64_policies_encode_and_decode(account: Account, queue: Any) -> None:
    policies = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
    client = account.queues.get_queue_client("contract", **policies)
    client.send_message("ü")
    assert queue.peek_messages()[0].content == "w7w="
    assert client.receive_message().content == "ü"


def test_a_message_that_is_not_base64_cannot_be_decoded(account: Account, queue: Any) -> None:
    queue.send_message("abc")
    client = account.queues.get_queue_client("contract", message_decode_policy=TextBase64DecodePolicy())
    # Over HTTP, azure-storage-queue 12.18 stumbles while it builds its DecodeError.
    with pytest.raises((DecodeError, AttributeError)):
        client.receive_message()


def test_a_message_beyond_64_kib_is_refused(queue: Any) -> None:
    queue.send_message("x" * 65_536)
    with pytest.raises(HttpResponseError) as caught:
        queue.send_message("x" * 65_537)
    assert caught.value.status_code == 413


def test_time_brings_messages_back_and_ends_their_life() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    client = MemoryQueues(lambda: now).get_queue_client("contract")
    client.create_queue()
    client.send_message("week")
    client.send_message("never", time_to_live=-1)
    assert [message.content for message in client.receive_messages(visibility_timeout=60)] == ["week", "never"]
    now += timedelta(seconds=60)
    assert [message.dequeue_count for message in client.receive_messages(visibility_timeout=60)] == [2, 2]
    now += timedelta(days=7)
    assert [message.content for message in client.peek_messages(5)] == ["never"]


@pytest.mark.parametrize("name", ["ab", "Upper", "two--hyphens", "-first", "last-", "a" * 64])
def test_a_queue_name_the_service_refuses_is_refused(name: str) -> None:
    with pytest.raises(HttpResponseError) as caught:
        MemoryQueues().get_queue_client(name).create_queue()
    assert caught.value.status_code == 400
