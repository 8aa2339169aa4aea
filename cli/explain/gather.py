"""Gather: finds a record's twin, reads both, and asks the app's rules what they would do now."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cli.explain.conflicts import NotARecord, id_in, of_link
from cli.explain.explanation import Explanation
from cli.explain.leads import of_converted, of_lead, of_origin
from cli.explain.table import Discreet, group_lines, plain_name, sentence_of
from cli.words import NAMES, age, plural
from shared import unlinked
from shared.catalogue import INFORMATION
from shared.checks import readiness
from shared.deal import (
    Absence,
    Decision,
    Link,
    LinkState,
    Opportunity,
    PartnerCenterView,
    Referral,
    SalesforceView,
    Side,
)
from shared.decide import after_schema_change, decide
from shared.decide.guards import guard
from shared.decide.next_step import Known, Rang, Step, known_of, next_step, opportunity_shows
from shared.storage import Store
from shared.sync import Sync
from shared.sync.admission.brakes import halted
from shared.sync.admission.schema import applied
from shared.sync.create.referral import refused_before
from shared.sync.pair.gather import Gathered, link_of, read_opportunity, read_referral

LAST_LINES = 8
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
ABSENT = {
    (P, Absence.GONE): "The referral is not there (any more).",
    (P, Absence.FORBIDDEN): "The service user may not read this referral.",
    (P, Absence.UNAVAILABLE): "Partner Center cannot be reached now.",
    (S, Absence.RECYCLED): "The opportunity is in the recycle bin.",
    (S, Absence.FORBIDDEN): "The opportunity is not there, or the integration user may not see it.",
    (S, Absence.UNAVAILABLE): "Salesforce cannot be reached now.",
}
MEANINGS = {
    unlinked.Meaning.LINK: "It names an opportunity of this org that has no link: the next event links the two.",
    unlinked.Meaning.DUPLICATE: "It names an opportunity that belongs to another referral: a person has to decide.",
    unlinked.Meaning.COMPLETE: "It is the answer to a creation under way: the next event completes it.",
    unlinked.Meaning.CREATE: "It is in scope: an opportunity is created at the next event or hourly comparison.",
    unlinked.Meaning.RELATED: "It is the other party's side of a deal: only our own side is synchronised.",
    unlinked.Meaning.IGNORE: "It is out of scope, or was closed before it came: no opportunity is created.",
}


@dataclass(frozen=True)
class _Pair:
    """Both records as found."""

    link: Link | None
    seen: Gathered
    referral_id: str
    opportunity_id: str

    @property
    def are_two(self) -> bool:
        """Whether there is a pair to decide about: linked, or two records that name each other."""
        if self.link is not None:
            return Absence.UNREAD not in (self.seen.p, self.seen.s)
        return self.seen.referral is not None and self.seen.opportunity is not None


def explain(sync: Sync, store: Store, record_id: str, *, values: bool = False) -> Explanation:
    """Everything about a pair, by the id of either record. Reads only, when `sync` does.

    Raises NotARecord, and ApiError when a service cannot be asked.
    """
    narrowed = applied(sync)
    rules = narrowed or sync
    found = _find(rules, id_in(record_id))
    notes = []
    if halted(sync):
        notes.append("The connector is halted: nothing is synchronised. `cosell resume` says why and releases it.")
    if narrowed is None:
        notes.append("The org lacks a field that steers the sync: nothing is synchronised. See `cosell doctor`.")
    if found.are_two:
        explanation = _pair(rules, found, notes, values=values)
    else:
        explanation = _alone(rules, found, notes, values=values)
    conflicts = of_link(store, found.link.id, sync.clock(), limit=LAST_LINES, values=values) if found.link else ()
    return replace(
        explanation,
        conflicts=tuple(conflicts),
        open=(*_open(sync, found), *_issues(store, found)),
        history=tuple(_history(sync, found)),
        complete=Absence.UNAVAILABLE not in (found.seen.p, found.seen.s),
    )


def _find(sync: Sync, record_id: str) -> _Pair:
    if opportunity_id := unlinked.long_form(record_id):
        return _by_opportunity(sync, opportunity_id)
    if unlinked.REFERRAL_ID.match(record_id):
        return _by_referral(sync, record_id)
    raise NotARecord


def _by_opportunity(sync: Sync, opportunity_id: str) -> _Pair:
    link = link_of(sync.links, S, opportunity_id)
    seen = read_opportunity(sync, opportunity_id, Gathered(audit=False).of(link))
    named = unlinked.named_referral(seen.opportunity.groups) if seen.opportunity else ""
    referral_id = (link.referral_id if link else "") or (named if unlinked.REFERRAL_ID.match(named) else "")
    if referral_id:
        seen = read_referral(sync, referral_id, seen)
    return _Pair(link, seen, referral_id, opportunity_id)


def _by_referral(sync: Sync, record_id: str) -> _Pair:
    link = link_of(sync.links, P, record_id)
    seen = read_referral(sync, record_id, Gathered(audit=False).of(link))
    named = unlinked.named_opportunity(seen.document or {})
    opportunity_id = (link.opportunity_id if link else "") or named
    if opportunity_id:
        seen = read_opportunity(sync, opportunity_id, seen)
    return _Pair(link, seen, record_id, opportunity_id)


def _pair(sync: Sync, found: _Pair, notes: list[str], *, values: bool) -> Explanation:
    """Two records: what the tables say of them."""
    p, s, now = found.seen.p, found.seen.s, sync.clock()
    link = found.link or Link("", LinkState.LINKED, found.referral_id, found.opportunity_id)
    link = after_schema_change(link, s, sync.policy)
    decision = decide(link, p, s, sync.policy, now)
    resting = guard(link, p, s, sync.policy, now) is not None or Absence.RECYCLED in (p, s)
    lines = group_lines(
        link, decision.link.held, p, s, sync.mapping.groups, sync.policy, now, resting=resting, values=values
    )
    left_out = sorted(set((sync.whole or sync.mapping).groups) - set(sync.mapping.groups))
    if left_out:
        named = ", ".join(map(plain_name, left_out))
        notes.append(f"Not synchronised, because the org lacks a field: {named}. See `cosell doctor`.")
    summary = (*notes, *_absences(p, s), *_next(decision, resting=resting), *_kept_values(decision, values=values))
    return Explanation(found.opportunity_id, found.referral_id, _state(found.link), summary, tuple(lines))


def _alone(sync: Sync, found: _Pair, notes: list[str], *, values: bool) -> Explanation:
    """One record without a twin: why, and what becomes of it."""
    p, s = found.seen.p, found.seen.s
    if isinstance(s, Opportunity):
        said = [*_absences(p, Absence.UNREAD), *_not_sent(sync, found, s, values=values)]
    elif isinstance(p, Referral):
        said = list(_unlinked(sync, found, p))
    else:
        said = [*_absences(p, s), "Nothing can be said without a record."]
    return Explanation(found.opportunity_id, found.referral_id, _state(found.link), (*notes, *said))


def _not_sent(sync: Sync, found: _Pair, s: Opportunity, *, values: bool) -> list[str]:
    """Why an opportunity has no referral, in the sentences its seller reads."""
    known = known_of(found.link, S, found.opportunity_id)
    if known is Known.BEGUN:
        return ["Its creation at Microsoft is not finished; see below."]
    if known is Known.STOPPED:
        return [f"A person has to decide first: it was left as {_state(found.link)}."]
    match next_step(Rang.CREATION, known, opportunity_shows(s)):
        case Step.JOIN if found.seen.p is not Absence.GONE:
            return []  # it may well be there: why it cannot be read is said already
        case Step.JOIN | Step.NOT_THERE:
            return [sync.words.no_such_referral().message]
        case Step.CREATE:
            return list(of_origin(sync, found.opportunity_id)) or _readiness(sync, found.link, s, values=values)
    box = sync.mapping.config.opportunity.sync
    return [f"It is not synchronised: the box {box} is not ticked."]


def _readiness(sync: Sync, link: Link | None, s: Opportunity, *, values: bool) -> list[str]:
    words = sync.words if values else Discreet(sync.words.texts)
    would = readiness(s.groups, sync.mapping, sync.clock(), words)
    if would.lacking:
        return [
            f"It waits: the org lacks {', '.join(would.lacking)}, without which no deal is sent. See `cosell doctor`."
        ]
    if would.problems:
        return [f"It is not sent to Microsoft for {plural(len(would.problems), 'reason')}:", *would.sentences]
    if link and (hold := refused_before(sync, link, s)):
        said = [s.report.message] if values and s.report else []
        return [f"It was refused ({hold.code}): a change of the deal, or a retry, sends it again.", *said]
    return ["It is complete: a referral is created at the next poll."]


def _unlinked(sync: Sync, found: _Pair, p: Referral) -> Iterator[str]:
    meaning = _meaning(sync, found, p)
    if meaning is unlinked.Meaning.LEAD:
        yield from of_lead(sync, found.seen.document or {})
        return
    yield MEANINGS[meaning]
    if meaning is unlinked.Meaning.CREATE:
        yield from of_converted(sync, found.referral_id)


def _meaning(sync: Sync, found: _Pair, p: Referral) -> unlinked.Meaning:
    document = found.seen.document or {}
    return unlinked.meaning_of(
        document,
        p.phase,
        ours=unlinked.owner(document, sync.organization_id),
        co_sell_only=sync.mapping.config.scope.co_sell_only,
        named_exists=found.seen.opportunity is not None,
        named_link=link_of(sync.links, S, found.opportunity_id) if found.opportunity_id else None,
        as_leads=sync.mapping.config.as_leads,
    )


def _absences(p: PartnerCenterView, s: SalesforceView) -> Iterator[str]:
    for side, view in ((P, p), (S, s)):
        if isinstance(view, Absence) and view is not Absence.UNREAD:
            yield ABSENT.get((side, view), f"{NAMES[side]}: {view.value}")


def _next(decision: Decision, *, resting: bool) -> Iterator[str]:
    """What the next run would do, in one sentence."""
    write = decision.write
    if write is not None:
        groups = ", ".join(map(plain_name, write.groups)) or "the status of the sync"
        yield f"The next run writes to {NAMES[write.side]}: {groups}."
        if decision.link.state is LinkState.PAUSED:
            yield f"Nothing travels: {decision.note}."
    elif resting:
        yield f"Nothing is written now: {decision.note}."
    elif decision.link.state is LinkState.CREATING_MS:
        yield "The next run invites Microsoft, as the seller asks for help."
    elif decision.link.held:
        yield "Nothing is written now: what is open waits for a person."
    elif decision.retry_after_seconds is not None:
        yield f"Nothing is written now ({decision.note}); looked at again in {age(decision.retry_after_seconds)}."
    else:
        yield "Both sides agree: nothing to write."


def _kept_values(decision: Decision, *, values: bool) -> Iterator[str]:
    """Holds of what is no group of the table: the report to the seller, Microsoft's help."""
    for name in sorted({"report", "co_sell"} & decision.link.held.keys()):
        yield sentence_of(name, decision.link.held[name], values=values)


def _state(link: Link | None) -> str:
    if link is None:
        return "no link"
    phase = f", {link.phase.value} at Microsoft" if link.phase else ""
    return f"{link.state.value.replace('_', ' ')}{phase}"


def _open(sync: Sync, found: _Pair) -> Iterator[str]:
    link, now = found.link, sync.clock()
    if link is None:
        return
    if link.agreed_at:
        yield f"Last agreed write {age(now - link.agreed_at)} ago."
    if link.intent:
        what = ", ".join(map(plain_name, link.intent.writes)) or "the status of the sync"
        to = NAMES[link.intent.side]
        yield f"Announced {age(now - link.intent.at)} ago, not confirmed yet: a write to {to} ({what})."
    if link.claim:
        claim = link.claim
        doing = "is being sent" if claim.phase == "send" else f"waits {age(claim.wait)} for what lists show"
        yield f"Claimed {age(now - claim.at)} ago, attempt {claim.number}: a creation that {doing}."


def _issues(store: Store, found: _Pair) -> Iterator[str]:
    ids = {found.link.id} if found.link else {f"s-{found.opportunity_id}", f"p-{found.referral_id}"}
    ids.add(unlinked.alias_of_lead(found.referral_id))
    for issue in store.issues():
        if issue.link_id in ids and issue.code not in INFORMATION:
            yield f"Open {issue.severity}: {issue.code.replace('_', ' ')}."


def _history(sync: Sync, found: _Pair) -> Iterator[str]:
    if found.link is None:
        return
    now = sync.clock()
    for line in sync.links.history(found.link.id, limit=LAST_LINES):
        groups = f" ({', '.join(map(plain_name, line.groups))})" if line.groups else ""
        yield f"{age(now - line.at)} ago, {line.reason or 'unknown'}: {line.note}{groups}"
