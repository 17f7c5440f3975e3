"""Catalogs of open materials whose publishers give lists as JSON: written as one CSV in the columns of `open_resources`.

`[fetch]` says where the `records` of a page stand, where the address of the `next` page stands (none: all on one page),
which records are to be used (`only`: field = values), and under which names each of our columns goes (`fields`).
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infraplan.asks import Ask, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan, Portrait, Wanted
from infraplan.records import at, row_of, used

_NEEDED = ("resource_id", "title", "license")
Records = Iterator[tuple[Mapping[str, Any], Ask]]


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """The whole catalog as one file; a catalog is asked for anew each day."""
    first = Ask(address=place.address(one.settings["address"]), params=one.settings.get("params", {}), pause=one.pause)
    page = _page(http, first)
    here = _of_page(page, one, first)
    total = at(page, one.settings.get("total", "")) if "next" in one.settings else len(here)
    names = [name for theirs in one.settings["fields"].values() for name in theirs]
    seen = {name for record in here for name in names if name.partition(".")[0] in record}
    columns = tuple(dict.fromkeys(name for name in names if name in seen))
    return as_one_file(one, first, lambda http: _records(http, one, first, place), total, columns)


def as_one_file(
    one: Fetchable, first: Ask, records: Callable[[Http], Records], total: object, columns: tuple[str, ...] = ()
) -> Plan:
    """A plan of one CSV file, put together from the records as they come."""
    day = datetime.now(UTC).date().isoformat()
    whole = Ask(address=first.address, params=first.params, name=f"{one.id}.csv", version=day)

    def get(http: Http) -> Kept:
        lines = CatalogFile(one, lambda: records(http), first)
        return http.assembled(whole, lambda: iter(lines), lambda: lines.rows)

    wanted = Wanted(
        source=one.id,
        name=whole.name or "",
        address=whole.public,
        vintage=f"as of {day}",
        get=get,
        rows=total if isinstance(total, int) else None,
        as_of=day,
        version=day,
    )
    return Plan(wanted=(wanted,), portrait=Portrait(columns=columns))


class CatalogFile:
    """Records as the text of one CSV file; `rows` counts as they pass. Raises SourceChanged for doubles and lost names."""

    def __init__(self, one: Fetchable, records: Callable[[], Records], first: Ask) -> None:
        self.one, self.records, self.first = one, records, first
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        fields: Mapping[str, list[str]] = self.one.settings["fields"]
        yield _line(list(fields))
        found: set[str] = set()
        seen: set[str] = set()
        for record, ask in self.records():
            cells = row_of(record, self.one.settings)
            found |= {ours for ours, cell in cells.items() if cell}
            number = cells["resource_id"]
            if number in seen:
                bare = number.removeprefix(f"{self.one.settings['prefix']}:")
                raise SourceChanged(f"{ask.host} gives {bare} twice\n  where: {ask.public}")
            seen.add(number)
            yield _line(list(cells.values()))
            self.rows += 1
        missing = [f"{ours} ({' or '.join(fields[ours])})" for ours in _NEEDED if ours not in found]
        if missing:
            raise SourceChanged(
                f"{self.one.source.title}: no record has {', '.join(missing)}\n  where: {self.first.public}\n"
                f"  mend:  the publisher's names may have changed; correct `fields` in data/sources/{self.one.id}.toml"
            )


def _records(http: Http, one: Fetchable, first: Ask, place: Place) -> Records:
    ask: Ask | None = first
    while ask is not None:
        page = _page(http, ask)
        for record in _of_page(page, one, ask):
            yield record, ask
        ask = _next(page, one, ask, place)


def _of_page(page: Mapping[str, Any], one: Fetchable, ask: Ask) -> list[Mapping[str, Any]]:
    told = page.get(one.settings["records"])
    if not (isinstance(told, list) and all(isinstance(record, dict) for record in told)):
        raise SourceChanged(f"{ask.host} sent a page without {one.settings['records']}\n  where: {ask.public}")
    return used(told, one.settings)


def _next(page: Mapping[str, Any], one: Fetchable, ask: Ask, place: Place) -> Ask | None:
    address = at(page, one.settings["next"]) if "next" in one.settings else None
    if not address:
        return None
    following = Ask(address=place.address(str(address)), pause=one.pause)
    if following.host != ask.host or following.public == ask.public:
        raise SourceChanged(f"{ask.host} names {following.host} as its next page\n  where: {ask.public}")
    return following


def _page(http: Http, ask: Ask) -> Mapping[str, Any]:
    told = http.json(ask)
    if not isinstance(told, dict):
        raise SourceChanged(f"{ask.host} sent something that is not a catalog\n  where: {ask.public}")
    return told


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
