"""Child gaps: children under 18 without a computer and a broadband subscription, as a range, by area.

The American Community Survey estimates both figures by census tract with a margin of error at 90 %. A district gets of
each tract the share that lies in it, and the margins are carried along: margins of a sum or difference combine as the
root of summed squares (of estimates that are zero only the largest margin counts), as the Census Bureau advises.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from infraplan import geo, states
from infraplan.connectivity import areas
from infraplan.connectivity.areas import By
from infraplan.errors import InfraplanError, NoTable
from infraplan.receipts import Receipt
from infraplan.workspace import Workspace

COLUMNS = ("area_id", "name", "children", "without_access", "low", "high", "method")
LEAST_TRACT_MATCH = 0.90
IN_NO_DISTRICT = "(in no district)"
Method = Literal["published", "tracts", "tract_area", "tract_locations"]
_TRACT_DIGITS = 11
_SLIVER = 0.01  # borders of two publishers never meet exactly
_MEASURES = ("children", "children_with_access")


@dataclass(frozen=True)
class ChildGaps:
    """The table (columns of `child_gaps`) with what must be said beside it."""

    table: pd.DataFrame
    title: str
    receipts: tuple[Receipt, ...]
    notes: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


def child_gaps(workspace: Workspace, *, by: By = "district") -> ChildGaps:
    """Estimate children without access by area; see the module's text.

    Uses the published estimate where one is loaded for that kind of area, else tracts: shared by area of overlap where
    tract boundaries are loaded, else by where the loaded locations lie. Raises NoTable, or InfraplanError where too few
    tracts match.
    """
    if not workspace.has("household_internet"):
        raise NoTable(
            "no estimates of children with computer and broadband are loaded\n  mend:  infraplan data add "
            "ACSST5Y2024.S2802-Data.csv (data.census.gov, table S2802 by census tract or school district)"
        )
    acs = workspace.frame("household_internet")
    acs = acs[acs["measure"].isin(_MEASURES)]
    published = acs[acs["geo_kind"] == by]
    tables = ["household_internet"]
    notes: list[str] = []
    if len(published):
        method: Method = "published"
        shares = _whole(published)
        names = _names(workspace, by, shares["area_id"])
        estimates = published
        notes += _unpublished_note(workspace, by, shares["area_id"])
    else:
        estimates = _tracts(acs)
        shares, names, method, more = _tract_shares(workspace, estimates, by)
        tables += more
        notes += _match_notes(estimates, shares, workspace, method)
    table = _combined(estimates, shares, names, method)
    notes += _no_margin_note(estimates)
    receipts = tuple(workspace.receipts_of(*tables))
    dates = ", ".join(sorted({one.as_of or "unknown date" for one in receipts if one.source == "census_acs"}))
    title = f"Children without a computer and broadband by {by}, American Community Survey {dates}"
    notes.append(
        "low and high are the ends of the range at 90 %; the middle is not more likely to be right to the unit"
    )
    about = {"title": title, "by": by, "method": method, "notes": notes, "receipts": [r.receipt_id for r in receipts]}
    return ChildGaps(table, title, receipts, tuple(notes), about)


def parts(workspace: Workspace, *, by: By) -> pd.DataFrame:
    """What each area's estimate is made of: geoid, area_id, share, and estimate_ and margin_ of both measures."""
    acs = workspace.frame("household_internet")
    acs = acs[acs["measure"].isin(_MEASURES)]
    published = acs[acs["geo_kind"] == by]
    if len(published):
        return _with_estimates(published, _whole(published))
    estimates = _tracts(acs)
    shares, _, _, _ = _tract_shares(workspace, estimates, by)
    return _with_estimates(estimates, shares)


def _whole(published: pd.DataFrame) -> pd.DataFrame:
    ids = published["geoid"].drop_duplicates()
    return pd.DataFrame({"geoid": ids, "area_id": ids, "share": 1.0})


def _tracts(acs: pd.DataFrame) -> pd.DataFrame:
    tracts = acs[acs["geo_kind"] == "tract"]
    if tracts.empty:
        kinds = ", ".join(sorted(acs["geo_kind"].unique()))
        raise NoTable(
            f"estimates are loaded by {kinds}, and not by tract\n  mend:  add table S2802 by census tract, or ask "
            f"--by {kinds}"
        )
    return tracts


# --- shares ---------------------------------------------------------------------------------------------------------


def _tract_shares(
    workspace: Workspace, tracts: pd.DataFrame, by: By
) -> tuple[pd.DataFrame, pd.DataFrame, Method, list[str]]:
    """Shares of tracts in areas: columns geoid, area_id, share; names; how; and the tables used."""
    ids = pd.Series(sorted(tracts["geoid"].unique()))
    if by != "district":
        placement = areas.by_number(workspace, ids, by)
        whole = placement.inside.rename(columns={"key": "geoid"}).assign(share=1.0)
        return whole, placement.names, "tracts", []
    if workspace.has("tract_shapes") and workspace.has("district_shapes"):
        return *_shares_by_area(workspace), "tract_area", ["tract_shapes", "district_shapes"]
    return (
        *_shares_by_locations(workspace),
        "tract_locations",
        ["availability", "locations", "district_shapes", "block_districts"],
    )


def _shares_by_area(workspace: Workspace) -> tuple[pd.DataFrame, pd.DataFrame]:
    shapes, _ = areas.district_shapes(workspace)
    tracts = workspace.geoframe("tract_shapes")
    crs = states.by_usps(workspace.config.state).crs
    pairs = geo.shares_by_area(tracts.geometry, shapes.geometry, crs)
    shares = pd.DataFrame(
        {
            "geoid": tracts["tract_geoid"].to_numpy()[pairs["part"]],
            "area_id": shapes["lea_id"].to_numpy()[pairs["whole"]],
            "share": pairs["share"],
        }
    )
    layers = dict(zip(shapes["lea_id"], shapes["area_layer"], strict=True))
    shares = pd.DataFrame(shares.groupby(["geoid", "area_id"])["share"].sum()).reset_index()
    names = _names(workspace, "district", pd.Series(shapes["lea_id"].unique()))
    rest = _uncovered(shares, shares["area_id"].map(layers))
    return pd.concat([shares, rest], ignore_index=True) if len(rest) else shares, names


def _uncovered(shares: pd.DataFrame, layers: pd.Series) -> pd.DataFrame:
    """What of each tract lies in no district (area_id null); secondary districts lie over elementary ones."""
    by_layer = shares.assign(layer=layers).pivot_table(index="geoid", columns="layer", values="share", aggfunc="sum")
    by_layer = by_layer.reindex(columns=["unified", "unknown", "elementary", "secondary"]).fillna(0.0)
    covered = by_layer["unified"] + by_layer["unknown"] + by_layer[["elementary", "secondary"]].max(axis=1)
    rest = 1.0 - covered.clip(upper=1.0)
    rest = rest[rest > _SLIVER]
    return pd.DataFrame({"geoid": rest.index, "area_id": None, "share": rest.to_numpy()})


def _shares_by_locations(workspace: Workspace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of each tract's loaded locations by district; a tract's homes stand in for its children."""
    source = "locations" if workspace.has("locations") else "availability"
    if not workspace.has(source):
        raise NoTable(
            "tracts cannot be shared among districts: neither tract boundaries nor FCC locations are loaded\n"
            "  mend:  infraplan data add tl_2024_23_tract.zip (Census TIGER/Line), or the FCC availability files"
        )
    table = workspace.table(source)
    counted = table.select("location_id", "block_geoid", "h3_res8_id").distinct()
    pairs = counted.group_by("block_geoid", "h3_res8_id").aggregate(n=counted.count())
    counts: pd.DataFrame = workspace.backend.execute(pairs)
    placement = areas.place(workspace, counts, "district")
    counts["geoid"] = counts["block_geoid"].str[:_TRACT_DIGITS]
    placed = counts.merge(placement.inside.rename(columns={"key": placement.key}), on=placement.key)
    inside = pd.DataFrame(placed.groupby(["geoid", "area_id"])["n"].sum()).reset_index()
    total = counts.groupby("geoid")["n"].sum()
    inside["share"] = inside["n"] / inside["geoid"].map(total)
    nowhere = counts[~counts[placement.key].isin(placement.inside["key"])].groupby("geoid")["n"].sum()
    rest = pd.DataFrame({"geoid": nowhere.index, "area_id": None, "share": (nowhere / total[nowhere.index]).to_numpy()})
    known: pd.DataFrame = inside[["geoid", "area_id", "share"]]
    shares = pd.concat([known, rest], ignore_index=True) if len(rest) else known
    return shares, placement.names


def _match_notes(tracts: pd.DataFrame, shares: pd.DataFrame, workspace: Workspace, method: Method) -> list[str]:
    """Say what share of the children could be placed, and refuse where it is too small to stand on."""
    children = tracts[tracts["measure"] == "children"].set_index("geoid")["estimate"].fillna(0)
    known = children[children.index.isin(shares["geoid"])].sum()
    share = float(known / children.sum()) if children.sum() else 1.0
    if share < LEAST_TRACT_MATCH:
        why = (
            "Connecticut's planning regions (09110 to 09190) replaced its counties (09001 to 09015) in census products "
            "from 2022 on, FCC blocks still carry the old ones"
            if workspace.config.state == "CT"
            else "the tracts and the locations may be of different censuses (2010 against 2020)"
        )
        raise InfraplanError(
            f"only {share:.1%} of the children live in tracts that occur among the other files' tracts: {why}\n"
            "  mend:  load estimates and boundaries of one vintage"
        )
    where = "tract boundaries" if method == "tract_area" else "locations of the loaded FCC files"
    if method == "tracts":
        return []
    lost = int(children.sum() - known)
    more = f"; {lost:,} children in tracts without any are left out" if lost else ""
    return [f"tracts are shared among districts by their {where}: {share:.1%} of children placed{more}"]


def _unpublished_note(workspace: Workspace, by: By, published: pd.Series) -> list[str]:
    """Say how many districts have no estimate of their own: the survey's table of unified districts has no other ones."""
    if by != "district" or not workspace.has("district_shapes"):
        return []
    shapes, _ = areas.district_shapes(workspace)
    missing = sorted(set(shapes["lea_id"]) - set(published))
    if not missing:
        return []
    return [
        f"{len(missing):,} of {shapes['lea_id'].nunique():,} districts with a boundary are not among the loaded estimates and "
        "have no row here: the survey publishes unified, elementary and secondary districts as kinds of their own; add "
        "the missing kinds, or the table by census tract instead"
    ]


def _no_margin_note(estimates: pd.DataFrame) -> list[str]:
    count = int((estimates["estimate"].notna() & estimates["margin"].isna()).sum())
    if not count:
        return []
    return [f"{count:,} estimates come without a margin of error and are taken as exact: the range is too narrow there"]


# --- sums and margins -----------------------------------------------------------------------------------------------


def _combined(estimates: pd.DataFrame, shares: pd.DataFrame, names: pd.DataFrame, method: Method) -> pd.DataFrame:
    rows = _with_estimates(estimates, shares)
    groups = rows.groupby("area_id", dropna=False)
    sums = pd.DataFrame([{"area_id": area, **_area_sums(group)} for area, group in groups])
    table = names.merge(sums, on="area_id", how="left")
    rest = sums[sums["area_id"].isna()]
    if len(rest) and float(rest["children"].iloc[0] or 0) > 0:
        table = pd.concat([table, rest.assign(name=IN_NO_DISTRICT)], ignore_index=True)
    for name in ("children", "without_access", "low", "high"):
        table[name] = table[name].round().astype("Int64")
    table["method"] = method
    return table[list(COLUMNS)]


def _with_estimates(estimates: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    wide = estimates.pivot_table(
        index="geoid", columns="measure", values=["estimate", "margin"], aggfunc="first", dropna=False
    )
    return shares.merge(_flat(wide), on="geoid", how="inner")


def _flat(wide: pd.DataFrame) -> pd.DataFrame:
    columns = {
        f"{kind}_{measure}": wide.get((kind, measure), pd.Series(np.nan, index=wide.index))
        for kind in ("estimate", "margin")
        for measure in _MEASURES
    }
    return pd.DataFrame(columns, index=wide.index).reset_index()


def _area_sums(rows: pd.DataFrame) -> dict[str, float]:
    """Children, those without access and its range in one area, from rows of tracts with shares."""
    known = rows.dropna(subset=["estimate_children", "estimate_children_with_access"])
    if known.empty:
        return {"children": np.nan, "without_access": np.nan, "low": np.nan, "high": np.nan}
    children = float((known["share"] * known["estimate_children"]).sum())
    with_access = float((known["share"] * known["estimate_children_with_access"]).sum())
    without = max(0.0, children - with_access)
    margin = margin_without(
        children, with_access, summed_margin(known, "children"), summed_margin(known, "children_with_access")
    )
    return {
        "children": children,
        "without_access": without,
        "low": max(0.0, without - margin),
        "high": min(children, without + margin),
    }


def margin_without(children: float, with_access: float, margin_children: float, margin_with: float) -> float:
    """Margin of children x (1 - p), p = with_access / children.

    p has the margin sqrt(m_with^2 - p^2 m_children^2) / children; where that root is of a negative number, the margin of
    a ratio, with plus. A product has the margin sqrt(a^2 m_b^2 + b^2 m_a^2). (US Census Bureau, Understanding and Using
    ACS Data, chapter on calculating measures of error for derived estimates.)

    >>> round(margin_without(5000.0, 4500.0, 300.0, 290.0), 1)
    110.0
    """
    if children <= 0:
        return margin_children
    p = with_access / children
    under = margin_with**2 - (p * margin_children) ** 2
    if under < 0:
        under = margin_with**2 + (p * margin_children) ** 2
    return float(np.sqrt(under + ((1 - p) * margin_children) ** 2))


def summed_margin(rows: pd.DataFrame, measure: str) -> float:
    """Margin of a sum of shared estimates: root of summed squares; of zero estimates only the largest margin counts."""
    margins = (rows["share"] * rows[f"margin_{measure}"]).fillna(0.0).to_numpy(dtype=float)
    zero = rows[f"estimate_{measure}"].to_numpy(dtype=float) == 0
    largest_zero = margins[zero].max(initial=0.0)
    return float(np.sqrt((margins[~zero] ** 2).sum() + largest_zero**2))


def _names(workspace: Workspace, by: By, ids: pd.Series) -> pd.DataFrame:
    if by == "state":
        known = {state.fips: state.name for state in states.every()}
    elif by == "county":
        known = areas.county_names(workspace)
    else:
        known = {}
        for table in ("district_shapes", "districts"):
            if workspace.has(table):
                frame = workspace.frame(table).dropna(subset=["name"])
                known |= dict(zip(frame["lea_id"], frame["name"], strict=True))
    frame = pd.DataFrame({"area_id": ids}).drop_duplicates().sort_values("area_id", ignore_index=True)
    return frame.assign(name=frame["area_id"].map(known))
