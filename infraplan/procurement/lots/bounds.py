"""A proved least number of miles, before any solver starts, and which pairs of unit and hub cannot be in a better answer.

The rules that tie units together (each unit in one lot, each lot within its limits) are priced instead of kept; what
is left falls apart into one small choice per hub. The best such bound over prices is climbed to by subgradients, and a
pair whose price alone would lift the bound above a known answer is dropped for good (reduced cost fixing).

Where lots must go round what is not in the way, the rows of `ways` matter most: those that the choices on the way lack
are priced as well (relax and cut).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infraplan.procurement.lots.problem import Bools, Floats, Problem
from infraplan.procurement.lots.ways import Pool, Way

Ints = NDArray[np.intp]
MEMORY: Final = 0.9
"""Share of the slopes met before in the way taken: with 0 the bound ends up to 7 percent lower, with 0.95 no higher."""
WAYS_EVERY: Final = 5
MOST_WAYS: Final = 1_500
AIM_FURTHER: Final = 1.02
"""What a bound with ways aims at, in multiples of the best so far, where the known answer is not nearer."""


@dataclass(frozen=True)
class _Pace:
    """How a climb goes: steps at most, steps without a gain before the step shrinks, and how far down it shrinks."""

    most: int
    patience: int
    shrink: float
    first: float
    last: float


PLAIN: Final = _Pace(4_000, 40, 0.8, 1.0, 1e-3)
FURTHER: Final = _Pace(8_000, 60, 0.9, 0.1, 2e-3)
SCALES: Final = (1.0, 0.2)
"""Changes of the scale of limits, one climb after another: where one comes to a stop, the next one often goes on."""


@dataclass(frozen=True)
class Bound:
    """`miles` no division can stay below; `with_pair[i, j]` the same if unit i is in the lot of hub j.

    `hubs` are those of the bound's own choice, a good place to grow lots from; `ways` those that have a price, each
    with its hub.
    """

    miles: float
    with_pair: Floats
    hubs: tuple[int, ...] = ()
    ways: tuple[tuple[Way, int], ...] = ()
    prices: "_Prices | None" = field(default=None, repr=False, compare=False)
    rows: "_Rows | None" = field(default=None, repr=False, compare=False)

    def useful(self, known: float) -> Bools:
        """Pairs that a division of fewer miles than `known` may use."""
        return np.asarray(self.with_pair <= known * (1 + 1e-9))


def climb(problem: Problem, known: float) -> Bound:
    """The best bound found, given a known answer (or a guess above the least) to aim at. Deterministic."""
    with np.errstate(over="ignore", invalid="ignore"):
        rows = _Rows.of(problem, max(known / problem.size, 1e-9))
        best = _Climb(problem, rows, PLAIN).run(_first(problem, rows), known)
    return best.told(rows) if np.isfinite(best.bound) else Bound(-np.inf, problem.miles)


def further(problem: Problem, bound: Bound, known: float, late: Callable[[], bool] = lambda: False) -> Bound:
    """Climb on from a bound with the ways that its choices lack, until a known answer is reached or it is late."""
    if bound.prices is None or bound.rows is None or problem.lots >= problem.size:
        return bound
    rows, best = replace(bound.rows, pool=Pool(problem)), bound.prices
    with np.errstate(over="ignore", invalid="ignore"):
        for scale in SCALES:
            rows, best = rows.scaled(scale), replace(best, over=best.over / scale, under=best.under / scale)
            best = _Climb(problem, rows, FURTHER, late).run(best, known)
    return best.told(rows) if best.bound > bound.miles else bound


@dataclass
class _Climb:
    """One way up, from prices to better ones."""

    problem: Problem
    rows: "_Rows"
    pace: _Pace
    late: Callable[[], bool] = lambda: False

    def run(self, here: "_Prices", known: float) -> "_Prices":
        """The best prices met."""
        best, way, step, waited = here, None, self.pace.first, 0
        for turn in range(self.pace.most):
            # prices rise without end where no division can keep the limits
            if not np.isfinite(here.bound) or here.bound >= known or step < self.pace.last or self.late():
                break
            if self.rows.pool is not None and turn % WAYS_EVERY == 0:
                here, best, way = self._with_ways(self.rows.pool, here, best, way)
            slope = here.slope(self.rows)
            way = slope if way is None else way.blended(slope)
            aim = known if self.rows.pool is None else min(known, AIM_FURTHER * best.bound)
            moved = here.moved(self.problem, self.rows, way, step * (aim - here.bound))
            if moved is None:
                break
            here, much = moved, best.bound + 1e-4 * abs(best.bound)
            waited = 0 if here.bound > much else waited + 1
            best = here if here.bound > best.bound else best
            if waited > self.pace.patience:
                step, waited, here, way = step * self.pace.shrink, 0, best, None
        return best

    def _with_ways(
        self, pool: Pool, here: "_Prices", best: "_Prices", way: "_Slope | None"
    ) -> tuple["_Prices", "_Prices", "_Slope | None"]:
        """Take in the ways that the choice at these prices lacks, free of charge at first."""
        if len(pool.ways) >= MOST_WAYS:
            return here, best, way
        for hub, units in zip(here.hubs.tolist(), here.chosen().T, strict=True):
            pool.add(hub, np.flatnonzero(units).tolist(), here.reduced[:, hub])
        grown = replace(here, apart=pool.grown(here.apart))
        return (
            grown,
            grown if best is here else replace(best, apart=pool.grown(best.apart)),
            None if way is None else replace(way, apart=pool.grown(way.apart)),
        )


@dataclass(frozen=True)
class _Slope:
    """How far a choice misses what is priced: units in no lot or several, loads above and below a lot's limits, ways.

    Its running mean leads to better prices in fewer steps than the slope of one choice, which swings from side to side.
    """

    short: Floats
    above: Floats
    below: Floats
    apart: Floats

    def blended(self, other: "_Slope") -> "_Slope":
        pairs = (
            (self.short, other.short),
            (self.above, other.above),
            (self.below, other.below),
            (self.apart, other.apart),
        )
        return _Slope(*(MEMORY * old + (1 - MEMORY) * new for old, new in pairs))


@dataclass(frozen=True)
class _Prices:
    """Prices of the rules, and the choice they lead to: `bound` miles that no division can stay below."""

    pays: Floats
    over: Floats
    under: Floats
    apart: Floats
    reduced: Floats
    worth: Floats
    hubs: Ints
    bound: float

    @classmethod
    def of(cls, problem: Problem, rows: "_Rows", pays: Floats, over: Floats, under: Floats, apart: Floats) -> "_Prices":
        reduced = problem.miles - pays[:, None] + rows.amounts.T @ (over - under).T
        if rows.pool is not None and apart.size:
            reduced[:, rows.pool.hubs] += np.asarray(rows.pool.rows.T @ apart.T)
        own = np.diag(reduced)
        worth = np.minimum(reduced, 0).sum(axis=0) - np.minimum(own, 0) + own
        worth = worth - over @ rows.high + under @ rows.low
        hubs = np.argpartition(worth, problem.lots - 1)[: problem.lots]
        bound = float(pays.sum() + worth[hubs].sum()) - rows.rounding(pays, over + under, apart)
        return cls(pays, over, under, apart, reduced, worth, hubs, bound)

    def chosen(self) -> Bools:
        """Units (rows) that each open hub (columns) would take."""
        chosen = self.reduced[:, self.hubs] < 0
        chosen[self.hubs, np.arange(len(self.hubs))] = True
        return np.asarray(chosen)

    def slope(self, rows: "_Rows") -> _Slope:
        chosen = self.chosen().astype(float)
        load = chosen.T @ rows.amounts.T
        above, below = np.zeros_like(self.over), np.zeros_like(self.under)
        above[self.hubs], below[self.hubs] = load - rows.high, rows.low - load
        apart = np.zeros_like(self.apart)
        if rows.pool is not None and apart.size:
            place = {hub: at for at, hub in enumerate(self.hubs.tolist())}
            both = [(at, place[hub]) for at, hub in enumerate(rows.pool.hubs) if hub in place]
            pooled, opened = [at for at, _ in both], [at for _, at in both]
            apart[pooled] = (rows.pool.rows @ chosen[:, opened]).T * rows.pool.beyond[pooled]
        return _Slope(1 - chosen.sum(axis=1), above, below, apart)

    def moved(self, problem: Problem, rows: "_Rows", way: _Slope, step: float) -> "_Prices | None":
        """Prices a step further; None where there is no way up."""
        pairs = ((self.over, way.above), (self.under, way.below), (self.apart, way.apart))
        slopes = [_kept(price, slope) for price, slope in pairs]
        norm = float((way.short**2).sum() + sum((slope**2).sum() for slope in slopes))
        if norm == 0:
            return None
        length = step / norm
        prices = [np.maximum(0, price + length * slope) for (price, _), slope in zip(pairs, slopes, strict=True)]
        return _Prices.of(problem, rows, self.pays + length * way.short, *prices)

    def told(self, rows: "_Rows") -> Bound:
        extra = np.maximum(self.worth - self.worth[self.hubs].max(), 0)
        with_pair = self.bound + extra[None, :] + np.maximum(self.reduced, 0)
        # a hub's worth has its own unit in it already, dear or not
        np.fill_diagonal(with_pair, self.bound + extra)
        ways = list(rows.pool.ways) if rows.pool is not None else []
        hubs = rows.pool.hubs if rows.pool is not None else []
        paid = tuple((ways[row], hubs[at]) for at, row in np.argwhere(self.apart > 0).tolist())
        return Bound(self.bound, with_pair, tuple(sorted(self.hubs.tolist())), paid, self, rows)


def _first(problem: Problem, rows: "_Rows") -> _Prices:
    """Each unit pays its miles to the hub that is the first too far to be among its lots."""
    pays = np.sort(problem.miles, axis=1)[:, min(problem.lots, problem.size - 1)].copy()
    nothing = np.zeros((problem.size, len(rows.amounts)))
    return _Prices.of(problem, rows, pays, nothing, nothing, np.zeros((0, 0)))


def _kept(price: Floats, slope: Floats) -> Floats:
    """A slope without the directions in which a price of zero would fall."""
    return np.where((price <= 0) & (slope < 0), 0, slope)


@dataclass(frozen=True)
class _Rows:
    """Limits scaled so that their prices are of the size of miles; an end that is not there is out of reach."""

    amounts: Floats
    low: Floats
    high: Floats
    miles: float
    """The most miles of any unit and hub."""
    terms: int
    """How many figures a bound is the sum of."""
    pool: Pool | None = None

    @classmethod
    def of(cls, problem: Problem, scale: float) -> "_Rows":
        factor = np.array([scale / limit.scale for limit in problem.limits])
        amounts = problem.amounts * factor[:, None]
        least, most = np.minimum(amounts, 0).sum(axis=1), np.maximum(amounts, 0).sum(axis=1)
        low = np.array([limit.low for limit in problem.limits]) * factor
        high = np.array([limit.high for limit in problem.limits]) * factor
        low, high = np.maximum(low, least), np.minimum(high, most)
        return cls(amounts, low, high, float(problem.miles.max()), problem.size * (problem.lots + 1))

    def rounding(self, pays: Floats, limits: Floats, apart: Floats) -> float:
        """How far a bound at these prices may be off: where prices run away, little of it is more than rounding."""
        peak = np.maximum(np.abs(self.amounts).max(axis=1), np.maximum(np.abs(self.low), np.abs(self.high)))
        most = self.miles + float(np.abs(pays).max()) + float((limits @ peak).max(initial=0.0))
        most += float(apart.sum(axis=1).max(initial=0.0))
        return self.terms * float(np.finfo(np.float64).eps) * most

    def scaled(self, factor: float) -> "_Rows":
        """The same limits with other units."""
        return replace(self, amounts=self.amounts * factor, low=self.low * factor, high=self.high * factor)
