"""What is about to be lost: deadlines, extensions, contracts, Category Two, order, and the calendar file."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from infraplan.errors import NoAnswer
from infraplan.procurement import calendar

NOVEMBER = date(2026, 11, 22)


def request(frn: str = "1", **told: object) -> dict[str, object]:
    usual = {"frn": frn, "application_number": "A", "funding_year": 2025, "ben": "7", "status": "Funded",
             "category": "C1", "monthly_eligible_usd": Decimal(100), "commitment_usd": Decimal(960),
             "disbursed_usd": Decimal(160), "service_end": None, "last_date_to_invoice": None, "contract_end": None,
             "extensions_left": None}  # fmt: skip
    return usual | told


def dates(*requests: dict[str, object], as_of: date = NOVEMBER, **other: pd.DataFrame) -> calendar.Calendar:
    return calendar.calendar({"requests": pd.DataFrame(list(requests)), **other}, as_of)


def test_uncollected_recurring_money_is_due_120_days_after_june() -> None:
    row = dates(request(), as_of=date(2026, 10, 1)).table.iloc[0]
    assert (row["what"], row["due"], row["usd_at_stake"]) == ("invoice deadline", date(2026, 10, 28), Decimal("800.00"))
    assert row["extensions_left"] == 1


def test_non_recurring_money_has_an_installation_day_and_a_later_deadline() -> None:
    table = dates(request(monthly_eligible_usd=Decimal(0), category="C2"), as_of=date(2026, 9, 1)).table
    assert list(zip(table["what"], table["due"], strict=True)) == [
        ("last day to deliver and install", date(2026, 9, 30)), ("invoice deadline", date(2027, 1, 28)),
    ]  # fmt: skip


def test_a_missed_deadline_can_still_be_extended_for_fifteen_days_from_2025() -> None:
    row = dates(request(), as_of=date(2026, 11, 5)).table.iloc[0]
    assert row["what"] == "last day to ask for the extension of a missed invoice deadline"
    assert row["due"] == date(2026, 11, 12)


def test_a_deadline_wholly_past_is_counted_not_listed() -> None:
    found = dates(request(), as_of=date(2026, 11, 13))
    assert len(found.table) == 0
    assert any("invoice deadlines that have passed: 1;" in note for note in found.notes)


def test_the_deadline_that_usac_states_goes_before_the_rule_and_shows_an_extension_used() -> None:
    row = dates(request(last_date_to_invoice=date(2027, 2, 25))).table.iloc[0]
    assert (row["due"], row["extensions_left"]) == (date(2027, 2, 25), 0)


def test_a_deadline_on_a_saturday_is_not_past_before_monday_is() -> None:
    told = request(funding_year=2016)  # 28 October 2017 was a Saturday, and USAC took invoices until Monday
    row = dates(told, as_of=date(2017, 10, 28)).table.iloc[0]
    assert row["due"] == date(2017, 10, 28)
    assert row["what"] == "invoice deadline; a Saturday, so an invoice of 2017-10-30 is in time"
    late = dates(told, as_of=date(2017, 10, 30)).table.iloc[0]
    assert (late["due"], late["what"]) == (date(2017, 10, 30), "invoice deadline; 2017-10-28 was a Saturday")
    assert len(dates(told, as_of=date(2017, 10, 31)).table) == 0


def test_a_deadline_on_a_holiday_moves_to_the_day_after() -> None:
    assert calendar.next_business_day(date(2029, 5, 26)) == date(2029, 5, 29), "Memorial Day after a weekend"
    assert calendar.next_business_day(date(2027, 12, 31)) == date(2028, 1, 3), (
        "New Year's Day on a Saturday is kept on Friday"
    )


def test_a_request_of_a_year_without_rules_does_not_cost_the_others_their_dates() -> None:
    found = dates(request("1", funding_year=2014), request("2"), as_of=date(2026, 10, 1))
    assert list(found.table["frn"]) == ["2"]
    assert "requests of FY2014, whose dates are not known here: 1; their invoices are left out" in found.notes


def test_what_is_collected_or_never_funded_has_no_deadline() -> None:
    done = request("2", disbursed_usd=Decimal(960))
    denied = request("3", status="Denied")
    assert len(dates(done, denied, as_of=date(2026, 10, 1)).table) == 0


def test_unknown_disbursements_put_the_whole_commitment_at_stake_and_say_so() -> None:
    row = dates(request(disbursed_usd=None), as_of=date(2026, 10, 1)).table.iloc[0]
    assert row["usd_at_stake"] == Decimal("960.00")
    assert "not loaded" in row["what"]


@pytest.mark.parametrize(
    ("end", "last"),
    [(date(2024, 6, 30), date(2024, 2, 28)), (date(2024, 5, 31), date(2024, 2, 28)), (date(2024, 12, 31), date(2024, 2, 28)),
     (date(2025, 6, 30), date(2025, 2, 26)), (date(2026, 6, 30), date(2026, 3, 4))],
)  # fmt: skip
def test_a_contracts_end_names_the_latest_form_470_for_the_year_it_lacks(end: date, last: date) -> None:
    told = request(funding_year=2023, contract_end=end, disbursed_usd=Decimal(960), extensions_left=2)
    row = dates(told, as_of=date(2024, 1, 1)).table.set_index("due").loc[end]
    assert row["what"] == "contract ends; 2 voluntary extensions can be taken up before"
    assert row["last_470_date"] == last


def test_the_latest_form_470_is_a_date_of_its_own_and_counts_among_the_next_days() -> None:
    told = request(funding_year=2025, contract_end=date(2026, 6, 30), disbursed_usd=Decimal(960))
    found = dates(told, as_of=date(2026, 1, 15))
    assert list(zip(found.table["what"], found.table["due"], strict=True)) == [
        ("last day to post a Form 470 for a successor of the contract", date(2026, 3, 4)),
        ("contract ends", date(2026, 6, 30)),
    ]
    assert found.notes[0].startswith("as of 2026-01-15: 1 date within 90 days, $960.00 at stake; 2 in all")
    text = calendar.to_ics(found)
    assert "DTSTART;VALUE=DATE:20260304" in text


def test_a_window_that_is_not_announced_leaves_the_date_blank_and_is_named() -> None:
    found = dates(request(contract_end=date(2027, 6, 30), disbursed_usd=Decimal(960)))
    assert found.table["last_470_date"].iloc[0] is None
    assert any("FY2027 or later, whose window is not announced" in note for note in found.notes)


def test_category_two_lapses_before_the_cycles_last_funding_year_starts() -> None:
    rows = [("7", "FY2026-2030", Decimal(5000)), ("8", "FY2026-2030", Decimal(0)), ("7", "FY2021-2025", Decimal(9))]
    spending = pd.DataFrame(rows, columns=["ben", "cycle", "available_usd"])
    found = calendar.calendar({"c2_spending": spending}, NOVEMBER)
    assert list(found.table["due"]) == [date(2030, 6, 30)]
    assert found.table["usd_at_stake"].iloc[0] == Decimal("5000.00")
    assert any("past cycles that have lapsed: 1" in note for note in found.notes)


def test_category_two_lapses_with_the_last_window_of_its_cycle_where_that_is_announced() -> None:
    spending = pd.DataFrame([("7", "FY2021-2025", Decimal(9))], columns=["ben", "cycle", "available_usd"])
    table = calendar.calendar({"c2_spending": spending}, date(2025, 1, 20)).table
    assert list(zip(table["what"], table["due"], strict=True)) == [
        ("last day to post a Form 470 for what is left of Category Two of FY2021-2025", date(2025, 2, 26)),
        ("Category Two budget of FY2021-2025 lapses unless requested (before discount)", date(2025, 3, 26)),
    ]
    assert set(table["last_470_date"]) == {date(2025, 2, 26)}
    late = calendar.calendar({"c2_spending": spending}, date(2025, 4, 1))
    assert len(late.table) == 0


def test_invoices_of_a_service_whose_last_day_was_moved_are_due_after_that_day() -> None:
    moved = request(monthly_eligible_usd=Decimal(0), service_end=date(2027, 9, 30))
    table = dates(moved, as_of=date(2027, 8, 1)).table
    assert list(zip(table["what"], table["due"], strict=True)) == [
        ("last day to deliver and install", date(2027, 9, 30)), ("invoice deadline", date(2028, 1, 28)),
    ]  # fmt: skip
    told = dates(moved | {"last_date_to_invoice": date(2028, 1, 28)}, as_of=date(2027, 12, 1)).table.iloc[0]
    assert told["extensions_left"] == 1, "the deadline went with the service: the extension is not used up"


def test_the_next_days_come_first_most_dollars_first_then_the_rest_by_day() -> None:
    found = dates(
        request("a", commitment_usd=Decimal(100), disbursed_usd=Decimal(0)), request("b", commitment_usd=Decimal(900)),
        request("c", funding_year=2026, commitment_usd=Decimal(9000)), as_of=date(2026, 10, 1),
    )  # fmt: skip
    assert list(found.table["frn"]) == ["b", "a", "c"]
    assert found.notes[0].startswith("as of 2026-10-01: 2 dates within 90 days, $840.00 at stake")


def test_the_year_can_come_from_the_application_or_the_start_of_service() -> None:
    applications = pd.DataFrame({"application_number": ["A"], "funding_year": [2025]})
    assert len(dates(request(funding_year=None), as_of=date(2026, 10, 1), applications=applications).table) == 1
    started = request(funding_year=None, service_start=date(2026, 1, 1))
    assert dates(started, as_of=date(2026, 10, 1)).table["due"].iloc[0] == date(2026, 10, 28)


def test_the_calendar_file_is_whole_folded_and_the_same_each_time() -> None:
    found = dates(request(), as_of=date(2026, 10, 1))
    text = calendar.to_ics(found)
    assert text == calendar.to_ics(found)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert "DTSTART;VALUE=DATE:20261028" in text
    assert "SUMMARY:invoice deadline: BEN 7\\, FRN 1\\, $800.00" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_without_requests_or_budgets_there_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="neither is loaded"):
        calendar.calendar({}, NOVEMBER)


def test_the_dollars_of_a_request_are_counted_once_however_many_dates_are_near() -> None:
    told = request(monthly_eligible_usd=Decimal(0), category="C2")
    found = calendar.calendar({"requests": pd.DataFrame([told])}, date(2026, 9, 1), within_days=200)
    assert len(found.table) == 2
    assert "2 dates within 200 days, $800.00 at stake" in found.notes[0]


def test_without_monthly_charges_the_category_says_what_recurs() -> None:
    unknown = {"monthly_eligible_usd": None, "disbursed_usd": Decimal(0)}
    found = dates(request("1", **unknown), request("2", category="C2", **unknown), as_of=date(2026, 9, 1))
    due = {(row.frn, row.what): row.due for row in found.table.itertuples()}
    assert due[("1", "invoice deadline")] == date(2026, 10, 28)
    assert due[("2", "invoice deadline")] == date(2027, 1, 28)


def test_a_contract_filed_year_after_year_ends_once() -> None:
    end = date(2027, 6, 30)
    years = [
        request(str(year), funding_year=year, contract_end=end, disbursed_usd=Decimal(960))
        for year in (2024, 2025, 2026)
    ]
    other = request("9", funding_year=2024, contract_end=date(2028, 6, 30), disbursed_usd=Decimal(960))
    table = dates(*years, other).table
    assert sorted(table.loc[table["what"] == "contract ends", "frn"]) == ["2026", "9"]
