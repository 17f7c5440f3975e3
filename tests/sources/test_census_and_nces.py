"""Loaders of Census and NCES files, on small files in the publishers' true shapes."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from publishers import (
    EAST,
    EAST_BOX,
    WEST,
    WEST_BOX,
    add,
    block_relation,
    ccd_lea,
    ccd_lea_row,
    contents,
    csv_text,
    edge,
    edge_row,
    s2802,
    shapes,
    start,
    tracts,
    two_districts,
)

from infraplan import states, tablefiles
from infraplan.errors import BadInput
from infraplan.receipts import Receipt
from infraplan.workspace import Workspace

ACS = "ACSST5Y2022.S2802-Data.csv"


def receipt(where: Workspace, path: Path, source: str | None = None) -> Receipt:
    return add(where, path, source=source)[0].receipt


# --- boundaries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tl_2025_23_unsd.shp", "tl_2025_23_unsd.zip", "unsd.gpkg", "unsd.geojson"])
def test_boundaries_come_as_shapefile_set_zip_geopackage_or_geojson(
    maine: Workspace, tmp_path: Path, name: str
) -> None:
    add(maine, shapes(tmp_path / name, (WEST, "West Unified", WEST_BOX), (EAST, "East Unified", EAST_BOX)))
    frame = maine.geoframe("district_shapes")
    assert frame[["lea_id", "name", "area_layer"]].to_numpy().tolist() == [
        [WEST, "West Unified", "unified"],
        [EAST, "East Unified", "unified"],
    ]
    assert frame.geometry.iloc[0].equals_exact(WEST_BOX, 1e-6) or frame.geometry.iloc[0].equals(WEST_BOX)
    assert frame.crs == "EPSG:4326"


@pytest.mark.parametrize("ending", ["gpkg", "geojson"])
def test_exported_shapes_can_be_added_again_with_their_layers(maine: Workspace, tmp_path: Path, ending: str) -> None:
    add(maine, shapes(tmp_path / "elsd.gpkg", (WEST, "West", WEST_BOX), layer="elementary"))
    add(maine, shapes(tmp_path / "scsd.gpkg", (EAST, "Both", shapely.union(WEST_BOX, EAST_BOX)), layer="secondary"))
    add(maine, tracts(tmp_path / "tl_2025_23_tract.shp", ("23001010100", WEST_BOX), ("23003950200", EAST_BOX)))
    again = start(tmp_path / "again")
    for table in ("district_shapes", "tract_shapes"):
        path = tmp_path / f"{table}.{ending}"
        tablefiles.write(maine.geoframe(table), path)
        taken = receipt(again, path)
        assert taken.publisher == "the state (shapes exported from a workspace)"
        assert not any("overlap" in note for note in taken.notes)
        had, has = (one.geoframe(table).drop(columns="source_row") for one in (maine, again))
        pd.testing.assert_frame_equal(has, had, check_like=True)


@pytest.mark.parametrize("layer", ["unified", "elementary", "secondary", "administrative", "unknown"])
def test_the_layer_is_known_by_the_column_that_is_filled(maine: Workspace, tmp_path: Path, layer: str) -> None:
    add(maine, shapes(tmp_path / "x.gpkg", (WEST, "West", WEST_BOX), layer=layer))
    assert maine.frame("district_shapes")["area_layer"].tolist() == [layer]


def test_the_composite_file_tells_layers_apart_though_unset_columns_hold_a_blank(
    maine: Workspace, tmp_path: Path
) -> None:
    frame = gpd.GeoDataFrame(
        {
            "GEOID": [WEST, EAST],
            "NAME": ["West", "East"],
            "ELSDLEA": ["00001", " "],
            "SCSDLEA": [" ", " "],
            "UNSDLEA": [" ", "00002"],
            "SDADMLEA": [" ", " "],
            "GEO_YEAR": ["2024", "2024"],
        },
        geometry=[WEST_BOX, EAST_BOX],
        crs="EPSG:4269",
    )
    frame.to_file(tmp_path / "edge.gpkg")
    assert receipt(maine, tmp_path / "edge.gpkg").as_of == "2024"
    assert maine.frame("district_shapes")["area_layer"].tolist() == ["elementary", "unified"]


def test_the_full_geoid_tells_the_layer_where_no_column_does(maine: Workspace, tmp_path: Path) -> None:
    columns = {"GEOID": [WEST, EAST], "NAME": ["W", "E"], "GEOIDFQ": [f"9500000US{WEST}", f"9600000US{EAST}"]}
    gpd.GeoDataFrame(columns, geometry=[WEST_BOX, EAST_BOX], crs="EPSG:4269").to_file(tmp_path / "x.gpkg")
    add(maine, tmp_path / "x.gpkg")
    assert maine.frame("district_shapes")["area_layer"].tolist() == ["elementary", "secondary"]


def test_the_polygon_of_what_is_not_defined_and_other_states_are_left_out(maine: Workspace, tmp_path: Path) -> None:
    found = receipt(
        maine,
        shapes(
            tmp_path / "x.gpkg",
            (WEST, "West", WEST_BOX),
            ("2399997", "School District Not Defined", EAST_BOX),
            ("3300001", "Conway", EAST_BOX),
        ),
    )
    assert found.refused == {"not a district (area not defined)": 1, "districts of other states": 1}
    assert maine.frame("district_shapes")["lea_id"].tolist() == [WEST]
    assert maine.frame("district_shapes")["source_row"].tolist() == [1]


def test_areas_are_in_the_states_equal_area_projection(tmp_path: Path) -> None:
    """Rhode Island in web mercator would be about 1.9 times as large."""
    island = start(tmp_path / "ri", "RI")
    box = shapely.box(-71.8, 41.4, -71.2, 42.0).segmentize(0.01)
    add(island, shapes(tmp_path / "x.gpkg", ("4400001", "Statewide", box)))
    area = float(island.frame("district_shapes")["land_square_meters"].iloc[0])
    equal = float(gpd.GeoSeries([box], crs="EPSG:4269").to_crs("EPSG:5070").area.iloc[0])
    assert area == pytest.approx(equal, rel=1e-6)
    assert float(gpd.GeoSeries([box], crs=4326).to_crs("EPSG:3857").area.iloc[0]) / area == pytest.approx(1.8, abs=0.1)
    assert states.by_usps("RI").crs == "EPSG:5070"


def test_a_file_in_another_reference_system_is_brought_to_longitude_and_latitude(
    maine: Workspace, tmp_path: Path
) -> None:
    mercator = gpd.GeoDataFrame({"GEOID": [WEST], "NAME": ["W"]}, geometry=[WEST_BOX], crs=4326).to_crs("EPSG:3857")
    mercator.to_file(tmp_path / "web.gpkg")
    add(maine, tmp_path / "web.gpkg")
    assert maine.geoframe("district_shapes").geometry.iloc[0].equals_exact(WEST_BOX, 1e-6)


def test_rings_that_cross_themselves_are_mended_and_said(maine: Workspace, tmp_path: Path) -> None:
    bowtie = shapely.Polygon([(-70.2, 45.0), (-70.0, 45.2), (-70.0, 45.0), (-70.2, 45.2), (-70.2, 45.0)])
    found = receipt(maine, shapes(tmp_path / "x.gpkg", (WEST, "Bowtie", bowtie)))
    assert any("1 shapes had rings that cross themselves; mended" in note for note in found.notes)
    (shape,) = maine.geoframe("district_shapes").geometry
    assert shape.is_valid
    assert shape.geom_type == "MultiPolygon"


def test_points_are_no_boundaries(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="shapes that are not polygons: Point"):
        add(maine, shapes(tmp_path / "x.gpkg", (WEST, "West", shapely.Point(-70, 45))))


@pytest.mark.parametrize("empty", [None, shapely.Polygon()])
def test_a_district_without_a_shape_is_refused_with_its_row(
    maine: Workspace, tmp_path: Path, empty: shapely.Geometry | None
) -> None:
    path = shapes(tmp_path / "unsd.gpkg", (WEST, "West", WEST_BOX), (EAST, "East", empty))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"1 of 2 rows of unsd.gpkg have no shape\n  where: unsd.gpkg, row 2"):
        add(maine, path)


def test_meters_called_degrees_and_latitude_before_longitude_are_refused(maine: Workspace, tmp_path: Path) -> None:
    there = gpd.GeoDataFrame({"GEOID": [WEST], "NAME": ["West"]}, geometry=[WEST_BOX], crs="EPSG:4326")
    meters = json.loads(there.to_crs("EPSG:3857").to_json())
    meters.pop("crs", None)
    turned = json.loads(there.set_geometry(shapely.transform(there.geometry, lambda at: at[:, ::-1])).to_json())
    for name, told in (("meters.geojson", meters), ("turned.geojson", turned)):
        (tmp_path / name).write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(BadInput, match=f"the shapes of {name} do not lie in the United States"):
            add(maine, tmp_path / name)
    assert not maine.has("district_shapes")


def test_of_several_layers_the_known_one_is_read_and_the_others_are_named(maine: Workspace, tmp_path: Path) -> None:
    path = shapes(tmp_path / "unsd.gpkg", (WEST, "West", WEST_BOX))
    roads = gpd.GeoDataFrame({"road": ["Route 1"]}, geometry=[WEST_BOX], crs="EPSG:4326")
    both = tmp_path / "all.gpkg"
    roads.to_file(both, layer="roads")
    gpd.read_file(path).to_file(both, layer="districts")
    taken = receipt(maine, both)
    assert "the layer 'districts' was read; not read: 'roads'; give each as a file of its own" in taken.notes
    assert maine.geoframe("district_shapes")["lea_id"].tolist() == [WEST]


def test_two_polygons_of_one_district_are_named(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lea_id \\+ area_layer must be unique"):
        add(maine, shapes(tmp_path / "x.gpkg", (WEST, "West", WEST_BOX), (WEST, "West again", EAST_BOX)))


def test_numbers_of_districts_that_lost_their_zero_are_mended_and_said(tmp_path: Path) -> None:
    alabama = start(tmp_path / "al", "AL")
    found = receipt(alabama, shapes(tmp_path / "x.gpkg", ("100005", "Albertville", WEST_BOX), layer="unknown"))
    assert alabama.frame("district_shapes")["lea_id"].tolist() == ["0100005"]
    assert "1 district numbers had lost their leading zero; mended" in found.notes


def test_a_shapefile_without_its_parts_is_refused(maine: Workspace, tmp_path: Path) -> None:
    shapes(tmp_path / "x.shp", (WEST, "West", WEST_BOX))
    for ending in (".shx", ".dbf"):
        (tmp_path / "x.shp").with_suffix(ending).unlink()
    before = contents(maine.folder)
    with pytest.raises(BadInput):
        add(maine, tmp_path / "x.shp")
    assert contents(maine.folder) == before


# --- directories ----------------------------------------------------------------------------------------------------


def test_the_district_directory_keeps_its_states_agencies_and_accents(maine: Workspace, tmp_path: Path) -> None:
    path = ccd_lea(
        tmp_path / "ccd.csv",
        ccd_lea_row(WEST, "École de Fort Kent", kind=7, schools=-1),
        ccd_lea_row("2300099", "Union 99", kind=3, schools=0),
        ccd_lea_row("100005", "Albertville City"),
    )
    found = receipt(maine, path)
    assert found.refused == {"agencies of other states": 1}
    assert found.as_of == "2023"
    frame = maine.frame("districts")
    assert frame["name"].tolist() == ["École de Fort Kent", "Union 99"]
    assert frame["operational_schools"].isna().tolist() == [True, False], "-1 is not reported, and no zero"
    assert frame["lea_type"].tolist() == [7, 3]


def test_a_directory_without_the_state_is_refused(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing of Maine"):
        add(maine, ccd_lea(tmp_path / "ccd.csv", ccd_lea_row("100005", "Albertville City")))


def test_negative_enrollment_codes_are_null_and_zero_is_zero(maine: Workspace, tmp_path: Path) -> None:
    rows = [
        edge_row(f"23000010000{n}", f"S{n}", members=members)
        for n, members in enumerate([-1, -2, -9, 0, 12, "3,294", ""])
    ]
    add(maine, edge(tmp_path / "edge.csv", *rows))
    counts = maine.frame("schools")["students"]
    assert counts.isna().tolist() == [True, True, True, False, False, False, True]
    assert counts.dropna().tolist() == [0, 12, 3294]


def test_a_locale_is_its_two_digits_however_it_is_written(maine: Workspace, tmp_path: Path) -> None:
    told = ["43", "43-Rural: Remote", "21-Suburb: Large", "-1"]
    rows = [edge_row(f"{WEST}0000{n}", f"School {n}", locale=locale) for n, locale in enumerate(told)]
    add(maine, edge(tmp_path / "edge.csv", *rows))
    found = maine.frame("schools")["locale"]
    assert found.fillna("none").tolist() == ["43", "43", "21", "none"]


def test_latitude_given_for_longitude_is_refused(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"lat is '-70\.1', expected a number from -15 to 72"):
        add(maine, edge(tmp_path / "edge.csv", edge_row(f"{WEST}00001", "School", lon=45.1, lat=-70.1)))


def test_a_school_at_zero_zero_has_no_point(maine: Workspace, tmp_path: Path) -> None:
    found = receipt(maine, edge(tmp_path / "edge.csv", edge_row("230000100001", "S", lat=0, lon=0)))
    assert found.notes == ("1 schools have no point (0, 0)",)
    assert maine.frame("schools")[["lon", "lat"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("code", "virtual"),
    [("FULLVIRTUAL", True), ("FACEVIRTUAL", False), ("NOTVIRTUAL", False), ("MISSING", None), ("", None), ("-1", None)],
)
def test_virtual_schools_are_known_by_their_code(
    maine: Workspace, tmp_path: Path, code: str, virtual: bool | None
) -> None:
    add(maine, edge(tmp_path / "edge.csv", edge_row("230000100001", "S", virtual=code)))
    (found,) = maine.frame("schools")["virtual"]
    assert found is virtual or found == virtual


def test_school_points_come_as_geojson_with_numbers_for_text(maine: Workspace, tmp_path: Path) -> None:
    own = {"NCESSCH": "230000100001", "LEAID": WEST, "SCH_NAME": "High", "LATCOD": 45.1, "LONCOD": -70.1, "MEMBER": 12}
    other = {**own, "NCESSCH": "330000100001", "LEAID": "3300001"}
    features = [
        {
            "type": "Feature",
            "properties": one,
            "geometry": {"type": "Point", "coordinates": [one["LONCOD"], one["LATCOD"]]},
        }
        for one in (own, other)
    ]
    path = tmp_path / "edge.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    assert receipt(maine, path).refused == {"schools of other states": 1}
    frame = maine.frame("schools")
    assert frame[["ncessch", "lon", "lat", "students"]].to_numpy().tolist() == [["230000100001", -70.1, 45.1, 12]]


def test_the_geocode_layer_has_no_enrollment_and_says_none(maine: Workspace, tmp_path: Path) -> None:
    header = ["NCESSCH", "LEAID", "NAME", "STFIP", "LOCALE", "LAT", "LON", "SCHOOLYEAR"]
    row = ["230000100001", WEST, "High", "23", "41", "45.1", "-70.1", "2024-2025"]
    (tmp_path / "geo.csv").write_text(csv_text(header, [row]), encoding="utf-8")
    assert receipt(maine, tmp_path / "geo.csv").as_of == "2024"
    frame = maine.frame("schools")
    assert frame["locale"].tolist() == ["41"]
    assert frame["students"].isna().all()


# --- census ---------------------------------------------------------------------------------------------------------


def test_the_label_row_and_repeated_rows_are_left_out_and_counted(maine: Workspace, tmp_path: Path) -> None:
    row = ("1400000US23001010100", 100, 10, 60, 8)
    found = receipt(maine, s2802(tmp_path / ACS, row, row, ("1400000US33001010100", 1, 1, 1, 1)))
    assert found.refused == {
        "label row": 1,
        "rows repeated word for word": 1,
        "areas of other states or kinds": 1,
    }
    assert (found.as_of, found.rows_read) == ("2022", 4)
    assert maine.frame("household_internet")["source_row"].tolist() == [3, 3]


def test_areas_are_known_by_their_geo_id(maine: Workspace, tmp_path: Path) -> None:
    ids = ["0400000US23", "0500000US23001", "1400000US23001010100", "9500000US2300001", "1600000US2302060"]
    found = receipt(maine, s2802(tmp_path / ACS, *[(one, 100, 10, 60, 8) for one in ids]))
    assert found.refused["areas of other states or kinds"] == 1, "a place is neither of the four"
    frame = maine.frame("household_internet").query("measure == 'children'")
    assert frame[["geoid", "geo_kind"]].to_numpy().tolist() == [
        ["23", "state"],
        ["23001", "county"],
        ["23001010100", "tract"],
        ["2300001", "district"],
    ]


@pytest.mark.parametrize(
    ("cell", "estimate"),
    [
        ("150", 150.0),
        ("1,204", 1204.0),
        ("-666666666", None),
        ("-999999999", None),
        ("-888888888", None),
        ("(X)", None),
    ],
)
def test_a_jam_value_is_no_estimate(maine: Workspace, tmp_path: Path, cell: str, estimate: float | None) -> None:
    add(maine, s2802(tmp_path / ACS, ("1400000US23001010100", 5000, 10, cell, 8)))
    (found,) = maine.frame("household_internet").query("measure == 'children_with_access'")["estimate"]
    assert pd.isna(found) if estimate is None else found == estimate


@pytest.mark.parametrize(
    ("cell", "margin"),
    [("71", 71.0), ("-555555555", 0.0), ("*****", 0.0), ("-222222222", None), ("-333333333", None), ("**", None)],
)
def test_a_controlled_estimate_has_margin_zero_and_other_codes_none(
    maine: Workspace, tmp_path: Path, cell: str, margin: float | None
) -> None:
    add(maine, s2802(tmp_path / ACS, ("1400000US23001010100", 100, cell, 60, 8)))
    (found,) = maine.frame("household_internet").query("measure == 'children'")["margin"]
    assert pd.isna(found) if margin is None else found == margin


def test_a_table_saved_as_the_site_shows_it_says_which_download_to_take(maine: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "ACSST5Y2023.S2802-2026-11-22T101010.csv"
    header = [
        "Label (Grouping)",
        "Census Tract 1; Maine!!Total!!Estimate",
        "Census Tract 1; Maine!!Total!!Margin of Error",
    ]
    path.write_text(csv_text(header, [["Under 18 years", "1,204", "±99"]]), encoding="utf-8-sig")
    with pytest.raises(BadInput, match="choose Download, then ZIP, there"):
        add(maine, path)


def test_detailed_tables_are_known_too(maine: Workspace, tmp_path: Path) -> None:
    names = ["B28005_002E", "B28005_002M", "B28005_005E", "B28005_005M"]
    text = csv_text(["GEO_ID", "NAME", *names], [["Geography", "", *names], ["1400000US23001010100", "T", 9, 1, 4, 2]])
    (tmp_path / "ACSDT5Y2023.B28005-Data.csv").write_text(text, encoding="utf-8")
    found = receipt(maine, tmp_path / "ACSDT5Y2023.B28005-Data.csv")
    assert found.as_of == "2023"
    assert maine.frame("household_internet")[["measure", "estimate"]].to_numpy().tolist() == [
        ["children", 9.0],
        ["children_with_access", 4.0],
    ]


def test_saipe_is_read_from_its_header_in_row_three(maine: Workspace, tmp_path: Path) -> None:
    header = ["State Postal Code", "State FIPS Code", "District ID", "Name", "Estimated Total Population"]
    header += ["Estimated Population 5-17"]
    header += ["Estimated number of relevant children 5 to 17 years old in poverty who are related to the householder"]
    rows = [
        header,
        ["ME", 23, 1, "West", 2000, 300, 60],
        ["ME", "23", "00002", "East", 900, 120, 0],
        ["NH", 33, 1, "Conway", 1, 1, 1],
    ]
    blank = [None] * (len(header) - 1)
    sheet = pd.DataFrame([["Table 1", *blank], ["2023 Poverty Estimates", *blank], *rows], dtype=object)
    sheet.to_excel(tmp_path / "ussd23.xlsx", index=False, header=False)
    found = receipt(maine, tmp_path / "ussd23.xlsx")
    assert (found.as_of, found.refused) == ("2023", {"districts of other states": 1})
    frame = maine.frame("district_poverty")
    assert frame["lea_id"].tolist() == [WEST, EAST]
    assert frame[["children_5_17", "children_5_17_poverty"]].to_numpy().tolist() == [[300, 60], [120, 0]]
    assert frame["source_row"].tolist() == [4, 5]


def test_the_block_file_takes_its_layer_from_the_publishers_name(maine: Workspace, tmp_path: Path) -> None:
    blocks = [("230010101001000", "00001"), ("230010101001001", "99997"), ("230010101001002", "")]
    found = receipt(maine, block_relation(tmp_path / "BlockAssign_ST23_ME_SDELM.txt", *blocks))
    assert found.refused["blocks in no district of this layer"] == 2
    assert maine.frame("block_districts")[["lea_id", "area_layer"]].to_numpy().tolist() == [[WEST, "elementary"]]
    with pytest.raises(BadInput, match="may hold any kind of district"):
        add(maine, block_relation(tmp_path / "blocks.txt", *blocks[:1]))


def test_exported_boundaries_are_shapes_again(maine: Workspace, tmp_path: Path) -> None:
    add(maine, two_districts(tmp_path))
    tablefiles.write(maine.geoframe("district_shapes"), tmp_path / "out.geojson")
    assert gpd.read_file(tmp_path / "out.geojson")["lea_id"].tolist() == [WEST, EAST]


# --- archives as the publishers pack them -----------------------------------------------------------------------------


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_the_archive_of_the_census_site_is_taken_with_its_notes_beside_the_data(
    maine: Workspace, tmp_path: Path
) -> None:
    data = s2802(tmp_path / ACS, ("1400000US23001010100", 100, 10, 90, 10))
    parts = {
        "ACSST5Y2022.S2802-Column-Metadata.csv": b"Column Name,Label\nGEO_ID,Geography\nNAME,Geographic Area Name\n",
        ACS: data.read_bytes(),
        "ACSST5Y2022.S2802-Table-Notes.txt": b"Although the survey counts people, households, and homes, it errs.\n",
    }
    found = receipt(maine, packed(tmp_path / "ACSST5Y2022.S2802_2026-01-01T000000.zip", parts))
    assert maine.frame("household_internet")["estimate"].tolist() == [100.0, 90.0]
    assert any("S2802-Column-Metadata.csv, ACSST5Y2022.S2802-Table-Notes.txt" in note for note in found.notes)


def test_school_points_come_as_text_and_workbook_in_one_archive_and_count_once(
    maine: Workspace, tmp_path: Path
) -> None:
    points = pd.read_csv(edge(tmp_path / "points.csv", edge_row("230000100001", "West High")), dtype=str)
    points.to_excel(tmp_path / "points.xlsx", index=False)
    folder = "EDGE_GEOCODE_PUBLICSCH_2425"
    parts = {
        f"{folder}/{folder}.TXT": points.to_csv(sep="|", index=False).encode(),
        f"{folder}/{folder}.xlsx": (tmp_path / "points.xlsx").read_bytes(),
        f"{folder}/{folder}.sas7bdat": b"not for us",
        f"{folder}/Shapefile_SCH.zip": b"not opened",
        f"{folder}/README.txt": b"what is what\n",
    }
    found = receipt(maine, packed(tmp_path / f"{folder}.zip", parts))
    assert maine.frame("schools")["ncessch"].tolist() == ["230000100001"]
    assert any(f"the same in another format: {folder}.xlsx" in note for note in found.notes)


def test_school_points_and_directories_saved_as_a_workbook_are_taken(maine: Workspace, tmp_path: Path) -> None:
    points = edge(tmp_path / "points.csv", edge_row("230000100001", "West High"))
    directory = ccd_lea(tmp_path / "lea.csv", ccd_lea_row(WEST, "West"))
    for path in (points, directory):
        pd.read_csv(path, dtype=str).to_excel(path.with_suffix(".xlsx"), index=False)
        add(maine, path.with_suffix(".xlsx"))
    assert maine.frame("schools")["ncessch"].tolist() == ["230000100001"]
    assert maine.frame("districts")["lea_id"].tolist() == [WEST]


def test_of_all_block_assignments_of_a_state_those_of_school_districts_are_read(
    maine: Workspace, tmp_path: Path
) -> None:
    others = {"AIANNH": "AIANNHCE|COMPTYP", "CD": "DISTRICT", "SLDU": "DISTRICT", "VTD": "COUNTYFP|DISTRICT"}
    parts = {
        f"BlockAssign_ST23_ME_{kind}.txt": f"BLOCKID|{columns}\n230010101001000|01\n".encode()
        for kind, columns in others.items()
    }
    parts["BlockAssign_ST23_ME_SDUNI.txt"] = f"BLOCKID|DISTRICT\n230010101001000|{WEST[2:]}\n".encode()
    add(maine, packed(tmp_path / "BlockAssign_ST23_ME.zip", parts))
    assert maine.frame("block_districts")[["lea_id", "area_layer"]].to_numpy().tolist() == [[WEST, "unified"]]


def test_a_known_table_in_a_format_its_source_does_not_come_in_is_told_how_to_save_it(
    maine: Workspace, tmp_path: Path
) -> None:
    columns = ["GEOID", "NAME", "LOGRADE", "HIGRADE", "FUNCSTAT", "UNSDLEA"]
    pd.DataFrame([[""] * len(columns)], columns=columns).to_csv(tmp_path / "districts.csv", index=False)
    with pytest.raises(BadInput, match=r"it has the columns of School district boundaries, which comes as a set of"):
        add(maine, tmp_path / "districts.csv")


# --- membership -------------------------------------------------------------------------------------------------------

MEMBERSHIP = (
    *("SCHOOL_YEAR", "FIPST", "LEA_NAME", "ST_LEAID", "LEAID", "GRADE", "RACE_ETHNICITY", "SEX"),
    *("STUDENT_COUNT", "TOTAL_INDICATOR"),
)


def test_of_the_long_membership_file_only_the_total_of_each_district_counts(maine: Workspace, tmp_path: Path) -> None:
    none = "No Category Codes"
    rows = [
        ("2024-2025", "23", "West", "ME-1", WEST, "Grade 1", "White", "Male", 10, "Category Set A"),
        ("2024-2025", "23", "West", "ME-1", WEST, "Grade 1", none, none, 40, "Subtotal 4 - By Grade"),
        ("2024-2025", "23", "West", "ME-1", WEST, none, none, none, 100, "Education Unit Total"),
        ("2024-2025", "33", "Concord", "NH-1", "3302460", none, none, none, 900, "Education Unit Total"),
    ]
    path = tmp_path / "ccd_lea_052_2425_l_1a_073025.csv"
    path.write_text(csv_text(MEMBERSHIP, rows), encoding="utf-8")
    taken = receipt(maine, path)
    assert taken.refused == {"rows of other states": 1, "parts of a district's total": 2}
    assert maine.frame("enrollment")[["lea_id", "students"]].to_numpy().tolist() == [[WEST, 100]]


def test_membership_by_school_is_no_enrollment_by_district_and_says_what_to_add(
    maine: Workspace, tmp_path: Path
) -> None:
    none = "No Category Codes"
    row = ("2024-2025", "23", "West", "ME-1", WEST, none, none, none, 100, "Education Unit Total", f"{WEST}00001")
    path = tmp_path / "ccd_sch_052_2425_l_1a_073025.csv"
    path.write_text(csv_text((*MEMBERSHIP, "NCESSCH"), [row]), encoding="utf-8")
    with pytest.raises(BadInput, match="add the district file instead"):
        add(maine, path)
