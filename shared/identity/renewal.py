"""Renewal: keep the sign-in of the service user alive, and say so long before it dies.

A refresh token ends 90 days after Entra gave it, and each use brings a newer one; so a token that is 60 days old
means that renewing it has not worked for two months, and that there is a month left to find out why.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from shared.deal import Issue, WorkList
from shared.errors import ApiError, Unauthorised
from shared.say import say

log = logging.getLogger("cosell.identity")
OLD_DAYS = 60
DAY_SECONDS = 86_400
ABOUT = "sign-in"  # what the issues are about: no record
REFUSED = "Entra refuses the service user. Sign in again with `cosell login`."
NOT_STORED = (
    "The newest refresh token cannot be kept, or nobody has signed in. Check the app's role on the key vault, "
    "then sign in again with `cosell login`."
)


class Tokens(Protocol):
    """Where access tokens come from."""

    def renew(self, audience: str, /) -> str: ...
    def age_seconds(self) -> int | None: ...


@dataclass(frozen=True)
class Renewal:
    """What the timer does. `clock` gives UTC epoch seconds."""

    tokens: Tokens
    audiences: tuple[str, ...]
    work_list: WorkList
    clock: Callable[[], int]

    def run(self) -> tuple[str, ...]:
        """Refresh for every audience and look at the age of the refresh token; the codes of what is wrong.

        A service that does not answer now is only logged: the next tick tries again, and the age tells if it stays.
        """
        refused = [self._refused(audience) for audience in self.audiences]
        aged = self._aged()
        found = {**dict.fromkeys(filter(None, refused), REFUSED), **aged}
        for code, detail in found.items():
            self.work_list.open_issue(Issue(ABOUT, code, "error", detail, self.clock()))
        self.work_list.close_issues(ABOUT, keep=tuple(found))
        return tuple(found)

    def _refused(self, audience: str) -> str:
        try:
            self.tokens.renew(audience)
        except Unauthorised as error:
            say(log.error, "sign-in refused", audience=audience, code=error.code)
            return error.code
        except ApiError as error:
            say(log.warning, "sign-in waits", audience=audience, why=str(error))
        return ""

    def _aged(self) -> dict[str, str]:
        """The age as a log line, for the alert, and as a finding when it is too high or there is none."""
        try:
            age = self.tokens.age_seconds()
        except ApiError as error:
            say(log.warning, "sign-in waits", why=str(error))
            return {}
        days = None if age is None else age // DAY_SECONDS
        bad = days is None or days >= OLD_DAYS
        say(log.error if bad else log.info, "refresh token", age_days=days)
        if days is None:
            return {"refresh_token_not_kept": NOT_STORED}
        old = f"The refresh token is {days} days old and ends at 90. {NOT_STORED}"
        return {"refresh_token_old": old} if bad else {}
