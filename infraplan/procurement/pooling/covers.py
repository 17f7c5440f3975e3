"""What an award breaks of capacities, shares and tiers by less than a solver sees, as rows that bar it; see `quantities`."""

from collections.abc import Mapping

import numpy as np

from infraplan.procurement.pooling import quantities
from infraplan.procurement.pooling.bills import Award
from infraplan.procurement.pooling.model import Facts, Row
from infraplan.procurement.pooling.quantities import Item


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
