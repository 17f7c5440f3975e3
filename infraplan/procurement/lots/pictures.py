"""Where the members of a division are, for its map: boundaries where they are known, else points."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from infraplan.procurement.lots import ground
from infraplan.procurement.lots.inputs import Inputs
from infraplan.workspace import Workspace


def districts(inputs: Inputs) -> gpd.GeoDataFrame:
    """One row per member and per district beside them: area_id, name, area_layer, geometry in degrees."""
    points = gpd.GeoDataFrame(
        {
            "area_id": [member.lea_id for member in inputs.members],
            "name": [member.name for member in inputs.members],
            "area_layer": "unknown",
        },
        geometry=gpd.points_from_xy(inputs.lon, inputs.lat), crs="EPSG:4326",
    )  # fmt: skip
    return _with(points, inputs.shapes)


def of_workspace(
    workspace: Workspace, given: Mapping[str, tuple[float, float]] | None = None
) -> gpd.GeoDataFrame | None:
    """The same of a workspace: its boundaries, and for others the points given or the middle of their schools.

    None where there is none of them.
    """
    told = ground.of(workspace)
    spots = [(lea_id, lea_id, lon, lat) for lea_id, (lon, lat) in sorted((given or {}).items())]
    more = pd.DataFrame(spots, columns=["lea_id", "name", "lon", "lat"])
    known = told.table.reindex(columns=["lea_id", "name", "lon", "lat"]).dropna(subset=["lon", "lat"])
    known = pd.concat([known, more[~more["lea_id"].isin(known["lea_id"])]], ignore_index=True) if spots else known
    points = gpd.GeoDataFrame(
        {"area_id": known["lea_id"].to_numpy(), "name": known["name"].fillna(known["lea_id"]).to_numpy(),
         "area_layer": "unknown"},
        geometry=gpd.points_from_xy(known["lon"].astype(float), known["lat"].astype(float)), crs="EPSG:4326",
    )  # fmt: skip
    return None if told.shapes is None and points.empty else _with(points, told.shapes)


def _with(points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if outlines is None:
        return points
    shapes = outlines.rename(columns={"lea_id": "area_id"})[["area_id", "name", "area_layer", "geometry"]]
    rest = points[~points["area_id"].isin(shapes["area_id"])]
    return gpd.GeoDataFrame(pd.concat([shapes, rest], ignore_index=True), crs="EPSG:4326") if len(rest) else shapes
