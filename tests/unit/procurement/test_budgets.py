"""Category Two budgets: methods, floors, cycles, what is left, and refusals."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.errors import BadInput, NoRule
from infraplan.procurement import budgets

HEADER = "entity_id,kind,system_id,students,square_feet,tribal,funded_usd,pending_usd,prior_budget_usd,imls_locale"


def answer(tmp_path: Path, *rows: str, year: int = 2024, header: str = HEADER) -> budgets.Budgets:
    path = tmp_path / "sites.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return budgets.from_file(path, year)


def first(got: budgets.Budgets) -> tuple[str, int, str, Decimal]:
    row = got.table.iloc[0]
    return row["entity_id"], row["sites"], row["method"], row["budget_usd"]


def schools(system: str, *students: int) -> list[str]:
    return [f"{system}{at},school,{system},{count},,,,,," for at, count in enumerate(students)]


def test_three_unlike_schools_add_up_the_best_of_each(tmp_path: Path) -> None:
    assert first(answer(tmp_path, *schools("A", 300, 120, 80))) == ("A", 3, "hybrid", Decimal("100100.00"))


def test_large_schools_go_by_students_and_the_first_of_equals_is_named(tmp_path: Path) -> None:
    assert first(answer(tmp_path, *schools("A", 300, 400))) == ("A", 2, "multiplier", Decimal("116900.00"))


def test_small_schools_go_by_floors(tmp_path: Path) -> None:
    assert first(answer(tmp_path, *schools("A", 10, 20))) == ("A", 2, "floor", Decimal(50000))


@pytest.mark.parametrize(("count", "method", "budget"), [(10, "hybrid", 392000), (11, "multiplier", 300600)])
def test_ten_sites_may_add_up_the_best_of_each_and_eleven_may_not(
    tmp_path: Path, count: int, method: str, budget: int
) -> None:
    # one school of 1,000 students = 167,000; the others 80 students each, floor 25,000
    got = first(answer(tmp_path, *schools("A", 1000, *[80] * (count - 1))))
    assert got == ("A", count, method, Decimal(budget))


def test_an_independent_school_gets_its_floor_or_its_students(tmp_path: Path) -> None:
    got = answer(tmp_path, "S,school,,149,,,,,,", "T,school,,150,,,,,,")
    assert list(got.table["budget_usd"]) == [Decimal(25000), Decimal(25050)]
    assert set(got.table["method"]) == {"site"}


def test_a_library_goes_by_square_feet_to_the_cent(tmp_path: Path) -> None:
    got = answer(tmp_path, "L,library,,,6001.5,,,,,", year=2026)
    assert got.table["budget_usd"].iloc[0] == Decimal("32588.15")  # 6,001.5 x 5.43 = 32,588.145


def test_a_tribal_library_has_a_higher_floor_and_a_tribal_school_has_not(tmp_path: Path) -> None:
    got = answer(tmp_path, "L,library,,,100,yes,,,,", "S,school,,100,,yes,,,,")
    assert list(got.table["budget_usd"]) == [Decimal(55000), Decimal(25000)]


def test_multipliers_and_floors_of_the_next_cycle(tmp_path: Path) -> None:
    got = answer(tmp_path, "S,school,,149,,,,,,", "T,school,,150,,,,,,", "L,library,,,100,yes,,,,", year=2027)
    assert list(got.table["budget_usd"]) == [Decimal(30175), Decimal("30235.50"), Decimal(66385)]


def test_what_is_left_is_the_budget_less_funded_and_pending_and_may_be_negative(tmp_path: Path) -> None:
    got = answer(tmp_path, "S,school,,100,,,20000,6000.01,,")
    assert got.table["available_usd"].iloc[0] == Decimal("-1000.01")
    assert any("$1,000.01 more" in note for note in got.notes)


def test_spending_of_all_sites_counts_against_their_system(tmp_path: Path) -> None:
    got = answer(tmp_path, "A,school,X,100,,,1000,200,,", "B,school,X,100,,,500,,,")
    row = got.table.iloc[0]
    assert (row["funded_usd"], row["pending_usd"], row["available_usd"]) == (
        Decimal(1500),
        Decimal(200),
        Decimal(48300),
    )


def test_decline_does_not_lower_a_budget_and_growth_raises_it(tmp_path: Path) -> None:
    assert first(answer(tmp_path, "S,school,,200,,,,,60000,"))[3] == Decimal(60000)
    assert first(answer(tmp_path, "S,school,,400,,,,,60000,"))[3] == Decimal(66800)


@pytest.mark.parametrize(
    ("one", "other", "budget"),
    [("90000", "", 90000), ("90000", "90000", 90000), ("50000", "40000", 90000), ("30000", "30000", 60000)],
)
def test_an_earlier_budget_may_stand_once_on_every_row_or_in_parts(
    tmp_path: Path, one: str, other: str, budget: int
) -> None:
    rows = (f"A,school,X,100,,,,,{one},", f"B,school,X,100,,,,,{other},")
    assert first(answer(tmp_path, *rows))[3] == Decimal(budget)


def test_schools_without_students_are_not_sites(tmp_path: Path) -> None:
    got = answer(tmp_path, *schools("A", 100, 0))
    assert first(got) == ("A", 1, "floor", Decimal(25000))
    assert any("not counted" in note for note in got.notes)


def test_before_2021_each_site_had_its_own_budget(tmp_path: Path) -> None:
    got = answer(tmp_path, *schools("A", 500, 20), year=2016)
    assert first(got) == ("A", 2, "site", Decimal("85042.00"))  # 500 x 151.50 + 9,292
    assert any("could not spend another's" in note for note in got.notes)


def test_the_bridge_year_raised_multipliers_and_floor(tmp_path: Path) -> None:
    got = answer(tmp_path, "S,school,,500,,,,,,", "T,school,,10,,,,,,", year=2020)
    assert list(got.table["budget_usd"]) == [Decimal("97815.00"), Decimal("11998.43")]


def test_city_libraries_before_2021_have_their_own_multiplier(tmp_path: Path) -> None:
    got = answer(tmp_path, "L,library,,,10000,,,,,12", "M,library,,,10000,,,,,41", year=2015)
    assert list(got.table["budget_usd"]) == [Decimal(50000), Decimal(23000)]


def test_rows_come_out_in_order_of_first_appearance(tmp_path: Path) -> None:
    got = answer(tmp_path, "Z,school,,200,,,,,,", "A,school,M,200,,,,,,", "Y,school,,200,,,,,,", "B,school,M,200,,,,,,")
    assert list(got.table["entity_id"]) == ["Z", "M", "Y"]


def test_an_independent_entity_and_a_system_of_one_number_stay_apart(tmp_path: Path) -> None:
    got = answer(tmp_path, "7,school,,200,,,,,,", "8,school,7,200,,,,,,")
    assert list(got.table["method"]) == ["site", "multiplier"]


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        answer(
            tmp_path, "A,school,,,,,,,,", "B,library,,,,,,,,", "C,school,,0,,,,,,", "D,school,X,100,,,,,,",
            "E,library,X,,100,,,,,", "F,school,W,0,,,,,,",
        )  # fmt: skip
    found = sorted((fault.kind, fault.row) for fault in refusal.value.faults if fault.row)
    assert found == [("MixedSystem", 6), ("NoSize", 2), ("NoSize", 3), ("NoSize", 4)]
    assert any(fault.kind == "EmptySystem" for fault in refusal.value.faults)


def test_a_site_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="entity_id must be unique"):
        answer(tmp_path, "A,school,,100,,,,,,", "A,school,,100,,,,,,")


def test_an_unknown_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRule, match="category two"):
        answer(tmp_path, "A,school,,100,,,,,,", year=2014)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=14), st.sampled_from([2021, 2026]))
def test_a_budget_is_never_below_its_floors_or_its_students_and_never_above_the_best_of_each_site(
    students: list[int], funding_year: int
) -> None:
    year = budgets.Rules.of(funding_year)
    sites = [budgets.Site(count * year.school, year.floor) for count in students]
    _, budget = budgets.best(sites, year, independent=False)
    assert budget >= len(sites) * year.floor
    assert budget >= sum(students) * year.school
    assert budget <= sum(max(site.by_size, site.floor) for site in sites)
