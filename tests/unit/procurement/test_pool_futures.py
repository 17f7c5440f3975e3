"""A pool against possible futures: by hand, by trying every award, and as a planner sees it."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from infraplan.cli import main
from infraplan.procurement.pooling import futures
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Level, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.scenarios import Future
from infraplan.solve import Limits

USD = Decimal
PROVED = Limits(gap=0)


def purchase() -> Inputs:
    """A and B at 1,000 a month now; bid a 500 each with fixed 600, room for 200; bid b 600 each, no limit."""
    demands = tuple(Demand(name, "internet", 100.0, USD(1000), 50, row=row) for row, name in enumerate("AB"))
    bids = (Bid("a", "p", "internet", fixed=USD(600), capacity=200.0), Bid("b", "q", "internet"))
    offers = tuple(
        Offer(bid, place, price, USD(0)) for bid, price in ((0, USD(500)), (1, USD(600))) for place in (0, 1)
    )
    return Inputs(Policy(horizon_months=12), demands, bids, offers)


PLAN = {"A internet": "a", "B internet": "a"}


def test_as_given_nothing_is_lost() -> None:
    told = futures.face(purchase(), PLAN, PROVED, Future(1))
    assert (told.best, told.plan, told.mended, told.status) == (12_600.0, 12_600.0, 0, "optimal")
    assert told.decisions == PLAN


def test_a_dearer_bid_is_kept_at_its_price_and_the_loss_shows() -> None:
    told = futures.face(purchase(), PLAN, PROVED, Future(1, {"price": {"a": 1.5}}))
    assert told.plan == pytest.approx(2 * 12 * 750 + 900)
    assert told.best == 2 * 12 * 600
    assert told.decisions == {"A internet": "b", "B internet": "b"}


def test_when_a_provider_withdraws_its_members_are_awarded_anew() -> None:
    told = futures.face(purchase(), PLAN, PROVED, Future(1, gone=frozenset({"p"})))
    assert (told.plan, told.best, told.mended) == (14_400.0, 14_400.0, 2)


def test_only_those_who_must_move_are_moved() -> None:
    plan = {"A internet": "a", "B internet": "b"}
    told = futures.face(purchase(), plan, PROVED, Future(1, gone=frozenset({"q"})))
    assert (told.plan, told.mended) == (12_600.0, 1)  # B goes to a, A stays
    full = {"enrollment": {"A": 1.5, "B": 1.0}}
    free = replace(purchase(), policy=Policy(horizon_months=12, no_district_worse_off=False))
    told = futures.face(free, PLAN, PROVED, Future(1, full))
    assert told.mended == 1  # 250 do not fit into 200: one of the two goes to b
    assert told.plan == min(12 * 1.5 * 600 + 12 * 500 + 600, 12 * 1.5 * 500 + 12 * 600 + 600)


def test_where_two_would_each_fare_best_alone_in_the_same_room_no_award_is_fair() -> None:
    told = futures.face(purchase(), PLAN, PROVED, Future(1, {"enrollment": {"A": 1.5, "B": 1.0}}))
    assert told.best is None


def test_quantities_and_their_bills_move_together() -> None:
    turned = futures.turned(purchase(), Future(1, {"take_up": {"A": 0.8, "B": 1.0}, "enrollment": {"A": 0.5}}))
    assert turned.demands[0].quantity == pytest.approx(40.0)
    assert turned.demands[0].current == USD("400.00")
    assert {offer.month for offer in turned.offers if offer.demand == 0} == {USD("200.00"), USD("240.00")}
    assert turned.demands[1].quantity == 100.0


def test_a_tier_that_is_no_longer_reached_is_paid_for() -> None:
    inputs = purchase()
    bids = (Bid("a", "p", "internet", levels=(Level(0, USD(1)), Level(200, USD("0.5")))), inputs.bids[1])
    inputs = Inputs(inputs.policy, inputs.demands, bids, inputs.offers)
    told = futures.face(inputs, PLAN, PROVED, Future(1, {"take_up": {"A": 0.9, "B": 1.0}}))
    assert told.plan == pytest.approx(12 * 0.9 * 500 + 12 * 500)  # 190: no half price


FILES = {
    "demand.csv": "lea_id,service,quantity,current_usd_month,c1_rate\nA,internet,100,1000,50\nB,internet,100,1000,50\n",
    "bids.csv": (
        "bid_id,provider_id,service,kind,usd_fixed,usd_month,capacity\n"
        "a,p,internet,itemized,600,,200\nb,q,internet,itemized,0,,\n"
    ),
    "prices.csv": "bid_id,lea_id,usd_month,usd_once\na,A,500,0\na,B,500,0\nb,A,600,0\nb,B,600,0\n",
    "ranges.toml": '[price]\nspread = 0.2\nsource = "test"\n[withdrawal.p]\nprobability = 1.0\nsource = "test"\n',
    "rfp.toml": "award_date = 2020-01-01\n",
}


@pytest.fixture
def pool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)

    def run(*more: str) -> tuple[int, str]:
        given = ["--demand", "demand.csv", "--bids", "bids.csv", "--bid-prices", "prices.csv", "-o", "out", *more]
        words = [str(tmp_path / told) if told.endswith((".csv", ".toml")) or told == "out" else told for told in given]
        try:
            main(["procurement", "pool", *words])
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return code, capsys.readouterr().err

    return run


def test_the_command_says_what_holds_and_is_no_award(tmp_path: Path, pool: Callable[..., tuple[int, str]]) -> None:
    code, said = pool("--scenarios", "5", "--seed", "3", "--workers", "1", "--ranges", "ranges.toml")
    assert code == 0, said
    assert "tried against 5 possible futures (seed 3):" in said
    told = json.loads((tmp_path / "out/solution.json").read_text())
    assert told["stamps"][0].startswith("PLANNING ONLY: tried against possible futures, before bids open")
    assert told["scenarios"]["plan_mended"] == 5  # p always withdraws
    assert "regret" not in said
    assert not (tmp_path / "out/award_memo.xlsx").exists()
    assert not (tmp_path / "out/contract").exists()
    with (tmp_path / "out/decisions.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {(row["decision"], row["choice"], row["held_share"]) for row in rows} == {
        ("A internet", "a", "0.0"), ("B internet", "a", "0.0"),
    }  # fmt: skip
    with (tmp_path / "out/scenarios.csv").open(newline="") as opened:
        assert len(list(csv.DictReader(opened))) == 5


def test_after_the_award_date_futures_are_refused(pool: Callable[..., tuple[int, str]]) -> None:
    code, said = pool("--scenarios", "2", "--rfp", "rfp.toml")
    assert code == 2
    assert "planning before bids open" in said


def test_a_range_for_an_unknown_bid_is_refused(tmp_path: Path, pool: Callable[..., tuple[int, str]]) -> None:
    (tmp_path / "ranges.toml").write_text("[price.zz]\nspread = 0.1\n")
    code, said = pool("--scenarios", "2", "--ranges", "ranges.toml")
    assert code == 1
    assert "no input has a price named zz" in said
