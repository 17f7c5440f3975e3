"""Loaders of FCC files: summary by geography, funded locations, Form 477, and oddities of availability files."""

from pathlib import Path

import pytest
from publishers import EAST_BLOCK, WEST_BLOCK, Offer, add, bdc, csv_text, start

from infraplan.arrivals import bdc_dates
from infraplan.errors import BadInput
from infraplan.receipts import Receipt
from infraplan.workspace import Workspace

SUMMARY = (
    "area_data_type,geography_type,geography_id,geography_desc,geography_desc_full,total_units,biz_res,technology,"
    "speed_02_02,speed_10_1,speed_25_3,speed_100_20,speed_250_25,speed_1000_100"
)
FORM_477 = (
    "LogRecNo,Provider_Id,FRN,ProviderName,DBAName,HoldingCompanyName,HocoNum,HocoFinal,StateAbbr,BlockCode,TechCode,"
    "Consumer,MaxAdDown,MaxAdUp,Business"
)


def receipt(where: Workspace, path: Path) -> Receipt:
    return add(where, path)[0].receipt


def summary(path: Path, *areas: tuple[str, str]) -> Path:
    rows = [
        ["Total", "County", number, "X", "X County", "1,200", "R", "Any Terrestrial", 1, 1, share, 0.5, 0, 0]
        for number, share in areas
    ]
    path.write_text(csv_text(SUMMARY.split(","), rows), encoding="utf-8")
    return path


def form_477(path: Path, *rows: tuple[str, int]) -> Path:
    cells = [
        [n, 11315, "0001", "Télé Maine", "", "Holding", 1, "H", "ME", block, code, 1, 25, 3, 0]
        for n, (block, code) in enumerate(rows)
    ]
    path.write_bytes(csv_text(FORM_477.split(","), cells).encode("latin-1"))
    return path


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        ("bdc_23_FibertothePremises_fixed_broadband_J23_05mar2024.zip", ("2023-06-30", "2024-03-05")),
        ("bdc_23_Cable_fixed_broadband_D25_17MAR2026.csv", ("2025-12-31", "2026-03-17")),
        ("bdc_23_Fiber-to-the-Premises_fixed_broadband_063022.zip", ("2022-06-30", None)),
        ("bdc_us_fixed_broadband_summary_by_geography_J24_29apr2025.county.csv", ("2024-06-30", "2025-04-29")),
        ("offers.csv", (None, None)),
        ("list_991399.csv", (None, None)),
    ],
)
def test_dates_are_read_from_an_fcc_file_name(name: str, dates: tuple[str | None, str | None]) -> None:
    assert bdc_dates(name) == dates


def test_brand_names_with_commas_quotes_and_line_breaks_are_one_cell(maine: Workspace, tmp_path: Path) -> None:
    brands = ["Pine, Inc.", 'The "Net"', "Two\nLines", ""]
    add(maine, bdc(tmp_path / "x.csv", *[Offer(n, brand=brand) for n, brand in enumerate(brands)]))
    found = maine.frame("availability")["brand_name"]
    assert found.isna().tolist() == [False, False, False, True]
    assert found.dropna().tolist() == brands[:3]


def test_a_line_break_in_the_first_brand_stops_nothing_and_rows_keep_their_numbers(
    maine: Workspace, tmp_path: Path
) -> None:
    add(maine, bdc(tmp_path / "x.csv", Offer(1, brand="Two\nLines"), Offer(2)))
    assert maine.frame("availability")["brand_name"].tolist() == ["Two\nLines", "Pine Net, Inc."]
    with pytest.raises(BadInput) as caught:
        add(maine, bdc(tmp_path / "y.csv", Offer(1, brand="Two\nLines"), Offer(2, technology=99)))
    assert [one.row for one in caught.value.faults] == [3]


def test_rows_of_zero_speed_are_kept_and_counted_aloud(maine: Workspace, tmp_path: Path) -> None:
    found = receipt(maine, bdc(tmp_path / "x.csv", Offer(1, technology=10, down=0, up=0), Offer(2, technology=10)))
    assert "1 rows are filed with speed 0/0: some service, no speed" in found.notes
    assert found.tables == {"availability": 2}


def test_a_file_of_one_provider_never_takes_the_place_of_the_states(maine: Workspace, tmp_path: Path) -> None:
    state = tmp_path / "bdc_23_FibertothePremises_fixed_broadband_D25_17mar2026.csv"
    add(maine, bdc(state, Offer(1), Offer(2, provider="130099")))
    older = tmp_path / "bdc_23_130077_fixed_broadband_D25_20apr2026.csv"
    (first,) = add(maine, bdc(older, Offer(1)))
    assert any("offers of provider 130077 alone" in note for note in first.receipt.notes)
    assert first.replaces == ()
    newer = tmp_path / "bdc_23_130077_fixed_broadband_D25_02may2026.csv"
    (second,) = add(maine, bdc(newer, Offer(1, down=500)))
    assert second.replaces == (older.name,)
    current = [part.path for part in maine.partitions("availability")]
    assert len(current) == 2
    assert sorted(maine.frame("availability")["location_id"]) == ["1000000001", "1000000001", "1000000002"]


def test_several_technologies_in_one_file_are_one_series(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / "x.csv", Offer(1, technology=40), Offer(1, technology=10)))
    assert [part.series for part in maine.partitions("availability")] == ["23/10+40"]


def test_counties_that_lost_their_zero_are_mended(tmp_path: Path) -> None:
    connecticut = start(tmp_path / "ct", "CT")
    path = summary(tmp_path / "bdc_us_J24_29apr2025.csv", ("9001", "0.9"), ("9110", "0.8"), ("23001", "0.7"))
    found = receipt(connecticut, path)
    frame = connecticut.frame("coverage_summary")
    assert frame["geography_id"].tolist() == ["09001", "09110"], "old counties and new planning regions are both there"
    assert frame["units"].tolist() == [1200, 1200]
    assert found.refused == {"rows of other states": 1}
    assert (found.as_of, found.revision) == ("2024-06-30", "2025-04-29")
    assert "2 county numbers had lost their leading zero; mended" in found.notes


def test_a_share_that_is_no_number_or_no_share_is_a_fault_with_its_row(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        add(maine, summary(tmp_path / "s.csv", ("23001", "0.5"), ("23003", "n/a"), ("23005", "1.2")))
    assert [(one.row, one.column) for one in caught.value.faults] == [
        (3, "speed_25_3 (our share_25_3)"),
        (4, "speed_25_3 (our share_25_3)"),
    ]


def test_a_summary_without_the_state_is_refused(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no row of Maine"):
        add(maine, summary(tmp_path / "s.csv", ("33001", "0.5")))


def test_blocks_that_a_spreadsheet_shortened_are_named_and_not_taken_for_another_state(
    maine: Workspace, tmp_path: Path
) -> None:
    offers = [Offer(number, block="2.3001E+14") for number in (1, 2)]
    with pytest.raises(BadInput, match=r"'2\.3001E\+14', expected 15 digits"):
        add(maine, bdc(tmp_path / "x.csv", *offers))
    with pytest.raises(BadInput, match="no row of Maine"):
        add(maine, bdc(tmp_path / "alabama.csv", Offer(1, block="10010201001000", state="AL")))


@pytest.mark.parametrize("program", ["program", "project_id"])
def test_funded_locations_come_from_the_funding_map_or_a_states_list(
    maine: Workspace, tmp_path: Path, program: str
) -> None:
    (tmp_path / "f.csv").write_text(f"location_id,{program}\n1000000001,RDOF\n1000000002,\n", encoding="utf-8")
    add(maine, tmp_path / "f.csv")
    assert maine.frame("funded_locations")["program"].tolist() == ["RDOF", "not named"]


def test_form_477_is_kept_apart_with_its_2010_blocks_and_match_rate(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / "x.csv", Offer(1), Offer(2, block=EAST_BLOCK)))
    old = ["230010101001000", "230019999001000", "230019999001001", "230019999001002"]
    found = receipt(maine, form_477(tmp_path / "ME-Fixed-Jun2021.csv", *[(block, 50) for block in old]))
    assert found.as_of == "2021-06-30"
    assert any(
        "1 of 4 (25%) carry a number that also occurs among the BDC's 2020 blocks" in note for note in found.notes
    )
    frame = maine.frame("form477")
    assert frame["provider_name"].tolist() == ["Télé Maine"] * 4
    assert maine.frame("availability")["block_geoid"].tolist() == [WEST_BLOCK, EAST_BLOCK]


def test_form_477_codes_are_its_own(maine: Workspace, tmp_path: Path) -> None:
    add(maine, form_477(tmp_path / "ME-Fixed-Dec2020.csv", (WEST_BLOCK, 43), (WEST_BLOCK, 12)))
    assert maine.frame("form477")["technology_477"].tolist() == [43, 12]
    with pytest.raises(BadInput, match="technology"):
        add(maine, bdc(tmp_path / "x.csv", Offer(1, technology=43)))
