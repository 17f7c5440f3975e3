"""Who borders whom: from a file, from boundaries whose borders do not quite meet, or from places alone.

A member that nothing borders (an island, a charter without a boundary) is joined to the nearest member, and said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from infraplan.procurement.lots.problem import Bools, Floats, pieces
from infraplan.units import METERS_PER_MILE

TOLERANCE_METERS: Final = 150.0
"""Borders this near are the same border: files of different years and scales do not meet exactly."""
SHORTEST_BORDER_METERS: Final = 500.0
"""Districts that touch in a point only are no neighbors."""
DETAIL_METERS: Final = 25.0

Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Borders:
    """`near[i]`: members that border member i; `miles[i, j]`: from place to place, neighbor by neighbor."""

    near: tuple[tuple[int, ...], ...]
    miles: Floats
    joined: tuple[tuple[int, int], ...]


def flat(lon: Floats, lat: Floats) -> str:
    """A plane for one state's measurements: equal distances from its middle."""
    return f"+proj=aeqd +lat_0={np.nanmean(lat):.4f} +lon_0={np.nanmean(lon):.4f} +units=m +type=crs"


def of_shapes(shapes: gpd.GeoSeries) -> Pairs:
    """Pairs of shapes, by position, that share a border of some length or overlap. `shapes` are in meters."""
    values = shapely.make_valid(shapely.simplify(shapes.to_numpy(), DETAIL_METERS))
    first, second = shapely.STRtree(values).query(values, predicate="dwithin", distance=TOLERANCE_METERS)
    kept = first < second
    first, second = first[kept], second[kept]
    wide = shapely.buffer(values, TOLERANCE_METERS, quad_segs=2)
    common = shapely.length(shapely.intersection(shapely.boundary(values)[first], wide[second]))
    back = shapely.length(shapely.intersection(shapely.boundary(values)[second], wide[first]))
    real = np.maximum(common, back) >= SHORTEST_BORDER_METERS
    return set(zip(first[real].tolist(), second[real].tolist(), strict=True))


def of_points(x: Floats, y: Floats) -> Pairs:
    """Pairs of places whose cells meet, a cell being what is nearer to a place than to any other (meters)."""
    places, which = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    groups: dict[int, list[int]] = {}
    for member, place in enumerate(which.ravel().tolist()):
        groups.setdefault(place, []).append(member)
    pairs = {(some[0], other) for some in groups.values() for other in some[1:]}
    for a, b in _cells_that_meet(places):
        pairs.add((groups[a][0], groups[b][0]))
    return {(min(pair), max(pair)) for pair in pairs}


def _cells_that_meet(places: Floats) -> Pairs:
    if len(places) <= 2:  # noqa: PLR2004 - two places have one border between them
        return {(0, 1)} if len(places) == 2 else set()  # noqa: PLR2004
    points: NDArray[np.object_] = np.array(shapely.points(places), dtype=object)
    reach = shapely.buffer(shapely.convex_hull(shapely.multipoints(points)), float(np.ptp(places, axis=0).max()) / 20)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=reach))
    cells = shapely.intersection(cells, reach)
    cell_of, point_of = shapely.STRtree(points).query(cells, predicate="contains")
    owner = dict(zip(cell_of.tolist(), point_of.tolist(), strict=True))
    first, second = shapely.STRtree(cells).query(cells, predicate="intersects")
    touch = shapely.length(shapely.intersection(cells[first], cells[second])) > SHORTEST_BORDER_METERS
    found = zip(first[touch].tolist(), second[touch].tolist(), strict=True)
    return {(owner[a], owner[b]) for a, b in found if a < b and a in owner and b in owner}


def borders(count: int, pairs: Pairs, x: Floats, y: Floats) -> Borders:
    """Neighbors and miles over them, members that hang together with no other joined to the nearest (meters)."""
    near: list[set[int]] = [set() for _ in range(count)]
    for a, b in pairs:
        if a != b:
            near[a].add(b)
            near[b].add(a)
    joined = _join(near, x, y)
    rows = [(a, b) for a in range(count) for b in sorted(near[a])]
    lengths = [max(float(np.hypot(x[a] - x[b], y[a] - y[b])), 1.0) / METERS_PER_MILE for a, b in rows]
    start, end = np.array(rows, dtype=np.int64).reshape(len(rows), 2).T
    graph: Any = csr_matrix((np.array(lengths, dtype=float), (start, end)), shape=(count, count))
    return Borders(tuple(tuple(sorted(some)) for some in near), np.asarray(dijkstra(graph)), tuple(joined))


def _join(near: list[set[int]], x: Floats, y: Floats) -> list[tuple[int, int]]:
    """Join smaller parts to the largest, the nearest first; changes `near`, returns the pairs joined."""
    parts = sorted(pieces([tuple(some) for some in near], range(len(near))), key=len, reverse=True)
    if not parts:
        return []
    main, rest, found = list(parts[0]), parts[1:], list[tuple[int, int]]()
    while rest:
        away = [_nearest(part, main, x, y) for part in rest]
        at = min(range(len(rest)), key=lambda one: (away[one][0], rest[one]))
        _, a, b = away[at]
        near[a].add(b)
        near[b].add(a)
        found.append((a, b))
        main += rest.pop(at)
    return found


def _nearest(part: Sequence[int], main: Sequence[int], x: Floats, y: Floats) -> tuple[float, int, int]:
    own, others = np.array(part), np.array(main)
    away = np.hypot(x[own][:, None] - x[others], y[own][:, None] - y[others])
    row, column = np.unravel_index(int(away.argmin()), away.shape)
    return float(away[row, column]), int(own[row]), int(others[column])


def of_file(rows: Sequence[tuple[str, str]], places: Mapping[str, int]) -> Pairs:
    """Pairs of members out of pairs of names; names of others are passed over."""
    return {(places[a], places[b]) for a, b in rows if a in places and b in places and a != b}


def lonely(near: Sequence[Sequence[int]]) -> Bools:
    """Members that border nobody."""
    return np.array([not some for some in near], dtype=bool)
