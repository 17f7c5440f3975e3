"""Real certified filings of FY2016: every rate, status, average and commitment must come out as filed."""

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infraplan.procurement import commitments, discounts

SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FIXTURES = SHARED / "erate" / "fixtures"
pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared E-Rate filings are not here")


def whole(cells: pd.Series) -> discounts.Whole:
    return np.asarray([int(cell) for cell in cells], dtype=np.int64)


def fixture(name: str) -> pd.DataFrame:
    return pd.read_csv(FIXTURES / name, dtype=str, keep_default_na=False)


def test_every_filed_discount_is_reproduced() -> None:
    filed = fixture("discount_cases_fy2016.csv.gz")
    year = discounts.Rules.of(2016)
    percent = discounts.percent_half_up(whole(filed["nslp_count"]), whole(filed["enrollment"]))
    rural = (filed["urban_rural"] == "Rural").to_numpy()
    c1, c2 = discounts.matrix_rates(percent, rural, np.zeros(len(filed), dtype=bool), year)
    assert len(filed) == 2075
    assert (c1 == filed["c1_rate"].astype(int)).all()
    assert (c2 == filed["c2_rate"].astype(int)).all()


def test_every_filed_district_status_is_reproduced() -> None:
    filed = fixture("district_rurality_cases_fy2016.csv.gz")
    rural = discounts.is_rural(
        whole(filed["n_schools"]),
        whole(filed["n_rural_schools"]),
        discounts.Rules.of(2016).rural_above,
    )
    assert len(filed) == 1521
    assert (np.where(rural, "Rural", "Urban") == filed["district_status"]).all()


@pytest.mark.parametrize("category", ["c1", "c2"])
def test_every_filed_consortium_rate_is_reproduced(category: str) -> None:
    filed = fixture("consortium_cases_fy2016.csv")
    members = [np.array([int(float(word)) for word in told.split(";")]) for told in filed[f"member_{category}_rates"]]
    means = discounts.mean_half_up(
        np.array([told.sum() for told in members]), np.array([len(told) for told in members])
    )
    assert len(filed) == 92
    assert (means == filed[f"consortium_{category}_rate"].astype(int)).all()


def test_every_filed_commitment_is_reproduced_to_the_cent() -> None:
    filed = fixture("frn_commitment_cases_fy2016.csv")
    ours = [
        commitments.shares(Decimal(cost), Decimal(rate)).commitment_usd
        for cost, rate in zip(filed["Total Pre-Discount Charges"], filed["Discount Rate"], strict=True)
    ]
    assert len(filed) == 588
    assert ours == [Decimal(told).quantize(Decimal("0.01")) for told in filed["Funding Commitment Request"]]
