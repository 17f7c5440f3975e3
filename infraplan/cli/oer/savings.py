"""`infraplan oer savings`: what open texts would save."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options
from infraplan.cli.oer.inputs import FILE, column_map, list_columns

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.option(
    "--list",
    "adopted",
    type=FILE,
    required=True,
    metavar="FILE",
    help="The adoption list, with price_usd and students.",
)
@click.option("--matches", type=FILE, required=True, metavar="FILE", help="What oer match wrote for this list.")
@list_columns
@click.option(
    "--assumptions", type=FILE, default=None, metavar="FILE.toml", help="Your own values and sources, in place of ours."
)
@click.option(
    "--on",
    "on",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    metavar="DATE",
    help="The day to reckon for: contracts that end later are not counted.",
)
@options.output
@options.quiet
def savings(
    adopted: Path,
    matches: Path,
    columns: tuple[str, ...],
    sheet: str | None,
    assumptions: Path | None,
    on: "datetime | None",
    output: options.Output,
) -> None:
    """Estimate what open texts would save, net of printing and teacher time: low, middle and high.

    Year-one cash stands apart from the yearly figure. What is not counted says why; every assumption can be replaced.

    Example:

    \b
        infraplan oer savings --list approved_list.csv --matches matches.csv -o savings.csv
    """
    from infraplan import tablefiles
    from infraplan.oer import savings as saved
    from infraplan.oer.sources import lists

    items = lists.read_list(adopted, column_map(columns), sheet=sheet)
    told = saved.estimate(
        items, tablefiles.read_text(matches), saved.read_assumptions(assumptions), on=on.date() if on else None
    )
    output.write(told.table)
    options.say(saved.summary(told))
