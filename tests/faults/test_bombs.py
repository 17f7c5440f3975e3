"""Archives made to harm: refused before they fill the disk, and nothing is written outside."""

import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from publishers import add, contents

from infraplan.errors import BadInput
from infraplan.workspace import Workspace

_MEGABYTE = 1 << 20


def bomb(path: Path, *, unpacks_to: int, claims: int) -> Path:
    """A zip of one CSV that claims so many bytes and unpacks to so many: one packed megabyte, over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(b"\n" * _MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    repeated = packer.compress(b"\n" * _MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = head + repeated * (unpacks_to // _MEGABYTE)
    name = b"bdc_23_Cable_fixed_broadband_D25_17mar2026.csv"
    common = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0x21, 0, len(packed), claims)
    local = b"PK\3\4" + common + struct.pack("<HH", len(name), 0) + name
    central = b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    path.write_bytes(local + packed + central + b"PK\5\6" + end)
    return path


def test_thirty_gigabytes_that_claim_to_be_three_megabytes_are_stopped(maine: Workspace, tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.zip", unpacks_to=30_000 * _MEGABYTE, claims=3 * _MEGABYTE)
    assert path.stat().st_size < 40 * _MEGABYTE
    before = contents(maine.folder)
    tracemalloc.start()
    with pytest.raises(BadInput) as caught:
        add(maine, path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {fault.kind for fault in caught.value.faults} <= {"UnsafeArchive", "BadArchive"}
    assert most < 30 * _MEGABYTE
    assert contents(maine.folder) == before


def test_an_honest_bomb_is_refused_by_its_ratio(maine: Workspace, tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.zip", unpacks_to=3_000 * _MEGABYTE, claims=3_001 * _MEGABYTE)
    with pytest.raises(BadInput, match="times its size"):
        add(maine, path)


def test_a_bomb_in_gzip_is_stopped(maine: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infraplan.archives.MOST_BYTES", 3 * _MEGABYTE)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    path = tmp_path / "bdc_23_Cable_fixed_broadband_D25_17mar2026.csv.gz"
    path.write_bytes(b"".join(packer.compress(b"\n" * _MEGABYTE) for _ in range(64)) + packer.flush())
    with pytest.raises(BadInput, match="unpacks to more than"):
        add(maine, path)


OUTSIDE = ["../outside.csv", "/srv/outside.csv", "a/../../outside.csv", "..\\outside.csv", "C:x.csv"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_outside_is_refused_and_nothing_is_written(
    maine: Workspace, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "way" / "out.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "location_id,program\n1,x\n")
    before = contents(tmp_path)
    with pytest.raises(BadInput, match="outside its folder"):
        add(maine, path)
    assert contents(tmp_path) == before


def test_a_link_in_an_archive_is_refused(maine: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    item = zipfile.ZipInfo("location.csv")
    item.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(item, "/etc/passwd")
    with pytest.raises(BadInput, match="is a link"):
        add(maine, path)
