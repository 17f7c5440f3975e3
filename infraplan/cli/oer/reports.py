"""`infraplan oer audit`: the report a curriculum office lays before its board."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options
from infraplan.cli.oer.inputs import FILE, column_map, given, list_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from infraplan.oer.audit import Audit

FEWEST_PEOPLE = 10
LONG_ADDRESSES = (
    "td:last-child:not(.n){overflow-wrap:anywhere;min-width:14em}"  # else an address widens the printed page
)


@click.command(name="audit")
@click.option("--list", "adopted", type=FILE, required=True, metavar="FILE", help="The adoption list.")
@click.option(
    "--catalog",
    "catalogs",
    type=FILE,
    required=True,
    multiple=True,
    metavar="FILE",
    help="A catalog of open resources; may be given several times.",
)
@list_columns
@click.option("--approved", type=FILE, default=None, metavar="FILE", help="The state's approved list.")
@click.option(
    "--state-adopts", is_flag=True, help="The state adopts: a candidate not on --approved needs state review."
)
@click.option(
    "--decisions", type=FILE, default=None, metavar="FILE", help="People's decisions; they overrule the tool."
)
@click.option(
    "--previous",
    type=FILE,
    default=None,
    metavar="FILE",
    help="matches.csv of the last report: this one says what changed since.",
)
@click.option(
    "--assumptions", type=FILE, default=None, metavar="FILE.toml", help="Your own assumptions of the savings."
)
@click.option(
    "--coverage",
    "covers",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    multiple=True,
    metavar="DIR",
    help="A directory oer coverage wrote; may be given several times.",
)
@click.option(
    "--on",
    "on",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    metavar="DATE",
    help="The day to reckon for: contracts that end later are not counted.",
)
@click.option(
    "--title", default="Open materials: audit of an adoption list", show_default=True, help="Title of the report."
)
@options.out_dir
@options.quiet
def audit_(
    adopted: Path,
    catalogs: tuple[Path, ...],
    columns: tuple[str, ...],
    sheet: str | None,
    approved: Path | None,
    state_adopts: bool,
    decisions: Path | None,
    previous: Path | None,
    assumptions: Path | None,
    covers: tuple[Path, ...],
    on: "datetime | None",
    title: str,
    folder: Path,
) -> None:
    """Write the report a curriculum office can lay before its board: one page, one workbook, a CSV of each question.

    What is already open, what has an open alternative and what its license asks, standards covered, net savings,
    publicly paid material that is not openly licensed, and what could not be assessed and why.

    Example:

    \b
        infraplan oer audit --list approved_list.csv --catalog open_textbooks.csv -o audit
    """
    from infraplan import tablefiles
    from infraplan.oer import audit as auditing
    from infraplan.oer import matching, standing, workbook
    from infraplan.oer import savings as saved
    from infraplan.oer.sources import lists

    items, catalog = lists.read_list(adopted, column_map(columns), sheet=sheet), lists.read_catalogs(list(catalogs))
    matched = matching.match(items, catalog)
    if decisions is not None:
        matched = standing.decided(matched, standing.read_decisions(decisions))
    listed = lists.read_approved(approved) if approved is not None else None
    matched = standing.with_standing(matched, catalog, listed, state_adopts=state_adopts)
    since = standing.changed(matched, tablefiles.read_text(previous)) if previous is not None else None
    told = auditing.audit(
        items,
        catalog,
        matched,
        saved.estimate(items, matched, saved.read_assumptions(assumptions), on=on.date() if on else None),
        [auditing.coverage_record(one) for one in covers],
        auditing.material_funding(lists.read_funding(adopted, column_map(columns), sheet=sheet)),
        since,
    )
    folder.mkdir(parents=True, exist_ok=True)
    stamped = matched.assign(stamp="SYNTHETIC") if options.from_the_sample() else matched
    tablefiles.write(stamped, folder / "matches.csv")
    for part in told.parts:
        table = part.table.assign(stamp="SYNTHETIC") if options.from_the_sample() else part.table
        tablefiles.write(table, folder / f"{part.file}.csv")
    workbook.write(folder / "audit.xlsx", told, options.SYNTHETIC if options.from_the_sample() else "")
    others = [one for one in (approved, decisions, previous, assumptions) if one is not None]
    _page(folder / "report.html", title, told, [adopted, *catalogs, *others])
    options.say(f"{told.lead}\nwrote {folder / 'report.html'}, audit.xlsx and {len(told.parts) + 1} CSV files")


def _page(path: Path, title: str, told: "Audit", files: "Sequence[Path]") -> None:
    """Draw the audit's parts as one page."""
    from markupsafe import Markup, escape

    from infraplan.outputs import pages, suppression, tables

    sections = []
    for part in told.parts:
        fields = [
            tables.Field(
                column=column.name,
                label=column.heading,
                unit="USD" if column.kind == "usd" else "",
                format="number" if column.kind == "usd" else column.kind,
                decimals=2 if column.kind == "usd" else None,
                missing="",
                people=column.people,
                derived_from=("students",) if column.kind == "usd" and column.name != "price_usd" else (),
            )
            for column in part.columns
        ]
        words = Markup("").join(Markup("<p>") + escape(line) + Markup("</p>") for line in part.words)
        frame = part.table.reset_index(drop=True)
        hidden = suppression.withheld(frame, fields, FEWEST_PEOPLE)
        shown = tables.table(frame, fields, caption=part.heading, table_id=f"{part.file}-table", hidden=hidden)
        body = shown if len(frame) else Markup("")
        sections.append(pages.Section(anchor=part.file, heading=part.heading, body=words + body))
    pages.write(
        path,
        pages.Page(
            title=title,
            lead=told.lead,
            sections=sections,
            sources=given(files),
            stamps=[options.SYNTHETIC] if options.from_the_sample() else [],
            disclaimer=told.parts[0].words[0],
            styles=[LONG_ADDRESSES],
        ),
    )
