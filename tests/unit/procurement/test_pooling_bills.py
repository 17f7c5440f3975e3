"""Bills to the cent: tiers, shared fixed costs, present contracts, baselines and the three ways to file."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.procurement.pooling.bills import (
    CURRENT,
    Award,
    averages,
    baselines,
    divide,
    funded_months,
    worse_off,
)
from infraplan.procurement.pooling.files import like_for_like
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Level, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.procurement.pooling.runners import runners_up

USD = Decimal


def two_members(**policy: object) -> Inputs:
    """A (90 percent, 100 Mbps) and B (60 percent, 300 Mbps); bid a: fixed 400, tier 0.8 from 400 Mbps; bid b: plain."""
    demands = (
        Demand("A", "internet", 100.0, USD(1000), 90),
        Demand("B", "internet", 300.0, USD(900), 60, row=1),
    )
    bids = (
        Bid("a", "p", "internet", fixed=USD(400), levels=(Level(0, USD(1)), Level(400, USD("0.8")))),
        Bid("b", "q", "internet"),
    )
    offers = (
        Offer(0, 0, USD(500), USD(0)), Offer(0, 1, USD(800), USD(60)), Offer(1, 0, USD(600), USD(0)),
        Offer(1, 1, USD(850), USD(0)),
    )  # fmt: skip
    return Inputs(replace(Policy(horizon_months=12), **policy), demands, bids, offers)  # type: ignore[arg-type]


def test_a_tier_reprices_every_month_and_fixed_costs_are_shared_by_quantity() -> None:
    first, second = Award(two_members(), (0, 0)).bills
    assert (first.month, second.month) == (USD("400.0"), USD("640.0"))
    assert (first.fixed_share, second.fixed_share) == (USD(100), USD(300))
    assert first.pre_discount == 12 * 400 + 100
    assert second.pre_discount == 12 * 640 + 60 + 300


def test_fixed_costs_may_be_shared_equally_instead() -> None:
    bills = Award(two_members(share_fixed="equal"), (0, 0)).bills
    assert [bill.fixed_share for bill in bills] == [USD(200), USD(200)]


def test_each_member_pays_its_own_rate_when_filing_separately() -> None:
    award = Award(two_members(), (0, 0))
    assert award.applicant("separate") == (USD("490.00"), USD("3216.00"))  # 4,900 x 0.10 and 8,040 x 0.40


def test_an_equal_consortium_takes_from_the_poorer_member() -> None:
    award = Award(two_members(), (0, 0))
    assert averages(award.inputs, award.choice) == {"C1": 75}
    assert award.applicant("consortium_equal") == (USD("1225.00"), USD("2010.00"))


def test_a_proportional_consortium_divides_by_cost_times_own_rate() -> None:
    # commitment 12,940 x 0.75 = 9,705; weights 4,900 x 90 = 441,000 and 8,040 x 60 = 482,400; A: 9,705 x 441,000 / 923,400
    award = Award(two_members(), (0, 0))
    assert award.discounts["consortium_proportional"] == (USD("4634.94"), USD("5070.06"))
    assert sum(award.discounts["consortium_proportional"]) == USD("9705.00")


def test_no_member_is_discounted_above_its_cost_in_a_proportional_consortium() -> None:
    inputs = two_members()
    rates = (replace(inputs.demands[0], rate=90), replace(inputs.demands[1], rate=20))
    many = replace(inputs, demands=rates)
    told = Award(many, (0, 0)).discounts["consortium_proportional"]
    assert told[0] <= Award(many, (0, 0)).bills[0].eligible
    assert sum(told) == USD("7117.00")  # 55 percent of 12,940


def test_who_keeps_its_contract_does_not_file_with_the_consortium() -> None:
    award = Award(two_members(), (CURRENT, 0))
    assert averages(award.inputs, award.choice) == {"C1": 60}
    assert award.applicant("consortium_equal")[0] == USD("1200.00")


def test_the_average_is_rounded_half_up_over_members_not_services() -> None:
    inputs = two_members()
    more = (*inputs.demands, Demand("B", "wan", 10.0, USD(5), 60), Demand("C", "internet", 10.0, USD(5), 61))
    told = replace(inputs, demands=more)
    assert averages(told, (0, 0, 0, 0)) == {"C1": Decimal(70)}  # (90 + 60 + 61) / 3 = 70.33
    assert averages(told, (CURRENT, 0, CURRENT, 0)) == {"C1": Decimal(61)}  # 60.5


def test_the_baseline_is_the_cheaper_of_the_contract_and_one_bid_alone() -> None:
    first, second = baselines(two_members())
    assert first is not None
    assert second is not None
    assert (first.choice, first.pre_discount) == (0, USD(6400))  # bid a alone: 6,000 + its whole fixed cost, no tier
    assert (second.choice, second.applicant) == (0, USD("4024.00"))  # 0.4 x (9,600 + 60 + 400)


def test_a_bid_too_small_for_a_member_is_no_baseline() -> None:
    inputs = two_members()
    small = replace(inputs, bids=(replace(inputs.bids[0], capacity=50.0), replace(inputs.bids[1], capacity=50.0)))
    assert [told.choice for told in baselines(small) if told] == [CURRENT, CURRENT]


def test_worse_off_is_judged_per_member_on_its_own_cost() -> None:
    inputs = two_members(filing="consortium_equal")
    award = Award(inputs, (0, 0))
    assert worse_off(award, baselines(inputs)) == {"A": USD("585.00")}  # 1,225 against 640 alone
    assert not worse_off(Award(two_members(), (0, 0)), baselines(two_members()))


def test_discount_on_a_present_contract_ends_with_it_unless_it_was_bid_again() -> None:
    inputs = two_members(start_date=date(2027, 7, 1))
    demand = replace(inputs.demands[0], contract_end=date(2027, 12, 31), extension_months=2)
    assert funded_months(inputs, demand) == 8
    assert funded_months(inputs, replace(demand, current_rebid=True)) == 12
    assert funded_months(inputs, replace(demand, contract_end=date(2020, 6, 30), extension_months=0)) == 0
    kept = Award(replace(inputs, demands=(demand, inputs.demands[1])), (CURRENT, CURRENT))
    assert kept.applicant()[0] == 12 * 1000 - USD("7200.00")


def test_leaving_a_contract_costs_its_termination_fee_without_discount() -> None:
    inputs = two_members()
    demands = (replace(inputs.demands[0], termination=USD(300)), inputs.demands[1])
    bill = Award(replace(inputs, demands=demands), (1, CURRENT)).bills[0]
    assert (bill.pre_discount, bill.eligible) == (USD(7500), USD(7200))


def test_a_category_two_budget_stops_the_discount() -> None:
    inputs = two_members()
    demands = (replace(inputs.demands[0], category="C2", rate=85, c2_available=USD(1000)), inputs.demands[1])
    award = Award(replace(inputs, demands=demands), (1, CURRENT))
    assert award.applicant()[0] == 7200 - USD("850.00")


def test_a_bundle_is_shared_by_weight_and_sums_to_its_price() -> None:
    inputs = two_members()
    bundle = Bid("c", "p", None, bundle=True, fixed=USD(100), month=USD("999.99"))
    told = replace(inputs, bids=(bundle,), offers=(Offer(0, 0, USD(0), USD(0)), Offer(0, 1, USD(0), USD(0))))
    bills = Award(told, (0, 0)).bills
    assert sum(bill.month for bill in bills) == USD("999.99")
    assert [bill.month for bill in bills] == [USD("250.00"), USD("749.99")]


@given(
    st.decimals(0, 10**6, places=2),
    st.lists(st.integers(0, 1000).map(Decimal), min_size=1, max_size=9),
)
def test_parts_always_sum_to_the_whole_and_follow_the_weights(total: Decimal, weights: list[Decimal]) -> None:
    parts = divide(total, weights)
    assert sum(parts) == total
    if any(weights):
        whole = sum(weights)
        assert all(abs(part - total * size / whole) <= USD("0.01") for part, size in zip(parts, weights, strict=True))


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=1, max_size=8),
    st.integers(0, 100),
)
def test_parts_never_exceed_their_limits_and_lose_nothing(pairs: list[tuple[int, int]], percent: int) -> None:
    weights, most = ([Decimal(size) for size in column] for column in zip(*pairs, strict=True))
    total = sum(most, Decimal(0)) * percent / 100
    parts = divide(total, weights, most)
    assert all(part <= limit for part, limit in zip(parts, most, strict=True))
    assert sum(parts) == total


def test_a_different_quantity_is_never_counted_as_a_saving() -> None:
    more = replace(two_members().demands[0], current_quantity=50.0)
    assert not like_for_like(more, CURRENT, 0)
    assert like_for_like(more, 1, 0)
    assert like_for_like(more, CURRENT, CURRENT)
    assert like_for_like(two_members().demands[0], CURRENT, 0)


def test_the_runner_up_is_priced_at_the_awards_as_they_stand() -> None:
    runners = runners_up(Award(two_members(), (0, 0)))
    assert [(told.choice, told.pre_discount) for told in runners if told] == [(1, USD(7200)), (1, USD(10200))]
    alone = runners_up(Award(two_members(), (1, 1)))
    assert [(told.choice, told.pre_discount) for told in alone if told] == [(0, USD(6400)), (0, USD(10060))]


@pytest.mark.parametrize("filing", ["separate", "consortium_equal", "consortium_proportional"])
def test_own_cost_and_discount_sum_to_the_whole_cost(filing: str) -> None:
    award = Award(two_members(filing=filing), (0, 1))
    whole = sum(bill.pre_discount for bill in award.bills)
    assert sum(award.applicant()) + sum(award.discounts[filing]) == whole == award.pre_discount
