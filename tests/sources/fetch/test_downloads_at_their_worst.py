"""A download is whole and right, or it is refused in words: whatever the server and the line do."""

import base64
import hashlib
import resource
import socket
import threading
from pathlib import Path

import pytest

from fetch.maine_online import zipped
from fetch.standin import MAINTENANCE, Answer, Asked, Standin, as_json
from infraplan.asks import Ask, Limits, NotCached, NotFetched, NotPublished, SourceChanged
from infraplan.downloads import Cache
from infraplan.errors import InfraplanError, WorkspaceBusy
from infraplan.fetch import Http

PATH = "/files.example/big.bin"
BIG = bytes(range(256)) * 4_000


@pytest.fixture
def big(standin: Standin) -> Ask:
    """A file of a megabyte at a good server."""
    standin.files[PATH] = BIG
    return Ask(address=f"{standin.base}{PATH}", pause=0)


def refusal(http: Http, ask: Ask, kind: type[InfraplanError] = NotFetched) -> str:
    with pytest.raises(kind) as caught:
        http.download(ask)
    assert http.cache.find(ask.public) is None, "what was refused must not be in the cache"
    return str(caught.value)


def test_a_file_comes_whole_and_is_not_asked_for_again_while_it_is_the_same(
    standin: Standin, http: Http, big: Ask
) -> None:
    first = http.download(big)
    assert (first.path.read_bytes(), first.fresh, first.name) == (BIG, True, "big.bin")
    assert first.sha256 == hashlib.sha256(BIG).hexdigest()
    again = http.download(big)
    assert (again.path, again.fresh) == (first.path, False)
    assert [one.headers.get("If-None-Match") for one in standin.asked] == [None, first.etag]


def test_a_changed_file_comes_again(standin: Standin, http: Http, big: Ask) -> None:
    http.download(big)
    standin.files[PATH] = BIG[::-1]
    assert http.download(big).path.read_bytes() == BIG[::-1]


def test_a_broken_download_goes_on_where_it_stopped(standin: Standin, http: Http, big: Ask) -> None:
    standin.fault(PATH, lambda asked: standin.file(asked, cut=300_000), lambda asked: standin.file(asked, cut=200_000))
    assert http.download(big).path.read_bytes() == BIG
    ranges = [one.headers.get("Range") for one in standin.asked]
    assert ranges[0] is None
    assert ranges[1:] == ["bytes=300000-", "bytes=500000-"]


def test_another_command_goes_on_with_what_a_stopped_one_left(standin: Standin, http: Http, big: Ask) -> None:
    few = Http(http.cache, limits=Limits(tries=1, spare_bytes=0), sleep=lambda _: None)
    standin.fault(PATH, lambda asked: standin.file(asked, cut=300_000))
    with pytest.raises(NotFetched, match="kept and continued"):
        few.download(big)
    assert http.download(big).path.read_bytes() == BIG
    assert standin.asked[-1].headers.get("Range") == "bytes=300000-"


def test_a_file_that_changed_between_the_tries_is_not_sewn_together(standin: Standin, http: Http, big: Ask) -> None:
    def cut_then_change(asked: Asked) -> Answer:
        answer = standin.file(asked, cut=300_000)
        standin.files[PATH] = BIG[::-1]
        return answer

    standin.fault(PATH, cut_then_change)
    assert http.download(big).path.read_bytes() == BIG[::-1]


def test_without_a_mark_a_broken_download_starts_over(standin: Standin, http: Http, big: Ask) -> None:
    standin.marks[PATH] = {"ETag": ""}
    standin.fault(PATH, lambda asked: standin.file(asked, cut=300_000))
    assert http.download(big).path.read_bytes() == BIG
    assert standin.asked[-1].headers.get("Range") is None


def test_a_server_that_continues_at_the_wrong_place_is_not_believed(standin: Standin, http: Http, big: Ask) -> None:
    wrong = {"Content-Range": f"bytes 5-{len(BIG) - 1}/{len(BIG)}"}
    standin.fault(PATH, lambda asked: standin.file(asked, cut=300_000), Answer(BIG[5:], 206, wrong))
    assert http.download(big).path.read_bytes() == BIG


def test_a_range_that_the_server_refuses_starts_the_download_over(standin: Standin, http: Http, big: Ask) -> None:
    standin.fault(PATH, lambda asked: standin.file(asked, cut=300_000), Answer(b"", 416))
    assert http.download(big).path.read_bytes() == BIG


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_in_growing_pauses(
    standin: Standin, http: Http, big: Ask, naps: list[float], status: int
) -> None:
    standin.fault(PATH, *[Answer(b"busy", status)] * 3)
    assert http.download(big).path.read_bytes() == BIG
    assert naps == [1, 2, 4]


def test_the_server_says_how_long_to_wait(standin: Standin, http: Http, big: Ask, naps: list[float]) -> None:
    standin.fault(PATH, Answer(b"", 429, {"Retry-After": "17"}))
    http.download(big)
    assert naps == [17]


def test_a_date_to_wait_for_is_read_by_the_servers_clock_not_ours(
    standin: Standin, http: Http, big: Ask, naps: list[float]
) -> None:
    told = {"Retry-After": "Wed, 01 Jan 2003 00:00:30 GMT", "Date": "Wed, 01 Jan 2003 00:00:00 GMT"}
    standin.fault(PATH, Answer(b"", 503, told))
    http.download(big)
    assert naps == [30]


def test_a_wait_of_a_day_is_told_and_not_waited(standin: Standin, http: Http, big: Ask, naps: list[float]) -> None:
    standin.fault(PATH, Answer(b"", 429, {"Retry-After": "86400"}))
    assert "asks to come back in 86,400 seconds" in refusal(http, big)
    assert naps == []


def test_a_server_that_never_recovers_is_given_up(standin: Standin, http: Http, big: Ask) -> None:
    standin.fault(PATH, *[Answer(b"", 503)] * 50)
    told = refusal(http, big)
    assert "answered 503 (6 tries)" in told
    assert "try again later" in told


def test_a_trickle_is_a_broken_line(standin: Standin, http: Http, big: Ask) -> None:
    standin.fault(PATH, lambda asked: standin.file(asked, drip=0.02))
    assert http.download(big).path.read_bytes() == BIG


def test_a_server_that_accepts_and_says_nothing_is_left(standin: Standin, http: Http, big: Ask) -> None:
    def silent(asked: Asked) -> Answer:
        threading.Event().wait(2.5)
        return standin.file(asked)

    standin.fault(PATH, silent)
    assert http.download(big).path.read_bytes() == BIG


@pytest.mark.parametrize("cut", [0, 1, 100_000, len(BIG) - 1])
def test_a_truncated_file_is_never_used(standin: Standin, http: Http, big: Ask, cut: int) -> None:
    standin.marks[PATH] = {"ETag": ""}
    standin.fault(PATH, *[lambda asked: standin.file(asked, cut=cut)] * 50)
    assert "the line broke" in refusal(http, big)


def test_a_truncated_chunked_answer_is_never_used(standin: Standin, http: Http, big: Ask) -> None:
    standin.marks[PATH] = {"ETag": ""}
    standin.fault(PATH, *[lambda asked: standin.file(asked, cut=5_000, chunked=True)] * 50)
    refusal(http, big)


def test_a_chunked_file_without_a_length_comes_whole(standin: Standin, http: Http, big: Ask) -> None:
    standin.fault(PATH, lambda asked: standin.file(asked, chunked=True))
    assert http.download(big).path.read_bytes() == BIG


def test_an_archive_cut_where_no_length_was_told_is_noticed(standin: Standin, http: Http) -> None:
    whole = zipped({"a.csv": b"a\n" + BIG})
    standin.files["/files.example/a.zip"] = whole
    ask = Ask(address=f"{standin.base}/files.example/a.zip", kind="zip", pause=0)
    standin.fault("/files.example/a.zip", *[Answer(whole[:-100], length=False)] * 2)
    assert http.download(ask).path.read_bytes() == whole


@pytest.mark.parametrize("kind", ["zip", "csv", "xls", "any"])
def test_a_web_page_is_not_mistaken_for_data(standin: Standin, http: Http, kind: str) -> None:
    standin.pages["/files.example/a"] = lambda _: MAINTENANCE
    told = refusal(http, Ask(address=f"{standin.base}/files.example/a", kind=kind, pause=0), SourceChanged)
    assert "sent a web page in place of the file: Down for scheduled maintenance" in told
    assert "infraplan data add" in told


def test_a_web_page_in_disguise_is_not_mistaken_for_data(standin: Standin, http: Http) -> None:
    standin.pages["/files.example/a"] = lambda _: Answer(MAINTENANCE.body, 200, {"Content-Type": "text/csv"})
    refusal(http, Ask(address=f"{standin.base}/files.example/a", kind="csv", pause=0), SourceChanged)


def test_a_message_in_place_of_the_archive_is_passed_on(standin: Standin, http: Http) -> None:
    standin.pages["/files.example/a"] = lambda _: as_json({"status": "fail", "message": "file is being prepared"})
    ask = Ask(address=f"{standin.base}/files.example/a", kind="zip", pause=0)
    assert "file is being prepared" in refusal(http, ask, SourceChanged)


@pytest.mark.parametrize("header", ["Repr-Digest", "Content-MD5"])
def test_a_wrong_checksum_refuses_the_file(standin: Standin, http: Http, big: Ask, header: str) -> None:
    digest = hashlib.sha256(b"other").digest() if header == "Repr-Digest" else hashlib.md5(b"other").digest()  # noqa: S324
    text = base64.b64encode(digest).decode()
    standin.marks[PATH] = {header: f"sha-256=:{text}:" if header == "Repr-Digest" else text}
    assert "does not have the checksum" in refusal(http, big, SourceChanged)


def test_a_right_checksum_lets_the_file_pass(standin: Standin, http: Http, big: Ask) -> None:
    text = base64.b64encode(hashlib.sha256(BIG).digest()).decode()
    standin.marks[PATH] = {"Repr-Digest": f"sha-256=:{text}:"}
    assert http.download(big).path.read_bytes() == BIG


def test_more_than_announced_is_refused_however_it_comes(standin: Standin, http: Http, big: Ask) -> None:
    small = Http(http.cache, limits=Limits(spare_bytes=0, most_file_bytes=500_000), sleep=lambda _: None)
    assert "more than is sane" in refusal(small, big)
    standin.fault(PATH, lambda asked: standin.file(asked, chunked=True))
    assert "sent more than it announced" in refusal(small, big)


def test_what_does_not_fit_on_the_disk_is_refused_before_it_comes(http: Http, big: Ask) -> None:
    full = Http(http.cache, limits=Limits(spare_bytes=1 << 60), sleep=lambda _: None)
    told = refusal(full, big)
    assert "are free at" in told
    assert "INFRAPLAN_CACHE" in told


def test_a_file_that_is_not_published_is_told_apart(standin: Standin, http: Http) -> None:
    with pytest.raises(NotPublished):
        http.download(Ask(address=f"{standin.base}/files.example/none", pause=0))
    with pytest.raises(NotPublished):
        http.size(Ask(address=f"{standin.base}/files.example/none", pause=0))


def test_redirects_are_followed_and_circles_are_left(standin: Standin, http: Http, big: Ask) -> None:
    standin.pages["/files.example/moved"] = lambda _: Answer(b"", 302, {"Location": PATH})
    standin.pages["/files.example/round"] = lambda _: Answer(b"", 302, {"Location": "/files.example/round"})
    moved = http.download(Ask(address=f"{standin.base}/files.example/moved", pause=0))
    assert moved.path.read_bytes() == BIG
    assert "in a circle" in refusal(http, Ask(address=f"{standin.base}/files.example/round", pause=0))
    assert big.host == "127.0.0.1"


def test_a_flipped_bit_in_the_cache_is_found_and_mended(http: Http, big: Ask) -> None:
    kept = http.download(big)
    spoiled = bytearray(kept.path.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    kept.path.write_bytes(spoiled)
    offline = Http(http.cache, offline=True)
    with pytest.raises(NotCached, match="not in the cache"):
        offline.download(big)
    assert http.download(big).path.read_bytes() == BIG
    assert http.cache.damaged == ["big.bin"]


@pytest.mark.parametrize("spoil", ["", "{", "[]", '{"address": 1}', "null"])
def test_a_spoiled_index_is_as_good_as_none(http: Http, big: Ask, spoil: str) -> None:
    http.download(big)
    for path in (http.cache.folder / "index").iterdir():
        path.write_text(spoil, encoding="utf-8")
    assert http.cache.find(big.public) is None
    assert http.download(big).path.read_bytes() == BIG


def test_offline_asks_nothing_of_anybody(standin: Standin, http: Http, big: Ask) -> None:
    http.download(big)
    asked = len(standin.asked)
    with Http(http.cache, offline=True) as offline:
        assert offline.download(big).path.read_bytes() == BIG
        with pytest.raises(NotCached):
            offline.json(big)
    assert len(standin.asked) == asked


def test_two_commands_that_want_one_file_do_not_write_into_each_other(
    standin: Standin, http: Http, big: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infraplan.downloads._LOCK_SECONDS", 0.05)
    with http.cache.held(big.public, "big.bin"), pytest.raises(WorkspaceBusy, match="by another command"):
        Http(Cache(http.cache.folder)).download(big)
    assert http.download(big).path.read_bytes() == BIG
    assert standin.count(PATH) == 1


def test_calls_to_one_host_are_spaced(standin: Standin, http: Http, naps: list[float]) -> None:
    standin.pages["/files.example/page"] = lambda _: as_json([])
    for _ in range(3):
        http.json(Ask(address=f"{standin.base}/files.example/page", pause=6))
    assert len(naps) == 2
    assert all(5 < nap <= 6 for nap in naps)


def test_names_from_a_server_stay_in_their_folder(standin: Standin, http: Http, tmp_path: Path) -> None:
    told = {"Content-Disposition": 'attachment; filename="../../etc/cron.d/x.zip"'}
    standin.pages["/files.example/evil"] = lambda _: Answer(b"data", 200, told)
    kept = http.download(Ask(address=f"{standin.base}/files.example/evil", pause=0))
    assert kept.name == "x.zip"
    assert http.cache.named(kept, tmp_path / "room") == tmp_path / "room" / "x.zip"


@pytest.mark.parametrize("how", ["download", "assembled"])
def test_a_disk_that_refuses_is_told_with_where_and_nothing_half_stays(http: Http, big: Ask, how: str) -> None:
    ways = {
        "download": lambda: http.download(big),
        "assembled": lambda: http.assembled(big, lambda: iter([bytes(40_000)] * 3), lambda: 3),
    }
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(NotFetched) as caught:
            ways[how]()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    told = str(caught.value)
    assert "could not be written: File too large" in told
    assert str(http.cache.folder) in told
    assert "INFRAPLAN_CACHE" in told
    assert not list((http.cache.folder / "parts").glob("*.part"))
    assert http.cache.known(big.public) is None


def nobody(http: Http, name: str) -> str:
    """What is said of a server that nobody runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening: a call is refused
        with pytest.raises(NotFetched) as caught:
            http.json(Ask(address=f"http://127.0.0.1:{taken.getsockname()[1]}/{name}"))
    return str(caught.value)


def test_without_a_network_the_first_host_is_waited_for_and_no_other(tmp_path: Path, naps: list[float]) -> None:
    told: list[str] = []
    with Http(Cache(tmp_path), limits=Limits(spare_bytes=0), sleep=naps.append, told=told.append) as http:
        assert "(6 tries)" in nobody(http, "one")
        assert "(1 try)" in nobody(http, "two")
    assert told[0] == "127.0.0.1: no connection; trying again in 1 s"
    assert sum(naps) < 32


def test_a_host_that_is_down_does_not_make_the_others_impatient(http: Http, big: Ask) -> None:
    http.download(big)
    assert "(6 tries)" in nobody(http, "one")
    assert "(6 tries)" in nobody(http, "two"), "another host, while the network is there"
