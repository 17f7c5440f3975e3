"""Prices that lots are expected to fetch: of recent years where there are any."""

import pandas as pd
import pytest

from infraplan.errors import NoAnswer
from infraplan.procurement import prices
from infraplan.procurement.lots import expected


def lines(year: int, usd: float) -> pd.DataFrame:
    speeds = [10.0 * at for at in range(1, 31)]
    rows = {
        "service": expected.SERVICE,
        "mbps": speeds,
        "usd_month": [usd * mbps for mbps in speeds],
        "funding_year": year,
    }
    return pd.DataFrame(rows)


def test_old_prices_beside_newer_ones_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    both = pd.concat([lines(2016, 9.0), lines(2026, 2.0)], ignore_index=True)
    monkeypatch.setattr(prices, "priced_lines", lambda _: (both, []))
    found = expected.scale({}, 2026)
    assert (found.years, found.n, found.historic) == ((2026, 2026), 30, False)
    assert float(found.of(100.0)[1]) == pytest.approx(200.0)
    with pytest.raises(NoAnswer, match="HISTORIC"):
        expected.scale({}, 2030)
