"""District boundaries made small enough for a page, neighbors still touching, and points, both as GeoJSON text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from infraplan.errors import NoCrs

# Districts of one group do not overlap by definition and are simplified together; the groups overlap each other.
SIMPLIFIED_TOGETHER = {"unified": 0, "elementary": 0, "secondary": 1, "administrative": 2}
UNKNOWN_GROUP = 3
MOST_VERTICES = 60_000
PIXELS = 2_000  # detail kept: a state drawn this wide, twice what a desktop shows
LONGITUDES = 360
FAR_EAST, FAR_WEST = 130, -130
FEWEST_DIGITS, MOST_DIGITS = 3, 6
AREA_DIMENSION = 2
SMALLEST_WIDTH = 1e-6  # degrees; a single square or point still has a tolerance
POINT, MULTIPOLYGON = 0, 6

LOWER_48 = (-125.0, 24.0, -66.0, 50.0)

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Drawn:
    """Boundaries ready for the page.

    `geojson`: one geometry per row, "null" where there is none; `bounds`: west, south, east, north; `order`: the rows
    that have a shape, the largest first.
    """

    geojson: list[str]
    bounds: tuple[float, float, float, float]
    order: list[int]
    notes: tuple[str, ...]


def in_order(frame: gpd.GeoDataFrame, identifier: str = "area_id") -> gpd.GeoDataFrame:
    """Rows by name, then identifier: the order of the tables and of the boundaries on the page."""
    return frame.sort_values(["name", identifier], kind="stable", ignore_index=True)


def simplified(areas: gpd.GeoDataFrame) -> Drawn:
    """Boundaries of `areas`, simplified one non-overlapping layer (`area_layer`) at a time.

    `shapely.coverage_simplify` keeps the borders that two districts share identical. Where the file's districts overlap
    or do not meet exactly, which real files do, nothing is moved from one district to another: each such border is
    simplified on its own, thin gaps may show, and `notes` says how many districts that concerns. Invalid rings are
    repaired first. A district whose shape is a point stays one, and lies over the others. Raises NoCrs where the frame has
    no reference system.
    """
    shapes = _lonlat(areas)
    outlines, spots = _polygons(shapes), _spots(shapes)
    drawn = ~(shapely.is_missing(outlines) | shapely.is_empty(outlines))
    if not drawn.any():
        return _only_spots(shapes, spots)
    bounds = _bounds(shapes[drawn | spots])
    tolerance = max(bounds[2] - bounds[0], bounds[3] - bounds[1], SMALLEST_WIDTH) / PIXELS
    groups = areas["area_layer"].map(SIMPLIFIED_TOGETHER).fillna(UNKNOWN_GROUP).to_numpy(dtype="int64")
    loose = 0
    for group in np.unique(groups[drawn]):
        members = drawn & (groups == group)
        loose += int((~shapely.is_empty(shapely.coverage_invalid_edges(outlines[members]))).sum())
        outlines[members] = _simplify(outlines[members], tolerance, int(MOST_VERTICES * members.sum() / drawn.sum()))
    digits = min(max(math.ceil(-math.log10(tolerance)) + 1, FEWEST_DIGITS), MOST_DIGITS)
    outlines = _largest_part_first(_rounded(outlines, digits))
    outlines[spots] = _rounded(shapes[spots], digits)
    texts = shapely.to_geojson(_kept(outlines, drawn | spots))
    order = [int(row) for row in np.argsort(-shapely.area(outlines), kind="stable") if drawn[row] or spots[row]]
    absent = ~drawn & ~spots
    notes = _notes(loose, int(absent.sum()), int(spots.sum()))
    return Drawn([text or "null" for text in texts.tolist()], bounds, order, notes)


def _spots(shapes: Shapes) -> NDArray[np.bool_]:
    """Which districts have a point and no boundary."""
    return np.asarray((shapely.get_type_id(shapes) == POINT) & ~shapely.is_empty(shapes))


def _kept(shapes: Shapes, keep: NDArray[np.bool_]) -> Shapes:
    return np.array([shape if kept else None for shape, kept in zip(shapes, keep, strict=True)], dtype=object)


def _only_spots(shapes: Shapes, spots: NDArray[np.bool_]) -> Drawn:
    """Districts of which none has a boundary: circles where a place is known, and nothing at all where none is."""
    if not spots.any():
        return Drawn(["null"] * len(shapes), LOWER_48, [], ("No district has a boundary.",))
    texts = shapely.to_geojson(_rounded(_kept(shapes, spots), MOST_DIGITS)).tolist()
    order = [int(row) for row in np.flatnonzero(spots)]
    notes = _notes(0, int((~spots).sum()), len(order))
    return Drawn([text or "null" for text in texts], _bounds(shapes[spots]), order, notes)


def _notes(loose: int, absent: int, spots: int) -> tuple[str, ...]:
    notes = []
    if spots:
        notes.append(
            f"Drawn as a circle at its place, because no boundary is loaded: {_districts(spots)}. All circles are of one size; "
            "where they lie close together, zoom in."
        )
    if loose:
        notes.append(
            "Borders that overlap a neighbor or do not meet it exactly in the boundary file: "
            f"{_districts(loose)}. They are drawn as they are; nothing was moved from one to another."
        )
    if absent:
        notes.append(
            f"No boundary{' and no place' if spots else ''} in the files loaded: {_districts(absent)} (charters and state "
            "schools often have none), in the tables but not on the map."
        )
    return tuple(notes)


def _districts(count: int) -> str:
    return f"{count:,} district{'' if count == 1 else 's'}"


def point_coordinates(points: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Longitude and latitude of each point, one row each; NaN where a point is missing. Raises NoCrs."""
    shapes = _lonlat(points)
    return np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]).astype("float64")


def box_around(parts: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    """West, south, east, north of the box around several boxes; the lower 48 states where there is none."""
    if not parts:
        return LOWER_48
    west, south, east, north = zip(*parts, strict=True)
    return min(west), min(south), max(east), max(north)


def _lonlat(frame: gpd.GeoDataFrame) -> Shapes:
    if frame.crs is None:
        raise NoCrs(
            "the shapes to draw do not say which reference system their coordinates are in; set EPSG:4326 or their own"
        )
    shapes = np.array(frame.geometry.to_crs("EPSG:4326").array, dtype=object)
    west, _, east, _ = shapely.total_bounds(shapes)
    if west < FAR_WEST and east > FAR_EAST:  # Alaska's islands beyond the date line belong on its left
        return np.asarray(shapely.transform(shapes, _west_of_the_date_line))
    return shapes


def _west_of_the_date_line(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.where(places[:, 0] > 0, places[:, 0] - LONGITUDES, places[:, 0]), places[:, 1]])


def _polygons(shapes: Shapes) -> Shapes:
    """Repaired polygons only: what lines and points a publisher's file or a repair has left in are dropped."""
    repaired = shapely.make_valid(shapes)
    plain = np.isin(shapely.get_type_id(repaired), [-1, 3, 6])
    for row in np.flatnonzero(~plain):
        parts = shapely.get_parts(shapely.get_parts(repaired[row]))
        repaired[row] = shapely.multipolygons(parts[shapely.get_dimensions(parts) == AREA_DIMENSION])
    return np.asarray(repaired)


def _simplify(shapes: Shapes, tolerance: float, most: int) -> Shapes:
    """Simplify together, twice as coarse each time while there are more vertices than the page can carry."""
    while True:
        simple = shapely.coverage_simplify(shapes, tolerance)
        if shapely.get_num_coordinates(simple).sum() <= max(most, 10 * len(shapes)):
            return np.asarray(simple)
        tolerance *= 2


def _rounded(shapes: Shapes, digits: int) -> Shapes:
    """Coordinates with `digits` decimals, repeated vertices dropped; shared vertices stay shared."""
    rounded = shapely.transform(shapes, lambda places: np.round(places, digits))
    return np.asarray(shapely.remove_repeated_points(rounded))


def _largest_part_first(shapes: Shapes) -> Shapes:
    """Parts of each district by size: a popup opens on the mainland, not on an island."""
    for row in np.flatnonzero(shapely.get_type_id(shapes) == MULTIPOLYGON):
        parts = shapely.get_parts(shapes[row])
        shapes[row] = shapely.multipolygons(parts[np.argsort(-shapely.area(parts), kind="stable")])
    return shapes


def _bounds(shapes: Shapes) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    return west, south, east, north
