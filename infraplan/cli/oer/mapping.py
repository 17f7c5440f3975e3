"""`infraplan oer map`: the districts of a list by share of open materials and by saving."""

from pathlib import Path

import click

from infraplan.cli import options
from infraplan.cli.oer.inputs import FILE, column_map, given, list_columns


@click.command(name="map")
@click.option("--list", "adopted", type=FILE, required=True, metavar="FILE", help="The adoption list, with district.")
@click.option("--matches", type=FILE, required=True, metavar="FILE", help="What oer match wrote for this list.")
@click.option("--savings", "saved", type=FILE, default=None, metavar="FILE", help="What oer savings wrote for it.")
@list_columns
@click.option(
    "-o",
    "--output",
    "path",
    type=FILE,
    metavar="FILE.html",
    help="Where to write it; default: maps/materials.html in the workspace.",
)
@options.workspace
@options.quiet
def map_(
    adopted: Path,
    matches: Path,
    saved: Path | None,
    columns: tuple[str, ...],
    sheet: str | None,
    path: Path | None,
    workspace: Path,
) -> None:
    """Draw the districts of a list by share of open materials and by saving, one page that opens without a network.

    The list's column district holds NCES numbers or names; districts that it does not name are not assessed.

    Example:


    \b
        infraplan oer map --list lists.csv --matches matches.csv --savings savings.csv --workspace maine
    """
    from infraplan import tablefiles
    from infraplan.oer import layers
    from infraplan.oer.sources import lists
    from infraplan.outputs.layers import load_layer
    from infraplan.outputs.maps import draw_map
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    shown = layers.district_map(
        here,
        lists.read_list(adopted, column_map(columns), sheet=sheet),
        tablefiles.read_text(matches),
        tablefiles.read_text(saved) if saved is not None else None,
    )
    receipts = {one.receipt_id: ("district_shapes",) for one in here.receipts_of("district_shapes")}
    about = {"title": "open materials by district", "receipts": list(receipts), "notes": list(shown.notes)}
    here.put_answer("oer_districts", shown.table, about)
    target = path or here.folder / "maps" / "materials.html"
    draw_map(
        target,
        title=f"{options.state_name(here)}: open materials by district",
        areas=shown.areas,
        points=None,
        layers=[load_layer(name) for name in shown.layers],
        sources=[
            *given([adopted, matches, *([saved] if saved is not None else [])], "oer_districts"),
            *options.source_notes(here, receipts),
        ],
        stamps=options.stamps(here),
        notes=shown.notes,
        threshold=here.config.threshold,
    )
    for note in shown.notes:
        options.say(f"  {note}")
    options.say(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB); open it in any browser")
