"""What a foot of fiber and twenty years of service cost: dated, cited figures, and the state's own in their place.

Construction costs ship with their sources. No figure ships for equipment, upkeep, satellite or lit service: prices are
local and age fast, so the state gives its own in a TOML file (`--costs`), and what it does not give is left out and
said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from infraplan import resources, rules
from infraplan.errors import BadInput, Fault

YEAR: Final = "2025"
"""Edition of the shipped construction costs."""
MONTHS: Final = 12
LAYINGS: Final = ("underground", "aerial")


@dataclass(frozen=True)
class Span:
    """A figure as a range: low end, planning figure, high end."""

    low: Decimal
    middle: Decimal
    high: Decimal

    @classmethod
    def at(cls, value: Decimal) -> "Span":
        """A figure without a range."""
        return cls(value, value, value)

    def times(self, factor: Decimal) -> "Span":
        """The range times a factor."""
        return Span(self.low * factor, self.middle * factor, self.high * factor)

    def plus(self, other: "Span") -> "Span":
        """The sum of two ranges, end by end."""
        return Span(self.low + other.low, self.middle + other.middle, self.high + other.high)


NOTHING: Final = Span.at(Decimal(0))


@dataclass(frozen=True)
class Costs:
    """Cost figures of one plan; `None` where the state has not given one. USD; see `docs` of each field's unit."""

    horizon_years: int
    detour: Decimal
    usd_per_foot: Span
    equipment_usd_per_site: Span | None = None
    equipment_life_years: int | None = None
    upkeep_usd_per_mile_year: Span | None = None
    satellite_usd_once: Span | None = None
    satellite_usd_month: Span | None = None
    wireless_usd_once: Span | None = None
    wireless_usd_month: Span | None = None
    wireless_miles: Decimal | None = None
    wireless_mbps: Decimal | None = None
    mast_meters: Decimal | None = None
    tower_radio_usd: Span | None = None
    relay_radio_usd: Span | None = None
    relay_miles: Decimal | None = None
    lit_usd_once: Span | None = None
    lit_usd_month: Span | None = None
    dark_usd_once: Span | None = None
    dark_usd_month: Span | None = None
    sources: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    def equipment(self) -> Span | None:
        """Electronics of one site over the horizon, replaced at the end of their life."""
        return self.renewed(self.equipment_usd_per_site)

    def renewed(self, once: Span | None) -> Span | None:
        """Electronics bought once, over the horizon: replaced at the end of their life."""
        if once is None:
            return None
        life = self.equipment_life_years or self.horizon_years
        return once.times(Decimal(-(-self.horizon_years // life)))

    def upkeep(self, miles: Decimal) -> Span | None:
        """Upkeep of some miles of route over the horizon."""
        told = self.upkeep_usd_per_mile_year
        return told.times(miles * self.horizon_years) if told else None

    def monthly(self, what: str) -> Span | None:
        """A service paid by the month (`satellite`, `wireless`, `lit`, `dark`) for one site over the horizon."""
        month, once = getattr(self, f"{what}_usd_month"), getattr(self, f"{what}_usd_once")
        if month is None:
            return None
        whole: Span = month.times(Decimal(MONTHS * self.horizon_years))
        return whole.plus(once or NOTHING)

    def said(self) -> dict[str, Any]:
        """The figures as written to `solution.json`."""
        told: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Span):
                told[item.name] = [float(value.low), float(value.middle), float(value.high)]
            elif isinstance(value, tuple):
                told[item.name] = list(value)
            elif value is not None:
                told[item.name] = float(value) if isinstance(value, Decimal) else value
        return told


def shipped(laying: str = "underground") -> Costs:
    """The shipped construction costs for one way of laying fiber (`underground`, `aerial`)."""
    told = rules.load("build_costs", YEAR)
    foot = Span(*(Decimal(told.value(f"{laying}.{end}")) for end in ("low", "middle", "high")))
    names = [f"{laying}.middle", f"{laying}.low", "detour", "horizon_years"]
    cited = [figure.cite.words() for name in names if (figure := told.figure(name)).cite]
    return Costs(
        horizon_years=int(told.value("horizon_years")),
        detour=Decimal(told.value("detour")),
        usd_per_foot=foot,
        sources=tuple(dict.fromkeys(cited)),
    )


def read(path: Path | None) -> Costs:
    """The shipped costs, with the state's own figures from a TOML file in their place.

    Figures are one number, or three: low, planning figure, high. `laying` chooses the shipped cost of a foot. Raises
    BadInput with every fault.
    """
    if path is None:
        return shipped()
    told = resources.read_toml(path)
    faults = [fault for key, value in told.items() if (fault := _fault(key, value, path.name))]
    if faults:
        raise BadInput(faults)
    given = tuple(key for key in told if key != "laying")
    base = shipped(told.get("laying", "underground"))
    values = {key: _value(key, told[key]) for key in given}
    return replace(base, **values, given=given, sources=(*base.sources, f"{path.name}: {', '.join(told)}"))


_WHOLE: Final = ("horizon_years", "equipment_life_years")
_SPANS: Final = tuple(item.name for item in fields(Costs) if "Span" in str(item.type))
_PLAIN: Final = ("detour", "wireless_miles", "wireless_mbps", "relay_miles", "mast_meters")
_KNOWN: Final = ("laying", *_PLAIN, *_WHOLE, *_SPANS)


def _value(key: str, value: Any) -> Any:  # noqa: ANN401 - by key a count, a factor or a range
    if key in _WHOLE:
        return value
    if key in _PLAIN:
        return Decimal(str(value))
    numbers = value if isinstance(value, list) else [value] * 3
    return Span(*(Decimal(str(number)) for number in numbers))


def _fault(key: str, value: object, file: str) -> Fault | None:
    if key not in _KNOWN:
        near = get_close_matches(key, _KNOWN, n=1)
        mend = f"did you mean {near[0]}?" if near else f"known figures: {', '.join(_KNOWN)}"
        return Fault(kind="UnknownSetting", what=f"{key} is not a cost figure", file=file, column=key, mend=mend)
    if key == "laying":
        holds, expected = value in LAYINGS, " or ".join(LAYINGS)
    elif key in _WHOLE:
        holds, expected = _positive_whole(value), "a whole number of years, 1 or more"
    elif key == "detour":
        holds, expected = _number(value) and float(str(value)) >= 1, "a number of 1 or more"
    elif key in _PLAIN:
        holds, expected = _number(value), "a number of 0 or more"
    else:
        holds = _number(value) or _rising(value)
        expected = "one amount, or three in rising order: low, planning figure, high"
    if holds:
        return None
    return Fault(
        kind="BadSetting", what=f"{key} is {value!r}, expected {expected}", file=file, column=key, value=str(value),
        mend=f"give {expected}",
    )  # fmt: skip


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _positive_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _rising(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != len(("low", "middle", "high")):
        return False
    return all(_number(number) for number in value) and list(value) == sorted(value)
