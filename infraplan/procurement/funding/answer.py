"""Find which projects to fund; what more, or less, state money would buy."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

from infraplan import solve
from infraplan.errors import NoAnswer
from infraplan.procurement.funding import model as models
from infraplan.procurement.funding.inputs import Inputs
from infraplan.procurement.funding.model import Model, Options
from infraplan.procurement.funding.payments import Payment, pay
from infraplan.solve import Limits, Result, Status

WHAT: Final = "a plan for the projects"
HALF: Final = 0.5
SPARE: Final = 100
"""Cents of every fund left unspent where the plan does not come out to the last cent otherwise."""
LOOSER: Final = 1e-6


@dataclass(frozen=True)
class Answer:
    """Which projects start when (`starts`: project number to year), who pays, and how good that is."""

    options: Options
    starts: Mapping[int, int]
    payments: tuple[Payment, ...]
    result: Result
    state_limit: int | None = None

    @property
    def inputs(self) -> Inputs:
        """What was asked."""
        return self.options.inputs

    @cached_property
    def worth(self) -> Decimal:
        """Benefit brought, weighted."""
        return sum((self.inputs.projects[index].worth for index in self.starts), Decimal(0))

    @cached_property
    def state_cents(self) -> int:
        """State money spent, in cents."""
        funds = self.inputs.funds
        return sum(cents for told in self.payments for fund, cents in told.funds.items() if funds[fund].state)

    @cached_property
    def erate_cents(self) -> int:
        """Federal money drawn, in cents."""
        return sum(self.inputs.projects[told.project].erate + told.match for told in self.payments)


def find(
    inputs: Inputs, limits: Limits, state_cents: int | None = None, near: Mapping[int, int] | None = None
) -> Answer:
    """Find the plan of most benefit, with at most `state_cents` of state money; `near` is a plan to start from.

    Raises NoAnswer if time runs out before any plan is found.
    """
    return _found(models.options(inputs), limits, state_cents, near)


def _found(told: Options, limits: Limits, state_cents: int | None, near: Mapping[int, int] | None) -> Answer:
    began = time.perf_counter()
    bound = math.inf
    for spare in (0, SPARE):
        model = models.build(told, state_cents, spare=spare)
        share = _least_share(told, limits.after(time.perf_counter() - began), state_cents, spare)
        if share is not None:
            models.at_least(model, share * (1 - LOOSER))
        start = _start(model, near) if near and share is None else None
        result = solve.solve(model.problem, limits.after(time.perf_counter() - began), start=start)
        solve.refuse_unanswered(result, what=WHAT)
        bound = min(bound, result.bound)
        starts = {index: year for (index, year), variable in model.start.items() if (variable.varValue or 0) > HALF}
        payments = pay(told, starts, state_cents)
        if payments is not None:
            best = Answer(told, starts, payments, result, state_cents)
            seconds = time.perf_counter() - began
            return replace(best, result=_exact(best, result, bound, limits.gap, seconds, changed=spare > 0))
    raise NoAnswer(
        "No answer: the plan found cannot be paid to the last cent; widen the funds by a dollar and try again."
    )


def _least_share(told: Options, limits: Limits, state_cents: int | None, spare: int) -> float | None:
    """The greatest least share of need met over regions, where the policy asks for it."""
    if told.inputs.policy.fair_share != "smallest_unmet":
        return None
    model = models.build(told, state_cents, spare=spare)
    models.raise_the_least(model)
    result = solve.solve(model.problem, limits)
    solve.refuse_unanswered(result, what=WHAT)
    return result.objective


def _start(model: Model, near: Mapping[int, int]) -> dict[str, float]:
    return {variable.name: float(near.get(index) == year) for (index, year), variable in model.start.items()}


def _exact(answer: Answer, result: Result, bound: float, asked: float, seconds: float, *, changed: bool) -> Result:
    """The result with the benefit recomputed exactly; the bound is kept, and never below it."""
    objective = float(answer.worth)
    near = abs(objective - result.objective) <= LOOSER * max(1.0, objective)
    bound = objective if result.status == Status.optimal and near and not changed else max(bound, objective)
    gap = solve.relative_gap(objective, bound)
    if gap <= solve.PROVEN_GAP:
        status = Status.optimal
    else:
        status = Status.within_gap if gap <= asked * (1 + 1e-9) else Status.stopped_feasible
    return replace(result, status=status, objective=objective, bound=bound, gap=gap, seconds=seconds, values={})


def frontier(best: Answer, amounts: Sequence[int], limits: Limits) -> list[Answer]:
    """Return the best plan for each amount of state money (cents, in rising order), as far as time allows.

    `best` answers for any amount that it does not exceed. A plan found for less money is never worse than a later one:
    it stands in where the search for more found nothing better.
    """
    began, found = time.perf_counter(), list[Answer]()
    for cents in sorted(set(amounts)):
        if cents >= best.state_cents:
            found.append(replace(best, state_limit=cents))
            continue
        left = limits.after(time.perf_counter() - began)
        if limits.time_limit is not None and time.perf_counter() - began >= limits.time_limit:
            break
        one = _found(best.options, left, cents, found[-1].starts if found else None)
        rises = best.inputs.policy.fair_share != "smallest_unmet"  # which may give up benefit for a poorer region
        if found and rises and found[-1].worth > one.worth:
            one = _instead(found[-1], one, limits.gap, cents)
        found.append(one)
    return found


def _instead(less: Answer, one: Answer, asked: float, cents: int) -> Answer:
    """The plan for less money, with the bound proved for more."""
    bound = max(one.result.bound, less.result.objective)
    gap = solve.relative_gap(less.result.objective, bound)
    status = Status.within_gap if gap <= asked else Status.stopped_feasible
    status = Status.optimal if gap <= solve.PROVEN_GAP else status
    return replace(less, result=replace(less.result, bound=bound, gap=gap, status=status), state_limit=cents)


def quarters(inputs: Inputs) -> list[int]:
    """No state money, a quarter, half, three quarters and all of it, in cents."""
    return sorted({inputs.state_cents * part // 4 for part in range(5)})
