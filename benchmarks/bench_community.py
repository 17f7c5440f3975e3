"""How long `connectivity community` takes on a workspace's real home gaps, and how good its answers are.

    python benchmarks/bench_community.py WORKSPACE DIR [--sites 300] [--budget 1000000] [--time-limit 60]

Candidate sites are INVENTED: libraries, community centers and parked buses at the places with most homes, no two of a
kind within three miles; hotspots and outreach for the whole state; at the invented prices of the sample state. Written
to DIR/measures.csv, so that the command can be run by hand; one row per budget is printed.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pandas as pd
from pyproj import Geod

from infraplan.connectivity.community import demand
from infraplan.connectivity.homes import home_rule
from infraplan.sample.names import told
from infraplan.workspace import Workspace

KINDS = {"library": 0.5, "community_center": 0.3, "parked_bus": 0.2}
APART_METERS = 3 * 1609.344


def places(workspace: Workspace, count: int) -> pd.DataFrame:
    """The `count` places with most homes that are at least three miles apart: lon, lat, lea_id."""
    cells, _ = demand._cells(workspace, home_rule("bead-2022"), None)  # noqa: SLF001 - a benchmark looks inside
    sums = cells.groupby(["cell"], as_index=False).agg(locations=("locations", "sum"), lea_id=("lea_id", "first"))
    sums = sums.sort_values(["locations", "cell"], ascending=[False, True], ignore_index=True)
    geod = Geod(ellps="GRS80")
    kept: list[dict[str, Any]] = []
    for row in sums.itertuples():
        lat, lon = h3.cell_to_latlng(row.cell)
        if all(geod.inv(lon, lat, one["lon"], one["lat"])[2] >= APART_METERS for one in kept):
            kept.append({"lon": round(lon, 6), "lat": round(lat, 6), "lea_id": row.lea_id})
        if len(kept) == count:
            break
    return pd.DataFrame(kept)


def measures(workspace: Workspace, count: int, seed: int) -> pd.DataFrame:
    """Invented candidates at real places."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, place in enumerate(places(workspace, count).itertuples()):
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        prices = told("beyond")[kind]
        rows.append(
            {
                "site_id": f"{kind}-{number}",
                "kind": kind,
                "lon": place.lon,
                "lat": place.lat,
                "radius_miles": prices["radius_miles"],
                "existing": "yes" if kind == "library" and rng.random() < 0.3 else "",
                **{name: int(rng.integers(*prices[name])) for name in ("capacity", "usd_once", "usd_month")},
            }
        )
    rows += [{"site_id": kind, "kind": kind, **told("beyond")[kind]} for kind in ("hotspots", "lifeline_outreach")]
    return pd.DataFrame(rows).assign(cost_source="invented (ILLUSTRATIVE)")


def main() -> None:
    """Write the candidates and run the command under a few budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sites", type=int, default=300)
    parser.add_argument("--budget", type=float, nargs="+", default=[0.0, 250_000.0, 1_000_000.0])
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    table = measures(Workspace.open(asked.workspace), asked.sites, asked.seed)
    table.to_csv(asked.folder / "measures.csv", index=False)
    print(f"{len(table):,} INVENTED candidates")
    for budget in asked.budget:
        out = asked.folder / f"usd_{budget:.0f}"
        command = [str(Path(sys.executable).with_name("infraplan")), "connectivity", "community", "--quiet"]
        command += ["--measures", str(asked.folder / "measures.csv"), "--budget", str(budget), "-o", str(out)]
        command += ["--workspace", str(asked.workspace), "--time-limit", str(asked.time_limit)]
        began = time.perf_counter()
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - began
        record = json.loads((out / "solution.json").read_text())
        print(
            f"${budget:>12,.0f}  {record['status']:16} gap {record['gap']:.5f}  choice {record['seconds']:6.2f} s  whole "
            f"{seconds:6.1f} s  reached {record['reached']:,.0f} of {record['students']:,.0f}  chosen {len(record['chosen'])}"
        )


if __name__ == "__main__":
    main()
