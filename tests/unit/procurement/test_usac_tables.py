"""USAC's Form 471 tables: both spellings, units, versions, repeats, and what is refused."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from commandline import Said

from infraplan import arrivals
from infraplan.errors import BadInput
from infraplan.procurement import filings
from infraplan.procurement.sources import usac


def put(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


REPORT = (
    "report_state,Application Number,BEN,FRN,FRN Status,Service Type,Service Start Date,"
    "Total Pre-Discount Charges,Discount Rate,Funding Commitment Request,Pricing Confidentiality"
)
OPEN = (
    "funding_request_number,application_number,ben,state,form_version,form_471_frn_status_name,"
    "form_471_service_type_name,service_start_date,total_pre_discount_costs,dis_pct,"
    "funding_commitment_request"
)


def test_the_report_and_the_open_data_give_the_same_request(tmp_path: Path) -> None:
    report = usac.read(
        put(tmp_path / "a.csv", REPORT, "IA,161,7,169,Funded,Internal Connections,07/01/2016,100.10,80,80.08,No")
    )
    opened = usac.read(
        put(
            tmp_path / "b.csv",
            OPEN,
            "169,161,7,IA,Current,Funded,Internal Connections,2016-07-01T00:00:00.000,100.10,0.8,80.08",
        )
    )
    assert report.table == opened.table == "requests"
    for name in ("frn", "category", "service_start", "pre_discount_usd", "rate", "commitment_usd"):
        assert report.frame[name].iloc[0] == opened.frame[name].iloc[0]
    assert opened.frame["rate"].iloc[0] == Decimal(80)
    assert opened.notes[0] == "rates were given as 0 to 1; now percent"
    assert "contract_end" in opened.notes[1]


def test_extensions_and_the_state_match_of_the_open_data_are_read(tmp_path: Path) -> None:
    header = f"{OPEN},remaining_extension_count,sc_rate,award_date"
    got = usac.read(put(
        tmp_path / "b.csv", header,
        "169,161,7,NM,Current,Funded,Voice,,124800,0.824,102835.20,2,0.024,2016-02-08T00:00:00.000",
        "170,161,7,NM,Current,Funded,Voice,,100,0.8,80,,,",
    ))  # fmt: skip
    row = got.frame.iloc[0]
    assert (row["rate"], row["state_match_percent"], row["extensions_left"]) == (Decimal("82.4"), Decimal("2.4"), 2)


def test_current_versions_stand_and_originals_of_the_same_request_go(tmp_path: Path) -> None:
    got = usac.read(put(
        tmp_path / "b.csv", OPEN,
        "169,161,7,IA,Original,Funded,Voice,,100,0.8,80", "169,161,7,IA,Current,Funded,Voice,,90,0.8,72",
        "170,161,7,IA,Original,Funded,Voice,,50,0.8,40", "170,161,7,IA,Original,Funded,Voice,,50,0.8,40",
    ))  # fmt: skip
    assert list(got.frame["pre_discount_usd"]) == [Decimal(90), Decimal(50)]
    assert got.refused == {"original versions with a current one": 1, "rows that repeat another exactly": 1}


LINES = (
    "FRN,Line Item,Function,Type of Product,Purpose,Download Speed,Download Speed Units,Upload Speed,"
    "Upload Speed Units,Monthly Recurring Unit Eligible Costs,Monthly Quantity"
)


def test_speeds_take_their_unit_and_line_numbers_stay_text(tmp_path: Path) -> None:
    got = usac.read(put(
        tmp_path / "l.csv", LINES,
        "169,1699000066.001,Fiber,Ethernet,P,1,Gbps,500,Mbps,100,1", "169,1699000066.010,Voice,,,,,,,5,2",
    ))  # fmt: skip
    assert list(got.frame["line_id"]) == ["1699000066.001", "1699000066.010"]
    assert got.frame["down_mbps"].iloc[0] == 1000
    assert got.frame["up_mbps"].iloc[0] == 500
    assert got.frame["down_mbps"].isna().iloc[1]


def test_bare_line_numbers_of_the_open_data_become_whole_ones(tmp_path: Path) -> None:
    header = (
        "funding_request_number,form_471_line_item_number,form_471_function_name,form_471_purpose_name,"
        "download_speed,form_471_download_speed_unit_name,monthly_recurring_unit_eligible_costs,"
        "pre_discount_extended_eligible_line_item_costs"
    )
    got = usac.read(put(tmp_path / "l.csv", header, "2499,1,Fiber,P,10,Gbps,100,1200"))
    assert (got.frame["line_id"].iloc[0], got.frame["down_mbps"].iloc[0]) == ("2499.001", 10000)


def test_an_unknown_speed_unit_is_refused_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"5 furlongs(.|\n)*row 2"):
        usac.read(put(tmp_path / "l.csv", LINES, "169,169.001,Fiber,Ethernet,P,5,furlongs,5,Mbps,100,1"))


def test_half_a_percent_of_state_money_beside_a_rate_in_percent_is_half_a_percent(tmp_path: Path) -> None:
    header = f"{REPORT},Special Construction State/Tribal Match Percentage"
    got = usac.read(put(tmp_path / "a.csv", header, "NM,161,7,169,Funded,Voice,07/01/2016,1000,90.5,905,No,0.5"))
    assert got.frame["state_match_percent"].iloc[0] == Decimal("0.5")


def test_rows_of_other_states_are_left_out_and_counted(tmp_path: Path) -> None:
    path = put(
        tmp_path / "a.csv", REPORT, "IA,161,7,169,Funded,Voice,,100,80,80,No", "KS,162,8,170,Funded,Voice,,100,80,80,No"
    )
    got = usac.read(path, state="KS")
    assert list(got.frame["frn"]) == ["170"]
    assert got.refused == {"rows of other states": 1}


def test_a_file_that_is_none_of_usacs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none of USAC's Form 471 tables"):
        usac.read(put(tmp_path / "x.csv", "a,b", "1,2"))


def test_every_table_is_recognized_by_each_of_its_headers() -> None:
    for name in usac._maps():
        for header in arrivals.sources()[f"usac_{name}"].headers:
            assert usac.table_of([str(column) for column in header["columns"]]) == name


@pytest.mark.parametrize(
    ("display", "field"),
    [
        ("Urban/ Rural Status", "urban_rural_status"),
        ("Entity#", "entity"),
        ("BEN.1", "ben_1"),
        ("Total Eligible Pre-Discount One- Time Charges", "total_eligible_pre_discount_one_time_charges"),
        ("Includes Voluntary Extensions?", "includes_voluntary_extensions"),
    ],
)
def test_a_field_name_is_made_of_the_display_name(display: str, field: str) -> None:
    assert usac.field_name(display) == field


def test_each_report_header_is_declared_as_field_names_too() -> None:
    for name in set(usac._maps()) - {"c2_spending"}:
        headers = {str(one["name"]): list(one["columns"]) for one in arrivals.sources()[f"usac_{name}"].headers}
        assert headers["report, as field names"] == [usac.field_name(column) for column in headers["report"]]


APPLICATIONS = (
    "application_number,funding_year,org_state,epc_organization_id,organization_name,chosen_category_of_service,"
    "is_certified_in_window,form_471_status_name,c1_discount,c2_discount,pre_discount_eligible_amount,"
    "funding_request_amount,latitude,longitude"
)


def test_the_open_datas_basic_information_is_read_and_what_it_lacks_is_said(tmp_path: Path) -> None:
    got = usac.read(put(
        tmp_path / "a.csv", APPLICATIONS,
        "261,2026,IA,134567,AMES,Category1,In Window,Certified,0.6,0.6,1000.10,600.06,42.03,-93.62",
    ))  # fmt: skip
    row = got.frame.iloc[0]
    assert (got.table, row["ben"], row["report_state"]) == ("applications", "134567", "IA")
    assert (row["c1_rate"], row["pre_discount_usd"], row["commitment_usd"]) == (
        60,
        Decimal("1000.10"),
        Decimal("600.06"),
    )
    assert (row["latitude"], row["longitude"]) == (42.03, -93.62)
    assert "students, nslp_students, urban_rural" in got.notes[1]


def test_the_open_datas_discount_calculations_are_read_by_their_own_names(tmp_path: Path) -> None:
    header = (
        "application_number,form_version,ben_state,par_entity_ben,par_entity_name,par_entity_is_urban_or_rural,"
        "par_students_count,c1_discount,entity_ben,entity_number_of_students"
    )
    got = usac.read(put(
        tmp_path / "d.csv", header,
        "261,Original,AK,145,BUSH SD,Rural,90,0.9,77,40", "261,Current,AK,145,BUSH SD,Rural,90,0.9,77,41",
    ))  # fmt: skip
    row = got.frame.iloc[0]
    assert (got.table, len(got.frame)) == ("applicant_sites", 1)
    assert (row["parent_ben"], row["parent_students"], row["c1_rate"]) == ("145", 90, 90)
    assert (row["site_ben"], row["students"], row["parent_urban_rural"]) == ("77", 41, "Rural")
    assert got.refused == {"original versions with a current one": 1}


def test_columns_of_usacs_first_api_are_the_same_columns(tmp_path: Path) -> None:
    header = "applicationNumber,parentBEN,parentNumberOfStudents,childBEN,childEntityType,childNumberOfStudents,childUrbanOrRural"
    got = usac.read(put(tmp_path / "d.csv", header, "161,143454,,100520,School,566,Urban"))
    row = got.frame.iloc[0]
    assert (row["parent_ben"], row["site_ben"], row["students"], row["urban_rural"]) == (
        "143454",
        "100520",
        566,
        "Urban",
    )


RECIPIENTS = "funding_request_number,form_471_line_item_number,ben,organization_name,original_allocation"


def test_the_open_datas_recipients_of_service_name_the_recipient_ben(tmp_path: Path) -> None:
    got = usac.read(put(tmp_path / "r.csv", RECIPIENTS, "2699,1,55,ONE SCHOOL,10", "2699,1,56,OTHER SCHOOL,20"))
    assert list(got.frame["entity_id"]) == ["55", "56"]
    assert list(got.frame["entity_name"]) == ["ONE SCHOOL", "OTHER SCHOOL"]


def test_recipients_that_cannot_be_told_from_the_applicant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the recipients are not named"):
        usac.read(put(tmp_path / "r.csv", RECIPIENTS, "2699,1,55,DISTRICT,10", "2699,1,55,DISTRICT,20"))


def test_a_long_name_that_was_cut_off_is_still_that_column(tmp_path: Path) -> None:
    cut = usac.field_name("Total Funding Year Pre-Discount Eligible Amount")[:40]
    header = (
        "application_number,billed_entity_number,applicant_type,fulltime_enrollment,nslp_count,"
        f"category_one_discount_rate,{cut}"
    )
    got = usac.read(put(tmp_path / "a.csv", header, "161,7,School,100,50,80,1234.50"))
    assert got.frame["pre_discount_usd"].iloc[0] == Decimal("1234.50")


def test_a_table_without_a_column_it_needs_names_it_and_says_how_to_map_it(tmp_path: Path) -> None:
    header = "application_number,applicant_type,fulltime_enrollment,nslp_count,category_one_discount_rate"
    with pytest.raises(BadInput) as refused:
        usac.read(put(tmp_path / "a.csv", header, "161,School,100,50,80"))
    (fault,) = refused.value.faults
    assert (fault.kind, fault.column) == ("MissingColumn", "ben")
    assert "Billed Entity Number" in fault.what
    assert "--columns map.toml" in str(fault.mend)


def test_a_header_that_comes_near_says_which_table_it_is_near_and_what_it_lacks(tmp_path: Path) -> None:
    header = "frn,frn_status,service_type,total_pre_discount_charges"
    with pytest.raises(BadInput, match="nearest is USAC, FCC Form 471 funding requests, and it lacks") as refused:
        usac.read(put(tmp_path / "f.csv", header, "1,Funded,Voice,2"))
    assert 'table = "requests"' in str(refused.value)


def test_every_table_has_a_loader_and_a_source() -> None:
    assert set(usac.LOADERS) <= set(arrivals.sources())


def test_several_files_of_one_table_stand_under_each_other_and_repeats_go(tmp_path: Path) -> None:
    one = put(tmp_path / "a.csv", REPORT, "IA,161,7,169,Funded,Voice,,100,80,80,No")
    two = put(
        tmp_path / "b.csv", REPORT, "IA,161,7,169,Funded,Voice,,100,80,80,No", "IA,161,7,171,Funded,Voice,,100,80,80,No"
    )
    assert list(usac.read_all([one, two])["requests"]["frn"]) == ["169", "171"]


# --- into a workspace -----------------------------------------------------------------------------------------------


def test_the_open_data_goes_into_a_workspace_and_kinds_come_from_the_published_entities(
    tmp_path: Path, infraplan: Callable[..., Said]
) -> None:
    plan = tmp_path / "plan"
    assert infraplan("init", plan, "--state", "IA", "--funding-year", "2026").code == 0
    filed = put(
        tmp_path / "basic.csv",
        APPLICATIONS,
        "261,2026,IA,134567,AMES,Category1,In Window,Certified,0.6,0.6,1000.10,600.06,42.03,-93.62",
        "262,2026,NE,134999,OMAHA,Category1,In Window,Certified,0.6,0.6,1,1,41,-96",
    )
    said = infraplan("data", "add", filed, "--workspace", plan)
    assert said.code == 0, said.err
    assert "kept 1 rows of applications" in said.err
    assert "not in this file under a known name" in said.err
    entities = put(
        tmp_path / "entities.csv",
        "entity_number,entity_name,entity_type,physical_state,urban_rural_status,category_one_discount_rate,"
        "category_two_discount_rate,nces_public_state_code,nces_public_district_code,latitude,longitude",
        "134567,AMES,School District,IA,Urban,60,60,19,03690,42.0,-93.6",
    )
    assert infraplan("data", "add", entities, "--workspace", plan).code == 0
    told = filings.tables((), plan)["applications"]
    assert told["applicant_type"].tolist() == ["School District"]
    refused = infraplan("procurement", "discounts", "--funding-year", "2026", "--workspace", plan)
    assert refused.code == 1
    assert "no published school has its students" in refused.err
