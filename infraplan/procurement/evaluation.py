"""A bid-evaluation matrix looked at before a reviewer does: is price heaviest, is the arithmetic right, who wins.

The price of the eligible services must be the single heaviest factor (47 CFR 54.511(a)); a swapped price score or a wrong
total has cost applicants their funding. Findings marked challenge are against the rule or the arithmetic; those marked look
are allowed and want a sentence in the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from infraplan import rules, tablefiles
from infraplan.errors import BadInput, Fault
from infraplan.schemas import Schema
from infraplan.units import half_up, money
from infraplan.wholefiles import atomic

COLUMNS = ["check", "verdict", "bidder", "factor", "what", "rule"]
DECLARED = ("kind", "factor", "max_points", "price", "disclosed")
WHOLE_POINTS = Decimal(100)
NEAR_POINTS = Decimal(1)
"""Price points may differ by this much from lowest price / price x points before they are remarked on."""


@dataclass(frozen=True)
class Factor:
    """One factor: its weight, and the points each bidder got (None: none written)."""

    name: str
    most: Decimal
    price: bool
    disclosed: bool | None
    points: Mapping[str, Decimal | None]


@dataclass(frozen=True)
class Matrix:
    """A matrix as read: bidders in order, factors, prices by bidder, totals as written, and who was marked as winner."""

    bidders: tuple[str, ...]
    factors: tuple[Factor, ...]
    eligible_usd: Mapping[str, Decimal]
    totals: Mapping[str, Decimal]
    awarded: tuple[str, ...]

    def sums(self) -> dict[str, Decimal]:
        """Points of each bidder, added up."""
        return {
            bidder: sum((factor.points[bidder] or Decimal(0) for factor in self.factors), Decimal(0))
            for bidder in self.bidders
        }

    def winners(self) -> list[str]:
        """The bidders with the most points: one, or several that tie."""
        sums = self.sums()
        return [bidder for bidder in self.bidders if sums[bidder] == max(sums.values())]


@dataclass(frozen=True)
class Evaluation:
    """The table `bid_evaluation`, and the outcome in words."""

    table: pd.DataFrame
    matrix: Matrix

    def words(self) -> list[str]:
        """Points, winner and findings, for a person."""
        sums, winners = self.matrix.sums(), self.matrix.winners()
        points = ", ".join(f"{bidder} {sums[bidder]:g}" for bidder in self.matrix.bidders)
        wins = f"{winners[0]} wins" if len(winners) == 1 else f"{' and '.join(winners)} tie"
        challenge = int((self.table["verdict"] == "challenge").sum())
        return [
            f"points: {points}; {wins}",
            f"{challenge:,} findings would be challenged, {len(self.table) - challenge:,} to look at",
        ]


def evaluate(
    matrix: Matrix, funding_year: int, *, posted: date | None = None, chosen: date | None = None
) -> Evaluation:
    """Check a matrix by the rules of a funding year; `posted` is the Form 470's day (or its last change), `chosen` the award's.

    Raises NoRule for a year without rules.
    """
    told = rules.load("erate", funding_year, "program")
    bidding = told.figure("bidding.heaviest_factor")
    cite = bidding.cite.title if bidding.cite else ""
    found = [*_price_heaviest(matrix, cite), *_points(matrix), *_price_order(matrix, cite), *_totals(matrix),
             *_award(matrix), *_disclosed(matrix), *_weights(matrix), *_few_or_dear(matrix)]  # fmt: skip
    if posted and chosen:
        waiting = int(told.value("bidding.waiting_days"))
        if chosen < posted + timedelta(days=waiting):
            first = posted + timedelta(days=waiting)
            what = f"chosen on {chosen}, {(chosen - posted).days} days after {posted}; {first} is the first day allowed"
            found.append(_finding("waiting", "challenge", what, rule=cite))
    table = pd.DataFrame(found, columns=COLUMNS).sort_values("verdict", kind="stable")
    return Evaluation(table.reset_index(drop=True), matrix)


def _finding(check: str, verdict: str, what: str, *, bidder: str | None = None, factor: str | None = None,
             rule: str | None = None) -> tuple[Any, ...]:  # fmt: skip
    return (check, verdict, bidder, factor, what, rule)


# --- the checks -----------------------------------------------------------------------------------------------------


def _price_heaviest(matrix: Matrix, cite: str) -> Iterator[tuple[Any, ...]]:
    prices = [factor for factor in matrix.factors if factor.price]
    if len(prices) != 1:
        what = ("no factor is the price of the eligible services" if not prices
                else f"{len(prices)} factors are marked as the price of the eligible services; it must be one")  # fmt: skip
        yield _finding("price_heaviest", "challenge", what, rule=cite)
        return
    price = prices[0]
    for factor in matrix.factors:
        if factor is not price and factor.most >= price.most:
            than = "as much as" if factor.most == price.most else "more than"
            what = (
                f"{factor.name} ({factor.most:g} points) weighs {than} the price of eligible services ({price.most:g})"
            )
            yield _finding("price_heaviest", "challenge", what, factor=factor.name, rule=cite)


def _points(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    for factor in matrix.factors:
        for bidder, given in factor.points.items():
            if given is None:
                yield _finding("points", "challenge", f"no points are given to {bidder} for {factor.name}", bidder=bidder,
                               factor=factor.name)  # fmt: skip
            elif not 0 <= given <= factor.most:
                what = f"{bidder} has {given:g} points for {factor.name}, which gives 0 to {factor.most:g}"
                yield _finding("points", "challenge", what, bidder=bidder, factor=factor.name)


def _price_order(matrix: Matrix, cite: str) -> Iterator[tuple[Any, ...]]:
    """A dearer bid must not have more price points than a cheaper one; points are set beside the usual formula."""
    price = next((factor for factor in matrix.factors if factor.price), None)
    priced = sorted((usd, bidder) for bidder, usd in matrix.eligible_usd.items())
    if price is None or not priced:
        return
    points = price.points
    for (low, cheap), (high, dear) in pairwise(priced):
        mine, theirs = points[cheap], points[dear]
        if mine is not None and theirs is not None and high > low and theirs > mine:
            what = f"{dear} (${high:,.2f}) has {theirs:g} price points, {cheap} (${low:,.2f}) only {mine:g}: swapped?"
            yield _finding("price_order", "challenge", what, bidder=dear, factor=price.name, rule=cite)
    lowest = priced[0][0]
    for usd, bidder in priced:
        given = points[bidder]
        usual = half_up(price.most * lowest / usd, 1) if usd else price.most
        if given is not None and abs(given - usual) > NEAR_POINTS:
            what = (f"{bidder} has {given:g} price points; lowest price / price x points gives {usual:g}: "
                    "keep the formula used in the file")  # fmt: skip
            yield _finding("price_formula", "look", what, bidder=bidder, factor=price.name)


def _totals(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    sums = matrix.sums()
    for bidder, written in matrix.totals.items():
        if written != sums[bidder]:
            what = f"the total of {bidder} is written as {written:g}, its points add up to {sums[bidder]:g}"
            yield _finding("totals", "challenge", what, bidder=bidder)


def _award(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    winners = matrix.winners()
    if len(matrix.awarded) > 1:
        yield _finding("award", "look", f"{' and '.join(matrix.awarded)} are both marked: say what each was awarded")
    for bidder in matrix.awarded:
        if bidder not in winners:
            what = f"{bidder} is marked as the winner, {' and '.join(winners)} has the most points"
            yield _finding("award", "challenge", what, bidder=bidder)
    if len(winners) > 1:
        what = f"{' and '.join(winners)} have the same points: say in the file how the tie was broken"
        yield _finding("award", "look", what)


def _disclosed(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    for factor in matrix.factors:
        if factor.disclosed is False:
            what = f"{factor.name} was not named in the Form 470 or the RFP; bidders could not answer to it"
            yield _finding("disclosed", "look", what, factor=factor.name)


def _weights(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    total = sum((factor.most for factor in matrix.factors), Decimal(0))
    if total != WHOLE_POINTS:
        yield _finding("weights", "look", f"the factors give {total:g} points together, not {WHOLE_POINTS}")


def _few_or_dear(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    if len(matrix.bidders) == 1:
        yield _finding("one_bid", "look", "there is one bid: keep a note on why its price is cost-effective")
    winners = matrix.winners()
    priced = {bidder: usd for bidder, usd in matrix.eligible_usd.items() if usd}
    if len(winners) == 1 and winners[0] in priced:
        cheapest = min(priced, key=lambda bidder: priced[bidder])
        more = priced[winners[0]] - priced[cheapest]
        if more > 0:
            what = f"{winners[0]} wins at ${more:,.2f} more than {cheapest}: the other factors must carry that"
            yield _finding("dearer", "look", what, bidder=winners[0])


# --- the file -------------------------------------------------------------------------------------------------------


def read(path: Path) -> Matrix:
    """Read a matrix: the declared columns, and one column of points per bidder.

    Raises BadInput with every fault: a missing column, no bidder, points or prices that are not numbers.
    """
    frame = tablefiles.typed(tablefiles.read_text(path), Schema.load("bid_matrix"), file=path.name)
    bidders = tuple(name for name in frame.columns if name not in DECLARED)
    faults = list(_file_faults(frame, bidders, path.name))
    if faults:
        raise BadInput(faults)
    rows = [row for _, row in frame.iterrows()]

    def numbers(kind: str) -> dict[str, Decimal]:
        return {bidder: value for row in rows if row["kind"] == kind for bidder in bidders
                if (value := money(row[bidder])) is not None}  # fmt: skip

    factors = tuple(Factor(row["factor"] or "", row["max_points"] or Decimal(0), bool(row["price"]),
                           None if pd.isna(row.get("disclosed")) else bool(row["disclosed"]),
                           {bidder: money(row[bidder]) for bidder in bidders})
                    for row in rows if row["kind"] == "factor")  # fmt: skip
    awarded = tuple(bidder for row in rows if row["kind"] == "award" for bidder in bidders if row[bidder].strip())
    return Matrix(bidders, factors, numbers("eligible_usd"), numbers("total"), awarded)


def _file_faults(frame: pd.DataFrame, bidders: tuple[str, ...], file: str) -> Iterator[Fault]:
    if not bidders:
        yield Fault(kind="NoBidders", what="no column holds a bidder's points", file=file,
                    mend=f"add one column per bidder behind {', '.join(DECLARED)}")  # fmt: skip
    if not (frame["kind"] == "factor").any():
        yield Fault(kind="NoFactors", what="no row has kind = factor", file=file, column="kind",
                    mend="`infraplan procurement evaluate --blank -o matrix.xlsx` makes an empty matrix")  # fmt: skip
    for line, row in frame.iterrows():
        if row["kind"] == "factor" and (row["factor"] is None or row["max_points"] is None):
            column = "factor" if row["factor"] is None else "max_points"
            yield Fault(kind="Blank", what=f"{column} of a factor is blank", file=file, row=int(str(line)), column=column,
                        mend="fill the cell")  # fmt: skip
        for bidder in bidders:
            cell = row[bidder].strip()
            if row["kind"] != "award" and cell and money(cell) is None:
                yield Fault(kind="BadValue", what=f"{bidder} has {cell!r}, expected a number", file=file,
                            row=int(str(line)), column=bidder, value=cell, mend="give points, or US dollars")  # fmt: skip


# --- the empty matrix -----------------------------------------------------------------------------------------------

BLANK_FACTORS = (("Price of eligible services", 40, True), ("Prior experience with the bidder", 20, False),
                 ("Technical fit with the request", 20, False), ("Bidder's qualifications", 10, False),
                 ("Other prices and terms", 10, False))  # fmt: skip


def blank(path: Path, bidders: int) -> None:
    """Write an empty matrix as a workbook: price points and totals are formulas, everything else is to be filled in."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has one sheet
    sheet.title = "matrix"
    names = [f"Bidder {at}" for at in range(1, bidders + 1)]
    letters = [get_column_letter(len(DECLARED) + at) for at in range(1, bidders + 1)]
    prices_at, first = 2, 4
    span = f"${letters[0]}${prices_at}:${letters[-1]}${prices_at}"
    sheet.append([*DECLARED, *names])
    sheet.append(["eligible_usd", "Price of eligible services, USD"])
    sheet.append(["ineligible_usd", "Price of ineligible services, USD"])
    for at, (factor, most, price) in enumerate(BLANK_FACTORS, start=first):
        formulas = [
            f'=IF({letter}${prices_at}="","",ROUND($C{at}*MIN({span})/{letter}${prices_at},1))' for letter in letters
        ]
        sheet.append(["factor", factor, most, "yes" if price else "no", "yes", *(formulas if price else [])])
    last = first + len(BLANK_FACTORS) - 1
    sheet.append(["total", None, None, None, None, *(f"=SUM({letter}{first}:{letter}{last})" for letter in letters)])
    sheet.append(["award", "any mark under the winner"])
    for at, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = 34 if at == DECLARED.index("factor") + 1 else 14
    sheet.freeze_panes = "F2"
    with atomic(path) as temporary:
        book.save(temporary)
