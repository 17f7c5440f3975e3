"""`infraplan procurement pool`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.procurement.pooling.answer import Answer
    from infraplan.procurement.pooling.inputs import Inputs
    from infraplan.scenarios import Future, Ranges, Summary
    from infraplan.solve import Limits


def _file(name: str, *, about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(name, type=kind, metavar="FILE", help=about)


def _day(name: str, about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(name, type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="YYYY-MM-DD", help=about)


@click.command()
@_file("--demand", about="What each member asks for, and its present contract (needed).")
@_file("--bids", about="The bids: provider, fixed cost, capacity (needed, but not with --join).")
@_file(
    "--bid-prices", about="The price of each bid for each member it serves (needed; with --join: quotes given since)."
)
@_file("--bid-tiers", about="Volume tiers of the bids.")
@_file("--policy", about="The buyers' rules (TOML): horizon, filing form, limits, stable = true.")
@_file("--rfp", about="What bidders were told (TOML): factors, limits, bundles, award date, Form 470.")
@click.option(
    "--explain", is_flag=True, help="Also say what each rule costs and what each awarded bid is worth (slower)."
)
@click.option(
    "--join", "member", default=None, metavar="ID", help="Open enrollment: may this member join, at what cost?"
)
@click.option(
    "--contract",
    type=click.Path(path_type=Path, exists=True),
    default=None,
    metavar="DIR",
    help="With --join: the awarded contract (the folder `contract` of an answer, or its contract.toml).",
)
@_day("--as-of", "With --join: the day to reckon from; default today.")
@_day("--own-470", "With --join: the day the member posted its own Form 470.")
@options.scenarios
@options.workspace
@options.out_dir
@options.optimizer
@options.quiet
def pool(
    demand: Path | None, bids: Path | None, bid_prices: Path | None, bid_tiers: Path | None, policy: Path | None,
    rfp: Path | None, folder: Path, explain: bool, member: str | None, contract: Path | None, as_of: datetime | None,
    own_470: datetime | None, sweep: options.Sweep | None, workspace: Path, gap: float, time_limit: float | None, seed: int,
    threads: int | None,
) -> None:  # fmt: skip
    """Award bids to members: least cost over the term, nobody worse off.

    Writes assignments.csv, awards.csv, filings.csv, award_memo.xlsx, solution.json and the folder contract to DIR, with
    --explain also questions.csv, with stable = true in the policy also stability.csv. An earlier answer in DIR is
    replaced. With --join: may_join.csv, mini_bid.csv, join.csv. With --scenarios (before bids open, on prices you expect;
    PLANNING ONLY, no memo and no contract): scenarios.csv and decisions.csv, which awards hold in most futures. In a
    workspace that knows where the members are: map.html.

    Example:

    \b
        infraplan procurement pool --demand demand.csv --bids bids.csv \\
            --bid-prices bid_prices.csv --bid-tiers bid_tiers.csv --policy policy.toml -o award
        infraplan procurement pool --join 2300099 --contract award/contract --demand theirs.csv -o join
    """
    from datetime import UTC

    from infraplan.cli import kept
    from infraplan.cli.procurement import pool_maps
    from infraplan.solve import Limits

    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    day = as_of.date() if as_of else datetime.now(UTC).date()
    _check({"--demand": demand})
    if member is not None or contract is not None:
        _check({"--join": member, "--contract": contract})
        _join(str(member), Path(str(contract)), Path(str(demand)), bid_prices, folder, day, own_470)
        return
    _check({"--bids": bids, "--bid-prices": bid_prices})
    pool_maps.workspace_in(workspace)  # one that is not there is refused before the search, not after it
    paths = (demand, bids, bid_prices, bid_tiers, policy)
    _award(paths, rfp, folder, Limits(gap, time_limit, seed, threads, quiet=quiet), sweep, explain=explain)
    pool_maps.beside(folder, workspace)
    title = "Awards of the pool, by member and service"
    kept.keep_file(workspace, "pool_assignments", folder / "assignments.csv", title, files=paths[:4])


def _check(given: dict[str, object]) -> None:
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise click.UsageError(f"Missing option {', '.join(missing)}.")


def _award(
    paths: tuple[Path | None, ...], rfp: Path | None, folder: Path, limits: "Limits", sweep: options.Sweep | None,
    *, explain: bool,
) -> None:  # fmt: skip
    from dataclasses import replace
    from datetime import UTC

    from infraplan.procurement.pooling import answer, contract, files, inputs, memo
    from infraplan.procurement.pooling.explain import questions
    from infraplan.procurement.pooling.policy import read_rfp

    demand, bids, prices, tiers, policy = paths
    told = inputs.read(Path(str(demand)), Path(str(bids)), Path(str(prices)), tiers, policy)
    disclosed = read_rfp(rfp)
    today = datetime.now(UTC).date()
    if sweep is not None and disclosed is not None and disclosed.award_date and disclosed.award_date <= today:
        raise click.UsageError(
            f"--scenarios is for planning before bids open; the award date of {rfp} is past: leave one of the two out."
        )
    drawn = _futures(told, sweep, limits.seed) if sweep is not None else None
    found = answer.find(told, limits)
    if sweep is not None and drawn is not None:
        found = replace(found, trial=_trial(found, sweep, drawn, limits))
    more = {"questions": questions(found, limits)} if explain else {}
    files.write(
        found,
        folder,
        disclosed,
        today,
        more,
        None if sweep is not None else lambda path: memo.write(found, path, disclosed, today),
        lambda path, stamps: contract.write(found, path, disclosed, stamps),
    )
    for line in files.summary(found):
        options.say(line)
    options.say(f"wrote {folder}")


def _futures(told: "Inputs", sweep: options.Sweep, seed: int) -> "tuple[Ranges, Sequence[Future]]":
    """The ranges that concern this purchase, and the futures drawn from them."""
    from infraplan import scenarios
    from infraplan.procurement.pooling import futures

    ranges, names = scenarios.read_ranges(sweep.ranges), futures.names(told)
    return ranges.used(names), scenarios.draw(ranges, sweep.count, seed, names)


def _trial(
    found: "Answer", sweep: options.Sweep, drawn: "tuple[Ranges, Sequence[Future]]", limits: "Limits"
) -> "Summary":
    """Try the award against possible futures."""
    from functools import partial

    from infraplan import scenarios
    from infraplan.procurement.pooling import futures

    ranges, told = drawn
    base, each = futures.decisions(found.award), scenarios.inner(limits, sweep.count, sweep.workers)
    outcomes = scenarios.run(
        partial(futures.face, found.award.inputs, base, each), told, sweep.backend, sweep.workers,
        options.counted("futures"),
    )  # fmt: skip
    return scenarios.summary(base, outcomes, told, ranges, limits.seed, scenarios.DOLLARS)


def _join(
    member: str, where: Path, demand: Path, quotes: Path | None, folder: Path, day: Any, own_470: datetime | None  # noqa: ANN401
) -> None:  # fmt: skip
    import time

    from infraplan import answers
    from infraplan.procurement.pooling import contract, joining

    began, agreed = time.perf_counter(), contract.load(where)
    told = joining.join(
        agreed, member, demand, quotes, today=day, own_470=own_470.date() if own_470 else None
    )  # fmt: skip
    given = {"demand": demand, **({"bid_prices": quotes} if quotes else {})}
    with answers.answer_folder(folder) as fresh:
        joining.write(told, fresh)
        answers.write_record(fresh, joining.record(told, given, time.perf_counter() - began))
    for line in told.words():
        options.say(line)
    options.say(f"wrote {folder}")
