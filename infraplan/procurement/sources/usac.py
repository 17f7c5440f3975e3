"""USAC's Form 471 tables, as the report displays them or as the open data names them, read into the declared tables.

Speeds come with their unit in another column, rates as 0 to 1 or 0 to 100, line numbers as text that must not become a
number, rows twice, and original beside current versions: all of that is settled here, and counted.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan import arrivals, tablefiles
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text
from infraplan.resources import data_path, read_toml
from infraplan.schemas import Schema
from infraplan.units import KBPS_PER_MBPS, MBPS_PER_GBPS

CATEGORY_TWO = (
    "Internal Connections",
    "Basic Maintenance of Internal Connections",
    "Managed Internal Broadband Services",
)
_LINE_DIGITS = 3
_MBPS_PER = {"": 1.0, "mbps": 1.0, "gbps": float(MBPS_PER_GBPS), "kbps": 1 / KBPS_PER_MBPS}
_BLANKS = {"n/a", "na", "null", "none"}


@dataclass(frozen=True)
class Read:
    """One table as read: its declared name, its rows, how many rows the file had, and which were left out and why."""

    table: str
    frame: pd.DataFrame
    rows: int
    refused: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


@cache
def _maps() -> dict[str, Any]:
    return read_toml(data_path("codes", "form471_columns.toml"))


def field_name(display: str) -> str:
    """The field name that an open-data portal makes of a column's display name.

    Lower case, every run of other characters one underscore: how Socrata portals name a column unless its publisher says
    otherwise (RSocrata's `fieldName` goes the same way).

    >>> field_name("Urban/ Rural Status")
    'urban_rural_status'
    """
    return re.sub(r"[^a-z0-9]+", "_", display.lower()).strip("_")


def _folded(name: str) -> str:
    """Letters and digits alone, so that display name, field name and camelCase of one column are the same."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def table_of(columns: Sequence[str]) -> str | None:
    """The declared table that a header belongs to; None if it is none of USAC's.

    >>> table_of(["FRN", "Line Item", "Entity#", "EntityName", "Amount", "Quantity"])
    'line_recipients'
    """
    here = {_folded(column) for column in columns}
    best: tuple[int, str] | None = None
    for name, header in _headers():
        if header <= here and (best is None or len(header) > best[0]):
            best = (len(header), name)
    return best[1] if best else None


def _headers() -> Iterator[tuple[str, set[str]]]:
    """Every declared header of every table, folded."""
    for name in _maps():
        for header in arrivals.sources()[f"usac_{name}"].headers:
            yield name, {_folded(str(column)) for column in header["columns"]}


def read(path: Path, state: str | None = None) -> Read:
    """Read one file of USAC's, zipped or not, known by its header; `state` keeps that state's rows (two letters).

    Raises BadInput if the header is not known or cells cannot be read.
    """
    text = tablefiles.read_text(path)
    name = table_of(list(text.columns))
    if name is None:
        raise BadInput([_not_known(list(text.columns), path.name)])
    return tidy(text, name, file=path.name, state=state)


def _not_known(columns: Sequence[str], file: str) -> Fault:
    """A header that is none of USAC's: which of their tables it comes nearest to, and what it lacks of it."""
    here = {_folded(column) for column in columns}
    lacks = [
        (len(missing), len(header["columns"]), name, missing)
        for name in _maps()
        for header in arrivals.sources()[f"usac_{name}"].headers
        if len(missing := [str(column) for column in header["columns"] if _folded(str(column)) not in here])
        < len(header["columns"]) / 2
    ]
    what = f"{file} is none of USAC's Form 471 tables"
    if not lacks:
        mend = f"give the report or open-data download as it came; its columns are: {', '.join(columns)[:200]}"
        return Fault(kind="NotRecognized", what=what, file=file, mend=mend)
    _, _, name, missing = min(lacks)
    title = arrivals.sources()[f"usac_{name}"].title
    return Fault(
        kind="MissingColumn",
        what=f"{what} as it stands; nearest is {title}, and it lacks {', '.join(missing)}",
        file=file,
        column=missing[0],
        mend="download it with all its columns, or name them: `infraplan data add FILE --columns map.toml` with "
        f'table = "{name}" and [columns] ours = "theirs" (docs/tutorial/column-maps.md)',
    )


def read_all(paths: Sequence[Path], state: str | None = None) -> dict[str, pd.DataFrame]:
    """Read several files; rows of one table from several files stand under each other, repeats once.

    Raises BadInput with the faults of all files.
    """
    faults: list[Fault] = []
    frames: dict[str, list[pd.DataFrame]] = {}
    for path in paths:
        try:
            one = read(path, state)
            frames.setdefault(one.table, []).append(one.frame)
        except BadInput as why:
            faults += why.faults
    if faults:
        raise BadInput(faults)
    return {
        name: pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True) for name, parts in frames.items()
    }


def tidy(text: pd.DataFrame, name: str, *, file: str, state: str | None = None) -> Read:
    """The rows of a file in the declared columns of table `name`, typed and each once; raises BadInput."""
    rows = len(text)
    told = _renamed(_with_recipients(text, file) if name == "line_recipients" else text, name)
    _need(told, name, text, file)
    refused: dict[str, int] = {}
    told = _kept(told, refused, "rows of other states", _of_state(told, state))
    told = _kept(told, refused, "rows that repeat another exactly", ~told.duplicated())
    if "form_version" in told and set(_VERSION_OF[name]) <= set(told):
        told = _kept(told, refused, "original versions with a current one", _latest(told, _VERSION_OF[name]))
    notes = []
    rates = [column for column in _RATES if column in told]
    scaled = False
    if rates:
        told, scaled = _percents(told, rates)
        notes += ["rates were given as 0 to 1; now percent"] if scaled else []
    if "state_match_percent" in told and (scaled or not rates):  # beside rates in percent, a half is half a percent
        told, _ = _percents(told, ["state_match_percent"])
    notes += _not_there(told, name)
    frame = tablefiles.typed(_padded(_FINISH.get(name, _same)(told), name), Schema.load(name), file=file)
    here = [column for column in Schema.load(name).columns if column in frame]
    return Read(name, frame[here], rows, {why: count for why, count in refused.items() if count}, notes)


_RATES = ("rate", "c1_rate", "c2_rate", "voice_rate")
_VERSION_OF = {
    "applications": ("application_number",),
    "requests": ("frn",),
    "request_lines": ("frn", "line_item"),
    "line_recipients": ("frn", "line_item"),
    "applicant_sites": ("application_number",),
    "site_speeds": ("application_number",),
    "c2_spending": ("ben",),
}
"""What an original and a current version are versions of."""
_PADDED = ("applications", "applicant_sites", "site_speeds")
_LONG_ENOUGH = 28  # letters of a name that was cut off, to be sure whose it is


def _renamed(text: pd.DataFrame, name: str) -> pd.DataFrame:
    """Our columns out of the publisher's, whichever spelling the file has; cells trimmed, words for blank blank."""
    here: dict[str, str] = {}
    for column in text.columns:
        here.setdefault(_folded(str(column)), str(column))
    out = {}
    for ours, spellings in _maps()[name]["columns"].items():
        theirs = next((found for spelling in spellings if (found := _spelled(_folded(spelling), here))), None)
        if theirs is not None:
            cells = text[theirs].str.strip()
            out[ours] = cells.where(~cells.str.lower().isin(_BLANKS), "")
    return pd.DataFrame(out, index=text.index)


def _spelled(wanted: str, here: Mapping[str, str]) -> str | None:
    """The file's column of a folded name; a long name may have been cut off at its end."""
    if wanted in here:
        return here[wanted]
    cut = [name for name in here if len(name) >= _LONG_ENOUGH and wanted.startswith(name)]
    return here[cut[0]] if len(cut) == 1 else None


def _with_recipients(text: pd.DataFrame, file: str) -> pd.DataFrame:
    """The open data's recipients of service call the recipient `ben`; raises BadInput where that cannot be meant."""
    columns = {_folded(str(column)): str(column) for column in text.columns}
    if "originalallocation" not in columns or {"rosentitynumber", "entity"} & set(columns) or "ben" not in columns:
        return text
    ben = columns["ben"]
    line = [columns[name] for name in ("fundingrequestnumber", "form471lineitemnumber") if name in columns]
    versions = [columns["formversion"]] if "formversion" in columns else []
    if text.drop_duplicates().duplicated([*line, *versions, ben]).any():
        raise BadInput([Fault(
            kind="Ambiguous",
            what="a line has several rows with the same ben, so ben is the applicant here and the recipients are not named",
            file=file, column=ben,
            mend="give USAC's recipient details and commitments (avi8-svp9) instead; it has ros_entity_number",
        )])  # fmt: skip
    names = {ben: "ros_entity_number", columns.get("organizationname", ""): "ros_entity_name"}
    return text.rename(columns=names)


def _need(told: pd.DataFrame, name: str, text: pd.DataFrame, file: str) -> None:
    """Raise BadInput naming the columns without which a table cannot be read, by all their names."""
    made = {"line_id": "line_item", "category": "service_type"}
    missing = [
        ours
        for column in Schema.load(name).required
        if (ours := made.get(column, column)) not in told and ours in _maps()[name]["columns"]
    ]
    if missing:
        raise BadInput([Fault(
            kind="MissingColumn",
            what=f"column {ours} is missing; it goes by {' or '.join(_maps()[name]['columns'][ours])}",
            file=file, column=ours,
            mend=f"download it with that column, or name it: `infraplan data add {file} --columns map.toml` with table = "
            f'"{name}"; the columns are: {", ".join(map(str, text.columns))[:200]}',
        ) for ours in missing])  # fmt: skip


def _padded(told: pd.DataFrame, name: str) -> pd.DataFrame:
    """With the columns that analyses of entities go by blank where the file has none; of requests, absence says something."""
    if name not in _PADDED:
        return told
    return told.assign(**{column: "" for column in Schema.load(name).columns if column not in told})


def _not_there(told: pd.DataFrame, name: str) -> list[str]:
    """In words, columns that analyses use and the file does not have under a name that is known."""
    missing = [ours for ours in _maps()[name]["wanted"] if ours not in told]
    if not missing:
        return []
    return [
        f"not in this file under a known name, so read as not reported: {', '.join(missing)}; where it has them under "
        f'another, name them in a column map (table = "{name}")'
    ]


def _kept(frame: pd.DataFrame, refused: dict[str, int], why: str, keep: pd.Series) -> pd.DataFrame:
    refused[why] = int((~keep).sum())
    return frame[keep].copy()


def _of_state(frame: pd.DataFrame, state: str | None) -> pd.Series:
    if state is None or "report_state" not in frame:
        return pd.Series(data=True, index=frame.index)
    return frame["report_state"].isin([state, ""])


def _latest(frame: pd.DataFrame, of: Sequence[str]) -> pd.Series:
    """Rows to keep where something has original and current versions: the current."""
    if frame.empty:  # nothing to join
        return pd.Series(data=False, index=frame.index)
    key = frame[list(of)].agg(" ".join, axis=1) if len(of) > 1 else frame[of[0]]
    current = frame["form_version"].str.lower() == "current"
    return current | ~key.isin(set(key[current]))


def _percents(frame: pd.DataFrame, rates: Sequence[str]) -> tuple[pd.DataFrame, bool]:
    """Rates in percent, and whether they were shares; a file is one or the other as a whole."""
    numbers = frame[list(rates)].apply(pd.to_numeric, errors="coerce")
    if not 0 < numbers.max(axis=None) <= 1:
        return frame, False
    return frame.assign(**{name: _hundredfold(frame[name], numbers[name]) for name in rates}), True


def _hundredfold(cells: pd.Series, numbers: pd.Series) -> pd.Series:
    scaled = [
        f"{Decimal(cell) * 100:f}" if cell and not pd.isna(number) else cell
        for cell, number in zip(cells, numbers, strict=True)
    ]
    return pd.Series(scaled, index=cells.index)


# --- what each table needs besides names ----------------------------------------------------------------------------


def _same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def _day(cells: pd.Series) -> pd.Series:
    """The day of a date with a time behind it."""
    return cells.str.split(r"[ T]", n=1, regex=True).str[0]


def _mbps(frame: pd.DataFrame, speed: str, unit: str) -> pd.Series:
    """Speeds in Mbps as text, blank where there is none; an unknown unit stays to be refused as a cell."""
    if speed not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    words = frame[unit].str.lower() if unit in frame else pd.Series("", index=frame.index)
    number = pd.to_numeric(frame[speed], errors="coerce")
    factor = words.map(_MBPS_PER)
    reckoned = (number * factor).map(lambda value: "" if pd.isna(value) else f"{value:.10g}")
    odd = factor.isna() | (number.isna() & (frame[speed] != ""))
    return reckoned.where(~odd, frame[speed] + " " + words)


def _requests(frame: pd.DataFrame) -> pd.DataFrame:
    two = frame["service_type"].isin(CATEGORY_TWO)
    days = {
        name: _day(frame[name])
        for name in ("award_date", "contract_end", "service_start", "service_end", "last_date_to_invoice")
        if name in frame
    }
    if "contract_end" in days and "award_date" in days:
        days["contract_end"] = days["contract_end"].where(days["award_date"] != "", "")  # month to month: no contract
    return frame.assign(category=two.map({True: "C2", False: "C1"}), **days)


def _line_id(frame: pd.DataFrame) -> pd.Series:
    """FRN, point and three digits, whether the file gives the whole or the bare line number."""
    whole = frame["line_item"].str.contains(".", regex=False)
    return frame["line_item"].where(whole, frame["frn"] + "." + frame["line_item"].str.zfill(_LINE_DIGITS))


def _request_lines(frame: pd.DataFrame) -> pd.DataFrame:
    speeds = {"down_mbps": _mbps(frame, "down_speed", "down_unit"), "up_mbps": _mbps(frame, "up_speed", "up_unit")}
    return frame.assign(line_id=_line_id(frame), **speeds)


def _line_recipients(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(line_id=_line_id(frame))


def _site_speeds(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        down_mbps=_mbps(frame, "down_speed", "down_unit"),
        up_mbps=_mbps(frame, "up_speed", "up_unit"),
        site_down_mbps=_mbps(frame, "site_down_speed", "site_down_unit"),
    )


_FINISH: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "requests": _requests,
    "request_lines": _request_lines,
    "line_recipients": _line_recipients,
    "site_speeds": _site_speeds,
}


# --- into a workspace -----------------------------------------------------------------------------------------------


def _load(name: str, arrival: Arrival, desk: Desk) -> Load:
    """Load one table; rows of other states are left out and counted."""
    done = tidy(rows_as_text(arrival), name, file=arrival.name, state=desk.state.usps)
    if done.frame.empty:
        raise BadInput(
            [
                Fault(
                    kind="OtherState",
                    what=f"{arrival.name} has no row of {desk.state.usps}",
                    file=arrival.name,
                    mend="add the state's own download, or start a workspace for the other state",
                )
            ]
        )
    frame = done.frame.assign(source_row=done.frame.index)
    return Load([Piece(name, frame)], done.rows, desk.as_of, None, done.refused, done.notes)


LOADERS: Mapping[str, Loader] = {
    f"usac_{name}": partial(_load, name)
    for name in (
        "applications",
        "requests",
        "request_lines",
        "line_recipients",
        "applicant_sites",
        "site_speeds",
        "c2_spending",
    )
}
