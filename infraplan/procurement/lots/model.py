"""The mixed integer model of a division into lots, over the pairs of unit and hub that can matter.

Sets      units i, hubs j among the units, limits m (students, demand, expected value, members, hard members), providers p
Data      miles c[i, j] from the members of unit i to the place of unit j; amounts a[m, i] with least l[m] and most h[m]
          for a lot; serves[p, i]; the number of lots K; the fewest bidders b
Decide    x[i, j] = 1 if unit i is in the lot whose hub is j (x[j, j] = 1: j is a hub); z[p, j] in [0, 1] provider p can
          be expected at the lot of hub j
Minimize  sum of c[i, j] x[i, j]                                     miles from members to their lot's hub
Subject   sum over j of x[i, j] = 1                                  every unit is in one lot
          x[i, j] <= x[j, j]                                         whose hub is in it
          sum over j of x[j, j] = K                                  as many lots as asked for
          l[m] x[j, j] <= sum over i of a[m, i] x[i, j] <= h[m] x[j, j]
          z[p, j] <= sum over i served by p of x[i, j];  sum over p of z[p, j] >= b x[j, j]
          x[i, j] <= sum over s in S of x[s, j]                      a way to the hub: S separates i from j

A lot is known by its best hub, so that no two answers are the same division under other names. The last rows are too
many to state: they are added where an answer breaks them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pulp

from infraplan.procurement.lots.problem import Bools, Limit, Problem, pieces
from infraplan.solve import Result

HALF: Final = 0.5


@dataclass(frozen=True)
class Cut:
    """Unit `unit` can be in the lot of hub `hub` only with a unit of `between`, which lie on every way to it."""

    unit: int
    hub: int
    between: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """The PuLP problem and its variables by unit and hub."""

    problem: pulp.LpProblem
    joins: Mapping[tuple[int, int], pulp.LpVariable]


def build(told: Problem, pairs: Bools, cuts: Iterable[Cut] = ()) -> Model:
    """State the model over the pairs allowed; a pair whose hub is not allowed is left out."""
    allowed = pairs & np.diag(pairs)[None, :]
    problem = pulp.LpProblem("lots", pulp.LpMinimize)
    joins = {(i, j): problem.add_variable(f"x_{i}_{j}", cat="Binary") for i, j in np.argwhere(allowed).tolist()}
    problem += pulp.LpAffineExpression([(x, float(told.miles[pair])) for pair, x in joins.items()])
    model = Model(problem, joins)
    hubs = sorted(j for i, j in joins if i == j)
    lots = {hub: [unit for unit in range(told.size) if allowed[unit, hub]] for hub in hubs}
    _every_unit_in_one_lot(model, told.size)
    _whose_hub_is_in_it(model)
    problem += pulp.LpAffineExpression([(joins[hub, hub], 1) for hub in hubs]) == told.lots
    for limit in told.limits:
        _within(model, limit, lots)
    _enough_bidders(model, told, lots)
    for number, cut in enumerate(cuts):
        _a_way_to_the_hub(model, cut, number)
    return model


def _every_unit_in_one_lot(model: Model, size: int) -> None:
    terms: list[list[tuple[pulp.LpVariable, float]]] = [[] for _ in range(size)]
    for (unit, _), x in model.joins.items():
        terms[unit].append((x, 1.0))
    for row in terms:
        model.problem.addConstraint(pulp.LpAffineExpression(row) == 1)


def _whose_hub_is_in_it(model: Model) -> None:
    for (unit, hub), x in model.joins.items():
        if unit != hub:
            model.problem.addConstraint(pulp.LpAffineExpression([(x, 1), (model.joins[hub, hub], -1)]) <= 0)


def _within(model: Model, limit: Limit, lots: Mapping[int, Sequence[int]]) -> None:
    for hub, units in lots.items():
        load = [(model.joins[unit, hub], float(limit.amounts[unit] / limit.scale)) for unit in units]
        own = model.joins[hub, hub]
        for end, sense in ((limit.low, 1), (limit.high, -1)):
            if np.isfinite(end):
                row = pulp.LpAffineExpression(load) - float(end / limit.scale) * own
                model.problem.addConstraint(row * sense >= 0)


def _enough_bidders(model: Model, told: Problem, lots: Mapping[int, Sequence[int]]) -> None:
    if not told.min_bidders:
        return
    for hub, units in lots.items():
        there = []
        for provider in range(len(told.serves)):
            served = [(model.joins[unit, hub], 1) for unit in units if told.serves[provider, unit]]
            if served:
                z = model.problem.add_variable(f"z_{provider}_{hub}", 0, 1)
                model.problem.addConstraint(pulp.LpAffineExpression([*served, (z, -1)]) >= 0)
                there.append((z, 1))
        model.problem.addConstraint(pulp.LpAffineExpression([*there, (model.joins[hub, hub], -told.min_bidders)]) >= 0)


def _a_way_to_the_hub(model: Model, cut: Cut, number: int) -> None:
    if (cut.unit, cut.hub) in model.joins:
        way = [(model.joins[unit, cut.hub], 1) for unit in cut.between if (unit, cut.hub) in model.joins]
        row = pulp.LpAffineExpression([*way, (model.joins[cut.unit, cut.hub], -1)]) >= 0
        model.problem.addConstraint(row, f"way_{number}")


def division(model: Model, result: Result) -> dict[int, list[int]]:
    """Units by hub, as the model's answer has them."""
    found: dict[int, list[int]] = {}
    for (unit, hub), x in model.joins.items():
        if result.value(x.name) > HALF:
            found.setdefault(hub, []).append(unit)
    return found


def start(model: Model, told: Problem, lots: Sequence[Sequence[int]]) -> dict[str, float]:
    """A known division as values of the model's variables."""
    values = {x.name: 0.0 for x in model.joins.values()}
    for units in lots:
        hub = told.hub(units)
        values |= {f"x_{unit}_{hub}": 1.0 for unit in units}
        for provider in range(len(told.serves)) if told.min_bidders else ():
            values[f"z_{provider}_{hub}"] = float(told.serves[provider, list(units)].any())
    return values


def broken(told: Problem, found: Mapping[int, Sequence[int]]) -> list[Cut]:
    """Cuts for every part of a lot that hangs together with its hub in no way; empty if all lots are in one piece."""
    cuts = []
    for hub, units in sorted(found.items()):
        inside = set(units)
        for part in pieces(told.near, units):
            if hub in part:
                continue
            around = {beside for unit in part for beside in told.near[unit]} - set(part)
            rest = set(range(told.size)) - around - set(part)
            reach = next(set(one) for one in pieces(told.near, rest) if hub in one)
            between = tuple(sorted(one for one in around if any(beside in reach for beside in told.near[one])))
            cuts += [Cut(unit, other, between) for unit in part for other in sorted(reach & inside)]
    return cuts
