"""`infraplan rules`: the dated, cited figures behind every answer, listed, shown, compared and proved."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    import pandas as pd

    from infraplan.rules import Evaluator, Figure, RuleFile

ARITHMETIC = (
    "infraplan.connectivity.homes",
    "infraplan.procurement.discounts",
    "infraplan.procurement.budgets",
    "infraplan.procurement.commitments",
    "infraplan.procurement.calendar",
)
"""Modules whose CASES work out the cases beside the rules."""

_program = click.option(
    "--program", default="erate", show_default=True, metavar="NAME", help="Program, as `infraplan rules list` names it."
)


@click.group()
def rules() -> None:
    """Show the dated, cited rules behind the figures.

    Example:

    \b
        infraplan rules diff 2025 2026
    """


@rules.command(name="list")
@options.output
@options.quiet
def list_(output: options.Output) -> None:
    """List the programs, years and topics that have rules, and how many figures are pending.

    Example:

    \b
        infraplan rules list
    """
    import pandas as pd

    from infraplan import rules as reader

    rows = [
        (one.program, one.edition, one.topic, one.title, len(one.figures), sum(f.pending for f in one.figures.values()))
        for one in reader.every_file()
    ]
    output.write(pd.DataFrame(rows, columns=["program", "edition", "topic", "title", "figures", "pending"]))


@rules.command()
@click.argument("edition")
@_program
@click.option("--topic", default=None, metavar="NAME", help="One topic only, such as category_two.")
@options.output
@options.quiet
def show(edition: str, program: str, topic: str | None, output: options.Output) -> None:
    """Show every figure of a year (or of another edition) with its citation.

    Example:

    \b
        infraplan rules show 2026 --topic category_two
    """
    from infraplan import rules as reader

    found = [reader.load(program, edition, topic)] if topic else reader.files(program, edition)
    if output.path or output.format:
        output.write(_figures_table(found))
        return
    for line in _figure_lines(found):
        click.echo(line)


def _figure_lines(found: "list[RuleFile]") -> Iterator[str]:
    for one in found:
        yield one.title
        for figure in one.figures.values():
            yield f"  {figure.about or figure.name}: {figure.words()}"
            if figure.cite:
                yield f"      {figure.name}; {figure.cite.words()}"
        yield ""


def _figures_table(found: "list[RuleFile]") -> "pd.DataFrame":
    import pandas as pd

    def row(one: "RuleFile", figure: "Figure") -> dict[str, object]:
        cite = figure.cite
        return {
            "edition": one.edition,
            "topic": one.topic,
            "figure": figure.name,
            "value": "" if figure.pending else str(figure.value),
            "unit": figure.unit,
            "about": figure.about,
            "pending": figure.needs if figure.pending else "",
            "citation": cite.title if cite else "",
            "url": cite.url if cite else "",
            "dated": str(cite.dated or "") if cite else "",
            "read_on": str(cite.read_on or "") if cite else "",
            "seen": cite.seen if cite else "",
        }

    return pd.DataFrame([row(one, figure) for one in found for figure in one.figures.values()])


@rules.command()
@click.argument("old")
@click.argument("new")
@_program
def diff(old: str, new: str, program: str) -> None:
    """Say in words what changed between two years.

    Example:

    \b
        infraplan rules diff 2025 2026
    """
    from infraplan import rules as reader

    lines = reader.differences(program, old, new)
    for line in lines or [f"nothing differs between {old} and {new}"]:
        click.echo(line)


@rules.command()
def check() -> None:
    """Prove that every figure has a citation and that every case beside the rules holds.

    Example:

    \b
        infraplan rules check
    """
    from infraplan import rules as reader

    figures, cases = reader.check(evaluators())
    pending = [
        f"{one.label}: {f.name}: {f.needs}" for one in reader.every_file() for f in one.figures.values() if f.pending
    ]
    known = reader.standing(reader.every_file())
    click.echo(
        f"{figures:,} figures, each cited or pending; {cases:,} cases hold\n"
        f"  {known.confirmed:,} confirmed: the passage that states them was read\n"
        f"  {known.excerpt:,} read in an excerpt or in another's report; `infraplan rules show YEAR` marks them\n"
        f"  {known.pending:,} pending: a command that needs one stops and names it"
    )
    for line in pending:
        click.echo(f"  pending  {line}")


def evaluators() -> "Mapping[str, Evaluator]":
    """The functions that work out the cases, by the word that a case's `of` uses."""
    import importlib

    found: dict[str, Evaluator] = {}
    for name in ARITHMETIC:
        found |= importlib.import_module(name).CASES
    return found
