"""Futures drawn from ranges by seed: the same on any machine, whoever works on them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import ndtr

from infraplan.scenarios.ranges import QUANTITIES, WITHDRAWAL, Chance, Names, Range, Ranges

PLACES: Final = 4
"""Decimals of a drawn factor: few enough to redo a future by hand."""


@dataclass(frozen=True)
class Future:
    """One possible future: a factor for each key of each quantity, and the providers that are gone."""

    number: int
    factors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def factor(self, quantity: str, key: str) -> float:
        """The factor on a figure; 1.0 where nothing was said about it."""
        return self.factors.get(quantity, {}).get(key, 1.0)


def draw(ranges: Ranges, count: int, seed: int, names: Names) -> tuple[Future, ...]:
    """Draw futures, each from a seed of its own: the first ten of a hundred are the ten of ten, on any machine.

    `names` are the model's keys by quantity, with the names under which a range of theirs may stand. Raises BadInput
    for a range whose name no key has.
    """
    used = ranges.used(names)
    return tuple(
        _future(number, used, names, seeds)
        for number, seeds in enumerate(np.random.SeedSequence(seed).spawn(count), start=1)
    )


def _future(number: int, ranges: Ranges, names: Names, seeds: np.random.SeedSequence) -> Future:
    streams = dict(zip(QUANTITIES, seeds.spawn(len(QUANTITIES)), strict=True))
    factors, gone = {}, frozenset[str]()
    for quantity in (name for name in QUANTITIES if name in ranges.told):
        luck, keys = np.random.default_rng(streams[quantity]), sorted(names[quantity])
        told = [ranges.of(quantity, names[quantity][key]) for key in keys]
        if quantity == WITHDRAWAL:
            lost = luck.random(len(keys))
            gone = frozenset(key for key, one, at in zip(keys, told, lost, strict=True)
                             if isinstance(one, Chance) and at < one.probability)  # fmt: skip
        else:
            factors[quantity] = _factors(luck, keys, told)
    return Future(number, factors, gone)


def _factors(luck: np.random.Generator, keys: Sequence[str], told: Sequence[Range | Chance | None]) -> dict[str, float]:
    common, own = luck.standard_normal(), luck.standard_normal(len(keys))
    places: dict[Range, list[int]] = {}
    for index, one in enumerate(told):
        if isinstance(one, Range):
            places.setdefault(one, []).append(index)
    found: dict[str, float] = {}
    for one, at in places.items():
        shares = ndtr(math.sqrt(one.shared) * common + math.sqrt(1 - one.shared) * own[at])
        found.update(zip((keys[index] for index in at), np.round(one.at(shares), PLACES).tolist(), strict=True))
    return dict(sorted(found.items()))
