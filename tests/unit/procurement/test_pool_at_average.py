"""Nobody worse off at a consortium's average rate: what is said where no average does it."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import answer, at_average
from infraplan.procurement.pooling.bills import Award, baselines
from infraplan.procurement.pooling.branching import Search as Branching
from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Offer
from infraplan.procurement.pooling.policy import Policy
from infraplan.solve import Limits, Status

USD = Decimal


def purchase(dear: str = "2000", **policy: Any) -> Inputs:
    """A (90 percent) and B (50) pay 2,000 a month today; bid a asks 1,000 of each, without a fixed cost.

    Alone A pays 100 a month itself, B 500; together at 70 percent 300 each.
    """
    demands = (
        Demand("A", "internet", 100.0, current=USD(dear), rate=90),
        Demand("B", "internet", 100.0, current=USD("2000"), rate=50),
    )
    offers = (Offer(0, 0, USD("1000"), USD(0)), Offer(0, 1, USD("1000"), USD(0)))
    told = Policy(horizon_months=10, filing="consortium_equal", **policy)
    return Inputs(told, demands, (Bid("a", "p", "internet"),), offers)


def refusal(told: Inputs, limits: Limits | None = None) -> str:
    with pytest.raises(NoAnswer) as refused:
        answer.find(told, limits or Limits(gap=0))
    return str(refused.value)


def test_where_no_average_leaves_all_as_well_off_who_pays_more_is_named() -> None:
    said = refusal(purchase(dear="3000", may_keep_current=False))
    assert "every average was tried, C1 50 to 90 percent (status: infeasible)" in said
    assert (
        "the average is C1 70 percent, and 1 would pay more themselves than alone: A (own rate 90, $2,000 more)" in said
    )
    assert 'filing = "separate"' in said


def test_what_can_be_told_without_a_solver_is_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_average, "is_out", lambda *_: False)
    slowly = refusal(purchase(may_keep_current=False))
    monkeypatch.undo()
    seen: list[bool] = []
    told = at_average.is_out

    def noted(*given: Any) -> bool:
        seen.append(told(*given))
        return seen[-1]

    monkeypatch.setattr(at_average, "is_out", noted)
    assert refusal(purchase(may_keep_current=False)) == slowly
    assert len(seen) == 41
    assert all(seen)


def test_without_proof_it_is_not_called_infeasible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_average, "is_out", lambda *_: False)
    monkeypatch.setattr(answer, "LARGE", -1)
    monkeypatch.setattr(answer, "LARGE_EXACT", -1)
    monkeypatch.setattr(Branching, "run", lambda _: 1.0)
    told = purchase(may_keep_current=False)
    search = answer.Search(told, tuple(baselines(told)), Limits(gap=0.001))
    with pytest.raises(NoAnswer, match=r"that there is none is not proved \(status: stopped_empty\)"):
        search._each_average({"C1": [50, 90]}, Award(told, (0, 0)), 0.0, let_be=False)


def test_a_limit_of_time_is_said_with_who_would_pay_more(monkeypatch: pytest.MonkeyPatch) -> None:
    told = purchase(may_keep_current=False)
    search = answer.Search(told, tuple(baselines(told)), Limits(gap=0, time_limit=5))
    monkeypatch.setattr(answer.Search, "spent", lambda _: 6.0)
    with pytest.raises(NoAnswer) as refused:
        search._each_average({"C1": [50, 90]}, Award(told, (0, 0)), 0.0, let_be=False)
    assert re.search(r"after 6 s .* \(status: stopped_empty\)", str(refused.value))
    assert "A (own rate 90, $2,000 more)" in str(refused.value)


def test_an_average_within_reach_is_still_found() -> None:
    told = purchase()
    kept = replace(told, demands=(replace(told.demands[0], current=USD("900")), told.demands[1]))
    found = answer.find(kept, Limits(gap=0))
    assert found.result.status == Status.optimal
    assert found.award.choice == (-1, 0)  # A keeps its contract at its own rate
