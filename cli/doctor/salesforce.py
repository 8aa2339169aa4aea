"""Checks of Salesforce as a service: sign-in, version, limits, clock. What the org contains is in `org`."""

from collections.abc import Iterator

from cli.doctor.visit import Visit
from cli.line import Line, ok, problem, warning
from cli.words import age
from shared.salesforce.session import Call
from shared.shapes.salesforce import OPPORTUNITY, ORGANIZATION
from shared.transport import Repeat

FEW_SHARE = 0.2
SKEW_SECONDS, MOST_SKEW_SECONDS = 30, 120  # a JWT is good for three minutes; the sync allows a minute


def login(visit: Visit) -> Iterator[Line]:
    """The credentials are taken."""
    visit.deployment.session.access()
    jwt = visit.settings.salesforce_private_key is not None
    yield ok(f"Signed in ({'JWT bearer' if jwt else 'client credentials'})")


def version(visit: Visit) -> Iterator[Line]:
    """The pinned API version is offered. "Versions": GET /services/data."""
    session, wanted = visit.deployment.session, visit.settings.salesforce_api_version
    _, host = session.access()
    answer = session.request("GET", f"https://{host}/services/data/", call=Call("GET /services/data", Repeat.READ))
    offered = sorted((str(each["version"]) for each in answer.json()), key=float)
    if wanted in offered:
        yield ok(f"API version {wanted} is offered (newest {offered[-1]})")
    else:
        remedy = f"Set COSELL_SALESFORCE_API_VERSION to one from {offered[0]} to {offered[-1]}."
        yield problem(f"API version {wanted} is not offered by this org", remedy)


def limits(visit: Visit) -> Iterator[Line]:
    """Calls left today, as the last answer gave it ("Sforce-Limit-Info")."""
    visit.describe(OPPORTUNITY)
    usage = visit.deployment.session.usage
    if usage is None or not usage.limit:
        yield warning("Salesforce does not say how many calls are left today")
        return
    left = max(0, usage.limit - usage.used)
    text = f"{left:,} of {usage.limit:,} API calls of this day are left"
    if left < FEW_SHARE * usage.limit:
        yield warning(text, "Find out what else calls this org, poll less often, or buy more calls.")
    else:
        yield ok(text)


def clock(visit: Visit) -> Iterator[Line]:
    """This machine's clock against the server's."""
    visit.rows(ORGANIZATION)
    yield skew(visit.deployment.session.server_time - visit.deployment.now(), "Salesforce")


def skew(seconds: int, whose: str) -> Line:
    """What a difference of clocks means; positive when the server is ahead."""
    apart, remedy = age(abs(seconds)), "Let this machine take its time from a time server (NTP)."
    text = f"This machine's clock is {apart} {'behind' if seconds > 0 else 'ahead of'} {whose}'s"
    if abs(seconds) > MOST_SKEW_SECONDS:
        return problem(text, f"{remedy} Sign-ins with a certificate fail beyond three minutes.")
    return warning(text, remedy) if abs(seconds) > SKEW_SECONDS else ok(f"Clock agrees with {whose}'s within {apart}")
