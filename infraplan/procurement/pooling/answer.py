"""Find the award: solve the model, add what an answer breaks, and say what is proved.

Only the objective `non_discount_share` and fairness depend on E-Rate, so a consortium's average rate matters only
there. It depends on who buys together and is rounded to a whole percent, so each possible average is one linear model:
the first solve leaves the average open, which bounds them all; the averages are then tried in turn, nearest first,
until one meets that bound.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from infraplan import solve
from infraplan.errors import InfraplanError, NoAnswer
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling.bills import Award, Baseline, baselines
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.procurement.pooling.inputs import ZERO, Inputs
from infraplan.procurement.pooling.model import Model, Row
from infraplan.solve import Limits, Result, Status

MOST_ROUNDS: Final = 200
"""Rounds of fairness rows before giving up; a round takes in every member that is worse off."""
MOST_LINES: Final = 20
WHAT: Final = "an award that serves every member within the policy"
EXPLAIN_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Answer:
    """An award with what is proved about it; `base` is the baseline of each demand."""

    award: Award
    result: Result
    base: tuple[Baseline | None, ...]
    notes: tuple[str, ...] = ()


def objective(award: Award) -> Decimal:
    """Return what the policy minimizes, exactly: the pre-discount cost, or the applicants' own."""
    if award.inputs.policy.objective == "pre_discount":
        return award.pre_discount
    return sum(award.applicant(), ZERO)


def find(inputs: Inputs, limits: Limits | None = None) -> Answer:
    """Find the best award under the policy. Raises NoAnswer, in words, if there is none or time ran out before one."""
    limits = limits or Limits()
    _refuse_unavailable(inputs)
    _refuse_unserved(inputs)
    base = tuple(baselines(inputs))
    search = Search(inputs, base, limits)
    award, result = search.run()
    return Answer(award, result, base, (*inputs.notes, *search.notes))


def _refuse_unavailable(inputs: Inputs) -> None:
    policy = inputs.policy
    if policy.stable:
        raise InfraplanError(
            "stable = true is not available yet; set it to false (or leave it out) to go on without it."
        )
    if policy.objective != "pre_discount":
        raise InfraplanError('objective = "non_discount_share" is not available yet; use "pre_discount".')
    if policy.filing != "separate" and policy.no_district_worse_off:
        raise InfraplanError("filing as a consortium with no_district_worse_off is not available yet.")


def _refuse_unserved(inputs: Inputs) -> None:
    """Say at once which members no bid can serve and which have nothing to keep."""
    served = {offer.demand for offer in inputs.offers if _fits(inputs, offer.bid, offer.demand)}
    priced = {offer.demand for offer in inputs.offers}
    lines = []
    for index, demand in enumerate(inputs.demands):
        if index in served or (demand.current is not None and inputs.policy.may_keep_current):
            continue
        why = "every bid that prices it is too small for its quantity" if index in priced else "no bid prices it"
        kept = "has no present contract" if demand.current is None else "may not keep its contract (may_keep_current)"
        lines.append(f"  - {demand.label}: {why}, and it {kept}")
    if lines:
        more = [f"  ... and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        raise NoAnswer(
            "\n".join([f"No answer: {WHAT} is impossible (status: infeasible).", *lines[:MOST_LINES], *more])
        )


def _fits(inputs: Inputs, bid: int, demand: int) -> bool:
    capacity = inputs.bids[bid].capacity
    return capacity is None or inputs.demands[demand].quantity <= capacity


@dataclass
class Search:
    """One search under one policy."""

    inputs: Inputs
    base: Sequence[Baseline | None]
    limits: Limits
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def run(self) -> tuple[Award, Result]:
        """Solve, add fairness rows for members worse off, and solve again until nobody is."""
        given = models.facts(self.inputs)
        fairness = Fairness(given, self.base, {})
        if self.inputs.policy.no_district_worse_off:
            options, keep = fairness.possible()
            given = replace(given, options=options, keep=keep)
            fairness = replace(fairness, given=given)
        start: Award | None = None
        for _ in range(MOST_ROUNDS):
            model = models.build(given, given.options, self.rows)
            result = solve.solve(
                model.problem, self.limits.after(self.spent()), start=model.start(start) if start else None
            )
            if not result.status.answered:
                self._refuse(model, result)
            award = Award(self.inputs, model.choice())
            found = fairness.rows(award, len(self.rows)) if self.inputs.policy.no_district_worse_off else []
            if not found:
                return award, exact(award, result, self.limits.gap, self.spent())
            self.rows += found
        raise NoAnswer(f"No answer: after {MOST_ROUNDS} rounds some member was still worse off in every award found.")

    def spent(self) -> float:
        """Seconds since the search began."""
        return time.perf_counter() - self.began

    def _refuse(self, model: Model, result: Result) -> None:
        reasons: list[str] = []
        if result.status == Status.infeasible:
            reasons = solve.explain_infeasible(
                model.problem, model.words, replace(self.limits, time_limit=EXPLAIN_SECONDS)
            )
        solve.refuse_unanswered(result, what=WHAT, reasons=reasons)


def exact(award: Award, result: Result, asked: float, seconds: float) -> Result:
    """Return the result with the objective recomputed exactly; the bound is kept, and never above it."""
    found = float(objective(award))
    bound = min(result.bound, found) if math.isfinite(result.bound) else result.bound
    if result.status == Status.optimal:
        # the solver's own figures agree to its tolerance; the exact one takes their place
        bound = found if abs(found - result.objective) <= 1e-6 * max(1.0, abs(found)) else bound
    gap = solve.relative_gap(found, bound)
    status = (
        Status.optimal if gap <= solve.PROVEN_GAP else Status.within_gap if gap <= asked else Status.stopped_feasible
    )
    if result.status == Status.within_gap and status == Status.stopped_feasible:
        status = Status.within_gap
    return replace(result, status=status, objective=found, bound=bound, gap=gap, seconds=seconds, values={})
