"""Members to divide, put together from the state's file, the demand of a pool and what a workspace holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault, Faults, NoAnswer
from infraplan.procurement.lots import adjacency
from infraplan.procurement.lots.adjacency import Borders
from infraplan.procurement.lots.expected import Prices
from infraplan.procurement.lots.policy import LotPolicy, read_policy
from infraplan.procurement.lots.problem import Floats
from infraplan.units import METERS_PER_MILE

MOST_NAMED: Final = 5
FEWEST: Final = 2
BY_FILE, BY_SHAPES, BY_POINTS = "a file of pairs", "shared borders", "nearest places (no boundaries are known)"


@dataclass(frozen=True)
class Member:
    """One member. `value` is its expected bill in USD a month; `low` and `high` are its range where prices tell one."""

    lea_id: str
    name: str
    students: int | None = None
    demand: float | None = None
    value: Decimal | None = None
    agency: str | None = None
    hard: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    low: Decimal | None = None
    expected: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True)
class Inputs:
    """Everything a division stands on; `lon` and `lat` are the members' places in their order."""

    members: tuple[Member, ...]
    lon: Floats
    lat: Floats
    borders: Borders
    policy: LotPolicy
    by: str
    prices: Prices | None = None
    shapes: gpd.GeoDataFrame | None = None
    notes: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """What a workspace tells, by lea_id: `shapes` in degrees, `table` with name, students, demand, value, lon, lat."""

    shapes: gpd.GeoDataFrame | None
    table: pd.DataFrame


def read(
    members: Path | None,
    demand: Path | None = None,
    pairs: Path | None = None,
    policy: Path | None = None,
    ground: Ground | None = None,
    prices: Prices | None = None,
) -> Inputs:
    """Read and check the files of a division. Raises BadInput with the faults of all files together, NoAnswer."""
    faults, tables = Faults(), dict[str, pd.DataFrame]()
    given = {"lot_members": members, "demand": demand, "lot_borders": pairs}
    paths = {name: path for name, path in given.items() if path is not None}
    for name, path in paths.items():
        try:
            tables[name] = tablefiles.read_declared(path, name)
        except BadInput as refused:
            faults.extend(refused.faults)
    rules = LotPolicy()
    try:
        rules = read_policy(policy)
    except BadInput as refused:
        faults.extend(refused.faults)
    faults.raise_if_any()
    names = {name: path.name for name, path in paths.items()}
    files = {name.removeprefix("lot_"): path for name, path in paths.items()} | ({"policy": policy} if policy else {})
    return assemble(tables, rules, ground, prices, names=names, files=files)


def assemble(
    tables: Mapping[str, pd.DataFrame],
    policy: LotPolicy,
    ground: Ground | None = None,
    prices: Prices | None = None,
    *,
    names: Mapping[str, str] | None = None,
    files: Mapping[str, Path] | None = None,
) -> Inputs:
    """Put typed tables (`lot_members`, `demand`, `lot_borders`, each optional) and a workspace's ground together."""
    told = _merged(tables, ground)
    if len(told) < FEWEST:
        raise NoAnswer(
            "there are fewer than two members to divide\n  mend:  give --members or --demand, or a workspace with "
            "district boundaries and schools"
        )
    shapes = ground.shapes if ground is not None else None
    lon, lat = _places(told, shapes, (names or {}).get("lot_members", "the members"))
    plane = adjacency.flat(lon, lat)
    where = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs="EPSG:4326").to_crs(plane)
    x, y = np.asarray(where.x, dtype=np.float64), np.asarray(where.y, dtype=np.float64)
    pairs, by = _pairs(told, tables.get("lot_borders"), shapes, plane, (x, y))
    borders = adjacency.borders(len(told), pairs, x, y)
    notes = _notes(told, borders, by)
    records = [{str(name): value for name, value in row.items()} for row in told.to_dict("records")]
    rows = [_member(row, prices) for row in records]
    members = tuple(_judged(member, row, policy, away) for member, row, away in
                    zip(rows, records, _nearest_miles(x, y), strict=True))  # fmt: skip
    return Inputs(members, lon, lat, borders, policy, by, prices, shapes, tuple(notes), dict(files or {}))


def _merged(tables: Mapping[str, pd.DataFrame], ground: Ground | None) -> pd.DataFrame:
    """One row per member: the members' file first, then the demand, then the workspace, where a cell is still blank."""
    parts = []
    if "lot_members" in tables:
        parts.append(tables["lot_members"].rename(columns={"demand_mbps": "demand", "value_usd_month": "value"}))
    if "demand" in tables:
        parts.append(_asked(tables["demand"]))
    if ground is not None:
        parts.append(ground.table if parts else _buyers(ground))
    if not parts:
        return pd.DataFrame(columns=["lea_id"])
    base = parts[0].astype(object).set_index("lea_id")
    for more in parts[1:]:
        other = more.astype(object).set_index("lea_id").reindex(base.index)
        base = base.combine_first(other)
    columns = [
        "name",
        "students",
        "demand",
        "value",
        "agency",
        "hard",
        "providers",
        "serving",
        "times_expected",
        "lon",
        "lat",
    ]
    rows = base.reindex(columns=columns).sort_index().reset_index().astype(object)
    return rows.where(rows.notna(), None)


def _buyers(ground: Ground) -> pd.DataFrame:
    """The districts of a workspace that buy for themselves: those with a boundary, or with students."""
    table, known = ground.table, pd.Series(data=False, index=ground.table.index)
    if ground.shapes is not None:
        known |= table["lea_id"].isin(ground.shapes["lea_id"])
    for column in ("students", "demand"):
        if column in table:
            known |= table[column].notna()
    return table[known]


def _asked(demand: pd.DataFrame) -> pd.DataFrame:
    """The demand of a pool by member: what it pays now, and Mbps where the service is internet."""
    found = []
    for lea_id, some in demand.groupby("lea_id", sort=True):
        bills = [Decimal(str(one)) for one in some["current_usd_month"].dropna()]
        speeds = some[some["service"].str.lower().str.contains("internet|mbps")]
        found.append({
            "lea_id": lea_id, "students": _first(some, "students"), "value": sum(bills, Decimal(0)) if bills else None,
            "demand": float(speeds["quantity"].sum()) if len(speeds) else None,
        })  # fmt: skip
    return pd.DataFrame(found, columns=["lea_id", "students", "value", "demand"])


def _first(rows: pd.DataFrame, column: str) -> object:
    known = rows[column].dropna() if column in rows else pd.Series(dtype=object)
    return known.iloc[0] if len(known) else None


def _places(told: pd.DataFrame, shapes: gpd.GeoDataFrame | None, file: str) -> tuple[Floats, Floats]:
    """Longitude and latitude of each member: its own, else a point in its boundary. Raises BadInput for those without."""
    inside: dict[str, tuple[float, float]] = {}
    if shapes is not None:
        points = shapes.geometry.representative_point()
        inside = dict(zip(shapes["lea_id"], zip(points.x.tolist(), points.y.tolist(), strict=True), strict=True))
    places = []
    for row in told.to_dict("records"):
        own = (row["lon"], row["lat"]) if row["lon"] is not None and row["lat"] is not None else None
        places.append(own or inside.get(row["lea_id"]))
    missing = [lea for lea, place in zip(told["lea_id"], places, strict=True) if place is None]
    if missing:
        more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
        raise BadInput([Fault(
            kind="NoPlace", what=f"{len(missing):,} of {len(told):,} members have no place: "
            f"{', '.join(missing[:MOST_NAMED])}{more}", file=file, column="lon", count=len(missing),
            mend="give lon and lat, or load their boundaries or schools in the workspace",
        )])  # fmt: skip
    lon, lat = zip(*(place for place in places if place), strict=True)
    return np.array(lon, dtype=float), np.array(lat, dtype=float)


def _pairs(
    told: pd.DataFrame,
    rows: pd.DataFrame | None,
    shapes: gpd.GeoDataFrame | None,
    plane: str,
    xy: tuple[Floats, Floats],
) -> tuple[adjacency.Pairs, str]:
    place = {lea: at for at, lea in enumerate(told["lea_id"])}
    if rows is not None:
        return adjacency.of_file(list(zip(rows["a"], rows["b"], strict=True)), place), BY_FILE
    here = shapes[shapes["lea_id"].isin(place.keys())] if shapes is not None else None
    if here is None or len(here) < FEWEST:
        return adjacency.of_points(*xy), BY_POINTS
    number = [place[lea] for lea in here["lea_id"]]
    found = adjacency.of_shapes(here.geometry.to_crs(plane))
    return {(number[a], number[b]) for a, b in found}, BY_SHAPES


def _notes(told: pd.DataFrame, borders: Borders, by: str) -> list[str]:
    notes = [f"neighbors are told by {by}"]
    ids = told["lea_id"].tolist()
    if borders.joined:
        said = "; ".join(f"{ids[a]} to {ids[b]}" for a, b in borders.joined[:MOST_NAMED])
        more = f" and {len(borders.joined) - MOST_NAMED:,} more" if len(borders.joined) > MOST_NAMED else ""
        notes.append(
            f"{len(borders.joined):,} members or groups that border nobody else (islands, no boundary) are joined to the "
            f"nearest: {said}{more}"
        )
    for column, words in (("students", "students"), ("demand", "Mbps asked for"), ("value", "present bill")):
        blank = int(told[column].isna().sum())
        if blank:
            notes.append(f"{blank:,} of {len(told):,} members have no {words} in the files")
    filed = int((told["providers"].isna() & told["serving"].notna()).sum())
    if filed:
        notes.append(
            f"providers of {filed:,} of {len(told):,} members are those paid for internet in the Form 471 tables; others may bid"
        )
    return notes


def _member(row: Mapping[str, Any], prices: Prices | None) -> Member:
    mbps = float(row["demand"]) if row["demand"] else None
    span = prices.of(mbps) if prices is not None and mbps else None
    value = Decimal(str(row["value"])) if row["value"] is not None else span[1] if span else None
    listed = [one.strip() for one in str(row["providers"] or row["serving"] or "").split(";")]
    return Member(
        str(row["lea_id"]), str(row["name"] or row["lea_id"]),
        None if row["students"] is None else int(row["students"]), mbps, value, row["agency"] or None,
        providers=tuple(sorted({one for one in listed if one})),
        low=span[0] if span else None, expected=span[1] if span else None, high=span[2] if span else None,
    )  # fmt: skip


def _judged(member: Member, row: Mapping[str, Any], policy: LotPolicy, away: float) -> Member:
    """The member with the reasons for which few bidders are to be expected; its own row's word goes first."""
    if row["hard"] is not None:
        why: tuple[str, ...] = ("the file says so",) if row["hard"] else ()
    else:
        tests = (
            # who was paid last year is one provider as a rule, which says nothing of how many would bid
            (bool(row["providers"]) and len(member.providers) <= policy.few_providers,
             f"{len(member.providers)} provider serves it"),
            (row["times_expected"] is not None and float(row["times_expected"] or 0) >= policy.dear_times,
             f"pays {float(row['times_expected'] or 0):.1f} times what like lines cost"),
            (away > policy.remote_miles, f"{away:.0f} miles to the nearest member"),
        )  # fmt: skip
        why = tuple(words for holds, words in tests if holds)
    return replace(member, hard=why)


def _nearest_miles(x: Floats, y: Floats) -> list[float]:
    away = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(away, np.inf)
    return [float(one) for one in away.min(axis=1) / METERS_PER_MILE]
