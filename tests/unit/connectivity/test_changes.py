"""Two releases compared: who got better or worse, which providers came or went, which location numbers changed."""

from pathlib import Path

import pytest
from publishers import EAST, EAST_BLOCK, EAST_CELL, WEST, Offer, add, bdc, two_districts

from infraplan.connectivity import changes
from infraplan.connectivity.homes import home_rule
from infraplan.errors import NoAnswer
from infraplan.schemas import Schema
from infraplan.workspace import Workspace

RULE = home_rule("bead-2022")
NAME = "bdc_23_{}_fixed_broadband_{}.csv"
J25, D25 = "J25_22nov2025", "D25_17mar2026"


def east(location: int, *, down: int = 1000, up: int = 1000, technology: int = 40) -> Offer:
    return Offer(location, technology=technology, down=down, up=up, block=EAST_BLOCK, cell=EAST_CELL)


@pytest.fixture
def two_releases(maine: Workspace, tmp_path: Path) -> Workspace:
    """West: 1 goes from unserved to served, 2 is gone, 3 is new; East: 4 falls from served to unserved, 5 stays."""
    add(maine, two_districts(tmp_path))
    before = [Offer(1, technology=40, down=10, up=1), Offer(2, technology=40), east(4), east(5)]
    new = Offer(1, technology=40, provider="222222", brand="New Net")
    after = [new, Offer(3, technology=40), east(4, down=10, up=1), east(5)]
    add(maine, bdc(tmp_path / NAME.format("Cable", J25), *before), bdc(tmp_path / NAME.format("Cable", D25), *after))
    return maine


def test_an_area_is_judged_by_the_locations_that_both_releases_know(two_releases: Workspace) -> None:
    found = changes.area_changes(two_releases, changes.releases(two_releases), RULE)
    table = found.table.set_index("area_id")
    west, east = table.loc[WEST], table.loc[EAST]
    assert (west["change"], west["improved"], west["worsened"]) == ("better", 1, 0)
    assert (west["new_locations"], west["gone_locations"]) == (1, 1)
    assert (west["unserved_before"], west["unserved_after"]) == (1, 0)
    assert (east["change"], east["served_before"], east["served_after"]) == ("worse", 2, 1)
    assert "1 locations got better, 1 worse; unserved 1 -> 1" in found.words[0]
    assert "location numbers: 1 new, 1 gone of 4" in found.words
    named = {line.split(":")[0]: line for line in found.words}
    assert f"{west['name']} (1)" in named["better"]
    assert f"{east['name']} (1)" in named["worse"]
    assert list(found.table.columns) == list(Schema.load("area_changes").columns)


def test_providers_that_appeared_or_withdrew_are_named(two_releases: Workspace) -> None:
    found = changes.provider_changes(two_releases, changes.releases(two_releases))
    table = found.table.set_index("brand_name")
    assert "providers new in the state: New Net" in found.words
    assert list(found.table.columns) == list(Schema.load("provider_changes").columns)
    assert table.loc["New Net", "change"] == "appeared"
    assert (table.loc["Pine Net, Inc.", "locations_before"], table.loc["Pine Net, Inc.", "change"]) == (4, "shrank")


def test_locations_that_changed_are_listed_one_by_one(two_releases: Workspace) -> None:
    table = changes.location_changes(two_releases, changes.releases(two_releases), RULE).table
    assert list(table.columns) == list(Schema.load("location_changes").columns)
    told = dict(zip(table["location_id"].str[-1], table["change"], strict=True))
    assert told == {"1": "better", "2": "gone", "3": "new", "4": "worse"}


def test_a_technology_loaded_for_one_release_only_is_left_out_and_said(two_releases: Workspace, tmp_path: Path) -> None:
    add(two_releases, bdc(tmp_path / NAME.format("FibertothePremises", D25), east(4, technology=50)))
    two = changes.releases(two_releases)
    assert two.technologies == (40,)
    assert "left out: technology 50, loaded for 2025-12-31 only" in two.notes
    assert any("first offers beside new numbers" in note for note in two.notes), (
        "without satellites, absent is not unserved"
    )
    table = changes.area_changes(two_releases, two, RULE).table.set_index("area_id")
    assert table.loc[EAST, "change"] == "worse", "fiber that was not loaded before is no progress"


def test_counties_and_the_state_are_compared_alike(two_releases: Workspace) -> None:
    two = changes.releases(two_releases)
    (state,) = changes.area_changes(two_releases, two, RULE, "state").table.to_dict("records")
    assert (state["improved"], state["worsened"], state["change"]) == (1, 1, "same")
    assert len(changes.area_changes(two_releases, two, RULE, "county").table) == 2


def test_one_release_alone_says_how_to_get_another(maine: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="loaded: none"):
        changes.releases(maine)
    add(maine, bdc(tmp_path / NAME.format("Cable", D25), Offer(1, technology=40)))
    with pytest.raises(NoAnswer, match="--as-of DATE"):
        changes.releases(maine)
    add(maine, bdc(tmp_path / NAME.format("FibertothePremises", J25), Offer(1, technology=50)))
    with pytest.raises(NoAnswer, match="no technology is loaded for both"):
        changes.releases(maine)


def test_where_locations_only_came_or_only_went_they_are_listed(maine: Workspace, tmp_path: Path) -> None:
    """Nothing of one side is known then: a column without any number in it."""
    first, second = NAME.format("Cable", J25), NAME.format("Cable", D25)
    add(maine, bdc(tmp_path / first, Offer(1, technology=40)))
    add(maine, bdc(tmp_path / second, Offer(1, technology=40), Offer(2, technology=40)))
    came = changes.location_changes(maine, changes.releases(maine), RULE).table
    assert came[["location_id", "now", "change"]].to_numpy().tolist() == [["1000000002", "served", "new"]]
    add(maine, bdc(tmp_path / NAME.format("Cable", "J26_22nov2026"), Offer(1, technology=40, down=900)))
    went = changes.location_changes(maine, changes.releases(maine), RULE).table
    assert went[["location_id", "was", "change"]].to_numpy().tolist() == [["1000000002", "served", "gone"]]


def test_providers_that_file_no_brand_are_named_by_their_number(maine: Workspace, tmp_path: Path) -> None:
    def cable(provider: str, brand: str = "") -> Offer:
        return Offer(1, technology=40, provider=provider, brand=brand)

    add(maine, bdc(tmp_path / NAME.format("Cable", J25), cable("130001"), cable("130002", "Old Net")))
    add(maine, bdc(tmp_path / NAME.format("Cable", D25), cable("130003"), cable("130004")))
    found = changes.provider_changes(maine, changes.releases(maine))
    assert "providers new in the state: provider 130003, provider 130004" in found.words
    assert "providers gone from the state: Old Net, provider 130001" in found.words
