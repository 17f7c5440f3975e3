"""`infraplan data diff`: what changed between two releases or downloads."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    import pandas as pd

    from infraplan.workspace import Workspace


@click.command()
@click.option(
    "--what",
    type=click.Choice(["districts", "counties", "state", "providers", "locations", "requests", "lines"]),
    default="districts",
    show_default=True,
    help="What to compare: areas, providers, single locations, or E-Rate funding requests and their lines.",
)
@click.option("--from", "before", metavar="DATE", help="The earlier release; default: the one before the later.")
@click.option("--to", "after", metavar="DATE", help="The later release; default: the newest loaded.")
@click.option(
    "--rule",
    "rule_id",
    type=click.Choice(["bead-2022", "terrestrial"]),
    default="bead-2022",
    show_default=True,
    help="What counts as served.",
)
@options.output
@options.workspace
@options.quiet
def diff(
    what: str, before: str | None, after: str | None, rule_id: str, output: options.Output, workspace: Path
) -> None:
    """Say what changed between two releases, in words and as a table: progress, and where a challenge may start.

    The table is of what is asked for; for areas the words also tell of providers and of E-Rate filings, where two downloads
    of them are loaded.

    Example:

    \b
        infraplan data diff --workspace maine -o changes.csv
        infraplan data diff --what providers --from 2025-06-30 --to 2025-12-31 --workspace maine
    """
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    if what in ("requests", "lines"):
        output.write(_filing_changes(here, what, before, after), here)
        return
    from infraplan.connectivity import changes
    from infraplan.connectivity.homes import home_rule

    two, rule = changes.releases(here, before, after), home_rule(rule_id)
    if what == "providers":
        found = changes.provider_changes(here, two)
    elif what == "locations":
        found = changes.location_changes(here, two, rule)
    else:
        by = {"districts": "district", "counties": "county", "state": "state"}[what]
        found = changes.area_changes(here, two, rule, by)  # type: ignore[arg-type]
    for line in found.words:
        options.say(line)
    if what in ("districts", "counties", "state"):
        for line in changes.provider_changes(here, two).words[: -len(two.notes)]:
            options.say(line)
        _other_filings(here)
    output.write(found.table, here)


def _filing_changes(here: "Workspace", what: str, before: str | None, after: str | None) -> "pd.DataFrame":
    """The table of changed requests or lines, its counts said; raises NoAnswer if two downloads are not loaded."""
    from infraplan.procurement import changes

    if what == "lines":
        table = changes.line_changes(here, before, after)
        options.say(changes.words(table, "lines of funding requests"))
    else:
        table = changes.request_changes(here, before, after)
        options.say(changes.words(table, "funding requests"))
    return table


def _other_filings(here: "Workspace") -> None:
    """Say what two downloads of E-Rate filings differ in, if there are two."""
    from infraplan.errors import NoAnswer

    for what in ("requests", "lines"):
        try:
            _filing_changes(here, what, None, None)
        except NoAnswer:
            continue
