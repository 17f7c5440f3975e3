"""SCED codes of courses: a list's course cell may hold a code, and a course is shown with its code.

SCED (School Courses for the Exchange of Data) numbers a course with five digits; an identifier of twelve characters begins
with them and has the level of rigor as its sixth (H: honors). Codes and their sources: `courses.csv`, `courses.toml`.
"""

import re
from dataclasses import replace
from functools import cache

from infraplan.oer.sources.wording import fold, words
from infraplan.oer.titles import BY_GRADE, Title, courses, read_title
from infraplan.resources import data_path, read_toml

_CELL = re.compile(r"\s*(\d{4,5})(?:([BCEGHX])[\dA-Z.]{6}|\.0+)?(?![\w.])[\s:,;/\u2013\u2014-]*(.*)", re.DOTALL)
_HONORS = "H"
_MOST_CHARACTERS = 2_000  # a longer cell is no course


def _code(found: re.Match[str]) -> str:
    """The code of a cell; a spreadsheet that took it for a number lost its leading zero."""
    return found[1].zfill(5)


@cache
def _names() -> dict[str, str]:
    """Each known code with the name of its course in the taxonomy, or its own title."""
    told = read_toml(data_path("codes", "courses.toml"))
    return {course.sced: course.name for course in courses().values() if course.sced} | {
        str(code): str(title) for code, title in (told["read_by_title"] | told["read_only"]).items()
    }


def caution() -> str:
    """What a reader must know before SCED codes are reported: whose they are and where to compare them."""
    return str(read_toml(data_path("codes", "courses.toml"))["caution"])


@cache
def _known() -> dict[str, Title]:
    """What each known code says: the course of the taxonomy, or its title's reading (level, grade, language level)."""
    named = {
        course.sced: replace(read_title(course.name), courses=(course.course_id,), strict=True, leftover=())
        for course in courses().values()
        if course.sced
    }
    return {code: read_title(name) for code, name in _names().items()} | named


@cache
def _shown() -> dict[str, Title]:
    """The known codes but those of earlier versions of SCED, which are read where a list has them and not shown."""
    earlier = read_toml(data_path("codes", "courses.toml"))["read_only"]
    return {code: known for code, known in _known().items() if code not in earlier}


@cache
def read_course(cell: str) -> Title:
    """Read a course cell: a SCED code, a code with words ("02052 Algebra I"), or words.

    Where the words name a course they decide, because states number courses of their own with five digits too. A code that
    is not known is read as words.
    """
    found = _CELL.fullmatch(cell)
    if found is None or _code(found) not in _known():
        return read_title(_spelled_out(cell))
    said = read_title(_spelled_out(found[3]))
    read = said if said.courses else _with(_known()[_code(found)], said)
    return replace(read, level="honors") if found[2] == _HONORS and not read.level else read


def _spelled_out(cell: str) -> str:
    """A course's name with what lists shorten written out ("Alg. II", "APUSH"); anything else as it stands."""
    cell = cell[:_MOST_CHARACTERS]
    text = re.sub(
        r"\bmath(?:ematics)? (?=i{1,3}\b)", "integrated math ", re.sub(r"(?<=[a-z])\.(?=\s|$)", "", fold(cell))
    )
    for short, full in words()["course_short"].items():
        if re.fullmatch(short, text):
            return str(full)
    for short, full in words()["phrase_short"].items():
        text = re.sub(rf"\b(?:{short})\b", full, text)
    told = words()["word_short"]
    spelled = re.sub(r"(?<![\w'])[a-z]+(?![\w'])", lambda word: told.get(word[0], word[0]), text)
    return spelled if spelled != fold(cell) else cell


def _with(coded: Title, said: Title) -> Title:
    """The code's course with the level and grades that the words beside it say."""
    return replace(coded, level=said.level or coded.level, grades=said.grades or coded.grades)


def in_words(cell: str) -> str:
    """A course cell for people: a bare code by its name, all else as the list has it.

    >>> in_words("03056"), in_words("02052 Algebra I"), in_words("Biology")
    ('AP Biology', '02052 Algebra I', 'Biology')
    """
    found = _CELL.fullmatch(cell)
    if found is None or found[3].strip() or _code(found) not in _names():
        return cell
    return f"{'Honors ' if found[2] == _HONORS else ''}{_names()[_code(found)]}"


@cache
def sced_of(cell: str) -> str:
    """The SCED code of a course cell: its own if it holds one that is known, else that of what it says; blank if none fits.

    >>> sced_of("Algebra 1"), sced_of("AP Biology"), sced_of("Biology"), sced_of("Calculus 2")
    ('02052', '03056', '03051', '')
    """
    read = read_course(cell)
    found = _CELL.fullmatch(cell)
    if found and _code(found) in _known() and _known()[_code(found)].courses == read.courses:
        return _code(found)
    if not read.courses:
        return ""
    alike = {code: known for code, known in _shown().items() if _same(read, known)}
    worded = [code for code, known in alike.items() if known.work == read.work]
    # a title that adds something ("Physics: Mechanics") may be a part of the course
    own = [courses()[one].sced for one in read.courses if courses()[one].sced in alike and read.strict]
    # the level, or the grade of a course by grade, tells codes apart; without either a part would pass for the course
    told_apart = read.level == "ap" or bool(read.serves) or bool(set(read.courses) & BY_GRADE)
    return next((codes[0] for codes in (worded, own, list(alike) if told_apart else []) if len(codes) == 1), "")


def _same(read: Title, known: Title) -> bool:
    """The same course and period, AP or not, the same language level, and the same grades where it is taught by grade."""
    return (
        read.courses == known.courses
        and (read.level == "ap") == (known.level == "ap")
        and read.serves == known.serves
        and (read.since, read.until) == (known.since, known.until)
        and (read.grades == known.grades or not set(read.courses) & BY_GRADE)
    )
