"""Command that draws the E-Rate map."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from datetime import datetime

    from infraplan.procurement.layers import MapTables
    from infraplan.workspace import Workspace


@click.command("map")
@click.option("--crosswalk", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="File with columns ben and nces_cd (or lea_id); without it, the NCES codes filed are used.")  # fmt: skip
@click.option("--points", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="Without boundaries: file with lea_id (nces_cd) or ben, latitude, longitude.")  # fmt: skip
@options.funding_year
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="The day contract ends are reckoned from; default: today.")  # fmt: skip
@click.option("--pool", "pool_folder", type=click.Path(path_type=Path, file_okay=False), default=None, metavar="DIR",
              help="The answer of procurement pool: who buys from whom, savings, what leaving would cost.")  # fmt: skip
@click.option("--lots", "lots_folder", type=click.Path(path_type=Path, file_okay=False), default=None, metavar="DIR",
              help="The answer of procurement lots: who is asked for with whom.")  # fmt: skip
@click.option("--tiles", is_flag=True, help="Add a street map; the page then asks a third party's server for pictures.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.html",
              help="Where to write it; default: maps/erate.html in the workspace.")  # fmt: skip
@options.workspace
@options.quiet
def draw(
    crosswalk: Path | None,
    points: Path | None,
    funding_year: int | None,
    as_of: "datetime | None",
    pool_folder: Path | None,
    lots_folder: Path | None,
    tiles: bool,
    path: Path | None,
    workspace: Path,
) -> None:
    """Draw the E-Rate map: rate, price position, contract end and Category Two left, by district.

    Needs Form 471 tables in the workspace. Districts are drawn by their boundaries where these are loaded, else as circles
    at the points known of them: of --points, USAC's published entities, the applications or the districts' schools. One
    page that opens without a network. With --pool or --lots it draws those answers instead, by default to maps/pool.html.

    Example:

    \b
        infraplan procurement map --workspace iowa
        infraplan procurement map --crosswalk ben_nces.csv --workspace iowa -o erate.html
        infraplan procurement map --crosswalk ben_nces.csv --points districts.csv --workspace kansas
        infraplan procurement map --lots lots --pool award --workspace iowa
    """
    from datetime import date

    from infraplan.cli.procurement import pool_maps
    from infraplan.procurement import filings, places
    from infraplan.procurement import layers as tables
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    if pool_folder is not None or lots_folder is not None:
        given = places.points(points) if points else places.Points()
        pool_maps.draw_answers(here, lots_folder, pool_folder, given, path or here.folder / "maps" / "pool.html")
        return
    shown = tables.map_tables(
        here,
        funding_year=funding_year or here.config.funding_year,
        as_of=as_of.date() if as_of else date.today(),  # noqa: DTZ011 - a planner's own day
        crosswalk=filings.crosswalk(crosswalk) if crosswalk else None,
        points=places.points(points) if points else None,
    )
    _drawn(shown, here, path or here.folder / "maps" / "erate.html", tiles=tiles)


def _drawn(shown: "MapTables", here: "Workspace", target: Path, *, tiles: bool) -> None:
    """Write the page and say what is on it."""
    from infraplan.outputs.layers import load_layer
    from infraplan.outputs.maps import draw_map

    draw_map(
        target,
        title=f"{options.state_name(here)}: {shown.title}",
        areas=shown.areas,
        points=None,
        layers=[load_layer(name) for name in shown.layers],
        sources=options.source_notes(here, shown.receipt_tables),
        # how our figures compare with the published ones opens every E-Rate page
        lead=shown.notes[0],
        stamps=[*options.stamps(here), *shown.stamps],
        notes=[*shown.notes[1:], "Planning figures, not legal advice; USAC decides."],
        threshold=here.config.threshold,
        tiles=tiles,
    )
    for note in shown.notes:
        options.say(f"  {note}")
    options.say(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB); open it in any browser")
