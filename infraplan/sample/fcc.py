"""Smaller FCC files of the sample state: funded locations, the summary by county, Form 477."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infraplan.sample.availability import RELEASE, RELIABLE, SPEED_STEPS, Reached
from infraplan.sample.files import SampleFile, csv_text, write_csv, write_text, write_zip
from infraplan.sample.ground import Ground
from infraplan.sample.homes import BUSINESS, FARM, IN_TOWN, Homes
from infraplan.sample.luck import chances
from infraplan.sample.names import counties, told
from infraplan.sample.offers import Offers, all_offers

MOST_BLOCKS_477 = 4_000
_CODES_477 = {10: 11, 40: 42, 50: 50, 60: 60, 70: 70, 71: 70, 72: 70}
"""Form 477's code of each technology; it has none for low-orbit satellites."""
_NOT_ZERO_477 = (1.5, 0.384)
_FUNDED_COLUMNS = ("Location ID", "Program", "Award No.", "Awardee", "Tech", "Down", "Up", "Project Status")
_FUNDED_MAP = """# What each column of franklin_funded_locations_2026-02.csv is.
table = "funded_locations"
title = "Funded broadband locations"
publisher = "Franklin Office of Broadband (fictional)"
as_of = 2026-02-01
[columns]
location_id = "Location ID"
program = "Program"
"""
Cells = tuple[object, ...]


def write_funded(folder: Path, homes: Homes, reached: Reached, seed: int) -> SampleFile:
    """A state's list of locations that a program already pays for, mostly farms not yet at 100/20, with its column map."""
    rng = np.random.default_rng([seed, 21])
    poor = ~reached.at(RELIABLE, 100, 20) & (homes.settlement >= IN_TOWN) & (homes.use != BUSINESS)
    awarded = chances(rng, 0.35, int(homes.county.max()) + 1)
    some = np.flatnonzero(poor & awarded[homes.county] & chances(rng, 0.7, len(homes)))
    status = rng.choice(["Under construction", "Obligated", "Complete"], len(some), p=[0.35, 0.55, 0.1])
    rows = []
    for k, state in zip(some.tolist(), status.tolist(), strict=True):
        program = "Franklin Last Acre Grant" if homes.settlement[k] == FARM else "Rural Digital Opportunity Fund"
        award = f"FK-{2001 + 2 * int(homes.county[k])}"
        rows.append(
            (int(homes.location_id[k]), program, award, "Golden Spike Telephone Coop., Inc.", 50, 1000, 1000, state)
        )
    path = write_csv(folder / "franklin_funded_locations_2026-02.csv", _FUNDED_COLUMNS, rows)
    write_text(folder / "funded_map.toml", _FUNDED_MAP)
    return SampleFile(path, "State list of locations with funded projects", ("--columns", "funded_map.toml"))


def write_summary(folder: Path, ground: Ground, homes: Homes, reached: Reached, seed: int) -> SampleFile:
    """The summary by geography for counties: 15 technology groups, R and B over one denominator, Urban and Rural too."""
    names = counties(ground.counties, np.random.default_rng([seed, 31]))
    urban = homes.settlement < IN_TOWN
    everywhere = np.ones(len(homes), dtype=bool)
    rows: list[Cells] = []
    for area, inside in (("Total", everywhere), ("Urban", urban), ("Rural", ~urban)):
        for group in told("fcc")["group"]:
            rows += _summary_rows(area, inside, group, homes, reached, names)
    stem = f"bdc_99_fixed_broadband_summary_by_geography_{RELEASE}"
    write_zip(folder / f"{stem}.zip", {f"{stem}.csv": csv_text(told("fcc")["summary"], rows).encode()})
    return SampleFile(folder / f"{stem}.zip", "FCC BDC summary by geography, counties")


def _summary_rows(
    area: str, inside: NDArray[np.bool_], group: str, homes: Homes, reached: Reached, names: list[str]
) -> list[Cells]:
    """Rows of one area type and technology group: share of units at each speed, per county."""
    step, county = reached.of(group)[inside], homes.county[inside]
    units = np.bincount(county, minlength=len(names))
    at_least = [np.bincount(county[step >= k], minlength=len(names)) for k in range(2, 2 + len(SPEED_STEPS))]
    rows: list[Cells] = []
    for k in np.flatnonzero(units).tolist():
        place = (area, "County", 99_001 + 2 * k, f"{names[k]} County", f"{names[k]}, FK", int(units[k]))
        shares = [f"{counts[k] / units[k]:.4f}" for counts in at_least]
        rows += [(*place, buyers, group, *shares) for buyers in ("R", "B")]
    return rows


def write_form_477(folder: Path, ground: Ground, homes: Homes, seed: int) -> SampleFile:
    """Form 477 of June 2021: whole blocks of 2010, a third of which have numbers that the 2020 blocks have too."""
    rng = np.random.default_rng([seed, 41])
    blocks, first = np.unique(homes.block, return_index=True)
    keep = np.sort(rng.choice(len(blocks), min(len(blocks), MOST_BLOCKS_477), replace=False))
    blocks, first = blocks[keep], first[keep]
    renumbered = np.where(chances(rng, 0.68, len(blocks)), blocks // 1_000 * 1_000 + 400 + blocks % 500, blocks)
    rows: list[Cells] = []
    for offers in all_offers(ground, homes, seed, None):
        if offers.provider.technology in _CODES_477 and len(offers.home):
            rows += _rows_477(offers, first, renumbered, 600_001 + len(rows))
    stem = "FK-Fixed-Jun2021"
    content = csv_text(told("fcc")["form_477"], rows, end="\r\n").encode("latin-1")
    write_zip(folder / f"{stem}.zip", {f"{stem}-v1.csv": content})
    return SampleFile(folder / f"{stem}.zip", "FCC Form 477 fixed deployment, June 2021 (2010 blocks)")


def _rows_477(offers: Offers, first: NDArray[np.intp], blocks: NDArray[np.int64], number: int) -> list[Cells]:
    """Rows of one provider: a block counts as reached where the provider reaches its first location."""
    p = offers.provider
    place = np.minimum(np.searchsorted(offers.home, first), len(offers.home) - 1)
    rows: list[Cells] = []
    for k in np.flatnonzero(offers.home[place] == first).tolist():
        speed = (int(offers.down[place[k]]), int(offers.up[place[k]]))
        who = (
            p.number - 900_000,
            p.frn,
            p.brand,
            p.brand.split(",")[0],
            p.holding,
            130_000 + p.number % 997,
            p.holding,
        )
        speeds = speed if any(speed) else _NOT_ZERO_477
        rows.append((number + len(rows), *who, "FK", int(blocks[k]), _CODES_477[p.technology], 1, *speeds, 1))
    return rows
