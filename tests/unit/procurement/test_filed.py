"""Entities, sites and requests out of a workspace's own filings."""

from decimal import Decimal

import pandas as pd
import pytest

from infraplan.errors import NoAnswer
from infraplan.procurement import budgets, commitments, discounts, filed


def applications(*rows: tuple[object, ...]) -> pd.DataFrame:
    names = ["application_number", "funding_year", "ben", "applicant_type", "students", "nslp_students", "urban_rural"]
    return pd.DataFrame(rows, columns=names)


FILED = applications(
    ("A1", 2025, "1", "School District", 200, 60, "Rural"), ("A2", 2026, "1", "School District", 200, 99, "Rural"),
    ("A3", 2026, "2", "Library", 500, 100, "Urban"), ("A4", 2026, "3", "Consortium", 0, 0, "Urban"),
)  # fmt: skip


def test_the_latest_filed_counts_of_each_applicant_are_taken_and_consortia_left_out() -> None:
    table, notes = filed.entities({"applications": FILED})
    rates = discounts.rates(table, discounts.Rules.of(2026)).table.set_index("entity_id")
    assert list(rates.loc["1", ["nslp_percent", "c1_rate"]]) == [50, 80]
    assert list(rates.loc["2", ["kind", "c1_rate"]]) == ["library", 50]
    assert notes == ["counts as filed for FY2026", "1 applicants without counts of their own (consortia) are left out"]


def sites(*rows: tuple[object, ...]) -> pd.DataFrame:
    names = ["application_number", "parent_type", "parent_ben", "parent_students", "parent_square_feet", "site_type", "site_ben",
             "students", "square_feet"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


TABLES = {
    "applications": FILED,
    "applicant_sites": sites(
        ("A1", "School District", "1", None, None, "School", "11", 100, None),
        ("A2", "School District", "1", None, None, "School", "11", 300, None),
        ("A2", "School District", "1", None, None, "School", "12", 80, None),
        ("A2", "School District", "1", None, None, "Non-Instructional Facility (NIF)", "13", None, None),
        ("A2", "School District", "1", None, None, "School", "14", 0, None),
        ("A3", "Library", "2", None, Decimal(10000), None, None, None, None),
    ),
    "requests": pd.DataFrame(
        [("A2", "1", "C2", "Funded", Decimal(1000)), ("A2", "1", "C2", "Pending", Decimal(200)),
         ("A2", "1", "C1", "Funded", Decimal(9)), ("A1", "1", "C2", "Funded", Decimal(7)),
         ("A2", "1", "C2", "Denied", Decimal(5))],
        columns=["application_number", "ben", "category", "status", "pre_discount_usd"],
    ),
}  # fmt: skip


def test_budgets_come_from_the_latest_sites_and_the_cycles_own_requests() -> None:
    year = budgets.Rules.of(2026)
    table, notes = filed.sites(TABLES, year)
    got = budgets.budgets(table, year).table.set_index("entity_id")
    # 300 x 201.57 + the floor; the request of FY2025 belongs to the cycle before
    assert list(got.loc["1"]) == [2, "hybrid", Decimal("90646.00"), Decimal(1000), Decimal(200), Decimal("89446.00")]
    assert list(got.loc["2", ["method", "budget_usd"]]) == ["site", Decimal("54300.00")]
    assert "1 sites without students" in notes[1]


def test_libraries_wait_for_their_locale_where_the_multiplier_depends_on_it() -> None:
    table, notes = filed.sites(TABLES, budgets.Rules.of(2016))
    assert set(table["kind"]) == {"school"}
    assert "1 libraries are left out" in notes[2]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(NoAnswer, match="the table applications"):
        filed.entities({})
    with pytest.raises(NoAnswer, match="the table applicant_sites"):
        filed.sites({"applications": FILED}, budgets.Rules.of(2026))


REQUESTS = pd.DataFrame([
    {"frn": "10", "application_number": "A1", "pre_discount_usd": Decimal("100.01"), "rate": Decimal(80),
     "state_match_percent": None},
    {"frn": "11", "application_number": "A2", "pre_discount_usd": Decimal(124800), "rate": Decimal("82.4"),
     "state_match_percent": Decimal("2.4")},
    {"frn": "12", "application_number": "A2", "pre_discount_usd": None, "rate": Decimal(80), "state_match_percent": None},
    {"frn": "13", "application_number": "none", "pre_discount_usd": Decimal(50), "rate": Decimal(50),
     "state_match_percent": None},
])  # fmt: skip


def test_filed_requests_stand_by_year_and_points_for_state_money_come_off_the_filed_rate() -> None:
    groups, notes = filed.requests({"applications": FILED, "requests": REQUESTS})
    assert {year: list(frame["request_id"]) for year, frame in groups.items()} == {
        2025: ["10"],
        2026: ["11"],
        None: ["13"],
    }
    assert list(groups[2026][["rate", "state_match_percent"]].iloc[0]) == [Decimal("80.0"), Decimal("2.4")]
    split = commitments.commitments(groups[2026], 2026).table.iloc[0]
    assert (split["rate_applied"], split["commitment_usd"], split["state_usd"]) == (
        Decimal("82.4"), Decimal("102835.20"), Decimal("2995.20"),
    )  # fmt: skip
    assert notes == ["1 requests without a cost or a rate are left out"]


def test_one_year_of_filed_requests_can_be_asked_for_and_one_without_any_is_refused() -> None:
    tables = {"applications": FILED, "requests": REQUESTS}
    assert list(filed.requests(tables, 2025)[0]) == [2025]
    with pytest.raises(NoAnswer, match="no request of FY2019"):
        filed.requests(tables, 2019)
