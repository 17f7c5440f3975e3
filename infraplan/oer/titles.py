"""What a textbook title or a course name says: the course, grades, level, volume, period, companion or core text.

The course does the matching, not the words of the title: "Algebra 1" shares a word with every algebra. A title is taken
for the text of a course only if nothing else stands in it but words that say nothing about content (`title_words.toml`);
whatever narrows it ("for the Life Sciences") keeps it from being the same course.
"""

import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from infraplan.oer.sources.wording import fold, words
from infraplan.resources import data_path

_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "one": "1", "two": "2", "three": "3", "four": "4"}
_EDITION = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)?|\d{4})\s*(?:ed\b|edition\b|e\b)|\bbrief/\d+e\b|"
    r"(?:\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d+(?:st|nd|rd|th)|international|american|"
    r"canadian|australian|new zealand|senior|h5p)\s+)*\bedition\b"
)
_RELEASE = re.compile(r"\bv?\d+(?:\.\d+)+\b")
_HOUSE_EDITION = re.compile(r"\b([2-9])e\b")
_SEGMENTS = re.compile(r"[:!?|()]|\s[-\u2013\u2014]\s")
_SINCE = re.compile(r"\b(?:since|from|after)\s+(\d{3,4})\b")
_UNTIL = re.compile(r"\b(?:to|before|until|through)\s+(\d{3,4})\b")
_BETWEEN = re.compile(r"\b(1\d{3})\s*(?:-|to)\s*((?:1|2)\d{3}|present)\b")
_VOLUME = re.compile(r"\b(?:volume|vol|book|part|tome)\s*\.?\s*(\d{1,2}|i{1,3})\b")
_GRADE = re.compile(r"\b(?:grades?|gr)\s*(pk|prek|k|\d{1,2})(?:\s*(?:-|to|through|and)\s*(\d{1,2}))?\b")
_SPAN = re.compile(r"(?<![\w/])(pk|prek|k|\d{1,2})\s*[-\u2013]\s*(\d{1,2})(?![\w/])")
_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th) grade\b")
_NUMBERED = re.compile(
    r"\b(?:math|mathematics|science|english|ela|reading|social studies|language arts)\s+([4-9]|1[0-2])\b"
)
_RUN = re.compile(  # several grades of a school subject, dashes and slashes as lists write them
    r"(?:^|\b(?:grades?|gr)\s*|\b(?:math|mathematics|science|english|ela|reading|social studies|language arts)\s+(?=[4-8]))"
    r"((?:pk|prek|k|\d{1,2})(?:\s*(?:[,;/\u2013\u2014]|,?\s*\band\b)\s*\d{1,2})+)(?![\w/,;-]|\.\d)"
)
_COURSE_RUN = re.compile(
    r"\bcourses?\s*([1-3])\s*(?:[-\u2013\u2014,/]|to|through|and)\s*(?:2\s*(?:,|and|,\s*and)\s*)?([2-3])\b"
)
_COURSE = re.compile(r"\bcourse\s*([1-3])\b")
_BEFORE_COURSE_1 = 5
_ENGLISH = re.compile(r"\benglish (i{1,3}|iv|[1-3])\b")  # the English of grades 9 to 12; "English 4" may be of grade 4
_BEFORE_ENGLISH_1 = 8
_IN_WORDS = re.compile(
    r"\b(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)(?=[\s-]grade\b)"
)
_LAST_OF_A_RUN = 8
_UNIT = re.compile(r"\b(?:unit|module|lesson|chapter)s? \d")
_TOPICS = (
    (re.compile(r"\bmechanics\b"), 1),
    (re.compile(r"\belectricity and magnetism\b|\be and m\b|\belectromagnetism\b"), 2),
)
_PARENTHETICAL = re.compile(r"\(([^)]*)\)")
_ALONE = re.compile(r"(?:grade\s*)?(pk|prek|k|kindergarten|\d{1,2})")
_LIST = re.compile(r"(?:k|\d{1,2})(?:\s*[;,]\s*\d{1,2})+")
_LANGUAGE_LEVEL = re.compile(
    r"\b(?:spanish|french|german|latin|chinese|japanese|italian|portuguese|arabic|russian|korean|hindi"
    r"|espanol|italiano|francais|autentico|realidades|descubre|senderos|avancemos|d'accord|bien dit)(?: level)? ([1-5])\b"
)
_LONG_SUBTITLE = 5
_MOST_CHARACTERS = 2_000  # a longer cell is no title
_LEVEL_OF_A_SERIES = re.compile(r"\b(?:level|nivel|niveau|stufe) ([1-5])\b")
_LITTLE = frozenset({"a", "an", "the", "of", "to", "and", "for", "with", "in", "from", "s", "2", "3", "e"})
_FORMATS = frozenset({"print", "paperback", "hardcover", "softcover", "ebook", "pdf", "openstax"})
MODERN_START = 1450
BY_GRADE = frozenset({"math", "science", "social_studies", "ela"})


@dataclass(frozen=True)
class Course:
    """One course of the taxonomy; grades -1 (prekindergarten) to 12, above 12 college years; `sced` blank if none fits."""

    course_id: str
    subject: str
    name: str
    low_grade: int
    high_grade: int
    sced: str = ""


@dataclass(frozen=True)
class Title:
    """What one title says. `strict`: nothing in it narrows the course; `leftover`: the words that do."""

    work: str
    courses: tuple[str, ...] = ()
    strict: bool = False
    leftover: tuple[str, ...] = ()
    grades: tuple[int, int] | None = None
    level: str = ""
    volume: int | None = None
    since: int | None = None
    until: int | None = None
    component: bool = False
    unit: bool = False
    localized: bool = False
    edition: bool = False
    house_edition: bool = False
    edition_number: int = 1
    adapted: bool = False
    serves: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()


@cache
def courses() -> dict[str, Course]:
    """The taxonomy by course id."""
    told = pd.read_csv(data_path("codes", "courses.csv"), dtype=str, keep_default_na=False)
    return {
        row["course_id"]: Course(
            row["course_id"], row["subject"], row["name"], int(row["low_grade"]), int(row["high_grade"]), row["sced"]
        )
        for row in told.to_dict("records")
    }


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    told = pd.read_csv(data_path("codes", "courses.csv"), dtype=str)
    return tuple(
        (course, re.compile(rf"(?<![\w'])(?:{pattern})(?![\w'])"))
        for course, pattern in zip(told["course_id"], told["pattern"], strict=True)
    )


@cache
def _word_set(kind: str) -> re.Pattern[str]:
    told = sorted(words()[kind], key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, told))})(?![\w'])")


def plain(text: str) -> str:
    """Folded text with punctuation as spaces and roman numerals as digits."""
    text = re.sub(r"[^\w\s']", " ", text.replace("_", " "))
    out: list[str] = []
    for word in text.split():
        if word in _ROMAN:
            out.append(_ROMAN[word])
        elif word == "i" and out:
            out.append("1")
        elif word == "v" and out and out[-1] != "advanced":
            out.append("5" if len(out) == 1 else word)
        else:
            out.append(word)
    return " ".join(out)


@cache
def work_key(title: str) -> str:
    """A title without edition, articles and little words: equal for editions and spellings of one work."""
    text = re.sub(r"\[[^\]]*\]|\((?![^)]*volume)[^)]*\)", " ", fold(title[:_MOST_CHARACTERS]))
    text = plain(_EDITION.sub(" ", text))
    little = (_LITTLE | _FORMATS) - _kept(text)
    return " ".join(dict.fromkeys(word for word in text.split() if word not in little))


def _kept(text: str) -> set[str]:
    """A number that belongs to the work's name (volume 2, algebra 2) is kept."""
    return {"2", "3"} if re.search(r"\b(?:volume|vol|book|algebra|calculus|physics|part) [23]\b", text) else set()


@cache
def read_title(raw: str) -> Title:
    """Read a title, or a course name: both are written alike."""
    folded = _ordinals(fold(raw[:_MOST_CHARACTERS]))
    text = _RELEASE.sub(" ", re.sub(r"\[(?![^\]]*since)[^\]]*\]", " ", folded))
    text = re.sub(r"\((?![^)]*\b(?:since|to|from|vol(?:ume)?)\b)[^)]*\)\s*$", " ", text)
    segments = [plain(_EDITION.sub(" ", segment)) for segment in _SEGMENTS.split(text)]
    found, strict, leftover = _whole_name(plain(text)) or _course_of([segment for segment in segments if segment])
    since, until = _period(plain(text), text)
    numbered = _VOLUME.search(plain(text)) or _part_number(segments, found)
    volume = _number(numbered[1]) if numbered else _topic(plain(text), found)
    house = _HOUSE_EDITION.search(text)
    return Title(
        work=work_key(raw),
        courses=found,
        strict=strict,
        leftover=leftover,
        grades=read_grades(folded),
        level=_level(plain(text)) or _level_aside(folded),
        volume=volume,
        since=since,
        until=until,
        component=_companion(_without_courses(plain(text))),
        unit=_UNIT.search(folded) is not None,
        localized=_word_set("localized").search(text) is not None,
        edition=_EDITION.search(folded) is not None,
        house_edition=house is not None,
        edition_number=int(house[1]) if house else 1,
        adapted=_adapted(folded),
        serves=_serves(plain(text)),
        languages=tuple(
            name
            for name in words()["programming"]["languages"]
            if re.search(rf"(?<![\w]){re.escape(name)}(?![\w+])", text)
        ),
    )


def _part_number(segments: list[str], found: tuple[str, ...]) -> re.Match[str] | None:
    """A number that ends the first part of a title ("Physics I: Mechanics"), where it is not part of the course's name."""
    if not segments or (found and courses()[found[0]].subject in {"mathematics", "world languages"}):
        return None
    return re.search(r"\b([1-3])$", segments[0])


def _topic(text: str, found: tuple[str, ...]) -> int | None:
    """The volume of calculus-based physics that holds the topic a title or course names ("Physics C: Mechanics")."""
    if found != ("physics_calculus",):
        return None
    named = [volume for topic, volume in _TOPICS if topic.search(text)]
    return named[0] if len(named) == 1 else None


def _adapted(folded: str) -> bool:
    """Whether a title is of another body's edition of a work ("Psychology - 1st Canadian Edition (... University)")."""
    aside = _PARENTHETICAL.findall(folded)
    by_another = any(word in said for said in aside[-1:] for word in words()["institution"])
    return by_another or "h5p" in folded or _word_set("localized").search(folded) is not None


def _companion(text: str) -> bool:
    """Whether a title is of a companion, or of the teacher's copy alone."""
    teacher = _word_set("teacher").search(text) is not None and not re.search(r"\b(?:students?|bundle)\b", text)
    return teacher or _word_set("component").search(text) is not None


def _level_aside(folded: str) -> str:
    """AP or honors said in parentheses ("Biology I (Honors)"); a school's name there says nothing of the level."""
    aside = {_level(plain(said)) for said in _PARENTHETICAL.findall(folded)}
    return next((level for level in ("ap", "honors") if level in aside), "")


def _number(written: str) -> int:
    return len(written) if set(written) == {"i"} else int(written)


def _whole_name(text: str) -> tuple[tuple[str, ...], bool, tuple[str, ...]] | None:
    """A course whose name goes over the marks that part a title ("Music: Its Language, History, and Culture")."""
    found, rest = _named(text)
    return (found, True, ()) if len(found) == 1 and not rest.strip("# ") else None


def _course_of(segments: list[str]) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """The courses named, whether nothing narrows them, and what does.

    The first segment that is a course and nothing else decides. Another narrows it if it names the course beside other
    words ("Philosophy: Philosophy of Mind"), is another course alone, or is a single topic ("Philosophy: Epistemology");
    a subtitle on the manner of teaching ("A Systems Approach") does not. A long subtitle is a monograph's ("Practical
    Economics: Economic Transformation and Government Reform in Georgia").
    """
    read = [(*_named(segment), segment) for segment in segments]
    named = [(found, _leftover(rest, language=_is_language(found)), segment) for found, rest, segment in read if found]
    if not named:
        return (), False, ()
    whole = [one for one in named if not one[1]]
    decided = next((one for one in whole or named if not _broader(one, whole or named)), (whole or named)[0])
    narrowing = [
        word
        for one in named
        if one is not decided and not _broader(one, [decided])
        for word in _narrowing(decided[0], *one)
    ]
    if read[0][0]:
        narrowing += [word for found, rest, _ in read[1:] if not found for word in _single_topic(rest)]
    if not decided[1] and not narrowing:
        narrowing += [
            _long_subtitle(rest) for _, rest, segment in read if segment != decided[2] and _long_subtitle(rest)
        ]
    return decided[0], not decided[1] and not narrowing, tuple(decided[1]) + tuple(narrowing)


def _broader(
    one: tuple[tuple[str, ...], tuple[str, ...], str], others: list[tuple[tuple[str, ...], tuple[str, ...], str]]
) -> bool:
    """Whether a segment names the subject by grade of which another names a course ("English 11: American Literature")."""
    subject = courses()[one[0][0]].subject
    return set(one[0]) <= BY_GRADE and any(
        courses()[other[0][0]].subject == subject and not set(other[0]) & BY_GRADE for other in others
    )


def _narrowing(
    decided: tuple[str, ...], found: tuple[str, ...], left: tuple[str, ...], segment: str
) -> tuple[str, ...]:
    """What another segment that names courses takes from the course decided on."""
    if _word_set("manner").search(segment):
        return ()
    if left:
        return left if set(found) & set(decided) else ()
    return () if found == decided else found


def _is_language(found: tuple[str, ...]) -> bool:
    return bool(found) and courses()[found[0]].subject == "world languages"


def _long_subtitle(rest: str) -> str:
    """The first words of a subtitle that says more than a textbook's does; blank for others."""
    left = _leftover(rest)
    long = len(left) >= _LONG_SUBTITLE and not _word_set("manner").search(rest)
    return f"{' '.join(left[:3])} ..." if long else ""


def _single_topic(rest: str) -> tuple[str, ...]:
    left = _leftover(rest)
    return left if len(left) == 1 and not _word_set("manner").search(rest) else ()


@cache
def _named(segment: str) -> tuple[tuple[str, ...], str]:
    """Courses named in a segment, longest names first and not overlapping, and the rest of the segment."""
    spans = [
        (match.start(), match.end(), course) for course, pattern in _patterns() for match in pattern.finditer(segment)
    ]
    taken: list[tuple[int, int, str]] = []
    for start, end, course in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= s or start >= e for s, e, _ in taken):
            taken.append((start, end, course))
    rest = segment
    for start, end, _ in taken:
        rest = rest[:start] + "#" * (end - start) + rest[end:]
    return tuple(dict.fromkeys(course for _, _, course in sorted(taken))), rest


def _leftover(rest: str, *, language: bool = False) -> tuple[str, ...]:
    """Words beside the courses that say something about content; a course after "for" or "in" is an audience."""
    audience = re.search(r"(?:#|\b(?:for|in|through|via)\b)[^#]*\b(?:for|in|through|via) (?:the )?#", rest)
    about = re.search(r"# (?:of|for|in|on|and|with) \w|\w and #", rest)
    words_left = _word_set("neutral").sub(" ", rest).replace("#", " ").split()
    silent = {"grade", "grades", "gr", "prek", "kindergarten"} | (set(_language_words()) if language else set())
    left = [word for word in words_left if not re.fullmatch(r"\d[\d.a-z]*", word) and word not in silent]
    return tuple(left) + (("for another subject",) if audience or (left and about) else ())


@cache
def _language_words() -> frozenset[str]:
    told = words()["language"]
    named = {
        word
        for kind in ("beginning", "intermediate", "advanced")
        for phrase in told[kind]["words"]
        for word in phrase.split()
    }
    return frozenset(named | {"language", "languages", "culture", "cultures"})


def _without_courses(text: str) -> str:
    return _named(text)[1]


def _period(text: str, folded: str) -> tuple[int | None, int | None]:
    between = _BETWEEN.search(re.sub(r"[\u2013\u2014]", "-", folded))
    if between:
        return int(between[1]), None if between[2] == "present" else int(between[2])
    since, until = _SINCE.search(text), _UNTIL.search(text)
    if since is None and re.search(
        r"\bmodern (?:world|global|european) history\b|\bhistory modern\b|\bmodern europe\b", text
    ):
        return MODERN_START, int(until[1]) if until else None
    return int(since[1]) if since else None, int(until[1]) if until else None


def read_grades(folded: str) -> tuple[int, int] | None:
    """Lowest and highest grade named, prekindergarten -1, kindergarten 0; None if none is.

    >>> read_grades("k-5"), read_grades("grade 3 mathematics"), read_grades("1;2;3;5;6"), read_grades("math 7")
    ((0, 5), (3, 3), (1, 6), (7, 7))
    """
    folded = _ordinals(folded)
    run = _grade_run(folded)
    if run:
        return run
    found: list[int] = []
    for pattern in (_GRADE, _SPAN):
        match = pattern.search(folded)
        if match:
            found = [_grade(part) for part in match.groups() if part]
            break
    listed = re.fullmatch(_LIST, folded.strip())
    if listed:
        found = [_grade(part) for part in re.findall(r"k|\d+", folded)]
    single = _ORDINAL.search(folded) or _NUMBERED.search(folded) or _ALONE.fullmatch(folded.strip())
    if not found and single:
        found = [_grade(single[1])]
    if not found:
        found = _high_school_english(folded) or [
            grade for word, grade in (("prek", -1), ("kindergarten", 0)) if re.search(rf"\b{word}\b", folded)
        ]
    found = [grade for grade in found if -1 <= grade <= 12]  # noqa: PLR2004 - the grades of American schools
    return (min(found), max(found)) if found else None


def _ordinals(folded: str) -> str:
    """Grades in words as figures ("sixth grade" is "6th grade")."""
    return _IN_WORDS.sub(lambda word: f"{words()['grades']['words'][word[1]]}th", folded)


def _grade_run(folded: str) -> tuple[int, int] | None:
    """Several grades up to 8 written one after the other ("math 6, 7, 8", "6/7/8"), or as middle-school courses 1-3.

    Publishers of middle-school series number the courses of grades 6, 7 and 8 from 1 to 3.
    """
    named = _COURSE_RUN.search(folded)
    if named and set(_named(plain(folded))[0]) <= BY_GRADE:
        return int(named[1]) + _BEFORE_COURSE_1, int(named[2]) + _BEFORE_COURSE_1
    one = _COURSE.search(folded)
    if one and not _GRADE.search(folded) and _named(plain(folded))[0] in {("math",), ("science",)}:
        return int(one[1]) + _BEFORE_COURSE_1, int(one[1]) + _BEFORE_COURSE_1
    run = _RUN.search(folded)
    if run is None or (run.start() == 0 and run.end() < len(folded.strip()) and run[0] == run[1]):
        return None
    found = [_grade(part) for part in re.findall(r"prek|pk|k|\d+", run[1])]
    short = found == sorted(set(found)) and (found[-1] <= _LAST_OF_A_RUN or run[0].startswith("gr"))
    return (found[0], found[-1]) if short else None


def _high_school_english(folded: str) -> list[int]:
    named = _ENGLISH.search(folded)
    return [_BEFORE_ENGLISH_1 + int(_ROMAN.get(named[1], named[1].replace("i", "1")))] if named else []


def _grade(written: str) -> int:
    return {"pk": -1, "prek": -1, "k": 0}.get(written, int(written) if written.isdigit() else 0)


def _level(text: str) -> str:
    told = words()["level"]
    for level in ("advanced_high_school", "ap", "honors", "high_school", "college_basic", "college"):
        if re.search(rf"(?<!pre )\b(?:{'|'.join(told[level])})\b", text):
            return level
    return ""


def _serves(text: str) -> tuple[int, ...]:
    """Language levels (1-5, AP = 5) a text for learners serves; empty if it does not say."""
    for kind in ("advanced", "intermediate", "beginning"):
        told = words()["language"][kind]
        if re.search(rf"\b(?:{'|'.join(told['words'])})\b", text):
            second = kind == "beginning" and re.search(r"\b2\b", text) is not None
            return (2,) if second else tuple(told["serves"])
    number = _LANGUAGE_LEVEL.search(text) or _LEVEL_OF_A_SERIES.search(text)
    return (int(number[1]),) if number else ()
