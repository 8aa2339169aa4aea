"""The sandbox's state over HTTP: the real Azure clients read and keep what the app keeps in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.memory import MemoryQueues, MemoryTables
from sandbox.serve import serve
from sandbox.state import StateApp, connection_string
from shared.deal import History, Issue, Link, LinkState, Side
from shared.doorbell import Queue
from shared.errors import LostRace
from shared.storage import Bells, Store

AT = 1_767_614_400


@pytest.fixture
def tables() -> MemoryTables:
    return MemoryTables(lambda: datetime.now(UTC))


@pytest.fixture
def queues() -> MemoryQueues:
    return MemoryQueues()


@pytest.fixture
def address(tables: MemoryTables, queues: MemoryQueues) -> Iterator[str]:
    """The connection string of the window."""
    with serve(StateApp(tables, queues)) as server:
        yield connection_string(server.url)


@pytest.fixture
def outside(address: str) -> Iterator[Store]:
    """A store that looks through the window."""
    with TableServiceClient.from_connection_string(address) as service:
        yield Store(service)


def test_everything_the_app_has_stored_is_seen_as_it_sees_it(tables: MemoryTables, outside: Store) -> None:
    inside = Store(tables)
    link = Link("s-006'1", LinkState.LINKED, "r", "o", base_p={"value": "d"}, p_ticks=2**62, agreed_at=AT)
    inside.save(link, history=History(AT, "poll", "nothing to write", ("value",), Side.SALESFORCE))
    inside.claim_alias(Side.SALESFORCE, "o", link.id)
    inside.open_issue(Issue(link.id, "too_long", "warning", at=AT))
    assert outside.link(link.id) == inside.link(link.id)
    assert outside.link_of(Side.SALESFORCE, "o") == link.id
    assert list(outside.links()) == list(inside.links())
    assert outside.history(link.id) == inside.history(link.id)
    assert list(outside.issues()) == list(inside.issues())


def test_a_cursor_is_kept_on_condition(tables: MemoryTables, outside: Store) -> None:
    first = outside.put_cursor("doctor", "1", "")
    outside.put_cursor("doctor", "2", first)
    assert Store(tables).cursor("doctor").text == "2"
    with pytest.raises(LostRace):
        outside.put_cursor("doctor", "3", first)
    with pytest.raises(LostRace):
        outside.put_cursor("doctor", "3", "")


def test_what_is_not_there_is_not_there(outside: Store, address: str) -> None:
    assert outside.link("s-006") is None
    assert outside.cursor("none").version == ""
    with QueueServiceClient.from_connection_string(address) as service, pytest.raises(ResourceNotFoundError):
        service.get_queue_client("none").get_queue_properties()


def test_links_are_not_written_through_the_window(outside: Store) -> None:
    with pytest.raises(HttpResponseError):
        outside.save(Link("s-006", LinkState.LINKED))


def test_queues_are_counted(queues: MemoryQueues, address: str) -> None:
    Bells(queues).ring(Queue.REFERRAL_CHANGES, ["0065e0000000001AAA"])
    with QueueServiceClient.from_connection_string(address) as service:
        found = service.get_queue_client(Queue.REFERRAL_CHANGES.value).get_queue_properties()
    assert found.approximate_message_count == 1
