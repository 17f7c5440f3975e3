"""What publishers' interfaces do wrong is mended, or refused by name: no silent loss, no half table."""

import csv
import json
from collections.abc import Mapping
from typing import Any

import pytest

from fetch.maine_online import (
    ACS,
    CABLE,
    CABLE_BEFORE,
    CCD,
    EDGE,
    FCC,
    FIBER,
    FIBER_J25,
    OTL,
    SCHOOLS,
    TIGER,
    USAC,
    acs,
    edge_query,
    envelope,
    listed,
)
from fetch.standin import MAINTENANCE, Answer, Asked, Standin, as_json
from infraplan import publishers, states
from infraplan.asks import NoCredential, NotFetched, NotPublished, SourceChanged
from infraplan.downloads import Kept
from infraplan.fetch import Http
from infraplan.publishers import Place, Plan

DOWNLOADS = f"{FCC}/map/downloads"


@pytest.fixture
def place(standin: Standin, accounts: dict[str, str]) -> Place:
    """Maine, at the stand-in."""
    return Place(state=states.by_usps("ME"), funding_year=2026, environ=accounts, hosts=standin.hosts())


def plan(source: str, place: Place, http: Http) -> Plan:
    return publishers.plan(publishers.fetchable()[source], place, http)


def got(source: str, place: Place, http: Http) -> Kept:
    (wanted,) = plan(source, place, http).wanted
    return wanted.get(http)


def rows(kept: Kept) -> list[dict[str, str]]:
    with kept.path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def in_full(place: Place, **changes: Any) -> Place:
    return Place(**{**place.__dict__, **changes})


# --- FCC ------------------------------------------------------------------------------------------------------------


def test_the_newest_release_of_the_state_is_planned_and_only_its_last_revision(place: Place, http: Http) -> None:
    found = plan("fcc_bdc_fixed", place, http)
    assert [(one.name, one.rows, one.vintage) for one in found.wanted] == [
        (f"{CABLE}.zip", 2, "2025-12-31, revision 2026-03-17"),
        (f"{FIBER}.zip", 2, "2025-12-31, revision 2026-03-17"),
    ]
    assert found.notes == ("1 earlier revisions of the same release are listed and left",)
    assert CABLE_BEFORE not in str(found.wanted)


def test_an_earlier_release_can_be_asked_for(place: Place, http: Http) -> None:
    (wanted,) = plan("fcc_bdc_fixed", in_full(place, as_of="2025-06-30"), http).wanted
    assert wanted.name == f"{FIBER_J25}.zip"
    with pytest.raises(NotPublished, match="lists no release 2019-01-01"):
        plan("fcc_bdc_fixed", in_full(place, as_of="2019-01-01"), http)


def test_files_of_no_technology_are_known_by_their_names_and_a_national_one_stands_for_the_states(
    standin: Standin, place: Place, http: Http
) -> None:
    summary = {"category": "Summary", "subcategory": "Summary by Geography Type - Other Geographies"}
    told = [
        listed(number, f"bdc_{who}_fixed_broadband_summary_by_geography_D25_{issued}", "", 0, 1, **summary)
        | {"technology_code": None, "state_fips": fips}
        for number, (who, fips, issued) in enumerate(
            [("us", None, "17mar2026"), ("us", None, "04aug2026"), ("23", "23", "04aug2026"), ("33", "33", "04aug2026")]
        )
    ]
    standin.fault(f"{DOWNLOADS}/listAvailabilityData", as_json(envelope(told)))
    found = plan("fcc_bdc_summary", place, http)
    assert [one.name for one in found.wanted] == ["bdc_us_fixed_broadband_summary_by_geography_D25_04aug2026.zip"]
    assert found.notes == ("1 earlier revisions of the same release are listed and left",)


def test_a_failure_inside_a_success_is_a_failure(standin: Standin, place: Place, http: Http) -> None:
    fail = {"status": "fail", "status_code": 401, "message": "Invalid username or token", "data": None}
    standin.fault(f"{FCC}/map/listAsOfDates", as_json(fail))
    with pytest.raises(NotFetched, match="the FCC refused: Invalid username or token"):
        plan("fcc_bdc_fixed", place, http)


def test_too_many_calls_told_inside_a_success_are_waited_out(
    standin: Standin, place: Place, http: Http, naps: list[float]
) -> None:
    busy = {"status": "fail", "status_code": 429, "message": "rate limit", "data": None}
    standin.fault(f"{FCC}/map/listAsOfDates", as_json(busy), as_json(busy))
    assert len(plan("fcc_bdc_fixed", place, http).wanted) == 2
    assert {1.0, 2.0} <= set(naps)


def test_an_account_that_is_refused_says_how_to_go_on(standin: Standin, place: Place, http: Http) -> None:
    standin.fault(f"{FCC}/map/listAsOfDates", as_json({"message": "Unauthorized"}, 401))
    with pytest.raises(NoCredential, match="download the file in a browser"):
        plan("fcc_bdc_fixed", place, http)


def test_a_file_that_is_not_published_for_the_state_is_told_apart(standin: Standin, place: Place, http: Http) -> None:
    wanted = plan("fcc_bdc_fixed", place, http).wanted[0]
    standin.fault(DOWNLOADS, as_json({"message": "no such file"}, 422))
    with pytest.raises(NotPublished, match="no such file"):
        wanted.get(http)


def test_a_release_without_the_state_names_an_earlier_one(standin: Standin, place: Place, http: Http) -> None:
    other = listed(1, "bdc_33_Cable_fixed_broadband_D25_17mar2026", "Cable", 40, 1, state_fips="33")
    standin.fault(f"{DOWNLOADS}/listAvailabilityData", as_json(envelope([other])))
    with pytest.raises(NotPublished, match="--as-of 2025-06-30"):
        plan("fcc_bdc_fixed", place, http)


def test_an_envelope_that_changed_is_named(standin: Standin, place: Place, http: Http) -> None:
    standin.fault(f"{FCC}/map/listAsOfDates", as_json([1, 2]))
    with pytest.raises(NotFetched, match="no envelope"):
        plan("fcc_bdc_fixed", place, http)


def test_the_account_goes_with_every_call(standin: Standin, place: Place, http: Http) -> None:
    for wanted in plan("fcc_bdc_fixed", place, http).wanted:
        wanted.get(http)
    assert {one.headers.get("hash_value") for one in standin.asked} == {place.environ["FCC_HASH_VALUE"]}


def test_sources_that_share_a_list_ask_for_it_once(standin: Standin, place: Place, http: Http) -> None:
    for source in ("fcc_bdc_fixed", "fcc_bdc_summary", "fcc_served_export"):
        plan(source, place, http)
    assert standin.count(f"{FCC}/map/listAsOfDates") == 1


def test_funded_locations_come_from_the_programs_of_the_state(place: Place, http: Http) -> None:
    found = rows(got("fcc_funding_map", place, http))
    assert found == [
        {"location_id": "1000000002", "program": "CAF II"},
        {"location_id": "1000000001", "program": "RDOF"},
    ]


# --- ArcGIS ---------------------------------------------------------------------------------------------------------


def features(kept: Kept) -> list[str]:
    return [one["properties"]["NCESSCH"] for one in json.loads(kept.path.read_bytes())["features"]]


def test_pages_are_followed_with_the_flag_under_properties_or_at_the_top(
    standin: Standin, place: Place, http: Http
) -> None:
    assert features(got("nces_edge_schools", place, http)) == SCHOOLS

    def flag_at_the_top(asked: Asked) -> Answer:
        told = json.loads(edge_query(asked).body)
        more = told.pop("properties", None)
        return as_json({**told, **(more or {})})

    standin.pages[f"{EDGE.format('2425')}/query"] = flag_at_the_top
    assert features(got("nces_edge_schools", place, http)) == SCHOOLS


def test_an_error_inside_a_page_is_waited_out_or_refused(standin: Standin, place: Place, http: Http) -> None:
    query = f"{EDGE.format('2425')}/query"
    wanted = plan("nces_edge_schools", place, http).wanted[0]
    standin.fault(query, as_json({"error": {"code": 500, "message": "Error performing query operation"}}))
    assert features(wanted.get(http)) == SCHOOLS
    standin.fault(query, as_json({"error": {"code": 498, "message": "Invalid token"}}))
    with pytest.raises(NotFetched, match="answered inside: Invalid token"):
        wanted.get(http)


def test_pages_that_repeat_rows_are_not_kept(standin: Standin, place: Place, http: Http) -> None:
    def always_the_start(asked: Asked) -> Answer:
        begin = {**asked.query, "resultOffset": "0"} if asked.query.get("resultOffset") == "2" else asked.query
        return edge_query(Asked(asked.method, asked.path, begin, asked.headers))

    standin.pages[f"{EDGE.format('2425')}/query"] = always_the_start
    with pytest.raises(SourceChanged, match="promised 5 features and sent 5, 3 of them different"):
        got("nces_edge_schools", place, http)


def test_a_column_that_went_is_named_with_those_that_came(standin: Standin, place: Place, http: Http) -> None:
    layer = EDGE.format("2425")
    about = json.loads(standin.pages[layer](Asked("GET", layer, {}, {})).body)
    for field in about["fields"]:
        field["name"] = {"MEMBER": "MEMBERSHIP"}.get(field["name"], field["name"])
    standin.pages[layer] = lambda _: as_json(about)
    with pytest.raises(SourceChanged, match=r"no longer has the column MEMBER\n(.|\n)*MEMBERSHIP"):
        plan("nces_edge_schools", place, http)


def test_last_years_service_is_used_while_this_years_is_not_out(standin: Standin, place: Place, http: Http) -> None:
    for end in ("", "/query"):
        standin.pages[EDGE.format("2324") + end] = standin.pages.pop(EDGE.format("2425") + end)
    standin.pages[EDGE.format("2425")] = lambda _: as_json({"error": {"code": 404, "message": "Service not found"}})
    found = plan("nces_edge_schools", place, http)
    assert (found.wanted[0].vintage, found.notes) == ("2023-24", ("2024-25 is not published",))


# --- Socrata --------------------------------------------------------------------------------------------------------


def change(standin: Standin, path: str, **changes: Any) -> None:
    told = json.loads(standin.pages[path](Asked("GET", path, {}, {})).body)
    standin.pages[path] = lambda _: as_json({**told, **changes})


def test_pages_come_in_order_and_null_fields_keep_their_column(standin: Standin, place: Place, http: Http) -> None:
    def without_a_field(asked: Asked) -> Answer:
        told = json.loads(before(asked).body)
        for row in told[:1]:
            row.pop("award_date", None)
        return as_json(told)

    path = f"{USAC}/resource/qdmp-ygft.json"
    before = standin.pages[path]
    standin.pages[path] = without_a_field
    found = rows(got("usac_requests", place, http))
    assert [row["funding_request_number"] for row in found] == [f"26990000{n:02d}" for n in range(7)]
    assert (found[0]["award_date"], found[1]["award_date"]) == ("", "2026-03-01T00:00:00.000")
    assert ":@computed_region_x" not in found[0]
    pages = [one.query for one in standin.asked if "$offset" in one.query]
    assert all(one["$order"] == ":id" and "funding_year in ('2024', '2025', '2026')" in one["$where"] for one in pages)


def test_a_renamed_column_is_a_fault_with_a_name_before_anything_is_fetched(
    standin: Standin, place: Place, http: Http
) -> None:
    path = f"{USAC}/api/views/qdmp-ygft.json"
    told = json.loads(standin.pages[path](Asked("GET", path, {}, {})).body)["columns"]
    names = [{"fieldName": {"dis_pct": "discount_pct"}.get(one["fieldName"], one["fieldName"])} for one in told]
    change(standin, path, columns=names)
    with pytest.raises(SourceChanged, match=r"no longer has the column dis_pct(.|\n)*discount_pct"):
        plan("usac_requests", place, http)
    assert standin.count(f"{USAC}/resource") == 0


def test_rows_that_vanish_between_pages_are_noticed(standin: Standin, place: Place, http: Http) -> None:
    wanted = plan("usac_requests", place, http).wanted[0]
    standin.fault(f"{USAC}/resource/qdmp-ygft", as_json([]))
    with pytest.raises(SourceChanged, match="counted 7 rows and sent 0"):
        wanted.get(http)
    assert http.cache.find(wanted.address) is None


def test_a_throttled_pool_is_waited_for(standin: Standin, place: Place, http: Http, naps: list[float]) -> None:
    standin.fault(f"{USAC}/resource/qdmp-ygft", Answer(b"", 429, {"Retry-After": "9"}))
    assert len(rows(got("usac_requests", place, http))) == 7
    assert 9.0 in naps


@pytest.mark.parametrize("answer", [MAINTENANCE, as_json({"error": True, "message": "query timeout"})])
def test_a_page_that_is_not_rows_is_refused(standin: Standin, place: Place, http: Http, answer: Answer) -> None:
    wanted = plan("usac_requests", place, http).wanted[0]
    standin.fault(f"{USAC}/resource/qdmp-ygft", answer)
    with pytest.raises(SourceChanged):
        wanted.get(http)


def test_a_page_cut_off_is_asked_for_again(standin: Standin, place: Place, http: Http) -> None:
    whole = as_json([{"funding_request_number": "1"}] * 7)
    for worse in (Answer(whole.body[:-9]), Answer(whole.body, cut=20), Answer(whole.body[:-9], chunked=True, cut=30)):
        wanted = plan("usac_c2_spending", place, http).wanted[0]
        standin.fault(f"{USAC}/resource/6brt-5pbv", worse)
        assert rows(wanted.get(http))[0]["c2_budget"] == "50100.00"
        for path in (http.cache.folder / "index").iterdir():
            path.unlink()


def test_rows_that_did_not_change_are_not_fetched_again(standin: Standin, place: Place, http: Http) -> None:
    got("usac_requests", place, http)
    before = len([one for one in standin.asked if "$offset" in one.query])
    assert not got("usac_requests", place, http).fresh
    assert len([one for one in standin.asked if "$offset" in one.query]) == before
    change(standin, f"{USAC}/api/views/qdmp-ygft.json", rowsUpdatedAt=1_790_086_400)
    assert got("usac_requests", place, http).fresh


# --- Census ---------------------------------------------------------------------------------------------------------


def of_acs(place: Place, http: Http, part: str) -> list[dict[str, str]]:
    (wanted,) = [one for one in plan("census_acs", place, http).wanted if part in one.name]
    return rows(wanted.get(http))


def test_layers_that_a_state_does_not_have_give_no_rows_and_null_stays_blank(place: Place, http: Http) -> None:
    found = of_acs(place, http, "S2802-district")
    assert {row["GEO_ID"][:3] for row in found} == {"960", "970"}
    assert {row["S2802_C01_002M"] for row in found} == {"-666666666"}, "codes stay for the loader to judge"
    assert "" in {row["S2802_C01_002E"] for row in found}


def test_the_newest_published_years_are_used(place: Place, http: Http) -> None:
    found = plan("census_acs", place, http)
    assert {one.vintage for one in found.wanted} == {"2023 (five years)"}
    assert found.notes == ("2024 is not published yet",)


def test_a_table_without_an_expected_column_is_named(standin: Standin, place: Place, http: Http) -> None:
    def renamed(asked: Asked) -> Answer:
        return Answer(acs(asked).body.replace(b"S2802_C02_002E", b"S2802_C02_003E"))

    standin.pages[f"{ACS}/2023/acs/acs5/subject"] = renamed
    with pytest.raises(SourceChanged, match="lacks S2802_C02_002E"):
        of_acs(place, http, "S2802-tract")


def test_a_key_that_is_not_accepted_is_not_a_table(standin: Standin, place: Place, http: Http) -> None:
    page = Answer(b"<html><title>Invalid Key</title>A valid <em>key</em> must be included</html>")
    standin.fault(f"{ACS}/2023/acs/acs5/subject", page)
    with pytest.raises(NoCredential, match="Invalid Key"):
        of_acs(place, http, "S2802-tract")


# --- files at addresses one can reckon ------------------------------------------------------------------------------


def test_a_layer_that_is_optional_may_be_missing_and_is_said(place: Place, http: Http) -> None:
    found = plan("census_tiger_districts", place, http)
    assert [one.name for one in found.wanted] == ["tl_2025_23_unsd.zip", "tl_2025_23_scsd.zip"]
    assert found.notes == (
        "elementary districts: none published for Maine",
        "administrative districts: none published for Maine",
    )


def test_last_years_file_is_used_while_this_years_is_not_out(place: Place, http: Http) -> None:
    found = plan("census_saipe", place, http)
    assert [(one.name, one.vintage) for one in found.wanted] == [("ussd23.xls", "2023")]
    assert "2024 is not published yet" in found.notes[0]


def test_a_file_that_moved_is_refused_with_its_landing_page(standin: Standin, place: Place, http: Http) -> None:
    for path in [path for path in standin.files if path.startswith(CCD)]:
        del standin.files[path]
    with pytest.raises(NotPublished, match=r"https://nces.ed.gov/ccd/files.asp"):
        plan("nces_ccd_lea", place, http)


def test_a_server_that_knows_no_head_is_asked_all_the_same(standin: Standin, place: Place, http: Http) -> None:
    path = f"{TIGER}/TRACT/tl_2025_23_tract.zip"
    body = standin.files.pop(path)

    def no_head(asked: Asked) -> Answer:
        return Answer(b"", 405) if asked.method == "HEAD" else Answer(body)

    standin.pages[path] = no_head
    (wanted,) = plan("census_tiger_tracts", place, http).wanted
    assert wanted.bytes is None
    assert wanted.get(http).path.read_bytes() == body


# --- catalogs -------------------------------------------------------------------------------------------------------


def test_all_pages_of_a_catalog_come_and_a_license_that_is_not_stated_stays_blank(place: Place, http: Http) -> None:
    found = rows(got("oer_open_textbook_library", place, http))
    assert [row["resource_id"] for row in found] == ["otl:1", "otl:2", "otl:3"]
    assert [row["license"] for row in found] == ["", "Attribution-ShareAlike", "Attribution-ShareAlike"]


def test_only_live_books_of_openstax_count(place: Place, http: Http) -> None:
    (found,) = rows(got("oer_openstax", place, http))
    assert (found["title"], found["isbn"]) == ("Prealgebra 2e", "9781711470031")


def test_a_catalog_that_goes_round_in_a_circle_is_left(standin: Standin, place: Place, http: Http) -> None:
    before = standin.pages[OTL]

    def round_about(asked: Asked) -> Answer:
        told = json.loads(before(asked).body)
        told["links"]["next"] = "https://open.umn.edu/opentextbooks/textbooks.json?page=1"
        return as_json(told)

    standin.pages[OTL] = round_about
    with pytest.raises(SourceChanged, match="gives 1 twice"):
        got("oer_open_textbook_library", place, http)


def test_a_catalog_that_points_elsewhere_is_not_followed(standin: Standin, place: Place, http: Http) -> None:
    standin.pages[OTL] = lambda _: as_json({"data": [], "links": {"next": "https://elsewhere.example/x"}})
    with pytest.raises(SourceChanged, match=r"names elsewhere\.example as its next page"):
        got("oer_open_textbook_library", place, http)


def test_a_catalog_whose_fields_were_renamed_is_named(standin: Standin, place: Place, http: Http) -> None:
    standin.pages[OTL] = lambda _: as_json({"data": [{"id": 1, "name": "Statistics", "rights": "CC BY"}], "links": {}})
    with pytest.raises(SourceChanged, match=r"no record has title \(title\), license \(license\)"):
        got("oer_open_textbook_library", place, http)


def test_every_source_that_can_be_fetched_says_how(place: Place) -> None:
    known: Mapping[str, publishers.Fetchable] = publishers.fetchable()
    for one in known.values():
        credentials = one.settings.get("credentials", {})
        assert not credentials or one.settings.get("credentials_optional") or one.settings["credentials_from"]
        assert set(credentials.values()) <= set(place.environ)
