"""The command dies or the disk is full: the workspace is what it was, or what the whole command makes."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import publishers
import pytest
from publishers import Offer

from infraplan import intake
from infraplan.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
CABLE = "bdc_23_Cable_fixed_broadband_D25_17mar2026.csv"
RUN = "import sys; from infraplan.cli import main; main(sys.argv[1:])"


def test_killed_at_random_moments_the_workspace_is_whole_or_as_before() -> None:
    """A few rounds of what benchmarks/bench_kill.py does a hundred times."""
    words = [sys.executable, str(ROOT / "benchmarks" / "bench_kill.py"), "--rounds", "4", "--rows", "20000"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rounds"], told["broken"]) == (4, 0)


def full_at(size: int, *words: object) -> subprocess.CompletedProcess[str]:
    """Run `infraplan` where no file may grow over `size` bytes: the write that would is refused by the system."""

    def quota() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [sys.executable, "-c", RUN, *map(str, words)]
    return subprocess.run(
        command,
        preexec_fn=quota,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.mark.parametrize("size", [0, 100, 2_000, 20_000])
def test_a_full_disk_refuses_the_file_and_leaves_the_workspace(maine: Workspace, tmp_path: Path, size: int) -> None:
    publishers.add(maine, publishers.two_districts(tmp_path))
    before = publishers.contents(maine.folder)
    offers = [Offer(n, technology=40, down=n % 900 + 1, provider=f"{130_000 + n % 700}") for n in range(8_000)]
    path = publishers.bdc(tmp_path / CABLE, *offers)
    done = full_at(size, "data", "add", path, "--workspace", maine.folder)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "mend:" in done.stderr
    assert Workspace.open(maine.folder).catalog == maine.catalog
    with Workspace.open(maine.folder).writing():
        pass
    assert publishers.contents(maine.folder) == before
    publishers.add(Workspace.open(maine.folder), path)
    assert intake.check(Workspace.open(maine.folder)) == 2


def test_two_commands_at_once_both_get_their_turn(maine: Workspace, tmp_path: Path) -> None:
    fiber = CABLE.replace("Cable", "FibertothePremises")
    paths = [
        publishers.bdc(tmp_path / CABLE, Offer(1, technology=40)),
        publishers.bdc(tmp_path / fiber, Offer(1, technology=50)),
    ]
    words = [sys.executable, "-c", RUN, "data", "add", "--workspace", str(maine.folder)]
    running = [subprocess.Popen([*words, str(path)], stderr=subprocess.PIPE, text=True) for path in paths]
    told = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    there = Workspace.open(maine.folder)
    assert sorted(part.series for part in there.catalog) == ["23/40", "23/50"]
    assert intake.check(there) == 2
