"""`infraplan connectivity build`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.connectivity.network.files import Tables
    from infraplan.connectivity.network.plan import Plan
    from infraplan.outputs.pages import Section, SourceNote

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--sites", type=_FILE, required=True, metavar="FILE", help="Sites to connect, and their alternatives.")
@click.option("--network", type=_FILE, metavar="FILE", help="Links that could be built; made from points if absent.")
@click.option("--nodes", type=_FILE, metavar="FILE", help="Where the nodes are; needed for a map.")
@click.option("--costs", type=_FILE, metavar="FILE.toml", help="The state's own cost figures.")
@click.option("--terrain", type=_FILE, metavar="FILE", help="Heights of the ground, for line of sight of wireless.")
@click.option("--towers", type=_FILE, metavar="FILE", help="Towers that could serve sites by radio.")
@click.option("--pop", "pops", multiple=True, metavar="NODE", help="A point of presence; repeat for several.")
@click.option(
    "--funding-year", type=click.IntRange(1998, 2100), metavar="YEAR",
    help="Funding year whose match rule applies where a state match is given; default: the workspace's.",
)  # fmt: skip
@options.workspace
@options.out_dir
@options.scenarios
@options.optimizer
@options.quiet
def build(
    sites: Path, network: Path | None, nodes: Path | None, costs: Path | None, terrain: Path | None,
    towers: Path | None, pops: tuple[str, ...],
    funding_year: int | None, workspace: Path, sweep: options.Sweep | None,
    folder: Path, gap: float, time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Choose which links to build so that sites are reached at least cost.

    Links are paid once however many sites share them. A site with an alternative is connected only where that is
    cheaper. Writes routes.csv, sites.csv, solution.json, life_costs.csv where the costs say enough, and routes.geojson
    and map.html where nodes have places, to DIR; the map shows the workspace's districts beneath, where there is one. A
    budget estimate, not a design. With --scenarios also scenarios.csv and decisions.csv: which sites and links hold in
    most possible futures, and what the plan would have lost.

    Example:


    \b
        infraplan connectivity build --sites build_sites.csv --network build_network.csv \\
            --nodes build_nodes.csv --pop pop0 --pop pop1 -o build
    """
    from functools import partial

    from infraplan import answers, scenarios
    from infraplan.cli import kept, trials
    from infraplan.connectivity.network import files, futures, inputs, plan
    from infraplan.solve import Limits

    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    told = inputs.read(sites, network, nodes, pops, costs, terrain, towers)
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    drawn = trials.drawn(sweep, futures.names(told), seed) if sweep else None
    found = plan.find(told, limits)
    tried = None
    if sweep and drawn:
        face = partial(futures.face, found, trials.inner(sweep, limits.after(found.result.seconds)))
        tried = trials.tried(sweep, drawn, face, futures.decisions(found), seed, scenarios.DOLLARS)
    tables = files.tables(found, funding_year if funding_year is not None else _year(workspace))
    with answers.answer_folder(folder) as fresh:
        files.write(found, tables, fresh, tried)
        if told.places:
            _draw(fresh / "map.html", found, tables, workspace, [trials.section(tried)] if tried else [])
    kept.keep(
        workspace, "build_plan", tables.sites, f"{files.ESTIMATE}: sites and their shares", notes=files.notes(found)
    )
    for line in files.summary(found):
        options.say(line)
    for line in tried.words() if tried else ():
        options.say(line)
    options.say(f"wrote {folder}")


def _year(folder: Path) -> int | None:
    """The funding year of the workspace, where there is one."""
    from infraplan.workspace import SETTINGS, Workspace

    return Workspace.open(folder).config.funding_year if (folder / SETTINGS).is_file() else None


def _draw(path: Path, found: "Plan", made: "Tables", workspace: Path, more: "list[Section]") -> None:
    """Draw the page beside the answer's tables."""
    from infraplan import tablefiles
    from infraplan.connectivity.network import files, picture
    from infraplan.outputs.layers import load_layer
    from infraplan.outputs.lines import Things, draw_lines

    synthetic = [options.SYNTHETIC] if tablefiles.of_the_sample(found.inputs.files.values()) else []
    things = [
        Things(layer=load_layer("build_routes"), frame=picture.routes(found, made.routes), noun="link"),
        Things(layer=load_layer("build_sites"), frame=picture.sites(found, made.sites), noun="site"),
        Things(layer=load_layer("build_pops"), frame=picture.hubs(found), noun="place"),
    ]
    facts = files.solution(found, made.sites)
    draw_lines(
        path,
        title=f"A network for {len(found.inputs.sites):,} sites",
        things=things,
        beneath=districts(workspace),
        sections=[*_sections(found, made), *more],
        sources=_given(found),
        lead=" ".join(f"{line}." for line in files.summary(found)[:-1] if not line.startswith("note: ")),
        stamps=[*synthetic, files.ESTIMATE],
        notes=[*facts["notes"], files.CAVEAT, f"Answer: {files.proved(found)}; {facts['solver']}."],
    )


def districts(workspace: Path) -> "gpd.GeoDataFrame | None":
    """The workspace's district boundaries, where there is a workspace that has them."""
    from infraplan.connectivity import areas
    from infraplan.workspace import SETTINGS, Workspace

    if not (workspace / SETTINGS).is_file():
        return None
    here = Workspace.open(workspace)
    if not here.has("district_shapes"):
        return None
    shapes, _ = areas.district_shapes(here)
    return shapes[shapes["area_layer"] != "secondary"]


def _sections(found: "Plan", made: "Tables") -> "list[Section]":
    """The costs under the map: low end, planning figure and high end, and what an application has to compare."""
    import pandas as pd

    from infraplan.connectivity.network import files
    from infraplan.outputs.pages import Section
    from infraplan.outputs.tables import Field, table

    ends = {"low_usd": "Low end", "middle_usd": "Planning figure", "high_usd": "High end"}
    money = [
        Field(column=name, label=label, unit="USD", format="usd", decimals=0, missing="not given")
        for name, label in ends.items()
    ]
    costs = table(
        pd.DataFrame(files.costs(found)),
        [Field(column="part", label="Part", format="text"), *money,
         Field(column="about", label="What it is", format="text")],
        caption=f"Cost over {found.inputs.costs.horizon_years} years, not discounted to today", table_id="table-costs",
    )  # fmt: skip
    sections = [Section(anchor="costs", heading="What it costs", body=costs)]
    if not made.life.empty:
        fields = [
            Field(column="option", label="Option", format="text"),
            Field(column="part", label="Part", format="text"),
        ]
        life = table(
            made.life, [*fields, *money, Field(column="about", label="What it is", format="text")],
            caption="For the sites that are connected, not discounted to today", table_id="table-life",
        )  # fmt: skip
        sections.append(Section(anchor="life", heading="Building against buying", body=life))
    return sections


def _given(found: "Plan") -> "list[SourceNote]":
    """The files behind the page, and the sources of the shipped costs."""
    import hashlib

    from infraplan.outputs.pages import SourceNote

    notes = [
        SourceNote(
            title=f"Network: {name}", publisher="the state's own file", as_of="unknown date", file=file.name,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        )
        for name, file in sorted(found.inputs.files.items())
    ]  # fmt: skip
    shipped = found.inputs.costs.sources if found.inputs.made else ()
    notes += [
        SourceNote(
            title=words,
            publisher="cited by the shipped costs",
            as_of="see title",
            file="",
            sha256="",
            tables=("costs",),
        )
        for words in shipped
    ]
    return notes
