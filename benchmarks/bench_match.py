"""Time `oer match` on made-up lists and catalogs: `python benchmarks/bench_match.py [ITEMS] [RESOURCES]`.

Titles are drawn from the course taxonomy with publishers' words around them, and from words that name no course, in the
proportion real lists show (about half of a list and a fifth of a college catalog name a known course alone).
"""

import csv
import random
import sys
import time
from pathlib import Path

import pandas as pd

from infraplan.oer import matching
from infraplan.oer.sources.lists import CATALOG_COLUMNS, LIST_COLUMNS, QUALITY_COLUMNS
from infraplan.resources import data_path

ITEMS, RESOURCES = 10_000, 20_000
NOUNS = (
    "Rivers",
    "Rhetoric",
    "Machines",
    "Poetry",
    "Ethnography",
    "Composites",
    "Bridges",
    "Memory",
    "Ports",
    "Voices",
)
LICENSES = ("CC BY", "CC BY-NC-SA", "CC BY-NC", "CC BY-SA 4.0", "CC BY-NC-ND", "", "Free Documentation License (GNU)")


def names() -> list[str]:
    """The names of the courses of the taxonomy."""
    with Path(data_path("codes", "courses.csv")).open(encoding="utf-8") as file:
        return [row["name"] for row in csv.DictReader(file)]


def title(rng: random.Random, share: float, number: int) -> str:
    """One title: a course alone in `share` of the cases, else other words."""
    course = rng.choice(names_cached())
    if rng.random() < share:
        return rng.choice(
            ("Introduction to {}", "{}", "Principles of {} - 2e", "Understanding {}", "{} [4th ed.]")
        ).format(course)
    return f"{rng.choice(NOUNS)} and {rng.choice(NOUNS)}: {rng.choice(NOUNS)} {number}"


_NAMES: list[str] = []


def names_cached() -> list[str]:
    """The course names, read once."""
    if not _NAMES:
        _NAMES.extend(names())
    return _NAMES


def frames(items: int, resources: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A list and a catalog of the given sizes, the same for every run."""
    rng = random.Random(2026)  # noqa: S311 - made-up data
    adopted = pd.DataFrame("", index=range(items), columns=list(LIST_COLUMNS))
    adopted["item_id"] = [f"i{k}" for k in range(items)]
    adopted["title"] = [title(rng, 0.5, k) for k in range(items)]
    adopted["course"] = [rng.choice((*names_cached(), "")) for _ in range(items)]
    catalog = pd.DataFrame("", index=range(resources), columns=[*CATALOG_COLUMNS, *QUALITY_COLUMNS])
    catalog["resource_id"] = [f"r{k}" for k in range(resources)]
    catalog["title"] = [title(rng, 0.2, k) for k in range(resources)]
    catalog["license"] = [rng.choice(LICENSES) for _ in range(resources)]
    return adopted, catalog


def main() -> None:
    """Print the seconds and the rows."""
    sizes = [int(size) for size in sys.argv[1:3]] or [ITEMS, RESOURCES]
    adopted, catalog = frames(*sizes)
    start = time.perf_counter()
    matched = matching.match(adopted, catalog)
    seconds = time.perf_counter() - start
    print(f"{sizes[0]:,} items x {sizes[1]:,} resources: {seconds:.1f} s, {len(matched):,} rows")
    print(matched["outcome"].value_counts().to_string())


if __name__ == "__main__":
    main()
