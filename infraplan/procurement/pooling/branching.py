"""Branch and bound over the tiers of a large purchase, with awards of whole members along the way.

Few bids win, so few questions are open: does this bid reach that tier? Both sides of the most telling one are solved, each
on a relaxation of its own (`relaxation`), and the better one is followed. Members are divisible there. Every promising
set of tiers is completed to an award of whole members by the model itself, restricted to those tiers, which is quick.
"""

import heapq
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from infraplan.procurement.pooling.relaxation import EPS, INFINITE, Fixed, Tree
from infraplan.solve import Floats

Tiers = tuple[tuple[int, int], ...]
"""Open tiers: one (bid, tier) for each bid that wins."""
HALF: Final = 0.5
MOST_STEPS: Final = 12
"""Steps of the climb from the first set of tiers to a good one."""


@dataclass(frozen=True)
class Node:
    """One open part of the search: its bound, the branches that lead there, and how open each tier is."""

    bound: float
    fixed: Fixed
    wins: Floats


@dataclass
class Search:
    """Best-first search; `complete` gives the cost of the best award of whole members at a set of tiers."""

    trees: tuple[Tree, Tree]
    complete: Callable[[Tiers], float]
    gap: float
    deadline: float
    parallel: bool = True
    tell: Callable[[float, float], None] | None = None
    """Told the best cost and the bound after each step."""
    first: Sequence[Tiers] = ()
    """Sets of tiers to try where the climb from the first bound comes to nothing."""
    best: float = INFINITE
    settled: float = INFINITE
    """The least bound of what is done with."""
    tried: dict[Tiers, float] = field(default_factory=dict)
    count: int = 0

    def run(self) -> float:
        """Search until the best award is proved within the gap, or the deadline; returns the bound."""
        bound, wins = self.trees[0].bound((), INFINITE)
        root = Node(bound, (), wins)
        if root.bound >= self._cutoff():
            return min(self.best, root.bound)
        self._climb(root)
        for tiers in self.first if self.best >= INFINITE else ():
            self._try(tiers)
        waiting: list[tuple[float, int, Node]] = [(root.bound, 0, root)]
        while waiting and waiting[0][0] < self._cutoff() and time.perf_counter() < self.deadline:
            if self.tell is not None:
                self.tell(self.best if self.best < INFINITE else np.inf, waiting[0][0])
            _, _, node = heapq.heappop(waiting)
            for child in self._dive(node):
                self.count += 1
                heapq.heappush(waiting, (child.bound, self.count, child))
        return min([self.best, self.settled, *(item[0] for item in waiting)])

    def _cutoff(self) -> float:
        return self.best * (1 - self.gap)

    # --- awards -----------------------------------------------------------------------------------------------------

    def _try(self, tiers: Tiers) -> float:
        if tiers not in self.tried:
            self.tried[tiers] = self.complete(tiers)
            self.best = min(self.best, self.tried[tiers])
        return self.tried[tiers]

    def _climb(self, node: Node) -> None:
        """Try the tiers mostly open at a node, then, one bid at a time, a tier less, until an award comes of it."""
        tree, reached = self.trees[0], self._reached(node.wins)
        top = {int(tree.bid[place]): int(tree.level[place]) for place in np.flatnonzero(reached > HALF).tolist()}
        current = tuple(sorted(top.items()))
        for _ in range(MOST_STEPS):
            if self._try(current) < INFINITE or self._late():
                return
            near = {tiers: self._try(tiers) for tiers in self._one_less(current) if not self._late()}
            if not near or min(near.values()) < INFINITE:
                return
            current = min(sorted(near), key=self._excess)

    def _late(self) -> bool:
        return time.perf_counter() > self.deadline

    def _excess(self, tiers: Tiers) -> float:
        """How much quantity these tiers ask for, to come down from a set that asks for too much."""
        bids = self.trees[0].given.inputs.bids
        return sum(bids[bid].levels[level].from_quantity for bid, level in tiers)

    def _one_less(self, tiers: Tiers) -> list[Tiers]:
        levels, found = self.trees[0].given.levels, []
        for bid, level in tiers:
            rest = [pair for pair in tiers if pair[0] != bid]
            found.append(tuple(sorted([*rest, (bid, level - 1)] if level - 1 in levels[bid] else rest)))
        return found

    # --- bounds -----------------------------------------------------------------------------------------------------

    def _dive(self, node: Node) -> list[Node]:
        """Follow the better side until it is settled; returns the sides left for later."""
        left: list[Node] = []
        while not self._late():
            if (np.minimum(node.wins, 1 - node.wins) < EPS).all():
                self._settle(node)
                return left
            near, far = self._branch(node)
            if near.bound >= self._cutoff():
                self.settled = min(self.settled, near.bound)
                return left
            left.append(far)
            node = near
        return [*left, node]

    def _settle(self, node: Node) -> None:
        """A node whose tiers are all open or shut: only its members are still divided."""
        tree = self.trees[0]
        self._try(tuple(sorted(tree.tiers[place] for place in np.flatnonzero(node.wins > HALF).tolist())))
        self.settled = min(self.settled, node.bound)

    def _branch(self, node: Node) -> list[Node]:
        """Both sides of the most telling open question, the better side first."""
        reached = self._reached(node.wins)
        partly = np.minimum(reached, 1 - reached)
        tier = int(np.argmax(np.where(partly > EPS, partly, 0.0) * self.trees[0].size))
        fixed = [(*node.fixed, (tier, side)) for side in (0, 1)]
        cutoff = self._cutoff()
        if self.parallel:
            with ThreadPoolExecutor(2) as pool:
                told = list(pool.map(lambda side: self.trees[side].bound(fixed[side], cutoff), (0, 1)))
        else:
            told = [self.trees[side].bound(fixed[side], cutoff) for side in (0, 1)]
        sides = [Node(max(bound, node.bound), path, wins) for (bound, wins), path in zip(told, fixed, strict=True)]
        return sorted(sides, key=lambda side: side.bound)

    def _reached(self, wins: Floats) -> Floats:
        """How far each bid is open at each tier or beyond."""
        tree, found = self.trees[0], np.zeros(len(wins))
        for bid in np.unique(tree.bid[wins > 0]).tolist():
            places = np.flatnonzero(tree.bid == bid)
            found[places] = np.cumsum(wins[places][::-1])[::-1]
        return found
