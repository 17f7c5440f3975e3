"""What a workspace tells of districts before a division: boundaries, places, students, circuits."""

import geopandas as gpd
import pandas as pd

from infraplan.procurement.lots.inputs import Ground
from infraplan.workspace import Workspace

_ASIDE = ("unknown", "administrative")
INTERNET = "internet"


def of(workspace: Workspace) -> Ground:
    """Boundaries of districts that have schools, and a table of every district known, by lea_id."""
    shapes = _shapes(workspace) if workspace.has("district_shapes") else None
    tables = [_names(shapes), _enrollment(workspace), _schools(workspace), _circuits(workspace)]
    told = pd.DataFrame({"lea_id": pd.Series(dtype=object)}).set_index("lea_id")
    for one in tables:
        told = told.combine_first(one.astype(object).set_index("lea_id"))
    return Ground(shapes, told.reset_index())


def joined(known: Ground, more: pd.DataFrame) -> Ground:
    """The ground with further columns of its districts (by lea_id)."""
    return Ground(known.shapes, known.table.merge(more, on="lea_id", how="left"))


def _shapes(workspace: Workspace) -> gpd.GeoDataFrame:
    shapes = workspace.geoframe("district_shapes")
    for aside in _ASIDE:
        odd = shapes["area_layer"] == aside
        if not odd.all():
            shapes = shapes[~odd]
    kept = shapes[["lea_id", "name", "area_layer", "geometry"]].drop_duplicates("lea_id", ignore_index=True)
    return gpd.GeoDataFrame(kept)


def _names(shapes: gpd.GeoDataFrame | None) -> pd.DataFrame:
    return pd.DataFrame({"lea_id": [], "name": []}) if shapes is None else pd.DataFrame(shapes[["lea_id", "name"]])


def _enrollment(workspace: Workspace) -> pd.DataFrame:
    """Students by LEA as the state's own file counts them."""
    if not workspace.has("enrollment"):
        return pd.DataFrame({"lea_id": []})
    students = workspace.frame("enrollment").groupby("lea_id", sort=True)["students"].sum(min_count=1)
    return pd.DataFrame({"lea_id": students.index, "students": students.to_numpy()})


def _schools(workspace: Workspace) -> pd.DataFrame:
    """Students and the middle of its schools, by LEA."""
    if not workspace.has("schools"):
        return pd.DataFrame({"lea_id": []})
    schools = workspace.frame("schools")
    schools = schools[schools["lea_id"].notna()]
    grouped = schools.groupby("lea_id", sort=True)
    students = grouped["students"].sum(min_count=1)
    return pd.DataFrame({
        "lea_id": students.index, "name": grouped["lea_name"].first().to_numpy(), "students": students.to_numpy(),
        "lon": grouped["lon"].median().to_numpy(), "lat": grouped["lat"].median().to_numpy(),
    })  # fmt: skip


def _circuits(workspace: Workspace) -> pd.DataFrame:
    """Mbps and monthly bill of the internet circuits, by LEA."""
    if not workspace.has("circuits"):
        return pd.DataFrame({"lea_id": []})
    circuits = workspace.frame("circuits")
    if "service" in circuits and (circuits["service"] == INTERNET).any():
        circuits = circuits[circuits["service"] == INTERNET]
    grouped = circuits.groupby("lea_id", sort=True)
    speed = grouped["mbps"].sum(min_count=1)
    bill = pd.to_numeric(circuits["usd_month"], errors="coerce").groupby(circuits["lea_id"]).sum(min_count=1)
    found = {"lea_id": speed.index, "demand": speed.to_numpy(), "value": bill.reindex(speed.index).to_numpy()}
    if "students" in circuits:
        found["students"] = grouped["students"].max().to_numpy()
    return pd.DataFrame(found)
