"""Commands on open materials: licenses, remix, matching. Thin: arguments in, library calls, tables out."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from infraplan.cli import options
from infraplan.cli.figures import Finite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from infraplan.oer.audit import Audit
    from infraplan.outputs.pages import SourceNote

FILE = click.Path(path_type=Path, dir_okay=False)
FEWEST_PEOPLE = 10
LONG_ADDRESSES = (
    "td:last-child:not(.n){overflow-wrap:anywhere;min-width:14em}"  # else an address widens the printed page
)
F = TypeVar("F", bound=Callable[..., None])


def _list_columns(function: F) -> F:
    """Add --columns and --sheet, which say how an adoption list is laid out."""
    function = click.option(
        "--sheet", default=None, metavar="NAME", help="Sheet of the list's workbook; else the first."
    )(function)
    return click.option(
        "--columns",
        "columns",
        multiple=True,
        metavar="OURS=THEIRS",
        help="Which column of the list is ours, where the names differ: --columns title='Book name'.",
    )(function)


@click.group()
def oer() -> None:
    """Openly licensed materials: what a license allows, what on a list has an open alternative.

    Example:

    \b
        infraplan oer licenses --from catalog.csv -o licenses.csv
    """


@oer.command()
@click.option(
    "--from",
    "source",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Table with a column raw (what the source writes about rights), optionally url.",
)
@options.output
@options.quiet
def licenses(source: Path, output: options.Output) -> None:
    """Read license statements: family, version, SPDX id, and what the license allows.

    Answers are yes, no, review (custom or unclear terms: a person reads them) or unknown (no license seen). An address
    beats the words beside it, a version is never guessed, and what only sounds open stays unknown.

    Example:

    \b
        infraplan oer licenses --from catalog.csv -o licenses.csv
    """
    from infraplan.oer.licenses import license_table, outcome_counts
    from infraplan.oer.sources.lists import read_statements

    facts = license_table(read_statements(source))
    output.write(facts)
    options.say(outcome_counts(facts))


@oer.command()
@click.argument("first")
@click.argument("second")
@options.quiet
def remix(first: str, second: str) -> None:
    """Say whether two licenses can be mixed into one adaptation, and what it may carry.

    The first word is yes, no, review or unknown. FIRST and SECOND are license names, ids or addresses as written.

    Example:

    \b
        infraplan oer remix "CC BY 4.0" "CC BY-NC-SA 3.0 US"
    """
    from infraplan.oer.licenses import read
    from infraplan.oer.remix import explained

    click.echo(explained(read(first).license, read(second).license))


@oer.command(name="match")
@click.option(
    "--list",
    "adopted",
    type=FILE,
    required=True,
    metavar="FILE",
    help="The adoption list: a title column, optionally item_id, isbn, course, grades, subject, publisher.",
)
@click.option(
    "--catalog",
    "catalogs",
    type=FILE,
    required=True,
    multiple=True,
    metavar="FILE",
    help="A catalog of open resources: resource_id, title, license; may be given several times.",
)
@_list_columns
@click.option(
    "--approved",
    type=FILE,
    default=None,
    metavar="FILE",
    help="The state's approved list: candidates say whether they are on it, and until when.",
)
@click.option(
    "--state-adopts", is_flag=True, help="The state adopts: a candidate not on --approved needs state review."
)
@click.option(
    "--decisions",
    type=FILE,
    default=None,
    metavar="FILE",
    help="People's decisions (item_id, resource_id, outcome, by, decided_on, why); they overrule the tool.",
)
@click.option(
    "--previous",
    type=FILE,
    default=None,
    metavar="FILE",
    help="The last run's output: a column says what changed since.",
)
@options.output
@options.quiet
def match_(
    adopted: Path,
    catalogs: tuple[Path, ...],
    columns: tuple[str, ...],
    sheet: str | None,
    approved: Path | None,
    state_adopts: bool,
    decisions: Path | None,
    previous: Path | None,
    output: options.Output,
) -> None:
    """Find openly licensed alternatives for the items of an adoption list, with reasons.

    Outcomes: same_open (already an open publisher's own), good (same course and level; quality not judged), partial,
    review (a person must look), no.

    Example:

    \b
        infraplan oer match --list approved_list.csv --catalog open_textbooks.csv -o matches.csv
    """
    from infraplan import tablefiles
    from infraplan.oer import matching, standing
    from infraplan.oer.sources import lists

    items, catalog = lists.read_list(adopted, _column_map(columns), sheet=sheet), lists.read_catalogs(list(catalogs))
    matched = matching.match(items, catalog)
    if decisions is not None:
        matched = standing.decided(matched, standing.read_decisions(decisions))
    listed = lists.read_approved(approved) if approved is not None else None
    matched = standing.with_standing(matched, catalog, listed, state_adopts=state_adopts)
    if previous is not None:
        before = tablefiles.read_text(previous)
        options.say(standing.changes(matched, before))
        matched = standing.with_changes(matched, before)
    output.write(matched)
    options.say(matching.counts(matched))


@oer.command()
@click.option(
    "--standards",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Standards: code, framework, course, grade; or a CASE package (JSON).",
)
@click.option(
    "--alignments",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Alignments: resource_id, code; optionally program, cost, framework, license.",
)
@click.option("--course", default=None, metavar="ID", help="Cover the whole standard set of this course (assumed).")
@click.option(
    "--codes", type=FILE, default=None, metavar="FILE", help="Cover these codes: the adopted item's correlation."
)
@click.option(
    "--mix", is_flag=True, help="Mix resources of all programs at the least cost, instead of one lead program."
)
@click.option("--budget", type=Finite(min=0), default=None, help="Cover as much as this total cost allows.")
@click.option("--remixable", is_flag=True, help="What is chosen must be allowed to be remixed together.")
@options.out_dir
@options.optimizer
@options.quiet
def coverage(
    standards: Path,
    alignments: Path,
    course: str | None,
    codes: Path | None,
    mix: bool,
    budget: float | None,
    remixable: bool,
    folder: Path,
    gap: float,
    time_limit: float | None,
    seed: int,
    threads: int | None,
) -> None:
    """Find which open resources cover the standards of a course, what stays uncovered, and why.

    Leads with the one program that covers most, and the fewest supplements that close its gaps. Writes cover.csv,
    uncovered.csv, programs.csv (up to four programs side by side) and solution.json.

    Example:

    \b
        infraplan oer coverage --standards ccss.csv --alignments alignments.csv --course "Algebra 1" -o algebra_1
    """
    from infraplan import solve, tablefiles
    from infraplan.oer import coverage as covering
    from infraplan.oer.sources import standards as codes_of

    if (course is None) == (codes is None):
        raise click.UsageError("give either --course or --codes")
    listed = tablefiles.read_declared(codes, "wanted_codes")["code"].tolist() if codes is not None else None
    inputs = covering.inputs_from(
        codes_of.read_standards(standards),
        codes_of.read_alignments(alignments),
        course=course,
        codes=listed,
        mix=mix,
        budget=budget,
        remixable=remixable,
    )
    answer = covering.cover(inputs, solve.Limits(gap=gap, time_limit=time_limit, seed=seed, threads=threads))
    files = {"standards": standards, "alignments": alignments} | ({"codes": codes} if codes is not None else {})
    covering.write(folder, inputs, answer, files)
    options.say(covering.summary(inputs, answer))


@oer.command()
@click.option(
    "--list",
    "adopted",
    type=FILE,
    required=True,
    metavar="FILE",
    help="The adoption list, with price_usd and students.",
)
@click.option("--matches", type=FILE, required=True, metavar="FILE", help="What oer match wrote for this list.")
@_list_columns
@click.option(
    "--assumptions", type=FILE, default=None, metavar="FILE.toml", help="Your own values and sources, in place of ours."
)
@click.option(
    "--on",
    "on",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    metavar="DATE",
    help="The day to reckon for: contracts that end later are not counted.",
)
@options.output
@options.quiet
def savings(
    adopted: Path,
    matches: Path,
    columns: tuple[str, ...],
    sheet: str | None,
    assumptions: Path | None,
    on: "datetime | None",
    output: options.Output,
) -> None:
    """Estimate what open texts would save, net of printing and teacher time: low, middle and high.

    Year-one cash stands apart from the yearly figure. What is not counted says why; every assumption can be replaced.

    Example:

    \b
        infraplan oer savings --list approved_list.csv --matches matches.csv -o savings.csv
    """
    from infraplan import tablefiles
    from infraplan.oer import savings as saved
    from infraplan.oer.sources import lists

    items = lists.read_list(adopted, _column_map(columns), sheet=sheet)
    told = saved.estimate(
        items, tablefiles.read_text(matches), saved.read_assumptions(assumptions), on=on.date() if on else None
    )
    output.write(told.table)
    options.say(saved.summary(told))


@oer.command(name="audit")
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
@_list_columns
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

    items, catalog = lists.read_list(adopted, _column_map(columns), sheet=sheet), lists.read_catalogs(list(catalogs))
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
        auditing.material_funding(lists.read_funding(adopted, _column_map(columns), sheet=sheet)),
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


@oer.command(name="map")
@click.option("--list", "adopted", type=FILE, required=True, metavar="FILE", help="The adoption list, with district.")
@click.option("--matches", type=FILE, required=True, metavar="FILE", help="What oer match wrote for this list.")
@click.option("--savings", "saved", type=FILE, default=None, metavar="FILE", help="What oer savings wrote for it.")
@_list_columns
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
        lists.read_list(adopted, _column_map(columns), sheet=sheet),
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
            *_given([adopted, matches, *([saved] if saved is not None else [])], "oer_districts"),
            *options.source_notes(here, receipts),
        ],
        stamps=options.stamps(here),
        notes=shown.notes,
        threshold=here.config.threshold,
    )
    for note in shown.notes:
        options.say(f"  {note}")
    options.say(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB); open it in any browser")


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
            sources=_given(files),
            stamps=[options.SYNTHETIC] if options.from_the_sample() else [],
            disclaimer=told.parts[0].words[0],
            styles=[LONG_ADDRESSES],
        ),
    )


def _given(files: "Sequence[Path]", *tables: str) -> "list[SourceNote]":
    """The files a person gave, as sources of a page; `tables` are those they stand behind (none: all)."""
    import hashlib

    from infraplan.outputs.pages import SourceNote

    return [
        SourceNote(
            title=file.name,
            publisher="given by you",
            as_of="as given",
            file=file.name,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            tables=tables,
        )
        for file in files
    ]


def _column_map(told: tuple[str, ...]) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in told]
    wrong = [entry for entry, pair in zip(told, pairs, strict=True) if not pair[1]]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not OURS=THEIRS", param_hint="--columns")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
