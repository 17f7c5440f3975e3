"""Commands on Form 471 filings: reconcile."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from infraplan.cli import options

F = TypeVar("F", bound=Callable[..., None])


def form_471(function: F) -> F:
    """Add --form-471 FILE, given many times: USAC's tables as downloaded, instead of a workspace."""
    return click.option(
        "--form-471", "form_471", type=click.Path(path_type=Path, dir_okay=False), multiple=True, metavar="FILE",
        help="A Form 471 table as downloaded from USAC; give each. Without it, the workspace's.",
    )(function)  # fmt: skip


@click.command()
@click.option("--ours", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="A table of ours: discounts, budgets or commitments.")  # fmt: skip
@click.option("--published", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="The published figures to compare it with.")  # fmt: skip
@form_471
@click.option("--funding-year", type=click.IntRange(1998, 2100), default=None, metavar="YEAR",
              help="Year whose rules are used; default: each application's own, for published entities the "
              "workspace's.")  # fmt: skip
@options.workspace
@options.output
@options.quiet
def reconcile(
    ours: Path | None,
    published: Path | None,
    form_471: tuple[Path, ...],
    funding_year: int | None,
    workspace: Path,
    output: options.Output,
) -> None:
    """Our figures beside the published ones: equal, different with the likely cause, not published.

    Either a table of ours and a published file, or Form 471 tables (given, or loaded in the workspace): then every filed
    rate, district status, consortium average and commitment is reckoned again, each by the rules of its own year unless
    --funding-year is given; so are the rates, statuses and Category Two budgets that USAC publishes, and what was disbursed
    beside the invoices it is the sum of, where they are loaded.

    Example:

    \b
        infraplan procurement reconcile --ours budgets.csv --published c2_budget_tool.csv --funding-year 2026
        infraplan procurement reconcile --form-471 basic_information.csv --form-471 frn.csv -o compared.csv
    """
    from infraplan.procurement import filings
    from infraplan.procurement import reconcile as arithmetic
    from infraplan.workspace import Workspace

    if (ours is None) != (published is None):
        raise click.UsageError("give both --ours and --published, or neither")
    if ours is not None and published is not None:
        answer = arithmetic.files(ours, published, funding_year)
    else:
        own = None if form_471 else Workspace.open(workspace).config.funding_year
        answer = arithmetic.filings(filings.tables(form_471, workspace), funding_year, default_year=own)
    options.say(answer.first_line())
    output.write(answer.table, workspace, about=[answer.first_line(), options.PLANNING])
