"""Commands on open materials: licenses, remix, matching. Thin: arguments in, library calls, tables out."""

from pathlib import Path

import click

from infraplan.cli import options

FILE = click.Path(path_type=Path, dir_okay=False)


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
    from infraplan import tablefiles
    from infraplan.oer.licenses import license_table, outcome_counts

    facts = license_table(tablefiles.read_declared(source, "license_statements"))
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
@click.option(
    "--columns",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Which column of the list is ours, where the names differ: --columns title='Book name'.",
)
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

    items, catalog = lists.read_list(adopted, _column_map(columns)), lists.read_catalogs(list(catalogs))
    matched = matching.match(items, catalog)
    if decisions is not None:
        matched = standing.decided(matched, standing.read_decisions(decisions))
    listed = lists.read_list(approved) if approved is not None else None
    matched = standing.with_standing(matched, catalog, listed, state_adopts=state_adopts)
    if previous is not None:
        before = tablefiles.read_text(previous)
        options.say(standing.changes(matched, before))
        matched = standing.with_changes(matched, before)
    output.write(matched)
    options.say(matching.counts(matched))


def _column_map(told: tuple[str, ...]) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in told]
    wrong = [entry for entry, pair in zip(told, pairs, strict=True) if not pair[1]]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not OURS=THEIRS", param_hint="--columns")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
