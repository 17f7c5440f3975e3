"""`procurement lots` on plain files: what it writes, what it keeps together, and what it refuses in words."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from commandline import Said
from shapely import box

from infraplan.procurement.lots import adjacency
from infraplan.procurement.lots import answer as search

COLUMNS, ROWS = 5, 4


def cell(row: int, column: int) -> str:
    return f"{row}{column}"


def members(**changes: Mapping[str, str | int]) -> pd.DataFrame:
    """A grid of members ten miles or so apart, each served by a provider of its half and one of its column."""
    rows = [
        {
            "lea_id": cell(row, column), "name": f"District {row}-{column}", "students": 100, "demand_mbps": 100,
            "value_usd_month": 500, "agency": "", "providers": f"half-{column // 3}; column-{column}",
            "lon": -93.0 + column / 5, "lat": 42.0 + row / 7,
        }
        for row in range(ROWS) for column in range(COLUMNS)
    ]  # fmt: skip
    frame = pd.DataFrame(rows).astype(object).set_index("lea_id", drop=False)
    for name, told in changes.items():
        for lea_id, value in told.items():
            frame.loc[lea_id, name] = value
    return frame


@pytest.fixture
def ask(tmp_path: Path, infraplan: Callable[..., Said]) -> Callable[..., Said]:
    """Run the command on a table of members."""

    def run(frame: pd.DataFrame, *more: object) -> Said:
        frame.to_csv(tmp_path / "members.csv", index=False)
        options = (*more, "--threads", 1, "-o", tmp_path / "lots")
        return infraplan("procurement", "lots", "--members", tmp_path / "members.csv", *options)

    return run


def answer(tmp_path: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(tmp_path / "lots" / f"{name}.csv", dtype={"lea_id": str, "hub": str})


def test_it_writes_lots_their_sums_the_tradeoff_a_map_and_what_was_proved(
    tmp_path: Path, ask: Callable[..., Said]
) -> None:
    said = ask(members(), "--lots", "2-4", "--gap", 0.01)
    assert said.code == 0
    lots, summary, tradeoff = (answer(tmp_path, name) for name in ("lots", "lot_summary", "tradeoff"))
    for count in (2, 3, 4):  # the trade-off as it is found, and on the map
        line = next(line for line in said.err.splitlines() if line.startswith(f"  {count} lots: the largest holds "))
        assert line.strip().partition(", proved")[0] in (tmp_path / "lots" / "map.html").read_text()
        assert "the smallest is worth $" in line
    assert "lot-1 around District" in said.err
    assert sorted(lots["lea_id"]) == sorted(members()["lea_id"])
    assert summary["members"].sum() == ROWS * COLUMNS
    assert summary["value_share"].sum() == pytest.approx(1, abs=1e-3)
    assert tradeoff["lots"].tolist() == [2, 3, 4]
    assert tradeoff["taken"].tolist().count("yes") == 1
    taken = tradeoff[tradeoff["taken"] == "yes"].iloc[0]
    assert taken["exposure"] == pytest.approx(summary["value_share"].max(), abs=1e-4)
    assert taken["exposure"] <= 0.35
    told = json.loads((tmp_path / "lots" / "solution.json").read_text())
    assert told["status"] in ("optimal", "within_gap")
    assert told["objective"] == pytest.approx(lots["miles_to_hub"].sum(), abs=1.5)
    assert told["bound"] <= told["objective"]
    assert told["neighbors_by"] == "nearest places (no boundaries are known)"
    page = (tmp_path / "lots" / "map.html").read_text()
    assert "District 0-0" in page
    assert "lot-3" in page
    assert "no promise of a price or a bidder" in page


def test_an_agency_stays_whole_unless_it_may_be_split(tmp_path: Path, ask: Callable[..., Said]) -> None:
    row = {cell(2, column): "AEA 7" for column in range(COLUMNS)}
    assert ask(members(agency=row), "--lots", 2, "--gap", 0).code == 0
    assert answer(tmp_path, "lots").query("agency == 'AEA 7'")["lot_id"].drop_duplicates().size == 1
    whole = json.loads((tmp_path / "lots" / "solution.json").read_text())["objective"]
    (tmp_path / "split.toml").write_text('agencies = "split"\n')
    assert ask(members(agency=row), "--lots", 2, "--gap", 0, "--policy", tmp_path / "split.toml").code == 0
    assert json.loads((tmp_path / "lots" / "solution.json").read_text())["objective"] <= whole + 1e-9


def test_borders_of_a_file_decide_who_may_be_together(tmp_path: Path, ask: Callable[..., Said]) -> None:
    rows = [(cell(row, column), cell(row, column + 1)) for row in range(ROWS) for column in range(COLUMNS - 1)]
    rows += [(cell(row, 0), cell(row + 1, 0)) for row in range(ROWS - 1)]  # rows hang together on the west side only
    pd.DataFrame(rows, columns=["a", "b"]).to_csv(tmp_path / "borders.csv", index=False)
    assert ask(members(), "--lots", 2, "--gap", 0, "--borders", tmp_path / "borders.csv").code == 0
    lot = answer(tmp_path, "lots").set_index("lea_id")["lot_id"]
    for row in range(ROWS):  # a lot that holds both ends of a row holds all of it
        if lot[cell(row, 0)] == lot[cell(row, COLUMNS - 1)]:
            assert len({lot[cell(row, column)] for column in range(COLUMNS)}) == 1


def test_the_demand_is_written_again_with_its_lots(tmp_path: Path, ask: Callable[..., Said]) -> None:
    pd.DataFrame(
        {"lea_id": ["00", "34"], "service": "internet", "quantity": 100, "current_usd_month": "", "note": "kept"}
    ).to_csv(tmp_path / "demand.csv", index=False)
    assert ask(members(), "--lots", 2, "--demand", tmp_path / "demand.csv").code == 0
    told = answer(tmp_path, "demand")
    lots = answer(tmp_path, "lots").set_index("lea_id")["lot_id"]
    assert told["lot_id"].tolist() == [lots["00"], lots["34"]]
    assert told["note"].tolist() == ["kept", "kept"]


def test_hard_members_say_why_and_do_not_fill_a_lot(tmp_path: Path, ask: Callable[..., Said]) -> None:
    few = {cell(row, 0): "column-0" for row in range(ROWS)}
    assert ask(members(providers=few), "--lots", 2).code == 0
    lots, summary = answer(tmp_path, "lots"), answer(tmp_path, "lot_summary")
    assert set(lots.loc[lots["hard"] == "yes", "hard_why"]) == {"1 provider serves it"}
    assert (summary["hard_members"] / summary["members"]).max() <= 0.5
    assert summary["bidders"].min() >= 2


@pytest.mark.parametrize(
    ("frame", "lots", "words"),
    [
        (members(students={"00": 5000}), "3", "District 0-0 alone has 72.5 percent of all students"),
        (
            members(
                hard=dict.fromkeys(
                    ["00", "01", *[cell(1, at) for at in range(5)], *[cell(2, at) for at in range(5)]], "yes"
                )
            ),
            "2",
            "12 of 20 members are hard (12: the file says so), more than every lot together may hold",
        ),
        (members(), "25", "25 lots cannot be made of 20 members or agencies"),
        (members(providers=dict.fromkeys(members()["lea_id"], "one")), "2", "only 1 providers are known"),
    ],
)
def test_what_cannot_be_is_said_in_words(ask: Callable[..., Said], frame: pd.DataFrame, lots: str, words: str) -> None:
    if "only 1" in words:
        frame = frame.assign(hard="no")
    said = ask(frame, "--lots", lots)
    assert said.code == 1
    assert words in said.err
    assert "mend:" in said.err


def test_limits_that_no_division_keeps_are_named_with_how_far_the_closest_misses(
    tmp_path: Path, ask: Callable[..., Said]
) -> None:
    (tmp_path / "policy.toml").write_text("students_within = 0.01\n")
    uneven = {cell(row, column): 60 + 37 * row + 11 * column**2 for row in range(2) for column in range(2)}
    said = ask(members(students=uneven), "--lots", 5, "--policy", tmp_path / "policy.toml", "--time-limit", 5)
    assert said.code == 1
    assert "students of each lot within 1 percent of the mean (students_within), missed by" in said.err
    assert "(worst in the lot around District " in said.err
    assert "without this alone there is one: students of each lot within 1 percent" in said.err
    assert said.err.count("5 lots: ") == 1
    assert not (tmp_path / "lots").exists()


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path, ask: Callable[..., Said]) -> None:
    (tmp_path / "policy.toml").write_text('student_within = 0.2\nagencies = "maybe"\n')
    said = ask(members(students={"00": -5}, lat={"11": 95}), "--policy", tmp_path / "policy.toml")
    assert said.code == 1
    for words in ("students is '-5'", "column lat", "did you mean students_within?", "agencies is 'maybe'"):
        assert words in said.err


def test_a_member_without_a_place_is_named(ask: Callable[..., Said]) -> None:
    said = ask(members(lon={"00": ""}, lat={"00": ""}))
    assert said.code == 1
    assert "1 of 20 members have no place: 00" in said.err


@pytest.mark.parametrize("lots", ["0", "6-3", "many", "2-99"])
def test_a_number_of_lots_that_is_none_is_wrong_usage(ask: Callable[..., Said], lots: str) -> None:
    assert ask(members(), "--lots", lots).code == 2


# --- who borders whom -----------------------------------------------------------------------------------------------


def squares(*corners: tuple[float, float], size: float = 10_000) -> gpd.GeoSeries:
    return gpd.GeoSeries([box(x, y, x + size, y + size) for x, y in corners])


def test_borders_that_do_not_quite_meet_are_borders_and_corners_are_not() -> None:
    # the second starts 100 meters off the first, the third touches the first in a corner, the fourth lies a mile away
    shapes = squares((0, 0), (10_100, 0), (10_000, 10_000), (-11_700, 0))
    assert adjacency.of_shapes(shapes) == {(0, 1), (1, 2)}


def test_districts_over_one_another_are_neighbors() -> None:
    assert adjacency.of_shapes(gpd.GeoSeries([box(0, 0, 20_000, 20_000), box(5_000, 5_000, 9_000, 9_000)])) == {(0, 1)}


def test_places_are_neighbors_where_nothing_is_nearer_and_equal_places_are() -> None:
    x, y = np.array([0.0, 10_000, 20_000, 20_000]), np.array([0.0, 0, 0, 0])
    assert adjacency.of_points(x, y) == {(0, 1), (1, 2), (2, 3)}


def test_an_island_is_joined_to_the_nearest_and_miles_go_by_neighbors() -> None:
    x, y = np.array([0.0, 16_093.44, 32_186.88, 32_186.88]), np.array([0.0, 0, 0, 16_093.44])
    told = adjacency.borders(4, {(0, 1), (1, 2)}, x, y)
    assert told.joined == ((3, 2),)
    assert told.miles[0].tolist() == pytest.approx([0, 10, 20, 30])


def test_a_workspace_says_who_serves_whom_and_how_many_students_there_are(
    tmp_path: Path, infraplan: Callable[..., Said]
) -> None:
    state = tmp_path / "state"
    assert infraplan("sample", state, "--districts", 20, "--locations", 1000, "--seed", 3).code == 0
    assert infraplan("init", tmp_path / "plan", "--state", "FK", "--funding-year", 2026).code == 0
    shapes = sorted((state / "connectivity").glob("tl_*sd.zip"))
    files = [*sorted((state / "erate" / "fy2026_form471").glob("*.csv")), *shapes]
    assert infraplan("data", "add", *files, "--workspace", tmp_path / "plan").code == 0
    enrollment = next((state / "connectivity").glob("*enrollment*.csv"))
    added = infraplan("data", "add", enrollment, "--columns", state / "connectivity" / "enrollment_map.toml", "--workspace",
                      tmp_path / "plan")  # fmt: skip
    assert added.code == 0, added.err
    (tmp_path / "lots.toml").write_text(
        'students_within = "none"\ndemand_within = "none"\nvalue_within = "none"\nmost_hard_share = "none"\nmin_bidders = 1\n'
    )
    said = infraplan("procurement", "lots", "--lots", 2, "--policy", tmp_path / "lots.toml", "--workspace",
                     tmp_path / "plan", "-o", tmp_path / "lots")  # fmt: skip
    assert said.code == 0
    assert "members are those paid for internet in the Form 471 tables; others may bid" in said.err
    lots = answer(tmp_path, "lots")
    assert lots["providers"].notna().sum() >= 6
    assert lots["students"].notna().all()
    assert not lots["hard_why"].fillna("").str.contains("provider serves it").any()
    assert answer(tmp_path, "lot_summary")["bidders"].min() >= 1
    first = lots.iloc[0]
    told = infraplan("explain", "lots", first["lea_id"], "lot_id", "--workspace", tmp_path / "plan")
    assert f"lots {first['lea_id']} ({first['name']}), lot_id = {first['lot_id']}" in told.out, told.err
    assert "made by   infraplan procurement lots: Lots, by member" in told.out


def test_a_number_of_lots_that_the_quick_search_misses_is_searched_on(
    tmp_path: Path, ask: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.Search, "quick", lambda self: self.found())
    said = ask(members().head(8), "--lots", "2-3", "--gap", 0.01)
    assert said.code == 0
    assert answer(tmp_path, "tradeoff")["exposure"].notna().all()
