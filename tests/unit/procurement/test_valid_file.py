"""The coordinator's valid file: findings, comparison with last year, and the roll-up workbook."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from infraplan.cli.procurement import rollup
from infraplan.errors import BadInput, NoAnswer
from infraplan.procurement import valid_file

HEADER = "ben,parent_ben,students,nslp_students,cep,identified_students,urban_rural,urban_rural_date"
SOUND = ("1,D,100,40,no,,Urban,2025-01-01", "2,D,100,,yes,62,Rural,2025-01-01", "3,D,300,90,no,,Rural,2025-01-01",
         "4,,100,,yes,40,Urban,2025-01-01")  # fmt: skip


def put(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def found(checked: valid_file.Lint) -> list[tuple[str, str, int | None]]:
    table = checked.findings
    rows = [None if row is None or str(row) == "<NA>" else int(row) for row in table["row"].astype(object)]
    return list(zip(table["ben"], table["finding"], rows, strict=True))


def test_a_sound_file_has_no_findings(tmp_path: Path) -> None:
    checked = valid_file.lint(put(tmp_path / "now.csv", *SOUND), 2026)
    assert len(checked.findings) == 0
    assert checked.rows == 4


def test_faulty_rows_are_findings_and_those_to_mend_come_first(tmp_path: Path) -> None:
    checked = valid_file.lint(
        put(
            tmp_path / "now.csv",
            "1,D,100,40,no,,Rural,2019-01-01",
            "2,D,100,140,no,,Rural,2025-01-01",
            "3,D,10o,40,no,,Rural,2025-01-01",
            "4,D,100,,yes,20,Rural,2025-01-01",
            "4,D,100,,yes,60,Rural,2025-01-01",
            "5,D,0,0,no,,,",
            "6,D,50,,no,,Rural,",
        ),
        2026,
    )
    assert found(checked) == [
        ("3", "unreadable", 4), ("4", "twice", 6), ("2", "nslp_above_enrollment", 3), ("6", "no_count", 8),
        ("5", "no_students", 7), ("5", "no_status", 7), ("1", "stale_status", 2), ("6", "stale_status", 8),
        ("4", "cep_low", 5),
    ]  # fmt: skip
    assert list(checked.findings["weight"]) == ["mend"] * 4 + ["look"] * 5


def test_a_school_may_be_its_own_district_and_no_other_schools(tmp_path: Path) -> None:
    own = valid_file.lint(put(tmp_path / "own.csv", *SOUND, "7,7,100,40,no,,Urban,2025-01-01"), 2026)
    assert found(own) == []
    ours = valid_file.roll_up(own, 2026, tmp_path / "sums.xlsx")
    assert list(ours.loc[ours["entity_id"] == "7", "nslp_percent"]) == [40]
    under = valid_file.lint(put(tmp_path / "under.csv", *SOUND, "7,4,100,40,no,,Urban,2025-01-01"), 2026)
    assert found(under) == [("7", "parent_is_school", 6)]
    assert under.to_mend == 1


def test_the_roll_up_is_a_workbook_beside_the_findings(tmp_path: Path) -> None:
    words = ["--from", str(put(tmp_path / "now.csv", *SOUND)), "--funding-year", "2026"]
    for more in (["--roll-up", "sums.csv"], ["--roll-up", "a.xlsx", "-o", "a.xlsx"]):
        assert CliRunner().invoke(rollup.valid_file, [*words, *more]).exit_code == 2


def test_last_years_file_shows_jumps_moves_and_schools_gone_or_new(tmp_path: Path) -> None:
    before = put(
        tmp_path / "before.csv",
        "1,D,100,10,no,,Urban,2025-01-01",
        "2,D,100,30,no,,Urban,2025-01-01",
        "8,D,100,30,no,,Urban,2025-01-01",
    )
    now = put(
        tmp_path / "now.csv",
        "1,D,100,60,no,,Urban,2025-01-01",
        "2,E,100,40,no,,Urban,2025-01-01",
        "9,D,100,70,no,,Urban,2025-01-01",
    )
    assert found(valid_file.lint(now, 2026, before)) == [
        ("1", "rate_jump", 2), ("D", "district_rate_jump", None), ("2", "moved", 3), ("8", "gone", None),
        ("9", "new", 4),
    ]  # fmt: skip


def test_a_step_to_the_next_band_is_not_a_jump(tmp_path: Path) -> None:
    before = put(tmp_path / "before.csv", "1,D,100,34,no,,Urban,2025-01-01")
    now = put(tmp_path / "now.csv", "1,D,100,35,no,,Urban,2025-01-01")
    assert found(valid_file.lint(now, 2026, before)) == []


def test_a_status_of_any_age_will_do_before_the_2020_census_counts(tmp_path: Path) -> None:
    now = put(tmp_path / "now.csv", "1,D,100,34,no,,Urban,2015-01-01")
    assert found(valid_file.lint(now, 2022)) == []


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "now.csv"
    path.write_text("ben,students\n1,100\n", encoding="utf-8")
    with pytest.raises(BadInput, match="column parent_ben is missing"):
        valid_file.lint(path, 2026)


def test_the_roll_up_has_live_formulas_beside_our_figures(tmp_path: Path) -> None:
    checked = valid_file.lint(put(tmp_path / "now.csv", *SOUND), 2026)
    target = tmp_path / "rollup.xlsx"
    valid_file.roll_up(checked, 2026, target)
    book = load_workbook(target)
    assert book.sheetnames == ["districts", "schools", "matrix"]
    top = [cell.value for cell in book["districts"][2]]
    assert top[:2] == ["D", "=COUNTIF(schools!$B$2:$B$5,A2)"]
    assert top[5] == "=ROUND(100*E2/D2,0)"
    assert top[7] == '=INDEX(matrix!$B$2:$C$7,MATCH(F2,matrix!$A$2:$A$7,1),IF(G2="Rural",2,1))'
    assert top[9:11] == [70, 70]  # (40 + 100 + 90) / 500 = 46 percent, rural
    assert [cell.value for cell in book["districts"][3]][9:11] == [80, 80]
    assert book["schools"]["H3"].value == '=IF(E3="yes",MIN(C3,ROUNDUP(F3*matrix!$H$2/100,0)),D3)'
    assert book["matrix"]["H2"].value == 160


def test_the_roll_up_is_refused_while_rows_are_to_mend(tmp_path: Path) -> None:
    checked = valid_file.lint(put(tmp_path / "now.csv", "1,D,100,140,no,,Urban,2025-01-01"), 2026)
    with pytest.raises(NoAnswer, match="1 findings are to mend first"):
        valid_file.roll_up(checked, 2026, tmp_path / "rollup.xlsx")
    assert not (tmp_path / "rollup.xlsx").exists()
