"""A bid-evaluation matrix looked at before a reviewer does: is price heaviest, is the arithmetic right, who wins.

The price of the eligible services must be the single heaviest factor (47 CFR 54.511(a)); a swapped price score or a wrong
total has cost applicants their funding. Findings marked challenge are against the rule or the arithmetic; those marked look
are allowed and want a sentence in the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
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
WORDS = ("award", "disqualified")
"""Kinds of rows whose cells are words, not numbers."""
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
    """A matrix as read: bidders in order, factors, prices by bidder, totals as written, and who was marked as winner.

    `disqualified` says why a bid was set aside before it was scored; it takes no part in the ranking.
    """

    bidders: tuple[str, ...]
    factors: tuple[Factor, ...]
    eligible_usd: Mapping[str, Decimal]
    totals: Mapping[str, Decimal]
    awarded: tuple[str, ...]
    disqualified: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranked(self) -> tuple[str, ...]:
        """The bidders that were scored: all but those disqualified."""
        return tuple(bidder for bidder in self.bidders if bidder not in self.disqualified)

    def sums(self) -> dict[str, Decimal]:
        """Points of each bidder, added up."""
        return {
            bidder: sum((factor.points[bidder] or Decimal(0) for factor in self.factors), Decimal(0))
            for bidder in self.ranked
        }

    def winners(self) -> list[str]:
        """The bidders with the most points: one, or several that tie; none where all are disqualified."""
        sums = self.sums()
        return [bidder for bidder in self.ranked if sums[bidder] == max(sums.values())]


@dataclass(frozen=True)
class Evaluation:
    """The table `bid_evaluation`, and the outcome in words."""

    table: pd.DataFrame
    matrix: Matrix

    def words(self) -> list[str]:
        """Points, winner and findings, for a person."""
        sums, winners = self.matrix.sums(), self.matrix.winners()
        points = ", ".join(f"{bidder} {sums[bidder]:g}" for bidder in self.matrix.ranked)
        wins = f"{winners[0]} wins" if len(winners) == 1 else f"{' and '.join(winners)} tie"
        challenge = int((self.table["verdict"] == "challenge").sum())
        noun = "finding" if challenge == 1 else "findings"
        return [
            f"points: {points}; {wins}" if winners else "no bid is left to rank: all are disqualified",
            f"{challenge:,} {noun} would be challenged, {len(self.table) - challenge:,} to look at",
        ]


def evaluate(
    matrix: Matrix, funding_year: int, *, posted: date | None = None, chosen: date | None = None
) -> Evaluation:
    """Check a matrix by the rules of a funding year; `posted` is the Form 470's day (or its last change), `chosen` the award's.

    Raises NoRule for a year without rules.
    """
    told = rules.load("erate", funding_year, "program")
    bidding, wait = told.figure("bidding.heaviest_factor"), told.figure("bidding.waiting_days")
    cite = bidding.cite.title if bidding.cite else ""
    found = [*_price_heaviest(matrix, cite), *_points(matrix), *_priced(matrix), *_price_order(matrix, cite),
             *_price_formula(matrix), *_totals(matrix), *_award(matrix), *_disclosed(matrix), *_disqualified(matrix),
             *_weights(matrix), *_few_or_dear(matrix),
             *_waiting(posted, chosen, int(wait.value), wait.cite.title if wait.cite else "")]  # fmt: skip
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
        for bidder in matrix.ranked:
            given = factor.points[bidder]
            if given is None:
                yield _finding("points", "challenge", f"no points are given to {bidder} for {factor.name}", bidder=bidder,
                               factor=factor.name)  # fmt: skip
            elif not 0 <= given <= factor.most:
                what = f"{bidder} has {given:g} points for {factor.name}, which gives 0 to {factor.most:g}"
                yield _finding("points", "challenge", what, bidder=bidder, factor=factor.name)


def _price_points(matrix: Matrix) -> list[tuple[Decimal, str, Decimal]]:
    """Price, bidder and price points of the bids that were scored, cheapest first; the first factor marked as the price."""
    price = next((factor for factor in matrix.factors if factor.price), None)
    if price is None:
        return []
    return sorted(
        (matrix.eligible_usd[bidder], bidder, given)
        for bidder in matrix.ranked
        if bidder in matrix.eligible_usd and (given := price.points[bidder]) is not None
    )


def _priced(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    """Without the prices nobody can see whether the price points are right."""
    without = [bidder for bidder in matrix.ranked if bidder not in matrix.eligible_usd]
    if without and len(without) == len(matrix.ranked):
        yield _finding("priced", "look", "no row has the prices of the eligible services (kind eligible_usd): the price "
                       "points could not be checked")  # fmt: skip
        return
    for bidder in without:
        what = f"no price of the eligible services is written for {bidder}: its price points could not be checked"
        yield _finding("priced", "look", what, bidder=bidder)


def _price_order(matrix: Matrix, cite: str) -> Iterator[tuple[Any, ...]]:
    """A dearer bid must not have more price points than a cheaper one, and bids of one price must have the same."""
    scored = _price_points(matrix)
    for at, (usd, bidder, given) in enumerate(scored):
        fewest = min((one for one in scored[:at] if one[0] < usd), key=lambda one: one[2], default=None)
        if fewest is not None and fewest[2] < given:
            what = (f"{bidder} (${usd:,.2f}) has {given:g} price points, {fewest[1]} (${fewest[0]:,.2f}) only "
                    f"{fewest[2]:g}: swapped?")  # fmt: skip
            yield _finding("price_order", "challenge", what, bidder=bidder, factor=_price_name(matrix), rule=cite)
        twin = next((one for one in scored[:at] if one[0] == usd and one[2] != given), None)
        if twin is not None:
            what = (
                f"{bidder} and {twin[1]} have the same price (${usd:,.2f}), and {given:g} and {twin[2]:g} price points"
            )
            yield _finding("price_order", "challenge", what, bidder=bidder, factor=_price_name(matrix), rule=cite)


def _price_name(matrix: Matrix) -> str:
    return next(factor.name for factor in matrix.factors if factor.price)


def _price_formula(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    """Price points beside the usual formula: lowest price / price x points."""
    scored = _price_points(matrix)
    most = next((factor.most for factor in matrix.factors if factor.price), Decimal(0))
    lowest = min((matrix.eligible_usd[bidder] for bidder in matrix.ranked if bidder in matrix.eligible_usd),
                 default=Decimal(0))  # fmt: skip
    for usd, bidder, given in scored:
        usual = half_up(most * lowest / usd, 1) if usd else most
        if abs(given - usual) > NEAR_POINTS:
            what = (f"{bidder} has {given:g} price points; lowest price / price x points gives {usual:g}: "
                    "keep the formula used in the file")  # fmt: skip
            yield _finding("price_formula", "look", what, bidder=bidder, factor=_price_name(matrix))


def _totals(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    sums = matrix.sums()
    for bidder, written in matrix.totals.items():
        if bidder in sums and written != sums[bidder]:
            what = f"the total of {bidder} is written as {written:g}, its points add up to {sums[bidder]:g}"
            yield _finding("totals", "challenge", what, bidder=bidder)


def _award(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    winners = matrix.winners()
    if len(matrix.awarded) > 1:
        yield _finding("award", "look", f"{' and '.join(matrix.awarded)} are both marked: say what each was awarded")
    for bidder in matrix.awarded:
        if bidder in matrix.disqualified:
            yield _finding("award", "challenge", f"{bidder} is marked as the winner and as disqualified", bidder=bidder)
        elif bidder not in winners:
            have = "has" if len(winners) == 1 else "have"
            what = f"{bidder} is marked as the winner, {' and '.join(winners)} {have} the most points"
            yield _finding("award", "challenge", what, bidder=bidder)
    if len(winners) > 1:
        what = f"{' and '.join(winners)} have the same points: say in the file how the tie was broken"
        yield _finding("award", "look", what)


def _disclosed(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    for factor in matrix.factors:
        if factor.disclosed is False:
            what = f"{factor.name} was not named in the Form 470 or the RFP; bidders could not answer to it"
            yield _finding("disclosed", "look", what, factor=factor.name)


def _disqualified(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    """A bid may be set aside for what the Form 470 or the RFP required of all, answered yes or no, and not for less."""
    for bidder, why in matrix.disqualified.items():
        what = (f"{bidder} is disqualified ({why}): keep its bid, and show that the Form 470 or the RFP named this as a "
                "reason that holds for every bidder")  # fmt: skip
        yield _finding("disqualified", "look", what, bidder=bidder)


def _waiting(posted: date | None, chosen: date | None, days: int, cite: str) -> Iterator[tuple[Any, ...]]:
    """Whether the winner was chosen after the days that bids must be waited for; without the choice, from when it may be."""
    if posted is None:
        return
    first = posted + timedelta(days=days)
    if chosen is None:
        yield _finding("waiting", "look", f"posted on {posted}: a bid may be chosen from {first} on", rule=cite)
    elif chosen < first:
        after = f"{(chosen - posted).days} days after" if chosen >= posted else "before"
        what = f"chosen on {chosen}, {after} {posted}, the day of the Form 470; {first} is the first day allowed"
        yield _finding("waiting", "challenge", what, rule=cite)


def _weights(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    total = sum((factor.most for factor in matrix.factors), Decimal(0))
    if total != WHOLE_POINTS:
        yield _finding("weights", "look", f"the factors give {total:g} points together, not {WHOLE_POINTS}")


def _few_or_dear(matrix: Matrix) -> Iterator[tuple[Any, ...]]:
    if len(matrix.ranked) == 1:
        yield _finding("one_bid", "look", "there is one bid: keep a note on why its price is cost-effective")
    winners = matrix.winners()
    priced = {bidder: usd for bidder, usd in matrix.eligible_usd.items() if usd and bidder in matrix.ranked}
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
    # an empty matrix has columns for more bidders than may have come, with formulas in their totals
    filled = tuple(name for name in bidders if any(row[name].strip() for row in rows if row["kind"] != "total"))
    bidders = filled or bidders

    def numbers(kind: str) -> dict[str, Decimal]:
        return {bidder: value for row in rows if row["kind"] == kind for bidder in bidders
                if (value := money(row[bidder])) is not None}  # fmt: skip

    factors = tuple(Factor(row["factor"] or "", row["max_points"] or Decimal(0), bool(row["price"]),
                           None if pd.isna(row.get("disclosed")) else bool(row["disclosed"]),
                           {bidder: money(row[bidder]) for bidder in bidders})
                    for row in rows if row["kind"] == "factor")  # fmt: skip
    awarded = tuple(bidder for row in rows if row["kind"] == "award" for bidder in bidders if row[bidder].strip())
    out = {bidder: " ".join(row[bidder].split()) for row in rows if row["kind"] == "disqualified" for bidder in bidders
           if row[bidder].strip()}  # fmt: skip
    return Matrix(bidders, factors, numbers("eligible_usd"), numbers("total"), awarded, out)


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
            if row["kind"] not in WORDS and cell and money(cell) is None:
                mend = ("open the file in a spreadsheet and save it, so that its formulas have results"
                        if cell.startswith("=") else "give points, or US dollars")  # fmt: skip
                yield Fault(kind="BadValue", what=f"{bidder} has {cell!r}, expected a number", file=file,
                            row=int(str(line)), column=bidder, value=cell, mend=mend)  # fmt: skip


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
    sheet.append(["disqualified", "why, under a bid set aside unscored (clear its price)"])
    sheet.append(["award", "any mark under the winner"])
    for at, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = 34 if at == DECLARED.index("factor") + 1 else 14
    sheet.freeze_panes = "F2"
    with atomic(path) as temporary:
        book.save(temporary)
