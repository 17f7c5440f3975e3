"""Our rates, statuses, budgets and commitments beside the published ones, each difference with its likely cause."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault, NoAnswer, NoRule
from infraplan.procurement import budgets, commitments, discounts, filed
from infraplan.resources import data_path, read_toml
from infraplan.units import half_up

_COMPARED = ["entity_id", "figure", "ours", "published", "difference", "likely_cause"]
COLUMNS = [*_COMPARED, "ben"]
NOT_PUBLISHED, NOT_OURS = "not published", "published, and not among ours"
NOTHING_COMMITTED = "nothing committed"
WORDS = {
    "c1_rate": "Category One rates", "c2_rate": "Category Two rates", "urban_rural": "urban or rural status",
    "consortium_c1_rate": "consortia's Category One rates", "consortium_c2_rate": "consortia's Category Two rates",
    "commitment_usd": "commitments to the cent", "disbursed_usd": "disbursements to the cent",
    "budget_usd": "Category Two budgets",
    "available_usd": "Category Two budgets left", "funded_usd": "Category Two funded", "pending_usd": "Category Two pending",
    "nslp_percent": "shares of eligible students", "entity_c1_rate": "published entities' Category One rates",
    "entity_c2_rate": "published entities' Category Two rates", "entity_urban_rural": "published entities' status",
}  # fmt: skip
"""Figures in words, for the line that people read."""
ANOTHER_DATE = "counts of another date, or corrected in review"
ANOTHER_PAYMENT = "invoices of another day, or money given back since"
Cause = Callable[[str, str], str]


@dataclass(frozen=True)
class Reconciliation:
    """The table `reconciliation`."""

    table: pd.DataFrame

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """Per figure: equal, different, and in one of the two only (requests denied or cancelled among them)."""
        cause = self.table["likely_cause"]
        missing = cause.isin([NOT_PUBLISHED, NOT_OURS]) | cause.str.startswith(NOTHING_COMMITTED)
        return {
            str(figure): (
                int((cause[rows] == "").sum()),
                int(((cause[rows] != "") & ~missing[rows]).sum()),
                int(missing[rows].sum()),
            )
            for figure, rows in self.table.groupby("figure", sort=False).groups.items()
        }

    def first_line(self) -> str:
        """The line that opens every E-Rate report: how our figures compare with the published ones."""
        extra = Counter(self.table.loc[self.table["likely_cause"] == NOT_OURS, "figure"])
        parts = [
            f"{WORDS.get(figure, figure)} {equal:,} of {equal + different:,} equal"
            + (f", {gone - extra[figure]:,} not published or nothing committed" if gone > extra[figure] else "")
            + (f", {extra[figure]:,} published and not among ours" if extra[figure] else "")
            for figure, (equal, different, gone) in self.counts().items()
        ]
        return "Compared with the published figures: " + ("; ".join(parts) or "nothing to compare") + "."


def _table(rows: list[tuple[Any, ...]], bens: Mapping[str, str], of_requests: Collection[str]) -> Reconciliation:
    """The comparisons with the BEN of each: an entity's is its own number, that of `of_requests` of who filed them."""
    found = pd.DataFrame(rows, columns=_COMPARED)
    filed_by = found["entity_id"].map(bens).astype(object)
    return Reconciliation(found.assign(ben=found["entity_id"].where(~found["figure"].isin(of_requests), filed_by)))


def _bens(requests: pd.DataFrame, key: str) -> dict[str, str]:
    """The BEN that filed each request, where the table says it."""
    column = next((name for name in ("ben", *_names("key")["entity_id"], "entity_id") if name in requests), None)
    return {} if column is None else dict(zip(requests[key], requests[column], strict=True))


# --- two files ------------------------------------------------------------------------------------------------------


def files(ours: Path, published: Path, funding_year: int | None = None) -> Reconciliation:
    """Compare a table of ours with a published file, over the key and the figures that both have.

    Published files may use USAC's names (category_one_discount_rate, c2_budget, ...). Raises BadInput where there is no
    common key or figure. `funding_year` lets the causes of differing budgets be guessed.
    """
    mine, theirs = _ours_names(tablefiles.read_text(ours)), _ours_names(tablefiles.read_text(published))
    theirs = _current(_of_cycle(theirs, funding_year, published.name))
    key = next((name for name in ("request_id", "entity_id") if name in mine and name in theirs), None)
    figures = [name for name in _names("figure") if name in mine and name in theirs]
    if key is None or not figures:
        missing = "key (entity_id or request_id)" if key is None else f"figure (one of {', '.join(_names('figure'))})"
        raise BadInput(
            [
                Fault(
                    kind="NothingInCommon",
                    what=f"{ours.name} and {published.name} have no common {missing}",
                    file=published.name,
                    mend="rename the published column, or give the table it belongs to",
                )
            ]
        )
    cause = _budget_cause(funding_year) if funding_year else None
    rows = [row for name in figures for row in _compare(mine, theirs, key, name, cause)]
    bens = _bens(theirs, key) | _bens(mine, key) if key == "request_id" else {}
    return _table(rows, bens, figures if key == "request_id" else ())


def _of_cycle(theirs: pd.DataFrame, funding_year: int | None, file: str) -> pd.DataFrame:
    """The rows of the year's budget cycle: USAC's budget tool has one row per entity and cycle."""
    column = next((name for name in _names("other")["cycle"] if name in theirs), None)
    cycles = sorted(theirs[column].unique()) if column else []
    if column is None or (funding_year is None and len(cycles) == 1):
        return theirs
    if funding_year is None:
        raise BadInput(
            [
                Fault(
                    kind="SeveralCycles",
                    what=f"{file} has budgets of several cycles: {', '.join(cycles)}",
                    file=file,
                    column=column,
                    mend="give --funding-year, a year of the cycle you mean",
                )
            ]
        )
    return theirs[[budgets.covers(cycle, funding_year) for cycle in theirs[column]]]


def _current(theirs: pd.DataFrame) -> pd.DataFrame:
    """Current versions of requests before the original ones."""
    column = next((name for name in _names("other")["version"] if name in theirs), None)
    if column is None:
        return theirs
    return theirs.sort_values(column, key=lambda cells: cells.str.lower() == "current", kind="stable")


@cache
def _names(kind: str) -> dict[str, list[str]]:
    return dict(read_toml(data_path("codes", "published_columns.toml"))[kind])


def _ours_names(frame: pd.DataFrame) -> pd.DataFrame:
    renames = {}
    for ours, theirs in {**_names("key"), **_names("figure")}.items():
        here = next((name for name in theirs if name in frame), None)
        if ours not in frame and here is not None:
            renames[here] = ours
    return frame.rename(columns=renames)


def _compare(
    mine: pd.DataFrame, theirs: pd.DataFrame, key: str, name: str, cause: Cause | None
) -> Iterator[tuple[Any, ...]]:
    versioned = any(column in theirs for column in _names("other")["version"])
    theirs = theirs.assign(**{name: _as_ours(theirs[name], mine[name], name)})
    published: dict[str, list[str]] = {}
    for entity, value in zip(theirs[key], theirs[name], strict=True):
        told = published.setdefault(entity, [])
        if versioned:  # the current version stands last and replaces the original
            told.clear()
        if value not in ("", *told):
            told.append(value)
    for entity, value in zip(mine[key], mine[name], strict=True):
        rows = [_row(entity, name, value, one, cause) for one in published.get(entity) or [""]]
        best = next((row for row in rows if not row[-1]), rows[-1])
        several = best[-1] and len(rows) > 1
        yield (*best[:-1], f"published {len(rows)} times, with different figures") if several else best
    here = set(mine[key])
    for entity, values in published.items():
        for value in values if entity not in here else []:
            yield (entity, name, "", value, None, NOT_OURS)


def _as_ours(published: pd.Series, ours: pd.Series, figure: str) -> pd.Series:
    """A published column as ours is written: in percent, and the share of students in whole percent, rounded half up.

    A column is of shares or of percents as a whole; what is no number stays as it is.
    """
    if not figure.endswith(("_rate", "_percent")):
        return published
    told = {cell: number for cell in published.unique() if (number := _number(cell)) is not None}
    most = max((number for cell in ours.unique() if (number := _number(cell)) is not None), default=Decimal(0))
    shares = 0 < max(told.values(), default=Decimal(0)) <= 1 < most
    percents = {cell: number * 100 if shares else number for cell, number in told.items()}
    if figure == "nslp_percent":
        percents = {cell: half_up(number, 0) for cell, number in percents.items()}
    return published.map(lambda cell: _shown(percents[cell]) if cell in percents else cell)


def _row(entity: str, figure: str, ours: str, published: str, cause: Cause | None = None) -> tuple[Any, ...]:
    """One comparison of two values as text; numbers are compared as numbers, words without regard to case."""
    if published == "":
        return (entity, figure, ours, None, None, NOT_PUBLISHED)
    one, other = _number(ours), _number(published)
    if one is None or other is None:
        same = ours.strip().lower() == published.strip().lower()
        return (entity, figure, ours, published, None, "" if same else (cause or _plain_cause)(ours, published))
    difference = other - one
    return (
        entity,
        figure,
        ours,
        published,
        difference,
        "" if difference == 0 else (cause or _plain_cause)(ours, published),
    )


def _shown(value: Any) -> str:  # noqa: ANN401 - a frame's cell
    """A number as text without trailing zeros; blank where there is none."""
    if value is None or pd.isna(value):
        return ""
    number = Decimal(str(value))
    return f"{number.normalize():f}"


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", "").strip().removeprefix("$").removesuffix("%"))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _plain_cause(ours: str, published: str) -> str:
    one, other = _number(ours), _number(published)
    if one is not None and other is not None and abs(one - other) <= Decimal("0.01"):
        return "a cent of rounding"
    return ANOTHER_DATE


def _budget_cause(funding_year: int) -> Cause:
    """Guess why a Category Two budget differs: another cycle's figures, another count of students or of sites."""
    year = budgets.Rules.of(funding_year)
    others = [budgets.Rules.of(other) for other in (2021, 2026) if not year.cycle[0] <= other <= year.cycle[1]]

    def cause(ours: str, published: str) -> str:
        one, other = _number(ours), _number(published)
        if one is None or other is None or one == 0 or other == 0:
            return _plain_cause(ours, published)
        for rules in others:
            if abs(other / one - rules.school / year.school) < Decimal("0.0005"):
                return f"the figures of the cycle FY{rules.cycle[0]} to FY{rules.cycle[1]}"
        difference = other - one
        if difference % year.floor == 0:
            return f"{_counted(difference / year.floor, 'site')}, each at the floor"
        if difference % year.school == 0:
            return _counted(difference / year.school, "student")
        return _plain_cause(ours, published)

    return cause


def _counted(number: Decimal, noun: str) -> str:
    """So many of them more, or fewer, than ours.

    >>> _counted(Decimal(-1), "site"), _counted(Decimal(2), "student")
    ('1 site fewer', '2 students more')
    """
    return f"{abs(int(number)):,} {noun}{'' if abs(number) == 1 else 's'} {'more' if number > 0 else 'fewer'}"


# --- filings --------------------------------------------------------------------------------------------------------


def filings(
    tables: Mapping[str, pd.DataFrame], funding_year: int | None = None, *, default_year: int | None = None
) -> Reconciliation:
    """Reckon every filed rate, status, consortium average, commitment and sum of invoices of Form 471 tables again.

    `tables` are those of sources.usac; what is missing is left out. The year is the applications' own unless given;
    `default_year` is that of published entities where no application is loaded. Raises NoAnswer if there is nothing to
    reckon, NoRule for a year without rules.
    """
    rows: list[tuple[Any, ...]] = []
    applications = tables.get("applications")
    if applications is not None:
        years = applications["funding_year"].dropna().unique() if funding_year is None else [funding_year]
        for year in years:
            some = applications[applications["funding_year"].isin([year]) | (funding_year is not None)]
            rows += _filed_rates(some, discounts.Rules.of(int(year)))
            if "applicant_sites" in tables:
                rows += _filed_statuses(some, tables["applicant_sites"], discounts.Rules.of(int(year)))
                rows += _filed_consortia(some, tables["applicant_sites"])
    if "requests" in tables:
        rows += _filed_commitments(tables["requests"])
    if "payments" in tables:
        rows += _payments(tables["payments"])
    rows += _filed_budgets(tables, funding_year, default_year)
    year = funding_year or _last_year(tables) or default_year
    if year is not None and "erate_entities" in tables:
        rows += _published_rates(tables["erate_entities"], discounts.Rules.of(year))
        rows += _published_statuses(tables["erate_entities"], discounts.Rules.of(year))
    if not rows:
        raise NoAnswer(
            "there is nothing to compare: no applications, funding requests or published entities are loaded\n"
            "  mend:  infraplan data add basic_information.csv frn.csv, or give the files"
        )
    return _table(
        rows, _bens(tables["requests"], "frn") if "requests" in tables else {}, ("commitment_usd", "disbursed_usd")
    )


def opening(tables: Mapping[str, pd.DataFrame], default_year: int | None = None) -> str:
    """The line that opens a report on these tables: how our figures compare, or why they cannot be compared."""
    try:
        return filings(tables, default_year=default_year).first_line()
    except (NoAnswer, NoRule) as missing:
        return f"Not compared with published figures: {str(missing).splitlines()[0]}."


def _counts(cells: pd.Series) -> discounts.Whole:
    return np.asarray(cells.fillna(0), dtype=np.int64)


def _filed_rates(applications: pd.DataFrame, year: discounts.Rules) -> Iterator[tuple[Any, ...]]:
    known = applications[["urban_rural", "nslp_students"]].notna().all(axis=1) & (
        applications["students"].fillna(0) > 0
    )
    some = applications[(applications["applicant_type"] != "Consortium") & known]
    students, eligible = _counts(some["students"]), _counts(some["nslp_students"])
    rural = np.asarray(some["urban_rural"] == "Rural", dtype=np.bool_)
    plain = np.zeros(len(some), dtype=np.bool_)
    percent = discounts.percent_half_up(np.minimum(eligible, students), students)
    ours = discounts.matrix_rates(percent, rural, plain, year)
    other = discounts.matrix_rates(percent, ~rural, plain, year)
    unrounded = discounts.matrix_rates(100 * np.minimum(eligible, students) // students, rural, plain, year)
    for figure, at in (("c1_rate", 0), ("c2_rate", 1)):
        for row, (ben, published) in enumerate(zip(some["ben"], some[figure], strict=True)):
            cause = _rate_cause(other[at][row], unrounded[at][row], percent[row])
            yield _row(ben, figure, str(ours[at][row]), _shown(published), cause)


def _rate_cause(other_status: np.int64, unrounded: np.int64 | None, percent: np.int64) -> Cause:
    def cause(ours: str, published: str) -> str:
        filed = _number(published)
        if filed == 0:
            return "filed as 0: the rate was not worked out"
        if filed == int(other_status):
            return "the rate of the other urban or rural status"
        if unrounded is not None and filed == int(unrounded):
            return "the share was not rounded before the band was looked up"
        return f"the rate of another band than our {percent} percent: {ANOTHER_DATE if ours else ''}"

    return cause


def _filed_statuses(
    applications: pd.DataFrame, sites: pd.DataFrame, year: discounts.Rules
) -> Iterator[tuple[Any, ...]]:
    """Statuses of districts with listed schools, from their schools' statuses."""
    districts = applications[applications["applicant_type"] == "School District"]
    schools = sites[(sites["site_type"] == "School") & sites["urban_rural"].notna()].drop_duplicates(
        ["application_number", "parent_ben", "site_ben"]
    )
    schools = schools.assign(rural=(schools["urban_rural"] == "Rural").astype("int64"))
    each = schools.groupby(["application_number", "parent_ben"])["rural"].agg(["size", "sum"])
    for number, ben, published in zip(
        districts["application_number"], districts["ben"], districts["urban_rural"], strict=True
    ):
        if (number, ben) not in each.index or pd.isna(published):
            continue
        size, rural = (int(value) for value in each.loc[(number, ben)])
        ours = "Rural" if discounts.is_rural(np.array([size]), np.array([rural]), year.rural_above)[0] else "Urban"
        yield _row(ben, "urban_rural", ours, published, _status_cause(tie=2 * rural == size))


def _published_rates(entities: pd.DataFrame, year: discounts.Rules) -> Iterator[tuple[Any, ...]]:
    """Rates by the counts and statuses that USAC publishes, beside those it publishes with them.

    A school of a district has its district's rate: where none of its own is published, none is missing.
    """
    try:
        counted, _ = filed.published(entities)
    except NoAnswer:
        return
    ours = discounts.rates(counted, year, file="erate_entities").table
    percent, rural = _counts(ours["nslp_percent"]), np.asarray(ours["urban_rural"] == "Rural", dtype=np.bool_)
    other = discounts.matrix_rates(percent, ~rural, np.zeros(len(ours), dtype=np.bool_), year)
    told = entities.drop_duplicates("entity_id").set_index("entity_id")
    within = set(counted.loc[counted["parent_id"].notna(), "entity_id"])
    for at, figure in enumerate(("c1_rate", "c2_rate")):
        for row, (entity, mine) in enumerate(zip(ours["entity_id"], ours[figure], strict=True)):
            published = _shown(told[figure].get(entity))
            if published or entity not in within:
                cause = _rate_cause(other[at][row], None, percent[row])
                yield _row(entity, f"entity_{figure}", str(mine), published, cause)


def _published_statuses(entities: pd.DataFrame, year: discounts.Rules) -> Iterator[tuple[Any, ...]]:
    """Statuses of published districts, from the statuses published of their schools."""
    told = entities.drop_duplicates("entity_id")
    if "parent_id" not in told:
        return
    schools = told[(told["kind"] == "School") & told["urban_rural"].notna() & told["parent_id"].notna()]
    each = (schools["urban_rural"] == "Rural").astype("int64").groupby(schools["parent_id"]).agg(["size", "sum"])
    districts = told[(told["kind"] == "School District") & told["entity_id"].isin(each.index)]
    for entity, published in zip(districts["entity_id"], districts["urban_rural"], strict=True):
        size, rural = (int(value) for value in each.loc[entity])
        ours = "Rural" if discounts.is_rural(np.array([size]), np.array([rural]), year.rural_above)[0] else "Urban"
        shown = published if isinstance(published, str) else ""
        yield _row(entity, "entity_urban_rural", ours, shown, _status_cause(tie=2 * rural == size))


def _last_year(tables: Mapping[str, pd.DataFrame]) -> int | None:
    """The newest funding year filed; None where no application says its year."""
    years = tables["applications"]["funding_year"].dropna() if "applications" in tables else pd.Series(dtype=float)
    return int(years.max()) if len(years) else None


def _filed_budgets(
    tables: Mapping[str, pd.DataFrame], funding_year: int | None, default_year: int | None
) -> Iterator[tuple[Any, ...]]:
    """Category Two budgets by the counts filed, or else published, beside those of USAC's budget tool for the same cycle."""
    if "c2_spending" not in tables:
        return
    told, years = tables["c2_spending"], _years_counted(tables, funding_year, default_year)
    for year in sorted(years, reverse=True):
        rules = budgets.Rules.of(year)
        cycle = told[[budgets.covers(words, year) for words in told["cycle"]]]
        if cycle.empty or year != max(one for one in years if rules.cycle[0] <= one <= rules.cycle[1]):
            continue  # the newest year of a cycle has the best known counts
        try:
            sites, _ = filed.sites(tables, rules)
        except NoAnswer:
            return
        ours = budgets.budgets(sites, rules, file="applicant_sites").table
        published = dict(zip(cycle["ben"], cycle["budget_usd"], strict=True))
        for ben, budget in zip(ours["entity_id"], ours["budget_usd"], strict=True):
            yield _row(ben, "budget_usd", str(budget), _shown(published.get(ben)), _budget_cause(year))


def _years_counted(tables: Mapping[str, pd.DataFrame], funding_year: int | None, default_year: int | None) -> set[int]:
    """The years whose counts budgets can be reckoned with: the one given, else those filed, else the default."""
    if funding_year is not None:
        return {funding_year}
    applications = tables.get("applications")
    filed_years = set() if applications is None else {int(year) for year in applications["funding_year"].dropna()}
    return filed_years or ({default_year} if default_year is not None else set())


def _status_cause(*, tie: bool) -> Cause:
    return lambda _ours, _published: "half the schools are rural: counted otherwise" if tie else ANOTHER_DATE


def _filed_consortia(applications: pd.DataFrame, sites: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Averages of consortia from their members' filed rates, each member once."""
    led = applications[applications["applicant_type"] == "Consortium"]
    members = sites.drop_duplicates(["application_number", "parent_ben"])
    for figure in ("c1_rate", "c2_rate"):
        known = members[members[figure].notna()]
        rates = {number: [int(rate) for rate in group] for number, group in known.groupby("application_number")[figure]}
        for number, ben, published in zip(led["application_number"], led["ben"], led[figure], strict=True):
            told = rates.get(number)
            if told and not pd.isna(published):
                mean = discounts.mean_half_up(np.array([sum(told)]), np.array([len(told)]))[0]
                yield _row(
                    ben,
                    f"consortium_{figure}",
                    str(mean),
                    _shown(published),
                    lambda _, __: "members left out or counted twice",
                )


def _payments(payments: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """What USAC's invoices come to for each request, beside the sum that its table of requests tells."""
    for frn, ours, told in zip(payments["frn"], payments["invoices_usd"], payments["told_usd"], strict=True):
        yield _row(str(frn), "disbursed_usd", _shown(ours), _shown(told), lambda _, __: ANOTHER_PAYMENT)


def _filed_commitments(requests: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for row in requests.to_dict("records"):
        cost, rate, filed = row.get("pre_discount_usd"), row.get("rate"), row.get("commitment_usd")
        if cost is None or rate is None or pd.isna(cost) or pd.isna(rate):
            continue
        ours = commitments.shares(cost, rate).commitment_usd
        points = Decimal(0) if pd.isna(row.get("state_match_percent")) else Decimal(row["state_match_percent"])
        matched = commitments.shares(cost, min(rate + points, Decimal(100))).commitment_usd
        cause = _commitment_cause(str(row.get("status")), cost, matched)
        yield _row(row["frn"], "commitment_usd", str(ours), _shown(filed), cause)


def _commitment_cause(status: str, cost: Decimal, matched: Decimal) -> Cause:
    def cause(ours: str, published: str) -> str:
        one, filed = _number(ours) or Decimal(0), _number(published) or Decimal(0)
        if filed == 0:
            return f"{NOTHING_COMMITTED}: the request is {status.lower()}"
        if filed == matched:
            return "the points for state money are in the commitment, and not in the rate filed"
        if abs(one - filed) <= Decimal("0.01"):
            return "a cent: rounded otherwise"
        if filed > cost:
            return "more than the whole cost: cost and commitment are of different versions of the request"
        return "reduced in review" if filed < one else "the rate or the cost was raised after the form was filed"

    return cause
