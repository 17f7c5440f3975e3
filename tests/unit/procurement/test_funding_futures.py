"""A funding plan in possible futures: by hand, and as the command tells it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from infraplan.cli.procurement.funding import fund
from infraplan.procurement.funding import answer, futures
from infraplan.procurement.funding.inputs import Fund, Inputs, Project
from infraplan.scenarios import Future
from infraplan.solve import Limits

PROVED = Limits(gap=0, threads=1)


def project(name: str, cost: int, students: int, **more: Any) -> Project:
    return Project(name, "1", "C1", "recurring", cost, cost // 2, 0, (2026,), Decimal(students), Decimal(0), **more)


def plan(*projects: Project, cents: int = 100_000) -> Inputs:
    fund = Fund("g", "state_grant", 2026, cents, None, frozenset({"C1"}), match=False)
    return Inputs((2026,), projects, (fund,), None, {2026: 2026})


def dearer(**factors: float) -> Future:
    return Future(1, {"price": factors})


SMALL, LARGE = project("small", 80_000, 50), project("large", 120_000, 90)


def test_a_plan_that_can_still_be_paid_loses_only_against_a_better_one() -> None:
    inputs = plan(SMALL, LARGE, cents=60_000)
    base = answer.find(inputs, PROVED).starts
    assert base == {1: 2026}
    told = futures.face(inputs, base, PROVED, Future(1, {"take_up": {"large": 0.5}}))
    assert (told.plan, told.best, told.mended, told.status) == (45.0, 50.0, 0, "optimal")
    assert told.decisions == {"small": "funded", "large": ""}


def test_a_plan_the_money_no_longer_reaches_drops_what_costs_the_fewest_students() -> None:
    inputs = plan(SMALL, LARGE)  # shares of 400 and 600: 1,000 reach for both
    told = futures.face(inputs, {0: 2026, 1: 2026}, PROVED, dearer(small=1.25, large=1.0))
    assert (told.plan, told.best, told.mended) == (90.0, 90.0, 1)


def test_prices_turn_into_whole_cents_and_students_into_parts() -> None:
    turned = futures.turned(plan(project("a", 3_333, 7)), Future(1, {"price": {"a": 1.5}, "enrollment": {"a": 1.1}}))
    (one,) = turned.projects
    assert (one.cost, one.erate, one.share) == (5_000, 2_499, 2_501)
    assert one.benefit == Decimal("7.7")


def test_a_match_never_exceeds_half_of_what_is_left_in_any_future() -> None:
    (one,) = futures.turned(
        plan(Project("m", "1", "C1", "special_construction", 101, 51, 10, (2026,), Decimal(1), Decimal(0))),
        dearer(m=0.5),
    ).projects
    assert one.most_match * 2 <= one.share


def test_a_budget_that_no_longer_holds_drops_the_project() -> None:
    wifi = Project("wifi", "1", "C2", "equipment", 50_000, 40_000, 0, (2026,), Decimal(9), Decimal(0))
    pays = Fund("g", "state_grant", 2026, 100_000, None, frozenset({"C2"}), match=False)
    inputs = Inputs((2026,), (wifi,), (pays,), {("1", 2026): 55_000}, {2026: 2026})
    assert futures.face(inputs, {0: 2026}, PROVED, dearer(wifi=1.1)).plan == 9.0
    told = futures.face(inputs, {0: 2026}, PROVED, dearer(wifi=1.2))
    assert (told.plan, told.best, told.mended) == (0.0, 0.0, 1)


def test_losses_are_told_in_need_weighted_students_where_weights_are_given() -> None:
    poor = Project("poor", "1", "C1", "recurring", 100, 50, 0, (2026,), Decimal(9), Decimal("0.5"))
    assert futures.unit(plan(SMALL, poor)).said(12) == "12 need-weighted students"
    assert futures.unit(plan(SMALL)).said(12) == "12 students"


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_does_better_than_hindsight(seed: int) -> None:
    inputs = plan(
        *(project(f"p{n}", 9_000 + 1_000 * ((n * 7 + seed) % 9), 3 + (n + seed) % 5) for n in range(9)), cents=25_000
    )
    base = answer.find(inputs, PROVED).starts
    told = futures.face(inputs, base, PROVED, dearer(**{f"p{n}": 0.8 + 0.1 * ((n + seed) % 6) for n in range(9)}))
    assert told.plan is not None
    assert told.best is not None
    assert told.plan <= told.best + 1e-9


def run(folder: Path, *more: str) -> Result:
    (folder / "projects.csv").write_text(
        "project_id,lea_id,category,kind,pre_discount_usd,rate,students,benefit\n"
        "small,1,C1,recurring,800,50,500,500\nlarge,2,C1,recurring,1200,50,900,900\n"
    )
    (folder / "funds.csv").write_text(
        "fund_id,kind,year,usd,lea_id,may_pay_for,authority_cite,match_eligible\ng,state_grant,2026,1000,,C1,act,no\n"
    )
    words = ["--projects", str(folder / "projects.csv"), "--funds", str(folder / "funds.csv"), "--years", "2026"]
    return CliRunner().invoke(fund, [*words, "-o", str(folder / "out"), "--gap", "0", "--workers", "1", *more])


def test_the_command_tells_what_holds_and_what_was_assumed(tmp_path: Path) -> None:
    said = run(tmp_path, "--scenarios", "8", "--seed", "4")
    assert said.exit_code == 0, said.output
    assert "tried against 8 possible futures (seed 4)" in said.output
    assert "price: 0.9 to 1.25 times the figure given (most likely 1) (assumed: " in said.output
    assert "note: this plan has no figure that withdrawal could change" in said.output
    told = json.loads((tmp_path / "out" / "solution.json").read_text(encoding="utf-8"))["scenarios"]
    assert (told["futures"], told["solved"], told["proved_best"], told["decisions"]) == (8, 8, 8, 2)
    table = pd.read_csv(tmp_path / "out" / "scenarios.csv")
    assert (table["lost"] == (table["best"] - table["plan"]).clip(lower=0)).all()
    assert pd.read_csv(tmp_path / "out" / "decisions.csv")["decision"].tolist() == ["small", "large"]
    page = (tmp_path / "out" / "brief.html").read_text(encoding="utf-8")
    assert "If things turn out otherwise" in page
    assert "regret" not in page.lower()


def test_ranges_are_read_before_anything_is_solved(tmp_path: Path) -> None:
    (tmp_path / "ranges.toml").write_text("[price.smal]\nspread = 0.1\n")
    said = run(tmp_path, "--scenarios", "3", "--ranges", str(tmp_path / "ranges.toml"))
    assert "no input has a price named smal" in str(said.exception)
    assert "did you mean small?" in str(said.exception)
    assert not (tmp_path / "out").exists()


def test_the_same_seed_gives_the_same_futures(tmp_path: Path) -> None:
    tables = []
    for seed in ("1", "1", "2"):
        assert run(tmp_path, "--scenarios", "5", "--seed", seed).exit_code == 0
        tables.append((tmp_path / "out" / "scenarios.csv").read_text(encoding="utf-8"))
    assert tables[0] == tables[1] != tables[2]
