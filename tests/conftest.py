"""What every test may use: a new workspace, and the command line as a person types it."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import commandline
import publishers
import pytest
from hypothesis import settings

from infraplan.workspace import Workspace

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("new", deadline=None, print_blob=True)
"""The same examples in every run, unless HYPOTHESIS_PROFILE=new asks for others (a search by hand, any --seed)."""
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_configure(config: pytest.Config) -> None:
    """Let one warning of others pass: ibis-framework 12 asks pandas 3 for an option that pandas 4 will not have."""
    config.addinivalue_line("filterwarnings", "ignore:The 'future.infer_string' option is deprecated")


@pytest.fixture
def maine(tmp_path: Path) -> Workspace:
    """An empty workspace for Maine, beside `tmp_path`'s other files."""
    return publishers.start(tmp_path / "plan")


@pytest.fixture
def infraplan(capsys: pytest.CaptureFixture[str]) -> Callable[..., commandline.Said]:
    """Run `infraplan ...` in this process."""
    return functools.partial(commandline.run, capsys)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files, where there is one."""
    root = Path(
        os.environ.get("INFRAPLAN_SHARED_DATA") or Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    )
    if not root.is_dir():
        pytest.skip("real data are not here: set INFRAPLAN_SHARED_DATA to their folder")
    return root.resolve()
