"""One small sample state, made once for all tests of it."""

from pathlib import Path

import pytest

from infraplan.sample import SampleFile, make

DISTRICTS, LOCATIONS, SEED = 20, 4_000, 7


@pytest.fixture(scope="session")
def franklin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("franklin")
    make(folder, districts=DISTRICTS, locations=LOCATIONS, seed=SEED)
    return folder


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return make(tmp_path_factory.mktemp("again"), districts=DISTRICTS, locations=LOCATIONS, seed=SEED)
