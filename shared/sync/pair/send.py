"""Send: apply: one conditional write to one side, and its read-back. The only place that changes an existing record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from shared.catalogue import NEUTRAL_REASON, TO_PARTNER_CENTER, TO_SALESFORCE
from shared.deal import Intent, Link, LinkState, RowWrite, Side
from shared.errors import ApiError, Stale
from shared.mapping import Untranslatable
from shared.shapes import salesforce as sf
from shared.sync.pair.gather import Gathered, read_opportunity, with_referral
from shared.sync.ports import CompositeStep, Sync
from shared.ticks import minute

OPPORTUNITY, READ_BACK = "opportunity", "read_back"
MOST_WAITING = 20


@dataclass(frozen=True)
class Announced:
    """A write that is stored as announced, and what was seen when it was decided."""

    link: Link
    intent: Intent
    found: Gathered


@dataclass(frozen=True)
class Sent:
    """What became of it: the records as the write left them, or the error that answered it.

    Stale, Missing, Throttled, Unavailable and Rejected mean that nothing was written; of Unclear nobody knows.
    """

    found: Gathered
    error: ApiError | Untranslatable | None = None


def send(sync: Sync, writes: Sequence[Announced]) -> list[Sent]:
    """Carry out announced writes; one outcome each, in their order. No failure of one stops another."""
    return [_sent(sync, write) for write in writes]


def _sent(sync: Sync, write: Announced) -> Sent:
    try:
        return Sent(_patch(sync, write) if write.intent.side is Side.PARTNER_CENTER else _update(sync, write))
    except (ApiError, Untranslatable) as error:
        return Sent(write.found, error)


def _patch(sync: Sync, write: Announced) -> Gathered:
    link, intent, found = write.link, write.intent, write.found
    empty = sync.policy.digest(())
    nothing = {group for group, digest in link.base_p.items() if digest in ((), empty)}
    operations = sync.mapping.referral.patch(
        intent.writes, current=found.document, empty=frozenset(nothing), neutral_reason=NEUTRAL_REASON
    )
    answer = sync.referrals.patch(link.referral_id, operations, etag=intent.target_version)
    return with_referral(sync, answer, found)


def _update(sync: Sync, write: Announced) -> Gathered:
    link, intent = write.link, write.intent
    found = _with_audit(sync, write)
    spell = sync.mapping.opportunity
    trail = spell.audit(found.record, _lines(sync, link, intent, found))
    fields = spell.fields(intent.writes) | spell.steering(intent.report, intent.id, trail)
    if link.state is not LinkState.PAUSED:
        fields |= _along(sync, intent, found, fields)
    if not intent.writes and intent.report is None:  # decided for this alone, so a refusal of it stops nothing else
        fields |= spell.untick_retry(found.record)
    path = sf.path(sf.OPPORTUNITY, link.opportunity_id)
    steps = [CompositeStep(OPPORTUNITY, "PATCH", path, fields, int(intent.target_version))]
    steps += [
        CompositeStep(f"row{number}", "PATCH", row.path, row.fields, row.modified)
        for number, row in enumerate(intent.rows)
    ]
    soql = spell.select(f"{sf.ID} = '{link.opportunity_id}'", audit=True)
    steps.append(CompositeStep(READ_BACK, "GET", f"/query?q={quote(soql, safe='')}"))
    answers = sync.opportunities.composite(steps)
    record = answers.bodies[READ_BACK]["records"][0]
    return found.with_opportunity(spell.read(record, answers.server_time), record)


def _along(sync: Sync, intent: Intent, found: Gathered, fields: dict[str, Any]) -> dict[str, Any]:
    """What is brought up to date in passing: the list of solutions, and the mark before the name."""
    view, report = found.opportunity, intent.report
    shown = {**view.groups, **intent.writes} if view is not None else {}
    listed = sync.mapping.listed(found.record, shown) if shown else {}
    done = report is not None and sync.words.well(report)
    return listed | (sync.mapping.marked(found.record, fields, done=done) if report is not None else {})


def _lines(sync: Sync, link: Link, intent: Intent, found: Gathered) -> list[str]:
    """Audit lines, oldest first: what went to Partner Center since the last write here, and this write.

    A change that travels to Partner Center costs Salesforce no call; its line waits for the next write.
    """
    waiting = takewhile(lambda row: row.side is not Side.SALESFORCE, sync.links.history(link.id, MOST_WAITING))
    sent = [row for row in waiting if row.side is Side.PARTNER_CENTER]
    line, at = sync.words.audit_line, minute(intent.at)
    lines = [line(minute(row.at), TO_PARTNER_CENTER, row.groups, "success") for row in reversed(sent)]
    if "identity" in intent.writes and link.base_s.get("identity") is None:
        made = min((row.at for row in sent), default=intent.at)  # whatever was sent since was sent to it
        lines = [*_made(sync, found, minute(made)), *lines]
    elif intent.writes:
        lines += [line(at, TO_SALESFORCE, groups, result) for result, groups in _results(sync, link, intent).items()]
    # What waits is written when it is news, not with every write.
    if intent.report is not None and link.state is not LinkState.PAUSED:
        lines += sync.words.held_lines(at, link.held)
    return lines


def _made(sync: Sync, found: Gathered, when: str) -> Iterator[str]:
    """That the referral was created, and what it was given by default."""
    yield sync.words.audit_line(when, TO_PARTNER_CENTER, (), "referral_created")
    if found.opportunity is not None:
        defaults = sync.mapping.defaulted(found.opportunity.groups, Side.PARTNER_CENTER)
        if defaults:
            yield sync.words.audit_line(when, TO_PARTNER_CENTER, defaults, "defaults")


def _results(sync: Sync, link: Link, intent: Intent) -> dict[str, tuple[str, ...]]:
    """The groups written to Salesforce: news, and what was changed here although only Microsoft's side may."""
    found: dict[str, tuple[str, ...]] = {}
    for group, content in intent.writes.items():
        unchanged = link.base_s.get(group) == sync.policy.remember(group, content)
        once_given = "put_back_given" if sync.policy.groups[group].kind == "latch" else "put_back"
        result = once_given if unchanged else "success"
        found[result] = (*found.get(result, ()), group)
    return found


def spelled(sync: Sync, link: Link, intent: Intent, found: Gathered) -> tuple[RowWrite, ...]:
    """The solution rows of a write, as `found` shows them now. Raises Untranslatable.

    They travel in the same all-or-none composite, so the marker vouches for them too. Spelled once: a row that a
    seller adds before another run sends the write must not be taken for one to be removed.
    """
    if intent.side is Side.PARTNER_CENTER:
        return ()
    (sobject, key), added, changed = sync.mapping.opportunity.children(
        intent.writes, found.record, link.opportunity_id, link.referral_id
    )
    rows = tuple(RowWrite(path, fields, path.rpartition("/")[2], modified) for path, fields, modified in changed)
    new = RowWrite(f"/composite/sobjects/{sobject}/{key}", {"allOrNone": True, "records": added})
    return (*rows, new) if added else rows


def _with_audit(sync: Sync, write: Announced) -> Gathered:
    """The audit trail is long, so reads that expect no write to Salesforce leave it out; fetch it now."""
    name, found = sync.mapping.config.opportunity.audit, write.found
    if not name or name in found.record:
        return found
    found = read_opportunity(sync, write.link.opportunity_id, replace(found, audit=True))
    if found.opportunity is None or str(found.opportunity.modified) != write.intent.target_version:
        raise Stale(Side.SALESFORCE, "read before write")
    return found
