"""From the files to the graph and back: what to build, who shares it, what it would cost alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from infraplan import solve
from infraplan.connectivity.network import answer, trees
from infraplan.connectivity.network.answer import Network
from infraplan.connectivity.network.costs import NOTHING, Span
from infraplan.connectivity.network.graph import MUST, Graph
from infraplan.connectivity.network.inputs import Inputs, refuse_unreachable
from infraplan.connectivity.network.links import DOOR, FIBER, HOP, RELAY, Link, Site
from infraplan.solve import Limits, Result
from infraplan.units import CENT, METERS_PER_MILE, half_up

ROOT = 0
WIRELESS = "wireless"
MILE = Decimal(str(METERS_PER_MILE))


@dataclass(frozen=True)
class Step:
    """One link to build, from the end nearer to the point of presence outwards, and the sites that use it."""

    a: str
    b: str
    link: Link
    pop: str
    sites: tuple[Site, ...]


@dataclass(frozen=True)
class Way:
    """How a connected site is reached: the steps from the point of presence to it."""

    pop: str
    steps: tuple[Step, ...]

    @property
    def meters(self) -> float:
        """Length of the way."""
        return sum(step.link.meters for step in self.steps)


@dataclass(frozen=True)
class Plan:
    """A network to build: the links in order from the points of presence outwards, and how good the answer is."""

    inputs: Inputs
    links: tuple[int, ...]
    result: Result
    out_of_reach: tuple[str, ...] = ()

    @cached_property
    def _tree(self) -> dict[str, tuple[str, Link, str]]:
        """Every built node: the node before it, the link between, and its point of presence; outwards in order."""
        near: dict[str, list[tuple[str, Link]]] = {}
        for number in self.links:
            link = self.inputs.links[number]
            near.setdefault(link.a, []).append((link.b, link))
            if link.kind == FIBER:
                near.setdefault(link.b, []).append((link.a, link))
        whose = {pop: pop for pop in self.inputs.pops}
        found: dict[str, tuple[str, Link, str]] = {}
        queue = list(self.inputs.pops)
        for node in queue:
            for other, link in sorted(near.get(node, ()), key=lambda told: told[0]):
                if other not in whose:
                    whose[other] = whose[node]
                    found[other] = (node, link, whose[node])
                    queue.append(other)
        return found

    @cached_property
    def connected(self) -> tuple[Site, ...]:
        """Sites that are connected, in the order of the file."""
        built = {*self._tree, *self.inputs.pops}
        return tuple(site for site in self.inputs.sites if site.end in built and worth_connecting(self.inputs, site))

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """The links to build by the node they lead to."""
        using: dict[str, list[Site]] = {node: [] for node in self._tree}
        for site in self.connected:
            node = site.end
            while node in self._tree:
                using[node].append(site)
                node = self._tree[node][0]
        return {
            node: Step(before, node, link, pop, tuple(using[node])) for node, (before, link, pop) in self._tree.items()
        }

    @property
    def built(self) -> tuple[Step, ...]:
        """The links and towers to build, without the choices at doors of sites."""
        return tuple(step for step in self.steps.values() if step.link.kind != DOOR)

    def way(self, site: Site) -> Way:
        """The way to a connected site."""
        chain, node = [], site.end
        while node in self.steps:
            chain.append(self.steps[node])
            node = chain[-1].a
        return Way(node, tuple(reversed(chain)))

    @cached_property
    def shares(self) -> Mapping[str, Decimal]:
        """Each connected site's share of what is built, in USD to the cent; they sum to the construction cost.

        Every link is shared equally by the sites that use it; odd cents go to the first of them.
        """
        share = dict.fromkeys((site.site_id for site in self.connected), Decimal(0))
        for step in self.steps.values():
            cents = int(step.link.usd / CENT)
            each, odd = divmod(cents, len(step.sites))
            for place, site in enumerate(step.sites):
                share[site.site_id] += CENT * (each + (place < odd))
        return share

    @property
    def construction(self) -> Decimal:
        """Cost of the links and towers to build, in USD."""
        return sum((step.link.usd for step in self.steps.values()), Decimal(0))

    @property
    def fiber_ends(self) -> int:
        """Connected sites whose electronics are those of fiber."""
        doors = sum(step.link.kind == DOOR for step in self.steps.values())
        return doors + sum(not site.door for site in self.connected)

    @property
    def equipment(self) -> Decimal:
        """Electronics and radios over the horizon, in USD; 0 where the costs do not give them."""
        on_links = sum((step.link.equipment for step in self.steps.values()), Decimal(0))
        return on_links + equipment(self.inputs) * sum(not site.door for site in self.connected)

    @property
    def upkeep(self) -> Decimal:
        """Upkeep of what is to be built over the horizon, in USD; 0 where the costs do not give it."""
        return sum((upkeep(self.inputs, step.link) for step in self.steps.values()), Decimal(0))

    @property
    def alternatives(self) -> Decimal:
        """Cost of the alternatives of the sites that are not connected, in USD."""
        connected = {site.site_id for site in self.connected}
        return sum(
            (site.alternative for site in self.inputs.sites if site.site_id not in connected and site.alternative),
            Decimal(0),
        )

    @property
    def miles(self) -> Decimal:
        """Miles of fiber to build; links that exist already, at no cost, are not among them."""
        built = (step.link.meters for step in self.steps.values() if step.link.usd and step.link.kind == FIBER)
        return Decimal(str(sum(built))) / MILE

    def kind_of(self, site: Site) -> str:
        """How a connected site is reached: `fiber` or `wireless`."""
        steps = self.way(site).steps
        return WIRELESS if steps and steps[-1].link.kind == HOP else FIBER

    @property
    def passed_by(self) -> tuple[Site, ...]:
        """Sites that a radio serves although fiber passes their door: by the costs given, their electronics cost less."""
        lit = {node for node, (_, link, _) in self._tree.items() if link.kind == FIBER} | set(self.inputs.pops)
        return tuple(site for site in self.connected if self.kind_of(site) == WIRELESS and site.node in lit)

    def construction_range(self) -> Span | None:
        """Low end, planning figure and high end of construction; None where no link's cost came with a range."""
        links = [step.link for step in self.steps.values()]
        if not self.inputs.made and all(link.low is None and link.high is None for link in links):
            return None
        return sum_of(self._range(link) for link in links)

    def _range(self, link: Link) -> Span:
        if self.inputs.made and link.kind == FIBER:
            return scaled(link.usd, self.inputs.costs.usd_per_foot)
        return Span(link.usd if link.low is None else link.low, link.usd, link.usd if link.high is None else link.high)

    def equipment_range(self) -> Span | None:
        """The same of electronics and radios; None where the costs do not give those that are needed."""
        costs, ends = self.inputs.costs, self.fiber_ends
        each = costs.equipment()
        if each is None and ends:
            return None
        spans = {HOP: costs.tower_radio_usd, RELAY: costs.relay_radio_usd}
        radios = [
            scaled(step.link.equipment, span)
            for step in self.steps.values()
            if (span := spans.get(step.link.kind)) is not None
        ]
        return sum_of([each.times(Decimal(ends)) if each else NOTHING, *radios])

    def upkeep_range(self) -> Span | None:
        """The same of upkeep; None where the costs do not give it for the fiber to build."""
        masts = sum((step.link.upkeep for step in self.steps.values()), Decimal(0))
        fiber = self.inputs.costs.upkeep(self.miles)
        if fiber is None and self.miles:
            return None
        return (fiber or NOTHING).plus(Span.at(masts))

    def alternatives_range(self) -> Span:
        """The same of the alternatives of the sites that are not connected; amounts of the file have no range."""
        connected = {site.site_id for site in self.connected}
        left = [site for site in self.inputs.sites if site.site_id not in connected and site.alternative is not None]
        return sum_of(self._alternative_range(site) for site in left)

    def _alternative_range(self, site: Site) -> Span:
        priced = self.inputs.costs.monthly(site.alternative_name) if site.priced else None
        return priced or Span.at(site.alternative or Decimal(0))


def sum_of(spans: Iterable[Span]) -> Span:
    """The sum of ranges, end by end."""
    total = NOTHING
    for span in spans:
        total = total.plus(span)
    return total


def scaled(usd: Decimal, by: Span) -> Span:
    """An amount with the range of another figure around its planning figure."""
    if not by.middle:
        return Span.at(usd)
    return Span(usd * by.low / by.middle, usd, usd * by.high / by.middle)


def network(inputs: Inputs) -> tuple[Network, dict[str, int]]:
    """The inputs as a graph, in cents: all points of presence are vertex 0; returns it and the vertex of each node.

    Raises NoAnswer if a site that has to be connected cannot be reached.
    """
    place: dict[str, int] = dict.fromkeys(inputs.pops, ROOT)
    for link in inputs.links:
        for node in (link.a, link.b):
            place.setdefault(node, len(place) - len(inputs.pops) + 1)
    edges = [
        (place[link.a], place[link.b], _cents(link.usd + upkeep(inputs, link) + link.equipment))
        for link in inputs.links
    ]
    prizes: dict[int, int] = {}
    for site in inputs.sites:
        v = place.get(site.end, ROOT)
        if site.alternative is None:
            prizes[v] = MUST
        elif worth_connecting(inputs, site) and prizes.get(v, 0) < MUST:
            spared = Decimal(0) if site.door else equipment(inputs)
            prizes[v] = prizes.get(v, 0) + _cents(site.alternative) - _cents(spared)
    prizes.pop(ROOT, None)
    size = max(place.values(), default=0) + 1
    one_way = frozenset(number for number, link in enumerate(inputs.links) if link.kind != FIBER)
    return Network(size, ROOT, edges, prizes, one_way), place


def _cents(usd: Decimal) -> int:
    return int((usd / CENT).to_integral_value())


def equipment(inputs: Inputs) -> Decimal:
    """Electronics of one connected site over the horizon, USD to the cent; 0 where the costs do not give them."""
    told = inputs.costs.equipment()
    return half_up(told.middle, 2) if told else Decimal(0)


def upkeep(inputs: Inputs, link: Link) -> Decimal:
    """Upkeep of a link over the horizon, USD to the cent; 0 for an existing link, which is paid for already."""
    if link.kind != FIBER:
        return link.upkeep
    told = inputs.costs.upkeep(Decimal(str(link.meters)) / MILE)
    return half_up(told.middle, 2) if told and link.usd else Decimal(0)


def worth_connecting(inputs: Inputs, site: Site) -> bool:
    """Whether a site would be connected where fiber passes its door: its electronics cost less than its alternative."""
    return site.alternative is None or bool(site.door) or site.alternative > equipment(inputs)


def find(inputs: Inputs, limits: Limits) -> Plan:
    """Find what to build. Raises NoAnswer if a site that has to be connected cannot be, or time runs out first."""
    asked, place = network(inputs)
    whole = asked.reached(range(len(asked.edges)))
    reached = {node for node, v in place.items() if v in whole} | set(inputs.pops)
    out_of_reach = refuse_unreachable(inputs, reached)
    found = answer.find(asked, limits)
    answer.refuse_unanswered(found)
    plan = Plan(inputs, found.links, found.result, tuple(out_of_reach))
    return replace(plan, result=_whole_result(plan, asked.cost(found.links)))


def _whole_result(plan: Plan, cents: int) -> Result:
    """The result with what every answer costs alike: electronics of the sites, alternatives that are cheaper than those."""
    objective = plan.construction + plan.upkeep + plan.equipment + plan.alternatives
    alike, told = float(objective - CENT * cents), plan.result
    gap = solve.relative_gap(float(objective), told.bound + alike)
    return replace(told, objective=float(objective), bound=told.bound + alike, gap=gap) if alike else told


def alone(inputs: Inputs) -> Mapping[str, Decimal | None]:
    """For each site, what the cheapest way from any point of presence would cost if built for it alone, in USD."""
    asked, place = network(inputs)
    graph = Graph.of(asked.size, asked.root, asked.edges, {}, asked.one_way)
    length, _ = trees.nearest(graph, [ROOT])
    return {
        site.site_id: None if (cents := length.get(place.get(site.end, ROOT))) is None else CENT * cents
        for site in inputs.sites
    }


def ordered(plan: Plan) -> Sequence[Step]:
    """The links to build by point of presence, then by name."""
    return sorted(plan.steps.values(), key=lambda step: (step.pop, step.a, step.b))
