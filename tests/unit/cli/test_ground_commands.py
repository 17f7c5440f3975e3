"""The commands of the ground as a person types them: exit codes, data to one stream and words to the other."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pandas as pd
import pytest
from commandline import Said
from publishers import (
    EAST,
    EAST_BLOCK,
    EAST_CELL,
    NOWHERE_CELL,
    WEST,
    Offer,
    add,
    bandwidth,
    bdc,
    ccd_lea,
    ccd_lea_row,
    edge,
    edge_row,
    s2802,
    start,
    two_districts,
)

import infraplan.cli
from infraplan import tablefiles
from infraplan.cli import infraplan as root
from infraplan.workspace import Workspace

Run = Callable[..., Said]
D25 = "bdc_23_Mixed_fixed_broadband_D25_17mar2026.csv"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace for Maine with homes, children, schools and bandwidth."""
    tmp_path = tmp_path_factory.mktemp("loaded")
    maine = start(tmp_path / "plan")
    offers = [
        Offer(1),
        Offer(2, down=50, up=10),
        Offer(3, technology=60, latency=0),
        Offer(4, cell=EAST_CELL, block=EAST_BLOCK),
        Offer(5, cell=NOWHERE_CELL, technology=61),
    ]
    (tmp_path / "funded.csv").write_text("location_id,program\n1000000003,CAF\n1000000002,RDOF\n", encoding="utf-8")
    add(
        maine,
        bdc(tmp_path / D25, *offers),
        two_districts(tmp_path),
        tmp_path / "funded.csv",
        s2802(
            tmp_path / "ACSST5Y2022.S2802-Data.csv",
            ("1400000US23001010100", 100, 10, 60, 8),
            ("1400000US23003010100", 200, 20, 196, 20),
        ),
        ccd_lea(tmp_path / "ccd.csv", ccd_lea_row(WEST, "West"), ccd_lea_row(EAST, "=East()")),
        edge(
            tmp_path / "edge.csv",
            edge_row("230000100001", "West High", members=300),
            edge_row("230000200001", "East School", members=7),
        ),
    )
    table, mapping = bandwidth(tmp_path, f"nces,mbps\n{WEST},100\n{EAST},20\n")
    add(maine, table, column_map=mapping)
    return maine.folder


@pytest.fixture
def plan(loaded: Path, tmp_path: Path) -> Workspace:
    """A copy of the loaded workspace for one test."""
    return Workspace.open(Path(shutil.copytree(loaded, tmp_path / "plan")))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        yield (*path, name), command


# --- all commands ---------------------------------------------------------------------------------------------------


def test_every_command_has_help_with_an_example(infraplan: Run) -> None:
    for path, command in commands(root):
        said = infraplan(*path, "--help")
        assert said.code == 0, path
        assert "Example:" in said.out, path
        assert " ".join(["infraplan", *path]) in said.out or isinstance(command, click.Group), path
        assert not said.err


def test_infraplan_alone_shows_three_doors_with_a_command_each(infraplan: Run) -> None:
    said = infraplan()
    assert said.code == 0
    for door in ("State broadband or E-Rate office", "School district", "Curriculum office"):
        assert door in said.out
    assert said.out.count("\n      infraplan ") == 3


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command",),
        ("status", "--no-such-option"),
        ("connectivity", "homes", "--by", "town"),
        ("data", "add"),
        ("init", "x", "--state", "ME"),
        ("init", "x", "--state", "ME", "--funding-year", "soon"),
        ("data", "add", "x.csv", "--as-of", "last year"),
    ],
)
def test_wrong_usage_exits_2_and_prints_no_data(infraplan: Run, words: tuple[str, ...]) -> None:
    said = infraplan(*words)
    assert said.code == 2
    assert not said.out
    assert said.err


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("data", "list"),
        ("data", "export", "schools"),
        ("connectivity", "homes"),
        ("explain", "home_gaps", WEST, "unserved"),
    ],
)
def test_outside_a_workspace_commands_exit_1_and_say_how_to_make_one(
    infraplan: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = infraplan(*words, "--workspace", tmp_path)
    assert said.code == 1
    assert not said.out
    assert "infraplan init" in said.err


def test_a_fault_of_the_tool_is_owned_up_to(infraplan: Run, maine: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_: object) -> str:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("infraplan.standing.words", stumble)
    said = infraplan("status", "--workspace", maine.folder)
    assert said.code == 1
    assert "this is a fault of infraplan, not of your files" in said.err
    monkeypatch.setenv("INFRAPLAN_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        infraplan("status", "--workspace", maine.folder)


def test_a_refusal_of_the_operating_system_is_told_in_words(infraplan: Run, plan: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    said = infraplan("data", "list", "--workspace", plan.folder, "-o", tmp_path / "file" / "list.csv")
    assert said.code == 1
    assert "the operating system refused" in said.err


def test_help_is_quick_to_import() -> None:
    assert infraplan.cli.LazyGroup(lazy={"x": ("no.such.module:x", "help")}).list_commands(click.Context(root)) == ["x"]


# --- init, data -----------------------------------------------------------------------------------------------------


def test_init_says_what_to_do_next_and_quiet_says_nothing(infraplan: Run, tmp_path: Path) -> None:
    said = infraplan("init", tmp_path / "a", "--state", "me", "--funding-year", 2026)
    assert (said.code, said.out) == (0, "")
    assert "a workspace for Maine, funding year 2026" in said.err
    assert infraplan("init", tmp_path / "b", "--state", "RI", "--funding-year", 2026, "--quiet") == Said(0, "", "")
    assert infraplan("init", tmp_path / "a", "--state", "RI", "--funding-year", 2026).code == 1


def test_add_tells_what_each_file_was_taken_for(infraplan: Run, maine: Workspace, tmp_path: Path) -> None:
    path = bdc(tmp_path / D25, Offer(1), Offer(2, block="330010101001000"), Offer(3, technology=10, down=0, up=0))
    said = infraplan("data", "add", path, "--workspace", maine.folder)
    assert (said.code, said.out) == (0, "")
    assert "FCC BDC fixed availability, technology 10, 50, as of 2025-12-31; read 3, kept 2 rows" in said.err
    assert "left out 1: rows of other states" in said.err
    assert "1 rows are filed with speed 0/0" in said.err
    again = infraplan("data", "add", path, "--workspace", maine.folder)
    assert again.err == f"{D25}: already here, nothing changed\n"


def test_add_says_which_vintage_counts(infraplan: Run, maine: Workspace, tmp_path: Path) -> None:
    names = [f"bdc_23_Cable_fixed_broadband_{name}.csv" for name in ("J24_01nov2024", "J25_22nov2025", "J23_01nov2023")]
    said = [
        infraplan("data", "add", bdc(tmp_path / name, Offer(n, technology=40)), "--workspace", maine.folder).err
        for n, name in enumerate(names)
    ]
    assert f"now current in place of {names[0]}, which stays until `infraplan data drop` names it" in said[1]
    assert "older than what is loaded: kept, but the newer file stays current" in said[2]
    listed = rows(infraplan("data", "list", "--workspace", maine.folder).out)
    assert [one["current"] for one in listed] == ["no", "yes", "no"]
    assert [one["revision"] for one in listed] == ["2024-11-01", "2025-11-22", "2023-11-01"]


def test_a_refused_file_exits_1_with_every_fault_on_standard_error(
    infraplan: Run, maine: Workspace, tmp_path: Path
) -> None:
    path = bdc(tmp_path / "x.csv", Offer(1, technology=99), Offer(2, code="Q"))
    said = infraplan("data", "add", path, "--workspace", maine.folder, "--quiet")
    assert (said.code, said.out) == (1, "")
    assert "x.csv, row 2, column technology" in said.err
    assert "x.csv, row 3, column business_residential" in said.err
    assert "2 faults in all" in said.err


def test_list_receipts_check_and_drop(infraplan: Run, plan: Workspace) -> None:
    where = ("--workspace", plan.folder)
    listed = rows(infraplan("data", "list", *where).out)
    assert [one["table"] for one in listed].count("availability") == 1
    assert {one["current"] for one in listed} == {"yes"}
    (receipt,) = json.loads(infraplan("data", "receipts", D25, *where).out)
    assert receipt["file"] == D25
    assert receipt["publisher"] == "Federal Communications Commission"
    assert infraplan("data", "check", *where).err == "7 tables hold what their receipts and declarations say\n"
    said = infraplan("data", "drop", D25, *where)
    assert (said.code, said.err) == (0, "dropped 5 rows of availability\n")
    assert infraplan("data", "drop", D25, *where).code == 1


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet", "xlsx"])
def test_a_table_is_exported_in_the_format_of_the_ending(
    infraplan: Run, plan: Workspace, tmp_path: Path, ending: str
) -> None:
    target = tmp_path / f"out.{ending}"
    said = infraplan("data", "export", "schools", "-o", target, "--workspace", plan.folder)
    assert (said.code, said.out) == (0, "")
    assert said.err == f"wrote {target} (2 rows)\n"
    assert tablefiles.read_text(target)["ncessch"].tolist() == ["230000100001", "230000200001"]


@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_shapes_are_exported_to_map_formats(infraplan: Run, plan: Workspace, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"out.{ending}"
    assert infraplan("data", "export", "district_shapes", "-o", target, "--workspace", plan.folder).code == 0
    assert target.stat().st_size > 100


def test_format_stands_in_for_an_ending_and_goes_to_standard_output(infraplan: Run, plan: Workspace) -> None:
    where = ("--workspace", plan.folder)
    for kind, first in (("json", "["), ("jsonl", "{"), ("csv", "ncessch,"), ("html", "<table")):
        assert infraplan("data", "export", "schools", "--format", kind, *where).out.startswith(first)
    assert infraplan("data", "export", "schools", "--format", "xlsx", *where).code == 1
    assert infraplan("data", "export", "schools", "--format", "doc", *where).code == 2


def test_an_exported_cell_is_never_a_formula(infraplan: Run, plan: Workspace) -> None:
    listed = rows(infraplan("data", "export", "districts", "--workspace", plan.folder).out)
    assert [one["name"] for one in listed] == ["West", "'=East()"]


def test_what_is_not_loaded_or_not_known_is_refused(infraplan: Run, maine: Workspace) -> None:
    where = ("--workspace", maine.folder)
    assert "nothing is loaded for the table schools" in infraplan("data", "export", "schools", *where).err
    assert "there is no table named nonsense" in infraplan("data", "export", "nonsense", *where).err
    assert "has not been computed" in infraplan("data", "export", "home_gaps", *where).err


def test_answers_by_county_and_state_are_kept_and_exported_beside_the_one_by_district(
    infraplan: Run, plan: Workspace
) -> None:
    where = ("--workspace", plan.folder)
    for kind in ("district", "county", "state"):
        assert infraplan("connectivity", "homes", "--by", kind, *where).code == 0
    for name, by in (("home_gaps", "district"), ("home_gaps_county", "county"), ("home_gaps_state", "state")):
        exported = rows(infraplan("data", "export", name, *where).out)
        assert exported == rows(infraplan("connectivity", "homes", "--by", by, *where).out), name
    assert "there is no table named home_gaps_town" in infraplan("data", "export", "home_gaps_town", *where).err


# --- tables, status -------------------------------------------------------------------------------------------------


def test_the_data_dictionary_lists_tables_and_columns(infraplan: Run) -> None:
    listed = {one["table"]: one for one in rows(infraplan("tables").out)}
    assert listed["home_gaps"]["layer"] == "out"
    columns = {one["column"]: one for one in rows(infraplan("tables", "home_gaps", "--quiet").out)}
    assert columns["unserved_share"]["formula"] == "unserved / locations"
    assert columns["area_id"]["blank means"] == "locations in no district"
    assert infraplan("tables", "nonsense").code == 1


def test_status_says_what_can_be_answered_what_is_missing_and_where_to_get_it(
    infraplan: Run, maine: Workspace, tmp_path: Path
) -> None:
    empty = infraplan("status", "--workspace", maine.folder).out
    assert "Maine (ME), funding year 2026" in empty
    assert "no files yet" in empty
    assert "https://broadbandmap.fcc.gov/data-download" in empty
    add(maine, bdc(tmp_path / "bdc_23_Fiber_063022.csv", Offer(1)), two_districts(tmp_path))
    told = infraplan("status", "--workspace", maine.folder).out
    now, later = told.split("not yet")
    assert "infraplan connectivity homes --by district" in now
    assert "infraplan connectivity children" not in now
    assert "as of 2022-06-30" in now
    assert "years old when added" in now
    assert "https://data.census.gov/table?q=S2802" in later


def test_status_marks_a_file_that_no_longer_counts(infraplan: Run, maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / "a_063022.csv", Offer(1)), bdc(tmp_path / "b_063023.csv", Offer(2)))
    lines = infraplan("status", "--workspace", maine.folder).out.splitlines()
    assert [line.endswith("not current, a newer file counts") for line in lines if "availability" in line][:2] == [
        True,
        False,
    ]


# --- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "header"),
    [
        (("homes",), "area_id,name,locations,own_locations,served,underserved,unserved,unserved_share,funded_locations,"
         "unfunded_unserved,rule_id,universe,method"),
        (("homes", "--by", "county", "--detail", "technology"), "area_id,name,technology,locations,reached,served"),
        (("homes", "--by", "state", "--detail", "providers"), "area_id,name,providers,locations"),
        (("children",), "area_id,name,children,without_access,low,high,method"),
        (("schools",), "lea_id,name,schools,students,mbps,kbps_per_student,target_mbps,gap_mbps,basis"),
        (("schools", "--growth", "25", "--mbps-per-student", "2"),
         "lea_id,name,schools,students,mbps,kbps_per_student,target_mbps,gap_mbps,basis,falls_short_year"),
        (("schools", "--detail", "schools"), "ncessch,lea_id,name,lea_name,lon,lat,virtual,near_fiber"),
        (("schools", "--detail", "equity"),
         "lea_id,name,students,kbps_per_student,gap_mbps,poverty_share,nslp_students,nslp_share,locale"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_answers_go_to_standard_output_and_are_silent_on_request(
    infraplan: Run, plan: Workspace, words: tuple[str, ...], header: str
) -> None:
    said = infraplan("connectivity", *words, "--workspace", plan.folder)
    assert (said.code, said.out.splitlines()[0]) == (0, header)
    quiet = infraplan("connectivity", *words, "--workspace", plan.folder, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, said.out, "")


def test_the_title_of_homes_says_what_was_counted_and_by_which_rule(
    infraplan: Run, plan: Workspace, tmp_path: Path
) -> None:
    said = infraplan("connectivity", "homes", "-o", tmp_path / "h.csv", "--workspace", plan.folder)
    assert said.out == ""
    assert "rule bead-2022; locations counted:" in said.err
    assert "1 of 5 locations (20.00%) lie in no district" in said.err
    infraplan("data", "drop", "funded.csv", "--workspace", plan.folder)
    again = infraplan("connectivity", "homes", "--workspace", plan.folder)
    assert "funded locations not removed; not a statement of BEAD eligibility" in again.err.splitlines()[0]


def test_the_map_command_writes_a_page_in_the_workspace(infraplan: Run, plan: Workspace) -> None:
    said = infraplan("connectivity", "map", "--workspace", plan.folder)
    assert (said.code, said.out) == (0, "")
    page = (plan.folder / "maps" / "gaps.html").read_text(encoding="utf-8")
    assert "Maine: broadband gaps of homes, children and schools by district" in page
    assert "=East()" not in page or "<script>=East()" not in page


def test_published_tables_withhold_small_counts_of_people_and_what_gives_them_away(
    infraplan: Run, plan: Workspace
) -> None:
    where = ("--workspace", plan.folder)
    open_rows = {one["lea_id"]: one for one in rows(infraplan("connectivity", "schools", *where).out)}
    assert open_rows[EAST]["students"] == "7"
    said = infraplan("connectivity", "schools", "--publish", *where)
    published = {one["lea_id"]: one for one in rows(said.out)}
    assert [published[EAST][name] for name in ("students", "kbps_per_student", "target_mbps", "gap_mbps")] == [""] * 4
    assert published[EAST]["mbps"] == "20.0"
    assert "cells withheld: counts of people below 10" in said.err
    children = {one["area_id"]: one for one in rows(infraplan("connectivity", "children", "--publish", *where).out)}
    assert children[EAST]["without_access"] == children[EAST]["low"] == children[EAST]["high"] == ""


def test_shares_of_few_students_are_withheld_with_them(infraplan: Run, plan: Workspace, tmp_path: Path) -> None:
    (tmp_path / "enrollment.csv").write_text(
        f"lea_id,name,students,nslp_students\n{WEST},West,300,4\n{EAST},East,200,80\n2300003,Far,400,100\n"
        "2300004,Near,500,9\n",
        encoding="utf-8",
    )
    add(plan, tmp_path / "enrollment.csv")
    said = infraplan("connectivity", "schools", "--detail", "equity", "--publish", "--workspace", plan.folder)
    found = {one["lea_id"]: one for one in rows(said.out)}
    assert (found[WEST]["students"], found[WEST]["nslp_students"], found[WEST]["nslp_share"]) == ("300", "", "")


def test_everything_of_the_fictional_state_is_stamped(infraplan: Run, tmp_path: Path) -> None:
    franklin = start(tmp_path / "plan", "FK")
    add(franklin, bdc(tmp_path / D25, Offer(1, block="990010101001000", state="FK")))
    where = ("--workspace", franklin.folder)
    for words in (("connectivity", "homes", "--by", "state"), ("data", "export", "availability")):
        (row,) = rows(infraplan(*words, *where).out)
        assert row["stamp"] == "SYNTHETIC"
    assert "SYNTHETIC" in infraplan("data", "list", *where).out


# --- explain --------------------------------------------------------------------------------------------------------


def explained(infraplan: Run, plan: Workspace, *words: str) -> str:
    said = infraplan("explain", *words, "--workspace", plan.folder)
    assert said.code == 0, said.err
    return said.out


@pytest.mark.parametrize(
    ("area", "column", "count", "locations"),
    [
        (WEST, "unserved", 1, ["1000000003"]),
        (WEST, "served", 1, ["1000000001"]),
        (WEST, "underserved", 1, ["1000000002"]),
        (WEST, "locations", 3, ["1000000001", "1000000002", "1000000003"]),
        (WEST, "own_locations", 3, ["1000000001", "1000000002", "1000000003"]),
        (WEST, "funded_locations", 2, ["1000000002", "1000000003"]),
        (WEST, "unfunded_unserved", 0, []),
        (EAST, "served", 1, ["1000000004"]),
        ("", "unserved", 1, ["1000000005"]),
    ],
)
def test_a_figure_of_homes_is_counted_again_from_its_file_rows(
    infraplan: Run, plan: Workspace, area: str, column: str, count: int, locations: list[str]
) -> None:
    infraplan("connectivity", "homes", "--workspace", plan.folder)
    told = explained(infraplan, plan, "home_gaps", area, column)
    assert f"counted again from the files: {count:,} such locations" in told
    shown = told.split("file rows:")[1].split("sources")[0]
    assert [number for n in range(1, 6) if (number := f"100000000{n}") in shown] == locations
    assert "bead-2022: served: one offer with low latency by technology 10, 40, 50, 71, 72" in told
    assert "Public Law 117-58" in told
    assert f"{D25}: FCC BDC fixed availability" in told


def test_file_rows_are_those_a_spreadsheet_shows(infraplan: Run, plan: Workspace) -> None:
    infraplan("connectivity", "homes", "--workspace", plan.folder)
    told = explained(infraplan, plan, "home_gaps", WEST, "unserved")
    (line,) = [line for line in told.splitlines() if "1000000003" in line]
    assert line.split()[:3] == [D25, "4", "1000000003"]


def test_a_figure_of_children_is_redone_with_its_numbers(infraplan: Run, plan: Workspace) -> None:
    infraplan("connectivity", "children", "--workspace", plan.folder)
    told = explained(infraplan, plan, "child_gaps", WEST, "without_access")
    assert "child_gaps 2300001 (West), without_access = 30 children" in told
    assert "without access: 75.0 - 45.0 = 30.0" in told
    assert "23001010100" in told
    nowhere = explained(infraplan, plan, "child_gaps", "", "without_access")
    assert "without access: 25.0 - 15.0 = 10.0" in nowhere


def test_a_figure_of_schools_is_redone_with_its_numbers(infraplan: Run, plan: Workspace) -> None:
    infraplan("connectivity", "schools", "--workspace", plan.folder)
    told = explained(infraplan, plan, "school_gaps", WEST, "gap_mbps")
    assert "target 300.000 - 100.000 = 200.000 Mbps" in told
    assert "100.000 Mbps x 1,000 / 300 students = 333.333 kbps per student" in told
    assert "mbps.csv" in told
    assert "edge.csv" in told


def test_every_survey_area_behind_a_figure_of_children_is_listed(
    infraplan: Run, tmp_path: Path, maine: Workspace
) -> None:
    tracts_there = [(f"1400000US230010{n:05d}", 100, 10, 60, 10) for n in range(1, 31)]
    blocks = [Offer(n, block=f"230010{n:05d}1000") for n in range(1, 31)]
    add(maine, two_districts(tmp_path), s2802(tmp_path / "ACSST5Y2022.S2802-Data.csv", *tracts_there))
    add(maine, bdc(tmp_path / D25, *blocks))
    infraplan("connectivity", "children", "--workspace", maine.folder)
    told = explained(infraplan, maine, "child_gaps", WEST, "children")
    assert "children = 3,000 children" in told
    assert "the 30 areas of the survey that make it up" in told
    assert all(f"230010{n:05d} " in told for n in range(1, 31))


def test_need_beside_the_gap_is_explained_by_its_own_counts(infraplan: Run, plan: Workspace, tmp_path: Path) -> None:
    head = ["State Postal Code", "State FIPS Code", "District ID", "Name", "Estimated Total Population"]
    poverty = [*head, "Estimated Population 5-17", "Estimated number of relevant children 5 to 17 years old in poverty"]
    above = [[words, *[""] * (len(poverty) - 1)] for words in ("Estimates", "")]
    rows = [*above, poverty, ["ME", "23", WEST[2:], "West", "900", "200", "50"]]
    pd.DataFrame(rows).to_excel(tmp_path / "ussd23.xlsx", header=False, index=False)
    add(plan, tmp_path / "ussd23.xlsx")
    assert (
        "beside poverty" in infraplan("connectivity", "schools", "--detail", "equity", "--workspace", plan.folder).err
    )
    told = explained(infraplan, plan, "school_equity", WEST, "poverty_share")
    assert "50 / 200 = 0.2500" in told
    assert "ussd23.xlsx" in told.split("file rows: 1 row of the files")[1].split("sources")[0]
    assert "locale 43: " in explained(infraplan, plan, "school_equity", WEST, "locale")


def test_a_loaded_cell_is_shown_as_it_was_filed(infraplan: Run, plan: Workspace) -> None:
    told = explained(infraplan, plan, "schools", "230000100001", "students")
    assert "schools 230000100001, students: as filed" in told
    assert "edge.csv" in told
    assert "students = 300" in told


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("home_gaps", WEST, "colour"), "home_gaps has no column colour"),
        (("home_gaps", "9999999", "unserved"), "home_gaps has no row 9999999"),
        (("child_gaps", WEST, "low"), "has not been computed"),
        (("schools", "1", "name"), "schools has no row whose ncessch is 1"),
        (("nonsense", "1", "name"), "there is no table named nonsense"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_words(
    infraplan: Run, plan: Workspace, words: tuple[str, ...], answer: str
) -> None:
    infraplan("connectivity", "homes", "--workspace", plan.folder)
    said = infraplan("explain", *words, "--workspace", plan.folder)
    assert (said.code, said.out) == (1, "")
    assert answer in said.err
