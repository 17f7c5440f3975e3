"""Rows of an adoption list, read: the course an item is for, and whether it is an open publisher's own already."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from infraplan.oer.course_codes import read_course
from infraplan.oer.gates import IN_PARTS, Want
from infraplan.oer.grades import read_grade_cell
from infraplan.oer.isbns import houses, read_isbns, registrant
from infraplan.oer.programs import Imprint, imprint_named, open_publishers, open_works, program_named
from infraplan.oer.sources.lists import is_placeholder
from infraplan.oer.sources.wording import fold, words
from infraplan.oer.titles import Title, courses, read_title

LITERATURE_FROM = 6


@dataclass(frozen=True)
class Item:
    """One row of a list, read: what course it wants and whether it is already the open publisher's own."""

    want: Want | None
    work: str
    isbns: tuple[str, ...]
    openly_published: bool
    notes: tuple[str, ...]
    imprint: Imprint | None
    paying_for: str
    refusal: str = ""
    edition: int = 1
    single_work: bool = False


def read_item(row: Mapping[str, str]) -> Item:
    """One row of a list as `sources.lists.read_list` gives it."""
    if is_placeholder(row["title"]):
        return Item(
            None,
            "",
            (),
            openly_published=False,
            notes=(),
            imprint=None,
            paying_for="",
            refusal="placeholder row: it names no material",
        )
    title = read_title(row["title"])
    isbns = read_isbns(row["isbn"])
    owners = [owner for owner in map(registrant, isbns.valid) if owner is not None]
    publisher = fold(row["publisher"])
    named_open = any(name in publisher for name in open_publishers())
    by_isbn = any(owner.kind == "open" for owner in owners)
    by_title = title.house_edition and title.work in open_works() and (named_open or not publisher)
    notes = list(isbns.refused)
    if by_title and owners and not by_isbn:
        notes.append(
            f"ISBN conflict: the title is an open publisher's, the ISBN {isbns.valid[0]} is of {owners[0].publisher}"
        )
    textbook = any(owner.kind != "open" for owner in owners) or bool(publisher)
    want, refusal = _want(row, title, textbook=textbook, has_isbn=bool(isbns.valid))
    schoolbook = any(owner.kind != "open" for owner in owners) or _publishes_schoolbooks(publisher)
    if want is not None and not schoolbook and _may_be_literature(title, want):
        want = replace(want, sure=False)
    imprint = imprint_named(f"{row['publisher']} {row['title']}") or imprint_named(
        f"{row['publisher']} {row['title']} {row['course']}"
    )
    paying_for = row["paying_for"].strip() or "unknown" if imprint and imprint.relation == "imprint" else ""
    return Item(
        want,
        title.work,
        isbns.valid,
        by_isbn or by_title or named_open,
        tuple(notes),
        imprint,
        paying_for,
        refusal,
        title.edition_number,
        want is None and not title.component,
    )


def _want(row: Mapping[str, str], title: Title, *, textbook: bool, has_isbn: bool) -> tuple[Want | None, str]:
    """The course an item is for: its course column, else its title; and why none is found, or it is no course text."""
    course = read_course(row["course"]) if row["course"].strip() else None
    subject = read_title(row["subject"]).courses if row["subject"].strip() else ()
    grades = read_grade_cell(row["grades"]) or (course.grades if course else None) or title.grades
    named = course.courses if course and course.courses else ()
    sure = bool(named) or title.strict or grades is not None
    elsewhere = course is not None and not named and course.grades is None
    if named and set(named) < set(title.courses):
        named = title.courses  # a bundle listed under one of its courses
    wanted = named or (title.courses if title.strict or not elsewhere else ()) or (subject if grades else ())
    if not wanted:
        return (
            None,
            "the course is not in the taxonomy: neither the course column nor the title names one that is known",
        )
    listed = title.edition or (row["publisher"].strip() != "" and grades is not None)
    role = _role(title, courses()[wanted[0]].subject, textbook=textbook, listed=listed, has_isbn=has_isbn)
    if role:
        return None, role
    level = _level(course, title, wanted, grades)
    serves = _serves(course, title, level)
    if courses()[wanted[0]].subject == "world languages" and level == "upper" and set(serves) <= {1, 2}:
        level = "regular"
    return Want(
        courses=wanted,
        also=title.courses if named else (),
        grades=grades,
        level=level,
        volume=title.volume or (course.volume if course and wanted[0] in IN_PARTS else None),
        since=title.since or (course.since if course else None),
        until=title.until or (course.until if course else None),
        serves=serves,
        languages=title.languages,
        sure=sure or bool(subject),
    ), ""


def _serves(course: Title | None, title: Title, level: str) -> tuple[int, ...]:
    """Language levels wanted: the course's own number, AP as the fifth, else what the title says."""
    if course and course.serves:
        return course.serves
    return (5,) if level == "ap" else title.serves


def _role(title: Title, subject: str, *, textbook: bool, listed: bool, has_isbn: bool) -> str:
    """Why an item is no course text: a companion volume, or a single work (novel, monograph) read in the course.

    `textbook`: ISBN or publisher says so; `listed`: an edition is named, or publisher and grades as adoption lists do.
    """
    if title.component:
        return "a companion (workbook, reader, lab manual, test preparation), not a course text"
    told = words()["vocabulary"].get(subject, [])
    in_subject = bool(title.courses) or any(word in title.work.split() or word in title.work for word in told)
    if in_subject or listed or (textbook and subject != "english"):
        return ""
    if subject != "english" and not has_isbn:
        return ""
    return "a single work read in the course, not its text: neither title nor publisher says textbook"


def _may_be_literature(title: Title, want: Want) -> bool:
    """A title of a grade 6-12 English course that names neither subject, grade nor edition ("To Kill a Mockingbird")."""
    if courses()[want.courses[0]].subject != "english" or (
        want.grades is not None and want.grades[1] < LITERATURE_FROM
    ):
        return False
    told = words()["vocabulary"].get("english", [])
    plain = bool(title.courses or title.edition or title.grades) or any(word in title.work for word in told)
    return not plain and program_named(title.work) is None


@cache
def _publishes_schoolbooks(publisher: str) -> bool:
    """Whether a folded publisher's name holds one of the textbook houses of the ISBN table."""
    return any(fold(house) in publisher for house in houses() if house)


def _level(course: Title | None, title: Title, wanted: tuple[str, ...], grades: tuple[int, int] | None) -> str:
    """Which level an item is for: regular | upper (a grade 11-12 course) | honors | ap."""
    said = {part.level for part in (course, title) if part}
    if "ap" in said:
        return "ap"
    advanced = course is not None and "advanced" in course.work.split() and not wanted[0].startswith("advanced")
    if "honors" in said or (advanced and "advanced math" not in course.work if course else False):
        return "honors"
    top = grades[1] if grades else max(courses()[one].high_grade for one in wanted)
    return "upper" if top >= 11 else "regular"  # noqa: PLR2004 - grade 11
