"""What the state decided before planning: whether every region has a claim."""

from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args

from infraplan import resources
from infraplan.errors import BadInput, Fault

FairShare = Literal["none", "floor", "smallest_unmet"]


@dataclass(frozen=True)
class Policy:
    """The state's rules.

    `fair_share`: `none`: the most benefit, wherever; `floor`: every region gets at least `floor_share` of the part of
    the benefit that its need is of all need; `smallest_unmet`: first the least share of need met in any region is made
    as great as it can be, then the benefit.
    """

    fair_share: FairShare = "none"
    floor_share: float = 0.5

    def said(self) -> dict[str, Any]:
        """Return the policy as written to `solution.json`, defaults included."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def read_policy(path: Path | None) -> Policy:
    """Read a policy file; None gives the defaults. Raises BadInput with every fault, near misses named."""
    if path is None:
        return Policy()
    told = resources.read_toml(path)
    faults = [fault for key, value in told.items() if (fault := _fault(key, value, path.name))]
    if faults:
        raise BadInput(faults)
    return Policy(**told)


_KNOWN: Final = tuple(item.name for item in fields(Policy))


def _fault(key: str, value: object, file: str) -> Fault | None:
    if key not in _KNOWN:
        near = get_close_matches(key, _KNOWN, n=1)
        mend = f"did you mean {near[0]}?" if near else f"known settings: {', '.join(_KNOWN)}"
        return Fault(kind="UnknownSetting", what=f"{key} is not a setting", file=file, column=key, mend=mend)
    if key == "fair_share":
        holds, expected = value in get_args(FairShare), " or ".join(get_args(FairShare))
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        holds, expected = number and 0 <= float(str(value)) <= 1, "a fraction from 0 to 1"
    if holds:
        return None
    return Fault(
        kind="BadSetting", what=f"{key} is {value!r}, expected {expected}", file=file, column=key, value=str(value),
        mend=f"give {expected}",
    )  # fmt: skip
