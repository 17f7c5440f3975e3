"""Funded project areas: polygons in, grid cells kept, homes counted by area beside those on lists."""

import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from publishers import EAST_BLOCK, EAST_CELL, WEST_BOX, WEST_CELL, Offer, add, bdc, two_districts

from infraplan.connectivity import evidence, homes
from infraplan.errors import BadInput
from infraplan.workspace import Workspace

RULE = homes.home_rule("bead-2022")
ABOUT_PROGRAM = "agency_name,program_id,program_start_date,funding_obligated\nFCC,24,2020-10-29,6062445073\n"
ABOUT_PROJECTS = "project_id,program_id,build_req,loc_plan,loc_sup\n7001,24,100,40,40\n"


def areas(path: Path, *polygons: tuple[str, shapely.Geometry], crs: str = "EPSG:4326") -> Path:
    columns = {"project_id": [one[0] for one in polygons], "program_id": ["24"] * len(polygons)}
    gpd.GeoDataFrame(columns, geometry=[one[1] for one in polygons], crs=crs).to_file(path)
    return path


def packed(path: Path, *parts: Path, **texts: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts:
            archive.write(part, part.name)
        for name, text in texts.items():
            archive.writestr(f"{name}.csv", text)
    return path


def loaded(maine: Workspace, folder: Path) -> None:
    """Two homes in the west, one in the east, all unserved; two districts."""
    offers = [
        Offer(1, down=10, up=1),
        Offer(2, down=10, up=1),
        Offer(3, down=10, up=1, block=EAST_BLOCK, cell=EAST_CELL),
    ]
    add(maine, bdc(folder / "bdc_23_Cable_fixed_broadband_D25_17mar2026.csv", *offers), two_districts(folder))


def counts(maine: Workspace) -> dict[str, tuple[int, int]]:
    table = homes.home_gaps(maine, rule=RULE).table
    return {
        name: (int(funded), int(left))
        for name, funded, left in table[["name", "funded_locations", "unfunded_unserved"]].to_numpy().tolist()
    }


def test_the_funding_maps_archive_of_areas_is_counted_by_the_center_of_each_cell(
    maine: Workspace, tmp_path: Path
) -> None:
    loaded(maine, tmp_path)
    layer = areas(tmp_path / "areapolygons_program24_J23_12feb2024.gpkg", ("7001", WEST_BOX))
    path = packed(tmp_path / "fundingdata_program24.zip", layer, programdata_program24=ABOUT_PROGRAM)
    receipt = add(maine, path)[0].receipt
    assert (receipt.source, receipt.as_of, receipt.revision) == ("fcc_funding_areas", "2023-06-30", "2024-02-12")
    assert set(maine.frame("funded_cells")["project_id"]) == {"7001"}
    assert WEST_CELL in set(maine.frame("funded_cells")["h3_res8_id"])
    assert counts(maine) == {"West Unified": (2, 0), "East Unified": (0, 1)}
    assert any("center of each location's grid cell" in note for note in homes.home_gaps(maine, rule=RULE).notes)
    assert any("counted by area" in note for note in receipt.notes)


def test_areas_and_lists_count_together_and_each_home_once(maine: Workspace, tmp_path: Path) -> None:
    loaded(maine, tmp_path)
    add(maine, areas(tmp_path / "areas.geojson", ("7001", WEST_BOX)))
    (tmp_path / "list.csv").write_text("location_id,program\n1000000001,Grant\n1000000003,Grant\n", encoding="utf-8")
    add(maine, tmp_path / "list.csv")
    assert counts(maine) == {"West Unified": (2, 0), "East Unified": (1, 0)}
    gaps = homes.home_gaps(maine, rule=RULE)
    row = gaps.table[gaps.table["name"] == "West Unified"].iloc[0]
    told = {str(name): row[str(name)] for name in gaps.table}
    arithmetic = evidence.evidence(maine, "home_gaps", told, "funded_locations", gaps.about).arithmetic
    assert "2 such locations" in " ".join(arithmetic)


def test_tables_that_only_describe_a_list_of_locations_are_passed_over_aloud(maine: Workspace, tmp_path: Path) -> None:
    path = packed(
        tmp_path / "fundingdata_program18.zip",
        programdata=ABOUT_PROGRAM,
        locationattributes=ABOUT_PROJECTS,
        locations="project_id,location_id,lat,long\n7001,1000000001,,\n",
    )
    (taken,) = add(maine, path)
    assert taken.receipt.tables == {"funded_locations": 1}
    assert any("programdata.csv, locationattributes.csv" in note for note in taken.receipt.notes)


def test_areas_too_small_to_hold_a_center_are_counted_aloud_and_refused_where_all_are(
    maine: Workspace, tmp_path: Path
) -> None:
    speck = shapely.box(-70.2, 45.0, -70.1999, 45.0001)
    receipt = add(maine, areas(tmp_path / "some.geojson", ("7001", WEST_BOX), ("7002", speck)))[0].receipt
    assert receipt.refused == {"areas too small to contain the center of a grid cell": 1}
    with pytest.raises(BadInput, match=r"contains the center of a grid cell.*\n.*\n.*list of locations instead"):
        add(maine, areas(tmp_path / "speck.geojson", ("7002", speck)))


def test_areas_without_a_reference_system_or_that_are_no_areas_are_refused(maine: Workspace, tmp_path: Path) -> None:
    path = areas(tmp_path / "areas.shp", ("7001", WEST_BOX))
    path.with_suffix(".prj").unlink()
    with pytest.raises(BadInput, match="reference system"):
        add(maine, path)
    with pytest.raises(BadInput, match="not polygons"):
        add(maine, areas(tmp_path / "points.geojson", ("7001", shapely.Point(-70.1, 45.1))))


def test_a_newer_release_of_the_same_programs_areas_takes_the_olders_place(maine: Workspace, tmp_path: Path) -> None:
    add(maine, areas(tmp_path / "areapolygons_program24_J23_12feb2024.gpkg", ("7001", WEST_BOX)))
    newer = areas(tmp_path / "areapolygons_program24_D24_02jun2025.gpkg", ("7001", shapely.box(-70.2, 45, -70.1, 45.1)))
    (taken,) = add(maine, newer)
    assert taken.replaces == ("areapolygons_program24_J23_12feb2024.gpkg",)
