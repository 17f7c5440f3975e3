"""Demand, bids, prices and tiers, read and checked together; every fault of every file at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault, Faults
from infraplan.procurement.pooling.policy import Policy, read_policy

ZERO = Decimal(0)
ONE = Decimal(1)
NAMED: Final = 8
SPARE: Final = 1e-9
"""Relative tolerance of quantities: a sum of tenths may miss a limit that it meets on paper."""


def within(quantity: float, most: float) -> bool:
    """Whether a quantity is at most another.

    >>> within(0.1 + 0.2, 0.3)
    True
    """
    return quantity <= most + SPARE * max(1.0, abs(most))


@dataclass(frozen=True)
class Demand:
    """One service asked for by one member: served whole by one bid, or left with its present contract.

    Money in USD. `current` is the present monthly bill (None: no contract), `rate` the member's own discount in whole
    percent for the category of the service, `c2_available` what is left of its Category Two budget (None: not known).
    """

    lea_id: str
    service: str
    quantity: float
    current: Decimal | None = None
    rate: int = 0
    category: str = "C1"
    eligible_share: Decimal = ONE
    current_quantity: float | None = None
    contract_end: date | None = None
    extension_months: int = 0
    current_rebid: bool = False
    termination: Decimal = ZERO
    c2_available: Decimal | None = None
    students: int | None = None
    ben: str | None = None
    named_in_470: bool | None = None
    loa_through_fy: int | None = None
    lot_id: str | None = None
    row: int = 0

    @property
    def label(self) -> str:
        """The member and service in a message."""
        return f"{self.lea_id} ({self.service})"


@dataclass(frozen=True)
class Level:
    """A volume tier: from this quantity on, all monthly prices of the bid are multiplied by `factor`."""

    from_quantity: float
    factor: Decimal


@dataclass(frozen=True)
class Bid:
    """One bid. `levels` are ordered, start at quantity 0 and their factors fall; `month` is a bundle's whole price."""

    bid_id: str
    provider_id: str
    service: str | None
    bundle: bool = False
    fixed: Decimal = ZERO
    month: Decimal = ZERO
    capacity: float | None = None
    levels: tuple[Level, ...] = (Level(0.0, ONE),)
    disqualified: str | None = None
    lot_id: str | None = None

    def factor_at(self, quantity: float) -> Decimal:
        """Return the factor on monthly prices once the bid has won `quantity`."""
        return next(level.factor for level in reversed(self.levels) if within(level.from_quantity, quantity))

    def has_room(self, quantity: float) -> bool:
        """Whether the bid can serve as much."""
        return self.capacity is None or within(quantity, self.capacity)


@dataclass(frozen=True)
class Offer:
    """Bid number `bid` serves demand number `demand`, for `month` USD a month (0 on a bundle) and `once` USD once."""

    bid: int
    demand: int
    month: Decimal
    once: Decimal


@dataclass(frozen=True)
class Inputs:
    """One pooled purchase: demands sorted by member and service, bids by name, offers by bid and demand."""

    policy: Policy
    demands: tuple[Demand, ...]
    bids: tuple[Bid, ...]
    offers: tuple[Offer, ...]
    notes: tuple[str, ...] = ()
    out_of_the_running: tuple[Bid, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    of_the_pool: Mapping[str, float] = field(default_factory=dict)
    """Quantity per service that the whole pool asks for, where this purchase is a part of one."""

    def asked(self) -> dict[str, float]:
        """Return the quantity asked for per service, by the whole pool: a provider's largest share counts in it."""
        if self.of_the_pool:
            return dict(self.of_the_pool)
        found: dict[str, float] = {}
        for demand in self.demands:
            found[demand.service] = found.get(demand.service, 0.0) + demand.quantity
        return found

    def offers_of(self) -> list[list[Offer]]:
        """Return the offers of each bid."""
        found: list[list[Offer]] = [[] for _ in self.bids]
        for offer in self.offers:
            found[offer.bid].append(offer)
        return found

    def without(self, bid_ids: Iterable[str]) -> "Inputs":
        """Return the same purchase with some bids withdrawn."""
        gone = set(bid_ids)
        kept = [index for index, bid in enumerate(self.bids) if bid.bid_id not in gone]
        place = {old: new for new, old in enumerate(kept)}
        offers = tuple(replace(offer, bid=place[offer.bid]) for offer in self.offers if offer.bid in place)
        return replace(self, bids=tuple(self.bids[index] for index in kept), offers=offers)

    def only(self, member_ids: Iterable[str]) -> "Inputs":
        """Return the purchase of some members by themselves: the same bids at the same prices, to them alone.

        Bids keep their numbers. A bundle that names anyone else is out of their reach; a provider's largest share stays
        the quantity it is for the whole pool, and the least number of providers is not asked of a part of it.
        """
        wanted = set(member_ids)
        kept = [index for index, demand in enumerate(self.demands) if demand.lea_id in wanted]
        place = {old: new for new, old in enumerate(kept)}
        broken = {
            offer.bid for offer in self.offers if self.bids[offer.bid].bundle and offer.demand not in place
        }  # fmt: skip
        offers = tuple(
            replace(offer, demand=place[offer.demand])
            for offer in self.offers
            if offer.demand in place and offer.bid not in broken
        )
        policy = replace(self.policy, min_providers=None, stable=False)
        demands = tuple(self.demands[index] for index in kept)
        return replace(self, policy=policy, demands=demands, offers=offers, notes=(), of_the_pool=self.asked())


def read(
    demand: Path, bids: Path, bid_prices: Path, bid_tiers: Path | None = None, policy: Path | None = None
) -> Inputs:
    """Read and check the files of a pooled purchase. Raises BadInput with the faults of all files together."""
    faults = Faults()
    tables: dict[str, pd.DataFrame] = {}
    paths = {"demand": demand, "bids": bids, "bid_prices": bid_prices, "bid_tiers": bid_tiers}
    given = {name: path for name, path in paths.items() if path is not None}
    for name, path in given.items():
        try:
            tables[name] = tablefiles.read_declared(path, name)
        except BadInput as refused:
            faults.extend(refused.faults)
    try:
        rules = read_policy(policy)
    except BadInput as refused:
        faults.extend(refused.faults)
    faults.raise_if_any()
    inputs = assemble(tables, rules, names={name: path.name for name, path in given.items()})
    files = given | ({"policy": policy} if policy is not None else {})
    return replace(inputs, files=files)


def assemble(tables: Mapping[str, pd.DataFrame], policy: Policy, names: Mapping[str, str] | None = None) -> Inputs:
    """Put typed tables (`demand`, `bids`, `bid_prices`, optional `bid_tiers`) together. Raises BadInput."""
    builder = _Builder(policy, {name: name for name in tables} | dict(names or {}))
    builder.add_demands(tables["demand"])
    builder.add_bids(tables["bids"], tables.get("bid_tiers"))
    builder.add_prices(tables["bid_prices"])
    return builder.finished()


class _Builder:
    """Gathers the parts of one purchase and what is wrong with them."""

    def __init__(self, policy: Policy, names: Mapping[str, str]) -> None:
        self.policy, self.names, self.faults = policy, names, Faults()
        self.demands: list[Demand] = []
        self.bids: list[Bid] = []
        self.out: list[Bid] = []
        self.offers: list[Offer] = []
        self.pairs: set[tuple[int, int]] = set()
        self.notes: list[str] = []
        self.rates: dict[tuple[str, str], int] = {}
        self.budgets: dict[str, Decimal] = {}
        self.unasked = 0
        self.outside = 0

    def fault(self, kind: str, what: str, table: str, row: int, column: str, mend: str) -> None:
        self.faults.add(Fault(kind=kind, what=what, file=self.names[table], row=row, column=column, mend=mend))

    def add_demands(self, table: pd.DataFrame) -> None:
        for position, (row, told) in enumerate(_records(table)):
            rate = told["c1_rate"] or 0
            if told["category"] == "C2":
                rate = told["c2_rate"]
                if rate is None:
                    self.fault("Blank", "c2_rate is blank on a row of category C2", "demand", row, "c2_rate",
                               "`infraplan procurement discounts` writes each member's Category Two rate")  # fmt: skip
                    continue
            if self.policy.share_fixed == "students" and told["students"] is None:
                self.fault("Blank", "students is blank and the policy shares fixed costs by students", "demand", row,
                           "students", 'give students, or share_fixed = "quantity"')  # fmt: skip
            known = self.rates.setdefault((told["lea_id"], told["category"]), int(rate))
            if known != int(rate):
                what = f"{told['lea_id']} has two rates for {told['category']}: {known} and {int(rate)}"
                column = "c1_rate" if told["category"] == "C1" else "c2_rate"
                self.fault(
                    "TwoRates", what, "demand", row, column, "a member has one rate per category; keep the right one"
                )
            self.demands.append(_demand(told, rate, position))
            self._add_budget(self.demands[-1], row)
        # one budget per member: a row that leaves it blank is stopped at it, too
        self.demands = [
            replace(one, c2_available=self.budgets.get(one.lea_id)) if one.category == "C2" else one
            for one in self.demands
        ]
        if any(demand.contract_end for demand in self.demands) and self.policy.start_date is None:
            self.notes.append(
                "contract_end is given but the policy has no start_date: present contracts were taken to last the term"
            )
        self.demands.sort(key=lambda demand: (demand.lea_id, demand.service))

    def _add_budget(self, demand: Demand, row: int) -> None:
        if demand.c2_available is None:
            return
        known = self.budgets.setdefault(demand.lea_id, demand.c2_available)
        if known != demand.c2_available:
            what = f"{demand.lea_id} has two Category Two budgets: {known} and {demand.c2_available}"
            mend = "a member has one budget for all its Category Two services; keep the right figure"
            self.fault("TwoBudgets", what, "demand", row, "c2_available_usd", mend)

    def add_bids(self, table: pd.DataFrame, tiers: pd.DataFrame | None) -> None:
        levels = self._levels(tiers, set(table["bid_id"])) if tiers is not None else {}
        for row, told in _records(table):
            bundle = told["kind"] == "bundle"
            if bundle and told["usd_month"] is None:
                self.fault("Blank", f"bundle {told['bid_id']} has no usd_month", "bids", row, "usd_month",
                           "give the price of the whole bundle")  # fmt: skip
            if not bundle and told["usd_month"] is not None:
                self.fault("Misplaced", f"itemized bid {told['bid_id']} has a usd_month", "bids", row, "usd_month",
                           "put the price of each member into bid_prices, or call the bid a bundle")  # fmt: skip
            bid = Bid(
                bid_id=told["bid_id"],
                provider_id=told["provider_id"],
                service=told["service"],
                bundle=bundle,
                fixed=told["usd_fixed"],
                month=told["usd_month"] or ZERO,
                capacity=told["capacity"],
                levels=levels.get(told["bid_id"], (Level(0.0, ONE),)),
                disqualified=told["disqualified"],
                lot_id=told["lot_id"],
            )
            (self.out if bid.disqualified else self.bids).append(bid)
        self.bids.sort(key=lambda bid: bid.bid_id)
        self.out.sort(key=lambda bid: bid.bid_id)

    def _levels(self, table: pd.DataFrame, known: set[str]) -> dict[str, tuple[Level, ...]]:
        found: dict[str, list[tuple[Level, int]]] = {}
        for row, told in _records(table):
            if told["bid_id"] not in known:
                self.fault("UnknownBid", f"bid {told['bid_id']} is not in {self.names['bids']}", "bid_tiers", row,
                           "bid_id", "add the bid, or remove its tiers")  # fmt: skip
            found.setdefault(told["bid_id"], []).append((Level(told["from_quantity"], told["factor"]), row))
        for bid_id, pairs in found.items():
            pairs.sort(key=lambda pair: pair[0].from_quantity)
            if pairs[0][0].from_quantity > 0:
                pairs.insert(0, (Level(0.0, ONE), 0))
            for (lower, _), (upper, row) in pairwise(pairs):
                if upper.factor > lower.factor:
                    self.fault("TiersOutOfOrder", f"bid {bid_id} costs more from quantity {upper.from_quantity:g} "
                               f"(factor {upper.factor}) than from {lower.from_quantity:g} (factor {lower.factor})",
                               "bid_tiers", row, "factor", "factors must not rise with the quantity")  # fmt: skip
        return {bid_id: tuple(level for level, _ in pairs) for bid_id, pairs in found.items()}

    def add_prices(self, table: pd.DataFrame) -> None:
        place = {bid.bid_id: index for index, bid in enumerate(self.bids)}
        out = {bid.bid_id for bid in self.out}
        asked: dict[tuple[str, str], int] = {
            (demand.lea_id, demand.service): index for index, demand in enumerate(self.demands)
        }
        services: dict[str, list[str]] = {}
        for demand in self.demands:
            services.setdefault(demand.lea_id, []).append(demand.service)
        for row, told in _records(table):
            if told["bid_id"] in out:
                continue
            if told["bid_id"] not in place:
                self.fault("UnknownBid", f"bid {told['bid_id']} is not in {self.names['bids']}", "bid_prices", row,
                           "bid_id", "add the bid, or remove its prices")  # fmt: skip
                continue
            self._add_price(row, told, place[told["bid_id"]], asked, services)

    def _add_price(
        self, row: int, told: Mapping[str, Any], number: int, asked: Mapping[tuple[str, str], int],
        services: Mapping[str, Sequence[str]],
    ) -> None:  # fmt: skip
        bid, member = self.bids[number], told["lea_id"]
        if bid.bundle and told["usd_month"] is not None:
            self.fault("Misplaced", f"bundle {bid.bid_id} has a price for one member", "bid_prices", row, "usd_month",
                       "leave it blank: a bundle's one price stands in bids")  # fmt: skip
        if not bid.bundle and told["usd_month"] is None:
            self.fault("Blank", f"itemized bid {bid.bid_id} has no price for {member}", "bid_prices", row, "usd_month",
                       "give the monthly price")  # fmt: skip
        if bid.service and told["service"] not in (None, bid.service):
            self.fault("OtherService", f"bid {bid.bid_id} is for {bid.service}, the row prices {told['service']}",
                       "bid_prices", row, "service", "leave the bid's service blank if it is over several")  # fmt: skip
            return
        named = bid.service or told["service"]
        wanted = [named] if named else services.get(member, [])
        if not bid.bundle and bid.service is None and told["service"] is None:
            self.fault("Blank", f"neither bid {bid.bid_id} nor its price names a service", "bid_prices", row, "service",
                       "name the service of the price")  # fmt: skip
            return
        numbers = [asked[member, str(service)] for service in wanted if (member, str(service)) in asked]
        if bid.bundle and (not numbers or len(numbers) < len(wanted)):
            what = f"bundle {bid.bid_id} names {member}, who asks for no {named or 'service'}"
            mend = f"add the member to {self.names['demand']}, or drop the bundle"
            self.fault("UnknownMember", what, "bid_prices", row, "lea_id", mend)
        self.unasked += not numbers
        elsewhere = [demand for demand in numbers if bid.lot_id not in (None, self.demands[demand].lot_id)]
        if elsewhere and bid.bundle:
            what = (
                f"bundle {bid.bid_id} is for lot {bid.lot_id} and names {member}, who is in {self._lot(elsewhere[0])}"
            )
            self.fault("OtherLot", what, "bid_prices", row, "lea_id", "correct the lot, or drop the bundle")
        self.outside += len(elsewhere)
        numbers = [demand for demand in numbers if demand not in elsewhere]
        month = ZERO if bid.bundle else (told["usd_month"] or ZERO)
        for demand in numbers:
            if (number, demand) in self.pairs:
                what = f"bid {bid.bid_id} prices {self.demands[demand].label} twice"
                self.fault("DuplicateKey", what, "bid_prices", row, "lea_id", "keep one row of each")
            self.pairs.add((number, demand))
            self.offers.append(Offer(number, demand, month, told["usd_once"]))

    def _lot(self, demand: int) -> str:
        lot = self.demands[demand].lot_id
        return f"lot {lot}" if lot else "no lot"

    def finished(self) -> Inputs:
        self.faults.raise_if_any()
        if self.outside:
            self.notes.append(
                f"{self.outside:,} prices are for members outside the lot their bid is for (lot_id); they were left out"
            )
        if self.unasked:
            self.notes.append(
                f"{self.unasked:,} prices are for members or services nobody asks for; they were left out"
            )
        offers = sorted(self.offers, key=lambda offer: (offer.bid, offer.demand))
        self._note_idle({offer.bid for offer in offers})
        return Inputs(
            self.policy, tuple(self.demands), tuple(self.bids), tuple(offers), tuple(self.notes), tuple(self.out)
        )

    def _note_idle(self, priced: set[int]) -> None:
        idle = [bid.bid_id for number, bid in enumerate(self.bids) if number not in priced]
        if idle:
            shown = ", ".join(idle[:NAMED]) + (f" and {len(idle) - NAMED:,} more" if len(idle) > NAMED else "")
            self.notes.append(f"no price in {self.names['bid_prices']} lets these bids serve anybody who asks: {shown}")


def _demand(told: Mapping[str, Any], rate: int, position: int) -> Demand:
    end = told["contract_end"]
    return Demand(
        lea_id=told["lea_id"],
        service=told["service"],
        quantity=told["quantity"],
        current=told["current_usd_month"],
        rate=int(rate),
        category=told["category"],
        eligible_share=told["eligible_share"],
        current_quantity=told["current_quantity"],
        contract_end=end.date() if end is not None else None,
        extension_months=int(told["extension_months"]),
        current_rebid=bool(told["current_rebid"]),
        termination=told["termination_usd"],
        c2_available=told["c2_available_usd"] if told["category"] == "C2" else None,
        students=told["students"],
        ben=told["ben"],
        named_in_470=None if told["named_in_470"] is None else bool(told["named_in_470"]),
        loa_through_fy=None if told["loa_through_fy"] is None else int(told["loa_through_fy"]),
        lot_id=told["lot_id"],
        row=position,
    )


def _records(table: pd.DataFrame) -> Iterable[tuple[int, dict[str, Any]]]:
    """Rows as dictionaries with None for every kind of blank, and their line numbers."""
    columns = {
        str(name): [
            None if blank else value for value, blank in zip(table[name].tolist(), table[name].isna(), strict=True)
        ]
        for name in table.columns
    }
    names = list(columns)
    for row, values in zip(table.index, zip(*columns.values(), strict=True), strict=True):
        yield int(row), dict(zip(names, values, strict=True))
