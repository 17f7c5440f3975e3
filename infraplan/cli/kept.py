"""Answers kept in the workspace, so that `infraplan explain` can tell of their figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def keep(
    folder: Path,
    table: str,
    frame: "pd.DataFrame",
    title: str,
    *,
    notes: Sequence[str] = (),
    receipts: Sequence[str] = (),
    tables: Mapping[str, str] | None = None,
    files: Sequence[Path | None] = (),
    funding_year: int | None = None,
) -> None:
    """Keep an answer's table, where there is a workspace; `tables` names loaded tables and their column of the first id.

    `files` are the files given to the command; their rows are looked up again when a figure is explained.
    """
    from infraplan.answers import sha256
    from infraplan.workspace import SETTINGS, Workspace

    if not (folder / SETTINGS).is_file():
        return
    here = Workspace.open(folder)
    held = {name: column for name, column in (tables or {}).items() if here.has(name)}
    told: dict[str, Any] = {"title": title, "notes": list(notes), "tables": held}
    told["receipts"] = [*receipts, *(one.receipt_id for one in here.receipts_of(*held))] if held else list(receipts)
    told["files"] = [{"path": str(path.resolve()), "sha256": sha256(path)} for path in files if path is not None]
    if funding_year is not None:
        told["funding_year"] = funding_year
    here.put_answer(table, _plain(frame), told)


def keep_file(folder: Path, table: str, written: Path, title: str, **more: Any) -> None:  # noqa: ANN401 - as `keep`
    """Keep a table as an answer wrote it to a CSV file."""
    from infraplan import tablefiles

    keep(folder, table, tablefiles.read_text(written), title, **more)


def _plain(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Exact amounts as numbers that Parquet holds whatever their digits; dates and the like as text."""
    from decimal import Decimal

    import pandas as pd

    def cell(value: object) -> object:
        return float(value) if isinstance(value, Decimal) else value

    mixed = [name for name in frame.columns if frame[name].dtype == object]
    out = frame.assign(**{str(name): frame[name].map(cell) for name in mixed})
    for name in mixed:
        kinds = {type(value) for value in out[name] if not pd.isna(value)}
        if not kinds <= {float} and not kinds <= {str}:
            out[name] = out[name].map(lambda value: None if pd.isna(value) else str(value))
    return out
