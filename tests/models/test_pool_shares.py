"""Shares of fixed costs: taken from below, or exactly for some bids, the least own cost is never told too high."""

from itertools import pairwise

import pytest
from pooled_by_hand import best, purchase

from infraplan import solve
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling import sharing
from infraplan.procurement.pooling.bills import baselines
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.solve import Limits

CENTS = 0.1
EXACT = Limits(gap=0, quiet=True)


@pytest.mark.parametrize("seed", range(760, 784))
def test_the_more_fixed_costs_are_shared_exactly_the_nearer_the_least_own_cost(seed: int) -> None:
    inputs = purchase(seed, members=4, objective="non_discount_share", no_district_worse_off=False)
    want = best(inputs)
    if want is None:
        return
    given = models.facts(inputs)
    fairness = Fairness(given, tuple(baselines(inputs)), {})
    told, shared = list[float](), set[int]()
    while True:
        model = models.build(given)
        sharing.own_cost(model, fairness, shared)
        told.append(solve.solve(model.problem, EXACT).objective)
        bid = sharing.worst_share(fairness, model.choice(), shared)
        if bid is None:
            break
        assert bid not in shared
        shared.add(bid)
    assert all(before <= after + CENTS for before, after in pairwise(told))
    assert told[-1] <= float(want) + CENTS
    model = models.build(given)
    sharing.own_cost(model, fairness)
    assert told[-1] == pytest.approx(solve.solve(model.problem, EXACT).objective, abs=CENTS)
