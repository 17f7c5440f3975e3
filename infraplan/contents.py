"""What a file is by its bytes: its name and ending are not believed.

Publishers and planners hand over workbooks named .csv, archives without an ending, and web pages named .xls. Every
reader asks here first, so that each of them reads what can be read and refuses the rest in the same words.
"""

import io
import re
import zipfile
from pathlib import Path
from typing import IO

from infraplan.errors import BadInput, Fault

WORKBOOKS = ("xlsx", "xls")
SHAPES = ("geojson", "geopackage", "shapefile")
PACKED = ("zip", "gzip")
READABLE = ("text", "json", "parquet", *WORKBOOKS, *SHAPES, *PACKED)
_HEAD_BYTES = 65_536
_HEADER_BYTES = 1_000_000
_ENCODINGS = ("utf-8-sig", "latin-1")
_MOST_OLE_BYTES = 200_000_000
_DOWNLOAD = (
    "the site may have been down or wanted a login; download the file again, or if the page holds the table, open it in "
    "a spreadsheet and save it as XLSX"
)
_BEGINNINGS = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"SQLite format 3\0", "geopackage"),
    (b"PAR1", "parquet"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"%PDF", "pdf"),
    (b"{\\rtf", "word"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
)
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_TAR_AT, _TAR = 257, b"ustar"
_PAGE = re.compile(
    r"<(!doctype\s+html|html|head|body|title|meta|link|script|style|center|div|h1|table)\b", re.IGNORECASE
)
_MARKUP = re.compile(r"<(\?xml|!--|!doctype|[a-z][\w:.-]*(\s[^>]*)?/?>)", re.IGNORECASE)
_RECORDS = re.compile(r'\{\s*("|\})|\[\s*(\{|\])')
_SAYING = {
    "page": ("is a web page, not a table", _DOWNLOAD),
    "markup": ("is an XML document, not a table", "open it in a spreadsheet and save it as CSV or XLSX"),
    "pdf": ("is a PDF document, not a table", "ask its publisher for the table itself as CSV or XLSX"),
    "word": ("is a Word document, not a table", "copy its table into a spreadsheet and save that as CSV or XLSX"),
    "slides": ("is a presentation, not a table", "copy its table into a spreadsheet and save that as CSV or XLSX"),
    "opendocument": ("is an OpenDocument spreadsheet, which is not read here", "open it and save it as XLSX or CSV"),
    "locked": ("is a workbook locked with a password", "open it, take the password off and save it again"),
    "office": ("is an old Office document, not a workbook", "open it and save its table as CSV or XLSX"),
    "picture": ("is a picture, not a table", "ask its publisher for the table itself as CSV or XLSX"),
    "archive": (
        "is an archive of a kind that is not read here",
        "unpack it and give the file inside, or pack it as zip",
    ),
    "database": ("is a database, not a table", "export its table as CSV, or its shapes as GeoPackage"),
    "empty": ("is empty", "download or save it again"),
    "binary": ("is not a text table", "give the CSV, XLSX, shapefile or GeoPackage itself"),
}


def kind_of(file: Path | IO[bytes]) -> str:
    """What a file or a stream at its start holds: one of READABLE, or a word that `refusal` explains.

    A stream is left at its start. Nothing is unpacked; of an archive only the list of names is read.
    """
    if isinstance(file, Path):
        with file.open("rb") as stream:
            return kind_of(stream)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    kind = next((kind for mark, kind in _BEGINNINGS if head.startswith(mark)), None)
    if kind is None:
        return _text_kind(head, whole=len(head) < _HEAD_BYTES)
    if kind == "zip":
        kind = _zip_kind(file)
    elif kind == "ole":
        kind = _ole_kind(file.read(_MOST_OLE_BYTES))
    elif kind == "geopackage" and not _holds_layers(head):
        kind = "database"
    file.seek(0)
    return kind


def encoding_of(head: bytes) -> str | None:
    """The encoding that a text's first bytes give away: a mark, or the zero bytes of UTF-16; None where they do not.

    >>> encoding_of("lea_id".encode("utf-16")), encoding_of("lea_id,name".encode("utf-16-le")), encoding_of(b"lea_id")
    ('utf-16', 'utf-16-le', None)
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    some = head[:2_000]
    even, odd = some[0::2].count(0), some[1::2].count(0)
    if odd > len(some) // 3 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(some) // 3 and not odd else None


def decode(content: bytes) -> str:
    """Text of a file in UTF-8 or UTF-16 (with or without a mark) or, failing both, Latin-1, as publishers use."""
    marked = encoding_of(content[:_HEADER_BYTES])
    for encoding in (*([marked] if marked else []), *_ENCODINGS):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def refusal(kind: str, name: str) -> Fault | None:
    """Why a file of this kind cannot be read as a table, and how to go on; None where it can."""
    if kind in READABLE:
        return None
    what, mend = _SAYING[kind]
    if kind == "office" and name.lower().endswith(".xls"):  # the list of its parts stands at its end
        what, mend = "is an old workbook without its end", "download it again; the last download may be incomplete"
    fault = {"empty": "EmptyFile", "locked": "Unreadable"}.get(kind, "NotATable")
    return Fault(kind=fault, what=f"{name} {what}", file=name, mend=mend)


def checked_kind(file: Path | IO[bytes], name: str) -> str:
    """The kind of a readable file; raises BadInput saying what it is where it is none."""
    kind = kind_of(file)
    fault = refusal(kind, name)
    if fault is not None:
        raise BadInput([fault])
    return kind


def _zip_kind(file: IO[bytes]) -> str:
    """Office documents are zip archives; one that cannot be listed is told about where it is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                kind = archive.read("mimetype")[:200]
                return "opendocument" if b"spreadsheet" in kind else "word" if b"opendocument.text" in kind else "zip"
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return "zip"
    parts = {name.split("/")[0] for name in names} if "[Content_Types].xml" in names else set()
    return next((kind for part, kind in (("xl", "xlsx"), ("word", "word"), ("ppt", "slides")) if part in parts), "zip")


def _ole_kind(content: bytes) -> str:
    """Old Office documents share one container; the name of the main stream tells them apart."""
    for name, kind in (
        ("Workbook", "xls"),
        ("Book", "xls"),
        ("WordDocument", "word"),
        ("EncryptedPackage", "locked"),
        ("PowerPoint Document", "slides"),
    ):
        if f"{name}\0".encode("utf-16-le") in content:
            return kind
    return "office"


def _holds_layers(head: bytes) -> bool:
    """Whether an SQLite file calls itself a GeoPackage or has its table of contents."""
    return head[68:72] in {b"GPKG", b"GP10", b"GP11"} or b"gpkg_contents" in head


def _text_kind(head: bytes, *, whole: bool) -> str:
    encoding = encoding_of(head)
    if encoding is None and (b"\0" in head or head[_TAR_AT:].startswith(_TAR)):
        return "archive" if head[_TAR_AT:].startswith(_TAR) else "binary"
    text = head.decode(encoding or "utf-8", errors="replace").lstrip("﻿ \t\r\n")
    if not text:
        return "empty" if whole else "text"
    if text.startswith("<") and _MARKUP.match(text):
        return "page" if _PAGE.search(text[:2_000]) else "markup"
    if _RECORDS.match(text):
        return "geojson" if re.search(r'"type"\s*:\s*"Feature', text) else "json"
    return "text"


def stream_of(content: bytes) -> IO[bytes]:
    """Bytes as a stream, for the functions above."""
    return io.BytesIO(content)
