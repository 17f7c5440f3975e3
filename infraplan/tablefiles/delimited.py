"""Delimited text in rows: row by row where it has oddities, in columns at once where it is long and plain."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from infraplan import contents
from infraplan.contents import decode
from infraplan.errors import MOST_OF_A_COLUMN, BadInput, Fault

_LONG_TEXT = 10_000_000
_LONGEST_HEADER = 1_000_000
"""Characters from which a file is read in columns; and in which its header must stand."""


def _refuse_what_is_no_table(text: str, name: str) -> None:
    kind = "binary" if "\0" in text[:_LONGEST_HEADER] else "text" if text.strip() else "empty"
    fault = contents.refusal(kind, name)
    if fault is not None:
        raise BadInput([fault])


def read_delimited(content: bytes, name: str, header_row: int) -> pd.DataFrame:
    """Rows of text cells under the header of a line, blank rows left out; raises BadInput for rows longer than it."""
    text = decode(content)
    _refuse_what_is_no_table(text, name)
    lines = text[:_LONGEST_HEADER].splitlines(keepends=True)
    delimiter = _delimiter(lines[header_row - 1] if len(lines) >= header_row else lines[0], name)
    if header_row == 1 and len(text) > _LONG_TEXT:
        frame = read_plain(text, delimiter)
        if frame is not None:
            return frame
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, numbers, header = [], [], None
    faults: list[Fault] = []
    for number, row in enumerate(reader, start=1):  # a cell with a line break in it is still one row
        if number < header_row or not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = trim_header(row)
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
        raise BadInput(faults[:MOST_OF_A_COLUMN])
    return pd.DataFrame(rows, columns=header, index=pd.Index(numbers, dtype="int64"), dtype=object)


def read_plain(text: str, delimiter: str) -> pd.DataFrame | None:
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


def trim_header(row: list[str]) -> list[str]:
    """A header without the blank cells behind it."""
    while row and not row[-1].strip():
        row = row[:-1]
    return row


def _delimiter(header: str, name: str) -> str:
    if name.lower().endswith((".tsv", ".tsv.gz")):
        return "\t"
    return max(",\t;|", key=header.count)
