"""Odd prices and their likely causes, on lines shaped like real ones that were traced by hand."""

import pandas as pd
import pytest

from infraplan.procurement import outliers

EXPECTED = 1000.0
LINE = {"usd_month": EXPECTED, "expected_usd_month": EXPECTED, "mbps": 1000.0, "circuits": 1.0, "product": "Ethernet",
        "once_usd": 0.0, "sites": 1, "other_usd_month": 0.0}  # fmt: skip


def why(**changes: object) -> str:
    told = outliers.words({**LINE, **changes}, 0.5)
    assert told is not None
    return told


def test_a_price_near_the_scale_is_no_outlier() -> None:
    assert outliers.words({**LINE, "usd_month": 3000.0}, 0.5) is None
    assert outliers.words({**LINE, "usd_month": 1.0}, 0.0) is None


def test_one_price_for_the_circuits_of_many_sites_is_shown_for_each_site() -> None:
    told = why(usd_month=65510.81, sites=23)
    assert told.startswith("65.5 times above the usual price at 1,000 Mbps; 1 unit for 23 sites")
    assert "$2,848.30 a site" in told


def test_a_dear_line_without_an_odd_cell_is_not_explained_away() -> None:
    assert "it may be what is paid" in why(usd_month=57799.84)


@pytest.mark.parametrize(
    ("cells", "cause"),
    [
        ({"usd_month": 14.0, "mbps": 50.0, "circuits": 50.0}, "the price may be of one Mbps"),
        ({"usd_month": 152.0, "mbps": 39812.0, "product": "OC-768", "expected_usd_month": 14868.0}, "product OC-768"),
        ({"usd_month": 12.0, "mbps": 274.176, "product": "DS-4"}, "product DS-4"),
        ({"usd_month": 20.0, "mbps": 3801.0, "product": "Digital Subscriber Line (DSL)"}, "may be in kbps"),
        ({"usd_month": 20.0, "mbps": 18365.0, "product": "Cable Modem"}, "may be in kbps"),
        ({"usd_month": 30.0, "once_usd": 45000.0}, "one-time charge of $45,000"),
        ({"usd_month": 1.0, "circuits": 11.0, "other_usd_month": 17001.0}, "another line of the request, $17,001.00 a month"),
        ({"usd_month": 50.0, "circuits": 91.0, "sites": 91, "mbps": 4000.0}, "the speed may be the whole network's"),
        ({"usd_month": 2.99, "circuits": 270.0, "sites": 6}, "270 units: the quantity may count telephones"),
        ({"usd_month": 1.0}, "a token price: look at the bill"),
        ({"usd_month": 29.0, "mbps": 50.0}, "part of the bill only"),
    ],
)  # fmt: skip
def test_a_cheap_line_names_the_cell_that_may_cause_it(cells: dict[str, object], cause: str) -> None:
    assert cause in why(**cells)


@pytest.mark.parametrize(
    ("cells", "cause"),
    [
        ({"usd_month": 2890.12, "expected_usd_month": 57.37, "mbps": 1.5}, "at 1,500 Mbps the price would be a usual one"),
        ({"usd_month": 155.0, "expected_usd_month": 4222.0, "mbps": 5000.0}, "at 5 Mbps the price would be a usual one"),
        ({"usd_month": 1666.0, "expected_usd_month": 58.2, "mbps": 1.544, "product": "DS-1"}, "product DS-1 on the form's menu"),
        ({"usd_month": 9.0, "expected_usd_month": 4222.0, "mbps": 5000.0}, "part of the bill only"),
    ],
)  # fmt: skip
def test_a_price_that_fits_the_speed_in_another_unit_says_so(cells: dict[str, object], cause: str) -> None:
    told = outliers.words({**LINE, **cells}, 0.5, 0.53)
    assert told is not None
    assert cause in told


def test_evidence_counts_recipients_and_finds_the_dearest_other_line_of_the_request() -> None:
    lines = pd.DataFrame({"line_id": ["1.001", "1.002", "2.001"]}, index=[5, 6, 7])
    filed = pd.DataFrame({"line_id": ["1.001", "1.002", "2.001"], "frn": ["1", "1", "2"], "usd_month": [17001, 1, 30],
                          "product": ["Ethernet", None, "DSL"], "one_time_usd": [0, None, 45000]})  # fmt: skip
    got = outliers.evidence(
        lines, {"request_lines": filed, "line_recipients": pd.DataFrame({"line_id": ["1.002", "1.002", "2.001"]})}
    )
    assert got["other_usd_month"].tolist() == [1, 17001, 0]
    assert got["sites"].tolist() == [0, 2, 1]
    assert got["once_usd"].tolist() == [0, 0, 45000]
    assert got["product"].tolist() == ["Ethernet", "", "DSL"]
