"""Numbers given on the command line."""

import math
from typing import Any

import click


class Finite(click.FloatRange):
    """A number within a range; neither nan nor inf, which Python would take for one.

    >>> Finite(min=0).convert("2.5", None, None)
    2.5
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click has it
        """Read the number; a usage error where it is none."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a number; give one in digits.", param, ctx)
        return number
