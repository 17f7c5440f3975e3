"""One command brings a state's data; the next finds nothing new; without a network the cache does."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fetch.maine_online import BY_NAME, SOURCES
from fetch.standin import MAINTENANCE, Answer, Asked, Standin, as_json
from infraplan import publishers
from infraplan.schemas import Schema
from infraplan.workspace import Workspace

Run = Callable[..., Any]


def hosts(standin: Standin) -> list[str]:
    return [word for name, base in standin.hosts().items() for word in ("--host", f"{name}={base}")]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between calls are asked for and not slept."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.usefixtures("accounts")
def test_everything_a_state_needs_comes_with_one_command(standin: Standin, infraplan: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    done = infraplan("data", "fetch", "--all", "--state", "ME", "--workspace", plan, *hosts(standin))
    assert done.code == 0, done.err
    assert {one.id for one in publishers.chosen((), everything=True)} == set(SOURCES)
    assert set(publishers.fetchable()) == {*SOURCES, *BY_NAME}
    assert "needs circuits: no publisher has it: add the state's own list" in done.err
    assert "oer_doab: left, scholarly books only" in done.err, "what comes only by name is said"
    assert "the publisher lists" not in done.err, "as many rows came as were announced"
    tables = {part.table for part in Workspace.open(plan).catalog}
    assert tables == {
        "applicant_sites", "applications", "disbursements", "erate_entities",
        "availability", "block_districts", "c2_spending", "coverage_summary", "district_poverty", "district_shapes",
        "districts", "enrollment", "funded_locations", "household_internet",
        "legislative_districts", "line_recipients", "open_resources", "locations",
        "request_lines", "requests", "schools", "standards", "tract_shapes",
    }  # fmt: skip


def fetched(standin: Standin, infraplan: Run, plan: Path, *words: str) -> Any:
    return infraplan("data", "fetch", *words, "--workspace", plan, *hosts(standin))


@pytest.fixture
def plan(fetched_once: Path, tmp_path: Path, accounts: dict[str, str]) -> Path:
    """A workspace with everything fetched once."""
    assert accounts
    shutil.copytree(fetched_once, tmp_path / "plan")
    return tmp_path / "plan"


def test_the_second_time_finds_nothing_new_and_downloads_nothing(standin: Standin, infraplan: Run, plan: Path) -> None:
    catalog = (plan / "data" / "catalog.json").read_bytes()
    standin.asked.clear()
    done = fetched(standin, infraplan, plan, *SOURCES)
    assert done.code == 0, done.err
    assert "0 new files added" in done.err
    assert (plan / "data" / "catalog.json").read_bytes() == catalog
    again = [one.path for one in standin.asked if one.path.endswith(".zip") and one.method == "GET"]
    assert again, "files without a version of their own are asked about"
    assert all(one.headers.get("If-None-Match") for one in standin.asked if one.path in again and one.method == "GET")
    assert not [one for one in standin.asked if "downloadFile/availability" in one.path], "an FCC file is known by name"


def test_without_a_network_the_cache_gives_the_same_workspace(
    standin: Standin, infraplan: Run, plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.asked.clear()
    monkeypatch.setenv("INFRAPLAN_CACHE", str(plan / "data" / "cache"))
    other = tmp_path / "other"
    done = fetched(standin, infraplan, other, *SOURCES, "--state", "ME", "--offline")
    assert done.code == 0, done.err
    assert standin.asked == []

    def tables(folder: Path) -> list[tuple[str, int, str]]:
        return [(part.table, part.rows, part.receipt_id) for part in Workspace.open(folder).catalog]

    assert tables(other) == tables(plan)


def test_offline_without_a_cache_says_so(standin: Standin, infraplan: Run, tmp_path: Path) -> None:
    done = fetched(standin, infraplan, tmp_path / "plan", "census_saipe", "--state", "ME", "--offline")
    assert done.code == 1
    assert "was never fetched for Maine" in done.err
    assert standin.asked == []


@pytest.mark.usefixtures("accounts")
def test_a_dry_run_prints_what_would_come_and_leaves_nothing(standin: Standin, infraplan: Run, tmp_path: Path) -> None:
    done = fetched(standin, infraplan, tmp_path / "plan", *SOURCES, "--state", "ME", "--dry-run")
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {row["source"] for row in rows} == set(SOURCES)
    assert {row["here"] for row in rows} == {"no"}
    assert next(row["rows"] for row in rows if row["source"] == "usac_requests") == "7"
    tiger = next(row for row in rows if row["file"] == "tl_2025_23_unsd.zip")
    assert int(tiger["bytes"]) == len(standin.files["/www2.census.gov/geo/tiger/TIGER2025/UNSD/tl_2025_23_unsd.zip"])
    assert not (tmp_path / "plan").exists()
    assert not [one for one in standin.asked if "downloadFile" in one.path]


def test_a_dry_run_of_what_is_here_says_so(standin: Standin, infraplan: Run, plan: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(fetched(standin, infraplan, plan, *SOURCES, "--dry-run").out)))
    assert {row["here"] for row in rows if row["source"].startswith("fcc_bdc")} == {"added"}
    assert "no" not in {row["here"] for row in rows}


def test_every_file_has_a_receipt_with_its_address(infraplan: Run, plan: Path) -> None:
    receipts = json.loads(infraplan("data", "receipts", "--workspace", plan).out)
    assert all(one["address"].startswith("http") and len(one["sha256"]) == 64 and one["license"] for one in receipts)
    (cable,) = [one for one in receipts if "Cable" in one["file"]]
    assert (cable["as_of"], cable["revision"]) == ("2025-12-31", "2026-03-17")
    assert cable["address"].endswith("/downloadFile/availability/22")


def test_a_fetched_file_gives_what_the_same_file_gives_by_hand(
    standin: Standin, infraplan: Run, plan: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tl_2025_23_unsd.zip"
    path.write_bytes(standin.files["/www2.census.gov/geo/tiger/TIGER2025/UNSD/tl_2025_23_unsd.zip"])
    done = infraplan("data", "add", path, "--workspace", plan)
    assert "already here, nothing changed" in done.err


def test_one_publisher_that_is_down_does_not_stop_the_others(
    standin: Standin, infraplan: Run, tmp_path: Path, accounts: dict[str, str]
) -> None:
    assert accounts
    standin.fault("/opendata.usac.org/api/views/qdmp-ygft", *[as_json({}, 503)] * 9)
    standin.fault("/www2.census.gov/geo/tiger/TIGER2025/TRACT", MAINTENANCE)
    wanted = ("usac_requests", "census_tiger_tracts", "census_saipe", "usac_c2_spending")
    done = fetched(standin, infraplan, tmp_path / "plan", *wanted, "--state", "ME")
    assert done.code == 1
    assert "2 of 4 sources could not be had" in done.err
    assert "usac_requests: " in done.err
    assert "Down for scheduled maintenance" in done.err
    tables = {part.table for part in Workspace.open(tmp_path / "plan").catalog}
    assert tables == {"district_poverty", "c2_spending"}


def test_an_update_asks_only_about_what_is_loaded_and_fetches_what_changed(
    standin: Standin, infraplan: Run, tmp_path: Path
) -> None:
    plan = tmp_path / "plan"
    fetched(standin, infraplan, plan, "usac_c2_spending", "census_saipe", "--state", "ME")
    path = "/opendata.usac.org/api/views/6brt-5pbv.json"
    about = json.loads(standin.pages[path](Asked("GET", path, {}, {})).body)
    standin.pages[path] = lambda _: as_json({**about, "rowsUpdatedAt": about["rowsUpdatedAt"] + 86_400})
    rows = "/opendata.usac.org/resource/6brt-5pbv.json"
    before = standin.pages[rows]
    standin.pages[rows] = lambda asked: Answer(before(asked).body.replace(b"50100.00", b"40000.00"))
    told = list(csv.DictReader(io.StringIO(fetched(standin, infraplan, plan, "--update", "--dry-run").out)))
    assert {row["source"]: row["here"] for row in told} == {"usac_c2_spending": "changed", "census_saipe": "added"}
    standin.asked.clear()
    done = fetched(standin, infraplan, plan, "--update")
    assert done.code == 0, done.err
    assert "1 new file added, 1 already here" in done.err
    assert {one.path.split("/")[1] for one in standin.asked} == {"opendata.usac.org", "www2.census.gov"}
    here = Workspace.open(plan)
    assert here.frame("c2_spending")["budget_usd"].astype(float).tolist() == [40000.0]
    assert len([part for part in here.catalog if part.table == "c2_spending"]) == 2, "the older stays until dropped"


def test_what_changed_between_two_downloads_of_requests_is_listed(
    standin: Standin, infraplan: Run, plan: Path, tmp_path: Path
) -> None:
    about, rows = "/opendata.usac.org/api/views/qdmp-ygft.json", "/opendata.usac.org/resource/qdmp-ygft.json"
    told = json.loads(standin.pages[about](Asked("GET", about, {}, {})).body)
    standin.pages[about] = lambda _: as_json({**told, "rowsUpdatedAt": told["rowsUpdatedAt"] + 86_400})
    before = standin.pages[rows]

    def a_day_later(asked: Asked) -> Answer:
        body = before(asked).body.replace(b'"2699000006"', b'"2699000099"')
        return Answer(body.replace(b"9600.00", b"9000.00") if b"2699000000" in body else body)

    standin.pages[rows] = a_day_later
    assert fetched(standin, infraplan, plan, "usac_requests").code == 0
    done = infraplan("data", "diff", "--what", "requests", "--workspace", plan, "-o", tmp_path / "diff.csv")
    assert done.code == 0, done.err
    assert "funding requests, 2026-09-21 to 2026-09-22: 1 added, 1 gone, 6 figures changed" in done.err
    with (tmp_path / "diff.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [(row["frn"], row["change"]) for row in table[:2]] == [("2699000099", "added"), ("2699000006", "gone")]
    assert {(row["figure"], float(row["before_value"]), float(row["after_value"])) for row in table[2:]} == {
        ("commitment_usd", 9600.0, 9000.0)
    }


def test_lines_of_requests_that_were_added_or_moved_are_listed(
    standin: Standin, infraplan: Run, plan: Path, tmp_path: Path
) -> None:
    alone = infraplan("data", "diff", "--what", "lines", "--workspace", plan)
    assert alone.code == 1
    assert "infraplan data fetch usac_request_lines again later" in alone.err
    about, rows = "/opendata.usac.org/api/views/hbj5-2bpj.json", "/opendata.usac.org/resource/hbj5-2bpj.json"
    told = json.loads(standin.pages[about](Asked("GET", about, {}, {})).body)
    standin.pages[about] = lambda _: as_json({**told, "rowsUpdatedAt": told["rowsUpdatedAt"] + 86_400})
    before = standin.pages[rows]

    def a_day_later(asked: Asked) -> Answer:
        body = before(asked).body.replace(b'"2699000006.001"', b'"2699000006.002"')
        return Answer(body.replace(b'"1000.00"', b'"900.00"', 1) if b"2699000000" in body else body)

    standin.pages[rows] = a_day_later
    assert fetched(standin, infraplan, plan, "usac_request_lines").code == 0
    done = infraplan("data", "diff", "--what", "lines", "--workspace", plan, "-o", tmp_path / "lines.csv")
    assert done.code == 0, done.err
    assert "lines of funding requests, 2026-09-21 to 2026-09-22: 1 added, 1 gone, 1 figures changed" in done.err
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [(row["line_id"], row["figure"], row["change"]) for row in table] == [
        ("2699000006.002", "whole", "added"),
        ("2699000006.001", "whole", "gone"),
        ("2699000000.001", "usd_month", "changed"),
    ]
    assert (float(table[2]["before_value"]), float(table[2]["after_value"])) == (1000.0, 900.0)
    assert list(table[0]) == list(Schema.load("line_changes").columns)


def test_progress_between_two_releases_is_told_in_words_and_a_table(
    standin: Standin, infraplan: Run, plan: Path
) -> None:
    assert infraplan("data", "diff", "--workspace", plan).code == 1, "one release alone is no comparison"
    fetched(standin, infraplan, plan, "fcc_bdc_fixed", "--as-of", "2025-06-30")
    done = infraplan("data", "diff", "--what", "state", "--workspace", plan)
    assert done.code == 0, done.err
    assert "left out: technology 40, loaded for 2025-12-31 only" in done.err
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert (row["locations_before"], row["locations_after"], row["new_locations"]) == ("1", "2", "1")
    assert "offers of a provider and technology appeared" in done.err, "the words tell of providers beside the areas"
    assert list(row) == list(Schema.load("area_changes").columns)
    for told, days in (
        (
            "no release of availability as of 2024-12-31 is loaded; loaded: 2025-06-30, 2025-12-31",
            ("--from", "2024-12-31"),
        ),
        ("2025-12-31 is not earlier than 2025-06-30", ("--from", "2025-12-31", "--to", "2025-06-30")),
    ):
        refused = infraplan("data", "diff", *days, "--workspace", plan)
        assert (refused.code, told in refused.err) == (1, True), refused.err
    providers = infraplan("data", "diff", "--what", "providers", "--workspace", plan)
    assert next(csv.DictReader(io.StringIO(providers.out)))["change"] == "grew"


def test_two_releases_stand_side_by_side(standin: Standin, infraplan: Run, plan: Path) -> None:
    done = fetched(standin, infraplan, plan, "fcc_bdc_fixed", "--as-of", "2025-06-30")
    assert done.code == 0, done.err
    assert "older than what is loaded: kept" in done.err
    assert Workspace.open(plan).paths("availability", as_of="2025-06-30")


def test_wrong_usage_is_told_as_such(infraplan: Run, standin: Standin, tmp_path: Path) -> None:
    assert fetched(standin, infraplan, tmp_path / "plan").code == 2
    done = fetched(standin, infraplan, tmp_path / "plan", "fcc_form477", "--state", "ME")
    assert done.code == 1
    assert "fcc_form477 cannot be fetched; get it at https://www.fcc.gov" in done.err
    assert infraplan("data", "fetch", "census_saipe", "--state", "ME", "--host", "nonsense").code == 2
    for source, day, told in (
        ("fcc_bdc_fixed", "30 June 2025", "expected a day as 2025-06-30"),
        ("census_saipe", "2025-06-30", "of census_saipe only the newest can be had"),
    ):
        done = fetched(standin, infraplan, tmp_path / "plan", source, "--state", "ME", "--as-of", day)
        assert (done.code, told in done.err) == (2, True), done.err


def test_without_a_network_that_is_said_first(infraplan: Run, tmp_path: Path) -> None:
    nowhere = [
        word for name in ("www2.census.gov", "openstax.org") for word in ("--host", f"{name}=http://127.0.0.1:9")
    ]
    words = ("census_saipe", "oer_openstax", "--state", "ME", "--workspace", tmp_path / "plan", *nowhere)
    for more in ([], ["--dry-run"]):
        done = infraplan("data", "fetch", *words, *more)
        assert done.code == 1
        assert "2 of 2 sources could not be had\nno publisher answered at all: there may be no network" in done.err
        assert done.err.count("trying again") == 5, "only the first is waited for"


def test_fewer_rows_than_the_publisher_lists_are_said(
    standin: Standin, infraplan: Run, tmp_path: Path, accounts: dict[str, str]
) -> None:
    assert accounts
    listing = standin.pages["/bdc.fcc.gov/api/public/map/downloads/listAvailabilityData/2025-12-31"]

    def more(asked: Asked) -> Answer:
        told = listing(asked)
        return Answer(told.body.replace(b'"record_count": "2"', b'"record_count": "20,000"'), told.status, told.headers)

    standin.pages["/bdc.fcc.gov/api/public/map/downloads/listAvailabilityData/2025-12-31"] = more
    done = fetched(standin, infraplan, tmp_path / "plan", "fcc_bdc_fixed", "--state", "ME")
    assert done.code == 0, done.err
    assert "40,000 rows in others" in done.err, "the counts of all files are summed before anything comes"
    assert done.err.count("the publisher lists 20,000 rows, 2 came") == 2
