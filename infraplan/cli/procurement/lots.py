"""`infraplan procurement lots`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options
from infraplan.cli.procurement.filings import form_471

if TYPE_CHECKING:
    from infraplan.procurement.lots.expected import Prices
    from infraplan.procurement.lots.inputs import Ground
    from infraplan.workspace import Workspace

_FILE = click.Path(path_type=Path, dir_okay=False)
_MOST_LOTS = 30
_SECONDS = 60.0
"""Where no --time-limit is given: a proof of the last tenth of a percent may take hours and changes no lot."""


def _range(ctx: click.Context, param: click.Parameter, value: str) -> range:
    """`4` or `3-6` as the numbers of lots to try."""
    first, *rest = value.replace("–", "-").split("-", maxsplit=1)  # noqa: RUF001 - as a word processor writes it
    last = rest[0] if rest else first
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        raise click.BadParameter(f"{value} is not a number of lots; give one (4) or a range (3-6)", ctx, param)
    found = range(int(first), int(last) + 1)
    if not found or found[0] < 1 or found[-1] > _MOST_LOTS:
        raise click.BadParameter(
            f"{value} is not a number of lots from 1 to {_MOST_LOTS}, or a range of them", ctx, param
        )
    return found


@click.command()
@click.option(
    "--members", type=_FILE, metavar="FILE", help="Members: students, demand, value, agency, providers, place."
)
@click.option("--demand", type=_FILE, metavar="FILE", help="The demand of a pool; written again with its lots.")
@click.option("--borders", type=_FILE, metavar="FILE", help="Pairs of members that border each other (columns a, b).")
@click.option("--policy", type=_FILE, metavar="FILE.toml", help="How even lots must be, and what one may hold.")
@click.option("--lots", "counts", default="2-6", show_default=True, callback=_range, metavar="N|N-M",
              help="How many lots, or a range to try.")  # fmt: skip
@form_471
@options.funding_year
@click.option("--allow-historic", is_flag=True, help="Let HISTORIC prices say what a lot is worth.")
@options.workspace
@options.out_dir
@options.optimizer
@options.quiet
def lots(
    members: Path | None, demand: Path | None, borders: Path | None, policy: Path | None, counts: range,
    form_471: tuple[Path, ...], funding_year: int | None, allow_historic: bool, workspace: Path, folder: Path,
    gap: float, time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Divide members into lots that a bidder can serve, before bids open.

    Lots are in one piece, about even in students, demand and value, close together, keep regional service agencies
    whole, and leave no lot without bidders. Writes lots.csv, lot_summary.csv, tradeoff.csv (how many lots), map.html
    and solution.json to DIR. Boundaries and students come from the workspace unless the
    files say them. Without --time-limit it stops after a minute with the best division found.

    Example:

    \b
        infraplan procurement lots --demand demand.csv --lots 3-6 --workspace iowa -o lots
        infraplan procurement lots --members members.csv --borders borders.csv --lots 4 -o lots
    """
    from infraplan.cli import kept
    from infraplan.cli.procurement import pool_maps
    from infraplan.procurement import pool_layers
    from infraplan.procurement.lots import files, ground, inputs, pictures, plan
    from infraplan.solve import Limits

    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    here = pool_maps.workspace_in(workspace)
    if here is None and members is None:
        raise click.UsageError("give --members FILE, or --workspace DIR with district boundaries")
    prices = _prices(form_471, here, funding_year, allow_historic=allow_historic)
    known = ground.of(here) if here else None
    if here and known:
        known = _with_filings(known, here, form_471, funding_year, allow_historic=allow_historic)
    told = inputs.read(members, demand, borders, policy, known, prices)
    limits = Limits(gap, time_limit or _SECONDS, seed, threads, quiet=quiet)
    found = plan.find(told, counts, limits, lambda one: options.say(f"  {files.tried(one)}") if one.answered else None)

    def draw(fresh: Path) -> None:
        pool_maps.draw(fresh / "map.html", [pool_layers.lots(fresh)], pictures.districts(found.inputs), here)

    files.write(found, folder, demand, draw)
    said = files.summary(found)
    for line in said:
        options.say(line)
    notes = [line.strip().removeprefix("note: ") for line in said]
    given = (members, demand, borders)
    kept.keep_file(workspace, "lots", folder / "lots.csv", "Lots, by member", notes=notes, files=given)
    options.say(f"wrote {folder}")


def _with_filings(
    known: "Ground", here: "Workspace", files: tuple[Path, ...], funding_year: int | None, *, allow_historic: bool
) -> "Ground":
    """What the workspace tells of districts, with who serves them as filed."""
    from infraplan import states
    from infraplan.procurement import filings
    from infraplan.procurement.lots import ground, serving

    found = serving.of(
        filings.tables(files, here.folder), known.table["lea_id"].tolist(), states.by_usps(here.config.state).fips,
        funding_year or here.config.funding_year, allow_historic=allow_historic,
    )  # fmt: skip
    return ground.joined(known, found)


def _prices(
    files: tuple[Path, ...], here: "Workspace | None", funding_year: int | None, *, allow_historic: bool
) -> "Prices | None":
    """What like lines pay, from Form 471 files given or loaded; None where the workspace has too few of them."""
    from infraplan.errors import NoAnswer
    from infraplan.procurement import filings
    from infraplan.procurement.lots import expected

    year = funding_year or (here.config.funding_year if here else None)
    if not files and here is None:
        return None
    if year is None:
        raise click.UsageError("--form-471 needs --funding-year, the year lots are asked for")
    try:
        return expected.scale(
            filings.tables(files, here.folder if here else Path()), year, allow_historic=allow_historic
        )
    except NoAnswer as lacking:
        if files:
            raise
        options.say(f"note: no price is expected of any lot: {str(lacking).splitlines()[0]}")
        return None
