"""What a funding plan writes: who pays what when, what is not funded and why, what more state money buys."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import answers, solve, tablefiles
from infraplan.procurement import stamped
from infraplan.procurement.funding import goals
from infraplan.procurement.funding.answer import Answer
from infraplan.procurement.funding.inputs import Inputs
from infraplan.procurement.funding.model import needs, within_budgets
from infraplan.scenarios import Summary
from infraplan.units import CENT, half_up

CAVEAT: Final = "Planning figures, not legal advice; USAC decides."
OUTBID: Final = "others bring more students for the money"
CROWDED: Final = "other projects of its district take its Category Two budget"
PLAN: Final = (
    "project_id", "year", "fund_id", "erate_usd", "state_usd", "local_usd", "lea_id", "match_usd", "starts", "benefit",
    "need_weight",
)  # fmt: skip


def funding(answer: Answer) -> pd.DataFrame:
    """One row per project, year and fund that pays; see the schema `funding_plan`."""
    rows: list[dict[str, Any]] = []
    for told in answer.payments:
        project, start = answer.inputs.projects[told.project], answer.starts[told.project]
        for place, (fund, cents) in enumerate(sorted(told.funds.items()) or [(None, 0)]):
            state = fund is not None and answer.inputs.funds[fund].state
            rows.append(
                {
                    "project_id": project.project_id,
                    "year": told.year,
                    "fund_id": None if fund is None else answer.inputs.funds[fund].fund_id,
                    "erate_usd": _usd(project.erate + told.match if place == 0 else 0),
                    "state_usd": _usd(cents if state else 0),
                    "local_usd": _usd(0 if state else cents),
                    "lea_id": project.lea_id,
                    "match_usd": _usd(told.match if place == 0 else 0),
                    "starts": start,
                    "benefit": project.benefit if place == 0 and told.year == start else Decimal(0),
                    "need_weight": project.weight,
                }
            )
    return pd.DataFrame(rows, columns=list(PLAN))


def unfunded(answer: Answer) -> pd.DataFrame:
    """One row per project that is not funded; see the schema `funding_unfunded`."""
    inputs, place = answer.inputs, {project.project_id: index for index, project in enumerate(answer.inputs.projects)}
    funded: dict[str, dict[int, int]] = defaultdict(dict)
    for index, year in answer.starts.items():
        funded[inputs.projects[index].lea_id][index] = year
    rows = []
    for index, project in enumerate(inputs.projects):
        if index in answer.starts:
            continue
        reason = answer.options.never.get(index)
        if reason is None:
            waits = [other for other in project.requires if place[other] not in answer.starts]
            barred = [other for other in project.excludes if place[other] in answer.starts]
            barred += [inputs.projects[told].project_id for told in answer.starts
                       if project.project_id in inputs.projects[told].excludes]  # fmt: skip
            if barred:
                reason = f"excluded by {barred[0]}, which is funded"
            elif waits:
                reason = f"requires {waits[0]}, which is not funded"
            elif not project.worth:
                reason = "on its own it brings no students to target"
            else:
                reason = OUTBID if _fits_beside(answer, index, funded[project.lea_id]) else CROWDED
        rows.append((project.project_id, project.lea_id, project.benefit, _usd(project.share), reason, project.weight))
    return pd.DataFrame(rows, columns=["project_id", "lea_id", "benefit", "share_usd", "reason", "need_weight"])


def _fits_beside(answer: Answer, index: int, funded: Mapping[int, int]) -> bool:
    """Whether a Category Two budget holds a project beside those its district has funded, in any year it may start."""
    project = answer.inputs.projects[index]
    return project.category != "C2" or any(within_budgets(answer.inputs, {**funded, index: y}) for y in project.years)


def frontier(points: Sequence[Answer]) -> pd.DataFrame:
    """One row per amount of state money; see the schema `funding_frontier`."""
    rows = [
        {
            "state_usd": _usd(point.state_limit or 0),
            "benefit": point.worth,
            "status": str(point.result.status),
            "gap": point.result.gap,
            "state_spent_usd": _usd(point.state_cents),
            "erate_usd": _usd(point.erate_cents),
            "projects": len(point.starts),
            "students": reached(point),
            "objective": point.result.objective,
            "state_usd_per_added_student": added,
        }
        for point, added in zip(points, per_added(points), strict=True)
    ]
    columns = [
        "state_usd", "benefit", "status", "gap", "state_spent_usd", "erate_usd", "projects", "students", "objective",
        "state_usd_per_added_student",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def per_added(points: Sequence[Answer]) -> list[Decimal | None]:
    """State dollars spent for each student that an amount adds to the amount before it; None where it adds none."""
    found: list[Decimal | None] = [None] * len(points)
    for place in range(1, len(points)):
        less, more = points[place - 1], points[place]
        students = reached(more) - reached(less)
        if students > 0:
            found[place] = half_up(_usd(more.state_cents - less.state_cents) / students, 2)
    return found


def reached(answer: Answer) -> Decimal:
    """Students brought to target, each counted once."""
    return sum((answer.inputs.projects[index].benefit for index in answer.starts), Decimal(0))


def solution(
    answer: Answer, points: Sequence[Answer], more: Sequence[str] = (), tried: Summary | None = None
) -> dict[str, Any]:
    """What `solution.json` says; `tried` is the plan's trial against possible futures."""
    inputs = answer.inputs
    aims = [
        {"goal": aim.goal, "unit": goals.UNITS[aim.goal], "value": aim.result.objective, "bound": aim.result.bound,
         "status": str(aim.result.status), "gap": aim.result.gap}
        for aim in answer.aims
    ]  # fmt: skip
    return answers.record(
        answer.result,
        policy={**inputs.policy.said(), "years": list(inputs.years)},
        inputs=inputs.files,
        unit=goals.UNITS[goals.aims(inputs.policy)[0]],
        proved=proved(answer),
        projects=len(inputs.projects),
        funded=len(answer.starts),
        students=float(reached(answer)),
        state_usd=float(_usd(answer.state_cents)),
        erate_usd=float(_usd(answer.erate_cents)),
        local_usd=float(_usd(_local_cents(answer))),
        regions=regions(answer),
        points=len(points),
        goals=aims,
        **_fair(answer),
        **({"scenarios": tried.said()} if tried else {}),
        notes=[*inputs.notes, *weights(inputs), *unspent(answer), *more],
        stamps=stamps(inputs),
        caveat=CAVEAT,
    )


def _fair(answer: Answer) -> dict[str, Any]:
    """The least share of need met in any region, and what is proved of it."""
    told = answer.fair
    if told is None:
        return {}
    return {"least_share": {"value": told.objective, "bound": told.bound, "status": str(told.status)}}


def stamps(inputs: Inputs) -> list[str]:
    """Stamps that the input files carry in their rows: HISTORIC, ILLUSTRATIVE."""
    return stamped.of_files(inputs.files.values())


def unspent(answer: Answer) -> list[str]:
    """State money that the plan leaves, and in which funds, in words; nothing where all is spent."""
    funds = answer.inputs.funds
    left = {number: fund.cents for number, fund in enumerate(funds) if fund.state}
    for told in answer.payments:
        for fund, cents in told.funds.items():
            if fund in left:
                left[fund] -= cents
    if not any(left.values()):
        return []
    kinds: dict[str, int] = defaultdict(int)
    for number, cents in left.items():
        kinds[funds[number].kind] += cents
    parts = "; ".join(f"{kind} ${half_up(_usd(cents)):,}" for kind, cents in sorted(kinds.items()) if cents)
    return [
        f"of the ${half_up(_usd(answer.inputs.state_cents)):,} in the state's funds ${half_up(_usd(sum(left.values()))):,} "
        f"stays unspent ({parts}): a fund pays only in its year, and only for what its authority allows"
    ]


def weights(inputs: Inputs) -> list[str]:
    """The need weights in words; nothing where none is given."""
    given = sorted(project.weight for project in inputs.projects if project.weight)
    if not given:
        return []
    return [
        f"{len(given):,} of {len(inputs.projects):,} projects have a need weight, from {given[0].normalize():f} to "
        f"{given[-1].normalize():f}: each of their students counts 1 + that weight when projects are chosen; weights "
        "stand in funding.csv and unfunded.csv"
    ]


def regions(answer: Answer) -> dict[str, float]:
    """Share of need met by region, where projects have regions."""
    met: dict[str, float] = {}
    for index in answer.starts:
        project = answer.inputs.projects[index]
        met[str(project.region)] = met.get(str(project.region), 0.0) + float(project.worth)
    told = {name: round(met.get(name, 0.0) / need, 6) for name, need in needs(answer.inputs).items() if need}
    return {} if set(told) <= {"None"} else told


def proved(answer: Answer) -> str:
    """How good the answer is, in words for a page."""
    if answer.result.status == solve.Status.optimal:
        return "proved the best possible"
    if answer.result.gap == float("inf"):
        return "nothing proved: time ran out"
    return f"proved within {100 * answer.result.gap:.2g} % of the best possible"


def summary(answer: Answer, tried: Summary | None = None) -> list[str]:
    """A few lines for the person at the keyboard."""
    inputs = answer.inputs
    return [
        *(f"note: {note}" for note in (*inputs.notes, *weights(inputs), *unspent(answer))),
        f"{len(answer.starts):,} of {len(inputs.projects):,} projects are funded in "
        f"{inputs.span}: {half_up(reached(answer), 0):,} students brought to target",
        f"${_usd(answer.state_cents):,} of state money and ${_usd(_local_cents(answer)):,} of other money draw "
        f"${_usd(answer.erate_cents):,} from E-Rate; {proved(answer)}",
        *(
            [
                f"the least share of need met in any region is {100 * answer.fair.objective:.1f} %; at most "
                f"{100 * answer.fair.bound:.1f} % is possible"
            ]
            if answer.fair
            else []
        ),
        *(f"then {goals.UNITS[aim.goal]}: {aim.result.objective:,.0f}" for aim in answer.aims[1:]),
        *(tried.words() if tried else ()),
    ]


@dataclass(frozen=True)
class Extras:
    """What an answer may hold beside itself: a trial, the means of legislative districts, and pages with their drawers."""

    more: Sequence[str] = ()
    tried: Summary | None = None
    districts: pd.DataFrame | None = None
    pages: Mapping[str, Callable[[Path], object]] = field(default_factory=dict)


def write(answer: Answer, points: Sequence[Answer], folder: Path, extras: Extras | None = None) -> None:
    """Write the answer's files into `folder`, whole or not at all; an earlier answer there is replaced."""
    extras = extras or Extras()
    with answers.answer_folder(folder) as fresh:
        tablefiles.write(funding(answer), fresh / "funding.csv")
        tablefiles.write(unfunded(answer), fresh / "unfunded.csv")
        tablefiles.write(frontier(points), fresh / "frontier.csv")
        if extras.districts is not None:
            tablefiles.write(extras.districts, fresh / "by_legislative_district.csv")
        if extras.tried is not None:
            tablefiles.write(extras.tried.table, fresh / "scenarios.csv")
            tablefiles.write(extras.tried.decisions, fresh / "decisions.csv")
        for name, draw in extras.pages.items():
            draw(fresh / name)
        answers.write_record(fresh, solution(answer, points, extras.more, extras.tried))


def _local_cents(answer: Answer) -> int:
    return sum(cents for told in answer.payments for cents in told.funds.values()) - answer.state_cents


def _usd(cents: int) -> Decimal:
    return CENT * cents
