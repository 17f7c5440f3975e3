"""A network to build: by hand, in words, and what is written."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infraplan.cli.network import build
from infraplan.connectivity.network import files, inputs, lifetime, plan
from infraplan.errors import BadInput, InfraplanError, NoAnswer, NoRule
from infraplan.solve import Limits, Status

# Two schools beyond a crossing share the trench from the pop to it: 100 + 30 + 40 = 170, against 110 + 120 = 230 apart.
NETWORK = "a,b,meters,usd\npop,x,1609.344,100\nx,s1,100,30\nx,s2,100,40\npop,s1,2000,110\npop,s2,2000,120\n"
SITES = "site_id,node,students,mbps,alternative_usd\nA,s1,10,100,\nB,s2,20,100,\n"
NODES = "node,lon,lat\npop,-71.0,42.0\nx,-71.1,42.0\ns1,-71.2,42.0\ns2,-71.1,42.1\n"
PROVED = Limits(gap=0, threads=1)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def found(
    folder: Path, sites: str = SITES, network: str | None = NETWORK, costs: str = "", nodes: str = ""
) -> plan.Plan:
    told = inputs.read(
        put(folder, "sites.csv", sites),
        put(folder, "network.csv", network) if network else None,
        put(folder, "nodes.csv", nodes) if nodes else None,
        ["pop"],
        put(folder, "costs.toml", costs) if costs else None,
    )
    return plan.find(told, PROVED)


def refusal(folder: Path, **texts: str) -> str:
    with pytest.raises(InfraplanError) as why:
        found(folder, **texts)
    return str(why.value)


def test_a_shared_trench_is_dug_where_it_is_cheaper_than_two(tmp_path: Path) -> None:
    answer = found(tmp_path)
    assert answer.result.status == Status.optimal
    assert answer.result.objective == 170
    assert files.routes(answer)[["a", "b", "sites"]].to_numpy().tolist() == [
        ["pop", "x", 2], ["x", "s1", 1], ["x", "s2", 1]
    ]  # fmt: skip


def test_each_site_pays_for_its_own_way_and_shares_the_common_one(tmp_path: Path) -> None:
    table = files.sites(found(tmp_path)).set_index("site_id")
    assert [str(told) for told in table["share_usd"]] == ["80.00", "90.00"]
    assert [float(told) for told in table["alone_usd"]] == [110, 120]
    assert table.loc["A", "route_meters"] == pytest.approx(1709.3)


def test_a_site_keeps_its_alternative_where_connecting_costs_more(tmp_path: Path) -> None:
    answer = found(tmp_path, sites="site_id,node,students,mbps,alternative_usd\nA,s1,1,1,\nB,s2,1,1,50\n")
    assert answer.result.objective == 160
    assert files.sites(answer)["choice"].tolist() == ["fiber", "keep as is"]
    joined = found(tmp_path, sites="site_id,node,students,mbps,alternative_usd\nA,s1,1,1,\nB,s2,1,1,90\n")
    assert joined.result.objective == 170


def test_two_sites_at_one_node_are_worth_the_sum_of_their_alternatives(tmp_path: Path) -> None:
    answer = found(tmp_path, sites="site_id,node,alternative_usd\nA,s1,60\nB,s1,60\n")
    assert answer.result.objective == 110
    assert [site.site_id for site in answer.connected] == ["A", "B"]


def test_an_existing_link_costs_nothing_and_is_no_mile_to_build(tmp_path: Path) -> None:
    answer = found(tmp_path, network=NETWORK.replace("1609.344,100", "1609.344,0"))
    assert answer.result.objective == 70
    assert float(answer.miles) == pytest.approx(200 / 1609.344)


def test_equipment_and_upkeep_given_by_the_state_count_in_the_choice(tmp_path: Path) -> None:
    # two sites' equipment 2 x 3 x 10; the shared way has 1 mile + 200 m of upkeep at 1 x 20 a mile
    told = "equipment_usd_per_site = 10\nequipment_life_years = 8\nupkeep_usd_per_mile_year = 1\n"
    answer = found(tmp_path, costs=told)
    upkeep = 20 * (1 + 200 / 1609.344)
    assert answer.result.objective == pytest.approx(170 + 60 + upkeep, abs=0.02)
    life = lifetime.table(answer).set_index(["option", "part"])
    assert float(life["middle_usd"]["self-provisioned", "total"]) == pytest.approx(230 + upkeep, abs=0.02)


def test_a_site_whose_electronics_cost_more_than_its_alternative_is_not_lit(tmp_path: Path) -> None:
    text = "site_id,node,alternative_usd\nA,s1,\nB,x,5\nC,s2,\n"
    answer = found(tmp_path, sites=text, costs="equipment_usd_per_site = 10\n")
    assert files.sites(answer)["choice"].tolist() == ["fiber", "keep as is", "fiber"]
    assert answer.result.objective == 170 + 20 + 5
    assert answer.result.gap == 0


def test_satellite_is_priced_from_the_costs_over_the_horizon(tmp_path: Path) -> None:
    text = "site_id,node,alternative_usd,alternative\nA,s1,,\nB,s2,,satellite\n"
    answer = found(tmp_path, sites=text, costs="satellite_usd_month = 0.25\nhorizon_years = 10\n")
    assert answer.inputs.sites[1].alternative == 30
    assert files.sites(answer)["choice"].tolist() == ["fiber", "satellite"]


WIRELESS = "wireless_usd_month = 0.2\nhorizon_years = 10\nwireless_miles = 10\nmast_meters = 20\n"
ASKS = "site_id,node,alternative_usd,alternative,mbps\nA,s1,,,\nB,s2,,wireless,100\n"


def over_ground(folder: Path, ridge: float | None, costs: str = WIRELESS) -> plan.Plan:
    """The pop and s2 lie 8.5 miles apart with a ridge between, on flat ground else."""
    heights = [(lon, lat, 0.0) for lon in (-71.2, -70.9) for lat in (41.9, 42.2)]
    heights += [(-71.05, 42.05, ridge)] if ridge is not None else []
    rows = "\n".join(f"{lon},{lat},{height}" for lon, lat, height in heights)
    told = inputs.read(
        put(folder, "sites.csv", ASKS), put(folder, "network.csv", NETWORK), put(folder, "nodes.csv", NODES), ["pop"],
        put(folder, "costs.toml", costs),
        put(folder, "terrain.csv", f"lon,lat,meters\n{rows}\n") if ridge is not None else None,
    )  # fmt: skip
    return plan.find(told, PROVED)


def test_fixed_wireless_needs_range_speed_and_line_of_sight(tmp_path: Path) -> None:
    def choice(answer: plan.Plan) -> str:
        return str(files.sites(answer)["choice"].tolist()[1])

    assert choice(over_ground(tmp_path, ridge=0)) == "wireless"
    assert choice(over_ground(tmp_path, ridge=60)) == "fiber"
    assert "no point of presence reaches them" in " ".join(over_ground(tmp_path, ridge=60).inputs.notes)
    assert choice(over_ground(tmp_path, None)) == "wireless"
    assert "only the range was looked at" in " ".join(over_ground(tmp_path, None).inputs.notes)
    assert choice(over_ground(tmp_path, 0, WIRELESS.replace("miles = 10", "miles = 8"))) == "fiber"
    assert choice(over_ground(tmp_path, 0, WIRELESS + "wireless_mbps = 50\n")) == "fiber"


def test_the_bulge_of_the_earth_hides_low_masts(tmp_path: Path) -> None:
    # half way along 13.8 km the Earth rises 13.8 km squared / (8 x 4/3 x 6,371 km) = 2.8 m
    assert over_ground(tmp_path, 0, WIRELESS.replace("meters = 20", "meters = 2.5")).inputs.sites[1].alternative is None
    assert over_ground(tmp_path, 0, WIRELESS.replace("meters = 20", "meters = 3")).inputs.sites[1].alternative == 24


def test_the_match_follows_the_rule_of_the_funding_year(tmp_path: Path) -> None:
    text = "site_id,node,c1_rate,state_match_percent\nA,s1,80,10\nB,s2,,\n"
    answer = found(tmp_path, sites=text)
    paid = files.sites(answer, 2026).iloc[0]
    assert [str(paid[name]) for name in ("rate_applied", "erate_usd", "state_usd", "applicant_usd")] == [
        "90.0", "72.00", "8.00", "0.00"
    ]  # fmt: skip
    assert files.solution(answer, files.sites(answer, 2026))["shares_usd"] == {
        "erate": 72, "state": 8, "applicant": 0, "sites_with_a_rate": 1
    }  # fmt: skip
    with pytest.raises(NoRule, match="give --funding-year"):
        files.sites(answer)


def test_without_a_network_neighbors_are_linked_and_the_detour_is_told(tmp_path: Path) -> None:
    text = "site_id,node,alternative_usd\nA,s1,\nB,s2,\n"
    answer = found(tmp_path, sites=text, network=None, nodes=NODES, costs="detour = 1.5\n")
    assert answer.result.status == Status.optimal
    assert "1.5 times" in files.notes(answer)[0]
    straight = 8284.0  # meters between pop and x: 0.1 degree of longitude at 42 degrees north
    assert answer.steps["x"].link.meters == pytest.approx(1.5 * straight, rel=0.001)
    told = answer.construction_range()
    assert told is not None
    assert told.low < answer.construction < told.high


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"sites": "site_id,node\nA,s9\n"}, "node s9 is on no link"),
        ({"network": NETWORK + "x,x,1,1\n"}, "the link leads from x to itself"),
        ({"network": NETWORK.replace(",110", ",-110")}, "usd is '-110'"),
        ({"sites": "site_id,node\n"}, "the file names no site"),
        ({"costs": "usd_per_feet = 3\n"}, "did you mean usd_per_foot?"),
        ({"costs": "lit_usd_month = [3, 2, 1]\n"}, "three in rising order"),
        ({"costs": "wireless_usd_month = 1\n"}, "wireless service is priced and wireless_miles is not given"),
        ({"sites": "site_id,node,alternative\nA,s1,satellite\n"}, "satellite_usd_month in the file of --costs"),
    ],
)
def test_faults_are_told_in_words(tmp_path: Path, texts: dict[str, str], words: str) -> None:
    assert words in refusal(tmp_path, **texts)


def test_a_site_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    cut_off = NETWORK + "far,farther,1,1\n"
    with pytest.raises(NoAnswer, match="from them to a point of presence: B"):
        found(tmp_path, network=cut_off, sites="site_id,node\nA,s1\nB,far\n")
    answer = found(tmp_path, network=cut_off, sites="site_id,node,alternative_usd\nA,s1,\nB,far,5\n")
    assert answer.out_of_reach == ("B",)
    assert answer.result.objective == 115


def run(folder: Path, *more: str, sites: str = SITES) -> Result:
    told = {"sites": sites, "network": NETWORK, "nodes": NODES}
    words = [word for name, text in told.items() for word in (f"--{name}", str(put(folder, f"{name}.csv", text)))]
    return CliRunner().invoke(build, [*words, "-o", str(folder / "out"), *more])


def test_the_command_writes_the_declared_files(tmp_path: Path) -> None:
    assert run(tmp_path, "--pop", "pop", "--gap", "0").exit_code == 0
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "map.html", "routes.csv", "routes.geojson", "sites.csv", "solution.json",
    ]  # fmt: skip
    assert (out / "routes.csv").read_text(encoding="utf-8").splitlines()[
        1
    ] == "pop,x,100.00,2,1609.344,1.0,pop,A B,fiber,0.00"
    told = json.loads((out / "solution.json").read_text(encoding="utf-8"))
    assert (told["status"], told["objective_usd"], told["bound_usd"]) == ("optimal", 170.0, 170.0)
    assert told["stamps"] == ["BUDGET ESTIMATE, NOT A DESIGN"]


@pytest.mark.parametrize("sites", ["site_id,node,alternative_usd\nA,s1,5\n", "site_id,node,alternative_usd\nA,pop,\n"])
def test_where_nothing_is_worth_building_the_answer_says_so(tmp_path: Path, sites: str) -> None:
    said = run(tmp_path, "--pop", "pop", "--gap", "0", sites=sites)
    assert said.exit_code == 0, said.exception
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["map.html", "routes.csv", "sites.csv", "solution.json"]
    assert json.loads((out / "solution.json").read_text(encoding="utf-8"))["links"] == 0
    assert "in 0 links" in said.output


def test_without_a_point_of_presence_the_command_asks_for_one(tmp_path: Path) -> None:
    assert "give --pop NODE" in str(run(tmp_path).exception)
    unknown = run(tmp_path, "--pop", "nowhere").exception
    assert isinstance(unknown, BadInput)
    assert "point of presence nowhere is on no link" in str(unknown)
