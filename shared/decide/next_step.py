"""Table 0: who rang × what is remembered of the record × what the record shows → the next step. Pure.

The first row that fits wins. `sync` carries the step out; what becomes of a pair is then said by Tables 1 to 5, what a
referral without a link means by Table 6 (`unlinked`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from shared.deal import STILL, Absence, Link, LinkState, Opportunity, PartnerCenterView, Referral, SalesforceView, Side
from shared.unlinked import REFERRAL_ID, named_referral


class Rang(StrEnum):
    """Which doorbell is answered."""

    OPPORTUNITY = "an opportunity changed"
    CREATION = "a referral is to be created"
    REFERRAL = "a referral changed"


class Known(StrEnum):
    """What is remembered of the record that rang."""

    NOTHING = "nothing"
    ANOTHERS = "its pair is that of another record"
    UNINVITED = "a pair; Microsoft is to be invited"
    INVITING = "a pair; the invitation is begun"
    PAIR = "a pair"
    STOPPED = "no pair; a person has to decide"
    BEGUN = "no pair; the creation of the other record is begun"
    LEFT = "no pair; the creation was refused or given up"


class Shows(StrEnum):
    """What the record shows."""

    ASKS = "an opportunity that is to be synchronised"
    NAMES = "... and names a referral"
    MISNAMES = "... and names something that is no referral"
    RESTS = "an opportunity that is not to be synchronised"
    SHOWN = "a referral"
    OLDER = "a referral, older than the event that rang"
    HIDDEN = "nothing: it is gone, deleted, or may not be seen"
    UNAVAILABLE = "nothing now: the service does not answer"


class Step(StrEnum):
    """What is done next."""

    TWIN = "a person decides between two"
    INVITE = "invite Microsoft"
    CONVERGE = "compare the pair"
    JOIN = "look at the referral that it names"
    NOT_THERE = "say that the referral it names does not exist"
    CREATE = "create the referral"
    SEARCH = "look whether the referral was created"
    GO_ON = "go on creating the opportunity"
    UNLINKED = "ask what a referral without a link means"
    NOT_VISIBLE = "leave it: nothing can be seen"
    STALE = "read it again soon"
    LATER = "try again later"
    NOTHING = "nothing"


ANY_KNOWN, ANY_SHOWN = frozenset(Known), frozenset(Shows)
TICKED = frozenset({Shows.ASKS, Shows.NAMES, Shows.MISNAMES})
READ = TICKED | {Shows.RESTS}
Row = tuple[frozenset[Known], frozenset[Shows], Step]


def _row(known: Known | frozenset[Known], shows: Shows | frozenset[Shows], step: Step) -> Row:
    return (
        known if isinstance(known, frozenset) else frozenset({known}),
        shows if isinstance(shows, frozenset) else frozenset({shows}),
        step,
    )


TABLE: Final[Mapping[Rang, tuple[Row, ...]]] = {
    Rang.OPPORTUNITY: (
        _row(Known.ANOTHERS, ANY_SHOWN, Step.TWIN),
        _row(Known.UNINVITED, ANY_SHOWN, Step.INVITE),
        _row(Known.INVITING, ANY_SHOWN, Step.CONVERGE),
        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),
        _row(Known.STOPPED, ANY_SHOWN, Step.NOTHING),
        _row(Known.NOTHING, Shows.NAMES, Step.JOIN),
        _row(ANY_KNOWN, TICKED, Step.CREATE),
        _row(ANY_KNOWN, ANY_SHOWN, Step.NOTHING),
    ),
    Rang.CREATION: (
        _row(Known.ANOTHERS, ANY_SHOWN, Step.NOTHING),  # its own doorbell has put that on the work list
        _row(ANY_KNOWN, Shows.UNAVAILABLE, Step.LATER),
        _row(Known.INVITING, ANY_SHOWN, Step.INVITE),
        _row(Known.UNINVITED, READ, Step.INVITE),
        _row(Known.UNINVITED, ANY_SHOWN, Step.NOTHING),
        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),
        _row(Known.STOPPED, ANY_SHOWN, Step.NOTHING),  # another referral would only be one more twin
        _row(ANY_KNOWN, Shows.ASKS, Step.CREATE),
        _row(ANY_KNOWN, Shows.NAMES, Step.JOIN),  # no link remembers it: the referral's own doorbell joins the two
        _row(ANY_KNOWN, Shows.MISNAMES, Step.NOT_THERE),
        _row(Known.BEGUN, ANY_SHOWN, Step.SEARCH),  # it may have been sent
        _row(ANY_KNOWN, ANY_SHOWN, Step.NOTHING),
    ),
    Rang.REFERRAL: (
        _row(Known.ANOTHERS, ANY_SHOWN, Step.TWIN),
        _row(ANY_KNOWN, Shows.OLDER, Step.STALE),
        _row(Known.UNINVITED, ANY_SHOWN, Step.INVITE),
        _row(Known.INVITING, ANY_SHOWN, Step.CONVERGE),
        _row(Known.PAIR, ANY_SHOWN, Step.CONVERGE),
        _row(ANY_KNOWN, Shows.UNAVAILABLE, Step.LATER),
        _row(Known.BEGUN, Shows.SHOWN, Step.GO_ON),  # finished or found, even if the deal was closed meanwhile
        _row(ANY_KNOWN, Shows.SHOWN, Step.UNLINKED),
        _row(ANY_KNOWN, ANY_SHOWN, Step.NOT_VISIBLE),
    ),
}


def next_step(rang: Rang, known: Known, shows: Shows) -> Step:
    """The step of the first row that fits; every combination has one."""
    return next(step for knowns, shown, step in TABLE[rang] if known in knowns and shows in shown)


def known_of(link: Link | None, side: Side, record_id: str) -> Known:
    """What a link, found by the id of a side's record, says of that record."""
    if link is None:
        return Known.NOTHING
    ids = (link.opportunity_id, link.referral_id)
    own, other = ids if side is Side.SALESFORCE else reversed(ids)
    if own not in ("", record_id):
        return Known.ANOTHERS
    if link.state is LinkState.CREATING_MS:
        return Known.UNINVITED if link.claim is None else Known.INVITING
    if other:
        return Known.PAIR
    if link.state in STILL:
        return Known.STOPPED
    return Known.LEFT if link.claim is None else Known.BEGUN


def opportunity_shows(view: SalesforceView) -> Shows:
    """What an opportunity shows to a run that may create its referral."""
    if not isinstance(view, Opportunity):
        return Shows.UNAVAILABLE if view is Absence.UNAVAILABLE else Shows.HIDDEN
    if not view.sync_on:
        return Shows.RESTS
    named = named_referral(view.groups)
    return (Shows.NAMES if REFERRAL_ID.match(named) else Shows.MISNAMES) if named else Shows.ASKS


def referral_shows(view: PartnerCenterView, *, seen: int, slack: int) -> Shows:
    """What a referral shows beside an event of the time `seen`; `slack`: how far clocks may differ. Both in ticks."""
    if not isinstance(view, Referral):
        return Shows.UNAVAILABLE if view is Absence.UNAVAILABLE else Shows.HIDDEN
    newest = max(view.ticks, view.theirs.ticks if view.theirs else 0)
    return Shows.OLDER if newest + slack < seen else Shows.SHOWN
