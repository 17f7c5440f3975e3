"""Homes and small businesses: where they stand, and their block, tract, county, district and hexagon.

Towns are dense and the country sparse: farms stand along section-line roads a mile apart. A location has exactly one
block and one hexagon; its hexagon is the resolution 8 parent of its resolution 9 cell, as the FCC makes it, so that a
point may lie just outside it.
"""

from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import cKDTree

from infraplan.sample.ground import CITY, NOT_DEFINED, SUBURB, TOWN, Floats, Ground, Ints
from infraplan.sample.luck import chances

IN_CITY, IN_SUBURB, IN_TOWN, IN_VILLAGE, FARM = 0, 1, 2, 3, 4
"""Classes of settlement, from dense to sparse."""
SETTLEMENTS = ("city", "suburb", "town", "village", "farm")
HOMES_PER_TRACT = 1_600
HOMES_PER_BLOCK = 14
RESIDENTIAL, MIXED, BUSINESS = 0, 1, 2
STATE = "99"
_MILE_M = 1609.344
_TOWN_SHARE = {CITY: 0.97, SUBURB: 0.9, TOWN: 0.44}
_VILLAGE_SHARE = {CITY: 0.0, SUBURB: 0.02, TOWN: 0.16}
_SPECIAL_TRACT = 980_000
_RURAL_TRACTS = 2


@dataclass(frozen=True)
class Homes:
    """Locations of the state, one per row, in ascending order of `location_id`.

    `cell` is the ground's cell; `settlement` one of SETTLEMENTS; `use` RESIDENTIAL, MIXED (home and business) or BUSINESS;
    `block` the 15-digit 2020 block as a number; `hexagon` the H3 cell as a number; `tract` an index into `tracts`.
    """

    location_id: Ints
    lon: Floats
    lat: Floats
    cell: Ints
    district: Ints
    county: Ints
    tract: Ints
    settlement: Ints
    use: Ints
    block: Ints
    hexagon: NDArray[np.uint64]
    tracts: Ints
    tract_of_cell: Ints

    def __len__(self) -> int:
        return len(self.location_id)


def make_homes(ground: Ground, count: int, seed: int) -> Homes:
    """Settle `count` locations on the ground."""
    rng = np.random.default_rng([seed, 12])
    district = _allot(ground, count, rng)
    x, y, settlement, cell = _settle(ground, district, rng)
    order = np.lexsort((x, cell, ground.county[cell]))
    x, y, settlement, cell = x[order], y[order], settlement[order], cell[order]
    tract_of_cell, tracts = _tracts(ground, np.bincount(cell, minlength=len(ground.x)), rng)
    lon, lat = Transformer.from_crs(5070, 4269, always_xy=True).transform(x, y)
    gaps = rng.integers(1, max(2, min(9_000, 8_000_000_000 // max(1, count))), count)
    use = rng.choice(3, count, p=[0.71, 0.23, 0.06])
    return Homes(
        location_id=1_000_000_000 + np.cumsum(gaps),
        lon=np.round(lon, 6),
        lat=np.round(lat, 6),
        cell=cell,
        district=ground.district[cell],
        county=ground.county[cell],
        tract=tract_of_cell[cell],
        settlement=settlement,
        use=use,
        block=_blocks(ground, x, y, cell, tract_of_cell[cell], tracts),
        hexagon=hexagons(lat, lon),
        tracts=tracts,
        tract_of_cell=tract_of_cell,
    )


def _allot(ground: Ground, count: int, rng: np.random.Generator) -> Ints:
    """Decide in which district each location is settled: cities large, towns log-normal. Every district gets a few."""
    size = np.choose(ground.kind, [12.0, 2.6, 0.75]) * rng.lognormal(0, np.choose(ground.kind, [0.25, 0.5, 0.75]))
    size[ground.kind == CITY] /= 1 + ground.metro[ground.kind == CITY] * 0.35
    least = min(25, count // (4 * ground.districts))
    numbers = least + rng.multinomial(count - least * ground.districts, size / size.sum())
    return np.repeat(np.arange(ground.districts), numbers)


def _settle(ground: Ground, district: Ints, rng: np.random.Generator) -> tuple[Floats, Floats, Ints, Ints]:
    """Give each location a point in the state: in the town, in a village or on a farm. Returns x, y, settlement, cell."""
    tree = cKDTree(np.column_stack([ground.x, ground.y]))
    kind = ground.kind[district]
    luck = rng.random(len(district))
    in_town = luck < np.choose(kind, list(_TOWN_SHARE.values()))
    in_village = ~in_town & (luck < np.choose(kind, [_TOWN_SHARE[k] + _VILLAGE_SHARE[k] for k in (CITY, SUBURB, TOWN)]))
    settlement = np.where(in_town, kind, np.where(in_village, IN_VILLAGE, FARM))
    number = np.bincount(district, minlength=ground.districts)
    spread = np.minimum(ground.span * 0.24, 330 * np.sqrt(np.maximum(number, 60) / 60))
    center_x, center_y = ground.seed_x[district], ground.seed_y[district]
    sigma = spread[district]
    village = _villages(ground, tree, rng)
    which = rng.integers(0, village.shape[1], in_village.sum())
    spots = village[district[in_village], which]
    center_x[in_village], center_y[in_village], sigma[in_village] = ground.x[spots], ground.y[spots], 350.0
    x = center_x + rng.normal(0, 1, len(district)) * sigma
    y = center_y + rng.normal(0, 1, len(district)) * sigma
    farms = np.flatnonzero(settlement == FARM)
    x[farms], y[farms] = _farms(ground, district[farms], rng)
    hole = np.flatnonzero(ground.district == NOT_DEFINED)
    if len(hole) and len(farms):  # rangers' houses and the like, in no district
        some = rng.choice(farms, min(len(farms), max(3, len(district) // 5_000)), replace=False)
        spots = rng.choice(hole, len(some))
        x[some], y[some] = (
            ground.x[spots] + rng.normal(0, 60, len(some)),
            ground.y[spots] + rng.normal(0, 60, len(some)),
        )
    return _kept_inside(ground, tree, x, y, settlement, district, rng)


def _villages(ground: Ground, tree: cKDTree, rng: np.random.Generator) -> Ints:
    """Three villages for each district, as cells: at random within half a district's side of its town."""
    around = rng.normal(0, ground.span * 0.3, (ground.districts, 3, 2))
    points = np.stack([ground.seed_x, ground.seed_y], axis=1)[:, None, :] + around
    return np.asarray(tree.query(points)[1], dtype=np.int64)


def _farms(ground: Ground, district: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points along section-line roads, uniform over the cells of each district."""
    order = np.argsort(ground.district, kind="stable")
    start = np.searchsorted(ground.district[order], np.arange(ground.districts + 1))
    sizes = np.maximum(1, np.diff(start))
    pick = start[district] + (rng.random(len(district)) * sizes[district]).astype(np.int64)
    cell = order[np.minimum(pick, len(order) - 1)]
    jitter = ground.span / np.sqrt(len(ground.x) / ground.districts)
    x = ground.x[cell] + rng.uniform(-0.5, 0.5, len(cell)) * jitter
    y = ground.y[cell] + rng.uniform(-0.5, 0.5, len(cell)) * jitter
    beside = rng.normal(0, 45, len(cell))
    north_south = chances(rng, 0.5, len(cell))
    x = np.where(north_south, np.round(x / _MILE_M) * _MILE_M + beside, x)
    y = np.where(north_south, y, np.round(y / _MILE_M) * _MILE_M + beside)
    return x, y


def _kept_inside(
    ground: Ground, tree: cKDTree, x: Floats, y: Floats, settlement: Ints, district: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats, Ints, Ints]:
    """Move points that fell over the state's border (farther from their cell's seed than cells are wide) back to their town."""
    distance, cell = tree.query(np.column_stack([x, y]))
    reach = ground.span / np.sqrt(len(ground.x) / ground.districts) * 0.75
    border = _border_cells(ground, tree)
    out = (distance > reach) | (border[cell] & (distance > reach * 0.35))
    home = district[out]
    x[out] = ground.seed_x[home] + rng.normal(0, 300, len(home))
    y[out] = ground.seed_y[home] + rng.normal(0, 300, len(home))
    settlement[out] = np.maximum(ground.kind[home], settlement[out].clip(max=IN_TOWN))
    cell = np.asarray(tree.query(np.column_stack([x, y]))[1], dtype=np.int64)
    return x, y, settlement, cell


def _border_cells(ground: Ground, tree: cKDTree) -> NDArray[np.bool_]:
    """Cells at the state's edge: with fewer cells than usual about them."""
    reach = ground.span / np.sqrt(len(ground.x) / ground.districts) * 2.5
    points = np.column_stack([ground.x, ground.y])
    neighbors = tree.query_ball_point(points, reach, return_length=True)
    return np.asarray(neighbors < 0.72 * np.median(neighbors))


def _tracts(ground: Ground, homes: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Group cells into census tracts of about HOMES_PER_TRACT locations, within counties.

    Returns each cell's tract as an index, and each tract's 11-digit number. The "not defined" cells are tracts 9800.00.
    """
    tract = np.full(len(ground.x), -1, dtype=np.int64)
    numbers: list[int] = []
    for county in range(ground.counties):
        cells = np.flatnonzero((ground.county == county) & (ground.district != NOT_DEFINED))
        fips = int(STATE) * 1000 + 2 * county + 1
        weight = homes[cells] + 0.05
        count = int(min(max(1, round(weight.sum() / HOMES_PER_TRACT)), 990, max(1, len(cells) // 2)))
        if len(cells):
            seeds = rng.choice(len(cells), count, replace=False, p=weight / weight.sum())
            points = np.column_stack([ground.x[cells], ground.y[cells]])
            tract[cells] = len(numbers) + cKDTree(points[seeds]).query(points)[1]
            rural = count <= _RURAL_TRACTS
            numbers.extend(fips * 1_000_000 + (950_100 + 100 * k if rural else 100 * (k + 1)) for k in range(count))
        empty = np.flatnonzero((ground.county == county) & (ground.district == NOT_DEFINED))
        if len(empty):
            tract[empty] = len(numbers)
            numbers.append(fips * 1_000_000 + _SPECIAL_TRACT)
    return tract, np.array(numbers, dtype=np.int64)


def _blocks(ground: Ground, x: Floats, y: Floats, cell: Ints, tract: Ints, tracts: Ints) -> Ints:
    """2020 blocks: each cell is cut into squares of about HOMES_PER_BLOCK locations; numbered within their tract."""
    homes = np.bincount(cell, minlength=len(ground.x))
    cuts = np.ceil(np.sqrt(np.maximum(1, homes / HOMES_PER_BLOCK))).astype(np.int64)[cell]
    wide = ground.span / np.sqrt(len(ground.x) / ground.districts)
    column = np.clip(((x - ground.x[cell]) / wide + 0.5) * cuts, 0, cuts - 1).astype(np.int64)
    row = np.clip(((y - ground.y[cell]) / wide + 0.5) * cuts, 0, cuts - 1).astype(np.int64)
    piece = (tract * (len(ground.x) + 1) + cell) * 4_096 + row * 64 + column
    pieces, place = np.unique(piece, return_inverse=True)
    of_tract = pieces // ((len(ground.x) + 1) * 4_096)
    first = np.searchsorted(of_tract, np.arange(len(tracts)))
    within = np.arange(len(pieces)) - first[of_tract]
    group, number = within % 4 + 1, within // 4
    code = tracts[of_tract] * 10_000 + group * 1_000 + number % 1_000
    return np.asarray(code[place], dtype=np.int64)


def hexagons(lat: Floats, lon: Floats) -> NDArray[np.uint64]:
    """H3 cells of resolution 8 as the FCC gives them: the parents of the points' cells of resolution 9."""
    fine = np.fromiter(
        map(h3.latlng_to_cell, lat.tolist(), lon.tolist(), [9] * len(lat)), dtype=np.uint64, count=len(lat)
    )
    coarser = (fine & ~(np.uint64(15) << np.uint64(52))) | (np.uint64(8) << np.uint64(52))
    return np.asarray(coarser | (np.uint64(7) << np.uint64(18)), dtype=np.uint64)
