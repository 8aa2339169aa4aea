"""A small Partner Center that answers the port `Referrals` directly: eTags, 100-ns stamps, list lag, stale replicas.

What an edit may do is asked of the large simulator.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.patch import patched
from sandbox.partner_center.refusals import Refused
from shared.deal import Side
from shared.errors import Missing, Problem, Rejected, Stale
from tests.simulation.schedule import SECOND, Scheduler, referral_stamp

Document = dict[str, Any]
P = Side.PARTNER_CENTER
OURS, FOREIGN = "7d23e5ca-0c2f-4b52-8a3f-6f3a5d1c9e10", "99999999-0c2f-4b52-8a3f-6f3a5d1c9e10"
MICROSOFT = "msft"
NEW, ACTIVE = ("New", "Pending"), ("Active", "Accepted")
SELLERS: Final = "consentToShareReferralWithMicrosoftSellers"
KNOBS: Final = Knobs()


class LightPartnerCenter:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.versions: dict[str, list[tuple[int, Document]]] = {}
        self.created: dict[str, int] = {}
        self.microsofts: dict[str, str] = {}  # what Microsoft's sellers hold: referral and engagement
        self.events: list[tuple[str, int]] = []
        self.list_lag = 0
        self.page_size = 100
        self.second_refused = True  # False: a repeated invitation makes a second referral of Microsoft's
        self.number_on_ours = True  # False: Microsoft's number stands on its own referral only
        self.written = 0
        self._number = 0

    def add(self, fields: Mapping[str, Any]) -> str:
        self._number += 1
        found = f"{self._number:08d}-0000-4000-8000-000000000000"
        now = self._scheduler.now * 10
        self.created[found] = self._scheduler.now
        self.versions[found] = []
        own = {"id": found, "createdDateTime": referral_stamp(now)}
        self._put({**BLANK, "engagementId": found, **fields, **own})
        return found

    def edit(self, referral_id: str, values: Mapping[str, Any]) -> None:
        """A person edits on the page, by the rules of the API. Raises Rejected."""
        operations = [{"op": "add", "path": path, "value": value} for path, value in values.items()]
        self._put(self._patched(self.current(referral_id), operations))

    def answer(self, referral_id: str, number: int) -> bool:
        """Microsoft accepts what our referral's engagement invited it to; False when nothing waits for an answer."""
        ours = self.current(referral_id)
        theirs = next((d for d in self.invited(ours["engagementId"]) if d["status"] == NEW[0]), None)
        if theirs is None:
            return False
        facts = {"trackingInfo": {"microsoftMsxId": f"7-{number}"}}
        self._put({**theirs, "status": ACTIVE[0], "substatus": ACTIVE[1], **facts})
        if self.number_on_ours:
            self._put({**ours, **facts})
        return True

    def as_of(self, referral_id: str, stale_seconds: float) -> Document:
        """A referral as it was a while ago; the first version before that."""
        versions = self.versions[referral_id]
        then = (self._scheduler.now - int(stale_seconds * SECOND)) * 10
        return next((doc for at, doc in reversed(versions) if at <= then or not stale_seconds), versions[0][1])

    def invited(self, engagement_id: str) -> list[Document]:
        return [self.current(name) for name, engagement in self.microsofts.items() if engagement == engagement_id]

    def current(self, referral_id: str) -> Document:
        return self.versions[referral_id][-1][1]

    def get(self, referral_id: str, *, stale_seconds: float = 0) -> Document:
        """One referral; a stale replica shows how it was a while ago."""
        versions = self.versions.get(referral_id)
        if not versions or referral_id in self.microsofts:
            raise Missing(P, "GET", status=404, code="itemNotFound")
        return self.as_of(referral_id, stale_seconds)

    def patch(self, referral_id: str, operations: Sequence[Mapping[str, Any]], *, etag: str) -> Document:
        before = self.get(referral_id)
        if before["eTag"] != etag:
            raise Stale(P, "PATCH", status=412, code="preconditionFailed")
        self.written += 1
        return self._put(self._patched(before, operations))

    def create(self, body: Mapping[str, Any], *, request_id: str, before: Callable[[], None]) -> Document:
        before()
        details = body.get("details", {})
        solutions = details.get("requirements", {}).get("solutions")
        if not (details.get("dealValue") and details.get("notes") and solutions):
            raise _refused("missingProperty")
        if "engagementId" in body:
            return self._invite(body)
        self.written += 1
        status = {"status": ACTIVE[0], "substatus": ACTIVE[1]}
        return self.current(self.add({**body, **status, "consent": dict(body["consent"])}))

    def newest(self, order_by: str) -> Iterator[Document]:
        """All listed referrals, latest first, page by page as the list is when each page is read."""
        start, more = 0, True
        while more:
            listed = [d for d in self._listed() if d["id"] not in self.microsofts]
            listed.sort(key=lambda d: str(d[order_by]), reverse=True)
            page = listed[start : start + self.page_size]
            start += self.page_size
            more = start < len(listed)
            yield from page

    def engagement(self, engagement_id: str) -> Sequence[Document]:
        return [d for d in self._listed() if d["engagementId"] == engagement_id]

    def _listed(self) -> list[Document]:
        seen = self._scheduler.now - self.list_lag * SECOND
        return [self.current(i) for i, at in self.created.items() if at <= seen]

    def _invite(self, body: Mapping[str, Any]) -> Document:
        engagement = body["engagementId"]
        ours = [d for d in map(self.current, self.created) if d["engagementId"] == engagement]
        if not ours or ours[0]["status"] == "Closed":
            raise _refused("terminal")
        if not ours[0]["consent"].get(SELLERS):
            raise _refused("consentRequired")
        if self.second_refused and self.invited(engagement):
            raise Stale(P, "POST", status=409, code="invalidRequest")
        self.written += 1
        theirs = {"organizationId": MICROSOFT, "status": NEW[0], "substatus": NEW[1]}
        made = self.add({**body, **theirs})
        self.microsofts[made] = engagement
        return self.current(made)

    def _patched(self, document: Document, operations: Sequence[Mapping[str, Any]]) -> Document:
        try:
            return patched(document, list(operations), KNOBS, self._scheduler.moment())
        except Refused as refused:
            raise _refused(refused.inner) from None

    def _put(self, document: Document) -> Document:
        versions = self.versions[document["id"]]
        ticks = max(self._scheduler.now * 10, versions[-1][0] + 1 if versions else 0)
        self._number += 1
        written = {**document, "updatedDateTime": referral_stamp(ticks), "eTag": f'"{self._number:08x}"'}
        versions.append((ticks, written))
        self.events.append((document["id"], ticks))
        return written


def _refused(code: str) -> Rejected:
    return Rejected(P, "PATCH", status=400, code="invalidRequest", problems=(Problem("invalidRequest", code),))


BLANK: Final[Document] = {
    "organizationId": OURS,
    **dict.fromkeys(("externalReferenceId", "statusReason", "referralProgram", "inviteContext")),
    "name": "Deal",
    "type": "Independent",
    "qualification": "SalesQualified",
    "status": ACTIVE[0],
    "substatus": ACTIVE[1],
    "consent": {SELLERS: False},
    "details": {"dealValue": None, "currency": "USD", "notes": None, "requirements": {"solutions": []}},
    "trackingInfo": {"microsoftMsxId": None},
    "customerProfile": {"team": []},
    "team": [],
}
