"""A state's own file through a column map: totals refused, names matched in the open, faults of map and file told."""

from pathlib import Path

import pytest
from publishers import EAST, WEST, add, ccd_lea, ccd_lea_row, two_districts

from infraplan.errors import BadInput
from infraplan.intake import Taken
from infraplan.workspace import Workspace

MAP = 'table = "enrollment"\ntitle = "October count"\npublisher = "State office"\nas_of = 2024-10-01\n'
COLUMNS = '[columns]\nlea_id = "NCES"\nname = "District"\nstudents = "Total"\n'
ROWS = 'NCES,District,Total\n2300001,West,"1,200"\n2300002,East,300\n2300003,North,40\n'


def load(where: Workspace, folder: Path, rows: str, mapping: str, name: str = "count.csv") -> Taken:
    (folder / name).write_text(rows, encoding="utf-8")
    (folder / "map.toml").write_text(mapping, encoding="utf-8")
    return add(where, folder / name, column_map=folder / "map.toml")[0]


def refusal(where: Workspace, folder: Path, rows: str, mapping: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        load(where, folder, rows, mapping)
    return caught.value


def test_a_file_is_read_through_its_map_with_date_and_publisher(maine: Workspace, tmp_path: Path) -> None:
    receipt = load(maine, tmp_path, ROWS, MAP + COLUMNS).receipt
    assert (receipt.as_of, receipt.publisher, receipt.title) == ("2024-10-01", "State office", "October count")
    frame = maine.frame("enrollment")
    assert frame["students"].tolist() == [1200, 300, 40]
    assert frame["source_row"].tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("label", "why"), [("Statewide figures", "equals the sum of all other rows"), ("State Total", "a row")]
)
def test_a_total_row_is_refused_until_it_is_excluded(maine: Workspace, tmp_path: Path, label: str, why: str) -> None:
    rows = f'{ROWS}2300099,{label},"1,540"\n'
    fault = refusal(maine, tmp_path, rows, MAP + COLUMNS).faults[0]
    assert (fault.kind, fault.row, fault.column, fault.value) == ("TotalRow", 5, "District", label)
    assert why in fault.what
    assert fault.mend == f'exclude it in the column map:  [exclude]  District = ["{label}"]'
    receipt = load(maine, tmp_path, rows, f'{MAP}{COLUMNS}[exclude]\nDistrict = ["{label}"]\n').receipt
    assert receipt.refused == {f"excluded by the column map (District = {label})": 1}
    assert receipt.rows_read == 4
    assert maine.frame("enrollment")["students"].sum() == 1540


def test_a_row_named_as_a_total_is_refused_even_where_blanks_keep_it_from_adding_up(
    maine: Workspace, tmp_path: Path
) -> None:
    rows = "NCES,District,Total\n2300001,West,*\n2300002,East,300\n2300003,North,40\n,Total,350\n"
    faults = refusal(maine, tmp_path, rows, MAP + COLUMNS).faults
    assert [(one.kind, one.row) for one in faults] == [("TotalRow", 5), ("BadValue", 2)], "all faults at once"


def test_all_faults_of_a_map_are_told_at_once(maine: Workspace, tmp_path: Path) -> None:
    mapping = f'{MAP}colour = "red"\n[columns]\nlea_id = "LEA"\npupils = "Total"\nstudents = "Count"\n[exclude]\nNote = ["x"]\n'
    told = str(refusal(maine, tmp_path, ROWS, mapping))
    for words in ("colour", "no column pupils", "no column 'LEA'", "no column 'Count'", "column 'Note'"):
        assert words in told


def test_a_setting_that_must_be_a_section_is_told_so(maine: Workspace, tmp_path: Path) -> None:
    told = str(refusal(maine, tmp_path, ROWS, f'{MAP}exclude = "Total"\n{COLUMNS}'))
    assert "exclude in the column map is 'Total', expected a section" in told
    assert "mend:  write [exclude]" in told


def test_a_map_for_no_table_names_the_tables(maine: Workspace, tmp_path: Path) -> None:
    assert "enrollment" in str(refusal(maine, tmp_path, ROWS, 'table = "home_gaps"\n'))


def test_cells_are_checked_after_mapping_and_told_with_the_files_row(maine: Workspace, tmp_path: Path) -> None:
    faults = refusal(maine, tmp_path, "NCES,District,Total\n2300001,West,many\n23,East,-4\n", MAP + COLUMNS).faults
    assert {(one.row, one.column, one.value) for one in faults} == {
        (2, "Total (our students)", "many"),
        (3, "NCES (our lea_id)", "23"),
        (3, "Total (our students)", "-4"),
    }
    assert "Total is 'many', expected a whole number" in faults[1].what


def test_constants_and_codes_fill_and_translate(maine: Workspace, tmp_path: Path) -> None:
    mapping = (
        'table = "circuits"\n[columns]\nlea_id = "NCES"\nmbps = "Mbps"\nbasis = "How"\n[constants]\nservice = "wan"\n'
        '[codes.basis]\nM = "measured"\nF = "filed"\n'
    )
    load(maine, tmp_path, "NCES,Mbps,How\n2300001,1000,M\n2300002,,F\n", mapping)
    frame = maine.frame("circuits")
    assert frame["service"].tolist() == ["wan", "wan"]
    assert frame["basis"].tolist() == ["measured", "filed"]
    assert frame["mbps"].isna().tolist() == [False, True]


def test_rows_of_one_district_are_added_up_and_blanks_do_not_become_zero(maine: Workspace, tmp_path: Path) -> None:
    rows = "NCES,District,Total\n2300001,West,100\n2300001,West,*\n2300001,West,\n2300002,East,\n2300002,East,\n"
    mapping = f'{MAP}sum = true\n{COLUMNS}[codes.students]\n"*" = ""\n'
    load(maine, tmp_path, rows, mapping)
    frame = maine.frame("enrollment").set_index("lea_id")["students"]
    assert frame[WEST] == 100
    assert frame.isna()[EAST]


def test_lost_zeros_are_mended_and_said_and_other_states_left_out(tmp_path: Path) -> None:
    from publishers import start  # noqa: PLC0415

    alabama = start(tmp_path / "al", "AL")
    rows = "NCES,District,Total\n100005,Albertville,10\n0100006,Marshall,20\n2300001,West,5\n,Nobody,7\n"
    receipt = load(alabama, tmp_path, rows, MAP + COLUMNS).receipt
    assert alabama.frame("enrollment")["lea_id"].tolist() == ["0100005", "0100006"]
    assert "1 district numbers had lost their leading zero; mended" in receipt.notes
    assert receipt.refused == {"rows of other states": 1, "rows without a district number": 1}


def test_zeros_that_no_state_makes_certain_are_a_fault(maine: Workspace, tmp_path: Path) -> None:
    (fault,) = refusal(maine, tmp_path, "NCES,District,Total\n330001,West,1\n2300002,East,2\n", MAP + COLUMNS).faults
    assert fault.value == "330001", "03 is no state: a zero in front would mend nothing"


def test_names_are_matched_to_nces_numbers_with_every_match_shown(maine: Workspace, tmp_path: Path) -> None:
    rows = [
        ccd_lea_row("2300001", "West Regional School District", state_id="ME-17"),
        ccd_lea_row("2300002", "East", state_id="ME-18"),
        ccd_lea_row("2300003", "Lake", state_id="ME-19"),
        ccd_lea_row("2300004", "Lake", state_id="ME-20"),
    ]
    add(maine, ccd_lea(tmp_path / "ccd.csv", *rows))
    rows_text = "Code,District,Total\n017,West,10\n,East,20\n,West Regional,30\n,Lake,40\n20.0,Lake,50\n,Hill,60\n"
    mapping = f'{MAP}[columns]\nstate_lea_id = "Code"\nname = "District"\nstudents = "Total"\n'
    with pytest.raises(BadInput, match="must be unique"):
        load(maine, tmp_path, rows_text, mapping)
    receipt = load(maine, tmp_path, rows_text, f"{MAP}sum = true\n{mapping.removeprefix(MAP)}").receipt
    (note,) = [one for one in receipt.notes if "matched" in one]
    lines = [line.strip() for line in note.splitlines()]
    assert lines[0] == "4 of 6 names matched to NCES numbers; check them:"
    assert [line.split("  ->  ")[0] for line in lines[1:3]] == ["Lake", "Hill"], "what was not found stands first"
    assert any("West" in line and "2300001" in line and "state number" in line for line in lines)
    assert any("East" in line and "2300002" in line and line.endswith("(by name)") for line in lines)
    assert any("Lake" in line and "no NCES number found" in line for line in lines), "two Lakes: neither is certain"
    assert any("Hill" in line and "no NCES number found" in line for line in lines)
    totals = maine.frame("enrollment").set_index("lea_id")["students"].to_dict()
    assert totals == {"2300001": 40, "2300002": 20, "2300004": 50}
    assert receipt.refused["rows whose district has no NCES number in the loaded files"] == 2


def test_a_district_run_by_the_state_is_no_total(maine: Workspace, tmp_path: Path) -> None:
    rows = ["2300001,West,Local,Total,10", "2300002,East,Local,Total,20", "2300003,Deaf,State,Total,5"]
    rows += ["2300004,North,Local,Total,7", "2300005,Hill,Statewide,Total,9"]
    load(maine, tmp_path, "\n".join(["NCES,District,Run by,Students,Total", *rows]), MAP + COLUMNS)
    assert len(maine.frame("enrollment")) == 5
    text = "\n".join(["NCES,District,Run by,Students,Total", *rows, ",,Statewide,Total,50"])
    assert "named as a total" in str(refusal(maine, tmp_path, text, MAP + COLUMNS))


def test_a_district_on_many_rows_is_one_match_in_the_list(maine: Workspace, tmp_path: Path) -> None:
    add(maine, ccd_lea(tmp_path / "ccd.csv", ccd_lea_row("2300001", "West"), ccd_lea_row("2300002", "East")))
    mapping = f'{MAP}sum = true\n[columns]\nname = "District"\nstudents = "Total"\n'
    receipt = load(maine, tmp_path, "District,Total\nWest,10\nWest,25\nHill,5\nHill,6\n", mapping).receipt
    (note,) = [one for one in receipt.notes if "matched" in one]
    assert note.splitlines()[0] == "1 of 2 names matched to NCES numbers; check them:"
    assert len(note.splitlines()) == 3
    assert receipt.refused["rows whose district has no NCES number in the loaded files"] == 2


def test_names_without_a_directory_to_match_are_refused(maine: Workspace, tmp_path: Path) -> None:
    mapping = f'{MAP}[columns]\nname = "District"\nstudents = "Total"\n'
    assert "first add the NCES district directory" in str(refusal(maine, tmp_path, ROWS, mapping))
    add(maine, two_districts(tmp_path))
    text = ROWS.replace("West", "West Unified").replace("East", "East Unified")
    load(maine, tmp_path, text, mapping)
    assert maine.frame("enrollment")["lea_id"].tolist() == [WEST, EAST]


def test_a_state_file_without_a_map_is_refused_with_the_way_in(maine: Workspace, tmp_path: Path) -> None:
    (tmp_path / "count.csv").write_text(ROWS, encoding="utf-8")
    with pytest.raises(BadInput, match=r"--columns MAP\.toml"):
        add(maine, tmp_path / "count.csv")
    with pytest.raises(BadInput, match="needs a column map"):
        add(maine, tmp_path / "count.csv", source="column_map")
