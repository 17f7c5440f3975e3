"""Files into a workspace: each whole or not at all, with every fault told, and a receipt."""

import csv
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from publishers import (
    BDC_12,
    EAST,
    EAST_BLOCK,
    EAST_CELL,
    WEST,
    WEST_BOX,
    WEST_CELL,
    Offer,
    add,
    bdc,
    bdc_first_release,
    ccd_lea,
    ccd_lea_row,
    contents,
    csv_text,
    s2802,
    shapes,
    start,
    two_districts,
)

from infraplan import engine, intake, workspace
from infraplan.errors import BadInput, WorkspaceBusy
from infraplan.workspace import Workspace

J22 = "bdc_23_Cable_fixed_broadband_063022.csv"
J25 = "bdc_23_Cable_fixed_broadband_J25_22nov2025.csv"
J25_AGAIN = "bdc_23_Cable_fixed_broadband_J25_03feb2026.csv"
D25 = "bdc_23_Cable_fixed_broadband_D25_17mar2026.csv"


def refusal(where: Workspace, *paths: Path, source: str | None = None) -> BadInput:
    with pytest.raises(BadInput) as caught:
        add(where, *paths, source=source)
    return caught.value


def test_a_good_file_is_kept_with_a_receipt_that_says_what_it_is(maine: Workspace, tmp_path: Path) -> None:
    (taken,) = add(maine, bdc(tmp_path / J25, Offer(1, technology=40), Offer(2, technology=40, down=0, up=0)))
    receipt = taken.receipt
    assert receipt.tables == {"availability": 2}
    assert (receipt.source, receipt.rows_read, len(receipt.sha256)) == ("fcc_bdc_fixed", 2, 64)
    assert maine.receipts() == [receipt]
    assert not receipt.synthetic


def test_as_of_and_revision_are_two_fields(maine: Workspace, tmp_path: Path) -> None:
    (taken,) = add(maine, bdc(tmp_path / J25, Offer(1, technology=40)))
    assert (taken.receipt.as_of, taken.receipt.revision) == ("2025-06-30", "2025-11-22")
    (part,) = maine.partitions("availability")
    assert (part.as_of, part.revision) == ("2025-06-30", "2025-11-22")


def test_a_file_without_a_date_says_so_and_takes_the_one_given(maine: Workspace, tmp_path: Path) -> None:
    (undated,) = add(maine, bdc(tmp_path / "cable.csv", Offer(1, technology=40)))
    assert undated.receipt.as_of is None
    assert any("--as-of" in note for note in undated.receipt.notes)
    (dated,) = add(maine, bdc(tmp_path / "more.csv", Offer(2, technology=40)), as_of="2025-12-31")
    assert dated.receipt.as_of == "2025-12-31"


def test_all_faults_of_a_file_are_told_at_once(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(
        tmp_path / J25,
        Offer(1, technology=40),
        Offer(2, technology=99),
        Offer(3, down="fast"),
        Offer(4, code="Z"),
        Offer(5, cell="88"),
        Offer(6, provider=""),
    )
    faults = refusal(maine, path).faults
    found = {(one.kind, one.row, one.column, one.value) for one in faults}
    assert {
        ("UnknownCode", 3, "technology", "99"),
        ("Blank", 4, "max_advertised_download_speed (our down_mbps)", None),
        ("UnknownCode", 5, "business_residential_code (our business_residential)", "Z"),
        ("BadPattern", 6, "h3_res8_id", "88"),
    } <= found
    assert any(column == "provider_id" and row == 7 for _, row, column, _ in found)
    assert all(one.file == J25 and one.mend for one in faults)


def test_a_refused_file_leaves_the_workspace_as_it_was(maine: Workspace, tmp_path: Path) -> None:
    add(maine, two_districts(tmp_path))
    before = contents(maine.folder)
    refusal(maine, bdc(tmp_path / J25, Offer(1, technology=99)))
    assert contents(maine.folder) == before


def test_the_good_files_are_kept_and_the_faults_of_all_others_told_together(maine: Workspace, tmp_path: Path) -> None:
    bad = bdc(tmp_path / "bad.csv", Offer(1, technology=99))
    page = tmp_path / "page.csv"
    page.write_text("<!doctype html><title>Down for maintenance</title>", encoding="utf-8")
    nowhere = tmp_path / "nowhere.shp"
    shapes(nowhere, (WEST, "West", WEST_BOX))
    nowhere.with_suffix(".prj").unlink()
    told = str(refusal(maine, bad, page, nowhere, tmp_path / "none.csv", two_districts(tmp_path)))
    for words in ("technology is '99'", "web page", "reference system", "there is no file"):
        assert words in told
    assert [one.file for one in maine.receipts()] == ["tl_2025_23_unsd.zip"]


def test_the_same_file_twice_changes_nothing(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(tmp_path / J25, Offer(1, technology=40))
    add(maine, path)
    before = contents(maine.folder)
    (again,) = add(maine, path)
    assert again.already
    assert contents(maine.folder) == before


def test_the_same_bytes_under_another_name_are_the_same_file(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / J25, Offer(1, technology=40)))
    (again,) = add(maine, bdc(tmp_path / "copy.csv", Offer(1, technology=40)))
    assert again.already


def test_a_newer_vintage_counts_and_the_older_stays_until_it_is_dropped(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc_first_release(tmp_path / J22, Offer(1, technology=40)))
    (newer,) = add(maine, bdc(tmp_path / J25, Offer(1, technology=40), Offer(2, technology=40)))
    assert newer.replaces == (J22,)
    assert [part.rows for part in maine.partitions("availability")] == [2]
    assert [one.file for one in maine.receipts()] == [J22, J25]
    with maine.writing():
        maine.drop(J25)
    assert [part.rows for part in maine.partitions("availability")] == [1]


def test_a_new_revision_of_one_release_replaces_it(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / J25, Offer(1, technology=40)))
    (revised,) = add(maine, bdc(tmp_path / J25_AGAIN, Offer(2, technology=40)))
    assert revised.replaces == (J25,)
    assert [part.revision for part in maine.partitions("availability")] == ["2026-02-03"]


def test_an_older_vintage_added_later_is_kept_and_does_not_count(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / D25, Offer(1, technology=40)))
    (older,) = add(maine, bdc(tmp_path / J25, Offer(2, technology=40)))
    assert older.older
    assert not older.replaces
    assert [part.as_of for part in maine.partitions("availability")] == ["2025-12-31"]


def test_technologies_are_series_of_their_own(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / D25, Offer(1, technology=40)), bdc(tmp_path / "x_063022.csv", Offer(1, technology=50)))
    assert {part.as_of for part in maine.partitions("availability")} == {"2025-12-31", "2022-06-30"}


def test_another_states_file_is_refused(maine: Workspace, tmp_path: Path) -> None:
    fault = refusal(maine, bdc(tmp_path / J25, Offer(1, block="330010101001000", state="NH"))).faults[0]
    assert fault.kind == "OtherState"
    assert "no row of Maine" in fault.what


def test_rows_of_other_states_are_left_out_and_counted_with_rows_of_the_file_kept(
    maine: Workspace, tmp_path: Path
) -> None:
    path = bdc(tmp_path / J25, Offer(1, block="330010101001000"), Offer(2, technology=40), Offer(3, technology=40))
    (taken,) = add(maine, path)
    assert taken.receipt.refused == {"rows of other states": 1}
    assert maine.frame("availability")["source_row"].tolist() == [3, 4]


def test_a_number_that_is_no_block_is_a_fault_and_not_another_state(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(
        tmp_path / J25, Offer(1, block="330010101001000"), Offer(2), Offer(3, block="abc"), Offer(4, block="23001")
    )
    assert [(one.kind, one.row, one.value) for one in refusal(maine, path).faults] == [
        ("BadPattern", 4, "abc"),
        ("BadPattern", 5, "23001"),
    ]


def test_an_unknown_header_names_the_nearest_source_and_what_it_lacks(maine: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(csv_text([*BDC_12[:9], "state"], [["x"] * 10]), encoding="utf-8")
    told = str(refusal(maine, path))
    assert "nearest is FCC Broadband Data Collection, fixed availability" in told
    assert "block_geoid, h3_res8_id" in told
    assert "--columns MAP.toml" in told


def test_a_maintenance_page_served_as_csv_is_not_taken_for_data(maine: Workspace, tmp_path: Path) -> None:
    path = tmp_path / D25
    path.write_bytes(b"\xef\xbb\xbf\r\n<!DOCTYPE html>\r\n<html><body>We will be back soon</body></html>")
    fault = refusal(maine, path).faults[0]
    assert fault.kind == "NotATable"
    assert fault.mend is not None
    assert "down" in fault.mend


@pytest.mark.parametrize(("content", "kind"), [(b"", "EmptyFile"), (b"a,b\0c\n", "NotATable")])
def test_an_empty_or_binary_file_is_refused(maine: Workspace, tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    assert refusal(maine, tmp_path / "x.csv").faults[0].kind == kind


def test_a_header_in_any_case_is_known(maine: Workspace, tmp_path: Path) -> None:
    paths = [
        bdc(tmp_path / J25, Offer(1, technology=40)),
        s2802(tmp_path / "ACSST5Y2022.S2802-Data.csv", ("1400000US23001010100", 100, 10, 60, 8)),
        ccd_lea(tmp_path / "ccd.csv", ccd_lea_row(WEST, "West")),
    ]
    for path in paths:
        header, rest = path.read_text(encoding="utf-8-sig").split("\n", 1)
        path.write_text(f"{header.swapcase()}\n{rest}", encoding="utf-8")
    assert [one.receipt.source for one in add(maine, *paths)] == ["fcc_bdc_fixed", "census_acs", "nces_ccd_lea"]
    assert maine.frame("districts")["name"].tolist() == ["West"]


def test_an_archive_is_added_as_its_tables_and_unsafe_ones_leave_nothing(maine: Workspace, tmp_path: Path) -> None:
    good, bad = tmp_path / "two.zip", tmp_path / "bad.zip"
    one = bdc(tmp_path / J25, Offer(1, technology=40)).read_text(encoding="utf-8")
    two = bdc(tmp_path / D25, Offer(2, technology=50)).read_text(encoding="utf-8")
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("a/list.csv", one)
        archive.writestr("b/list.csv", two)
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../list.csv", one)
    assert refusal(maine, bad, good).faults[0].kind == "UnsafeArchive"
    assert sorted(maine.frame("availability")["location_id"]) == ["1000000001", "1000000002"]
    assert not (tmp_path / "list.csv").exists()


def test_an_archive_with_one_bad_table_leaves_nothing_of_the_good_ones(maine: Workspace, tmp_path: Path) -> None:
    before = contents(maine.folder)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", bdc(tmp_path / J25, Offer(1, technology=40)).read_text(encoding="utf-8"))
        archive.writestr("b.csv", bdc(tmp_path / D25, Offer(2, technology=99)).read_text(encoding="utf-8"))
    refusal(maine, tmp_path / "two.zip")
    assert contents(maine.folder) == before


def test_a_corrected_list_of_the_same_date_is_refused_until_the_first_is_dropped(
    maine: Workspace, tmp_path: Path
) -> None:
    first, second = tmp_path / "enrollment.csv", tmp_path / "enrollment_corrected.csv"
    first.write_text("lea_id,name,students\n2300001,West,300\n2300002,East,200\n", encoding="utf-8")
    second.write_text("lea_id,name,students\n2300001,West,310\n", encoding="utf-8")
    add(maine, first)
    fault = refusal(maine, second).faults[0]
    assert fault.what.startswith("1 rows of enrollment_corrected.csv (lea_id) are loaded already from enrollment.csv")
    assert fault.mend == "`infraplan data drop enrollment.csv`, then add this file again"
    assert maine.frame("enrollment")["students"].tolist() == [300, 200]
    with maine.writing():
        maine.drop("enrollment.csv")
    add(maine, second)
    assert maine.frame("enrollment")["students"].tolist() == [310]


def test_two_lists_of_different_districts_stand_side_by_side(maine: Workspace, tmp_path: Path) -> None:
    for name, lea in (("west.csv", WEST), ("east.csv", EAST)):
        (tmp_path / name).write_text(f"lea_id,name,students\n{lea},X,300\n", encoding="utf-8")
        add(maine, tmp_path / name)
    assert maine.frame("enrollment")["lea_id"].tolist() == [WEST, EAST]


def test_the_name_inside_an_archive_gives_the_date_where_the_archives_does_not(
    maine: Workspace, tmp_path: Path
) -> None:
    text = bdc(tmp_path / D25, Offer(1, technology=40)).read_text(encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.writestr(D25, text)
    assert add(maine, tmp_path / "download.zip")[0].receipt.as_of == "2025-12-31"


def test_sidecars_are_read_beside_their_shapefile_and_not_added(maine: Workspace, tmp_path: Path) -> None:
    shapes(tmp_path / "d.shp", (WEST, "West", WEST_BOX))
    taken = add(maine, *sorted(tmp_path.glob("d.*")))
    assert [one.receipt.file for one in taken] == ["d.shp"]
    assert taken[0].receipt.bytes == sum(path.stat().st_size for path in tmp_path.glob("d.*"))


def test_a_source_given_by_name_is_held_against_its_own_header(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(tmp_path / J25, Offer(1, technology=40))
    assert "lacks columns of Common Core of Data" in str(refusal(maine, path, source="nces_ccd_lea"))
    assert "comes as a set of shapes" in str(refusal(maine, path, source="census_tiger_districts"))
    assert "there is no source fcc" in str(refusal(maine, path, source="fcc"))
    assert add(maine, path, source="fcc_bdc_fixed")[0].receipt.tables == {"availability": 1}


def test_what_the_fictional_state_holds_is_marked_synthetic(tmp_path: Path) -> None:
    franklin = start(tmp_path / "plan", "FK")
    (taken,) = add(franklin, bdc(tmp_path / J25, Offer(1, technology=40, block="990010101001000", state="FK")))
    assert taken.receipt.synthetic
    assert taken.receipt.title.startswith("SYNTHETIC")


def test_a_table_of_ours_comes_back_as_it_was_exported(maine: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "enrollment.csv"
    path.write_text("lea_id,name,students\n2300001,West,300\n2300002,East,\n3300001,Other,5\n", encoding="utf-8")
    (taken,) = add(maine, path)
    assert taken.receipt.refused == {"rows of other states": 1}
    assert maine.frame("enrollment")["students"].isna().tolist() == [False, True]
    for ending in ("csv", "xlsx", "parquet"):
        there = start(tmp_path / f"again_{ending}")
        frame = maine.frame("enrollment").assign(stamp="SYNTHETIC")
        from infraplan import tablefiles  # noqa: PLC0415

        tablefiles.write(frame, tmp_path / f"out.{ending}")
        add(there, tmp_path / f"out.{ending}")
        assert there.frame("enrollment")[["lea_id", "name"]].equals(frame[["lea_id", "name"]])


def test_what_was_stored_can_be_checked_again_and_damage_is_named(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / J25, Offer(1, technology=40)), two_districts(tmp_path))
    assert intake.check(maine) == 2
    (part,) = maine.partitions("availability")
    stored = maine.data / part.path
    whole = stored.read_bytes()
    stored.write_bytes(whole[:100])
    with pytest.raises(BadInput, match="cannot be read"):
        intake.check(maine)
    stored.unlink()
    with pytest.raises(BadInput, match="are gone from the workspace"):
        intake.check(maine)


# --- other processes ------------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from infraplan.workspace import Workspace
with Workspace.open(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.readline()
"""
DIE = """
import os, signal, sys
from pathlib import Path
from infraplan import intake
from infraplan.cli.arriving import loaders
from infraplan.workspace import Workspace
Workspace._save = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
intake.add(Workspace.open(Path(sys.argv[1])), [Path(sys.argv[2])], loaders())
"""


def test_a_second_writer_says_who_holds_the_workspace_or_waits_its_turn(
    maine: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bdc(tmp_path / J25, Offer(1, technology=40))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(maine.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        monkeypatch.setattr(workspace, "_LOCK_SECONDS", 0.1)
        with pytest.raises(WorkspaceBusy, match=f"process {other.pid}"):
            add(maine, path)
        assert not maine.catalog  # reading goes on meanwhile
        monkeypatch.setattr(workspace, "_LOCK_SECONDS", 30.0)
        other.stdin.write("\n")
        other.stdin.flush()
        add(maine, path)
    assert maine.has("availability")
    assert other.returncode == 0


def test_a_command_killed_while_adding_leaves_the_old_state(maine: Workspace, tmp_path: Path) -> None:
    add(maine, two_districts(tmp_path))
    before = (maine.data / "catalog.json").read_bytes()
    path = bdc(tmp_path / J25, Offer(1, technology=40, block=EAST_BLOCK, cell=EAST_CELL))
    done = subprocess.run([sys.executable, "-c", DIE, str(maine.folder), str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert len(list((maine.data / "tables").rglob("*.parquet"))) == 2, "it died after moving its rows in"
    there = Workspace.open(maine.folder)
    assert (there.data / "catalog.json").read_bytes() == before
    assert not there.has("availability")
    assert there.frame("district_shapes")["lea_id"].tolist() == [WEST, EAST]
    with there.writing():
        pass  # the next writer sweeps up
    named = {part["path"] for part in json.loads(before)}
    stored = {os.path.relpath(one, there.data) for one in (there.data / "tables").rglob("*.parquet")}
    assert stored == named
    assert len(list((there.data / "receipts").glob("*.json"))) == 1


def test_doubtful_figures_of_an_added_file_stand_in_its_receipt(maine: Workspace, tmp_path: Path) -> None:
    (tmp_path / "speeds.csv").write_text("lea_id,mbps\n2300001,4400900\n2300002,100\n", encoding="utf-8")
    (taken,) = add(maine, tmp_path / "speeds.csv")
    assert taken.receipt.notes == (
        "speeds.csv: mbps is outside 0 to 1,000,000 Mbps in 1 rows (row 2: 4,400,900); taken as it stands, please check",
    )
    assert maine.frame("circuits")["mbps"].tolist() == [4_400_900, 100]


def test_a_file_that_is_here_under_another_name_is_told_with_both_names(maine: Workspace, tmp_path: Path) -> None:
    first = bdc(tmp_path / J25, Offer(1, technology=40))
    add(maine, first)
    (tmp_path / "copy.csv").write_bytes(first.read_bytes())
    (taken,) = add(maine, tmp_path / "copy.csv")
    assert (taken.already, taken.given, taken.receipt.file) == (True, "copy.csv", J25)


def test_rows_are_those_a_spreadsheet_shows_after_blank_lines_and_line_breaks_in_quotes(
    maine: Workspace, tmp_path: Path
) -> None:
    path = bdc(tmp_path / J25, Offer(1), Offer(2, brand="Two\nLines"), Offer(3, technology=99), Offer(4, technology=98))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], "\n", *lines[1:3], "\n\n", *lines[3:]]), encoding="utf-8")
    found = {one.value: (one.row, one.line) for one in refusal(maine, path).faults}
    # that is where a spreadsheet shows them: header, blank, 1, 2 with its break, and where a blank line fell into it
    with path.open(encoding="utf-8", newline="") as stream:
        shown = {row[4]: number for number, row in enumerate(csv.reader(stream), start=1) if row}
    for code in ("99", "98"):
        row, line = found[code]
        assert row == shown[code]
        assert line is not None
        assert f",{code}," in line


def test_a_row_that_cannot_be_found_again_is_told_as_about(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(tmp_path / J25, Offer(1), Offer(2, technology=99))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"Pine Net, Inc."', '"Pine Net, Inc.', 1), encoding="utf-8")
    faults = refusal(maine, path).faults
    assert all(one.about or one.row is None or one.line for one in faults)


def test_a_repeated_file_does_not_hide_its_other_faults(maine: Workspace, tmp_path: Path) -> None:
    rows = "lea_id,mbps\n2300001,100\n2300002,200\n"
    (tmp_path / "a.csv").write_text(rows, encoding="utf-8")
    add(maine, tmp_path / "a.csv")
    path = bdc(tmp_path / "served.csv", Offer(1))
    export = "location_id,block_geoid,h3_res8_id,any_dl100_ul20,wired_dl100_ul20,terrestrial_dl100_ul20\n"
    good = f"1000000001,230010101001000,{WEST_CELL},1,0,0\n"
    path.write_text(export + good, encoding="utf-8")
    add(maine, path)
    again = tmp_path / "again.csv"
    again.write_text(f"{export}{good}1000000002,230010101001000,88,1,0,maybe\n", encoding="utf-8")
    kinds = [one.kind for one in refusal(maine, again).faults]
    assert sorted(kinds) == ["BadPattern", "Blank", "LoadedAlready"]


@pytest.mark.parametrize("text", ["lea_id,mbps\n", "location_id,program\n\n\n"])
def test_a_header_without_rows_adds_nothing_and_says_so(maine: Workspace, tmp_path: Path, text: str) -> None:
    (tmp_path / "empty.csv").write_text(text, encoding="utf-8")
    assert "it holds a header and no rows" in str(refusal(maine, tmp_path / "empty.csv"))
    assert maine.catalog == []


def test_a_disk_without_room_is_told_as_the_disks_not_as_a_damaged_file(tmp_path: Path) -> None:
    with engine.in_memory() as opened, pytest.raises(engine.EngineError) as caught:
        opened.con.execute("COPY (SELECT range AS a FROM range(3000000)) TO '/dev/full' (FORMAT parquet)")
    refused = engine.refused_by_machine(caught.value)
    assert refused is not None
    assert "No space left" in str(refused)
    with engine.in_memory() as opened, pytest.raises(engine.EngineError) as caught:
        engine.parquet_rows(opened.con, tmp_path / "gone.parquet")
    assert engine.refused_by_machine(caught.value) is None
