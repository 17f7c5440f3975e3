"""The same expressions on every engine that is installed give the same rows."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commandline import Said
from publishers import (
    EAST_BLOCK,
    EAST_CELL,
    WEST,
    WEST_BLOCK,
    WEST_CELL,
    Offer,
    add,
    bdc,
    served_export,
    start,
    two_districts,
)

from infraplan import engine
from infraplan.connectivity import homes
from infraplan.errors import InfraplanError
from infraplan.schemas import Schema
from infraplan.workspace import Workspace

BEAD = homes.home_rule("bead-2022")
INSTALLED = {"duckdb": "duckdb", "polars": "polars", "spark": "pyspark"}
CLASSES = ["locations", "served", "underserved", "unserved", "funded_locations", "unfunded_unserved"]


def _offers() -> list[Offer]:
    """Offers of every technology, latency and code around the rule's speeds, for 120 homes in two cells."""
    speeds = [(0, 0), (24, 3), (25, 3), (99, 19), (100, 20), (1000, 5), (30, 100)]
    codes, technologies = "RXB", (10, 40, 50, 60, 61, 70, 71, 72, 0)
    found = []
    for number in range(360):
        down, up = speeds[number % 7]
        east = number % 120 >= 60
        found.append(
            Offer(
                number % 120,
                technology=technologies[number % 9],
                down=down,
                up=up,
                latency=int(number % 11 > 0),
                code=codes[number % 3 if number % 5 else 0],
                cell=EAST_CELL if east else WEST_CELL,
                block=EAST_BLOCK if east else WEST_BLOCK,
            )
        )
    return found


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with offers, the served/unserved export and funded locations."""
    folder = tmp_path_factory.mktemp("engines")
    where = start(folder / "plan")
    (folder / "funded.csv").write_text(
        "location_id,program\n" + "".join(f"{1_000_000_000 + n},CAF\n" for n in range(0, 130, 4)), encoding="utf-8"
    )
    export = served_export(
        folder / "export.csv",
        *[(n, EAST_BLOCK if n >= 60 else WEST_BLOCK, EAST_CELL if n >= 60 else WEST_CELL) for n in range(125)],
    )
    add(where, bdc(folder / "x.csv", *_offers()), export, folder / "funded.csv", two_districts(folder))
    return where


@pytest.fixture(params=["duckdb", "polars", "spark"])
def backend(request: pytest.FixtureRequest) -> Any:
    package = INSTALLED[request.param]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    return engine.connect(request.param)


def table(backend: object, stored: Workspace, name: str) -> Any:
    return engine.read_parquet(backend, stored.paths(name))


def counted(backend: Any, stored: Workspace, *, export: bool, funded: bool, key: str) -> pd.DataFrame:
    offers = homes.to_homes(table(backend, stored, "availability"))
    found = homes.locations(offers, BEAD, table(backend, stored, "locations") if export else None)
    listed = table(backend, stored, "funded_locations") if funded else None
    frame: pd.DataFrame = backend.execute(homes.classes_by_key(found, key, listed))
    return frame.sort_values("key", ignore_index=True)[["key", *CLASSES]].astype(dict.fromkeys(CLASSES, "int64"))


def by_hand(*, export: bool, funded: bool, east: bool) -> list[int]:
    """The same counts in plain Python."""
    offers: dict[int, list[Offer]] = {n: [] for n in (range(125) if export else [])}
    for one in _offers():
        if one.code in "RX":
            offers.setdefault(one.location, []).append(one)
    counts = dict.fromkeys(CLASSES, 0)
    for number, mine in offers.items():
        if (number >= 60) != east:
            continue
        usable = [one for one in mine if one.technology in BEAD.technologies and one.latency]
        served = any(int(one.down) >= 100 and int(one.up) >= 20 for one in usable)
        reached = any(int(one.down) >= 25 and int(one.up) >= 3 for one in usable)
        built = funded and number % 4 == 0
        counts["locations"] += 1
        counts["served"] += served
        counts["underserved"] += reached and not served
        counts["unserved"] += not reached
        counts["funded_locations"] += built and not served
        counts["unfunded_unserved"] += not reached and not built
    return list(counts.values())


@pytest.mark.parametrize("export", [False, True])
@pytest.mark.parametrize("funded", [False, True])
def test_classes_are_the_same_on_every_engine_and_by_hand(
    backend: Any, stored: Workspace, export: bool, funded: bool
) -> None:
    frame = counted(backend, stored, export=export, funded=funded, key="block_geoid")
    assert frame["key"].tolist() == [WEST_BLOCK, EAST_BLOCK]
    expected = [by_hand(export=export, funded=funded, east=east) for east in (False, True)]
    assert frame[CLASSES].to_numpy().tolist() == expected
    assert all(count > 0 for count in expected[0][:4])


def test_cells_and_blocks_count_the_same_homes(backend: Any, stored: Workspace) -> None:
    blocks = counted(backend, stored, export=True, funded=True, key="block_geoid")
    cells = counted(backend, stored, export=True, funded=True, key="h3_res8_id")
    assert blocks[CLASSES].sum().to_dict() == cells[CLASSES].sum().to_dict()


def test_a_workspace_runs_on_another_engine_by_its_setting(stored: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    settings = stored.folder / "infraplan.toml"
    told = settings.read_text(encoding="utf-8")
    usual = homes.home_gaps(stored, by="district", rule=BEAD).table
    try:
        settings.write_text(told.replace('engine = "duckdb"', 'engine = "polars"'), encoding="utf-8")
        other = Workspace.open(stored.folder)
        assert other.backend.name == "polars"
        pd.testing.assert_frame_equal(homes.home_gaps(other, by="district", rule=BEAD).table, usual)
    finally:
        settings.write_text(told, encoding="utf-8")
    assert tmp_path.is_dir()


def test_files_are_added_checked_and_explained_whatever_engine_answers(
    tmp_path: Path, infraplan: Callable[..., Said]
) -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    where = start(tmp_path / "plan")
    settings = where.folder / "infraplan.toml"
    told = settings.read_text(encoding="utf-8")
    settings.write_text(told.replace('engine = "duckdb"', 'engine = "polars"'), encoding="utf-8")
    files = [bdc(tmp_path / "x.csv", Offer(1), Offer(2, cell=EAST_CELL)), two_districts(tmp_path)]
    for words in (
        ("data", "add", *files),
        ("data", "check"),
        ("connectivity", "homes"),
        ("data", "export", "availability"),
        ("explain", "home_gaps", WEST, "served"),
    ):
        said = infraplan(*words, "--workspace", where.folder)
        assert said.code == 0, said.err
    assert "counted again from the files: 1 such locations" in said.out


def test_an_unknown_engine_and_one_not_installed_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InfraplanError, match="use one of duckdb, polars, spark"):
        engine.connect("oracle")

    def missing(_: str) -> object:
        raise ModuleNotFoundError("No module named 'pyspark'", name="pyspark")

    monkeypatch.setattr(engine, "_spark", missing)
    with pytest.raises(InfraplanError, match="needs a package that is not installed: pyspark"):
        engine.connect("spark://somewhere")


def test_a_table_of_nothing_has_its_declared_columns() -> None:
    with engine.in_memory() as backend:
        empty = backend.execute(engine.empty(Schema.load("availability")))
    assert list(empty.columns) == list(Schema.load("availability").columns)
    assert len(empty) == 0


def test_text_columns_of_a_csv_are_never_guessed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('id,name\n007,"a, ""b"""\n1e3,\n', encoding="utf-8")
    with engine.in_memory() as backend:
        frame = engine.read_csv(backend, tmp_path / "x.csv").to_pandas()
    assert frame["id"].tolist() == ["007", "1e3"]
    assert frame["name"].iloc[0] == 'a, "b"'


def test_few_rows_are_read_by_one_thread_and_arrivals_by_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)

    def threads(rows: int | None) -> list[int]:
        connection = engine.embedded(scratch=tmp_path, rows=rows)
        before = connection.execute("SELECT current_setting('threads')").fetchall()
        engine.use_every_core(connection)
        after = connection.execute("SELECT current_setting('threads')").fetchall()
        connection.close()
        return [before[0][0], after[0][0]]

    assert threads(0) == [1, 4]
    assert threads(5_000_000) == [3, 4]
    assert threads(50_000_000) == threads(None) == [4, 4]
