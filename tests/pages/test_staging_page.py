"""What docs/staging.md promises: the mapping that only listens, and settings that exist."""

import re
from pathlib import Path

from shared.mapping import load
from shared.mapping.file import default_table
from shared.settings.model import Settings
from tests.support.rig import Rig

PAGE = (Path(__file__).parents[2] / "docs" / "staging.md").read_text("utf-8")


def listening() -> str:
    """The mapping file of the page."""
    (found,) = re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_mapping_that_only_listens_takes_everything_and_writes_nothing_at_microsoft() -> None:
    rig = Rig(mapping=listening())
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    rig.minutes(3)
    (link,) = rig.store.links()
    changed = {"Amount": 999, "StageName": "Qualification", "Description": "Changed here.", "CloseDate": "2027-01-31"}
    rig.edit(link.opportunity_id, **changed)
    rig.minutes(3)
    rig.microsoft_saves(referral, {"/details/notes": "Changed at Microsoft."})
    assert rig.opportunity(link.opportunity_id)["Description"] == "Changed at Microsoft."
    assert [write for write in rig.partner_center.requests if write.method != "GET"] == []


def test_the_mapping_that_only_listens_leaves_no_group_of_the_default_two_way() -> None:
    groups = load(listening()).groups
    assert set(groups) == set(default_table()["groups"])
    ways = {way for group in groups.values() if group.enabled for way in (group.create, group.update)}
    assert {str(way.value) for way in ways} == {"to_salesforce", "none"}


def test_every_setting_that_the_page_names_exists() -> None:
    named = set(re.findall(r"COSELL_[A-Z_]+", PAGE))
    assert named
    assert named <= set(Settings.names())
