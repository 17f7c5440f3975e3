"""A funding plan in possible futures: other prices, take-up and enrollment.

In a future every project costs its factor of the price, and brings its factors of take-up and enrollment of the students.
Budgets and funds stay as given. The plan under trial keeps its projects and their years: where the money no longer
reaches, those are dropped that cost the fewest students, and none is added or moved. A fair-share rule binds the plan
made with hindsight, not the mending.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from infraplan.errors import NoAnswer
from infraplan.procurement.funding import goals
from infraplan.procurement.funding import model as models
from infraplan.procurement.funding.answer import find
from infraplan.procurement.funding.inputs import Inputs, Project
from infraplan.procurement.funding.payments import pay
from infraplan.scenarios import Future, Names, Outcome, Unit
from infraplan.solve import Limits, Status
from infraplan.units import half_up

FUNDED: Final = "funded"
SHORT: Final = {
    "benefit": "students",
    "students": "students",
    "student_years": "student-years",
    goals.WEIGHTED: "points",
}


def names(inputs: Inputs) -> Names:
    """By quantity, each project with the names under which its range may stand: itself, its kind, category, district."""
    told = {one.project_id: (one.project_id, one.kind, one.category, one.lea_id) for one in inputs.projects}
    return {"price": told, "take_up": told, "enrollment": told}


def decisions(inputs: Inputs, starts: Mapping[int, int]) -> dict[str, str]:
    """By project, whether it is funded. The year is no part of it: often several are equally good."""
    return {one.project_id: FUNDED if index in starts else "" for index, one in enumerate(inputs.projects)}


def unit(inputs: Inputs) -> Unit:
    """What the first goal counts."""
    goal = goals.aims(inputs.policy)[0]
    if goal in ("federal_usd", "state_usd_unspent"):
        return Unit("USD", more_is_better=True, money=True)
    weighed = goal == "benefit" and any(project.weight for project in inputs.projects)
    return Unit("need-weighted students" if weighed else SHORT[goal], more_is_better=True)


def face(inputs: Inputs, starts: Mapping[int, int], limits: Limits, future: Future) -> Outcome:
    """Solve one future: the best plan with hindsight, and the plan that starts as told, mended where it must be."""
    there = turned(inputs, future)
    kept = _kept(there, starts, limits)
    plan_status = str(Status.stopped_empty if kept is None else kept.status)
    try:
        best = find(there, limits, near=kept.starts if kept else None)
    except NoAnswer:
        return Outcome(future.number, str(Status.stopped_empty), None, math.inf, math.inf, plan_status=plan_status)
    result, chosen = best.result, decisions(there, best.starts)
    return Outcome(
        future.number, str(result.status), result.objective, result.bound, result.gap, chosen,
        plan_status=plan_status, plan=kept.value if kept else None,
        mended=len(starts) - len(kept.starts) if kept else 0,
    )  # fmt: skip


def turned(inputs: Inputs, future: Future) -> Inputs:
    """The plan's inputs as they are in one future."""
    return replace(inputs, projects=tuple(_turned(project, future) for project in inputs.projects), notes=())


def _turned(project: Project, future: Future) -> Project:
    """A project at its price of a future; E-Rate's part of the cost and the match stay the same to the cent."""
    price = Decimal(str(future.factor("price", project.project_id)))
    takers = Decimal(str(future.factor("take_up", project.project_id)))
    pupils = Decimal(str(future.factor("enrollment", project.project_id)))
    cost = int(half_up(project.cost * price))
    part = Decimal(cost) / project.cost if project.cost else Decimal(0)
    erate = int(half_up(project.erate * part))
    return replace(
        project,
        cost=cost,
        erate=erate,
        most_match=min(int(project.most_match * part), (cost - erate) // 2),
        benefit=project.benefit * takers * pupils,
    )


@dataclass(frozen=True)
class _Kept:
    """What stays of a plan in a future."""

    starts: Mapping[int, int]
    value: float
    status: Status


def _kept(inputs: Inputs, starts: Mapping[int, int], limits: Limits) -> _Kept | None:
    """All of a plan if it can be paid, else the part of it that brings the most; None if time runs out."""
    only = replace(
        inputs,
        projects=tuple(
            replace(project, years=(starts[index],) if index in starts else ())
            for index, project in enumerate(inputs.projects)
        ),
        policy=replace(inputs.policy, fair_share="none"),
    )
    options = models.options(only)
    if len(options.starts) == len(starts) and models.within_budgets(only, starts):
        payments = pay(options, starts)
        if payments is not None:
            goal = goals.aims(only.policy)[0]
            return _Kept(starts, float(goals.value(only, goal, starts, payments)), Status.optimal)
    try:
        found = find(only, limits)
    except NoAnswer:
        return None
    return _Kept(found.starts, found.result.objective, found.result.status)
