"""The simulated Partner Center of one partner: records, knobs, faults, and what people do in it.

Tests and the demo call this object as a person would act: a seller at Microsoft, a partner user in the portal.
The API is `referrals.py` and `registration.py`, reached over `app.py`; no rule is decided here.
"""

import threading
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import httpx

from sandbox.partner_center import kinds, lifecycle, patch, samples, stamps
from sandbox.partner_center.calls import Logged, Write
from sandbox.partner_center.faults import Break, Fault, Faults
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.referrals import Referrals
from sandbox.partner_center.refusals import Refused
from sandbox.partner_center.registration import Registrations
from sandbox.partner_center.resource import blank, merged
from sandbox.partner_center.store import Store
from sandbox.partner_center.webhooks import CERTIFICATE_URL, Delivery, Send, Webhooks

Document = dict[str, Any]
Act = Literal["accept", "decline", "win", "lose", "error"]
ACTS: dict[Act, lifecycle.State] = {
    "accept": lifecycle.ACCEPTED,
    "decline": lifecycle.DECLINED,
    "win": lifecycle.WON,
    "lose": lifecycle.LOST,
    "error": lifecycle.ERROR,
}
RESPONSES: dict[Literal["accepted", "declined"], lifecycle.State] = {
    "accepted": lifecycle.ACCEPTED,
    "declined": lifecycle.DECLINED,
}


class PartnerCenterWorld:
    """One tenant of Partner Center. Every method takes the lock, so threads may share it."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        seed: int = 1,
        organization_id: str = "7d23e5ca-0c2f-4b52-8a3f-6f3a5d1c9e10",
        organization_name: str = "Contoso",
        api_url: str = "https://api.partner.microsoft.com",
        webhook_url: str = "https://api.partnercenter.microsoft.com",
        certificate_url: str = CERTIFICATE_URL,
        knobs: Knobs | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.knobs = knobs or Knobs()
        self.organization_id = organization_id
        self.api_url = api_url
        self.webhook_url = webhook_url
        self.sleep = sleep
        self.store = Store(clock, seed)
        self.webhooks = Webhooks(clock, self.knobs, certificate_url)
        self.faults = Faults()
        self.requests: list[Logged] = []
        self.api = Referrals(clock, self.knobs, self.store, self.webhooks, organization_id, organization_name, api_url)
        self.registrations = Registrations(
            self.knobs, self.webhooks, self.store.new_id, self.store.now, organization_id
        )

    # Reading, for tests and pages

    def get(self, referral_id: str) -> Document:
        """A referral as it truly is now."""
        with self.lock:
            return deepcopy(self.store.records[referral_id].current)

    def referrals(self) -> list[Document]:
        """All referrals of the partner, newest update first; to be read, not changed."""
        with self.lock:
            own = [record.current for record in self.store.records.values() if record.own]
            return sorted(own, key=lambda item: stamps.parse(item["updatedDateTime"]), reverse=True)

    def microsofts(self, engagement_id: str) -> Document | None:
        """Microsoft's referral of an engagement."""
        with self.lock:
            return deepcopy(self.store.microsoft_in(engagement_id))

    def versions(self, referral_id: str) -> list[Document]:
        """All versions of a referral, oldest first."""
        with self.lock:
            return [version.document for version in self.store.records[referral_id].versions]

    def writes(self) -> list[Write]:
        """Changes the API carried out, in order."""
        with self.lock:
            return list(self.api.writes)

    # A seller at Microsoft

    def new_inbound(self, **fields: Any) -> str:
        """A Microsoft seller shares a deal with the partner; `fields` are laid over the sample deal."""
        with self.lock:
            deal = merged(samples.inbound(self.clock()), fields)
            microsoft = self.api.owned_by_microsoft()
            engagement = self.store.new_id()
            own = self.api.owned_by_partner() | {
                "id": self.store.new_id(),
                "engagementId": engagement,
                "status": "New",
                "substatus": "Pending",
                "direction": "Incoming",
                "expirationDateTime": self.api.answer_until(),
                "createdVia": "MicrosoftSeller",
            }
            document = merged(merged(blank(), deal | own), {"inviteContext": {"invitedBy": microsoft}})
            theirs = microsoft | {
                "id": self.store.new_id(),
                "status": "Active",
                "substatus": "Accepted",
                "direction": "Outgoing",
                "expirationDateTime": None,
                "acceptedDateTime": stamps.stamp(self.store.now()),
                "team": [samples.microsoft_seller()],
            }
            self.api.add(document, own=True)
            self.api.add(document | theirs, own=False)
            return str(own["id"])

    def microsoft_responds(
        self,
        engagement_id: str,
        response: Literal["accepted", "declined"],
        *,
        msx_id: str = "7-1ABCDEFGHI",
        reason: str = "",
    ) -> None:
        """Microsoft answers the partner's co-sell request."""
        with self.lock:
            theirs = self._microsofts(engagement_id)
            if theirs["status"] != "New":
                raise Refused(409, "Microsoft has answered already.", "engagementId", "invalidRequest")
            status, substatus = RESPONSES[response]
            tracking = {"microsoftMsxId": msx_id if response == "accepted" else None}
            answer: Document = {
                "status": status,
                "substatus": substatus,
                "statusReason": reason or None,
                "trackingInfo": tracking,
            }
            if response == "accepted":
                answer["team"] = [*theirs["team"], samples.microsoft_seller()]
            self.api.write(merged(theirs, answer))
            own = self.store.own_in(engagement_id)
            if own and response == "accepted" and self.knobs.msx_id_on_own:
                self.api.write(merged(own, {"trackingInfo": tracking}))

    def microsoft_edits(self, engagement_id: str, values: dict[str, Any]) -> None:
        """Microsoft's seller changes their referral, `{"/details/dealValue": 5}`."""
        with self.lock:
            self.service_sets(self._microsofts(engagement_id)["id"], values)

    # The partner's own user, in the portal

    def portal_edit(self, referral_id: str, values: dict[str, Any]) -> None:
        """A partner user edits a deal on the page, by the same rules as the API; raises Refused."""
        with self.lock:
            operations = [{"op": "add", "path": path, "value": value} for path, value in values.items()]
            record = self.store.records[referral_id]
            if not record.own:
                raise Refused(403, "The referral belongs to another organisation.")
            # How the API wants a value written is no concern of the page.
            rules = replace(self.knobs, deal_value="either")
            self.api.write(patch.patched(record.current, operations, rules, self.clock(), portal=True))

    def portal_act(self, referral_id: str, act: Act, reason: str = "") -> None:
        """A partner user accepts, declines, wins, loses or voids a deal on the page."""
        status, substatus = ACTS[act]
        values: dict[str, Any] = {"/status": status, "/substatus": substatus}
        self.portal_edit(referral_id, values | ({"/statusReason": reason} if reason else {}))

    def portal_create(self, body: Document) -> str:
        """A partner user makes a deal on the page: the create rules, no API call."""
        with self.lock:
            return str(self.api.create_own(kinds.checked(body, self.knobs, self.clock()), via="Portal")["id"])

    # The service itself

    def service_sets(self, referral_id: str, values: dict[str, Any]) -> None:
        """The service changes anything, without rules: unknown enum values, HTML entities."""
        with self.lock:
            document = self.get(referral_id)
            for path, value in values.items():
                *parents, name = path.strip("/").split("/")
                nested: Document = {name: value}
                for parent in reversed(parents):
                    nested = {parent: nested}
                document = merged(document, nested)
            self.api.write(document)

    def expire_due(self) -> int:
        """Close what was not answered within its 14 days; returns how many. The app does so at each request."""
        with self.lock:
            return self.api.expire_due()

    # The line

    def fail(
        self,
        times: int = 1,
        on: str = "*",
        *,
        status: int = 503,
        body: Any = None,
        retry_after: int | str | None = None,
        after_effect: bool = False,
        breaks: Break | None = None,
        late: bool = False,
    ) -> None:
        """Let the next `times` matching API requests fail; see `Fault` for the meaning of each argument."""
        with self.lock:
            fault = Fault(times, on, status, body, retry_after, after_effect, breaks, late)
            self.faults.pending.append(fault)

    def land_late(self) -> int:
        """Effects of timed-out requests that were still under way happen now."""
        with self.lock:
            return self.faults.land_late()

    def deliver_due(self, send: Send) -> int:
        """Deliver the webhook events that are due now; returns how many attempts were made."""
        with self.lock:
            due = self.webhooks.due()
        for delivery in due:
            self._deliver(delivery, send)
        return len(due)

    def _deliver(self, delivery: Delivery, send: Send) -> None:
        with self.lock:
            headers = self.webhooks.signed(delivery)
        # Sending happens outside the lock: the receiver may call the API while it answers.
        try:
            status = send(delivery.url, headers, delivery.body)
        except (httpx.HTTPError, OSError):
            status = 0
        with self.lock:
            self.webhooks.record(delivery, status)

    def _microsofts(self, engagement_id: str) -> Document:
        theirs = self.store.microsoft_in(engagement_id)
        if theirs is None:
            raise Refused(404, "Microsoft has no referral in this engagement.", "engagementId")
        return theirs
