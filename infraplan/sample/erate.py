"""E-Rate figures of the sample state's agencies, and plain input files for the E-Rate commands.

Rates come from the dated rules of the funding year; no figure of law stands here.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np

from infraplan import rules
from infraplan.sample.files import SampleFile, write_csv, write_records
from infraplan.sample.people import CHARTER, Lea, People, School

FUNDING_YEAR = 2026
MEMBER_OF = "central-esu"
_DISCOUNT_COLUMNS = (
    "entity_id", "kind", "students", "nslp_students", "urban_rural", "parent_id", "cep", "identified_students", "tribal",
    "member_of",
)  # fmt: skip
_BUDGET_COLUMNS = ("entity_id", "kind", "system_id", "students", "square_feet", "tribal", "funded_usd", "pending_usd")
_LIBRARIES, _COUNTY_LIBRARIES, _TRIBAL = 12, 4, 5
_OVERSPENT = 2
Row = dict[str, object]


@dataclass(frozen=True)
class Rates:
    """What an entity's discount rests on, and the two rates in whole percent."""

    nslp_percent: int
    rural: bool
    c1: int
    c2: int


def rates(students: int, nslp: int, *, rural: bool) -> Rates:
    """Discount rates of the funding year: the share of NSLP students, rounded half up, looked up in the bands."""
    book = rules.load("erate", FUNDING_YEAR, "discounts")
    share = int((Decimal(100 * nslp) / max(1, students)).quantize(Decimal(1), ROUND_HALF_UP))
    band = 0
    while book.has(f"band.{band + 1}.nslp_from") and share >= book.value(f"band.{band + 1}.nslp_from"):
        band += 1
    first = int(book.value(f"band.{band}.{'rural' if rural else 'urban'}"))
    return Rates(share, rural, first, min(first, int(book.value("category_two.highest_rate"))))


def rates_of(lea: Lea) -> Rates:
    """Discount rates of an agency over all its schools."""
    return rates(lea.students, lea.nslp_students, rural=lea.rural)


def mean_rates(each: list[Rates]) -> Rates:
    """A consortium's rates: the plain averages of its members', half up."""
    count = len(each)
    return Rates(
        sum(one.nslp_percent for one in each) // count,
        sum(one.rural for one in each) * 2 > count,
        (2 * sum(one.c1 for one in each) + count) // (2 * count),
        (2 * sum(one.c2 for one in each) + count) // (2 * count),
    )


def match_points(state_percent: int, rate: int) -> int:
    """Points that the state's money adds to the rate of a special construction: one for each it pays, if there is room."""
    if not state_percent:
        return 0
    book = rules.load("erate", FUNDING_YEAR, "special_construction")
    room = int(book.value("match.most_total")) - rate - state_percent
    return max(0, min(int(book.value("match.most_points")), state_percent, room))


def ben_of(lea: Lea) -> str:
    """Billed entity number of an agency."""
    return str(142_000 + 7 * lea.number)


def school_ben(lea: Lea, school: School) -> str:
    """Entity number of a school."""
    return str(94_000 + 40 * lea.number + school.number) if len(lea.schools) > 1 else ben_of(lea)


def setting(*, rural: bool) -> str:
    """USAC's word.

    >>> setting(rural=True)
    'Rural'
    """
    return "Rural" if rural else "Urban"


def write_crosswalk(folder: Path, people: People) -> SampleFile:
    """Billed entity numbers beside NCES district numbers; one agency in thirty is missing from it."""
    known = [lea for lea in people.leas if lea.schools and not lea.turn(30, 5)]
    rows = [(ben_of(lea), lea.lea_id, lea.name.upper(), "FK") for lea in known]
    path = write_csv(folder / "ben_nces_crosswalk.csv", ("ben", "nces_cd", "name", "postal_cd"), rows)
    return SampleFile(path, "Crosswalk of billed entity numbers and NCES district numbers", role="erate")


def write_discounts_in(folder: Path, people: People) -> SampleFile:
    """Input of `procurement discounts`: districts, one by its schools (with CEP), charters, libraries, a consortium."""
    rows: list[Row] = []
    by_school = max((lea for lea in people.leas if lea.kind != CHARTER), key=lambda lea: len(lea.schools))
    for lea in people.leas:
        if lea is by_school:
            rows += [_school_row(lea, school) for school in lea.schools]
        if lea.schools:
            rows.append(_entity_row(lea, whole=lea is not by_school))
    some = [lea for lea in people.leas if len(lea.schools) > 1][:_LIBRARIES]
    rows += [
        {"entity_id": f"lib-{k:02d}", "kind": "library", "urban_rural": setting(rural=lea.rural), "parent_id": lea.lea_id,
         "tribal": "yes" if k == _TRIBAL else "no", "cep": "no"}
        for k, lea in enumerate(some, start=1)
    ]  # fmt: skip
    path = write_records(folder / "discounts_in.csv", rows, _DISCOUNT_COLUMNS)
    return SampleFile(path, "Entities for discount rates", role="erate")


def _entity_row(lea: Lea, *, whole: bool) -> Row:
    return {
        "entity_id": lea.lea_id,
        "kind": "school" if lea.kind == CHARTER else "district",
        "students": lea.students if whole else "",
        "nslp_students": lea.nslp_students if whole else "",
        "urban_rural": setting(rural=lea.rural),
        "cep": "no",
        "tribal": "no",
        "member_of": MEMBER_OF if lea.turn(8, 3) else "",
    }


def _school_row(lea: Lea, school: School) -> Row:
    cep = school.number % 3 == 1
    return {
        "entity_id": school.ncessch,
        "kind": "school",
        "students": school.students,
        "nslp_students": "" if cep else school.nslp,
        "urban_rural": setting(rural=school.rural),
        "parent_id": lea.lea_id,
        "cep": "yes" if cep else "no",
        "identified_students": round(school.nslp / 1.6) if cep else "",
        "tribal": "no",
    }


def write_c2_budgets_in(folder: Path, people: People, seed: int) -> SampleFile:
    """Input of `procurement budgets`: schools with what is funded and pending, libraries, one overspent system."""
    rng = np.random.default_rng([seed, 72])
    rows: list[Row] = []
    for lea in people.leas:
        drawn = float(rng.choice([0, 0.2, 0.45, 0.8], p=[0.5, 0.2, 0.2, 0.1]))
        spent = 4.0 if lea.number == _OVERSPENT else drawn
        for school in lea.schools:
            pending = float(rng.integers(0, 9)) * 450 if spent else 0
            rows.append(
                {
                    "entity_id": school.ncessch,
                    "kind": "school",
                    "system_id": "" if lea.kind == CHARTER else lea.lea_id,
                    "students": school.students,
                    "tribal": "no",
                    "funded_usd": f"{spent * (140 * school.students + 6_000):.2f}",
                    "pending_usd": f"{pending:.2f}",
                }
            )
    rows += [_library_row(k) for k in range(6)]
    path = write_records(folder / "c2_budgets_in.csv", rows, _BUDGET_COLUMNS)
    return SampleFile(path, "Sites for Category Two budgets", role="erate")


def _library_row(k: int) -> Row:
    return {
        "entity_id": f"lib-{k + 1:02d}",
        "kind": "library",
        "system_id": "county-libraries" if k < _COUNTY_LIBRARIES else "",
        "square_feet": 1_800 + 1_900 * k,
        "tribal": "yes" if k + 1 == _TRIBAL else "no",
        "funded_usd": 0,
        "pending_usd": 0,
    }
