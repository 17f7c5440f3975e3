"""How long 1,000,000 entities take through `discounts`: the arithmetic alone, and with reading and writing CSV.

usage: python benchmarks/bench_discounts.py [ENTITIES]
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from infraplan import tablefiles
from infraplan.procurement import discounts, entities


def entities_table(count: int, seed: int = 0) -> pd.DataFrame:
    """A made-up nation: a tenth districts without figures, eight tenths their schools, a tenth libraries."""
    chance = np.random.default_rng(seed)
    tenth = count // 10
    number = np.arange(count)
    kind = np.where(number < tenth, "district", np.where(number < 9 * tenth, "school", "library"))
    students = chance.integers(20, 2000, count)
    eligible = (students * chance.random(count)).astype(int)
    school = kind == "school"
    parent = np.where(kind == "district", "", chance.integers(0, tenth, count).astype(str))
    parent[tenth : 2 * tenth] = np.arange(tenth).astype(str)
    return pd.DataFrame(
        {
            "entity_id": number.astype(str),
            "kind": kind,
            "students": np.where(school, students.astype(str), ""),
            "nslp_students": np.where(school, eligible.astype(str), ""),
            "urban_rural": np.where(chance.random(count) < 0.5, "Rural", "Urban"),
            "parent_id": parent,
            "member_of": np.where(kind == "district", (number % 50).astype(str), ""),
        }
    )


def main() -> None:
    """Measure and print seconds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "entities.csv")
        entities_table(count).to_csv(source, index=False)
        begun = time.perf_counter()
        frame = entities.read(source)
        read = time.perf_counter()
        rates = discounts.rates(frame, discounts.Rules.of(2026), file=source.name)
        reckoned = time.perf_counter()
        tablefiles.write(rates.table, Path(folder, "rates.csv"))
        written = time.perf_counter()
    print(
        f"{count:,} entities: read {read - begun:.1f} s, rates {reckoned - read:.1f} s, "
        f"write {written - reckoned:.1f} s, all {written - begun:.1f} s"
    )


if __name__ == "__main__":
    main()
