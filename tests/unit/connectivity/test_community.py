"""Beyond the school door: who could serve whom, what E-Rate pays, what the answer says, and what is refused in words."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import h3
import pandas as pd
import pytest
from click.testing import CliRunner

from infraplan import rules, tablefiles
from infraplan.cli import infraplan
from infraplan.connectivity.community import choice, demand, files, inputs
from infraplan.connectivity.community.inputs import Inputs, Policy
from infraplan.errors import BadInput, InfraplanError, NoRule
from infraplan.solve import Limits

PROVED = Limits(gap=0, threads=1)
POINTS = """point_id,lon,lat,students,students_low,students_high,offered_students,poor_share,lea_id
north,-70,45,40,30,50,10,0,9900001
near,-70,45.005,30,20,40,0,1,9900001
far,-71,45,20,10,30,5,,9900002
"""
MEASURES = """site_id,kind,lon,lat,radius_miles,capacity,usd_once,usd_month,usd_student_month,take_up_percent,c1_rate
lib,library,-70,45,1,50,100,100,,,
hall,community_center,-71,45,1,,,90,,,
hot,hotspots,,,,,,,15,,80
help,lifeline_outreach,,,,,,,1,50,
"""


def asked(tmp_path: Path, budget: str, *, points: str = POINTS, measures: str = MEASURES, **policy: Any) -> Inputs:
    paths = {}
    for name, text in (("community_points", points), ("community_measures", measures)):
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text(text)
    tables, told = inputs.read_files(paths["community_measures"], paths["community_points"])
    return inputs.assemble(tables, Policy(Decimal(budget), funding_year=2026, need_weight=0, **policy), told)


def test_a_case_done_by_hand(tmp_path: Path) -> None:
    """$2,500: the library ($100 + 12 x $100 = $1,300) fills its 50 seats, the hall ($1,080) serves 20.

    Of the $120 left, outreach wins half of the north's 10 offered students for $12 each ($60). The far place's are served
    already; the last $60 lend a third of a hotspot (12 x $15 = $180 each).
    """
    found = choice.find(asked(tmp_path, "2500"), PROVED)
    assert [round(served, 3) for served in found.serving.by_measure] == [50, 20, 0.333, 5]
    assert found.serving.students == pytest.approx(75 + 1 / 3, abs=1e-4)
    assert found.result.gap == 0
    assert found.spent == Decimal("2500.00")


def test_need_decides_between_places_that_are_otherwise_alike(tmp_path: Path) -> None:
    points = "point_id,lon,lat,students,poor_share\na,-70,45,10,0.1\nb,-71,45,10,0.4\n"
    measures = "site_id,kind,lon,lat,radius_miles,usd_once\nA,library,-70,45,1,500\nB,library,-71,45,1,500\n"
    told = asked(tmp_path, "500", points=points, measures=measures)
    weighted = Inputs(told.points, told.measures, told.pairs, told.budget, told.months, 1.0)
    found = choice.find(weighted, PROVED)
    assert choice.chosen_names(found) == ["B"]
    assert found.result.objective == pytest.approx(14.0)


def test_what_exists_costs_nothing_and_stays(tmp_path: Path) -> None:
    measures = (
        "site_id,kind,lon,lat,radius_miles,capacity,existing,usd_once\n"
        "old,library,-70,45,1,50,yes,\nnew,library,-70,45,1,50,no,10\n"
    )
    found = choice.find(asked(tmp_path, "0", measures=measures), PROVED)
    assert found.chosen == ()
    assert found.serving.by_measure.tolist() == pytest.approx([50, 0])
    richer = choice.find(asked(tmp_path, "10", measures=measures), PROVED)
    assert richer.serving.students == pytest.approx(70)


def test_a_budget_of_zero_is_an_answer_in_words(tmp_path: Path) -> None:
    told = asked(tmp_path, "0")
    plan = files.explained(choice.find(told, PROVED), Policy(Decimal(0)), PROVED)
    assert "0 of 90 unreached students would be reached" in " ".join(files.summary(plan))
    assert set(files.sites(plan)["choice"]) == {"not chosen"}


def test_capacity_take_up_and_radius_bound_who_is_served(tmp_path: Path) -> None:
    told = asked(tmp_path, "99999")
    within = told.pairs.assign(served=told.most()).groupby("measure")["served"].sum()
    assert within.tolist() == pytest.approx([70, 20, 90, 7.5])


def test_a_bus_serves_from_every_stop(tmp_path: Path) -> None:
    measures, stops, points = tmp_path / "m.csv", tmp_path / "s.csv", tmp_path / "p.csv"
    points.write_text(POINTS)
    measures.write_text("site_id,kind,radius_miles,usd_month\nbus,bus_route,1,10\n")
    stops.write_text("site_id,lon,lat\nbus,-70,45\nbus,-71,45\n")
    tables, paths = inputs.read_files(measures, points, stops)
    told = inputs.assemble(tables, Policy(Decimal(500)), paths)
    assert told.pairs["point"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(("kind", "year", "share"), [
    ("bus_route", 2024, "0.8"), ("bus_route", 2025, "0"), ("parked_bus", 2024, "0"), ("hotspots", 2024, "0"),
    ("hotspots", 2026, "0"), ("library", 2024, "0"),
])  # fmt: skip
def test_e_rate_pays_only_what_the_year_makes_eligible(tmp_path: Path, kind: str, year: int, share: str) -> None:
    place = "" if kind == "hotspots" else "-70"
    table = tmp_path / "m.csv"
    table.write_text(f"site_id,kind,lon,lat,radius_miles,usd_month,c1_rate\nx,{kind},{place},45,1,10,80\n")
    points = tmp_path / "p.csv"
    points.write_text(POINTS)
    tables, paths = inputs.read_files(table, points)
    told = inputs.assemble(tables, Policy(Decimal(500), funding_year=year), paths)
    assert told.measures[0].erate == Decimal(share)
    assert told.measures[0].fixed_net == Decimal(120) * (1 - Decimal(share))


def test_months_of_years_that_do_not_pay_draw_nothing_from_e_rate(tmp_path: Path) -> None:
    """FY2024 pays for buses, FY2025 does not: 2,000 once and 12 of 24 months at 100 count, 80 percent of 3,200."""
    table, points = tmp_path / "m.csv", tmp_path / "p.csv"
    table.write_text(
        "site_id,kind,lon,lat,radius_miles,usd_once,usd_month,usd_student_month,c1_rate\nx,bus_route,-70,45,1,2000,100,1,80\n"
    )
    points.write_text(POINTS)
    tables, paths = inputs.read_files(table, points)
    told = inputs.assemble(tables, Policy(Decimal(9999), months=24, funding_year=2024), paths)
    assert told.measures[0].fixed_net == 4400 - 2560
    assert round(told.measures[0].each_net, 6) == Decimal(24) - Decimal("0.8") * 12
    found = choice.find(told, PROVED)
    assert found.cost(0) - found.erate(0) == found.spent
    assert float(found.erate(0)) == pytest.approx(2560 + 9.6 * 70, abs=0.01)
    assert "E-Rate pays nothing for Wi-Fi on school buses in FY2025" in " ".join(told.notes)


def test_years_without_rules_behind_the_first_draw_nothing_and_are_told(tmp_path: Path) -> None:
    table, points = tmp_path / "m.csv", tmp_path / "p.csv"
    table.write_text("site_id,kind,usd_month,c1_rate\nx,hotspots,10,80\n")
    points.write_text(POINTS)
    tables, paths = inputs.read_files(table, points)
    last = int(rules.editions("erate", "program")[-1])
    told = inputs.assemble(tables, Policy(Decimal(9999), months=24, funding_year=last), paths)
    assert told.measures[0].erate == 0
    assert f"no rules of FY{last + 1} are known here" in " ".join(told.notes)


def test_a_rate_without_a_year_is_refused(tmp_path: Path) -> None:
    points, measures = tmp_path / "p.csv", tmp_path / "m.csv"
    points.write_text(POINTS)
    measures.write_text(MEASURES)
    tables, paths = inputs.read_files(measures, points)
    with pytest.raises(NoRule, match="--funding-year"):
        inputs.assemble(tables, Policy(Decimal(1)), paths)


BAD = [
    ({"measures": "site_id,kind,lon,lat,radius_miles,usd_once\na,library,,,1,5\n"}, "a has no place"),
    ({"measures": "site_id,kind,lon,lat,radius_miles,usd_once\na,library,1,1,,5\n"}, "how far students come"),
    ({"measures": "site_id,kind,lon,lat,radius_miles,usd_once\na,library,1,1,1,\n"}, "a has no cost"),
    ({"measures": "site_id,kind,usd_student_month\na,lifeline_outreach,5\n"}, "share of families it wins over"),
    ({"measures": "site_id,kind,usd_once\na,spaceship,5\n"}, "spaceship"),
    ({"measures": "site_id,kind,usd_once\n"}, "names no site"),
    ({"points": "point_id,lon,lat,students,students_low\na,1,1,5,9\n"}, "students_low"),
    ({"points": "point_id,lon,lat,students,offered_students\na,1,1,5,9\n"}, "offered_students is more"),
    ({"points": "point_id,lon,lat,students\na,1,1,0\n"}, "no unreached student"),
    ({"points": "point_id,lon,lat,students\na,1,1,-4\n"}, "-4"),
]


@pytest.mark.parametrize(("texts", "words"), BAD)
def test_faults_are_told_in_words(tmp_path: Path, texts: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        asked(tmp_path, "100", **texts)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    measures = "site_id,kind,lon,lat,radius_miles,usd_once\na,library,,,1,5\nb,library,1,1,1,\nc,school,1,1,,5\n"
    with pytest.raises(BadInput) as refused:
        asked(tmp_path, "100", measures=measures)
    assert {fault.row for fault in refused.value.faults} == {2, 3, 4}


def test_children_are_spread_first_over_homes_without_an_offer() -> None:
    """Ten homes in each of two places, all of one without an offer: 1 child a home, 14 without access."""
    cells = pd.DataFrame(
        {
            "lea_id": "9900001",
            "cell": [h3.latlng_to_cell(45.0, -70.0, 8), h3.latlng_to_cell(45.5, -70.0, 8)],
            "locations": [10, 10],
            "unserved": [10, 0],
        }
    )
    gaps = pd.DataFrame(
        {"area_id": ["9900001"], "children": [20], "without_access": [14], "low": [8], "high": [18], "name": ["A"]}
    )
    points = demand.spread(cells, gaps).sort_values("lat")
    assert points["students"].tolist() == pytest.approx([10, 4])
    assert points["students_low"].tolist() == pytest.approx([8, 0])
    assert points["students_high"].tolist() == pytest.approx([10, 8])
    assert points["offered_students"].tolist() == pytest.approx([0, 4])


def test_the_answer_says_why_and_who_stays_unreached(tmp_path: Path) -> None:
    told = asked(tmp_path, "1400")
    plan = files.explained(choice.find(told, PROVED), Policy(Decimal(1400)), PROVED)
    sites = files.sites(plan).set_index("site_id")
    assert sites.loc["lib", "choice"] == "chosen"
    assert sites.loc["lib", "lost_without"] == pytest.approx(50, abs=0.01)
    assert "without it" in str(sites.loc["lib", "why"])
    assert sites.loc["hall", "choice"] == "not chosen"
    assert "reaches more elsewhere" in str(sites.loc["hall", "why"])
    points = files.points(plan).set_index("point_id")
    assert points["unreached"].sum() + points["reached"].sum() == pytest.approx(90, abs=0.01)
    assert (
        points.loc["far", "why_unreached"] == "what reaches them costs more for each student than the budget has left"
    )


def test_more_money_never_reaches_fewer(tmp_path: Path) -> None:
    told = asked(tmp_path, "2000")
    steps = files.budgets(files.explained(choice.find(told, PROVED), Policy(Decimal(2000)), PROVED))
    assert steps["budget_usd"].is_monotonic_increasing
    assert (steps["weighted"].diff().dropna() >= -1e-6).all()


def command(tmp_path: Path, *more: str) -> tuple[int, str]:
    (tmp_path / "p.csv").write_text(POINTS)
    (tmp_path / "m.csv").write_text(MEASURES)
    arguments = [
        "connectivity",
        "community",
        "--points",
        str(tmp_path / "p.csv"),
        "--measures",
        str(tmp_path / "m.csv"),
    ]
    arguments += ["--workspace", str(tmp_path / "none"), "-o", str(tmp_path / "out"), *more]
    ran = CliRunner().invoke(infraplan, arguments)
    return ran.exit_code, ran.output


def test_the_command_writes_the_declared_files(tmp_path: Path) -> None:
    code, words = command(tmp_path, "--budget", "$2,500", "--funding-year", "2026")
    assert code == 0, words
    out = tmp_path / "out"
    assert len(tablefiles.read_declared(out / "community_sites.csv", "community_sites")) == 4
    assert len(tablefiles.read_declared(out / "reach.csv", "community_reach")) == 3
    assert len(tablefiles.read_declared(out / "budgets.csv", "community_budgets")) == 8
    record = json.loads((out / "solution.json").read_text())
    assert record["status"] == "within_gap" or record["status"] == "optimal"
    assert record["objective_unit"] == "students, weighted by need"
    assert any(told["program"] == "E-Rate, hotspots" and not told["pays"] for told in record["programs"])
    assert all(told["source"] for told in record["programs"])


@pytest.mark.parametrize("budget", ["lots", "-5", "nan"])
def test_a_budget_that_is_no_amount_is_wrong_usage(tmp_path: Path, budget: str) -> None:
    code, words = command(tmp_path, "--budget", budget, "--funding-year", "2026")
    assert code == 2
    assert "not an amount of money" in words


def test_without_a_workspace_and_points_the_command_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(MEASURES)
    arguments = ["connectivity", "community", "--measures", str(tmp_path / "m.csv"), "--budget", "5"]
    ran = CliRunner().invoke(infraplan, [*arguments, "--workspace", str(tmp_path), "-o", str(tmp_path / "out")])
    assert ran.exit_code == 1 or isinstance(ran.exception, InfraplanError)


def test_what_is_published_withholds_small_counts_and_the_words_that_tell_them(tmp_path: Path) -> None:
    code, words = command(tmp_path, "--budget", "2500", "--funding-year", "2026", "--publish")
    assert code == 0
    assert "cells withheld" in words
    table = pd.read_csv(tmp_path / "out" / "community_sites.csv").set_index("site_id")
    assert table["students"].isna().to_dict()["help"]
    assert table.loc["lib", "students"] == pytest.approx(50, abs=0.01)
    assert "serves" not in str(table.loc["lib", "why"])


def test_words_count_whole_students_and_add_up(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(
        "point_id,lon,lat,students\np1,-70,45,20\np2,-70.01,45,5.5\n", encoding="utf-8"
    )
    (tmp_path / "measures.csv").write_text("site_id,kind,usd_once\nH,hotspots,5\n", encoding="utf-8")
    words = ["--points", str(tmp_path / "points.csv"), "--measures", str(tmp_path / "measures.csv"), "--budget", "5"]
    said = CliRunner().invoke(
        infraplan, ["connectivity", "community", *words, "--workspace", str(tmp_path), "-o", str(tmp_path / "out")]
    )
    assert said.exit_code == 0, said.exception
    assert "26 of 26 unreached students would be reached (26 to 26 at the ends of the estimates); 0 stay" in said.output
    page = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    assert "26 of 26 students without broadband at home could be reached" in page
    assert "; 0 stay unreached" in page
