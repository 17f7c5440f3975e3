"""Boundaries, agencies, schools and children of the sample state."""

import csv
import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from infraplan.sample.names import told

LAYERS = ("unsd", "elsd", "scsd")


def layer(franklin: Path, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(franklin / f"connectivity/tl_2025_99_{name}.zip")


def directory(franklin: Path) -> pd.DataFrame:
    with zipfile.ZipFile(franklin / "connectivity/ccd_lea_029_2425_w_0a_050825.zip") as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".csv", ".sas7bdat"}
        content = next(archive.read(name) for name in archive.namelist() if name.endswith(".csv"))
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="latin-1")


def schools(franklin: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(franklin / "connectivity/edge_public_schools_2425.geojson")


def test_three_layers_hold_the_districts_asked_for_and_one_undefined_area(franklin: Path) -> None:
    layers = [layer(franklin, name) for name in LAYERS]
    every = pd.concat([frame["GEOID"] for frame in layers])
    assert every.str.fullmatch(r"99\d{5}").all()
    assert (~every.str.endswith("99997")).sum() == 20
    assert every.str.endswith("99997").sum() == 1
    assert all(frame.crs == CRS.from_epsg(4269) for frame in layers)


def test_unified_and_elementary_districts_touch_without_overlap(franklin: Path) -> None:
    flat = pd.concat([layer(franklin, "unsd"), layer(franklin, "elsd")]).geometry.to_numpy()
    assert shapely.is_valid(flat).all()
    assert shapely.coverage_is_valid(flat)


def test_a_secondary_district_covers_its_three_elementary_ones_exactly(franklin: Path) -> None:
    above, below = layer(franklin, "scsd").to_crs(5070), layer(franklin, "elsd").to_crs(5070)
    assert len(below) == 3 * len(above)
    assert above.union_all().symmetric_difference(below.union_all()).area == pytest.approx(0, abs=1e4)


def test_borders_are_irregular(franklin: Path) -> None:
    shapes = layer(franklin, "unsd").to_crs(5070).geometry
    assert shapes.count_coordinates().median() > 40
    boxes = shapes.envelope.area
    assert (shapes.area / boxes).median() < 0.85


def test_ground_areas_are_those_of_the_shapes(franklin: Path) -> None:
    frame = layer(franklin, "unsd")
    assert frame["ALAND"].to_numpy() == pytest.approx(frame.to_crs(5070).area.to_numpy(), rel=1e-6)
    assert 2e8 < frame["ALAND"].mean() < 2e9


def test_the_directory_has_the_58_columns_and_agencies_without_a_boundary(franklin: Path) -> None:
    frame = directory(franklin)
    assert list(frame.columns) == told("ccd")["header"]
    assert len(frame.columns) == 58
    assert frame["LEAID"].is_unique
    assert {"1", "3", "4", "5", "7"} <= set(frame["LEA_TYPE"])
    drawn = set(pd.concat([layer(franklin, name)["GEOID"] for name in LAYERS]))
    without = frame[~frame["LEAID"].isin(drawn)]
    assert set(without["LEA_TYPE"]) >= {"3", "4", "5", "7"}
    assert (frame["SY_STATUS"] == "2").sum() == 1


def test_names_have_a_comma_an_apostrophe_and_an_accent(franklin: Path) -> None:
    towns = directory(franklin)
    words = " ".join(towns["LEA_NAME"]) + " ".join(towns["LCITY"])
    assert "," in " ".join(towns["LEA_NAME"])
    assert "'" in words
    assert any(ord(letter) > 127 for letter in words)
    assert towns["LEA_NAME"].is_unique


def test_schools_stand_in_their_own_district(franklin: Path) -> None:
    shapes = pd.concat([layer(franklin, name) for name in LAYERS])[["GEOID", "geometry"]]
    points = schools(franklin).to_crs(4269)
    drawn = points[points["LEAID"].isin(shapes["GEOID"])]
    joined = drawn.sjoin(gpd.GeoDataFrame(shapes, crs=4269), predicate="within")
    assert set(joined.loc[joined["LEAID"] == joined["GEOID"], "NCESSCH"]) == set(drawn["NCESSCH"])
    assert (points["NCESSCH"].str[:7] == points["LEAID"]).all()
    assert len(drawn) < len(points)


def test_school_points_have_the_publishers_properties(franklin: Path) -> None:
    told_of = json.loads((franklin / "connectivity/edge_public_schools_2425.geojson").read_text(encoding="utf-8"))
    assert list(told_of["features"][0]["properties"]) == [
        "NCESSCH", "LEAID", "NAME", "LEA_NAME", "STREET", "CITY", "STATE", "ZIP", "STFIP", "LAT", "LON", "SCHOOLYEAR",
    ]  # fmt: skip


def test_enrollment_holds_a_total_row_that_doubles_the_sum(franklin: Path) -> None:
    text = (franklin / "connectivity/franklin_enrollment_by_lea_2025-10-01.csv").read_text(encoding="utf-8")
    assert text.startswith("\ufeff")
    frame = pd.read_csv(io.StringIO(text.lstrip("\ufeff")), dtype=str, thousands=",").dropna(how="all")
    total = frame["total"].str.replace(",", "").astype(int)
    assert total[frame["distname"] == "State"].item() * 2 == total.sum()
    assert frame["total"].str.contains(",").any()
    grades = frame.columns[3:-1]
    assert (frame[grades].replace(",", "", regex=True).astype(int).sum(axis=1) == total).all()


def test_state_codes_join_enrollment_to_the_directory(franklin: Path) -> None:
    codes = set(directory(franklin)["ST_LEAID"].str.removeprefix("FK-"))
    frame = pd.read_csv(franklin / "connectivity/franklin_enrollment_by_lea_2025-10-01.csv", dtype=str)
    assert set(frame["distcode"].dropna()) <= codes


def test_poverty_estimates_start_in_row_three_and_count_overlaps_by_grade(franklin: Path) -> None:
    frame = pd.read_excel(
        franklin / "connectivity/ussd24.xlsx",
        header=2,
        engine="openpyxl",
        dtype={"District ID": str, "State FIPS Code": str},
    )
    assert len(frame) == 20
    assert frame["District ID"].str.fullmatch(r"\d{5}").all()
    poor = frame.iloc[:, 6] / frame.iloc[:, 5]
    assert poor.between(0, 0.6).all()
    assert poor.std() > 0.03


def test_acs_table_has_the_publishers_shape_and_its_jam_values(franklin: Path) -> None:
    raw = (franklin / "connectivity/ACSST5Y2023.S2802-Data.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows[0]) == 311
    assert rows[0][-2:] == ["S2802_C07_022M", ""]
    assert rows[1][:2] == ["Geography", "Geographic Area Name"]
    cells = {cell for row in rows[2:] for cell in row}
    assert {"-", "**", "-666666666", "-222222222"} <= cells
    assert all(len(row) == 311 for row in rows)


def test_children_with_and_without_access_add_up(franklin: Path) -> None:
    frame = pd.read_csv(franklin / "connectivity/ACSST5Y2023.S2802-Data.csv", skiprows=[1], dtype=str)
    parts = {k: frame[f"S2802_C0{k}_002E"].astype(float) for k in (1, 2, 4, 6)}
    assert np.allclose(parts[1], parts[2] + parts[4] + parts[6])
    assert 0.6 < parts[2].sum() / parts[1].sum() < 0.97


def test_tracts_cover_the_state_and_hold_the_acs_rows(franklin: Path) -> None:
    tracts = layer(franklin, "tract")
    assert shapely.coverage_is_valid(tracts.geometry.to_numpy())
    frame = pd.read_csv(franklin / "connectivity/ACSST5Y2023.S2802-Data.csv", skiprows=[1], dtype=str)
    assert set(frame["GEO_ID"].str.removeprefix("1400000US")) == set(tracts["GEOID"])
    state = pd.concat([layer(franklin, "unsd"), layer(franklin, "elsd")])
    assert tracts.to_crs(5070).area.sum() == pytest.approx(state.to_crs(5070).area.sum(), rel=1e-6)


def test_some_districts_are_short_of_bandwidth_and_some_did_not_answer(franklin: Path) -> None:
    frame = pd.read_csv(franklin / "connectivity/franklin_district_bandwidth_fy2026.csv", dtype={"nces_cd": str})
    known = frame[frame["total_ia_bw_mbps"].notna()]
    short = (known["total_ia_bw_mbps"] < known["num_students"]).mean()
    assert 0.08 < short < 0.5
    assert set(frame["nces_cd"]) <= set(directory(franklin)["LEAID"])
