"""Lots: the best division of small graphs by trying everything, by hand, and what every answer keeps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_lots import divisions, even, grid, least, solved

from infraplan.procurement.lots import bounds, model, start
from infraplan.procurement.lots.answer import Search
from infraplan.procurement.lots.problem import Limit, Problem, pieces
from infraplan.solve import Limits, Status


def test_a_line_of_six_is_cut_in_the_middle() -> None:
    # a line of six units a mile apart, two lots: 0-2 and 3-5, each two miles to its middle unit
    found = solved(grid(1, 6, 2))
    assert found.lots == ((0, 1, 2), (3, 4, 5))
    assert found.hubs == (1, 4)
    assert (found.result.objective, found.result.status) == (4.0, Status.optimal)


def test_students_pull_the_cut_aside() -> None:
    # the first unit alone has half of the students: it must be a lot by itself, the others go one by one to unit 3
    found = solved(grid(1, 6, 2, (even([50, 10, 10, 10, 10, 10], 2, 0.05),)))
    assert found.lots == ((0,), (1, 2, 3, 4, 5))
    assert found.result.objective == 6.0


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    rows, columns = draw(st.sampled_from([(2, 3), (2, 4), (3, 3)]))
    lots = draw(st.integers(2, 3))
    size = rows * columns
    students = draw(st.lists(st.integers(1, 9), min_size=size, max_size=size))
    hard = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    serves = np.array([draw(st.lists(st.booleans(), min_size=size, max_size=size)) for _ in range(3)])
    base = grid(rows, columns, lots)
    away = np.array(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)), dtype=float)
    limits = (
        even([float(one) for one in students], lots, draw(st.sampled_from([0.15, 0.3, 0.6]))),
        Limit("hard", "hard", np.array([one - 0.5 for one in hard]), high=0.0),
    )
    miles = base.miles * (1 + away[:, None] / 7)
    return replace(base, miles=miles, limits=limits, serves=serves, min_bidders=draw(st.integers(0, 2)))


@settings(max_examples=20, deadline=None)
@given(problems())
def test_no_division_is_better_than_the_one_found(problem: Problem) -> None:
    best, found = least(problem), solved(problem)
    if np.isinf(best):
        assert found.result.status == Status.infeasible
        assert found.breaks
    else:
        assert found.result.status == Status.optimal
        assert found.result.objective == pytest.approx(best, abs=1e-6)
        assert problem.keeps(found.lots)
        assert problem.total(found.lots) == pytest.approx(found.result.objective)


@settings(max_examples=20, deadline=None)
@given(problems())
def test_the_bound_by_prices_is_never_above_the_best(problem: Problem) -> None:
    check_bound(problem)


def test_a_dear_hub_is_not_counted_twice() -> None:
    # two lots of the best division mix easy and hard units; the price of hard ones once made such a hub cost 3.7 of 3
    hard = Limit("hard", "hard", np.array([-0.5, -0.5, -0.5, 0.5, 0.5, 0.5]), high=0.0)
    check_bound(grid(2, 3, 3, (even([1.0] * 6, 3, 0.15), hard)))


def check_bound(problem: Problem) -> None:
    best = least(problem)
    if np.isfinite(best):
        climbed = bounds.climb(problem, best * 1.1 + 1)
        assert climbed.miles <= best + 1e-6
        for lots in divisions(problem.size, problem.lots):
            if problem.keeps(lots) and problem.total(lots) <= best + 1e-9:
                for units in lots:
                    assert (climbed.with_pair[units, problem.hub(units)] <= best + 1e-6).all()


def test_prices_that_run_away_prove_nothing() -> None:
    """With a known answer above the least, prices grew to 1e15 and rounding alone lifted the bound above it."""
    weight = np.array([44.0, 26, 57, 63, 0])
    place = np.array([[81.4, 3.1], [22.7, 60.2], [90.3, 42.8], [5.6, 71.9], [47.5, 13.3]])
    miles = np.linalg.norm(place[:, None] - place, axis=2)
    hard = Limit("hard", "hard", np.array([0.7, -0.3, -0.3, 0.7, -0.3]), high=0.0)
    found = []
    for ring in range(24):
        limit = Limit("students", "students", np.roll(weight, ring), 171.0, 209.00000000000003)
        far = miles * (1 + ring % 12)
        problem = Problem(far, ((1, 4), (0, 2), (1, 3), (2, 4), (3, 0)), 1, (limit, replace(hard, high=1.0)))
        best = least(problem)
        found += [bounds.climb(problem, best * more).miles - best for more in (1.0, 1.05, 1.1, 1.2)]
    assert max(found) <= 1e-9


def test_the_bound_by_prices_is_near_the_best_where_lots_must_be_even() -> None:
    amounts = [float(1 + 7 * unit % 5) for unit in range(49)]
    problem = grid(7, 7, 3, (even(amounts, 3, 0.2),))
    best = solved(problem, 0.001).result.objective
    assert bounds.climb(problem, best * 1.01).miles >= 0.985 * best


@settings(max_examples=20, deadline=None)
@given(problems(), st.integers(0, 3))
def test_a_grown_division_has_every_unit_once_and_every_lot_in_one_piece(problem: Problem, seed: int) -> None:
    lots, keeps = start.divide(problem, seed)
    assert sorted(unit for units in lots for unit in units) == list(range(problem.size))
    assert all(len(pieces(problem.near, units)) == 1 for units in lots)
    assert keeps == problem.keeps(lots)


def test_the_same_seed_gives_the_same_division() -> None:
    problem = grid(4, 5, 4, (even([float(1 + unit % 3) for unit in range(20)], 4, 0.2),))
    assert start.divide(problem, 3) == start.divide(problem, 3)


def test_a_lot_torn_apart_is_answered_with_cuts_that_its_way_back_keeps() -> None:
    # units 0-1-2-3-4 in a line; hub 0 has unit 4, and 3 goes elsewhere: 4 needs 1, 2 or 3, by the last before it
    line = grid(1, 5, 2)
    cuts = model.broken(line, {0: [0, 4], 2: [1, 2, 3]})
    assert {(cut.unit, cut.hub, cut.between) for cut in cuts} == {(4, 0, (3,)), (2, 2, ())} - {(2, 2, ())}


def test_a_ring_of_ties_needs_a_way_round() -> None:
    # a ring of six: a lot of 0 and 3 is torn; with 1 and 2, or 4 and 5, it is not
    near = tuple(tuple(sorted(((unit - 1) % 6, (unit + 1) % 6))) for unit in range(6))
    away = np.array([[min((a - b) % 6, (b - a) % 6) for b in range(6)] for a in range(6)], dtype=float)
    ring = Problem(away, near, 2)
    cuts = model.broken(ring, {0: [0, 3], 1: [1, 2, 4, 5]})
    assert {cut.between for cut in cuts if cut.hub == 0} == {(2, 4)}
    assert not model.broken(ring, {1: [0, 1, 2], 4: [3, 4, 5]})


def test_more_even_lots_never_take_fewer_miles() -> None:
    amounts = [9.0, 1, 1, 1, 5, 1, 1, 1, 7, 1, 1, 1]
    found = [solved(grid(3, 4, 3, (even(amounts, 3, within),))).result.objective for within in (0.8, 0.4, 0.25)]
    assert found == sorted(found)


def test_units_that_do_not_hang_together_have_no_division() -> None:
    apart = replace(grid(1, 4, 1), near=((1,), (0,), (3,), (2,)))
    assert solved(apart).result.status == Status.infeasible


def test_a_division_that_stops_early_says_what_is_proved() -> None:
    amounts = [float(3 + (7 * unit) % 11) for unit in range(42)]
    search = Search(grid(6, 7, 5, (even(amounts, 5, 0.05),)), Limits(gap=0.0, time_limit=0.2, threads=1))
    search.quick()
    result = search.prove().result
    assert result.status in (Status.stopped_feasible, Status.optimal, Status.stopped_empty)
    if result.status == Status.stopped_feasible:
        assert 0 < result.bound < result.objective
        assert result.gap == pytest.approx(1 - result.bound / result.objective)
