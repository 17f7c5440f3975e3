"""What is left of Category Two budgets: as USAC publishes it, else reckoned from the counts filed."""

from collections.abc import Mapping

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.procurement import budgets, filed


def by_applicant(tables: Mapping[str, pd.DataFrame], funding_year: int) -> tuple[pd.DataFrame, list[str]]:
    """What is left of the cycle by BEN: USAC's figure where its tool has the cycle, else reckoned from the counts filed.

    Returns ben, c2_left_usd, c2_budget_usd, c2_cycle and c2_basis (usac | reckoned), and in words what was left out. What
    is reckoned is the most that can be left: requests of years that are not loaded are not taken off. Raises NoAnswer
    where neither is loaded, NoRule for a year without rules.
    """
    year = budgets.Rules.of(funding_year)
    cycle = f"FY{year.cycle[0]} to FY{year.cycle[1]}"
    parts, notes = [], []
    if "c2_spending" in tables:
        told = tables["c2_spending"]
        told = told[told["cycle"].map(lambda words: budgets.covers(words, funding_year))].drop_duplicates("ben")
        parts.append(_c2_rows(told["ben"], told["available_usd"], told["budget_usd"], cycle, "usac"))
    try:
        sites, about = filed.sites(tables, year)
        found = budgets.budgets(sites, year, file="applicant_sites").table
        parts.append(_c2_rows(found["entity_id"], found["available_usd"], found["budget_usd"], cycle, "reckoned"))
        notes = [f"Category Two: {note}." for note in about]
    except NoAnswer:
        if not parts:
            raise
    return pd.concat(parts, ignore_index=True).drop_duplicates("ben"), notes


def _c2_rows(ben: pd.Series, left: pd.Series, budget: pd.Series, cycle: str, basis: str) -> pd.DataFrame:
    return pd.DataFrame({
        "ben": ben, "c2_left_usd": pd.to_numeric(left, errors="coerce").astype(float),
        "c2_budget_usd": pd.to_numeric(budget, errors="coerce").astype(float), "c2_cycle": cycle, "c2_basis": basis,
    })  # fmt: skip
