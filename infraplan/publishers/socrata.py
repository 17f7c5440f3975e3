"""Socrata (USAC open data): the metadata first, so that a renamed column is a fault with a name; then pages by `:id`.

Numbers come as text and fields that are null do not come at all: each row is written under the columns that the
metadata names. Without `$order=:id` rows repeat and vanish between pages. Filtered by state and funding year, because
deep offsets are slow.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infraplan.asks import Ask, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan, Portrait, Wanted, need_columns


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """One file of a dataset, the state's rows of the last funding years; raises SourceChanged for a lost column."""
    base = place.address(one.settings["base"])
    token = one.credentials(place)
    dataset = one.settings["dataset"]
    about = http.json(Ask(address=f"{base}/api/views/{dataset}.json", headers=token, pause=one.pause))
    if not isinstance(about, dict) or not isinstance(about.get("columns"), list):
        raise SourceChanged(f"{base} has no description of dataset {dataset}\n  mend:  see {one.source.landing}")
    columns = [str(column["fieldName"]) for column in about["columns"]]
    columns = [name for name in columns if not name.startswith(":")]
    need_columns(one, columns, f"{base}/d/{dataset}")
    years = range(place.funding_year - int(one.settings.get("years_back", 2)), place.funding_year + 1)
    told = _where(one, columns, f"{base}/d/{dataset}")
    where = place.fill(told, years=", ".join(f"'{year}'" for year in years))
    span = f"_{years[0]}-{years[-1]}" if "{years}" in told else ""
    count = _count(http, one, f"{base}/resource/{dataset}.json", where, token)
    updated = about.get("rowsUpdatedAt")
    day = datetime.fromtimestamp(updated, UTC).date().isoformat() if isinstance(updated, int) else None
    whole = Ask(
        address=f"{base}/resource/{dataset}.json",
        params={"$where": where},
        name=f"{one.id}_{place.state.usps}{span}.csv",
        version=None if updated is None else f"{updated} {','.join(columns)}",
    )

    def get(http: Http) -> Kept:
        pages = _Pages(http, one, whole, columns, token, count)
        return http.assembled(whole, lambda: iter(pages), lambda: pages.rows)

    wanted = Wanted(
        source=one.id,
        name=whole.name or "",
        address=whole.public,
        vintage=f"rows of {day}" if day else "current",
        get=get,
        rows=count,
        as_of=day,
        version=whole.version,
    )
    notes = () if count else (f"no rows where {where}",)
    return Plan(wanted=(wanted,) if count else (), notes=notes, portrait=_portrait(about, columns))


def _portrait(about: Mapping[str, Any], columns: list[str]) -> Portrait:
    told = about.get("license")
    rights = told.get("name") if isinstance(told, dict) else about.get("licenseId")
    return Portrait(columns=tuple(columns), license=str(rights or ""), name=str(about.get("name") or ""))


def _where(one: Fetchable, columns: list[str], where: str) -> str:
    """The filter by state and funding year: as declared, or by the first of several columns that the dataset has."""
    if "where" in one.settings:
        return str(one.settings["where"])
    state = next((name for name in one.settings["state_columns"] if name in columns), None)
    if state is None:
        raise SourceChanged(
            f"{one.source.title}: no column tells the state; looked for {', '.join(one.settings['state_columns'])}\n"
            f"  where: {where}\n  mend:  it has {', '.join(columns)[:300]}; correct data/sources/{one.id}.toml"
        )
    return f"{state} = '{{usps}}'" + (" and funding_year in ({years})" if "funding_year" in columns else "")


def _count(http: Http, one: Fetchable, address: str, where: str, token: Mapping[str, str]) -> int:
    ask = Ask(address=address, params={"$select": "count(*)", "$where": where}, headers=token, pause=one.pause)
    told = http.json(ask)
    try:
        return int(next(iter(told[0].values())))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, StopIteration):
        raise SourceChanged(f"{ask.host} does not count its rows\n  where: {ask.public}") from None


class _Pages:
    """All pages as the text of one CSV file; `rows` counts as they pass."""

    def __init__(
        self, http: Http, one: Fetchable, whole: Ask, columns: list[str], token: Mapping[str, str], count: int
    ) -> None:
        self.http, self.one, self.whole, self.columns, self.token, self.count = http, one, whole, columns, token, count
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        yield _lines([self.columns])
        limit = int(self.one.settings.get("page_rows", 10_000))
        while True:
            params = {**self.whole.params, "$order": ":id", "$limit": str(limit), "$offset": str(self.rows)}
            ask = Ask(address=self.whole.address, params=params, headers=self.token, pause=self.one.pause)
            page = self.http.json(ask)
            if not (isinstance(page, list) and all(isinstance(row, dict) for row in page)):
                raise SourceChanged(f"{ask.host} sent something that is not rows\n  where: {ask.public}")
            unknown = sorted({name for row in page for name in row if name[:1] != ":"} - set(self.columns))
            if unknown:
                raise SourceChanged(f"{ask.host} sent columns it does not declare: {', '.join(unknown)[:200]}")
            yield _lines([[_cell(row.get(name)) for name in self.columns] for row in page])
            self.rows += len(page)
            if len(page) < limit:
                break
        if self.rows != self.count:
            raise SourceChanged(
                f"{self.whole.host} counted {self.count:,} rows and sent {self.rows:,}\n  where: {self.whole.public}\n"
                "  mend:  the publisher may be changing the data; try again later"
            )


def _cell(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
