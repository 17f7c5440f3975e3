"""Sites, nodes, candidate links and points of presence, read and checked together; every fault of every file at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import tablefiles
from infraplan.connectivity.network import candidates
from infraplan.connectivity.network import towers as masts
from infraplan.connectivity.network.costs import Costs, shipped
from infraplan.connectivity.network.costs import read as read_costs
from infraplan.connectivity.network.links import KEEP, Link, Site
from infraplan.connectivity.network.towers import Tower
from infraplan.connectivity.network.wireless import Place, Reach, Terrain
from infraplan.errors import BadInput, Fault, Faults, InfraplanError, NoAnswer

SATELLITE: Final = "satellite"
SERVICES: Final = (SATELLITE, "wireless")
"""Alternatives that the costs can price."""
MOST_NAMED: Final = 10
ONLY_RANGE: Final = "fixed wireless: only the range was looked at; give --terrain to look for line of sight"


@dataclass(frozen=True)
class Inputs:
    """One network to plan: sites and links in the order of their files, places as longitude and latitude."""

    sites: tuple[Site, ...]
    links: tuple[Link, ...]
    pops: tuple[str, ...]
    places: Mapping[str, Place]
    costs: Costs
    made: bool = False
    towers: Mapping[str, Tower] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)


def read(
    sites: Path,
    network: Path | None = None,
    nodes: Path | None = None,
    pops: Sequence[str] = (),
    cost_file: Path | None = None,
    terrain: Path | None = None,
    towers: Path | None = None,
) -> Inputs:
    """Read and check the files of a network to build. Raises BadInput with the faults of all files together."""
    given = {
        "build_sites": sites,
        "build_network": network,
        "build_nodes": nodes,
        "build_terrain": terrain,
        "build_towers": towers,
    }
    paths = {name: path for name, path in given.items() if path is not None}
    faults, tables, costs = Faults(), {}, shipped()
    for name, path in paths.items():
        try:
            tables[name] = tablefiles.read_declared(path, name)
        except BadInput as refused:
            faults.extend(refused.faults)
    try:
        costs = read_costs(cost_file)
    except BadInput as refused:
        faults.extend(refused.faults)
    faults.raise_if_any()
    files = {name.removeprefix("build_"): path for name, path in paths.items()}
    files |= {"costs": cost_file} if cost_file else {}
    return assemble(tables, pops, costs, {name: path.name for name, path in paths.items()}, files)


def assemble(
    tables: Mapping[str, pd.DataFrame],
    pops: Sequence[str],
    costs: Costs,
    names: Mapping[str, str],
    files: Mapping[str, Path] | None = None,
) -> Inputs:
    """Put typed tables together (`build_sites`, perhaps `build_network`, `build_nodes`, `build_terrain`, `build_towers`).

    Raises BadInput with every fault.
    """
    if not pops:
        raise InfraplanError(
            "no point of presence is named, so there is nothing to connect to\n"
            "  mend:  give --pop NODE, once for each node where fiber can be bought today"
        )
    table, network, made = tables["build_sites"], tables.get("build_network"), "build_network" not in tables
    desk = _Desk(names, costs)
    if table.empty:
        desk.fault("NoRows", "the file names no site", "build_sites", None, "site_id", "add a row for each site")
    desk.faults.raise_if_any()
    places = desk.places(table, tables.get("build_nodes"), tables.get("build_towers"))
    desk.look_around(pops, places, tables.get("build_terrain"))
    sites = [desk.site(row, told) for row, told in _records(table)]
    desk.say_who_is_out_of_reach()
    used = desk.towers(tables.get("build_towers"), places, tables.get("build_terrain"))
    if network is not None:
        links = [link for row, told in _records(network) if (link := desk.link(row, told))]
        desk.check_nodes(table, sites, pops, {end for link in links for end in (link.a, link.b)})
    else:
        links = desk.made_links(table, sites, pops, places)
    sites, more = desk.radio_links(table, sites, used, places)
    desk.faults.raise_if_any()
    named = {one.name: one for one in used}
    return Inputs(
        tuple(sites), (*links, *more), tuple(dict.fromkeys(pops)), places, costs, made, named, tuple(desk.notes),
        dict(files or {}),
    )  # fmt: skip


class _Desk:
    """Rows in, checked things out; faults and notes gathered on the way."""

    def __init__(self, names: Mapping[str, str], costs: Costs) -> None:
        self.names, self.costs = names, costs
        self.faults = Faults()
        self.notes: list[str] = []
        self.reach: Reach | None = None
        self.ground: Terrain | None = None
        self.out_of_reach: list[str] = []

    def fault(self, kind: str, what: str, table: str, row: int | None, column: str, mend: str) -> None:
        self.faults.add(Fault(kind=kind, what=what, file=self.names.get(table), row=row, column=column, mend=mend))

    def site(self, row: int, told: Mapping[str, Any]) -> Site:
        cost, name = told.get("alternative_usd"), told.get("alternative") or KEEP
        priced = cost is None and bool(told.get("alternative"))
        if priced:
            cost, name = self._priced(row, told)
        rate, state = told.get("c1_rate"), told.get("state_match_percent")
        return Site(
            site_id=told["site_id"],
            node=told.get("node") or told["site_id"],
            students=told.get("students"),
            mbps=told.get("mbps"),
            alternative=cost,
            alternative_name=name,
            rate=None if rate is None else Decimal(str(rate)),
            state_percent=Decimal(str(state or 0)),
            priced=priced,
        )

    def _priced(self, row: int, told: Mapping[str, Any]) -> tuple[Decimal | None, str]:
        """The cheapest alternative named that can be had, priced from the costs; None if the site has to be connected."""
        found: list[tuple[Decimal, str]] = []
        for name in (word.strip().lower() for word in told["alternative"].split(";")):
            span = self.costs.monthly(name) if name in SERVICES else None
            if span is None:
                mend = "give alternative_usd"
                if name in SERVICES:
                    mend += f", or {name}_usd_month in the file of --costs"
                self.fault("Blank", f"the alternative {name} has no cost", "build_sites", row, "alternative_usd", mend)
            elif name == SATELLITE or (self.reach and self.reach.serves(self._node(told), told.get("mbps"))):
                found.append((span.middle, name))
            else:
                self.out_of_reach.append(told["site_id"])
        return min(found, default=(None, KEEP))

    @staticmethod
    def _node(told: Mapping[str, Any]) -> str:
        return str(told.get("node") or told["site_id"])

    def look_around(self, pops: Sequence[str], places: Mapping[str, Place], terrain: pd.DataFrame | None) -> None:
        """Find out where fixed wireless reaches, if the costs price it."""
        costs = self.costs
        self.ground = None if terrain is None else Terrain.of(terrain, self.names["build_terrain"])
        if costs.wireless_usd_month is None:
            return
        if costs.wireless_miles is None or (terrain is not None and costs.mast_meters is None):
            self._lacking(
                "wireless service is priced", "wireless_miles" if costs.wireless_miles is None else "mast_meters"
            )
            return
        mbps = None if costs.wireless_mbps is None else float(costs.wireless_mbps)
        mast = float(costs.mast_meters or 0)
        self.reach = Reach(pops, places, costs.wireless_miles, mbps, mast, self.ground)
        if self.ground is None:
            self.notes.append(ONLY_RANGE)

    def _lacking(self, why: str, name: str) -> None:
        self.faults.add(Fault(
            kind="MissingSetting", what=f"{why} and {name} is not given", column=name, file="the file of --costs",
            mend=f"add {name} = ...",
        ))  # fmt: skip

    def towers(
        self, table: pd.DataFrame | None, places: Mapping[str, Place], terrain: pd.DataFrame | None
    ) -> list[Tower]:
        """The towers of the file, checked; none where there is no file."""
        if table is None:
            return []
        for name in ("wireless_miles", "tower_radio_usd"):
            if getattr(self.costs, name) is None:
                self._lacking("towers are given", name)
        found = []
        for row, told in _records(table):
            if told["tower"] not in places:
                self.fault("NoPlace", f"tower {told['tower']} has no place", "build_towers", row, "lon",
                           "give lon and lat, here or in the file of nodes")  # fmt: skip
            if terrain is not None and told.get("mast_meters") is None and self.costs.mast_meters is None:
                self.fault("Blank", f"tower {told['tower']} has no height", "build_towers", row, "mast_meters",
                           "give mast_meters, here or in the file of --costs")  # fmt: skip
            found.append(masts.tower(told, self.costs))
        if terrain is not None and self.costs.mast_meters is None:
            self._lacking("towers and terrain are given", "mast_meters")
        if len(found) > 1 and self.costs.relay_radio_usd is None:
            self.notes.append("no relay_radio_usd is given, so each tower has to be fed by fiber")
        if ONLY_RANGE not in self.notes and terrain is None:
            self.notes.append(ONLY_RANGE)
        return found

    def radio_links(
        self, table: pd.DataFrame, sites: Sequence[Site], towers: Sequence[Tower], places: Mapping[str, Place]
    ) -> tuple[list[Site], list[Link]]:
        """Doors, masts and radio links where towers are given and some site may be served by them."""
        if not towers or self.faults.found:
            return list(sites), []
        may = [told["site_id"] for _, told in _records(table) if told.get("wireless")]
        if not may:
            self.notes.append("towers are given and no site says wireless = yes, so none is used")
        kept, links = masts.doors(sites, may, self.costs)
        return kept, links + masts.links(towers, kept, places, self.costs, self.ground)

    def say_who_is_out_of_reach(self) -> None:
        if self.out_of_reach:
            self.notes.append(
                f"{len(self.out_of_reach):,} sites name fixed wireless and no point of presence reaches them "
                "(range, bandwidth, or line of sight): it is no alternative there"
            )

    def link(self, row: int, told: Mapping[str, Any]) -> Link | None:
        if told["a"] == told["b"]:
            self.fault("Loop", f"the link leads from {told['a']} to itself", "build_network", row, "b",
                       "remove the row, or name the other end")  # fmt: skip
            return None
        low, high = told.get("low_usd"), told.get("high_usd")
        if (low is not None and low > told["usd"]) or (high is not None and high < told["usd"]):
            self.fault("OutOfOrder", f"usd is {told['usd']}, not between low_usd and high_usd", "build_network", row, "usd",
                       "give the range around the planning figure, low to high")  # fmt: skip
        return Link(told["a"], told["b"], told["meters"], told["usd"], low=low, high=high)

    def places(
        self, sites: pd.DataFrame, nodes: pd.DataFrame | None, towers: pd.DataFrame | None = None
    ) -> dict[str, Place]:
        """Where nodes are: the file of nodes, else the sites' and towers' own lon and lat."""
        found: dict[str, Place] = {}
        for _, told in _records(towers) if towers is not None else ():
            if told.get("lon") is not None and told.get("lat") is not None:
                found[told["tower"]] = (told["lon"], told["lat"])
        for _, told in _records(sites):
            if told.get("lon") is not None and told.get("lat") is not None:
                found[told.get("node") or told["site_id"]] = (told["lon"], told["lat"])
        if nodes is not None:
            found |= {told["node"]: (told["lon"], told["lat"]) for _, told in _records(nodes)}
        return found

    def made_links(
        self, table: pd.DataFrame, sites: Sequence[Site], pops: Sequence[str], places: Mapping[str, Place]
    ) -> list[Link]:
        """A network between all places known; sites and points of presence need one."""
        for row, site in zip(table.index, sites, strict=True):
            if site.node not in places:
                self.fault("NoPlace", f"node {site.node} has no place, and there is no network file", "build_sites",
                           int(row), "node", "give lon and lat, a file of nodes, or --network")  # fmt: skip
        for pop in pops:
            if pop not in places:
                self.fault("NoPlace", f"point of presence {pop} has no place, and there is no network file",
                           "build_nodes", None, "node", "add it to the file of nodes, or give --network")  # fmt: skip
        names = sorted(places)
        told = self.costs
        made = candidates.links(
            [places[name][0] for name in names], [places[name][1] for name in names],
            detour=told.detour, usd_per_foot=told.usd_per_foot.middle,
        )  # fmt: skip
        foot = told.usd_per_foot
        self.notes.append(
            f"no network was given: {len(made):,} links between neighboring points were made, each {told.detour} times "
            f"its straight line (roads, rails, rivers and open water are not looked at), at ${foot.middle} a foot "
            f"(range ${foot.low} to ${foot.high})"
        )
        return [Link(names[a], names[b], meters, usd) for a, b, meters, usd in made]

    def check_nodes(self, table: pd.DataFrame, sites: Sequence[Site], pops: Sequence[str], known: set[str]) -> None:
        for row, site in zip(table.index, sites, strict=True):
            if site.node not in known and site.node not in pops:
                self.fault("UnknownNode", f"node {site.node} is on no link", "build_sites", int(row), "node",
                           f"add its links to {self.names['build_network']}, or correct the name")  # fmt: skip
        for pop in pops:
            if pop not in known:
                self.fault("UnknownNode", f"point of presence {pop} is on no link", "build_network", None, "a",
                           "correct the name given with --pop, or add its links")  # fmt: skip


def _records(table: pd.DataFrame) -> Iterable[tuple[int, dict[str, Any]]]:
    """Rows with their line number; blank cells are None."""
    plain = table.astype(object).where(table.notna(), None)
    for row, told in zip(table.index, plain.to_dict("records"), strict=True):
        yield int(row), {str(name): value for name, value in told.items()}


def refuse_unreachable(inputs: Inputs, reached: set[str]) -> list[str]:
    """Raise NoAnswer if a site that has to be connected cannot be; returns the optional ones that cannot."""
    away = [site for site in inputs.sites if site.end not in reached]
    must = [site.site_id for site in away if site.alternative is None]
    if not must:
        return [site.site_id for site in away]
    named = ", ".join(must[:MOST_NAMED]) + (f" and {len(must) - MOST_NAMED:,} more" if len(must) > MOST_NAMED else "")
    raise NoAnswer(
        f"No answer: {len(must):,} of {len(inputs.sites):,} sites have to be connected and no chain of links leads from "
        f"them to a point of presence: {named}\n"
        "  mend:  add links that reach them, name another point of presence (--pop), or give them an alternative_usd"
    )
