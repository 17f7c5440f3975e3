"""A first set of bids where only so many may win: the best are added one by one, then exchanged while that pays.

Every member goes to the cheapest open bid or keeps its contract. Capacities, shares of providers, fairness and bundles are left
out; the model itself completes the set to an award of whole members, or finds that none comes of it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infraplan.procurement.pooling.model import Facts
from infraplan.solve import Floats

MOST_EXCHANGES: Final = 1_000
LEAST_GAIN: Final = 1e-9
"""Share of the cost by which an exchange must pay."""
UNSERVED: Final = 10.0
"""What a member left without any bid or contract counts for, in dearest prices."""

Tiers = tuple[tuple[int, int], ...]


def few(given: Facts) -> list[Tiers]:
    """Return a good set of (bid, tier) where `max_awards` or `max_providers` leaves some out; none where neither does."""
    policy = given.inputs.policy
    if policy.max_providers is not None:
        seller = [bid.provider_id for bid in given.inputs.bids]
        most = min(policy.max_providers, policy.max_awards or policy.max_providers)
    elif policy.max_awards is not None:
        seller, most = [bid.bid_id for bid in given.inputs.bids], policy.max_awards
    else:
        return []
    names = {name: place for place, name in enumerate(dict.fromkeys(seller))}
    first = given.options.where(given.options.level == 0)
    if most >= len(names) or not len(first.cost):
        return []
    price = np.full((len(seller), len(given.keep)), np.inf)
    price[first.bid, first.demand] = first.cost
    group = np.array([names[name] for name in seller])
    return [_tiers(given, price, _Sites.of(given, price, group, most).found(), group)]


def _tiers(given: Facts, price: Floats, chosen: list[int], group: NDArray[np.int64]) -> Tiers:
    """The bids that members go to, each in the tier it then reaches."""
    open_bids = np.flatnonzero(np.isin(group, chosen))
    if not len(open_bids):
        return ()  # no bid pays: everyone keeps its contract
    best = open_bids[np.argmin(price[open_bids], axis=0)]
    cheapest = price[best, np.arange(len(best))]
    goes = np.isfinite(cheapest) & (cheapest <= given.keep)
    won = np.minimum(np.bincount(best[goes], given.quantity[goes], minlength=len(group)), given.capacity)
    return tuple((bid, _reached(given, bid, float(won[bid]))) for bid in np.unique(best[goes]).tolist())


def _reached(given: Facts, bid: int, won: float) -> int:
    levels = given.inputs.bids[bid].levels
    return max(place for place in given.levels[bid] if levels[place].from_quantity <= won or not place)


@dataclass(frozen=True)
class _Sites:
    """Sites of which `most` may open: `cost[s, d]` serves demand d from site s, `fixed[s]` opens it; `own[d]` else."""

    cost: Floats
    fixed: Floats
    own: Floats
    most: int

    @classmethod
    def of(cls, given: Facts, price: Floats, group: NDArray[np.int64], most: int) -> "_Sites":
        """Sites are bids, or providers with all of their bids (opened for the least fixed cost of one)."""
        count = int(group.max()) + 1
        cost, fixed = np.full((count, price.shape[1]), np.inf), np.full(count, np.inf)
        np.minimum.at(cost, group, price)
        np.minimum.at(fixed, group, given.fixed)
        dear = UNSERVED * float(price[np.isfinite(price)].max())
        own = np.where(np.isfinite(given.keep), given.keep, dear)
        return cls(np.minimum(cost, own), fixed, own, most)

    def found(self) -> list[int]:
        """Add while that pays, then exchange one for one while that pays."""
        chosen: list[int] = []
        while len(chosen) < self.most:
            total = np.minimum(self.cost, self._nearest(chosen)).sum(axis=1) + self.fixed
            total[chosen] = np.inf
            best = int(total.argmin())
            if total[best] >= float(self._nearest(chosen).sum()):
                break
            chosen.append(best)
        for _ in range(MOST_EXCHANGES if chosen else 0):
            better = self._exchanged(chosen)
            if better is None:
                break
            chosen = better
        return chosen

    def _nearest(self, chosen: list[int]) -> Floats:
        return np.asarray(self.cost[chosen].min(axis=0, initial=np.inf)) if chosen else self.own

    def _exchanged(self, chosen: list[int]) -> list[int] | None:
        """The set after the best exchange; None where none pays."""
        inside = np.vstack([self.cost[chosen], self.own])
        order = np.argsort(inside, axis=0, kind="stable")
        where = np.arange(inside.shape[1])
        first, second = inside[order[0], where], inside[order[1], where]
        now = float(first.sum() + self.fixed[chosen].sum())
        with_it = np.minimum(self.cost, first)
        lost = np.minimum(self.cost, second) - with_it
        belongs = (order[0][:, None] == np.arange(len(chosen))).astype(float)
        total = with_it.sum(axis=1)[:, None] + lost @ belongs
        total += self.fixed[:, None] - self.fixed[chosen] + self.fixed[chosen].sum()
        total[chosen] = np.inf
        comes, goes = divmod(int(total.argmin()), len(chosen))
        if total[comes, goes] >= now - LEAST_GAIN * abs(now):
            return None
        return [comes if place == goes else site for place, site in enumerate(chosen)]
