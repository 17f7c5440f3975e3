"""The first set of bids where only so many may win."""

from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest

from infraplan.procurement.pooling import answer, exchange
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Level, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.solve import Limits, Status

SITES, MEMBERS = 12, 30


def places(seed: int, **policy: int) -> Inputs:
    """Sites and members on a square; a member's price is its distance, a site costs something to open."""
    rng = np.random.default_rng(seed)
    site, home = rng.uniform(0, 100, (SITES, 2)), rng.uniform(0, 100, (MEMBERS, 2))
    far = np.linalg.norm(site[:, None] - home[None], axis=2).round()
    return Inputs(
        Policy(horizon_months=1, may_keep_current=False, no_district_worse_off=False, **policy),  # type: ignore[arg-type]
        tuple(Demand(f"m{place:02d}", "internet", 1.0) for place in range(MEMBERS)),
        tuple(Bid(f"b{place:02d}", f"p{place // 2}", "internet", fixed=Decimal(5 * place)) for place in range(SITES)),
        tuple(Offer(s, m, Decimal(int(far[s, m])), Decimal(0)) for s in range(SITES) for m in range(MEMBERS)),
    )


def cost(given: models.Facts, bids: tuple[int, ...]) -> float:
    price = given.options.cost.reshape(SITES, MEMBERS)
    return float(price[list(bids)].min(axis=0).sum() + given.fixed[list(bids)].sum())


@pytest.mark.parametrize("seed", range(6))
def test_no_exchange_of_one_bid_for_another_would_be_cheaper(seed: int) -> None:
    given = models.facts(places(seed, max_awards=4))
    (found,) = exchange.few(given)
    chosen = tuple(bid for bid, _ in found)
    assert len(chosen) == 4
    now = cost(given, chosen)
    others = set(range(SITES)) - set(chosen)
    assert all(cost(given, (*(set(chosen) - {gone}), comes)) >= now - 1e-9 for gone in chosen for comes in others)
    best = min(cost(given, bids) for bids in combinations(range(SITES), 4))
    assert best - 1e-9 <= now <= 1.1 * best


def test_of_few_providers_all_bids_are_open() -> None:
    told = places(1, max_providers=2)
    (found,) = exchange.few(models.facts(told))
    assert len({told.bids[bid].provider_id for bid, _ in found}) <= 2


def test_where_no_number_is_limited_there_is_nothing_to_choose() -> None:
    assert exchange.few(models.facts(places(1))) == []
    assert exchange.few(models.facts(places(1, max_awards=SITES))) == []


def test_a_bid_is_tried_in_the_tier_its_members_bring_it_to() -> None:
    told = places(1, max_awards=2)
    levels = (Level(0.0, Decimal(1)), Level(5.0, Decimal("0.9")), Level(29.0, Decimal("0.8")))
    (found,) = exchange.few(models.facts(replace(told, bids=tuple(replace(bid, levels=levels) for bid in told.bids))))
    assert [level for _, level in found] == [1, 1]


@pytest.mark.parametrize("large", [-1, 10_000])
@pytest.mark.parametrize("seed", range(4))
def test_few_bids_are_awarded_at_least_cost_by_the_search_and_by_the_whole_model(
    seed: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "LARGE_FEW", large)
    monkeypatch.setattr(answer, "LARGE", large)
    monkeypatch.setattr(answer, "LARGE_EXACT", large)
    told = places(seed, max_awards=3)
    found = answer.find(told, Limits(gap=0))
    given = models.facts(told)
    best = min(cost(given, bids) for size in (1, 2, 3) for bids in combinations(range(SITES), size))
    assert found.result.status == Status.optimal
    assert float(found.award.pre_discount) == pytest.approx(best)


def test_where_every_contract_is_cheaper_than_any_bid_no_bid_is_chosen() -> None:
    told = places(1, max_awards=4)
    cheap = tuple(replace(demand, current=Decimal(1)) for demand in told.demands)
    dear = tuple(replace(bid, fixed=Decimal(10_000)) for bid in told.bids)
    told = replace(told, demands=cheap, bids=dear, policy=replace(told.policy, may_keep_current=True))
    assert exchange.few(models.facts(told)) == [()]
    found = answer.find(told, Limits(gap=0))
    assert (found.result.status, found.award.pre_discount) == (Status.optimal, Decimal(MEMBERS))
