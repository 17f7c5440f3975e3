"""Each source meets each fault of a line or a server: mended without a trace, or refused in words; never half a file.

The outcome of a pair is `mended` (the bytes are those of an undisturbed fetch), `unmoved` (the fault does not concern such a
source) or the words a planner reads. Which faults must be mended and what the others must say stands in FAULTS.
"""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from fetch.conftest import ACCOUNTS
from fetch.maine_online import BY_NAME, SOURCES, zipped
from fetch.standin import MAINTENANCE, Answer, Asked, Standin
from infraplan import publishers, states
from infraplan.asks import Limits
from infraplan.cli.arriving import loaders
from infraplan.downloads import Cache
from infraplan.errors import InfraplanError
from infraplan.fetch import Http
from infraplan.publishers import Place, errands
from infraplan.workspace import Workspace

EVERY = sorted([*SOURCES, *BY_NAME])
LIMITS = Limits(spare_bytes=0, connect_seconds=2, read_seconds=2, trickle_seconds=1, least_bytes=1_000)
IMPATIENT = replace(LIMITS, trickle_seconds=0.05)  # where the drip is the fault; elsewhere a busy computer is none
MENDED, UNMOVED = "mended", "unmoved"

# a column or field without which the source cannot be read, to be renamed on its way here
NEEDED = {
    "census_acs": b"GEO_ID", "census_block_districts": b"BLOCKID", "census_saipe": b"District ID",
    "census_tiger_districts": b"GEOID", "census_tiger_legislative": b"GEOID", "census_tiger_tracts": b"GEOID",
    "fcc_bdc_fixed": b"location_id", "fcc_bdc_summary": b"geography_id", "fcc_funding_map": b"location_id",
    "fcc_served_export": b"any_dl100_ul20", "nces_ccd_lea": b"LEAID", "nces_ccd_membership": b"TOTAL_INDICATOR",
    "nces_ccd_school": b"NCESSCH", "nces_edge_districts": b"GEOID", "nces_edge_schools": b"MEMBER", "oer_bccampus": b"name",
    "oer_case": b"CFItems", "oer_doab": b"dc.title", "oer_libretexts": b"publication_title",
    "oer_open_textbook_library": b"license", "oer_openstax": b"license_name", "urban_ccd_enrollment": b"leaid",
    "urban_ccd_lea": b"lea_name", "urban_ccd_school": b"ncessch", "usac_applicant_sites": b"par_entity_ben",
    "usac_applications": b"application_number", "usac_c2_spending": b"c2_budget_cycle",
    "usac_disbursements": b"approved_inv_line_amt",
    "usac_entities": b"category_one_discount_rate", "usac_line_recipients": b"ros_entity_number",
    "usac_request_lines": b"form_471_line_item_number", "usac_requests": b"dis_pct", "usac_site_speeds": b"application_number",
}  # fmt: skip

Spoil = Callable[[Asked, Answer], Answer]
Best = tuple[dict[str, str], dict[str, int], str]  # files, tables, and the path asked last


@dataclass
class Scene:
    """One source at a server, with a workspace and cache of its own."""

    source: str
    standin: Standin
    room: Path
    naps: list[float] = field(default_factory=list)
    limits: Limits = LIMITS

    def fetch(self) -> tuple[dict[str, str], str]:
        """What the cache holds of the source afterwards (name -> SHA-256), and what was said if it was refused."""
        place = Place(state=states.by_usps("ME"), funding_year=2026, environ=ACCOUNTS, hosts=self.standin.hosts())
        folder = self.room / "cache"
        folder.mkdir(exist_ok=True)
        here = Workspace.create(self.room / "plan", state="ME", funding_year=2026)
        said: list[str] = []
        with Http(Cache(folder), limits=self.limits, sleep=self.naps.append, told=said.append) as http:
            plans = list(errands.planned([publishers.fetchable()[self.source]], place, http))
            try:
                errands.bring(plans, here, http, loaders())
                words = ""
            except InfraplanError as why:
                words = str(why)
        return kept(folder), words

    def tables(self) -> dict[str, int]:
        """Rows by table in the workspace."""
        return {part.table: part.rows for part in Workspace.open(self.room / "plan").catalog}


def kept(folder: Path) -> dict[str, str]:
    """Every whole file of a cache by its address, with what it holds."""
    found = {}
    for path in (folder / "index").glob("*.json"):
        about = json.loads(path.read_text(encoding="utf-8"))
        content = folder / "objects" / about["sha256"][:2] / about["sha256"]
        assert hashlib.sha256(content.read_bytes()).hexdigest() == about["sha256"]
        found[about["address"]] = about["sha256"]
    return found


@pytest.fixture(scope="module")
def undisturbed(server: Standin, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Best]:
    """Of each source: its files, its tables, and the path asked last, where nothing goes wrong."""
    best = {}
    for source in EVERY:
        server.reset()
        scene = Scene(source, server, tmp_path_factory.mktemp(source))
        files, words = scene.fetch()
        assert not words, f"{source}: {words}"
        last = [one.path for one in server.asked if one.method == "GET"][-1]
        best[source] = (files, scene.tables(), last)
    return best


# --- faults -----------------------------------------------------------------------------------------------------------


def times(count: int, spoil: Spoil) -> Spoil:
    """A fault that happens so many times to a path and then no more."""
    seen: dict[str, int] = {}

    def some(asked: Asked, answer: Answer) -> Answer:
        seen[asked.path] = seen.get(asked.path, 0) + 1
        return spoil(asked, answer) if seen[asked.path] <= count else answer

    return some


def moved(asked: Asked, answer: Answer, base: str) -> Answer:
    """A redirect to the same thing, asked for again there with a word that tells it apart."""
    if "moved" in asked.query or answer.status in (204, 304):
        return answer
    words = urlencode({**asked.query, "moved": "1"})  # with the key, if one was asked with: servers do so
    return Answer(b"", 302, {"Location": f"{base}{asked.path}?{words}"})


def wrong_sum(answer: Answer) -> Answer:
    """The checksum of something else."""
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    return replace(answer, headers={**answer.headers, "Repr-Digest": f"sha-256=:{other}:"})


def bomb(answer: Answer) -> Answer:
    """An archive with the first of its names, which unpacks to 110 megabytes of zeros, from a hundred kilobytes."""
    if not answer.body.startswith(b"PK"):
        return answer
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        names = archive.namelist()
    return replace(answer, body=packed_zeros(names[0]), headers={"Content-Type": "application/zip"})


def packed_zeros(name: str, made: dict[str, bytes] = {}) -> bytes:  # noqa: B006 - made once for each name
    """A zip of zeros under a name."""
    if name not in made:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
            for _ in range(110):
                member.write(bytes(1_000_000))
        made[name] = out.getvalue()
    return made[name]


def renamed(source: str, answer: Answer) -> Answer:
    """A needed column under another name of the same length, inside an archive too."""
    old = NEEDED[source]
    new = b"zq" + old[2:-1] + b"z"
    body = answer.body
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = zipped({name: archive.read(name).replace(old, new) for name in archive.namelist()})
    else:
        body = re.sub(rb"(?<![\w.])" + re.escape(old) + rb"(?![\w.])", new, body)
    return replace(answer, body=body, headers={name: text for name, text in answer.headers.items() if name != "ETag"})


FAULTS: Mapping[str, tuple[Callable[[Scene, str], Spoil], str]] = {
    "throttled (429, Retry-After)": (lambda *_: times(2, lambda *_: Answer(b"", 429, {"Retry-After": "7"})), MENDED),
    "busy (503)": (lambda *_: times(3, lambda *_: Answer(b"busy", 503)), MENDED),
    "never recovers (500)": (lambda *_: lambda *_: Answer(b"", 500), "tries"),
    "connection reset": (lambda *_: times(2, lambda *_: Answer(reset=True)), MENDED),
    "cut in the middle": (
        lambda *_: times(2, lambda _, answer: replace(answer, cut=len(answer.body) // 2)),
        MENDED,
    ),
    "cut, and no length told": (
        lambda *_: times(2, lambda _, answer: replace(answer, cut=len(answer.body) // 2, chunked=True)),
        MENDED,
    ),
    "slow drip": (lambda *_: times(1, lambda _, answer: replace(answer, drip=0.015)), MENDED),
    "web page in place of data": (lambda *_: lambda *_: MAINTENANCE, "Down for scheduled maintenance|sitemap|not JSON"),
    "web page that says it is data": (
        lambda *_: lambda *_: replace(MAINTENANCE, headers={"Content-Type": "application/octet-stream"}),
        "Down for scheduled maintenance|sitemap|not JSON",
    ),
    "wrong checksum": (lambda *_: lambda _, answer: wrong_sum(answer), "does not have the checksum"),
    "redirect": (lambda scene, _: lambda asked, answer: moved(asked, answer, scene.standin.base), MENDED),
    "redirect to another host": (
        lambda scene, _: lambda asked, answer: moved(asked, answer, scene.standin.base.replace("127.0.0.1", "localhost")),
        f"{MENDED}|account|401|key",
    ),
    "redirect in a circle": (lambda *_: lambda asked, _: Answer(b"", 302, {"Location": asked.path}), "in a circle"),
    "zip bomb": (lambda *_: lambda _, answer: bomb(answer), f"{UNMOVED}|unpacks to|{MENDED}"),
    "needed column renamed": (lambda scene, _: lambda _, answer: renamed(scene.source, answer), "zq|lacks|no column|record"),
    "clock of 2001": (
        lambda *_: lambda _, answer: replace(answer, headers={**answer.headers, "Date": "Mon, 01 Jan 2001 00:00:00 GMT"}),
        MENDED,
    ),
}  # fmt: skip


def outcome(scene: Scene, fault: str, best: Best) -> str:
    """Fetch under a fault; `mended`, or what a planner reads. Fails where anything half or foreign was kept."""
    files, tables, last = best
    make, _ = FAULTS[fault]
    spoil = make(scene, last)
    every = "redirect to" not in fault
    scene.standin.spoil = lambda asked, answer: (
        spoil(asked, answer) if asked.method == "GET" and (every or asked.path == last) else answer
    )
    found, words = scene.fetch()
    if not words:
        assert scene.tables() == tables, "what was fetched must make the tables of an undisturbed fetch"
        assert set(found) == set(files)
        return MENDED if found == files else UNMOVED
    for address, content in found.items():
        assert files.get(address) == content or fault in ("zip bomb", "needed column renamed"), "a half file was kept"
    for table, rows in scene.tables().items():
        assert tables[table] == rows, "half a table was kept"
    return words


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("source", EVERY)
def test_a_fault_is_mended_or_told_in_words(
    source: str,
    fault: str,
    standin: Standin,
    tmp_path: Path,
    undisturbed: dict[str, Best],
) -> None:
    scene = Scene(source, standin, tmp_path, limits=IMPATIENT if fault == "slow drip" else LIMITS)
    seen = outcome(scene, fault, undisturbed[source])
    assert re.search(FAULTS[fault][1], seen), seen
    assert not [name for name, value in ACCOUNTS.items() if value in seen], "a credential was told"
    if seen not in (MENDED, UNMOVED):
        assert "mend:" in seen
        assert "Traceback" not in seen
    if fault.startswith("throttled"):
        assert 7.0 in scene.naps
    if fault == "slow drip":
        assert scene.limits.first_pause in scene.naps, "the drip was waited for"
    if fault == "redirect to another host":
        abroad = [one for one in standin.asked if one.headers.get("Host", "").startswith("localhost")]
        told: list[Any] = [value for one in abroad for value in (*one.headers.values(), *one.query.values())]
        assert abroad
        assert not set(ACCOUNTS.values()) & set(told), "a credential went to another host"


@pytest.mark.parametrize("source", EVERY)
def test_a_flipped_bit_in_the_cache_is_never_read_as_data(
    source: str, standin: Standin, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    scene = Scene(source, standin, tmp_path)
    scene.fetch()
    for path in (tmp_path / "cache" / "objects").rglob("*"):
        if path.is_file():
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
    assert scene.fetch() == (undisturbed[source][0], "")
    assert scene.tables() == undisturbed[source][1]


@pytest.mark.parametrize("source", EVERY)
def test_a_full_disk_is_told_and_leaves_nothing(source: str, standin: Standin, tmp_path: Path) -> None:
    scene = Scene(source, standin, tmp_path, limits=replace(LIMITS, spare_bytes=1 << 60))
    files, words = scene.fetch()
    assert "are free at" in words
    assert "INFRAPLAN_CACHE" in words
    assert files == {}
    assert scene.tables() == {}
    assert not [path for path in (tmp_path / "cache" / "parts").rglob("*.part") if path.is_file()]
