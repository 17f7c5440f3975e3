"""Entities, sites and requests out of a workspace's own filings."""

from decimal import Decimal

import pandas as pd
import pytest

from infraplan.errors import NoAnswer
from infraplan.procurement import budgets, commitments, discounts, filed, filings, reconcile


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
    assert notes == ["counts as filed for FY2026", "left out: 1 applicant without counts of their own (consortia)"]


def test_a_year_asked_for_takes_the_counts_filed_up_to_it_else_the_first_after_it() -> None:
    table, notes = filed.entities({"applications": FILED}, 2025)
    assert list(table.set_index("entity_id").loc["1", ["students", "nslp_students"]]) == [200, 60]
    assert set(table["entity_id"]) == {"1", "2"}
    assert notes[0] == "counts as filed for FY2025, FY2026"
    got = budgets.budgets(filed.sites(TABLES, budgets.Rules.of(2025))[0], budgets.Rules.of(2025)).table
    assert list(got.set_index("entity_id").loc["1", ["sites", "budget_usd"]]) == [1, Decimal("25000.00")]


def test_eligible_students_that_are_not_filed_are_not_taken_for_none() -> None:
    blank = FILED.assign(nslp_students=pd.Series([None, None, 100, 0], index=FILED.index, dtype=object))
    table, _ = filed.entities({"applications": blank})
    assert list(table["entity_id"]) == ["2"]


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
    assert "left out: 1 site without students" in notes[1]


def test_students_as_whole_numbers_stand_beside_square_feet_as_amounts() -> None:
    calculations = TABLES["applicant_sites"].astype(dict.fromkeys(("students", "parent_students"), "Int64"))
    year = budgets.Rules.of(2026)
    table, _ = filed.sites(TABLES | {"applicant_sites": calculations}, year)
    assert set(budgets.budgets(table, year).table["entity_id"]) == {"1", "2"}


def test_a_school_that_its_district_no_longer_lists_has_no_part_in_the_budget() -> None:
    closed = sites(("A1", "School District", "1", None, None, "School", "10", 500, None))
    tables = TABLES | {"applicant_sites": pd.concat([closed, TABLES["applicant_sites"]], ignore_index=True)}
    year = budgets.Rules.of(2026)
    got = budgets.budgets(filed.sites(tables, year)[0], year).table.set_index("entity_id")
    assert list(got.loc["1", ["sites", "budget_usd"]]) == [2, Decimal("90646.00")]


def test_libraries_wait_for_their_locale_where_the_multiplier_depends_on_it() -> None:
    table, notes = filed.sites(TABLES, budgets.Rules.of(2016))
    assert set(table["kind"]) == {"school"}
    assert "left out: 1 library" in notes[2]


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
    assert notes == ["left out: 1 request without a cost or a rate"]


def test_a_state_that_pays_more_than_the_points_is_split_as_filed() -> None:
    # 70 percent and ten points for a state that pays 15: the filed rate is 80, and 5 percent are the district's
    paid = REQUESTS.iloc[[1]].copy()
    for name, figure in {"pre_discount_usd": 100000, "rate": 80, "state_match_percent": 15}.items():
        paid[name] = pd.Series([Decimal(figure)], index=paid.index, dtype=object)
    groups, _ = filed.requests({"applications": FILED, "requests": paid})
    split = commitments.commitments(groups[2026], 2026).table.iloc[0]
    assert list(split[["rate_applied", "commitment_usd", "state_usd", "applicant_usd"]]) == [
        Decimal(80), Decimal(80000), Decimal(15000), Decimal(5000),
    ]  # fmt: skip


def test_a_requests_number_tells_its_year_where_nothing_else_does() -> None:
    bare = REQUESTS.iloc[:3].assign(frn=["1699074272", "2599000001", "1599000001"], application_number="none")
    assert filings.years_of(bare, None).tolist() == [2016, 2025, pd.NA]
    assert filings.years_of(bare.assign(funding_year=2020), None).tolist() == [2020, 2020, 2020]


def test_one_year_of_filed_requests_can_be_asked_for_and_one_without_any_is_refused() -> None:
    tables = {"applications": FILED, "requests": REQUESTS}
    assert list(filed.requests(tables, 2025)[0]) == [2025]
    with pytest.raises(NoAnswer, match="no request of FY2019"):
        filed.requests(tables, 2019)


ENTITIES = pd.DataFrame(
    [
        ("9", "School District", None, "Rural", None, None, Decimal(80), Decimal(80)),
        ("91", "School", "9", "Rural", 150, 80, None, None),
        ("92", "School", "9", "Urban", 50, 19, None, None),
        ("93", "School", "9", "Urban", None, None, None, None),
        ("94", "School", "none", "Urban", 100, 10, Decimal(50), Decimal(40)),
        ("95", "Library", None, "Urban", None, None, Decimal(50), Decimal(50)),
    ],
    columns=["entity_id", "kind", "parent_id", "urban_rural", "students", "nslp_students", "c1_rate", "c2_rate"],
)


def test_published_schools_are_summed_into_their_districts_and_stand_alone_without_one() -> None:
    table, notes = filed.published(ENTITIES)
    rates = discounts.rates(table, discounts.Rules.of(2026)).table.set_index("entity_id")
    assert list(rates.loc["9", ["nslp_percent", "urban_rural", "c1_rate"]]) == [50, "Rural", 80]  # 99 of 200, half up
    assert list(rates.loc["94", ["nslp_percent", "c1_rate"]]) == [10, 40]
    assert "93" not in rates.index
    assert notes[0] == "counts as USAC publishes them: 3 schools, 1 district"


def test_published_counts_stand_in_where_no_application_has_any() -> None:
    bare = FILED.assign(students=None, nslp_students=None, urban_rural=None)
    table, notes = filed.entities({"applications": bare, "erate_entities": ENTITIES})
    assert set(table["entity_id"]) == {"9", "91", "92", "94"}
    assert notes[0].startswith("counts as USAC publishes them")
    assert filed.entities({"erate_entities": ENTITIES})[1] == notes
    with pytest.raises(NoAnswer, match="data fetch usac_entities"):
        filed.entities({"applications": bare})
    with pytest.raises(NoAnswer, match="no published school"):
        filed.published(ENTITIES.drop(columns="nslp_students"))


def test_rates_by_published_counts_are_held_beside_the_published_rates() -> None:
    found = reconcile.filings({"applications": FILED.assign(c1_rate=None, c2_rate=None), "erate_entities": ENTITIES})
    assert found.counts()["entity_c1_rate"] == (1, 1, 0), "schools of a district have its rate: none is missing"
    rows = found.table.set_index(["entity_id", "figure"])
    assert list(rows.loc[("94", "entity_c1_rate"), ["ours", "published"]]) == ["40", "50"]
    assert "published entities' Category One rates 1 of 2 equal" in found.first_line()
    assert rows.loc[("94", "entity_c1_rate"), "likely_cause"] == "the rate of the other urban or rural status"


def test_a_published_status_is_held_beside_that_of_the_districts_schools() -> None:
    found = reconcile.filings({"erate_entities": ENTITIES}, default_year=2026)
    rows = found.table[found.table["figure"] == "entity_urban_rural"]
    assert rows[["entity_id", "ours", "published"]].to_numpy().tolist() == [["9", "Urban", "Rural"]]  # 1 of 3 is rural
    with pytest.raises(NoAnswer, match="nothing to compare"):
        reconcile.filings({"erate_entities": ENTITIES})


def test_published_schools_make_budgets_where_no_discount_calculations_are_loaded() -> None:
    year = budgets.Rules.of(2026)
    requests = pd.DataFrame(
        [("A", 2026, "9", "C2", "Funded", Decimal(1000)), ("B", 2025, "9", "C2", "Funded", Decimal(7))],
        columns=["application_number", "funding_year", "ben", "category", "status", "pre_discount_usd"],
    )
    sites, notes = filed.sites({"erate_entities": ENTITIES, "requests": requests}, year)
    table = budgets.budgets(sites, year).table.set_index("entity_id")
    assert list(table.loc["9", ["sites", "budget_usd", "funded_usd"]]) == [2, Decimal("60410.50"), Decimal("1000.00")]
    assert table.loc["94", "method"] == "site"
    assert notes[0] == "students as USAC publishes them: 3 schools"
    with pytest.raises(NoAnswer, match="no published school has its students"):
        filed.sites({"erate_entities": ENTITIES.drop(columns="students")}, year)


def test_budgets_by_published_students_stand_beside_usacs_budget_tool() -> None:
    told = pd.DataFrame([("9", "FY2026-2030", Decimal("60410.50"))], columns=["ben", "cycle", "budget_usd"])
    found = reconcile.filings({"erate_entities": ENTITIES, "c2_spending": told}, default_year=2026)
    assert found.counts()["budget_usd"] == (1, 0, 1)
