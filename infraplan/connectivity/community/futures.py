"""A choice beyond the school door in possible futures: other prices, take-up and numbers of students.

In a future every measure costs its factor of the price, its take-up changes by its own factor (never above everyone in
reach), and the unreached students of each place by the factor of enrollment. The budget stays. The plan under trial keeps
what it chose; where the money no longer reaches, those are dropped that cost the fewest students, and nothing is added.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np

from infraplan.connectivity.community.choice import Choice, find, kept
from infraplan.connectivity.community.inputs import Inputs
from infraplan.errors import NoAnswer
from infraplan.scenarios import Future, Names, Outcome, Unit
from infraplan.solve import Limits, Status

CHOSEN: Final = "chosen"
UNIT: Final = Unit("students (weighted by need)", more_is_better=True)


def names(inputs: Inputs) -> Names:
    """By quantity, each measure with itself and its kind; each place with itself and its district."""
    measures = {one.site_id: (one.site_id, one.kind) for one in inputs.measures}
    ids, districts = inputs.points["point_id"], inputs.points["lea_id"]
    places = {
        str(point): (str(point), str(district)) if isinstance(district, str) else (str(point),)
        for point, district in zip(ids, districts, strict=True)
    }
    return {"price": measures, "take_up": measures, "enrollment": places}


def decisions(inputs: Inputs, chosen: Sequence[int]) -> dict[str, str]:
    """By measure that is not there already, whether it is chosen."""
    return {
        one.site_id: CHOSEN if number in chosen else "not chosen"
        for number, one in enumerate(inputs.measures)
        if not one.existing
    }


def face(choice: Choice, limits: Limits, future: Future) -> Outcome:
    """Solve one future: the best choice with hindsight, and the one under trial, mended where it must be."""
    there = turned(choice.inputs, future)
    try:
        stays = kept(there, choice.chosen, limits)
        best = find(there, limits)
    except NoAnswer:
        return Outcome(future.number, str(Status.stopped_empty), None, math.inf, math.inf)
    result = best.result
    return Outcome(
        future.number, str(result.status), result.objective, result.bound, result.gap, decisions(there, best.chosen),
        plan=stays.result.objective, plan_status=str(stays.result.status),
        mended=len(set(choice.chosen) - set(stays.paid)),
    )  # fmt: skip


def turned(inputs: Inputs, future: Future) -> Inputs:
    """The inputs as they are in one future."""

    def price(site_id: str) -> Decimal:
        return Decimal(str(future.factor("price", site_id)))

    measures = tuple(
        replace(one, fixed=one.fixed * price(one.site_id), each=one.each * price(one.site_id))
        for one in inputs.measures
    )
    takers = np.array([future.factor("take_up", one.site_id) for one in inputs.measures])
    pairs = inputs.pairs.assign(
        most=np.minimum(1.0, inputs.pairs["most"].to_numpy(float) * takers[inputs.pairs["measure"].to_numpy(int)])
    )
    pupils = np.array([future.factor("enrollment", str(point)) for point in inputs.points["point_id"]])
    columns = ("students", "students_low", "students_high", "offered_students")
    points = inputs.points.assign(**{name: inputs.points[name].to_numpy(float) * pupils for name in columns})
    return replace(inputs, measures=measures, pairs=pairs, points=points, notes=(), gathered={})
