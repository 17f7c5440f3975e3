"""Form 471 tables for the analyses, out of a workspace or straight from USAC's files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from infraplan.procurement.sources import usac
from infraplan.workspace import Workspace

TABLES = (
    "applications",
    "requests",
    "request_lines",
    "line_recipients",
    "applicant_sites",
    "site_speeds",
    "c2_spending",
)


def tables(files: Sequence[Path], workspace: Path) -> dict[str, pd.DataFrame]:
    """The tables of the files, or where none is given those loaded in the workspace, repeats once.

    Raises BadInput for files that are not USAC's, NoWorkspace where there is neither.
    """
    if files:
        return usac.read_all(files)
    here = Workspace.open(workspace)
    found = {name: here.frame(name).drop(columns="source_row", errors="ignore") for name in TABLES if here.has(name)}
    return {name: frame.drop_duplicates(ignore_index=True) for name, frame in found.items()}
