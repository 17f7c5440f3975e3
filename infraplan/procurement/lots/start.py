"""A first division: lots grown from hubs far apart, then improved by moving units across borders, cooling down.

Everything is drawn from a seed and runs a fixed number of moves, so that the same inputs give the same division.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from infraplan.procurement.lots.cooling import Cooling, Division
from infraplan.procurement.lots.problem import Problem, pieces

RESTARTS: Final = 5
MOVES_PER_UNIT: Final = 200
LONG_PER_UNIT: Final = 1_000
MOST_MOVES: Final = 50_000
HEAT: Final = 0.02
LONG: Final = 250_000
"""Moves of a division that is cooled once more, and heats to begin from."""
HEATS_AGAIN: Final = (0.005, 0.01, 0.02)


def divide(problem: Problem, seed: int, hubs: Sequence[int] = ()) -> tuple[Division, bool]:
    """The best division found, and whether it keeps every limit; where none does, the one that breaks least.

    Lots are grown from `hubs` where they are given, else from hubs drawn far apart, a few times over.
    """
    found: list[Division] = []
    for turn in range(RESTARTS):
        rng = np.random.default_rng([seed, 17, turn])
        found.append(improve(problem, grown(problem, hubs or _hubs(problem, rng)), rng))
    best = _best(problem, found)
    return best, problem.keeps(best)


def again(problem: Problem, division: Division, seed: int, late: Callable[[], bool] = lambda: False) -> Division:
    """A good division cooled a few times more, longer and from less heat each, until it is late; the best of them."""
    found = [division]
    for turn, heat in enumerate(HEATS_AGAIN):
        if late():
            break
        rng = np.random.default_rng([seed, 29, turn])
        found.append(Cooling(problem, _best(problem, found), rng).run(heat, min(LONG, LONG_PER_UNIT * problem.size)))
    return _best(problem, found)


def _best(problem: Problem, found: Sequence[Division]) -> Division:
    """The one that breaks limits least, of those the one of fewest miles."""
    return min(found, key=lambda lots: (sum(sum(problem.broken(one).values()) for one in lots), problem.total(lots)))


def grown(problem: Problem, hubs: Sequence[int]) -> Division:
    """Lots grown outwards from hubs: the lot with the least takes its nearest free neighbor."""
    lot = np.full(problem.size, -1)
    lot[list(hubs)] = range(problem.lots)
    weight = _weight(problem)
    filled = weight[list(hubs)].copy()
    open_lots = set(range(problem.lots))
    while (lot < 0).any():
        here = min(open_lots, key=lambda one: (filled[one], one))
        free = {unit for own in np.flatnonzero(lot == here) for unit in problem.near[own] if lot[unit] < 0}
        if not free:
            open_lots.discard(here)
            continue
        taken = min(free, key=lambda unit: (problem.miles[unit, hubs[here]], unit))
        lot[taken] = here
        filled[here] += weight[taken]
    return [np.flatnonzero(lot == one).tolist() for one in range(problem.lots)]


def _weight(problem: Problem) -> np.ndarray:
    """What fills a lot: the mean of the balanced figures, each as a share of its whole."""
    balanced = [limit.amounts / limit.amounts.sum() for limit in problem.limits if limit.low > 0]
    return np.mean(balanced, axis=0) if balanced else np.full(problem.size, 1 / problem.size)


def _hubs(problem: Problem, rng: np.random.Generator) -> list[int]:
    """Hubs drawn far apart, then moved to the middle of what is nearest to each."""
    away = problem.miles / np.maximum(1, np.median(problem.miles))
    hubs = [int(rng.integers(problem.size))]
    while len(hubs) < problem.lots:
        reach = away[:, hubs].min(axis=1) ** 2
        reach[hubs] = 0
        hubs.append(int(rng.choice(problem.size, p=reach / reach.sum())) if reach.sum() > 0 else _next(hubs, problem))
    for _ in range(10):
        nearest = np.argmin(problem.miles[:, hubs], axis=1)
        moved = [problem.hub([hub, *np.flatnonzero(nearest == at).tolist()]) for at, hub in enumerate(hubs)]
        if len(set(moved)) < problem.lots or moved == hubs:
            break
        hubs = moved
    return hubs


def _next(hubs: Sequence[int], problem: Problem) -> int:
    return next(unit for unit in range(problem.size) if unit not in hubs)


def improve(
    problem: Problem, division: Division, rng: np.random.Generator, heat: float = HEAT, moves: int = MOST_MOVES
) -> Division:
    """Move units between bordering lots, at first also for the worse; returns the best division met."""
    return Cooling(problem, division, rng).run(heat, min(moves, MOVES_PER_UNIT * problem.size))


def joined(problem: Problem, division: Sequence[Sequence[int]]) -> Division:
    """A division with every lot in one piece: stray parts go to the bordering lot that they are nearest to."""
    lots = [max(pieces(problem.near, units), key=lambda part: (len(part), -part[0])) for units in division]
    lot_of = {unit: at for at, units in enumerate(lots) for unit in units}
    hubs = [problem.hub(units) for units in lots]
    while len(lot_of) < problem.size:
        edge = [
            (float(problem.miles[unit, hubs[lot_of[beside]]]), unit, lot_of[beside])
            for unit in range(problem.size) if unit not in lot_of
            for beside in problem.near[unit] if beside in lot_of
        ]  # fmt: skip
        if not edge:
            raise ValueError("the units do not hang together")
        _, unit, at = min(edge)
        lot_of[unit] = at
        lots[at].append(unit)
    return [sorted(units) for units in lots]
