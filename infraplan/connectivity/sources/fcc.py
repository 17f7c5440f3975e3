"""FCC files: Broadband Data Collection, its summary and served/unserved export, funded locations, Form 477.

Large files, up to tens of millions of rows, pass through the embedded engine from CSV to Parquet in one statement of SQL:
nothing here holds their rows in Python, and nothing on that path waits for a library that takes long to import.
"""

# the statements below are made of headers and literals quoted by the engine module
# ruff: noqa: S608

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infraplan import arrivals, engine
from infraplan.arrivals import Arrival
from infraplan.engine import csv_source, literal, parquet_source, quoted
from infraplan.errors import BadInput, Fault
from infraplan.intake import Desk, Load, Loader, Piece, csv_rows, rows_as_text, utf8_path

if TYPE_CHECKING:
    import ibis.expr.types as ir

# ours -> the publisher's names, newest release first
_BDC_ALIASES = {
    "location_id": ("location_id",),
    "block_geoid": ("block_geoid", "block_fips"),
    "h3_res8_id": ("h3_res8_id", "h3index_hex8"),
    "technology": ("technology", "technology_code"),
    "down_mbps": ("max_advertised_download_speed",),
    "up_mbps": ("max_advertised_upload_speed",),
    "low_latency": ("low_latency",),
    "business_residential": ("business_residential_code",),
    "provider_id": ("provider_id",),
    "brand_name": ("brand_name",),
}
_EXPORT_ALIASES = {
    "location_id": ("location_id",),
    "block_geoid": ("block_geoid",),
    "h3_res8_id": ("h3_res8_id",),
    "any_100_20": ("any_dl100_ul20",),
    "wired_100_20": ("wired_dl100_ul20",),
    "terrestrial_100_20": ("terrestrial_dl100_ul20",),
}
_SUMMARY_ALIASES = {
    "area_data_type": ("area_data_type",),
    "geography_type": ("geography_type",),
    "geography_id": ("geography_id",),
    "name": ("geography_desc_full",),
    "units": ("total_units",),
    "biz_res": ("biz_res",),
    "technology_group": ("technology",),
    "share_25_3": ("speed_25_3",),
    "share_100_20": ("speed_100_20",),
}
_477_ALIASES = {
    "block2010_geoid": ("BlockCode",),
    "technology_477": ("TechCode",),
    "down_mbps": ("MaxAdDown",),
    "up_mbps": ("MaxAdUp",),
    "consumer": ("Consumer",),
    "provider_id": ("Provider_Id",),
    "provider_name": ("ProviderName",),
}
Aliases = Mapping[str, tuple[str, ...]]
Making = Callable[[str], str]
"""How a column of ours is made of the publisher's, both in SQL."""

_ONE_PROVIDER = re.compile(r"bdc_\d{2}_(\d{3,})_", re.IGNORECASE)
_BLOCK_DIGITS = 15
_SPACES = "' \t\n\r\v\f'"


def fixed_availability(arrival: Arrival, desk: Desk) -> Load:
    """FCC BDC fixed availability, today's 12 columns or the first release's 11; one row per offer.

    Rows are kept as filed, 0/0 speeds and repeats included. Rows of other states are left out and counted. A file of
    one provider alone (its number stands in the name where the technology does) stands beside the state's files: it
    replaces only older files of that provider. Raises BadInput if the file has no row of the workspace's state.
    """
    whole = partial(_number, kind="BIGINT")
    making: dict[str, Making] = {
        **dict.fromkeys(("technology", "down_mbps", "up_mbps"), whole),
        "low_latency": _bit,
        "business_residential": _code,
        "brand_name": _not_blank,
    }
    made = _converted(arrival, desk, _BDC_ALIASES, making)
    technologies, zero = _offers(made.path, desk)
    as_of, revision = _dates(arrival, desk)
    notes = [*made.mends, *([f"{zero:,} rows are filed with speed 0/0: some service, no speed"] if zero else [])]
    if as_of is None:
        notes.append("the file's name carries no release date: its vintage is unknown; give --as-of 2025-12-31")
    provider = _ONE_PROVIDER.search(arrival.bare_name)
    if provider:
        notes.append(
            f"offers of provider {provider[1]} alone; the state's files by technology have them too, and all others'"
        )
    series = f"{desk.state.fips}/{f'provider {provider[1]}/' if provider else ''}{'+'.join(technologies)}"
    return Load(
        [Piece("availability", parquet=made.path, series=series)],
        made.read,
        as_of,
        revision,
        made.refused,
        notes,
        title=f"FCC BDC fixed availability, technology {', '.join(technologies)}",
        headers=_headers(arrival.columns, _BDC_ALIASES),
        counted_by_engine=True,
    )


def served_export(arrival: Arrival, desk: Desk) -> Load:
    """FCC served/unserved export: every location of the Fabric with three yes/no columns at 100/20 Mbps."""
    flags = ("any_100_20", "wired_100_20", "terrestrial_100_20")
    made = _converted(arrival, desk, _EXPORT_ALIASES, dict.fromkeys(flags, _bit))
    as_of, revision = _dates(arrival, desk)
    return Load(
        [Piece("locations", parquet=made.path, series=desk.state.fips)],
        made.read,
        as_of,
        revision,
        made.refused,
        made.mends,
        headers=_headers(arrival.columns, _EXPORT_ALIASES),
        counted_by_engine=True,
    )


def coverage_summary(arrival: Arrival, desk: Desk) -> Load:
    """FCC summary by geography, rows of the workspace's state; county ids that lost their zero are mended."""
    import pandas as pd  # noqa: PLC0415

    from infraplan.identifiers import COUNTY_DIGITS, counts, mended  # noqa: PLC0415

    frame = _renamed(csv_rows(arrival, desk), _SUMMARY_ALIASES, arrival).to_pandas()
    read = len(frame)
    frame["source_row"] = range(2, read + 2)
    county = frame["geography_type"].eq("County")
    fixed, count = mended(frame.loc[county, "geography_id"], COUNTY_DIGITS)
    frame.loc[county, "geography_id"] = fixed
    # a blank number is not another state's: it stays, for the checks to name with its row
    number = frame["geography_id"].fillna("").str.strip()
    own = number.str.startswith(desk.state.fips) | (number == "")
    _refuse_if_none(arrival, desk, int(number.str.startswith(desk.state.fips).sum()))
    frame = frame.assign(geography_id=number.where(number != "", None))[own].reset_index(drop=True)
    frame["units"] = counts(frame["units"])
    for name in ("share_25_3", "share_100_20"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    as_of, revision = _dates(arrival, desk)
    notes = [f"{count:,} county numbers had lost their leading zero; mended"] if count else []
    kinds = "+".join(sorted(frame["geography_type"].dropna().unique()))
    groups = "+".join(sorted(frame["technology_group"].dropna().unique()))
    return Load(
        [Piece("coverage_summary", frame, series=f"{desk.state.fips}/{kinds}/{groups}")],
        read,
        as_of,
        revision,
        {"rows of other states": read - len(frame)},
        notes,
        headers=_headers(arrival.columns, _SUMMARY_ALIASES),
        counted_by_engine=True,
    )


def funded_locations(arrival: Arrival, desk: Desk) -> Load:
    """Locations with a funded build: a project's list from the FCC funding map, or a state's own list.

    The list carries no state: a location counts only where it is also among the loaded locations.
    """
    frame = rows_as_text(arrival)
    program = arrival.column("program") or arrival.column("project_id")
    location = arrival.column("location_id") or "location_id"
    kept = frame.assign(
        location_id=frame[location].str.strip(),
        source_row=frame.index,
        program=frame[program].str.strip().replace("", "not named") if program else "not named",
    )
    blank = kept["location_id"] == ""
    kept = kept.loc[~blank, ["location_id", "program", "source_row"]]
    as_of, revision = _dates(arrival, desk)
    series = f"{desk.state.fips}/{arrival.bare_name}"
    return Load(
        [Piece("funded_locations", kept, series=series)],
        len(frame),
        as_of,
        revision,
        {"rows without a location number": int(blank.sum())},
    )


def form477(arrival: Arrival, desk: Desk) -> Load:
    """FCC Form 477: kept for history, on 2010 blocks; the share of its blocks known to the BDC is stated."""
    speed = partial(_number, kind="DOUBLE")
    making: dict[str, Making] = {
        "technology_477": partial(_number, kind="BIGINT"),
        "down_mbps": speed,
        "up_mbps": speed,
        "consumer": _bit,
        "provider_name": _not_blank,
    }
    made = _converted(arrival, desk, _477_ALIASES, making, block="block2010_geoid")
    notes = [*made.mends, *_block_match_note(desk, made.path)]
    return Load(
        [Piece("form477", parquet=made.path, series=desk.state.fips)],
        made.read,
        desk.as_of or _form477_date(arrival.bare_name),
        None,
        made.refused,
        notes,
        headers=_headers(arrival.columns, _477_ALIASES),
        counted_by_engine=True,
    )


def _patient(loader: Loader) -> Loader:
    """The loader, run again with one reader where a line break inside quotes (in a brand's name) stops several."""

    def run(arrival: Arrival, desk: Desk) -> Load:
        try:
            return loader(arrival, desk)
        except Exception as why:
            if "parallel=false" not in f"{why} {why.__cause__}":
                raise
            return loader(arrival, replace(desk, parallel=False))

    return run


LOADERS: dict[str, Loader] = {
    "fcc_bdc_fixed": _patient(fixed_availability),
    "fcc_served_export": _patient(served_export),
    "fcc_bdc_summary": _patient(coverage_summary),
    "fcc_funding_map": funded_locations,
    "fcc_form477": _patient(form477),
}


# --- parts ----------------------------------------------------------------------------------------------------------


def _renamed(raw: "ir.Table", aliases: Aliases, arrival: Arrival) -> "ir.Table":
    """Our columns out of the publisher's; raises BadInput where the engine reads another header than stands there."""
    chosen = _chosen(raw.columns, aliases, arrival)
    return raw.select(**{ours: raw[theirs] for ours, theirs in chosen.items()})


def _chosen(columns: Iterable[str], aliases: Aliases, arrival: Arrival) -> dict[str, str]:
    found = _headers(columns, aliases)
    lacking = [theirs[0] for ours, theirs in aliases.items() if ours not in found]
    if lacking:
        raise BadInput(
            [
                Fault(
                    kind="MissingColumn",
                    what=f"{arrival.name} lacks the columns {', '.join(lacking)}: its header line is damaged",
                    file=arrival.name,
                    row=1,
                    mend="download it again from its publisher",
                )
            ]
        )
    return found


def _headers(columns: Iterable[str], aliases: Aliases) -> dict[str, str]:
    """The file's own header of each of our columns, where it has one."""
    here = {str(name).strip().lower(): name for name in columns}
    found = {
        ours: next((here[name.lower()] for name in theirs if name.lower() in here), None)
        for ours, theirs in aliases.items()
    }
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


@dataclass(frozen=True)
class _Converted:
    """A file's rows in Parquet: rows read, rows left out and why, and what was mended."""

    path: Path
    read: int
    refused: dict[str, int]
    mends: list[str]


def _converted(
    arrival: Arrival, desk: Desk, aliases: Aliases, making: Mapping[str, Making], block: str = "block_geoid"
) -> _Converted:
    """The rows of our state with our columns; each row keeps its place in the file. Raises BadInput."""
    rows = csv_source(utf8_path(arrival, desk), arrival.delimiter, parallel=desk.parallel)
    columns = engine.columns_of(desk.connection, rows)
    cells = {ours: quoted(theirs) for ours, theirs in _chosen(columns, aliases, arrival).items()}
    made = {ours: making[ours](cell) if ours in making else cell for ours, cell in cells.items()}
    made[block], mends = _with_zero(rows, made[block], block, desk)
    path = desk.scratch / f"{arrival.local.name}.parquet"
    _copy(f"SELECT {', '.join(f'{made[name]} AS {quoted(name)}' for name in aliases)} FROM {rows}", path, arrival, desk)
    path, read, others = _only_own_state(path, block, arrival, desk)
    return _Converted(path, read, {"rows of other states": others} if others else {}, mends)


def _copy(query: str, path: Path, arrival: Arrival, desk: Desk) -> None:
    try:
        desk.connection.execute(f"COPY ({query}) TO {literal(path)} (FORMAT parquet)")
    except engine.EngineError as why:  # a class of its own for each way a line can be broken
        refused = engine.refused_by_machine(why)
        if refused is not None:
            raise refused from why
        raise BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{arrival.name} cannot be read as a table: {str(why).splitlines()[0][:300]}",
                    file=arrival.name,
                    mend="the download may be incomplete; get it again",
                )
            ]
        ) from why


def _number(cell: str, *, kind: str) -> str:
    """A number, or nothing; the cast passes over spaces by itself: trimming every cell would cost a third of the reading."""
    return f"TRY_CAST({cell} AS {kind})"


def _not_blank(cell: str) -> str:
    return f"nullif({cell}, '')"


def _bit(cell: str) -> str:
    text = f"lower(trim({cell}, {_SPACES}))"
    return (
        f"CASE WHEN {cell} = '1' THEN true WHEN {cell} = '0' THEN false "
        f"WHEN {text} IN ('1', 'true', 't', 'yes') THEN true WHEN {text} IN ('0', 'false', 'f', 'no') THEN false END"
    )


def _code(cell: str) -> str:
    """Codes in capitals without spaces; as they come where they are so already, which is nearly always."""
    return f"CASE WHEN {cell} IN ('B', 'R', 'X') THEN {cell} ELSE upper(trim({cell}, {_SPACES})) END"


def _with_zero(rows: str, cell: str, column: str, desk: Desk) -> tuple[str, list[str]]:
    """Put back a leading zero that every row lost, where the state's number starts with zero; say so."""
    fips = desk.state.fips
    if not fips.startswith("0"):
        return cell, []
    (first,) = desk.connection.execute(f"SELECT {cell} FROM {rows} WHERE {cell} IS NOT NULL LIMIT 1").fetchone() or (
        None,
    )
    if first is None or len(first) != _BLOCK_DIGITS - 1 or not f"0{first}".startswith(fips):
        return cell, []
    short = f"length({cell}) = {_BLOCK_DIGITS - 1} AND starts_with('0' || {cell}, {literal(fips)})"
    (count,) = desk.connection.execute(f"SELECT count(*) FROM {rows} WHERE {short}").fetchone()
    mended = f"CASE WHEN {short} THEN '0' || {cell} ELSE {cell} END"
    return mended, [f"{count:,} {column} had lost their leading zero; mended"]


def _only_own_state(path: Path, block: str, arrival: Arrival, desk: Desk) -> tuple[Path, int, int]:
    """Leave out rows of other states, keeping each row's place in the file; refuse a file with none of ours.

    Returns the file with the rows kept, rows read and rows left out.
    """
    ours = f"starts_with({block}, {literal(desk.state.fips)})"
    # a number that is no block is not another state's: it stays, for the checks to name
    other = f"coalesce(NOT {ours} AND length({block}) = {_BLOCK_DIGITS}, false)"
    rows, own, others = desk.connection.execute(
        f"SELECT count(*), count_if({ours}), count_if({other}) FROM {parquet_source(path)}"
    ).fetchone()
    if not own and not others:
        whole = f"regexp_full_match({block}, '\\d{{{_BLOCK_DIGITS - 1},{_BLOCK_DIGITS}}}')"
        (no_block,) = desk.connection.execute(
            f"SELECT count_if({block} IS NOT NULL AND NOT {whole}) FROM {parquet_source(path)}"
        ).fetchone()
        own = no_block  # 2.3E+14 in every row is a spreadsheet's doing, not another state
    _refuse_if_none(arrival, desk, own)
    if not others:
        return path, rows, 0
    kept = path.with_suffix(".own.parquet")
    placed = "* EXCLUDE (file_row_number), file_row_number + 2 AS source_row"
    _copy(f"SELECT {placed} FROM {parquet_source(path)} WHERE NOT {other}", kept, arrival, desk)
    return kept, rows, others


def _offers(path: Path, desk: Desk) -> tuple[list[str], int]:
    """The technology codes of converted offers, in order, and how many offers are filed at 0/0 Mbps."""
    codes, zero = desk.connection.execute(
        "SELECT list_sort(list(DISTINCT technology)), count_if(down_mbps = 0 AND up_mbps = 0) "
        f"FROM {parquet_source(path)}"
    ).fetchone()
    return [str(code) for code in codes or ()], zero


def _refuse_if_none(arrival: Arrival, desk: Desk, own: int | None) -> None:
    if not own:
        raise BadInput(
            [
                Fault(
                    kind="OtherState",
                    file=arrival.name,
                    what=f"{arrival.name} has no row of {desk.state.name} (FIPS {desk.state.fips})",
                    mend="add the file of this workspace's state, or `infraplan init` another workspace",
                )
            ]
        )


def _dates(arrival: Arrival, desk: Desk) -> tuple[str | None, str | None]:
    for name in (arrival.bare_name, arrival.name):
        as_of, revision = arrivals.bdc_dates(name)
        if as_of:
            return desk.as_of or as_of, revision
    return desk.as_of, None


def _form477_date(name: str) -> str | None:
    for stamp, day in (("jun", "06-30"), ("dec", "12-31")):
        at = name.lower().find(stamp)
        year = name[at + 3 : at + 7]
        if at >= 0 and year.isdigit():
            return f"{year}-{day}"
    return None


def _block_match_note(desk: Desk, path: Path) -> list[str]:
    if not desk.workspace.has("availability"):
        return ["blocks are those of 2010; never joined with 2020 blocks"]
    ours: Any = engine.read_parquet(desk.backend, [path]).select(block="block2010_geoid").distinct()
    bdc = desk.workspace.table("availability").select(block="block_geoid").distinct()
    total = int(ours.count().to_pyarrow().as_py())
    known = int(ours.semi_join(bdc, "block").count().to_pyarrow().as_py())
    return [
        f"blocks are those of 2010: {known:,} of {total:,} ({known / max(1, total):.0%}) carry a number that also "
        "occurs among the BDC's 2020 blocks, by coincidence; the two are never joined"
    ]
