"""Is the pool worth staying in for every group? A division of its cost that no group can undercut, or what is missing.

Sets
    m   members; S  groups of members, found one after another by `leaving.Separation`
Given
    own[m]   USD that m pays itself for the award as filed: the start of any division
    room[m]  USD, the most m may pay where nobody may be worse off than alone
    cost[S]  USD that S would pay itself after leaving: of its best award, worked out like the pool's
Decisions
    pays[m] >= 0            what m pays itself in the end
    gives[m], gets[m] >= 0  cash between members, outside the E-Rate request
    aid[m] >= 0             money from outside the pool to m
Objective
    first the least aid in all; then, with that aid, the least cash between members
Constraints
    pays[m] = own[m] + gives[m] - gets[m] - aid[m],  sum gives = sum gets
    pays[m] <= room[m]
    sum of pays over S <= cost[S]        one row per group found that would gain by leaving

Within an E-Rate request costs follow use, so bills and discounts stay as they are: what moves between members is cash.
Groups are found by constraint generation: a division is tried, the group that gains by leaving it is sought exactly, its
row is added, until it is proved that no group gains. Aid above zero means that no division of the cost would hold without
it; the least aid in all is known as the cost of stability.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import pulp

from infraplan import solve
from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling.bills import CURRENT, Award, Baseline, members, worse_off
from infraplan.procurement.pooling.inputs import ZERO, Inputs
from infraplan.procurement.pooling.least_price import CENT, SAME
from infraplan.procurement.pooling.leaving import Group, Separation
from infraplan.solve import Limits
from infraplan.units import half_up

MOST_ROUNDS: Final = 2_000
CENTS_EACH: Final = 0.03
"""USD per service that rounding may make of a group's gain."""
PART_OF_GAP: Final = 0.1

Best = Callable[[Inputs, Limits], Award]
"""Finds the best award of a purchase; raises NoAnswer."""


@dataclass(frozen=True)
class Leaving:
    """A group that bounds the division: what it would pay by leaving, and the award it would make."""

    members: tuple[str, ...]
    usd: Decimal


@dataclass(frozen=True)
class Stability:
    """A division of the pool's cost and what is proved about it; money in USD over the horizon.

    `transfer` is cash a member pays to (below zero: gets from) the others, outside the E-Rate request; `subsidy` is what
    it needs from outside the pool. `proved` says that no group would save more than `spare` of what it pays by leaving;
    `most` is the most a group might save if that is not proved (inf: nothing known).
    """

    own: Mapping[str, Decimal]
    transfer: Mapping[str, Decimal]
    subsidy: Mapping[str, Decimal]
    groups: tuple[Leaving, ...]
    proved: bool
    most: float
    spare: float
    looked_at: int
    seconds: float

    @property
    def pays(self) -> dict[str, Decimal]:
        """What each member pays itself in the end."""
        return {name: paid + self.transfer[name] - self.subsidy[name] for name, paid in self.own.items()}

    @property
    def aid(self) -> Decimal:
        """Money from outside the pool, in all."""
        return sum(self.subsidy.values(), ZERO)

    @property
    def moved(self) -> Decimal:
        """Cash that changes hands between members."""
        return sum((cash for cash in self.transfer.values() if cash > 0), ZERO)


def stabilize(award: Award, base: Sequence[Baseline | None], limits: Limits, best: Best) -> Stability:
    """Divide an award's cost so that no group would gain by leaving, with the least aid and the least cash moved.

    `best` finds the award of a group by itself. Stops unproved at the time limit, with the best division so far.
    """
    return _Search(award, base, limits, best).run()


@dataclass
class _Division:
    """One division of the cost, in floats."""

    gives: dict[str, float]
    aid: dict[str, float]
    pays: dict[str, float]


@dataclass
class _Search:
    award: Award
    base: Sequence[Baseline | None]
    limits: Limits
    best: Best
    costs: dict[tuple[str, ...], float] = field(default_factory=dict)
    known: dict[tuple[str, ...], tuple[float, float]] = field(default_factory=dict)
    """Least price before discount and own cost of each group looked at (inf: it has no award)."""
    began: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        inputs = self.award.inputs
        self.told = members(inputs)
        paid = self.award.applicant()
        self.own = {name: sum((paid[i] for i in places), ZERO) for name, places in self.told.items()}
        self.least = CENTS_EACH * len(inputs.demands)
        self.leaving = Separation(inputs, self.base, models.facts(inputs), self.limits.gap)

    def run(self) -> Stability:
        """Add the group that gains until none does."""
        most = math.inf
        division = self._divide()
        for _ in range(MOST_ROUNDS if len(self.told) > 1 else 0):
            if self._out_of_time():
                break
            told = self.leaving.search(division.pays, self.least, self._left())
            if told.group is None:
                most = told.most
                break
            if self._judge(told.group, division.pays):
                division = self._divide()
        if len(self.told) == 1:
            most = 0.0
        return self._told(division, most)

    def _out_of_time(self) -> bool:
        return self.limits.time_limit is not None and time.perf_counter() - self.began >= self.limits.time_limit

    def _left(self) -> Limits:
        return self.limits.after(time.perf_counter() - self.began)

    # --- dividing ---------------------------------------------------------------------------------------------------

    def _room(self) -> dict[str, float]:
        """The most each member may pay: its baselines, and its bills where there is none."""
        if not self.award.inputs.policy.no_district_worse_off:
            return {}
        paid = self.award.applicant()
        return {
            name: sum(
                float(paid[i] if (told := self.base[i]) is None else max(told.applicant, paid[i])) for i in places
            )
            for name, places in self.told.items()
        }

    def _divide(self) -> _Division:
        problem = pulp.LpProblem("division")
        room, names = self._room(), {name: number for number, name in enumerate(self.told)}
        most = {name: room.get(name) for name in names}
        pays = {name: problem.add_variable(f"pays_{k}", 0, most[name]) for name, k in names.items()}
        gives = {name: problem.add_variable(f"gives_{k}", 0) for name, k in names.items()}
        gets = {name: problem.add_variable(f"gets_{k}", 0) for name, k in names.items()}
        aid = {name: problem.add_variable(f"aid_{k}", 0) for name, k in names.items()}
        for name in names:
            problem += pays[name] - gives[name] + gets[name] + aid[name] == float(self.own[name])
        problem += pulp.lpSum(gives.values()) == pulp.lpSum(gets.values())
        for group, cost in self.costs.items():
            problem += pulp.lpSum(pays[name] for name in group) <= cost
        exact = replace(self.limits, gap=0.0, time_limit=None, quiet=True)
        problem.setObjective(pulp.lpSum(aid.values()))
        least = solve.solve(problem, exact)
        solve.refuse_unanswered(least, what="a division of the cost")
        problem += pulp.lpSum(aid.values()) <= least.objective + solve.TOLERANCE
        problem.setObjective(pulp.lpSum(gives.values()) + pulp.lpSum(aid.values()))
        solve.refuse_unanswered(solve.solve(problem, exact), what="a division of the cost")
        moved = {name: (gives[name].varValue or 0.0) - (gets[name].varValue or 0.0) for name in names}
        given = {name: aid[name].varValue or 0.0 for name in names}
        return _Division(moved, given, {name: pays[name].varValue or 0.0 for name in names})

    # --- groups -----------------------------------------------------------------------------------------------------

    def _judge(self, group: Group, pays: Mapping[str, float]) -> bool:
        """Work out what a group would really pay; True if that bounds the division anew, else the search learns of it."""
        price, own = self._alone(group)
        its_price, its_own = self._as_found(group)
        if its_own < own and its_price <= price * (1 + SAME) + CENT:
            self.known[group.members] = (min(price, its_price), its_own)
            price, own = self.known[group.members]
        gain = sum(pays[name] for name in group.members) * (1 - self.limits.gap) - own
        if gain > self.least / 2 and own < self.costs.get(group.members, math.inf) - CENT / 2:
            self.costs[group.members] = own
            return True
        self.leaving.passed.append(group)
        return False

    def _alone(self, group: Group) -> tuple[float, float]:
        """Least price and own cost of a group by itself; what its least price says of others is told to the search."""
        if group.members not in self.known:
            inputs = self.award.inputs.only(group.members)
            try:
                limits = replace(self._left(), gap=self.limits.gap * PART_OF_GAP, quiet=True)
                found = self.best(inputs, limits)
            except NoAnswer:
                self.known[group.members] = (math.inf, math.inf)
                self.leaving.forbid_dearer(group.members, None)
            else:
                self.known[group.members] = (float(found.pre_discount), float(sum(found.applicant(), ZERO)))
                if inputs.policy.objective == "pre_discount":
                    self.leaving.forbid_dearer(group.members, self._in_the_whole(group, found))
        return self.known[group.members]

    def _in_the_whole(self, group: Group, found: Award) -> list[int]:
        choices = iter(found.choice)
        inside = set(group.members)
        return [next(choices) if demand.lea_id in inside else CURRENT for demand in self.award.inputs.demands]

    def _as_found(self, group: Group) -> tuple[float, float]:
        """Price and exact own cost of the award the search found (inf where it is not one the group may make)."""
        inside = set(group.members)
        award = Award(self.award.inputs, group.choice)
        places = [i for i, demand in enumerate(award.inputs.demands) if demand.lea_id in inside]
        fair = award.inputs.policy.no_district_worse_off
        if fair and inside & set(worse_off(award, self.base)):
            return math.inf, math.inf
        paid = award.applicant()
        price = float(sum((award.bills[i].pre_discount for i in places), ZERO))
        own = float(sum((paid[i] for i in places), ZERO))
        return (price if award.inputs.policy.objective == "pre_discount" else -math.inf), own

    # --- telling ----------------------------------------------------------------------------------------------------

    def _told(self, division: _Division, most: float) -> Stability:
        transfer = _cents(division.gives, ZERO)
        groups = [
            Leaving(group, half_up(Decimal(str(cost)), 2))
            for group, cost in sorted(self.costs.items(), key=lambda item: (len(item[0]), item[0]))
        ]
        return Stability(
            own=self.own,
            transfer=transfer,
            subsidy={name: max(ZERO, half_up(Decimal(str(usd)), 2)) for name, usd in division.aid.items()},
            groups=tuple(groups),
            proved=most <= self.least,
            most=most,
            spare=self.limits.gap,
            looked_at=len(self.known),
            seconds=time.perf_counter() - self.began,
        )


def _cents(amounts: Mapping[str, float], total: Decimal) -> dict[str, Decimal]:
    """Amounts in whole cents that still sum to `total`: what rounding leaves goes to the largest."""
    found = {name: half_up(Decimal(str(usd)), 2) for name, usd in amounts.items()}
    left = total - sum(found.values(), ZERO)
    if left:
        found[max(found, key=lambda name: (abs(found[name]), name))] += left
    return found
