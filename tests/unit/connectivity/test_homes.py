"""Home gaps: who is counted, what serves a home, and where each location counts."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from publishers import (
    BOTH_BOX,
    EAST,
    EAST_BLOCK,
    EAST_CELL,
    NOWHERE_CELL,
    WEST,
    WEST_BLOCK,
    WEST_BOX,
    WEST_CELL,
    Offer,
    add,
    bdc,
    bdc_first_release,
    block_relation,
    served_export,
    shapes,
    start,
    two_districts,
)

from infraplan import tablefiles
from infraplan.connectivity import areas, homes
from infraplan.errors import BadInput, InfraplanError, NoTable
from infraplan.workspace import Workspace

BEAD = homes.home_rule("bead-2022")
D25 = "bdc_23_Mixed_fixed_broadband_D25_17mar2026.csv"
SHAPES_ALIKE = ("served", "underserved", "unserved")


def counts(where: Workspace, *offers: Offer, **options: object) -> dict[str, int]:
    """Classes of the whole state."""
    add(where, bdc(where.folder.parent / f"offers_{len(where.catalog)}.csv", *offers))
    table = homes.home_gaps(where, by="state", rule=BEAD, **options).table  # type: ignore[arg-type]
    row = table.iloc[0]
    return {name: int(row[name]) for name in ("locations", *SHAPES_ALIKE)}


def row(table: pd.DataFrame, area: str | None) -> pd.Series:
    rows = table[table["area_id"].isna()] if area is None else table[table["area_id"] == area]
    assert len(rows) == 1
    return rows.iloc[0]


def district_gaps(where: Workspace) -> pd.DataFrame:
    return homes.home_gaps(where, by="district", rule=BEAD).table


# --- what serves a home ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("down", "up", "kind"),
    [
        (100, 20, "served"),
        (99, 20, "underserved"),
        (100, 19, "underserved"),
        (25, 3, "underserved"),
        (24, 3, "unserved"),
        (25, 2, "unserved"),
        (0, 0, "unserved"),
    ],
)
def test_a_home_is_of_the_class_its_one_offer_reaches(maine: Workspace, down: int, up: int, kind: str) -> None:
    found = counts(maine, Offer(1, down=down, up=up))
    assert found == {"locations": 1, **{name: int(name == kind) for name in SHAPES_ALIKE}}


def test_one_offer_must_meet_both_speeds(maine: Workspace) -> None:
    found = counts(maine, Offer(1, technology=50, down=1000, up=5), Offer(1, technology=71, down=30, up=100))
    assert found == {"locations": 1, "served": 0, "underserved": 1, "unserved": 0}


def test_a_row_of_zero_speed_counts_the_home_and_serves_nobody(maine: Workspace) -> None:
    found = counts(maine, Offer(1, technology=10, down=0, up=0), Offer(2, technology=10, down=0, up=0), Offer(2))
    assert found == {"locations": 2, "served": 1, "underserved": 0, "unserved": 1}


def test_a_home_twice_under_one_provider_and_technology_is_one_home(maine: Workspace) -> None:
    found = counts(maine, Offer(1, down=10, up=1), Offer(1), Offer(1, code="X"))
    assert found == {"locations": 1, "served": 1, "underserved": 0, "unserved": 0}


def test_an_offer_of_high_latency_serves_nobody(maine: Workspace) -> None:
    assert counts(maine, Offer(1, latency=0))["unserved"] == 1


@pytest.mark.parametrize("technology", [60, 61, 70, 0])
def test_satellite_unlicensed_and_other_count_the_home_and_do_not_serve_it(maine: Workspace, technology: int) -> None:
    assert counts(maine, Offer(1, technology=technology)) == {
        "locations": 1,
        "served": 0,
        "underserved": 0,
        "unserved": 1,
    }


def test_the_terrestrial_rule_counts_unlicensed_and_other_and_no_satellite(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / "x.csv", *[Offer(n, technology=code) for n, code in enumerate((0, 70, 60, 61))]))
    gaps = homes.home_gaps(maine, by="state", rule=homes.home_rule("terrestrial"))
    assert gaps.table[["locations", "served", "unserved"]].to_numpy().tolist() == [[4, 2, 2]]
    assert gaps.table["rule_id"].tolist() == ["terrestrial"]


def test_offers_to_businesses_only_are_left_out_unless_asked_for(maine: Workspace, tmp_path: Path) -> None:
    offers = [Offer(1, code="B"), Offer(2, code="X"), Offer(3, code="R", down=10, up=1), Offer(3, code="B")]
    add(maine, bdc(tmp_path / "x.csv", *offers))
    plain = homes.home_gaps(maine, by="state", rule=BEAD)
    assert plain.table[["locations", "served"]].to_numpy().tolist() == [[2, 1]]
    both = homes.home_gaps(maine, by="state", rule=BEAD, business=True)
    assert both.table[["locations", "served"]].to_numpy().tolist() == [[3, 3]]
    assert "businesses included" in both.title


@pytest.mark.parametrize("by", ["district", "county", "state"])
def test_files_without_any_offer_to_homes_count_none(maine: Workspace, tmp_path: Path, by: areas.By) -> None:
    add(maine, two_districts(tmp_path), bdc(tmp_path / D25, Offer(1, code="B")))
    assert homes.home_gaps(maine, by=by, rule=BEAD).table["locations"].sum() == 0
    for kind in ("technology", "providers", "needs"):
        assert homes.details(maine, kind, by=by, rule=BEAD).empty


@pytest.mark.parametrize("by", ["district", "county", "state"])
def test_where_every_home_is_served_none_lacks_anything(maine: Workspace, tmp_path: Path, by: areas.By) -> None:
    add(maine, two_districts(tmp_path), bdc(tmp_path / D25, Offer(1)))
    assert homes.details(maine, "needs", by=by, rule=BEAD).empty


def test_both_releases_of_the_schema_give_the_same_table(maine: Workspace, tmp_path: Path) -> None:
    offers = [
        Offer(1),
        Offer(2, technology=10, down=30, up=5),
        Offer(3, technology=61, cell=EAST_CELL, block=EAST_BLOCK),
    ]
    older = start(tmp_path / "older")
    add(maine, bdc(tmp_path / "new.csv", *offers), two_districts(tmp_path))
    add(older, bdc_first_release(tmp_path / "old.csv", *offers), tmp_path / "tl_2025_23_unsd.zip")
    pd.testing.assert_frame_equal(district_gaps(maine), district_gaps(older))


# --- where a home counts --------------------------------------------------------------------------------------------


def test_homes_are_counted_in_the_district_around_the_center_of_their_cell(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        two_districts(tmp_path),
        bdc(tmp_path / D25, Offer(1), Offer(2, down=50, up=5), Offer(3, cell=EAST_CELL, down=1, up=1)),
    )
    gaps = homes.home_gaps(maine, by="district", rule=BEAD)
    west, east = row(gaps.table, WEST), row(gaps.table, EAST)
    assert (west["name"], west["locations"], west["served"], west["underserved"]) == ("West Unified", 2, 1, 1)
    assert (east["locations"], east["unserved"], east["unserved_share"]) == (1, 1, 1.0)
    assert set(gaps.table["method"]) == {"h3_center"}
    assert gaps.table["funded_locations"].isna().all()


def test_homes_in_no_district_have_a_row_without_an_id_and_are_said(maine: Workspace, tmp_path: Path) -> None:
    add(maine, two_districts(tmp_path), bdc(tmp_path / D25, Offer(1), Offer(2, cell=NOWHERE_CELL)))
    gaps = homes.home_gaps(maine, by="district", rule=BEAD)
    assert row(gaps.table, None)["own_locations"] == 1
    assert any("1 of 2 locations (50.00%) lie in no district" in note for note in gaps.notes)


def test_a_district_without_any_home_has_a_row_of_zeros_and_no_share(maine: Workspace, tmp_path: Path) -> None:
    add(maine, two_districts(tmp_path), bdc(tmp_path / D25, Offer(1)))
    east = row(district_gaps(maine), EAST)
    assert (east["locations"], east["own_locations"]) == (0, 0)
    assert pd.isna(east["unserved_share"])


def test_elementary_and_secondary_districts_overlap_and_own_locations_sum_to_the_states(
    maine: Workspace, tmp_path: Path
) -> None:
    high = "2300009"
    add(
        maine,
        shapes(tmp_path / "tl_2025_23_elsd.zip", (WEST, "West El", WEST_BOX), layer="elementary"),
        shapes(tmp_path / "tl_2025_23_scsd.zip", (high, "Union High", BOTH_BOX), layer="secondary"),
        bdc(tmp_path / D25, Offer(1), Offer(2), Offer(3, cell=EAST_CELL), Offer(4, cell=NOWHERE_CELL)),
    )
    table = district_gaps(maine)
    assert (row(table, WEST)["locations"], row(table, WEST)["own_locations"]) == (2, 2)
    assert (row(table, high)["locations"], row(table, high)["own_locations"]) == (3, 1)
    assert table["own_locations"].sum() == 4


def test_unified_districts_own_before_elementary_ones(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        shapes(tmp_path / "tl_2025_23_unsd.zip", (EAST, "Unified", BOTH_BOX)),
        shapes(tmp_path / "tl_2025_23_elsd.zip", (WEST, "West El", WEST_BOX), layer="elementary"),
        bdc(tmp_path / D25, Offer(1)),
    )
    table = district_gaps(maine)
    assert row(table, EAST)["own_locations"] == 1
    assert row(table, WEST)["own_locations"] == 0
    assert row(table, WEST)["locations"] == 1


def test_where_polygons_of_unknown_layer_overlap_by_sloppiness_the_smaller_owns(
    maine: Workspace, tmp_path: Path
) -> None:
    path = shapes(tmp_path / "me_2012.gpkg", (EAST, "Large", BOTH_BOX), (WEST, "Small", WEST_BOX), layer="unknown")
    (taken,) = add(maine, path)
    assert any("overlap each other by" in note and "square miles" in note for note in taken.receipt.notes)
    add(maine, bdc(tmp_path / D25, Offer(1), Offer(2, cell=EAST_CELL)))
    table = district_gaps(maine)
    assert (row(table, WEST)["locations"], row(table, WEST)["own_locations"]) == (1, 1)
    assert (row(table, EAST)["locations"], row(table, EAST)["own_locations"]) == (2, 1)


def test_boundaries_of_unknown_layer_give_way_to_those_with_layers(maine: Workspace, tmp_path: Path) -> None:
    add(
        maine,
        shapes(tmp_path / "old.gpkg", ("2300077", "Old", BOTH_BOX), layer="unknown"),
        two_districts(tmp_path),
        bdc(tmp_path / D25, Offer(1)),
    )
    gaps = homes.home_gaps(maine, by="district", rule=BEAD)
    assert gaps.table["area_id"].tolist() == [WEST, EAST]
    assert any("1 boundaries of unknown layer are set aside" in note for note in gaps.notes)


def test_supervisory_unions_are_no_places(maine: Workspace, tmp_path: Path) -> None:
    union = shapes(tmp_path / "tl_2025_23_sdadm.zip", ("2300088", "Union 88", BOTH_BOX), layer="administrative")
    add(maine, union, two_districts(tmp_path), bdc(tmp_path / D25, Offer(1)))
    gaps = homes.home_gaps(maine, by="district", rule=BEAD)
    assert gaps.table["area_id"].tolist() == [WEST, EAST]
    assert any("1 supervisory unions are set aside" in note for note in gaps.notes)


def test_a_block_relation_file_goes_before_grid_cells_and_says_its_match_rate(maine: Workspace, tmp_path: Path) -> None:
    relation = block_relation(tmp_path / "BlockAssign_ST23_ME_SDUNI.txt", (WEST_BLOCK, "00001"), (EAST_BLOCK, "00002"))
    offers = [Offer(1, cell=EAST_CELL), Offer(2, block=EAST_BLOCK)]  # cells and blocks disagree at the edge
    add(maine, two_districts(tmp_path), relation, bdc(tmp_path / D25, *offers))
    gaps = homes.home_gaps(maine, by="district", rule=BEAD)
    assert set(gaps.table["method"]) == {"block_relation"}
    assert row(gaps.table, WEST)["locations"] == 1
    assert any("100.0% of blocks with locations are in the block relation file" in note for note in gaps.notes)


def test_a_relation_file_of_2010_blocks_is_refused_with_its_match_rate(maine: Workspace, tmp_path: Path) -> None:
    relation = block_relation(tmp_path / "BlockAssign_ST23_ME_SDUNI.txt", (WEST_BLOCK, "00001"))
    add(maine, relation, bdc(tmp_path / D25, Offer(1), Offer(2, block=EAST_BLOCK), Offer(3, block="230050101001000")))
    with pytest.raises(InfraplanError, match=r"knows 33\.3% of the blocks .* less than 95%.*2010 against 2020"):
        homes.home_gaps(maine, by="district", rule=BEAD)


def test_counties_and_the_state_are_known_by_their_blocks(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / D25, Offer(1), Offer(2, block=EAST_BLOCK), Offer(3, block=EAST_BLOCK)))
    by_county = homes.home_gaps(maine, by="county", rule=BEAD).table
    assert by_county[["area_id", "name", "locations"]].to_numpy().tolist() == [
        ["23001", "Androscoggin County", 1],
        ["23003", "Aroostook County", 2],
    ]
    state = homes.home_gaps(maine, by="state", rule=BEAD).table
    assert state[["area_id", "name", "locations", "own_locations"]].to_numpy().tolist() == [["23", "Maine", 3, 3]]


def test_old_connecticut_counties_of_fcc_blocks_keep_their_old_names(tmp_path: Path) -> None:
    connecticut = start(tmp_path / "ct", "CT")
    offers = [Offer(1, block="090010101001000", state="CT"), Offer(2, block="091100101001000", state="CT")]
    add(connecticut, bdc(tmp_path / "x.csv", *offers))
    table = homes.home_gaps(connecticut, by="county", rule=BEAD).table
    assert table[["area_id", "name"]].to_numpy().tolist() == [
        ["09001", "Fairfield County"],
        ["09110", "Capitol Planning Region"],
    ]


def test_blocks_that_lost_their_zero_are_mended_where_the_state_makes_it_certain(tmp_path: Path) -> None:
    connecticut = start(tmp_path / "ct", "CT")
    (taken,) = add(connecticut, bdc(tmp_path / "x.csv", Offer(1, block="90010101001000", state="CT")))
    assert "1 block_geoid had lost their leading zero; mended" in taken.receipt.notes
    assert connecticut.frame("availability")["block_geoid"].tolist() == ["090010101001000"]


# --- universe, funded, vintages -------------------------------------------------------------------------------------


def test_the_served_export_brings_the_homes_that_nobody_offers_anything(maine: Workspace, tmp_path: Path) -> None:
    export = served_export(
        tmp_path / "export_D25_17mar2026.csv",
        (1, WEST_BLOCK, WEST_CELL),
        (2, WEST_BLOCK, WEST_CELL),
        (3, EAST_BLOCK, EAST_CELL),
    )
    add(maine, two_districts(tmp_path), bdc(tmp_path / D25, Offer(1)))
    assert set(district_gaps(maine)["universe"]) == {"offers"}
    add(maine, export)
    gaps = homes.home_gaps(maine, by="district", rule=BEAD)
    assert set(gaps.table["universe"]) == {"served_export"}
    west, east = row(gaps.table, WEST), row(gaps.table, EAST)
    assert (west["locations"], west["served"], west["unserved"]) == (2, 1, 1)
    assert (east["locations"], east["unserved"]) == (1, 1)


def test_of_the_served_export_those_offered_service_as_businesses_only_are_no_homes(
    maine: Workspace, tmp_path: Path
) -> None:
    here = [(number, WEST_BLOCK, WEST_CELL) for number in (1, 2, 3)]
    add(maine, served_export(tmp_path / "export.csv", *here), bdc(tmp_path / D25, Offer(1), Offer(2, code="B")))
    homes_only = homes.home_gaps(maine, by="state", rule=BEAD).table
    assert homes_only[["locations", "served", "unserved"]].to_numpy().tolist() == [[2, 1, 1]]
    everyone = homes.home_gaps(maine, by="state", rule=BEAD, business=True).table
    assert everyone[["locations", "served", "unserved"]].to_numpy().tolist() == [[3, 2, 1]]


def test_one_release_is_counted_among_its_own_locations(maine: Workspace, tmp_path: Path) -> None:
    places = [(number, WEST_BLOCK, WEST_CELL) for number in range(1, 9)]
    add(
        maine,
        bdc(tmp_path / "a_063022.csv", Offer(1, technology=10, down=10, up=1)),
        bdc(tmp_path / D25, Offer(1), Offer(2)),
        served_export(tmp_path / "bdc_23_ServedUnserved_fixed_broadband_D25_17mar2026.csv", *places),
    )
    old = homes.home_gaps(maine, by="state", rule=BEAD, as_of="2022-06-30")
    assert old.table[["locations", "unserved", "universe"]].to_numpy().tolist() == [[1, 1, "offers"]]
    assert len(old.receipts) == 1
    needs = homes.details(maine, "needs", by="state", rule=BEAD, as_of="2022-06-30")
    assert needs["locations"].sum() == 1
    new = homes.home_gaps(maine, by="state", rule=BEAD, as_of="2025-12-31")
    assert new.table[["locations", "unserved", "universe"]].to_numpy().tolist() == [[8, 6, "served_export"]]
    assert any(note.startswith("no file of technology 10, 40, 71, 72 is loaded") for note in new.notes)
    assert not any("as of" in note for note in new.notes)
    both = homes.home_gaps(maine, by="state", rule=BEAD)
    assert any(
        "the list of locations is as of 2025-12-31, the offers are as of 2022-06-30, 2025" in n for n in both.notes
    )


def test_offers_exported_from_a_workspace_and_added_back_make_no_wrong_notes(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / D25, Offer(1)))
    tablefiles.write(maine.frame("availability"), tmp_path / "offers.parquet")
    again = start(tmp_path / "again")
    add(again, tmp_path / "offers.parquet")
    export = served_export(
        tmp_path / "bdc_23_ServedUnserved_fixed_broadband_D25_17mar2026.csv", (1, WEST_BLOCK, WEST_CELL)
    )
    for files in ((), (export,)):
        add(again, *files)
        notes = homes.home_gaps(again, by="state", rule=BEAD).notes
        assert not any("technology" in note for note in notes)


def test_the_export_alone_cannot_tell_underserved_from_unserved(maine: Workspace, tmp_path: Path) -> None:
    add(maine, served_export(tmp_path / "export.csv", (1, WEST_BLOCK, WEST_CELL)))
    with pytest.raises(InfraplanError, match="cannot split the rest"):
        homes.home_gaps(maine, by="state", rule=BEAD)


def test_without_any_availability_the_way_to_it_is_named(maine: Workspace) -> None:
    with pytest.raises(NoTable, match=r"broadbandmap\.fcc\.gov"):
        homes.home_gaps(maine, by="state", rule=BEAD)


def test_without_boundaries_counties_are_offered(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / D25, Offer(1)))
    with pytest.raises(NoTable, match="--by county"):
        homes.home_gaps(maine, by="district", rule=BEAD)


def test_funded_locations_are_counted_and_their_absence_is_in_the_title(maine: Workspace, tmp_path: Path) -> None:
    offers = [Offer(1), Offer(2, down=50, up=5), Offer(3, down=1, up=1), Offer(4, down=1, up=1)]
    add(maine, bdc(tmp_path / D25, *offers))
    before = homes.home_gaps(maine, by="state", rule=BEAD)
    assert before.title.endswith(homes.NOT_REMOVED)
    funded = tmp_path / "funded.csv"
    funded.write_text(
        "location_id,program\n1000000001,RDOF\n1000000002,RDOF\n1000000003,CAF\n1000000003,RDOF\n1000000099,CAF\n,CAF\n",
        encoding="utf-8",
    )
    (taken,) = add(maine, funded)
    assert taken.receipt.refused == {"rows without a location number": 1}
    gaps = homes.home_gaps(maine, by="state", rule=BEAD)
    assert gaps.table[["funded_locations", "unfunded_unserved"]].to_numpy().tolist() == [[2, 1]]
    assert homes.NOT_REMOVED not in gaps.title


def test_files_of_two_dates_are_mixed_only_with_a_warning_and_one_can_be_asked_for(
    maine: Workspace, tmp_path: Path
) -> None:
    add(
        maine,
        bdc(tmp_path / "a_063022.csv", Offer(1, technology=10, down=10, up=1)),
        bdc(tmp_path / D25, Offer(2, technology=50)),
    )
    mixed = homes.home_gaps(maine, by="state", rule=BEAD)
    assert mixed.table["locations"].tolist() == [2]
    assert any(
        "files of 2 dates are mixed (2022-06-30: technology 10; 2025-12-31: technology 50)" in n for n in mixed.notes
    )
    one = homes.home_gaps(maine, by="state", rule=BEAD, as_of="2022-06-30")
    assert one.table[["locations", "unserved"]].to_numpy().tolist() == [[1, 1]]
    assert not any("mixed" in note for note in one.notes)


def test_a_home_that_moved_between_two_releases_counts_once_in_the_later_numbered_block(
    maine: Workspace, tmp_path: Path
) -> None:
    later, earlier = max(WEST_BLOCK, EAST_BLOCK), min(WEST_BLOCK, EAST_BLOCK)
    files = [("a_063022.csv", 10, later), (D25, 50, earlier)]
    for name, technology, block in files:
        add(maine, bdc(tmp_path / name, Offer(1, technology=technology, block=block)))
    found, _ = homes.found_locations(maine, BEAD, business=False, as_of=None)
    assert "ARBITRARY" not in maine.backend.compile(found).upper()
    assert "ANY_VALUE" not in maine.backend.compile(found).upper()
    rows = maine.backend.execute(found)
    assert rows[["location_id", "block_geoid"]].to_numpy().tolist() == [["1000000001", later]]


def test_what_tabulates_the_homes_is_imported_while_the_engine_counts_them(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / D25, Offer(1, technology=50)))
    code = (
        "import sys; from pathlib import Path; from infraplan import engine; from infraplan.connectivity import homes; "
        "from infraplan.workspace import Workspace; "
        f"here = Workspace.open(Path({str(maine.folder)!r})); rule = homes.home_rule('bead-2022'); "
        "found, _ = homes.found_locations(here, rule, business=False, as_of=None); "
        "engine.rows(here.backend, homes.classes_by_key(found, 'block_geoid')); "
        "print(sorted({'pandas', 'geopandas', 'shapely', 'h3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- the state's own rule -------------------------------------------------------------------------------------------

OWN = """
title = "Our rule"
technologies = [50, 70]
low_latency = false
served_mbps = [500, 100]
underserved_mbps = [50, 10]
cite = "State law 12-3"
"""


def test_a_states_own_rule_is_read_from_its_file(maine: Workspace, tmp_path: Path) -> None:
    (tmp_path / "rule.toml").write_text(OWN, encoding="utf-8")
    rule = homes.home_rule("own", tmp_path / "rule.toml")
    assert rule.citations == ("State law 12-3",)
    assert "500/100" in rule.words()
    add(
        maine,
        bdc(tmp_path / "x.csv", Offer(1, latency=0), Offer(2, technology=70, down=100, up=50), Offer(3, technology=40)),
    )
    table = homes.home_gaps(maine, by="state", rule=rule).table
    assert table[[*SHAPES_ALIKE, "rule_id"]].to_numpy().tolist() == [[1, 1, 1, "own"]]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "Our rule"\n', "", "the rule's title is missing"),
        ("[500, 100]", "[500]", "speeds are two whole numbers"),
        ("[500, 100]", "[40, 100]", "served_mbps is below underserved_mbps"),
        ("low_latency", "latency", "latency is not a setting of a rule"),
        ("[50, 70]", '["fiber"]', "technologies are FCC codes"),
    ],
)
def test_a_broken_rule_is_refused_in_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    (tmp_path / "rule.toml").write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        homes.home_rule("own", tmp_path / "rule.toml")


def test_own_without_a_file_and_an_unknown_rule_are_refused() -> None:
    with pytest.raises(InfraplanError, match="--rule-file"):
        homes.home_rule("own")
    with pytest.raises(InfraplanError):
        homes.home_rule("bead-2031")


# --- details --------------------------------------------------------------------------------------------------------


@pytest.fixture
def varied(maine: Workspace, tmp_path: Path) -> Workspace:
    offers = [
        Offer(1, provider="000001"),
        Offer(1, provider="000002", technology=40),
        Offer(1, provider="000002", technology=40),
        Offer(2, technology=61),
        Offer(3, technology=10, latency=0),
        Offer(4, technology=50, down=1000, up=5),
        Offer(4, technology=71, down=30, up=100),
        Offer(5, technology=50, down=1000, up=5),
        Offer(6, technology=50, down=5, up=100, cell=EAST_CELL),
        Offer(7, technology=50, down=5, up=1, cell=NOWHERE_CELL),
    ]
    add(maine, two_districts(tmp_path), bdc(tmp_path / D25, *offers))
    return maine


def test_details_by_technology_count_each_home_once_a_technology(varied: Workspace) -> None:
    table = homes.details(varied, "technology", by="state", rule=BEAD)
    found = {int(one["technology"]): (one["locations"], one["reached"], one["served"]) for _, one in table.iterrows()}
    assert found == {10: (1, 0, 0), 40: (1, 1, 1), 50: (5, 3, 1), 61: (1, 1, 1), 71: (1, 1, 0)}


def test_details_by_providers_count_those_that_reach_the_served_speeds(varied: Workspace) -> None:
    table = homes.details(varied, "providers", by="state", rule=BEAD)
    assert dict(zip(table["providers"], table["locations"], strict=True)) == {0: 6, 2: 1}


def test_details_by_need_name_what_a_home_that_is_not_served_lacks(varied: Workspace) -> None:
    table = homes.details(varied, "needs", by="state", rule=BEAD)
    assert dict(zip(table["need"], table["locations"], strict=True)) == {
        "a technology the rule counts": 1,
        "low latency": 1,
        "both speeds in one offer": 1,
        "faster upload": 1,
        "faster download": 1,
        "faster download and upload": 1,
    }


def test_details_by_district_are_of_own_locations_with_a_row_for_none(varied: Workspace) -> None:
    table = homes.details(varied, "needs", by="district", rule=BEAD)
    assert table[table["area_id"].isna()][["name", "need", "locations"]].to_numpy().tolist() == [
        [homes.NO_DISTRICT, "faster download and upload", 1]
    ]
    assert table["locations"].sum() == 6
