"""The award memo: a workbook a file reviewer can follow. Every bid, in or out and why; every member and its runner-up."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from infraplan import tablefiles
from infraplan.procurement.pooling import files
from infraplan.procurement.pooling.answer import Answer
from infraplan.procurement.pooling.bills import CURRENT
from infraplan.procurement.pooling.inputs import Bid
from infraplan.procurement.pooling.policy import Rfp

PRICE: Final = "price"
WIDE: Final = 42
NARROW: Final = 18
SIGNATURES: Final = ("Prepared by", "Evaluated by", "Approved by")


def write(answer: Answer, path: Path, rfp: Rfp | None, today: date) -> None:
    """Write the memo as .xlsx: sheets Award, Bids, Members, Factors. Totals are formulas."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has one sheet
    sheet.title = "Award"
    _award_sheet(sheet, answer, rfp, today)
    _table(book.create_sheet("Bids"), BID_COLUMNS, _bid_rows(answer))
    _members_sheet(book.create_sheet("Members"), answer)
    _factors_sheet(book.create_sheet("Factors"), rfp)
    book.properties.creator = "infraplan"
    book.save(path)


def _award_sheet(sheet: Worksheet, answer: Answer, rfp: Rfp | None, today: date) -> None:
    policy = answer.award.inputs.policy
    lines: list[Sequence[Any]] = [
        ["Award memo"],
        *([stamp] for stamp in files.solution(answer, rfp, today)["stamps"]),
        [],
    ]
    lines.append(["Award date", str(rfp.award_date) if rfp and rfp.award_date else "not set"])
    lines.append(["Term, months", policy.horizon_months])
    lines.append(["Filing form", policy.filing])
    lines.append(["Cost before discount, USD", float(answer.award.pre_discount)])
    lines.append(["How good it is", files.proved(answer)])
    lines += [[], ["Bid", "Provider", "Members", "Quantity", "Fixed, USD", "Monthly, USD"]]
    head = len(lines)
    awards = files.awards(answer)
    for row in awards.to_dict("records"):
        lines.append(
            [
                row["bid_id"],
                row["provider_id"],
                row["members"],
                row["quantity"],
                float(row["usd_fixed"]),
                float(row["usd_month"]),
            ]
        )
    first, last = head + 1, head + len(awards)
    if len(awards):
        lines.append(["All awards", "", "", "", Total(f"=SUM(E{first}:E{last})"), Total(f"=SUM(F{first}:F{last})")])
    lines += [[], *([note] for note in answer.notes), [files.CAVEAT], []]
    lines += [[f"{who}:", "______________________", "Date:", "____________"] for who in SIGNATURES]
    for line in lines:
        _append(sheet, line)
    sheet["A1"].font = Font(bold=True, size=14)
    for cell in sheet[head]:
        cell.font = Font(bold=True)
    sheet.column_dimensions["A"].width = WIDE
    for letter in "BCDEF":
        sheet.column_dimensions[letter].width = NARROW


BID_COLUMNS: Final = (
    "bid_id", "provider_id", "service", "kind", "fixed_usd", "members_priced", "members_won", "outcome", "reason", "score",
)  # fmt: skip


def _bid_rows(answer: Answer) -> Iterable[Sequence[Any]]:
    """Every bid, awarded, not awarded or out; scores are for the evaluators to fill in."""
    inputs, award = answer.award.inputs, answer.award
    won: dict[int, int] = {}
    for choice in award.choice:
        won[choice] = won.get(choice, 0) + 1
    best = f"the award of least cost found within the policy ({files.proved(answer)})"
    for number, (bid, offers) in enumerate(zip(inputs.bids, inputs.offers_of(), strict=True)):
        taken = won.get(number, 0)
        why = f"part of {best}" if taken else f"not part of {best}"
        yield [*_bid_facts(bid), len(offers), taken, "awarded" if taken else "not awarded", why, None]
    for bid in inputs.out_of_the_running:
        yield [*_bid_facts(bid), None, 0, "disqualified", bid.disqualified, None]


def _bid_facts(bid: Bid) -> list[Any]:
    kind = "bundle" if bid.bundle else "itemized"
    return [bid.bid_id, bid.provider_id, bid.service or "several", kind, float(bid.fixed)]


def _members_sheet(sheet: Worksheet, answer: Answer) -> None:
    told = files.assignments(answer)
    columns = [
        "lea_id",
        "service",
        "bid_id",
        "pre_discount_usd",
        "erate_usd",
        "applicant_usd",
        "runner_up",
        "runner_up_usd",
    ]
    amounts = [name for name in columns if name.endswith("_usd")]
    table = told[columns].astype(object).where(told[columns].notna(), None)
    rows = [
        [
            float(value) if name in amounts and value is not None else value
            for name, value in zip(columns, row, strict=True)
        ]
        for row in table.itertuples(index=False, name=None)
    ]
    _table(sheet, columns, rows)
    last = len(rows) + 1
    if rows:
        total = [Total(f"=SUM({letter}2:{letter}{last})") for letter in "DEF"]
        _append(sheet, ["all", "", "", *total])
    kept = sum(choice == CURRENT for choice in answer.award.choice)
    _append(sheet, [f"{kept} keep their present contract"])


def _factors_sheet(sheet: Worksheet, rfp: Rfp | None) -> None:
    factors = dict(rfp.factors) if rfp else {}
    _table(sheet, ["factor", "weight"], sorted(factors.items(), key=lambda pair: (-pair[1], pair[0])))
    if not factors:
        _append(sheet, ["no factors were given; price of the eligible service must be the most heavily weighted"])
    elif not price_is_heaviest(factors):
        _append(sheet, ["WARNING: price of the eligible service is not the most heavily weighted single factor"])


def price_is_heaviest(factors: dict[str, float]) -> bool:
    """Whether the price factor outweighs every other single factor.

    >>> price_is_heaviest({"price": 40, "service": 30}), price_is_heaviest({"price": 30, "service": 30})
    (True, False)
    """
    prices = [weight for name, weight in factors.items() if PRICE in name.lower() or "cost" in name.lower()]
    others = [weight for name, weight in factors.items() if PRICE not in name.lower() and "cost" not in name.lower()]
    return bool(prices) and max(prices) > max(others, default=0.0)


def _table(sheet: Worksheet, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet.append(list(columns))
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
    for row in rows:
        _append(sheet, row)
    sheet.freeze_panes = "A2"
    for number in range(1, len(columns) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = NARROW


class Total(str):
    """A formula of our own; text from a file never becomes one."""

    __slots__ = ()


def _append(sheet: Worksheet, row: Sequence[Any]) -> None:
    sheet.append([str(value) if isinstance(value, Total) else tablefiles.neutral(value) for value in row])
