"""Command on the coordinator's valid file of schools."""

from pathlib import Path

import click

from infraplan.cli import options


@click.command(name="valid-file")
@click.option("--from", "source", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE",
              help="This year's valid file.")  # fmt: skip
@click.option("--last-year", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="Last year's valid file, to compare with.")  # fmt: skip
@options.funding_year
@click.option("--roll-up", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE.xlsx",
              help="Write the districts' sums and rates as a workbook with live formulas.")  # fmt: skip
@options.workspace
@options.output
@options.quiet
def valid_file(
    source: Path,
    last_year: Path | None,
    funding_year: int | None,
    roll_up: Path | None,
    workspace: Path,
    output: options.Output,
) -> None:
    """Check the school-level valid file, compare it with last year's, and roll it up to districts.

    FILE has ben, parent_ben, students, nslp_students, cep, identified_students, urban_rural, urban_rural_date. Findings
    marked mend keep the file from being used; those marked look may be right.

    Example:

    \b
        infraplan procurement valid-file --from valid_2026.csv --last-year valid_2025.csv --funding-year 2026 \\
            --roll-up districts.xlsx -o findings.csv
    """
    from infraplan.procurement import valid_file as arithmetic

    if roll_up is not None and roll_up.suffix.lower() != ".xlsx":
        raise click.UsageError("--roll-up writes a workbook: give it a name that ends in .xlsx")
    if roll_up is not None and roll_up == output.path:
        raise click.UsageError("--roll-up and -o name the same file; give each its own")
    year = options.funding_year_of(funding_year, workspace)
    checked = arithmetic.lint(source, year, last_year)
    output.write(checked.findings)
    look = len(checked.findings) - checked.to_mend
    options.say(f"{checked.rows:,} schools; {checked.to_mend:,} findings to mend, {look:,} to look at")
    if roll_up is not None:
        arithmetic.roll_up(checked, year, roll_up)
        options.say(f"wrote {roll_up}")
