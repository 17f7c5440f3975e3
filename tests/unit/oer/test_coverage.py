"""Standards covered by open resources: notations, the cover's optimum against trying everything, reasons for gaps."""

import json
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infraplan import solve
from infraplan.errors import BadInput, NoAnswer
from infraplan.oer import coverage
from infraplan.oer.coverage import (
    Inputs,
    Resource,
    cover,
    cover_table,
    inputs_from,
    programs_table,
    uncovered_table,
    write,
)
from infraplan.oer.sources.standards import read_alignments, read_code, read_standards

EXACT = solve.Limits(gap=0.0, threads=1)


@pytest.mark.parametrize(
    ("codes", "key"),
    [
        (
            ["CCSS.Math.Content.1.NBT.B.2a", "1.NBT.B.2.a", "1.NBT.2a", "1.nbt.2a", "CCSS.MATH.CONTENT.1.NBT.B.2.A"],
            "1.NBT.2A",
        ),
        (["HSA-APR.B.3", "HSA.APR.B.3", "A-APR.3", "A.APR.B.3", "hsa.apr.3", "M.GHS.C1A.TE.HSA.APR.B.3"], "HSA.APR.3"),
        (["K.CC.A.1", "K.CC.1", "CCSS.Math.Content.K.CC.A.1"], "K.CC.1"),
        (["6.EE.C", "CCSS.Math.Content.6.EE.C"], "6.EE.C"),
        (["CCSS.ELA-Literacy.CCRA.R.1", "RI/R.CCR.1", "CCRA.R.1"], "CCRA.R.1"),
        (["CCSS.ELA-Literacy.RL.9-10.4", "RL.9-10.4"], "9-10.RL.4"),
        (["MS-LS1-1"], "MS.LS.1.1"),
        (["K-2-ETS1-1"], "K-2.ETS.1.1"),
        (["3-5-ETS1-2"], "3-5.ETS.1.2"),
    ],
)
def test_notations_of_one_standard_have_one_key(codes: list[str], key: str) -> None:
    assert {read_code(code).key for code in codes} == {key}


@pytest.mark.parametrize(
    ("a", "b"), [("3.NF.A.1", "3.NF.A.2"), ("5.NBT.A.3a", "5.NBT.A.3b"), ("3.NF.1", "4.NF.1"), ("MS-LS1-1", "MS-LS2-1")]
)
def test_different_standards_have_different_keys(a: str, b: str) -> None:
    assert read_code(a).key != read_code(b).key


def test_a_states_own_code_is_not_the_common_cores() -> None:
    assert read_code("A.2(C)", "TEKS").framework == "TEKS"
    assert read_code("6.NS.1", "Virginia SOL") != read_code("6.NS.1")
    assert read_code("6.NS.1", "CCSS Mathematics") == read_code("6.NS.1", "Common Core State Standards")
    assert read_code("RL.3.1", "CCSS Mathematics").framework == "CCSS MATHEMATICS"
    assert read_code("6.NS.1", "CCSS") == read_code("CCSS.Math.Content.6.NS.A.1")


def standards(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([{"code": code, "framework": "CCSS", "course": course, "grade": ""} for code, course in rows])


def alignments(*rows: tuple[str, str] | tuple[str, str, str]) -> pd.DataFrame:
    padded = [(*row, "")[:3] for row in rows]
    return pd.DataFrame(
        [{"resource_id": r, "code": c, "program": p, "cost": 1.0, "framework": "", "license": ""} for r, c, p in padded]
    )


WANTED = standards(
    ("3.NF.A.1", "Grade 3"),
    ("3.NF.A.2", "Grade 3"),
    ("3.NF.A.2a", "Grade 3"),
    ("3.G.A.1", "Grade 3"),
    ("4.G.A.1", "Grade 4"),
)


def test_the_fewest_resources_cover_what_can_be_covered_and_the_rest_says_why(tmp_path: Path) -> None:
    aligned = alignments(("a", "3.nf.1"), ("b", "3.NF.2"), ("ab", "3.NF.A.1"), ("ab", "CCSS.Math.Content.3.NF.A.2"))
    inputs = inputs_from(WANTED, aligned, course="grade 3", mix=True)
    answer = cover(inputs, EXACT)
    assert cover_table(inputs, answer)["resource_id"].tolist() == ["ab"]
    reasons = uncovered_table(inputs, answer).set_index("code")["reason"].to_dict()
    assert reasons == {
        "3.G.A.1": "no resource is aligned to it",
        "3.NF.A.2a": "only the whole standard 3.NF.2 is aligned, not its part 3.NF.A.2a",
    }
    (tmp_path / "s.csv").write_text("x", encoding="utf-8")
    write(tmp_path / "out", inputs, answer, {"standards": tmp_path / "s.csv"})
    told = json.loads((tmp_path / "out" / "solution.json").read_text(encoding="utf-8"))
    assert (told["status"], told["objective"], told["standards_covered"], told["standards_wanted"]) == (
        "optimal",
        1.0,
        2,
        4,
    )
    assert told["wanted_set"].startswith("assumed")


def test_one_program_leads_and_supplements_close_its_gaps() -> None:
    aligned = alignments(
        ("p1", "3.NF.1", "P"),
        ("p2", "3.NF.2", "P"),
        ("s", "3.NF.1"),
        ("s", "3.NF.2"),
        ("s", "3.G.1"),
        ("q", "3.G.1", "Q"),
    )
    led = cover(inputs_from(WANTED, aligned, course="Grade 3"), EXACT)
    assert led.lead == "P"
    assert [(resource.resource_id, role) for resource, role in led.used if role == "program"] == [
        ("p1", "program"),
        ("p2", "program"),
    ]
    assert sum(role == "supplement" for _, role in led.used) == 1
    mixed = cover(inputs_from(WANTED, aligned, course="Grade 3", mix=True), EXACT)
    assert [resource.resource_id for resource, _ in mixed.used] == ["s"]


def test_programs_stand_side_by_side_in_one_table() -> None:
    aligned = alignments(*((f"r{k}", "3.NF.1", f"P{k}") for k in range(6)), ("x", "3.NF.2", "P5"))
    inputs = inputs_from(WANTED, aligned, course="Grade 3")
    table = programs_table(inputs, cover(inputs, EXACT))
    assert list(table.columns) == ["code", "P5", "P0", "P1", "P2"]
    assert table[table["code"] == "3.NF.A.2"].to_numpy().tolist() == [["3.NF.A.2", 1, 0, 0, 0]]


def test_an_alignment_to_the_common_core_covers_no_state_standard() -> None:
    own = pd.DataFrame([{"code": "6.NS.1", "framework": "Virginia SOL", "course": "Grade 6", "grade": "6"}])
    with pytest.raises(NoAnswer, match="alignment to one framework is not alignment to another"):
        inputs_from(own, alignments(("a", "6.NS.A.1")), course="Grade 6")


def test_a_course_without_standards_names_the_courses_there_are() -> None:
    with pytest.raises(NoAnswer, match="Grade 3, Grade 4"):
        inputs_from(WANTED, alignments(("a", "3.NF.1")), course="Algebra 1")


def test_the_items_own_correlation_is_not_assumed() -> None:
    inputs = inputs_from(WANTED, alignments(("a", "3.NF.1")), codes=["3.NF.A.1"])
    assert not inputs.assumed
    assert "assumed" not in coverage.summary(inputs, cover(inputs, EXACT))


def test_what_is_chosen_can_be_remixed_together() -> None:
    aligned = alignments(("sa", "3.NF.1"), ("sa", "3.NF.2"), ("nc", "3.G.1"), ("by", "3.G.1"), ("nd", "3.NF.1"))
    aligned["license"] = aligned["resource_id"].map(
        {"sa": "CC BY-SA 4.0", "nc": "CC BY-NC 4.0", "by": "CC BY 4.0", "nd": "CC BY-ND 4.0"}
    )
    aligned.loc[aligned["resource_id"] == "by", "cost"] = 5.0
    free = cover(inputs_from(WANTED, aligned, course="Grade 3", mix=True), EXACT)
    assert {resource.resource_id for resource, _ in free.used} == {"sa", "nc"}
    mixed = cover(inputs_from(WANTED, aligned, course="Grade 3", mix=True, remixable=True), EXACT)
    assert {resource.resource_id for resource, _ in mixed.used} == {"sa", "by"}


def test_nothing_remixable_is_said_not_written() -> None:
    with pytest.raises(NoAnswer, match="give the column license"):
        cover(inputs_from(WANTED, alignments(("a", "3.NF.1")), course="Grade 3", remixable=True), EXACT)


@st.composite
def made(draw: st.DrawFn) -> Inputs:
    keys = [f"k{n}" for n in range(draw(st.integers(1, 6)))]
    resources = tuple(
        Resource(
            f"r{n}",
            frozenset(draw(st.sets(st.sampled_from(keys), min_size=1))),
            draw(st.sampled_from(["", "P", "Q"])),
            float(draw(st.integers(1, 5))),
        )
        for n in range(draw(st.integers(1, 7)))
    )
    return Inputs(wanted={key: key for key in keys}, resources=resources, reasons={}, mix=True)


def every_choice(inputs: Inputs) -> list[tuple[Resource, ...]]:
    return [chosen for size in range(len(inputs.resources) + 1) for chosen in combinations(inputs.resources, size)]


def met(chosen: tuple[Resource, ...]) -> set[str]:
    return {key for resource in chosen for key in resource.covers}


@settings(deadline=None, max_examples=60)
@given(made())
def test_a_full_cover_costs_what_trying_everything_finds_and_never_more_than_greedy(inputs: Inputs) -> None:
    best = min(sum(r.cost for r in chosen) for chosen in every_choice(inputs) if met(chosen) == inputs.coverable)
    answer = cover(inputs, EXACT)
    assert answer.result.status == solve.Status.optimal
    assert answer.cost == pytest.approx(best)
    assert answer.cost <= answer.greedy_cost + 1e-9


@settings(deadline=None, max_examples=60)
@given(made(), st.integers(1, 12))
def test_a_budget_covers_as_much_as_trying_everything_finds_at_the_least_cost(made_: Inputs, budget: int) -> None:
    inputs = Inputs(**{**vars(made_), "budget": float(budget)})
    affordable = [chosen for chosen in every_choice(inputs) if sum(r.cost for r in chosen) <= budget]
    most = max(len(met(chosen)) for chosen in affordable)
    if most == 0:
        with pytest.raises(NoAnswer, match="larger --budget"):
            cover(inputs, EXACT)
        return
    answer = cover(inputs, EXACT)
    assert len(met(tuple(resource for resource, _ in answer.used))) == most
    assert answer.cost == pytest.approx(min(sum(r.cost for r in c) for c in affordable if len(met(c)) == most))


def test_a_case_package_is_read_and_one_without_codes_refused(tmp_path: Path) -> None:
    item = {"humanCodingScheme": "3.NF.A.1", "educationLevel": ["03"], "fullStatement": "x"}
    (tmp_path / "p.json").write_text(
        json.dumps({"CFDocument": {"title": "CCSS"}, "CFItems": [item, {"fullStatement": "y"}]}), encoding="utf-8"
    )
    told = read_standards(tmp_path / "p.json")
    assert told.to_dict("records") == [{"code": "3.NF.A.1", "framework": "CCSS", "course": "", "grade": "03"}]
    (tmp_path / "q.json").write_text(json.dumps({"CFItems": [{"fullStatement": "y"}]}), encoding="utf-8")
    with pytest.raises(BadInput, match="none of the 1 items"):
        read_standards(tmp_path / "q.json")


def test_alignment_rows_without_a_code_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("resource_id,code\na,3.NF.1\nb,\n", encoding="utf-8")
    assert inputs_from(WANTED, read_alignments(tmp_path / "a.csv"), course="Grade 3").unreadable == 1


def test_what_a_budget_leaves_says_so_and_the_baseline_says_it_knows_no_budget() -> None:
    inputs = inputs_from(WANTED, alignments(("a", "3.NF.1"), ("b", "3.NF.2")), course="Grade 3", mix=True, budget=1.0)
    answer = cover(inputs, EXACT)
    assert "beyond the budget of 1" in answer.uncovered.values()
    assert "1 resource, cost 1 (greedy, all that can be covered without these limits, 2)" in coverage.summary(
        inputs, answer
    )
