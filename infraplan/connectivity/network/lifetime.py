"""Building against buying over the life of the fiber: what an application that asks to build has to compare.

Whoever asks for dark fiber or wants to build must show, over the life of the facility, that it is the most
cost-effective: construction, electronics and upkeep on one side, service by the month on the other, for the same sites.
Figures the state has not given are not guessed; a row says what it leaves out.
"""

from decimal import Decimal
from typing import Final

import pandas as pd

from infraplan.connectivity.network.costs import NOTHING, Costs, Span
from infraplan.connectivity.network.links import Site
from infraplan.connectivity.network.match import split
from infraplan.connectivity.network.plan import Plan

COLUMNS = ["option", "part", "low_usd", "middle_usd", "high_usd", "about"]
BUILD, LIT, DARK = "self-provisioned", "lit service", "dark fiber"
PAYERS: Final = {
    "E-Rate share": "of the total, at today's rates held for the whole horizon; USAC decides year by year",
    "state share": "of the total: the state match on construction",
    "applicant share": "of the total: what is left",
}
Parts = dict[str, tuple[Span | None, str]]
"""Parts of an option with their range (None: no figure given) and what they are."""


def table(plan: Plan, funding_year: int | None = None) -> pd.DataFrame:
    """Cost over the horizon of the connected sites, by option and part; see the schema `build_life_costs`.

    Empty where the costs say nothing beyond construction. Options that lack a figure for a needed part have no total.
    Where every connected site has a rate, each option's total is followed by who pays it: E-Rate at today's rates, with the
    state match on construction alone. Raises NoRule as `match.split` does.
    """
    told = plan.inputs.costs
    if not plan.connected or not _told_more(told):
        return pd.DataFrame(columns=COLUMNS)
    count = Decimal(len(plan.connected))
    options: dict[str, Parts] = {BUILD: {
        "construction": (_construction(plan), "links and towers to build, paid once"),
        "equipment": (plan.equipment_range(), "electronics and radios at each site over the horizon"),
        "upkeep": (plan.upkeep_range(), "repair, locating, pole rent, towers over the horizon"),
    }}  # fmt: skip
    if told.lit_usd_month is not None:
        options[LIT] = {"service": (_each(told.monthly("lit"), count), "paid by the month over the horizon")}
    if told.dark_usd_month is not None:
        options[DARK] = {
            "service": (_each(told.monthly("dark"), count), "strands leased by the month over the horizon"),
            "equipment": (_each(told.equipment(), count), "electronics at each site over the horizon"),
        }
    rows = [row for name, parts in options.items() for row in _option(name, parts, _paid(plan, parts, funding_year))]
    return pd.DataFrame(rows, columns=COLUMNS)


def _told_more(told: Costs) -> bool:
    return any((told.equipment_usd_per_site, told.upkeep_usd_per_mile_year, told.lit_usd_month, told.dark_usd_month))


def _construction(plan: Plan) -> Span:
    return plan.construction_range() or Span.at(plan.construction)


def _each(span: Span | None, count: Decimal) -> Span | None:
    return span.times(count) if span else None


def _paid(plan: Plan, parts: Parts, funding_year: int | None) -> dict[str, Span] | None:
    """Each payer's share of an option, end by end; None where a site has no rate or a part no figure.

    Construction falls to each site by its share of the routes, everything else alike to all.
    """
    if any(site.rate is None for site in plan.connected) or any(span is None for span, _ in parts.values()):
        return None
    paid = dict.fromkeys(PAYERS, NOTHING)
    count, built = Decimal(len(plan.connected)), plan.construction
    for site in plan.connected:
        for part, (span, _) in parts.items():
            digging = part == "construction"
            share = (plan.shares[site.site_id] / built if built else Decimal(0)) if digging else 1 / count
            match = site.state_percent if digging else Decimal(0)
            for payer, mine in _by_payer((span or NOTHING).times(share), site, match, funding_year).items():
                paid[payer] = paid[payer].plus(mine)
    return paid


def _by_payer(span: Span, site: Site, match: Decimal, funding_year: int | None) -> dict[str, Span]:
    """One site's share of a part by payer, end by end."""
    ends = [split(usd, site.rate, match, funding_year) for usd in (span.low, span.middle, span.high)]
    kept = [end for end in ends if end is not None]
    names = ("erate", "state", "applicant")
    return {payer: Span(*(getattr(end, name) for end in kept)) for payer, name in zip(PAYERS, names, strict=True)}


def _option(name: str, parts: Parts, paid: dict[str, Span] | None) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    total, missing = NOTHING, [part for part, (span, _) in parts.items() if span is None]
    for part, (span, about) in parts.items():
        if span is not None:
            rows.append((name, part, span.low, span.middle, span.high, about))
            total = total.plus(span)
    if missing:
        about = f"no total: no figure given for {', '.join(missing)}"
        return [*rows, (name, "total", None, None, None, about)]
    rows.append((name, "total", total.low, total.middle, total.high, "over the horizon, not discounted to today"))
    return [
        *rows,
        *((name, payer, one.low, one.middle, one.high, PAYERS[payer]) for payer, one in (paid or {}).items()),
    ]


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
