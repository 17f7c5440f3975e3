"""What the model gains where E-Rate decides: the members' own cost as objective, and a consortium's average rate.

Own cost (objective `non_discount_share`)
    each price times 1 - rate x eligible share; a bid's fixed cost is shared by weight, so the part of d is
    fixed x w[d] / W, W the weight of all it serves. With per_weight[b] = fixed / W:
        part[d,b] = per_weight[b] where b serves d, else 0;   sum_d w[d] part[d,b] = fixed[b] x won[b]
    written exactly with part <= most x award, part >= per_weight - most x (1 - award), most = fixed / least weight
    over[m] >= eligible cost of m's Category Two services - its budget: that part is not discounted
Average rate a of those who file together, per category (half up to a whole percent)
    together[m] = 1 where m buys from a bid;   -1/2 <= mean of (rate[m] - a) < 1/2 over them
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pulp

from infraplan.procurement.pooling.bills import CURRENT, members
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.model import EQ, GE, LE, Facts, Model, Row, Term

SMALLEST: Final = 1e-3
"""USD of a share that are not worth sharing exactly."""


def own_cost(model: Model, fairness: Fairness, exact: Collection[int] | None = None) -> None:
    """Replace the objective by the members' own cost, at the rates of `fairness`.

    With `exact` only the fixed costs of those bids are shared exactly; shares of others are taken from below (see
    `least_shares`), so the objective is never too much.
    """
    given, options = model.facts, fairness.given.options
    cost = dict(
        zip(
            zip(options.demand.tolist(), options.bid.tolist(), options.level.tolist(), strict=True),
            options.cost.tolist(),
            strict=True,
        )
    )
    terms: list[Term] = [
        (variable, fairness.own(key[0], cost[key], budget=False)) for key, variable in model.award.items()
    ]
    terms += [(variable, fairness.keeping(demand)) for demand, variable in model.keeps.items()]
    for bid, named in given.bundles.items():
        parts = [fairness.own(index, fairness.bundle_part(bid, index), budget=False) for index in named]
        terms.append((model.wins[bid, 0], sum(parts)))
    shares = _shares(model, exact)
    terms += [] if exact is None else least_shares(model, fairness, exact)
    for (index, _), part in shares.items():
        terms.append((part, _own_part(fairness, index) * float(given.weight[index])))
    terms += _over_budget(model, fairness, shares)
    model.problem.setObjective(pulp.LpAffineExpression(_gathered(terms)))


def least_shares(model: Model, fairness: Fairness, but: Collection[int] = ()) -> list[Term]:
    """What members pay themselves of the fixed costs (`but` those of some bids), at the least, with no variable more.

    With own parts p[d] (p least the smallest) and W at most `weight` in a tier, fixed x sum w p / W is at least
    fixed x (least + sum w (p - least) / most weight); that is exact where own parts agree.
    """
    given, weight = model.facts, most_weight(model.facts)
    part = {index: _own_part(fairness, index) for index, _, _ in model.award}
    least: dict[int, float] = {}
    for index, bid, _ in model.award:
        least[bid] = min(least.get(bid, 1.0), part[index])
    terms: list[Term] = [
        (variable, float(given.fixed[bid]) * least[bid])
        for (bid, _), variable in model.wins.items()
        if bid not in given.bundles and bid in least and bid not in but
    ]
    for (index, bid, level), variable in model.award.items():
        if given.fixed[bid] > 0 and weight[bid, level] > 0 and bid not in but:
            more = float(given.fixed[bid] * given.weight[index]) * (part[index] - least[bid]) / weight[bid, level]
            terms.append((variable, more))
    return terms


def worst_share(fairness: Fairness, choice: Sequence[int], but: Collection[int]) -> int | None:
    """The bid whose fixed cost, as shared in an award, `least_shares` misses most (`but` some); None where it misses none."""
    given, missed = fairness.given, dict[int, float]()
    weight = most_weight(given)
    most = {
        bid: max(weight.get((bid, level), 0.0) for level in levels) for bid, levels in enumerate(given.levels) if levels
    }
    for bid in sorted(set(choice) - {CURRENT, *given.bundles, *but}):
        served = [index for index, chosen in enumerate(choice) if chosen == bid]
        heavy = sum(float(given.weight[index]) for index in served)
        if heavy <= 0 or given.fixed[bid] <= 0:
            continue
        offered = given.options.demand[given.options.bid == bid].tolist()
        least = min(_own_part(fairness, index) for index in offered)
        over = sum(float(given.weight[index]) * (_own_part(fairness, index) - least) for index in served)
        missed[bid] = float(given.fixed[bid]) * over * (1 / heavy - 1 / max(most[bid], heavy))
    worst = max(missed, key=lambda bid: (missed[bid], -bid), default=None)
    return worst if worst is not None and missed[worst] > SMALLEST else None


def own_figures(fairness: Fairness) -> Facts:
    """The figures of the model with own costs in the place of prices: a problem of least price that is never too much.

    Shares of fixed costs are taken as in `least_shares`; Category Two budgets are taken not to stop any discount.
    """
    given, options, demands = fairness.given, fairness.given.options, fairness.inputs.demands
    weight = most_weight(given)
    part = np.array([_own_part(fairness, index) for index in range(len(demands))])
    ended = np.array([float(told.termination) if told.current is not None else 0.0 for told in demands])
    least = np.ones(len(given.fixed))
    np.minimum.at(least, options.bid, part[options.demand])
    most = np.array([weight.get(pair, 0.0) for pair in zip(options.bid.tolist(), options.level.tolist(), strict=True)])
    over = given.fixed[options.bid] * given.weight[options.demand] * (part[options.demand] - least[options.bid])
    cost = ended[options.demand] + part[options.demand] * (options.cost - ended[options.demand])
    cost += np.divide(over, most, out=np.zeros(len(over)), where=most > 0)
    keep = [fairness.keeping(index) if np.isfinite(usd) else np.inf for index, usd in enumerate(given.keep.tolist())]
    bundles = {
        bid: sum(fairness.own(index, fairness.bundle_part(bid, index), budget=False) for index in named)
        for bid, named in given.bundles.items()
    }
    return replace(
        given, options=replace(options, cost=cost), keep=np.array(keep), fixed=least * given.fixed, bundle_cost=bundles
    )


def average_rows(
    inputs: Inputs, average: Mapping[str, int], least: Mapping[str, int] | None = None
) -> list[Row] | None:
    """The average rate as rows over present contracts; None where a member asks for two services of one category.

    At the edge (exactly half a percent more) they let an average through that rounds up. With `least` any average from
    there to `average` will do.
    """
    rows = []
    for category, percent in average.items():
        own = [index for index, demand in enumerate(inputs.demands) if demand.category == category]
        if len({inputs.demands[index].lea_id for index in own}) < len(own):
            return None
        low = percent if least is None else least[category]
        span = f"{percent}" if low == percent else f"{low} to {percent}"
        words = f"those who file together for {category} average {span} percent"
        for name, sign, half, end in (("low", -1.0, 1, low), ("high", 1.0, -1, percent)):
            size = {index: sign * (2.0 * (inputs.demands[index].rate - end) + half) for index in own}
            keeps = {index: -amount for index, amount in size.items() if inputs.demands[index].current is not None}
            rows.append(Row(f"average_{name}_{category}", words, {}, -sum(size.values()), keeps))
    return rows


def most_weight(given: Facts) -> dict[tuple[int, int], float]:
    """The most weight that a bid may serve in each tier: by quantity, less than the next tier asks, and its capacity."""
    found: dict[tuple[int, int], float] = {}
    options = given.options
    by_quantity = given.inputs.policy.share_fixed == "quantity"
    for bid, level in given.tiers():
        here = (options.bid == bid) & (options.level == level)
        found[bid, level] = float(given.weight[options.demand[here]].sum())
        if by_quantity:
            above = [told.from_quantity for told in given.inputs.bids[bid].levels[level + 1 : level + 2]]
            found[bid, level] = min([found[bid, level], float(given.capacity[bid]), *above])
    return found


def _own_part(fairness: Fairness, index: int) -> float:
    """The part of one more dollar of a bid's price that the member pays itself."""
    return 1 - fairness.rate(index) * float(fairness.inputs.demands[index].eligible_share)


def _served(model: Model) -> dict[tuple[int, int], list[pulp.LpVariable]]:
    found: dict[tuple[int, int], list[pulp.LpVariable]] = {}
    for (demand, bid, _), variable in model.award.items():
        found.setdefault((demand, bid), []).append(variable)
    return found


def _shares(model: Model, of: Collection[int] | None) -> dict[tuple[int, int], pulp.LpVariable]:
    """The share of each fixed cost (`of` some bids), per unit of weight, exactly: bounds in each tier make rows tight."""
    given, problem, shares = model.facts, model.problem, dict[tuple[int, int], pulp.LpVariable]()
    by_bid: dict[int, list[int]] = {}
    served = _served(model)
    for demand, bid in served:
        if given.fixed[bid] > 0 and (of is None or bid in of):
            by_bid.setdefault(bid, []).append(demand)
    most_weights = most_weight(given)
    for bid, demands in by_bid.items():
        fixed = float(given.fixed[bid])
        weights = [float(given.weight[demand]) for demand in demands]
        smallest = min((weight for weight in weights if weight > 0), default=1.0)
        tiers = [level for level in given.levels[bid] if (bid, level) in model.wins]
        most = {level: fixed / max(smallest, _least_weight(given, bid, level)) for level in tiers}
        least = {level: fixed / max(most_weights[bid, level], smallest) for level in tiers}
        per_weight = problem.add_variable(f"per_weight_{bid}", 0, max(most.values()))
        wins = [(model.wins[bid, level], level) for level in tiers]
        model.add([(per_weight, 1.0), *((won, -most[level]) for won, level in wins)], LE, 0.0, f"per_most_{bid}")
        model.add([(per_weight, 1.0), *((won, -least[level]) for won, level in wins)], GE, 0.0, f"per_least_{bid}")
        for demand in demands:
            part = shares[demand, bid] = problem.add_variable(f"part_{demand}_{bid}", 0, max(most.values()))
            award = [(model.award[demand, bid, level], level) for level in tiers if (demand, bid, level) in model.award]
            other = [(won, 1.0, level) for won, level in wins] + [(told, -1.0, level) for told, level in award]
            rest = [(part, 1.0), (per_weight, -1.0)]
            name = f"{demand}_{bid}"
            model.add([(part, 1.0), *((told, -most[level]) for told, level in award)], LE, 0.0, f"part_if_{name}")
            model.add([(part, 1.0), *((told, -least[level]) for told, level in award)], GE, 0.0, f"part_least_{name}")
            model.add([*rest, *((v, sign * most[level]) for v, sign, level in other)], GE, 0.0, f"part_full_{name}")
            model.add([*rest, *((v, sign * least[level]) for v, sign, level in other)], LE, 0.0, f"part_same_{name}")
        parts = [(shares[demand, bid], weight) for demand, weight in zip(demands, weights, strict=True)]
        model.add([*parts, *((won, -fixed) for won, _ in wins)], EQ, 0.0, f"shared_{bid}")
    return shares


def _least_weight(given: Facts, bid: int, level: int) -> float:
    """The least weight that a bid must serve to be billed in a tier."""
    by_quantity = given.inputs.policy.share_fixed == "quantity"
    return given.inputs.bids[bid].levels[level].from_quantity if by_quantity else 0.0


def _over_budget(model: Model, fairness: Fairness, shares: Mapping[tuple[int, int], pulp.LpVariable]) -> list[Term]:
    """What a Category Two budget leaves without discount; never too much, and exact for members with one such service.

    With several of them it counts at the least of the rates that apply.
    """
    terms: list[Term] = []
    for number, indices in enumerate(members(fairness.inputs).values()):
        limited = [index for index in indices if fairness.inputs.demands[index].c2_available is not None]
        if not limited:
            continue
        over = model.problem.add_variable(f"over_{number}", 0)
        left = max(0.0, float(fairness.inputs.demands[limited[0]].c2_available or 0))
        rates = [min(fairness.rate(index), fairness.inputs.demands[index].rate / 100) for index in limited]
        eligible = [term for index in limited for term in _eligible(model, fairness, index, shares)]
        keeps = model.keeps.get(limited[0])
        if len(limited) == 1 and keeps is not None:
            kept = sum(size for variable, size in eligible if variable is keeps)
            eligible = [term for term in eligible if term[0] is not keeps]
            terms.append((keeps, max(0.0, kept - left) * fairness.inputs.demands[limited[0]].rate / 100))
            rates = [fairness.rate(limited[0])]
        model.add(
            [(over, 1.0), *((variable, -size) for variable, size in _gathered(eligible))], GE, -left, f"over_{number}"
        )
        terms.append((over, min(rates)))
    return terms


def _eligible(
    model: Model, fairness: Fairness, index: int, shares: Mapping[tuple[int, int], pulp.LpVariable]
) -> list[Term]:
    """The eligible cost of one demand, over all ways to serve it."""
    given, demand, options = model.facts, fairness.inputs.demands[index], fairness.given.options
    ended = float(demand.termination) if demand.current is not None else 0.0
    part = float(demand.eligible_share)
    terms: list[Term] = []
    for place in (options.demand == index).nonzero()[0].tolist():
        key = (index, int(options.bid[place]), int(options.level[place]))
        if key in model.award:
            terms.append((model.award[key], part * (float(options.cost[place]) - ended)))
    terms += [(share, part * float(given.weight[index])) for (other, _), share in shares.items() if other == index]
    if index in model.keeps and demand.rate:
        unpaid = fairness.keeping(index)
        terms.append((model.keeps[index], (float(given.keep[index]) - unpaid) / (demand.rate / 100)))
    for bid, named in given.bundles.items():
        if index in named:
            terms.append((model.wins[bid, 0], part * (fairness.bundle_part(bid, index) - ended)))
    return terms


def _gathered(terms: Sequence[Term]) -> list[Term]:
    """The same terms with each variable once."""
    found: dict[pulp.LpVariable, float] = {}
    for variable, size in terms:
        found[variable] = found.get(variable, 0.0) + size
    return list(found.items())


def average_is(model: Model, average: Mapping[str, int]) -> None:
    """Require the rates of those who buy from bids to average, rounded half up, to these percentages."""
    inputs = model.facts.inputs
    bought: dict[int, list[pulp.LpVariable]] = {}
    for (demand, _, _), variable in model.award.items():
        bought.setdefault(demand, []).append(variable)
    for bid, named in model.facts.bundles.items():
        for demand in named:
            bought.setdefault(demand, []).append(model.wins[bid, 0])
    for category, percent in average.items():
        low: list[Term] = []
        high: list[Term] = []
        anyone = model.problem.add_variable(f"anyone_{category}", cat="Binary")
        for number, indices in enumerate(members(inputs).values()):
            own = [index for index in indices if inputs.demands[index].category == category and index in bought]
            if not own:
                continue
            together = model.problem.add_variable(f"together_{category}_{number}", cat="Binary")
            for index in own:
                terms = [(variable, 1.0) for variable in bought[index]]
                model.add([*terms, (together, -1.0)], LE, 0.0, f"together_if_{category}_{index}")
            every = _gathered([(variable, -1.0) for index in own for variable in bought[index]])
            model.add([(together, 1.0), *every], LE, 0.0, f"together_only_{category}_{number}")
            model.add([(together, 1.0), (anyone, -1.0)], LE, 0.0, f"anyone_{category}_{number}")
            rate = inputs.demands[own[0]].rate
            low.append((together, 2.0 * (rate - percent) + 1))
            high.append((together, 2.0 * (rate - percent) - 1))
        words = f"those who file together for {category} average {percent} percent"
        model.add(low, GE, 0.0, f"average_low_{category}", words)
        model.add([*high, (anyone, 1.0)], LE, 0.0, f"average_high_{category}", words)


def at_most(model: Model, ceiling: float) -> None:
    """Look only for answers that cost less than one already known."""
    terms = list((model.problem.objective or {}).items())
    model.add(terms, LE, ceiling, "better_than_known")
