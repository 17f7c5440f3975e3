"""USAC's Form 471 tables: both spellings, units, versions, repeats, and what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from infraplan.errors import BadInput
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
    assert opened.notes == ["rates were given as 0 to 1; now percent"]


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


def test_every_table_is_recognized_by_both_its_headers() -> None:
    for name, told in usac._maps().items():
        assert usac.table_of(told["known_by"]) == name
        if "known_by_open_data" in told:
            assert usac.table_of(told["known_by_open_data"]) == name


def test_every_table_has_a_loader_and_a_source() -> None:
    from infraplan import arrivals  # noqa: PLC0415

    assert set(usac.LOADERS) <= set(arrivals.sources())


def test_several_files_of_one_table_stand_under_each_other_and_repeats_go(tmp_path: Path) -> None:
    one = put(tmp_path / "a.csv", REPORT, "IA,161,7,169,Funded,Voice,,100,80,80,No")
    two = put(
        tmp_path / "b.csv", REPORT, "IA,161,7,169,Funded,Voice,,100,80,80,No", "IA,161,7,171,Funded,Voice,,100,80,80,No"
    )
    assert list(usac.read_all([one, two])["requests"]["frn"]) == ["169", "171"]
