"""Open enrollment: may this member buy off an awarded contract, what would it pay, and what does that do for the others?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import answers, rules, tablefiles
from infraplan.errors import BadInput, Fault, NoAnswer
from infraplan.procurement.pooling.bills import CURRENT, FORMS, Award, Bill, current_bill
from infraplan.procurement.pooling.contract import Contract
from infraplan.procurement.pooling.files import CAVEAT, money, name
from infraplan.procurement.pooling.inputs import Inputs, Offer, assemble
from infraplan.procurement.pooling.terms import after, funding_year, last_funding_year

YES: Final = "yes"
NO: Final = "no"
TO_DO: Final = "to do"
UNKNOWN: Final = "unknown"
QUESTION_COLUMNS: Final = ["question", "answer", "because", "cite"]


@dataclass(frozen=True)
class Question:
    """One question of whether the member may join; `cite` is the source of the rule, if it rests on one."""

    question: str
    answer: str
    because: str
    cite: str | None = None


@dataclass(frozen=True)
class Joining:
    """A contract with one member more: `before` is the award as it stands, `after` the one with the member."""

    member: str
    contract: Contract
    questions: tuple[Question, ...]
    after: Award
    mini_bid: pd.DataFrame

    @property
    def may(self) -> str:
        """yes, to do (once something is done), unknown or no: the least of all answers."""
        given = {question.answer for question in self.questions}
        return next(word for word in (NO, UNKNOWN, TO_DO, YES) if word in given)

    def questions_table(self) -> pd.DataFrame:
        """One row per question; see the schema `pool_may_join`."""
        rows = [[told.question, told.answer, told.because, told.cite] for told in self.questions]
        return pd.DataFrame(rows, columns=QUESTION_COLUMNS)

    def table(self) -> pd.DataFrame:
        """One row per member and service, the one who joins first; see the schema `pool_join`."""
        before = {
            (demand.lea_id, demand.service): (bill, own)
            for demand, bill, own in zip(
                self.contract.inputs.demands, self.contract.award.bills, self.contract.award.applicant(), strict=True
            )
        }
        own = {form: self.after.applicant(form) for form in FORMS}
        rows = []
        for index, demand in enumerate(self.after.inputs.demands):
            joins = demand.lea_id == self.member
            old = self._present(index) if joins else before[demand.lea_id, demand.service]
            rows.append(self._row(index, old, {form: told[index] for form, told in own.items()}, joins=joins))
        rows.sort(key=lambda row: (row["joins"] != YES, row["lea_id"], row["service"]))
        return money(pd.DataFrame(rows))

    def _present(self, index: int) -> tuple[Bill, Decimal] | None:
        """Bill and own cost of the present contract of the one who joins, filed on its own."""
        inputs = self.after.inputs
        if inputs.demands[index].current is None:
            return None
        kept = Award(inputs, tuple(CURRENT if i == index else told for i, told in enumerate(self.after.choice)))
        return current_bill(inputs, index), kept.applicant("separate")[index]

    def _row(
        self, index: int, old: tuple[Bill, Decimal] | None, own: Mapping[str, Decimal], *, joins: bool
    ) -> dict[str, Any]:
        inputs, bill = self.after.inputs, self.after.bills[index]
        paid = own[inputs.policy.filing]
        return {
            "lea_id": inputs.demands[index].lea_id,
            "service": inputs.demands[index].service,
            "joins": YES if joins else NO,
            "bid_id": name(inputs, bill.choice),
            "factor_before": None if joins or old is None else self._factor(self.contract.award, old[0].choice),
            "factor": None if bill.choice == CURRENT else self._factor(self.after, bill.choice),
            "pre_discount_before_usd": old[0].pre_discount if old else None,
            "pre_discount_usd": bill.pre_discount,
            "applicant_before_usd": old[1] if old else None,
            "applicant_usd": paid,
            **{f"{form}_usd": usd for form, usd in own.items()},
            "difference_usd": paid - old[1] if old else None,
        }

    @staticmethod
    def _factor(award: Award, bid: int) -> Decimal:
        return award.inputs.bids[bid].factor_at(award.quantity[bid])

    def words(self) -> list[str]:
        """The answer first, then what it rests on, then the money."""
        lead = {
            YES: f"{self.member} may join",
            TO_DO: f"{self.member} may join once this is done:",
            UNKNOWN: f"whether {self.member} may join is not known from the files:",
            NO: f"{self.member} may not join as things stand:",
        }[self.may]
        return [lead, *(f"  {told.answer:<8}{told.question}: {told.because}" for told in self.questions), *self._said()]

    def _said(self) -> list[str]:
        table = self.table()
        mine, others = table[table["joins"] == YES], table[table["joins"] == NO]
        lines = []
        for row in mine.to_dict("records"):
            before = row["applicant_before_usd"]
            against = f"${before:,.2f} today" if before is not None else "no contract today"
            paid = f"${row['applicant_usd']:,.2f} itself, ${row['pre_discount_usd']:,.2f} before discount"
            lines.append(f"{row['service']}: {row['bid_id']} would cost it {paid} over the term ({against})")
        moved = sorted(set(others[others["factor"] != others["factor_before"]]["bid_id"]))
        lines += [f"it brings bid {bid} to its next volume tier, for all who buy from it" for bid in moved]
        change = sum((usd for usd in others["difference_usd"] if usd is not None), Decimal(0))
        worse = int((others["difference_usd"] > 0).sum()) if len(others) else 0
        verb = "less" if change <= 0 else "more"
        lines.append(
            f"the {len(others):,} services bought already would cost their members ${abs(change):,.2f} {verb} in all"
        )
        if worse:
            lines.append(f"  {worse:,} of them would cost more: see difference_usd in join.csv")
        return lines


def join(
    contract: Contract, member: str, demand: Path, quotes: Path | None, *, today: date, own_470: date | None = None
) -> Joining:
    """Work out what joining means for `member`, whose demand is in `demand`; `quotes` are prices it was given since.

    Takes, for each service, the awarded bid of least cost before discount that has room, or the present contract where
    that is cheaper. Raises BadInput, or NoAnswer where the member buys already or no awarded bid prices it.
    """
    inputs, choice = _with(contract, member, demand, quotes)
    mini_bid, choice = _compared(contract, inputs, member, choice)
    after = Award(inputs, tuple(choice))
    questions = tuple(_questions(contract, inputs, member, mini_bid, today, own_470))
    return Joining(member, contract, questions, after, money(mini_bid))


def _with(contract: Contract, member: str, demand: Path, quotes: Path | None) -> tuple[Inputs, list[int]]:
    """The purchase with the member in it, and the award as it stands; the member keeps what it has."""
    files = contract.inputs.files
    asked = tablefiles.read_declared(demand, "demand")
    mine = asked[asked["lea_id"] == member]
    if mine.empty:
        what = f"{demand.name} has no row of {member}"
        mend = "give what it asks for: service, quantity, present bill, rate"
        raise BadInput([Fault(kind="UnknownMember", what=what, file=demand.name, column="lea_id", mend=mend)])
    tables = {table: tablefiles.read_declared(files[table], table) for table in files if table != "policy"}
    there = tables["demand"]
    bought = set(there[there["lea_id"] == member]["service"]) & set(mine["service"])
    if bought:
        raise NoAnswer(f"{member} buys {', '.join(sorted(bought))} under this contract already.")
    tables["demand"] = pd.concat([there, mine], ignore_index=True)
    if quotes is not None:
        told = tablefiles.read_declared(quotes, "bid_prices")
        told = told[told["bid_id"].isin(set(tables["bids"]["bid_id"]))]  # of bids that were not awarded nobody can buy
        prices = tables["bid_prices"]
        kept = prices[prices["lea_id"] != member]
        tables["bid_prices"] = pd.concat([kept, told[told["lea_id"] == member]], ignore_index=True)
    inputs = replace(assemble(tables, contract.inputs.policy), files=files)
    bid_of = {
        (demand.lea_id, demand.service): contract.inputs.bids[chosen].bid_id
        for demand, chosen in zip(contract.inputs.demands, contract.award.choice, strict=True)
    }
    place = {bid.bid_id: number for number, bid in enumerate(inputs.bids)}
    choice = [place.get(bid_of.get((demand.lea_id, demand.service), ""), CURRENT) for demand in inputs.demands]
    return inputs, choice


def _compared(contract: Contract, inputs: Inputs, member: str, choice: list[int]) -> tuple[pd.DataFrame, list[int]]:
    """The awarded bids side by side for the member, and the award with the cheapest of them."""
    rows: list[dict[str, Any]] = []
    won = dict(contract.award.quantity)
    chosen = list(choice)
    for index, demand in enumerate(inputs.demands):
        if demand.lea_id != member:
            continue
        ways: list[tuple[Decimal, int]] = []
        offers = [told for told in inputs.offers if told.demand == index and not inputs.bids[told.bid].bundle]
        for offer in offers:
            bill, room = _bill(inputs, chosen, offer, won)
            rows.append(
                {
                    "service": demand.service,
                    "bid_id": inputs.bids[offer.bid].bid_id,
                    "provider_id": inputs.bids[offer.bid].provider_id,
                    "usd_month": bill.month,
                    "usd_once": bill.once,
                    "pre_discount_usd": bill.pre_discount,
                    "room": YES if room else NO,
                }
            )
            if room:
                ways.append((bill.pre_discount, offer.bid))
        if not ways:
            _refuse(inputs, index, priced=bool(offers))
        if demand.current is not None:
            ways.append((current_bill(inputs, index).pre_discount, CURRENT))
        chosen[index] = min(ways)[1]
        if chosen[index] != CURRENT:  # what is taken for one service is no room for the next
            won[chosen[index]] = won.get(chosen[index], 0.0) + demand.quantity
    rows.sort(key=lambda row: (row["service"], row["pre_discount_usd"], row["bid_id"]))
    return pd.DataFrame(rows), chosen


def _bill(inputs: Inputs, choice: Sequence[int], offer: Offer, won: Mapping[int, float]) -> tuple[Bill, bool]:
    """The member's bill with one awarded bid, those who buy already staying, and whether the bid has room for it."""
    tried = list(choice)
    tried[offer.demand] = offer.bid
    bid = inputs.bids[offer.bid]
    room = bid.has_room(won.get(offer.bid, 0.0) + inputs.demands[offer.demand].quantity)
    return Award(inputs, tuple(tried)).bills[offer.demand], room


def _refuse(inputs: Inputs, index: int, *, priced: bool) -> None:
    label = inputs.demands[index].label
    why = "no awarded bid that prices it has room left" if priced else "no awarded bid prices it"
    raise NoAnswer(
        f"{label} cannot join: {why}.\n"
        "  mend:  ask the awardees for a price and give it with --bid-prices (bid_id, lea_id, usd_month, usd_once)"
    )


# --- may it? ------------------------------------------------------------------------------------------------------------


def _questions(
    contract: Contract, inputs: Inputs, member: str, mini_bid: pd.DataFrame, today: date, own_470: date | None
) -> list[Question]:
    year = funding_year(inputs.policy.start_date or today)
    program, joining = rules.load("erate", year, "program"), rules.load("erate", year, "joining")
    told = {demand.named_in_470 for demand in inputs.demands if demand.lea_id == member}
    named = None if None in told else all(told)
    return [
        _form_470(contract, named, program, joining, today, own_470),
        _mini_bid(mini_bid, joining),
        _letter(contract, inputs, member, joining, year),
        _left(contract, inputs, today),
    ]


def _cite(book: rules.RuleFile, figure: str) -> str | None:
    told = book.figure(figure).cite
    return told.words() if told else None


def _form_470(
    contract: Contract, named: bool | None, program: rules.RuleFile, joining: rules.RuleFile, today: date, own: date | None
) -> Question:  # fmt: skip
    asked = "Is there a Form 470 it can cite?"
    number = f" {contract.form_470}" if contract.form_470 else ""
    if named:
        because = f"it was named in the joint Form 470{number}"
        return Question(asked, YES, because, _cite(joining, "form_470.named"))
    if contract.posted_by == "state" and contract.open_to == "state":
        because = f"the state posted Form 470{number} for a contract that others in the state may use"
        return Question(asked, YES, because, _cite(joining, "form_470.of_the_state"))
    days = int(program.value("bidding.waiting_days"))
    cite = f"{_cite(joining, 'form_470.own')}; {_cite(program, 'bidding.waiting_days')}"
    if own is None:
        because = (
            f"{'it was not named in' if named is False else 'whether it was named is not said (named_in_470) for'} the "
            f"joint Form 470{number}: it needs its own, this contract counting as one of its bids; posted today, it may "
            f"choose from {today + timedelta(days)} on ({days} days)"
        )
        return Question(asked, UNKNOWN if named is None else TO_DO, because, cite)
    first = own + timedelta(days)
    done = today >= first
    because = (
        f"its own Form 470 of {own} has {'waited' if done else 'to wait'} {days} days, to {first}; all bids to it count"
    )
    return Question(asked, YES if done else TO_DO, because, cite)


def _mini_bid(mini_bid: pd.DataFrame, joining: rules.RuleFile) -> Question:
    asked = "Does it have to compare the awardees (mini-bid)?"
    least = int(joining.value("mini_bid.awardees"))
    counts = mini_bid.groupby("service")["provider_id"].nunique()
    several = [f"{service} ({count})" for service, count in counts.items() if count >= least]
    cite = f"{_cite(joining, 'mini_bid.awardees')}; {_cite(joining, 'mini_bid.waiting')}"
    if not several:
        return Question(asked, YES, "nothing to do: one awardee prices each service for it", cite)
    because = (
        f"several awardees can serve it with {', '.join(several)}: it must evaluate and keep on file all of them, price of "
        "the eligible service weighing most; no new 28 days; mini_bid.csv is the price column"
    )
    return Question(asked, TO_DO, because, cite)


def _letter(contract: Contract, inputs: Inputs, member: str, joining: rules.RuleFile, year: int) -> Question:
    asked = "Does its letter of agency reach?"
    told = [demand.loa_through_fy for demand in inputs.demands if demand.lea_id == member]
    through = min((reach for reach in told if reach is not None), default=None) if None not in told else None
    start = inputs.policy.start_date
    last = last_funding_year(start, inputs.policy.horizon_months) if start else year
    if contract.inputs.policy.filing == "separate":
        cite = _cite(joining, "letter_of_agency.own_form_471")
        reach = f"; its letter reaches to FY{through}" if through is not None else ""
        return Question(asked, YES, f"each member files its own Form 471, so none is needed to file{reach}", cite)
    cite = _cite(joining, "letter_of_agency.needed")
    if through is None:
        return Question(asked, TO_DO, f"the lead files for all: it has to sign a letter through FY{last}", cite)
    if through < last:
        because = f"its letter ends with FY{through}, the contract with FY{last}: a new letter is needed from FY{through + 1} on"
        return Question(asked, TO_DO if through < year else YES, because, cite)
    return Question(asked, YES, f"its letter reaches to FY{through}, the contract to FY{last}", cite)


def _left(contract: Contract, inputs: Inputs, today: date) -> Question:
    asked = "Does the contract still run?"
    start, months = inputs.policy.start_date, inputs.policy.horizon_months
    if start is None:
        because = "the policy has no start_date, so the end of the contract is not known"
        return Question(asked, UNKNOWN, because)
    end = after(start, months)
    since = f"awarded {contract.award_date}; " if contract.award_date else ""
    because = f"{since}its term is {start} to {end - timedelta(1)}; costs here are for the whole term"
    return Question(asked, YES if today < end else NO, because)


def write(told: Joining, folder: Path) -> None:
    """Write `join.csv`, `may_join.csv`, `mini_bid.csv` into an answer folder under way."""
    tablefiles.write(told.table(), folder / "join.csv")
    tablefiles.write(told.questions_table(), folder / "may_join.csv")
    tablefiles.write(told.mini_bid, folder / "mini_bid.csv")


def record(told: Joining, given: Mapping[str, Path], seconds: float) -> dict[str, Any]:
    """What `solution.json` says: no optimizer ran, so there is no status, bound or gap."""
    stamps = list(told.contract.stamps)
    files = {**{f"contract_{table}": path for table, path in told.contract.inputs.files.items()}, **given}
    if tablefiles.of_the_sample(files.values()):
        stamps.append(answers.SYNTHETIC)
    return {
        "join": told.member,
        "may_join": told.may,
        "words": told.words(),
        "inputs": {table: {"file": path.name, "sha256": answers.sha256(path)} for table, path in sorted(files.items())},
        "seconds": round(seconds, 3),
        "stamps": list(dict.fromkeys(stamps)),
        "caveat": CAVEAT,
    }
