"""What an optimizer leaves behind: a folder written whole or not at all, and a record of how good its answer is."""

import csv
import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infraplan import tablefiles
from infraplan.errors import InfraplanError
from infraplan.solve import Result

SYNTHETIC = "SYNTHETIC: a fictional state; no figure here is about a real place"


def record(
    result: Result,
    *,
    policy: Mapping[str, Any],
    inputs: Mapping[str, Path],
    unit: str = "usd",
    **more: Any,  # noqa: ANN401 - whatever JSON can hold
) -> dict[str, Any]:
    """Return what `solution.json` says of an answer: how good it is, and the policy and inputs (hashed) it is for.

    With `unit="usd"` the figures are `objective_usd` and `bound_usd`; any other unit gives `objective`,
    `objective_unit`, `bound`. A bound or gap that is not known is null.
    """
    figures: dict[str, Any] = {"objective": _json_number(result.objective), "bound": _json_number(result.bound)}
    named = (
        {f"{name}_usd": value for name, value in figures.items()}
        if unit == "usd"
        else {**figures, "objective_unit": unit}
    )
    if tablefiles.of_the_sample(inputs.values()):
        more["stamps"] = [SYNTHETIC, *more.get("stamps", ())]
    return {
        "status": str(result.status),
        **named,
        "gap": _json_number(result.gap),
        "seconds": round(result.seconds, 3),
        "solver": result.solver,
        "policy": dict(policy),
        "inputs": {name: {"file": path.name, "sha256": sha256(path)} for name, path in sorted(inputs.items())},
        **more,
    }


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def sha256(path: Path) -> str:
    """Return the hash by which an answer names the file it is for."""
    with path.open("rb") as opened:
        digest: str = hashlib.file_digest(opened, "sha256").hexdigest()
    return digest


@contextmanager
def answer_folder(folder: Path) -> Iterator[Path]:
    """Give an empty directory to write an answer into; it takes the place of `folder` whole, or not at all.

    An earlier answer (a directory with a `solution.json`) is replaced. Raises InfraplanError if `folder` is a file or
    holds anything else, so that a slip of the keyboard cannot delete other work.
    """
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise InfraplanError(f"{folder} is a file; name a directory for the answer's files with -o.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "solution.json").exists():
        raise InfraplanError(
            f"{folder} holds other files and no earlier answer (no solution.json).\n"
            "  mend:  name a new directory with -o"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh, old = scratch / "new", scratch / "old"
        fresh.mkdir()
        yield fresh
        _stamp_tables(fresh)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _stamp_tables(folder: Path) -> None:
    """Give the tables of an answer to the fictional state's files a last column that says so."""
    record = folder / "solution.json"
    if not record.exists() or SYNTHETIC not in json.loads(record.read_text(encoding="utf-8")).get("stamps", ()):
        return
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow([*header, "stamp"])
            writer.writerows([*row, "SYNTHETIC"] for row in rows)


def write_record(folder: Path, contents: Mapping[str, Any]) -> None:
    """Write `solution.json` into an answer folder under way."""
    text = json.dumps(contents, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    (folder / "solution.json").write_text(text + "\n", encoding="utf-8")
