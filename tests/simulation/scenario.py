"""What happens in a seed: which faults may strike, which deals there are, and who acts when. Plain values."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from tests.simulation.faults import subset
from tests.simulation.poison import POISONS
from tests.simulation.rules import OWNERS

WEIGHTS: Final = {
    **dict.fromkeys(("s_value", "p_value"), 6),
    **dict.fromkeys(("s_revert", "p_revert"), 4),
    **dict.fromkeys(("s_notes", "p_notes"), 3),
    **dict.fromkeys((f"{side}_{kind}" for side in "sp" for kind in ("stage", "add", "remove", "touch")), 2),
    **dict.fromkeys(("untick", "tick", "consent", "facts", "ms_answers", "foreign"), 1),
}
KINDS: Final = (*("linked",) * 4, *("new opportunity", "inbound") * 2, "co-sell")
WISHES = (0.2, 0.6)  # of all seeds, and of those with a deal that asks for help from the start
POISONED = 0.15  # of the seeds with several deals
GAPS: Final = ((0.05, 3), (0.05, 3), (2, 25), (20, 75), (60, 150))


@dataclass(frozen=True)
class Act:
    """Somebody does something to a deal, so many seconds after the beginning."""

    at: float
    kind: str
    deal: int


@dataclass(frozen=True)
class Scenario:
    """A seed in full; a smaller one is the same with parts left out."""

    seed: int
    faults: frozenset[str]
    owner: str
    deals: tuple[str, ...]
    acts: tuple[Act, ...]
    poison: str = ""  # how the first deal's record always fails, until all others have settled

    @property
    def co_sell(self) -> bool:
        """Whether Microsoft's help is asked for, then or later."""
        return "co-sell" in self.deals or any(act.kind == "s_wish" for act in self.acts)


def scenario(seed: int) -> Scenario:
    random = Random(f"scenario {seed}")
    deals = tuple(random.choice(KINDS) for _ in range(random.choice((1, 1, 1, 2, 2, 3))))
    whole = Scenario(seed, subset(random), random.choice(OWNERS), deals, _acts(random, len(deals)))
    poisoned = len(deals) > 1 and random.random() < POISONED
    whole = replace(whole, poison=random.choice(POISONS)) if poisoned else whole
    return _with_wishes(whole, Random(f"wishes {seed}"))


def _with_wishes(whole: Scenario, random: Random) -> Scenario:
    """In some seeds sellers ask for Microsoft's help later, or take that back; drawn apart from everything else."""
    if random.random() >= WISHES["co-sell" in whole.deals]:
        return whole
    end = whole.acts[-1].at if whole.acts else 60.0
    times = sorted(round(random.uniform(0, end), 3) for _ in range(random.choice((1, 1, 2))))
    wishes = [Act(at, "s_wish", random.randrange(len(whole.deals))) for at in times]
    return replace(whole, acts=tuple(sorted((*whole.acts, *wishes), key=lambda act: act.at)))


def _acts(random: Random, deals: int) -> tuple[Act, ...]:
    # Each seed prefers a few kinds, so that the same group is changed again and again.
    kinds = random.sample(sorted(WEIGHTS), k=random.choice((3, 5, 8, len(WEIGHTS))), counts=None)
    kinds += random.choice((["s_value", "p_value"], ["s_value", "s_revert", "p_revert"], []))
    weights = [WEIGHTS[kind] for kind in kinds]
    at, found = 0.0, []
    for _ in range(random.randrange(2, 12)):
        at += random.uniform(*random.choice(GAPS))
        kind = random.choices(kinds, weights)[0]
        found.append(Act(round(at, 3), kind, random.randrange(deals)))
    return tuple(found)
