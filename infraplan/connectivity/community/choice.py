"""The choice solved: what is paid for, whom it serves, how good that is, what each part is worth and what money buys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np
import pulp

from infraplan import solve
from infraplan.connectivity.community import model as models
from infraplan.connectivity.community.inputs import Floats, Inputs
from infraplan.solve import Limits, Result
from infraplan.units import half_up

NOTHING: Final = 1e-6
"""Students below which nobody is served."""
STEPS: Final = ("0", "0.25", "0.5", "0.75", "1", "1.25", "1.5", "2")
"""Budgets tried, as parts of the one asked."""
WHAT: Final = "a choice of sites and programs"


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
        return half_up(told.fixed + told.each * Decimal(str(round(self.serving.by_measure[number], 6))), 2)

    def erate(self, number: int) -> Decimal:
        """E-Rate's share of it, USD to the cent."""
        return half_up(self.cost(number) * self.inputs.measures[number].erate, 2)

    @property
    def spent(self) -> Decimal:
        """What the budget pays."""
        return sum((self.cost(number) - self.erate(number) for number in self.chosen), Decimal(0))


def find(inputs: Inputs, limits: Limits) -> Choice:
    """Find the choice that reaches most students, weighted by need, under the budget.

    Raises NoAnswer if time runs out before any answer.
    """
    return _find(inputs, float(inputs.budget), limits)


def _find(inputs: Inputs, budget: float, limits: Limits, start: Choice | None = None) -> Choice:
    model = models.build(inputs, budget)
    result = solve.solve(model.problem, limits, start=_start(model, start) if start else None)
    solve.refuse_unanswered(result, what=WHAT)
    paid = {number for number, variable in model.pay.items() if result.value(variable.name) > 0.5}  # noqa: PLR2004
    serving = _cheapest(inputs, budget, paid, result.objective, limits)
    chosen = tuple(number for number in sorted(paid) if serving.by_measure[number] > NOTHING)
    return Choice(inputs, chosen, serving, replace(result, values={}))


def _start(model: models.Model, known: Choice) -> dict[str, float]:
    """The decisions of a known choice as a first answer."""
    return {variable.name: float(number in known.chosen) for number, variable in model.pay.items()}


def _cheapest(inputs: Inputs, budget: float, paid: set[int], weighted: float, limits: Limits) -> Serving:
    """Whom to serve by what, so that as many are reached as were found possible, at least cost for each."""
    model = models.build(inputs, budget, {n: n in paid for n, told in enumerate(inputs.measures) if not told.existing})
    groups = model.groups
    worth = groups.weight[groups.group].tolist()
    most = [(variable, -weight) for variable, weight in zip(model.serve, worth, strict=True)]
    model.add(most, -weighted * (1 - 1e-9) + NOTHING, "as_many")
    each = [float(told.each_net) for told in inputs.measures]
    # of equal ways the one that exists goes first, then the one that asks least; a cent breaks ties
    cost = [
        (variable, (0.0 if inputs.measures[n].existing else 0.01) + (0.0 if inputs.measures[n].existing else each[n]))
        for variable, n in zip(model.serve, groups.measure.tolist(), strict=True)
    ]
    model.problem.sense = pulp.LpMinimize
    model.problem.setObjective(pulp.LpAffineExpression(cost))
    result = solve.solve(model.problem, replace(limits, gap=0.0, time_limit=None))
    return _serving(model, result)


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


def reached(choice: Choice, limits: Limits, *, estimate: str = "students", without: int | None = None) -> Floats:
    """Students by measure if the choice stands and more or fewer students are unreached, or one measure is dropped.

    The money of a dropped measure is left unspent; otherwise the budget is the same.
    """
    inputs = choice.inputs
    keep = {n: n in choice.chosen and n != without for n, told in enumerate(inputs.measures) if not told.existing}
    budget = float(inputs.budget)
    if without is not None:
        budget = float(choice.spent - (choice.cost(without) - choice.erate(without))) + NOTHING
    model = models.build(inputs, budget, keep, estimate)
    result = solve.solve(model.problem, replace(limits, gap=0.0, time_limit=None))
    used = [result.value(variable.name) for variable in model.serve]
    return np.bincount(model.groups.measure, weights=used, minlength=len(inputs.measures)).astype(float)


@dataclass(frozen=True)
class Step:
    """What one budget reaches."""

    budget: Decimal
    spent: Decimal
    students: float
    weighted: float
    result: Result


def budgets(inputs: Inputs, found: Choice, limits: Limits) -> list[Step]:
    """The same choice under other budgets, smallest first; the one asked for is as found."""
    steps = []
    known: Choice | None = None
    for budget in _tried(inputs.budget):
        choice = found if budget == inputs.budget else _find(inputs, float(budget), limits, known)
        known = choice
        steps.append(Step(budget, choice.spent, choice.serving.students, choice.serving.weighted, choice.result))
    return steps


def _tried(budget: Decimal) -> Iterator[Decimal]:
    yield from sorted({half_up(budget * Decimal(step), 2) for step in STEPS} | {budget})


def chosen_names(choice: Choice) -> Sequence[str]:
    """Ids of what is paid for, in the order of the file."""
    return [choice.inputs.measures[number].site_id for number in choice.chosen]


def lost_without(choice: Choice, limits: Limits) -> Mapping[int, float]:
    """For each chosen measure, how many fewer students are reached without it, its money left unspent."""
    whole = choice.serving.students
    return {number: max(0.0, whole - float(reached(choice, limits, without=number).sum())) for number in choice.chosen}
