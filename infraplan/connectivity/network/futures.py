"""A network to build in possible futures: other prices of links, towers, equipment, upkeep and alternatives.

In a future every link costs its factor of the price, electronics and radios theirs, upkeep its own, and each site's
alternative its own. The network under trial keeps its links and the sites it connects; nothing about it can become
impossible, so nothing is mended.
"""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Final

from infraplan.connectivity.network.costs import Costs
from infraplan.connectivity.network.inputs import Inputs
from infraplan.connectivity.network.links import DOOR, FIBER, Link, Site
from infraplan.connectivity.network.plan import Plan, equipment, find, upkeep
from infraplan.errors import NoAnswer
from infraplan.scenarios import Future, Names, Outcome
from infraplan.solve import Limits, Status
from infraplan.units import half_up

EQUIPMENT, UPKEEP, LINKS, ALTERNATIVES = "equipment", "upkeep", "links", "alternatives"
BUILT: Final = "built"
SPANS: Final = ("equipment_usd_per_site", "tower_radio_usd", "relay_radio_usd")


def names(inputs: Inputs) -> Names:
    """By quantity, each figure with the names under which its range may stand: itself, its kind, all of them.

    A link is named by its ends, as `a to b`, a tower as `tower x`; a site's alternative by the site.
    """
    told: dict[str, tuple[str, ...]] = {
        _link(link): (_link(link), link.kind, LINKS) for link in inputs.links if link.kind != DOOR
    }
    told |= {_left(site): (site.site_id, ALTERNATIVES) for site in inputs.sites if site.alternative is not None}
    return {"price": told | {EQUIPMENT: (EQUIPMENT,), UPKEEP: (UPKEEP,)}}


def _link(link: Link) -> str:
    """What a reader calls a link: `a to b` for fiber, `tower x`, `radio x to b`."""
    one, two = link.ends
    words = one if one == two else f"{one} to {two}"
    return words if link.kind == FIBER else f"{link.kind} {words}"


def _left(site: Site) -> str:
    return f"alternative of {site.site_id}"


def decisions(plan: Plan) -> dict[str, str]:
    """How each site is served, and which links are built."""
    connected = {site.site_id for site in plan.connected}
    told = {
        f"site {site.site_id}": plan.kind_of(site) if site.site_id in connected else site.alternative_name
        for site in plan.inputs.sites
    }
    built = (plan.inputs.links[number] for number in plan.links)
    return told | {
        f"link {_link(link)}" if link.kind == FIBER else _link(link): BUILT for link in built if link.kind != DOOR
    }


def face(plan: Plan, limits: Limits, future: Future) -> Outcome:
    """Solve one future: the best network with hindsight, and what the one under trial costs in it."""
    there = turned(plan.inputs, future)
    cost = float(kept(plan, there))
    try:
        best = find(there, limits)
    except NoAnswer:
        stopped = str(Status.stopped_empty)
        return Outcome(future.number, stopped, None, -math.inf, math.inf, plan=cost, plan_status=str(Status.optimal))
    result = best.result
    return Outcome(
        future.number, str(result.status), result.objective, result.bound, result.gap, decisions(best), cost,
        str(Status.optimal),
    )  # fmt: skip


def kept(plan: Plan, there: Inputs) -> Decimal:
    """What a plan's links, electronics and alternatives cost at the prices of a future, in USD."""
    links = [there.links[number] for number in plan.links]
    dug = sum((link.usd + upkeep(there, link) + link.equipment for link in links), Decimal(0))
    connected = {site.site_id for site in plan.connected}
    lit = sum(not site.door for site in plan.connected)
    left = (site.alternative for site in there.sites if site.site_id not in connected)
    return dug + equipment(there) * lit + sum((usd for usd in left if usd is not None), Decimal(0))


def turned(inputs: Inputs, future: Future) -> Inputs:
    """The network's inputs as they are in one future, to the cent."""
    gear, care = (Decimal(str(future.factor("price", name))) for name in (EQUIPMENT, UPKEEP))

    def link_of(link: Link) -> Link:
        factor = Decimal(str(future.factor("price", _link(link))))
        return replace(
            link, usd=half_up(link.usd * factor, 2), upkeep=half_up(link.upkeep * care, 2),
            equipment=half_up(link.equipment * gear, 2), low=None, high=None,
        )  # fmt: skip

    def site_of(site: Site) -> Site:
        if site.alternative is None:
            return site
        return replace(
            site, alternative=half_up(site.alternative * Decimal(str(future.factor("price", _left(site)))), 2)
        )

    return replace(
        inputs,
        links=tuple(link_of(link) for link in inputs.links),
        sites=tuple(site_of(site) for site in inputs.sites),
        costs=_costs(inputs.costs, gear, care),
        notes=(),
    )


def _costs(costs: Costs, gear: Decimal, care: Decimal) -> Costs:
    """The figures of the costs that the choice depends on."""
    spans = {name: span.times(gear) for name in SPANS if (span := getattr(costs, name)) is not None}
    if costs.upkeep_usd_per_mile_year is not None:
        spans["upkeep_usd_per_mile_year"] = costs.upkeep_usd_per_mile_year.times(care)
    return replace(costs, **spans)
