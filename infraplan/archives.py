"""Zip archives, checked before they are unpacked: size, count, path, type."""

import errno
import gzip
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from infraplan.errors import BadInput, Fault

MOST_MEMBERS = 10_000
MOST_BYTES = 40_000_000_000
MOST_RATIO = 200
_RATIO_MATTERS_ABOVE = 100_000_000
_CHUNK = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose every member is safe to unpack; raises BadInput naming each that is not."""
    with path.open("rb") as file:  # a file that may not be read is no damaged archive: that is told as what it is
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, NotImplementedError) as why:
            if isinstance(why, OSError) and why.errno not in (None, errno.EINVAL):  # EINVAL: a place before its start
                raise  # the disk's fault, not the archive's: downloading again would help nobody
            raise BadInput(
                [
                    Fault(
                        kind="BadArchive",
                        what=f"{path.name} is not a readable zip archive: {why}",
                        file=path.name,
                        mend="download it again; the last download may be incomplete",
                    )
                ]
            ) from why
        with archive:
            faults = _faults(path, archive)
            if faults:
                raise BadInput(faults)
            yield archive


def members(archive: zipfile.ZipFile) -> list[str]:
    """Names of the files inside, without folders and operating-system litter."""
    return [
        item.filename
        for item in archive.infolist()
        if not item.is_dir()
        and not item.filename.startswith("__MACOSX/")
        and not PurePosixPath(item.filename).name.startswith(".")
    ]


def unpack(archive: zipfile.ZipFile, member: str, folder: Path) -> Path:
    """Write one member into `folder` under its bare name, and never more bytes than the archive declared."""
    declared = archive.getinfo(member).file_size
    target = folder / PurePosixPath(member.replace("\\", "/")).name
    with _telling_damage(member):
        packed = archive.open(member)
    with packed, target.open("wb") as out:
        copy_bounded(packed, out, member, declared)
    return target


def gunzip(path: Path, folder: Path, most_bytes: int) -> Path:
    """Unpack a .gz into `folder` under its name without that ending; raises BadInput if damaged or beyond `most_bytes`."""
    target = folder / (path.stem if path.suffix.lower() == ".gz" else path.name)
    with gzip.open(path) as packed, target.open("wb") as out:
        copy_bounded(packed, out, path.name, most_bytes)
    return target


def copy_bounded(packed: IO[bytes] | gzip.GzipFile, out: IO[bytes], name: str, most_bytes: int) -> None:
    """Unpack a stream into another; raises BadInput if it is damaged or holds more than `most_bytes`.

    Damage is looked for while reading only: an error of writing is the disk's, and is told as such elsewhere.
    """
    written = 0
    while True:
        with _telling_damage(name):
            chunk = packed.read(_CHUNK)
        if not chunk:
            return
        written += len(chunk)
        if written > most_bytes:
            raise BadInput(
                [
                    Fault(
                        kind="UnsafeArchive",
                        what=f"{name} unpacks to more than {most_bytes:,} bytes, more than it declares or than fits here",
                        file=name,
                        mend="get the archive from the publisher's own page",
                    )
                ]
            )
        out.write(chunk)


@contextmanager
def _telling_damage(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError) as why:
        raise BadInput(
            [
                Fault(
                    kind="BadArchive",
                    what=f"{name} cannot be unpacked: {why}",
                    file=name,
                    mend="download the archive again; the last download may be incomplete",
                )
            ]
        ) from why


def _faults(path: Path, archive: zipfile.ZipFile) -> list[Fault]:
    items = archive.infolist()
    faults = []
    if len(items) > MOST_MEMBERS:
        faults.append(_fault(path, f"the archive holds {len(items):,} files, more than {MOST_MEMBERS:,}"))
    total = sum(item.file_size for item in items)
    free = shutil.disk_usage(path.parent).free
    if total > min(MOST_BYTES, free):
        faults.append(_fault(path, f"the archive unpacks to {total:,} bytes; {free:,} are free here"))
    for item in items:
        name = PurePosixPath(item.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in (name.parts[0] if name.parts else ""):
            faults.append(_fault(path, f"{item.filename!r} would be written outside its folder"))
        if stat.S_ISLNK(item.external_attr >> 16):
            faults.append(_fault(path, f"{item.filename!r} is a link"))
        if item.file_size > _RATIO_MATTERS_ABOVE and item.file_size > MOST_RATIO * max(1, item.compress_size):
            faults.append(
                _fault(
                    path, f"{item.filename!r} unpacks to {item.file_size // max(1, item.compress_size)} times its size"
                )
            )
        if item.flag_bits & 0x1:
            faults.append(_fault(path, f"{item.filename!r} is encrypted"))
    return faults


def _fault(path: Path, what: str) -> Fault:
    return Fault(
        kind="UnsafeArchive",
        what=what,
        file=path.name,
        mend="get the archive from the publisher's own page, or unpack it yourself and add the files",
    )
