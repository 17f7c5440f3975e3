"""Rhode Island from the publishers' own files: three layers of boundaries, school points, a state's enrollment list."""

from pathlib import Path

import pytest
from publishers import add, start

from infraplan.connectivity import areas, schools
from infraplan.errors import BadInput
from infraplan.workspace import Workspace

LEAS = """\
table = "enrollment"
title = "October 1 enrollment by LEA"
publisher = "State education agency"
as_of = 2024-10-01
[columns]
state_lea_id = "distcode"
name = "distname"
students = "total"
nslp_students = "FRL"
"""
EXCLUDE = '[exclude]\ndistname = ["State"]\n'
BANDWIDTH = """\
table = "circuits"
title = "District bandwidth, funding year 2015"
publisher = "EducationSuperHighway"
as_of = 2015-07-01
[columns]
lea_id = "nces_cd"
mbps = "total_ia_bw_mbps"
students = "num_students"
"""


@pytest.fixture(scope="module")
def files(real_data: Path) -> Path:
    folder = real_data / "connectivity" / "rhode_island"
    if not folder.is_dir():
        pytest.skip("the files of Rhode Island are not among the real data")
    return folder


@pytest.fixture(scope="module")
def island(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    where = start(tmp_path_factory.mktemp("ri") / "plan", "RI")
    national = files.parent / "us"
    add(
        where,
        *sorted(files.glob("tl_2025_44_*")),
        files / "edge_public_schools_2425.geojson",
        *sorted(national.glob("ccd_lea_029_2324*.zip")),
        *sorted(national.glob("ussd23.xls")),
    )
    return where


def test_three_layers_are_told_apart_and_the_polygon_of_nothing_left_out(island: Workspace) -> None:
    shapes = island.frame("district_shapes")
    assert shapes["area_layer"].value_counts().to_dict() == {"unified": 30, "elementary": 5, "secondary": 1}
    unified = next(one for one in island.receipts() if "unsd" in one.file)
    assert unified.refused == {"not a district (area not defined)": 1}


def test_areas_are_not_those_of_web_mercator(island: Workspace) -> None:
    shapes, _ = areas.district_shapes(island)
    own = shapes[shapes["area_layer"] != "secondary"]
    ratio = own.to_crs("EPSG:3857").area.sum() / own["land_square_meters"].sum()
    assert ratio == pytest.approx(1.79, abs=0.02), "1 / cos(latitude) squared, at 41.6 degrees north"


def test_all_316_schools_are_counted_also_those_of_leas_without_a_boundary(island: Workspace) -> None:
    table = schools.school_gaps(island, aim=schools.target("fcc-2014")).table
    assert table["schools"].sum() == 316
    roster = schools.school_roster(island)
    placeless = roster[~roster["lea_id"].isin(island.frame("district_shapes")["lea_id"])]
    assert len(placeless) == 45
    assert table["lea_id"].is_unique


def test_an_xls_file_is_read_from_its_third_row(island: Workspace) -> None:
    poverty = next(one for one in island.receipts() if one.file == "ussd23.xls")
    assert (poverty.rows_read, poverty.tables, poverty.as_of) == (13_144, {"district_poverty": 36}, "2023")


def test_the_states_total_row_is_refused_until_excluded_and_names_are_joined(
    island: Workspace, files: Path, tmp_path: Path
) -> None:
    path, mapping = files / "ri_enrollment_by_lea_2024-10-01.csv", tmp_path / "map.toml"
    mapping.write_text(LEAS, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        add(island, path, column_map=mapping)
    assert [one.kind for one in caught.value.faults] == ["TotalRow"]
    mapping.write_text(LEAS + EXCLUDE, encoding="utf-8")
    (taken,) = add(island, path, column_map=mapping)
    assert taken.receipt.rows_read == 65
    frame = island.frame("enrollment")
    assert frame["lea_id"].is_unique
    assert frame["students"].sum() <= 135_978
    assert frame["students"].sum() > 0.95 * 135_978


def test_national_bandwidth_with_nces_numbers_gives_gaps_and_says_how_old_it_is(
    island: Workspace, real_data: Path, tmp_path: Path
) -> None:
    path = real_data / "erate" / "esh_2015_2017" / "districts_us_fy2015.csv.gz"
    if not path.is_file():
        pytest.skip("the national list of district bandwidth is not among the real data")
    (tmp_path / "map.toml").write_text(BANDWIDTH, encoding="utf-8")
    (taken,) = add(island, path, column_map=tmp_path / "map.toml")
    assert taken.receipt.rows_read == 13_025
    gaps = schools.school_gaps(island, aim=schools.target("fcc-2014"))
    known = gaps.table.dropna(subset=["gap_mbps"])
    assert 20 < len(known) < len(gaps.table)
    assert (known["gap_mbps"] >= 0).all()
    assert any("years apart" in note for note in gaps.notes)
