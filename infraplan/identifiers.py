"""Identifiers as text: leading zeros mended only where length and state make it certain, negatives as missing."""

import re

import pandas as pd

from infraplan import states

LEA_DIGITS = 7
SCHOOL_DIGITS = 12
COUNTY_DIGITS = 5
_FIPS_DIGITS = 2


def mended(cells: pd.Series, digits: int) -> tuple[pd.Series, int]:
    """Text identifiers with a lost leading zero put back where that is certain, and how many were.

    Certain means: exactly one digit short, and the padded number starts with the FIPS number of a state that begins
    with zero. Anything else is left as it is, for the checks to name. A spreadsheet's `.0` is taken off first.

    >>> mended(pd.Series(["100006", "2302220", "99"]), 7)[0].tolist()
    ['0100006', '2302220', '99']
    """
    text = cells.fillna("").astype(str).str.strip().str.replace(r"\.0+$", "", regex=True)
    padded = text.str.zfill(digits)
    known = {state.fips for state in states.every() if state.fips.startswith("0")}
    certain = (text.str.len() == digits - 1) & text.str.fullmatch(r"\d+") & padded.str[:_FIPS_DIGITS].isin(known)
    return text.where(~certain, padded), int(certain.sum())


def counts(cells: pd.Series) -> pd.Series:
    """Counts as publishers write them: thousands commas, blanks and marks as null, negative codes as null, never zero.

    >>> counts(pd.Series(["3,294", "-1", "", "*", "0"])).tolist()
    [3294.0, nan, nan, nan, 0.0]
    """
    bare = cells.fillna("").astype(str).str.strip()
    grouped = bare.str.fullmatch(r"\d{1,3}(,\d{3})+")
    bare = bare.where(~grouped, bare.str.replace(",", "", regex=False))
    numbers = pd.to_numeric(bare, errors="coerce")
    return numbers.where(numbers >= 0)


_NOISE = re.compile(
    r"\b(public|schools?|district|dist|sch|dept|department|of|the|system|unified|regional|elementary|secondary|"
    r"community|consolidated|county|city|town|central|union|free|independent|area|academy|charter|inc)\b"
)


def plain_name(name: str, *, short: bool = False) -> str:
    """A district's name for comparing: lower case, no punctuation; `short` also without the usual words.

    >>> plain_name("R.I. Sch. for the Deaf"), plain_name("Bristol-Warren Regional School District", short=True)
    ('ri sch for the deaf', 'bristol warren')
    """
    text = name.lower().replace("&", " and ").replace("saint ", "st ")
    text = re.sub(r"(?<=\b\w)\.(?=\w)", "", text)
    text = re.sub(r"[^a-z0-9]+", " ", text)
    if short:
        text = _NOISE.sub(" ", text)
    return " ".join(text.split())


def plain_code(code: str, usps: str = "") -> str:
    """A state's own district number for comparing: no state prefix, no zeros in front, no decimals behind.

    >>> plain_code("RI-01", "RI"), plain_code("1.00"), plain_code("98.0")
    ('1', '1', '98')
    """
    text = code.strip().upper().removeprefix(f"{usps.upper()}-") if usps else code.strip().upper()
    text = re.sub(r"\.0+$", "", text)
    return text.lstrip("0") or text
