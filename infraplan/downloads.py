"""Downloads kept by content: one file per SHA-256, an index by address, and parts of what is still under way.

    objects/<first two digits>/<sha256>   what arrived, whole
    index/<key>.json                      address without secrets, time, size, SHA-256, the publisher's marks
    parts/<key>.part, .json               what has arrived of a download, and the mark by which it may be continued

A file is named by the index only after the last byte is there, and its SHA-256 is reckoned again before each use: what a
power cut, a full disk or a bad sector leaves behind is fetched again and never read as data.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import filelock

from infraplan.errors import InfraplanError, WorkspaceBusy
from infraplan.receipts import sha256_of
from infraplan.wholefiles import write_json

_LOCK_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One whole file in the cache; `path` is its content, `name` what its publisher calls it.

    `etag` and `modified` are the server's marks for asking whether it changed, `version` the publisher's own; `fresh`
    says that it came over the network in this command.
    """

    path: Path
    name: str
    address: str
    sha256: str
    bytes: int
    fetched_at: str
    etag: str | None = None
    modified: str | None = None
    version: str | None = None
    rows: int | None = None
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A download under way: its file so far, and the mark that the rest must carry (`etag` or `modified`)."""

    path: Path
    mark: str | None

    @property
    def bytes(self) -> int:
        """How much is there that may be continued; 0 where no mark says that the rest would belong to it."""
        return self.path.stat().st_size if self.mark and self.path.is_file() else 0


class Cache:
    """The folder of downloads; `damaged` names what was found unlike its SHA-256 and put aside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []

    # --- whole files --------------------------------------------------------------------------------------------

    def find(self, address: str) -> Kept | None:
        """What is kept of an address, its content held against its SHA-256; None where nothing or nothing sound is."""
        about = self._about(address)
        if about is None:
            return None
        path = self._object(about["sha256"])
        if not path.is_file() or path.stat().st_size != about["bytes"] or sha256_of([path]) != about["sha256"]:
            if path.is_file():
                self.damaged.append(about["name"])
                path.unlink()
            self._index(address).unlink(missing_ok=True)
            return None
        return Kept(path=path, **about)

    def known(self, address: str) -> dict[str, Any] | None:
        """What the index says of an address, its content not looked at."""
        return self._about(address)

    def store(self, part: Path, digest: str, kept: Kept) -> Kept:
        """Make a finished part the content of its address, in two renames: content first, then its name."""
        target = self._object(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        size = part.stat().st_size
        os.replace(part, target)  # noqa: PTH105 - the rename that must be atomic, named as such
        self.part_about(kept.address).unlink(missing_ok=True)
        done = replace(kept, path=target, sha256=digest, bytes=size, fresh=True)
        self.write_index(done)
        return done

    def write_index(self, kept: Kept) -> None:
        """Write what is known of a whole file."""
        about = {name: value for name, value in asdict(kept).items() if name not in ("path", "fresh")}
        self._index(kept.address).parent.mkdir(parents=True, exist_ok=True)
        write_json(self._index(kept.address), about)

    def named(self, kept: Kept, folder: Path) -> Path:
        """The file under its publisher's name in `folder`, where loaders read dates from names; a link, not a copy."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / kept.name
        try:
            os.link(kept.path, path)
        except OSError:
            shutil.copyfile(kept.path, path)
        return path

    # --- parts --------------------------------------------------------------------------------------------------

    def part(self, address: str) -> Part:
        """The part of a download that an earlier try left, or an empty one."""
        (self.folder / "parts").mkdir(parents=True, exist_ok=True)
        path = self.folder / "parts" / f"{_key(address)}.part"
        mark = None
        with suppress(OSError, ValueError, KeyError, TypeError):
            mark = json.loads(self.part_about(address).read_text(encoding="utf-8"))["mark"]
        return Part(path=path, mark=mark if isinstance(mark, str) else None)

    def part_about(self, address: str) -> Path:
        """Where the mark of a part stands."""
        return self.folder / "parts" / f"{_key(address)}.json"

    @contextmanager
    def held(self, address: str, name: str) -> Iterator[None]:
        """Hold an address, so that two commands do not write one part; raises WorkspaceBusy after ten seconds."""
        (self.folder / "parts").mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.folder / "parts" / f"{_key(address)}.lock")
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except filelock.Timeout:
            raise WorkspaceBusy(
                f"{name} is being downloaded by another command into {self.folder}\n"
                "  mend:  wait until it is done and run this command again; what it gets is then here"
            ) from None
        try:
            yield
        finally:
            lock.release()

    # --- inside -------------------------------------------------------------------------------------------------

    def _object(self, digest: str) -> Path:
        return self.folder / "objects" / digest[:2] / digest

    def _index(self, address: str) -> Path:
        return self.folder / "index" / f"{_key(address)}.json"

    def _about(self, address: str) -> dict[str, Any] | None:
        try:
            told = json.loads(self._index(address).read_text(encoding="utf-8"))
            sound = told["address"] == address and {"name", "sha256", "bytes", "fetched_at"} <= told.keys()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        known = Kept.__dataclass_fields__.keys() - {"path", "fresh"}
        return {name: value for name, value in told.items() if name in known} if sound else None


def cache_folder(workspace_data: Path) -> Path:
    """Where downloads are kept: $INFRAPLAN_CACHE, shared by several workspaces, else the workspace's own data/cache."""
    told = os.environ.get("INFRAPLAN_CACHE")
    if told is None:
        return workspace_data / "cache"
    folder = Path(told).expanduser()
    if folder.exists() and not folder.is_dir():
        raise InfraplanError(f"INFRAPLAN_CACHE names {folder}, which is not a directory\n  mend:  name a directory")
    return folder


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]
