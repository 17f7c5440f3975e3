"""Solve a network to build: reduce, bound by dual ascent, grow answers, then cut by cut; says how good the answer is."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from infraplan import solve
from infraplan.connectivity.network import cuts, reductions, trees
from infraplan.connectivity.network.ascent import Arcs, Ascent, ascend, slack
from infraplan.connectivity.network.graph import MUST, Graph, flat
from infraplan.solve import Limits, Result, Status

STARTS: Final = 12
"""Terminals from which trees are grown after each ascent."""
PASSES: Final = 3
"""Rounds of ascent and reduction before the linear model."""
ALONE: Final = "dual ascent"
WHAT: Final = "a network that connects every site which has to be"


@dataclass(frozen=True)
class Network:
    """What is asked, in whole cents: vertices by number, `edges` as (u, v, cents), `prizes` by vertex (`MUST`).

    `one_way` are the numbers of the edges that lead from u to v only, away from the root.
    """

    size: int
    root: int
    edges: Sequence[tuple[int, int, int]]
    prizes: Mapping[int, int]
    one_way: frozenset[int] = frozenset()

    def cost(self, links: Sequence[int]) -> int:
        """Return the cost in cents of building some links: theirs, and the prizes of the vertices they do not reach."""
        reached = self.reached(links)
        total = sum(self.edges[link][2] for link in links)
        return total + sum(prize for v, prize in self.prizes.items() if v not in reached)

    def tidied(self, links: Sequence[int]) -> list[int]:
        """Return the best tree within some links: no ring, no branch that costs more than it brings."""
        forth = [place for place, link in enumerate(links) if link in self.one_way]
        graph = Graph.of(self.size, self.root, [self.edges[link] for link in links], dict(self.prizes), forth)
        tree = trees.polished(graph, range(self.size))
        return sorted(links[part] for _, _, edge in tree for part in flat(graph.parts[edge]))

    def reached(self, links: Iterable[int]) -> set[int]:
        """Return the vertices joined to the root by some links."""
        near: dict[int, list[int]] = {}
        for link in links:
            u, v, _ = self.edges[link]
            near.setdefault(u, []).append(v)
            if link not in self.one_way:
                near.setdefault(v, []).append(u)
        seen, stack = {self.root}, [self.root]
        while stack:
            for v in near.get(stack.pop(), ()):
                if v not in seen:
                    seen.add(v)
                    stack.append(v)
        return seen


@dataclass(frozen=True)
class Found:
    """The links to build, and how good that is. `bound` of the result is in USD."""

    links: tuple[int, ...]
    result: Result


@dataclass
class Search:
    """A search under way: the graph as reduced so far, the best links known, the best bound proved (cents)."""

    network: Network
    limits: Limits
    graph: Graph = field(init=False)
    links: tuple[int, ...] = ()
    cost: int = MUST
    bound: int = 0
    solver: str = ALONE
    began: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        prizes = {v: p for v, p in self.network.prizes.items() if v != self.network.root}
        asked = self.network
        self.graph = Graph.of(asked.size, asked.root, asked.edges, prizes, asked.one_way)

    def run(self) -> Found:
        """Search until the answer is proved as asked, or time is out."""
        self._simplify()
        for _ in range(PASSES):
            if not self._pass() or self.done():
                break
        if not self.done():
            self._cut_by_cut()
        return Found(self.links, self._result())

    def late(self) -> bool:
        """Whether time is out."""
        limit = self.limits.time_limit
        return limit is not None and time.perf_counter() - self.began >= limit

    def _simplify(self) -> None:
        """Reduce the graph, unless some of its edges are one way."""
        if not self.graph.one_way:
            reductions.simplify(self.graph, self.late)

    def done(self) -> bool:
        """Whether the answer is proved as asked, or time is out."""
        return self.cost - self.bound <= self.limits.gap * self.cost or self.late()

    def raise_bound(self, cents: float) -> None:
        """Keep a better bound; amounts are whole cents, so a fraction of one rounds up, but never above the answer."""
        self.bound = max(self.bound, min(self.cost, math.ceil(cents - 0.01)))

    def _pass(self) -> bool:
        """One ascent, the trees in what it used up, and the reductions they allow; False once that shrinks little."""
        before = self.graph.size()[1]
        arcs = Arcs.of(self.graph)
        ascent = ascend(self.graph, arcs, self.graph.root)
        self._grow(arcs, ascent)
        self.raise_bound(ascent.bound)
        if self.done():
            return False
        reductions.by_bound(self.graph, arcs, ascent, self.cost)
        self._simplify()
        return before - self.graph.size()[1] > before // 20

    def _grow(self, arcs: Arcs, ascent: Ascent) -> None:
        """Grow trees over the arcs an ascent used up, from the root and from some terminals."""
        near: list[dict[int, int]] = [{} for _ in self.graph.near]
        for tail, head, left, edge in zip(arcs.tail, arcs.head, ascent.left, arcs.edge, strict=True):
            if not left:
                near[tail][head] = near[head][tail] = edge
        ends = [v for v, prize in sorted(self.graph.prize.items()) if prize == MUST and not self.graph.one_way]
        for v in (self.graph.root, *ends[:: max(1, len(ends) // STARTS)][:STARTS]):
            self.offer(trees.polished(self.graph, trees.grown(self.graph, near, self.graph.cost, v)))
        self.offer(
            trees.polished(self.graph, trees.grown(self.graph, self.graph.near, self.graph.cost, self.graph.root))
        )

    def offer(self, tree: Sequence[tuple[int, int, int]]) -> None:
        """Keep the links of a tree on the reduced graph if they make the best answer so far."""
        if trees.price(self.graph, tree) >= self.cost:
            return
        links = self.network.tidied(self._expanded(tree))
        cost = self.network.cost(links)
        if cost < self.cost:
            self.links, self.cost = tuple(links), cost

    def _expanded(self, tree: Sequence[tuple[int, int, int]]) -> list[int]:
        """The links of the file behind a tree, with the sites that hang on what it reaches."""
        links = self.graph.links(edge for _, _, edge in tree)
        reached = self.network.reached(links)
        for v, parts in reversed(self.graph.hangs):
            if v in reached:
                chain = flat(parts)
                links += chain
                reached |= {end for link in chain for end in self.network.edges[link][:2]}
        return sorted(set(links))

    def _cut_by_cut(self) -> None:
        """Solve the linear model, adding what its answer breaks, until nothing is; then in whole numbers."""
        arcs = Arcs.of(self.graph)
        ascent = ascend(self.graph, arcs, self.graph.root, keep_cuts=True)
        if ascent.bound >= self.cost:
            self.raise_bound(self.cost)
            return
        shut = slack(self.graph, arcs, ascent)[0] >= self.cost - ascent.bound
        model = cuts.build(self.graph, arcs, ascent.cuts, shut)
        whole = False
        while not self.done():
            result = self._solved(model, whole=whole)
            if result is None:
                return
            values = cuts.Values.of(model, result)
            self._follow(model, values)
            if cuts.tighten(model, values):
                continue
            if whole or values.whole():
                return
            cuts.whole(model)
            whole = True

    def _solved(self, model: cuts.Model, *, whole: bool) -> Result | None:
        """Solve the model as it stands and keep its bound; None if it has no answer cheaper than the one known."""
        spent = time.perf_counter() - self.began
        limits = replace(self.limits.after(spent), gap=min(self.limits.gap, 1e-4) if whole else 0.0)
        result = solve.solve(model.problem, limits)
        self.solver = f"{result.solver}, {ALONE}"
        if result.status == Status.infeasible:
            self.raise_bound(self.cost)
            return None
        if math.isfinite(result.bound):
            self.raise_bound(result.bound * cuts.CENTS * (1 - 1e-12))
        return result if result.status.answered else None

    def _follow(self, model: cuts.Model, values: cuts.Values) -> None:
        """Grow trees where the linear model would build."""
        graph, arcs = self.graph, model.arcs
        share = np.zeros(len(graph.cost))
        np.maximum.at(share, np.array(arcs.edge), values.use)
        near: list[dict[int, int]] = [{} for _ in graph.near]
        for arc in np.flatnonzero(values.use > cuts.WHOLE).tolist():
            near[arcs.tail[arc]][arcs.head[arc]] = near[arcs.head[arc]][arcs.tail[arc]] = arcs.edge[arc]
        cheap = np.rint(np.array(graph.cost, dtype=float) * (1 - share)).astype(np.int64).tolist()
        if graph.one_way:
            self.offer(trees.pruned(graph, _steps(arcs, values, graph.root)))
        inside = {graph.root, *(v for v, told in enumerate(near) if told)}
        self.offer(trees.polished(graph, inside))
        self.offer(trees.polished(graph, trees.grown(graph, near, graph.cost, graph.root)))
        self.offer(trees.polished(graph, trees.grown(graph, graph.near, cheap, graph.root)))

    def _result(self) -> Result:
        objective, bound = self.cost / cuts.CENTS, self.bound / cuts.CENTS
        seconds = time.perf_counter() - self.began
        if self.cost >= MUST:
            return Result(Status.stopped_empty, math.nan, bound, math.inf, seconds, self.solver)
        gap = solve.relative_gap(objective, bound)
        if gap <= solve.PROVEN_GAP:
            status = Status.optimal
        else:
            status = Status.within_gap if gap <= self.limits.gap * (1 + 1e-9) else Status.stopped_feasible
        return Result(status, objective, bound, gap, seconds, self.solver)


def _steps(arcs: Arcs, values: cuts.Values, root: int) -> list[tuple[int, int, int]]:
    """The tree that the arcs in use make, as (parent, child, edge) from the root outwards."""
    out: dict[int, list[int]] = {}
    for arc in np.flatnonzero(values.use > 0.5).tolist():  # noqa: PLR2004
        out.setdefault(arcs.tail[arc], []).append(arc)
    seen, tree, stack = {root}, [], [root]
    while stack:
        v = stack.pop()
        for arc in out.get(v, ()):
            if arcs.head[arc] not in seen:
                seen.add(arcs.head[arc])
                tree.append((v, arcs.head[arc], arcs.edge[arc]))
                stack.append(arcs.head[arc])
    return tree


def find(network: Network, limits: Limits) -> Found:
    """Find the cheapest links that join every terminal that has to be connected to the root, and others worth it.

    Every terminal that has to be connected must be reachable. The same network gives the same answer.
    """
    return Search(network, limits).run()


def refuse_unanswered(found: Found) -> None:
    """Raise NoAnswer, in words, where time ran out before any answer."""
    solve.refuse_unanswered(found.result, what=WHAT)
