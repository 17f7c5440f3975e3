"""SteinLib B: the published optima of the Steiner tree problem, each found and proved."""

import csv
import os
from pathlib import Path

import pytest

from infraplan.connectivity.network import answer
from infraplan.connectivity.network.answer import Network
from infraplan.connectivity.network.graph import MUST
from infraplan.solve import Limits, Status

SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDER = SHARED / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared benchmarks are not here")


def published() -> dict[str, float]:
    if not FOLDER.is_dir():
        return {}
    with (FOLDER / "optima.csv").open(encoding="utf-8", newline="") as opened:
        return {row["file"]: float(row["optimum"]) for row in csv.DictReader(opened) if row["kind"] == "stp"}


def read(path: Path) -> Network:
    words = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    edges = [(int(told[1]) - 1, int(told[2]) - 1, 100 * int(told[3])) for told in words if told[0] == "E"]
    ends = [int(told[1]) - 1 for told in words if told[0] == "T"]
    size = next(int(told[1]) for told in words if told[0] == "Nodes")
    return Network(size, ends[0], edges, dict.fromkeys(ends[1:], MUST))


@pytest.mark.parametrize("name", sorted(published()))
def test_the_published_optimum_is_found_and_proved(name: str) -> None:
    found = answer.find(read(FOLDER / "steinlib" / name), Limits(gap=0, threads=1))
    assert found.result.status == Status.optimal
    assert found.result.objective == published()[name]
