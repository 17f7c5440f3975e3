"""An answer's folder takes the place of an earlier one whole or not at all; its record is plain JSON."""

import json
import math
from pathlib import Path

import pytest

from infraplan import answers, solve
from infraplan.errors import InfraplanError
from infraplan.solve import Status


def test_the_record_hashes_inputs_and_writes_no_infinity(tmp_path: Path) -> None:
    source = tmp_path / "demand.csv"
    source.write_bytes(b"a\n")
    result = solve.Result(Status.stopped_feasible, 12.0, -math.inf, math.inf, 1.0, "HiGHS 1")
    told = answers.record(result, policy={"horizon_months": 36}, inputs={"demand": source}, filing="separate")
    assert told["objective_usd"] == 12.0
    assert told["bound_usd"] is None
    assert told["gap"] is None
    assert told["filing"] == "separate"
    assert told["inputs"]["demand"]["sha256"].startswith("87428fc5")
    benefit = answers.record(result, policy={}, inputs={}, unit="students")
    assert (benefit["objective"], benefit["objective_unit"]) == (12.0, "students")


def test_an_answer_replaces_an_earlier_one_whole(tmp_path: Path) -> None:
    for name in ("first.csv", "second.csv"):
        with answers.answer_folder(tmp_path / "out") as folder:
            (folder / name).write_text("x")
            answers.write_record(folder, {"status": "optimal"})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["second.csv", "solution.json"]
    assert json.loads((tmp_path / "out/solution.json").read_text()) == {"status": "optimal"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_midway_leaves_the_earlier_answer_untouched(tmp_path: Path) -> None:
    with answers.answer_folder(tmp_path / "out") as folder:
        answers.write_record(folder, {"status": "optimal"})
    with pytest.raises(FileNotFoundError), answers.answer_folder(tmp_path / "out") as folder:
        (folder / "missing.csv").rename(folder / "half.csv")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["solution.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_directory_with_other_work_in_it_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(InfraplanError, match="holds other files"), answers.answer_folder(tmp_path):
        pass
    assert (tmp_path / "letter.txt").exists()
