"""The choice beyond the school door against every subset tried, each served by a plain flow."""

import random
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from infraplan.connectivity.community import choice, inputs
from infraplan.connectivity.community.inputs import Inputs, Policy
from infraplan.solve import Limits, Status

PROVED = Limits(gap=0, threads=1)


def small(seed: int) -> Inputs:
    """Up to six places and six sites on a line, some existing, some with a capacity; whole students, equal weights."""
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    points = pd.DataFrame(
        [
            {"point_id": f"p{k}", "lon": -70 + 0.01 * luck.randrange(20), "lat": 45.0, "students": luck.randint(1, 9)}
            for k in range(luck.randint(2, 6))
        ]
    )
    measures = pd.DataFrame(
        [
            {
                "site_id": f"s{k}",
                "kind": "library",
                "lon": -70 + 0.01 * luck.randrange(20),
                "lat": 45.0,
                "radius_miles": luck.choice([1.0, 2.0, 4.0]),
                "capacity": luck.choice([None, 3, 6, 10]),
                "existing": luck.random() < 0.2,
                "usd_once": Decimal(luck.randint(1, 9)),
            }
            for k in range(luck.randint(2, 6))
        ]
    )
    tables = {"community_points": points, "community_measures": measures}
    return inputs.assemble(tables, Policy(Decimal(luck.randint(0, 20)), need_weight=0))


def served(told: Inputs, active: set[int]) -> float:
    """Most students that some sites serve: a maximum flow from sites to places."""
    sites, places = len(told.measures), len(told.points)
    source, sink = sites + places, sites + places + 1
    room = np.zeros((sink + 1, sink + 1), dtype=np.int32)
    for number in active:
        most = told.measures[number].capacity
        room[source, number] = 1_000 if most is None else most
    room[sites : sites + places, sink] = told.students()
    for measure, point in zip(told.pairs["measure"], told.pairs["point"], strict=True):
        room[measure, sites + point] = 1_000
    return float(maximum_flow(csr_array(room), source, sink).flow_value)


def mixed(seed: int) -> Inputs:
    """Sites beside hotspots and outreach that cost by the student, take-up below all, need that differs by place."""
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    told = small(seed)
    points = told.points.assign(
        poor_share=[round(luck.random(), 2) for _ in told.points.index],
        offered_students=[luck.randint(0, int(students)) for students in told.points["students"]],
    )
    sites = [replace(one, take_up=luck.choice([0.5, 1.0]), each=Decimal(luck.choice([0, 1]))) for one in told.measures]
    hotspots = replace(sites[0], site_id="hot", kind="hotspots", existing=False, fixed=Decimal(luck.choice([0, 2])),
                       each=Decimal(2), capacity=luck.choice([None, 4.0]), take_up=1.0, places=())  # fmt: skip
    outreach = replace(hotspots, site_id="help", kind="lifeline_outreach", each=Decimal(1), capacity=None, take_up=0.6)
    measures = (*sites, hotspots, outreach)
    return replace(
        told, points=points, measures=measures, pairs=inputs.reach(points, measures), need_weight=1.0, gathered={}
    )


def served_by_money(told: Inputs, active: set[int]) -> float:
    """Most students, weighted by need, that some sites and programs serve with what is left of the budget."""
    room = told.budget - sum((told.measures[number].fixed_net for number in active), Decimal(0))
    measure, point = (told.pairs[name].to_numpy() for name in ("measure", "point"))
    if room < 0 or not len(point):
        return -1.0 if room < 0 else 0.0
    each = np.array([0.0 if one.existing else float(one.each_net) for one in told.measures])
    rows = [(point == place).astype(float) for place in range(len(told.points))]
    rows += [(measure == number).astype(float) for number in range(len(told.measures))] + [each[measure]]
    capacity = [1e6 if one.capacity is None else one.capacity for one in told.measures]
    limits = [*told.students(), *capacity, float(room)]
    most = np.where(np.isin(measure, list(active)), told.most(), 0.0)
    found = linprog(
        -told.weight[point], A_ub=np.array(rows), b_ub=limits, bounds=list(zip(0 * most, most, strict=True))
    )
    assert found.fun is not None
    return -float(found.fun)


def tried(told: Inputs) -> float:
    there = {number for number, one in enumerate(told.measures) if one.existing}
    others = [number for number in range(len(told.measures)) if number not in there]
    return max(
        served(told, there | set(some))
        for count in range(len(others) + 1)
        for some in combinations(others, count)
        if sum((told.measures[number].fixed_net for number in some), Decimal(0)) <= told.budget
    )


@pytest.mark.parametrize("seed", range(40))
def test_no_affordable_set_of_sites_reaches_more(seed: int) -> None:
    told = small(seed)
    found = choice.find(told, PROVED)
    assert found.result.status == Status.optimal
    assert found.serving.students == pytest.approx(tried(told), abs=1e-4)
    assert found.spent <= told.budget
    room = [one.capacity for one in told.measures]
    assert all(cap is None or one <= cap + 1e-4 for cap, one in zip(room, found.serving.by_measure, strict=True))


@pytest.mark.parametrize("seed", range(25))
def test_no_set_of_sites_and_programs_with_costs_by_the_student_reaches_more(seed: int) -> None:
    told = mixed(seed)
    there = {number for number, one in enumerate(told.measures) if one.existing}
    others = [number for number in range(len(told.measures)) if number not in there]
    best = max(
        served_by_money(told, there | set(some))
        for count in range(len(others) + 1)
        for some in combinations(others, count)
    )
    found = choice.find(told, PROVED)
    assert found.result.status == Status.optimal
    assert found.result.objective == pytest.approx(best, abs=1e-5)
    assert found.serving.weighted == pytest.approx(best, abs=1e-3)
    assert found.spent <= told.budget + Decimal("0.05")


@settings(deadline=None, max_examples=50)  # a busy machine takes what it takes
@given(seed=st.integers(0, 10_000), more=st.integers(0, 9))
def test_more_money_or_more_room_never_reaches_fewer(seed: int, more: int) -> None:
    told = small(seed)
    before = choice.find(told, PROVED).result.objective
    richer = replace(told, budget=told.budget + more, gathered={})
    assert choice.find(richer, PROVED).result.objective >= before - 1e-6
    wider = replace(told, measures=tuple(replace(one, capacity=None) for one in told.measures), gathered={})
    assert choice.find(wider, PROVED).result.objective >= before - 1e-6


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000))
def test_nobody_is_served_twice_or_by_what_is_not_paid_for(seed: int) -> None:
    told = small(seed)
    found = choice.find(told, PROVED)
    assert (found.serving.by_point <= told.students() + 1e-6).all()
    idle = [n for n, one in enumerate(told.measures) if not one.existing and n not in found.chosen]
    assert found.serving.by_measure[idle].sum() <= 1e-3


def apart(usd: list[Decimal], students: list[int], budget: Decimal, each: Decimal = Decimal(0)) -> Inputs:
    """Sites that each serve a place of their own, at a cost once and perhaps for each student."""
    count = range(len(usd))
    points = pd.DataFrame(
        {"point_id": f"p{at}", "lon": -70.0 + at, "lat": 45.0, "students": float(students[at])} for at in count
    )
    measures = pd.DataFrame(
        {
            "site_id": f"s{at}", "kind": "library", "lon": -70.0 + at, "lat": 45.0, "radius_miles": 1.0,
            "usd_once": usd[at], "usd_student_once": each,
        }
        for at in count
    )  # fmt: skip
    return inputs.assemble({"community_points": points, "community_measures": measures}, Policy(budget, need_weight=0))


@pytest.mark.parametrize("seed", [44, 838, 1010, 1306, *range(40)])
def test_a_budget_a_few_cents_off_a_sum_of_costs_is_kept_and_proved(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    size, scale = luck.randint(2, 8), luck.choice([1, 100, 10_000])
    cents = [luck.randint(1_000, 100_000) * scale for _ in range(size)]
    if luck.random() < 0.5:
        cents = [one + luck.randint(0, 99) for one in cents]
    students = [luck.randint(1, 500) for _ in cents]
    limit = sum(luck.sample(cents, luck.randint(1, size))) - luck.choice([0, 1, 1, 2, 5, 30, -1])
    each = luck.choice([0, 0, 125])
    best = 0.0
    for count in range(size + 1):
        for some in combinations(range(size), count):
            left = limit - sum(cents[at] for at in some)
            if left >= 0:
                most = float(sum(students[at] for at in some))
                best = max(best, min(most, left / each) if each else most)
    told = apart([Decimal(one) / 100 for one in cents], students, Decimal(limit) / 100, Decimal(each) / 100)
    found = choice.find(told, PROVED)
    assert found.spent <= told.budget
    assert found.result.status == Status.optimal
    assert found.result.objective == pytest.approx(best)
    assert found.serving.students == pytest.approx(best)
