"""The query engine under a workspace: DuckDB by default, another Ibis backend by name.

Analyses are Ibis expressions over declared tables; this module is where they meet an engine. What only moves and checks
the rows of files that arrive is plain SQL on the embedded engine, which is open long before Ibis is imported.
"""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from infraplan.errors import InfraplanError
from infraplan.schemas import Schema

if TYPE_CHECKING:  # a quarter of a second that adding files need not spend
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
EngineError = duckdb.Error
_WRITING = ("Could not write", "No space left", "failed to offload")
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
_CSV: Mapping[str, Any] = {
    "all_varchar": True,
    "header": True,
    "quote": '"',
    "escape": '"',
    "strict_mode": False,
    "null_padding": True,
}
_MEMORY_SHARE = 0.5
_MOST_MEMORY_MB = 1200
_ROWS_WORTH_A_THREAD = 2_000_000


def embedded(*, scratch: Path | None = None, rows: int | None = None) -> Connection:
    """Open the embedded engine itself, for SQL; threads of ours take a `cursor()` each.

    `scratch` is where it may spill, `rows` how many rows it will read, where that is known: dividing few among several
    threads costs more than it saves, while other work waits for a core.
    """
    threads = os.cpu_count() or 1
    if rows is not None:
        threads = min(threads, 1 + rows // _ROWS_WORTH_A_THREAD)
    memory = min(_MOST_MEMORY_MB, int(_MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20))
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory}MB",
        "threads": threads,
    }
    if scratch is not None:
        settings["temp_directory"] = str(scratch)
    connection = duckdb.connect(config=settings)
    connection.execute("SET enable_progress_bar = false")
    # inputs are local files that we name: the engine itself never reaches for an extension or the network
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def use_every_core(connection: Connection) -> None:
    """Divide queries among as many threads as there are cores, whatever `embedded` was told of rows."""
    connection.execute(f"SET threads = {os.cpu_count() or 1}")


def connect(name: str = "duckdb", *, scratch: Path | None = None, connection: Connection | None = None) -> Any:  # noqa: ANN401 - ibis backends share no type
    """Open an engine for expressions: `duckdb`, `polars`, or `spark` / `spark://HOST`.

    DuckDB may spill into `scratch`; where it is open already, `connection` is used.
    Raises InfraplanError naming what to install where the engine's package is absent.
    """
    kind = name.split(":", 1)[0]
    if kind not in ENGINES:
        raise InfraplanError(f"there is no engine named {name}; use one of {', '.join(ENGINES)}")
    import ibis  # noqa: PLC0415

    try:
        if kind == "duckdb":
            return ibis.duckdb.from_connection(embedded(scratch=scratch) if connection is None else connection)
        if kind == "polars":
            return ibis.polars.connect()
        return _spark(name)
    except ImportError as why:
        raise InfraplanError(f"the engine {kind} needs a package that is not installed: {why.name}") from why


def _spark(name: str) -> Any:  # noqa: ANN401
    import ibis  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    builder = SparkSession.builder.appName("infraplan")
    if "://" in name:
        builder = builder.master(name)
    return ibis.pyspark.connect(builder.getOrCreate())


def read_parquet(backend: Any, paths: Sequence[Path], *, located: bool = False) -> "ir.Table":  # noqa: ANN401
    """One table over Parquet files of one declared table; `located` adds `filename` and `file_row_number` (DuckDB)."""
    names = [str(path) for path in paths]
    if backend.name == "duckdb":
        more = {"filename": True, "file_row_number": True} if located else {}
        table: ir.Table = backend.read_parquet(names, union_by_name=True, **more)
        return table
    import ibis  # noqa: PLC0415

    pieces = [backend.read_parquet(name) for name in names]
    return pieces[0] if len(pieces) == 1 else ibis.union(*pieces)


def read_csv(backend: Any, path: Path, delimiter: str = ",", *, parallel: bool = True) -> "ir.Table":  # noqa: ANN401
    """A delimited file as text columns, quotes honored, nothing inferred.

    DuckDB cannot pad short rows and meet a line break inside quotes at once unless `parallel` is off.
    """
    table: ir.Table = backend.read_csv(str(path), **_CSV, delim=delimiter, parallel=parallel)
    return table


def empty(schema: Schema) -> "ir.Table":
    """A table of the declared columns with no row, for analyses where nothing was loaded."""
    import ibis  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    columns = {name: IBIS_TYPES[column.type] for name, column in schema.columns.items()}
    return ibis.memtable(pd.DataFrame(columns=list(columns)), schema=ibis.schema(columns))


def from_frame(frame: "pd.DataFrame", types: dict[str, str] | None = None) -> "ir.Table":
    """A small frame as a table that any engine can join; `types` are Ibis type names by column."""
    import ibis  # noqa: PLC0415

    return ibis.memtable(frame, schema=ibis.schema(types) if types else None)


def rows(backend: Any, table: "ir.Table") -> "pa.Table":  # noqa: ANN401
    """The rows of an expression over stored tables; on the embedded engine it starts before pandas is imported."""
    if backend.name != "duckdb":
        found: pa.Table = backend.to_pyarrow(table)
        return found
    answer: pa.Table = backend.raw_sql(backend.compile(table)).to_arrow_table()
    return answer.cast(table.schema().to_pyarrow())


def refused_by_machine(why: Exception) -> OSError | None:
    """What the disk or the memory refused the engine, as an error of the operating system; None where it is the data's.

    A full disk must not be told as a damaged file: downloading it again would help nobody.
    """
    words = next(iter(str(why).splitlines()), "")
    if isinstance(why, duckdb.OutOfMemoryException):
        return OSError(errno.ENOMEM, words)
    if isinstance(why, duckdb.IOException) and any(sign in words for sign in _WRITING):
        return OSError(errno.ENOSPC if "No space left" in words else errno.EIO, words)
    return None


@contextmanager
def in_memory() -> Iterator[Any]:
    """A DuckDB engine that is closed after use, for checks of single files."""
    backend = connect()
    try:
        yield backend
    finally:
        backend.disconnect()


# --- SQL --------------------------------------------------------------------------------------------------------------


def quoted(name: str) -> str:
    """A column's name as SQL writes it.

    >>> quoted('the "best" name')
    '"the ""best"" name"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | Path) -> str:
    """A text or number as SQL writes it.

    >>> literal("O'Brien"), literal(10)
    ("'O''Brien'", '10')
    """
    return repr(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def csv_source(path: Path, delimiter: str = ",", *, parallel: bool = True) -> str:
    """The rows of a delimited file as `read_csv` reads them, in SQL."""
    options: Mapping[str, str | bool] = {**_CSV, "delim": delimiter, "parallel": parallel}
    told = ", ".join(
        f"{name} = {value if isinstance(value, bool) else literal(value)}" for name, value in options.items()
    )
    return f"read_csv({literal(path)}, {told})"


def parquet_source(path: Path) -> str:
    """The rows of a Parquet file in SQL, with their places in it, counted from zero, as `file_row_number`."""
    return f"read_parquet({literal(path)}, file_row_number = true)"


def parquet_rows(connection: Connection, path: Path) -> int:
    """How many rows a Parquet file says it has; raises EngineError where it is damaged."""
    # not as a parameter: for parameters the engine's module imports pandas
    found = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(path)})").fetchone()  # noqa: S608
    return int(found[0]) if found else 0


def columns_of(connection: Connection, rows: str) -> list[str]:
    """The columns of rows given in SQL."""
    return [column[0] for column in connection.execute(f"SELECT * FROM {rows} LIMIT 0").description]  # noqa: S608


def rows_in_both(connection: Connection, here: Path, there: Path, key: Sequence[str]) -> tuple[list[str], int]:
    """How many rows of one Parquet file have the key of a row of another, and the parts of the key that both have."""
    ours, theirs = parquet_source(here), parquet_source(there)
    known = set(columns_of(connection, ours)) & set(columns_of(connection, theirs))
    shared = [name for name in key if name in known]
    names = ", ".join(map(quoted, shared))
    query = f"SELECT count(*) FROM {ours} SEMI JOIN {theirs} USING ({names})"  # noqa: S608
    found = connection.execute(query).fetchone() if shared else None
    return shared, int(found[0]) if found else 0
