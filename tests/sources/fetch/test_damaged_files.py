"""Every kind of file, damaged at random: it is read or refused in words, never a traceback, never half a table."""

import io
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetch.maine_online import zipped
from infraplan import intake
from infraplan.cli.data import loaders
from infraplan.errors import InfraplanError
from infraplan.workspace import Workspace

KNOWN = loaders()
CELLS = [
    "",
    "0",
    "-1",
    "9" * 400,
    "NaN",
    "=1+1",
    '"',
    ",",
    "\n",
    "\0",
    "\ufeff",
    "ÿ",
    "1e999",
    "2026-13-45",
    "inf",
    "<b>",
]


@pytest.fixture(scope="module")
def originals(fetched_once: Path) -> list[tuple[str, bytes]]:
    """Every fetched file by name."""
    cache = fetched_once / "data" / "cache"
    found = []
    for path in sorted((cache / "index").glob("*.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        found.append((about["name"], (cache / "objects" / about["sha256"][:2] / about["sha256"]).read_bytes()))
    assert len(found) >= 15
    return sorted(found)


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """A content with bytes changed, cut out, doubled, or with a cell in place of another."""
    spoiled = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(spoiled) - 1)))
        how = draw(st.sampled_from(["flip", "cut", "end", "double", "cell", "cell", "cell"]))
        if how == "flip" and spoiled:
            spoiled[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del spoiled[at : at + draw(st.integers(1, 200))]
        elif how == "end":
            del spoiled[at:]
        elif how == "double":
            spoiled[at:at] = spoiled[at : at + 500]
        else:
            end = next((n for n in range(at, len(spoiled)) if spoiled[n] in b",|\n"), len(spoiled))
            spoiled[at:end] = draw(st.sampled_from(CELLS)).encode()
    return bytes(spoiled)


def outcome(here: Workspace, path: Path) -> str | None:
    """What a person is told of a refused file; None if it was added. Any other exception is a fault of ours."""
    try:
        intake.add(here, [path], KNOWN)
    except InfraplanError as why:
        return str(why)
    return None


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_words(data: st.DataObject, originals: list[tuple[str, bytes]]) -> None:
    name, content = data.draw(st.sampled_from(originals))
    if name.endswith(".zip") and data.draw(st.booleans()):  # inside the archive, which stays sound
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {item: archive.read(item) for item in archive.namelist()}
        inside = data.draw(st.sampled_from(sorted(members)))
        content = zipped({**members, inside: data.draw(damage(members[inside]))})
    else:
        content = data.draw(damage(content))
    room = Path(tempfile.mkdtemp())
    try:
        here = Workspace.create(room / "plan", state="ME", funding_year=2026)
        (room / name).write_bytes(content)
        told = outcome(here, room / name)
        if told is not None:
            assert told.strip()
            assert here.catalog == []
            assert not list((here.data / "tables").rglob("*.parquet"))
        else:
            intake.check(here)
        assert not (here.data / "tmp").exists()
    finally:
        shutil.rmtree(room)
