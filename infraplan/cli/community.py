"""`infraplan connectivity community`."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options
from infraplan.cli.figures import Finite

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from infraplan.connectivity.community.demand import Demand
    from infraplan.connectivity.community.files import Plan
    from infraplan.outputs.pages import Section, SourceNote
    from infraplan.outputs.tables import Field
    from infraplan.workspace import Workspace

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
    "--need-weight", type=Finite(0, 10), default=1.0, show_default=True, metavar="F",
    help="How much more a student counts where all children are in poverty; 0 = all count alike.",
)  # fmt: skip
@click.option("--as-of", metavar="DATE", help="Only availability files of this release, where several are loaded.")
@options.funding_year
@options.workspace
@options.publish
@options.out_dir
@options.scenarios
@options.optimizer
@options.quiet
def community(
    measures: Path, points: Path | None, stops: Path | None, budget: Decimal, months: int, need_weight: float,
    as_of: str | None, publish: bool, sweep: options.Sweep | None,
    funding_year: int | None, workspace: Path, folder: Path, gap: float, time_limit: float | None, seed: int,
    threads: int | None,
) -> None:  # fmt: skip
    """Choose Wi-Fi sites, buses, hotspots and outreach that reach most students without broadband at home.

    Where students live comes from the workspace's home gaps, child gaps and poverty, or from --points. Costs are those
    of --measures; E-Rate's share follows the funding year. Writes community_sites.csv, reach.csv, budgets.csv,
    solution.json and map.html to DIR; with --scenarios also scenarios.csv and decisions.csv: what holds in most possible
    futures, and what the plan would have lost.

    Example:


    \b
        infraplan connectivity community --measures measures.csv --stops stops.csv --budget 250000 \\
            --workspace maine -o community
    """
    from functools import partial

    from infraplan import answers
    from infraplan.cli import kept, trials
    from infraplan.connectivity.community import choice, files, futures, inputs
    from infraplan.solve import Limits

    tables, paths = inputs.read_files(measures, points, stops)
    demand, year = _demand(workspace, points, funding_year, as_of)
    if demand is not None:
        tables["community_points"] = demand.points
    policy = inputs.Policy(budget, months, need_weight, year)
    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    told = inputs.assemble(tables, policy, paths)
    drawn = trials.drawn(sweep, futures.names(told), seed) if sweep else None
    found = choice.find(told, limits)
    plan = files.explained(found, policy, limits, demand.notes if demand else ())
    tried = None
    if sweep and drawn:
        face = partial(futures.face, found, trials.inner(sweep, limits))
        tried = trials.tried(sweep, drawn, face, futures.decisions(told, found.chosen), seed, futures.UNIT)
    with answers.answer_folder(folder) as fresh:
        files.write(plan, fresh, tried, partial(_published, workspace) if publish else None)
        _draw(fresh / "map.html", plan, workspace, demand, [trials.section(tried)] if tried else [])
    receipts = [one.receipt_id for one in demand.receipts] if demand else []
    kept.keep(workspace, "community_sites", files.sites(plan), files.TITLE, notes=plan.notes, receipts=receipts)
    for line in files.summary(plan):
        options.say(line)
    for line in tried.words() if tried else ():
        options.say(line)
    options.say(f"wrote {folder}")


def _published(workspace: Path, frame: "pd.DataFrame", table: str) -> "pd.DataFrame":
    """The table as it may be published: counts of people below the threshold withheld."""
    from infraplan.workspace import DEFAULT_THRESHOLD

    here = _workspace_in(workspace)
    return options.published(frame, table, here.config.threshold if here else DEFAULT_THRESHOLD, asked=True)


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


def _workspace_in(folder: Path) -> "Workspace | None":
    """The workspace in a directory, or None where the command runs on plain files."""
    from infraplan.workspace import SETTINGS, Workspace

    return Workspace.open(folder) if (folder / SETTINGS).is_file() else None


def _draw(path: Path, plan: "Plan", workspace: Path, demand: "Demand | None", more: "list[Section]") -> None:
    """Draw the page beside the answer's tables."""
    from infraplan import tablefiles
    from infraplan.cli.network import districts
    from infraplan.connectivity.community import files, picture, words
    from infraplan.outputs.layers import load_layer
    from infraplan.outputs.lines import Things, draw_lines
    from infraplan.workspace import DEFAULT_THRESHOLD

    here = _workspace_in(workspace)
    given = [options.SYNTHETIC] if tablefiles.of_the_sample(plan.inputs.files.values()) else []
    threshold = here.config.threshold if here else DEFAULT_THRESHOLD
    table = files.sites(plan)
    draw_lines(
        path,
        title=files.TITLE,
        things=[
            Things(
                layer=load_layer("community_reach"),
                frame=picture.reach(files.points(plan), 2 * threshold),
                noun="place",
            ),
            Things(layer=load_layer("community_buses"), frame=picture.buses(plan, table), noun="bus route"),
            Things(layer=load_layer("community_sites"), frame=picture.sites(plan, table), noun="row"),
        ],
        beneath=districts(workspace),
        sections=[*_sections(plan, threshold), *more],
        sources=_sources(plan, demand),
        lead=files.lead(plan, threshold),
        stamps=[*(given or (options.stamps(here) if here else [])), *files.stamps(plan)],
        notes=[*plan.notes, *(f"Assumed: {line}" for line in words.ASSUMED), f"Answer: {files.proved(plan.choice)}."],
        threshold=threshold,
    )


def _sections(plan: "Plan", threshold: int) -> "list[Section]":
    """What money buys, and what programs pay, as tables under the map."""
    import pandas as pd

    from infraplan.connectivity.community import files
    from infraplan.outputs.pages import Section
    from infraplan.outputs.tables import Field

    people = {"unit": "students", "people": True}
    bought = [
        Field(column="budget_usd", label="Budget", unit="USD", format="usd", decimals=0),
        Field(column="spent_usd", label="Spent", unit="USD", format="usd", decimals=0),
        Field(column="students", label="Students reached", **people),  # type: ignore[arg-type]
        Field(column="more_students", label="More than the budget before", unit="students", missing="smallest budget"),
        Field(column="usd_per_more_student", label="Per student more", unit="USD", format="usd", decimals=0,
              missing="nobody more"),
    ]  # fmt: skip
    paid = [
        Field(column="program", label="Program", format="text"),
        Field(column="funding_year", label="Funding year", format="text", missing="any"),
        Field(column="pays", label="Pays", format="text"),
        Field(column="about", label="What the rule says", format="text"),
        Field(column="source", label="Source", format="text"),
    ]
    programs = pd.DataFrame(files.programs()).astype({"funding_year": "Int64"})
    return [
        Section(anchor="budgets", heading="What more or less money reaches",
                body=_table(files.budgets(plan), bought, "Other budgets, each proved by itself", "table-budgets", threshold)),
        Section(anchor="programs", heading="Which programs pay",
                body=_table(programs, paid, "Service off the premises", "table-programs", threshold)),
    ]  # fmt: skip


def _table(frame: "pd.DataFrame", fields: "list[Field]", caption: str, table_id: str, threshold: int) -> "Markup":
    """A table of the page with small counts of people withheld."""
    from infraplan.outputs.suppression import withheld
    from infraplan.outputs.tables import table

    return table(frame, fields, caption=caption, table_id=table_id, hidden=withheld(frame, fields, threshold))


def _sources(plan: "Plan", demand: "Demand | None") -> "list[SourceNote]":
    """The files behind the page: those given, and those of the workspace."""
    import hashlib

    from infraplan.outputs.pages import SourceNote

    notes = [
        SourceNote(
            title=f"Community: {name}", publisher="the state's own file", as_of="unknown date", file=file.name,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(), tables=("community_sites",),
        )
        for name, file in sorted(plan.inputs.files.items())
    ]  # fmt: skip
    notes += [
        SourceNote(
            title=one.title, publisher=one.publisher, as_of=one.as_of or "unknown date", file=one.file, sha256=one.sha256,
            rows=one.rows_read, tables=("community_reach",),
        )
        for one in (demand.receipts if demand else ())
    ]  # fmt: skip
    return notes
