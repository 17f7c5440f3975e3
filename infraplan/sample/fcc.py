"""FCC files of the sample state: availability by technology, the served export, the county summary, Form 477, funded locations.

Rows are assembled as Arrow strings, a provider at a time, and streamed into their archives: no Python loop sees a row, and the
memory needed grows with the locations, not with the rows.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infraplan.sample.files import SampleFile, csv_text, member, write_csv, write_text, write_zip, zipped
from infraplan.sample.ground import Ground
from infraplan.sample.homes import BUSINESS, FARM, IN_TOWN, Homes
from infraplan.sample.luck import chances
from infraplan.sample.names import counties, told
from infraplan.sample.offers import Offers, all_offers

CURRENT = (
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
)
FIRST_RELEASE = (
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
)
SUMMARY = (
    "area_data_type",
    "geography_type",
    "geography_id",
    "geography_desc",
    "geography_desc_full",
    "total_units",
    "biz_res",
    "technology",
    "speed_02_02",
    "speed_10_1",
    "speed_25_3",
    "speed_100_20",
    "speed_250_25",
    "speed_1000_100",
)
FORM_477 = (
    "LogRecNo",
    "Provider_Id",
    "FRN",
    "ProviderName",
    "DBAName",
    "HoldingCompanyName",
    "HocoNum",
    "HocoFinal",
    "StateAbbr",
    "BlockCode",
    "TechCode",
    "Consumer",
    "MaxAdDown",
    "MaxAdUp",
    "Business",
)
SPEED_STEPS = ((0.2, 0.2), (10, 1), (25, 3), (100, 20), (250, 25), (1000, 100))
GROUPS: dict[str, tuple[int, ...]] = {
    "Any Technology": (10, 40, 50, 60, 61, 70, 71, 72),
    "All Wired": (10, 40, 50),
    "Any Terrestrial": (10, 40, 50, 70, 71, 72),
    "All Wired and Licensed Fixed Wireless": (10, 40, 50, 71, 72),
    "Copper": (10,),
    "Cable/Fiber": (40, 50),
    "Cable": (40,),
    "Fiber": (50,),
    "All Satellite": (60, 61),
    "GSO Satellite": (60,),
    "NGSO Satellite": (61,),
    "All Fixed Wireless": (70, 71, 72),
    "Unlicensed Fixed Wireless": (70,),
    "Licensed Fixed Wireless": (71, 72),
    "Other": (),
}
"""Technology groups of the summary by geography, and the technologies in each."""
RELEASE = "D25_17mar2026"
_COPPER = 10
_SLICE = 250_000
_CODES = ("B", "R", "X")
_CLASSES_477 = {10: 11, 40: 42, 50: 50, 60: 60, 70: 70, 71: 70, 72: 70}


@dataclass
class Reached:
    """What the offers written so far reach: best speed step per location and technology (0 = no offer, 1 = below the first)."""

    locations: int
    step: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, offers: Offers) -> None:
        """Count one provider's offers."""
        technology = offers.provider.technology
        best = self.step.setdefault(technology, np.zeros(self.locations, dtype=np.uint8))
        step = np.ones(len(offers.home), dtype=np.uint8)
        for k, (down, up) in enumerate(SPEED_STEPS, start=2):
            step[(offers.down >= down) & (offers.up >= up)] = k
        np.maximum.at(best, offers.home, step)
        self.rows[technology] += len(offers.home)

    def of(self, technologies: tuple[int, ...]) -> NDArray[np.uint8]:
        """Best speed step per location over some technologies."""
        best = np.zeros(self.locations, dtype=np.uint8)
        for technology in technologies:
            if technology in self.step:
                np.maximum(best, self.step[technology], out=best)
        return best


class _Text:
    """The columns of a location as ready text, made once for all files."""

    def __init__(self, homes: Homes) -> None:
        self.location = pa.array(homes.location_id).cast(pa.string())
        self.block = pa.array(homes.block).cast(pa.string())
        cells, place = np.unique(homes.hexagon, return_inverse=True)
        names = pa.array([f"{cell:x}" for cell in cells.tolist()])
        self.hexagon = names.take(pa.array(place))
        self.tail = pc.binary_join_element_wise(
            ",FK", self.block, pc.binary_join_element_wise(self.hexagon, "\n", ""), ","
        )


def write_availability(
    folder: Path, ground: Ground, homes: Homes, seed: int, offers_per_location: float | None
) -> tuple[list[SampleFile], Reached]:
    """Write the current availability files, an archive per technology, and an old release of copper."""
    files: list[SampleFile] = []
    reached = Reached(len(homes))
    text = _Text(homes)
    streams: dict[int, IO[bytes]] = {}
    with ExitStack() as open_files:
        for technology, name in told("providers")["technology"].items():
            stem = f"bdc_99_{name}_fixed_broadband_{RELEASE}"
            path = folder / f"{stem}.zip"
            stream = open_files.enter_context(member(open_files.enter_context(zipped(path)), f"{stem}.csv"))
            stream.write((",".join(CURRENT) + "\n").encode())
            streams[int(technology)] = stream
            files.append(SampleFile(path, f"FCC BDC fixed availability, {name}, December 2025"))
        copper = []
        for offers in all_offers(ground, homes, seed, offers_per_location):
            reached.take(offers)
            for lines in _lines(offers, text):
                streams[offers.provider.technology].write(lines)
            if offers.provider.technology == _COPPER:
                copper.append(offers)
    files.append(_first_release(folder, copper, text))
    return files, reached


def _quoted(text: str) -> str:
    """A CSV cell, quoted where it must be."""
    return csv_text([text], []).rstrip("\n")


def _lines(offers: Offers, text: _Text) -> Iterator[memoryview]:
    """The rows of one provider as CSV text, a slice at a time."""
    p = offers.provider
    head = f"{p.frn},{p.number},{_quoted(p.brand)},"
    kinds, place = np.unique((offers.down * 10_000 + offers.up) * 3 + offers.code, return_inverse=True)
    middle = pa.array(
        [f",{p.technology},{k // 30_000},{k // 3 % 10_000},{p.latency},{_CODES[k % 3]}" for k in kinds.tolist()]
    )
    for start in range(0, len(offers.home), _SLICE):
        home = pa.array(offers.home[start : start + _SLICE])
        rows = pc.binary_join_element_wise(
            head,
            text.location.take(home),
            middle.take(pa.array(place[start : start + _SLICE])),
            text.tail.take(home),
            "",
        )
        yield _content(rows)


def _content(rows: Any) -> memoryview:  # noqa: ANN401 - pyarrow has no types
    """The bytes of an Arrow string array whose elements are whole lines: already the text of the file."""
    offsets = np.frombuffer(rows.buffers()[1], dtype=np.int32)[rows.offset : rows.offset + len(rows) + 1]
    return memoryview(rows.buffers()[2])[int(offsets[0]) : int(offsets[-1])]


def _first_release(folder: Path, copper: list[Offers], text: _Text) -> SampleFile:
    """The release of June 2022: eleven columns under other names, identifiers and speeds in quotes; two rows in three."""
    stem = "bdc_99_Copper_fixed_broadband_063022"
    with zipped(folder / f"{stem}.zip") as archive, member(archive, f"{stem}.csv") as stream:
        stream.write((",".join(FIRST_RELEASE) + "\n").encode())
        for offers in copper:
            p = offers.provider
            some = np.flatnonzero(np.arange(len(offers.home)) % 3 > 0)
            home = pa.array(offers.home[some])
            head = f'"{p.number}","{p.frn}",{_quoted(p.brand)},"'
            end = pa.array(
                [
                    f'",{text_},{p.technology},"{d}","{u}","{p.latency}",{_CODES[c]}\n'
                    for d, u, c, text_ in zip(
                        offers.down[some].tolist(),
                        offers.up[some].tolist(),
                        offers.code[some].tolist(),
                        text.hexagon.take(home).to_pylist(),
                        strict=True,
                    )
                ]
            )
            rows = pc.binary_join_element_wise(head, text.location.take(home), '","', text.block.take(home), end, "")
            if len(rows):
                stream.write(_content(rows))
    return SampleFile(
        folder / f"{stem}.zip",
        "FCC BDC fixed availability, copper, first release of June 2022 (11 columns)",
        role="older",
    )


def write_served(folder: Path, homes: Homes, reached: Reached) -> SampleFile:
    """The export of served and unserved locations: every location of the state, also those without any offer."""
    text = _Text(homes)
    enough = SPEED_STEPS.index((100, 20)) + 2
    flags = [
        (reached.of(GROUPS[name]) >= enough).astype(int) for name in ("Any Technology", "All Wired", "Any Terrestrial")
    ]
    words = pa.array([f",{k >> 2},{k >> 1 & 1},{k & 1}\n" for k in range(8)])
    kind = flags[0] * 4 + flags[1] * 2 + flags[2]
    stem = f"bdc_99_ServedUnserved_fixed_broadband_{RELEASE}"
    with zipped(folder / f"{stem}.zip") as archive, member(archive, f"{stem}.csv") as stream:
        stream.write(b"location_id,block_geoid,h3_res8_id,any_dl100_ul20,wired_dl100_ul20,terrestrial_dl100_ul20\n")
        for start in range(0, len(homes), _SLICE):
            part = slice(start, start + _SLICE)
            stream.write(
                _content(
                    pc.binary_join_element_wise(
                        text.location[part],
                        ",",
                        text.block[part],
                        ",",
                        text.hexagon[part],
                        words.take(pa.array(kind[part])),
                        "",
                    )
                )
            )
    return SampleFile(folder / f"{stem}.zip", "FCC BDC served and unserved locations, December 2025")


def write_funded(folder: Path, homes: Homes, reached: Reached, seed: int) -> SampleFile:
    """A state's own list of locations that a program already pays for: mostly farms not yet at 100/20, with their column map."""
    rng = np.random.default_rng([seed, 21])
    poor = (reached.of(GROUPS["All Wired and Licensed Fixed Wireless"]) < SPEED_STEPS.index((100, 20)) + 2) & (
        homes.settlement >= IN_TOWN
    )
    awarded = chances(rng, 0.35, int(homes.county.max()) + 1)
    some = np.flatnonzero(poor & awarded[homes.county] & (homes.use != BUSINESS) & chances(rng, 0.7, len(homes)))
    program = np.where(homes.settlement[some] == FARM, "Franklin Last Acre Grant", "Rural Digital Opportunity Fund")
    status = np.array(["Under construction", "Obligated", "Complete"])[rng.choice(3, len(some), p=[0.35, 0.55, 0.1])]
    rows = [
        (
            location,
            name,
            f"FK-{2000 + county * 2 + 1}",
            "Golden Spike Telephone Coop., Inc.",
            "50",
            "1000",
            "1000",
            state,
        )
        for location, name, county, state in zip(
            homes.location_id[some].tolist(),
            program.tolist(),
            homes.county[some].tolist(),
            status.tolist(),
            strict=True,
        )
    ]
    path = write_csv(
        folder / "franklin_funded_locations_2026-02.csv",
        ("Location ID", "Program", "Award No.", "Awardee", "Tech", "Down", "Up", "Project Status"),
        rows,
    )
    write_text(folder / "funded_map.toml", _FUNDED_MAP)
    return SampleFile(path, "State list of locations with funded projects", ("--columns", "funded_map.toml"))


_FUNDED_MAP = """# What each column of franklin_funded_locations_2026-02.csv is.
table = "funded_locations"
title = "Funded broadband locations"
publisher = "Franklin Office of Broadband (fictional)"
as_of = 2026-02-01
[columns]
location_id = "Location ID"
program = "Program"
"""


def write_summary(folder: Path, ground: Ground, homes: Homes, reached: Reached, seed: int) -> SampleFile:
    """The summary by geography for counties: 15 technology groups, R and B over one denominator, Urban and Rural too."""
    names = counties(ground.counties, np.random.default_rng([seed, 31]))
    urban = homes.settlement < IN_TOWN
    areas: list[tuple[str, NDArray[np.bool_]]] = [
        ("Total", np.ones(len(homes), dtype=bool)),
        ("Urban", urban),
        ("Rural", ~urban),
    ]
    steps = {name: reached.of(technologies) for name, technologies in GROUPS.items()}
    rows: list[tuple[object, ...]] = []
    for area, mask in areas:
        units = np.bincount(homes.county[mask], minlength=ground.counties)
        for name, step in steps.items():
            at_least = [np.bincount(homes.county[mask & (step >= k)], minlength=ground.counties) for k in range(2, 8)]
            for county in np.flatnonzero(units):
                share = [f"{counts[county] / units[county]:.4f}" for counts in at_least]
                base = (
                    area,
                    "County",
                    99_001 + 2 * int(county),
                    f"{names[county]} County",
                    f"{names[county]}, FK",
                    int(units[county]),
                )
                rows.append((*base, "R", name, *share))
                rows.append((*base, "B", name, *share))
    stem = f"bdc_99_fixed_broadband_summary_by_geography_{RELEASE}"
    write_zip(folder / f"{stem}.zip", {f"{stem}.csv": csv_text(SUMMARY, rows).encode()})
    return SampleFile(folder / f"{stem}.zip", "FCC BDC summary by geography, counties")


def write_form_477(folder: Path, ground: Ground, homes: Homes, seed: int) -> SampleFile:
    """Form 477 of June 2021: whole blocks of 2010, of which about a third have a number that the 2020 blocks have too."""
    rng = np.random.default_rng([seed, 41])
    blocks, first = np.unique(homes.block, return_index=True)
    keep = np.sort(rng.choice(len(blocks), min(len(blocks), 4_000), replace=False))
    blocks, first = blocks[keep], first[keep]
    renumbered = np.where(chances(rng, 0.68, len(blocks)), blocks // 1_000 * 1_000 + 400 + blocks % 500, blocks)
    rows: list[tuple[object, ...]] = []
    for offers in all_offers(ground, homes, seed, None):
        p = offers.provider
        code = _CLASSES_477.get(p.technology)
        if code is None:
            continue
        here = np.flatnonzero(np.isin(first, offers.home))
        down = dict(zip(offers.home.tolist(), zip(offers.down.tolist(), offers.up.tolist(), strict=True), strict=True))
        for k in here.tolist():
            speed = down[int(first[k])]
            slow = speed if speed != (0, 0) else (1.5, 0.384)
            rows.append(
                (
                    600_001 + len(rows),
                    p.number - 900_000,
                    p.frn,
                    p.brand,
                    p.brand.split(",")[0],
                    p.holding,
                    130_000 + p.number % 997,
                    p.holding,
                    "FK",
                    int(renumbered[k]),
                    code,
                    1,
                    *slow,
                    1,
                )
            )
    stem = "FK-Fixed-Jun2021"
    content = csv_text(FORM_477, rows, end="\r\n").encode("latin-1")
    write_zip(folder / f"{stem}.zip", {f"{stem}-v1.csv": content})
    return SampleFile(folder / f"{stem}.zip", "FCC Form 477 fixed deployment, June 2021 (2010 blocks)", role="older")
