"""What the state decided before planning: what it aims at first, and whether every region has a claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args

from infraplan import resources
from infraplan.errors import BadInput, Fault
from infraplan.procurement.funding.goals import GOALS

FairShare = Literal["none", "floor", "smallest_unmet"]


@dataclass(frozen=True)
class Policy:
    """The state's rules.

    `fair_share`: `none`: the most benefit, wherever; `floor`: every region gets at least `floor_share` of the part of
    the benefit that its need is of all need; `smallest_unmet`: first the least share of need met in any region is made
    as great as it can be, then the benefit.

    `order`: goals one after the other: the most of the first, and among the plans that bring as much the most of the
    second, and so on. `weights`: instead, the greatest weighted sum of goals. See `goals`.
    """

    fair_share: FairShare = "none"
    floor_share: float = 0.5
    order: tuple[str, ...] = ("benefit",)
    weights: Mapping[str, Decimal] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """Return the policy as written to `solution.json`, defaults included."""
        told = {item.name: getattr(self, item.name) for item in fields(self)}
        return told | {"order": list(self.order), "weights": {name: float(one) for name, one in self.weights.items()}}


def read_policy(path: Path | None) -> Policy:
    """Read a policy file; None gives the defaults. Raises BadInput with every fault, near misses named."""
    if path is None:
        return Policy()
    told = resources.read_toml(path)
    faults = [fault for key, value in told.items() if (fault := _fault(key, value, path.name))]
    if "order" in told and "weights" in told:
        faults.append(_bad("weights", told["weights"], path.name, "either an order of goals or weights, not both"))
    if faults:
        raise BadInput(faults)
    if "order" in told:
        told["order"] = tuple(told["order"])
    if "weights" in told:
        told["weights"] = {name: Decimal(str(one)) for name, one in told["weights"].items()}
    return Policy(**told)


_KNOWN: Final = tuple(item.name for item in fields(Policy))


def _fault(key: str, value: object, file: str) -> Fault | None:
    if key not in _KNOWN:
        near = get_close_matches(key, _KNOWN, n=1)
        mend = f"did you mean {near[0]}?" if near else f"known settings: {', '.join(_KNOWN)}"
        return Fault(kind="UnknownSetting", what=f"{key} is not a setting", file=file, column=key, mend=mend)
    holds, expected = _checked(key, value)
    return None if holds else _bad(key, value, file, expected)


def _checked(key: str, value: object) -> tuple[bool, str]:
    """Whether a setting can be, and what is expected of it."""
    if key == "fair_share":
        return value in get_args(FairShare), " or ".join(get_args(FairShare))
    if key == "order":
        known = isinstance(value, list) and value and set(map(str, value)) <= set(GOALS)
        return bool(known) and len(set(map(str, value))) == len(value), f"a list of different goals: {', '.join(GOALS)}"  # type: ignore[arg-type, call-overload]
    if key == "weights":
        known = isinstance(value, dict) and set(value) <= set(GOALS) and all(map(_number, value.values()))
        return bool(known) and any(value.values()), (  # type: ignore[attr-defined]
            f"numbers from 0 for goals, one of them above 0, as {{ benefit = 1, federal_usd = 0.001 }}: {', '.join(GOALS)}"
        )
    return _number(value) and float(str(value)) <= 1, "a fraction from 0 to 1"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= float(value) < float("inf")


def _bad(key: str, value: object, file: str, expected: str) -> Fault:
    return Fault(
        kind="BadSetting", what=f"{key} is {value!r}, expected {expected}", file=file, column=key, value=str(value),
        mend=f"give {expected}",
    )  # fmt: skip
