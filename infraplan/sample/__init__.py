"""The built-in fictional state "Franklin", any size, in the publishers' own file formats.

Everything in it is SYNTHETIC: no place, agency, provider, price or title is real. FIPS 99, postal code FK. The same
arguments give the same files, byte for byte.
"""

from pathlib import Path

from infraplan.errors import BadInput, Fault
from infraplan.sample import (
    availability,
    beyond,
    bids,
    census,
    erate,
    fcc,
    filings,
    form471,
    legislative,
    nces,
    oer,
    plans,
)
from infraplan.sample.files import SampleFile, write_text
from infraplan.sample.ground import make_ground
from infraplan.sample.homes import make_homes
from infraplan.sample.people import People, make_people, overlaps

__all__ = ["FEWEST_DISTRICTS", "MOST_DISTRICTS", "SampleFile", "make"]

FEWEST_DISTRICTS, MOST_DISTRICTS = 20, 3_000
FEWEST_LOCATIONS_PER_DISTRICT = 20
MOST_OFFERS_PER_LOCATION = 60


def make(
    folder: Path,
    *,
    districts: int = 60,
    locations: int = 40_000,
    seed: int = 1,
    offers_per_location: float | None = None,
) -> list[SampleFile]:
    """Write the sample state's files under `folder` and say what each is.

    `districts` counts the agencies that have a boundary; `locations` the homes and businesses; `offers_per_location`
    is the mean number of availability rows per location (about 8.5 if not given). Raises BadInput if a number is out of range.
    """
    _check(districts, locations, offers_per_location)
    ground = make_ground(districts - overlaps(districts), seed)
    homes = make_homes(ground, locations, seed)
    people = make_people(ground, homes, districts, seed)
    where = folder / "connectivity"
    text = availability.Text(homes)
    files, reached = availability.write_availability(where, ground, homes, text, seed, offers_per_location)
    files += [
        availability.write_served(where, homes, text, reached),
        fcc.write_funded(where, homes, reached, seed),
        fcc.write_summary(where, ground, homes, reached, seed),
        fcc.write_form_477(where, ground, homes, seed),
        *census.write_districts(where, people, ground),
        census.write_tracts(where, ground, homes),
        *legislative.write_legislative(where, ground),
        census.write_s2802(where, people, ground, homes, reached, seed),
        census.write_saipe(where, people, seed),
        nces.write_directory(where, people),
        nces.write_points(where, people),
        nces.write_enrollment(where, people),
    ]
    bought = nces.circuits(people, ground, seed)
    files.append(nces.write_circuits(where, bought))
    files += form471.write_tables(folder / "erate", filings.applications(people, bought, seed), seed)
    files += [
        erate.write_crosswalk(folder / "erate", people),
        erate.write_discounts_in(folder / "erate", people),
        erate.write_c2_budgets_in(folder / "erate", people, seed),
    ]
    files += bids.write_bids(folder / "bids", ground, bought, seed)
    files += plans.write_funding(folder / "bids", bought, seed)
    files += plans.write_build(folder / "bids", people, ground, seed)
    files += beyond.write_community(folder / "beyond", people, ground, seed)
    files += oer.write_materials(folder / "oer", people, seed)
    _write_readme(folder, people, files, locations, seed)
    return files


def _check(districts: int, locations: int, offers_per_location: float | None) -> None:
    faults = []
    if not FEWEST_DISTRICTS <= districts <= MOST_DISTRICTS:
        faults.append(
            Fault(
                kind="OutOfRange",
                what=f"{districts} districts, expected {FEWEST_DISTRICTS} to {MOST_DISTRICTS:,}",
                mend="give another number of districts",
            )
        )
    least = FEWEST_LOCATIONS_PER_DISTRICT * districts
    if locations < least:
        faults.append(
            Fault(
                kind="OutOfRange",
                what=f"{locations:,} locations, expected at least {FEWEST_LOCATIONS_PER_DISTRICT} per district ({least:,})",
                mend="give more locations or fewer districts",
            )
        )
    if offers_per_location is not None and not 0 < offers_per_location <= MOST_OFFERS_PER_LOCATION:
        faults.append(
            Fault(
                kind="OutOfRange",
                what=f"{offers_per_location} rows per location, expected more than 0 and at most 60",
                mend="give a number like 9",
            )
        )
    if faults:
        raise BadInput(faults)


def _write_readme(folder: Path, people: People, files: list[SampleFile], locations: int, seed: int) -> None:
    lines = [
        "SYNTHETIC DATA: the fictional state of Franklin (FIPS 99, postal code FK)",
        "",
        "Nothing here describes a real place, agency, provider, price or book.",
        "The files have the formats and the dirt of their publishers.",
        f"Made by infraplan with seed {seed}: {len(people.leas)} education agencies, {len(people.schools)} schools, "
        f"{sum(lea.students for lea in people.leas):,} students, {locations:,} locations.",
        "",
    ]
    lines += [f"{file.path.relative_to(folder).as_posix()}: {file.what}" for file in files]
    write_text(folder / "README.txt", "\n".join(lines) + "\n")
