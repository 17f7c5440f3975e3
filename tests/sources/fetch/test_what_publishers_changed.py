"""`data check --live` says in words and in a table what is new at the publishers, and never mistakes silence for change."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fetch.maine_online import ACS, CASE, CCD, EDGE, FCC, FIBER, RELEASES, TIGER, USAC, case_document, envelope, listed
from fetch.standin import MAINTENANCE, Answer, Asked, Standin, as_json

Run = Callable[..., Any]
Rows = list[dict[str, str]]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between calls are asked for and not slept."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def plan(fetched_once: Path, tmp_path: Path, accounts: dict[str, str]) -> Path:
    """A workspace with everything fetched once."""
    assert accounts
    shutil.copytree(fetched_once, tmp_path / "plan")
    return tmp_path / "plan"


@pytest.fixture
def check(standin: Standin, infraplan: Run, plan: Path) -> Callable[..., tuple[Any, Rows]]:
    """Run the check; what it said, and its table."""

    def run() -> tuple[Any, Rows]:
        hosts = [word for name, base in standin.hosts().items() for word in ("--host", f"{name}={base}")]
        done = infraplan("data", "check", "--live", "--workspace", plan, *hosts)
        return done, list(csv.DictReader(io.StringIO(done.out)))

    return run


def told(standin: Standin, path: str) -> Any:
    return json.loads(standin.pages[path](Asked("GET", path, {}, {})).body)


def of(rows: Rows, source: str) -> Rows:
    return [row for row in rows if row["source"] == source]


def test_where_nothing_changed_every_publisher_says_so_and_nothing_is_fetched(
    standin: Standin, check: Callable[..., tuple[Any, Rows]], plan: Path
) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in (plan / "data").rglob("*") if path.is_file())
    standin.asked.clear()
    done, rows = check()
    assert done.code == 0, done.err
    assert {row["change"] for row in rows} == {"same"}, [row for row in rows if row["change"] != "same"]
    assert "0 have something new, 0 could not be asked" in done.err
    assert "a release under another name would be seen only at https://nces.ed.gov/ccd/files.asp" in done.err
    assert not [
        one
        for one in standin.asked
        if "downloadFile" in one.path or (one.path in standin.files and one.method == "GET")
    ]
    assert sorted((path, path.stat().st_mtime_ns) for path in (plan / "data").rglob("*") if path.is_file()) == before


def test_a_newer_release_is_named_with_the_loaded_one(standin: Standin, check: Callable[..., tuple[Any, Rows]]) -> None:
    day = "2026-06-30"
    dates = [{"data_type": "availability", "as_of_date": each} for each in (*RELEASES, day)]
    standin.pages[f"{FCC}/map/listAsOfDates"] = lambda _: as_json(envelope(dates))
    new = listed(31, "bdc_23_Cable_fixed_broadband_J26_01nov2026", "Cable", 40, 2)
    standin.pages[f"{FCC}/map/downloads/listAvailabilityData/{day}"] = lambda _: as_json(envelope([new]))
    standin.pages[f"{ACS}/2024/acs/acs5.json"] = lambda _: as_json({})
    standin.files[f"{TIGER.replace('2025', '2026')}/TRACT/tl_2026_23_tract.zip"] = b"PK"
    done, rows = check()
    assert done.code == 0, done.err
    (fixed,) = of(rows, "fcc_bdc_fixed")
    assert (fixed["change"], fixed["loaded"], fixed["mend"]) == (
        "newer release",
        "2025-12-31",
        "infraplan data fetch fcc_bdc_fixed",
    )
    assert fixed["published"].startswith(day)
    assert {row["change"] for row in of(rows, "census_acs")} == {"newer release"}
    (tract,) = of(rows, "census_tiger_tracts")
    assert (tract["what"], tract["published"]) == ("tl_2026_23_tract.zip", "2026")
    assert "data/sources/census_tiger_tracts.toml" in tract["mend"]


def test_a_revision_of_the_loaded_release_is_news(standin: Standin, check: Callable[..., tuple[Any, Rows]]) -> None:
    path = f"{FCC}/map/downloads/listAvailabilityData/2025-12-31"
    old = standin.pages[path]

    def again(asked: Asked) -> Answer:
        return Answer(old(asked).body.replace(FIBER.encode(), FIBER.replace("17mar2026", "01aug2026").encode()))

    standin.pages[path] = again
    _, rows = check()
    (fixed,) = of(rows, "fcc_bdc_fixed")
    assert (fixed["change"], fixed["loaded"], fixed["published"]) == (
        "changed since",
        "2025-12-31, revision 2026-03-17",
        "2025-12-31, revision 2026-08-01",
    )


def test_a_technology_that_is_listed_later_is_news(standin: Standin, check: Callable[..., tuple[Any, Rows]]) -> None:
    path = f"{FCC}/map/downloads/listAvailabilityData/2025-12-31"
    rows = json.loads(standin.pages[path](Asked("GET", path, {}, {"username": "x", "hash_value": "x"})).body)["data"]
    copper = listed(41, "bdc_23_Copper_fixed_broadband_D25_17mar2026", "Copper", 10, 1)
    standin.pages[path] = lambda _: as_json(envelope([*rows, copper]))
    _, found = check()
    (fixed,) = of(found, "fcc_bdc_fixed")
    assert (fixed["change"], fixed["what"]) == ("newer release", f"{copper['file_name']}.zip, of the same release")


def test_a_framework_that_the_state_adopted_since_is_news(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    documents = told(standin, f"{CASE}/CFDocuments")["CFDocuments"]
    added = {
        **case_document("9", "Social Studies", "Maine Department of Education"),
        "lastChangeDateTime": "2019-01-01",
    }
    standin.pages[f"{CASE}/CFDocuments"] = lambda _: as_json({"CFDocuments": [*documents, added]})
    _, rows = check()
    (found,) = of(rows, "oer_case")
    assert (found["change"], found["what"]) == ("newer release", "case_Social_Studies_9.json, not loaded yet")


def test_columns_layers_rights_and_rows_that_changed_are_each_said(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    path = f"{USAC}/api/views/qdmp-ygft.json"
    about = told(standin, path)
    names = [one["fieldName"] for one in about["columns"]]
    changed = ["wave" if name == "fcdl_comment" else name for name in names if name != "pending_reason"]
    standin.pages[path] = lambda _: as_json(
        {
            **about,
            "columns": [{"fieldName": name} for name in (*changed, "pending_reason_text")],
            "license": {"name": "All rights reserved"},
            "rowsUpdatedAt": about["rowsUpdatedAt"] + 86_400,
        }
    )
    layer = EDGE.format("2425")
    seen = told(standin, layer)
    standin.pages[layer] = lambda _: as_json({**seen, "name": "Public Schools"})
    done, rows = check()
    assert done.code == 0, done.err
    found = {(row["change"], row["what"]): row for row in of(rows, "usac_requests")}
    assert found["column renamed", "pending_reason, perhaps"]["published"] == "pending_reason_text"
    assert ("column missing", "fcdl_comment") in found
    assert ("column new", "wave") in found
    rights = found["license text changed", "what the publisher says of rights"]
    assert (rights["loaded"], rights["published"]) == ("Public Domain U.S. Government", "All rights reserved")
    assert any(change == "changed since" for change, _ in found)
    (edge,) = of(rows, "nces_edge_schools")
    assert (edge["change"], edge["loaded"], edge["published"]) == ("layer renamed", "schools", "Public Schools")


def test_a_column_that_is_needed_and_gone_is_named_before_a_fetch_fails_on_it(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    path = f"{USAC}/api/views/6brt-5pbv.json"
    about = told(standin, path)
    names = [one["fieldName"] for one in about["columns"]]
    standin.pages[path] = lambda _: as_json(
        {**about, "columns": [{"fieldName": "c2_budget_usd" if name == "c2_budget" else name} for name in names]}
    )
    _, rows = check()
    (found,) = of(rows, "usac_c2_spending")
    assert (found["change"], found["loaded"], found["published"]) == ("column renamed", "c2_budget", "c2_budget_usd")


def test_a_service_of_the_next_school_year_is_seen_in_the_servers_list(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    folder = EDGE.partition("/EDGE_ADMINDATA")[0]
    names = ("K12_School_Locations/EDGE_ADMINDATA_PUBLICSCH_2425", "K12_School_Locations/EDGE_ADMINDATA_PUBLICSCH_2526")
    standin.pages[folder] = lambda _: as_json({"services": [{"name": name, "type": "MapServer"} for name in names]})
    _, rows = check()
    (edge,) = of(rows, "nces_edge_schools")
    assert (edge["change"], edge["what"]) == ("newer release", "service EDGE_ADMINDATA_PUBLICSCH_2526")


def test_a_file_that_changed_under_its_address_is_told_by_its_mark(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    path = f"{CCD}/ccd_lea_029_2425_w_1a_073025.zip"
    standin.files[path] = bytes(reversed(standin.files[path]))
    _, rows = check()
    (lea,) = of(rows, "nces_ccd_lea")
    assert lea["change"] == "changed since"
    assert lea["loaded"].startswith('mark "')


def test_an_address_that_moved_for_good_is_named_and_a_passing_redirect_is_not(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    old, new = f"{TIGER}/TRACT/tl_2025_23_tract.zip", f"{TIGER}/TRACTS/tl_2025_23_tract.zip"
    standin.files[new] = standin.files.pop(old)
    standin.pages[old] = lambda _: Answer(b"", 301, {"Location": new})
    passing = f"{CCD}/ccd_sch_029_2425_w_1a_073025.zip"
    standin.files["/nces.ed.gov/mirror.zip"] = standin.files.pop(passing)
    standin.pages[passing] = lambda _: Answer(b"", 302, {"Location": "/nces.ed.gov/mirror.zip"})
    _, rows = check()
    (tract,) = of(rows, "census_tiger_tracts")
    assert tract["change"] == "address moved"
    assert tract["published"].endswith(new)
    assert {row["change"] for row in of(rows, "nces_ccd_school")} == {"same"}


def test_a_file_that_is_gone_and_a_page_in_its_place_are_told_apart(
    standin: Standin, check: Callable[..., tuple[Any, Rows]]
) -> None:
    for path in [path for path in standin.files if "ccd_lea_029" in path]:
        del standin.files[path]
    standin.pages[f"{USAC}/api/views/hbj5-2bpj.json"] = lambda _: MAINTENANCE
    _, rows = check()
    (lea,) = of(rows, "nces_ccd_lea")
    assert lea["change"] == "no longer published"
    assert "https://nces.ed.gov/ccd/files.asp" in lea["mend"]
    (lines,) = of(rows, "usac_request_lines")
    assert lines["change"] == "interface changed"
    assert "Down for scheduled maintenance" in lines["what"]


def test_a_publisher_that_does_not_answer_has_not_changed(
    standin: Standin, check: Callable[..., tuple[Any, Rows]], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.pages[f"{USAC}/api/views/qdmp-ygft.json"] = lambda _: Answer(b"", 503)
    monkeypatch.delenv("CENSUS_API_KEY")
    done, rows = check()
    assert done.code == 1
    (found,) = of(rows, "usac_requests")
    assert found["change"] == "unreachable"
    assert "does not mean that anything changed" in found["mend"]
    assert of(rows, "census_acs")[0]["change"] == "account missing"
    assert "census_acs, usac_requests could not be asked; that does not mean" in done.err
    assert {row["change"] for row in rows if row["source"] not in ("usac_requests", "census_acs")} == {"same"}


def test_files_added_by_hand_are_checked_too(
    standin: Standin, infraplan: Run, tmp_path: Path, accounts: dict[str, str]
) -> None:
    assert accounts
    plan = tmp_path / "plan"
    infraplan("init", plan, "--state", "ME", "--funding-year", "2026")
    path = tmp_path / "tl_2024_23_unsd.zip"
    path.write_bytes(standin.files[f"{TIGER}/UNSD/tl_2025_23_unsd.zip"])
    assert infraplan("data", "add", path, "--as-of", "2024", "--workspace", plan).code == 0
    hosts = [word for name, base in standin.hosts().items() for word in ("--host", f"{name}={base}")]
    done = infraplan("data", "check", "--live", "--workspace", plan, *hosts)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert ("newer release", "2024", "2025") in {(row["change"], row["loaded"], row["published"]) for row in rows}


def test_an_empty_workspace_has_nothing_to_ask_about(infraplan: Run, tmp_path: Path) -> None:
    infraplan("init", tmp_path / "plan", "--state", "ME", "--funding-year", "2026")
    done = infraplan("data", "check", "--live", "--workspace", tmp_path / "plan")
    assert done.code == 1
    assert "no publisher's file is loaded" in done.err


def test_nobody_is_asked_about_a_state_that_is_made_up(standin: Standin, infraplan: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    assert infraplan("init", plan, "--state", "FK", "--funding-year", "2026").code == 0
    standin.asked.clear()
    for words in (("fetch", "--all"), ("fetch", "--all", "--dry-run")):
        done = infraplan("data", *words, "--workspace", plan)
        assert done.code == 1
        assert "made up: no publisher has anything of it" in done.err
    assert standin.asked == []
