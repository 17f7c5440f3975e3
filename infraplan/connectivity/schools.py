"""School gaps: bandwidth per student against a dated target, one row per LEA that has a school or a circuit.

An unknown bandwidth is unknown, never zero. Whether a school is near fiber is a proxy: an FCC fiber offer to homes in
the school's grid cell or one beside it; it says nothing of routes, capacity or what a school could buy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import h3
import numpy as np
import pandas as pd

from infraplan import rules
from infraplan.errors import InfraplanError, NoTable
from infraplan.receipts import Receipt
from infraplan.units import KBPS_PER_MBPS
from infraplan.workspace import Workspace

COLUMNS = ("lea_id", "name", "schools", "students", "mbps", "kbps_per_student", "target_mbps", "gap_mbps", "basis")
TARGETS = ("fcc-2014", "setda-2020", "setda-2023", "wan")
FIBER = 50
CELL_RESOLUTION = 8
_YEAR_DIGITS = 4
_LAST_YEAR = 2200  # of the column, see its schema


@dataclass(frozen=True)
class Target:
    """Bandwidth a district should have: bands of size with Mbps per student and a minimum in Mbps."""

    target_id: str
    title: str
    bands: tuple[tuple[int, float, float], ...]
    service: str = "internet"

    def mbps(self, students: pd.Series) -> pd.Series:
        """Target in Mbps for each count of students; null where the count is not known or zero."""
        numbers = students.to_numpy(dtype="float64", na_value=np.nan)
        result = np.full(len(numbers), np.nan)
        for start, each, minimum in self.bands:
            result = np.where(numbers >= max(start, 1), np.maximum(numbers * each, minimum), result)
        return pd.Series(result, index=students.index)


@dataclass(frozen=True)
class SchoolGaps:
    """The table (columns of `school_gaps`) with what must be said beside it."""

    table: pd.DataFrame
    title: str
    target: Target
    receipts: tuple[Receipt, ...]
    notes: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


def target(target_id: str, mbps_per_student: float | None = None) -> Target:
    """A shipped target by id, or with `mbps_per_student` the state's own; raises NoRule for an unknown id."""
    if mbps_per_student is not None:
        return Target(
            "own", f"the state's own target, {mbps_per_student:g} Mbps per student", ((0, mbps_per_student, 0.0),)
        )
    told = rules.load("bandwidth_targets", target_id)
    bands: list[tuple[int, float, float]] = []
    while told.has(f"size.{len(bands)}.from_students"):
        at = f"size.{len(bands)}."
        bands.append(
            (
                int(told.value(f"{at}from_students")),
                float(told.value(f"{at}mbps_per_student")),
                float(told.value(f"{at}minimum_mbps")),
            )
        )
    return Target(target_id, told.title, tuple(bands), service="wan" if target_id == "wan" else "internet")


def school_gaps(workspace: Workspace, *, aim: Target, growth_percent: float | None = None) -> SchoolGaps:
    """Bandwidth, bandwidth per student and the gap to the target by LEA; with `growth_percent` also the year of falling short.

    The year column `falls_short_year` is the first year in which the target, growing by that percent a year from the
    date of the bandwidth figures, is above today's circuit. Raises NoTable if neither schools nor circuits are loaded.
    """
    if not workspace.has("schools") and not workspace.has("circuits"):
        raise NoTable(
            "neither schools nor district bandwidth are loaded\n  mend:  infraplan data add "
            "edge_public_schools.geojson (NCES EDGE), and the state's bandwidth list with --columns MAP.toml"
        )
    roster = school_roster(workspace)
    counts = roster.groupby("lea_id").size()
    bandwidth = _bandwidth(workspace, aim.service)
    ids = pd.Index(sorted(set(counts.index) | set(bandwidth.index)), name="lea_id")
    students, student_note = _students(workspace, roster, ids)
    mbps = bandwidth["mbps"].reindex(ids)
    wanted = aim.mbps(students)
    table = pd.DataFrame(
        {
            "lea_id": ids,
            "name": ids.map(_lea_names(workspace, roster)),
            "schools": counts.reindex(ids).fillna(0).astype("Int64").to_numpy(),
            "students": students.astype("Int64").to_numpy(),
            "mbps": mbps.to_numpy(),
            "kbps_per_student": (mbps * KBPS_PER_MBPS / students.where(students > 0)).round(3).to_numpy(),
            "target_mbps": wanted.round(3).to_numpy(),
            "gap_mbps": (wanted - mbps).clip(lower=0).round(3).to_numpy(),
            "basis": bandwidth["basis"].reindex(ids).fillna("unknown").to_numpy(),
        }
    )
    notes = [student_note, *_unknown_note(table), *_age_note(workspace)]
    if growth_percent is not None:
        table["falls_short_year"] = falls_short_year(table, growth_percent, _circuit_year(workspace)).astype("Int64")
    receipts = tuple(workspace.receipts_of("schools", "circuits", "enrollment", "districts"))
    title = f"School bandwidth by LEA against {aim.title}"
    about = {
        "title": title,
        "target": aim.target_id,
        "target_title": aim.title,
        "notes": notes,
        "receipts": [one.receipt_id for one in receipts],
    }
    return SchoolGaps(table, title, aim, receipts, tuple(notes), about)


def school_roster(workspace: Workspace) -> pd.DataFrame:
    """Schools, each once: EDGE rows where there are any, then those that only the directory names. May be empty."""
    if not workspace.has("schools"):
        return pd.DataFrame(
            columns=["ncessch", "lea_id", "name", "lea_name", "lon", "lat", "locale", "students", "virtual"]
        )
    schools = workspace.frame("schools")
    has_point = schools["lon"].notna()
    return (
        pd.concat([schools[has_point], schools[~has_point]])
        .drop_duplicates("ncessch")
        .sort_values(["lea_id", "ncessch"], ignore_index=True)
    )


def _bandwidth(workspace: Workspace, service: str) -> pd.DataFrame:
    """Bandwidth by LEA: columns mbps (null where any circuit's is not known) and basis, indexed by lea_id."""
    if not workspace.has("circuits"):
        return pd.DataFrame({"mbps": pd.Series(dtype="float64"), "basis": pd.Series(dtype=object)})
    circuits = workspace.frame("circuits")
    circuits["service"] = circuits["service"].fillna("internet") if "service" in circuits else "internet"
    circuits = circuits[circuits["service"] == service]
    by_lea = circuits.groupby("lea_id")
    mbps = by_lea["mbps"].sum(min_count=1).where(by_lea["mbps"].count() == by_lea.size())
    basis = by_lea["basis"].agg(lambda values: "filed" if (values != "measured").any() else "measured")
    return pd.DataFrame({"mbps": mbps, "basis": basis.where(mbps.notna(), "unknown")})


def _students(workspace: Workspace, roster: pd.DataFrame, ids: pd.Index) -> tuple[pd.Series, str]:
    """Students by LEA: the state's file, else the schools' own where all report, else the bandwidth file's."""
    sources: list[tuple[str, pd.Series]] = []
    if workspace.has("enrollment"):
        sources.append(
            (
                "the state's enrollment file",
                workspace.frame("enrollment").groupby("lea_id")["students"].sum(min_count=1),
            )
        )
    if len(roster):
        by_lea = roster.groupby("lea_id")["students"]
        sources.append(("the schools' own counts", by_lea.sum(min_count=1).where(by_lea.count() == by_lea.size())))
    if workspace.has("circuits"):
        circuits = workspace.frame("circuits")
        if "students" in circuits:
            sources.append(("the bandwidth file", circuits.groupby("lea_id")["students"].max()))
    students = pd.Series(np.nan, index=ids)
    told = []
    for where, counts in sources:
        fill = students.isna() & counts.reindex(ids).notna()
        students = students.mask(fill, counts.reindex(ids).astype("float64"))
        if fill.any():
            told.append(f"{where} for {int(fill.sum())}")
    unknown = int(students.isna().sum())
    if not told:
        return students, f"students are not known for any of {len(ids)} LEAs: no enrollment is loaded"
    return students, f"students: {'; '.join(told)} LEAs" + (f"; not known for {unknown}" if unknown else "")


def _lea_names(workspace: Workspace, roster: pd.DataFrame) -> dict[str, str]:
    known: dict[str, str] = {}
    for table, column in (("circuits", "name"), ("enrollment", "name"), ("district_shapes", "name")):
        if workspace.has(table):
            frame = workspace.frame(table)
            if column in frame:
                known |= dict(frame.dropna(subset=[column])[["lea_id", column]].to_numpy())
    if len(roster):
        known |= dict(roster.dropna(subset=["lea_name"])[["lea_id", "lea_name"]].to_numpy())
    if workspace.has("districts"):
        known |= dict(workspace.frame("districts")[["lea_id", "name"]].to_numpy())
    return known


def _unknown_note(table: pd.DataFrame) -> list[str]:
    unknown = table["mbps"].isna()
    if unknown.all():
        return ["no bandwidth of this kind is loaded for these LEAs: no gap can be told"]
    known = table[~unknown & table["gap_mbps"].notna()]
    short = int((known["gap_mbps"] > 0).sum())
    return [
        f"{short} of {len(known)} LEAs with known bandwidth and students are below the target; bandwidth is not known "
        f"for {int(unknown.sum())} of {len(table)}"
    ]


def _age_note(workspace: Workspace) -> list[str]:
    """Say so where bandwidth and students are of different years: the gap then mixes two times."""
    dates = {
        table: max((one.as_of for one in workspace.receipts_of(table) if one.as_of), default=None)
        for table in ("circuits", "enrollment", "schools")
    }
    students = dates["enrollment"] or dates["schools"]
    if not dates["circuits"] or not students:
        return []
    years = int(students[:_YEAR_DIGITS]) - int(dates["circuits"][:_YEAR_DIGITS])
    if abs(years) <= 1:
        return []
    return [
        f"bandwidth is as of {dates['circuits']}, students as of {students}: {abs(years)} years apart; load newer bandwidth "
        "before acting on the gap"
    ]


def _circuit_year(workspace: Workspace) -> int:
    dates = [one.as_of for one in workspace.receipts_of("circuits") if one.as_of]
    if not dates:
        raise InfraplanError(
            "the bandwidth file has no date, so growth has no start\n  mend:  set as_of in its column map "
            "and add it again"
        )
    return int(max(dates)[:_YEAR_DIGITS])


def falls_short_year(table: pd.DataFrame, growth_percent: float, start: int) -> pd.Series:
    """First year in which the target, growing from `start`, is above the circuit; the start itself where it is already.

    Null where that is after 2200: growth so slow is none.

    A district with 1,500 Mbps against a target of 1,000 at 25 % a year: 1,250 after one year, 1,562.5 after two.

    >>> falls_short_year(pd.DataFrame({"mbps": [1500.0], "target_mbps": [1000.0]}), 25, 2026).tolist()
    [2028]
    """
    ratio = (table["mbps"] / table["target_mbps"]).to_numpy(dtype="float64", na_value=np.nan)
    never = np.full(len(ratio), np.nan)
    short = np.where(ratio < 1, float(start), never)
    if growth_percent > 0:
        step = math.log1p(growth_percent / 100)
        with np.errstate(over="ignore", divide="ignore"):
            years = start + np.floor(np.log(np.maximum(ratio, 1.0)) / step + 1e-9) + 1
        short = np.where(ratio >= 1, np.where(years <= _LAST_YEAR, years, np.nan), short)
    return pd.Series(short, index=table.index).astype("Int64")


# --- schools and fiber ----------------------------------------------------------------------------------------------


def near_fiber(workspace: Workspace) -> pd.DataFrame:
    """Schools with whether an FCC fiber offer lies in their grid cell or one beside it.

    Columns ncessch, lea_id, name, lea_name, lon, lat, virtual, near_fiber (yes | no | unknown): unknown without a
    point, for virtual schools, or where no FCC file with fiber is loaded. A proxy, not a route.
    """
    roster = school_roster(workspace)
    cells = _fiber_cells(workspace)
    placed = roster["lon"].notna() & roster["lat"].notna() & (roster["virtual"] != True)  # noqa: E712 - nulls are not virtual
    answers = []
    for lon, lat, known in zip(roster["lon"], roster["lat"], placed, strict=True):
        if not known or cells is None:
            answers.append("unknown")
        else:
            around = h3.grid_disk(h3.latlng_to_cell(lat, lon, CELL_RESOLUTION), 1)
            answers.append("yes" if not cells.isdisjoint(around) else "no")
    return roster[["ncessch", "lea_id", "name", "lea_name", "lon", "lat", "virtual"]].assign(near_fiber=answers)


def _fiber_cells(workspace: Workspace) -> set[str] | None:
    if not workspace.has("availability"):
        return None
    offers = workspace.table("availability")
    fiber = offers.filter(offers["technology"] == FIBER).select("h3_res8_id").distinct()
    cells = set(workspace.backend.execute(fiber)["h3_res8_id"])
    return cells or None


def equity(workspace: Workspace, gaps: pd.DataFrame) -> pd.DataFrame:
    """Gaps beside need, one row per LEA (columns of `school_equity`).

    Shares are fractions, null where the source is not loaded or does not name the LEA; locale is the most common NCES
    locale of its schools (not E-Rate's urban/rural status).
    """
    table = gaps[["lea_id", "name", "students", "kbps_per_student", "gap_mbps"]].copy()
    table["poverty_share"] = table["lea_id"].map(_poverty_share(workspace)).astype("float64")
    shares, lunches = _nslp(workspace)
    table["nslp_students"] = table["lea_id"].map(lunches).astype("Int64")
    table["nslp_share"] = table["lea_id"].map(shares).astype("float64")
    roster = school_roster(workspace).dropna(subset=["locale"])
    common = {lea: min(values.mode()) for lea, values in roster.groupby("lea_id")["locale"]}
    table["locale"] = table["lea_id"].map(common)
    return table


def equity_about(workspace: Workspace, gaps: SchoolGaps) -> dict[str, Any]:
    """What the table of gaps beside need was made from, poverty estimates with it."""
    needed = [one.receipt_id for one in workspace.receipts_of("district_poverty")]
    title = f"{gaps.title}, beside poverty, meals and locale"
    return {**gaps.about, "title": title, "receipts": [*gaps.about["receipts"], *needed]}


def _poverty_share(workspace: Workspace) -> dict[str, float]:
    if not workspace.has("district_poverty"):
        return {}
    poverty = workspace.frame("district_poverty")
    share = poverty["children_5_17_poverty"] / poverty["children_5_17"].where(poverty["children_5_17"] > 0)
    return dict(zip(poverty["lea_id"], share.round(4), strict=True))


def _nslp(workspace: Workspace) -> tuple[dict[str, float], dict[str, float]]:
    """Share and number of students eligible for free or reduced-price meals, by LEA."""
    counts = workspace.frame("enrollment") if workspace.has("enrollment") else pd.DataFrame()
    if "nslp_students" not in counts:
        return {}, {}
    share = counts["nslp_students"] / counts["students"].where(counts["students"] > 0)
    ids = counts["lea_id"]
    return dict(zip(ids, share.round(4), strict=True)), dict(zip(ids, counts["nslp_students"], strict=True))
