"""School files of the sample state: CCD directory, EDGE school points, the state's own enrollment file, district circuits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infraplan.sample.files import SampleFile, csv_text, write_csv, write_json, write_text, write_zip
from infraplan.sample.ground import SUBURB, Ground
from infraplan.sample.homes import STATE
from infraplan.sample.luck import chance
from infraplan.sample.names import told
from infraplan.sample.people import CHARTER, GRADES, UNIFIED, UNION, Lea, People

YEAR = "2024-2025"
CIRCUIT_SIZES = (10, 20, 50, 100, 150, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 40_000, 100_000)
"""Sizes of circuits that are sold, in Mbps."""
_SUPPRESSED_BELOW = 10
_LEAST_FIBER_MBPS = 100
_MEMBERS_OF_UNION = 3


def write_directory(folder: Path, people: People) -> SampleFile:
    """The CCD directory of agencies: 58 columns in Latin-1, in an archive that also holds a SAS file (empty here)."""
    header = told("ccd")["header"]
    members = _union_members(people)
    closed = people.leas[0]
    rows = [_directory_row(lea, members) for lea in people.leas]
    gone = dict(
        _directory_row(closed, members),
        LEA_NAME="Bygone Rural High School District",
        LEAID=f"{STATE}99907",
        ST_LEAID="FK-9999",
        SY_STATUS="2",
        SY_STATUS_TEXT="Closed",
        UPDATED_STATUS="2",
        UPDATED_STATUS_TEXT="Closed",
        OPERATIONAL_SCHOOLS="0",
    )
    stem = "ccd_lea_029_2425_w_0a_050825"
    text = csv_text(header, ([row[name] for name in header] for row in [*rows, gone]))
    write_zip(folder / f"{stem}.zip", {f"{stem}.csv": text.encode("latin-1"), f"{stem}.sas7bdat": b""})
    return SampleFile(folder / f"{stem}.zip", "NCES CCD directory of local education agencies, 2024-25")


def _union_members(people: People) -> dict[int, str]:
    """Union numbers of the agencies that belong to a supervisory union: the next unified ones after it in the directory."""
    found: dict[int, str] = {}
    for k, union in enumerate(people.of(UNION)):
        found[union.number] = f"{31 + k:03d}"
        unified = [lea for lea in people.of(UNIFIED) if lea.in_country and lea.number not in found]
        found.update(
            {lea.number: f"{31 + k:03d}" for lea in unified[k * _MEMBERS_OF_UNION : (k + 1) * _MEMBERS_OF_UNION]}
        )
    return found


def _directory_row(lea: Lea, unions: dict[int, str]) -> dict[str, str]:
    kind = "member" if lea.number in unions and lea.kind == UNIFIED else lea.kind
    number, text = told("ccd")["type"][kind]
    street = lea.schools[0].street if lea.schools else "100 Capitol Plaza"
    charter = (
        ("CHRTIDEAESEA", "LEA for federal programs") if lea.kind == CHARTER else ("NOTCHR", "Not a charter district")
    )
    none = lea.low == "N"
    low, high = (len(GRADES), -1) if none else (GRADES.index(lea.low), GRADES.index(lea.high))
    offered = {f"G_{grade.lstrip('0')}_OFFERED": "Yes" if low <= k <= high else "No" for k, grade in enumerate(GRADES)}
    level = "Not applicable" if none else {"08": "Elementary"}.get(lea.high, "High" if lea.low == "09" else "Other")
    town = {"CITY": lea.town, "STATE": "FK", "ZIP": lea.postcode, "ZIP4": ""}
    return {
        "SCHOOL_YEAR": YEAR,
        "FIPST": STATE,
        "STATENAME": "FRANKLIN",
        "ST": "FK",
        "LEA_NAME": lea.name,
        "STATE_AGENCY_NO": "01",
        "UNION": unions.get(lea.number, ""),
        "ST_LEAID": f"FK-{lea.state_code}",
        "LEAID": lea.lea_id,
        "MSTREET1": f"PO Box {lea.number + 11}" if lea.number % 3 else street,
        "MSTREET2": "",
        "MSTREET3": "",
        **{f"M{key}": value for key, value in town.items()},
        "LSTREET1": street,
        "LSTREET2": "",
        "LSTREET3": "",
        **{f"L{key}": value for key, value in town.items()},
        "PHONE": f"(999)555-{100 + lea.number % 100:04d}",
        "WEBSITE": "" if lea.number % 5 == 0 else f"http://www.district{lea.state_code}.example.org",
        "SY_STATUS": "1",
        "SY_STATUS_TEXT": "Open",
        "UPDATED_STATUS": "1",
        "UPDATED_STATUS_TEXT": "Open",
        "EFFECTIVE_DATE": "05/08/2025",
        "LEA_TYPE": number,
        "LEA_TYPE_TEXT": text,
        "OUT_OF_STATE_FLAG": "No",
        "CHARTER_LEA": charter[0],
        "CHARTER_LEA_TEXT": charter[1],
        "NOGRADES": "Yes" if none else "No",
        **offered,
        "G_13_OFFERED": "No",
        "G_UG_OFFERED": "No",
        "G_AE_OFFERED": "No",
        "GSLO": lea.low,
        "GSHI": lea.high,
        "LEVEL": level,
        "IGOFFERED": "As reported",
        "OPERATIONAL_SCHOOLS": str(len(lea.schools)),
    }


def write_points(folder: Path, people: People) -> SampleFile:
    """EDGE public school points 2024-25 as GeoJSON."""
    names = {lea.lea_id: lea.name for lea in people.leas}
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [s.lon, s.lat]},
            "properties": {
                "NCESSCH": s.ncessch,
                "LEAID": s.lea_id,
                "NAME": s.name,
                "LEA_NAME": names[s.lea_id],
                "STREET": s.street,
                "CITY": s.town,
                "STATE": "FK",
                "ZIP": s.postcode,
                "STFIP": STATE,
                "LAT": s.lat,
                "LON": s.lon,
                "SCHOOLYEAR": YEAR,
            },
        }
        for s in sorted(people.schools, key=lambda s: s.ncessch)
    ]
    path = write_json(folder / "edge_public_schools_2425.geojson", {"type": "FeatureCollection", "features": features})
    return SampleFile(path, "NCES EDGE public school points, 2024-25")


def write_enrollment(folder: Path, people: People) -> SampleFile:
    """The state's own enrollment file: its codes, thousands commas, suppressed cells, an empty row, a total row in the data."""
    rows: list[list[object]] = []
    for lea in sorted((lea for lea in people.leas if lea.schools), key=lambda lea: lea.state_code):
        grades = _by_grade(lea)
        poor = lea.nslp_students
        rows.append(
            [
                lea.state_code,
                lea.name,
                _comma(lea.students),
                *map(_comma, grades),
                "" if poor < _SUPPRESSED_BELOW else _comma(poor),
            ]
        )
    totals = [
        sum(lea.students for lea in people.leas),
        *np.sum([_by_grade(lea) for lea in people.leas if lea.schools], axis=0).tolist(),
        sum(s.nslp for s in people.schools),
    ]
    rows += [[""] * (4 + len(GRADES)), ["", "State", *map(_comma, totals)]]
    names = ["PK", "KF", *(f"G{grade}" for grade in GRADES[2:])]
    path = write_csv(
        folder / "franklin_enrollment_by_lea_2025-10-01.csv",
        ["distcode", "distname", "total", *names, "FRL"],
        rows,
        encoding="utf-8-sig",
    )
    write_text(folder / "enrollment_map.toml", _ENROLLMENT_MAP)
    return SampleFile(path, "State enrollment by district, October 1, 2025", ("--columns", "enrollment_map.toml"))


def _by_grade(lea: Lea) -> list[int]:
    """Students of an agency by grade, PK to 12, adding up to its total."""
    low, high = GRADES.index(lea.low), GRADES.index(lea.high)
    weights = np.array(
        [
            (0.35 if k == 0 else 1 + 0.1 * np.sin(k * 2.1 + lea.number)) if low <= k <= high else 0
            for k in range(len(GRADES))
        ]
    )
    parts = np.floor(lea.students * weights / weights.sum()).astype(int)
    parts[high] += lea.students - parts.sum()
    return [int(part) for part in parts]


def _comma(number: int) -> str:
    return f"{number:,}"


_ENROLLMENT_MAP = """# What each column of franklin_enrollment_by_lea_2025-10-01.csv is.
table = "enrollment"
title = "Franklin enrollment by district, October 1, 2025"
publisher = "Franklin Department of Education (fictional)"
as_of = 2025-10-01
[columns]
state_lea_id = "distcode"
name = "distname"
students = "total"
nslp_students = "FRL"
[exclude]
distname = ["State"]
"""


@dataclass(frozen=True)
class Circuit:
    """What one agency buys: Mbps, USD a month and kind of line; None and "" where it did not answer."""

    lea: Lea
    mbps: int | None
    usd_month: int | None
    line: str


def circuits(people: People, ground: Ground, seed: int) -> list[Circuit]:
    """What each agency with schools buys; about one in twelve did not answer.

    About a quarter have less than 1 Mbps per student; the smaller and more remote, the dearer a Mbps is.
    """
    rng = np.random.default_rng([seed, 61])
    cost = told("prices")["circuit"]
    bought = []
    for lea in people.leas:
        if not lea.schools:
            continue
        remote = float(ground.hardship[lea.place]) + (0.25 if ground.kind[lea.place] > SUBURB else 0)
        wanted = lea.students * float(rng.lognormal(0.88 - 0.75 * remote, 0.85))
        sizes = np.array(CIRCUIT_SIZES)
        mbps = int(sizes[np.abs(np.log(sizes / max(8.0, wanted))).argmin()])
        price = round(cost["scale"] * mbps ** cost["power"] * float(rng.lognormal(0.25 + 0.35 * remote, 0.38)) / 5) * 5
        fiber = mbps >= _LEAST_FIBER_MBPS and chance(rng, 0.93)
        line = "Fiber" if fiber else str(rng.choice(["Cable", "Copper", "Fixed Wireless"]))
        bought.append(Circuit(lea, None, None, "") if lea.turn(11, 4) else Circuit(lea, mbps, price, line))
    return bought


def write_circuits(folder: Path, bought: list[Circuit]) -> SampleFile:
    """District bandwidth as a state broadband office collects it, with its column map."""
    rows = [
        [
            c.lea.lea_id,
            c.lea.name,
            c.lea.students,
            c.mbps,
            "" if c.usd_month is None else f"${c.usd_month:,}.00",
            c.line,
            "2026",
        ]
        for c in bought
    ]
    path = write_csv(
        folder / "franklin_district_bandwidth_fy2026.csv",
        [
            "nces_cd",
            "district",
            "num_students",
            "total_ia_bw_mbps",
            "total_ia_monthly_cost",
            "connection",
            "fiscal_year",
        ],
        rows,
    )
    write_text(folder / "circuits_map.toml", _CIRCUITS_MAP)
    return SampleFile(path, "District internet circuits, fiscal year 2026", ("--columns", "circuits_map.toml"))


_CIRCUITS_MAP = """# What each column of franklin_district_bandwidth_fy2026.csv is.
table = "circuits"
title = "Franklin district bandwidth, fiscal year 2026"
publisher = "Franklin Office of School Technology (fictional)"
as_of = 2025-11-15
[columns]
lea_id = "nces_cd"
students = "num_students"
mbps = "total_ia_bw_mbps"
usd_month = "total_ia_monthly_cost"
[constants]
service = "internet"
"""
