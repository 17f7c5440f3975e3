"""CASE servers: the adopted frameworks of standards that concern a state, each as the package its publisher gives.

The list of documents comes by `limit` and `offset`; a server that knows neither gives all of them at once. Version 1.0 and
1.1 differ in the path alone as far as codes go. At a server of many publishers only documents that name the state, or a
framework that states share, are taken. `--host opensalt.net=ADDRESS` asks another server.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infraplan.asks import Ask, NotPublished, SourceChanged
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan, Wanted, downloading

_NAMING = ("title", "creator", "publisher")


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """The packages of the state's frameworks; raises NotPublished if the server lists none for it."""
    own = one.settings.get("servers", {}).get(place.state.usps)
    base, documents = _listed(one, place, http, place.address(own or one.settings["server"]))
    adopted = [each for each in documents if each.get("adoptionStatus") in (None, "", *one.settings["status"])]
    wanted = adopted if own else [each for each in adopted if _concerns(each, one, place)]
    if not wanted:
        raise NotPublished(
            f"{one.source.title}: {base} lists {len(documents)} frameworks, none adopted that names {place.state.name}\n"
            "  mend:  ask another server with --host opensalt.net=https://your.server, or `infraplan data add` a package"
        )
    left = len(documents) - len(wanted)
    notes = [f"{len(wanted)} frameworks of {base}"] + ([f"{left} others listed there are left"] if left else [])
    return Plan(wanted=tuple(_wanted(one, place, base, each) for each in wanted), notes=tuple(notes))


def _listed(one: Fetchable, place: Place, http: Http, server: str) -> tuple[str, list[Mapping[str, Any]]]:
    """Where the server answers (of the paths of several versions), and all documents it lists."""
    for path in one.settings["paths"]:
        base = f"{server.rstrip('/')}/{path}"
        try:
            return base, list(_documents(one, place, http, base))
        except NotPublished:
            continue
    raise NotPublished(
        f"{one.source.title}: {server} answers at none of {', '.join(one.settings['paths'])}\n"
        f"  mend:  correct the server in data/sources/{one.id}.toml, or `infraplan data add` a package"
    )


def _documents(one: Fetchable, place: Place, http: Http, base: str) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    rows, offset = int(one.settings["page_rows"]), 0
    while True:
        ask = Ask(
            address=f"{base}/CFDocuments",
            params={"limit": str(rows), "offset": str(offset)},
            headers=one.credentials(place),
            pause=one.pause,
        )
        told = http.json(ask)
        page = told.get("CFDocuments") if isinstance(told, dict) else None
        if not (isinstance(page, list) and all(isinstance(each, dict) and each.get("identifier") for each in page)):
            raise SourceChanged(f"{ask.host} sent something that is not a list of frameworks\n  where: {ask.public}")
        new = [each for each in page if each["identifier"] not in seen]
        seen |= {str(each["identifier"]) for each in new}
        yield from new
        if len(page) != rows or not new:  # fewer: the last page; more, or the same again: a server without pages
            return
        offset += rows


def _concerns(document: Mapping[str, Any], one: Fetchable, place: Place) -> bool:
    text = " ".join(str(document.get(name) or "") for name in _NAMING)
    names = [place.fill(name, state=place.state.name) for name in one.settings["about"]]
    return any(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for name in names)


def _wanted(one: Fetchable, place: Place, base: str, document: Mapping[str, Any]) -> Wanted:
    number, changed = str(document["identifier"]), str(document.get("lastChangeDateTime") or "")
    title = re.sub(r"\W+", "_", str(document.get("title") or "framework")).strip("_")[:60]
    ask = Ask(
        address=f"{base}/CFPackages/{number}",
        headers=one.credentials(place),
        name=f"case_{title}_{number[:8]}.json",
        kind="json",
        pause=one.pause,
        version=changed or None,
    )
    return Wanted(
        source=one.id,
        name=ask.name or "",
        address=ask.public,
        vintage=f"changed {changed[:10]}" if changed else "current",
        get=downloading(ask),
        as_of=changed[:10] or None,
        version=ask.version,
    )
