"""Rows held against their table's declaration, by the engine, in one pass; faults come back with file rows."""

# the statements below are made of declared names and of literals quoted by the engine module
# ruff: noqa: S608

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from infraplan.engine import Connection, columns_of, literal, parquet_source, quoted
from infraplan.errors import Fault
from infraplan.schemas import Column, Schema, doubt_in_words

EXAMPLES = 5


@dataclass(frozen=True)
class _Test:
    """A declared property of a column's cells: the kind of its fault, and in SQL which cells are bad."""

    column: Column
    kind: str
    bad: str


@dataclass(frozen=True)
class _Rows:
    """The rows of one Parquet file: where they are in SQL, their columns, and the file row of each."""

    source: str
    columns: frozenset[str]
    place: str


def faults_in(connection: Connection, path: Path, schema: Schema, *, file: str, first_row: int = 2) -> list[Fault]:
    """All faults of the rows in one Parquet file, grouped with counts and up to five examples each.

    The row of an example is `source_row` where the file carries it, else its place in the file plus `first_row`.
    """
    rows = _rows(connection, path, first_row)
    tests = _tests(rows, schema)
    counts = _one(
        connection, f"SELECT {', '.join(f'count_if({test.bad})' for test in tests)} FROM {rows.source}", tests
    )
    faults: list[Fault] = []
    for test, count in zip(tests, counts, strict=True):
        if count:
            faults += _examples(connection, rows, test, count, file)
    if schema.unique and schema.key:
        faults += _duplicates(connection, rows, schema, file)
    return faults


def doubts_in(connection: Connection, path: Path, schema: Schema, *, file: str, first_row: int = 2) -> list[str]:
    """In words, the cells outside the range in which a figure is plausible, with the first of their rows."""
    found: list[str] = []
    columns = [column for column in schema.columns.values() if column.doubt is not None]
    if not columns:
        return found
    rows = _rows(connection, path, first_row)
    for column in columns:
        if column.name not in rows.columns or column.doubt is None:
            continue
        cells = quoted(column.name)
        outside = (
            f"FROM {rows.source} WHERE {cells} < {literal(column.doubt[0])} OR {cells} > {literal(column.doubt[1])}"
        )
        (count,) = connection.execute(f"SELECT count(*) {outside}").fetchone() or (0,)
        if count:
            shown = connection.execute(
                f"SELECT {rows.place} AS row, CAST({cells} AS DOUBLE) {outside} ORDER BY row LIMIT {EXAMPLES}"
            ).fetchall()
            found.append(doubt_in_words(column, file, count, [(int(row), f"{value:,.10g}") for row, value in shown]))
    return found


def _rows(connection: Connection, path: Path, first_row: int) -> _Rows:
    source = parquet_source(path)
    columns = frozenset(columns_of(connection, source))
    return _Rows(source, columns, "source_row" if "source_row" in columns else f"file_row_number + {first_row}")


def _one(connection: Connection, query: str, tests: list[_Test]) -> tuple[int, ...]:
    return (connection.execute(query).fetchone() or ()) if tests else ()


def _tests(rows: _Rows, schema: Schema) -> list[_Test]:
    tests = []
    for column in schema.columns.values():
        if column.name not in rows.columns:
            continue
        cells = quoted(column.name)
        if not column.nullable:
            tests.append(_Test(column, "Blank", f"{cells} IS NULL"))
        if column.codes:
            codes = [int(code) for code in column.codes] if column.type == "integer" else list(column.codes)
            tests.append(_Test(column, "UnknownCode", f"{cells} NOT IN ({', '.join(map(literal, codes))})"))
        elif column.pattern:
            # the engine's anchored match is three times as fast as a search for an anchored pattern
            bare = column.pattern.removeprefix("^").removesuffix("$")
            tests.append(_Test(column, "BadPattern", f"NOT regexp_full_match({cells}, {literal(bare)})"))
        if column.low is not None and column.high is not None and column.type in {"integer", "number"}:
            tests.append(_Test(column, "OutOfRange", _outside(column, cells)))
    return tests


def _outside(column: Column, cells: str) -> str:
    """Cells outside the range; the engine orders NaN above every number, and no range has it."""
    ends = [
        f"{cells} {sign} CAST({literal(str(end))} AS DOUBLE)" if column.type == "number" else f"{cells} {sign} {end}"
        for sign, end in (("<", column.low), (">", column.high))
        if end is not None and (column.type == "number" or isfinite(end))
    ]
    return " OR ".join(ends) or "false"


def _examples(connection: Connection, rows: _Rows, test: _Test, count: int, file: str) -> list[Fault]:
    column = test.column
    shown = connection.execute(
        f"SELECT {rows.place}, CAST({quoted(column.name)} AS VARCHAR) FROM {rows.source} "
        f"WHERE {test.bad} LIMIT {EXAMPLES}"
    ).fetchall()
    faults = []
    for number, (row, value) in enumerate(shown):
        saying = "blank or not readable" if value is None else repr(value)
        faults.append(
            Fault(
                kind=test.kind,
                what=f"{column.name} is {saying}, expected {column.expectation()}",
                file=file,
                row=int(row),
                column=column.name,
                value=value,
                # the last example stands for all the rows not shown
                count=count - len(shown) + 1 if number == len(shown) - 1 else 1,
                mend=_mend(column, value),
            )
        )
    return faults


def _mend(column: Column, value: str | None) -> str:
    if column.pad and value and value.isdigit() and len(value) == column.pad - 1:
        return (
            f"leading zeros were lost, {value} is {value.zfill(column.pad)}; format the column as text and save again"
        )
    return f"correct the cells ({column.about})" if column.about else "correct the cells"


def _duplicates(connection: Connection, rows: _Rows, schema: Schema, file: str) -> list[Fault]:
    key = [name for name in schema.key if name in rows.columns]
    names = ", ".join(map(quoted, key))
    # a blank where none is allowed has its own fault, and is like no other row
    whole = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key if not schema.columns[name].nullable) or "true"
    again = (
        f"SELECT {names}, max({rows.place}) AS row FROM {rows.source} WHERE {whole} GROUP BY {names} "
        "HAVING count(*) > 1"
    )
    (total,) = connection.execute(f"SELECT count(*) FROM ({again})").fetchone() or (0,)
    if not total:
        return []
    shown = connection.execute(f"{again} ORDER BY row LIMIT {EXAMPLES}").fetchall()
    return [
        Fault(
            kind="DuplicateKey",
            what=f"{' + '.join(key)} must be unique",
            file=file,
            row=int(row),
            column=key[0],
            value=" + ".join("(blank)" if one is None else str(one) for one in values),
            mend="keep one row of each",
            count=total - len(shown) + 1 if number == len(shown) - 1 else 1,
        )
        for number, (*values, row) in enumerate(shown)
    ]
