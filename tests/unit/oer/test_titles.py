"""What titles and course names say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.oer.isbns import read_isbns, registrant
from infraplan.oer.sources.wording import fold
from infraplan.oer.titles import courses, read_grades, read_title, work_key


@pytest.mark.parametrize(
    ("title", "course"),
    [
        ("Algebra 1", "algebra_1"),
        ("Glencoe Algebra I", "algebra_1"),
        ("Pre-Calculus", "precalculus"),
        ("Precalculus with Limits", "precalculus"),
        ("AP® Calculus AB", "calculus_ab"),
        ("Calculus, Volume III", "multivariable_calculus"),
        ("Essentials of Anatomy & Physiology [8th ed]", "anatomy_physiology"),
        ("Give Me Liberty! An American History   [Brief/7e]", "us_history"),
        ("U.S. History", "us_history"),
        ("Concepts of Biology - 2e", "biology"),
        ("The Practice of Statistics, Updated 6th Edition", "statistics"),
        ("Principles of Microeconomics (University of Somewhere)", "microeconomics"),
    ],
)
def test_a_title_that_says_nothing_else_is_the_text_of_its_course(title: str, course: str) -> None:
    told = read_title(title)
    assert (told.courses, told.strict) == ((course,), True)


@pytest.mark.parametrize(
    "title",
    [
        "Calculus for the Life Sciences: A Modeling Approach",
        "Introductory Statistics for Psychology Students",
        "Introduction to Philosophy: Epistemology",
        "Thermodynamics and Chemistry",
        "Anatomy and Physiology of Animals",
        "Psychology as a Biological Science",
        "Philosophy: Philosophy of Mind",
        "Introduction to Community Psychology",
        "Practical Economics: Economic Transformation and Government Reform in Georgia 2004\u20132012",
    ],
)
def test_a_title_that_narrows_its_course_is_not_its_text(title: str) -> None:
    assert not read_title(title).strict


@pytest.mark.parametrize("title", ["Linear Algebra", "Abstract Algebra", "College Algebra", "Elementary Algebra 2e"])
def test_no_other_algebra_is_algebra_1(title: str) -> None:
    assert "algebra_1" not in read_title(title).courses


@pytest.mark.parametrize(
    "title", ["Part SM: Statistical Mechanics", "Brehe's Grammar Anatomy", "Government Regulation"]
)
def test_a_word_of_a_course_is_not_the_course(title: str) -> None:
    assert read_title(title).courses == ()


def test_a_row_for_three_courses_names_all_three() -> None:
    assert read_title("Holt Algebra I, Geometry, & Algebra II").courses == ("algebra_1", "geometry", "algebra_2")
    assert read_title("Algebra I;Geometry;Algebra II").courses == ("algebra_1", "geometry", "algebra_2")


@pytest.mark.parametrize(
    ("text", "since", "until", "volume"),
    [
        ("History of World Societies, volume 2: Since 1450  [11th ed.]", 1450, None, 2),
        ("World History: Cultures, States, and Societies to 1500", None, 1500, None),
        ("Western Civilization (since 1300)  [10th ed.]", 1300, None, None),
        ("Modern Europe, 1500\u20132000", 1500, 2000, None),
        ("World History Volume II", None, None, 2),
        ("University Physics I: Classical Mechanics", None, None, 1),
        ("Biology 2e", None, None, None),
    ],
)
def test_period_and_volume_are_read(text: str, since: int | None, until: int | None, volume: int | None) -> None:
    told = read_title(text)
    assert (told.since, told.until, told.volume) == (since, until, volume)


@pytest.mark.parametrize(
    ("text", "grades"),
    [
        ("K-5", (0, 5)),
        ("6-8", (6, 8)),
        ("Grade 3 Mathematics", (3, 3)),
        ("Prekindergarten Mathematics", (-1, -1)),
        ("Kindergarten Mathematics", (0, 0)),
        ("1;2;3;5;6", (1, 6)),
        ("3rd grade", (3, 3)),
        ("Grades 9 to 12", (9, 12)),
        ("Algebra 1", None),
        ("World History 1500-2000", None),
    ],
)
def test_grades_are_read(text: str, grades: tuple[int, int] | None) -> None:
    assert read_grades(fold(text)) == grades


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Anatomy and Physiology", "Anatomy And Physiology 2E"),
        ("Principles of Economics 3e", "Principles Economics 3E"),
        ("College Physics 2e", "College Physics"),
        ("U.S. History", "Us History"),
    ],
)
def test_editions_and_spellings_of_one_work_have_one_key(a: str, b: str) -> None:
    assert work_key(a) == work_key(b)


def test_volumes_of_one_work_have_different_keys() -> None:
    assert work_key("University Physics Volume 1") != work_key("University Physics Volume 2")
    assert work_key("Algebra 1") != work_key("Algebra 2")


@given(st.text(max_size=60))
def test_any_title_can_be_read(title: str) -> None:
    assert set(read_title(title).courses) <= set(courses())


@pytest.mark.parametrize(
    ("cell", "valid"),
    [
        ("9781938168130", ("9781938168130",)),
        ("978-1-938168-13-0", ("9781938168130",)),
        ("9781938168130.0", ("9781938168130",)),
        ("1938168135", ("9781938168130",)),
        ("9781680057997 or 9781680057904", ("9781680057997", "9781680057904")),
        ("", ()),
        ("NO TEXTBOOK", ()),
    ],
)
def test_isbns_are_read_as_lists_write_them(cell: str, valid: tuple[str, ...]) -> None:
    assert read_isbns(cell).valid == valid


def test_a_placeholder_isbn_is_refused_though_its_check_digit_holds() -> None:
    told = read_isbns("978-0-000000-00-2")
    assert told.valid == ()
    assert "placeholder" in told.refused[0]


def test_a_wrong_check_digit_is_said_and_not_mended() -> None:
    told = read_isbns("9781938168131")
    assert told.valid == ()
    assert "check digit" in told.refused[0]


def test_a_prefix_tells_an_open_publisher_from_a_commercial_one() -> None:
    for isbn, kind in (("9781938168130", "open"), ("9780544817739", "textbook")):
        owner = registrant(isbn)
        assert owner is not None
        assert owner.kind == kind
    assert registrant("9789999999991") is None
