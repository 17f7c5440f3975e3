"""How dear a group's award may be at most, told from an award of a like group.

Who awards by least price cannot choose an award because it suits its own share better. The least price V of a group S is
known once it is worked out; of another group S' it is known that

    V(S') <= V(S) + sum over members that join of `joins` + sum over members that go of `goes`

since a member that joins may keep its contracts, and where a member goes the others stay as they are: at worst without
their tier, or back at their contracts. Where that is not certain (nobody may be worse off and a consortium files at its
average), the figure is one that no award exceeds, and the row speaks of S alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from infraplan.procurement.pooling.bills import CURRENT, Award, Baseline, Bill, members
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.model import Facts

SAME: Final = 1e-7
"""Prices nearer than this share are the same price."""
CENT: Final = 0.01


@dataclass(frozen=True)
class Dearer:
    """No award of a group costs more than `price`, `joins` for each member more and `goes` for each one less."""

    price: float
    joins: Mapping[str, float]
    goes: Mapping[str, float]


def least_price(
    inputs: Inputs, given: Facts, base: Sequence[Baseline | None], group: Sequence[str], choice: Sequence[int] | None
) -> Dearer:
    """Return what an award of `group` says about the least price of any group; None: the group has no award."""
    inside, told, most = set(group), members(inputs), _most(given)
    if choice is None:
        return Dearer(-1.0, {name: most for name in told if name not in inside}, dict.fromkeys(group, most))
    change = _Change(inputs, given, base, tuple(choice), most)
    return Dearer(
        change.price(inside) * (1 + SAME) + CENT,
        {name: min(most, sum(map(change.joins, places))) for name, places in told.items() if name not in inside},
        {name: min(most, sum(map(change.goes, told[name]))) for name in group},
    )


def _most(given: Facts) -> float:
    """More than any award of any group costs."""
    dearest = np.where(np.isfinite(given.keep), given.keep, 0.0)
    np.maximum.at(dearest, given.options.demand, given.options.cost)
    return float(dearest.sum() + given.fixed.sum() + sum(given.bundle_cost.values())) + 1.0


@dataclass(frozen=True)
class _Change:
    """By how much at most the least price changes as a demand joins or goes, from an award (`CURRENT` outside)."""

    inputs: Inputs
    given: Facts
    base: Sequence[Baseline | None]
    choice: tuple[int, ...]
    most: float

    @cached_property
    def bills(self) -> tuple[Bill, ...]:
        """The bills of the award."""
        return Award(self.inputs, self.choice).bills

    def price(self, inside: Collection[str]) -> float:
        """What the group pays before discount."""
        return float(sum(bill.pre_discount for bill in self.bills if self.inputs.demands[bill.demand].lea_id in inside))

    def joins(self, index: int) -> float:
        """What keeping the contract costs, where that is always open: the contract stands, nobody is worse off."""
        told, fair = self.base[index], self.inputs.policy.no_district_worse_off
        holds = not fair or told is None or told.choice == CURRENT
        keep = float(self.given.keep[index])
        return keep if holds and np.isfinite(keep) else self.most

    def goes(self, index: int) -> float:
        """What the others lose by it, less what it cost."""
        chosen, policy = self.choice[index], self.inputs.policy
        if chosen == CURRENT:
            return -float(self.given.keep[index])
        others = [place for place, told in enumerate(self.choice) if told == chosen and place != index]
        if chosen in self.given.bundles:
            return sum(map(self.joins, others))
        if policy.no_district_worse_off and policy.filing != "separate":
            return self.most
        lost = sum(self._untiered(place) - self._cost(place) for place in others)
        if policy.no_district_worse_off and (lost or self.inputs.bids[chosen].fixed):
            lost = sum(max(0.0, self.joins(place) - self._cost(place)) for place in others)
        return lost - self._cost(index)

    def _cost(self, index: int) -> float:
        """Price of one demand without its share of the fixed cost."""
        bill = self.bills[index]
        return float(self.inputs.policy.horizon_months * bill.month + bill.once + bill.termination)

    def _untiered(self, index: int) -> float:
        """The same at the bid's first tier."""
        bid, bill = self.inputs.bids[self.choice[index]], self.bills[index]
        won = sum(
            float(size) for size, told in zip(self.given.quantity, self.choice, strict=True) if told == bill.choice
        )
        factor = bid.factor_at(won)
        month = bill.month / factor * bid.levels[0].factor if factor else self._first_month(index)
        return float(self.inputs.policy.horizon_months * month + bill.once + bill.termination)

    def _first_month(self, index: int) -> Decimal:
        """The monthly price at the first tier, where the tier reached is free of charge."""
        offer = next(offer for offer in self.inputs.offers if (offer.bid, offer.demand) == (self.choice[index], index))
        return offer.month * self.inputs.bids[self.choice[index]].levels[0].factor
