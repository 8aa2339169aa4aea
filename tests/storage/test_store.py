"""What the store and the bells promise, on the in-memory double and on Azurite alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from sandbox.memory import MemoryTables
from shared.deal import History, LinkState, Side
from shared.errors import LostRace
from shared.storage import Store
from tests.support.azurite import Account
from tests.support.links import CLAIM, CONFLICT, INTENT, LINK, OPPORTUNITY


@pytest.fixture
def store(account: Account) -> Store:
    return Store(account.tables, prefix="test")


def test_a_saved_link_reads_back_equal_with_its_version(store: Store) -> None:
    assert store.link(LINK.id) is None
    saved = store.save(replace(LINK, intent=INTENT, claim=CLAIM))
    found = store.link(LINK.id)
    assert saved.version
    assert found == saved
    assert found is not None
    assert found.age <= 5
    assert replace(saved, version="") == replace(LINK, intent=INTENT, claim=CLAIM)
    other = replace(CONFLICT, group="team", p=(("k", (("name", "n"),)),), s=(), winner=None)
    store.save(replace(saved, intent=None, phase=None), conflicts=[CONFLICT, other], at=5)
    found = store.link(LINK.id)
    assert found is not None
    assert (found.intent, found.phase) == (None, None), "a removed value does not survive a save"
    assert set(store.conflicts(LINK.id)) == {CONFLICT, other}


def test_a_link_tells_its_age_by_the_clock_of_the_store() -> None:
    now = datetime(2026, 1, 5, 12, 0, 0, 700_000, tzinfo=UTC)
    store = Store(MemoryTables(lambda: now))
    store.save(LINK)
    now += timedelta(seconds=90)
    found = store.link(LINK.id)
    assert found is not None
    assert found.age == 89  # the service's Date header has whole seconds; never more than the truth


GONE = "W/\"datetime'2026-01-01T00%3A00%3A00.0000000Z'\""


def test_no_version_an_outdated_one_and_that_of_a_vanished_row_lose_the_race_and_leave_nothing(store: Store) -> None:
    with pytest.raises(LostRace):
        store.save(replace(LINK, version=GONE))
    first = store.save(LINK)
    second = store.save(replace(first, attempts=1))
    for outdated in (first, LINK):
        with pytest.raises(LostRace):
            store.save(replace(outdated, attempts=2), conflicts=[CONFLICT], history=History(9, "r", "n"), at=9)
    assert store.link(LINK.id) == second
    assert store.conflicts(LINK.id) == ()
    assert store.history(LINK.id) == ()


def test_exactly_one_of_many_threads_wins(store: Store) -> None:
    base = store.save(LINK)

    def wins(number: int) -> bool:
        try:
            store.save(replace(base, attempts=number))
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(wins, range(1, 9))) == 1


def test_repeating_a_save_whose_answer_was_lost_succeeds(store: Store) -> None:
    inserted = store.save(LINK)
    assert store.save(LINK) == inserted
    replaced = store.save(replace(inserted, attempts=1), history=History(5, "r", "n"))
    assert store.save(replace(inserted, attempts=1), history=History(5, "r", "n")) == replaced
    assert len(store.history(LINK.id)) == 1


def test_an_answer_lost_on_the_way_leaves_a_save_or_a_claim_that_can_be_repeated() -> None:
    tables = MemoryTables()
    store = Store(tables)
    tables.fail(1, ServiceResponseError("connection reset"), after_effect=True, on=["submit_transaction"])
    with pytest.raises(ServiceResponseError):
        store.save(LINK)
    assert store.save(LINK) == store.link(LINK.id)
    tables.fail(1, ServiceResponseError("connection reset"), after_effect=True, on=["create_entity"])
    with pytest.raises(ServiceResponseError):
        store.claim_alias(Side.SALESFORCE, OPPORTUNITY, "s-1")
    assert store.claim_alias(Side.SALESFORCE, OPPORTUNITY, "s-1") == "s-1"


def test_a_refusal_that_is_no_race_is_passed_on() -> None:
    tables = MemoryTables()
    error = HttpResponseError("server busy")
    tables.fail(1, error, on=["submit_transaction"])
    with pytest.raises(HttpResponseError) as caught:
        Store(tables).save(LINK)
    assert caught.value is error


def test_two_processes_may_write_history_in_the_same_second(account: Account) -> None:
    one, other = Store(account.tables, prefix="test"), Store(account.tables, prefix="test")
    first = one.save(LINK, history=History(5, "one", "n"), at=5)
    other.save(replace(first, attempts=1), history=History(5, "other", "n"), at=5)
    assert {line.reason for line in one.history(LINK.id)} == {"one", "other"}


def test_history_comes_newest_first_and_limited(store: Store) -> None:
    link = store.save(LINK)
    for number in range(1, 6):
        link = store.save(replace(link, attempts=number), history=History(number // 2, str(number), "n"))
    assert [line.reason for line in store.history(LINK.id, limit=3)] == ["5", "4", "3"]


def test_rows_of_another_link_or_tenant_do_not_show(account: Account) -> None:
    store, other = Store(account.tables), Store(account.tables, tenant="other")
    store.save(replace(LINK, id="s-1"), history=History(1, "r", "n"))
    store.save(replace(LINK, id="s-11"), history=History(1, "r", "n"))
    other.save(replace(LINK, id="s-1", attempts=7))
    assert len(store.history("s-1")) == 1
    assert [link.id for link in store.links()] == ["s-1", "s-11"]
    assert [link.attempts for link in other.links()] == [7]


@pytest.mark.parametrize("shard_bits", [0, 4, 8])
def test_every_link_is_found_in_every_sharding(account: Account, shard_bits: int) -> None:
    store = Store(account.tables, shard_bits=shard_bits)
    for number in range(12):
        store.save(replace(LINK, id=f"s-{number}", attempts=number), history=History(1, "r", "n"))
    assert {(link.id, link.attempts) for link in store.links()} == {(f"s-{n}", n) for n in range(12)}


UNFINISHED = {
    "intent": replace(LINK, intent=INTENT),
    "claim": replace(LINK, claim=CLAIM),
    "waiting": replace(LINK, intent=INTENT, state=LinkState.OPPORTUNITY_DELETED),
    "finished": LINK,
}


@pytest.mark.parametrize(
    ("before", "found"), [(1_000, set()), (1_001, {"intent"}), (2_000, {"intent"}), (2_001, {"intent", "claim"})]
)
def test_unfinished_finds_what_began_before(store: Store, before: int, found: set[str]) -> None:
    for name, link in UNFINISHED.items():
        store.save(replace(link, id=f"s-{name}"))
    assert {link.id for link in store.unfinished(before)} == {f"s-{name}" for name in found}


def test_a_record_belongs_to_the_first_link_that_claims_it(store: Store) -> None:
    assert store.link_of(Side.SALESFORCE, OPPORTUNITY) is None
    assert store.claim_alias(Side.SALESFORCE, OPPORTUNITY, "s-1") == "s-1"
    assert store.claim_alias(Side.SALESFORCE, OPPORTUNITY, "s-2") == "s-1"
    assert store.claim_alias(Side.SALESFORCE, OPPORTUNITY, "s-1") == "s-1"
    assert store.link_of(Side.SALESFORCE, OPPORTUNITY) == "s-1"
    assert store.link_of(Side.PARTNER_CENTER, OPPORTUNITY) is None, "the same id on the other side"
