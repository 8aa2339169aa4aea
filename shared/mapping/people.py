"""People: a deal's team: the owner and the opportunity team in Salesforce, the list of members in a referral. Pure.

A person is known by the e-mail address. Who lacks what Microsoft asks of a member is left out of the team; the owner
is always shown, so that what is missing can be named. Shapes: OpportunityTeamMember and User (Object Reference).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from shared.deal import Elements, Side
from shared.mapping.keys import quoted
from shared.mapping.record import Record, column, rows_of
from shared.mapping.rows import BoundGroup, set_content
from shared.shapes.salesforce import AT_WORK, CREATED, ID, OLDEST_FIRST, OWNER

S: Final = Side.SALESFORCE


def columns(group: BoundGroup) -> list[str]:
    """The owner's fields, as the opportunity reaches them."""
    return [_of_owner(bound.spec.salesforce) for bound in group.rows]


def subselect(group: BoundGroup) -> str:
    """The part of a query that fetches the team; empty where the org has none."""
    if not group.spec.salesforce:
        return ""
    listed = ", ".join(bound.spec.salesforce for bound in group.rows)
    return f"(SELECT {listed} FROM {group.spec.salesforce} ORDER BY {OLDEST_FIRST})"  # noqa: S608 names from the mapping


def read(record: Record, group: BoundGroup) -> Elements:
    """Owner and team by e-mail address. Raises Untranslatable when the owner cannot be read."""
    owner = group.read_elements([record], S, lambda row, spec: column(row, _of_owner(spec.salesforce)))
    members = rows_of(record, group.spec.salesforce) if group.spec.salesforce else []
    team = group.read_people(members, S, lambda row, spec: column(row, spec.salesforce))
    return tuple(sorted((dict(team) | dict(set_content(owner))).items()))


def users(group: BoundGroup, emails: Iterable[str]) -> str:
    """The query for the active users of the org who have these addresses; empty when it cannot or need not be asked."""
    listed = ", ".join(quoted(email) for email in emails)
    field = _email(group)
    if not listed or field is None:
        return ""
    sobject, name = field
    return f"SELECT {ID}, {name} FROM {sobject} WHERE {AT_WORK} AND {name} IN ({listed}) ORDER BY {CREATED}"  # noqa: S608


def joined(group: BoundGroup, emails: Iterable[str], found: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the users found, one for each address, in the order of the addresses."""
    field = _email(group)
    if field is None:
        return []
    bound = next(bound for bound in group.rows if bound.name == group.spec.element_key)
    by_email: dict[str, str] = {}
    for row in found:
        by_email.setdefault(bound.codec.read(row.get(field[1]), S, bound.row), str(row[ID]))
    return [by_email[email] for email in dict.fromkeys(emails) if email in by_email]


def _of_owner(field: str) -> str:
    return f"{OWNER}.{field.rpartition('.')[2]}"


def _email(group: BoundGroup) -> tuple[str, str] | None:
    """Object and field of the address, where it is a field of the member's user."""
    spec = next(bound.spec for bound in group.rows if bound.name == group.spec.element_key)
    sobject, _, name = spec.salesforce.partition(".")
    return (sobject, name) if name and "." not in name else None


def of(groups: Mapping[str, BoundGroup]) -> Iterator[BoundGroup]:
    """The groups of people in a table."""
    return (group for group in groups.values() if group.spec.kind == "people")
