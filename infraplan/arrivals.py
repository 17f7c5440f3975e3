"""Files as they arrive: unpacked if need be, looked at, and known by their header, never by their name.

What reads workbooks, shapes and Parquet is imported when such a file arrives: the largest files are plain CSV.
"""

import csv
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from infraplan import archives, contents
from infraplan.contents import decode
from infraplan.errors import BadInput, Fault
from infraplan.resources import data_path, read_toml

DELIMITED = (".csv", ".txt", ".tsv")
SHEETS = (".xlsx", ".xls", ".xlsm")
SHAPES = (".shp", ".gpkg", ".geojson")
RECORDS = (".json", ".parquet")
SIDECARS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".shp.xml", ".xml", ".fix")
PASSED_OVER = (".sas7bdat", ".pdf", ".docx", ".md", ".html", ".lyr")
_READ_ME = re.compile(r"(?:.*/)?_*read[-_ ]?me[^/]*$", re.IGNORECASE)
_PEEK_BYTES = 65_536
_SAYING_NOTHING = ("", ".dat", ".data", ".out", ".download", ".export")
_MOST_LAYERS = 3
_FEWEST_COLUMNS = 2
_MOST_TOLD = 200
_OTHER_ENDINGS = (*SHEETS, *SHAPES, *RECORDS, ".zip", ".gz")
_HEADER_ROWS_SEARCHED = 8


@dataclass(frozen=True)
class Companion:
    """A file that comes in a publisher's archive and is not the data: known by its columns, or by its name."""

    columns: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Source:
    """What is known of a publisher's file: `data/sources/<id>.toml`."""

    id: str
    title: str
    publisher: str
    landing: str
    license: str
    cadence: str
    tables: tuple[str, ...]
    kinds: tuple[str, ...]
    headers: tuple[Mapping[str, Any], ...]
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """One table or layer that arrived: its file as given, and a local file that can be read.

    `name` is what people are told (archive!member for a zip), `files` all given files it was read from, `header_row`
    the line of the header, `kind` delimited | sheet | shapes | parquet |
    json (one object; its columns are the names of its parts). `sheet` is the sheet of a workbook or the layer of shapes,
    `remarks` what is to be told of how the file was read.
    """

    name: str
    kind: str
    local: Path
    files: tuple[Path, ...]
    columns: tuple[str, ...]
    member: str = ""
    header_row: int = 1
    delimiter: str = ","
    latin: bool = False
    source: Source | None = None
    header_name: str = ""
    sheet: str = ""
    remarks: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def column(self, name: str) -> str | None:
        """The file's own spelling of a column, case put aside."""
        return next((column for column in self.columns if column.lower() == name.lower()), None)

    @property
    def bare_name(self) -> str:
        """The innermost file name, for dates and layers that only names carry."""
        return PurePosixPath(self.member or self.name).name


@cache
def sources() -> Mapping[str, Source]:
    """Every known source by id."""
    found = {}
    for path in sorted(data_path("sources").glob("*.toml")):
        told = read_toml(path)
        found[path.stem] = Source(
            id=path.stem,
            title=told["title"],
            publisher=told["publisher"],
            landing=told["landing"],
            license=told["license"],
            cadence=told["cadence"],
            tables=tuple(told["tables"]),
            kinds=tuple(told["kinds"]),
            headers=tuple(told.get("header", ())),
            companions=tuple(
                Companion(tuple(one.get("columns", ())), one.get("name", "")) for one in told.get("companion", ())
            ),
        )
    return found


def is_sidecar(path: Path) -> bool:
    """Whether a file is part of a shapefile set, read beside its .shp."""
    return path.suffix.lower() in SIDECARS and any(path.with_suffix(end).is_file() for end in (".shp", ".SHP"))


def shape_of(path: Path) -> Path:
    """The .shp beside a sidecar."""
    return next(path.with_suffix(end) for end in (".shp", ".SHP") if path.with_suffix(end).is_file())


@contextmanager
def opened(path: Path, scratch: Path) -> Iterator[list[Arrival]]:
    """Look at a file and yield what it holds, unpacked into `scratch`; raises BadInput if it cannot be read.

    Unpacked files are removed at the end.
    """
    if path.is_dir():
        mend = f"give its files: {path}/*"
        raise BadInput([Fault(kind="Folder", what=f"{path} is a directory, not a file", file=str(path), mend=mend)])
    if not path.is_file():
        raise BadInput([Fault(kind="NoFile", what=f"there is no file {path}", file=str(path), mend="check the path")])
    if is_sidecar(path):
        mend = f"add {shape_of(path).name}; its companions are read beside it"
        raise BadInput(
            [Fault(kind="Sidecar", what=f"{path.name} is one part of a shapefile", file=path.name, mend=mend)]
        )
    room = scratch / f"unpacked-{path.name}"
    shutil.rmtree(room, ignore_errors=True)  # what a killed command left
    room.mkdir(parents=True)
    try:
        yield _inside(path, path.name, room, (path,))
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _inside(local: Path, name: str, room: Path, files: tuple[Path, ...], depth: int = 0) -> list[Arrival]:
    """What a file holds, unpacked if its bytes say that it is packed, whatever its ending says."""
    kind = contents.checked_kind(local, name)
    if kind == "zip" and local.suffix.lower() in SHEETS and not zipfile.is_zipfile(local):
        kind = "xlsx"  # cut short: it is the workbook that cannot be read
    if kind in contents.PACKED and depth == _MOST_LAYERS:
        mend = "unpack it and add the files"
        raise BadInput([Fault(kind="NothingInside", what=f"{name} holds archives in archives", file=name, mend=mend)])
    if kind == "zip":
        return _zipped(local, name, room, files, depth)
    if kind == "gzip":
        return _inside(archives.gunzip(local, room, _most_bytes(room)), name, room, files, depth + 1)
    if kind == "shapefile" and local.suffix.lower() == ".shp" and not depth:
        files = (*files, *sorted(side for side in local.parent.glob(f"{local.stem}.*") if is_sidecar(side)))
    return [_peek(local, name, files, kind, room)]


def _most_bytes(room: Path) -> int:
    return min(archives.MOST_BYTES, shutil.disk_usage(room).free)


def _zipped(local: Path, label: str, room: Path, files: tuple[Path, ...], depth: int) -> list[Arrival]:
    with archives.opened(local) as archive:
        every = archives.members(archive)
        names = [name for name in every if not name.lower().endswith(PASSED_OVER) and not _READ_ME.match(name)]
        wanted, doubles = _in_one_format(_wanted(names))
        if not wanted:
            mend = f"it holds: {', '.join(names or every)[:200] or 'nothing'}; unpack it and add the file"
            what = f"{label} holds no table and no shapes"
            raise BadInput([Fault(kind="NothingInside", what=what, file=label, mend=mend)])
        arrivals = []
        for number, name in enumerate(wanted):
            own_room = room / f"{depth}-{number}"  # two folders of an archive may hold files of one name
            own_room.mkdir()
            if name.lower().endswith(".shp"):
                stem = name[:-4]
                for side in names:
                    if side != name and side.lower().startswith(stem.lower() + "."):
                        archives.unpack(archive, side, own_room)
            inner = archives.unpack(archive, name, own_room)
            told = label if len(wanted) == 1 else f"{label}!{name}"
            found = _inside(inner, told, own_room, files, depth + 1)
            arrivals += [replace(one, member="/".join(filter(None, (name, one.member)))) for one in found]
        if doubles:
            remark = f"not read, the same in another format: {', '.join(PurePosixPath(name).name for name in doubles)}"
            arrivals[0] = replace(arrivals[0], remarks=(*arrivals[0].remarks, remark))
        return _without_companions(arrivals)


def _wanted(names: Sequence[str]) -> list[str]:
    """The members worth a look: shapes, else tables, else archives, else whatever has an ending that says nothing."""
    for endings in (SHAPES, (*DELIMITED, *SHEETS, *RECORDS), (".zip", ".gz")):
        found = [name for name in names if name.lower().endswith(endings)]
        if found:
            return found
    return [name for name in names if PurePosixPath(name).suffix.lower() in _SAYING_NOTHING]


def _in_one_format(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The members to read and those left aside: NCES packs one table as text and as a workbook, under one name."""
    texts = {PurePosixPath(name).with_suffix("") for name in names if name.lower().endswith(DELIMITED)}
    doubles = [name for name in names if name.lower().endswith(SHEETS) and PurePosixPath(name).with_suffix("") in texts]
    return [name for name in names if name not in doubles], doubles


def _without_companions(found: list[Arrival]) -> list[Arrival]:
    """A publisher's archive without the tables that only describe it, where another of its tables is known."""
    about = [one for one in found if _is_companion(one)]
    if not about or not any(recognize(one) for one in found if one not in about):
        return found
    remark = f"not read, not the data itself: {', '.join(one.bare_name for one in about)}"
    kept = [one for one in found if one not in about]
    return [replace(kept[0], remarks=(*kept[0].remarks, remark)), *kept[1:]]


def _is_companion(arrival: Arrival) -> bool:
    companions = [one for source in sources().values() for one in source.companions]
    if any(one.name and re.search(one.name, arrival.bare_name, re.IGNORECASE) for one in companions):
        return True
    here = {column.lower() for column in arrival.columns}
    return recognize(arrival) is None and any(
        one.columns and {column.lower() for column in one.columns} <= here for one in companions
    )


def _peek(local: Path, name: str, files: tuple[Path, ...], kind: str, room: Path) -> Arrival:
    if kind == "parquet":
        import pandas as pd  # noqa: PLC0415

        columns = tuple(pd.read_parquet(local).columns)
        return Arrival(name, "parquet", local, files, columns)
    if kind in contents.WORKBOOKS:
        return _peek_sheet(local, name, files)
    if kind in contents.SHAPES:
        return _peek_shapes(_named_as(local, kind, room), name, files)
    if kind == "json":
        if parts := _parts_of_json(local):
            return Arrival(name, "json", local, files, parts)
        local = _records_as_csv(local, room)
    return _peek_delimited(local, name, files, room)


def _named_as(local: Path, kind: str, room: Path) -> Path:
    """The file under a name that the reader of shapes knows: it goes by the ending."""
    ending = {"geojson": ".geojson", "geopackage": ".gpkg", "shapefile": ".shp"}[kind]
    if local.suffix.lower() in {ending, ".json"}:
        return local
    link = room / f"{local.name}{ending}"
    link.symlink_to(local.resolve())
    return link


def _records_as_csv(local: Path, room: Path) -> Path:
    """A JSON list of records as the CSV that all loaders read; the first record stands in row 2."""
    from infraplan.tablefiles import text_of  # noqa: PLC0415

    target = room / f"{local.name}.csv"
    text_of(local).map(str).to_csv(target, index=False)
    return target


def _parts_of_json(local: Path) -> tuple[str, ...]:
    """The names of what a JSON object holds (a CASE package has CFDocument and CFItems), none for anything else.

    The fields of a list's first record follow as `titles.title_id`: by them a publisher's saved list is known.
    """
    try:
        told = json.loads(local.read_bytes())
    except ValueError:  # not JSON, or not text: said by the reader of tables
        return ()
    if not isinstance(told, dict):
        return ()
    lists = {name: held[0] for name, held in told.items() if isinstance(held, list) and held}
    inner = [f"{name}.{field}" for name, record in lists.items() if isinstance(record, dict) for field in record]
    return (*map(str, told), *inner)


def _peek_shapes(local: Path, name: str, files: tuple[Path, ...]) -> Arrival:
    """The first layer with a known header, else the first; says which where there are others."""
    import pyogrio  # noqa: PLC0415

    try:
        layers = [str(layer) for layer, _ in pyogrio.list_layers(local)]
        fields = {layer: tuple(pyogrio.read_info(local, layer=layer)["fields"]) for layer in layers}
    except Exception as why:  # the reader raises its own classes, and loses its way where a .prj is not text
        told = "its reference system (.prj) is not text" if isinstance(why, UnboundLocalError) else str(why)
        raise BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{name} cannot be read as shapes: {next(iter(told.splitlines()), type(why).__name__)}",
                    file=name,
                    mend="give the whole set (.shp with .shx, .dbf, .prj) or download it again",
                )
            ],
        ) from why
    if not layers:
        what = f"{name} holds no layer of shapes"
        mend = "export the layer again as GeoPackage or GeoJSON"
        raise BadInput([Fault(kind="Unreadable", what=what, file=name, mend=mend)])
    layer = next((one for one in layers if _recognize(fields[one], "shapes")), layers[0])
    others = [one for one in layers if one != layer]
    remarks = (
        (f"the layer {layer!r} was read; not read: {', '.join(map(repr, others))}; give each as a file of its own",)
        if others
        else ()
    )
    return Arrival(name, "shapes", local, files, fields[layer], sheet=layer, remarks=remarks)


def _peek_sheet(local: Path, name: str, files: tuple[Path, ...]) -> Arrival:
    """The first sheet with a known header, else the first that holds anything; says which where there are others."""
    from infraplan.workbooks import Workbook  # noqa: PLC0415

    book = Workbook(local, name)
    heads = {sheet: book.head(sheet, _HEADER_ROWS_SEARCHED) for sheet in book.filled()}
    known = [sheet for sheet, rows in heads.items() if any(_recognize(_filled(row), "sheet") for row in rows)]
    sheet = next(iter(known or heads), "")
    others = [other for other in heads if other != sheet]
    remarks = (f"the sheet {sheet!r} was read; not read: {', '.join(map(repr, others))}",) if others else ()
    return replace(_of_rows(heads.get(sheet, []), name, local, files), sheet=sheet, remarks=remarks)


def of_sheet(arrival: Arrival, sheet: str) -> Arrival:
    """The same workbook with a sheet chosen by its name; raises BadInput naming its sheets where there is none such."""
    from infraplan.workbooks import Workbook  # noqa: PLC0415

    book = Workbook(arrival.local, arrival.name)
    if sheet not in book.sheets:
        mend = f"its sheets are: {', '.join(map(repr, book.sheets))}"
        what = f"{arrival.name} has no sheet {sheet!r}"
        raise BadInput([Fault(kind="NoSheet", what=what, file=arrival.name, mend=mend)])
    chosen = _of_rows(book.head(sheet, _HEADER_ROWS_SEARCHED), arrival.name, arrival.local, arrival.files)
    return replace(arrival, sheet=sheet, columns=chosen.columns, header_row=chosen.header_row, remarks=())


def _of_rows(rows: Sequence[Sequence[str]], name: str, local: Path, files: tuple[Path, ...]) -> Arrival:
    fullest = max(range(len(rows)), key=lambda i: len(_filled(rows[i])), default=0)
    for number, row in enumerate(rows):
        if _recognize(_filled(row), "sheet"):
            fullest = number
            break
    columns = _filled(rows[fullest]) if rows else ()
    return Arrival(name, "sheet", local, files, columns, header_row=fullest + 1)


def _filled(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell for cell in row if cell)


def _peek_delimited(local: Path, name: str, files: tuple[Path, ...], room: Path) -> Arrival:
    with local.open("rb") as stream:
        head = stream.read(_PEEK_BYTES)
    encoding = contents.encoding_of(head)
    if encoding is not None and encoding.startswith("utf-16"):
        local = _as_utf8(local, encoding, name, room)
        return _peek_delimited(local, name, files, room)
    text = decode(head)
    line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;|", key=line.count)
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as why:
        raise BadInput([_no_header(name, str(why))]) from why
    if text and not header:
        raise BadInput([_no_header(name, "it begins with a blank line; remove the lines above the header")])
    columns = [cell.strip().strip("\ufeff") for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) < _FEWEST_COLUMNS and local.suffix.lower() in _OTHER_ENDINGS:
        raise BadInput([_no_header(name, "it is not what its ending says, and no text table")])
    return Arrival(name, "delimited", local, files, tuple(columns), delimiter=delimiter, latin=_is_latin(local))


def _no_header(name: str, why: str) -> Fault:
    mend = "download it again, or open it in a spreadsheet and save it as CSV"
    return Fault(kind="Unreadable", what=f"{name} cannot be read as a table: {why}", file=name, mend=mend)


def _as_utf8(local: Path, encoding: str, name: str, room: Path) -> Path:
    """A UTF-16 text (a spreadsheet's "Unicode text") in the encoding that the engine reads."""
    target = room / f"utf8-{local.name}"
    try:
        with local.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as out:
            while chunk := source.read(1 << 22):
                out.write(chunk.removeprefix("\ufeff"))
    except UnicodeError as why:
        raise BadInput([_no_header(name, f"its text breaks off: {why}")]) from why
    return target


def _is_latin(local: Path) -> bool:
    """Whether a file is not UTF-8 (publishers then mean Latin-1)."""
    import codecs  # noqa: PLC0415

    decoder = codecs.getincrementaldecoder("utf-8")()
    with local.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            if chunk.isascii():
                continue
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return True
    return False


# --- recognition ----------------------------------------------------------------------------------------------------


def recognize(arrival: Arrival) -> tuple[Source, str] | None:
    """The source whose declared header the file has, and which of its headers; the longest match wins."""
    return _recognize(arrival.columns, arrival.kind)


def _recognize(columns: Sequence[str], kind: str) -> tuple[Source, str] | None:
    here = {column.lower() for column in columns}
    best: tuple[int, Source, str] | None = None
    for source in sources().values():
        if kind not in source.kinds:
            continue
        for header in _headers(source, kind):
            wanted = {str(column).lower() for column in header["columns"]}
            if wanted <= here and (best is None or len(wanted) > best[0]):
                best = (len(wanted), source, str(header.get("name", "")))
    return (best[1], best[2]) if best else None


def _headers(source: Source, kind: str) -> list[Mapping[str, Any]]:
    """The declared headers that files of a kind have: one may be of one `kind` alone (a list saved as JSON)."""
    return [header for header in source.headers if header.get("kind", kind) == kind]


def header_of(arrival: Arrival, source: Source) -> str:
    """Which of a source's headers the file has, the longest that fits; raises BadInput naming what it lacks."""
    if not source.headers:
        return ""
    if arrival.kind not in source.kinds:
        raise BadInput(
            [
                Fault(
                    kind="OtherKind",
                    what=f"{arrival.name} is {_KINDS[arrival.kind]}; {source.title} comes as "
                    f"{' or '.join(_KINDS[kind] for kind in source.kinds)}",
                    file=arrival.name,
                    mend="check --as, or leave it out",
                )
            ]
        )
    here = {column.lower() for column in arrival.columns}
    lacks = {
        str(header.get("name", "")): [str(column) for column in header["columns"] if str(column).lower() not in here]
        for header in sorted(_headers(source, arrival.kind), key=lambda header: -len(header["columns"]))
    }
    if not lacks:
        return ""
    name = min(lacks, key=lambda header: len(lacks[header]))
    if lacks[name]:
        raise BadInput(
            [
                Fault(
                    kind="MissingColumn",
                    what=f"{arrival.name} lacks columns of {source.title}: {', '.join(lacks[name])}",
                    file=arrival.name,
                    mend=f"check --as, or leave it out; the file's columns are: {_listed(arrival.columns)}",
                )
            ]
        )
    return name


_KINDS = {
    "delimited": "a text table",
    "sheet": "a workbook",
    "shapes": "a set of shapes",
    "parquet": "a Parquet file",
    "json": "a JSON package",
}


_AS_SHOWN_BY_CENSUS = ("Label (Grouping)",)


def nearest(arrival: Arrival) -> str:
    """In words, the source whose header comes nearest and what the file lacks of it."""
    if arrival.columns[:1] == _AS_SHOWN_BY_CENSUS:
        return "this is the table as data.census.gov shows it, areas side by side; choose Download, then ZIP, there"
    here = {column.lower() for column in arrival.columns}
    best, lacking = None, []
    for source in sources().values():
        for header in source.headers:
            wanted = [str(column) for column in header["columns"]]
            missing = [column for column in wanted if column.lower() not in here]
            if len(missing) < len(wanted) / 2 and (best is None or len(missing) < len(lacking)):
                best, lacking = source, missing
    if best is None:
        return f"its columns are: {_listed(arrival.columns)}"
    if not lacking:
        kinds = " or ".join(_KINDS[kind] for kind in best.kinds)
        return f"it has the columns of {best.title}, which comes as {kinds}; save it so"
    return f"nearest is {best.title}, but it lacks: {_listed(lacking)}"


def _listed(columns: Sequence[str]) -> str:
    """The first columns, never cut in the middle of a name."""
    told: list[str] = []
    room = _MOST_TOLD
    for column in columns:
        room -= len(column) + 2
        if told and room < 0:
            return f"{', '.join(told)} and {len(columns) - len(told)} more"
        told.append(column[:_MOST_TOLD])
    return ", ".join(told) or "none"


_DATES = (
    (re.compile(r"_([JD])(\d{2})_(\d{2})([a-z]{3})(\d{4})", re.IGNORECASE), "release"),
    (re.compile(r"_(\d{2})(\d{2})(\d{2})(?:\D|$)"), "mmddyy"),
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


def bdc_dates(name: str) -> tuple[str | None, str | None]:
    """As-of date and revision date that an FCC file name carries, as ISO dates; None where it carries none.

    >>> bdc_dates("bdc_23_FibertothePremises_fixed_broadband_J23_05mar2024.csv")
    ('2023-06-30', '2024-03-05')
    >>> bdc_dates("bdc_23_Cable_fixed_broadband_063022.zip")
    ('2022-06-30', None)
    """
    release = _DATES[0][0].search(name)
    if release and release[4].lower() in _MONTHS:
        day = "06-30" if release[1].upper() == "J" else "12-31"
        return f"20{release[2]}-{day}", f"{release[5]}-{_MONTHS[release[4].lower()]:02d}-{release[3]}"
    stamp = _DATES[1][0].search(name)
    if stamp and 1 <= int(stamp[1]) <= len(_MONTHS) and 1 <= int(stamp[2]) <= 31:  # noqa: PLR2004 - days in a month
        return f"20{stamp[3]}-{stamp[1]}-{stamp[2]}", None
    return None, None
