"""What became of a plan over all futures: which decisions hold, and what it would have lost against hindsight."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from infraplan.scenarios.futures import PLACES, Future
from infraplan.scenarios.ranges import FACTORS, Ranges
from infraplan.solve import PROVEN_GAP

MOST: Final = 0.9
"""Share of futures from which on a decision is said to hold in most of them."""
WORST_TENTH: Final = 0.9


@dataclass(frozen=True)
class Outcome:
    """What became of the plan in one future.

    `best`: value of the best plan found with hindsight (None: none), `bound` what no plan can beat, `plan`: value of the
    plan under trial, mended where it could not be carried out (None: no mending was found), `mended` how many of its
    decisions had to change. `decisions` are those of the best plan.
    """

    future: int
    status: str
    best: float | None
    bound: float
    gap: float
    decisions: Mapping[str, str] = field(default_factory=dict, repr=False)
    plan: float | None = None
    plan_status: str = ""
    mended: int = 0


@dataclass(frozen=True)
class Unit:
    """What a value counts, and whether more of it is better; `after` puts the unit behind the figure (20 students)."""

    word: str
    more_is_better: bool
    money: bool = False

    def words(self) -> tuple[str, str]:
        """What a plan does with the unit, and the word for the worse of two figures."""
        if not self.more_is_better:
            return "costs", "more"
        return "brings", "less" if self.money else "fewer"

    def said(self, value: float) -> str:
        """A value in words: `$1,200` or `35 students`."""
        return f"${value:,.0f}" if self.money else f"{value:,.0f} {self.word}"


DOLLARS: Final = Unit("USD", more_is_better=False, money=True)


@dataclass(frozen=True)
class Summary:
    """A plan's decisions and what became of them over all futures."""

    base: Mapping[str, str]
    outcomes: Sequence[Outcome]
    futures: Sequence[Future]
    ranges: Ranges
    seed: int
    unit: Unit

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """One row for each decision: how often the best plan of a future decides the same; see `scenario_decisions`."""
        solved = [one for one in self.outcomes if one.best is not None]
        rows = []
        for name, choice in self.base.items():
            seen = Counter(one.decisions.get(name, "") for one in solved)
            others = sorted((-count, other) for other, count in seen.items() if other != choice)
            rows.append((
                name, choice, _share(seen[choice], len(solved)), others[0][1] if others else None,
                _share(-others[0][0], len(solved)) if others else 0.0,
            ))  # fmt: skip
        columns = ["decision", "choice", "held_share", "else_choice", "else_share"]
        return pd.DataFrame(rows, columns=columns).sort_values(["held_share", "decision"], kind="stable")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each future: what was drawn, the best plan, this plan, the loss; see `scenarios`."""
        rows = []
        for future, one in zip(self.futures, self.outcomes, strict=True):
            lost, at_most = self._lost(one)
            rows.append({
                "future": future.number,
                **{f"{name}_factor": _mean(future.factors.get(name)) for name in FACTORS},
                "withdrawn": " ".join(sorted(future.gone)) or None,
                "best": one.best, "plan": one.plan, "lost": lost, "lost_at_most": at_most, "mended": one.mended,
                "status": one.status, "gap": one.gap if math.isfinite(one.gap) else None,
                "plan_status": one.plan_status or None,
            })  # fmt: skip
        table = pd.DataFrame(rows, columns=list(_COLUMNS))
        return table.assign(**{name: table[name].astype(float).round(PLACES) for name in _VALUES})

    def _lost(self, one: Outcome) -> tuple[float | None, float | None]:
        """What the plan lost for sure, and at most, in one future; never less than nothing."""
        if one.best is None or one.plan is None:
            return None, None
        sign = 1 if self.unit.more_is_better else -1
        lost = max(0.0, sign * (one.best - one.plan))
        if one.gap <= PROVEN_GAP:
            return lost, lost
        return lost, max(lost, sign * (one.bound - one.plan)) if math.isfinite(one.bound) else None

    def figures(self) -> dict[str, Any]:
        """Mean, worst tenth and worst loss, how many futures stand behind them and how well they are solved."""
        lost, most = self.table["lost"].dropna(), self.table["lost_at_most"].dropna()
        proved = sum(one.best is not None and one.gap <= PROVEN_GAP for one in self.outcomes)
        known = len(most) == len(lost) > 0
        return {
            "futures": len(self.outcomes),
            "solved": sum(one.best is not None for one in self.outcomes),
            "proved_best": proved,
            "widest_gap": max((one.gap for one in self.outcomes if math.isfinite(one.gap)), default=None),
            "plan_carried_out": len(lost),
            "plan_mended": sum(one.mended > 0 for one in self.outcomes),
            "decisions": len(self.base),
            "decisions_that_hold": int((self.decisions["held_share"] >= MOST).sum()),
            "lost_mean": _number(lost.mean()),
            "lost_worst_tenth": _worst_tenth(lost),
            "lost_worst": _number(lost.max()),
            "lost_mean_at_most": _number(most.mean()) if known else None,
            "lost_worst_tenth_at_most": _worst_tenth(most) if known else None,
            "lost_worst_at_most": _number(most.max()) if known else None,
        }

    def said(self) -> dict[str, Any]:
        """What `solution.json` says of the trial."""
        return {"seed": self.seed, "unit": self.unit.word, **self.figures(), "ranges": self.ranges.said()}

    def words(self) -> list[str]:
        """The trial in a planner's words: what was varied, what holds, what the plan would have lost."""
        return [
            f"tried against {len(self.outcomes):,} possible futures (seed {self.seed}):",
            *(f"  {line}" for line in self.ranges.words()),
            *self.findings(),
        ]

    def findings(self) -> list[str]:
        """What holds, and what the plan would have lost."""
        told = self.figures()
        if not told["solved"]:
            return ["no future was solved in the time given; give more (--time-limit)"]
        lines = [
            f"{told['decisions_that_hold']:,} of {told['decisions']:,} decisions are the same in at least "
            f"{100 * MOST:.0f} % of {_futures(told['solved'])}",
            *self._losses(told),
        ]
        if told["plan_mended"]:
            lines.append(f"in {_futures(told['plan_mended'])} the plan could not be carried out as it stands and was "
                         "mended as little as it could be")  # fmt: skip
        if told["proved_best"] < told["solved"]:
            gap = told["widest_gap"]
            rest = "" if gap is None else f"; the widest distance from the best possible is {100 * gap:.2g} %"
            lines.append(f"{told['proved_best']:,} of {_futures(told['solved'])} solved to the proved best{rest}")
        for count, why in (
            (told["futures"] - told["solved"], "no plan at all, or none was found in time"),
            (told["solved"] - told["plan_carried_out"], "no way to carry out this plan, however mended"),
        ):
            if count:
                lines.append(f"{_futures(count)} with {why}: in no figure above")
        return lines

    def _losses(self, told: Mapping[str, Any]) -> list[str]:
        if told["lost_mean"] is None:
            return []
        does, word = self.unit.words()

        def span(name: str) -> str:
            low, high = told[name], told[f"{name}_at_most"]
            if high is None or self.unit.said(high) == self.unit.said(low):
                return f"{self.unit.said(low)} {word}" if high is not None else f"at least {self.unit.said(low)} {word}"
            return f"between {self.unit.said(low).removesuffix(f' {self.unit.word}')} and {self.unit.said(high)} {word}"

        return [
            f"kept as it is, the plan {does} on average {span('lost_mean')} than the best plan made with hindsight; in "
            f"one future of ten {span('lost_worst_tenth')} or worse; at worst {span('lost_worst')}"
        ]


_VALUES: Final = ("best", "plan", "lost", "lost_at_most")
_COLUMNS: Final = (
    "future", "price_factor", "take_up_factor", "enrollment_factor", "withdrawn", "best", "plan", "lost",
    "lost_at_most", "mended", "status", "gap", "plan_status",
)  # fmt: skip


def summary(
    base: Mapping[str, str],
    outcomes: Sequence[Outcome],
    futures: Sequence[Future],
    ranges: Ranges,
    seed: int,
    unit: Unit,
) -> Summary:
    """Put the outcomes of a plan with the decisions `base` together; one outcome for each future, in order."""
    return Summary(base, tuple(outcomes), tuple(futures), ranges, seed, unit)


def _futures(count: int) -> str:
    return "1 future" if count == 1 else f"{count:,} futures"


def _share(count: int, whole: int) -> float:
    return round(count / whole, 6) if whole else 0.0


def _mean(factors: Mapping[str, float] | None) -> float | None:
    return round(sum(factors.values()) / len(factors), PLACES) if factors else None


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _worst_tenth(losses: "pd.Series[float]") -> float | None:
    """The least loss of the worst tenth of the futures (the order statistic, nothing in between).

    >>> _worst_tenth(pd.Series([float(number) for number in range(10)]))
    9.0
    """
    ordered = np.sort(losses.to_numpy(dtype=float))
    return float(ordered[min(len(ordered) - 1, math.floor(WORST_TENTH * len(ordered)))]) if len(ordered) else None
