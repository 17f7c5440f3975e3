"""Faults are told so that a planner can mend them: where, what, how, and how many."""

import pytest

from infraplan.errors import MOST_EXAMPLES_SHOWN, BadInput, Fault, Faults, describe


def fault(row: int, *, kind: str = "OutOfRange", column: str = "rate", count: int = 1) -> Fault:
    what = f"{column} is {row}, expected 0 to 100"
    return Fault(kind=kind, what=what, file="a.csv", row=row, column=column, mend="give whole percent", count=count)


def test_a_fault_names_file_row_column_and_how_to_mend_it() -> None:
    told = describe([fault(1234)])
    assert told.splitlines()[1:] == ["  where: a.csv, row 1,234, column rate", "  mend:  give whole percent"]


def test_faults_of_one_kind_and_column_are_told_once_with_examples_and_their_number() -> None:
    told = describe([fault(row) for row in range(101, 109)])
    assert told.count("  where:") == MOST_EXAMPLES_SHOWN
    assert "(8 such rows)" in told
    assert "... and 3 more" in told
    assert told.count("mend:") == 1
    assert told.endswith("8 faults in all; nothing with a fault was taken.")


def test_a_fault_that_stands_for_many_rows_counts_as_many() -> None:
    assert "1,000,001 faults in all" in describe([fault(1, count=1_000_000), fault(2, column="other")])


def test_a_value_is_shown_where_the_sentence_does_not_hold_it() -> None:
    told = describe([Fault(kind="BadValue", what="not a date", file="a.csv", row=3, column="due", value="soon")])
    assert "a.csv, row 3, column due: 'soon'" in told


def test_the_value_of_every_example_is_shown_and_not_only_the_firsts() -> None:
    rows = [
        Fault(kind="OutOfRange", what=f"rate is {n}", file="a.csv", row=n, column="rate", value=str(n))
        for n in (104, 108)
    ]
    assert "row 108, column rate: '108'" in describe(rows)


def test_faults_without_a_column_are_told_each_in_its_own_words() -> None:
    told = describe(
        [Fault(kind="MissingColumn", what=f"x.csv has no column {name}", file="x.csv") for name in ("a", "b")]
    )
    assert "no column a\n" in told
    assert "no column b\n" in told


def test_faults_are_gathered_and_raised_together() -> None:
    faults = Faults()
    faults.raise_if_any()
    faults.add(fault(1))
    faults.extend([fault(2), fault(3, column="other")])
    with pytest.raises(BadInput) as refused:
        faults.raise_if_any()
    assert [one.row for one in refused.value.faults] == [1, 2, 3]
    assert "rate" in str(refused.value)
    assert "other" in str(refused.value)


def test_an_endless_list_of_kinds_is_cut_and_says_so() -> None:
    assert "... and 10 more kinds of fault" in describe([fault(1, kind=f"Kind{n}") for n in range(50)])
