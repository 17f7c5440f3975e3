"""Archives are looked through before a byte of them is unpacked."""

import errno
import gzip
import io
import stat
import zipfile
from pathlib import Path

import pytest

from infraplan import archives, arrivals
from infraplan.errors import BadInput


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught, archives.opened(path):
        pass
    assert {fault.kind for fault in caught.value.faults} <= {"UnsafeArchive", "BadArchive"}
    return str(caught.value)


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "/etc/passwd.csv", "a/../../b.csv", "..\\b.csv", "C:\\b.csv"])
def test_a_member_that_would_land_outside_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    assert "outside its folder" in refusal(zipped(tmp_path / "t.zip", ("fine.csv", b"a"), (name, b"a")))


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("data.csv")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "is a link" in refusal(path)


def test_a_member_that_unpacks_to_many_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "t.zip", ("zeros.csv", b"0" * 1_000_000))
    with archives.opened(path):
        pass  # a small file may well be regular
    monkeypatch.setattr(archives, "_RATIO_MATTERS_ABOVE", 100_000)
    assert "times its size" in refusal(path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", ("data.csv", b"a,b\n1,2\n"))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    assert "is encrypted" in refusal(path)


def test_a_truncated_archive_is_refused_as_an_incomplete_download(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", ("data.csv", b"a,b\n" * 1000))
    path.write_bytes(path.read_bytes()[:-30])
    assert "incomplete" in refusal(path)


def test_a_member_with_damaged_bytes_is_refused_when_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("data.csv", b"a,b\n1,2\n")
    path.write_bytes(path.read_bytes().replace(b"1,2", b"9,9"))
    with archives.opened(path) as archive, pytest.raises(BadInput, match="cannot be unpacked"):
        archives.unpack(archive, "data.csv", tmp_path)


def test_a_member_said_to_begin_before_the_archive_is_refused_as_damage_not_as_the_disks_fault(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", ("data.csv", b"a,b\n1,2\n"))
    content = bytearray(path.read_bytes())
    end = content.index(b"PK\x05\x06")
    content[end + 16 : end + 20] = (int.from_bytes(content[end + 16 : end + 20], "little") + 9).to_bytes(4, "little")
    path.write_bytes(content)  # the directory's stated place shifts every member before the file's own start
    with archives.opened(path) as archive, pytest.raises(BadInput, match="cannot be unpacked"):
        archives.unpack(archive, "data.csv", tmp_path)


def test_an_archive_that_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "t.zip", ("data.csv", b"a,b\n1,2\n"))

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(PermissionError), archives.opened(path):
        pass


def test_a_disk_that_cannot_be_read_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(zipfile, "ZipFile", broken)
    with pytest.raises(OSError, match="Input/output error"), archives.opened(path):
        pass


class FullDisk(io.BytesIO):
    """A file on a disk with no room."""

    def write(self, _content: object) -> int:
        """Refuse as a full disk does."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_cannot_be_written_to_is_not_told_as_damage() -> None:
    with pytest.raises(OSError, match="No space"):
        archives.copy_bounded(io.BytesIO(b"a,b\n1,2\n"), FullDisk(), "data.csv", 100)


def test_too_many_members_and_too_many_bytes_are_refused_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 1)
    monkeypatch.setattr(archives, "MOST_BYTES", 5)
    told = refusal(zipped(tmp_path / "t.zip", ("a.csv", b"1234"), ("b.csv", b"1234")))
    assert "2 files" in told
    assert "8 bytes" in told


def test_a_gzip_file_is_unpacked_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"0,0\n" * 10_000))
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000)
    with pytest.raises(BadInput, match="more than 1,000 bytes"), arrivals.opened(path, tmp_path / "room"):
        pass


def test_folders_and_operating_system_litter_are_no_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", ("a/", b""), ("__MACOSX/._a.csv", b"x"), ("a/.DS_Store", b"x"), ("a/b.csv", b"x"))
    with archives.opened(path) as archive:
        assert archives.members(archive) == ["a/b.csv"]


def test_two_members_of_one_name_are_two_arrivals_with_their_own_rows(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", ("2023/list.csv", b"a,b\n1,2\n"), ("2024/list.csv", b"c,d\n3,4\n"))
    with arrivals.opened(path, tmp_path / "room") as found:
        assert [one.name for one in found] == ["t.zip!2023/list.csv", "t.zip!2024/list.csv"]
        assert [one.local.read_bytes() for one in found] == [b"a,b\n1,2\n", b"c,d\n3,4\n"]
        rooms = [one.local for one in found]
    assert not any(room.exists() for room in rooms)


def test_an_archive_without_a_table_says_what_it_holds(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", ("ccd.sas7bdat", b"x"), ("notes.txt.png", b"x"))
    with pytest.raises(BadInput, match=r"it holds: notes\.txt\.png"), arrivals.opened(path, tmp_path / "room"):
        pass


def test_a_csv_beside_a_sas_file_is_the_one_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ccd.zip", ("ccd.sas7bdat", b"\0SAS"), ("ccd.csv", b"a,b\n1,2\n"))
    with arrivals.opened(path, tmp_path / "room") as found:
        assert [one.name for one in found] == ["ccd.zip"]
        assert found[0].bare_name == "ccd.csv"
