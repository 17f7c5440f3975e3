"""`infraplan procurement`: E-Rate discounts, budgets and commitments; pooled purchasing."""

import click

from infraplan.cli import LazyGroup

_HERE = "infraplan.cli.procurement"


@click.group(
    cls=LazyGroup,
    lazy={
        "discounts": (f"{_HERE}.rates:discounts", "E-Rate discount rates of districts, schools, libraries, consortia."),
        "budgets": (f"{_HERE}.rates:budgets", "Category Two budgets and what is left of them."),
        "commitments": (f"{_HERE}.rates:commitments", "E-Rate, state and applicant share of each request."),
        "reconcile": (f"{_HERE}.filings:reconcile", "Our figures beside the published ones, with likely causes."),
        "prices": (f"{_HERE}.prices:prices", "Each district's circuit price beside its peers'."),
        "calendar": (f"{_HERE}.dates:calendar", "What money and which contracts are about to be lost, and when."),
        "valid-file": (f"{_HERE}.rollup:valid_file", "Check a school-level valid file and roll it up by district."),
        "evaluate": (f"{_HERE}.evaluation:evaluate", "Check a bid-evaluation matrix, or make an empty one."),
        "letter": (f"{_HERE}.letters:letter", "One printable page for a district's business officer."),
        "map": (f"{_HERE}.mapping:draw", "Rates, price positions, contract ends and Category Two left on a map."),
        "fund": (f"{_HERE}.funding:fund", "Which projects, in which year, with whose money."),
        "lots": (f"{_HERE}.lots:lots", "Which members to ask for together, before bids open."),
        "pool": (f"{_HERE}.pooling:pool", "Which bids to award to which members, nobody worse off."),
    },
)
def procurement() -> None:
    """E-Rate discounts and budgets, pooled purchasing.

    Example:

    \b
        infraplan procurement discounts --from entities.csv --funding-year 2026 -o rates.csv
    """
