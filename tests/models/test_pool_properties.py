"""What must hold of any pooled purchase: one more bid never costs more, scale and order change nothing, costs recompute."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from pooled_by_hand import best, outcomes, purchase

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import answer
from infraplan.procurement.pooling.bills import CURRENT
from infraplan.procurement.pooling.inputs import Bid, Inputs, Offer
from infraplan.solve import Limits, Status

PROVED = Limits(gap=0)


def cost(inputs: Inputs) -> float:
    try:
        found = answer.find(inputs, PROVED)
    except NoAnswer:
        return float("inf")
    assert found.result.status == Status.optimal
    return float(answer.objective(found.award))


def with_a_bid(inputs: Inputs, seed: int) -> Inputs:
    draw = random.Random(seed)  # noqa: S311
    new = Bid("zz", "p9", None, fixed=Decimal(draw.choice([0, 300])))
    offers = [
        Offer(len(inputs.bids), place, Decimal(draw.randint(20, 120)), Decimal(0))
        for place in range(len(inputs.demands))
        if draw.random() < 0.6
    ]
    return replace(inputs, bids=(*inputs.bids, new), offers=(*inputs.offers, *offers))


def shuffled(inputs: Inputs, seed: int) -> Inputs:
    """The same purchase with members and bids under other names, so that they come in another order."""
    draw = random.Random(seed)  # noqa: S311
    places, numbers = list(range(len(inputs.demands))), list(range(len(inputs.bids)))
    draw.shuffle(places)
    draw.shuffle(numbers)
    at, of = {old: new for new, old in enumerate(places)}, {old: new for new, old in enumerate(numbers)}
    offers = sorted(
        (replace(offer, demand=at[offer.demand], bid=of[offer.bid]) for offer in inputs.offers),
        key=lambda offer: (offer.bid, offer.demand),
    )
    return replace(
        inputs,
        demands=tuple(inputs.demands[place] for place in places),
        bids=tuple(inputs.bids[number] for number in numbers),
        offers=tuple(offers),
    )


def scaled(inputs: Inputs, times: int) -> Inputs:
    return replace(
        inputs,
        demands=tuple(
            replace(told, current=None if told.current is None else told.current * times, termination=told.termination * times)
            for told in inputs.demands
        ),
        bids=tuple(replace(bid, fixed=bid.fixed * times, month=bid.month * times) for bid in inputs.bids),
        offers=tuple(replace(offer, month=offer.month * times, once=offer.once * times) for offer in inputs.offers),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(200, 212))
def test_one_more_bid_never_costs_more(seed: int) -> None:
    inputs = purchase(seed, no_district_worse_off=False)
    assert cost(with_a_bid(inputs, seed)) <= cost(inputs) + 1e-6


@pytest.mark.parametrize("seed", range(220, 228))
@pytest.mark.parametrize("objective", ["pre_discount", "non_discount_share"])
def test_prices_a_hundred_times_as_high_cost_a_hundred_times_as_much(seed: int, objective: str) -> None:
    inputs = purchase(seed, members=4, no_district_worse_off=False, objective=objective)
    assert cost(scaled(inputs, 100)) == pytest.approx(100 * cost(inputs), rel=1e-6, abs=5.0)  # cents of rounding


@pytest.mark.parametrize("seed", range(240, 250))
@pytest.mark.parametrize("fair", [False, True])
def test_the_order_of_rows_changes_no_cost(seed: int, fair: bool) -> None:
    inputs = purchase(seed, no_district_worse_off=fair)
    assert cost(shuffled(inputs, seed)) == pytest.approx(cost(inputs), abs=1e-6)


@pytest.mark.parametrize("seed", range(300, 308))
@pytest.mark.parametrize("filing", ["separate", "consortium_equal"])
def test_own_costs_in_a_large_purchase_are_bounded_from_below_and_never_called_proved_when_they_are_not(
    seed: int, filing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    monkeypatch.setattr(answer, "LARGE_OWN", -1)
    inputs = purchase(seed, members=4, objective="non_discount_share", filing=filing, no_district_worse_off=False)
    want = best(inputs)
    try:
        found = answer.find(inputs, Limits(gap=0.001))
    except NoAnswer:
        assert want is None
        return
    assert want is not None
    cents = 0.1
    assert found.result.bound <= float(want) + cents
    assert float(answer.objective(found.award)) >= float(want) - cents
    if found.result.status in (Status.optimal, Status.within_gap):
        assert float(answer.objective(found.award)) <= float(want) * 1.001 + cents
    assert tuple(found.award.choice) in {told.choice for told in outcomes(inputs)}


@pytest.mark.parametrize("seed", range(320, 326))
def test_a_fair_consortium_in_a_large_purchase_is_the_best_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    inputs = purchase(seed, members=4, filing="consortium_equal", no_district_worse_off=True)
    want = best(inputs)
    try:
        found = answer.find(inputs, Limits(gap=0.001))
    except NoAnswer:
        assert want is None
        return
    assert want is not None
    assert found.result.bound <= float(want) + 1e-6
    assert float(want) - 1e-6 <= float(found.award.pre_discount)
    if found.result.status != Status.stopped_feasible:
        assert float(found.award.pre_discount) <= float(want) * 1.001 + 1e-6


def test_keeping_everything_is_the_award_where_no_bid_is_cheaper() -> None:
    inputs = purchase(1, no_district_worse_off=False)
    dear = replace(inputs, offers=tuple(replace(offer, once=Decimal(10**6)) for offer in inputs.offers))
    held = replace(dear, demands=tuple(replace(told, current=told.current or Decimal(50)) for told in dear.demands))
    assert set(answer.find(held, PROVED).award.choice) == {CURRENT}
