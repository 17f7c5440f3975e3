"""What a second look at a file must not miss: other dates, other maps, slips that pass for data."""

from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import Said

from infraplan.errors import BadInput
from infraplan.workspace import Workspace

CIRCUITS = """table = "circuits"
title = "Bandwidth"
as_of = {date}
[columns]
lea_id = "id"
mbps = "{header}"
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    Workspace.create(tmp_path / "me", state="ME", funding_year=2026)
    return tmp_path


def asked(state: Path, infraplan: Callable[..., Said], rows: str, *, date: str = "2026", header: str = "mbps") -> Said:
    (state / "list.csv").write_text(f"id,mbps,old\n{rows}\n", encoding="utf-8")
    shown = date if date.isdigit() is False and date.count("-") == 2 and '"' not in date else f'"{date}"'
    (state / "map.toml").write_text(CIRCUITS.format(date=shown, header=header), encoding="utf-8")
    return infraplan("data", "add", state / "list.csv", "--columns", state / "map.toml", "--workspace", state / "me")


@pytest.mark.parametrize("date", ["July 1, 2026", "07/01/2027", "01.02.2026", "20260"])
def test_a_date_in_a_column_map_must_be_one(state: Path, infraplan: Callable[..., Said], date: str) -> None:
    said = asked(state, infraplan, "2300001,5,1", date=date)
    assert said.code == 1
    assert "as_of in the column map is" in said.err


def test_a_day_that_does_not_exist_is_refused(state: Path, infraplan: Callable[..., Said]) -> None:
    (state / "x.csv").write_text("a\n", encoding="utf-8")
    said = infraplan("data", "add", state / "x.csv", "--as-of", "2026-13-45", "--workspace", state / "me")
    assert said.code == 2


def test_the_same_file_under_another_map_is_not_passed_over(state: Path, infraplan: Callable[..., Said]) -> None:
    assert asked(state, infraplan, "2300001,5,1", header="old").code == 0
    again = asked(state, infraplan, "2300001,5,1")
    assert again.code == 1
    assert "infraplan data drop" in again.err
    assert asked(state, infraplan, "2300001,5,1", header="old").err.count("already here") == 1


@pytest.mark.parametrize("number", ["1,5", "12,34", "1.000,5"])
def test_a_decimal_comma_is_no_number(state: Path, infraplan: Callable[..., Said], number: str) -> None:
    said = asked(state, infraplan, f'2300001,"{number}",1')
    assert said.code == 1
    assert "expected a number" in said.err


def test_thousands_with_commas_are_numbers(state: Path, infraplan: Callable[..., Said]) -> None:
    assert asked(state, infraplan, '2300001,"1,500",1').code == 0
    assert Workspace.open(state / "me").frame("circuits")["mbps"].tolist() == [1500.0]


def test_one_header_cannot_be_two_columns(state: Path, infraplan: Callable[..., Said]) -> None:
    said = asked(state, infraplan, "2300001,5,1", header="id")
    assert said.code == 1
    assert "for two columns" in said.err


def test_what_a_killed_command_left_does_not_stop_the_next(state: Path, infraplan: Callable[..., Said]) -> None:
    left = state / "me" / "data" / "tmp" / "unpacked-list.csv" / "0"
    left.mkdir(parents=True)
    assert asked(state, infraplan, "2300001,5,1").code == 0


def test_a_folder_and_a_sidecar_are_told_apart_from_files(state: Path, infraplan: Callable[..., Said]) -> None:
    for name in ("tl_2025_23_unsd.shp", "tl_2025_23_unsd.dbf"):
        (state / name).write_bytes(b"x")
    assert "is a directory" in infraplan("data", "add", state, "--workspace", state / "me").err
    sidecar = infraplan("data", "add", state / "tl_2025_23_unsd.dbf", "--workspace", state / "me")
    assert sidecar.code == 1
    assert "add tl_2025_23_unsd.shp" in sidecar.err


def test_more_students_eligible_than_enrolled_is_a_fault(state: Path) -> None:
    from infraplan import intake  # noqa: PLC0415
    from infraplan.cli.arriving import loaders  # noqa: PLC0415

    (state / "e.csv").write_text("id,all,meals\n2300001,100,120\n", encoding="utf-8")
    (state / "e.toml").write_text(
        'table = "enrollment"\ntitle = "E"\nas_of = 2025-10-01\n[columns]\nlea_id = "id"\n'
        'students = "all"\nnslp_students = "meals"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadInput, match="more than the 100 students"):
        intake.add(Workspace.open(state / "me"), [state / "e.csv"], loaders(), column_map=state / "e.toml")
