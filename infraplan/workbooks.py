"""Workbooks as a person sees them: which sheet was read, and no cell lost without a word.

The reading library gives nothing for a cell that shows an error and for a formula that was never computed, and a bare
0.65 for what the sheet shows as 65 %. What it leaves out is read from the sheet itself and put back: an error as its
text (`#DIV/0!`), an uncomputed formula as the formula, both for the checks to refuse; percents and days are marked.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from infraplan import binary_sheets, contents
from infraplan.errors import BadInput, Fault

ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!")
_SIGNIFICANT = 15
"""Digits that a spreadsheet keeps of a number; the rest is noise of binary arithmetic."""
_PERCENT_FORMATS = {9, 10}
_LETTERS = 26
_PARTS, _BOOK = "xl/", "workbook.xml"
"""The folder of a workbook's parts inside its archive, and the list of its sheets there."""
_ROWS_SEARCHED = 20
_FEWEST_COLUMNS = 2
_MOST_SHEET_BYTES = 2_000_000_000


class PercentCell(str):
    """A number that the workbook shows as a percent: the text is the stored fraction, 0.65 for 65 %."""

    __slots__ = ()


class DayCell(str):
    """A day, as 2026-06-30; where text belongs, a spreadsheet has made a day of 9-12."""

    __slots__ = ()


class FormulaCell(str):
    """A formula without a stored value: the program that wrote the file did not compute it."""

    __slots__ = ()


@dataclass(frozen=True)
class Oddities:
    """What the reading library does not tell of a sheet, by (row, column) counted from zero."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    percents: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Sheet:
    """One sheet that was read: all its cells as text from the first row, and the names of the others that hold any."""

    name: str
    cells: pd.DataFrame
    others: tuple[str, ...]

    def remark(self, file: str) -> str | None:
        """In words, that other sheets were not read; None where there are none."""
        if not self.others:
            return None
        return f"{file}: the sheet {self.name!r} was read; not read: {', '.join(map(repr, self.others))}"


class Workbook:
    """An opened workbook (.xlsx, .xlsm or .xls by content); raises BadInput where it cannot be read."""

    def __init__(self, file: Path, name: str) -> None:
        self.file, self.name = file, name
        content = file.read_bytes()
        with self._reading():
            if contents.kind_of(file) == "xls":
                binary_sheets.workbook_stream(content)  # the reader breaks down, aloud, over a broken container
            self._book: Any = CalamineWorkbook.from_filelike(io.BytesIO(content))
            told = self._book.sheets_metadata
        self.sheets = [one.name for one in told if one.typ == SheetTypeEnum.WorkSheet]
        self.seen = [one.name for one in told if one.visible == SheetVisibleEnum.Visible]

    def head(self, sheet: str, rows: int) -> list[list[str]]:
        """The first rows of a sheet as text, blanks as ""."""
        return [[cell_text(cell) for cell in row] for row in self._raw(sheet, rows)]

    def filled(self) -> list[str]:
        """The visible sheets that hold any cell, in their order."""
        return [
            sheet for sheet in self.sheets if sheet in self.seen and any(map(any, self.head(sheet, _ROWS_SEARCHED)))
        ]

    def read(self, sheet: str | int | None = None, *, wanted: Sequence[str] = (), header_row: int = 1) -> Sheet:
        """One sheet: the one named or numbered (from 0); else the first whose header has all `wanted`; else a table.

        Raises BadInput if there is no such sheet, or nothing in any.
        """
        filled = self.filled()
        if isinstance(sheet, int):
            sheet = self.sheets[sheet] if sheet < len(self.sheets) else str(sheet)
        chosen = sheet or self._fitting(filled, wanted, header_row)
        if chosen is None:
            raise BadInput([Fault(kind="EmptyFile", what=f"{self.name} has no rows", file=self.name)])
        if chosen not in self.sheets:
            mend = f"its sheets are: {', '.join(map(repr, self.sheets))}"
            raise BadInput(
                [Fault(kind="NoSheet", what=f"{self.name} has no sheet {chosen!r}", file=self.name, mend=mend)]
            )
        cells = _as_text(self._raw(chosen, None))
        others = () if sheet else tuple(name for name in filled if name != chosen)
        return Sheet(chosen, self._mended(cells, chosen), others)

    def _fitting(self, filled: Sequence[str], wanted: Sequence[str], header_row: int) -> str | None:
        """The first sheet with the wanted header; else the first that looks like a table and not like a note."""
        need = {name.lower() for name in wanted}
        heads = {sheet: self.head(sheet, header_row + 1)[header_row - 1 :] for sheet in filled}
        for sheet, rows in heads.items():
            if need and rows and need <= {cell.lower() for cell in rows[0]}:
                return sheet
        tables = [
            sheet
            for sheet, rows in heads.items()
            if len(rows) > 1 and all(sum(map(bool, row)) >= _FEWEST_COLUMNS for row in rows)
        ]
        return next(iter([*tables, *filled]), None)

    def _raw(self, sheet: str, rows: int | None) -> list[list[Any]]:
        with self._reading():
            told: list[list[Any]] = self._book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=rows)
        return told

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn whatever the reader raises into words: its own classes for each way a workbook can be broken."""
        try:
            yield
        except BadInput:
            raise
        except BaseException as why:
            # a breakdown inside the reader is no Exception, and is told by its name alone
            if not isinstance(why, Exception) and type(why).__name__ != "PanicException":
                raise
            raise self._unreadable(why) from why

    def _mended(self, cells: pd.DataFrame, sheet: str) -> pd.DataFrame:
        try:
            odd = oddities(self.file, sheet, list(self._book.sheet_names).index(sheet))
        except (ET.ParseError, zipfile.BadZipFile, OSError, KeyError, ValueError, EOFError, RuntimeError) as why:
            raise self._unreadable(why) from why
        height = max([len(cells), *(row + 1 for row, _ in odd.texts)])
        width = max([cells.shape[1], *(column + 1 for _, column in odd.texts)])
        if (height, width) != cells.shape:
            cells = cells.reindex(index=range(height), columns=range(width), fill_value="")
        values = cells.to_numpy(dtype=object, copy=True)
        for (row, column), text in odd.texts.items():
            if values[row, column] == "":
                values[row, column] = text
        for row, column in odd.percents:
            if row < height and column < width and _is_number(values[row, column]):
                values[row, column] = PercentCell(values[row, column])
        return pd.DataFrame(values, dtype=object)

    def _unreadable(self, why: BaseException) -> BadInput:
        words = next(iter(str(why).splitlines()), type(why).__name__)
        return BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{self.name} cannot be read as a workbook: {words[:160]}",
                    file=self.name,
                    mend="open it in a spreadsheet and save it again, or download it again",
                )
            ]
        )


def _as_text(rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Every cell as text, in plain objects: a column of the table library's own text type would forget the marks."""
    values = np.empty((len(rows), max(map(len, rows), default=0)), dtype=object)
    for number, row in enumerate(rows):
        values[number] = [cell_text(cell) for cell in row]
    return pd.DataFrame(values, dtype=object)


def cell_text(value: object) -> str:
    """A cell as text: whole floats lose their `.0`, days their midnight, blanks become "".

    >>> cell_text(3.0), cell_text(0.1 + 0.2), cell_text(None)
    ('3', '0.3', '')
    """
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.{_SIGNIFICANT}g}"
    if hasattr(value, "isoformat"):
        return DayCell(str(value.isoformat()).removesuffix("T00:00:00"))
    return str(value).strip()


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d*\.?\d+(e[-+]?\d+)?", text, re.IGNORECASE) is not None


# --- what the reading library does not tell -------------------------------------------------------------------------


def oddities(file: Path, sheet: str, number: int) -> Oddities:
    """Errors, uncomputed formulas and percents of one sheet, read from the file itself."""
    if contents.kind_of(file) == "xls":
        texts, percents = binary_sheets.oddities(file.read_bytes(), number)
        return Oddities(texts, percents)
    with zipfile.ZipFile(file) as archive:
        member = _member_of(archive, sheet)
        if archive.getinfo(member).file_size > _MOST_SHEET_BYTES:
            raise ValueError(f"the sheet {sheet} unpacks to more than {_MOST_SHEET_BYTES:,} bytes")
        percent_styles = _percent_styles(archive)
        if not percent_styles:
            content = archive.read(member)
            if not re.search(rb't="e"|:?f[ >/]', content):  # nothing to look for, which is nearly always
                return Oddities()
        with archive.open(member) as stream:
            return _from_cells(stream, percent_styles)


def _member_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The archive's member that holds a sheet, by the workbook's own list."""
    book = ET.fromstring(archive.read(f"{_PARTS}{_BOOK}"))  # noqa: S314 - expat bounds the growth of entities
    links = ET.fromstring(archive.read(f"{_PARTS}_rels/{_BOOK}.rels"))  # noqa: S314
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    for one in _named(book, "sheet"):
        if one.get("name") == sheet:
            link = next((value for key, value in one.attrib.items() if key.endswith("}id")), None)
            target = targets[link]
            return target.lstrip("/") if target.startswith("/") else f"{_PARTS}{target}"
    raise KeyError(f"the sheet {sheet}")


def _percent_styles(archive: zipfile.ZipFile) -> set[int]:
    if "xl/styles.xml" not in archive.namelist():
        return set()
    styles = ET.fromstring(archive.read("xl/styles.xml"))  # noqa: S314
    own = {one.get("numFmtId"): str(one.get("formatCode")) for one in _named(styles, "numFmt")}
    percent = _PERCENT_FORMATS | {int(key) for key, code in own.items() if key and is_percent_format(code)}
    cells = next(_named(styles, "cellXfs"), None)
    formats = [] if cells is None else [int(style.get("numFmtId") or 0) for style in cells]
    return {number for number, code in enumerate(formats) if code in percent}


def is_percent_format(code: str) -> bool:
    """Whether a number format shows a percent; a percent sign in quotes is only text.

    >>> is_percent_format("0.0%"), is_percent_format('0" % of budget"')
    (True, False)
    """
    return "%" in re.sub(r'"[^"]*"|\\.|_.', "", code)


def _named(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (one for one in root.iter() if one.tag.rsplit("}", 1)[-1] == name)


def _from_cells(stream: IO[bytes], percent_styles: set[int]) -> Oddities:
    found = Oddities()
    row = column = -1
    for event, one in ET.iterparse(stream, events=("start", "end")):  # noqa: S314
        name = one.tag.rsplit("}", 1)[-1]
        if event == "start" and name == "row":
            row, column = int(one.get("r") or row + 2) - 1, -1
        elif event == "end" and name == "c":
            place = one.get("r")
            column = column + 1 if place is None else _column_of(place)
            _note(found, (row, column), one, percent_styles)
            one.clear()
        elif event == "end" and name == "row":
            one.clear()
    return found


def _note(found: Oddities, place: tuple[int, int], cell: ET.Element, percent_styles: set[int]) -> None:
    parts = {part.tag.rsplit("}", 1)[-1]: part for part in cell}
    value = (parts["v"].text or "") if "v" in parts else ""
    kind = cell.get("t", "n")
    if kind == "e":
        found.texts[place] = value or ERRORS[0]
    elif "f" in parts and not value and kind not in {"str", "s", "inlineStr"}:
        found.texts[place] = FormulaCell(f"={parts['f'].text or ''}")
    elif kind == "n" and value and int(cell.get("s") or 0) in percent_styles:
        found.percents.add(place)


def _column_of(place: str) -> int:
    """The column of a place as A1, from zero."""
    number = 0
    for letter in re.match("[A-Za-z]*", place)[0].upper():  # type: ignore[index]
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1
