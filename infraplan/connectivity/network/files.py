"""What a network to build writes: the links, how each site is served, what it costs over its life, how good it is."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from shapely.geometry import LineString

from infraplan import solve, tablefiles
from infraplan.connectivity.network import lifetime
from infraplan.connectivity.network.inputs import FIBER
from infraplan.connectivity.network.match import Shares, split
from infraplan.connectivity.network.plan import MILE, Plan, alone, ordered
from infraplan.units import half_up

ESTIMATE: Final = "BUDGET ESTIMATE, NOT A DESIGN"
CAVEAT: Final = (
    "Planning figures: engineers design, bidders price, USAC decides. Links are costed one by one; strands, splices, "
    "permits and pole rights are not looked at."
)


def routes(plan: Plan) -> pd.DataFrame:
    """One row per link to build; see the schema `build_routes`."""
    rows = [
        {
            "a": step.a,
            "b": step.b,
            "usd": step.link.usd,
            "sites": len(step.sites),
            "meters": step.link.meters,
            "miles": round(float(Decimal(str(step.link.meters)) / MILE), 3),
            "pop": step.pop,
            "site_ids": " ".join(site.site_id for site in step.sites),
        }
        for step in ordered(plan)
    ]
    return pd.DataFrame(rows, columns=["a", "b", "usd", "sites", "meters", "miles", "pop", "site_ids"])


def sites(plan: Plan, funding_year: int | None = None) -> pd.DataFrame:
    """One row per site, in the order of the file; see the schema `build_plan`. Raises NoRule as `match.split` does."""
    by_itself, connected = alone(plan.inputs), {site.site_id for site in plan.connected}
    rows = []
    for site in plan.inputs.sites:
        told: dict[str, Any] = {
            "site_id": site.site_id,
            "node": site.node,
            "choice": FIBER if site.site_id in connected else site.alternative_name,
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
    drawn = [a in places and b in places for a, b in zip(table["a"], table["b"], strict=True)]
    table = table[drawn].drop(columns="site_ids")
    if table.empty:
        return None
    lines = [LineString([places[a], places[b]]) for a, b in zip(table["a"], table["b"], strict=True)]
    table["usd"] = table["usd"].astype(float)
    return gpd.GeoDataFrame(table, geometry=lines, crs="EPSG:4326")


def notes(plan: Plan) -> list[str]:
    """What a reader has to know beside the figures."""
    found = [*plan.inputs.notes]
    if plan.out_of_reach:
        found.append(f"{len(plan.out_of_reach):,} sites are out of reach of every link and keep their alternative")
    undrawn = [step for step in plan.steps.values() if not {step.a, step.b} <= plan.inputs.places.keys()]
    if undrawn and plan.inputs.places:
        found.append(f"{len(undrawn):,} links have an end without a place and are not drawn")
    if not plan.inputs.places:
        found.append("no node has a place (--nodes), so no routes.geojson was written")
    return found + lifetime.notes(plan)


def proved(plan: Plan) -> str:
    """How good the answer is, in words for a page."""
    if plan.result.status == solve.Status.optimal:
        return "proved the cheapest possible on these links and costs"
    if plan.result.gap == float("inf"):
        return "nothing proved: time ran out"
    return f"proved within {100 * plan.result.gap:.2g} % of the cheapest possible on these links and costs"


def solution(plan: Plan, served: pd.DataFrame) -> dict[str, Any]:
    """What `solution.json` says; `served` is the table of `sites`."""
    span = plan.construction_range()
    return solve.record(
        plan.result,
        policy={"pops": list(plan.inputs.pops), "costs": plan.inputs.costs.said(), "network_made": plan.inputs.made},
        inputs=plan.inputs.files,
        proved=proved(plan),
        construction_usd=float(plan.construction),
        construction_range_usd=None if span is None else [_whole(span.low), _whole(span.middle), _whole(span.high)],
        equipment_usd=float(plan.equipment),
        upkeep_usd=float(plan.upkeep),
        alternatives_usd=float(plan.alternatives),
        sites=len(plan.inputs.sites),
        connected=len(plan.connected),
        shares_usd=_who_pays(served),
        links=len(plan.steps),
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


def _whole(usd: Decimal) -> float:
    return float(half_up(usd, 0))


def summary(plan: Plan) -> list[str]:
    """A few lines for the person at the keyboard."""
    total = len(plan.inputs.sites)
    left = total - len(plan.connected)
    span = plan.construction_range()
    between = f" (${half_up(span.low):,} to ${half_up(span.high):,})" if span else ""
    return [
        *(f"note: {note}" for note in notes(plan)),
        f"{len(plan.connected):,} of {total:,} sites are connected over {plan.miles:,.1f} miles in "
        f"{len(plan.steps):,} links; {left:,} keep their alternative",
        f"${plan.construction:,.2f} to build{between}, ${plan.equipment + plan.upkeep:,.2f} for equipment and upkeep, "
        f"${plan.alternatives:,.2f} for the alternatives; {proved(plan)}",
        f"{ESTIMATE}",
    ]


def write(plan: Plan, folder: Path, funding_year: int | None = None) -> None:
    """Write the answer's files into `folder`, whole or not at all; an earlier answer there is replaced."""
    served, lines, life = sites(plan, funding_year), shapes(plan), lifetime.table(plan)
    with solve.answer_folder(folder) as fresh:
        tablefiles.write(_money(routes(plan)), fresh / "routes.csv")
        tablefiles.write(_money(served), fresh / "sites.csv")
        if not life.empty:
            tablefiles.write(_money(life), fresh / "life_costs.csv")
        if lines is not None:
            tablefiles.write(lines, fresh / "routes.geojson")
        solve.write_record(fresh, solution(plan, served))


def _money(table: pd.DataFrame) -> pd.DataFrame:
    """Amounts with two decimals."""
    changed: Mapping[str, Any] = {
        str(name): table[name].map(lambda told: half_up(told, 2) if isinstance(told, Decimal) else told)
        for name in table.columns
        if str(name).endswith("usd") and str(name) != "rate_applied"
    }
    return table.assign(**changed)
