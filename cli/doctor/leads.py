"""Checks of Lead, where leads are records of Lead; silent otherwise."""

from collections.abc import Iterator

from cli.doctor.visit import Visit
from cli.line import Line, ok, warning
from shared.shapes.salesforce import LEAD


def leads(visit: Visit) -> Iterator[Line]:
    """A lead can be made and found again. What the org lacks for it is said by 'fields'."""
    side, scope = visit.mapping.lead, visit.mapping.config.scope
    if side is None:
        return
    if scope.co_sell_only:
        yield warning(
            "scope.leads asks for records of Lead, but scope.co_sell_only leaves leads alone",
            "Set scope.co_sell_only to false, or take scope.leads out of mapping.toml.",
        )
    if any(finding.field.split(".")[0] == LEAD for finding in visit.findings):
        return
    visit.rows(side.of_referral("none"))
    yield ok(f"{len(side.group.rows)} fields of a new {LEAD} fit; {side.key} is unique and an external id")
