"""Towers, heights of the ground and cost figures for the sample state's network: ILLUSTRATIVE, invented."""

from pathlib import Path

import numpy as np

from infraplan.sample import names
from infraplan.sample.files import SampleFile, write_records, write_text
from infraplan.sample.names import told

Row = dict[str, object]


def write_towers(folder: Path, nodes: list[Row], seed: int) -> list[SampleFile]:
    """Write towers near some crossings of the network (`nodes`: node, lon, lat), the ground's heights and the costs."""
    rng = np.random.default_rng([seed, 94])
    facts = told("towers")
    crossings = [row for row in nodes if str(row["node"]).startswith("x")]
    near = crossings[:: int(facts["every"])][: int(facts["most"])]
    rows: list[Row] = [
        {
            "tower": row["node"],
            **{name: int(rng.integers(*facts[name])) for name in ("usd", "usd_month", "mast_meters")},
            "mbps": facts["mbps"],
        }
        for row in near
    ]
    costs = (Path(names.__file__).parent / "lists" / "build_costs.toml").read_text(encoding="utf-8")
    words = "# Invented figures of a fictional state, ILLUSTRATIVE only: they follow no offer and no contract.\n"
    return [
        SampleFile(
            write_records(folder / "build_towers.csv", rows), "Towers for fixed wireless (ILLUSTRATIVE)", role="bids"
        ),
        SampleFile(
            write_records(folder / "build_terrain.csv", _ground(nodes, facts)), "Heights of the ground (ILLUSTRATIVE)",
            role="bids",
        ),
        SampleFile(
            write_text(folder / "build_costs.toml", words + costs), "Costs of a network (ILLUSTRATIVE)", role="bids"
        ),
    ]  # fmt: skip


def _ground(nodes: list[Row], facts: dict[str, float]) -> list[Row]:
    """A grid of heights over all nodes: swells from west to east and from south to north."""
    lon, lat = (np.array([float(str(row[name])) for row in nodes]) for name in ("lon", "lat"))
    count = int(facts["grid"])
    east, north = (
        np.linspace(lon.min() - 0.05, lon.max() + 0.05, count),
        np.linspace(lat.min() - 0.05, lat.max() + 0.05, count),
    )
    return [
        {
            "lon": f"{x:.5f}",
            "lat": f"{y:.5f}",
            "meters": f"{400 + facts['hills_meters'] * (np.sin(9 * x) * np.cos(7 * y) + 1):.1f}",
        }
        for y in north
        for x in east
    ]
