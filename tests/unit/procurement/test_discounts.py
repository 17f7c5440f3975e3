"""Discount rates: the matrix, districts from their schools, CEP, libraries, consortia, and refusals."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infraplan.errors import BadInput, NoRule
from infraplan.procurement import discounts, entities

HEADER = "entity_id,kind,students,nslp_students,urban_rural,parent_id,cep,identified_students,tribal,member_of"


def rates(tmp_path: Path, *rows: str, header: str = HEADER, year: int = 2026) -> discounts.Rates:
    path = tmp_path / "entities.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return discounts.from_file(path, year)


def row_of(answer: discounts.Rates, entity: str) -> tuple[object, ...]:
    table = answer.table
    found = table[table["entity_id"] == entity].iloc[0]
    return tuple(found[["nslp_percent", "urban_rural", "c1_rate", "c2_rate"]])


def faults(tmp_path: Path, *rows: str, header: str = HEADER, year: int = 2026) -> dict[str, list[int | None]]:
    with pytest.raises(BadInput) as refusal:
        rates(tmp_path, *rows, header=header, year=year)
    found: dict[str, list[int | None]] = {}
    for fault in refusal.value.faults:
        assert fault.mend
        assert fault.column
        found.setdefault(fault.kind, []).append(fault.row)
    return found


@pytest.mark.parametrize(
    ("eligible", "status", "c1", "c2"),
    [(0, "Urban", 20, 20), (0, "Rural", 25, 25), (1, "Urban", 40, 40), (19, "Rural", 50, 50), (20, "Urban", 50, 50),
     (34, "Rural", 60, 60), (35, "Urban", 60, 60), (49, "Rural", 70, 70), (50, "Urban", 80, 80), (74, "Rural", 80, 80),
     (75, "Urban", 90, 85), (100, "Rural", 90, 85)],
)  # fmt: skip
def test_each_band_of_the_matrix(tmp_path: Path, eligible: int, status: str, c1: int, c2: int) -> None:
    answer = rates(tmp_path, f"1,district,100,{eligible},{status},,,,,")
    assert row_of(answer, "1") == (eligible, status, c1, c2)


@pytest.mark.parametrize(("eligible", "percent"), [(99, 50), (149, 75), (1, 1), (98, 49)])
def test_half_a_point_is_rounded_up_before_the_band_is_looked_up(tmp_path: Path, eligible: int, percent: int) -> None:
    assert row_of(rates(tmp_path, f"1,school,200,{eligible},Urban,,,,,"), "1")[0] == percent


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_percent_is_the_exact_half_up_quotient(part: int, whole: int) -> None:
    exact = int(Fraction(100 * part, whole) + Fraction(1, 2))
    assert discounts.percent_half_up(np.array([part]), np.array([whole]))[0] == exact


@given(st.lists(st.integers(20, 90), min_size=1, max_size=40))
def test_a_consortiums_rate_lies_between_its_members_and_ignores_their_order(members: list[int]) -> None:
    def mean(told: list[int]) -> int:
        return int(discounts.mean_half_up(np.array([sum(told)]), np.array([len(told)]))[0])

    assert min(members) <= mean(members) <= max(members)
    assert mean(members) == mean(sorted(members)) == int(Fraction(sum(members), len(members)) + Fraction(1, 2))


def test_a_district_is_summed_from_its_schools_and_gives_them_its_rates(tmp_path: Path) -> None:
    answer = rates(tmp_path, "D,district,,,Rural,,,,,", "A,school,300,30,Urban,D,,,,", "B,school,100,90,Urban,D,,,,")
    assert row_of(answer, "D") == (30, "Rural", 60, 60)
    assert row_of(answer, "A") == row_of(answer, "B") == row_of(answer, "D")


def test_a_parent_without_a_row_gets_one_behind_the_rows_given(tmp_path: Path) -> None:
    answer = rates(tmp_path, "A,school,300,30,Rural,D,,,,", "B,school,100,90,Rural,D,,,,", "C,school,50,0,Urban,,,,,")
    assert list(answer.table["entity_id"]) == ["A", "B", "C", "D"]
    assert list(answer.table["kind"]) == ["school", "school", "school", "district"]
    assert row_of(answer, "D") == (30, "Rural", 60, 60)


@pytest.mark.parametrize(
    ("statuses", "expected"), [("RU", "Urban"), ("RRU", "Rural"), ("RRUU", "Urban"), ("R", "Rural")]
)
def test_a_district_is_rural_only_if_more_than_half_its_schools_are(
    tmp_path: Path, statuses: str, expected: str
) -> None:
    words = {"R": "Rural", "U": "Urban"}
    rows = [f"{at},school,100,40,{words[letter]},D,,,," for at, letter in enumerate(statuses)]
    assert row_of(rates(tmp_path, *rows), "D")[1] == expected


def test_rurality_can_come_from_counts_of_schools(tmp_path: Path) -> None:
    header = "entity_id,kind,students,nslp_students,schools,rural_schools"
    answer = rates(tmp_path, "A,district,100,40,4,2", "B,district,100,40,4,3", header=header)
    assert list(answer.table["urban_rural"]) == ["Urban", "Rural"]


def test_a_library_takes_its_districts_share_and_its_own_status(tmp_path: Path) -> None:
    answer = rates(tmp_path, "D,district,100,40,Rural,,,,,", "L,library,,,Urban,D,,,,")
    assert row_of(answer, "L") == (40, "Urban", 60, 60)


def test_a_cep_school_counts_identified_students_times_the_multiplier_but_never_more_than_all(tmp_path: Path) -> None:
    answer = rates(
        tmp_path, "A,school,1000,,Urban,,yes,300,,", "B,school,100,,Urban,,yes,90,,", "C,school,331,,Urban,,yes,198,,"
    )
    assert list(answer.table["nslp_percent"]) == [48, 100, 96]  # 198 x 1.6 = 316.8, up to 317 of 331


def test_a_mixed_district_adds_cep_and_ordinary_counts(tmp_path: Path) -> None:
    answer = rates(tmp_path, "A,school,100,,Urban,D,yes,40,,", "B,school,100,10,Urban,D,no,,,")
    assert row_of(answer, "D")[0] == 37  # (64 + 10) / 200


def test_a_tribal_library_keeps_ninety_on_category_two_from_2024(tmp_path: Path) -> None:
    rows = ("D,district,100,80,Rural,,,,,", "L,library,,,Rural,D,,,yes,")
    assert row_of(rates(tmp_path, *rows, year=2024), "L") == (80, "Rural", 90, 90)
    assert row_of(rates(tmp_path, *rows, year=2022), "L") == (80, "Rural", 90, 85)


def test_being_tribal_changes_nothing_for_a_school(tmp_path: Path) -> None:
    assert row_of(rates(tmp_path, "S,school,100,80,Rural,,,,yes,"), "S")[3] == 85


def test_a_consortium_averages_its_members_plainly_and_each_category_apart(tmp_path: Path) -> None:
    answer = rates(tmp_path, "A,district,10000,8000,Urban,,,,,C", "B,district,100,0,Urban,,,,,C")
    assert row_of(answer, "C")[2:] == (55, 53)  # (90 + 20) / 2; (85 + 20) / 2 = 52.5
    assert list(answer.table["kind"]) == ["district", "district", "consortium"]


def test_a_consortium_of_one_has_its_members_rate(tmp_path: Path) -> None:
    assert row_of(rates(tmp_path, "A,district,100,40,Rural,,,,,C"), "C")[2:] == (70, 70)


def test_several_schools_of_one_district_are_one_member(tmp_path: Path) -> None:
    answer = rates(
        tmp_path, "A,school,100,90,Urban,D,,,,C", "B,school,100,90,Urban,D,,,,C", "E,district,100,10,Urban,,,,,C"
    )
    assert row_of(answer, "C")[2] == 65  # (90 + 40) / 2, not (90 + 90 + 40) / 3


def test_a_consortium_that_is_called_a_member_of_another_is_refused_and_not_left_out(tmp_path: Path) -> None:
    found = faults(tmp_path, "A,district,100,40,Rural,,,,,C", "C,consortium,,,,,,,,E", "E,consortium,,,,,,,,")
    assert found == {"NestedConsortium": [3]}


def test_a_member_of_two_consortia_may_stand_twice_and_both_rows_are_kept(tmp_path: Path) -> None:
    answer = rates(tmp_path, "A,district,100,40,Rural,,,,,C", "A,district,100,40,Rural,,,,,E")
    assert list(answer.table["entity_id"]) == ["A", "A", "C", "E"]
    assert "repeat an entity" in answer.notes[0]


def test_row_order_is_kept(tmp_path: Path) -> None:
    rows = [f"{name},district,100,40,Rural,,,,," for name in ("z", "a", "m")]
    assert list(rates(tmp_path, *rows).table["entity_id"]) == ["z", "a", "m"]


def test_columns_may_come_in_any_order_and_extra_ones_are_ignored(tmp_path: Path) -> None:
    header = "note,nslp_students,urban_rural,kind,students,entity_id"
    assert row_of(rates(tmp_path, "hello,40,rural,DISTRICT,100,0042", header=header), "0042") == (40, "Rural", 70, 70)


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        "1,district,0,0,Rural,,,,,",
        "2,district,10,12,Rural,,,,,",
        "3,district,104%,12,Rural,,,,,",
        "4,kiosk,104,12,Rural,,,,,",
        "5,district,104,,Rural,,,,,",
        "6,school,104,,Rural,,yes,,,",
        "7,school,10,,Rural,,yes,11,,",
        "8,school,10,1,,,,,,",
    )
    assert found == {
        "NoStudents": [2], "MoreEligibleThanEnrolled": [3], "BadValue": [5, 4], "NoShare": [6], "NoIdentified": [7],
        "MoreIdentifiedThanEnrolled": [8], "NoStatus": [9],
    }  # fmt: skip


def test_faults_across_rows_are_named_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        "A,district,100,40,Rural,,,,,",
        "A,district,100,41,Rural,,,,,",
        "B,consortium,,,,,,,,",
        "C,library,,,Rural,nowhere,,,,",
        "D,district,,,Rural,,,,,",
        "E,district,50,10,,,,,,",
        "F,district,50,10,Rural,,,,,",
        "G,school,20,10,Rural,F,,,,",
        "H,library,,,Rural,C,,,,",
        "I,district,50,10,Rural,A,,,,",
    )
    assert found == {
        "DuplicateKey": [3], "EmptyConsortium": [4], "NoParentFigures": [5, 10], "NoEnrollment": [6], "NoStatus": [7],
        "ParentDisagrees": [8], "OddParent": [10], "NestedParent": [11],
    }  # fmt: skip


def test_a_school_given_twice_in_a_district_is_refused_even_with_the_same_figures(tmp_path: Path) -> None:
    found = faults(tmp_path, "A,school,100,40,Rural,D,,,,", "A,school,100,40,Rural,D,,,,")
    assert found == {"DuplicateKey": [3]}


def test_a_missing_column_is_named_with_those_found(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"column nslp_students is missing(.|\n)*found: entity_id, kind, students"):
        rates(tmp_path, "1,district,100,Rural", header="entity_id,kind,students,urban_rural")


def test_a_file_of_cep_schools_needs_no_lunch_column(tmp_path: Path) -> None:
    answer = rates(
        tmp_path, "1,school,100,Rural,yes,50", header="entity_id,kind,students,urban_rural,cep,identified_students"
    )
    assert row_of(answer, "1")[0] == 80


def test_an_unknown_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRule, match="the newest present is"):
        rates(tmp_path, "1,district,100,40,Rural,,,,,", year=2031)


def test_an_empty_school_of_a_district_counts_as_a_school_and_is_noted(tmp_path: Path) -> None:
    answer = rates(tmp_path, "A,school,100,40,Urban,D,,,,", "B,school,0,0,Rural,D,,,,", "E,school,0,0,Rural,D,,,,")
    assert row_of(answer, "D") == (40, "Rural", 70, 70)
    assert "without students" in answer.notes[0]


def test_a_low_identified_share_is_noted_not_refused(tmp_path: Path) -> None:
    assert "group" in rates(tmp_path, "A,school,100,,Urban,,yes,20,,").notes[0]


@settings(deadline=None)  # tables are slow to make on a busy machine
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500), st.booleans()), min_size=1, max_size=12))
def test_schools_of_a_district_never_differ_from_it(schools: list[tuple[int, int, bool]]) -> None:
    rows = [
        {"entity_id": str(at), "kind": "school", "students": students, "nslp_students": min(students, eligible),
         "urban_rural": "Rural" if rural else "Urban", "schools": None, "rural_schools": None, "parent_id": "D",
         "cep": False, "identified_students": None, "tribal": False, "member_of": None}
        for at, (students, eligible, rural) in enumerate(schools)
    ]  # fmt: skip
    table = discounts.rates(pd.DataFrame(rows), discounts.Rules.of(2026)).table
    assert table[["nslp_percent", "urban_rural", "c1_rate", "c2_rate"]].drop_duplicates().shape[0] == 1
    enrolled, eligible = sum(s for s, _, _ in schools), sum(min(s, e) for s, e, _ in schools)
    assert table["nslp_percent"].iloc[0] == int(Fraction(100 * eligible, enrolled) + Fraction(1, 2))


def long_file(path: Path, *, bad_row: str | None = None) -> Path:
    """20,100 schools of 100 districts, some with CEP, one row each."""
    rows = [
        f"{at},school,{100 + at % 7},{at % 90},{'Rural' if at % 3 else 'Urban'},D{at % 100},no,,,"
        for at in range(20_100)
    ]
    rows[5] = "5,school,200,, rural ,D5,yes,50,,"
    if bad_row is not None:
        rows[-1] = bad_row
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_long_file_is_read_as_a_short_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = long_file(tmp_path / "long.csv")
    quick = discounts.from_file(path, 2026).table
    monkeypatch.setattr(entities, "LONG_FILE", 10**9)
    pd.testing.assert_frame_equal(quick, discounts.from_file(path, 2026).table)


@pytest.mark.parametrize("bad", ["99999,school,many,1,Rural,D1,no,,,", " ,school,100,1,Rural,D1,no,,,"])
def test_a_fault_in_a_long_file_still_has_its_row(tmp_path: Path, bad: str) -> None:
    with pytest.raises(BadInput) as refusal:
        discounts.from_file(long_file(tmp_path / "long.csv", bad_row=bad), 2026)
    assert [fault.row for fault in refusal.value.faults] == [20_101]
