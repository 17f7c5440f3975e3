"""What a district's present Internet budget would buy at peer prices: which circuits, and does it reach the target.

Given     circuit sizes s with a monthly price p(s): the median price of the lines within a tenth of that speed;
          a district's budget B: what it pays for Internet circuits in a month, before discount
Decide    how many circuits of each size, whole numbers
Maximize  the bandwidth bought
Subject   the circuits cost at most B

An unbounded knapsack, solved exactly in whole dollars (prices rounded up) for all budgets at once.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from infraplan import rules
from infraplan.errors import NoAnswer
from infraplan.procurement import prices

COLUMNS = ["ben", "name", "students", "budget_usd_month", "mbps", "target_mbps", "affordable_mbps", "circuits",
           "reaches_target", "stamp"]  # fmt: skip
NEAR = 0.1
"""A line counts for a circuit size if its speed is within this part of it."""
MOST_USD_MONTH = 250_000
"""Budgets above this are taken as this: no single applicant's Internet bill comes near."""


@dataclass(frozen=True)
class Circuit:
    """A circuit on the menu: speed and median peer price, and from how many lines that is."""

    mbps: int
    usd_month: int
    n: int


def affordability(
    found: prices.Benchmark,
    tables: Mapping[str, pd.DataFrame],
    *,
    least: int = 10,
    target: str = "fcc-2014",
    allow_historic: bool = False,
) -> tuple[pd.DataFrame, list[str]]:
    """The table `price_affordability`, and in words the menu it rests on.

    Raises NoAnswer where the prices are historic and that is not allowed, or no circuit size has enough lines; NoRule for an
    unknown target.
    """
    internet = found.table[found.table["service"] == "internet"]
    if not allow_historic:
        internet = internet[internet["stamp"].isna()]
    if found.historic and internet.empty:
        raise NoAnswer(
            "these prices are more than two funding years old (HISTORIC) and feed no optimizer\n"
            "  mend:  add newer Form 471 tables, or give --allow-historic"
        )
    goal = _Target.of(target)
    menu = circuits_on_offer(internet, least)
    table = _budgets(internet, tables)
    best, choice = fill(menu, int(min(MOST_USD_MONTH, table["budget_usd_month"].max())))
    budget = np.minimum(np.floor(table["budget_usd_month"].to_numpy(dtype=float)), len(best) - 1).astype(int)
    table["affordable_mbps"] = best[budget]
    table["circuits"] = [_circuits(int(usd), menu, choice) for usd in budget]
    table["target_mbps"] = [goal.mbps(int(students)) for students in table["students"]]
    table["reaches_target"] = table["affordable_mbps"] >= table["target_mbps"]
    table["stamp"] = prices.HISTORIC if internet["stamp"].notna().any() else None
    said = [f"{one.mbps:,} Mbps at ${one.usd_month:,} a month (median of {one.n:,} lines)" for one in menu]
    return table[COLUMNS].reset_index(drop=True), [f"circuits on offer at peer prices: {'; '.join(said)}"]


def circuits_on_offer(internet: pd.DataFrame, least: int) -> list[Circuit]:
    """Circuit sizes that at least `least` lines come near, with their median price; raises NoAnswer if none has."""
    lines = internet.drop_duplicates("line_id")
    speed, usd = lines["mbps"].to_numpy(dtype=float), lines["usd_month"].to_numpy(dtype=float)
    menu = []
    for mbps in prices.circuit_sizes():
        near = usd[np.abs(speed / mbps - 1) <= NEAR]
        if len(near) >= least:
            menu.append(Circuit(mbps, max(1, math.ceil(float(np.median(near)))), len(near)))
    if not menu:
        raise NoAnswer(
            f"no circuit size has {least} Internet lines to take a peer price from\n"
            "  mend:  add more states or years, or lower --least"
        )
    return menu


def fill(menu: Sequence[Circuit], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Most Mbps for every whole-dollar budget up to `most`, and the last circuit bought there (-1 = none).

    >>> best, choice = fill([Circuit(10, 3, 1), Circuit(25, 5, 1)], 8)
    >>> best.tolist()
    [0, 0, 0, 10, 10, 25, 25, 25, 35]
    """
    best = np.zeros(most + 1, dtype=np.int64)
    choice = np.full(most + 1, -1, dtype=np.int64)
    for usd in range(1, most + 1):
        best[usd], choice[usd] = best[usd - 1], -2  # -2: a dollar left over
        for at, one in enumerate(menu):
            if one.usd_month <= usd and best[usd - one.usd_month] + one.mbps > best[usd]:
                best[usd], choice[usd] = best[usd - one.usd_month] + one.mbps, at
    return best, choice


def _circuits(usd: int, menu: Sequence[Circuit], choice: np.ndarray) -> str:
    bought: Counter[int] = Counter()
    while usd > 0:
        at = int(choice[usd])
        usd -= 1 if at < 0 else menu[at].usd_month
        if at >= 0:
            bought[menu[at].mbps] += 1
    return " + ".join(f"{count} x {mbps:,} Mbps" for mbps, count in sorted(bought.items(), reverse=True)) or "none"


def _budgets(internet: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Schools and districts with Internet circuits: what they pay in a month and the speed they get."""
    applications = tables["applications"]
    applications = applications[applications["applicant_type"].isin(["School", "School District"])]
    year = applications["funding_year"].fillna(0)
    applications = applications[year == year.groupby(applications["ben"]).transform("max")]
    students = pd.to_numeric(applications["students"]).groupby(applications["ben"]).max()
    each = internet.assign(
        usd=internet["usd_month"] * internet["circuits"], speed=internet["mbps"] * internet["circuits"]
    )
    sums = each.groupby("ben", sort=True).agg(
        name=("name", "first"), budget_usd_month=("usd", "sum"), mbps=("speed", "sum")
    )
    table = sums.reset_index()
    table["students"] = table["ben"].map(students)
    table = table[table["students"].fillna(0) > 0]
    if table.empty:
        raise NoAnswer(
            "no applicant with Internet circuits has its students filed\n"
            "  mend:  add the basic information of the same year"
        )
    return table.assign(
        students=table["students"].astype("int64"),
        budget_usd_month=table["budget_usd_month"].round(2),
        mbps=table["mbps"].round(3),
    )


@dataclass(frozen=True)
class _Target:
    """Bandwidth targets by district size, smallest first: from students, Mbps per student, least Mbps."""

    sizes: tuple[tuple[int, float, float], ...]

    @classmethod
    def of(cls, name: str) -> "_Target":
        told = rules.load("bandwidth_targets", name)
        count = sum(figure.endswith(".from_students") for figure in told.figures)
        keys = ("from_students", "mbps_per_student", "minimum_mbps")
        rows = [tuple(float(told.value(f"size.{at}.{key}")) for key in keys) for at in range(count)]
        return cls(tuple((int(low), each, least) for low, each, least in rows))

    def mbps(self, students: int) -> float:
        _, each, least = [size for size in self.sizes if size[0] <= students][-1]
        return max(least, each * students)
