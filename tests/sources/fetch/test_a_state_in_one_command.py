"""One command brings a state's data; the next finds nothing new; without a network the cache does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standin import Standin

from infraplan.workspace import Workspace

Run = Callable[..., Any]
WITHOUT_CATALOGS = [
    "census_acs", "census_block_districts", "census_saipe", "census_tiger_districts", "census_tiger_tracts",
    "fcc_bdc_fixed", "fcc_bdc_summary", "fcc_funding_map", "fcc_served_export", "nces_ccd_lea", "nces_ccd_school",
    "nces_edge_schools", "usac_c2_spending", "usac_line_recipients", "usac_request_lines", "usac_requests",
]  # fmt: skip


def hosts(standin: Standin) -> list[str]:
    return [word for name, base in standin.hosts().items() for word in ("--host", f"{name}={base}")]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between calls are asked for and not slept."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.usefixtures("accounts")
def test_everything_a_state_needs_comes_with_one_command(standin: Standin, infraplan: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    done = infraplan("data", "fetch", *WITHOUT_CATALOGS, "--state", "ME", "--workspace", plan, *hosts(standin))
    assert done.code == 0, done.err
    tables = {part.table for part in Workspace.open(plan).catalog}
    assert tables == {
        "availability", "block_districts", "c2_spending", "coverage_summary", "district_poverty", "district_shapes",
        "districts", "funded_locations", "household_internet", "line_recipients", "locations", "request_lines",
        "requests", "schools", "tract_shapes",
    }  # fmt: skip
