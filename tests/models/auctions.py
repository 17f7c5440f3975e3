"""Combinatorial auctions in the manner of the Combinatorial Auction Test Suite, and a second opinion on their optima.

Goods are members who may keep what they have for 1,000 each; a bid on a set of goods is a bundle at that price less its
value. The least cost is then 1,000 per good less the highest revenue of the auction.
"""

import random
from decimal import Decimal

from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Offer
from infraplan.procurement.pooling.policy import Policy

KEEP = 1000
Auction = tuple[int, list[tuple[frozenset[int], int]]]


def regions(side: int, bids: int, seed: int) -> Auction:
    """Sets of neighboring plots of a square, grown plot by plot; worth a little more than the sum of their parts."""
    draw = random.Random(seed)  # noqa: S311
    goods = side * side
    worth = [draw.randint(20, 100) for _ in range(goods)]
    found = []
    for _ in range(bids):
        chosen = {draw.randrange(goods)}
        while draw.random() < 0.75 and len(chosen) < goods:
            edge = {near for plot in chosen for near in _beside(plot, side)} - chosen
            chosen.add(draw.choice(sorted(edge)))
        found.append((frozenset(chosen), _value(draw, worth, chosen, 0.2)))
    return goods, found


def arbitrary(goods: int, bids: int, seed: int) -> Auction:
    """Sets of goods that go together at random."""
    draw = random.Random(seed)  # noqa: S311
    worth = [draw.randint(20, 100) for _ in range(goods)]
    found = []
    for _ in range(bids):
        chosen = {draw.randrange(goods)}
        while draw.random() < 0.7 and len(chosen) < goods:
            chosen.add(draw.randrange(goods))
        found.append((frozenset(chosen), _value(draw, worth, chosen, 0.3)))
    return goods, found


def paths(goods: int, bids: int, seed: int) -> Auction:
    """Stretches of a line, as a carrier bids for the legs of a route."""
    draw = random.Random(seed)  # noqa: S311
    worth = [draw.randint(20, 100) for _ in range(goods)]
    found = []
    for _ in range(bids):
        first = draw.randrange(goods)
        chosen = set(range(first, min(goods, first + 1 + int(draw.expovariate(0.5)))))
        found.append((frozenset(chosen), _value(draw, worth, chosen, 0.25)))
    return goods, found


def _beside(plot: int, side: int) -> list[int]:
    row, column = divmod(plot, side)
    near = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    return [r * side + c for r, c in near if 0 <= r < side and 0 <= c < side]


def _value(draw: random.Random, worth: list[int], chosen: set[int], more: float) -> int:
    together = sum(worth[good] for good in chosen) * (1 + more * (len(chosen) - 1) / len(worth))
    return round(together * draw.uniform(0.7, 1.3))


def purchase(auction: Auction) -> Inputs:
    """The auction as a pooled purchase."""
    goods, bids = auction
    demands = tuple(Demand(f"g{good:03d}", "internet", 1.0, Decimal(KEEP), row=good) for good in range(goods))
    told = tuple(
        Bid(f"b{n:04d}", f"p{n}", "internet", bundle=True, month=Decimal(KEEP * len(chosen) - value))
        for n, (chosen, value) in enumerate(bids)
    )
    offers = tuple(
        Offer(n, good, Decimal(0), Decimal(0)) for n, (chosen, _) in enumerate(bids) for good in sorted(chosen)
    )
    return Inputs(Policy(horizon_months=1, no_district_worse_off=False), demands, told, offers)


def best_revenue(auction: Auction) -> int:
    """The highest revenue, by going through all sets of goods (at most about 16 of them)."""
    goods, bids = auction
    masks = [(sum(1 << good for good in chosen), value) for chosen, value in bids]
    by_lowest: dict[int, list[tuple[int, int]]] = {}
    for mask, value in masks:
        by_lowest.setdefault((mask & -mask).bit_length() - 1, []).append((mask, value))
    best = [0] * (1 << goods)
    for free in range(1, 1 << goods):
        low = (free & -free).bit_length() - 1
        best[free] = best[free & ~(1 << low)]  # the lowest good is sold to nobody, or in one of its bids
        for mask, value in by_lowest.get(low, ()):
            if mask & ~free == 0:
                best[free] = max(best[free], value + best[free & ~mask])
    return best[-1]
