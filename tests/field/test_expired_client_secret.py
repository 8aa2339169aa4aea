"""AADSTS7000222 (expired) and AADSTS7000215 (wrong) are about the app's client secret: signing in again cures neither."""

from typing import Any

import pytest

from shared.identity.grants import refusal
from shared.identity.renewal import Renewal

SECRET = [
    ("AADSTS7000222", "The provided client secret keys are expired."),
    ("AADSTS7000215", "Invalid client secret."),
]


@pytest.mark.parametrize(("code", "text"), SECRET)
def test_the_operator_is_told_to_renew_the_secret(code: str, text: str) -> None:
    told: list[Any] = []

    class Tokens:
        def renew(self, audience: str, /) -> str:
            raise refusal({"error": "invalid_client", "error_description": f"{code}: {text}"})

        def age_seconds(self) -> int | None:
            return 86_400

    class WorkList:
        def open_issue(self, issue: Any, /) -> None:
            told.append(issue)

        def close_issues(self, link_id: str, keep: Any = ()) -> None:
            pass

    Renewal(Tokens(), ("audience",), WorkList(), lambda: 0).run()
    (issue,) = told
    assert "secret" in issue.detail.lower()
