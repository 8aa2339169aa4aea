"""Injected faults: an answer may be wrong or missing, before or after the request took effect."""

from typing import Any

import httpx
import pytest

from sandbox.partner_center import samples
from sandbox.partner_center.world import Document
from sandbox.serve import serve
from tests.support.partner_center_client import API, START, Bench, replace


@pytest.mark.parametrize(
    ("breaks", "after_effect", "error"),
    [
        ("reset", False, httpx.ConnectError),
        ("reset", True, httpx.ReadError),  # a connect error would prove that nothing happened
        ("timeout", False, httpx.ReadTimeout),
        ("timeout", True, httpx.ReadTimeout),
    ],
)
def test_a_broken_line_leaves_the_effect_or_not(
    bench: Bench, breaks: Any, error: type[Exception], after_effect: bool
) -> None:
    bench.world.fail(on="POST", breaks=breaks, after_effect=after_effect)
    with pytest.raises(error):
        bench.call("POST", json=samples.private_deal(START))
    assert len(bench.world.referrals()) == int(after_effect)
    assert bench.world.requests[-1].applied is after_effect
    assert bench.world.requests[-1].status is None


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_server_error_leaves_the_effect_or_not(bench: Bench, deal: Document, after_effect: bool) -> None:
    bench.world.fail(on="PATCH", status=500, after_effect=after_effect)
    assert bench.patch(deal["id"], replace(details__notes="x")).status_code == 500
    assert (bench.world.get(deal["id"])["details"]["notes"] == "x") is after_effect


def test_a_fault_hits_as_often_as_asked_and_only_what_it_names(bench: Bench, deal: Document) -> None:
    bench.world.fail(times=2, on="GET /referrals/{id}")
    assert bench.call("GET").status_code == 200
    assert [bench.call("GET", f"/{deal['id']}").status_code for _ in range(3)] == [503, 503, 200]


def test_the_two_hosts_throttle_with_their_own_bodies(bench: Bench) -> None:
    bench.world.fail(times=2, status=429, retry_after=57)
    referrals, hooks = bench.call("GET"), bench.hook("GET")
    assert referrals.headers["Retry-After"] == hooks.headers["Retry-After"] == "57"
    assert "error" in referrals.json()
    assert hooks.json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}


@pytest.mark.parametrize("hint", [None, "Mon, 05 Jan 2026 12:01:00 GMT"])
def test_throttling_may_come_without_a_hint_or_with_a_date(bench: Bench, hint: str | None) -> None:
    bench.world.fail(status=429, retry_after=hint)
    assert bench.call("GET").headers.get("Retry-After") == hint


@pytest.mark.parametrize("body", ["", "<html>Bad Gateway</html>"])
def test_an_error_may_be_empty_or_no_json(bench: Bench, body: str) -> None:
    bench.world.fail(status=502, body=body)
    assert bench.call("GET").text == body


def test_a_late_effect_lands_when_the_caller_has_given_up(bench: Bench) -> None:
    bench.world.fail(on="POST", breaks="timeout", late=True)
    with pytest.raises(httpx.ReadTimeout):
        bench.call("POST", json=samples.private_deal(START))
    assert bench.world.referrals() == []
    bench.pass_time(hours=2)  # the caller's token has expired by now
    assert bench.world.land_late() == 1
    assert len(bench.world.referrals()) == 1


def test_a_late_update_meets_the_etag_of_its_landing(bench: Bench, deal: Document) -> None:
    bench.world.fail(on="PATCH", breaks="timeout", late=True)
    with pytest.raises(httpx.ReadTimeout):
        bench.patch(deal["id"], replace(details__notes="zombie"), If_Match=deal["eTag"])
    bench.patch(deal["id"], replace(details__notes="living"), If_Match=deal["eTag"])
    bench.world.land_late()
    assert bench.world.get(deal["id"])["details"]["notes"] == "living"


def test_over_http_a_broken_line_drops_the_socket() -> None:
    bench = Bench(latency_seconds=0)
    headers = {"Authorization": f"Bearer {bench.token}", "client-request-id": "x"}
    bench.world.fail(on="GET", breaks="reset")
    with serve(bench.app) as server, httpx.Client(base_url=server.url, timeout=5, headers=headers) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/v1.0/engagements/referrals")
        assert client.get("/v1.0/engagements/referrals").status_code == 200


def test_latency_is_spent_before_the_answer() -> None:
    bench = Bench(latency_seconds=1.5)
    slept: list[float] = []
    bench.world.sleep = slept.append
    bench.http.get(f"{API}/v1.0/engagements/referrals")
    assert slept == [1.5]
