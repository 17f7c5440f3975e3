"""The gap map where no boundaries are loaded: districts in the middle of their schools, or a plain refusal."""

from pathlib import Path

import pytest
from publishers import EAST, WEST, add, bandwidth, edge, edge_row

from infraplan.connectivity import areas, layers, schools
from infraplan.connectivity.homes import home_rule
from infraplan.errors import NoTable
from infraplan.workspace import Workspace

FCC = schools.target("fcc-2014")
SCHOOLS = [
    edge_row("230000100001", "West High", members=300),
    edge_row("230000100002", "West Elementary", members=100),
    edge_row("230000200001", "East School", members=200),
]


def test_each_district_is_a_point_in_the_middle_of_its_schools(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *SCHOOLS))
    found, notes = areas.boundaries(maine)
    assert found["area_id"].tolist() == [WEST, EAST]
    own = maine.frame("schools").groupby("lea_id")["lon"].median()
    assert [point.coords[0][0] for point in found.geometry] == own.tolist()
    assert notes == [
        "No district boundaries are loaded: each district stands in the middle of its schools; homes cannot be placed in it."
    ]


def test_what_needs_no_boundary_is_on_the_map_and_the_rest_is_said(maine: Workspace, tmp_path: Path) -> None:
    add(maine, edge(tmp_path / "edge.csv", *SCHOOLS))
    table, mapping = bandwidth(tmp_path, f"nces,mbps,service,students\n{WEST},100,,\n")
    add(maine, table, column_map=mapping)
    shown = layers.map_tables(maine, rule=home_rule("bead-2022"), aim=FCC)
    assert [name for name in shown.layers if name.startswith("schools")] == [
        *layers.SCHOOL_LAYERS,
        "schools_below_target",
    ]
    assert any("one view of schools is not shown: no FCC file with fiber" in note for note in shown.notes)
    assert not [name for name in shown.layers if name.startswith("homes")]
    assert shown.areas.set_index("area_id")["mbps"][WEST] == 100.0
    assert any("home gaps are not shown" in note for note in shown.notes)


def test_with_neither_boundaries_nor_schools_the_map_is_refused(maine: Workspace) -> None:
    with pytest.raises(NoTable, match="or the school points"):
        areas.boundaries(maine)
