"""ArcGIS services (NCES EDGE): pages of features, put together as one GeoJSON file.

The service's name changes each year: `services` lists them, newest first. Pages need an order, or rows repeat and
vanish. The flag `exceededTransferLimit` stands under `properties` in GeoJSON and at the top in JSON; an error may come
with success outside, as `{"error": {"code": ...}}`.
"""

import json
from collections.abc import Iterator
from typing import Any

from infraplan.asks import Ask, NotFetched, NotPublished, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Again, Http
from infraplan.publishers import Fetchable, Place, Plan, Portrait, Wanted, need_columns

_BUSY = {429, 500, 502, 503, 504}
_NOT_THERE = {400, 404}


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """The state's features of the newest service that answers; raises NotPublished, SourceChanged for lost columns."""
    missing = []
    for service in one.settings["services"]:
        layer = place.address(one.settings["base"].format(service=service["name"], layer=service.get("layer", 0)))
        try:
            about = _answer(http, one, layer, {"f": "json"})
        except NotPublished:
            missing.append(service["vintage"])
            continue
        columns = [str(field["name"]) for field in about.get("fields") or []]
        need_columns(one, columns, layer)
        rights = str(about.get("copyrightText") or "")
        return Plan(
            wanted=(_wanted(one, place, http, service["vintage"], layer, about),),
            notes=tuple(f"{vintage} is not published" for vintage in missing),
            portrait=Portrait(columns=tuple(columns), license=rights, name=str(about.get("name") or "")),
        )
    raise NotPublished(
        f"{one.source.title}: none of {', '.join(missing)} is published\n"
        f"  mend:  see {one.source.landing} for the service's new name and correct data/sources/{one.id}.toml"
    )


def services(one: Fetchable, place: Place, http: Http) -> list[str]:
    """The names of the services beside the one used, as the server lists them; raises NotFetched."""
    folder = place.address(one.settings["base"].partition("/{service}")[0])
    told = _answer(http, one, folder, {"f": "json"}).get("services")
    return [str(each.get("name")).rpartition("/")[2] for each in told or [] if isinstance(each, dict)]


def _wanted(one: Fetchable, place: Place, http: Http, vintage: str, layer: str, about: dict[str, Any]) -> Wanted:
    where = place.fill(one.settings["where"])
    count = _answer(http, one, f"{layer}/query", {"where": where, "returnCountOnly": "true", "f": "json"}).get("count")
    page = min(int(about.get("maxRecordCount") or 1000), int(one.settings.get("page_rows", 2000)))
    whole = Ask(
        address=f"{layer}/query",
        params={"where": where, "outFields": "*", "outSR": "4326", "f": "geojson"},
        name=f"{one.id}_{place.state.usps}_{vintage}.geojson",
    )

    def get(http: Http) -> Kept:
        pages = _Features(http, one, whole, page, count)
        return http.assembled(whole, lambda: iter(pages), lambda: pages.rows)

    return Wanted(source=one.id, name=whole.name or "", address=whole.public, vintage=vintage, get=get, rows=count)


class _Features:
    """All pages as the text of one feature collection; `rows` counts as they pass."""

    def __init__(self, http: Http, one: Fetchable, whole: Ask, page: int, count: int | None) -> None:
        self.http, self.one, self.whole, self.page, self.count = http, one, whole, page, count
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"type": "FeatureCollection", "features": [\n'
        seen: set[str] = set()
        key = self.one.settings["key"]
        while True:
            told = self._page()
            for feature in told["features"]:
                seen.add(str((feature.get("properties") or {}).get(key)))
                yield (b",\n" if self.rows else b"") + json.dumps(feature, sort_keys=True).encode()
                self.rows += 1
            more = told.get("exceededTransferLimit") or (told.get("properties") or {}).get("exceededTransferLimit")
            if not more or not told["features"]:
                break
        if len(seen) != self.rows or (self.count is not None and self.rows != self.count):
            raise SourceChanged(
                f"{self.whole.host} promised {self.count} features and sent {self.rows}, {len(seen)} of them different\n"
                f"  where: {self.whole.public}\n  mend:  the publisher may be changing the data; try again later"
            )
        yield b"\n]}\n"

    def _page(self) -> dict[str, Any]:
        params = {
            **self.whole.params,
            "orderByFields": self.one.settings["key"],
            "resultOffset": str(self.rows),
            "resultRecordCount": str(self.page),
        }
        told = _answer(self.http, self.one, self.whole.address, params)
        if not isinstance(told.get("features"), list):
            raise SourceChanged(f"{self.whole.host} sent a page without features\n  where: {self.whole.public}")
        return told


def _answer(http: Http, one: Fetchable, address: str, params: dict[str, str]) -> dict[str, Any]:
    ask = Ask(address=address, params=params, pause=one.pause)

    def judge(told: Any) -> None:  # noqa: ANN401
        if not isinstance(told, dict):
            raise SourceChanged(f"{ask.host} sent something that is not a service's answer\n  where: {ask.public}")
        if "error" not in told:
            return
        error = told["error"] if isinstance(told["error"], dict) else {"message": told["error"]}
        words = f"{ask.host} answered inside: {error.get('message') or error.get('code')}"
        if error.get("code") in _BUSY:
            raise Again(words)
        if error.get("code") in _NOT_THERE and "f" in params and len(params) == 1:
            raise NotPublished(f"{words}\n  where: {ask.public}")
        raise NotFetched(f"{words}\n  where: {ask.public}\n  mend:  try again later; the query may have to change")

    answer = http.json(ask, judge)
    return dict(answer)
