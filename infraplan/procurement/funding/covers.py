"""Plans that a solver takes for payable, and that lack a cent: said exactly, as a limit on how many of their starts may be.

A solver works with tolerances of a millionth. Where two projects lack a cent of a hundred thousand dollars it may call
them payable, or drop an answer that is. So the model gives such funds and budgets a hair more than they have (`EASED`),
and what the answer lacks is worked out here in whole cents: by the dual of paying for the plan, what the money falls
short of holds for every plan that leans on it as much. Of the starts that together lean on it more than there is, not
all may be (a cover).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pulp

from infraplan import solve
from infraplan.procurement.funding.model import CENTS, Cover, Key, Options, by_cycle

GRAIN: Final = 4096
"""Prices of money in a dual are halves of halves: rounded to this part of one they are exact."""
NONE: Final = Fraction(0)
Start = tuple[int, int]


@dataclass(frozen=True)
class _Prices:
    """What a cent lacks of: by group what it owes and what its match may be, by fund, of all state money."""

    owed: Mapping[Key, Fraction]
    match: Mapping[Key, Fraction]
    funds: Mapping[int, Fraction]
    state: Fraction


def broken(options: Options, starts: Mapping[int, int], state_cents: int | None = None) -> list[Cover]:
    """Return what a plan breaks of Category Two budgets and of the money there is; empty if that is not sure."""
    found = _over_budget(options, starts)
    prices = _prices(options, starts, state_cents)
    if prices is None:
        return found
    lacking = _cover(options, starts, _leaning(options, prices), _there(options, prices, state_cents))
    return [*found, lacking] if lacking else found


def as_it_is(starts: Mapping[int, int]) -> Cover:
    """Bar one plan, and every plan with all its starts."""
    return Cover(frozenset(starts.items()), len(starts) - 1)


def _over_budget(options: Options, starts: Mapping[int, int]) -> list[Cover]:
    inputs = options.inputs
    if inputs.c2 is None:
        return []
    spent: dict[tuple[str, int], int] = defaultdict(int)
    for index, first in starts.items():
        for cycle, cost in by_cycle(inputs, index, first).items():
            spent[inputs.projects[index].lea_id, cycle] += cost
    over = [place for place, cents in spent.items() if cents > inputs.c2.get(place, 0)]
    found = []
    for lea, cycle in sorted(over):
        leaning = {
            (index, first): Fraction(by_cycle(inputs, index, first).get(cycle, 0))
            for index, first in options.starts
            if inputs.projects[index].lea_id == lea
        }
        told = _cover(options, starts, leaning, Fraction(inputs.c2.get((lea, cycle), 0)))
        found += [told] if told else []
    return found


def _prices(options: Options, starts: Mapping[int, int], state_cents: int | None) -> _Prices | None:
    """The dual of paying for a plan as far as the money reaches; None if it does reach, or nothing exact comes of it."""
    problem, rows = pulp.LpProblem("lacking", pulp.LpMinimize), list[tuple[str, Key | int]]()
    owed, most = _owed(options, starts)
    if not owed:
        return None
    funds, pays = options.inputs.funds, dict[tuple[Key, int], pulp.LpVariable]()
    lacking = list[pulp.LpVariable]()
    for number, key in enumerate(owed):
        _, may, matching = key
        for fund in may:
            pays[key, fund] = problem.add_variable(f"pay_{number}_{fund}", 0)
        match, lacks = problem.add_variable(f"match_{number}", 0), problem.add_variable(f"lack_{number}", 0)
        lacking.append(lacks)
        problem += pulp.lpSum(pays[key, fund] for fund in may) + match + lacks >= owed[key] / CENTS
        problem += match - pulp.lpSum(pays[key, fund] for fund in matching) <= 0
        problem += match <= most[key] / CENTS
        rows += [("owed", key), ("matched", key), ("match", key)]
    for fund in sorted({fund for _, fund in pays}):
        problem += pulp.lpSum(told for (_, other), told in pays.items() if other == fund) <= funds[fund].cents / CENTS
        rows.append(("fund", fund))
    state = [told for (_, fund), told in pays.items() if funds[fund].state]
    if state_cents is not None and state:
        problem += pulp.lpSum(state) <= state_cents / CENTS
        rows.append(("state", 0))
    problem.setObjective(pulp.lpSum(lacking))
    linear = solve.Relaxation(solve.arrays(problem))
    if not linear.run():
        return None
    duals = linear.solution()[2].tolist()
    told = {row: Fraction(round(abs(value) * GRAIN), GRAIN) for row, value in zip(rows, duals, strict=True)}
    return _checked(options, told)


def _owed(options: Options, starts: Mapping[int, int]) -> tuple[dict[Key, int], dict[Key, int]]:
    """Cents that each group of a plan owes, and the most a match can add."""
    owed: dict[Key, int] = defaultdict(int)
    most: dict[Key, int] = defaultdict(int)
    for index, first in sorted(starts.items()):
        project = options.inputs.projects[index]
        for year in options.payments(index, first):
            key = options.groups[index, year]
            owed[key] += project.share
            most[key] += project.most_match if key[2] else 0
    return dict(owed), dict(most)


def _checked(options: Options, told: Mapping[tuple[str, Key | int], Fraction]) -> _Prices | None:
    """The prices if they are a dual to the last digit, those of groups that the plan does not have filled in."""
    funds = {fund: price for (name, fund), price in told.items() if name == "fund" and isinstance(fund, int)}
    state = told.get(("state", 0), NONE)
    paid = {number: funds.get(number, NONE) + state * fund.state for number, fund in enumerate(options.inputs.funds)}
    owed, match = dict[Key, Fraction](), dict[Key, Fraction]()
    for key in set(options.groups.values()):
        _, may, matching = key
        if ("owed", key) in told:
            owed[key], match[key] = told["owed", key], told["match", key]
            spur = told["matched", key]
            if any(owed[key] + spur * (fund in matching) > paid[fund] for fund in may) or owed[key] > spur + match[key]:
                return None
        else:  # a cent is worth what the cheapest fund asks for it; half of that where a match doubles it
            owed[key] = min((paid[fund] / (1 + (fund in matching)) for fund in may), default=NONE)
            match[key] = NONE
    return _Prices(owed, match, funds, state)


def _leaning(options: Options, prices: _Prices) -> dict[Start, Fraction]:
    """How much each start leans on the money that is short."""
    projects = options.inputs.projects
    found = {}
    for index, first in options.starts:
        keys = [options.groups[index, year] for year in options.payments(index, first)]
        found[index, first] = sum(
            (
                prices.owed[key] * projects[index].share
                - prices.match[key] * (projects[index].most_match if key[2] else 0)
                for key in keys
            ),
            NONE,
        )
    return found


def _there(options: Options, prices: _Prices, state_cents: int | None) -> Fraction:
    """How much of it there is."""
    money = sum((price * options.inputs.funds[fund].cents for fund, price in prices.funds.items()), NONE)
    return money + prices.state * (state_cents or 0)


def _cover(
    options: Options, starts: Mapping[int, int], leaning: Mapping[Start, Fraction], there: Fraction
) -> Cover | None:
    """A smallest part of a plan that leans on more than there is, with every start that leans as much as one of it."""
    part = sorted((leaning[start], start) for start in starts.items() if leaning.get(start, NONE) > 0)
    total = sum((weight for weight, _ in part), NONE)
    if total <= there:
        return None
    kept: list[tuple[Fraction, Start]] = []
    for weight, start in part:
        if total - weight > there:
            total -= weight
        else:
            kept.append((weight, start))
    least, most = {start[0]: weight for weight, start in kept}, max(weight for weight, _ in kept)
    alike = (start for start in options.starts if leaning.get(start, NONE) >= least.get(start[0], most))
    return Cover(frozenset(alike), len(kept) - 1)
