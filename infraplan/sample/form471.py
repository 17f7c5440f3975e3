"""The six tables of Form 471 as its reports display them; amounts add up from line items to applications."""

from pathlib import Path

import numpy as np

from infraplan.sample.erate import FUNDING_YEAR, ben_of, match_points, rates_of, school_ben, setting
from infraplan.sample.files import SampleFile, write_records
from infraplan.sample.filings import MONTHS, Application, Line, Request
from infraplan.sample.luck import chance
from infraplan.sample.names import told
from infraplan.sample.people import CHARTER, Lea, School

TABLES = (
    "basic_information",
    "connectivity_information",
    "discount_calculations",
    "frn",
    "frn_line_items",
    "recipients_of_service",
)
_BARRIERS = (
    "No barriers",
    "Equipment too costly",
    "Outdated equipment",
    "Broadband connection speed to building is too slow",
)
_WIFI = ("Mostly", "Completely", "Sometimes")
_MBPS_PER_GBPS = 1_000
Row = dict[str, object]


def write_tables(folder: Path, filed: list[Application], seed: int) -> list[SampleFile]:
    """Write all six tables of the funding year."""
    rng = np.random.default_rng([seed, 73])
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    for application in filed:
        head: Row = {"Application Number": application.number}
        tables["basic_information"].append({**head, **_basic(application)})
        tables["connectivity_information"] += [{**head, **row} for row in _connectivity(application, rng)]
        tables["discount_calculations"] += [{**head, **row} for row in _discounts(application, rng)]
        for request in application.requests:
            who = {
                **head,
                "BEN": ben_of(application.applicant),
                "Billed Entity Name": application.applicant.name.upper(),
                "FRN": request.number,
            }
            tables["frn"].append({**who, **_request(application, request)})
            for k, line in enumerate(request.lines, start=1):
                item = {**who, "Line Item": f"{request.number}.{k:03d}"}
                tables["frn_line_items"].append({**item, **_line(request, line)})
                tables["recipients_of_service"] += [{**item, **row} for row in _recipients(request, line)]
    files = []
    for name in TABLES:
        always = told("form471")["always"][name]
        path = folder / f"fy{FUNDING_YEAR}_form471" / f"{name}.csv"
        write_records(path, [{**always, **row} for row in tables[name]], told("form471")[name])
        files.append(SampleFile(path, f"USAC Form 471, {name.replace('_', ' ')}, FY{FUNDING_YEAR}", role="erate"))
    return files


def dollars(cents: int) -> str:
    """An amount as the reports print it: no trailing zeros.

    >>> dollars(120000), dollars(4950)
    ('1200', '49.5')
    """
    return f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")


def _basic(application: Application) -> Row:
    lea, rate = application.applicant, application.rate
    asked = sum(request.cents for request in application.requests)
    committed = sum(request.committed(application.percent) for request in application.requests)
    kind = "Consortium" if application.consortium else "School" if lea.kind == CHARTER else "School District"
    return {
        "Nickname": f"{lea.town} Cat {application.category} FY{FUNDING_YEAR}",
        "Category of Service": application.category,
        "Billed Entity Name": lea.name.upper(),
        "Billed Entity City": lea.town.upper(),
        "Billed Entity Zipcode": lea.postcode,
        "Billed Entity Number": ben_of(lea),
        "FCC Registration Number": f"{11_000_000 + 911 * lea.number:010d}",
        "Applicant Type": kind,
        "Certified Timestamp": application.certified,
        "Fulltime Enrollment": sum(member.students for member in application.members),
        "NSLP Count": sum(member.nslp_students for member in application.members),
        "NSLP Percentage": dollars(rate.nslp_percent),
        "Urban/ Rural Status": setting(rural=rate.rural),
        "Category One Discount Rate": rate.c1,
        "Category Two Discount Rate": rate.c2,
        "Total Funding Year Pre-Discount Eligible Amount": dollars(asked),
        "Total Funding Commitment Request Amount": dollars(committed),
        "Total Applicant Non-Discount Share": dollars(asked - committed),
    }


def _request(application: Application, request: Request) -> Row:
    month = sum(line.unit_cents * line.quantity for line in request.lines if line.monthly)
    once = sum(line.cents for line in request.lines if not line.monthly)
    years, left = request.contract_years, request.contract_years_left
    expiry = f"06/30/{FUNDING_YEAR + left}"
    return {
        "FRN Status": request.status,
        "Funding Request Nickname": request.nickname,
        "Service Type": request.service,
        "Establishing FCC Form 470": 240_000_000 + int(request.number) % 1_000_000 * 7,
        "Award Date": f"02/{request.award_day:02d}/{FUNDING_YEAR + left - max(1, years)}",
        "Service Provider Name": request.provider[0],
        "Service Provider Number": request.provider[1],
        "Includes Voluntary Extensions?": "Yes" if years > 1 else "No",
        "Contract Expiry Date": expiry,
        "Total Monthly Recurring Charges": dollars(month),
        "Total Monthly Eligible Charges": dollars(month),
        "Total Eligible Pre-Discount Recurring Charges": dollars(month * MONTHS),
        "Total One-Time Charges": dollars(once),
        "Total Eligible Pre-Discount One- Time Charges": dollars(once),
        "Total Pre-Discount Charges": dollars(request.cents),
        # as filed: with the points for state money in it
        "Discount Rate": application.percent + match_points(request.match_percent, application.percent),
        "Funding Commitment Request": dollars(request.committed(application.percent)),
        **(_contract(application.applicant, request, expiry) if years else {}),
        **(_construction(request) if request.feet else {}),
    }


def _contract(lea: Lea, request: Request, expiry: str) -> Row:
    several = request.contract_years > 1
    return {
        "Contract Number": f"FK-{2020 + lea.number % 6}-{lea.number:03d}",
        "Expiration Date": expiry,
        "Remaining Voluntary Extensions": request.extensions if several else "",
        "Total Remaining Contract Length": 12 * request.contract_years_left if several else "",
        "Pricing Confidentiality": "Yes" if lea.turn(61, 7) else "No",
    }


def _construction(request: Request) -> Row:
    return {
        "Fiber Type": "Self Provisioned",
        "Fiber Sub-type": "Special Construction",
        "Total Project Plant Route Feet": request.feet,
        "Average Cost Per Foot of Outside Plant": dollars(request.cents // request.feet),
        "Match Amount": dollars(request.cents * request.match_percent // 100),
        "Source of Matching Funds": "State",
        "Special Construction State/Tribal Match Percentage": request.match_percent,
    }


def _line(request: Request, line: Line) -> Row:
    once = 0 if line.monthly else line.unit_cents
    month = line.unit_cents - once
    row: Row = {
        "Function": line.function,
        "Type of Product": line.product,
        "Purpose": line.purpose,
        "Make": "Other" if line.model else "",
        "Other Manufacture": "Cornhusk" if line.model else "",
        "Model": line.model,
        "Unit": "" if line.monthly else "Each",
        "Monthly Recurring Unit Cost": dollars(month),
        "Monthly Recurring Unit Eligible Costs": dollars(month),
        "Monthly Quantity": line.quantity if line.monthly else 0,
        "Total Monthly Eligible Recurring Costs": dollars(month * line.quantity),
        "Months of Service": MONTHS if line.monthly else 0,
        "Total Eligible Recurring Costs": dollars(line.cents if line.monthly else 0),
        "One-time Unit Cost": dollars(once),
        "One-time Eligible Unit Cost": dollars(once),
        "One-time Quantity": 0 if line.monthly else line.quantity,
        "Total Eligible One-time Costs": dollars(0 if line.monthly else line.cents),
        "Pre-Discount Extended Eligible Line Item Cost": dollars(line.cents),
    }
    return {**row, **_connection(request, line)} if line.mbps else row


def _connection(request: Request, line: Line) -> Row:
    """Speeds in the unit a clerk would choose: whole Gbps where they are whole."""
    whole = line.mbps % _MBPS_PER_GBPS == 0
    speed, unit = (line.mbps // _MBPS_PER_GBPS, "Gbps") if whole else (line.mbps, "Mbps")
    return {
        **told("form471")["always"]["connection"],
        "Upload Speed": speed,
        "Upload Speed Units": unit,
        "Download Speed": speed,
        "Download Speed Units": unit,
        "Connection Used by": "All buildings/sites listed"
        if len(request.recipients) > 1
        else "One building/site listed",
    }


def _recipients(request: Request, line: Line) -> list[Row]:
    each = 1 if line.purpose and line.quantity == len(request.recipients) else ""
    return [{"Entity#": ben, "EntityName": name, "Quantity": each} for ben, name in request.recipients]


def _connectivity(application: Application, rng: np.random.Generator) -> list[Row]:
    """Rows of a Category One application: one per school, with the speed of the whole district beside it."""
    if application.category != 1:
        return []
    lea, mbps = application.applicant, application.requests[0].lines[0].mbps
    top: Row = {
        "Entity Number": ben_of(lea),
        "Entity Name": lea.name.upper(),
        "Download Speed": mbps,
        "Upload Speed": mbps,
    }
    return [
        {
            **top,
            "Child Enity Name": school.name.upper(),
            "Child Entity Number": school_ben(owner, school),
            "Child Connection Type": "Fiber" if chance(rng, 0.93) else "Copper",
            "Child Wi-Fi": _WIFI[int(rng.integers(0, len(_WIFI)))],
            "Child Biggest Barriers": _BARRIERS[int(rng.integers(0, len(_BARRIERS)))],
        }
        for owner in application.members
        for school in owner.schools
    ]


def _discounts(application: Application, rng: np.random.Generator) -> list[Row]:
    """Rows of the discount calculation: one per school, and for districts one for the administration building."""
    rows: list[Row] = []
    for owner in application.members:
        alone = owner.kind == CHARTER
        own = rates_of(owner)
        top: Row = {
            "Entity Type": "School" if alone else "School District",
            "Name": owner.name.upper(),
            "BEN": ben_of(owner),
            "Urban or Rural": setting(rural=own.rural),
            "NCES Code": "" if owner.turn(3, 0) else owner.lea_id,
            "State LEA ID": owner.state_code,
            "Number of Students": owner.students if alone else "",
            "Category One Discount Rate": own.c1,
            "Category Two Discount Rate": own.c2,
            "Attributes": "Charter School;Public School;" if alone else "Public School District;",
        }
        office: Row = {
            "Child Entity Type": "Non-Instructional Facility (NIF)",
            "Name.1": "District Admin Building",
            "BEN.1": 17_000_000 + owner.number,
        }
        children = [{}] if alone else [office, *(_child(owner, school, rng) for school in owner.schools)]
        rows += [{**top, **child} for child in children]
    return rows


def _child(owner: Lea, school: School, rng: np.random.Generator) -> Row:
    cep = school.nslp * 10 >= 7 * school.students and chance(rng, 0.5)
    return {
        "Child Entity Type": "School",
        "Name.1": school.name.upper(),
        "BEN.1": school_ben(owner, school),
        "Urban or Rural.1": setting(rural=school.rural),
        "State LEA ID.1": owner.state_code,
        "State School ID.1": f"{school.number + 1:04d}",
        "NCES Code.1": "" if owner.turn(4, 0) else school.ncessch,
        "Number of Students.1": school.students,
        "CEP Percentage.1": f"{school.nslp / school.students / 1.6:.2f}" if cep else "",
        "Student Counts based on estimate .1": "No",
        "Attributes.1": "Public School;",
    }
