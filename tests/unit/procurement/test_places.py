"""Where applicants are drawn when no boundaries are loaded, and which source of a place goes first."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from infraplan.errors import BadInput, NoAnswer
from infraplan.procurement import places
from infraplan.workspace import Workspace

APPLICATIONS = pd.DataFrame([
    {"application_number": "A", "ben": "7", "name": "Elm", "applicant_type": "School District", "latitude": 45.0,
     "longitude": -69.0},
    {"application_number": "B", "ben": "8", "name": "Oak", "applicant_type": "School District", "latitude": None,
     "longitude": None},
    {"application_number": "C", "ben": "9", "name": "Ash Academy", "applicant_type": "School", "latitude": 44.0,
     "longitude": -70.0},
])  # fmt: skip


def workspace(**tables: pd.DataFrame) -> Workspace:
    """A stand-in that has just these tables."""
    made = SimpleNamespace(has=lambda name: name in tables, frame=lambda name: tables[name])
    return cast("Workspace", made)


def found(
    given: places.Points | None = None, crosswalk: dict[str, str] | None = None, **tables: pd.DataFrame
) -> places.Places:
    return places.of_districts(workspace(**tables), {"applications": APPLICATIONS}, "23", crosswalk, given)


def spots(told: places.Places) -> dict[str, tuple[float, ...] | None]:
    pairs = zip(told.areas["area_id"], told.areas.geometry, strict=True)
    return {str(key): None if shape is None or shape.is_empty else shape.coords[0] for key, shape in pairs}


def test_district_applicants_stand_where_they_filed_and_a_school_is_none_of_them() -> None:
    told = found()
    assert spots(told) == {"BEN 7": (-69.0, 45.0), "BEN 8": None}
    assert told.words[0] == ("No district boundaries are loaded: 1 of 2 district applicants have a place (1 as filed).")


def test_a_file_of_points_goes_before_what_usac_publishes_and_that_before_the_application() -> None:
    entities = pd.DataFrame([
        {"entity_id": ben, "kind": "School District", "lea_id": None, "latitude": 40.0 + at, "longitude": -60.0}
        for at, ben in enumerate("78")
    ])  # fmt: skip
    assert spots(found(erate_entities=entities)) == {"BEN 7": (-60.0, 40.0), "BEN 8": (-60.0, 41.0)}
    given = places.Points(by_ben={"8": (-50.0, 30.0)})
    assert spots(found(given, erate_entities=entities)) == {"BEN 7": (-60.0, 40.0), "BEN 8": (-50.0, 30.0)}


def test_a_district_without_a_point_of_its_own_stands_in_the_middle_of_its_schools() -> None:
    schools = pd.DataFrame([{"lea_id": "2300008", "lon": -70.0 - at, "lat": 43.0 + at} for at in range(3)])
    told = found(crosswalk={"8": "2300008"}, schools=schools)
    assert spots(told)["2300008"] == (-71.0, 44.0)
    assert "1 of 2 district applicants have an NCES number" in told.words[1]


def test_what_usac_publishes_of_districts_is_the_crosswalk_where_none_is_given() -> None:
    entities = pd.DataFrame([
        {"entity_id": "7", "kind": "School District", "lea_id": "2300007"},
        {"entity_id": "8", "kind": "School District", "lea_id": None},
        {"entity_id": "70", "kind": "School", "lea_id": "2300009"},
    ])  # fmt: skip
    assert places.published_crosswalk(entities) == {"7": "2300007"}
    assert set(found(erate_entities=entities).areas["area_id"]) == {"2300007", "BEN 8"}


def test_two_applicants_of_one_district_are_one_circle() -> None:
    told = found(crosswalk={"7": "2300007", "8": "2300007"})
    assert list(told.areas["area_id"]) == ["2300007"]
    assert told.leas == {"7": "2300007", "8": "2300007"}


def test_a_name_that_only_one_applicant_and_one_district_have_is_a_match_that_is_said() -> None:
    names = {"2300001": "ELM COMM SCHOOL DISTRICT", "2300002": "Oak", "2300003": "OAK USD 12", "1900001": "Elm"}
    told = found(places.Points(by_lea={"2300001": (-68.0, 46.0)}, names=names))
    assert spots(told) == {"2300001": (-68.0, 46.0), "BEN 8": None}
    assert "1 of them by their names alone (check them: Elm = ELM COMM SCHOOL DISTRICT)" in told.words[1]


def test_without_a_district_applicant_there_is_nothing_to_place() -> None:
    schools_only = {"applications": APPLICATIONS[APPLICATIONS["applicant_type"] == "School"]}
    with pytest.raises(NoAnswer, match="no district applicant is loaded"):
        places.of_districts(workspace(), schools_only, "23")


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "points.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_points_are_read_by_either_number_and_places_of_nowhere_are_passed_over(put: Callable[[str], Path]) -> None:
    told = places.points(put("entity_number,nces_cd,LAT,lon\n7,100006,34.3,-86.3\n8,,0,0\n9,0100007,,\n"))
    assert told == places.Points({"0100006": (-86.3, 34.3)}, {"7": (-86.3, 34.3)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lea_id,latitude\n1,2\n", "column longitude is missing"),
        ("name,lat,lon\nElm,44,-69\n", "column lea_id is missing"),
        ("lea_id,lat,lon\n2300001,444,-69\n", "latitude is 444, expected degrees from -90 to 90"),
        ("lea_id,lat,lon\n2300001,44,west\n", "longitude is west, expected degrees"),
    ],
)
def test_a_file_of_points_with_faults_is_refused_by_name(put: Callable[[str], Path], text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        places.points(put(text))


def test_every_fault_of_a_file_of_points_is_told_at_once(put: Callable[[str], Path]) -> None:
    with pytest.raises(BadInput) as refused:
        places.points(put("lea_id,lat,lon\n2300001,444,-69\n2300002,44,-690\n"))
    faults: Any = refused.value.faults
    assert [(fault.row, fault.column) for fault in faults] == [(2, "lat"), (3, "lon")]
