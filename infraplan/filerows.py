"""Where a fault stands in its file: the row as a spreadsheet shows it, and the line as its author wrote it.

The engine counts the records it reads and passes over blank lines; a spreadsheet shows these, too, and shows a record
with a line break inside quotes as one row. The file is gone through once more, and only where there are faults.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infraplan.errors import Fault

MOST_ROWS_SOUGHT = 5_000_000
MOST_OF_A_LINE = 160


@dataclass(frozen=True)
class Place:
    """One row: its number as a spreadsheet shows it, the header being 1, and its text as written."""

    row: int
    line: str


def located(
    faults: Sequence[Fault], local: Path, *, delimiter: str, encoding: str, columns: int, by_engine: bool
) -> list[Fault]:
    """Faults with the row as a spreadsheet shows it and the line as written.

    `by_engine` says that their rows were counted by the engine, from 2 and without blank lines. A row that cannot be
    found again (quotes that do not close, a file of millions of rows) is told as "about".
    """
    wanted = {fault.row for fault in faults if fault.row is not None}
    if not wanted:
        return list(faults)
    last = min(max(wanted), MOST_ROWS_SOUGHT)
    blank_counts = not by_engine or columns == 1  # a blank line under a single header is a blank cell
    found: dict[int, Place] = {}
    try:
        with local.open(encoding=encoding, errors="replace", newline="") as stream:
            for number, place in _records(stream, delimiter, blank_counts=blank_counts):
                if number in wanted:
                    found[number] = place
                if number >= last:
                    break
    except csv.Error:  # what was found before stands; the rest is told as about
        pass
    return [_at(fault, found.get(fault.row or 0), by_engine=by_engine) for fault in faults]


def _at(fault: Fault, place: Place | None, *, by_engine: bool) -> Fault:
    if fault.row is None:
        return fault
    if place is None:
        return replace(fault, about=by_engine)
    parts = [] if fault.value is None else fault.value.split(" + ")  # a key is told with all its columns
    agrees = all(part in place.line.replace('""', '"') for part in parts)
    if by_engine and not agrees:
        return replace(fault, about=True)
    return replace(fault, row=place.row, line=place.line[:MOST_OF_A_LINE])


def _records(stream: Iterable[str], delimiter: str, *, blank_counts: bool) -> Iterator[tuple[int, Place]]:
    """Every record with its number, the header being 1, and its place."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in stream:
            taken.append(line)
            yield line

    number = 0
    for row, cells in enumerate(csv.reader(lines(), delimiter=delimiter), start=1):
        line = "".join(taken).strip()
        taken.clear()
        if not cells and not blank_counts:
            continue
        number += 1
        yield number, Place(row, " ".join(line.splitlines()))
