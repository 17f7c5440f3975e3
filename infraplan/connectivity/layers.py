"""The tables behind the gap map: one row per district boundary and one per school, with every layer's columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from infraplan.connectivity import areas, children, homes, schools
from infraplan.connectivity.homes import HomeRule
from infraplan.connectivity.schools import Target
from infraplan.errors import NoTable
from infraplan.workspace import Workspace

HOME_LAYERS = ("homes_unserved_share", "homes_unserved", "homes_underserved_share")
CHILD_LAYERS = ("children_without_access", "children_without_access_share")
SCHOOL_LAYERS = ("schools_mbps_gap", "schools_kbps_per_student")
POINT_LAYERS = {
    "schools_below_target": ("meets_target", "bandwidth of the schools' districts is not known"),
    "schools_no_fiber_near": ("near_fiber", "no FCC file with fiber offers is loaded"),
}
"""Layers of school points: the column each draws, and why it may be unknown of every school."""


@dataclass(frozen=True)
class MapTables:
    """What the gap map draws.

    `areas`: area_id, name, area_layer, geometry and the columns of home_gaps, child_gaps and school_gaps; `points`:
    school_id, name, lea_id, lea_name, near_fiber, meets_target, geometry; both in longitude and latitude.
    `receipt_tables` maps a receipt id to the answers that stand on it.
    """

    areas: gpd.GeoDataFrame
    points: gpd.GeoDataFrame | None
    title: str
    layers: tuple[str, ...]
    notes: tuple[str, ...]
    receipt_tables: dict[str, tuple[str, ...]]


def with_engine(workspace: Workspace) -> Workspace:
    """The workspace with its engine open, where homes will be counted: for a caller that counts in another thread.

    Opening imports libraries; two threads that import at once hold each other up.
    """
    if workspace.has("availability"):
        _ = workspace.backend
    return workspace


def map_tables(workspace: Workspace, *, rule: HomeRule, aim: Target) -> MapTables:
    """Compute every gap that the loaded files allow, by district; keeps each as an answer of the workspace.

    Raises NoTable if there are no district boundaries, or nothing at all to show on them.
    """
    frame, notes = areas.boundaries(workspace)
    used: dict[str, tuple[str, ...]] = {}
    layers: list[str] = []
    answers: list[tuple[str, tuple[str, ...], Callable[[], Any]]] = [
        ("home_gaps", HOME_LAYERS, lambda: homes.home_gaps(workspace, by="district", rule=rule)),
        ("child_gaps", CHILD_LAYERS, lambda: children.child_gaps(workspace, by="district")),
        ("school_gaps", SCHOOL_LAYERS, lambda: schools.school_gaps(workspace, aim=aim)),
    ]
    tables: dict[str, pd.DataFrame] = {}
    for table, names, make in answers:
        try:
            gaps = make()
        except NoTable as missing:
            notes.append(f"{table.replace('_', ' ')} are not shown: {str(missing).splitlines()[0]}")
            continue
        workspace.put_answer(table, gaps.table, dict(gaps.about))
        tables[table] = gaps.table
        layers += names
        notes += gaps.notes
        for receipt in gaps.receipts:
            used[receipt.receipt_id] = (*used.get(receipt.receipt_id, ()), table)
    if not tables:
        raise NoTable("there is nothing to show of any district\n  mend:  `infraplan status` lists what to add")
    points = _points(workspace, tables.get("school_gaps"))
    if points is not None:
        told = {layer: (points[column] != "unknown").any() for layer, (column, _) in POINT_LAYERS.items()}
        layers += [layer for layer, known in told.items() if known]
        notes += [f"one view of schools is not shown: {POINT_LAYERS[layer][1]}" for layer in told if not told[layer]]
        used |= {
            one.receipt_id: (*used.get(one.receipt_id, ()), "school_points") for one in workspace.receipts_of("schools")
        }
        notes += _placeless_note(points, frame)
    return MapTables(_joined(frame, tables), points, _title(tables), tuple(layers), tuple(dict.fromkeys(notes)), used)


def _title(tables: dict[str, pd.DataFrame]) -> str:
    """What the map shows, and, where it must be said, that funded locations are still among the unserved."""
    kinds = [
        word
        for table, word in (("home_gaps", "homes"), ("child_gaps", "children"), ("school_gaps", "schools"))
        if table in tables
    ]
    listed = kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"
    title = f"broadband gaps of {listed} by district"
    if "home_gaps" in tables and tables["home_gaps"]["funded_locations"].isna().all():
        title += f" ({homes.NOT_REMOVED})"
    return title


def _joined(frame: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    if "home_gaps" in tables:
        gaps = tables["home_gaps"].dropna(subset=["area_id"]).drop(columns=["name", "method"])
        total = gaps["locations"].where(gaps["locations"] > 0)
        gaps = gaps.assign(underserved_share=(gaps["underserved"] / total).astype("Float64"))
        frame = frame.merge(gaps, on="area_id", how="left")
    if "child_gaps" in tables:
        gaps = tables["child_gaps"].dropna(subset=["area_id"]).drop(columns=["name", "method"])
        total = gaps["children"].where(gaps["children"] > 0)
        gaps = gaps.assign(without_access_share=(gaps["without_access"] / total).astype("Float64"))
        frame = frame.merge(gaps, on="area_id", how="left")
    if "school_gaps" in tables:
        gaps = tables["school_gaps"].rename(columns={"lea_id": "area_id"}).drop(columns="name")
        frame = frame.merge(gaps.assign(meets_target=_meets(gaps)), on="area_id", how="left")
        frame["basis"] = frame["basis"].fillna("unknown")
        frame["meets_target"] = frame["meets_target"].fillna("unknown")
    return frame


def _meets(gaps: pd.DataFrame) -> pd.Series:
    known = gaps["gap_mbps"].notna()
    return (gaps["gap_mbps"] <= 0).map({True: "yes", False: "no"}).where(known, "unknown")


def _points(workspace: Workspace, gaps: pd.DataFrame | None) -> gpd.GeoDataFrame | None:
    if not workspace.has("schools"):
        return None
    rows = schools.near_fiber(workspace).dropna(subset=["lon", "lat"])
    if rows.empty:
        return None
    meets = dict(zip(gaps["lea_id"], _meets(gaps), strict=True)) if gaps is not None else {}
    rows = rows.assign(meets_target=rows["lea_id"].map(meets).fillna("unknown"), school_id=rows["ncessch"])
    kept = rows[["school_id", "name", "lea_id", "lea_name", "near_fiber", "meets_target"]]
    return gpd.GeoDataFrame(kept, geometry=gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326")


def _placeless_note(points: gpd.GeoDataFrame, frame: gpd.GeoDataFrame) -> list[str]:
    placeless = points[~points["lea_id"].isin(frame["area_id"])]
    if placeless.empty:
        return []
    return [
        f"{len(placeless):,} of {len(points):,} schools belong to {placeless['lea_id'].nunique()} LEAs without a boundary "
        "(charters, state schools); they are points on the map and rows of the school tables"
    ]
