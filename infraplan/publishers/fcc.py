"""FCC: the public data API of the Broadband Data Collection, and the Broadband Funding Map.

Account name and token go in two request headers; ten calls a minute. An answer is an envelope with `data`; a failure may
come with success outside (`status: fail` inside). A release is known by its as-of date, and may be issued again: the
date at the end of a file's name is its revision. Public Data API Specifications, revision 1.6.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infraplan import archives
from infraplan.arrivals import bdc_dates
from infraplan.asks import Ask, NotFetched, NotPublished, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Again, Http
from infraplan.publishers import Fetchable, Place, Plan, Wanted, downloading

_BUSY = {408, 429, 500, 502, 503, 504}
_ISSUED = re.compile(r"_\d{2}[a-z]{3}\d{4}.*$", re.IGNORECASE)


def plan_bdc(one: Fetchable, place: Place, http: Http) -> Plan:
    """The files of one release: the newest, or that of `place.as_of`; of several revisions the last.

    Raises NotPublished if that release is not listed or has nothing of the state.
    """
    base, headers = _door(one, place)
    dates = _listing(http, one, f"{base}/api/public/map/listAsOfDates", headers)
    releases = sorted({str(row["as_of_date"])[:10] for row in dates if row.get("data_type") == "availability"})
    release = place.as_of or (releases[-1] if releases else "")
    if release not in releases:
        raise NotPublished(f"the FCC lists no release {release}\n  mend:  use one of {', '.join(releases[-6:])}")
    asked = {key: one.settings[key] for key in ("category", "subcategory", "technology_type") if key in one.settings}
    address = f"{base}/api/public/map/downloads/listAvailabilityData/{release}"
    rows = [row for row in _listing(http, one, address, headers, asked) if _is_wanted(row, one, place)]
    if not rows:
        raise NotPublished(
            f"the release of {release} lists no {one.settings['subcategory']} file for {place.state.name}\n"
            f"  mend:  ask for an earlier release with --as-of {(['', *releases])[-2] or 'DATE'}"
        )
    nationwide = [row for row in rows if not row.get("state_fips")]
    rows = nationwide or rows  # a national file holds what those by state hold
    newest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: bdc_dates(str(row["file_name"]))[1] or ""):
        newest[_issued_again(row)] = row
    wanted = [_wanted(one, row, release, base, headers) for row in newest.values()]
    older = len(rows) - len(newest)
    notes = [f"{older} earlier revisions of the same release are listed and left"] if older else []
    return Plan(wanted=tuple(sorted(wanted, key=lambda file: file.name)), notes=tuple(notes))


def _is_wanted(row: Mapping[str, Any], one: Fetchable, place: Place) -> bool:
    kind = str(row.get("file_type") or "csv").lower()
    state = str(row.get("state_fips") or "").zfill(2)
    technology = str(row.get("technology_type") or "Fixed Broadband")
    own = state == place.state.fips or (not one.settings.get("by_state", True) and not row.get("state_fips"))
    asked = all(row.get(key) in (None, one.settings[key]) for key in ("category", "subcategory"))
    return kind == "csv" and own and asked and technology == "Fixed Broadband"


def _issued_again(row: Mapping[str, Any]) -> str:
    """What the revisions of one file share: the technology, where a file has one, and the name without its last date."""
    code = row.get("technology_code")
    return f"{'' if code is None else code} {_ISSUED.sub('', str(row['file_name']))}"


def _wanted(one: Fetchable, row: Mapping[str, Any], release: str, base: str, headers: Mapping[str, str]) -> Wanted:
    name = str(row["file_name"]).removesuffix(".zip") + ".zip"
    ask = Ask(
        address=f"{base}/api/public/map/downloads/downloadFile/availability/{row['file_id']}",
        headers=headers,
        name=name,
        kind="zip",
        pause=one.pause,
        version=name,
    )
    revision = bdc_dates(name)[1]
    return Wanted(
        source=one.id,
        name=name,
        address=ask.public,
        vintage=f"{release}, revision {revision}" if revision else release,
        get=downloading(ask),
        rows=_count(row.get("record_count")),
        as_of=release,
        version=name,
    )


def plan_funding(one: Fetchable, place: Place, http: Http) -> Plan:
    """Locations with an enforceable commitment: the state's files by program, put together as location and program.

    Raises NotPublished if none is listed for the state.
    """
    base, headers = _door(one, place)
    rows = _listing(http, one, f"{base}/api/public/fundingmap/downloads/listFundingData", headers)
    own = [
        row
        for row in rows
        if row.get("category") == one.settings["category"]
        and str(row.get("state_fips") or "").zfill(2) == place.state.fips
    ]
    own.sort(key=lambda row: (str(row.get("program_name")), str(row["file_id"])))
    if not own:
        raise NotPublished(
            f"the funding map lists no {one.settings['category']} file for {place.state.name}\n"
            f"  mend:  add your own list with columns location_id and program, or see {one.source.landing}"
        )
    asks = [
        Ask(
            address=f"{base}/api/public/fundingmap/downloads/downloadFile/{row['file_id']}",
            headers=headers,
            name=f"{str(row['file_name']).removesuffix('.zip')}.zip",
            kind="zip",
            pause=one.pause,
            version=str(row["file_name"]),
        )
        for row in own
    ]
    whole = Ask(
        address=f"{base}/api/public/fundingmap/downloads/listFundingData",
        params={"state_fips": place.state.fips, "category": one.settings["category"]},
        headers=headers,
        name=f"funded_locations_{place.state.usps}.csv",
        version=" ".join(str(row["file_name"]) for row in own),
    )
    programs = [str(row.get("program_name") or "not named") for row in own]
    counts = [_count(row.get("record_count")) for row in own]

    def get(http: Http) -> Kept:
        lines = _Lines(http, asks, programs)
        return http.assembled(whole, lambda: iter(lines), lambda: lines.rows)

    return Plan(
        wanted=(
            Wanted(
                source=one.id,
                name=whole.name or "",
                address=whole.public,
                vintage="current",
                get=get,
                as_of=datetime.now(UTC).date().isoformat(),  # the funding map has no dates of its own
                version=whole.version,
                rows=None if None in counts else sum(count or 0 for count in counts),
            ),
        ),
        notes=(f"{len(own)} programs: {', '.join(programs)}",),
    )


class _Lines:
    """The lines of `location_id,program` out of several archives, in order; `rows` counts them as they pass."""

    def __init__(self, http: Http, asks: list[Ask], programs: list[str]) -> None:
        self.http, self.asks, self.programs, self.rows = http, asks, programs, 0

    def __iter__(self) -> Iterator[bytes]:
        yield b"location_id,program\n"
        for ask, program in zip(self.asks, self.programs, strict=True):
            kept = self.http.download(ask)
            with archives.opened(kept.path) as archive:
                for member in archives.members(archive):
                    if member.lower().endswith(".csv"):
                        yield from self._of(archive, member, program, ask)

    def _of(self, archive: zipfile.ZipFile, member: str, program: str, ask: Ask) -> Iterator[bytes]:
        with archive.open(member) as packed:
            reader = csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8-sig", newline=""))
            if "location_id" not in (reader.fieldnames or ()):
                raise SourceChanged(
                    f"{ask.name} has no column location_id\n  where: {ask.public}\n"
                    f"  mend:  it has: {', '.join(reader.fieldnames or ())[:200]}"
                )
            for row in reader:
                self.rows += 1
                line = io.StringIO()
                csv.writer(line, lineterminator="\n").writerow([row["location_id"], program])
                yield line.getvalue().encode()


# --- parts ----------------------------------------------------------------------------------------------------------


def _door(one: Fetchable, place: Place) -> tuple[str, dict[str, str]]:
    """The base address and the two headers of the account."""
    return place.address(one.settings["base"]), one.credentials(place)


def _listing(
    http: Http, one: Fetchable, address: str, headers: Mapping[str, str], params: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    ask = Ask(address=address, headers=headers, params=params or {}, pause=one.pause)

    def judge(told: Any) -> None:  # noqa: ANN401
        if not isinstance(told, dict) or str(told.get("status", "")).lower() == "fail" or "data" not in told:
            words = str(told.get("message") or told.get("status") if isinstance(told, dict) else "no envelope")
            if isinstance(told, dict) and told.get("status_code") in _BUSY:
                raise Again(f"the FCC answered {told['status_code']} inside: {words}")
            raise NotFetched(f"the FCC refused: {http.clean(words)}\n  where: {ask.public}\n  mend:  check the account")

    if ask.public not in http.heard:  # ten calls a minute: several sources share a list
        http.heard[ask.public] = http.json(ask, judge)["data"] or []
    rows = http.heard[ask.public]
    if not all(isinstance(row, dict) for row in rows):
        raise SourceChanged(f"the FCC's list is not a list of records\n  where: {ask.public}")
    return list(rows)


def _count(told: object) -> int | None:
    text = str(told if told is not None else "").replace(",", "").strip()
    return int(text) if text.isdigit() else None
