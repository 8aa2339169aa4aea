"""What the store and the bells promise, on the in-memory double and on Azurite alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from sandbox.memory import MemoryTables
from shared.deal import History, Link, LinkState, Side
from shared.errors import LostRace
from shared.storage import Store
from tests.support.azurite import Account
from tests.support.connecting import all_at_once
from tests.support.links import CLAIM, CONFLICT, INTENT, LINK, OPPORTUNITY


@pytest.fixture
def store(account: Account) -> Store:
    return Store(account.tables, prefix="test")


def known(store: Store) -> Link:
    found = store.link(LINK.id)
    assert found is not None
    return found


def test_a_saved_link_reads_back_equal_with_its_version_and_hardly_any_age(store: Store) -> None:
    saved = store.save(replace(LINK, intent=INTENT, claim=CLAIM))
    assert saved.version
    assert known(store) == saved
    assert replace(saved, version="") == replace(LINK, intent=INTENT, claim=CLAIM)
    assert known(store).age <= 5
    assert store.link("s-unknown") is None


def test_a_link_tells_its_age_by_the_clock_of_the_store() -> None:
    now = datetime(2026, 1, 5, 12, 0, 0, 700_000, tzinfo=UTC)
    store = Store(MemoryTables(lambda: now))
    store.save(LINK)
    now += timedelta(seconds=90)
    assert known(store).age == 89  # the service's Date header has whole seconds; never more than the truth


def test_a_removed_value_does_not_survive_a_save(store: Store) -> None:
    saved = store.save(replace(LINK, intent=INTENT))
    store.save(replace(saved, intent=None, phase=None))
    assert (known(store).intent, known(store).phase) == (None, None)


def test_a_second_insert_of_other_content_and_a_vanished_row_lose_the_race(store: Store) -> None:
    with pytest.raises(LostRace):
        store.save(replace(LINK, version="W/\"datetime'2026-01-01T00%3A00%3A00.0000000Z'\""))
    store.save(LINK)
    with pytest.raises(LostRace):
        store.save(replace(LINK, attempts=1))


def test_an_outdated_version_loses_the_race_and_leaves_nothing(store: Store) -> None:
    first = store.save(LINK)
    second = store.save(replace(first, attempts=1))
    with pytest.raises(LostRace):
        store.save(replace(first, attempts=2), conflicts=[CONFLICT], history=History(9, "r", "n"), at=9)
    assert store.link(LINK.id) == second
    assert store.conflicts(LINK.id) == ()
    assert store.history(LINK.id) == ()


def test_exactly_one_of_many_threads_wins(store: Store) -> None:
    base, numbers = store.save(LINK), count(1)

    def wins() -> bool:
        try:
            store.save(replace(base, attempts=next(numbers)))
        except LostRace:
            return False
        return True

    assert sorted(all_at_once(wins, 8)) == [False] * 7 + [True]


def test_repeating_a_save_whose_answer_was_lost_succeeds(store: Store) -> None:
    inserted = store.save(LINK)
    assert store.save(LINK) == inserted
    replaced = store.save(replace(inserted, attempts=1), history=History(5, "r", "n"))
    assert store.save(replace(inserted, attempts=1), history=History(5, "r", "n")) == replaced
    assert len(store.history(LINK.id)) == 1


def test_a_save_or_claim_whose_answer_was_lost_on_the_way_can_be_repeated() -> None:
    tables = MemoryTables()
    store = Store(tables)
    for method, change in (
        ("submit_transaction", lambda: store.save(LINK)),
        ("create_entity", lambda: store.claim_alias(Side.SALESFORCE, OPPORTUNITY, "s-1")),
    ):
        tables.fail(1, ServiceResponseError("connection reset"), after_effect=True, on=[method])
        with pytest.raises(ServiceResponseError):
            change()
    assert store.save(LINK) == store.link(LINK.id)
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


def test_conflicts_are_kept_with_both_values(store: Store) -> None:
    other = replace(CONFLICT, group="team", p=(("k", (("name", "n"),)),), s=(), winner=None)
    store.save(LINK, conflicts=[CONFLICT, other], at=5)
    assert set(store.conflicts(LINK.id)) == {CONFLICT, other}


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


def test_a_record_belongs_to_the_first_link_that_claims_it_and_has_a_side(store: Store) -> None:
    assert store.link_of(Side.SALESFORCE, OPPORTUNITY) is None
    assert [store.claim_alias(Side.SALESFORCE, OPPORTUNITY, f"s-{number}") for number in (1, 2, 1)] == ["s-1"] * 3
    assert store.link_of(Side.SALESFORCE, OPPORTUNITY) == "s-1"
    assert store.link_of(Side.PARTNER_CENTER, OPPORTUNITY) is None
