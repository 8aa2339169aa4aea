"""Watch: whether Partner Center still sends its events to this app: looked at hourly, reported when it does not.

A tenant has one address per event, so whoever else registers displaces us without a word.
"""

import hmac
import logging
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from shared.deal import Issue, WorkList
from shared.errors import ApiError
from shared.registration.plan import DEFAULT_EVENTS, Registration
from shared.say import say

log = logging.getLogger("cosell.webhook")
ABOUT, LOST = "webhook", "registration_lost"  # what the issue is about: no record
WHAT_TO_DO = "Changes at Microsoft arrive hourly instead of at once. Look with GET webhook-registration, then register."


class Current(Protocol):
    """Where it can be seen what is registered."""

    @property
    def sweep_only(self) -> bool: ...
    def current(self) -> Registration | None: ...


@dataclass(frozen=True)
class RegistrationWatch:
    """Looks for an address that ends with this app's `token`, which no other deployment knows."""

    registrations: Current
    work_list: WorkList
    token: str = field(repr=False)

    def still_ours(self, now: int) -> bool:
        """Whether all events come here, at `now` (epoch seconds); an issue stands as long as they do not.

        When Partner Center does not answer, nothing is concluded; a deployment beside production misses nothing.
        """
        if self.registrations.sweep_only:
            self.work_list.close_issues(ABOUT)
            return True
        try:
            ours = self._is_ours(self.registrations.current())
        except ApiError as error:
            say(log.warning, "registration unknown", why=str(error))
            return True
        say(log.info if ours else log.error, "registration", ours=int(ours))
        if ours:
            self.work_list.close_issues(ABOUT)
        else:
            self.work_list.open_issue(Issue(ABOUT, LOST, "error", WHAT_TO_DO, now))
        return ours

    def _is_ours(self, registered: Registration | None) -> bool:
        if registered is None or not set(DEFAULT_EVENTS) <= set(registered.events):
            return False
        last = urlsplit(registered.url).path.rpartition("/")[2]
        return hmac.compare_digest(last.encode(), self.token.encode())
