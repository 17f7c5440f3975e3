"""What the state sets before it divides: how even lots must be, what a hard member is, how much one failure may hit.

Read from a TOML file; everything has a default. These are choices of the state, not figures of law.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args

from infraplan.errors import BadInput, Fault

Agencies = Literal["keep", "split"]


@dataclass(frozen=True)
class LotPolicy:
    """The limits of a lot; `None` means no limit.

    `students_within`, `demand_within`, `value_within`: how far a lot may be from the mean of all lots, as a fraction of
    it. `most_hard_share`: largest share of a lot's members that may be hard. A member is hard if its row says so, or if at
    most `few_providers` providers serve it, or it pays `dear_times` what like lines cost, or its nearest member is more
    than `remote_miles` away. `min_bidders`: fewest providers that already serve somebody in a lot. `most_at_risk`: the
    largest share of the value that one lot should hold, where a range of lots is tried.
    """

    students_within: float | None = 0.25
    demand_within: float | None = 0.35
    value_within: float | None = 0.35
    min_members: int = 2
    most_hard_share: float | None = 0.5
    min_bidders: int = 2
    agencies: Agencies = "keep"
    few_providers: int = 1
    dear_times: float = 1.5
    remote_miles: float = 30.0
    most_at_risk: float = 0.35

    def said(self) -> dict[str, Any]:
        """Return the policy as written to `solution.json`, defaults included."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def read_policy(path: Path | None) -> LotPolicy:
    """Read a policy file; None gives the defaults. Raises BadInput with every fault, near misses named."""
    if path is None:
        return LotPolicy()
    told, faults = _toml(path), list[Fault]()
    values: dict[str, Any] = {}
    for key, value in told.items():
        if key not in _EXPECTED:
            faults.append(_unknown(key, path.name))
        elif value != "none" and not _EXPECTED[key][0](value):
            expected = _EXPECTED[key][1]
            faults.append(Fault(
                kind="BadSetting", what=f"{key} is {value!r}, expected {expected}", file=path.name, column=key,
                value=str(value), mend=f"give {expected}",
            ))  # fmt: skip
        else:
            values[key] = None if value == "none" else value
    if faults:
        raise BadInput(faults)
    return LotPolicy(**values)


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BadInput([Fault(kind="NoFile", what=f"there is no file {path}", file=str(path), mend="check the path")])
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        what = f"{path.name} is not TOML: {why}"
        raise BadInput([Fault(kind="Unreadable", what=what, file=path.name, mend="write key = value lines")]) from None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _above_zero(value: object) -> bool:
    return _number(value) and float(str(value)) > 0


def _fraction(value: object) -> bool:
    return _above_zero(value) and float(str(value)) <= 1


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SHARE: Final = 'a fraction above 0, such as 0.25, or "none"'
_EXPECTED: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "students_within": (_above_zero, _SHARE),
    "demand_within": (_above_zero, _SHARE),
    "value_within": (_above_zero, _SHARE),
    "min_members": (lambda value: _whole(value) and value != 0, "a whole number, 1 or more"),
    "most_hard_share": (_fraction, 'a fraction above 0, up to 1, or "none"'),
    "min_bidders": (_whole, "a whole number, 0 or more"),
    "agencies": (lambda value: value in get_args(Agencies), "keep or split"),
    "few_providers": (_whole, "a whole number, 0 or more"),
    "dear_times": (_above_zero, "a number above 0"),
    "remote_miles": (_above_zero, "a number of miles above 0"),
    "most_at_risk": (_fraction, "a fraction above 0, up to 1"),
}


def _unknown(key: str, file: str) -> Fault:
    near = get_close_matches(key, sorted(_EXPECTED), n=1)
    mend = f"did you mean {near[0]}?" if near else f"known settings: {', '.join(sorted(_EXPECTED))}"
    return Fault(kind="UnknownSetting", what=f"{key} is not a setting", file=file, column=key, mend=mend)
