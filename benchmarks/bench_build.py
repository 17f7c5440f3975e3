"""How long it takes to choose a network for 200, 500 and 1,000 sites, beside a spanning tree that is pruned.

usage: python benchmarks/bench_build.py [SITES...]

A made-up state: six in ten sites around twelve towns, three crossings to a site, one point of presence to forty sites,
links between neighbors at 8 to 18 USD a foot by terrain, an alternative for one site in three.
"""

import sys
import time

import numpy as np

from infraplan.connectivity.network import answer, candidates, trees
from infraplan.connectivity.network.answer import Network
from infraplan.connectivity.network.costs import shipped
from infraplan.connectivity.network.graph import MUST, Graph
from infraplan.solve import Limits


def network(sites: int, seed: int = 1) -> Network:
    """A made-up state with `sites` sites; the points of presence are vertex 0."""
    luck = np.random.default_rng(seed)
    towns = luck.uniform([-104, 38], [-99, 42], (12, 2))
    pops = max(2, sites // 40)
    count = 4 * sites + pops
    near_town = towns[luck.integers(0, 12, count)] + luck.normal(0, [0.15, 0.12], (count, 2))
    points = np.where(luck.random((count, 1)) < 0.6, near_town, luck.uniform([-104, 38], [-99, 42], (count, 2)))
    told = shipped()
    links = candidates.links(points[:, 0].tolist(), points[:, 1].tolist(), detour=told.detour,
                             usd_per_foot=told.usd_per_foot.middle)  # fmt: skip
    terrain = luck.uniform(8, 18, (20, 20)) / float(told.usd_per_foot.middle)
    cells = np.clip(((points - [-104, 38]) / [5, 4] * 20).astype(int), 0, 19)

    def vertex(place: int) -> int:
        return 0 if place < pops else place - pops + 1

    edges = [
        (vertex(a), vertex(b), round(float(usd) * 100 * float(terrain[tuple(cells[a])]))) for a, b, _, usd in links
    ]
    prizes = {
        vertex(pops + place): round(float(luck.uniform(60_000, 900_000)) * 100) if place % 3 == 0 else MUST
        for place in range(sites)
    }
    return Network(count - pops + 1, 0, edges, prizes)


def pruned_tree(asked: Network) -> int:
    """Cost in cents of a cheapest spanning tree over all nodes, pruned."""
    graph = Graph.of(asked.size, asked.root, asked.edges, dict(asked.prizes))
    return trees.price(graph, trees.pruned(graph, trees.spanning(graph, range(asked.size))))


def main() -> None:
    """Measure and print."""
    for sites in [int(word) for word in sys.argv[1:]] or [200, 500, 1000]:
        asked = network(sites)
        begun = time.perf_counter()
        simple = pruned_tree(asked)
        between = time.perf_counter()
        found = answer.find(asked, Limits(gap=0, time_limit=300))
        spent = time.perf_counter() - between
        print(
            f"{sites:,} sites, {len(asked.edges):,} links: {found.result.status} {found.result.objective:,.0f} USD "
            f"(gap {found.result.gap:.2%}) in {spent:.1f} s; spanning tree pruned: {simple / 100:,.0f} USD, "
            f"{simple / 100 / found.result.objective - 1:.1%} dearer, in {between - begun:.2f} s"
        )


if __name__ == "__main__":
    main()
