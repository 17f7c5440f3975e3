"""`infraplan procurement fund`."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options
from infraplan.cli.figures import Finite

if TYPE_CHECKING:
    from infraplan.procurement.funding.answer import Answer
    from infraplan.procurement.funding.inputs import Inputs
    from infraplan.scenarios import Future, Ranges, Summary
    from infraplan.solve import Limits
    from infraplan.workspace import Workspace

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--projects", type=_FILE, required=True, metavar="FILE", help="Candidate projects.")
@click.option("--funds", type=_FILE, required=True, metavar="FILE", help="Funds by year, and what they may pay for.")
@click.option("--c2-budgets", type=_FILE, metavar="FILE", help="Category Two budgets left, by district and cycle.")
@click.option(
    "--policy",
    type=_FILE,
    metavar="FILE.toml",
    help="The state's rules: goals and their order, fair shares of regions.",
)
@click.option("--years", required=True, metavar="Y1-Y2", help="First and last funding year of the plan.")
@click.option(
    "--state-usd", "amounts", type=Finite(min=0), multiple=True, metavar="USD",
    help="What would this much state money buy? Repeat for several; default: none, $1 million, $5 million, quarters, all.",
)  # fmt: skip
@click.option(
    "--every-step",
    is_flag=True,
    help="Write every amount of state money from which on it buys more, exactly; for some dozens of projects, or with "
    "--time-limit.",
)
@click.option(
    "--legislative", type=_FILE, metavar="FILE",
    help="Shares of school districts by legislative district; default: from the workspace's layers, if it has them.",
)  # fmt: skip
@options.workspace
@options.out_dir
@options.scenarios
@options.optimizer
@options.quiet
def fund(
    projects: Path, funds: Path, c2_budgets: Path | None, policy: Path | None, years: str, amounts: tuple[float, ...],
    every_step: bool, legislative: Path | None, workspace: Path, folder: Path, sweep: options.Sweep | None, gap: float,
    time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Choose which projects to fund, in which year, with whose money.

    Brings the most students to target, weighted by need, or what --policy aims at. Writes funding.csv, unfunded.csv,
    frontier.csv (what other amounts of state money would buy), brief.html (one page for a legislator) and solution.json
    to DIR; by_legislative_district.csv where legislative districts are known; with --scenarios also scenarios.csv and
    decisions.csv (which projects are funded in most possible futures, and what the plan would have lost).

    Example:

    \b
        infraplan procurement fund --projects projects.csv --funds funds.csv \\
            --c2-budgets c2_budgets.csv --years 2026-2030 --scenarios 100 -o plan
    """
    import time

    from infraplan.cli import kept
    from infraplan.procurement.funding import answer, brief, files, inputs
    from infraplan.procurement.funding import legislative as places
    from infraplan.solve import Limits

    began = time.perf_counter()
    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    told = inputs.read(projects, funds, inputs.parse_years(years), c2_budgets, policy)
    home = _home(workspace)
    shares = places.of_file(legislative) if legislative else places.of_workspace(home) if home else None
    drawn = _futures(told, sweep, seed) if sweep else None
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    best = answer.find(told, limits)
    asked = [round(Decimal(str(usd)) * 100) for usd in amounts] or answer.usual(told)
    points = answer.frontier(best, asked, limits.after(time.perf_counter() - began))
    steps, more = _steps(best, limits.after(time.perf_counter() - began)) if every_step else ((), [])
    more += _amount_words(asked, points, told.state_cents)
    tried = _trial(best, sweep, drawn, limits.after(time.perf_counter() - began)) if sweep and drawn else None
    districts = places.table(best, shares) if shares else None
    plan = brief.Plan(_names(home), shares, districts, steps, tried)
    page = brief.brief(best, points, _fewest(), plan)

    def draw(path: Path) -> None:
        from infraplan.cli.procurement import funding_page

        synthetic = options.from_the_sample() or (shares is not None and home is not None and options.stamps(home))
        marks = [*([options.SYNTHETIC] if synthetic else []), *files.stamps(told)]
        funding_page.draw(path, page, told.files.values(), marks)

    files.write(best, steps or points, folder, files.Extras(more, tried, districts, {"brief.html": draw}))
    title = f"Which project, which year, whose money: {years}"
    kept.keep_file(
        workspace, "funding_plan", folder / "funding.csv", title, files=[projects], funding_year=told.years[0]
    )
    for line in (*more, *files.summary(best, tried)):
        options.say(line)
    options.say(f"wrote {folder}")


def _fewest() -> int:
    from infraplan.cli.procurement.funding_page import FEWEST_PEOPLE

    return FEWEST_PEOPLE


def _home(folder: Path) -> "Workspace | None":
    """The workspace, where the command runs in one."""
    from infraplan.workspace import SETTINGS, Workspace

    return Workspace.open(folder) if (folder / SETTINGS).is_file() else None


def _names(home: "Workspace | None") -> dict[str, str]:
    """Names of school districts that a workspace knows."""
    known: dict[str, str] = {}
    for table in ("district_shapes", "districts"):
        if home is not None and home.has(table):
            frame = home.frame(table, ["lea_id", "name"]).dropna(subset=["name"])
            known |= dict(zip(frame["lea_id"], frame["name"], strict=True))
    return known


def _steps(best: "Answer", limits: "Limits") -> "tuple[Sequence[Answer], list[str]]":
    from infraplan.procurement.funding import answer

    steps, whole = answer.steps(best, limits)
    if whole:
        return steps, []
    if not steps:
        return (), ["time ran out before the first step was found: frontier.csv holds the usual amounts"]
    least = steps[0].state_cents // 100
    return steps, [f"frontier.csv is cut off below ${least:,}: too many steps, or time ran out"]


def _amount_words(asked: list[int], points: "Sequence[Answer]", held: int) -> list[str]:
    missing, most = len(set(asked)) - len(points), max(asked)
    return [
        *([f"time ran out before {missing:,} amounts of state money were tried"] if missing else []),
        *([f"the funds hold ${held // 100:,} of state money: what is more, up to ${most // 100:,}, buys nothing here; "
           "enlarge the funds to see what it would buy"] if most > held else []),
    ]  # fmt: skip


def _futures(told: "Inputs", sweep: options.Sweep, seed: int) -> "tuple[Ranges, Sequence[Future]]":
    """The ranges that concern this plan, and the futures drawn from them."""
    from infraplan import scenarios
    from infraplan.procurement.funding import futures

    scenarios.ready(sweep.backend)
    ranges, names = scenarios.read_ranges(sweep.ranges), futures.names(told)
    for quantity in ranges.unused(names):
        options.say(f"note: this plan has no figure that {quantity} could change")
    return ranges.used(names), scenarios.draw(ranges, sweep.count, seed, names)


def _trial(
    best: "Answer", sweep: options.Sweep, drawn: "tuple[Ranges, Sequence[Future]]", limits: "Limits"
) -> "Summary":
    """Try the plan against possible futures."""
    from functools import partial

    from infraplan import scenarios
    from infraplan.procurement.funding import futures

    ranges, told = drawn
    each = scenarios.inner(limits, sweep.count, sweep.workers)
    outcomes = scenarios.run(
        partial(futures.face, best.inputs, best.starts, each), told, sweep.backend, sweep.workers,
        options.counted("futures"),
    )  # fmt: skip
    base = futures.decisions(best.inputs, best.starts)
    return scenarios.summary(base, outcomes, told, ranges, limits.seed, futures.unit(best.inputs))
