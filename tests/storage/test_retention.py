"""Lines go when their time has come and not before; a conflict that waits never does. On the double and on Azurite."""

from dataclasses import replace

import pytest
from azure.core.exceptions import ServiceResponseError

from sandbox.memory import MemoryTables
from shared.deal import Conflict, History, Hold, Link, Side
from shared.storage import Retention, Store
from shared.storage.retention import BATCH, DAY
from tests.support.azurite import Account
from tests.support.links import CONFLICT, INTENT, LINK

NOW = 1_900_000_000
DAYS = 30
OLD, YOUNG = NOW - DAYS * DAY - 1, NOW - DAYS * DAY + 1
OTHER = replace(CONFLICT, group="text")


@pytest.fixture
def store(account: Account) -> Store:
    return Store(account.tables, prefix="retention")


def retention(account: Account, store: Store, days: int = DAYS) -> Retention:
    return Retention(account.tables, store.link, days, prefix="retention")


def told(store: Store, link: Link, at: int, *conflicts: Conflict) -> Link:
    """The link with another line of history, and these conflicts, of that time."""
    return store.save(link, conflicts=conflicts, history=History(at, "poll", "merge", side=Side.SALESFORCE))


def kept(store: Store, link: Link = LINK) -> tuple[list[str], list[int]]:
    """Groups of its conflicts and times of its lines."""
    return [each.group for each in store.conflicts(link.id)], [each.at for each in store.history(link.id, 1000)]


def test_lines_of_either_kind_go_when_they_are_older_and_only_then(account: Account, store: Store) -> None:
    link = told(store, LINK, OLD, CONFLICT)
    link = told(store, link, YOUNG, OTHER)
    assert retention(account, store, days=0).run(NOW) == 0, "no number of days is set"
    assert retention(account, store).run(NOW) == 2
    assert kept(store) == ([OTHER.group], [YOUNG])
    assert store.link(LINK.id) == replace(link, age=store.link(LINK.id).age)  # type: ignore[union-attr]
    assert retention(account, store).run(NOW) == 0
    assert Retention(account.tables, lambda _: None, DAYS, prefix="nowhere").run(NOW) == 0, "there is no table"


def test_a_conflict_that_waits_for_a_person_is_kept_however_old_it_is_while_its_link_is_there(
    account: Account, store: Store
) -> None:
    held = replace(LINK, held={CONFLICT.group: Hold("conflict")})
    told(store, held, OLD, CONFLICT, OTHER)
    assert retention(account, store).run(NOW) == 2
    assert kept(store) == ([CONFLICT.group], [])
    orphaned = Retention(account.tables, lambda _: None, DAYS, prefix="retention")
    assert orphaned.run(NOW) == 1
    assert kept(store) == ([], [])


def test_a_conflict_that_no_longer_waits_goes(account: Account, store: Store) -> None:
    link = told(store, replace(LINK, held={CONFLICT.group: Hold("conflict")}), OLD, CONFLICT)
    store.save(replace(link, held={}))
    assert retention(account, store).run(NOW) == 2


def test_what_an_unfinished_write_would_overwrite_is_kept(account: Account, store: Store) -> None:
    told(store, replace(LINK, intent=INTENT), OLD, CONFLICT)
    assert retention(account, store).run(NOW) == 1
    assert kept(store) == ([CONFLICT.group], [])


def test_a_night_deletes_so_many_and_the_next_goes_on(account: Account, store: Store) -> None:
    link = LINK
    for second in range(BATCH + 5):
        link = told(store, link, OLD - second)
    assert retention(account, store).run(NOW, most=3) == 3
    assert retention(account, store).run(NOW) == BATCH + 2
    assert kept(store) == ([], [])


def test_every_partition_is_looked_through(account: Account) -> None:
    store = Store(account.tables, prefix="spread", shard_bits=4)
    links = [replace(LINK, id=f"s-{number}", opportunity_id=f"o{number}") for number in range(8)]
    for link in links:
        told(store, link, OLD)
    assert Retention(account.tables, store.link, DAYS, prefix="spread", shard_bits=4).run(NOW) == len(links)
    assert [kept(store, link)[1] for link in links] == [[]] * len(links)


def test_links_aliases_cursors_and_issues_are_left_alone(account: Account, store: Store) -> None:
    told(store, LINK, OLD)
    store.claim_alias(Side.SALESFORCE, LINK.opportunity_id, LINK.id)
    store.put_cursor("opportunities", "text", "")
    retention(account, store).run(NOW)
    assert store.link(LINK.id) is not None
    assert store.link_of(Side.SALESFORCE, LINK.opportunity_id) == LINK.id
    assert store.cursor("opportunities").text == "text"


def test_lines_that_another_worker_deleted_are_not_counted_and_no_answer_is_no_success() -> None:
    tables = MemoryTables()
    store = Store(tables)
    told(store, LINK, OLD)
    other = Retention(tables, store.link, DAYS)

    def overtaken(link_id: str) -> Link | None:
        other.run(NOW)
        return store.link(link_id)

    told(store, store.link(LINK.id) or LINK, OLD - 1, CONFLICT)
    tables.fail(1, ServiceResponseError("no answer"), on=["submit_transaction"])
    with pytest.raises(ServiceResponseError):
        other.run(NOW)
    assert Retention(tables, overtaken, DAYS).run(NOW) == 0
    assert kept(store) == ([], [])
