"""`cosell mapping diff`: what a promotion would change, key by key, in the words of the guide."""

import json
from pathlib import Path
from typing import Any

from cli.mapping import Change, config_of, diff
from tests.cli.test_cosell import cosell

STAGING = """
[stages]
hold = "Partner Review"

[groups.value]
owner = "hold"

[groups.value.fields.amount]
salesforce = "Deal_Value__c"

[groups.size]
create = "to_partner_center"
update = "none"
[groups.size.fields.employees]
referral = "/customerProfile/size"
salesforce = "Account.Company_Size__c"
codec = "choice"
values = { 1to50employees = "Small" }
"""


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def changed(before: Path | None, after: Path | None) -> dict[str, tuple[Any, Any]]:
    """Key -> (was, becomes)."""
    return {change.key: (change.was, change.becomes) for change in diff(config_of(before), config_of(after))}


def test_a_file_is_compared_with_the_shipped_default_key_by_key(tmp_path: Path) -> None:
    assert changed(None, written(tmp_path, "staging.toml", STAGING)) == {
        "stages.hold": ("Microsoft Review", "Partner Review"),
        "groups.value.owner": ("salesforce", "hold"),
        "groups.value.fields.amount.salesforce": ("Amount", "Deal_Value__c"),
        "groups.size.create": (None, "to_partner_center"),
        "groups.size.update": (None, "none"),
        "groups.size.fields.employees.referral": (None, "/customerProfile/size"),
        "groups.size.fields.employees.salesforce": (None, "Account.Company_Size__c"),
        "groups.size.fields.employees.codec": (None, "choice"),
        "groups.size.fields.employees.values.1to50employees": (None, "Small"),
    }


def test_the_way_back_is_the_same_with_sides_exchanged(tmp_path: Path) -> None:
    staging, production = written(tmp_path, "staging.toml", STAGING), written(tmp_path, "production.toml", "")
    there, back = changed(production, staging), changed(staging, production)
    assert {key: (becomes, was) for key, (was, becomes) in there.items()} == back


def test_what_is_only_written_differently_is_no_change(tmp_path: Path) -> None:
    spelled_out = written(tmp_path, "a.toml", '# a comment\n[groups.value]\nowner = "salesforce"\nenabled = true\n')
    assert changed(None, spelled_out) == {}


def test_a_change_says_what_its_key_means(tmp_path: Path) -> None:
    (owner,) = diff(config_of(None), config_of(written(tmp_path, "a.toml", '[groups.value]\nowner = "hold"')))
    assert owner == Change("groups.value.owner", "salesforce", "hold", "Whose change stands when both sides changed")


def test_every_key_of_the_default_has_a_meaning(tmp_path: Path) -> None:
    whole = diff(config_of(written(tmp_path, "a.toml", STAGING)), config_of(None))
    assert [change.key for change in whole if not change.meaning] == []


def test_the_command_prints_a_table_or_json(tmp_path: Path) -> None:
    production, staging = written(tmp_path, "production.toml", ""), written(tmp_path, "staging.toml", STAGING)
    shown = cosell("mapping", "diff", str(production), str(staging))
    assert shown.exit_code == 0
    assert "groups.value.owner" in shown.output
    assert "Whose change stands" in shown.output
    told = json.loads(cosell("mapping", "diff", str(staging), "--json").output)
    assert (told["same"], len(told["changes"])) == (False, 9)
    assert told["changes"][0] == {
        "key": "stages.hold",
        "was": "Microsoft Review",
        "becomes": "Partner Review",
        "meaning": "An inbound deal that nobody has accepted; leaving it accepts the deal",
    }
    assert json.loads(cosell("mapping", "diff", str(production), "--json").output) == {"same": True, "changes": []}
    assert "Both mean the same." in cosell("mapping", "diff", str(production)).output


def test_a_file_that_cannot_be_used_is_named_with_every_mistake(tmp_path: Path) -> None:
    wrong = written(tmp_path, "wrong.toml", '[groups.value]\nownr = "hold"\n[stages]\nhod = "x"')
    done = cosell("mapping", "diff", str(wrong))
    assert done.exit_code == 1
    assert {"groups.value.ownr", "stages.hod"} <= set(done.output.replace(":", " ").split())
    assert cosell("mapping", "diff", str(tmp_path / "none.toml")).exit_code == 2
