"""Rows held against their table's declaration, by the engine, in one pass; faults come back with file rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from infraplan import engine
from infraplan.errors import Fault
from infraplan.schemas import Column, Schema

EXAMPLES = 5


@ibis.udf.scalar.builtin(name="regexp_full_match")  # type: ignore[untyped-decorator]
def _full_match(text: str, pattern: str) -> bool:  # type: ignore[empty-body]
    """DuckDB's anchored match, three times as fast as a search for an anchored pattern (measured on 4.5 million rows)."""


def faults_in(backend: Any, path: Path, schema: Schema, *, file: str, first_row: int = 2) -> list[Fault]:  # noqa: ANN401
    """All faults of the rows in one Parquet file, grouped with counts and up to five examples each.

    The row of an example is `source_row` where the file carries it, else its place in the file plus `first_row`.
    """
    table = engine.read_parquet(backend, [path], located=True)
    tests = _tests(table, schema, anchored=backend.name == "duckdb")
    counts = table.aggregate(**{f"t{i}": bad.sum() for i, (_, _, bad) in enumerate(tests)}).to_pyarrow().to_pylist()[0]
    faults: list[Fault] = []
    for number, (column, kind, bad) in enumerate(tests):
        count = int(counts[f"t{number}"] or 0)
        if count:
            faults += _examples(table, column, kind, bad, count, file, first_row)
    if schema.unique and schema.key and not faults:
        faults += _duplicates(table, schema, file, first_row)
    return faults


def _tests(table: ir.Table, schema: Schema, *, anchored: bool) -> list[tuple[Column, str, ir.BooleanValue]]:
    tests: list[tuple[Column, str, ir.BooleanValue]] = []
    for column in schema.columns.values():
        if column.name not in table.columns:
            continue
        cells = table[column.name]
        if not column.nullable:
            tests.append((column, "Blank", cells.isnull()))
        if column.codes:
            codes = [int(code) for code in column.codes] if column.type == "integer" else list(column.codes)
            tests.append((column, "UnknownCode", cells.notin(codes)))
        elif column.pattern:
            bare = column.pattern.removeprefix("^").removesuffix("$")
            whole = _full_match(cells, bare) if anchored else cells.re_search(column.pattern)
            tests.append((column, "BadPattern", ~whole))
        if column.low is not None and column.high is not None and column.type in {"integer", "number"}:
            outside = (cells < column.low) | (cells > column.high)
            tests.append((column, "OutOfRange", outside))
    return tests


def _examples(
    table: ir.Table, column: Column, kind: str, bad: ir.BooleanValue, count: int, file: str, first_row: int
) -> list[Fault]:
    shown = (
        table.filter(bad).select(row=_row(table, first_row), value=table[column.name].cast("string")).limit(EXAMPLES)
    )
    rows = shown.to_pyarrow().to_pylist()
    faults = []
    for number, example in enumerate(rows):
        value = example["value"]
        saying = "blank or not readable" if value is None else repr(value)
        faults.append(
            Fault(
                kind=kind,
                what=f"{column.name} is {saying}, expected {column.expectation()}",
                file=file,
                row=int(example["row"]),
                column=column.name,
                value=value,
                # the last example stands for all the rows not shown
                count=count - len(rows) + 1 if number == len(rows) - 1 else 1,
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


def _row(table: ir.Table, first_row: int) -> ir.IntegerValue:
    if "source_row" in table.columns:
        return table["source_row"]
    return table["file_row_number"] + first_row


def _duplicates(table: ir.Table, schema: Schema, file: str, first_row: int) -> list[Fault]:
    key: Sequence[str] = [name for name in schema.key if name in table.columns]
    rows = table.mutate(row=_row(table, first_row))
    again = rows.group_by(key).aggregate(times=rows.count(), row=rows["row"].max()).filter(ibis._["times"] > 1)
    total = int(again.count().to_pyarrow().as_py())
    shown = again.order_by("row").limit(EXAMPLES).to_pyarrow().to_pylist()
    return [
        Fault(
            kind="DuplicateKey",
            what=f"{' + '.join(key)} must be unique",
            file=file,
            row=int(row["row"]),
            column=key[0],
            value=" + ".join(str(row[name]) for name in key),
            mend="keep one row of each",
            count=total - len(shown) + 1 if number == len(shown) - 1 else 1,
        )
        for number, row in enumerate(shown)
    ]
