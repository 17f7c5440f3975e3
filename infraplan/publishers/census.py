"""Census: American Community Survey tables by district and tract, from the data API.

An answer is a list of lists, the first row its header, every cell text or null; a place that does not exist in a state
(elementary districts in some) gives no content. Written as the Census Bureau's own downloads are named and headed, so
that the same loader reads both; codes for missing values stay as they are for it to judge.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

from infraplan.asks import Ask, NotPublished, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan, Wanted


def plan_acs(one: Fetchable, place: Place, http: Http) -> Plan:
    """One file for each table and kind of place, of the newest published five-year period; raises NotPublished."""
    key = one.credentials(place)
    vintage, missing = _newest(one, place, http)
    wanted = [
        _wanted(one, place, vintage, table, kind, key)
        for table in one.settings["table"]
        for kind in one.settings["places"]
    ]
    return Plan(wanted=tuple(wanted), notes=tuple(f"{year} is not published yet" for year in missing))


def _newest(one: Fetchable, place: Place, http: Http) -> tuple[str, list[str]]:
    missing: list[str] = []
    for vintage in one.settings["vintages"]:
        address = place.address(f"{one.settings['base']}/data/{vintage}/acs/acs5.json")
        try:
            http.json(Ask(address=address, pause=one.pause))
        except NotPublished:
            missing.append(vintage)
        else:
            return vintage, missing
    raise NotPublished(
        f"the Census Bureau publishes none of {', '.join(missing)}\n  mend:  correct vintages in data/sources/{one.id}.toml"
    )


def _wanted(
    one: Fetchable, place: Place, vintage: str, table: Mapping[str, Any], kind: str, key: Mapping[str, str]
) -> Wanted:
    columns = ["GEO_ID", "NAME", *table["columns"]]
    letters = "ST" if table["path"].endswith("subject") else "DT"
    base = place.address(f"{one.settings['base']}/data/{vintage}/{table['path']}")
    name = f"ACS{letters}5Y{vintage}.{table['id']}-{kind}-{place.state.usps}.csv"
    whole = Ask(
        address=base,
        params={"get": ",".join(columns), "for": kind, "in": f"state:{place.state.fips}"},
        name=name,
        version=vintage,
    )
    asks = [
        Ask(address=base, params={**whole.params, "for": f"{level}:*"}, secret=key, name=name, pause=one.pause)
        for level in one.settings["places"][kind]
    ]

    def get(http: Http) -> Kept:
        rows: list[list[str]] = []

        def pieces() -> list[bytes]:
            rows.extend(row for ask in asks for row in _rows(http, ask, columns))
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([columns, *sorted(rows)])
            return [text.getvalue().encode()]

        return http.assembled(whole, pieces, lambda: len(rows))

    return Wanted(source=one.id, name=name, address=whole.public, vintage=f"{vintage} (five years)", get=get)


def _rows(http: Http, ask: Ask, columns: list[str]) -> list[list[str]]:
    told = http.json(ask)
    if told is None:
        return []
    if not (isinstance(told, list) and told and all(isinstance(row, list) for row in told)):
        raise SourceChanged(f"the Census Bureau sent something that is not a table\n  where: {ask.public}")
    header = [str(name) for name in told[0]]
    missing = [name for name in columns if name not in header]
    if missing or any(len(row) != len(header) for row in told):
        raise SourceChanged(
            f"the Census Bureau's answer lacks {', '.join(missing) or 'cells in some rows'}\n  where: {ask.public}\n"
            "  mend:  the table may have other columns in this year; see https://api.census.gov/data.html"
        )
    places = [header.index(name) for name in columns]
    return [["" if row[at] is None else str(row[at]) for at in places] for row in told[1:]]
