"""A proved least number of miles, before any solver starts, and which pairs of unit and hub cannot be in a better answer.

The rules that tie units together (each unit in one lot, each lot within its limits) are priced instead of kept; what
is left falls apart into one small choice per hub. The best such bound over prices is climbed to by subgradients, and a
pair whose price alone would lift the bound above a known answer is dropped for good (reduced cost fixing).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from infraplan.procurement.lots.problem import Bools, Floats, Problem

MOST_STEPS: Final = 4_000
PATIENCE: Final = 40
SHRINK: Final = 0.8
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
    scale = max(known / problem.size, 1e-9)
    rows = _Rows.of(problem, scale)
    pays = np.sort(problem.miles, axis=1)[:, min(problem.lots, problem.size - 1)].copy()
    over, under = np.zeros((problem.size, len(rows.amounts))), np.zeros((problem.size, len(rows.amounts)))
    best, step, waited = Bound(-np.inf, problem.miles), 1.0, 0
    for _ in range(MOST_STEPS):
        reduced = problem.miles - pays[:, None] + rows.amounts.T @ (over - under).T
        own = np.diag(reduced)
        worth = np.minimum(reduced, 0).sum(axis=0) - np.minimum(own, 0) + own
        worth = worth - over @ rows.high + under @ rows.low
        hubs = np.argpartition(worth, problem.lots - 1)[: problem.lots]
        bound = float(pays.sum() + worth[hubs].sum())
        if not np.isfinite(bound):  # prices rise without end where no division can keep the limits
            break
        if bound > best.miles:
            waited = 0 if bound > best.miles + 1e-4 * abs(best.miles) or not np.isfinite(best.miles) else waited + 1
            extra = np.maximum(worth - worth[hubs].max(), 0)
            best = Bound(bound, bound + extra[None, :] + np.maximum(reduced, 0), tuple(sorted(hubs.tolist())))
        else:
            waited += 1
        if waited > PATIENCE:
            step, waited = step * SHRINK, 0
        if step < SMALLEST_STEP or bound >= known:
            break
        open_hub = np.zeros(problem.size)
        open_hub[hubs] = 1
        chosen = (reduced < 0) * open_hub
        chosen[hubs, hubs] = 1
        short = 1 - chosen.sum(axis=1)
        load = chosen.T @ rows.amounts.T
        above, below = (
            _kept(over, load - open_hub[:, None] * rows.high),
            _kept(under, open_hub[:, None] * rows.low - load),
        )
        norm = float((short**2).sum() + (above**2).sum() + (below**2).sum())
        if norm == 0:
            break
        length = step * (known - bound) / norm
        pays = pays + length * short
        over, under = np.maximum(0, over + length * above), np.maximum(0, under + length * below)
    return best


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
