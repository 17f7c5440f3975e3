"""Files as they arrive: unpacked if need be, looked at, and known by their header, never by their name."""

import csv
import gzip
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyogrio

from infraplan import archives
from infraplan.errors import BadInput, Fault
from infraplan.resources import data_path, read_toml
from infraplan.tablefiles import decode

DELIMITED = (".csv", ".txt", ".tsv")
SHEETS = (".xlsx", ".xls", ".xlsm")
SHAPES = (".shp", ".gpkg", ".geojson")
SIDECARS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".shp.xml", ".xml", ".fix")
PASSED_OVER = (".sas7bdat", ".pdf", ".docx", ".md", ".html", ".lyr")
_PEEK_BYTES = 65_536
_HEADER_ROWS_SEARCHED = 8


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


@dataclass(frozen=True)
class Arrival:
    """One table or layer that arrived: its file as given, and a local file that can be read.

    `name` is what people are told (archive!member for a zip), `files` all given files it was read from, `header_row`
    the line of the header, `kind` delimited | sheet | shapes | parquet |
    json (one object; its columns are the names of its parts).
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
        ending = path.suffix.lower()
        if ending == ".zip":
            yield _zipped(path, room)
        elif ending == ".gz":
            yield [_peek(_gunzip(path, room), path.name, (path,))]
        else:
            files = (
                (path, *sorted(side for side in path.parent.glob(f"{path.stem}.*") if side.suffix.lower() in SIDECARS))
                if ending == ".shp"
                else (path,)
            )
            yield [_peek(path, path.name, files)]
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _gunzip(path: Path, room: Path) -> Path:
    target = room / path.stem
    with gzip.open(path) as packed, target.open("wb") as out:
        archives.copy_bounded(packed, out, path.name, min(archives.MOST_BYTES, shutil.disk_usage(room).free))
    return target


def _zipped(path: Path, room: Path) -> list[Arrival]:
    with archives.opened(path) as archive:
        names = [name for name in archives.members(archive) if not name.lower().endswith(PASSED_OVER)]
        shapes = [name for name in names if name.lower().endswith(SHAPES)]
        tables = [name for name in names if name.lower().endswith((*DELIMITED, *SHEETS)) and not shapes]
        wanted = shapes or tables
        if not wanted:
            raise BadInput(
                [
                    Fault(
                        kind="NothingInside",
                        what=f"{path.name} holds no table and no shapes",
                        file=path.name,
                        mend=f"it holds: {', '.join(names)[:200] or 'nothing'}; unpack it and add the file",
                    )
                ]
            )
        arrivals = []
        for number, name in enumerate(wanted):
            own_room = room / str(number)  # two folders of an archive may hold files of one name
            own_room.mkdir()
            if name.lower().endswith(".shp"):
                stem = name[:-4]
                for side in names:
                    if side != name and side.lower().startswith(stem.lower() + "."):
                        archives.unpack(archive, side, own_room)
            local = archives.unpack(archive, name, own_room)
            label = path.name if len(wanted) == 1 else f"{path.name}!{name}"
            arrivals.append(_peek(local, label, (path,), member=name))
        return arrivals


def _peek(local: Path, name: str, files: tuple[Path, ...], member: str = "") -> Arrival:
    ending = local.suffix.lower()
    if ending == ".parquet":
        columns = tuple(pd.read_parquet(local).columns)
        return Arrival(name, "parquet", local, files, columns, member)
    if ending in SHEETS:
        return _peek_sheet(local, name, files, member)
    if ending in SHAPES or (ending == ".json" and _is_features(local)):
        return _peek_shapes(local, name, files, member)
    if ending == ".json" and (parts := _parts_of_json(local)):
        return Arrival(name, "json", local, files, parts, member)
    return _peek_delimited(local, name, files, member)


def _is_features(local: Path) -> bool:
    with local.open("rb") as stream:
        return b"FeatureCollection" in stream.read(_PEEK_BYTES)


def _parts_of_json(local: Path) -> tuple[str, ...]:
    """The names of what a JSON object holds (a CASE package has CFDocument and CFItems); none for anything else."""
    try:
        told = json.loads(local.read_bytes())
    except ValueError:  # not JSON, or not text: said by the reader of tables
        return ()
    return tuple(map(str, told)) if isinstance(told, dict) else ()


def _peek_shapes(local: Path, name: str, files: tuple[Path, ...], member: str) -> Arrival:
    try:
        info = pyogrio.read_info(local)
    except (pyogrio.errors.DataSourceError, sqlite3.Error, ValueError) as why:
        raise BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{name} cannot be read as shapes: {str(why).splitlines()[0]}",
                    file=name,
                    mend="give the whole set (.shp with .shx, .dbf, .prj) or download it again",
                )
            ],
        ) from why
    return Arrival(name, "shapes", local, files, tuple(info["fields"]), member)


def _peek_sheet(local: Path, name: str, files: tuple[Path, ...], member: str) -> Arrival:
    try:
        raw = pd.read_excel(local, header=None, dtype=object, engine="calamine", nrows=_HEADER_ROWS_SEARCHED)
    except Exception as why:  # the reader raises its own classes for each way a workbook can be broken
        raise BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{name} cannot be read as a workbook: {why}",
                    file=name,
                    mend="open it in a spreadsheet and save it again",
                )
            ]
        ) from why
    rows = [[str(cell).strip() for cell in row if not pd.isna(cell)] for row in raw.to_numpy().tolist()]
    fullest = max(range(len(rows)), key=lambda i: len(rows[i]), default=0)
    for number, row in enumerate(rows):
        if _recognize(tuple(row), "sheet"):
            fullest = number
            break
    return Arrival(name, "sheet", local, files, tuple(rows[fullest]) if rows else (), member, header_row=fullest + 1)


def _peek_delimited(local: Path, name: str, files: tuple[Path, ...], member: str) -> Arrival:
    with local.open("rb") as stream:
        head = stream.read(_PEEK_BYTES)
    _refuse_other_text(head, name)
    text = decode(head)
    line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;|", key=line.count)
    columns = [cell.strip().strip("﻿") for cell in next(csv.reader(io.StringIO(text), delimiter=delimiter), [])]
    while columns and not columns[-1]:
        columns.pop()
    return Arrival(name, "delimited", local, files, tuple(columns), member, delimiter=delimiter, latin=_is_latin(local))


def _refuse_other_text(head: bytes, name: str) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:300].lower()
    if not start:
        raise BadInput([Fault(kind="EmptyFile", what=f"{name} is empty", file=name, mend="download it again")])
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise BadInput(
            [
                Fault(
                    kind="NotATable",
                    what=f"{name} is a web page, not data",
                    file=name,
                    mend="the site may have been down or wanted a login; download the file again",
                )
            ]
        )
    if b"\0" in head:
        raise BadInput(
            [
                Fault(
                    kind="NotATable",
                    what=f"{name} is not a text table",
                    file=name,
                    mend="give the CSV, XLSX, shapefile or GeoPackage itself",
                )
            ]
        )


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
        for header in source.headers:
            wanted = {str(column).lower() for column in header["columns"]}
            if wanted <= here and (best is None or len(wanted) > best[0]):
                best = (len(wanted), source, str(header.get("name", "")))
    return (best[1], best[2]) if best else None


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
        for header in sorted(source.headers, key=lambda header: -len(header["columns"]))
    }
    name = min(lacks, key=lambda header: len(lacks[header]))
    if lacks[name]:
        raise BadInput(
            [
                Fault(
                    kind="MissingColumn",
                    what=f"{arrival.name} lacks columns of {source.title}: {', '.join(lacks[name])}",
                    file=arrival.name,
                    mend=f"check --as, or leave it out; the file's columns are: {', '.join(arrival.columns)[:200]}",
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


def nearest(arrival: Arrival) -> str:
    """In words, the source whose header comes nearest and what the file lacks of it."""
    here = {column.lower() for column in arrival.columns}
    best, lacking = None, []
    for source in sources().values():
        for header in source.headers:
            wanted = [str(column) for column in header["columns"]]
            missing = [column for column in wanted if column.lower() not in here]
            if len(missing) < len(wanted) / 2 and (best is None or len(missing) < len(lacking)):
                best, lacking = source, missing
    if best is None:
        return f"its columns are: {', '.join(arrival.columns)[:200] or 'none'}"
    return f"nearest is {best.title}, but it lacks: {', '.join(lacking)}"


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
