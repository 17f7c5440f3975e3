"""Prices as lists write them: dollar signs, several in a cell, commas of two kinds, other currencies."""

import re
from decimal import Decimal

from infraplan.units import half_up

_OTHER_CURRENCY = re.compile(
    r"[\u20ac\u00a3\u00a5\u20b1\u20b9]|\b(?:eur|euros?|gbp|cad|aud|nzd|mxn|jpy|chf|pesos?|pounds?|yen)\b|\b(?:c|ca|can|a|au|nz|mx)\$",
    re.IGNORECASE,
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d{2})(?![\d.,])")
_IN_DOLLARS = re.compile(rf"\$\s*({_NUMBER})|({_NUMBER})\s*(?:us ?)?(?:\$|usd\b|dollars?\b)", re.IGNORECASE)
_NEGATIVE = re.compile(rf"^\s*\$?\s*[-\u2212]\s*\$?\s*\d|\(\s*\$?\s*(?:{_NUMBER})\s*\)\s*$")


def read_price(cell: str) -> tuple[str, str]:
    """The lowest price of a cell in US dollars as text, and what is doubtful about it ("79.99, 80.50": two prices).

    Where some numbers of a cell are dollars, only those are prices ("6-year license, $90"). A price below zero or in another
    currency is none.

    >>> read_price("$79.99, 80.50"), read_price("79,99"), read_price("\u20ac79.99")[0]
    (('79.99', '2 prices in one cell, the lowest is taken'), ('79.99', ''), '')
    """
    written = cell.strip()
    if _OTHER_CURRENCY.search(written):
        return "", f"{written!r} is not in US dollars"
    text = _DECIMAL_COMMA.sub(lambda found: f"{found[1].replace('.', '')}.{found[2]}", written)
    found = [] if _NEGATIVE.search(text) else _numbers(text)
    if not found:
        return "", "" if not written else f"{written!r} is not a price"
    least = half_up(min(found), 2)
    doubts = [f"{len(found)} prices in one cell, the lowest is taken"] if len(found) > 1 else []
    doubts += [f"{written!r} has parts of a cent: read as {least}"] if least != min(found) else []
    return f"{least:.2f}", "; ".join(doubts)


def _numbers(text: str) -> list[Decimal]:
    dollars = [one or other for one, other in _IN_DOLLARS.findall(text)]
    plain = re.fullmatch(rf"[\s$,;/&|]*(?:{_NUMBER})(?:[\s$,;/&|-]+(?:{_NUMBER}))*[\s$,;/&|]*", text)
    written = dollars if dollars and not plain else re.findall(_NUMBER, text)
    return [Decimal(number.replace(",", "")) for number in written]
