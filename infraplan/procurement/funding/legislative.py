"""What a funding plan means for each legislative district: students and dollars of school districts, shared among them.

Where students live is not in the plan. Their places are taken from the state's own shares where they are given, else
from the broadband locations of the school district (homes, by the center of their grid cell), else from its area; the
table and the page say which. Every chamber's rows add up to the plan: what has no boundary is placed nowhere, and told.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import h3
import numpy as np
import pandas as pd

from infraplan import geo, states, tablefiles
from infraplan.errors import BadInput, Fault
from infraplan.procurement.funding.answer import Answer
from infraplan.units import CENT
from infraplan.workspace import Workspace

Method = Literal["locations", "area", "given"]
COLUMNS: Final = (
    "chamber", "legislative_id", "name", "lea_ids", "students_reached", "students_left", "projects_funded",
    "projects_left", "erate_usd", "state_usd", "method",
)  # fmt: skip
CHAMBERS: Final = ("upper", "lower")
NOWHERE: Final = ""
ROUNDING: Final = 1e-6
LEAST_SHARE: Final = 1e-4
"""Slivers below this part of a district are borders that do not match, not students."""
NEARLY_WHOLE: Final = 0.995
"""From this part on, what is placed counts as all: two layers' borders never match to the foot."""
_WORDS: Final = {
    "locations": "by where its homes are (broadband locations, by the center of their grid cell of about 0.7 square "
    "kilometers)",
    "area": "by area, as if its students lived evenly over it; load broadband availability to place them by homes",
    "given": "by the shares given with --legislative",
}


@dataclass(frozen=True)
class Shares:
    """`table`: lea_id, chamber, legislative_id, name, share; and how it was made."""

    table: pd.DataFrame
    method: Method

    def words(self) -> str:
        """How students were placed, in words."""
        return (
            f"students of a school district are shared among legislative districts {_WORDS[self.method]}: an estimate"
        )


def of_file(path: Path) -> Shares:
    """Shares as a state gives them; raises BadInput where those of a district add up to more than all of it."""
    table = tablefiles.read_declared(path, "legislative_shares")
    whole = table.groupby(["lea_id", "chamber"], as_index=False)["share"].sum()
    over = whole[whole["share"] > 1 + ROUNDING]
    if len(over):
        raise BadInput([
            Fault(kind="OutOfRange", what=f"shares of {lea} in the {chamber} chamber add up to {total:.4g}, more than 1",
                  file=path.name, column="share", mend="give the parts of one district, as fractions")
            for lea, chamber, total in over.itertuples(index=False)
        ])  # fmt: skip
    if "name" not in table:
        table["name"] = None
    return Shares(table[["lea_id", "chamber", "legislative_id", "name", "share"]], "given")


def of_workspace(workspace: Workspace) -> Shares | None:
    """Shares from loaded boundaries, by locations where they are loaded, else by area; None without both layers."""
    if not (workspace.has("legislative_districts") and workspace.has("district_shapes")):
        return None
    homes = next((table for table in ("locations", "availability") if workspace.has(table)), None)
    pairs = _by_locations(workspace, homes) if homes else _by_area(workspace)
    pairs = _rounded_off(pairs[pairs["share"] >= LEAST_SHARE])
    names = workspace.frame("legislative_districts", ["legislative_id", "chamber", "name"])
    table = pairs.merge(names, on=["legislative_id", "chamber"], how="left")
    return Shares(table[["lea_id", "chamber", "legislative_id", "name", "share"]], "locations" if homes else "area")


def _rounded_off(pairs: pd.DataFrame) -> pd.DataFrame:
    """Shares of a school district that nearly add up to all of it, made to add up."""
    whole = pairs.groupby(["lea_id", "chamber"])["share"].transform("sum")
    return pairs.assign(share=pairs["share"].where(whole < NEARLY_WHOLE, pairs["share"] / whole))


def _by_area(workspace: Workspace) -> pd.DataFrame:
    crs = states.by_usps(workspace.config.state).crs
    school = gpd.GeoDataFrame(workspace.geoframe("district_shapes").drop_duplicates("lea_id", ignore_index=True))
    found = []
    for chamber, drawn in workspace.geoframe("legislative_districts").groupby("chamber", sort=True):
        pairs = geo.shares_by_area(school.geometry, gpd.GeoSeries(drawn.geometry), crs)
        found.append(
            pd.DataFrame(
                {
                    "lea_id": school["lea_id"].to_numpy()[pairs["part"]],
                    "chamber": chamber,
                    "legislative_id": drawn["legislative_id"].to_numpy()[pairs["whole"]],
                    "share": pairs["share"].clip(upper=1.0),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def _by_locations(workspace: Workspace, homes: str) -> pd.DataFrame:
    """Homes by grid cell, the cells placed in both layers by their center."""
    table = workspace.table(homes)
    cells = table.group_by("h3_res8_id").agg(homes=table.location_id.nunique()).order_by("h3_res8_id").execute()
    cells = cells.dropna(subset=["h3_res8_id"])
    centers = np.array([h3.cell_to_latlng(cell) for cell in cells["h3_res8_id"]], dtype=np.float64).reshape(-1, 2)
    school, layer = workspace.geoframe("district_shapes"), workspace.geoframe("legislative_districts")
    ours = geo.containing(centers[:, 1], centers[:, 0], school.geometry)
    ours = pd.DataFrame(
        {"point": ours["point"], "lea_id": school["lea_id"].to_numpy()[ours["shape"]]}
    ).drop_duplicates()
    theirs = geo.containing(centers[:, 1], centers[:, 0], layer.geometry)
    theirs = pd.DataFrame(
        {
            "point": theirs["point"],
            "legislative_id": layer["legislative_id"].to_numpy()[theirs["shape"]],
            "chamber": layer["chamber"].to_numpy()[theirs["shape"]],
        }
    ).drop_duplicates(["point", "chamber"])  # a center on a border counts once
    homes_at = cells["homes"].to_numpy(dtype=float)
    whole = ours.assign(homes=homes_at[ours["point"]]).groupby("lea_id")["homes"].sum()
    both = ours.merge(theirs, on="point").assign(homes=lambda told: homes_at[told["point"]])
    sums = both.groupby(["lea_id", "chamber", "legislative_id"], as_index=False)["homes"].sum()
    sums["share"] = sums["homes"] / sums["lea_id"].map(whole)
    return pd.DataFrame(sums.drop(columns="homes"))


def table(answer: Answer, shares: Shares) -> pd.DataFrame:
    """One row per legislative district that a project touches; see the schema `funding_by_legislative_district`."""
    figures = _by_lea(answer)
    placed = shares.table[shares.table["lea_id"].isin(list(figures))]
    chambers = [one for one in CHAMBERS if (shares.table["chamber"] == one).any()]
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    left = {(chamber, lea): 1.0 for chamber in chambers for lea in figures}
    for lea, chamber, place, name, share in placed.itertuples(index=False):
        _add(sums, (chamber, place), figures[lea], share, name)
        left[chamber, lea] -= share
    for (chamber, lea), share in left.items():
        if share > ROUNDING:
            _add(sums, (chamber, NOWHERE), figures[lea], share, None)
    order = sorted(sums, key=lambda key: (chambers.index(key[0]), key[1] == NOWHERE, key[1]))
    rows = [
        {"chamber": key[0], "legislative_id": key[1] or None, **sums[key], "method": shares.method} for key in order
    ]
    whole = pd.DataFrame(rows, columns=list(COLUMNS))
    return whole.round({"students_reached": 1, "students_left": 1, "erate_usd": 2, "state_usd": 2})


def _by_lea(answer: Answer) -> dict[str, dict[str, float]]:
    """Students, projects and dollars of each school district that has projects."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(COLUMNS[4:10], 0.0))
    projects, funds = answer.inputs.projects, answer.inputs.funds
    for index, project in enumerate(projects):
        word = ("reached", "funded") if index in answer.starts else ("left", "left")
        found[project.lea_id][f"students_{word[0]}"] += float(project.benefit)
        found[project.lea_id][f"projects_{word[1]}"] += 1
    for told in answer.payments:
        mine = found[projects[told.project].lea_id]
        mine["erate_usd"] += float(CENT * (projects[told.project].erate + told.match))
        mine["state_usd"] += float(CENT * sum(cents for fund, cents in told.funds.items() if funds[fund].state))
    return dict(found)


def _add(
    sums: dict[tuple[str, str], dict[str, Any]], place: tuple[str, str], figures: Mapping[str, float], share: float,
    name: str | None,
) -> None:  # fmt: skip
    """Add one school district's part to a legislative district; its projects count whole wherever it reaches."""
    told = sums.setdefault(place, {"name": name, "lea_ids": 0, **dict.fromkeys(COLUMNS[4:10], 0)})
    told["lea_ids"] += 1
    for key, value in figures.items():
        told[key] += int(value) if key.startswith("projects") else share * value
