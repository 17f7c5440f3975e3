"""The gap map of a large state: 1,000 districts and 10,000 schools, all layers; seconds to draw and size of the file.

    python benchmarks/bench_map.py [DISTRICTS SCHOOLS]

Prints, per round, the seconds of `draw_map` (imports apart) and of its largest part, the simplification of boundaries.
The goals: under 3 seconds and under 5 MB.
"""

import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from infraplan.outputs import shapes
from infraplan.outputs.layers import layer_names
from infraplan.outputs.maps import SourceNote, draw_map, load_layer

ROUNDS = 3
VERTICES_PER_DISTRICT = 350
GOAL_SECONDS, GOAL_BYTES = 3.0, 5_000_000


def districts(count: int, seed: int = 1) -> gpd.GeoDataFrame:
    """A grid of districts with wavy shared borders, about 350 vertices each, and values for every layer."""
    random = np.random.default_rng(seed)
    cells = _wavy_grid(count)
    locations = random.integers(100, 9000, count).astype(float)
    unserved = np.round(locations * random.beta(1, 12, count))
    underserved = np.round(locations * random.beta(1, 9, count))
    children = np.round(random.gamma(1, 900, count))
    without = np.round(children * random.beta(1, 12, count))
    students = np.round(random.gamma(1, 1500, count)) + 1
    mbps = np.where(random.random(count) < 0.15, np.nan, np.round(students * random.gamma(2, 0.5, count)))
    return gpd.GeoDataFrame(
        {
            "area_id": [f"99{row:05d}" for row in range(count)],
            "name": [f"Franklin Unified District {row}" for row in range(count)],
            "area_layer": "unified",
            "locations": locations,
            "unserved": unserved,
            "underserved": underserved,
            "served": locations - unserved - underserved,
            "unserved_share": unserved / locations,
            "underserved_share": underserved / locations,
            "funded_locations": np.nan,
            "children": children,
            "without_access": without,
            "low": np.maximum(without - 20, 0),
            "high": np.minimum(without + 20, children),
            "without_access_share": without / np.maximum(children, 1),
            "students": students,
            "mbps": mbps,
            "kbps_per_student": 1000 * mbps / students,
            "target_mbps": students,
            "gap_mbps": np.maximum(students - mbps, 0),
            "basis": np.where(np.isnan(mbps), "unknown", "filed"),
            "meets_target": np.where(np.isnan(mbps), "unknown", np.where(mbps >= students, "yes", "no")),
        },
        geometry=cells,
        crs="EPSG:4326",
    )


def _wavy_grid(count: int) -> list[shapely.Geometry]:
    side = int(np.ceil(np.sqrt(count)))
    steps = VERTICES_PER_DISTRICT // 4
    along = np.linspace(0, 1, steps)
    wobble = 0.04 * np.sin(14 * np.pi * along) * np.sin(np.pi * along)
    lines = []
    for i in range(side + 1):
        for j in range(side):
            lines.append(np.column_stack([i + wobble, j + along]))
            lines.append(np.column_stack([j + along, i + wobble]))
    places = [line * (7 / side, 5 / side) + (-74, 40) for line in lines]
    return list(shapely.get_parts(shapely.polygonize([shapely.LineString(place) for place in places])))[:count]


def schools(count: int, lea_ids: int, seed: int = 2) -> gpd.GeoDataFrame:
    """Schools strewn over the state."""
    random = np.random.default_rng(seed)
    lea = random.integers(0, lea_ids, count)
    return gpd.GeoDataFrame(
        {
            "school_id": [f"99{one:05d}{number:05d}" for number, one in enumerate(lea)],
            "name": [f"Franklin Elementary School {number}" for number in range(count)],
            "lea_id": [f"99{one:05d}" for one in lea],
            "lea_name": [f"Franklin Unified District {one}" for one in lea],
            "near_fiber": random.choice(["yes", "no", "unknown"], count),
            "meets_target": random.choice(["yes", "no"], count),
        },
        geometry=shapely.points(random.uniform(-74, -67, count), random.uniform(40, 45, count)),
        crs="EPSG:4326",
    )


def main() -> None:
    """Draw the map a few times and say how long it took and how large it is."""
    count, many = (int(one) for one in sys.argv[1:3]) if len(sys.argv) > 2 else (1000, 10_000)
    areas, points = districts(count), schools(many, count)
    layers = [load_layer(name) for name in layer_names()]
    source = SourceNote(title="Made up", publisher="bench_map.py", as_of="2026-01-01", file="none", sha256="0" * 64)
    vertices = shapely.get_num_coordinates(areas.geometry).sum()
    print(f"{count:,} districts, {vertices:,} vertices, {many:,} schools, {len(layers)} layers")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.html"
        for _ in range(ROUNDS):
            start = time.perf_counter()
            draw_map(
                path,
                title="Franklin",
                areas=areas,
                points=points,
                layers=layers,
                sources=[source],
                stamps=["SYNTHETIC"],
            )
            drawn = time.perf_counter()
            shapes.simplified(areas)
            simplified = time.perf_counter()
            size = path.stat().st_size
            print(
                f"map {drawn - start:.2f} s (goal {GOAL_SECONDS:.0f}), of it boundaries about "
                f"{simplified - drawn:.2f} s; {size / 1e6:.2f} MB (goal {GOAL_BYTES / 1e6:.0f})"
            )


if __name__ == "__main__":
    main()
