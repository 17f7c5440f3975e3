"""Standards and alignments from CSV tables and CASE packages, their codes brought to one key.

`CCSS.Math.Content.1.NBT.B.2a`, `1.NBT.2a` and `1.nbt.2a` are one standard; an alignment to the Common Core is not an
alignment to a state's own standards, even where codes look alike.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault
from infraplan.resources import data_path, read_toml

OWN = "own"


@dataclass(frozen=True)
class Code:
    """One code read: the framework its notation belongs to (`own` if none is known) and its key there."""

    framework: str
    key: str

    @property
    def parent(self) -> str:
        """The key without its letter; the key itself if it has none."""
        return re.sub(r"(?<=\d)[A-F]$", "", self.key)


@dataclass(frozen=True)
class _Notation:
    """How one framework's codes are written, and how tables name the framework."""

    framework: str
    named: re.Pattern[str]
    patterns: tuple[re.Pattern[str], ...]
    keep_cluster: bool


@cache
def _notations() -> tuple[_Notation, ...]:
    told = read_toml(data_path("codes", "standards_notation.toml"))["notation"]
    return tuple(
        _Notation(
            entry["framework"],
            re.compile(entry["named"]),
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
    written = re.sub(r"\s+", " ", raw.strip().upper().replace("\u2013", "-"))
    named = framework.strip().upper()
    known = any(notation.named.search(named) for notation in _notations())
    for notation in _notations():
        if named and not notation.named.search(named) and (known or not written.startswith("CCSS")):
            continue
        for pattern in notation.patterns:
            match = pattern.search(written)
            if match:
                return Code(notation.framework, _key(match.groupdict(), keep_cluster=notation.keep_cluster))
    return Code(named or OWN, re.sub(r"[^A-Z0-9]", "", written))


def _key(parts: dict[str, str | None], *, keep_cluster: bool) -> str:
    grade = parts.get("grade") or "CCRA"
    grade = f"HS{grade}" if grade in set("NAFGS") else grade
    number = (parts.get("number") or "") + (parts.get("letter") or "")
    cluster = parts.get("cluster")
    middle = [cluster] if cluster and (keep_cluster or not number) else []
    return ".".join([grade, parts["domain"] or "", *middle, *([number] if number else [])])


def read_standards(path: Path | str) -> pd.DataFrame:
    """Standards as `code, framework, course, grade`, from a table or a CASE package (JSON with CFItems)."""
    path = Path(path)
    if path.suffix.lower() == ".json" and path.is_file():
        package = _case(path)
        if package is not None:
            return package
    return _without_nulls(tablefiles.read_declared(path, "standards"))


def _case(path: Path) -> pd.DataFrame | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as why:
        raise BadInput(
            [
                Fault(
                    kind="BadJson",
                    what=f"{path.name} is not valid JSON: {why}",
                    file=str(path),
                    mend="download the package again",
                )
            ]
        ) from why
    if not isinstance(told, dict) or "CFItems" not in told:
        return None
    framework = str(told.get("CFDocument", {}).get("title", ""))
    rows = [
        (str(item["humanCodingScheme"]), framework, "", ";".join(item.get("educationLevel") or ()))
        for item in told["CFItems"]
        if item.get("humanCodingScheme")
    ]
    if not rows:
        raise BadInput(
            [
                Fault(
                    kind="NoCodes",
                    what=f"none of the {len(told['CFItems']):,} items of {path.name} has a code",
                    file=str(path),
                    mend="ask the publisher for a package with human coding schemes, or use a CSV",
                )
            ]
        )
    return pd.DataFrame(rows, columns=["code", "framework", "course", "grade"])


def read_alignments(path: Path | str) -> pd.DataFrame:
    """Alignments as `resource_id, code, program, cost, framework, license`, in the file's order."""
    return _without_nulls(tablefiles.read_declared(path, "alignments"))


def _without_nulls(frame: pd.DataFrame) -> pd.DataFrame:
    """Blanks as empty text: codes are compared as text."""
    texts = [name for name in frame.columns if name != "cost"]
    return frame.assign(
        **{name: frame[name].astype(object).where(frame[name].notna(), "").astype(str) for name in texts}
    )
