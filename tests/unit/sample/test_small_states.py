"""However few districts the fictional state has, its members can buy together."""

from pathlib import Path

import pytest

from infraplan.procurement.pooling import answer, inputs
from infraplan.sample import make
from infraplan.solve import Limits


@pytest.mark.parametrize("districts", [30, 40])
def test_a_small_state_has_an_award_that_leaves_nobody_worse_off(tmp_path: Path, districts: int) -> None:
    make(tmp_path, districts=districts, locations=2_000, seed=1)
    names = ("demand.csv", "bids.csv", "bid_prices.csv", "bid_tiers.csv", "policy.toml")
    demand, bids, prices, tiers, policy = (tmp_path / "bids" / name for name in names)
    told = inputs.read(demand, bids, prices, tiers, policy)
    assert any(bid.capacity is not None for bid in told.bids)
    assert answer.find(told, Limits(gap=0.01)).result.status.answered
