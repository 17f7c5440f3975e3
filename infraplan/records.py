"""Records of a publisher as rows of ours: of its interface (`[fetch.fields]`), or a few columns of a file of many."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infraplan.arrivals import Arrival
from infraplan.intake import Desk, csv_rows
from infraplan.resources import data_path, read_toml

if TYPE_CHECKING:
    import ibis.expr.types as ir


def settings(source_id: str) -> Mapping[str, Any]:
    """The `[fetch]` table of a source; empty where it has none."""
    told: Mapping[str, Any] = read_toml(data_path("sources", f"{source_id}.toml")).get("fetch", {})
    return told


def used(listed: Iterable[Any], told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of a publisher's list the records that count: `only` says which values a field must have (a live book, not a retired)."""
    only: Mapping[str, list[Any]] = told.get("only", {})
    records = [each for each in listed if isinstance(each, dict)]
    return [record for record in records if all(record.get(name) in values for name, values in only.items())]


def row_of(record: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, str]:
    """Our columns out of a record: of each the first name under which it has something; the number has its prefix."""
    cells = {ours: first(record, theirs) for ours, theirs in told["fields"].items()}
    number = cells.get("resource_id")
    return {**cells, "resource_id": f"{told['prefix']}:{number}"} if number else cells


def at(told: Any, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    """What stands at a path as `links.next`; None where nothing does.

    >>> at({"links": {"next": "x"}}, "links.next"), at({"links": []}, "links.next")
    ('x', None)
    """
    if isinstance(told, dict) and path in told:  # a name may hold a dot itself
        return told[path]
    for name in path.split("."):
        told = told.get(name) if isinstance(told, dict) else None
    return told


def first(record: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of several names under which a record has something, as text on one line; lists joined.

    >>> first({"isbn13": None, "isbn10": "1 23"}, ["isbn13", "isbn10"]), first({"by": [{"name": "A"}, "B"]}, ["by"])
    ('1 23', 'A; B')
    """
    for name in names:
        told = at(record, name)
        if told in (None, "", [], {}):
            continue
        parts = told if isinstance(told, list) else [told]
        cells = [each.get("name") or each.get("@id") or "" if isinstance(each, dict) else each for each in parts]
        return " ".join("; ".join(str(cell) for cell in cells if cell).split())
    return ""


def few_columns(arrival: Arrival, desk: Desk, wanted: Iterable[str]) -> "ir.Table":
    """Of a large file only the wanted columns that it has, by their wanted names, blanks as empty text, and `source_row`.

    The engine reads it: neither its size nor its other columns reach memory. A row's number is its place in the file, which
    is its line where no text has line breaks.
    """
    import ibis  # noqa: PLC0415

    raw = csv_rows(arrival, desk)
    here = {name.strip("\ufeff").lower(): name for name in raw.columns}
    cells = {name: raw[here[name.lower()]].fill_null("").strip() for name in wanted if name.lower() in here}
    table: ir.Table = raw.select(**cells, source_row=ibis.row_number() + 2)
    return table
