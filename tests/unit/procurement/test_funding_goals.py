"""What a plan aims at: goals one after another, goals weighed, state money to the cent, every step of the curve."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from infraplan.cli.procurement.funding import fund
from infraplan.errors import BadInput, NoAnswer
from infraplan.procurement.funding import answer, files, goals, inputs
from infraplan.procurement.funding.inputs import Fund, Inputs, Project
from infraplan.procurement.funding.policy import Policy, read_policy
from infraplan.solve import Limits, Status

PROVED = Limits(gap=0, threads=1)
BOTH = frozenset({"C1", "C2"})
LOCAL = Fund("local", "local", 2026, 10_000, None, BOTH, match=False)
STATE = Fund("state", "state_grant", 2026, 10_000, None, BOTH, match=False)


def project(name: str, cost: int, erate: int, students: int, **more: Any) -> Project:
    told: dict[str, Any] = {"weight": Decimal(0), "years": (2026,), "most_match": 0, "kind": "recurring"} | more
    return Project(
        project_id=name, lea_id="1", category="C1", cost=cost, erate=erate, benefit=Decimal(students), **told
    )


def plan(
    projects: list[Project], funds: list[Fund], policy: Policy | None = None, years: tuple[int, ...] = (2026,)
) -> Inputs:
    return Inputs(years, tuple(projects), tuple(funds), None, dict.fromkeys(years, years[0]), policy or Policy())


def test_of_two_plans_that_bring_as_many_students_the_second_goal_decides() -> None:
    # both leave 100 dollars to pay for ten students; b draws more federal money
    alike = [project("a", 20_000, 10_000, 10), project("b", 50_000, 40_000, 10)]
    found = answer.find(plan(alike, [LOCAL], Policy(order=("benefit", "federal_usd"))), PROVED)
    assert found.starts == {1: 2026}
    assert [(aim.goal, aim.result.objective, aim.result.status) for aim in found.aims] == [
        ("benefit", 10.0, Status.optimal),
        ("federal_usd", 400.0, Status.optimal),
    ]


def test_the_order_of_goals_matters() -> None:
    unlike = [project("a", 20_000, 10_000, 11), project("b", 50_000, 40_000, 10)]
    first = answer.find(plan(unlike, [LOCAL], Policy(order=("federal_usd", "benefit"))), PROVED)
    assert first.starts == {1: 2026}
    assert answer.find(plan(unlike, [LOCAL], Policy(order=("benefit", "federal_usd"))), PROVED).starts == {0: 2026}


def test_weights_weigh_goals_against_each_other() -> None:
    unlike = [project("a", 20_000, 10_000, 12), project("b", 50_000, 40_000, 10)]

    def chosen(each: str) -> dict[int, int]:
        weights = {"benefit": Decimal(1), "federal_usd": Decimal(each)}
        return dict(answer.find(plan(unlike, [LOCAL], Policy(weights=weights)), PROVED).starts)

    # 300 dollars more of federal money are worth 2 students from a weight of 2 / 300 on
    assert (chosen("0.006"), chosen("0.007")) == ({0: 2026}, {1: 2026})


def test_a_student_weighed_against_millions_of_dollars_still_draws_the_match() -> None:
    # a dollar counts a hundred-millionth: less than a solver tells from nothing, were the sum not scaled
    match = Fund("m", "state_match", 2026, 500_000_000, None, BOTH, match=True)
    local = Fund("local", "local", 2026, 9_000_000_000, None, BOTH, match=False)
    fiber = project("fiber", 10_000_000_000, 5_000_000_000, 0, kind="special_construction", most_match=1_000_000_000)
    weights = {"benefit": Decimal(1), "federal_usd": Decimal("0.00000001")}
    found = answer.find(plan([fiber], [match, local], Policy(weights=weights)), PROVED)
    assert [told.match for told in found.payments] == [500_000_000]
    assert found.result.status == Status.optimal
    assert found.result.objective == pytest.approx(0.55)


def test_sooner_is_better_where_student_years_are_the_goal() -> None:
    years = (2026, 2027)
    late = [project("a", 20_000, 10_000, 10, years=years, kind="equipment")]
    funds = [LOCAL, Fund("later", "local", 2027, 10_000, None, BOTH, match=False)]
    found = answer.find(plan(late, funds, Policy(order=("student_years",)), years), PROVED)
    assert (found.starts, found.result.objective) == ({0: 2026}, 20.0)


def test_state_money_is_saved_where_that_is_a_goal_and_other_money_could_pay() -> None:
    one = [project("a", 20_000, 10_000, 10)]
    found = answer.find(plan(one, [LOCAL, STATE], Policy(order=("benefit", "state_usd_unspent"))), PROVED)
    assert found.state_cents == 0
    assert found.aims[1].result.objective == 100.0


def test_a_match_does_not_grow_by_paying_more_than_is_owed() -> None:
    # 10 points of 1,000 are 100, but only 50 can be matched: 900 of E-Rate, 50 of state money, 50 added
    match = Fund("m", "state_match", 2026, 100_000, None, BOTH, match=True)
    fiber = project("fiber", 100_000, 90_000, 10, kind="special_construction", most_match=5_000)
    found = answer.find(plan([fiber], [match, LOCAL], Policy(order=("federal_usd",))), PROVED)
    assert (found.result.objective, found.state_cents) == (950.0, 5_000)


@pytest.mark.parametrize("seed", range(12))
def test_state_money_never_exceeds_the_amount_asked_about_by_a_cent(seed: int) -> None:
    alike = [project(f"p{n}", 3 * (7 * n + seed + 1), n + seed, 5 + n % 3, years=(2026, 2027)) for n in range(7)]
    funds = [
        Fund(f"{kind}-{year}", kind, year, 61 + seed, None, BOTH, match=False)
        for year in (2026, 2027) for kind in ("state_match", "state_grant", "local")
    ]  # fmt: skip
    told = plan(alike, funds, years=(2026, 2027))
    for point in answer.frontier(answer.find(told, PROVED), [0, 17, 33, 101, 150], PROVED):
        assert point.state_limit is not None
        assert point.state_cents <= point.state_limit


@pytest.mark.parametrize("seed", range(8))
def test_every_step_is_where_more_money_first_buys_more(seed: int) -> None:
    unlike = [project(f"p{n}", 30 * (n + 2) + 7 * seed, 10 * n, 3 + (5 * n + seed) % 7) for n in range(6)]
    told = plan(unlike, [Fund("s", "state_grant", 2026, 400, None, BOTH, match=False)])
    steps, whole = answer.steps(answer.find(told, PROVED), PROVED)
    best: dict[int, int] = {}
    for chosen in range(2 ** len(unlike)):
        mine = [one for number, one in enumerate(unlike) if chosen >> number & 1]
        cents = sum(one.share for one in mine)
        if cents <= 400:
            best[cents] = max(best.get(cents, 0), sum(int(one.benefit) for one in mine))
    stair: list[tuple[int, int]] = []
    for cents, students in sorted(best.items()):
        if not stair or students > stair[-1][1]:
            stair.append((cents, students))
    assert whole
    assert [(step.state_cents, int(step.worth)) for step in steps] == stair


def test_a_stair_cut_off_says_so() -> None:
    told = plan(
        [project(f"p{n}", 20, 10, 1) for n in range(5)], [Fund("s", "state_grant", 2026, 50, None, BOTH, match=False)]
    )
    steps, whole = answer.steps(answer.find(told, PROVED), PROVED, most=2)
    assert (len(steps), whole) == (2, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('order = ["students", "profit"]', "expected a list of different goals: benefit, students"),
        ('order = ["students", "students"]', "a list of different goals"),
        ("order = []", "a list of different goals"),
        ("weights = { benefit = -1 }", "numbers from 0 for goals"),
        ("weights = { benefit = 0 }", "numbers from 0 for goals"),
        ('order = ["students"]\nweights = { benefit = 1 }', "either an order of goals or weights, not both"),
    ],
)
def test_goals_that_cannot_be_are_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        read_policy(tmp_path / "policy.toml")


def test_every_goal_has_a_unit_and_is_added_up_exactly() -> None:
    found = answer.find(plan([project("a", 20_000, 10_000, 10, weight=Decimal("0.5"))], [STATE]), PROVED)
    assert goals.values(found.inputs, found.starts, found.payments) == {
        "benefit": Decimal("15.0"),
        "students": 10,
        "student_years": 10,
        "federal_usd": Decimal("100.00"),
        "state_usd_unspent": Decimal("0.00"),
    }
    assert set(goals.values(found.inputs, {}, ())) == set(goals.GOALS)


def test_a_recurring_category_two_project_counts_in_each_cycle_it_is_paid_in(tmp_path: Path) -> None:
    (tmp_path / "projects.csv").write_text(
        "project_id,lea_id,category,kind,pre_discount_usd,rate,students,benefit\nwifi,1,C2,recurring,100,80,10,10\n"
    )
    (tmp_path / "funds.csv").write_text(
        "fund_id,kind,year,usd,lea_id,may_pay_for,authority_cite,match_eligible\n"
        + "".join(f"l{year},local,{year},100,,C2,vote,no\n" for year in range(2024, 2028))
    )

    def starts(*budgets: str) -> dict[int, int]:
        (tmp_path / "c2.csv").write_text("\n".join(("lea_id,cycle_start,available_usd", *budgets)) + "\n")
        years = inputs.parse_years("2024-2027")
        told = inputs.read(tmp_path / "projects.csv", tmp_path / "funds.csv", years, tmp_path / "c2.csv")
        return dict(answer.find(told, PROVED).starts)

    assert starts("1,2021,200", "1,2026,200") != {}
    assert starts("1,2021,400", "1,2026,100") == {0: 2027}  # started earlier, 2026 and 2027 would take 200
    assert starts("1,2021,100", "1,2026,0") == {}


def test_a_project_left_out_for_its_districts_other_projects_says_so(tmp_path: Path) -> None:
    (tmp_path / "projects.csv").write_text(
        "project_id,lea_id,category,kind,pre_discount_usd,rate,students,benefit\n"
        "a,1,C2,equipment,100,80,10,10\nb,1,C2,equipment,100,80,10,9\n"
    )
    (tmp_path / "funds.csv").write_text(
        "fund_id,kind,year,usd,lea_id,may_pay_for,authority_cite,match_eligible\nl,local,2026,1000,,C2,vote,no\n"
    )
    (tmp_path / "c2.csv").write_text("lea_id,cycle_start,available_usd\n1,2026,150\n")
    told = inputs.read(tmp_path / "projects.csv", tmp_path / "funds.csv", (2026,), tmp_path / "c2.csv")
    table = files.unfunded(answer.find(told, PROVED))
    assert table["reason"].tolist() == ["other projects of its district take its Category Two budget"]


def test_the_command_follows_a_policy_of_goals_and_writes_them(tmp_path: Path) -> None:
    (tmp_path / "projects.csv").write_text(
        "project_id,lea_id,category,kind,pre_discount_usd,rate,students,benefit,need_weight\n"
        "a,1,C1,recurring,200,50,10,10,0.25\nb,1,C1,recurring,500,80,10,10,\n"
    )
    (tmp_path / "funds.csv").write_text(
        "fund_id,kind,year,usd,lea_id,may_pay_for,authority_cite,match_eligible\nl,state_grant,2026,100,,C1,act,no\n"
    )
    (tmp_path / "policy.toml").write_text('order = ["students", "federal_usd"]\n')
    words = ["--projects", "projects.csv", "--funds", "funds.csv", "--policy", "policy.toml"]
    words = [str(tmp_path / word) if "." in word else word for word in words]
    words += ["--years", "2026", "-o", str(tmp_path / "out"), "--every-step", "--state-usd", "250", "--gap", "0"]
    said = CliRunner().invoke(fund, words)
    assert said.exit_code == 0, said.output
    told = json.loads((tmp_path / "out" / "solution.json").read_text(encoding="utf-8"))
    assert told["policy"]["order"] == ["students", "federal_usd"]
    assert [(one["goal"], one["value"]) for one in told["goals"]] == [("students", 10.0), ("federal_usd", 400.0)]
    assert "the funds hold $100 of state money: what is more, up to $250, buys nothing here" in said.output
    assert "1 of 2 projects have a need weight, from 0.25 to 0.25" in said.output
    page = (tmp_path / "out" / "brief.html").read_text(encoding="utf-8")
    assert "projects are chosen by, in this order: students brought to target; USD of E-Rate money" in page
    assert pd.read_csv(tmp_path / "out" / "frontier.csv")["state_usd"].tolist() == [0, 100]


def test_where_time_runs_out_the_amounts_that_were_answered_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    told = plan([project("a", 20_000, 10_000, 10)], [STATE])
    best = answer.find(told, PROVED)

    def out_of_time(*_: object, **__: object) -> None:
        raise NoAnswer("No answer: the time limit struck")

    monkeypatch.setattr(answer, "_found", out_of_time)
    points = answer.frontier(best, [0, 5_000, 10_000], Limits(time_limit=1))
    assert [point.state_limit for point in points] == [10_000]
    assert answer.steps(best, Limits(time_limit=1)) == ([], False)
