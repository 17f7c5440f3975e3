"""The commands rules list, show, diff and check, as a person types them."""

from pathlib import Path

import pytest

from infraplan.cli import main


def run(*words: str) -> int:
    try:
        main(words)
    except SystemExit as done:
        return int(done.code or 0)
    return 0


def test_list_names_every_year_with_its_pending_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "program,edition,topic,title,figures,pending"
    assert any(line.startswith("erate,2015,discounts") for line in lines)
    assert any(line.startswith("erate,2027,calendar") and line.endswith(",3") for line in lines)


def test_show_gives_each_figure_with_its_citation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "show", "2026", "--topic", "category_two") == 0
    told = capsys.readouterr().out
    assert "school multiplier: $201.57 per student" in told
    assert "4 June 2025" in told


def test_show_writes_a_table_where_a_file_is_named(tmp_path: Path) -> None:
    target = tmp_path / "figures.csv"
    assert run("rules", "show", "2026", "-o", str(target)) == 0
    header, *rows = target.read_text(encoding="utf-8").splitlines()
    assert header.startswith("edition,topic,figure,value,unit")
    assert len(rows) > 40


def test_a_pending_figure_is_shown_as_pending(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "show", "2027", "--topic", "calendar") == 0
    assert "window closes: pending (USAC's announcement of the FY2027 window" in capsys.readouterr().out


def test_diff_speaks_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "diff", "2025", "2026") == 0
    assert "$25,000 becomes $30,175 (up 20.7 percent)" in capsys.readouterr().out


def test_diff_of_equal_years_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "diff", "2026", "2026") == 0
    assert capsys.readouterr().out == "nothing differs between 2026 and 2026\n"


def test_home_programs_are_rules_like_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "show", "lifeline", "--program", "home_programs") == 0
    assert (
        "most that Lifeline pays for broadband; never more than the price: $9.25 per month" in capsys.readouterr().out
    )


def test_an_unknown_year_is_one_plain_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "show", "2014") == 1
    assert "the newest present is 2027" in capsys.readouterr().err


def test_check_counts_figures_and_cases_and_names_what_is_pending(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "check") == 0
    told = capsys.readouterr().out
    assert "each cited or pending" in told
    assert "pending  erate/2027/calendar.toml: window.closes" in told
