"""The stand-in server with every publisher's listings and files for Maine, and a session that does not wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from maine_online import open_for_maine
from standin import Standin

from infraplan.cli.data import data
from infraplan.cli.fetching import fetch
from infraplan.downloads import Cache
from infraplan.fetch import Http, Limits

ACCOUNTS = {
    "FCC_USERNAME": "planner@maine.example",
    "FCC_HASH_VALUE": "hash-4d5e6f-SECRET",
    "CENSUS_API_KEY": "census-key-SECRET+/=",
    "SOCRATA_APP_TOKEN": "socrata-token-SECRET",
}


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    """All publishers at their best."""
    with Standin() as server:
        made = tmp_path / "made"
        made.mkdir()
        open_for_maine(server, made)
        yield server


@pytest.fixture
def naps() -> list[float]:
    """The pauses that were asked for; none is slept."""
    return []


@pytest.fixture
def http(tmp_path: Path, naps: list[float]) -> Iterator[Http]:
    """A session with a cache of its own."""
    (tmp_path / "cache").mkdir()
    limits = Limits(spare_bytes=0, connect_seconds=2, read_seconds=2, trickle_seconds=0.3, least_bytes=1_000)
    with Http(Cache(tmp_path / "cache"), limits=limits, sleep=naps.append) as session:
        yield session


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Credentials in the environment, each with a word to look for."""
    for name, value in ACCOUNTS.items():
        monkeypatch.setenv(name, value)
    return ACCOUNTS


@pytest.fixture(autouse=True)
def fetch_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in its group, also where the group does not list it."""
    commands = dict(data.commands)
    commands.setdefault("fetch", fetch)
    monkeypatch.setattr(data, "commands", commands)
