"""What like lines pay, so that a lot's value can be expected; evidence with every figure, and no promise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.procurement import prices
from infraplan.units import half_up

SERVICE: Final = "internet"
QUARTERS: Final = (25, 50, 75)


@dataclass(frozen=True)
class Prices:
    """The price scale of internet lines, and by how much the lines of each quarter stand off it (factors)."""

    factor: float
    exponent: float
    quarters: tuple[float, float, float]
    n: int
    years: tuple[int, int]
    historic: bool

    def of(self, mbps: float) -> tuple[Decimal, Decimal, Decimal]:
        """USD a month for a speed: a quarter of like lines pay less than the first, half than the second, and so on."""
        middle = self.factor * mbps**self.exponent
        low, half, high = (half_up(Decimal(str(middle * one)), 2) for one in self.quarters)
        return low, half, high

    @property
    def evidence(self) -> str:
        """What the figures stand on, as a sentence."""
        first, last = self.years
        when = f"FY{first}" if first == last else f"FY{first} to FY{last}"
        stamp = f"; {prices.HISTORIC}: more than two funding years old" if self.historic else ""
        return f"{self.n:,} priced internet lines of {when}{stamp}"


def scale(tables: Mapping[str, pd.DataFrame], funding_year: int, *, allow_historic: bool = False) -> Prices:
    """The price scale of the Form 471 tables given.

    Raises NoAnswer with too few priced lines, or where they are HISTORIC and that was not allowed.
    """
    lines, _ = prices.priced_lines(tables)
    mine = lines[lines["service"] == SERVICE]
    recent = mine[funding_year - mine["funding_year"] <= prices.YEARS_UNTIL_HISTORIC]
    mine = mine if recent.empty else recent  # old prices beside newer ones are passed over
    fitted = prices.fit(SERVICE, mine)
    if fitted is None:
        raise NoAnswer(
            f"too few internet lines with a price and a speed to expect prices from ({len(mine):,})\n"
            "  mend:  give value_usd_month in the file of members"
        )
    historic = bool((funding_year - mine["funding_year"]).max() > prices.YEARS_UNTIL_HISTORIC)
    if historic and not allow_historic:
        raise NoAnswer(
            f"{prices.HISTORIC}: the prices loaded are more than two funding years old and feed no optimizer\n"
            "  mend:  add newer Form 471 tables, or give --allow-historic"
        )
    off = np.log(mine["usd_month"].to_numpy(dtype=float)) - (
        math.log(fitted.factor) + fitted.exponent * np.log(mine["mbps"].to_numpy(dtype=float))
    )
    low, half, high = np.exp(np.percentile(off, QUARTERS)).tolist()
    years = int(mine["funding_year"].min()), int(mine["funding_year"].max())
    return Prices(fitted.factor, fitted.exponent, (low, half, high), len(mine), years, historic)
