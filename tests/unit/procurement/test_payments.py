"""What was disbursed: from the requests where they say it, else from the invoices."""

from decimal import Decimal

import pandas as pd

from infraplan.procurement import filings, reconcile

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


def test_sums_of_invoices_are_compared_with_what_the_request_tells() -> None:
    requests = pd.DataFrame(
        {
            "frn": ["1", "2", "3", "4"],
            "application_number": "A",
            "ben": "7",
            "funding_year": [2025, 2025, 2025, 1999],
            "disbursed_usd": [Decimal("100.00"), Decimal(5), None, Decimal(9)],
        }
    )
    invoices = pd.DataFrame(
        {"frn": ["1", "1"], "funding_year": 2025, "approved_usd": [Decimal("60.50"), Decimal("39.50")]}
    )
    found = filings._with_payments({"requests": requests, "disbursements": invoices})
    compared = reconcile.filings(found)
    rows = compared.table.set_index("entity_id")[["figure", "ours", "published", "likely_cause", "ben"]]
    assert rows.to_dict("index") == {
        "1": {"figure": "disbursed_usd", "ours": "100", "published": "100", "likely_cause": "", "ben": "7"},
        "2": {
            "figure": "disbursed_usd",
            "ours": "0",
            "published": "5",
            "likely_cause": reconcile.ANOTHER_PAYMENT,
            "ben": "7",
        },
    }, "neither a request that tells nothing, nor one of a year without invoices"
    assert "disbursements to the cent 1 of 2 equal" in compared.first_line()
