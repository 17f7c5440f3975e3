"""What a network to build writes: the links, how each site is served, what it costs over its life, how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString

from infraplan import answers, solve, tablefiles
from infraplan.connectivity.network import lifetime
from infraplan.connectivity.network.costs import Span
from infraplan.connectivity.network.inputs import MOST_NAMED
from infraplan.connectivity.network.links import DOOR, MAST
from infraplan.connectivity.network.match import Shares, split
from infraplan.connectivity.network.plan import MILE, Plan, alone, ordered, sum_of
from infraplan.scenarios import Summary
from infraplan.units import half_up

ESTIMATE: Final = "BUDGET ESTIMATE, NOT A DESIGN"
CAVEAT: Final = (
    "Planning figures: engineers design, bidders price, USAC decides. Links are costed one by one; strands, splices, "
    "permits and pole rights are not looked at."
)


def routes(plan: Plan) -> pd.DataFrame:
    """One row per link and tower to build; see the schema `build_routes`."""
    rows = [
        {
            "a": step.link.ends[0] if step.link.shown else step.a,
            "b": step.link.ends[1] if step.link.shown else step.b,
            "usd": step.link.usd,
            "sites": len(step.sites),
            "meters": step.link.meters,
            "miles": round(float(Decimal(str(step.link.meters)) / MILE), 3),
            "pop": step.pop,
            "site_ids": " ".join(site.site_id for site in step.sites),
            "kind": step.link.kind,
            "equipment_usd": step.link.equipment,
        }
        for step in ordered(plan)
        if step.link.kind != DOOR
    ]
    columns = ["a", "b", "usd", "sites", "meters", "miles", "pop", "site_ids", "kind", "equipment_usd"]
    return pd.DataFrame(rows, columns=columns)


def sites(plan: Plan, funding_year: int | None = None) -> pd.DataFrame:
    """One row per site, in the order of the file; see the schema `build_plan`. Raises NoRule as `match.split` does."""
    by_itself, connected = alone(plan.inputs), {site.site_id for site in plan.connected}
    rows = []
    for site in plan.inputs.sites:
        told: dict[str, Any] = {
            "site_id": site.site_id,
            "node": site.node,
            "choice": plan.kind_of(site) if site.site_id in connected else site.alternative_name,
            "alone_usd": by_itself[site.site_id],
            "alternative_usd": site.alternative,
            "students": site.students,
        }
        if site.site_id in connected:
            way, share = plan.way(site), plan.shares[site.site_id]
            told |= {
                "pop": way.pop,
                "route_meters": round(way.meters, 1),
                "route_miles": round(float(Decimal(str(way.meters)) / MILE), 3),
                "share_usd": share,
                **_paid(split(share, site.rate, site.state_percent, funding_year)),
            }
        rows.append(told)
    columns = [
        "site_id", "node", "choice", "pop", "route_meters", "route_miles", "share_usd", "alone_usd",
        "alternative_usd", "rate_applied", "erate_usd", "state_usd", "applicant_usd", "students",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"students": "Int64"})


def _paid(shares: Shares | None) -> dict[str, Any]:
    if shares is None:
        return {}
    return {
        "rate_applied": shares.rate_applied,
        "erate_usd": shares.erate,
        "state_usd": shares.state,
        "applicant_usd": shares.applicant,
    }


def shapes(plan: Plan) -> gpd.GeoDataFrame | None:
    """The links to build as lines in longitude and latitude; None where no node has a place."""
    places = plan.inputs.places
    table = routes(plan)
    drawn = [a != b and a in places and b in places for a, b in zip(table["a"], table["b"], strict=True)]
    table = table[np.array(drawn, dtype=bool)].drop(columns="site_ids")  # a plain empty list would choose columns
    if table.empty:
        return None
    lines = [LineString([places[a], places[b]]) for a, b in zip(table["a"], table["b"], strict=True)]
    table = table.assign(usd=table["usd"].astype(float), equipment_usd=table["equipment_usd"].astype(float))
    return gpd.GeoDataFrame(table, geometry=lines, crs="EPSG:4326")


def notes(plan: Plan) -> list[str]:
    """What a reader has to know beside the figures."""
    found = [*plan.inputs.notes]
    if plan.out_of_reach:
        found.append(f"{len(plan.out_of_reach):,} sites are out of reach of every link and keep their alternative")
    undrawn = [
        step
        for step in plan.steps.values()
        if step.link.kind != DOOR and not set(step.link.ends) <= plan.inputs.places.keys()
    ]
    if undrawn and plan.inputs.places:
        found.append(f"{len(undrawn):,} links have an end without a place and are not drawn")
    if not plan.inputs.places:
        found.append("no node has a place (--nodes), so no routes.geojson was written")
    if plan.construction and plan.construction_range() is None:
        found.append(
            "the network's costs came without a range (low_usd, high_usd), so construction is told as one figure"
        )
    if plan.passed_by:
        named = ", ".join(site.site_id for site in plan.passed_by[:MOST_NAMED])
        found.append(
            f"{len(plan.passed_by):,} sites get a radio although fiber passes their door ({named}): by the costs given, a "
            "radio costs less than electronics for fiber; look at equipment_usd_per_site and tower_radio_usd again"
        )
    return found + _crowded_towers(plan) + lifetime.notes(plan)


def _crowded_towers(plan: Plan) -> list[str]:
    """Towers whose sites ask for more bandwidth than they carry: the choice does not look at it."""
    load: dict[str, float] = {}
    for site in plan.connected:
        for step in plan.way(site).steps:
            if step.link.kind == MAST:
                load[step.link.ends[0]] = load.get(step.link.ends[0], 0.0) + (site.mbps or 0.0)
    return [
        f"tower {name} carries {tower.mbps:,.0f} Mbps and its sites ask for {load[name]:,.0f}: add radios, or another tower"
        for name, tower in sorted(plan.inputs.towers.items())
        if tower.mbps is not None and load.get(name, 0.0) > tower.mbps
    ]


def total_range(plan: Plan) -> Span | None:
    """Everything over the horizon as a range: construction, equipment, upkeep, alternatives; None if a part is unknown."""
    parts = (plan.construction_range() or Span.at(plan.construction), plan.equipment_range(), plan.upkeep_range())
    known = [part for part in parts if part is not None]
    return sum_of([*known, plan.alternatives_range()]) if len(known) == len(parts) else None


def costs(plan: Plan) -> list[dict[str, Any]]:
    """Each part of the plan's cost as a range: part, low_usd, middle_usd, high_usd, about; blank where it is not known."""
    parts = {
        "construction": (plan.construction_range() or Span.at(plan.construction), "links and towers, paid once"),
        "equipment": (plan.equipment_range(), "electronics and radios over the horizon"),
        "upkeep": (plan.upkeep_range(), "repair, locating, pole rent, towers over the horizon"),
        "alternatives": (plan.alternatives_range(), "sites that are not connected"),
        "total": (total_range(plan), "all of it"),
    }
    return [
        {
            "part": part,
            "low_usd": span.low if span else None,
            "middle_usd": span.middle if span else None,
            "high_usd": span.high if span else None,
            "about": about if span else f"{about}; not given with --costs, so left out",
        }
        for part, (span, about) in parts.items()
    ]


def proved(plan: Plan) -> str:
    """How good the answer is, in words for a page."""
    if plan.result.status == solve.Status.optimal:
        return "proved the cheapest possible on these links and costs"
    if plan.result.gap == float("inf"):
        return "nothing proved: time ran out"
    return f"proved within {max(0.01, 100 * plan.result.gap):.2g} % of the cheapest possible on these links and costs"


def solution(plan: Plan, served: pd.DataFrame) -> dict[str, Any]:
    """What `solution.json` says; `served` is the table of `sites`."""
    return answers.record(
        plan.result,
        policy={"pops": list(plan.inputs.pops), "costs": plan.inputs.costs.said(), "network_made": plan.inputs.made},
        inputs=plan.inputs.files,
        proved=proved(plan),
        construction_usd=float(plan.construction),
        construction_range_usd=_ends(plan.construction_range()),
        horizon_years=plan.inputs.costs.horizon_years,
        total_range_usd=_ends(total_range(plan)),
        equipment_usd=float(plan.equipment),
        upkeep_usd=float(plan.upkeep),
        alternatives_usd=float(plan.alternatives),
        sites=len(plan.inputs.sites),
        connected=len(plan.connected),
        shares_usd=_who_pays(served),
        links=len(plan.built),
        miles=round(float(plan.miles), 1),
        stamps=[ESTIMATE],
        notes=notes(plan),
        caveat=CAVEAT,
    )


def _who_pays(served: pd.DataFrame) -> dict[str, float] | None:
    """Construction by payer, over the connected sites that have a rate; None where none has."""
    rated = served[served["rate_applied"].notna()]
    if rated.empty:
        return None
    names = {"erate": "erate_usd", "state": "state_usd", "applicant": "applicant_usd"}
    told = {name: float(sum(rated[column])) for name, column in names.items()}
    return {**told, "sites_with_a_rate": len(rated)}


def _ends(span: Span | None) -> list[float] | None:
    """Low end, planning figure and high end in whole dollars."""
    return None if span is None else [float(half_up(usd)) for usd in (span.low, span.middle, span.high)]


def summary(plan: Plan) -> list[str]:
    """A few lines for the person at the keyboard."""
    total = len(plan.inputs.sites)
    left = total - len(plan.connected)
    span, whole = plan.construction_range(), total_range(plan)
    between = f" (${half_up(span.low):,} to ${half_up(span.high):,})" if span else ""
    kept = f", ${plan.equipment + plan.upkeep:,.2f} for equipment and upkeep" if plan.equipment + plan.upkeep else ""
    return [
        *(f"note: {note}" for note in notes(plan)),
        f"{len(plan.connected):,} of {total:,} sites are connected over {plan.miles:,.1f} miles in "
        f"{len(plan.built):,} {'link' if len(plan.built) == 1 else 'links'}; {left:,} keep their alternative",
        f"${plan.construction:,.2f} to build{between}{kept}, ${plan.alternatives:,.2f} for the alternatives; {proved(plan)}",
        *(
            [
                f"${half_up(whole.low):,} to ${half_up(whole.high):,} over {plan.inputs.costs.horizon_years} years, all sites "
                "and their alternatives included, not discounted"
            ]
            if whole
            else []
        ),
        f"{ESTIMATE}",
    ]


@dataclass(frozen=True)
class Tables:
    """What an answer writes as tables."""

    routes: pd.DataFrame
    sites: pd.DataFrame
    life: pd.DataFrame


def tables(plan: Plan, funding_year: int | None = None) -> Tables:
    """The answer's tables; raises NoRule as `match.split` does."""
    return Tables(_money(routes(plan)), _money(sites(plan, funding_year)), _money(lifetime.table(plan, funding_year)))


def write(plan: Plan, made: Tables, fresh: Path, tried: Summary | None = None) -> None:
    """Write the answer's files into an answer folder under way (`answers.answer_folder`)."""
    lines = shapes(plan)
    tablefiles.write(made.routes, fresh / "routes.csv")
    tablefiles.write(made.sites, fresh / "sites.csv")
    if not made.life.empty:
        tablefiles.write(made.life, fresh / "life_costs.csv")
    if lines is not None:
        if tablefiles.of_the_sample(plan.inputs.files.values()):  # tables are stamped as the folder is finished
            lines = lines.assign(stamp="SYNTHETIC")
        tablefiles.write(lines, fresh / "routes.geojson")
    if tried is not None:
        tablefiles.write(tried.table, fresh / "scenarios.csv")
        tablefiles.write(tried.decisions, fresh / "decisions.csv")
    told = solution(plan, made.sites)
    answers.write_record(fresh, told if tried is None else {**told, "scenarios": tried.said()})


def _money(table: pd.DataFrame) -> pd.DataFrame:
    """Amounts with two decimals."""
    changed: Mapping[str, Any] = {
        str(name): table[name].map(lambda told: half_up(told, 2) if isinstance(told, Decimal) else told)
        for name in table.columns
        if str(name).endswith("usd") and str(name) != "rate_applied"
    }
    return table.assign(**changed)
