"""Mistakes that a tired programmer, or a careless merge, could make; each with the tests that must notice.

The likeliest killer stands first, because the run ends at the first failure. Two classic mistakes are left out,
because here they change nothing that can be seen:

- leaving out changes made by the integration user: polls only ring, and what we wrote ourselves decides nothing anyhow;
- `allOrNone` of the collection inside a composite: the composite itself is all or nothing.
"""

from typing import Final, NamedTuple

PC: Final = "shared/partner_center/"
SF: Final = "shared/salesforce/"
MAP: Final = "shared/mapping/"
SHAPE: Final = "shared/shapes/"
S: Final = "shared/sync/"
D: Final = "shared/decide/"
STORE: Final = "shared/storage/store.py"
WEBHOOK: Final = "shared/webhook/delivery.py"
TELEMETRY: Final = "shared/telemetry/"

WORK: Final = "tests/telemetry/test_work.py"
LINES: Final = "tests/telemetry/test_lines.py"
FIGURES: Final = "tests/telemetry/test_metrics.py"

GUARDS: Final = "tests/decide/test_guards.py"
INTENT: Final = "tests/decide/test_intent.py"
LAWS: Final = "tests/decide/test_laws.py"
LOOP: Final = "tests/decide/test_loop.py"
MERGE: Final = "tests/decide/test_merge.py"
SETS: Final = "tests/decide/test_sets.py"
STATUS: Final = "tests/decide/test_status.py"
VERSIONS: Final = "tests/decide/test_versions.py"
WRITE: Final = "tests/decide/test_write.py"
FITTED: Final = "tests/decide/test_schema_change.py"
PEOPLE: Final = "tests/decide/test_people.py"
LIFECYCLE: Final = "tests/test_lifecycle.py"
MEET: Final = "tests/test_unlinked.py"
MODEL: Final = "tests/model/test_model.py::"
MODEL_CREATION: Final = f"{MODEL}test_a_claimed_searched_and_checked_creation_makes_one_record"
REFERRAL: Final = "tests/mapping/test_referral.py"
OPPORTUNITY: Final = "tests/mapping/test_opportunity.py"
SOLUTIONS: Final = "tests/mapping/test_solutions.py"
NUMBERS: Final = "tests/mapping/test_codecs_numbers.py"
CODECS: Final = "tests/mapping/test_codecs.py"
PARTNER_CENTER: Final = "tests/partner_center/test_client.py"
SALESFORCE: Final = "tests/salesforce/test_client.py"
TRANSPORT: Final = "tests/transport/test_transport.py"
IDENTITY: Final = "tests/identity/test_identity.py"
REFRESHING: Final = "tests/identity/test_refreshing.py"
LOGIN: Final = "tests/cli/test_login.py"
RELAY: Final = "tests/webhook/test_relay.py"
STORAGE: Final = "tests/storage/test_store.py"
CURSORS: Final = "tests/storage/test_cursors.py"
SIGNED: Final = "tests/webhook/test_delivery.py"
RECEIVER: Final = "tests/webhook/test_receiver.py"
CERTIFICATES: Final = "tests/webhook/test_certificates.py"
ASKING: Final = "tests/webhook/test_fetch.py"
RETENTION: Final = "tests/storage/test_retention.py"
RECEIVING: Final = "tests/settings/test_receiving.py"
COLD: Final = "tests/webhook/test_cold_start.py"
ENDPOINT: Final = "tests/functions/test_webhook_function.py"

WORLDS: Final = "tests/simulation/test_worlds.py"
LEADS: Final = "tests/sync/test_leads.py"
BRAKES: Final = "tests/sync/test_brakes.py"
WALLS: Final = "tests/cli/test_halts_and_conflicts.py"
CRASHES: Final = "tests/sync/test_crashes.py"
CREATE: Final = "tests/sync/test_create_co_sell_referral.py"
MAPPED: Final = "tests/mapping/test_referral.py"
FAULTS: Final = "tests/sync/test_faults.py"
GATES: Final = "tests/sync/test_gates.py"
INVITE: Final = "tests/sync/test_invite_microsoft.py"
LANES: Final = "tests/sync/test_lanes.py"
INBOUND: Final = "tests/sync/test_partner_center_to_salesforce.py"
POISON: Final = "tests/sync/test_poison.py"
POLL: Final = "tests/sync/test_poll.py"
RACES: Final = "tests/sync/test_races.py"
OUTBOUND: Final = "tests/sync/test_salesforce_to_partner_center.py"
SCHEMA: Final = "tests/sync/test_schema.py"
SWEEP: Final = "tests/sync/test_sweep.py"
DELTA: Final = "tests/sync/test_delta.py"
TWO: Final = "tests/sync/test_two_workers.py"
NEIGHBOURS: Final = "tests/sync/test_neighbours.py"
UPGRADE: Final = "tests/sync/test_upgrade.py"
MORE: Final = "tests/sync/test_more_fields.py"
THEIRS: Final = "tests/sync/test_microsofts_side.py"
AROUND: Final = "tests/sync/test_surroundings.py"
TEAM: Final = "tests/sync/test_opportunity_team.py"


class Mutant(NamedTuple):
    """One mistake: `old` stands exactly once in the file and becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS: Final = (
    # Worlds of the simulation
    Mutant("simulated: a gate that does not hold calls back", f"{S}admission/gates.py", "return max(0, gate.until - self.clock(), gate.asked - self.clock())", "return 0", (WORLDS,)),
    Mutant("simulated: another organisation's referral taken for ours", "shared/unlinked.py", "return theirs == organization_id.lower() if organization_id else theirs != MICROSOFT", "return True", (WORLDS,)),
    Mutant("simulated: a second invitation", f"{S}create/invite_microsoft.py", "return found, found.microsofts is not None or (ours is not None and from_microsoft(ours))", "return found, False", (WORLDS,)),
    Mutant("simulated: a bad record that stops its neighbours", f"{S}changes.py", "            failures.append(bug)\n", "            raise\n", (WORLDS,)),
    # Table 0
    Mutant("a creation is begun where a person has to decide", f"{D}next_step.py", "    if link.state in STILL:\n        return Known.STOPPED\n", "", ("tests/decide/test_next_step.py",)),
    Mutant("a creation that is not wanted any more is forgotten by the table", f"{D}next_step.py", "_row(Known.BEGUN, ANY_SHOWN, Step.SEARCH)", "_row(Known.BEGUN, ANY_SHOWN, Step.NOTHING)", ("tests/decide/test_next_step.py", CREATE)),
    Mutant("an opportunity that names a referral gets another", f"{D}next_step.py", "_row(ANY_KNOWN, Shows.NAMES, Step.JOIN)", "_row(ANY_KNOWN, Shows.NAMES, Step.CREATE)", ("tests/decide/test_next_step.py", CREATE)),
    Mutant("an older referral is decided on", f"{D}next_step.py", "_row(ANY_KNOWN, Shows.OLDER, Step.STALE)", "_row(ANY_KNOWN, Shows.OLDER, Step.CONVERGE)", ("tests/decide/test_next_step.py",)),
    Mutant("a service that does not answer is taken for a record that is gone", f"{D}next_step.py", "return Shows.UNAVAILABLE if view is Absence.UNAVAILABLE else Shows.HIDDEN\n    if not view.sync_on", "return Shows.HIDDEN\n    if not view.sync_on", ("tests/decide/test_next_step.py",)),
    # Walls
    Mutant("a deal that is complete by defaults is not sent", "shared/checks.py", "shown = mapping.filled(views, Side.PARTNER_CENTER)", "shown = views", (WALLS,)),
    Mutant("explain promises a creation that waits for the org", "cli/explain/gather.py", "if would.lacking:", "if False:", (WALLS,)),
    Mutant("explain promises that what was refused is sent", "cli/explain/gather.py", "if link and (hold := refused_before(sync, link, s)):", "if link and (hold := None):", (WALLS,)),
    Mutant("explain quotes a record to everybody", "cli/explain/gather.py", "words = sync.words if values else", "words = sync.words if True else", (WALLS,)),
    Mutant("an identifier is to be cleared while Partner Center is down", "cli/explain/gather.py", "case Step.JOIN if found.seen.p is not Absence.GONE:", "case Step.JOIN if False:", (WALLS,)),
    Mutant("resume releases nothing", f"{S}admission/brakes.py", 'json.dumps({"pass_until": now + PASS_SECONDS})', "cursor.text", (WALLS, BRAKES)),
    Mutant("resume releases a halt that nobody has seen", f"{S}admission/brakes.py", "if _halt(cursor.text) != halt:", "if False:", (WALLS,)),
    Mutant("an id in capitals is another record's", "cli/explain/conflicts.py", "return found.lower() if REFERRAL_ID.match(found) else found", "return found", (WALLS,)),
    Mutant("a creation asked for goes on with another record's", f"{S}create/referral.py", "        case Step.NOTHING:  # the link may be another record's, and busy\n            return\n", "", (CREATE,)),
    Mutant("a halt is released without a yes", "cli/app.py", "if halt and not yes and not typer.confirm(", "if halt and not yes and typer.confirm(", (WALLS,)),
    Mutant("kept values are shown to everybody", "cli/explain/conflicts.py", "text_of(conflict.p, values=values", "text_of(conflict.p, values=True", (WALLS,)),
    Mutant("what was overwritten is cut off", "cli/explain/conflicts.py", "text_of(conflict.p, values=values, longest=maxsize)", "text_of(conflict.p, values=values)", (WALLS,)),
    Mutant("a rule has no words", "cli/explain/conflicts.py", '"one_way": ', '"two_ways": ', (WALLS,)),
    Mutant("a record gives orders to the terminal", "cli/show.py", 'in ("Cc", "Cf")', 'in ("Cf",)', (WALLS,)),
    Mutant("the oldest conflicts come first", "shared/storage/store.py", "heapq.nlargest(", "heapq.nsmallest(", (WALLS,)),
    # Conditions of writes
    Mutant("no If-Match", f"{PC}referrals.py", '"If-Match": etag', '"X-Was": etag', (PARTNER_CENTER, FAULTS)),
    Mutant("no If-Unmodified-Since", f"{S}pair/send.py", "fields, int(intent.target_version))]", "fields, None)]", (FAULTS,)),
    Mutant("solution rows without a condition", f"{S}pair/send.py", "row.path, row.fields, row.modified)", "row.path, row.fields, None)", (FAULTS,)),
    Mutant("report without a condition", f"{S}create/not_sent.py", 'path, fields, view.modified)', 'path, fields, None)', (TWO,)),
    Mutant("link stored whatever its eTag", STORE, '{"mode": UpdateMode.REPLACE, **condition}', '{"mode": UpdateMode.REPLACE}', (STORAGE,)),
    Mutant("cursor stored whatever its eTag", STORE, "mode=UpdateMode.REPLACE, etag=version, match_condition=MatchConditions.IfNotModified", "mode=UpdateMode.REPLACE", (CURSORS,)),
    Mutant("alias overwritten", STORE, 'self._table("alias").create_entity(alias)', 'self._table("alias").upsert_entity(alias)', (STORAGE,)),
    Mutant("adopted without compare-and-set", f"{S}pair/converge.py", "after = sync.links.save(decision.link,", "after = sync.links.save(replace(decision.link, version=getattr(sync.links.link(link.id), 'version', '')),", (TWO,)),
    Mutant("changed without asking for the new version", f"{PC}referrals.py", ', "Prefer": "return=representation"', "", (PARTNER_CENTER,)),
    Mutant("an empty answer to a change taken as its read-back", f"{PC}referrals.py", "body.get(ETAG) else self._read_back(referral_id)", 'True else self._read_back(referral_id)', (PARTNER_CENTER,)),
    Mutant("an unreadable read-back taken as nothing done", f"{PC}referrals.py", "raise Unclear(SIDE, PATCH, code=error.code", "raise Unavailable(SIDE, PATCH, code=error.code", (PARTNER_CENTER,)),
    Mutant("composite step by step", f"{SF}composite.py", '"allOrNone": all_or_none', '"allOrNone": False', (SALESFORCE,)),
    # Versions and time
    Mutant("older reads accepted", f"{D}guards.py", "if p.ticks < link.p_newest or", "if p.ticks < 0 or", (GUARDS,)),
    Mutant("another eTag of the same time believed at once", f"{D}guards.py", "and p.etag != link.p_etag and not p.settled", "and False", (GUARDS,)),
    Mutant("an event's time ignored", f"{D}next_step.py", "newest + slack < seen", "newest < 0", (FAULTS,)),
    Mutant("times cut to microseconds", "shared/ticks.py", "digits[:7].ljust(7", "digits[:6].ljust(7", (NUMBERS,)),
    Mutant("an event's time in any form is read", WEBHOOK, "if not _TIMESTAMP.fullmatch(text)", "if not text", (SIGNED,)),
    Mutant("open second ignored", f"{D}__init__.py", "open_seconds(s, policy)) > 0:", "open_seconds(s, policy)) > 99:", (VERSIONS,)),
    Mutant("open second closed too early", f"{D}__init__.py", "open_seconds(s, policy)) > 0:", "open_seconds(s, policy)) > 1:", (VERSIONS,)),
    Mutant("open second by our own clock", f"{D}version.py", "closed_margin_seconds - (s.read_at -", "closed_margin_seconds - (1 + s.read_at * 2 -", (VERSIONS,)),
    Mutant("refusal told in an open second", f"{S}create/not_sent.py", "view.read_at - view.modified < margin", "view.read_at < view.modified", (CREATE,)),
    Mutant("newest version not remembered", f"{D}version.py", "max(link.p_newest, p.ticks)", "link.p_newest", (VERSIONS,)),
    Mutant("version taken over while its news waits", f"{D}version.py", "return link if waiting else", "return link if False else", (VERSIONS,)),
    Mutant("judging an announced write teaches no version", f"{D}guards.py", "judge(noticed(link, p), link.intent", "judge(link, link.intent", (f"{MODEL}test_judging_an_announced_write_teaches_the_newest_version",)),
    Mutant("the view read before the link", f"{S}changes.py", "(view, record), link = found[sf_id], links[sf_id]", "(view, record), link = found[sf_id], link_of(sync.links, S, sf_id)", (RACES,)),
    Mutant("memory trusted though a newer version was seen", f"{D}groups.py", " or not link.current:", ":", (VERSIONS,)),
    # Announcements
    Mutant("writes not announced", f"{S}pair/converge.py", "link = sync.links.save(replace(decision.link, intent=intent), conflicts=decision.conflicts, at=sync.clock())", "link = replace(sync.links.save(decision.link, conflicts=decision.conflicts, at=sync.clock()), intent=intent)", (TWO,)),
    Mutant("pause honoured before an announced write", f"{D}guards.py", "    _announced,\n    _recycled,\n    _paused,\n", "    _paused,\n    _announced,\n    _recycled,\n", (GUARDS,)),
    Mutant("write to a deleted opportunity taken as never arrived", f"{D}guards.py", "is judged when it comes back\n        return None", "is judged when it comes back\n        return Decision(replace(link, intent=None), note='withdrawn')", (GUARDS,)),
    Mutant("announcement rolled back blindly", f"{D}intent.py", "if _version(target) == intent.target_version:", "if _version(target) == 'never':", (INTENT,)),
    Mutant("unclear outcome taken as landed", f"{D}intent.py", "if any(link.base_p.get(g) != shows[g] for g in arrived):", "if True:", (INTENT,)),
    Mutant("unclear outcome judged by the old base", f"{D}intent.py", "_withdrawn(unsettled(link, intent.writes, policy),", "_withdrawn(link,", (INTENT,)),
    Mutant("what an unclear write emptied is lost", f"{D}merge.py", "filled.other, \"first_meeting\") if pair.unsettled else None", "filled.other, \"first_meeting\") if False else None", (INTENT,)),
    Mutant("a removal undone by an unclear write is lost", f"{D}merge.py", "may_undo = pair.unsettled or (not", "may_undo = (not", (INTENT,)),
    Mutant("memory decides what is unsettled", f"{D}groups.py", "in (None, UNSETTLED) or base_s == UNSETTLED or", "is None or", (INTENT,)),
    Mutant("possible revert not kept", f"{D}intent.py", "conflicts=_losers(intent, target, intent.writes),", "conflicts=(),", (INTENT,)),
    Mutant("landed by another's marker", f"{D}intent.py", "landed = target.marker == intent.id", "landed = bool(target.marker)", (INTENT,)),
    Mutant("landed: the source taken as it is now", f"{D}write.py", "agreed(link, intent, back, policy)", "agreed(link, replace(intent, source={g: shown(g, s.groups[g], policy) for g in intent.writes} if intent.side is P else intent.source), back, policy)", (WRITE,)),
    Mutant("announcement never cleared", f"{D}write.py", "intent=None,\n        attempts=0", "attempts=0", (WRITE, INTENT)),
    Mutant("base of the target from the request", f"{D}write.py", "sent[group] if digest is None else digest", "sent[group] if digest is not None else sent[group]", (WRITE,)),
    Mutant("a record that cannot be shown is asked for without end", f"{S}pair/converge.py", "doubled(wait, caller.tries), tried=True", "wait, tried=True", (FAULTS,)),
    Mutant("a refused creation's link forgotten where the referral comes to name an opportunity", f"{S}create/unlinked_referral.py", "    if waits is None:\n        fresh", "    if True:\n        fresh", (INBOUND,)),
    Mutant("what was expected of a refused creation taken for an agreement", f"{S}create/unlinked_referral.py", "opportunity_id=opportunity_id, base_p={}, base_s={})", "opportunity_id=opportunity_id)", (INBOUND,)),
    Mutant("conflict row forgotten", f"{S}pair/converge.py", "intent=intent), conflicts=decision.conflicts", "intent=intent), conflicts=()", (OUTBOUND,)),
    Mutant("conflict row after the write", f"{S}pair/converge.py", "intent=intent), conflicts=decision.conflicts, at=sync.clock())\n    done, found, again = _carry_out(sync, Announced(link, intent, found), decision, caller)\n", "intent=intent), at=sync.clock())\n    done, found, again = _carry_out(sync, Announced(link, intent, found), decision, caller)\n    done = sync.links.save(done, conflicts=decision.conflicts, at=sync.clock())\n", (TWO,)),
    Mutant("helped without claiming", f"{S}pair/converge.py", "link = sync.links.save(replace(link, intent=replace(link.intent, helper=run, at=sync.clock())))", "link = replace(link, intent=replace(link.intent, helper=run, at=sync.clock()))", (TWO,)),
    Mutant("helped while its run is at it", f"{S}pair/converge.py", "link.age < sync.waits.claim // 2", "False", (TWO,)),
    Mutant("a deleted opportunity's write claimed by all who ring", f"{S}pair/converge.py", "if link.state is LinkState.OPPORTUNITY_DELETED:", "if False:", (RACES,)),
    Mutant("taken over and refused: not looked for", f"{S}pair/converge.py", "if _taken_over(decision) else (write.found, True)", "if False else (write.found, True)", (f"{MODEL}test_another_runs_write_that_is_refused_when_repeated_is_looked_for_before_it_is_held",)),
    Mutant("taken over and too late: taken as never arrived", f"{S}pair/converge.py", "return link if _taken_over(decision) else sync", "return sync", (f"{MODEL}test_another_runs_write_is_not_taken_as_never_arrived_because_its_repetition_is_too_late",)),
    Mutant("withdrawn write stays announced", f"{S}pair/converge.py", "else sync.links.save(replace(link, intent=None))", "else link", (FAULTS, OUTBOUND)),
    Mutant("marker left out", f"{MAP}opportunity.py", "{names.marker: marker, names.audit: audit}", "{names.audit: audit}", (OPPORTUNITY,)),
    Mutant("recovery timer off", f"{S}detect/sweep.py", "return ring_for_links(sync, begun,", "return 0 * ring_for_links(sync, (),", (DELTA,)),
    # Creation
    Mutant("list lag not waited out", f"{S}create/claims.py", "number=claim.number + 1, wait=seconds", "number=claim.number + 1, wait=0", (CREATE,)),
    Mutant("claim not looked at again", f"{S}create/claims.py", "current is not None and current.claim == taken.link.claim", "current is not None", (TWO,)),
    Mutant("frozen worker sends", f"{S}create/claims.py", "return fresh and current", "return current", (TWO,)),
    Mutant("creation not looked at again before it is sent", f"{S}create/referral.py", "before=last)", "before=lambda: None)", (TWO,)),
    Mutant("send window by a clock that jumps", f"{S}create/claims.py", "fresh = sync.monotonic() - taken.started", "fresh = taken.link.claim is not None and sync.clock() - taken.link.claim.at", (TWO,)),
    Mutant("searched without a claim", f"{S}create/claims.py", "_claimed(sync, link, MaySend.AFTER_SEARCH, claim.number, claim.first_at, started)", "Taken(MaySend.AFTER_SEARCH, link, claim, started)", (MODEL_CREATION,)),
    Mutant("old claim taken over at once", f"{S}create/claims.py", "if link.age < sync.waits.claim:", "if link.age < 0:", (CREATE, MODEL_CREATION)),
    Mutant("age of a claim by a worker's own clock", f"{S}create/claims.py", "if link.age < sync.waits.claim:", "if sync.clock() - claim.at < sync.waits.claim:", (CREATE,)),
    Mutant("given back though an earlier attempt is unclear", f"{S}create/claims.py", "if claim is None or claim.number == 1:", "if True:", (TWO,)),
    Mutant("unclear creation sent again at once", f"{S}create/referral.py", "    except Unclear:\n", "    except Unclear:\n        claims.give_back(sync, link, 0)\n", (CREATE,)),
    Mutant("no search before the second creation", f"{S}create/referral.py", "elif taken.may_send is MaySend.AFTER_SEARCH and _found(", "elif False and _found(", (CREATE,)),
    Mutant("no longer wanted, so never searched for", f"{S}create/referral.py", "elif link is not None and link.unfinished:", "elif False:", (CREATE,)),
    Mutant("creation repeated after a time-out", f"{PC}referrals.py", "repeat=Repeat.NEVER", "repeat=Repeat.READ", (PARTNER_CENTER,)),
    Mutant("a server error proves that nothing was created", f"{PC}referrals.py", "if error.status >= 500:", "if error.status > 503:", (PARTNER_CENTER,)),
    Mutant("own reference left out", f"{SHAPE}referral.py", '"externalReferenceId": opportunity_id,', '"externalReferenceId": "",', (CREATE,)),
    Mutant("random own reference", f"{SHAPE}referral.py", '"externalReferenceId": opportunity_id,', '"externalReferenceId": __import__("uuid").uuid4().hex,', (CREATE,)),
    Mutant("agreement not remembered before a creation", f"{S}create/referral.py", "link = _expected(sync, link, view)", "pass", (CREATE,)),
    Mutant("refused deal sent again and again", f"{S}create/referral.py", "return hold if same else None", "return None", (CREATE,)),
    Mutant("one referral in two links", f"{S}create/referral.py", "    if owner != link.id:\n        link =", "    if False:\n        link =", (TWO,)),
    Mutant("another pair's referral taken for its own", f"{D}next_step.py", 'if own not in ("", record_id):', "if False:", (RACES,)),
    Mutant("alias without a link is nobody's business", f"{S}create/opportunity.py", "    owner = sync.links.claim_alias(Side.PARTNER_CENTER, referral_id, link_id_of_referral(referral_id))\n", "    known = sync.links.link_of(Side.PARTNER_CENTER, referral_id)\n    if known and sync.links.link(known) is None:\n        return None\n    owner = known or sync.links.claim_alias(Side.PARTNER_CENTER, referral_id, link_id_of_referral(referral_id))\n", (TWO,)),
    Mutant("alias of an opportunity without a link is nobody's business", f"{S}create/referral.py", "    if link is None:\n        sync.links.claim_alias(", "    if link is None:\n        if sync.links.link_of(Side.SALESFORCE, opportunity_id):\n            return None\n        sync.links.claim_alias(", (TWO,)),
    Mutant("late creation overwrites", f"{S}create/opportunity_request.py", 'CompositeStep("opportunity", "POST", sf.path(sf.OPPORTUNITY), fields)', 'CompositeStep("opportunity", "PATCH", f"/sobjects/Opportunity/{(key := sync.mapping.config.opportunity.referral_id)}/{referral_id}", {k: v for k, v in fields.items() if k != key})', (RACES,)),
    Mutant("a standing refusal stays off the work list", f"{S}create/opportunity.py", "        _report(sync, link.id, held)  #", "        pass  #", (INBOUND,)),
    Mutant("claimed for a referral that cannot be seen", f"{S}changes.py", "    if link is not None and link.claim is not None:\n        sync.links.save", "    if False:\n        sync.links.save", (INBOUND,)),
    Mutant("an existing opportunity is made once more", f"{S}create/opportunity.py", "    if existing:\n", "    if False:\n", (RACES, FAULTS)),
    Mutant("known customer made again", f"{MAP}customer.py", "    if matches:\n", "    if False:\n", (AROUND,)),
    Mutant("an account found by its key is overlooked", f"{MAP}customer.py", "if keyed := [", "if keyed := [] and [", (AROUND,)),
    Mutant("nobody is told of accounts that resemble the customer", f"{MAP}customer.py", '_ids(found.get("similar", ()))', "()", (AROUND,)),
    Mutant("a refused team keeps a deal waiting", f"{S}create/opportunity.py", "if not around.optional(refusal.call) or _taken(refusal):", "if True:", (TEAM,)),
    Mutant("a refused deal is made without its team", f"{S}create/surroundings.py", 'step.startswith((TEAM, NOTE)) or (step == "opportunity" and bool(self.users))', "True", (TEAM, INBOUND)),
    Mutant("a field called by its name", f"{S}create/surroundings.py", "{sf.ACCOUNT_ID: account} if", "{'AccountId': account} if", ("tests/architecture/test_field_names.py",)),
    Mutant("a property called by its name", f"{S}pair/engagement.py", "ms_referral_id=microsofts_id", "ms_referral_id=str(theirs['id'])", ("tests/architecture/test_field_names.py",)),
    Mutant("fifty-one people are sent", "shared/checks.py", "if len(content) > MOST_MEMBERS:", "if len(content) > MOST_MEMBERS + 1:", ("tests/test_checks.py",)),
    Mutant("a reason goes out as sellers call it", f"{MAP}opportunity.py", "self._names.reasons.get(text, text)", "text", ("tests/mapping/test_opportunity.py",)),
    Mutant("guests own deals", f"{SHAPE}salesforce.py", "{ACTIVE} = true AND UserType = 'Standard'", "{ACTIVE} = true", (TEAM,)),
    Mutant("what stays at Microsoft is made all the same", f"{S}create/opportunity_request.py", "        and mapping.groups[group].spec.create.towards(S)\n", "", (AROUND,)),
    Mutant("a contact without its customer", f"{S}create/surroundings.py", "if not (account and person", "if not (person", (AROUND,)),
    Mutant("a field that no row fills counts as filled", "cli/doctor/org.py", "OPPORTUNITY: {STAGE, ", 'OPPORTUNITY: {"CloseDate", STAGE, ', ("tests/cli/test_doctor_overlay.py",)),
    Mutant("a colleague in the portal is removed", f"{D}merge.py", 'if not (may_leave and fates.get(key) == "remove")} | joins', "if key in s} | joins", (PEOPLE, TEAM)),
    Mutant("a team that went out of sight has left", f"{D}merge.py", "may_leave = not rule.blind or len(by_key(pair.base_s)) == 1", "may_leave = True", (TEAM,)),
    Mutant("whoever left in the portal comes back", f"{D}merge.py", 'if key not in p and fates.get(key) == "add"', "if key not in p", (PEOPLE, TEAM)),
    Mutant("people who are known too little of vanish", f"{MAP}referral.py", "items = self._unread(group, current or {}) + items", "items = items + []", (TEAM,)),
    Mutant("an amount in another currency shown as one's own", f"{MAP}spellings.py", '        if text not in ("", ours):\n', "        if False:\n", (MORE,)),
    Mutant("a fixed value counts as something said", f"{MAP}rows.py", "return () if {name for name, _ in found} <= self._fixed else tuple(found)", "return tuple(found)", (MORE,)),
    Mutant("no marketplace intent beside other attributes", f"{SHAPE}referral.py", "    return typed if decided else [", "    return typed if typed else [", ("tests/mapping/test_creation.py",)),
    Mutant("the text of solutions is written at every save", f"{MAP}__init__.py", "wanted = bool(field) and text is not None and (text or None) != record.get(field)", "wanted = bool(field) and text is not None", ("tests/sync/test_products.py",)),
    Mutant("users are taken for the whole team", f"{S}create/opportunity.py", '.spec.kind != "people"}', ".spec.kind}", (TEAM, RACES)),
    Mutant("Microsoft invited without a search", f"{S}create/invite_microsoft.py", "if taken.may_send is MaySend.AFTER_SEARCH or not new", "if False", (INVITE,)),
    Mutant("Microsoft invited without a claim", f"{S}create/invite_microsoft.py", "taken = claims.take(sync, link)", "taken = Taken(MaySend.SEND, claims._claimed(sync, link, 1, sync.clock()), sync.monotonic())", (INVITE,)),
    Mutant("invitation not looked at again before it is sent", f"{S}create/invite_microsoft.py", "before=last)", "before=lambda: None)", (INVITE,)),
    Mutant("refused invitation sent again and again", f"{S}create/invite_microsoft.py", "replace(link, state=LinkState.LINKED, claim=None, held={**link.held, CO_SELL: hold})", "replace(link, claim=None, held={**link.held, CO_SELL: hold})", (INVITE,)),
    Mutant("a deleted opportunity is never asked again", f"{S}create/invite_microsoft.py", "        sync.links.save(replace(link, claim=None))\n        return None", "        return sync.links.save(replace(link, state=LinkState.LINKED, claim=None))", (INVITE,)),
    # Microsoft's side, and deals shared further
    Mutant("a paused deal is shared", f"{S}create/invite_microsoft.py", "return view.sync_on and asked(sync, view)", "return asked(sync, view)", (UPGRADE,)),
    Mutant("an incomplete request is sent", f"{S}create/invite_microsoft.py", "if sentences else None", "if False else None", (UPGRADE,)),
    Mutant("switched-off upgrades go on", f"{D}groups.py", 'kind == "latch" and not policy.upgrades', 'kind == "latch" and False', (UPGRADE,)),
    Mutant("an older view of Microsoft's side believed", f"{D}guards.py", "p.theirs.ticks < link.ms_newest", "p.theirs.ticks < 0", (THEIRS,)),
    Mutant("a lagging list empties Microsoft's facts", f"{S}pair/gather.py", "document or (None if found.engagement else NOBODY)", "document or NOBODY", (THEIRS,)),
    Mutant("any partner taken for Microsoft", "shared/kinds.py", "return MICROSOFT in id_ or", "return True or", (THEIRS,)),
    Mutant("our own seller taken for Microsoft's", f"{MAP}microsoft.py", "if _address(member) not in own]", "]", (THEIRS,)),
    Mutant("an unanswered request forgotten at night", f"{S}detect/sweep.py", "        found.unlisted.append(link.referral_id)", "        pass", (THEIRS,)),
    Mutant("Microsoft's events find nobody", f"{S}pair/engagement.py", "links.claim_alias(Side.PARTNER_CENTER, unlinked.alias_of_microsofts(microsofts_id), link.id)", "pass", (THEIRS,)),
    Mutant("an event forgets the invitation", f"{D}next_step.py", "        _row(Known.UNINVITED, ANY_SHOWN, Step.INVITE),\n        _row(Known.INVITING, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),\n        _row(ANY_KNOWN", "        _row(Known.UNINVITED, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.INVITING, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),\n        _row(ANY_KNOWN", (INVITE,)),
    Mutant("a poll forgets the invitation", f"{D}next_step.py", "        _row(Known.UNINVITED, ANY_SHOWN, Step.INVITE),\n        _row(Known.INVITING, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.STOPPED", "        _row(Known.UNINVITED, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.INVITING, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),\n        _row(Known.STOPPED", (INVITE,)),
    # Polls and sweeps
    Mutant("> instead of >=", f"{S}detect/poll.py", "{sf.STAMP} >= {instant", "{sf.STAMP} > {instant", (POLL,)),
    Mutant("no overlap", f"{S}detect/poll.py", "one.before.at - sync.waits.poll_overlap, one", "one.before.at, one", (POLL,)),
    Mutant("watermark from our own clock", f"{S}detect/poll.py", "_advance(sync, before, frozenset(stamped), second, rows.server_time)", "_advance(sync, before, frozenset(stamped), second, sync.clock())", (POLL,)),
    Mutant("watermark before the doorbells", f"{S}detect/poll.py", "    for first_ever in (False, True):\n", "    for one in passes:\n        _remember(sync, one)\n    for first_ever in (False, True):\n", (POLL,)),
    Mutant("watermark past a running transaction", f"{S}detect/poll.py", "settled = server_time - SETTLING_SECONDS", "settled = server_time", (POLL,)),
    Mutant("watermark goes back", f"{S}detect/poll.py", "max(before.at if before else 0, min(newest, settled))", "min(newest, settled)", (POLL,)),
    Mutant("clock of the last page", f"{SF}client.py", "        server_time = self.session.server_time\n        return Rows(tuple(record for page in self._pages(page) for record in page), server_time)", "        records = tuple(record for page in self._pages(page) for record in page)\n        return Rows(records, self.session.server_time)", (SALESFORCE,)),
    Mutant("watermark of the delta from the last page", f"{S}detect/sweep.py", "newest = max(newest, stamp(document, UPDATED, oldest))", "newest = stamp(document, UPDATED, oldest)", (DELTA,)),
    Mutant("watermark of the delta before its doorbells", f"{S}detect/sweep.py", "    ring(sync, Queue.REFERRAL_CHANGES, ids, reason=DELTA)\n    _remember(sync, DELTA, str(max(newest, settled) if newest else \"\"), cursor)\n", "    _remember(sync, DELTA, str(max(newest, settled) if newest else \"\"), cursor)\n    ring(sync, Queue.REFERRAL_CHANGES, ids, reason=DELTA)\n", (DELTA,)),
    Mutant("the delta reads a mass change again every idle hour", f"{S}detect/sweep.py", "max(newest, settled) if newest", "newest if newest", (DELTA,)),
    Mutant("the delta moves on over what lists have yet to show", f"{S}detect/sweep.py", "ticks_at(sync.clock() - sync.waits.list_lag)", "ticks_at(sync.clock() + sync.waits.list_lag)", (DELTA,)),
    Mutant("delta without an overlap", f"{S}detect/sweep.py", "- sync.waits.delta_overlap * PER_SECOND", "+ PER_SECOND", (DELTA,)),
    Mutant("deleted rows not asked for", f"{S}detect/poll.py", "for one in due], deleted=True)", "for one in due], deleted=False)", (POLL,)),
    Mutant("no second ring", f"{S}detect/poll.py", "if server_time - key[1] >= SECOND_RING_SECONDS}", "if False}", (POLL,)),
    Mutant("rung for at every poll of the overlap", f"{S}detect/poll.py", "(found & before.seen) - before.twice if", "(found & before.seen) if", (POLL,)),
    Mutant("a mass change rung for twice", f"{S}detect/poll.py", "if len(due) <= sync.mass_change_limit else", "if True else", (POLL,)),
    Mutant("more rows remembered than fit", f"{S}detect/poll.py", "if len(again) > MOST_SEEN else", "if False else", (POLL,)),
    Mutant("one queue for live and bulk", f"{S}lanes.py", "queue = BULK.get(queue, queue)", "pass", (LANES,)),
    Mutant("doorbells die after seven days", "shared/storage/bells.py", "time_to_live=-1", "time_to_live=604_800", (CURSORS,)),
    Mutant("sweep blind on Microsoft's side", f"{S}detect/sweep.py", "referral is not None and link.state in READABLE and referral.ticks > link.p_newest:", "False:", (FAULTS,)),
    Mutant("sweep blind on Salesforce's side", f"{S}detect/sweep.py", "if not on or ahead or differs:", "if not on or ahead:", (FAULTS,)),
    Mutant("what rests on hold is counted as missed", f"{S}detect/sweep.py", "    if differs and rests:", "    if False:", (SWEEP,)),
    Mutant("what an accepted deal changed is counted as resting", f"{D}groups.py", "link.phase is Phase.NEW and lifecycle.phase_of_stage(s.groups) is Phase.NEW", "link.phase is Phase.NEW", (SWEEP,)),
    Mutant("a version nobody took over is forgotten", f"{S}detect/sweep.py", "if not on or ahead or differs:", "if not on or differs:", (DELTA,)),
    Mutant("a deletion nobody told of is overlooked while the pair is paused", f"{S}detect/sweep.py", "if on or deleted is isinstance(view, Opportunity) or", "if on or (deleted and isinstance(view, Opportunity)) or", (SWEEP,)),
    Mutant("a paused opportunity that was mended is overlooked", f"{S}detect/sweep.py", " or _mended(sync, link, view):", ":", (SWEEP,)),
    Mutant("a paused opportunity that refused its message is rung for every night", f"{S}detect/sweep.py", " and unreported(link, view, sync.policy) is not None", "", (SWEEP,)),
    Mutant("a return nobody told of is overlooked while the sync is off", f"{S}detect/sweep.py", "if on or deleted is isinstance(view, Opportunity) or", "if on or not (deleted or isinstance(view, Opportunity)) or", (SWEEP,)),
    Mutant("a creation given up takes its opportunity out of the sweep", f"{S}detect/sweep.py", " for link in batch if link.state is not LinkState.CREATING_P)", " for link in batch)", (SWEEP,)),
    Mutant("a listed referral with a bug stops the delta", f"{S}detect/sweep.py", "        return wanted(sync, document)\n    except Exception as error:", "        return wanted(sync, document)\n    except KeyError as error:", (NEIGHBOURS,)),
    Mutant("a listed referral without a time ends the list", f"{S}listing.py", "    except (KeyError, ValueError):\n        return otherwise", "    except (KeyError, ValueError):\n        return 0", (NEIGHBOURS,)),
    Mutant("what waits is looked at by no sweep", f"{S}detect/sweep.py", "[*found.held, *unlinked]  # no", "[*unlinked]  # no", (SWEEP,)),
    Mutant("duplicates not reported", f"{S}detect/sweep.py", "if len(ids) > 1:", "if len(ids) > 2:", (DELTA,)),
    # Failures
    Mutant("404 closes the pair at once", f"{D}guards.py", "if not link.gone_since:", "if link.gone_since < 0:", (GUARDS,)),
    Mutant("a second 404 after a minute closes the pair", f"{D}guards.py", "if now - link.gone_since < HOUR_SECONDS:", "if now - link.gone_since < 60:", (GUARDS,)),
    Mutant("two 404s with the referral seen in between", f"{D}version.py", "phase=p.phase or link.phase, gone_since=0)", "phase=p.phase or link.phase)", (GUARDS,)),
    Mutant("no access taken for a delete", f"{D}guards.py", "state=LinkState.BLOCKED_NOACCESS", "state=LinkState.DETACHED", (GUARDS,)),
    Mutant("permanent errors retried", "shared/errors.py", "(400, ANY): Rejected", "(400, ANY): Unavailable", (PARTNER_CENTER, TRANSPORT, CREATE)),
    Mutant("a refused group sent again and again", f"{D}__init__.py", "_again(before, group, link, p, s, policy) == before)", "False)", (WRITE,)),
    Mutant("a refused group waits for ever", f"{D}__init__.py", "_again(before, group, link, p, s, policy) == before)", "True)", (WRITE,)),
    Mutant("a refused report sent again and again", f"{D}__init__.py", "and REPORT not in link.held:", ":", (WRITE,)),
    Mutant("throttling counts as an attempt", f"{S}pair/converge.py", "tried=not isinstance(error, Throttled)", "tried=True", (GATES,)),
    Mutant("throttled longer than a call may wait: waited out", "shared/transport/retrying.py", "asked if asked is not None and asked <= SHORT_SECONDS else False", "True", (TRANSPORT, PARTNER_CENTER)),
    Mutant("a write repeated after a time-out", "shared/transport/retrying.py", "isinstance(error, Unclear) and repeat is Repeat.READ", "isinstance(error, Unclear)", (TRANSPORT,)),
    Mutant("one bad record stops its neighbours", f"{S}changes.py", "        except ApiError as error:\n", "        except MemoryError as error:  # type: ignore[assignment]\n", (NEIGHBOURS,)),
    Mutant("a bug in one record stops its neighbours", f"{S}changes.py", "failures.append(bug)", "raise", (NEIGHBOURS,)),
    Mutant("a bug passes in silence", f"{S}changes.py", "raise failures[0]", "pass", (NEIGHBOURS,)),
    Mutant("what must wait is dropped", f"{S}changes.py", "        _again(sync, bell, queue, bell.ids, error.retry_after_seconds, counted", "        (sync, bell, queue, bell.ids, error.retry_after_seconds, dict)  # (counted", (NEIGHBOURS,)),
    Mutant("what must be tried again changes its lane", f"{S}pair/converge.py", "sync.bells.ring(self.queue, [record]", "sync.bells.ring(Queue.REFERRAL_CHANGES if self.queue in REFERRAL_QUEUES else Queue.OPPORTUNITY_CHANGES, [record]", (LANES,)),
    Mutant("rotated refresh token not kept", "shared/identity/entra.py", "self._token_store.save(stored.model_dump_json(), version)", "pass", (IDENTITY,)),
    Mutant("refused token asked for for ever", f"{PC}wire.py", "if error.status != 401 or error.code == MFA_REQUIRED:", "if error.status != 401:", (PARTNER_CENTER,)),
    Mutant("refreshing without the turn", "shared/identity/entra.py", "    if not lease.extend():", "    if False:", (REFRESHING,)),
    Mutant("a turn written too late counts", "shared/identity/lease.py", " and self.refresh_lease.now() - asked <= WRITE_SECONDS", "", (IDENTITY, REFRESHING)),
    Mutant("a token that differing clocks have ended is used", "shared/identity/entra.py", "SKEW_SECONDS = 60.0", "SKEW_SECONDS = 0.0", (REFRESHING,)),
    Mutant("every worker fetches its own token", "shared/identity/entra.py", "if shared := self._shared(self._load()[0], audience):", "if shared := None:", (IDENTITY, REFRESHING)),
    Mutant("a refused token taken back from the others", "shared/identity/entra.py", " and access.token != self._refused.get(audience)", "", (IDENTITY,)),
    Mutant("a vault written whoever was there first", "shared/identity/token_stores.py", "if self.load()[1] != version:", "if False:", (IDENTITY,)),
    Mutant("an old refresh token unnoticed", "shared/identity/renewal.py", "days >= OLD_DAYS", "days >= 90", (IDENTITY,)),
    Mutant("a sign-in kept before it is proven", "cli/login.py", "proven = proven and not result.failed", "proven = True", (LOGIN,)),
    Mutant("a token without a second factor used until it ends", f"{PC}wire.py", "            self.tokens.forget(self.audience, token)\n            # Only", "            # Only", (GATES,)),
    # Gates and brakes
    Mutant("gate never closes", f"{S}admission/gates.py", "        if delay:\n", "        if delay > 10**9:\n", (GATES,)),
    Mutant("gate of one worker only", f"{S}admission/gates.py", "self.links.put_cursor(_name(side), json.dumps(after.__dict__), cursor.version)", "pass", (GATES,)),
    Mutant("a success forgets that patience was asked for", f"{S}admission/gates.py", "Closed(asked=gate.asked)", "Closed()", (GATES,)),
    Mutant("a shorter wait replaces a longer one", f"{S}admission/gates.py", "max(gate.asked, asked)", "asked", (GATES,)),
    Mutant("one gate for both sides", f"{S}admission/gates.py", 'return f"gate.{side.value}"', 'return "gate"', (GATES,)),
    Mutant("one record's failing probe closes the gate", "shared/sync/admission/gates.py", "times > 0 and records >= PROBES", "times > 0 and records > 0", (GATES,)),
    Mutant("a creation given up is forgotten", f"{S}create/claims.py", "if link.sent_at else (MaySend.SEND", "if False else (MaySend.SEND", (CREATE,)),
    Mutant("a hold keeps an opportunity from its referral", f"{S}create/opportunity.py", "anyway=reason == NAMED_REASON", "anyway=False", (INBOUND,)),
    Mutant("a late wish for help is overlooked by the sweep", f"{S}detect/sweep.py", "    return unanswered(link, view, sync.policy) or any(", "    return any(", (UPGRADE,)),
    Mutant("help asked for on a closed deal", "shared/decide/upgrade.py", "    if link.phase is not None and link.phase.terminal:", "    if False:", (UPGRADE,)),
    Mutant("a refused request for help sent again unchanged", "shared/decide/upgrade.py", "    if refused and before is not None and before.s == request(s, policy):", "    if False:", (UPGRADE,)),
    Mutant("Microsoft asked before the deal is visible", "shared/decide/__init__.py", "    found = visible(found, now_seen, p, policy) if asked_for.due else found\n", "", (UPGRADE,)),
    Mutant("Microsoft asked during a dispute", "shared/decide/upgrade.py", "    if busy or disputed or not seen:", "    if busy or not seen:", (UPGRADE,)),
    Mutant("a changed wish not explained", "shared/decide/upgrade.py", "    if link.ms_referral_id and before not in (None, after):", "    if False:", (UPGRADE,)),
    Mutant("an unexplained schema error holds a creation for good", f"{S}create/opportunity.py", 'schema = "" if isinstance(refusal, SchemaChanged) else sync.policy.schema', "schema = sync.policy.schema", (SCHEMA,)),
    Mutant("a waiting invitation is looked at by no sweep", f"{S}detect/sweep.py", " else link.state is LinkState.CREATING_MS and not link.claim", " else False", (SWEEP,)),
    Mutant("circuit never opens", f"{S}admission/gates.py", "tripped = len(recent) == CALLS and", "tripped = False and", (GATES,)),
    Mutant("a failing probe leaves the gate open", f"{S}admission/gates.py", "failing = gate.times > 0 and records >= PROBES", "failing = False", (GATES,)),
    Mutant("a refusal counts as an outage", f"{S}admission/gates.py", 'self._count(side, gate, "")  # a refusal', 'self._count(side, gate, f"{next(self._numbers)}")  # a refusal', (GATES,)),
    Mutant("waiting times do not grow", f"{S}admission/gates.py", "doubled(FIRST_SECONDS, gate.times)", "FIRST_SECONDS", (GATES,)),
    Mutant("refused credentials tried again and again", f"{S}admission/gates.py", 'self._close(side, LONGEST_SECONDS, "unauthorised")', "pass", (GATES,)),
    Mutant("an alert at every failure", f"{S}admission/gates.py", "if not before.times:\n            say(log.error", "if True:\n            say(log.error", (GATES,)),
    Mutant("the alert stays after repair", f"{S}admission/gates.py", "            self.links.close_issues(_issue_id(side))\n", "", (GATES,)),
    Mutant("halt ignored", f"{S}admission/permit.py", "return None if halted(sync) else applied(sync)", "return applied(sync)", (BRAKES,)),
    Mutant("brake never pulled", f"{S}admission/brakes.py", "if not why or pass_until > sync.clock():", "if True:", (BRAKES,)),
    Mutant("a release is good for ever", f"{S}admission/brakes.py", "        _put(sync.links, {})  # good for one sweep, whatever it finds\n", "        pass\n", (BRAKES,)),
    Mutant("a few records alarm", f"{S}admission/brakes.py", "self.changed > max(LEAST, CHANGED_SHARE * self.links)", "self.changed > CHANGED_SHARE * self.links", (BRAKES,)),
    Mutant("known losses counted again", f"{S}detect/sweep.py", 'set(found.gone) - set(json.loads(cursor.text or "[]"))', "set(found.gone)", (BRAKES,)),
    Mutant("a referral younger than the list taken for lost", f"{S}detect/sweep.py", "referral is None and link.p_newest < found.began", "referral is None", (SWEEP,)),
    Mutant("new stamps taken for changes", f"{S}detect/sweep.py", "and referral.differs(sync, link)\n", "and True\n", (BRAKES,)),
    Mutant("doorbells lost during a halt", f"{S}changes.py", "    if allowed is None:\n        _waits(sync, bell, queue)\n", "    if allowed is None:\n", (NEIGHBOURS,)),
    Mutant("halted, and the sweep still rings", f"{S}detect/sweep.py", "    if not halts:\n        ring", "    if True:\n        ring", (BRAKES,)),
    # Poison and loops
    Mutant("poison rings for ever", f"{S}poison.py", "if bell.reason != POISON:", "if bell:", (POISON,)),
    Mutant("poison never rings again", f"{S}poison.py", "if bell.reason != POISON:", "if not bell:", (POISON,)),
    Mutant("poison rings at once", f"{S}poison.py", ", delay_seconds=PAUSE_SECONDS)", ")", (POISON,)),
    Mutant("poison tells nobody", f"{S}poison.py", "    for record_id in bell.ids:", "    for record_id in ():", (POISON,)),
    Mutant("loop breaker never trips", f"{D}loop.py", "last.count >= policy.flips_per_hour", "last.count >= 10**9", (LOOP,)),
    Mutant("diligent sellers trip the loop breaker", f"{D}loop.py", "elif last.side is not side:", "else:", (LOOP,)),
    Mutant("a loop rests for ever", f"{D}loop.py", "and now - last.since < HOUR_SECONDS", "and last.since", (LOOP,)),
    # The org's schema
    Mutant("resume forgotten", f"{S}admission/schema.py", "        _describe_again(sync, before, after)\n", "", (SCHEMA,)),
    Mutant("resumed before the workers know", f"{S}admission/schema.py", ", delay_seconds=2 * CACHE_SECONDS)", ")", (SCHEMA,)),
    Mutant("one issue per finding", f"{S}admission/schema.py", "sentences_of.setdefault(finding.unit, [])", "sentences_of.setdefault(finding.unit + finding.field, [])", (SCHEMA,)),
    Mutant("issue of a mended field stays", f"{S}admission/schema.py", '        sync.links.close_issues(f"{SCHEMA}-{unit}")\n', "        pass\n", (SCHEMA,)),
    Mutant("a field made anew empties the other side", f"{S}admission/schema.py", "returned=frozenset(group for group, until in known.returned.items() if sync.clock() < until)", "returned=frozenset()", (SCHEMA,)),
    Mutant("an announced group that rests comes back as if nothing had been sent", f"{D}schema_change.py", "return unsettled(replace(link, intent=carried), left, policy)", "return replace(link, intent=carried)", (SCHEMA,)),
    Mutant("a team that rests forgets who came and went", f"{D}base.py", " if group not in known or known[group].kind != \"people\"", "", (FITTED,)),
    Mutant("rows of a lost object hold up the rest of an announced write", f"{D}schema_change.py", "source=source, rows=rows)", "source=source)", (SCHEMA,)),
    Mutant("the rules of a paused group are forgotten", f"{S}rules.py", "if not group.enabled", "if group.enabled", ("tests/sync/test_overlay.py",)),
    Mutant("the rules of a group without its field are forgotten", f"{S}admission/schema.py", "{**sync.policy.resting, **rests}", "sync.policy.resting", (SCHEMA,)),
    Mutant("without a base a new field still empties", f"{D}schema_change.py", "return forgotten(link, empty) if empty else link", "return link", (FITTED,)),
    Mutant("a lost steering field halts nobody", f"{S}admission/schema.py", "    if known.halts:\n", "    if False:\n", (SCHEMA,)),
    Mutant("a version taken over in part counts as whole", f"{S}admission/schema.py", "partial=any(drift.STEERING not in unit for unit in known.off)", "partial=False", (SCHEMA,)),
    Mutant("the description of another mapping believed", f"{S}admission/schema.py", "if known.map_version != sync.mapping.version:", "if not known.map_version:", (SCHEMA,)),
    Mutant("every error describes the org", f"{S}admission/schema.py", "if not current or sync.clock() - known.at >= FRESH_SECONDS:", "if True:", (SCHEMA,)),
    Mutant("an error that nothing explains holds at once", f"{S}pair/converge.py", "or caller.tries < UNEXPLAINED_TRIES", "or False", (SCHEMA,)),
    Mutant("an error that nothing explains never holds", f"{S}pair/converge.py", "or caller.tries < UNEXPLAINED_TRIES", "or True", (SCHEMA,)),
    Mutant("an error that nothing explains holds a creation at once", f"{S}create/opportunity.py", "or tries < UNEXPLAINED_TRIES", "or False", (SCHEMA,)),
    Mutant("an error that nothing explains never holds a creation", f"{S}create/opportunity.py", "or tries < UNEXPLAINED_TRIES", "or True", (SCHEMA,)),
    Mutant("what waits never finds out", f"{S}admission/schema.py", "if not known.off or sync.clock() - known.at < WAITED_SECONDS:", "if True:", (SCHEMA,)),
    Mutant("creations that must wait recovered every minute", f"{S}detect/sweep.py", "if allowed.mapping.lacking:", "if False:", (SCHEMA,)),
    Mutant("announced writes wait with the creations", f"{S}detect/sweep.py", "begun = (link for link in begun if link.claim is None)", "return 0", (SCHEMA,)),
    Mutant("a hold outlives the schema that caused it", f"{D}__init__.py", "detail=before.detail, schema=policy.schema, refused=True)", "detail=before.detail, schema=before.schema, refused=True)", (SCHEMA, WRITE)),
    # Meaning
    Mutant("unticking ignored", f"{D}guards.py", "if not isinstance(s, Opportunity) or s.sync_on:", "if True:", (GUARDS,)),
    Mutant("a missing right is overlooked", "cli/doctor/rights.py", "if described is not None and not described[right]", "if described is not None and right not in described", ("tests/cli/test_doctor.py",)),
    Mutant("a pause is told for ever", f"{D}guards.py", "report in (None, s.report) or (refused", "report is None or (refused", (GUARDS,)),
    Mutant("a pause is told in an open second", f"{D}guards.py", "if (wait := open_seconds(s, policy)) > 0:", "if (wait := 0) > 0:", (GUARDS,)),
    Mutant("what a pair at rest shows taken for agreed", f"{D}write.py", " and link.state is not LinkState.PAUSED\n", "\n", (GUARDS,)),
    Mutant("more than the status written while paused", f"{S}pair/send.py", "    if link.state is not LinkState.PAUSED:\n        fields |=", "    if True:\n        fields |=", ("tests/sync/test_seller_view.py",)),
    Mutant("unticking closes the referral", f"{D}guards.py", 'state=LinkState.PAUSED), note=', 'state=LinkState.PAUSED), __import__("shared.deal", fromlist=["Write"]).Write(P, {"status": (("phase", "lost"),)}), note=', (GUARDS,)),
    Mutant("status written every time", f"{D}__init__.py", "policy.report(link) not in (None, s.report)", "policy.report(link) is not None", (VERSIONS,)),
    Mutant("edits sent from the hold stage", f"{D}merge.py", "if phase.terminal or shown is Phase.NEW else outcome", "if phase.terminal else outcome", (STATUS,)),
    Mutant("closed referral takes edits", f"{D}merge.py", "if phase.terminal and not to_salesforce:", "if False:", (STATUS,)),
    Mutant("reopening allowed", "shared/lifecycle.py", '(closed, shown): "closed_is_final"', "(closed, shown): Phase.ACTIVE", (LIFECYCLE,)),
    Mutant("a close overtakes a dispute", f"{D}groups.py", "if disputed and wanted and", "if False and wanted and", (STATUS,)),
    Mutant("visibility taken back", f"{D}merge.py", "return Outcome(writes={S: pair.p} if pair.p else {P: pair.s})\n\n\ndef _status(", "return Outcome(writes={S: pair.p} if _changed(pair, policy)[0] else {P: pair.s})\n\n\ndef _status(", (MERGE,)),
    Mutant("first meeting overwrites", f"{D}merge.py", "if not pair.has_base:\n        return _without_base(pair, rule)", "if False:\n        return _without_base(pair, rule)", (MERGE,)),
    Mutant("conflict won in silence", f"{D}merge.py", 'return _conflict(pair, rule.owner, "both_changed")', "return Outcome(writes={P: pair.s})", (MERGE,)),
    Mutant("equal changes written", f"{D}merge.py", "    if pair.p == pair.s:\n        return _adopt_if_new(pair, policy)\n    if rule.direction", "    if rule.direction", (MERGE,)),
    Mutant("last solution removed", f"{D}merge.py", "if rule.keep_one and not all(writes.values()):", "if False:", (SETS,)),
    Mutant("an edited element removed", f"{D}merge.py", 'policy.digest(shown[key]) else "keep"', 'policy.digest(shown[key]) else "remove"', (SETS,)),
    Mutant("an element a side dropped is sent for ever", f"{D}merge.py", 'return "leave"', 'return "add"', (SETS,)),
    Mutant("an interrupted set write forgets what is still to travel", f"{D}base.py", "for k, v in shows.items() if k in source or", "for k, v in shows.items() if True or", (SETS,)),
    Mutant("sets compared in the order they came", f"{MAP}rows.py", "tuple(sorted(found.items()))", "tuple(found.items())", (MAPPED,)),
    Mutant("set appended element by element", f"{MAP}referral.py", 'operations.append({"op": "replace", "path": group.spec.referral, "value": items})', 'operations += [{"op": "add", "path": f"{group.spec.referral}/-", "value": i} for i in items if i not in known.values()]', (MAPPED,)),
    Mutant("set written without what the mapping does not know", f"{MAP}referral.py", "known.get(key) or self._element", "self._element", (MAPPED,)),
    Mutant("status first in the patch", f"{MAP}referral.py", "return operations + self._status(writes, neutral_reason)", "return self._status(writes, neutral_reason) + operations", (MAPPED,)),
    Mutant("null means unchanged", f"{MAP}rows.py", 'texts.get(b.name, "")', "texts[b.name]", (OPPORTUNITY,)),
    Mutant("what is required cleared", f"{MAP}referral.py", "elif spec.required:", "elif False:", (MAPPED,)),
    Mutant("long notes cut in silence", f"{MAP}codecs.py", "if not row.shorten:", "if False:", (CODECS,)),
    Mutant("unknown status guessed", "shared/lifecycle.py", ', (substatus or "None").lower()))', ', (substatus or "None").lower()), Phase.ACTIVE)', (LIFECYCLE,)),
    Mutant("unknown choice guessed", f"{MAP}codecs.py", '            return referral\n    raise Untranslatable("unknown_value", text)', '            return referral\n    return next(iter(row.values), "")', (CODECS,)),
    Mutant("closing day taken as an instant", f"{MAP}codecs.py", "moment if moment.time() == time(0) else moment.astimezone(row.zone)", "moment.astimezone(row.zone)", (NUMBERS,)),
    Mutant("somebody else's referral taken for ours", "shared/unlinked.py", "return theirs == organization_id.lower() if organization_id else", "return True if organization_id else", (MEET,)),
    Mutant("a lead is upserted", f"{S}create/lead.py", '"POST", path(LEAD), fields)', '"PATCH", f"{path(LEAD)}/{side.key}/{referral_id}", fields)', (LEADS,)),
    Mutant("another unique field is taken for the lead's key", f"{S}create/lead.py", "        if not row:  # refused", "        if False:  # refused", (LEADS,)),
    Mutant("a lead is made without a last name", f"{S}create/lead.py", "if lacking := side.lacking(texts):", "if lacking := ():", (LEADS,)),
    Mutant("a deleted lead is made again after a loss of memory", f"{S}create/lead.py", "queries(asked, deleted=True)", "queries(asked)", (LEADS,)),
    Mutant("a made lead is not remembered", f"{S}create/lead.py", "    if row:\n        sync.links.claim_alias(Side.PARTNER_CENTER, unlinked.alias_of_lead(referral_id), row)\n", "", (LEADS,)),
    Mutant("a pair that lost its memory stays apart behind its lead", f"{S}create/lead.py", "    if paired:", "    if False:", (LEADS,)),
    Mutant("a made lead counts as missed every night", f"{S}detect/scan.py", "return can_be_made(sync, document) and not stands(sync.links, id_of(document))", "return can_be_made(sync, document)", (LEADS,)),
    Mutant("an incomplete lead counts as missed every night", f"{S}detect/scan.py", "return can_be_made(sync, document) and not", "return not", (LEADS,)),
    Mutant("an incomplete lead whose event was lost is never told", f"{S}detect/scan.py", "unmade = _meaning(sync, document) is Meaning.LEAD and not can_be_made(sync, document)", "unmade = False", (LEADS,)),
    Mutant("an accepted lead stays a lead", "shared/unlinked.py", "as_leads and phase is Phase.NEW and kind_of", "as_leads and kind_of", (LEADS,)),
    Mutant("a co-sell deal becomes a lead", "shared/unlinked.py", "phase is Phase.NEW and kind_of(referral).lead else", "phase is Phase.NEW else", (LEADS,)),
    Mutant("a converted lead gets a second opportunity", f"{S}create/opportunity.py", 'converted(sync, id_of(document)))', '"")', (LEADS,)),
    Mutant("a converted lead gets a second referral", f"{S}create/referral.py", "if named := named_by(sync, run.opportunity_id):", "if named := ():", (LEADS,)),
    Mutant("a converted lead takes the deal of another referral", f"{S}create/opportunity.py", 'other = named.lower() not in ("", link.referral_id.lower())', "other = False", (LEADS,)),
    Mutant("a seller is not told that the lead is a deal already", f"{S}create/referral.py", "if taken(sync, named, run.opportunity_id) is not None:", "if False:", (LEADS,)),
    Mutant("what an answered lead lacked stays on the work list", f"{S}create/unlinked_referral.py", "    if meaning is not Meaning.LEAD:\n        settled(sync, document)\n", "", (LEADS,)),
    Mutant("a lead is made without a field the org has lost", "shared/drift/leads.py", "return side.rest() if lost else side", "return side", (LEADS,)),
    Mutant("an emptied field holds what it was saved with", f"{S}rules.py", " or bound.emptied(content, side)", "", ("tests/sync/test_neighbours.py",)),
    Mutant("leads become opportunities", "shared/unlinked.py", "return not (kind_of(referral).lead and co_sell_only)", "return True", (MEET,)),
    Mutant("a closed deal becomes an opportunity", "shared/unlinked.py", "if phase is None or phase.terminal or not", "if phase is None or not", (MEET,)),
    Mutant("a second referral replaces the first", "shared/unlinked.py", "named_link.state is LinkState.CREATING_P else Meaning.DUPLICATE", "True else Meaning.DUPLICATE", (MEET,)),
    # Receiver
    Mutant("certificate host by suffix", WEBHOOK, "host + port not in hosts", "not any((host + port).endswith(h) for h in hosts)", (SIGNED,)),
    Mutant("plain http to a listed host", WEBHOOK, "if plain or host + port not in hosts:", "if host + port not in hosts:", (SIGNED,)),
    Mutant("signature over parsed JSON", WEBHOOK, "key.verify(delivery.signature, delivery.body,", "key.verify(delivery.signature, __import__('json').dumps(__import__('json').loads(delivery.body)).encode(),", (SIGNED,)),
    Mutant("signature not checked", WEBHOOK, "    except InvalidSignature:\n        raise Refused(401, \"signature\") from None", "    except InvalidSignature:\n        pass", (SIGNED,)),
    Mutant("any algorithm accepted", WEBHOOK, 'if algorithm.lower() != "rsa-sha256":', "if False:", (SIGNED,)),
    Mutant("wrong token accepted", WEBHOOK, "hmac.compare_digest(", "(lambda *_: True)(", (SIGNED,)),
    Mutant("an empty token lets everybody in", WEBHOOK, "if not rules.token or not hmac", "if not hmac", (SIGNED,)),
    Mutant("expired certificate accepted", WEBHOOK, ".time(now)", ".time(now.replace(year=2026))", (SIGNED,)),
    Mutant("organization by its beginning", WEBHOOK, "if organizations_of(leaf) != [rules.organization]:", "if not any(o.startswith(rules.organization) for o in organizations_of(leaf)):", (SIGNED,)),
    Mutant("chain not checked", WEBHOOK, '        raise Refused(401, "chain") from None', "        pass", (SIGNED,)),
    Mutant("too large a body examined", WEBHOOK, "or len(body) > max_bytes:", "or False:", (SIGNED,)),
    Mutant("parsed before it is believed", "shared/webhook/receiver.py", "        self._verify(delivery)\n", "        parse(body)\n        self._verify(delivery)\n", (RECEIVER,)),
    Mutant("the named address is called", WEBHOOK, "        referral_id = _last_guid(_text(notice,", "        with __import__('contextlib').suppress(OSError, ValueError):\n            __import__('socket').create_connection((notice['resourceuri'].split('/')[2], 443), timeout=1)\n        referral_id = _last_guid(_text(notice,", (COLD,)),
    Mutant("an answer that is no file is taken for one", "shared/webhook/certificates.py", "if answer.status != 200:", "if answer.status >= 400:", (CERTIFICATES,)),
    Mutant("the certificate's host is resolved a second time", "shared/webhook/fetch.py", "create_connection((number, port)", "create_connection((name, port)", (ASKING,)),
    Mutant("the certificate's host proves another name", "shared/webhook/fetch.py", "server_hostname=name", "server_hostname=number", (ASKING,)),
    Mutant("half a certificate is a certificate", "shared/webhook/fetch.py", "if answer.length:", "if answer.length is False:", (ASKING,)),
    Mutant("a name that leads inside is called", "shared/webhook/certificates.py", "if not found or not all(_is_public(address) for address in found):", "if not found:", (CERTIFICATES,)),
    Mutant("a certificate of any length read", "shared/webhook/certificates.py", "if len(content) > LONGEST_FILE:", "if len(content) > 4 * LONGEST_FILE:", (CERTIFICATES,)),
    Mutant("staging registers itself", "shared/registration/plan.py", "    if sweep_only:\n", "    if False:\n", ("tests/registration/test_plan.py",)),
    Mutant("sent on before it is believed", "shared/webhook/receiver.py", "        self._verify(delivery)\n        event", "        (self.relay and self.relay.send_on(headers, body))\n        self._verify(delivery)\n        event", (RELAY,)),
    Mutant("sent on in a ring", "shared/webhook/relay.py", "if RELAYED in sent:", "if False:", (RELAY,)),
    Mutant("production waits for staging", "shared/webhook/relay.py", "put_nowait(", "put(", (RELAY,)),
    Mutant("staging gets other people's credentials", "shared/webhook/relay.py", '("content-type", ', '("content-type", "authorization", "cookie", ', (RELAY,)),
    Mutant("staging leads elsewhere", "shared/webhook/relay.py", "follow_redirects=False", "follow_redirects=True", (RELAY,)),
    Mutant("forgery answered with 200", "functions/partner_center_to_salesforce.py", "status_code=status)", "status_code=200)", (ENDPOINT,)),
    Mutant("acknowledged without a bell", "functions/partner_center_to_salesforce.py", "    if event.referral_id:\n", "    if not event.referral_id:\n", (ENDPOINT,)),
    # What the app says about itself
    Mutant("a library's error with its text", TELEMETRY + "work.py", "raise Unfinished(outcome).with_traceback(error.__traceback__) from None", "raise", (WORK,)),
    Mutant("a traceback with what it quotes", TELEMETRY + "lines.py", "record.exc_text = ", "_ = ", (LINES,)),
    Mutant("the correlation ends at the queue", "shared/storage/bells.py", "correlation=correlation())", 'correlation="")', (WORK,)),
    Mutant("the correlation ends at the call", PC + "wire.py", '"MS-CorrelationId": correlation_guid()', '"MS-CorrelationId": str(uuid4())', (WORK,)),
    Mutant("no ids without an answer", PC + "wire.py", "known = httpx.Headers(sent)", "known = httpx.Headers()", (WORK,)),
    Mutant("figures before the exporter lost", TELEMETRY + "export.py", "self._waiting.append(line)", "pass", (FIGURES,)),
    Mutant("a displaced registration unseen", "shared/registration/watch.py", "hmac.compare_digest(last.encode(), self.token.encode())", "True", ("tests/registration/test_watch.py",)),
    Mutant("what is no doorbell is quoted", "shared/doorbell.py", "raise NoDoorbell(part)", "raise NoDoorbell(repr(self))", ("tests/test_doorbell.py", WORK)),
    Mutant("a conflict that waits is deleted with the old ones", "shared/storage/retention.py", "group in link.held or link.intent is not None", "link.intent is not None", (RETENTION,)),
    Mutant("an unfinished write's conflict is deleted", "shared/storage/retention.py", "group in link.held or link.intent is not None", "group in link.held", (RETENTION,)),
    Mutant("young lines go and old ones stay", "shared/storage/retention.py", "if stamp > oldest", "if stamp < oldest", (RETENTION,)),
    Mutant("links go with old lines", "shared/storage/retention.py", '("H:", "H;")', '("H:", "M;")', (RETENTION,)),
    Mutant("for ever is no time at all", "shared/storage/retention.py", "if not self._days:", "if self._days is None:", (RETENTION,)),
    Mutant("the webhook takes an unresolved secret for its token", "shared/settings/receiving.py", '"webhook_token": resolved', '"webhook_token": str', (RECEIVING,)),
    Mutant("the webhook's settings are read in one casing", "shared/settings/receiving.py", "name.upper(): text", "name: text", (RECEIVING,)),
    Mutant("a first delivery waits for the settings model", "shared/webhook/delivery.py", "from shared.settings import LOOPBACK", "from shared.settings import LOOPBACK\nfrom shared.settings.model import Settings as _Settings  # noqa: F401", (COLD,)),
)
