"""Quantities that meet a limit or miss it by a hair: kept apart from the solver's tolerance, and judged exactly.

A solver works with tolerances of a millionth. Where members' quantities exceed a capacity of 105,063.77 by a thousandth it
may call them served, or drop an award that is lawful. So the model gives each limit a hair: half of what quantities
differ by at least, or `EASED` of the limit where that is more. What an award breaks all the same is barred here by
covers: of the demands that together are too much, not all may be served.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from infraplan.procurement.pooling.bills import CURRENT, Award
from infraplan.procurement.pooling.inputs import SPARE, within

EASED: Final = 5e-6
"""The hair of a limit as a part of it: several times what a solver overlooks."""
TIGHT: Final = -2e-6
"""The same where nothing above a limit may come of it, whatever is lost below."""
PLACES: Final = 9
"""Decimals of a quantity that count."""

Item = tuple[float, int]


@lru_cache(maxsize=1 << 17)
def _units(size: float) -> int:
    return int(Decimal(str(size)).scaleb(PLACES).to_integral_value())


def grain(sizes: Iterable[float]) -> float:
    """The largest number that all quantities are multiples of; 0 without any.

    >>> grain([0.3, 0.9, 1.2])
    0.3
    """
    return math.gcd(*map(_units, set(sizes))) / 10**PLACES


def at_most(limit: float, sizes: Iterable[float], eased: float = EASED) -> float:
    """The right side of a row that keeps a sum of quantities at or below a limit.

    >>> at_most(1001.0, [300.0, 500.0])
    1050.0
    """
    if eased < 0:
        return limit * (1 + eased)
    step = grain(sizes)
    whole = math.floor((limit + SPARE * max(1.0, limit)) / step) * step if step else limit
    return whole + max(step / 2, eased * whole)


def at_least(start: float, sizes: Iterable[float], eased: float = EASED) -> float:
    """The right side of a row that keeps a sum of quantities at or above where a tier starts.

    >>> at_least(999.0, [300.0, 500.0])
    950.0
    """
    if eased < 0:
        return start * (1 - eased)
    step = grain(sizes)
    whole = math.ceil((start - SPARE * max(1.0, start)) / step) * step if step else start
    return whole - max(step / 2, eased * whole)


def too_much(served: Collection[Item], every: Collection[Item], limit: float) -> tuple[set[int], int]:
    """A cover: of these numbers at most so many may be served.

    `served` are sizes and numbers that together exceed the limit: a smallest part of them that does, and all of `every`
    that are as large as the largest of it.
    """
    part, total = sorted(served), math.fsum(size for size, _ in served)
    kept: list[Item] = []
    for size, number in part:
        if within(total - size, limit):
            kept.append((size, number))
        else:
            total -= size
    return {number for _, number in kept} | {number for size, number in every if size >= kept[-1][0]}, len(kept) - 1


def too_little(unserved: Collection[Item], total: float, start: float) -> set[int]:
    """Numbers of which one at least must be served for a sum to reach `start`; `total` is with all of them served."""
    kept: set[int] = set()
    for size, number in sorted(unserved, reverse=True):
        if not within(start, total):
            break
        total -= size
        kept.add(number)
    return kept


def over_capacity(award: Award) -> list[int]:
    """Awarded bids that serve more than they can."""
    return [bid for bid, won in sorted(award.quantity.items()) if not award.inputs.bids[bid].has_room(won)]


def over_share(award: Award) -> list[tuple[str, str]]:
    """Providers, each with a service, that hold more of it than the policy lets them."""
    share = award.inputs.policy.max_share_per_provider
    if share is None:
        return []
    held: dict[tuple[str, str], list[float]] = {}
    for demand, bid in zip(award.inputs.demands, award.choice, strict=True):
        if bid != CURRENT:
            held.setdefault((award.inputs.bids[bid].provider_id, demand.service), []).append(demand.quantity)
    asked = award.inputs.asked()
    return sorted(key for key, sizes in held.items() if not within(math.fsum(sizes), share * asked[key[1]]))


def untiered(award: Award, billed: Mapping[int, int]) -> list[tuple[int, int]]:
    """Bids with a tier they are billed in though what they won does not reach it."""
    return [
        (bid, level)
        for bid, level in sorted(billed.items())
        if bid in award.quantity and not within(award.inputs.bids[bid].levels[level].from_quantity, award.quantity[bid])
    ]


def split(items: Sequence[Item], served: Collection[int]) -> tuple[list[Item], list[Item]]:
    """Part items into those served and the others."""
    inside = set(served)
    return [item for item in items if item[1] in inside], [item for item in items if item[1] not in inside]
