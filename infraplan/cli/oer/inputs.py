"""The list, catalogs and files that the commands on open materials share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infraplan.outputs.pages import SourceNote

FILE = click.Path(path_type=Path, dir_okay=False)
F = TypeVar("F", bound=Callable[..., None])


def list_columns(function: F) -> F:
    """Add --columns and --sheet, which say how an adoption list is laid out."""
    function = click.option(
        "--sheet", default=None, metavar="NAME", help="Sheet of the list's workbook; else the first."
    )(function)
    return click.option(
        "--columns",
        "columns",
        multiple=True,
        metavar="OURS=THEIRS",
        help="Which column of the list is ours, where the names differ: --columns title='Book name'.",
    )(function)


def column_map(told: tuple[str, ...]) -> dict[str, str]:
    """Our column names with the list's own, from the --columns a person gave."""
    pairs = [entry.partition("=") for entry in told]
    wrong = [entry for entry, pair in zip(told, pairs, strict=True) if not pair[1]]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not OURS=THEIRS", param_hint="--columns")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def given(files: "Sequence[Path]", *tables: str) -> "list[SourceNote]":
    """The files a person gave, as sources of a page; `tables` are those they stand behind (none: all)."""
    import hashlib

    from infraplan.outputs.pages import SourceNote

    return [
        SourceNote(
            title=file.name,
            publisher="given by you",
            as_of="as given",
            file=file.name,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            tables=tables,
        )
        for file in files
    ]
