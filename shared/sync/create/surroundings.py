"""Surroundings: what stands around a new opportunity: account, contact, owner and team, solutions, and what Microsoft
wrote.

Asked for in one composite, by questions that change nothing; what is missing is made in another, all or nothing,
by upserts on unique keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.deal import Side, Unreadable, Views
from shared.mapping import Mapping as FieldMapping
from shared.mapping import customer, people
from shared.mapping.keys import by_external_id, contact_key, customer_key, quoted
from shared.shapes import salesforce as sf
from shared.shapes.salesforce import ACCOUNT, CONTACT
from shared.sync.ports import CompositeStep, Document

NEW_ACCOUNT, NEW_OPPORTUNITY = "@{account.id}", "@{opportunity.id}"
TEAM, NOTE, NOTE_LINK = "team", "note", "note_link"
MOST_MEMBERS = 10  # a composite holds 25 steps
Bodies = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Around:
    """What exists of it already, by id; empty for what has to be made."""

    account: str = ""
    similar: tuple[str, ...] = ()  # accounts that a person should compare
    contact: str = ""
    users: tuple[str, ...] = ()  # who of the referral's team is a user, in its order
    note: str = ""

    def optional(self, step: str) -> bool:
        """Whether a refused step is, or may be refused for, something that a deal can do without."""
        return step.startswith((TEAM, NOTE)) or (step == "opportunity" and bool(self.users))


def questions(mapping: FieldMapping, views: Views, document: Document) -> list[CompositeStep]:
    """Queries for what may exist."""
    texts, person = _texts(views, "customer"), _texts(views, "contact")
    asked = customer.questions(_account_fields(mapping), texts)
    email = _field(mapping, "contact", "email", CONTACT)
    if email and person.get("email") and asked:
        key = f"{mapping.config.contact.key} = {quoted(contact_key(customer_key(texts), person['email']))}"
        same = f"{ACCOUNT}.{_account_fields(mapping).name} = {quoted(texts['name'])}"
        known = f"{key} OR ({email} = {quoted(person['email'])} AND {same})"
        asked["contacts"] = (
            f"SELECT {sf.ID}, {sf.ACCOUNT_ID} FROM {CONTACT} WHERE {known} ORDER BY {sf.CREATED} LIMIT 20"  # noqa: S608
        )
    for group in people.of(mapping.groups):
        if group.spec.create.towards(Side.SALESFORCE):
            asked["users"] = people.users(group, mapping.referral.members(document, group))
    return [CompositeStep(name, "GET", f"/query?q={quote(soql, safe='')}") for name, soql in asked.items() if soql]


def understood(mapping: FieldMapping, views: Views, document: Document, found: Bodies) -> Around:
    """What the answers to `questions` say."""
    choice = customer.choose(_account_fields(mapping), _texts(views, "customer"), found)
    contacts = found.get("contacts", ())
    # Of an account yet to be made nobody is a contact; who is known by the customer's name is that person.
    known = [row for row in contacts if not choice.account or row[sf.ACCOUNT_ID] == choice.account]
    users: list[str] = []
    for group in people.of(mapping.groups):
        users = people.joined(group, mapping.referral.members(document, group), found.get("users", ()))
    return Around(
        choice.account,
        choice.similar,
        str(known[0][sf.ID]) if known else "",
        tuple(users),
        mapping.referral.note(document),
    )


def before(mapping: FieldMapping, views: Views, around: Around) -> list[CompositeStep]:
    """What the opportunity builds upon: an account, where none is known."""
    texts = _texts(views, "customer")
    if around.account or not texts.get("name"):
        return []
    path = by_external_id(ACCOUNT, mapping.config.account.key, customer_key(texts))
    return [CompositeStep("account", "PATCH", path, mapping.opportunity.creation(views, f"{ACCOUNT}."))]


def fields(mapping: FieldMapping, views: Views, around: Around) -> dict[str, Any]:
    """The fields of the opportunity that name what is around it."""
    account, owner = _account(mapping, views, around), mapping.config.opportunity.owner
    return ({sf.ACCOUNT_ID: account} if account else {}) | ({owner: around.users[0]} if owner and around.users else {})


def after(mapping: FieldMapping, views: Views, around: Around, referral_id: str) -> list[CompositeStep]:
    """What is made below the opportunity."""
    made = [
        _contact(mapping, views, around),
        _solutions(mapping, views, referral_id),
        _team(mapping, around),
        _note(mapping, around),
    ]
    return [step for steps in made for step in steps]


def _account(mapping: FieldMapping, views: Views, around: Around) -> str:
    """The customer's account, found or made in the same request; empty for a deal without one."""
    return around.account or (NEW_ACCOUNT if before(mapping, views, around) else "")


def _contact(mapping: FieldMapping, views: Views, around: Around) -> list[CompositeStep]:
    person, config = _texts(views, "contact"), mapping.config.contact
    account = _account(mapping, views, around)
    if not (account and person.get("last_name") and person.get("email")):
        return []
    steps = []
    if not around.contact:
        key = contact_key(customer_key(_texts(views, "customer")), person["email"])
        own = mapping.opportunity.creation(views, f"{CONTACT}.") | {sf.ACCOUNT_ID: account}
        steps.append(CompositeStep("contact", "PATCH", by_external_id(CONTACT, config.key, key), own))
    role = sf.primary_contact(NEW_OPPORTUNITY, around.contact or "@{contact.id}", config.role)
    return [*steps, CompositeStep("role", "POST", sf.path(sf.CONTACT_ROLE), role)]


def _solutions(mapping: FieldMapping, views: Views, referral_id: str) -> list[CompositeStep]:
    writes = {g: c for g, c in views.items() if mapping.groups[g].spec.kind == "set" and c}
    if not writes:
        return []
    (sobject, key), added, _ = mapping.opportunity.children(writes, {}, NEW_OPPORTUNITY, referral_id)  # type: ignore[arg-type]
    path = f"/composite/sobjects/{sobject}/{key}"
    return [CompositeStep("solutions", "PATCH", path, {"allOrNone": True, "records": added})]


def _team(mapping: FieldMapping, around: Around) -> list[CompositeStep]:
    """Users beside the owner. Adding somebody twice makes one row (Object Reference, OpportunityTeamMember).

    One step each: what a composite says of a collection that it rolls back does not say which step was refused.
    """
    members = around.users[1:] if mapping.config.opportunity.owner else around.users
    spec = next((group.spec for group in people.of(mapping.groups) if group.spec.salesforce), None)
    if spec is None:
        return []
    return [
        CompositeStep(
            f"{TEAM}{number}", "POST", sf.path(spec.object), {spec.parent: NEW_OPPORTUNITY, spec.person: user}
        )
        for number, user in enumerate(members[:MOST_MEMBERS])
    ]


def _note(mapping: FieldMapping, around: Around) -> list[CompositeStep]:
    """Microsoft's words as a note."""
    if not around.note:
        return []
    config = mapping.config.note
    note, link = sf.note(config.title, around.note), sf.note_link("@{note.id}", NEW_OPPORTUNITY, config.share)
    return [
        CompositeStep(NOTE, "POST", sf.path(sf.NOTE), note),
        CompositeStep(NOTE_LINK, "POST", sf.path(sf.NOTE_LINK), link),
    ]


def _account_fields(mapping: FieldMapping) -> customer.Fields:
    name, postal_code = (_field(mapping, "customer", row, ACCOUNT) for row in ("name", "postal_code"))
    return customer.Fields(mapping.config.account.key, name, postal_code)


def _field(mapping: FieldMapping, group: str, row: str, sobject: str) -> str:
    """A field of an object that a row of the mapping fills; empty where the partner has none there."""
    rows = mapping.groups[group].rows if group in mapping.groups else ()
    names = (bound.spec.salesforce for bound in rows if bound.name == row)
    return next((name.removeprefix(f"{sobject}.") for name in names if name.startswith(f"{sobject}.")), "")


def _texts(views: Views, group: str) -> dict[str, str]:
    content = views.get(group, ())
    return {} if isinstance(content, Unreadable) else {str(name): str(text) for name, text in content}
