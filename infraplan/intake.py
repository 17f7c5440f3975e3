"""Files in: recognized, loaded, checked, and kept with a receipt, each whole or not at all.

Files whose reading looks at nothing that is loaded are read ahead, two at a time; whatever is read, it is kept and told
in the order given.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from infraplan import arrivals, checks, engine, filerows, states
from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault, NoCrs, in_their_words
from infraplan.receipts import Receipt, sha256_of
from infraplan.resources import read_toml
from infraplan.schemas import Schema
from infraplan.workspace import Partition, Workspace, now

if TYPE_CHECKING:  # the engine converts the first files before this is imported
    import pandas as pd

SYNTHETIC_FIPS = "99"
_MERGED = {"schools"}  # EDGE points and the CCD directory name the same schools; each is counted once
_MOST_OF_A_LINE = 160
_READERS = {"_duckdb", "duckdb", "ibis", "pyarrow", "pyogrio", "pyproj", "python_calamine", "shapely", "struct", "zlib"}
# Their loaders use SQL or shapes alone, and look at nothing in the workspace: such files may be read before their turn.
_READ_ALONE = {"fcc_bdc_fixed", "fcc_served_export", "census_tiger_districts", "census_tiger_tracts"}
_READ_BY_PYTHON = {".gpkg", ".geojson", ".json", ".shp", ".xlsx", ".xls"}
_AT_ONCE = 2
_AHEAD = 6


@dataclass(frozen=True)
class Piece:
    """Rows for one table: a typed frame, or a Parquet file already written to scratch."""

    table: str
    frame: "pd.DataFrame | None" = None
    parquet: Path | None = None
    series: str = ""


@dataclass(frozen=True)
class Load:
    """What a loader made of an arrival.

    `headers` gives the file's header for each column of ours, for messages; `counted_by_engine` says that the rows of
    the pieces are records as the engine counts them, without blank lines.
    """

    pieces: Sequence[Piece]
    rows_read: int
    as_of: str | None = None
    revision: str | None = None
    refused: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    title: str | None = None
    publisher: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    counted_by_engine: bool = False


@dataclass(frozen=True)
class Desk:
    """What a loader may use: the engine, a scratch folder, the workspace to look things up in, the caller's options.

    `connection` is for SQL, `backend` for expressions. `address` is where the file was fetched from, for its receipt.
    """

    connection: Any
    scratch: Path
    workspace: Workspace
    column_map: Mapping[str, Any] | None = None
    as_of: str | None = None
    address: str | None = None
    parallel: bool = True

    @property
    def backend(self) -> Any:  # noqa: ANN401 - ibis backends share no type
        """The engine for expressions."""
        return self.workspace.backend

    @property
    def state(self) -> states.State:
        """The workspace's state."""
        return states.by_usps(self.workspace.config.state)


Loader = Callable[[Arrival, Desk], Load]


@dataclass(frozen=True)
class Taken:
    """What became of one arrival: its receipt, and whether it was there already or replaced an older vintage.

    `given` is the name under which a file that was there already came now.
    """

    receipt: Receipt
    already: bool = False
    given: str = ""
    replaces: tuple[str, ...] = ()
    older: bool = False


def add(
    workspace: Workspace,
    paths: Iterable[Path],
    loaders: Mapping[str, Loader],
    *,
    source_id: str | None = None,
    as_of: str | None = None,
    column_map: Path | None = None,
    address: str | None = None,
    told: Callable[[Taken], None] = lambda _: None,
) -> list[Taken]:
    """Add files to a workspace; `told` hears of each as it is done, receipts keep the `address` they were fetched from.

    A file with faults leaves no trace; the other files are kept, and the faults of all refused files are raised
    together at the end as BadInput.
    """
    taken: list[Taken] = []
    faults: list[Fault] = []
    if source_id is not None and source_id not in arrivals.sources():
        known = ", ".join(sorted(arrivals.sources()))
        raise BadInput(
            [Fault(kind="UnknownSource", what=f"there is no source {source_id}", mend=f"use one of {known}")]
        )
    mapping = read_toml(column_map) if column_map else None
    paths = list(paths)
    workspace.forget()
    workspace = workspace.embedded()
    paths = [path for path in paths if not (arrivals.is_sidecar(path) and arrivals.shape_of(path) in paths)]
    with workspace.writing() as scratch:
        engine.use_every_core(workspace.connection)  # however little is loaded, what arrives may be large
        desk = Desk(workspace.connection, scratch, workspace, mapping, as_of, address)
        with _reading_ahead(paths, desk, loaders, source_id) as opened:
            for number, path in enumerate(paths):
                try:
                    with opened(number) as found:
                        # every table of an archive is checked before the first of them is kept
                        ready = [_prepared(one, desk, loaders) for one in found]
                        for one in (each if isinstance(each, Taken) else _commit(workspace, *each) for each in ready):
                            taken.append(one)
                            told(one)
                except BadInput as refused:
                    faults += refused.faults
                except NoCrs as refused:
                    what, _, mend = str(refused).partition("\n  mend:  ")
                    faults.append(Fault(kind="NoCrs", what=what, file=path.name, mend=mend))
                except Exception as why:
                    refused_here = engine.refused_by_machine(why)
                    if refused_here is not None:
                        raise refused_here from why
                    if not _of_the_file(why):
                        raise
                    faults.append(_unreadable(path, why))
    if faults:
        raise BadInput(faults)
    return taken


def _of_the_file(why: Exception) -> bool:
    """Whether a reading library, or a column looked for in vain, says that a file is damaged; else the fault is ours."""
    return type(why).__module__.split(".")[0] in _READERS or isinstance(why, (UnicodeError, KeyError))


def _unreadable(path: Path, why: Exception) -> Fault:
    words = next(iter(str(why).splitlines()), type(why).__name__)
    if isinstance(why, KeyError):
        words = f"a column that is needed is not there: {words}"
    return Fault(
        kind="Unreadable",
        what=f"{path.name} is damaged or is not what its header says: {words[:_MOST_OF_A_LINE]}",
        file=path.name,
        mend="download it again from its publisher",
    )


Ready = tuple[Receipt, Load, list[tuple[Piece, Path]]]


@dataclass(frozen=True)
class _Read:
    """An arrival loaded and held against its declaration, not yet against what else is in the workspace."""

    receipt_id: str
    sha: str
    arrival: Arrival
    load: Load
    pieces: list[tuple[Piece, Path]]
    faults: list[Fault]


Opened = Callable[[int], AbstractContextManager[list[Arrival | _Read]]]


@contextmanager
def _reading_ahead(
    paths: Sequence[Path], desk: Desk, loaders: Mapping[str, Loader], source_id: str | None
) -> Iterator[Opened]:
    """Give the files one after the other, opened, and read where they may be; meanwhile others are read.

    What Python reads is begun first, for the engine converts other files while the libraries for it are imported. An
    error met while reading is raised when the file's turn comes.
    """
    jobs: dict[int, Future[tuple[ExitStack, list[Arrival | _Read]]]] = {}
    desks = [replace(desk, scratch=desk.scratch / f"{number}") for number in range(len(paths))]
    stopped = Event()

    with ThreadPoolExecutor(_AT_ONCE) as crew:

        @contextmanager
        def opened(number: int) -> Iterator[list[Arrival | _Read]]:
            soon = range(number, min(number + _AHEAD, len(paths)))
            for job in sorted(soon, key=lambda one: paths[one].suffix.lower() not in _READ_BY_PYTHON):
                if job not in jobs:
                    desks[job] = replace(desks[job], connection=desk.connection.cursor())
                    jobs[job] = crew.submit(_looked_at, paths[job], desks[job], loaders, source_id, stopped)
            stack, found = jobs[number].result()
            del jobs[number]
            desks[number].connection.close()
            with stack:
                yield found
            shutil.rmtree(desks[number].scratch, ignore_errors=True)

        try:
            yield opened
        except BaseException:  # also when the command is stopped: nobody waits for files that will not be kept
            stopped.set()
            for number, job in jobs.items():
                if not job.cancel():
                    desks[number].connection.interrupt()
            raise


def _looked_at(
    path: Path, desk: Desk, loaders: Mapping[str, Loader], source_id: str | None, stopped: Event
) -> tuple[ExitStack, list[Arrival | _Read]]:
    """What a file holds, read where it may be read before its turn; unpacked files stay only where they are needed."""
    desk.scratch.mkdir()
    known = {part.receipt_id for part in desk.workspace.catalog}
    with ExitStack() as stack:
        found: list[Arrival | _Read] = []
        for arrival in stack.enter_context(arrivals.opened(path, desk.scratch)):
            receipt_id, sha = _identity(arrival, desk)
            if receipt_id in known or stopped.is_set():
                found.append(arrival)
                continue
            sourced = _with_source(arrival, desk, source_id)
            alone = sourced.source is not None and sourced.source.id in _READ_ALONE
            found.append(_read(sourced, desk, loaders, receipt_id, sha) if alone else sourced)
        if all(isinstance(one, _Read) for one in found):
            return ExitStack(), found
        return stack.pop_all(), found


def _identity(arrival: Arrival, desk: Desk) -> tuple[str, str]:
    """The receipt id, which is the arrival's bytes, its place in an archive and how it is read; and its SHA-256."""
    sha = sha256_of(arrival.files)
    return hashlib.sha256(f"{sha} {arrival.member}{_reading(desk)}".encode()).hexdigest()[:16], sha


def _read(arrival: Arrival, desk: Desk, loaders: Mapping[str, Loader], receipt_id: str, sha: str) -> _Read:
    """An arrival loaded and checked, its faults in the file's own words; raises BadInput where it cannot be loaded."""
    assert arrival.source is not None  # noqa: S101 - found before
    desk = replace(desk, scratch=desk.scratch / receipt_id)
    desk.scratch.mkdir(parents=True, exist_ok=True)
    load = loaders[arrival.source.id](arrival, desk)
    pieces = [_written(piece, desk, arrival, receipt_id, number) for number, piece in enumerate(load.pieces)]
    if not any(engine.parquet_rows(desk.connection, path) for _, path in pieces):
        raise BadInput([_no_rows(arrival, load.refused)])
    held = [(path, Schema.load(piece.table)) for piece, path in pieces]
    faults = [
        fault for path, schema in held for fault in checks.faults_in(desk.connection, path, schema, file=arrival.name)
    ]
    if faults:
        return _Read(receipt_id, sha, arrival, load, pieces, _in_the_file(faults, arrival, load))
    doubts = [
        doubt for path, schema in held for doubt in checks.doubts_in(desk.connection, path, schema, file=arrival.name)
    ]
    return _Read(receipt_id, sha, arrival, replace(load, notes=(*load.notes, *doubts)), pieces, [])


def _no_rows(arrival: Arrival, refused: Mapping[str, int]) -> Fault:
    """A file of which nothing is kept: a header alone, or rows that are all left out, and why these were."""
    left = ", ".join(f"{count:,} {why}" for why, count in refused.items() if count)
    what = f"no row of it is kept: {left}" if left else "it holds a header and no rows"
    mend = "add the file of this workspace's state" if left else "download it again, or save it with its rows"
    return Fault(kind="NoRows", what=f"{arrival.name} has nothing to add: {what}", file=arrival.name, mend=mend)


def _prepared(found: Arrival | _Read, desk: Desk, loaders: Mapping[str, Loader]) -> Taken | Ready:
    """An arrival loaded and checked, with nothing kept yet; or what was taken before. Raises BadInput."""
    arrival = found.arrival if isinstance(found, _Read) else found
    receipt_id, sha = (found.receipt_id, found.sha) if isinstance(found, _Read) else _identity(found, desk)
    if receipt_id in {part.receipt_id for part in desk.workspace.catalog}:
        return _already(desk.workspace.receipt(receipt_id), arrival, desk)
    if not isinstance(found, _Read):
        found = _read(found, desk, loaders, receipt_id, sha)
    return _settled(found, desk)


def _settled(read: _Read, desk: Desk) -> Ready:
    """What was read, held against what is loaded, with its receipt; raises BadInput with all faults at once."""
    arrival, load = read.arrival, read.load
    faults = list(read.faults)
    faults += [fault for piece, path in read.pieces for fault in _loaded_already(piece, path, load, desk, arrival)]
    if faults:
        raise BadInput(faults)
    assert arrival.source is not None  # noqa: S101 - found before it was read
    if desk.workspace.config.fips == SYNTHETIC_FIPS:
        load = replace(load, title=f"SYNTHETIC: {load.title or arrival.source.title}")
    receipt = _receipt(read, load, desk)
    return replace(receipt, address=desk.address), load, read.pieces


def _reading(desk: Desk) -> str:
    """The column map, as part of what a file is: the same bytes under another map are another reading."""
    return f" {json.dumps(desk.column_map, sort_keys=True, default=str)}" if desk.column_map is not None else ""


def _under(receipt: Receipt, arrival: Arrival) -> str:
    return "" if receipt.file == arrival.name else f" under the name {receipt.file}"


def _already(receipt: Receipt, arrival: Arrival, desk: Desk) -> Taken:
    """What was taken before; raises BadInput where the same file is given another date now."""
    if desk.as_of is not None and receipt.as_of is not None and desk.as_of != receipt.as_of:
        raise BadInput(
            [
                Fault(
                    kind="OtherDate",
                    what=f"{arrival.name} is here already{_under(receipt, arrival)}, as of {receipt.as_of}, not "
                    f"{desk.as_of}",
                    file=arrival.name,
                    mend=f"`infraplan data drop {receipt.receipt_id}`, then add it with the right date",
                )
            ]
        )
    return Taken(receipt, already=True, given=arrival.name)


def _loaded_already(piece: Piece, path: Path, load: Load, desk: Desk, arrival: Arrival) -> list[Fault]:
    """Rows that another file, which would go on counting beside this one, holds already: they would count twice."""
    schema = Schema.load(piece.table)
    new = Partition(piece.table, "", 0, "", piece.series, load.as_of, load.revision)
    beside = [
        part for part in desk.workspace.partitions(piece.table) if part.series != new.series or part.age == new.age
    ]
    if not schema.unique or not schema.key or piece.table in _MERGED:
        return []
    faults = []
    for part in beside:
        key, count = engine.rows_in_both(desk.connection, path, desk.workspace.data / part.path, schema.key)
        if count:
            name = desk.workspace.receipt(part.receipt_id).file
            faults.append(
                Fault(
                    kind="LoadedAlready",
                    what=f"{count:,} rows of {arrival.name} ({' + '.join(key)}) are loaded already from {name}; "
                    "they would count twice",
                    file=arrival.name,
                    mend=f"`infraplan data drop {name}`, then add this file again",
                    count=1,
                )
            )
    return faults


def _in_the_file(faults: Sequence[Fault], arrival: Arrival, load: Load) -> list[Fault]:
    """Faults with the file's own rows, lines and headers: the cell itself may be gone where it could not be read."""
    if arrival.kind == "delimited":
        faults = filerows.located(
            faults,
            arrival.local,
            delimiter=arrival.delimiter,
            encoding="latin-1" if arrival.latin else "utf-8-sig",
            columns=len(arrival.columns),
            by_engine=load.counted_by_engine,
        )
    return in_their_words(faults, load.headers)


def _with_source(arrival: Arrival, desk: Desk, source_id: str | None) -> Arrival:
    known = arrivals.sources()
    header = ""
    if desk.column_map is not None:
        source_id = "column_map"
    found = arrivals.recognize(arrival)
    if source_id is None and found is None and own_table(arrival) is not None:
        source_id = "own_table"
    if source_id is None and found is None:
        raise BadInput(
            [
                Fault(
                    kind="NotRecognized",
                    what=f"{arrival.name} is not recognized by its header",
                    file=arrival.name,
                    mend=f"{arrivals.nearest(arrival)}; or give --as SOURCE, "
                    "or --columns MAP.toml for a state's own file (docs/tutorial/column-maps.md)",
                )
            ]
        )
    if source_id is None:
        assert found is not None  # noqa: S101 - refused above
        source, header = found
    else:
        source = known[source_id]
        header = arrivals.header_of(arrival, source)
    values = {**arrival.__dict__, "source": source, "header_name": header}
    return Arrival(**values)


def own_table(arrival: Arrival) -> str | None:
    """The core table whose declared columns a file has exactly, as our own exports do."""
    from infraplan import schemas  # noqa: PLC0415

    here = set(arrival.columns) - {"source_row", "stamp"}  # an export's own additions
    for name in schemas.names():
        schema = Schema.load(name)
        wanted = set(schema.required)
        if schema.layer == "core" and wanted and wanted <= here <= set(schema.columns):
            return name
    return None


def _written(piece: Piece, desk: Desk, arrival: Arrival, receipt_id: str, number: int) -> tuple[Piece, Path]:
    if piece.parquet is not None:
        return piece, piece.parquet
    assert piece.frame is not None  # noqa: S101 - a piece has one or the other
    path = desk.scratch / f"{receipt_id}-{number}.parquet"
    from infraplan import stored  # noqa: PLC0415

    try:
        stored.write(piece.frame, Schema.load(piece.table), path)
    except ValueError as why:
        raise BadInput(
            [Fault(kind="BadValue", what=f"{arrival.name}: {why}", file=arrival.name, mend="correct the cells named")]
        ) from why
    return piece, path


def _receipt(read: _Read, load: Load, desk: Desk) -> Receipt:
    arrival, source = read.arrival, read.arrival.source
    assert source is not None  # noqa: S101 - set before loading
    rows: dict[str, int] = {}
    for piece, path in read.pieces:
        rows[piece.table] = rows.get(piece.table, 0) + engine.parquet_rows(desk.connection, path)
    return Receipt(
        receipt_id=read.receipt_id,
        file=arrival.name,
        sha256=read.sha,
        bytes=sum(path.stat().st_size for path in arrival.files),
        added_at=now(),
        source=source.id,
        title=load.title or source.title,
        publisher=load.publisher or source.publisher,
        license=source.license,
        as_of=load.as_of,
        revision=load.revision,
        rows_read=load.rows_read,
        tables=rows,
        refused={why: count for why, count in load.refused.items() if count},
        notes=(*arrival.remarks, *load.notes),
        synthetic=(load.title or "").startswith("SYNTHETIC"),
    )


def _commit(workspace: Workspace, receipt: Receipt, load: Load, pieces: Sequence[tuple[Piece, Path]]) -> Taken:
    before = {part.series: part for piece, _ in pieces for part in workspace.partitions(piece.table)}
    parts = [
        (
            Partition(
                table=piece.table,
                path="",
                rows=engine.parquet_rows(workspace.connection, path),
                receipt_id=receipt.receipt_id,
                series=piece.series,
                as_of=load.as_of,
                revision=load.revision,
            ),
            path,
        )
        for piece, path in pieces
    ]
    workspace.commit(receipt, parts)
    replaced, older = [], False
    for part, _ in parts:
        earlier = before.get(part.series)
        if earlier is not None and earlier.table == part.table and earlier.age < part.age:
            replaced.append(workspace.receipt(earlier.receipt_id).file)
        older |= earlier is not None and earlier.table == part.table and earlier.age > part.age
    return Taken(receipt, replaces=tuple(dict.fromkeys(replaced)), older=older)


def rows_as_text(arrival: Arrival) -> "pd.DataFrame":
    """A small arrival as text cells, indexed by file row, columns spelled as the source declares them.

    Raises BadInput, also for cells of those columns that show an error or a formula without its result.
    """
    from infraplan.tablefiles import text_of, uncomputed_cells  # noqa: PLC0415

    frame = text_of(arrival.local, sheet=arrival.sheet or None, header_row=arrival.header_row)
    if frame.empty:
        raise BadInput([_no_rows(arrival, {})])
    headers = arrival.source.headers if arrival.source else ()
    declared = {str(column).lower(): str(column) for header in headers for column in header["columns"]}
    spelled = {name: declared.get(name.lower(), name) for name in map(str, frame.columns)}
    frame = frame.rename(columns={name: other for name, other in spelled.items() if other not in frame})
    if arrival.kind == "sheet":
        here = [name for name in dict.fromkeys(declared.values()) if name in frame]
        faults = [fault for name in here for fault in uncomputed_cells(frame[name], arrival.name)]
        if faults:
            raise BadInput(faults)
    return frame


def csv_rows(arrival: Arrival, desk: Desk) -> Any:  # noqa: ANN401 - an Ibis table
    """A delimited arrival as an Ibis table of text columns."""
    return engine.read_csv(desk.backend, utf8_path(arrival, desk), arrival.delimiter, parallel=desk.parallel)


def utf8_path(arrival: Arrival, desk: Desk) -> Path:
    """A delimited arrival in UTF-8, the one encoding that the engine reads: the file itself where it is so already."""
    if not arrival.latin:
        return arrival.local
    path = desk.scratch / f"utf8-{arrival.local.name}"
    with (
        arrival.local.open(encoding="latin-1", newline="") as source,
        path.open("w", encoding="utf-8", newline="") as target,
    ):
        while chunk := source.read(1 << 22):
            target.write(chunk)
    return path


def check(workspace: Workspace) -> int:
    """Hold every stored table against its declaration and its receipt; returns how many, raises BadInput with all faults."""
    faults: list[Fault] = []
    workspace = workspace.embedded()
    for part in workspace.catalog:
        path = workspace.data / part.path
        receipt = workspace.receipt(part.receipt_id)
        if not path.is_file():
            faults.append(
                Fault(
                    kind="Lost",
                    what=f"the rows of {receipt.file} are gone from the workspace",
                    file=part.path,
                    mend="drop the file and add it again",
                )
            )
            continue
        try:
            rows = engine.parquet_rows(workspace.connection, path)
        except engine.EngineError as why:
            faults.append(
                Fault(
                    kind="Damaged",
                    what=f"the stored rows of {receipt.file} cannot be read: {why}",
                    file=part.path,
                    mend="drop the file and add it again",
                )
            )
            continue
        if rows != part.rows:
            faults.append(
                Fault(
                    kind="Damaged",
                    what=f"{part.rows:,} rows of {receipt.file} were kept, {rows:,} are there",
                    file=part.path,
                    mend="drop the file and add it again",
                )
            )
        faults += checks.faults_in(workspace.connection, path, Schema.load(part.table), file=receipt.file)
    if faults:
        raise BadInput(faults)
    return len(workspace.catalog)
