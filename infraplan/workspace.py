"""The workspace: one directory with one state's plan in it, its tables, receipts and answers.

Tables are Parquet files, one per added file and table, named in `data/catalog.json`. The catalog is replaced in one
rename, so that a command that dies leaves either all of what it added or none of it; files that no catalog names are
swept away by the next writer. See docs/decisions/0002-tables-are-parquet-files.md.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from infraplan import states
from infraplan.errors import InfraplanError, NoTable, NoWorkspace, WorkspaceBusy
from infraplan.receipts import Receipt
from infraplan.resources import read_toml
from infraplan.schemas import Schema
from infraplan.wholefiles import atomic, write_json, write_text

if TYPE_CHECKING:  # a third of a second that `init` and `status` need not spend
    import duckdb
    import geopandas as gpd
    import ibis.expr.types as ir
    import pandas as pd

SETTINGS = "infraplan.toml"
DEFAULT_THRESHOLD = 10
DEFAULT_ENGINE = "duckdb"
_LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Config:
    """The settings in infraplan.toml."""

    state: str
    funding_year: int
    threshold: int = DEFAULT_THRESHOLD
    engine: str = DEFAULT_ENGINE

    @property
    def fips(self) -> str:
        """The state's two-digit FIPS code."""
        return states.by_usps(self.state).fips


@dataclass(frozen=True)
class Partition:
    """Rows of one table from one file. Partitions of one `series` replace each other by `as_of`, then `revision`."""

    table: str
    path: str
    rows: int
    receipt_id: str
    series: str = ""
    as_of: str | None = None
    revision: str | None = None

    @property
    def age(self) -> tuple[str, str]:
        """Sorts older before newer; an unknown date is oldest."""
        return (self.as_of or "", self.revision or "")


class Workspace:
    """A workspace on disk. Reading needs no lock; `writing()` holds the one writer's lock."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self.config = config
        self._catalog: list[Partition] | None = None
        self._shapes: dict[tuple[Path, ...], gpd.GeoDataFrame] = {}

    # --- opening ------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, folder: Path, *, state: str, funding_year: int) -> "Workspace":
        """Make a workspace in a new or empty directory; the same call again changes nothing.

        Raises InfraplanError if the directory already plans another state or is not empty.
        """
        state = states.by_usps(state).usps
        if (folder / SETTINGS).is_file():
            here = cls.open(folder)
            if (here.config.state, here.config.funding_year) != (state, funding_year):
                raise InfraplanError(
                    f"{folder} already plans {here.config.state}, funding year "
                    f"{here.config.funding_year}\n  mend:  choose another directory, or edit {SETTINGS}"
                )
            return here
        if folder.is_dir() and any(folder.iterdir()):
            raise InfraplanError(f"{folder} is not empty and not a workspace\n  mend:  choose a new directory")
        for part in ("data/receipts", "data/tables", "maps", "reports", "site"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        write_text(
            folder / SETTINGS,
            _SETTINGS_TEXT.format(state=state, funding_year=funding_year, threshold=DEFAULT_THRESHOLD),
        )
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "Workspace":
        """Open an existing workspace; raises NoWorkspace if there is none, BadInput for broken settings."""
        folder = Path(folder)
        path = folder / SETTINGS
        if not path.is_file():
            raise NoWorkspace(
                f"{folder.resolve()} is not an infraplan workspace (no {SETTINGS})\n"
                f"  mend:  infraplan init {folder} --state ME --funding-year 2026, "
                "or give --workspace DIR"
            )
        return cls(folder, _config(read_toml(path), path))

    def forget(self) -> None:
        """Read the catalog again at its next use: another hand is about to write it."""
        self._catalog = None

    def embedded(self) -> "Workspace":
        """The same workspace on the embedded engine, which reads files and knows their rows; itself where it is that."""
        if self.config.engine == DEFAULT_ENGINE:
            return self
        return Workspace(self.folder, replace(self.config, engine=DEFAULT_ENGINE))

    # --- the catalog --------------------------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        """The workspace's data directory."""
        return self.folder / "data"

    @property
    def catalog(self) -> list[Partition]:
        """All partitions, in the order they were added."""
        if self._catalog is None:
            path = self.data / "catalog.json"
            told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
            self._catalog = [Partition(**entry) for entry in told]
        return self._catalog

    def partitions(self, table: str, *, as_of: str | None = None) -> list[Partition]:
        """The partitions of a table that count now: per series the newest, or those of one date.

        Two files of one series with the same date and revision stand side by side (a state's parts, say).
        """
        here = [part for part in self.catalog if part.table == table]
        if as_of is not None:
            here = [part for part in here if part.as_of == as_of]
        newest: dict[str, tuple[str, str]] = {}
        for part in here:
            newest[part.series] = max(part.age, newest.get(part.series, ("", "")))
        return [part for part in here if part.age == newest[part.series]]

    def is_current(self, part: Partition) -> bool:
        """Whether a partition counts now."""
        return part in self.partitions(part.table)

    def has(self, table: str) -> bool:
        """Whether any row of a table is loaded."""
        return any(part.rows for part in self.partitions(table))

    # --- reading ------------------------------------------------------------------------------------------------

    @cached_property
    def connection(self) -> "duckdb.DuckDBPyConnection":
        """The embedded engine for SQL, opened on first use; the one under `backend` where that is DuckDB."""
        from infraplan import engine  # noqa: PLC0415

        return engine.embedded(scratch=self.data / "tmp", rows=sum(part.rows for part in self.catalog))

    @cached_property
    def backend(self) -> Any:  # noqa: ANN401 - ibis backends share no type
        """The engine, opened on first use."""
        from infraplan import engine  # noqa: PLC0415

        if self.config.engine == DEFAULT_ENGINE:
            return engine.connect(self.config.engine, connection=self.connection)
        return engine.connect(self.config.engine)

    def table(self, name: str, *, as_of: str | None = None, located: bool = False) -> "ir.Table":
        """A table as an Ibis expression over its current partitions; raises NoTable where nothing is loaded."""
        from infraplan import engine  # noqa: PLC0415

        return engine.read_parquet(self.backend, self.paths(name, as_of=as_of), located=located)

    def table_or_empty(self, name: str) -> "ir.Table":
        """A table, or one of its columns and no rows where nothing is loaded."""
        from infraplan import engine  # noqa: PLC0415

        return self.table(name) if self.has(name) else engine.empty(Schema.load(name))

    def paths(self, name: str, *, as_of: str | None = None) -> list[Path]:
        """The Parquet files of a table's current partitions; raises NoTable naming the missing table."""
        parts = self.partitions(name, as_of=as_of)
        if not parts:
            about = Schema.load(name)
            when = f" as of {as_of}" if as_of else ""
            raise NoTable(
                f"nothing is loaded for the table {name}{when} ({about.title.lower()})\n"
                f"  mend:  infraplan data add FILE; `infraplan status` says where to get it"
            )
        return [self.data / part.path for part in parts]

    def frame(self, name: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """A small table, or some of its columns, as a frame: rows of all current partitions in the order added."""
        import pandas as pd  # noqa: PLC0415

        frames = [pd.read_parquet(path, columns=None if columns is None else [*columns]) for path in self.paths(name)]
        return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]

    def geoframe(self, name: str) -> "gpd.GeoDataFrame":
        """A table with shapes, in longitude and latitude (EPSG:4326); read once, each caller has a copy."""
        import geopandas as gpd  # noqa: PLC0415

        paths = tuple(self.paths(name))
        if paths not in self._shapes:
            frame = self.frame(name)
            self._shapes[paths] = gpd.GeoDataFrame(
                frame.drop(columns="geometry"), geometry=gpd.GeoSeries.from_wkb(frame["geometry"]), crs="EPSG:4326"
            )
        return self._shapes[paths].copy()

    # --- receipts -----------------------------------------------------------------------------------------------

    def receipts(self) -> list[Receipt]:
        """All receipts, in the order of their files' adding."""
        ids = dict.fromkeys(part.receipt_id for part in self.catalog)
        return [self.receipt(receipt_id) for receipt_id in ids]

    def receipt(self, receipt_id: str) -> Receipt:
        """One receipt by its id."""
        path = self.data / "receipts" / f"{receipt_id}.json"
        return Receipt.from_record(json.loads(path.read_text(encoding="utf-8")))

    def receipts_of(self, *tables: str, as_of: str | None = None) -> list[Receipt]:
        """The receipts beneath the current rows of some tables, each once."""
        ids = dict.fromkeys(part.receipt_id for table in tables for part in self.partitions(table, as_of=as_of))
        return [self.receipt(receipt_id) for receipt_id in ids]

    # --- writing ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Hold the writer's lock and yield a scratch folder that is gone afterwards.

        Raises WorkspaceBusy saying which process holds the lock, after waiting ten seconds for it, and InfraplanError
        where the workspace may only be read.
        """
        lock = filelock.FileLock(self.data / ".lock")
        try:
            with _told_if_not_writable(self.data):
                lock.acquire(timeout=_LOCK_SECONDS)
        except filelock.Timeout as why:
            holder = _read_if(self.data / ".lock-holder") or "another command"
            raise WorkspaceBusy(
                f"{self.folder} is being written by {holder}\n  mend:  wait until it is done and run this command again"
            ) from why
        scratch = self.data / "tmp"
        try:
            with _told_if_not_writable(self.data):
                write_text(self.data / ".lock-holder", f"process {os.getpid()}")
                self._catalog = None
                self._sweep()
                shutil.rmtree(scratch, ignore_errors=True)  # what a killed command left
                scratch.mkdir()
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            (self.data / ".lock-holder").unlink(missing_ok=True)
            lock.release()

    def commit(self, receipt: Receipt, pieces: Sequence[tuple[Partition, Path]]) -> None:
        """Add a file's partitions, given with the scratch Parquet files that hold them, in one step."""
        moved = []
        for number, (part, scratch) in enumerate(pieces):
            name = f"tables/{part.table}/{receipt.receipt_id}-{number}.parquet"
            (self.data / name).parent.mkdir(parents=True, exist_ok=True)
            scratch.replace(self.data / name)
            moved.append(replace(part, path=name))
        (self.data / "receipts").mkdir(exist_ok=True)
        write_json(self.data / "receipts" / f"{receipt.receipt_id}.json", receipt.record())
        self._save([*self.catalog, *moved])

    def drop(self, name: str) -> list[Partition]:
        """Remove everything that came from one file, named by receipt id or file name; raises InfraplanError."""
        matches = [r for r in self.receipts() if name in (r.receipt_id, r.file)]
        if not matches:
            raise InfraplanError(f"no file {name} was added\n  mend:  `infraplan data list` names the files")
        if len(matches) > 1:
            ids = ", ".join(receipt.receipt_id for receipt in matches)
            raise InfraplanError(f"{len(matches)} files were added under the name {name}\n  mend:  give one of {ids}")
        gone = [part for part in self.catalog if part.receipt_id == matches[0].receipt_id]
        self._save([part for part in self.catalog if part not in gone])
        self._sweep()
        return gone

    def _save(self, catalog: list[Partition]) -> None:
        write_json(self.data / "catalog.json", [asdict(part) for part in catalog])
        self._catalog = catalog

    def _sweep(self) -> None:
        named = {str(self.data / part.path) for part in self.catalog}
        for path in (self.data / "tables").rglob("*.parquet"):
            if str(path) not in named:
                path.unlink(missing_ok=True)
        receipts = {part.receipt_id for part in self.catalog}
        for path in (self.data / "receipts").glob("*.json"):
            if path.stem not in receipts:
                path.unlink(missing_ok=True)

    # --- answers ------------------------------------------------------------------------------------------------

    def put_answer(self, table: str, frame: "pd.DataFrame", about: dict[str, Any]) -> None:
        """Keep an analysis's table with what it was made from, for `explain`, maps and pages."""
        folder = self.data / "answers"
        with _told_if_not_writable(folder):
            with atomic(folder / f"{table}.parquet") as temporary:
                frame.to_parquet(temporary, index=False)
            write_json(folder / f"{table}.json", {"table": table, "made_at": now(), **about})

    def answer(self, table: str) -> "tuple[pd.DataFrame, dict[str, Any]]":
        """The table last kept by `put_answer` and what it was made from; raises NoTable if there is none."""
        import pandas as pd  # noqa: PLC0415

        path = self.data / "answers" / f"{table}.parquet"
        if not path.is_file():
            raise NoTable(
                f"{table} has not been computed in this workspace yet\n"
                f"  mend:  `infraplan tables {table}` names the command that makes it"
            )
        return pd.read_parquet(path), json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@contextmanager
def _told_if_not_writable(folder: Path) -> Iterator[None]:
    """Raise InfraplanError naming the folder that may only be read, and why."""
    try:
        yield
    except OSError as why:
        if why.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        raise InfraplanError(
            f"the folder {folder.resolve()} cannot be written: {str(why.strerror or why).lower()}\n"
            "  mend:  ask whoever set it up for the right to write there, or copy the workspace and use the copy"
        ) from why


def now() -> str:
    """The present moment for receipts, UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _config(told: dict[str, Any], path: Path) -> Config:
    unknown = told.keys() - {"state", "funding_year", "threshold", "engine"}
    missing = {"state", "funding_year"} - told.keys()
    if unknown or missing or not isinstance(told.get("funding_year"), int):
        words = [f"unknown setting {name}" for name in sorted(unknown)] + [
            f"{name} is missing" for name in sorted(missing)
        ]
        raise InfraplanError(
            f"{path} is not a workspace's settings: {', '.join(words) or 'funding_year must be a year'}\n"
            "  mend:  correct the file; it takes state, funding_year, threshold, engine"
        )
    states.by_usps(told["state"])
    return Config(**told)


def _read_if(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


_SETTINGS_TEXT = """\
# One state's plan. Edit by hand; `infraplan status` reads it back.
state = "{state}"
funding_year = {funding_year}      # named by its first year: 2026 is July 2026 to June 2027
threshold = {threshold}            # counts of people below this are not shown on maps, pages and reports
engine = "duckdb"
"""
