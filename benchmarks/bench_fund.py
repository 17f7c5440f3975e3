"""How long it takes to plan the funding of 1,000, 3,000 and 10,000 projects over five years.

usage: python benchmarks/bench_fund.py [PROJECTS...]

A made-up state: one district to four projects, a third of them special construction, rates of 50 to 90 percent, one
in eight projects requiring another, five years of three funds that cover a third of what all would cost applicants.
"""

import sys
import time
from decimal import Decimal

import numpy as np

from infraplan.procurement.funding import answer
from infraplan.procurement.funding.inputs import CONSTRUCTION, Fund, Inputs, Project, Rules
from infraplan.solve import Limits

YEARS = tuple(range(2026, 2031))


def plan(count: int, seed: int = 1) -> Inputs:
    """A made-up plan with `count` projects."""
    luck, law = np.random.default_rng(seed), Rules.of(YEARS[0])
    districts = max(1, count // 4)
    rates, students = luck.choice([50, 60, 70, 80, 90], districts), luck.lognormal(6.9, 1.1, districts)
    projects: list[Project] = []
    last: dict[int, str] = {}
    for number in range(count):
        place, construction = int(luck.integers(districts)), luck.random() < 0.35
        cost = round(float(luck.lognormal(11.6 if construction else 10.3, 0.9)) * 100)
        erate = cost * min(int(rates[place]), 90 if construction else 85) // 100
        match = min(cost * int(law.most_points) // 100, (cost - erate) // 2) if construction else 0
        requires = (last[place],) if place in last and luck.random() < 0.125 else ()
        projects.append(
            Project(
                f"x{number}", f"d{place}", "C1" if construction else "C2",
                CONSTRUCTION if construction else "equipment", cost, erate, match,
                tuple(range(int(luck.choice([2026, 2026, 2027, 2028])), 2031)),
                Decimal(round(students[place] * luck.uniform(0.05, 1))),
                Decimal(max(0, int(rates[place]) - 60)) / 60, requires,
            )
        )  # fmt: skip
        last[place] = f"x{number}"
    owed = sum(project.share for project in projects)
    funds = [
        Fund(f"{kind}-{year}", kind, year, round(owed * part / 5), None, frozenset(uses), match=kind == "state_match")
        for year in YEARS
        for kind, part, uses in (
            ("state_match", 0.08, ["C1"]), ("state_grant", 0.15, ["C1", "C2"]), ("local", 0.10, ["C1", "C2"])
        )
    ]  # fmt: skip
    c2 = {(f"d{place}", 2026): round(max(30_175, 201.57 * students[place]) * 100) for place in range(districts)}
    return Inputs(YEARS, tuple(projects), tuple(funds), c2, {year: law.cycle(year) for year in YEARS})


def main() -> None:
    """Measure and print."""
    for count in [int(word) for word in sys.argv[1:]] or [1000, 3000, 10_000]:
        told = plan(count)
        begun = time.perf_counter()
        found = answer.find(told, Limits(gap=0.002, time_limit=60))
        print(
            f"{count:,} projects x {len(YEARS)} years: {found.result.status}, gap {found.result.gap:.3%}, "
            f"{len(found.starts):,} funded, in {time.perf_counter() - begun:.1f} s"
        )


if __name__ == "__main__":
    main()
