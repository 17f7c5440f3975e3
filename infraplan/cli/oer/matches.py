"""`infraplan oer match`: alternatives for the items of a list."""

from pathlib import Path

import click

from infraplan.cli import options
from infraplan.cli.oer.inputs import FILE, column_map, list_columns


@click.command(name="match")
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
@list_columns
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

    items, catalog = lists.read_list(adopted, column_map(columns), sheet=sheet), lists.read_catalogs(list(catalogs))
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
