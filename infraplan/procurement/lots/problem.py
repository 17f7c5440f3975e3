"""Units to divide into lots, and what a lot may hold; numbers only, so that the search can be tried on any graph."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SLACK = 1e-9
"""Relative tolerance of a limit: sums of floating figures."""


@dataclass(frozen=True)
class Limit:
    """What the units of one lot sum to: `low <= sum of amounts <= high`; `words` say it to a planner."""

    name: str
    words: str
    amounts: Floats
    low: float = -np.inf
    high: float = np.inf

    @property
    def scale(self) -> float:
        """One unit of breaking it: the larger finite end, or the largest amount where both are zero."""
        ends = [abs(end) for end in (self.low, self.high) if np.isfinite(end) and end]
        return max(ends, default=float(np.abs(self.amounts).max(initial=1.0)) or 1.0)

    def short(self, load: float) -> float:
        """How far a load is below `low` or above `high`, in units of `scale`; 0 where it is kept."""
        over = max(self.low - load, load - self.high, 0.0) / self.scale
        return over if over > SLACK else 0.0


@dataclass(frozen=True)
class Problem:
    """One division to find.

    `miles[i, j]`: miles from the members of unit i to the place of unit j, summed over members. `near[i]`: units that
    border unit i. `serves[p, i]`: whether provider p already serves a member of unit i; each lot needs `min_bidders`
    of them. `lots`: how many lots to make.
    """

    miles: Floats
    near: tuple[tuple[int, ...], ...]
    lots: int
    limits: tuple[Limit, ...] = ()
    serves: Bools = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    min_bidders: int = 0

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.near)

    @cached_property
    def amounts(self) -> Floats:
        """Amounts of every limit, one row each."""
        return np.vstack([limit.amounts for limit in self.limits]) if self.limits else np.zeros((0, self.size))

    def hub(self, units: Sequence[int]) -> int:
        """The unit of a lot that its members have the fewest miles to; of equals, the first."""
        rows = np.array(sorted(units))
        return int(rows[np.argmin(self.miles[np.ix_(rows, rows)].sum(axis=0))])

    def cost(self, units: Sequence[int]) -> float:
        """Miles from the members of a lot to its hub."""
        rows = np.array(sorted(units))
        return float(self.miles[np.ix_(rows, rows)].sum(axis=0).min())

    def total(self, division: Iterable[Sequence[int]]) -> float:
        """Miles of a whole division."""
        return sum(self.cost(units) for units in division)

    def bidders(self, units: Sequence[int]) -> int:
        """Providers that already serve somebody in a lot."""
        return int(self.serves[:, sorted(units)].any(axis=1).sum()) if self.min_bidders else 0

    def broken(self, units: Sequence[int]) -> dict[str, float]:
        """Limits that a lot breaks, by name, and by how much of their scale."""
        rows = sorted(units)
        loads = self.amounts[:, rows].sum(axis=1)
        found = {limit.name: limit.short(float(load)) for limit, load in zip(self.limits, loads, strict=True)}
        if self.min_bidders:
            found["bidders"] = max(0, self.min_bidders - self.bidders(rows)) / self.min_bidders
        return {name: short for name, short in found.items() if short}

    def keeps(self, division: Sequence[Sequence[int]]) -> bool:
        """Whether a division has the lots asked for, each in one piece and within every limit."""
        return len(division) == self.lots and all(
            len(pieces(self.near, units)) == 1 and not self.broken(units) for units in division
        )


def pieces(near: Sequence[Sequence[int]], units: Iterable[int]) -> list[list[int]]:
    """The connected parts of a set of units, each sorted, in the order of their first unit."""
    left, found = set(units), list[list[int]]()
    for first in sorted(left):
        if first not in left:
            continue
        left.discard(first)
        stack, part = [first], [first]
        while stack:
            for unit in near[stack.pop()]:
                if unit in left:
                    left.discard(unit)
                    stack.append(unit)
                    part.append(unit)
        found.append(sorted(part))
    return found
