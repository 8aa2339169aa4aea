"""The guide and the published schema say what the mapping is, and their examples work."""

import json
import re
import tomllib
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from shared.mapping import build, load
from shared.mapping.codecs import CODECS
from shared.mapping.file import default_table
from shared.mapping.model import LISTS, PATCHABLE
from tests.pages import mapping_page
from tests.pages.mapping_page import LOCKS, PAGE, RULES, SCHEMA

EXAMPLES = re.findall(r"```toml\n(.*?)```", mapping_page.PROSE.read_text("utf-8"), re.DOTALL)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(mapping_page.schema()))


def refused(overlay: str) -> list[Any]:
    return list(VALIDATOR.iter_errors(tomllib.loads(overlay)))


def test_the_guide_and_the_schema_are_up_to_date() -> None:
    told = "run python -m tests.pages.mapping_page"
    assert PAGE.read_text("utf-8") == mapping_page.page(), told
    assert SCHEMA.read_text("utf-8") == mapping_page.schema(), told


def test_every_row_of_the_default_stands_in_the_guide_with_a_rule() -> None:
    text, groups = mapping_page.page(), load().groups.values()
    rows = [row for group in groups for row in group.fields.items()]
    for name, row in [*rows, *load().lead.fields.items()]:
        assert re.search(rf"`{name}`.*\| `{row.referral}` \| `{row.salesforce}` \|", text), name
    outside = {row.referral for group in groups if group.kind not in LISTS for row in group.fields.values()}
    assert outside | {group.referral for group in groups if group.kind in LISTS} == RULES.keys()
    assert {row.codec for _, row in rows} <= mapping_page.CODECS.keys() == CODECS.keys()
    assert "<!--" not in text


def test_a_lock_follows_the_paths_that_may_be_patched() -> None:
    assert mapping_page.lock("/details/dealValue") == mapping_page.UNTIL_CLOSED
    assert mapping_page.lock("/customerProfile/address/city") == mapping_page.NEVER
    for path in RULES.keys() - PATCHABLE:
        assert mapping_page.lock(path) in {mapping_page.NEVER, *LOCKS.values()}, path


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_guide_can_be_used(example: str) -> None:
    assert load(example) != load()
    build(load(example), zone=ZoneInfo("UTC"))
    assert refused(example) == []


def test_the_examples_may_stand_in_one_file() -> None:
    whole = "\n".join(EXAMPLES).replace("[stages]\n", "", 1).replace('hold = "Partner Review"\n', "")
    assert load(whole) != load()


def test_the_default_and_an_empty_file_fit_the_schema() -> None:
    assert list(VALIDATOR.iter_errors(default_table())) == []
    assert refused("") == []


@pytest.mark.parametrize(
    "overlay",
    [
        "[stage]\nwon = 1",
        '[groups.value]\nowners = "hold"',
        '[groups.value]\nupdate = "sideways"',
        '[groups.value.fields.amount]\ncodec = "cash"',
        '[groups.notes.fields.text]\nsalesforce = "Name FROM User"',
        "[groups.notes.fields.text.length]\nportal = 9",
        '[stages.means]\n"Signed" = "done"',
        "[opportunity]\naudit_length = 10",
    ],
)
def test_an_editor_sees_what_the_app_would_refuse(overlay: str) -> None:
    assert refused(overlay)


def test_each_variable_of_microsofts_connector_has_a_key_that_exists() -> None:
    config = load().model_dump(mode="json")
    keys = re.findall(r"\| `msft_\w+` \| `([\w.]+)` \| `(\w[\w. ]*)`", mapping_page.PROSE.read_text("utf-8"))
    assert len(keys) == 7
    for key, value in keys:
        found: Any = config
        for part in key.split("."):
            found = found[part]
        assert str(found).lower() == value.lower(), key
