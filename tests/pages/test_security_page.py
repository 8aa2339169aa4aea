"""The security page lists the rights that the templates and the package really give, and tests that exist."""

import re

from tests.infra.asked import APP, ROOT
from tests.package.metadata import permission_set

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
RESOURCES = {
    "storage of the runtime": "runtime",
    "storage of the state": "state",
    "vault of the secrets": "secrets",
    "vault of the refresh token": "tokens",
    "Application Insights": "telemetry",
}


def row(first: str) -> str:
    """The row of a table that begins with this cell."""
    (found,) = re.findall(rf"^\| {re.escape(first)} \| (.*) \|$", PAGE, re.M)
    return str(found)


def test_the_apps_roles_in_azure_are_those_of_the_templates_and_none_is_left_out() -> None:
    said = {name: [role for role in APP["roles"] if role in row(resource)] for resource, name in RESOURCES.items()}
    assert said == {name: sorted(roles) for name, roles in APP["appRoles"].items()}


def test_the_integration_user_may_what_the_page_says() -> None:
    said = {"allowRead": "read", "allowCreate": "create", "allowEdit": "edit", "viewAllRecords": "read all"}
    for name, given in permission_set("Co_sell_Integration_User").objects.items():
        (line,) = [line for line in PAGE.splitlines() if line.startswith("| ") and name in line.split("|")[1]]
        assert given <= set(said)
        assert {word for right, word in said.items() if right in given} == {w for w in said.values() if w in line}


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", PAGE))
    assert len(named) > 8
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_table_of_the_state_is_in_the_inventory() -> None:
    assert {table for table in APP["tables"] if f"table `{table}`" not in PAGE} == set()
