"""What every test may use: a new workspace, and the command line as a person types it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import publishers
import pytest

from infraplan.cli import main
from infraplan.workspace import Workspace


def pytest_configure(config: pytest.Config) -> None:
    """Let one warning of others pass: ibis-framework 12 asks pandas 3 for an option that pandas 4 will not have."""
    config.addinivalue_line("filterwarnings", "ignore:The 'future.infer_string' option is deprecated")


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, its data and its words."""

    code: int
    out: str
    err: str


@pytest.fixture
def maine(tmp_path: Path) -> Workspace:
    """An empty workspace for Maine, beside `tmp_path`'s other files."""
    return publishers.start(tmp_path / "plan")


@pytest.fixture
def infraplan(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run `infraplan ...` in this process."""

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as done:
            code = int(done.code or 0)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files, where there is one."""
    root = Path(
        os.environ.get("INFRAPLAN_SHARED_DATA") or Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    )
    if not root.is_dir():
        pytest.skip("real data are not here: set INFRAPLAN_SHARED_DATA to their folder")
    return root.resolve()
