"""The network as a graph that can be made smaller without losing the best answer.

One vertex, the root, stands for all points of presence. Amounts are whole cents, so that every comparison is exact.
A terminal is a vertex with a prize: what is saved by connecting it (`MUST`: it has to be connected). The cost of an
answer is the cost of its edges plus the prizes of the terminals it leaves out.

Every edge knows the links of the file it stands for (`Parts`), so that an answer on the small graph is an answer on
the first one.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

MUST: Final = 1 << 62
"""Prize of a terminal that has to be connected; larger than any sum of money here."""

Parts = int | tuple["Parts", "Parts"]
"""A link of the file, or two chains of them."""


@dataclass
class Graph:
    """A graph under reduction. `near[u][v]` is the number of the edge between u and v.

    `one_way` names the edges that lead away from the root in one direction only, with the vertex they start from; a graph
    with such edges is not reduced by tests that stand on undirected edges.
    """

    root: int
    near: list[dict[int, int]]
    prize: dict[int, int] = field(default_factory=dict)
    cost: list[int] = field(default_factory=list)
    parts: list[Parts] = field(default_factory=list)
    base: int = 0
    taken: list[Parts] = field(default_factory=list)
    hangs: list[tuple[int, Parts]] = field(default_factory=list)
    one_way: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        size: int,
        root: int,
        edges: Iterable[tuple[int, int, int]],
        prizes: dict[int, int],
        one_way: Collection[int] = (),
    ) -> "Graph":
        """Build a graph of `size` vertices from (u, v, cents) in the order of the links, and prizes by vertex.

        `one_way` are the numbers of the links that lead from u to v only; no other link may join the same vertices.
        """
        graph = cls(root, [{} for _ in range(size)], {v: p for v, p in prizes.items() if v != root and p > 0})
        for number, (u, v, cents) in enumerate(edges):
            graph.join(u, v, cents, number)
            if number in one_way:
                graph.one_way[graph.near[u][v]] = u
        return graph

    def leads(self, v: int, edge: int) -> bool:
        """Whether an edge leads onward from one of its ends."""
        return self.one_way.get(edge, v) == v

    def copy(self) -> "Graph":
        """Return an independent copy."""
        return Graph(
            self.root,
            [dict(told) for told in self.near],
            dict(self.prize),
            list(self.cost),
            list(self.parts),
            self.base,
            list(self.taken),
            list(self.hangs),
            dict(self.one_way),
        )

    def join(self, u: int, v: int, cents: int, parts: Parts) -> None:
        """Add an edge; of two between the same vertices the cheaper stays, a loop is dropped."""
        known = self.near[u].get(v)
        if u == v or (known is not None and self.cost[known] <= cents):
            return
        self.near[u][v] = self.near[v][u] = len(self.cost)
        self.cost.append(cents)
        self.parts.append(parts)

    def cut(self, u: int, v: int) -> None:
        """Remove the edge between u and v."""
        del self.near[u][v]
        del self.near[v][u]

    def drop(self, v: int) -> None:
        """Remove a vertex that the answer leaves out; the prize of a terminal is paid."""
        for u in list(self.near[v]):
            self.cut(u, v)
        self.base += self.prize.pop(v, 0)

    def merge(self, kept: int, gone: int) -> None:
        """Take the edge between two vertices that are both in every answer; they become one."""
        edge = self.near[kept][gone]
        self.base += self.cost[edge]
        self.taken.append(self.parts[edge])
        self.cut(kept, gone)
        for v, other in list(self.near[gone].items()):
            self.cut(gone, v)
            self.join(kept, v, self.cost[other], self.parts[other])
        self.prize.pop(gone, None)
        if gone == self.root:
            self.root = kept
            self.prize.pop(kept, None)
        elif kept != self.root:
            self.prize[kept] = MUST

    def hang(self, leaf: int) -> None:
        """Settle a terminal with one edge that is worth more than it: it is connected where its neighbor is."""
        (v, edge) = next(iter(self.near[leaf].items()))
        cents, prize = self.cost[edge], self.prize.pop(leaf)
        self.cut(leaf, v)
        self.hangs.append((v, self.parts[edge]))
        self.base += cents
        if v != self.root and self.prize.get(v, 0) != MUST:
            self.prize[v] = self.prize.get(v, 0) + prize - cents

    def edges(self) -> Iterator[tuple[int, int, int]]:
        """Yield (u, v, edge) with u < v, each once, in order."""
        for u, told in enumerate(self.near):
            for v, edge in told.items():
                if u < v:
                    yield u, v, edge

    def size(self) -> tuple[int, int, int]:
        """Return how many vertices, edges and terminals are left."""
        ends = sum(len(told) for told in self.near)
        return sum(1 for told in self.near if told), ends // 2, len(self.prize)

    def links(self, chosen: Iterable[int]) -> list[int]:
        """Return the links of the file that a choice of edges stands for, forced ones included, without the hanging."""
        stack = [*self.taken, *(self.parts[edge] for edge in chosen)]
        found = []
        while stack:
            told = stack.pop()
            if isinstance(told, int):
                found.append(told)
            else:
                stack += told
        return found


def flat(parts: Parts) -> list[int]:
    """Return the links of one chain.

    >>> sorted(flat(((4, 2), 7)))
    [2, 4, 7]
    """
    stack, found = [parts], []
    while stack:
        told = stack.pop()
        if isinstance(told, int):
            found.append(told)
        else:
            stack += told
    return found
