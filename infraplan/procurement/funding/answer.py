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
from infraplan.procurement.funding import covers, goals
from infraplan.procurement.funding import model as models
from infraplan.procurement.funding.inputs import Inputs
from infraplan.procurement.funding.model import Model, Money, Options
from infraplan.procurement.funding.payments import Payment, pay
from infraplan.solve import Limits, Result, Status

WHAT: Final = "a plan for the projects"
HALF: Final = 0.5
SPARE: Final = (2e-6, 100)
"""What is left of every fund, as a part of it and in cents, where the plan does not come out to the last cent otherwise."""
MOST_EASED: Final = 15
"""Plans that lack a cent after which no money has a hair any more: what is barred by then stays so."""
MOST_TRIED: Final = 30
"""Plans that lack a cent after which money is left to spare instead."""
LOOSER: Final = 1e-6
MOST_STEPS: Final = 1000
"""Steps of the whole curve after which it is cut off."""
ROUGH: Final = 0.01
"""How near its best a plan is brought that is only a start."""
NEAR_ENOUGH: Final = 1e-4
"""How near its best a later goal is brought at least: it decides between plans that are as good by the first."""
USUAL_CENTS: Final = (0, 100_000_000, 500_000_000)
"""Amounts a legislator is shown in any case, where there is as much: none, one million, five million dollars."""


@dataclass(frozen=True)
class Aim:
    """One goal of the policy's order: what was reached, and what is proved about it given the goals before."""

    goal: str
    result: Result


@dataclass(frozen=True)
class Answer:
    """Which projects start when (`starts`: project number to year), who pays, and how good that is.

    `result` is that of the first goal, `aims` are all of them; `fair` says what is proved of the least share of need met in
    any region, where that came first.
    """

    options: Options
    starts: Mapping[int, int]
    payments: tuple[Payment, ...]
    result: Result
    state_limit: int | None = None
    aims: tuple[Aim, ...] = ()
    fair: Result | None = None

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
    began, money, aside = time.perf_counter(), Money(state_cents, eased=True), -math.inf
    bound = math.inf
    for tried in range(MOST_TRIED + 1):
        spent = time.perf_counter() - began
        late = limits.time_limit is not None and spent >= limits.time_limit
        money = replace(money, eased=tried < MOST_EASED)
        if tried and (tried == MOST_TRIED or late):
            money = replace(money, eased=False, spare=SPARE)
        starts, aims, fair = _aimed(told, limits.after(spent), money, near)
        if money.spare is None:  # what is proved with cents to spare is not proved of the funds as they are
            bound = aims[0].result.bound
        payments = pay(told, starts, state_cents) if models.within_budgets(told.inputs, starts) else None
        if payments is not None:
            return _answered(told, starts, payments, aims, fair, state_cents, max(bound, aside),
                             Done(limits.gap, time.perf_counter() - began, changed=money.spare is not None))  # fmt: skip
        if money.spare is not None:
            break
        lacking = covers.broken(told, starts, state_cents)
        if not lacking:  # it may be that another way of paying comes out: what the plan would bring stays in the bound
            aside = max(aside, aims[0].result.objective)
            lacking = [covers.as_it_is(starts)]
        money = replace(money, covers=(*money.covers, *lacking))
    raise NoAnswer(
        "No answer: the plan found cannot be paid to the last cent; widen the funds by a dollar and try again."
    )


@dataclass(frozen=True)
class Done:
    """How a search ended: the gap that was asked, seconds, whether the funds were changed for it."""

    gap: float
    seconds: float
    changed: bool


def _answered(
    told: Options, starts: Mapping[int, int], payments: tuple[Payment, ...], aims: Sequence[Aim], fair: Result | None,
    state_cents: int | None, bound: float, done: Done,
) -> Answer:  # fmt: skip
    """An answer with its goals recomputed exactly; `bound` is that of the first goal."""
    reached = [float(goals.value(told.inputs, aim.goal, starts, payments)) for aim in aims]
    exact = [
        replace(aim, result=_exact(value, aim.result, aim.result.bound if number else bound, done))
        for number, (aim, value) in enumerate(zip(aims, reached, strict=True))
    ]
    return Answer(told, starts, payments, exact[0].result, state_cents, tuple(exact), fair)


def _aimed(
    told: Options, limits: Limits, money: Money, near: Mapping[int, int] | None
) -> tuple[dict[int, int], list[Aim], Result | None]:
    """The starts that reach the policy's goals one after the other; a later goal out of time is left where it is.

    Last comes what is proved about the least share of need met in any region, where the policy asks for it.
    """
    began = time.perf_counter()
    fair = _least_share(told, limits, money)
    share, values = (fair.objective, dict(fair.values)) if fair else (None, dict[str, float]())
    starts, aims = dict[int, int](), list[Aim]()
    for goal in goals.aims(told.inputs.policy):
        model = models.build(told, money, goal=goal)
        if share is not None:
            models.at_least(model, share * (1 - LOOSER))
        for aim in aims:
            models.keep(model, aim.goal, aim.result.objective)
        start = values or (_start(model, near) if near else None)
        left = limits.after(time.perf_counter() - began)
        result = solve.solve(
            model.problem, replace(left, gap=max(left.gap, NEAR_ENOUGH)) if aims else left, start=start
        )
        if aims and not result.status.answered:
            break
        solve.refuse_unanswered(result, what=WHAT)
        result = replace(result, objective=result.objective / model.scale, bound=result.bound / model.scale)
        if goal == "state_usd_unspent":
            rest = models.constant_of(told.inputs, goal)
            result = replace(result, objective=result.objective + rest, bound=result.bound + rest)
        starts = {index: year for (index, year), variable in model.start.items() if (variable.varValue or 0) > HALF}
        values = dict(result.values)
        aims.append(Aim(goal, result))
    return starts, aims, fair


def _least_share(told: Options, limits: Limits, money: Money) -> Result | None:
    """The greatest least share of need met over regions, where the policy asks for it, in half of the time at most.

    One share to be raised gives a solver little to go by: it starts from the plan that brings all regions together
    nearest to the share that fractions of projects would reach.
    """
    if told.inputs.policy.fair_share != "smallest_unmet":
        return None
    began = time.perf_counter()
    half = replace(limits, time_limit=limits.time_limit / 2) if limits.time_limit is not None else limits
    model = models.build(told, money)
    models.raise_the_least(model)
    linear, start = solve.Relaxation(solve.arrays(model.problem)), dict[str, float]()
    if linear.run(half.time_limit):
        rough = models.build(told, money)
        models.near(rough, linear.objective)
        quarter = half.time_limit / 2 if half.time_limit is not None else None
        found = solve.solve(rough.problem, replace(half, gap=max(limits.gap, ROUGH), time_limit=quarter))
        start = {name: value for name, value in found.values.items() if not name.startswith("got_")}
    result = solve.solve(model.problem, half.after(time.perf_counter() - began), start=start or None)
    solve.refuse_unanswered(result, what=WHAT)
    return result


def _start(model: Model, near: Mapping[int, int]) -> dict[str, float]:
    return {variable.name: float(near.get(index) == year) for (index, year), variable in model.start.items()}


def _exact(objective: float, result: Result, bound: float, done: Done) -> Result:
    """The result with its value recomputed exactly; the bound is kept, and never below it."""
    near = bound - objective <= LOOSER * max(1.0, abs(objective))
    bound = objective if result.status == Status.optimal and near and not done.changed else max(bound, objective)
    gap = solve.relative_gap(objective, bound)
    if gap <= solve.PROVEN_GAP:
        status = Status.optimal
    else:
        status = Status.within_gap if gap <= done.gap * (1 + 1e-9) else Status.stopped_feasible
    return replace(result, status=status, objective=objective, bound=bound, gap=gap, seconds=done.seconds, values={})


def frontier(best: Answer, amounts: Sequence[int], limits: Limits) -> list[Answer]:
    """Return the best plan for each amount of state money (cents, in rising order), as far as time allows.

    `best` answers for any amount that it does not exceed. A plan found for less money is never worse than a later one:
    it stands in where the search for more found nothing better.
    """
    began, found = time.perf_counter(), list[Answer]()
    rises = best.inputs.policy.fair_share != "smallest_unmet"  # which may give up benefit for a poorer region
    for cents in sorted(set(amounts)):
        spent = time.perf_counter() - began
        if cents >= best.state_cents:
            one = replace(best, state_limit=cents)
        elif limits.time_limit is not None and spent >= limits.time_limit:
            continue
        else:
            try:
                one = _found(best.options, limits.after(spent), cents, found[-1].starts if found else None)
            except NoAnswer:  # out of time: what was found stands, and so does the plan for more than it needs
                continue
        if found and rises and found[-1].result.objective > one.result.objective:
            one = _instead(found[-1], one, limits.gap, cents)
        found.append(one)
    return found


def steps(best: Answer, limits: Limits, most: int = MOST_STEPS) -> tuple[list[Answer], bool]:
    """Return every amount of state money (cents, rising) from which on it buys more, and whether all were found.

    From the most benefit down: the least state money that brings it, then the best plan for less, and so on. The least
    is proved within `NEAR_ENOUGH` of itself: to the cent, that is a riddle of its own that helps no planner.
    """
    policy = best.inputs.policy
    if not policy.weights and "state_usd_unspent" not in policy.order:
        policy = replace(policy, order=(policy.order[0], "state_usd_unspent"))
    told = replace(best.options, inputs=replace(best.inputs, policy=policy))
    began, found, cents = time.perf_counter(), list[Answer](), best.inputs.state_cents
    while len(found) < most:
        spent = time.perf_counter() - began
        if found and limits.time_limit is not None and spent >= limits.time_limit:
            return found[::-1], False
        try:
            one = _found(told, limits.after(spent), cents, found[-1].starts if found else best.starts)
        except NoAnswer:
            return found[::-1], False
        if found and one.result.objective >= found[-1].result.objective:
            found.pop()  # as much for less money: the step above was none
        found.append(replace(one, state_limit=one.state_cents))
        if not one.state_cents:
            return found[::-1], True
        cents = min(one.state_cents, _least_cents(one)) - 1
    return found[::-1], False


def _least_cents(one: Answer) -> int:
    """The least state money, in cents, that may bring as much as a plan does, as far as it is proved."""
    left = next((aim.result.bound for aim in one.aims[1:] if aim.goal == "state_usd_unspent"), 0.0)
    return one.inputs.state_cents - math.floor(left * models.CENTS) if math.isfinite(left) and left else one.state_cents


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


def usual(inputs: Inputs) -> list[int]:
    """The quarters, and round amounts that the funds hold, in cents."""
    return sorted({*quarters(inputs), *(cents for cents in USUAL_CENTS if cents <= inputs.state_cents)})
