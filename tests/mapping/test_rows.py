"""What a row may ask for: a way of its own, a pause, value maps, several values, defaults, no mark, other stages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deal import Direction, Phase, Side, Unreadable
from shared.mapping import Mapping, Untranslatable, load
from shared.mapping.name_mark import name_mark
from tests.support.mapping import refused, table

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
TEAM_PHONE = '[groups.team.fields.phone.default]\npartner_center = "+81 3 5550 0100"\n'
LOCALE = """
[groups.locale.fields.program]
referral = "/referralProgram"
salesforce = "Program__c"
codec = "choice"
values = { Cosell = "Co-sell", Services = "Services" }
default = { salesforce = "Co-sell", partner_center = "Services" }
[groups.microsoft.fields.program]
enabled = false
"""


def ways(mapping: Mapping, group: str) -> tuple[Direction, Direction, list[str]]:
    """Where a group travels on creation and on update, and its rows."""
    bound = mapping.groups[group]
    return bound.spec.create, bound.spec.update, [row.name for row in bound.rows]


def read(overlay: str, raw: Any, side: Side = S) -> str:
    """A raw value through the only row of the group `mine`."""
    row = table(overlay).groups["mine"].rows[0]
    return row.codec.read(raw, side, row.row)


def write(overlay: str, text: str, side: Side = S) -> Any:
    row = table(overlay).groups["mine"].rows[0]
    return row.codec.write(text, side, row.row)


def mine(codec: str, *lines: str) -> str:
    own = '[groups.mine.fields.x]\nreferral = "/campaignId"\nsalesforce = "X__c"'
    return "\n".join((own, f'codec = "{codec}"', *lines))


def test_a_row_with_other_directions_parts_from_its_group() -> None:
    ours = table('[groups.value.fields.currency]\nupdate = "to_salesforce"')
    assert ways(ours, "value") == (Direction.BOTH, Direction.BOTH, ["amount"])
    assert ways(ours, "value_currency") == (Direction.BOTH, Direction.TO_SALESFORCE, ["currency"])
    assert ours.groups["value_currency"].spec.owner == ours.groups["value"].spec.owner


def test_a_way_that_all_rows_share_is_the_groups_and_one_spelled_out_as_it_was_changes_nothing() -> None:
    ours = table('[groups.notes.fields.text]\nupdate = "to_partner_center"')
    assert ways(ours, "notes") == (Direction.BOTH, Direction.TO_PARTNER_CENTER, ["text"])
    assert ours.groups.keys() == table().groups.keys()
    assert ways(table('[groups.value.fields.currency]\nupdate = "both"'), "value")[2] == ["amount", "currency"]


def test_creation_and_update_may_use_different_fields() -> None:
    ours = table(
        '[groups.notes.fields.text]\ncreate = "to_salesforce"\n'
        '[groups.notes.fields.pitch]\nreferral = "/details/notes"\nsalesforce = "NextStep"\ncodec = "text"\n'
        'required = true\ncreate = "to_partner_center"\nupdate = "none"'
    )
    assert ways(ours, "notes") == (Direction.TO_SALESFORCE, Direction.BOTH, ["text"])
    assert ways(ours, "notes_pitch") == (Direction.TO_PARTNER_CENTER, Direction.NONE, ["pitch"])
    views = {"notes": (("text", "Internal words"),), "notes_pitch": (("pitch", "For Microsoft"),)}
    assert ours.referral.creation(views, opportunity_id="006000000000001AAA")["details"]["notes"] == "For Microsoft"
    assert ours.opportunity.creation(views, "") == {"Description": "Internal words"}


def test_a_paused_group_is_neither_selected_nor_read_nor_written() -> None:
    ours = table("[groups.notes]\nenabled = false")
    assert "notes" not in ours.groups
    assert "Description" not in ours.opportunity.select("Id != null", audit=False)


MAPPED = 'values = { A1 = "Alpha one", B2 = "Beta two" }'
LAWFUL = {codec: table(mine(codec, MAPPED)) for codec in ("text", "code")} | {
    "email": table(mine("email", 'values = { "a@b.example" = "c@d.example", "e@f.example" = "Staff" }'))
}


@pytest.mark.parametrize("codec", ["text", "code"])
def test_listed_values_are_spelled_by_the_map_and_others_by_the_codec(codec: str) -> None:
    ours = mine(codec, MAPPED)
    assert read(ours, " alpha ONE ") == "A1"
    assert read(ours, "A1", P) == "A1"
    assert write(ours, "A1") == "Alpha one"
    assert write(ours, "A1", P) == "A1"
    assert write(ours, "C3") == "C3"
    assert read(ours, "C3") == "C3"
    assert read(ours, None) == ""
    assert write(ours, "") is None
    assert refused(write, ours, "ALPHA ONE")[0] == "unknown_value"  # it would come back as another


@given(
    st.sampled_from(["A1", "B2", "alpha one", "Alpha one", "C3", "a@b.example", "C@D.example", "staff"])
    | st.text(max_size=12)
)
@pytest.mark.parametrize("codec", ["text", "code", "email"])
def test_what_a_value_map_writes_reads_back_as_itself_or_is_held(codec: str, raw: str) -> None:
    row = LAWFUL[codec].groups["mine"].rows[0]
    text = row.codec.read(raw, P, row.row)
    try:
        written = row.codec.write(text, S, row.row)
    except Untranslatable:
        return
    assert row.codec.read(written, S, row.row) == text


@pytest.mark.parametrize("codec", ["text", "code", "choice", "country"])
def test_further_values_are_read_and_never_written(codec: str) -> None:
    ours = mine(codec, 'values = { DE = "Germany" }', 'also = { "West Germany" = "DE" }')
    assert read(ours, "West Germany") == read(ours, "Germany") == "DE"
    assert write(ours, "DE") == "Germany"
    assert codec != "choice" or refused(read, ours, "West Germany", P)  # they mean nothing on Partner Center


SEVERAL = mine(
    "choice",
    "many = true",
    'values = { Education = "School", "Communications & Media" = "Telco", Government = "State" }',
)


def test_several_values_are_a_multi_select_and_a_list_of_ids_in_any_order() -> None:
    raw = [{"id": "Government"}, {"id": "Communications &amp; Media"}, {"id": "Government"}]
    text = read(SEVERAL, raw, P)
    assert read(SEVERAL, "State;Telco") == read(SEVERAL, "Telco; State") == text
    assert write(SEVERAL, text) == "Telco;State"
    assert write(SEVERAL, text, P) == [{"id": "Communications & Media"}, {"id": "Government"}]


def test_no_value_of_several_is_none_and_one_unknown_value_holds_them_all() -> None:
    empty: list[Any] = [None, "", []]
    assert [read(SEVERAL, raw, P) for raw in empty] == ["", "", ""]
    assert write(SEVERAL, "", P) is write(SEVERAL, "") is None
    assert refused(read, SEVERAL, [{"id": "Education"}, {"id": "Piracy"}], P)[0] == "unknown_value"


def test_a_default_stands_only_where_the_source_is_empty() -> None:
    ours = table(LOCALE)
    for side, text in ((S, "Cosell"), (P, "Services")):
        assert ours.filled({"locale": ()}, side) == {"locale": (("program", text),)}
        assert ours.defaulted({"locale": ()}, side) == ("locale.program",)
        given = {"locale": (("program", "Services"),)}
        assert ours.filled(given, side) == given
        assert ours.defaulted(given, side) == ()
    assert ours.opportunity.creation({"locale": ()}, "") == {"Program__c": "Co-sell"}
    assert ours.opportunity.creation({"locale": (("program", "Services"),)}, "") == {"Program__c": "Services"}


def test_a_default_is_for_the_side_that_is_created_and_no_update_uses_it() -> None:
    ours = table(TEAM_PHONE)
    body = ours.referral.creation({"team": (("email", "a@b.example"),)}, opportunity_id="006000000000001AAA")
    assert body["team"] == [{"email": "a@b.example", "phoneNumber": "+81 3 5550 0100"}]
    assert ours.defaulted({"team": ()}, S) == ()
    assert table(LOCALE).opportunity.fields({"locale": ()}) == {"Program__c": None}
    operations = table(LOCALE).referral.patch({"locale": ()}, current={"referralProgram": "Cosell"}, neutral_reason="")
    assert [operation["value"] for operation in operations] == [""]


def test_what_cannot_be_read_gets_no_default_and_the_default_mapping_makes_nothing_up() -> None:
    unreadable = Unreadable("unknown_value", "program", "Piracy")
    assert table(LOCALE).filled({"locale": unreadable}, S) == {"locale": unreadable}
    assert not any(row.default for group in load().groups.values() for row in group.fields.values())


@pytest.mark.parametrize("shown", ["Fabrikam", "✓ Fabrikam", "✗ Fabrikam", "✔  Fabrikam"])
def test_a_mark_before_the_name_is_no_part_of_it(shown: str) -> None:
    row = table().groups["name"].rows[0]
    assert row.codec.read(shown, S, row.row) == row.codec.read(shown, P, row.row) == "Fabrikam"
    assert row.codec.read("✓Fabrikam", S, row.row) == "✓Fabrikam"  # a name that begins with a mark of its own


def test_the_mark_is_written_where_it_differs_and_fits_the_field() -> None:
    groups = table().groups
    assert name_mark(groups, {"Name": "Deal"}, {}, done=True) == {"Name": "✓ Deal"}
    assert name_mark(groups, {"Name": "✓ Deal"}, {}, done=True) == {}
    assert name_mark(groups, {"Name": "✓ Deal"}, {}, done=False) == {"Name": "✗ Deal"}
    assert name_mark(groups, {"Name": "✓ Deal"}, {"Name": "Renamed"}, done=True) == {"Name": "✓ Renamed"}
    assert name_mark(groups, {}, {}, done=True) == {}
    assert len(name_mark(groups, {"Name": "x" * 120}, {}, done=True)["Name"]) == 120


STAGES = """
[stages.means]
"Waiting for Microsoft" = "hold"
"Contract signed" = "won"
"Lost to us, won by a friend" = "lost"
"Closed, paperwork open" = "active"
"""


@pytest.mark.parametrize(
    ("stage", "closed", "won", "phase"),
    [
        ("Microsoft Review", False, False, Phase.NEW),
        ("Waiting for Microsoft", False, False, Phase.NEW),
        ("Contract signed", False, False, Phase.WON),
        ("Lost to us, won by a friend", True, True, Phase.LOST),
        ("Closed, paperwork open", True, False, Phase.ACTIVE),
        ("Anything else", False, False, Phase.ACTIVE),
        ("Anything closed", True, False, Phase.LOST),
    ],
)
def test_several_stages_mean_one_phase(stage: str, closed: bool, won: bool, phase: Phase) -> None:
    assert table(STAGES).opportunity.phase({"StageName": stage, "IsClosed": closed, "IsWon": won}) is phase


def test_a_phase_is_written_as_its_one_stage() -> None:
    stages = [table(STAGES).opportunity.stage(phase) for phase in (Phase.NEW, Phase.ACTIVE, Phase.WON, Phase.LOST)]
    assert stages == ["Microsoft Review", "Qualification", "Closed Won", "Closed Lost"]
