"""Ways to a hub: what separates a unit from it, and a bound that prices this never cuts off the best division."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_lots import divisions, even, grid, least, solved

from infraplan.procurement.lots import bounds
from infraplan.procurement.lots.problem import Problem
from infraplan.procurement.lots.ways import Pool, Way, missing, separated


@st.composite
def mazes(draw: st.DrawFn) -> Problem:
    """A grid with walls: distances go through them, lots must go round them."""
    rows, columns = draw(st.sampled_from([(2, 4), (3, 3)]))
    lots = draw(st.integers(2, 3))
    base = grid(rows, columns, lots)
    edges = [(a, b) for a, some in enumerate(base.near) for b in some if a < b]
    order = draw(st.permutations(edges))
    root, kept = list(range(base.size)), []
    extra = draw(st.integers(0, 3))
    for a, b in order:
        if root[a] != root[b]:
            root = [root[a] if one == root[b] else one for one in root]
            kept.append((a, b))
        elif extra:
            extra -= 1
            kept.append((a, b))
    near = tuple(tuple(sorted({b for a, b in kept if a == unit} | {a for a, b in kept if b == unit})) for unit in
                 range(base.size))  # fmt: skip
    students = draw(st.lists(st.integers(1, 9), min_size=base.size, max_size=base.size))
    within = draw(st.sampled_from([0.2, 0.4, 0.8]))
    return replace(base, near=near, limits=(even([float(one) for one in students], lots, within),))


def ring() -> Problem:
    near = tuple(tuple(sorted(((unit - 1) % 6, (unit + 1) % 6))) for unit in range(6))
    away = np.array([[min((a - b) % 6, (b - a) % 6) for b in range(6)] for a in range(6)], dtype=float)
    return Problem(away, near, 2)


def test_on_a_ring_a_part_is_separated_by_its_two_neighbors() -> None:
    assert separated(ring(), [3], 0) == ((2, 4), frozenset({0, 1, 5}))


def test_what_a_choice_lacks_is_told_for_the_units_that_gain_most() -> None:
    line = grid(1, 7, 2)
    worth = np.array([0.0, 0, 0, -1, -4, -3, -2])
    found = missing(line, 0, [0, 3, 4, 5, 6], worth)
    assert [way.unit for way in found] == [4, 5, 6, 3]
    assert {(way.between, way.beyond) for way in found} == {((2,), frozenset({0, 1}))}
    assert missing(line, 0, [0, 1, 2], worth) == []


def test_a_pool_keeps_each_way_once_and_what_is_new_is_free() -> None:
    pool = Pool(grid(1, 5, 2))
    pool.add(0, [0, 4], np.zeros(5))
    prices = np.ones((1, 1))
    pool.add(0, [0, 4], np.zeros(5))
    pool.add(4, [1, 4], np.zeros(5))
    assert list(pool.ways) == [Way(4, (3,), frozenset({0, 1, 2})), Way(1, (2,), frozenset({3, 4}))]
    assert pool.rows.toarray().tolist() == [[0, 0, 0, -1, 1], [0, 1, -1, 0, 0]]
    assert pool.grown(prices).tolist() == [[1, 0], [0, 0]]
    assert pool.beyond.tolist() == [[True, False], [False, True]]


@settings(max_examples=20, deadline=None)
@given(mazes())
def test_a_bound_with_ways_never_cuts_off_the_best(problem: Problem) -> None:
    best = least(problem)
    if not np.isfinite(best):
        return
    first = bounds.climb(problem, best * 1.1 + 1)
    further = bounds.further(problem, first, best * 1.1 + 1)
    assert first.miles <= further.miles <= best + 1e-6
    for lots in divisions(problem.size, problem.lots):
        if problem.keeps(lots):
            hubs = [problem.hub(units) for units in lots]
            for way, hub in further.ways:
                if hub in hubs and way.unit in (units := lots[hubs.index(hub)]):
                    assert set(way.between) & set(units)
            if problem.total(lots) <= best + 1e-9:
                for units, hub in zip(lots, hubs, strict=True):
                    assert (further.with_pair[units, hub] <= best + 1e-6).all()


@settings(max_examples=15, deadline=None)
@given(mazes())
def test_a_division_that_goes_round_walls_is_proved_the_best(problem: Problem) -> None:
    best, found = least(problem), solved(problem)
    if np.isfinite(best):
        assert abs(found.result.objective - best) <= 1e-6
    else:
        assert found.result.status == "infeasible"


def test_ways_lift_the_bound_where_walls_make_lots_go_round() -> None:
    # a comb: teeth of five units hang together only along the first row; without walls two teeth would share each lot
    comb = grid(5, 6, 3, (even([1.0] * 30, 3, 0.1),))
    near = tuple(
        tuple(other for other in some if abs(other - unit) == 6 or (unit < 6 and other < 6))
        for unit, some in enumerate(comb.near)
    )
    walled = replace(comb, near=near, limits=(even([1.0 + 3 * (unit % 6 in (0, 2)) for unit in range(30)], 3, 0.1),))
    first = bounds.climb(walled, 200.0)
    assert bounds.further(walled, first, 200.0).miles > 1.01 * first.miles


def test_a_climb_that_is_late_keeps_what_it_had() -> None:
    problem = grid(4, 4, 3, (even([1.0] * 16, 3, 0.2),))
    first = bounds.climb(problem, 40.0)
    assert bounds.further(problem, first, 40.0, late=lambda: True) is first
