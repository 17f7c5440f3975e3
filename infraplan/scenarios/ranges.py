"""What may turn out otherwise, and by how much: ranges as a planner declares them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from infraplan import resources
from infraplan.errors import BadInput, Fault, Faults

Names = Mapping[str, Mapping[str, Sequence[str]]]
"""By quantity and key, the names under which a range of the key may stand, nearest first (a project, then its kind)."""
Floats = NDArray[np.float64]

FACTORS: Final = ("price", "take_up", "enrollment")
WITHDRAWAL: Final = "withdrawal"
QUANTITIES: Final = (*FACTORS, WITHDRAWAL)
EVERY: Final = ""
"""The name of a range that holds for every key without one of its own."""


@dataclass(frozen=True)
class Range:
    """Factors on a figure, and where they come from (`source`; None where they are assumed, for the reason given)."""

    low: float
    base: float
    high: float
    shared: float = 0.0
    source: str | None = None
    assumed: str | None = None

    def at(self, luck: Floats) -> Floats:
        """The factors at given shares of the triangle (0: `low`, 1: `high`).

        >>> Range(0.0, 1.0, 2.0).at(np.array([0.0, 0.125, 0.5, 1.0])).tolist()
        [0.0, 0.5, 1.0, 2.0]
        """
        width = self.high - self.low
        if not width:
            return np.full(len(luck), self.base)
        below = (self.base - self.low) / width
        rising = self.low + np.sqrt(luck * width * (self.base - self.low))
        falling = self.high - np.sqrt((1 - luck) * width * (self.high - self.base))
        return np.where(luck < below, rising, falling)

    def words(self) -> str:
        """The range in words."""
        return f"{self.low:g} to {self.high:g} times the figure given (most likely {self.base:g})"


@dataclass(frozen=True)
class Chance:
    """How probable it is that a provider withdraws."""

    probability: float
    source: str | None = None
    assumed: str | None = None

    def words(self) -> str:
        """The chance in words."""
        return f"each withdraws with a probability of {100 * self.probability:g} %"


@dataclass(frozen=True)
class Ranges:
    """What may turn out otherwise: by quantity and name, a range or chance; `EVERY` names the rest."""

    told: Mapping[str, Mapping[str, Range | Chance]]
    file: Path | None = None

    def of(self, quantity: str, names: Sequence[str]) -> Range | Chance | None:
        """The range of a key, by the first of its names that has one; None if nothing is said."""
        known = self.told.get(quantity, {})
        return next((known[name] for name in (*names, EVERY) if name in known), None)

    def used(self, names: Names) -> "Ranges":
        """The ranges of quantities that a model has. Raises BadInput for a name that no key has.

        A quantity that the model does not have is left out; `unused` says which.
        """
        faults = Faults()
        for quantity, known in self.told.items():
            there = {name for told in names.get(quantity, {}).values() for name in told}
            for name in sorted(set(known) - there - {EVERY}) if quantity in names else ():
                near = get_close_matches(name, sorted(there), n=1)
                faults.add(_fault(
                    self.file, f"{quantity}.{name}", f"no input has a {quantity.replace('_', '-')} named {name}",
                    f"did you mean {near[0]}?" if near else "remove the section, or correct the name",
                ))  # fmt: skip
        faults.raise_if_any()
        return replace(self, told={quantity: known for quantity, known in self.told.items() if quantity in names})

    def unused(self, names: Names) -> list[str]:
        """Quantities with a range that a model has no figure for, in words."""
        return [quantity.replace("_", "-") for quantity in self.told if quantity not in names]

    def said(self) -> dict[str, Any]:
        """The ranges as `solution.json` tells them."""
        return {
            quantity: {name or "every": {key: value for key, value in vars(one).items() if value is not None}
                       for name, one in known.items()}
            for quantity, known in self.told.items()
        }  # fmt: skip

    def words(self) -> list[str]:
        """One line for each range: what it is, and its source or that it is assumed."""
        lines = []
        for quantity, known in self.told.items():
            for name, one in known.items():
                whose = f"{quantity.replace('_', '-')}{f' of {name}' if name else ''}"
                why = f"source: {one.source}" if one.source else f"assumed: {one.assumed or 'no source was given'}"
                lines.append(f"{whose}: {one.words()} ({why})")
        return lines


def read_ranges(path: Path | None) -> Ranges:
    """Read the ranges a planner declares; None gives those assumed by default. Raises BadInput with every fault.

    A file has a section for each quantity (price, take_up, enrollment, withdrawal) with `low`, `base`, `high` or a
    `spread` around base, and sections under it for single names; withdrawal has a `probability`.
    """
    given = path or resources.data_path("scenarios", "assumed.toml")
    desk = _Desk(given)
    told = {name: desk.quantity(name, section) for name, section in resources.read_toml(given).items()}
    desk.faults.raise_if_any()
    if not any(told.values()):
        raise BadInput([_fault(given, "", f"{given.name} says nothing about {', '.join(QUANTITIES)}",
                               "add a section, for example [price] with low = 0.9 and high = 1.2")])  # fmt: skip
    return Ranges({name: told[name] for name in QUANTITIES if name in told}, given)


class _Desk:
    """Sections in, ranges out; faults gathered on the way."""

    def __init__(self, path: Path) -> None:
        self.path, self.faults = path, Faults()

    def fault(self, where: str, what: str, mend: str) -> None:
        self.faults.add(_fault(self.path, where, what, mend))

    def quantity(self, name: str, section: object) -> dict[str, Range | Chance]:
        if name not in QUANTITIES or not isinstance(section, dict):
            near = get_close_matches(name, QUANTITIES, n=1)
            mend = f"did you mean [{near[0]}]?" if near else f"known sections: {', '.join(QUANTITIES)}"
            self.fault(name, f"{name} is not a section of ranges", mend)
            return {}
        own = {key: value for key, value in section.items() if not isinstance(value, dict)}
        found = {} if not own else {EVERY: self.one(name, name, own)}
        for key, value in section.items():
            if isinstance(value, dict):
                found[key] = self.one(name, f"{name}.{key}", value)
        return {key: one for key, one in found.items() if one is not None}

    def one(self, quantity: str, where: str, section: Mapping[str, Any]) -> Range | Chance | None:
        before = len(self.faults.found)
        needed = ("probability",) if quantity == WITHDRAWAL else ("low", "base", "high", "spread", "shared")
        for key, value in section.items():
            self.setting(where, key, value, needed)
        if len(self.faults.found) > before:
            return None
        words = {"source": section.get("source"), "assumed": section.get("assumed")}
        if quantity == WITHDRAWAL:
            if "probability" not in section:
                self.fault(where, f"{where} has no probability", "add probability = 0.05, a fraction from 0 to 1")
                return None
            return Chance(float(section["probability"]), **words)
        return self.range(where, section, words)

    def setting(self, where: str, key: str, value: object, needed: Sequence[str]) -> None:
        if key in ("source", "assumed"):
            if not isinstance(value, str):
                self.fault(where, f"{key} of {where} is {value!r}, expected words", "write it between quotation marks")
        elif key not in needed:
            near = get_close_matches(key, needed, n=1)
            self.fault(where, f"{key} is not a setting of {where}",
                       f"did you mean {near[0]}?" if near else f"known settings: {', '.join((*needed, 'source'))}")  # fmt: skip
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.fault(where, f"{key} of {where} is {value!r}, expected a number", "give a number, as 1.2")
        elif value < 0 or (key in ("probability", "shared", "spread") and value > 1):
            expected = "a fraction from 0 to 1" if key in ("probability", "shared", "spread") else "a factor, 0 or more"
            self.fault(where, f"{key} of {where} is {value:g}, expected {expected}", f"give {expected}")

    def range(self, where: str, section: Mapping[str, Any], words: Mapping[str, Any]) -> Range | None:
        base, spread = float(section.get("base", 1.0)), section.get("spread")
        if spread is not None and ("low" in section or "high" in section):
            self.fault(where, f"{where} has both a spread and its ends", "give spread, or low and high")
            return None
        if spread is None and not ("low" in section and "high" in section):
            self.fault(where, f"{where} has no ends", "give low and high, or a spread (0.2: a fifth less or more)")
            return None
        low = base * (1 - spread) if spread is not None else float(section["low"])
        high = base * (1 + spread) if spread is not None else float(section["high"])
        if not low <= base <= high:
            self.fault(where, f"{where} runs from {low:g} to {high:g} with {base:g} as most likely",
                       "low must not be above base (1 unless given), nor base above high")  # fmt: skip
            return None
        return Range(low, base, high, float(section.get("shared", 0.0)), **words)


def _fault(path: Path | None, where: str, what: str, mend: str) -> Fault:
    return Fault(kind="BadRange", what=what, file=path.name if path else None, column=where or None, mend=mend)
