"""What is left of Category Two budgets: as USAC publishes it, else reckoned from the counts filed."""

from collections.abc import Mapping

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.procurement import budgets, filed


def by_applicant(tables: Mapping[str, pd.DataFrame], funding_year: int) -> tuple[pd.DataFrame, list[str]]:
    """What is left of the cycle by BEN: USAC's figure where its tool has the cycle, else reckoned from the counts filed.

    Returns ben, c2_left_usd, c2_budget_usd, c2_cycle, c2_basis (usac | reckoned) and c2_counts (the year of the
    counts reckoned with), and in words what was left out. Requests of years that are not loaded are not taken off.
    Raises NoAnswer where neither is loaded, NoRule for a year without rules.
    """
    told = of_cycle(tables, funding_year)
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    if told is not None:
        told = told.drop_duplicates("ben")
        cycle = _cycle(budgets.Rules.of(funding_year))
        parts.append(_c2_rows(told["ben"], told["available_usd"], told["budget_usd"], cycle, "usac", None))
    try:
        rows, notes = reckoned(tables, funding_year)
        parts.append(rows)
    except NoAnswer:
        if not parts:
            raise
    return pd.concat(parts, ignore_index=True).drop_duplicates("ben"), notes


def of_cycle(tables: Mapping[str, pd.DataFrame], funding_year: int) -> pd.DataFrame | None:
    """What USAC's tool says of the cycle that has a year; None where the tool is not loaded."""
    if "c2_spending" not in tables:
        return None
    told = tables["c2_spending"]
    return told[told["cycle"].map(lambda words: budgets.covers(words, funding_year))]


def reckoned(tables: Mapping[str, pd.DataFrame], funding_year: int) -> tuple[pd.DataFrame, list[str]]:
    """What is left by the counts filed, or published, in the columns of `by_applicant`; raises NoAnswer, NoRule."""
    year = budgets.Rules.of(funding_year)
    sites, about = filed.sites(tables, year)
    found = budgets.budgets(sites, year, file="applicant_sites").table
    counts = _counts_of(tables)
    rows = _c2_rows(found["entity_id"], found["available_usd"], found["budget_usd"], _cycle(year), "reckoned", counts)
    return rows, [f"Category Two: {note}." for note in about]


def _cycle(year: budgets.Rules) -> str:
    return f"FY{year.cycle[0]} to FY{year.cycle[1]}"


def _counts_of(tables: Mapping[str, pd.DataFrame]) -> str:
    """The years whose counts the reckoned budgets stand on."""
    if not {"applicant_sites", "applications"} <= tables.keys():
        return "USAC's entities"
    years = sorted({int(year) for year in tables["applications"]["funding_year"].dropna()})
    return f"FY{years[0]}" if len(years) == 1 else f"FY{years[0]} to FY{years[-1]}"


def _c2_rows(
    ben: pd.Series, left: pd.Series, budget: pd.Series, cycle: str, basis: str, counts: str | None
) -> pd.DataFrame:
    return pd.DataFrame({
        "ben": ben, "c2_left_usd": pd.to_numeric(left, errors="coerce").astype(float),
        "c2_budget_usd": pd.to_numeric(budget, errors="coerce").astype(float), "c2_cycle": cycle,
        "c2_basis": basis, "c2_counts": counts,
    })  # fmt: skip
