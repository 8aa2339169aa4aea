"""`cosell status`: what the connector remembers, counted. From its own storage only; neither service is asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from cli.deployment import Deployment
from cli.words import NAMES, age, plural
from shared.deal import Side
from shared.doorbell import Queue
from shared.sync import Gates, Polled
from shared.sync.admission import brakes
from shared.sync.detect.poll import Watermark
from shared.sync.detect.sweep import DELTA
from shared.ticks import second_of


@dataclass(frozen=True)
class Status:
    """Counted: links by state, waiting groups by code, issues by code and severity, queues, watermarks, brakes."""

    links: dict[str, int]
    held: dict[str, int]
    issues: dict[str, int]
    queues: dict[str, int]
    watermarks: dict[str, str]
    stops: dict[str, str]


def status(deployment: Deployment) -> Status:
    """What stands in the state storage now. Raises AzureError when it cannot be read."""
    states: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for link in deployment.store.links():
        states[link.state.value] += 1
        held.update(hold.code for hold in link.held.values())
    issues = Counter(f"{issue.severity}: {issue.code}" for issue in deployment.store.issues())
    return Status(
        dict(states.most_common()),
        dict(held.most_common()),
        dict(issues),
        dict(_queues(deployment)),
        dict(_watermarks(deployment)),
        dict(_stops(deployment)),
    )


def waiting(deployment: Deployment) -> int:
    """How many doorbells wait on all queues."""
    return sum(deployment.waiting(queue) or 0 for queue in Queue)


def halt_in_words(halt: brakes.Halt, doorbells: int, now: int) -> str:
    """What halted the tenant, for how long, and what it has stopped."""
    since = f" for {age(now - halt.at)}" if halt.at else ""
    return f"Halted{since}: {halt.why}. Nothing is synchronised; about {plural(doorbells, 'doorbell')} waiting."


def no_halt_in_words(deployment: Deployment) -> str:
    """That there is nothing to release, and which service is left alone for now: the log says *side halted* then."""
    closed = (
        f" {NAMES[side]} is not called for another {age(seconds)}; `cosell doctor` says why."
        for side, seconds in _gates(deployment)
        if seconds
    )
    return f"Nothing is halted.{''.join(closed)}"


def _queues(deployment: Deployment) -> Iterator[tuple[str, int]]:
    for queue in Queue:
        yield queue.value, deployment.waiting(queue) or 0
        if stuck := deployment.waiting(queue, "-poison"):
            yield f"{queue.value}-poison", stuck


def _watermarks(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """How far each reader has come."""
    now = deployment.now()
    names = {Polled.OPPORTUNITIES: "opportunities read up to", Polled.SOLUTIONS: "solutions read up to"}
    for polled, name in names.items():
        watermark = Watermark.parse(deployment.store.cursor(polled.value).text)
        yield name, f"{age(now - watermark.at)} ago" if watermark else "never"
    text = deployment.store.cursor(DELTA).text
    yield "referrals read up to", f"{age(now - second_of(int(text)))} ago" if text else "never"


def _stops(deployment: Deployment) -> Iterator[tuple[str, str]]:
    halt = brakes.halt_of(deployment.store)
    yield "halt", halt.why if halt else "none"
    for side, seconds in _gates(deployment):
        yield f"gate of {NAMES[side]}", f"closed for another {age(seconds)}" if seconds else "open"


def _gates(deployment: Deployment) -> Iterator[tuple[Side, int]]:
    """For how many seconds each side is not to be called."""
    gates = Gates(deployment.store, deployment.now)
    yield from ((side, gates.delay_seconds(side)) for side in Side)
