"""What is written and said about a division that no group would leave: `stability.csv`, the groups, the words."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from infraplan.procurement.pooling.bills import Baseline, members
from infraplan.procurement.pooling.inputs import ZERO, Inputs
from infraplan.procurement.pooling.stability import Stability
from infraplan.units import half_up

MAY_DO: Final = (
    "A group that leaves may take any of the same bids at the same prices, for itself alone: fixed costs in full, tiers by "
    "its own quantity, a bid's whole capacity, bundles only if everyone they name leaves; its members may keep their "
    "contracts where the policy lets them. It is held to the same policy (but for the least number of providers), files in the "
    "same form and awards as the pool does; within it cash may change hands."
)
GROUP_COLUMNS: Final = ["group", "members", "lea_ids", "pays_usd", "leaving_usd", "gains_by_staying_usd"]


def shares(told: Stability, alone: dict[str, Decimal | None]) -> pd.DataFrame:
    """One row per member; see the schema `pool_stability`. `alone` is each member's own cost by itself."""
    nearest = _nearest(told)
    rows: list[dict[str, Any]] = []
    for name, pays in told.pays.items():
        by_itself = alone[name]
        rows.append(
            {
                "lea_id": name,
                "applicant_usd": told.own[name],
                "cash_transfer_usd": told.transfer[name],
                "subsidy_usd": told.subsidy[name],
                "pays_usd": pays,
                "alone_usd": by_itself,
                "loses_by_leaving_usd": None if by_itself is None else by_itself - pays,
                "nearest_group": nearest.get(name),
            }
        )
    return pd.DataFrame(rows).astype({"nearest_group": "Int64"})


def groups(told: Stability) -> pd.DataFrame:
    """One row per group that bounds the division; see the schema `pool_stability_groups`."""
    pays = told.pays
    rows = []
    for number, group in enumerate(told.groups, start=1):
        together = sum((pays[name] for name in group.members), ZERO)
        figures = (together, group.usd, group.usd - together)
        rows.append([number, len(group.members), " ".join(group.members), *figures])
    return pd.DataFrame(rows, columns=GROUP_COLUMNS)


def _nearest(told: Stability) -> dict[str, int]:
    pays, found = told.pays, dict[str, tuple[Decimal, int]]()
    for number, group in enumerate(told.groups, start=1):
        spare = group.usd - sum((pays[name] for name in group.members), ZERO)
        for name in group.members:
            found[name] = min(found.get(name, (spare, number)), (spare, number))
    return {name: number for name, (_, number) in found.items()}


def alone(inputs: Inputs, base: Sequence[Baseline | None]) -> dict[str, Decimal | None]:
    """Each member's own cost by itself: its baselines together; None where a service has none."""
    found: dict[str, Decimal | None] = {}
    for name, places in members(inputs).items():
        told = [one for index in places if (one := base[index]) is not None]
        found[name] = sum((one.applicant for one in told), ZERO) if len(told) == len(places) else None
    return found


def record(told: Stability) -> dict[str, Any]:
    """What `solution.json` says of it."""
    return {
        "proved": told.proved,
        "words": words(told)[0],
        "a_group_may": MAY_DO,
        "cash_moved_usd": float(told.moved),
        "subsidy_usd": float(told.aid) if told.proved else None,
        "least_subsidy_usd": float(half_up(Decimal(str(told.least_aid)), 2)),
        "subsidy_gap_usd": round(max(0.0, float(told.aid) - told.least_aid), 2) if told.proved else None,
        "gain_at_most_share": told.spare if told.proved else None,
        "groups_looked_at": told.looked_at,
        "seconds": round(told.seconds, 3),
    }


def words(told: Stability) -> list[str]:
    """A few sentences; that no group would do better is said only where it is proved."""
    if not told.proved:
        return [
            "whether some group would do better by leaving was not settled: time ran out "
            f"({told.looked_at:,} groups looked at); give more time (--time-limit) or a wider gap (--gap)"
        ]
    cash = (
        f"with ${told.moved:,.2f} of cash between members, outside the E-Rate requests"
        if told.moved
        else "with the bills as they are"
    )
    sure = "" if told.spare <= 0 else f" (none could save more than {100 * told.spare:.2g} % of what it pays)"
    if not told.aid:
        return [f"no group would do better by leaving{sure}, {cash}: proved"]
    least = told.least_aid
    near = math.isclose(least, float(told.aid), abs_tol=1.0)
    if least < 1:
        lead = f"no group would do better by leaving if ${told.aid:,.2f} came from outside the pool, {cash}: proved"
        return [f"{lead}; whether less would do was not settled"]
    amount = f"${told.aid:,.2f}" if near else f"at least ${least:,.2f}, and ${told.aid:,.2f} is proved to be enough"
    who = sum(1 for usd in told.subsidy.values() if usd)
    return [
        f"no division of the cost keeps every group from leaving: it takes {amount} from outside the pool, {cash}",
        f"that money goes to {who:,} members (subsidy_usd in stability.csv); with it no group would do better by leaving: proved",
    ]
