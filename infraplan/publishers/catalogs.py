"""Catalogs of open materials whose publishers give lists as JSON: written as one CSV in the columns of `open_resources`.

`[fetch]` says where the `records` of a page stand, where the address of the `next` page stands (none: all on one page),
which records are to be used (`only`: field = values), and under which names each of our columns goes (`fields`).
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infraplan.downloads import Kept
from infraplan.fetch import Ask, Http, SourceChanged
from infraplan.publishers import Fetchable, Place, Plan, Wanted

_NEEDED = ("resource_id", "title", "license")


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """The whole catalog as one file; a catalog is asked for anew each day."""
    first = Ask(address=place.address(one.settings["address"]), params=one.settings.get("params", {}), pause=one.pause)
    day = datetime.now(UTC).date().isoformat()
    whole = Ask(address=first.address, params=first.params, name=f"{one.id}.csv", version=day)
    rows = _total(_page(http, first), one)

    def get(http: Http) -> Kept:
        records = _Records(http, one, first, place)
        return http.assembled(whole, lambda: iter(records), lambda: records.rows)

    wanted = Wanted(
        source=one.id,
        name=whole.name or "",
        address=whole.public,
        vintage=f"as of {day}",
        get=get,
        rows=rows,
        as_of=day,
        version=day,
    )
    return Plan(wanted=(wanted,))


class _Records:
    """All pages as the text of one CSV file; `rows` counts as they pass."""

    def __init__(self, http: Http, one: Fetchable, first: Ask, place: Place) -> None:
        self.http, self.one, self.first, self.place = http, one, first, place
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        fields: Mapping[str, list[str]] = self.one.settings["fields"]
        yield _line(list(fields))
        ask: Ask | None = self.first
        found: set[str] = set()
        seen: set[str] = set()
        while ask is not None:
            page = _page(self.http, ask)
            for record in self._records(page, ask):
                cells = {ours: _first(record, theirs) for ours, theirs in fields.items()}
                found |= {ours for ours, cell in cells.items() if cell}
                if cells["resource_id"] in seen:
                    raise SourceChanged(f"{ask.host} gives {cells['resource_id']} twice\n  where: {ask.public}")
                seen.add(cells["resource_id"])
                prefix = self.one.settings["prefix"]
                yield _line([f"{prefix}:{cell}" if ours == "resource_id" else cell for ours, cell in cells.items()])
                self.rows += 1
            ask = self._next(page, ask)
        missing = [f"{ours} ({' or '.join(fields[ours])})" for ours in _NEEDED if ours not in found]
        if missing:
            raise SourceChanged(
                f"{self.one.source.title}: no record has {', '.join(missing)}\n  where: {self.first.public}\n"
                f"  mend:  the publisher's names may have changed; correct `fields` in data/sources/{self.one.id}.toml"
            )

    def _records(self, page: Mapping[str, Any], ask: Ask) -> list[Mapping[str, Any]]:
        told = page.get(self.one.settings["records"])
        if not (isinstance(told, list) and all(isinstance(record, dict) for record in told)):
            raise SourceChanged(f"{ask.host} sent a page without {self.one.settings['records']}\n  where: {ask.public}")
        only: Mapping[str, list[Any]] = self.one.settings.get("only", {})
        return [record for record in told if all(record.get(name) in values for name, values in only.items())]

    def _next(self, page: Mapping[str, Any], ask: Ask) -> Ask | None:
        if "next" not in self.one.settings:
            return None
        address = _at(page, self.one.settings["next"])
        if not address:
            return None
        following = Ask(address=self.place.address(str(address)), pause=self.one.pause)
        if following.host != ask.host or following.public == ask.public:
            raise SourceChanged(f"{ask.host} names {following.host} as its next page\n  where: {ask.public}")
        return following


def _page(http: Http, ask: Ask) -> Mapping[str, Any]:
    told = http.json(ask)
    if not isinstance(told, dict):
        raise SourceChanged(f"{ask.host} sent something that is not a catalog\n  where: {ask.public}")
    return told


def _total(page: Mapping[str, Any], one: Fetchable) -> int | None:
    told = _at(page, one.settings.get("total", ""))
    return told if isinstance(told, int) else None


def _at(told: Any, path: str) -> Any:  # noqa: ANN401
    """What stands at a path as `links.next`; None where nothing does."""
    for name in path.split("."):
        told = told.get(name) if isinstance(told, dict) else None
    return told


def _first(record: Mapping[str, Any], names: list[str]) -> str:
    """The first of several names under which a record has something, as text on one line; lists joined."""
    for name in names:
        told = _at(record, name)
        if told in (None, "", [], {}):
            continue
        cells = (
            [each.get("name", "") if isinstance(each, dict) else each for each in told]
            if isinstance(told, list)
            else [told]
        )
        return " ".join("; ".join(str(cell) for cell in cells if cell).split())
    return ""


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
