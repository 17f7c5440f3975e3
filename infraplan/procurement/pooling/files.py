"""What a pooled purchase writes: who buys from whom, the awards, the three ways to file, and how good the answer is."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import answers, solve, tablefiles
from infraplan.procurement import stamped
from infraplan.procurement.pooling import standing_together
from infraplan.procurement.pooling.answer import Answer
from infraplan.procurement.pooling.bills import CURRENT, FORMS, averages, members
from infraplan.procurement.pooling.inputs import ZERO, Demand, Inputs
from infraplan.procurement.pooling.policy import Rfp
from infraplan.procurement.pooling.runners import runners_up
from infraplan.units import CENT

PLANNING_ONLY: Final = "PLANNING ONLY"
SENSITIVE: Final = "PROCUREMENT SENSITIVE"
CAVEAT: Final = "Planning figures, not legal advice; USAC decides."
EQUAL_WARNING: Final = (
    "pays more than filing for itself: each member's share must reflect its use and its discount, so an equal rate "
    "needs another settlement, in cash outside the request"
)


def assignments(answer: Answer) -> pd.DataFrame:
    """One row per demand, in the order of the demand file; see the schema `pool_assignments`."""
    inputs, award = answer.award.inputs, answer.award
    erate, applicant = award.discounts[inputs.policy.filing], award.applicant()
    rows: list[dict[str, Any]] = []
    for index, (demand, bill, runner) in enumerate(zip(inputs.demands, award.bills, runners_up(award), strict=True)):
        base = answer.base[index]
        same = base is not None and like_for_like(demand, base.choice, bill.choice)
        rows.append(
            {
                "lea_id": demand.lea_id,
                "service": demand.service,
                "bid_id": name(inputs, bill.choice),
                "usd_month": bill.month,
                "usd_once": bill.once,
                "usd_fixed_share": bill.fixed_share,
                "pre_discount_usd": bill.pre_discount,
                "erate_usd": erate[index],
                "applicant_usd": applicant[index],
                "baseline": name(inputs, base.choice) if base else None,
                "saving_pre_discount_usd": base.pre_discount - bill.pre_discount if base and same else None,
                "saving_applicant_usd": base.applicant - applicant[index] if base and same else None,
                "like_for_like": same,
                "baseline_pre_discount_usd": base.pre_discount if base else None,
                "baseline_applicant_usd": base.applicant if base else None,
                "termination_usd": bill.termination,
                "runner_up": name(inputs, runner.choice) if runner else None,
                "runner_up_usd": runner.pre_discount if runner else None,
            }
        )
    order = sorted(range(len(rows)), key=lambda index: inputs.demands[index].row)
    return money(pd.DataFrame([rows[index] for index in order]))


def like_for_like(demand: Demand, baseline: int, chosen: int) -> bool:
    """Whether baseline and award buy the same quantity: the present contract may be for another one."""
    differs = demand.current_quantity is not None and demand.current_quantity != demand.quantity
    return not differs or (baseline == CURRENT) == (chosen == CURRENT)


def name(inputs: Inputs, choice: int) -> str:
    """The name of a choice in a file."""
    return "current" if choice == CURRENT else inputs.bids[choice].bid_id


def awards(answer: Answer) -> pd.DataFrame:
    """One row per awarded bid; see the schema `pool_awards`."""
    inputs, award = answer.award.inputs, answer.award
    rows = []
    for number, quantity in sorted(award.quantity.items()):
        bid = inputs.bids[number]
        bills = [bill for bill in award.bills if bill.choice == number]
        rows.append(
            {
                "bid_id": bid.bid_id,
                "provider_id": bid.provider_id,
                "service": bid.service,
                "members": len({inputs.demands[bill.demand].lea_id for bill in bills}),
                "quantity": quantity,
                "factor": bid.factor_at(quantity),
                "usd_fixed": bid.fixed,
                "usd_month": sum((bill.month for bill in bills), ZERO),
            }
        )
    columns = ["bid_id", "provider_id", "service", "members", "quantity", "factor", "usd_fixed", "usd_month"]
    return money(pd.DataFrame(rows, columns=columns))


def filings(answer: Answer) -> pd.DataFrame:
    """One row per member: its own cost under each filing form; see the schema `pool_filings`."""
    inputs, award = answer.award.inputs, answer.award
    average, paid = averages(inputs, award.choice), {form: award.applicant(form) for form in FORMS}
    rows = []
    for member, indices in members(inputs).items():
        own = {form: sum((paid[form][index] for index in indices), ZERO) for form in FORMS}
        categories = sorted({inputs.demands[index].category for index in indices if award.choice[index] != CURRENT})
        rates = {inputs.demands[index].category: inputs.demands[index].rate for index in indices}
        rows.append(
            {
                "lea_id": member,
                "pre_discount_usd": sum((award.bills[index].pre_discount for index in indices), ZERO),
                **{f"{form}_usd": own[form] for form in FORMS},
                "own_rate": "; ".join(f"{category} {rate}" for category, rate in sorted(rates.items())),
                "average_rate": "; ".join(f"{category} {average[category]}" for category in categories) or None,
                "warning": EQUAL_WARNING if own["consortium_equal"] > own["separate"] + CENT else None,
            }
        )
    return money(pd.DataFrame(rows))


def stamps(answer: Answer, rfp: Rfp | None, today: date) -> list[str]:
    """Stamps that cannot be switched off, each with its reason."""
    policy, found = answer.award.inputs.policy, list[str]()
    if answer.trial is not None:
        found.append(f"{PLANNING_ONLY}: tried against possible futures, before bids open; this is no award")
    if policy.objective != "pre_discount":
        found.append(f"{PLANNING_ONLY}: the applicants' share is minimized, not the price of the eligible service")
    if rfp is not None:
        bundles = any(answer.award.inputs.bids[bid].bundle for bid in answer.award.quantity)
        missing = rfp.undisclosed(policy, bundles=bundles, partial=partial_awards(answer))
        found += [f"{PLANNING_ONLY}: {why}" for why in missing]
    if rfp is None or rfp.award_date is None or today < rfp.award_date:
        found.append(f"{SENSITIVE}: bids are not public before the award")
    return [*found, *stamped.of_files(answer.award.inputs.files.values())]


def partial_awards(answer: Answer) -> bool:
    """Whether some itemized bid wins only a part of what it priced."""
    award = answer.award
    offered = award.inputs.offers_of()
    won: dict[int, int] = {}
    for choice in award.choice:
        won[choice] = won.get(choice, 0) + 1
    return any(won[bid] < len(offered[bid]) for bid in award.quantity)


def solution(answer: Answer, rfp: Rfp | None, today: date, files: Mapping[str, Path] | None = None) -> dict[str, Any]:
    """What `solution.json` says."""
    award, inputs = answer.award, answer.award.inputs
    applicant = award.applicant()
    notes = list(answer.notes)
    more: dict[str, Any] = {"stability": standing_together.record(answer.stability)} if answer.stability else {}
    more |= {"scenarios": answer.trial.said()} if answer.trial else {}
    if rfp is None:
        notes.append("no --rfp was given: whether bidders were told of this policy was not checked")
    return answers.record(
        answer.result,
        policy=inputs.policy.said(),
        inputs=dict(files if files is not None else inputs.files),
        proved=proved(answer),
        pre_discount_usd=float(award.pre_discount),
        erate_usd=float(award.pre_discount - sum(applicant, ZERO)),
        applicant_usd=float(sum(applicant, ZERO)),
        members=len(members(inputs)),
        stamps=stamps(answer, rfp, today),
        notes=notes,
        caveat=CAVEAT,
        **more,
    )


def proved(answer: Answer) -> str:
    """How good the answer is, in words for a page."""
    gap = answer.result.gap
    if answer.result.status == solve.Status.optimal:
        return "proved the best possible"
    if gap == float("inf"):
        return "nothing proved: time ran out"
    return f"proved within {100 * gap:.2g} % of the best possible"


def summary(answer: Answer) -> list[str]:
    """A few lines for the person at the keyboard."""
    award, inputs = answer.award, answer.award.inputs
    kept = sum(choice == CURRENT for choice in award.choice)
    applicant = sum(award.applicant(), ZERO)
    return [
        *(f"note: {note}" for note in answer.notes),
        f"{len(award.choice) - kept:,} of {len(award.choice):,} demands go to bids ({len(award.quantity)} awarded)",
        f"{kept:,} demands keep their present contract",
        f"${award.pre_discount:,.2f} before discount over {inputs.policy.horizon_months} months",
        f"${applicant:,.2f} of it paid by the members themselves; {proved(answer)}",
        *(standing_together.words(answer.stability) if answer.stability else []),
        *(answer.trial.words() if answer.trial else []),
    ]


def write(
    answer: Answer,
    folder: Path,
    rfp: Rfp | None = None,
    today: date | None = None,
    more: Mapping[str, pd.DataFrame] | None = None,
    memo: Callable[[Path], None] | None = None,
    contract: Callable[[Path, list[str]], None] | None = None,
) -> None:
    """Write the answer's files into `folder`, whole or not at all; an earlier answer there is replaced.

    `more` are further tables by name; `memo` writes `award_memo.xlsx` to the path it is given; `contract` writes the
    contract others may join into a folder, unless the answer is for planning only.
    """
    with answers.answer_folder(folder) as fresh:
        for table, frame in (more or {}).items():
            tablefiles.write(frame, fresh / f"{table}.csv")
        if memo is not None:
            memo(fresh / "award_memo.xlsx")
        tablefiles.write(assignments(answer), fresh / "assignments.csv")
        tablefiles.write(awards(answer), fresh / "awards.csv")
        tablefiles.write(filings(answer), fresh / "filings.csv")
        if answer.stability is not None:
            alone = standing_together.alone(answer.award.inputs, answer.base)
            tablefiles.write(money(standing_together.shares(answer.stability, alone)), fresh / "stability.csv")
            tablefiles.write(money(standing_together.groups(answer.stability)), fresh / "stability_groups.csv")
        if answer.trial is not None:
            tablefiles.write(answer.trial.table, fresh / "scenarios.csv")
            tablefiles.write(answer.trial.decisions, fresh / "decisions.csv")
        told = solution(answer, rfp, today or date.min)
        if contract is not None and not any(stamp.startswith(PLANNING_ONLY) for stamp in told["stamps"]):
            (fresh / "contract").mkdir()
            contract(fresh / "contract", told["stamps"])
        answers.write_record(fresh, told)


def money(table: pd.DataFrame) -> pd.DataFrame:
    """Return amounts in plain notation: two decimals where that is exact, more where a price has more."""
    for column in table.columns:
        if str(column).endswith(("_usd", "_usd_month")) or str(column).startswith("usd_"):
            cells = [None if value is None else _plain(value) for value in table[column]]
            table[column] = pd.Series(cells, index=table.index, dtype=object)
    return table


def _plain(value: Decimal) -> Decimal:
    cents = value.quantize(CENT)
    if cents == value:
        return cents
    shorter = value.normalize()
    return shorter.quantize(Decimal(1)) if shorter == shorter.to_integral() else shorter
