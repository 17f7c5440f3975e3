"""A first division: lots grown from hubs far apart, then improved by moving units across borders, cooling down.

Everything is drawn from a seed and runs a fixed number of moves, so that the same inputs give the same division.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from infraplan.procurement.lots.problem import SLACK, Problem, pieces

Division = list[list[int]]
RESTARTS: Final = 3
MOVES_PER_UNIT: Final = 200
MOST_MOVES: Final = 50_000
HEAT: Final = 0.02
PRICES_OF_BREAKING: Final = (1.0, 30.0)
"""Price of breaking a limit by its whole scale, in average lots: at first, and in the end."""


def divide(problem: Problem, seed: int, hubs: Sequence[int] = ()) -> tuple[Division, bool]:
    """The best division found, and whether it keeps every limit; where none does, the one that breaks least.

    Lots are grown from `hubs` where they are given, else from hubs drawn far apart, a few times over.
    """
    found: list[Division] = []
    for turn in range(RESTARTS):
        rng = np.random.default_rng([seed, 17, turn])
        found.append(improve(problem, grown(problem, hubs or _hubs(problem, rng)), rng))
    best = min(
        found, key=lambda lots: (sum(sum(problem.broken(units).values()) for units in lots), problem.total(lots))
    )
    return best, problem.keeps(best)


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


def improve(problem: Problem, division: Division, rng: np.random.Generator, heat: float = HEAT) -> Division:
    """Move units between bordering lots, at first also for the worse; returns the best division met."""
    return _Cooling(problem, division, rng).run(heat)


@dataclass
class _Lot:
    """One lot as the search keeps it: its units, miles from them to every unit, loads of the limits."""

    units: set[int]
    miles: np.ndarray
    loads: np.ndarray


class _Cooling:
    """Simulated annealing over moves of one border unit; a move that would tear a lot apart is not made.

    The price of breaking a limit rises while it cools, so that lots first take shape and then come within the limits.
    """

    def __init__(self, problem: Problem, division: Division, rng: np.random.Generator) -> None:
        self.problem, self.rng = problem, rng
        self.lots = [self._lot(set(units)) for units in division]
        self.lot_of = {unit: at for at, units in enumerate(division) for unit in units}
        self.price = max(problem.total(division), 1e-9) / problem.lots
        self.low = np.array([limit.low for limit in problem.limits])
        self.high = np.array([limit.high for limit in problem.limits])
        self.scale = np.array([limit.scale for limit in problem.limits])
        self.score = [self._score(lot) for lot in self.lots]

    def _lot(self, units: set[int]) -> _Lot:
        rows = sorted(units)
        return _Lot(units, self.problem.miles[rows].sum(axis=0), self.problem.amounts[:, rows].sum(axis=1))

    def _score(self, lot: _Lot) -> tuple[float, float]:
        """Miles of a lot, and how far it breaks its limits."""
        rows = list(lot.units)
        short = float((np.maximum(np.maximum(self.low - lot.loads, lot.loads - self.high), 0) / self.scale).sum())
        if self.problem.min_bidders:
            short += max(0, self.problem.min_bidders - self.problem.bidders(rows)) / self.problem.min_bidders
        return float(lot.miles[rows].min()), short

    def run(self, heat: float) -> Division:
        """Cool down from `heat` (share of an average lot's miles) to nothing over a fixed number of moves."""
        moves = min(MOST_MOVES, MOVES_PER_UNIT * self.problem.size)
        units = self.rng.integers(self.problem.size, size=moves).tolist()
        picks, luck = self.rng.random(moves).tolist(), self.rng.random(moves).tolist()
        best, kept = self._worth(), dict(self.lot_of)
        least, most = PRICES_OF_BREAKING
        for turn in range(moves):
            done = turn / moves
            price = self.price * least * (most / least) ** done
            warm = heat * self.price * (1 - done) ** 2 + 1e-12
            if self._try(units[turn], picks[turn], warm, luck[turn], price) and (worth := self._worth()) < best:
                best, kept = worth, dict(self.lot_of)
        division: Division = [[] for _ in self.lots]
        for unit, at in sorted(kept.items()):
            division[at].append(unit)
        return division

    def _worth(self) -> tuple[float, float]:
        """Limits broken first, then miles: what the search is judged by."""
        short = sum(told[1] for told in self.score)
        return (short if short > SLACK else 0.0), sum(told[0] for told in self.score)

    def _try(self, unit: int, pick: float, warm: float, luck: float, price: float) -> bool:
        """Offer a unit to a bordering lot; returns whether it moves."""
        source = self.lot_of[unit]
        others = sorted({self.lot_of[beside] for beside in self.problem.near[unit]} - {source})
        if not others or len(self.lots[source].units) == 1:
            return False
        target = others[int(pick * len(others))]
        left, taken = self.lots[source], self.lots[target]
        row, amounts = self.problem.miles[unit], self.problem.amounts[:, unit]
        less = _Lot(left.units - {unit}, left.miles - row, left.loads - amounts)
        more = _Lot(taken.units | {unit}, taken.miles + row, taken.loads + amounts)
        after = self._score(less), self._score(more)
        before = self.score[source], self.score[target]
        change = sum(miles + price * short for miles, short in after)
        change -= sum(miles + price * short for miles, short in before)
        if (change > 0 and luck >= math.exp(-change / warm)) or not self._whole(unit, less.units):
            return False
        self.lots[source], self.lots[target] = less, more
        self.score[source], self.score[target] = after
        self.lot_of[unit] = target
        return True

    def _whole(self, unit: int, rest: set[int]) -> bool:
        """Whether a lot stays in one piece without a unit that has left it."""
        beside = [other for other in self.problem.near[unit] if other in rest]
        if len(beside) <= 1:
            return bool(beside)
        seen, stack, wanted = {beside[0]}, [beside[0]], set(beside[1:])
        while stack and wanted:
            for other in self.problem.near[stack.pop()]:
                if other in rest and other not in seen:
                    seen.add(other)
                    wanted.discard(other)
                    stack.append(other)
        return not wanted


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
