"""From members to units and back: agencies kept whole, one number of lots after another, and which of them to take.

What one failure would hit, the `exposure` of a division, is the largest share of the whole expected value that one of its
lots holds: so much would be without a provider if nobody bid on that lot, or if the one who won it failed. More lots
lower it; but a bidder can count on less in each (`smallest_usd_month`), and more neighbors are bid apart
(`neighbors_apart_share`), which is what keeps a bidder from covering a fixed cost.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from infraplan import solve
from infraplan.errors import NoAnswer
from infraplan.procurement.lots import start
from infraplan.procurement.lots.answer import Found, Search
from infraplan.procurement.lots.inputs import Inputs, Member
from infraplan.procurement.lots.problem import Floats, Limit, Problem, pieces
from infraplan.solve import Limits

SPARE: Final = 1e-9
MOST_NAMED: Final = 5
SMALL: Final = 200
"""Units up to which a number of lots without a quick division is searched to the end of its time."""


@dataclass(frozen=True)
class Units:
    """Members by unit: a unit is a member, or an agency kept whole. `middle` is the member whose place stands for it."""

    members: tuple[tuple[int, ...], ...]
    middle: tuple[int, ...]
    near: tuple[tuple[int, ...], ...]
    torn: tuple[str, ...]

    @classmethod
    def of(cls, inputs: Inputs) -> "Units":
        """Group members as the policy says; `torn` names agencies whose members do not border one another."""
        keep = inputs.policy.agencies == "keep"
        groups: dict[str, list[int]] = {}
        for at, member in enumerate(inputs.members):
            name = f"agency {member.agency}" if keep and member.agency else f"member {member.lea_id}"
            groups.setdefault(name, []).append(at)
        names = sorted(groups, key=lambda name: groups[name][0])
        members = tuple(tuple(groups[name]) for name in names)
        unit_of = {member: at for at, some in enumerate(members) for member in some}
        near = tuple(
            tuple(sorted({unit_of[other] for member in some for other in inputs.borders.near[member]} - {at}))
            for at, some in enumerate(members)
        )
        miles = inputs.borders.miles
        middle = tuple(some[int(np.argmin(miles[np.ix_(some, some)].sum(axis=0)))] for some in members)
        torn = tuple(
            name for name, some in zip(names, members, strict=True) if len(pieces(inputs.borders.near, some)) > 1
        )
        return cls(members, middle, near, torn)


def problem(inputs: Inputs, units: Units, lots: int) -> Problem:
    """The division to find, in numbers."""
    miles = np.array([inputs.borders.miles[np.ix_(some, units.middle)].sum(axis=0) for some in units.members])
    providers = sorted({name for member in inputs.members for name in member.providers})
    serves = np.array(
        [[any(name in inputs.members[one].providers for one in some) for some in units.members] for name in providers],
        dtype=bool,
    ).reshape(len(providers), len(units.members))
    fewest = inputs.policy.min_bidders if providers else 0
    return Problem(miles, units.near, lots, tuple(_limits(inputs, units, lots)), serves, fewest)


def _summed(units: Units, amounts: Sequence[float]) -> Floats:
    return np.array([sum(amounts[member] for member in some) for some in units.members], dtype=float)


def measures(inputs: Inputs) -> dict[str, list[float]]:
    """Students, demand and value of every member, those that nobody has left out."""
    told: dict[str, list[float]] = {
        "students": [float(member.students or 0) for member in inputs.members],
        "demand": [float(member.demand or 0) for member in inputs.members],
        "value": [float(member.value or 0) for member in inputs.members],
    }
    return {name: amounts for name, amounts in told.items() if sum(amounts) > 0}


def _limits(inputs: Inputs, units: Units, lots: int) -> Iterator[Limit]:
    policy, most = inputs.policy, np.inf
    for name, amounts in measures(inputs).items():
        within = getattr(policy, f"{name}_within")
        if within is not None:
            mean = sum(amounts) / lots
            words = f"{name} of each lot within {100 * within:g} percent of the mean ({name}_within)"
            yield Limit(name, words, _summed(units, amounts), mean * max(0, 1 - within), mean * (1 + within))
    if policy.min_members > 1:
        words = f"at least {policy.min_members} members in each lot (min_members)"
        yield Limit("members", words, _summed(units, [1.0] * len(inputs.members)), policy.min_members - SPARE, most)
    if policy.most_hard_share is not None and any(member.hard for member in inputs.members):
        share = policy.most_hard_share
        words = f"at most {100 * share:g} percent of a lot's members hard (most_hard_share)"
        yield Limit("hard", words, _summed(units, [bool(m.hard) - share for m in inputs.members]), -most, 0.0)


@dataclass(frozen=True)
class Try:
    """One number of lots: the division found, or why there is none."""

    inputs: Inputs
    units: Units
    lots: int
    found: Found
    why: str = ""

    @property
    def answered(self) -> bool:
        """Whether there is a division."""
        return self.found.result.status.answered

    @cached_property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Members of each lot, the lots ordered from north to south by their hubs."""
        lots = [sorted(one for unit in some for one in self.units.members[unit]) for some in self.found.lots]
        hubs = [self.units.middle[unit] for unit in self.found.hubs]
        order = sorted(range(len(lots)), key=lambda at: (-self.inputs.lat[hubs[at]], hubs[at]))
        return tuple(tuple(lots[at]) for at in order)

    @cached_property
    def hubs(self) -> tuple[int, ...]:
        """The member that the others of each lot have the fewest miles to."""
        hub_of = {unit: self.units.middle[hub] for some, hub in zip(self.found.lots, self.found.hubs, strict=True)
                  for unit in some}  # fmt: skip
        unit_of = {member: at for at, some in enumerate(self.units.members) for member in some}
        return tuple(hub_of[unit_of[some[0]]] for some in self.members)

    def sums(self, amounts: Sequence[float]) -> list[float]:
        """An amount per lot."""
        return [sum(amounts[one] for one in some) for some in self.members]

    def weights(self) -> list[float]:
        """What the exposure counts in: value, else demand, else students, else members."""
        told = measures(self.inputs)
        for name in ("value", "demand", "students"):
            if name in told:
                return told[name]
        return [1.0] * len(self.inputs.members)

    @property
    def exposure(self) -> float:
        """The largest share of the whole that one lot holds."""
        sums = self.sums(self.weights())
        return max(sums) / sum(sums)

    @property
    def neighbors_apart(self) -> float:
        """The share of pairs of neighbors that are in different lots."""
        lot_of = {member: at for at, some in enumerate(self.members) for member in some}
        pairs = [(a, b) for a, some in enumerate(self.inputs.borders.near) for b in some if a < b]
        return sum(lot_of[a] != lot_of[b] for a, b in pairs) / max(1, len(pairs))

    def bidders(self) -> list[tuple[str, ...]]:
        """Providers that already serve somebody in each lot."""
        told = self.inputs.members
        return [tuple(sorted({name for one in some for name in told[one].providers})) for some in self.members]


@dataclass(frozen=True)
class Plan:
    """The division taken, and every number of lots tried."""

    taken: Try
    tried: tuple[Try, ...]
    why: str

    @property
    def inputs(self) -> Inputs:
        """What was asked."""
        return self.taken.inputs


def find(inputs: Inputs, lots: range, limits: Limits, tell: Callable[[Try], object] = lambda _: None) -> Plan:
    """Try every number of lots, take one, and prove how good it is. Raises NoAnswer where none can be had.

    `tell` is called with every number of lots as it is tried.

    Of several numbers the fewest lots are taken with which no lot holds more than `most_at_risk` of the value; where no
    number keeps to that, the one whose largest lot is smallest. With a time limit, half of it goes to the trials.
    """
    began, units = time.perf_counter(), Units.of(inputs)
    trials = replace(limits, time_limit=limits.time_limit / (2 * len(lots)) if limits.time_limit else None)
    searches, tried = list[Search](), list[Try]()
    for count in lots:  # a search counts its time from here on
        searches.append(Search(problem(inputs, units, count), trials if len(lots) > 1 else limits))
        tried.append(_tried(inputs, units, count, searches[-1]))
        tell(tried[-1])
    able = [one for one in tried if one.answered]
    if not able:
        able = [_proved(tried[0], searches[0], limits.after(time.perf_counter() - began))]
        tried[0] = able[0]
        if not able[0].answered:
            raise NoAnswer(_none(tried))
    taken, why = _taken(able, inputs.policy.most_at_risk, single=len(lots) == 1)
    at = tried.index(taken)
    if not searches[at].proved():
        tried[at] = _proved(taken, searches[at], limits.after(time.perf_counter() - began))
    return Plan(tried[at], tuple(tried), why)


def _tried(inputs: Inputs, units: Units, count: int, search: Search) -> Try:
    why = _impossible(inputs, units, search.problem)
    if why:
        search.impossible = True
        return Try(inputs, units, count, search.found(), why)
    found = search.quick()
    if not found.result.status.answered and search.problem.size <= SMALL:
        found = search.prove()
    return Try(
        inputs,
        units,
        count,
        found,
        "" if found.result.status.answered else _closest(found, inputs, units, search.limits.seed),
    )


def _proved(one: Try, search: Search, limits: Limits) -> Try:
    if search.impossible:
        return one
    search.go_on(limits)
    found = search.prove()
    return replace(
        one,
        found=found,
        why="" if found.result.status.answered else _closest(found, one.inputs, one.units, limits.seed),
    )


def _taken(able: Sequence[Try], most: float, *, single: bool) -> tuple[Try, str]:
    if single:
        return able[0], "the number of lots asked for"
    low = [one for one in able if one.exposure <= most + SPARE]
    if low:
        return low[0], f"the fewest lots with which no lot holds more than {100 * most:g} percent (most_at_risk)"
    best = min(able, key=lambda one: (one.exposure, one.lots))
    return best, (
        f"no number tried keeps every lot to {100 * most:g} percent (most_at_risk); with this one the largest lot is smallest"
    )


def _impossible(inputs: Inputs, units: Units, told: Problem) -> str:
    """What plainly cannot be, in words, before any search; blank if nothing is plain."""
    if told.lots > told.size:
        return f"{told.lots:,} lots cannot be made of {told.size:,} members or agencies"
    for limit in told.limits:
        at = int(np.argmax(limit.amounts))
        if limit.low > 0 and limit.amounts[at] > limit.high * (1 + SPARE):
            some = units.members[at]
            who = inputs.members[some[0]]
            name = who.name if len(some) == 1 else f"agency {who.agency}"
            part = limit.amounts[at] / limit.amounts.sum()
            return (
                f"{name} alone has {100 * part:.1f} percent of all {limit.name}, more than one of {told.lots:,} lots may "
                f"hold: {limit.words}"
            )
        if limit.name == "hard" and limit.amounts.sum() > SPARE:
            return _too_many_hard(inputs, limit)
    if told.min_bidders > len(told.serves):
        return f"only {len(told.serves):,} providers are known, fewer than min_bidders asks in each lot"
    if told.size and len(pieces(told.near, range(told.size))) > 1:
        return "the members do not hang together"
    return ""


def _reason_without_figures(why: str) -> str:
    kinds = (
        ("serves it", "few providers serve it"),
        ("pays", "it pays dearly"),
        ("nearest", "it is far from the others"),
    )
    return next((words for part, words in kinds if part in why), why)


def _too_many_hard(inputs: Inputs, limit: Limit) -> str:
    some = [member for member in inputs.members if member.hard]
    reasons = Counter(_reason_without_figures(why) for one in some for why in one.hard)
    told = "; ".join(f"{count:,}: {why}" for why, count in reasons.most_common())
    names = ", ".join(member.name for member in some[:MOST_NAMED])
    more = f" and {len(some) - MOST_NAMED:,} more" if len(some) > MOST_NAMED else ""
    return (
        f"{len(some):,} of {len(inputs.members):,} members are hard ({told}), more than every lot together may hold: "
        f"{limit.words}. They are {names}{more}. What makes a member hard is set by few_providers, dear_times and remote_miles"
    )


def _released(problem: Problem, seed: int) -> list[str]:
    """Limits without which a division is found at once, the others kept."""
    told = []
    for limit in problem.limits:
        rest = tuple(other for other in problem.limits if other is not limit)
        if start.divide(replace(problem, limits=rest), seed)[1]:
            told.append(limit.words)
    if problem.min_bidders and start.divide(replace(problem, min_bidders=0), seed)[1]:
        told.append("the fewest providers in each lot (min_bidders)")
    return told


def _reason(found: Found, inputs: Inputs, units: Units, seed: int) -> str:
    return "" if found.result.status.answered else _closest(found, inputs, units, seed)


def _closest(found: Found, inputs: Inputs, units: Units, seed: int) -> str:
    """Which limits the closest division breaks, where and by how much, and which of them to release."""
    words = {limit.name: limit.words for limit in found.problem.limits}
    words["bidders"] = (
        f"at least {found.problem.min_bidders} providers that already serve somebody in each lot (min_bidders)"
    )
    kind = "no division keeps" if found.result.status == solve.Status.infeasible else "none was found that keeps"
    if not found.breaks:
        return f"{kind} every limit"
    parts = "; ".join(
        f"{words[name]}, missed by {100 * short:.1f} percent" for name, short in sorted(found.breaks.items())
    )
    worst = max(found.lots, key=lambda lot: sum(found.problem.broken(lot).values()))
    hub = inputs.members[units.middle[found.problem.hub(worst)]].name
    released = _released(found.problem, seed)
    mend = (
        f"; without this alone there is one: {', or '.join(released)}"
        if released
        else ("; no single limit is to blame, two or more of them must be widened")
    )
    return f"{kind} every limit; the closest one breaks: {parts} (worst in the lot around {hub}){mend}"


def _none(tried: Sequence[Try]) -> str:
    lines = [f"  {one.lots} lots: {one.why}" for one in tried]
    return "\n".join([
        "No answer: the members cannot be divided as asked.", *lines,
        "  mend:  widen the limit named (a policy file), ask for fewer lots, let agencies be split (agencies), "
        "or leave a very large member out of the file to bid alone",
    ])  # fmt: skip


def money(amounts: Mapping[int, Decimal | None], members: Sequence[int]) -> Decimal | None:
    """The sum of amounts over members, None where none is known."""
    known = [amount for one in members if (amount := amounts[one]) is not None]
    return sum(known, Decimal(0)) if known else None


def hard(members: Sequence[Member]) -> int:
    """How many are hard."""
    return sum(bool(member.hard) for member in members)
