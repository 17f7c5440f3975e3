"""The skeleton of every page: title, stamps, sections, sources with their hashes, notes, one file, no network.

A page carries a content security policy: nothing is loaded from anywhere, and only the scripts written here run,
each allowed by its hash, so that a name in somebody's file that looks like markup stays text even if escaping failed.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from infraplan.outputs.tables import Field, table
from infraplan.outputs.templating import render, static
from infraplan.outputs.themes import Theme, load_theme
from infraplan.wholefiles import write_text

DISCLAIMER = "Planning figures, not legal advice; USAC and the other program administrators decide."
SHORT_HASH = 12


@dataclass(frozen=True, kw_only=True)
class SourceNote:
    """Where figures came from: what a reader needs to find the same file again.

    `sha256` is the file's fingerprint, `rows` the rows read; `tables` names the tables built from it (empty = all).
    """

    title: str
    publisher: str
    as_of: str
    file: str
    sha256: str
    rows: int | None = None
    tables: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Title, publisher and date, for a popup."""
        return f"{self.title}, {self.publisher}, as of {self.as_of}"


def sentence_of(sources: Sequence[SourceNote]) -> str:
    """Sources in one line: title, publisher and date; files of one publisher and date are counted, not listed.

    >>> one = SourceNote(title="Offers", publisher="FCC", as_of="2022-06-30", file="a", sha256="")
    >>> sentence_of([one]), sentence_of([one, one])
    ('Offers, FCC, as of 2022-06-30', 'FCC, as of 2022-06-30 (2 files)')
    """
    groups: dict[tuple[str, str], list[SourceNote]] = {}
    for note in sources:
        groups.setdefault((note.publisher, note.as_of), []).append(note)
    return "; ".join(
        f"{publisher}, as of {date} ({len(notes)} files)" if len(notes) > 1 else notes[0].sentence
        for (publisher, date), notes in groups.items()
    )


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a page: an anchor, a heading and HTML that is already safe."""

    anchor: str
    heading: str
    body: Markup


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything on a page. `stamps` (SYNTHETIC, HISTORIC, ...) cannot be left out by a reader or by print.

    `data` are JSON texts by element id, already safe inside a script element (`templating.to_json`).
    """

    title: str
    lead: str
    sections: Sequence[Section]
    sources: Sequence[SourceNote] = ()
    stamps: Sequence[str] = ()
    notes: Sequence[str] = ()
    method: Sequence[tuple[str, str]] = ()
    disclaimer: str = DISCLAIMER
    styles: Sequence[str] = ()
    scripts: Sequence[str] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    images_from: str = ""
    colophon: str = ""


def html(page: Page, theme: Theme | None = None) -> str:
    """The page as one HTML document, self-contained: its styles, scripts and data are inside."""
    scripts = [static("page.js"), *page.scripts]
    theme = theme or load_theme("plain")
    return render(
        "page.html",
        page=page,
        styles=[theme.css, static("page.css"), *page.styles],
        scripts=scripts,
        policy=_policy(scripts, page.images_from),
        sources=_sources(page.sources),
    )


def write(path: Path, page: Page, theme: Theme | None = None) -> Path:
    """Write the page whole or not at all; returns its path."""
    write_text(path, html(page, theme))
    return path


def _policy(scripts: Sequence[str], images_from: str) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    images = f"data: {images_from}".strip()
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {images}; "
        "base-uri 'none'; form-action 'none'"
    )


def _sources(sources: Sequence[SourceNote]) -> Markup:
    if not sources:
        return Markup("<p>No source files were named for this page.</p>")
    frame = pd.DataFrame(
        [
            {
                "title": note.title,
                "publisher": note.publisher,
                "as_of": note.as_of,
                "file": note.file,
                "rows": note.rows,
                "sha256": note.sha256[:SHORT_HASH],
            }
            for note in sources
        ]
    )
    fields = [
        Field(column="title", label="Source", format="text"),
        Field(column="publisher", label="Publisher", format="text"),
        Field(column="as_of", label="As of", format="text"),
        Field(column="file", label="File", format="text"),
        Field(column="rows", label="Rows read", missing="not recorded"),
        Field(column="sha256", label=f"SHA-256 (first {SHORT_HASH})", format="text"),
    ]
    return table(frame, fields, caption="Files behind these figures", table_id="sources-table")
