"""`infraplan procurement pool`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from infraplan.cli import options


def _file(name: str, *, required: bool, about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(name, type=kind, required=required, metavar="FILE", help=about)


@click.command()
@_file("--demand", required=True, about="What each member asks for, and its present contract.")
@_file("--bids", required=True, about="The bids: provider, fixed cost, capacity.")
@_file("--bid-prices", required=True, about="The price of each bid for each member it serves.")
@_file("--bid-tiers", required=False, about="Volume tiers of the bids.")
@_file("--policy", required=False, about="The buyers' rules (TOML): horizon, filing form, limits.")
@_file("--rfp", required=False, about="What bidders were told (TOML): factors, limits, bundles, award date.")
@click.option(
    "--explain", is_flag=True, help="Also say what each rule costs and what each awarded bid is worth (slower)."
)
@options.out_dir
@options.optimizer
@options.quiet
def pool(
    demand: Path, bids: Path, bid_prices: Path, bid_tiers: Path | None, policy: Path | None, rfp: Path | None,
    folder: Path, explain: bool, gap: float, time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Award bids to members: least cost over the term, nobody worse off.

    Writes assignments.csv, awards.csv, filings.csv, award_memo.xlsx and solution.json to DIR, with --explain also
    questions.csv. An earlier answer in DIR is replaced.

    Example:

    \b
        infraplan procurement pool --demand demand.csv --bids bids.csv \\
            --bid-prices bid_prices.csv --bid-tiers bid_tiers.csv --policy policy.toml -o award
    """
    from datetime import UTC, datetime

    from infraplan.procurement.pooling import answer, files, inputs, memo
    from infraplan.procurement.pooling.explain import questions
    from infraplan.procurement.pooling.policy import read_rfp
    from infraplan.solve import Limits

    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    told = inputs.read(demand, bids, bid_prices, bid_tiers, policy)
    disclosed = read_rfp(rfp)
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    found = answer.find(told, limits)
    today = datetime.now(UTC).date()
    more = {"questions": questions(found, limits)} if explain else {}
    files.write(found, folder, disclosed, today, more, lambda path: memo.write(found, path, disclosed, today))
    for line in files.summary(found):
        options.say(line)
    options.say(f"wrote {folder}")
