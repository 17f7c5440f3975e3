"""Pooled purchasing against a second opinion that tries every award."""

from typing import Any

import pytest
from pooled_by_hand import best, outcomes, purchase

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import answer
from infraplan.procurement.pooling.inputs import Inputs
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
