"""Small files in their publishers' true shapes, written by hand for the tests: a corner of Maine with two districts.

WEST and EAST are squares side by side; each has a grid cell whose center lies in it. Nothing here is real.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import h3
import shapely

from infraplan import intake
from infraplan.cli.arriving import loaders
from infraplan.workspace import Workspace

WEST, EAST = "2300001", "2300002"
WEST_BOX = shapely.box(-70.2, 45.0, -70.0, 45.2)
EAST_BOX = shapely.box(-70.0, 45.0, -69.8, 45.2)
BOTH_BOX = shapely.box(-70.2, 45.0, -69.8, 45.2)
WEST_CELL = h3.latlng_to_cell(45.1, -70.1, 8)
EAST_CELL = h3.latlng_to_cell(45.1, -69.9, 8)
NOWHERE_CELL = h3.latlng_to_cell(44.0, -70.1, 8)
WEST_BLOCK, EAST_BLOCK = "230010101001000", "230030101001000"

BDC_12 = [
    "frn",
    "provider_id",
    "brand_name",
    "location_id",
    "technology",
    "max_advertised_download_speed",
    "max_advertised_upload_speed",
    "low_latency",
    "business_residential_code",
    "state_usps",
    "block_geoid",
    "h3_res8_id",
]
BDC_11 = [
    "provider_id",
    "frn",
    "brand_name",
    "location_id",
    "block_fips",
    "h3index_hex8",
    "technology_code",
    "max_advertised_download_speed",
    "max_advertised_upload_speed",
    "low_latency",
    "business_residential_code",
]


@dataclass(frozen=True)
class Offer:
    """One row of a BDC file."""

    location: int
    technology: int = 50
    down: int | str = 1000
    up: int | str = 1000
    latency: int = 1
    code: str = "R"
    provider: str = "130077"
    brand: str = "Pine Net, Inc."
    block: str = WEST_BLOCK
    cell: str = WEST_CELL
    state: str = "ME"

    @property
    def location_id(self) -> str:
        """The location's ten digits."""
        return f"{1_000_000_000 + self.location}"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a header, quoted where they must be."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    out.writerows(rows)
    return text.getvalue()


def bdc(path: Path, *offers: Offer) -> Path:
    """Fixed availability in today's twelve columns."""
    rows = [
        (
            "0001234567",
            one.provider,
            one.brand,
            one.location_id,
            one.technology,
            one.down,
            one.up,
            one.latency,
            one.code,
            one.state,
            one.block,
            one.cell,
        )
        for one in offers
    ]
    path.write_text(csv_text(BDC_12, rows), encoding="utf-8")
    return path


def bdc_first_release(path: Path, *offers: Offer) -> Path:
    """Fixed availability in the first release's eleven columns."""
    rows = [
        (
            one.provider,
            "0001234567",
            one.brand,
            one.location_id,
            one.block,
            one.cell,
            one.technology,
            one.down,
            one.up,
            one.latency,
            one.code,
        )
        for one in offers
    ]
    path.write_text(csv_text(BDC_11, rows), encoding="utf-8")
    return path


def served_export(path: Path, *locations: tuple[int, str, str]) -> Path:
    """The served/unserved export: number, block and cell of every location."""
    header = [
        "location_id",
        "block_geoid",
        "h3_res8_id",
        "any_dl100_ul20",
        "wired_dl100_ul20",
        "terrestrial_dl100_ul20",
    ]
    rows = [(1_000_000_000 + number, block, cell, 1, 0, 0) for number, block, cell in locations]
    path.write_text(csv_text(header, rows), encoding="utf-8")
    return path


LAYER_COLUMN = {
    "unified": "UNSDLEA",
    "elementary": "ELSDLEA",
    "secondary": "SCSDLEA",
    "administrative": "SDADMLEA",
    "unknown": None,
}


def shapes(
    path: Path, *districts: tuple[str, str, shapely.Geometry], layer: str = "unified", crs: str | None = "EPSG:4269"
) -> Path:
    """District boundaries as TIGER/Line has them: a shapefile set (.shp), a zip of one, a GeoPackage or GeoJSON."""
    columns: dict[str, list[str]] = {"GEOID": [one[0] for one in districts], "NAME": [one[1] for one in districts]}
    if LAYER_COLUMN[layer]:
        columns[str(LAYER_COLUMN[layer])] = [one[0][2:] for one in districts]
        columns["LOGRADE"], columns["HIGRADE"] = ["PK"] * len(districts), ["12"] * len(districts)
    frame = gpd.GeoDataFrame(columns, geometry=[one[2] for one in districts], crs=crs)
    if path.suffix == ".zip":
        beside = path.with_suffix(".shp")
        frame.to_file(beside)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(beside.parent.glob(f"{beside.stem}.*")):
                if part != path:
                    archive.write(part, part.name)
                    part.unlink()
    else:
        frame.to_file(path)
    return path


def two_districts(folder: Path) -> Path:
    """WEST and EAST as a TIGER/Line zip of unified districts."""
    return shapes(folder / "tl_2025_23_unsd.zip", (WEST, "West Unified", WEST_BOX), (EAST, "East Unified", EAST_BOX))


def tracts(path: Path, *areas: tuple[str, shapely.Geometry]) -> Path:
    """Census tracts as TIGER/Line has them."""
    ids = [one[0] for one in areas]
    columns = {"GEOID": ids, "COUNTYFP": [one[2:5] for one in ids], "TRACTCE": [one[5:] for one in ids]}
    gpd.GeoDataFrame(columns, geometry=[one[1] for one in areas], crs="EPSG:4269").to_file(path)
    return path


def s2802(path: Path, *areas: tuple[str, object, object, object, object]) -> Path:
    """ACS table S2802 as downloaded: GEO_ID, children E and M, with computer and broadband E and M; a label row."""
    header = ["GEO_ID", "NAME", "S2802_C01_002E", "S2802_C01_002M", "S2802_C02_002E", "S2802_C02_002M", ""]
    what = "!!Total!!Total population in households!!AGE!!Under 18 years"
    label = ["Geography", "Geographic Area Name"]
    label += [f"{word}{what}{group}" for group in ("", " with") for word in ("Estimate", "Margin of Error")]
    rows: list[list[object]] = [
        [*label, ""],
        *[[one[0], "Census Tract; Somewhere County; Maine", *one[1:], ""] for one in areas],
    ]
    path.write_text("\ufeff" + csv_text(header, rows), encoding="utf-8")
    return path


def block_relation(path: Path, *blocks: tuple[str, str]) -> Path:
    """Census block assignment file: block and the five digits of its district."""
    text = "BLOCKID|DISTRICT\n" + "".join(f"{block}|{district}\n" for block, district in blocks)
    path.write_text(text, encoding="utf-8")
    return path


CCD_LEA = [
    "SCHOOL_YEAR",
    "FIPST",
    "STATENAME",
    "ST",
    "LEA_NAME",
    "STATE_AGENCY_NO",
    "UNION",
    "ST_LEAID",
    "LEAID",
    "SY_STATUS",
    "SY_STATUS_TEXT",
    "LEA_TYPE",
    "LEA_TYPE_TEXT",
    "CHARTER_LEA",
    "GSLO",
    "GSHI",
    "OPERATIONAL_SCHOOLS",
]


def ccd_lea_row(lea: str, name: str, *, kind: object = 1, schools: object = 2, state_id: str = "") -> list[object]:
    """One row of the CCD district directory."""
    state = {"23": ("23", "MAINE", "ME"), "01": ("1", "ALABAMA", "AL"), "09": ("9", "CONNECTICUT", "CT")}
    fips, long, short = state[lea.zfill(7)[:2]]
    status: list[object] = ["1", "Open", kind, "Regular public school district", "CHRTNOTLEA", "PK", "12", schools]
    own: list[object] = ["2023-2024", fips, long, short, name, "", "", state_id or f"{short}-{lea[-4:]}", lea]
    return [*own, *status]


def ccd_lea(path: Path, *rows: list[object]) -> Path:
    """CCD district directory, Latin-1 as published."""
    path.write_bytes(csv_text(CCD_LEA, rows).encode("latin-1"))
    return path


EDGE = [
    "NCESSCH",
    "SURVYEAR",
    "LEAID",
    "LEA_NAME",
    "SCH_NAME",
    "VIRTUAL",
    "MEMBER",
    "TOTAL",
    "LATCOD",
    "LONCOD",
    "ULOCALE",
]


def edge_row(
    school: str,
    name: str,
    *,
    members: object = 300,
    lon: object = -70.1,
    lat: object = 45.1,
    virtual: str = "NOTVIRTUAL",
    locale: str = "43",
    lea_name: str = "",
) -> list[object]:
    """One row of EDGE's school characteristics."""
    lea = school[:7]
    return [school, "2024-2025", lea, lea_name or f"District {lea}", name, virtual, members, members, lat, lon, locale]


def edge(path: Path, *rows: list[object]) -> Path:
    """EDGE public school characteristics as CSV."""
    path.write_text(csv_text(EDGE, rows), encoding="utf-8")
    return path


BANDWIDTH_MAP = """\
table = "circuits"
title = "District bandwidth"
publisher = "State office"
as_of = {as_of}
[columns]
lea_id = "nces"
mbps = "mbps"
{more}
"""


def bandwidth(
    folder: Path, text: str, *, as_of: str = '"2024-10-01"', more: str = "", name: str = "mbps"
) -> list[Path]:
    """A state's bandwidth list and the column map that goes with it."""
    table, mapping = folder / f"{name}.csv", folder / f"{name}.toml"
    table.write_text(text, encoding="utf-8")
    mapping.write_text(BANDWIDTH_MAP.format(as_of=as_of, more=more), encoding="utf-8")
    return [table, mapping]


def start(folder: Path, state: str = "ME") -> Workspace:
    """A new workspace."""
    return Workspace.create(folder, state=state, funding_year=2026)


def add(
    workspace: Workspace,
    *paths: Path,
    source: str | None = None,
    as_of: str | None = None,
    column_map: Path | None = None,
) -> list[intake.Taken]:
    """Add files as `infraplan data add` does."""
    return intake.add(workspace, paths, loaders(), source_id=source, as_of=as_of, column_map=column_map)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a workspace with its bytes, but for the writer's lock."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
