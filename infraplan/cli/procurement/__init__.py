"""`infraplan procurement`: E-Rate discounts, budgets and commitments; pooled purchasing."""

import click

from infraplan.cli import LazyGroup

_HERE = "infraplan.cli.procurement"


@click.group(cls=LazyGroup, lazy={
    "discounts": (f"{_HERE}.rates:discounts", "E-Rate discount rates of districts, schools, libraries, consortia."),
    "budgets": (f"{_HERE}.rates:budgets", "Category Two budgets and what is left of them."),
    "commitments": (f"{_HERE}.rates:commitments", "E-Rate, state and applicant share of each request."),
    "pool": (f"{_HERE}.pooling:pool", "Which bids to award to which members, nobody worse off."),
})
def procurement() -> None:
    """E-Rate discounts and budgets, pooled purchasing.

    Example:
    \b
        infraplan procurement discounts --from entities.csv --funding-year 2026 -o rates.csv
    """
