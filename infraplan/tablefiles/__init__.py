"""Small tables in files: read as text, checked against their declaration, written whole or not at all."""

from infraplan.tablefiles.cells import NO, YES, broken_cells, uncomputed_cells, without_thousands
from infraplan.tablefiles.declared import (
    converted,
    doubts,
    duplicates,
    missing_columns,
    read_declared,
    typed,
    with_rows,
)
from infraplan.tablefiles.reading import REMARKS, of_the_sample, read_text, tell, text_of
from infraplan.tablefiles.writing import FORMATS, format_of, neutral, to_csv_text, write, write_stream

__all__ = [
    "FORMATS",
    "NO",
    "REMARKS",
    "YES",
    "broken_cells",
    "converted",
    "doubts",
    "duplicates",
    "format_of",
    "missing_columns",
    "neutral",
    "of_the_sample",
    "read_declared",
    "read_text",
    "tell",
    "text_of",
    "to_csv_text",
    "typed",
    "uncomputed_cells",
    "with_rows",
    "without_thousands",
    "write",
    "write_stream",
]
