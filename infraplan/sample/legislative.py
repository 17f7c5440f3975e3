"""State legislative districts of the sample state, as TIGER/Line draws them: half as many senators as representatives."""

from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from infraplan.sample.census import with_areas, write_shapes
from infraplan.sample.files import SampleFile
from infraplan.sample.ground import Ground, merged
from infraplan.sample.homes import STATE

CHAMBERS = {
    "upper": (3, "sldu", "SLDUST", "610L900US", "State Senate District", "LU", "G5210"),
    "lower": (4, "sldl", "SLDLST", "620L900US", "State House District", "LL", "G5220"),
}
"""By chamber: halvings of the state, layer, column of the code, prefix, name, legal code, feature class."""


def write_legislative(folder: Path, ground: Ground) -> list[SampleFile]:
    """Two TIGER/Line 2025 layers: the state halved three and four times, with as much ground in each half."""
    files = []
    for chamber, (times, layer, column, prefix, name, legal, feature) in CHAMBERS.items():
        districts = halved(np.asarray(ground.x), np.asarray(ground.y), times)
        codes = [f"{number:03d}" for number in range(1, 2**times + 1)]
        frame = gpd.GeoDataFrame(
            {
                "STATEFP": STATE,
                column: codes,
                "GEOID": [STATE + code for code in codes],
                "GEOIDFQ": [prefix + STATE + code for code in codes],
                "NAMELSAD": [f"{name} {int(code)}" for code in codes],
                "LSAD": legal,
                "LSY": "2024",
                "MTFCC": feature,
                "FUNCSTAT": "N",
            },
            geometry=merged(ground.shape, districts, len(codes)),
            crs="EPSG:4269",
        )
        path = folder / f"tl_2025_{STATE}_{layer}.zip"
        write_shapes(path, with_areas(frame))
        files.append(SampleFile(path, f"TIGER/Line 2025 state legislative districts, {chamber} chamber"))
    return files


def halved(x: NDArray[np.float64], y: NDArray[np.float64], times: int) -> NDArray[np.int64]:
    """Number of the part that each point falls in when all are halved again and again, across the longer side first.

    >>> halved(np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4), 1).tolist()
    [0, 0, 1, 1]
    """
    part = np.zeros(len(x), dtype=np.int64)
    for _ in range(times):
        finer = part * 2
        for number in np.unique(part):
            mine = np.flatnonzero(part == number)
            along = x if np.ptp(x[mine]) >= np.ptp(y[mine]) else y
            order = mine[np.argsort(along[mine], kind="stable")]
            finer[order[len(order) // 2 :]] += 1
        part = finer
    return part
