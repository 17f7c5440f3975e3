"""Projects and money, and a network to build, for the sample state: ILLUSTRATIVE, at invented prices."""

from decimal import Decimal
from pathlib import Path

import numpy as np
from pyproj import Transformer
from scipy.spatial import Delaunay, cKDTree

from infraplan import rules
from infraplan.sample.erate import FUNDING_YEAR, rates_of
from infraplan.sample.files import SampleFile, write_records
from infraplan.sample.ground import CITY, Floats, Ground
from infraplan.sample.luck import chance
from infraplan.sample.names import told
from infraplan.sample.nces import Circuit
from infraplan.sample.people import Lea, People
from infraplan.sample.towers import write_towers

YEARS = range(FUNDING_YEAR, FUNDING_YEAR + 5)
MOST_SITES = 200
_FEET_PER_METER = 1 / 0.3048
Row = dict[str, object]


def write_funding(folder: Path, bought: list[Circuit], seed: int) -> list[SampleFile]:
    """Write projects, yearly funds and Category Two budgets."""
    rng = np.random.default_rng([seed, 91])
    projects: list[Row] = []
    for circuit in bought:
        projects += _projects(circuit, rng)
    funds = _funds(projects)
    budgets: list[Row] = [
        {"lea_id": c.lea.lea_id, "cycle_start": FUNDING_YEAR, "available_usd": f"{_c2_budget(c.lea):.2f}"}
        for c in bought
    ]
    return [
        SampleFile(write_records(folder / "projects.csv", projects), "Candidate projects (ILLUSTRATIVE)", role="bids"),
        SampleFile(write_records(folder / "funds.csv", funds), "Yearly funds (ILLUSTRATIVE)", role="bids"),
        SampleFile(
            write_records(folder / "c2_budgets.csv", budgets), "Category Two budgets left (ILLUSTRATIVE)", role="bids"
        ),
    ]


def _projects(circuit: Circuit, rng: np.random.Generator) -> list[Row]:
    """Projects of one agency: equipment for most; for those short of bandwidth a build and, after it, a larger circuit."""
    lea, prices = circuit.lea, told("prices")
    rows: list[Row] = []
    if chance(rng, 0.7):
        cost = lea.students * float(rng.uniform(*prices["project"]["equipment_usd_per_student"]))
        rows.append(
            _project("wifi", lea, "equipment", cost, benefit=round(lea.students * float(rng.uniform(0.2, 0.9))))
        )
    if circuit.mbps is None or circuit.mbps >= lea.students:
        return rows
    trench = float(rng.lognormal(9.6, 0.6)) * float(rng.uniform(*prices["construction"]["usd_per_foot"]))
    low, high = prices["project"]["recurring_usd"]
    larger, wireless = rng.uniform(low, high, 2)
    rows.append(_project("build", lea, "special_construction", trench, benefit=0))
    rows.append(_project("circuit", lea, "recurring", larger, benefit=lea.students, requires="build", wait=1))
    if chance(rng, 0.3):
        benefit = round(lea.students * 0.6)
        rows.append(_project("wireless", lea, "recurring", 1.4 * wireless, benefit=benefit, excludes="circuit"))
    return rows


def _project(
    what: str, lea: Lea, kind: str, usd: float, *, benefit: int, requires: str = "", excludes: str = "", wait: int = 0
) -> Row:
    """One row of the projects; `requires` and `excludes` name others of the same agency, `wait` puts off its first year."""
    rate, category = rates_of(lea), "C2" if kind == "equipment" else "C1"
    return {
        "project_id": f"{what}-{lea.lea_id}",
        "lea_id": lea.lea_id,
        "name": lea.name,
        "category": category,
        "kind": kind,
        "pre_discount_usd": f"{usd:.2f}",
        "rate": rate.c2 if category == "C2" else rate.c1,
        "students": lea.students,
        "benefit": benefit,
        "earliest_year": YEARS[0] + wait,
        "latest_year": YEARS[-1],
        "requires": f"{requires}-{lea.lea_id}" if requires else "",
        "excludes": f"{excludes}-{lea.lea_id}" if excludes else "",
        "need_weight": round(max(0.0, lea.nslp_share - 0.4), 2),
    }


def _funds(projects: list[Row]) -> list[Row]:
    """Funds of five years that together cover about a third of the applicants' shares; one kind lacks an authority."""
    shares = sum(float(str(row["pre_discount_usd"])) * (100 - int(str(row["rate"]))) / 100 for row in projects)
    kinds = (
        ("state_match", 0.08, "C1", "Franklin Code 12-310 (fictional)", "yes"),
        ("state_grant", 0.14, "C1 C2", "Franklin Code 12-315 (fictional)", "no"),
        ("local", 0.08, "C1 C2", "district boards (fictional)", "no"),
        ("oer_savings", 0.02, "C2", "Franklin Code 60-112 (fictional)", "no"),
        ("tribal", 0.01, "C1", "", ""),
    )
    return [
        {
            "fund_id": f"{kind}-{year}",
            "kind": kind,
            "year": year,
            "usd": round(shares * part / len(YEARS)),
            "lea_id": "",
            "may_pay_for": uses,
            "authority_cite": cite,
            "match_eligible": match,
        }
        for year in YEARS
        for kind, part, uses, cite, match in kinds
    ]


def _c2_budget(lea: Lea) -> Decimal:
    """Category Two budget of an agency: the best of students, floors and, with few sites, the sum over them."""
    book = rules.load("erate", FUNDING_YEAR, "category_two")
    each, floor = Decimal(book.value("school.usd_per_student")), Decimal(book.value("floor.usd_per_site"))
    ways = [each * lea.students, floor * len(lea.schools)]
    if len(lea.schools) <= book.value("hybrid.most_sites"):
        ways.append(sum((max(floor, each * school.students) for school in lea.schools), Decimal(0)))
    return max(ways)


def write_build(
    folder: Path, people: People, ground: Ground, seed: int, *, count: int | None = None
) -> list[SampleFile]:
    """Write sites without fiber, nodes (sites, crossings, points of presence) and the candidate network between them.

    There are `count` sites, or four in ten of the rural schools, at least 8 and at most `MOST_SITES`.
    """
    rng = np.random.default_rng([seed, 92])
    schools = [school for lea in people.leas for school in lea.schools if school.rural or lea.in_country]
    wanted = count or min(MOST_SITES, max(8, round(len(schools) * 0.4)))
    chosen = [schools[k] for k in np.sort(rng.choice(len(schools), min(wanted, len(schools)), replace=False))]
    to_degrees = Transformer.from_crs(5070, 4269, always_xy=True)
    to_meters = Transformer.from_crs(4269, 5070, always_xy=True)
    site_xy = np.column_stack(to_meters.transform([s.lon for s in chosen], [s.lat for s in chosen]))
    pops = np.flatnonzero(ground.kind == CITY)
    crossings = rng.choice(len(ground.x), min(4 * len(chosen), len(ground.x)), replace=False)
    points = np.vstack(
        [
            site_xy,
            np.column_stack([ground.seed_x[pops], ground.seed_y[pops]]),
            np.column_stack([ground.x[crossings], ground.y[crossings]]),
        ]
    )
    names = (
        [f"s{k}" for k in range(len(chosen))]
        + [f"pop{k}" for k in range(len(pops))]
        + [f"x{k}" for k in range(len(crossings))]
    )
    lon, lat = to_degrees.transform(points[:, 0], points[:, 1])
    nodes: list[Row] = [
        {"node": name, "lon": f"{x:.6f}", "lat": f"{y:.6f}"} for name, x, y in zip(names, lon, lat, strict=True)
    ]
    alternative, leas = told("prices")["alternative"]["usd"], {lea.lea_id: lea for lea in people.leas}
    sites: list[Row] = [
        {
            "site_id": school.ncessch,
            "node": f"s{k}",
            "students": school.students,
            "mbps": 1_000,
            "alternative_usd": int(rng.integers(*alternative)) if k % 3 == 0 else "",
            "c1_rate": rates_of(leas[school.lea_id]).c1,
            "wireless": "yes" if k % 2 else "no",
        }
        for k, school in enumerate(chosen)
    ]
    what = {
        "sites": ("Sites to connect", sites),
        "nodes": ("Network nodes", nodes),
        "network": ("Candidate network", _network(points, names, rng)),
    }
    written = [
        SampleFile(write_records(folder / f"build_{name}.csv", rows), f"{words} (ILLUSTRATIVE)", role="bids")
        for name, (words, rows) in what.items()
    ]
    return written + write_towers(folder, nodes, seed)


def _network(points: Floats, names: list[str], rng: np.random.Generator) -> list[Row]:
    """Edges from each node to its eight nearest, and those of the Delaunay triangles, which keep all of it in one piece."""
    prices = told("prices")["construction"]
    nearest = np.asarray(cKDTree(points).query(points, k=min(9, len(points)))[1])
    pairs = {(min(a, b), max(a, b)) for a, row in enumerate(nearest.tolist()) for b in row if a != b}
    for corners in Delaunay(points).simplices.tolist():
        pairs |= {(min(a, b), max(a, b)) for a in corners for b in corners if a != b}
    rows: list[Row] = []
    for a, b in sorted(pairs):
        meters = float(np.hypot(*(points[a] - points[b])))
        foot = float(rng.uniform(*prices["usd_per_foot"]))
        rows.append(
            {
                "a": names[a],
                "b": names[b],
                "meters": max(1, round(meters)),
                "usd": max(1, round(meters * prices["detour"] * _FEET_PER_METER * foot)),
                "low_usd": max(1, round(0.7 * meters * prices["detour"] * _FEET_PER_METER * foot)),
                "high_usd": max(1, round(1.45 * meters * prices["detour"] * _FEET_PER_METER * foot)),
            }
        )
    return rows
