"""`infraplan connectivity`: who lacks broadband, at home and at school."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import click

from infraplan.cli import LazyGroup, options
from infraplan.cli.figures import Finite
from infraplan.cli.options import Output


def _home_rule(function: options.F) -> options.F:
    """Add --rule and --rule-file: what counts as served."""
    function = click.option(
        "--rule-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="RULE.toml",
        help="The state's own rule, with --rule own.",
    )(function)
    return click.option(
        "--rule",
        "rule_id",
        type=click.Choice(["bead-2022", "terrestrial", "own"]),
        default="bead-2022",
        show_default=True,
        help="What counts as served.",
    )(function)


@click.group(
    cls=LazyGroup,
    lazy={
        "build": ("infraplan.cli.network:build", "Budget a network that connects sites to points of presence."),
        "community": ("infraplan.cli.community:community", "Reach students without broadband at home, under a budget."),
    },
)
def connectivity() -> None:
    """Who lacks broadband, at home and at school.

    Example:


    \b
        infraplan connectivity homes --by district --workspace maine -o home_gaps.csv
    """


@connectivity.command()
@click.option(
    "--by",
    type=click.Choice(["district", "county", "state"]),
    default="district",
    show_default=True,
    help="The areas to count in.",
)
@_home_rule
@click.option("--business", is_flag=True, help="Count offers made to businesses only, too.")
@click.option("--as-of", metavar="DATE", help="Only files of this release, where several are loaded.")
@click.option(
    "--detail",
    type=click.Choice(["technology", "providers", "needs"]),
    help="Instead: locations by technology, by number of providers, or by what they lack.",
)
@options.output
@options.workspace
@options.quiet
def homes(
    by: str,
    rule_id: str,
    rule_file: Path | None,
    business: bool,
    as_of: str | None,
    detail: str | None,
    output: Output,
    workspace: Path,
) -> None:
    """Count locations that are served, underserved and unserved, by area.

    Example:


    \b
        infraplan connectivity homes --by district --workspace maine -o home_gaps.csv
        infraplan connectivity homes --by county --detail needs --workspace maine
    """
    from infraplan.connectivity import homes as analysis
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    rule = analysis.home_rule(rule_id, rule_file)
    if detail is not None:
        table = analysis.details(here, detail, by=by, rule=rule, business=business, as_of=as_of)  # type: ignore[arg-type]
        output.write(table, here)
        return
    gaps = analysis.home_gaps(here, by=by, rule=rule, business=business, as_of=as_of)  # type: ignore[arg-type]
    here.put_answer("home_gaps" if by == "district" else f"home_gaps_{by}", gaps.table, dict(gaps.about))
    options.say(gaps.title)
    own = int(gaps.table["own_locations"].sum())
    rows = f"{len(gaps.table):,} row{'s' * (len(gaps.table) != 1)}"
    options.say(f"{rows}; {own:,} locations, each counted once in the state (own_locations)")
    for note in gaps.notes:
        options.say(f"  {note}")
    output.write(gaps.table, here)


@connectivity.command()
@click.option(
    "--by",
    type=click.Choice(["district", "county", "state"]),
    default="district",
    show_default=True,
    help="The areas to estimate for.",
)
@options.publish
@options.output
@options.workspace
@options.quiet
def children(by: str, publish: bool, output: Output, workspace: Path) -> None:
    """Estimate children without a computer and broadband at home, as a range, by area.

    Example:


    \b
        infraplan connectivity children --by district --workspace maine -o child_gaps.csv
    """
    from infraplan.connectivity import children as analysis
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    gaps = analysis.child_gaps(here, by=by)  # type: ignore[arg-type]
    here.put_answer("child_gaps" if by == "district" else f"child_gaps_{by}", gaps.table, dict(gaps.about))
    _told(gaps.title, gaps.notes)
    output.write(options.published(gaps.table, "child_gaps", here.config.threshold, asked=publish), here)


@connectivity.command()
@click.option(
    "--target",
    "target_id",
    type=click.Choice(["fcc-2014", "setda-2020", "setda-2023", "wan"]),
    default="fcc-2014",
    show_default=True,
    help="The dated target; fcc-2014 is 1 Mbps per student.",
)
@click.option(
    "--mbps-per-student",
    type=Finite(min=0, min_open=True),
    metavar="X",
    help="The state's own target instead.",
)
@click.option(
    "--growth",
    type=Finite(0, 500),
    metavar="PERCENT",
    help="Also the year in which today's circuit falls below the target, growing so much a year.",
)
@click.option(
    "--detail",
    type=click.Choice(["schools", "equity"]),
    help="Instead: each school and whether fiber is near (a proxy); or gaps beside poverty, NSLP and locale.",
)
@options.publish
@options.output
@options.workspace
@options.quiet
def schools(
    target_id: str,
    mbps_per_student: float | None,
    growth: float | None,
    detail: str | None,
    publish: bool,
    output: Output,
    workspace: Path,
) -> None:
    """Compare each LEA's bandwidth with a target for its students.

    Example:


    \b
        infraplan connectivity schools --target fcc-2014 --growth 25 --workspace ri -o school_gaps.csv
    """
    from infraplan.connectivity import schools as analysis
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    if detail == "schools":
        output.write(analysis.near_fiber(here), here)
        return
    gaps = analysis.school_gaps(here, aim=analysis.target(target_id, mbps_per_student), growth_percent=growth)
    if detail == "equity":
        table = analysis.equity(here, gaps.table)
        about = analysis.equity_about(here, gaps)
        here.put_answer("school_equity", table, about)
        _told(about["title"], gaps.notes)
        output.write(options.published(table, "school_equity", here.config.threshold, asked=publish), here)
        return
    here.put_answer("school_gaps", gaps.table, dict(gaps.about))
    _told(gaps.title, gaps.notes)
    output.write(options.published(gaps.table, "school_gaps", here.config.threshold, asked=publish), here)


def _told(title: str, notes: tuple[str, ...]) -> None:
    options.say(title)
    for note in notes:
        options.say(f"  {note}")


@connectivity.command("map")
@_home_rule
@click.option(
    "--target",
    "target_id",
    type=click.Choice(["fcc-2014", "setda-2020", "setda-2023"]),
    default="fcc-2014",
    show_default=True,
    help="The dated bandwidth target.",
)
@click.option("--tiles", is_flag=True, help="Add a street map; the page then asks a third party's server for pictures.")
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Where to write it; default: maps/gaps.html in the workspace.",
)
@options.workspace
@options.quiet
def draw(rule_id: str, rule_file: Path | None, target_id: str, tiles: bool, path: Path | None, workspace: Path) -> None:
    """Draw the gap map: homes, children and schools by district, one page that opens without a network.

    Example:


    \b
        infraplan connectivity map --workspace maine
    """
    from infraplan.connectivity import areas
    from infraplan.outputs import shapes
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    with ThreadPoolExecutor(2) as aside:
        # the boundaries are simplified and the engine counts while this thread imports what counts and what draws
        outlining = aside.submit(lambda: shapes.simplified(shapes.in_order(areas.boundaries(here)[0])))
        from infraplan.connectivity import homes as home_analysis
        from infraplan.connectivity import layers as tables
        from infraplan.connectivity import schools as school_analysis

        rule = home_analysis.home_rule(rule_id, rule_file)
        aim = school_analysis.target(target_id)
        counting = aside.submit(tables.map_tables, tables.with_engine(here), rule=rule, aim=aim)
        from infraplan.outputs.layers import load_layer
        from infraplan.outputs.maps import draw_map

        shown, outlines = counting.result(), outlining.result()
    layers = [load_layer(name) for name in shown.layers]
    if rule_id != "bead-2022":
        # the layers' own words are those of bead-2022; under another rule its words stand there
        words = f"{rule.title}. {rule.words()}."
        layers = [replace(layer, about=words) if layer.table == "home_gaps" else layer for layer in layers]
    target = path or here.folder / "maps" / "gaps.html"
    draw_map(
        target,
        title=f"{options.state_name(here)}: {shown.title}",
        areas=shown.areas,
        points=shown.points,
        layers=layers,
        sources=options.source_notes(here, shown.receipt_tables),
        # what mixes years is said above the map, not in its last notes
        stamps=[*options.stamps(here), *(note for note in shown.notes if "years apart" in note)],
        notes=shown.notes,
        threshold=here.config.threshold,
        tiles=tiles,
        outlines=outlines,
    )
    for note in shown.notes:
        options.say(f"  {note}")
    options.say(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB); open it in any browser")
