"""Building against buying over the life of the fiber: what an application that asks to build has to compare.

Whoever asks for dark fiber or wants to build must show, over the life of the facility, that it is the most
cost-effective: construction, electronics and upkeep on one side, service by the month on the other, for the same sites.
Figures the state has not given are not guessed; a row says what it leaves out.
"""

from decimal import Decimal

import pandas as pd

from infraplan.connectivity.network.costs import NOTHING, Costs, Span
from infraplan.connectivity.network.plan import Plan

COLUMNS = ["option", "part", "low_usd", "middle_usd", "high_usd", "about"]
BUILD, LIT, DARK = "self-provisioned", "lit service", "dark fiber"


def table(plan: Plan) -> pd.DataFrame:
    """Cost over the horizon of the connected sites, by option and part; see the schema `build_life_costs`.

    Empty where the costs say nothing beyond construction. Options that lack a figure for a needed part have no total.
    """
    told = plan.inputs.costs
    if not plan.connected or not _told_more(told):
        return pd.DataFrame(columns=COLUMNS)
    count = Decimal(len(plan.connected))
    rows = _option(BUILD, {
        "construction": (_construction(plan), "links to build, paid once"),
        "equipment": (_each(told.equipment(), count), "electronics at each site over the horizon"),
        "upkeep": (told.upkeep(plan.miles), "repair, locating, pole rent over the horizon"),
    })  # fmt: skip
    if told.lit_usd_month is not None:
        rows += _option(LIT, {"service": (_each(told.monthly("lit"), count), "paid by the month over the horizon")})
    if told.dark_usd_month is not None:
        rows += _option(DARK, {
            "service": (_each(told.monthly("dark"), count), "strands leased by the month over the horizon"),
            "equipment": (_each(told.equipment(), count), "electronics at each site over the horizon"),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _told_more(told: Costs) -> bool:
    return any((told.equipment_usd_per_site, told.upkeep_usd_per_mile_year, told.lit_usd_month, told.dark_usd_month))


def _construction(plan: Plan) -> Span:
    return plan.construction_range() or Span.at(plan.construction)


def _each(span: Span | None, count: Decimal) -> Span | None:
    return span.times(count) if span else None


def _option(name: str, parts: dict[str, tuple[Span | None, str]]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    total, missing = NOTHING, [part for part, (span, _) in parts.items() if span is None]
    for part, (span, about) in parts.items():
        if span is not None:
            rows.append((name, part, span.low, span.middle, span.high, about))
            total = total.plus(span)
    if missing:
        about = f"no total: no figure given for {', '.join(missing)}"
        return [*rows, (name, "total", None, None, None, about)]
    return [*rows, (name, "total", total.low, total.middle, total.high, "over the horizon, not discounted to today")]


def notes(plan: Plan) -> list[str]:
    """What the comparison leaves out, in words."""
    told = plan.inputs.costs
    if not _told_more(told):
        return [
            "only construction is counted; equipment, upkeep and service by the month are local prices: give them with "
            "--costs for the comparison over the life of the fiber that an application needs"
        ]
    found = [f"life_costs.csv compares {told.horizon_years} years, not discounted to today"]
    lacking = [
        words
        for words, span in (
            ("equipment_usd_per_site", told.equipment_usd_per_site),
            ("upkeep_usd_per_mile_year", told.upkeep_usd_per_mile_year),
            ("lit_usd_month", told.lit_usd_month),
            ("dark_usd_month", told.dark_usd_month),
        )
        if span is None
    ]
    if lacking:
        found.append(f"the file of --costs does not give {', '.join(lacking)}: left out, not guessed")
    return found
