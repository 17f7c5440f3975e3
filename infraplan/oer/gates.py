"""The gates between an item's course and a resource: course, grades, part, language level, level, license.

Each gate answers good | partial | review | no with a reason in words; the worst of them is the outcome.
"""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from infraplan.oer.sources.wording import words
from infraplan.oer.titles import BY_GRADE, MODERN_START, courses
from infraplan.resources import data_path

ORDER = ("good", "partial", "review", "no")
SAME = "same course and level"
PERIODS = frozenset(
    {"us_history", "world_history", "european_history", "american_literature", "british_literature", "world_literature"}
)
IN_PARTS = PERIODS | {"physics_calculus"}  # a course's own number or topic names the half of the subject it covers
NUMBERED = frozenset(
    {
        "calculus_1",
        "calculus_2",
        "multivariable_calculus",
        "algebra_1",
        "algebra_2",
        "integrated_math_1",
        "integrated_math_2",
        "integrated_math_3",
    }
)
SCHOOL_SEQUENCE = frozenset(
    {"algebra_1", "geometry", "algebra_2", "integrated_math_1", "integrated_math_2", "integrated_math_3"}
)
_SAME_START_YEARS = 200
_MOST_LEFTOVER = 1
_WORTH = {"good": 1.0, "partial": 0.6, "review": 0.4, "no": 0.0}

# level wanted -> levels offered that fit it; everything else is partial
_FITS = {
    "ap": {"ap", "college", "advanced_high_school"},
    "honors": {"ap", "college", "college_basic", "advanced_high_school", "high_school", "school"},
    "upper": {"college", "college_basic", "advanced_high_school", "high_school", "school"},
    "regular": {"advanced_high_school", "high_school", "school"},
}
_LEVEL_NAMES = {
    "ap": "AP",
    "honors": "honors",
    "upper": "grade 11-12",
    "regular": "grade 9-10 or lower",
    "college": "introductory college",
    "college_basic": "basic college",
    "developmental": "remedial college",
    "school": "school",
    "high_school": "high-school",
    "advanced_high_school": "advanced high-school",
}


@dataclass(frozen=True)
class Want:
    """What an item is for. `also`: courses its title names beside its course column's; `sure`: a course is named plainly."""

    courses: tuple[str, ...]
    also: tuple[str, ...]
    grades: tuple[int, int] | None
    level: str
    volume: int | None
    since: int | None
    until: int | None
    serves: tuple[int, ...]
    languages: tuple[str, ...]
    sure: bool

    def reachable(self) -> tuple[str, ...]:
        """Courses whose texts could serve: the wanted ones and those related to them."""
        related = (offered for course in self.courses for offered in (course, *relations().get(course, {})))
        return tuple(dict.fromkeys((*related, *self.related_also())))

    def related_also(self) -> tuple[str, ...]:
        """Courses of the title that are near the course column's ("Applied Calculus" read in Calculus).

        None for an AP course: what it asks does not change with the book a school took.
        """
        if self.level == "ap":
            return ()
        near = {offered for course in self.courses for offered in relations().get(course, {})}
        return tuple(course for course in self.also if course in near)


@dataclass(frozen=True)
class Offer:
    """What a resource is. `openness`: open | closed | review | unknown."""

    courses: tuple[str, ...]
    strict: bool
    leftover: tuple[str, ...]
    grades: tuple[int, int] | None
    level: str
    volume: int | None
    since: int | None
    until: int | None
    serves: tuple[int, ...]
    languages: tuple[str, ...]
    component: bool
    unit: bool
    localized: bool
    openness: str


@dataclass(frozen=True)
class Judgment:
    """The outcome of all gates, its score (0-1, before the title's tenth) and the reasons in words."""

    outcome: str
    score: float
    words: str


@cache
def relations() -> dict[str, dict[str, tuple[str, str]]]:
    """Wanted course -> offered course -> (fit, why), from `course_relations.csv`."""
    told = pd.read_csv(data_path("codes", "course_relations.csv"), dtype=str, keep_default_na=False)
    out: dict[str, dict[str, tuple[str, str]]] = {}
    for row in told.to_dict("records"):
        out.setdefault(row["wanted"], {})[row["offered"]] = (row["fit"], row["why"])
    return out


def judge(want: Want, offer: Offer) -> Judgment:
    """All gates for one item and one resource.

    The best of the item's courses counts; a row for several courses is served in part by a text for one. Rows for several
    grades of a subject taught by grade are split before (`series`).
    """
    tried = [_judge_course(want, offer, wanted, offered) for wanted in want.courses for offered in offer.courses]
    tried += [_judge_course(want, offer, course, course) for course in want.related_also() if course in offer.courses]
    return min(tried, key=lambda one: (ORDER.index(one.outcome), -one.score))


def _judge_course(want: Want, offer: Offer, wanted: str, offered: str) -> Judgment:
    gates = [
        _course(wanted, offered),
        _text(offer),
        _bundle(want, wanted),
        _grades(want, offer, offered),
        _part(want, offer, offered),
        _language(want, offer, offered),
        _level(want, offer, offered),
        _place(offer, offered),
        _license(offer),
    ]
    outcome = max((gate[0] for gate in gates), key=ORDER.index)
    if not want.sure and outcome in {"good", "partial"}:
        outcome = "review"
        gates.append(("review", "the title does not plainly name the course: look"))
    told = [why for fit, why in gates if why and fit != "good"] if outcome != "good" else []
    if outcome == "good":
        told = [f"{SAME}; quality not judged", *(why for _, why in gates if why)]
    score = sum(_WORTH[fit] for fit, _ in gates[:9]) / 9
    return Judgment(outcome, round(score, 4), "; ".join(dict.fromkeys(told)))


Gate = tuple[str, str]


def _course(wanted: str, offered: str) -> Gate:
    if wanted == offered:
        return "good", ""
    return relations().get(wanted, {}).get(offered, ("no", ""))


def _text(offer: Offer) -> Gate:
    if offer.component:
        return "no", "a companion, not a course text"
    if offer.unit:
        return "partial", "one unit of the course only"
    if offer.strict:
        return ("good", "") if len(offer.courses) == 1 else ("partial", "a text for several courses")
    narrow = {"for another subject", *words()["narrower"]}
    if len(offer.leftover) <= _MOST_LEFTOVER and not narrow & set(offer.leftover):
        return "review", f"the title adds {', '.join(offer.leftover)!r}: see whether it is the whole course"
    return "no", "a narrower subject"


def _bundle(want: Want, wanted: str) -> Gate:
    if len(want.courses) > 1:
        return "partial", f"the row covers several courses, this is for {courses()[wanted].name}"
    return "good", ""


def _grades(want: Want, offer: Offer, offered: str) -> Gate:
    if offered not in BY_GRADE and (offer.grades is None or want.grades is None):
        return "good", ""
    if offer.grades is None:
        return "no", "a course by grade, and no grade is stated"
    if want.grades is None:
        return "partial", f"the row states no grade, this is for grade {_span(offer.grades)}"
    low, high = max(want.grades[0], offer.grades[0]), min(want.grades[1], offer.grades[1])
    if low > high:
        near = offered not in BY_GRADE and low - high == 1
        return ("partial", f"the same course at grade {_span(offer.grades)}") if near else ("no", "another grade")
    if (low, high) != want.grades and offered in BY_GRADE:
        return "partial", f"the row spans grades {_span(want.grades)}, this covers {_span((low, high))}"
    return "good", ""


def _span(grades: tuple[int, int]) -> str:
    names = {-1: "PK", 0: "K"}
    low, high = (names.get(grade, str(grade)) for grade in grades)
    return low if low == high else f"{low}-{high}"


def _part(want: Want, offer: Offer, offered: str) -> Gate:
    """Volume or period: the other half is no match, one half for the whole is partial."""
    if offered in NUMBERED or courses()[offered].subject == "world languages":
        return "good", ""
    if offered in PERIODS:
        return _period(want, offer)
    if offer.volume is None:
        return "good", ""
    if want.volume is None:
        return "partial", f"volume {offer.volume} of the course only"
    return ("good", "") if want.volume == offer.volume else ("no", "another volume")


def _period(want: Want, offer: Offer) -> Gate:
    wanted, offered = _half(want.volume, want.since, want.until), _half(offer.volume, offer.since, offer.until)
    if offered == "whole":
        return "good", ""
    if wanted == "whole":
        return "partial", f"one part of the course only ({_years(offer)})"
    if wanted != offered:
        return "no", "another period"
    start = abs((want.since or 0) - (offer.since or 0)) if want.since and offer.since else 0
    return ("good", "") if start <= _SAME_START_YEARS else ("partial", f"another start ({_years(offer)})")


def _half(volume: int | None, since: int | None, until: int | None) -> str:
    if since is not None:
        return "late"
    if until is not None:
        return "early"
    return {None: "whole", 1: "early", 2: "late"}.get(volume, "another")


def _years(offer: Offer) -> str:
    if offer.since is None and offer.until is None:
        return f"volume {offer.volume}"
    if offer.since == MODERN_START and offer.until is None:
        return "modern times"
    return f"{offer.since or 'the beginning'} to {offer.until or 'today'}"


def _language(want: Want, offer: Offer, offered: str) -> Gate:
    subject = courses()[offered].subject
    if subject == "computing" and offer.languages and not set(offer.languages) & set(want.languages):
        return "partial", f"taught in {', '.join(offer.languages)}; see whether that is your language"
    if subject != "world languages":
        return "good", ""
    if not want.serves or not offer.serves:
        return "review", "the language level is not stated on both sides"
    return ("good", "") if set(want.serves) & set(offer.serves) else ("no", "another language level")


def _level(want: Want, offer: Offer, offered: str) -> Gate:
    wants, offers = want.level, offer.level
    if offers == "developmental":
        return "partial", "a remedial college text"
    if courses()[offered].low_grade >= 14 and wants != "ap":  # noqa: PLR2004 - second college year
        return "partial", "an upper college course"
    if offers in {"college", "college_basic"} and offered in SCHOOL_SEQUENCE:
        return "partial", "a college text for a course of the school sequence"
    if offers in _FITS[wants]:
        return "good", ""
    return "partial", f"{_LEVEL_NAMES[offers]} text for {_article(wants)} {_LEVEL_NAMES[wants]} course"


def _article(level: str) -> str:
    return "an" if level in {"ap", "honors"} else "a"


def _place(offer: Offer, offered: str) -> Gate:
    from_elsewhere = offer.localized and courses()[offered].subject in _localized()
    return ("partial", "written for schools of another country") if from_elsewhere else ("good", "")


@cache
def _localized() -> frozenset[str]:
    return frozenset(words()["localized_subjects"])


def _license(offer: Offer) -> Gate:
    return {
        "open": ("good", ""),
        "closed": ("no", "the license does not allow adaptation"),
        "review": ("review", "custom or unclear license: a person must read it"),
        "unknown": ("review", "the license was not seen"),
    }[offer.openness]
