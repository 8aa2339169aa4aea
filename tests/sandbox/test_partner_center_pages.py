"""The pages: what a person sees and does in the simulated Partner Center, without and with a browser."""

import re
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from sandbox.partner_center.webhooks import event_document
from sandbox.partner_center.world import Document
from sandbox.serve import serve
from tests.support.partner_center_client import Bench

HOOK = {"WebhookUrl": "https://app.example/x", "WebhookEvents": ["referral-created", "referral-updated"]}


def browse(bench: Bench, path: str = "/") -> str:
    """The text of a page that must exist."""
    answer = Client(bench.app).get(path)
    assert answer.status_code == 200
    return answer.text


def submit(bench: Bench, path: str, **form: str) -> TestResponse:
    return Client(bench.app).post(path, data=form)


def rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)


def test_the_list_separates_inbound_from_outbound(bench: Bench) -> None:
    bench.world.new_inbound(name="Theirs")
    bench.create(name="Ours", externalReferenceId="006X")
    assert sorted(rows(browse(bench))) == ["Ours", "Theirs"]
    assert rows(browse(bench, "/?tab=inbound")) == ["Theirs"]
    assert rows(browse(bench, "/?tab=outbound")) == ["Ours"]
    assert "006X" in browse(bench)
    assert "in 14 days" in browse(bench)


def test_names_are_escaped(bench: Bench) -> None:
    deal = bench.create(name="<script>alert(1)</script>")["id"]
    for path in ("/", f"/deal/{deal}"):
        assert "<script>alert" not in browse(bench, path)


def test_a_microsoft_seller_shares_a_deal_in_the_form(bench: Bench) -> None:
    form = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', browse(bench, "/deal/new")))
    answer = submit(bench, "/deal/new", **(form | {"name": "Litware", "value": "99.5", "notes": "A note"}))
    assert answer.status_code == 303
    deal = bench.world.referrals()[0]
    assert (deal["name"], deal["details"]["dealValue"], deal["details"]["notes"]) == ("Litware", 99.5, "A note")
    assert answer.headers["Location"].endswith(deal["id"])


@pytest.mark.parametrize(("act", "state"), [("accept", ("Active", "Accepted")), ("decline", ("Closed", "Declined"))])
def test_a_partner_user_answers_an_inbound_deal(bench: Bench, act: str, state: tuple[str, str]) -> None:
    deal = bench.world.new_inbound()
    assert submit(bench, f"/deal/{deal}/act", act=act, reason="Other").status_code == 303
    assert (bench.world.get(deal)["status"], bench.world.get(deal)["substatus"]) == state


def test_only_the_actions_of_the_state_are_offered(bench: Bench) -> None:
    deal = bench.world.new_inbound()
    offered = {"New": {"accept", "decline"}, "Active": {"win", "lose"}, "Closed": set[str]()}
    for act in ("accept", "win", ""):
        page = browse(bench, f"/deal/{deal}")
        assert set(re.findall(r'name="act" value="(\w+)"', page)) == offered[bench.world.get(deal)["status"]]
        if act:
            submit(bench, f"/deal/{deal}/act", act=act)


def test_saving_the_form_unchanged_writes_nothing(bench: Bench, deal: Document) -> None:
    path, details = f"/deal/{deal['id']}", deal["details"]
    form = {"name": deal["name"], "value": "120000", "notes": details["notes"]}
    form["closing"] = details["closingDateTime"][:10]
    assert submit(bench, f"{path}/edit", **form).status_code == 303
    assert bench.world.get(deal["id"])["eTag"] == deal["eTag"]
    submit(bench, f"{path}/edit", **(form | {"value": "123456.78", "closing": "2026-06-30"}))
    changed = bench.world.get(deal["id"])["details"]
    assert (changed["dealValue"], changed["closingDateTime"]) == (123456.78, "2026-06-30T00:00:00Z")
    assert 'value="123456.78"' in browse(bench, path)


def test_a_refused_edit_says_why_on_the_page(bench: Bench, deal: Document) -> None:
    answer = submit(bench, f"/deal/{deal['id']}/edit", closing="2020-01-01")
    assert answer.status_code == 400
    assert "details.closingDateTime: must not be in the past" in answer.text


def test_microsofts_seller_answers_and_changes_the_value_on_the_page(bench: Bench, own: Document) -> None:
    page = f"/deal/{own['id']}"
    assert submit(bench, f"{page}/microsoft", value="7").status_code == 303
    assert submit(bench, f"{page}/answer", response="accepted").status_code == 303
    theirs = bench.world.microsofts(own["engagementId"]) or {}
    assert (theirs["status"], theirs["details"]["dealValue"]) == ("Active", 7)
    assert submit(bench, f"{page}/answer", response="declined").status_code == 400


@pytest.mark.parametrize(
    ("path", "form"), [("act", {"act": "reopen"}), ("answer", {"response": "maybe"}), ("microsoft", {"value": "much"})]
)
def test_a_form_nobody_offered_is_refused(bench: Bench, own: Document, path: str, form: dict[str, str]) -> None:
    assert submit(bench, f"/deal/{own['id']}/{path}", **form).status_code == 400


def test_the_webhook_panel_shows_the_endpoint_and_how_deliveries_went(bench: Bench) -> None:
    assert "No endpoint is registered" in browse(bench)
    bench.hook("POST", json=HOOK)
    bench.create()
    bench.world.deliver_due(lambda url, headers, body: 503)
    page = browse(bench)
    assert "https://app.example/x" in page
    assert "503" in page
    assert event_document(bench.world.webhooks.deliveries[0])["EventName"] in page


def test_the_change_mark_moves_with_every_visible_change_and_only_then(bench: Bench) -> None:
    marks = [browse(bench, "/changes"), browse(bench, "/changes")]
    bench.hook("POST", json=HOOK)
    marks.append(browse(bench, "/changes"))
    bench.create()
    marks.append(browse(bench, "/changes"))
    bench.world.deliver_due(lambda url, headers, body: 200)
    marks.append(browse(bench, "/changes"))
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4


@pytest.mark.parametrize("path", ["/deal/unknown", "/nowhere", "/static/../world.py", "/static/unknown.css"])
def test_what_is_not_there_is_not_found(bench: Bench, path: str) -> None:
    assert Client(bench.app).get(path).status_code == 404


def test_pages_load_nothing_from_elsewhere(bench: Bench, own: Document) -> None:
    for path in ("/", "/deal/new", f"/deal/{own['id']}", "/static/partner_center.css"):
        assert not re.findall(r"(?:src|href|url)[=(]\W?(?:https?:)?//", browse(bench, path))


@pytest.mark.needs_browser
def test_a_person_shares_accepts_and_sees_changes_arrive(bench: Bench, page: Any) -> None:
    with serve(bench.app) as server:
        page.goto(server.url)
        page.get_by_role("link", name="New deal from Microsoft").click()
        page.get_by_label("Deal name").fill("Proseware")
        page.get_by_role("button", name="Share the deal").click()
        page.get_by_role("button", name="Accept").click()
        page.get_by_text("Active / Accepted").first.wait_for()
        deal = bench.world.referrals()[0]
        bench.world.portal_edit(deal["id"], {"/details/dealValue": 77})
        page.get_by_text("77 USD").first.wait_for(timeout=10_000)
    assert deal["name"] == "Proseware"
