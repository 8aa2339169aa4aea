"""Base: checks of what lies on this side: settings, mapping file, state storage, halts."""

from collections.abc import Iterator

from cli.doctor.visit import Visit
from cli.line import Line, ok, problem, warning
from cli.words import NAMES, age, plural
from shared.deal import Side
from shared.doorbell import Queue
from shared.sync import Gates
from shared.sync.admission import brakes

CURSOR = "doctor"
POISON = "-poison"
DEVELOPMENT = ("UseDevelopmentStorage=true", "DefaultEndpointsProtocol=http;")


def settings(visit: Visit) -> Iterator[Line]:
    """All missing and malformed names together."""
    found = visit.settings
    if not found.key_vault_url and not _local(visit):
        yield warning(
            "No key vault: the service user's refresh token lies in the state storage",
            "Set COSELL_KEY_VAULT_URL; the state storage is meant for development.",
        )
    if not found.partner_center_organization_id:
        yield warning(
            "The own organization id is not set: referrals of other partners are only told apart from Microsoft's",
            "Set COSELL_PARTNER_CENTER_ORGANIZATION_ID (Partner Center, Account settings, Organization profile).",
        )
    if not found.partner_center_referral_link:
        yield warning(
            "No address of a deal for people: no link is written to opportunities",
            "Set COSELL_PARTNER_CENTER_REFERRAL_LINK, with {referral_id} or {engagement_id} in it.",
        )
    yield ok(f"{len(type(found).names())} settings are complete and well formed")


def _local(visit: Visit) -> bool:
    storage = visit.settings.storage
    return storage is not None and storage.get_secret_value().startswith(DEVELOPMENT)


def mapping(visit: Visit) -> Iterator[Line]:
    """All mistakes of the file together."""
    groups = visit.mapping.groups.values()
    rows = sum(len(group.rows) for group in groups)
    yield ok(f"{plural(len(groups), 'group')} with {plural(rows, 'field')}, version {visit.mapping.version}")


def tables(visit: Visit) -> Iterator[Line]:
    """Reachable, and writable where the app writes."""
    store = visit.deployment.store
    before = store.cursor(CURSOR)
    store.put_cursor(CURSOR, str(visit.deployment.now()), before.version)
    yield ok("Tables can be read and written")


def queues(visit: Visit) -> Iterator[Line]:
    """Reachable, with their lengths."""
    lengths = {queue: visit.deployment.waiting(queue) for queue in Queue}
    total = sum(length or 0 for length in lengths.values())
    unused = sum(length is None for length in lengths.values())
    text = f"{plural(len(lengths), 'queue')} reachable, {plural(total, 'doorbell')} waiting"
    yield ok(f"{text}, {unused} not used yet" if unused else text)


def poison(visit: Visit) -> Iterator[Line]:
    """Doorbells that were given up."""
    lengths = {queue: visit.deployment.waiting(queue, POISON) or 0 for queue in Queue}
    stuck = {queue: length for queue, length in lengths.items() if length}
    for queue, length in stuck.items():
        yield warning(
            f"{plural(length, 'doorbell')} in {queue.value}{POISON}",
            "The app rings once more for each by itself; when they stay, look at its log for 'poison'.",
        )
    if not stuck:
        yield ok("No doorbell was given up")


def halts(visit: Visit) -> Iterator[Line]:
    """Whether anything keeps the workers from working now."""
    store, now = visit.deployment.store, visit.deployment.now()
    if halt := brakes.halt_of(store):
        yield problem(f"The connector is halted: {halt.why}", "Look at both systems; when this is meant: cosell resume")
    gates = Gates(store, visit.deployment.now)
    closed = {side: gates.delay_seconds(side) for side in Side}
    for side, seconds in closed.items():
        if seconds:
            yield warning(
                f"{NAMES[side]} is left alone for another {age(seconds)}",
                "It has failed or asked for patience; it is tried again by itself.",
            )
    issues = [issue for issue in store.issues() if issue.severity == "error"]
    if issues:
        newest = age(now - max(issue.at for issue in issues))
        text = f"{plural(len(issues), 'error')} on the work list, the newest {newest} old"
        yield warning(text, "`cosell status` shows what; `cosell explain RECORD` shows why.")
    if not (halt or any(closed.values()) or issues):
        yield ok("Nothing is halted, no error is open")
