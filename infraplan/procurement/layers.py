"""The tables an E-Rate map draws: rate, price position, contract end and Category Two left, by district.

A figure that is not known is blank, never zero. Every column is made for one district by one rule, so that the table
under the map can be checked by hand.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from infraplan import states
from infraplan.errors import NoAnswer, NoRule, NoTable
from infraplan.procurement import c2_left, calendar, discounts, filed, filings, places, prices, reconcile
from infraplan.workspace import Workspace

RATES, PRICES, CONTRACTS, C2 = "erate_rates", "erate_prices", "erate_contracts", "erate_c2"
LAYERS = {
    RATES: "erate_discount_rate",
    PRICES: "erate_price_percentile",
    CONTRACTS: "erate_contract_end",
    C2: "erate_c2_left",
}
BENEATH: Mapping[str, tuple[str, ...]] = {
    RATES: ("applications",),
    PRICES: ("applications", "requests", "request_lines", "line_recipients", "applicant_sites"),
    CONTRACTS: ("requests", "line_recipients"),
    C2: ("c2_spending", "applicant_sites", "requests"),
}
"""Which loaded tables stand beneath each table of the map."""
_SERVICE_ORDER = ("internet", "hub_transport", "internet_no_circuit", "wan", "backbone")
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class MapTables:
    """What the E-Rate map draws: `areas` has area_id, name, area_layer, geometry and the columns of its layers."""

    areas: gpd.GeoDataFrame
    title: str
    layers: tuple[str, ...]
    notes: tuple[str, ...]
    stamps: tuple[str, ...]
    receipt_tables: Mapping[str, tuple[str, ...]]


def map_tables(
    workspace: Workspace,
    *,
    funding_year: int,
    as_of: date,
    crosswalk: Mapping[str, str] | None = None,
    points: places.Points | None = None,
) -> MapTables:
    """Everything the loaded Form 471 tables say of districts, for a funding year and as of a day.

    Without boundaries the districts are the applicants, at the points that are known of them (see `places`). Raises
    NoTable without anything to show, NoAnswer where no applicant matches.
    """
    tables = _loaded(workspace)
    found = places.of_districts(workspace, tables, states.by_usps(workspace.config.state).fips, crosswalk, points)
    historic: list[str] = []
    notes = [reconcile.opening(tables, funding_year), *found.words]
    parts: dict[str, pd.DataFrame] = {}
    makers: Mapping[str, Callable[[], tuple[pd.DataFrame, list[str]]]] = {
        RATES: lambda: _rates(tables, funding_year),
        PRICES: lambda: _priced(tables, funding_year, historic),
        CONTRACTS: lambda: contract_ends(tables, as_of),
        C2: lambda: c2_left.by_applicant(tables, funding_year),
    }
    for name, make in makers.items():
        try:
            rows, told = make()
        except (NoAnswer, NoRule) as missing:
            notes.append(f"{name.removeprefix('erate_')}: {str(missing).splitlines()[0]}.")
            continue
        parts[name] = _one_each(rows, found.leas, tables)
        notes += told
    if not parts:
        raise NoTable("there is nothing to show of any district\n  mend:  `infraplan status` lists what to add")
    areas = found.areas
    for part in parts.values():
        areas = areas.merge(part, on="area_id", how="left")
    areas["area_id"] = areas["area_id"].where(~areas["area_id"].str.startswith(places.NO_NCES), "")
    return MapTables(
        areas,
        f"E-Rate by district, FY{funding_year}, as of {as_of}",
        tuple(LAYERS[name] for name in parts),
        tuple(dict.fromkeys(notes)),
        tuple(historic),
        _receipts(workspace, list(parts)),
    )


def _loaded(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """The Form 471 tables; raises NoTable where there is none."""
    tables = filings.tables((), workspace.folder)
    if not tables:
        raise NoTable(
            "no Form 471 table is loaded to show on a map\n  mend:  infraplan data add the basic "
            "information, discount calculations, funding requests and line items"
        )
    return tables


def _receipts(workspace: Workspace, parts: list[str]) -> dict[str, tuple[str, ...]]:
    used: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for receipt in workspace.receipts_of(*BENEATH[part]):
            used[receipt.receipt_id] = (*used.get(receipt.receipt_id, ()), part)
    return used


def _one_each(rows: pd.DataFrame, leas: Mapping[str, str], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows by BEN as rows by district; of several BENs of one district, that of the most students, then the lowest."""
    here = rows[rows["ben"].isin(leas)].assign(area_id=lambda frame: frame["ben"].map(dict(leas)))
    size = pd.Series(dtype=float)
    if "applications" in tables:
        size = tables["applications"].groupby("ben")["students"].max().astype(float)
    here = here.assign(size=here["ben"].map(size).fillna(0.0).astype(float))
    here = here.sort_values(["area_id", "size", "ben"], ascending=[True, False, True], kind="stable")
    here = here.drop_duplicates("area_id").drop(columns="size")
    return here if "c1_rate" in here else here.drop(columns="ben")


# --- the four tables, by BEN ----------------------------------------------------------------------------------------


def _rates(tables: Mapping[str, pd.DataFrame], funding_year: int) -> tuple[pd.DataFrame, list[str]]:
    entities, notes = filed.entities(tables, funding_year)
    found = discounts.rates(entities, discounts.Rules.of(funding_year), file="applications").table
    none = pd.DataFrame(columns=["ben", "students", "funding_year", "application_number", "c1_rate"])
    counted = tables.get("applications", none)
    latest = filed.latest_of(counted[counted["students"].fillna(0) > 0], funding_year).set_index("ben")
    ben = found["entity_id"]
    rows = pd.DataFrame({
        "ben": ben, "c1_rate": found["c1_rate"].astype("Int64"), "c2_rate": found["c2_rate"].astype("Int64"),
        "filed_c1_rate": pd.to_numeric(ben.map(latest["c1_rate"]), errors="coerce"),
        "rate_urban_rural": found["urban_rural"],
        "counts_of": ben.map(latest["funding_year"]).map(lambda year: None if pd.isna(year) else f"FY{int(year)}"),
    })  # fmt: skip
    return rows, [f"Discount rates: {note}." for note in notes]


def _priced(
    tables: Mapping[str, pd.DataFrame], funding_year: int, historic: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    found = prices.benchmark(tables, funding_year=funding_year)
    if found.historic:
        historic.append(f"{prices.HISTORIC}: prices more than two funding years old")
    rows = found.table.assign(bill=lambda frame: frame["usd_month"] * frame["circuits"])
    rows["order"] = rows["service"].map({name: at for at, name in enumerate(_SERVICE_ORDER)})
    rows = rows.sort_values(["ben", "order", "bill", "line_id"], ascending=[True, True, False, True], kind="stable")
    rows = rows.drop_duplicates("ben")
    filed_by = pd.Series(np.where(rows["filed_by"] == rows["ben"], "own", "consortium"), index=rows.index)
    kept = rows.assign(price_filed_by=filed_by, price_n=rows["n"].where(rows["n"] > 0), price_line=rows["line_id"])
    columns = ["ben", "percentile", "usd_mbps_month", "median_usd_mbps_month", "price_n", "peers", "price_line",
               "price_filed_by"]  # fmt: skip
    return kept[columns], [f"Prices: {note}." for note in found.notes]


def contract_ends(tables: Mapping[str, pd.DataFrame], as_of: date) -> tuple[pd.DataFrame, list[str]]:
    """The first contract end of each applicant's latest year, or of a consortium that serves it."""
    requests = list(calendar.recurring_requests(tables))
    if not requests:
        raise NoAnswer("no funded request for recurring service is loaded")
    own: dict[str, list[calendar.Request]] = {}
    for request in requests:
        own.setdefault(request.ben, []).append(request)
    rows = [_contract_row(ben, some, as_of, "own") for ben, some in own.items()]
    led: dict[str, list[calendar.Request]] = {}
    by_frn = {request.frn: request for request in requests}
    for ben, frn in _served(tables):
        if ben not in own and frn in by_frn:
            led.setdefault(ben, []).append(by_frn[frn])
    rows += [_contract_row(ben, some, as_of, "consortium") for ben, some in led.items()]
    return pd.DataFrame(rows), [
        f"Contracts: {len(own):,} applicants have a funded recurring request of their own, {len(led):,} only one that "
        "another filed for them."
    ]


def _contract_row(ben: str, requests: list[calendar.Request], as_of: date, filed_by: str) -> dict[str, Any]:
    latest = max(request.year for request in requests)
    some = [request for request in requests if request.year == latest]
    dated = [(request.contract_end, request) for request in some if request.contract_end is not None]
    if not dated:
        return {"ben": ben, "contract_class": "none", "contract_by": filed_by}
    end, first = min(dated, key=lambda pair: (pair[0] < as_of, pair[0], pair[1].frn))
    return {
        "ben": ben, "contract_class": _class(end, as_of), "contract_end": end.isoformat(), "contract_frn": first.frn,
        "contract_committed_usd": float(first.committed) if filed_by == "own" else None, "contract_by": filed_by,
    }  # fmt: skip


def _class(end: date, as_of: date) -> str:
    if end < as_of:
        return "ended"
    return "year" if end < as_of + _YEAR else "two" if end < as_of + 2 * _YEAR else "later"


def _served(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str]]:
    """Which applicant (or member) receives which request that it may not have filed itself."""
    if "line_recipients" not in tables:
        return
    recipients = tables["line_recipients"][["entity_id", "frn"]].drop_duplicates()
    parents: dict[str, str] = {}
    if "applicant_sites" in tables:
        known = tables["applicant_sites"].dropna(subset=["site_ben"]).drop_duplicates("site_ben")
        parents = dict(zip(known["site_ben"], known["parent_ben"], strict=True))
    pairs = {(parents.get(entity, entity), frn) for entity, frn in recipients.itertuples(index=False)}
    yield from sorted(pairs)
