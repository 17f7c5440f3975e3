"""Everything that leaves this computer: one session, polite, patient, and sure of what it got.

The only module that opens connections. An `Ask` says what is wanted and which of its parts are credentials; `Http`
answers with parsed JSON or with a whole file in the cache of downloads. Whatever another try may mend (a broken line,
a trickle, 429, 5xx) is tried again, as the server asks by Retry-After or else in growing pauses; a broken download goes
on where it stopped if the server's mark (ETag, Last-Modified) says that it is still the same file. Everything else is
refused in words. A credential goes to the host it is for and nowhere else: not to another host by redirect, not over
plain HTTP, not into an address, message, log line or file.
"""

import hashlib
import json
import logging
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests
import urllib3

from infraplan import responses
from infraplan.asks import (
    Ask,
    Limits,
    NoCredential,
    NotCached,
    NotFetched,
    NotPublished,
    Seen,
    SourceChanged,
    file_name,
    public_address,
)
from infraplan.downloads import Cache, Kept, Part
from infraplan.wholefiles import write_json

T = TypeVar("T")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
AGENT = f"infraplan/{version('infraplan')} (planning tool for state education and broadband offices)"
_CHUNK = 1 << 20
_PARTIAL, _NOT_MODIFIED, _RANGE_REFUSED, _NO_CONTENT = 206, 304, 416, 204
_MOVED = {301, 302, 303, 307, 308}
_FOR_GOOD = {301, 308}
_AGAIN = {408, 425, 429, 500, 502, 503, 504, 520, 522, 524}
_NOT_THERE = {404, 410, 422}
_REFUSED = {401, 403}
_WANTS_ACCOUNT = 401
_NO_HEAD = (405, 501)


class Again(Exception):  # noqa: N818
    """Another try may mend it; `wait` is what the server asked for, `gained` whether something new arrived.

    `silent` says that no answer came at all: there may be no server, or no network.
    """

    def __init__(self, why: str, wait: float | None = None, *, gained: bool = False, silent: bool = False) -> None:
        super().__init__(why)
        self.wait = wait
        self.gained = gained
        self.silent = silent


class Http:
    """One session with its cache, its manners and its memory of what must not be told.

    `told` hears of pauses and second tries, `progress` of (name, bytes so far, bytes in all or None).
    """

    def __init__(
        self,
        cache: Cache,
        *,
        offline: bool = False,
        limits: Limits | None = None,
        sleep: Callable[[float], None] | None = None,
        told: Callable[[str], None] = lambda _: None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> None:
        self.cache = cache
        self.offline = offline
        self.limits = limits or Limits()
        self._sleep = sleep or time.sleep
        self._told = told
        self._progress = progress
        self._last: dict[str, float] = {}
        self._secrets: set[str] = set()
        self._given_up: set[str] = set()  # hosts that answered nothing, however often they were asked
        self._answered = False  # whether anybody answered at all
        self.moved: dict[str, str] = {}  # addresses that their servers say have moved for good, without credentials
        self.heard: dict[str, Any] = {}  # lists that a publisher gave in this session, for planners that share them
        self._session = requests.Session()
        self._session.headers["User-Agent"] = AGENT
        self._session.auth = _as_is  # a .netrc is not asked: credentials come from the environment alone
        self._hush = _Hush(self)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._hush)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._hush)

    @property
    def alone(self) -> bool:
        """Whether somebody was asked in this session and nobody at all answered: there may be no network."""
        return bool(self._given_up) and not self._answered

    # --- what may be asked --------------------------------------------------------------------------------------

    def json(self, ask: Ask, judge: Callable[[Any], None] = lambda _: None) -> Any:  # noqa: ANN401 - JSON is anything
        """An answer as parsed JSON, None where there is no content (204); raises NotFetched and its kin.

        `judge` looks at an answer that came with success and may raise Again or NotFetched for what it says inside.
        """

        def once() -> Any:  # noqa: ANN401
            told = self._json_once(ask)
            judge(told)
            return told

        self._must_be_online(ask)
        return self._tried(ask, once)

    def text(self, ask: Ask) -> str:
        """An answer as text (a page, a sitemap), UTF-8; raises NotFetched."""
        self._must_be_online(ask)
        return self._tried(ask, lambda: self._body_once(ask)[0]).decode("utf-8", errors="replace")

    def look(self, ask: Ask) -> Seen:
        """Size and marks of a file without fetching it; raises NotPublished, NotFetched."""
        known = self.cache.known(ask.public)
        if self.offline:
            if known is None:
                raise self._not_cached(ask)
            return Seen(bytes=int(str(known["bytes"])), etag=known.get("etag"), modified=known.get("modified"))
        return self._tried(ask, lambda: self._look_once(ask))

    def size(self, ask: Ask) -> int | None:
        """Bytes of a file without fetching it, None where the server does not say; raises NotPublished, NotFetched."""
        return self.look(ask).bytes

    def download(self, ask: Ask) -> Kept:
        """A whole file, checked, in the cache: the one there if the publisher says that it is still the same.

        Raises NotPublished, SourceChanged (a web page in place of data, a wrong checksum), NotFetched.
        """
        with self.cache.held(ask.public, ask.name or ask.public):
            here = self._cached(ask)
            if here is not None and (self.offline or (ask.version is not None and here.version == ask.version)):
                return here
            self._must_be_online(ask)
            with self._writing(ask):
                return self._tried(ask, lambda: self._download_once(ask, here))

    def assembled(self, ask: Ask, pieces: Callable[[], Iterable[bytes]], rows: Callable[[], int]) -> Kept:
        """A file put together from an interface's pages; not made again where the cache has the same `version`.

        `pieces` gives its bytes in order and `rows`, asked afterwards, how many rows they hold.
        """
        with self.cache.held(ask.public, ask.name or ask.public):
            here = self._cached(ask)
            if here is not None and (self.offline or (ask.version is not None and here.version == ask.version)):
                return here
            self._must_be_online(ask)
            part = self.cache.part(ask.public).path
            digest = hashlib.sha256()
            try:
                with self._writing(ask):
                    with part.open("wb") as out:
                        self._need_room(ask, 0)
                        for piece in pieces():
                            self._need_room(ask, len(piece))
                            digest.update(piece)
                            out.write(piece)
                            self._progress(ask.name or ask.public, out.tell(), None)
                    about = self._about(ask, {}, rows=rows())
                    return self.cache.store(part, digest.hexdigest(), about)
            finally:
                part.unlink(missing_ok=True)

    @contextmanager
    def _writing(self, ask: Ask) -> Iterator[None]:
        """What the disk refuses is a fault of this file, told with where it was to go; what came of it is removed."""
        try:
            yield
        except OSError as why:
            self.cache.part(ask.public).path.unlink(missing_ok=True)  # a full disk: leave the room to others
            raise NotFetched(
                f"{ask.name or ask.public} could not be written: {why.strerror or why}\n  where: {self.cache.folder}\n"
                "  mend:  free some space, or set INFRAPLAN_CACHE to a directory on a larger disk"
            ) from None

    # --- one try ------------------------------------------------------------------------------------------------

    def _json_once(self, ask: Ask) -> Any:  # noqa: ANN401
        body, status = self._body_once(ask)
        if status == _NO_CONTENT or not body.strip():
            return None
        try:
            return json.loads(body)
        except ValueError:
            if responses.is_page(body):
                words = self.clean(responses.words(body))
                if ask.secret and " key" in f" {words.lower()}":
                    raise NoCredential(f"{ask.host} did not accept the key: {words}\n  where: {ask.public}") from None
                raise SourceChanged(
                    f"{ask.host} sent a web page in place of data: {words}\n"
                    f"  where: {ask.public}\n  mend:  the site may be down or want an account; try again later"
                ) from None
            if responses.looks_cut(body):
                raise Again("the answer was cut off") from None
            raise SourceChanged(
                f"{ask.host} sent something that is not JSON: {self.clean(responses.words(body))}\n  where: {ask.public}\n"
                "  mend:  try again later; if it stays so, add the file by hand with `infraplan data add`"
            ) from None

    def _body_once(self, ask: Ask) -> tuple[bytes, int]:
        with self._open(ask) as answer:
            body = bytearray()
            for chunk in self._chunks(answer):
                body += chunk
                if len(body) > self.limits.most_body_bytes:
                    raise SourceChanged(
                        f"{ask.host} sent more than {self.limits.most_body_bytes:,} bytes for one page\n"
                        f"  where: {ask.public}\n  mend:  tell the makers of infraplan; the interface has changed"
                    )
            plain = (
                answer.headers.get("Content-Encoding", "identity") == "identity"
            )  # a sum of packed bytes is not ours
            if plain and not responses.sum_agrees(answer.headers, bytes(body)):
                raise SourceChanged(
                    f"an answer of {ask.host} does not have the checksum that it announces\n  where: {ask.public}\n"
                    "  mend:  run the command again; if it stays so, the publisher's copy is damaged"
                )
            return bytes(body), answer.status_code

    def _look_once(self, ask: Ask) -> Seen:
        with self._open(ask, method="HEAD", fine=_NO_HEAD) as answer:
            if answer.status_code in _NO_HEAD:
                return Seen()
            told = answer.headers
            size = responses.whole(told.get("Content-Length"))
            return Seen(bytes=size, etag=told.get("ETag"), modified=told.get("Last-Modified"))

    def _download_once(self, ask: Ask, here: Kept | None) -> Kept:
        part = self.cache.part(ask.public)
        already = part.bytes
        headers = {"Accept-Encoding": "identity"}
        if already and part.mark:
            headers |= {"Range": f"bytes={already}-", "If-Range": part.mark}
        elif here is not None and here.etag:
            headers["If-None-Match"] = here.etag
        elif here is not None and here.modified:
            headers["If-Modified-Since"] = here.modified
        with self._open(ask, headers=headers, fine=(_NOT_MODIFIED, _RANGE_REFUSED)) as answer:
            if answer.status_code == _NOT_MODIFIED and here is not None:
                self.cache.write_index(replace(here, version=ask.version))
                return here
            if answer.status_code == _RANGE_REFUSED or not _continues(answer, already):
                part.path.unlink(missing_ok=True)
                raise Again("the server could not continue the download; starting over")
            start = already if answer.status_code == _PARTIAL else 0
            self._refuse_page(ask, answer)
            total = self._expected(ask, answer, start)
            digest = self._receive(ask, answer, part, start, total)
            about = self._about(ask, answer.headers)
            self._check_whole(ask, answer.headers, part.path, digest)
        return self.cache.store(part.path, digest.hexdigest(), about)

    def _receive(self, ask: Ask, answer: requests.Response, part: Part, start: int, total: int | None) -> Any:  # noqa: ANN401
        """Append what comes to the part; returns the running SHA-256. A broken line leaves the part for the next try."""
        mark = responses.mark(answer.headers)
        write_json(self.cache.part_about(ask.public), {"mark": mark})
        digest = hashlib.sha256()
        name = ask.name or ask.public
        with part.path.open("r+b" if start else "wb") as out:
            if start:
                while chunk := out.read(_CHUNK):
                    digest.update(chunk)
            done = start
            try:
                for chunk in self._chunks(answer):
                    done += len(chunk)
                    if done > (self.limits.most_file_bytes if total is None else total):
                        part.path.unlink()
                        raise SourceChanged(f"{ask.host} sent more than it announced\n  where: {ask.public}")
                    digest.update(chunk)
                    out.write(chunk)
                    self._progress(name, done, total)
            except Again as why:
                why.gained = mark is not None and done - start > self.limits.least_bytes
                raise
        if total is not None and done < total:
            raise Again(f"the line broke after {done:,} of {total:,} bytes", gained=mark is not None and done > start)
        return digest

    # --- one answer ---------------------------------------------------------------------------------------------

    def _open(
        self, ask: Ask, *, method: str = "GET", headers: Mapping[str, str] | None = None, fine: tuple[int, ...] = ()
    ) -> requests.Response:
        """An answer with its body unread, redirects followed; raises Again for what may pass, NotFetched otherwise."""
        self._secrets |= {value for value in (*ask.secret.values(), *ask.headers.values()) if value}
        address, params, private = ask.address, {**ask.params, **ask.secret}, dict(ask.headers)
        self._refuse_open_line(ask, address)
        for _ in range(self.limits.most_redirects + 1):
            self._wait_turn(urlsplit(address).netloc, ask.pause)
            try:
                answer = self._session.request(
                    method,
                    address,
                    params=params,
                    headers={**private, **(headers or {})},
                    timeout=(self.limits.connect_seconds, self.limits.read_seconds),
                    stream=True,
                    allow_redirects=False,
                )
            except requests.exceptions.RequestException as why:
                raise Again(_in_words(why), silent=True) from None
            self._answered = True
            self._given_up.discard(urlsplit(address).netloc)
            if answer.status_code not in _MOVED or "Location" not in answer.headers:
                return self._judged(ask, answer, fine)
            answer.close()
            target = urljoin(answer.url, answer.headers["Location"])
            if urlsplit(address).scheme == "https" and urlsplit(target).scheme != "https":
                raise NotFetched(f"{ask.host} redirects to an address without encryption\n  where: {ask.public}")
            if answer.status_code in _FOR_GOOD:
                self.moved[public_address(address)] = self.clean(public_address(target))
            if urlsplit(target).netloc != urlsplit(address).netloc:
                private, params, target = (
                    {},
                    {},
                    self._without_secrets(target),
                )  # they are for the host they were given for
            else:
                told = dict(parse_qsl(urlsplit(target).query))
                params = {name: value for name, value in ask.secret.items() if params and name not in told}
            address = target
        raise NotFetched(f"{ask.host} redirects in a circle\n  where: {ask.public}\n  mend:  try again later")

    def _without_secrets(self, address: str) -> str:
        """An address without the query parameters that hold a credential: a server may have put them there itself."""
        parts = urlsplit(address)
        kept = [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if value not in self._secrets
        ]
        return urlunsplit(parts._replace(query=urlencode(kept))) if self.clean(parts.query) != parts.query else address

    def _judged(self, ask: Ask, answer: requests.Response, fine: tuple[int, ...]) -> requests.Response:
        status = answer.status_code
        if status in fine or (200 <= status < 300):  # noqa: PLR2004 - the successes of HTTP
            return answer
        words = self.clean(responses.words(_start_of(answer)))
        answer.close()
        told = f"{ask.host} answered {status}" + (f": {words}" if words else "")
        if status in _AGAIN:
            raise Again(f"{ask.host} answered {status}", responses.retry_after(answer.headers))
        if status in _NOT_THERE:
            raise NotPublished(f"{told}\n  where: {ask.public}")
        if status in _REFUSED and (ask.secret or ask.headers):
            raise NoCredential(
                f"{told}\n  where: {ask.public}\n  mend:  the account or key in the environment was not accepted; "
                "make a new one at the publisher, or download the file in a browser and `infraplan data add` it"
            )
        if status == _WANTS_ACCOUNT:
            raise NoCredential(
                f"{told}\n  where: {ask.public}\n  mend:  it wants an account or a token; "
                "or download the file in a browser and `infraplan data add` it"
            )
        mend = "the site lets only browsers in: download the file there and `infraplan data add` it"
        if status not in _REFUSED:
            mend = "the publisher's interface may have changed; download the file by hand and `infraplan data add` it"
        raise NotFetched(f"{told}\n  where: {ask.public}\n  mend:  {mend}")

    def _chunks(self, answer: requests.Response) -> Iterable[bytes]:
        """The body as it comes, never more than a chunk in memory; a trickle counts as a broken line."""
        limits = self.limits
        since, came = time.monotonic(), 0
        while True:
            try:
                chunk = answer.raw.read1(_CHUNK, decode_content=True)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as why:
                raise Again(_in_words(why)) from None
            if not chunk:
                return
            yield chunk
            came += len(chunk)
            now = time.monotonic()
            if now - since >= limits.trickle_seconds:
                if came < limits.least_bytes:
                    raise Again(f"only {came:,} bytes came in {now - since:.0f} seconds")
                since, came = now, 0

    def _tried(self, ask: Ask, once: Callable[[], T]) -> T:
        limits, tries, total = self.limits, 0, 0
        while True:
            try:
                return once()
            except Again as why:
                total += 1
                tries = 1 if why.gained else tries + 1
                if tries >= self._most_tries(ask) or total >= limits.most_tries:
                    if why.silent:
                        self._given_up.add(urlsplit(ask.address).netloc)
                    raise NotFetched(
                        f"{ask.host} could not be read: {why} ({_counted(total)})\n  where: {ask.public}\n"
                        "  mend:  try again later; what has arrived is kept and continued"
                    ) from None
                pause = min(limits.first_pause * 2 ** (tries - 1), limits.longest_pause)
                wait = pause if why.wait is None else why.wait
                if wait > limits.longest_wait:
                    raise NotFetched(
                        f"{ask.host} asks to come back in {wait:,.0f} seconds\n  where: {ask.public}\n"
                        "  mend:  run this command again then; what has arrived is kept"
                    ) from None
                said = str(why) if ask.host in str(why) else f"{ask.host}: {why}"
                self._told(f"{said}; trying again in {wait:.0f} s")
                self._sleep(wait)

    def _most_tries(self, ask: Ask) -> int:
        """How often to try: once where the host was given up in this session, or another while nobody at all answers."""
        gone = urlsplit(ask.address).netloc in self._given_up or self.alone
        return 1 if gone else self.limits.tries

    # --- checks -------------------------------------------------------------------------------------------------

    def _expected(self, ask: Ask, answer: requests.Response, start: int) -> int | None:
        """Bytes of the whole file, None where the server does not say; refuses what does not fit on the disk."""
        length = responses.whole(answer.headers.get("Content-Length"))
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            length = None  # it counts packed bytes
        if (length or 0) > self.limits.most_file_bytes:
            raise NotFetched(f"{ask.host} announces {length:,} bytes, more than is sane\n  where: {ask.public}")
        self._need_room(ask, length or 0)
        return None if length is None else start + length

    def _need_room(self, ask: Ask, size: int) -> None:
        """Refuse what would not leave `spare_bytes` on the disk."""
        free = shutil.disk_usage(self.cache.folder).free
        if size + self.limits.spare_bytes > free:
            raise NotFetched(
                f"{ask.name or ask.public} needs {size:,} bytes or more; {free:,} are free at {self.cache.folder}\n"
                "  mend:  free some space, or set INFRAPLAN_CACHE to a directory on a larger disk"
            )

    def _refuse_page(self, ask: Ask, answer: requests.Response) -> None:
        """Refuse a web page before it is taken for the file."""
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in {"text/html", "application/xhtml+xml"}:
            raise SourceChanged(responses.page_words(ask, self.clean(responses.words(_start_of(answer)))))
        if kind == "application/json" and ask.kind in {"zip", "csv", "xls"}:
            raise SourceChanged(
                f"{ask.host} sent a message in place of the file: {self.clean(responses.words(_start_of(answer)))}\n"
                f"  where: {ask.public}"
            )

    def _check_whole(self, ask: Ask, headers: Mapping[str, str], path: Path, digest: Any) -> None:  # noqa: ANN401
        """Hold a finished part against the publisher's checksum and its kind; a part that fails is removed."""
        with path.open("rb") as stream:
            head = stream.read(responses.READ_FOR_WORDS)
        wrong: Exception | None = None
        if not responses.sum_agrees(headers, path, digest.digest()):
            wrong = SourceChanged(
                f"{ask.name or ask.public} does not have the checksum that {ask.host} announces\n  where: {ask.public}\n"
                "  mend:  run the command again; if it stays so, the publisher's copy is damaged"
            )
        elif responses.is_page(head) and ask.kind != "any":
            wrong = SourceChanged(responses.page_words(ask, self.clean(responses.words(head))))
        elif ask.kind == "zip" and not zipfile.is_zipfile(path):
            cut = Again("the archive was cut off")
            other = SourceChanged(f"{ask.host} sent something that is not a zip archive\n  where: {ask.public}")
            wrong = cut if head.startswith(b"PK") else other
        elif ask.kind == "json" and not responses.is_json(path, head):
            cut = Again("the answer was cut off")
            other = SourceChanged(f"{ask.host} sent something that is not JSON\n  where: {ask.public}")
            wrong = cut if head.lstrip()[:1] in (b"{", b"[") else other
        elif not head:
            wrong = Again("an empty file came")
        if wrong is not None:
            path.unlink(missing_ok=True)
            raise wrong

    def _refuse_open_line(self, ask: Ask, address: str) -> None:
        private = bool(ask.secret or ask.headers)
        where = urlsplit(address)
        if private and where.scheme != "https" and where.hostname not in LOOPBACK:
            raise NotFetched(
                f"a credential would be sent to {where.hostname} without encryption\n  mend:  give an https address"
            )

    def _must_be_online(self, ask: Ask) -> None:
        if self.offline:
            raise self._not_cached(ask)

    def _not_cached(self, ask: Ask) -> NotCached:
        return NotCached(
            f"{ask.name or ask.public} is not in the cache, and --offline allows nothing else\n"
            "  mend:  run once without --offline, or add the file by hand with `infraplan data add`"
        )

    # --- memory -------------------------------------------------------------------------------------------------

    def _cached(self, ask: Ask) -> Kept | None:
        before = len(self.cache.damaged)
        here = self.cache.find(ask.public)
        for name in self.cache.damaged[before:]:
            self._told(f"the cached {name} is not what was downloaded; it is put aside and fetched again")
        return here

    def _about(self, ask: Ask, headers: Mapping[str, str], rows: int | None = None) -> Kept:
        return Kept(
            path=Path(),
            name=file_name(ask, headers),
            address=ask.public,
            sha256="",
            bytes=0,
            fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
            etag=headers.get("ETag"),
            modified=headers.get("Last-Modified"),
            version=ask.version,
            rows=rows,
        )

    def tell(self, words: str) -> None:
        """Say what a person should hear of a fetch that went well enough."""
        self._told(self.clean(words))

    def _wait_turn(self, host: str, pause: float) -> None:
        due = self._last.get(host, -pause) + pause - time.monotonic()
        if due > 0:
            self._sleep(due)
        self._last[host] = time.monotonic()

    def clean(self, text: str) -> str:
        """A text without any credential that this session has used."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***").replace(urlencode({"": secret})[1:], "***")
        return text


_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "requests")


class _Hush(logging.Filter):
    """Takes credentials out of what the libraries log."""

    def __init__(self, http: Http) -> None:
        super().__init__()
        self._http = http

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean one record and let it pass."""
        record.msg, record.args = self._http.clean(record.getMessage()), ()
        return True


# --- small readings of answers ----------------------------------------------------------------------------------------


def _as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _continues(answer: requests.Response, already: int) -> bool:
    if answer.status_code != _PARTIAL:
        return True
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    return found is not None and int(found[1]) == already > 0


def _start_of(answer: requests.Response) -> bytes:
    try:
        return bytes(answer.raw.read(responses.READ_FOR_WORDS, decode_content=True))
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        return b""


def _counted(tries: int) -> str:
    """So many tries, in words.

    >>> _counted(1), _counted(6)
    ('1 try', '6 tries')
    """
    return f"{tries} {'try' if tries == 1 else 'tries'}"


def _in_words(why: BaseException) -> str:
    """A library's exception in words that hold no address."""
    for kind, words in (
        (requests.exceptions.SSLError, "its certificate could not be verified"),
        (requests.exceptions.ConnectTimeout, "no connection in time"),
        (requests.exceptions.ReadTimeout, "no answer in time"),
        (urllib3.exceptions.ReadTimeoutError, "no answer in time"),
        (requests.exceptions.ProxyError, "the proxy refused"),
        (requests.exceptions.ConnectionError, "no connection"),
        (urllib3.exceptions.IncompleteRead, "the line broke"),
        (urllib3.exceptions.DecodeError, "the answer could not be unpacked"),
    ):
        if isinstance(why, kind):
            return words
    return "the line broke"
