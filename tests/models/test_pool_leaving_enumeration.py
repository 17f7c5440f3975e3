"""No group would do better by leaving: against a second opinion that tries every group and every award of it."""

import itertools
from typing import Any

import numpy as np
import pytest
from pooled_by_hand import outcomes, purchase
from scipy.optimize import linprog

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import answer
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.solve import Limits

WAYS = [
    (seed, filing, objective, fair)
    for seed, filing in [(7, "separate"), (12, "separate"), (14, "separate"), (28, "separate"), (33, "separate"),
                         (1, "consortium_equal"), (2, "consortium_proportional"), (3, "consortium_equal")]
    for objective in ("pre_discount", "non_discount_share")
    for fair in (False, True)
]  # fmt: skip


def leaving_costs(inputs: Inputs) -> dict[tuple[str, ...], float]:
    """What every group would pay itself by leaving: of its awards the best by the policy's objective."""
    names, found = sorted({demand.lea_id for demand in inputs.demands}), {}
    for count in range(1, len(names)):
        for group in itertools.combinations(names, count):
            told = outcomes(inputs.only(group))
            by = [(one.pre_discount if inputs.policy.objective == "pre_discount" else one.own, one.own) for one in told]
            if by:
                found[group] = float(min(by)[1])
    return found


def least_aid(names: list[str], costs: dict[tuple[str, ...], float], whole: float) -> float:
    """What all together cannot be made to pay without some group leaving."""
    rows = [[float(name in group) for name in names] for group in costs] + [[1.0] * len(names)]
    told = linprog([-1.0] * len(names), A_ub=np.array(rows), b_ub=[*costs.values(), whole])
    assert told.fun is not None
    return whole + float(told.fun)


@pytest.mark.parametrize(("seed", "filing", "objective", "fair"), WAYS)
def test_the_least_aid_is_found_and_with_it_no_group_gains_by_leaving(
    seed: int, filing: str, objective: str, fair: bool
) -> None:
    policy: dict[str, Any] = {"filing": filing, "objective": objective, "no_district_worse_off": fair}
    inputs = purchase(seed, members=4, stable=True, **policy)
    try:
        told = answer.find(inputs, Limits(gap=0)).stability
    except NoAnswer:
        assert not list(outcomes(inputs)) or filing == "consortium_proportional"
        return
    assert told is not None
    costs = leaving_costs(inputs)
    whole = float(sum(told.own.values()))
    assert told.proved
    assert float(told.aid) == pytest.approx(least_aid(list(told.own), costs, whole), abs=0.2)  # cents of rounding
    pays = told.pays
    for group, cost in costs.items():
        assert float(sum(pays[name] for name in group)) <= cost + 0.2, group
    assert sum(told.transfer.values()) == 0
    assert sum(pays.values()) + told.aid == sum(told.own.values())


@pytest.mark.parametrize("seed", [7, 14, 20])
def test_within_a_gap_no_group_gains_more_than_is_said(seed: int) -> None:
    inputs = purchase(seed, members=5, stable=True, no_district_worse_off=False)
    told = answer.find(inputs, Limits(gap=0.01)).stability
    assert told is not None
    assert told.proved
    costs, pays = leaving_costs(inputs), {name: float(usd) for name, usd in told.pays.items()}
    for group, cost in costs.items():
        paid = sum(pays[name] for name in group)
        assert paid - cost <= told.spare * paid + 0.2, group
    whole = float(sum(told.own.values()))
    assert told.least_aid <= least_aid(list(told.own), costs, whole) + 0.2


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5])
def test_a_group_that_leaves_need_not_buy_from_as_many_providers_as_the_pool(seed: int) -> None:
    inputs = purchase(seed, members=3, stable=True, no_district_worse_off=False, min_providers=2)
    told = answer.find(inputs, Limits(gap=0)).stability
    assert told is not None
    assert told.proved
    costs, pays = leaving_costs(inputs), told.pays
    for group, cost in costs.items():
        assert float(sum(pays[name] for name in group)) <= cost + 0.2, group
