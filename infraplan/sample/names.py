"""Invented American names: towns, counties, districts, schools. No real place is meant."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from infraplan.resources import read_toml

_LISTS = Path(__file__).parent / "lists"
_AS_SPECIAL = 9
_SMALLEST_WITH_ALL_SPECIALS = 30


@cache
def told(name: str) -> dict[str, Any]:
    """One of the lists beside this module, by name."""
    return read_toml(_LISTS / f"{name}.toml")


def towns(count: int, rng: np.random.Generator) -> list[str]:
    """Invent `count` different town names, a few of them with an apostrophe, an accent or a period."""
    parts = told("names")
    special = list(parts["special"])
    if count < _SMALLEST_WITH_ALL_SPECIALS:
        special = special[:3]
    pairs = [first + second for first in parts["first"] for second in parts["second"] if _sounds(first, second)]
    chosen = rng.permutation(len(pairs))
    names = [pairs[k] for k in chosen[: max(0, count - len(special))]]
    while len(names) < count - len(special):  # beyond the pairs, compass points tell towns apart
        prefix = ("East", "West", "South", "New", "Old", "Upper", "Lower")[(len(names) // len(pairs) - 1) % 7]
        names.append(f"{prefix} {pairs[chosen[len(names) % len(pairs)]]}")
    places = rng.permutation(count)
    out = [""] * count
    for place, name in zip(places, [*special, *names][:count], strict=True):
        out[place] = name
    return out


def _sounds(first: str, second: str) -> bool:
    """Whether two parts make a name: no doubled letter at the seam, no part twice."""
    return first[-1].lower() != second.strip()[0].lower() and first.lower() != second.strip().lower()


def counties(count: int, rng: np.random.Generator) -> list[str]:
    """Invent `count` different county names, surnames first."""
    people = list(told("names")["person"])
    order = rng.permutation(len(people))
    names = [people[k] for k in order[:count]]
    first = told("names")["first"]
    more = [f"{a} {b}" for b in ("Plains", "River", "Prairie", "Hills", "Creek", "Lake") for a in first]
    extra = rng.permutation(len(more))
    return names + [more[k] for k in extra[: max(0, count - len(names))]]


def districts(town: list[str], county: list[str], rng: np.random.Generator) -> list[str]:
    """Name a unified district after each town; every name is used once; one carries commas."""
    forms, weights = zip(*told("names")["district"], strict=True)
    share = np.array(weights, dtype=float) / sum(weights)
    used: set[str] = set()
    names = []
    for k, place in enumerate(town):
        form = (
            told("names")["with_comma"]
            if k == min(_AS_SPECIAL, len(town) - 1)
            else forms[rng.choice(len(forms), p=share)]
        )
        name = form.format(
            town=place, county=county[k], other=town[(k + 7) % len(town)], third=town[(k + 3) % len(town)]
        )
        if name in used:
            name = f"{place} Unified School District"
        used.add(name)
        names.append(name)
    return names
