"""Creation in Salesforce: safe to repeat, because the referral id is a unique key there.

One composite asks for what may exist (opportunity, account, contact), a second makes what is missing, all or
nothing, by upserts on unique keys. An opportunity that is already there is linked, never overwritten.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any
from urllib.parse import quote

from shared import lifecycle
from shared.catalogue import TO_SALESFORCE
from shared.deal import (
    Claim,
    ClaimPhase,
    Hold,
    Issue,
    Link,
    LinkState,
    Opportunity,
    Referral,
    Side,
    Unreadable,
    Views,
    link_id_of_referral,
)
from shared.decide import expected_base, first_base
from shared.doorbell import Queue
from shared.errors import (
    Forbidden,
    LostRace,
    Missing,
    Rejected,
    SchemaChanged,
    Stale,
    Throttled,
    Unauthorised,
    Unavailable,
    Unclear,
)
from shared.mapping import Untranslatable
from shared.mapping.opportunity import by_external_id, contact_key, customer_key, quoted
from shared.sync.converge import SOON_SECONDS, UNEXPLAINED_TRIES, Caller, converge
from shared.sync.look import Look
from shared.sync.ports import CompositeStep, Document, Sync
from shared.sync.rings import NAMED_REASON
from shared.sync.schema import drifted

log = logging.getLogger("cosell.sync")
CREATE = "create"
REFERRAL = "by_referral"
Found = dict[str, list[dict[str, Any]]]
S = Side.SALESFORCE


def create_opportunity(sync: Sync, document: Document, *, reason: str, tries: int = 0) -> None:
    """Create, or find and link, the opportunity of a referral. Raises LostRace when another run is at it."""
    look = Look(sync, audit=True)
    look.show_referral(document)
    referral_id = str(document["id"])
    # A request that was refused may have been preceded by one that arrived late: then there is something to link.
    link = _claimed(sync, referral_id, look, tries, anyway=reason == NAMED_REASON)
    if link is None:
        return
    try:
        rows = _missing(sync, document, look)
        if rows is not None:
            link = sync.links.save(_expected(sync, link, look))
            _make(sync, document, look, rows)
    except (Rejected, Missing, Forbidden, Untranslatable) as refusal:
        if isinstance(refusal, SchemaChanged) and (drifted(sync, refusal) or tries < UNEXPLAINED_TRIES):
            sync.links.save(replace(link, claim=None))
            _ring(sync, referral_id, SOON_SECONDS, tries + 1)
        else:
            _hold(sync, link, look, refusal, tries)
    except (Stale, Throttled, Unavailable, Unclear, Unauthorised) as error:
        sync.links.save(replace(link, claim=None))
        _ring(sync, referral_id, error.retry_after_seconds or min(sync.patience.retry * 2**tries, 900), tries + 1)
    else:
        _complete(sync, link, document, look, made=rows is not None, reason=reason)


def _claimed(sync: Sync, referral_id: str, look: Look, tries: int, *, anyway: bool) -> Link | None:
    """The link that stands for this referral, claimed by this run; None when there is nothing to do now."""
    owner = sync.links.claim(Side.PARTNER_CENTER, referral_id, link_id_of_referral(referral_id))
    link = sync.links.link(owner) or Link(owner, LinkState.CREATING_S, referral_id=referral_id)
    if link.opportunity_id:
        raise LostRace(f"referral {referral_id}")  # linked since we looked: look again
    if link.claim is not None and link.age < sync.patience.claim:
        _ring(sync, referral_id, sync.patience.claim - link.age, tries)
        return None
    held = link.held.get(CREATE)
    if not anyway and held is not None and held.p == _version(look) and held.schema == sync.policy.schema:
        _report(sync, link.id, held)  # an earlier run may have died between the row and the work list
        return None
    now = sync.clock()
    claim = Claim(ClaimPhase.SEND, 1, sync.new_id(), now, 0, now, "")
    return sync.links.save(replace(link, claim=claim))


def _missing(sync: Sync, document: Document, look: Look) -> Found | None:
    """What exists of the deal's surroundings; None when the opportunity itself does, and `look` shows it."""
    assert isinstance(look.referral, Referral)  # noqa: S101  shown by the caller
    views = look.referral.groups
    found = sync.opportunities.composite(_questions(sync, views, str(document["id"])))
    existing = found.bodies[REFERRAL]["records"]
    if existing:
        look.show_opportunity(sync.mapping.opportunity.read(existing[0], found.server_time), existing[0])
        return None
    return {name: body["records"] for name, body in found.bodies.items()}


def _expected(sync: Sync, link: Link, look: Look) -> Link:
    referral = look.referral
    assert isinstance(referral, Referral)  # noqa: S101  shown by the caller
    shown = {"status": lifecycle.content(lifecycle.SHOWN[referral.phase])} if referral.phase else {}
    made = sync.mapping.filled(_writable(sync, referral.groups), S)
    expected = expected_base(link, referral.groups, {**made, **shown}, sync.policy)
    if link.attempts and expected.base_p != link.base_p:
        # An earlier request, made from another version, may still arrive: what is found then is met for the first time.
        expected = replace(link, base_p={}, base_s={})
    return replace(expected, attempts=link.attempts + 1)


def _make(sync: Sync, document: Document, look: Look, rows: Found) -> None:
    """Create the opportunity and what is missing around it; afterwards `look` shows it."""
    assert isinstance(look.referral, Referral)  # noqa: S101  shown by the caller
    answers = sync.opportunities.composite(_creation(sync, look.referral, document, rows))
    record = answers.bodies[REFERRAL]["records"][0]
    look.show_opportunity(sync.mapping.opportunity.read(record, answers.server_time), record)


def _questions(sync: Sync, views: Views, referral_id: str) -> list[CompositeStep]:
    customer, contact = _texts(views, "customer"), _texts(views, "contact")
    account = f"Name = {quoted(customer.get('name', ''))} AND BillingPostalCode = " + (
        quoted(customer["postal_code"]) if customer.get("postal_code") else "null"
    )
    questions = {
        REFERRAL: _whole(sync, referral_id),
        "accounts": f"SELECT Id FROM Account WHERE {account} ORDER BY CreatedDate LIMIT 1",  # noqa: S608 quoted
    }
    if contact.get("email"):
        people = f"Email = {quoted(contact['email'])} AND Account.Name = {quoted(customer.get('name', ''))}"
        questions["contacts"] = f"SELECT Id, AccountId FROM Contact WHERE {people} ORDER BY CreatedDate LIMIT 1"  # noqa: S608
    return [_query(name, soql) for name, soql in questions.items()]


def _creation(sync: Sync, referral: Referral, document: Document, rows: Found) -> list[CompositeStep]:
    config, views = sync.mapping.config, _writable(sync, referral.groups)
    referral_id = str(document["id"])
    account = rows["accounts"][0]["Id"] if rows["accounts"] else "@{account.id}"
    steps = [] if rows["accounts"] else [_account(sync, views)]
    # Inserted, never upserted: a request that arrives late must fail on the unique key, not overwrite what is there.
    fields = _opportunity(sync, referral, views, account) | {config.opportunity.referral_id: referral_id}
    steps.append(CompositeStep("opportunity", "POST", "/sobjects/Opportunity", fields))
    steps += _contact(sync, views, account, rows.get("contacts", []))
    steps += _solutions(sync, views, referral_id)
    return [*steps, _query(REFERRAL, _whole(sync, referral_id))]


def _opportunity(sync: Sync, referral: Referral, views: Views, account: str) -> dict[str, Any]:
    config, spell = sync.mapping.config.opportunity, sync.mapping.opportunity
    when = datetime.fromtimestamp(sync.clock(), UTC).strftime("%Y-%m-%d %H:%M")
    lines = [sync.words.audit_line(when, TO_SALESFORCE, (), "opportunity_created")]
    if defaults := sync.mapping.defaulted(views, S):
        lines.append(sync.words.audit_line(when, TO_SALESFORCE, defaults, "defaults"))
    report = sync.policy.report(Link("", LinkState.LINKED, phase=referral.phase))
    fields = spell.creation(views, "") | spell.steering(report, sync.new_id(), spell.audit({}, lines))
    fields |= sync.mapping.marked({}, fields, done=True)
    stage = spell.stage(referral.phase) if referral.phase else sync.mapping.config.stages.hold
    return fields | {config.sync: True, "StageName": stage, "AccountId": account}


def _account(sync: Sync, views: Views) -> CompositeStep:
    key = customer_key(_texts(views, "customer"))
    fields = sync.mapping.opportunity.creation(views, "Account.")
    return CompositeStep("account", "PATCH", by_external_id("Account", sync.mapping.config.account.key, key), fields)


def _contact(sync: Sync, views: Views, account: str, found: list[dict[str, Any]]) -> list[CompositeStep]:
    contact, config = _texts(views, "contact"), sync.mapping.config.contact
    if not contact.get("last_name") or not contact.get("email"):
        return []
    known = next((row["Id"] for row in found if account.startswith("@") or row["AccountId"] == account), "")
    steps = []
    if not known:
        key = contact_key(customer_key(_texts(views, "customer")), contact["email"])
        fields = sync.mapping.opportunity.creation(views, "Contact.") | {"AccountId": account}
        steps.append(CompositeStep("contact", "PATCH", by_external_id("Contact", config.key, key), fields))
    role = {"OpportunityId": "@{opportunity.id}", "ContactId": known or "@{contact.id}"}
    role |= {"Role": config.role, "IsPrimary": True}
    return [*steps, CompositeStep("role", "POST", "/sobjects/OpportunityContactRole", role)]


def _solutions(sync: Sync, views: Views, referral_id: str) -> list[CompositeStep]:
    writes = {g: c for g, c in views.items() if sync.mapping.groups[g].spec.kind == "set" and c}
    if not writes:
        return []
    (sobject, key), added, _ = sync.mapping.opportunity.children(writes, {}, "@{opportunity.id}", referral_id)  # type: ignore[arg-type]
    path = f"/composite/sobjects/{sobject}/{key}"
    return [CompositeStep("solutions", "PATCH", path, {"allOrNone": True, "records": added})]


def _complete(sync: Sync, link: Link, document: Document, look: Look, *, made: bool, reason: str) -> None:
    opportunity_id = str(look.record["Id"])
    owner = sync.links.claim(S, opportunity_id, link.id)
    if owner != link.id:
        sync.links.save(replace(link, state=LinkState.DUPLICATE, claim=None))
        sync.links.open_issue(Issue(link.id, "duplicate", "error", owner, sync.clock()))
        return
    if link.held:
        sync.links.close_issues(link.id)
    link = replace(
        link,
        state=LinkState.LINKED,
        opportunity_id=opportunity_id,
        engagement_id=str(document.get("engagementId") or ""),
        claim=None,
        attempts=0,
        held={},
        map_ver=sync.mapping.version,
    )
    assert isinstance(look.referral, Referral) and isinstance(look.opportunity, Opportunity)  # noqa: S101, PT018
    if made:  # what the platform made of our values is the agreement; nothing flows back
        link = first_base(link, look.referral, look.opportunity, sync.policy)
    link = sync.links.save(link, at=sync.clock())
    log.info(json.dumps({"event": "linked", "link": link.id, "opportunity": opportunity_id, "made": made}))
    converge(sync, link, look, Caller(reason))


def _hold(
    sync: Sync, link: Link, look: Look, refusal: Rejected | Missing | Forbidden | Untranslatable, tries: int
) -> None:
    """Salesforce refuses the record: keep the reason, try again when the referral or the org's schema changes."""
    code = refusal.code or "refused"
    if code.lower() == "duplicate_value":  # another writer used the key first: look again
        sync.links.save(replace(link, claim=None))
        _ring(sync, link.referral_id, sync.patience.retry, tries + 1)
        return
    hold = Hold(code, p=_version(look), schema=sync.policy.schema, detail=_words(refusal)[:200])
    sync.links.save(replace(link, claim=None, held={CREATE: hold}))
    _report(sync, link.id, hold)
    log.warning(json.dumps({"event": "opportunity refused", "referral": link.referral_id, "code": code}))


def _report(sync: Sync, link_id: str, hold: Hold) -> None:
    sync.links.open_issue(Issue(link_id, hold.code, "error", hold.detail, sync.clock()))


def _words(refusal: Rejected | Missing | Forbidden | Untranslatable) -> str:
    if isinstance(refusal, Untranslatable):
        return refusal.detail
    return " ".join(problem.message for problem in refusal.problems if problem.message)


def _writable(sync: Sync, views: Views) -> Views:
    """Groups that Salesforce can take as they are; the others are held and explained once the record exists."""
    return {
        group: content
        for group, content in views.items()
        if not isinstance(content, Unreadable) and not sync.mapping.groups[group].obstacle(content, S)
    }


def _texts(views: Views, group: str) -> dict[str, str]:
    content = views.get(group, ())
    return {} if isinstance(content, Unreadable) else {str(name): str(text) for name, text in content}


def _whole(sync: Sync, referral_id: str) -> str:
    key = sync.mapping.config.opportunity.referral_id
    return sync.mapping.opportunity.select(f"{key} = {quoted(referral_id)}", audit=True)


def _query(name: str, soql: str) -> CompositeStep:
    return CompositeStep(name, "GET", f"/query?q={quote(soql, safe='')}")


def _version(look: Look) -> str:
    return str(look.newest.ticks) if look.newest else ""


def _ring(sync: Sync, referral_id: str, delay_seconds: float, tries: int) -> None:
    sync.bells.ring(
        Queue.REFERRAL_CHANGES, [referral_id], reason="creation goes on", delay_seconds=ceil(delay_seconds), tries=tries
    )
