"""What E-Rate, the state and the applicant pay of a funding request, to the cent.

Commitment = eligible pre-discount cost x rate, rounded half up. Where a state pays part of a special construction,
E-Rate adds as many points, at most those of the year's rule, and both together at most the whole (47 CFR 54.505(f)).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan import rules, tablefiles
from infraplan.errors import BadInput, Fault, Faults, NoRule
from infraplan.procurement.words import so_many
from infraplan.schemas import Schema
from infraplan.units import CENT, half_up

COLUMNS = ["request_id", "rate_applied", "commitment_usd", "state_usd", "applicant_usd"]
NOTHING, WHOLE = Decimal(0), Decimal(100)


@dataclass(frozen=True)
class MatchRules:
    """The figures of the state match of one funding year; points and percent."""

    most_points: Decimal
    most_total: Decimal

    @classmethod
    def of(cls, funding_year: int) -> "MatchRules":
        """Read a year's rules; raises NoRule if the year has none."""
        told = rules.load("erate", funding_year, "special_construction")
        return cls(Decimal(told.value("match.most_points")), Decimal(told.value("match.most_total")))

    def points(self, rate: Decimal, state_percent: Decimal) -> Decimal:
        """Points that E-Rate adds to `rate` where the state pays `state_percent` of the cost.

        >>> MatchRules(Decimal(10), Decimal(100)).points(Decimal(70), Decimal(25))
        Decimal('5')
        """
        return min(self.most_points, state_percent, max(NOTHING, self.most_total - rate - state_percent))


@dataclass(frozen=True)
class Shares:
    """Who pays what of one request; USD to the cent."""

    rate_applied: Decimal
    commitment_usd: Decimal
    state_usd: Decimal
    applicant_usd: Decimal


@dataclass(frozen=True)
class Commitments:
    """The table `commitments`, and what a person should know about it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def shares(
    pre_discount: Decimal, rate: Decimal, state_percent: Decimal = NOTHING, match: MatchRules | None = None
) -> Shares:
    """Split one eligible pre-discount cost (USD) at a rate in percent; `match` is needed where the state pays a part.

    The three shares add up to the cost in cents. The state pays at most what E-Rate leaves.

    >>> shares(Decimal("10.01"), Decimal(50)).commitment_usd
    Decimal('5.01')
    """
    applied = rate
    if state_percent > 0:
        if match is None:
            raise NoRule(
                "a state match is given, and its rule depends on the year\n"
                "  mend:  give --funding-year, or leave state_match_percent blank"
            )
        applied = rate + match.points(rate, state_percent)
    cost = half_up(pre_discount, 2)
    commitment = min(half_up(pre_discount * applied / WHOLE, 2), cost)
    state = min(half_up(pre_discount * state_percent / WHOLE, 2), cost - commitment)
    return Shares(applied, commitment, state, cost - commitment - state)


def from_file(path: Path, funding_year: int | None) -> Commitments:
    """Shares of the requests in a file of the table `commitments_in`; raises BadInput with every fault, NoRule."""
    text = tablefiles.with_rows(tablefiles.read_text(path), path.name)
    missing = _missing_cost(text, path.name)
    try:
        frame = tablefiles.typed(text, Schema.load("commitments_in"), file=path.name)
    except BadInput as why:
        of_rows = [*_shares(text, path.name), *_faults_of_sound_rows(text, path.name, why)]
        raise BadInput([*why.faults, *missing, *of_rows]) from why
    if missing:
        raise BadInput(missing)
    return commitments(frame, funding_year, file=path.name)


def commitments(frame: pd.DataFrame, funding_year: int | None, *, file: str = "the table") -> Commitments:
    """Shares of a typed table `commitments_in`, row for row; raises BadInput, and NoRule where a match needs a year."""
    records = [_decimals(row) for row in frame.to_dict("records")]
    faults = Faults()
    costs = []
    for line, row in zip(frame.index, records, strict=True):
        cost, found = _cost(row, int(line), file)
        costs.append(cost)
        faults.extend(found)
    faults.raise_if_any()
    match = (
        MatchRules.of(funding_year)
        if funding_year is not None and any(r["state_match_percent"] for r in records)
        else None
    )
    split = [
        shares(cost, row["rate"], row["state_match_percent"], match) for cost, row in zip(costs, records, strict=True)
    ]
    table = pd.DataFrame(
        [
            (row["request_id"], _plain(one.rate_applied), one.commitment_usd, one.state_usd, one.applicant_usd)
            for row, one in zip(records, split, strict=True)
        ],
        columns=COLUMNS,
    )
    return Commitments(table, tuple(_notes(frame, split)))


def _plain(rate: Decimal) -> Decimal:
    """A rate without trailing zeros: 80, not 80.00.

    >>> _plain(Decimal("80.00")), _plain(Decimal("82.40"))
    (Decimal('80'), Decimal('82.4'))
    """
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate.normalize()


def _decimals(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with blank or absent amounts as None or zero."""
    told = {str(name): (None if value is None or value is pd.NA else value) for name, value in row.items()}
    zero = ("state_match_percent", "monthly_ineligible_usd", "one_time_usd", "one_time_ineligible_usd")
    return {
        "pre_discount_usd": None,
        "monthly_usd": None,
        "months": None,
        **told,
        **{name: told.get(name) or NOTHING for name in zero},
    }


def _missing_cost(text: pd.DataFrame, file: str) -> list[Fault]:
    if {"pre_discount_usd", "monthly_usd", "one_time_usd"} & set(text.columns):
        return []
    return [
        Fault(
            kind="MissingColumn",
            what="column pre_discount_usd is missing",
            file=file,
            column="pre_discount_usd",
            mend="add it, or monthly_usd with months and one_time_usd",
        )
    ]


def _shares(text: pd.DataFrame, file: str) -> Iterator[Fault]:
    """Rates given as shares, out of a file whose other faults keep it from being read."""
    cells = pd.to_numeric(text.get("rate", pd.Series(dtype=object)), errors="coerce")
    for line in cells.index[(cells > 0) & (cells <= 1)]:
        cell = str(text["rate"][line]).strip()
        yield Fault(kind="RateIsShare", what=f"rate is {cell}, expected percent", file=file, row=int(line), column="rate",
                    value=cell, mend="multiply by 100: 0.8 is 80")  # fmt: skip


def _faults_of_sound_rows(text: pd.DataFrame, file: str, why: BadInput) -> list[Fault]:
    """What is wrong with rows whose cells can be read, so that a person meets every fault at once."""
    rows = {fault.row for fault in why.faults}
    if None in rows:
        return []
    try:
        sound = tablefiles.typed(text.drop(index=list(rows)), Schema.load("commitments_in"), file=file)
    except BadInput:  # more faulty rows than are listed: those listed come first
        return []
    each = zip(sound.index, sound.to_dict("records"), strict=True)
    found = [fault for line, row in each for fault in _cost(_decimals(row), int(line), file)[1]]
    return [fault for fault in found if fault.kind != "RateIsShare"]  # told already, for the other rows too


def _cost(row: Mapping[str, Any], line: int, file: str) -> tuple[Decimal, list[Fault]]:
    """The eligible cost of a row, given or worked out from its charges, and the row's faults."""

    def fault(kind: str, column: str, what: str, mend: str) -> Fault:
        value = None if row.get(column) is None else str(row[column])
        said = f"{what} (request {row['request_id']})"
        return Fault(kind=kind, what=said, file=file, row=line, column=column, mend=mend, value=value)

    found = [fault(*told) for told in _charge_faults(row)]
    told = row["pre_discount_usd"]
    if found or (row["monthly_usd"] is None and not row["one_time_usd"]):
        return told or NOTHING, found
    monthly = (row["monthly_usd"] or NOTHING) - row["monthly_ineligible_usd"]
    worked = monthly * int(row["months"] or 0) + row["one_time_usd"] - row["one_time_ineligible_usd"]
    if told is not None and abs(told - worked) >= CENT:
        what = f"pre_discount_usd is {told}, the charges give {worked}"
        mend = "correct the one or the other, or leave pre_discount_usd blank"
        found.append(fault("CostDisagrees", "pre_discount_usd", what, mend))
    return worked if told is None else told, found


def _charge_faults(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with a row's rate and charges: kind, column, sentence and mend."""
    if NOTHING < row["rate"] <= 1:
        yield "RateIsShare", "rate", f"rate is {row['rate']}, expected percent", "multiply by 100: 0.8 is 80"
    pairs = (("monthly_usd", "monthly_ineligible_usd"), ("one_time_usd", "one_time_ineligible_usd"))
    for whole, part in pairs:
        charge = row[whole] or NOTHING
        if row[part] > charge and (row["pre_discount_usd"] is None or charge):
            what = f"{part} is {row[part]} and {whole} {charge}"
            yield "IneligibleAboveCost", part, what, "the ineligible part is a part of the charge"
    if row["monthly_usd"] and row["months"] is None:
        yield "NoMonths", "months", "months is blank beside monthly_usd", "give the months of service, 1 to 12"
    if row["pre_discount_usd"] is None and row["monthly_usd"] is None and not row["one_time_usd"]:
        mend = "give it, or monthly_usd with months, or one_time_usd"
        yield "NoCost", "pre_discount_usd", "pre_discount_usd is blank", mend


def _notes(frame: pd.DataFrame, split: list[Shares]) -> list[str]:
    again = int(frame["request_id"].duplicated().sum())
    total = sum((one.commitment_usd for one in split), NOTHING)
    notes = [f"{so_many(len(split), 'request')}, ${total:,.2f} committed"]
    if again:
        notes.append(f"rows that repeat a request_id: {again:,}; each stands for itself")
    return notes


# --- the cases beside the rules -------------------------------------------------------------------------------------


def _commitment_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    split = shares(
        Decimal(given["pre_discount_usd"]),
        Decimal(given["rate"]),
        Decimal(given["state_match_percent"]),
        MatchRules.of(int(edition)),
    )
    return vars(split)


CASES: Mapping[str, rules.Evaluator] = {"commitment": _commitment_case}
