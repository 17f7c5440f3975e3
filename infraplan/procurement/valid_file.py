"""The school-level valid file of a state coordinator: checked, compared with last year's, rolled up to districts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infraplan import rules, tablefiles
from infraplan.errors import BadInput, NoAnswer
from infraplan.procurement import discounts
from infraplan.procurement.entities import mask
from infraplan.schemas import Schema
from infraplan.wholefiles import atomic

COLUMNS = ["ben", "parent_ben", "row", "finding", "weight", "what"]
MEND = ("unreadable", "twice", "parent_is_school", "nslp_above_enrollment", "identified_above_enrollment", "no_count")
MOST_BANDS = 1
"""Bands that a school's rate may move within a year without being remarked on."""


@dataclass(frozen=True)
class Lint:
    """The table `valid_file_findings`, the schools that can be read, and their number in the file."""

    findings: pd.DataFrame
    schools: pd.DataFrame
    rows: int

    @property
    def to_mend(self) -> int:
        """Findings that keep the file from being used."""
        return int((self.findings["weight"] == "mend").sum())


def lint(path: Path, funding_year: int, last_year: Path | None = None) -> Lint:
    """Check a valid file, and compare it with last year's where that is given.

    Raises BadInput if a column is missing or last year's file cannot be read; NoRule if the year has no rules. Faulty
    cells are findings, not refusals: the coordinator gets the whole list.
    """
    year = discounts.Rules.of(funding_year)
    schools, unreadable, rows = _read(path)
    found = [*unreadable, *_repeats(schools), *_parents(schools), *_counts(schools, year),
             *_statuses(schools, funding_year)]  # fmt: skip
    if last_year is not None:
        before, faults, _ = _read(last_year)
        if faults:
            raise BadInput([fault for _, fault in _typed(tablefiles.read_text(last_year), last_year.name)[1]])
        found += [*_moves(before, schools), *_jumps(before, schools, year), *_district_jumps(before, schools, year)]
    table = pd.DataFrame(found, columns=COLUMNS)
    table["row"] = table["row"].astype("Int64")
    order = table["finding"].map(list(Schema.load("valid_file_findings").columns["finding"].codes or ()).index)
    table = table.assign(_light=table["weight"] == "look", _kind=order).sort_values(["_light", "_kind"], kind="stable")
    return Lint(table[COLUMNS].reset_index(drop=True), schools, rows)


def _finding(ben: object, parent: Any, row: object, finding: str, what: str) -> tuple[Any, ...]:  # noqa: ANN401 - a frame's cell
    weight = "mend" if finding in MEND else "look"
    return (ben, parent if not pd.isna(parent) else None, row, finding, weight, what)


def _read(path: Path) -> tuple[pd.DataFrame, list[tuple[Any, ...]], int]:
    text = tablefiles.read_text(path)
    frame, faults = _typed(text, path.name)
    found = [
        _finding(text.at[row, "ben"], text.at[row, "parent_ben"] or None, row, "unreadable", fault.what)
        for row, fault in faults
    ]
    return frame, found, len(text)


def _typed(text: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[tuple[int, Any]]]:
    """The rows that can be read, typed, and the faults of the others; raises BadInput for a missing column."""
    schema = Schema.load("valid_file")
    faults: list[tuple[int, Any]] = []
    while True:
        try:
            frame = tablefiles.typed(text, schema, file=file)
        except BadInput as why:
            rows = {fault.row for fault in why.faults}
            if None in rows:
                raise
            faults += [(int(fault.row or 0), fault) for fault in why.faults]
            text = text.drop(index=[row for row in rows if row is not None])
            continue
        # an independent school has no district, or stands as its own
        within = frame["parent_ben"].notna() & (frame["parent_ben"] != "") & (frame["parent_ben"] != frame["ben"])
        return frame.assign(parent_ben=frame["parent_ben"].astype(object).where(within, None)), faults


# --- this year by itself --------------------------------------------------------------------------------------------


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows with the line number as Index; an empty frame has none."""
    return iter(frame.itertuples(index=True))


def _repeats(schools: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    first: dict[str, int] = {}
    for row in _rows(schools):
        if row.ben in first:
            yield _finding(
                row.ben, row.parent_ben, row.Index, "twice", f"the school stands in row {first[row.ben]} already"
            )
        else:
            first[row.ben] = row.Index


def _parents(schools: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    lines = dict(zip(schools["ben"], schools.index, strict=True))
    for row in _rows(schools[schools["parent_ben"].isin(lines.keys())]):
        what = f"its district {row.parent_ben} is the school in row {lines[row.parent_ben]}"
        yield _finding(row.ben, row.parent_ben, row.Index, "parent_is_school", what)


def _counts(schools: pd.DataFrame, year: discounts.Rules) -> Iterator[tuple[Any, ...]]:
    for row in _rows(schools):
        count, name = (
            (row.identified_students, "identified_students") if row.cep else (row.nslp_students, "nslp_students")
        )
        if pd.isna(count):
            yield _finding(row.ben, row.parent_ben, row.Index, "no_count", f"{name} is blank")
        elif count > row.students:
            kind = "identified_above_enrollment" if row.cep else "nslp_above_enrollment"
            yield _finding(row.ben, row.parent_ben, row.Index, kind, f"{name} is {count}, students {row.students}")
        elif row.students == 0:
            yield _finding(row.ben, row.parent_ben, row.Index, "no_students", "the school has no students")
        elif row.cep and 100 * count < year.cep_minimum_identified * row.students:
            what = (
                f"{count} of {row.students} identified is under {year.cep_minimum_identified} percent; "
                "only a group that reaches it may elect CEP"
            )
            yield _finding(row.ben, row.parent_ben, row.Index, "cep_low", what)


def _statuses(schools: pd.DataFrame, funding_year: int) -> Iterator[tuple[Any, ...]]:
    told = rules.load("erate", funding_year, "discounts")
    since = told.value("rurality.status_since") if told.has("rurality.status_since") else None
    for row in _rows(schools):
        if row.urban_rural is None or pd.isna(row.urban_rural):
            yield _finding(row.ben, row.parent_ben, row.Index, "no_status", "urban_rural is blank")
        elif pd.isna(row.urban_rural_date):
            yield _finding(
                row.ben, row.parent_ben, row.Index, "stale_status", "urban_rural_date is blank: age not known"
            )
        elif since is not None and row.urban_rural_date.date() < since:
            what = f"status of {row.urban_rural_date.date()}; USAC's statuses before {since} are by the 2010 census"
            yield _finding(row.ben, row.parent_ben, row.Index, "stale_status", what)


# --- against last year ----------------------------------------------------------------------------------------------


def _moves(before: pd.DataFrame, now: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    once = before.drop_duplicates("ben")
    parents = dict(zip(once["ben"], once["parent_ben"], strict=True))
    here = set(now["ben"])
    for row in _rows(now.drop_duplicates("ben")):
        if row.ben not in parents:
            yield _finding(row.ben, row.parent_ben, row.Index, "new", "not in last year's file")
            continue
        parent = parents[row.ben]
        if parent != row.parent_ben:
            what = f"district was {parent or 'none'}, is {row.parent_ben or 'none'}"
            yield _finding(row.ben, row.parent_ben, row.Index, "moved", what)
    for ben, parent in parents.items():
        if ben not in here:
            yield _finding(ben, parent, None, "gone", "in last year's file, not in this one")


def _shares(schools: pd.DataFrame, year: discounts.Rules) -> pd.DataFrame:
    """Students and eligible students of each usable school, by ben, with its own percent and band."""
    usable = schools.drop_duplicates("ben")
    cep = mask(usable["cep"])
    counted = np.where(cep, usable["identified_students"].notna(), usable["nslp_students"].notna())
    usable, cep = usable[counted], cep[counted]
    students = usable["students"].to_numpy(dtype=np.int64)
    identified = usable["identified_students"].fillna(0).to_numpy(dtype=np.int64)
    lunch = usable["nslp_students"].fillna(0).to_numpy(dtype=np.int64)
    eligible = np.where(cep, discounts.cep_eligible(identified, students, year.cep_multiplier), lunch)
    table = pd.DataFrame(
        {"parent": usable["parent_ben"].to_numpy(), "row": usable.index, "students": students, "eligible": eligible},
        index=usable["ben"].to_numpy(),
    )
    return _with_band(table, year)


def _with_band(table: pd.DataFrame, year: discounts.Rules) -> pd.DataFrame:
    students, eligible = table["students"].to_numpy(dtype=np.int64), table["eligible"].to_numpy(dtype=np.int64)
    percent = discounts.percent_half_up(np.minimum(eligible, students), students)
    return table.assign(percent=percent, band=np.searchsorted(year.band_from, percent, side="right"))


def _beside(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    return now.merge(before, left_index=True, right_index=True, suffixes=("", "_before"))


def _jumps(before: pd.DataFrame, now: pd.DataFrame, year: discounts.Rules) -> Iterator[tuple[Any, ...]]:
    both = _beside(_shares(now, year), _shares(before, year))
    for row in _rows(both[(both["band"] - both["band_before"]).abs() > MOST_BANDS]):
        what = (
            f"share was {row.percent_before} percent, is {row.percent}: {abs(row.band - row.band_before)} bands apart"
        )
        yield _finding(row.Index, row.parent, row.row, "rate_jump", what)


def _district_jumps(before: pd.DataFrame, now: pd.DataFrame, year: discounts.Rules) -> Iterator[tuple[Any, ...]]:
    sums = [
        _with_band(_shares(one, year).groupby("parent")[["students", "eligible"]].sum(), year) for one in (now, before)
    ]
    both = _beside(*sums)
    for row in _rows(both[(both["band"] - both["band_before"]).abs() > MOST_BANDS]):
        what = f"the district's share was {row.percent_before} percent, is {row.percent}"
        yield _finding(row.Index, None, None, "district_rate_jump", what)


# --- the roll-up ----------------------------------------------------------------------------------------------------


def roll_up(checked: Lint, funding_year: int, target: Path) -> pd.DataFrame:
    """Write the district roll-up as a workbook with live formulas, and return our own figures (table `discounts`).

    Sheets: districts (sums, share, status, rates as formulas), schools, matrix. Raises NoAnswer while there are
    findings to mend, since a sum over a faulty file would be wrong; BadInput where a district's status is not known.
    """
    from infraplan.procurement import rollup  # noqa: PLC0415 - the workbook needs openpyxl, the lint does not

    if checked.to_mend:
        raise NoAnswer(
            f"the roll-up was not written: {checked.to_mend:,} findings are to mend first\n"
            "  mend:  correct the rows that the findings name, then run the command again"
        )
    year = discounts.Rules.of(funding_year)
    ours = discounts.rates(_as_entities(checked.schools), year, file="the valid file").table
    with atomic(target) as temporary:
        rollup.write(checked.schools, ours, year, temporary)
    return ours


def _as_entities(schools: pd.DataFrame) -> pd.DataFrame:
    blank = pd.Series(None, index=schools.index, dtype=object)
    count = pd.Series(pd.NA, index=schools.index, dtype="Int64")
    return pd.DataFrame(
        {
            "entity_id": schools["ben"],
            "kind": "school",
            "students": schools["students"],
            "nslp_students": schools["nslp_students"],
            "urban_rural": schools["urban_rural"],
            "schools": count,
            "rural_schools": count,
            "parent_id": schools["parent_ben"],
            "cep": schools["cep"],
            "identified_students": schools["identified_students"],
            "tribal": False,
            "member_of": blank,
        },
        index=schools.index,
    )
