"""Figures of rates, budgets, commitments, pools and plans are explained from the answer that the workspace keeps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
ENTITIES = """entity_id,kind,students,nslp_students,urban_rural
A,district,100,60,Rural
B,district,200,10,Urban
"""
REQUESTS = "request_id,pre_discount_usd,rate,state_match_percent\nr1,1000.00,70,10\n"
DEMAND = """lea_id,service,quantity,current_usd_month,c1_rate
2300001,internet,100,500,60
2300001,wan,1,900,60
"""
BIDS = """bid_id,provider_id,service,kind,usd_fixed,usd_month,capacity
b1,plains,internet,itemized,0,,
b2,bell,wan,itemized,0,,
"""
PRICES = "bid_id,lea_id,usd_month,usd_once\nb1,2300001,300,0\nb2,2300001,800,0\n"


@pytest.fixture
def plan(tmp_path: Path, infraplan: Run) -> Path:
    for name, text in (("entities.csv", ENTITIES), ("requests.csv", REQUESTS), ("demand.csv", DEMAND),
                       ("bids.csv", BIDS), ("prices.csv", PRICES)):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert infraplan("init", tmp_path / "plan", "--state", "ME", "--funding-year", "2026").code == 0
    return tmp_path


def explained(infraplan: Run, folder: Path, *words: str) -> str:
    told = infraplan("explain", *words, "--workspace", folder / "plan")
    assert told.code == 0, told.err
    return str(told.out)


def test_a_rate_is_traced_to_its_row_the_years_figures_and_their_citations(plan: Path, infraplan: Run) -> None:
    told = infraplan("procurement", "discounts", "--from", plan / "entities.csv", "--workspace", plan / "plan",
                     "-o", plan / "rates.csv")  # fmt: skip
    assert told.code == 0, told.err
    said = explained(infraplan, plan, "discounts", "A", "nslp_percent")
    assert "discounts A, nslp_percent = 60" in said
    assert "entities.csv, row 2: entity_id = A; kind = district; students = 100; nslp_students = 60" in said
    assert "rule      discounts, cep.multiplier: 1.6" in said
    assert "cite " in said
    assert "entities.csv, SHA-256" in said


def test_a_file_that_changed_since_is_said_and_its_rows_are_not_shown(plan: Path, infraplan: Run) -> None:
    infraplan("procurement", "commitments", "--from", plan / "requests.csv", "--funding-year", "2026",
              "--workspace", plan / "plan", "-o", plan / "split.csv")  # fmt: skip
    assert "requests.csv, row 2: " in explained(infraplan, plan, "commitments", "r1", "commitment_usd")
    (plan / "requests.csv").write_text(REQUESTS.replace("1000", "2000"), encoding="utf-8")
    said = explained(infraplan, plan, "commitments", "r1", "commitment_usd")
    assert "has changed or gone since" in said
    assert "row 2" not in said


def test_a_member_with_several_services_is_named_with_the_service(plan: Path, infraplan: Run) -> None:
    told = infraplan("procurement", "pool", "--demand", plan / "demand.csv", "--bids", plan / "bids.csv",
                     "--bid-prices", plan / "prices.csv", "--workspace", plan / "plan", "-o", plan / "award")  # fmt: skip
    assert told.code == 0, told.err
    asked = infraplan("explain", "pool_assignments", "2300001", "applicant_usd", "--workspace", plan / "plan")
    assert asked.code == 1
    assert "2300001/internet, 2300001/wan" in asked.err
    said = explained(infraplan, plan, "pool_assignments", "2300001/wan", "pre_discount_usd")
    assert "pre_discount_usd = 28800.00 USD" in said
    assert "prices.csv, row 3: bid_id = b2; lea_id = 2300001; usd_month = 800" in said


def test_outside_a_workspace_nothing_is_kept(plan: Path, infraplan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plan)
    told = infraplan("procurement", "discounts", "--from", "entities.csv", "--funding-year", "2026", "-o", "rates.csv")
    assert told.code == 0, told.err
    asked = infraplan("explain", "discounts", "A", "c1_rate", "--workspace", plan / "plan")
    assert "has not been computed" in asked.err
