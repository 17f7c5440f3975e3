"""What changed at the publishers since a workspace's files were loaded: asked of each, nothing large fetched.

Each source is planned as for a fetch (listings, metadata, HEAD) and held against its receipts and against how its interface
looked when it was fetched. Some publishers are also asked whether there is more than this version of infraplan knows of. A
publisher that does not answer is told apart: that says nothing about its data.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from infraplan import arrivals
from infraplan.asks import Ask, NoCredential, NotFetched, NotPublished, SourceChanged
from infraplan.errors import InfraplanError
from infraplan.fetch import Http
from infraplan.publishers import ColumnsLost, Fetchable, Place, Plan, Portrait, Wanted, arcgis, plan
from infraplan.receipts import Receipt
from infraplan.wholefiles import write_json
from infraplan.workspace import Workspace

SAME, NEWER, CHANGED = "same", "newer release", "changed since"
RENAMED, MISSING, NEW = "column renamed", "column missing", "column new"
MOVED, LAYER, RIGHTS, GONE = "address moved", "layer renamed", "license text changed", "no longer published"
UNREACHABLE, ACCOUNT, OTHER, BY_HAND = "unreachable", "account missing", "interface changed", "only by hand"
NOT_ASKED = (UNREACHABLE, ACCOUNT)
_DATE = re.compile(r"(?:19|20)\d{2}(?:-\d{2}-\d{2})?(?!\d)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Finding:
    """One thing found at a publisher: what it concerns, and the loaded beside the published."""

    source: str
    change: str
    what: str
    loaded: str = ""
    published: str = ""
    mend: str = ""

    def words(self) -> str:
        """One line for people."""
        sides = f": {self.loaded or 'none'} -> {self.published or 'none'}" if self.loaded or self.published else ""
        return f"{self.source}: {self.change}, {self.what}{sides}" + (f"; {self.mend}" if self.mend else "")


COLUMNS = [each.name for each in fields(Finding)]


def watched(workspace: Workspace, known: Sequence[Fetchable]) -> tuple[list[Fetchable], list[Finding]]:
    """The sources that the workspace has files of and that can be asked, and a finding for each that cannot."""
    here = {receipt.source for receipt in workspace.receipts()}
    asked = [one for one in known if one.id in here]
    rest = here - {one.id for one in asked}
    return asked, [
        Finding(name, BY_HAND, "has no interface to ask", mend=f"look at {arrivals.sources()[name].landing}")
        for name in sorted(rest)
        if name in arrivals.sources() and arrivals.sources()[name].landing
    ]


def look(one: Fetchable, place: Place, http: Http, workspace: Workspace) -> list[Finding]:
    """What one publisher says now, beside what is loaded; a finding `same` where nothing differs."""
    moved_before = dict(http.moved)
    try:
        found = plan(one, place, http)
    except ColumnsLost as why:
        return list(_columns_lost(one, why))
    except NoCredential as why:
        return [Finding(one.id, ACCOUNT, "cannot be asked", mend=_mend(why))]
    except NotPublished as why:
        return [Finding(one.id, GONE, _head(why), mend=_mend(why))]
    except SourceChanged as why:
        return [Finding(one.id, OTHER, _head(why), mend=_mend(why))]
    except NotFetched as why:
        told = "which does not mean that anything changed; try again later"
        return [Finding(one.id, UNREACHABLE, _head(why), mend=told)]
    findings = [
        *_releases(one, found, http, workspace),
        *_portrait(one, found.portrait, remembered(workspace, one)),
        *_ahead(one, place, http),
        *_moved(one, {old: new for old, new in http.moved.items() if old not in moved_before}),
    ]
    return findings or [Finding(one.id, SAME, _unmarked(one, found))]


def remember(workspace: Workspace, one: Fetchable, portrait: Portrait) -> None:
    """Keep how a publisher's interface looked when its files were fetched."""
    path = _memory(workspace, one)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(portrait))


def remembered(workspace: Workspace, one: Fetchable) -> Portrait | None:
    """How the interface looked then; None where the files came by hand or the note was spoiled."""
    try:
        told: dict[str, Any] = json.loads(_memory(workspace, one).read_text(encoding="utf-8"))
        return Portrait(columns=tuple(told["columns"]), license=str(told["license"]), name=str(told["name"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- comparisons ----------------------------------------------------------------------------------------------------


def _releases(one: Fetchable, found: Plan, http: Http, workspace: Workspace) -> Iterator[Finding]:
    """Files published now that are newer than the loaded, or changed under the same address."""
    receipts = [receipt for receipt in workspace.receipts() if receipt.source == one.id]
    newest = max((receipt.as_of or "" for receipt in receipts), default="")
    for wanted in found.wanted:
        mine = [receipt for receipt in receipts if wanted.address == receipt.address]
        same_name = mine or [receipt for receipt in receipts if receipt.file == wanted.name]
        if _is_newer(wanted, newest) and not same_name:
            mend = f"infraplan data fetch {one.id}"
            yield Finding(one.id, NEWER, wanted.name, newest, wanted.vintage, mend)
        elif mine and (told := _changed(wanted, mine[-1], http)):
            yield Finding(one.id, CHANGED, wanted.name, *told, "infraplan data fetch --update")
        elif not same_name and wanted.as_of and (wanted.as_of == newest or one.settings["by"] == "case"):
            what = f"{wanted.name}, " + ("of the same release" if wanted.as_of == newest else "not loaded yet")
            yield Finding(one.id, NEWER, what, "", wanted.vintage, "infraplan data fetch --update")


def _is_newer(wanted: Wanted, loaded: str) -> bool:
    """Whether a file speaks for a later date than the newest loaded, compared as far as both tell it."""
    told = _DATE.search(wanted.as_of or "") or _DATE.search(wanted.vintage)
    if told is None or not loaded:
        return told is not None
    length = min(len(told[0]), len(loaded))
    return told[0][:length] > loaded[:length]


def _changed(wanted: Wanted, receipt: Receipt, http: Http) -> tuple[str, str] | None:
    """How a file under the same address differs from the loaded: rows, size or mark; None where nothing tells so."""
    known = http.cache.known(wanted.address) or {}
    daily = wanted.version is not None and _DAY.fullmatch(wanted.version) is not None
    if wanted.version and known.get("version") and not daily:
        if wanted.version == known["version"]:
            return None
        issue = f", revision {receipt.revision}" if receipt.revision else ""
        return f"{receipt.as_of or known['version']}{issue}", wanted.vintage
    if wanted.rows is not None and receipt.rows_read and wanted.rows != receipt.rows_read:
        return f"{receipt.rows_read:,} rows", f"{wanted.rows:,} rows"
    if wanted.bytes is not None and known and wanted.bytes != known["bytes"]:
        return f"{known['bytes']:,} bytes", f"{wanted.bytes:,} bytes"
    mark = known.get("etag") or known.get("modified")
    if wanted.etag and mark and wanted.etag != mark:
        return f"mark {mark}", f"mark {wanted.etag}"
    return None


def _unmarked(one: Fetchable, found: Plan) -> str:
    """What `same` cannot promise, in words."""
    if one.settings["by"] == "files" and not any("{vintage" in entry["address"] for entry in one.settings["file"]):
        return f"the file is as loaded; a release under another name would be seen only at {one.source.landing}"
    if any(wanted.rows is None and _DAY.fullmatch(wanted.version or "") for wanted in found.wanted):
        return "answers as before; its list carries no mark of change, `infraplan data fetch --update` reads it anew"
    return "nothing newer is published"


def _portrait(one: Fetchable, now: Portrait, then: Portrait | None) -> Iterator[Finding]:
    """Columns that came, went or were renamed, another name of the layer, other words on rights."""
    if then is None:
        return
    went = [name for name in then.columns if name not in now.columns]
    came = [name for name in now.columns if name not in then.columns]
    yield from _renames(one, went, came)
    if then.name and now.name and then.name != now.name:
        yield Finding(one.id, LAYER, "the layer or dataset has another name", then.name, now.name)
    if then.license != now.license and (then.license or now.license):
        mend = f"read it at {one.source.landing} before publishing"
        yield Finding(one.id, RIGHTS, "what the publisher says of rights", then.license, now.license, mend)


def _renames(one: Fetchable, went: Sequence[str], came: Sequence[str]) -> Iterator[Finding]:
    left = list(came)
    for name in went:
        alike = get_close_matches(name.lower(), [each.lower() for each in left], n=1, cutoff=0.6)
        other = next((each for each in left if alike and each.lower() == alike[0]), None)
        mend = f"correct data/sources/{one.id}.toml if it is used"
        if other is None:
            yield Finding(one.id, MISSING, name, mend=mend)
        else:
            left.remove(other)
            yield Finding(one.id, RENAMED, f"{name}, perhaps", name, other, mend)
    for name in left:
        yield Finding(one.id, NEW, name)


def _columns_lost(one: Fetchable, why: ColumnsLost) -> Iterator[Finding]:
    found = [each for each in _renames(one, why.missing, why.new) if each.change != NEW]
    yield from found


def _ahead(one: Fetchable, place: Place, http: Http) -> Iterator[Finding]:
    """Releases that this version of infraplan does not know by name yet."""
    try:
        for what, published in _beyond(one, place, http):
            mend = f"add it to data/sources/{one.id}.toml, or download it at {one.source.landing} and `infraplan data add` it"
            yield Finding(one.id, NEWER, what, "", published, mend)
    except NotFetched:
        return  # the publisher answered what matters; that there is more to know could not be learned


def _beyond(one: Fetchable, place: Place, http: Http) -> Iterator[tuple[str, str]]:
    if one.settings["by"] == "arcgis":
        known = [str(each["name"]) for each in one.settings["services"]]
        alike = re.compile(re.sub(r"\d{4}$", r"\\d{4}", known[0]))
        for name in arcgis.services(one, place, http):
            if alike.fullmatch(name) and name > max(known):
                yield f"service {name}", name[-4:]
    elif one.settings["by"] == "census_acs":
        year = str(int(max(one.settings["vintages"])) + 1)
        if _is_there(http, place.address(f"{one.settings['base']}/data/{year}/acs/acs5.json"), one):
            yield "five-year estimates", year
    elif one.settings["by"] == "files":
        for entry in one.settings["file"]:
            years = entry.get("vintages", one.settings.get("vintages", []))
            if "{vintage" not in entry["address"] or not all(re.fullmatch(r"\d{4}", str(year)) for year in years):
                continue
            year = str(int(max(map(str, years))) + 1)
            address = place.fill(entry["address"], vintage=year, vintage2=year[2:])
            if not entry.get("optional") and _is_there(http, place.address(address), one):
                yield address.rpartition("/")[2], year


def _is_there(http: Http, address: str, one: Fetchable) -> bool:
    try:
        http.look(Ask(address=address, pause=one.pause))
    except NotPublished:
        return False
    return True


def _moved(one: Fetchable, moved: dict[str, str]) -> Iterator[Finding]:
    for old, new in moved.items():
        yield Finding(one.id, MOVED, "the server says for good", old, new, f"correct data/sources/{one.id}.toml")


def _memory(workspace: Workspace, one: Fetchable) -> Path:
    return workspace.data / "publishers" / f"{one.id}.json"


def _head(why: InfraplanError) -> str:
    return str(why).splitlines()[0]


def _mend(why: InfraplanError) -> str:
    return str(why).partition("mend:")[2].strip()
