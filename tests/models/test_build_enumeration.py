"""The network to build against second opinions: every choice tried, and a flow model without any of its machinery."""

import random
from itertools import combinations

import pulp
import pytest

from infraplan.connectivity.network import answer, reductions
from infraplan.connectivity.network.answer import Network
from infraplan.connectivity.network.graph import MUST
from infraplan.solve import Limits, Status, solve

PROVED = Limits(gap=0, threads=1)


def small(seed: int) -> Network:
    """Up to nine nodes, some ties and free links, half of the sites with an alternative."""
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    size = luck.randint(4, 9)
    edges = [(luck.randrange(v), v, 100 * luck.randint(0, 9)) for v in range(1, size)]
    for _ in range(luck.randint(2, 2 * size)):
        u, v = luck.sample(range(size), 2)
        edges.append((u, v, 100 * luck.randint(1, 9)))
    ends = luck.sample(range(1, size), luck.randint(1, size - 1))
    return Network(size, 0, edges, {v: MUST if luck.random() < 0.5 else 100 * luck.randint(0, 15) for v in ends})


def grid(seed: int) -> Network:
    """A grid of streets with diagonals and many equal costs, where reductions and bounds find little."""
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    side = luck.choice([4, 5])
    steps = [
        (i * side + j, a * side + b)
        for i in range(side)
        for j in range(side)
        for a, b in ((i + 1, j), (i, j + 1), (i + 1, j + 1))
        if a < side and b < side
    ]
    edges = [(u, v, 100 * luck.choice([1, 1, 2])) for u, v in steps]
    ends = luck.sample(range(1, side * side), side * side // 3)
    return Network(side * side, 0, edges, {v: MUST if luck.random() < 0.6 else 100 * luck.randint(1, 4) for v in ends})


def tried(network: Network) -> int:
    """The least cost over every set of nodes: a cheapest tree over it, and the alternatives it leaves."""
    best = MUST
    others = [v for v in range(network.size) if v != network.root]
    for count in range(len(others) + 1):
        for some in combinations(others, count):
            inside = {network.root, *some}
            cost = sum(prize for v, prize in network.prizes.items() if v not in inside)
            for u, v, cents in spanning(network, inside) if cost < best else []:
                cost += cents if u != v else MUST
            best = min(best, cost)
    return best


def spanning(network: Network, inside: set[int]) -> list[tuple[int, int, int]]:
    """A cheapest tree over some nodes; ends with a link from a node to itself where they do not hang together."""
    whose = {v: v for v in inside}

    def top(v: int) -> int:
        while whose[v] != v:
            v = whose[v]
        return v

    tree = []
    for u, v, cents in sorted(network.edges, key=lambda told: told[2]):
        if u in inside and v in inside and top(u) != top(v):
            whose[top(u)] = top(v)
            tree.append((u, v, cents))
    return tree if len(tree) == len(inside) - 1 else [*tree, (0, 0, 0)]


def flows(network: Network) -> float:
    """The least cost by a unit of flow to each site, in cents."""
    problem = pulp.LpProblem("flows", pulp.LpMinimize)
    dug = [problem.add_variable(f"dug_{number}", cat="Binary") for number in range(len(network.edges))]
    left = {v: problem.add_variable(f"left_{v}", cat="Binary") for v, prize in network.prizes.items() if prize < MUST}
    cost = [(dug[number], cents) for number, (_, _, cents) in enumerate(network.edges)]
    problem += pulp.LpAffineExpression([*cost, *((left[v], network.prizes[v]) for v in left)])
    for end in network.prizes:
        into: dict[int, list[tuple[pulp.LpVariable, float]]] = {v: [] for v in range(network.size)}
        for number, (u, v, _) in enumerate(network.edges):
            there = problem.add_variable(f"flow_{end}_{number}_0", 0, 1)
            back = problem.add_variable(f"flow_{end}_{number}_1", 0, 0 if number in network.one_way else 1)
            problem += there + back <= dug[number]
            into[v] += [(there, 1), (back, -1)]
            into[u] += [(there, -1), (back, 1)]
        for v in range(network.size):
            if v != network.root:
                asked = 0 if v != end else (1 - left[end] if end in left else 1)
                problem += pulp.LpAffineExpression(into[v]) == asked
    return solve(problem, PROVED).objective


def with_towers(seed: int) -> Network:
    """A small network beside feet and masts of towers: radios lead one way, from masts to doors and to other feet."""
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    size, towers, doors = luck.randint(4, 7), luck.randint(1, 3), luck.randint(1, 4)
    edges = [(luck.randrange(v), v, 100 * luck.randint(1, 9)) for v in range(1, size)]
    edges += [(u, v, 100 * luck.randint(1, 9)) for u, v in (luck.sample(range(size), 2) for _ in range(size))]
    plain = len(edges)
    nodes = luck.sample(range(size), towers)
    feet = [node if luck.random() < 0.7 else size + k for k, node in enumerate(nodes)]
    masts = [size + towers + k for k in range(towers)]
    ends = [size + 2 * towers + k for k in range(doors)]
    edges += [(foot, mast, 100 * luck.randint(0, 6)) for foot, mast in zip(feet, masts, strict=True)]
    edges += [(masts[j], feet[k], 100) for j in range(towers) for k in range(towers) if j != k and luck.random() < 0.7]
    edges += [(mast, end, 100 * luck.randint(0, 2)) for mast in masts for end in ends if luck.random() < 0.7]
    edges += [(luck.randrange(size), end, 100 * luck.randint(0, 4)) for end in ends]
    sites = luck.sample(range(1, size), 2)
    prizes = {v: MUST if luck.random() < 0.6 else 100 * luck.randint(1, 12) for v in [*ends, *sites]}
    return Network(size + 2 * towers + doors, 0, edges, prizes, frozenset(range(plain, len(edges))))


@pytest.mark.parametrize("seed", range(40))
def test_one_way_radios_are_never_used_backward(seed: int) -> None:
    network = with_towers(seed)
    found = answer.find(network, PROVED)
    assert found.result.status == Status.optimal
    assert network.cost(found.links) == pytest.approx(flows(network))


@pytest.mark.parametrize("seed", range(60))
def test_the_network_is_the_cheapest_of_all(seed: int) -> None:
    network = small(seed)
    found = answer.find(network, PROVED)
    assert found.result.status == Status.optimal
    assert network.cost(found.links) == tried(network)
    assert found.result.objective == pytest.approx(network.cost(found.links) / 100)


@pytest.mark.parametrize("seed", range(6))
def test_a_grid_full_of_ties_is_solved_as_by_flows(seed: int) -> None:
    network = grid(seed)
    found = answer.find(network, PROVED)
    assert found.result.status == Status.optimal
    assert network.cost(found.links) == pytest.approx(flows(network))


@pytest.mark.parametrize("seed", range(6))
def test_the_linear_model_alone_finds_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = grid(100 + seed)
    quick = answer.find(network, PROVED)
    monkeypatch.setattr(answer, "PASSES", 0)
    monkeypatch.setattr(reductions, "simplify", lambda *_: None)
    alone = answer.find(network, PROVED)
    assert alone.result.status == quick.result.status == Status.optimal
    assert network.cost(alone.links) == network.cost(quick.links)


@pytest.mark.parametrize("seed", range(20))
def test_reductions_keep_the_best_answer(seed: int) -> None:
    network = small(1000 + seed)
    search = answer.Search(network, PROVED)
    before = tried(network)
    reductions.simplify(search.graph)
    left = [v for v, told in enumerate(search.graph.near) if told or v in search.graph.prize or v == search.graph.root]
    place = {v: number for number, v in enumerate(left)}
    edges = [(place[u], place[v], search.graph.cost[edge]) for u, v, edge in search.graph.edges()]
    prizes = {place[v]: prize for v, prize in search.graph.prize.items()}
    assert search.graph.base + tried(Network(len(left), place[search.graph.root], edges, prizes)) == before


def test_time_that_runs_out_leaves_an_answer_and_an_honest_bound() -> None:
    network = grid(7)
    found = answer.find(network, Limits(gap=0, time_limit=1e-9))
    best = answer.find(network, PROVED)
    assert found.result.status in (Status.stopped_feasible, Status.optimal)
    assert found.result.bound <= best.result.objective <= found.result.objective == network.cost(found.links) / 100
