"""Which sites, buses and programs to pay for, so that most unreached students are reached: maximum coverage, capacities.

Sets
    i   groups of points: places that the same measures reach alike count as one
    j   measures: sites, buses, programs; E of them exist
Given
    n[i]        students not reached at home
    w[i]        what one of them counts: 1 + need weight x share of children in poverty
    m[i,j]      students of i whom j could serve: those in reach x take-up; for outreach only homes offered broadband
    f[j], e[j]  USD that the budget pays if j is chosen, and for each student it serves (0 for those that exist)
    c[j]        most students that j can serve
    B           the budget, USD
    h           a hair of money beside it: a solver cannot tell a cent of a hundred thousand dollars from nothing and goes
                astray; it is dearer than any student it could serve, and what it lets through is barred afterwards
Decisions
    pay[j]      j is chosen                             (0 or 1; 1 for those that exist)
    x[i,j]      students of i whom j serves             (0 to m[i,j]; estimates, so fractions are allowed)
    hair        USD taken of the hair                   (0 to h; none unless allowed)
Objective
    most of sum w[i] x[i,j] - dear hair
Constraints
    once        sum over j of x[i,j] <= n[i]
    room        sum over i of x[i,j] <= c[j] pay[j]
    only paid   x[i,j] <= m[i,j] pay[j]
    budget      sum f[j] pay[j] + sum e[j] x[i,j] <= B + hair
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import pulp

from infraplan.connectivity.community.inputs import Floats, Inputs

UNIT: Final = "students, weighted by need"
BUDGET, AS_MANY, HAIR = "budget", "as_many", "hair"
"""Names of the rows that other budgets, and other numbers of students, change, and of the hair."""
MOST_DIGITS: Final = 6
"""Digits of the largest budget in a model."""
DEAR: Final = 10.0
"""How much dearer a dollar of the hair is than any student it could serve."""


@dataclass(frozen=True)
class Groups:
    """Points that the same measures reach alike: `of` the group of each point; pairs of `group` and `measure`, `most`."""

    of: np.ndarray
    students: Floats
    weight: Floats
    group: np.ndarray
    measure: np.ndarray
    most: Floats


def grouped(inputs: Inputs, estimate: str = "students") -> Groups:
    """Gather the points, once for each estimate."""
    if estimate not in inputs.gathered:
        inputs.gathered[estimate] = _grouped(inputs, estimate)
    found: Groups = inputs.gathered[estimate]
    return found


def _grouped(inputs: Inputs, estimate: str) -> Groups:
    """Gather the points; exact, because what can be served of each point of a group is in the same proportion."""
    students, most, pairs = inputs.students(estimate), inputs.most(estimate), inputs.pairs
    point = pairs["point"].to_numpy()
    share = np.divide(most, students[point], out=np.zeros_like(most), where=students[point] > 0).round(9)
    signature = pd.Series(list(zip(pairs["measure"], share, strict=True))).groupby(point).agg(tuple)
    keys = [(signature.get(i, ()), round(weight, 9)) for i, weight in enumerate(inputs.weight.tolist())]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    of = np.array([numbers[key] for key in keys], dtype=np.int64)
    sums = np.bincount(of, weights=students, minlength=len(numbers)).astype(float)
    frame = pd.DataFrame({"group": of[point], "measure": pairs["measure"].to_numpy(), "most": most})
    whole = frame.groupby(["group", "measure"], as_index=False)["most"].sum()
    whole = whole[whole["most"] > 0]
    weight = np.array([key[1] for key in numbers], dtype=float)
    return Groups(
        of, sums, weight, whole["group"].to_numpy(), whole["measure"].to_numpy(), whole["most"].to_numpy(float)
    )


@dataclass
class Model:
    """The PuLP problem with its decisions: `pay` by measure (those not there already), `serve` by pair of the groups.

    The budget is counted in `unit` USD.
    """

    problem: pulp.LpProblem
    inputs: Inputs
    groups: Groups
    unit: int = 1
    pay: dict[int, pulp.LpVariable] = field(default_factory=dict)
    serve: list[pulp.LpVariable] = field(default_factory=list)

    def add(self, terms: list[tuple[pulp.LpVariable, float]], rhs: float, name: str) -> None:
        """Add one named constraint `sum <= rhs`."""
        self.problem += pulp.LpConstraint(pulp.LpAffineExpression(terms), pulp.LpConstraintLE, name, rhs)


def build(inputs: Inputs, estimate: str = "students") -> Model:
    """State the choice under the budget asked."""
    problem = pulp.LpProblem("community", pulp.LpMaximize)
    model = Model(problem, inputs, grouped(inputs, estimate), unit(inputs))
    _decisions(model)
    _most_reached(model)
    _once(model)
    _room(model)
    _only_paid(model)
    _budget(model)
    return model


def unit(inputs: Inputs) -> int:
    """The power of ten of USD that twice the budget is counted in: a solver is at ease with figures of a few digits."""
    return int(10 ** max(0, len(str(int(2 * inputs.budget))) - MOST_DIGITS))


def build_cheapest(inputs: Inputs) -> Model:
    """State whom to serve by what at least cost, so that as many are reached as a row `as_many` asks.

    Of equal ways the one that exists goes first, then the one that asks least for each student; a cent breaks ties.
    """
    model = build(inputs)
    groups, cent = model.groups, 0.01
    worth = groups.weight[groups.group].tolist()
    model.add([(variable, -weight) for variable, weight in zip(model.serve, worth, strict=True)], 0.0, AS_MANY)
    each = [0.0 if told.existing else cent + float(told.each_net) for told in inputs.measures]
    cost = [(variable, each[number]) for variable, number in zip(model.serve, groups.measure.tolist(), strict=True)]
    model.problem.sense = pulp.LpMinimize
    model.problem.setObjective(pulp.LpAffineExpression(cost))
    return model


def _decisions(model: Model) -> None:
    for number, told in enumerate(model.inputs.measures):
        if not told.existing:
            model.pay[number] = model.problem.add_variable(f"pay_{number}", 0, 1, "Integer")
    model.serve = [
        model.problem.add_variable(f"serve_{pair}", 0, most) for pair, most in enumerate(model.groups.most.tolist())
    ]


def _most_reached(model: Model) -> None:
    weight = model.groups.weight[model.groups.group].tolist()
    each = [float(told.each_net) for told in model.inputs.measures if told.each_net > 0 and not told.existing]
    dear = DEAR * model.unit * max(weight) / min(each) if each and weight else 0.0
    hair = model.problem.add_variable(HAIR, 0, 0)
    model.problem += pulp.LpAffineExpression([*zip(model.serve, weight, strict=True), (hair, -dear)])


def _once(model: Model) -> None:
    held: dict[int, list[tuple[pulp.LpVariable, float]]] = {}
    for variable, group in zip(model.serve, model.groups.group.tolist(), strict=True):
        held.setdefault(group, []).append((variable, 1.0))
    for group, terms in held.items():
        model.add(terms, float(model.groups.students[group]), f"once_{group}")


def _room(model: Model) -> None:
    for number, told in enumerate(model.inputs.measures):
        mine = np.flatnonzero(model.groups.measure == number).tolist()
        total = float(model.groups.most[mine].sum())
        if told.capacity is None or not mine or told.capacity >= total:
            continue
        terms = [(model.serve[pair], 1.0) for pair in mine]
        if number in model.pay:
            terms.append((model.pay[number], -told.capacity))
        model.add(terms, 0.0 if number in model.pay else told.capacity, f"room_{number}")


def _only_paid(model: Model) -> None:
    for pair, number in enumerate(model.groups.measure.tolist()):
        if number in model.pay:
            most = float(model.groups.most[pair])
            model.add([(model.serve[pair], 1.0), (model.pay[number], -most)], 0.0, f"only_{pair}")


def _budget(model: Model) -> None:
    measures = model.inputs.measures
    terms = [(variable, float(measures[number].fixed_net) / model.unit) for number, variable in model.pay.items()]
    each = [0.0 if told.existing else float(told.each_net) / model.unit for told in measures]
    terms += [
        (variable, each[number])
        for variable, number in zip(model.serve, model.groups.measure.tolist(), strict=True)
        if each[number]
    ]
    terms.append((model.problem.variablesDict()[HAIR], -1.0))
    model.add(terms, float(model.inputs.budget) / model.unit, BUDGET)
