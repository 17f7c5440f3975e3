"""`infraplan init | status | tables | explain`."""

from pathlib import Path

import click

from infraplan.cli import options


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--state", required=True, metavar="ME", help="The state's postal code.")
@click.option("--funding-year", type=click.IntRange(1998, 2100), required=True, metavar="YEAR",
              help="E-Rate funding year, named by its first year.")
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
    options.say(f"{folder}: a workspace for {states.by_usps(workspace.config.state).name}, funding year {funding_year}\n"
                f"next:  infraplan data add FILE... --workspace {folder}\n"
                f"       infraplan status --workspace {folder}    what is missing and where to get it")
