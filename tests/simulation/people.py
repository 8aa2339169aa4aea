"""Sellers, portal users and Microsoft: what each act does to the records. Every value is new or, on purpose, old."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Protocol

from shared.deal import Side
from tests.simulation.judge import Judge
from tests.simulation.scenario import Act

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
SOLUTIONS = tuple(f"SOL-1597{n}-MQF" for n in range(4, 9))
STAGES = ("Qualification", "Needs Analysis", "Closed Won", "Closed Lost", "Microsoft Review")
WISHES = ("Quotes or Licensing", "General or Other", "Quotes or Licensing", None)
STATES = {
    "accept": ("Active", "Accepted"),
    "decline": ("Closed", "Declined"),
    "win": ("Closed", "Won"),
    "lose": ("Closed", "Lost"),
}


class Stage(Protocol):
    def new_opportunity(self, amount: int, notes: str, solution: str, *, help_asked: bool = False) -> str: ...
    def new_inbound(self, amount: int, notes: str, solution: str) -> str: ...
    def new_foreign(self, opportunity_id: str) -> str: ...
    def row(self, opportunity_id: str) -> Mapping[str, Any]: ...
    def document(self, referral_id: str) -> Mapping[str, Any]: ...
    def sell(self, opportunity_id: str, fields: Mapping[str, Any]) -> None: ...
    def solve(self, opportunity_id: str, solution: str, *, removed: bool) -> None: ...
    def portal(self, referral_id: str, values: Mapping[str, Any]) -> bool: ...
    def facts(self, referral_id: str, number: int) -> None: ...
    def microsoft_answers(self, referral_id: str, number: int) -> bool: ...


class People:
    """Acts out a scenario. `acted` is told of every record a person saved."""

    def __init__(self, stage: Stage, judge: Judge, random: Random, acted: Callable[[Side, str], None]) -> None:
        self._stage = stage
        self.judge = judge
        self._random = random
        self.acted = acted
        self.records: list[tuple[Side, str]] = []
        self._past: dict[tuple[Side, str, str], list[Any]] = {}
        self._foreigners: dict[str, str] = {}
        self._number = 1000

    def begin(self, kind: str) -> None:
        number = self.unique()
        if kind == "inbound":
            self.records.append((P, self._stage.new_inbound(number * 10, f"note {number}", SOLUTIONS[0])))
        else:
            deal = number * 10, f"note {number}", SOLUTIONS[0]
            self.records.append((S, self._stage.new_opportunity(*deal, help_asked=kind == "co-sell")))
        self.acted(*self.records[-1])

    def act(self, act: Act) -> bool:
        """Somebody acts; False when the page does not allow it, or the record does not exist yet."""
        side = P if act.kind.startswith("p_") or act.kind in ("facts", "ms_answers") else S
        record = self.record(act.deal, side)
        if not record:
            return False
        done = ACTS[act.kind](self, record)
        if done:
            self.acted(side, record)
        return done

    def meddle(self, side: Side) -> None:
        """Somebody saves a record of this side just now."""
        number = self._random.randrange(len(self.records))
        kind = self._random.choice(("value", "notes", "touch", "revert"))
        self.act(Act(0, f"{'p' if side is P else 's'}_{kind}", number))

    def record(self, deal: int, side: Side) -> str:
        """The record of a deal on a side, or "" while there is none."""
        return self.judge.ledger.deal_of(*self.records[deal]).records.get(side, "")

    def unique(self) -> int:
        self._number += 1
        return self._number

    def _s_wish(self, record: str) -> bool:
        """A seller asks for Microsoft's help, for other help, or for none any more."""
        done = self._sell(record, How_can_Microsoft_help__c=WISHES[self.unique() % len(WISHES)])
        self.judge.counts["wishes for help"] += done
        return done

    def _sell(self, record: str, **fields: Any) -> bool:
        row = self._stage.row(record)
        if row["IsDeleted"]:
            return False
        for name in fields:
            self._remember(S, record, name, row.get(name))
        self._stage.sell(record, fields)
        return bool(fields)

    def _solve(self, record: str, *, removed: bool) -> bool:
        if self._stage.row(record)["IsDeleted"]:
            return False
        self._stage.solve(record, self._random.choice(SOLUTIONS), removed=removed)
        return True

    def _p_stage(self, record: str) -> bool:
        status, substatus = STATES[self._random.choice(sorted(STATES))]
        return self._portal(record, {"/status": status, "/substatus": substatus, "/statusReason": "said the user"})

    def _facts(self, record: str) -> bool:
        self._stage.facts(record, self.unique())
        return True

    def _foreign(self, record: str) -> bool:
        """A referral of another organisation names our opportunity; then it is edited by them."""
        known = self._foreigners.get(record)
        if known is None:
            known = self._foreigners[record] = self._stage.new_foreign(record)
        else:
            self._stage.facts(known, self.unique())
        self.acted(P, known)
        self.judge.counts["foreign referrals"] += 1
        return True

    def _items(self, record: str) -> list[Any]:
        return list(self._stage.document(record)["details"]["requirements"]["solutions"])

    def _item(self) -> dict[str, Any]:
        solution = self._random.choice(SOLUTIONS)
        return {"id": solution, "type": "Name", "name": solution}

    def _portal(self, record: str, values: Mapping[str, Any]) -> bool:
        if not values or self._stage.document(record)["status"] == "Closed":
            return False
        details = self._stage.document(record)["details"]
        for path in values:
            self._remember(P, record, path, details.get(path.removeprefix("/details/")))
        return self._stage.portal(record, values)

    def _remember(self, side: Side, record: str, name: str, value: Any) -> None:
        if value not in (None, "") and name in REVERTED:
            self._past.setdefault((side, record, name), []).append(value)

    def _old(self, side: Side, record: str) -> dict[str, Any]:
        known = [(name, values) for (s, r, name), values in self._past.items() if (s, r) == (side, record)]
        if not known:
            return {}
        name, values = self._random.choice(known)
        return {name: self._random.choice(values[-2:])}


SET = "/details/requirements/solutions"
REVERTED = frozenset({"Amount", "Description", "/details/dealValue", "/details/notes"})
ACTS: Mapping[str, Callable[[People, str], bool]] = {
    "s_value": lambda people, record: people._sell(record, Amount=people.unique() * 10 + 0.4),
    "s_notes": lambda people, record: people._sell(record, Description=f"note {people.unique()}"),
    "s_revert": lambda people, record: people._sell(record, **people._old(S, record)),
    "s_stage": lambda people, record: people._sell(record, StageName=people._random.choice(STAGES)),
    "s_touch": lambda people, record: people._sell(record, NextStep=f"step {people.unique()}"),
    "tick": lambda people, record: people._sell(record, Sync_with_Partner_Center__c=True),
    "untick": lambda people, record: people._sell(record, Sync_with_Partner_Center__c=False),
    "consent": lambda people, record: people._sell(record, Referral_Visible_to_Microsoft__c=True),
    "s_wish": People._s_wish,
    "s_add": lambda people, record: people._solve(record, removed=False),
    "s_remove": lambda people, record: people._solve(record, removed=True),
    "p_value": lambda people, record: people._portal(record, {"/details/dealValue": people.unique() * 10 + 0.4}),
    "p_notes": lambda people, record: people._portal(record, {"/details/notes": f"note {people.unique()}"}),
    "p_revert": lambda people, record: people._portal(record, people._old(P, record)),
    "p_touch": lambda people, record: people._portal(record, {"/referralProgram": f"program {people.unique()}"}),
    "p_stage": People._p_stage,
    "p_add": lambda people, record: people._portal(record, {SET: [*people._items(record), people._item()]}),
    "p_remove": lambda people, record: people._portal(record, {SET: people._items(record)[1:]}),
    "facts": People._facts,
    "ms_answers": lambda people, record: people._stage.microsoft_answers(record, people.unique()),
    "foreign": People._foreign,
}
