"""Cells of text turned into the type that their column declares, each bad one a fault with its mend."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from infraplan.errors import MOST_OF_A_COLUMN, Fault
from infraplan.schemas import Column
from infraplan.workbooks import ERRORS, DayCell, FormulaCell, PercentCell

YES = {"yes", "y", "true", "t", "1"}
NO = {"no", "n", "false", "f", "0"}
_MOST_EXACT = 2**53
"""Above this a whole number is not exact in a spreadsheet, nor here."""
_MOST_MONEY = Decimal(10) ** 14
"""More than all the money there is; such a cell is a number of another kind."""


def convert(
    raw: pd.Series,
    column: Column,
    present: bool,
    file: str,
    faults: list[Fault],
    remarks: list[str],
) -> pd.Series:
    """A column's text cells as its type; what is wrong is added to `faults`, what is to be told to `remarks`."""
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
            for row in cells.index[blank][:MOST_OF_A_COLUMN]
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
    some = cells.iloc[:MOST_OF_A_COLUMN]
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
