"""FCC files: Broadband Data Collection, its summary and served/unserved export, funded locations, Form 477.

Large files pass through the engine as expressions; nothing here holds their rows in Python.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet as pq

from infraplan import arrivals, engine
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault
from infraplan.identifiers import COUNTY_DIGITS, counts, mended
from infraplan.intake import Desk, Load, Loader, Piece, csv_rows, rows_as_text

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
_WHOLE_NUMBERS = ("technology", "down_mbps", "up_mbps")
_BLOCK_DIGITS = 15


def fixed_availability(arrival: Arrival, desk: Desk) -> Load:
    """FCC BDC fixed availability, today's 12 columns or the first release's 11; one row per offer.

    Rows are kept as filed, 0/0 speeds and repeats included. Rows of other states are left out and counted.
    Raises BadInput if the file has no row of the workspace's state.
    """
    raw = csv_rows(arrival, desk)
    named = _renamed(raw, _BDC_ALIASES, arrival)
    typed = named.mutate(
        # the cast passes over spaces by itself; trimming every cell would cost a third of the reading
        **{name: named[name].try_cast("int64") for name in _WHOLE_NUMBERS},
        low_latency=_bit(named["low_latency"]),
        business_residential=_code(named["business_residential"]),
        brand_name=named["brand_name"].nullif(""),
    )
    typed, mends = _with_zero(typed, "block_geoid", _BLOCK_DIGITS, desk)
    path = _parquet(typed, desk, arrival)
    path, refused = _only_own_state(path, desk, arrival)
    technologies = _distinct(desk, path, "technology")
    as_of, revision = _dates(arrival, desk)
    notes = [*mends, *_zero_speed_note(desk, path)]
    if as_of is None:
        notes.append("the file's name carries no release date: its vintage is unknown; give --as-of 2025-12-31")
    series = f"{desk.state.fips}/{'+'.join(technologies)}"
    kept = pq.read_metadata(path).num_rows
    return Load(
        [Piece("availability", parquet=path, series=series)],
        kept + sum(refused.values()),
        as_of,
        revision,
        refused,
        notes,
        title=f"FCC BDC fixed availability, technology {', '.join(technologies)}",
        headers=_headers(arrival.columns, _BDC_ALIASES),
        counted_by_engine=True,
    )


def served_export(arrival: Arrival, desk: Desk) -> Load:
    """FCC served/unserved export: every location of the Fabric with three yes/no columns at 100/20 Mbps."""
    raw = csv_rows(arrival, desk)
    named = _renamed(raw, _EXPORT_ALIASES, arrival)
    bits = {name: _bit(named[name]) for name in ("any_100_20", "wired_100_20", "terrestrial_100_20")}
    typed, mends = _with_zero(named.mutate(**bits), "block_geoid", _BLOCK_DIGITS, desk)
    path = _parquet(typed, desk, arrival)
    path, refused = _only_own_state(path, desk, arrival)
    as_of, revision = _dates(arrival, desk)
    rows = pq.read_metadata(path).num_rows
    return Load(
        [Piece("locations", parquet=path, series=desk.state.fips)],
        rows + sum(refused.values()),
        as_of,
        revision,
        refused,
        mends,
        headers=_headers(arrival.columns, _EXPORT_ALIASES),
        counted_by_engine=True,
    )


def coverage_summary(arrival: Arrival, desk: Desk) -> Load:
    """FCC summary by geography, rows of the workspace's state; county ids that lost their zero are mended."""
    raw = csv_rows(arrival, desk)
    frame = _renamed(raw, _SUMMARY_ALIASES, arrival).to_pandas()
    read = len(frame)
    frame["source_row"] = range(2, read + 2)
    county = frame["geography_type"].eq("County")
    fixed, count = mended(frame.loc[county, "geography_id"], COUNTY_DIGITS)
    frame.loc[county, "geography_id"] = fixed
    # a blank number is not another state's: it stays, for the checks to name with its row
    number = frame["geography_id"].fillna("").str.strip()
    own = number.str.startswith(desk.state.fips) | (number == "")
    _refuse_if_none(arrival, desk, int(number.str.startswith(desk.state.fips).sum()))
    frame = frame[own].reset_index(drop=True)
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
    raw = csv_rows(arrival, desk)
    named = _renamed(raw, _477_ALIASES, arrival)
    typed = named.mutate(
        technology_477=named["technology_477"].try_cast("int64"),
        down_mbps=named["down_mbps"].try_cast("float64"),
        up_mbps=named["up_mbps"].try_cast("float64"),
        consumer=_bit(named["consumer"]),
        provider_name=named["provider_name"].nullif(""),
    )
    typed, mends = _with_zero(typed, "block2010_geoid", _BLOCK_DIGITS, desk)
    path = _parquet(typed, desk, arrival)
    path, refused = _only_own_state(path, desk, arrival, block="block2010_geoid")
    notes = [*mends, *_block_match_note(desk, path)]
    rows = pq.read_metadata(path).num_rows
    return Load(
        [Piece("form477", parquet=path, series=desk.state.fips)],
        rows + sum(refused.values()),
        desk.as_of or _form477_date(arrival.bare_name),
        None,
        refused,
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


def _renamed(raw: ir.Table, aliases: Aliases, arrival: Arrival) -> ir.Table:
    """Our columns out of the publisher's; raises BadInput where the engine reads another header than stands there."""
    chosen = _headers(raw.columns, aliases)
    lacking = [theirs[0] for ours, theirs in aliases.items() if ours not in chosen]
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
    return raw.select(**{ours: raw[theirs] for ours, theirs in chosen.items()})


def _headers(columns: Iterable[str], aliases: Aliases) -> dict[str, str]:
    """The file's own header of each of our columns, where it has one."""
    here = {str(name).strip().lower(): name for name in columns}
    found = {
        ours: next((here[name.lower()] for name in theirs if name.lower() in here), None)
        for ours, theirs in aliases.items()
    }
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _bit(cells: ir.StringValue) -> ir.BooleanValue:
    text = cells.strip().lower()
    yes: ir.BooleanValue = ibis.cases(
        (cells == "1", True),
        (cells == "0", False),
        (text.isin(["1", "true", "t", "yes"]), True),
        (text.isin(["0", "false", "f", "no"]), False),
    )
    return yes


def _code(cells: ir.StringValue) -> ir.StringValue:
    """Codes in capitals without spaces; as they come where they are so already, which is nearly always."""
    code: ir.StringValue = ibis.ifelse(cells.isin(["B", "R", "X"]), cells, cells.strip().upper())
    return code


def _with_zero(table: ir.Table, column: str, digits: int, desk: Desk) -> tuple[ir.Table, list[str]]:
    """Put back a leading zero that every row lost, where the state's number starts with zero; say so."""
    first = table[column].first().to_pyarrow().as_py() if desk.state.fips.startswith("0") else None
    if first is None or len(first) != digits - 1 or not f"0{first}".startswith(desk.state.fips):
        return table, []
    short = (table[column].length() == digits - 1) & (ibis.literal("0") + table[column]).startswith(desk.state.fips)
    count = int(table.filter(short).count().to_pyarrow().as_py())
    mended_cells = ibis.ifelse(short, ibis.literal("0") + table[column], table[column])
    return table.mutate(**{column: mended_cells}), [f"{count:,} {column} had lost their leading zero; mended"]


def _parquet(table: ir.Table, desk: Desk, arrival: Arrival) -> Path:
    path = desk.scratch / f"{arrival.local.name}.parquet"
    try:
        table.to_parquet(path)
    except Exception as why:  # each engine raises its own classes for a broken line
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
    return path


def _only_own_state(
    path: Path, desk: Desk, arrival: Arrival, block: str = "block_geoid"
) -> tuple[Path, dict[str, int]]:
    """Leave out rows of other states, keeping each row's place in the file; refuse a file with none of ours."""
    table = engine.read_parquet(desk.backend, [path], located=True)
    own = table[block].startswith(desk.state.fips)
    # a number that is no block is not another state's: it stays, for the checks to name
    other = (~own & (table[block].length() == _BLOCK_DIGITS)).fill_null(ibis.literal(value=False))
    both = table.aggregate(rows=table.count(), own=own.sum(), other=other.sum()).to_pyarrow().to_pylist()[0]
    _refuse_if_none(arrival, desk, both["own"] if both["rows"] else 0)
    if not both["other"]:
        return path, {}
    kept = path.with_suffix(".own.parquet")
    located = table.filter(~other).mutate(source_row=table["file_row_number"] + 2)
    located.drop("filename", "file_row_number").to_parquet(kept)
    return kept, {"rows of other states": int(both["other"])}


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


def _distinct(desk: Desk, path: Path, column: str) -> list[str]:
    table = engine.read_parquet(desk.backend, [path])
    values = table.select(column).distinct().order_by(column).to_pyarrow().to_pydict()[column]
    return [str(value) for value in values]


def _zero_speed_note(desk: Desk, path: Path) -> list[str]:
    table = engine.read_parquet(desk.backend, [path])
    zero = int(table.filter((table["down_mbps"] == 0) & (table["up_mbps"] == 0)).count().to_pyarrow().as_py())
    return [f"{zero:,} rows are filed with speed 0/0: some service, no speed"] if zero else []


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
