"""Why this award: what each rule of the policy costs, and what if a bid were withdrawn. Each line is a solve of its own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling.answer import Answer, find, objective
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.policy import LIMITS, WORDS, Policy
from infraplan.solve import Limits

COLUMNS: Final = ["question", "answer", "objective_usd", "difference_usd", "proved_within"]


def questions(answer: Answer, limits: Limits | None = None) -> pd.DataFrame:
    """Return one row per question; see the schema `pool_questions`.

    `difference_usd` is the other objective less this answer's: what a rule costs is negative, a withdrawn bid's loss is
    positive. Differences smaller than the two gaps allow are no more than that.
    """
    here = float(objective(answer.award))
    rows = [{"question": "this award", "answer": "as written", **_figures(here, 0.0, answer.result.gap)}]
    for question, other in _others(answer.award.inputs, answer):
        try:
            found = find(other, limits)
        except NoAnswer as why:
            rows.append({"question": question, "answer": str(why).splitlines()[0], **_figures(None, None, None)})
            continue
        there = float(objective(found.award))
        rows.append({"question": question, "answer": "solved", **_figures(there, there - here, found.result.gap)})
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(cost: float | None, difference: float | None, gap: float | None) -> dict[str, Any]:
    rounded = [None if value is None else round(value, 2) for value in (cost, difference)]
    return {"objective_usd": rounded[0], "difference_usd": rounded[1], "proved_within": gap}


def _others(inputs: Inputs, answer: Answer) -> Iterator[tuple[str, Inputs]]:
    """The same purchase without each rule that is set, then without each awarded bid; how the cost is divided is left out."""
    inputs = replace(inputs, policy=replace(inputs.policy, stable=False))
    for words, policy in _relaxed(inputs.policy):
        yield f"without the rule: {words}", replace(inputs, policy=policy)
    for number in sorted(answer.award.quantity):
        bid = inputs.bids[number].bid_id
        yield f"if bid {bid} were withdrawn", inputs.without([bid])


def _relaxed(policy: Policy) -> Iterator[tuple[str, Policy]]:
    without = {
        "max_providers": replace(policy, max_providers=None),
        "min_providers": replace(policy, min_providers=None),
        "max_awards": replace(policy, max_awards=None),
        "max_share_per_provider": replace(policy, max_share_per_provider=None),
    }
    for name in LIMITS:
        value = getattr(policy, name)
        if value is not None:
            yield WORDS[name].format(value), without[name]
    if policy.no_district_worse_off:
        yield "nobody worse off (no_district_worse_off)", replace(policy, no_district_worse_off=False)
    if not policy.may_keep_current:
        yield "nobody keeps its contract (may_keep_current = false)", replace(policy, may_keep_current=True)
