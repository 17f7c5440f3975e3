"""`infraplan data`: files in, what is there, files out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.intake import Loader, Taken


def loaders() -> "Mapping[str, Loader]":
    """The loaders of every domain and of a state's own files, by source."""
    from infraplan import columnmaps
    from infraplan.connectivity import sources as connectivity

    return {**columnmaps.LOADERS, **connectivity.LOADERS}


@click.group()
def data() -> None:
    """Add, list, check and export a workspace's data.

    Example:

    \b
        infraplan data add bdc_23_*.zip me_districts.gpkg --workspace maine
    """


@data.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as", "source_id", metavar="SOURCE", help="What the file is, where its header does not say.")
@click.option("--as-of", metavar="DATE", help="The date the data speak for, where the file does not say (2025-12-31).")
@click.option("--columns", "column_map", type=click.Path(path_type=Path, dir_okay=False), metavar="MAP.toml",
              help="Column map for a state's own file.")
@options.workspace
@options.quiet
def add(files: tuple[Path, ...], source_id: str | None, as_of: str | None, column_map: Path | None,
        workspace: Path) -> None:
    """Add publishers' files as downloaded, zipped or not; each is known by its header.

    A file with faults leaves no trace and all its faults are printed; the other files are kept.

    Example:

    \b
        infraplan data add bdc_23_Cable_fixed_broadband_D25_17mar2026.zip tl_2025_23_unsd.zip
        infraplan data add enrollment.csv --columns enrollment_map.toml
    """
    from infraplan import intake
    from infraplan.workspace import Workspace

    intake.add(Workspace.open(workspace), files, loaders(), source_id=source_id, as_of=_date(as_of),
               column_map=column_map, told=_tell)


def _date(text: str | None) -> str | None:
    import re

    if text is not None and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise click.UsageError(f"--as-of is {text}, expected a date as 2025-12-31, or a year")
    return text


def _tell(taken: "Taken") -> None:
    if taken.already:
        options.say(f"{taken.receipt.file}: already here, nothing changed")
        return
    options.say(taken.receipt.line())
    for note in taken.receipt.notes:
        options.say(f"  {note}")
    if taken.replaces:
        options.say(f"  now current in place of {', '.join(taken.replaces)}, which stays until "
                    "`infraplan data drop` names it")
    if taken.older:
        options.say("  older than what is loaded: kept, but the newer file stays current")
