"""Answers: trees grown along shortest ways, made shorter over their own vertices, and pruned where a site is not worth it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from infraplan.connectivity.network.graph import MUST, Graph

Near = Sequence[Mapping[int, int]]


def grown(graph: Graph, near: Near, cost: Sequence[int], start: int) -> set[int]:
    """Return the vertices of a tree grown from `start`: always the terminal that is nearest to what stands already.

    `near` may be a part of the graph's edges and `cost` other costs than its own; terminals out of reach are left out.
    Where edges are one way, `start` has to be the root.
    """
    ends = set(graph.prize) | {graph.root}
    ends.discard(start)
    length = {start: 0}
    before: dict[int, int] = {}
    inside = {start}
    queue = [(0, start)]
    while queue and ends:
        far, v = heappop(queue)
        if far > length[v]:
            continue
        if v in ends and far <= graph.prize.get(v, MUST):
            ends.discard(v)
            while v not in inside:
                inside.add(v)
                length[v] = 0
                heappush(queue, (0, v))
                v = before[v]
            continue
        for u, edge in near[v].items():
            through = far + cost[edge]
            if through < length.get(u, MUST) and graph.leads(v, edge):
                length[u] = through
                before[u] = v
                heappush(queue, (through, u))
    return inside


def spanning(graph: Graph, vertices: Collection[int]) -> list[tuple[int, int, int]]:
    """Return a cheapest tree over some vertices, as (parent, child, edge) from the root outwards.

    Vertices the root cannot reach inside the set are left out.
    """
    inside = set(vertices)
    cost, near = graph.cost, graph.near
    queue = [(0, graph.root, graph.root, -1)]
    seen: set[int] = set()
    tree = []
    while queue:
        _, v, parent, edge = heappop(queue)
        if v in seen:
            continue
        seen.add(v)
        if edge >= 0:
            tree.append((parent, v, edge))
        for u, other in near[v].items():
            if u in inside and u not in seen and graph.leads(v, other):
                heappush(queue, (cost[other], u, v, other))
    return tree


def pruned(graph: Graph, tree: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the tree without the branches that cost more than the prizes they bring; the best part of that tree."""
    worth: dict[int, int] = {}
    for parent, child, edge in reversed(tree):
        net = worth.get(child, 0) + graph.prize.get(child, 0) - graph.cost[edge]
        worth[child] = net
        if net > 0:
            worth[parent] = worth.get(parent, 0) + net
    kept = {graph.root}
    found = []
    for parent, child, edge in tree:
        if parent in kept and worth[child] > 0:
            kept.add(child)
            found.append((parent, child, edge))
    return found


def price(graph: Graph, tree: Iterable[tuple[int, int, int]]) -> int:
    """Return the cost of an answer in cents: its edges, the prizes it leaves, the graph's base; MUST or more if it fails."""
    total, reached = graph.base, set()
    for _, child, edge in tree:
        total += graph.cost[edge]
        reached.add(child)
    return total + sum(prize for v, prize in graph.prize.items() if v not in reached)


def polished(graph: Graph, vertices: Collection[int]) -> list[tuple[int, int, int]]:
    """Return the pruned cheapest tree over the vertices, repeated until nothing is saved."""
    tree = pruned(graph, spanning(graph, vertices))
    while True:
        again = pruned(graph, spanning(graph, [graph.root, *(child for _, child, _ in tree)]))
        if price(graph, again) >= price(graph, tree):
            return tree
        tree = again


def nearest(graph: Graph, sources: Iterable[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return each vertex's distance from its nearest source, and which it is."""
    near, cost = graph.near, graph.cost
    length = dict.fromkeys(sources, 0)
    whose = {v: v for v in length}
    queue = [(0, v) for v in length]
    heapify(queue)
    while queue:
        far, v = heappop(queue)
        if far > length[v]:
            continue
        for u, edge in near[v].items():
            through = far + cost[edge]
            if through < length.get(u, MUST) and graph.leads(v, edge):
                length[u] = through
                whose[u] = whose[v]
                heappush(queue, (through, u))
    return length, whose
