"""Sites, buses and programs beyond the school door for the sample state: ILLUSTRATIVE, at invented prices."""

from pathlib import Path

import numpy as np
from pyproj import Transformer

from infraplan.sample.erate import rates_of
from infraplan.sample.files import SampleFile, write_records
from infraplan.sample.ground import Floats, Ground
from infraplan.sample.luck import chance
from infraplan.sample.names import told
from infraplan.sample.people import Lea, People

LIBRARIES, CENTERS, PARKED, ROUTES = 0.6, 0.5, 0.4, 0.3
"""Sites of each kind per district."""
EXISTING = 0.35
_STEP_METERS = 2_400
_METERS, _DEGREES = 5070, 4269
Row = dict[str, object]


def write_community(folder: Path, people: People, ground: Ground, seed: int) -> list[SampleFile]:
    """Write the measures that could be paid for, and the stops of the buses among them."""
    rng = np.random.default_rng([seed, 93])
    to_degrees = Transformer.from_crs(_METERS, _DEGREES, always_xy=True)
    leas = [lea for lea in people.leas if lea.students and lea.parts]
    rows: list[Row] = []
    stops: list[Row] = []
    for kind, share in (
        ("library", LIBRARIES), ("community_center", CENTERS), ("parked_bus", PARKED), ("bus_route", ROUTES),
    ):  # fmt: skip
        for number in range(max(2, round(share * len(leas)))):
            lea = leas[int(rng.integers(len(leas)))]
            name = f"{kind}-{number}"
            way = _way(ground, lea, rng, int(told("beyond")[kind].get("stops", 1)))
            lon, lat = to_degrees.transform(way[:, 0], way[:, 1])
            rows.append(_site(name, kind, lea, lon[0], lat[0], rng))
            if kind == "bus_route":
                stops += [
                    {"site_id": name, "lon": f"{x:.6f}", "lat": f"{y:.6f}"} for x, y in zip(lon, lat, strict=True)
                ]
    rows += _programs(leas)
    return [
        SampleFile(
            write_records(folder / "measures.csv", rows),
            "Wi-Fi sites, buses and programs beyond the school (ILLUSTRATIVE)", role="bids",
        ),
        SampleFile(write_records(folder / "stops.csv", stops), "Stops of school buses (ILLUSTRATIVE)", role="bids"),
    ]  # fmt: skip


def _way(ground: Ground, lea: Lea, rng: np.random.Generator, count: int) -> Floats:
    """Places in a district, a way from one of its cells onward; the first near its main town."""
    cells = np.flatnonzero(np.isin(ground.district, list(lea.parts)))
    start = cells[int(rng.integers(len(cells)))]
    bearing = float(rng.uniform(0, 2 * np.pi)) + np.cumsum(rng.normal(0, 0.4, count))
    steps = _STEP_METERS * np.column_stack([np.cos(bearing), np.sin(bearing)])
    steps[0] = 0.0
    return np.asarray(np.array([ground.x[start], ground.y[start]]) + np.cumsum(steps, axis=0))


def _site(name: str, kind: str, lea: Lea, lon: float, lat: float, rng: np.random.Generator) -> Row:
    """One row of the measures; a bus on a route is placed by its stops."""
    prices = told("beyond")[kind]
    existing = kind == "library" and chance(rng, EXISTING)
    bus = kind in {"bus_route", "parked_bus"}
    once, month = (int(rng.integers(*prices[what])) for what in ("usd_once", "usd_month"))
    return {
        "site_id": name,
        "name": f"{kind.replace('_', ' ').capitalize()}, {lea.name}",
        "kind": kind,
        "lon": "" if kind == "bus_route" else f"{lon:.6f}",
        "lat": "" if kind == "bus_route" else f"{lat:.6f}",
        "radius_miles": prices["radius_miles"],
        "capacity": int(rng.integers(*prices["capacity"])),
        "existing": "yes" if existing else "no",
        "usd_once": "" if existing else once,
        "usd_month": "" if existing else month,
        "usd_student_once": "",
        "usd_student_month": "",
        "take_up_percent": "",
        "c1_rate": rates_of(lea).c1 if bus else "",
        "cost_source": "invented (ILLUSTRATIVE)",
    }


def _programs(leas: list[Lea]) -> list[Row]:
    """Hotspots and outreach, for the whole state."""
    hotspots, outreach = told("beyond")["hotspots"], told("beyond")["lifeline_outreach"]
    rate = round(sum(rates_of(lea).c1 for lea in leas) / len(leas))
    source = {"cost_source": "invented (ILLUSTRATIVE)"}
    return [
        {"site_id": "hotspots", "name": "Hotspots on loan", "kind": "hotspots", "c1_rate": rate, **hotspots, **source},
        {"site_id": "outreach", "name": "Sign-up help for Lifeline", "kind": "lifeline_outreach", **outreach, **source},
    ]
