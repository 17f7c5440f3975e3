"""`infraplan oer`: what a license allows, what on a list has an open alternative, what it would save."""

import click

from infraplan.cli import LazyGroup

_HERE = "infraplan.cli.oer"


@click.group(
    cls=LazyGroup,
    lazy={
        "licenses": (f"{_HERE}.licensing:licenses", "Read license statements: family, version, what they allow."),
        "remix": (f"{_HERE}.licensing:remix", "Whether two licenses can be mixed into one adaptation."),
        "match": (f"{_HERE}.matches:match_", "Openly licensed alternatives for the items of a list."),
        "coverage": (f"{_HERE}.coverage:coverage", "Which open resources cover the standards of a course."),
        "savings": (f"{_HERE}.savings:savings", "What open texts would save, net of printing and time."),
        "audit": (f"{_HERE}.reports:audit_", "The report for a board: one page, one workbook, CSV."),
        "map": (f"{_HERE}.mapping:map_", "Districts by share of open materials and by saving."),
    },
)
def oer() -> None:
    """Openly licensed materials: what a license allows, what on a list has an open alternative.

    Example:

    \b
        infraplan oer licenses --from catalog.csv -o licenses.csv
    """
