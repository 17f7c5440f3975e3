"""Open materials, standards and the Education Data API: what their publishers do, and what becomes of it in a workspace."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fetch.maine_online import (
    BOOKS,
    CASE,
    DOAB,
    FRAMEWORK,
    LIBRETEXTS,
    OPENSTAX,
    SHARED,
    SITEMAP,
    URBAN,
    book_record,
    case_document,
    case_documents,
    case_package,
    doab,
    page_with,
    sitemap,
    xml,
)
from fetch.standin import Answer, Asked, Standin, as_json
from infraplan import intake, publishers, states
from infraplan.asks import NoCredential, NotPublished, SourceChanged
from infraplan.cli.arriving import loaders
from infraplan.downloads import Kept
from infraplan.errors import BadInput
from infraplan.fetch import Http
from infraplan.publishers import Place, Plan
from infraplan.workspace import Workspace

Run = Callable[..., Any]


@pytest.fixture
def place(standin: Standin, accounts: dict[str, str]) -> Place:
    """Maine, at the stand-in."""
    return Place(state=states.by_usps("ME"), funding_year=2026, environ=accounts, hosts=standin.hosts())


@pytest.fixture
def maine(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace.create(tmp_path / "plan", state="ME", funding_year=2026)


def plan(source: str, place: Place, http: Http) -> Plan:
    return publishers.plan(publishers.fetchable()[source], place, http)


def got(source: str, place: Place, http: Http) -> Kept:
    (wanted,) = plan(source, place, http).wanted
    return wanted.get(http)


def rows(kept: Kept) -> list[dict[str, str]]:
    with kept.path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def added(maine: Workspace, path: Path, source: str | None = None) -> Any:
    (taken,) = intake.add(maine, [path], loaders(), source_id=source)
    return taken.receipt


# --- LibreTexts, BCcampus, DOAB -------------------------------------------------------------------------------------


def test_the_export_of_libretexts_comes_with_codes_of_licenses_as_they_are(place: Place, http: Http) -> None:
    first, second = rows(got("oer_libretexts", place, http))
    assert (first["resource_id"], first["license"], first["author"]) == (
        "libretexts:math-101",
        "ccbyncsa",
        "Ann Teacher; Bo Writer",
    )
    assert (second["license"], second["languages"]) == ("", "spanish")


@pytest.mark.parametrize(("source", "page"), [("oer_libretexts", LIBRETEXTS), ("oer_openstax", OPENSTAX)])
def test_a_list_saved_from_a_browser_is_known_and_gives_what_the_fetched_one_gives(
    source: str, page: str, standin: Standin, place: Place, http: Http, maine: Workspace, tmp_path: Path
) -> None:
    fetched = rows(got(source, place, http))
    path = tmp_path / "saved.json"
    path.write_bytes(standin.pages[page](Asked("GET", page, {}, {})).body)
    receipt = added(maine, path)
    assert (receipt.source, receipt.tables) == (source, {"open_resources": len(fetched)})
    here = maine.frame("open_resources").fillna("")
    assert here[["resource_id", "title", "license"]].to_dict("records") == [
        {name: row[name] for name in ("resource_id", "title", "license")} for row in fetched
    ]


def test_pages_of_books_are_found_by_the_sitemap_and_nothing_else_is_asked(
    standin: Standin, place: Place, http: Http
) -> None:
    found = rows(got("oer_bccampus", place, http))
    assert [row["title"] for row in found] == [f"Introduction to {name}" for name in ("algebra", "history", "welding")]
    assert {row["license_url"] for row in found} == {"https://creativecommons.org/licenses/by/4.0/"}
    assert found[0]["url"] == "https://opentextbc.ca/algebra/"
    asked = {one.path for one in standin.asked}
    assert not [path for path in asked if "course-packs" in path or "elsewhere" in path]


def test_an_index_of_sitemaps_is_followed_once_each(standin: Standin, place: Place, http: Http) -> None:
    inner = "https://api.collection.bccampus.ca/api/sitemap/books.xml"
    named = "".join(
        f"<sitemap><loc>{address}</loc></sitemap>" for address in (inner, inner, "https://elsewhere.example/s")
    )
    index = f"<sitemapindex>{named}</sitemapindex>"
    standin.pages[SITEMAP] = lambda _: xml(index)
    standin.pages[SITEMAP.replace("index", "books")] = lambda _: xml(
        sitemap(["https://collection.bccampus.ca/textbooks/algebra/"])
    )
    assert len(rows(got("oer_bccampus", place, http))) == 1
    assert standin.count(SITEMAP.replace("index", "books")) == 1


def test_a_page_without_a_record_is_left_out_and_said_and_many_are_a_change(
    standin: Standin, place: Place, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(http, "_told", said.append)
    plain = Answer(b"<!DOCTYPE html><html><title>Book</title></html>", 200, {"Content-Type": "text/html"})
    standin.pages[f"{BOOKS}/history/"] = lambda _: plain
    assert len(rows(got("oer_bccampus", place, http))) == 2
    assert any("1 of 3 pages have no record" in words and "/textbooks/history/" in words for words in said)
    standin.pages[f"{BOOKS}/welding/"] = lambda _: plain
    for path in (http.cache.folder / "index").iterdir():
        path.unlink()
    with pytest.raises(SourceChanged, match="pages have no record any more"):
        got("oer_bccampus", place, http)


def test_a_sitemap_without_books_names_what_was_looked_for(standin: Standin, place: Place, http: Http) -> None:
    standin.pages[SITEMAP] = lambda _: xml(sitemap(["https://collection.bccampus.ca/about/"]))
    with pytest.raises(SourceChanged, match=r"names no page of a record \(/textbooks/\)"):
        plan("oer_bccampus", place, http)


def test_a_record_that_is_given_twice_is_refused(standin: Standin, place: Place, http: Http) -> None:
    address = "https://collection.bccampus.ca/textbooks/algebra/"
    standin.pages[f"{BOOKS}/history/"] = lambda _: page_with(book_record("algebra", address))
    with pytest.raises(SourceChanged, match=r"gives https://collection\.bccampus\.ca/textbooks/algebra/ twice"):
        got("oer_bccampus", place, http)


def test_of_the_directory_only_whole_books_are_kept_each_license_from_where_it_stands(
    standin: Standin, place: Place, http: Http, maine: Workspace, tmp_path: Path
) -> None:
    (wanted,) = plan("oer_doab", place, http).wanted
    assert (wanted.name, wanted.vintage[:6]) == ("doab.csv", "as of ")
    path = tmp_path / "any_name.csv"
    path.write_bytes(wanted.get(http).path.read_bytes())
    receipt = added(maine, path)
    assert receipt.source == "oer_doab", "a file added by hand is known by its header"
    assert receipt.refused["chapters and other parts"] == 1
    here = maine.frame("open_resources").set_index("resource_id")
    assert here["isbn"].to_dict()["doab:1"] == "9781711470031"
    assert here["license"].str.partition("licenses")[2].to_dict() == {"doab:1": "/by/4.0/", "doab:2": "/by-sa/4.0/"}
    assert DOAB in {one.path for one in standin.asked}


@pytest.mark.parametrize("line", ["4,c,Long,book,eng,h,A,,,,,,more,cells", '5,c,"unclosed,book', "6", "\0,,"])
def test_a_damaged_line_of_the_directory_is_read_or_refused_in_words(
    maine: Workspace, tmp_path: Path, line: str
) -> None:
    path = tmp_path / "doab.csv"
    path.write_text(f"{doab()}{line}\n", encoding="utf-8")
    words = ""
    try:
        added(maine, path)
    except BadInput as why:
        words = str(why)
    assert "mend:" in words if words else maine.frame("open_resources").shape[0] >= 2
    assert bool(words) == (maine.catalog == [])


# --- CASE -----------------------------------------------------------------------------------------------------------


def test_the_adopted_frameworks_of_the_state_and_those_states_share_are_planned(place: Place, http: Http) -> None:
    found = plan("oer_case", place, http)
    assert {one.address.rpartition("/")[2] for one in found.wanted} == {FRAMEWORK, SHARED}
    assert {one.as_of for one in found.wanted} == {"2026-05-04"}
    assert found.notes[1] == "2 others listed there are left"


def test_a_package_becomes_standards_and_the_same_by_hand(
    standin: Standin, place: Place, http: Http, maine: Workspace, tmp_path: Path
) -> None:
    wanted = next(one for one in plan("oer_case", place, http).wanted if FRAMEWORK in one.address)
    path = tmp_path / "science.json"
    path.write_bytes(wanted.get(http).path.read_bytes())
    receipt = added(maine, path)
    assert (receipt.source, receipt.as_of, receipt.publisher) == (
        "oer_case",
        "2026-05-04",
        "Maine Department of Education",
    )
    assert receipt.refused == {"items without a code": 1}
    assert "license of the framework: CC BY 4.0" in receipt.notes[0]
    here = maine.frame("standards")
    assert here["code"].tolist() == ["MS-LS1-1", "MS-LS1-2"]
    assert set(here["framework"]) == {"Learning Results: Science"}
    assert standin.count(f"{CASE}/CFPackages") == 1


def many(count: int) -> list[dict[str, Any]]:
    return [
        case_document(f"{n:08d}-0000-11e8-824f-000000000000", f"Maine {n}", "Maine Department of Education")
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [99, 100, 101, 250])
def test_all_pages_of_a_long_list_come(standin: Standin, place: Place, http: Http, count: int) -> None:
    standin.pages[f"{CASE}/CFDocuments"] = lambda asked: case_documents(many(count), asked)
    assert len(plan("oer_case", place, http).wanted) == count


def test_a_server_that_knows_no_pages_is_not_asked_forever(standin: Standin, place: Place, http: Http) -> None:
    standin.pages[f"{CASE}/CFDocuments"] = lambda _: as_json({"CFDocuments": many(100)})
    assert len(plan("oer_case", place, http).wanted) == 100
    assert standin.count(f"{CASE}/CFDocuments") == 2


def test_a_server_of_the_newer_version_is_found_at_its_path(standin: Standin, place: Place, http: Http) -> None:
    newer = CASE.replace("v1p0", "v1p1")
    standin.pages[f"{newer}/CFDocuments"] = standin.pages.pop(f"{CASE}/CFDocuments")
    assert {
        one.address.partition("/CFPackages")[0].rpartition("/")[2] for one in plan("oer_case", place, http).wanted
    } == {"v1p1"}


def test_a_states_own_server_gives_all_its_adopted_frameworks(
    standin: Standin, accounts: dict[str, str], http: Http
) -> None:
    path = "/case.georgiastandards.org/ims/case/v1p0"
    standin.pages[f"{path}/CFDocuments"] = lambda asked: case_documents(many(3), asked)
    georgia = Place(state=states.by_usps("GA"), funding_year=2026, environ=accounts, hosts=standin.hosts())
    assert len(plan("oer_case", georgia, http).wanted) == 3


def test_a_server_without_the_states_frameworks_says_how_to_ask_another(
    standin: Standin, accounts: dict[str, str], http: Http
) -> None:
    standin.pages[f"{CASE}/CFDocuments"] = lambda _: as_json(
        {"CFDocuments": [case_document("1", "Standards", "Virginia")]}
    )
    with pytest.raises(NotPublished, match=r"none adopted that names Maine(.|\n)*--host opensalt\.net="):
        plan(
            "oer_case",
            Place(state=states.by_usps("ME"), funding_year=2026, environ=accounts, hosts=standin.hosts()),
            http,
        )


def test_a_server_that_wants_an_account_is_told_apart(standin: Standin, place: Place, http: Http) -> None:
    standin.pages[f"{CASE}/CFDocuments"] = lambda _: as_json({"imsx_description": "unauthorized"}, 401)
    with pytest.raises(NoCredential, match="account or key"):
        plan("oer_case", place, http)
    nobody = Place(state=place.state, funding_year=2026, environ={}, hosts=place.hosts)
    with pytest.raises(
        NoCredential, match=r'unauthorized(.|\n)*set CASE_AUTHORIZATION in the env.*"Bearer TOKEN"'
    ) as caught:
        plan("oer_case", nobody, http)
    assert str(caught.value).count("mend:") == 1


def test_a_package_cut_off_is_asked_for_again(standin: Standin, place: Place, http: Http) -> None:
    wanted = plan("oer_case", place, http).wanted[0]
    path = f"{CASE}/CFPackages/{wanted.address.rpartition('/')[2]}"
    whole = standin.files[path]
    standin.fault(path, Answer(whole[:-40], length=False), Answer(whole[: len(whole) // 2], length=False))
    assert wanted.get(http).path.read_bytes() == whole


def test_a_package_without_codes_is_refused_in_words(maine: Workspace, tmp_path: Path) -> None:
    package = case_package(case_document("1", "Skills", "Maine"))
    for item in package["CFItems"]:
        item.pop("humanCodingScheme", None)
    path = tmp_path / "skills.json"
    path.write_text(json.dumps(package), encoding="utf-8")
    with pytest.raises(BadInput, match=r"none of the 3 items of skills\.json has a code"):
        added(maine, path)
    assert maine.catalog == []


# --- the Education Data API -----------------------------------------------------------------------------------------


def test_a_year_without_rows_is_passed_over(standin: Standin, place: Place, http: Http) -> None:
    path = f"{URBAN}/school-districts/ccd/directory/{{}}/"
    standin.pages[path.format(2023)] = standin.pages[path.format(2024)]
    standin.pages[path.format(2024)] = lambda _: as_json({"count": 0, "next": None, "previous": None, "results": []})
    found = plan("urban_ccd_lea", place, http)
    assert (found.wanted[0].vintage, found.notes) == ("autumn 2023", ("autumn 2024 is not published yet",))


def test_pages_are_followed_by_their_next_address(standin: Standin, place: Place, http: Http) -> None:
    found = plan("urban_ccd_lea", place, http)
    assert (found.wanted[0].vintage, found.wanted[0].rows) == ("autumn 2024", 2)
    assert [row["leaid"] for row in rows(found.wanted[0].get(http))] == ["2300001", "2300002"]
    assert {one.query["fips"] for one in standin.asked} == {"23"}


def test_the_api_gives_the_tables_of_the_files_and_codes_for_missing_stay_missing(
    place: Place, http: Http, maine: Workspace, tmp_path: Path
) -> None:
    for source in ("urban_ccd_lea", "urban_ccd_school", "urban_ccd_enrollment"):
        path = tmp_path / f"{source}.csv"
        path.write_bytes(got(source, place, http).path.read_bytes())
        receipt = added(maine, path)
        assert (receipt.source, receipt.as_of) == (source, "2024"), "which way the data came is in the receipt"
    lea = maine.frame("districts").set_index("lea_id")
    assert (lea.loc["2300001", "grade_low"], lea.loc["2300001", "grade_high"]) == ("PK", "12")
    assert lea.loc["2300001", "school_year"] == "2024-2025"
    schools = maine.frame("schools").set_index("ncessch")
    assert len(schools) == 2, "a closed school is left out"
    assert schools["students"].isna().tolist() == [False, True]
    counts = maine.frame("enrollment").set_index("lea_id")["students"]
    assert counts["2300001"] == 300
    assert counts.isna()["2300002"], "a suppressed count is missing, not zero"


def test_rows_that_vanish_or_a_next_page_elsewhere_are_refused(standin: Standin, place: Place, http: Http) -> None:
    path = f"{URBAN}/school-districts/ccd/directory/2024/"
    before = standin.pages[path]

    def changed(**changes: Any) -> Callable[[Asked], Answer]:
        return lambda asked: as_json({**json.loads(before(asked).body), **changes})

    standin.pages[path] = changed(next=None)
    with pytest.raises(SourceChanged, match="counted 2 rows and sent 1"):
        got("urban_ccd_lea", place, http)
    standin.pages[path] = changed(next="https://elsewhere.example/api")
    with pytest.raises(SourceChanged, match=r"names https://elsewhere\.example/api as its next page"):
        got("urban_ccd_lea", place, http)
    standin.pages[path] = changed(next=f"https:/{path}?fips=23")
    with pytest.raises(SourceChanged, match="as its next page"):
        got("urban_ccd_lea", place, http)
    standin.pages[path] = lambda _: as_json({"detail": "error"})
    with pytest.raises(SourceChanged, match="not a page of rows"):
        got("urban_ccd_lea", place, http)


def test_only_the_totals_of_a_membership_file_are_kept(
    standin: Standin, place: Place, http: Http, maine: Workspace, tmp_path: Path
) -> None:
    (wanted,) = plan("nces_ccd_membership", place, http).wanted
    path = tmp_path / wanted.name
    path.write_bytes(wanted.get(http).path.read_bytes())
    receipt = added(maine, path)
    assert receipt.tables == {"enrollment": 2}
    assert receipt.refused == {"rows of other states": 3, "parts of a district's total": 4}
    assert maine.frame("enrollment").set_index("lea_id")["students"].to_dict() == {"2300001": 300, "2300002": 120}
    assert standin.asked


def test_with_all_a_states_own_enrollment_is_not_doubled(
    standin: Standin, infraplan: Run, tmp_path: Path, accounts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert accounts
    monkeypatch.setattr("time.sleep", lambda _: None)
    folder = tmp_path / "plan"
    infraplan("init", folder, "--state", "ME", "--funding-year", "2026")
    path = tmp_path / "urban.csv"
    path.write_text("year,leaid,fips,grade,race,sex,enrollment\n2024,2300001,23,99,99,99,301\n", encoding="utf-8")
    assert infraplan("data", "add", path, "--workspace", folder).code == 0
    hosts = [word for name, base in standin.hosts().items() for word in ("--host", f"{name}={base}")]
    done = infraplan("data", "fetch", "--all", "--dry-run", "--workspace", folder, *hosts)
    assert done.code == 0, done.err
    assert "nces_ccd_membership: left, enrollment is loaded from urban.csv" in done.err
    assert "nces_ccd_membership" not in done.out
