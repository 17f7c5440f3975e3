"""An awarded contract as files, so that others may join it: what was bid, what was awarded, who buys, at which prices.

A contract is a folder, written by every pool whose award may be used as one:

    contract.toml      the facts below
    policy.toml        the policy of the award (horizon, filing form, how fixed costs are shared)
    demand.csv         the members that buy, as they asked          (schema `demand`)
    bids.csv, bid_prices.csv, bid_tiers.csv   the awarded bids, with their prices for members that do not buy too
    assignments.csv    who buys from which bid                       (schema `pool_assignments`)
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault
from infraplan.procurement.pooling import files
from infraplan.procurement.pooling.answer import Answer
from infraplan.procurement.pooling.bills import CURRENT, Award
from infraplan.procurement.pooling.inputs import Demand, Inputs, read
from infraplan.procurement.pooling.policy import Policy, Rfp, read_settings
from infraplan.wholefiles import write_text

NAME: Final = "contract.toml"
POSTED_BY: Final = ("state", "consortium")
OPEN_TO: Final = ("named", "state")
WHOLE: Final = ("c1_rate", "c2_rate", "loa_through_fy", "students")
KEYS: Final = {"award_date", "form_470", "posted_by", "open_to", "stamps"}


@dataclass(frozen=True)
class Contract:
    """An awarded contract. `form_470` is its number (blank: not known); `open_to` says for whom it was bid."""

    award: Award
    award_date: date | None
    form_470: str
    posted_by: str
    open_to: str
    stamps: tuple[str, ...]

    @property
    def inputs(self) -> Inputs:
        """The awarded bids and those who buy."""
        return self.award.inputs


def write(answer: Answer, folder: Path, rfp: Rfp | None, stamps: Sequence[str]) -> None:
    """Write the contract into `folder`, which must exist."""
    inputs, award = answer.award.inputs, answer.award
    won = sorted(award.quantity)
    places = [index for index, chosen in enumerate(award.choice) if chosen != CURRENT]
    demands = pd.DataFrame([_demand_row(inputs.demands[index]) for index in places])
    whole = [name for name in WHOLE if name in demands]  # with blanks they would be written with a decimal point
    tablefiles.write(demands.astype(dict.fromkeys(whole, "Int64")), folder / "demand.csv")
    tablefiles.write(pd.DataFrame([_bid_row(inputs, number) for number in won]), folder / "bids.csv")
    tablefiles.write(pd.DataFrame(_price_rows(inputs, won)), folder / "bid_prices.csv")
    tiers = [
        {"bid_id": inputs.bids[number].bid_id, "from_quantity": level.from_quantity, "factor": level.factor}
        for number in won
        for level in inputs.bids[number].levels
    ]
    tablefiles.write(pd.DataFrame(tiers, columns=["bid_id", "from_quantity", "factor"]), folder / "bid_tiers.csv")
    rows = files.assignments(answer)
    tablefiles.write(rows[rows["bid_id"] != "current"], folder / "assignments.csv")
    write_text(folder / "policy.toml", _toml(_policy(inputs.policy)))
    write_text(folder / NAME, _HEAD + _toml(_facts(rfp, stamps)))


_HEAD: Final = """# An awarded contract, for those who may join it: infraplan procurement pool --join ID --contract FOLDER
# form_470: number of the Form 470 it was bid under.  posted_by: state or consortium.
# open_to: "named" (the members named in the Form 470) or "state" (any applicant in the state).
"""


def _facts(rfp: Rfp | None, stamps: Sequence[str]) -> dict[str, Any]:
    return {
        "award_date": rfp.award_date if rfp else None,
        "form_470": rfp.form_470 if rfp else "",
        "posted_by": rfp.posted_by if rfp else "consortium",
        "open_to": rfp.open_to if rfp else "named",
        "stamps": list(stamps),
    }


def _policy(policy: Policy) -> dict[str, Any]:
    kept = ("horizon_months", "filing", "share_fixed", "may_keep_current", "start_date")
    return {name: value for name, value in policy.said().items() if name in kept}


def _toml(values: Mapping[str, Any]) -> str:
    """Settings as TOML; blanks are left out. JSON's strings, numbers and lists are TOML's too."""
    lines = [
        f"{key} = {value if isinstance(value, date) else json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value is not None
    ]
    return "\n".join(lines) + "\n"


def _demand_row(demand: Demand) -> dict[str, Any]:
    c2 = demand.category == "C2"
    return {
        "lea_id": demand.lea_id,
        "service": demand.service,
        "quantity": demand.quantity,
        "current_usd_month": demand.current,
        "c1_rate": None if c2 else demand.rate,
        "ben": demand.ben,
        "category": demand.category,
        "c2_rate": demand.rate if c2 else None,
        "c2_available_usd": demand.c2_available,
        "eligible_share": demand.eligible_share,
        "current_quantity": demand.current_quantity,
        "termination_usd": demand.termination,
        "named_in_470": None if demand.named_in_470 is None else ("yes" if demand.named_in_470 else "no"),
        "loa_through_fy": demand.loa_through_fy,
        "students": demand.students,
        "lot_id": demand.lot_id,
    }


def _bid_row(inputs: Inputs, number: int) -> dict[str, Any]:
    bid = inputs.bids[number]
    return {
        "bid_id": bid.bid_id,
        "provider_id": bid.provider_id,
        "service": bid.service,
        "kind": "bundle" if bid.bundle else "itemized",
        "usd_fixed": bid.fixed,
        "usd_month": bid.month if bid.bundle else None,
        "capacity": bid.capacity,
        "lot_id": bid.lot_id,
    }


def _price_rows(inputs: Inputs, won: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "bid_id": inputs.bids[offer.bid].bid_id,
            "lea_id": inputs.demands[offer.demand].lea_id,
            "service": inputs.demands[offer.demand].service,
            "usd_month": None if inputs.bids[offer.bid].bundle else offer.month,
            "usd_once": offer.once,
        }
        for offer in inputs.offers
        if offer.bid in set(won)
    ]


def load(path: Path) -> Contract:
    """Read a contract: its folder, or its contract.toml. Raises BadInput with every fault of all its files."""
    folder = path if path.is_dir() else path.parent
    facts = _read_facts(folder / NAME)
    tiers = folder / "bid_tiers.csv"
    inputs = read(
        folder / "demand.csv", folder / "bids.csv", folder / "bid_prices.csv",
        tiers if tiers.is_file() else None, folder / "policy.toml",
    )  # fmt: skip
    return Contract(Award(inputs, _choices(inputs, folder / "assignments.csv")), **facts)


def _read_facts(path: Path) -> dict[str, Any]:
    told = read_settings(path)
    faults = [
        Fault(kind="UnknownSetting", what=f"{key} is not a setting of a contract", file=path.name, column=key,
              mend=f"known settings: {', '.join(sorted(KEYS))}")
        for key in told if key not in KEYS
    ]  # fmt: skip
    for key, known in (("posted_by", POSTED_BY), ("open_to", OPEN_TO)):
        if told.get(key, known[0]) not in known:
            what = f"{key} is {told[key]!r}, expected {' or '.join(known)}"
            faults.append(Fault(kind="BadSetting", what=what, file=path.name, column=key, mend=f"give {known[0]}"))
    when = told.get("award_date")
    if when is not None and not isinstance(when, date):
        what = f"award_date is {when!r}, expected a date such as 2027-02-19, without quotes"
        faults.append(Fault(kind="BadSetting", what=what, file=path.name, column="award_date", mend="give a date"))
    if faults:
        raise BadInput(faults)
    return {
        "award_date": when.date() if isinstance(when, datetime) else when,
        "form_470": str(told.get("form_470", "")),
        "posted_by": told.get("posted_by", "consortium"),
        "open_to": told.get("open_to", "named"),
        "stamps": tuple(str(stamp) for stamp in told.get("stamps", ())),
    }


def _choices(inputs: Inputs, path: Path) -> tuple[int, ...]:
    """Who buys from which bid; a member without a row, or with a bid the contract lacks, is a fault."""
    table = tablefiles.read_text(path)
    place = {bid.bid_id: number for number, bid in enumerate(inputs.bids)}
    needed = {"lea_id", "service", "bid_id"} - set(table.columns)
    if needed:
        what = f"{path.name} lacks {', '.join(sorted(needed))}"
        raise BadInput([Fault(kind="MissingColumn", what=what, file=path.name, mend="take the pool's assignments.csv")])
    columns = (table[column].tolist() for column in ("lea_id", "service", "bid_id"))
    told = {
        (str(lea), str(service)): (str(bid), int(line))
        for line, lea, service, bid in zip(table.index.tolist(), *columns, strict=True)
    }
    priced = {(offer.bid, offer.demand) for offer in inputs.offers}
    faults, choice = [], []
    for index, demand in enumerate(inputs.demands):
        bid, line = told.get((demand.lea_id, demand.service), ("", None))
        number = place.get(bid, CURRENT)
        if (number, index) not in priced:
            what = f"{demand.label} buys from {bid or 'no bid'}, which the contract does not price"
            mend = "take demand.csv, bid_prices.csv and assignments.csv from the same award"
            faults.append(Fault(kind="UnknownBid", what=what, file=path.name, row=line, column="bid_id", mend=mend))
        choice.append(number)
    if faults:
        raise BadInput(faults)
    return tuple(choice)
