"""A second opinion on pooled purchasing: every award tried, every bill worked out from the rules' words, no solver.

Kept apart from the package on purpose: it shares only the input classes. Fractions, not decimals; rounding only where a
rule rounds.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from infraplan.procurement.pooling.inputs import Bid, Demand, Inputs, Level, Offer
from infraplan.procurement.pooling.policy import Policy

KEEP = -1


def half_up(value: Fraction, unit: Fraction) -> Fraction:
    return Fraction((value / unit + Fraction(1, 2)).__floor__()) * unit


CENT = Fraction(1, 100)


@dataclass(frozen=True)
class Outcome:
    """One lawful award: its choices, cost before discount and own cost per member (before rounding of shared costs)."""

    choice: tuple[int, ...]
    pre_discount: Fraction
    applicant: dict[str, Fraction]

    @property
    def own(self) -> Fraction:
        """What the members pay themselves."""
        return sum(self.applicant.values(), Fraction(0))


def factor(bid: Bid, quantity: float) -> Fraction:
    return Fraction(min(level.factor for level in bid.levels if level.from_quantity <= quantity))


def costs(inputs: Inputs, choice: tuple[int, ...]) -> dict[int, tuple[Fraction, Fraction]] | None:
    """Cost and eligible part of each demand, or None where the award is impossible."""
    prices = {(offer.bid, offer.demand): offer for offer in inputs.offers}
    horizon, found = inputs.policy.horizon_months, {}
    for number, bid in enumerate(inputs.bids):
        served = [index for index, chosen in enumerate(choice) if chosen == number]
        if not served:
            continue
        named = [index for (b, index) in prices if b == number]
        quantity = sum(inputs.demands[index].quantity for index in served)
        if (bid.capacity is not None and quantity > bid.capacity) or (bid.bundle and set(served) != set(named)):
            return None
        weights = {index: Fraction(inputs.demands[index].quantity) for index in served}
        if inputs.policy.share_fixed == "equal":
            weights = dict.fromkeys(served, Fraction(1))
        for index in served:
            share = weights[index] / sum(weights.values())
            month = Fraction(bid.month) * share if bid.bundle else Fraction(prices[number, index].month)
            price = (
                horizon * month * factor(bid, quantity)
                + Fraction(prices[number, index].once)
                + Fraction(bid.fixed) * share
            )
            demand = inputs.demands[index]
            ended = Fraction(demand.termination) if demand.current is not None else Fraction(0)
            found[index] = (price + ended, price * Fraction(demand.eligible_share))
    for index, chosen in enumerate(choice):
        if chosen == KEEP:
            demand = inputs.demands[index]
            price = horizon * Fraction(demand.current or 0)
            found[index] = (price, price * Fraction(demand.eligible_share))
    return found


def discounts(inputs: Inputs, choice: tuple[int, ...], eligible: dict[int, Fraction]) -> dict[int, Fraction]:
    rate = {index: Fraction(demand.rate, 100) for index, demand in enumerate(inputs.demands)}
    found = {index: eligible[index] * rate[index] for index in eligible}
    filing = inputs.policy.filing
    joint = [index for index, chosen in enumerate(choice) if chosen != KEEP]
    if filing == "separate" or not joint:
        return found
    rates = {inputs.demands[index].lea_id: inputs.demands[index].rate for index in joint}
    average = half_up(Fraction(sum(rates.values()), len(rates)), Fraction(1)) / 100
    if filing == "consortium_equal":
        return found | {index: eligible[index] * average for index in joint}
    left, open_to = sum((eligible[index] for index in joint), Fraction(0)) * average, set(joint)
    while open_to:
        whole = sum((eligible[index] * rate[index] for index in open_to), Fraction(0))
        tried = {index: left * eligible[index] * rate[index] / whole if whole else Fraction(0) for index in open_to}
        full = {index for index in open_to if tried[index] > eligible[index]}
        for index in full or set(open_to):
            found[index] = min(tried[index], eligible[index])
            left -= found[index]
        open_to = open_to - full if full else set()
    return found


def base(inputs: Inputs) -> list[Fraction | None]:
    """Own cost of each demand alone."""
    found: list[Fraction | None] = []
    for index, demand in enumerate(inputs.demands):
        alone = []
        ended = Fraction(demand.termination) if demand.current is not None else Fraction(0)
        if demand.current is not None:
            alone.append(inputs.policy.horizon_months * Fraction(demand.current) * own_part(demand))
        for offer in inputs.offers:
            bid = inputs.bids[offer.bid]
            if offer.demand == index and not bid.bundle and (bid.capacity is None or demand.quantity <= bid.capacity):
                price = inputs.policy.horizon_months * Fraction(offer.month) * factor(bid, demand.quantity)
                alone.append((price + Fraction(offer.once) + Fraction(bid.fixed)) * own_part(demand) + ended)
        found.append(min(alone, default=None))
    return found


def own_part(demand: Demand) -> Fraction:
    return 1 - Fraction(demand.rate, 100) * Fraction(demand.eligible_share)


def allowed(inputs: Inputs, choice: tuple[int, ...]) -> bool:
    policy = inputs.policy
    won = sorted({chosen for chosen in choice if chosen != KEEP})
    providers = {inputs.bids[number].provider_id for number in won}
    if policy.max_awards is not None and len(won) > policy.max_awards:
        return False
    if policy.max_providers is not None and len(providers) > policy.max_providers:
        return False
    if policy.min_providers is not None and len(providers) < policy.min_providers:
        return False
    if policy.max_share_per_provider is None:
        return True
    for service in {demand.service for demand in inputs.demands}:
        of = [index for index, demand in enumerate(inputs.demands) if demand.service == service]
        whole = sum(inputs.demands[index].quantity for index in of)
        for provider in providers:
            held = sum(
                inputs.demands[i].quantity
                for i in of
                if choice[i] != KEEP and inputs.bids[choice[i]].provider_id == provider
            )
            if held > policy.max_share_per_provider * whole + 1e-9:
                return False
    return True


def outcomes(inputs: Inputs) -> Iterator[Outcome]:
    """Every award the policy allows."""
    ways: list[list[int]] = []
    for index, demand in enumerate(inputs.demands):
        keep = [KEEP] if demand.current is not None and inputs.policy.may_keep_current else []
        ways.append(keep + [offer.bid for offer in inputs.offers if offer.demand == index])
    alone = base(inputs)
    for choice in itertools.product(*ways):
        if not allowed(inputs, choice) or (found := costs(inputs, choice)) is None:
            continue
        told = discounts(inputs, choice, {index: part for index, (_, part) in found.items()})
        own: dict[str, Fraction] = {}
        room: dict[str, Fraction] = {}
        compared: dict[str, Fraction] = {}
        for index, demand in enumerate(inputs.demands):
            paid = found[index][0] - told[index]
            own[demand.lea_id] = own.get(demand.lea_id, Fraction(0)) + paid
            told_alone = alone[index]
            if told_alone is not None:
                room[demand.lea_id] = room.get(demand.lea_id, Fraction(0)) + told_alone + CENT
                compared[demand.lea_id] = compared.get(demand.lea_id, Fraction(0)) + paid
        if inputs.policy.no_district_worse_off and any(compared[name] > room[name] for name in room):
            continue
        yield Outcome(choice, sum((cost for cost, _ in found.values()), Fraction(0)), own)


def best(inputs: Inputs) -> Fraction | None:
    """The least objective of any award, or None."""
    share = inputs.policy.objective == "non_discount_share"
    return min((told.own if share else told.pre_discount for told in outcomes(inputs)), default=None)


def purchase(seed: int, members: int = 5, bids: int = 4, **policy: Any) -> Inputs:
    """A random small purchase: tiers, capacities, bundles, two services, terminations, partly eligible services."""
    draw = random.Random(seed)  # noqa: S311
    demands = [
        Demand(
            f"m{i}", service, float(draw.choice([10, 20, 30, 50])),
            Decimal(draw.randint(40, 160)) if draw.random() < 0.8 else None, draw.choice([40, 60, 80, 90]),
            eligible_share=draw.choice([Decimal(1), Decimal(1), Decimal("0.5")]),
            termination=Decimal(draw.choice([0, 0, 100])), row=i,
        )
        for i in range(members)
        for service in (("internet", "wan") if draw.random() < 0.25 else ("internet",))
    ]  # fmt: skip
    demands = [Demand(**(vars(d) | {"rate": next(o.rate for o in demands if o.lea_id == d.lea_id)})) for d in demands]
    told, offers = [], []
    for b in range(bids):
        bundle = draw.random() < 0.3
        served = [i for i in range(len(demands)) if draw.random() < 0.7]
        if bundle:
            served = served[:2]
        steps = sorted(draw.sample([20, 40, 60, 90], draw.choice([0, 1, 2])))
        levels = (Level(0.0, Decimal(1)), *(Level(float(q), Decimal(f"0.{9 - 2 * n}")) for n, q in enumerate(steps)))
        told.append(
            Bid(
                f"b{b}", f"p{b % 3}", None, bundle, Decimal(draw.choice([0, 200, 900])),
                Decimal(draw.randint(40, 200)) if bundle else Decimal(0),
                draw.choice([None, None, 60.0, 90.0]), levels if not bundle else (Level(0.0, Decimal(1)),),
            )
        )  # fmt: skip
        offers += [
            Offer(b, i, Decimal(0) if bundle else Decimal(draw.randint(30, 150)), Decimal(draw.choice([0, 50])))
            for i in served
        ]
    return Inputs(Policy(horizon_months=12, **policy), tuple(demands), tuple(told), tuple(offers))
