"""The demo on a tiny Franklin: everything runs, everything is marked, and running it again changes nothing."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import Said
from publishers import contents

from infraplan import standing
from infraplan.cli import main
from infraplan.workspace import Workspace

SIZE = ("--districts", "20", "--locations", "1000")


@pytest.fixture(scope="module")
def franklin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo that ran once."""
    folder = tmp_path_factory.mktemp("demo") / "franklin"
    main(["demo", str(folder), *SIZE, "--quiet"])
    return folder


@pytest.fixture(scope="module")
def plan(franklin: Path) -> Workspace:
    return Workspace.open(franklin / "plan")


def kept(folder: Path) -> dict[str, bytes]:
    """A workspace's files but for moments: when an answer was made, how long a solver took, a workbook's own dates."""
    found = {name: content for name, content in contents(folder).items() if not name.endswith(".xlsx")}
    for name, content in found.items():
        moment = "made_at" if name.startswith("data/answers/") else "seconds"
        if name.endswith("solution.json") or (name.startswith("data/answers/") and name.endswith(".json")):
            told = json.loads(content)
            assert told.pop(moment)
            found[name] = json.dumps(told).encode()
    return found


def test_running_the_demo_again_changes_nothing_and_names_the_page_to_open(
    franklin: Path, infraplan: Callable[..., Said]
) -> None:
    before = kept(franklin / "plan")
    made = contents(franklin / "files")
    said = infraplan("demo", franklin, *SIZE)
    assert said.code == 0
    assert contents(franklin / "files") == made
    assert kept(franklin / "plan") == before
    assert str(franklin / "plan" / "maps" / "gaps.html") in said.out
    assert "$ infraplan data add" in said.err
    assert "already here, nothing changed" in said.err


def test_every_receipt_of_the_fictional_state_is_synthetic(plan: Workspace) -> None:
    receipts = plan.receipts()
    assert len(receipts) > 10
    assert all(one.synthetic and one.title.startswith("SYNTHETIC") for one in receipts)


def test_every_table_and_page_says_that_it_is_synthetic(franklin: Path) -> None:
    tables = sorted((franklin / "plan" / "reports").rglob("*.csv"))
    assert {"home_gaps.csv", "child_gaps.csv", "school_gaps.csv"} <= {path.name for path in tables}
    for path in tables:
        with path.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream)
            assert "stamp" in (table.fieldnames or ()), path.name
            assert {row["stamp"] for row in table} <= {"SYNTHETIC"}, path.name
    assert "SYNTHETIC" in (franklin / "plan" / "maps" / "gaps.html").read_text(encoding="utf-8")
    lines = sorted((franklin / "plan" / "reports").rglob("*.geojson"))
    assert "routes.geojson" in {path.name for path in lines}
    for path in lines:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        assert {each["properties"].get("stamp") for each in features} == {"SYNTHETIC"}, path.name


def test_the_demo_loads_enough_for_every_question_about_connectivity(plan: Workspace) -> None:
    for question in standing.capabilities():
        if question.command.startswith("infraplan connectivity") and question.id in {
            "homes",
            "children",
            "schools",
            "map",
        }:
            assert not question.missing(plan), question.id


def test_the_fictional_states_homes_add_up(plan: Workspace) -> None:
    table, _ = plan.answer("home_gaps")
    assert (table["served"] + table["underserved"] + table["unserved"] == table["locations"]).all()
    assert 0 < table["own_locations"].sum() <= 1000


def test_the_demo_is_silent_but_for_its_page_when_asked(
    tmp_path: Path, infraplan: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infraplan.cli.demo.commands", lambda *_: [])
    said = infraplan("demo", tmp_path / "f", *SIZE, "--quiet")
    assert said.err == ""
    assert "Done. Open this page" in said.out


def test_a_state_too_small_or_too_large_is_refused(tmp_path: Path, infraplan: Callable[..., Said]) -> None:
    said = infraplan("demo", tmp_path / "f", "--districts", "5", "--locations", "10")
    assert (said.code, said.out) == (1, "")
    assert "5 districts, expected 20 to 3,000" in said.err
    assert not (tmp_path / "f" / "plan").exists()
