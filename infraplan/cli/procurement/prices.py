"""Command on prices: each district's circuits beside its peers'."""

from pathlib import Path

import click

from infraplan.cli import options
from infraplan.cli.procurement.filings import form_471


@click.command()
@form_471
@click.option("--funding-year", type=click.IntRange(1998, 2100), default=None, metavar="YEAR",
              help="Year the prices are used for, default: the workspace's; prices more than two years older are stamped "
              "HISTORIC.")  # fmt: skip
@click.option("--least", type=click.IntRange(min=2), default=10, show_default=True, metavar="N",
              help="Smallest group of lines to compare with.")  # fmt: skip
@click.option("--crosswalk", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="File with columns ben and nces_cd (or lea_id), to add NCES district numbers.")  # fmt: skip
@click.option("--affordability", "affordable", type=click.Path(path_type=Path, dir_okay=False), default=None,
              metavar="FILE", help="Also write what each Internet budget would buy at peer prices.")  # fmt: skip
@click.option("--target", default="fcc-2014", show_default=True, metavar="NAME",
              help="Bandwidth target, as `infraplan rules list` names it.")  # fmt: skip
@click.option("--allow-historic", is_flag=True, help="Let HISTORIC prices feed the affordability answer.")
@options.workspace
@options.output
@options.quiet
def prices(
    form_471: tuple[Path, ...],
    funding_year: int | None,
    least: int,
    crosswalk: Path | None,
    affordable: Path | None,
    target: str,
    allow_historic: bool,
    workspace: Path,
    output: options.Output,
) -> None:
    """What each district pays for a circuit, beside its peers: same purpose, speed tier, rurality and state.

    Reads the Form 471 tables loaded in the workspace, or the files given. Quantiles and counts, never a bare mean; a group
    that is too small is widened, and the row says so.

    Example:

    \b
        infraplan procurement prices --workspace iowa -o prices.xlsx
    """
    from infraplan import tablefiles
    from infraplan.cli import kept
    from infraplan.procurement import affordability, filings, reconcile
    from infraplan.procurement import prices as arithmetic
    from infraplan.workspace import Workspace

    if form_471 and funding_year is None:
        raise click.UsageError("--form-471 needs --funding-year, the year the prices are used for")
    if affordable is not None and affordable == output.path:
        raise click.UsageError("--affordability and -o name the same file; give each its own")
    year = Workspace.open(workspace).config.funding_year if funding_year is None else funding_year
    tables = filings.tables(form_471, workspace)
    found = arithmetic.benchmark(
        tables, funding_year=year, least=least, crosswalk=filings.crosswalk(crosswalk) if crosswalk else None
    )
    told = [reconcile.opening(tables), *found.notes]
    for note in told:
        options.say(note)
    output.write(found.table, workspace, about=[*told, options.PLANNING])
    beneath = {} if form_471 else {"request_lines": "line_id", "line_recipients": "line_id"}
    title = f"Prices against peers, for FY{year}"
    kept.keep(workspace, "price_benchmark", found.table, title, notes=told, tables=beneath, files=form_471)
    if affordable is not None:
        table, notes = affordability.affordability(
            found, tables, least=least, target=target, allow_historic=allow_historic
        )
        tablefiles.write(table, affordable)
        title = f"What Internet budgets would buy at peer prices, for FY{year}"
        kept.keep(workspace, "price_affordability", table, title, notes=notes, tables=beneath, files=form_471)
        options.say(f"{notes[0]}\nwrote {affordable} ({len(table):,} rows)")
