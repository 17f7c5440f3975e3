"""Districts without a boundary: a circle where a place is known, the tables alone where none is."""

import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.outputs.maps import draw_map, load_layer
from infraplan.outputs.shapes import simplified

RATE = load_layer("erate_discount_rate")
SQUARE = shapely.box(-72, 41, -71, 42)


def districts(shapes: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "area_id": [f"990000{row}" for row in range(len(shapes))],
            "name": [f"District {row}" for row in range(len(shapes))],
            "area_layer": "unknown",
            "c1_rate": [80.0] * len(shapes),
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


def page(tmp_path: Path, shapes: list[Any]) -> str:
    target = draw_map(
        tmp_path / "map.html", title="Rates", areas=districts(shapes), points=None, layers=[RATE], sources=[]
    )
    return target.read_text(encoding="utf-8")


def features(text: str) -> list[dict[str, Any]]:
    (block,) = re.findall(r'<script type="application/json" id="areas">(.*?)</script>', text)
    found: list[dict[str, Any]] = json.loads(block)["features"]
    return found


def test_a_district_with_a_place_and_no_boundary_is_a_point_on_the_map(tmp_path: Path) -> None:
    text = page(tmp_path, [shapely.Point(-93.5, 42.0), shapely.Point(-92.5, 41.0)])
    assert [one["geometry"] for one in features(text)] == [
        {"type": "Point", "coordinates": [-93.5, 42.0]},
        {"type": "Point", "coordinates": [-92.5, 41.0]},
    ]
    assert "Drawn as a circle at its place, because no boundary is loaded: 2 districts" in text


def test_circles_lie_over_the_boundaries_that_there_are_and_the_box_holds_both() -> None:
    drawn = simplified(districts([shapely.Point(-75, 45), SQUARE, None]))
    assert drawn.order == [1, 0]
    assert drawn.geojson[2] == "null"
    assert np.allclose(drawn.bounds, (-75, 41, -71, 45))
    assert any("No boundary and no place in the files loaded: 1 district" in note for note in drawn.notes)


def test_points_alone_have_a_box_and_those_without_a_place_are_counted() -> None:
    drawn = simplified(districts([shapely.Point(-75, 45), None, shapely.Point(-74, 44)]))
    assert (drawn.bounds, drawn.order) == ((-75.0, 44.0, -74.0, 45.0), [0, 2])
    assert "1 district" in drawn.notes[1]


@pytest.mark.parametrize("nowhere", [None, shapely.Point()])
def test_where_no_place_is_known_the_page_has_its_table_and_says_why_there_is_no_picture(
    tmp_path: Path, nowhere: object
) -> None:
    text = page(tmp_path, [nowhere, nowhere])
    assert "There is no picture: none of these districts has a boundary or a place" in text
    assert "District 1" in text
    assert "folium-map" not in text
    assert "infraplan.start" not in text
