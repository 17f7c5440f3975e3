"""States and territories by postal code and FIPS number, and the projection in which each is measured."""

import csv
from dataclasses import dataclass
from functools import cache

from infraplan.errors import InfraplanError
from infraplan.resources import data_path


@dataclass(frozen=True)
class State:
    """One state; `crs` is an equal-area or local projection in which its areas and distances may be measured."""

    usps: str
    fips: str
    name: str
    crs: str


@cache
def every() -> tuple[State, ...]:
    """All states, the District of Columbia, territories and the fictional Franklin, by FIPS number."""
    with data_path("codes", "states.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(State(row["usps"], row["fips"], row["name"], row["crs"]) for row in csv.DictReader(stream))


def by_usps(usps: str) -> State:
    """The state of a postal code; raises InfraplanError naming the known ones.

    >>> by_usps("me").fips
    '23'
    """
    for state in every():
        if state.usps == str(usps).upper():
            return state
    known = ", ".join(state.usps for state in every())
    raise InfraplanError(f"there is no state with the postal code {usps}\n  mend:  use one of {known}")


def by_fips(fips: str) -> State | None:
    """The state of a two-digit FIPS number, or None."""
    return next((state for state in every() if state.fips == fips), None)
