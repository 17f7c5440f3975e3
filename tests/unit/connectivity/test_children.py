"""Children without a computer and broadband: shares of tracts, margins carried through, a range and never a point."""

from pathlib import Path

import pandas as pd
import pytest
from publishers import (
    BOTH_BOX,
    EAST,
    EAST_BLOCK,
    EAST_BOX,
    EAST_CELL,
    NOWHERE_CELL,
    WEST,
    WEST_BOX,
    Offer,
    add,
    bdc,
    s2802,
    shapes,
    start,
    tracts,
    two_districts,
)

from infraplan.connectivity import children
from infraplan.errors import InfraplanError, NoTable
from infraplan.workspace import Workspace

ACS = "ACSST5Y2022.S2802-Data.csv"
TRACT, OTHER_TRACT = "23001010100", "23003010100"


def tract(geoid: str) -> str:
    return f"1400000US{geoid}"


def rows(where: Workspace, **options: object) -> dict[str | None, tuple[object, ...]]:
    """Children, without access, low and high by area."""
    table = children.child_gaps(where, **options).table  # type: ignore[arg-type]
    found: dict[str | None, tuple[object, ...]] = {}
    for _, one in table.iterrows():
        cells = [one[name] for name in ("children", "without_access", "low", "high")]
        key = None if pd.isna(one["area_id"]) else str(one["area_id"])
        found[key] = tuple(None if pd.isna(cell) else int(cell) for cell in cells)
    return found


def test_a_published_estimate_for_the_district_is_taken_as_it_is(maine: Workspace, tmp_path: Path) -> None:
    """100 +- 10 children, 60 +- 8 with access: p = 0.6, margin sqrt(8^2 - (0.6 x 10)^2 + (0.4 x 10)^2) = 6.63."""
    add(maine, s2802(tmp_path / ACS, (f"9700000US{WEST}", 100, 10, 60, 8), (tract(TRACT), 900, 90, 1, 1)))
    gaps = children.child_gaps(maine)
    assert rows(maine) == {WEST: (100, 40, 33, 47)}
    assert gaps.table["method"].tolist() == ["published"]
    assert "American Community Survey 2022" in gaps.title


def test_where_the_root_would_be_of_a_negative_the_ratio_formula_is_used(maine: Workspace, tmp_path: Path) -> None:
    """100 +- 20, 60 +- 5: 25 - 144 is negative, so 25 + 144 = 169; sqrt(169 + 8^2) = 15.26."""
    add(maine, s2802(tmp_path / ACS, (f"9700000US{WEST}", 100, 20, 60, 5)))
    assert rows(maine) == {WEST: (100, 40, 25, 55)}


def test_the_range_stays_between_none_and_all_children(maine: Workspace, tmp_path: Path) -> None:
    add(maine, s2802(tmp_path / ACS, (f"9700000US{WEST}", 20, 19, 18, 19), (f"9700000US{EAST}", 20, 19, 2, 19)))
    found = rows(maine)
    assert found[WEST][2] == 0
    assert found[EAST][3] == 20


def test_districts_that_the_loaded_kind_of_estimate_leaves_out_are_told(maine: Workspace, tmp_path: Path) -> None:
    add(maine, two_districts(tmp_path), s2802(tmp_path / ACS, (f"9700000US{WEST}", 100, 10, 60, 8)))
    assert any(
        note.startswith("1 of 2 districts with a boundary are not among") for note in children.child_gaps(maine).notes
    )
    add(
        maine,
        s2802(tmp_path / "ACSST5Y2023.S2802-Data.csv", *((f"9700000US{one}", 9, 1, 6, 1) for one in (WEST, EAST))),
    )
    assert not any("boundary are not among" in note for note in children.child_gaps(maine).notes)


def test_estimates_without_a_margin_are_told(maine: Workspace, tmp_path: Path) -> None:
    add(maine, s2802(tmp_path / ACS, (f"9700000US{WEST}", 100, "**", 60, 8)))
    assert any(
        note.startswith("1 estimates come without a margin of error") for note in children.child_gaps(maine).notes
    )


def test_tracts_are_shared_by_the_area_that_lies_in_each_district(maine: Workspace, tmp_path: Path) -> None:
    """A tract over both districts gives each half: 50 +- 5 children, 30 +- 4 with access; sqrt(16 - 9 + 4) = 3.32."""
    add(
        maine,
        two_districts(tmp_path),
        tracts(tmp_path / "tl_2025_23_tract.gpkg", (TRACT, BOTH_BOX)),
        s2802(tmp_path / ACS, (tract(TRACT), 100, 10, 60, 8)),
    )
    gaps = children.child_gaps(maine)
    assert rows(maine) == {WEST: (50, 20, 17, 23), EAST: (50, 20, 17, 23)}
    assert set(gaps.table["method"]) == {"tract_area"}
    assert any("by their tract boundaries: 100.0% of children placed" in note for note in gaps.notes)


def test_margins_of_two_tracts_combine_as_the_root_of_summed_squares(maine: Workspace, tmp_path: Path) -> None:
    """West has a whole tract (100 +- 30, 50 +- 30) and half of another (200 +- 80, 100 +- 80), so margins 30 and 40.

    Children 200 +- 50, with access 100 +- 50: p = 0.5, sqrt(2500 - 625 + 625) = 50.
    """
    add(
        maine,
        two_districts(tmp_path),
        tracts(tmp_path / "t.gpkg", (TRACT, WEST_BOX), (OTHER_TRACT, BOTH_BOX)),
        s2802(tmp_path / ACS, (tract(TRACT), 100, 30, 50, 30), (tract(OTHER_TRACT), 200, 80, 100, 80)),
    )
    assert rows(maine)[WEST] == (200, 100, 50, 150)


def test_of_estimates_that_are_zero_only_the_largest_margin_counts() -> None:
    frame = pd.DataFrame(
        {"share": [1.0, 1.0, 1.0, 1.0], "estimate_children": [0, 0, 50, 40], "margin_children": [12, 9, 3, 4]}
    )
    assert children.summed_margin(frame, "children") == 13.0


def test_a_part_of_a_tract_outside_every_district_has_a_row_of_its_own(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        shapes(tmp_path / "tl_2025_23_elsd.zip", (WEST, "West El", WEST_BOX), layer="elementary"),
        shapes(tmp_path / "tl_2025_23_scsd.zip", ("2300009", "High", WEST_BOX), layer="secondary"),
        tracts(tmp_path / "t.gpkg", (TRACT, BOTH_BOX)),
        s2802(tmp_path / ACS, (tract(TRACT), 100, 10, 60, 8)),
    )
    found = rows(maine)
    assert found[WEST] == found["2300009"] == (50, 20, 17, 23), "the two lie over each other"
    assert found[None] == (50, 20, 17, 23)
    table = children.child_gaps(maine).table
    assert table[table["area_id"].isna()]["name"].tolist() == [children.IN_NO_DISTRICT]


def test_without_tract_boundaries_the_loaded_locations_share_a_tract(maine: Workspace, tmp_path: Path) -> None:
    """Three homes of the tract lie in West, one in no district: 75 and 25 of 100 children."""
    offers = [Offer(1), Offer(2), Offer(3), Offer(3, technology=40), Offer(4, cell=NOWHERE_CELL)]
    offers.append(Offer(5, cell=EAST_CELL, block=EAST_BLOCK))
    add(
        maine,
        two_districts(tmp_path),
        bdc(tmp_path / "x.csv", *offers),
        s2802(tmp_path / ACS, (tract(TRACT), 100, 0, 60, 0), (tract(OTHER_TRACT), 10, 0, 10, 0)),
    )
    gaps = children.child_gaps(maine)
    assert {area: found[:2] for area, found in rows(maine).items()} == {WEST: (75, 30), EAST: (10, 0), None: (25, 10)}
    assert set(gaps.table["method"]) == {"tract_locations"}
    assert any("by their locations of the loaded FCC files" in note for note in gaps.notes)


def test_a_district_without_an_estimate_is_blank_and_not_zero(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        two_districts(tmp_path),
        tracts(tmp_path / "t.gpkg", (TRACT, WEST_BOX), (OTHER_TRACT, EAST_BOX)),
        s2802(
            tmp_path / ACS, (tract(TRACT), 100, 10, 60, 8), (tract(OTHER_TRACT), "-666666666", "-222222222", "-", "**")
        ),
    )
    assert rows(maine)[EAST] == (None, None, None, None)
    assert rows(maine)[WEST] == (100, 40, 33, 47)


def test_a_jam_value_is_null_before_any_arithmetic(maine: Workspace, tmp_path: Path) -> None:
    """A tract without an estimate leaves the district with what its other tract says; -555555555 is a margin of zero."""
    (taken,) = add(
        maine,
        s2802(tmp_path / ACS, (tract(TRACT), 100, "-555555555", 60, 0), (tract(OTHER_TRACT), "-666666666", 1, 5, 1)),
    )
    add(maine, two_districts(tmp_path), tracts(tmp_path / "t.gpkg", (TRACT, WEST_BOX), (OTHER_TRACT, WEST_BOX)))
    assert rows(maine)[WEST] == (100, 40, 40, 40)
    assert "1 estimates are not published (too few cases): null, not zero" in taken.receipt.notes


def test_whole_tracts_are_added_up_by_county_and_state(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        s2802(
            tmp_path / ACS,
            (tract("23001010100"), 100, 0, 60, 0),
            (tract("23001010200"), 100, 0, 90, 0),
            (tract("23003010100"), 10, 0, 5, 0),
        ),
    )
    assert rows(maine, by="county") == {"23001": (200, 50, 50, 50), "23003": (10, 5, 5, 5)}
    assert rows(maine, by="state") == {"23": (210, 55, 55, 55)}
    table = children.child_gaps(maine, by="state").table
    assert table[["name", "method"]].to_numpy().tolist() == [["Maine", "tracts"]]


def test_tracts_of_another_census_are_refused_with_their_share(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        two_districts(tmp_path),
        bdc(tmp_path / "x.csv", Offer(1)),
        s2802(tmp_path / ACS, (tract(TRACT), 100, 0, 60, 0), (tract("23999999900"), 100, 0, 60, 0)),
    )
    with pytest.raises(InfraplanError, match=r"only 50\.0% of the children .*2010 against 2020"):
        children.child_gaps(maine)


def test_new_connecticut_tracts_against_old_fcc_blocks_are_refused_by_name(tmp_path: Path) -> None:
    connecticut = start(tmp_path / "ct", "CT")
    add(
        connecticut,
        shapes(tmp_path / "tl_2025_09_unsd.zip", ("0900001", "Town", WEST_BOX)),
        bdc(tmp_path / "x.csv", Offer(1, block="090010101001000", state="CT")),
        s2802(tmp_path / ACS, ("1400000US09110010100", 100, 0, 60, 0)),
    )
    with pytest.raises(
        InfraplanError, match=r"Connecticut's planning regions \(09110 to 09190\) replaced its counties"
    ):
        children.child_gaps(connecticut)


def test_what_is_missing_is_named(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NoTable, match="S2802"):
        children.child_gaps(maine)
    add(maine, s2802(tmp_path / ACS, (f"9700000US{WEST}", 100, 10, 60, 8)))
    with pytest.raises(NoTable, match="estimates are loaded by district, and not by tract"):
        children.child_gaps(maine, by="county")
    other = start(tmp_path / "other")
    add(other, s2802(tmp_path / "t.csv", (tract(TRACT), 100, 10, 60, 8)))
    with pytest.raises(NoTable, match="neither tract boundaries nor FCC locations"):
        children.child_gaps(other)
