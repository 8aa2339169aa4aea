"""The steps joined: floods, replays and rotations of the certificate."""

from datetime import timedelta
from typing import Literal

import pytest

from sandbox.partner_center import stamps
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.webhooks import Registration, Webhooks
from shared.registration.plan import DEFAULT_EVENTS
from shared.webhook.delivery import Event, Refused, ticks_of
from shared.webhook.receiver import Tally
from tests.support.deliveries import (
    ISSUER_URL,
    NOW,
    REFERRAL,
    TOKEN,
    URL,
    CertificateHost,
    Clock,
    authority,
    body,
    headers,
    receiver,
)

CONTENT = body()


def test_after_a_rotation_under_the_same_address_the_next_delivery_is_believed() -> None:
    host, clock = CertificateHost(), Clock()
    believed = receiver(host, clock)
    believed.receive("POST", TOKEN, headers(CONTENT), CONTENT)
    rotated = authority().issue()
    host.files[URL] = rotated.der
    clock.pass_seconds(61)
    believed.receive("POST", TOKEN, headers(CONTENT, rotated), CONTENT)
    assert len(host.calls) == 2


def test_forgeries_cause_at_most_one_fetch_a_minute() -> None:
    host, clock = CertificateHost(), Clock()
    believed = receiver(host, clock)
    for _ in range(120):
        with pytest.raises(Refused, match="401 signature"):
            believed.receive("POST", TOKEN, headers(b"something else"), CONTENT)
        clock.pass_seconds(1)
    assert len(host.calls) == 2


def test_nothing_is_fetched_for_a_delivery_of_the_wrong_shape_or_token() -> None:
    host = CertificateHost()
    believed = receiver(host)
    for token, changes in (("wrong", {}), (TOKEN, {"X_MS_Signature": None}), (TOKEN, {"Content_Length": "99999999"})):
        with pytest.raises(Refused):
            believed.receive("POST", token, headers(CONTENT, None, **changes), CONTENT)
    assert not host.calls


def test_an_unsigned_body_is_never_parsed() -> None:
    with pytest.raises(Refused, match="401 signature"):
        receiver().receive("POST", TOKEN, headers(CONTENT), b"no json")


def test_a_leaf_published_alone_is_believed_through_its_fetched_issuer() -> None:
    host = CertificateHost({URL: authority().leaf.der, ISSUER_URL: authority().intermediate.der})
    believed = receiver(host, roots_pem=authority().root.pem)
    assert believed.receive("POST", TOKEN, headers(CONTENT), CONTENT).referral_id == REFERRAL


def test_a_flood_of_one_kind_is_mentioned_once_a_minute_with_its_count() -> None:
    tally = Tally()
    assert [tally.add("token", NOW) for _ in range(5)] == [1, 0, 0, 0, 0]
    assert tally.add("size", NOW) == 1
    assert tally.add("token", NOW + timedelta(minutes=1)) == 5


@pytest.mark.parametrize("in_ms_signature", [False, True])
@pytest.mark.parametrize("certificate_pem", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_the_simulated_partner_center_sends_is_believed(
    scheme: Literal["http", "https"], *, in_ms_signature: bool, certificate_pem: bool
) -> None:
    clock = Clock()
    sender = Webhooks(clock, Knobs(certificate_pem=certificate_pem, resource_scheme=scheme))
    sender.registration = Registration("subscriber", "https://cosell.example", DEFAULT_EVENTS, in_ms_signature, 0)
    changed = stamps.ticks_of(NOW) + 1_234_567
    sender.announce("related-referral-updated", REFERRAL, changed)
    sender.announce_test("correlation")
    expected = ticks_of("2026-03-04T05:06:07.1234567Z")
    file = sender.certificate_file("pcnotifications-dispatch.microsoft.com.cer")
    assert file is not None
    trusted = sender.authority.root.pem + sender.authority.intermediate.pem
    believed = receiver(CertificateHost({sender.certificate_url: file}), clock, roots_pem=trusted)
    events = [believed.receive("POST", TOKEN, sender.signed(each), each.body) for each in sender.due()]
    assert events == [Event("related-referral-updated", REFERRAL, expected), Event("test-created")]
