"""What a district's business officer should know, on one page: price position, rate, Category Two, dates, one sum to redo.

This module puts the content together from tables; a page is drawn of it elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from infraplan import rules
from infraplan.errors import NoAnswer
from infraplan.procurement import discounts, prices
from infraplan.procurement.calendar import POST_470, Calendar
from infraplan.procurement.words import so_many
from infraplan.units import half_up
from infraplan.workspace import DEFAULT_THRESHOLD

MOST_DATES, MOST_LINES = 4, 4
_KINDS = ("School District", "School")


@dataclass(frozen=True)
class Part:
    """One part of a letter: a heading and sentences."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """A letter to one applicant: who, the opening line, its parts, and stamps that cannot be left out."""

    ben: str
    name: str
    opening: str
    parts: tuple[Part, ...]
    stamps: tuple[str, ...]


@dataclass(frozen=True)
class Desk:
    """Everything letters are written from, made once for a state."""

    applications: pd.DataFrame
    found: prices.Benchmark
    dates: Calendar
    opening: str  # as reconcile.opening has it
    c2_spending: pd.DataFrame | None
    c2_reckoned: pd.DataFrame | None = None  # as c2_left.reckoned has it
    threshold: int = DEFAULT_THRESHOLD  # counts of people below it are not printed


def recipients(desk: Desk) -> list[str]:
    """BENs of the districts and schools that filed with their enrollment, in order; raises NoAnswer where none did."""
    rows = desk.applications
    found = sorted(rows.loc[rows["applicant_type"].isin(_KINDS) & _counted(rows), "ben"].unique())
    if not found:
        raise NoAnswer(
            "no application of a district or school with its enrollment is loaded\n  mend:  add the basic information as "
            "the portal's report; the open data may lack the counts"
        )
    return found


def _counted(applications: pd.DataFrame) -> pd.Series:
    """Which applications have what a letter stands on: students, and the year by whose rules they count."""
    return applications["students"].fillna(0).gt(0) & applications["funding_year"].notna()


def ben_of(lea_id: str, crosswalk: Mapping[str, str]) -> str:
    """The BEN of an NCES district number; raises NoAnswer if the crosswalk has none, or several."""
    found = sorted(ben for ben, lea in crosswalk.items() if lea == lea_id)
    if len(found) != 1:
        many = f"{len(found)} BENs are known ({', '.join(found)})" if found else "no BEN is known"
        raise NoAnswer(
            f"{many} of district {lea_id}\n  mend:  give --ben, or --crosswalk FILE with columns ben and lea_id"
        )
    return found[0]


def write(ben: str, desk: Desk) -> Letter:
    """Put the letter to one applicant together; raises NoAnswer if it filed no application that is loaded."""
    filed = desk.applications[(desk.applications["ben"] == ben) & _counted(desk.applications)]
    if filed.empty:
        raise NoAnswer(
            f"no application of BEN {ben} with its enrollment and year is loaded\n  mend:  check the number; "
            "`infraplan data list` says which years are loaded"
        )
    latest = filed.sort_values("funding_year", kind="stable").iloc[-1]
    year = discounts.Rules.of(int(latest["funding_year"]))
    parts = (
        Part("What you pay beside what others pay", tuple(_prices(desk.found.table, ben))),
        Part("Your discount rate", tuple(_rate(latest, year, desk.threshold))),
        Part("Category Two", tuple(_category_two(desk, ben))),
        Part(f"Dates, as of {desk.dates.as_of}", tuple(_dates(desk.dates.table, ben))),
        Part("One sum to redo on a calculator", tuple(_sum(latest, year, desk.threshold))),
        Part("What would change this", (
            "Another enrollment or lunch count, another urban or rural status from USAC, a new contract, or prices of a "
            "newer year.",)),
    )  # fmt: skip
    stamps = (f"{prices.HISTORIC}: prices more than two funding years old",) if desk.found.historic else ()
    return Letter(ben, str(latest["name"]), desk.opening, parts, stamps)


def _prices(table: pd.DataFrame, ben: str) -> Iterable[str]:
    mine = table[table["ben"] == ben]
    mine = mine.assign(led=mine["filed_by"] != ben, bill=mine["usd_month"] * mine["circuits"])
    mine = mine.sort_values(["led", "bill"], ascending=[True, False], kind="stable")
    words = prices.words()
    if mine.empty:
        yield "No circuit of yours with a price and a speed is loaded."
    for row in mine.head(MOST_LINES).to_dict("records"):
        service = words[str(row["service"])]
        what = (
            f"{service[:1].upper()}{service[1:]}, {row['mbps']:,g} Mbps: ${row['usd_month']:,.2f} a month a circuit, "
        )
        what += f"${row['usd_mbps_month']:,.2f} per Mbps (line {row['line_id']})."
        if row["n"]:
            what += (f" Of {row['n']:,} like lines ({row['peers']}), {row['percentile']:.0f} percent pay less per Mbps; half pay "
                     f"under ${row['median_usd_mbps_month']:,.2f}, eight in ten between ${row['p10_usd_mbps_month']:,.2f} and "
                     f"${row['p90_usd_mbps_month']:,.2f}.")  # fmt: skip
        else:
            what += " Too few like lines are loaded to compare it with."
        if row["filed_by"] != ben:
            what += f" A consortium filed it; your part is {row['circuits']:,.2f} circuits."
        yield what + (f" Look at this line: {row['outlier']}." if isinstance(row["outlier"], str) else "")
    if len(mine) > MOST_LINES:
        yield f"The table of prices has {so_many(len(mine) - MOST_LINES, 'more line')} of yours."


def _percent(row: Mapping[Any, Any] | pd.Series) -> int:
    students, eligible = int(row["students"]), int(row["nslp_students"])
    return int(discounts.percent_half_up(np.array([min(eligible, students)]), np.array([students]))[0])


def _reckoned(row: pd.Series, year: discounts.Rules) -> tuple[int, int]:
    rural = np.array([row["urban_rural"] == "Rural"])
    c1, c2 = discounts.matrix_rates(np.array([_percent(row)]), rural, np.array([False]), year)
    return int(c1[0]), int(c2[0])


def _beside_filed(row: pd.Series, c1: int, c2: int) -> str:
    """The rates filed beside those reckoned; the open data may lack the rates filed."""
    year = f"FY{int(row['funding_year'])}"
    told = [rate for rate in (row["c1_rate"], row["c2_rate"]) if rate is not None and not pd.isna(rate)]
    if len(told) < len((c1, c2)):
        return f"By the counts filed for {year} it is {c1} percent on Category One and {c2} on Category Two."
    first, second = (int(rate) for rate in told)
    again = "the same." if (c1, c2) == (first, second) else f"{c1} and {c2}: ask which count USAC used."
    return f"You filed {first} percent on Category One and {second} on Category Two for {year}; reckoned again, it is {again}"


def _unknown(row: pd.Series) -> str | None:
    """What keeps a rate from being reckoned, in words; None where nothing does."""
    for column, what in (
        ("urban_rural", "The urban or rural status is"),
        ("nslp_students", "The eligible students are"),
    ):
        if pd.isna(row[column]):
            return f"{what} not in the tables loaded, so a rate cannot be reckoned here."
    return None


def _rate(row: pd.Series, year: discounts.Rules, threshold: int) -> Iterable[str]:
    if missing := _unknown(row):
        yield missing
        return
    c1, c2 = _reckoned(row, year)
    yield _beside_filed(row, c1, c2)
    at = int(np.searchsorted(year.band_from, _percent(row), side="right"))
    if at < len(year.band_from) and not _few(row, threshold):
        share = int(year.band_from[at])
        # the least whole number of students whose share rounds half up to the next band
        needed = -(-(2 * share - 1) * int(row["students"]) // 200)
        more = needed - int(row["nslp_students"])
        yield (f"The next band starts at {share} percent: {more:,} more eligible students out of {int(row['students']):,} "
               "would reach it.")  # fmt: skip


def _category_two(desk: Desk, ben: str) -> Iterable[str]:
    spending = desk.c2_spending
    if spending is None:
        yield from _category_two_reckoned(desk.c2_reckoned, ben, "USAC's budget tool is not loaded: look there before you "
                                          "rely on it.")  # fmt: skip
        return
    mine = spending[spending["ben"] == ben]
    if mine.empty:
        yield "USAC's Category Two budget tool, as loaded, has no budget of this cycle under this number."
        if desk.c2_reckoned is not None and (desk.c2_reckoned["ben"] == ben).any():
            yield from _category_two_reckoned(desk.c2_reckoned, ben, "Ask USAC before you rely on it.")
    for row in mine.drop_duplicates().to_dict("records"):
        budget, left = _usd(row["budget_usd"]), _usd(row["available_usd"])
        yield f"{row['cycle']}: budget {budget} before discount; left: {left}. What is not requested in the cycle lapses."


def _usd(amount: Any) -> str:  # noqa: ANN401 - a cell of a frame
    """Dollars and cents; in words where the amount is not published.

    >>> _usd(1234.5), _usd(None)
    ('$1,234.50', 'not published')
    """
    return "not published" if amount is None or pd.isna(amount) else f"${amount:,.2f}"


def _category_two_reckoned(reckoned: pd.DataFrame | None, ben: str, caution: str) -> Iterable[str]:
    """What is left by the counts filed, where USAC's budget tool does not say it."""
    mine = None if reckoned is None else reckoned[reckoned["ben"] == ben]
    if mine is None or mine.empty:
        yield "USAC's Category Two budget tool is not loaded, so what is left is not known here."
        return
    row = mine.iloc[0]
    yield (f"{row['c2_cycle']}: by the counts of {row['c2_counts']}, a budget of ${row['c2_budget_usd']:,.2f} before "
           f"discount, and ${row['c2_left_usd']:,.2f} left after the requests that are loaded. {caution} What is not "
           "requested in the cycle lapses.")  # fmt: skip


def _dates(table: pd.DataFrame, ben: str) -> Iterable[str]:
    # the last day to post a Form 470 stands beside what it is for
    mine = table[(table["ben"] == ben) & ~table["what"].str.startswith(POST_470)]
    if mine.empty:
        yield "No deadline or contract end of yours is ahead in what is loaded."
    for row in mine.head(MOST_DATES).to_dict("records"):
        request = f" (request {row['frn']})" if row["frn"] else ""
        last = row["last_470_date"]
        post = f" Latest Form 470 for {'a successor' if request else 'it'}: {last}." if isinstance(last, date) else ""
        yield f"{row['due']}: {row['what']}{request}, ${row['usd_at_stake']:,.2f} at stake.{post}"
    if len(mine) > MOST_DATES:
        yield f"The calendar has {so_many(len(mine) - MOST_DATES, 'more date')} of yours."


def _quotient(eligible: int, students: int) -> str:
    """The share in percent with so many places, two or more, that rounding what is printed gives the percent.

    >>> _quotient(99, 200), _quotient(12374, 25000)
    ('49.50', '49.496')
    """
    exact = Decimal(100 * eligible) / Decimal(students)
    percent = half_up(exact, 0)
    return next(text for places in range(2, 28) if half_up(Decimal(text := f"{half_up(exact, places)}"), 0) == percent)


def _few(row: pd.Series, threshold: int) -> bool:
    """Whether the eligible students, or the others, are too few for a printed page."""
    students, eligible = int(row["students"]), min(int(row["nslp_students"]), int(row["students"]))
    return 0 < eligible < threshold or 0 < students - eligible < threshold


def _sum(row: pd.Series, year: discounts.Rules, threshold: int) -> Iterable[str]:
    if missing := _unknown(row):
        yield missing
        return
    if _few(row, threshold):
        yield (f"Counts of people under {threshold} are not printed. With your own counts: eligible students / students "
               "x 100, rounded to a whole percent, half up; then the discount matrix.")  # fmt: skip
        return
    students, eligible = int(row["students"]), min(int(row["nslp_students"]), int(row["students"]))
    c1, c2 = _reckoned(row, year)
    status = str(row["urban_rural"]).lower()
    told = rules.load("erate", year.funding_year, "discounts").figure("band.0.urban")
    yield (f"{eligible:,} eligible students / {students:,} students x 100 = {_quotient(eligible, students)}, rounded to "
           f"{_percent(row)} percent. In the {status} column of the discount matrix that is {c1} percent; Category Two takes at "
           f"most {year.c2_highest} percent, so {c2}.")  # fmt: skip
    if told.cite is not None:
        yield f"Matrix: {told.cite.title}."
