"""Census files: ACS tables as downloaded, SAIPE child poverty, blocks and their districts."""

import re

import pandas as pd

from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault
from infraplan.identifiers import LEA_DIGITS, counts
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text

# measure of ours -> the published column, without its E or M
_MEASURES = {
    "S2802": {"children": "S2802_C01_002", "children_with_access": "S2802_C02_002"},
    "B28005": {"children": "B28005_002", "children_with_access": "B28005_005"},
    "B28002": {"households": "B28002_001", "households_with_broadband": "B28002_004"},
}
_GEO_KINDS = {"040": "state", "050": "county", "140": "tract", "950": "district", "960": "district", "970": "district"}
_GEO_DIGITS = {"state": 2, "county": 5, "tract": 11, "district": 7}
# estimates and margins at or below this are codes, not numbers; -555555555 says the margin is zero (controlled)
_JAM = -222_222_222
_CONTROLLED = -555_555_555
_CONTROLLED_MARK = "*****"
_LAYERS_BY_NAME = {"SDUNI": "unified", "SDELM": "elementary", "SDSEC": "secondary", "SDADM": "administrative"}


def acs(arrival: Arrival, desk: Desk) -> Load:
    """An ACS table download (S2802, B28005 or B28002) with its label row; jam values become null before arithmetic.

    One row per area and measure, with the 90 % margin. Areas are known by GEO_ID: state, county, tract, district.
    """
    raw = rows_as_text(arrival)
    label = raw["GEO_ID"].str.lower().isin(["geography", "geo_id"])
    again = raw.duplicated() & ~label
    rows = raw[~label & ~again]
    level, number = rows["GEO_ID"].str[:3], rows["GEO_ID"].str.split("US").str[-1]
    kinds = level.map(_GEO_KINDS)
    own = number.str.startswith(desk.state.fips) & kinds.notna()
    if not own.any():
        raise BadInput(
            [
                Fault(
                    kind="OtherState",
                    what=f"{arrival.name} has no area of {desk.state.name} that is a state, "
                    "county, tract or school district",
                    file=arrival.name,
                    column="GEO_ID",
                    mend="download the table for the tracts or districts of this workspace's state",
                )
            ]
        )
    measures = _MEASURES[arrival.header_name]
    frames = [
        pd.DataFrame(
            {
                "geoid": number[own],
                "geo_kind": kinds[own],
                "measure": measure,
                "estimate": estimates(rows.loc[own, f"{column}E"]),
                "margin": margins(rows.loc[own, f"{column}M"]),
                "source_row": rows.index[own],
            }
        )
        for measure, column in measures.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    missing = int(frame["estimate"].isna().sum())
    notes = [f"{missing:,} estimates are not published (too few cases): null, not zero"] if missing else []
    kind = "+".join(sorted(kinds[own].unique()))
    return Load(
        [Piece("household_internet", frame, series=f"{desk.state.fips}/{kind}/{'+'.join(measures)}")],
        len(raw),
        desk.as_of or _acs_year(arrival.bare_name),
        None,
        {
            "label row": int(label.sum()),
            "rows repeated word for word": int(again.sum()),
            "areas of other states or kinds": int((~own).sum()),
        },
        notes,
        title=f"ACS {arrival.header_name}, by {kind}",
    )


def estimates(cells: pd.Series) -> pd.Series:
    """Published estimates as numbers; jam values, marks and blanks as null.

    >>> estimates(pd.Series(["150", "-666666666", "-", "1,204", "1,000+"])).tolist()
    [150.0, nan, nan, 1204.0, nan]
    """
    numbers = pd.to_numeric(cells.str.replace(",", "", regex=False).str.strip(), errors="coerce")
    return numbers.where(numbers > _JAM).where(lambda values: values >= 0)


def margins(cells: pd.Series) -> pd.Series:
    """Published margins as numbers; a controlled estimate has margin 0, every other code is null.

    >>> margins(pd.Series(["71", "-555555555", "*****", "**", "-222222222"])).tolist()
    [71.0, 0.0, 0.0, nan, nan]
    """
    text = cells.str.replace(",", "", regex=False).str.strip()
    numbers = pd.to_numeric(text.str.removeprefix("±").str.removeprefix("+/-"), errors="coerce")
    controlled = (numbers == _CONTROLLED) | (text == _CONTROLLED_MARK)
    return numbers.where(numbers >= 0).mask(controlled, 0.0)


def saipe(arrival: Arrival, desk: Desk) -> Load:
    """SAIPE school district poverty (xls as published, header on row 3)."""
    raw = rows_as_text(arrival)
    own = raw["State FIPS Code"].str.zfill(2) == desk.state.fips
    if not own.any():
        raise BadInput(
            [
                Fault(
                    kind="OtherState",
                    what=f"{arrival.name} has no district of {desk.state.name}",
                    file=arrival.name,
                    column="State FIPS Code",
                    mend="add the national file of the year",
                )
            ]
        )
    poor = next(column for column in raw.columns if column.startswith("Estimated number of relevant children"))
    rows = raw[own]
    frame = pd.DataFrame(
        {
            "lea_id": desk.state.fips + rows["District ID"].str.zfill(LEA_DIGITS - 2),
            "name": rows["Name"],
            "children_5_17": counts(rows["Estimated Population 5-17"]),
            "children_5_17_poverty": counts(rows[poor]),
            "population": counts(rows["Estimated Total Population"]),
            "source_row": rows.index,
        }
    )
    year = re.search(r"ussd(\d{2})", arrival.bare_name.lower())
    return Load(
        [Piece("district_poverty", frame, series=desk.state.fips)],
        len(raw),
        desk.as_of or (f"20{year[1]}" if year else None),
        None,
        {"districts of other states": int((~own).sum())},
    )


def block_districts(arrival: Arrival, desk: Desk) -> Load:
    """Census block assignment file of one district layer (BLOCKID, DISTRICT).

    Its header is also that of other block assignment files, so the layer must stand in the name (SDUNI, SDELM,
    SDSEC, SDADM); raises BadInput otherwise.
    """
    layer = next((layer for mark, layer in _LAYERS_BY_NAME.items() if mark in arrival.bare_name.upper()), None)
    if layer is None:
        raise BadInput(
            [
                Fault(
                    kind="UnknownLayer",
                    what=f"{arrival.name} may hold any kind of district",
                    file=arrival.name,
                    mend="keep the Census Bureau's file name (BlockAssign_ST23_ME_SDUNI.txt)",
                )
            ]
        )
    raw = rows_as_text(arrival)
    block = raw[arrival.column("BLOCKID") or "BLOCKID"].str.zfill(15)
    district = raw[arrival.column("DISTRICT") or "DISTRICT"].str.strip()
    own = block.str.startswith(desk.state.fips)
    if not own.any():
        raise BadInput(
            [
                Fault(
                    kind="OtherState",
                    what=f"{arrival.name} has no block of {desk.state.name}",
                    file=arrival.name,
                    column="BLOCKID",
                    mend="add the file of this workspace's state",
                )
            ]
        )
    nowhere = own & (district.isin(["", "99997", "99999"]))
    kept = own & ~nowhere
    frame = pd.DataFrame(
        {
            "block_geoid": block[kept],
            "lea_id": desk.state.fips + district[kept].str.zfill(5),
            "area_layer": layer,
            "source_row": raw.index[kept],
        }
    )
    return Load(
        [Piece("block_districts", frame, series=f"{desk.state.fips}/{layer}")],
        len(raw),
        desk.as_of,
        None,
        {"blocks in no district of this layer": int(nowhere.sum()), "blocks of other states": int((~own).sum())},
        title=f"Blocks and their {layer} districts",
    )


def _acs_year(name: str) -> str | None:
    found = re.search(r"ACS(?:ST|DT)?[15]Y(\d{4})", name)
    return found[1] if found else None


LOADERS: dict[str, Loader] = {"census_acs": acs, "census_saipe": saipe, "census_block_districts": block_districts}
