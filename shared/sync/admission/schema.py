"""The org's schema as all workers know it: described every while and at every schema error, kept as one shared flag.

What a description means for the mapping is `drift`. Here it is asked for, remembered, reported to the operator as one
issue per unit, and taken back when the org is mended: then every pair is looked at once.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from shared import drift
from shared.deal import Issue
from shared.drift import Describe, Finding, Remedy
from shared.errors import ApiError, Forbidden, LostRace, Missing, SchemaChanged
from shared.mapping import Mapping as FieldMapping
from shared.mapping import people
from shared.say import say
from shared.shapes.salesforce import OPPORTUNITY
from shared.sync.admission.gates import patiently
from shared.sync.lanes import ring_for_links
from shared.sync.ports import Sync
from shared.sync.rules import obstacle_of
from shared.sync.shared_flags import CACHE_SECONDS

log = logging.getLogger("cosell.sync")
SCHEMA = "schema"
UNEXPLAINED = "schema-unexplained"
FRESH_SECONDS = 60  # a description this young is not asked for again by the next record with the same error
RETURNED_SECONDS = 86_400
WAITED_SECONDS = 600  # what waits for a mended org looks for itself after this, whatever the timer's schedule


@dataclass(frozen=True)
class Schema:
    """What is remembered of the org: for which mapping, in which state, and what that costs."""

    map_version: str = ""
    fingerprint: str = ""
    findings: tuple[Finding, ...] = ()
    returned: Mapping[str, int] = field(default_factory=dict)  # groups that were off, and until when that matters
    at: int = 0

    @property
    def off(self) -> frozenset[str]:
        """Units that are not synchronised."""
        return frozenset(f.unit for f in self.findings if f.remedy in (Remedy.OFF, Remedy.HALT))

    @property
    def halts(self) -> bool:
        """Whether nothing can be synchronised at all."""
        return any(finding.remedy is Remedy.HALT for finding in self.findings)


_SCHEMA = TypeAdapter(Schema)


def applied(sync: Sync) -> Sync | None:
    """The sync with as much of its mapping as the org carries; None while a field that steers the sync is lost."""
    text = sync.shared_flags.text(SCHEMA, sync.clock(), lambda name: str(sync.links.cursor(name).text))
    known = sync.shared_flags.made(SCHEMA, (text,), lambda: _known(text))
    if known.map_version != sync.mapping.version:  # not described yet, or for another version of the app
        return sync
    if known.halts:
        return None
    return _narrowed(
        sync, known, returned=frozenset(group for group, until in known.returned.items() if sync.clock() < until)
    )


def _narrowed(sync: Sync, known: Schema, returned: frozenset[str]) -> Sync:
    return sync.shared_flags.made("narrowed", (sync, known, returned), lambda: _over(sync, known, returned))


def _over(sync: Sync, known: Schema, returned: frozenset[str]) -> Sync:
    mapping = drift.narrowed(sync.mapping, known.findings)
    groups = {name: rule for name, rule in sync.policy.groups.items() if name in mapping.groups}
    blind = {group.name for group in people.of(mapping.groups) if not group.spec.salesforce}
    rests = {name: rule for name, rule in sync.policy.groups.items() if name not in groups}
    groups |= {name: replace(rule, blind=True) for name, rule in groups.items() if name in blind}
    policy = replace(
        sync.policy,
        groups=groups,
        obstacle=sync.policy.obstacle if mapping is sync.mapping else obstacle_of(mapping),
        schema=known.fingerprint,
        resting={**sync.policy.resting, **rests},
        partial=any(drift.STEERING not in unit for unit in known.off),
        returned=returned,
    )
    return replace(sync, mapping=mapping, policy=policy, whole=sync.whole or sync.mapping)


def describe(sync: Sync) -> int:
    """Compare the org's fields with the mapping, and act on what changed; the number of findings."""
    return patiently(SCHEMA, lambda: _describe(sync))


def mended(sync: Sync) -> bool:
    """Something waits for a lost field: True when it has just been found to be back, or another to be lost."""
    known = _known(sync.links.cursor(SCHEMA).text)
    if not known.off or sync.clock() - known.at < WAITED_SECONDS:
        return False
    describe(sync)
    return _known(sync.links.cursor(SCHEMA).text).fingerprint != known.fingerprint


def drifted(sync: Sync, error: SchemaChanged) -> bool:
    """Salesforce does not know what the mapping names: True when the mapping is applied differently from now on.

    False when the org's description does not explain the error, or cannot be read now.
    """
    known = _known(sync.links.cursor(SCHEMA).text)
    current = known.map_version == _whole(sync).version
    if current and known.fingerprint != sync.policy.schema:
        sync.shared_flags.forget(SCHEMA)  # another worker has just found out
        return True
    if not current or sync.clock() - known.at >= FRESH_SECONDS:
        try:
            known = _refresh(sync)
        except ApiError as unreadable:
            say(log.warning, "org not described", why=str(unreadable))
            return False
        if known.fingerprint != sync.policy.schema:
            return True
    say(log.error, "schema error", call=error.call, code=error.code)
    detail = "Salesforce refuses a field or object of the mapping, but its description shows nothing wrong with it."
    sync.links.open_issue(Issue(UNEXPLAINED, SCHEMA, "error", detail, sync.clock()))
    return False


def _describe(sync: Sync) -> int:
    known = _refresh(sync)
    sync.links.close_issues(UNEXPLAINED)
    return len(known.findings)


def _refresh(sync: Sync) -> Schema:
    """Describe the org. What follows from a change is done before the change is remembered, so it is never lost."""
    cursor = sync.links.cursor(SCHEMA)
    before = _known(cursor.text)
    after = _compared(sync, before)
    if after.fingerprint != before.fingerprint or after.map_version != before.map_version:
        _report_findings(sync, before, after)
        _describe_again(sync, before, after)
    try:
        sync.links.put_cursor(SCHEMA, _SCHEMA.dump_json(after).decode(), cursor.version)
    except LostRace:
        say(log.info, "another worker described the org")
    sync.shared_flags.forget(SCHEMA)
    return after


def _compared(sync: Sync, before: Schema) -> Schema:
    mapping, now = _whole(sync), sync.clock()
    described = _described(sync)
    findings, fingerprint = sync.shared_flags.made("judged", (mapping, described), lambda: _judged(mapping, described))
    after = Schema(mapping.version, fingerprint, findings, at=now)
    back = {unit.split(".")[0]: now + RETURNED_SECONDS for unit in before.off - after.off}
    back.pop(drift.STEERING, None)
    lasting = {group: until for group, until in before.returned.items() if now < until}
    return replace(after, returned=lasting | back)


def _judged(mapping: FieldMapping, described: Mapping[str, Describe]) -> tuple[tuple[Finding, ...], str]:
    findings = drift.find(mapping, described)
    return findings, drift.fingerprint(mapping, described, findings)


def _described(sync: Sync) -> dict[str, Describe]:
    """The objects of the mapping; those that the integration user cannot see are left out."""
    found = _asked(sync, OPPORTUNITY)
    for name in drift.objects(_whole(sync), found.get(OPPORTUNITY, {})):
        found |= _asked(sync, name)
    return found


def _asked(sync: Sync, sobject: str) -> dict[str, Describe]:
    try:
        return {sobject: sync.opportunities.describe(sobject)}
    except (Missing, Forbidden):
        return {}


def _whole(sync: Sync) -> FieldMapping:
    """The mapping before anything was left out of it."""
    return sync.whole or sync.mapping


def _report_findings(sync: Sync, before: Schema, after: Schema) -> None:
    """One issue per unit, with all that is wrong with it; mended ones leave the work list."""
    sentences_of: dict[str, list[str]] = {}
    for finding in after.findings:
        sentences_of.setdefault(finding.unit, []).append(finding.sentence)
    poorer = set(sentences_of) - {finding.unit for finding in after.findings if finding.remedy is not Remedy.WITHOUT}
    for unit, sentences in sentences_of.items():
        detail = " ".join(dict.fromkeys(sentences))
        severity = "info" if unit in poorer else "error"
        sync.links.open_issue(Issue(f"{SCHEMA}-{unit}", SCHEMA, severity, detail, sync.clock()))
    for unit in {finding.unit for finding in before.findings} - set(sentences_of):
        sync.links.close_issues(f"{SCHEMA}-{unit}")
    write = log.error if set(sentences_of) - poorer else log.info
    say(write, "schema", wrong=[f.field for f in after.findings], halted=after.halts)


def _describe_again(sync: Sync, before: Schema, after: Schema) -> None:
    """What came back may have changed meanwhile, and what was refused may be taken now."""
    back = bool(before.off - after.off)
    links = (link for link in sync.links.links() if back or link.held)
    # The workers must have forgotten the old schema before they answer.
    ring_for_links(sync, links, reason="schema changed", bulk=True, delay_seconds=2 * CACHE_SECONDS)


def _known(text: str) -> Schema:
    return _SCHEMA.validate_json(text) if text else Schema()
