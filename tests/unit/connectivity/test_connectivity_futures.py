"""A network and a choice beyond the school tried against possible futures: by hand, and by the commands."""

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from infraplan import tablefiles
from infraplan.cli import infraplan
from infraplan.connectivity.community import choice
from infraplan.connectivity.community import futures as beyond
from infraplan.connectivity.community import inputs as asked
from infraplan.connectivity.network import futures, inputs, plan
from infraplan.scenarios import Future
from infraplan.solve import Limits

PROVED = Limits(gap=0, threads=1)
NETWORK = "a,b,meters,usd\npop,x,1609.344,100\nx,s1,100,30\nx,s2,100,40\npop,s1,2000,110\npop,s2,2000,120\n"
SITES = "site_id,node,alternative_usd\nA,s1,\nB,s2,90\n"
COSTS = "horizon_years = 10\nequipment_usd_per_site = 3\nupkeep_usd_per_mile_year = 1\n"


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def network(folder: Path) -> plan.Plan:
    told = inputs.read(
        put(folder, "sites.csv", SITES), put(folder, "network.csv", NETWORK), None, ["pop"],
        put(folder, "costs.toml", COSTS),
    )  # fmt: skip
    return plan.find(told, PROVED)


def future(**prices: float) -> Future:
    return Future(1, {"price": {name.replace("_to_", " to ").replace("_", " "): at for name, at in prices.items()}})


def test_in_the_future_as_given_the_network_loses_nothing(tmp_path: Path) -> None:
    found = network(tmp_path)
    outcome = futures.face(found, PROVED, Future(1))
    assert outcome.best == outcome.plan == found.result.objective
    assert outcome.decisions == futures.decisions(found)


def test_a_dearer_trench_is_paid_by_the_plan_and_avoided_with_hindsight(tmp_path: Path) -> None:
    """Both over the crossing: 100 + 30 + 40, upkeep 10.00 + 0.62 + 0.62, electronics 3 + 3: 187.24; 200 more in the future.

    With hindsight the trench to s1 leads on to s2: 110 + 30 + 40, upkeep 12.43 + 0.62 + 0.62, electronics 3 + 3.
    """
    found = network(tmp_path)
    assert found.result.objective == pytest.approx(187.24)
    outcome = futures.face(found, PROVED, future(pop_to_x=3.0))
    assert outcome.plan == pytest.approx(387.24)
    assert outcome.best == pytest.approx(199.67)
    assert outcome.decisions["link pop to s1"] == "built"
    assert "link pop to x" not in outcome.decisions


def test_equipment_upkeep_and_alternatives_have_prices_of_their_own(tmp_path: Path) -> None:
    found = network(tmp_path)
    there = futures.turned(found.inputs, future(equipment=2.0, upkeep=3.0, alternative_of_B=0.5))
    assert there.sites[1].alternative == 45
    assert futures.kept(found, there) == Decimal(170) + Decimal("33.72") + 12


def test_a_range_may_be_named_by_link_by_kind_or_for_all(tmp_path: Path) -> None:
    names = futures.names(network(tmp_path).inputs)["price"]
    assert names["pop to s1"] == ("pop to s1", "fiber", "links")
    assert names["alternative of B"] == ("B", "alternatives")
    assert "alternative of A" not in names


def community(budget: int = 100) -> choice.Choice:
    points = pd.DataFrame(
        {"point_id": ["a", "b"], "lea_id": ["1", "2"], "lon": [-70.0, -71.0], "lat": 45.0, "students": [10.0, 8.0]}
    )
    measures = pd.DataFrame(
        {
            "site_id": ["A", "B"],
            "kind": "library",
            "lon": [-70.0, -71.0],
            "lat": 45.0,
            "radius_miles": 1.0,
            "usd_once": [Decimal(60), Decimal(40)],
            "take_up_percent": [50.0, 100.0],
        }
    )
    tables = {"community_points": points, "community_measures": measures}
    return choice.find(asked.assemble(tables, asked.Policy(Decimal(budget), need_weight=0)), PROVED)


def test_take_up_and_enrollment_change_who_is_reached_and_never_above_everyone() -> None:
    found = community()
    assert found.result.objective == 13
    there = beyond.turned(found.inputs, Future(1, {"take_up": {"A": 3.0}, "enrollment": {"b": 0.5}}))
    assert choice.find(there, PROVED).result.objective == 14
    outcome = beyond.face(found, PROVED, Future(1, {"take_up": {"A": 3.0}, "enrollment": {"b": 0.5}}))
    assert (outcome.best, outcome.plan, outcome.mended) == (14, 14, 0)


def test_where_the_money_no_longer_reaches_the_plan_drops_what_costs_fewest_students() -> None:
    outcome = beyond.face(community(), PROVED, Future(1, {"price": {"A": 1.1, "B": 1.0}}))
    assert (outcome.best, outcome.plan, outcome.mended) == (8, 8, 1)
    assert outcome.decisions == {"A": "not chosen", "B": "chosen"}


def test_a_plan_kept_as_it_is_adds_nothing_that_became_cheap() -> None:
    outcome = beyond.face(community(40), PROVED, Future(1, {"price": {"A": 0.5, "B": 0.25}}))
    assert outcome.best == 13
    assert outcome.plan == 8


def test_the_command_tells_what_holds_and_what_would_have_been_lost(tmp_path: Path) -> None:
    sites, links = put(tmp_path, "sites.csv", SITES), put(tmp_path, "network.csv", NETWORK)
    arguments = ["connectivity", "build", "--sites", str(sites), "--network", str(links), "--pop", "pop"]
    arguments += ["--scenarios", "3", "--workers", "1", "-o", str(tmp_path / "out")]
    ran = CliRunner().invoke(infraplan, arguments)
    assert ran.exit_code == 0, ran.output
    assert "tried against 3 possible futures" in ran.output
    assert len(tablefiles.read_declared(tmp_path / "out" / "scenarios.csv", "scenarios")) == 3
    assert len(tablefiles.read_declared(tmp_path / "out" / "decisions.csv", "scenario_decisions")) == 5
    assert json.loads((tmp_path / "out" / "solution.json").read_text())["scenarios"]["futures"] == 3
