"""One page for a legislator, as words and tables: what state money buys, who is left out, what was assumed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pandas as pd

from infraplan.procurement.funding import goals
from infraplan.procurement.funding.answer import Answer
from infraplan.procurement.funding.files import OUTBID, per_added, proved, reached, unfunded, unspent, weights
from infraplan.procurement.funding.inputs import Project
from infraplan.procurement.funding.legislative import Shares
from infraplan.scenarios import Summary
from infraplan.units import CENT, half_up

MOST_DISTRICTS, MOST_PLACES, MOST_AMOUNTS = 5, 6, 8
"""Rows of its tables that still leave the page one page."""
CHAMBERS: Final = {"upper": "upper chamber", "lower": "lower chamber"}
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True)
class Plan:
    """What a page may say beside the answer.

    `names` of school districts, `districts` with the `shares` they were made with (see `legislative`), `steps`: every
    amount from which on money buys more (else none), the trial against possible futures.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    shares: Shares | None = None
    districts: pd.DataFrame | None = None
    steps: Sequence[Answer] = ()
    tried: Summary | None = None


@dataclass(frozen=True)
class Brief:
    """What the page says.

    `amounts`: one row per amount of state money; `curve`: the same or more of them for the chart, which rises in steps if
    `whole`; `left`: school districts with projects left out; `places`: what that means by legislative district.
    """

    title: str
    lead: str
    amounts: pd.DataFrame
    curve: pd.DataFrame
    whole: bool
    left: pd.DataFrame
    left_words: str
    places: pd.DataFrame | None
    places_words: str
    sure: tuple[str, ...]
    example: tuple[str, ...]
    notes: tuple[str, ...]


def brief(best: Answer, points: Sequence[Answer], fewest: int, plan: Plan | None = None) -> Brief:
    """Say what an answer, and those for other amounts of state money, mean for a legislator.

    Counts of students below `fewest` are not told; those in the tables are for the page to withhold.
    """
    plan = plan or Plan()
    named = {project.lea_id: project.name for project in best.inputs.projects if project.name}
    left, words = _left(best, {**plan.names, **named})
    places, told = _places(plan)
    return Brief(
        title=f"What state money for school broadband buys, funding years {best.inputs.span}",
        lead=_lead(best, points, fewest),
        amounts=_amounts(_few(points)),
        curve=_amounts(plan.steps or points),
        whole=bool(plan.steps),
        left=left,
        left_words=words,
        places=places,
        places_words=told,
        sure=tuple(plan.tried.findings()) if plan.tried else (),
        example=_example(best),
        notes=(
            *best.inputs.notes,
            *weights(best.inputs),
            *unspent(best),
            *_weighted(best),
            *_aimed(best),
            *((*plan.tried.ranges.words(), "funds and Category Two budgets stay as given in every future")
              if plan.tried else ()),
            "students are those a project brings to its bandwidth target, as the file of projects states them; students "
            "of a district with several funded projects are counted once for each",
            *([f"{plan.shares.words()}"] if plan.shares else ["shown by school district: no layer of legislative "
              "districts is part of this plan"]),
        ),
    )  # fmt: skip


def _lead(best: Answer, points: Sequence[Answer], fewest: int) -> str:
    told = (
        f"{_dollars(best.state_cents)} of state money brings {_people(reached(best), fewest)} to target in "
        f"{_counted(len(best.starts), 'project')} and draws {_dollars(best.erate_cents)} of federal E-Rate money; "
        f"{proved(best)}."
    )
    none = next((point for point in points if point.state_limit == 0), None)
    if none is None:
        return told
    return f"{told} Without state money it would be {_people(reached(none), fewest)} and {_dollars(none.erate_cents)}."


def _amounts(points: Sequence[Answer]) -> pd.DataFrame:
    columns = ["state", "state_usd", "students", "projects", "erate_usd", "spent_usd", "each_usd", "proved"]
    return pd.DataFrame(
        [
            {
                "state": _dollars(point.state_limit or 0),
                "state_usd": float(CENT * (point.state_limit or 0)),
                "students": float(reached(point)),
                "projects": len(point.starts),
                "erate_usd": _whole(point.erate_cents),
                "spent_usd": _whole(point.state_cents),
                "each_usd": None if each is None else float(half_up(each)),
                "proved": proved(point),
            }
            for point, each in zip(points, per_added(points), strict=True)
        ],
        columns=columns,
    )


def _few(points: Sequence[Answer]) -> Sequence[Answer]:
    """The amounts that fit the page: the first and the last, and some between."""
    if len(points) <= MOST_AMOUNTS:
        return points
    return [points[round(place * (len(points) - 1) / (MOST_AMOUNTS - 1))] for place in range(MOST_AMOUNTS)]


def _left(best: Answer, names: Mapping[str, str]) -> tuple[pd.DataFrame, str]:
    """Districts by the students that their unfunded projects would bring to target, most first."""
    table = unfunded(best)
    table = table[table["benefit"] > 0]
    rows = []
    for lea, told in table.groupby("lea_id", sort=True):
        reasons = Counter(reason if reason == OUTBID else _short(reason) for reason in told["reason"])
        rows.append(
            {
                "lea_id": lea,
                "name": names.get(str(lea), str(lea)),
                "students": float(sum(told["benefit"])),
                "projects": len(told),
                "why": min(reasons, key=lambda reason: (-reasons[reason], reason)),
            }
        )
    rows.sort(key=lambda row: (-float(str(row["students"])), str(row["lea_id"])))
    shown = pd.DataFrame(rows[:MOST_DISTRICTS], columns=["lea_id", "name", "students", "projects", "why"])
    if not rows:
        return shown, "Every project that brings students to target is funded."
    more = len(rows) - len(shown)
    words = f"{_counted(len(rows), 'district')} {'has' if len(rows) == 1 else 'have'} projects that are not funded" + (
        f"; the {len(shown)} with the most students are shown, {more:,} more are in unfunded.csv." if more else "."
    )
    return shown, words


def _places(plan: Plan) -> tuple[pd.DataFrame | None, str]:
    """Legislative districts by students left, most first; those of each chamber that still fit the page."""
    if plan.districts is None or plan.districts.empty:
        return None, ""
    whole = plan.districts.assign(
        place=[
            _place(chamber, place, name)
            for chamber, place, name in plan.districts[["chamber", "legislative_id", "name"]].itertuples(index=False)
        ]
    )
    for column in ("erate_usd", "state_usd"):
        whole[column] = [float(half_up(Decimal(str(usd)))) for usd in whole[column]]
    chambers = [chamber for chamber in CHAMBERS if (whole["chamber"] == chamber).any()]
    shown = pd.concat(
        [
            whole[whole["chamber"] == chamber]
            .sort_values(["students_left", "legislative_id"], ascending=[False, True], kind="stable")
            .head(MOST_PLACES // len(chambers))
            for chamber in chambers
        ],
        ignore_index=True,
    )
    more = len(whole) - len(shown)
    words = "The districts with the most students left are shown" + (
        f"; {more:,} more are in by_legislative_district.csv." if more else "."
    )
    return shown, words


def _place(chamber: str, place: object, name: object) -> str:
    """A legislative district in words; its chamber is named where its name is but a number.

    >>> _place("upper", "23007", "State Senate District 7"), _place("upper", "23007", "7")
    ('State Senate District 7', '7 (upper chamber)')
    """
    if not isinstance(place, str):
        return f"no boundary known ({CHAMBERS[chamber]})"
    told = name if isinstance(name, str) else place
    return told if " " in told else f"{told} ({CHAMBERS[chamber]})"


def _short(reason: str) -> str:
    """A reason without the names of projects."""
    if reason.startswith("requires "):
        return "waits for a project that is not funded"
    return "excluded by a project that is funded" if reason.startswith("excluded by ") else reason


def _example(best: Answer) -> tuple[str, ...]:
    """The arithmetic of one funded project, to be redone on a calculator; one with a match if there is one."""
    if not best.payments:
        return ("No project is funded, so there is nothing to recompute.",)
    told = max(best.payments, key=lambda one: (one.match > 0, -one.project, -one.year))
    project = best.inputs.projects[told.project]
    funds = " + ".join(
        f"{_exact(cents)} ({best.inputs.funds[fund].fund_id})" for fund, cents in sorted(told.funds.items())
    )
    lines = [
        f"Project {project.project_id} in {told.year}: {_exact(project.cost)} before discount. E-Rate pays "
        f"{_rate(project):f} % = {_exact(project.erate)}, which leaves {_exact(project.share)}."
    ]
    if told.match:
        lines.append(
            f"It is special construction with state money that is matched: E-Rate adds {_exact(told.match)}, never more "
            "than the match itself or the points the rule allows."
        )
    lines.append(f"The rest: {funds or 'nothing'} + {_exact(told.match)} = {_exact(project.share)}.")
    return tuple(lines)


def _rate(project: Project) -> Decimal:
    """The rate, in the fewest decimals that give its E-Rate money to the cent."""
    rate = (Decimal(project.erate) * HUNDRED / project.cost) if project.cost else Decimal(0)
    short = (half_up(rate, places) for places in range(3))
    return next((told for told in short if half_up(project.cost * told / HUNDRED) == project.erate), half_up(rate, 3))


def _weighted(best: Answer) -> tuple[str, ...]:
    if not any(project.weight for project in best.inputs.projects):
        return ()
    return (
        "the plan counts students of districts with a need weight more than once when it chooses; the page counts each "
        "student once, so that a line need not rise evenly",
    )


def _aimed(best: Answer) -> tuple[str, ...]:
    """What the plan aims at, where it is not simply the most students by need."""
    policy = best.inputs.policy
    if policy.weights:
        parts = " + ".join(f"{float(each):g} x {goals.UNITS[name]}" for name, each in policy.weights.items() if each)
        return (f"projects are chosen by the sum of {parts}",)
    if policy.order == ("benefit",):
        return ()
    return ("projects are chosen by, in this order: " + "; ".join(goals.UNITS[name] for name in policy.order),)


def _people(count: Decimal, fewest: int) -> str:
    return f"fewer than {fewest} students" if 0 < count < fewest else f"{half_up(count, 0):,} students"


def _counted(count: int, what: str) -> str:
    """A count with its noun.

    >>> _counted(1, "project"), _counted(1200, "project")
    ('1 project', '1,200 projects')
    """
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _whole(cents: int) -> float:
    """Whole dollars, rounded as everywhere on the page."""
    return float(half_up(CENT * cents))


def _dollars(cents: int) -> str:
    return f"${half_up(CENT * cents):,}"


def _exact(cents: int) -> str:
    return f"${CENT * cents:,}"
