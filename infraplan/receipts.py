"""Receipts: where every byte came from, and what was made of it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What is known of one file that was added: its bytes, its publisher, its date, and the rows made of it.

    `as_of` is the date the data speak for, `revision` the publisher's date of this issue of them; both ISO dates or
    None where the file does not say. `tables` maps a table to rows kept; `refused` a reason to rows left out.
    """

    receipt_id: str
    file: str
    sha256: str
    bytes: int
    added_at: str
    source: str
    title: str
    publisher: str
    license: str = ""
    as_of: str | None = None
    revision: str | None = None
    address: str | None = None
    rows_read: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    def record(self) -> dict[str, Any]:
        """The receipt as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Receipt":
        """The receipt that `record` wrote."""
        return cls(**{**record, "notes": tuple(record.get("notes", ()))})

    def line(self) -> str:
        """One line for people: file, what it is, its date, rows read and kept."""
        kept = ", ".join(f"{rows:,} rows of {table}" for table, rows in self.tables.items())
        left = "".join(f"; left out {rows:,}: {why}" for why, rows in self.refused.items())
        return f"{self.file}: {self.title}, as of {self.as_of or 'unknown date'}; read {self.rows_read:,}, kept {kept}{left}"


def real_date(text: str) -> bool:
    """Whether a text is a year, a year and month, or a day that exists, written as 2026, 2026-06 or 2026-06-30.

    >>> [real_date(text) for text in ("2026", "2026-06-30", "2026-02-30", "July 1, 2026", "0")]
    [True, True, False, False, False]
    """
    if not re.fullmatch(r"(19|20)\d{2}(-\d{2}(-\d{2})?)?", text):
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10] if len(text) == len("2026") else f"{text}-01"[:10])
    except ValueError:
        return False
    return True


def sha256_of(paths: Sequence[Path]) -> str:
    """SHA-256 over one file, or over the files of a set (a shapefile and its sidecars) in the order given."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                total.update(chunk)
    return total.hexdigest()
