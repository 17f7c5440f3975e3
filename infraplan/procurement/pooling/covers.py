"""What an award breaks of capacities, shares and tiers by less than a solver sees, as rows that bar it; see `quantities`."""

from collections.abc import Collection, Mapping

import numpy as np

from infraplan.procurement.pooling import quantities
from infraplan.procurement.pooling.bills import CURRENT, Award, members, worse_off
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.procurement.pooling.model import Facts, Row
from infraplan.procurement.pooling.quantities import EASED, Item


def broken(given: Facts, award: Award, billed: Mapping[int, int], before: int) -> list[Row]:
    """Rows that bar an award, none if it keeps every limit; `billed` is the tier of each bid in the model's answer.

    `before` counts the rows already found.
    """
    rows = [_over_capacity(given, award, bid) for bid in quantities.over_capacity(award)]
    rows += [_over_share(given, award, *key) for key in quantities.over_share(award)]
    rows += [_untiered(given, award, *tier) for tier in quantities.untiered(award, billed)]
    return [
        Row(f"exact_{before + number}", row.words, row.award, row.most, row.keeps, row.bundles, row.wins)
        for number, row in enumerate(rows)
    ]


def unfair(
    fairness: Fairness, award: Award, billed: Mapping[int, int], before: int, among: Collection[str] | None = None
) -> list[Row]:
    """Rows that bar an award that leaves members (`among` some) worse off: those of `Fairness`, which tell a solver most.

    Where it breaks none of them by more than a hair: that such a member is served as it is, by bids that serve nobody more.
    """
    rows = fairness.rows(award, before, among)
    if not rows or any(_over(row, award, billed) > EASED * _largest(row) for row in rows):
        return rows
    worse = [name for name in worse_off(award, fairness.base) if among is None or name in among]
    more = before + len(rows)
    return rows + [_worse_alone(fairness, award, billed, name, more + k) for k, name in enumerate(worse)]


def _over(row: Row, award: Award, billed: Mapping[int, int]) -> float:
    """By how much an award breaks a row."""
    total = sum(row.bundles.get(bid, 0.0) for bid in award.quantity)
    for index, bid in enumerate(award.choice):
        if bid == CURRENT:
            total += row.keeps.get(index, 0.0)
        else:
            total += row.award.get((index, bid, billed.get(bid, 0)), 0.0)
    return total - row.most


def _largest(row: Row) -> float:
    """The largest figure of a row, and no less than one: what a solver overlooks, it overlooks of these."""
    return max(map(abs, [1.0, row.most, *row.award.values(), *row.keeps.values(), *row.bundles.values()]))


def _worse_alone(fairness: Fairness, award: Award, billed: Mapping[int, int], member: str, number: int) -> Row:
    given, terms, keeps, bundles = fairness.given, dict[tuple[int, int, int], float](), dict[int, float](), set[int]()
    own = members(given.inputs)[member]
    for index in own:
        bid = award.choice[index]
        if bid == CURRENT:
            keeps[index] = 1.0
        elif bid in given.bundles:
            bundles.add(bid)
        else:
            terms[index, bid, billed[bid]] = 1.0
    most = len(terms) + len(keeps) + len(bundles) - 1.0
    for bid in sorted({bid for _, bid, _ in terms}):
        others = (index for _, index in _offered(given, bid, billed[bid]) if award.choice[index] != bid)
        terms |= {(index, bid, billed[bid]): -1.0 for index in others if given.fixed[bid] > 0}
    words = f"{member} is not worse off (no_district_worse_off)"
    return Row(f"fair_exact_{number}", words, terms, most, keeps, dict.fromkeys(sorted(bundles), 1.0))


def _offered(given: Facts, bid: int, level: int | None = None) -> list[Item]:
    """Demands that a bid may serve, in one tier or any, with their quantities."""
    here = given.options.bid == bid
    if level is not None:
        here &= given.options.level == level
    return [(float(given.quantity[index]), int(index)) for index in np.unique(given.options.demand[here])]


def _over_capacity(given: Facts, award: Award, bid: int) -> Row:
    told, every = given.inputs.bids[bid], _offered(given, bid)
    served = [item for item in every if award.choice[item[1]] == bid]
    barred, most = quantities.too_much(served, every, float(told.capacity or 0))
    terms = {(index, bid, level): 1.0 for index in sorted(barred) for level in given.levels[bid]}
    return Row("", f"bid {told.bid_id} serves at most {told.capacity:g}", terms, float(most))


def _over_share(given: Facts, award: Award, provider: str, service: str) -> Row:
    """Bundles are numbered after the demands."""
    inputs, count = given.inputs, len(given.quantity)
    share = inputs.policy.max_share_per_provider or 0.0
    own = [bid for bid, told in enumerate(inputs.bids) if told.provider_id == provider]
    every = {item for bid in own for item in _offered(given, bid) if inputs.demands[item[1]].service == service}
    for bid in own:
        size = sum(
            inputs.demands[index].quantity
            for index in given.bundles.get(bid, ())
            if inputs.demands[index].service == service
        )
        every |= {(float(size), count + bid)} if size else set()
    won = {
        count + bid if bid in given.bundles else index
        for index, bid in enumerate(award.choice)
        if bid in own and inputs.demands[index].service == service
    }
    served, _ = quantities.split(sorted(every), won)
    barred, most = quantities.too_much(served, every, share * inputs.asked()[service])
    terms = {
        (index, bid, level): 1.0 for index in sorted(barred) if index < count for bid in own if bid not in given.bundles
        for level in given.levels[bid]
    }  # fmt: skip
    words = f"provider {provider} holds at most {share:g} of the quantity of {service} (max_share_per_provider)"
    return Row("", words, terms, float(most), bundles={index - count: 1.0 for index in barred if index >= count})


def _untiered(given: Facts, award: Award, bid: int, level: int) -> Row:
    every = _offered(given, bid, level)
    _, others = quantities.split(every, [index for index, chosen in enumerate(award.choice) if chosen == bid])
    start = given.inputs.bids[bid].levels[level].from_quantity
    needed = quantities.too_little(others, sum(size for size, _ in every), start)
    return Row("", "", {(index, bid, level): -1.0 for index in sorted(needed)}, 0.0, wins={(bid, level): 1.0})
