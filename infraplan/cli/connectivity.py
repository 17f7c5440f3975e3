"""`infraplan connectivity`: who lacks broadband, at home and at school."""

from pathlib import Path

import click

from infraplan.cli import options
from infraplan.cli.options import Output


@click.group()
def connectivity() -> None:
    """Who lacks broadband, at home and at school.

    Example:

    \b
        infraplan connectivity homes --by district --workspace maine -o home_gaps.csv
    """


@connectivity.command()
@click.option("--by", type=click.Choice(["district", "county", "state"]), default="district", show_default=True,
              help="The areas to count in.")
@click.option("--rule", "rule_id", type=click.Choice(["bead-2022", "terrestrial", "own"]), default="bead-2022",
              show_default=True, help="What counts as served.")
@click.option("--rule-file", type=click.Path(path_type=Path, dir_okay=False), metavar="RULE.toml",
              help="The state's own rule, with --rule own.")
@click.option("--business", is_flag=True, help="Count offers made to businesses only, too.")
@click.option("--as-of", metavar="DATE", help="Only files of this release, where several are loaded.")
@click.option("--detail", type=click.Choice(["technology", "providers", "needs"]),
              help="Instead: locations by technology, by number of providers, or by what they lack.")
@options.output
@options.workspace
@options.quiet
def homes(by: str, rule_id: str, rule_file: Path | None, business: bool, as_of: str | None,  # noqa: FBT001
          detail: str | None, output: Output, workspace: Path) -> None:
    """Count locations that are served, underserved and unserved, by area.

    Example:

    \b
        infraplan connectivity homes --by district --workspace maine -o home_gaps.csv
        infraplan connectivity homes --by county --detail needs --workspace maine
    """
    from infraplan.connectivity import homes as analysis
    from infraplan.workspace import Workspace

    here = Workspace.open(workspace)
    rule = analysis.home_rule(rule_id, rule_file)
    if detail is not None:
        output.write(analysis.details(here, detail, by=by, rule=rule, business=business, as_of=as_of))  # type: ignore[arg-type]
        return
    gaps = analysis.home_gaps(here, by=by, rule=rule, business=business, as_of=as_of)  # type: ignore[arg-type]
    here.put_answer("home_gaps" if by == "district" else f"home_gaps_{by}", gaps.table, dict(gaps.about))
    options.say(gaps.title)
    own = int(gaps.table["own_locations"].sum())
    options.say(f"{len(gaps.table):,} rows; {own:,} locations, each counted once")
    for note in gaps.notes:
        options.say(f"  {note}")
    output.write(gaps.table)
