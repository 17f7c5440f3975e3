"""Files as publishers ship them, written whole or not at all, and byte for byte the same for the same seed."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook

from infraplan.wholefiles import atomic

ZIP_TIME = (2026, 3, 17, 12, 0, 0)
"""Time stamp of every member of every archive: a clock would make two runs differ."""
_FAST = 3
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


@dataclass(frozen=True)
class SampleFile:
    """One file of the sample state.

    `what` says in words what it is; `add_options` are further arguments that `infraplan data add` needs for it;
    `role` is connectivity, erate, bids or oer for the part of the tool that reads it, or `older` for a superseded release
    that a first load leaves out.
    """

    path: Path
    what: str
    add_options: tuple[str, ...] = ()
    role: str = "connectivity"


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a whole file at once."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return path


def write_text(path: Path, content: str, *, encoding: str = "utf-8") -> Path:
    """Write a text file at once, line ends as given."""
    return write_bytes(path, content.encode(encoding))


def csv_text(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, end: str = "\n", quote_all: bool = False
) -> str:
    """Text of a CSV file; None becomes an empty cell."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    out.writerow(header)
    out.writerows(rows)
    return text.getvalue()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str = "utf-8") -> Path:
    """Write rows in the order of `header` as a CSV file."""
    return write_text(path, csv_text(header, rows), encoding=encoding)


def write_records(path: Path, records: Sequence[Mapping[str, object]], header: Sequence[str] | None = None) -> Path:
    """Write dictionaries as a CSV file; the first one gives the columns unless `header` does, absent cells are blank."""
    names = list(header or records[0])
    return write_csv(path, names, ([record.get(name) for name in names] for record in records))


def write_json(path: Path, content: Any) -> Path:  # noqa: ANN401 - whatever JSON can hold
    """Write compact JSON, letters beyond ASCII as they are."""
    return write_text(path, json.dumps(content, ensure_ascii=False, separators=(", ", ": ")))


@contextmanager
def zipped(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive for writing; it appears under its name when the block ends well."""
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        yield archive


@contextmanager
def member(archive: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    """Open one member of an archive for streaming, with the fixed time stamp."""
    info = zipfile.ZipInfo(name, ZIP_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    info._compresslevel = _FAST  # type: ignore[attr-defined]  # noqa: SLF001 - public only from Python 3.13 on
    with archive.open(info, "w", force_zip64=True) as stream:
        yield stream


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write an archive of small members."""
    with zipped(path) as archive:
        for name, content in members.items():
            with member(archive, name) as stream:
                stream.write(content)
    return path


def write_xlsx(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write one sheet as an Excel workbook, its archive and its properties without the time of writing."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in rows:
        sheet.append(list(row))
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as archive:
        members = {name: _TIMES.sub(rb"\g<1>2026-03-17T12:00:00Z", archive.read(name)) for name in archive.namelist()}
    return write_zip(path, members)
