"""The ground of the fictional state: a coverage of small cells, grouped into districts and counties.

Everything areal is a union of the same small Voronoi cells, so that districts share their irregular borders exactly,
and tracts, counties and districts can be compared without slivers. Coordinates are meters in EPSG:5070 near 39.5 N,
98 W; no real place is meant.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import cKDTree
from shapely import MultiPoint

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DISTRICT_M2 = 600e6
"""Mean area of a district."""
CELLS_FINE, CELLS_COARSE, MANY_DISTRICTS = 120, 55, 300
"""Cells per district, up to `MANY_DISTRICTS` and beyond it."""
COUNTY_M2 = 1_500e6
MOST_COUNTIES = 480
_FLAT_NORTH_TO, _PANHANDLE_FROM, _SOUTH = 0.6, 0.58, 0.02
NOT_DEFINED = -1
"""District number of the cells that belong to no district (a reservation of the state)."""
CITY, SUBURB, TOWN = 0, 1, 2
_CENTER_LON_LAT = (-98.0, 39.5)


@dataclass(frozen=True)
class Ground:
    """Cells of the state and what they belong to.

    `x, y` are the cells' seeds; `shape` their polygons; `district` and `county` their numbers, from 0; `seed_x, seed_y` and
    `kind` (CITY, SUBURB, TOWN) describe the main town of each district; `hardship` (0-1) is how poor and
    thinly provided a district is; `span` is the side of a typical district in meters.
    """

    x: Floats
    y: Floats
    shape: NDArray[np.object_]
    district: Ints
    county: Ints
    seed_x: Floats
    seed_y: Floats
    kind: Ints
    metro: Ints
    hardship: Floats
    span: float

    @property
    def districts(self) -> int:
        """How many districts the ground is divided into."""
        return len(self.seed_x)

    @property
    def counties(self) -> int:
        """How many counties the ground is divided into."""
        return int(self.county.max()) + 1


def make_ground(districts: int, seed: int) -> Ground:
    """Draw a state with `districts` districts that do not overlap."""
    rng = np.random.default_rng([seed, 11])
    side = float(np.sqrt(DISTRICT_M2 * districts / 0.93))
    span = float(np.sqrt(DISTRICT_M2))
    seed_x, seed_y, kind, metro = _seeds(districts, side, span, rng)
    x, y = _cell_seeds(seed_x, seed_y, side, span, rng)
    shapes = _cells(x, y)
    inside = _inside(x / side, y / side)
    x, y, shapes = x[inside], y[inside], shapes[inside]
    warp = _warp(span, rng)
    tree = cKDTree(np.column_stack(warp(seed_x, seed_y)))
    district = np.asarray(tree.query(np.column_stack(warp(x, y)))[1], dtype=np.int64)
    district = _with_a_hole(district, x, y, seed_x, seed_y, span)
    county = _counties(x, y, side, rng)
    east, north = Transformer.from_crs(4269, 5070, always_xy=True).transform(*_CENTER_LON_LAT)
    move = (east - side * 0.55, north - side * 0.5)
    shapes = shapely.transform(shapes, lambda points: points + move)
    return Ground(
        x + move[0],
        y + move[1],
        shapes,
        district,
        county,
        seed_x + move[0],
        seed_y + move[1],
        kind,
        metro,
        _hardship(kind, rng),
        span,
    )


def _inside(u: Floats, v: Floats) -> NDArray[np.bool_]:
    """Tell which points (in units of the state's height) lie in the state: a panhandle in the west, a river in the east."""
    river = 1.08 + 0.05 * np.sin(7 * v) + 0.025 * np.sin(19 * v + 1)
    north = 0.97 + 0.015 * np.sin(9 * u) * (u > _FLAT_NORTH_TO)
    west = np.where(v > _PANHANDLE_FROM, 0.0, 0.26)
    inside: NDArray[np.bool_] = (u > west) & (u < river) & (v > _SOUTH) & (v < north)
    return inside


def _seeds(count: int, side: float, span: float, rng: np.random.Generator) -> tuple[Floats, Floats, Ints, Ints]:
    """Place the main town of each district: about a third in a few metropolitan areas, the rest well apart in the country.

    Returns coordinates, kind, and the metropolitan area's number (-1 = none), cities first.
    """
    metros = max(2, round(count / 30))
    in_metros = max(metros * 2, round(count * 0.32))
    share = 1 / np.arange(1, metros + 1) ** 0.7
    members = np.maximum(2, np.floor(share / share.sum() * in_metros)).astype(int)
    centers = _apart(metros, np.empty((0, 2)), side, rng, tries=40, margin=0.06)
    points, kinds, numbers = [], [], []
    for k, (center, size) in enumerate(zip(centers, members, strict=True)):
        points.append(center)
        kinds.append(CITY)
        numbers.append(k)
        ring = np.sqrt(np.arange(1, size)) * span * 0.38
        angle = rng.uniform(0, 2 * np.pi) + np.arange(1, size) * 2.4
        for r, a in zip(ring, angle, strict=True):
            spot = center + r * rng.uniform(0.85, 1.15) * np.array([np.cos(a), np.sin(a)])
            if len(points) < count - 1 and _inside(spot[:1] / side, spot[1:] / side)[0]:
                points.append(spot)
                kinds.append(SUBURB)
                numbers.append(k)
    near = np.array(points)
    country = _apart(count - len(points), near, side, rng, tries=12, margin=0.0)
    everything = np.vstack([near, country])
    kind = np.array(kinds + [TOWN] * len(country), dtype=np.int64)
    metro = np.array(numbers + [-1] * len(country), dtype=np.int64)
    return everything[:, 0], everything[:, 1], kind, metro


def _apart(count: int, others: Floats, side: float, rng: np.random.Generator, *, tries: int, margin: float) -> Floats:
    """Choose points inside the state one after the other, each the farthest of `tries` from those before (best candidate)."""
    pool = rng.uniform((0.0, 0.0), (1.2, 1.0), size=(count * tries * 3 + 200, 2))
    edges = [(margin, 0.0), (-margin, 0.0), (0.0, margin), (0.0, -margin)]
    good = np.all([_inside(pool[:, 0] + a, pool[:, 1] + b) for a, b in edges], axis=0)
    pool = pool[good] * side
    chosen = [*others]
    for k in range(count):
        candidates = pool[(np.arange(tries) + k * tries) % len(pool)]
        if chosen:
            distance = np.asarray(cKDTree(np.array(chosen)).query(candidates)[0])
            chosen.append(candidates[int(distance.argmax())])
        else:
            chosen.append(candidates[0])
    return np.array(chosen[len(others) :]).reshape(-1, 2)


def _cell_seeds(
    seed_x: Floats, seed_y: Floats, side: float, span: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Seeds of the cells: a jittered lattice over the state and a margin around it, and finer ones about each town."""
    per_district = CELLS_FINE if len(seed_x) <= MANY_DISTRICTS else CELLS_COARSE
    step = span / np.sqrt(per_district * 0.8)
    across, up = np.meshgrid(np.arange(-0.08 * side, 1.24 * side, step), np.arange(-0.08 * side, 1.08 * side, step))
    lattice = np.column_stack([across.ravel(), up.ravel()])
    lattice += rng.uniform(0.06, 0.94, lattice.shape) * step
    fine = round(per_district * 0.2)
    towns = np.repeat(np.column_stack([seed_x, seed_y]), fine, axis=0)
    towns = towns + rng.normal(0, span * 0.09, towns.shape)
    every = np.vstack([np.column_stack([seed_x, seed_y]), towns, lattice])
    every = every[np.unique(np.round(every / 40).astype(np.int64), axis=0, return_index=True)[1]]
    return every[:, 0], every[:, 1]


def _cells(x: Floats, y: Floats) -> NDArray[np.object_]:
    """Voronoi cells of the seeds, in their order."""
    seeds = MultiPoint(np.column_stack([x, y]))
    cells: NDArray[np.object_] = shapely.get_parts(shapely.voronoi_polygons(seeds, ordered=True))
    return cells


def _hardship(kind: Ints, rng: np.random.Generator) -> Floats:
    """How hard each district has it, 0 to 1: suburbs little, the country and the city's core more."""
    return np.asarray(
        np.clip(np.choose(kind, [0.5, 0.2, 0.48]) + rng.normal(0, 0.2, len(kind)), 0.02, 0.98), dtype=np.float64
    )


class _Warp:
    """A smooth one-to-one bending of the plane, so that borders half way between two towns meander."""

    def __init__(self, span: float, rng: np.random.Generator) -> None:
        self.waves = [
            (length * span, size * span, *rng.uniform(0, 2 * np.pi, 3)) for length, size in ((3.1, 0.24), (1.25, 0.055))
        ]

    def __call__(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        east, north = x.copy(), y.copy()
        for length, size, turn, a, b in self.waves:
            along = (x * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / length
            across = (y * np.cos(turn) - x * np.sin(turn)) * 2 * np.pi / length
            east += size * np.sin(across + a)
            north += size * np.sin(along + b)
        return east, north


def _warp(span: float, rng: np.random.Generator) -> _Warp:
    return _Warp(span, rng)


def _with_a_hole(district: Ints, x: Floats, y: Floats, seed_x: Floats, seed_y: Floats, span: float) -> Ints:
    """Take the cells farthest from any town out of their districts: the "not defined" area of the state."""
    distance = np.asarray(cKDTree(np.column_stack([seed_x, seed_y])).query(np.column_stack([x, y]))[0])
    lonely = int(distance.argmax())
    near = np.hypot(x - x[lonely], y - y[lonely]) < span * 0.3
    return np.where(near & (distance > span * 0.2), NOT_DEFINED, district)


def _counties(x: Floats, y: Floats, side: float, rng: np.random.Generator) -> Ints:
    """Counties of about the same size, nearly square as on the Great Plains, numbered without gaps."""
    step = max(float(np.sqrt(COUNTY_M2)), side * 1.07 / np.sqrt(MOST_COUNTIES * 0.85))
    across, up = np.meshgrid(np.arange(-step, 1.2 * side + step, step), np.arange(-step, 1.05 * side + step, step))
    seeds = np.column_stack([across.ravel(), up.ravel()])
    seeds += rng.uniform(-0.13, 0.13, seeds.shape) * step
    nearest = cKDTree(seeds).query(np.column_stack([x, y]), p=np.inf)[1]
    small = np.bincount(nearest, minlength=len(seeds)) < max(6, 0.25 * len(x) * step * step / (side * side * 0.93))
    keep = ~small & (np.bincount(nearest, minlength=len(seeds)) > 0)
    nearest = (
        cKDTree(seeds[keep]).query(np.column_stack([x, y]), p=np.inf)[1] if keep.any() else np.zeros(len(x), dtype=int)
    )
    return np.unique(nearest, return_inverse=True)[1].astype(np.int64)


def merged(shapes: NDArray[np.object_], group: Ints, count: int) -> NDArray[np.object_]:
    """Union the cells of each group 0..count-1 into one polygon in longitude and latitude (NAD 83), six decimals.

    Rounding comes last and moves a shared vertex the same way for all its owners, so neighbors still touch.
    """
    to_degrees = Transformer.from_crs(5070, 4269, always_xy=True)

    def degrees(points: Floats) -> Floats:
        return np.round(np.column_stack(to_degrees.transform(points[:, 0], points[:, 1])), 6)

    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(count + 1))
    unions = [shapely.coverage_union_all(shapes[order[a:b]]) for a, b in pairwise(bounds)]
    flat = shapely.transform(np.array(unions, dtype=object), degrees)
    result: NDArray[np.object_] = shapely.normalize(flat)
    return result
