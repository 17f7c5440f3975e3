"""`infraplan data`: files in, what is there, files out."""

from pathlib import Path

import click

from infraplan.cli import LazyGroup, options
from infraplan.cli.arriving import loaders, tell


@click.group(
    cls=LazyGroup,
    lazy={
        "fetch": ("infraplan.cli.fetching:fetch", "Bring publishers' files: politely, verified, resumable."),
        "diff": ("infraplan.cli.diff:diff", "What a newer release changed, in words and as a table."),
    },
)
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
@click.option(
    "--columns",
    "column_map",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="MAP.toml",
    help="Column map for a state's own file.",
)
@options.workspace
@options.quiet
def add(
    files: tuple[Path, ...], source_id: str | None, as_of: str | None, column_map: Path | None, workspace: Path
) -> None:
    """Add publishers' files as downloaded, zipped or not; each is known by its header.

    A file with faults leaves no trace and all its faults are printed; the other files are kept.

    Example:


    \b
        infraplan data add bdc_23_Cable_fixed_broadband_D25_17mar2026.zip tl_2025_23_unsd.zip
        infraplan data add enrollment.csv --columns enrollment_map.toml
    """
    from infraplan import intake
    from infraplan.workspace import Workspace

    day = _date(as_of)
    intake.add(
        Workspace.open(workspace),
        files,
        loaders(),
        source_id=source_id,
        as_of=day,
        column_map=column_map,
        told=tell,
    )


def _date(text: str | None) -> str | None:
    from infraplan.receipts import real_date

    if text is not None and not real_date(text):
        raise click.UsageError(f"--as-of is {text}, expected a date as 2025-12-31, or a year")
    return text


@data.command("list")
@options.output
@options.workspace
@options.quiet
def list_files(output: options.Output, workspace: Path) -> None:
    """List the files added: what each was taken for, its date, its rows, and whether it counts now.

    Example:


    \b
        infraplan data list --workspace maine
    """
    import pandas as pd

    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    rows = [
        {
            "file": receipt.file,
            "table": part.table,
            "rows": part.rows,
            "as_of": receipt.as_of or "",
            "revision": receipt.revision or "",
            "current": here.is_current(part),
            "what": receipt.title,
            "receipt_id": receipt.receipt_id,
        }
        for part in here.catalog
        for receipt in [here.receipt(part.receipt_id)]
    ]
    columns = ["file", "table", "rows", "as_of", "revision", "current", "what", "receipt_id"]
    output.write(pd.DataFrame(rows, columns=columns))


@data.command()
@click.argument("name", required=False)
@options.workspace
@options.quiet
def receipts(name: str | None, workspace: Path) -> None:
    """Print the receipts: every byte's file, publisher, date, size, SHA-256, rows read, kept and left out.

    Example:


    \b
        infraplan data receipts --workspace maine
    """
    import json

    from infraplan.workspace import Workspace

    found = [one for one in Workspace.open(workspace).receipts() if name in (None, one.file, one.receipt_id)]
    click.echo(json.dumps([one.record() for one in found], indent=2, ensure_ascii=False))


@data.command()
@click.option("--live", is_flag=True, help="Ask each publisher what changed since the loaded files; fetch nothing.")
@click.option(
    "--host", "hosts", metavar="NAME=ADDRESS", multiple=True, help="Use another address in place of a publisher's host."
)
@options.output
@options.workspace
@options.quiet
def check(live: bool, hosts: tuple[str, ...], output: options.Output, workspace: Path) -> None:
    """Check every stored table against its declaration and every receipt against its file's rows.

    With --live each publisher is asked instead: newer releases, columns renamed, missing or new, addresses and layers that
    moved, other words on rights. Exit code 0 where all answered, whatever they said; 1 where one could not be asked.

    Example:


    \b
        infraplan data check --workspace maine
        infraplan data check --live --workspace maine -o changes.csv
    """
    from infraplan import intake
    from infraplan.workspace import Workspace

    if live:
        from infraplan.cli.fetching import check_publishers

        check_publishers(Workspace.open(workspace), hosts, output)
        return
    if hosts or output.path is not None or output.format is not None:
        raise click.UsageError("-o, --format and --host go with --live; without it nothing is written")
    count = intake.check(Workspace.open(workspace))
    options.say(f"{count} tables hold what their receipts and declarations say")


@data.command()
@click.argument("name", metavar="FILE|RECEIPT")
@options.workspace
@options.quiet
def drop(name: str, workspace: Path) -> None:
    """Remove what came from one file, named as `data list` names it.

    Example:


    \b
        infraplan data drop bdc_23_Cable_fixed_broadband_063022.zip --workspace maine
    """
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    with here.writing():
        gone = here.drop(name)
    options.say(
        f"dropped {sum(part.rows for part in gone):,} rows of {', '.join(sorted({part.table for part in gone}))}"
    )


@data.command()
@click.argument("table")
@options.publish
@options.output
@options.workspace
@options.quiet
def export(table: str, publish: bool, output: options.Output, workspace: Path) -> None:
    """Write a table of the workspace, loaded or computed, to a file that other tools read.

    Answers by county and by state are kept beside the one by district: home_gaps_county, home_gaps_state.

    Example:


    \b
        infraplan data export district_shapes -o districts.gpkg --workspace maine
        infraplan data export home_gaps_county -o home_gaps_county.csv --workspace maine
    """
    from infraplan import schemas
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    schema = schemas.of_answer(table)
    if schema.layer == "out":
        frame = here.answer(table)[0]
    elif any(column.type == "geometry" for column in schema.columns.values()):
        frame = here.geoframe(table)
    else:
        frame = here.backend.execute(here.table(table))
    output.write(options.published(frame, schema.name, here.config.threshold, asked=publish), here)
