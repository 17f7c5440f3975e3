"""A network to build as tables with places, for a map: routes as lines, sites, points of presence and towers."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point

from infraplan.connectivity.network.inputs import SATELLITE
from infraplan.connectivity.network.links import FIBER, MAST
from infraplan.connectivity.network.plan import WIRELESS, Plan

CRS: Final = "EPSG:4326"
SHARING: Final = (1, 2, 4, 8, 16)
"""Least number of sites of each class of links on the map."""


def routes(plan: Plan, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """The table of routes with lines; a link whose end has no place has none."""
    places = plan.inputs.places
    lines = [
        LineString([places[a], places[b]]) if a in places and b in places and a != b else None
        for a, b in zip(table["a"], table["b"], strict=True)
    ]
    shared = table["sites"].map(lambda count: str(max(least for least in SHARING if least <= max(count, 1))))
    named = table.assign(route=_names(table), shared=shared, usd=table["usd"].astype(float))
    return gpd.GeoDataFrame(named, geometry=np.array(lines, dtype=object), crs=CRS)


def _names(table: pd.DataFrame) -> pd.Series:
    """What a reader calls a link: its ends, or the tower."""
    return (table["a"] + " to " + table["b"]).where(table["a"] != table["b"], "tower " + table["a"])


def sites(plan: Plan, served: pd.DataFrame) -> gpd.GeoDataFrame:
    """The table of sites with points, and `served_by`: fiber, wireless, satellite or other."""
    places = plan.inputs.places
    points = [Point(places[node]) if node in places else None for node in served["node"]]
    money = [name for name in served.columns if str(name).endswith("_usd")]
    plain = served.assign(**{str(name): served[name].astype(float) for name in money})
    connected = served["pop"].notna()
    known = (connected & served["choice"].isin([FIBER, WIRELESS])) | (~connected & (served["choice"] == SATELLITE))
    kinds = served["choice"].where(known, "other")
    return gpd.GeoDataFrame(plain.assign(served_by=kinds), geometry=np.array(points, dtype=object), crs=CRS)


def hubs(plan: Plan) -> gpd.GeoDataFrame:
    """Points of presence and the towers that the plan uses, with the sites whose way passes them."""
    places = plan.inputs.places
    passing: dict[str, int] = {}
    for site in plan.connected:
        way = plan.way(site)
        for node in {way.pop, *(step.link.ends[0] for step in way.steps if step.link.kind == MAST)}:
            passing[node] = passing.get(node, 0) + 1
    rows = [{"node": pop, "what": "point of presence", "sites": passing.get(pop, 0)} for pop in plan.inputs.pops]
    rows += [
        {"node": tower, "what": "tower", "sites": passing[tower]}
        for tower in sorted(plan.inputs.towers)
        if tower in passing
    ]
    points = [Point(places[str(row["node"])]) if row["node"] in places else None for row in rows]
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=np.array(points, dtype=object), crs=CRS)
