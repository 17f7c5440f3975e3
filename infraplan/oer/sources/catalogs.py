"""Catalogs of open materials into a workspace: the file that was fetched from a catalog's publisher, or its own dump."""

import json
from collections.abc import Mapping

import pandas as pd

from infraplan import records, tablefiles
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text
from infraplan.oer.sources import standards
from infraplan.schemas import Schema

# of the Directory of Open Access Books: ours -> the export's columns, the first that is not blank
_DOAB = {
    "resource_id": ("id",),
    "title": ("dc.title",),
    "license": ("dc.rights.licenseurl", "dc.rights.uri", "BITSTREAM License"),
    "isbn": ("BITSTREAM ISBN", "dc.identifier.isbn", "oapen.relation.isbn"),
    "author": ("dc.contributor.author", "dc.contributor.editor"),
    "publisher": ("oapen.relation.isPublishedBy_publisher.name", "publisher.name"),
    "url": ("dc.identifier.uri",),
    "languages": ("dc.language",),
}
_BETWEEN = "||"  # repeated values in one cell of the export


def catalog(arrival: Arrival, desk: Desk) -> Load:
    """One catalog in the columns of `open_resources`; records without a title are left out and counted.

    A later issue of the same catalog takes the place of an earlier one. Raises BadInput for cells that cannot be read.
    """
    text = _from_json(arrival) if arrival.kind == "json" else rows_as_text(arrival)
    return _load(text, arrival, desk, {})


def doab(arrival: Arrival, desk: Desk) -> Load:
    """The metadata export of the Directory of Open Access Books, whole books only; chapters are left out and counted.

    Of its 138 columns only those needed are read: the file has hundreds of megabytes.
    """
    wanted = dict.fromkeys(name for names in _DOAB.values() for name in names)
    raw = desk.backend.execute(records.few_columns(arrival, desk, [*wanted, "dc.type"])).set_index("source_row")
    book = raw["dc.type"].str.strip().str.lower() == "book"
    text = pd.DataFrame({ours: _first_of(raw[book], theirs) for ours, theirs in _DOAB.items()})
    text["resource_id"] = "doab:" + text["resource_id"]
    return _load(text, arrival, desk, {"chapters and other parts": int((~book).sum())})


def case_package(arrival: Arrival, desk: Desk) -> Load:
    """A CASE package as standards: code, framework, grades; items without a code are counted."""
    told = json.loads(arrival.local.read_bytes())
    document = told["CFDocument"] if isinstance(told.get("CFDocument"), dict) else {}
    items = told["CFItems"] if isinstance(told.get("CFItems"), list) else []
    frame = standards.read_standards(arrival.local)
    frame = frame.assign(source_row=range(1, len(frame) + 1))
    changed = str(document.get("lastChangeDateTime") or "")[:10]
    rights = document.get("licenseURI")
    name = rights.get("title") if isinstance(rights, dict) else None
    status = str(document.get("adoptionStatus") or "not stated")
    return Load(
        [Piece("standards", frame, series=str(document.get("identifier") or arrival.bare_name))],
        len(items),
        desk.as_of or changed or None,
        None,
        {"items without a code": len(items) - len(frame)},
        [f"adoption status: {status}; license of the framework: {name or 'not stated'}"],
        title=f"Standards: {document.get('title') or arrival.bare_name}",
        publisher=str(document.get("publisher") or document.get("creator") or "") or None,
    )


def _load(text: pd.DataFrame, arrival: Arrival, desk: Desk, left: Mapping[str, int]) -> Load:
    assert arrival.source is not None  # noqa: S101 - set before loading
    titled = text["title"].str.strip() != "" if "title" in text else None
    kept = text if titled is None else text[titled]
    schema = Schema.load("open_resources")
    frame = tablefiles.typed(kept, schema, file=arrival.name)
    frame = frame.assign(source_row=frame.index)
    unlicensed = int((kept["license"].str.strip() == "").sum()) if "license" in kept else 0
    notes = [f"{unlicensed:,} records state no license: not open until someone finds one"] if unlicensed else []
    return Load(
        [Piece("open_resources", frame, series=arrival.source.id)],
        len(text) + sum(left.values()),
        desk.as_of,
        None,
        {**left, "records without a title": len(text) - len(kept)},
        notes,
    )


def _from_json(arrival: Arrival) -> pd.DataFrame:
    """The publisher's own list, saved from a browser, in our columns; raises BadInput if it holds no records."""
    assert arrival.source is not None  # noqa: S101 - set before loading
    told = records.settings(arrival.source.id)
    found = records.at(json.loads(arrival.local.read_bytes()), told["records"])
    rows = [records.row_of(each, told) for each in records.used(found, told)] if isinstance(found, list) else []
    if not rows:
        what = f"{arrival.name} holds no records under {told['records']}"
        raise BadInput([Fault(kind="NoRecords", what=what, file=arrival.name, mend="save the publisher's list again")])
    return pd.DataFrame(rows, index=range(1, len(rows) + 1))


def _first_of(raw: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """Of several columns the first that is not blank; repeated values apart by semicolons, doubles once."""
    cells = pd.Series("", index=raw.index, dtype=object)
    for name in names:
        if name in raw:
            cells = cells.where(cells != "", raw[name].str.strip())
    return cells.map(lambda cell: "; ".join(dict.fromkeys(part.strip() for part in cell.split(_BETWEEN))))


LOADERS: Mapping[str, Loader] = {
    "oer_open_textbook_library": catalog,
    "oer_openstax": catalog,
    "oer_libretexts": catalog,
    "oer_bccampus": catalog,
    "oer_doab": doab,
    "oer_case": case_package,
}
