"""Ways to a hub: a unit is in a lot only with a unit of whatever separates it from the hub.

    x[i, j] <= sum over s in S of x[s, j]        for every hub j beyond S, seen from unit i

The rows are too many to state; they are found where a choice of units breaks them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp

from infraplan.procurement.lots.problem import Bools, Floats, Problem, pieces

MOST_OF_PART: Final = 4
"""Rows for one part of a lot that hangs together with its hub in no way: for the units that gain most by being there."""


@dataclass(frozen=True)
class Way:
    """A unit that no hub in `beyond` can have without a unit of `between`."""

    unit: int
    between: tuple[int, ...]
    beyond: frozenset[int]


def separated(problem: Problem, part: Sequence[int], hub: int) -> tuple[tuple[int, ...], frozenset[int]]:
    """The units around a part on every way to a hub outside of it, and the units (hubs) that lie beyond them."""
    inside = set(part)
    around = {beside for unit in part for beside in problem.near[unit]} - inside
    rest = set(range(problem.size)) - around - inside
    beyond = next(frozenset(one) for one in pieces(problem.near, rest) if hub in one)
    return tuple(sorted(one for one in around if any(beside in beyond for beside in problem.near[one]))), beyond


def missing(problem: Problem, hub: int, units: Sequence[int], worth: Floats) -> list[Way]:
    """Ways that a choice of units for a hub lacks; `worth[i]` is what unit i costs there (below zero: it gains)."""
    found = []
    for part in pieces(problem.near, units):
        if hub not in part:
            between, beyond = separated(problem, part, hub)
            most = sorted(part, key=lambda unit: (worth[unit], unit))[:MOST_OF_PART]
            found += [Way(unit, between, beyond) for unit in most]
    return found


class Pool:
    """Ways found so far, as rows over units, and the hubs that lacked one: prices are kept for those only."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.ways: dict[Way, None] = {}
        self.hubs: list[int] = []
        self.rows = sp.csr_array((0, problem.size))
        self.reach: Bools = np.zeros((0, problem.size), dtype=bool)
        self.beyond: Bools = np.zeros((0, 0), dtype=bool)

    def add(self, hub: int, units: Sequence[int], worth: Floats) -> None:
        """Take in the ways that a choice of units for a hub lacks."""
        found = missing(self.problem, hub, units, worth)
        if not found:
            return
        self.hubs += [hub] if hub not in self.hubs else []
        new = [way for way in dict.fromkeys(found) if way not in self.ways]
        self.ways |= dict.fromkeys(new)
        size = self.problem.size
        terms = [(row, unit, sign) for row, way in enumerate(new)
                 for unit, sign in ((way.unit, 1.0), *((one, -1.0) for one in way.between))]  # fmt: skip
        if terms:
            row, unit, sign = zip(*terms, strict=True)
            self.rows = sp.csr_array(sp.vstack([self.rows, sp.csr_array((sign, (row, unit)), shape=(len(new), size))]))
            reach = np.zeros((len(new), size), dtype=bool)
            for at, way in enumerate(new):
                reach[at, list(way.beyond)] = True
            self.reach = np.vstack([self.reach, reach])
        self.beyond = self.reach[:, self.hubs].T

    def grown(self, prices: Floats) -> Floats:
        """Prices (hubs x ways) for the pool as it is now; what is new is free."""
        more = ((0, len(self.hubs) - prices.shape[0]), (0, len(self.ways) - prices.shape[1]))
        return np.pad(prices, more) if any(here for _, here in more) else prices
