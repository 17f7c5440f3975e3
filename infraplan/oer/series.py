"""A row of a list for several grades of a subject taught grade by grade, judged once for each of its grades.

"Mathematics 6-8" is three courses. A text for one of them fits in part, and the answer says which grades it fits and
which need their own, and whether the text's program has them; it is whole only where one text fits every grade.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from infraplan.oer.gates import ORDER, SAME, Judgment, Offer, Want, judge
from infraplan.oer.titles import BY_GRADE

LAST_GRADE = 8
PROGRAM = "its program"


@dataclass(frozen=True)
class Verdict:
    """The judgment of a whole row, and the grades of it that the text fits well (only where nothing else is short)."""

    judgment: Judgment
    fits: tuple[int, ...] = ()


def grades_of(courses: tuple[str, ...], grades: tuple[int, int] | None) -> tuple[int, ...]:
    """The grades a row is split into; none where it is for one grade, several courses, or reaches into high school.

    >>> grades_of(("math",), (6, 8)), grades_of(("math",), (6, 6)), grades_of(("ela",), (9, 12))
    ((6, 7, 8), (), ())
    """
    if grades is None or len(courses) != 1 or courses[0] not in BY_GRADE:
        return ()
    low, high = grades
    return tuple(range(low, high + 1)) if low < high <= LAST_GRADE else ()


def judge_row(want: Want, offer: Offer) -> Verdict:
    """The gates for a row and a resource: once, or once for each grade of a row that is split."""
    grades = grades_of(want.courses, want.grades) if want.level != "ap" else ()
    if not grades:
        return Verdict(judge(want, offer))
    judged = {grade: judge(replace(want, grades=(grade, grade)), offer) for grade in grades}
    fits = {grade: one for grade, one in judged.items() if one.outcome != "no"}
    if not fits:
        return Verdict(next(iter(judged.values())))
    score = round(sum(one.score for one in judged.values()) / len(judged), 4)
    worst = max((one.outcome for one in fits.values()), key=ORDER.index)
    lacking = [grade for grade in grades if grade not in fits]
    outcome = max(worst, "partial", key=ORDER.index) if lacking else worst
    well = tuple(fits) if worst == "good" else ()
    return Verdict(Judgment(outcome, score, _words(fits, lacking)), well)


def _words(fits: Mapping[int, Judgment], lacking: list[int]) -> str:
    """What is said of the grades that fit, alike ones together, and which of the row's grades need their own."""
    alike: dict[str, list[int]] = {}
    for grade, one in fits.items():
        alike.setdefault(one.words, []).append(grade)
    if len(alike) == 1 and not lacking:
        return next(iter(alike))
    told = [_said(words, grades) for words, grades in alike.items()]
    return "; ".join([*told, f"the row's {_named(lacking)} {_need(lacking)}"] if lacking else told)


def _said(words: str, grades: list[int]) -> str:
    same = f"{SAME} for {_named(grades)}"
    return words.replace(SAME, same, 1) if words.startswith(SAME) else f"for {_named(grades)}: {words}"


def _need(grades: list[int]) -> str:
    return "need their own" if len(grades) > 1 else "needs its own"


def _named(grades: Iterable[int]) -> str:
    names = {-1: "PK", 0: "K"}
    told = [names.get(grade, str(grade)) for grade in grades]
    return f"{'grades' if len(told) > 1 else 'grade'} {', '.join(told)}"


def covered(verdicts: Iterable[tuple[Verdict, Iterable[str]]]) -> dict[str, frozenset[int]]:
    """Program -> the grades of a row that its texts fit well; from the verdict of each text with its programs."""
    out: dict[str, set[int]] = {}
    for verdict, programs in verdicts:
        for program in programs:
            if program and verdict.fits:
                out.setdefault(program, set()).update(verdict.fits)
    return {program: frozenset(grades) for program, grades in out.items()}


def with_program(want: Want, verdict: Verdict, program: str, program_fits: frozenset[int]) -> Judgment:
    """The judgment of a text with, in words, that its program has texts for the row's other grades.

    It stays partial: a district that takes one grade's text has not replaced the series, and people who judged such
    pairs called them partial.
    """
    grades = grades_of(want.courses, want.grades)
    others = [grade for grade in grades if grade not in verdict.fits]
    if not verdict.fits or not others or not program_fits.issuperset(grades):
        return verdict.judgment
    own = verdict.judgment.words.removesuffix(f"; the row's {_named(others)} {_need(others)}")
    has = f"{PROGRAM} ({program}) has open texts for the row's {_named(others)}"
    return replace(verdict.judgment, words=f"{own}; {has}")
