"""Commitments: cents, months, ineligible parts, state match, and refusals."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.errors import BadInput, NoRule
from infraplan.procurement import commitments

MATCH = commitments.MatchRules(Decimal(10), Decimal(100))


def answer(tmp_path: Path, header: str, *rows: str, year: int | None = None) -> commitments.Commitments:
    path = tmp_path / "requests.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return commitments.from_file(path, year)


PLAIN = "request_id,pre_discount_usd,rate,state_match_percent"
CHARGES = "request_id,monthly_usd,monthly_ineligible_usd,months,one_time_usd,one_time_ineligible_usd,rate"


def amounts(got: commitments.Commitments) -> list[tuple[Decimal, ...]]:
    return [tuple(row) for row in got.table[commitments.COLUMNS[1:]].itertuples(index=False)]


def test_half_a_cent_goes_to_the_commitment(tmp_path: Path) -> None:
    got = answer(tmp_path, PLAIN, "1,10.01,50,")
    assert amounts(got) == [(Decimal(50), Decimal("5.01"), Decimal("0.00"), Decimal("5.00"))]


@pytest.mark.parametrize(
    ("rate", "state", "applied", "owed"),
    [("70", "10", "80", "10000.00"), ("70", "25", "75", "0.00"), ("90", "5", "95", "0.00"),
     ("80", "2.4", "82.4", "15200.00"), ("90", "10", "90", "0.00"), ("90", "25", "90", "0.00"),
     ("20", "30", "30", "40000.00")],
)  # fmt: skip
def test_the_state_match_adds_at_most_ten_points_and_never_passes_the_whole(
    tmp_path: Path, rate: str, state: str, applied: str, owed: str
) -> None:
    got = answer(tmp_path, PLAIN, f"1,100000,{rate},{state}", year=2026)
    assert (amounts(got)[0][0], amounts(got)[0][3]) == (Decimal(applied), Decimal(owed))


def test_the_real_new_mexico_requests_of_fy2016_come_out_as_filed(tmp_path: Path) -> None:
    # total pre-discount charges, rate before match, state percent; commitment and match as filed
    got = answer(tmp_path, PLAIN, "A,35000,90,5", "B,686275,90,5", "C,124800,80,2.4", year=2016)
    assert list(got.table["commitment_usd"]) == [Decimal("33250.00"), Decimal("651961.25"), Decimal("102835.20")]
    assert list(got.table["state_usd"][:2]) == [Decimal("1750.00"), Decimal("34313.75")]


def test_a_state_match_needs_the_year(tmp_path: Path) -> None:
    with pytest.raises(NoRule, match=r"depends on the year(.|\n)*--funding-year"):
        answer(tmp_path, PLAIN, "1,100,70,10")


def test_no_year_is_needed_without_a_match(tmp_path: Path) -> None:
    assert amounts(answer(tmp_path, "request_id,pre_discount_usd,rate", "1,100,70"))[0][1] == Decimal("70.00")


def test_months_and_ineligible_parts_make_the_eligible_cost(tmp_path: Path) -> None:
    got = answer(tmp_path, CHARGES, "1,1000,100,8,500,50,80")
    assert amounts(got)[0][1:] == (Decimal("6120.00"), Decimal("0.00"), Decimal("1530.00"))  # (900 x 8 + 450) x 0.8


def test_a_one_time_charge_alone_is_enough(tmp_path: Path) -> None:
    assert amounts(answer(tmp_path, CHARGES, "1,,,,500,,80"))[0][1] == Decimal("400.00")


def test_rows_are_kept_in_order_and_repeats_are_said(tmp_path: Path) -> None:
    got = answer(tmp_path, PLAIN, "2,100,70,", "1,100,70,", "2,100,80,")
    assert list(got.table["request_id"]) == ["2", "1", "2"]
    assert any("repeat a request_id" in note for note in got.notes)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        answer(
            tmp_path, "request_id,pre_discount_usd,rate,monthly_usd,months,monthly_ineligible_usd", "1,100,0.8,,,",
            "2,,80,,,", "3,,80,100,,", "4,,80,100,12,200", "5,100,80,100,12,",
        )  # fmt: skip
    assert [(fault.kind, fault.row) for fault in refusal.value.faults] == [
        ("RateIsShare", 2), ("NoCost", 3), ("NoMonths", 4), ("IneligibleAboveCost", 5), ("CostDisagrees", 6),
    ]  # fmt: skip


def test_a_cell_that_cannot_be_read_does_not_hide_what_is_wrong_with_other_rows(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        answer(
            tmp_path, "request_id,pre_discount_usd,rate,monthly_usd,months", "1,100,0.8,,", "2,,80,,", "3,,80,100,",
            "4,abc,80,,", "5,,80,100,13",
        )  # fmt: skip
    assert sorted((fault.row, fault.kind) for fault in refusal.value.faults) == [
        (2, "RateIsShare"), (3, "NoCost"), (4, "NoMonths"), (5, "BadValue"), (6, "BadValue"),
    ]  # fmt: skip


def test_a_rate_of_104_percent_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"rate is '104', expected an amount from 0 to 100(.|\n)*row 2, column rate"):
        answer(tmp_path, PLAIN, "1,100,104,")


def test_a_file_without_any_cost_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="column pre_discount_usd is missing"):
        answer(tmp_path, "request_id,rate", "1,80")


@given(
    st.decimals(0, 10**8, places=2), st.integers(20, 90).map(Decimal), st.decimals(0, 100, places=1),
)  # fmt: skip
def test_the_three_shares_add_up_to_the_cost_and_none_is_negative(cost: Decimal, rate: Decimal, state: Decimal) -> None:
    split = commitments.shares(cost, rate, state, MATCH)
    assert split.commitment_usd + split.state_usd + split.applicant_usd == cost
    assert min(split.commitment_usd, split.state_usd, split.applicant_usd) >= 0
    assert rate <= split.rate_applied <= rate + 10


@given(st.decimals(0, 10**8, places=2), st.integers(0, 99))
def test_a_higher_rate_never_commits_less(cost: Decimal, rate: int) -> None:
    lower, higher = commitments.shares(cost, Decimal(rate)), commitments.shares(cost, Decimal(rate + 1))
    assert lower.commitment_usd <= higher.commitment_usd


def test_a_rate_above_the_whole_and_a_rate_given_as_a_share_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    path.write_text("request_id,pre_discount_usd,rate\n1,100,104\n2,100,0.8\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        commitments.from_file(path, 2026)
    assert [(fault.row, fault.value) for fault in refused.value.faults] == [(2, "104"), (3, "0.8")]
