#!/usr/bin/env python3
"""Pooled purchasing at a whole state's size, beside the naive model.

usage: bench_pool.py INSTANCES... [--naive]
       bench_pool.py --published FOLDER

With --published: every published instance in FOLDER (optima.csv, cap/, pmed/ as in the OR-Library) and auctions made in the
manner of the Combinatorial Auction Test Suite, each with its status, gap and seconds, beside the published optimum; the
auctions beside a set packing solved by another model.

Else each INSTANCE is a directory with demand.csv, bids.csv, bid_prices.csv, bid_tiers.csv and policy.toml. Prints seconds from
files read to the award found, the cost, and what is proved. With --naive also the model a newcomer would write (one
big-M row per bid and tier, no strong links), handed to the same solver for two minutes: at 300 members it is still far off.
"""

import os
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pulp
from scipy.optimize import Bounds, LinearConstraint, milp

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


HERE = Path(__file__).resolve().parents[1]
SECONDS = 100.0


def published(folder: Path) -> None:
    """Print the table of published instances."""
    os.environ["INFRAPLAN_SHARED_DATA"] = str(folder.resolve().parent)
    sys.path[:0] = [str(HERE / "tests" / "shared"), str(HERE / "tests" / "models")]
    auctions, library = import_module("auctions"), import_module("test_pool_optima")

    print(f"{'instance':<26}{'published':>14}{'found':>14}{'bound':>14}  {'status':<17}{'gap':>8}{'s':>7}")
    for name, optimum in library.published("single"):
        _line(f"{name}, one site each", optimum, library.location(name))
    for name, optimum in library.published("uncap"):
        limited = library.location(name)
        free = replace(limited, bids=tuple(replace(bid, capacity=None) for bid in limited.bids))
        _line(f"{name}, no capacity", optimum, free)
    for name, optimum in (("pmed1.txt", 5819.0), ("pmed5.txt", 1355.0), ("pmed6.txt", 7824.0)):
        _line(name, optimum, library.median(name))
    for kind in (auctions.regions, auctions.arbitrary, auctions.paths):
        auction = kind(7 if kind is auctions.regions else 50, 300, 1)
        _line(f"auction, {kind.__name__}", _packed(auction), auctions.purchase(auction))


def _line(name: str, optimum: float, told: inputs.Inputs) -> None:
    result = answer.find(told, Limits(gap=0, time_limit=SECONDS)).result
    figures = f"{optimum:>14,.2f}{result.objective:>14,.2f}{result.bound:>14,.2f}"
    print(f"{name:<26}{figures}  {result.status:<17}{result.gap:>8.2%}{result.seconds:>7.1f}", flush=True)


def _packed(auction: tuple[int, list[tuple[frozenset[int], int]]]) -> float:
    """The least cost of an auction by set packing: one variable per bid, each good sold once at most."""
    goods, bids = auction
    holds = np.array([[float(good in chosen) for chosen, _ in bids] for good in range(goods)])
    value = np.array([-float(worth) for _, worth in bids])
    told = milp(
        value,
        integrality=np.ones(len(bids), dtype=int),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(holds, ub=np.ones(goods)),
    )
    assert told.fun is not None
    return 1000 * goods + float(told.fun)


def main(arguments: list[str]) -> None:
    """Run every instance named."""
    if "--published" in arguments:
        published(Path(arguments[arguments.index("--published") + 1]))
        return
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
