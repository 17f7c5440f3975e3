"""The sample state's sites, buses, programs and towers can be used as they are, and say that they are invented."""

import tomllib
from decimal import Decimal
from pathlib import Path

from infraplan import tablefiles
from infraplan.connectivity.community import inputs as beyond
from infraplan.connectivity.network import files, inputs, plan
from infraplan.solve import Limits


def test_every_kind_of_measure_is_there_and_says_that_its_cost_is_invented(franklin: Path) -> None:
    table = tablefiles.read_declared(franklin / "beyond" / "measures.csv", "community_measures")
    kinds = {"library", "community_center", "parked_bus", "bus_route", "hotspots", "lifeline_outreach"}
    assert set(table["kind"]) == kinds
    assert table["cost_source"].str.contains("ILLUSTRATIVE").all()
    assert table["existing"].any()


def test_measures_and_stops_fit_together(franklin: Path) -> None:
    point = franklin / "beyond" / "one_point.csv"
    point.write_text("point_id,lon,lat,students\na,-98,39.5,10\n", encoding="utf-8")
    tables, paths = beyond.read_files(franklin / "beyond" / "measures.csv", point, franklin / "beyond" / "stops.csv")
    point.unlink()
    told = beyond.assemble(tables, beyond.Policy(Decimal(1), funding_year=2026))
    assert all(len(one.places) > 1 for one in told.measures if one.kind == "bus_route")
    assert len(paths) == 3


def test_the_network_can_be_budgeted_with_towers_terrain_and_costs(franklin: Path) -> None:
    bids = franklin / "bids"
    sites, network, nodes, terrain, towers = (
        bids / f"build_{name}.csv" for name in ("sites", "network", "nodes", "terrain", "towers")
    )
    told = inputs.read(sites, network, nodes, ["pop0"], bids / "build_costs.toml", terrain, towers)
    answer = plan.find(told, Limits(gap=0.001, threads=1))
    span = files.total_range(answer)
    assert span is not None
    assert span.low < span.middle < span.high
    assert "ILLUSTRATIVE" in (bids / "build_costs.toml").read_text(encoding="utf-8")
    assert tomllib.loads((bids / "build_costs.toml").read_text(encoding="utf-8"))["horizon_years"] == 20
