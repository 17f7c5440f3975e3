"""Net savings: the formula by hand, what is not counted, the assumptions and their break-even."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.errors import BadInput
from infraplan.oer import savings as sums
from infraplan.oer.savings import (
    CASES,
    Savings,
    estimate,
    read_assumptions,
    shipped_assumptions,
    summary,
    year_one_cash,
    yearly_saving,
)
from infraplan.oer.sources.lists import LIST_COLUMNS

MIDDLE = {one.name: one.amounts["middle"] for one in shipped_assumptions()}
HAND = {
    "years_kept": Decimal(6), "share_printed": Decimal("0.5"), "print_cost_usd": Decimal(6), "copy_lasts": Decimal(2),
    "students_per_teacher": Decimal(50), "teacher_hours": Decimal(24), "pay_usd_hour": Decimal(40),
    "training_usd_teacher": Decimal(400), "review_hours": Decimal(40), "accessibility_usd": Decimal(1500),
    "state_print_usd": Decimal(1),
}  # fmt: skip


def rows(*items: dict[str, str]) -> pd.DataFrame:
    blank = dict.fromkeys(LIST_COLUMNS, "")
    return pd.DataFrame(
        [
            blank | {"item_id": f"i{k}", "title": "Physics", "price_usd": "80", "students": "120"} | item
            for k, item in enumerate(items)
        ]
    )


def matches(*outcomes: str) -> pd.DataFrame:
    return pd.DataFrame(
        [{"item_id": f"i{k}", "resource_id": f"r{k}", "outcome": outcome} for k, outcome in enumerate(outcomes)]
    )


def test_the_yearly_saving_is_the_formula_by_hand() -> None:
    # 120 x 80 / 6 = 1,600; printing 120 x 0.5 x 6 / 2 = 180; 3 teachers x (400 + 24 x 40) = 4,080 and a text
    # 40 x 40 + 1,500 = 3,100:
    # 7,180 / 6 = 1,196.67; the state adds 120
    assert yearly_saving(120, Decimal(80), HAND).quantize(Decimal("0.01")) == Decimal("343.33")


def test_the_first_years_cash_is_the_formula_by_hand() -> None:
    # 9,600 - 360 - 7,180 + 120
    assert year_one_cash(120, Decimal(80), HAND) == Decimal(2180)


def test_a_text_used_twice_is_reviewed_and_mended_once() -> None:
    once, again = (year_one_cash(120, Decimal(80), HAND, new_text=new) for new in (True, False))
    assert again - once == Decimal(3100)


@given(st.integers(1, 5000), st.decimals(0, 300, places=2))
def test_low_is_never_above_middle_nor_middle_above_high(students: int, price: Decimal) -> None:
    given_ = [{one.name: one.amounts[case] for one in shipped_assumptions()} for case in CASES]
    for formula in (yearly_saving, year_one_cash):
        low, middle, high = (formula(students, price, case) for case in given_)
        assert low <= middle <= high


@pytest.mark.parametrize(
    ("item", "outcome", "why"),
    [
        ({}, "same_open", "already open"),
        ({}, "partial", "no open text of the same course"),
        ({}, "no", "no open text of the same course"),
        ({}, "review", "a person must look first"),
        ({"price_usd": ""}, "good", "unpriced"),
        ({"price_usd": "\u20ac80"}, "good", "unpriced: "),
        ({"price_usd": "0"}, "good", "price is 0"),
        ({"students": ""}, "good", "how many students"),
        ({"students": "many"}, "good", "not a count"),
        ({"expires": "2030-06-30"}, "good", "in contract until 2030-06-30"),
    ],
)
def test_what_is_not_counted_says_why_and_adds_nothing(item: dict[str, str], outcome: str, why: str) -> None:
    told = estimate(rows(item), matches(outcome), on=date(2026, 9, 1))
    assert told.table["counted"].tolist() == ["no"]
    assert why in told.table["why"].iloc[0]
    assert told.yearly == dict.fromkeys(CASES, Decimal(0))


def test_a_contract_that_has_ended_is_counted() -> None:
    assert estimate(rows({"expires": "2026-06-30"}), matches("good"), on=date(2026, 9, 1)).table[
        "counted"
    ].tolist() == ["yes"]


def test_the_same_students_and_course_are_counted_once_at_the_dearer_book() -> None:
    told = estimate(
        rows({"course": "Physics", "price_usd": "40"}, {"course": "Physics", "price_usd": "90"}),
        matches("good", "good"),
    )
    assert told.table["counted"].tolist() == ["no", "yes"]


def test_the_same_course_in_another_district_is_counted_apart() -> None:
    told = estimate(
        rows({"course": "Physics", "district": "A"}, {"course": "Physics", "district": "B"}), matches("good", "good")
    )
    assert told.table["counted"].tolist() == ["yes", "yes"]


@pytest.mark.parametrize(
    ("expires", "counted"),
    [("2026", "no"), ("2025", "yes"), ("June 2026", "yes"), ("06/30/2030", "no"), ("soon", "yes")],
)
def test_a_bare_year_ends_with_it(expires: str, counted: str) -> None:
    assert estimate(rows({"expires": expires}), matches("good"), on=date(2026, 9, 1)).table["counted"].tolist() == [
        counted
    ]


def test_totals_are_the_sum_of_what_is_counted_to_the_cent() -> None:
    told = estimate(rows({}, {"title": "Biology", "students": "333", "price_usd": "99.99"}), matches("good", "good"))
    for case in CASES:
        assert told.yearly[case] == sum(told.table[f"saving_{case}_usd_year"], Decimal(0))


def test_two_prices_in_a_cell_are_doubtful_but_counted() -> None:
    told = estimate(rows({"price_usd": "79.99, 80.50"}), matches("good"))
    assert told.table["price_usd"].tolist() == ["79.99"]
    assert "2 prices" in told.table["why"].iloc[0]


def test_a_persons_own_assumptions_replace_ours_with_their_source(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[pay_usd_hour]\nmiddle = 33.5\nsource = 'our contract'\n", encoding="utf-8")
    pay = next(one for one in read_assumptions(tmp_path / "a.toml") if one.name == "pay_usd_hour")
    assert (pay.amounts["middle"], pay.source, pay.ours) == (Decimal("33.5"), "our contract", "")
    assert pay.amounts["low"] == next(o for o in shipped_assumptions() if o.name == "pay_usd_hour").amounts["low"]


def test_every_fault_of_an_assumptions_file_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        "[years_kept]\nmiddle = 0\n[pay]\nmiddle = 3\n[teacher_hours]\nmiddle = 'many'\n", encoding="utf-8"
    )
    with pytest.raises(BadInput) as refused:
        read_assumptions(tmp_path / "a.toml")
    assert {fault.kind for fault in refused.value.faults} == {"OutOfRange", "UnknownSetting"}
    assert len(refused.value.faults) == 3


def test_every_assumption_is_sourced_or_marked_as_ours() -> None:
    for one in shipped_assumptions():
        assert one.source or one.ours, one.name
        assert one.unit


def test_the_break_even_brings_the_yearly_total_to_nothing() -> None:
    told: Savings = estimate(rows({"students": "400", "price_usd": "110"}), matches("good"))
    assert len(told.break_even) == 2
    for name, words in told.break_even:
        if "becomes nothing at" not in words:
            continue
        value = Decimal(words.split(" at ")[1].split()[0].replace(",", ""))
        around = [
            yearly_saving(400, Decimal(110), MIDDLE | {name: value * factor})
            for factor in (Decimal("0.97"), Decimal("1.03"))
        ]
        assert min(around) <= 0 <= max(around)
    assert "1 of 1 items counted" in summary(told)


MATH = {"title": "Mathematics", "subject": "Mathematics", "district": "d"}


@pytest.mark.parametrize(
    ("first", "second", "counted"),
    [
        ({"grades": "6-8"}, {"grades": "7"}, ["yes", "no"]),
        ({"grades": "6-8"}, {"grades": "8", "price_usd": "90"}, ["no", "yes"]),
        ({"grades": "6-8"}, {"grades": "5"}, ["yes", "yes"]),
        ({"grades": "6-8"}, {"grades": "7", "district": "e"}, ["yes", "yes"]),
        ({"grades": "6-8"}, {"grades": "7", "title": "Science"}, ["yes", "yes"]),
        ({"grades": "K-6"}, {"grades": "6-8"}, ["yes", "no"]),
        ({"grades": "6"}, {"grades": "7"}, ["yes", "yes"]),
    ],
)
def test_the_students_of_a_grade_are_not_counted_again_in_a_row_for_several(
    first: dict[str, str], second: dict[str, str], counted: list[str]
) -> None:
    told = estimate(rows(MATH | first, MATH | second), matches("good", "good"))
    assert told.table["counted"].tolist() == counted


def test_a_row_served_by_a_program_is_counted_once_and_says_for_how_many_texts() -> None:
    reasons = "same course and level for grade 6; its program (P) has open texts for the row's grades 7, 8"
    found = pd.DataFrame(
        [{"item_id": "i0", "resource_id": one, "outcome": "good", "reasons": reasons} for one in ("r6", "r7", "r8")]
    )
    told = estimate(rows(MATH | {"grades": "6-8"}), found)
    assert told.table["counted"].tolist() == ["yes"]
    assert told.yearly == estimate(rows(MATH | {"grades": "6-8"}), matches("good")).yearly
    assert "reckoned for one text" in told.table["why"].iloc[0]


def test_rows_without_a_recognized_course_are_told_apart_by_their_subject() -> None:
    row = {"district": "1", "course": "", "title": "Our Series", "grades": "K-5", "subject": "Science"}
    assert sums._whose(row) != sums._whose(row | {"subject": "English Language Arts"})
    assert sums._whose(row) == sums._whose(row | {"title": "Another Series"})
