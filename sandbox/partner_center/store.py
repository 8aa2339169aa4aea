"""The records behind the API: every referral with all its versions. Knows stamps and eTags, no rule of the API."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sandbox.partner_center import stamps

Document = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """A referral as it was from one moment on."""

    ticks: int
    document: Document


@dataclass
class Stored:
    """A referral and its history."""

    created: int
    own: bool
    versions: list[Version] = field(default_factory=list)

    @property
    def current(self) -> Document:
        """The newest version; never change it in place."""
        return self.versions[-1].document

    def as_of(self, ticks: int) -> Document:
        """The version in force at a time; the first one for earlier times."""
        if self.versions[-1].ticks <= ticks:
            return self.current
        known = [version for version in self.versions if version.ticks <= ticks]
        return (known or self.versions[:1])[-1].document


class Store:
    """Referrals by id, with seeded ids and eTags so that a run can be repeated."""

    def __init__(self, clock: Callable[[], datetime], seed: int) -> None:
        self.records: dict[str, Stored] = {}
        self._clock = clock
        self._random = random.Random(seed)
        self._tag = self._random.getrandbits(32)

    def new_id(self) -> str:
        """A GUID from the seed."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def now(self) -> int:
        """The clock in ticks."""
        return stamps.ticks_of(self._clock())

    def add(self, document: Document, *, own: bool) -> Document:
        """Store a new referral under the id it carries; gives times and eTag."""
        now = self.now()
        self.records[document["id"]] = Stored(created=now, own=own)
        return self.put(document | {"createdDateTime": stamps.stamp(now)})

    def put(self, document: Document) -> Document:
        """Store the next version; its time is later than the last one's even when the clock stands still."""
        record = self.records[document["id"]]
        last = record.versions[-1].ticks if record.versions else 0
        ticks = max(self.now(), last + 1)
        self._tag += 1
        written = deepcopy(document)
        written["updatedDateTime"] = stamps.stamp(ticks)
        written["eTag"] = stamps.e_tag(self._tag, ticks)
        record.versions.append(Version(ticks, written))
        return written

    def engagement(self, engagement_id: str) -> Iterator[Document]:
        """All referrals of an engagement, Microsoft's included."""
        return (record.current for record in self.records.values() if record.current["engagementId"] == engagement_id)

    def own_in(self, engagement_id: str) -> Document | None:
        """The partner's own referral of an engagement."""
        return next((item for item in self.engagement(engagement_id) if self.records[item["id"]].own), None)

    def microsoft_in(self, engagement_id: str) -> Document | None:
        """Microsoft's newest referral of an engagement."""
        theirs = [item for item in self.engagement(engagement_id) if not self.records[item["id"]].own]
        return theirs[-1] if theirs else None
