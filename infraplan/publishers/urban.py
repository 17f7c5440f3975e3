"""The Urban Institute's Education Data API: CCD by state, in pages, without looking for a file's name.

An envelope has `count`, `next` and `results`; a page holds up to 10,000 rows. A year is the autumn of the school year.
Written as one CSV under the API's own names, which are those of the Institute's CSV downloads too.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infraplan.asks import Ask, NotPublished, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan, Portrait, Wanted, need_columns


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """The state's rows of the newest year that has any; raises NotPublished, SourceChanged for lost columns."""
    missing = []
    for year in one.settings["years"]:
        first = _first(one, place, year)
        try:
            page = _page(http, first)
        except NotPublished:
            missing.append(year)
            continue
        if not page["results"]:
            missing.append(year)
            continue
        columns = list(map(str, page["results"][0]))
        need_columns(one, columns, first.public)
        return Plan(
            wanted=(_wanted(one, place, first, year, columns, page["count"]),),
            notes=tuple(f"autumn {each} is not published yet" for each in missing),
            portrait=Portrait(columns=tuple(columns)),
        )
    raise NotPublished(
        f"{one.source.title}: nothing of {place.state.name} for {', '.join(missing)}\n"
        f"  mend:  correct years in data/sources/{one.id}.toml, or use {one.settings.get('instead', 'the publisher')}"
    )


def _first(one: Fetchable, place: Place, year: str) -> Ask:
    topic = one.settings["topic"].format(year=year)
    return Ask(
        address=place.address(f"{one.settings['base']}/{topic}"),
        params={"fips": str(int(place.state.fips))},
        pause=one.pause,
    )


def _wanted(one: Fetchable, place: Place, first: Ask, year: str, columns: list[str], count: int) -> Wanted:
    day = datetime.now(UTC).date().isoformat()
    name = f"{one.id}_{place.state.usps}_{year}.csv"
    whole = Ask(address=first.address, params=first.params, name=name, version=day)

    def get(http: Http) -> Kept:
        pages = _Pages(http, one, place, first, columns, count)
        return http.assembled(whole, lambda: iter(pages), lambda: pages.rows)

    return Wanted(
        source=one.id,
        name=name,
        address=whole.public,
        vintage=f"autumn {year}",
        get=get,
        rows=count,
        as_of=year,
        version=day,
    )


class _Pages:
    """All pages as the text of one CSV file; `rows` counts as they pass."""

    def __init__(self, http: Http, one: Fetchable, place: Place, first: Ask, columns: list[str], count: int) -> None:
        self.http, self.one, self.place, self.first = http, one, place, first
        self.columns, self.count = columns, count
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        yield _lines([self.columns])
        asked: set[str] = set()
        ask: Ask | None = self.first
        while ask is not None:
            asked.add(ask.public)
            page = _page(self.http, ask)
            odd = [row for row in page["results"] if list(row) != self.columns]
            if odd:
                raise SourceChanged(f"{ask.host} sent rows of other columns than the first\n  where: {ask.public}")
            yield _lines([[_cell(cell) for cell in row.values()] for row in page["results"]])
            self.rows += len(page["results"])
            ask = self._next(page, ask, asked)
        if self.rows != self.count:
            raise SourceChanged(
                f"{self.first.host} counted {self.count:,} rows and sent {self.rows:,}\n  where: {self.first.public}\n"
                "  mend:  the publisher may be changing the data; try again later"
            )

    def _next(self, page: Mapping[str, Any], ask: Ask, asked: set[str]) -> Ask | None:
        if not page.get("next"):
            return None
        # the API has been seen to name its next page without encryption
        told = str(page["next"]).replace("http://educationdata.", "https://educationdata.", 1)
        following = Ask(address=self.place.address(told), pause=self.one.pause)
        if following.host != ask.host or following.public in asked:
            raise SourceChanged(f"{ask.host} names {following.public} as its next page\n  where: {ask.public}")
        return following


def _page(http: Http, ask: Ask) -> Mapping[str, Any]:
    told = http.json(ask)
    sound = isinstance(told, dict) and isinstance(told.get("results"), list) and isinstance(told.get("count"), int)
    if not sound or not all(isinstance(row, dict) for row in told["results"]):
        raise SourceChanged(f"{ask.host} sent something that is not a page of rows\n  where: {ask.public}")
    return dict(told)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
