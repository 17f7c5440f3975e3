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

CENTS_EACH: Final = 0.03
"""USD per service that rounding may make of a group's gain."""
PART_OF_GAP: Final = 0.1
SMALL: Final = 0.01
HALF: Final = 0.5
PART_FIRST: Final = 0.15
"""The part of the time that goes to groups looked at before any is searched for."""
SECONDS: Final = 300.0
"""Seconds for the groups where no time limit is given."""

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
    it needs from outside the pool. `proved` says that no group would save more than the share `spare` of what it pays by
    leaving; where it is False, time ran out before any division was proved to hold. `least_aid` is proved to be needed.
    """

    own: Mapping[str, Decimal]
    transfer: Mapping[str, Decimal]
    subsidy: Mapping[str, Decimal]
    groups: tuple[Leaving, ...]
    proved: bool
    spare: float
    least_aid: float
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

    @property
    def total_aid(self) -> float:
        """Money from outside, in all."""
        return sum(self.aid.values())


def _between(one: _Division, other: _Division, far: float) -> _Division:
    """The division `far` of the way from one to another."""

    def mixed(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
        return {name: (1 - far) * a[name] + far * b[name] for name in a}

    return _Division(mixed(one.gives, other.gives), mixed(one.aid, other.aid), mixed(one.pays, other.pays))


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
        # the least number of providers is the pool's, as in `Inputs.only`
        inputs = replace(inputs, policy=replace(inputs.policy, min_providers=None))
        self.leaving = Separation(inputs, self.base, models.facts(inputs))

    def run(self) -> Stability:
        """Try divisions until one is proved to hold with no more aid than is needed (within the gap).

        `outer` keeps every group found so far and needs the least aid; its aid is a lower bound. `inner` is proved to
        hold. What is tried is the outer one and, in turn, one between the two, which cuts deeper.
        """
        nothing = dict.fromkeys(self.told, 0.0)
        inner = _Division(dict(nothing), {name: float(paid) for name, paid in self.own.items()}, dict(nothing))
        self._look_first()
        outer, between, exact, far = self._outer(), False, False, HALF
        while not self._near(inner, outer) and not self._out_of_time():
            tried = _between(inner, outer, far) if between else outer
            told = self.leaving.search(tried.pays, self.least, self._left(), exact=exact)
            if told.group is None and math.isinf(told.most):
                break
            if told.group is None:
                inner, between, exact, far = tried, True, False, 1 - (1 - far) / 3
            elif self._judged(told.group, tried.pays):
                outer, exact, far = self._outer(), False, max(HALF, far - (1 - far) / 2) if between else far
                between = not between
            elif exact:
                self.leaving.passed.append(told.group)
            elif not self.leaving.refine(told.group):
                exact = True
        if inner is not outer and not self._out_of_time():
            last = self.leaving.search(outer.pays, self.least, self._left(), exact=True)
            inner = outer if last.group is None and math.isfinite(last.most) else inner
        return self._told(inner, outer)

    def _near(self, inner: _Division, outer: _Division) -> bool:
        """Whether the aid that is proved to do is the least, within the gap."""
        return inner.total_aid - outer.total_aid <= max(
            self.least / 2, self.limits.gap * float(sum(self.own.values(), ZERO))
        )

    def _out_of_time(self) -> bool:
        return time.perf_counter() - self.began >= (self.limits.time_limit or SECONDS)

    def _left(self) -> Limits:
        limit = self.limits.time_limit or SECONDS
        return replace(self.limits, time_limit=limit).after(time.perf_counter() - self.began)

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

    def _divide(self, floor: Mapping[str, float] | None = None) -> _Division:
        """Least aid, then least cash, with every group found so far held; with a `floor`: no aid, little above it."""
        problem, names = pulp.LpProblem("division"), {name: number for number, name in enumerate(self.told)}
        room = self._room()
        pays, gives, gets, aid = (
            {name: problem.add_variable(f"{what}_{k}", 0) for name, k in names.items()}
            for what in ("pays", "gives", "gets", "aid")
        )
        for name in names:
            problem += pays[name] - gives[name] + gets[name] + aid[name] == float(self.own[name])
            if name in room:
                problem += pays[name] <= room[name]
        problem += pulp.lpSum(gives.values()) == pulp.lpSum(gets.values())
        first = pulp.lpSum(aid.values())
        if floor is None:
            for group, cost in self.costs.items():
                problem += pulp.lpSum(pays[name] for name in group) <= cost
        else:
            first = problem.add_variable("above", 0)
            problem += pulp.lpSum(aid.values()) == 0
            each = sum(floor.values()) / len(floor)
            for name in names:
                problem += pays[name] >= min(floor[name], room.get(name, math.inf))
                problem += pays[name] <= floor[name] + max(floor[name], SMALL * each) * first
        self._solved(problem, first, pulp.lpSum(gives.values()) + pulp.lpSum(aid.values()))
        value = {name: {k: told[k].varValue or 0.0 for k in names} for name, told in
                 (("pays", pays), ("gives", gives), ("gets", gets), ("aid", aid))}  # fmt: skip
        moved = {name: value["gives"][name] - value["gets"][name] for name in names}
        return _Division(moved, value["aid"], value["pays"])

    def _solved(self, problem: pulp.LpProblem, first: pulp.LpAffineExpression, then: pulp.LpAffineExpression) -> None:
        """Solve for the least of one thing, and with that for the least of another."""
        exact = replace(self.limits, gap=0.0, time_limit=None, quiet=True)
        problem.setObjective(first + 0)
        least = solve.solve(problem, exact)
        solve.refuse_unanswered(least, what="a division of the cost")
        problem += first <= least.objective + solve.TOLERANCE
        problem.setObjective(then)
        solve.refuse_unanswered(solve.solve(problem, exact), what="a division of the cost")

    def _outer(self) -> _Division:
        """Least aid, then least cash, with every group looked at so far held."""
        while True:
            outer = self._divide()
            more = {
                group: own for group, (_, own) in self.known.items()
                if sum(outer.pays[name] for name in group) - own > self.least / 2
                and own < self.costs.get(group, math.inf) - CENT / 2
            }  # fmt: skip
            if not more:
                return outer
            self.costs |= more

    # --- groups -----------------------------------------------------------------------------------------------------

    def _look_first(self) -> None:
        """Look at the groups that mostly bound the division: each member alone, those of one bid, all but one member."""
        names, choice = tuple(self.told), self.award.choice
        with_whom: dict[int, set[str]] = {}
        for demand, chosen in zip(self.award.inputs.demands, choice, strict=True):
            with_whom.setdefault(chosen, set()).add(demand.lea_id)
        first: list[tuple[str, ...]] = [(name,) for name in names]
        first += [tuple(name for name in names if name in some) for _, some in sorted(with_whom.items())]
        first += [tuple(name for name in names if name != gone) for gone in names]
        until = time.perf_counter() + PART_FIRST * (self._left().time_limit or SECONDS)
        for group in dict.fromkeys(first):
            if 0 < len(group) < len(names) and time.perf_counter() < until:
                self._alone(Group(group, choice, ()))

    def _judged(self, group: Group, pays: Mapping[str, float]) -> bool:
        """Judge a group and its parts; True if any of them bounds the division anew."""
        bounds = [self._judge(part, pays) for part in self._parts(group)]
        return any(bounds)

    def _parts(self, group: Group) -> list[Group]:
        """The group, and those in it who share bids with each other: if it gains, mostly one of these does."""
        with_whom: dict[str, set[str]] = {name: {name} for name in group.members}
        first: dict[int, str] = {}
        for demand, chosen in zip(self.award.inputs.demands, group.choice, strict=True):
            if demand.lea_id not in with_whom or chosen == CURRENT:
                continue
            joined = with_whom[demand.lea_id] | with_whom[first.setdefault(chosen, demand.lea_id)]
            with_whom.update(dict.fromkeys(joined, joined))
        parts = {tuple(name for name in group.members if name in joined) for joined in with_whom.values()}
        return [self._part(group, names) for names in sorted(parts | {group.members})]

    def _part(self, group: Group, names: tuple[str, ...]) -> Group:
        inside = set(names)
        pairs = zip(self.award.inputs.demands, group.choice, strict=True)
        return Group(
            names, tuple(told if demand.lea_id in inside else CURRENT for demand, told in pairs), group.average
        )

    def _judge(self, group: Group, pays: Mapping[str, float]) -> bool:
        """Work out what a group would really pay; True if that bounds the division anew, else the search learns of it."""
        price, own = self._alone(group)
        its_price, its_own = self._as_found(group)
        if its_own < own and its_price <= price * (1 + SAME) + CENT:
            self.known[group.members] = (min(price, its_price), its_own)
            price, own = self.known[group.members]
        gain = sum(pays[name] for name in group.members) - own
        if gain > self.least / 2 and own < self.costs.get(group.members, math.inf) - CENT / 2:
            self.costs[group.members] = own
            return True
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

    def _told(self, inner: _Division, outer: _Division) -> Stability:
        """The division proved to hold; one that needs next to no aid is given without any (the outer one needs none)."""
        whole = float(sum(self.own.values(), ZERO))
        proved, division = inner.total_aid < whole or not whole, inner
        if not proved:
            division = outer
        elif self._near(inner, outer) and outer.total_aid <= CENT < inner.total_aid:
            division = self._divide(floor=inner.pays)
        above = [division.pays[name] / paid - 1 for name, paid in inner.pays.items() if paid > CENT]
        groups = [
            Leaving(group, half_up(Decimal(str(cost)), 2))
            for group, cost in sorted(self.costs.items(), key=lambda item: (len(item[0]), item[0]))
        ]
        return Stability(
            own=self.own,
            transfer=_cents(division.gives, ZERO),
            subsidy={name: max(ZERO, half_up(Decimal(str(usd)), 2)) for name, usd in division.aid.items()},
            groups=tuple(groups),
            proved=proved,
            spare=max(0.0, *above) if proved and above else 0.0,
            least_aid=max(0.0, outer.total_aid),
            looked_at=len(self.known),
            seconds=time.perf_counter() - self.began,
        )


def _cents(amounts: Mapping[str, float], total: Decimal) -> dict[str, Decimal]:
    """Amounts in whole cents that still sum to `total`: what rounding leaves goes to the largest."""
    found = {name: half_up(Decimal(str(usd)), 2) + ZERO for name, usd in amounts.items()}
    left = total - sum(found.values(), ZERO)
    if left:
        found[max(found, key=lambda name: (abs(found[name]), name))] += left
    return found
