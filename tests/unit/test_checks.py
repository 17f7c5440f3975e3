"""Stored rows are held against their declaration by the engine, and faults carry the file's own rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from infraplan import checks, engine
from infraplan.errors import Fault
from infraplan.schemas import Column, Schema

TABLE = Schema(
    name="t",
    title="T",
    layer="core",
    grain="one row per lea_id and kind",
    key=("lea_id", "kind"),
    source="s",
    columns={
        "lea_id": Column("lea_id", "string", pattern=r"^\d{7}$", pad=7),
        "kind": Column("kind", "string", codes=("a", "b")),
        "code": Column("code", "integer", codes=("10", "50"), null="none"),
        "mbps": Column("mbps", "number", low=0, high=100, null="not known"),
        "cell": Column("cell", "string", pattern="^88[0-9a-f]{2}$", null="none", required=False),
    },
)
GOOD: dict[str, Any] = {"lea_id": "2300001", "kind": "a", "code": 10, "mbps": 1.0}


@pytest.fixture(scope="module")
def backend() -> Iterator[Any]:
    with engine.in_memory() as opened:
        yield opened.con


def faults(backend: Any, path: Path, *rows: dict[str, Any], first_row: int = 2) -> list[Fault]:
    frame = pd.DataFrame(list(rows))
    frame["code"] = frame["code"].astype("Int64")
    frame.to_parquet(path / "t.parquet")
    return checks.faults_in(backend, path / "t.parquet", TABLE, file="t.csv", first_row=first_row)


def test_good_rows_have_no_fault(backend: Any, tmp_path: Path) -> None:
    assert faults(backend, tmp_path, GOOD, {**GOOD, "kind": "b", "mbps": None, "code": None}) == []


def test_each_kind_of_fault_is_found_with_its_row_and_value(backend: Any, tmp_path: Path) -> None:
    found = faults(
        backend,
        tmp_path,
        GOOD,
        {**GOOD, "lea_id": "230001"},
        {**GOOD, "kind": "c"},
        {**GOOD, "kind": None},
        {**GOOD, "code": 60},
        {**GOOD, "mbps": 101.0},
        {**GOOD, "mbps": -1.0},
    )
    assert {(one.kind, one.row, one.column, one.value) for one in found} == {
        ("BadPattern", 3, "lea_id", "230001"),
        ("UnknownCode", 4, "kind", "c"),
        ("Blank", 5, "kind", None),
        ("UnknownCode", 6, "code", "60"),
        ("OutOfRange", 7, "mbps", "101.0"),
        ("OutOfRange", 8, "mbps", "-1.0"),
        ("DuplicateKey", 8, "lea_id", "2300001 + a"),
    }
    assert all(one.file == "t.csv" and one.mend for one in found)


def test_a_number_that_lost_its_zero_is_told_with_it(backend: Any, tmp_path: Path) -> None:
    (found,) = faults(backend, tmp_path, {**GOOD, "lea_id": "100005"})
    assert found.mend == "leading zeros were lost, 100005 is 0100005; format the column as text and save again"


@pytest.mark.parametrize(
    "text", ["-230001", "23000.1", " 230001", "230001 ", "+230001", "23e0001", "23_0001", "٢٣٠٠٠٠١"]
)
def test_seven_characters_that_are_not_seven_digits_are_a_fault(backend: Any, tmp_path: Path, text: str) -> None:
    assert [one.kind for one in faults(backend, tmp_path, {**GOOD, "lea_id": text})] == ["BadPattern"]


def test_many_faults_are_counted_and_five_shown(backend: Any, tmp_path: Path) -> None:
    found = faults(backend, tmp_path, *[{**GOOD, "lea_id": f"{2300000 + n}", "kind": "c"} for n in range(1000)])
    assert len(found) == checks.EXAMPLES
    assert sum(one.count for one in found) == 1000
    assert [one.row for one in found] == [2, 3, 4, 5, 6]


def test_a_repeated_key_is_named_with_all_its_parts(backend: Any, tmp_path: Path) -> None:
    (found,) = faults(backend, tmp_path, GOOD, {**GOOD, "kind": "b"}, GOOD)
    assert (found.kind, found.value, found.row) == ("DuplicateKey", "2300001 + a", 4)


def test_rows_are_those_of_the_file_where_it_says_so(backend: Any, tmp_path: Path) -> None:
    assert faults(backend, tmp_path, {**GOOD, "kind": "c", "source_row": 77})[0].row == 77
    assert faults(backend, tmp_path, {**GOOD, "kind": "c"}, first_row=5)[0].row == 5


def test_a_pattern_with_letters_is_matched_whole(backend: Any, tmp_path: Path) -> None:
    assert faults(backend, tmp_path, {**GOOD, "cell": "88ab"}) == []
    assert [one.kind for one in faults(backend, tmp_path, {**GOOD, "cell": "88abc"})] == ["BadPattern"]
