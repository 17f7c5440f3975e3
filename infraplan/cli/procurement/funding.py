"""`infraplan procurement fund`."""

from decimal import Decimal
from pathlib import Path

import click

from infraplan.cli import options

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--projects", type=_FILE, required=True, metavar="FILE", help="Candidate projects.")
@click.option("--funds", type=_FILE, required=True, metavar="FILE", help="Funds by year, and what they may pay for.")
@click.option("--c2-budgets", type=_FILE, metavar="FILE", help="Category Two budgets left, by district and cycle.")
@click.option("--policy", type=_FILE, metavar="FILE.toml", help="The state's rules: fair shares of regions.")
@click.option("--years", required=True, metavar="Y1-Y2", help="First and last funding year of the plan.")
@click.option(
    "--state-usd", "amounts", type=click.FloatRange(min=0), multiple=True, metavar="USD",
    help="What would this much state money buy? Repeat for several; default: none, quarters, all.",
)  # fmt: skip
@options.out_dir
@options.optimizer
@options.quiet
def fund(
    projects: Path, funds: Path, c2_budgets: Path | None, policy: Path | None, years: str, amounts: tuple[float, ...],
    folder: Path, gap: float, time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Choose which projects to fund, in which year, with whose money.

    Brings the most students to target, weighted by need. Writes funding.csv, unfunded.csv, frontier.csv (what other
    amounts of state money would buy) and solution.json to DIR.

    Example:

    \b
        infraplan procurement fund --projects projects.csv --funds funds.csv \\
            --c2-budgets c2_budgets.csv --years 2026-2030 -o plan
    """
    import time

    from infraplan.procurement.funding import answer, files, inputs
    from infraplan.solve import Limits

    began = time.perf_counter()
    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    told = inputs.read(projects, funds, inputs.parse_years(years), c2_budgets, policy)
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    best = answer.find(told, limits)
    asked = [round(Decimal(str(usd)) * 100) for usd in amounts] or answer.quarters(told)
    points = answer.frontier(best, asked, limits.after(time.perf_counter() - began))
    missing = len(set(asked)) - len(points)
    more = [f"time ran out before {missing:,} amounts of state money were tried"] if missing else []
    files.write(best, points, folder, more)
    for line in (*more, *files.summary(best)):
        options.say(line)
    options.say(f"wrote {folder}")
