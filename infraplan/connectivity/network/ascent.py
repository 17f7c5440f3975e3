"""Wong's dual ascent: a lower bound on any answer, with the cuts that prove it, in one pass and without a solver.

Every edge is two arcs. A terminal not yet reached from the root over arcs of no remaining cost raises the price of the
cut around everything that reaches it, until an arc of the cut is used up or, for a terminal that may be left out, its
prize is. The sum of all raises is a lower bound; what remains of an arc's cost says how much dearer an answer with it
must be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np

from infraplan.connectivity.network.graph import MUST, Graph


@dataclass(frozen=True)
class Arcs:
    """The arcs of a graph as lists: arc 2e runs from `tail` to `head`, arc 2e+1 back; `into[v]` are v's incoming ones.

    The arc against a one-way edge costs `MUST`: no answer can pay it.
    """

    size: int
    edge: list[int]
    tail: list[int]
    head: list[int]
    cost: list[int]
    into: list[list[int]]

    @classmethod
    def of(cls, graph: Graph) -> "Arcs":
        """Number the arcs of a graph in the order of its edges."""
        arcs = cls(len(graph.near), [], [], [], [], [[] for _ in graph.near])
        for u, v, edge in graph.edges():
            for tail, head in ((u, v), (v, u)):
                arcs.into[head].append(len(arcs.tail))
                arcs.edge.append(edge)
                arcs.tail.append(tail)
                arcs.head.append(head)
                arcs.cost.append(graph.cost[edge] if graph.leads(tail, edge) else MUST)
        return arcs


@dataclass(frozen=True)
class Ascent:
    """What an ascent found: `bound` in cents (the graph's base included), what remains of arcs and of prizes, cuts.

    A cut is the terminal that raised it and the vertices on its side.
    """

    root: int
    bound: int
    left: list[int]
    prize_left: dict[int, int]
    cuts: list[tuple[int, frozenset[int]]]


def ascend(graph: Graph, arcs: Arcs, root: int, *, keep_cuts: bool = False) -> Ascent:
    """Run the ascent towards `root`, the graph's root or any terminal that must be connected.

    Terminals with the smallest cut go first, which gives the better bounds; ties by number, so that a run repeats.
    """
    ends = dict(graph.prize)
    if root != graph.root:
        del ends[root]
        ends[graph.root] = MUST
    left = list(arcs.cost)
    state = _State(arcs, left, root)
    queue = [(0, v) for v in sorted(ends)]
    heapify(queue)
    bound = graph.base
    cuts: list[tuple[int, frozenset[int]]] = []
    while queue:
        key, terminal = heappop(queue)
        cut = state.cut_around(terminal)
        if cut is None:
            continue
        size = len(cut)
        if queue and size > queue[0][0] and size > key:
            heappush(queue, (size, terminal))
            continue
        room = ends[terminal]
        if not cut and room == MUST:
            return Ascent(root, MUST, left, ends, cuts)
        raise_by = min(min([left[arc] for arc in cut], default=room), room)
        if keep_cuts:
            cuts.append((terminal, frozenset(state.reach[terminal])))
        for arc in cut:
            left[arc] -= raise_by
        bound += raise_by
        if room < MUST:
            ends[terminal] = room - raise_by
            if not ends[terminal]:
                continue
        heappush(queue, (size, terminal))
    return Ascent(root, bound, left, ends, cuts)


class _State:
    """What reaches each terminal over arcs used up; it only grows, so each search goes on where it stopped."""

    def __init__(self, arcs: Arcs, left: list[int], root: int) -> None:
        self.arcs, self.left, self.root = arcs, left, root
        self.reach: dict[int, set[int]] = {}
        self.rim: dict[int, list[int]] = {}

    def cut_around(self, terminal: int) -> list[int] | None:
        """Return the arcs into what reaches the terminal; None once the root does."""
        left, tail, into = self.left, self.arcs.tail, self.arcs.into
        reach = self.reach.setdefault(terminal, {terminal})
        pending = self.rim.pop(terminal, None)
        pending = list(into[terminal]) if pending is None else pending
        rim: list[int] = []
        while pending:
            arc = pending.pop()
            v = tail[arc]
            if v in reach:
                continue
            if left[arc]:
                rim.append(arc)
                continue
            if v == self.root:
                return None
            reach.add(v)
            pending += into[v]
        rim = [arc for arc in rim if tail[arc] not in reach]
        self.rim[terminal] = rim
        return rim


def distances(size: int, out: Sequence[Sequence[tuple[int, int]]], sources: Sequence[int]) -> list[int]:
    """Return the least sum of remaining costs from any source to every vertex (MUST where there is no way)."""
    found = [MUST] * size
    queue = []
    for v in sources:
        found[v] = 0
        queue.append((0, v))
    heapify(queue)
    while queue:
        length, v = heappop(queue)
        if length > found[v]:
            continue
        for u, cents in out[v]:
            through = length + cents
            if through < found[u]:
                found[u] = through
                heappush(queue, (through, u))
    return found


def slack(graph: Graph, arcs: Arcs, ascent: Ascent) -> tuple[np.ndarray, np.ndarray]:
    """Return how much above the bound an answer must lie that uses each arc, and each vertex, at the least.

    An answer with arc (u, v) has a way from the root to u, the arc, and a way on to some terminal, all disjoint.
    """
    forth: list[list[tuple[int, int]]] = [[] for _ in range(arcs.size)]
    back: list[list[tuple[int, int]]] = [[] for _ in range(arcs.size)]
    for tail, head, cents in zip(arcs.tail, arcs.head, ascent.left, strict=True):
        forth[tail].append((head, cents))
        back[head].append((tail, cents))
    ends = sorted({*graph.prize, graph.root} - {ascent.root})
    there = np.array(distances(arcs.size, forth, [ascent.root]), dtype=float)
    on = np.array(distances(arcs.size, back, ends), dtype=float)
    by_arc = there[arcs.tail] + np.array(ascent.left, dtype=float) + on[arcs.head]
    return by_arc, there + on
