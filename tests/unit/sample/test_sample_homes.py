"""The FCC files of the sample state: true headers, consistent places, a believable gap."""

import io
import zipfile
from pathlib import Path

import h3
import pandas as pd
import pytest

from infraplan.sample import make
from infraplan.sample.names import told

RELIABLE = {10, 40, 50, 71, 72}


def read(path: Path) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        assert name == f"{path.stem}.csv"
        return pd.read_csv(io.BytesIO(archive.read(name)), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def offers(franklin: Path) -> pd.DataFrame:
    frame = pd.concat([read(path) for path in sorted(franklin.glob("connectivity/bdc_99_*_fixed_broadband_D25_*.zip"))
                       if "Served" not in path.name], ignore_index=True)  # fmt: skip
    speeds = ["max_advertised_download_speed", "max_advertised_upload_speed", "technology", "low_latency"]
    return frame.astype(dict.fromkeys(speeds, int))


@pytest.fixture(scope="module")
def served(franklin: Path) -> pd.DataFrame:
    return read(next(franklin.glob("connectivity/bdc_99_Served*.zip")))


def test_availability_has_the_current_columns_in_their_order(offers: pd.DataFrame) -> None:
    assert list(offers.columns) == told("fcc")["current"]
    assert set(offers["technology"]) == {10, 40, 50, 60, 61, 70, 71, 72}


def test_the_first_release_has_its_own_columns_and_quotes_identifiers(franklin: Path) -> None:
    path = franklin / "connectivity/bdc_99_Copper_fixed_broadband_063022.zip"
    assert list(read(path).columns) == told("fcc")["first_release"]
    with zipfile.ZipFile(path) as archive:
        assert archive.read(archive.namelist()[0]).splitlines()[1].startswith(b'"')


def test_a_location_has_one_block_and_one_hexagon(offers: pd.DataFrame, served: pd.DataFrame) -> None:
    places = offers[["location_id", "block_geoid", "h3_res8_id"]].drop_duplicates()
    assert not places["location_id"].duplicated().any()
    joined = places.merge(served, on="location_id", how="left", suffixes=("", "_served"))
    assert (joined["block_geoid"] == joined["block_geoid_served"]).all()
    assert (joined["h3_res8_id"] == joined["h3_res8_id_served"]).all()


def test_identifiers_have_their_publishers_form(offers: pd.DataFrame) -> None:
    assert offers["location_id"].str.fullmatch(r"\d{10}").all()
    assert offers["block_geoid"].str.fullmatch(r"99\d{13}").all()
    assert offers["frn"].str.fullmatch(r"\d{10}").all()
    cells = offers["h3_res8_id"].unique()
    assert all(h3.is_valid_cell(cell) and h3.get_resolution(cell) == 8 for cell in cells)
    assert h3.cell_to_latlng(cells[0]) == pytest.approx((39.5, -98), abs=3)


def test_the_dirt_of_the_real_files_is_there(offers: pd.DataFrame) -> None:
    copper = offers[offers["technology"] == 10]
    zero = (copper["max_advertised_download_speed"] == 0) & (copper["max_advertised_upload_speed"] == 0)
    assert 0.3 < zero.mean() < 0.8
    assert offers.duplicated(["location_id", "provider_id", "technology"]).any()
    assert set(offers["business_residential_code"]) == {"B", "R", "X"}
    assert set(offers.loc[offers["technology"] == 60, "low_latency"]) == {0}
    assert offers["brand_name"].str.contains(",").any()


def test_every_location_is_in_the_served_export_and_flags_follow_the_offers(
    offers: pd.DataFrame, served: pd.DataFrame
) -> None:
    assert len(served) == 4_000
    enough = offers[(offers["max_advertised_download_speed"] >= 100) & (offers["max_advertised_upload_speed"] >= 20)]
    for column, technologies in (("wired_dl100_ul20", {10, 40, 50}), ("terrestrial_dl100_ul20", RELIABLE | {70})):
        reached = set(enough.loc[enough["technology"].isin(technologies), "location_id"])
        assert set(served.loc[served[column] == "1", "location_id"]) == reached


def test_one_location_in_ten_or_so_is_unserved_and_unequally(offers: pd.DataFrame) -> None:
    homes = offers[offers["business_residential_code"] != "B"]
    good = homes[
        homes["technology"].isin(RELIABLE)
        & (homes["max_advertised_download_speed"] >= 25)
        & (homes["max_advertised_upload_speed"] >= 3)
    ]
    universe = homes.drop_duplicates("location_id").set_index("location_id")
    unserved = ~universe.index.isin(good["location_id"])
    assert 0.06 < unserved.mean() < 0.18
    by_county = pd.Series(unserved, index=universe.index).groupby(universe["block_geoid"].str[:5]).mean()
    assert by_county.max() > 5 * by_county.min()


def test_some_locations_have_no_terrestrial_offer(offers: pd.DataFrame, served: pd.DataFrame) -> None:
    reached = set(offers.loc[~offers["technology"].isin([60, 61]), "location_id"])
    assert set(served["location_id"]) - reached


def test_the_summary_repeats_rows_by_area_and_keeps_r_and_b_over_one_denominator(franklin: Path) -> None:
    summary = read(next(franklin.glob("connectivity/*summary_by_geography*.zip")))
    assert list(summary.columns) == told("fcc")["summary"]
    assert set(summary["area_data_type"]) == {"Total", "Urban", "Rural"}
    assert summary["technology"].nunique() == 15
    total = summary[
        (summary["area_data_type"] == "Total") & (summary["biz_res"] == "R") & (summary["technology"] == "Cable")
    ]
    assert total["total_units"].astype(int).sum() == 4_000
    assert total["geography_id"].is_unique


def test_form_477_is_on_older_blocks_of_which_a_third_have_todays_numbers(franklin: Path, served: pd.DataFrame) -> None:
    with zipfile.ZipFile(franklin / "connectivity/FK-Fixed-Jun2021.zip") as archive:
        content = archive.read(archive.namelist()[0])
    assert b"\r\n" in content
    frame = pd.read_csv(io.BytesIO(content), dtype=str, encoding="latin-1")
    assert list(frame.columns) == told("fcc")["form_477"]
    blocks = pd.Series(frame["BlockCode"].unique())
    assert 0.2 < blocks.isin(served["block_geoid"]).mean() < 0.45


@pytest.mark.parametrize("wanted", [6.0, 8.9, 12.0])
def test_rows_per_location_are_about_as_many_as_asked_for(tmp_path: Path, wanted: float) -> None:
    make(tmp_path, districts=20, locations=2_000, seed=3, offers_per_location=wanted)
    paths = [
        path for path in tmp_path.glob("connectivity/bdc_99_*_fixed_broadband_D25_*.zip") if "Served" not in path.name
    ]
    assert sum(len(read(path)) for path in paths) / 2_000 == pytest.approx(wanted, rel=0.15)
