"""A division of the cost that no group would leave, by hand and as a planner sees it."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from infraplan.cli import main
from infraplan.procurement.pooling import answer, standing_together
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Level, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.schemas import Schema
from infraplan.solve import Limits

USD = Decimal
ZERO = USD(0)
PROVED = Limits(gap=0)


def three_pairs() -> Inputs:
    """Any two of three may have a bundle for 14,000; each pays 10,000 now; half is discounted: one is always left out."""
    demands = tuple(Demand(name, "internet", 100.0, USD(1000), 50, row=row) for row, name in enumerate("ABC"))
    pairs = ((0, 1), (0, 2), (1, 2))
    bids = tuple(Bid(f"b{n}", f"p{n}", "internet", bundle=True, month=USD(1400)) for n in range(3))
    offers = tuple(Offer(n, place, ZERO, ZERO) for n, pair in enumerate(pairs) for place in pair)
    return Inputs(Policy(horizon_months=10, stable=True), demands, bids, offers)


def a_tier() -> Inputs:
    """Together they reach a tier. A's price is low, B's high; a second bid suits A alone better than the pool's bill does."""
    demands = (Demand("A", "internet", 100.0, None, 0), Demand("B", "internet", 100.0, None, 0, row=1))
    bids = (Bid("a", "p", "internet", levels=(Level(0, USD(1)), Level(200, USD("0.5")))), Bid("b", "q", "internet"))
    offers = (Offer(0, 0, USD(1000), ZERO), Offer(0, 1, USD(1000), ZERO), Offer(1, 0, USD(400), ZERO))
    policy = Policy(horizon_months=10, stable=True, no_district_worse_off=False)
    return Inputs(policy, demands, bids, offers)


def test_where_any_two_would_leave_the_third_the_least_aid_is_half_of_what_a_pair_saves_more() -> None:
    # the award costs the members 12,000; each pair alone 7,000, so no three shares of at most 10,500 in all cover it
    told = answer.find(three_pairs(), PROVED).stability
    assert told is not None
    assert told.proved
    assert told.aid == USD("1500.00")
    assert sorted(told.pays.values()) == [USD("3500.00")] * 3
    assert {group.members for group in told.groups} == {("A", "B"), ("A", "C"), ("B", "C")}
    assert {group.usd for group in told.groups} == {USD("7000.00")}
    assert "it takes $1,500.00 from outside the pool" in standing_together.words(told)[0]


def test_cash_outside_the_request_keeps_a_member_who_would_fare_better_alone() -> None:
    # pooled: 5,000 each; alone A pays 4,000 and B 10,000: B gives A 1,000, and both stay
    told = answer.find(a_tier(), PROVED).stability
    assert told is not None
    assert (told.aid, told.transfer) == (ZERO, {"A": USD("-1000.00"), "B": USD("1000.00")})
    assert told.pays == {"A": USD("4000.00"), "B": USD("6000.00")}
    assert standing_together.words(told) == [
        "no group would do better by leaving, with $1,000.00 of cash between members, outside the E-Rate requests: proved"
    ]


def test_nobody_gives_more_than_leaves_it_worse_off_than_alone() -> None:
    inputs = a_tier()
    demands = (inputs.demands[0], replace(inputs.demands[1], current=USD(550)))
    told = answer.find(replace(inputs, demands=demands, policy=Policy(10, stable=True)), PROVED).stability
    assert told is not None
    assert told.pays["A"] <= USD(4000)
    assert told.pays["B"] <= USD(5500)


def test_one_member_alone_has_nobody_to_leave() -> None:
    inputs = three_pairs()
    one = Inputs(inputs.policy, inputs.demands[:1], (), ())
    told = answer.find(one, PROVED).stability
    assert told is not None
    assert told.proved
    assert (told.aid, told.moved, told.groups) == (ZERO, ZERO, ())


def test_a_part_of_the_pool_sees_no_bundle_that_names_others_and_keeps_the_pools_measure_of_shares() -> None:
    inputs = replace(three_pairs(), policy=Policy(10, stable=True, min_providers=2, max_share_per_provider=0.5))
    part = inputs.only(["A", "B"])
    assert {offer.bid for offer in part.offers} == {0}
    assert part.asked() == {"internet": 300.0}
    assert (part.policy.min_providers, part.policy.stable) == (None, False)


@pytest.fixture
def pool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    files = {
        "demand.csv": "lea_id,service,quantity,current_usd_month,c1_rate\n"
        + "".join(f"{name},internet,100,1000,50\n" for name in "ABC"),
        "bids.csv": "bid_id,provider_id,service,kind,usd_fixed,usd_month,capacity\n"
        + "".join(f"{pair},p-{pair},internet,bundle,0,1400,\n" for pair in ("ab", "ac", "bc")),
        "prices.csv": "bid_id,lea_id,usd_month,usd_once\n"
        + "".join(f"{pair},{name.upper()},,\n" for pair in ("ab", "ac", "bc") for name in pair),
        "policy.toml": "horizon_months = 10\nstable = true\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def run(*more: str) -> tuple[int, str]:
        given = [
            "--demand",
            "demand.csv",
            "--bids",
            "bids.csv",
            "--bid-prices",
            "prices.csv",
            "--policy",
            "policy.toml",
        ]
        paths = [told if told.startswith("--") else str(tmp_path / told) for told in given]
        try:
            main(["procurement", "pool", *paths, "-o", str(tmp_path / "out"), *more])
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return code, capsys.readouterr().err

    return run


def test_the_files_say_who_pays_what_and_which_groups_bound_it(
    tmp_path: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    code, said = pool("--gap", "0")
    assert code == 0, said
    with (tmp_path / "out/stability.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert list(rows[0]) == list(Schema.load("pool_stability").columns)
    assert sum(USD(row["subsidy_usd"]) for row in rows) == 1500
    assert all(
        USD(row["applicant_usd"]) + USD(row["cash_transfer_usd"]) - USD(row["subsidy_usd"]) == USD(row["pays_usd"])
        for row in rows
    )
    assert [row["loses_by_leaving_usd"] for row in rows] == ["1500.00"] * 3
    with (tmp_path / "out/stability_groups.csv").open(newline="") as opened:
        groups = list(csv.DictReader(opened))
    assert list(groups[0]) == list(Schema.load("pool_stability_groups").columns)
    assert [(row["lea_ids"], row["leaving_usd"]) for row in groups] == [
        ("A B", "7000.00"), ("A C", "7000.00"), ("B C", "7000.00"),
    ]  # fmt: skip
    told = json.loads((tmp_path / "out/solution.json").read_text())["stability"]
    assert (told["proved"], told["subsidy_usd"], told["least_subsidy_usd"]) == (True, 1500.0, 1500.0)
    assert "a bid's whole capacity" in told["a_group_may"]
    assert "no division of the cost keeps every group from leaving" in said


def test_what_is_not_proved_is_not_said() -> None:
    told = answer.find(three_pairs(), PROVED).stability
    assert told is not None
    (said,) = standing_together.words(replace(told, proved=False))
    assert "not settled" in said
    assert "no group would" not in said
    assert standing_together.record(replace(told, proved=False))["subsidy_usd"] is None
