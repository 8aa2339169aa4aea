"""The simulation at quick depth, and that it can fail: it replays exactly, both levels agree, sabotage is found."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.deal import Link, Side
from tests.conftest import first_seed
from tests.simulation.depth import Summary, chunk, quietly, shrunk
from tests.simulation.ledger import Ledger, P, S, answered
from tests.simulation.light_memory import LightLinks
from tests.simulation.light_partner_center import LightPartnerCenter
from tests.simulation.light_salesforce import LightSalesforce
from tests.simulation.run import Outcome, play
from tests.simulation.scenario import Act, Scenario, scenario


@pytest.mark.parametrize(
    ("environment", "fresh"), [({}, False), ({"CI": "true"}, True), ({"CI": "true", "SEED_BASE": "17"}, False)]
)
def test_seeds_are_fresh_in_ci_and_always_those_that_are_asked_for(environment: dict[str, str], *, fresh: bool) -> None:
    first, second = first_seed(environment), first_seed(environment)
    assert (first != second) is fresh
    assert fresh or first == environment.get("SEED_BASE", "0")


def told(summary: Summary) -> str:
    """What to read, and how to see it again."""
    seeds = "\n".join(f"seed {seed}: {text}" for seed, text in summary.failures.items())
    return f"{seeds}\nsee it: python -m tests.simulation --level {summary.level} --seeds 1 --base SEED"


@pytest.mark.parametrize(("level", "seeds"), [("port", 100), ("wire", 6)])
def test_under_faults_no_edit_is_lost_and_no_record_is_doubled(level: str, seeds: int) -> None:
    summary = chunk(int(os.environ["SEED_BASE"]), seeds, level)
    assert not summary.failures, told(summary)


@pytest.mark.parametrize(("level", "seeds"), [("port", range(20, 26)), ("wire", range(20, 22))])
def test_equal_seeds_give_equal_traces(level: str, seeds: range) -> None:
    for seed in seeds:
        first, second = (play(scenario(seed), level=level, tracing=True) for _ in range(2))
        assert first.trace == second.trace
        assert first.trace


@pytest.mark.parametrize("seed", range(40, 46))
def test_both_levels_end_alike(seed: int) -> None:
    whole = scenario(seed)
    # So far apart that each act is settled before the next: which of two racing edits wins is no likeness of levels.
    acts = tuple(replace(act, at=200.0 * (number + 1)) for number, act in enumerate(whole.acts))
    calm = replace(whole, faults=frozenset(), acts=acts)
    assert play(calm).end == play(calm, level="wire").end


def lost(*steps: tuple[Side | None, str]) -> list[str]:
    """What people wrote and the ledger misses when all show the last value; `None`: the connector passes it on."""
    ledger, shows = Ledger(), dict.fromkeys(Side, "b")
    ledger.join("006", "referral")
    deal = ledger.deals[0]
    ledger.cells = {(side, record): {"value": "b"} for side, record in deal.records.items()}
    ledger.level(deal, by_engine=True)
    for side, value in steps:
        if side is None:
            ledger.passed_on(deal, "value", value)
            shows = dict.fromkeys(Side, value)
        else:
            ledger.edited(side, deal.records[side], "value", shows[side], value)
            shows[side] = value
            ledger.cells = {(s, record): {"value": shows[s]} for s, record in deal.records.items()}
            ledger.level(deal, by_engine=False)
    end = shows[Side.PARTNER_CENTER], shows[Side.PARTNER_CENTER]
    return [str(e.wrote) for n, e in enumerate(ledger.edits) if not answered(e, ledger.edits[n + 1 :], deal, end)]


def test_a_change_that_the_other_side_has_made_and_moved_on_from_is_not_lost() -> None:
    assert lost((P, "v"), (P, "w"), (S, "v")) == []
    assert lost((P, "v"), (P, "w"), (S, "x")) == ["x"]


def test_a_return_to_an_old_value_is_lost_when_the_new_one_had_arrived() -> None:
    assert lost((P, "v"), (P, "w"), (None, "w"), (S, "v")) == ["v"]
    assert lost((P, "v"), (P, "w"), (S, "w"), (S, "v")) == ["v"]


# The simulation must find what is broken on purpose.


def careless_patch(self: LightPartnerCenter, referral_id: str, operations: Any, *, etag: str) -> Any:
    return patch(self, referral_id, operations, etag=self.current(referral_id)["eTag"])


def careless_step(self: LightSalesforce, step: Any, done: Any) -> Any:
    return one_step(self, replace(step, unmodified_since=None), done)


def forgetful_save(self: LightLinks, link: Link, **more: Any) -> Link:
    return save(self, link, **more | {"conflicts": ()})


def amnesic_save(self: LightLinks, link: Link, **more: Any) -> Link:
    saved = save(self, replace(link, intent=None), **more)
    return replace(saved, intent=link.intent)


def reckless_save(self: LightLinks, link: Link, **more: Any) -> Link:
    stored = self.rows.get(link.id)
    return save(self, replace(link, version=stored.version if stored else ""), **more)


patch, one_step, save = LightPartnerCenter.patch, LightSalesforce._step, LightLinks.save
SABOTAGE: dict[str, tuple[type, str, Any]] = {
    "no If-Match": (LightPartnerCenter, "patch", careless_patch),
    "no If-Unmodified-Since": (LightSalesforce, "_step", careless_step),
    "conflicts are not kept": (LightLinks, "save", forgetful_save),
    "writes are not announced": (LightLinks, "save", amnesic_save),
    "links are overwritten": (LightLinks, "save", reckless_save),
}


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    with quietly():
        yield


def first_failure() -> int | None:
    """The first seed of many that loses an edit or doubles a record."""
    return next((seed for seed in range(150) if _broken(play(tempting(seed)))), None)


def tempting(seed: int) -> Scenario:
    """One linked deal, edits and returns to old values on both sides close to the polls, and calls that fail."""
    chance = random.Random(seed)
    kinds = chance.choice((("s_value", "s_revert"), ("s_value", "p_value"), ("p_value", "p_revert", "s_value")))
    times = sorted(chance.uniform(0, 200) for _ in range(6))
    acts = tuple(Act(at, kinds[number % len(kinds)], 0) for number, at in enumerate(times))
    return Scenario(seed, frozenset({"F2", "F3", "F5", "F7", "F16"}), "salesforce", ("linked",), acts)


def _broken(outcome: Outcome) -> bool:
    return any(violation.invariant in ("I1", "I3", "I4", "I5", "I9") for violation in outcome.violations)


@pytest.mark.parametrize("name", SABOTAGE)
def test_sabotage_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, method, careless = SABOTAGE[name]
    monkeypatch.setattr(owner, method, careless)
    assert first_failure() is not None


def test_a_failure_is_made_small_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LightLinks, "save", forgetful_save)
    seed = first_failure()
    assert seed is not None
    small = shrunk(tempting(seed), "port")
    assert small.violations
    assert small.trace
    assert len(small.scenario.acts) <= 4
