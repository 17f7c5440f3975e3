"""What is said of a plan that was tried against futures."""

import math

from infraplan import scenarios
from infraplan.scenarios import DOLLARS, Future, Outcome, Range, Ranges, Summary, Unit

RANGES = Ranges({"price": {"": Range(0.9, 1.0, 1.2, source="bids of 2025")}})
STUDENTS = Unit("students", more_is_better=True)


def trial(*outcomes: Outcome, unit: Unit = STUDENTS, base: dict[str, str] | None = None) -> Summary:
    futures = [Future(one.future, {"price": {"a": 1.0, "b": 1.1}}) for one in outcomes]
    return scenarios.summary(base or {"a": "2026", "b": ""}, outcomes, futures, RANGES, 3, unit)


def proved(number: int, best: float, plan: float | None, **decisions: str) -> Outcome:
    return Outcome(number, "optimal", best, best, 0.0, decisions, plan, "optimal")


def test_a_decision_holds_where_the_best_plan_decides_the_same() -> None:
    told = trial(*(proved(n, 10, 10, **({"a": "2026"} if n < 4 else {"a": "2028", "b": "2027"})) for n in range(1, 6)))
    assert told.decisions.to_dict("records") == [
        {"decision": "a", "choice": "2026", "held_share": 0.6, "else_choice": "2028", "else_share": 0.4},
        {"decision": "b", "choice": "", "held_share": 0.6, "else_choice": "2027", "else_share": 0.4},
    ]
    assert told.figures()["decisions_that_hold"] == 0


def test_ten_losses_have_a_mean_a_worst_tenth_and_a_worst() -> None:
    told = trial(*(proved(number, 100, 101 - number) for number in range(1, 11)))
    figures = told.figures()
    assert (figures["lost_mean"], figures["lost_worst_tenth"], figures["lost_worst"]) == (4.5, 9.0, 9.0)
    assert figures["lost_worst_at_most"] == 9.0
    assert told.words()[-1] == (
        "kept as it is, the plan brings on average 4 students fewer than the best plan made with hindsight; in one future "
        "of ten 9 students fewer or worse; at worst 9 students fewer"
    )


def test_a_cost_is_lost_upwards() -> None:
    told = trial(proved(1, 1000.0, 1250.0), unit=DOLLARS)
    assert told.table["lost"].tolist() == [250.0]
    assert "the plan costs on average $250 more" in told.words()[-1]


def test_a_future_not_solved_to_the_end_is_never_called_exact() -> None:
    stopped = Outcome(2, "stopped_feasible", 100.0, 130.0, 0.3, {"a": "2026"}, 90.0, "stopped_feasible")
    told = trial(proved(1, 100.0, 100.0), stopped)
    assert told.table["lost"].tolist() == [0.0, 10.0]
    assert told.table["lost_at_most"].tolist() == [0.0, 40.0]
    words = "\n".join(told.words())
    assert "between 5 and 20 students fewer" in words
    assert "1 of 2 futures solved to the proved best; the widest distance from the best possible is 30 %" in words


def test_where_nothing_bounds_the_best_the_loss_is_at_least_so_much() -> None:
    told = trial(Outcome(1, "stopped_feasible", 100.0, math.inf, math.inf, {}, 90.0, "optimal"))
    assert "at least 10 students fewer" in "\n".join(told.words())
    assert told.table["gap"].isna().all()


def test_a_plan_better_than_the_best_found_loses_nothing() -> None:
    told = trial(Outcome(1, "within_gap", 99.0, 101.0, 0.02, {}, 100.0, "optimal"))
    assert told.table[["lost", "lost_at_most"]].to_numpy().tolist() == [[0.0, 1.0]]


def test_futures_without_a_plan_are_told_and_in_no_figure() -> None:
    empty = Outcome(2, "stopped_empty", None, math.nan, math.inf)
    stuck = Outcome(3, "optimal", 50.0, 50.0, 0.0, {"a": "2026"}, None, "infeasible")
    told = trial(proved(1, 100.0, 80.0, a="2026"), empty, stuck)
    figures, words = told.figures(), "\n".join(told.words())
    assert (figures["solved"], figures["plan_carried_out"], figures["lost_mean"]) == (2, 1, 20.0)
    assert "1 future with no plan at all, or none was found in time" in words
    assert "1 future with no way to carry out this plan, however mended" in words


def test_no_solved_future_asks_for_more_time() -> None:
    told = trial(Outcome(1, "stopped_empty", None, math.nan, math.inf))
    assert "no future was solved in the time given" in told.words()[-1]
    assert told.figures()["lost_mean"] is None


def test_mended_plans_are_counted_and_what_was_drawn_is_in_the_table() -> None:
    told = trial(Outcome(1, "optimal", 9.0, 9.0, 0.0, {}, 8.0, "optimal", mended=2))
    assert "in 1 future the plan could not be carried out as it stands" in "\n".join(told.words())
    assert told.table["price_factor"].tolist() == [1.05]
    assert told.said()["ranges"] == {
        "price": {"every": {"low": 0.9, "base": 1.0, "high": 1.2, "shared": 0.0, "source": "bids of 2025"}}
    }
