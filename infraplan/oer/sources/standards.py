"""Standards and alignments from CSV tables and CASE packages, their codes brought to one key.

`CCSS.Math.Content.1.NBT.B.2a`, `1.NBT.2a` and `1.nbt.2a` are one standard; an alignment to the Common Core is not an
alignment to a state's own standards, even where codes look alike.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from infraplan import tablefiles
from infraplan.oer.sources.case import read_case
from infraplan.resources import data_path, read_toml

OWN = "own"
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_MARKS = re.compile(r"[\s.,;:*\u2605\u2606\u2020+]*(?:\(\+\)|\(\*\))?[\s.,;:*\u2605\u2606\u2020+]*$")


@dataclass(frozen=True)
class Code:
    """One code read: the framework its notation belongs to (`own` if none is known) and its key there."""

    framework: str
    key: str

    @property
    def parent(self) -> str:
        """The key without its letter; the key itself if it has none."""
        return re.sub(r"(?<=\d)[A-J]$", "", self.key)


@dataclass(frozen=True)
class _Notation:
    """How one framework's codes are written, and how tables name the framework."""

    framework: str
    named: re.Pattern[str]
    before: re.Pattern[str]
    without_grade: str
    patterns: tuple[re.Pattern[str], ...]
    keep_cluster: bool


@cache
def _notations() -> tuple[_Notation, ...]:
    told = read_toml(data_path("codes", "standards_notation.toml"))["notation"]
    return tuple(
        _Notation(
            entry["framework"],
            re.compile(entry["named"]),
            re.compile(entry["before"]),
            entry["without_grade"],
            tuple(re.compile(pattern) for pattern in entry["patterns"]),
            bool(entry.get("keep_cluster")),
        )
        for entry in told
    )


@cache
def read_code(raw: str, framework: str = "") -> Code:
    """The key of a code. `framework` is the table's own word for it; a framework not known by name keeps its codes apart.

    >>> read_code("CCSS.Math.Content.1.NBT.B.2a").key, read_code("1.nbt.2.a").key
    ('1.NBT.2A', '1.NBT.2A')
    >>> read_code("HSA-APR.B.3").key, read_code("A.APR.3").key
    ('HSA.APR.3', 'HSA.APR.3')
    """
    written = re.sub(r"\s+", " ", _DASHES.sub("-", raw.strip().upper()))
    plain = _MARKS.sub("", written)  # "G-C.A.4 (+)", "F-LE.A.1*"
    named = framework.strip().upper()
    known = any(notation.named.search(named) for notation in _notations())
    for notation in _notations():
        if named and not notation.named.search(named) and (known or not written.startswith("CCSS")):
            continue
        for pattern in notation.patterns:
            match = pattern.search(plain) or pattern.search(plain.replace(" ", "."))
            if match and (notation.named.search(named) or notation.before.search(plain[: match.start()])):
                return Code(notation.framework, _key(match.groupdict(), notation))
    return Code(named or OWN, _own_key(written))


@cache
def _own_prefix() -> re.Pattern[str]:
    return re.compile(read_toml(data_path("codes", "standards_notation.toml"))["own_prefix"])


def _own_key(written: str) -> str:
    """The numbers and letters of a state's own code, kept apart: "10.1.1" is not "10.11"."""
    parts = re.findall(r"[^\W\d_]+|\d+", _own_prefix().sub("", written))
    return ".".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)


def _key(parts: dict[str, str | None], notation: _Notation) -> str:
    grade = parts.get("grade")
    told = f"HS{grade}" if grade in set("NAFGS") else grade or notation.without_grade
    number = (parts.get("number") or "") + (parts.get("letter") or "")
    cluster = parts.get("cluster")
    middle = [cluster] if cluster and (notation.keep_cluster or not number) else []
    domain = [parts["domain"] or ""] if parts["domain"] != told else []
    return ".".join([told, *domain, *middle, *([number] if number else [])])


def read_standards(path: Path | str) -> pd.DataFrame:
    """Standards as `code, framework, course, grade`, from a table or a CASE package (JSON with CFItems).

    In a package the course of an item is the nearest item above it that its publisher calls a course, grade or subject.
    """
    path = Path(path)
    if path.suffix.lower() == ".json" and path.is_file():
        package = read_case(path)
        if package is not None:
            return package
    return _without_nulls(tablefiles.read_declared(path, "standards"))


def read_alignments(path: Path | str) -> pd.DataFrame:
    """Alignments as `resource_id, code, program, cost, framework, license`, in the file's order, one code a row.

    A cell with several codes becomes a row for each of them.
    """
    frame = _without_nulls(tablefiles.read_declared(path, "alignments"))
    codes = pd.Series([split_codes(cell) for cell in frame["code"]], index=frame.index, dtype=object)
    return frame.assign(code=codes).explode("code")


def split_codes(cell: str) -> list[str]:
    """The codes of a cell, parted by semicolons, bars, new lines or commas.

    >>> split_codes("RL.3.1, RL.3.2; 3.OA.A.1"), split_codes("111.39(c)(2)(A)")
    (['RL.3.1', 'RL.3.2', '3.OA.A.1'], ['111.39(c)(2)(A)'])
    """
    parts = re.split(r"[;|\n]|,\s*(?=[^\s,]*\d)", cell)
    return [part.strip() for part in parts if part.strip()] or [cell.strip()]


def _without_nulls(frame: pd.DataFrame) -> pd.DataFrame:
    """Blanks as empty text: codes are compared as text."""
    texts = [name for name in frame.columns if name != "cost"]
    return frame.assign(
        **{name: frame[name].astype(object).where(frame[name].notna(), "").astype(str) for name in texts}
    )
