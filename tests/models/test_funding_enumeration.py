"""The funding plan against a second opinion: every set of starts tried, each paid project by project."""

import random
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from infraplan.errors import NoAnswer
from infraplan.procurement.funding import answer
from infraplan.procurement.funding.inputs import CONSTRUCTION, RECURRING, Fund, Inputs, Project
from infraplan.procurement.funding.policy import Policy
from infraplan.solve import Limits, Status

PROVED = Limits(gap=0, threads=1)
YEARS = (2026, 2027)
ALL = frozenset({"C1", "C2"})


def plan(seed: int, policy: Policy | None = None) -> Inputs:
    """Five projects of two districts, two years, five funds: cents matter, and some funds are one district's."""
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    projects = []
    for number in range(5):
        kind = luck.choice([CONSTRUCTION, CONSTRUCTION, RECURRING, "equipment"])
        cost = luck.randint(100, 4_000)
        erate = cost * luck.choice([50, 60, 80, 90]) // 100
        most = min(cost // 10, (cost - erate) // 2) if kind == CONSTRUCTION else 0
        requires = (f"p{number - 1}",) if number and luck.random() < 0.25 else ()
        excludes = (f"p{(number + 2) % 5}",) if luck.random() < 0.2 else ()
        projects.append(
            Project(
                f"p{number}", f"d{number % 2}", "C2" if kind == "equipment" else "C1", kind, cost, erate, most,
                luck.choice([YEARS, YEARS, YEARS[1:], YEARS[:1]]), Decimal(luck.randint(1, 50)),
                Decimal(luck.choice([0, 1])), requires, excludes, region=f"r{number % 2}",
            )
        )  # fmt: skip
    kinds = ("state_match", "state_grant", "local")
    funds = [
        Fund(
            f"f{number}", kinds[number % 3], luck.choice(YEARS), luck.randint(50, 900),
            luck.choice([None, None, "d0"]), luck.choice([ALL, frozenset({"C1"})]), match=number % 3 == 0,
        )
        for number in range(5)
    ]  # fmt: skip
    c2 = {("d0", 2026): luck.randint(500, 5_000), ("d1", 2026): luck.randint(500, 5_000)}
    return Inputs(YEARS, tuple(projects), tuple(funds), c2, dict.fromkeys(YEARS, 2026), policy or Policy())


def holds(inputs: Inputs, starts: dict[int, int]) -> bool:
    """Whether the starts keep precedence, exclusion and budgets."""
    place = {project.project_id: index for index, project in enumerate(inputs.projects)}
    spent: dict[str, int] = {}
    for index, year in starts.items():
        project = inputs.projects[index]
        if year not in project.years or any(starts.get(place[other], 9999) > year for other in project.requires):
            return False
        if any(place[other] in starts for other in project.excludes):
            return False
        if project.category == "C2":
            spent[project.lea_id] = spent.get(project.lea_id, 0) + project.cost
    assert inputs.c2 is not None
    return all(cents <= inputs.c2[lea, 2026] for lea, cents in spent.items())


def payable(inputs: Inputs, starts: dict[int, int], state: int | None) -> bool:
    """Whether the funds reach, each project paid by its own variables: funds, then its match (a linear program)."""
    bills = [
        (index, year)
        for index, first in starts.items()
        for year in ([first] if inputs.projects[index].kind != RECURRING else range(first, YEARS[-1] + 1))
    ]
    width, count = len(inputs.funds) + 1, len(bills)
    rows, most = [], []
    bounds: list[tuple[float, float]] = []
    for place, (index, year) in enumerate(bills):
        project = inputs.projects[index]
        owed, matched = np.zeros(width * count), np.zeros(width * count)
        at = slice(place * width, (place + 1) * width)
        owed[at], matched[place * width + width - 1] = -1, 1
        for number, fund in enumerate(inputs.funds):
            may = fund.year == year and fund.may_pay(project)
            bounds.append((0, fund.cents if may else 0))
            if fund.matches(project):
                matched[place * width + number] = -1
        bounds.append((0, project.most_match))
        rows += [owed, matched]
        most += [-project.share, 0]
    for number, fund in enumerate(inputs.funds):
        row = np.zeros(width * count)
        row[number::width] = 1
        rows.append(row)
        most.append(fund.cents)
    if state is not None:
        row = np.zeros(width * count)
        for number, fund in enumerate(inputs.funds):
            row[number::width] = float(fund.state)
        rows.append(row)
        most.append(state)
    if not bills:
        return True
    return bool(linprog(np.zeros(width * count), np.array(rows), np.array(most), bounds=bounds).status == 0)


def tried(inputs: Inputs, state: int | None = None) -> list[dict[int, int]]:
    """Every set of starts that can be had."""
    choices = [(None, *YEARS)] * len(inputs.projects)
    found = []
    for told in product(*choices):
        starts = {index: year for index, year in enumerate(told) if year is not None}
        if holds(inputs, starts) and payable(inputs, starts, state):
            found.append(starts)
    return found


def worth(inputs: Inputs, starts: dict[int, int], region: str | None = None) -> Decimal:
    told = [inputs.projects[index] for index in starts]
    return sum((project.worth for project in told if region in (None, project.region)), Decimal(0))


def check_payments(found: answer.Answer) -> None:
    """To the cent: every project paid whole, no fund overdrawn, every match matched, nothing paid that is not allowed."""
    inputs = found.inputs
    left = {number: fund.cents for number, fund in enumerate(inputs.funds)}
    for told in found.payments:
        project = inputs.projects[told.project]
        assert told.match + sum(told.funds.values()) == project.share
        assert told.match <= project.most_match
        matching = sum(cents for fund, cents in told.funds.items() if inputs.funds[fund].matches(project))
        assert told.match <= matching
        for fund, cents in told.funds.items():
            assert inputs.funds[fund].may_pay(project)
            assert inputs.funds[fund].year == told.year
            left[fund] -= cents
    assert min(left.values()) >= 0


@pytest.mark.parametrize("seed", range(40))
def test_the_plan_brings_the_most_of_all_plans(seed: int) -> None:
    inputs = plan(seed)
    best = max(worth(inputs, starts) for starts in tried(inputs))
    try:
        found = answer.find(inputs, PROVED)
    except NoAnswer:
        pytest.fail("there is always the plan that funds nothing")
    assert found.result.status == Status.optimal
    assert found.worth == best
    check_payments(found)


@pytest.mark.parametrize("seed", range(100, 108))
def test_less_state_money_buys_what_trying_everything_says(seed: int) -> None:
    inputs = plan(seed)
    points = answer.frontier(answer.find(inputs, PROVED), answer.quarters(inputs), PROVED)
    assert [point.worth for point in points] == [
        max(worth(inputs, starts) for starts in tried(inputs, point.state_limit)) for point in points
    ]
    for point in points:
        check_payments(point)
        assert point.state_limit is not None
        assert point.state_cents <= point.state_limit


@pytest.mark.parametrize("seed", range(200, 210))
def test_no_plan_leaves_the_worst_region_better_off(seed: int) -> None:
    inputs = plan(seed, Policy("smallest_unmet"))
    needs = {region: worth(inputs, dict.fromkeys(range(5), 0), region) for region in ("r0", "r1")}

    def least(starts: dict[int, int]) -> Decimal:
        return min(worth(inputs, starts, region) / need for region, need in needs.items())

    plans = tried(inputs)
    best = max(least(starts) for starts in plans)
    found = answer.find(inputs, PROVED)
    assert float(least(dict(found.starts))) == pytest.approx(float(best))
    assert found.worth == max(worth(inputs, starts) for starts in plans if least(starts) >= best)


@pytest.mark.parametrize("seed", range(400, 404))
def test_the_worst_region_comes_first_with_less_money_too(seed: int) -> None:
    inputs = plan(seed, Policy("smallest_unmet"))
    needs = {region: worth(inputs, dict.fromkeys(range(5), 0), region) for region in ("r0", "r1")}

    def order(starts: dict[int, int]) -> tuple[float, Decimal]:
        least = min(float(worth(inputs, starts, region) / need) for region, need in needs.items())
        return round(least, 6), worth(inputs, starts)

    for point in answer.frontier(answer.find(inputs, PROVED), answer.quarters(inputs), PROVED):
        assert order(dict(point.starts)) == max(order(starts) for starts in tried(inputs, point.state_limit))


@pytest.mark.parametrize("seed", range(300, 310))
def test_every_region_gets_its_floor(seed: int) -> None:
    inputs = plan(seed, Policy("floor", 0.6))
    needs = {region: worth(inputs, dict.fromkeys(range(5), 0), region) for region in ("r0", "r1")}
    whole = sum(needs.values())

    def fair(starts: dict[int, int]) -> bool:
        brought = worth(inputs, starts)
        return all(
            float(worth(inputs, starts, region)) >= 0.6 * float(brought * need / whole) - 1e-9
            for region, need in needs.items()
        )

    best = max(worth(inputs, starts) for starts in tried(inputs) if fair(starts))
    assert answer.find(inputs, PROVED).worth == best
