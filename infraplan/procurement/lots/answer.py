"""Finding a division: a first one, a proved bound, then the model over few pairs, then over all that can matter."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from infraplan import solve
from infraplan.procurement.lots import bounds, model, start
from infraplan.procurement.lots.problem import Bools, Problem, pieces
from infraplan.solve import Limits, Result, Status

UNIT: Final = "miles from members to hubs"
HUBS_OF_CORE: Final = 3
"""Hubs kept per lot in the small model, which finds a good division fast."""
NEAR_BEST: Final = 0.004
"""Pairs of the small model: those whose bound is this near the last hub kept."""
WITHOUT_LIMIT: Final = 300.0
"""Seconds the large model may take to find a first division where no time limit is given."""
AIMS: Final = (1.1, 1.04, 1.02)
"""What the bound aims at, in multiples of the one before: the hubs it ends with are where lots are grown."""
STAGES: Final = (0.2, 0.45, 1.0)
"""Parts of the way from the bound to the best division known, proved one after another."""
PART_FOR_BOUND: Final = 0.4
"""Longest climb to a better bound, and longest search for a better division, as parts of the time left."""
PART_FOR_CORE: Final = 0.5
"""The same for the small model."""
CORE_GAP: Final = 0.003
CORE_SECONDS: Final = 30.0
"""Longest run of the small model: only a way to a good division."""


@dataclass(frozen=True)
class Found:
    """A division in the order of its hubs, and how good it is (`result`, in miles).

    Without an answer `lots` is the division that breaks least, `breaks` says which limits and by how much of them.
    """

    problem: Problem
    lots: tuple[tuple[int, ...], ...]
    result: Result
    breaks: dict[str, float] = field(default_factory=dict)

    @property
    def hubs(self) -> tuple[int, ...]:
        """The hub of each lot."""
        return tuple(self.problem.hub(units) for units in self.lots)


class Search:
    """One number of lots: what is known so far of the best division and of the bound."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        self.problem, self.limits = problem, limits
        self.began, self.spent = time.perf_counter(), 0.0
        self.best: list[list[int]] | None = None
        self.miles, self.bound, self.impossible = math.inf, 0.0, False
        self.closest: list[list[int]] = []
        self.cuts: list[model.Cut] = []
        self.pairs = bounds.Bound(0.0, problem.miles)
        self.hubs: tuple[int, ...] = ()
        self.solver, self.tell = solve.solver_name(), solve.progress(self.began, UNIT)

    def quick(self) -> Found:
        """A first division, the bound by prices, and the small model: seconds, mostly within a percent."""
        if len(pieces(self.problem.near, range(self.problem.size))) > 1 or self.problem.lots > self.problem.size:
            self.impossible = True
            return self.found()
        first, _ = start.divide(self.problem, self.limits.seed)
        self.closest = first
        self._offer(first)
        self._climb(self.problem.total(first))
        for above in AIMS:
            self._climb(self.bound * above)
            if self.proved() or (self.best and self._late()):
                break
            better, _ = start.divide(self.problem, self.limits.seed, self.hubs)
            self._offer(better)
        if self.best and not self.proved() and not self._late():
            self._further(self.best)
        if not self.proved() and not self._late():
            until = self._until(PART_FOR_CORE)
            self._model(self._core(), whole=False, late=lambda: time.perf_counter() >= until)
            self._climb(self.miles)
        return self.found()

    def go_on(self, limits: Limits) -> None:
        """Give the search new limits, its time counted from now."""
        self.spent += time.perf_counter() - self.began
        self.limits, self.began = limits, time.perf_counter()

    def prove(self) -> Found:
        """The model over every pair that a better division may use; goes on from `quick`."""
        if self.proved() or self.impossible or self._late():
            return self.found()
        if self.best is None:
            self._model(np.ones_like(self.pairs.with_pair, bool), whole=True)
        for share in STAGES if self.best else ():
            if not self.proved() and not self._late():
                self._stage(share)
        return self.found()

    def _stage(self, share: float) -> None:
        """The model over pairs up to a share of the way from the bound to a better division: others cost more than that.

        A small model proves its part in seconds where the whole one would not even begin to.
        """
        target = self.miles * (1 - self.limits.gap)
        target = self.pairs.miles + share * (target - self.pairs.miles)
        if target <= self.bound and share < 1:
            return
        pairs = self.pairs.with_pair <= target * (1 + 1e-12)
        for units in self.best or ():
            pairs[list(units), self.problem.hub(units)] = True
        self._model(pairs, whole=True, target=target)
        self._climb(self.miles)

    def _climb(self, aim: float) -> None:
        """Climb to a bound, aiming at a number of miles somewhat above the least."""
        pairs = bounds.climb(self.problem, max(min(aim, self.miles), 1e-6))
        self.hubs = pairs.hubs
        if pairs.miles > self.pairs.miles or not self.bound:
            self.pairs = pairs
        if math.isfinite(pairs.miles):
            self.bound = max(self.bound, min(pairs.miles, self.miles))

    def _further(self, best: list[list[int]]) -> None:
        """A better division by a longer search, and a better bound by the ways that its choices lack."""
        until = self._until(PART_FOR_BOUND)
        self._offer(start.again(self.problem, best, self.limits.seed, lambda: time.perf_counter() >= until))
        until = self._until(PART_FOR_BOUND)
        self.pairs = bounds.further(self.problem, self.pairs, self.miles, lambda: time.perf_counter() >= until)
        self.bound = max(self.bound, min(self.pairs.miles, self.miles))
        self.cuts += [model.Cut(way.unit, hub, way.between) for way, hub in self.pairs.ways]

    def _until(self, part: float) -> float:
        """The end of a part of the time left."""
        return time.perf_counter() + part * (self._left().time_limit or WITHOUT_LIMIT)

    def _core(self) -> Bools:
        """Few hubs and the pairs most likely to be in a good division, those of the one known among them."""
        own = np.diag(self.pairs.with_pair)
        last = np.sort(own)[min(HUBS_OF_CORE * self.problem.lots, self.problem.size) - 1]
        kept = (self.pairs.with_pair <= last + NEAR_BEST * abs(self.pairs.miles)) & (own <= last)[None, :]
        for units in self.best or self.closest:
            kept[list(units), self.problem.hub(units)] = True
        return np.asarray(kept)

    def _model(
        self, pairs: Bools, *, whole: bool, target: float = math.inf, late: Callable[[], bool] = lambda: False
    ) -> None:
        """Solve, add the cuts an answer breaks, and again; `whole` if no better division lies outside the pairs."""
        while not self._late() and not late():
            stated = model.build(self.problem, pairs, self.cuts)
            known = model.start(stated, self.problem, self.best) if self.best else None
            limits = self._left() if whole else self._shorter()
            # what a part of the model proves is no proof of the whole: only what is known of the whole is told
            result = solve.solve(stated.problem, replace(limits, quiet=True), start=known)
            if whole:
                self._learn(result, target)
            if not self.limits.quiet:
                self.tell(self.miles, self.bound)
            if not result.status.answered:
                return
            found = model.division(stated, result)
            cuts = model.broken(self.problem, found)
            if not cuts:
                self._offer(list(found.values()))
                return
            self._mend(list(found.values()))
            if self.proved():
                return
            self.cuts += cuts

    def _learn(self, result: Result, target: float) -> None:
        """What a run over every pair that matters proves: pairs left out give no division of fewer miles than `target`."""
        if result.status == Status.infeasible:
            self.impossible = self.best is None
            proved = target
        else:
            proved = min(result.bound, target)
        if self.best and math.isfinite(proved):
            self.bound = max(self.bound, min(proved, self.miles))
        elif math.isfinite(proved):
            self.bound = max(self.bound, proved)

    def _mend(self, lots: Sequence[Sequence[int]]) -> None:
        """Make every lot of a division one piece, and improve what that gives."""
        whole = start.joined(self.problem, lots)
        self._offer(whole)
        self._offer(start.improve(self.problem, whole, np.random.default_rng([self.limits.seed, 23]), heat=0.002))

    def _offer(self, lots: Sequence[Sequence[int]]) -> None:
        """Keep a division if it is allowed and the best so far."""
        miles = self.problem.total(lots)
        if miles < self.miles - 1e-9 and self.problem.keeps(lots):
            self.best, self.miles = [sorted(units) for units in lots], miles

    def _left(self) -> Limits:
        spent = time.perf_counter() - self.began
        limits = self.limits.after(spent)
        return replace(limits, time_limit=WITHOUT_LIMIT) if limits.time_limit is None and not self.best else limits

    def _shorter(self) -> Limits:
        left = self._left()
        seconds = min(CORE_SECONDS, left.time_limit or CORE_SECONDS)
        return replace(left, gap=max(left.gap, CORE_GAP), time_limit=seconds)

    def _late(self) -> bool:
        spent = time.perf_counter() - self.began
        limit = self.limits.time_limit
        return spent >= (limit if limit is not None else WITHOUT_LIMIT if not self.best else math.inf)

    def proved(self) -> bool:
        """Whether the best division is within the gap asked of the bound."""
        return self.best is not None and self.miles - self.bound <= max(self.limits.gap * self.miles, 1e-9)

    def found(self) -> Found:
        """What is known now."""
        seconds = self.spent + time.perf_counter() - self.began
        if self.best is None:
            status = Status.infeasible if self.impossible else Status.stopped_empty
            result = Result(status, math.nan, math.nan, math.inf, seconds, self.solver)
            return Found(self.problem, _sorted(self.problem, self.closest), result, self._breaks())
        gap = solve.relative_gap(self.miles, self.bound)
        if gap <= solve.PROVEN_GAP:
            status = Status.optimal
        else:
            status = Status.within_gap if gap <= self.limits.gap * (1 + 1e-9) else Status.stopped_feasible
        result = Result(status, self.miles, self.bound, gap, seconds, self.solver)
        return Found(self.problem, _sorted(self.problem, self.best), result)

    def _breaks(self) -> dict[str, float]:
        worst: dict[str, float] = {}
        for units in self.closest:
            for name, short in self.problem.broken(units).items():
                worst[name] = max(short, worst.get(name, 0.0))
        return worst


def _sorted(problem: Problem, lots: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Lots from north-west units on: in the order of their hubs' numbers."""
    return tuple(tuple(sorted(units)) for units in sorted(lots, key=problem.hub))
