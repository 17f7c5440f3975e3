"""What was disbursed: from the requests where they say it, else from the invoices."""

from decimal import Decimal

import pandas as pd

from infraplan.procurement import filings

INVOICES = pd.DataFrame(
    [
        ("1", 2025, Decimal("100.10")),
        ("1", 2025, Decimal("20.20")),
        ("1", 2025, None),
        ("2", 2025, Decimal(5)),
    ],
    columns=["frn", "funding_year", "approved_usd"],
)


def paid(requests: pd.DataFrame) -> list[Decimal | None]:
    return list(filings._with_payments({"requests": requests, "disbursements": INVOICES})["requests"]["disbursed_usd"])


def test_invoices_are_summed_by_request_and_a_year_without_any_stays_unknown() -> None:
    rows = [("1", "A", 2025), ("3", "A", 2025), ("4", "B", 2024)]
    requests = pd.DataFrame(rows, columns=["frn", "application_number", "funding_year"])
    assert paid(requests) == [Decimal("120.30"), Decimal(0), None]


def test_what_a_request_says_of_itself_goes_first() -> None:
    rows = [("1", "A", 2025, Decimal(7)), ("2", "A", 2025, None)]
    requests = pd.DataFrame(rows, columns=["frn", "application_number", "funding_year", "disbursed_usd"])
    assert paid(requests) == [Decimal(7), Decimal(5)]


def test_without_invoices_requests_stay_as_they_are() -> None:
    tables = {"requests": pd.DataFrame([("1", "A")], columns=["frn", "application_number"])}
    assert filings._with_payments(tables) is tables
