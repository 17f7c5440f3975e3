"""Projects, funds and Category Two budgets, read and checked together; every fault of every file at once."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from infraplan import rules, tablefiles
from infraplan.errors import BadInput, Fault, Faults, InfraplanError
from infraplan.procurement.funding.policy import Policy, read_policy
from infraplan.units import CENT, half_up

HUNDRED: Final = Decimal(100)
CONSTRUCTION: Final = "special_construction"
RECURRING: Final = "recurring"
STATE_KINDS: Final = ("state_match", "state_grant")
MOST_NAMED: Final = 5
MOST_YEARS: Final = 30
"""Years of a plan above which they are taken for a slip of the pen."""
USES: Final = ("C1", "C2", CONSTRUCTION, RECURRING, "equipment")
TABLES: Final = {"projects": "projects", "funds": "funds", "c2_budgets": "c2_left"}


@dataclass(frozen=True)
class Project:
    """One project, with amounts in cents for each year that it is paid.

    `cost` is before discount, `erate` what E-Rate pays without a match, `share` the rest, `most_match` the most that
    E-Rate adds for a match. `years` are those in which it may start.
    """

    project_id: str
    lea_id: str
    category: str
    kind: str
    cost: int
    erate: int
    most_match: int
    years: tuple[int, ...]
    benefit: Decimal
    weight: Decimal
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    tribal: bool = False
    region: str | None = None
    name: str | None = None

    @property
    def share(self) -> int:
        """What is left to pay, in cents."""
        return self.cost - self.erate

    @property
    def worth(self) -> Decimal:
        """Benefit times 1 + need weight."""
        return self.benefit * (1 + self.weight)


@dataclass(frozen=True)
class Fund:
    """Money of one fund in one year, in cents. `lea_id` None: for any district."""

    fund_id: str
    kind: str
    year: int
    cents: int
    lea_id: str | None
    pays: frozenset[str]
    match: bool

    @property
    def state(self) -> bool:
        """Whether it is the state's money."""
        return self.kind in STATE_KINDS

    def may_pay(self, project: Project) -> bool:
        """Whether its authority allows paying for the project."""
        return (self.lea_id in (None, project.lea_id)) and bool(self.pays & {project.category, project.kind})

    def matches(self, project: Project) -> bool:
        """Whether E-Rate matches it on the project."""
        return self.match and project.kind == CONSTRUCTION and (self.kind != "tribal" or project.tribal)


@dataclass(frozen=True)
class Inputs:
    """One plan: projects and funds in the order of their files; `c2` cents left by district and first year of cycle.

    `c2` is None where no budgets were given. `cycle` is the number of years of a Category Two cycle.
    """

    years: tuple[int, ...]
    projects: tuple[Project, ...]
    funds: tuple[Fund, ...]
    c2: Mapping[tuple[str, int], int] | None = None
    cycle_of: Mapping[int, int] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    notes: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def span(self) -> str:
        """The years in words: 2026, or 2026-2030."""
        return str(self.years[0]) if len(self.years) == 1 else f"{self.years[0]}-{self.years[-1]}"

    @property
    def state_cents(self) -> int:
        """All state money, in cents."""
        return sum(fund.cents for fund in self.funds if fund.state)


@dataclass(frozen=True)
class Rules:
    """Figures of law, of the plan's first year.

    Points a match adds at most, percent paid at most, the C2 cycle, the highest rates (C1; C2; C2 of Tribal applicants).
    """

    year: int
    most_points: Decimal
    most_total: Decimal
    cycle_first: int
    cycle_last: int
    highest: tuple[Decimal, Decimal, Decimal]

    @classmethod
    def of(cls, year: int) -> "Rules":
        """Read one year's rules; raises NoRule if it has none."""
        match = rules.load("erate", year, "special_construction")
        budget = rules.load("erate", year, "category_two")
        return cls(
            year,
            Decimal(match.value("match.most_points")),
            Decimal(match.value("match.most_total")),
            int(budget.value("cycle.first_year")),
            int(budget.value("cycle.last_year")),
            _highest_rates(year),
        )

    def too_high(self, rate: Decimal, category: str, *, tribal: bool) -> bool:
        """Whether a rate is above what the year's rules give anyone."""
        one, two, of_tribal = self.highest
        return rate > (one if category == "C1" else of_tribal if tribal else two)

    def cycle(self, year: int) -> int:
        """The first year of the cycle that a year is in, cycles following each other at the same length."""
        length = self.cycle_last - self.cycle_first + 1
        return self.cycle_first + (year - self.cycle_first) // length * length


def _highest_rates(year: int) -> tuple[Decimal, Decimal, Decimal]:
    told = rules.load("erate", year, "discounts")
    bands = [name for name in told.figures if name.endswith((".urban", ".rural"))]
    two, of_tribal = "category_two.highest_rate", "category_two.tribal_library_highest_rate"
    return (
        max(Decimal(told.value(name)) for name in bands),
        Decimal(told.value(two)),
        Decimal(told.value(of_tribal if told.has(of_tribal) else two)),
    )


def read(
    projects: Path, funds: Path, years: Sequence[int], c2_budgets: Path | None = None, policy: Path | None = None
) -> Inputs:  # fmt: skip
    """Read and check the files of a funding plan. Raises BadInput with the faults of all files; NoRule."""
    law = Rules.of(years[0])
    faults, tables = Faults(), {}
    given = {"projects": projects, "funds": funds, "c2_budgets": c2_budgets}
    files = {name: path for name, path in given.items() if path is not None}
    for name, path in files.items():
        try:
            tables[name] = tablefiles.read_declared(path, TABLES[name])
        except BadInput as refused:
            faults.extend(refused.faults)
    rule = Policy()
    try:
        rule = read_policy(policy)
    except BadInput as refused:
        faults.extend(refused.faults)
    faults.raise_if_any()
    names = {name: path.name for name, path in files.items()}
    return assemble(tables, years, law, names, files | ({"policy": policy} if policy else {}), rule)


def assemble(
    tables: Mapping[str, pd.DataFrame], years: Sequence[int], law: Rules, names: Mapping[str, str],
    files: Mapping[str, Path] | None = None, policy: Policy | None = None,
) -> Inputs:  # fmt: skip
    """Put typed tables together (`projects`, `funds`, perhaps `c2_budgets`); raises BadInput with every fault."""
    desk = _Desk(tuple(years), law, names)
    projects = [desk.project(row, told) for row, told in _records(tables["projects"])]
    desk.check_links(projects, [row for row, _ in _records(tables["projects"])])
    desk.check_regions(projects, policy or Policy())
    funds = [fund for row, told in _records(tables["funds"]) if (fund := desk.fund(row, told))]
    budgets = tables.get("c2_budgets")
    c2 = None if budgets is None else desk.budgets(budgets)
    desk.say_what_is_assumed(projects, c2)
    desk.faults.raise_if_any()
    desk.say_what_is_left_out()
    if not funds:
        desk.notes.append("no fund has money, authority and a year of the plan: only what E-Rate pays whole is funded")
    cycles = {year: law.cycle(year) for year in years}
    return Inputs(
        tuple(years), tuple(projects), tuple(funds), c2, cycles, policy or Policy(), tuple(desk.notes), dict(files or {})
    )  # fmt: skip


class _Desk:
    """Rows in, checked things out; faults and notes gathered on the way."""

    def __init__(self, years: tuple[int, ...], law: Rules, names: Mapping[str, str]) -> None:
        self.years, self.law, self.names = years, law, names
        self.faults = Faults()
        self.notes: list[str] = []
        self.left_out: list[str] = []
        self.out_of_years: list[str] = []
        self.too_high: list[str] = []

    def fault(self, kind: str, what: str, table: str, row: int, column: str, mend: str) -> None:
        self.faults.add(Fault(kind=kind, what=what, file=self.names[table], row=row, column=column, mend=mend))

    def project(self, row: int, told: Mapping[str, Any]) -> Project:
        first = told.get("earliest_year") or self.years[0]
        last = told.get("latest_year") or self.years[-1]
        if first > last:
            self.fault("YearsOutOfOrder", f"{told['project_id']} may start from {first} on and until {last}",
                       "projects", row, "latest_year", "earliest_year must not be after latest_year")  # fmt: skip
        if told["kind"] == CONSTRUCTION and told["category"] == "C2":
            self.fault("Misplaced", f"{told['project_id']} is special construction in Category Two", "projects", row,
                       "category", "special construction is Category One")  # fmt: skip
        if self.law.too_high(told["rate"], told["category"], tribal=bool(told.get("tribal"))):
            self.too_high.append(told["project_id"])
        cost = _cents(told["pre_discount_usd"])
        erate = int(half_up(cost * told["rate"] / HUNDRED))
        points = int(half_up(cost * self.law.most_points / HUNDRED)) if told["kind"] == CONSTRUCTION else 0
        room = int(cost * self.law.most_total / HUNDRED) - erate
        return Project(
            project_id=told["project_id"],
            lea_id=told["lea_id"],
            category=told["category"],
            kind=told["kind"],
            cost=cost,
            erate=erate,
            most_match=max(0, min(points, room // 2)),
            years=tuple(year for year in self.years if first <= year <= last),
            benefit=told["benefit"],
            weight=Decimal(told.get("need_weight") or 0),
            requires=_names(told.get("requires")),
            excludes=_names(told.get("excludes")),
            tribal=bool(told.get("tribal")),
            region=told.get("region"),
            name=told.get("name"),
        )

    def check_links(self, projects: Sequence[Project], lines: Sequence[int]) -> None:
        """Every project named must exist, and none may wait for itself."""
        known = {project.project_id: project for project in projects}
        for row, project in zip(lines, projects, strict=True):
            for column, named in (("requires", project.requires), ("excludes", project.excludes)):
                for other in named:
                    if other == project.project_id:
                        self.fault("Itself", f"project {other} {column} itself", "projects", row, column,
                                   "leave the cell blank, or name another project")  # fmt: skip
                    elif other not in known:
                        self.fault("UnknownProject", f"project {project.project_id} {column} {other}, which is not in "
                                   f"{self.names['projects']}", "projects", row, column,
                                   "add that project, or correct the name")  # fmt: skip
        for row, project in zip(lines, projects, strict=True):
            ring = _ring(project, known)
            if len(ring) > 1 and project.project_id == min(ring):
                self.fault("Ring", f"projects wait for each other: {' requires '.join((*ring, ring[0]))}", "projects",
                           row, "requires", "break the ring at one of them")  # fmt: skip

    def check_regions(self, projects: Sequence[Project], policy: Policy) -> None:
        lacking = [project.project_id for project in projects if not project.region]
        if policy.fair_share != "none" and lacking:
            self.faults.add(Fault(
                kind="Blank", what=f"the policy asks for a fair share by region, and {lacking[0]} has no region",
                file=self.names["projects"], column="region", count=len(lacking),
                mend='fill the column region, or fair_share = "none"',
            ))  # fmt: skip

    def fund(self, row: int, told: Mapping[str, Any]) -> Fund | None:
        label, uses = f"{told['fund_id']} ({told['year']})", frozenset((told["may_pay_for"] or "").split())
        if not told["authority_cite"]:
            self.left_out.append(label)
            return None
        if not uses or uses - set(USES):
            wrong = ", ".join(sorted(uses - set(USES))) or "blank"
            self.fault("UnknownCode", f"may_pay_for of fund {label} is {wrong}", "funds", row, "may_pay_for",
                       f"give one or more of {', '.join(USES)}, separated by spaces")  # fmt: skip
        match = bool(told["match_eligible"])
        if match and told["kind"] in ("local", "oer_savings"):
            self.fault("NoMatch", f"fund {label} is {told['kind']} money and is called match_eligible", "funds", row,
                       "match_eligible", "only state money is matched, and Tribal money for Tribal applicants; "
                       "write no")  # fmt: skip
        if told["year"] not in self.years:
            self.out_of_years.append(label)
            return None
        return Fund(
            told["fund_id"], told["kind"], told["year"], _cents(told["usd"]), told.get("lea_id"), uses, match
        )  # fmt: skip

    def budgets(self, table: pd.DataFrame) -> dict[tuple[str, int], int]:
        found = {}
        for row, told in _records(table):
            if self.law.cycle(told["cycle_start"]) != told["cycle_start"]:
                self.fault("OtherCycle", f"no Category Two cycle starts in {told['cycle_start']}", "c2_budgets", row,
                           "cycle_start", f"a cycle starts in {self.law.cycle(told['cycle_start'])}")  # fmt: skip
            found[told["lea_id"], told["cycle_start"]] = max(0, _cents(told["available_usd"]))
        return found

    def say_what_is_left_out(self) -> None:
        """Funds that are not used, each reason once, before the other notes."""
        words = (
            (self.left_out, "no authority is cited for spending it", "no authority is cited for spending them"),
            (self.out_of_years, "its year is not in the plan", "their years are not in the plan"),
        )
        self.notes[:0] = [
            f"fund {labels[0]} is left out: {one}"
            if len(labels) == 1
            else f"{len(labels)} funds are left out: {several} ({_few(labels)})"
            for labels, one, several in words
            if labels
        ]

    def say_what_is_assumed(self, projects: Sequence[Project], c2: Mapping[tuple[str, int], int] | None) -> None:
        if len(self.years) > 1:
            self.notes.append(
                f"the match rule and budget cycles of funding year {self.law.year} are taken to hold to {self.years[-1]}"
            )
        seconds = [project for project in projects if project.category == "C2"]
        if seconds and c2 is None:
            self.notes.append("no --c2-budgets were given: Category Two projects are not held to a budget")
        elif c2 is not None:
            cycles = {self.law.cycle(year) for year in self.years}
            lacking = {project.lea_id for project in seconds if not any((project.lea_id, c) in c2 for c in cycles)}
            if lacking:
                self.notes.append(
                    f"{_counted(lacking, 'district')} with Category Two projects {_verb(lacking, 'has', 'have')} no budget "
                    f"in {self.names['c2_budgets']}: those projects are left out"
                )
        if self.too_high:
            one, two, _ = self.law.highest
            self.notes.append(
                f"{_counted(self.too_high, 'project')} {_verb(self.too_high, 'has', 'have')} a rate above the highest of "
                f"FY{self.law.year} (Category One {one} %, Category Two {two} %), counted as given: "
                f"their E-Rate money may be too high "
                f"({_few(self.too_high)})"
            )
        never = [project for project in projects if not project.years]
        if never:
            self.notes.append(
                f"{_counted(never, 'project')} cannot start in {self.years[0]}-{self.years[-1]} and "
                f"{_verb(never, 'is', 'are')} left out"
            )
        if not any(project.weight for project in projects):
            self.notes.append("no need weights were given: every student counts the same")


def parse_years(text: str) -> tuple[int, ...]:
    """Return the years of a plan told as "2026-2030" or "2026"; raises InfraplanError.

    >>> parse_years("2026-2028")
    (2026, 2027, 2028)
    """
    first, dash, last = text.partition("-")
    if not (first.isdigit() and (last.isdigit() or not dash)) or int(last or first) < int(first):
        raise InfraplanError(f"--years is {text!r}\n  mend:  give the first and last funding year, as 2026-2030")
    if int(last or first) - int(first) >= MOST_YEARS:
        raise InfraplanError(
            f"--years is {text!r}, more than {MOST_YEARS} years\n  mend:  give the first and last funding year, as 2026-2030"
        )
    return tuple(range(int(first), int(last or first) + 1))


def _ring(project: Project, known: Mapping[str, Project]) -> tuple[str, ...]:
    """The chain of requirements that leads from a project back to it; empty if there is none."""
    stack: list[tuple[str, ...]] = [(project.project_id,)]
    seen: set[str] = set()
    while stack:
        chain = stack.pop()
        for other in known[chain[-1]].requires if chain[-1] in known else ():
            if other == project.project_id:
                return chain
            if other not in seen:
                seen.add(other)
                stack.append((*chain, other))
    return ()


def _counted(things: Sized, noun: str) -> str:
    return f"{len(things):,} {noun}" if len(things) == 1 else f"{len(things):,} {noun}s"


def _verb(things: Sized, one: str, several: str) -> str:
    return one if len(things) == 1 else several


def _few(labels: Sequence[str]) -> str:
    """The first of many names."""
    return ", ".join(labels[:MOST_NAMED]) + ", ..." * (len(labels) > MOST_NAMED)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(";") if name.strip())


def _cents(usd: Decimal) -> int:
    return int(half_up(usd, 2) / CENT)


def _records(table: pd.DataFrame) -> Iterable[tuple[int, dict[str, Any]]]:
    """Rows with their line number; blank cells are None."""
    plain = table.astype(object).where(table.notna(), None)
    for row, told in zip(table.index, plain.to_dict("records"), strict=True):
        yield int(row), {str(name): value for name, value in told.items()}
