"""A pool in possible futures, before bids open: other prices, take-up and enrollment, providers that withdraw.

In a future every price of a bid is multiplied by the bid's factor. Take-up and enrollment multiply what a member buys:
its quantity, and with it the monthly prices bid for it and its present bill. A provider that withdraws takes its bids with
it. The award under trial is kept: where a bid is gone or too small for what is bought, the members it served are awarded
anew, the others stay; if that cannot be, all are. Nobody worse off binds the award made with hindsight, not the mending.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np

from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling.answer import Search, find, objective
from infraplan.procurement.pooling.bills import CURRENT, Award, baselines
from infraplan.procurement.pooling.files import name
from infraplan.procurement.pooling.inputs import Inputs, Offer
from infraplan.procurement.pooling.model import Facts
from infraplan.scenarios import Future, Names, Outcome
from infraplan.solve import Limits, Status
from infraplan.units import half_up

LEAST_QUANTITY: Final = 1e-6
SAME: Final = 1e-9


def names(inputs: Inputs) -> Names:
    """By quantity, each key with the names under which its range may stand: bids and providers, members and services."""
    bids = {bid.bid_id: (bid.bid_id, bid.provider_id, *([bid.service] if bid.service else [])) for bid in inputs.bids}
    asked: dict[str, list[str]] = {}
    for demand in inputs.demands:
        asked.setdefault(demand.lea_id, [demand.lea_id]).append(demand.service)
    providers = {bid.provider_id: (bid.provider_id,) for bid in inputs.bids}
    return {"price": bids, "take_up": asked, "enrollment": asked, "withdrawal": providers}


def decisions(award: Award) -> dict[str, str]:
    """By member and service, the bid awarded, or `current`."""
    inputs = award.inputs
    return {
        f"{demand.lea_id} {demand.service}": name(inputs, chosen)
        for demand, chosen in zip(inputs.demands, award.choice, strict=True)
    }


def face(inputs: Inputs, plan: Mapping[str, str], limits: Limits, future: Future) -> Outcome:
    """Solve one future: the best award with hindsight, and the award told, mended where it must be."""
    there = turned(inputs, future)
    kept = _kept(there, plan, limits)
    value = float(objective(kept.award)) if kept else None
    plan_status = str(kept.status if kept else Status.stopped_empty)
    try:
        best = find(there, limits)
    except NoAnswer:
        return Outcome(future.number, str(Status.stopped_empty), None, math.inf, math.inf, plan_status=plan_status)
    result = best.result
    return Outcome(
        future.number, str(result.status), result.objective, result.bound, result.gap, decisions(best.award),
        plan=value, plan_status=plan_status, mended=kept.mended if kept else 0,
    )  # fmt: skip


def turned(inputs: Inputs, future: Future) -> Inputs:
    """The purchase as it is in one future."""
    bought = {
        demand.lea_id: future.factor("take_up", demand.lea_id) * future.factor("enrollment", demand.lea_id)
        for demand in inputs.demands
    }
    demands = []
    for demand in inputs.demands:
        times = bought[demand.lea_id]
        current = None if demand.current is None else half_up(demand.current * Decimal(str(times)), 2)
        had = None if demand.current_quantity is None else demand.current_quantity * times
        demands.append(
            replace(
                demand,
                quantity=max(LEAST_QUANTITY, round(demand.quantity * times, 6)),
                current=current,
                current_quantity=had,
            )
        )
    prices = {bid.bid_id: Decimal(str(future.factor("price", bid.bid_id))) for bid in inputs.bids}
    offers = tuple(_priced(inputs, offer, prices, bought) for offer in inputs.offers)
    bids = tuple(
        replace(bid, fixed=half_up(bid.fixed * prices[bid.bid_id], 2), month=half_up(bid.month * prices[bid.bid_id], 2))
        for bid in inputs.bids
    )
    policy = replace(inputs.policy, stable=False)
    there = replace(inputs, policy=policy, demands=tuple(demands), bids=bids, offers=offers, notes=())
    return there.without(bid.bid_id for bid in inputs.bids if bid.provider_id in future.gone)


def _priced(inputs: Inputs, offer: Offer, prices: Mapping[str, Decimal], bought: Mapping[str, float]) -> Offer:
    price = prices[inputs.bids[offer.bid].bid_id]
    times = Decimal(str(bought[inputs.demands[offer.demand].lea_id]))
    return replace(offer, month=half_up(offer.month * price * times, 2), once=half_up(offer.once * price, 2))


@dataclass(frozen=True)
class _Kept:
    """What stays of an award in a future."""

    award: Award
    status: Status
    mended: int


def _kept(inputs: Inputs, plan: Mapping[str, str], limits: Limits) -> _Kept | None:
    """The award as it was, if it can stand; else with as few members as may be awarded anew; None if time runs out."""
    place = {bid.bid_id: number for number, bid in enumerate(inputs.bids)} | {"current": CURRENT}
    told = [place.get(plan[f"{demand.lea_id} {demand.service}"]) for demand in inputs.demands]
    free = _must_move(inputs, told)
    if not free:
        award = Award(inputs, tuple(CURRENT if chosen is None else chosen for chosen in told))
        if _within_shares(award):
            return _Kept(award, Status.optimal, 0)
    for moved in (free, set(range(len(told)))):
        try:
            award, result = _search(inputs, told, moved, limits).run()
        except NoAnswer:
            continue
        changed = sum(was != now for was, now in zip(told, award.choice, strict=True))
        return _Kept(award, result.status, changed)
    return None


def _must_move(inputs: Inputs, told: list[int | None]) -> set[int]:
    """Demands whose bid is gone, broken up or too small for all it would serve."""
    won: dict[int, list[int]] = {}
    for index, chosen in enumerate(told):
        if chosen is not None and chosen != CURRENT:
            won.setdefault(chosen, []).append(index)
    found = {index for index, chosen in enumerate(told) if chosen is None}
    for number, served in won.items():
        if not inputs.bids[number].has_room(sum(inputs.demands[index].quantity for index in served)):
            found |= set(served)
    return found


def _within_shares(award: Award) -> bool:
    """Whether no provider holds more of a service than the policy lets it."""
    inputs, share = award.inputs, award.inputs.policy.max_share_per_provider
    if share is None:
        return True
    held: dict[tuple[str, str], float] = {}
    for demand, chosen in zip(inputs.demands, award.choice, strict=True):
        if chosen != CURRENT:
            key = (inputs.bids[chosen].provider_id, demand.service)
            held[key] = held.get(key, 0.0) + demand.quantity
    asked = inputs.asked()
    return all(quantity <= share * asked[service] * (1 + SAME) for (_, service), quantity in held.items())


def _search(inputs: Inputs, told: list[int | None], free: set[int], limits: Limits) -> Search:
    """A search in which only some demands may be awarded anew."""
    policy = replace(inputs.policy, no_district_worse_off=False)
    inputs = replace(inputs, policy=policy)
    return Search(inputs, baselines(inputs), limits, given=_held(models.facts(inputs), told, free))


def _held(given: Facts, told: list[int | None], free: set[int]) -> Facts:
    """The figures of the model with every other demand held to what it had."""
    options = given.options
    wanted = np.array([-2 if index in free or chosen is None else chosen for index, chosen in enumerate(told)])
    open_to = np.isin(options.demand, sorted(free)) | (options.bid == wanted[options.demand])
    keep = given.keep.copy()
    held = [index for index, chosen in enumerate(told) if index not in free and chosen not in (None, CURRENT)]
    keep[held] = np.inf
    bundles = {bid: named for bid, named in given.bundles.items() if all(i in free or told[i] == bid for i in named)}
    levels = tuple(
        told if bid in bundles or not given.inputs.bids[bid].bundle else () for bid, told in enumerate(given.levels)
    )
    return replace(given, options=options.where(open_to), keep=keep, bundles=bundles, levels=levels)
