"""Frames as the Parquet files of declared tables: their columns in the declared order and types, and nothing else."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from infraplan.schemas import Column, Schema

_ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "decimal": pa.decimal128(18, 4),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "geometry": pa.binary(),
}


def write(frame: pd.DataFrame, schema: Schema, path: Path) -> None:
    """Write a frame's declared columns, and `source_row` where it has it; raises ValueError for cells of another type."""
    try:
        pq.write_table(to_arrow(frame, schema), path)
    except pa.ArrowTypeError as why:
        raise ValueError(str(why)) from why


def to_arrow(frame: pd.DataFrame, schema: Schema) -> pa.Table:
    """A frame as an Arrow table of the declared columns and types, with `source_row` where the frame has it."""
    columns, fields = [], []
    for column in schema.columns.values():
        if column.name not in frame and not column.required:
            continue
        fields.append(pa.field(column.name, _ARROW[column.type]))
        columns.append(_to_array(frame[column.name], column))
    if "source_row" in frame:
        fields.append(pa.field("source_row", pa.int64()))
        columns.append(pa.array(frame["source_row"].astype("int64")))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _to_array(cells: pd.Series, column: Column) -> pa.Array:
    if column.type == "date":
        cells = pd.to_datetime(cells).dt.date
    return pa.array(cells.astype(object).where(cells.notna(), None), type=_ARROW[column.type], from_pandas=True)
