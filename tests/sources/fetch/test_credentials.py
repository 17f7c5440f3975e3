"""Credentials come from the environment, go to their own host, and are found in no file, log, message or address."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from fetch.maine_online import ACS, FCC
from fetch.standin import Answer, Asked, Standin, as_json
from infraplan.asks import Ask, NoCredential, NotFetched
from infraplan.fetch import Http

Run = Callable[..., Any]


def traces(secrets: dict[str, str], *texts: str) -> list[str]:
    return [name for name, value in secrets.items() for text in texts if value in text or quote_plus(value) in text]


def files_with(secrets: dict[str, str], folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes() + str(path).encode()
            found += [f"{name} in {path}" for name, value in secrets.items() if value.encode() in content]
    return found


def hosts(standin: Standin) -> list[str]:
    return [word for name, base in standin.hosts().items() for word in ("--host", f"{name}={base}")]


def test_no_file_log_or_message_holds_a_credential(
    standin: Standin,
    infraplan: Run,
    tmp_path: Path,
    accounts: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("time.sleep", lambda _: None)
    plan = tmp_path / "plan"
    standin.fault(f"{ACS}/2023/acs/acs5/subject", Answer(b"", 503))

    def echo(asked: Asked) -> Answer:  # a server that repeats in its complaint what it was sent
        return as_json({"status": "fail", "message": f"bad {asked.headers.get('hash_value')}"}, 403)

    standin.pages[f"{FCC}/map/listAsOfDates"] = echo
    wanted = ("census_acs", "fcc_bdc_fixed", "usac_requests", "fcc_funding_map", "oer_case")
    done = infraplan("data", "fetch", *wanted, "--state", "ME", "--workspace", plan, *hosts(standin))
    assert done.code == 1
    assert "bad ***" in done.err
    assert "census_acs" not in done.err.split("could not be had")[1], "the others went on"
    sent = {value for one in standin.asked for value in (*one.query.values(), *one.headers.values())}
    assert set(accounts.values()) <= sent, "the test must see each credential used"
    assert files_with(accounts, tmp_path) == []
    assert traces(accounts, done.out, done.err, caplog.text) == []
    assert "api.census.gov" in caplog.text or "127.0.0.1" in caplog.text, "the log must have been listened to"


def test_a_redirect_to_another_host_does_not_take_the_account_along(standin: Standin, http: Http) -> None:
    elsewhere = standin.base.replace("127.0.0.1", "localhost")
    standin.pages["/bdc.example/list"] = lambda _: Answer(b"", 302, {"Location": f"{elsewhere}/other.example/list"})
    standin.pages["/other.example/list"] = lambda _: as_json([])
    http.json(Ask(address=f"{standin.base}/bdc.example/list", headers={"hash_value": "SECRET"}, pause=0))
    first, second = standin.asked
    assert first.headers.get("hash_value") == "SECRET"
    assert second.headers.get("hash_value") is None


def test_a_key_that_a_server_puts_into_a_redirect_goes_no_further_than_its_host(standin: Standin, http: Http) -> None:
    elsewhere = standin.base.replace("127.0.0.1", "localhost")
    there = f"{elsewhere}/other.example/data?get=NAME&key=SECRET%2B"
    standin.pages["/census.example/data"] = lambda _: Answer(b"", 302, {"Location": there})
    standin.pages["/other.example/data"] = lambda _: as_json([])
    http.json(Ask(address=f"{standin.base}/census.example/data", secret={"key": "SECRET+"}, pause=0))
    assert dict(standin.asked[1].query) == {"get": "NAME"}


def test_a_key_stays_with_its_host_when_that_redirects_within_itself(standin: Standin, http: Http) -> None:
    standin.pages["/census.example/data"] = lambda _: Answer(b"", 302, {"Location": "/census.example/new?get=NAME"})
    standin.pages["/census.example/new"] = lambda _: as_json([])
    http.json(Ask(address=f"{standin.base}/census.example/data", secret={"key": "SECRET+"}, pause=0))
    assert dict(standin.asked[1].query) == {"get": "NAME", "key": "SECRET+"}


def test_a_redirect_to_an_open_line_is_refused(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    class Moved:
        status_code, url, headers = (
            302,
            "https://api.census.example/data",
            {"Location": "http://api.census.example/data"},
        )

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(http._session, "request", lambda *_, **__: Moved())  # there is no TLS server here
    with pytest.raises(NotFetched, match="redirects to an address without encryption") as caught:
        http.json(Ask(address="https://api.census.example/data", secret={"key": "SECRET"}, pause=0))
    assert "SECRET" not in str(caught.value)


def test_a_credential_is_not_sent_over_an_open_line(http: Http) -> None:
    with pytest.raises(NotFetched, match="without encryption") as caught:
        http.json(Ask(address="http://api.census.example/data", secret={"key": "SECRET"}))
    assert "SECRET" not in str(caught.value)


def test_a_key_in_an_address_is_in_no_message_when_the_line_fails(http: Http) -> None:
    ask = Ask(address="http://127.0.0.1:9/data", secret={"key": "SECRET+/="}, pause=0)
    with pytest.raises(NotFetched) as caught:
        http.json(ask)
    assert "SECRET" not in str(caught.value)
    assert "SECRET" not in repr(ask)
    assert caught.value.__cause__ is None


def test_a_missing_account_is_named_with_where_to_get_one(
    standin: Standin, infraplan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FCC_USERNAME", "FCC_HASH_VALUE", "CENSUS_API_KEY", "SOCRATA_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    words = ["fcc_bdc_fixed", "census_acs", "usac_c2_spending", "--state", "ME", "--workspace", tmp_path / "plan"]
    done = infraplan("data", "fetch", *words, *hosts(standin))
    assert done.code == 1
    assert "FCC_USERNAME and FCC_HASH_VALUE are not set in the environment" in done.err
    assert "CENSUS_API_KEY is not set" in done.err
    assert "https://api.census.gov/data/key_signup.html" in done.err
    assert "usac_c2_spending:" not in done.err, "the token is optional"


def test_a_key_that_is_not_accepted_is_told_apart_from_a_page(standin: Standin, http: Http) -> None:
    page = Answer(b"<html><head><title>Invalid Key</title></head></html>", 200, {"Content-Type": "text/html"})
    standin.pages["/census.example/data"] = lambda _: page
    with pytest.raises(NoCredential, match="did not accept the key: Invalid Key"):
        http.json(Ask(address=f"{standin.base}/census.example/data", secret={"key": "SECRET"}, pause=0))
