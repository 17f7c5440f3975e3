"""E-Rate files of the sample state: the six Form 471 tables of one funding year, and plain files for the commands.

Amounts are whole cents and agree with one another: line items add up to requests, requests to applications, and a commitment
is the pre-discount amount times the rate, half up to the cent. Rates come from the dated rules of the funding year.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np

from infraplan import rules
from infraplan.sample.files import SampleFile, write_csv, write_records
from infraplan.sample.names import told
from infraplan.sample.nces import Circuit
from infraplan.sample.people import AGENCY, CHARTER, STATE_SCHOOL, Lea, People, School

FUNDING_YEAR = 2026
TABLES = (
    "basic_information",
    "connectivity_information",
    "discount_calculations",
    "frn",
    "frn_line_items",
    "recipients_of_service",
)
BACKBONE_MEMBERS = 8
_START, _END = f"07/01/{FUNDING_YEAR}", f"06/30/{FUNDING_YEAR + 1}"
_MONTHS = 12
Row = dict[str, object]


@dataclass(frozen=True)
class Rates:
    """What an entity's discount rests on, and the two rates in whole percent."""

    nslp_percent: int
    rural: bool
    c1: int
    c2: int


def rates(students: int, nslp: int, *, rural: bool) -> Rates:
    """Discount rates of the funding year: the share of NSLP students, rounded half up, looked up in the bands."""
    book = rules.load("erate", FUNDING_YEAR, "discounts")
    share = int((Decimal(100 * nslp) / max(1, students)).quantize(Decimal(1), ROUND_HALF_UP))
    band = 0
    while book.has(f"band.{band + 1}.nslp_from") and share >= book.value(f"band.{band + 1}.nslp_from"):
        band += 1
    first = int(book.value(f"band.{band}.{'rural' if rural else 'urban'}"))
    return Rates(share, rural, first, min(first, int(book.value("category_two.highest_rate"))))


def rates_of(lea: Lea) -> Rates:
    """Discount rates of an agency over all its schools."""
    return rates(lea.students, sum(school.nslp for school in lea.schools), rural=lea.rural)


def ben_of(lea: Lea) -> str:
    """Billed entity number of an agency."""
    return str(142_000 + 7 * lea.number)


def school_ben(lea: Lea, school: School) -> str:
    """Entity number of a school."""
    return str(94_000 + 40 * lea.number + school.number) if len(lea.schools) > 1 else ben_of(lea)


def dollars(cents: int) -> str:
    """An amount as the reports print it: no trailing zeros.

    >>> dollars(120000), dollars(4950)
    ('1200', '49.5')
    """
    text = f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")
    return text or "0"


def _share(cents: int, percent: int) -> int:
    """A percentage of an amount, half up to the cent."""
    return (cents * percent + 50) // 100


@dataclass
class _Line:
    function: str
    product: str
    unit_cents: int
    quantity: int
    monthly: bool
    mbps: int = 0
    purpose: str = ""
    make: str = ""
    model: str = ""

    @property
    def cents(self) -> int:
        return self.unit_cents * self.quantity * (_MONTHS if self.monthly else 1)


@dataclass
class _Request:
    nickname: str
    service: str
    lines: list[_Line]
    recipients: list[tuple[str, str]]
    provider: tuple[str, str]
    contract_years: int = 0
    status: str = "Funded"
    fiber: tuple[str, str] = ("", "")
    feet: int = 0
    match_percent: int = 0


@dataclass
class _Reports:
    """Rows of the six tables under way."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    applications: int = 0
    requests: int = 0


def write_form_471(folder: Path, people: People, bought: Iterable[Circuit], seed: int) -> list[SampleFile]:
    """Write the six tables of one funding year's Form 471, consistent among themselves and with districts and circuits."""
    rng = np.random.default_rng([seed, 71])
    reports = _Reports()
    filed = [circuit for circuit in bought if circuit.mbps is not None]
    for circuit in filed:
        _file_district(reports, circuit, rng)
    for agency in people.of(AGENCY)[:1]:
        members = [circuit.lea for circuit in filed if circuit.lea.kind not in (CHARTER, STATE_SCHOOL)][:BACKBONE_MEMBERS]
        _file_consortium(reports, agency, members, rng)
    files = []
    for name in TABLES:
        path = write_records(folder / f"fy{FUNDING_YEAR}_form471" / f"{name}.csv", reports.rows[name], told("form471")[name])
        files.append(SampleFile(path, f"USAC Form 471, {name.replace('_', ' ')}, FY{FUNDING_YEAR}", role="erate"))
    return files


def _match(request: _Request, percent: int) -> int:
    """Points that the state's money adds to the rate of a special construction: one for each it pays, as far as there is room."""
    if not request.match_percent:
        return 0
    book = rules.load("erate", FUNDING_YEAR, "special_construction")
    room = int(book.value("match.most_total")) - percent - request.match_percent
    return max(0, min(int(book.value("match.most_points")), request.match_percent, room))


def _provider(rng: np.random.Generator) -> tuple[str, str]:
    brands = list(dict.fromkeys(row["brand"] for row in told("providers")["provider"] if row["technology"] in {10, 40, 50}))
    k = int(rng.integers(0, len(brands)))
    return brands[k], str(143_990_001 + 13 * k)


def _file_district(reports: _Reports, circuit: Circuit, rng: np.random.Generator) -> None:
    """File an agency's applications: internet and wide-area network in Category One, half of them equipment in Category Two."""
    lea = circuit.lea
    words = told("form471")
    everyone = [(school_ben(lea, school), school.name.upper()) for school in lea.schools]
    first = [_Request(
        "Internet", "Data Transmission and/or Internet Access",
        [_Line("Fiber" if circuit.line == "Fiber" else "Copper", "Ethernet" if circuit.line == "Fiber" else "Cable Modem",
               100 * int(circuit.usd_month or 0), 1, monthly=True, mbps=int(circuit.mbps or 0), purpose=words["internet_purpose"])],
        everyone, _provider(rng), contract_years=int(rng.choice([0, 1, 3, 5])),
    )]
    if len(lea.schools) > 2:  # noqa: PLR2004
        price = 100 * int(rng.integers(*told("prices")["wan"]["usd_month"]))
        line = _Line("Fiber", "Ethernet", price, len(lea.schools) - 1, monthly=True, mbps=1_000, purpose=words["wan_purpose"])
        first.append(_Request("WAN", "Data Transmission and/or Internet Access", [line], everyone[1:], _provider(rng), contract_years=3))
    if lea.number % 23 == 4:  # noqa: PLR2004 - a few districts build
        feet = int(rng.integers(4_000, 40_000))
        line = _Line("Fiber", "Special Construction", 100 * feet * int(rng.integers(*told("prices")["construction"]["usd_per_foot"])), 1, monthly=False)
        first.append(_Request("Fiber build", "Data Transmission and/or Internet Access", [line], everyone[:1], _provider(rng), 0,
                              fiber=("Self Provisioned", "Special Construction"), feet=feet, match_percent=10))
    for request in first:
        request.status = str(rng.choice(["Funded", "Denied", "Cancelled", "Pending"], p=[0.94, 0.02, 0.02, 0.02]))
    _file(reports, lea, 1, first, rates_of(lea), rng)
    if rng.random() < 0.55:  # noqa: PLR2004
        _file(reports, lea, 2, [_equipment(lea, everyone, rng)], rates_of(lea), rng)


def _equipment(lea: Lea, everyone: list[tuple[str, str]], rng: np.random.Generator) -> _Request:
    """Switches, access points and cabling for all schools of an agency: about a third of five years' budget."""
    each = told("prices")["equipment"]
    rooms = max(3, lea.students // 20)
    lines = [
        _Line("Wireless Data Distribution", "Access Point", _cents(each["access_point"], rng), rooms, monthly=False, make="Other", model="AP-620"),
        _Line("Data Distribution", "Switch", _cents(each["switch"], rng), max(1, rooms // 14), monthly=False, make="Other", model="SW-48P"),
        _Line("Cabling/Connectors", "Cabling", _cents(each["cabling"], rng), rooms, monthly=False),
    ]
    return _Request("Switches, APs & cabling", "Internal Connections", lines, everyone, ("Cornhusk Network Supply, Inc.", "143999901"))


def _cents(between: list[int], rng: np.random.Generator) -> int:
    """A price in cents between two amounts in dollars."""
    return int(rng.integers(100 * between[0], 100 * between[1]))


def _file_consortium(reports: _Reports, agency: Lea, members: list[Lea], rng: np.random.Generator) -> None:
    """File a regional backbone: the rate is the plain average of the members' rates, half up."""
    each = [rates_of(lea) for lea in members]
    count = len(each)
    mean = Rates(sum(r.nslp_percent for r in each) // count, sum(r.rural for r in each) * 2 > count,
                 (2 * sum(r.c1 for r in each) + count) // (2 * count), (2 * sum(r.c2 for r in each) + count) // (2 * count))
    line = _Line("Fiber", "Ethernet", 100 * told("prices")["backbone"]["usd_month"], 2, monthly=True, mbps=10_000, purpose=told("form471")["backbone_purpose"])
    request = _Request("Regional backbone", "Data Transmission and/or Internet Access", [line],
                       [(ben_of(lea), lea.name.upper()) for lea in members], _provider(rng), contract_years=5)
    _file(reports, agency, 1, [request], mean, rng, members)


def _file(reports: _Reports, lea: Lea, category: int, requests: list[_Request], rate: Rates, rng: np.random.Generator,
          members: list[Lea] | None = None) -> None:
    """Add one application to all six tables."""
    reports.applications += 1
    head: Row = {"report_state": "FK", "Application Number": f"26{1_000_000 + 37 * reports.applications:07d}"}
    percent = rate.c1 if category == 1 else rate.c2
    total = committed = 0
    for request in requests:
        asked = sum(line.cents for line in request.lines)
        paid = _share(asked, percent + _match(request, percent)) if request.status in {"Funded", "Pending"} else 0
        total, committed = total + asked, committed + paid
        _request_rows(reports, head, lea, request, percent, paid, rng)
    _basic_row(reports, head, lea, category, rate, total, committed, rng, members)
    if category == 1:
        _connectivity_rows(reports, head, lea, requests[0], rng, members)
    _discount_rows(reports, head, lea, rate, rng, members)


def _basic_row(reports: _Reports, head: Row, lea: Lea, category: int, rate: Rates, total: int, committed: int, rng: np.random.Generator,
               members: list[Lea] | None) -> None:
    group = members or [lea]
    kind = "Consortium" if members else "School" if lea.kind == CHARTER else "School District"
    reports.rows["basic_information"].append({
        **head, "Window Status": "In Window", "Nickname": f"{lea.town} Cat {category} FY{FUNDING_YEAR}", "Funding Year": FUNDING_YEAR, "Status": "Committed",
        "Category of Service": category, "Billed Entity Name": lea.name.upper(), "Billed Entity City": lea.town.upper(), "Billed Entity State": "FK",
        "Billed Entity Zipcode": lea.postcode, "Billed Entity Number": ben_of(lea), "FCC Registration Number": f"{11_000_000 + 911 * lea.number:010d}",
        "Applicant Type": kind, "Certified Timestamp": f"03/{int(rng.integers(1, 27)):02d}/{FUNDING_YEAR} {int(rng.integers(1, 12)):02d}:{int(rng.integers(0, 60)):02d} PM",
        "Fulltime Enrollment": sum(one.students for one in group), "NSLP Count": sum(s.nslp for one in group for s in one.schools),
        "NSLP Percentage": dollars(rate.nslp_percent), "Urban/ Rural Status": "Rural" if rate.rural else "Urban", "Category One Discount Rate": rate.c1,
        "Category Two Discount Rate": rate.c2, "Total Funding Year Pre-Discount Eligible Amount": dollars(total),
        "Total Funding Commitment Request Amount": dollars(committed), "Total Applicant Non-Discount Share": dollars(total - committed),
        "Are you Receiving any of the Funds Directly from a Service Provider ?": "No",
        "Has a Service Provider listed on any of the FCC Forms 471 filed by this Billed Entity ?": "No",
    })


def _request_rows(reports: _Reports, head: Row, lea: Lea, request: _Request, percent: int, paid: int, rng: np.random.Generator) -> None:
    """Rows of one request: itself, its line items, and the recipients of each."""
    reports.requests += 1
    frn = f"26990{10_000 + 3 * reports.requests:05d}"
    who: Row = {**head, "BEN": ben_of(lea), "Billed Entity Name": lea.name.upper(), "FRN": frn}
    month = sum(line.unit_cents * line.quantity for line in request.lines if line.monthly)
    once = sum(line.cents for line in request.lines if not line.monthly)
    years = request.contract_years
    left = int(rng.integers(1, years + 1)) if years else 1
    expiry = f"06/30/{FUNDING_YEAR + left}"
    reports.rows["frn"].append({
        **who, "FRN Status": request.status, "Funding Request Nickname": request.nickname, "Service Type": request.service,
        "Contract Number": f"FK-{2020 + lea.number % 6}-{lea.number:03d}" if years else "", "Establishing FCC Form 470": f"{240_000_000 + 211 * reports.requests}",
        "Award Date": f"02/{int(rng.integers(1, 28)):02d}/{FUNDING_YEAR + left - max(1, years)}", "Expiration Date": expiry if years else "",
        "Service Provider Name": request.provider[0], "Service Provider Number": request.provider[1],
        "Includes Voluntary Extensions?": "Yes" if years > 1 else "No", "Remaining Voluntary Extensions": int(rng.integers(0, 4)) if years > 1 else "",
        "Total Remaining Contract Length": 12 * left if years > 1 else "", "Pricing Confidentiality": "Yes" if reports.requests % 61 == 0 else "No",
        "Service Start Date": _START, "Contract Expiry Date": expiry if years else _END, "Total Monthly Recurring Charges": dollars(month),
        "Total Monthly Ineligible Charges": "0", "Total Monthly Eligible Charges": dollars(month), "Total Number of Months of Service": _MONTHS,
        "Total Eligible Pre-Discount Recurring Charges": dollars(month * _MONTHS), "Total One-Time Charges": dollars(once), "Total Ineligible One-Time Charges": "0",
        "Total Eligible Pre-Discount One- Time Charges": dollars(once), "Total Pre-Discount Charges": dollars(month * _MONTHS + once), "Discount Rate": percent,
        "Funding Commitment Request": dollars(paid), "Fiber Type": request.fiber[0], "Fiber Sub-type": request.fiber[1],
        "Total Project Plant Route Feet": request.feet or "", "Average Cost Per Foot of Outside Plant": dollars(once // request.feet) if request.feet else "",
        "Source of Matching Funds": "State" if request.match_percent else "", "Special Construction State/Tribal Match Percentage": request.match_percent or "",
    })
    for k, line in enumerate(request.lines, start=1):
        _line_rows(reports, who, request, line, f"{frn}.{k:03d}")


def _line_rows(reports: _Reports, who: Row, request: _Request, line: _Line, item: str) -> None:
    speed, unit = (line.mbps // 1_000, "Gbps") if line.mbps >= 1_000 and line.mbps % 1_000 == 0 else (line.mbps, "Mbps")  # noqa: PLR2004
    speeds: Row = {"Upload Speed": speed, "Upload Speed Units": unit, "Download Speed": speed, "Download Speed Units": unit,
                   "Basic Firewall Protection": "No", "Connection Directly to a school a library or a NIF": "Yes",
                   "Connection Supports Service to a school, library or NIF": "No",
                   "Connection Used by": "All buildings/sites listed" if len(request.recipients) > 1 else "One building/site listed"}
    once = 0 if line.monthly else line.unit_cents
    month = line.unit_cents if line.monthly else 0
    reports.rows["frn_line_items"].append({
        **who, "Line Item": item, "Function": line.function, "Type of Product": line.product, "Purpose": line.purpose, **(speeds if line.mbps else {}), "Make": line.make,
        "Other Manufacture": "Cornhusk" if line.make else "", "Model": line.model, "Is installation included in Price?": "No",
        "Lease or Non-Purchase Agreement?": "No", "Unit": "" if line.monthly else "Each", "Monthly Recurring Unit Cost": dollars(month),
        "Monthly Recurring Unit Ineligible Costs": "0", "Monthly Recurring Unit Eligible Costs": dollars(month), "Monthly Quantity": line.quantity if line.monthly else 0,
        "Total Monthly Eligible Recurring Costs": dollars(month * line.quantity), "Months of Service": _MONTHS if line.monthly else 0,
        "Total Eligible Recurring Costs": dollars(line.cents if line.monthly else 0), "One-time Unit Cost": dollars(once), "One-time Ineligible Unit Costs": "0",
        "One-time Eligible Unit Cost": dollars(once), "One-time Quantity": 0 if line.monthly else line.quantity,
        "Total Eligible One-time Costs": dollars(0 if line.monthly else line.cents), "Pre-Discount Extended Eligible Line Item Cost": dollars(line.cents),
    })
    reports.rows["recipients_of_service"] += [
        {**who, "Line Item": item, "Entity#": ben, "EntityName": name, "Quantity": 1 if line.purpose and line.quantity == len(request.recipients) else ""}
        for ben, name in request.recipients
    ]


def _connectivity_rows(reports: _Reports, head: Row, lea: Lea, internet: _Request, rng: np.random.Generator, members: list[Lea] | None) -> None:
    mbps = internet.lines[0].mbps
    top: Row = {**head, "Entity Number": ben_of(lea), "Entity Name": lea.name.upper(), "Aggregate Internet Access for the Entire District": "Yes", "Download Speed": mbps,
                "Download Speed Units": "Mbps", "Upload Speed": mbps, "Upload Speed Units": "Mbps"}
    barriers = ("No barriers", "Equipment too costly", "Outdated equipment", "Broadband connection speed to building is too slow")
    wifi = ("Mostly", "Completely", "Sometimes")
    for owner in members or [lea]:
        for school in owner.schools:
            reports.rows["connectivity_information"].append({
                **top, "Child Enity Name": school.name.upper(), "Child Entity Number": school_ben(owner, school), "Child Download Speed": 1, "Child Download Speed Units": "Gbps",
                "Child Upload Speed": 1, "Child Upload Speed Units": "Gbps", "Child Connection Type": "Fiber" if rng.random() < 0.93 else "Copper",  # noqa: PLR2004
                "Child Wi-Fi": wifi[int(rng.integers(0, 3))], "Child Biggest Barriers": barriers[int(rng.integers(0, 4))],
            })


def _discount_rows(reports: _Reports, head: Row, lea: Lea, rate: Rates, rng: np.random.Generator, members: list[Lea] | None) -> None:
    """Rows of the discount calculation: one per school, and for districts one for the administration building."""
    for owner in members or [lea]:
        own = rates_of(owner) if members else rate
        alone = owner.kind == CHARTER
        top: Row = {**head, "Entity Type": "School" if alone else "School District", "Name": owner.name.upper(), "BEN": ben_of(owner),
                    "Urban or Rural": "Rural" if own.rural else "Urban", "NCES Code": owner.lea_id if owner.number % 3 else "",
                    "State LEA ID": owner.state_code, "Number of Students": owner.students if alone else "", "Category One Discount Rate": own.c1,
                    "Category Two Discount Rate": own.c2, "Attributes": "Charter School;Public School;" if alone else "Public School District;"}
        rows: list[Row] = []
        if not alone:
            rows.append({"Child Entity Type": "Non-Instructional Facility (NIF)", "Name.1": "District Admin Building", "BEN.1": 17_000_000 + owner.number})
            rows += [_child(owner, school, rng) for school in owner.schools]
        reports.rows["discount_calculations"] += [{**top, **row} for row in rows or [{}]]


def _child(owner: Lea, school: School, rng: np.random.Generator) -> Row:
    cep = school.nslp * 10 >= 7 * school.students and rng.random() < 0.5  # noqa: PLR2004
    return {"Child Entity Type": "School", "Name.1": school.name.upper(), "BEN.1": school_ben(owner, school), "Urban or Rural.1": "Rural" if school.rural else "Urban",
            "State LEA ID.1": owner.state_code, "State School ID.1": f"{school.number + 1:04d}", "NCES Code.1": school.ncessch if owner.number % 4 else "",
            "Number of Students.1": school.students, "CEP Percentage.1": f"{school.nslp / school.students / 1.6:.2f}" if cep else "",
            "Student Counts based on estimate .1": "No", "Attributes.1": "Public School;"}


def write_crosswalk(folder: Path, people: People) -> SampleFile:
    """Billed entity numbers beside NCES district numbers."""
    rows = [(ben_of(lea), lea.lea_id, lea.name.upper(), "FK") for lea in people.leas if lea.schools and lea.number % 29 != 5]  # noqa: PLR2004 - some unmatched
    path = write_csv(folder / "ben_nces_crosswalk.csv", ("ben", "nces_cd", "name", "postal_cd"), rows)
    return SampleFile(path, "Crosswalk of billed entity numbers and NCES district numbers", role="erate")


def write_discounts_in(folder: Path, people: People) -> SampleFile:
    """Input of `procurement discounts`: districts, one of them by its schools (with CEP), charters, libraries, a consortium."""
    rows: list[Row] = []
    by_school = max(people.leas, key=lambda lea: len(lea.schools))
    for lea in people.leas:
        if not lea.schools:
            continue
        row: Row = {"entity_id": lea.lea_id, "kind": "school" if lea.kind == CHARTER else "district", "students": lea.students,
                    "nslp_students": sum(s.nslp for s in lea.schools), "urban_rural": "Rural" if lea.rural else "Urban", "cep": "no", "tribal": "no",
                    "member_of": "central-esu" if lea.number % 8 == 3 else ""}  # noqa: PLR2004
        if lea is by_school:
            row.update(students="", nslp_students="")
            rows += [_school_row(lea, school) for school in lea.schools]
        rows.append(row)
    for k, lea in enumerate([lea for lea in people.leas if len(lea.schools) > 1][:12]):
        rows.append({"entity_id": f"lib-{k + 1:02d}", "kind": "library", "urban_rural": "Rural" if lea.rural else "Urban", "parent_id": lea.lea_id,
                     "tribal": "yes" if k == 11 else "no", "cep": "no"})  # noqa: PLR2004
    header = ("entity_id", "kind", "students", "nslp_students", "urban_rural", "parent_id", "cep", "identified_students", "tribal", "member_of")
    return SampleFile(write_records(folder / "discounts_in.csv", rows, header), "Entities for discount rates", role="erate")


def _school_row(lea: Lea, school: School) -> Row:
    cep = school.number % 3 == 1
    return {"entity_id": school.ncessch, "kind": "school", "students": school.students, "nslp_students": "" if cep else school.nslp,
            "urban_rural": "Rural" if school.rural else "Urban", "parent_id": lea.lea_id, "cep": "yes" if cep else "no",
            "identified_students": round(school.nslp / 1.6) if cep else "", "tribal": "no"}


def write_c2_budgets_in(folder: Path, people: People, seed: int) -> SampleFile:
    """Input of `procurement budgets`: every school with what was funded and is pending, a library system, one overspent system."""
    rng = np.random.default_rng([seed, 72])
    rows: list[Row] = []
    for lea in people.leas:
        spent = float(rng.choice([0, 0, 0.2, 0.45, 0.8], p=[0.3, 0.2, 0.2, 0.2, 0.1]))
        if lea.number == 2:  # noqa: PLR2004 - the one that overspent
            spent = 4.0
        for school in lea.schools:
            rows.append({"entity_id": school.ncessch, "kind": "school", "system_id": "" if lea.kind == CHARTER else lea.lea_id, "students": school.students,
                         "tribal": "no", "funded_usd": f"{spent * (140 * school.students + 6_000):.2f}",
                         "pending_usd": f"{float(rng.integers(0, 9)) * 450 if spent else 0:.2f}"})
    for k in range(6):
        rows.append({"entity_id": f"lib-{k + 1:02d}", "kind": "library", "system_id": "county-libraries" if k < 4 else "",  # noqa: PLR2004
                     "square_feet": 1_800 + 1_900 * k, "tribal": "yes" if k == 5 else "no", "funded_usd": 0, "pending_usd": 0})  # noqa: PLR2004
    header = ("entity_id", "kind", "system_id", "students", "square_feet", "tribal", "funded_usd", "pending_usd")
    return SampleFile(write_records(folder / "c2_budgets_in.csv", rows, header), "Sites for Category Two budgets", role="erate")


def write_all(folder: Path, people: People, bought: list[Circuit], seed: int) -> list[SampleFile]:
    """Everything for E-Rate."""
    return [*write_form_471(folder, people, bought, seed), write_crosswalk(folder, people), write_discounts_in(folder, people), write_c2_budgets_in(folder, people, seed)]


