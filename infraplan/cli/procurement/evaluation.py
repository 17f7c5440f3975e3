"""Command on bid evaluations."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.option("--matrix", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="The filled matrix: kind, factor, max_points, price, and one column per bidder.")  # fmt: skip
@click.option("--blank", is_flag=True, help="Write an empty matrix to -o FILE.xlsx instead.")
@click.option(
    "--bidders", type=click.IntRange(1, 20), default=3, show_default=True, help="Bidders of the empty matrix."
)
@options.funding_year
@click.option("--posted", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="Day the Form 470 was posted, or last changed in substance.")  # fmt: skip
@click.option("--chosen", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="Day the winner was chosen.")  # fmt: skip
@options.workspace
@options.output
@options.quiet
def evaluate(
    matrix: Path | None,
    blank: bool,
    bidders: int,
    funding_year: int | None,
    posted: "datetime | None",
    chosen: "datetime | None",
    workspace: Path,
    output: options.Output,
) -> None:
    """Check a bid-evaluation matrix: price heaviest, arithmetic right, who wins, what would be challenged.

    With --posted alone it says from which day a bid may be chosen.

    Example:

    \b
        infraplan procurement evaluate --blank --bidders 4 -o matrix.xlsx
        infraplan procurement evaluate --matrix matrix.xlsx --funding-year 2026 --posted 2026-01-05 --chosen 2026-02-10
    """
    from infraplan.procurement import evaluation

    if blank:
        if output.path is None or output.path.suffix.lower() != ".xlsx":
            raise click.UsageError("--blank writes a workbook: give -o FILE.xlsx")
        evaluation.blank(output.path, bidders)
        options.say(f"wrote {output.path}")
        return
    if matrix is None:
        raise click.UsageError("give --matrix FILE, or --blank")
    answer = evaluation.evaluate(
        evaluation.read(matrix),
        options.funding_year_of(funding_year, workspace),
        posted=posted.date() if posted else None,
        chosen=chosen.date() if chosen else None,
    )
    for line in answer.words():
        options.say(line)
    output.write(answer.table)
