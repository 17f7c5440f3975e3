"""Sites and links of a network to plan."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

KEEP: Final = "keep as is"
FIBER: Final = "fiber"
MAST, HOP, RELAY, DOOR = "tower", "radio", "relay radio", "door"
"""Kinds of links that are no fiber: a tower's own cost, radios to a site and between towers, a site's choice of them."""


@dataclass(frozen=True)
class Site:
    """One site. `alternative` is its cost in USD over the horizon if it is not connected (None: it has to be).

    `door` is the node where fiber and radio meet, for a site that either may serve; `priced` says that the alternative's
    cost comes from the file of costs.
    """

    site_id: str
    node: str
    students: int | None = None
    mbps: float | None = None
    alternative: Decimal | None = None
    alternative_name: str = KEEP
    rate: Decimal | None = None
    state_percent: Decimal = Decimal(0)
    door: str = ""
    priced: bool = False

    @property
    def end(self) -> str:
        """The node that has to be reached."""
        return self.door or self.node


@dataclass(frozen=True)
class Link:
    """A link that could be built, in USD and meters along its route; `upkeep` and `equipment` are over the horizon.

    `low` and `high` are the ends of its cost's range where its file gives them. A link that is not fiber leads from `a` to
    `b` only; `shown` are its ends in words where they differ from its nodes.
    """

    a: str
    b: str
    meters: float
    usd: Decimal
    kind: str = FIBER
    upkeep: Decimal = Decimal(0)
    equipment: Decimal = Decimal(0)
    low: Decimal | None = None
    high: Decimal | None = None
    shown: tuple[str, str] | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """What a reader calls its ends."""
        return self.shown or (self.a, self.b)
