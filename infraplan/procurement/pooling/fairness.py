"""Nobody worse off, as linear rows: exact for what they cut off, added only where an answer breaks them.

A member's own cost of a bid is its price plus its share of the bid's fixed cost, fixed x w / W, where W is the weight
of all the bid serves. The discount leaves it convex in the price:
own(c) = max(c - rate x eligible(c), c - rate x budget left).

One demand:   own(c + fixed w / W) <= baseline  <=>  W >= N.           Row: N award[d,b,l] <= sum of weights in b, l.
Several:      tangents of the same convex cost at the answer that broke it; each cuts that answer off and no fair one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infraplan.procurement.pooling.bills import (
    CURRENT,
    Award,
    Baseline,
    bill_of,
    current_bill,
    divide,
    members,
    weight,
    worse_off,
)
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.model import Facts, Options, Row

CENT: Final = 0.01
HUNDRED: Final = 100.0


@dataclass(frozen=True)
class Fairness:
    """What nobody worse off asks of one purchase; `average` replaces own rates, per category, of who files together."""

    given: Facts
    base: Sequence[Baseline | None]
    average: Mapping[str, int]

    @property
    def inputs(self) -> Inputs:
        """The purchase."""
        return self.given.inputs

    @cached_property
    def members(self) -> dict[str, list[int]]:
        """Demands of each member that have a baseline."""
        told = members(self.inputs)
        return {
            name: kept for name, places in told.items() if (kept := [i for i in places if self.base[i] is not None])
        }

    def rate(self, index: int) -> float:
        """Discount of a demand that a bid serves, as a fraction."""
        demand = self.inputs.demands[index]
        return self.average.get(demand.category, demand.rate) / HUNDRED

    def room(self, indices: Sequence[int]) -> float:
        """What the member may pay itself: its baselines, and a cent each for rounding."""
        return sum(float(told.applicant) + CENT for index in indices if (told := self.base[index]) is not None)

    def own(self, index: int, cost: float, *, budget: bool = True) -> float:
        """Own cost of a demand that a bid serves at this whole cost; without `budget` the discount never stops."""
        demand = self.inputs.demands[index]
        ended = float(demand.termination) if demand.current is not None else 0.0
        rate, eligible = self.rate(index), (cost - ended) * float(demand.eligible_share)
        if budget and demand.c2_available is not None:
            eligible = min(eligible, max(0.0, float(demand.c2_available)))
        return cost - rate * eligible

    def most(self, index: int, own: float) -> float:
        """The highest whole cost at which a demand's own cost stays within `own` (inf where discount covers all)."""
        demand = self.inputs.demands[index]
        ended = float(demand.termination) if demand.current is not None else 0.0
        part = self.rate(index) * float(demand.eligible_share)
        highest = (own - part * ended) / (1 - part) if part < 1 else (np.inf if own >= part * ended else -np.inf)
        if demand.c2_available is not None:
            highest = min(highest, own + self.rate(index) * max(0.0, float(demand.c2_available)))
        return float(highest)

    def keeping(self, index: int) -> float:
        """Own cost of the present contract, before any Category Two budget."""
        bill, demand = current_bill(self.inputs, index), self.inputs.demands[index]
        return float(bill.pre_discount - bill.eligible * demand.rate / 100)

    def possible(self) -> tuple[Options, NDArray[np.float64]]:
        """Options and present contracts that could be fair at all; the others are left out before solving."""
        given, options = self.given, self.given.options
        limit = np.full(len(self.inputs.demands), np.inf)
        keep = given.keep.copy()
        for indices in self.members.values():
            if len(indices) == 1:
                index = indices[0]
                limit[index] = self.most(index, self.room(indices))
                told = self.base[index]
                if told is not None and told.choice != CURRENT and self.inputs.demands[index].c2_available is None:
                    keep[index] = np.inf if self.keeping(index) > self.room(indices) else keep[index]
        return options.where(options.cost <= limit[options.demand]), keep

    def rows(self, award: Award, before: int, among: Collection[str] | None = None) -> list[Row]:
        """Rows that cut this award off; none if it leaves nobody (`among` some members) worse off.

        `before` counts the rows already found.
        """
        found: list[Row] = []
        worse = worse_off(award, self.base)
        for member in worse if among is None else [name for name in worse if name in among]:
            indices = self.members[member]
            words = f"{member} is not worse off (no_district_worse_off)"
            chosen = award.choice[indices[0]]
            if len(indices) == 1 and chosen != CURRENT and chosen not in self.given.bundles:
                found += self._volume_rows(indices[0], chosen, words, before + len(found))
            else:
                found.append(self._tangent_row(award, indices, words, before + len(found)))
        return found

    def _volume_rows(self, index: int, bid: int, words: str, number: int) -> list[Row]:
        """How much a bid must serve, tier by tier, before this member's share of its fixed cost is small enough."""
        options, rows = self.given.options, []
        most = self.most(index, self.room([index]))
        for place in np.flatnonzero((options.demand == index) & (options.bid == bid)).tolist():
            level = int(options.level[place])
            left = most - float(options.cost[place])
            share = float(self.given.fixed[bid]) * float(self.given.weight[index])
            terms = {(index, bid, level): 1.0}
            if left > 0 and share > 0:
                needed = share / left
                with_it = np.flatnonzero((options.bid == bid) & (options.level == level))
                terms = {
                    (int(other), bid, level): -float(self.given.weight[other]) / needed
                    for other in options.demand[with_it]
                }
                terms[index, bid, level] = terms.get((index, bid, level), 0.0) + 1.0
            elif left > 0:
                continue
            rows.append(Row(f"fair_{number}_{index}_{level}", words, terms, 0.0))
        return rows

    def _tangent_row(self, award: Award, indices: Sequence[int], words: str, number: int) -> Row:
        """The member's own cost is at least its tangent at this award; it may not exceed the room."""
        terms: dict[tuple[int, int, int], float] = {}
        keeps: dict[int, float] = {}
        bundles: dict[int, float] = {}
        stopped = self._budget_stopped(award, indices)
        room = self.room(indices)
        if stopped:
            first = self.inputs.demands[stopped[0]]
            room += self.rate(stopped[0]) * float(first.c2_available or 0)
        for index in indices:
            part = 0.0 if index in stopped else self.rate(index)
            self._least(index, part, terms, keeps, bundles, stopped=index in stopped)
        for index in indices:  # once the least of every demand is there: both may be served by one bid
            part = 0.0 if index in stopped else self.rate(index)
            bid = award.choice[index]
            if bid != CURRENT and bid not in self.given.bundles:
                self._share(award, index, part, terms)
        return Row(f"fair_{number}_{indices[0]}", words, terms, room, keeps, bundles)

    def _budget_stopped(self, award: Award, indices: Sequence[int]) -> list[int]:
        """The member's demands whose discount a Category Two budget stops in this award."""
        limited = [index for index in indices if self.inputs.demands[index].c2_available is not None]
        eligible = sum(float(award.bills[index].eligible) for index in limited)
        left = [float(self.inputs.demands[index].c2_available or 0) for index in limited]
        return limited if limited and eligible > max(0.0, left[0]) else []

    def _least(
        self, index: int, part: float, terms: dict[tuple[int, int, int], float], keeps: dict[int, float],
        bundles: dict[int, float], *, stopped: bool,
    ) -> None:  # fmt: skip
        """Least own cost of each way to serve a demand, sharing no fixed cost."""
        demand, options = self.inputs.demands[index], self.given.options
        share = part * float(demand.eligible_share)
        ended = float(demand.termination) if demand.current is not None else 0.0
        for place in np.flatnonzero(options.demand == index).tolist():
            cost = float(options.cost[place])
            terms[index, int(options.bid[place]), int(options.level[place])] = cost - share * (cost - ended)
        if np.isfinite(self.given.keep[index]):
            keeps[index] = float(self.given.keep[index]) if stopped else self.keeping(index)
        for bid, named in self.given.bundles.items():
            if index in named:
                cost = self.bundle_part(bid, index)
                bundles[bid] = bundles.get(bid, 0.0) + cost - share * (cost - ended)

    def bundle_part(self, bid: int, index: int) -> float:
        """One demand's whole cost if a bundle wins."""
        told, named = self.inputs.bids[bid], self.given.bundles[bid]
        place = named.index(index)
        weights = [weight(self.inputs, other) for other in named]
        reach = sum(self.inputs.demands[other].quantity for other in named)
        month = divide(told.month * told.factor_at(reach), weights)[place]
        offer = next(offer for offer in self.inputs.offers if offer.bid == bid and offer.demand == index)
        return float(bill_of(self.inputs, offer, month, divide(told.fixed, weights)[place]).pre_discount)

    def _share(self, award: Award, index: int, part: float, terms: dict[tuple[int, int, int], float]) -> None:
        """Add the tangent of the share of the fixed cost at the weight the bid serves in this award."""
        bid, given = award.choice[index], self.given
        slope = 1 - part * float(self.inputs.demands[index].eligible_share)
        served = float(sum(given.weight[other] for other, chosen in enumerate(award.choice) if chosen == bid))
        if served <= 0 or given.fixed[bid] <= 0:
            return
        share = slope * float(given.fixed[bid]) * float(given.weight[index]) / served
        options = given.options
        for place in np.flatnonzero(options.bid == bid).tolist():
            other, level = int(options.demand[place]), int(options.level[place])
            key = (other, bid, level)
            terms[key] = terms.get(key, 0.0) - share * float(given.weight[other]) / served
            if other == index:
                terms[key] += 2 * share
