"""A state's own files, through a column map; and our own tables as CSV, XLSX or Parquet.

A column map is a TOML file: `table`, `title`, `publisher`, `as_of`, [columns] our name = their header, [exclude]
rows that are not data (their header = exact cell texts), [constants], [codes.<our column>] their code = ours,
`sum = true` where several rows make one district, and `sheet` where a workbook has several. See docs/tutorial/column-maps.md.
"""

import calendar
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from infraplan import arrivals, schemas
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault, in_their_words
from infraplan.identifiers import LEA_DIGITS, mended, plain_code, plain_name
from infraplan.intake import Desk, Load, Loader, Piece, own_table, rows_as_text
from infraplan.receipts import real_date
from infraplan.schemas import Schema
from infraplan.tablefiles import converted, text_of, without_thousands
from infraplan.workspace import Workspace

_KEYS = {
    "table",
    "title",
    "publisher",
    "as_of",
    "columns",
    "exclude",
    "constants",
    "codes",
    "sum",
    "all_states",
    "sheet",
}
_SECTIONS = ("columns", "exclude", "constants", "codes")
_TOTAL_NAMES = {"total", "state", "state total", "statewide", "grand total", "all districts", "sum"}
_LEAST_ROWS_FOR_A_TOTAL = 4
_FIPS_DIGITS = 2
_MONTHS = {name.lower() for name in calendar.month_name[1:]} | {"fy", "sy", "as", "of"}
_MOST_SHOWN = 4_000
BOTH = "state number and name"


def mapped(arrival: Arrival, desk: Desk) -> Load:
    """Load any table through a column map.

    Rows that are totals of the others are refused until they are excluded by name. Districts known only by name or
    state number are joined to NCES numbers with every match shown. Raises BadInput with all faults of map and file.
    """
    told = desk.column_map
    if told is None:
        raise BadInput(
            [
                Fault(
                    kind="NoColumnMap",
                    what=f"{arrival.name} needs a column map",
                    file=arrival.name,
                    mend="give --columns MAP.toml; docs/tutorial/column-maps.md shows one",
                )
            ]
        )
    arrival = _on_sheet(arrival, told)
    schema = _checked_map(told, arrival)
    as_of = desk.as_of or _date(told.get("as_of"))
    raw = rows_as_text(arrival)
    kept, excluded = _excluded(raw, told, arrival)
    text = _renamed(kept, told)
    faults = _totals(kept, text, arrival)
    text, notes, refused = _own_rows(text, schema, desk, told)
    if text.empty:
        raise BadInput(
            [
                *faults,
                Fault(
                    kind="NoRows",
                    what=f"{arrival.name} has no row left for {desk.state.name}",
                    file=arrival.name,
                    mend="check the column map's [exclude] and the district numbers",
                ),
            ]
        )
    frame, remarks = _typed_at_once(text, schema, told, arrival, faults)
    frame["source_row"] = frame.index
    return Load(
        [Piece(schema.name, frame, series=_series(told, arrival, desk))],
        len(raw),
        as_of,
        None,
        {**excluded, **refused},
        [*arrival.remarks, *notes, *remarks],
        title=told.get("title"),
        publisher=told.get("publisher"),
    )


def _on_sheet(arrival: Arrival, told: Mapping[str, Any]) -> Arrival:
    """The workbook's sheet that the column map names, if it names one; raises BadInput where it is no workbook."""
    if "sheet" not in told:
        return arrival
    if arrival.kind == "sheet":
        return arrivals.of_sheet(arrival, str(told["sheet"]))
    what = f"the column map names the sheet {told['sheet']!r}, but {arrival.name} is no workbook"
    raise BadInput([Fault(kind="NoSheet", what=what, file=arrival.name, mend="take `sheet` out of the map")])


def _typed_at_once(
    text: pd.DataFrame, schema: Schema, told: Mapping[str, Any], arrival: Arrival, faults: list[Fault]
) -> tuple[pd.DataFrame, list[str]]:
    """The typed table and what to tell of it; raises BadInput with `faults`, and every fault of the cells, at once."""
    found = [*faults, *_more_eligible_than_enrolled(text, arrival)]
    if told.get("sum"):
        unread = _no_numbers(text, schema, arrival)
        found += unread
        text = text if unread else _summed(text, schema)
    frame, remarks = pd.DataFrame(), list[str]()
    try:
        frame, remarks = converted(_padded(text, schema), schema, file=arrival.name)
    except BadInput as refused:
        here = {(fault.row, fault.column) for fault in found}
        repeated = bool(told.get("sum"))  # rows not added up yet repeat their district
        found += [
            fault
            for fault in refused.faults
            if (fault.row, fault.column) not in here and not (repeated and fault.kind == "DuplicateKey")
        ]
    if found:
        raise BadInput(in_their_words(found, {ours: str(theirs) for ours, theirs in told.get("columns", {}).items()}))
    return frame, remarks


def own(arrival: Arrival, desk: Desk) -> Load:
    """Load a file that has exactly the columns of one of our tables, as `data export` writes them."""
    name = own_table(arrival)
    if name is None:
        raise BadInput(
            [
                Fault(
                    kind="NotOurs",
                    what=f"{arrival.name} has not the columns of one of our tables",
                    file=arrival.name,
                    mend="`infraplan tables TABLE` lists a table's columns",
                )
            ]
        )
    schema = Schema.load(name)
    text = rows_as_text(arrival) if arrival.kind != "parquet" else _parquet_text(arrival)
    rows = len(text)
    text, notes, refused = _own_rows(text.drop(columns="source_row", errors="ignore"), schema, desk, {})
    frame, remarks = converted(text, schema, file=arrival.name)
    notes = [*notes, *remarks]
    frame["source_row"] = frame.index
    if schema.columns.get("geometry") is not None:
        raise BadInput(
            [
                Fault(
                    kind="NoGeometry",
                    what=f"{name} has shapes, which {arrival.name} cannot carry",
                    file=arrival.name,
                    mend="add the GeoPackage instead",
                )
            ]
        )
    return Load(
        [Piece(name, frame, series=f"{desk.state.fips}/{arrival.bare_name}")],
        rows,
        desk.as_of,
        None,
        refused,
        notes,
        title=schema.title,
    )


LOADERS: dict[str, Loader] = {"column_map": mapped, "own_table": own}


# --- the map --------------------------------------------------------------------------------------------------------


def _checked_map(told: Mapping[str, Any], arrival: Arrival) -> Schema:
    faults = [
        Fault(
            kind="UnknownSetting",
            what=f"the column map has an unknown setting {key}",
            mend=f"it takes {', '.join(sorted(_KEYS))}",
        )
        for key in told.keys() - _KEYS
    ]
    faults += [
        Fault(
            kind="BadValue", what=f"{key} in the column map is {told[key]!r}, expected a section", mend=f"write [{key}]"
        )
        for key in _SECTIONS
        if not isinstance(told.get(key, {}), Mapping)
    ]
    if faults and any(fault.kind == "BadValue" for fault in faults):
        raise BadInput(faults)
    table = str(told.get("table", ""))
    if table not in schemas.names() or Schema.load(table).layer != "core":
        core = [name for name in schemas.names() if Schema.load(name).layer == "core"]
        raise BadInput(
            [
                *faults,
                Fault(
                    kind="UnknownTable",
                    what=f"the column map names the table {table or '(none)'}",
                    mend=f"table = one of {', '.join(core)}",
                ),
            ]
        )
    schema = Schema.load(table)
    faults += _column_faults(told, schema, arrival)
    if faults:
        raise BadInput(faults)
    return schema


def _column_faults(told: Mapping[str, Any], schema: Schema, arrival: Arrival) -> list[Fault]:
    """Columns of the map that the table or the file does not have, and headers taken twice."""
    faults = []
    columns = told.get("columns", {})
    for ours, theirs in columns.items():
        if ours not in schema.columns and ours != "state_lea_id":
            faults.append(
                Fault(
                    kind="UnknownColumn",
                    what=f"{schema.name} has no column {ours}",
                    mend=f"it has {', '.join(schema.columns)}",
                )
            )
        if theirs not in arrival.columns:
            faults.append(
                Fault(
                    kind="MissingColumn",
                    what=f"{arrival.name} has no column {theirs!r}",
                    file=arrival.name,
                    mend=f"its columns are: {', '.join(arrival.columns)[:300]}",
                )
            )
    faults += [
        Fault(
            kind="MissingColumn",
            what=f"[exclude] names a column {theirs!r} that {arrival.name} has not",
            file=arrival.name,
        )
        for theirs in told.get("exclude", {})
        if theirs not in arrival.columns
    ]
    headers = list(map(str, columns.values()))
    faults += [
        Fault(
            kind="SameColumn",
            what=f"the column map takes the header {theirs!r} for two columns",
            mend="give each of our columns its own header",
        )
        for theirs in sorted({theirs for theirs in headers if headers.count(theirs) > 1})
    ]
    return faults


def _more_eligible_than_enrolled(text: pd.DataFrame, arrival: Arrival) -> list[Fault]:
    """More students eligible for meals than enrolled: the map has two columns the wrong way round, or the file errs."""
    if "nslp_students" not in text or "students" not in text:
        return []
    nslp, students = _numbers(text["nslp_students"]), _numbers(text["students"])
    more = nslp > students
    return [
        Fault(
            kind="MoreThanAll",
            what=f"nslp_students is {eligible:,.10g}, more than the {enrolled:,.10g} students",
            file=arrival.name,
            row=int(row),
            column="nslp_students",
            mend="check which headers the column map takes, or correct the row",
        )
        for row, eligible, enrolled in zip(text.index[more], nslp[more], students[more], strict=True)
    ]


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(without_thousands(cells.str.strip()), errors="coerce")


def _excluded(raw: pd.DataFrame, told: Mapping[str, Any], arrival: Arrival) -> tuple[pd.DataFrame, dict[str, int]]:
    counts: dict[str, int] = {}
    for theirs, values in told.get("exclude", {}).items():
        hit = raw[theirs].str.strip().isin([str(value) for value in values])
        counts[f"excluded by the column map ({theirs} = {', '.join(map(str, values))})"] = int(hit.sum())
        raw = raw[~hit]
    if raw.empty:
        mend = "check the [exclude] of the column map" if told.get("exclude") else "the file holds a header and no rows"
        raise BadInput([Fault(kind="NoRows", what=f"{arrival.name} has no row left", file=arrival.name, mend=mend)])
    return raw, counts


def _renamed(raw: pd.DataFrame, told: Mapping[str, Any]) -> pd.DataFrame:
    text = pd.DataFrame({ours: raw[theirs] for ours, theirs in told.get("columns", {}).items()}, index=raw.index)
    for ours, value in told.get("constants", {}).items():
        text[ours] = str(value)
    for ours, codes in told.get("codes", {}).items():
        text[ours] = text[ours].map(lambda cell, codes=codes: codes.get(cell.strip(), cell))
    return text


def _totals(raw: pd.DataFrame, text: pd.DataFrame, arrival: Arrival) -> list[Fault]:
    """Rows that are the sum of all others, or are named as totals: data would be counted twice."""
    if "students" not in text or len(text) < _LEAST_ROWS_FOR_A_TOTAL:
        return []
    numbers = pd.to_numeric(text["students"].str.replace(",", "", regex=False), errors="coerce").fillna(0)
    is_sum = (numbers > 0) & (numbers * 2 == numbers.sum())
    named = _named_totals(raw, text) & (numbers > 0)
    faults = []
    for row in text.index[is_sum | named]:
        cells = {
            str(theirs): str(cell)
            for theirs, cell in raw.loc[row].items()
            if str(cell).strip() and not _is_number(str(cell))
        }
        theirs, cell = next(iter(cells.items()), (str(raw.columns[0]), str(raw.loc[row].iloc[0])))
        why = "equals the sum of all other rows" if is_sum[row] else "is named as a total"
        faults.append(
            Fault(
                kind="TotalRow",
                what=f"a row {why}; it would be counted twice",
                file=arrival.name,
                row=int(row),
                column=theirs,
                value=cell,
                mend=f'exclude it in the column map:  [exclude]  {theirs} = ["{cell}"]',
            )
        )
    return faults


def _named_totals(raw: pd.DataFrame, text: pd.DataFrame) -> pd.Series:
    """Rows named as totals where the district's name or number stands, or anywhere in a row without a number.

    A district with a number is none, though another column calls it "State" (who runs it) or "Total" (which students).
    """
    totals = raw.apply(lambda cells: cells.str.strip().str.lower().isin(_TOTAL_NAMES)).any(axis=1)
    known = [column for column in ("lea_id", "state_lea_id", "name") if column in text]
    numbers = [column for column in known if column != "name"] or known
    nameless: pd.Series = pd.Series(data=True, index=text.index)
    named: pd.Series = pd.Series(data=False, index=text.index)
    for column in known:
        cells = text[column].str.strip()
        named |= cells.str.lower().isin(_TOTAL_NAMES)
        if column in numbers:
            nameless &= cells == ""
    found: pd.Series = named | (totals & nameless)
    return found


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").strip().isdigit()


# --- rows of this state, and their district numbers -----------------------------------------------------------------


def _own_rows(
    text: pd.DataFrame, schema: Schema, desk: Desk, told: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[str], dict[str, int]]:
    if "lea_id" not in schema.columns:
        return text, [], {}
    if "lea_id" not in text:
        return _matched(text, desk)
    text, notes = _with_zeros(text, desk)
    other = ~text["lea_id"].str.startswith(desk.state.fips) & text["lea_id"].str.fullmatch(r"\d{7}")
    blank = text["lea_id"] == "" if not told.get("all_states") else pd.Series(data=False, index=text.index)
    notes += _unknown_note(text[~other & ~blank], desk)
    return (
        text[~other & ~blank],
        notes,
        {"rows of other states": int(other.sum()), "rows without a district number": int(blank.sum())},
    )


def _unknown_note(text: pd.DataFrame, desk: Desk) -> list[str]:
    """District numbers that no loaded directory has: new ones, or slips; a person should look."""
    if not desk.workspace.has("districts"):
        return []
    known = set(desk.workspace.frame("districts")["lea_id"])
    unknown = sorted(set(text["lea_id"]) - known)
    if not unknown:
        return []
    return [f"{len(unknown)} district numbers are not in the NCES directory; check them: {', '.join(unknown[:20])}"]


def _with_zeros(text: pd.DataFrame, desk: Desk) -> tuple[pd.DataFrame, list[str]]:
    """District numbers with lost zeros put back: those of this state, and in a national list those of other states.

    In one state's own list a number one digit short is a slip, not a district of Alaska: it stays, as a fault.
    """
    ids, count = mended(text["lea_id"], LEA_DIGITS)
    whole = text.loc[text["lea_id"].str.fullmatch(r"\d{7}"), "lea_id"].str[:_FIPS_DIGITS]
    if set(whole) <= {desk.state.fips}:
        ids = ids.where(ids.str.startswith(desk.state.fips), text["lea_id"])
        count = int((ids != text["lea_id"]).sum())
    notes = [f"{count:,} district numbers had lost their leading zero; mended"] if count else []
    return text.assign(lea_id=ids), notes


def _series(told: Mapping[str, Any], arrival: Arrival, desk: Desk) -> str:
    """What newer files of the same list share: the map's title without its dates, so that next year's replaces this."""
    title = str(told.get("title", arrival.bare_name)).lower()
    words = re.findall(r"[a-z]+", title)
    return f"{desk.state.fips}/{' '.join(word for word in words if word not in _MONTHS)}"


def known_leas(workspace: Workspace) -> pd.DataFrame:
    """Districts whose NCES number is known from loaded files: columns lea_id, name, state_lea_id."""
    frames = []
    if workspace.has("districts"):
        frames.append(workspace.frame("districts")[["lea_id", "name", "state_lea_id"]])
    if workspace.has("schools"):
        schools = workspace.frame("schools")[["lea_id", "lea_name"]].dropna().drop_duplicates()
        frames.append(schools.rename(columns={"lea_name": "name"}))
    if workspace.has("district_shapes"):
        frames.append(workspace.frame("district_shapes")[["lea_id", "name"]])
    if not frames:
        return pd.DataFrame(columns=["lea_id", "name", "state_lea_id"], dtype=object)
    known = pd.concat(frames, ignore_index=True)
    if "state_lea_id" not in known:
        known["state_lea_id"] = None
    return known


def _matched(text: pd.DataFrame, desk: Desk) -> tuple[pd.DataFrame, list[str], dict[str, int]]:
    """Give each row its NCES number by state number, else by name; only matches that are the only one count."""
    known = known_leas(desk.workspace)
    if known.empty:
        raise BadInput(
            [
                Fault(
                    kind="NoDirectory",
                    what="the file names districts without their NCES number",
                    mend="first add the NCES district directory (ccd_lea_029_...) or the district boundaries, "
                    "then this file again",
                )
            ]
        )
    found = match_leas(text, known, desk.state.usps)
    names = found.drop_duplicates()
    told = f"{names['lea_id'].notna().sum():,} of {len(names):,} names matched to NCES numbers; check them:"
    notes = ["\n".join([told, *_match_lines(names)[:_MOST_SHOWN]])]
    kept = text.assign(lea_id=found["lea_id"])[found["lea_id"].notna()]
    return kept, notes, {"rows whose district has no NCES number in the loaded files": len(found) - len(kept)}


def _match_lines(found: pd.DataFrame) -> list[str]:
    """Matches in words, those to look at first: districts without a number, then numbers whose names differ."""
    cells = found.astype(object).where(found.notna(), "")
    rank = cells["how"].map(lambda how: 0 if not how else 1 if how.endswith("differ") else 2)
    return [
        f"  {theirs}  ->  {lea} {there}  (by {how})" if lea else f"  {theirs}  ->  no NCES number found"
        for theirs, lea, there, how in cells.loc[rank.sort_values(kind="stable").index].to_numpy()
    ]


def match_leas(text: pd.DataFrame, known: pd.DataFrame, usps: str) -> pd.DataFrame:
    """Match rows to NCES districts: columns theirs, lea_id, name_there, how.

    `text` has state_lea_id and/or name; `known` has lea_id, name, state_lea_id. A match counts only where it is the
    only one; a number whose name also agrees is said to be matched by both.
    """
    blank = pd.Series("", index=text.index, dtype=object)
    code = text.get("state_lea_id", blank).fillna("").map(lambda cell: plain_code(cell, usps))
    name = text.get("name", blank).fillna("")
    by_code = _only_one(known["state_lea_id"].fillna("").map(lambda cell: plain_code(cell, usps)), known["lea_id"])
    by_name = _only_one(known["name"].fillna("").map(plain_name), known["lea_id"])
    by_short = _only_one(known["name"].fillna("").map(lambda cell: plain_name(cell, short=True)), known["lea_id"])
    ways = {
        "state number": code.map(by_code),
        "name": name.map(plain_name).map(by_name),
        "short name": name.map(lambda cell: plain_name(cell, short=True)).map(by_short),
    }
    lea = pd.Series(None, index=text.index, dtype=object)
    how = pd.Series("", index=text.index, dtype=object)
    for way, found in ways.items():
        fill = lea.isna() & found.notna()
        lea, how = lea.mask(fill, found), how.mask(fill, way)
    same = lea.notna() & (lea == ways["name"])
    how = how.mask((how == "state number") & same, BOTH).mask(
        (how == "state number") & ~same, "state number; the names differ"
    )
    there = known.drop_duplicates("lea_id").set_index("lea_id")["name"]
    theirs = (text.get("state_lea_id", blank).fillna("") + " " + name).str.strip()
    return pd.DataFrame({"theirs": theirs, "lea_id": lea, "name_there": lea.map(there), "how": how})


def _only_one(keys: pd.Series, ids: pd.Series) -> dict[str, str]:
    pairs = pd.DataFrame({"key": keys, "lea_id": ids})
    pairs = pairs[pairs["key"] != ""].drop_duplicates()
    single = pairs[~pairs.duplicated("key", keep=False)]
    return dict(zip(single["key"].astype(str), single["lea_id"].astype(str), strict=True))


def _padded(text: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Columns that the map does not give, where the table allows a blank there."""
    more = {name: "" for name, column in schema.columns.items() if name not in text and column.nullable}
    return text.assign(**more)


def _summed(text: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """One row for each key: counts added up (blank where all are), the first of everything else."""
    key = [name for name in schema.key if name in text]
    rules: dict[str, Any] = {}
    for name in text.columns:
        column = schema.columns.get(name)
        if name not in key:
            rules[name] = _sum_text if column is not None and column.type in {"integer", "number"} else "first"
    rows = pd.Series(text.index, index=text.index, name="_row")
    merged = text.assign(_row=rows).groupby(key, as_index=False, sort=False).agg({**rules, "_row": "first"})
    return merged.set_index(pd.Index(merged.pop("_row").to_numpy()))


def _no_numbers(text: pd.DataFrame, schema: Schema, arrival: Arrival) -> list[Fault]:
    """Faults of cells that are to be added up and are no numbers: in a sum they would be lost without a word."""
    faults = []
    for name in text.columns:
        column = schema.columns.get(name)
        if column is None or column.type not in {"integer", "number"} or name in schema.key:
            continue
        lost = _numbers(text[name]).isna() & (text[name].str.strip() != "")
        faults += [
            Fault(
                kind="BadValue",
                what=f"{name} is {str(cell)[:60]!r}, expected {column.expectation()}",
                file=arrival.name,
                row=int(str(row)),
                column=name,
                value=str(cell),
                mend="correct the cell, or clear it where the figure is not known",
            )
            for row, cell in text.loc[lost, name].items()
        ]
    return faults


def _sum_text(cells: pd.Series) -> str:
    numbers = _numbers(cells)
    return "" if numbers.isna().all() else f"{numbers.sum():.10g}"


def _date(told: object) -> str | None:
    if told is None:
        return None
    text = told.isoformat()[:10] if isinstance(told, date) else str(told)
    if not real_date(text):
        raise BadInput(
            [
                Fault(
                    kind="BadDate",
                    what=f"as_of in the column map is {text!r}, expected a date",
                    column="as_of",
                    mend="write as_of = 2025-10-01, or a year in quotes",
                )
            ]
        )
    return text


def _parquet_text(arrival: Arrival) -> pd.DataFrame:
    if pq.read_metadata(arrival.local).num_rows > 5_000_000:  # noqa: PLR2004 - a bound on memory, not on meaning
        raise BadInput(
            [
                Fault(
                    kind="TooLarge",
                    what=f"{arrival.name} is too large for this way in",
                    file=arrival.name,
                    mend="add the publisher's own CSV file",
                )
            ]
        )
    return text_of(arrival.local)
