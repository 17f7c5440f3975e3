"""Published optima of single-source capacitated location, through the pooled-purchasing model."""

import csv
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

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


def median(name: str) -> Inputs:
    """An OR-Library p-median file: every place is a bid and a member, distances are prices, p awards at most."""
    told = [int(value) for value in (OPTIMA.parent / "pmed" / name).read_text().split()]
    count, edges, awards = told[:3]
    length = np.zeros((count, count))
    for a, b, meters in zip(*(told[3 + part : 3 + 3 * edges : 3] for part in range(3)), strict=True):
        length[a - 1, b - 1] = length[b - 1, a - 1] = meters  # of two edges between the same places the last one counts
    far = shortest_path(length, directed=False)
    offers = tuple(
        Offer(site, member, Decimal(int(far[site, member])), Decimal(0))
        for site in range(count)
        for member in range(count)
    )
    policy = Policy(horizon_months=1, may_keep_current=False, no_district_worse_off=False, max_awards=awards)
    bids = tuple(Bid(f"b{site:03d}", f"p{site}", "internet") for site in range(count))
    return Inputs(policy, tuple(Demand(f"m{place:03d}", "internet", 1.0) for place in range(count)), bids, offers)


@pytest.mark.parametrize(("name", "optimum"), [("pmed1.txt", 5819), ("pmed5.txt", 1355), ("pmed6.txt", 7824)])
def test_the_published_optimum_of_a_median_is_found_and_proved(name: str, optimum: int) -> None:
    found = answer.find(median(name), Limits(gap=0))
    assert found.result.status == Status.optimal
    assert int(found.award.pre_discount) == optimum


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
