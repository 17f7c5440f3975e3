"""Entities, sites and requests as a workspace's own Form 471 tables have them, for commands without a file."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.procurement.budgets import Rules
from infraplan.procurement.commitments import MatchRules
from infraplan.procurement.filings import needed, years_of
from infraplan.procurement.words import so_many

KINDS = {"School District": "district", "School": "school", "Library": "library", "Library System": "library"}


def entities(tables: Mapping[str, pd.DataFrame], funding_year: int | None = None) -> tuple[pd.DataFrame, list[str]]:
    """The table `discounts_in` of the applicants' counts as filed last up to a year, and in words what was left out.

    Who filed after that year only stands with the counts filed first. Consortia are left out: their members' counts are
    not in the tables. Where no application has counts, those that USAC publishes of the entities stand for them. Raises
    NoAnswer without either.
    """
    if "applications" not in tables and "erate_entities" in tables:
        return published(tables["erate_entities"])
    filed = needed(tables, "applications")
    usable = filed[
        filed["applicant_type"].isin(KINDS)
        & filed["students"].fillna(0).gt(0)
        & filed["nslp_students"].notna()
        & filed["urban_rural"].notna()
    ]
    latest = latest_of(usable, funding_year)
    if latest.empty and "erate_entities" in tables:
        return published(tables["erate_entities"])
    if latest.empty:
        raise NoAnswer(
            "no application with enrollment and status is loaded\n  mend:  add the basic information as the portal's report, "
            "or USAC's supplemental entity information (`infraplan data fetch usac_entities`)"
        )
    students = latest["students"].astype("Int64")
    table = pd.DataFrame({
        "entity_id": latest["ben"], "kind": latest["applicant_type"].map(KINDS), "students": students,
        "nslp_students": latest["nslp_students"].astype("Int64").clip(upper=students),
        "urban_rural": latest["urban_rural"], "schools": pd.NA, "rural_schools": pd.NA, "parent_id": None, "cep": False,
        "identified_students": pd.NA, "tribal": False, "member_of": None,
    })  # fmt: skip
    table = table.astype(dict.fromkeys(("schools", "rural_schools", "identified_students"), "Int64"))
    left = int(filed["ben"].nunique() - len(table))
    return table.reset_index(drop=True), [
        _years(latest),
        f"left out: {so_many(left, 'applicant')} without counts of their own (consortia)",
    ]


def latest_of(applications: pd.DataFrame, funding_year: int | None) -> pd.DataFrame:
    """One application per BEN: the last up to a year, else the first after it."""
    ranked = applications.assign(_rank=_rank(applications["funding_year"], funding_year))
    ranked = ranked.sort_values(["_rank", "application_number"], kind="stable").drop_duplicates("ben", keep="last")
    return ranked.drop(columns="_rank")


def _rank(years: pd.Series, funding_year: int | None) -> pd.Series:
    """The higher, the better a filing's counts stand for a year: the newest up to it, then the first after it.

    >>> _rank(pd.Series([2016, 2025, 2026, 2027, None]), 2025).tolist()
    [2016, 2025, -2026, -2027, 0]
    """
    known = pd.to_numeric(years, errors="coerce").fillna(0).astype("int64")
    return known if funding_year is None else known.where(known <= funding_year, -known)


def published(entities: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table `discounts_in` of USAC's published entities: schools with counts, each in its district, and their districts.

    Libraries are left out: the district whose share they take is not published with them. Raises NoAnswer where no school
    has its counts and status.
    """
    told = entities.drop_duplicates("entity_id").sort_values("entity_id", kind="stable")
    known = [name for name in ("students", "nslp_students", "urban_rural") if name in told]
    schools = told[(told["kind"] == "School") & told[known].notna().all(axis=1)]
    schools = schools[schools["students"] > 0] if len(known) == _KNOWN_OF_A_SCHOOL else schools.head(0)
    if schools.empty:
        raise NoAnswer(
            "no published school has its students, eligible students and status\n  mend:  add the basic information"
        )
    above = set(schools["parent_id"].dropna())
    districts = told[(told["kind"] == "School District") & told["entity_id"].isin(above)]
    parents = schools["parent_id"].where(schools["parent_id"].isin(set(districts["entity_id"]))).astype(object)
    eligible = schools[["nslp_students", "students"]].min(axis=1)
    none = pd.Series(None, index=districts.index, dtype=object)
    rows = pd.concat([
        _entity_rows(districts, "district", None, None).assign(parent_id=none),
        _entity_rows(schools, "school", schools["students"], eligible).assign(parent_id=parents.where(parents.notna(), None)),
    ], ignore_index=True)  # fmt: skip
    left = int((told["kind"] == "School").sum() - len(schools))
    return rows, [
        f"counts as USAC publishes them: {so_many(len(schools), 'school')}, {so_many(len(districts), 'district')}",
        f"left out: {so_many(left, 'school')} without students, eligible students or status, and all libraries",
    ]


_KNOWN_OF_A_SCHOOL = 3


def _entity_rows(told: pd.DataFrame, kind: str, students: pd.Series | None, eligible: pd.Series | None) -> pd.DataFrame:
    """Published entities of one kind as rows of `discounts_in`, what is not published of them blank."""
    blank = pd.Series(pd.NA, index=told.index, dtype="Int64")
    counts = [blank if cells is None else cells.astype("Int64") for cells in (students, eligible)]
    return pd.DataFrame({
        "entity_id": told["entity_id"], "kind": kind, "students": counts[0], "nslp_students": counts[1],
        "urban_rural": told["urban_rural"], "schools": blank, "rural_schools": blank, "cep": False,
        "identified_students": blank, "tribal": False, "member_of": None,
    })  # fmt: skip


def sites(tables: Mapping[str, pd.DataFrame], year: Rules) -> tuple[pd.DataFrame, list[str]]:
    """The table `c2_sites` of filed schools and outlets, with Category Two funded and pending in the cycle's years.

    An applicant's sites are those it listed last up to the year: a school it no longer lists is closed or has moved. What a
    request funded is set on the first site of its applicant. Libraries are left out for years whose multiplier depends on
    a locale code, which the tables rarely have. Without discount calculations the schools are those that USAC
    publishes. Raises NoAnswer without either.
    """
    if not {"applicant_sites", "applications"} <= tables.keys() and "erate_entities" in tables:
        return _published_sites(tables, year)
    calculations, filed = needed(tables, "applicant_sites"), needed(tables, "applications")
    years = dict(zip(filed["application_number"], filed["funding_year"], strict=True))
    rank = _rank(calculations["application_number"].map(years), year.funding_year)
    told = calculations.assign(year=rank).sort_values("year", kind="stable")
    listed = told[told["site_type"].isin(["School", "Library"]) & told["site_ben"].notna()]
    listed = listed[listed["year"] == listed.groupby("parent_ben")["year"].transform("max")]
    alone = told[told["site_ben"].isna() & told["parent_type"].isin(["School", "Library"])]
    table = pd.concat([_rows(listed, "site_ben", "site_type", "parent_ben", "students", "square_feet"),
                       _rows(alone, "parent_ben", "parent_type", None, "parent_students", "parent_square_feet")])  # fmt: skip
    table = table.drop_duplicates("entity_id", keep="last").reset_index(drop=True)
    told_size = table["students"].astype(object).where(table["kind"] == "school", table["square_feet"])
    size = pd.to_numeric(told_size, errors="coerce")
    known = size.fillna(0) > 0
    coded = (table["kind"] == "library") & (year.city_library is not None)
    notes = [_years(filed), f"left out: {so_many(int((~known).sum()), 'site')} without students or square feet"]
    if (known & coded).any():
        notes.append(f"left out: {so_many(int((known & coded).sum()), 'library')}, since the FY{year.funding_year} multiplier "
                     "depends on an IMLS locale code")  # fmt: skip
    kept = table[known & ~coded]
    if kept.empty:
        raise NoAnswer(
            "no school with students or library with square feet is loaded\n  mend:  add the discount calculations"
        )
    kept = kept.sort_values(["system_id", "entity_id"], kind="stable", na_position="last").reset_index(drop=True)
    return _with_spending(kept, tables, year.cycle), notes


def _published_sites(tables: Mapping[str, pd.DataFrame], year: Rules) -> tuple[pd.DataFrame, list[str]]:
    """The table `c2_sites` of the schools that USAC publishes with their students, each in its district."""
    told = tables["erate_entities"].drop_duplicates("entity_id")
    schools = told[told["kind"] == "School"]
    counted = schools[schools["students"].fillna(0) > 0] if "students" in schools else schools.head(0)
    if counted.empty:
        raise NoAnswer("no published school has its students\n  mend:  add the discount calculations")
    above = set(told.loc[told["kind"] == "School District", "entity_id"])
    parent = (
        counted["parent_id"].astype(object) if "parent_id" in counted else pd.Series(None, counted.index, dtype=object)
    )
    table = pd.DataFrame({"entity_id": counted["entity_id"], "kind": "school", "students": counted["students"],
                          "system_id": parent.where(parent.isin(above), None), "square_feet": None})  # fmt: skip
    table = table.sort_values(["system_id", "entity_id"], kind="stable", na_position="last").reset_index(drop=True)
    return _with_spending(table, tables, year.cycle), [
        f"students as USAC publishes them: {so_many(len(counted), 'school')}",
        f"left out: {so_many(len(schools) - len(counted), 'school')} without students, and all libraries",
    ]


def requests(
    tables: Mapping[str, pd.DataFrame], funding_year: int | None = None
) -> tuple[dict[int | None, pd.DataFrame], list[str]]:
    """The table `commitments_in` of the filed requests by funding year, and in words what was left out.

    A filed rate has the points for state money in it, at most those of the year's rule; here they stand apart, so that the
    match is reckoned by that rule. Raises NoAnswer where no request of the year has a cost and a rate.
    """
    filed = needed(tables, "requests")
    year = years_of(filed, tables.get("applications"))
    within = (
        pd.Series(data=True, index=filed.index) if funding_year is None else (year == funding_year).fillna(value=False)
    )
    costed = filed["pre_discount_usd"].notna() & filed["rate"].notna()
    kept = filed[within & costed]
    if kept.empty:
        raise NoAnswer(
            f"no request{f' of FY{funding_year}' if funding_year else ''} with its cost and rate is loaded\n"
            "  mend:  add the funding requests; `infraplan data list` says which years are loaded"
        )
    state = [
        _percent(told) for told in kept.get("state_match_percent", pd.Series(None, index=kept.index, dtype=object))
    ]
    points = [_points(one, some) for one, some in zip(year[kept.index], state, strict=True)]
    table = pd.DataFrame({
        "request_id": kept["frn"], "pre_discount_usd": kept["pre_discount_usd"],
        "rate": [Decimal(rate) - some for rate, some in zip(kept["rate"], points, strict=True)],
        "state_match_percent": state,
    }, index=kept.index)  # fmt: skip
    notes = [f"left out: {so_many(int((within & ~costed).sum()), 'request')} without a cost or a rate"]
    groups = {None if pd.isna(one) else int(one): table[year[kept.index].eq(one) if not pd.isna(one) else year[kept.index].isna()]
              for one in year[kept.index].unique()}  # fmt: skip
    return groups, notes


def _percent(told: Any) -> Decimal:  # noqa: ANN401 - a decimal, or any of the ways a cell is blank
    return Decimal(0) if told is None or pd.isna(told) else Decimal(told)


def _points(year: Any, state_percent: Decimal) -> Decimal:  # noqa: ANN401 - a whole number, or blank
    """Points for state money in a rate filed for a year: as many as the state pays percent, at most those of the rule.

    There is room for them under the whole cost: they are in the rate already.
    """
    if state_percent == 0 or pd.isna(year):
        return state_percent
    return min(state_percent, MatchRules.of(int(year)).most_points)


def _rows(told: pd.DataFrame, entity: str, kind: str, system: str | None, students: str, feet: str) -> pd.DataFrame:
    return pd.DataFrame({"entity_id": told[entity], "kind": told[kind].str.lower(),
                         "system_id": told[system] if system else None, "students": told[students],
                         "square_feet": told[feet]})  # fmt: skip


def _with_spending(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], cycle: tuple[int, int]) -> pd.DataFrame:
    """Add funded_usd and pending_usd: an applicant's sum on its first site, zero on the others."""
    requests = tables.get("requests")
    owner = table["system_id"].fillna(table["entity_id"])
    first = ~owner.duplicated()
    columns: dict[str, list[Decimal]] = {}
    for column, status in (("funded_usd", "Funded"), ("pending_usd", "Pending")):
        sums: dict[str, Decimal] = {}
        if requests is not None:
            within = years_of(requests, tables.get("applications")).between(*cycle).fillna(value=False)
            some = requests[(requests["category"] == "C2") & (requests["status"] == status) & within]
            for ben, cost in zip(some["ben"], some["pre_discount_usd"], strict=True):
                sums[ben] = sums.get(ben, Decimal(0)) + (cost if cost is not None and not pd.isna(cost) else Decimal(0))
        columns[column] = [
            sums.get(ben, Decimal(0)) if top else Decimal(0) for ben, top in zip(owner, first, strict=True)
        ]
    return table.assign(**{name: pd.Series(told, index=table.index, dtype=object) for name, told in columns.items()})


def _years(filed: pd.DataFrame) -> str:
    years = sorted({int(year) for year in filed["funding_year"].dropna()})
    return "counts as filed for " + ", ".join(f"FY{year}" for year in years)
