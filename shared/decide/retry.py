"""Retry: a seller's request to try again what was refused. Pure.

The box is unticked first, and what was refused is forgotten when that write is announced: so it is tried once, however
often the worker dies in between. What the tables hold is asked again at every look anyway.
"""

from dataclasses import replace

from shared.deal import Decision, Link, Opportunity, Side, Write
from shared.decide.policy import Policy
from shared.decide.upgrade import CO_SELL
from shared.decide.version import open_seconds
from shared.decide.write import REPORT


def asked_again(link: Link, s: Opportunity) -> bool:
    """Whether the box is ticked, and Salesforce has not refused to untick it in this version of the record."""
    refused = link.held.get(REPORT)
    return s.retry and (refused is None or refused.s != str(s.modified))


def retry_taken(link: Link, s: Opportunity, policy: Policy) -> Decision:
    """Untick the box and forget what a service refused, and which groups went back and forth.

    The status stays as it is, because nothing has been tried yet. That a request for help was refused is known still:
    only what it carried is forgotten.
    """
    if (wait := open_seconds(s, policy)) > 0:
        return Decision(link, retry_after_seconds=wait, note="second still open")
    held = {group: hold for group, hold in link.held.items() if not hold.refused}
    if (asked := link.held.get(CO_SELL)) is not None and asked.refused:
        held[CO_SELL] = replace(asked, s=None)
    return Decision(replace(link, held=held, flips={}), Write(Side.SALESFORCE, {}), note="asked to try again")
