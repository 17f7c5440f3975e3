"""The ground at several sizes: whole, connected enough, and settled as asked."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from infraplan.sample.ground import NOT_DEFINED, make_ground, merged
from infraplan.sample.homes import hexagons, make_homes
from infraplan.sample.names import counties, districts, towns


@given(count=st.integers(18, 90), seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_districts_are_a_valid_coverage_at_any_seed(count: int, seed: int) -> None:
    ground = make_ground(count, seed)
    assert set(range(count)) <= set(ground.district.tolist())
    shapes = merged(ground.shape, np.where(ground.district == NOT_DEFINED, count, ground.district), count + 1)
    drawn = shapes[~shapely.is_empty(shapes)]
    assert shapely.is_valid(drawn).all()
    assert shapely.coverage_is_valid(drawn)


def test_counties_are_few_enough_for_odd_three_digit_numbers() -> None:
    assert 2 * make_ground(1_200, 1).counties + 1 < 1_000


@pytest.mark.parametrize(("count", "locations"), [(18, 500), (58, 9_000)])
def test_as_many_locations_as_asked_for_lie_in_the_cell_they_name(count: int, locations: int) -> None:
    ground = make_ground(count, 5)
    homes = make_homes(ground, locations, 5)
    assert len(homes) == locations
    assert (np.diff(homes.location_id) > 0).all()
    assert (np.bincount(homes.district[homes.district >= 0], minlength=count) > 0).all()
    assert (homes.district == NOT_DEFINED).sum() >= 1
    assert (homes.block // 10_000 == homes.tracts[homes.tract]).all()
    tracts = {int(block): int(tract) for block, tract in zip(homes.block, homes.tract, strict=True)}
    assert len(tracts) == len(np.unique(homes.block))


def test_hexagons_are_parents_of_finer_cells() -> None:
    import h3.api.basic_int as h3  # noqa: PLC0415

    lat, lon = np.array([39.5, 40.123456, 38.2]), np.array([-98.0, -97.5, -99.9])
    want = [h3.cell_to_parent(h3.latlng_to_cell(a, b, 9), 8) for a, b in zip(lat.tolist(), lon.tolist(), strict=True)]
    assert hexagons(lat, lon).tolist() == want


@pytest.mark.parametrize("count", [18, 400, 6_000])
def test_names_are_invented_without_repetition(count: int) -> None:
    rng = np.random.default_rng(1)
    town = towns(count, rng)
    assert len(set(town)) == count
    assert any("'" in name for name in town)
    county = counties(min(count, 480), rng)
    assert len(set(county)) == len(county)
    named = districts(town, [county[k % len(county)] for k in range(count)], rng)
    assert len(set(named)) == count
