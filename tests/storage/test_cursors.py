"""What the store promises about cursors, secrets and issues, and the bells about queue messages."""

import base64
from random import Random

import pytest
from azure.storage.queue import TextBase64DecodePolicy

from sandbox.salesforce.ids import make_id
from shared.deal import Issue
from shared.doorbell import Doorbell, NoDoorbell, Queue
from shared.errors import LostRace
from shared.storage import Bells, Cursor, Store, TooLarge
from shared.sync.detect.poll import Watermark
from tests.support.azurite import Account


@pytest.fixture
def store(account: Account) -> Store:
    return Store(account.tables, prefix="test")


def test_a_cursor_moves_only_from_the_version_that_was_read(store: Store) -> None:
    assert store.cursor("delta") == Cursor("", "")
    first = store.put_cursor("delta", "one", "")
    second = store.put_cursor("delta", "two", first)
    with pytest.raises(LostRace):
        store.put_cursor("delta", "three", first)
    with pytest.raises(LostRace):
        store.put_cursor("delta", "three", "")
    assert store.cursor("delta") == Cursor("two", second)


def test_repeating_a_cursor_whose_answer_was_lost_succeeds(store: Store) -> None:
    first = store.put_cursor("sweep", "one", "")
    assert store.put_cursor("sweep", "one", "") == first
    second = store.put_cursor("sweep", "two", first)
    assert store.put_cursor("sweep", "two", first) == second


@pytest.mark.parametrize("text", ["", "short", "x" * 40_000, "𝄞" * 50_000, "x" * 460_800], ids=len)
def test_a_cursor_keeps_its_text_whatever_its_length(store: Store, text: str) -> None:
    version = store.put_cursor("sweep", "y" * 100_000, "")
    store.put_cursor("sweep", text, version)
    assert store.cursor("sweep").text == text


def test_a_shorter_text_leaves_nothing_of_a_longer_one(account: Account, store: Store) -> None:
    store.put_cursor("sweep", "y", store.put_cursor("sweep", "x" * 40_000, ""))
    stored = account.tables.get_table_client("testcursor").get_entity("default", "sweep")
    assert "x" not in "".join(str(value) for value in stored.values())


@pytest.mark.parametrize("pairs", [13_000, 20_000])
def test_a_poll_that_has_just_seen_a_mass_change_can_remember_all_that_it_may(store: Store, pairs: int) -> None:
    stamps = Random(1)
    seen = frozenset((make_id("006", 5_000_000 + 37 * n), 1_767_614_405 + stamps.randrange(900)) for n in range(pairs))
    text = Watermark(1_767_614_405, seen, seen).text()
    store.put_cursor("opportunities", text, "")
    assert Watermark.parse(store.cursor("opportunities").text) == Watermark(1_767_614_405, seen, seen)


def test_a_cursor_beyond_900_kib_is_refused_when_packing_does_not_help(store: Store) -> None:
    noise = Random(1)
    with pytest.raises(TooLarge, match="sweep"):
        store.put_cursor("sweep", "".join(chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(460_801)), "")


def test_a_secret_is_replaced_only_by_who_read_the_last_one(store: Store) -> None:
    assert store.load_secret("refresh") == (None, "")
    first = store.save_secret("refresh", "a", "")
    second = store.save_secret("refresh", "b", first)
    with pytest.raises(LostRace):
        store.save_secret("refresh", "c", first)
    assert store.load_secret("refresh") == ("b", second)


def test_the_work_list_is_sorted_by_severity(store: Store) -> None:
    for severity in ("info", "warning", "error"):
        store.open_issue(Issue("s-1", f"code-{severity}", severity))
    assert [issue.severity for issue in store.issues()] == ["error", "warning", "info"]
    with pytest.raises(ValueError, match="severity"):
        store.open_issue(Issue("s-1", "code", "urgent"))


def test_a_link_and_code_have_one_open_issue_that_keeps_its_date_until_it_changes(store: Store) -> None:
    for at, severity, detail in ((1, "error", "detail"), (2, "error", "detail"), (3, "error", "x"), (4, "info", "x")):
        store.open_issue(Issue("s-1", "code", severity, detail, at=at))
        (issue,) = store.issues()
        assert (issue.severity, issue.at) == (severity, 1 if at == 2 else at)


def test_closing_spares_the_codes_to_keep_and_other_links(store: Store) -> None:
    for link_id, code in (("s-1", "a"), ("s-1", "b"), ("s-11", "a"), ("", "a")):
        store.open_issue(Issue(link_id, code, "warning"))
    store.close_issues("s-1", keep=("b",))
    assert {(issue.link_id, issue.code) for issue in store.issues()} == {("s-1", "b"), ("s-11", "a"), ("", "a")}


def test_a_store_names_what_it_cannot_use(account: Account) -> None:
    with pytest.raises(ValueError, match="tenant"):
        Store(account.tables, tenant="a:b")
    with pytest.raises(ValueError, match="shard_bits"):
        Store(account.tables, shard_bits=1)


# Bells

IDS = [f"00600000000000{number}" for number in range(1, 6)]


def _received(account: Account, queue: Queue) -> list[Doorbell]:
    client = account.queues.get_queue_client(str(queue), message_decode_policy=TextBase64DecodePolicy())
    return [Doorbell.decode(message.content) for message in client.receive_messages()]


def test_each_record_rings_once_in_order_and_in_chunks(account: Account) -> None:
    bells = Bells(account.queues, chunk=2)
    bells.ring(Queue.OPPORTUNITY_CHANGES, [*IDS, IDS[0]], reason="poll", seen=7, tries=2)
    received = _received(account, Queue.OPPORTUNITY_CHANGES)
    assert [bell.ids for bell in received] == [tuple(IDS[:2]), tuple(IDS[2:4]), tuple(IDS[4:])]
    assert {(bell.reason, bell.seen, bell.tries) for bell in received} == {("poll", 7, 2)}


def test_messages_are_base64_as_the_functions_host_reads_them_and_never_expire(account: Account) -> None:
    Bells(account.queues).ring(Queue.REFERRAL_CHANGES, IDS)
    raw = account.queues.get_queue_client("referral-changes").receive_message()
    assert Doorbell.decode(base64.b64decode(raw.content, validate=True)).ids == tuple(IDS)
    assert raw.expires_on.year == 9999
    poison = account.queues.get_queue_client("referral-changes-poison")
    assert poison.get_queue_properties().approximate_message_count == 0, "it exists from the first bell on"


def test_nobody_to_ring_for_and_one_bad_id_send_nothing(account: Account) -> None:
    bells = Bells(account.queues, chunk=1)
    bells.ring(Queue.REFERRAL_CHANGES, IDS[:1])
    Bells(account.queues).ring(Queue.REFERRAL_CHANGES, [])
    with pytest.raises(NoDoorbell):
        bells.ring(Queue.REFERRAL_CHANGES, [IDS[1], "not an id"])
    Bells(account.queues).ring(Queue.REFERRAL_CHANGES, IDS[2:3])  # queues that exist already are used
    assert [bell.ids for bell in _received(account, Queue.REFERRAL_CHANGES)] == [(IDS[0],), (IDS[2],)]


def test_a_delayed_bell_is_not_heard_yet(account: Account) -> None:
    Bells(account.queues).ring(Queue.REFERRAL_CREATIONS, IDS, delay_seconds=600)
    assert _received(account, Queue.REFERRAL_CREATIONS) == []
    client = account.queues.get_queue_client("referral-creations")
    assert client.get_queue_properties().approximate_message_count == 1
