"""What is stored has its final form: every later version reads the rows of `stored_rows.json` as they stand there.

A new property may join them, with a default for rows that lack it. None is renamed, none changes its meaning.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from azure.data.tables import EntityProperty

from shared.deal import History, Issue, Phase, RowWrite, Side
from shared.doorbell import Doorbell
from shared.identity.stored_sign_in import StoredSignIn
from shared.storage import rows
from shared.sync.admission.brakes import Halt, _halt
from shared.sync.admission.gates import Closed
from shared.sync.detect.poll import Watermark
from tests.support.links import CLAIM, CONFLICT, INTENT, LINK, REFERRAL

STORED: dict[str, Any] = json.loads(Path(__file__).with_name("stored_rows.json").read_text("utf-8"))
WHOLE = replace(
    LINK,
    engagement_id="e1",
    ms_referral_id="22222222-2222-4333-8444-555555555555",
    base_s={"value": "d1", "notes": "d2"},
    p_newest=LINK.p_ticks + 1,
    ms_ticks=5,
    ms_newest=6,
    ms_phase=Phase.WON,
    s_modified=1_700_000_000,
    s_closed=True,
    intent=replace(INTENT, rows=(RowWrite("/sobjects/Microsoft_Solution__c/a0", {"Removed__c": True}, "a0", 9),)),
    claim=CLAIM,
    gone_since=7,
    attempts=2,
    sent_at=8,
    agreed_at=9,
)
HISTORY = History(1_700_000_000, "poll", "write to salesforce", ("value",), Side.SALESFORCE)
ISSUE = Issue("s-1", "duplicate", "error", "two", 1_700_000_000)
BELL = Doorbell((REFERRAL,), "referral-updated", seen=5, tries=1, correlation="0" * 32)
STAMP = rows.inverted_ticks(1_700_000_000, 3)


def plain(entity: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it."""
    return {name: each.value if isinstance(each, EntityProperty) else each for name, each in entity.items()}


def test_every_kind_of_row_is_read_as_it_was_stored() -> None:
    assert rows.link_from(STORED["link"], "") == WHOLE
    kept = rows.conflict_from(STORED["conflict"])
    assert (kept, kept.link_id, kept.at) == (CONFLICT, "s-1", 1_700_000_000)
    assert rows.history_from(STORED["history"]) == HISTORY
    assert rows.issue_from(STORED["issue"]) == ISSUE
    assert rows.cursor_text(STORED["cursor"]) == "text"
    assert Doorbell.decode(json.dumps(STORED["doorbell"])) == BELL


def test_a_row_stored_now_looks_like_that_and_may_only_have_more() -> None:
    now = {
        "link": plain(rows.link_entity(WHOLE, "default:")),
        "conflict": rows.conflict_entity("s-1", CONFLICT, "default:", STAMP),
        "history": rows.history_entity("s-1", HISTORY, "default:", STAMP),
        "issue": rows.issue_entity(ISSUE, "default"),
        "cursor": plain(rows.cursor_entity("opportunities", "text", "default")),
        "doorbell": json.loads(BELL.encode()),
        "alias": [*rows.alias_keys("default", Side.PARTNER_CENTER, REFERRAL)],
    }
    for kind, stored in STORED.items():
        if kind in now:
            assert now[kind] == stored or {**now[kind], **stored} == now[kind], kind


def test_what_workers_share_is_read_as_it_was_stored() -> None:
    assert Watermark.parse(json.dumps(STORED["watermark"])) == Watermark(5, frozenset({("006", 4)}), frozenset(), 6, 1)
    assert _halt(json.dumps(STORED["halt"])) == Halt("too much", 7)
    assert Closed(**STORED["gate"]) == Closed(until=9, times=2)
    sign_in = StoredSignIn.parse(json.dumps(STORED["sign_in"]))
    assert (sign_in.refresh_token, sign_in.at, sign_in.access["a"].token) == ("r", 5, "t")
