"""What a server's answer says: its headers and first bytes read for size, mark, patience and truth."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path

from infraplan.asks import Ask

READ_FOR_WORDS = 2_000


def whole(text: str | None) -> int | None:
    """A header's whole number; None where it has none."""
    return int(text) if text is not None and text.isdigit() else None


def mark(headers: Mapping[str, str]) -> str | None:
    """The mark by which a broken download may be continued: a strong ETag, else the date of change."""
    etag = headers.get("ETag")
    if etag and not etag.startswith("W/"):
        return etag
    return headers.get("Last-Modified")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait; a date is read by the server's own clock, whatever ours says."""
    told = headers.get("Retry-After", "").strip()
    if told.isdigit():
        return float(told)
    try:
        then, now = parsedate_to_datetime(told), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (then - now).total_seconds())
    except (TypeError, ValueError):
        return None


def is_page(head: bytes) -> bool:
    """Whether what begins so is a web page."""
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:200].lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<script"))


def is_json(path: Path, head: bytes) -> bool:
    """Whether a file begins and ends as one JSON value does."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - READ_FOR_WORDS))
        end = stream.read()
    return head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] + end.rstrip()[-1:] in (b"{}", b"[]")


def page_words(ask: Ask, words: str) -> str:
    """In words, that a page came in place of a file, and what it says."""
    return (
        f"{ask.host} sent a web page in place of {ask.name or 'the file'}: {words}\n  where: {ask.public}\n"
        "  mend:  the site may be down or let only browsers in: download the file there and `infraplan data add` it"
    )


def words(body: bytes) -> str:
    """What a message or page says, in one short line without markup.

    >>> words(b"<html><head><title>Down for maintenance</title></head></html>")
    'Down for maintenance'
    """
    text = body[:READ_FOR_WORDS].decode("utf-8", errors="replace")
    text = re.sub(r"(?is)<(script|style).*?(</\1>|$)|<[^>]*>", " ", text)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:160]


def looks_cut(body: bytes) -> bool:
    """Whether a body starts as JSON and lacks its end.

    >>> looks_cut(b'[["NAME","state"],["Maine"'), looks_cut(b"error: unknown variable")
    (True, False)
    """
    bare = body.strip()
    return bare[:1] in (b"{", b"[") and not (
        bare.endswith((b"}", b"]")) and bare[:1] == {b"}": b"{", b"]": b"["}[bare[-1:]]
    )


def sum_agrees(headers: Mapping[str, str], content: Path | bytes, sha256: bytes | None = None) -> bool:
    """Whether a file or a body has the checksum that its publisher sent along; true where none was."""
    wanted: list[tuple[str, bytes]] = []
    digest = headers.get("Repr-Digest") or headers.get("Digest") or ""
    if found := re.search(r"sha-256=:?([A-Za-z0-9+/=]+):?", digest, re.IGNORECASE):
        wanted.append((found[1], sha256 or _digest(content, "sha256")))
    if told := headers.get("Content-MD5"):
        wanted.append((told, _digest(content, "md5")))
    return all(text.strip().rstrip("=") == b64encode(ours).decode().rstrip("=") for text, ours in wanted)


def _digest(content: Path | bytes, kind: str) -> bytes:
    if isinstance(content, bytes):
        return hashlib.new(kind, content, usedforsecurity=False).digest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(kind, usedforsecurity=False)).digest()
