"""The shape of mapping.toml: what a partner may write, and every mistake named at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, field_validator, model_validator

from shared.deal import Direction, Side
from shared.mapping.codecs import CODECS

Winner = Literal["salesforce", "partner_center", "hold", "newest"]

# What "Update a lead or opportunity" lists (Partner Center REST); `/-` would append twice when repeated.
PATCHABLE = frozenset(
    {
        "/campaignId",
        "/consent/consentToShareReferralWithMicrosoftSellers",
        "/customerProfile/team",
        "/details/closingDateTime",
        "/details/currency",
        "/details/dealValue",
        "/details/notes",
        "/details/requirements/solutions",
        "/externalReferenceId",
        "/referralProgram",
        "/salesStage",
        "/status",
        "/substatus",
        "/statusReason",
        "/team",
    }
)


class MappingInvalid(Exception):
    """The mapping cannot be used; the text lists every key with what is wrong about it."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldRow(_Table):
    """One field of a group: where it stands on each side and how it is spelled."""

    referral: str = Field(pattern=r"^(/[A-Za-z0-9]+)+$", description="JSON pointer into the referral")
    salesforce: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.]*$", description="API name; Account., Contact., Owner. reach out"
    )
    codec: str = Field(description="How the value is spelled on each side")
    required: bool = Field(default=False, description="Microsoft refuses a new deal without it")
    length: dict[Side, PositiveInt] = Field(default_factory=dict, description="Longest text per side")
    shorten: bool = Field(default=False, description="Cut a longer text with … (fields that are never updated)")
    values: dict[str, str] = Field(default_factory=dict, description="Referral value = Salesforce value")
    enabled: bool = True

    @model_validator(mode="after")
    def _known_codec(self) -> Self:
        if self.codec not in CODECS:
            raise ValueError(f"codec {self.codec!r} is unknown; use one of {', '.join(sorted(CODECS))}")
        return self


class Group(_Table):
    """Fields that move together, and the rules for them."""

    kind: Literal["scalar", "status", "set", "latch"] = "scalar"
    create: Direction = Direction.BOTH
    update: Direction = Direction.BOTH
    owner: Winner = Field("salesforce", description="Whose change stands when both sides changed")
    first: Winner | None = Field(None, description="At first meeting; like owner")
    drift: Literal["revert", "ignore"] = Field("revert", description="One-way group edited on its receiving side")
    alone: bool = Field(default=True, description="False: travels with other changes only")
    rename: bool = Field(default=False, description="True: update /name, which Microsoft's update page does not list")
    fields: dict[str, FieldRow] = Field(default_factory=dict)
    # sets only
    referral: str = ""
    salesforce: str = ""
    object: str = ""
    parent: str = ""
    external_id: str = ""
    removed: str = ""
    element_key: str = ""
    keep_one: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "set":
            needed = ("referral", "salesforce", "object", "parent", "external_id", "removed", "element_key")
            missing = [name for name in needed if not getattr(self, name)]
            if missing:
                raise ValueError(f"a set also needs {', '.join(missing)}")
            if self.element_key not in self._enabled():
                raise ValueError(f"element_key {self.element_key!r} is not among its enabled fields")
        return self

    @model_validator(mode="after")
    def _updatable(self) -> Self:
        """A row that could never be updated would ask for the same change for ever."""
        if self.update.towards(Side.PARTNER_CENTER):
            allowed = PATCHABLE | ({"/name"} if self.rename else set())
            paths = [self.referral] if self.kind == "set" else [row.referral for row in self._enabled().values()]
            if refused := [path for path in paths if path not in allowed]:
                raise ValueError(
                    f"{', '.join(refused)} cannot change in Partner Center after creation: 'update' must be"
                    f" 'to_salesforce' or 'none', or the path one of {', '.join(sorted(allowed))}"
                )
        if self.update.towards(Side.SALESFORCE) and (refused := [n for n in self.targets() if "." in n or n == "Id"]):
            raise ValueError(
                f"{', '.join(refused)} cannot change in Salesforce after creation: 'update' must be"
                " 'to_partner_center' or 'none', or the field one of the opportunity itself"
            )
        return self

    def targets(self) -> list[str]:
        """The Salesforce fields of the enabled rows."""
        return [row.salesforce for row in self._enabled().values()]

    def _enabled(self) -> dict[str, FieldRow]:
        return {name: row for name, row in self.fields.items() if row.enabled}


class Stages(_Table):
    """The partner's names for the four stages that carry meaning."""

    hold: str
    active: str
    won: str
    lost: str

    @model_validator(mode="after")
    def _different(self) -> Self:
        names = [self.hold, self.active, self.won, self.lost]
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("hold, active, won and lost must be four different stages")
        return self


class Scope(_Table):
    """Which referrals become opportunities."""

    co_sell_only: bool = True
    second_referral: bool = True


class OpportunityFields(_Table):
    """Fields of the opportunity that steer the sync or show its state; an empty name switches one off."""

    sync: str
    referral_id: str
    referral_link: str
    status: str
    message: str
    audit: str
    marker: str
    reason: str = ""
    audit_length: int = Field(100_000, ge=256, le=131_072)


class AccountFields(_Table):
    """Fields of the customer's account."""

    key: str


class ContactFields(_Table):
    """Fields of the customer's contact and its role."""

    key: str
    role: str


class Config(_Table):
    """A whole mapping: the shipped default with the partner's differences laid over it."""

    stages: Stages
    scope: Scope
    opportunity: OpportunityFields
    account: AccountFields
    contact: ContactFields
    groups: dict[str, Group]

    @field_validator("groups")
    @classmethod
    def _no_field_twice(cls, groups: dict[str, Group]) -> dict[str, Group]:
        """Two rows that write one Salesforce field would undo each other."""
        writers: dict[str, list[str]] = {}
        for name, group in groups.items():
            if group.kind != "set" and group.update.towards(Side.SALESFORCE):
                for target in group.targets():
                    writers.setdefault(target.lower(), []).append(f"{name} ({target})")
        if twice := [" and ".join(names) for names in writers.values() if len(names) > 1]:
            raise ValueError(f"one Salesforce field has two writers: {'; '.join(twice)}")
        return groups

    @field_validator("groups")
    @classmethod
    def _one_of_each(cls, groups: dict[str, Group]) -> dict[str, Group]:
        for kind in ("set", "status"):
            if len(found := [name for name, group in groups.items() if group.kind == kind]) != 1:
                raise ValueError(f"exactly one group of kind {kind!r} is possible, not {', '.join(found) or 'none'}")
        return groups

    @model_validator(mode="after")
    def _one_identifier(self) -> Self:
        """The referral's id is read through its group and looked up by its external id: one field, named twice."""
        identity = self.groups.get("identity")
        row = identity.fields.get("referral_id") if identity else None
        if row and row.salesforce != self.opportunity.referral_id:
            raise ValueError(
                f"opportunity.referral_id is {self.opportunity.referral_id!r}, but"
                f" groups.identity.fields.referral_id.salesforce is {row.salesforce!r}: name the same field"
            )
        return self


def load(overlay: str = "") -> Config:
    """The default with a partner's TOML laid over it. Raises MappingInvalid naming every mistake."""
    default = tomllib.loads(files("shared.mapping").joinpath("mapping.toml").read_text("utf-8"))
    try:
        return Config.model_validate(_laid_over(default, tomllib.loads(overlay)))
    except tomllib.TOMLDecodeError as error:
        raise MappingInvalid(f"mapping.toml is not valid TOML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'mapping'}: {e['msg']}" for e in error.errors(include_input=False)]
        raise MappingInvalid("mapping.toml cannot be used:\n  " + "\n  ".join(lines)) from None


def _laid_over(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        # A value map replaces the default's: a partner who spells half of it does not want the other half back.
        merge = isinstance(value, Mapping) and isinstance(below, Mapping) and key != "values"
        merged[key] = _laid_over(below, value) if merge else value  # type: ignore[arg-type]
    return merged
