"""What a choice beyond the school door writes: sites, who is reached, what money buys, how good it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from infraplan import answers, rules, solve, tablefiles
from infraplan.connectivity.community import choice as choices
from infraplan.connectivity.community import words
from infraplan.connectivity.community.choice import NOTHING, Choice, Step
from infraplan.connectivity.community.inputs import OFF_PREMISES, Inputs, Policy
from infraplan.connectivity.community.model import UNIT
from infraplan.errors import NoRule
from infraplan.scenarios import Summary
from infraplan.solve import Limits
from infraplan.units import half_up

TITLE: Final = "Beyond the school door: where students without broadband at home could be reached"
FIRST_YEAR: Final = 2023
"""First funding year named in the table of programs: the year before any of them was paid for off the premises."""
PLACES: Final = 4
Clear = Callable[[pd.DataFrame, str], pd.DataFrame]


@dataclass(frozen=True)
class Plan:
    """A choice with what explains it: each chosen measure's worth, both ends of the estimates, other budgets."""

    choice: Choice
    policy: Policy
    lost: dict[int, float]
    low: np.ndarray
    high: np.ndarray
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> Inputs:
        """What was asked."""
        return self.choice.inputs


def explained(found: Choice, policy: Policy, limits: Limits, notes: Sequence[str] = ()) -> Plan:
    """Work out what explains a choice."""
    return Plan(
        found,
        policy,
        dict(choices.lost_without(found)),
        choices.reached(found, limits, "students_low"),
        choices.reached(found, limits, "students_high"),
        tuple(choices.budgets(found.inputs, found, limits)),
        (*found.inputs.notes, *notes),
    )


def sites(plan: Plan, *, counts: bool = True) -> pd.DataFrame:
    """One row per measure; see the schema `community_sites`. `counts` puts students into the reasons, too."""
    found, inputs = plan.choice, plan.inputs
    reasons = words.of_measures(found)
    within = np.bincount(inputs.pairs["measure"].to_numpy(int), weights=inputs.most(), minlength=len(inputs.measures))
    rows = []
    for number, told in enumerate(inputs.measures):
        paid = number in found.chosen
        served = float(found.serving.by_measure[number])
        cost, erate = found.cost(number), found.erate(number)
        net = cost - erate
        rows.append(
            {
                "site_id": told.site_id,
                "name": told.name,
                "kind": told.kind,
                "choice": "existing" if told.existing else "chosen" if paid else "not chosen",
                "students": _estimate(served),
                "students_low": _estimate(plan.low[number]),
                "students_high": _estimate(plan.high[number]),
                "within_reach": _estimate(within[number]),
                "lost_without": _estimate(plan.lost[number]) if paid else None,
                "cost_usd": half_up(cost, 2) if paid or told.existing else None,
                "erate_usd": half_up(erate, 2) if paid or told.existing else None,
                "budget_usd": half_up(net, 2) if paid or told.existing else None,
                "usd_per_student": half_up(net / Decimal(str(served)), 2) if paid and served > NOTHING else None,
                "cost_source": told.cost_source,
                "why": _why(reasons[number], served, within[number], plan.lost.get(number))
                if counts
                else reasons[number],
            }
        )
    return pd.DataFrame(rows).astype({"lost_without": float})


def _people(students: float) -> int:
    """Whole students as words tell them: halves up, a solver's last digits aside.

    >>> _people(15.4999999), _people(14.5), _people(0.4)
    (16, 15, 0)
    """
    return int(half_up(Decimal(str(_estimate(students)))))


def _estimate(students: float) -> float:
    return round(float(students), PLACES) + 0.0


def _why(reason: str, served: float, within: float, lost: float | None) -> str:
    """The reason with its figures."""
    if served <= NOTHING:
        return f"{reason} ({within:,.1f} unreached students in reach)" if within > NOTHING else reason
    told = f"{reason}; serves {served:,.1f} of {within:,.1f} students in reach"
    return told if lost is None else f"{told}; without it {lost:,.1f} fewer would be reached"


def points(plan: Plan) -> pd.DataFrame:
    """One row per cluster of homes; see the schema `community_reach`."""
    inputs, serving = plan.inputs, plan.choice.serving
    used = inputs.pairs[serving.by_pair > NOTHING]
    names = [told.site_id for told in inputs.measures]
    whom: dict[int, list[str]] = {}
    for point, measure in zip(used["point"].tolist(), used["measure"].tolist(), strict=True):
        whom.setdefault(point, []).append(names[measure])
    kept = ["point_id", "name", "lea_id", "lon", "lat", "students", "students_low", "students_high"]
    table = inputs.points[kept].reset_index(drop=True)
    table["weight"] = inputs.weight.round(PLACES)
    table["reached"] = (serving.by_point.round(PLACES)) + 0.0
    table["unreached"] = (table["students"] - table["reached"]).clip(lower=0.0).round(PLACES)
    table["sites"] = [" ".join(whom.get(place, ())) or None for place in range(len(table))]
    table["why_unreached"] = words.of_points(plan.choice)
    return table


def budgets(plan: Plan) -> pd.DataFrame:
    """One row per budget tried; see the schema `community_budgets`."""
    rows: list[dict[str, Any]] = []
    for place, step in enumerate(plan.steps):
        before = plan.steps[place - 1] if place else None
        more = None if before is None else step.students - before.students
        each = None
        if before is not None and more is not None and more > NOTHING:
            each = half_up((step.budget - before.budget) / Decimal(str(more)), 2)
        rows.append(
            {
                "budget_usd": step.budget,
                "spent_usd": half_up(step.spent, 2),
                "students": _estimate(step.students),
                "weighted": _estimate(step.weighted),
                "more_students": None if more is None else _estimate(more),
                "usd_per_more_student": each,
                "status": str(step.result.status),
                "gap": step.result.gap if np.isfinite(step.result.gap) else None,
            }
        )
    return pd.DataFrame(rows).astype({"more_students": float, "gap": float})


def programs() -> list[dict[str, Any]]:
    """What pays for service off the premises, by funding year and program, with citations; from the dated rules."""
    found = []
    for year in (int(edition) for edition in rules.editions("erate", "program")):
        if year < FIRST_YEAR:
            continue
        book = rules.load("erate", year, "program")
        for name in dict.fromkeys(OFF_PREMISES.values()):
            try:
                told = book.figure(f"off_premises.{name}")
            except NoRule:
                continue
            found.append(_program(f"E-Rate, {name.replace('_', ' ')}", year, pays=bool(told.value), told=told))
    offsite = rules.load("home_programs", "offsite")
    for name, each in {"hotspots.most_usd_month": "a month", "hotspots.most_usd_device": "a device"}.items():
        told = offsite.figure(name)
        found.append(_program(f"Yardstick for hotspots: ${told.value} {each}", None, pays=False, told=told))
    parked = offsite.figure("buses.parked")
    found.append(_program("E-Rate, school buses parked in the evening", None, pays=bool(parked.value), told=parked))
    lifeline = rules.load("home_programs", "lifeline").figure("broadband.most_usd_month")
    ended = rules.load("home_programs", "acp").figure("available")
    found.append(_program(f"Lifeline, at most ${lifeline.value} a month per household", None, pays=True, told=lifeline))
    found.append(_program("Affordable Connectivity Program", None, pays=bool(ended.value), told=ended))
    return found


def _program(name: str, year: int | None, *, pays: bool, told: rules.Figure) -> dict[str, Any]:
    cited = told.cite.words() if told.cite else ""
    return {"program": name, "funding_year": year, "pays": pays, "about": told.about, "source": cited}


def proved(found: Choice) -> str:
    """How good the answer is, in words for a page."""
    if found.result.status == solve.Status.optimal:
        return "proved: no other choice under this budget reaches more students, weighted by need"
    if not np.isfinite(found.result.gap):
        return "nothing proved: time ran out"
    return f"proved within {max(0.01, 100 * found.result.gap):.2g} % of the best possible under this budget"


def solution(plan: Plan) -> dict[str, Any]:
    """What `solution.json` says."""
    found, inputs, policy = plan.choice, plan.inputs, plan.policy
    total = float(inputs.students().sum())
    erate = sum((found.erate(number) for number in found.chosen), Decimal(0))
    return answers.record(
        found.result,
        policy={
            "budget_usd": float(policy.budget),
            "months": policy.months,
            "need_weight": policy.need_weight,
            "funding_year": policy.funding_year,
        },
        inputs=inputs.files,
        unit=UNIT,
        proved=proved(found),
        students=round(total, 1),
        students_range=[round(float(inputs.students(name).sum()), 1) for name in ("students_low", "students_high")],
        reached=round(found.serving.students, 1),
        reached_range=[round(float(plan.low.sum()), 1), round(float(plan.high.sum()), 1)],
        unreached=round(total - found.serving.students, 1),
        spent_usd=float(found.spent),
        erate_usd=float(erate),
        chosen=list(choices.chosen_names(found)),
        programs=programs(),
        stamps=stamps(plan),
        notes=list(plan.notes),
        assumed=list(words.ASSUMED),
        **plan.more,
    )


def stamps(plan: Plan) -> list[str]:
    """What a reader has to see first: what the figures are, and whether any cost is made up."""
    made_up = any("illustrative" in (told.cost_source or "").lower() for told in plan.inputs.measures)
    return [words.STAMP, *([words.MADE_UP] if made_up else [])]


def summary(plan: Plan) -> list[str]:
    """A few lines for the person at the keyboard."""
    found, inputs = plan.choice, plan.inputs
    total, served = _people(inputs.students().sum()), _people(found.serving.students)
    there = sum(told.existing for told in inputs.measures)
    lines = [
        *(f"note: {note}" for note in plan.notes),
        f"{served:,} of {total:,} unreached students would be reached ({_people(plan.low.sum()):,} to "
        f"{_people(plan.high.sum()):,} at the ends of the estimates); {total - served:,} stay unreached",
        f"{len(found.chosen):,} of {len(inputs.measures) - there:,} sites and programs chosen beside {there:,} that exist, "
        f"${found.spent:,.2f} of ${inputs.budget:,.2f}; {proved(found)}",
    ]
    more = next((step for step in plan.steps if step.budget > inputs.budget), None)
    if more is not None:
        extra = max(0, _people(more.students) - served)
        lines.append(f"${more.budget - inputs.budget:,.2f} more would reach {extra:,} more students")
    return [*lines, *stamps(plan)]


def lead(plan: Plan, threshold: int) -> str:
    """The answer in two sentences for a page; counts of students under the threshold are not told."""
    found, inputs = plan.choice, plan.inputs
    total, served = float(inputs.students().sum()), found.serving.students
    left = max(0, _people(total) - _people(served))  # so that the figures of a sentence add up

    def told(students: float) -> str:
        return f"fewer than {threshold}" if NOTHING < students < threshold else f"{_people(students):,}"

    stay = told(_estimate(total - served)) if total - served < threshold else f"{left:,}"
    return (
        f"{told(served)} of {told(total)} students without broadband at home could be reached ({told(float(plan.low.sum()))} "
        f"to {told(float(plan.high.sum()))} at the ends of the estimates); {stay} stay unreached. "
        f"{len(found.chosen):,} sites and programs are chosen for ${found.spent:,.0f} of ${inputs.budget:,.0f} over "
        f"{inputs.months} months; {proved(found)}."
    )


def write(plan: Plan, fresh: Path, tried: Summary | None = None, clear: Clear | None = None) -> None:
    """Write the tables and `solution.json` into an answer folder under way (`answers.answer_folder`).

    `clear` takes what may not be published from a table, given with its schema's name.
    """
    made = {
        "community_sites": ("community_sites.csv", sites(plan, counts=clear is None)),
        "community_reach": ("reach.csv", points(plan)),
        "community_budgets": ("budgets.csv", budgets(plan)),
    }
    for name, (file, table) in made.items():
        tablefiles.write(clear(table, name) if clear else table, fresh / file)
    if not plan.inputs.points["point_id"].empty and "points" not in plan.inputs.files:
        kept = plan.inputs.points.reset_index(drop=True)
        tablefiles.write(clear(kept, "community_points") if clear else kept, fresh / "points.csv")
    if tried is not None:
        tablefiles.write(tried.table, fresh / "scenarios.csv")
        tablefiles.write(tried.decisions, fresh / "decisions.csv")
    told = solution(plan)
    answers.write_record(fresh, told if tried is None else {**told, "scenarios": tried.said()})
