"""Cells that break readers, for the tests that damage files at random."""

CELLS = [
    "",
    "0",
    "-1",
    "9" * 400,
    "NaN",
    "=1+1",
    '"',
    ",",
    "\n",
    "\0",
    "\ufeff",
    "ÿ",
    "1e999",
    "2026-13-45",
    "inf",
    "<b>",
]
