"""Maine from the publishers' own files: the 2022 availability files, boundaries of 2012, the survey of 2018-22.

The figures are those of the files themselves: 585,632 locations with a residential row, 516,485 of them served.
"""

from pathlib import Path

import pandas as pd
import pytest
from publishers import add, start

from infraplan.connectivity import children, homes
from infraplan.intake import Taken
from infraplan.workspace import Workspace

BEAD = homes.home_rule("bead-2022")
COUNTED, SERVED = 585_632, 516_485


@pytest.fixture(scope="module")
def loaded(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, Taken]]:
    """A workspace with Maine's files, and what became of each."""
    folder = real_data / "connectivity" / "maine"
    if not folder.is_dir():
        pytest.skip("the files of Maine are not among the real data")
    where = start(tmp_path_factory.mktemp("maine") / "plan")
    files = [*sorted(folder.glob("bdc_23_*_063022.zip")), folder / "me_districts_2012.gpkg"]
    files += sorted(folder.glob("ACSST5Y2022*.csv"))
    taken = add(where, *files, *sorted((real_data / "connectivity" / "us").glob("ccd_lea_029_2324*.zip")))
    return where, {one.receipt.file: one for one in taken}


@pytest.fixture(scope="module")
def maine_of_2022(loaded: tuple[Workspace, dict[str, Taken]]) -> Workspace:
    return loaded[0]


@pytest.fixture(scope="module")
def districts(maine_of_2022: Workspace) -> pd.DataFrame:
    return homes.home_gaps(maine_of_2022, by="district", rule=BEAD).table


def test_every_row_is_read_and_kept(loaded: tuple[Workspace, dict[str, Taken]]) -> None:
    receipts = [one.receipt for one in loaded[1].values() if one.receipt.source == "fcc_bdc_fixed"]
    assert sum(one.rows_read for one in receipts) == 1_072_345
    assert sum(one.tables["availability"] for one in receipts) == 1_072_345
    assert {one.as_of for one in receipts} == {"2022-06-30"}
    copper = loaded[1]["bdc_23_Copper_fixed_broadband_063022.zip"].receipt
    assert "301,268 rows are filed with speed 0/0: some service, no speed" in copper.notes


def test_dirt_in_the_files_is_said(loaded: tuple[Workspace, dict[str, Taken]]) -> None:
    shapes = loaded[1]["me_districts_2012.gpkg"].receipt
    assert shapes.tables == {"district_shapes": 242}
    assert any("overlap each other by" in note for note in shapes.notes)
    survey = next(one.receipt for name, one in loaded[1].items() if name.startswith("ACS"))
    assert survey.refused["label row"] == 1


def test_state_county_and_district_count_the_same_homes(maine_of_2022: Workspace, districts: pd.DataFrame) -> None:
    state = homes.home_gaps(maine_of_2022, by="state", rule=BEAD).table
    county = homes.home_gaps(maine_of_2022, by="county", rule=BEAD).table
    assert state[["locations", "served"]].to_numpy().tolist() == [[COUNTED, SERVED]]
    assert len(county) == 16
    assert county["own_locations"].sum() == districts["own_locations"].sum() == COUNTED
    assert county["served"].sum() == SERVED
    assert county["name"].notna().all()


def test_classes_add_up_in_every_district(districts: pd.DataFrame) -> None:
    assert (districts["served"] + districts["underserved"] + districts["unserved"] == districts["locations"]).all()
    assert (districts["own_locations"] <= districts["locations"]).all(), "the polygons of 2012 overlap"
    assert districts["locations"].sum() > COUNTED


def test_few_homes_lie_in_no_district(districts: pd.DataFrame) -> None:
    nowhere = districts[districts["area_id"].isna()]["own_locations"].sum()
    assert 0 < nowhere / COUNTED < 0.005


def test_a_home_is_one_however_many_offers_it_has(maine_of_2022: Workspace) -> None:
    by_number = homes.details(maine_of_2022, "providers", by="state", rule=BEAD)
    assert by_number["locations"].sum() == COUNTED
    assert by_number[by_number["providers"] > 0]["locations"].sum() == SERVED
    lacking = homes.details(maine_of_2022, "needs", by="state", rule=BEAD)
    assert lacking["locations"].sum() == COUNTED - SERVED


def test_children_are_placed_by_the_loaded_locations(maine_of_2022: Workspace) -> None:
    gaps = children.child_gaps(maine_of_2022)
    whole = children.child_gaps(maine_of_2022, by="state").table.iloc[0]
    assert set(gaps.table["method"]) == {"tract_locations"}
    known = gaps.table.dropna(subset=["low"])
    assert ((known["low"] <= known["without_access"]) & (known["without_access"] <= known["high"])).all()
    assert (known["high"] <= known["children"]).all()
    assert gaps.table["children"].sum() == pytest.approx(whole["children"], rel=0.05)
