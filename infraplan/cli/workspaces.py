"""`infraplan init | status | tables | explain`."""

from pathlib import Path

import click

from infraplan.cli import options


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--state", required=True, metavar="ME", help="The state's postal code.")
@click.option(
    "--funding-year",
    type=click.IntRange(1998, 2100),
    required=True,
    metavar="YEAR",
    help="E-Rate funding year, named by its first year.",
)
@options.quiet
def init(folder: Path, state: str, funding_year: int) -> None:
    """Start a workspace: one directory with one state's plan in it.

    Example:


    \b
        infraplan init maine --state ME --funding-year 2026
    """
    from infraplan import states
    from infraplan.workspace import Workspace

    workspace = Workspace.create(folder, state=state, funding_year=funding_year)
    options.say(
        f"{folder}: a workspace for {states.by_usps(workspace.config.state).name}, funding year {funding_year}\n"
        f"next:  infraplan data add FILE... --workspace {folder}\n"
        f"       infraplan status --workspace {folder}    what is missing and where to get it"
    )


@click.command()
@click.argument("table", required=False)
@options.output
@options.quiet
def tables(table: str | None, output: options.Output) -> None:
    """Show the data dictionary: all tables, or the columns of one.

    Example:


    \b
        infraplan tables home_gaps
    """
    import pandas as pd

    from infraplan import schemas

    if table is None:
        rows = [schemas.Schema.load(name) for name in schemas.names()]
        output.write(
            pd.DataFrame(
                {
                    "table": [row.name for row in rows],
                    "layer": [row.layer for row in rows],
                    "what": [row.title for row in rows],
                    "grain": [row.grain for row in rows],
                    "from": [row.source for row in rows],
                }
            )
        )
        return
    schema = schemas.Schema.load(table)
    options.say(f"{schema.name}: {schema.title}; {schema.grain}; from {schema.source}\n{schema.about}".rstrip())
    output.write(
        pd.DataFrame(
            [
                {
                    "column": one.name,
                    "key": one.name in schema.key,
                    "type": one.type,
                    "unit": one.unit or "",
                    "expected": one.expectation(),
                    "blank means": one.null or "",
                    "about": one.about,
                    "formula": one.formula or "",
                }
                for one in schema.columns.values()
            ]
        )
    )


@click.command()
@options.workspace
@options.quiet
def status(workspace: Path) -> None:
    """Show what is loaded and how old, what can be answered now, what is missing and where to get it.

    Example:


    \b
        infraplan status --workspace maine
    """
    from infraplan import standing
    from infraplan.workspace import Workspace

    click.echo(standing.words(Workspace.open(workspace)))


@click.command()
@click.argument("table")
@click.argument("identifier", metavar="ID")
@click.argument("column")
@options.workspace
@options.quiet
def explain(table: str, identifier: str, column: str, workspace: Path) -> None:
    """Show the inputs, file rows, formula, rule and citation behind one figure.

    ID is the row's identifier (a district, county or state number), or "" for the row without one.

    Example:


    \b
        infraplan explain home_gaps 2302610 unserved --workspace maine
    """
    from infraplan import explanation
    from infraplan.connectivity import evidence
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    givers = dict.fromkeys(evidence.TABLES, evidence.evidence)
    click.echo(explanation.words(here, table, identifier, column, givers, evidence.core_rows))
