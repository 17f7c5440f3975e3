#!/usr/bin/env python3
"""A pooled purchase out of a state's real filings: the files of `procurement lots` and `procurement pool`.

usage: pool_filings.py FORM_471_DIR DISTRICTS.csv CROSSWALK.csv STATE OUT_DIR

DISTRICTS has nces_cd, name, num_students, latitude, longitude; CROSSWALK ben and nces_cd. Present contracts are real: each
district's largest internet line with a price and a speed. The bids are ILLUSTRATIVE and made of nothing but prices filed in
the same state: the providers that serve most districts; each one's price for a speed is the state's price scale times the
lower quarter of what its own lines stand off that scale; it bids for every district within 60 miles of one it serves, and
for a fixed cost of three middling monthly bills of its own. No discount for volume is made up, and no percentage of saving
may be read out of an award: nobody bid.
"""

import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from infraplan import tablefiles
from infraplan.procurement import filings, prices
from infraplan.wholefiles import write_text

BIDDERS, MILES, MONTHS_FIXED, LEAST_LINES = 10, 60.0, 3, 3
MOST_MBPS_PER_STUDENT = 10  # more is a slip of the form: 100 Gbps for 363 students
HISTORIC = "HISTORIC: prices of FY2016"
ILLUSTRATIVE = "ILLUSTRATIVE: bids made of prices filed in the state for FY2016; nobody offered them"
START = date(2017, 7, 1)
MILES_PER_DEGREE = 69.0


def present(folder: Path, crosswalk: dict[str, str], state: str) -> tuple[pd.DataFrame, prices.Scale]:
    """One row per district: its largest internet line, its provider, its rate, the end of its contract."""
    tables = filings.tables(tuple(sorted(folder.glob("*.csv.gz"))), Path())
    tables = {name: frame[frame["report_state"] == state] if "report_state" in frame else frame
              for name, frame in tables.items()}  # fmt: skip
    found = prices.benchmark(tables, funding_year=START.year, crosswalk=crosswalk).table
    requests = tables["requests"].drop_duplicates("frn").set_index("frn")
    lines = tables["request_lines"].drop_duplicates("line_id").set_index("line_id")
    rates = (
        tables["applications"]
        .dropna(subset=["c1_rate"])
        .drop_duplicates("ben", keep="last")
        .set_index("ben")["c1_rate"]
    )
    rows = found[(found["service"] == "internet") & found["lea_id"].notna()].copy()
    rows["bill"] = rows["usd_month"] * rows["circuits"]
    rows["provider"] = rows["line_id"].map(lines["frn"]).map(requests["provider"])
    rows["contract_end"] = rows["line_id"].map(lines["frn"]).map(requests["contract_end"])
    rows["c1_rate"] = rows["ben"].map(rates)
    rows = rows.dropna(subset=["provider", "c1_rate"]).sort_values(
        ["lea_id", "bill", "line_id"], ascending=[True, False, True]
    )
    scale = prices.fit("internet", found[found["service"] == "internet"].drop_duplicates("line_id"))
    if scale is None:
        raise SystemExit("too few priced lines")
    return rows.drop_duplicates("lea_id").set_index("lea_id"), scale


def write(folder: Path, told: pd.DataFrame, places: pd.DataFrame, scale: prices.Scale) -> None:
    """Write members, demand, bids, prices, policy and the request for proposals."""
    folder.mkdir(parents=True, exist_ok=True)
    here = told.join(places.rename(columns={"name": "listed"}), how="inner").sort_index()
    here["quantity"] = here["mbps"] * here["circuits"]
    here = here[here["quantity"] <= MOST_MBPS_PER_STUDENT * here["num_students"]].copy()
    here["off"] = here["usd_month"] / (scale.factor * here["mbps"] ** scale.exponent)
    members = pd.DataFrame({
        "lea_id": here.index, "name": here["listed"], "students": here["num_students"], "demand_mbps": here["quantity"],
        "value_usd_month": here["bill"].round(2), "providers": here["provider"],
        "times_expected": (here["off"] / here["off"].median()).round(2),
        "lon": here["longitude"], "lat": here["latitude"],
    })  # fmt: skip
    demand = pd.DataFrame({
        "lea_id": here.index, "service": "internet", "quantity": here["quantity"], "current_usd_month": here["bill"].round(2),
        "c1_rate": here["c1_rate"].astype(int), "ben": here["ben"], "contract_end": here["contract_end"],
        "current_rebid": "yes", "students": here["num_students"],
    })  # fmt: skip
    bids, offers = _bids(here, scale)
    for name, frame in (("members", members), ("demand", demand)):
        tablefiles.write(frame.assign(stamp=HISTORIC), folder / f"{name}.csv")
    for name, frame in (("bids", bids), ("bid_prices", offers)):
        tablefiles.write(frame.assign(stamp=ILLUSTRATIVE), folder / f"{name}.csv")
    write_text(
        folder / "lots.toml", "few_providers = 0\nstudents_within = 0.6\ndemand_within = 0.6\nvalue_within = 0.5\n"
    )
    write_text(folder / "policy.toml", f"horizon_months = 36\nstart_date = {START}\n")
    write_text(
        folder / "rfp.toml",
        'objective = "pre_discount"\npartial_awards = true\nbundles = false\n[factors]\nprice = 100\n',
    )


def _bids(here: pd.DataFrame, scale: prices.Scale) -> tuple[pd.DataFrame, pd.DataFrame]:
    count = here["provider"].value_counts()
    names = sorted(count[count >= LEAST_LINES].head(BIDDERS).index)
    bids, offers = [], []
    for number, name in enumerate(names, start=1):
        mine = here[here["provider"] == name]
        level = float(mine["off"].quantile(0.25))
        fixed = MONTHS_FIXED * float(mine["bill"].median())
        bid = f"bid-{number:02d}"
        bids.append(
            {
                "bid_id": bid,
                "provider_id": name,
                "service": "internet",
                "kind": "itemized",
                "usd_fixed": round(fixed, 2),
            }
        )
        for lea_id, row in here[_miles(here, mine) <= MILES].iterrows():
            month = row["circuits"] * scale.factor * row["mbps"] ** scale.exponent * level
            offers.append({"bid_id": bid, "lea_id": lea_id, "usd_month": round(month, 2), "usd_once": 0})
    return pd.DataFrame(bids).assign(usd_month=None, capacity=None), pd.DataFrame(offers)


def _miles(here: pd.DataFrame, mine: pd.DataFrame) -> np.ndarray:
    """Miles from each district to the nearest one that a provider serves."""
    north = (here["latitude"].to_numpy()[:, None] - mine["latitude"].to_numpy()) * MILES_PER_DEGREE
    east = (here["longitude"].to_numpy()[:, None] - mine["longitude"].to_numpy()) * MILES_PER_DEGREE
    return np.asarray(np.hypot(north, east * np.cos(np.radians(here["latitude"].mean()))).min(axis=1))


def main(arguments: list[str]) -> None:
    """Write the files of one state."""
    if len(arguments) != 5:
        raise SystemExit(__doc__)
    folder, listed, crossing, state, out = arguments
    places = pd.read_csv(listed, dtype={"nces_cd": str}).drop_duplicates("nces_cd").set_index("nces_cd")
    places = places[["name", "num_students", "latitude", "longitude"]].dropna()
    told, scale = present(Path(folder), filings.crosswalk(Path(crossing)), state)
    write(Path(out), told, places, scale)
    print(f"{state}: {len(told.index.intersection(places.index)):,} districts")


if __name__ == "__main__":
    main(sys.argv[1:])
