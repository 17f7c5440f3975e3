"""ISBNs as lists write them: two in a cell, Excel's `.0`, hyphens, placeholders; checked by isbnlib, never mended."""

import re
from dataclasses import dataclass
from functools import cache

import isbnlib
import pandas as pd

from infraplan.resources import data_path

_CANDIDATE = re.compile(r"(?<![\dX])(?:97[89][\s-]?(?:\d[\s-]?){9}\d|(?:\d[\s-]?){9}[\dXx])(?![\dX])")


@dataclass(frozen=True)
class Isbns:
    """`valid` are ISBN-13s in the order written; `refused` says why something like an ISBN was not taken."""

    valid: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registrant:
    """Whose prefix an ISBN carries. `kind`: open | textbook | mixed (trade and textbook)."""

    publisher: str
    kind: str


@cache
def read_isbns(cell: str) -> Isbns:
    """The ISBNs of a cell.

    >>> read_isbns("9781938168130.0 / 0-000-00000-0").valid
    ('9781938168130',)
    """
    text = re.sub(r"(?<=\d)\.0+\b", "", cell)
    valid, refused = [], []
    for match in _CANDIDATE.finditer(text):
        written = re.sub(r"[\s-]", "", match[0]).upper()
        full = str(isbnlib.to_isbn13(written) or "") if isbnlib.is_isbn10(written) or isbnlib.is_isbn13(written) else ""
        if not full:
            refused.append(f"{match[0].strip()} fails the ISBN check digit")
        elif full.startswith("978000000") or re.fullmatch(r"(\d)\1{9}", written):
            refused.append(f"{match[0].strip()} is a bookstore placeholder, not an ISBN")
        else:
            valid.append(full)
    return Isbns(tuple(dict.fromkeys(valid)), tuple(dict.fromkeys(refused)))


@cache
def _prefixes() -> dict[str, Registrant]:
    told = pd.read_csv(data_path("codes", "isbn_prefixes.csv"), dtype=str)
    rows = zip(told["prefix"], told["publisher"], told["kind"], strict=True)
    return {prefix: Registrant(publisher, kind) for prefix, publisher, kind in rows}


@cache
def registrant(isbn: str) -> Registrant | None:
    """Whose prefix an ISBN-13 carries, the longest known prefix deciding; None if unknown."""
    known = _prefixes()
    for length in range(len(isbn), 4, -1):
        if isbn[:length] in known:
            return known[isbn[:length]]
    return None


@cache
def houses() -> frozenset[str]:
    """The names of the textbook houses whose prefixes are known."""
    return frozenset(one.publisher for one in _prefixes().values() if one.kind != "open")
