"""Files are read ahead and at once, and nobody can tell: order, faults and what is kept are those of one by one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from publishers import (
    WEST,
    WEST_BOX,
    Offer,
    add,
    bdc,
    bdc_first_release,
    contents,
    csv_text,
    served_export,
    shapes,
    start,
    two_districts,
)

from infraplan import intake
from infraplan.arrivals import Arrival
from infraplan.cli.arriving import loaders
from infraplan.errors import BadInput
from infraplan.intake import Desk, Load
from infraplan.workspace import Workspace

CABLE = "bdc_23_Cable_fixed_broadband_J25_22nov2025.csv"
TECHNOLOGIES = (10, 40, 50, 60, 61, 70, 71, 72)


def release(folder: Path) -> list[Path]:
    """One file of each technology, the boundaries between them, and the export behind: more than are read ahead."""
    files = [
        bdc(folder / f"bdc_23_T{code}_J25_22nov2025.csv", *(Offer(number, technology=code) for number in range(1, 30)))
        for code in TECHNOLOGIES
    ]
    files.insert(3, two_districts(folder))
    return [*files, served_export(folder / "served_J25_22nov2025.csv", (1, "230010101001000", "882baa8d8bfffff"))]


def kept(where: Workspace) -> dict[str, bytes]:
    """A workspace's files without the moments at which they were added."""
    found: dict[str, bytes] = contents(where.folder)
    for name, content in found.items():
        if "receipts" in name:
            found[name] = json.dumps({**json.loads(content), "added_at": ""}).encode()
    return found


def test_files_are_told_in_the_order_given_whatever_is_read_first(maine: Workspace, tmp_path: Path) -> None:
    files = release(tmp_path)
    told: list[str] = []
    taken = intake.add(maine, files, loaders(), told=lambda one: told.append(one.receipt.file))
    assert told == [path.name for path in files] == [one.receipt.file for one in taken]
    assert [one.file for one in maine.receipts()] == told


def test_reading_at_once_keeps_what_reading_one_by_one_keeps(tmp_path: Path) -> None:
    files = release(tmp_path)
    together, single = start(tmp_path / "together"), start(tmp_path / "single")
    add(together, *files)
    for path in files:
        add(single, path)
    assert kept(together) == kept(single)


def test_two_files_of_one_name_are_both_kept(maine: Workspace, tmp_path: Path) -> None:
    for number, folder in enumerate(("west", "east")):
        (tmp_path / folder).mkdir()
        bdc(tmp_path / folder / CABLE, Offer(number + 1, technology=40))
    taken = add(maine, tmp_path / "west" / CABLE, tmp_path / "east" / CABLE)
    assert [one.receipt.tables for one in taken] == [{"availability": 1}] * 2


def test_a_file_given_twice_at_once_is_kept_once(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(tmp_path / CABLE, Offer(1, technology=40))
    assert [one.already for one in add(maine, path, path)] == [False, True]
    assert len(maine.catalog) == 1


def test_a_refused_file_given_twice_at_once_is_refused_twice(maine: Workspace, tmp_path: Path) -> None:
    before = contents(maine.folder)
    path = bdc(tmp_path / CABLE, Offer(1, technology=99))
    with pytest.raises(BadInput) as caught:
        add(maine, path, path)
    assert [one.kind for one in caught.value.faults] == ["UnknownCode"] * 2
    assert contents(maine.folder) == before


def test_faults_come_in_the_order_of_the_files_and_the_good_ones_between_are_kept(
    maine: Workspace, tmp_path: Path
) -> None:
    names = ("a", "b", "c", "d")
    files = [bdc(tmp_path / f"{name}.csv", Offer(1, technology=99 if name in "bd" else 40)) for name in names]
    files[2].write_text(files[2].read_text(encoding="utf-8").replace("1000000001", "1000000002"), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        add(maine, *files, tmp_path / "none.csv", two_districts(tmp_path))
    assert [one.file for one in caught.value.faults] == ["b.csv", "d.csv", str(tmp_path / "none.csv")]
    assert [one.file for one in maine.receipts()] == ["a.csv", "c.csv", "tl_2025_23_unsd.zip"]


def test_a_file_that_looks_at_what_is_loaded_sees_the_files_before_it(maine: Workspace, tmp_path: Path) -> None:
    header = ["Provider_Id", "ProviderName", "StateAbbr", "BlockCode", "TechCode", "Consumer", "MaxAdDown", "MaxAdUp"]
    old = tmp_path / "ME-Fixed-Jun2021.csv"
    old.write_text(csv_text(header, [(7, "Brand", "ME", "230010101001000", 50, 1, 100, 20)]), encoding="utf-8")
    _, taken = add(maine, bdc(tmp_path / CABLE, Offer(1, technology=40)), old)
    assert "1 of 1 (100%) carry a number that also occurs" in " ".join(taken.receipt.notes)


def test_the_same_boundaries_under_another_name_are_refused_though_both_were_read_at_once(
    maine: Workspace, tmp_path: Path
) -> None:
    first = two_districts(tmp_path)
    (tmp_path / "more").mkdir()
    box = shapes(tmp_path / "more" / "unsd_2025.gpkg", (WEST, "West", WEST_BOX))
    with pytest.raises(BadInput, match=r"1 rows of unsd_2025\.gpkg .* are loaded already from tl_2025_23_unsd\.zip"):
        add(maine, first, box)
    assert [one.file for one in maine.receipts()] == [first.name]


def test_a_fault_of_the_tool_stops_the_rest_and_leaves_no_scratch(maine: Workspace, tmp_path: Path) -> None:
    class Broken(dict[str, intake.Loader]):
        def __getitem__(self, source_id: str) -> intake.Loader:
            if source_id == "census_tiger_districts":
                return self.stumble
            return loaders()[source_id]

        @staticmethod
        def stumble(arrival: Arrival, desk: Desk) -> Load:
            raise ArithmeticError(arrival.name, desk.as_of)

    files = release(tmp_path)
    with pytest.raises(ArithmeticError, match="tl_2025_23_unsd"):
        intake.add(maine, files, Broken())
    assert [one.file for one in maine.receipts()] == [path.name for path in files[:3]]
    assert not (maine.data / "tmp").exists()


def test_nothing_is_left_in_scratch(maine: Workspace, tmp_path: Path) -> None:
    add(maine, *release(tmp_path))
    assert not (maine.data / "tmp").exists()
    tables = {path.parent.name for path in maine.data.rglob("*.parquet")}
    assert tables == {"availability", "district_shapes", "locations"}


@pytest.fixture
def latin(tmp_path: Path) -> Path:
    path: Path = bdc_first_release(tmp_path / "bdc_23_Cable_fixed_broadband_063022.csv", Offer(1, technology=40))
    path.write_bytes(path.read_bytes().replace(b"Brand", "Compañía".encode("latin-1")))
    return path


def test_another_file_in_latin_letters_is_read_beside_one_in_utf_8(
    maine: Workspace, tmp_path: Path, latin: Path
) -> None:
    add(maine, latin, bdc(tmp_path / "bdc_23_T50_063022.csv", Offer(2, technology=50)))
    assert len(maine.frame("availability")) == 2


HEAVY = ("pandas", "numpy", "ibis", "geopandas", "pyarrow", "pyogrio", "shapely", "folium")


@pytest.mark.parametrize(
    "statement",
    [
        "import infraplan.workspace",
        "import infraplan.intake, infraplan.connectivity.sources.fcc",
    ],
)
def test_what_opens_a_workspace_and_reads_the_largest_files_imports_nothing_heavy(statement: str) -> None:
    code = f"import sys; {statement}; print(sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_adding_an_fcc_file_imports_neither_pandas_nor_expressions(maine: Workspace, tmp_path: Path) -> None:
    path = bdc(tmp_path / CABLE, Offer(1, technology=40))
    code = (
        "import sys; from infraplan.cli import main; "
        f"main(['data', 'add', {str(path)!r}, '--workspace', {str(maine.folder)!r}, '--quiet']); "
        f"print(sorted(set(sys.modules) & set({HEAVY})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_loader_is_found_by_its_source_however_late_it_is_imported() -> None:
    found = loaders()
    assert len(found) == len(list(found)) > 10
    assert all(callable(found[source_id]) for source_id in found)
    with pytest.raises(KeyError):
        found["no_such_source"]
