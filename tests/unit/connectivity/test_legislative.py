"""State legislative districts, as the Census Bureau draws them."""

from collections.abc import Callable
from pathlib import Path

import commandline
import geopandas as gpd
import pandas as pd
import publishers
from shapely.geometry import box

from infraplan import tablefiles
from infraplan.workspace import Workspace

Command = Callable[..., commandline.Said]


def layer(folder: Path, name: str, columns: dict[str, list[str]], crs: str = "EPSG:4269") -> Path:
    """Squares side by side, one for each row, as a shapefile."""
    count = len(next(iter(columns.values())))
    shapes = [box(-70 + number / 10, 45, -69.9 + number / 10, 45.1) for number in range(count)]
    folder.mkdir(exist_ok=True)
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(folder / f"{name}.shp")
    return folder / f"{name}.shp"


def lower(**more: list[str]) -> dict[str, list[str]]:
    return {
        "STATEFP": ["23", "23", "23", "33"],
        "SLDLST": ["001", "0A2", "ZZZ", "001"],
        "GEOID": ["23001", "230A2", "23ZZZ", "33001"],
        "NAMELSAD": ["House 1", "House A2", "not defined", "Belknap 1"],
        "LSAD": ["LL"] * 4,
        "LSY": ["2024"] * 4,
    } | more


def test_a_chamber_is_known_by_its_header_and_kept_for_its_state_only(tmp_path: Path, maine: Workspace) -> None:
    publishers.add(maine, layer(tmp_path / "in", "tl_2025_23_sldl", lower()))
    frame = Workspace.open(maine.folder).frame("legislative_districts")
    assert frame["legislative_id"].tolist() == ["23001", "230A2"]
    assert frame["name"].tolist() == ["House 1", "House A2"]
    assert set(frame["chamber"]) == {"lower"}
    (receipt,) = Workspace.open(maine.folder).receipts()
    assert receipt.as_of == "2025"
    assert receipt.refused == {"area in no district": 1, "districts of other states": 1}


def test_both_chambers_stand_side_by_side(tmp_path: Path, maine: Workspace) -> None:
    upper = {name.replace("SLDLST", "SLDUST"): cells for name, cells in lower().items()}
    publishers.add(maine, layer(tmp_path / "in", "tl_2025_23_sldl", lower()))
    publishers.add(maine, layer(tmp_path / "in", "tl_2025_23_sldu", upper))
    frame = Workspace.open(maine.folder).frame("legislative_districts")
    assert frame["chamber"].value_counts().to_dict() == {"lower": 2, "upper": 2}


def test_both_chambers_exported_in_one_file_can_be_added_again(tmp_path: Path, maine: Workspace) -> None:
    upper = {name.replace("SLDLST", "SLDUST"): cells for name, cells in lower().items()}
    publishers.add(maine, layer(tmp_path / "in", "tl_2025_23_sldl", lower()))
    publishers.add(maine, layer(tmp_path / "in", "tl_2025_23_sldu", upper))
    tablefiles.write(maine.geoframe("legislative_districts"), tmp_path / "legislative.gpkg")
    again = publishers.start(tmp_path / "again")
    taken = publishers.add(again, tmp_path / "legislative.gpkg")[0].receipt
    assert not any("overlap" in note for note in taken.notes)
    had, has = (one.geoframe("legislative_districts").drop(columns="source_row") for one in (maine, again))
    pd.testing.assert_frame_equal(has, had, check_like=True)


def test_cartographic_boundaries_are_not_taken_for_school_districts(tmp_path: Path, maine: Workspace) -> None:
    columns = lower(NAME=["1", "A2", "none", "1"])
    del columns["NAMELSAD"]
    publishers.add(maine, layer(tmp_path / "in", "cb_2025_23_sldl_500k", columns))
    assert not Workspace.open(maine.folder).has("district_shapes")
    assert Workspace.open(maine.folder).frame("legislative_districts")["name"].tolist() == ["1", "A2"]


def test_another_state_is_refused_in_words(tmp_path: Path, infraplan: Command, maine: Workspace) -> None:
    columns = {name: cells[3:] for name, cells in lower().items()}
    said = infraplan("data", "add", layer(tmp_path / "in", "tl_2025_33_sldl", columns), "--workspace", maine.folder)
    assert said.code == 1
    assert "has nothing of Maine (FIPS 23)" in said.err
