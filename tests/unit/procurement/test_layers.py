"""The E-Rate map: who is matched to which district, what each district shows, and what stays unknown."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from commandline import Said
from shapely.geometry import box

from infraplan.outputs.layers import load_layer
from infraplan.procurement import budgets, c2_left, calendar, districts, filings, layers

KNOWN = {"2314700", "2311370", "2307140"}
APPLICATION = {
    "application_number": "A", "funding_year": 2026, "ben": "7", "name": "Elm", "applicant_type": "School District",
    "students": 200, "nslp_students": 99, "urban_rural": "Rural", "c1_rate": Decimal(80), "c2_rate": Decimal(80),
}  # fmt: skip
SITE = {
    "application_number": "A", "parent_ben": "7", "parent_type": "School District", "parent_nces_code": None,
    "parent_students": None, "parent_square_feet": None, "site_type": "School", "site_ben": "70", "students": 200,
    "square_feet": None, "nces_code": None, "urban_rural": "Rural", "c1_rate": Decimal(80), "c2_rate": Decimal(80),
}  # fmt: skip
REQUEST = {
    "frn": "1", "application_number": "A", "ben": "7", "status": "Funded", "category": "C1", "pre_discount_usd": Decimal(1200),
    "monthly_eligible_usd": Decimal(100), "commitment_usd": Decimal(960), "contract_end": pd.Timestamp("2027-06-30"),
}  # fmt: skip


def sites(**changes: object) -> dict[str, pd.DataFrame]:
    return {"applications": pd.DataFrame([APPLICATION]), "applicant_sites": pd.DataFrame([SITE | changes])}


@pytest.mark.parametrize("code", ["2314700", "14700", "231470000045", "1470000045", "23147000045"])
def test_a_filed_code_is_read_whole_of_a_school_or_without_the_state(code: str) -> None:
    assert districts.match(sites(nces_code=code), KNOWN, "23").leas == {"7": "2314700"}


def test_the_applicants_own_code_overrules_its_schools() -> None:
    found = districts.match(sites(nces_code="231137000045", parent_nces_code="2307140"), KNOWN, "23")
    assert found.leas == {"7": "2307140"}


def test_the_crosswalk_overrules_filed_codes_and_the_match_rate_says_which_way_each_was_found() -> None:
    found = districts.match(sites(nces_code="231137000045"), KNOWN, "23", {"7": "2314700", "8": "2307140"})
    assert found.leas == {"7": "2314700"}
    assert found.words() == (
        "1 of 1 district applicants are matched to a district with a boundary (1 by the crosswalk, 0 by the NCES codes they "
        "filed); 1 of 3 districts have an applicant"
    )


def test_codes_that_name_two_districts_equally_often_match_none() -> None:
    two = pd.DataFrame([SITE | {"nces_code": "231137000045"}, SITE | {"nces_code": "231470000045", "site_ben": "71"}])
    assert districts.match(sites() | {"applicant_sites": two}, KNOWN, "23").leas == {}


def test_a_school_does_not_stand_for_the_district_it_lies_in() -> None:
    school = {"applicant_type": "School"}
    tables = sites(nces_code="231470000045", parent_type="School")
    tables["applications"] = pd.DataFrame([APPLICATION | school])
    assert districts.match(tables, KNOWN, "23").leas == {}


def contracts(*requests: dict[str, object], as_of: date = date(2026, 11, 22)) -> pd.DataFrame:
    tables = {
        "applications": pd.DataFrame([APPLICATION]),
        "requests": pd.DataFrame([REQUEST | one for one in requests]),
    }
    return layers.contract_ends(tables, as_of)[0]


def test_the_first_contract_end_ahead_counts_not_one_already_past() -> None:
    found = contracts({}, {"frn": "2", "contract_end": pd.Timestamp("2026-06-30")}).iloc[0]
    assert (found["contract_class"], found["contract_end"], found["contract_frn"]) == ("year", "2027-06-30", "1")


def test_a_request_month_to_month_has_no_end_and_a_slip_of_the_pen_counts_as_none() -> None:
    assert contracts({"contract_end": None}).iloc[0]["contract_class"] == "none"
    assert contracts({"contract_end": pd.Timestamp("2203-06-30")}).iloc[0]["contract_class"] == "none"


@pytest.mark.parametrize(
    ("end", "kind"), [("2026-11-21", "ended"), ("2026-11-22", "year"), ("2028-06-30", "two"), ("2031-06-30", "later")]
)
def test_contract_ends_are_classed_by_the_day_given(end: str, kind: str) -> None:
    assert contracts({"contract_end": pd.Timestamp(end)}).iloc[0]["contract_class"] == kind


def test_a_district_without_a_request_of_its_own_shows_its_consortiums_contract() -> None:
    tables = sites() | {
        "requests": pd.DataFrame([REQUEST | {"ben": "99"}]),
        "line_recipients": pd.DataFrame([{"entity_id": "70", "frn": "1"}]),
    }
    found = layers.contract_ends(tables, date(2026, 11, 22))[0].set_index("ben")
    assert found.loc["7", "contract_by"] == "consortium"
    assert found["contract_committed_usd"].isna()["7"]


def test_category_two_left_is_usacs_for_the_cycle_else_reckoned_from_the_counts_filed() -> None:
    rows = [{"ben": "7", "cycle": "FY2021-2025", "budget_usd": Decimal(1), "available_usd": Decimal(1)},
            {"ben": "7", "cycle": "FY2026-2030", "budget_usd": Decimal(60000), "available_usd": Decimal(0)}]  # fmt: skip
    told = c2_left.by_applicant(sites() | {"c2_spending": pd.DataFrame(rows)}, 2026)[0]
    assert told[["c2_left_usd", "c2_budget_usd", "c2_basis"]].to_numpy().tolist() == [[0.0, 60000.0, "usac"]]
    reckoned = c2_left.by_applicant(sites(), 2026)[0].iloc[0]
    floor, school = budgets.Rules.of(2026).floor, budgets.Rules.of(2026).school
    assert reckoned["c2_left_usd"] == float(max(floor, 200 * school))
    assert reckoned["c2_basis"] == "reckoned"


def test_a_contract_end_beyond_reason_stays_out_of_recurring_requests() -> None:
    tables = {"applications": pd.DataFrame([APPLICATION]), "requests": pd.DataFrame([REQUEST])}
    assert next(calendar.recurring_requests(tables)).contract_end == date(2027, 6, 30)


@pytest.mark.parametrize("name", sorted(layers.LAYERS.values()))
def test_each_layer_is_of_the_table_that_fills_it(name: str) -> None:
    assert layers.LAYERS[load_layer(name).table] == name


# --- the command ----------------------------------------------------------------------------------------------------

BASIC = (
    "report_state,Application Number,Funding Year,Billed Entity Name,Billed Entity Number,Applicant Type,Fulltime Enrollment,"
    "NSLP Count,Urban/ Rural Status,Category One Discount Rate,Category Two Discount Rate"
)


@pytest.fixture
def maine(tmp_path: Path, infraplan: Callable[..., Said]) -> Path:
    """A workspace with one application and no boundaries."""
    folder = tmp_path / "maine"
    assert infraplan("init", folder, "--state", "ME", "--funding-year", "2026").code == 0
    basic = tmp_path / "basic.csv"
    basic.write_text(f"{BASIC}\nME,A,2026,<b>Elm</b>,7,School District,200,99,Rural,80,80\n", encoding="utf-8")
    assert infraplan("data", "add", basic, "--workspace", folder).code == 0
    return folder


def test_without_boundaries_and_places_the_page_is_its_tables_and_says_what_to_add(
    maine: Path, infraplan: Callable[..., Said]
) -> None:
    said = infraplan("procurement", "map", "--workspace", maine, "--as-of", "2026-11-22")
    assert said.code == 0, said.err
    assert "0 of 1 district applicants have a place (add what has places, or give --points FILE)" in said.err
    text = (maine / "maps" / "erate.html").read_text(encoding="utf-8")
    assert "There is no picture" in text
    assert "&lt;b&gt;Elm&lt;/b&gt;" in text


def test_without_boundaries_a_district_is_drawn_at_its_point(
    maine: Path, tmp_path: Path, infraplan: Callable[..., Said]
) -> None:
    points, crosswalk = tmp_path / "points.csv", tmp_path / "crosswalk.csv"
    points.write_text("nces_cd,latitude,longitude\n2314700,44.5,-69.5\n2311370,,\n", encoding="utf-8")
    crosswalk.write_text("ben,lea_id\n7,2314700\n", encoding="utf-8")
    said = infraplan("procurement", "map", "--workspace", maine, "--crosswalk", crosswalk, "--points", points)
    assert said.code == 0, said.err
    assert "1 of 1 district applicants have a place (1 by the file of points)" in said.err
    text = (maine / "maps" / "erate.html").read_text(encoding="utf-8")
    assert '{"type":"Point","coordinates":[-69.5,44.5]}' in text
    assert "2314700" in text


def test_what_is_not_loaded_is_said_and_a_district_without_applicant_is_unknown_not_zero(
    maine: Path, tmp_path: Path, infraplan: Callable[..., Said]
) -> None:
    shapes = gpd.GeoDataFrame(
        {"GEOID": ["2314700", "2311370"], "NAME": ["Elm", "Oak"]},
        geometry=[box(-70, 44, -69, 45), box(-69, 44, -68, 45)],
        crs="EPSG:4326",
    )
    shapes.to_file(tmp_path / "districts.geojson", driver="GeoJSON")
    assert infraplan("data", "add", tmp_path / "districts.geojson", "--workspace", maine).code == 0
    unmatched = infraplan("procurement", "map", "--workspace", maine)
    assert unmatched.code == 1
    assert "--crosswalk" in unmatched.err
    crosswalk = tmp_path / "crosswalk.csv"
    crosswalk.write_text("ben,lea_id\n7,2314700\n", encoding="utf-8")
    said = infraplan("procurement", "map", "--workspace", maine, "--crosswalk", crosswalk, "--as-of", "2026-11-22")
    assert said.code == 0, said.err
    assert "1 of 1 district applicants are matched" in said.err
    text = (maine / "maps" / "erate.html").read_text(encoding="utf-8")
    assert "no applicant found" in text
    assert "as of 2026-11-22" in text
    assert "Planning figures, not legal advice" in text


def test_usacs_supplemental_entity_file_is_a_crosswalk(tmp_path: Path) -> None:
    path = tmp_path / "entities.csv"
    path.write_text(
        "entity_number,nces_public_state_code,nces_public_district_code\n7,23,14700\n8,8,6270\n9,,\n", encoding="utf-8"
    )
    assert filings.crosswalk(path) == {"7": "2314700", "8": "0806270"}
