"""Publishers that put files at addresses one can reckon: Census TIGER, SAIPE, block assignments; CCD by listed address.

`[[fetch.file]]` has `address` with {fips}, {usps}, {vintage} and {vintage2} (two digits) to fill in, and may have its own
`vintages`, newest first; of each `layer` the newest that is published is taken, an `optional` one may be missing. A file
that has no vintage of its own is `dated` by the day it is fetched and has a `name` where its address ends without one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infraplan.asks import Ask, NotPublished
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan, Wanted, downloading


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """The newest published file of each layer; raises NotPublished if a layer that every state has is not there."""
    wanted, notes = [], []
    layers: dict[str, list[Mapping[str, Any]]] = {}
    for entry in one.settings["file"]:
        layers.setdefault(str(entry.get("layer", "")), []).append(entry)
    for layer, entries in layers.items():
        found, older = _newest(one, entries, place, http)
        if found is not None:
            wanted.append(found)
            notes += [f"{layer or one.source.title}: {vintage} is not published yet" for vintage in older]
        elif entries[0].get("optional"):
            notes.append(f"{layer}: none published for {place.state.name}")
        else:
            raise NotPublished(
                f"{one.source.title}: none of {', '.join(older)} is published where it was\n"
                f"  mend:  find it at {one.source.landing}, `infraplan data add` it, and correct data/sources/{one.id}.toml"
            )
    return Plan(wanted=tuple(wanted), notes=tuple(notes))


def _newest(
    one: Fetchable, entries: list[Mapping[str, Any]], place: Place, http: Http
) -> tuple[Wanted | None, list[str]]:
    missing: list[str] = []
    for entry in entries:
        for vintage in entry.get("vintages", one.settings.get("vintages", [""])):
            filled = place.fill(entry["address"], vintage=vintage, vintage2=str(vintage)[2:])
            ask = Ask(
                address=place.address(filled), name=entry.get("name"), kind=entry.get("kind", "zip"), pause=one.pause
            )
            try:
                seen = http.look(ask)
            except NotPublished:
                missing.append(str(vintage))
                continue
            day = datetime.now(UTC).date().isoformat() if entry.get("dated") else None
            wanted = Wanted(
                source=one.id,
                name=ask.name or ask.address.rpartition("/")[2],
                address=ask.public,
                vintage=str(vintage) or f"as of {day}",
                get=downloading(ask),
                bytes=seen.bytes,
                etag=seen.etag or seen.modified,
                as_of=day or entry.get("as_of"),
                members=entry.get("members"),
            )
            return wanted, missing
    return None, missing
