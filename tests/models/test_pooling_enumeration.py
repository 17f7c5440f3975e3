"""Pooled purchasing against a second opinion that tries every award."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pooled_by_hand import best, outcomes, purchase

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import answer
from infraplan.procurement.pooling.bills import worse_off
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Level, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.solve import Limits, Status

PROVED = Limits(gap=0)
POLICIES: list[dict[str, Any]] = [
    {"no_district_worse_off": False},
    {"no_district_worse_off": True},
    {"no_district_worse_off": True, "share_fixed": "equal"},
    {"no_district_worse_off": False, "may_keep_current": False},
    {"no_district_worse_off": False, "max_providers": 1},
    {"no_district_worse_off": True, "min_providers": 2},
    {"no_district_worse_off": False, "max_awards": 2, "max_share_per_provider": 0.5},
]


def found(inputs: Inputs) -> answer.Answer | None:
    try:
        return answer.find(inputs, PROVED)
    except NoAnswer:
        return None


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("policy", POLICIES, ids=",".join)
def test_the_award_is_the_best_of_all_awards(seed: int, policy: dict[str, Any]) -> None:
    inputs = purchase(seed, **policy)
    want, got = best(inputs), found(inputs)
    if want is None:
        assert got is None
        return
    assert got is not None
    assert got.result.status == Status.optimal
    assert float(got.award.pre_discount) == pytest.approx(float(want), abs=1e-6)
    assert tuple(got.award.choice) in {told.choice for told in outcomes(inputs)}


@pytest.mark.parametrize("seed", range(20, 26))
@pytest.mark.parametrize("filing", ["separate", "consortium_equal", "consortium_proportional"])
def test_the_least_own_cost_is_found_under_every_filing_form(seed: int, filing: str) -> None:
    inputs = purchase(seed, members=4, objective="non_discount_share", filing=filing, no_district_worse_off=False)
    want, got = best(inputs), found(inputs)
    assert (want is None) == (got is None)
    if got is not None and want is not None:
        assert got.result.status == Status.optimal
        assert float(answer.objective(got.award)) == pytest.approx(float(want), abs=0.15)  # cents of rounding


@pytest.mark.parametrize("seed", range(40, 50))
def test_nobody_is_worse_off_when_a_consortium_files_at_the_average(seed: int) -> None:
    inputs = purchase(seed, members=4, filing="consortium_equal", no_district_worse_off=True)
    want, got = best(inputs), found(inputs)
    assert (want is None) == (got is None)
    if got is not None and want is not None:
        assert float(got.award.pre_discount) == pytest.approx(float(want), abs=1e-6)


@pytest.mark.parametrize("seed", [60, 61, 62, 64, 66, 67])
def test_the_proportional_form_never_claims_more_than_is_true(seed: int) -> None:
    inputs = purchase(seed, members=4, filing="consortium_proportional", no_district_worse_off=True)
    want, got = best(inputs), found(inputs)
    if got is None or want is None:
        assert got is None
        return
    assert got.result.bound <= float(want) + 1e-6
    assert float(got.award.pre_discount) >= float(want) - 1e-6
    if got.result.status == Status.optimal:
        assert float(got.award.pre_discount) == pytest.approx(float(want), abs=1e-6)


@pytest.mark.parametrize("seed", [0, 4, 15])
def test_the_least_own_cost_that_leaves_nobody_worse_off_is_found_under_the_proportional_form(seed: int) -> None:
    inputs = purchase(
        seed, members=4, objective="non_discount_share", filing="consortium_proportional", no_district_worse_off=True
    )
    want, got = best(inputs), found(inputs)
    assert want is not None
    assert got is not None
    assert float(answer.objective(got.award)) == pytest.approx(float(want), abs=0.15)
    assert got.result.status == Status.optimal


@pytest.mark.parametrize("objective", ["pre_discount", "non_discount_share"])
def test_that_no_award_leaves_nobody_worse_off_under_the_proportional_form_is_proved_and_said(objective: str) -> None:
    inputs = purchase(2, members=4, objective=objective, filing="consortium_proportional", no_district_worse_off=True)
    assert best(inputs) is None
    with pytest.raises(NoAnswer, match=r"no award leaves nobody worse off .*: proved \(status: infeasible\)"):
        answer.find(inputs, PROVED)


def test_more_time_is_asked_for_where_it_ran_out_before_a_fair_award(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> Any:
        raise answer.Stopped("late")

    monkeypatch.setattr(answer.Search, "_fair_at", late)
    inputs = purchase(2, members=4, filing="consortium_proportional", no_district_worse_off=True)
    with pytest.raises(NoAnswer, match=r"the time limit struck .* \(status: stopped_empty\)"):
        answer.find(inputs, PROVED)


def test_where_too_many_awards_are_unfair_one_fair_under_another_form_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MOST_SINGLE_SMALL", 2)
    inputs = purchase(3, members=4, filing="consortium_proportional", no_district_worse_off=True)
    got, want = found(inputs), best(inputs)
    assert got is not None
    assert want is not None
    assert got.result.status == Status.stopped_feasible
    assert got.result.bound <= float(want) <= float(got.award.pre_discount)
    assert not worse_off(got.award, got.base)


def test_a_category_two_budget_binds_the_contract_kept_at_its_own_rate_exactly() -> None:
    """By hand: a keeps for 12 x 100 less 80 percent of the 600 left = 720; b alone at 40 percent: 12 x 95 - 240 = 900."""
    demands = tuple(
        Demand(name, "switches", 1.0, Decimal(100), rate, category="C2", c2_available=Decimal(600))
        for name, rate in (("a", 80), ("b", 40))
    )
    offers = tuple(Offer(0, place, Decimal(price), Decimal(0)) for place, price in enumerate((108, 95)))
    policy = Policy(horizon_months=12, objective="non_discount_share", filing="consortium_equal",
                    no_district_worse_off=False)  # fmt: skip
    told = Inputs(policy, demands, (Bid("x", "p", "switches"),), offers)
    got = answer.find(told, PROVED)
    assert (got.result.status, got.award.choice, got.result.objective) == (Status.optimal, (-1, 0), 720 + 900)


@pytest.mark.parametrize("seed", [80, 82, *range(84, 92)])
@pytest.mark.parametrize("fair", [False, True])
def test_the_search_over_tiers_bounds_every_award_from_below(
    seed: int, fair: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    inputs = purchase(seed, no_district_worse_off=fair, max_share_per_provider=0.6)
    want = best(inputs)
    try:
        got = answer.find(inputs, Limits(gap=0.001))
    except NoAnswer:
        assert want is None
        return
    assert want is not None
    assert got.result.bound <= float(want) + 1e-6
    assert float(want) - 1e-6 <= float(got.award.pre_discount) <= float(want) * 1.001 + 1e-6
    assert got.result.status in (Status.optimal, Status.within_gap)


@pytest.mark.parametrize("seed", range(100, 112))
def test_the_search_over_tiers_keeps_the_numbers_of_providers_and_awards(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    limits: dict[str, Any] = [{"max_providers": 1}, {"min_providers": 2}, {"max_awards": 1}][seed % 3]
    inputs = purchase(seed, members=4, no_district_worse_off=False, **limits)
    want = best(inputs)
    try:
        got = answer.find(inputs, Limits(gap=0.001))
    except NoAnswer:
        assert want is None
        return
    assert want is not None
    assert got.result.bound <= float(want) + 1e-6
    assert tuple(got.award.choice) in {told.choice for told in outcomes(inputs)}


def test_a_large_purchase_without_an_answer_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    monkeypatch.setattr(answer, "LARGE_OWN", -1)
    inputs = purchase(0, members=4, objective="non_discount_share", may_keep_current=False, max_providers=1)
    assert best(inputs) is None
    with pytest.raises(NoAnswer, match=r"impossible as asked \(status: infeasible\)"):
        answer.find(inputs, Limits())
    cheap = tuple(replace(demand, current=Decimal(1), termination=Decimal(0)) for demand in inputs.demands)
    nobody_bids = replace(inputs, demands=cheap, policy=Policy(horizon_months=12), bids=(), offers=())
    assert answer.find(nobody_bids, Limits()).award.pre_discount == 12 * len(cheap)


def test_tenths_that_sum_to_a_limit_reach_a_tier_and_fit_a_capacity() -> None:
    """0.1 + 0.2 is a little above 0.3, 0.1 + 0.7 a little below 0.8, as computers count."""
    demands = tuple(Demand(f"m{place}", "x", size, Decimal(100)) for place, size in enumerate((0.1, 0.2, 0.7)))
    bundle = Bid("a", "p", "x", bundle=True, month=Decimal(20), capacity=0.3)
    half = Bid("b", "q", "x", levels=(Level(0.0, Decimal(1)), Level(0.8, Decimal("0.5"))))
    told = Inputs(
        Policy(horizon_months=1, no_district_worse_off=False), demands, (bundle, half),
        (*(Offer(0, place, Decimal(0), Decimal(0)) for place in (0, 1)),
         *(Offer(1, place, Decimal(90), Decimal(0)) for place in (0, 2))),
    )  # fmt: skip
    assert answer.find(told, PROVED).award.pre_discount == 110  # the bundle for two, 90 for the third
    assert answer.find(told.without(["a"]), PROVED).award.pre_discount == 190  # half of twice 90, 100 kept
