"""How long it takes to choose a network, how good the answer is, beside a spanning tree that is pruned.

    python benchmarks/bench_build.py [SITES...]            a made-up state, by default with 200, 500 and 1,000 sites
    python benchmarks/bench_build.py franklin [SITES...]   the sample state, by default with 200, 500 and 1,000 sites
    python benchmarks/bench_build.py steinlib DIR          every SteinLib file (.stp) of a directory, beside optima.csv
    python benchmarks/bench_build.py files DIR...          sites.csv, network.csv, pops.txt (or the sample's build_*.csv)
    python benchmarks/bench_build.py points FILE OUT       real school points and INVENTED points of presence; writes OUT

The made-up state: six in ten sites around twelve towns, three crossings to a site, one point of presence to forty sites,
links between neighbors at 8 to 18 USD a foot by terrain, an alternative for one site in three.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from infraplan.connectivity.network import answer, candidates, inputs, plan, trees
from infraplan.connectivity.network.answer import Network
from infraplan.connectivity.network.costs import shipped
from infraplan.connectivity.network.graph import MUST, Graph
from infraplan.sample import MOST_DISTRICTS
from infraplan.sample.ground import make_ground
from infraplan.sample.homes import make_homes
from infraplan.sample.people import make_people, overlaps
from infraplan.sample.plans import write_build
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


def told(name: str, asked: Network, limit: float) -> None:
    """Solve one instance and print its row."""
    begun = time.perf_counter()
    simple = pruned_tree(asked)
    between = time.perf_counter()
    found = answer.find(asked, Limits(gap=0, time_limit=limit))
    spent = time.perf_counter() - between
    dearer = "" if asked.one_way else f"; spanning tree pruned: {simple / 100 / found.result.objective - 1:.1%} dearer"
    print(
        f"{name}: {len(asked.edges):,} links: {found.result.status} {found.result.objective:,.0f} (gap "
        f"{found.result.gap:.2%}) in {spent:.2f} s{dearer}, in {between - begun:.2f} s"
    )


def steinlib(folder: Path) -> None:
    """Every published instance of a directory, in cents."""
    optima = {}
    if (folder.parent / "optima.csv").is_file():
        with (folder.parent / "optima.csv").open(encoding="utf-8", newline="") as opened:
            optima = {row["file"]: row["optimum"] for row in csv.DictReader(opened)}
    for path in sorted(folder.glob("*.stp")):
        words = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        edges = [(int(one[1]) - 1, int(one[2]) - 1, 100 * int(one[3])) for one in words if one[0] == "E"]
        ends = [int(one[1]) - 1 for one in words if one[0] == "T"]
        size = next(int(one[1]) for one in words if one[0] == "Nodes")
        asked = Network(size, ends[0], edges, dict.fromkeys(ends[1:], MUST))
        told(f"{path.name} (published {optima.get(path.name, '?')})", asked, 60)


def files(folder: Path, name: str = "") -> None:
    """One instance as files."""
    names = "build_{}.csv" if (folder / "build_sites.csv").is_file() else "{}.csv"
    sites, network, nodes = (folder / names.format(name) for name in ("sites", "network", "nodes"))
    with nodes.open(encoding="utf-8", newline="") as opened:
        pops = [row["node"] for row in csv.DictReader(opened) if row["node"].startswith("pop")]
    asked, _ = plan.network(inputs.read(sites, network, nodes, pops))
    told(name or str(folder), asked, 60)


def franklin(sites: int) -> None:
    """The sample state with as many sites, over its roads and crossings."""
    districts = min(MOST_DISTRICTS, 3 * sites)
    ground = make_ground(districts - overlaps(districts), 1)
    people = make_people(ground, make_homes(ground, 40 * districts, 1), districts, 1)
    with tempfile.TemporaryDirectory() as folder:
        write_build(Path(folder), people, ground, 1, count=sites)
        files(Path(folder), f"Franklin, {sites:,} sites")


def points(file: Path, out: Path) -> None:
    """Real school points as sites to connect, three INVENTED points of presence at schools; runs the command."""
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    rows = [(one["properties"]["NCESSCH"], *one["geometry"]["coordinates"][:2]) for one in features if one["geometry"]]
    rows = sorted({row[0]: row for row in rows}.values())
    place = np.array([row[1:] for row in rows], dtype=float)
    corners = [
        place.sum(axis=1).argmax(),
        place.sum(axis=1).argmin(),
        np.abs(place - np.median(place, axis=0)).sum(axis=1).argmin(),
    ]
    pops = {f"pop{number} (INVENTED)": place[row] + 0.002 for number, row in enumerate(corners)}
    out.mkdir(parents=True, exist_ok=True)
    with (out / "sites.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("site_id", "lon", "lat"), *rows])
    with (out / "nodes.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(
            [("node", "lon", "lat"), *((name, *xy.round(6).tolist()) for name, xy in pops.items())]
        )
    command = [str(Path(sys.executable).with_name("infraplan")), "connectivity", "build", "--gap", "0"]
    command += ["--sites", str(out / "sites.csv"), "--nodes", str(out / "nodes.csv"), "-o", str(out / "network")]
    begun = time.perf_counter()
    subprocess.run([*command, *(word for name in pops for word in ("--pop", name))], check=True)
    record = json.loads((out / "network" / "solution.json").read_text(encoding="utf-8"))
    print(f"{len(rows):,} sites: {record['status']}, gap {record['gap']:.2%}, choice {record['seconds']:.2f} s, whole "
          f"{time.perf_counter() - begun:.1f} s")  # fmt: skip


def main() -> None:
    """Measure and print."""
    words = sys.argv[1:]
    if words[:1] == ["franklin"]:
        for sites in [int(word) for word in words[1:]] or [200, 500, 1000]:
            franklin(sites)
    elif words[:1] == ["steinlib"]:
        steinlib(Path(words[1]))
    elif words[:1] == ["files"]:
        for word in words[1:]:
            files(Path(word))
    elif words[:1] == ["points"]:
        points(Path(words[1]), Path(words[2]))
    else:
        for sites in [int(word) for word in words] or [200, 500, 1000]:
            told(f"{sites:,} sites", network(sites), 300)


if __name__ == "__main__":
    main()
