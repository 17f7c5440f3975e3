"""What the buyers decided before the bids: horizon, objective, filing form and limits on the award.

Read from a TOML file; everything has a default. What the request for proposals disclosed is read beside it, so that an
award under a rule no bidder was told about is stamped as planning only.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args

from infraplan.errors import BadInput, Fault

Objective = Literal["pre_discount", "non_discount_share"]
Filing = Literal["separate", "consortium_equal", "consortium_proportional"]
Sharing = Literal["quantity", "students", "equal"]

LIMITS: Final = ("max_providers", "min_providers", "max_awards", "max_share_per_provider")
"""Limits that bidders must have been told about."""
OF_THE_470: Final[Mapping[str, tuple[str, ...]]] = {
    "form_470": (),
    "posted_by": ("consortium", "state"),
    "open_to": ("named", "state"),
}
"""What `--rfp` may say of the Form 470 it was bid under, with the words allowed (none: any)."""
WORDS: Final = {
    "max_providers": "at most {} providers (max_providers)",
    "min_providers": "at least {} providers (min_providers)",
    "max_awards": "at most {} awards (max_awards)",
    "max_share_per_provider": "no provider above {} of a service's quantity (max_share_per_provider)",
}


@dataclass(frozen=True)
class Policy:
    """The buyers' rules; `None` means no limit. `start_date` is the first day of the horizon."""

    horizon_months: int = 36
    objective: Objective = "pre_discount"
    filing: Filing = "separate"
    may_keep_current: bool = True
    no_district_worse_off: bool = True
    share_fixed: Sharing = "quantity"
    max_providers: int | None = None
    min_providers: int | None = None
    max_awards: int | None = None
    max_share_per_provider: float | None = None
    stable: bool = False
    start_date: date | None = None

    def said(self) -> dict[str, Any]:
        """Return the policy as written to `solution.json`, defaults included."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True)
class Rfp:
    """What was disclosed to bidders: factors and weights, and which limits and forms of bid it allowed."""

    factors: Mapping[str, float] = field(default_factory=dict)
    partial_awards: bool = False
    bundles: bool = False
    disclosed: Mapping[str, float] = field(default_factory=dict)
    objective: str = "pre_discount"
    award_date: date | None = None
    form_470: str = ""
    posted_by: str = "consortium"
    open_to: str = "named"

    def undisclosed(self, policy: Policy, *, bundles: bool, partial: bool) -> list[str]:
        """Return, in words, what the award rests on that the request for proposals did not say."""
        missing = []
        for name in LIMITS:
            value = getattr(policy, name)
            if value is not None and self.disclosed.get(name) != value:
                missing.append(f"the request for proposals does not disclose {WORDS[name].format(value)}")
        if bundles and not self.bundles:
            missing.append("the request for proposals does not allow bundle bids")
        if partial and not self.partial_awards:
            missing.append("the request for proposals does not allow partial awards")
        if policy.objective != self.objective:
            missing.append(
                f"the request for proposals discloses the objective {self.objective}, not {policy.objective}"
            )
        return missing


def read_policy(path: Path | None) -> Policy:
    """Read a policy file; None gives the defaults. Raises BadInput with every fault, near misses named."""
    if path is None:
        return Policy()
    told, faults = read_settings(path), list[Fault]()
    values: dict[str, Any] = {}
    for key, value in told.items():
        fault = _fault(key, value, path.name)
        if fault:
            faults.append(fault)
        else:
            values[key] = value
    if isinstance(values.get("start_date"), datetime):
        values["start_date"] = values["start_date"].date()
    if not faults:
        faults += _contradictions(Policy(**values), path.name)
    if faults:
        raise BadInput(faults)
    return Policy(**values)


def read_rfp(path: Path | None) -> Rfp | None:
    """Read what was disclosed to bidders; None where no file is given."""
    if path is None:
        return None
    told, faults = read_settings(path), list[Fault]()
    known = {"factors", "partial_awards", "bundles", "award_date", "objective", *LIMITS, *OF_THE_470}
    faults += [_unknown(key, known, path.name) for key in told if key not in known]
    weights = told.get("factors", {})
    if not isinstance(weights, dict) or not all(_number(weight) for weight in weights.values()):
        faults.append(_wrong("factors", weights, "a table of factor = weight", path.name))
    for key, allowed in OF_THE_470.items():
        if allowed and told.get(key, allowed[0]) not in allowed:
            faults.append(_wrong(key, told[key], " or ".join(allowed), path.name))
    if faults:
        raise BadInput(faults)
    return Rfp(
        factors=weights,
        partial_awards=bool(told.get("partial_awards", False)),
        bundles=bool(told.get("bundles", False)),
        disclosed={name: told[name] for name in LIMITS if name in told},
        objective=str(told.get("objective", "pre_discount")),
        award_date=told.get("award_date"),
        **{key: str(told[key]) for key in OF_THE_470 if key in told},
    )


def read_settings(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises BadInput if there is none, or it is not TOML."""
    if not path.is_file():
        raise BadInput([Fault(kind="NoFile", what=f"there is no file {path}", file=str(path), mend="check the path")])
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{path.name} is not TOML: {why}",
                    file=path.name,
                    mend="write key = value lines",
                )
            ]
        ) from None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_EXPECTED: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "horizon_months": (_whole, "a whole number of months, 1 or more"),
    "objective": (lambda value: value in get_args(Objective), " or ".join(get_args(Objective))),
    "filing": (lambda value: value in get_args(Filing), " or ".join(get_args(Filing))),
    "may_keep_current": (lambda value: isinstance(value, bool), "true or false"),
    "no_district_worse_off": (lambda value: isinstance(value, bool), "true or false"),
    "share_fixed": (lambda value: value in get_args(Sharing), " or ".join(get_args(Sharing))),
    "max_providers": (_whole, "a whole number, 1 or more"),
    "min_providers": (_whole, "a whole number, 1 or more"),
    "max_awards": (_whole, "a whole number, 1 or more"),
    "max_share_per_provider": (
        lambda value: _number(value) and 0 < float(str(value)) <= 1,
        "a fraction above 0, up to 1",
    ),
    "stable": (lambda value: isinstance(value, bool), "true or false"),
    "start_date": (lambda value: isinstance(value, date), "a date such as 2027-07-01, without quotes"),
}


def _fault(key: str, value: object, file: str) -> Fault | None:
    if key not in _EXPECTED:
        return _unknown(key, set(_EXPECTED), file)
    holds, expected = _EXPECTED[key]
    return None if holds(value) else _wrong(key, value, expected, file)


def _unknown(key: str, known: set[str], file: str) -> Fault:
    near = get_close_matches(key, sorted(known), n=1)
    mend = f"did you mean {near[0]}?" if near else f"known settings: {', '.join(sorted(known))}"
    return Fault(kind="UnknownSetting", what=f"{key} is not a setting", file=file, column=key, mend=mend)


def _wrong(key: str, value: object, expected: str, file: str) -> Fault:
    return Fault(
        kind="BadSetting", what=f"{key} is {value!r}, expected {expected}", file=file, column=key, value=str(value),
        mend=f"give {expected}",
    )  # fmt: skip


def _contradictions(policy: Policy, file: str) -> list[Fault]:
    """Settings that no award at all could keep, whatever the bids."""
    most = min((limit for limit in (policy.max_providers, policy.max_awards) if limit is not None), default=None)
    if policy.min_providers is None or most is None or policy.min_providers <= most:
        return []
    name = "max_providers" if most == policy.max_providers else "max_awards"
    what = f"min_providers is {policy.min_providers} and {name} is {most}: no award can keep both"
    return [
        Fault(kind="Contradiction", what=what, file=file, column="min_providers", mend="lower one or raise the other")
    ]
