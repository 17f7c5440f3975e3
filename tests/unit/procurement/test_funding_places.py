"""What a funding plan means for each legislative district."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import commandline
import geopandas as gpd
import pandas as pd
import publishers
import pytest
from publishers import BOTH_BOX, EAST, EAST_CELL, WEST, WEST_BOX, Offer
from shapely import affinity

from infraplan.errors import BadInput
from infraplan.procurement.funding import answer, legislative
from infraplan.procurement.funding.inputs import Fund, Inputs, Project
from infraplan.solve import Limits
from infraplan.workspace import Workspace

Command = Callable[..., commandline.Said]


def plan() -> answer.Answer:
    """West's project is funded, East's is not, and that of a charter school without a boundary is."""
    projects = [
        Project(name, lea, "C1", "recurring", cost, cost // 2, 0, (2026,), Decimal(students), Decimal(0))
        for name, lea, cost, students in (("w", WEST, 20_000, 100), ("e", EAST, 400_000, 80), ("c", "9", 20_000, 10))
    ]
    fund = Fund("g", "state_grant", 2026, 20_000, None, frozenset({"C1"}), match=False)
    return answer.find(Inputs((2026,), tuple(projects), (fund,), None, {2026: 2026}), Limits(gap=0, threads=1))


def senate(folder: Path) -> Path:
    """Two districts: one holds half of West, the other the rest of it and East."""
    cut = affinity.scale(WEST_BOX, 0.5, 1, origin=(-70.2, 45.0))
    folder.mkdir(exist_ok=True)
    frame = gpd.GeoDataFrame(
        {
            "STATEFP": ["23"] * 2, "SLDUST": ["001", "002"], "GEOID": ["23001", "23002"], "LSAD": ["LU"] * 2,
            "NAMELSAD": ["State Senate District 1", "State Senate District 2"], "LSY": ["2024"] * 2,
        },
        geometry=[cut, BOTH_BOX.difference(cut)], crs="EPSG:4269",
    )  # fmt: skip
    frame.to_file(folder / "tl_2025_23_sldu.shp")
    return folder / "tl_2025_23_sldu.shp"


@pytest.fixture
def placed(tmp_path: Path, maine: Workspace) -> Workspace:
    publishers.add(maine, publishers.two_districts(tmp_path))
    publishers.add(maine, senate(tmp_path / "senate"))
    return Workspace.open(maine.folder)


def rows(table: pd.DataFrame) -> dict[str, tuple[float, float, float, float]]:
    named = table["legislative_id"].fillna("nowhere")
    figures = ["students_reached", "students_left", "erate_usd", "state_usd"]
    return {str(key): tuple(told) for key, told in zip(named, table[figures].to_numpy().tolist(), strict=True)}


def test_without_locations_students_are_shared_by_area_and_it_is_said(placed: Workspace) -> None:
    shares = legislative.of_workspace(placed)
    assert shares is not None
    table = legislative.table(plan(), shares)
    assert rows(table) == {
        "23001": (50, 0, 50, 50),
        "23002": (50, 80, 50, 50),
        "nowhere": (10, 0, 100, 100),
    }
    assert set(table["method"]) == {"area"}
    assert table["lea_ids"].tolist() == [1, 2, 1]
    assert "by area, as if its students lived evenly over it" in shares.words()


def test_with_locations_students_are_where_the_homes_are(tmp_path: Path, placed: Workspace) -> None:
    # West's homes all stand in one cell, so that one senate district has all of its students, not half
    publishers.add(placed, publishers.bdc(tmp_path / "bdc.csv", Offer(1), Offer(2), Offer(3, cell=EAST_CELL)))
    shares = legislative.of_workspace(Workspace.open(placed.folder))
    assert shares is not None
    assert shares.method == "locations"
    west = shares.table[shares.table["lea_id"] == WEST]
    assert west["share"].tolist() == [1.0]
    assert shares.table[shares.table["lea_id"] == EAST]["legislative_id"].tolist() == ["23002"]


def test_a_workspace_without_both_layers_has_no_legislative_districts(tmp_path: Path, maine: Workspace) -> None:
    assert legislative.of_workspace(maine) is None
    publishers.add(maine, publishers.two_districts(tmp_path))
    assert legislative.of_workspace(Workspace.open(maine.folder)) is None


def shares_file(folder: Path, *lines: str) -> Path:
    path = folder / "shares.csv"
    path.write_text("\n".join(("lea_id,chamber,legislative_id,share", *lines)) + "\n", encoding="utf-8")
    return path


def test_a_state_may_give_its_own_shares(tmp_path: Path) -> None:
    given = legislative.of_file(
        shares_file(tmp_path, f"{WEST},lower,7,0.25", f"{WEST},lower,8,0.5", f"{EAST},lower,8,1")
    )
    table = legislative.table(plan(), given)
    assert rows(table) == {"7": (25, 0, 25, 25), "8": (50, 80, 50, 50), "nowhere": (35, 0, 125, 125)}
    assert set(table["method"]) == {"given"}


def test_shares_of_more_than_all_students_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"shares of {WEST} in the lower chamber add up to 1.2, more than 1"):
        legislative.of_file(shares_file(tmp_path, f"{WEST},lower,7,0.6", f"{WEST},lower,8,0.6"))


def test_rows_of_a_chamber_add_up_to_the_plan(placed: Workspace) -> None:
    found, shares = plan(), legislative.of_workspace(placed)
    assert shares is not None
    table = legislative.table(found, shares)
    assert table["students_reached"].sum() == 110
    assert table["state_usd"].sum() == found.state_cents / 100
    assert table["erate_usd"].sum() == found.erate_cents / 100


def test_the_command_shows_it_in_the_brief_with_names(tmp_path: Path, placed: Workspace, infraplan: Command) -> None:
    (tmp_path / "projects.csv").write_text(
        "project_id,lea_id,category,kind,pre_discount_usd,rate,students,benefit\n"
        f"w,{WEST},C1,recurring,200,50,100,100\ne,{EAST},C1,recurring,4000,50,80,80\n"
    )
    (tmp_path / "funds.csv").write_text(
        "fund_id,kind,year,usd,lea_id,may_pay_for,authority_cite,match_eligible\ng,state_grant,2026,100,,C1,act,no\n"
    )
    said = infraplan(
        "procurement", "fund", "--projects", tmp_path / "projects.csv", "--funds", tmp_path / "funds.csv",
        "--years", "2026", "--workspace", placed.folder, "-o", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 0, said.err
    table = pd.read_csv(tmp_path / "out" / "by_legislative_district.csv", dtype={"legislative_id": str})
    assert table["legislative_id"].tolist() == ["23001", "23002"]
    page = (tmp_path / "out" / "brief.html").read_text(encoding="utf-8")
    assert "State Senate District 2" in page
    assert "students of a school district are shared among legislative districts by area" in page
