"""What is asked of a publisher, how patiently, and the ways in which it may not be had."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from infraplan.errors import InfraplanError


class NotFetched(InfraplanError):  # noqa: N818 - faults are nouns in this project
    """A publisher's file could not be had; the message says why and how to go on without."""


class NotPublished(NotFetched):
    """The publisher says that there is no such file (404, 410, 422)."""


class NotCached(NotFetched):
    """Only the cache may be used, and it does not hold the file."""


class SourceChanged(NotFetched):
    """What came is not what the source's description promises."""


class NoCredential(NotFetched):
    """The publisher wants an account that the environment does not name, or did not accept it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to wait and how often to try; seconds and bytes.

    A download is a trickle if less than `least_bytes` came in `trickle_seconds`. `spare_bytes` stay free on the disk.
    """

    connect_seconds: float = 15.0
    read_seconds: float = 60.0
    tries: int = 6
    most_tries: int = 40
    first_pause: float = 1.0
    longest_pause: float = 60.0
    longest_wait: float = 300.0
    trickle_seconds: float = 60.0
    least_bytes: int = 60_000
    spare_bytes: int = 200_000_000
    most_body_bytes: int = 400_000_000
    most_file_bytes: int = 20_000_000_000
    most_redirects: int = 6


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One thing wanted.

    `secret` are query parameters and `headers` request headers that may be credentials: both are left out of every
    record. `kind` is what must come (zip | json | csv | xls | any), `pause` the least seconds between two calls to the
    host, `version` the publisher's own mark: where the cached file carries the same, nothing is asked.
    """

    address: str
    params: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str | None = None
    kind: str = "any"
    pause: float = 0.2
    version: str | None = None

    @property
    def public(self) -> str:
        """The address as it may be written down: no credentials, parameters in order."""
        return public_address(f"{self.address}?{urlencode(self.params)}" if self.params else self.address)

    @property
    def host(self) -> str:
        """The host asked."""
        return urlsplit(self.address).hostname or ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a server says of a file without sending it: its size and marks, None where it does not say."""

    bytes: int | None = None
    etag: str | None = None
    modified: str | None = None


def public_address(address: str) -> str:
    """An address without user, password and fragment.

    >>> public_address("https://me:pw@example.org/a?b=1#c")
    'https://example.org/a?b=1'
    """
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))


def file_name(ask: Ask, headers: Mapping[str, str]) -> str:
    """The publisher's name of a file, safe to write: the asked one, else the server's, else the end of the address."""
    told = ask.name
    if told is None:
        message = Message()
        message["Content-Disposition"] = headers.get("Content-Disposition", "")
        told = message.get_filename() or unquote(urlsplit(ask.address).path.rpartition("/")[2])
    bare = PurePosixPath(told.replace("\\", "/")).name
    bare = re.sub(r"[^\w.+() -]", "_", bare).lstrip(".")[:150]
    return bare or "download"
