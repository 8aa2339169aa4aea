"""The four operations of the referrals API: create, get, list, update. One method per row of Microsoft's table;
the rules stand in `kinds.py`, `patch.py` and `listing.py`, people's actions in `world.py`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.partner_center import kinds, lifecycle, patch, stamps
from sandbox.partner_center.calls import Answer, Call, Write
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.listing import Listing
from sandbox.partner_center.refusals import Refused, Shape, invalid
from sandbox.partner_center.resource import blank, merged
from sandbox.partner_center.store import Store
from sandbox.partner_center.webhooks import Webhooks

Document = dict[str, Any]
ANSWER_WITHIN = timedelta(days=14)
_MISMATCH: dict[str, tuple[int, str]] = {
    "preconditionFailed": (412, "preconditionFailed"),
    "resourceModified": (409, "resourceModified"),
    "resourceModified412": (412, "resourceModified"),
    "2055": (400, "2055"),
}


@dataclass
class Referrals:
    """The referrals of one partner organisation, as the API shows them."""

    clock: Callable[[], datetime]
    knobs: Knobs
    store: Store
    webhooks: Webhooks
    organization_id: str
    organization_name: str
    api_url: str
    writes: list[Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listing = Listing(self.store, self.knobs)
        self._answered: dict[str, Answer] = {}
        self._reads = 0
        self._unanswered: dict[str, int] = {}  # referral → end of its 14 days

    def create(self, call: Call) -> Answer:
        """POST /referrals: the own referral, or Microsoft's second one in an engagement."""
        request_id = call.headers.get("ms-requestid", "")
        if self.knobs.honour_request_id and request_id in self._answered:
            return self._answered[request_id]
        document = kinds.checked(call.body, self.knobs, self.clock())
        second = kinds.kind_of(document) == "microsoft"
        created = self._invite_microsoft(document) if second else self.create_own(document, via="API")
        self.writes.append(Write("POST", created["id"], call.body, self.store.now()))
        shown = self.shown(created) if self.knobs.create_body else None
        answer = Answer(self.knobs.create_status, shown, {"ETag": created["eTag"]})
        self._answered[request_id] = answer
        return answer

    def get(self, call: Call) -> Answer:
        """GET /referrals/{id}."""
        record = self.store.records.get(call.arguments["id"].lower())
        if record is None:
            raise Refused(404, "The referral was not found.")
        if not record.own and self.knobs.related_by_id != 200:
            raise Refused(self.knobs.related_by_id, "The referral is not available.")
        document = record.as_of(self._read_time())
        return Answer(200, self.shown(document), {"ETag": document["eTag"]})

    def list(self, call: Call) -> Answer:
        """GET /referrals with its OData options."""
        rows, token = self._listing.page(call.query, self._read_time())
        selected = "$select" in call.query
        body: Document = {
            "@odata.context": f"{self.api_url.replace('https:', 'http:')}/v1.0/$metadata#Referrals",
            "@odata.count": len(rows),
            "value": [row if selected else self._linked(row) for row in rows],
        }
        if token:
            body["@odata.nextLink"] = self._next_link(token)
        return Answer(200, body)

    def update(self, call: Call) -> Answer:
        """PATCH /referrals/{id}: conditional when If-Match is sent, last write wins when not."""
        if call.headers.get("content-type", "").split(";")[0].strip() != self.knobs.patch_content_type:
            raise Refused(415, "The content type is not supported.")
        record = self.store.records.get(call.arguments["id"].lower())
        if record is None:
            raise Refused(404, "The referral was not found.")
        if not record.own:
            raise Refused(403, "The referral belongs to another organisation.")
        before = record.current
        tag = call.headers.get("if-match")
        if tag is not None and tag != before["eTag"]:
            status, code = _MISMATCH[self.knobs.etag_mismatch]
            shape: Shape | None = "partner-center" if code == "2055" else None
            raise Refused(status, "The eTag does not match.", "eTag", code, shape=shape)
        after = self.write(patch.patched(before, call.body, self.knobs, self.clock()), by_api=True)
        self.writes.append(Write("PATCH", after["id"], call.body, self.store.now()))
        if call.headers.get("prefer", "").replace(" ", "") != "return=representation":
            return Answer(204, None, {"ETag": after["eTag"]})
        return Answer(200, self.shown(after), {"ETag": after["eTag"], "Preference-Applied": "return=representation"})

    def refuse_put(self, _: Call) -> Answer:
        """PUT is obsolete since September 2020."""
        raise Refused(405, "Use PATCH.", headers={"Allow": "GET, PATCH"})

    def write(self, document: Document, *, by_api: bool = False) -> Document:
        """Store a changed referral, stamp its state changes, announce it."""
        record = self.store.records[document["id"]]
        before = lifecycle.state_of(record.current)
        after = lifecycle.state_of(document)
        if after != before:
            document = document | self._state_stamps(after)
        written = self.store.put(document)
        self._watch(written)
        self._announce(written, "updated", by_api=by_api)
        return written

    def add(self, document: Document, *, own: bool, by_api: bool = False) -> Document:
        """Store a new referral and announce it."""
        created = self.store.add(document, own=own)
        self._watch(created)
        self._announce(created, "created", by_api=by_api)
        return created

    def expire_due(self) -> int:
        """Close what was not answered in time; returns how many."""
        now = self.store.now()
        due = [referral_id for referral_id, until in self._unanswered.items() if until <= now]
        for referral_id in due:
            document = self.store.records[referral_id].current
            self.write(document | {"status": "Closed", "substatus": "Expired"})
        return len(due)

    def shown(self, document: Document) -> Document:
        """A single referral as it goes over the wire."""
        context = f"{self.api_url}/v1.0/$metadata#Referrals/$entity"
        return {"@odata.context": context, **self._linked(document)}

    def owned_by_partner(self) -> Document:
        """The properties that mark the partner's own side."""
        return {"organizationId": self.organization_id, "organizationName": self.organization_name}

    def owned_by_microsoft(self) -> Document:
        """The properties that mark Microsoft's side."""
        return {
            "organizationId": self.knobs.microsoft_organization_id,
            "organizationName": self.knobs.microsoft_organization_name,
        }

    def answer_until(self) -> str:
        """The end of the 14 days to answer."""
        return stamps.stamp(stamps.ticks_of(self.clock() + ANSWER_WITHIN))

    def create_own(self, document: Document, *, via: str) -> Document:
        """A referral of the partner's own, made by the API or on a page of the portal."""
        server = {
            "id": self.store.new_id(),
            "engagementId": self.store.new_id(),
            **self.owned_by_partner(),
            "status": "Active",
            "substatus": "Accepted",
            "acceptedDateTime": stamps.stamp(self.store.now()),
            "direction": "Incoming" if self.knobs.inconsistent_direction else "Outgoing",
            "createdVia": via,
        }
        return self.add(merged(merged(blank(), document), server), own=True, by_api=via == "API")

    def _invite_microsoft(self, document: Document) -> Document:
        engagement = str(document["engagementId"]).lower()
        own = self.store.own_in(engagement)
        if own is None:
            raise invalid("/engagementId", "is unknown", "unknownEngagement")
        lifecycle.check_open(own, self.knobs)
        if own["type"] != "Shared" and not self.knobs.upgrade_allowed:
            raise invalid("/engagementId", "The deal was not created for co-sell.", "notShared")
        if not lifecycle.is_shared(own):
            raise invalid(kinds.SELLERS, "must be true for a co-sell deal", "consentRequired")
        if self.store.microsoft_in(engagement) and self.knobs.second_invite_refused:
            raise Refused(409, "Microsoft has been invited.", "engagementId", "invalidRequest", "alreadyInvited")
        server = {
            "id": self.store.new_id(),
            "engagementId": engagement,
            **self.owned_by_microsoft(),
            "status": "New",
            "substatus": "Pending",
            "expirationDateTime": self.answer_until(),
            "direction": "Incoming",
            "createdVia": "API",
            "inviteContext": {**document["inviteContext"], "invitedBy": self.owned_by_partner()},
        }
        return self.add(merged(merged(blank(), document), server), own=False, by_api=True)

    def _watch(self, document: Document) -> None:
        until = document["expirationDateTime"]
        if document["status"] == "New" and until:
            self._unanswered[document["id"]] = stamps.parse(until)
        else:
            self._unanswered.pop(document["id"], None)

    def _state_stamps(self, state: lifecycle.State) -> Document:
        now = stamps.stamp(self.store.now())
        by_status: dict[str, Document] = {
            "New": {},
            "Active": {"acceptedDateTime": now, "expirationDateTime": None},
            "Closed": {"closedDateTime": now},
        }
        return by_status.get(state[0], {})

    def _announce(self, document: Document, what: str, *, by_api: bool) -> None:
        if by_api and not self.knobs.events_for_own_writes:
            return
        record = self.store.records[document["id"]]
        changed = record.versions[-1].ticks
        if record.own:
            self.webhooks.announce(f"referral-{what}", document["id"], changed)
            return
        own = self.store.own_in(document["engagementId"])
        carried = own["id"] if own and self.knobs.related_event_carries == "own" else document["id"]
        self.webhooks.announce(f"related-referral-{what}", carried, changed)

    def _read_time(self) -> int:
        self._reads += 1
        stale = self.knobs.stale_seconds if self._reads % self.knobs.stale_every == 0 else 0
        # Several versions may carry later stamps than a clock that stands still; a fresh read sees them all.
        return self.store.now() - int(stale * stamps.TICKS_PER_SECOND) if stale else 1 << 62

    def _linked(self, document: Document) -> Document:
        # Microsoft's answers misspell these addresses; they are informative only.
        base = f"{self.api_url}/v1.0/engagments/referrals"
        related = f"{base}$filter=engagementId eq '{document['engagementId']}'"
        links = {
            "relatedReferrals": {"uri": related, "method": "GET"},
            "self": {"uri": f"{base}{document['id']}", "method": "GET"},
        }
        return {**document, "links": links}

    def _next_link(self, token: str) -> str:
        if self.knobs.documented_next_link:
            return f"{self.api_url.replace('https:', 'http:')}/v1.0/referrals?$skiptoken={token}"
        return f"{self.api_url}/v1.0/engagements/referrals?$skiptoken={token}"
