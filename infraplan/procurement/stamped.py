"""Stamps that travel with a file: a column `stamp` in an input says HISTORIC or ILLUSTRATIVE, and so does every answer to it."""

from collections.abc import Iterable
from pathlib import Path

from infraplan import tablefiles

COLUMN = "stamp"
SYNTHETIC = "SYNTHETIC"
TABLES = (".csv", ".tsv", ".gz", ".zip", ".xlsx", ".xls", ".parquet", ".json")


def of_files(paths: Iterable[Path]) -> list[str]:
    """The stamps in the rows of some files, each once, in the order of the files; SYNTHETIC is told elsewhere."""
    found: list[str] = []
    for path in paths:
        if path.suffix.lower() in TABLES:
            frame = tablefiles.read_text(path)
            found += frame[COLUMN].str.strip().tolist() if COLUMN in frame else []
    return [stamp for stamp in dict.fromkeys(found) if stamp and not stamp.startswith(SYNTHETIC)]
