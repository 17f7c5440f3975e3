"""A state's or district's list and the catalogs of open resources, in whatever columns they come.

Columns are found by their own names, by the names lists usually give them, or by a column map the user gives. Rows are
kept in order; placeholder rows and unusable cells are kept too and say what is wrong with them.
"""

import csv
import io
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault
from infraplan.oer.sources.wording import fold, words

LIST_COLUMNS = (
    "item_id",
    "title",
    "isbn",
    "course",
    "grades",
    "subject",
    "publisher",
    "price_usd",
    "students",
    "adopted",
    "expires",
    "paying_for",
    "district",
)
CATALOG_COLUMNS = (
    "resource_id",
    "title",
    "license",
    "isbn",
    "course",
    "grades",
    "subject",
    "publisher",
    "price_usd",
    "program",
    "url",
    "license_url",
)
QUALITY_COLUMNS = (
    "review_instrument",
    "review_result",
    "review_date",
    "review_url",
    "wcag_conformance",
    "wcag_url",
    "nimas",
    "languages",
    "needs_student_login",
    "collects_student_data",
    "offline_mb",
)
_MOST_ROWS_ABOVE = 8
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "title": (
        "book title",
        "textbook",
        "textbook title",
        "material",
        "materials",
        "title of material",
        "name",
        "resource",
    ),
    "item_id": ("id", "item", "item number", "row id"),
    "resource_id": ("id", "key", "identifier"),
    "isbn": ("isbn13", "isbn-13", "isbn 13", "isbn10", "isbn-10", "isbn number"),
    "course": ("course title", "course name", "class", "course_or_grades", "course or grades"),
    "grades": ("grade", "grade level", "grade levels", "grade band", "level"),
    "subject": ("department", "content area", "subject area", "discipline"),
    "publisher": ("publisher name", "vendor", "provider"),
    "price_usd": ("price", "cost", "unit price", "list price"),
    "students": ("enrollment", "pupils", "number of students"),
    "adopted": ("adoption start", "adoption date", "start date", "copyright_year"),
    "expires": ("adoption end", "expiration", "expiration date", "end date", "contract end"),
    "district": ("lea_id", "lea", "district_id", "district name", "school"),
    "license": ("rights", "licence", "license name", "dc:rights"),
    "license_url": ("licence url", "license link"),
    "program": ("programme", "series"),
}


def read_list(path: Path | str, columns: Mapping[str, str] | None = None, *, sheet: str | None = None) -> pd.DataFrame:
    """An adoption list as text with the columns of LIST_COLUMNS, blanks where it has none; the index is the file's lines.

    `columns` maps our names to the file's, `sheet` names the sheet of a workbook (the first, if not given). Rows above
    the column names (a title, a date) are passed over. Raises BadInput if no title column can be found.
    """
    told = columns or {}
    text = _under_its_header(Path(path), told, sheet if sheet is not None else 0)
    frame = _renamed(text, Path(path), told, LIST_COLUMNS, needed=("title",))
    blank = frame["item_id"].str.strip() == ""
    frame.loc[blank, "item_id"] = [f"row {line}" for line in frame.index[blank]]
    return frame


def _under_its_header(path: Path, told: Mapping[str, str], sheet: str | int) -> pd.DataFrame:
    """The table below the first row that names a title column; the file as it stands if no row of the top does."""
    first = tablefiles.read_text(path, sheet=sheet)
    names = {fold(told["title"])} if "title" in told else {"title", *_ALIASES["title"]}
    for header_row in range(1, _MOST_ROWS_ABOVE + 1):
        try:
            frame = first if header_row == 1 else tablefiles.read_text(path, sheet=sheet, header_row=header_row)
        except BadInput:
            continue
        if names & {fold(str(name)) for name in frame.columns}:
            return frame
    return first


def read_catalogs(paths: list[Path] | list[str], columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One or more catalogs below each other, with the columns of CATALOG_COLUMNS and what they say about quality."""
    frames = []
    for path in paths:
        wanted = (*CATALOG_COLUMNS, *QUALITY_COLUMNS)
        frame = _renamed(tablefiles.read_text(path), Path(path), columns or {}, wanted, needed=("resource_id", "title"))
        frames.append(frame.assign(catalog=Path(path).name))
    return pd.concat(frames, ignore_index=True)


def read_statements(path: Path | str) -> pd.DataFrame:
    """License statements as `raw, url`, row for row: a row of blank cells stays, because "nothing stated" is an answer."""
    path = Path(path)
    frame = tablefiles.read_declared(path, "license_statements")
    if path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        frame = frame.reindex(sorted({*frame.index, *_blank_lines(path)}))
    frame = frame.reindex(columns=["raw", "url"]).astype(object)
    return frame.where(frame.notna(), "").astype(str)


def _blank_lines(path: Path) -> list[int]:
    """Row numbers of rows that hold cells, all of them blank; an empty line is no row."""
    text = tablefiles.decode(path.read_bytes())
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;|", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [number for number, row in enumerate(rows, start=1) if row and not any(cell.strip() for cell in row)]


def _renamed(
    frame: pd.DataFrame, path: Path, told: Mapping[str, str], wanted: tuple[str, ...], needed: tuple[str, ...]
) -> pd.DataFrame:
    by_name = {fold(str(name)): str(name) for name in frame.columns}
    missing_map = [source for source in told.values() if fold(source) not in by_name]
    faults = [
        Fault(
            kind="MissingColumn",
            what=f"the column map names {source}, which the file does not have",
            file=path.name,
            column=source,
            mend=f"the file has: {', '.join(map(str, frame.columns))}",
        )
        for source in missing_map
    ]
    found = {ours: by_name[fold(told[ours])] for ours in told if fold(told[ours]) in by_name}
    for ours in wanted:
        if ours not in found:
            hit = next(
                (
                    by_name[alias]
                    for alias in (ours, *_ALIASES.get(ours, ()))
                    if alias in by_name and by_name[alias] not in found.values()
                ),
                None,
            )
            if hit is not None:
                found[ours] = hit
    faults += [
        Fault(
            kind="MissingColumn",
            what=f"no column for {ours} is found",
            file=path.name,
            column=ours,
            mend=f"say which column it is: --columns {ours}=NAME; the file has: {', '.join(map(str, frame.columns))}"
            " (a sheet with merged header rows: delete the rows above the column names)",
        )
        for ours in needed
        if ours not in found
    ]
    if faults:
        raise BadInput(faults)
    out = pd.DataFrame(index=frame.index)
    for ours in wanted:
        out[ours] = frame[found[ours]].fillna("").astype(str) if ours in found else ""
    return out


@cache
def _placeholders() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in words()["placeholder"]["patterns"])


def is_placeholder(title: str) -> bool:
    """Whether a row names no material at all ("NO TEXTBOOK", "See English listings", blank).

    >>> is_placeholder("NO TEXTBOOK"), is_placeholder("Algebra 1")
    (True, False)
    """
    text = fold(title)
    return not text or any(pattern.search(text) for pattern in _placeholders())


def read_price(cell: str) -> tuple[str, str]:
    """The lowest price of a cell as text, and what is doubtful about it ("79.99, 80.50": two prices).

    >>> read_price("$79.99, 80.50")
    ('79.99', '2 prices in one cell, the lowest is taken')
    """
    found = [
        float(number.replace(",", "")) for number in re.findall(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", cell)
    ]
    if not found:
        return "", "" if not cell.strip() else f"{cell.strip()!r} is not a price"
    doubt = f"{len(found)} prices in one cell, the lowest is taken" if len(found) > 1 else ""
    return f"{min(found):.2f}", doubt
