"""Checks of Partner Center: sign-in for both of its hosts, role, clock, webhook registration."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from cli.doctor.salesforce import skew
from cli.doctor.visit import Visit
from cli.line import Line, ok, problem, skipped, warning
from cli.words import age
from shared.errors import Forbidden
from shared.identity.renewal import DAY_SECONDS, OLD_DAYS
from shared.registration.plan import DEFAULT_EVENTS, TEST_EVENT, Registration, for_people
from shared.shapes.referral import organization_of
from shared.transport import parse

REGISTER = "Register this app's address: the function PartnerCenterWebhookRegistration does it."

KEEP = "Check the app's role on the key vault, then sign in again: `cosell login`."


def referrals_login(visit: Visit) -> Iterator[Line]:
    """A token for the referrals API, from Entra and not from what is kept."""
    visit.deployment.tokens.renew(visit.settings.partner_center_referrals_audience)
    yield ok("Signed in for the referrals API")


def webhooks_login(visit: Visit) -> Iterator[Line]:
    """A token for the webhook API, which has an audience of its own."""
    visit.deployment.tokens.renew(visit.settings.partner_center_webhooks_audience)
    yield ok("Signed in for the webhook API")


def refresh_token(visit: Visit) -> Iterator[Line]:
    """The sign-in behind both is renewed at every use; one that grows old is on its way to die."""
    seconds = visit.deployment.tokens.age_seconds()
    if seconds is None:
        yield warning("The refresh token of the service user is not kept: it ends 90 days after the sign-in", KEEP)
    elif seconds >= OLD_DAYS * DAY_SECONDS:
        yield warning(f"The refresh token is {age(seconds)} old and ends at 90", KEEP)
    else:
        yield ok(f"The refresh token is {age(seconds)} old")


def role(visit: Visit) -> Iterator[Line]:
    """The service user may list referrals, and they are this organization's."""
    try:
        page = parse(visit.first_page.text)
    except Forbidden:
        yield problem(
            "The service user may not read referrals (403)",
            "Give it the role 'Referrals admin' for the whole company (Partner Center, User management); "
            "it takes up to an hour. A 'Referrals user' sees only deals it is a team member of.",
        )
        return
    found = page.get("value") if isinstance(page, dict) else None
    if not isinstance(found, list):
        yield problem("The referrals API answers something else", "Check COSELL_PARTNER_CENTER_REFERRALS_URL.")
    elif not found:
        remedy = "Right for a new account; else the role is 'Referrals user', or limited to another location."
        yield warning("The service user sees no referral at all", remedy)
    else:
        yield _organization(visit, organization_of(found[0]))


def _organization(visit: Visit, theirs: str) -> Line:
    ours = visit.settings.partner_center_organization_id
    if ours and theirs.lower() not in (ours.lower(), "msft"):
        return problem(
            "The newest referral belongs to another organization than the settings name",
            "Correct COSELL_PARTNER_CENTER_ORGANIZATION_ID, or sign in as the service user of this organization.",
        )
    return ok("The service user may read referrals")


def clock(visit: Visit) -> Iterator[Line]:
    """This machine's clock against the server's."""
    date = visit.first_page.headers.get("Date", "")
    try:
        seconds = int(parsedate_to_datetime(date).timestamp()) - visit.deployment.now()
    except ValueError:
        yield skipped("Not checked: Partner Center did not send its time.")
        return
    yield skew(seconds, "Partner Center")


def webhook(visit: Visit) -> Iterator[Line]:
    """Partner Center sends its events here, and all of them. It keeps one address per event and tenant."""
    current = visit.deployment.registrations.current()
    if visit.settings.sweep_only:
        yield _not_ours(visit, current)
        return
    if current is None:
        yield problem("No webhook is registered: changes at Microsoft wait for the hourly comparison", REGISTER)
        return
    if not _ours(visit, current.url):
        yield problem(
            f"Partner Center sends its events to another address: {for_people(current.url)}",
            f"{REGISTER} Registering with overwrite takes the events away from there.",
        )
        return
    missing = [event for event in DEFAULT_EVENTS if event not in current.events]
    if lost := [event for event in missing if event != TEST_EVENT]:
        yield problem(f"The webhook is not registered for {', '.join(lost)}", "Register it again with all events.")
    elif missing:
        yield warning(f"The webhook cannot be tested: {TEST_EVENT} is not registered", "Register it again.")
    else:
        yield ok(f"Webhook registered: {for_people(current.url)} for {len(current.events)} events")


def _not_ours(visit: Visit, current: Registration | None) -> Line:
    if current and _ours(visit, current.url):
        return problem(
            "Partner Center sends its events to this app, which is set to sweep only",
            "Register production's address, from production; or clear COSELL_SWEEP_ONLY if this is production.",
        )
    where = for_people(current.url) if current else "nobody"
    return ok(f"This app only sweeps; Partner Center sends its events to {where}")


def _ours(visit: Visit, url: str) -> bool:
    """Whether the address ends with this app's secret."""
    return urlsplit(url).path.rpartition("/")[2] == visit.settings.webhook_token.get_secret_value()
