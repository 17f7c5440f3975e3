"""The small readings of fetch, and the memory of downloads, without a network."""

import hashlib
from pathlib import Path

import pytest

from infraplan import asks, responses
from infraplan.asks import Ask, NotCached
from infraplan.downloads import Cache, Kept, cache_folder
from infraplan.errors import InfraplanError
from infraplan.fetch import Http


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "Mon, 02 Mar 2026 10:00:20 GMT", "Date": "Mon, 02 Mar 2026 10:00:00 GMT"}, 20),
        ({"Retry-After": "Mon, 02 Mar 2026 09:00:00 GMT", "Date": "Mon, 02 Mar 2026 10:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 02 Mar 2026 10:00:20 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert responses.retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("name", "header", "kept"),
    [
        ("bdc_23.zip", "", "bdc_23.zip"),
        (None, 'attachment; filename="a b.zip"', "a b.zip"),
        (None, 'attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        (None, "attachment; filename*=UTF-8''na%20me.csv", "na me.csv"),
        (None, "", "end of path.xls"),
        ("../../x", "", "x"),
        (".hidden", "", "hidden"),
        ("..", "", "download"),
    ],
)
def test_a_file_is_named_as_its_publisher_says_and_stays_in_its_folder(
    name: str | None, header: str, kept: str
) -> None:
    ask = Ask(address="https://example.org/a/end%20of%20path.xls?key=1", name=name)
    assert asks.file_name(ask, {"Content-Disposition": header}) == kept


def test_an_ask_shows_no_credential() -> None:
    ask = Ask(
        address="https://user:password@example.org/data",
        params={"get": "NAME"},
        secret={"key": "SECRET"},
        headers={"hash_value": "TOKEN"},
    )
    assert ask.public == "https://example.org/data?get=NAME"
    assert not {"SECRET", "TOKEN"} & set(repr(ask).split("'"))


def kept(address: str) -> Kept:
    return Kept(path=Path(), name="a.csv", address=address, sha256="", bytes=0, fetched_at="2026-01-01T00:00:00+00:00")


def test_a_file_is_in_the_cache_only_when_it_is_whole(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    part = cache.part("https://example.org/a").path
    part.write_bytes(b"whole")
    assert cache.find("https://example.org/a") is None
    digest = "a" * 64
    cache.store(part, digest, kept("https://example.org/a"))
    assert cache.find("https://example.org/a") is None, "its SHA-256 is not what the index says"
    assert cache.damaged == ["a.csv"]


def test_two_addresses_with_one_content_share_its_bytes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    digest = hashlib.sha256(b"same").hexdigest()
    for address in ("https://example.org/a", "https://example.org/b"):
        part = cache.part(address).path
        part.write_bytes(b"same")
        cache.store(part, digest, kept(address))
    found = [cache.find(address) for address in ("https://example.org/a", "https://example.org/b")]
    assert [one and one.path.read_bytes() for one in found] == [b"same", b"same"]
    assert len(list((tmp_path / "objects").rglob(digest))) == 1


def test_a_part_without_its_mark_is_not_continued(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    part = cache.part("https://example.org/a")
    part.path.write_bytes(b"half")
    assert cache.part("https://example.org/a").bytes == 0
    cache.part_about("https://example.org/a").write_text('{"mark": "\\"v1\\""}', encoding="utf-8")
    assert (cache.part("https://example.org/a").bytes, cache.part("https://example.org/a").mark) == (4, '"v1"')


def test_the_cache_is_in_the_workspace_or_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INFRAPLAN_CACHE", raising=False)
    assert cache_folder(tmp_path) == tmp_path / "cache"
    monkeypatch.setenv("INFRAPLAN_CACHE", str(tmp_path / "shared"))
    assert cache_folder(tmp_path / "other") == tmp_path / "shared"
    (tmp_path / "shared").write_text("a file", encoding="utf-8")
    with pytest.raises(InfraplanError, match="not a directory"):
        cache_folder(tmp_path)


def test_offline_refuses_before_any_line_is_opened(tmp_path: Path) -> None:
    with Http(Cache(tmp_path), offline=True) as http, pytest.raises(NotCached, match="--offline allows nothing else"):
        http.text(Ask(address="https://example.org/a"))
