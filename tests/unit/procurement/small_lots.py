"""Graphs small enough to try every division of."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from infraplan.procurement.lots.answer import Found, Search
from infraplan.procurement.lots.problem import Limit, Problem
from infraplan.solve import Limits


def grid(rows: int, columns: int, lots: int, limits: tuple[Limit, ...] = ()) -> Problem:
    """A grid of units a mile apart, miles counted along its lines."""
    cells = list(product(range(rows), range(columns)))
    miles = np.array([[abs(a - c) + abs(b - d) for c, d in cells] for a, b in cells], dtype=float)
    near = tuple(tuple(np.flatnonzero(row == 1).tolist()) for row in miles)
    return Problem(miles, near, lots, limits)


def even(amounts: list[float], lots: int, within: float) -> Limit:
    mean = sum(amounts) / lots
    return Limit("students", "students", np.array(amounts), mean * (1 - within), mean * (1 + within))


def divisions(size: int, lots: int) -> Iterator[list[list[int]]]:
    """Every way to put units into so many lots."""

    def labels(so_far: list[int]) -> Iterator[list[int]]:
        if len(so_far) == size:
            if max(so_far) == lots - 1:
                yield so_far
            return
        for label in range(min(max(so_far, default=-1) + 2, lots)):
            yield from labels([*so_far, label])

    for told in labels([]):
        yield [[unit for unit, label in enumerate(told) if label == one] for one in range(lots)]


def least(problem: Problem) -> float:
    """The fewest miles, by trying every division; infinite where none keeps the limits."""
    return min(
        (problem.total(lots) for lots in divisions(problem.size, problem.lots) if problem.keeps(lots)), default=np.inf
    )


def solved(problem: Problem, gap: float = 0.0) -> Found:
    search = Search(problem, Limits(gap=gap, time_limit=30, threads=1))
    search.quick()
    return search.prove()
