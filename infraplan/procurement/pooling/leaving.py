"""Which group of members would gain most by leaving the pool together: the pool's own model with the group left open.

What a group that leaves may do. It may take any of the same bids at the same prices: a fixed cost in full, volume tiers
by its own quantity, the bid's whole capacity. A bundle is within its reach only if everyone it names leaves too. Its
members may keep their present contracts where the policy lets them. It is held to the pool's policy (most providers and
awards; a provider's largest share as the quantity it is for the whole pool; nobody worse off; filing form; but the least
number of providers is asked of the whole pool only), and awards as
the pool must: by least price before discount, unless the policy asks otherwise. Within the group, cash may change hands.

Given
    pays[m]      USD that member m pays itself in the division being tried
Decisions
    those of `model`, and leaves[m]: m is in the group          (0 or 1)
Objective
    the most gain: sum pays[m] leaves[m] - own cost of the group's award
Constraints
    those of `model`, each demand of m served exactly if m leaves
    not everyone leaves          sum leaves[m] <= members - 1
    worth leaving for            gain > least
    no dearer than need be       price of the group's award <= price of the best award known for a like group: one row per
                                 group looked at, see `Separation.forbid_dearer` (only where least price decides)
    nobody worse off             rows of `Fairness`, added as awards break them
    not this again               a group and award whose exact own cost gains nothing

With a consortium's average rate the group's own average decides: each possible average is a model of its own. One that
could not gain enough when it was last solved is left out until the division has changed by more.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

import pulp

from infraplan import solve
from infraplan.procurement.pooling import covers, sharing
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling.bills import CURRENT, Award, Baseline
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.least_price import Dearer, least_price
from infraplan.procurement.pooling.model import EQ, LE, Facts, Model, Row, Term
from infraplan.solve import Limits, Status

ENOUGH: Final = 0.3
"""Any group that gains will do; the search stops this near to the one that gains most."""

Average = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Group:
    """A group that might leave and the award found for it, as choices of the whole purchase (`CURRENT` outside it)."""

    members: tuple[str, ...]
    choice: tuple[int, ...]
    average: Average


@dataclass(frozen=True)
class Told:
    """What one search found: a group that gains (or none) and the most that any group could gain."""

    group: Group | None
    most: float


@dataclass
class Separation:
    """The search for a group that gains, kept between divisions: what one search learns the next one knows."""

    inputs: Inputs
    base: Sequence[Baseline | None]
    facts: Facts

    dearer: list[Dearer] = field(default_factory=list)
    fair: dict[Average, list[Row]] = field(default_factory=dict)
    passed: list[Group] = field(default_factory=list)
    shared: set[int] = field(default_factory=set)
    """Bids whose fixed costs are shared exactly from now on: elsewhere the least they may come to was too little."""
    bounds: dict[Average, tuple[float, Mapping[str, float]]] = field(default_factory=dict)

    def search(self, pays: Mapping[str, float], least: float, limits: Limits, *, exact: bool) -> Told:
        """Find a group that gains more than `least` USD by leaving; `most` is proved for all groups, inf if time ran out.

        Not `exact`: shares of fixed costs but of `shared` bids are taken from below, which is quick; that no group gains
        is still proved, but a group found may not gain.
        """
        most = least
        for average in self._averages(pays):
            known = self._known(average, pays)
            if known <= least:
                continue
            told = self._search_at(average, pays, least, limits, exact=exact)
            if told.group is not None or math.isinf(told.most):
                return told
            self.bounds[average] = (told.most, dict(pays))
            most = max(most, told.most)
        return Told(None, most)

    def _averages(self, pays: Mapping[str, float]) -> list[Average]:
        """Every average a group could have, those likely to gain first; one empty one where members file separately."""
        if self.inputs.policy.filing == "separate":
            return [()]
        rates: dict[str, set[int]] = {}
        for demand in self.inputs.demands:
            rates.setdefault(demand.category, set()).add(demand.rate)
        names = sorted(rates)
        spans = [range(min(rates[name]), max(rates[name]) + 1) for name in names]
        found = [tuple(zip(names, percents, strict=True)) for percents in product(*spans)]
        return sorted(found, key=lambda average: (-self._known(average, pays), average))

    def _known(self, average: Average, pays: Mapping[str, float]) -> float:
        """The most any group of this average could gain, by what was proved for an earlier division."""
        if average not in self.bounds:
            return math.inf
        most, then = self.bounds[average]
        return most + sum(max(0.0, pays[member] - then[member]) for member in pays)

    def _search_at(
        self, average: Average, pays: Mapping[str, float], least: float, limits: Limits, *, exact: bool
    ) -> Told:
        policy = self.inputs.policy
        # what each member pays under the proportional form depends on all the others: judged afterwards, not by rows
        fair = policy.no_district_worse_off and policy.filing != "consortium_proportional"
        fairness = Fairness(self.facts, self.base, dict(average))
        if fair:
            options, keep = fairness.possible()
            fairness = replace(fairness, given=replace(self.facts, options=options, keep=keep))
        while True:
            model = self._model(fairness, average, pays, least, exact=exact)
            result = solve.solve(model.problem, replace(limits, gap=ENOUGH, close=0.0, quiet=True))
            if result.status == Status.infeasible:
                return Told(None, least)
            if not result.status.answered:
                return Told(None, math.inf)
            group = self._group(model, average)
            award, before = Award(self.inputs, group.choice), len(self.fair.get(average, ()))
            rows = covers.broken(self.facts, award, model.billed(), before)
            rows += covers.unfair(fairness, award, model.billed(), before + len(rows), group.members) if fair else []
            if not rows:
                return Told(group, -result.bound)
            self.fair.setdefault(average, []).extend(rows)

    def _model(
        self, fairness: Fairness, average: Average, pays: Mapping[str, float], least: float, *, exact: bool
    ) -> Model:
        given, rows = fairness.given, self.fair.get(average, ())
        model = models.build(given, given.options, rows, members=list(pays))
        sharing.own_cost(model, fairness, None if exact else self.shared)
        if average:
            sharing.average_is(model, dict(average))
        terms = list((model.problem.objective or {}).items())
        terms += [(model.leaves[member], -paid) for member, paid in pays.items()]
        model.problem.setObjective(pulp.LpAffineExpression(terms))
        model.add(terms, LE, -least, "worth_leaving_for")
        model.add(((leaves, 1.0) for leaves in model.leaves.values()), LE, len(pays) - 1.0, "not_everyone")
        if self.dearer:
            _no_dearer(model, given, self.dearer)
        for number, group in enumerate(self.passed):
            _not_again(model, group, number)
        return model

    def _group(self, model: Model, average: Average) -> Group:
        leaving = tuple(name for name, told in model.leaves.items() if (told.varValue or 0.0) > models.HALF)
        return Group(leaving, model.choice(), average)

    def refine(self, group: Group) -> bool:
        """Share one more fixed cost exactly: the one that a group's award was told least of; False if there is none."""
        bid = sharing.worst_share(Fairness(self.facts, self.base, dict(group.average)), group.choice, self.shared)
        self.shared |= set() if bid is None else {bid}
        return bid is not None

    def forbid_dearer(self, group: Sequence[str], choice: Sequence[int] | None) -> None:
        """From now on no group pays more, before discount, than it could with this award of `group`, suitably changed.

        `choice` is the best award known of the group; None says that it has none, so that it cannot leave.
        """
        self.dearer.append(least_price(self.inputs, self.facts, self.base, group, choice))


def _no_dearer(model: Model, given: Facts, known: Sequence[Dearer]) -> None:
    """One row per group looked at; the price is stated once, so that each row speaks of members only."""
    price = model.problem.add_variable("price")
    model.add([*model.price(given.options), (price, -1.0)], EQ, 0.0, "price")
    for number, dearer in enumerate(known):
        terms: list[Term] = [(price, 1.0)]
        terms += [(model.leaves[member], -more) for member, more in dearer.joins.items()]
        terms += [(model.leaves[member], more) for member, more in dearer.goes.items()]
        model.add(terms, LE, dearer.price + sum(dearer.goes.values()), f"no_dearer_{number}")


def _not_again(model: Model, group: Group, number: int) -> None:
    """This very group with this very award is ruled out, whatever the tiers it is billed in."""
    inside, given = set(group.members), model.facts
    taken = {index for index, demand in enumerate(given.inputs.demands) if demand.lea_id in inside}
    terms: list[Term] = [
        (variable, 1.0)
        for (demand, bid, _), variable in model.award.items()
        if demand in taken and group.choice[demand] == bid
    ]
    terms += [(model.keeps[index], 1.0) for index in taken if group.choice[index] == CURRENT]
    won = {group.choice[index] for index in taken}
    terms += [(model.wins[bid, 0], float(len(named))) for bid, named in given.bundles.items() if bid in won]
    terms += [(variable, -1.0) for member, variable in model.leaves.items() if member not in inside]
    model.add(terms, LE, len(taken) - 1.0, f"not_again_{number}")
