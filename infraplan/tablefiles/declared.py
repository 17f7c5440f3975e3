"""Files of declared tables: their columns typed and checked, all faults of a file at once."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from infraplan.errors import MOST_OF_A_COLUMN, BadInput, Fault
from infraplan.schemas import Schema, doubt_in_words
from infraplan.tablefiles.cells import convert
from infraplan.tablefiles.reading import read_text, tell_remarks

_MOST_DOUBTS_SHOWN = 5


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
    tell_remarks([*remarks, *doubts(frame, schema, file)])
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
        out[column.name] = convert(cells, column, column.name in text, file, faults, remarks)
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
    here = {_bare(str(name)): str(name) for name in columns}
    faults = []
    for name in schema.required:
        if name in columns:
            continue
        near = here.get(_bare(name))
        found = ", ".join(map(str, columns))[:300]
        mend = f"rename column {near} to {name}" if near else f"add the column; found: {found}"
        faults.append(Fault(kind="MissingColumn", what=f"column {name} is missing", file=file, column=name, mend=mend))
    return faults


def _bare(name: str) -> str:
    """A column's name without what people write otherwise: case, spaces, hyphens and underscores."""
    return re.sub(r"[\W_]", "", name).casefold()


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
        for row in frame.index[again][:MOST_OF_A_COLUMN]
    ]
