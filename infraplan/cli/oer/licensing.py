"""`infraplan oer licenses` and `oer remix`."""

from pathlib import Path

import click

from infraplan.cli import options
from infraplan.cli.oer.inputs import FILE


@click.command()
@click.option(
    "--from",
    "source",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Table with a column raw (or License, rights) of what the source writes, optionally url (or license_url).",
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


@click.command()
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
