"""Command that writes letters to districts' business officers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options
from infraplan.cli.procurement.filings import form_471

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from infraplan.outputs.pages import Page, SourceNote
    from infraplan.procurement.letters import Letter

_ONE_SHEET = """
.letter p{max-width:none;margin:.35rem 0}
@media print{@page{size:letter;margin:.5in}html{font-size:8pt;line-height:1.3}h1{font-size:1.5rem;margin:0}.lead{margin:.2rem 0}
h2{font-size:1.1rem;margin:.55rem 0 .1rem}.letter p{margin:.1rem 0}footer{margin-top:.4rem;padding-top:.2rem}
table{font-size:7pt}caption{padding:.1rem 0}}
"""


@click.command()
@click.option("--lea", "lea_id", default=None, metavar="ID", help="NCES number of the district (needs --crosswalk).")
@click.option("--ben", default=None, metavar="NUMBER", help="USAC number of the applicant.")
@click.option("--all", "everyone", is_flag=True, help="One letter for each district and school that filed.")
@form_471
@click.option("--crosswalk", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="File with columns ben and nces_cd (or lea_id).")  # fmt: skip
@click.option("--funding-year", type=click.IntRange(1998, 2100), required=True, metavar="YEAR",
              help="Year the letter is for; prices more than two years older are stamped HISTORIC.")  # fmt: skip
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="The day dates are reckoned from; default: today.")  # fmt: skip
@options.workspace
@options.out_dir
@options.quiet
def letter(
    lea_id: str | None,
    ben: str | None,
    everyone: bool,
    form_471: tuple[Path, ...],
    crosswalk: Path | None,
    funding_year: int,
    as_of: "datetime | None",
    workspace: Path,
    folder: Path,
) -> None:
    """One printable page for a district's business officer: prices, rate, Category Two, dates, one sum to redo.

    Example:

    \b
        infraplan procurement letter --ben 131802 --funding-year 2026 --workspace iowa -o letters
        infraplan procurement letter --all --funding-year 2026 --workspace iowa -o letters
    """
    from datetime import date

    from infraplan.outputs import pages
    from infraplan.procurement import calendar, filings, letters, prices, reconcile

    if sum((lea_id is not None, ben is not None, everyone)) != 1:
        raise click.UsageError("give one of --lea ID, --ben NUMBER and --all")
    if lea_id is not None and crosswalk is None:
        raise click.UsageError("--lea needs --crosswalk FILE, which says the district's USAC number")
    numbers = filings.crosswalk(crosswalk) if crosswalk else {}
    tables = filings.tables(form_471, workspace)
    day = as_of.date() if as_of else date.today()  # noqa: DTZ011 - a planner's own day
    desk = letters.Desk(
        applications=filings.needed(tables, "applications"),
        found=prices.benchmark(tables, funding_year=funding_year, crosswalk=numbers or None),
        dates=calendar.calendar(tables, day),
        compared=reconcile.filings(tables),
        c2_spending=tables.get("c2_spending"),
        c2_reckoned=_reckoned(tables, funding_year),
    )
    bens = letters.recipients(desk) if everyone else [ben or letters.ben_of(str(lea_id), numbers)]
    written = [letters.write(one, desk) for one in bens]
    sources, stamps = _sources(form_471, workspace)
    for one in written:
        pages.write(folder / f"letter_{one.ben}.html", _page(one, funding_year, sources, stamps))
    options.say(f"wrote {len(written):,} letters to {folder}")


def _reckoned(tables: "dict[str, pd.DataFrame]", funding_year: int) -> "pd.DataFrame | None":
    """Category Two left by the counts filed, where USAC's tool is not loaded and the counts are."""
    from infraplan.errors import NoAnswer, NoRule
    from infraplan.procurement import c2_left

    if "c2_spending" in tables:
        return None
    try:
        return c2_left.by_applicant(tables, funding_year)[0]
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


def _page(one: "Letter", funding_year: int, sources: "list[SourceNote]", stamps: list[str]) -> "Page":
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
        stamps=[*stamps, *one.stamps],
        styles=[_ONE_SHEET],
    )
