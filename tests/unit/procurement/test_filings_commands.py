"""The commands reconcile, prices and calendar on USAC's files, as a person types them."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from infraplan.cli import main
from infraplan.workspace import Workspace

FRN = (
    "report_state,Application Number,BEN,Billed Entity Name,FRN,FRN Status,Service Type,Service Start Date,"
    "Total Monthly Eligible Charges,Total Pre-Discount Charges,Discount Rate,Funding Commitment Request"
)
ROW = "IA,161,7,A District,169,Funded,Data Transmission and/or Internet Access,07/01/2025,100,1200,80,960"


def run(*words: str) -> int:
    try:
        main(words)
    except SystemExit as done:
        return int(done.code or 0)
    return 0


@pytest.fixture
def requests(tmp_path: Path) -> str:
    path = tmp_path / "frn.csv"
    path.write_text(f"{FRN}\n{ROW}\n", encoding="utf-8")
    return str(path)


def test_reconcile_reads_a_filing_and_opens_with_the_comparison(
    requests: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("procurement", "reconcile", "--form-471", requests) == 0
    told = capsys.readouterr()
    assert "Compared with the published figures: commitments to the cent 1 of 1 equal." in told.err
    assert told.out.splitlines()[1] == "169,commitment_usd,960.00,960,0.00,,7"


def test_reconcile_needs_both_files_or_neither(requests: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("procurement", "reconcile", "--ours", requests) == 2
    assert "both --ours and --published" in capsys.readouterr().err


def test_the_calendar_says_its_day_and_writes_a_calendar_file(
    requests: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "dates.ics"
    assert run("procurement", "calendar", "--form-471", requests, "--as-of", "2026-10-01", "-o", str(target)) == 0
    assert "as of 2026-10-01: 1 date within 90 days, $960.00 at stake" in capsys.readouterr().err
    assert "DTSTART;VALUE=DATE:20261028" in target.read_text(encoding="utf-8")


def test_the_calendar_can_be_asked_for_in_any_format(
    requests: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("procurement", "calendar", "--form-471", requests, "--as-of", "2026-10-01")
    assert run(*words, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["due"] == "2026-10-28"
    assert run(*words, "--format", "ics") == 0
    assert capsys.readouterr().out.startswith("BEGIN:VCALENDAR")
    assert run(*words, "--format", "ics", "-o", str(tmp_path / "dates.txt")) == 0
    assert (tmp_path / "dates.txt").read_text(encoding="utf-8").startswith("BEGIN:VCALENDAR")
    assert run(*words, "-o", str(tmp_path / "dates.txt")) == 2


def test_a_date_of_the_calendar_is_explained_from_the_answer_that_the_workspace_keeps(
    requests: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--workspace", str(Workspace.create(tmp_path / "plan", state="IA", funding_year=2025).folder))
    told = ("--form-471", requests, "--as-of", "2026-10-01", "-o", str(tmp_path / "dates.csv"))
    assert run("procurement", "calendar", *told, *here) == 0
    assert run("explain", "erate_calendar", "7/169", "due", *here) == 0
    said = capsys.readouterr().out
    assert "erate_calendar 7/169, due = 2026-10-28" in said
    assert "formula   an invoice: the day that USAC states, else the last day of service + the days of the rule" in said
    assert "invoice.days_after_service" in said
    assert "frn.csv, row 2: " in said


def test_prices_name_the_tables_that_are_missing(requests: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("procurement", "prices", "--form-471", requests, "--funding-year", "2026") == 1
    assert "request_lines, applications" in capsys.readouterr().err


def test_without_files_and_workspace_the_way_on_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("procurement", "calendar", "--workspace", str(tmp_path)) == 1
    assert "not an infraplan workspace" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["reconcile", "prices", "calendar"])
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("procurement", command, "--help") == 0
    assert f"infraplan procurement {command}" in capsys.readouterr().out


def test_prices_of_files_need_a_year(requests: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("procurement", "prices", "--form-471", requests) == 2
    assert "--form-471 needs --funding-year" in capsys.readouterr().err


def test_a_report_on_filings_opens_with_the_comparison_wherever_it_is_written(
    requests: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening, words = "Compared with the published figures: commitments", ["--form-471", requests]
    for ending in ("xlsx", "html", "ics"):
        target = str(tmp_path / f"dates.{ending}")
        assert run("procurement", "calendar", *words, "--as-of", "2026-10-01", "-o", target) == 0
    book = load_workbook(tmp_path / "dates.xlsx")
    assert book.sheetnames == ["table", "about"], "the table stays the first sheet"
    told = [str(cell.value) for cell in book["about"]["A"]]
    assert told[1].startswith(opening)
    assert told[2].startswith("as of 2026-10-01")
    assert told[-1].startswith("Planning figures")
    assert f"<p>{opening}" in (tmp_path / "dates.html").read_text(encoding="utf-8")
    calendar = (tmp_path / "dates.ics").read_text(encoding="utf-8").replace("\n ", "")
    assert f"X-WR-CALDESC:{opening}" in calendar
    assert "as of 2026-10-01: 1 date" in calendar
    assert run("procurement", "reconcile", *words, "-o", str(tmp_path / "compared.xlsx")) == 0
    assert str(load_workbook(tmp_path / "compared.xlsx")["about"]["A2"].value).startswith(opening)
    capsys.readouterr()
