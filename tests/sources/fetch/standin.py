"""A server on this computer that stands in for all publishers, at their best or at their worst.

What is meant for `https://bdc.fcc.gov/x` is asked of `http://127.0.0.1:PORT/bdc.fcc.gov/x`. `pages` answers by path,
`files` are served as a good file server does (length, ETag, ranges, conditions), and `faults` are played before either:
one for each request to a path that begins so, in order.
"""

import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Answer:
    """One answer and how badly it is given.

    `cut` closes the line after so many bytes of the body, `drip` gives one byte in so many seconds, `length` False
    leaves out how long it is, `chunked` sends it in chunks (and, cut, without the last), `reset` breaks the line at once.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0
    length: bool = True
    chunked: bool = False
    reset: bool = False


Page = Callable[[Asked], Answer]


def as_json(told: Any, status: int = 200, **more: Any) -> Answer:
    """An answer in JSON."""
    return Answer(json.dumps(told).encode(), status, {"Content-Type": "application/json"}, **more)


def _as_it_is(_: Asked, answer: Answer) -> Answer:
    return answer


MAINTENANCE = Answer(
    b"<!DOCTYPE html><html><head><title>Down for scheduled maintenance</title></head></html>",
    200,
    {"Content-Type": "text/html"},
)


class Standin:
    """The server; a context manager that starts and stops it."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.files: dict[str, bytes] = {}
        self.marks: dict[str, dict[str, str]] = {}
        self.faults: dict[str, list[Answer | Page]] = {}
        self.spoil: Callable[[Asked, Answer], Answer] = _as_it_is
        self.asked: list[Asked] = []
        self.best: tuple[dict[str, Page], dict[str, bytes]] = ({}, {})
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"standin": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    def remember(self) -> None:
        """Keep what there is as the best."""
        self.best = (dict(self.pages), dict(self.files))

    def reset(self) -> None:
        """Be at one's best again, and remember no request."""
        with self.lock:
            self.pages, self.files = dict(self.best[0]), dict(self.best[1])
            self.marks, self.faults, self.asked = {}, {}, []
            self.spoil = _as_it_is

    @property
    def base(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def hosts(self) -> dict[str, str]:
        """What `Place.hosts` sends here: every publisher that has a page or a file."""
        names = {path.split("/")[1] for path in (*self.pages, *self.files)}
        return {name: f"{self.base}/{name}" for name in sorted(names)}

    def fault(self, start: str, *answers: "Answer | Page") -> None:
        """Play these before what a path beginning with `start` has to say, one for each request."""
        self.faults.setdefault(start, []).extend(answers)

    def count(self, start: str, method: str = "GET") -> int:
        """How often a path beginning with `start` was asked."""
        return sum(one.path.startswith(start) and one.method == method for one in self.asked)

    def answer(self, asked: Asked) -> Answer:
        """What to say to one request, spoiled as `spoil` has it."""
        return self.spoil(asked, self._sound(asked))

    def _sound(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            for start, waiting in self.faults.items():
                if waiting and asked.path.startswith(start) and asked.method == "GET":
                    first = waiting.pop(0)
                    return first(asked) if callable(first) else first
        if asked.path in self.pages:
            return self.pages[asked.path](asked)
        if asked.path in self.files:
            return self.file(asked)
        return as_json({"message": "not found"}, 404)

    def file(self, asked: Asked, **worse: Any) -> Answer:
        """A file as a good server gives it: conditions, ranges, marks."""
        body = self.files[asked.path]
        mark = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": mark, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        headers |= self.marks.get(asked.path, {})
        headers = {name: value for name, value in headers.items() if value}
        if asked.headers.get("If-None-Match") == headers.get("ETag", "none"):
            return Answer(b"", 304, headers)
        told = asked.headers.get("Range")
        if told and asked.headers.get("If-Range") == headers.get("ETag"):
            start = int(told.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                return Answer(b"", 416, {"Content-Range": f"bytes */{len(body)}"})
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return Answer(body[start:], 206, headers, **worse)
        return Answer(body, 200, headers, **worse)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers that hang up: some tests are about just that."""


class _Handler(BaseHTTPRequestHandler):
    standin: Standin
    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True  # head and body are two writes: else each answer waits 40 ms for the caller's ACK

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers))
        answer = self.standin.answer(asked)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in {"Date": self.date_time_string(), **answer.headers}.items():
            self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.length and answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD" or answer.status in (204, 304):
            return
        try:
            self._give(answer)
        except OSError:
            self.close_connection = True

    def _give(self, answer: Answer) -> None:
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        if answer.chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) + (b"" if answer.cut is not None else b"0\r\n\r\n")
        if answer.drip:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(answer.drip)
        else:
            self.wfile.write(body)
        if answer.cut is not None or not (answer.length or answer.chunked):
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: tests read `asked`."""
