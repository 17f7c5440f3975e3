"""Terms of contracts against funding years."""

from datetime import date
from typing import Final

FIRST_MONTH: Final = 7
"""Month in which a funding year starts."""
MONTHS: Final = 12
LAST_DAY: Final = 28


def funding_year(day: date) -> int:
    """Return the funding year of a day, named by the year in which it starts (1 July).

    >>> funding_year(date(2027, 6, 30)), funding_year(date(2027, 7, 1))
    (2026, 2027)
    """
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def last_funding_year(start: date, months: int) -> int:
    """Return the funding year of the last month of a term.

    >>> last_funding_year(date(2027, 7, 1), 36), last_funding_year(date(2027, 7, 1), 37)
    (2029, 2030)
    """
    return funding_year(after(start.replace(day=1), months - 1))


def after(start: date, months: int) -> date:
    """Return the day so many months later (at most the 28th, so that it exists in every month).

    >>> after(date(2027, 7, 1), 36)
    datetime.date(2030, 7, 1)
    """
    month = start.month - 1 + months
    return date(start.year + month // MONTHS, month % MONTHS + 1, min(start.day, LAST_DAY))
