"""Grades as a list's own column writes them: numbers, words, ranges and lists in one cell."""

import re
from functools import cache

from infraplan.oer.sources.wording import fold, words
from infraplan.oer.titles import read_grades

_FIRST, _LAST, _LAST_OF_COLLEGE = -1, 12, 20  # "9-14" reaches into college
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_TOKEN = re.compile(
    r"(?P<grade>-?\d+)|(?P<to>-|to|through|thru|until)|(?P<more>\+|and (?:up|above|higher))|(?P<and>[,;/|]|and)"
)


@cache
def read_grade_cell(cell: str) -> tuple[int, int] | None:
    """Lowest and highest grade of a cell, prekindergarten -1, kindergarten 0; None if it names none.

    What is no plain list of grades is read like a title ("Grade 3 Mathematics").

    >>> read_grade_cell("Kindergarten - 2nd"), read_grade_cell("Grades 9, 10, 11, 12"), read_grade_cell("Middle School")
    ((0, 2), (9, 12), (6, 8))
    """
    text = re.sub(r"\([^)]*\)", " ", _DASHES.sub("-", fold(cell)))
    named = _in_numbers(text)
    found = _grades_of(named)
    return found if found is not None else read_grades(fold(cell))


def _in_numbers(text: str) -> str:
    """The cell with its grade words as numbers and the word "grade" gone; a school level stands for its grades."""
    told = words()["grades"]
    for level, (low, high) in told["levels"].items():
        text = re.sub(rf"\b(?:{level})\b", f" {low} to {high} ", text)
    for word, grade in told["words"].items():
        text = re.sub(rf"\b(?:{word})(?![a-z])", f" {grade} ", text)
    text = re.sub(r"\b(?:grades?|gr|g|level)\.?\s*-?(?=\s*-?\d)|\b(?:grades?|gr)\b\.?", " ", text)
    return re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|(?<=\d)\.0\b", " ", text)


def _grades_of(text: str) -> tuple[int, int] | None:
    """Numbers joined by dashes, words and commas, and nothing else."""
    found: list[int] = []
    position, open_ended = 0, False
    # a dash behind a number is a range, not the sign of the next
    text = re.sub(r"(?<=\d)\s*-\s*(?=-?\d)", " to ", text).strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        if match["grade"]:
            found.append(int(match["grade"]))
        open_ended |= match["more"] is not None
        position = match.end()
        while position < len(text) and text[position].isspace():
            position += 1
    if not found or not _FIRST <= min(found) <= _LAST or max(found) > _LAST_OF_COLLEGE:
        return None
    return min(found), _LAST if open_ended else min(max(found), _LAST)
