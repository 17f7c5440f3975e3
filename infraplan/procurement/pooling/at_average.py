"""What can be said of an average rate before solving, and the words where none leaves everyone as well off as alone."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infraplan.procurement.pooling.bills import Award, averages, members
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.model import Options
from infraplan.procurement.pooling.sharing import average_rows

NAMED: Final = 5


def is_out(fairness: Fairness, options: Options, keep: NDArray[np.float64]) -> bool:
    """Whether nobody can be left as well off as alone at these averages; False where only a solver can tell.

    `options` and `keep` are those of `Fairness.possible`: a member without any is worse off whatever is awarded, and those
    who cannot keep their contracts file together, so their rates count.
    """
    bought = np.zeros(len(keep), dtype=bool)
    bought[options.demand] = True
    for named in fairness.given.bundles.values():
        bought[list(named)] = True
    kept = np.isfinite(keep)
    if not (bought | kept).all():
        return True
    if average_rows(fairness.inputs, fairness.average) is None:
        return False
    return any(
        _out_of_reach(fairness.inputs, category, percent, bought, kept)
        for category, percent in fairness.average.items()
    )


def _out_of_reach(
    inputs: Inputs, category: str, percent: int, bought: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> bool:
    """Whether those who must file together keep the average away, whoever else joins them."""
    low = high = 0.0
    for index, demand in enumerate(inputs.demands):
        if demand.category != category or not bought[index]:
            continue
        over, under = 2.0 * (demand.rate - percent) + 1, 2.0 * (demand.rate - percent) - 1
        low += max(0.0, over) if kept[index] else over
        high += min(0.0, under) if kept[index] else under
    return low < 0 or high > 0


def who(near: Award, worse: Mapping[str, Decimal]) -> str:
    """Who would pay more than alone in the award of least cost, the most first."""
    places = members(near.inputs)
    average = averages(near.inputs, near.choice)
    told = sorted(worse, key=lambda name: (-worse[name], name))
    shown = [
        f"{name} (own rate {_rates(near.inputs, places[name])}, ${worse[name]:,.0f} more)" for name in told[:NAMED]
    ]
    more = f" and {len(told) - NAMED:,} more" if len(told) > NAMED else ""
    at = ", ".join(f"{category} {percent:.0f}" for category, percent in sorted(average.items()))
    return (
        f"  - in the award of least cost the average is {at} percent, and {len(told):,} would pay more themselves than "
        f"alone: {', '.join(shown)}{more}"
    )


def _rates(inputs: Inputs, places: Sequence[int]) -> str:
    return ", ".join(sorted({f"{inputs.demands[index].rate}" for index in places}))


def none(
    inputs: Inputs, rates: Mapping[str, Sequence[int]], near: Award, worse: Mapping[str, Decimal], *,
    stopped: float | None, proved: bool,
) -> str:  # fmt: skip
    """Say that no average was found at which nobody is worse off; `stopped` is the time after which the limit struck."""
    spans = " and ".join(f"{category} {told[0]} to {told[-1]} percent" for category, told in rates.items())
    what = f'leaves nobody worse off with filing = "{inputs.policy.filing}"'
    mend = 'filing = "separate" leaves every member its own rate; or no_district_worse_off = false'
    if stopped is not None:
        lead = (
            f"the time limit struck after {stopped:.0f} s before an award was found that {what} (status: stopped_empty)"
        )
        mend = f"give more time (--time-limit); {mend}"
    elif proved:
        lead = f"no award {what}: every average was tried, {spans} (status: infeasible)"
    else:
        lead = (
            f"no award was found that {what}, at any average ({spans}); that there is none is not proved "
            "(status: stopped_empty)"
        )
    return f"No answer: {lead}.\n{who(near, worse)}\n  mend:  {mend}; no files were written"


def none_fair(near: Award, worse: Mapping[str, Decimal], stopped: float | None, *, proved: bool) -> str:
    """Say that no award was found that leaves nobody worse off under the proportional form; see `none`."""
    what = f'leaves nobody worse off with filing = "{near.inputs.policy.filing}"'
    mend = 'filing = "separate" leaves every member its own rate; or no_district_worse_off = false'
    if stopped is not None:
        lead = (
            f"the time limit struck after {stopped:.0f} s before an award was found that {what} (status: stopped_empty)"
        )
        mend = f"give more time (--time-limit); {mend}"
    elif proved:
        lead = f"no award {what}: proved (status: infeasible)"
    else:
        lead = f"no award was found that {what}; that there is none is not proved (status: stopped_empty)"
    return f"No answer: {lead}.\n{who(near, worse)}\n  mend:  {mend}; no files were written"
