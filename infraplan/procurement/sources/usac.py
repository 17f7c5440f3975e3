"""USAC's Form 471 tables, as the report displays them or as the open data names them, read into the declared tables.

Speeds come with their unit in another column, rates as 0 to 1 or 0 to 100, line numbers as text that must not become a
number, rows twice, and original beside current versions: all of that is settled here, and counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan import tablefiles
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


def table_of(columns: Sequence[str]) -> str | None:
    """The declared table that a header belongs to; None if it is none of USAC's.

    >>> table_of(["FRN", "Line Item", "Entity#", "EntityName", "Amount", "Quantity"])
    'line_recipients'
    """
    here = set(columns)
    best: tuple[int, str] | None = None
    for name, told in _maps().items():
        for known_by in (told["known_by"], told.get("known_by_open_data", [])):
            if known_by and set(known_by) <= here and (best is None or len(known_by) > best[0]):
                best = (len(known_by), name)
    return best[1] if best else None


def read(path: Path, state: str | None = None) -> Read:
    """Read one file of USAC's, zipped or not, known by its header; `state` keeps that state's rows (two letters).

    Raises BadInput if the header is not known or cells cannot be read.
    """
    text = tablefiles.read_text(path)
    name = table_of(list(text.columns))
    if name is None:
        columns = ", ".join(text.columns)[:200]
        raise BadInput(
            [
                Fault(
                    kind="NotRecognized",
                    what=f"{path.name} is none of USAC's Form 471 tables",
                    file=path.name,
                    mend=f"give the report or open-data download as it came; its columns are: {columns}",
                )
            ]
        )
    return tidy(text, name, file=path.name, state=state)


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
    told = _renamed(text, name)
    refused: dict[str, int] = {}
    told = _kept(told, refused, "rows of other states", _of_state(told, state))
    told = _kept(told, refused, "rows that repeat another exactly", ~told.duplicated())
    if "form_version" in told and "frn" in told:
        told = _kept(told, refused, "original versions with a current one", _latest(told, name))
    notes = []
    if name == "requests" and "rate" in told:
        told["rate"], scaled = _percent(told["rate"])
        notes += ["rates were given as 0 to 1; now percent"] if scaled else []
    frame = tablefiles.typed(_FINISH.get(name, _same)(told), Schema.load(name), file=file)
    here = [column for column in Schema.load(name).columns if column in frame]
    return Read(name, frame[here], rows, {why: count for why, count in refused.items() if count}, notes)


def _renamed(text: pd.DataFrame, name: str) -> pd.DataFrame:
    """Our columns out of the publisher's, whichever spelling the file has; cells trimmed, words for blank blank."""
    out = {}
    for ours, spellings in _maps()[name]["columns"].items():
        here = next((spelling for spelling in spellings if spelling in text), None)
        if here is not None:
            cells = text[here].str.strip()
            out[ours] = cells.where(~cells.str.lower().isin(_BLANKS), "")
    return pd.DataFrame(out, index=text.index)


def _kept(frame: pd.DataFrame, refused: dict[str, int], why: str, keep: pd.Series) -> pd.DataFrame:
    refused[why] = int((~keep).sum())
    return frame[keep].copy()


def _of_state(frame: pd.DataFrame, state: str | None) -> pd.Series:
    if state is None or "report_state" not in frame:
        return pd.Series(data=True, index=frame.index)
    return frame["report_state"].isin([state, ""])


def _latest(frame: pd.DataFrame, name: str) -> pd.Series:
    """Rows to keep where a request or line has an original and a current version: the current."""
    key = frame["frn"] if name == "requests" else frame["frn"] + " " + frame["line_item"]
    current = frame["form_version"].str.lower() == "current"
    return current | ~key.isin(set(key[current]))


def _percent(cells: pd.Series) -> tuple[pd.Series, bool]:
    """Rates in percent, and whether they were shares; a file is one or the other as a whole."""
    numbers = pd.to_numeric(cells, errors="coerce")
    if not (numbers.max() <= 1 and numbers.max() > 0):
        return cells, False
    scaled = [
        str((Decimal(cell) * 100).normalize()) if cell and not pd.isna(number) else cell
        for cell, number in zip(cells, numbers, strict=True)
    ]
    return pd.Series([cell if "E" not in cell else f"{Decimal(cell):f}" for cell in scaled], index=cells.index), True


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
