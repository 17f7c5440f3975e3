"""The map page: what is on it, what is not, and that it needs nothing from elsewhere."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.errors import InfraplanError, NoAnswer
from infraplan.outputs.canvas import plain_map, rendered
from infraplan.outputs.layers import layer_names
from infraplan.outputs.maps import Layer, SourceNote, draw_map, load_layer
from infraplan.outputs.shapes import in_order, simplified

HOMES = "homes_unserved_share"
CHILDREN = "children_without_access"
SOURCE = SourceNote(
    title="Availability", publisher="FCC", as_of="2022-06-30", file="bdc.zip", sha256="ab" * 32, tables=("home_gaps",)
)
ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", ROOT.parent / "shared" / "data"))


def areas(count: int = 6) -> gpd.GeoDataFrame:
    """A row of square districts; the first has no count of locations, the second few children without access."""
    unserved = [float(100 * row) for row in range(count)]
    frame = gpd.GeoDataFrame(
        {
            "area_id": [f"99000{row:02d}" for row in range(count)],
            "name": [f"District {row}" for row in range(count)],
            "area_layer": "unified",
            "locations": 1000.0,
            "unserved": unserved,
            "served": [1000 - n for n in unserved],
            "unserved_share": [n / 1000 for n in unserved],
            "underserved": 0.0,
            "underserved_share": 0.0,
            "funded_locations": np.nan,
            "children": 4321.0,
            "low": 20.0,
            "high": 700.0,
            "without_access": [613.0, 4.0, 8.0, 640.0, 650.0, 660.0][:count],
            "without_access_share": [0.1418, 0.000926, 0.00185, 0.148, 0.15, 0.153][:count],
        },
        geometry=[shapely.box(-72 + row, 41, -71 + row, 42) for row in range(count)],
        crs="EPSG:4326",
    )
    frame.loc[0, ["locations", "unserved", "unserved_share", "served", "underserved", "underserved_share"]] = np.nan
    return frame


def points() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "school_id": ["990000100001", "990000100002"],
            "name": ["North", "South"],
            "lea_id": "9900001",
            "lea_name": "District 1",
            "near_fiber": ["yes", "no"],
            "meets_target": ["no", "no"],
        },
        geometry=[shapely.Point(-70.5, 41.5), shapely.Point(-70.4, 41.2)],
        crs="EPSG:4326",
    )


def drawn(tmp_path: Path, *names: str, **changes: Any) -> str:
    parts: dict[str, Any] = {
        "title": "Gaps",
        "areas": areas(),
        "points": points(),
        "sources": [SOURCE],
        "layers": [load_layer(name) for name in names],
    }
    return draw_map(tmp_path / "gaps.html", **(parts | changes)).read_text(encoding="utf-8")


def block(text: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_every_shipped_layer_of_gaps_can_be_drawn_together(tmp_path: Path) -> None:
    gaps = [name for name in layer_names() if name.startswith(("homes_", "children_", "schools_"))]
    text = drawn(tmp_path, *gaps)
    assert {one["id"] for one in block(text, "map-settings")["layers"]} == set(gaps) - {
        "schools_mbps_gap",
        "schools_kbps_per_student",
    }
    assert "Not on this map, because nothing was loaded for it: School circuits short of target (Mbps)." in text


def test_boundaries_are_there_once_however_many_layers(tmp_path: Path) -> None:
    text = drawn(tmp_path, HOMES, "homes_unserved", CHILDREN)
    assert len(block(text, "areas")["features"]) == 6
    assert text.count('"type":"Polygon"') == 6


def test_schools_are_one_layer_of_points(tmp_path: Path) -> None:
    features = block(drawn(tmp_path, "schools_no_fiber_near"), "points")["features"]
    assert [feature["geometry"] for feature in features] == [
        {"type": "Point", "coordinates": [-70.5, 41.5]},
        {"type": "Point", "coordinates": [-70.4, 41.2]},
    ]


def test_a_district_is_in_the_class_its_legend_counts(tmp_path: Path) -> None:
    text = drawn(tmp_path, HOMES)
    layer = block(text, "map-settings")["layers"][0]
    assert layer["codes"] == [-1, 4, 4, 5, 5, 5]
    legend = re.findall(r'<span>([^<]*)</span> <span class="count">([^<]*)</span>', text)
    assert ("no locations counted", "1 district") in legend
    assert ("25 to 100", "3 districts") in legend
    assert ("10 to under 25", "2 districts") in legend


def test_the_title_unit_source_and_date_are_on_the_page(tmp_path: Path) -> None:
    text = drawn(tmp_path, HOMES)
    assert "Unserved homes, share (% of locations counted)" in text
    assert block(text, "map-settings")["layers"][0]["source"] == "Availability, FCC, as of 2022-06-30"
    assert "Planning figures, not legal advice" in text


def test_a_source_is_named_only_for_the_tables_it_feeds(tmp_path: Path) -> None:
    assert block(drawn(tmp_path, CHILDREN), "map-settings")["layers"][0]["source"] == ""


def test_nothing_on_the_page_is_fetched_from_anywhere(tmp_path: Path) -> None:
    text = drawn(tmp_path, HOMES, CHILDREN, "schools_no_fiber_near")
    assert not re.findall(r"<(?:script|img|iframe|source|object|embed)[^>]*\ssrc=", text)
    assert not re.findall(r'<link[^>]*href="(?!data:,)', text)
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert set(re.findall(r"url\([^)]*\)", styles)) <= {"url(#default#VML)"}
    assert not re.findall(r'<a [^>]*href="(?!#)', re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))
    for host in ("jsdelivr", "cdnjs", "jquery", "bootstrap", "googleapis", "openstreetmap", "sourceMappingURL"):
        assert host not in text


def test_the_folium_map_links_to_no_foreign_script() -> None:
    base = plain_map(tiles=False)
    assert base.default_js == []
    assert base.default_css == []
    assert "http" not in rendered(tiles=False)[1]


def test_tiles_are_asked_for_and_then_allowed_by_the_policy(tmp_path: Path) -> None:
    text = drawn(tmp_path, HOMES, tiles=True)
    assert "img-src data: https://tile.openstreetmap.org;" in text
    assert "Base map: OpenStreetMap contributors" in text


def test_small_counts_of_children_are_nowhere_in_the_file(tmp_path: Path) -> None:
    frame = areas()
    frame.loc[1, ["without_access", "low", "high", "without_access_share"]] = [7.125, 3.5, 9.75, 0.00164891]
    text = drawn(tmp_path, CHILDREN, "children_without_access_share", areas=frame)
    for trace in ("7.125", "3.5,", "9.75", "0.0016", "0.2<", ">7\n", ">7<"):
        assert trace not in text.split('id="table-area-child_gaps"')[1].split("</table>")[0]
    for trace in ("7.125", "0.00164", "9.75"):
        assert trace not in text
    row = next(line for line in text.splitlines() if line.startswith("<tr><th scope=row>District 1"))
    assert "fewer than 10" in row
    assert re.findall(r"\d+", row.replace("fewer than 10", "").replace("District 1", "")) == ["9900001", "4", "321"]
    assert "figures are withheld" in text


def test_a_lower_threshold_shows_more(tmp_path: Path) -> None:
    assert "fewer than" not in drawn(tmp_path, CHILDREN, threshold=0).split("<tbody>")[1].split("</tbody>")[0]


def test_markup_in_a_name_stays_text(tmp_path: Path) -> None:
    frame, schools = areas(), points()
    nasty = "</script><img src=x onerror=alert(1)>\u2028"
    frame.loc[0, "name"], schools.loc[0, "name"] = nasty, nasty
    text = drawn(
        tmp_path,
        HOMES,
        "schools_no_fiber_near",
        areas=frame,
        points=schools,
        title=nasty,
        stamps=[nasty],
        notes=[nasty],
    )
    assert "<img" not in text
    assert "onerror" in text


def test_stamps_are_on_the_map_itself_too(tmp_path: Path) -> None:
    assert '<p class="map-stamp" aria-hidden="true">SYNTHETIC</p>' in drawn(tmp_path, HOMES, stamps=["SYNTHETIC"])


def test_the_same_tables_give_the_same_file_whatever_their_order(tmp_path: Path) -> None:
    once = drawn(tmp_path, HOMES, "schools_no_fiber_near")
    assert drawn(tmp_path, HOMES, "schools_no_fiber_near", areas=areas().iloc[::-1], points=points().iloc[::-1]) == once


def test_boundaries_simplified_beforehand_give_the_same_file(tmp_path: Path) -> None:
    shuffled = areas().sample(frac=1, random_state=1)
    beforehand = simplified(in_order(shuffled))
    assert drawn(tmp_path, HOMES, areas=shuffled, outlines=beforehand) == drawn(tmp_path, HOMES)
    with pytest.raises(ValueError, match="6 outlines for 5 districts"):
        drawn(tmp_path, HOMES, areas=areas(5), outlines=beforehand)


def test_a_column_blank_throughout_is_said_and_not_shown(tmp_path: Path) -> None:
    text = drawn(tmp_path, HOMES)
    assert 'data-column="funded_locations"' not in text
    assert "blank in every row: Already funded (locations) (no funding file loaded)" in text


def test_secondary_districts_are_a_choice_of_their_own(tmp_path: Path) -> None:
    frame = areas()
    frame.loc[5, "area_layer"] = "secondary"
    text = drawn(tmp_path, HOMES, areas=frame)
    assert 'name="sheet" value="1"' in text
    assert [one["properties"]["sheet"] for one in block(text, "areas")["features"] if one["id"] == 5] == [1]
    assert 'name="sheet"' not in drawn(tmp_path, HOMES)


def test_districts_without_boundary_are_in_the_table_only(tmp_path: Path) -> None:
    frame = areas()
    frame.loc[2, "geometry"] = None
    text = drawn(tmp_path, HOMES, areas=frame)
    assert len(block(text, "areas")["features"]) == 5
    assert "<th scope=row>District 2" in text
    assert "No boundary in the files loaded: 1 district " in text


def test_schools_alone_make_a_map(tmp_path: Path) -> None:
    text = drawn(tmp_path, "schools_below_target", areas=None)
    assert block(text, "areas")["features"] == []
    assert 'id="search"' not in text


def test_districts_without_figures_still_carry_the_schools(tmp_path: Path) -> None:
    text = drawn(tmp_path, "schools_below_target", areas=areas()[["area_id", "name", "area_layer", "geometry"]])
    assert 'id="table-area-list"' in text
    assert 'id="search"' in text


def test_nothing_to_draw_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="unserved_share"):
        drawn(tmp_path, HOMES, areas=None, points=None)


def test_a_missing_identifier_is_named(tmp_path: Path) -> None:
    with pytest.raises(InfraplanError, match="districts to draw has no column area_id"):
        drawn(tmp_path, HOMES, areas=areas().drop(columns="area_id"))


def test_layers_can_be_reworded_by_the_caller(tmp_path: Path) -> None:
    reworded: Layer = replace(load_layer(HOMES), title="Homes without 100/20")
    assert "Homes without 100/20 (% of locations counted)" in drawn(tmp_path, layers=[reworded])


@pytest.mark.skipif(not (SHARED / "connectivity" / "maine").is_dir(), reason="real Maine boundaries are not here")
def test_maines_real_overlapping_boundaries_are_drawn_whole(tmp_path: Path) -> None:
    raw = gpd.read_file(SHARED / "connectivity" / "maine" / "me_districts_2012.gpkg")
    frame = raw.rename(columns={"GEOID": "area_id", "NAME": "name"}).assign(area_layer="unknown", unserved_share=0.1)
    text = drawn(tmp_path, HOMES, areas=frame, points=None)
    assert len(block(text, "areas")["features"]) == 242
    assert "Borders that overlap a neighbor or do not meet it exactly" in text
    assert len(text) < 1_500_000
