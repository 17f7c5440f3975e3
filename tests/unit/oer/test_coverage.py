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


@pytest.mark.parametrize(
    ("code", "framework"),
    [
        ("NC.M1.A-SSE.1a", "own"),
        ("LAFS.3.RL.1.1", "own"),
        ("KY.6.RP.1", "own"),
        ("CCSS.Math.Content.HSA-SSE.A.1a", "CCSS Math"),
        ("CC.6.RP.1", "CCSS Math"),
        ("ELA-Literacy.RL.3.1", "CCSS ELA"),
    ],
)
def test_a_states_own_code_that_holds_one_of_the_common_core_stays_the_states(code: str, framework: str) -> None:
    assert read_code(code).framework == framework


@pytest.mark.parametrize(
    ("one", "other"),
    [("10.1.1", "10.11"), ("11.11.1", "11.1.11"), ("6.3(D)", "63.D"), ("SS.6.A.1.1", "SS.6.A.11")],
)
def test_the_numbers_of_a_states_code_are_kept_apart(one: str, other: str) -> None:
    assert read_code(one).key != read_code(other).key


@pytest.mark.parametrize(
    "codes",
    [
        [
            "111.39(c)(2)(A)",
            "TEKS 111.39(c)(2)(A)",
            "\u00a7111.39(c)(2)(A)",
            "19 TAC \u00a7111.39(c)(2)(A)",
            "111.39.c.2.A",
        ],
        ["6.3(D)", "6.3D", "TEKS 6.3.D"],
        ["A.4a", "SOL A.4.a"],
        ["MS-LS1-1", "MS\u2011LS1\u20111", "MS-LS1-1.", "MS.LS1-1", "NGSS.MS-LS1-1*"],
        ["LS1.A", "LS1.A: Structure and Function"],
        ["G-C.A.4 (+)", "G-C.4+", "HSG.C.A.4"],
        ["L.1.1j", "CCSS.ELA-LITERACY.L.1.1.J"],
        ["CCSS.Math.Content.5.NBT.B5", "5.NBT.5", "5 NBT 5"],
        ["CCSS.Math.Practice.MP1", "MP.1", "SMP 1"],
    ],
)
def test_more_notations_of_one_standard_have_one_key(codes: list[str]) -> None:
    assert len({read_code(code) for code in codes}) == 1


@pytest.mark.parametrize("shape", ["package", "envelope", "list"])
def test_a_case_package_in_any_envelope_has_its_courses(tmp_path: Path, shape: str) -> None:
    link = {
        "associationType": "isChildOf",
        "originNodeURI": {"identifier": "b"},
        "destinationNodeURI": {"identifier": "a"},
    }
    package = {
        "CFDocument": {"title": "Common Core State Standards for Mathematics"},
        "CFItems": [
            {"identifier": "a", "fullStatement": "Grade 6", "CFItemType": "Grade Level"},
            {"identifier": "b", "humanCodingScheme": "6.NS.A.1", "educationLevel": None},
        ],
        "CFAssociations": [link],
    }
    told = {"package": package, "envelope": {"CFPackage": package}, "list": [package]}[shape]
    path = tmp_path / "case.json"
    path.write_text("\ufeff" + json.dumps(told), encoding="utf-8")
    found = read_standards(path)
    assert found[["code", "course"]].to_numpy().tolist() == [["6.NS.A.1", "Grade 6"]]


def test_several_codes_in_a_cell_are_an_alignment_to_each(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('resource_id,code\nr1,"6.NS.1, 6.RP.1; 6.EE.2"\n', encoding="utf-8")
    assert read_alignments(tmp_path / "a.csv")["code"].tolist() == ["6.NS.1", "6.RP.1", "6.EE.2"]


def test_one_work_whose_share_alike_version_is_not_stated_may_be_used_but_no_two() -> None:
    resources = tuple(
        Resource(f"r{k}", frozenset({f"CCSS Math|6.NS.{k}"}), license_id=license_id)
        for k, license_id in enumerate(["CC-BY-SA", "CC-BY-SA", "CC-BY-4.0"], 1)
    )
    wanted = {f"CCSS Math|6.NS.{k}": f"6.NS.{k}" for k in (1, 2, 3)}
    answer = cover(Inputs(wanted, resources, {}, mix=True, remixable=True), EXACT)
    assert sorted(resource.license_id for resource, _ in answer.used) == ["CC-BY-4.0", "CC-BY-SA"]
