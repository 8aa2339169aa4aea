"""Opportunity request: a new opportunity as one composite: what it builds upon, the record, what is made below it, and
a look at it.
"""

from typing import Any, Final
from urllib.parse import quote

from shared.catalogue import TO_SALESFORCE
from shared.deal import Link, LinkState, Referral, Side, Unreadable, Views
from shared.mapping import Mapping as FieldMapping
from shared.mapping.keys import quoted
from shared.shapes import salesforce as sf
from shared.shapes.referral import id_of
from shared.sync.create import surroundings
from shared.sync.create.surroundings import Around
from shared.sync.ports import CompositeStep, Document, Sync
from shared.ticks import minute

REFERRAL: Final = "by_referral"  # the step that shows what has the referral's id
S = Side.SALESFORCE


def look_up(mapping: FieldMapping, referral_id: str, opportunity_id: str = "") -> CompositeStep:
    """The look at what has the referral's id, or is the opportunity that its lead was converted into."""
    where = f"{mapping.config.opportunity.referral_id} = {quoted(referral_id)}"
    either = f"({where} OR Id = {quoted(opportunity_id)})" if opportunity_id else where
    soql = mapping.opportunity.select(either, audit=True)
    return CompositeStep(REFERRAL, "GET", f"/query?q={quote(soql, safe='')}")


def writable(mapping: FieldMapping, views: Views) -> Views:
    """Groups that travel to a new record and that Salesforce can take as they are; others that should are explained."""
    return {
        group: content
        for group, content in views.items()
        if not isinstance(content, Unreadable)
        and mapping.groups[group].spec.create.towards(S)
        and not mapping.groups[group].obstacle(content, S)
    }


def creation(
    sync: Sync, referral: Referral, document: Document, around: Around, refused: str = ""
) -> list[CompositeStep]:
    """The steps that make it, all or nothing. `refused`: why owner, team and note are left out, for the audit trail."""
    views, referral_id = writable(sync.mapping, referral.groups), id_of(document)
    # Inserted, never upserted: a request that arrives late must fail on the unique key, not overwrite what is there.
    fields = _opportunity(sync, referral, views, _lines(sync, views, around, refused))
    fields |= surroundings.fields(sync.mapping, views, around) | {
        sync.mapping.config.opportunity.referral_id: referral_id
    }
    return [
        *surroundings.before(sync.mapping, views, around),
        CompositeStep("opportunity", "POST", sf.path(sf.OPPORTUNITY), fields),
        *surroundings.after(sync.mapping, views, around, referral_id),
        look_up(sync.mapping, referral_id),
    ]


def _opportunity(sync: Sync, referral: Referral, views: Views, lines: list[str]) -> dict[str, Any]:
    config, spell = sync.mapping.config.opportunity, sync.mapping.opportunity
    report = sync.policy.report(Link("", LinkState.LINKED, phase=referral.phase))
    fields = spell.creation(views, "") | spell.steering(report, sync.new_id(), spell.audit({}, lines))
    fields |= sync.mapping.marked({}, fields, done=True) | sync.mapping.listed({}, views)
    stage = spell.stage(referral.phase) if referral.phase else sync.mapping.config.stages.hold
    return fields | {config.sync: True, sf.STAGE: stage}


def _lines(sync: Sync, views: Views, around: Around, refused: str) -> list[str]:
    """The first lines of the audit trail, oldest first."""
    when = minute(sync.clock())
    closed: list[tuple[tuple[str, ...], str, str]] = [((), "opportunity_created", "")]
    if defaults := sync.mapping.defaulted(views, S):
        closed.append((defaults, "defaults", ""))
    if around.similar:
        closed.append((("customer",), "similar_accounts", ", ".join(around.similar)))
    if refused:
        closed.append((("opportunity_team", "note"), "held", refused))
    return [sync.words.audit_line(when, TO_SALESFORCE, groups, result, detail) for groups, result, detail in closed]
