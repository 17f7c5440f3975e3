#!/usr/bin/env python3
"""Lots before the bid: how near to the best a state's division is proved in a minute.

usage: bench_lots.py BOUNDARIES CHILDREN.xls STATE LOTS... [--seconds S]
       bench_lots.py MEMBERS.csv POLICY.toml LOTS... [--seconds S]

BOUNDARIES is a file of school districts with a column GEOID (Census TIGER/Line or NCES EDGE), CHILDREN.xls the Census Bureau's
estimates for school districts (SAIPE ussd23.xls), STATE a postal code; members are the districts of both with a child of school
age, with the default policy. MEMBERS.csv and POLICY.toml are those of `procurement lots`, as `pool_filings.py` makes them.
Prints one line per number of lots: status, miles, bound, gap, seconds.
"""

import argparse
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd

from infraplan.procurement.lots import inputs, plan
from infraplan.procurement.lots.answer import Search
from infraplan.procurement.lots.inputs import Ground, Inputs
from infraplan.procurement.lots.policy import LotPolicy
from infraplan.solve import Limits

STATE, DISTRICT, NAME, CHILDREN = 1, 2, 3, 5


def of_state(boundaries: Path, children: Path, state: str) -> Inputs:
    """Districts of a state with their school-age children."""
    shapes = gpd.read_file(boundaries).rename(columns={"GEOID": "lea_id"})
    told = pd.read_excel(children, skiprows=2, dtype=str, header=0)
    told = told[told.iloc[:, 0] == state]
    table = pd.DataFrame({
        "lea_id": told.iloc[:, STATE].str.zfill(2) + told.iloc[:, DISTRICT].str.zfill(5),
        "name": told.iloc[:, NAME], "students": told.iloc[:, CHILDREN].astype(int),
    })  # fmt: skip
    table = table[(table["students"] > 0) & table["lea_id"].isin(shapes["lea_id"])]
    shapes = shapes[shapes["lea_id"].isin(table["lea_id"])].drop_duplicates("lea_id").to_crs("EPSG:4326")
    return inputs.assemble({}, LotPolicy(), Ground(shapes, table))


def main() -> None:
    """Divide, and print how near."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("told", nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    if given.told[0].endswith(".csv"):
        read = inputs.read(Path(given.told[0]), policy=Path(given.told[1]))
        counts = given.told[2:]
    else:
        read = of_state(Path(given.told[0]), Path(given.told[1]), given.told[2])
        counts = given.told[3:]
    units = plan.Units.of(read)
    print(f"{len(read.members):,} members, {len(units.members):,} units")
    for count in map(int, counts):
        began = time.perf_counter()
        search = Search(plan.problem(read, units, count), Limits(time_limit=given.seconds, quiet=True))
        search.quick()
        result = search.prove().result
        seconds = time.perf_counter() - began
        told = f"{result.objective:,.1f} miles, bound {result.bound:,.1f}, gap {result.gap:.2%}"
        print(f"{count} lots: {result.status}, {told}, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
