#!/usr/bin/env python3
"""Pooled purchasing at a whole state's size, beside the naive model.

usage: bench_pool.py INSTANCES... [--naive]

Each INSTANCE is a directory with demand.csv, bids.csv, bid_prices.csv, bid_tiers.csv and policy.toml. Prints seconds from
files read to the award found, the cost, and what is proved. With --naive also the model a newcomer would write (one
big-M row per bid and tier, no strong links), handed to the same solver for two minutes: at 300 members it is still far off.
"""

import sys
import time
from pathlib import Path

import pulp

from infraplan import solve
from infraplan.procurement.pooling import answer, inputs
from infraplan.procurement.pooling import model as models
from infraplan.solve import Limits

NAIVE_SECONDS = 120.0


def read(folder: Path) -> inputs.Inputs:
    """Read one instance."""
    names = ("demand.csv", "bids.csv", "bid_prices.csv", "bid_tiers.csv", "policy.toml")
    demand, bids, prices, tiers, policy = (folder / name for name in names)
    return inputs.read(demand, bids, prices, tiers if tiers.exists() else None, policy)


def naive(told: inputs.Inputs) -> pulp.LpProblem:
    """State the purchase with one row per bid and tier: serve only if the tier is won, up to everything asked for."""
    given = models.facts(told)
    problem = pulp.LpProblem("naive")
    wins = {tier: problem.add_variable(f"wins_{tier[0]}_{tier[1]}", cat="Binary") for tier in given.tiers()}
    keys = list(
        zip(given.options.demand.tolist(), given.options.bid.tolist(), given.options.level.tolist(), strict=True)
    )
    award = {key: problem.add_variable(f"award_{key[0]}_{key[1]}_{key[2]}", cat="Binary") for key in keys}
    keeps = {place: problem.add_variable(f"keeps_{place}", cat="Binary") for place in range(len(told.demands))}
    paid = [award[key] * cost for key, cost in zip(keys, given.options.cost.tolist(), strict=True)]
    problem += (
        pulp.lpSum(paid)
        + pulp.lpSum(keeps[place] * float(given.keep[place]) for place in keeps)
        + pulp.lpSum(variable * float(given.fixed[bid]) for (bid, _), variable in wins.items())
    )
    served: dict[int, list[pulp.LpVariable]] = {place: [variable] for place, variable in keeps.items()}
    volume: dict[tuple[int, int], list[pulp.LpAffineExpression]] = {}
    for (demand, bid, level), variable in award.items():
        served[demand].append(variable)
        volume.setdefault((bid, level), []).append(variable * float(given.quantity[demand]))
    for variables in served.values():
        problem += pulp.lpSum(variables) == 1
    everything = float(given.quantity.sum())
    for (bid, level), terms in volume.items():
        most = min(everything, float(given.capacity[bid]))
        problem += pulp.lpSum(terms) <= most * wins[bid, level]
        problem += pulp.lpSum(terms) >= told.bids[bid].levels[level].from_quantity * wins[bid, level]
    share = told.policy.max_share_per_provider or 1.0
    for provider in {bid.provider_id for bid in told.bids}:
        held = [term for tier, terms in volume.items() if told.bids[tier[0]].provider_id == provider for term in terms]
        problem += pulp.lpSum(held) <= share * everything
    for bid in range(len(told.bids)):
        problem += pulp.lpSum(variable for (other, _), variable in wins.items() if other == bid) <= 1
    return problem


def main(arguments: list[str]) -> None:
    """Run every instance named."""
    folders = [Path(argument) for argument in arguments if not argument.startswith("--")]
    if not folders:
        sys.exit(__doc__)
    for folder in folders:
        told = read(folder)
        began = time.perf_counter()
        found = answer.find(told, Limits(gap=0.001))
        seconds, result = time.perf_counter() - began, found.result
        size = f"{len(told.demands):,} demands x {len(told.bids)} bids"
        print(
            f"{folder}: {size}: {seconds:.1f} s, {found.award.pre_discount:,.0f} USD, {result.status}, {result.gap:.3%}"
        )
        if "--naive" in arguments:
            other = solve.solve(naive(told), Limits(gap=0.001, time_limit=NAIVE_SECONDS))
            print(f"  naive: {other.seconds:.1f} s, {other.objective:,.0f} USD, {other.status}, {other.gap:.3%}")


if __name__ == "__main__":
    main(sys.argv[1:])
