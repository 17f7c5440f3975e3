"""Form 471 tables for the analyses, out of a workspace or straight from USAC's files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault, NoAnswer
from infraplan.identifiers import LEA_DIGITS
from infraplan.procurement.sources import usac
from infraplan.schemas import Schema
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


def crosswalk(path: Path) -> dict[str, str]:
    """NCES district numbers by BEN, from a file with ben and nces_cd (or lea_id); raises BadInput."""
    text = tablefiles.read_text(path)
    names = [name for name in ("lea_id", "nces_cd") if name in text]
    if "ben" not in text or not names:
        missing = "ben" if "ben" not in text else "lea_id"
        raise BadInput(
            [
                Fault(
                    kind="MissingColumn",
                    what=f"column {missing} is missing",
                    file=path.name,
                    column=missing,
                    mend=f"give ben and lea_id (or nces_cd); found: {', '.join(text.columns)[:200]}",
                )
            ]
        )
    numbers = text[names[0]].str.zfill(LEA_DIGITS)
    return dict(zip(text["ben"], numbers.where(text[names[0]] != "", None), strict=True))


def needed(found: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """One table out of those loaded; raises NoAnswer naming it where it is not."""
    if name not in found:
        about = Schema.load(name)
        raise NoAnswer(
            f"the table {name} ({about.title.lower()}) is not loaded\n  mend:  infraplan data add the download of "
            f"{about.source}"
        )
    return found[name]
