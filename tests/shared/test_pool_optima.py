"""Published optima of single-source capacitated location, through the pooled-purchasing model."""

import csv
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from infraplan.procurement.pooling import answer
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.solve import Limits, Status

DATA = Path(os.environ.get("INFRAPLAN_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
OPTIMA = DATA / "benchmarks" / "optima.csv"

pytestmark = pytest.mark.skipif(not OPTIMA.exists(), reason=f"the shared benchmark files are not at {OPTIMA.parent}")


def published(mode: str) -> list[tuple[str, float]]:
    if not OPTIMA.exists():
        return []
    with OPTIMA.open(newline="") as opened:
        return [(row["file"], float(row["optimum"])) for row in csv.DictReader(opened) if row["mode"] == mode]


def location(name: str) -> Inputs:
    """An OR-Library file: sites are bids (capacity, fixed cost), customers members, costs one month's prices."""
    told = (OPTIMA.parent / "cap" / name).read_text().split()
    sites, customers = int(told[0]), int(told[1])
    values = told[2:]
    needs = [float(value) for value in values[2 * sites : 2 * sites + customers]]
    costs = values[2 * sites + customers :]
    bids = tuple(
        Bid(f"b{site}", f"p{site}", "internet", fixed=Decimal(values[2 * site + 1]), capacity=float(values[2 * site]))
        for site in range(sites)
    )
    offers = tuple(
        Offer(site, member, Decimal(costs[site * customers + member]), Decimal(0))
        for site in range(sites)
        for member in range(customers)
    )
    policy = Policy(horizon_months=1, may_keep_current=False, no_district_worse_off=False)
    return Inputs(
        policy, tuple(Demand(f"m{place:03d}", "internet", need) for place, need in enumerate(needs)), bids, offers
    )


@pytest.mark.parametrize(("name", "optimum"), published("single"))
def test_the_published_optimum_is_found_and_proved_where_each_customer_has_one_site(name: str, optimum: float) -> None:
    found = answer.find(location(name), Limits(gap=0))
    assert found.result.status == Status.optimal
    assert float(found.award.pre_discount) == pytest.approx(optimum, rel=1e-6)
    assert found.result.bound <= optimum * (1 + 1e-6)


@pytest.mark.parametrize(("name", "optimum"), published("uncap"))
def test_the_published_optimum_is_found_and_proved_where_capacity_does_not_bind(name: str, optimum: float) -> None:
    limited = location(name)
    free = replace(limited, bids=tuple(replace(bid, capacity=None) for bid in limited.bids))
    found = answer.find(free, Limits(gap=0))
    assert found.result.status == Status.optimal
    assert float(found.award.pre_discount) == pytest.approx(optimum, rel=1e-6)


@pytest.mark.parametrize(("name", "optimum"), published("single"))
def test_the_search_over_tiers_finds_them_too(name: str, optimum: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    found = answer.find(location(name), Limits(gap=0.0005))
    assert found.result.status in (Status.optimal, Status.within_gap)
    assert found.result.bound <= optimum * (1 + 1e-6)
    assert float(found.award.pre_discount) <= optimum * 1.0005 * (1 + 1e-9)
