"""The stand-in server with every publisher's listings and files for Maine, and a session that does not wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fetch.maine_online import SOURCES, open_for_maine
from fetch.standin import Standin
from infraplan import publishers, states
from infraplan.asks import Limits
from infraplan.cli.arriving import loaders
from infraplan.cli.data import data
from infraplan.cli.diff import diff
from infraplan.cli.fetching import fetch
from infraplan.downloads import Cache
from infraplan.fetch import Http
from infraplan.publishers import Place, errands
from infraplan.workspace import Workspace

ACCOUNTS = {
    "FCC_USERNAME": "planner@maine.example",
    "FCC_HASH_VALUE": "hash-4d5e6f-SECRET",
    "CENSUS_API_KEY": "census-key-SECRET+/=",
    "SOCRATA_APP_TOKEN": "socrata-token-SECRET",
    "CASE_AUTHORIZATION": "Bearer case-SECRET",
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """The server, with what the publishers have for Maine."""
    with Standin() as running:
        open_for_maine(running, tmp_path_factory.mktemp("made"))
        running.remember()
        yield running


@pytest.fixture
def standin(server: Standin) -> Standin:
    """All publishers at their best, whatever the test before did to them."""
    server.reset()
    return server


@pytest.fixture(scope="session")
def fetched_once(server: Standin, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace for Maine with all of SOURCES fetched, its cache inside; for copying."""
    server.reset()
    folder = tmp_path_factory.mktemp("fetched") / "plan"
    here = Workspace.create(folder, state="ME", funding_year=2026)
    place = Place(state=states.by_usps("ME"), funding_year=2026, environ=ACCOUNTS, hosts=server.hosts())
    (folder / "data" / "cache").mkdir()
    with Http(Cache(folder / "data" / "cache"), limits=Limits(spare_bytes=0), sleep=lambda _: None) as http:
        plans = list(errands.planned([publishers.fetchable()[name] for name in SOURCES], place, http))
        errands.bring(plans, here, http, loaders())
    return folder


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
    """The commands in their group, also where the group does not list them."""
    commands = dict(data.commands)
    commands.setdefault("fetch", fetch)
    commands.setdefault("diff", diff)
    monkeypatch.setattr(data, "commands", commands)
