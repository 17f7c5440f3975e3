"""What a division writes: who is asked for with whom, the lots, how many lots, and how good the answer is."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from infraplan import answers, solve, tablefiles
from infraplan.procurement import prices, stamped
from infraplan.procurement.lots.inputs import Member
from infraplan.procurement.lots.plan import Plan, Try, hard, measures, money
from infraplan.units import half_up

WHY_LOTS: Final = (
    "Why lots: the one careful study of pooled school bids (New Jersey's, NBER working paper 33498) found that asking for "
    "neighbors together is what moved prices, since a bidder who may win only scattered sites cannot count on covering "
    "a fixed cost; volume by itself explained less. It is no promise for another state."
)
CAVEAT: Final = (
    "A proposal for a request for proposals: planning figures, not legal advice, no promise of a price or a bidder."
)


def lots(plan: Plan) -> pd.DataFrame:
    """One row per member, in the order of ids; see the schema `lots`."""
    taken, miles = plan.taken, plan.inputs.borders.miles
    rows: list[dict[str, Any]] = []
    for at, (some, hub) in enumerate(zip(taken.members, taken.hubs, strict=True)):
        for one in some:
            member = plan.inputs.members[one]
            rows.append({
                "lea_id": member.lea_id, "name": member.name, "lot_id": lot_id(at),
                "hub": plan.inputs.members[hub].lea_id, "miles_to_hub": round(float(miles[one, hub]), 1),
                "students": member.students, "demand_mbps": member.demand, "value_usd_month": _cents(member.value),
                "agency": member.agency, "hard": bool(member.hard), "hard_why": "; ".join(member.hard) or None,
                "providers": "; ".join(member.providers) or None, "low_usd_month": member.low,
                "expected_usd_month": member.expected, "high_usd_month": member.high,
            })  # fmt: skip
    return pd.DataFrame(rows).sort_values("lea_id", ignore_index=True).astype({"students": "Int64"})


def lot_id(at: int) -> str:
    """The name of a lot by its number from 0.

    >>> lot_id(0)
    'lot-1'
    """
    return f"lot-{at + 1}"


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else half_up(amount, 2)


def lot_summary(plan: Plan) -> pd.DataFrame:
    """One row per lot; see the schema `lot_summary`."""
    taken, told = plan.taken, measures(plan.inputs)
    shares = {name: np.array(taken.sums(amounts)) / sum(amounts) for name, amounts in told.items()}
    names = taken.bidders()
    rows = [
        {
            **_who(taken, at, some),
            **_figures(plan.inputs.members, some, {name: float(share[at]) for name, share in shares.items()}),
            **_distances(taken, at, some),
            "bidders": len(names[at]) if any(names) else None,
            "providers": "; ".join(names[at]) if any(names) else None,
            **_expected(plan.inputs.members, some),
        }
        for at, some in enumerate(taken.members)
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(("students", "bidders"), "Int64"))


def _who(taken: Try, at: int, some: Sequence[int]) -> dict[str, Any]:
    members = taken.inputs.members
    hub = members[taken.hubs[at]]
    return {
        "lot_id": lot_id(at), "hub": hub.lea_id, "hub_name": hub.name, "members": len(some),
        "hard_members": hard([members[one] for one in some]),
    }  # fmt: skip


def _figures(members: Sequence[Member], some: Sequence[int], shares: Mapping[str, float]) -> dict[str, Any]:
    def rounded(name: str) -> float | None:
        return round(shares[name], 4) if name in shares else None

    value = money({one: members[one].value for one in some}, some)
    return {
        "students": sum(members[one].students or 0 for one in some) if "students" in shares else None,
        "students_share": rounded("students"),
        "demand_mbps": sum(members[one].demand or 0.0 for one in some) if "demand" in shares else None,
        "demand_share": rounded("demand"),
        "value_usd_month": _cents(value),
        "value_share": rounded("value"),
    }


def _distances(taken: Try, at: int, some: Sequence[int]) -> dict[str, Any]:
    away = taken.inputs.borders.miles[list(some), taken.hubs[at]]
    return {"miles_mean": round(float(away.mean()), 1), "miles_most": round(float(away.max()), 1)}


def _expected(members: Sequence[Member], some: Sequence[int]) -> dict[str, Any]:
    return {
        f"{name}_usd_month": money({one: getattr(members[one], name) for one in some}, some)
        for name in ("low", "expected", "high")
    }


def tradeoff(plan: Plan) -> pd.DataFrame:
    """One row per number of lots tried; see the schema `lot_tradeoff`."""
    rows = [_row(one, taken=one is plan.taken) for one in plan.tried]
    return pd.DataFrame(rows).astype({"fewest_bidders": "Int64"})


def _row(one: Try, *, taken: bool) -> dict[str, Any]:
    result = one.found.result
    row: dict[str, Any] = {
        "lots": one.lots,
        "taken": taken,
        "status": str(result.status),
        "gap": None,
        "why": one.why or None,
    }
    names = (
        "exposure",
        "smallest_usd_month",
        "neighbors_apart_share",
        "miles_mean",
        "fewest_bidders",
        "most_hard_share",
    )
    row |= dict.fromkeys(names)
    if one.answered:
        members = one.inputs.members
        values = [money({m: members[m].value for m in some}, some) for some in one.members]
        bidders = one.bidders()
        row |= {
            "gap": round(result.gap, 6), "exposure": round(one.exposure, 4),
            "smallest_usd_month": _cents(min((told for told in values if told is not None), default=None)),
            "neighbors_apart_share": round(one.neighbors_apart, 4),
            "miles_mean": round(result.objective / len(members), 1),
            "fewest_bidders": min(map(len, bidders)) if any(bidders) else None,
            "most_hard_share": round(max(hard([members[m] for m in some]) / len(some) for some in one.members), 4),
        }  # fmt: skip
    order = ["lots", "taken", "status", "gap", *names, "why"]
    return {name: row[name] for name in order}


def with_lots(plan: Plan, demand: pd.DataFrame) -> pd.DataFrame:
    """A demand file's own rows, as text, with the column lot_id filled in."""
    told = lots(plan)
    lot_of = dict(zip(told["lea_id"], told["lot_id"], strict=True))
    return demand.assign(lot_id=demand["lea_id"].str.strip().map(lot_of).fillna(""))


def notes(plan: Plan) -> list[str]:
    """What a reader has to know of the answer."""
    taken, inputs = plan.taken, plan.inputs
    told = list(inputs.notes)
    if taken.units.torn:
        named = ", ".join(name.removeprefix("agency ") for name in taken.units.torn[:5])
        told.append(
            f"{len(taken.units.torn):,} agencies are in more than one piece and kept whole all the same: {named}"
        )
    if inputs.policy.agencies == "split":
        told.append(f"{_split(taken):,} regional service agencies are in more than one lot")
    if inputs.prices is not None:
        told.append(f"expected prices: {inputs.prices.evidence}; what like lines paid, not what bidders will ask")
    elif not any(member.value is not None for member in inputs.members):
        told.append("no value is known: lots are not balanced by it, and exposure counts in demand or students")
    if not any(member.providers for member in inputs.members):
        told.append("no providers are known: whether a lot has bidders was not checked (min_bidders)")
    return told


def _split(taken: Try) -> int:
    places: dict[str, set[int]] = {}
    for at, some in enumerate(taken.members):
        for one in some:
            if agency := taken.inputs.members[one].agency:
                places.setdefault(agency, set()).add(at)
    return sum(len(lots) > 1 for lots in places.values())


def stamps(plan: Plan) -> list[str]:
    """Stamps that cannot be switched off."""
    told = plan.inputs.prices
    old = [f"{prices.HISTORIC}: prices more than two funding years old"] if told is not None and told.historic else []
    return list(dict.fromkeys([*old, *stamped.of_files(plan.inputs.files.values())]))


def proved(one: Try) -> str:
    """How good a division is, in words for a page."""
    result = one.found.result
    if result.status == solve.Status.optimal:
        return "proved the best possible"
    return f"proved within {100 * result.gap:.2g} % of the best possible"


def tried(one: Try) -> str:
    """One number of lots as a sentence: what one failure would hit, against what a bidder can count on."""
    lots = f"{one.lots} lot{'' if one.lots == 1 else 's'}"
    if not one.answered:
        return f"{lots}: {one.why}"
    row = _row(one, taken=False)
    least = row["smallest_usd_month"]
    worth = "" if least is None else f", the smallest is worth ${least:,.0f} a month"
    bidders = "" if row["fewest_bidders"] is None else f", at least {row['fewest_bidders']} providers in each"
    return (
        f"{lots}: the largest holds {100 * one.exposure:.1f} percent{worth}{bidders}; {row['miles_mean']} miles to a hub on "
        f"average, {proved(one)}"
    )


def lot_lines(plan: Plan) -> list[str]:
    """One line per lot: who is in it and what like lines pay for what it asks for."""
    lines = []
    for row in lot_summary(plan).to_dict("records"):
        low, half, high = (row[f"{name}_usd_month"] for name in ("low", "expected", "high"))
        hard_too = f", {row['hard_members']} of them hard to find bidders for" if row["hard_members"] else ""
        paid = (
            ""
            if low is None
            else f"; like lines pay ${low:,.0f} to ${high:,.0f} a month, half of them under ${half:,.0f}"
        )
        lines.append(f"{row['lot_id']} around {row['hub_name']}: {row['members']:,} members{hard_too}{paid}")
    return lines


def solution(plan: Plan) -> dict[str, Any]:
    """What `solution.json` says."""
    result = plan.taken.found.result
    return answers.record(
        result, policy=plan.inputs.policy.said(), inputs=dict(plan.inputs.files),
        unit="miles from members to their lot's hub, neighbor by neighbor",
        proved=proved(plan.taken), tradeoff=[tried(one) for one in plan.tried],
        lots=plan.taken.lots, taken_because=plan.why, members=len(plan.inputs.members),
        exposure=round(plan.taken.exposure, 6), neighbors_by=plan.inputs.by,
        prices=plan.inputs.prices.evidence if plan.inputs.prices else None,
        stamps=stamps(plan), notes=notes(plan), why_lots=WHY_LOTS, caveat=CAVEAT,
    )  # fmt: skip


def summary(plan: Plan) -> list[str]:
    """A few lines for the person at the keyboard."""
    taken = plan.taken
    mean = taken.found.result.objective / len(plan.inputs.members)
    return [
        *(f"note: {note}" for note in notes(plan)),
        *(f"  {tried(one)}" for one in plan.tried if not one.answered),
        f"{taken.lots} lots of {len(plan.inputs.members):,} members: {plan.why}",
        f"{mean:.1f} miles from a member to its lot's hub on average; {proved(taken)}",
        *(f"  {line}" for line in lot_lines(plan)),
        f"the largest lot holds {100 * taken.exposure:.1f} percent: so much is hit if nobody bids on it or its provider fails",
        CAVEAT,
    ]


def write(plan: Plan, folder: Path, demand: Path | None = None, draw: Callable[[Path], object] | None = None) -> None:
    """Write the answer's files into `folder`, whole or not at all; an earlier answer there is replaced.

    `demand` is written again with lot_id filled in; `draw` adds the map to the folder it is given.
    """
    with answers.answer_folder(folder) as fresh:
        tablefiles.write(lots(plan), fresh / "lots.csv")
        tablefiles.write(lot_summary(plan), fresh / "lot_summary.csv")
        tablefiles.write(tradeoff(plan), fresh / "tradeoff.csv")
        if demand is not None:
            tablefiles.write(with_lots(plan, tablefiles.read_text(demand)), fresh / "demand.csv")
        answers.write_record(fresh, solution(plan))
        if draw is not None:
            draw(fresh)
