"""Counts of people below the threshold cannot be read from a page, nor computed from what it shows."""

import math

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from infraplan.outputs.suppression import cleared, withheld
from infraplan.outputs.tables import Field

CHILDREN = Field(column="children", label="Children", people=True)
WITHOUT = Field(column="without", label="Without", people=True, part_of="children")
SHARE = Field(column="share", label="Share", format="share", derived_from=("without", "children"))
FIELDS = [SHARE, WITHOUT, CHILDREN]
BIG = [(500, 50), (600, 60), (700, 70)]


def frame_of(rows: list[tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"children": total, "without": part, "share": part / total if total else None} for total, part in rows]
    )


def words_of(rows: list[tuple[float, float]], threshold: int = 10) -> dict[str, list[str | None]]:
    return withheld(frame_of(rows), FIELDS, threshold)


def test_a_small_count_and_the_rate_that_gives_it_away_are_withheld() -> None:
    words = words_of([(200, 4), (300, 6), *BIG])
    assert words["without"] == ["fewer than 10", "fewer than 10", None, None, None]
    assert words["share"] == ["withheld", "withheld", None, None, None]
    assert "children" not in words


def test_a_count_whose_remainder_is_small_is_withheld() -> None:
    words = words_of([(100, 97), (100, 95), *BIG])
    assert words["without"][:3] == ["withheld", "withheld", None]


def test_every_part_of_a_withheld_total_is_withheld() -> None:
    words = words_of([(8, 0), (9, 9), *BIG])
    assert words["children"][:2] == ["fewer than 10", "fewer than 10"]
    assert words["without"][0] == "withheld"
    assert words["share"][:2] == ["withheld", "withheld"]


def test_one_withheld_row_takes_its_smallest_neighbor_with_it() -> None:
    words = words_of([(500, 4), *BIG])
    assert words["without"] == ["fewer than 10", "withheld", None, None], "a state total minus the rest would give 4"


def test_withheld_rows_that_are_few_people_together_take_a_neighbor_too() -> None:
    words = words_of([(500, 2), (500, 3), *BIG])
    assert words["without"] == ["fewer than 10", "fewer than 10", "withheld", None, None]


def test_a_withheld_zero_hides_no_count_beside_it() -> None:
    """In the first row 2 of 12 have access; a state total less the rows shown would be its 10, for the second has none."""
    words = words_of([(12, 10), (9, 0), (8, 0), *BIG])
    assert words["without"] == ["withheld", "withheld", "withheld", "withheld", None, None]


def test_zero_and_unknown_are_not_withheld() -> None:
    assert words_of([(500, 0), (float("nan"), float("nan")), *BIG]) == {}


def test_a_threshold_of_zero_withholds_nothing() -> None:
    assert words_of([(3, 1), (5, 5)], threshold=0) == {}


def test_a_column_flagged_in_one_layer_is_withheld_in_all() -> None:
    plain = Field(column="without", label="Without")
    assert "without" in withheld(frame_of([(200, 4), (300, 6), *BIG]), [plain, WITHOUT, CHILDREN], 10)


def test_withheld_figures_are_gone_from_the_frame() -> None:
    frame = frame_of([(200, 4), (300, 6), *BIG])
    left = cleared(frame, withheld(frame, FIELDS, 10))
    assert left["without"].isna().tolist() == [True, True, False, False, False]
    assert left["children"].tolist() == frame["children"].tolist()


counts = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (float(max(pair)), float(min(pair))))


@given(st.lists(counts, min_size=1, max_size=12), st.integers(1, 20))
def test_no_shown_figure_gives_a_small_count_away(rows: list[tuple[float, float]], threshold: int) -> None:
    frame = frame_of(rows)
    left = cleared(frame, withheld(frame, FIELDS, threshold))
    for total, part, share in left[["children", "without", "share"]].astype("float64").itertuples(index=False):
        for count in (total, part, total - part):
            assert math.isnan(count) or count == 0 or count >= threshold
        assert math.isnan(share) or not (math.isnan(total) or math.isnan(part))
    for column in ("children", "without"):
        gone = frame[column].where(left[column].isna())
        hidden = gone[gone > 0]
        everything = frame[column].sum()
        assert hidden.empty or hidden.sum() >= threshold or hidden.sum() == everything
