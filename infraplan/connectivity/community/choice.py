"""The choice solved: what is paid for, whom it serves, how good that is, what each part is worth and what money buys."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from infraplan import solve
from infraplan.connectivity.community import model as models
from infraplan.connectivity.community.inputs import Floats, Inputs
from infraplan.errors import NoAnswer
from infraplan.solve import Arrays, Limits, Result, Status
from infraplan.units import CENT, half_up

NOTHING: Final = 1e-6
"""Students below which nobody is served."""
STEPS: Final = ("0", "0.25", "0.5", "0.75", "1", "1.25", "1.5", "2")
"""Budgets tried, as parts of the one asked."""
WHAT: Final = "a choice of sites and programs"
EASED: Final = 1e-5
"""The hair of money beside a budget, as a part of it; beside it half a cent, so that it never ends where a sum does."""
MOST_TRIED: Final = 30
"""Choices that cost more than the budget after which a little of it is left instead."""
SPARE: Final = Decimal("0.000002")
"""What is then left, as a part of the budget."""


@dataclass(frozen=True)
class Serving:
    """Whom a choice serves: students by pair of `Inputs.pairs`."""

    inputs: Inputs
    by_pair: Floats

    @cached_property
    def by_measure(self) -> Floats:
        """Students that each measure serves."""
        return np.bincount(
            self.inputs.pairs["measure"].to_numpy(int), weights=self.by_pair, minlength=len(self.inputs.measures)
        ).astype(float)

    @cached_property
    def by_point(self) -> Floats:
        """Students reached at each point."""
        return np.bincount(
            self.inputs.pairs["point"].to_numpy(int), weights=self.by_pair, minlength=len(self.inputs.points)
        ).astype(float)

    @property
    def students(self) -> float:
        """Students reached."""
        return float(self.by_pair.sum())

    @property
    def weighted(self) -> float:
        """The same, weighted by need."""
        return float((self.by_point * self.inputs.weight).sum())


@dataclass(frozen=True)
class Choice:
    """What is paid for (`chosen`, positions of measures not there already) and how good that is."""

    inputs: Inputs
    chosen: tuple[int, ...]
    serving: Serving
    result: Result

    def cost(self, number: int) -> Decimal:
        """What one measure costs before E-Rate, USD to the cent; nothing where it exists."""
        told = self.inputs.measures[number]
        if told.existing or number not in self.chosen:
            return Decimal(0)
        return half_up(told.fixed + told.each * self._served(number), 2)

    def erate(self, number: int) -> Decimal:
        """E-Rate's share of it, USD to the cent."""
        told = self.inputs.measures[number]
        if told.existing or number not in self.chosen:
            return Decimal(0)
        return half_up(told.fixed * told.erate + told.each * self._served(number) * told.erate_each, 2)

    def _served(self, number: int) -> Decimal:
        return Decimal(str(round(self.serving.by_measure[number], 6)))

    @property
    def spent(self) -> Decimal:
        """What the budget pays."""
        return sum((self.cost(number) - self.erate(number) for number in self.chosen), Decimal(0))


@dataclass(frozen=True)
class _Stated:
    """The model and the one that finds the cheapest way to serve, as arrays; budgets and choices change only limits."""

    model: models.Model
    most: Arrays
    cheapest: Arrays

    @classmethod
    def of(cls, inputs: Inputs) -> "_Stated":
        model = models.build(inputs)
        return cls(model, solve.arrays(model.problem), solve.arrays(models.build_cheapest(inputs).problem))


def find(inputs: Inputs, limits: Limits) -> Choice:
    """Find the choice that reaches most students, weighted by need, under the budget.

    Raises NoAnswer if time runs out before any answer.
    """
    return _find(_Stated.of(inputs), inputs.budget, limits)


@dataclass(frozen=True)
class Kept:
    """What stays of a choice whose prices or students changed: what is still paid for, and how many it reaches."""

    paid: tuple[int, ...]
    result: Result


def kept(inputs: Inputs, chosen: Sequence[int], limits: Limits) -> Kept:
    """All of a choice where the budget reaches, else the part of it that reaches most; nothing is added.

    Raises NoAnswer if time runs out before any answer.
    """
    model = models.build(inputs)
    fixed = sum((inputs.measures[number].fixed_net for number in chosen), Decimal(0))
    decided = {variable.name: number in chosen for number, variable in model.pay.items()}
    if fixed > inputs.budget:  # what was not chosen stays so, the rest is chosen anew
        decided = {name: paid for name, paid in decided.items() if not paid}
        asked = replace(_limited(solve.arrays(model.problem), {}, decided), whole=solve.arrays(model.problem).whole)
    else:
        asked = _limited(solve.arrays(model.problem), {}, decided)
    result = solve.solve_arrays(asked, limits)
    solve.refuse_unanswered(result, what=WHAT)
    paid = tuple(number for number, variable in model.pay.items() if result.value(variable.name) > 0.5)  # noqa: PLR2004
    return Kept(paid, replace(result, values={}))


def _find(stated: _Stated, budget: Decimal, limits: Limits, known: Choice | None = None) -> Choice:
    inputs, pay = stated.model.inputs, stated.model.pay
    start = {variable.name: float(number in known.chosen) for number, variable in pay.items()} if known else None
    result, paid = _within(stated, budget, limits, start)
    serving = _cheapest(stated, budget, paid, result.objective, limits)
    if serving is None:  # fewer are reached than the solver's tolerance let it believe
        result = _recounted(stated, budget, paid, result, limits)
        serving = _cheapest(stated, budget, paid, result.objective, limits)
    if serving is None:
        raise NoAnswer(
            f"No answer: {WHAT} was found, and the solver could not say whom it serves; change the budget a little."
        )
    chosen = tuple(number for number in sorted(paid) if serving.by_measure[number] > NOTHING)
    return Choice(inputs, chosen, serving, replace(result, values={}))


def _within(
    stated: _Stated, budget: Decimal, limits: Limits, start: Mapping[str, float] | None
) -> tuple[Result, set[int]]:
    """The best choice and what it pays for; choices that cost a hair more than the budget are barred one by one.

    Raises NoAnswer if time runs out before any answer.
    """
    began, most, fixed = time.perf_counter(), stated.most, [told.fixed_net for told in stated.model.inputs.measures]
    hair = float(budget) * EASED + 0.005 if budget else 0.0
    bound = math.inf
    for tried in range(MOST_TRIED + 1):
        last = tried == MOST_TRIED
        money = budget - max(budget * SPARE, CENT) if last and budget else budget
        asked = _limited(most, {models.BUDGET: float(money) / stated.model.unit})
        left = limits.after(time.perf_counter() - began)
        result = solve.solve_arrays(_haired(asked, 0.0 if last else hair / stated.model.unit), left, start=start)
        solve.refuse_unanswered(result, what=WHAT)
        bound = bound if last else result.bound
        paid = {number for number, told in stated.model.pay.items() if result.value(told.name) > 0.5}  # noqa: PLR2004
        if sum((fixed[number] for number in paid), Decimal(0)) <= budget:
            return _stood(result, result.objective, bound, limits.gap), paid
        most = _barred(stated, most, _too_dear(fixed, paid, budget))
    raise NoAnswer(f"No answer: {WHAT} was found that costs a hair more than the budget; change it a little.")


def _stood(result: Result, objective: float, bound: float, asked: float) -> Result:
    """The result with another objective or bound."""
    if (objective, bound) == (result.objective, result.bound):
        return result
    bound = max(bound, objective)
    gap = solve.relative_gap(objective, bound)
    status = Status.within_gap if gap <= asked * (1 + 1e-9) else Status.stopped_feasible
    status = Status.optimal if gap <= solve.PROVEN_GAP else status
    return replace(result, status=status, objective=objective, bound=bound, gap=gap)


def _too_dear(fixed: Sequence[Decimal], paid: set[int], budget: Decimal) -> tuple[set[int], int]:
    """A smallest part of what is paid for that exceeds the budget, all that costs as much, and how many of these may be."""
    part = sorted((fixed[number], number) for number in paid if fixed[number] > 0)
    total, kept = sum((usd for usd, _ in part), Decimal(0)), list[tuple[Decimal, int]]()
    for usd, number in part:
        if total - usd > budget:
            total -= usd
        else:
            kept.append((usd, number))
    most = kept[-1][0]
    return {number for _, number in kept} | {at for at, usd in enumerate(fixed) if usd >= most}, len(kept) - 1


def _barred(stated: _Stated, model: Arrays, cover: tuple[set[int], int]) -> Arrays:
    """The model with one more row: of these measures at most so many are paid for."""
    place = {name: column for column, name in enumerate(model.names)}
    columns = [place[variable.name] for number, variable in stated.model.pay.items() if number in cover[0]]
    return replace(
        model,
        row_names=[*model.row_names, f"too_dear_{len(model.row_names)}"],
        row_lower=np.append(model.row_lower, -np.inf),
        row_upper=np.append(model.row_upper, float(cover[1])),
        starts=np.append(model.starts, model.starts[-1] + len(columns)).astype(np.int32),
        columns=np.append(model.columns, columns).astype(np.int32),
        coefficients=np.append(model.coefficients, np.ones(len(columns))),
    )


def _haired(model: Arrays, hair: float) -> Arrays:
    """The model with a hair of money beside its budget, in its unit."""
    upper = model.upper.copy()
    upper[list(model.names).index(models.HAIR)] = hair
    return replace(model, upper=upper)


def _recounted(stated: _Stated, budget: Decimal, paid: set[int], result: Result, limits: Limits) -> Result:
    """The result with the number of students that what is paid for does reach."""
    decided = {variable.name: number in paid for number, variable in stated.model.pay.items()}
    asked = _limited(stated.most, {models.BUDGET: float(budget) / stated.model.unit}, decided)
    counted = solve.solve_arrays(asked, replace(limits, gap=0.0, time_limit=None))
    return _stood(result, counted.objective, result.bound, limits.gap) if counted.status.answered else result


def _limited(model: Arrays, rows: Mapping[str, float], paid: Mapping[str, bool] | None = None) -> Arrays:
    """The model with other limits for some rows, and with some decisions made."""
    upper = model.row_upper.copy()
    for name, limit in rows.items():
        upper[model.row_names.index(name)] = limit
    if paid is None:
        return replace(model, row_upper=upper)
    fixed = np.array([paid.get(name, np.nan) for name in model.names], dtype=float)
    decided = ~np.isnan(fixed)
    return replace(
        model,
        row_upper=upper,
        lower=np.where(decided, fixed, model.lower),
        upper=np.where(decided, fixed, model.upper),
        whole=np.zeros(len(model.names), dtype=bool),
    )


def _cheapest(stated: _Stated, budget: Decimal, paid: set[int], weighted: float, limits: Limits) -> Serving | None:
    """Whom to serve by what, so that as many are reached as were found possible, at least cost for each; None if not so."""
    decided = {variable.name: number in paid for number, variable in stated.model.pay.items()}
    as_many = -weighted * (1 - 1e-9) + NOTHING
    asked = _limited(
        stated.cheapest, {models.BUDGET: float(budget) / stated.model.unit, models.AS_MANY: as_many}, decided
    )
    found = solve.solve_arrays(asked, replace(limits, gap=0.0, time_limit=None))
    return _serving(stated.model, found) if found.status.answered else None


def _serving(model: models.Model, result: Result) -> Serving:
    """Students by pair of points: each group's are shared by its points in proportion."""
    inputs, groups = model.inputs, model.groups
    count = len(inputs.measures)
    used = np.array([result.value(variable.name) for variable in model.serve])
    part = np.divide(used, groups.most, out=np.zeros_like(used), where=groups.most > 0)
    table = dict(zip((groups.group * count + groups.measure).tolist(), part.tolist(), strict=True))
    point, measure = inputs.pairs["point"].to_numpy(), inputs.pairs["measure"].to_numpy()
    parts = np.array([table.get(key, 0.0) for key in (groups.of[point] * count + measure).tolist()])
    return Serving(inputs, parts * inputs.most() if len(parts) else np.zeros(0))


def reached(choice: Choice, limits: Limits, estimate: str) -> Floats:
    """Students by measure if the choice stands and more or fewer are unreached: `students_low`, `students_high`."""
    inputs = choice.inputs
    model = models.build(inputs, estimate)
    decided = {variable.name: number in choice.chosen for number, variable in model.pay.items()}
    asked = _limited(solve.arrays(model.problem), {}, decided)
    result = solve.solve_arrays(asked, replace(limits, gap=0.0, time_limit=None))
    used = [result.value(variable.name) for variable in model.serve]
    return np.bincount(model.groups.measure, weights=used, minlength=len(inputs.measures)).astype(float)


def lost_without(choice: Choice) -> Mapping[int, float]:
    """For each chosen measure, how many fewer students are reached without it, its money left unspent."""
    model = models.build(choice.inputs)
    decided = {variable.name: number in choice.chosen for number, variable in model.pay.items()}
    stated = _limited(solve.arrays(model.problem), {models.BUDGET: float(choice.spent) / model.unit}, decided)
    place = {name: column for column, name in enumerate(stated.names)}
    serve = np.array([place[variable.name] for variable in model.serve], dtype=int)
    row = stated.row_names.index(models.BUDGET)
    relaxed, lost = solve.Relaxation(stated), {}
    for number in choice.chosen:
        column = place[model.pay[number].name]
        left = float(choice.spent - (choice.cost(number) - choice.erate(number))) / model.unit + NOTHING
        relaxed.bound_columns(column, np.zeros(1), np.zeros(1))
        relaxed.bound_rows(row, np.full(1, -np.inf), np.full(1, left))
        relaxed.run()
        lost[number] = max(0.0, choice.serving.students - float(relaxed.solution()[0][serve].sum()))
        relaxed.bound_columns(column, np.ones(1), np.ones(1))
    return lost


@dataclass(frozen=True)
class Step:
    """What one budget reaches."""

    budget: Decimal
    spent: Decimal
    students: float
    weighted: float
    result: Result


def budgets(inputs: Inputs, found: Choice, limits: Limits) -> list[Step]:
    """The same choice under other budgets, smallest first; the one asked for is as found.

    What is left of a time limit is shared by the others; a budget for which it does not suffice is left out.
    """
    stated, steps, tried = _Stated.of(inputs), [], list(_tried(inputs.budget))
    left = limits.after(found.result.seconds).time_limit
    each = limits if left is None else replace(limits, time_limit=max(0.1, left / len(tried)))
    known: Choice | None = None
    for budget in tried:
        try:
            known = found if budget == inputs.budget else _find(stated, budget, each, known)
        except NoAnswer:
            continue
        steps.append(Step(budget, known.spent, known.serving.students, known.serving.weighted, known.result))
    return steps


def _tried(budget: Decimal) -> Iterator[Decimal]:
    yield from sorted({half_up(budget * Decimal(step), 2) for step in STEPS} | {budget})


def chosen_names(choice: Choice) -> Sequence[str]:
    """Ids of what is paid for, in the order of the file."""
    return [choice.inputs.measures[number].site_id for number in choice.chosen]
