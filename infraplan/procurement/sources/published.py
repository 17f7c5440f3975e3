"""What USAC publishes beside the filings: entities with their discounts and NCES numbers, and disbursements by invoice."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial

import pandas as pd

from infraplan import tablefiles
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault
from infraplan.identifiers import LEA_DIGITS, SCHOOL_DIGITS
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text
from infraplan.schemas import Schema

# ours -> the open data's names
_ENTITIES = {
    "entity_id": "entity_number", "name": "entity_name", "kind": "entity_type", "parent_id": "parent_entity_number",
    "urban_rural": "urban_rural_status", "c1_rate": "category_one_discount_rate", "c2_rate": "category_two_discount_rate",
    "students": "number_of_full_time_students", "nslp_students": "number_of_nslp_students",
    "latitude": "latitude", "longitude": "longitude",
}  # fmt: skip
_DISBURSEMENTS = {
    "invoice_id": "invoice_id", "line": "inv_line_num", "frn": "funding_request_number", "funding_year": "funding_year",
    "ben": "billed_entity_number", "name": "billed_entity_name", "kind": "invoice_type",
    "category": "chosen_category_of_service", "requested_usd": "requested_inv_line_amt",
    "approved_usd": "approved_inv_line_amt", "completed": "inv_line_completion_date",
}  # fmt: skip
_STATE = {"erate_entities": "physical_state", "disbursements": "billed_entity_state"}
_CODES = {"lea_id": ("nces_public_district_code", LEA_DIGITS - 2), "building": ("nces_public_building_code", 5)}


def _entities(rows: pd.DataFrame) -> pd.DataFrame:
    frame = _renamed(rows, _ENTITIES)
    rates = {name: _percent(frame[name]) for name in ("c1_rate", "c2_rate")}
    frame = frame.assign(**rates)
    if "nces_public_state_code" in rows:
        state = _digits(rows, "nces_public_state_code", 2)
        lea, building = (state + _digits(rows, *_CODES["lea_id"]), _digits(rows, *_CODES["building"]))
        frame["lea_id"] = lea.where(lea.str.len() == LEA_DIGITS, "")
        school = frame["lea_id"] + building
        frame["ncessch"] = school.where(school.str.len() == SCHOOL_DIGITS, "")
    return frame


def _disbursements(rows: pd.DataFrame) -> pd.DataFrame:
    frame = _renamed(rows, _DISBURSEMENTS)
    if "completed" in frame:
        frame["completed"] = frame["completed"].str.split(r"[ T]", n=1, regex=True).str[0]
    return frame


def _load(table: str, shape: Callable[[pd.DataFrame], pd.DataFrame], arrival: Arrival, desk: Desk) -> Load:
    """Load one table; rows of other states and exact repeats are left out and counted. Raises BadInput."""
    raw = rows_as_text(arrival)
    state = raw[_STATE[table]].str.strip() if _STATE[table] in raw else pd.Series("", index=raw.index)
    own = state.isin([desk.state.usps, ""])
    again = raw.duplicated() & own
    rows = raw[own & ~again].apply(lambda cells: cells.str.strip())
    if rows.empty:
        what = f"{arrival.name} has no row of {desk.state.usps}"
        raise BadInput([Fault(kind="OtherState", what=what, file=arrival.name, mend="add the state's own download")])
    frame = tablefiles.typed(shape(rows), Schema.load(table), file=arrival.name)
    return Load(
        [Piece(table, frame.assign(source_row=frame.index), series=desk.state.fips)],
        len(raw),
        desk.as_of,
        None,
        {"rows of other states": int((~own).sum()), "rows that repeat another exactly": int(again.sum())},
    )


def _renamed(rows: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({ours: rows[theirs] for ours, theirs in names.items() if theirs in rows}, index=rows.index)


def _percent(cells: pd.Series) -> pd.Series:
    """Rates of 0 to 1 as percent; a column is shares or percent as a whole, and what is no number stays to be refused."""
    numbers = [_number(cell) for cell in cells]
    if not any(number for number in numbers) or max(number or 0 for number in numbers) > 1:
        return cells
    shares = [cell if number is None else f"{number * 100:f}" for cell, number in zip(cells, numbers, strict=True)]
    return pd.Series(shares, index=cells.index)


def _number(cell: str) -> Decimal | None:
    try:
        return Decimal(cell)
    except InvalidOperation:
        return None


def _digits(rows: pd.DataFrame, name: str, digits: int) -> pd.Series:
    """A code with its zeros in front; blank where it is none."""
    cells = rows[name] if name in rows else pd.Series("", index=rows.index)
    return cells.where(cells.str.fullmatch(rf"\d{{1,{digits}}}"), "").map(
        lambda code: code.zfill(digits) if code else ""
    )


LOADERS: Mapping[str, Loader] = {
    "usac_entities": partial(_load, "erate_entities", _entities),
    "usac_disbursements": partial(_load, "disbursements", _disbursements),
}
