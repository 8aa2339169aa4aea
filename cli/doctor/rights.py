"""Rights: checks of what the integration user may do with records; with which fields is in `org`.

Source: "sObject Describe", `createable` and `updateable` of the object itself. Whether it sees every record, no
description says.
"""

from collections.abc import Callable, Iterator, Mapping

from cli.doctor.visit import Visit
from cli.line import Line, ok, problem, warning
from shared.mapping import people
from shared.shapes.salesforce import ACCOUNT, CONTACT, CONTACT_ROLE, LEAD, NOTE, NOTE_LINK, OPPORTUNITY

REMEDY = "Assign the permission set 'Co-sell Integration User' to the integration user, or give it the right."
WORDS: Mapping[str, str] = {"createable": "create", "updateable": "edit"}
BOTH, CREATE = ("createable", "updateable"), ("createable",)


def records(visit: Visit) -> Iterator[Line]:
    """Every object that the app makes records of, or edits, lets it."""
    lines = [*_lacking(visit, _needed(visit), problem), *_lacking(visit, _optional(visit), warning)]
    yield from lines or [ok("The integration user may create and edit the records of a deal")]


def _needed(visit: Visit) -> dict[str, tuple[str, ...]]:
    sets = {group.spec.object: BOTH for group in visit.mapping.groups.values() if group.spec.kind == "set"}
    leads = {LEAD: CREATE} if visit.mapping.lead else {}
    return {OPPORTUNITY: BOTH, ACCOUNT: CREATE, CONTACT: CREATE, CONTACT_ROLE: CREATE, **sets, **leads}


def _optional(visit: Visit) -> dict[str, tuple[str, ...]]:
    """What a deal can do without."""
    notes = (NOTE, NOTE_LINK) if visit.mapping.config.note.referral else ()
    teams = (group.spec.object for group in people.of(visit.mapping.groups) if group.spec.salesforce)
    return dict.fromkeys((*notes, *teams), CREATE)


def _lacking(visit: Visit, wanted: Mapping[str, tuple[str, ...]], say: Callable[[str, str], Line]) -> Iterator[Line]:
    for sobject, rights in wanted.items():
        described = visit.describe(sobject)  # what is not there at all is named by other checks
        lost = [WORDS[right] for right in rights if described is not None and not described[right]]
        if lost:
            yield say(f"The integration user may not {' or '.join(lost)} {sobject} records", REMEDY)
