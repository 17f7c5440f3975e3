"""What stands behind one published figure: the file rows it was made from, and its arithmetic with the numbers in.

`explain` prints this. Rows of large files are examples, with the counts of all; rows of small files are all there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from infraplan.connectivity import areas, children, funded, homes
from infraplan.connectivity.schools import school_roster
from infraplan.errors import InfraplanError
from infraplan.workspace import Workspace

MOST_ROWS = 12
MOST_SMALL_ROWS = 1_000
EXAMPLE_LOCATIONS = 3
TABLES = ("home_gaps", "child_gaps", "school_gaps", "school_equity")


@dataclass(frozen=True)
class Evidence:
    """`arithmetic`: lines with the numbers in; `rows`: the rows used, with columns file and row; `told`: what rows are."""

    arithmetic: tuple[str, ...]
    rows: pd.DataFrame
    told: str


def evidence(
    workspace: Workspace, table: str, row: Mapping[str, Any], column: str, about: Mapping[str, Any]
) -> Evidence:
    """The evidence for one figure of one of TABLES; `row` is the answer's row."""
    if table == "home_gaps":
        return _homes(workspace, row, column, about)
    if table == "child_gaps":
        return _children(workspace, row, about)
    if table == "school_equity":
        return _equity(workspace, row, column)
    return _schools(workspace, row, column)


def located(workspace: Workspace, table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows read with `filename` and `file_row_number`, with the added file's name and its own row numbers instead."""
    names = {
        Path(part.path).name: workspace.receipt(part.receipt_id).file
        for part in workspace.catalog
        if part.table == table
    }
    row = rows["source_row"] if "source_row" in rows else rows["file_row_number"] + 2
    kept = rows.drop(columns=["filename", "file_row_number", "source_row"], errors="ignore")
    kept.insert(0, "row", row)
    kept.insert(0, "file", rows["filename"].map(lambda name: names.get(Path(name).name, name)))
    return kept


def _homes(workspace: Workspace, row: Mapping[str, Any], column: str, about: Mapping[str, Any]) -> Evidence:
    counts = {name: int(row[name]) for name in ("locations", "served", "underserved", "unserved")}
    lines = [
        f"{counts['served']:,} served + {counts['underserved']:,} underserved + {counts['unserved']:,} unserved "
        f"= {counts['locations']:,} locations"
    ]
    if column == "unserved_share" and counts["locations"]:
        lines.append(
            f"{counts['unserved']:,} / {counts['locations']:,} = {counts['unserved'] / counts['locations']:.6f}"
        )
    if about["rule_id"] not in homes.SHIPPED_RULES:
        raise InfraplanError(
            f"the figure was made with the state's own rule, whose file is not kept\n  its words were: {about['rule']}"
        )
    rule = homes.home_rule(about["rule_id"])
    found, lines_more = _example_locations(workspace, row, column, rule, about)
    offers = workspace.table("availability", as_of=about.get("as_of"), located=True)
    examples = homes.to_homes(offers, business=about.get("business", False)).filter(offers["location_id"].isin(found))
    frame: pd.DataFrame = workspace.backend.execute(examples.order_by("location_id", "technology").limit(MOST_ROWS))
    shown = located(workspace, "availability", frame)[
        [
            "file",
            "row",
            "location_id",
            "brand_name",
            "technology",
            "down_mbps",
            "up_mbps",
            "low_latency",
            "business_residential",
        ]
    ]
    return Evidence(
        (*lines, *lines_more),
        shown,
        f"offers of the first {len(found)} such locations, each with its file row (blank lines not counted)",
    )


def _example_locations(
    workspace: Workspace, row: Mapping[str, Any], column: str, rule: homes.HomeRule, about: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Location numbers in the area of the class that the column counts, the first few, and their count told."""
    found, _ = homes.found_locations(workspace, rule, business=about.get("business", False), as_of=about.get("as_of"))
    by = about["by"]
    key = "h3_res8_id" if by == "district" and row["method"] == "h3_center" else "block_geoid"
    keys: pd.DataFrame = workspace.backend.execute(found.select(key).distinct())
    placement = areas.place(workspace, keys, by)
    inside = placement.own if column == "own_locations" else placement.inside
    if pd.isna(row["area_id"]):
        here = keys.loc[~keys[key].isin(inside["key"]), key].tolist()
    else:
        here = inside.loc[inside["area_id"] == row["area_id"], "key"].tolist()
    wanted = found.filter(found[key].isin(here))
    listed = funded.is_funded(workspace, wanted)
    kinds = {
        "served": wanted["served"],
        "underserved": wanted["reached"] & ~wanted["served"],
        "unserved": ~wanted["reached"],
        "unserved_share": ~wanted["reached"],
        "funded_locations": listed & ~wanted["served"],
        "unfunded_unserved": ~wanted["reached"] & ~listed,
    }
    chosen = wanted.filter(kinds.get(column, ibis.literal(value=True)))
    count = int(workspace.backend.execute(chosen.count()))
    first = workspace.backend.execute(chosen.select("location_id").order_by("location_id").limit(EXAMPLE_LOCATIONS))
    place = "grid cells" if key == "h3_res8_id" else "blocks"
    return first["location_id"].tolist(), [
        f"counted again from the files: {count:,} such locations in {len(here):,} {place}"
    ]


def _children(workspace: Workspace, row: Mapping[str, Any], about: Mapping[str, Any]) -> Evidence:
    parts = children.parts(workspace, by=about["by"])
    nowhere = pd.isna(row["area_id"])
    here = parts[parts["area_id"].isna() if nowhere else parts["area_id"] == row["area_id"]].copy()
    with_access = (here["share"] * here["estimate_children_with_access"]).sum()
    total = (here["share"] * here["estimate_children"]).sum()
    margin_all, margin_with = (
        children.summed_margin(here, "children"),
        children.summed_margin(here, "children_with_access"),
    )
    margin = children.margin_without(total, with_access, margin_all, margin_with)
    lines = (
        f"children: sum of share x estimate = {total:,.1f}; with access: {with_access:,.1f}",
        f"without access: {total:,.1f} - {with_access:,.1f} = {total - with_access:,.1f}",
        f"margins (root of summed squares): children {margin_all:,.1f}, with access {margin_with:,.1f}; without access, "
        f"as all x (1 - part with access): {margin:,.1f}",
        f"low and high: {total - with_access:,.1f} less and plus {margin:,.1f}, within 0 and {total:,.1f}",
    )
    acs = workspace.frame("household_internet").query("measure == 'children'").set_index("geoid")["source_row"]
    file = ", ".join(one.file for one in workspace.receipts_of("household_internet"))
    here.insert(0, "row", here["geoid"].map(acs))
    here.insert(0, "file", file)
    return Evidence(
        lines,
        here.drop(columns="area_id").round(4).head(MOST_SMALL_ROWS),
        f"{_all_or_first(len(here), 'areas of the survey that make it up')}, with their shares",
    )


def _schools(workspace: Workspace, row: Mapping[str, Any], column: str) -> Evidence:
    lines = []
    if pd.notna(row["target_mbps"]) and pd.notna(row["mbps"]):
        lines = [
            f"{row['mbps']:,.3f} Mbps x 1,000 / {int(row['students']):,} students = {row['kbps_per_student']:,.3f} kbps "
            "per student",
            f"target {row['target_mbps']:,.3f} - {row['mbps']:,.3f} = {row['target_mbps'] - row['mbps']:,.3f} Mbps; the gap "
            f"is {row['gap_mbps']:,.3f} (0 where the target is met)",
        ]
    wanted = {
        "enrollment": ["students", "nslp_students"],
        "circuits": ["service", "mbps", "students", "basis"],
        "schools": ["ncessch", "name", "students"],
    }
    if column == "schools":
        wanted = {"schools": wanted["schools"]}
    return _of_district(workspace, str(row["lea_id"]), wanted, tuple(lines))


def _equity(workspace: Workspace, row: Mapping[str, Any], column: str) -> Evidence:
    """Need beside the gap: the share's two counts, or the locales of the schools; other columns as in school_gaps."""
    lea = str(row["lea_id"])
    if column == "poverty_share":
        wanted = {"district_poverty": ["children_5_17", "children_5_17_poverty"]}
        return _of_district(workspace, lea, wanted, _share_line(workspace, lea, "district_poverty", *wanted.values()))
    if column in {"nslp_share", "nslp_students"}:
        wanted = {"enrollment": ["students", "nslp_students"]}
        return _of_district(workspace, lea, wanted, _share_line(workspace, lea, "enrollment", *wanted.values()))
    if column == "locale":
        roster = school_roster(workspace)
        counts = roster.loc[roster["lea_id"] == lea, "locale"].value_counts().sort_index()
        lines = tuple(f"locale {code}: {count} school{'s' * (count != 1)}" for code, count in counts.items())
        return _of_district(workspace, lea, {"schools": ["ncessch", "name", "locale"]}, lines)
    wanted = {"enrollment": ["students"], "circuits": ["service", "mbps", "students", "basis"]}
    return _of_district(workspace, lea, wanted, ())


def _share_line(workspace: Workspace, lea: str, table: str, columns: list[str]) -> tuple[str, ...]:
    """A share with its two counts in, where both are known."""
    if not workspace.has(table):
        return ()
    whole, part = columns
    frame = workspace.frame(table)
    known = frame.loc[frame["lea_id"] == lea].reindex(columns=columns).dropna()
    return tuple(
        f"{int(count):,} / {int(total):,} = {count / total:.4f}"
        for total, count in zip(known[whole], known[part], strict=True)
        if total
    )


def _of_district(workspace: Workspace, lea: str, wanted: Mapping[str, list[str]], lines: tuple[str, ...]) -> Evidence:
    """The rows of small tables that name one district."""
    rows = [
        core_rows(workspace, table, "lea_id", lea, cells) for table, cells in wanted.items() if workspace.has(table)
    ]
    shown = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    return Evidence(lines, shown, f"{len(shown):,} row{'s' * (len(shown) != 1)} of the files")


def _all_or_first(count: int, what: str) -> str:
    return (
        f"the {count:,} {what}"
        if count <= MOST_SMALL_ROWS
        else f"the first {MOST_SMALL_ROWS:,} of the {count:,} {what}"
    )


def core_rows(workspace: Workspace, table: str, key: str, value: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Rows of a loaded table with one identifier, with the added file's name and its row."""
    source = workspace.table(table, located=True)
    frame: pd.DataFrame = workspace.backend.execute(source.filter(source[key] == value).limit(MOST_SMALL_ROWS))
    shown = located(workspace, table, frame)
    kept = [name for name in (columns or shown.columns) if name in shown and name not in {"file", "row", "geometry"}]
    text = shown[kept].astype(object).apply(lambda cells: cells.map(lambda v: "" if pd.isna(v) else v))
    return pd.concat(
        [
            shown[["file", "row"]],
            pd.Series(
                ["; ".join(f"{name} = {v}" for name, v in zip(kept, r, strict=True)) for r in text.to_numpy()],
                name="cells",
                index=shown.index,
                dtype=object,
            ),
        ],
        axis=1,
    )
