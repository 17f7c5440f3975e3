"""Power cuts during `data add`: the command is killed (SIGKILL) at random moments, and the workspace held to its word.

    python benchmarks/bench_kill.py [--rounds 100] [--seed 1] [--rows 200000]

After each kill the catalog must be what it was before or what the whole command makes, every table it names must hold
what its receipt and declaration say, and the next writer must sweep away the rest. Prints one line of counts; exit 1 at
the first broken workspace.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infraplan import intake
from infraplan.cli.arriving import loaders
from infraplan.workspace import Workspace

HEADER = (
    "frn,provider_id,brand_name,location_id,technology,max_advertised_download_speed,max_advertised_upload_speed,"
    "low_latency,business_residential_code,state_usps,block_geoid,h3_res8_id\n"
)
CHILD = """
import sys
from pathlib import Path
from infraplan import intake
from infraplan.cli.arriving import loaders
from infraplan.workspace import Workspace
known, here = loaders(), Workspace.open(Path(sys.argv[1]))
here.backend
print("ready", flush=True)
intake.add(here, [Path(name) for name in sys.argv[2:]], known)
"""


def offers(path: Path, rows: int, technology: int) -> Path:
    """A BDC file of so many rows, one block and cell."""
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        out.writelines(
            f'0001234567,130077,"Pine Net, Inc.",{1_000_000_000 + n},{technology},100,20,1,R,ME,230010101001000,'
            "882b1a0001fffff\n"
            for n in range(rows)
        )
    return path


def child(folder: Path, files: list[Path]) -> subprocess.Popen[str]:
    """The command under way, about to add."""
    words = [sys.executable, "-c", CHILD, str(folder), *map(str, files)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise SystemExit(f"the command did not start: {process.communicate()[1]}")
    return process


def stored(folder: Path) -> set[str]:
    """Every table file of a workspace, named as the catalog names it."""
    data = folder / "data"
    return {os.path.relpath(path, data) for path in (data / "tables").rglob("*.parquet")}


def check(folder: Path) -> int:
    """How many of the files are in a workspace that must be whole; raises AssertionError or BadInput where it is not."""
    here = Workspace.open(folder)
    intake.check(here)
    with here.writing():
        pass
    named = {part.path for part in here.catalog}
    assert stored(folder) == named, "files that no catalog names were left"
    receipts = {path.stem for path in (folder / "data" / "receipts").glob("*.json")}
    assert receipts == {part.receipt_id for part in here.catalog}, "receipts and catalog differ"
    assert not (folder / "data" / "tmp").exists() or not any((folder / "data" / "tmp").iterdir()), "scratch was left"
    return len(here.catalog) - 1


def main() -> None:
    """Run the rounds and print the counts."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rows", type=int, default=200_000)
    told = options.parse_args()
    luck = random.Random(told.seed)  # noqa: S311 - moments, not secrets
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        first = offers(room / "bdc_23_Copper_fixed_broadband_D25_17mar2026.csv", 1_000, 10)
        files = [
            offers(room / "bdc_23_Cable_fixed_broadband_D25_17mar2026.csv", told.rows, 40),
            offers(room / "bdc_23_FibertothePremises_fixed_broadband_D25_17mar2026.csv", told.rows, 50),
        ]
        before = room / "before"
        intake.add(Workspace.create(before, state="ME", funding_year=2026), [first], loaders())
        started = time.monotonic()
        whole = room / "whole"
        shutil.copytree(before, whole)
        process = child(whole, files)
        begun = time.monotonic()
        process.communicate()
        lasts = time.monotonic() - begun
        assert check(whole) == len(files)
        found = {0: 0, 1: 0, 2: 0}
        finished = 0
        for _ in range(told.rounds):
            folder = room / "round"
            shutil.copytree(before, folder)
            process = child(folder, files)
            time.sleep(luck.uniform(0, lasts))
            finished += process.poll() is not None
            process.kill()
            process.communicate()
            found[check(folder)] += 1
            shutil.rmtree(folder)
    print(
        json.dumps(
            {
                "rounds": told.rounds,
                "killed_while_at_work": told.rounds - finished,
                "none_of_two_files_kept": found[0],
                "first_kept": found[1],
                "both_kept": found[2],
                "broken": 0,
                "seconds_undisturbed": round(lasts, 2),
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
