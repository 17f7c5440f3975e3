"""The oer commands as a person types them: exit codes, where data and words go, refusals."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infraplan.cli import infraplan
from infraplan.errors import InfraplanError

COMMANDS = ["licenses", "remix", "match", "coverage", "savings", "audit", "map"]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(infraplan, ["oer", *map(str, arguments)])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"infraplan oer {command}" in done.stdout


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        ("CC BY", "CC BY-SA 4.0", "yes"),
        ("CC BY-ND", "CC0", "no"),
        ("ck12", "CC BY", "review"),
        ("Free", "CC BY", "unknown"),
    ],
)
def test_remix_says_its_answer_first_and_exits_zero_for_all_four(a: str, b: str, word: str) -> None:
    done = run("remix", a, b)
    assert (done.exit_code, done.stdout.split()[0]) == (0, word)


def test_licenses_writes_a_row_per_row_and_words_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        'raw,url\nCC BY,\n"",\n\nCC BY,https://creativecommons.org/licenses/by-nc-nd/4.0/\n', encoding="utf-8"
    )
    done = run("licenses", "--from", tmp_path / "in.csv")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "raw,license_id,family,version,jurisdiction,spdx_id,oer,open_definition,adapt,commercial,share_alike"
    )
    assert [line.split(",")[1] for line in lines[1:]] == ["CC-BY", "LicenseRef-Unknown", "CC-BY-NC-ND-4.0"]
    assert "3 statements" in done.stderr
    assert run("licenses", "--from", tmp_path / "in.csv", "--quiet").stderr == ""


def test_blank_statements_of_a_single_column_keep_their_rows(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('raw\n""\nCC BY\n""\n', encoding="utf-8")
    assert [line.split(",")[1] for line in run("licenses", "--from", tmp_path / "in.csv").stdout.splitlines()[1:]] == [
        "LicenseRef-Unknown", "CC-BY", "LicenseRef-Unknown"]  # fmt: skip


def test_licenses_refuses_a_file_without_the_column(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("terms\nCC BY\n", encoding="utf-8")
    done = run("licenses", "--from", tmp_path / "in.csv")
    assert isinstance(done.exception, InfraplanError)
    assert "raw" in str(done.exception)


def test_match_reads_decisions_and_says_what_changed(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("item_id,title\na,Biology for AP\n", encoding="utf-8")
    (tmp_path / "catalog.csv").write_text("resource_id,title,license\nr,Biology 2e,CC BY 4.0\n", encoding="utf-8")
    base: list[str | Path] = ["match", "--list", tmp_path / "list.csv", "--catalog", tmp_path / "catalog.csv"]
    assert run(*base, "-o", tmp_path / "first.csv").exit_code == 0
    (tmp_path / "d.csv").write_text(
        "item_id,resource_id,outcome,by,decided_on,why\na,r,partial,N. N.,2026-01-02,too long\n", encoding="utf-8"
    )
    done = run(*base, "--decisions", tmp_path / "d.csv", "--previous", tmp_path / "first.csv")
    assert done.exit_code == 0, done.output
    assert "was good" in done.stdout
    assert "1 with another outcome" in done.stderr


def test_a_column_map_that_is_not_one_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("resource_id,title,license\n", encoding="utf-8")
    assert (
        run("match", "--list", tmp_path / "x.csv", "--catalog", tmp_path / "x.csv", "--columns", "title").exit_code == 2
    )


def test_coverage_asks_for_a_course_or_codes_but_not_both(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("code,course\n3.NF.A.1,G3\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("resource_id,code\nr,3.nf.1\n", encoding="utf-8")
    base: list[str | Path] = [
        "coverage",
        "--standards",
        tmp_path / "s.csv",
        "--alignments",
        tmp_path / "a.csv",
        "-o",
        tmp_path / "out",
    ]
    assert run(*base).exit_code == 2
    assert run(*base, "--course", "G3", "--codes", tmp_path / "s.csv").exit_code == 2
    done = run(*base, "--course", "G3")
    assert done.exit_code == 0, done.output
    assert "1 of 1 standards covered" in done.stderr
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "cover.csv",
        "uncovered.csv",
        "programs.csv",
        "solution.json",
    }


def test_savings_reads_the_matches_of_a_list(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("item_id,title,price_usd,students\na,Biology for AP,100,300\n", encoding="utf-8")
    (tmp_path / "m.csv").write_text("item_id,resource_id,outcome\na,r,good\n", encoding="utf-8")
    done = run("savings", "--list", tmp_path / "l.csv", "--matches", tmp_path / "m.csv")
    assert done.exit_code == 0, done.output
    assert "1 of 1 items counted" in done.stderr
    assert done.stdout.splitlines()[1].startswith("a,Biology for AP,r,yes")


@pytest.mark.parametrize(("readme", "stamped"), [("SYNTHETIC: a fictional state\n", True), ("Our lists\n", False)])
def test_the_audit_of_a_list_of_the_fictional_state_is_stamped_by_itself(
    tmp_path: Path, readme: str, *, stamped: bool
) -> None:
    (tmp_path / "README.txt").write_text(readme, encoding="utf-8")
    (tmp_path / "list.csv").write_text("item_id,title,course\na,Geometry,Geometry\n", encoding="utf-8")
    (tmp_path / "open.csv").write_text("resource_id,title,license\nr,Geometry,CC BY 4.0\n", encoding="utf-8")
    out = tmp_path / "out"
    done = run("audit", "--list", tmp_path / "list.csv", "--catalog", tmp_path / "open.csv", "-o", out)
    assert done.exit_code == 0
    assert ("no figure here is about a real place" in (out / "report.html").read_text(encoding="utf-8")) == stamped
