"""What an award costs each member, exactly: tiers, shared fixed costs, the baseline, and the three ways to file.

An award is one choice per demand: the number of a bid, or `CURRENT`. Everything here is decimal arithmetic; the
solver's floating figures never reach a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from typing import Final, get_args

from infraplan.procurement.pooling.inputs import ZERO, Bid, Demand, Inputs, Offer
from infraplan.procurement.pooling.policy import Filing
from infraplan.units import CENT, half_up

CURRENT: Final = -1
"""The choice of keeping the present contract."""
FORMS: Final[tuple[Filing, ...]] = get_args(Filing)
PERCENT: Final = Decimal(100)
INFINITE: Final = Decimal("Infinity")
MONTHS_PER_YEAR: Final = 12

Choice = Sequence[int]


@dataclass(frozen=True)
class Bill:
    """One demand's cost over the horizon; `eligible` is the part E-Rate may discount before any Category Two budget."""

    demand: int
    choice: int
    month: Decimal
    once: Decimal
    fixed_share: Decimal
    termination: Decimal
    pre_discount: Decimal
    eligible: Decimal


@dataclass(frozen=True)
class Baseline:
    """What the demand would cost the member alone: the present contract or one bid, at its own rate."""

    choice: int
    pre_discount: Decimal
    applicant: Decimal


@dataclass(frozen=True)
class Award:
    """An award and its exact bills, in the order of the demands."""

    inputs: Inputs
    choice: tuple[int, ...]

    @cached_property
    def quantity(self) -> dict[int, float]:
        """Quantity won by each awarded bid."""
        won: dict[int, float] = {}
        for demand, bid in zip(self.inputs.demands, self.choice, strict=True):
            if bid != CURRENT:
                won[bid] = won.get(bid, 0.0) + demand.quantity
        return won

    @cached_property
    def bills(self) -> tuple[Bill, ...]:
        """Exact bills; they sum to `pre_discount`."""
        bills: list[Bill | None] = [None] * len(self.choice)
        for bid in sorted(self.quantity):
            for bill in self._bills_of(bid):
                bills[bill.demand] = bill
        for index, chosen in enumerate(self.choice):
            if chosen == CURRENT:
                bills[index] = current_bill(self.inputs, index)
        return tuple(bill for bill in bills if bill is not None)

    @cached_property
    def pre_discount(self) -> Decimal:
        """The cost of the whole award over the horizon, before discount."""
        return sum((bill.pre_discount for bill in self.bills), ZERO)

    def _bills_of(self, bid: int) -> list[Bill]:
        offers = [offer for offer in self._offers[bid] if self.choice[offer.demand] == bid]
        told, factor = self.inputs.bids[bid], self.inputs.bids[bid].factor_at(self.quantity[bid])
        weights = [weight(self.inputs, offer.demand) for offer in offers]
        fixed = divide(told.fixed, weights)
        months = divide(told.month * factor, weights) if told.bundle else [offer.month * factor for offer in offers]
        return [
            bill_of(self.inputs, offer, month, share) for offer, month, share in zip(offers, months, fixed, strict=True)
        ]

    @cached_property
    def _offers(self) -> list[list[Offer]]:
        return self.inputs.offers_of()

    @cached_property
    def discounts(self) -> dict[str, tuple[Decimal, ...]]:
        """Expected E-Rate discount of every demand under each filing form."""
        return {form: discounts(self.inputs, self.bills, form) for form in FORMS}

    def applicant(self, form: str | None = None) -> tuple[Decimal, ...]:
        """Own cost of every demand, under the policy's filing form unless another is asked."""
        told = self.discounts[form or self.inputs.policy.filing]
        return tuple(bill.pre_discount - erate for bill, erate in zip(self.bills, told, strict=True))


def bill_of(inputs: Inputs, offer: Offer, month: Decimal, fixed_share: Decimal) -> Bill:
    """Return the bill of one demand served by a bid at this monthly price and share of the fixed cost."""
    demand = inputs.demands[offer.demand]
    termination = demand.termination if demand.current is not None else ZERO
    price = inputs.policy.horizon_months * month + offer.once + fixed_share
    return Bill(
        offer.demand, offer.bid, month, offer.once, fixed_share, termination, price + termination,
        price * demand.eligible_share,
    )  # fmt: skip


def current_bill(inputs: Inputs, index: int) -> Bill:
    """Return the bill of keeping the present contract; its E-Rate ends with it unless the service was bid again."""
    demand = inputs.demands[index]
    month = demand.current or ZERO
    price = inputs.policy.horizon_months * month
    eligible = month * funded_months(inputs, demand) * demand.eligible_share
    return Bill(index, CURRENT, month, ZERO, ZERO, ZERO, price, eligible)


def funded_months(inputs: Inputs, demand: Demand) -> int:
    """Months of the horizon for which E-Rate may discount the present contract.

    To its end and the voluntary extensions left; after that only if the service was bid again. Whole months, from the
    first of the month; the whole horizon where the end or the start is not known.
    """
    horizon, start, end = inputs.policy.horizon_months, inputs.policy.start_date, demand.contract_end
    if demand.current_rebid or start is None or end is None:
        return horizon
    months = (end.year - start.year) * MONTHS_PER_YEAR + end.month - start.month + (1 if end.day > start.day else 0)
    return min(horizon, max(0, months + demand.extension_months))


def weight(inputs: Inputs, index: int) -> Decimal:
    """Return a demand's weight in shared costs, by the policy's `share_fixed`."""
    demand = inputs.demands[index]
    if inputs.policy.share_fixed == "equal":
        return Decimal(1)
    return Decimal(str(demand.quantity if inputs.policy.share_fixed == "quantity" else demand.students or 0))


def divide(total: Decimal, weights: Sequence[Decimal], most: Sequence[Decimal] | None = None) -> list[Decimal]:
    """Divide an amount by weights into parts that sum to it exactly: whole cents, the largest remainders rounded up.

    `most` limits each part; what one may not take goes to the others by weight. Anything finer than a cent, or that
    nobody may take, stays with the heaviest part, respectively out. All-zero weights divide equally.

    >>> [str(part) for part in divide(Decimal("100"), [Decimal(1)] * 3)]
    ['33.34', '33.33', '33.33']
    """
    if not weights:
        return []
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    if most is not None:
        return _divide_up_to(total, weights, most)
    whole = sum(weights, ZERO)
    exact = [total * part / whole for part in weights]
    parts = [part.quantize(CENT, ROUND_DOWN) for part in exact]
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    left = total - sum(parts, ZERO)
    for index in order[: int(left / CENT)]:
        parts[index] += CENT
    parts[max(range(len(parts)), key=lambda index: weights[index])] += left - CENT * int(left / CENT)
    return parts


def _divide_up_to(total: Decimal, weights: Sequence[Decimal], most: Sequence[Decimal]) -> list[Decimal]:
    parts, open_to, left = [ZERO] * len(weights), list(range(len(weights))), min(total, sum(most, ZERO))
    while open_to:
        tried = dict(zip(open_to, divide(left, [weights[index] for index in open_to]), strict=True))
        full = [index for index in open_to if tried[index] > most[index]]
        for index in full or open_to:
            parts[index] = min(tried[index], most[index])
            left -= parts[index]
        open_to = [index for index in open_to if index not in full] if full else []
    return parts


def discounts(inputs: Inputs, bills: Sequence[Bill], form: str) -> tuple[Decimal, ...]:
    """Return the expected E-Rate discount of each bill, to the cent, under one filing form.

    `separate`: own rate. `consortium_equal`: those who buy from a bid file together, per category, everyone at the
    average. `consortium_proportional`: the same commitment, divided by cost x own rate. A present contract keeps its
    own request.
    """
    eligible = within_budgets(inputs, bills)
    found = [
        half_up(part * inputs.demands[bill.demand].rate / PERCENT, 2)
        for bill, part in zip(bills, eligible, strict=True)
    ]
    if form == "separate":
        return tuple(found)
    for category, average in averages(inputs, [bill.choice for bill in bills]).items():
        joint = [
            index for index, bill in enumerate(bills)
            if bill.choice != CURRENT and inputs.demands[bill.demand].category == category
        ]  # fmt: skip
        parts = [eligible[index] for index in joint]
        if form == "consortium_equal":
            shares = [half_up(part * average / PERCENT, 2) for part in parts]
        else:
            commitment = half_up(sum(parts, ZERO) * average / PERCENT, 2)
            rates = [inputs.demands[bills[index].demand].rate for index in joint]
            weights = [part * rate for part, rate in zip(parts, rates, strict=True)]
            most = [part.quantize(CENT, ROUND_DOWN) for part in parts]
            shares = divide(commitment, weights, most) if any(weights) else [ZERO] * len(joint)
        for index, share in zip(joint, shares, strict=True):
            found[index] = share
    return tuple(found)


def within_budgets(inputs: Inputs, bills: Sequence[Bill]) -> list[Decimal]:
    """Return each bill's eligible part, stopped at what is left of its member's Category Two budget (taken in order)."""
    left: dict[str, Decimal] = {}
    found = []
    for bill in bills:
        demand, part = inputs.demands[bill.demand], bill.eligible
        if demand.c2_available is not None:
            room = left.setdefault(demand.lea_id, max(ZERO, demand.c2_available))
            part = min(part, room)
            left[demand.lea_id] = room - part
        found.append(part)
    return found


def averages(inputs: Inputs, choice: Choice) -> dict[str, Decimal]:
    """Return the consortium's rate per category.

    It is the plain average over the members that buy together, unweighted, rounded half up to a whole percent.
    """
    rates: dict[str, dict[str, int]] = {}
    for demand, bid in zip(inputs.demands, choice, strict=True):
        if bid != CURRENT:
            rates.setdefault(demand.category, {})[demand.lea_id] = demand.rate
    return {
        category: half_up(Decimal(sum(members.values())) / len(members)) for category, members in sorted(rates.items())
    }


def baselines(inputs: Inputs) -> list[Baseline | None]:
    """Return, for every demand, the cheaper for the member of its present contract and the cheapest single bid alone.

    Alone means: the bid's whole fixed cost, its tier at this one quantity, the member's own rate and Form 471. Services
    that draw on one Category Two budget are taken together, so that it is spent once.
    """
    ways: list[list[Bill]] = [[] for _ in inputs.demands]
    for index, demand in enumerate(inputs.demands):
        if demand.current is not None:
            ways[index].append(current_bill(inputs, index))
    for bid, offers in zip(inputs.bids, inputs.offers_of(), strict=True):
        for offer in offers if not bid.bundle or len(offers) == 1 else ():
            if bid.has_room(inputs.demands[offer.demand].quantity):
                ways[offer.demand].append(alone_bill(inputs, bid, offer))
    found: list[Baseline | None] = [_cheapest([bills], inputs)[0] if bills else None for bills in ways]
    for places in members(inputs).values():
        joint = [index for index in places if ways[index] and inputs.demands[index].c2_available is not None]
        if len(joint) > 1:
            for index, told in zip(joint, _cheapest([ways[index] for index in joint], inputs), strict=True):
                found[index] = told
    return found


def _cheapest(ways: Sequence[Sequence[Bill]], inputs: Inputs) -> tuple[Baseline, ...]:
    """The ways of a member's demands that together cost it least, where they draw on one budget in their order."""
    budget = inputs.demands[ways[0][0].demand].c2_available
    begun: list[tuple[Decimal, Decimal, Decimal, tuple[Baseline, ...]]] = [
        (ZERO, ZERO, INFINITE if budget is None else max(ZERO, budget), ())
    ]
    for bills in ways:
        rate = inputs.demands[bills[0].demand].rate
        grown = []
        for own, price, left, told in begun:
            for bill in bills:
                part = min(bill.eligible, left)
                paid = bill.pre_discount - half_up(part * rate / PERCENT, 2)
                this = Baseline(bill.choice, bill.pre_discount, paid)
                grown.append((own + paid, price + bill.pre_discount, left - part, (*told, this)))
        grown.sort(key=lambda one: one[:2])
        begun = []
        for one in grown:  # dearer only with more of the budget left
            if not begun or one[2] > begun[-1][2]:
                begun.append(one)
    return begun[0][3]


def alone_bill(inputs: Inputs, bid: Bid, offer: Offer) -> Bill:
    """Return the bill if this bid served this one demand and nothing else."""
    month = (bid.month if bid.bundle else offer.month) * bid.factor_at(inputs.demands[offer.demand].quantity)
    return bill_of(inputs, offer, month, bid.fixed)


def members(inputs: Inputs) -> dict[str, list[int]]:
    """Return the demands of each member, by its id."""
    found: dict[str, list[int]] = {}
    for index, demand in enumerate(inputs.demands):
        found.setdefault(demand.lea_id, []).append(index)
    return found


def worse_off(award: Award, base: Sequence[Baseline | None]) -> Mapping[str, Decimal]:
    """Return by how much each member pays more itself than alone; those better off or level are left out.

    Three cents per service are let pass, since shares of costs and discounts are rounded to cents.
    """
    paid, found = award.applicant(), {}
    for member, indices in members(award.inputs).items():
        more = sum((paid[index] - told.applicant for index in indices if (told := base[index]) is not None), ZERO)
        if more > 3 * CENT * len(indices):
            found[member] = more
    return found
