"""Which projects, which year, whose money, as a mixed integer model: stated in PuLP, solved by `infraplan.solve`.

Sets
    p   projects; y years in which p may start; t years of the plan
    f   funds, each of one year
    k   groups of projects that the same funds may pay in a year t
    d   districts; c their Category Two cycles
Given
    worth[p]    benefit x (1 + need weight), students
    share[p]    USD a year that E-Rate leaves to pay (recurring: every year from its start)
    most[p]     USD that E-Rate adds for a match at most: the rule's points of the cost, and half of share[p], since
                each of its dollars needs another
    usd[f]      USD of a fund; left[d,c] USD of Category Two budget, before discount
Decisions
    start[p,y]  p starts in y                                                 (0 or 1)
    pay[k,f]    USD of fund f to group k
    match[k]    USD that E-Rate adds to group k for a match
Objective
    most   sum worth[p] start[p,y], or another goal, or a weighted sum of goals                       (by policy)
Constraints
    once            sum_y start[p,y] = funded[p], 0 or 1 (<= 1 where projects are many)
    paid            sum share[p] start[p,y] over what runs in t <= sum_f pay[k,f] + match[k]
    not overpaid    the other way round, where E-Rate money is a goal: a match cannot grow by paying more than is owed
    match by match  match[k] <= sum of pay[k,f] over funds that match
    match at most   match[k] <= sum most[p] start[p,y]
    fund            sum_k pay[k,f] <= usd[f]
    state money     sum of pay over state funds <= the amount asked about
    budget          sum of cost[p] start[p,y] over d's Category Two projects and the years of c that each is paid in
                    <= left[d,c]
    covers          of projects that together exceed a budget not all start; nor of starts that lack a cent (`covers`)
    requires        start[p,<=t] <= start[required,<=t]
    excludes        start[p,.] + start[q,.] <= 1
    floor           a region's benefit >= floor_share x its share of all need x the benefit of all   (by policy)
    least           a region's benefit >= least x its need                                           (by policy)
    kept            an earlier goal of the order >= what it reached                                   (by policy)

Within a group any split between projects works, so groups keep the model small: with statewide funds there are two or
three a year. A start that no funds of its years could pay, or that exceeds its budget, is left out beforehand; without
that the linear bound pays for fractions of projects that can never be had. A fund, a budget or a limit of state money
that few projects share has a hair more than it has (`EASED`), because a solver cannot tell a cent of a hundred thousand
dollars from nothing and goes astray; what that lets through is barred exactly, see `covers`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

import pulp

from infraplan.procurement.funding import goals
from infraplan.procurement.funding.inputs import RECURRING, Inputs, Project

LE = pulp.LpConstraintLE
CENTS: Final = 100
MOST_IN_COVER: Final = 4
"""Projects of one budget that are tried together for a cover."""
MOST_COVERED: Final = 12
"""Projects above which a district's covers are left to the solver."""

MOST_DECIDED: Final = 1_000
"""Projects above which starts alone are decided."""
MOST_EASED: Final = 100
"""Projects that share money above which it is taken to the cent, as what is barred would be too much; unless it nearly
reaches for all of them, and only what all lack together has to be barred."""
EASED: Final = 1e-5
"""The hair, as a part of the money; beside it half a cent, so that it never ends where a sum of cents does."""
MOST_DIGITS: Final = 6
"""Digits of the largest amount of money in a model."""
DEAR: Final = 10.0
"""What a dollar of the hair costs in an aim that counts money, so that it is taken for a project alone."""
KEPT_WITHIN: Final = 1e-3
"""How far (a thousandth of a student or dollar) an earlier goal may fall short of what it reached: rounding, no more."""

SHORT: Final = "its share is more than all funds of {} together that may pay for it"
WITHOUT: Final = "no fund of {} has money that may pay for it"
OVER: Final = "its cost exceeds the district's Category Two budget"

Term = tuple[pulp.LpVariable, float]
Key = tuple[int, tuple[int, ...], tuple[int, ...]]
"""A group: year, funds that may pay (by number), those of them that match."""


@dataclass(frozen=True)
class Cover:
    """Of these starts (project, year) at most so many may be."""

    starts: frozenset[tuple[int, int]]
    most: int


@dataclass(frozen=True)
class Money:
    """How a model counts money: `state_cents` limits state money over all years.

    `eased`: funds and budgets that few share have a hair more than they have; `spare`: all are this much smaller, as a
    part of them and in cents at least; `covers` are known to be lacking money.
    """

    state_cents: int | None = None
    eased: bool = False
    spare: tuple[float, int] | None = None
    covers: tuple[Cover, ...] = ()

    def counted(self, cents: int, asked: Collection[int]) -> float:
        """Return an amount in cents as a model has it, of which projects may ask so much."""
        if self.spare is not None:
            return max(0.0, cents - max(cents * self.spare[0], self.spare[1]))
        return cents + self.hair(cents, asked)

    def hair(self, cents: int, asked: Collection[int]) -> float:
        """Return by how much an amount is eased, in cents; nothing where there is none."""
        few = len(asked) <= MOST_EASED or sum(asked) <= cents * (1 + 2 * EASED)
        return cents * EASED + 0.5 if self.eased and cents and few else 0.0


@dataclass(frozen=True)
class Options:
    """What can be started when, and who could pay it: worked out once per plan.

    `starts` are (project, year); `groups` are keys by project and year of payment.
    """

    inputs: Inputs
    starts: tuple[tuple[int, int], ...]
    groups: Mapping[tuple[int, int], Key]
    never: Mapping[int, str]

    def payments(self, project: int, start: int) -> Iterable[int]:
        """Years in which a project that starts in `start` has to be paid."""
        return paid_years(self.inputs, self.inputs.projects[project], start)


def paid_years(inputs: Inputs, project: Project, start: int) -> Iterable[int]:
    """Years in which a project is paid: the first alone, or every one to the end of the plan."""
    return range(start, inputs.years[-1] + 1) if project.kind == RECURRING else (start,)


def options(inputs: Inputs) -> Options:
    """Work out which starts are possible at all; `never` says in words why a project has none."""
    starts: list[tuple[int, int]] = []
    groups: dict[tuple[int, int], Key] = {}
    never: dict[int, str] = {}
    by_year: dict[int, list[int]] = defaultdict(list)
    for number, fund in enumerate(inputs.funds):
        by_year[fund.year].append(number)
    for index, project in enumerate(inputs.projects):
        why = []
        for year in project.years:
            told = _payable(inputs, by_year, index, year, groups) or _within_budget(inputs, project, year)
            if told is None:
                starts.append((index, year))
            else:
                why.append(told)
        if not starts or starts[-1][0] != index:
            never[index] = _in_words(why, recurring=project.kind == RECURRING)
    return Options(inputs, tuple(starts), groups, never)


def _in_words(why: Sequence[tuple[str, int | None]], *, recurring: bool) -> str:
    """Why a project can start in no year: the last reason; its year where it stands for all starts, else any.

    The last year does for a recurring project: whenever it starts, it has to be paid then, too.
    """
    if not why:
        return "no year of the plan in which it may start"
    reason, year = why[-1]
    same = recurring or {other for told, other in why if told == reason} == {year}
    return reason.format(year if same else "any year")


def _payable(
    inputs: Inputs, by_year: Mapping[int, Sequence[int]], index: int, start: int, groups: dict[tuple[int, int], Key]
) -> tuple[str, int] | None:
    """Why no funds could pay the project from `start` on, in words, and in which year; notes its groups."""
    project = inputs.projects[index]
    for year in paid_years(inputs, project, start):
        if (index, year) not in groups:
            may = tuple(f for f in by_year[year] if inputs.funds[f].cents and inputs.funds[f].may_pay(project))
            matching = tuple(f for f in may if inputs.funds[f].matches(project))
            groups[index, year] = (year, may, matching)
        _, may, matching = groups[index, year]
        match = min(project.most_match, sum(inputs.funds[f].cents for f in matching))
        if project.share > match + sum(inputs.funds[f].cents for f in may):
            return (SHORT if may else WITHOUT), year
    return None


def _within_budget(inputs: Inputs, project: Project, year: int) -> tuple[str, None] | None:
    if project.category != "C2" or inputs.c2 is None:
        return None
    fits = all(cost <= inputs.c2.get((project.lea_id, cycle), 0)
               for cycle, cost in _by_cycle(inputs, project, year).items())  # fmt: skip
    return None if fits else (OVER, None)


def by_cycle(inputs: Inputs, index: int, start: int) -> dict[int, int]:
    """Cents of each Category Two cycle that a project takes; none of another category."""
    project = inputs.projects[index]
    return _by_cycle(inputs, project, start) if project.category == "C2" else {}


def _by_cycle(inputs: Inputs, project: Project, start: int) -> dict[int, int]:
    """Cents of each Category Two cycle, by its first year, that a project takes: a recurring one may outlast a cycle."""
    found: dict[int, int] = {}
    for year in paid_years(inputs, project, start):
        found[inputs.cycle_of[year]] = found.get(inputs.cycle_of[year], 0) + project.cost
    return found


def within_budgets(inputs: Inputs, starts: Mapping[int, int]) -> bool:
    """Whether projects that start in given years (by number) keep every Category Two budget together."""
    if inputs.c2 is None:
        return True
    spent: dict[tuple[str, int], int] = defaultdict(int)
    for index, start in starts.items():
        project = inputs.projects[index]
        if project.category == "C2":
            for cycle, cost in _by_cycle(inputs, project, start).items():
                spent[project.lea_id, cycle] += cost
    return all(cents <= inputs.c2.get(place, 0) for place, cents in spent.items())


@dataclass
class Model:
    """The PuLP problem and its variables, money in `unit` USD; its objective is the goal times `scale`.

    `dear` is what a dollar of a hair costs in the objective, `hairs` are those that cost something.
    """

    problem: pulp.LpProblem
    options: Options
    start: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    pay: dict[tuple[Key, int], pulp.LpVariable] = field(default_factory=dict)
    match: dict[Key, pulp.LpVariable] = field(default_factory=dict)
    least: pulp.LpVariable | None = None
    scale: float = 1.0
    unit: int = 1
    dear: float = 0.0
    hairs: list[pulp.LpVariable] = field(default_factory=list)

    @property
    def cents(self) -> int:
        """Cents of the unit that money is counted in."""
        return self.unit * CENTS

    def add(self, terms: Iterable[Term], rhs: float, name: str) -> None:
        """Add one named constraint: the sum of the terms is at most `rhs`."""
        self.problem += pulp.LpConstraint(pulp.LpAffineExpression(list(terms)), LE, name, rhs)


def build(told: Options, money: Money | None = None, *, goal: str = "benefit") -> Model:
    """State the model."""
    money = money or Money()
    model = Model(pulp.LpProblem("fund", pulp.LpMaximize), told)
    model.unit = _unit(told.inputs, money)
    model.scale, worths = goals.scale(told.inputs, goal), goals.worths(told.inputs.policy, goal)
    model.dear = DEAR * model.scale * float(max(worths.get("federal_usd", 0), worths.get("state_usd_unspent", 0)))
    _decisions(model)
    _once(model)
    _paid(model)
    _funds_last(model, money)
    _state_money(model, money)
    _budgets(model, money)
    _lacking(model, money.covers)
    _most_of(model, goal)
    _requires(model)
    _excludes(model)
    if told.inputs.policy.fair_share == "floor":
        _region_floors(model, told.inputs.policy.floor_share)
    return model


def _unit(inputs: Inputs, money: Money) -> int:
    """The power of ten of USD that money is counted in: a solver goes astray where figures exceed a hundred million."""
    most = max((money.state_cents or 0, *(fund.cents for fund in inputs.funds), *(inputs.c2 or {}).values()), default=0)
    return int(10 ** max(0, len(str(most // CENTS)) - MOST_DIGITS))


def _decisions(model: Model) -> None:
    add, told = model.problem.add_variable, model.options
    for index, year in told.starts:
        model.start[index, year] = add(f"start_{index}_{year}", 0, 1, cat="Integer")
    used = {told.groups[index, year] for index, first in told.starts for year in told.payments(index, first)}
    for number, key in enumerate(sorted(used)):
        for fund in key[1]:
            model.pay[key, fund] = add(f"pay_{number}_{fund}", 0)
        if key[2]:
            model.match[key] = add(f"match_{number}", 0)


def _most_of(model: Model, goal: str) -> None:
    # state money left is stated as money spent, without the constant: a share of a small rest would prove nothing
    constant = 0.0 if goal == "state_usd_unspent" else constant_of(model.options.inputs, goal)
    terms = [(variable, each * model.scale) for variable, each in _terms(model, goal)]
    terms += [(variable, -model.dear * model.unit) for variable in model.hairs]
    model.problem.setObjective(pulp.LpAffineExpression(terms, constant * model.scale))


def keep(model: Model, goal: str, reached: float) -> None:
    """Hold on to what an earlier goal reached."""
    most = constant_of(model.options.inputs, goal) - reached + KEPT_WITHIN
    model.add([(variable, -each) for variable, each in _terms(model, goal)], most, f"kept_{goal}")


def constant_of(inputs: Inputs, goal: str) -> float:
    """The part of a goal that no decision changes: all state money, of what is left of it."""
    return float(goals.worths(inputs.policy, goal).get("state_usd_unspent", 0)) * inputs.state_cents / CENTS


def _terms(model: Model, goal: str) -> list[Term]:
    """A goal, or the weighted sum of goals, without its constant part."""
    found: dict[str, tuple[pulp.LpVariable, float]] = {}
    for name, each in goals.worths(model.options.inputs.policy, goal).items():
        for variable, counts in _of_goal(model, name) if each else ():
            before = found.get(variable.name, (variable, 0.0))[1]
            found[variable.name] = (variable, before + float(each) * counts)
    return list(found.values())


def _of_goal(model: Model, goal: str) -> Iterable[Term]:
    told, projects = model.options, model.options.inputs.projects
    if goal == "state_usd_unspent":
        funds = told.inputs.funds
        return [(variable, -float(model.unit)) for (_, fund), variable in model.pay.items() if funds[fund].state]
    if goal == "federal_usd":
        drawn = [
            (variable, projects[index].erate * len(list(told.payments(index, first))) / CENTS)
            for (index, first), variable in model.start.items()
        ]
        return [*drawn, *((variable, float(model.unit)) for variable in model.match.values())]
    last = told.inputs.years[-1]
    found = []
    for (index, first), variable in model.start.items():
        project = projects[index]
        years = last - first + 1 if goal == "student_years" else 1
        found.append((variable, float((project.worth if goal == "benefit" else project.benefit) * years)))
    return found


def _once(model: Model) -> None:
    """One start at most; in plans of some hundred projects that a project is funded at all is a decision of its own.

    Years of a plan are much alike: to branch on one start moves a project to another year and proves nothing. Where
    projects are many, the bound is close without it, and the model smaller.
    """
    by_project = _by_project(model)
    for index, terms in by_project.items():
        if len(terms) > 1:
            sums: list[Term] = [(variable, 1.0) for _, variable in terms]
            if len(by_project) <= MOST_DECIDED:
                sums.append((model.problem.add_variable(f"funded_{index}", 0, 1, cat="Integer"), -1.0))
                row = pulp.LpConstraint(pulp.LpAffineExpression(sums), pulp.LpConstraintEQ, f"once_{index}", 0)
                model.problem += row
            else:
                model.add(sums, 1.0, f"once_{index}")


def _by_project(model: Model) -> dict[int, list[tuple[int, pulp.LpVariable]]]:
    found: dict[int, list[tuple[int, pulp.LpVariable]]] = {}
    for (index, year), variable in model.start.items():
        found.setdefault(index, []).append((year, variable))
    return found


def _paid(model: Model) -> None:
    told, projects = model.options, model.options.inputs.projects
    policy = told.inputs.policy
    exactly = "federal_usd" in (*policy.order, *policy.weights)  # else nothing is gained by paying more than is owed
    owed: dict[Key, list[Term]] = defaultdict(list)
    most: dict[Key, list[Term]] = defaultdict(list)
    for (index, first), variable in model.start.items():
        for year in told.payments(index, first):
            key = told.groups[index, year]
            owed[key].append((variable, projects[index].share / model.cents))
            if key in model.match and projects[index].most_match:
                most[key].append((variable, -projects[index].most_match / model.cents))
    for number, key in enumerate(sorted(owed)):
        pays = [(model.pay[key, fund], -1.0) for fund in key[1]]
        match = [(model.match[key], 1.0)] if key in model.match else []
        bill = [*owed[key], *pays, *((variable, -1.0) for variable, _ in match)]
        model.add(bill, 0.0, f"paid_{number}")
        if exactly:
            model.add([(variable, -each) for variable, each in bill], 0.0, f"not_overpaid_{number}")
        if match:
            model.add([*match, *((model.pay[key, fund], -1.0) for fund in key[2])], 0.0, f"matched_{number}")
            model.add([*match, *most[key]], 0.0, f"points_{number}")


def _funds_last(model: Model, money: Money) -> None:
    spent: dict[int, list[Term]] = defaultdict(list)
    for (_, fund), variable in model.pay.items():
        spent[fund].append((variable, 1.0))
    asked = _asked(model.options)
    for fund, terms in sorted(spent.items()):
        cents = model.options.inputs.funds[fund].cents
        _amount(model, terms, cents, money, asked[fund].values(), f"fund_{fund}")


def _asked(options: Options) -> Mapping[int, Mapping[int, int]]:
    """Cents that each project may ask of each fund in its year."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for index, first in options.starts:
        for year in options.payments(index, first):
            for fund in options.groups[index, year][1]:
                found[fund][index] = options.inputs.projects[index].share
    return found


def _amount(
    model: Model, terms: Sequence[Term], cents: int, money: Money, asked: Collection[int], name: str
) -> None:  # fmt: skip
    """No more than an amount of money, of which projects may ask so much, and the hair it may have."""
    hair = money.hair(cents, asked)
    if hair and model.dear:
        model.hairs.append(model.problem.add_variable(f"hair_{name}", 0, hair / model.cents))
        model.add([*terms, (model.hairs[-1], -1.0)], cents / model.cents, name)
    else:
        model.add(terms, money.counted(cents, asked) / model.cents, name)


def _state_money(model: Model, money: Money) -> None:
    if money.state_cents is None:
        return
    funds = model.options.inputs.funds
    terms = [(variable, 1.0) for (_, fund), variable in model.pay.items() if funds[fund].state]
    asked: dict[int, dict[int, int]] = defaultdict(dict)
    for fund, told in _asked(model.options).items():
        for index, share in told.items() if funds[fund].state else ():
            asked[index][funds[fund].year] = share
    _amount(
        model, terms, money.state_cents, money, [sum(by_year.values()) for by_year in asked.values()], "state_money"
    )


def _lacking(model: Model, covers: Iterable[Cover]) -> None:
    for number, cover in enumerate(covers):
        terms = [(variable, 1.0) for start, variable in model.start.items() if start in cover.starts]
        model.add(terms, float(cover.most), f"lacking_{number}")


def _budgets(model: Model, money: Money) -> None:
    inputs = model.options.inputs
    if inputs.c2 is None:
        return
    held: dict[tuple[str, int], dict[int, list[tuple[pulp.LpVariable, int]]]] = defaultdict(lambda: defaultdict(list))
    for (index, year), variable in model.start.items():
        project = inputs.projects[index]
        if project.category == "C2":
            for cycle, cost in _by_cycle(inputs, project, year).items():
                held[project.lea_id, cycle][index].append((variable, cost))
    for number, (place, starts) in enumerate(sorted(held.items())):
        left = inputs.c2[place]
        if sum(max(cost for _, cost in told) for told in starts.values()) <= left:
            continue
        terms = [(variable, cost / model.cents) for told in starts.values() for variable, cost in told]
        asked = [max(cost for _, cost in told) for told in starts.values()]
        model.add(terms, (left + money.hair(left, asked)) / model.cents, f"budget_{number}")
        if len(starts) <= MOST_COVERED:
            _covers(model, starts, left, number)


def _covers(model: Model, starts: Mapping[int, Sequence[tuple[pulp.LpVariable, int]]], left: int, number: int) -> None:
    """Smallest sets of projects that exceed a budget together: not all of them start in its cycle."""
    least = {index: min(cost for _, cost in told) for index, told in starts.items()}
    found: list[set[int]] = []
    for size in range(2, MOST_IN_COVER + 1):
        for some in combinations(sorted(least), size):
            if sum(least[index] for index in some) > left and not any(known <= set(some) for known in found):
                found.append(set(some))
                terms = [(variable, 1.0) for index in some for variable, _ in starts[index]]
                model.add(terms, size - 1.0, f"cover_{number}_{len(found)}")


def _requires(model: Model) -> None:
    projects = model.options.inputs.projects
    place = {project.project_id: index for index, project in enumerate(projects)}
    by_project = _by_project(model)
    for index, terms in by_project.items():
        for other in projects[index].requires:
            needed = by_project.get(place[other], [])
            for year in sorted({first for first, _ in terms}):
                now = [(variable, 1.0) for first, variable in terms if first <= year]
                there = [(variable, -1.0) for first, variable in needed if first <= year]
                model.add([*now, *there], 0.0, f"requires_{index}_{place[other]}_{year}")


def _excludes(model: Model) -> None:
    projects = model.options.inputs.projects
    place = {project.project_id: index for index, project in enumerate(projects)}
    by_project = _by_project(model)
    pairs = {tuple(sorted((index, place[other]))) for index in by_project for other in projects[index].excludes}
    for one, two in sorted(pairs):
        if two in by_project and one in by_project:
            terms = [(variable, 1.0) for index in (one, two) for _, variable in by_project[index]]
            model.add(terms, 1.0, f"excludes_{one}_{two}")


def _benefit_of_regions(model: Model) -> dict[str, list[Term]]:
    projects = model.options.inputs.projects
    found: dict[str, list[Term]] = {str(project.region): [] for project in projects}
    for (index, _), variable in model.start.items():
        found[str(projects[index].region)].append((variable, float(projects[index].worth)))
    return found


def needs(inputs: Inputs) -> dict[str, float]:
    """Return what all projects of each region together would bring, weighted."""
    found: dict[str, float] = {}
    for project in inputs.projects:
        found[str(project.region)] = found.get(str(project.region), 0.0) + float(project.worth)
    return dict(sorted(found.items()))


def _region_floors(model: Model, floor_share: float) -> None:
    need, projects = needs(model.options.inputs), model.options.inputs.projects
    whole = sum(need.values())
    for number, (region, asked) in enumerate(need.items()):
        terms = [
            (
                variable,
                float(projects[index].worth) * (floor_share * asked / whole - (projects[index].region == region)),
            )
            for (index, _), variable in model.start.items()
        ]
        if asked:
            model.add(terms, 0.0, f"floor_{number}")


def raise_the_least(model: Model) -> None:
    """Ask for the greatest least share of need met over the regions, instead of the most benefit."""
    model.least = model.problem.add_variable("least", 0, 1)
    _every_region_gets(model, [(model.least, 1.0)], 0.0)
    model.problem.setObjective(pulp.LpAffineExpression([(model.least, 1.0)]))


def near(model: Model, share: float) -> None:
    """Ask that every region comes as near as it can to a share of its need, instead of the most benefit."""
    got: list[Term] = []
    brought = _benefit_of_regions(model)
    for number, (region, asked) in enumerate(needs(model.options.inputs).items()):
        if asked:
            variable = model.problem.add_variable(f"got_{number}", 0, share)
            got.append((variable, 1.0))
            model.add([got[-1], *((other, -worth / asked) for other, worth in brought[region])], 0.0, f"near_{number}")
    model.problem.setObjective(pulp.LpAffineExpression(got))


def at_least(model: Model, share: float) -> None:
    """Ask that every region has at least this share of its need met."""
    _every_region_gets(model, [], share)


def _every_region_gets(model: Model, least: Sequence[Term], share: float) -> None:
    brought = _benefit_of_regions(model)
    for number, (region, asked) in enumerate(needs(model.options.inputs).items()):
        if asked:
            got = [(variable, -worth / asked) for variable, worth in brought[region]]
            model.add([*least, *got], -share, f"least_{number}")
