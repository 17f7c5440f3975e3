"""Maps of lines and places: everything drawn is in one collection, the tables say the same, small counts are nowhere."""

import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.errors import InfraplanError, NoAnswer
from infraplan.outputs.layers import load_layer
from infraplan.outputs.lines import Things, draw_lines

NASTY = "<img src=x onerror=alert(1)>"
LINES = [shapely.LineString([(-71, 42), (-71.1, 42)]), shapely.LineString([(-71.1, 42), (-71.2, 42.1)]), None]


def routes(**changes: Any) -> gpd.GeoDataFrame:
    columns = {
        "route": [NASTY, "x to s1", "x to s2"],
        "kind": ["fiber", "fiber", "tower"],
        "sites": [9, 1, 1],
        "usd": [100.0, 30.0, 40.0],
        "miles": [1.0, 2.0, 0.0],
        "pop": "pop",
        "site_ids": ["A B", "A", "B"],
        "shared": ["8", "1", "1"],
    }
    return gpd.GeoDataFrame(columns | changes, geometry=np.array(LINES, dtype=object), crs="EPSG:4326")


def reach(unreached: list[float]) -> gpd.GeoDataFrame:
    count = len(unreached)
    return gpd.GeoDataFrame(
        {
            "place": [f"Place {row}" for row in range(count)],
            "students": [one + 100 for one in unreached],
            "reached": [100.0] * count,
            "unreached": unreached,
            "weight": 1.0,
            "why_unreached": "what reaches them is full",
        },
        geometry=[shapely.Point(-71 - row / 10, 42) for row in range(count)],
        crs="EPSG:4326",
    )


def page(folder: Path, *things: Things, **more: Any) -> str:
    path = draw_lines(folder / "map.html", title="A network", things=things, **more)
    return path.read_text(encoding="utf-8")


def block(html: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


def lines(folder: Path, **more: Any) -> str:
    return page(folder, Things(layer=load_layer("build_routes"), frame=routes(), noun="link"), **more)


def test_lines_with_a_place_are_one_collection_and_the_rest_is_told(tmp_path: Path) -> None:
    html = lines(tmp_path)
    features = block(html, "points")["features"]
    assert [told["properties"] for told in features] == [{"thing": 0, "row": 0}, {"thing": 0, "row": 1}]
    assert {told["geometry"]["type"] for told in features} == {"LineString"}
    assert "in the table but not on the map: 1 links" in html


def test_a_line_shared_by_more_sites_is_wider_as_well_as_darker(tmp_path: Path) -> None:
    settings = block(lines(tmp_path), "map-settings")["things"][0]
    looks = [settings["classes"][str(code)] for code in settings["codes"]]
    assert looks[0]["size"] > looks[1]["size"]
    assert looks[0]["color"] != looks[1]["color"]


def test_names_that_look_like_markup_stay_text_and_nobody_is_asked(tmp_path: Path) -> None:
    html = lines(tmp_path, stamps=["BUDGET ESTIMATE, NOT A DESIGN"])
    assert NASTY not in html
    assert "BUDGET ESTIMATE, NOT A DESIGN" in html
    assert "default-src &#39;none&#39;" in html
    assert not re.search(r'<(script|link|img|iframe)[^>]+(src|href)="(https?:)?//', html)


def test_small_counts_of_students_are_nowhere_in_the_page(tmp_path: Path) -> None:
    html = page(tmp_path, Things(layer=load_layer("community_reach"), frame=reach([7, 3, 55, 66]), noun="place"))
    table = html[html.index('id="table-community_reach"') :]
    assert "fewer than 10" in table
    row = table[table.index("Place 0") : table.index("Place 1")]
    assert "<td class=n>107<td class='n w'>withheld<td class='n w'>fewer than 10" in row
    assert "figures are withheld" in html


def test_the_box_around_everything_is_the_view(tmp_path: Path) -> None:
    assert block(lines(tmp_path), "map-settings")["bounds"] == [[42.0, -71.2], [42.1, -71.0]]


def test_districts_lie_beneath_where_they_are_given(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"area_layer": ["unified"]}, geometry=[shapely.box(-72, 41, -70, 43)], crs="EPSG:4326"
    )  # fmt: skip
    assert len(block(lines(tmp_path, beneath=frame), "areas")["features"]) == 1
    assert block(lines(tmp_path), "areas")["features"] == []


def test_the_same_tables_give_the_same_file(tmp_path: Path) -> None:
    assert lines(tmp_path) == lines(tmp_path)


def test_a_table_without_a_needed_column_is_refused_by_name(tmp_path: Path) -> None:
    thing = Things(layer=load_layer("build_routes"), frame=routes().drop(columns=["miles"]), noun="link")
    with pytest.raises(InfraplanError, match="miles"):
        page(tmp_path, thing)


def test_nothing_with_a_place_is_an_answer_in_words(tmp_path: Path) -> None:
    thing = Things(layer=load_layer("build_routes"), frame=routes().iloc[[2]], noun="link")
    with pytest.raises(NoAnswer, match="nothing in the tables has a place"):
        page(tmp_path, thing)
