"""What districts pay for circuits, each price beside its peers': same purpose, speed tier and rurality, never a bare mean.

A line is counted once however many schools it serves; confidential prices stay out; a group below the least count is
widened step by step, and the answer says so. The price scale (price ~ speed^b) lets districts of different size compare.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from infraplan.errors import NoAnswer
from infraplan.procurement import outliers
from infraplan.procurement.filings import years_of
from infraplan.procurement.words import so_many
from infraplan.resources import data_path, read_toml

COLUMNS = ["ben", "name", "lea_id", "filed_by", "line_id", "service", "mbps", "circuits", "usd_month", "usd_mbps_month",
           "peers", "widened", "n", "p10_usd_mbps_month", "median_usd_mbps_month", "p90_usd_mbps_month", "percentile",
           "expected_usd_month", "times_expected", "outlier", "stamp"]  # fmt: skip
HISTORIC = "HISTORIC"
YEARS_UNTIL_HISTORIC = 2
LEAST_TO_FIT = 20
CONFIDENCE = 0.95
_NEEDED = ("requests", "request_lines", "applications")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The price scale of one service: USD a month = factor x Mbps^exponent, with the interval of the exponent."""

    service: str
    n: int
    factor: float
    exponent: float
    low: float
    high: float
    spread: float

    def words(self) -> str:
        """The scale as a sentence."""
        more = 100 * (2**self.exponent - 1)
        law = f"about ${self.factor:,.2f} x Mbps^{self.exponent:.2f} a month"
        sure = f"exponent {self.low:.2f} to {self.high:.2f}, {self.n:,} lines"
        return f"{words()[self.service]}: {law} ({sure}): twice the speed costs {more:.0f} percent more"


@dataclass(frozen=True)
class Benchmark:
    """The table `price_benchmark`, the scales behind it, what was left out, and whether the prices are historic."""

    table: pd.DataFrame
    scales: tuple[Scale, ...]
    notes: tuple[str, ...]
    historic: bool


NOTHING = Benchmark(pd.DataFrame(columns=COLUMNS), (), (), historic=False)
"""A benchmark where no price is loaded."""


@cache
def _codes() -> dict[str, Any]:
    return read_toml(data_path("codes", "price_groups.toml"))


def circuit_sizes() -> list[int]:
    """Sizes in Mbps of the circuits that an affordability answer may choose from."""
    return [int(mbps) for mbps in _codes()["circuits"]["mbps"]]


def words() -> Mapping[str, str]:
    """Services in words."""
    return dict(_codes()["words"])


def benchmark(
    tables: Mapping[str, pd.DataFrame],
    *,
    funding_year: int,
    least: int = 10,
    crosswalk: Mapping[str, str] | None = None,
) -> Benchmark:
    """Put every priced line of Form 471 tables beside its peers.

    `funding_year` is the year prices are used for: older ones by more than two years are stamped HISTORIC. `least` is the
    smallest group compared with; `crosswalk` gives NCES numbers by BEN. Raises NoAnswer if tables or priced lines lack.
    """
    lines, notes = priced_lines(tables)
    lines, later = _until(lines, funding_year)
    newest = lines[lines["year"] == lines.groupby("filed_by")["year"].transform("max")]
    scales = tuple(scale for name in _codes()["purpose"] if (scale := fit(name, newest[newest["service"] == name])))
    lines = _with_scale(_with_peers(lines, least), scales, tables)
    table, earlier = _newest_of_each(_received(lines, tables))
    notes += [*later, *earlier]
    table["lea_id"] = table["ben"].map(dict(crosswalk)) if crosswalk else None
    if crosswalk:
        found = int(table["lea_id"].notna().sum())
        notes.append(f"{found:,} of {len(table):,} rows have an NCES number by the crosswalk")
    recent = funding_year - table["funding_year"] <= YEARS_UNTIL_HISTORIC
    historic = not bool(recent.all())
    table["stamp"] = pd.Series(None, index=table.index, dtype=object).mask(~recent, HISTORIC)
    if historic:
        years = table.loc[~recent, "funding_year"]
        of = " and ".join([*([] if years.isna().all() else [f"FY{int(years.min())}"]),
                           *(["a year that was not filed"] if years.isna().any() else [])])  # fmt: skip
        notes.insert(0, f"{HISTORIC}: prices of {of}, used for FY{funding_year}; they feed no optimizer unless allowed")
    alone, wide = int((table["n"] == 0).sum()), int((table["widened"] & (table["n"] > 0)).sum())
    notes.append(
        f"{wide:,} of {len(table):,} rows are compared with a wider group, the closest having under {least} lines; "
        f"{alone:,} with none"
    )
    ordered = table.sort_values(["service", "ben", "line_id"], kind="stable").reset_index(drop=True)
    return Benchmark(ordered[COLUMNS], scales, (*notes, *(scale.words() for scale in scales)), historic)


def _until(lines: pd.DataFrame, funding_year: int) -> tuple[pd.DataFrame, list[str]]:
    """The lines with their `year`, without those of years after the one they are used for, unless all are."""
    lines = lines.assign(year=lines["funding_year"].fillna(0).astype("int64"))
    later = lines["year"] > funding_year
    if later.all() or not later.any():
        return lines, []
    return lines[~later].reset_index(drop=True), [
        f"left out: {so_many(int(later.sum()), 'line')} of years after FY{funding_year}"
    ]


def _newest_of_each(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Of each applicant the rows of its newest year: an earlier year's are most often the same circuits."""
    earlier = table["year"] < table.groupby("ben")["year"].transform("max")
    if not earlier.any():
        return table, []
    return table[~earlier].reset_index(drop=True), [
        f"left out: {so_many(int(earlier.sum()), 'row')} of years before the applicant's newest; they serve as peers of "
        "their year"
    ]


# --- which lines have a price ---------------------------------------------------------------------------------------


def priced_lines(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, list[str]]:
    """Circuits with a price, one row per line, and in words how many lines were left out and why.

    Raises NoAnswer if a table is missing or no line has a price.
    """
    missing = [name for name in _NEEDED if name not in tables]
    if missing:
        raise NoAnswer(
            f"prices need the Form 471 tables {', '.join(missing)}, which are not loaded\n"
            "  mend:  infraplan data add the line items, funding requests and basic information"
        )
    requests = tables["requests"].drop_duplicates("frn").set_index("frn")
    lines = tables["request_lines"].drop_duplicates("line_id")
    lines = lines[lines["purpose"].notna()].copy()
    purposes = {text: name for name, text in _codes()["purpose"].items()}
    lines["service"] = lines["purpose"].map(purposes)
    for name in ("status", "confidential", "ben", "application_number"):
        lines[f"request_{name}"] = lines["frn"].map(requests[name])
    numbers = {name: pd.to_numeric(lines[name], errors="coerce") for name in ("down_mbps", "usd_month", "quantity")}
    kept, notes = _left_out(lines, numbers)
    lines = lines[kept]
    if lines.empty:
        raise NoAnswer("no line has a monthly price and a speed\n  mend:  add the line items of data services")
    applications = tables["applications"].drop_duplicates("application_number").set_index("application_number")
    number = lines["request_application_number"]
    years = years_of(requests, tables["applications"])
    speed, price = numbers["down_mbps"][kept], numbers["usd_month"][kept]
    priced = pd.DataFrame({
        "line_id": lines["line_id"], "filed_by": lines["request_ben"], "application_number": number,
        "service": lines["service"], "mbps": speed, "usd_month": price, "circuits": numbers["quantity"][kept],
        "usd_mbps_month": price / speed, "tier": _tier(speed),
        "state": number.map(applications["report_state"]).fillna("?"),
        "rurality": number.map(applications["urban_rural"]).fillna("?"),
        "funding_year": lines["frn"].map(years).astype("float"),
    })  # fmt: skip
    return priced.reset_index(drop=True), notes


def _left_out(lines: pd.DataFrame, numbers: Mapping[str, pd.Series]) -> tuple[pd.Series, list[str]]:
    """Which lines stay, and in words why others go; a line is counted under the first reason that holds."""
    functions = set(_codes()["lines"]["functions"])
    reasons = (
        ("with a purpose unknown here", lines["service"].isna()),
        ("for no circuit (construction, equipment, maintenance)", ~lines["function"].isin(functions)),
        ("for a data plan of portable devices, no circuit", _product(lines).isin(_codes()["lines"]["not_circuits"])),
        ("of a request not funded", lines["request_status"].ne("Funded")),
        ("with a confidential price", lines["request_confidential"].eq(other=True)),
        ("without a monthly price, a speed or a quantity", ~(
            (numbers["down_mbps"] > 0) & (numbers["usd_month"] > 0) & (numbers["quantity"] > 0))),
    )  # fmt: skip
    kept = pd.Series(data=True, index=lines.index)
    notes = []
    if lines["request_confidential"].isna().all():
        notes.append("the requests do not say which prices are confidential: none could be left out for that")
    for why, goes in reasons:
        gone = int((kept & goes).sum())
        if gone:
            notes.append(f"left out: {so_many(gone, 'line')} {why}")
        kept &= ~goes
    return kept, notes


def _product(lines: pd.DataFrame) -> pd.Series:
    return lines["product"] if "product" in lines else pd.Series("", index=lines.index)


def _tier(mbps: pd.Series) -> pd.Series:
    bounds = np.array(_codes()["tiers"]["from_mbps"], dtype=float)
    return pd.Series(np.searchsorted(bounds, mbps.to_numpy(dtype=float), side="right") - 1, index=mbps.index)


def _tier_words(tier: int) -> str:
    bounds = _codes()["tiers"]["from_mbps"]
    return (
        f"{bounds[tier]:,} to {bounds[tier + 1]:,} Mbps" if tier + 1 < len(bounds) else f"{bounds[tier]:,} Mbps or more"
    )


# --- peers ----------------------------------------------------------------------------------------------------------

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("service", "tier", "rurality", "state"), ("service", "tier", "state"), ("service", "tier", "rurality"),
    ("service", "tier"),
)  # fmt: skip


def _with_peers(lines: pd.DataFrame, least: int) -> pd.DataFrame:
    """Add the closest group with at least `least` lines, its quantiles, and the line's percentile in it."""
    out = lines.assign(
        peers="no group is large enough",
        widened=True,
        n=0,
        p10_usd_mbps_month=np.nan,
        median_usd_mbps_month=np.nan,
        p90_usd_mbps_month=np.nan,
        percentile=np.nan,
    )
    open_rows = pd.Series(data=True, index=out.index)
    several = bool((out["year"] != out["year"].iloc[0]).any())
    for level, names in enumerate(_LEVELS):
        keys = ("year", *names)  # prices fall from year to year: a group is of one year
        for key, rows in out.groupby(list(keys)).groups.items():
            todo = rows[open_rows.loc[rows].to_numpy()]
            if len(rows) < least or len(todo) == 0:
                continue
            prices = np.sort(out.loc[rows, "usd_mbps_month"].to_numpy(dtype=float))
            out.loc[todo, ["p10_usd_mbps_month", "median_usd_mbps_month", "p90_usd_mbps_month"]] = np.quantile(
                prices, [0.1, 0.5, 0.9]
            )
            out.loc[todo, "percentile"] = _percentiles(prices, out.loc[todo, "usd_mbps_month"].to_numpy(dtype=float))
            out.loc[todo, "n"], out.loc[todo, "widened"] = len(rows), level > 0
            out.loc[todo, "peers"] = _group_words(keys, key, dated=several)
            open_rows.loc[todo] = False
    return out


def _percentiles(group: Floats, prices: Floats) -> Floats:
    """Part of a sorted group below each price, equals counted half; percent to one decimal."""
    below, upto = np.searchsorted(group, prices, side="left"), np.searchsorted(group, prices, side="right")
    return np.round(50 * (below + upto) / len(group), 1)


def _group_words(keys: Sequence[str], values: Any, *, dated: bool) -> str:  # noqa: ANN401 - a groupby key
    told = dict(zip(keys, values, strict=True))
    parts = [words()[told["service"]], _tier_words(int(told["tier"]))]
    parts += [told["rurality"].lower()] if "rurality" in told else []
    parts.append(str(told.get("state", "all states loaded")))
    return ", ".join([*parts, *([f"FY{told['year']}"] if dated and told["year"] else [])])


# --- the price scale ------------------------------------------------------------------------------------------------


def fit(service: str, lines: pd.DataFrame) -> Scale | None:
    """Fit log price on log speed over a service's lines; None with fewer than 20 lines or one speed only.

    The interval of the exponent is the 95 percent interval of least squares; the spread of prices around the scale is
    robust (median absolute deviation), so that a few wild lines do not hide themselves.
    """
    x, y = np.log(lines["mbps"].to_numpy(dtype=float)), np.log(lines["usd_month"].to_numpy(dtype=float))
    if len(x) < LEAST_TO_FIT or np.ptp(x) == 0:
        return None
    line = stats.linregress(x, y)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 2)) * float(line.stderr)
    rest = y - (line.intercept + line.slope * x)
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    return Scale(service, len(x), math.exp(line.intercept), float(line.slope), float(line.slope) - half,
                 float(line.slope) + half, spread)  # fmt: skip


def _with_scale(lines: pd.DataFrame, scales: Sequence[Scale], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Add the price that the scale expects of each line, and what stands out, with its likely cause."""
    by_service = {scale.service: scale for scale in scales}
    expected = [
        round(scale.factor * speed**scale.exponent, 2) if (scale := by_service.get(service)) else math.nan
        for service, speed in zip(lines["service"], lines["mbps"], strict=True)
    ]
    lines = lines.assign(expected_usd_month=expected)
    lines["times_expected"] = (lines["usd_month"] / lines["expected_usd_month"]).round(2)
    told = pd.concat([lines, outliers.evidence(lines, tables)], axis=1).to_dict("records")
    lines["outlier"] = [
        outliers.words(row, scale.spread, scale.exponent) if (scale := by_service.get(str(row["service"]))) else None
        for row in told
    ]
    return lines


# --- who receives ---------------------------------------------------------------------------------------------------


def _received(lines: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per line and applicant: the filer, or for a consortium's line its members with their part of the circuits."""
    applications = tables["applications"].drop_duplicates("application_number").set_index("application_number")
    kind = lines["application_number"].map(applications["applicant_type"])
    names = dict(zip(applications["ben"], applications["name"], strict=True))
    own = lines[kind != "Consortium"].assign(ben=lambda rows: rows["filed_by"])
    parts = [own]
    led = lines[kind == "Consortium"]
    if len(led):
        parts.append(_members(led, tables, names))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(name=table["ben"].map(names))


def _members(led: pd.DataFrame, tables: Mapping[str, pd.DataFrame], names: dict[str, str]) -> pd.DataFrame:
    """Consortium lines by member: circuits split by amount, else by quantity, else equally, over the recipients filed."""
    recipients = tables.get("line_recipients")
    if recipients is None:
        return led.assign(ben=led["filed_by"])
    here = recipients[recipients["line_id"].isin(led["line_id"])].copy()
    number = dict(zip(led["line_id"], led["application_number"], strict=True))
    here["application_number"] = here["line_id"].map(number)
    sites = tables.get("applicant_sites")
    parents: dict[tuple[str, str], str] = {}
    if sites is not None:
        known = sites[sites["site_ben"].notna()]
        parents = dict(
            zip(zip(known["application_number"], known["site_ben"], strict=True), known["parent_ben"], strict=True)
        )
        names |= dict(zip(sites["parent_ben"], sites["parent_name"], strict=True))
    here["ben"] = [
        parents.get(pair, pair[1]) for pair in zip(here["application_number"], here["entity_id"], strict=True)
    ]
    here["part"] = _parts(here)
    share = here.groupby(["line_id", "ben"], sort=False)["part"].sum().reset_index()
    split = led.merge(share, on="line_id", how="left")
    return split.assign(
        ben=split["ben"].fillna(split["filed_by"]), circuits=split["circuits"] * split["part"].fillna(1.0)
    )


def _parts(recipients: pd.DataFrame) -> Floats:
    """Each recipient's part of its line, adding up to one."""
    group = recipients.groupby("line_id")
    out = 1.0 / group["line_id"].transform("size").to_numpy(dtype=float)
    for column in ("quantity", "amount_usd"):
        amounts = pd.to_numeric(recipients[column], errors="coerce").fillna(0).astype(float)
        total = amounts.groupby(recipients["line_id"]).transform("sum").to_numpy(dtype=float)
        out = np.where(total > 0, amounts.to_numpy(dtype=float) / np.where(total > 0, total, 1.0), out)
    return np.asarray(out, dtype=np.float64)
