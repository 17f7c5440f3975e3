"""Where the members of a division are, for its map: boundaries where they are known, else points."""

import geopandas as gpd
import pandas as pd

from infraplan.procurement.lots.inputs import Inputs


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
    if inputs.shapes is None:
        return points
    shapes = inputs.shapes.rename(columns={"lea_id": "area_id"})[["area_id", "name", "area_layer", "geometry"]]
    rest = points[~points["area_id"].isin(shapes["area_id"])]
    return gpd.GeoDataFrame(pd.concat([shapes, rest], ignore_index=True), crs="EPSG:4326") if len(rest) else shapes
