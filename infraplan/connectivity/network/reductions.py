"""Make the graph smaller without losing the best answer.

Three kinds of test, each exact:

degree      a dead end is cut off or settled; a crossing of two ways becomes one way
bypass      an edge goes where its ends are joined more cheaply, over ways between terminals each shorter than the edge
            (the bottleneck Steiner distance of Duin and Volgenant); a crossing of three ways that no best tree needs as
            a crossing is replaced by ways past it
bound       an edge or vertex goes if every answer with it costs at least as much as one already known, by dual ascent

Inequalities are strict in the bypass tests, so that each says "in no best answer" and all can be applied at once. The
bound tests may lose the best answer only where one as good is already known.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import Final

from infraplan.connectivity.network.ascent import Arcs, Ascent, slack
from infraplan.connectivity.network.graph import MUST, Graph

NEAREST: Final = 4
"""Terminals looked at around each end of an edge."""
VISITS: Final = 60
"""Vertices looked at for a way around an edge without terminals."""
WAY: Final = 2
"""Edges at a vertex that is only passed through."""
CROSSING: Final = 4
"""Most ways at a crossing that is tried for replacement."""


def by_degree(graph: Graph) -> None:
    """Apply the degree tests until none applies."""
    near, prize = graph.near, graph.prize
    queue = [v for v, told in enumerate(near) if len(told) <= WAY]
    while queue:
        v = queue.pop()
        degree = len(near[v])
        if degree > WAY or (degree == 0 and v not in prize):
            continue
        around = list(near[v])
        if v in prize:
            if degree == 0 and prize[v] < MUST:
                graph.drop(v)
            if degree != 1:
                continue
            _settle(graph, v, around[0])
        elif v == graph.root:
            if degree != 1 or MUST not in prize.values():
                continue
            graph.merge(around[0], v)
        elif degree == 1:
            graph.drop(v)
        else:
            first, second = around
            one, two = near[v][first], near[v][second]
            graph.drop(v)
            graph.join(first, second, graph.cost[one] + graph.cost[two], (graph.parts[one], graph.parts[two]))
        queue += around


def _settle(graph: Graph, v: int, u: int) -> None:
    """A terminal with one edge: take it, leave it, or hang it on its neighbor."""
    if graph.prize[v] == MUST:
        graph.merge(u, v)
    elif graph.prize[v] <= graph.cost[graph.near[v][u]]:
        graph.drop(v)
    else:
        graph.hang(v)


def by_nearness(graph: Graph) -> None:
    """Join terminals that must be connected and are each other's way out: the cheapest edge at one leads to the other."""
    queue = sorted(v for v, prize in graph.prize.items() if prize == MUST)
    while queue:
        v = queue.pop()
        if graph.prize.get(v) != MUST or not graph.near[v]:
            continue
        _, u = min((graph.cost[edge], u) for u, edge in graph.near[v].items())
        if u == graph.root or graph.prize.get(u) == MUST:
            graph.merge(u, v)
            queue.append(u)


class Bypass:
    """Distances between terminals, so that `length(u, v)` bounds the bottleneck Steiner distance from above."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ends = {v for v, prize in graph.prize.items() if prize == MUST} | {graph.root}
        self.close: list[list[tuple[int, int]]] = [[] for _ in graph.near]
        self._find_close()
        self.up: dict[int, tuple[int, int]] = {}
        self._join_terminals()

    def _find_close(self) -> None:
        """The nearest few terminals of every vertex, not looking past a terminal."""
        near, cost, close = self.graph.near, self.graph.cost, self.close
        queue = [(0, v, v) for v in sorted(self.ends)]
        heapify(queue)
        while queue:
            length, v, end = heappop(queue)
            known = close[v]
            if len(known) >= NEAREST or any(other == end for other, _ in known):
                continue
            known.append((end, length))
            if v in self.ends and length:
                continue
            for u, edge in near[v].items():
                if len(close[u]) < NEAREST:
                    heappush(queue, (length + cost[edge], u, end))

    def _join_terminals(self) -> None:
        """A cheapest tree over the terminals, kept so that the largest step between two is read by climbing."""
        close, cost = self.close, self.graph.cost
        steps = sorted(
            (close[u][0][1] + cost[edge] + close[v][0][1], close[u][0][0], close[v][0][0])
            for u, v, edge in self.graph.edges()
            if close[u] and close[v] and close[u][0][0] != close[v][0][0]
        )
        size = dict.fromkeys(self.ends, 1)
        for step, a, b in steps:
            one, two = self._top(a), self._top(b)
            if one == two:
                continue
            if size[one] > size[two]:
                one, two = two, one
            self.up[one] = (two, step)
            size[two] += size[one]

    def _top(self, v: int) -> int:
        while v in self.up:
            v = self.up[v][0]
        return v

    def step(self, a: int, b: int) -> int:
        """Return the largest step on the tree of terminals between two of them (MUST if they are not joined)."""
        most = 0
        while a != b:
            one, two = self.up.get(a), self.up.get(b)
            if one is None and two is None:
                return MUST
            if two is None or (one is not None and one[1] <= two[1]):
                a, most = one[0], max(most, one[1])  # type: ignore[index]
            else:
                b, most = two[0], max(most, two[1])
        return most

    def length(self, u: int, v: int, enough: int) -> int:
        """Return a bound on the bottleneck distance; stops looking once it is below `enough`."""
        best = MUST
        for a, first in self.close[u]:
            if first >= best:
                break
            for b, second in self.close[v]:
                if second >= best:
                    break
                found = max(first, second)
                if a != b:
                    found = max(found, self.step(a, b))
                if found < best:
                    best = found
                    if best < enough:
                        return best
        return best


def by_bypass(graph: Graph) -> int:
    """Remove edges that a bypass beats; returns how many."""
    bypass = Bypass(graph)
    gone = [(u, v) for u, v, edge in graph.edges() if bypass.length(u, v, graph.cost[edge]) < graph.cost[edge]]
    for u, v in gone:
        graph.cut(u, v)
    return len(gone) + _around(graph)


def _around(graph: Graph) -> int:
    """Remove edges longer than another way between their ends."""
    near, cost = graph.near, graph.cost
    gone = []
    for v, told in enumerate(near):
        if len(told) < WAY:
            continue
        most = max(cost[edge] for edge in told.values())
        length = _nearby(graph, v, most)
        gone += [(v, u) for u, edge in told.items() if v < u and length.get(u, MUST) < cost[edge]]
    for v, u in gone:
        graph.cut(v, u)
    return len(gone)


def _nearby(graph: Graph, start: int, most: int) -> dict[int, int]:
    """Distances from one vertex to a few around it, as far as `most`."""
    near, cost = graph.near, graph.cost
    length = {start: 0}
    queue = [(0, start)]
    visits = 0
    while queue and visits < VISITS:
        far, v = heappop(queue)
        if far > length[v]:
            continue
        visits += 1
        for u, edge in near[v].items():
            through = far + cost[edge]
            if through < most + 1 and through < length.get(u, MUST):
                length[u] = through
                heappush(queue, (through, u))
    return length


def by_crossing(graph: Graph) -> int:
    """Replace crossings that no best tree uses as crossings by the ways past them; returns how many."""
    bypass = Bypass(graph)
    count = 0
    for v, told in enumerate(graph.near):
        if WAY < len(told) <= CROSSING and v not in graph.prize and v != graph.root:
            count += _replaced(graph, bypass, v)
    return count


def _replaced(graph: Graph, bypass: Bypass, v: int) -> bool:
    cost, told = graph.cost, dict(graph.near[v])
    around = sorted(told)
    pairs = {
        (a, b): min(bypass.length(a, b, 0), cost[graph.near[a][b]] if b in graph.near[a] else MUST)
        for a, b in combinations(around, 2)
    }
    for count in range(3, len(around) + 1):
        for some in combinations(around, count):
            if _tree_length(some, pairs) >= sum(cost[told[a]] for a in some):
                return False
    new = [
        (a, b, cost[told[a]] + cost[told[b]], (graph.parts[told[a]], graph.parts[told[b]]))
        for a, b in combinations(around, 2)
        if pairs[a, b] >= cost[told[a]] + cost[told[b]]
    ]
    graph.drop(v)
    for a, b, cents, parts in new:
        graph.join(a, b, cents, parts)
    return True


def _tree_length(some: tuple[int, ...], pairs: dict[tuple[int, int], int]) -> int:
    """Length of the cheapest tree over a few vertices with given distances."""
    best = {v: pairs[some[0], v] for v in some[1:]}
    total = 0
    while best:
        v = min(best, key=lambda told: (best[told], told))
        total += best.pop(v)
        best = {u: min(length, pairs[min(u, v), max(u, v)]) for u, length in best.items()}
    return total


def by_bound(graph: Graph, arcs: Arcs, ascent: Ascent, known: int) -> int:
    """Remove what cannot be part of an answer cheaper than one already known (in cents); returns how much."""
    by_arc, by_vertex = slack(graph, arcs, ascent)
    room = known - ascent.bound
    too_dear = (by_arc[0::2] >= room) & (by_arc[1::2] >= room)
    count = 0
    for place in too_dear.nonzero()[0].tolist():
        graph.cut(arcs.tail[2 * place], arcs.head[2 * place])
        count += 1
    for v in (by_vertex >= room).nonzero()[0].tolist():
        if v != graph.root and graph.prize.get(v, 0) < MUST and (graph.near[v] or v in graph.prize):
            graph.drop(v)
            count += 1
    for v, left in ascent.prize_left.items():
        if v in graph.prize and graph.prize[v] < MUST and left >= room:
            graph.prize[v] = MUST
            count += 1
    return count


def simplify(graph: Graph, done: Callable[[], bool] = lambda: False) -> None:
    """Apply all tests that need no answer, until they find little."""
    while not done():
        by_degree(graph)
        by_nearness(graph)
        _, before, _ = graph.size()
        by_bypass(graph)
        by_degree(graph)
        by_crossing(graph)
        by_degree(graph)
        by_nearness(graph)
        _, after, _ = graph.size()
        if before - after <= 0.02 * before:
            return
