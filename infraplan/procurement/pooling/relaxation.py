"""The linear relaxation of a large purchase, with columns and rows brought in as needed.

The relaxation of `model` has a column per member, bid and tier and a row `award <= wins` for each: too many to solve whole,
and nearly all idle.

columns  A tier nobody has opened matters only if opening it pays: its price and those of all members who would come,
         at the duals, sum below zero. (Otherwise the idle rows award <= wins take up the negative reduced costs.)
rows     award <= wins where an answer breaks it; fairness rows as awards break them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from infraplan.procurement.pooling.model import Facts, Row
from infraplan.solve import Arrays, Floats, Relaxation

EPS: Final = 1e-6
BROKEN: Final = 0.1
"""A row award <= wins is added when broken by more; the bound holds without it, a little weaker."""
FIRST_BIDS: Final = 8
"""Columns at the start: every member's cheapest bids, at all their tiers."""
MISSED: Final = 1e-6
"""Share of the objective that idle columns may hide between them; taken off every bound."""
INFINITE: Final = 1e30
PENALTY: Final = 10.0
SMALL: Final = 0.02
"""Share of everything asked for that a tier without a threshold counts for when questions are ordered."""
TAIL: Final = 4
LEAST_LIFT: Final = 2e-5
"""Rows stop coming in when so many rounds have lifted the bound by less than this share."""

Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]
Fixed = tuple[tuple[int, int], ...]
"""Branches taken: (tier, 1) its bid reaches this tier or beyond; (tier, 0) it does not."""


def keep_max(keep: Floats) -> float:
    """The dearest present contract."""
    return float(keep[np.isfinite(keep)].max(initial=0.0))


@dataclass
class Tree:
    """The relaxation of one purchase and the search over its tiers.

    Columns of the relaxation: `keeps` of every demand, `wins` of every tier, how far each tier is missed (at a price no
    answer pays), then options as they come in. Rows: demands,
    capacities, tiers reached, one tier per bid, provider shares, then links.
    """

    given: Facts
    tiers: list[tuple[int, int]] = field(init=False)
    bid: Longs = field(init=False)
    level: Longs = field(init=False)
    tier_of: Longs = field(init=False)
    matrix: sp.csc_array = field(init=False)
    row_of: Longs = field(init=False)
    linear: Relaxation = field(init=False)
    place: Longs = field(init=False)
    linked: Bools = field(init=False)
    size: Floats = field(init=False)
    start: Floats = field(init=False)
    first_level_row: int = field(init=False)
    active: list[int] = field(default_factory=list)
    solves: int = 0

    def __post_init__(self) -> None:
        given = self.given
        self.tiers = list(given.tiers())
        self.bid = np.array([bid for bid, _ in self.tiers], dtype=np.int64)
        self.level = np.array([level for _, level in self.tiers], dtype=np.int64)
        number = {tier: place for place, tier in enumerate(self.tiers)}
        pairs = zip(given.options.bid.tolist(), given.options.level.tolist(), strict=True)
        self.tier_of = np.array([number[pair] for pair in pairs], dtype=np.int64)
        self.place = np.full(len(given.options.cost), -1, dtype=np.int64)
        self.linked = np.zeros(len(given.options.cost), dtype=bool)
        self._state()
        self._bring_in(self._first_columns())

    # --- stating the relaxation -------------------------------------------------------------------------------------

    def _state(self) -> None:
        """Rows over all columns; the relaxation starts with `keeps`, `wins`, tiers missed and providers only."""
        given, n, tiers, bids = self.given, len(self.given.keep), len(self.tiers), len(self.given.inputs.bids)
        self.start = np.array([given.inputs.bids[bid].levels[level].from_quantity for bid, level in self.tiers])
        self.size = SMALL * float(given.quantity.sum()) + self.start
        self.first_level_row = n + 2 * tiers
        share, counted = self._shares(), self._counts()
        size = given.quantity[given.options.demand]
        options = np.arange(len(size))
        cover = sp.csr_array((np.ones(len(size)), (given.options.demand, options)), shape=(n, len(size)))
        volume = sp.csr_array((size, (self.tier_of, options)), shape=(tiers, len(size)))
        self.matrix = sp.csc_array(sp.vstack([cover, volume, volume, sp.csr_array((bids, len(size))), share[0]]))
        self.row_of = np.arange(self.matrix.shape[0])
        capacity = np.minimum(np.minimum(given.capacity[self.bid], self._most_of_share()), volume.sum(axis=1))
        one = sp.csr_array((np.ones(tiers), (self.bid, np.arange(tiers))), shape=(bids, tiers))
        diagonal = sp.diags_array
        wins = sp.vstack([self._bundle_cover(), diagonal(-capacity), diagonal(-self.start), one, share[1], counted[0]])
        count, before = wins.shape[0], self.matrix.shape[0]
        keeps = sp.vstack([sp.eye_array(n), sp.csr_array((count - n, n))])
        missed = (n + tiers + np.arange(tiers), np.arange(tiers))
        short = sp.csr_array((self.start, missed), shape=(count, tiers))
        sells = sp.vstack([sp.csr_array((before, counted[1].shape[1])), counted[1]])
        rows = sp.csr_array(sp.hstack([keeps, wins, short, sells]))
        self._start_solver(rows, share[2], counted[2], sells.shape[1])

    def _start_solver(self, rows: sp.csr_array, shares: Floats, counts: Floats, sellers: int) -> None:
        given, n, tiers, bids = self.given, len(self.given.keep), len(self.tiers), len(self.given.inputs.bids)
        bundle = np.array([bid in given.bundles for bid in self.bid.tolist()], dtype=bool)
        cost = np.where(bundle, [given.bundle_cost.get(bid, 0.0) for bid in self.bid.tolist()], given.fixed[self.bid])
        # a volume row says nothing of a bundle, which has no options
        most, free = np.where(bundle, np.inf, 0.0), np.full(tiers, np.inf)
        upper = np.concatenate((np.ones(n), most, free, np.ones(bids), shares, counts))
        lower = np.concatenate((np.ones(n), -free, -most, np.full(bids + len(shares) + len(counts), -np.inf)))
        # what cannot be (no contract to keep, a tier not reached) has a price, so that there is always an answer to price
        dear = PENALTY * float(max(given.options.cost.max(initial=1.0), keep_max(given.keep)))
        keep = np.where(np.isfinite(given.keep), given.keep, dear)
        costs = np.concatenate((keep, cost, np.full(tiers, dear), np.zeros(sellers)))
        zero, one = np.zeros(len(costs)), np.ones(len(costs))
        self.linear = Relaxation(
            Arrays(
                [], costs, zero, one, zero.astype(bool), [], lower, upper,
                rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data,
            )
        )  # fmt: skip

    def _counts(self) -> tuple[sp.csr_array, sp.csr_array, Floats]:
        """Numbers of awards and providers, as rows `<= limit` over `wins` and over providers that sell."""
        policy, tiers = self.given.inputs.policy, len(self.tiers)
        told = [self.given.inputs.bids[bid].provider_id for bid in self.bid.tolist()]
        names = {name: place for place, name in enumerate(sorted(set(told)))}
        seller = np.array([names[name] for name in told], dtype=np.int64)
        limited = policy.max_providers is not None or policy.min_providers is not None
        sellers, bids = len(names) if limited else 0, len(self.given.inputs.bids)
        over_wins: list[sp.csr_array] = []
        over_sells: list[sp.csr_array] = []
        limits: list[float] = []
        if limited:
            # a bid that wins makes its provider sell; a provider that sells has a bid that wins
            one = sp.csr_array((np.ones(tiers), (self.bid, np.arange(tiers))), shape=(bids, tiers))
            owner = np.zeros(bids, dtype=np.int64)
            owner[self.bid] = seller
            by_provider = sp.csr_array((-np.ones(tiers), (seller, np.arange(tiers))), shape=(sellers, tiers))
            over_wins += [one, by_provider]
            sold = sp.csr_array((-np.ones(bids), (np.arange(bids), owner)), shape=(bids, sellers))
            over_sells += [sold, sp.csr_array(sp.eye_array(sellers))]
            limits += [0.0] * (bids + sellers)
        for limit, sign in ((policy.max_providers, 1.0), (policy.min_providers, -1.0)):
            if limit is not None:
                over_wins.append(sp.csr_array((1, tiers)))
                over_sells.append(sp.csr_array(np.full((1, sellers), sign)))
                limits.append(sign * limit)
        if policy.max_awards is not None:
            over_wins.append(sp.csr_array(np.ones((1, tiers))))
            over_sells.append(sp.csr_array((1, sellers)))
            limits.append(float(policy.max_awards))
        nothing = (sp.csr_array((0, tiers)), sp.csr_array((0, sellers)), np.zeros(0))
        if not limits:
            return nothing
        return sp.csr_array(sp.vstack(over_wins)), sp.csr_array(sp.vstack(over_sells)), np.array(limits)

    def _shares(self) -> tuple[sp.csr_array, sp.csr_array, Floats]:
        """Provider shares: rows over options, rows over tiers (bundles), and their limits."""
        given, share = self.given, self.given.inputs.policy.max_share_per_provider
        options, tiers = len(self.tier_of), len(self.tiers)
        if share is None:
            return sp.csr_array((0, options)), sp.csr_array((0, tiers)), np.zeros(0)
        key: dict[tuple[str, str], int] = {}
        total = given.inputs.asked()

        def row_of(demand: int, bid: int) -> int:
            return key.setdefault((given.inputs.bids[bid].provider_id, given.inputs.demands[demand].service), len(key))

        pairs = zip(given.options.demand.tolist(), given.options.bid.tolist(), strict=True)
        rows = [row_of(demand, bid) for demand, bid in pairs]
        bundled = [
            (row_of(demand, bid), tier, float(given.quantity[demand]))
            for tier, bid in enumerate(self.bid.tolist())
            for demand in given.bundles.get(bid, ())
        ]
        size = given.quantity[given.options.demand]
        over_options = sp.csr_array((size, (np.array(rows), np.arange(options))), shape=(len(key), options))
        at = np.array([(row, tier) for row, tier, _ in bundled], dtype=np.int64).reshape(-1, 2)
        amount = np.array([quantity for _, _, quantity in bundled], dtype=float)
        over_tiers = sp.csr_array((amount, (at[:, 0], at[:, 1])), shape=(len(key), tiers))
        return over_options, over_tiers, np.array([share * total[service] for _, service in key])

    def _most_of_share(self) -> Floats:
        """What one bid can win at most under the provider's share: it closes the bound a little."""
        share = self.given.inputs.policy.max_share_per_provider
        total = sum(self.given.inputs.asked().values())
        return np.full(len(self.tiers), np.inf if share is None else share * total)

    def _bundle_cover(self) -> sp.csr_array:
        found = [
            (demand, tier) for tier, bid in enumerate(self.bid.tolist()) for demand in self.given.bundles.get(bid, ())
        ]
        rows, columns = ([pair[0] for pair in found], [pair[1] for pair in found])
        shape = (len(self.given.keep), len(self.tiers))
        return sp.csr_array(
            (np.ones(len(found)), (np.array(rows, dtype=int), np.array(columns, dtype=int))), shape=shape
        )

    def _first_columns(self) -> Longs:
        options = self.given.options
        if not len(options.cost):
            return np.zeros(0, dtype=np.int64)
        order = np.lexsort((options.cost, options.bid, options.demand))
        first = np.concatenate(
            ([True], np.diff(options.demand[order] * (1 + options.bid.max()) + options.bid[order]) != 0)
        )
        best = order[first]
        best = best[np.lexsort((options.cost[best], options.demand[best]))]
        rank = np.arange(len(best)) - np.searchsorted(options.demand[best], options.demand[best])
        chosen = best[rank < FIRST_BIDS]
        bids = 1 + int(options.bid.max())
        pair = options.demand * bids + options.bid
        return np.flatnonzero(np.isin(pair, pair[chosen]))

    # --- rows and columns as needed ---------------------------------------------------------------------------------

    def _bring_in(self, options: Longs) -> None:
        if not len(options):
            return
        block = self.matrix[:, options]
        self.place[options] = self.linear.columns + np.arange(len(options))
        self.active.extend(options.tolist())
        self.linear.add_columns(
            self.given.options.cost[options],
            block.indptr[:-1].astype(np.int32),
            self.row_of[block.indices].astype(np.int32),
            block.data,
        )

    def _link(self, options: Longs) -> None:
        self.linked[options] = True
        count = len(options)
        columns = (
            np.stack([self.place[options], len(self.given.keep) + self.tier_of[options]], 1).ravel().astype(np.int32)
        )
        starts = (2 * np.arange(count)).astype(np.int32)
        self.linear.add_rows(np.zeros(count), starts, columns, np.tile([1.0, -1.0], count))

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows over options, present contracts and bundles that awards have broken."""
        number = {key: place for place, key in enumerate(self._keys())}
        tier = {pair: place for place, pair in enumerate(self.tiers)}
        for row in rows:
            found = sorted((number[key], size) for key, size in row.award.items() if key in number)
            options = np.array([place for place, _ in found], dtype=np.int64)
            size = np.array([amount for _, amount in found], dtype=float)
            here = self.place[options] >= 0
            others = sorted(row.keeps.items())
            others += [(len(self.given.keep) + tier[bid, 0], amount) for bid, amount in sorted(row.bundles.items())]
            at, amounts = [place for place, _ in others], [amount for _, amount in others]
            self.row_of = np.append(self.row_of, self.linear.rows)
            self.linear.add_rows(
                np.array([row.most]),
                np.zeros(1, dtype=np.int32),
                np.concatenate((self.place[options[here]], np.array(at, dtype=np.int64))).astype(np.int32),
                np.concatenate((size[here], np.array(amounts, dtype=float))),
            )
            line = sp.csr_array((size, (np.zeros(len(found), dtype=int), options)), shape=(1, len(self.tier_of)))
            self.matrix = sp.csc_array(sp.vstack([self.matrix, line]))

    def _keys(self) -> list[tuple[int, int, int]]:
        options = self.given.options
        return list(zip(options.demand.tolist(), options.bid.tolist(), options.level.tolist(), strict=True))

    def _broken(self, values: Floats) -> Longs:
        """Active options awarded beyond what their tier is open."""
        active = np.array(self.active, dtype=np.int64)
        over = values[self.place[active]] - values[len(self.given.keep) + self.tier_of[active]]
        return active[(over > BROKEN) & ~self.linked[active]]

    def _worth_it(self, reduced: Floats, duals: Floats, closed: Bools) -> Longs:
        """Idle options of tiers that would pay if they came in."""
        price = self.given.options.cost - self.matrix.T @ duals[self.row_of]
        idle = (self.place < 0) & (price < -EPS) & ~closed[self.tier_of]
        gain = np.bincount(self.tier_of[idle], price[idle], minlength=len(self.tiers))
        n = len(self.given.keep)
        enough = MISSED * abs(self.linear.objective) / max(1, len(self.tiers))
        pays = (reduced[n : n + len(self.tiers)] + gain < -enough) & (gain < -EPS)
        return np.flatnonzero(idle & pays[self.tier_of])

    # --- one node ---------------------------------------------------------------------------------------------------

    def _closed(self, fixed: Fixed) -> tuple[Bools, Floats]:
        closed, must = np.zeros(len(self.tiers), dtype=bool), np.full(len(self.given.inputs.bids), -np.inf)
        for tier, side in fixed:
            same = self.bid == self.bid[tier]
            if side:
                must[self.bid[tier]] = 1.0
                closed |= same & (self.level < self.level[tier])
            else:
                closed |= same & (self.level >= self.level[tier])
        return closed, must

    def bound(self, fixed: Fixed, cutoff: float) -> tuple[float, Floats]:
        """Solve one node; returns its bound and how open each tier is.

        Rows stop coming in once the node is above `cutoff`, or when they hardly lift the bound any more; columns are
        always brought in to the end, since without them it is no bound.
        """
        closed, must = self._closed(fixed)
        n, tiers = len(self.given.keep), len(self.tiers)
        if any(closed[self.bid == bid].all() for bid in np.flatnonzero(must > 0).tolist()):
            return INFINITE, np.zeros(tiers)
        self.linear.bound_columns(n, np.zeros(tiers), (~closed).astype(float))
        self.linear.bound_rows(self.first_level_row, must, np.ones(len(must)))
        lifts: list[float] = []
        while True:
            if not self.linear.run():
                return -INFINITE, np.zeros(tiers)  # numerical trouble: the bound of the node above stands
            values, reduced, duals = self.linear.solution()
            self.solves += 1
            lifts.append(self.linear.objective)
            wins = values[n : n + tiers]
            broken = self._broken(values)
            if len(broken) and self.linear.objective < cutoff and not self._tailing(lifts, wins):
                self._link(broken)
                continue
            worth = self._worth_it(reduced, duals, closed)
            if not len(worth):
                return self.linear.objective * (1 - MISSED), wins
            self._bring_in(worth)
            lifts.clear()

    @staticmethod
    def _tailing(lifts: Sequence[float], wins: Floats) -> bool:
        """Whether further rows are not worth their time: little gained of late, and tiers still partly open."""
        if len(lifts) <= TAIL or (np.minimum(wins, 1 - wins) < EPS).all():
            return False
        return lifts[-1] - lifts[-1 - TAIL] < LEAST_LIFT * abs(lifts[-1])
