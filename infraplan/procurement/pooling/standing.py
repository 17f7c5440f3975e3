"""What members' papers say about buying together: the joint Form 470, letters of agency, lots."""

from collections.abc import Sequence
from typing import Final

from infraplan.procurement.pooling.inputs import Demand, Inputs
from infraplan.procurement.pooling.terms import last_funding_year

NAMED: Final = 5


def notes(inputs: Inputs) -> list[str]:
    """Return what to put right before members buy together; nothing where no file says anything about it."""
    return [*_not_named(inputs.demands), *_letters(inputs), *_lots(inputs)]


def _not_named(demands: Sequence[Demand]) -> list[str]:
    if all(demand.named_in_470 is None for demand in demands):
        return []
    out = sorted({demand.lea_id for demand in demands if demand.named_in_470 is False})
    unknown = sorted({demand.lea_id for demand in demands if demand.named_in_470 is None})
    found = []
    if out:
        found.append(
            f"{_who(out)} not named in the joint Form 470 (named_in_470 = no): an award to them needs their own Form 470 "
            "first; `infraplan procurement pool --join ID` says from when"
        )
    if unknown:
        found.append(f"whether {_who(unknown)} named in the joint Form 470 is not said (named_in_470)")
    return found


def _letters(inputs: Inputs) -> list[str]:
    policy = inputs.policy
    if all(demand.loa_through_fy is None for demand in inputs.demands):
        return []
    missing = sorted({demand.lea_id for demand in inputs.demands if demand.loa_through_fy is None})
    found = [f"no letter of agency is on file for {_who(missing, verb=False)} (loa_through_fy)"] if missing else []
    if policy.start_date is not None:
        last = last_funding_year(policy.start_date, policy.horizon_months)
        short = sorted({d.lea_id for d in inputs.demands if d.loa_through_fy is not None and d.loa_through_fy < last})
        if short:
            found.append(
                f"letters of agency end before the last funding year of the term, FY{last}: {_who(short, verb=False)}"
            )
    return found


def _lots(inputs: Inputs) -> list[str]:
    lots = {demand.lot_id for demand in inputs.demands if demand.lot_id is not None}
    if not lots or any(bid.lot_id is not None for bid in inputs.bids):
        return []
    return [f"members are in {len(lots)} lots (lot_id) but no bid names a lot: bids were taken to reach across lots"]


def _who(names: Sequence[str], *, verb: bool = True) -> str:
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    if not verb:
        return f"{len(names):,} members ({shown})" if len(names) > 1 else names[0]
    return f"{len(names):,} members ({shown}) are" if len(names) > 1 else f"{names[0]} is"
