"""Writes `docs/customise.md` and `docs/mapping.schema.json` from the mapping and its model, so that they cannot drift.

`python -m tests.pages.mapping_page` writes both; `test_mapping_page.py` fails when either is out of date. The prose is
`tests/pages/mapping_page.md`, where a line `<!-- name -->` stands for a generated part. Development only.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from shared.deal import Direction, Side
from shared.mapping import Config, load
from shared.mapping.model import LISTS, PATCHABLE, FieldRow, Group
from tests.pages.prose import filled

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "customise.md"
SCHEMA: Final = ROOT / "docs" / "mapping.schema.json"
PROSE: Final = Path(__file__).with_suffix(".md")

WAYS: Final[Mapping[Direction, str]] = {
    Direction.BOTH: "⇄ both ways",
    Direction.TO_SALESFORCE: "→ Salesforce",
    Direction.TO_PARTNER_CENTER: "→ Partner Center",
    Direction.NONE: "–",
}
OWNERS: Final[Mapping[str, str]] = {
    "salesforce": "Salesforce",
    "partner_center": "Partner Center",
    "hold": "nobody: both wait",
    "newest": "saved later",
}
CODECS: Final[Mapping[str, str]] = {
    "text": "text",
    "email": "e-mail address, in lower case",
    "money": "number with two decimals",
    "day": "calendar day; midnight UTC at Microsoft",
    "flag": "checkbox",
    "choice": "one of the listed values, any other is held",
    "person": "name and e-mail address of a member of a team",
    "code": "code in capitals, such as a currency",
    "country": "ISO 3166 two letters; three letters and names (English, Japanese) are understood",
}
KINDS: Final[Mapping[str, str]] = {
    "latch": "Can be given, never taken back.",
    "people": "A list: people come and go one by one, known by their e-mail addresses; others at Microsoft stay.",
    "set": "A list: elements are added and flagged as removed one by one; child rows are never deleted.",
}
PERSON: Final = ("firstName", "lastName", "email", "phoneNumber")
# What Microsoft asks of a field: its rule on creation, and what it locks. Sources: "Create a referral", "Update a lead
# or opportunity", "Manage co-sell opportunities", "Bulk operations" (Partner Center).
RULES: Final[Mapping[str, str]] = {
    "/name": "Required. The portal can rename a deal; the API's update page lists no path for it.",
    "/details/dealValue": "Required, more than zero.",
    "/details/currency": "Required, ISO 4217.",
    "/details/closingDateTime": "Required; a new deal's day must not be in the past.",
    "/details/notes": "Required by the portal's form since 2023.",
    "/details/requirements/solutions": "At least one, at most 50, from the catalogue.",
    "/consent/consentToShareReferralWithMicrosoftSellers": "Cannot be undone; implied once help is asked for.",
    "/inviteContext/assistanceRequestCode": "Six codes; empty: no help. Fixed once asked; makes the deal a co-sell.",
    "/details/requirements/additionalRequirements/attributes/CustomerMarketplaceIntent/id": (
        "Required since 2023; empty: has not decided."
    ),
    "/customerProfile/name": "Required.",
    "/customerProfile/address/addressLine1": "Required.",
    "/customerProfile/address/city": "Required.",
    "/customerProfile/address/state": "Optional.",
    "/customerProfile/address/postalCode": "Optional.",
    "/customerProfile/address/country": "Required, ISO 3166-1 alpha-2.",
    **{f"/customerProfile/team/0/{part}": "The whole contact is required when help is asked for." for part in PERSON},
    **{f"/team/0/{part}": "Required: one member of yours at least." for part in PERSON},
    "/team": "Everybody needs first name, last name, e-mail and phone.",
    "/microsoft/trackingInfo/microsoftMsxId": "Set when Microsoft's seller accepts, on either side's referral.",
    "/referralProgram": "Set by Microsoft.",
    "/microsoft/substatus": "Where Microsoft stands: Pending, Accepted, Declined, Expired, Won, Lost.",
    "/microsoft/statusReason": "Why Microsoft declined; none for requests that expired.",
    "/microsoft/team/0": "Whoever is on Microsoft's team and not on yours.",
    "/microsoft/expirationDateTime": "The end of Microsoft's 14 days to answer.",
    "/expirationDateTime": "The end of your 14 days to answer.",
    "/kind": "Follows from type, consent, qualification, and whether Microsoft takes part.",
    "/id": "Made by Partner Center.",
    "/link": "Not of the API: made from the setting `COSELL_PARTNER_CENTER_REFERRAL_LINK`.",
    "/externalReferenceId": "Free; by it a deal of unclear fate is found again.",
}
NEVER: Final = "frozen after creation"
UNTIL_CLOSED: Final = "open until the deal is closed"
LOCKS: Final[Mapping[str, str]] = {
    "/consent/consentToShareReferralWithMicrosoftSellers": "once true, for good",
    "/customerProfile/team": "frozen once shared with Microsoft",
    "/id": "Partner Center's own",
    "/link": "made here",
    "/name": "renamed in the portal only",
    "/team": "replaced as a whole list only",
    "/microsoft": "read from Microsoft's own referral",
    "/expirationDateTime": "Microsoft's own",
    "/kind": "made here",
}


def page() -> str:
    """docs/customise.md: the prose with the generated parts in place."""
    return filled(Path(__file__), {name: part(load()) for name, part in PARTS.items()})


def schema() -> str:
    """docs/mapping.schema.json: everything a partner's file may say; nothing is required, it holds what differs."""
    found = _partial(Config.model_json_schema())
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mapping.toml of the co-sell connector"}
    found["properties"] = {"$schema": {"type": "string"}} | found["properties"]
    return json.dumps(head | found, indent=2, ensure_ascii=False) + "\n"


def _partial(node: Any) -> Any:
    if isinstance(node, list):
        return [_partial(item) for item in node]
    if not isinstance(node, dict):
        return node
    noise = {"required": list, "title": str}  # as the schema's own words, not as names of keys
    kept = {key: value for key, value in node.items() if not isinstance(value, noise.get(key, ()))}
    return {key: _partial(value) for key, value in kept.items()}


def lock(pointer: str) -> str:
    """Until when Microsoft takes another value."""
    for path, words in LOCKS.items():
        if f"{pointer}/".startswith(f"{path}/"):
            return words
    return UNTIL_CLOSED if pointer in PATCHABLE else NEVER


def _fields(config: Config) -> str:
    return "".join(_group(name, group) for name, group in config.groups.items())


def _group(name: str, group: Group) -> str:
    words = [KINDS[group.kind]] if group.kind in KINDS else []
    words += [] if group.alone else ["Travels with other changes only."]
    words += ["A value that somebody else put there stays."] if group.drift == "ignore" else []
    lines = [f"\n### {name}\n", f"{_rule(group)}{' '.join(['', *words])}\n"]
    if group.kind == "status":
        return "\n".join([*lines, STATUS])
    if group.kind in LISTS:
        lines.append(
            f"List `{group.referral}` ⇄ rows of `{group.object}` (`{group.salesforce}`): {lock(group.referral)}."
            f" {RULES[group.referral]}\n"
        )
    head = ["| Row | Referral | Salesforce | Spelled as | At Microsoft |", "|---|---|---|---|---|"]
    rows = [_row(field, row, group) for field, row in group.fields.items()]
    return "\n".join([*lines, *head, *rows, *_values(group)]) + "\n"


def _lead(config: Config) -> str:
    """Lead's rows, without what Microsoft locks: they are written here once, and never there."""
    head = ["| Row | Referral | Lead | Spelled as |", "|---|---|---|---|"]
    rows = [
        f"| {_bold(name, row)} | `{row.referral}` | `{row.salesforce}` | {_spelled(row)} |"
        for name, row in config.lead.fields.items()
    ]
    return "\n".join([*head, *rows, *_values(config.lead.group)]) + "\n"


def _rule(group: Group) -> str:
    owner = f" When both sides changed: {OWNERS[group.owner]}." if group.update is Direction.BOTH else ""
    return f"On creation: {WAYS[group.create]}. On update: {WAYS[group.update]}.{owner}"


def _row(name: str, row: FieldRow, group: Group) -> str:
    rule = "" if group.kind in LISTS else f"{RULES[row.referral]} {_sentence(lock(row.referral))}"
    own = f" (creation {WAYS[row.create or group.create]}, update {WAYS[row.update or group.update]})"
    shown = own if row.create or row.update else ""
    return f"| {_bold(name, row)}{shown} | `{row.referral}` | `{row.salesforce}` | {_spelled(row)} | {rule} |"


def _bold(name: str, row: FieldRow) -> str:
    return f"**`{name}`**" if row.required else f"`{name}`"


def _spelled(row: FieldRow) -> str:
    limits = [f"{number} in {SIDES[side]}" for side, number in row.length.items()]
    extra = [f"at most {', '.join(limits)}{', then cut with …' if row.shorten else ''}"] if limits else []
    extra += ["without a leading ✓ or ✗"] if row.unmarked else []
    return "; ".join([CODECS[row.codec], *extra])


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _values(group: Group) -> Iterator[str]:
    for name, row in group.fields.items():
        if row.values:
            yield f"\nValues of `{name}`:\n"
            yield "| Referral | Salesforce |\n|---|---|"
            yield from (f"| `{theirs}` | {ours or '*(empty)*'} |" for theirs, ours in row.values.items())


SIDES: Final[Mapping[Side, str]] = {Side.SALESFORCE: "Salesforce", Side.PARTNER_CENTER: "Partner Center"}
STATUS: Final = """| Partner Center | | Salesforce |
|---|---|---|
| New / Pending, Received | → | `stages.hold`; edits stay in Salesforce until the deal is accepted |
| Active / Accepted | ← | leaving `stages.hold` for an open stage accepts the deal |
| Active / Accepted | ⇄ | any other open stage; `stages.active` is written |
| Closed / Won | ⇄ | any stage closed as won; `stages.won` is written |
| Closed / Lost | ⇄ | any stage closed as lost; `stages.lost` is written. A reason goes along |
| Closed / Declined | ← | closed as lost while still on hold |
| Closed / Declined, Expired, Error | → | `stages.lost` |

At Microsoft: `/status`, `/substatus` and `/statusReason` are open until the deal is closed; closed is final.
"""


def _steering(config: Config) -> str:
    rows = [
        f"| `{table}.{name}` | {_shown(getattr(getattr(config, table), name))} | {info.description} |"
        for table in ("stages", "scope", "opportunity", "account", "contact", "note", "lead")
        for name, info in type(getattr(config, table)).model_fields.items()
        if name != "fields"
    ]
    return "\n".join(["| Key | Default | Meaning |", "|---|---|---|", *rows]) + "\n"


def _keys(shape: type[BaseModel]) -> str:
    rows = [f"| `{name}` | {info.description} |" for name, info in shape.model_fields.items()]
    return "\n".join(["| Key | Meaning |", "|---|---|", *rows]) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value else ""


PARTS: Final[Mapping[str, Callable[[Config], str]]] = {
    "fields": _fields,
    "lead": _lead,
    "steering": _steering,
    "row keys": lambda _: _keys(FieldRow),
    "group keys": lambda _: _keys(Group),
}


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    SCHEMA.write_text(schema(), "utf-8")
