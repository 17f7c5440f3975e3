"""The commands discounts, budgets and commitments, as a person types them."""

from pathlib import Path

import pytest

from infraplan.cli import main
from infraplan.workspace import Workspace


def run(*words: str) -> int:
    try:
        main(words)
    except SystemExit as done:
        return int(done.code or 0)
    return 0


def put(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_discounts_write_the_declared_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in.csv", "entity_id,kind,students,nslp_students,urban_rural\n01,district,200,99,Rural\n")
    assert run("procurement", "discounts", "--from", source, "--funding-year", "2026") == 0
    assert (
        capsys.readouterr().out
        == "entity_id,kind,nslp_percent,urban_rural,c1_rate,c2_rate\n01,district,50,Rural,80,80\n"
    )


def test_budgets_write_cents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in.csv", "entity_id,kind,students,square_feet\nA,school,150,\n")
    target = tmp_path / "out.csv"
    assert run("procurement", "budgets", "--from", source, "--funding-year", "2026", "-o", str(target)) == 0
    assert target.read_text(encoding="utf-8").splitlines()[1] == "A,1,site,30235.50,0.00,0.00,30235.50"
    assert "lapses" in capsys.readouterr().err


def test_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in.csv", "request_id,pre_discount_usd,rate\n1,10.01,50\n")
    assert run("procurement", "commitments", "--from", source, "--quiet") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines()[1] == "1,50,5.01,0.00,5.00"


def test_an_unknown_year_ends_with_one_plain_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in.csv", "entity_id,kind,students,nslp_students,urban_rural\n01,district,200,99,Rural\n")
    assert run("procurement", "discounts", "--from", source, "--funding-year", "2031") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "the newest present is" in told.err
    assert "Traceback" not in told.err


def test_a_missing_year_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in.csv", "entity_id,kind\n")
    assert run("procurement", "discounts", "--from", source) == 2
    assert "--funding-year" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["discounts", "budgets", "commitments"])
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("procurement", command, "--help") == 0
    assert f"infraplan procurement {command} --from" in capsys.readouterr().out


def test_bad_cells_bad_rows_repeats_and_an_empty_consortium_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "entities.csv"
    path.write_text(
        "entity_id,kind,students,nslp_students,urban_rural,member_of\n1,district,100,50,Rural,\n1,district,200,50,Rural,\n"
        "2,school,0,0,Urban,\n3,district,100,140,Rural,\n4,district,100,104%,Rural,C\n5,consortium,,,,\nC,consortium,,,,\n",
        encoding="utf-8",
    )
    assert run("procurement", "discounts", "--from", str(path), "--funding-year", "2026") == 1
    told = capsys.readouterr().err
    for fault in (
        "'104%'", "students is 0 (entity 2)", "nslp_students is 140 and students 100", "entity_id 1 stands in row 2",
        "consortium 5 has no members", "5 faults in all",
    ):  # fmt: skip
        assert fault in told


def test_a_budget_file_tells_repeats_bad_cells_and_missing_sizes_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(
        "entity_id,kind,system_id,students\n1,school,9,100\n1,school,9,120\n2,library,,\n3,school,,abc\n",
        encoding="utf-8",
    )
    assert run("procurement", "budgets", "--from", str(path), "--funding-year", "2026") == 1
    told = capsys.readouterr().err
    for fault in ("'abc'", "entity_id must be unique", "square_feet is blank (library 2)", "3 faults in all"):
        assert fault in told


def test_the_year_is_the_workspaces_where_none_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Workspace.create(tmp_path / "plan", state="ME", funding_year=2026).folder
    schools = put(tmp_path / "in.csv", "entity_id,kind,students,nslp_students,urban_rural\n01,district,200,99,Rural\n")
    assert run("procurement", "discounts", "--from", schools, "--workspace", str(plan)) == 0
    assert "funding year 2026, the workspace's" in capsys.readouterr().err
    sites = put(tmp_path / "sites.csv", "entity_id,kind,students\nA,school,150\n")
    assert run("procurement", "budgets", "--from", sites, "--workspace", str(plan)) == 0
    assert "A,1,site,30235.50" in capsys.readouterr().out
    asked = put(tmp_path / "asked.csv", "request_id,pre_discount_usd,rate,state_match_percent\nr,100000,70,25\n")
    assert run("procurement", "commitments", "--from", asked, "--workspace", str(plan)) == 0
    assert "r,75,75000.00,25000.00,0.00" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "header"),
    [
        ("discounts", "entity_id,kind,students,nslp_students,urban_rural"),
        ("budgets", "entity_id,kind,students,square_feet"),
        ("commitments", "request_id,pre_discount_usd,rate"),
    ],
)
def test_a_file_without_rows_is_refused(
    command: str, header: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = put(tmp_path / "in.csv", f"{header}\n")
    assert run("procurement", command, "--from", source, "--funding-year", "2026") == 1
    assert "in.csv holds a header and no rows" in capsys.readouterr().err
