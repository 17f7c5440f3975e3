"""SCED codes: read from a list's course cell, and shown beside a course."""

import re
from pathlib import Path

import pandas as pd
import pytest

from infraplan.oer.audit import audit
from infraplan.oer.course_codes import in_words, read_course, sced_of
from infraplan.oer.matching import match
from infraplan.oer.savings import estimate
from infraplan.oer.sources.lists import read_catalogs, read_list
from infraplan.oer.titles import courses, read_title
from infraplan.resources import data_path, read_toml


def told() -> dict[str, str]:
    tables = read_toml(data_path("codes", "courses.toml"))
    return {**tables["read_by_title"], **tables["read_only"]}


def test_a_code_has_five_digits_and_names_one_course() -> None:
    codes = [course.sced for course in courses().values() if course.sced] + list(told())
    assert all(re.fullmatch(r"\d{5}", code) for code in codes)
    assert len(codes) == len(set(codes))


def test_every_source_of_codes_is_cited_with_a_date() -> None:
    cites = read_toml(data_path("codes", "courses.toml"))["cite"]
    assert all({"title", "url", "for", "recorded_on"} <= set(cite) for cite in cites.values())


@pytest.mark.parametrize("code", sorted(told()))
def test_the_title_of_every_further_code_is_read_as_a_course(code: str) -> None:
    assert len(read_course(code).courses) == 1


@pytest.mark.parametrize("course_id", sorted(one.course_id for one in courses().values() if one.sced))
def test_a_course_and_its_code_lead_to_each_other(course_id: str) -> None:
    course = courses()[course_id]
    assert read_course(course.sced).courses == (course_id,)
    assert sced_of(course.name) == course.sced


@pytest.mark.parametrize(
    "cell",
    ["02052", " 02052 ", "02052 Algebra I", "02052: Algebra I", "02052 - Algebra I", "02052G1.0011", "02052 (9)"],
)
def test_a_cell_that_begins_with_the_code_is_that_course(cell: str) -> None:
    assert read_course(cell).courses == ("algebra_1",)


def test_the_identifier_says_the_level_of_rigor() -> None:
    assert (read_course("02052H1.0011").level, read_course("02052G1.0011").level) == ("honors", "")


def test_people_read_a_bare_code_by_its_name() -> None:
    assert [in_words(cell) for cell in ("03056", "03051H1.0011", "02052 Algebra I", "12345")] == [
        "AP Biology",
        "Honors Biology",
        "02052 Algebra I",
        "12345",
    ]


def test_a_code_of_another_level_or_grade_says_so() -> None:
    assert (read_course("03056").courses, read_course("03056").level) == (("biology",), "ap")
    assert (read_course("01003").courses, read_course("01003").grades) == (("ela",), (11, 11))
    assert (read_course("06102").courses, read_course("06102").serves) == (("spanish",), (2,))


def test_words_beside_a_code_add_a_level() -> None:
    assert (read_course("03051 Honors").courses, read_course("03051 Honors").level) == (("biology",), "honors")


def test_words_that_name_another_course_decide_against_the_code() -> None:
    assert read_course("04101 Chemistry").courses == ("chemistry",)
    assert sced_of("04101 Chemistry") == "03101"


@pytest.mark.parametrize("cell", ["12345", "2019", "020521", "02052.5", "99999 Algebra I", "Algebra 1", ""])
def test_what_is_no_known_code_is_read_as_words(cell: str) -> None:
    assert read_course(cell) == read_title(cell)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("Algebra I", "02052"),
        ("Honors Biology", "03051"),
        ("AP Biology", "03056"),
        ("Probability and Statistics", "02201"),
        ("Statistics", "02205"),
        ("English 9", "01001"),
        ("Latin 1", "24342"),
        ("06301", "06301"),  # the list's own, of an earlier version
        ("Spanish 1", ""),
        ("European History", ""),
        ("AP Physics", ""),
        ("Calculus 2", ""),
        ("Basket Weaving", ""),
    ],
)
def test_a_code_is_shown_only_where_one_fits(cell: str, code: str) -> None:
    assert sced_of(cell) == code


@pytest.fixture
def audited(tmp_path: Path) -> dict[str, pd.DataFrame]:
    (tmp_path / "list.csv").write_text(
        "item_id,title,course,publisher\na,A First Book,03051,Pearson\nb,Other Book,AP Psychology,BFW\n"
        "c,Music Theory,,Pearson\nd,Music Theory for Rock Guitar,,Pearson\n",
        encoding="utf-8",
    )
    (tmp_path / "catalog.csv").write_text(
        "resource_id,title,license\nr1,Biology 2e,CC BY 4.0\nr2,Psychology 2e,CC BY 4.0\n", encoding="utf-8"
    )
    items, catalog = read_list(tmp_path / "list.csv"), read_catalogs([tmp_path / "catalog.csv"])
    matched = match(items, catalog)
    return {one.file: one.table for one in audit(items, catalog, matched, estimate(items, matched)).parts}


def test_a_list_with_codes_finds_the_texts_of_its_courses(audited: dict[str, pd.DataFrame]) -> None:
    found = audited["alternatives"].set_index("item_id")
    assert found.loc["a", "resource_title"] == "Biology 2e"
    assert (found.loc["a", "course"], found.loc["a", "sced"]) == ("Biology", "03051")
    assert found.loc["b", "sced"] == "04256"


def test_a_row_without_a_course_has_the_code_of_a_title_that_says_nothing_else(
    audited: dict[str, pd.DataFrame],
) -> None:
    left = audited["not_assessed"].set_index("item_id")["sced"]
    assert (left["c"], left["d"]) == ("05113", "")


def test_the_report_says_whose_the_codes_are_and_where_to_compare_them(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("item_id,title,course\na,A First Book,03051\n", encoding="utf-8")
    (tmp_path / "catalog.csv").write_text("resource_id,title,license\nr1,Biology 2e,CC BY 4.0\n", encoding="utf-8")
    items, catalog = read_list(tmp_path / "list.csv"), read_catalogs([tmp_path / "catalog.csv"])
    matched = match(items, catalog)
    told = {one.file: one.words for one in audit(items, catalog, matched, estimate(items, matched)).parts}
    assert any("not compared with the federal SCED file" in words for words in told["alternatives"])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("Modern World History", "04053"),
        ("U.S. History since 1877", ""),
        ("Physics: Mechanics", ""),
        ("Physics", "03151"),
    ],
)
def test_a_part_of_a_course_has_its_own_code_or_none(cell: str, code: str) -> None:
    assert sced_of(cell) == code


@pytest.mark.parametrize(
    ("cell", "code"), [("2052", "02052"), ("2052.0", "02052"), ("3056 AP Biology", "03056"), ("2024", ""), ("1984", "")]
)
def test_a_code_whose_leading_zero_a_spreadsheet_lost_is_read(cell: str, code: str) -> None:
    assert sced_of(cell) == code


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("Alg. II", "Algebra II"),
        ("AP Calc BC", "AP Calculus BC"),
        ("APUSH", "AP US History"),
        ("AP Lang", "AP English Language"),
        ("Env. Sci.", "Environmental Science"),
        ("Anat & Phys", "Anatomy and Physiology"),
        ("Math II", "Integrated Math 2"),
        ("Govt.", "US Government"),
    ],
)
def test_names_that_lists_shorten_are_the_same_course(short: str, full: str) -> None:
    assert (read_course(short).courses, read_course(short).level) == (
        read_course(full).courses,
        read_course(full).level,
    )


def test_a_course_in_a_subject_by_grade_is_the_course_at_that_grade() -> None:
    read = read_course("English 11: American Literature")
    assert (read.courses, read.grades, read.strict) == (("american_literature",), (11, 11), True)


def test_pre_ap_is_not_ap_and_honors_in_parentheses_is_honors() -> None:
    assert (read_course("Pre-AP English 9").level, read_course("Biology I (Honors)").level) == ("honors", "honors")
