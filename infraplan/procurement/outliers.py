"""Lines whose price stands out from the price scale, and the cell of the form that most likely causes it.

The causes are those found by tracing real outliers to their lines: one price for the circuits of a whole network, a speed
in kbps or of the menu rather than of the circuit, units that are not circuits, token prices, money in the one-time charge.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from infraplan.resources import data_path, read_toml
from infraplan.units import MBPS_PER_GBPS

Row = Mapping[Any, Any]
LEAST_MEANT_MBPS, MOST_MEANT_MBPS = 1.0, 100_000.0
"""Speeds of a circuit that a slip of the unit may have meant."""


@cache
def _bounds() -> Mapping[str, float]:
    return dict(read_toml(data_path("codes", "price_groups.toml"))["outliers"])


@cache
def _menu() -> tuple[str, ...]:
    return tuple(read_toml(data_path("codes", "price_groups.toml"))["menu"]["products"])


def evidence(lines: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What the causes are judged by, one row per line in order: `product, once_usd, sites, other_usd_month`.

    `sites` is how many recipients the line lists (0 = not loaded), `other_usd_month` the dearest other line of its request.
    """
    filed = tables["request_lines"].drop_duplicates("line_id").set_index("line_id")
    line = lines["line_id"]

    def of(column: str) -> pd.Series:
        return line.map(filed[column]) if column in filed else pd.Series(None, index=lines.index, dtype=object)

    sites = pd.Series(0, index=lines.index)
    if "line_recipients" in tables:
        sites = line.map(tables["line_recipients"].groupby("line_id").size()).fillna(0).astype(int)
    monthly = pd.to_numeric(filed["usd_month"], errors="coerce")
    ranked = pd.DataFrame({"frn": filed["frn"], "usd": monthly}).sort_values("usd", ascending=False, kind="stable")
    first = ranked.groupby("frn")["usd"].nth(0)
    second = ranked.groupby("frn")["usd"].nth(1)
    dearest = line.map(ranked["frn"]).map(dict(zip(ranked.loc[first.index, "frn"], first, strict=True)))
    next_one = line.map(ranked["frn"]).map(dict(zip(ranked.loc[second.index, "frn"], second, strict=True)))
    top = line.isin(first.index)
    return pd.DataFrame({
        "product": of("product").fillna("").astype(str), "once_usd": pd.to_numeric(of("one_time_usd"), errors="coerce").fillna(0),
        "sites": sites, "other_usd_month": dearest.where(~top, next_one).fillna(0),
    }, index=lines.index)  # fmt: skip


def words(row: Row, spread: float, exponent: float | None = None) -> str | None:
    """Why a line stands out from its scale, with the cell that may cause it; None where it does not.

    `row` has usd_month, expected_usd_month, mbps, circuits and the columns of `evidence`; `spread` is the robust standard
    deviation of log prices around the scale, `exponent` the scale's, by which a speed in another unit can be tried.
    """
    if spread == 0 or not row["expected_usd_month"] > 0:
        return None
    if abs(math.log(row["usd_month"] / row["expected_usd_month"])) / spread < _bounds()["spreads"]:
        return None
    dear = row["usd_month"] > row["expected_usd_month"]
    times = row["usd_month"] / row["expected_usd_month"]
    what = f"{times if dear else 1 / times:,.1f} times {'above' if dear else 'below'} the usual price at {row['mbps']:,g} Mbps"
    slip = None if exponent is None else _unit_slip(row, spread, exponent)
    return f"{what}; {_too_dear(row, slip) if dear else _too_cheap(row, slip)}"


def _unit_slip(row: Row, spread: float, exponent: float) -> str | None:
    """The cause in words, if the price would be a usual one were the speed's unit one step greater or smaller."""
    steps = float(MBPS_PER_GBPS) if row["usd_month"] > row["expected_usd_month"] else 1 / MBPS_PER_GBPS
    meant = row["mbps"] * steps
    expected = row["expected_usd_month"] * steps**exponent
    if not LEAST_MEANT_MBPS <= meant <= MOST_MEANT_MBPS or abs(math.log(row["usd_month"] / expected)) > spread:
        return None
    return f"at {meant:,g} Mbps the price would be a usual one: look at the speed's unit"


def _of_the_menu(row: Row) -> str | None:
    """The cause in words, if the form sets this product's speed."""
    product = row["product"].upper()
    if not product.startswith(tuple(_menu())):
        return None
    return f"the speed is that of the product {row['product']} on the form's menu, not of the circuit"


def _too_dear(row: Row, slip: str | None) -> str:
    if row["sites"] > row["circuits"] and row["sites"] > 1:
        each = row["usd_month"] * row["circuits"] / row["sites"]
        return (
            f"{row['circuits']:,g} unit{'s' if row['circuits'] > 1 else ''} for {row['sites']:,} sites: the price may be "
            f"of the whole network, ${each:,.2f} a site"
        )
    if row["circuits"] == row["mbps"]:
        return "the quantity equals the speed: look whether both mean Mbps"
    if row["mbps"] < 1:
        return "the speed is under 1 Mbps: its unit may be Gbps"
    if cause := _of_the_menu(row) or slip:
        return cause
    return "no cell of the line looks odd: it may be what is paid; ask for the contract"


def _too_cheap(row: Row, slip: str | None) -> str:
    bounds = _bounds()
    slow = any(word in row["product"].lower() for word in ("subscriber line", "dsl"))
    causes = (
        (row["circuits"] == row["mbps"],
         "the quantity equals the speed: the price may be of one Mbps, not of a circuit"),
        (_of_the_menu(row) is not None, str(_of_the_menu(row))),
        (row["mbps"] > MBPS_PER_GBPS and (slow or row["mbps"] % 100),
         "the speed may be in kbps"),
        (row["once_usd"] > bounds["once_months"] * row["usd_month"],
         f"the one-time charge of ${row['once_usd']:,.0f} on this line may carry the price"),
        (row["usd_month"] <= bounds["token_usd_month"] and row["other_usd_month"] > bounds["token_usd_month"],
         f"a token price: another line of the request, ${row['other_usd_month']:,.2f} a month, may carry the cost"),
        (row["circuits"] > 1 and row["circuits"] == row["sites"],
         f"{row['circuits']:,g} units for as many sites: the speed may be the whole network's"),
        (row["circuits"] > 1,
         f"{row['circuits']:,g} units: the quantity may count telephones, devices, students or Mbps"),
        (row["usd_month"] <= bounds["token_usd_month"],
         "a token price: look at the bill"),
    )  # fmt: skip
    usual = slip or "look at the speed's unit, and whether the price is of a part of the bill only"
    return next((cause for holds, cause in causes if holds), usual)
