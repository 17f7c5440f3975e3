"""What is about to be lost, and when: dates of a funding year, invoice deadlines, contract ends, Category Two left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from infraplan import rules


@dataclass(frozen=True)
class Dates:
    """The dates of one funding year that deadlines are reckoned from."""

    funding_year: int
    recurring_ends: date
    non_recurring_ends: date
    invoice_days: int
    extension_days: int
    extensions: int
    extension_grace_days: int

    @classmethod
    def of(cls, funding_year: int) -> "Dates":
        """Read a year's rules; raises NoRule if the year has none."""
        told = rules.load("erate", funding_year, "calendar")
        grace = "invoice.extension_grace_days"
        return cls(
            funding_year=funding_year,
            recurring_ends=told.value("service.recurring_ends"),
            non_recurring_ends=told.value("service.non_recurring_ends"),
            invoice_days=int(told.value("invoice.days_after_service")),
            extension_days=int(told.value("invoice.extension_days")),
            extensions=int(told.value("invoice.extensions")),
            extension_grace_days=int(told.value(grace)) if told.has(grace) else 0,
        )

    def invoice_due(self, last_service: date) -> date:
        """Day the invoices for service up to `last_service` are due."""
        return last_service + timedelta(days=self.invoice_days)


def _invoice_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"due": Dates.of(int(edition)).invoice_due(given["last_service"])}


CASES: Mapping[str, rules.Evaluator] = {"invoice": _invoice_case}
