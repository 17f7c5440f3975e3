"""Who serves whom, and at what price beside like lines, as the Form 471 tables loaded say it."""

from collections.abc import Collection, Mapping

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.procurement import districts, places, prices
from infraplan.procurement.lots.expected import SERVICE

COLUMNS = ["lea_id", "serving", "times_expected"]


def of(
    tables: Mapping[str, pd.DataFrame], known: Collection[str], fips: str, funding_year: int, *, allow_historic: bool
) -> pd.DataFrame:
    """One row per district `known` with a priced internet line: its providers, and its price over the price expected.

    `serving` names providers separated by semicolons; `times_expected` is the middle of its lines, blank where prices are
    HISTORIC and not allowed. No rows where the tables have no priced lines.
    """
    try:
        crosswalk = places.published_crosswalk(tables["erate_entities"]) if "erate_entities" in tables else {}
        leas = districts.match(tables, set(known), fips, crosswalk).leas
        found = prices.benchmark(tables, funding_year=funding_year, crosswalk=leas)
    except NoAnswer:
        return pd.DataFrame(columns=COLUMNS)
    lines = found.table[(found.table["service"] == SERVICE) & found.table["lea_id"].notna()]
    frn = tables["request_lines"].drop_duplicates("line_id").set_index("line_id")["frn"]
    provider = tables["requests"].drop_duplicates("frn").set_index("frn")["provider"]
    lines = lines.assign(provider=lines["line_id"].map(frn).map(provider))
    rows = [
        {
            "lea_id": lea_id,
            "serving": "; ".join(sorted(set(some["provider"].dropna()))) or None,
            "times_expected": None if found.historic and not allow_historic else some["times_expected"].median(),
        }
        for lea_id, some in lines.groupby("lea_id", sort=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
