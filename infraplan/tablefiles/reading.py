"""Any tabular file read as text, known by its bytes: identifiers keep their zeros, a bad cell shows as its author wrote it.

The index of every frame is the line number in the file as a spreadsheet shows it (header = line 1).
"""

import csv
import json
import logging
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan import archives, contents
from infraplan.contents import decode
from infraplan.errors import BadInput, Fault
from infraplan.tablefiles.delimited import read_delimited, trim_header
from infraplan.workbooks import Workbook, cell_text

_MOST_FLAT_BYTES = 2_000_000_000
_SHEET_ENDINGS = (".xlsx", ".xls", ".xlsm")
_TABLE_ENDINGS = (".csv", ".txt", ".tsv", ".json", ".jsonl", ".parquet", *_SHEET_ENDINGS)
_OTHER_ENDINGS = (*_SHEET_ENDINGS, ".parquet", ".gz", ".zip", ".json", ".jsonl", ".ndjson")
_FEWEST_COLUMNS_OF_TEXT = 2
"""A single column under an ending that promises a workbook is the rest of a damaged file, not a table."""
REMARKS = "remarks"
_LOG = logging.getLogger("infraplan")


def read_text(
    path: Path | str, *, sheet: str | int | None = None, header_row: int = 1, wanted: Sequence[str] = ()
) -> pd.DataFrame:
    """Read any tabular file as text, known by its bytes: delimited text, JSON, Parquet, workbooks; also packed (gz, zip).

    Returns one text column per header, blanks as "", indexed by line number. Of a workbook the sheet named or numbered
    is read, else the first that has the columns `wanted`, else the first that holds anything; which it was is told
    where there are others. Raises BadInput if the file is missing, empty, not a table (a web page saved as CSV), or has
    two columns of one name.
    """
    frame = text_of(path, sheet=sheet, header_row=header_row, wanted=wanted)
    tell(frame)
    return frame


def tell(frame: pd.DataFrame) -> None:
    """Tell what `text_of` kept to be told of a frame."""
    tell_remarks(frame.attrs.get(REMARKS, ()))


def text_of(
    path: Path | str, *, sheet: str | int | None = None, header_row: int = 1, wanted: Sequence[str] = ()
) -> pd.DataFrame:
    """As `read_text`, with what should be told kept in `attrs["remarks"]` instead of being told."""
    path = Path(path)
    if not path.is_file():
        raise BadInput([Fault(kind="NoFile", what=f"there is no file {path}", file=str(path), mend="check the path")])
    try:
        frame = _read(path, path.name, _Choice(sheet, header_row, tuple(wanted)))
    except BadInput:
        raise
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile, csv.Error, RecursionError) as why:
        raise _unreadable(path.name, str(why).splitlines()[0] if str(why) else type(why).__name__) from why
    frame.columns = [str(name).strip().strip("\ufeff") for name in frame.columns]
    twice = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    if twice:
        raise BadInput(
            [
                Fault(
                    kind="DuplicateColumn",
                    what=f"column {name} occurs twice" if name else "two columns have no name",
                    file=path.name,
                    column=name or None,
                    mend="rename or remove one of them",
                )
                for name in twice
            ]
        )
    return frame


def tell_remarks(remarks: Sequence[str]) -> None:
    """Tell sentences about a reading, each for itself."""
    for remark in remarks:
        _LOG.info(remark)


@dataclass(frozen=True)
class _Choice:
    """What is to be read of a file that holds more: a sheet, the line of the header, the columns that tell a sheet."""

    sheet: str | int | None
    header_row: int
    wanted: tuple[str, ...]


def _unreadable(name: str, why: str) -> BadInput:
    return BadInput(
        [
            Fault(
                kind="Unreadable",
                what=f"{name} cannot be read as a table: {why}",
                file=name,
                mend="open it in a spreadsheet and save it as CSV, or download it again",
            )
        ]
    )


def _read(path: Path, name: str, choice: _Choice) -> pd.DataFrame:
    """A file by what its bytes are; `name` is what people are told of it."""
    kind = contents.checked_kind(path, name)
    ending = path.suffix.lower()
    if kind == "zip" and ending in _SHEET_ENDINGS and not zipfile.is_zipfile(path):
        kind = "xlsx"  # cut short: it is the workbook that cannot be read
    if kind in contents.PACKED:
        return _read_packed(path, name, kind, choice)
    if kind in contents.WORKBOOKS:
        return _read_sheet(path, name, choice)
    if kind == "parquet":
        return _as_text(pd.read_parquet(path))
    if kind in {"json", "geojson"}:
        return _as_text(pd.json_normalize(_json_rows(path, name)))
    if kind in contents.SHAPES:
        mend = "`infraplan data add` reads map layers; here give a table as CSV or XLSX"
        raise BadInput([Fault(kind="NotATable", what=f"{name} is a map layer, not a table", file=name, mend=mend)])
    frame = read_delimited(path.read_bytes(), name, choice.header_row)
    if ending in _OTHER_ENDINGS and frame.shape[1] < _FEWEST_COLUMNS_OF_TEXT:
        raise _unreadable(name, "it is not what its ending says, and no text table")
    return frame


def _read_packed(path: Path, name: str, kind: str, choice: _Choice) -> pd.DataFrame:
    """The one table inside a .gz or a .zip, whatever these are named; raises BadInput if there are none or several."""
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        if kind == "gzip":
            inside = archives.gunzip(path, room, _MOST_FLAT_BYTES)
        else:
            with archives.opened(path) as archive:
                names = archives.members(archive)
                tables = [one for one in names if one.lower().endswith(_TABLE_ENDINGS)] or names
                if len(tables) != 1:
                    what = f"the archive holds {len(tables)} tables, expected one: {', '.join(tables)[:200]}"
                    raise _unreadable(name, what)
                inside = archives.unpack(archive, tables[0], room)
        if contents.kind_of(inside) in contents.PACKED:
            raise _unreadable(name, f"it holds another archive, {inside.name}; unpack it first")
        return _read(inside, name, choice)


def _read_sheet(path: Path, name: str, choice: _Choice) -> pd.DataFrame:
    sheet = Workbook(path, name).read(choice.sheet, wanted=choice.wanted, header_row=choice.header_row)
    raw = sheet.cells.iloc[choice.header_row - 1 :]
    if raw.empty:
        raise BadInput([Fault(kind="EmptyFile", what=f"{name} has no rows", file=name)])
    header = trim_header(list(map(str, raw.iloc[0])))
    frame = raw.iloc[1:, : len(header)]
    frame.columns = pd.Index(header)
    frame.index = frame.index + 1
    frame = frame[(frame != "").any(axis=1)]
    remark = sheet.remark(name)
    frame.attrs[REMARKS] = [remark] if remark else []
    return frame


def _json_rows(path: Path, name: str) -> list[dict[str, Any]]:
    text = decode(path.read_bytes())
    try:
        told = json.loads(text)
    except json.JSONDecodeError as why:
        if not why.msg.startswith("Extra data"):
            raise
        told = [json.loads(line) for line in text.splitlines() if line.strip()]  # a record on each line
    if isinstance(told, dict) and path.suffix.lower() in {".jsonl", ".ndjson"}:
        told = [told]
    if isinstance(told, dict) and isinstance(told.get("features"), list):
        return [_properties(one) for one in told["features"] if isinstance(one, dict)]
    if isinstance(told, dict):
        told = next((value for value in told.values() if isinstance(value, list)), None)
    if not isinstance(told, list) or not told or not all(isinstance(row, dict) for row in told):
        raise _unreadable(name, "expected a list of records")
    return told


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    """What a GeoJSON feature tells in words; a point also its longitude and latitude."""
    told = feature.get("properties")
    shape = feature.get("geometry")
    place: dict[str, Any] = {}
    if isinstance(shape, dict) and shape.get("type") == "Point" and isinstance(shape.get("coordinates"), list):
        place = dict(zip(("lon", "lat"), shape["coordinates"], strict=False))
    return {**place, **told} if isinstance(told, dict) else place


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    text = frame.astype(object).map(cell_text)
    text.index = pd.RangeIndex(2, len(text) + 2)
    return text


def of_the_sample(paths: Iterable[Path]) -> bool:
    """Whether a file lies in a folder of the fictional state, whose README.txt says so."""
    for path in paths:
        for readme in (path.parent / "README.txt", path.parent.parent / "README.txt"):
            if readme.is_file() and readme.read_text(encoding="utf-8", errors="replace").startswith("SYNTHETIC"):
                return True
    return False
