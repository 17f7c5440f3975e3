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
from infraplan.contents import decode
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
    "author",
    "price_usd",
    "program",
    "url",
    "license_url",
)
_STATEMENT_ALIASES = {
    "raw": (
        "license",
        "licence",
        "rights",
        "dc:rights",
        "dc rights",
        "conditions of use",
        "license name",
        "usage rights",
    ),
    "url": ("license url", "licence url", "rights url", "license link", "license uri", "license_url"),
}
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
FUNDING_COLUMNS = ("funding_source", "grant_number", "grant_date", "license")
_MOST_ROWS_ABOVE = 8
FEWEST_NAMES = 2
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
    "author": ("authors", "contributors", "creator", "dc:creator"),
    "wcag_conformance": ("wcag", "accessibility", "accessibility conformance", "conforms to"),
    "wcag_url": ("accessibility report", "vpat", "acr"),
    "nimas": ("nimas file", "nimac"),
    "languages": ("language", "available languages"),
    "needs_student_login": ("student login", "login required", "requires login"),
    "collects_student_data": ("student data", "student data collected"),
    "offline_mb": ("offline size mb", "download mb"),
    "review_result": ("rating", "review rating"),
}


def read_list(path: Path | str, columns: Mapping[str, str] | None = None, *, sheet: str | None = None) -> pd.DataFrame:
    """An adoption list as text with the columns of LIST_COLUMNS, blanks where it has none; the index is the file's lines.

    `columns` maps our names to the file's, `sheet` names the sheet of a workbook (the first, if not given). Rows above
    the column names (a title, a date) are passed over. Raises BadInput if no title column can be found.
    """
    return _listing(Path(path), columns or {}, sheet, LIST_COLUMNS)


def read_approved(path: Path | str) -> pd.DataFrame:
    """A state's approved list as `read_list` gives it, with what the state says about quality (QUALITY_COLUMNS)."""
    return _listing(Path(path), {}, None, (*LIST_COLUMNS, *QUALITY_COLUMNS))


def read_funding(
    path: Path | str, columns: Mapping[str, str] | None = None, *, sheet: str | None = None
) -> pd.DataFrame:
    """Who paid for a list's materials, and their license: the list's rows with FUNDING_COLUMNS, blank where not stated."""
    return _listing(Path(path), columns or {}, sheet, (*LIST_COLUMNS, *FUNDING_COLUMNS))


def _listing(path: Path, told: Mapping[str, str], sheet: str | None, wanted: tuple[str, ...]) -> pd.DataFrame:
    text = _under_its_header(path, told, sheet)
    frame = _renamed(text, path, told, wanted, needed=("title",))
    blank = frame["item_id"].str.strip() == ""
    frame.loc[blank, "item_id"] = [f"row {line}" for line in frame.index[blank]]
    return frame.assign(item_id=_told_apart(frame))


def _told_apart(frame: pd.DataFrame) -> list[str]:
    """The ids, with the row behind one that stands for another material further up (a set and its parts under one id)."""
    titles: dict[str, str] = {}
    out = []
    for line, item, title in zip(frame.index, frame["item_id"], frame["title"].map(fold), strict=True):
        same = titles.setdefault(item, title) == title
        out.append(item if same else f"{item} (row {line})")
    return out


def _under_its_header(path: Path, told: Mapping[str, str], sheet: str | None) -> pd.DataFrame:
    """The table below the first row that names a title column; the file as it stands if no row of the top does."""
    names = {_key(told["title"])} if "title" in told else {"title", *_ALIASES["title"]}
    for header_row in range(1, _MOST_ROWS_ABOVE + 1):
        try:
            frame = tablefiles.text_of(path, sheet=sheet, header_row=header_row)
        except BadInput:
            continue
        if names & {_key(str(name)) for name in frame.columns}:
            tablefiles.tell(frame)
            return _one_header(frame)
    return tablefiles.read_text(path, sheet=sheet)


def _one_header(frame: pd.DataFrame) -> pd.DataFrame:
    """A header over two rows ("Material" merged over "Title" and "Course") as one: the lower name, else the upper."""
    lower = [str(cell).strip() for cell in frame.iloc[0]] if len(frame) else []
    named = [_key(cell) for cell in lower if cell]
    if len(named) < FEWEST_NAMES or not set(named) <= _known_names() or "title" not in _meant(named):
        return frame
    below = frame.iloc[1:].copy()
    below.columns = pd.Index([low or str(high) for low, high in zip(lower, frame.columns, strict=True)])
    return below


@cache
def _known_names() -> frozenset[str]:
    ours = (*LIST_COLUMNS, *QUALITY_COLUMNS)
    return frozenset(map(_key, (*ours, *(alias for aliases in _ALIASES.values() for alias in aliases))))


def _meant(named: list[str]) -> set[str]:
    return {ours for ours in LIST_COLUMNS if {_key(one) for one in (ours, *_ALIASES.get(ours, ()))} & set(named)}


def _key(name: str) -> str:
    """A column's name for comparing: `Student_Login` is `student login`."""
    return fold(name).replace("_", " ")


def read_catalogs(paths: list[Path] | list[str], columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One or more catalogs below each other, with the columns of CATALOG_COLUMNS and what they say about quality.

    A record without a `resource_id` is named by its file and row.
    """
    frames = []
    for path in paths:
        wanted = (*CATALOG_COLUMNS, *QUALITY_COLUMNS)
        frame = _renamed(tablefiles.read_text(path), Path(path), columns or {}, wanted, needed=("title",))
        blank = frame["resource_id"].str.strip() == ""
        frame.loc[blank, "resource_id"] = [f"{Path(path).stem} row {line}" for line in frame.index[blank]]
        frames.append(frame.assign(catalog=Path(path).name))
    return pd.concat(frames, ignore_index=True)


def read_statements(path: Path | str) -> pd.DataFrame:
    """License statements as `raw, url`, row for row: a row of blank cells stays, because "nothing stated" is an answer.

    A catalog's own columns ("License", "rights", "license_url") are taken where there is no `raw` or no `url`.
    """
    path = Path(path)
    found = _statement_columns(tablefiles.read_text(path).columns)
    if "raw" in found.values():
        frame = tablefiles.read_text(path).rename(columns=found)
    else:
        frame = tablefiles.read_declared(path, "license_statements")
        frame = frame.drop(columns=[*found.values()], errors="ignore").rename(columns=found)
    if path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        frame = frame.reindex(sorted({*frame.index, *_blank_lines(path)}))
    frame = frame.reindex(columns=["raw", "url"]).astype(object)
    return frame.where(frame.notna(), "").astype(str)


def _statement_columns(names: pd.Index) -> dict[str, str]:
    """The file's name of a column -> ours, for `raw` and `url` where the file has a name of its own for them."""
    by_name = {_key(str(name)): str(name) for name in names}
    found = {}
    for ours, theirs in _STATEMENT_ALIASES.items():
        there = [by_name[name] for name in theirs if name in by_name]
        if ours not in by_name and there:
            found[there[0]] = ours
    return found


def _blank_lines(path: Path) -> list[int]:
    """Row numbers of rows that hold cells, all of them blank; an empty line is no row."""
    text = decode(path.read_bytes())
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;|", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [number for number, row in enumerate(rows, start=1) if row and not any(cell.strip() for cell in row)]


def _renamed(
    frame: pd.DataFrame, path: Path, told: Mapping[str, str], wanted: tuple[str, ...], needed: tuple[str, ...]
) -> pd.DataFrame:
    by_name = {_key(str(name)): str(name) for name in frame.columns}
    missing_map = [source for source in told.values() if _key(source) not in by_name]
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
    found = {ours: by_name[_key(told[ours])] for ours in told if _key(told[ours]) in by_name}
    for ours in wanted:
        if ours not in found:
            hit = next(
                (
                    by_name[alias]
                    for alias in map(_key, (ours, *_ALIASES.get(ours, ())))
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
