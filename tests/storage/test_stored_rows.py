"""What is stored has its final form: every later version reads the rows of `stored_rows.json` as they stand there.

A new property may join them, with a default for rows that lack it. None is renamed, none changes its meaning.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import EntityProperty

from shared import sync as flows
from shared.deal import History, Issue, LinkState, Phase, RowWrite, Side
from shared.deal.memory import ClaimPhase
from shared.doorbell import Doorbell, Queue
from shared.drift.finding import Finding, Remedy
from shared.identity import RefreshLease
from shared.identity.lease import NAME
from shared.identity.stored_sign_in import Access, StoredSignIn
from shared.identity.token_stores import SECRET_NAME
from shared.storage import rows
from shared.sync.admission.brakes import HALTED, Halt, _halt, _put
from shared.sync.admission.gates import Closed, Gates, _name, _parsed
from shared.sync.admission.schema import SCHEMA, Schema, _known
from shared.sync.detect.poll import Polled, Watermark
from shared.sync.detect.sweep import DELTA, GONE, SWEEP, _Begun, _remember
from tests.support.links import CLAIM, CONFLICT, INTENT, LINK, REFERRAL
from tests.support.rig import Rig

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


CURSORS = {
    "opportunities": Watermark(5, frozenset({("006", 4)}), frozenset({("006", 4)}), 6, 1),
    "solutions": Watermark(5, frozenset({("006", 4)}), frozenset({("006", 4)}), 6, 1),
    "delta": 639_032_112_050_000_000,
    "sweep": _Begun(5, 1),
    "sweep.gone": ["s-1"],
    "halted": Halt("too much", 7),
    "gate.partner_center": Closed(9, 2, "unavailable", 4),
    "gate.salesforce": Closed(9, 2, "unavailable", 4),
    "schema": Schema(
        "d4b4d1edc125",
        "30a2deb66e4f",
        (Finding("value", Remedy.SHORTEN, "Opportunity.Amount", "is too short", 5, ("x",), needed=True),),
        {"notes": 7},
        5,
    ),
    "lease.refresh-token": {"holder": "run-1", "until": 5},
    "secret.cosell-refresh-token": StoredSignIn(
        refresh_token="r", at=5, access={"a": Access(token="t", renew_at=1, serves_until=2)}
    ),
}
READ: dict[str, Callable[[str], object]] = {
    **dict.fromkeys((DELTA, GONE, NAME), json.loads),
    **dict.fromkeys(map(str, Polled), Watermark.parse),
    **{_name(side): _parsed for side in Side},
    SWEEP: _Begun.parse,
    HALTED: _halt,
    SCHEMA: _known,
    f"secret.{SECRET_NAME}": StoredSignIn.parse,
}


@pytest.mark.parametrize("name", STORED["cursors"])
def test_every_kind_of_cursor_is_read_as_it_was_stored(name: str) -> None:
    assert READ[name](json.dumps(STORED["cursors"][name])) == CURSORS[name]


def test_cursors_are_stored_now_under_those_names_and_with_those_parts(rig: Rig) -> None:
    rig.linked()
    rig.minute()
    flows.describe(rig.sync)
    flows.delta(rig.sync)
    flows.sweep(rig.sync)
    _put(rig.store, {"why": "too much", "at": 7})
    gates = Gates(rig.store, rig.sync.clock)
    for side in Side:
        gates._close(side, 60, "unavailable")
    RefreshLease(rig.store).take()
    _remember(rig.sync, SWEEP, json.dumps(asdict(_Begun(5))), rig.store.cursor(SWEEP))
    names = {row for _, row in rig.tables.rows["cursor"]}
    assert names == set(STORED["cursors"])
    for name in names:
        now, stored = json.loads(rig.store.cursor(name).text), STORED["cursors"][name]
        assert type(now) is type(stored), name
        assert not isinstance(stored, dict) or set(stored) <= set(now), name


@pytest.mark.parametrize("kind", [LinkState, Phase, ClaimPhase, Side, Queue, Remedy])
def test_no_stored_word_is_ever_renamed(kind: type[StrEnum]) -> None:
    assert set(STORED["values"][kind.__name__]) <= {word.value for word in kind}
