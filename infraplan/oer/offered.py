"""Rows of catalogs, read: the course a resource offers, the license seen for it, and where that was seen."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from infraplan.oer.course_codes import read_course
from infraplan.oer.gates import Offer
from infraplan.oer.grades import read_grade_cell
from infraplan.oer.isbns import read_isbns
from infraplan.oer.license_book import License
from infraplan.oer.licenses import read
from infraplan.oer.programs import open_works, program_named
from infraplan.oer.titles import Title, read_title


@dataclass(frozen=True)
class Resource:
    """One row of a catalog, read: the course it offers and the license seen for it.

    `program` is the sourced table's name; `series` the same, else the catalog's own name of the program.
    """

    offer: Offer
    work: str
    isbns: tuple[str, ...]
    license: License
    license_from: str
    program: str
    series: str
    edition: int = 1
    adapted: bool = False


def read_resource(row: Mapping[str, str]) -> Resource:
    """One row of a catalog as `sources.lists.read_catalogs` gives it."""
    title = read_title(row["title"])
    course = read_course(row["course"]) if row["course"].strip() else None
    license_, license_from = _license(row)
    program = program_named(row["program"]) or program_named(row["title"])
    grades = read_grade_cell(row["grades"]) or title.grades
    subject = read_title(row["subject"]).courses if row["subject"].strip() and grades else ()
    named = (course.courses if course else ()) or title.courses or subject
    offer = Offer(
        courses=named,
        strict=_strict(
            title, named_elsewhere=bool(course and course.courses) or named != title.courses, known=program is not None
        ),
        leftover=title.leftover,
        grades=grades,
        level=_offered_level(title, grades, in_program=row["program"].strip() != ""),
        volume=title.volume,
        since=title.since,
        until=title.until,
        serves=title.serves,
        languages=title.languages,
        component=title.component,
        unit=title.unit,
        localized=title.localized,
        openness=_openness(license_),
    )
    named_program = program.program if program else ""
    return Resource(
        offer,
        title.work,
        read_isbns(row["isbn"]).valid,
        license_,
        license_from,
        named_program,
        named_program or row["program"].strip(),
        title.edition_number,
        title.adapted,
    )


def _strict(title: Title, *, named_elsewhere: bool, known: bool) -> bool:
    """Whether a resource is a course text: its title says nothing else, its own columns name the course, or it is known."""
    return title.strict or named_elsewhere or known or title.work in open_works()


def _license(row: Mapping[str, str]) -> tuple[License, str]:
    """The license of a record: stated there, else of its program where somebody read a source for it."""
    stated = read(row["license"], row["license_url"])
    if stated.license.known or row["license"].strip():
        return stated.license, f"catalog record{f' ({stated.conflict})' if stated.conflict else ''}"
    program = program_named(row["program"])
    if program is None:
        return stated.license, "not stated"
    if not program.sourced:
        return stated.license, f"not stated; the program table has no source for {program.program}"
    return program.license, f"program table: {program.program}, {program.confidence}, {program.source}"


def with_conflicts(offered: list[Resource]) -> list[Resource]:
    """The resources, saying where other records of the same title state another license; nothing is overwritten."""
    stated: dict[str, dict[str, None]] = defaultdict(dict)
    for resource in offered:
        if resource.license.known and resource.work:
            stated[resource.work][resource.license.family] = None
    out = []
    for resource in offered:
        others = [family for family in stated.get(resource.work, ()) if family != resource.license.family]
        said = (
            f"{resource.license_from}; other records of this title state {', '.join(others)}"
            if others
            else resource.license_from
        )
        out.append(replace(resource, license_from=said))
    return out


def _openness(license_: License) -> str:
    return {"yes": "open", "no": "closed", "review": "review", "unknown": "unknown"}[license_.terms.oer]


def _offered_level(title: Title, grades: tuple[int, int] | None, *, in_program: bool) -> str:
    known = open_works().get(title.work)
    if title.level in {"advanced_high_school", "ap", "high_school", "college_basic"}:
        return title.level
    if known:
        return known
    return "school" if grades or in_program else "college"
