"""School gaps: targets by size, an unknown that stays unknown, fiber nearby as a proxy, growth, need beside access."""

from pathlib import Path

import h3
import pandas as pd
import pytest
from publishers import (
    EAST,
    WEST,
    WEST_CELL,
    Offer,
    add,
    bandwidth,
    bdc,
    ccd_lea,
    ccd_lea_row,
    csv_text,
    edge,
    edge_row,
    two_districts,
)

from infraplan import tablefiles
from infraplan.connectivity import layers, schools
from infraplan.connectivity.homes import home_rule
from infraplan.errors import InfraplanError, NoTable
from infraplan.workspace import Workspace

FCC = schools.target("fcc-2014")
TWO = [edge_row("230000100001", "West High", members=300), edge_row("230000200001", "East School", members=200)]


def gaps_of(where: Workspace, lea: str, aim: schools.Target = FCC, **options: float) -> pd.Series:
    table = schools.school_gaps(where, aim=aim, **options).table
    return table[table["lea_id"] == lea].iloc[0]


def buy(where: Workspace, folder: Path, text: str, **options: str) -> None:
    table, mapping = bandwidth(folder, f"nces,mbps,service,students\n{text}", **options)
    add(where, table, column_map=mapping)


# --- targets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target_id", "students", "mbps"),
    [
        ("fcc-2014", 500, 500.0),
        ("setda-2020", 50, 300.0),
        ("setda-2020", 999, 4295.7),
        ("setda-2020", 1000, 3000.0),
        ("setda-2020", 10_000, 30_000.0),
        ("setda-2020", 10_001, 20_002.0),
        ("setda-2023", 20_000, 28_000.0),
        ("wan", 1000, 10_000.0),
    ],
)
def test_a_target_depends_on_the_size_of_the_district(target_id: str, students: int, mbps: float) -> None:
    wanted = schools.target(target_id).mbps(pd.Series([students], dtype="Int64"))
    assert wanted.tolist() == pytest.approx([mbps])


def test_a_district_of_unknown_or_no_students_has_no_target() -> None:
    assert FCC.mbps(pd.Series([pd.NA, 0], dtype="Int64")).isna().all()


def test_a_states_own_target_is_its_own() -> None:
    own = schools.target("fcc-2014", 2.5)
    assert own.target_id == "own"
    assert own.mbps(pd.Series([10])).tolist() == [25.0]


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(InfraplanError):
        schools.target("fcc-2031")


# --- the gap --------------------------------------------------------------------------------------------------------


def test_the_gap_is_what_is_missing_to_the_target(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *TWO))
    buy(maine, tmp_path, f"{WEST},100\n{EAST},1000\n")
    west, east = gaps_of(maine, WEST), gaps_of(maine, EAST)
    assert (west["kbps_per_student"], west["target_mbps"], west["gap_mbps"]) == (333.333, 300.0, 200.0)
    assert (east["gap_mbps"], east["basis"], east["schools"]) == (0.0, "filed", 1)


def test_an_unknown_bandwidth_is_unknown_and_never_zero(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *TWO))
    buy(maine, tmp_path, f"{WEST},\n")
    for lea in (WEST, EAST):
        found = gaps_of(maine, lea)
        assert found[["mbps", "kbps_per_student", "gap_mbps"]].isna().all()
        assert found["basis"] == "unknown"
        assert found["target_mbps"] > 0
    note = schools.school_gaps(maine, aim=FCC).notes[1]
    assert note == "no bandwidth of this kind is loaded for these LEAs: no gap can be told"


def test_wide_area_targets_are_held_against_wide_area_circuits(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *TWO))
    buy(maine, tmp_path, f"{WEST},100,internet\n{WEST},1000,wan\n", more='service = "service"')
    wan = gaps_of(maine, WEST, schools.target("wan"))
    assert (wan["mbps"], wan["target_mbps"], wan["gap_mbps"]) == (1000.0, 3000.0, 2000.0)
    assert gaps_of(maine, WEST)["mbps"] == 100.0


def test_a_lea_without_a_boundary_has_its_row_and_the_map_says_how_many_schools_that_are(
    maine: Workspace, tmp_path: Path
) -> None:
    charter = edge_row("230099900001", "Charter School", members=50, lea_name="Charter")
    add(maine, two_districts(tmp_path), edge(tmp_path / "edge.csv", *TWO, charter))
    buy(maine, tmp_path, "2300999,25\n2300888,10\n")
    table = schools.school_gaps(maine, aim=FCC).table
    assert table["lea_id"].tolist() == [WEST, EAST, "2300888", "2300999"]
    assert gaps_of(maine, "2300999")["gap_mbps"] == 25.0
    assert gaps_of(maine, "2300888")["schools"] == 0
    shown = layers.map_tables(maine, rule=home_rule("bead-2022"), aim=FCC)
    assert any("1 of 3 schools belong to 1 LEAs without a boundary" in note for note in shown.notes)
    assert shown.points is not None
    assert shown.points["school_id"].tolist() == ["230000100001", "230000200001", "230099900001"]
    assert not [name for name in shown.layers if name.startswith(("homes", "children"))]


def test_students_are_the_states_then_the_schools_then_the_bandwidth_files(maine: Workspace, tmp_path: Path) -> None:
    rows = [*TWO, edge_row("230000200002", "No Count", members=-1)]
    add(maine, edge(tmp_path / "edge.csv", *rows))
    (tmp_path / "enrollment.csv").write_text(f"lea_id,name,students\n{WEST},West,310\n", encoding="utf-8")
    add(maine, tmp_path / "enrollment.csv")
    buy(maine, tmp_path, f"{EAST},100,,250\n2300777,5,,40\n", more='students = "students"')
    table = schools.school_gaps(maine, aim=FCC).table.set_index("lea_id")["students"].to_dict()
    assert table == {WEST: 310, EAST: 250, "2300777": 40}, "a school without a count leaves its LEA's sum unknown"


def test_schools_of_two_files_are_one_school(maine: Workspace, tmp_path: Path) -> None:
    header = "SCHOOL_YEAR,FIPST,SCH_NAME,LEA_NAME,LEAID,NCESSCH,SY_STATUS".split(",")  # noqa: SIM905
    directory = [
        ["2024-2025", "23", "West High", "West", WEST, "230000100001", "1"],
        ["2024-2025", "23", "New School", "West", WEST, "230000100002", "3"],
        ["2024-2025", "23", "Shut School", "West", WEST, "230000100003", "2"],
    ]
    (tmp_path / "ccd_sch.csv").write_text(csv_text(header, directory), encoding="utf-8")
    taken = add(maine, edge(tmp_path / "edge.csv", *TWO), tmp_path / "ccd_sch.csv")
    assert taken[1].receipt.refused == {"closed, inactive or future": 1}
    roster = schools.school_roster(maine)
    assert roster["ncessch"].tolist() == ["230000100001", "230000100002", "230000200001"]
    assert roster["lon"].isna().tolist() == [False, True, False]
    assert gaps_of(maine, WEST)["schools"] == 2


def test_figures_of_two_times_are_said_to_be(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *TWO))
    buy(maine, tmp_path, f"{WEST},100\n", as_of='"2015-07-01"')
    notes = schools.school_gaps(maine, aim=FCC).notes
    assert any("bandwidth is as of 2015-07-01, students as of 2024: 9 years apart" in note for note in notes)


def test_without_schools_and_circuits_the_way_to_them_is_named(maine: Workspace) -> None:
    with pytest.raises(NoTable, match="NCES EDGE"):
        schools.school_gaps(maine, aim=FCC)


# --- growth ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mbps", "percent", "year"),
    [(1500.0, 25.0, 2028), (1000.0, 25.0, 2027), (999.0, 25.0, 2026), (1250.0, 25.0, 2028), (1249.9, 25.0, 2027)],
)
def test_the_year_of_falling_short_is_the_first_in_which_the_target_is_above(
    mbps: float, percent: float, year: int
) -> None:
    table = pd.DataFrame({"mbps": [mbps], "target_mbps": [1000.0]})
    assert schools.falls_short_year(table, percent, 2026).tolist() == [year]


def test_without_growth_a_met_target_is_never_missed_and_an_unknown_stays_unknown() -> None:
    table = pd.DataFrame({"mbps": [2000.0, 500.0, None], "target_mbps": [1000.0, 1000.0, 1000.0]})
    assert schools.falls_short_year(table, 0, 2026).isna().tolist() == [True, False, True]


@pytest.mark.parametrize("percent", [1e-320, 1e-300, 1e-9, 0.001])
def test_growth_too_slow_to_matter_is_none(percent: float) -> None:
    table = pd.DataFrame({"mbps": [1500.0, 500.0], "target_mbps": [1000.0, 1000.0]})
    years = schools.falls_short_year(table, percent, 2026)
    assert years.isna().tolist() == [True, False]
    assert years[1] == 2026


def test_growth_starts_at_the_date_of_the_bandwidth(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *TWO))
    buy(maine, tmp_path, f"{WEST},450\n", as_of='"2024-10-01"')
    assert gaps_of(maine, WEST, growth_percent=25.0)["falls_short_year"] == 2026


# --- fiber ----------------------------------------------------------------------------------------------------------


def near(where: Workspace) -> dict[str, str]:
    table = schools.near_fiber(where)
    return dict(zip(table["ncessch"], table["near_fiber"], strict=True))


def test_fiber_is_near_in_the_schools_cell_and_those_beside_it_and_no_further(maine: Workspace, tmp_path: Path) -> None:
    places = [h3.cell_to_latlng(WEST_CELL)]
    places += [h3.cell_to_latlng(next(iter(h3.grid_ring(WEST_CELL, ring)))) for ring in (1, 2)]
    rows = [edge_row(f"23000010000{n}", f"School {n}", lat=lat, lon=lon) for n, (lat, lon) in enumerate(places)]
    rows += [
        edge_row("230000100008", "Online", virtual="FULLVIRTUAL"),
        edge_row("230000100009", "Nowhere", lat=0, lon=0),
    ]
    add(maine, edge(tmp_path / "edge.csv", *rows))
    assert set(near(maine).values()) == {"unknown"}, "no FCC file is loaded"
    add(maine, bdc(tmp_path / "cable.csv", Offer(1, technology=40)))
    assert set(near(maine).values()) == {"unknown"}, "no file with fiber is loaded"
    add(maine, bdc(tmp_path / "fiber.csv", Offer(1, technology=50)))
    assert near(maine) == {
        "230000100000": "yes",
        "230000100001": "yes",
        "230000100002": "no",
        "230000100008": "unknown",
        "230000100009": "unknown",
    }


# --- need -----------------------------------------------------------------------------------------------------------


def test_gaps_stand_beside_poverty_lunch_and_locale(maine: Workspace, tmp_path: Path) -> None:
    locales = ["43", "43", "21"]
    rows = [edge_row(f"23000010000{n}", f"S{n}", locale=code) for n, code in enumerate(locales)]
    add(maine, edge(tmp_path / "edge.csv", *rows, TWO[1]))
    (tmp_path / "enrollment.csv").write_text(
        f"lea_id,name,students,nslp_students\n{WEST},West,400,100\n{EAST},East,0,\n", encoding="utf-8"
    )
    saipe = pd.DataFrame(
        {
            "State Postal Code": ["ME"],
            "State FIPS Code": ["23"],
            "District ID": ["00001"],
            "Name": ["West"],
            "Estimated Total Population": ["2,000"],
            "Estimated Population 5-17": ["300"],
            "Estimated number of relevant children 5 to 17 years old in poverty": ["60"],
        }
    )
    tablefiles.write(saipe, tmp_path / "ussd23.xlsx")
    add(
        maine,
        tmp_path / "enrollment.csv",
        tmp_path / "ussd23.xlsx",
        ccd_lea(tmp_path / "c.csv", ccd_lea_row(WEST, "West")),
    )
    table = schools.equity(maine, schools.school_gaps(maine, aim=FCC).table).set_index("lea_id")
    found = table[["poverty_share", "nslp_share", "locale"]].to_dict("index")
    assert found[WEST] == {"poverty_share": 0.2, "nslp_share": 0.25, "locale": "43"}
    assert table[["poverty_share", "nslp_share"]].isna().to_dict("index")[EAST] == {
        "poverty_share": True,
        "nslp_share": True,
    }


def test_schools_without_any_count_of_students_say_so_in_words(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", edge_row("230000100001", "West High", members=-1)))
    found = schools.school_gaps(maine, aim=schools.target("fcc-2014"))
    assert "students are not known for any of 1 LEAs: no enrollment is loaded" in found.notes
