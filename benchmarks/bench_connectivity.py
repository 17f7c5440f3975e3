"""How long a state takes, as ratios in one run: Maine from its files to the map, and 20 million sample rows.

Run by hand (`make bench`, or this file with `maine` or `sample`).
Maine needs the shared data ($INFRAPLAN_SHARED_DATA, or ../shared/data); the sample rows need
3 GB of disk. Times of one machine mean little; the ratios are of commands run one after the other, several rounds.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb

# the statements below are made of this script's own file names
# ruff: noqa: S608

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
INFRAPLAN = Path(sys.executable).with_name("infraplan")
ROUNDS = int(os.environ.get("INFRAPLAN_BENCH_ROUNDS", "3"))
MEMORY = "SET memory_limit = '1200MB'; SET enable_progress_bar = false"
BY_HAND = """
WITH homes AS (SELECT * FROM read_parquet({parts}) WHERE business_residential IN ('R', 'X')),
found AS (SELECT location_id, max(block_geoid) AS block, max(h3_res8_id) AS cell,
  max(technology IN (10, 40, 50, 71, 72) AND low_latency AND down_mbps >= 100 AND up_mbps >= 20) AS served,
  max(technology IN (10, 40, 50, 71, 72) AND low_latency AND down_mbps >= 25 AND up_mbps >= 3) AS reached
  FROM homes GROUP BY location_id)
SELECT block, count(*), sum(served::INT), sum((reached AND NOT served)::INT), sum((NOT reached)::INT) FROM found GROUP BY block
"""


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(prefix="infraplan-bench-") as name:
        room = Path(name)
        wanted = sys.argv[1:] or ["maine", "sample"]
        if "maine" in wanted:
            maine(room)
        if "sample" in wanted:
            twenty_million(room)


def maine(room: Path) -> None:
    """Maine's four files to gaps.html against DuckDB reading the unpacked CSVs; at most six times is asked for.

    Reading is taken in two senses: into a table, as people read a file, and, the least that any reading can be, looking
    at every cell once and keeping nothing but the largest of each column.
    """
    files = sorted((SHARED / "connectivity" / "maine").glob("bdc_23_*063022.zip"))
    if not files:
        print("Maine: the shared data are not here; skipped")
        return
    unpacked = unpack(files, room / "maine")

    def read(queries: list[str]) -> None:
        # a process of its own, as each command of ours is one
        code = (
            f"import duckdb; c = duckdb.connect(); c.execute({MEMORY!r}); "
            f"[c.execute(q).fetchall() for q in {queries!r}]"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def into_tables() -> None:
        read([f"CREATE TABLE t{i} AS SELECT * FROM read_csv('{path}')" for i, path in enumerate(unpacked)])

    def looked_at() -> None:
        read(
            [
                f"SELECT {', '.join(f'max({c})' for c in columns(path))} FROM read_csv('{path}', all_varchar = true)"
                for path in unpacked
            ]
        )

    def whole() -> None:
        plan = room / "plan_me"
        shutil.rmtree(plan, ignore_errors=True)
        run("init", plan, "--state", "ME", "--funding-year", "2026")
        run("data", "add", *files, SHARED / "connectivity" / "maine" / "me_districts_2012.gpkg", "--workspace", plan)
        run("connectivity", "map", "--workspace", plan)

    report("Maine, files to gaps.html", whole, "DuckDB reads the unpacked CSVs into tables", into_tables)
    report("Maine, files to gaps.html", whole, "DuckDB looks at every cell of them", looked_at)
    steps(room / "plan_me", files)


def steps(plan: Path, files: list[Path]) -> None:
    """Where Maine's time goes: each of the three commands by itself, the least of the rounds."""
    least = {"init": 9e9, "data add": 9e9, "connectivity map": 9e9}
    for _ in range(ROUNDS):
        shutil.rmtree(plan, ignore_errors=True)
        for name, arguments in (
            ("init", [plan, "--state", "ME", "--funding-year", "2026"]),
            ("data add", [*files, SHARED / "connectivity" / "maine" / "me_districts_2012.gpkg", "--workspace", plan]),
            ("connectivity map", ["--workspace", plan]),
        ):
            start = time.perf_counter()
            run(*name.split(), *arguments)
            least[name] = min(least[name], time.perf_counter() - start)
    print("  of which at least " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in least.items()))


def twenty_million(room: Path) -> None:
    """20 million sample rows: adding against a bare conversion, counting against the same query written by hand."""
    sample = room / "sample"
    run("sample", sample, "--districts", "1000", "--locations", "2250000")
    zips = [
        path
        for path in sorted((sample / "connectivity").glob("bdc_99_*_D25_*.zip"))
        if "Served" not in path.name and "summary" not in path.name
    ]
    flat = unpack(zips, room / "flat")
    plan = room / "plan_fk"

    def add() -> None:
        shutil.rmtree(plan, ignore_errors=True)
        run("init", plan, "--state", "FK", "--funding-year", "2026")
        run("data", "add", *flat, "--workspace", plan)

    def bare() -> None:
        con = duckdb.connect()
        con.execute(MEMORY)
        for path in flat:
            con.execute(f"COPY (SELECT * FROM read_csv('{path}', all_varchar = true)) TO '{room / 'bare.parquet'}'")

    def parse() -> None:
        con = duckdb.connect()
        con.execute(MEMORY)
        for path in flat:
            con.execute(
                f"SELECT {', '.join(f'max({c})' for c in columns(path))} FROM read_csv('{path}', all_varchar = true)"
            )

    report("20 M rows, data add (CSV)", add, "bare CSV to Parquet, all columns", bare)
    report("merely parsing the CSV", parse, "bare CSV to Parquet, all columns", bare)
    report("20 M rows, data add (zipped)", lambda: zipped(plan, zips), "bare CSV to Parquet, all columns", bare)

    parts = [str(path) for path in sorted((plan / "data" / "tables" / "availability").glob("*.parquet"))]

    def by_hand() -> None:
        query = BY_HAND.format(parts=parts)
        code = f"import duckdb; c = duckdb.connect(); c.execute({MEMORY!r}); c.execute({query!r}).fetchall()"
        subprocess.run([sys.executable, "-c", code], check=True)

    report(
        "20 M rows, connectivity homes --by county",
        lambda: run("connectivity", "homes", "--by", "county", "--workspace", plan, "-o", room / "out.csv"),
        "the same query as SQL on the same files",
        by_hand,
    )
    in_process(plan, parts)


def zipped(plan: Path, zips: list[Path]) -> None:
    """Add the files as they are downloaded."""
    shutil.rmtree(plan, ignore_errors=True)
    run("init", plan, "--state", "FK", "--funding-year", "2026")
    run("data", "add", *zips, "--workspace", plan)


def in_process(plan: Path, parts: list[str]) -> None:
    """The query alone, without starting Python: our expression against the SQL."""
    from infraplan.connectivity import homes  # noqa: PLC0415
    from infraplan.workspace import Workspace  # noqa: PLC0415

    here = Workspace.open(plan)
    rule = homes.home_rule("bead-2022")

    def ours() -> None:
        found, _ = homes.found_locations(here, rule, business=False, as_of=None)
        here.backend.execute(homes.classes_by_key(found, "block_geoid"))

    def by_hand() -> None:
        con = duckdb.connect()
        con.execute(MEMORY)
        con.execute(BY_HAND.format(parts=parts)).fetchall()

    report("20 M rows, the expression alone", ours, "the same query as SQL", by_hand)


def unpack(files: list[Path], folder: Path) -> list[Path]:
    """Unpack each archive's CSV."""
    folder.mkdir()
    out = []
    for path in files:
        with zipfile.ZipFile(path) as archive:
            name = next(item for item in archive.namelist() if item.endswith(".csv"))
            out.append(Path(archive.extract(name, folder)))
    return out


def columns(path: Path) -> list[str]:
    """The header of a CSV file."""
    with path.open(encoding="utf-8") as stream:
        return [name.strip('"') for name in stream.readline().strip().split(",")]


def run(*arguments: object) -> None:
    """Run a command of ours, silently."""
    subprocess.run([INFRAPLAN, *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def report(name: str, ours: Callable[[], None], other: str, floor: Callable[[], None]) -> None:
    """Time both in turn and print medians and the ratio, pair by pair."""
    pairs = [(timed(ours), timed(floor)) for _ in range(ROUNDS)]
    ratios = [a / b for a, b in pairs]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{name}: {statistics.median(a for a, _ in pairs):.2f} s; {other}: {statistics.median(b for _, b in pairs):.2f} s; "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); largest child {peak:,.0f} MiB"
    )


def timed(work: Callable[[], None]) -> float:
    """Seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
