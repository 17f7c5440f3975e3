"""The reader of dated rules: what it refuses, and what its check proves."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from infraplan import rules
from infraplan.cli.rules import evaluators
from infraplan.errors import BadInput, NoRule

EVALUATORS = evaluators()


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A rules folder of our own, with the reader's memory emptied around it."""
    monkeypatch.setattr(rules, "data_path", tmp_path.joinpath)
    rules._load.cache_clear()
    yield tmp_path / "rules"
    rules._load.cache_clear()


def write(root: Path, year: str, text: str, topic: str = "prices") -> None:
    path = root / "toll" / year / f"{topic}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


GOOD = """
title = "Tolls"
[cite.act]
title = "Toll Act"
read_on = 2026-01-02
[car]
value = 201.57
unit = "USD"
cite = "act"
[[band]]
from = { value = 3, cite = "act" }
[[case]]
of = "double"
name = "two cars"
given = { cars = 2 }
expect = { usd = 403.14 }
because = "2 x 201.57"
"""


def test_every_shipped_figure_is_cited_and_every_case_holds() -> None:
    figures, cases = rules.check(EVALUATORS)
    assert figures > 400
    assert cases > 150


def test_a_figure_keeps_its_cents_exactly(made_up: Path) -> None:
    write(made_up, "2020", GOOD)
    found = rules.figure("toll", 2020, "prices", "car")
    assert found.value == Decimal("201.57")
    assert found.cite is not None
    assert found.cite.words() == "Toll Act (an excerpt was read 2026-01-02)"


def test_a_passage_that_was_read_is_told_from_an_excerpt_and_from_what_is_pending(made_up: Path) -> None:
    write(made_up, "2020", GOOD)
    write(made_up, "2021", GOOD.replace("read_on = 2026-01-02", 'read_on = 2026-01-02\nseen = "text"'))
    write(made_up, "2022", 'title = "T"\n[car]\npending = true\nneeds = "the notice"\n')
    assert rules.standing(rules.every_file()) == rules.Standing(confirmed=2, excerpt=2, pending=1)
    cite = rules.figure("toll", 2021, "prices", "car").cite
    assert cite is not None
    assert cite.words() == "Toll Act (read 2026-01-02)"


def test_check_refuses_a_way_of_seeing_that_there_is_not(made_up: Path) -> None:
    write(made_up, "2020", GOOD.replace("read_on = 2026-01-02", 'read_on = 2026-01-02\nseen = "hearsay"'))
    with pytest.raises(BadInput, match="seen = 'hearsay', expected text or excerpt"):
        rules.check({"double": lambda _, given: {"usd": Decimal("201.57") * given["cars"]}})


def test_the_counts_of_the_shipped_rules_add_up() -> None:
    known = rules.standing(rules.every_file())
    figures, _ = rules.check(EVALUATORS)
    assert known.confirmed + known.excerpt + known.pending == figures
    assert known.confirmed > 300


def test_figures_in_lists_are_named_by_their_place(made_up: Path) -> None:
    write(made_up, "2020", GOOD)
    assert rules.load("toll", 2020, "prices").value("band.0.from") == 3


def test_an_absent_year_is_refused_and_the_newest_present_is_named() -> None:
    with pytest.raises(NoRule, match=r"2031; the newest present is 20\d\d .* nothing carries over"):
        rules.load("erate", 2031, "discounts")


def test_a_topic_that_no_year_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(NoRule, match="the rules of erate have no topic prices; its topics are: calendar, category_two"):
        rules.load("erate", 2026, "prices")
    with pytest.raises(NoRule, match="its rules are not divided into topics"):
        rules.load("home_programs", "acp", "prices")


def test_an_absent_topic_names_only_years_that_have_it() -> None:
    with pytest.raises(NoRule, match=r"newest present is 2027 \(present: 2016"):
        rules.load("erate", 2015, "special_construction")


def test_an_unknown_program_names_those_there_are() -> None:
    with pytest.raises(NoRule, match=r"there are: .*erate"):
        rules.load("f-rate", 2026, "discounts")


def test_a_figure_that_the_file_lacks_is_named() -> None:
    with pytest.raises(NoRule, match=r"have no figure voice.reduction"):
        rules.figure("erate", 2026, "discounts", "voice.reduction")


def test_a_pending_figure_stops_and_says_what_is_needed(made_up: Path) -> None:
    write(
        made_up, "2021", 'title = "T"\n[car]\npending = true\nneeds = "the notice of 2021"\nabout = "toll of a car"\n'
    )
    with pytest.raises(NoRule, match=r"toll of a car .* is pending: the notice of 2021"):
        rules.figure("toll", 2021, "prices", "car")


def test_check_names_the_uncited_figure_the_undated_citation_and_the_failing_case_together(made_up: Path) -> None:
    bad = GOOD.replace('cite = "act"\n[[band]]', "[[band]]").replace("read_on = 2026-01-02\n", "")
    write(made_up, "2020", bad.replace("403.14", "403.15"))
    with pytest.raises(BadInput) as refusal:
        rules.check({"double": lambda _, given: {"usd": Decimal("201.57") * given["cars"]}})
    kinds = {fault.kind for fault in refusal.value.faults}
    assert kinds == {"NoCitation", "BadCitation", "CaseFails"}
    assert "usd is 403.14, expected 403.15" in str(refusal.value)


def test_check_refuses_a_case_that_no_arithmetic_answers(made_up: Path) -> None:
    write(made_up, "2020", GOOD)
    with pytest.raises(BadInput, match="no arithmetic has that name"):
        rules.check({})


def test_check_wants_a_pending_figure_to_say_what_is_missing(made_up: Path) -> None:
    write(made_up, "2020", 'title = "T"\n[car]\npending = true\n')
    with pytest.raises(BadInput, match="does not say what is needed"):
        rules.check({})


def test_differences_are_sentences_with_the_change_in_percent() -> None:
    lines = rules.differences("erate", 2025, 2026)
    assert any(
        "school multiplier: $167.00 per student becomes $201.57 per student (up 20.7 percent)" in x for x in lines
    )
    assert not any("Discount rates: " in x for x in lines)


def test_differences_name_figures_that_come_and_go() -> None:
    lines = rules.differences("erate", 2018, 2021)
    assert any("voice services" in x and "no longer (80 points before)" in x for x in lines)
    assert any("may add up the best of each site: new, 10 sites" in x for x in lines)


def test_a_year_compared_with_itself_has_no_differences() -> None:
    assert rules.differences("erate", 2026, 2026) == []


def test_a_broken_rule_file_is_named(made_up: Path) -> None:
    write(made_up, "2020", "title = ")
    with pytest.raises(BadInput, match=r"prices.toml is not valid TOML"):
        rules.load("toll", 2020, "prices")
