"""Spans of a consortium's averages: the bound of a span is below every award in it, and none that matters is passed over."""

import math

import pytest
from pooled_by_hand import best, outcomes, purchase

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import answer, average_boxes
from infraplan.procurement.pooling.bills import Award, averages, baselines, worse_off
from infraplan.procurement.pooling.model import facts
from infraplan.solve import Limits, Status

CENTS = 0.1
RATES = {"C1": [50, 90]}


def test_spans_that_cannot_win_are_never_split_and_the_most_promising_average_is_solved_first() -> None:
    cost = {percent: 100.0 + 4 * abs(percent - 71) for percent in range(50, 91)}
    spans, solved = list[tuple[int, int]](), list[int]()

    def bound_of(least: dict[str, int], most: dict[str, int]) -> float:
        spans.append((least["C1"], most["C1"]))
        return min(cost[percent] for percent in range(least["C1"], most["C1"] + 1)) - 1

    def solve_at(average: dict[str, int]) -> float:
        solved.append(average["C1"])
        return cost[average["C1"]]

    bound = average_boxes.search(
        RATES, bound_of, solve_at, lambda: min((cost[one] for one in solved), default=math.inf), lambda: False
    )
    assert (bound, solved) == (100.0, [71])
    assert len(spans) < 15


def test_what_was_not_looked_at_when_time_ran_out_keeps_the_bound_low() -> None:
    turns = iter([False, False, True])
    bound = average_boxes.search(
        RATES, lambda least, _: float(least["C1"]), lambda _: math.inf, lambda: math.inf, lambda: next(turns)
    )
    assert bound == 50.0


def test_with_two_categories_every_pair_is_in_one_half() -> None:
    box = average_boxes.Box({"C1": 50, "C2": 60}, {"C1": 53, "C2": 61}, 0.0)
    pairs = [
        (one, two)
        for least, most in box.halves()
        for one in range(least["C1"], most["C1"] + 1)
        for two in range(least["C2"], most["C2"] + 1)
    ]
    assert sorted(pairs) == [(one, two) for one in range(50, 54) for two in (60, 61)]


@pytest.mark.parametrize("seed", range(700, 712))
@pytest.mark.parametrize("fair", [False, True])
def test_no_award_with_an_average_in_a_span_is_below_its_bound(seed: int, fair: bool) -> None:
    inputs = purchase(
        seed, members=4, objective="non_discount_share", filing="consortium_equal", no_district_worse_off=fair
    )
    base = tuple(baselines(inputs))
    search = answer.Search(inputs, base, Limits(), given=facts(inputs))
    told = [Award(inputs, outcome.choice) for outcome in outcomes(inputs)]
    for award in [one for one in told if not (fair and worse_off(one, base))][:40]:
        average = {name: int(percent) for name, percent in averages(inputs, award.choice).items()}
        if not average:
            continue
        for below, above in ((0, 0), (3, 0), (0, 7), (10, 10)):
            least = {name: percent - below for name, percent in average.items()}
            most = {name: min(90, percent + above) for name, percent in average.items()}
            cost = float(answer.objective(award))
            assert search._least_between(least, most, let_be=not fair) <= cost * (1 + 1e-9) + CENTS


@pytest.mark.parametrize("seed", range(720, 730))
@pytest.mark.parametrize("fair", [False, True])
def test_the_best_of_all_averages_is_found_and_bounded(seed: int, fair: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LARGE", -1)
    monkeypatch.setattr(answer, "LARGE_OWN", -1)
    inputs = purchase(
        seed, members=4, objective="non_discount_share", filing="consortium_equal", no_district_worse_off=fair
    )
    want = best(inputs)
    try:
        found = answer.find(inputs, Limits(gap=0.001))
    except NoAnswer:
        assert want is None
        return
    assert want is not None
    assert found.result.bound <= float(want) + CENTS
    assert float(answer.objective(found.award)) >= float(want) - CENTS
    if found.result.status in (Status.optimal, Status.within_gap):
        assert float(answer.objective(found.award)) <= float(want) * 1.001 + CENTS
