"""Boundaries on the page: small, still touching, never moved from one district to another."""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from infraplan.errors import NoCrs
from infraplan.outputs.shapes import box_around, point_coordinates, simplified


def wavy_grid(side: int = 3, steps: int = 400) -> list[BaseGeometry]:
    """Squares whose shared borders are the same wavy lines, many vertices each."""

    def wave(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
        along = np.linspace(0, 1, steps)
        wobble = 0.02 * np.sin(40 * np.pi * along) * np.sin(np.pi * along)
        (x0, y0), (x1, y1) = start, end
        return [
            (float(x0 + (x1 - x0) * t + w * (y1 - y0)), float(y0 + (y1 - y0) * t + w * (x1 - x0)))
            for t, w in zip(along, wobble, strict=True)
        ]

    edges: list[BaseGeometry] = []
    for i in range(side + 1):
        for j in range(side):
            edges.append(shapely.LineString(wave((-72 + i, 41 + j), (-72 + i, 42 + j))))
            edges.append(shapely.LineString(wave((-72 + j, 41 + i), (-71 + j, 41 + i))))
    return list(shapely.get_parts(shapely.polygonize(edges)))


def frame_of(shapes: list[Any], layers: list[str] | None = None, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"area_layer": layers or ["unified"] * len(shapes)}, geometry=shapes, crs=crs)


def drawn_of(frame: gpd.GeoDataFrame) -> list[Any]:
    return [shapely.from_geojson(text) if text != "null" else None for text in simplified(frame).geojson]


def test_neighbors_still_touch_and_are_far_smaller() -> None:
    grid = wavy_grid()
    assert len(grid) == 9
    small = np.array(drawn_of(frame_of(grid)))
    assert shapely.coverage_is_valid(small)
    assert shapely.get_num_coordinates(small).sum() < shapely.get_num_coordinates(np.array(grid)).sum() / 2
    assert np.allclose(shapely.area(small), shapely.area(np.array(grid)), rtol=0.02)


def test_a_valid_coverage_needs_no_note() -> None:
    assert simplified(frame_of(wavy_grid())).notes == ()


def test_overlapping_districts_are_drawn_as_they_are_and_said() -> None:
    shapes = [shapely.box(-72, 41, -71, 42), shapely.box(-71.1, 41, -70, 42), shapely.box(-69, 41, -68, 42)]
    drawn = simplified(frame_of(shapes))
    assert drawn.notes[0].startswith("Borders that overlap a neighbor")
    assert ": 2 districts." in drawn.notes[0]
    assert [round(shapely.from_geojson(text).area, 3) for text in drawn.geojson] == [1.0, 1.1, 1.0]


def test_a_secondary_district_over_elementary_ones_is_no_overlap() -> None:
    halves = [shapely.box(-72, 41, -71.5, 42), shapely.box(-71.5, 41, -71, 42)]
    drawn = simplified(frame_of([*halves, shapely.box(-72, 41, -71, 42)], ["elementary", "elementary", "secondary"]))
    assert drawn.notes == ()


def test_invalid_rings_and_stray_lines_are_repaired() -> None:
    bowtie = shapely.Polygon([(-72, 41), (-71, 42), (-71, 41), (-72, 42)])
    mixed = shapely.GeometryCollection([shapely.box(-70, 41, -69, 42), shapely.LineString([(-69, 41), (-68, 41)])])
    for shape in drawn_of(frame_of([bowtie, mixed])):
        assert shape.is_valid
        assert shape.geom_type in {"Polygon", "MultiPolygon"}
        assert shape.area > 0.4


def test_a_district_without_boundary_is_kept_and_said() -> None:
    drawn = simplified(frame_of([shapely.box(-72, 41, -71, 42), None, shapely.Polygon()]))
    assert drawn.geojson[1] == "null"
    assert drawn.order == [0]
    assert drawn.notes[0].startswith("No boundary in the files loaded: 2 districts ")


def test_no_boundary_at_all_is_not_an_error() -> None:
    drawn = simplified(frame_of([None, None]))
    assert drawn.order == []
    assert drawn.notes == ("No district has a boundary.",)


def test_the_largest_district_is_drawn_first_and_the_largest_part_leads() -> None:
    islands = shapely.MultiPolygon([shapely.box(-70, 41, -69.9, 41.1), shapely.box(-72, 41, -71, 42)])
    drawn = simplified(frame_of([shapely.box(-75, 41, -74.5, 41.5), islands]))
    assert drawn.order == [1, 0]
    first = json.loads(drawn.geojson[1])["coordinates"][0][0]
    assert min(place[0] for place in first) == pytest.approx(-72)


def test_islands_beyond_the_date_line_lie_west_of_alaska() -> None:
    drawn = simplified(frame_of([shapely.box(-170, 60, -140, 70), shapely.box(172, 52, 174, 53)]))
    assert drawn.bounds == pytest.approx((-188, 52, -140, 70))


def test_other_reference_systems_are_turned_into_longitude_and_latitude() -> None:
    frame = frame_of([shapely.box(-72, 41, -71, 42)]).to_crs("EPSG:5070")
    assert simplified(frame).bounds == pytest.approx((-72, 41, -71, 42), abs=0.02)


def test_shapes_without_a_reference_system_are_refused() -> None:
    with pytest.raises(NoCrs, match="reference system"):
        simplified(frame_of([shapely.box(-72, 41, -71, 42)], crs=None))


def test_missing_points_stay_missing() -> None:
    frame = gpd.GeoDataFrame(geometry=np.array([shapely.Point(-71.5, 41.5), None]), crs="EPSG:4326")
    places = point_coordinates(frame)
    assert places[0].tolist() == [-71.5, 41.5]
    assert np.isnan(places[1]).all()


def test_the_box_around_nothing_is_the_country() -> None:
    assert box_around([]) == (-125.0, 24.0, -66.0, 50.0)
    assert box_around([(-72, 41, -71, 42), (-73, 41.5, -72.5, 43)]) == (-73, 41, -71, 43)
