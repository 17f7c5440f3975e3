"""Errands: what is fetched for a workspace, source by source; each file goes through the same loaders as one added by hand.

A source that fails is told of and the others go on. What was planned is written beside the cache, so that `--offline`
can do the same again from what is there.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infraplan import archives, intake, standing
from infraplan.arrivals import Source, sources
from infraplan.asks import Ask, NotCached, NotFetched
from infraplan.errors import InfraplanError
from infraplan.fetch import Http
from infraplan.intake import Loader, Taken
from infraplan.publishers import Fetchable, Place, Plan, Wanted, downloading, fetchable, plan, watch
from infraplan.wholefiles import write_json
from infraplan.workspace import Workspace

_REMEMBERED = ("source", "name", "address", "vintage", "bytes", "rows", "as_of", "members", "version")


_NOBODY = (
    "no publisher answered at all: there may be no network here, or one that wants its proxy named\n"
    "  mend:  set HTTPS_PROXY if your office has a proxy; or fetch on another computer with INFRAPLAN_CACHE on a disk that you "
    "bring here, and give --offline"
)


class Unfinished(NotFetched):
    """Some sources could not be fetched; the message tells each, and what was got."""


@dataclass(frozen=True)
class Planned:
    """A source's plan, or why there is none."""

    one: Fetchable
    plan: Plan | None
    refusal: InfraplanError | None = None


def planned(chosen: Sequence[Fetchable], place: Place, http: Http) -> Iterator[Planned]:
    """Each source's plan as it is made; offline, the plan last made for this state."""
    for one in chosen:
        try:
            found = _recalled(one, place, http) if http.offline else plan(one, place, http)
        except InfraplanError as why:
            yield Planned(one, None, why)
            continue
        if not http.offline:
            write_json(_memory(one, place, http), [_record(wanted) for wanted in found.wanted])
        yield Planned(one, found)


def outline(plans: Sequence[Planned], workspace: Workspace, http: Http) -> list[dict[str, Any]]:
    """One record for each file planned: what it is, how large, whether it is here already, and where it comes from."""
    return [
        {
            "source": wanted.source,
            "file": wanted.name,
            "vintage": wanted.vintage,
            "rows": wanted.rows,
            "bytes": wanted.bytes,
            "here": _here(wanted, workspace, http),
            "address": wanted.address,
        }
        for each in plans
        if each.plan is not None
        for wanted in each.plan.wanted
    ]


def bring(
    plans: Sequence[Planned],
    workspace: Workspace,
    http: Http,
    loaders: Mapping[str, Loader],
    *,
    told: Callable[[Taken], None] = lambda _: None,
) -> list[Taken]:
    """Fetch what is planned and add each file; raises Unfinished at the end if any source failed."""
    taken: list[Taken] = []
    refused = [(each.one, each.refusal) for each in plans if each.refusal is not None]
    for each in plans:
        failed = len(refused)
        for wanted in each.plan.wanted if each.plan is not None else ():
            try:
                taken += _bring_one(wanted, workspace, http, loaders, told)
            except InfraplanError as why:
                refused.append((each.one, why))
        if each.plan is not None and len(refused) == failed and not http.offline:
            watch.remember(workspace, each.one, each.plan.portrait)
    if refused:
        raise Unfinished(_told_together(refused, len(plans), http))
    return taken


def refuse_unplanned(plans: Sequence[Planned], http: Http) -> None:
    """Raise Unfinished if any source has no plan, telling each."""
    refused = [(each.one, each.refusal) for each in plans if each.refusal is not None]
    if refused:
        raise Unfinished(_told_together(refused, len(plans), http))


def loaded(workspace: Workspace, chosen: Sequence[Fetchable]) -> list[Fetchable]:
    """Of some sources, those that the workspace has files of: what `--update` asks about."""
    here = {receipt.source for receipt in workspace.receipts()}
    return [one for one in chosen if one.id in here]


def needed(
    workspace: Workspace, chosen: Sequence[Fetchable], named: Sequence[str]
) -> tuple[list[Fetchable], list[str]]:
    """Of the sources of `--all` those that are not answered already by a file from elsewhere, and why others are left.

    A source that was `named` stays. Which table settles it stands in the source's `unless_loaded`.
    """
    kept, words = [], []
    for one in chosen:
        table = one.settings.get("unless_loaded")
        others = (
            {receipt.file for receipt in workspace.receipts_of(table) if receipt.source != one.id} if table else set()
        )
        if one.id in named or not others:
            kept.append(one)
        else:
            words.append(f"{one.id}: left, {table} is loaded from {', '.join(sorted(others))}")
    return kept, words


def only_by_name(workspace: Workspace, named: Sequence[str]) -> list[str]:
    """The sources that `--all` leaves, each with why; those `named`, or loaded already, are not told."""
    here = {*named, *(receipt.source for receipt in workspace.receipts())}
    return [
        f"{one.id}: left, {one.by_name}; `infraplan data fetch {one.id}` brings it"
        for one in fetchable().values()
        if one.by_name and one.id not in here
    ]


def unanswered(workspace: Workspace) -> list[str]:
    """After everything was fetched: what a workspace still cannot answer, which table it lacks, and where that comes from.

    A table that no source can fetch is the state's own, or its publisher has no interface; both are said.
    """
    by_table: dict[str, list[Source]] = {}
    for source in sources().values():
        for table in source.tables:
            by_table.setdefault(table, []).append(source)
    lines = []
    for one in standing.capabilities():
        for group in one.missing(workspace):
            ways = [
                f"infraplan data fetch {source.id}"
                if source.id in fetchable()
                else f"download {source.title} at {source.landing} and `infraplan data add` it"
                for table in group
                for source in by_table.get(table, [])
            ]
            own = f"no publisher has it: add the state's own list as `{group[0]}` with `infraplan data add --columns MAP.toml`"
            lines.append(f"{one.question} needs {' or '.join(group)}: {ways[0] if ways else own}")
    return lines


# --- inside -----------------------------------------------------------------------------------------------------------


def _bring_one(
    wanted: Wanted, workspace: Workspace, http: Http, loaders: Mapping[str, Loader], told: Callable[[Taken], None]
) -> list[Taken]:
    kept = wanted.get(http)
    room = Path(tempfile.mkdtemp(prefix="named-", dir=http.cache.folder))
    try:
        files = _members(wanted, http.cache.named(kept, room), room)
        taken = intake.add(
            workspace, files, loaders, source_id=wanted.source, as_of=wanted.as_of, address=wanted.address, told=told
        )
    finally:
        shutil.rmtree(room, ignore_errors=True)
    came = sum(one.receipt.rows_read for one in taken)
    if wanted.rows is not None and wanted.rows != came:
        http.tell(
            f"{wanted.name}: the publisher lists {wanted.rows:,} rows, {came:,} came; look at the list again before you "
            f"count on it: infraplan data fetch {wanted.source} --dry-run"
        )
    return taken


def _members(wanted: Wanted, path: Path, room: Path) -> list[Path]:
    """The file itself, or the parts of an archive that are wanted; raises NotFetched if none is there."""
    if wanted.members is None:
        return [path]
    with archives.opened(path) as archive:
        names = [name for name in archives.members(archive) if re.search(wanted.members, name)]
        if not names:
            raise NotFetched(f"{wanted.name} holds nothing of {wanted.source}\n  where: {wanted.address}")
        return [archives.unpack(archive, name, room) for name in sorted(names)]


def _here(wanted: Wanted, workspace: Workspace, http: Http) -> str:
    """In a word, where a planned file is: changed at its publisher since, added to the workspace, cached, or not here."""
    known = http.cache.known(wanted.address)
    sizes = (wanted.bytes, known and known["bytes"])
    marks = (wanted.version, known and known.get("version"))
    if known is not None and any(None not in pair and pair[0] != pair[1] for pair in (sizes, marks)):
        return "changed"
    mine = [receipt.file for receipt in workspace.receipts() if receipt.address == wanted.address]
    if wanted.name in mine or (wanted.members is not None and mine):
        return "added"
    return "cached" if known is not None else "no"


def _told_together(refused: Sequence[tuple[Fetchable, InfraplanError]], sources: int, http: Http) -> str:
    failed = len({one.id for one, _ in refused})
    lines = [f"{failed} of {sources} source{'s' if sources > 1 else ''} could not be had"]
    if http.alone and failed > 1:
        lines.append(_NOBODY)
    for one, why in refused:
        text = str(why)
        lines.append(f"{one.id}: {text}")
        if "mend:" not in text:
            lines.append(f"  mend:  download it at {one.source.landing} and `infraplan data add` the file")
    return "\n".join(lines)


def _memory(one: Fetchable, place: Place, http: Http) -> Path:
    folder = http.cache.folder / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{one.id}-{place.state.usps}.json"


def _record(wanted: Wanted) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in _REMEMBERED}


def _recalled(one: Fetchable, place: Place, http: Http) -> Plan:
    try:
        told = json.loads(_memory(one, place, http).read_text(encoding="utf-8"))
        wanted = [
            Wanted(**record, get=downloading(Ask(address=record["address"], name=record["name"]))) for record in told
        ]
    except (OSError, ValueError, TypeError, KeyError):
        raise NotCached(
            f"{one.source.title} was never fetched for {place.state.name} into {http.cache.folder}\n"
            f"  mend:  run once without --offline, or download it at {one.source.landing} and `infraplan data add` it"
        ) from None
    return Plan(wanted=tuple(wanted))


def whole_size(records: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """Of an outline: bytes and rows still to come that the publishers tell, and how many files they tell neither of."""
    coming = [record for record in records if record["here"] in {"no", "changed"}]
    return (
        sum(record["bytes"] or 0 for record in coming),
        sum(record["rows"] or 0 for record in coming),
        sum(record["bytes"] is None and record["rows"] is None for record in coming),
    )
