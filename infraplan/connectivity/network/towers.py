"""Towers for fixed wireless: fed by fiber or by radio from one another, serving sites in range and in sight.

A tower is three nodes: its foot, which fiber can reach, its dish, which another tower's radio can reach, and its mast, to
which the money for the tower leads from either; radios lead from the mast to sites and to the dishes of other towers. All
of these run one way, away from the points of presence, so that a site with fiber never counts as a tower and no fiber
hangs on a radio. A site that may be served so has a door: fiber at its node, or a tower's radio, whichever is cheaper in
the whole plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from pyproj import Geod

from infraplan.connectivity.network.costs import MONTHS, Costs
from infraplan.connectivity.network.links import DOOR, HOP, MAST, RELAY, Link, Site
from infraplan.connectivity.network.wireless import Place, Terrain
from infraplan.units import METERS_PER_MILE, half_up

ELLIPSOID: Final = "GRS80"


@dataclass(frozen=True)
class Tower:
    """A tower that could be used: USD once and over the horizon, antenna height above the ground, what it carries."""

    name: str
    usd: Decimal
    upkeep: Decimal
    mast_meters: float
    mbps: float | None = None

    @property
    def mast(self) -> str:
        """The node of its mast."""
        return f"mast of {self.name}"

    @property
    def dish(self) -> str:
        """The node where another tower's radio arrives."""
        return f"dish of {self.name}"


def tower(told: Mapping[str, Any], costs: Costs) -> Tower:
    """One row of the file of towers."""
    month = told.get("usd_month") or Decimal(0)
    height = told.get("mast_meters")
    return Tower(
        told["tower"],
        told["usd"],
        half_up(month * MONTHS * costs.horizon_years, 2),
        float(costs.mast_meters or 0) if height is None else float(height),
        told.get("mbps"),
    )


def doors(sites: Sequence[Site], may: Iterable[str], costs: Costs) -> tuple[list[Site], list[Link]]:
    """Give the sites that may be served by radio a door behind their node, and the links from node to door."""
    allowed = set(may)
    kept, links = [], []
    price = costs.equipment()
    equipment = half_up(price.middle, 2) if price else Decimal(0)
    for site in sites:
        if site.site_id not in allowed:
            kept.append(site)
            continue
        kept.append(replace(site, door=f"door of {site.site_id}"))
        links.append(Link(site.node, kept[-1].end, 0.0, Decimal(0), DOOR, equipment=equipment))
    return kept, links


def links(
    towers: Sequence[Tower], sites: Sequence[Site], places: Mapping[str, Place], costs: Costs, ground: Terrain | None
) -> list[Link]:
    """Masts, radios from masts to doors of sites, and to the dishes of other towers, where in range, speed and sight.

    Radios between towers need `relay_radio_usd`; without it every tower has to be fed by fiber.
    """
    found = [
        Link(one.name, one.mast, 0.0, one.usd, MAST, upkeep=one.upkeep, shown=(one.name, one.name)) for one in towers
    ]
    relay, radio = costs.renewed(costs.relay_radio_usd), costs.renewed(costs.tower_radio_usd)
    reach = float(costs.wireless_miles or 0) * METERS_PER_MILE
    far = float(costs.relay_miles) * METERS_PER_MILE if costs.relay_miles is not None else reach
    heights = {one.name: one.mast_meters for one in towers}
    dishes = {one.name: one.dish for one in towers}
    if relay is not None and len(towers) > 1:
        found += [
            Link(one.dish, one.mast, 0.0, one.usd, MAST, upkeep=one.upkeep, shown=(one.name, one.name))
            for one in towers
        ]
    served = [site for site in sites if site.door and _fast_enough(site, costs) and site.node in places]
    for one in towers:
        if relay is not None:
            others = [other.name for other in towers if other is not one]
            for name, meters in _seen(one, others, places, far, heights, costs, ground):
                found.append(_hop(one, dishes[name], name, meters, half_up(relay.middle, 2), RELAY))
        if radio is not None:
            ends = {site.node: site for site in served}
            for node, meters in _seen(one, list(ends), places, reach, {}, costs, ground):
                found += [
                    _hop(one, site.end, node, meters, half_up(radio.middle, 2), HOP)
                    for site in served
                    if site.node == node
                ]
    return found


def _fast_enough(site: Site, costs: Costs) -> bool:
    return costs.wireless_mbps is None or site.mbps is None or site.mbps <= float(costs.wireless_mbps)


def _hop(one: Tower, end: str, shown: str, meters: float, radio: Decimal, kind: str) -> Link:
    return Link(one.mast, end, round(meters, 1), Decimal(0), kind, equipment=radio, shown=(one.name, shown))


def _seen(
    one: Tower,
    names: Sequence[str],
    places: Mapping[str, Place],
    meters: float,
    heights: Mapping[str, float],
    costs: Costs,
    ground: Terrain | None,
) -> list[tuple[str, float]]:
    """The nodes within some meters of a tower and in its sight, with their distance."""
    here = [name for name in names if name in places]
    if not here or one.name not in places:
        return []
    lon, lat = np.array([places[name] for name in here], dtype=float).T
    from_lon, from_lat = places[one.name]
    count = len(here)
    away = Geod(ellps=ELLIPSOID).inv(np.full(count, from_lon), np.full(count, from_lat), lon, lat)[2]
    near = [(name, float(far)) for name, far in zip(here, np.asarray(away).tolist(), strict=True) if far <= meters]
    if ground is None:
        return near
    end = float(costs.mast_meters or 0)
    return [
        (name, far)
        for name, far in near
        if ground.in_sight(places[one.name], places[name], one.mast_meters, heights.get(name, end))
    ]
