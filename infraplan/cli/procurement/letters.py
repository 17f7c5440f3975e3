"""Command that writes letters to districts' business officers."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from infraplan.cli import options
from infraplan.cli.procurement.filings import form_471

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    import pandas as pd

    from infraplan.outputs.pages import Page, SourceNote
    from infraplan.procurement import letters
    from infraplan.procurement.letters import Letter
    from infraplan.procurement.pool_letters import Desk, Pool

T = TypeVar("T")
_ONE_SHEET = """
.letter p{max-width:none;margin:.35rem 0}
@media print{@page{size:letter;margin:.5in}html{font-size:8pt;line-height:1.3}h1{font-size:1.5rem;margin:0}.lead{margin:.2rem 0}
h2{font-size:1.1rem;margin:.55rem 0 .1rem}.letter p{margin:.1rem 0}footer{margin-top:.4rem;padding-top:.2rem}
table{font-size:7pt}caption{padding:.1rem 0}}
"""
_WITH_POOL = """
@media print{@page{margin:.35in}html{font-size:7.4pt;line-height:1.16}h1{font-size:1.2rem}
h2{margin:.25rem 0 .05rem}.letter p{margin:.05rem 0}
header,section,footer{margin:0;padding:0}.stamps{margin:.15rem 0}.stamps li{padding:.1rem .4rem;margin:.1rem 0}
#part-4 p{margin:.5rem 0}table{font-size:6.5pt}}
"""


@click.command()
@click.option("--lea", "lea_id", default=None, metavar="ID", help="NCES number of the district.")
@click.option("--ben", default=None, metavar="NUMBER", help="USAC number of the applicant.")
@click.option("--all", "everyone", is_flag=True, help="One letter for each district and school that filed.")
@form_471
@click.option("--crosswalk", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="File with columns ben and nces_cd (or lea_id), for --lea; without it, the NCES codes published or "
              "filed are used.")  # fmt: skip
@click.option("--funding-year", type=click.IntRange(1998, 2100), default=None, metavar="YEAR",
              help="Year the letter is for, default: the workspace's; prices more than two years older are stamped "
              "HISTORIC.")  # fmt: skip
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="The day dates are reckoned from; default: today.")  # fmt: skip
@click.option("--pool", "pool_folder", type=click.Path(path_type=Path, file_okay=False), default=None, metavar="DIR",
              help="An answer of procurement pool: today's bill, the pool's, what no costs, a signature line.")  # fmt: skip
@click.option("--contact", default="", metavar="TEXT", help="Who answers questions about the pool: name, phone, mail.")
@click.option("--reply-by", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="Until when members say yes or no to the pool.")  # fmt: skip
@options.workspace
@options.out_dir
@options.quiet
def letter(
    lea_id: str | None,
    ben: str | None,
    everyone: bool,
    form_471: tuple[Path, ...],
    crosswalk: Path | None,
    funding_year: int | None,
    as_of: "datetime | None",
    pool_folder: Path | None,
    contact: str,
    reply_by: "datetime | None",
    workspace: Path,
    folder: Path,
) -> None:
    """One printable page for a district's business officer: prices, rate, Category Two, dates, one sum to redo.

    With --pool it opens with the pool: today's bill, the pool's, what happens if you say no, dates, contact, a signature.

    Example:

    \b
        infraplan procurement letter --ben 131802 --workspace iowa -o letters
        infraplan procurement letter --all --workspace iowa -o letters
        infraplan procurement letter --lea 1900021 --pool award --workspace iowa -o letters
    """
    from datetime import date

    from infraplan.outputs import pages
    from infraplan.procurement import filings, letters, places, pool_letters

    if sum((lea_id is not None, ben is not None, everyone)) != 1:
        raise click.UsageError("give one of --lea ID, --ben NUMBER and --all")
    year = options.funding_year_of(funding_year, workspace)
    pooled = pool_letters.read(pool_folder) if pool_folder else None
    tables = filings.tables(form_471, workspace)
    numbers = filings.crosswalk(crosswalk) if crosswalk else places.filed_crosswalk(tables, lea_id)
    members = pooled.by_ben(numbers) if pooled else {}
    if lea_id is not None:
        ben = next((one for one, member in members.items() if member == lea_id), None)
    day = as_of.date() if as_of else date.today()  # noqa: DTZ011 - a planner's own day
    desk = _desk(tables, year, day, numbers, workspace)
    bens = letters.recipients(desk) if everyone else [ben or letters.ben_of(str(lea_id), numbers)]
    written = [letters.write(one, desk) for one in bens]
    sources, stamps = _sources(form_471, workspace)
    if pooled is not None:
        sources = [*sources, *_pool_sources(pooled)]
        answering = pool_letters.Desk(contact, reply_by.date() if reply_by else None)
        written = [_with_pool(one, pooled, members, answering) for one in written]
        options.say(f"{sum(one.ben in members for one in written):,} of them are to members of the pool")
    for one in written:
        pages.write(folder / f"letter_{one.ben}.html", _page(one, year, sources, stamps, pooled=one.ben in members))
    options.say(f"wrote {len(written):,} letter{'' if len(written) == 1 else 's'} to {folder}")


def _desk(
    tables: "dict[str, pd.DataFrame]", funding_year: int, day: "date", numbers: dict[str, str], folder: Path
) -> "letters.Desk":
    """Everything letters are written from; counts of people are withheld below the threshold of the workspace, if any."""
    from infraplan.procurement import c2_left, calendar, filings, letters, prices, reconcile
    from infraplan.workspace import DEFAULT_THRESHOLD, SETTINGS, Workspace

    return letters.Desk(
        applications=filings.needed(tables, "applications"),
        found=_or_nothing(
            lambda: prices.benchmark(tables, funding_year=funding_year, crosswalk=numbers or None), prices.NOTHING
        ),
        dates=_or_nothing(lambda: calendar.calendar(tables, day), calendar.nothing(day)),
        opening=reconcile.opening(tables, funding_year),
        c2_spending=c2_left.of_cycle(tables, funding_year),
        c2_reckoned=_reckoned(tables, funding_year),
        threshold=Workspace.open(folder).config.threshold if (folder / SETTINGS).is_file() else DEFAULT_THRESHOLD,
    )


def _or_nothing(reckon: "Callable[[], T]", nothing: "T") -> "T":
    """What a letter can tell, or nothing of it, and why said: a letter has other parts."""
    from infraplan.errors import NoAnswer

    try:
        return reckon()
    except NoAnswer as lacking:
        options.say(f"note: {str(lacking).splitlines()[0]}")
        return nothing


def _with_pool(one: "Letter", pooled: "Pool", members: dict[str, str], desk: "Desk") -> "Letter":
    """The letter with the pool before all else, for a member of it; other letters as they are."""
    from dataclasses import replace

    from infraplan.procurement import pool_letters

    if one.ben not in members:
        return one
    first = pool_letters.parts(pooled, members[one.ben], desk)
    return replace(one, parts=(*first, *one.parts), stamps=(*one.stamps, *pooled.stamps))


def _pool_sources(pooled: "Pool") -> "list[SourceNote]":
    from infraplan.outputs.pages import SourceNote
    from infraplan.receipts import sha256_of

    return [
        SourceNote(title="Award of the pool", publisher="the planner", as_of="this award", file=f.name, sha256=sha256_of([f]))
        for f in pooled.files if f.name == "assignments.csv"
    ]  # fmt: skip


def _reckoned(tables: "dict[str, pd.DataFrame]", funding_year: int) -> "pd.DataFrame | None":
    """Category Two left by the counts filed, where they are loaded."""
    from infraplan.errors import NoAnswer, NoRule
    from infraplan.procurement import c2_left

    try:
        return c2_left.reckoned(tables, funding_year)[0]
    except (NoAnswer, NoRule):
        return None


def _sources(files: tuple[Path, ...], workspace: Path) -> "tuple[list[SourceNote], list[str]]":
    """The files behind the letters, and the stamps of the workspace."""
    from infraplan.outputs.pages import SourceNote
    from infraplan.procurement import filings
    from infraplan.receipts import sha256_of
    from infraplan.workspace import Workspace

    if files:
        notes = [
            SourceNote(
                title="Form 471 table", publisher="USAC", as_of="unknown date", file=f.name, sha256=sha256_of([f])
            )
            for f in files
        ]
        return notes, []
    here = Workspace.open(workspace)
    beneath: dict[str, tuple[str, ...]] = {}
    for table in filings.TABLES:
        for part in here.partitions(table):
            beneath[part.receipt_id] = (*beneath.get(part.receipt_id, ()), table)
    return options.source_notes(here, beneath), options.stamps(here)


def _page(
    one: "Letter", funding_year: int, sources: "list[SourceNote]", stamps: list[str], *, pooled: bool = False
) -> "Page":
    """The letter as a page: paragraphs only, everything escaped."""
    from markupsafe import Markup

    from infraplan.outputs.pages import Page, Section

    def body(sentences: tuple[str, ...]) -> Markup:
        lines = Markup("\n").join(Markup("<p>{}</p>").format(sentence) for sentence in sentences)
        return Markup('<div class="letter">{}</div>').format(lines)

    return Page(
        title=f"{one.name}: E-Rate at a glance, FY{funding_year}",
        lead=one.opening,
        sections=[
            Section(anchor=f"part-{at}", heading=part.heading, body=body(part.sentences))
            for at, part in enumerate(one.parts, start=1)
        ],
        sources=sources,
        stamps=list(dict.fromkeys([*stamps, *one.stamps])),
        styles=[_ONE_SHEET, *([_WITH_POOL] if pooled else [])],
    )
