"""The open pages in a real browser: what changed flashes by itself, and nothing moves while the seller types."""

from typing import Any

import pytest

from tests.sandbox.salesforce_rig import Rig

pytestmark = pytest.mark.needs_browser


def test_change_appears_by_itself_and_flashes(rig: Rig, opportunity: str, url: str, page: Any) -> None:
    page.goto(f"{url}/opportunity/{opportunity}")
    rig.world.update("Opportunity", opportunity, {"Sync_Status__c": "✔ In sync", "StageName": "Closed Won"})
    page.wait_for_selector("[data-value=Sync_Status__c].sf-flash", timeout=10_000)
    assert page.inner_text("[data-value=Sync_Status__c] >> nth=0") == "✔ In sync"
    page.wait_for_selector("button[value='Closed Won'][aria-current=step]", timeout=10_000)
    assert not page.query_selector("[data-value=Name].sf-flash")


def test_nothing_moves_while_the_seller_types(rig: Rig, opportunity: str, url: str, page: Any) -> None:
    page.clock.install()
    page.goto(f"{url}/opportunity/{opportunity}")
    page.wait_for_load_state("networkidle")
    page.focus("input[name=Solution_Id__c]")
    rig.world.update("Opportunity", opportunity, {"NextStep": "changed"})
    page.clock.run_for(10_000)
    assert page.inner_text("[data-value=NextStep]") == ""
    page.evaluate("document.activeElement.blur()")
    page.clock.run_for(2_500)
    page.wait_for_selector("[data-value=NextStep].sf-flash", timeout=10_000)


def test_seller_can_make_and_win_a_deal_with_the_keyboard(rig: Rig, url: str, page: Any) -> None:
    page.goto(f"{url}/opportunity/new")
    page.focus("input[name=Name]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/opportunity/006*")
    page.focus("button[value='Closed Won']")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value='Closed Won'][aria-current=step]")
    assert rig.world.records("Opportunity")[0]["IsWon"] is True


@pytest.mark.parametrize("width", [390, 1200])
def test_pages_fit_the_screen(rig: Rig, url: str, page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/", "/opportunity/new", f"/opportunity/{rig.deal(Referral_Link__c='https://a.example/' + 'x' * 90)}"):
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
