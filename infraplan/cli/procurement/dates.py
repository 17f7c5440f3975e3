"""Command on dates: what is about to be lost."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from infraplan.cli import options
from infraplan.cli.procurement.filings import form_471

if TYPE_CHECKING:
    from datetime import datetime

F = TypeVar("F", bound=Callable[..., None])


ICS = "ics"
_FORMATS = (*options.FORMATS, ICS)


def _output(function: F) -> F:
    """Add -o FILE and --format as every command has them, and the calendar's own format besides."""

    def keep(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
        ctx.meta["infraplan.format"] = value
        return value

    def joined(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> options.Output:
        told = ctx.meta.get("infraplan.format")
        ending = value.suffix.lower().lstrip(".") if value is not None else ""
        if value is not None and told is None and ending not in _FORMATS:
            raise click.BadParameter(f"use one of {', '.join(_FORMATS)}, or --format", ctx=ctx, param=parameter)
        return options.Output(value, told or (ICS if ending == ICS else None))

    function = click.option(
        "-o", "--output", "output", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
        callback=joined, help="Write here instead of standard output; the ending gives the format, .ics a calendar.",
    )(function)  # fmt: skip
    return click.option(
        "--format", "format_name", type=click.Choice(_FORMATS), default=None, is_eager=True, expose_value=False,
        help="Format, where the ending does not say.", callback=keep,
    )(function)  # fmt: skip


@click.command()
@form_471
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="The day to reckon from; default: today.")  # fmt: skip
@click.option("--within", type=click.IntRange(min=1), default=90, show_default=True, metavar="DAYS",
              help="Days that count as next: their dates come first, most dollars first.")  # fmt: skip
@options.workspace
@_output
@options.quiet
def calendar(
    form_471: tuple[Path, ...], as_of: "datetime | None", within: int, workspace: Path, output: options.Output
) -> None:
    """What is about to be lost, by dollars at stake: invoices due, contracts ending, installations, Category Two left.

    Reads funding requests (best the FRN status download, which has disbursements) and the Category Two budget tool. A file
    ending in .ics is written as a calendar.

    Example:

    \b
        infraplan procurement calendar --workspace iowa -o deadlines.xlsx
        infraplan procurement calendar --form-471 frn_status.csv --as-of 2026-11-22 -o deadlines.ics
    """
    from infraplan.cli import kept
    from infraplan.procurement import calendar as arithmetic
    from infraplan.procurement import filings, reconcile
    from infraplan.wholefiles import write_text

    day = as_of.date() if as_of else date.today()  # noqa: DTZ011 - a planner's own day
    tables = filings.tables(form_471, workspace)
    found = arithmetic.calendar(tables, day, within_days=within)
    told = [reconcile.opening(tables), *found.notes]
    for note in told:
        options.say(note)
    beneath = {} if form_471 else {"requests": "ben", "c2_spending": "ben", "disbursements": "frn"}
    title = f"What is about to be lost, as of {day}"
    kept.keep(workspace, "erate_calendar", found.table, title, notes=told, tables=beneath, files=form_471)
    if output.format == ICS:
        text = arithmetic.to_ics(found, told[0])
        if output.path is None:
            click.echo(text, nl=False)
            return
        write_text(output.path, text)
        options.say(f"wrote {output.path} ({len(found.table):,} events)")
        return
    output.write(found.table, workspace, about=[*told, options.PLANNING])
