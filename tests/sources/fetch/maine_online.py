"""Every publisher's interface with a corner of Maine in it, in the publishers' own shapes, written by hand."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import publishers
import shapely
from publishers import EAST, EAST_BLOCK, EAST_BOX, WEST, WEST_BLOCK, WEST_BOX, Offer

from fetch.standin import Answer, Asked, Standin, as_json

FCC = "/bdc.fcc.gov/api/public"
RELEASES = ("2025-06-30", "2025-12-31")
CABLE = "bdc_23_Cable_fixed_broadband_D25_17mar2026"
CABLE_BEFORE = "bdc_23_Cable_fixed_broadband_D25_02feb2026"
FIBER = "bdc_23_FibertothePremises_fixed_broadband_D25_17mar2026"
FIBER_J25 = "bdc_23_FibertothePremises_fixed_broadband_J25_22nov2025"
TIGER = "/www2.census.gov/geo/tiger/TIGER2025"
SAIPE = "/www2.census.gov/programs-surveys/saipe/datasets"
CCD = "/nces.ed.gov/ccd/Data/zip"
EDGE = "/nces.ed.gov/opengis/rest/services/K12_School_Locations/EDGE_ADMINDATA_PUBLICSCH_{}/MapServer/1"
ACS = "/api.census.gov/data"
USAC = "/opendata.usac.org"
SOURCES = [
    "census_acs",
    "census_block_districts",
    "census_saipe",
    "census_tiger_districts",
    "census_tiger_legislative",
    "census_tiger_tracts",
    "fcc_bdc_fixed",
    "fcc_bdc_summary",
    "fcc_funding_map",
    "fcc_served_export",
    "nces_ccd_lea",
    "nces_ccd_membership",
    "nces_ccd_school",
    "nces_edge_schools",
    "oer_bccampus",
    "oer_case",
    "oer_libretexts",
    "oer_open_textbook_library",
    "oer_openstax",
    "usac_applicant_sites",
    "usac_applications",
    "usac_c2_spending",
    "usac_disbursements",
    "usac_entities",
    "usac_line_recipients",
    "usac_request_lines",
    "usac_requests",
]
BY_NAME = [
    "nces_edge_districts",
    "usac_site_speeds",
    "oer_doab",
    "urban_ccd_enrollment",
    "urban_ccd_lea",
    "urban_ccd_school",
]


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of some members, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def open_for_maine(server: Standin, made: Path) -> None:
    """Fill the server; `made` is a folder for files on the way."""
    fcc(server, made)
    census(server, made)
    nces(server, made)
    usac(server)
    catalogs(server)
    case(server)
    urban(server)


# --- FCC ------------------------------------------------------------------------------------------------------------


def envelope(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The FCC's envelope."""
    good = {"status_code": 200, "message": None, "status": "successful"}
    return {"data": list(rows), "result_count": len(rows), **good}


def listed(file_id: int, name: str, technology: str, code: int, records: int, **more: object) -> dict[str, Any]:
    """One row of the FCC's list of availability files."""
    return {
        "file_id": file_id,
        "category": "State",
        "subcategory": "Location Coverage",
        "technology_type": "Fixed Broadband",
        "technology_code": str(code),
        "technology_code_desc": technology,
        "speed_tier": None,
        "state_fips": "23",
        "state_name": "Maine",
        "provider_id": None,
        "provider_name": None,
        "file_type": "csv",
        "file_name": name,
        "record_count": str(records),
        **more,
    }


def needs_account(page: Any) -> Any:
    """A page of the FCC's that answers 401 without the two headers."""

    def guarded(asked: Asked) -> Answer:
        if not asked.headers.get("username") or not asked.headers.get("hash_value"):
            return as_json({"status": "fail", "status_code": 401, "message": "Unauthorized", "data": None}, 401)
        answer: Answer = page(asked)
        return answer

    return guarded


def bdc_zip(made: Path, name: str, *offers: Offer) -> bytes:
    """One BDC file as downloaded."""
    path = publishers.bdc(made / f"{name}.csv", *offers)
    return zipped({path.name: path.read_bytes()})


def fcc(server: Standin, made: Path) -> None:
    """Two releases; the newer has a file that was issued twice, one of another state, a summary and a served list."""
    lists = {
        "2025-06-30": [listed(11, FIBER_J25, "Fiber to the Premises", 50, 1)],
        "2025-12-31": [
            listed(21, CABLE_BEFORE, "Cable", 40, 1),
            listed(22, CABLE, "Cable", 40, 2),
            listed(23, FIBER, "Fiber to the Premises", 50, 2),
            listed(24, "bdc_33_Cable_fixed_broadband_D25_17mar2026", "Cable", 40, 9, state_fips="33"),
            listed(25, "bdc_23_130077_fixed_D25", "Cable", 40, 9, category="Provider"),
            listed(26, "bdc_23_served_unserved_D25_17mar2026", "", 0, 1, subcategory="Served-Unserved"),
            listed(
                27,
                "bdc_us_fixed_broadband_summary_by_geography_D25_17mar2026",
                "",
                0,
                1,
                category="Summary",
                subcategory="Summary by Geography Type - Other Geographies",
                state_fips=None,
            ),
        ],
    }
    dates = [{"data_type": kind, "as_of_date": day} for kind in ("availability", "challenge") for day in RELEASES]
    server.pages[f"{FCC}/map/listAsOfDates"] = needs_account(lambda _: as_json(envelope(dates)))
    for day, rows in lists.items():
        server.pages[f"{FCC}/map/downloads/listAvailabilityData/{day}"] = needs_account(partial(_list_of, rows))
    east = {"block": EAST_BLOCK, "cell": publishers.EAST_CELL}
    door = f"{FCC}/map/downloads/downloadFile/availability"
    cable = (Offer(1, technology=40), Offer(2, technology=40, down=25, up=3, **east))
    server.files[f"{door}/11"] = bdc_zip(made, FIBER_J25, Offer(1, technology=50))
    server.files[f"{door}/22"] = bdc_zip(made, CABLE, *cable)
    server.files[f"{door}/23"] = bdc_zip(made, FIBER, Offer(1, technology=50), Offer(3, technology=50, **east))
    served = publishers.served_export(made / "served.csv", (1, WEST_BLOCK, publishers.WEST_CELL))
    server.files[f"{door}/26"] = zipped({"bdc_23_served_unserved_D25_17mar2026.csv": served.read_bytes()})
    server.files[f"{door}/27"] = zipped({"bdc_us_summary_D25_17mar2026.csv": SUMMARY})
    funding = [
        {
            "file_id": f"f{n}",
            "category": "Funded Locations State Program",
            "data_type": "State",
            "program_name": program,
            "state_fips": state,
            "file_name": f"funded_{state}_{n}_15jun2026",
            "record_count": 1,
        }
        for n, (state, program) in enumerate((("23", "RDOF"), ("23", "CAF II"), ("33", "RDOF")))
    ]
    server.pages[f"{FCC}/fundingmap/downloads/listFundingData"] = needs_account(lambda _: as_json(envelope(funding)))
    for n in range(2):
        server.files[f"{FCC}/fundingmap/downloads/downloadFile/f{n}"] = zipped(
            {f"funded_{n}.csv": f"location_id,block_geoid\n{1_000_000_001 + n},{WEST_BLOCK}\n"}
        )


def _list_of(rows: Sequence[Mapping[str, Any]], asked: Asked) -> Answer:
    return as_json(envelope([row for row in rows if _asked_for(row, asked)]))


def _asked_for(row: Mapping[str, Any], asked: Asked) -> bool:
    return all(row.get(name) in (value, None) for name, value in asked.query.items())


SUMMARY_COLUMNS = (
    "area_data_type,geography_type,geography_id,geography_desc,geography_desc_full,total_units,biz_res,technology,"
    "speed_02_02,speed_10_1,speed_25_3,speed_100_20,speed_250_25,speed_1000_100"
)
SUMMARY = (
    f'{SUMMARY_COLUMNS}\nTotal,County,23001,Androscoggin,"Androscoggin County, ME",100,R,Any Terrestrial,1,1,1,1,0,0\n'
)


# --- Census ---------------------------------------------------------------------------------------------------------


def census(server: Standin, made: Path) -> None:
    """TIGER 2025 (no elementary layer), SAIPE 2023 (2024 not out yet), block assignments, ACS 2023."""
    server.files[f"{TIGER}/UNSD/tl_2025_23_unsd.zip"] = publishers.two_districts(made).read_bytes()
    secondary = publishers.shapes(made / "tl_2025_23_scsd.zip", ("2300009", "Both High", EAST_BOX), layer="secondary")
    server.files[f"{TIGER}/SCSD/tl_2025_23_scsd.zip"] = secondary.read_bytes()
    for letter, chamber in (("u", "SLDUST"), ("l", "SLDLST")):
        drawn = gpd.GeoDataFrame(
            {"GEOID": ["23001"], chamber: ["001"], "NAMELSAD": ["District 1"], "LSAD": ["LX"]},
            geometry=[publishers.BOTH_BOX],
            crs="EPSG:4269",
        )
        drawn.to_file(made / f"tl_2025_23_sld{letter}.shp")
        parts = {path.name: path.read_bytes() for path in sorted(made.glob(f"tl_2025_23_sld{letter}.*"))}
        server.files[f"{TIGER}/SLD{letter.upper()}/tl_2025_23_sld{letter}.zip"] = zipped(parts)
    publishers.tracts(made / "tl_2025_23_tract.shp", ("23001010100", WEST_BOX), ("23003010100", EAST_BOX))
    parts = {path.name: path.read_bytes() for path in sorted(made.glob("tl_2025_23_tract.*"))}
    server.files[f"{TIGER}/TRACT/tl_2025_23_tract.zip"] = zipped(parts)
    server.files[f"{SAIPE}/2023/2023-school-districts/ussd23.xls"] = saipe()
    lines = {"SDUNI": ((WEST_BLOCK, WEST[2:]), (EAST_BLOCK, EAST[2:])), "CD": ((WEST_BLOCK, "02"),)}
    texts = {
        f"BlockAssign_ST23_ME_{kind}.txt": publishers.block_relation(made / kind, *rows).read_bytes()
        for kind, rows in lines.items()
    }
    server.files["/www2.census.gov/geo/docs/maps-data/data/baf2020/BlockAssign_ST23_ME.zip"] = zipped(texts)
    server.pages[f"{ACS}/2023/acs/acs5.json"] = lambda _: as_json({"dataset": []})
    for path in ("acs/acs5/subject", "acs/acs5"):
        server.pages[f"{ACS}/2023/{path}"] = acs


def saipe() -> bytes:
    """SAIPE's workbook, its header on row 3."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    poor = "Estimated number of relevant children 5 to 17 years old in poverty who are related to the householder"
    for row in (
        ["Table with estimates", *[""] * 6],
        [""] * 7,
        [
            "State Postal Code",
            "State FIPS Code",
            "District ID",
            "Name",
            "Estimated Total Population",
            "Estimated Population 5-17",
            poor,
        ],
        ["ME", "23", WEST[2:], "West Unified", "2,000", "300", "45"],
        ["NH", "33", "00001", "Elsewhere", "2,000", "300", "45"],
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def acs(asked: Asked) -> Answer:
    """The data API: a header row, all text or null; elementary districts do not exist here: no content."""
    if not asked.query.get("key"):
        return Answer(b"<html><head><title>Missing Key</title></head></html>", 200, {"Content-Type": "text/html"})
    kind = asked.query["for"].removesuffix(":*")
    places = {
        "tract": [("1400000US23001010100", "Census Tract 101"), ("1400000US23003010100", "Census Tract 101")],
        "school district (unified)": [(f"9700000US{WEST}", "West, Maine"), (f"9700000US{EAST}", "East, Maine")],
        "school district (secondary)": [("9600000US2300009", "Both High, Maine")],
    }.get(kind)
    if places is None:
        return Answer(b"", 204)
    columns = asked.query["get"].split(",")
    rows: list[list[str | None]] = [
        [*place, *["-666666666" if n == 1 else str(100 - 10 * n) for n in range(len(columns) - 2)], "23"]
        for place in places
    ]
    rows[0][2] = None
    return as_json([[*columns, "state"], *rows])


# --- NCES -----------------------------------------------------------------------------------------------------------

SCHOOLS = [f"{WEST}{n:05d}" for n in range(1, 6)]


def nces(server: Standin, made: Path) -> None:
    """CCD directories of 2024-25; the EDGE service with pages of two."""
    lea = publishers.ccd_lea(
        made / "lea.csv", publishers.ccd_lea_row(WEST, "West"), publishers.ccd_lea_row(EAST, "East")
    )
    name = "ccd_lea_029_2425_w_1a_073025"
    server.files[f"{CCD}/{name}.zip"] = zipped({f"{name}.csv": lea.read_bytes(), f"{name}.sas7bdat": b"\0sas"})
    header = ["SCHOOL_YEAR", "FIPST", "SCH_NAME", "LEA_NAME", "LEAID", "NCESSCH", "SY_STATUS", "LEVEL", "GSLO", "GSHI"]
    rows = [["2024-2025", "23", f"School {n}", "West", WEST, n, "1", "Elementary", "PK", "05"] for n in SCHOOLS]
    name = "ccd_sch_029_2425_w_1a_073025"
    server.files[f"{CCD}/{name}.zip"] = zipped({f"{name}.csv": publishers.csv_text(header, rows)})
    name = "ccd_lea_052_2425_l_1a_073025"
    server.files[f"{CCD}/{name}.zip"] = zipped({f"{name}.csv": membership(), f"{name}.sas7bdat": b"\0sas"})
    layer = EDGE.format("2425")
    fields = [{"name": name, "type": "esriFieldTypeString"} for name in ("OBJECTID", *publishers.EDGE)]
    about = {"name": "schools", "maxRecordCount": 2000, "fields": fields}
    server.pages[layer] = lambda _: as_json(about)
    server.pages[f"{layer}/query"] = edge_query
    names = ("GEOID", "NAME", "STATEFP", "ELSDLEA", "SCSDLEA", "UNSDLEA", "SDADMLEA")
    shapes = {"name": "districts", "maxRecordCount": 2000, "fields": [{"name": name} for name in names]}
    server.pages[EDGE_DISTRICTS] = partial(_always, shapes)
    server.pages[f"{EDGE_DISTRICTS}/query"] = edge_districts


EDGE_DISTRICTS = (
    "/nces.ed.gov/opengis/rest/services/School_District_Boundaries/EDGE_SCHOOLDISTRICT_TL24_SY2324/MapServer/0"
)


def edge_districts(asked: Asked) -> Answer:
    """Two districts on one page; a layer that a district is not of holds a single blank, as the service has it."""
    if asked.query.get("returnCountOnly") == "true":
        return as_json({"count": 2})
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(box),
         "properties": {"GEOID": lea, "NAME": name, "STATEFP": "23", "ELSDLEA": " ", "SCSDLEA": " ", "UNSDLEA": lea[2:],
                        "SDADMLEA": " "}}
        for lea, name, box in ((WEST, "West Unified", WEST_BOX), (EAST, "East Unified", EAST_BOX))
    ]  # fmt: skip
    return as_json({"type": "FeatureCollection", "features": features[int(asked.query.get("resultOffset", 0)) :]})


def membership() -> str:
    """Membership as NCES gives it: subtotals of several kinds beside each district's total, another state's rows too."""
    header = (
        "SCHOOL_YEAR,FIPST,STATENAME,ST,LEA_NAME,STATE_AGENCY_NO,UNION,ST_LEAID,LEAID,GRADE,RACE_ETHNICITY,SEX,"
        "STUDENT_COUNT,TOTAL_INDICATOR,DMS_FLAG"
    )
    lines = [header]
    for fips, lea, count in (("23", WEST, "300"), ("23", EAST, "120"), ("33", "3300001", "900")):
        front = f"2024-2025,{fips},X,X,District {lea},01,,X-{lea},{lea}"
        part = str(int(count) // 2)
        lines += [
            f"{front},No Category Codes,No Category Codes,No Category Codes,{count},Education Unit Total,Reported",
            f"{front},Grade 1,No Category Codes,No Category Codes,{part},Subtotal 4 - By Grade,Reported",
            f"{front},Grade 1,White,Female,{part},Category Set A - By Race/Ethnicity; Sex; Grade,Reported",
        ]
    return "\n".join(lines) + "\n"


def edge_query(asked: Asked) -> Answer:
    """Pages of two, whatever is asked; the flag stands under `properties`."""
    if asked.query.get("returnCountOnly") == "true":
        return as_json({"count": len(SCHOOLS)})
    if not asked.query.get("orderByFields"):
        return as_json({"error": {"code": 400, "message": "no order", "details": []}})
    start = int(asked.query.get("resultOffset", 0))
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "Point", "coordinates": [-70.1, 45.1]},
            "properties": dict(zip(publishers.EDGE, publishers.edge_row(school, f"School {school}"), strict=True)),
        }
        for number, school in enumerate(SCHOOLS[start : start + 2], start)
    ]
    page: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if start + 2 < len(SCHOOLS):
        page["properties"] = {"exceededTransferLimit": True}
    return as_json(page)


# --- USAC -----------------------------------------------------------------------------------------------------------

REQUEST = {
    "application_number": "261000001", "funding_year": "2026", "state": "ME", "ben": "120001",
    "organization_name": "West Unified", "form_version": "Current", "form_471_frn_status_name": "Funded",
    "form_471_service_type_name": "Data Transmission and/or Internet Access", "spin_name": "Pine Net, Inc.",
    "establishing_form_470": "260000001", "contract_expiration_date": "2029-06-30T00:00:00.000",
    "award_date": "2026-03-01T00:00:00.000", "total_pre_discount_costs": "12000.00", "dis_pct": "0.80",
    "funding_commitment_request": "9600.00", "months_of_service": "12", "total_authorized_disbursement": "0",
    "fcdl_comment": "none", "pending_reason": "FCDL Issued",
    "service_start_date": "2026-07-01T00:00:00.000", "service_delivery_deadline": "2027-06-30T00:00:00.000",
    "last_date_to_invoice": "2027-10-28T00:00:00.000", "total_monthly_recurring_eligible_costs": "1000.00",
    "pricing_confidentiality": "No",
}  # fmt: skip
LINE = {
    "application_number": "261000001", "ben": "120001", "state": "ME", "form_version": "Current",
    "form_471_function_name": "Fiber", "form_471_product_name": "Ethernet",
    "form_471_purpose_name": "Internet access service that includes a connection", "download_speed": "1",
    "form_471_download_speed_unit_name": "Gbps", "upload_speed": "1", "form_471_upload_speed_unit_name": "Gbps",
    "monthly_recurring_unit_eligible_costs": "1000.00", "monthly_quantity": "1", "months_of_service": "12",
    "total_eligible_one_time_costs": "0", "pre_discount_extended_eligible_line_item_costs": "12000.00",
}  # fmt: skip


def usac(server: Standin) -> None:
    """Nine data sets; a null field does not come, and there is a computed column to pass over."""
    frns = [f"26990000{n:02d}" for n in range(7)]
    datasets: dict[str, list[dict[str, Any]]] = {
        "qdmp-ygft": [{**REQUEST, "funding_request_number": frn} for frn in frns],
        "hbj5-2bpj": [
            {**LINE, "funding_request_number": frn, "form_471_line_item_number": f"{frn}.001"} for frn in frns
        ],
        "avi8-svp9": [
            {"funding_request_number": frn, "form_471_line_item_number": f"{frn}.001", "billed_entity_number": "120001",
             "org_state": "ME", "funding_year": "2026", "ros_entity_number": "55501", "ros_entity_name": "West School",
             "qty_allocation": "1", "original_allocation": "12000.00"}
            for frn in frns
        ],
        "6brt-5pbv": [
            {"ben": "120001", "billed_entity_name": "West Unified", "applicant_type": "School District", "state": "ME",
             "full_time_students": "300", "c2_budget": "50100.00", "funded_c2_budget_amount": "0.00",
             "pending_c2_budget_amount": "0.00", "available_c2_budget_amount": "50100.00",
             "c2_budget_cycle": "2026-2030", "c2_budget_version": "Original"},
        ],
        "9s6i-myen": [
            {"application_number": "261000001", "funding_year": "2026", "org_state": "ME", "epc_organization_id": "120001",
             "organization_name": "West Unified", "organization_entity_type_name": "School District",
             "chosen_category_of_service": "Category1", "c1_discount": "0.80", "c2_discount": "0.80",
             "pre_discount_eligible_amount": "84000.00", "funding_request_amount": "67200.00",
             "form_471_status_name": "Committed"},
        ],
        "upfy-khtr": [
            {"application_number": "261000001", "funding_year": "2026", "ben_state": "ME", "par_entity_ben": "120001",
             "par_entity_name": "West Unified", "par_entity_is_urban_or_rural": "Rural", "par_students_count": "300",
             "c1_discount": "0.80", "entity_number": "55501", "entity_name": "West School",
             "entity_is_urban_or_rural": "Rural", "entity_number_of_students": "300"},
        ],
        "ym44-rnhq": [
            {"application_number": "261000001", "billed_entity_state": "ME", "entity_number": "120001",
             "child_entity_number": "55501", "child_entity_name": "West School", "download_speed": "1",
             "download_speed_units": "Gbps", "child_download_speed": "500", "child_download_speed_units": "Mbps",
             "biggest_barriers": "Price"},
        ],
        "jpiu-tj8h": [
            {"invoice_id": f"INV{n}", "inv_line_num": "1", "funding_request_number": frn, "funding_year": "2026",
             "billed_entity_number": "120001", "billed_entity_name": "West Unified", "billed_entity_state": "ME",
             "invoice_type": "Applicant", "chosen_category_of_service": "Category 1", "requested_inv_line_amt": "800.00",
             "inv_line_item_status": "SENT TO USAC",
             **({"approved_inv_line_amt": "790.50", "inv_line_completion_date": "2026-10-01T00:00:00.000"} if n else {})}
            for n, frn in enumerate(frns)
        ],
        "7i5i-83qf": [
            {"entity_number": number, "entity_name": name, "entity_type": kind, "physical_state": "ME",
             "urban_rural_status": "Rural", "nces_public_state_code": "23", "nces_public_district_code": "1", **more}
            for number, name, kind, more in (
                ("120001", "West Unified", "School District",
                 {"category_one_discount_rate": "0.80", "category_two_discount_rate": "0.80"}),
                ("55501", "West School", "School",
                 {"parent_entity_number": "120001", "number_of_full_time_students": "300", "number_of_nslp_students": "220",
                  "nces_public_building_code": "7"}),
            )
        ],
    }  # fmt: skip
    for dataset, rows in datasets.items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        about = {
            "id": dataset,
            "rowsUpdatedAt": 1_790_000_000,
            "columns": [{"fieldName": name} for name in (*names, ":@computed_region_x")],
            "license": {"name": "Public Domain U.S. Government"},
        }
        server.pages[f"{USAC}/api/views/{dataset}.json"] = partial(_always, about)
        server.pages[f"{USAC}/resource/{dataset}.json"] = partial(socrata, rows)


def _always(told: Any, _: Asked) -> Answer:
    return as_json(told)


def socrata(rows: Sequence[Mapping[str, Any]], asked: Asked) -> Answer:
    """The resource API: no order, no page; a count as text."""
    if asked.query.get("$select") == "count(*)":
        return as_json([{"count": str(len(rows))}])
    if asked.query.get("$order") != ":id":
        return as_json({"message": "rows would repeat"}, 400)
    start, limit = int(asked.query["$offset"]), int(asked.query["$limit"])
    return as_json(list(rows[start : start + limit]))


# --- open materials -------------------------------------------------------------------------------------------------

OTL = "/open.umn.edu/opentextbooks/textbooks.json"
OPENSTAX = "/openstax.org/apps/cms/api/v2/pages/"


def catalogs(server: Standin) -> None:
    """Two pages of the Open Textbook Library; OpenStax's one, with a retired book."""
    server.pages[OTL] = textbooks
    books = [
        {"id": number, "title": title, "book_state": state, "license_name": "Creative Commons Attribution License",
         "license_version": "4.0", "license_url": "http://creativecommons.org/licenses/by/4.0/",
         "print_isbn_13": isbn, "digital_isbn_13": None, "meta": {"slug": title.lower(), "type": "books.Book"}}
        for number, title, state, isbn in ((46, "Prealgebra", "retired", None), (47, "Prealgebra 2e", "live", "9781711470031"))
    ]  # fmt: skip
    server.pages[OPENSTAX] = partial(_always, {"meta": {"total_count": 2}, "items": books})
    others(server)


def textbooks(asked: Asked) -> Answer:
    """One page of the feed; the next page's address is the publisher's own."""
    page = int(asked.query.get("page", 1))
    book = {"id": page, "title": f"Statistics {page}", "license": "Attribution-ShareAlike", "isbn13": None,
            "subjects": [{"name": "Mathematics"}], "copyright_year": 2024}  # fmt: skip
    if page == 1:
        book["license"] = None
    following = f"https://open.umn.edu/opentextbooks/textbooks.json?page={page + 1}" if page < 3 else None
    return as_json({"data": [book], "links": {"self": "x", "next": following}})


LIBRETEXTS = "/commons.libretexts.org/api/v1/commons/kbexport"
SITEMAP = "/api.collection.bccampus.ca/api/sitemap/index.xml"
BOOKS = "/collection.bccampus.ca/textbooks"
DOAB = "/directory.doabooks.org/download-export"


def others(server: Standin) -> None:
    """LibreTexts' export; the sitemap of BCcampus and its pages; the directory's export with a chapter in it."""
    titles = [
        {"publication_title": "Basic Algebra", "title_id": "math-101", "title_url": "https://commons.libretexts.org/book/math-101",
         "coverage_depth": "fulltext", "access_type": "F", "publisher_name": "LibreTexts", "license": "ccbyncsa",
         "language": "english", "authors": ["Ann Teacher", "Bo Writer"], "print_identifier": "9781711470031"},
        {"publication_title": "Libro", "title_id": "espanol-7", "title_url": "https://commons.libretexts.org/book/espanol-7",
         "publisher_name": "LibreTexts", "language": "spanish"},
    ]  # fmt: skip
    server.pages[LIBRETEXTS] = partial(_always, {"date": "2026-11-01T00:00:00.000Z", "expected": 2, "titles": titles})
    home = "https://collection.bccampus.ca"
    addresses = [f"{home}/textbooks/{name}/" for name in ("algebra", "history", "welding")]
    server.pages[SITEMAP] = lambda _: xml(
        sitemap([*addresses, f"{home}/course-packs/one/", "https://elsewhere.example/x"])
    )
    for address in addresses:
        name = address.split("/")[4]
        server.pages[f"{BOOKS}/{name}/"] = lambda _, name=name, address=address: page_with(book_record(name, address))  # type: ignore[misc]
    server.pages[DOAB] = lambda _: Answer(doab().encode(), 200, {"Content-Type": "text/csv"})


def xml(text: str) -> Answer:
    """An answer in XML."""
    return Answer(text.encode(), 200, {"Content-Type": "application/xml"})


def sitemap(addresses: Sequence[str]) -> str:
    """A sitemap of some pages."""
    urls = "".join(f"<url><loc>{address}</loc><lastmod>2026-01-01</lastmod></url>" for address in addresses)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


def book_record(name: str, address: str) -> dict[str, Any]:
    """One textbook as JSON-LD."""
    return {
        "@type": "Book", "@id": address, "name": f"Introduction to {name}", "isBasedOn": f"https://opentextbc.ca/{name}/",
        "license": "https://creativecommons.org/licenses/by/4.0/", "author": [{"@type": "Person", "name": "Cy Author"}],
        "publisher": {"@type": "Organization", "name": "BCcampus"}, "inLanguage": "en", "dateModified": "2025-01-01T00:00:00",
    }  # fmt: skip


def page_with(record: Mapping[str, Any]) -> Answer:
    """A web page that carries a record, and a script that is none."""
    feed = json.dumps({"@context": "https://schema.org", "@type": "DataFeed", "dataFeedElement": [record]})
    text = (
        "<!DOCTYPE html><html><head><title>Book</title><script>var a = 1;</script>"
        f'<script type="application/ld+json">{feed}</script></head><body>Book</body></html>'
    )
    return Answer(text.encode(), 200, {"Content-Type": "text/html; charset=utf-8"})


def doab() -> str:
    """The directory's export: a book under each way of stating the license, and a chapter; values repeat with ||."""
    columns = ["id", "collection", "dc.title", "dc.type", "dc.language", "dc.identifier.uri", "dc.contributor.author",
               "dc.rights.uri", "BITSTREAM ISBN", "BITSTREAM License"]  # fmt: skip
    by, sa = "https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/licenses/by-sa/4.0/"
    rows = [
        ["1", "c", "Rural Networks", "book", "eng||fre", "https://directory.doabooks.org/handle/1", "Day, D.||Eve, E.", "",
         "9781711470031||9781711470031", by],
        ["2", "c", "Rural Schools", "book", "eng", "https://directory.doabooks.org/handle/2", "Fox, F.", sa, "", ""],
        ["3", "c", "One Chapter", "chapter", "eng", "https://directory.doabooks.org/handle/3", "Gil, G.", "", "", by],
    ]  # fmt: skip
    return publishers.csv_text(columns, rows)


# --- standards ------------------------------------------------------------------------------------------------------

CASE = "/opensalt.net/ims/case/v1p0"
FRAMEWORK, SHARED = "0b5a1c2e-0000-11e8-824f-000000000001", "0b5a1c2e-0000-11e8-824f-000000000002"


def case_document(number: str, title: str, creator: str, status: str = "Adopted") -> dict[str, Any]:
    """One document of a framework."""
    return {
        "identifier": number, "uri": f"https://opensalt.net/uri/{number}", "title": title, "creator": creator,
        "publisher": creator, "adoptionStatus": status, "lastChangeDateTime": "2026-05-04T12:00:00+00:00",
        "licenseURI": {"title": "CC BY 4.0", "identifier": "x", "uri": "https://opensalt.net/uri/x"},
        "CFPackageURI": {"title": title, "identifier": number, "uri": f"https://opensalt.net/ims/case/v1p0/CFPackages/{number}"},
    }  # fmt: skip


def case(server: Standin) -> None:
    """A server of many publishers: Maine's framework, one that states share, another state's, one put away."""
    documents = [
        case_document(FRAMEWORK, "Learning Results: Science", "Maine Department of Education"),
        case_document(SHARED, "Common Core State Standards for Mathematics", "National Governors Association"),
        case_document(
            "0b5a1c2e-0000-11e8-824f-000000000003", "Standards of Learning", "Virginia Department of Education"
        ),
        case_document(
            "0b5a1c2e-0000-11e8-824f-000000000004", "Maine old", "Maine Department of Education", "Deprecated"
        ),
    ]
    server.pages[f"{CASE}/CFDocuments"] = partial(case_documents, documents)
    for document in documents[:2]:
        server.files[f"{CASE}/CFPackages/{document['identifier']}"] = json.dumps(case_package(document)).encode()


def case_documents(documents: Sequence[Mapping[str, Any]], asked: Asked) -> Answer:
    """Pages by limit and offset."""
    start, rows = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 100))
    return as_json({"CFDocuments": list(documents[start : start + rows])})


def case_package(document: Mapping[str, Any]) -> dict[str, Any]:
    """A framework of three items, one of them a heading without a code."""
    items = [
        {"identifier": f"{document['identifier'][:-1]}{n}", "fullStatement": f"Statement {n}", "CFItemType": kind,
         "educationLevel": ["06", "07", "08"], "lastChangeDateTime": "2026-05-04T12:00:00+00:00",
         **({"humanCodingScheme": code} if code else {})}
        for n, (kind, code) in enumerate((("Cluster", None), ("Standard", "MS-LS1-1"), ("Standard", "MS-LS1-2")))
    ]  # fmt: skip
    links = [{"associationType": "isChildOf", "originNodeURI": {"identifier": items[1]["identifier"]},
              "destinationNodeURI": {"identifier": document["identifier"]}}]  # fmt: skip
    return {"CFDocument": dict(document), "CFItems": items, "CFAssociations": links, "CFDefinitions": {}}


# --- the Education Data API -----------------------------------------------------------------------------------------

URBAN = "/educationdata.urban.org/api/v1"


def urban(server: Standin) -> None:
    """CCD of autumn 2024 in pages of one row; the next page is named without encryption."""
    lea = [
        {"year": 2024, "leaid": number, "lea_name": f"District {number}", "state_leaid": f"ME-{number[-2:]}", "agency_type": 1,
         "fips": 23, "number_of_schools": 3, "lowest_grade_offered": -1, "highest_grade_offered": 12, "enrollment": 300,
         "urban_centric_locale": 42}
        for number in (WEST, EAST)
    ]  # fmt: skip
    schools = [
        {"year": 2024, "ncessch": number, "ncessch_num": int(number), "leaid": WEST, "school_name": f"School {n}",
         "lea_name": "West", "fips": 23, "latitude": 45.1, "longitude": -70.1, "enrollment": count, "urban_centric_locale": 42,
         "school_status": status, "virtual": 0}
        for n, (number, count, status) in enumerate(zip(SCHOOLS[:3], (100, -1, 50), (1, 1, 2), strict=True))
    ]  # fmt: skip
    counts = [
        {"year": 2024, "leaid": number, "fips": 23, "grade": 99, "race": 99, "sex": 99, "enrollment": count}
        for number, count in ((WEST, 300), (EAST, -3))
    ]
    for topic, rows in {
        "school-districts/ccd/directory/{}/": lea,
        "schools/ccd/directory/{}/": schools,
        "school-districts/ccd/enrollment/{}/grade-99/": counts,
    }.items():
        path = f"{URBAN}/{topic.format(2024)}"
        server.pages[path] = partial(urban_page, path, rows)


def urban_page(path: str, rows: Sequence[Mapping[str, Any]], asked: Asked) -> Answer:
    """One row a page."""
    page = int(asked.query.get("page", 1))
    following = f"http:/{path}?fips=23&page={page + 1}" if page < len(rows) else None
    return as_json({"count": len(rows), "next": following, "previous": None, "results": [rows[page - 1]]})
