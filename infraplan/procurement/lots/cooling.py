"""Simulated annealing over moves of one border unit from lot to lot; a move that would tear a lot apart is not made.

The price of breaking a limit rises while it cools, so that lots first take shape and then come within the limits. Between
two looks at the hubs a lot keeps its hub, so that a move is judged by two distances: plain numbers, no arrays.
"""

import math
from typing import Final

import numpy as np

from infraplan.procurement.lots.problem import SLACK, Problem

Division = list[list[int]]
PRICES_OF_BREAKING: Final = (1.0, 30.0)
"""Price of breaking a limit by its whole scale, in average lots: at first, and in the end."""
LOOK: Final = 200
"""Moves offered between two looks at the hubs."""


class Cooling:
    """One run from one division; everything is drawn from `rng`."""

    def __init__(self, problem: Problem, division: Division, rng: np.random.Generator) -> None:
        self.problem, self.rng = problem, rng
        self.lot = [0] * problem.size
        for at, units in enumerate(division):
            for unit in units:
                self.lot[unit] = at
        self.miles: list[list[float]] = problem.miles.tolist()
        self.amounts: list[list[float]] = problem.amounts.T.tolist()
        self.limits = [(limit.low, limit.high, 1 / limit.scale) for limit in problem.limits]
        self.fewest = problem.min_bidders
        serves = problem.serves if self.fewest else np.zeros((0, problem.size), dtype=bool)
        self.providers: list[list[int]] = [np.flatnonzero(column).tolist() for column in serves.T]
        self.price = max(problem.total(division), 1e-9) / problem.lots
        # per lot: sums of the limits' amounts, members by provider, how far limits are broken
        self.loads: list[list[float]] = [problem.amounts[:, sorted(units)].sum(axis=1).tolist() for units in division]
        self.served: list[list[int]] = [serves[:, sorted(units)].sum(axis=1).tolist() for units in division]
        self.short = [
            self._short(loads, sum(map(bool, served))) for loads, served in zip(self.loads, self.served, strict=True)
        ]
        self._look()

    def run(self, heat: float, moves: int) -> Division:
        """Cool down from `heat` (share of an average lot's miles) to nothing over a number of moves; the best met."""
        units = self.rng.integers(self.problem.size, size=moves).tolist()
        picks, luck = self.rng.random(moves).tolist(), self.rng.random(moves).tolist()
        best, kept = self._worth(), list(self.lot)
        least, most = PRICES_OF_BREAKING
        price = warm = 0.0
        for turn in range(moves):
            if turn % LOOK == 0:
                done = turn / moves
                price = self.price * least * (most / least) ** done
                warm = heat * self.price * (1 - done) ** 2 + 1e-12
                self._look()
            if self._try(units[turn], picks[turn], warm, luck[turn], price) and (worth := self._worth()) < best:
                best, kept = worth, list(self.lot)
        division: Division = [[] for _ in self.loads]
        for unit, at in enumerate(kept):
            division[at].append(unit)
        return division

    def _look(self) -> None:
        """Find the hub of every lot, and its miles."""
        lot, miles = np.array(self.lot), self.problem.miles
        lots = [np.flatnonzero(lot == at) for at in range(len(self.loads))]
        sums = [miles[np.ix_(units, units)].sum(axis=0) for units in lots]
        self.hub = [int(units[one.argmin()]) for units, one in zip(lots, sums, strict=True)]
        self.cost = [float(one.min()) for one in sums]

    def _short(self, loads: list[float], bidders: int) -> float:
        """How far a lot breaks its limits, in units of their scales."""
        short = 0.0
        for load, (low, high, part) in zip(loads, self.limits, strict=True):
            if load < low:
                short += (low - load) * part
            elif load > high:
                short += (load - high) * part
        return short + max(0, self.fewest - bidders) / self.fewest if self.fewest else short

    def _worth(self) -> tuple[float, float]:
        """Limits broken first, then miles: what the search is judged by. Hubs may since be better, never worse."""
        short = sum(self.short)
        return (short if short > SLACK else 0.0), sum(self.cost)

    def _try(self, unit: int, pick: float, warm: float, luck: float, price: float) -> bool:
        """Offer a unit to a bordering lot; returns whether it moves."""
        lot, source = self.lot, self.lot[unit]
        others = sorted({lot[beside] for beside in self.problem.near[unit]} - {source})
        if not others or self.hub[source] == unit:
            return False
        target, row, amounts = others[int(pick * len(others))], self.miles[unit], self.amounts[unit]
        less = [load - amount for load, amount in zip(self.loads[source], amounts, strict=True)]
        more = [load + amount for load, amount in zip(self.loads[target], amounts, strict=True)]
        short = self._short(less, self._bidders(source, unit, 1)), self._short(more, self._bidders(target, unit, 0))
        farther = row[self.hub[target]] - row[self.hub[source]]
        change = farther + price * (sum(short) - self.short[source] - self.short[target])
        if (change > 0 and luck >= math.exp(-change / warm)) or not self._whole(unit, source):
            return False
        lot[unit] = target
        for at, loads, broken, sign in ((source, less, short[0], -1), (target, more, short[1], 1)):
            self.loads[at], self.short[at] = loads, broken
            self.cost[at] += sign * row[self.hub[at]]
            for provider in self.providers[unit] if self.fewest else ():
                self.served[at][provider] += sign
        return True

    def _bidders(self, at: int, unit: int, alone: int) -> int:
        """Bidders of a lot after a unit left (`alone` = 1: who served it only goes) or joined (0: who is new comes)."""
        if not self.fewest:
            return 0
        served = self.served[at]
        changed = sum(served[provider] == alone for provider in self.providers[unit])
        return sum(map(bool, served)) + (-changed if alone else changed)

    def _whole(self, unit: int, at: int) -> bool:
        """Whether a lot stays in one piece without a unit."""
        near, lot = self.problem.near, self.lot
        beside = [other for other in near[unit] if lot[other] == at]
        if len(beside) <= 1:
            return bool(beside)
        seen, stack, wanted = {unit, beside[0]}, [beside[0]], set(beside[1:])
        while stack and wanted:
            for other in near[stack.pop()]:
                if lot[other] == at and other not in seen:
                    seen.add(other)
                    wanted.discard(other)
                    stack.append(other)
        return not wanted
