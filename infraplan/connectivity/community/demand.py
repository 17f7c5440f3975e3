"""Where unreached students live, from a workspace: clusters of homes with an estimate of students lacking broadband.

Children without a computer and broadband are known by district, as a range (`connectivity children`). They are spread
over the district's counted locations: first over homes without an offer, at the district's mean of children per
location, since a child there cannot have broadband; the rest evenly over homes that are offered it. Where the first
alone would exceed the district's estimate, it is scaled down to it. Children under 18 stand in for students.
"""

from dataclasses import dataclass
from typing import Final

import h3
import numpy as np
import pandas as pd

from infraplan.connectivity import areas, children, homes
from infraplan.connectivity.homes import HomeRule
from infraplan.errors import NoAnswer
from infraplan.receipts import Receipt
from infraplan.workspace import Workspace

CELL: Final = 7
"""Resolution of the grid that homes are gathered in: about two square miles a cell."""
FEW: Final = 10
"""Children under whom nothing is said of those that could not be placed."""
ESTIMATES: Final = {"students": "without_access", "students_low": "low", "students_high": "high"}
COLUMNS: Final = [
    "point_id", "name", "lea_id", "lon", "lat", "students", "students_low", "students_high", "offered_students",
    "poor_share",
]  # fmt: skip


@dataclass(frozen=True)
class Demand:
    """Points (columns of the schema `community_points`), with what has to be said about them."""

    points: pd.DataFrame
    notes: tuple[str, ...]
    receipts: tuple[Receipt, ...]


def from_workspace(workspace: Workspace, rule: HomeRule, as_of: str | None = None) -> Demand:
    """Spread each district's children without access over its homes; see the module's text.

    Raises NoTable where offers, estimates of children or district boundaries are not loaded, NoAnswer where nobody is
    unreached.
    """
    gaps = children.child_gaps(workspace, by="district")
    cells, notes = _cells(workspace, rule, as_of)
    points = spread(cells, gaps.table)
    if points.empty:
        raise NoAnswer("No answer: the estimates loaded say that no child lacks broadband, so there is nobody to reach")
    shares = poor_shares(workspace)
    points["poor_share"] = points["lea_id"].map(shares).astype(float)
    points = points.merge(
        gaps.table[["area_id", "name"]].rename(columns={"area_id": "lea_id"}), on="lea_id", how="left"
    )
    points = points.sort_values("point_id", ignore_index=True)[COLUMNS]
    tables = ["availability", "locations", "household_internet", "district_shapes", "district_poverty"]
    receipts = workspace.receipts_of(*(name for name in tables if workspace.has(name)))
    return Demand(points, (*_spread_notes(gaps.table, points, shares), *notes), tuple(receipts))


def _cells(workspace: Workspace, rule: HomeRule, as_of: str | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Counted locations by grid cell and district: lea_id, cell, locations, unserved; and what the home gaps say of them."""
    gaps = homes.home_gaps(workspace, by="district", rule=rule, as_of=as_of)
    found, _ = homes.found_locations(workspace, rule, business=False, as_of=as_of)
    here = found.group_by("block_geoid", "h3_res8_id").aggregate(
        locations=found.count(), unserved=(~found["reached"]).sum()
    )
    counts: pd.DataFrame = workspace.backend.execute(here)
    placement = areas.place(workspace, counts[["block_geoid", "h3_res8_id"]], "district")
    own = dict(zip(placement.own["key"], placement.own["area_id"], strict=True))
    counts = counts.assign(lea_id=counts[placement.key].map(own), cell=counts["h3_res8_id"])
    return counts.dropna(subset=["lea_id"])[["lea_id", "cell", "locations", "unserved"]], gaps.notes


def spread(cells: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Spread children without access over clusters of homes; columns of `community_points` but names and poverty.

    `cells`: lea_id, cell (a grid cell's id), locations, unserved; `gaps`: area_id, children, without_access, low, high.
    """
    cells = cells.assign(parent=[h3.cell_to_parent(cell, CELL) for cell in cells["cell"]])
    centers = np.array([h3.cell_to_latlng(cell) for cell in cells["cell"]], dtype=float).reshape(-1, 2)
    weight = cells["locations"].to_numpy(float)
    cells = cells.assign(lat=centers[:, 0] * weight, lon=centers[:, 1] * weight)
    sums = pd.DataFrame(
        cells.groupby(["lea_id", "parent"])[["locations", "unserved", "lat", "lon"]].sum()
    ).reset_index()
    sums[["lat", "lon"]] = sums[["lat", "lon"]].div(sums["locations"], axis=0).round(5)
    known = (
        gaps.dropna(subset=["area_id", "children", "without_access"]).set_index("area_id").astype({"children": float})
    )
    sums = sums[sums["lea_id"].isin(known.index)].reset_index(drop=True)
    total = sums.groupby("lea_id")[["locations", "unserved"]].transform("sum")
    each = sums["lea_id"].map(known["children"]) / total["locations"]
    offered = (sums["locations"] - sums["unserved"]) / (total["locations"] - total["unserved"]).where(lambda n: n > 0)
    for column, estimate in ESTIMATES.items():
        all_here = sums["lea_id"].map(known[estimate].astype(float))
        no_offer = (each * total["unserved"]).clip(upper=all_here)
        no_offer = no_offer.where(total["unserved"] < total["locations"], all_here)
        first = no_offer * sums["unserved"] / total["unserved"].where(total["unserved"] > 0)
        rest = (all_here - no_offer) * offered
        sums[column] = (first.fillna(0.0) + rest.fillna(0.0)).round(4)
        if column == "students":
            sums["offered_students"] = rest.fillna(0.0).round(4)
    sums["point_id"] = sums["lea_id"] + "-" + sums["parent"]
    return sums[sums["students_high"] > 0].drop(columns=["parent", "locations", "unserved"])


def poor_shares(workspace: Workspace) -> dict[str, float]:
    """Share of children 5 to 17 in poverty by district; empty where no estimates are loaded."""
    if not workspace.has("district_poverty"):
        return {}
    table = workspace.frame("district_poverty").dropna(subset=["children_5_17", "children_5_17_poverty"])
    table = table[table["children_5_17"] > 0]
    share = table["children_5_17_poverty"].astype(float) / table["children_5_17"].astype(float)
    return dict(zip(table["lea_id"], share.clip(0, 1).round(4), strict=True))


def _spread_notes(gaps: pd.DataFrame, points: pd.DataFrame, shares: dict[str, float]) -> list[str]:
    """What a reader must know of the estimates."""
    total, placed = float(gaps["without_access"].fillna(0).sum()), float(points["students"].sum())
    notes = [
        "children under 18 without a computer and broadband stand in for students; each district's estimate is spread over "
        "its homes, first over those without an offer: nobody was counted at a door"
    ]
    if total - placed > FEW:
        notes.append(
            f"{total - placed:,.0f} of {total:,.0f} children without access are in areas without a counted home or counted "
            "in two overlapping districts; they are not placed"
        )
    unknown = points.loc[~points["lea_id"].isin(list(shares)), "lea_id"].nunique()
    if unknown:
        notes.append(
            f"{unknown:,} districts have no estimate of poverty loaded and weigh like districts without poverty"
        )
    return notes
