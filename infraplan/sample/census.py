"""Census files of the sample state: TIGER/Line districts and tracts, ACS table S2802 by tract, SAIPE by district."""

import csv
import io
import tempfile
from pathlib import Path
from typing import cast

import geopandas as gpd
import numpy as np
import pyogrio
from shapely import Geometry

from infraplan.sample.availability import RELIABLE, Reached
from infraplan.sample.files import SampleFile, write_text, write_xlsx, write_zip
from infraplan.sample.ground import Floats, Ground, merged
from infraplan.sample.homes import BUSINESS, STATE, Homes
from infraplan.sample.names import told
from infraplan.sample.people import ELEMENTARY, SECONDARY, UNIFIED, WITH_BOUNDARY, Lea, People

LAYERS = {
    UNIFIED: ("unsd", "UNSDLEA", "9700000US", "G5420"),
    SECONDARY: ("scsd", "SCSDLEA", "9600000US", "G5410"),
    ELEMENTARY: ("elsd", "ELSDLEA", "9500000US", "G5400"),
}
PERSONS_PER_HOME = 2.35
SAIPE_HEADER = (
    "State Postal Code",
    "State FIPS Code",
    "District ID",
    "Name",
    "Estimated Total Population",
    "Estimated Population 5-17",
    "Estimated number of relevant children 5 to 17 years old in poverty who are related to the householder",
)
_JAM_ESTIMATE, _JAM_MARGIN = "-666666666", "-222222222"
_DBF_DATE = "2025-09-22"


def write_districts(folder: Path, people: People, ground: Ground) -> list[SampleFile]:
    """Three TIGER/Line 2025 layers; the unified one also holds the area that belongs to no district (99997)."""
    files = []
    for kind, (layer, column, prefix, feature) in LAYERS.items():
        rows: list[dict[str, object]] = []
        shapes: list[Geometry] = []
        for lea in people.of(kind):
            shapes.append(_shape_of(lea, people, ground))
            rows.append(_tiger_row(lea.lea_id[2:], lea.name, lea.low, lea.high, column, prefix, feature))
        hole = people.shapes[ground.districts]
        if kind == UNIFIED and not hole.is_empty:
            shapes.append(hole)
            rows.append(_tiger_row("99997", "School District Not Defined", None, None, column, prefix, feature))
        frame = gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4269").sort_values("GEOID", ignore_index=True)
        path = folder / f"tl_2025_{STATE}_{layer}.zip"
        write_shapes(path, with_areas(frame))
        files.append(SampleFile(path, f"TIGER/Line 2025 {kind} school districts"))
    return files


def _shape_of(lea: Lea, people: People, ground: Ground) -> Geometry:
    if len(lea.parts) == 1:
        return cast("Geometry", people.shapes[lea.parts[0]])
    cells = np.isin(ground.district, lea.parts)
    return cast("Geometry", merged(ground.shape[cells], np.zeros(int(cells.sum()), dtype=np.int64), 1)[0])


def _tiger_row(
    number: str, name: str, low: str | None, high: str | None, column: str, prefix: str, feature: str
) -> dict[str, object]:
    return {
        "STATEFP": STATE,
        column: number,
        "GEOID": STATE + number,
        "GEOIDFQ": prefix + STATE + number,
        "NAME": name,
        "LSAD": "00",
        "LOGRADE": low,
        "HIGRADE": high,
        "MTFCC": feature,
        "SDTYP": None,
        "FUNCSTAT": "E" if low else "F",
    }


def with_areas(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add TIGER's four last columns: areas in square meters and a point inside."""
    inside = frame.geometry.representative_point()
    frame["ALAND"] = frame.geometry.to_crs(5070).area.round().astype("int64")
    frame["AWATER"] = (frame["ALAND"] * 0.004).round().astype("int64")
    frame["INTPTLAT"] = [f"{y:+011.7f}" for y in inside.y]
    frame["INTPTLON"] = [f"{x:+012.7f}" for x in inside.x]
    return frame


def write_shapes(path: Path, frame: gpd.GeoDataFrame) -> None:
    """Write a zipped shapefile whose bytes depend on its content alone."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / f"{path.stem}.shp"
        pyogrio.write_dataframe(frame, place, encoding="UTF-8", layer_options={"DBF_DATE_LAST_UPDATE": _DBF_DATE})
        members = {
            f"{path.stem}{ending}": place.with_suffix(ending).read_bytes()
            for ending in (".cpg", ".dbf", ".prj", ".shp", ".shx")
        }
    write_zip(path, members)


def write_tracts(folder: Path, ground: Ground, homes: Homes) -> SampleFile:
    """The TIGER/Line 2025 tract layer."""
    shapes = merged(ground.shape, homes.tract_of_cell, len(homes.tracts))
    geoid = homes.tracts.astype(str)
    name = [tract_name(code) for code in geoid]
    frame = gpd.GeoDataFrame(
        {
            "STATEFP": STATE,
            "COUNTYFP": [code[2:5] for code in geoid],
            "TRACTCE": [code[5:] for code in geoid],
            "GEOID": geoid,
            "GEOIDFQ": [f"1400000US{code}" for code in geoid],
            "NAME": name,
            "NAMELSAD": [f"Census Tract {n}" for n in name],
            "MTFCC": "G5020",
            "FUNCSTAT": "S",
        },
        geometry=shapes,
        crs="EPSG:4269",
    ).sort_values("GEOID", ignore_index=True)
    path = folder / f"tl_2025_{STATE}_tract.zip"
    write_shapes(path, with_areas(frame))
    return SampleFile(path, "TIGER/Line 2025 census tracts")


def tract_name(geoid: str) -> str:
    """A tract's number as people write it.

    >>> tract_name("99001950100"), tract_name("99001000102")
    ('9501', '1.02')
    """
    return str(int(geoid[5:9])) + (f".{geoid[9:]}" if geoid[9:] != "00" else "")


def write_s2802(folder: Path, people: People, ground: Ground, homes: Homes, reached: Reached, seed: int) -> SampleFile:
    """ACS table S2802 by tract as the data site gives it: byte order mark, label row, trailing empty column, "-", "**"."""
    rng = np.random.default_rng([seed, 51])
    estimates, margins = _tract_estimates(ground, homes, reached, rng)
    lists = told("s2802")
    header, labels = _s2802_header(lists["group"], lists["row"])
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    out.writerow(header)
    out.writerow(labels)
    jam = int(rng.integers(0, len(homes.tracts)))
    for k in np.argsort(homes.tracts, kind="stable").tolist():
        code = str(homes.tracts[k])
        county = people.counties[(int(code[2:5]) - 1) // 2]
        name = f"Census Tract {tract_name(code)}; {county} County; Franklin"
        cells = _s2802_cells(estimates[k], margins[k])
        if k == jam:
            at = header.index("S2802_C02_006E") - 2
            cells[at : at + 2] = [_JAM_ESTIMATE, _JAM_MARGIN]
        out.writerow([f"1400000US{code}", name, *cells, ""])
    path = folder / "ACSST5Y2023.S2802-Data.csv"
    write_text(path, "\ufeff" + text.getvalue())
    return SampleFile(path, "ACS 5-year table S2802 by tract (children, computer and broadband)")


def _tract_estimates(ground: Ground, homes: Homes, reached: Reached, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Persons per tract, subject row and group (total; with broadband; without; no computer), and 90 % margins.

    Shape of each: tracts x 22 x 4. Access falls with hardship and with the share of homes below 100/20.
    """
    count = len(homes.tracts)
    people = homes.use != BUSINESS
    dwellings = np.bincount(homes.tract[people], minlength=count).astype(float)
    served = reached.at(RELIABLE, 100, 20)
    good = np.bincount(homes.tract[people & served], minlength=count) / np.maximum(1, dwellings)
    hard = np.bincount(
        homes.tract[people], weights=np.append(ground.hardship, 0.5)[homes.district[people]], minlength=count
    ) / np.maximum(1, dwellings)
    access = np.clip(0.97 - 0.26 * hard * (1.25 - good) - 0.16 * (1 - good) + rng.normal(0, 0.015, count), 0.35, 0.995)
    total = np.round(dwellings * PERSONS_PER_HOME)
    shares = np.array(told("s2802")["share"])
    of_row = np.round(total[:, None] * shares[None, :] * rng.lognormal(0, 0.06, (count, len(shares))))
    of_row[:, 0] = total
    easier = np.array(told("s2802")["access"])
    with_it = np.round(of_row * np.clip(access[:, None] + easier[None, :], 0, 1))
    none = np.round((of_row - with_it) * 0.3)
    estimates = np.stack([of_row, with_it, of_row - with_it - none, none], axis=2)
    margins = np.ceil(1.645 * np.sqrt(estimates * 14 + 40) * rng.uniform(0.8, 1.2, estimates.shape))
    return estimates, margins


def _s2802_header(groups: list[str], rows: list[str]) -> tuple[list[str], list[str]]:
    header, labels = ["GEO_ID", "NAME"], ["Geography", "Geographic Area Name"]
    for g, group in enumerate(groups, start=1):
        for r, row in enumerate(rows, start=1):
            for letter, word in (("E", "Estimate"), ("M", "Margin of Error")):
                header.append(f"S2802_C{g:02d}_{r:03d}{letter}")
                labels.append(f"{word}!!{group}!!{row}")
    return [*header, ""], [*labels, ""]


def _s2802_cells(estimate: Floats, margin: Floats) -> list[str]:
    """Cells of one tract: counts for the total and three groups, percents (or "-", "**" of nothing) for the groups."""
    cells: list[str] = []
    for g, percent in ((0, False), (1, False), (1, True), (2, False), (2, True), (3, False), (3, True)):
        for r in range(estimate.shape[0]):
            value, error, whole = estimate[r, g], margin[r, g], estimate[r, 0]
            if not percent:
                cells += [str(int(value)), str(int(error))]
            elif whole == 0:
                cells += ["-", "**"]
            else:
                cells += [f"{100 * value / whole:.1f}", f"{min(99.9, 100 * error / whole):.1f}"]
    return cells


def write_saipe(folder: Path, people: People, seed: int) -> SampleFile:
    """District poverty estimates (SAIPE). Published as .xls; this one is an .xlsx with the same layout, its header in row 3."""
    rng = np.random.default_rng([seed, 52])
    rows: list[tuple[object, ...]] = [
        ("Table with column headers in row 3",),
        (
            "2024 Poverty Estimates for School districts",
            "SYNTHETIC: the fictional state of Franklin, in the layout of the U.S. Census Bureau's SAIPE program",
        ),
        SAIPE_HEADER,
    ]
    for lea in sorted(people.of(*WITH_BOUNDARY), key=lambda lea: lea.name):
        children = round(lea.students * float(rng.uniform(0.98, 1.08)))
        population = round(lea.students * 5.4 if lea.kind == UNIFIED else lea.students * 8.0)
        rows.append(("FK", STATE, lea.lea_id[2:], lea.name, population, children, round(children * lea.poverty)))
    return SampleFile(write_xlsx(folder / "ussd24.xlsx", rows), "SAIPE district poverty estimates 2024 (as .xlsx)")
