"""`infraplan connectivity community`."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.connectivity.community.demand import Demand

_FILE = click.Path(path_type=Path, dir_okay=False)


def _dollars(_: click.Context, __: click.Parameter, text: str) -> Decimal:
    """An amount as people write it: 250000, 250,000 or $250,000."""
    try:
        usd = Decimal(text.replace(",", "").replace("$", "").strip())
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd < 0:
        raise click.BadParameter(f"{text} is not an amount of money; give 0 or more, for example 250000")
    return usd


@click.command()
@click.option(
    "--measures", type=_FILE, required=True, metavar="FILE", help="Sites, buses and programs, with their costs."
)
@click.option("--points", type=_FILE, metavar="FILE", help="Where unreached students live; the workspace's if absent.")
@click.option("--stops", type=_FILE, metavar="FILE", help="Stops of buses with Wi-Fi.")
@click.option("--budget", callback=_dollars, required=True, metavar="USD", help="Money for all of the plan's months.")
@click.option(
    "--months", type=click.IntRange(1, 240), default=12, show_default=True, help="Months that the plan pays for."
)
@click.option(
    "--need-weight", type=click.FloatRange(0, 10), default=1.0, show_default=True, metavar="F",
    help="How much more a student counts where all children are in poverty; 0 = all count alike.",
)  # fmt: skip
@click.option("--as-of", metavar="DATE", help="Only availability files of this release, where several are loaded.")
@options.funding_year
@options.workspace
@options.out_dir
@options.optimizer
@options.quiet
def community(
    measures: Path, points: Path | None, stops: Path | None, budget: Decimal, months: int, need_weight: float,
    as_of: str | None, funding_year: int | None, workspace: Path, folder: Path, gap: float, time_limit: float | None, seed: int,
    threads: int | None,
) -> None:  # fmt: skip
    """Choose Wi-Fi sites, buses, hotspots and outreach that reach most students without broadband at home.

    Where students live comes from the workspace's home gaps, child gaps and poverty, or from --points. Costs are those
    of --measures; E-Rate's share follows the funding year. Writes community_sites.csv, reach.csv, budgets.csv,
    solution.json and map.html to DIR.

    Example:


    \b
        infraplan connectivity community --measures measures.csv --stops stops.csv --budget 250000 \\
            --workspace maine -o community
    """
    from infraplan import solve
    from infraplan.connectivity.community import choice, files, inputs
    from infraplan.solve import Limits

    tables, paths = inputs.read_files(measures, points, stops)
    demand, year = _demand(workspace, points, funding_year, as_of)
    if demand is not None:
        tables["community_points"] = demand.points
    policy = inputs.Policy(budget, months, need_weight, year)
    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    told = inputs.assemble(tables, policy, paths)
    plan = files.explained(choice.find(told, limits), policy, limits, demand.notes if demand else ())
    with solve.answer_folder(folder) as fresh:
        files.write(plan, fresh)
    for line in files.summary(plan):
        options.say(line)
    options.say(f"wrote {folder}")


def _demand(
    workspace: Path, points: Path | None, funding_year: int | None, as_of: str | None
) -> "tuple[Demand | None, int | None]":
    """Points made from the workspace where no file of them is given, and the funding year, the workspace's by default."""
    from infraplan.connectivity.community import demand
    from infraplan.connectivity.homes import home_rule
    from infraplan.workspace import SETTINGS, Workspace

    if points is not None and not (workspace / SETTINGS).is_file():
        return None, funding_year
    here = Workspace.open(workspace)
    year = funding_year if funding_year is not None else here.config.funding_year
    return (None if points is not None else demand.from_workspace(here, home_rule("bead-2022"), as_of)), year
