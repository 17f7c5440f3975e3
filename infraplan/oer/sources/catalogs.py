"""Catalogs of open materials into a workspace: the file that was fetched from a catalog's publisher."""

from collections.abc import Mapping

from infraplan import tablefiles
from infraplan.arrivals import Arrival
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text
from infraplan.schemas import Schema


def catalog(arrival: Arrival, desk: Desk) -> Load:
    """One catalog in the columns of `open_resources`; records without a title are left out and counted.

    A later issue of the same catalog takes the place of an earlier one. Raises BadInput for cells that cannot be read.
    """
    assert arrival.source is not None  # noqa: S101 - set before loading
    text = rows_as_text(arrival)
    titled = text["title"].str.strip() != "" if "title" in text else None
    kept = text if titled is None else text[titled]
    schema = Schema.load("open_resources")
    frame = tablefiles.typed(kept, schema, file=arrival.name)
    frame = frame.assign(source_row=frame.index)
    unlicensed = int((kept["license"].str.strip() == "").sum()) if "license" in kept else 0
    notes = [f"{unlicensed:,} records state no license: not open until someone finds one"] if unlicensed else []
    return Load(
        [Piece("open_resources", frame, series=arrival.source.id)],
        len(text),
        desk.as_of,
        None,
        {"records without a title": len(text) - len(kept)},
        notes,
    )


LOADERS: Mapping[str, Loader] = {"oer_open_textbook_library": catalog, "oer_openstax": catalog}
