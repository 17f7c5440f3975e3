"""Small tables in files: read as text, checked against their declaration, written whole or not at all.

Everything is read as text first: identifiers keep their zeros, and a bad cell can be shown as its author wrote it.
The index of every frame is the line number in the file as a spreadsheet shows it (header = line 1).
"""

import csv
import io
import json
import logging
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from html import escape
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from infraplan import archives, contents
from infraplan.contents import decode
from infraplan.errors import BadInput, Fault
from infraplan.schemas import Column, Schema, doubt_in_words
from infraplan.wholefiles import atomic, write_json, write_text
from infraplan.workbooks import ERRORS, DayCell, FormulaCell, PercentCell, Workbook, cell_text

__all__ = [
    "FORMATS",
    "NO",
    "YES",
    "atomic",
    "decode",
    "duplicates",
    "format_of",
    "missing_columns",
    "neutral",
    "of_the_sample",
    "read_declared",
    "read_text",
    "to_csv_text",
    "typed",
    "without_thousands",
    "write",
    "write_json",
    "write_stream",
    "write_text",
]

YES = {"yes", "y", "true", "t", "1"}
NO = {"no", "n", "false", "f", "0"}
FORMULA_LEADS = ("=", "+", "-", "@", "\t", "\r")
FORMATS = ("csv", "json", "jsonl", "parquet", "xlsx", "geojson", "gpkg", "html")
_MOST_FAULTS_PER_COLUMN = 200
_WIDE = 120
"""Characters of a column that holds sentences."""
_MOST_EXACT = 2**53
"""Above this a whole number is not exact in a spreadsheet, nor here."""
_MOST_MONEY = Decimal(10) ** 14
"""More than all the money there is; such a cell is a number of another kind."""
_MOST_DOUBTS_SHOWN = 5
_MOST_FLAT_BYTES = 2_000_000_000
_LONG_TEXT = 10_000_000
_LONGEST_HEADER = 1_000_000
"""Characters from which a file is read in columns; and in which its header must stand."""
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
    _tell(frame.attrs.get(REMARKS, ()))


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


def _tell(remarks: Sequence[str]) -> None:
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
    frame = _read_delimited(path.read_bytes(), name, choice.header_row)
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


def _refuse_what_is_no_table(text: str, name: str) -> None:
    kind = "binary" if "\0" in text[:_LONGEST_HEADER] else "text" if text.strip() else "empty"
    fault = contents.refusal(kind, name)
    if fault is not None:
        raise BadInput([fault])


def _read_delimited(content: bytes, name: str, header_row: int) -> pd.DataFrame:
    text = decode(content)
    _refuse_what_is_no_table(text, name)
    lines = text[:_LONGEST_HEADER].splitlines(keepends=True)
    delimiter = _delimiter(lines[header_row - 1] if len(lines) >= header_row else lines[0], name)
    if header_row == 1 and len(text) > _LONG_TEXT:
        frame = _read_plain(text, delimiter)
        if frame is not None:
            return frame
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, numbers, header = [], [], None
    faults: list[Fault] = []
    for number, row in enumerate(reader, start=1):  # a cell with a line break in it is still one row
        if number < header_row or not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = _trim_header(row)
            continue
        if len(row) != len(header) and any(cell.strip() for cell in row[len(header) :]):
            faults.append(
                Fault(
                    kind="RaggedRow",
                    what=f"a row has {len(row)} cells, the header {len(header)}",
                    file=name,
                    row=number,
                    mend="quote cells that hold the separator",
                )
            )
            continue
        rows.append([*row, *[""] * (len(header) - len(row))][: len(header)])
        numbers.append(number)
    if faults:
        raise BadInput(faults[:_MOST_FAULTS_PER_COLUMN])
    return pd.DataFrame(rows, columns=header, index=pd.Index(numbers, dtype="int64"), dtype=object)


def _read_plain(text: str, delimiter: str) -> pd.DataFrame | None:
    """A long table without oddities, read in columns at once; None where rows must be looked at one by one.

    That is: blank or ragged lines, a header with blank names, and quotes other than around whole cells of one line.
    The frame is the one that the row-by-row reader returns.
    """
    header, _, body = text.removeprefix("\ufeff").partition("\n")
    names = next(csv.reader([header.removesuffix("\r")], delimiter=delimiter))
    quotes, ends = body.count('"'), body.count("\n") + (not body.endswith("\n"))
    whole = rf'(?:^|(?<=[{re.escape(delimiter)}\n]))"[^"\r\n]*"(?=[{re.escape(delimiter)}\r\n]|\Z)'
    plain = (
        all(cell.strip() for cell in names)
        and body.count("\r") == body.count("\r\n")
        and (quotes == 0 or quotes == 2 * sum(1 for _ in re.finditer(whole, body)))
    )
    if not plain or not body or header.count('"') % 2:
        return None
    places = [str(place) for place in range(len(names))]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(body.encode("utf-8")),
            read_options=arrow_csv.ReadOptions(column_names=places, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string())),
        )
    except pa.ArrowInvalid:  # a ragged or blank line; the other reader says which
        return None
    if table.num_rows != ends:
        return None
    index = pd.RangeIndex(2, len(table) + 2)
    cells = {place: pd.Series(table[place].to_numpy(), index=index, dtype=object) for place in places}
    frame = pd.DataFrame(cells, index=pd.Index(np.arange(2, len(table) + 2), dtype="int64"))
    frame.columns = pd.Index(names)
    blank = np.arange(len(frame))
    for at in range(len(names)):
        column = frame.iloc[:, at].to_numpy()
        blank = blank[[not column[row].strip() for row in blank]]
    return None if len(blank) else frame


def _trim_header(row: list[str]) -> list[str]:
    while row and not row[-1].strip():
        row = row[:-1]
    return row


def _delimiter(header: str, name: str) -> str:
    if name.lower().endswith((".tsv", ".tsv.gz")):
        return "\t"
    return max(",\t;|", key=header.count)


def _read_sheet(path: Path, name: str, choice: _Choice) -> pd.DataFrame:
    sheet = Workbook(path, name).read(choice.sheet, wanted=choice.wanted, header_row=choice.header_row)
    raw = sheet.cells.iloc[choice.header_row - 1 :]
    if raw.empty:
        raise BadInput([Fault(kind="EmptyFile", what=f"{name} has no rows", file=name)])
    header = _trim_header(list(map(str, raw.iloc[0])))
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


# --- declared files -------------------------------------------------------------------------------------------------


def with_rows(text: pd.DataFrame, file: str) -> pd.DataFrame:
    """The table as it is; raises BadInput where it has a header and no rows."""
    if len(text):
        return text
    what, mend = f"{file} holds a header and no rows", "download or save it again"
    raise BadInput([Fault(kind="NoRows", what=what, file=file, mend=mend)])


def read_declared(path: Path | str, table: str, *, sheet: str | int | None = None) -> pd.DataFrame:
    """Read a file of a declared table, typed and checked; all faults at once.

    Extra columns are kept as text behind the declared ones; row order and duplicates are kept (a duplicate key is a
    fault only where the table says its rows are unique). Of a workbook the first sheet with the table's columns is read.
    Raises BadInput.
    """
    schema = Schema.load(table)
    return typed(read_text(path, sheet=sheet, wanted=schema.required), schema, file=Path(path).name)


def typed(text: pd.DataFrame, schema: Schema, *, file: str) -> pd.DataFrame:
    """Turn a frame of text cells into the declared types; raises BadInput with every fault of the file.

    What a person should look at though it is no fault (a percent read as shown, a doubtful number) is told.
    """
    frame, remarks = converted(text, schema, file=file)
    _tell([*remarks, *doubts(frame, schema, file)])
    return frame


def converted(text: pd.DataFrame, schema: Schema, *, file: str) -> tuple[pd.DataFrame, list[str]]:
    """As `typed`, with what should be told of the reading returned instead of being told; doubts are left to `doubts`."""
    faults = missing_columns(text.columns, schema, file)
    remarks: list[str] = []
    out = {}
    for column in schema.columns.values():
        cells = text[column.name] if column.name in text else pd.Series("", index=text.index, dtype=object)
        if column.name not in text and (column.required and column.default is None):
            continue
        out[column.name] = _convert(cells, column, column.name in text, file, faults, remarks)
    if schema.unique and schema.key and set(schema.key) <= out.keys():
        keyed = pd.DataFrame({name: out[name] for name in schema.key}, index=text.index)
        # a cell that could not be read is no key: it has its own fault, and is like no other row
        faults += duplicates(keyed[~_unread(text, keyed)], schema, file)
    if faults:
        raise BadInput(faults)
    extras = {name: text[name] for name in text.columns if name not in schema.columns}
    return pd.DataFrame({**out, **extras}, index=text.index), remarks


def _unread(text: pd.DataFrame, keyed: pd.DataFrame) -> "pd.Series[bool]":
    """Rows with a key cell that holds something which could not be read as its type."""
    unread = pd.Series(data=False, index=text.index)
    for name in keyed:
        missing = keyed[name].isna()
        if name in text and missing.any():
            unread |= missing & (text[name].str.strip() != "")
    return unread


def doubts(frame: pd.DataFrame, schema: Schema, file: str) -> list[str]:
    """In words, the cells outside the range in which a figure is plausible, with their rows; they are kept."""
    found = []
    for column in schema.columns.values():
        if column.doubt is None or column.name not in frame:
            continue
        numbers = pd.to_numeric(frame[column.name], errors="coerce")
        rows = frame.index[((numbers < column.doubt[0]) | (numbers > column.doubt[1])).fillna(value=False)]
        examples = [(int(row), f"{numbers[row]:,.10g}") for row in rows[:_MOST_DOUBTS_SHOWN]]
        if len(rows):
            found.append(doubt_in_words(column, file, len(rows), examples))
    return found


def missing_columns(columns: Sequence[str] | pd.Index, schema: Schema, file: str) -> list[Fault]:
    """Faults for declared columns that a file lacks, with a near miss named where there is one."""
    here = {str(name).lower(): str(name) for name in columns}
    faults = []
    for name in schema.required:
        if name in columns:
            continue
        near = here.get(name.lower())
        found = ", ".join(map(str, columns))[:300]
        mend = f"rename column {near} to {name}" if near else f"add the column; found: {found}"
        faults.append(Fault(kind="MissingColumn", what=f"column {name} is missing", file=file, column=name, mend=mend))
    return faults


def duplicates(frame: pd.DataFrame, schema: Schema, file: str) -> list[Fault]:
    """Faults of rows whose key stands in an earlier row, too."""
    key = list(schema.key)
    again = frame.duplicated(key, keep="first")
    blank = frame[key].isna()
    return [
        Fault(
            kind="DuplicateKey",
            what=f"{' + '.join(key)} must be unique",
            file=file,
            row=int(row),
            column=key[0],
            value=" + ".join("(blank)" if blank[name][row] else str(frame.at[row, name]) for name in key),
            mend="keep one row of each",
        )
        for row in frame.index[again][:_MOST_FAULTS_PER_COLUMN]
    ]


def _convert(
    raw: pd.Series,
    column: Column,
    present: bool,
    file: str,
    faults: list[Fault],
    remarks: list[str],
) -> pd.Series:
    raw, odd = _as_shown(raw, column, file, faults, remarks)
    cells = raw.astype(object).str.strip()  # a column without cells is of no type
    blank = cells == ""
    if not column.nullable and (present or column.required):
        faults.extend(
            Fault(
                kind="Blank",
                what=f"{column.name} is blank, expected {column.expectation()}",
                file=file,
                row=int(row),
                column=column.name,
                mend="fill the cell",
            )
            for row in cells.index[blank][:_MOST_FAULTS_PER_COLUMN]
        )
    values, bad = _PARSERS[column.type](cells, column)
    faults.extend(
        Fault(
            kind="BadValue",
            file=file,
            row=int(row),
            column=column.name,
            value=str(cell),
            what=f"{column.name} is {str(cell)[:60]!r}, expected {column.expectation()}",
            mend=_mend(column, str(cell)),
        )
        for row, cell in zip(*_first(cells[bad & ~blank & ~odd]), strict=True)
    )
    if column.default is not None and blank.any():
        default = Decimal(str(column.default)) if column.type == "decimal" else column.default
        values = values.where(~blank, default)
    return values


def _first(cells: pd.Series) -> tuple[list[Any], list[Any]]:
    """The rows and cells that are told of, of many."""
    some = cells.iloc[:_MOST_FAULTS_PER_COLUMN]
    return some.index.tolist(), some.tolist()


def _as_shown(
    cells: pd.Series, column: Column, file: str, faults: list[Fault], remarks: list[str]
) -> "tuple[pd.Series, pd.Series[bool]]":
    """Cells as their workbook shows them, and which are refused for what they are rather than for what they say."""
    odd = pd.Series(data=False, index=cells.index)
    kinds = set(map(type, cells.to_numpy()))
    faults_here = broken_cells(cells, column, file) if kinds - {str} or cells.isin(ERRORS).any() else []
    faults += faults_here
    odd[odd.index.isin([fault.row for fault in faults_here])] = True
    if PercentCell in kinds and (column.unit or "").startswith("percent"):
        shown = cells.map(lambda cell: isinstance(cell, PercentCell))
        cells = cells.mask(shown, cells[shown].map(lambda cell: f"{Decimal(cell) * 100:f}"))
        remarks.append(
            f"{file}: {int(shown.sum()):,} cells of {column.name} are percents in the workbook and were read as shown "
            f"(row {int(cells.index[shown][0]):,}: {Decimal(cells[shown].iloc[0]).normalize():f} %)"
        )
    return cells, odd


def broken_cells(cells: pd.Series, column: Column, file: str) -> list[Fault]:
    """Faults of cells that show an error, a formula never computed, or a day or a percent where none can be meant."""
    return [_broken_cell(column.name, row, cell, told, file) for row, cell, told in _told(cells, column)]


def uncomputed_cells(cells: pd.Series, file: str) -> list[Fault]:
    """Faults of cells that show an error or a formula never computed, whatever their column is for."""
    return [_broken_cell(str(cells.name), row, cell, told, file) for row, cell, told in _told(cells, None)]


def _told(cells: pd.Series, column: Column | None) -> Iterator[tuple[int, str, tuple[str, str]]]:
    for row, cell in cells.items():
        told = _uncomputed(cell) or (_misshown(cell, column) if column is not None else None)
        if told is not None:
            yield int(str(row)), str(cell), told


def _broken_cell(name: str, row: int, cell: str, told: tuple[str, str], file: str) -> Fault:
    what, mend = told
    return Fault(kind="BrokenCell", what=f"{name} {what}", file=file, row=row, column=name, value=cell, mend=mend)


def _uncomputed(cell: object) -> tuple[str, str] | None:
    if isinstance(cell, FormulaCell):
        return (
            f"is the formula {str(cell)[:40]!r} without its result",
            "open the workbook in a spreadsheet and save it there, or put the value into the cell",
        )
    if cell in ERRORS:
        return f"shows the error {cell}", "mend the formula in the workbook, or clear the cell where it is not known"
    return None


def _misshown(cell: object, column: Column) -> tuple[str, str] | None:
    if isinstance(cell, DayCell) and column.type == "string":
        return (
            f"is the day {cell!s}: a spreadsheet makes days of texts such as 9-12",
            "format the column as text and write the cell again",
        )
    if isinstance(cell, PercentCell) and column.type != "string":
        return _no_percent(cell, column)
    return None


def _no_percent(cell: PercentCell, column: Column) -> tuple[str, str] | None:
    unit = column.unit or ""
    if unit.startswith(("percent", "fraction")):
        return None
    return f"is shown as {Decimal(cell) * 100:f} %, expected {column.expectation()}", "correct the cell or its format"


def _mend(column: Column, value: str) -> str:
    if column.pattern and value.isdigit() and column.pad and len(value) == column.pad - 1:
        return f"the number lost its leading zeros: {value.zfill(column.pad)}; format the column as text"
    if column.type in {"number", "integer", "decimal"} and "%" in value:
        return "give the number without the percent sign"
    if column.type == "date" and re.fullmatch(r"\d{5}(\.0+)?", value):
        day = date(1899, 12, 30) + timedelta(days=int(float(value)))
        return f"{value} is a spreadsheet's number for the day {day}; format the column as a date"
    return f"give {column.expectation()}"


def _text_cells(cells: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:
    values = cells.copy()
    bad = pd.Series(data=False, index=cells.index)
    if column.codes:
        spelled = {code.lower(): code for code in column.codes}
        values = cells.str.lower().map(spelled)
        bad = values.isna()
    elif column.pattern:
        bad = ~cells.str.fullmatch(column.pattern.removeprefix("^").removesuffix("$"))
    return values.where(cells != "", None), bad


def _numbers(cells: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:
    bare = without_thousands(cells.str.removeprefix("$"))
    values = pd.to_numeric(bare.where(bare != ""), errors="coerce")
    bad = values.isna() | ~np.isfinite(values.fillna(0))
    if column.type == "integer":
        bad |= (values.fillna(0) != values.fillna(0).round()) | (values.abs() > _MOST_EXACT)
    bad |= _outside(values, column)
    if column.type == "integer":
        return values.where(~bad).astype("Int64"), bad
    return values.where(~bad).astype("float64"), bad


def without_thousands(cells: pd.Series) -> pd.Series:
    """Numbers without the commas between groups of three digits; any other comma stays, and makes the cell no number.

    >>> without_thousands(pd.Series(["1,234", "12,345.6", "1,5", "12,34"])).tolist()
    ['1234', '12345.6', '1,5', '12,34']
    """
    grouped = cells.str.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
    return cells.where(~grouped.fillna(value=False).astype(bool), cells.str.replace(",", "", regex=False))


def _outside(values: pd.Series, column: Column) -> pd.Series:
    outside = pd.Series(data=False, index=values.index)
    if column.low is not None:
        outside |= values < column.low
    if column.high is not None:
        outside |= values > column.high
    return outside


def _decimals(cells: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:
    def parse(text: str) -> Decimal | None:
        try:
            amount = Decimal(text)
        except InvalidOperation:
            return None
        if (
            not amount.is_finite()
            or abs(amount) >= _MOST_MONEY
            or (column.low is not None and amount < Decimal(str(column.low)))
        ):
            return None
        return None if column.high is not None and amount > Decimal(str(column.high)) else amount

    bare = without_thousands(cells.str.removeprefix("$"))
    values = pd.Series([parse(text) for text in bare], index=cells.index, dtype=object)
    return values, values.isna()


def _booleans(cells: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:  # noqa: ARG001
    lower = cells.str.lower()
    values = pd.Series(pd.NA, index=cells.index, dtype="boolean")
    values[lower.isin(YES)] = True
    values[lower.isin(NO)] = False
    return values, values.isna()


def _dates(cells: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:  # noqa: ARG001
    iso = cells.str.fullmatch(r"\d{4}-\d{2}-\d{2}([T ].*)?")
    american = cells.str.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}")
    values = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[s]")
    values[iso] = pd.to_datetime(cells[iso].str[:10], errors="coerce", format="%Y-%m-%d")
    values[american] = pd.to_datetime(cells[american], errors="coerce", format="%m/%d/%Y")
    return values, values.isna()


_PARSERS: dict[str, Callable[[pd.Series, Column], tuple[pd.Series, pd.Series]]] = {
    "string": _text_cells,
    "geometry": _text_cells,
    "number": _numbers,
    "integer": _numbers,
    "decimal": _decimals,
    "boolean": _booleans,
    "date": _dates,
}


# --- writing --------------------------------------------------------------------------------------------------------


def format_of(path: Path | str) -> str:
    """The format that a file's ending asks for; raises BadInput naming the known ones."""
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise BadInput(
            [
                Fault(
                    kind="UnknownFormat",
                    what=f"{Path(path).name}: no format is known by the ending .{ending}",
                    mend=f"use one of {', '.join(FORMATS)}, or --format",
                )
            ]
        )
    return ending


def write(
    frame: pd.DataFrame,
    path: Path | str,
    format: str | None = None,  # noqa: A002
    *,
    about: Sequence[str] = (),
) -> None:
    """Write a table in the format of the file's ending (or `format`), whole or not at all.

    Yes/no columns are written as yes and no; text cells that a spreadsheet would run as a formula get a leading
    apostrophe in csv and xlsx. The sentences `about` the table stand on a second sheet of a workbook and above the table of a
    page; the other formats hold the table alone. Raises BadInput for an unknown ending or a map format without geometry.
    """
    kind = format or format_of(path)
    with atomic(Path(path)) as temporary:
        if about and kind in _TELLERS:
            _TELLERS[kind](frame, temporary, about)
        else:
            _WRITERS[kind](frame, temporary)


def to_csv_text(frame: pd.DataFrame) -> str:
    """The table as CSV text, as `write` would put it into a file."""
    return str(_plain(frame).to_csv(index=False, lineterminator="\n"))


def _plain(frame: pd.DataFrame, *, neutralize: bool = True) -> pd.DataFrame:
    """Cells as a person writes them: yes/no, no trailing `.0` on whole floats of integer columns, no live formula."""
    if "geometry" in frame and hasattr(frame, "geometry"):
        frame = pd.DataFrame(frame.drop(columns="geometry"))
    out = {}
    for name, cells in frame.items():
        if pd.api.types.is_bool_dtype(cells.dtype):
            out[name] = cells.astype("boolean").map({True: "yes", False: "no"}, na_action="ignore")
        elif cells.dtype == object or pd.api.types.is_string_dtype(cells.dtype):
            out[name] = cells.map(neutral, na_action="ignore") if neutralize else cells
        else:
            out[name] = cells
    return pd.DataFrame(out, index=frame.index)


def neutral(cell: object) -> object:
    """A text cell that no spreadsheet will run.

    >>> neutral("=1+1"), neutral("-12.5"), neutral("School")
    ("'=1+1", '-12.5', 'School')
    """
    if isinstance(cell, str) and cell.startswith(FORMULA_LEADS) and not re.fullmatch(r"[-+]?[\d.,]+%?", cell):
        return f"'{cell}"
    return cell


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(to_csv_text(frame), encoding="utf-8")


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(json.dumps(_records(frame), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_jsonl(frame: pd.DataFrame, path: Path) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _records(frame)), encoding="utf-8")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = _plain(frame, neutralize=False).astype(object)
    plain = plain.where(plain.notna(), None)
    return [{str(key): _json_value(value) for key, value in row.items()} for row in plain.to_dict("records")]


def _json_value(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _write_xlsx(frame: pd.DataFrame, path: Path, about: Sequence[str] = ()) -> None:
    from openpyxl.styles import Alignment  # noqa: PLC0415 - only where a workbook is written

    with pd.ExcelWriter(path, engine="openpyxl") as book:
        _plain(frame).to_excel(book, index=False, sheet_name="table", freeze_panes=(1, 0))
        if about:
            pd.DataFrame({"about": [neutral(line) for line in about]}).to_excel(book, index=False, sheet_name="about")
            book.sheets["about"].column_dimensions["A"].width = _WIDE
            for cell in book.sheets["about"]["A"]:
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write_geo(driver: str) -> Callable[[pd.DataFrame, Path], None]:
    def run(frame: pd.DataFrame, path: Path) -> None:
        to_file: Any = getattr(frame, "to_file", None)
        if to_file is None:
            raise BadInput([Fault(kind="NoGeometry", what="this table has no shapes to write", mend="use csv or xlsx")])
        path.unlink(missing_ok=True)
        to_file(path, driver=driver, layer="table")

    return run


def _write_html(frame: pd.DataFrame, path: Path, about: Sequence[str] = ()) -> None:
    told = "".join(f"<p>{escape(line)}</p>" for line in about)
    body = _plain(frame, neutralize=False).to_html(index=False, border=0, na_rep="", escape=True)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Table</title>{told}{body}</html>\n',
        encoding="utf-8",
    )


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
    "geojson": _write_geo("GeoJSON"),
    "gpkg": _write_geo("GPKG"),
    "html": _write_html,
}
_TELLERS: dict[str, Callable[[pd.DataFrame, Path, Sequence[str]], None]] = {"xlsx": _write_xlsx, "html": _write_html}
"""Formats that hold sentences beside the table."""


def write_stream(frame: pd.DataFrame, stream: IO[str], format: str | None = None) -> None:  # noqa: A002
    """Write a table to an open text stream: csv (default), json, jsonl or html."""
    kind = format or "csv"
    if kind == "csv":
        stream.write(to_csv_text(frame))
    elif kind == "json":
        stream.write(json.dumps(_records(frame), indent=1, ensure_ascii=False) + "\n")
    elif kind == "jsonl":
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in _records(frame))
    elif kind == "html":
        stream.write(str(_plain(frame, neutralize=False).to_html(index=False, border=0, na_rep="", escape=True)) + "\n")
    else:
        raise BadInput([Fault(kind="NeedsFile", what=f"{kind} cannot be written to the screen", mend="give -o FILE")])
