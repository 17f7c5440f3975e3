"""CCD as the Urban Institute's Education Data API gives it: the same tables as from the files of NCES.

Codes: -1 missing, -2 not applicable, -3 suppressed, all null here; in grades alone -1 is pre-kindergarten. A year is the
autumn of the school year. Columns: https://educationdata.urban.org/documentation.
"""

import pandas as pd

from infraplan import records
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault
from infraplan.identifiers import LEA_DIGITS, SCHOOL_DIGITS, counts, mended
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text

_GRADES = {-1: "PK", 0: "KG"} | {number: f"{number:02d}" for number in range(1, 14)}
_ALL = "99"
_CLOSED = {"2", "6", "7"}
_VIRTUAL = {"1": True, "0": False, "2": False, "3": False}
_STATUS_NOT_GIVEN = "the API gives no status: closed and future agencies are not told apart"


def lea_directory(arrival: Arrival, desk: Desk) -> Load:
    """District directory of the newest year in the file; raises BadInput if it has none of the workspace's state."""
    raw, rows, year, left = _own_rows(arrival, desk)
    ids, _ = mended(rows["leaid"], LEA_DIGITS)
    frame = pd.DataFrame(
        {
            "lea_id": ids,
            "name": rows["lea_name"].str.strip(),
            "state_lea_id": rows["state_leaid"].replace("", None),
            "lea_type": counts(rows["agency_type"]),
            "status": pd.Series(None, index=rows.index, dtype=object),
            "charter": pd.Series(None, index=rows.index, dtype=object),
            "grade_low": _grades(rows, "lowest_grade_offered"),
            "grade_high": _grades(rows, "highest_grade_offered"),
            "operational_schools": counts(rows["number_of_schools"]),
            "school_year": _school_year(year),
            "source_row": rows.index,
        }
    )
    return Load(
        [Piece("districts", frame, series=desk.state.fips)],
        len(raw),
        desk.as_of or year,
        None,
        left,
        [_STATUS_NOT_GIVEN],
    )


def school_directory(arrival: Arrival, desk: Desk) -> Load:
    """Schools with their points and enrollment, of the newest year in the file; closed ones are left out."""
    raw, rows, year, left = _own_rows(arrival, desk)
    closed = rows["school_status"].isin(_CLOSED) if "school_status" in rows else pd.Series(False, index=rows.index)  # noqa: FBT003 - a value for every row
    rows = rows[~closed]
    ids, _ = mended(rows["ncessch"], SCHOOL_DIGITS)
    lea, _ = mended(rows["leaid"], LEA_DIGITS)
    lon, lat = (pd.to_numeric(rows[name], errors="coerce") for name in ("longitude", "latitude"))
    nowhere = (lon.abs() <= 1) & (lat.abs() <= 1)  # 0, 0 and the codes for missing
    frame = pd.DataFrame(
        {
            "ncessch": ids,
            "lea_id": lea,
            "name": rows["school_name"],
            "lea_name": rows["lea_name"].replace("", None),
            "lon": lon.mask(nowhere),
            "lat": lat.mask(nowhere),
            "locale": _column(rows, "urban_centric_locale").map(lambda code: code if code[:1].isdigit() else None),
            "students": counts(rows["enrollment"]),
            "virtual": _column(rows, "virtual").map(_VIRTUAL.get).astype(object),
            "school_year": _school_year(year),
            "source_row": rows.index,
        }
    )
    return Load(
        [Piece("schools", frame, series=f"{desk.state.fips}/urban")],
        len(raw),
        desk.as_of or year,
        None,
        {**left, "closed, inactive or future": int(closed.sum())},
    )


def enrollment(arrival: Arrival, desk: Desk) -> Load:
    """Enrollment by district: the rows that are totals over grades, races and sexes, of the newest year in the file."""
    raw, rows, year, left = _own_rows(arrival, desk)
    whole = (rows[["grade", "race", "sex"]] == _ALL).all(axis=1)
    if not whole.any():
        raise BadInput([_no_totals(arrival, "grade, race and sex 99")])
    kept = rows[whole]
    ids, _ = mended(kept["leaid"], LEA_DIGITS)
    frame = pd.DataFrame(
        {
            "lea_id": ids,
            "name": pd.Series(None, index=kept.index, dtype=object),
            "students": counts(kept["enrollment"]),
            "source_row": kept.index,
        }
    )
    return Load(
        [Piece("enrollment", frame, series=f"{desk.state.fips}/ccd")],
        len(raw),
        desk.as_of or year,
        None,
        {**left, "parts of a district's total": int((~whole).sum())},
    )


def membership(arrival: Arrival, desk: Desk) -> Load:
    """NCES's own long membership file: of its many subtotals only the total of each district is kept.

    The engine does the choosing: the national file holds millions of rows. Raises BadInput if none is of the workspace's
    state, or if it counts schools.
    """
    if arrival.column("NCESSCH"):
        raise BadInput([_of_schools(arrival)])
    wanted = ("LEAID", "FIPST", "LEA_NAME", "STUDENT_COUNT", "TOTAL_INDICATOR", "SCHOOL_YEAR", "ST_LEAID")
    rows = records.few_columns(arrival, desk, wanted)
    here = rows["FIPST"].lpad(2, "0") == desk.state.fips
    counted = desk.backend.execute(rows.aggregate(read=rows.count(), own=here.sum())).iloc[0]
    read, own = int(counted["read"]), int(counted["own"] or 0)
    totals = rows.filter(here, rows["TOTAL_INDICATOR"].lower() == "education unit total")
    kept = desk.backend.execute(totals.order_by("source_row")).set_index("source_row")
    if not own:
        raise BadInput([_other_state(arrival, desk)])
    if kept.empty:
        raise BadInput([_no_totals(arrival, "TOTAL_INDICATOR Education Unit Total")])
    ids, _ = mended(kept["LEAID"], LEA_DIGITS)
    frame = pd.DataFrame(
        {
            "lea_id": ids,
            "name": _column(kept, "LEA_NAME").replace("", None),
            "state_lea_id": _column(kept, "ST_LEAID").replace("", None),
            "students": counts(kept["STUDENT_COUNT"]),
            "source_row": kept.index,
        }
    )
    return Load(
        [Piece("enrollment", frame, series=f"{desk.state.fips}/ccd")],
        read,
        desk.as_of or kept["SCHOOL_YEAR"].iloc[0][:4],
        None,
        {"rows of other states": read - own, "parts of a district's total": own - len(kept)},
    )


LOADERS: dict[str, Loader] = {
    "urban_ccd_lea": lea_directory,
    "urban_ccd_school": school_directory,
    "urban_ccd_enrollment": enrollment,
    "nces_ccd_membership": membership,
}


# --- parts ----------------------------------------------------------------------------------------------------------


def _own_rows(arrival: Arrival, desk: Desk) -> tuple[pd.DataFrame, pd.DataFrame, str, dict[str, int]]:
    """All rows, those of the state in the newest year, that year, and what was left out; raises BadInput for no row."""
    raw = rows_as_text(arrival)
    own = raw["fips"].str.strip().str.zfill(2) == desk.state.fips
    if not own.any():
        raise BadInput([_other_state(arrival, desk)])
    year = raw.loc[own, "year"].str.strip().max()
    now = own & (raw["year"].str.strip() == year)
    left = {"rows of other states": int((~own).sum()), "rows of earlier years": int((own & ~now).sum())}
    return raw, raw[now], year, left


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].str.strip() if name in rows else pd.Series("", index=rows.index, dtype=object)


def _grades(rows: pd.DataFrame, name: str) -> pd.Series:
    numbers = pd.to_numeric(_column(rows, name), errors="coerce")
    return numbers.map(lambda number: None if pd.isna(number) else _GRADES.get(int(number))).astype(object)


def _school_year(year: str) -> str:
    """A school year by its autumn.

    >>> _school_year("2024")
    '2024-2025'
    """
    return f"{year}-{int(year) + 1}" if year.isdigit() else year


def _no_totals(arrival: Arrival, what: str) -> Fault:
    return Fault(
        kind="NoTotals",
        what=f"{arrival.name} has no row that is a district's total ({what})",
        file=arrival.name,
        mend="download the totals, or the whole membership file",
    )


def _of_schools(arrival: Arrival) -> Fault:
    return Fault(
        kind="OtherGrain",
        what=f"{arrival.name} counts the students of schools; enrollment is needed by district",
        file=arrival.name,
        column="NCESSCH",
        mend="add the district file instead (ccd_lea_052_...); schools take their students from the NCES EDGE file",
    )


def _other_state(arrival: Arrival, desk: Desk) -> Fault:
    return Fault(
        kind="OtherState",
        what=f"{arrival.name} has nothing of {desk.state.name} (FIPS {desk.state.fips})",
        file=arrival.name,
        mend="add the national file, or that of this workspace's state",
    )
