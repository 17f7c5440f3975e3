"""A choice beyond the school door as tables with places, for a map: sites, buses, and where students stay unreached.

Clusters of homes are gathered into places of some hundred square miles, so that what is shown counts enough students.
"""

from typing import Final

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point

from infraplan.connectivity.community import words
from infraplan.connectivity.community.files import Plan
from infraplan.connectivity.community.inputs import BUSES

CRS: Final = "EPSG:4326"
PLACES: Final = (5, 4)
"""Resolutions of the grid that places are gathered in: about 100 and 700 square miles a cell."""
ENOUGH: Final = 0.5
"""Share of the places that must count enough students for the finer grid to be used."""
MONEY: Final = ("cost_usd", "erate_usd", "budget_usd", "usd_per_student")


def sites(plan: Plan, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """The table of sites and programs with points (none for a program), reasons without figures of people."""
    points = [Point(told.places[0]) if told.places else None for told in plan.inputs.measures]
    plain = table.assign(why=words.of_measures(plan.choice), **{name: table[name].astype(float) for name in MONEY})
    plain["kind"] = plain["kind"].str.replace("_", " ")
    return gpd.GeoDataFrame(plain, geometry=np.array(points, dtype=object), crs=CRS)


def buses(plan: Plan, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Buses that have two stops or more, as lines through them."""
    lines = {
        number: LineString(told.places)
        for number, told in enumerate(plan.inputs.measures)
        if told.kind in BUSES and len(told.places) > 1
    }
    kept = table.iloc[list(lines)][["name", "choice"]].assign(stops=[len(line.coords) for line in lines.values()])
    return gpd.GeoDataFrame(kept, geometry=np.array(list(lines.values()), dtype=object), crs=CRS)


def _gathered(points: pd.DataFrame, least: float) -> list[str]:
    """The place of each cluster: on the finest grid where half of the places count `least` students."""
    cells: list[str] = []
    for resolution in PLACES:
        pairs = zip(points["lon"].tolist(), points["lat"].tolist(), strict=True)
        cells = [h3.latlng_to_cell(lat, lon, resolution) for lon, lat in pairs]
        counts = points["students"].groupby(np.array(cells)).sum()
        if (counts >= least).mean() >= ENOUGH:
            break
    return cells


def reach(points: pd.DataFrame, least: float) -> gpd.GeoDataFrame:
    """Clusters gathered into places: place, students, reached, unreached, weight, why_unreached; `points` as written.

    `least` is the number of students under which a place says little, because counts under the threshold are withheld.
    """
    told = points.assign(cell=_gathered(points, least), name=points["name"].fillna(points["lea_id"]).fillna("a place"))
    for column in ("lon", "lat", "weight"):
        told[column] = told[column] * told["students"]
    sums = told.groupby("cell")[["students", "reached", "unreached", "lon", "lat", "weight"]].sum()
    sums = sums[sums["students"] > 0]
    for column in ("lon", "lat", "weight"):
        sums[column] = sums[column] / sums["students"]
    sums["name"] = _most(told, "name", "students")
    sums["why_unreached"] = _most(told, "why_unreached", "unreached")
    sums = sums.sort_values(["name", "lat", "lon"], kind="stable").reset_index(drop=True)
    number = sums.groupby("name").cumcount() + 1
    alone = sums.groupby("name")["name"].transform("size") == 1
    sums["place"] = sums["name"].where(alone, sums["name"] + ", part " + number.astype(str))
    shapes = [Point(lon, lat) for lon, lat in zip(sums["lon"], sums["lat"], strict=True)]
    rounded = sums.assign(students=sums["students"].round(), reached=sums["reached"].round())
    rounded["unreached"] = (rounded["students"] - rounded["reached"]).clip(lower=0)
    return gpd.GeoDataFrame(rounded.drop(columns=["lon", "lat"]), geometry=np.array(shapes, dtype=object), crs=CRS)


def _most(told: pd.DataFrame, column: str, by: str) -> pd.Series:
    """For each place, the word that most of its students share."""
    known = told.dropna(subset=[column])
    sums = known.groupby(["cell", column], as_index=False)[by].sum()
    first = pd.DataFrame(sums).sort_values(["cell", by, column], ascending=[True, False, True]).drop_duplicates("cell")
    found: pd.Series = first.set_index("cell")[column]
    return found
