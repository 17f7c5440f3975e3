"""What a budget buys at peer prices: the knapsack against trying everything, targets, and the refusal of old prices."""

from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infraplan.errors import NoAnswer, NoRule
from infraplan.procurement import affordability, prices
from infraplan.procurement.affordability import Circuit

MENUS = st.lists(
    st.builds(Circuit, mbps=st.integers(1, 50), usd_month=st.integers(3, 30), n=st.just(1)), min_size=1, max_size=4
)


@settings(deadline=None)  # trying everything takes what it takes on a busy machine
@given(MENUS, st.integers(0, 40))
def test_no_choice_of_circuits_beats_the_answer(menu: list[Circuit], budget: int) -> None:
    best, choice = affordability.fill(menu, budget)
    every = product(*(range(budget // one.usd_month + 1) for one in menu))
    costs = ((sum(c * m.usd_month for c, m in zip(counts, menu, strict=True)), counts) for counts in every)
    reach = max(sum(c * m.mbps for c, m in zip(counts, menu, strict=True)) for cost, counts in costs if cost <= budget)
    assert best[budget] == reach
    bought = affordability._circuits(budget, menu, choice)
    parts = [] if bought == "none" else [part.removesuffix(" Mbps").split(" x ") for part in bought.split(" + ")]
    total = sum(int(count) * int(mbps) for count, mbps in parts)
    assert total == reach


def lines(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    """Rows of ben, Mbps, USD a month, circuits."""
    table = pd.DataFrame(rows, columns=["ben", "mbps", "usd_month", "circuits"])
    table["line_id"] = [f"{at}.001" for at in range(len(rows))]
    return table.assign(name=table["ben"], service="internet", usd_mbps_month=table["usd_month"] / table["mbps"])


def found(table: pd.DataFrame, *, historic: bool = False) -> prices.Benchmark:
    return prices.Benchmark(table.assign(stamp=prices.HISTORIC if historic else None), (), (), historic)


APPLICATIONS = pd.DataFrame(
    {
        "ben": ["A", "B", "L"],
        "applicant_type": ["School District", "School District", "Library"],
        "students": [400, 900, 10],
        "funding_year": [2026, 2026, 2026],
    }
)
PRICED = lines(
    ("A", 100, 1200, 1), ("B", 100, 400, 2), ("X", 100, 500, 1), ("X", 500, 1000, 1), ("Y", 500, 1000, 1),
    ("L", 500, 1000, 1),
)  # fmt: skip


def test_a_budget_is_spent_on_whole_circuits_at_median_prices() -> None:
    table, notes = affordability.affordability(found(PRICED), {"applications": APPLICATIONS}, least=3)
    one = table.set_index("ben").loc["A"]
    assert notes == ["circuits on offer at peer prices: 100 Mbps at $500 a month (median of 3 lines); "
                     "500 Mbps at $1,000 a month (median of 3 lines)"]  # fmt: skip
    assert (one["budget_usd_month"], one["mbps"], one["affordable_mbps"], one["circuits"]) == (
        1200,
        100,
        500,
        "1 x 500 Mbps",
    )
    assert bool(one["reaches_target"])  # 400 students x 1 Mbps


def test_the_target_is_for_the_students_of_the_newest_year() -> None:
    earlier = APPLICATIONS.assign(students=5000, funding_year=2025)
    both = pd.concat([APPLICATIONS, earlier], ignore_index=True)
    table, _ = affordability.affordability(found(PRICED), {"applications": both}, least=3)
    assert list(table["students"]) == [400, 900]


def test_libraries_have_no_students_of_their_own_and_are_left_out() -> None:
    table, _ = affordability.affordability(found(PRICED), {"applications": APPLICATIONS}, least=3)
    assert list(table["ben"]) == ["A", "B"]


def test_historic_prices_feed_the_answer_only_when_allowed() -> None:
    old = found(PRICED, historic=True)
    with pytest.raises(NoAnswer, match="--allow-historic"):
        affordability.affordability(old, {"applications": APPLICATIONS}, least=3)
    table, _ = affordability.affordability(old, {"applications": APPLICATIONS}, least=3, allow_historic=True)
    assert set(table["stamp"]) == {"HISTORIC"}


def test_a_menu_needs_enough_lines() -> None:
    with pytest.raises(NoAnswer, match="no circuit size has 9 Internet lines"):
        affordability.affordability(found(PRICED), {"applications": APPLICATIONS}, least=9)


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(NoRule, match="bandwidth_targets"):
        affordability.affordability(found(PRICED), {"applications": APPLICATIONS}, least=3, target="moon-2040")


def test_old_prices_stay_out_beside_newer_ones() -> None:
    old = PRICED.assign(usd_month=PRICED["usd_month"] * 9, stamp=prices.HISTORIC)
    both = prices.Benchmark(pd.concat([PRICED.assign(stamp=None), old], ignore_index=True), (), (), historic=True)
    table, _ = affordability.affordability(both, {"applications": APPLICATIONS}, least=3)
    assert table.set_index("ben").loc["A", "budget_usd_month"] == 1200
    assert table["stamp"].isna().all()
