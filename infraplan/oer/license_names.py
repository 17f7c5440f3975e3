"""The words that names of Creative Commons licenses are made of, in the languages that write them, as one scanner."""

import re
import unicodedata
from functools import cache

from infraplan.oer.license_book import table

ELEMENTS = ("nd", "nc", "sa", "by")
_GAP = r"[\s\-\u30fb]"
_LATIN = re.compile(r"[a-z]")
_UNSPACED = "\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff"  # kana and Han: no spaces, each letter is read alone


def bare(text: str) -> str:
    """Text with compatible letters made one and accents taken off ("É" is "E", "ガ" is "カ"); its case is kept."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _folded(name: str) -> str:
    """A plain name as a pattern: between its words may stand a space, a hyphen, a dot or nothing."""
    parts = re.split(_GAP, bare(name.lower().replace("\u2019", "'")))
    return rf"{_GAP}*".join(re.escape(part) for part in parts if part)


def _alternatives(names: list[str]) -> str:
    """Names as alternatives, longest first; only those in Latin letters end where the word does."""
    folded = sorted({_folded(name) for name in names}, key=len, reverse=True)
    latin = [name for name in folded if _LATIN.match(name)]
    others = [name for name in folded if not _LATIN.match(name)]
    return "|".join([*([rf"(?<![a-z])(?:{'|'.join(latin)})(?![a-z])"] if latin else []), *others])


@cache
def scanner() -> re.Pattern[str]:
    """The tokens of a folded, lower-case text.

    cc | nd | nc | sa | by (spelled out) | ordinal | code (`by-nc`) | place | version | between | word | number | stop.
    """
    told, elsewhere = table("creative_commons"), table("translations")
    translated = {element: [name for one in elsewhere["language"] for name in one[element]] for element in ELEMENTS}
    spelled = [
        rf"(?P<{element}>{_alternatives(translated[element])}|(?<![a-z])(?:{'|'.join(told['spelled'][element])})(?![a-z]))"
        for element in ELEMENTS
    ]
    return re.compile(
        "|".join(
            [
                rf"(?P<cc>(?<![a-z])creativ\w{{0,2}}[\s_-]*com+[oa]ns?(?![a-z])|{_alternatives(elsewhere['commons']['names'])})",
                *spelled,
                r"(?P<ordinal>(?<![\w.])\d+(?:st|nd|rd|th|e)(?![a-z]))",
                r"(?P<code>(?<![a-z])(?:c ?c(?:by|nc|sa|nd)*|by(?:nc|sa|nd)*|nc(?:sa|nd)?|sa|nd)(?![a-z]))",
                rf"(?P<place>{_alternatives(list(_places()))})",
                r"(?P<version>(?:(?<![\d.])|(?<=v\.))(?:\d[.,]\d|[1-9]|[1-4][015])(?!\d|\.\d))",
                rf"(?P<between>{_alternatives(elsewhere['between']['words'])})",
                rf"(?P<word>[a-z]+(?:'[a-z]+)?|[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W\d_])+)",
                r"(?P<number>\d[\d.,]*)",
                r"(?P<stop>[;|!?]|\.(?=\s|$))",
            ]
        )
    )


def _places() -> dict[str, str]:
    told: dict[str, str] = table("creative_commons")["port_names"] | table("translations")["places"]
    return told


@cache
def _ports() -> dict[str, str]:
    return {re.sub(_GAP, "", bare(name)): code for name, code in _places().items()}


def port_of(place: str) -> str:
    """The jurisdiction code of a place as a folded text names it."""
    return _ports()[re.sub(_GAP, "", place)]


@cache
def between() -> frozenset[str]:
    """Words that may stand between the parts of a name without ending it."""
    return frozenset(table("creative_commons")["spelled_between"]["words"])


def in_latin(written: str) -> bool:
    """Whether a name is written in Latin letters; outside them "attribution" is an everyday word for showing or signing."""
    return _LATIN.search(written) is not None


@cache
def refuses() -> re.Pattern[str]:
    """A word of refusal behind a dash: a part of the name this tool does not know, and one that may forbid adapting."""
    return re.compile(rf"(?:{'|'.join(table('translations')['refusing']['words'])})")
