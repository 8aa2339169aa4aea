"""Model: the shape of mapping.toml: every key a partner may write, and what it means. What must not be said together is
in `rules`, how a file is read in `file`.

The descriptions are published: editors show them from docs/mapping.schema.json.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from shared.deal import Direction, Side
from shared.mapping.codecs import CODECS
from shared.shapes import referral

Winner = Literal["salesforce", "partner_center", "hold", "newest"]
Ways = tuple[Direction, Direction]
"""Where something may travel: on creation, and on update."""

# The names in a path are letters and digits alone: unlike in a JSON Pointer, nothing is ever escaped.
PATH = r"(/[A-Za-z0-9]+)+"
# A path that appends would append twice when it is repeated.
PATCHABLE = frozenset(path for path in referral.PATCHABLE if not path.endswith("/-"))
LISTS = frozenset({"set", "people"})
"""Kinds of groups whose rows describe one element of a list."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldRow(_Table):
    """One field of a group: where it stands on each side and how it is spelled."""

    referral: str = Field(pattern=f"^{PATH}$", description="Path into the referral")
    salesforce: str = Field(
        "", pattern=r"^([A-Za-z][A-Za-z0-9_.]*)?$", description="API name; Account., Contact., Owner. reach out"
    )
    fixed: str = Field("", description="What Salesforce holds everywhere, in the place of a field")
    codec: str = Field(
        description="How the value is spelled on each side", json_schema_extra={"enum": [*sorted(CODECS)]}
    )
    create: Direction | None = Field(None, description="On creation, where this row differs from its group")
    update: Direction | None = Field(None, description="On update, where this row differs from its group")
    required: bool = Field(default=False, description="Microsoft refuses a new deal without it")
    default: dict[Side, str] = Field(
        default_factory=dict,
        description="What a creation on that side gets where the source is empty, as spelled there",
    )
    length: dict[Side, PositiveInt] = Field(default_factory=dict, description="Longest text per side")
    shorten: bool = Field(default=False, description="Cut a longer text with … (fields that are never updated)")
    values: dict[str, str] = Field(
        default_factory=dict, description="Referral value = Salesforce value; replaces the default's map as a whole"
    )
    also: dict[str, str] = Field(
        default_factory=dict, description="Further Salesforce value = referral value; read, never written"
    )
    many: bool = Field(default=False, description="A multi-select picklist, and a list of ids in the referral")
    unmarked: bool = Field(default=False, description="A leading ✓ or ✗ is no part of the value")
    enabled: bool = Field(default=True, description="False pauses the field: both sides keep what they have")


class Group(_Table):
    """Fields that move together, and the rules for them."""

    kind: Literal["scalar", "status", "set", "latch", "people"] = Field(
        "scalar",
        description="Latch: can be given and never taken back. Set: a list of rows. People: the deal's team. "
        "Status: the life-cycle",
    )
    enabled: bool = Field(default=True, description="False pauses the whole group: both sides keep what they have")
    create: Direction = Field(Direction.BOTH, description="Where it may travel when a record is made")
    update: Direction = Field(Direction.BOTH, description="Where it may travel afterwards")
    owner: Winner = Field("salesforce", description="Whose change stands when both sides changed")
    first: Winner | None = Field(None, description="At first meeting; like owner")
    drift: Literal["revert", "ignore"] = Field("revert", description="One-way group edited on its receiving side")
    alone: bool = Field(default=True, description="False: travels with other changes only")
    rename: bool = Field(default=False, description="True: update /name, which Microsoft's update page does not list")
    fields: dict[str, FieldRow] = Field(default_factory=dict, description="The rows; their names are yours")
    referral: str = Field("", pattern=f"^({PATH})?$", description="Lists only: path of the list")
    salesforce: str = Field("", description="Lists only: the relationship of the child rows; your own end in __r")
    object: str = Field("", description="Lists only: the object of the child rows")
    parent: str = Field("", description="Lists only: the child's field that names the opportunity")
    person: str = Field("", description="People only: the child's field that names the user")
    external_id: str = Field("", description="Sets only: the child's unique external id")
    removed: str = Field("", description="Sets only: the child's checkbox; rows are never deleted")
    element_key: str = Field("", description="Lists only: the row that tells elements apart")
    keep_one: bool = Field(default=False, description="Sets only: the last element stays")

    def active(self) -> dict[str, FieldRow]:
        """The enabled rows by name."""
        return {name: row for name, row in self.fields.items() if row.enabled}

    def ways(self, row: FieldRow | None = None) -> Ways:
        """Where the group, or one of its rows, may travel."""
        if row is None:
            return self.create, self.update
        return row.create or self.create, row.update or self.update

    def going(self, ways: Ways) -> Group:
        """The same group with other directions."""
        return self if ways == self.ways() else self.model_copy(update={"create": ways[0], "update": ways[1]})


Meaning = Literal["hold", "active", "won", "lost"]


class Stages(_Table):
    """The partner's names for the four stages that carry meaning."""

    hold: str = Field(description="An inbound deal that nobody has accepted; leaving it accepts the deal")
    active: str = Field(description="Where an accepted deal starts; every other open stage counts the same")
    won: str = Field(description="Set when the deal is won at Microsoft")
    lost: str = Field(description="Set when the deal is lost, declined or expired at Microsoft")
    means: dict[str, Meaning] = Field(
        default_factory=dict,
        description="Further stages that mean something else than Salesforce's own open, won or lost says",
    )


class Scope(_Table):
    """Which referrals are taken over, and as what."""

    co_sell_only: bool = Field(default=True, description="False: leads are taken over too; how, says `leads`")
    leads: Literal["opportunity", "lead"] = Field(
        "opportunity",
        description="What a lead that nobody has accepted becomes: an opportunity on hold, or a record of Lead",
    )
    second_referral: bool = Field(default=True, description="False: Microsoft is not invited when help is asked for")
    upgrade: bool = Field(default=True, description="False: a deal is shared with Microsoft when it is made, or never")


class OpportunityFields(_Table):
    """Fields of the opportunity that steer the sync or show its state; an empty name switches one off."""

    sync: str = Field(description="Checkbox: the seller asks for the sync")
    referral_id: str = Field(description="External id, unique: the referral's id")
    referral_link: str = Field(description="Address of the deal in Partner Center")
    status: str = Field(description="One of the status words a seller reads")
    message: str = Field(description="What is wrong and what to do")
    audit: str = Field(description="Long text: one line per change, newest first")
    marker: str = Field(description="Hidden text: which write was the last of ours")
    owner: str = Field(
        "", description="Lookup: the owner, taken from the team of a new deal; empty: the connector's user"
    )
    products: str = Field("", description="Text: the solutions by name, brought up to date with every save of the sync")
    reason: str = Field("", description="Why a deal was lost")
    reasons: dict[str, str] = Field(
        default_factory=dict, description="Your reason = what Microsoft reads; other reasons are sent as they are"
    )
    retry: str = Field("", description="Checkbox: the seller asks to try again what was refused")
    check_mark_in_name: bool = Field(default=False, description="True: ✓ or ✗ stands before the name too")
    audit_length: int = Field(100_000, ge=256, le=131_072, description="Length of the audit field")


class AccountFields(_Table):
    """Fields of the customer's account."""

    key: str = Field(description="External id, unique: an account is never made twice")


class ContactFields(_Table):
    """Fields of the customer's contact and its role."""

    key: str = Field(description="External id, unique: a contact is never made twice")
    role: str = Field(description="Role of the customer's contact in the opportunity")


class Note(_Table):
    """A note that is made once, with the opportunity of a deal from Microsoft."""

    referral: str = Field("", pattern=f"^({PATH})?$", description="Path of its text; empty: no note is made")
    title: str = Field("Microsoft", min_length=1, max_length=255, description="What sellers see above the text")
    share: Literal["V", "C", "I"] = Field("I", description="Who may edit: viewers, collaborators, as the record says")


class Lead(_Table):
    """The record of Lead that a lead becomes with `scope.leads = "lead"`: made once, never updated."""

    key: str = Field(min_length=1, description="External id, unique: the referral's id; a lead is never made twice")
    fields: dict[str, FieldRow] = Field(
        default_factory=dict,
        description="The rows; their names are yours. `required` ones must have a value, or no lead is made",
    )

    @property
    def group(self) -> Group:
        """The rows as a group of the table."""
        return Group(fields=self.fields, create=Direction.TO_SALESFORCE, update=Direction.NONE)


class Config(_Table):
    """A whole mapping: the shipped default with the partner's differences laid over it."""

    stages: Stages = Field(description="Names of your sales stages")
    scope: Scope = Field(description="Which deals are synchronised")
    opportunity: OpportunityFields = Field(description="Fields that steer the sync")
    account: AccountFields = Field(description="The customer")
    contact: ContactFields = Field(description="The customer's contact")
    note: Note = Field(description="What Microsoft wrote with its invitation")
    lead: Lead = Field(description="Leads that nobody has accepted yet")
    groups: dict[str, Group] = Field(description="What travels, in groups that move together")

    @property
    def as_leads(self) -> bool:
        """Whether leads that nobody has accepted are records of Lead."""
        return self.scope.leads == "lead"
