"""Commands of the E-Rate arithmetic: discounts, budgets, commitments."""

from collections.abc import Sequence
from pathlib import Path

import click

from infraplan.cli import options

_from = click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    metavar="FILE",
    help="The file to read (csv, xlsx, json, parquet, ...); without it, the workspace's own filings.",
)


def _tell(notes: Sequence[str]) -> None:
    """Notes for the person at the keyboard; the first twenty, then how many more."""
    most = 20
    for note in notes[:most]:
        options.say(f"note: {note}")
    if len(notes) > most:
        options.say(f"note: and {len(notes) - most:,} more notes like the last")


@click.command()
@_from
@options.funding_year
@options.workspace
@options.output
@options.quiet
def discounts(source: Path | None, funding_year: int | None, workspace: Path, output: options.Output) -> None:
    """Discount rates of districts, schools, libraries and consortia.

    FILE has entity_id, kind, students, nslp_students, urban_rural; a school of a district names it in parent_id, a
    member of a consortium names that in member_of. `infraplan tables discounts_in` lists every column.

    Example:

    \b
        infraplan procurement discounts --from entities.csv --funding-year 2026 -o rates.csv
        infraplan procurement discounts --workspace iowa -o rates.csv
    """
    from infraplan.cli import kept
    from infraplan.procurement import discounts as arithmetic

    year = options.funding_year_of(funding_year, workspace)
    if source is not None:
        rates = arithmetic.from_file(source, year)
    else:
        from infraplan.procurement import filed, filings

        table, notes = filed.entities(filings.tables((), workspace), year)
        _tell(notes)
        rates = arithmetic.rates(table, arithmetic.Rules.of(year), file="applications")
    _tell(rates.notes)
    output.write(rates.table, workspace if source is None else None)
    beneath = {} if source else {"applications": "ben", "applicant_sites": "site_ben", "erate_entities": "entity_id"}
    title = f"E-Rate discount rates, FY{year}"
    kept.keep(
        workspace, "discounts", rates.table, title, notes=rates.notes, tables=beneath, files=[source], funding_year=year
    )


@click.command()
@_from
@options.funding_year
@options.workspace
@options.output
@options.quiet
def budgets(source: Path | None, funding_year: int | None, workspace: Path, output: options.Output) -> None:
    """Category Two budgets of districts, library systems and independent entities, and what is left of them.

    FILE has one row per school or outlet: entity_id, kind, system_id, students or square_feet, funded_usd, pending_usd.

    Example:

    \b
        infraplan procurement budgets --from sites.csv --funding-year 2026 -o budgets.csv
        infraplan procurement budgets --workspace iowa -o budgets.csv
    """
    from infraplan.cli import kept
    from infraplan.procurement import budgets as arithmetic

    year = options.funding_year_of(funding_year, workspace)
    if source is not None:
        answer = arithmetic.from_file(source, year)
    else:
        from infraplan.procurement import filed, filings

        rules = arithmetic.Rules.of(year)
        table, notes = filed.sites(filings.tables((), workspace), rules)
        _tell(notes)
        answer = arithmetic.budgets(table, rules, file="applicant_sites")
    _tell(answer.notes)
    output.write(answer.table, workspace if source is None else None)
    beneath = {} if source else {"applicant_sites": "parent_ben", "c2_spending": "ben", "erate_entities": "entity_id"}
    title = f"Category Two budgets, FY{year}"
    kept.keep(
        workspace,
        "c2_budgets",
        answer.table,
        title,
        notes=answer.notes,
        tables=beneath,
        files=[source],
        funding_year=year,
    )


@click.command()
@_from
@options.funding_year
@options.workspace
@options.output
@options.quiet
def commitments(source: Path | None, funding_year: int | None, workspace: Path, output: options.Output) -> None:
    """What E-Rate, the state and the applicant pay of each funding request.

    FILE has request_id, pre_discount_usd, rate and, for special construction, state_match_percent (then give the
    funding year). Instead of pre_discount_usd it may have monthly_usd, months, one_time_usd and their ineligible parts.
    Without FILE, the workspace's own requests are split, each by the rule of its year.

    Example:

    \b
        infraplan procurement commitments --from requests.csv --funding-year 2026 -o commitments.csv
        infraplan procurement commitments --workspace iowa -o commitments.csv
    """
    from infraplan.cli import kept
    from infraplan.procurement import commitments as arithmetic
    from infraplan.workspace import SETTINGS

    if source is not None:
        if funding_year is None and (workspace / SETTINGS).is_file():
            funding_year = options.funding_year_of(None, workspace)
        answer = arithmetic.from_file(source, funding_year)
        notes, table = answer.notes, answer.table
    else:
        import pandas as pd

        from infraplan.procurement import filed, filings

        groups, told = filed.requests(filings.tables((), workspace), funding_year)
        parts = {year: arithmetic.commitments(frame, year, file="requests") for year, frame in groups.items()}
        of = {year: f"FY{year}" if year else "year not filed" for year in parts}
        notes = (*told, *(f"{of[year]}: {note}" for year, one in parts.items() for note in one.notes))
        table = pd.concat([one.table for one in parts.values()], ignore_index=True)
    _tell(notes)
    output.write(table, workspace if source is None else None)
    beneath = {} if source else {"requests": "frn"}
    kept.keep(
        workspace, "commitments", table, "E-Rate, state and applicant share of each request",
        notes=notes, tables=beneath, files=[source], funding_year=funding_year,
    )  # fmt: skip
