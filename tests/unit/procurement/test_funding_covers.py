"""A cent that lacks: what a solver's tolerance lets through or loses, told exactly."""

import random
from decimal import Decimal
from itertools import combinations

import pytest

from infraplan.procurement.funding import answer, covers, model
from infraplan.procurement.funding.inputs import Fund, Inputs, Project
from infraplan.solve import Limits, Status

PROVED = Limits(gap=0, threads=1)
BOTH = frozenset({"C1", "C2"})
YEARS = (2026, 2027)


def project(number: int, share: int, students: int, category: str = "C1", years: tuple[int, ...] = (2026,)) -> Project:
    return Project(
        f"p{number}", "1", category, "equipment", 2 * share, share, 0, years, Decimal(students), Decimal(0)
    )  # fmt: skip


def plan(projects: list[Project], funds: list[Fund], c2: int | None = None) -> Inputs:
    budget = None if c2 is None else {("1", 2026): c2}
    return Inputs(YEARS, tuple(projects), tuple(funds), budget, dict.fromkeys(YEARS, 2026))


def fund(cents: int, year: int = 2026) -> Fund:
    return Fund("f", "state_grant", year, cents, None, BOTH, match=False)


def test_of_two_projects_that_lack_a_cent_together_the_better_is_funded() -> None:
    two = [project(0, 1_320_000, 310), project(1, 4_320_000, 448)]
    found = answer.find(plan(two, [fund(5_639_999)]), PROVED)
    assert found.starts == {1: 2026}
    assert (found.result.status, found.result.bound) == (Status.optimal, 448.0)
    assert len(answer.find(plan(two, [fund(5_640_000)]), PROVED).starts) == 2


@pytest.mark.parametrize("seed", range(60))
def test_a_fund_a_few_cents_off_a_sum_of_shares_buys_what_trying_everything_says(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    size = luck.choice([1, 100, 10_000])
    shares = [luck.randint(1_000, 100_000) * size + luck.choice([0, luck.randint(0, 99)]) for _ in range(6)]
    students = [luck.randint(1, 500) for _ in shares]
    money = sum(luck.sample(shares, luck.randint(1, 6))) - luck.choice([-1, 0, 1, 1, 2, 30])
    best = max(
        sum(students[at] for at in some)
        for count in range(7)
        for some in combinations(range(6), count)
        if sum(shares[at] for at in some) <= money
    )
    told = [project(at, share, students[at]) for at, share in enumerate(shares)]
    found = answer.find(plan(told, [fund(money)]), PROVED).result
    assert (found.status, found.objective, found.bound) == (Status.optimal, best, best)


@pytest.mark.parametrize("count", [3, 14, 24])
def test_a_category_two_budget_that_lacks_a_cent_is_kept(count: int) -> None:
    told = [project(at, 5_000_003 + at, 100 - at, "C2") for at in range(count)]
    whole = sum(one.cost for one in told)
    found = answer.find(plan(told, [fund(10 * whole)], whole - 1), PROVED)
    assert sum(told[at].cost for at in found.starts) < whole
    assert (found.result.status, len(found.starts)) == (Status.optimal, count - 1)
    assert count - 1 not in found.starts  # it brings the fewest


def test_what_lacks_a_cent_is_barred_in_every_year_that_lacks_it() -> None:
    three = [project(at, 1_000_000, 10, years=YEARS) for at in range(3)]
    told = model.options(plan(three, [fund(1_999_999), fund(1_999_999, 2027)]))
    found = covers.broken(told, {0: 2026, 1: 2026, 2: 2027})
    assert found == [model.Cover(frozenset({(0, 2026), (1, 2026), (2, 2026)}), 1)]
    assert covers.broken(told, {0: 2026, 1: 2027}) == []


def test_state_money_that_lacks_a_cent_is_barred_in_all_years_at_once() -> None:
    two = [project(at, 1_000_000, 10, years=YEARS) for at in range(2)]
    told = model.options(plan(two, [fund(5_000_000), fund(5_000_000, 2027)]))
    found = covers.broken(told, {0: 2026, 1: 2027}, 1_999_999)
    assert found == [model.Cover(frozenset((at, year) for at in range(2) for year in YEARS), 1)]


def test_every_step_to_the_cent() -> None:
    two = [project(0, 1_320_000_000, 310), project(1, 4_320_000_000, 448)]
    steps, whole = answer.steps(answer.find(plan(two, [fund(6_000_000_000)]), PROVED), PROVED)
    assert whole
    assert [(one.state_cents, int(one.worth)) for one in steps] == [
        (0, 0), (1_320_000_000, 310), (4_320_000_000, 448), (5_640_000_000, 758)
    ]  # fmt: skip


def most_students(shares: list[int], students: list[int], money: int) -> int:
    """By the least money for each number of students."""
    least = [0] + [money + 1] * sum(students)
    for share, brought in zip(shares, students, strict=True):
        for count in range(len(least) - 1, brought - 1, -1):
            least[count] = min(least[count], least[count - brought] + share)
    return max(count for count, usd in enumerate(least) if usd <= money)


@pytest.mark.parametrize("seed", [65, 268, 323, 390, 439, 445])
def test_many_projects_and_a_fund_a_few_cents_off_a_sum_of_shares(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - a made-up case, nothing secret
    size, scale = luck.choice([12, 18, 20, 21, 25, 40, 80]), luck.choice([1, 100, 10_000])
    shares = [
        luck.randint(1_000, 100_000) * scale + (luck.randint(0, 99) if luck.random() < 0.5 else 0) for _ in range(size)
    ]
    students = [luck.randint(1, 60) for _ in shares]
    if luck.random() < 0.3:
        shares = [share // luck.choice([1, 1, 50]) for share in shares]
    money = max(1, sum(luck.sample(shares, luck.randint(1, size))) - luck.choice([0, 1, 1, 2, 5, 30, -1]))
    told = [project(at, share, students[at]) for at, share in enumerate(shares)]
    found = answer.find(plan(told, [fund(money)]), PROVED).result
    best = most_students(shares, students, money)
    assert (found.status, found.objective, found.bound) == (Status.optimal, best, best)


def test_a_cent_short_of_three_hundred_projects_costs_the_least_of_them() -> None:
    luck = random.Random(0)  # noqa: S311 - a made-up case, nothing secret
    told = [project(at, int(luck.lognormvariate(15, 0.9)), luck.randint(1, 800)) for at in range(300)]
    whole = sum(one.share for one in told)
    found = answer.find(plan(told, [fund(whole - 1)]), PROVED)
    assert found.result.status == Status.optimal
    assert found.worth == sum(one.worth for one in told) - min(one.worth for one in told)
