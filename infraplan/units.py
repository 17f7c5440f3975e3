"""Units and exact money: Mbps, meters and miles, cents, rounding half up."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

METERS_PER_MILE = 1609.344
METERS_PER_FOOT = 0.3048
KBPS_PER_MBPS = 1000
MBPS_PER_GBPS = 1000
CENT = Decimal("0.01")


def half_up(value: Decimal | str | int, places: int = 0) -> Decimal:
    """Round half up to `places` decimals, exactly.

    >>> half_up("49.5"), half_up("2.675", 2)
    (Decimal('50'), Decimal('2.68'))
    """
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def money(text: str) -> Decimal | None:
    """A money amount as people write it ("$1,234.50"), or None where the text is not one.

    >>> money("$1,234.50")
    Decimal('1234.50')
    """
    bare = text.strip().replace("$", "")
    if re.fullmatch(r"[-+(]?\d{1,3}(,\d{3})+(\.\d*)?\)?", bare):
        bare = bare.replace(",", "")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    try:
        amount = Decimal(bare)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
