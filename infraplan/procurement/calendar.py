"""What is about to be lost, and when: uncollected commitments, contract ends, installation days, Category Two left.

Dates come from the requests where USAC states them, else from the year's rules (`data/rules/erate/<year>/calendar.toml`).
Everything is reckoned as of a given day; nothing here reads the clock.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

from infraplan import rules
from infraplan.errors import NoAnswer, NoRule
from infraplan.procurement.filings import years_of

COLUMNS = ["ben", "frn", "what", "due", "usd_at_stake", "committed_usd", "disbursed_usd", "uncollected_usd",
           "extensions_left", "contract_end", "last_470_date"]  # fmt: skip
SOON_DAYS = 90
JULY, JUNE_30 = 7, (6, 30)
SATURDAY = 5
NOTHING = Decimal(0)
POST_470 = "last day to post a Form 470"
LONGEST_YEARS = 40
"""A contract end further off than this is a slip of the pen: no fiber lease runs longer."""


@dataclass(frozen=True)
class Dates:
    """The dates of one funding year that deadlines are reckoned from."""

    funding_year: int
    recurring_ends: date
    non_recurring_ends: date
    invoice_days: int
    extension_days: int
    extensions: int
    extension_grace_days: int

    @classmethod
    @cache
    def of(cls, funding_year: int) -> "Dates":
        """Read a year's rules; raises NoRule if the year has none."""
        told = rules.load("erate", funding_year, "calendar")
        grace = "invoice.extension_grace_days"
        return cls(
            funding_year=funding_year,
            recurring_ends=told.value("service.recurring_ends"),
            non_recurring_ends=told.value("service.non_recurring_ends"),
            invoice_days=int(told.value("invoice.days_after_service")),
            extension_days=int(told.value("invoice.extension_days")),
            extensions=int(told.value("invoice.extensions")),
            extension_grace_days=int(told.value(grace)) if told.has(grace) else 0,
        )

    def invoice_due(self, last_service: date) -> date:
        """Day the invoices for service up to `last_service` are due."""
        return last_service + timedelta(days=self.invoice_days)


@dataclass(frozen=True)
class Calendar:
    """The table `erate_calendar`, the day it is reckoned for, and what a person should know about it."""

    table: pd.DataFrame
    as_of: date
    notes: tuple[str, ...]


@dataclass
class _Told:
    """Things met on the way, each counted once per kind; a # stands for the count."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def words(self) -> list[str]:
        return [what.replace("#", f"{count:,}") for what, count in self.counts.items()]


def calendar(tables: Mapping[str, pd.DataFrame], as_of: date, *, within_days: int = SOON_DAYS) -> Calendar:
    """Dates on or after `as_of`: those within the given days first, most dollars first; then the others by day.

    `tables` are those of sources.usac; needs `requests` or `c2_spending`. Raises NoAnswer if neither is there.
    """
    if "requests" not in tables and "c2_spending" not in tables:
        raise NoAnswer(
            "a calendar needs funding requests or the Category Two budget tool, and neither is loaded\n"
            "  mend:  infraplan data add the FRN status download (qdmp-ygft)"
        )
    told = _Told()
    rows: list[dict[str, Any]] = []
    requests = list(_requests(tables))
    newest = _newest_of_contracts(requests)
    for request in requests:
        try:
            rows += [*_invoice(request, as_of, told), *_installation(request, as_of)]
        except NoRule:
            told.add(f"requests of FY{request.year}, whose dates are not known here: #; their invoices are left out")
        if request.year == newest.get((request.ben, request.contract_end), request.year):
            rows += _contract(request, as_of, told)
    rows += _category_two(tables, as_of, told)
    table = pd.DataFrame([{**dict.fromkeys(COLUMNS), **row} for row in rows], columns=COLUMNS)
    table["extensions_left"] = table["extensions_left"].astype("Int64")
    soon = as_of + timedelta(days=within_days)
    order = sorted(range(len(rows)), key=lambda at: _rank(rows[at], soon))
    near = [row for row in rows if row["due"] <= soon]
    most: dict[tuple[Any, Any], Decimal] = {}
    for row in near:  # a request's dollars are at stake once, however many of its dates are near
        key = (row["ben"], row.get("frn"))
        most[key] = max(most.get(key, NOTHING), row["usd_at_stake"])
    at_stake = sum(most.values(), NOTHING)
    dates = f"{len(near):,} date{'' if len(near) == 1 else 's'} within {within_days} days"
    first = f"as of {as_of}: {dates}, ${at_stake:,.2f} at stake; {len(rows):,} in all"
    return Calendar(table.iloc[order].reset_index(drop=True), as_of, (first, *told.words()))


def nothing(as_of: date) -> Calendar:
    """A calendar where nothing with a date is loaded."""
    return Calendar(pd.DataFrame(columns=COLUMNS), as_of, ())


def _rank(row: Mapping[str, Any], soon: date) -> tuple[Any, ...]:
    far = row["due"] > soon
    return (
        far,
        row["due"] if far else date.min,
        -row["usd_at_stake"],
        row["due"],
        row["ben"],
        row.get("frn") or "",
        row["what"],
    )


# --- requests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """A funded request, its dates as days and its money as decimals."""

    ben: str
    frn: str
    year: int
    category: str
    recurring: bool
    committed: Decimal
    disbursed: Decimal | None
    service_end: date | None
    last_invoice: date | None
    contract_end: date | None
    extensions: int | None

    @property
    def uncollected(self) -> Decimal | None:
        """What is committed and not disbursed; None where disbursements are not loaded."""
        return None if self.disbursed is None else self.committed - self.disbursed

    def money(self) -> dict[str, Any]:
        """The columns of money and the contract's end, as a row of the calendar has them."""
        return {"committed_usd": self.committed, "disbursed_usd": self.disbursed, "uncollected_usd": self.uncollected,
                "contract_end": self.contract_end}  # fmt: skip


def recurring_requests(tables: Mapping[str, pd.DataFrame]) -> Iterator[Request]:
    """Funded requests for recurring service; a contract end that is a slip of the pen counts as none."""
    for request in _requests(tables):
        if request.recurring:
            end = request.contract_end
            slip = end is not None and end.year > request.year + LONGEST_YEARS
            yield replace(request, contract_end=None) if slip else request


def _requests(tables: Mapping[str, pd.DataFrame]) -> Iterator[Request]:
    if "requests" not in tables:
        return
    years = years_of(tables["requests"], tables.get("applications"))
    for filed, row in zip(years, tables["requests"].to_dict("records"), strict=True):
        year = _first(filed, _start_year(row))
        committed = _money(row.get("commitment_usd"))
        if row["status"] == "Funded" and committed and year is not None:
            yield _request(row, int(year), committed)


def _request(row: Mapping[Any, Any], year: int, committed: Decimal) -> Request:
    extensions = _first(row.get("extensions_left"))
    return Request(
        ben=row["ben"], frn=row["frn"], year=year, category=row["category"],
        recurring=_recurs(row), committed=committed,
        disbursed=_money(row.get("disbursed_usd")), service_end=_day(row.get("service_end")),
        last_invoice=_day(row.get("last_date_to_invoice")), contract_end=_day(row.get("contract_end")),
        extensions=None if extensions is None else int(extensions),
    )  # fmt: skip


def _recurs(row: Mapping[Any, Any]) -> bool:
    """Whether a request is for recurring service: by its monthly charge, or where that is not loaded by its category."""
    monthly = _money(row.get("monthly_eligible_usd"))
    return row["category"] == "C1" if monthly is None else monthly > 0


def _first(*values: Any) -> Any:  # noqa: ANN401 - cells of a frame
    return next((value for value in values if value is not None and not pd.isna(value)), None)


def _money(value: Any) -> Decimal | None:  # noqa: ANN401 - a cell of a frame
    return None if value is None or pd.isna(value) else Decimal(str(value)).quantize(Decimal("0.01"))


def _day(value: Any) -> date | None:  # noqa: ANN401 - a cell of a frame
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()


def _start_year(row: Mapping[Any, Any]) -> int | None:
    """The funding year in which service starts."""
    start = _day(row.get("service_start"))
    return None if start is None else _funding_year(start)


def _funding_year(day: date) -> int:
    """The funding year a day falls in: from 1 July to 30 June, named by its first year.

    >>> _funding_year(date(2026, 6, 30)), _funding_year(date(2026, 7, 1))
    (2025, 2026)
    """
    return day.year - (day.month < JULY)


def _invoice(request: Request, as_of: date, told: _Told) -> Iterator[dict[str, Any]]:
    """The invoice deadline of what is committed and not yet collected."""
    left = request.committed if request.uncollected is None else request.uncollected
    if left <= 0:
        return
    dates = Dates.of(request.year)
    ends = dates.recurring_ends if request.recurring else dates.non_recurring_ends
    usual = dates.invoice_due(request.service_end or ends)
    due, last = (request.last_invoice,) * 2 if request.last_invoice else (usual, next_business_day(usual))
    extended = request.last_invoice is not None and request.last_invoice >= usual + timedelta(days=dates.extension_days)
    extensions = 0 if extended else dates.extensions
    what = "invoice deadline" if request.disbursed is not None else "invoice deadline (disbursements not loaded)"
    if due < last:
        free = "holiday" if due.weekday() < SATURDAY else f"{due:%A}"
        what += f"; a {free}, so an invoice of {last} is in time" if due >= as_of else f"; {due} was a {free}"
        due = due if due >= as_of else last
    if due < as_of:
        due = last + timedelta(days=dates.extension_grace_days)
        what = "last day to ask for the extension of a missed invoice deadline"
        if due < as_of or not extensions:
            told.add("invoice deadlines that have passed: #; what was not collected is lost without a waiver")
            return
    yield {"ben": request.ben, "frn": request.frn, "what": what, "due": due, "usd_at_stake": left,
           "extensions_left": extensions, **request.money()}  # fmt: skip


def next_business_day(day: date) -> date:
    """The day itself, or the first one after it that is no Saturday, Sunday or Federal holiday.

    >>> next_business_day(date(2017, 10, 28)), next_business_day(date(2026, 10, 28))
    (datetime.date(2017, 10, 30), datetime.date(2026, 10, 28))
    """
    off = set(_federal_holidays(day.year)) | set(_federal_holidays(day.year + 1))
    while day.weekday() >= SATURDAY or day in off:
        day += timedelta(days=1)
    return day


@cache
def _federal_holidays(year: int) -> tuple[date, ...]:
    told = USFederalHolidayCalendar().holidays(f"{year}-01-01", f"{year}-12-31")
    return tuple(stamp.date() for stamp in told)


def _installation(request: Request, as_of: date) -> Iterator[dict[str, Any]]:
    """The last day to deliver and install non-recurring services that are not yet paid."""
    left = request.committed if request.uncollected is None else request.uncollected
    if request.recurring or left <= 0:
        return
    due = request.service_end or Dates.of(request.year).non_recurring_ends
    if due >= as_of:
        yield {"ben": request.ben, "frn": request.frn, "what": "last day to deliver and install", "due": due,
               "usd_at_stake": left, **request.money()}  # fmt: skip


def _newest_of_contracts(requests: Iterable[Request]) -> dict[tuple[str, date | None], int]:
    """The newest year filed for each end of an applicant's recurring contracts: earlier years' requests are of the same."""
    newest: dict[tuple[str, date | None], int] = {}
    for request in requests:
        if request.recurring:
            key = (request.ben, request.contract_end)
            newest[key] = max(request.year, newest.get(key, request.year))
    return newest


def _contract(request: Request, as_of: date, told: _Told) -> Iterator[dict[str, Any]]:
    """The end of a contract for recurring service, and the latest Form 470 for a successor, as a date of its own."""
    if request.contract_end is None or request.contract_end < as_of or not request.recurring:
        return
    if request.contract_end.year > request.year + LONGEST_YEARS:
        told.add(f"contracts that end more than {LONGEST_YEARS} years on: #; taken for slips of the pen and left out")
        return
    what = "contract ends"
    if request.extensions:
        what += (
            f"; {request.extensions} voluntary extension{'s' if request.extensions > 1 else ''} can be taken up before"
        )
    year = _funding_year(request.contract_end + timedelta(days=1))
    last = last_470(year)
    last = last if last is not None and last >= as_of else last_470(year + (last is not None), told)
    row = {"ben": request.ben, "frn": request.frn, "what": what, "due": request.contract_end,
           "usd_at_stake": request.committed, "extensions_left": request.extensions, **request.money(),
           "last_470_date": last}  # fmt: skip
    yield row
    if last is not None and last >= as_of:
        unless = ", unless an extension is taken up" if request.extensions else ""
        yield row | {"what": f"{POST_470} for a successor of the contract{unless}", "due": last}


def last_470(funding_year: int, told: _Told | None = None) -> date | None:
    """Latest day to post a Form 470 for a funding year's window; None (and told) where the window is not announced."""
    try:
        dates = rules.load("erate", funding_year, "calendar")
        if dates.has("window.last_form_470"):
            return _day(dates.value("window.last_form_470"))
        waiting = int(rules.load("erate", funding_year, "program").value("bidding.waiting_days"))
        closes = _day(dates.value("window.closes"))
    except NoRule:
        if told is not None:
            when = f"FY{funding_year}" if funding_year < _next_pending() else f"FY{_next_pending()} or later"
            told.add(
                f"contracts that need a Form 470 for {when}, whose window is not announced here: #; last_470_date is blank"
            )
        return None
    return None if closes is None else closes - timedelta(days=waiting)


@cache
def _next_pending() -> int:
    """The first funding year after the newest whose window dates are known."""
    known = [
        int(year)
        for year in rules.editions("erate", "calendar")
        if not rules.load("erate", year, "calendar").figures["window.closes"].pending
    ]
    return max(known) + 1


def _category_two(tables: Mapping[str, pd.DataFrame], as_of: date, told: _Told) -> Iterator[dict[str, Any]]:
    """Category Two budget left in the cycle: it can be asked for until the window of the cycle's last year closes.

    Where that window is not announced, the last day before that year begins stands for it.
    """
    if "c2_spending" not in tables:
        return
    for row in tables["c2_spending"].to_dict("records"):
        left = _money(row.get("available_usd"))
        years = [int(word) for word in re.findall(r"\d{4}", str(row["cycle"]))]
        if not left or left <= 0 or not years:
            continue
        last = max(years)
        due = _window_closes(last) or date(last, *JUNE_30)
        if due < as_of:
            told.add("Category Two budgets of past cycles that have lapsed: #")
            continue
        post = last_470(last)
        what = f"Category Two budget of {row['cycle']} lapses unless requested (before discount)"
        yield {"ben": row["ben"], "what": what, "due": due, "usd_at_stake": left, "last_470_date": post}
        if post is not None and post >= as_of:
            what = f"{POST_470} for what is left of Category Two of {row['cycle']}"
            yield {"ben": row["ben"], "what": what, "due": post, "usd_at_stake": left, "last_470_date": post}


@cache
def _window_closes(funding_year: int) -> date | None:
    """The day the window of a funding year closes; None where it is not announced."""
    try:
        return _day(rules.load("erate", funding_year, "calendar").value("window.closes"))
    except NoRule:
        return None


# --- as a calendar file ---------------------------------------------------------------------------------------------

_MOST_OCTETS = 75


def to_ics(found: Calendar, opening: str = "") -> str:
    """The dates as an iCalendar file (RFC 5545), one all-day event each, stamped with the day they are reckoned for.

    The `opening` and the calendar's first note stand in its description.
    """
    stamp = f"{found.as_of:%Y%m%d}T000000Z"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//infraplan//E-Rate calendar//EN", "CALSCALE:GREGORIAN"]
    lines += [f"X-WR-CALDESC:{_escaped(' '.join(part for part in (opening, found.notes[0]) if part))}"]
    for row in found.table.to_dict("records"):
        frn = row["frn"] or ""
        title = f"{row['what']}: BEN {row['ben']}{f', FRN {frn}' if frn else ''}, ${row['usd_at_stake']:,.2f}"
        lines += ["BEGIN:VEVENT", f"UID:{row['ben']}-{frn or 'c2'}-{row['due']:%Y%m%d}-{_slug(row['what'])}@infraplan",
                  f"DTSTAMP:{stamp}", f"DTSTART;VALUE=DATE:{row['due']:%Y%m%d}", f"SUMMARY:{_escaped(title)}",
                  "DESCRIPTION:" + _escaped(f"As of {found.as_of}. Planning figures, not legal advice; USAC decides."),
                  "END:VEVENT"]  # fmt: skip
    return "".join(part + "\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _slug(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())[:24]


def _escaped(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterable[str]:
    """A line in pieces of at most 75 octets; all but the first start with a space."""
    out, rest = [], line
    while len(rest.encode()) > _MOST_OCTETS:
        cut = _MOST_OCTETS
        while len(rest[:cut].encode()) > _MOST_OCTETS:
            cut -= 1
        out.append(rest[:cut])
        rest = " " + rest[cut:]
    return [*out, rest]


def _invoice_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"due": Dates.of(int(edition)).invoice_due(given["last_service"])}


CASES: Mapping[str, rules.Evaluator] = {"invoice": _invoice_case}
