"""The browser pages of the simulated Partner Center: the referral list, a deal, and "New deal".

Pages show the world and call its people; every rule is decided behind them.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.pages import asset, day, moment, templates
from sandbox.partner_center import samples, stamps
from sandbox.partner_center.lifecycle import is_shared
from sandbox.partner_center.refusals import Refused
from sandbox.partner_center.resource import value_at
from sandbox.partner_center.world import ACTS, RESPONSES, PartnerCenterWorld

Document = dict[str, Any]
TABS = {"inbound": "Inbound", "outbound": "Outbound", "all": "All"}
# "Bulk operations" page; the API takes free text.
CLOSE_REASONS = (
    "Budget inadequate",
    "Customer did not respond",
    "Other vendor chosen",
    "Requirement not met",
    "Not a customer",
    "Timeline too short",
    "Abuse, spam or phishing",
    "Other",
)
EDITABLE = {
    "value": "/details/dealValue",
    "closing": "/details/closingDateTime",
    "notes": "/details/notes",
    "name": "/name",
}
_SHOWN_DELIVERIES = 12


class Pages:
    """Serves the pages; a refused action shows its reason on the page it came from."""

    def __init__(self, world: PartnerCenterWorld) -> None:
        self.world = world
        self._templates = templates(__file__, money=money, entry=entry, day=day, moment=moment)

    def respond(self, request: Request) -> Response:
        """Answer a page request."""
        try:
            endpoint, arguments = self._URLS.bind_to_environ(request.environ).match()
            if "id" in arguments and arguments["id"] not in self.world.store.records:
                return self._page("missing.html", 404)
            answer: Response = endpoint(self, request, **arguments)
        except HTTPException as refused:
            return self._page("missing.html", refused.code or 404)
        return answer

    def _list(self, request: Request) -> Response:
        tab = request.args.get("tab", "all")
        deals = [deal for deal in self.world.referrals() if tab not in ("inbound", "outbound") or _tab_of(deal) == tab]
        hooks = self.world.webhooks
        return self._page(
            "list.html",
            tab=tab if tab in TABS else "all",
            tabs=TABS,
            deals=deals,
            expires=self._expires,
            registration=hooks.registration,
            deliveries=[*reversed(hooks.deliveries[-_SHOWN_DELIVERIES:])],
            stamp=stamps.stamp,
        )

    def _deal(self, request: Request, id: str, refusal: str = "") -> Response:  # noqa: A002  the route's name
        del request
        deal = self.world.get(id)
        return self._page(
            "deal.html",
            400 if refusal else 200,
            deal=deal,
            microsoft=self.world.microsofts(deal["engagementId"]),
            shared=is_shared(deal),
            own=self.world.store.records[id].own,
            expires=self._expires,
            reasons=CLOSE_REASONS,
            refusal=refusal,
        )

    def _new(self, request: Request) -> Response:
        sample = samples.inbound(self.world.clock())
        if request.method == "GET":
            return self._page("new.html", sample=sample, contact=sample["customerProfile"]["team"][0])
        form = request.form
        contact = {name: form.get(name, "") for name in ("firstName", "lastName", "email", "phoneNumber")}
        address = {name: form.get(name, "") for name in ("addressLine1", "city", "state", "postalCode", "country")}
        deal = self.world.new_inbound(
            name=form.get("name", ""),
            customerProfile={"name": form.get("customer", ""), "address": address, "team": [contact]},
            details={
                "dealValue": _number(form.get("value", "")),
                "currency": form.get("currency", "USD"),
                "closingDateTime": f"{form.get('closing', '')}T00:00:00Z",
                "notes": form.get("notes", ""),
            },
        )
        return _see(f"/deal/{deal}")

    def _act(self, request: Request, id: str) -> Response:  # noqa: A002
        form = request.form
        act: Any = form.get("act")
        if act not in ACTS:
            raise BadRequest
        return self._try(request, id, lambda: self.world.portal_act(id, act, form.get("reason", "")))

    def _edit(self, request: Request, id: str) -> Response:  # noqa: A002
        values = self._changed(self.world.get(id), request.form.to_dict())
        return self._try(request, id, lambda: self.world.portal_edit(id, values) if values else None)

    def _answer(self, request: Request, id: str) -> Response:  # noqa: A002
        engagement = self.world.get(id)["engagementId"]
        response: Any = request.form.get("response")
        if response not in RESPONSES:
            raise BadRequest
        reason = "No Microsoft seller directly manages this customer" if response == "declined" else ""
        return self._try(request, id, lambda: self.world.microsoft_responds(engagement, response, reason=reason))

    def _microsoft(self, request: Request, id: str) -> Response:  # noqa: A002
        engagement = self.world.get(id)["engagementId"]
        value = _number(request.form.get("value", ""))
        if value is None:
            raise BadRequest
        values = {"/details/dealValue": value}
        return self._try(request, id, lambda: self.world.microsoft_edits(engagement, values))

    def _try(self, request: Request, id: str, action: Callable[[], None]) -> Response:  # noqa: A002
        try:
            action()
        except Refused as refusal:
            return self._deal(request, id, f"{refusal.target}: {refusal.message}")
        return _see(f"/deal/{id}")

    def _changed(self, deal: Document, form: dict[str, str]) -> Document:
        """Only what differs: an unchanged closing date in the past is no reason to refuse the rest."""
        entered: Document = {
            EDITABLE[name]: text.replace("\r\n", "\n") for name, text in form.items() if name in EDITABLE
        }
        closing = entered.get("/details/closingDateTime")
        if closing is not None:
            same = closing == (value_at(deal, "/details/closingDateTime") or "")[:10]
            entered["/details/closingDateTime"] = deal["details"]["closingDateTime"] if same else f"{closing}T00:00:00Z"
        if "/details/dealValue" in entered:
            entered["/details/dealValue"] = _number(entered["/details/dealValue"])
        return {path: value for path, value in entered.items() if value != value_at(deal, path)}

    def _changes(self, request: Request) -> Response:
        """A short word that differs whenever a page would look different."""
        del request
        tags = [record.current["eTag"] for record in self.world.store.records.values()]
        states = [(item.number, item.state, len(item.answers)) for item in self.world.webhooks.deliveries]
        seen = repr((tags, states, self.world.webhooks.registration))
        word = hashlib.sha256(seen.encode()).hexdigest()[:16]
        return Response(f'{{"version": "{word}"}}', content_type="application/json")

    def _static(self, request: Request, name: str) -> Response:
        del request
        return asset(name)

    def _expires(self, deal: Document) -> str:
        until = deal["expirationDateTime"]
        if not until or deal["status"] != "New":
            return ""
        days = (stamps.parse(until) - self.world.store.now()) // (86_400 * stamps.TICKS_PER_SECOND)
        return "due" if days < 0 else f"in {days} day{'' if days == 1 else 's'}"

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        names = {"organization": self.world.api.organization_name}
        content = self._templates.get_template(template).render(**names, **values)
        return Response(content, status=status, content_type="text/html; charset=utf-8")

    # Last, because it names the methods.
    _URLS = Map(
        [
            Rule("/", endpoint=_list, methods=["GET"]),
            Rule("/changes", endpoint=_changes, methods=["GET"]),
            Rule("/static/<name>", endpoint=_static, methods=["GET"]),
            Rule("/deal/new", endpoint=_new, methods=["GET", "POST"]),
            Rule("/deal/<id>", endpoint=_deal, methods=["GET"]),
            Rule("/deal/<id>/act", endpoint=_act, methods=["POST"]),
            Rule("/deal/<id>/edit", endpoint=_edit, methods=["POST"]),
            Rule("/deal/<id>/answer", endpoint=_answer, methods=["POST"]),
            Rule("/deal/<id>/microsoft", endpoint=_microsoft, methods=["POST"]),
        ]
    )


def money(details: Document) -> str:
    """Value and currency, "120,000 USD"."""
    value = details["dealValue"]
    return "" if value is None else f"{value:,.2f} {details['currency'] or ''}".replace(".00 ", " ")


def entry(value: float | None) -> str:
    """An amount as it stands in an input field."""
    return "" if value is None else f"{value:.2f}".removesuffix(".00")


def _tab_of(deal: Document) -> str:
    invited_by = value_at(deal, "inviteContext/invitedBy/organizationId")
    return "inbound" if invited_by and invited_by != deal["organizationId"] else "outbound"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _see(address: str) -> Response:
    return Response("", status=303, headers={"Location": address})
