"""The pooled purchase as a mixed integer model: stated in PuLP, solved by `infraplan.solve`.

Sets
    d   demands: one member's need for one service
    b   bids; l their volume tiers, tier 0 from quantity 0; bundles have one tier
    p   providers; each bid belongs to one
    m   members; each has one or more demands
Given
    cost[d,b,l]  USD over the horizon if b serves d in tier l: usd_once + horizon x usd_month x factor[l] + termination
    keep[d]      USD over the horizon on the present contract
    fixed[b]     USD once if b wins anything; bundles: the whole price besides
    q[d]         quantity; from[b,l], capacity[b] in the same units
    w[d]         weight of d in a shared fixed cost
Decisions
    wins[b,l]    b wins something and is billed in tier l           (0 or 1)
    award[d,b,l] b serves d in tier l                               (0 or 1)
    keeps[d]     d keeps its present contract                       (0 or 1)
    sells[p]     provider p wins something                          (0 or 1)
    together[m]  m buys from a bid, so files with the consortium    (0 or 1; only where the filing form asks)
Objective
    pre_discount:       sum fixed[b] wins[b,l] + sum cost[d,b,l] award[d,b,l] + sum keep[d] keeps[d]
    non_discount_share: the same, each part times 1 - rate x eligible share
Constraints
    every demand is served       sum award[d,.,.] + keeps[d] + wins of the bundles naming d = 1
    only a winner serves         award[d,b,l] <= wins[b,l]                 (strong: one row each, not one sum)
    one tier                     sum_l wins[b,l] <= 1
    tier reached                 sum_d q[d] award[d,b,l] >= from[b,l] wins[b,l]
    capacity                     sum_d q[d] award[d,b,l] <= capacity[b] wins[b,l]
    share of a provider          sum q award over p's bids <= max_share x quantity demanded, per service
    number of providers, awards  sum sells between min_providers and max_providers; sum wins <= max_awards
    nobody worse off             added when an answer breaks it, see `Fairness`
    (limits on quantities have a hair more, or less; what then breaks one is barred exactly, see `quantities`, `covers`)
    the average rate is a        where a consortium files together: the plain average of its members rounds to a

The tier-indexed awards make the linear bound tight: a tier's discount is only had by winning its volume.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np
import pulp
from numpy.typing import NDArray

from infraplan.procurement.pooling import quantities
from infraplan.procurement.pooling.bills import CURRENT, Award, current_bill, weight
from infraplan.procurement.pooling.inputs import SPARE, ZERO, Inputs, within
from infraplan.procurement.pooling.policy import WORDS
from infraplan.procurement.pooling.quantities import EASED

LE, GE, EQ = pulp.LpConstraintLE, pulp.LpConstraintGE, pulp.LpConstraintEQ
HALF: Final = 0.5

Term = tuple[pulp.LpVariable, float]


@dataclass(frozen=True)
class Options:
    """Every way a single demand may be served by an itemized bid in one of its tiers, as arrays of one length."""

    demand: NDArray[np.int64]
    bid: NDArray[np.int64]
    level: NDArray[np.int64]
    cost: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> "Options":
        """Return some of them."""
        return Options(self.demand[kept], self.bid[kept], self.level[kept], self.cost[kept])


@dataclass(frozen=True)
class Facts:
    """The given figures as floats, worked out once per purchase."""

    inputs: Inputs
    quantity: NDArray[np.float64]
    weight: NDArray[np.float64]
    keep: NDArray[np.float64]
    fixed: NDArray[np.float64]
    capacity: NDArray[np.float64]
    options: Options
    levels: tuple[tuple[int, ...], ...]
    bundles: Mapping[int, tuple[int, ...]]
    bundle_cost: Mapping[int, float]

    def tiers(self) -> Iterable[tuple[int, int]]:
        """Yield every (bid, tier) that can be won."""
        return ((bid, level) for bid, levels in enumerate(self.levels) for level in levels)


def facts(inputs: Inputs) -> Facts:
    """Work out the figures of the model; leaves out offers above a bid's capacity and tiers out of reach."""
    quantity = np.array([demand.quantity for demand in inputs.demands], dtype=float)
    capacity = np.array([np.inf if bid.capacity is None else bid.capacity for bid in inputs.bids], dtype=float)
    may_keep = inputs.policy.may_keep_current
    keep = [
        float(current_bill(inputs, index).pre_discount) if may_keep and demand.current is not None else np.inf
        for index, demand in enumerate(inputs.demands)
    ]
    offers = inputs.offers_of()
    bundles: dict[int, tuple[int, ...]] = {}
    bundle_cost: dict[int, float] = {}
    levels: list[tuple[int, ...]] = []
    for number, bid in enumerate(inputs.bids):
        reach = sum(quantity[offer.demand] for offer in offers[number])
        if bid.bundle:
            if offers[number] and bid.has_room(float(reach)):
                bundles[number] = tuple(offer.demand for offer in offers[number])
                bundle_cost[number] = _bundle_cost(inputs, number, float(reach))
            levels.append((0,) if number in bundles else ())
            continue
        most = min(float(reach), float(capacity[number]))
        levels.append(
            tuple(place for place, level in enumerate(bid.levels) if within(level.from_quantity, most))
            if offers[number]
            else ()
        )
    return Facts(
        inputs, quantity, np.array([float(weight(inputs, index)) for index in range(len(quantity))]), np.array(keep),
        np.array([float(bid.fixed) for bid in inputs.bids]), capacity, _options(inputs, quantity, capacity, levels),
        tuple(levels), bundles, bundle_cost,
    )  # fmt: skip


def _bundle_cost(inputs: Inputs, number: int, reach: float) -> float:
    bid = inputs.bids[number]
    offers = [offer for offer in inputs.offers if offer.bid == number]
    price = bid.fixed + inputs.policy.horizon_months * bid.month * bid.factor_at(reach)
    return float(price + sum(offer.once + _termination(inputs, offer.demand) for offer in offers))


def _termination(inputs: Inputs, index: int) -> Decimal:
    demand = inputs.demands[index]
    return demand.termination if demand.current is not None else ZERO


def _options(
    inputs: Inputs, quantity: NDArray[np.float64], capacity: NDArray[np.float64], levels: Sequence[Sequence[int]]
) -> Options:
    single = [offer for offer in inputs.offers if not inputs.bids[offer.bid].bundle]
    demand = np.array([offer.demand for offer in single], dtype=np.int64)
    bid = np.array([offer.bid for offer in single], dtype=np.int64)
    month = np.array([float(offer.month) for offer in single]) * inputs.policy.horizon_months
    once = np.array([float(offer.once + _termination(inputs, offer.demand)) for offer in single])
    fits = quantity[demand] <= capacity[bid] * (1 + SPARE) if single else np.zeros(0, dtype=bool)
    parts: list[tuple[NDArray[np.int64], int]] = []
    factor = np.zeros((len(inputs.bids), max((len(told.levels) for told in inputs.bids), default=1)))
    for number, told in enumerate(inputs.bids):
        factor[number, : len(told.levels)] = [float(level.factor) for level in told.levels]
    for level in range(factor.shape[1]):
        has = np.array([level in levels[number] for number in range(len(inputs.bids))], dtype=bool)
        parts.append((np.flatnonzero(fits & has[bid]) if single else np.zeros(0, dtype=np.int64), level))
    index = np.concatenate([part for part, _ in parts]).astype(np.int64)
    level_of = np.concatenate([np.full(len(part), level) for part, level in parts]).astype(np.int64)
    order = np.lexsort((level_of, demand[index], bid[index]))
    index, level_of = index[order], level_of[order]
    return Options(demand[index], bid[index], level_of, once[index] + month[index] * factor[bid[index], level_of])


@dataclass(frozen=True)
class Row:
    """A linear constraint over options and keeping: found while solving, added to the next model.

    `award` maps (demand, bid, tier), `keeps` demands, `bundles` bids and `wins` (bid, tier) to coefficients; the sum is at
    most `most`.
    """

    name: str
    words: str
    award: Mapping[tuple[int, int, int], float]
    most: float
    keeps: Mapping[int, float] = field(default_factory=dict)
    bundles: Mapping[int, float] = field(default_factory=dict)
    wins: Mapping[tuple[int, int], float] = field(default_factory=dict)


@dataclass
class Model:
    """The PuLP problem and its variables; `words` says in a planner's words what each named constraint asks."""

    problem: pulp.LpProblem
    facts: Facts
    wins: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    award: dict[tuple[int, int, int], pulp.LpVariable] = field(default_factory=dict)
    keeps: dict[int, pulp.LpVariable] = field(default_factory=dict)
    leaves: dict[str, pulp.LpVariable] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    eased: float = EASED
    """The hair that limits on quantities have, see `quantities`."""

    def add(self, terms: Iterable[Term], sense: int, rhs: float, name: str, words: str | None = None) -> None:
        """Add one named constraint."""
        left = pulp.LpAffineExpression(list(terms))
        self.problem += pulp.LpConstraint(left, sense, name, rhs)
        if words is not None:
            self.words[name] = words

    def price(self, options: Options) -> list[Term]:
        """The cost of the award before discount, in the decisions over these options."""
        given = self.facts
        terms: list[Term] = list(zip(self.award.values(), options.cost.tolist(), strict=True))
        terms += [(variable, float(given.keep[demand])) for demand, variable in self.keeps.items()]
        return terms + [
            (variable, given.bundle_cost[bid] if bid in given.bundles else float(given.fixed[bid]))
            for (bid, _), variable in self.wins.items()
        ]

    def choice(self) -> tuple[int, ...]:
        """Read the award from the solved variables."""
        chosen = [CURRENT] * len(self.facts.inputs.demands)
        for (demand, bid, _), variable in self.award.items():
            if (variable.varValue or 0.0) > HALF:
                chosen[demand] = bid
        for bid, named in self.facts.bundles.items():
            if (self.wins[bid, 0].varValue or 0.0) > HALF:
                for demand in named:
                    chosen[demand] = bid
        return tuple(chosen)

    def billed(self) -> dict[int, int]:
        """Read the tier of each winner from the solved variables."""
        return {bid: level for (bid, level), variable in self.wins.items() if (variable.varValue or 0.0) > HALF}

    def start(self, award: Award) -> dict[str, float]:
        """Return values for every decision that say the same as an award."""
        values = {variable.name: 0.0 for group in (self.wins, self.award, self.keeps) for variable in group.values()}
        level = {
            bid: max(place for place in self.facts.levels[bid] if _from(self.facts, bid, place) <= won + 1e-9)
            for bid, won in award.quantity.items()
        }
        for demand, bid in enumerate(award.choice):
            if bid == CURRENT:
                values[self.keeps[demand].name] = 1.0
                continue
            values[self.wins[bid, level[bid]].name] = 1.0
            if bid not in self.facts.bundles:
                values[self.award[demand, bid, level[bid]].name] = 1.0
        return values


def _from(given: Facts, bid: int, level: int) -> float:
    return given.inputs.bids[bid].levels[level].from_quantity


def build(
    given: Facts, options: Options | None = None, rows: Sequence[Row] = (), *, members: Sequence[str] = (),
    eased: float = EASED,
) -> Model:  # fmt: skip
    """State the model over all options, or over some of them; `rows` are constraints found by earlier solves.

    With `members`, who is served is open too: `leaves[m]` says whether m is among them (see `leaving`).
    """
    model = Model(pulp.LpProblem("pool", pulp.LpMinimize), given, eased=eased)
    model.leaves = {
        member: model.problem.add_variable(f"leaves_{number}", cat="Binary") for number, member in enumerate(members)
    }
    _decisions(model, options or given.options)
    _least_cost(model, options or given.options)
    _every_demand_is_served(model)
    _only_winners_serve(model)
    _one_tier_each(model)
    _tiers_are_reached_and_capacities_kept(model)
    _providers_keep_their_share(model)
    _numbers_of_providers_and_awards(model)
    _found_rows(model, rows)
    return model


def _decisions(model: Model, options: Options) -> None:
    problem, given = model.problem, model.facts
    used = set(zip(options.bid.tolist(), options.level.tolist(), strict=True))
    tiers = [(bid, level) for bid, level in given.tiers() if bid in given.bundles or (bid, level) in used]
    model.wins = {key: problem.add_variable(f"wins_{key[0]}_{key[1]}", cat="Binary") for key in tiers}
    triples = zip(options.demand.tolist(), options.bid.tolist(), options.level.tolist(), strict=True)
    model.award = {key: problem.add_variable(f"award_{key[0]}_{key[1]}_{key[2]}", cat="Binary") for key in triples}
    model.keeps = {
        demand: problem.add_variable(f"keeps_{demand}", cat="Binary")
        for demand in np.flatnonzero(np.isfinite(given.keep)).tolist()
    }


def _least_cost(model: Model, options: Options) -> None:
    model.problem += pulp.LpAffineExpression(model.price(options))


def _every_demand_is_served(model: Model) -> None:
    given = model.facts
    terms: list[list[Term]] = [[] for _ in given.inputs.demands]
    for (demand, _, _), variable in model.award.items():
        terms[demand].append((variable, 1.0))
    for demand, variable in model.keeps.items():
        terms[demand].append((variable, 1.0))
    for bid, named in given.bundles.items():
        for demand in named:
            terms[demand].append((model.wins[bid, 0], 1.0))
    for index, (demand_told, left) in enumerate(zip(given.inputs.demands, terms, strict=True)):
        if model.leaves:
            model.add([*left, (model.leaves[demand_told.lea_id], -1.0)], EQ, 0.0, f"served_{index}")
            continue
        words = f"{demand_told.label} is served by a bid{' or keeps its contract' if index in model.keeps else ''}"
        model.add(left, EQ, 1.0, f"served_{index}", words)


def _only_winners_serve(model: Model) -> None:
    for (demand, bid, level), variable in model.award.items():
        model.add([(variable, 1.0), (model.wins[bid, level], -1.0)], LE, 0.0, f"winner_{demand}_{bid}_{level}")


def _one_tier_each(model: Model) -> None:
    by_bid: dict[int, list[Term]] = {}
    for (bid, _), variable in model.wins.items():
        by_bid.setdefault(bid, []).append((variable, 1.0))
    for bid, terms in by_bid.items():
        if len(terms) > 1:
            model.add(terms, LE, 1.0, f"tier_{bid}")


def _volumes(model: Model) -> dict[tuple[int, int], list[Term]]:
    """Quantity won per bid and tier."""
    found: dict[tuple[int, int], list[Term]] = {}
    for (demand, bid, level), variable in model.award.items():
        found.setdefault((bid, level), []).append((variable, float(model.facts.quantity[demand])))
    return found


def _tiers_are_reached_and_capacities_kept(model: Model) -> None:
    given = model.facts
    for (bid, level), terms in _volumes(model).items():
        told, wins = given.inputs.bids[bid], model.wins[bid, level]
        start, sizes = told.levels[level].from_quantity, [size for _, size in terms]
        if start > 0:
            least = quantities.at_least(start, sizes, model.eased)
            model.add([*terms, (wins, -least)], GE, 0.0, f"reached_{bid}_{level}")
        if told.capacity is not None and told.capacity < sum(sizes):
            most = quantities.at_most(told.capacity, sizes, model.eased)
            words = f"bid {told.bid_id} serves at most {told.capacity:g}"
            model.add([*terms, (wins, -most)], LE, 0.0, f"capacity_{bid}_{level}", words)


def _providers_keep_their_share(model: Model) -> None:
    given, share = model.facts, model.facts.inputs.policy.max_share_per_provider
    if share is None:
        return
    demanded = given.inputs.asked()
    won: dict[tuple[str, str], dict[pulp.LpVariable, float]] = {}
    for (index, bid, _), variable in model.award.items():
        key = (given.inputs.bids[bid].provider_id, given.inputs.demands[index].service)
        won.setdefault(key, {})[variable] = float(given.quantity[index])
    for bid, named in given.bundles.items():
        for index in named:
            group = won.setdefault((given.inputs.bids[bid].provider_id, given.inputs.demands[index].service), {})
            group[model.wins[bid, 0]] = group.get(model.wins[bid, 0], 0.0) + float(given.quantity[index])
    for number, ((provider, service), terms) in enumerate(sorted(won.items(), key=lambda item: item[0])):
        if sum(terms.values()) > share * demanded[service]:
            words = f"provider {provider} holds at most {share:g} of the quantity of {service} (max_share_per_provider)"
            most = quantities.at_most(share * demanded[service], terms.values(), model.eased)
            model.add(terms.items(), LE, most, f"share_{number}", words)


def _numbers_of_providers_and_awards(model: Model) -> None:
    policy = model.facts.inputs.policy
    if policy.max_awards is not None:
        words = WORDS["max_awards"].format(policy.max_awards)
        model.add(((variable, 1.0) for variable in model.wins.values()), LE, policy.max_awards, "max_awards", words)
    if policy.max_providers is None and policy.min_providers is None:
        return
    sells = _sellers(model)
    for setting, sense in (("max_providers", LE), ("min_providers", GE)):
        limit = getattr(policy, setting)
        if limit is not None:
            terms = [(variable, 1.0) for variable in sells.values()]
            model.add(terms, sense, limit, setting, WORDS[setting].format(limit))


def _sellers(model: Model) -> dict[str, pulp.LpVariable]:
    """Whether each provider wins anything: exactly, from both sides, and no win without a member."""
    sells: dict[str, pulp.LpVariable] = {}
    served: dict[tuple[int, int], list[Term]] = {}
    for (_, bid, level), variable in model.award.items():
        served.setdefault((bid, level), []).append((variable, -1.0))
    sold: dict[str, list[Term]] = {}
    for (bid, level), wins in model.wins.items():
        provider = model.facts.inputs.bids[bid].provider_id
        if provider not in sells:
            sells[provider] = model.problem.add_variable(f"sells_{len(sells)}", cat="Binary")
        model.add([(wins, 1.0), (sells[provider], -1.0)], LE, 0.0, f"sells_if_{bid}_{level}")
        sold.setdefault(provider, []).append((wins, -1.0))
        if bid not in model.facts.bundles:
            model.add([(wins, 1.0), *served.get((bid, level), ())], LE, 0.0, f"wins_something_{bid}_{level}")
    for number, (provider, terms) in enumerate(sold.items()):
        model.add([(sells[provider], 1.0), *terms], LE, 0.0, f"sells_only_{number}")
    return sells


def _found_rows(model: Model, rows: Sequence[Row]) -> None:
    for row in rows:
        terms: list[Term] = [(model.award[key], value) for key, value in row.award.items() if key in model.award]
        terms += [(model.keeps[key], value) for key, value in row.keeps.items() if key in model.keeps]
        terms += [(model.wins[key, 0], value) for key, value in row.bundles.items()]
        terms += [(model.wins[key], value) for key, value in row.wins.items() if key in model.wins]
        model.add(terms, LE, row.most, row.name, row.words)
