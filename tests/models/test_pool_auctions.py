"""Combinatorial auctions through bundles: a published example, and auctions whose optimum is worked out another way."""

from collections.abc import Callable

import pytest
from auctions import KEEP, Auction, arbitrary, best_revenue, paths, purchase, regions

from infraplan.procurement.pooling import answer
from infraplan.solve import Limits, Status

# Nebel and Woelfl, Constraint Satisfaction Problems, handout 4 (University of Freiburg, 2009): 2 and 3 win, for 11
FREIBURG: Auction = (
    8,
    [(frozenset(goods), value) for goods, value in (
        ({0, 1, 2, 3}, 8), ({1, 2, 5}, 6), ({0, 3, 4}, 5), ({1, 7}, 2), ({4, 5}, 2),
    )],
)  # fmt: skip


def test_the_published_example_is_won_by_the_two_bids_that_win_it() -> None:
    found = answer.find(purchase(FREIBURG), Limits(gap=0))
    assert found.result.status == Status.optimal
    assert float(found.award.pre_discount) == 8 * KEEP - 11
    assert set(found.award.choice) - {-1} == {1, 2}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "auction",
    [lambda seed: regions(4, 120, seed), lambda seed: arbitrary(14, 100, seed), lambda seed: paths(16, 90, seed)],
    ids=["regions", "arbitrary", "paths"],
)
def test_the_highest_revenue_is_found_and_proved(seed: int, auction: Callable[[int], Auction]) -> None:
    told = auction(seed)
    found = answer.find(purchase(told), Limits(gap=0))
    assert found.result.status == Status.optimal
    assert float(found.award.pre_discount) == told[0] * KEEP - best_revenue(told)


@pytest.mark.parametrize("seed", range(3))
def test_the_search_over_tiers_bounds_auctions_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    told = regions(4, 120, seed)
    want = told[0] * KEEP - best_revenue(told)
    found = answer.find(purchase(told), Limits(gap=0.0005))
    assert found.result.bound <= want + 1e-6
    assert want - 1e-6 <= float(found.award.pre_discount) <= want * 1.0005 + 1e-6
