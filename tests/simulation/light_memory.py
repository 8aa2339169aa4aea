"""The connector's memory and queues as small objects: compare-and-set rows, batches, and messages with visibility."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.deal import Conflict, History, Issue, Link, Side
from shared.doorbell import Doorbell, Queue
from shared.errors import LostRace
from shared.storage import Cursor
from tests.simulation.host import Message
from tests.simulation.schedule import SECOND, Scheduler

CHUNK = 50  # records that one message names


class LightLinks:
    """The port `Links`."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._stored: dict[str, int] = {}
        self.rows: dict[str, Link] = {}
        self.aliases: dict[tuple[Side, str], str] = {}
        self.kept: dict[str, list[Conflict]] = {}
        self.lines: dict[str, list[History]] = {}
        self.cursors: dict[str, Cursor] = {}
        self.issues: dict[tuple[str, str], Issue] = {}
        self._open: set[str] = set()  # the links with something under way
        self.saves = 0
        self._number = 0

    def link(self, link_id: str) -> Link | None:
        """The link as stored now; its age where anything depends on it."""
        found = self.rows.get(link_id)
        if found is None or (found.intent is None and found.claim is None):
            return found
        return replace(found, age=self._clock() - self._stored[link_id])

    def link_of(self, side: Side, record_id: str) -> str | None:
        return self.aliases.get((side, record_id))

    def claim_alias(self, side: Side, record_id: str, link_id: str) -> str:
        """Insert only: the first one owns the record."""
        return self.aliases.setdefault((side, record_id), link_id)

    def save(
        self, link: Link, *, conflicts: Sequence[Conflict] = (), history: History | None = None, at: int = 0
    ) -> Link:
        """Replace the row that has the link's version, with its lines, all or nothing."""
        stored = self.rows.get(link.id)
        if (stored.version if stored else "") != link.version:
            if stored is not None and replace(stored, version=link.version) == link:
                return stored
            raise LostRace(f"link {link.id}")
        self.saves += 1
        saved = replace(link, version=self._version(), age=0)
        self.rows[link.id] = saved
        (self._open.add if saved.intent or saved.claim else self._open.discard)(link.id)
        self._stored[link.id] = self._clock()
        self.kept.setdefault(link.id, []).extend(conflicts)
        if history is not None:
            self.lines.setdefault(link.id, []).insert(0, history)
        return saved

    def history(self, link_id: str, limit: int = 50) -> Sequence[History]:
        return self.lines.get(link_id, [])[:limit]

    def conflicts(self, link_id: str) -> Sequence[Conflict]:
        return self.kept.get(link_id, [])

    def links(self) -> Iterator[Link]:
        return iter([self.rows[name] for name in sorted(self.rows)])

    def unfinished(self, before: int) -> Iterator[Link]:
        """Links with something begun before then that can go on without a person."""
        links = [self.rows[name] for name in sorted(self._open)]
        return (link for link in links if _begun(link, before))

    def cursor(self, name: str) -> Cursor:
        return self.cursors.get(name, Cursor("", ""))

    def put_cursor(self, name: str, text: str, version: str) -> str:
        if self.cursor(name).version != version:
            if self.cursor(name).text == text:
                return self.cursor(name).version
            raise LostRace(f"cursor {name}")
        self.cursors[name] = Cursor(text, self._version())
        return self.cursors[name].version

    def open_issue(self, issue: Issue) -> None:
        self.issues[issue.link_id, issue.code] = issue

    def close_issues(self, link_id: str, keep: Sequence[str] = ()) -> None:
        for key in [key for key in self.issues if key[0] == link_id and key[1] not in keep]:
            del self.issues[key]

    def issue_codes(self, link_id: str) -> frozenset[str]:
        return frozenset(code for owner, code in self.issues if owner == link_id)

    def _version(self) -> str:
        self._number += 1
        return str(self._number)


def _begun(link: Link, before: int) -> bool:
    began = [part.at for part in (link.intent, link.claim) if part is not None and link.unfinished]
    return 0 < min(began, default=0) < before


@dataclass(eq=False)
class _Stored:
    bell: Doorbell
    visible: int
    number: int
    count: int = 0
    receipt: int = 0


class LightPost:
    """The port `Bells`, and the queues behind it."""

    def __init__(self, scheduler: Scheduler, announce: Callable[[Queue, float], None]) -> None:
        self.scheduler, self.announce = scheduler, announce
        self._queues: dict[Queue, list[_Stored]] = {queue: [] for queue in Queue}
        self._number = 0

    def ring(self, queue: Queue, ids: Iterable[str], *, delay_seconds: int = 0, **more: Any) -> None:
        for bell in Doorbell.of(ids, CHUNK, **more):
            self._number += 1
            visible = self.scheduler.now + delay_seconds * SECOND
            self._queues[queue].append(_Stored(bell, visible, self._number))
            self.announce(queue, delay_seconds)

    def take(self, queue: Queue, visibility: int, *, any_order: bool) -> Message | None:
        """The oldest visible message, or any of them; hidden from now on for a while."""
        due = [m for m in self._queues[queue] if m.visible <= self.scheduler.now]
        if not due:
            return None
        oldest = min(due, key=lambda m: (m.visible, m.number))
        stored = self.scheduler.random.choice(due) if any_order else oldest
        self._number += 1
        stored.count, stored.receipt = stored.count + 1, self._number
        stored.visible = self.scheduler.now + visibility * SECOND
        return Message(queue, stored.bell, stored.count, (stored, stored.receipt))

    def done(self, message: Message) -> None:
        stored, receipt = message.handle
        if stored.receipt == receipt and stored in self._queues[message.queue]:
            self._queues[message.queue].remove(stored)

    def back(self, message: Message, seconds: int) -> None:
        stored, receipt = message.handle
        if stored.receipt == receipt:
            stored.visible = self.scheduler.now + seconds * SECOND

    def waiting(self) -> list[int]:
        return [m.visible for messages in self._queues.values() for m in messages]
