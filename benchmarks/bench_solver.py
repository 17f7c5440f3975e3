#!/usr/bin/env python3
"""How fast a PuLP problem becomes HiGHS's own: our bulk hand-off beside PuLP's row-by-row bridge, building alone.

usage: bench_solver.py [ROWS=1000] [COLUMNS=60]
"""

import sys
import time
from collections.abc import Callable
from statistics import median

import pulp

from infraplan import solve

RUNS = 5


def location(rows: int, columns: int) -> pulp.LpProblem:
    """Each row served by one open column, with a row for each link: the shape of our models in the large."""
    problem = pulp.LpProblem("location")
    x = problem.add_variable_dicts("x", (range(rows), range(columns)), 0, 1)
    opened = problem.add_variable_dict("opened", range(columns), cat="Binary")
    problem += pulp.lpSum(x[i][j] * (i + j + 1) for i in range(rows) for j in range(columns)) + 9 * pulp.lpSum(opened)
    for i in range(rows):
        problem += pulp.lpSum(x[i].values()) == 1
        for j in range(columns):
            problem += x[i][j] <= opened[j]
    return problem


def seconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    """Print both, side by side, several runs."""
    rows, columns = (int(word) for word in [*sys.argv[1:], "1000", "60"][:2])
    problem = location(rows, columns)
    bridge = pulp.HiGHS(msg=False)

    def row_by_row() -> None:
        bridge.createAndConfigureSolver(problem)
        bridge.buildSolverModel(problem)

    pairs = [(seconds(lambda: solve.loaded(solve.arrays(problem))), seconds(row_by_row)) for _ in range(RUNS)]
    ours, theirs = (median(pair[place] for pair in pairs) for place in (0, 1))
    print(f"{rows:,} x {columns:,}: in bulk {ours:.2f} s, row by row {theirs:.2f} s, {theirs / ours:.1f} times")


if __name__ == "__main__":
    main()
