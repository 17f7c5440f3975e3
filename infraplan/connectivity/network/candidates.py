"""A candidate network where none is given: links between points that are near each other.

The Delaunay triangulation keeps everything in one piece and holds a cheapest tree over straight lines; each point's
nearest neighbors are added. A link's length is the geodesic between its ends times the detour factor; rivers, rails and
roads are not looked at. A network along roads, where there is one, is better.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod, Proj
from scipy.spatial import Delaunay, QhullError, cKDTree

from infraplan.units import METERS_PER_FOOT, half_up

NEIGHBORS: Final = 5
ELLIPSOID: Final = "GRS80"

Floats = NDArray[np.float64]


def links(
    lon: Sequence[float], lat: Sequence[float], *, detour: Decimal, usd_per_foot: Decimal
) -> list[tuple[int, int, float, Decimal]]:
    """Return candidate links between points as (point, point, meters along the route, USD to the cent), sorted.

    Points are longitude and latitude in degrees. `detour` is route length over straight line.
    """
    points = np.column_stack([np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)])
    pairs = np.array(sorted(_pairs(_plane(points))), dtype=np.int64).reshape(-1, 2)
    first, second = points[pairs[:, 0]], points[pairs[:, 1]]
    straight = Geod(ellps=ELLIPSOID).inv(first[:, 0], first[:, 1], second[:, 0], second[:, 1])[2]
    found = []
    for (a, b), length in zip(pairs.tolist(), np.asarray(straight).tolist(), strict=True):
        meters = round(length * float(detour), 1)
        feet = Decimal(str(meters)) / Decimal(str(METERS_PER_FOOT))
        found.append((a, b, meters, half_up(feet * usd_per_foot, 2)))
    return found


def _plane(points: Floats) -> Floats:
    """The points in meters around their middle, which is enough to tell who is near whom."""
    if not len(points):
        return points
    middle = points.mean(axis=0)
    project = Proj(proj="laea", lon_0=float(middle[0]), lat_0=float(middle[1]), ellps=ELLIPSOID)
    return np.column_stack(project(points[:, 0], points[:, 1]))


def _pairs(plane: Floats) -> set[tuple[int, int]]:
    if len(plane) < 2:  # noqa: PLR2004 - a pair has two ends
        return set()
    nearest = np.asarray(cKDTree(plane).query(plane, k=min(NEIGHBORS + 1, len(plane)))[1])
    pairs = {(min(a, b), max(a, b)) for a, row in enumerate(nearest.tolist()) for b in row if a != b}
    return pairs | _triangle_sides(plane)


def _triangle_sides(plane: Floats) -> set[tuple[int, int]]:
    """Sides of the Delaunay triangles; points on one line, or too few for a triangle, are joined in a row.

    Points in one place are left out of the triangles and joined to the one that is in them.
    """
    in_a_row = np.lexsort((plane[:, 1], plane[:, 0])).tolist()
    try:
        told = Delaunay(plane)
    except (QhullError, ValueError):
        return {(min(a, b), max(a, b)) for a, b in pairwise(in_a_row)}
    sides = {(min(a, b), max(a, b)) for corners in told.simplices.tolist() for a in corners for b in corners if a != b}
    return sides | {(min(a, b), max(a, b)) for a, _, b in told.coplanar.tolist()}
