"""Towers for fixed wireless: shared by sites, fed by fiber or by one another, in range and in sight; by hand."""

from decimal import Decimal
from pathlib import Path

import pytest

from infraplan.connectivity.network import files, inputs, lifetime, picture, plan
from infraplan.errors import BadInput
from infraplan.solve import Limits

PROVED = Limits(gap=0, threads=1)
# About 5.1 miles between neighbors, from west to east: the pop, a tower T, a tower U, and schools beyond it.
NODES = "node,lon,lat\npop,-71.0,42.0\nT,-70.9,42.0\nU,-70.8,42.0\ns1,-70.75,42.0\ns2,-70.75,42.02\n"
NETWORK = (
    "a,b,meters,usd\npop,T,8000,50\nT,U,8000,500\nU,s1,4000,200\nU,s2,4000,200\npop,s1,30000,900\npop,s2,30000,900\n"
)
SITES = "site_id,node,mbps,wireless\nA,s1,100,yes\nB,s2,100,yes\n"
TOWERS = "tower,usd,usd_month,mbps\nT,20,,1000\nU,30,,150\n"
COSTS = "horizon_years = 1\nwireless_miles = 4\nrelay_miles = 6\ntower_radio_usd = [4, 5, 6]\nrelay_radio_usd = 10\n"


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def told(folder: Path, *, sites: str = SITES, towers: str = TOWERS, costs: str = COSTS, hill: float | None = None,
         network: str | None = NETWORK) -> inputs.Inputs:  # fmt: skip
    ground = None
    if hill is not None:
        rows = [(lon, lat, 0.0) for lon in (-71.1, -70.7) for lat in (41.9, 42.1)]
        rows += [(-70.9, 42.0, 0.0), (-70.8, 42.0, 0.0), (-70.85, 42.0, hill)]
        ground = put(folder, "terrain.csv", "lon,lat,meters\n" + "\n".join(f"{x},{y},{z}" for x, y, z in rows) + "\n")
    return inputs.read(
        put(folder, "sites.csv", sites), put(folder, "network.csv", network) if network else None,
        put(folder, "nodes.csv", NODES), ["pop"], put(folder, "costs.toml", costs), ground,
        put(folder, "towers.csv", towers),
    )  # fmt: skip


def test_one_tower_fed_by_another_serves_both_schools(tmp_path: Path) -> None:
    """Fiber to T 50, its mast 20, a relay to U 10, its mast 30, two radios of 5: 120 against 950 and more by fiber."""
    answer = plan.find(told(tmp_path), PROVED)
    assert answer.result.gap == 0
    assert answer.result.objective == 120
    assert files.sites(answer)["choice"].tolist() == ["wireless", "wireless"]
    usd = files.routes(answer).groupby("kind")["usd"]
    assert usd.agg(list).to_dict() == {"fiber": [50], "radio": [0, 0], "relay radio": [0], "tower": [20, 30]}
    assert files.routes(answer)["usd"].sum() == answer.construction == sum(answer.shares.values()) == 100
    assert len(answer.built) == len(files.routes(answer)) == 6
    assert answer.equipment == 20
    assert [answer.equipment_range().low, answer.equipment_range().high] == [18, 22]  # type: ignore[union-attr]


def test_a_school_with_fiber_is_no_tower(tmp_path: Path) -> None:
    """U's mast costs more than two trenches; radios from it cannot be had for less by way of a school that has fiber."""
    answer = plan.find(told(tmp_path, towers="tower,usd\nU,5000\n"), PROVED)
    assert files.sites(answer)["choice"].tolist() == ["fiber", "fiber"]
    assert answer.result.objective == 50 + 500 + 200 + 200


def test_a_radio_at_a_door_that_fiber_passes_is_said(tmp_path: Path) -> None:
    """Fiber to C beyond s1 passes A's door; electronics for fiber of 30 cost more than T's radio of 5."""
    network = "a,b,meters,usd\npop,s1,8000,50\ns1,s2,4000,50\npop,T,100,1\n"
    sites = "site_id,node,mbps,wireless\nA,s1,100,yes\nC,s2,100,no\n"
    near, tower = COSTS.replace("wireless_miles = 4", "wireless_miles = 9"), "tower,usd\nT,1\n"

    def found(usd: int) -> plan.Plan:
        costs = f"{near}equipment_usd_per_site = {usd}\n"
        return plan.find(told(tmp_path, sites=sites, network=network, towers=tower, costs=costs), PROVED)

    dear, cheap = found(30), found(3)
    assert files.sites(dear)["choice"].tolist() == ["wireless", "fiber"]
    assert "1 sites get a radio although fiber passes their door (A)" in " ".join(files.notes(dear))
    assert files.sites(cheap)["choice"].tolist() == ["fiber", "fiber"]
    assert "passes their door" not in " ".join(files.notes(cheap))


def test_no_fiber_hangs_on_a_radio(tmp_path: Path) -> None:
    """The trench from U to s1 is free here, and a radio could feed U for less; s1 wants fiber all the way."""
    sites = "site_id,node,mbps,wireless\nA,s1,100,no\nB,s2,100,yes\n"
    answer = plan.find(told(tmp_path, sites=sites, network=NETWORK.replace("U,s1,4000,200", "U,s1,4000,0")), PROVED)
    assert answer.result.objective == 50 + 500 + 30 + 5
    way = next(answer.way(site) for site in answer.connected if site.site_id == "A")
    assert {step.link.kind for step in way.steps} == {"fiber"}


def test_the_map_knows_which_towers_are_used_and_by_how_many(tmp_path: Path) -> None:
    hubs = picture.hubs(plan.find(told(tmp_path), PROVED))
    assert hubs[["node", "what", "sites"]].to_numpy().tolist() == [
        ["pop", "point of presence", 2],
        ["T", "tower", 2],
        ["U", "tower", 2],
    ]


def test_without_relay_radios_every_tower_needs_fiber(tmp_path: Path) -> None:
    answer = plan.find(told(tmp_path, costs=COSTS.replace("relay_radio_usd = 10\n", "")), PROVED)
    assert answer.result.objective == 50 + 500 + 30 + 5 + 5
    assert "fed by fiber" in " ".join(answer.inputs.notes)


def test_a_hill_between_towers_cuts_the_relay_and_a_taller_mast_sees_over_it(tmp_path: Path) -> None:
    low = COSTS + "mast_meters = 30\n"
    assert plan.find(told(tmp_path, costs=low, hill=60), PROVED).result.objective == 50 + 500 + 30 + 5 + 5
    tall = "tower,usd,mast_meters\nT,20,140\nU,30,140\n"
    assert plan.find(told(tmp_path, costs=low, hill=60, towers=tall), PROVED).result.objective == 120


def test_range_speed_and_leave_decide_who_may_be_served(tmp_path: Path) -> None:
    def choices(**changes: str) -> list[str]:
        return list(files.sites(plan.find(told(tmp_path, **changes), PROVED))["choice"])  # type: ignore[arg-type]

    assert choices(costs=COSTS + "wireless_mbps = 50\n") == ["fiber", "fiber"]
    assert choices(costs=COSTS.replace("wireless_miles = 4", "wireless_miles = 2")) == ["fiber", "fiber"]
    assert choices(sites=SITES.replace("B,s2,100,yes", "B,s2,100,no")) == ["wireless", "fiber"]


def test_the_money_for_a_tower_and_its_months_count_over_the_horizon(tmp_path: Path) -> None:
    answer = plan.find(told(tmp_path, towers="tower,usd,usd_month\nT,20,1\nU,30,2\n"), PROVED)
    assert answer.upkeep == 36
    assert answer.result.objective == 156


def test_a_tower_that_is_asked_for_more_than_it_carries_is_named(tmp_path: Path) -> None:
    notes = " ".join(files.notes(plan.find(told(tmp_path), PROVED)))
    assert "tower U carries 150 Mbps and its sites ask for 200" in notes


def test_a_site_stays_as_it_is_where_that_is_cheaper_than_either(tmp_path: Path) -> None:
    sites = "site_id,node,mbps,wireless,alternative_usd\nA,s1,100,yes,40\nB,s2,100,yes,50\n"
    answer = plan.find(told(tmp_path, sites=sites), PROVED)
    assert answer.result.objective == 90
    assert files.sites(answer)["choice"].tolist() == ["keep as is", "keep as is"]


def test_the_total_is_a_range_with_who_pays_it(tmp_path: Path) -> None:
    sites = "site_id,node,wireless,c1_rate\nA,s1,yes,80\nB,s2,yes,80\n"
    costs = COSTS + "equipment_usd_per_site = [1, 2, 3]\nupkeep_usd_per_mile_year = 0\nlit_usd_month = [5, 6, 7]\n"
    answer = plan.find(told(tmp_path, sites=sites, costs=costs), PROVED)
    span = files.total_range(answer)
    assert span is not None
    assert [span.low, span.middle, span.high] == [118, 120, 122]
    life = lifetime.table(answer).set_index(["option", "part"])["middle_usd"]
    assert life["self-provisioned", "total"] == 120
    assert life["self-provisioned", "E-Rate share"] == 96
    assert life["lit service", "total"] == 144
    assert life["lit service", "applicant share"] == Decimal("28.8")


@pytest.mark.parametrize(("changes", "words"), [
    ({"costs": "horizon_years = 1\nwireless_miles = 4\n"}, "tower_radio_usd is not given"),
    ({"costs": "horizon_years = 1\ntower_radio_usd = 4\n"}, "wireless_miles is not given"),
    ({"towers": "tower,usd\nQ,5\n"}, "tower Q has no place"),
    ({"towers": "tower,usd\nT,-5\n"}, "-5"),
    ({"hill": 5.0}, "mast_meters"),
])  # fmt: skip
def test_faults_of_towers_are_told_in_words(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        told(tmp_path, **changes)  # type: ignore[arg-type]


def test_without_a_site_that_may_be_served_no_tower_is_used(tmp_path: Path) -> None:
    answer = plan.find(told(tmp_path, sites="site_id,node\nA,s1\n"), PROVED)
    assert "none is used" in " ".join(answer.inputs.notes)
    assert files.sites(answer)["choice"].tolist() == ["fiber"]
