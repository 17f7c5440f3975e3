"""What `make` promises: the same bytes for the same seed, honest descriptions, plain refusals."""

import hashlib
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from infraplan.errors import BadInput
from infraplan.sample import SampleFile, make
from infraplan.sample.files import write_xlsx


def digests(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_the_same_seed_gives_the_same_bytes(franklin: Path, files: list[SampleFile]) -> None:
    again = files[0].path.parents[1]
    assert digests(franklin) == digests(again)


def test_another_seed_gives_another_state(franklin: Path, tmp_path: Path) -> None:
    make(tmp_path, districts=20, locations=4_000, seed=8)
    names = "connectivity/edge_public_schools_2425.geojson"
    assert (tmp_path / names).read_bytes() != (franklin / names).read_bytes()


def test_every_file_named_is_there_and_every_file_there_is_named_or_goes_with_one(files: list[SampleFile]) -> None:
    folder = files[0].path.parents[1]
    named = {file.path for file in files}
    assert all(path.is_file() for path in named)
    beside = {file.path.parent / option for file in files for option in file.add_options if option.endswith(".toml")}
    assert {path for path in folder.rglob("*") if path.is_file()} == named | beside | {folder / "README.txt"}


def test_only_the_superseded_release_is_left_out_of_a_first_load(files: list[SampleFile]) -> None:
    assert [file.path.name for file in files if file.role == "older"] == ["bdc_99_Copper_fixed_broadband_063022.zip"]
    assert {file.role for file in files} == {"connectivity", "erate", "bids", "oer", "older"}


def test_the_readme_says_synthetic_first(franklin: Path) -> None:
    readme = (franklin / "README.txt").read_text(encoding="utf-8")
    assert readme.startswith("SYNTHETIC")
    assert "seed 7" in readme


def test_no_half_written_file_stays_behind(franklin: Path) -> None:
    assert not list(franklin.rglob(".*"))


def test_column_maps_name_columns_that_the_files_have(files: list[SampleFile]) -> None:
    maps = [(file.path, file.path.parent / file.add_options[1]) for file in files if file.add_options]
    assert len(maps) == 3
    for path, column_map in maps:
        told = tomllib.loads(column_map.read_text(encoding="utf-8"))
        header = pd.read_csv(path, nrows=0).columns
        assert set(told["columns"].values()) | set(told.get("exclude", {})) <= set(header)


@pytest.mark.parametrize(
    ("districts", "locations", "rate"), [(5, 40_000, None), (60, 100, None), (60, 40_000, 0.0), (60, 40_000, 99.0)]
)
def test_a_size_out_of_range_is_refused_in_words(
    tmp_path: Path, districts: int, locations: int, rate: float | None
) -> None:
    with pytest.raises(BadInput, match="expected"):
        make(tmp_path, districts=districts, locations=locations, offers_per_location=rate)
    assert not list(tmp_path.iterdir())


def test_a_workbook_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", [("Name", "Students"), ("Peña & Sons <1>", 12), ("", 2.5)])
    assert pd.read_excel(tmp_path / "a.xlsx", engine="openpyxl").fillna("").to_numpy().tolist() == [
        ["Peña & Sons <1>", 12.0],
        ["", 2.5],
    ]
