"""What a district would save net by using an open text: low, middle and high, year-one cash apart from the yearly figure.

    yearly   students x price / years_kept
             - students x share_printed x print_cost / copy_lasts
             - (teachers x (training + hours x pay) + review_hours x pay + accessibility) / years_kept
             + students x state_print
    year one students x price - students x share_printed x print_cost
             - teachers x (training + hours x pay) - review_hours x pay - accessibility + students x state_print
    teachers students / students_per_teacher, rounded up

All amounts are exact decimals. Not counted, and said: what is already open, unpriced, without students, still in contract,
paid for services, without a text of the same course, or the same students' course a second time. A text that serves
several items is reviewed and made accessible once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from dateutil import parser as dates

from infraplan.errors import BadInput, Fault
from infraplan.oer.course_codes import read_course
from infraplan.oer.grades import read_grade_cell
from infraplan.oer.series import PROGRAM, grades_of
from infraplan.oer.sources.prices import read_price
from infraplan.oer.titles import BY_GRADE, read_title
from infraplan.resources import data_path, read_toml
from infraplan.units import half_up

CASES = ("low", "middle", "high")
_KEYS = {"low": "smallest_saving", "middle": "middle", "high": "largest_saving"}
COLUMNS = (
    "item_id",
    "title",
    "resource_id",
    "counted",
    "why",
    "students",
    "price_usd",
    *(f"saving_{c}_usd_year" for c in CASES),
    *(f"year_one_{c}_usd" for c in CASES),
)
_POSITIVE = {"years_kept", "copy_lasts", "students_per_teacher"}
_STEPS = 200
YEAR_END = datetime(2000, 12, 31)  # noqa: DTZ001 - only its month and day are used


@dataclass(frozen=True)
class Assumption:
    """One assumption: its three values, unit, meaning, source, and what of it is our own judgment."""

    name: str
    amounts: Mapping[str, Decimal]
    unit: str
    about: str
    source: str
    ours: str


@dataclass(frozen=True)
class Savings:
    """Per item the table of COLUMNS, the totals per case, and the assumptions they rest on.

    `first_uses` are the items that pay a text's once-only costs.
    """

    table: pd.DataFrame
    yearly: Mapping[str, Decimal]
    year_one: Mapping[str, Decimal]
    assumptions: tuple[Assumption, ...]
    break_even: tuple[tuple[str, str], ...]
    first_uses: frozenset[str] = frozenset()


@cache
def shipped_assumptions() -> tuple[Assumption, ...]:
    """The assumptions of `data/codes/oer_assumptions.toml`."""
    return _read(data_path("codes", "oer_assumptions.toml"))


def read_assumptions(path: Path | None) -> tuple[Assumption, ...]:
    """The shipped assumptions with those of a person's file in their place; all faults of the file at once.

    The file has a table per assumption with any of smallest_saving, middle, largest_saving, and a `source`.
    """
    if path is None:
        return shipped_assumptions()
    own = read_toml(path)
    known = {one.name: one for one in shipped_assumptions()}
    faults = [_unknown(path, name) for name in own if name not in known and name not in {"about", "cite"}]
    out = []
    for name, one in known.items():
        told = own.get(name, {})
        values = {}
        for case, key in _KEYS.items():
            values[case], fault = _value(path, name, key, told.get(key, one.amounts[case]))
            faults += [fault] if fault else []
        source = str(told.get("source", f"{path.name}, no source given")) if told else one.source
        out.append(Assumption(name, values, one.unit, one.about, source, "" if told else one.ours))
    if faults:
        raise BadInput(faults)
    return tuple(out)


def _unknown(path: Path, name: str) -> Fault:
    return Fault(
        kind="UnknownSetting",
        what=f"there is no assumption {name}",
        file=path.name,
        column=name,
        mend=f"the assumptions are {', '.join(one.name for one in shipped_assumptions())}",
    )


def _value(path: Path, name: str, key: str, told: object) -> tuple[Decimal, Fault | None]:
    try:
        value = Decimal(str(told))
    except ArithmeticError:
        value = Decimal("NaN")
    least = Decimal("0.01") if name in _POSITIVE else Decimal(0)
    if value.is_finite() and value >= least:
        return value, None
    return value, Fault(
        kind="OutOfRange",
        what=f"{name}.{key} is {told}, expected a number of {least} or more",
        file=path.name,
        column=name,
        value=str(told),
        mend="give a number in the unit of the assumption",
    )


def _read(path: Path) -> tuple[Assumption, ...]:
    told: dict[str, Any] = read_toml(path)
    return tuple(
        Assumption(
            name,
            {case: Decimal(str(entry[key])) for case, key in _KEYS.items()},
            entry["unit"],
            entry["about"],
            told["cite"][entry["cite"]]["title"] if "cite" in entry else "",
            entry.get("ours", ""),
        )
        for name, entry in told.items()
        if name not in {"about", "cite"}
    )


# --- one item ------------------------------------------------------------------------------------------------------


def yearly_saving(students: int, price_usd: Decimal, given: Mapping[str, Decimal], *, new_text: bool = True) -> Decimal:
    """Net saving of one item per year of the adoption, USD, unrounded; see the module's formula.

    `new_text` is False for a further item that uses a text already counted: it is reviewed and mended once.
    """
    printed = students * given["share_printed"] * given["print_cost_usd"] / given["copy_lasts"]
    bought = students * price_usd / given["years_kept"]
    return (
        bought
        - printed
        - _once(students, given, new_text=new_text) / given["years_kept"]
        + students * given["state_print_usd"]
    )


def year_one_cash(students: int, price_usd: Decimal, given: Mapping[str, Decimal], *, new_text: bool = True) -> Decimal:
    """Net cash of the first year, USD, unrounded: the purchase avoided less everything paid in that year."""
    printed = students * given["share_printed"] * given["print_cost_usd"]
    return (
        students * price_usd - printed - _once(students, given, new_text=new_text) + students * given["state_print_usd"]
    )


def _once(students: int, given: Mapping[str, Decimal], *, new_text: bool) -> Decimal:
    teachers = (students / given["students_per_teacher"]).to_integral_value(rounding=ROUND_CEILING)
    teaching = teachers * (given["training_usd_teacher"] + given["teacher_hours"] * given["pay_usd_hour"])
    text = given["review_hours"] * given["pay_usd_hour"] + given["accessibility_usd"]
    return teaching + (text if new_text else 0)


def _given(assumptions: tuple[Assumption, ...], case: str) -> dict[str, Decimal]:
    return {one.name: one.amounts[case] for one in assumptions}


# --- a list --------------------------------------------------------------------------------------------------------


def estimate(
    items: pd.DataFrame,
    matched: pd.DataFrame,
    assumptions: tuple[Assumption, ...] | None = None,
    *,
    on: date | None = None,
) -> Savings:
    """The savings of a list by its matches, on a day (contracts that end later are not counted).

    `items` is a list as `sources.lists.read_list` gives it, `matched` the table of `matching.match`.
    """
    told = assumptions or shipped_assumptions()
    best = {str(row["item_id"]): row for row in matched.drop_duplicates("item_id").to_dict("records")}
    rows: list[tuple[int, tuple[object, ...]]] = []
    seen: set[str] = set()  # courses counted, and texts whose once-only costs are paid
    listed = [{str(key): str(cell) for key, cell in row.items()} for row in items.to_dict("records")]
    firsts: set[str] = set()
    dearest_first = sorted(range(len(listed)), key=lambda k: -_price(listed[k]["price_usd"]))
    rows.extend((position, _row(listed[position], best, told, on, seen, firsts)) for position in dearest_first)
    table = pd.DataFrame([row for _, row in sorted(rows, key=lambda one: one[0])], columns=list(COLUMNS))
    counted = table[table["counted"] == "yes"]
    yearly = {case: sum(counted[f"saving_{case}_usd_year"], Decimal(0)) for case in CASES}
    first = {case: sum(counted[f"year_one_{case}_usd"], Decimal(0)) for case in CASES}
    return Savings(table, yearly, first, told, _break_even(counted, told, firsts), frozenset(firsts))


def _price(cell: str) -> Decimal:
    return Decimal(read_price(cell)[0] or 0)


def _row(
    row: Mapping[str, str],
    best: Mapping[str, Mapping[Any, Any]],
    told: tuple[Assumption, ...],
    on: date | None,
    seen: set[str],
    firsts: set[str],
) -> tuple[object, ...]:
    found = best.get(row["item_id"])
    outcome = "no" if found is None else str(found["outcome"])
    price, doubt = read_price(row["price_usd"])
    students, no_students = _students(row["students"])
    course = _whose(row)
    why = _not_counted(outcome, (price, doubt), no_students, row["expires"], on) or (
        "the same students and course are counted once" if course in seen or _grades_seen(row, seen) else ""
    )
    resource = "" if found is None else str(found["resource_id"])
    told_of = "; ".join(filter(None, (doubt, _several_texts(found))))
    head = (row["item_id"], row["title"], resource, "no" if why else "yes", why or told_of, students or "", price)
    if why:
        return (*head, *[""] * (2 * len(CASES)))
    seen |= {course, *_grade_keys(row)}
    new_text = f"text {resource}" not in seen
    seen.add(f"text {resource}")
    firsts |= {row["item_id"]} if new_text else set()
    cents = [
        half_up(formula(students, Decimal(price), _given(told, case), new_text=new_text), 2)
        for formula in (yearly_saving, year_one_cash)
        for case in CASES
    ]
    return (*head, *cents)


def _whose(row: Mapping[str, str]) -> str:
    """Whose course a row is for: district, course, and grades or the course's own name (honors apart from regular)."""
    named = ",".join(read_course(row["course"] or row["title"]).courses)
    # where no course is recognized the subject tells rows apart, so that science K-5 is not taken for reading K-5
    named = named or (row["subject"] or row["title"]).strip().lower()
    return "|".join((row["district"].strip(), named, (row["grades"] or row["course"]).strip().lower()))


def _several_texts(found: Mapping[Any, Any] | None) -> str:
    """What to mind where a row for several grades is served by a program of several texts."""
    whole = found is not None and PROGRAM in str(found.get("reasons", ""))
    return "a program of several texts: review and accessibility are reckoned for one text" if whole else ""


def _grades_seen(row: Mapping[str, str], seen: set[str]) -> bool:
    """Whether a grade of the row is counted already: a row for three grades and a row for one of them share students."""
    keys = _grade_keys(row)
    spans = len(keys) > 1
    return any(key in seen if spans else f"{key} of a span" in seen for key in keys)


def _grade_keys(row: Mapping[str, str]) -> set[str]:
    """District, subject and each grade of a row of a subject taught by grade; none for other rows."""
    named = read_course(row["course"] or row["title"]).courses or read_title(row["subject"]).courses
    grades = read_grade_cell(row["grades"]) or read_course(row["course"] or row["title"]).grades
    if len(named) != 1 or named[0] not in BY_GRADE or grades is None:
        return set()
    split = grades_of(named, grades)
    one = grades[:1] if grades[0] == grades[1] else ()
    keys = {f"{row['district'].strip()}|{named[0]}|grade {grade}" for grade in split or one}
    return keys | ({f"{key} of a span" for key in keys} if split else set())


def _students(cell: str) -> tuple[int, str]:
    text = cell.replace(",", "").strip()
    if not text:
        return 0, "the list does not say how many students use it"
    digits = text.removesuffix(".0")
    return (int(digits), "") if digits.isdigit() and int(digits) > 0 else (0, f"{cell!r} is not a count of students")


def _not_counted(outcome: str, priced: tuple[str, str], no_students: str, expires: str, on: date | None) -> str:
    price, doubt = priced
    ends = _day(expires)
    in_contract = on is not None and ends is not None and ends > on
    reasons = [
        ("already open: nothing to save", outcome == "same_open"),
        ("a person must look first: what is paid for or allowed is not known", outcome == "review"),
        ("no open text of the same course and level was found", outcome != "good"),
        (f"unpriced: {doubt}" if doubt else "unpriced", not price),
        ("its price is 0", bool(price) and Decimal(price) == 0),
        (no_students, bool(no_students)),
        (f"still in contract until {ends.isoformat() if ends else ''}", in_contract),
    ]
    return next((why for why, holds in reasons if holds), "")


def _day(cell: str) -> date | None:
    """The day a cell names; a bare year or month means its end."""
    try:
        return dates.parse(cell, default=YEAR_END).date() if cell.strip() else None
    except (ValueError, OverflowError):
        return None


# --- what matters --------------------------------------------------------------------------------------------------


def _break_even(counted: pd.DataFrame, told: tuple[Assumption, ...], firsts: set[str]) -> tuple[tuple[str, str], ...]:
    """The two assumptions that move the yearly total most, and where each would bring it to nothing."""
    if counted.empty:
        return ()
    first = counted["item_id"].isin(firsts)
    pairs = [
        (int(n), Decimal(p), bool(new))
        for n, p, new in zip(counted["students"], counted["price_usd"], first, strict=True)
    ]
    middle = _given(told, "middle")

    def total(name: str, value: Decimal) -> Decimal:
        return sum((yearly_saving(n, p, middle | {name: value}, new_text=new) for n, p, new in pairs), Decimal(0))

    swing = {one.name: abs(total(one.name, one.amounts["high"]) - total(one.name, one.amounts["low"])) for one in told}
    top = sorted(told, key=lambda one: (-swing[one.name], one.name))[:2]
    return tuple((one.name, _crossing(one, lambda value, name=one.name: total(name, value))) for one in top)


def _crossing(one: Assumption, total: Any) -> str:  # noqa: ANN401 - a function of one decimal
    """Where the total changes sign, between a hundredth and ten times the widest value; in words."""
    widest = max(one.amounts.values()) or Decimal(1)
    least = Decimal("0.01") if one.name in _POSITIVE else Decimal(0)
    points = [least + (widest * 10 - least) * step / _STEPS for step in range(_STEPS + 1)]
    signs = [total(point) > 0 for point in points]
    for low, high, before, after in zip(points, points[1:], signs, signs[1:], strict=False):
        if before != after:
            left, right = low, high
            for _ in range(40):
                middle = (left + right) / 2
                left, right = (middle, right) if (total(middle) > 0) == before else (left, middle)
            return f"the yearly saving becomes nothing at {half_up(right, 2):,} {one.unit}"
    kept = "stays a saving" if signs[0] else "stays a cost"
    return f"the total {kept} at any value up to {half_up(widest * 10, 2):,} {one.unit}"


def worked_example(savings: Savings) -> tuple[str, ...]:
    """The middle yearly saving of the first row counted, to be redone on a calculator; nothing where none is counted."""
    counted = savings.table[savings.table["counted"] == "yes"]
    if counted.empty:
        return ()
    row = {str(name): cell for name, cell in counted.iloc[0].items()}
    given, n, price = _given(savings.assumptions, "middle"), int(str(row["students"])), Decimal(str(row["price_usd"]))
    new = str(row["item_id"]) in savings.first_uses
    once, years = _once(n, given, new_text=new), given["years_kept"]
    teachers = (n / given["students_per_teacher"]).to_integral_value(rounding=ROUND_CEILING)
    text = (
        f" + {given['review_hours']} x {_usd(given['pay_usd_hour'])} + {_usd(given['accessibility_usd'])}"
        if new
        else ""
    )
    printed = n * given["share_printed"] * given["print_cost_usd"] / given["copy_lasts"]
    return (
        f"A worked example, {row['item_id']}, middle: {n:,} students x {_usd(price)} / {years} years = "
        f"{_usd(n * price / years)}. Printing: {n:,} x {given['share_printed']} x {_usd(given['print_cost_usd'])} / "
        f"{given['copy_lasts']} years = {_usd(printed)}. Teachers and text: ({teachers} x "
        f"({_usd(given['training_usd_teacher'])} + {given['teacher_hours']} x {_usd(given['pay_usd_hour'])}){text}) / "
        f"{years} years = {_usd(once / years)}. State print money: {n:,} x {_usd(given['state_print_usd'])} = "
        f"{_usd(n * given['state_print_usd'])}. The first, less the second and third, plus the last: "
        f"{half_up(Decimal(str(row['saving_middle_usd_year'])), 2):,} USD a year.",
    )


def _usd(amount: Decimal) -> str:
    return f"${half_up(amount, 2):,}"


def summary(savings: Savings) -> str:
    """The totals and the break-even, in words."""
    counted = int((savings.table["counted"] == "yes").sum())
    yearly = " / ".join(f"{savings.yearly[case]:,.2f}" for case in CASES)
    first = " / ".join(f"{savings.year_one[case]:,.2f}" for case in CASES)
    lines = [
        f"{counted:,} of {len(savings.table):,} items counted",
        f"net saving a year, USD, low / middle / high: {yearly}",
        f"net cash of year one: {first}",
    ]
    lines += [f"{name}: {words}" for name, words in savings.break_even]
    return "\n".join(lines)
