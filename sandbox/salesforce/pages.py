"""The pages of the org: a list of opportunities, one opportunity, and a form. Values come from page_data.py, actions
from page_forms.py; this module only finds the page for a path.
"""

import json
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.pages import asset, templates
from sandbox.salesforce import page_data as data
from sandbox.salesforce import page_forms as forms
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Fields
from sandbox.salesforce.picklists import CURRENCIES, HELP, INTENTS, STAGE_NAMES
from sandbox.salesforce.world import SalesforceWorld

_DEAL = "/opportunity/<string(length=18):deal_id>"
_MAP = Map(
    [
        Rule("/", endpoint="list", methods=["GET"]),
        Rule("/list.json", endpoint="list_values", methods=["GET"]),
        Rule("/static/<name>", endpoint="asset", methods=["GET"]),
        Rule("/opportunity/new", endpoint="new", methods=["GET", "POST"]),
        Rule(_DEAL, endpoint="card", methods=["GET"]),
        Rule(f"{_DEAL}.json", endpoint="values", methods=["GET"]),
        Rule(f"{_DEAL}/edit", endpoint="edit", methods=["GET", "POST"]),
        Rule("/lead/<string(length=18):lead_id>/convert", endpoint="convert", methods=["POST"]),
        Rule(f"{_DEAL}/<action>", endpoint="act", methods=["POST"]),
    ]
)
_ACTIONS: dict[str, Callable[[SalesforceWorld, str, forms.Form], None]] = {
    "stage": forms.set_stage,
    "add-solution": forms.add_solution,
    "remove-solution": forms.remove_solution,
}


class Pages:
    """Renders pages and carries out what their forms ask for."""

    def __init__(self, world: SalesforceWorld) -> None:
        """Show this world."""
        self._world = world
        self._templates = templates(__file__)

    def respond(self, http: Request) -> Response:
        """The page for a request."""
        try:
            endpoint, values = _MAP.bind_to_environ(http.environ).match()
            return self._views()[endpoint](http, **values)
        except HTTPException as error:
            return Response.force_type(error.get_response(http.environ))
        except KeyError:
            return Response("There is no such record.", 404)

    def _views(self) -> dict[str, Callable[..., Response]]:
        return {
            "list": lambda _: self._list(),
            "list_values": lambda _: self._list_values(),
            "asset": lambda _, name: asset(name),
            "new": self._new,
            "card": lambda _, deal_id: self._card(deal_id),
            "values": lambda _, deal_id: self._values(deal_id),
            "edit": self._edit,
            "act": self._act,
            "convert": self._convert,
        }

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        return Response(self._html(template, **values), status, content_type="text/html; charset=utf-8")

    def _html(self, template: str, **values: Any) -> str:
        org = self._world.get("Organization", self._world.org_id)["Name"]
        return self._templates.get_template(template).render(org=org, **values)

    def _list(self, error: str = "", status: int = 200) -> Response:
        lists = {"deals": data.rows(self._world), "leads": self._world.records("Lead")}
        return self._page("list.html", status, error=error, **lists)

    def _list_values(self) -> Response:
        lists = {"deals": data.rows(self._world), "leads": self._world.records("Lead")}
        fragments = {"deals": self._html("_rows.html", **lists), "leads": self._html("_leads.html", **lists)}
        return _json({"values": {}, "fragments": fragments})

    def _card(self, deal_id: str, error: str = "", status: int = 200) -> Response:
        deal = self._deal(deal_id)
        layout = {"standard": data.STANDARD, "referral": data.REFERRAL}
        return self._page(
            "card.html", status, deal=data.shown(self._world, deal), error=error, **layout, **self._parts(deal)
        )

    def _values(self, deal_id: str) -> Response:
        """What the open page compares itself with, every few seconds."""
        deal = self._deal(deal_id)
        parts = self._parts(deal)
        values = data.shown(self._world, deal)
        fragments = {
            name: self._html(f"_{name}.html", deal=values, **parts) for name in ("path", "solutions", "people")
        }
        return _json({"values": values, "fragments": fragments})

    def _parts(self, deal: Fields) -> dict[str, Any]:
        solutions = data.children(self._world, "Microsoft_Solution__c", "Opportunity__c", deal["Id"])
        return {"path": data.path(deal), "solutions": solutions, "people": data.people(self._world, deal["Id"])}

    def _deal(self, deal_id: str) -> Fields:
        deal = self._world.get("Opportunity", deal_id)
        if deal["IsDeleted"]:
            raise KeyError(deal_id)
        return deal

    def _new(self, http: Request) -> Response:
        if http.method == "GET":
            return self._form(forms.example(self._world))
        form = http.form.to_dict()
        try:
            return redirect(f"/opportunity/{forms.create_deal(self._world, form)}", 303)
        except SalesforceError as error:
            return self._form(form, error=error.message)

    def _edit(self, http: Request, deal_id: str) -> Response:
        before = self._deal(deal_id)
        if http.method == "GET":
            return self._form(forms.as_form(before), deal_id=deal_id)
        form = http.form.to_dict()
        try:
            forms.edit_deal(self._world, deal_id, form)
        except SalesforceError as error:
            return self._form(form, deal_id=deal_id, error=error.message)
        return redirect(f"/opportunity/{deal_id}", 303)

    def _form(self, form: forms.Form, *, deal_id: str = "", error: str = "") -> Response:
        users = [(user["Id"], user["Name"]) for user in self._world.records("User")]
        accounts = [(account["Id"], account["Name"]) for account in self._world.records("Account")]
        currencies = CURRENCIES if self._world.multi_currency else ()
        choices = {"stages": STAGE_NAMES, "help": HELP, "intents": INTENTS, "currencies": currencies}
        status = 400 if error else 200
        return self._page(
            "form.html", status, form=form, deal_id=deal_id, error=error, users=users, accounts=accounts, **choices
        )

    def _act(self, http: Request, deal_id: str, action: str) -> Response:
        self._deal(deal_id)
        if action not in _ACTIONS:
            return Response("There is no such action.", 404)
        try:
            _ACTIONS[action](self._world, deal_id, http.form.to_dict())
        except SalesforceError as error:
            return self._card(deal_id, error.message, 400)
        return redirect(f"/opportunity/{deal_id}", 303)

    def _convert(self, _: Request, lead_id: str) -> Response:
        try:
            return redirect(f"/opportunity/{self._world.convert_lead(lead_id)}", 303)
        except SalesforceError as error:
            return self._list(error.message, 400)


def _json(value: Any) -> Response:
    return Response(json.dumps(value), content_type="application/json", headers={"Cache-Control": "no-store"})
