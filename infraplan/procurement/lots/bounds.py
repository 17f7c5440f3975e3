"""A proved least number of miles, before any solver starts, and which pairs of unit and hub cannot be in a better answer.

The rules that tie units together (each unit in one lot, each lot within its limits) are priced instead of kept; what
is left falls apart into one small choice per hub. The best such bound over prices is climbed to by subgradients, and a
pair whose price alone would lift the bound above a known answer is dropped for good (reduced cost fixing).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infraplan.procurement.lots.problem import Bools, Floats, Problem

Ints = NDArray[np.intp]
MOST_STEPS: Final = 4_000
PATIENCE: Final = 40
SHRINK: Final = 0.8
MEMORY: Final = 0.9
"""Share of the slopes met before in the way taken: with 0 the bound ends up to 7 percent lower, with 0.95 no higher."""
SMALLEST_STEP: Final = 1e-3


@dataclass(frozen=True)
class Bound:
    """`miles` no division can stay below; `with_pair[i, j]` the same if unit i is in the lot of hub j.

    `hubs` are those of the bound's own choice, a good place to grow lots from.
    """

    miles: float
    with_pair: Floats
    hubs: tuple[int, ...] = ()

    def useful(self, known: float) -> Bools:
        """Pairs that a division of fewer miles than `known` may use."""
        return np.asarray(self.with_pair <= known * (1 + 1e-9))


def climb(problem: Problem, known: float) -> Bound:
    """The best bound found, given a known answer (or a guess above the least) to aim at. Deterministic."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _climbed(problem, known)


def _climbed(problem: Problem, known: float) -> Bound:
    rows = _Rows.of(problem, max(known / problem.size, 1e-9))
    here = best = _first(problem, rows)
    way: _Slope | None = None
    step, waited = 1.0, 0
    for _ in range(MOST_STEPS):
        # prices rise without end where no division can keep the limits
        if not np.isfinite(here.bound) or here.bound >= known:
            break
        slope = here.slope(rows)
        way = slope if way is None else way.blended(slope)
        moved = here.moved(problem, rows, way, step * (known - here.bound))
        if moved is None:
            break
        here, much = moved, best.bound + 1e-4 * abs(best.bound)
        waited = 0 if here.bound > much else waited + 1
        best = here if here.bound > best.bound else best
        if waited > PATIENCE:
            step, waited, here, way = step * SHRINK, 0, best, None
        if step < SMALLEST_STEP:
            break
    return best.told() if np.isfinite(best.bound) else Bound(-np.inf, problem.miles)


@dataclass(frozen=True)
class _Slope:
    """How far a choice misses what is priced: units in no lot or several, loads above and below a lot's limits.

    Its running mean leads to better prices in fewer steps than the slope of one choice, which swings from side to side.
    """

    short: Floats
    above: Floats
    below: Floats

    def blended(self, other: "_Slope") -> "_Slope":
        pairs = ((self.short, other.short), (self.above, other.above), (self.below, other.below))
        return _Slope(*(MEMORY * old + (1 - MEMORY) * new for old, new in pairs))


@dataclass(frozen=True)
class _Prices:
    """Prices of the rules, and the choice they lead to: `bound` miles that no division can stay below."""

    pays: Floats
    over: Floats
    under: Floats
    reduced: Floats
    worth: Floats
    hubs: Ints
    bound: float

    @classmethod
    def of(cls, problem: Problem, rows: "_Rows", pays: Floats, over: Floats, under: Floats) -> "_Prices":
        reduced = problem.miles - pays[:, None] + rows.amounts.T @ (over - under).T
        own = np.diag(reduced)
        worth = np.minimum(reduced, 0).sum(axis=0) - np.minimum(own, 0) + own
        worth = worth - over @ rows.high + under @ rows.low
        hubs = np.argpartition(worth, problem.lots - 1)[: problem.lots]
        return cls(pays, over, under, reduced, worth, hubs, float(pays.sum() + worth[hubs].sum()))

    def slope(self, rows: "_Rows") -> _Slope:
        open_hub = np.zeros(len(self.pays))
        open_hub[self.hubs] = 1
        chosen = (self.reduced < 0) * open_hub
        chosen[self.hubs, self.hubs] = 1
        load = chosen.T @ rows.amounts.T
        opened = open_hub[:, None]
        return _Slope(1 - chosen.sum(axis=1), load - opened * rows.high, opened * rows.low - load)

    def moved(self, problem: Problem, rows: "_Rows", way: _Slope, step: float) -> "_Prices | None":
        """Prices a step further; None where there is no way up."""
        above, below = _kept(self.over, way.above), _kept(self.under, way.below)
        norm = float((way.short**2).sum() + (above**2).sum() + (below**2).sum())
        if norm == 0:
            return None
        length = step / norm
        over, under = np.maximum(0, self.over + length * above), np.maximum(0, self.under + length * below)
        return _Prices.of(problem, rows, self.pays + length * way.short, over, under)

    def told(self) -> Bound:
        extra = np.maximum(self.worth - self.worth[self.hubs].max(), 0)
        with_pair = self.bound + extra[None, :] + np.maximum(self.reduced, 0)
        # a hub's worth has its own unit in it already, dear or not
        np.fill_diagonal(with_pair, self.bound + extra)
        return Bound(self.bound, with_pair, tuple(sorted(self.hubs.tolist())))


def _first(problem: Problem, rows: "_Rows") -> _Prices:
    """Each unit pays its miles to the hub that is the first too far to be among its lots."""
    pays = np.sort(problem.miles, axis=1)[:, min(problem.lots, problem.size - 1)].copy()
    nothing = np.zeros((problem.size, len(rows.amounts)))
    return _Prices.of(problem, rows, pays, nothing, nothing)


def _kept(price: Floats, slope: Floats) -> Floats:
    """A slope without the directions in which a price of zero would fall."""
    return np.where((price <= 0) & (slope < 0), 0, slope)


@dataclass(frozen=True)
class _Rows:
    """Limits scaled so that their prices are of the size of miles; an end that is not there is out of reach."""

    amounts: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, problem: Problem, scale: float) -> "_Rows":
        factor = np.array([scale / limit.scale for limit in problem.limits])
        amounts = problem.amounts * factor[:, None]
        least, most = np.minimum(amounts, 0).sum(axis=1), np.maximum(amounts, 0).sum(axis=1)
        low = np.array([limit.low for limit in problem.limits]) * factor
        high = np.array([limit.high for limit in problem.limits]) * factor
        return cls(amounts, np.maximum(low, least), np.minimum(high, most))
