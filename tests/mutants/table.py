"""Mistakes that a tired programmer, or a careless merge, could make; each with the tests that must notice."""

from typing import Final, NamedTuple

FLOWS: Final = ("tests/sync",)
TABLES: Final = ("tests/test_decide_guards.py", "tests/test_decide_merge.py", "tests/test_decide_versions.py")
INTENTS: Final = ("tests/test_decide_intent.py", "tests/test_decide_write.py", "tests/sync/test_crashes.py")
SETS: Final = ("tests/test_decide_sets.py", "tests/test_decide_laws.py")
RECEIVER: Final = ("tests/test_webhook.py", "tests/test_receiver.py")


class Mutant(NamedTuple):
    """One mistake: `old` stands exactly once in the file and becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


PC: Final = "shared/partner_center/"
S: Final = "shared/sync/"
D: Final = "shared/decide/"

MUTANTS: Final = (
    # Conditions of writes
    Mutant("no If-Match", f"{PC}referrals.py", '"If-Match": etag', '"X-Was": etag', ("tests/test_partner_center.py", *FLOWS)),
    Mutant("no If-Unmodified-Since", f"{S}send.py", "fields, int(intent.target_version))]", "fields, None)]", FLOWS),
    Mutant("solution rows without a condition", f"{S}send.py", "path, fields, version)\n", "path, fields, None)\n", FLOWS),
    Mutant("stored link replaced without its eTag", "shared/storage/store.py", '"match_condition": MatchConditions.IfNotModified}', '"match_condition": MatchConditions.Unconditionally}', ("tests/test_storage.py",)),
    # Versions and time
    Mutant("older reads accepted", f"{D}guards.py", "if p.ticks < link.p_hwm:", "if p.ticks < 0:", TABLES),
    Mutant("times cut to microseconds", "shared/mapping/codecs.py", "digits[:7].ljust(7", "digits[:6].ljust(7", ("tests/test_codecs_numbers.py", "tests/test_codecs.py")),
    Mutant("open second ignored", f"{D}__init__.py", "if open_seconds > 0:", "if open_seconds > 99:", (*TABLES, *FLOWS)),
    Mutant("newest version not remembered", f"{D}version.py", "max(link.p_hwm, p.ticks)", "link.p_hwm", TABLES),
    Mutant("marker left out", "shared/mapping/opportunity.py", "{names.marker: marker, names.audit: audit}", "{names.audit: audit}", ("tests/test_mapping_opportunity.py", *FLOWS)),
    # Announcements
    Mutant("pause honoured before an announced write", f"{D}guards.py", "    _announced,\n    _recycled,\n    _paused,\n", "    _paused,\n    _announced,\n    _recycled,\n", TABLES),
    Mutant("announcement rolled back blindly", f"{D}intent.py", "if _version(target) == intent.target_version:", "if _version(target) == 'never':", INTENTS),
    Mutant("announcement never cleared", f"{D}write.py", "intent=None,\n        attempts=0", "attempts=0", INTENTS),
    Mutant("base of the target from the request", f"{D}write.py", "sent[group] if digest is None else digest", "sent[group] if digest is not None else sent[group]", INTENTS),
    Mutant("conflict row forgotten", f"{S}converge.py", "intent=intent), conflicts=decision.conflicts", "intent=intent), conflicts=()", FLOWS),
    # Creation
    Mutant("list lag not waited out", f"{S}claims.py", "not_before=now + seconds", "not_before=now", FLOWS),
    Mutant("claim not looked at again", f"{S}claims.py", "return fresh and current is not None and current.claim == taken.link.claim", "return True", ("tests/model", "tests/test_model.py", *FLOWS)),
    Mutant("unclear creation sent again at once", f"{S}create_referral.py", "    except Unclear:\n", "    except Unclear:\n        claims.give_back(sync, link, 0)\n", FLOWS),
    Mutant("no search before the second creation", f"{S}create_referral.py", "elif taken.turn is Turn.SEND:", "elif taken.turn is not Turn.NOT_YET:", FLOWS),
    Mutant("own reference left out", "shared/mapping/referral.py", '"externalReferenceId": opportunity_id,', '"externalReferenceId": "",', FLOWS),
    Mutant("alias overwritten", "shared/storage/store.py", 'self._table("alias").create_entity(alias)', 'self._table("alias").upsert_entity(alias)', ("tests/test_storage.py", *FLOWS)),
    Mutant("Microsoft invited without a search", f"{S}invite_microsoft.py", "if (taken.turn is Turn.SEARCH_THEN_SEND or not new)", "if False", FLOWS),
    # Polls and sweeps
    Mutant("> instead of >=", f"{S}poll.py", "SystemModstamp >= {since", "SystemModstamp > {since", FLOWS),
    Mutant("no overlap", f"{S}poll.py", "before.at - sync.patience.poll_overlap, UTC", "before.at, UTC", FLOWS),
    Mutant("deleted rows not asked for", f"{S}poll.py", "_soql(sync, polled, before), deleted=True)", "_soql(sync, polled, before), deleted=False)", FLOWS),
    # Failures
    Mutant("404 closes the pair at once", f"{D}guards.py", "if not link.gone_since:", "if link.gone_since < 0:", TABLES),
    Mutant("no access taken for a delete", f"{D}guards.py", "state=LinkState.BLOCKED_NOACCESS", "state=LinkState.DETACHED", TABLES),
    Mutant("throttling counts as an attempt", f"{S}converge.py", "tried=not isinstance(error, Throttled)", "tried=True", FLOWS),
    Mutant("creation repeated after a time-out", f"{PC}referrals.py", "repeat=Repeat.NEVER", "repeat=Repeat.READ", ("tests/test_partner_center.py",)),
    Mutant("one bad record stops its neighbours", f"{S}changes.py", "        except ApiError as error:\n", "        except ZeroDivisionError as error:  # type: ignore[assignment]\n", FLOWS),
    Mutant("gate never closes", f"{S}gates.py", "        if delay:\n", "        if delay > 10**9:\n", FLOWS),
    # Meaning
    Mutant("unticking closes the referral", f"{D}guards.py", "if not isinstance(s, Opportunity) or s.sync_on:", "if True:", (*TABLES, *FLOWS)),
    Mutant("status written every time", f"{D}__init__.py", "policy.report(link) not in (None, s.report)", "policy.report(link) is not None", (*TABLES, *FLOWS)),
    Mutant("edits sent from the hold stage", f"{D}merge.py", "if phase.terminal or shown is Phase.NEW else outcome", "if phase.terminal else outcome", ("tests/test_decide_merge.py", "tests/test_decide_status.py", *FLOWS)),
    Mutant("closed referral takes edits", f"{D}merge.py", "if phase.terminal and not to_salesforce:", "if False:", ("tests/test_decide_merge.py", "tests/test_decide_status.py", *FLOWS)),
    Mutant("reopening allowed", "shared/lifecycle.py", "(closed, shown): \"closed_is_final\"", "(closed, shown): Phase.ACTIVE", ("tests/test_lifecycle.py", *FLOWS)),
    Mutant("sets compared in the order they came", "shared/mapping/rows.py", "tuple(sorted(found.items()))", "tuple(found.items())", ("tests/test_mapping_referral.py", "tests/test_mapping_solutions.py", *FLOWS)),
    Mutant("an interrupted set write forgets what is still to travel", f"{D}base.py", "for k, v in shows.items() if k in source or", "for k, v in shows.items() if True or", SETS),
    Mutant("long notes cut in silence", "shared/mapping/codecs.py", "if not row.shorten:", "if False:", ("tests/test_codecs.py", *FLOWS)),
    Mutant("unknown status guessed", "shared/lifecycle.py", ", (substatus or \"None\").lower()))", ", (substatus or \"None\").lower()), Phase.ACTIVE)", ("tests/test_lifecycle.py",)),
    Mutant("closing day taken as an instant", "shared/mapping/codecs.py", "moment if moment.time() == time(0) else moment.astimezone(row.zone)", "moment.astimezone(row.zone)", ("tests/test_codecs_numbers.py", "tests/test_codecs.py")),
    # Receiver
    Mutant("certificate host by suffix", "shared/webhook.py", "host + port not in hosts", "not any((host + port).endswith(h) for h in hosts)", RECEIVER),
    Mutant("signature over parsed JSON", "shared/webhook.py", "key.verify(delivery.signature, delivery.body,", "key.verify(delivery.signature, __import__('json').dumps(__import__('json').loads(delivery.body)).encode(),", RECEIVER),
    Mutant("plain http to a listed host", "shared/webhook.py", "if plain or host + port not in hosts:", "if host + port not in hosts:", RECEIVER),
    Mutant("wrong token accepted", "shared/webhook.py", "hmac.compare_digest(", "(lambda *_: True)(", RECEIVER),
    Mutant("expired certificate accepted", "shared/webhook.py", ".time(now)", ".time(now.replace(year=2026))", RECEIVER),
    Mutant("forgery answered with 200", "functions/partner_center_to_salesforce.py", "status_code=status)", "status_code=200)", (*RECEIVER, "tests/functions")),
    Mutant("null means unchanged", "shared/mapping/rows.py", 'texts.get(b.name, "")', "texts[b.name]", ("tests/test_mapping_opportunity.py", *FLOWS)),
)
