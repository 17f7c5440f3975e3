"""Who pays what of each funded project, to the cent.

The model decides which projects start when and knows money only by group of projects. Here the same starts are paid in
whole cents: first so that a match draws the most federal money, then so that the least state money is spent; the other
way round, or weighed, where the policy asks for that.
"""

from collections import defaultdict, deque
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulp

from infraplan.procurement.funding.model import CENTS, Key, Options
from infraplan.procurement.funding.policy import Policy
from infraplan.solve import Limits, solve

SECOND: Final = 1e-3
"""How much the second of two aims counts beside the first; small, so that the first is reached first."""
SLIP: Final = 1e-5


@dataclass(frozen=True)
class Payment:
    """What one project is paid with in one year, in cents: `match` of E-Rate beside its rate, and funds by number."""

    project: int
    year: int
    match: int
    funds: Mapping[int, int]


@dataclass(frozen=True)
class _Bill:
    """What a group owes in a year, in cents: by project its share, and the most a match can add."""

    key: Key
    shares: tuple[tuple[int, int, int], ...]

    @property
    def share(self) -> int:
        return sum(share for _, share, _ in self.shares)

    @property
    def most(self) -> int:
        return sum(most for _, _, most in self.shares)


def pay(options: Options, starts: Mapping[int, int], state_cents: int | None = None) -> tuple[Payment, ...] | None:
    """Pay for projects that start in given years (by number); None if the funds do not reach to the last cent."""
    bills = _bills(options, starts)
    planned = _planned(options, bills, state_cents)
    if planned is None:
        return None
    match, spent = planned
    paid: list[Payment] = []
    funds = options.inputs.funds
    asked = sum(cents for (_, fund), cents in spent.items() if funds[fund].state)
    room = _Room(None if state_cents is None else max(0, state_cents - asked))
    for year in options.inputs.years:
        mine = [bill for bill in bills if bill.key[0] == year]
        exact = _in_cents(options, mine, match, spent, room)
        if exact is None:
            return None
        for bill in mine:
            paid += _among_projects(bill, match[bill.key], exact[bill.key])
    return tuple(sorted(paid, key=lambda told: (told.project, told.year)))


def _bills(options: Options, starts: Mapping[int, int]) -> list[_Bill]:
    owed: dict[Key, list[tuple[int, int, int]]] = defaultdict(list)
    for index, first in sorted(starts.items()):
        project = options.inputs.projects[index]
        for year in options.payments(index, first):
            key = options.groups[index, year]
            owed[key].append((index, project.share, project.most_match if key[2] else 0))
    return [_Bill(key, tuple(told)) for key, told in sorted(owed.items())]


def _planned(
    options: Options, bills: Sequence[_Bill], state_cents: int | None
) -> tuple[dict[Key, int], dict[tuple[Key, int], int]] | None:
    """Whole cents, rounded down, of matches and payments by group, from a small linear model; None if it has no answer."""
    problem, funds = pulp.LpProblem("pay", pulp.LpMinimize), options.inputs.funds
    spent, match = {}, {}
    for number, bill in enumerate(bills):
        _, may, matching = bill.key
        for fund in may:
            spent[bill.key, fund] = problem.add_variable(f"pay_{number}_{fund}", 0)
        match[bill.key] = problem.add_variable(f"match_{number}", 0, bill.most / CENTS)
        problem += pulp.lpSum([spent[bill.key, fund] for fund in may]) + match[bill.key] >= bill.share / CENTS
        problem += match[bill.key] <= pulp.lpSum([spent[bill.key, fund] for fund in matching])
    for number, told in enumerate(funds):
        used = [variable for (_, other), variable in spent.items() if other == number]
        if used:
            problem += pulp.lpSum(used) <= told.cents / CENTS
    if state_cents is not None:
        state = [variable for (_, fund), variable in spent.items() if funds[fund].state]
        problem += pulp.lpSum(state) <= state_cents / CENTS
    every, state_more = _dear(options.inputs.policy)
    problem.setObjective(
        pulp.LpAffineExpression(
            [(variable, every + state_more * funds[fund].state) for (_, fund), variable in spent.items()]
        )
    )
    result = solve(problem, Limits(gap=0))
    if not result.status.answered:
        return None
    whole = {bill.key: min(bill.most, _floor(match[bill.key])) for bill in bills}
    return whole, {key: _floor(variable) for key, variable in spent.items()}


def _dear(policy: Policy) -> tuple[float, float]:
    """What a dollar beside E-Rate counts (each spared is one more of a match drawn), and how much more a state dollar.

    The larger counts 1 whatever the policy's weights: a weight of a millionth is below what a solver tells from nothing.

    >>> _dear(Policy()), _dear(Policy(order=("benefit", "state_usd_unspent")))
    ((1.0, 0.001), (0.001, 1.0))
    """
    federal, state = (float(policy.weights.get(name, 0)) for name in ("federal_usd", "state_usd_unspent"))
    if federal or state:
        most = max(federal, state)
        return max(federal / most, SECOND), max(state / most, SECOND)
    first = next((name for name in policy.order if name in ("federal_usd", "state_usd_unspent")), "federal_usd")
    return (1.0, SECOND) if first == "federal_usd" else (SECOND, 1.0)


def _floor(variable: pulp.LpVariable) -> int:
    return max(0, int((variable.varValue or 0.0) * CENTS + SLIP * CENTS))


@dataclass
class _Room:
    """Cents of state money that may still be taken beside what was planned; None: as much as the funds hold."""

    cents: int | None

    def of(self, left: int, *, state: bool) -> int:
        """What a fund with so many cents left may give."""
        return left if self.cents is None or not state else min(left, self.cents)

    def take(self, cents: int, *, state: bool) -> None:
        """Note what was given."""
        if self.cents is not None and state:
            self.cents -= cents


def _in_cents(
    options: Options,
    bills: Sequence[_Bill],
    match: Mapping[Key, int],
    spent: Mapping[tuple[Key, int], int],
    room: _Room,
) -> dict[Key, dict[bool, dict[int, int]]] | None:
    """Payments of one year in whole cents: by group, for the matched part (True) and the rest, cents by fund.

    Starts from the plan rounded down and finds the missing cents along chains of exchanges (augmenting paths). None if
    the funds do not reach.
    """
    funds = options.inputs.funds
    left = {fund: funds[fund].cents for bill in bills for fund in bill.key[1]}
    flow: dict[tuple[Key, bool], dict[int, int]] = {}
    need: dict[tuple[Key, bool], int] = {}
    allowed: dict[tuple[Key, bool], tuple[int, ...]] = {}
    for bill in bills:
        key = bill.key
        for matched, owed, may in ((True, match[key], key[2]), (False, bill.share - 2 * match[key], key[1])):
            need[key, matched], allowed[key, matched], flow[key, matched] = owed, may, {}
        pool = {fund: spent.get((key, fund), 0) for fund in key[1]}
        for part in ((key, True), (key, False)):
            for fund in allowed[part]:
                cents = min(pool[fund], need[part], left[fund])
                flow[part][fund] = cents
                pool[fund] -= cents
                left[fund] -= cents
                need[part] -= cents
    state = {fund for fund in left if funds[fund].state}
    for part in flow:
        while need[part] > 0:
            if not _find_cents(part, need, allowed, flow, left, state, room):
                return None
    return {bill.key: {matched: flow[bill.key, matched] for matched in (True, False)} for bill in bills}


def _find_cents(
    part: tuple[Key, bool],
    need: dict[tuple[Key, bool], int],
    allowed: Mapping[tuple[Key, bool], Sequence[int]],
    flow: dict[tuple[Key, bool], dict[int, int]],
    left: dict[int, int],
    state: Container[int],
    room: _Room,
) -> bool:
    """Bring some missing cents to one part along the shortest chain of exchanges; False if there is none."""
    before: dict[int, tuple[tuple[Key, bool], int | None]] = {}
    queue: deque[tuple[tuple[Key, bool], int | None]] = deque([(part, None)])
    seen = {part}
    while queue:
        here, through = queue.popleft()
        for fund in allowed[here]:
            if fund in before:
                continue
            before[fund] = (here, through)
            here_left = room.of(left[fund], state=fund in state)
            if here_left:
                cents = _exchange(fund, here_left, need, before, flow)
                left[fund] -= cents
                room.take(cents, state=fund in state)
                return True
            for other, told in flow.items():
                if other not in seen and told.get(fund):
                    seen.add(other)
                    queue.append((other, fund))
    return False


def _exchange(
    fund: int,
    most: int,
    need: dict[tuple[Key, bool], int],
    before: Mapping[int, tuple[tuple[Key, bool], int | None]],
    flow: dict[tuple[Key, bool], dict[int, int]],
) -> int:
    """Pass cents of a fund, at most `most`, along the chain to the part that lacks them; returns how many."""
    chain: list[tuple[tuple[Key, bool], int, int | None]] = []
    at: int | None = fund
    while at is not None:
        here, through = before[at]
        chain.append((here, at, through))
        at = through
    cents = min(most, need[chain[-1][0]], *(flow[here][through] for here, _, through in chain if through is not None))
    for here, gained, given_up in chain:
        flow[here][gained] = flow[here].get(gained, 0) + cents
        if given_up is not None:
            flow[here][given_up] -= cents
    need[chain[-1][0]] -= cents
    return cents


def _among_projects(bill: _Bill, match: int, flow: Mapping[bool, Mapping[int, int]]) -> list[Payment]:
    """Share a group's money among its projects: the match by the most each can have, the rest in order."""
    matched, rest = ([[fund, cents] for fund, cents in sorted(flow[kind].items())] for kind in (True, False))
    paid = []
    for (index, share, _), part in zip(bill.shares, _parts(match, [most for _, _, most in bill.shares]), strict=True):
        funds: dict[int, int] = {}
        for pool, owed in ((matched, part), (rest, share - 2 * part)):
            _take(pool, owed, funds)
        paid.append(Payment(index, bill.key[0], part, funds))
    return paid


def _take(pool: list[list[int]], owed: int, funds: dict[int, int]) -> None:
    for told in pool:
        cents = min(owed, told[1])
        if cents:
            told[1] -= cents
            owed -= cents
            funds[told[0]] = funds.get(told[0], 0) + cents


def _parts(total: int, most: Sequence[int]) -> list[int]:
    """Split cents in proportion to what each may have at most; odd cents go to the first with room.

    >>> _parts(10, [10, 10, 1])
    [6, 4, 0]
    """
    whole = sum(most)
    parts = [total * one // whole if whole else 0 for one in most]
    odd = total - sum(parts)
    for place, one in enumerate(most):
        more = min(odd, one - parts[place])
        parts[place] += more
        odd -= more
    return parts
