"""Tables written to files and streams, whole or not at all, with no cell that a spreadsheet would run."""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from infraplan.errors import BadInput, Fault
from infraplan.wholefiles import atomic

FORMULA_LEADS = ("=", "+", "-", "@", "\t", "\r")
FORMATS = ("csv", "json", "jsonl", "parquet", "xlsx", "geojson", "gpkg", "html")
_WIDE = 120
"""Characters of a column that holds sentences."""


def format_of(path: Path | str) -> str:
    """The format that a file's ending asks for; raises BadInput naming the known ones."""
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise BadInput(
            [
                Fault(
                    kind="UnknownFormat",
                    what=f"{Path(path).name}: no format is known by the ending .{ending}",
                    mend=f"use one of {', '.join(FORMATS)}, or --format",
                )
            ]
        )
    return ending


def write(
    frame: pd.DataFrame,
    path: Path | str,
    format: str | None = None,  # noqa: A002
    *,
    about: Sequence[str] = (),
) -> None:
    """Write a table in the format of the file's ending (or `format`), whole or not at all.

    Yes/no columns are written as yes and no; text cells that a spreadsheet would run as a formula get a leading
    apostrophe in csv and xlsx. The sentences `about` the table stand on a second sheet of a workbook and above the table of a
    page; the other formats hold the table alone. Raises BadInput for an unknown ending or a map format without geometry.
    """
    kind = format or format_of(path)
    with atomic(Path(path)) as temporary:
        if about and kind in _TELLERS:
            _TELLERS[kind](frame, temporary, about)
        else:
            _WRITERS[kind](frame, temporary)


def to_csv_text(frame: pd.DataFrame) -> str:
    """The table as CSV text, as `write` would put it into a file."""
    return str(_plain(frame).to_csv(index=False, lineterminator="\n"))


def _plain(frame: pd.DataFrame, *, neutralize: bool = True) -> pd.DataFrame:
    """Cells as a person writes them: yes/no, no trailing `.0` on whole floats of integer columns, no live formula."""
    if "geometry" in frame and hasattr(frame, "geometry"):
        frame = pd.DataFrame(frame.drop(columns="geometry"))
    out = {}
    for name, cells in frame.items():
        if pd.api.types.is_bool_dtype(cells.dtype):
            out[name] = cells.astype("boolean").map({True: "yes", False: "no"}, na_action="ignore")
        elif cells.dtype == object or pd.api.types.is_string_dtype(cells.dtype):
            out[name] = _neutral_cells(cells) if neutralize else cells
        else:
            out[name] = cells
    return pd.DataFrame(out, index=frame.index)


def _neutral_cells(cells: pd.Series) -> pd.Series:
    # not Series.map, which makes whole numbers beside blanks into floats
    told: list[Any] = [neutral(cell) for cell in cells]
    return pd.Series(told, index=cells.index, dtype=object)


def neutral(cell: object) -> object:
    """A text cell that no spreadsheet will run.

    >>> neutral("=1+1"), neutral("-12.5"), neutral("School")
    ("'=1+1", '-12.5', 'School')
    """
    if isinstance(cell, str) and cell.startswith(FORMULA_LEADS) and not re.fullmatch(r"[-+]?[\d.,]+%?", cell):
        return f"'{cell}"
    return cell


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(to_csv_text(frame), encoding="utf-8")


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(json.dumps(_records(frame), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_jsonl(frame: pd.DataFrame, path: Path) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _records(frame)), encoding="utf-8")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = _plain(frame, neutralize=False).astype(object)
    plain = plain.where(plain.notna(), None)
    return [{str(key): _json_value(value) for key, value in row.items()} for row in plain.to_dict("records")]


def _json_value(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _write_xlsx(frame: pd.DataFrame, path: Path, about: Sequence[str] = ()) -> None:
    from openpyxl.styles import Alignment  # noqa: PLC0415 - only where a workbook is written

    with pd.ExcelWriter(path, engine="openpyxl") as book:
        _plain(frame).to_excel(book, index=False, sheet_name="table", freeze_panes=(1, 0))
        if about:
            pd.DataFrame({"about": [neutral(line) for line in about]}).to_excel(book, index=False, sheet_name="about")
            book.sheets["about"].column_dimensions["A"].width = _WIDE
            for cell in book.sheets["about"]["A"]:
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write_geo(driver: str) -> Callable[[pd.DataFrame, Path], None]:
    def run(frame: pd.DataFrame, path: Path) -> None:
        to_file: Any = getattr(frame, "to_file", None)
        if to_file is None:
            raise BadInput([Fault(kind="NoGeometry", what="this table has no shapes to write", mend="use csv or xlsx")])
        path.unlink(missing_ok=True)
        to_file(path, driver=driver, layer="table")

    return run


def _write_html(frame: pd.DataFrame, path: Path, about: Sequence[str] = ()) -> None:
    told = "".join(f"<p>{escape(line)}</p>" for line in about)
    body = _plain(frame, neutralize=False).to_html(index=False, border=0, na_rep="", escape=True)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Table</title>{told}{body}</html>\n',
        encoding="utf-8",
    )


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
    "geojson": _write_geo("GeoJSON"),
    "gpkg": _write_geo("GPKG"),
    "html": _write_html,
}
_TELLERS: dict[str, Callable[[pd.DataFrame, Path, Sequence[str]], None]] = {"xlsx": _write_xlsx, "html": _write_html}
"""Formats that hold sentences beside the table."""


def write_stream(frame: pd.DataFrame, stream: IO[str], format: str | None = None) -> None:  # noqa: A002
    """Write a table to an open text stream: csv (default), json, jsonl or html."""
    kind = format or "csv"
    if kind == "csv":
        stream.write(to_csv_text(frame))
    elif kind == "json":
        stream.write(json.dumps(_records(frame), indent=1, ensure_ascii=False) + "\n")
    elif kind == "jsonl":
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in _records(frame))
    elif kind == "html":
        stream.write(str(_plain(frame, neutralize=False).to_html(index=False, border=0, na_rep="", escape=True)) + "\n")
    else:
        raise BadInput([Fault(kind="NeedsFile", what=f"{kind} cannot be written to the screen", mend="give -o FILE")])
