"""The query engine under a workspace: DuckDB by default, another Ibis backend by name.

Analyses are Ibis expressions over declared tables; this module is where they meet an engine.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from infraplan.errors import InfraplanError
from infraplan.schemas import Schema

ENGINES = ("duckdb", "polars", "spark")
IBIS_TYPES = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "decimal": "decimal(18, 4)",
    "boolean": "boolean",
    "date": "date",
    "geometry": "binary",
}
_MEMORY_SHARE = 0.5
_MOST_MEMORY_MB = 1200


def connect(name: str = "duckdb", *, scratch: Path | None = None) -> Any:  # noqa: ANN401 - ibis backends share no type
    """Open an engine: `duckdb`, `polars`, or `spark` / `spark://HOST`. `scratch` is where DuckDB may spill.

    Raises InfraplanError naming what to install where the engine's package is absent.
    """
    kind = name.split(":", 1)[0]
    if kind not in ENGINES:
        raise InfraplanError(f"there is no engine named {name}; use one of {', '.join(ENGINES)}")
    try:
        if kind == "duckdb":
            return _duckdb(scratch)
        if kind == "polars":
            return ibis.polars.connect()
        return _spark(name)
    except ImportError as why:
        raise InfraplanError(f"the engine {kind} needs a package that is not installed: {why.name}") from why


def _duckdb(scratch: Path | None) -> Any:  # noqa: ANN401
    memory = min(_MOST_MEMORY_MB, int(_MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20))
    settings = {"memory_limit": f"{memory}MB", "threads": os.cpu_count() or 1}
    if scratch is not None:
        settings["temp_directory"] = str(scratch)
    backend = ibis.duckdb.connect(**settings)
    backend.raw_sql("SET enable_progress_bar = false")
    # inputs are local files that we name: the engine itself never reaches for an extension or the network
    backend.raw_sql("SET autoinstall_known_extensions = false")
    return backend


def _spark(name: str) -> Any:  # noqa: ANN401
    from pyspark.sql import SparkSession  # noqa: PLC0415

    builder = SparkSession.builder.appName("infraplan")
    if "://" in name:
        builder = builder.master(name)
    return ibis.pyspark.connect(builder.getOrCreate())


def read_parquet(backend: Any, paths: Sequence[Path], *, located: bool = False) -> ir.Table:  # noqa: ANN401
    """One table over Parquet files of one declared table; `located` adds `filename` and `file_row_number` (DuckDB)."""
    names = [str(path) for path in paths]
    if backend.name == "duckdb":
        more = {"filename": True, "file_row_number": True} if located else {}
        table: ir.Table = backend.read_parquet(names, union_by_name=True, **more)
        return table
    pieces = [backend.read_parquet(name) for name in names]
    return pieces[0] if len(pieces) == 1 else ibis.union(*pieces)


def read_csv(backend: Any, path: Path, delimiter: str = ",", *, parallel: bool = True) -> ir.Table:  # noqa: ANN401
    """A delimited file as text columns, quotes honored, nothing inferred.

    DuckDB cannot pad short rows and meet a line break inside quotes at once unless `parallel` is off.
    """
    table: ir.Table = backend.read_csv(
        str(path),
        all_varchar=True,
        header=True,
        delim=delimiter,
        quote='"',
        escape='"',
        strict_mode=False,
        null_padding=True,
        parallel=parallel,
    )
    return table


def empty(schema: Schema) -> ir.Table:
    """A table of the declared columns with no row, for analyses where nothing was loaded."""
    columns = {name: IBIS_TYPES[column.type] for name, column in schema.columns.items()}
    return ibis.memtable(pd.DataFrame(columns=list(columns)), schema=ibis.schema(columns))


def from_frame(frame: pd.DataFrame, types: dict[str, str] | None = None) -> ir.Table:
    """A small frame as a table that any engine can join; `types` are Ibis type names by column."""
    return ibis.memtable(frame, schema=ibis.schema(types) if types else None)


@contextmanager
def in_memory() -> Iterator[Any]:
    """A DuckDB engine that is closed after use, for checks of single files."""
    backend = connect()
    try:
        yield backend
    finally:
        backend.disconnect()
