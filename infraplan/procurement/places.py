"""Where E-Rate applicants are: inside district boundaries where these are loaded, else at the one point known of each.

A point comes from a file given, from what USAC publishes of the entity, from the application, or from the district's
schools, in this order; a district of which none is known stays in the tables and off the map.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault, NoAnswer
from infraplan.identifiers import LEA_DIGITS
from infraplan.procurement import districts, filings
from infraplan.procurement.filings import DISTRICT_DIGITS
from infraplan.workspace import Workspace

Place = tuple[float, float]
"""Longitude and latitude in degrees."""
NO_NCES = "BEN "
_DISTRICT = "School District"
_LONGITUDE, _LATITUDE = ("longitude", "lon"), ("latitude", "lat")
_NOTHING = {"", "0", "0.0", "NA", "null"}
_MOST = {"latitude": 90.0, "longitude": 180.0}
_MOST_SHOWN = 5
_COMMON_WORDS = frozenset((
    "usd", "u", "s", "d", "isd", "csd", "unif", "unified", "sch", "schs", "school", "schools", "dist", "district", "districts",
    "comm", "community", "com", "cons", "consolidated", "public", "independent", "indep", "ind", "system", "the", "of",
))  # fmt: skip
"""Words that a district's name has in one file and not in another."""


@dataclass(frozen=True)
class Points:
    """Places by NCES district number and by BEN, and the districts' names by number."""

    by_lea: Mapping[str, Place] = field(default_factory=dict)
    by_ben: Mapping[str, Place] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Places:
    """Districts to show: `areas` has area_id, name, area_layer and geometry; `words` say who was matched and how."""

    areas: gpd.GeoDataFrame
    leas: Mapping[str, str]
    words: Sequence[str]


def points(path: Path) -> Points:
    """Read places from a file with lea_id (or nces_cd) or ben (or entity_number), latitude and longitude; raises BadInput.

    Rows without a place are passed over; a district named twice stands where it stands first.
    """
    text = tablefiles.read_text(path)
    columns = {str(name).lower(): str(name) for name in text.columns}
    lon, lat = (next((columns[name] for name in names if name in columns), None) for names in (_LONGITUDE, _LATITUDE))
    lea = next((columns[name] for name in filings.LEA if name in columns), None)
    ben = next((columns[name.lower()] for name in filings.BEN if name.lower() in columns), None)
    missing = [name for name, found in (("latitude", lat), ("longitude", lon), ("lea_id", lea or ben)) if found is None]
    if lon is None or lat is None or missing:
        mend = f"give lea_id (or nces_cd) or ben, latitude and longitude; found: {', '.join(columns)[:200]}"
        raise BadInput([Fault(kind="MissingColumn", what=f"column {name} is missing", file=path.name, column=name, mend=mend)
                        for name in missing])  # fmt: skip
    known = text[~text[lat].str.strip().isin(_NOTHING) & ~text[lon].str.strip().isin(_NOTHING)]
    faults = [*_off(known[lat], "latitude", path.name), *_off(known[lon], "longitude", path.name)]
    if faults:
        raise BadInput(faults)
    places = list(zip(known[lon].astype(float), known[lat].astype(float), strict=True))
    by_lea = _first(known[lea].str.strip().str.zfill(LEA_DIGITS), places) if lea else {}
    names = dict(zip(known[lea].str.strip().str.zfill(LEA_DIGITS), known[columns["name"]], strict=True)) if (
        lea and "name" in columns) else {}  # fmt: skip
    return Points(by_lea, _first(known[ben].str.strip(), places) if ben else {}, names)


def _off(cells: pd.Series, name: str, file: str) -> Iterator[Fault]:
    """Cells that are no coordinate in degrees."""
    numbers = pd.to_numeric(cells, errors="coerce")
    for row in cells.index[~(numbers.abs() <= _MOST[name])]:
        yield Fault(
            kind="OutOfRange", what=f"{name} is {cells[row]}, expected degrees from -{_MOST[name]:g} to {_MOST[name]:g}",
            file=file, row=int(row), column=str(cells.name), value=str(cells[row]),
            mend="correct the cell, or leave it blank where the place is not known",
        )  # fmt: skip


def _first(keys: pd.Series, places: Sequence[Place]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for key, place in zip(keys, places, strict=True):
        if key.strip("0"):
            found.setdefault(key, place)
    return found


def of_districts(
    workspace: Workspace,
    tables: Mapping[str, pd.DataFrame],
    fips: str,
    crosswalk: Mapping[str, str] | None = None,
    given: Points | None = None,
) -> Places:
    """The state's districts with their boundaries, or without boundaries the district applicants at their points.

    Without a crosswalk, NCES numbers that USAC publishes are used where they are loaded. Raises NoAnswer where no
    applicant matches a boundary, or there is no district applicant.
    """
    if crosswalk is None and workspace.has("erate_entities"):
        crosswalk = published_crosswalk(workspace.frame("erate_entities"))
    if not workspace.has("district_shapes"):
        return _without_boundaries(workspace, tables, fips, crosswalk, given or Points())
    shapes = _shapes(workspace)
    matched = districts.match(tables, set(shapes["area_id"]), fips, crosswalk)
    if not matched.leas:
        raise NoAnswer(
            "no applicant could be matched to a district with a boundary\n  mend:  give --crosswalk FILE with columns "
            "ben and lea_id, or add the discount calculations, which have NCES codes"
        )
    return Places(shapes, matched.leas, (matched.words() + ".",))


def published_crosswalk(entities: pd.DataFrame) -> dict[str, str]:
    """NCES district numbers by BEN, of the districts among USAC's published entities."""
    if "lea_id" not in entities:
        return {}
    told = entities[(entities["kind"] == _DISTRICT) & entities["lea_id"].notna()]
    return dict(zip(told["entity_id"], told["lea_id"], strict=True))


def filed_crosswalk(tables: Mapping[str, pd.DataFrame], lea_id: str | None) -> dict[str, str]:
    """NCES district numbers by BEN as USAC publishes them, and of a district asked for, as its applicant filed it."""
    told = published_crosswalk(tables["erate_entities"]) if "erate_entities" in tables else {}
    if lea_id is None or lea_id in told.values():
        return told
    return told | dict(districts.match(tables, {lea_id}, lea_id[: LEA_DIGITS - DISTRICT_DIGITS]).leas)


def _shapes(workspace: Workspace) -> gpd.GeoDataFrame:
    """Boundaries of districts that have schools, one each.

    Without supervisory unions, and without files of unknown layer beside files whose layer is known.
    """
    shapes = workspace.geoframe("district_shapes")
    for aside in ("unknown", "administrative"):
        odd = shapes["area_layer"] == aside
        if not odd.all():
            shapes = shapes[~odd]
    shapes = shapes.rename(columns={"lea_id": "area_id"})[["area_id", "name", "area_layer", "geometry"]]
    return gpd.GeoDataFrame(shapes.drop_duplicates("area_id", ignore_index=True))


# --- without boundaries ---------------------------------------------------------------------------------------------


def _without_boundaries(
    workspace: Workspace,
    tables: Mapping[str, pd.DataFrame],
    fips: str,
    crosswalk: Mapping[str, str] | None,
    given: Points,
) -> Places:
    names = _names(tables)
    if not names:
        raise NoAnswer(
            "no district applicant is loaded\n  mend:  add the basic information or the discount calculations"
        )
    numbered = dict(districts.match(tables, _known(workspace, crosswalk, given, fips), fips, crosswalk).leas)
    named = _by_name({ben: name for ben, name in names.items() if ben not in numbered},
                     {lea: name for lea, name in given.names.items()
                      if lea.startswith(fips) and lea not in numbered.values()})  # fmt: skip
    numbered |= named
    keys = {ben: numbered.get(ben, f"{NO_NCES}{ben}") for ben in names}
    ways = _ways(workspace, tables, given)
    spots: dict[str, Place] = {}
    told: Counter[str] = Counter()
    for ben, key in sorted(keys.items()):
        how, place = next(((how, place) for how, find in ways if (place := find(ben, key)) is not None), ("", None))
        if place is not None and key not in spots:
            spots[key], told[how] = place, told[how] + 1
    rows = pd.DataFrame({"area_id": list(keys.values()), "name": list(names.values())}).drop_duplicates("area_id")
    geometry = np.array([Point(spots[key]) if key in spots else None for key in rows["area_id"]], dtype=object)
    areas = gpd.GeoDataFrame(rows.assign(area_layer="unknown"), geometry=geometry, crs="EPSG:4326").reset_index(
        drop=True
    )
    how = ", ".join(f"{count:,} {way}" for way, count in told.items()) or "add what has places, or give --points FILE"
    return Places(areas, keys, (
        f"No district boundaries are loaded: {len(spots):,} of {len(areas):,} district applicants have a place ({how}).",
        f"{len(numbered.keys() & names.keys()):,} of {len(names):,} district applicants have an NCES number, by the crosswalk "
        f"or by the codes they filed{_named_words(named, names, given.names)}.",
    ))  # fmt: skip


def _by_name(applicants: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """NCES numbers by BEN where the names agree, common words put aside, and no other applicant or district shares them."""
    return {
        bens[0]: leas[0]
        for core, bens in _cores(applicants).items()
        if core and len(bens) == 1 and len(leas := _cores(known).get(core, [])) == 1
    }


def _cores(names: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, name in names.items():
        words = re.findall(r"[a-z]+", str(name).lower())
        found.setdefault(" ".join(word for word in words if word not in _COMMON_WORDS), []).append(key)
    return found


def _named_words(named: Mapping[str, str], applicants: Mapping[str, str], known: Mapping[str, str]) -> str:
    if not named:
        return ""
    pairs = [f"{applicants[ben]} = {known[lea]}" for ben, lea in sorted(named.items())]
    more = f" and {len(pairs) - _MOST_SHOWN:,} more" if len(pairs) > _MOST_SHOWN else ""
    return f", {len(named):,} of them by their names alone (check them: {'; '.join(pairs[:_MOST_SHOWN])}{more})"


def _names(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """District applicants and districts that a consortium lists, by BEN, under the name last filed."""
    found: dict[str, str] = {}
    for table, ben, name, kind in (
        ("c2_spending", "ben", "name", "applicant_type"),
        ("applicant_sites", "parent_ben", "parent_name", "parent_type"),
        ("applications", "ben", "name", "applicant_type"),
    ):
        frame = tables.get(table)
        if frame is not None and {ben, name, kind} <= set(frame):
            some = frame[(frame[kind] == _DISTRICT) & frame[name].notna()]
            found |= dict(zip(some[ben], some[name], strict=True))
    return dict(sorted(found.items()))


def _known(workspace: Workspace, crosswalk: Mapping[str, str] | None, given: Points, fips: str) -> set[str]:
    """NCES district numbers of the state that filed codes are held against, where there are no boundaries."""
    known = set((crosswalk or {}).values()) | set(given.by_lea)
    for table in ("districts", "schools", "erate_entities"):
        if workspace.has(table) and "lea_id" in (frame := workspace.frame(table)):
            known |= set(frame["lea_id"].dropna())
    return {lea for lea in known if lea.startswith(fips)}


class _Way:
    """One way to find a place: by BEN and by key (the NCES number where there is one)."""

    def __init__(self, by_ben: Mapping[str, Place], by_lea: Mapping[str, Place]) -> None:
        self.by_ben, self.by_lea = by_ben, by_lea

    def __call__(self, ben: str, key: str) -> Place | None:
        return self.by_lea.get(key) or self.by_ben.get(ben)


def _ways(workspace: Workspace, tables: Mapping[str, pd.DataFrame], given: Points) -> list[tuple[str, _Way]]:
    """The ways to find a place, best first, with their words."""
    ways = [("by the file of points", _Way(given.by_ben, given.by_lea))]
    if workspace.has("erate_entities"):
        ways.append(("as USAC publishes it", _Way(_coordinates(workspace.frame("erate_entities"), "entity_id"), {})))
    if "applications" in tables:
        ways.append(("as filed", _Way(_coordinates(tables["applications"], "ben"), {})))
    if workspace.has("schools"):
        ways.append(("in the middle of its schools", _Way({}, _middles(workspace.frame("schools")))))
    return ways


def _coordinates(frame: pd.DataFrame, key: str) -> dict[str, Place]:
    if not {"latitude", "longitude"} <= set(frame):
        return {}
    known = frame[frame["latitude"].notna() & frame["longitude"].notna() & (frame["latitude"] != 0)]
    return _first(known[key], list(zip(known["longitude"].astype(float), known["latitude"].astype(float), strict=True)))


def _middles(schools: pd.DataFrame) -> dict[str, Place]:
    """Median longitude and latitude of each district's schools."""
    lon, lat = ("longitude", "latitude") if "longitude" in schools else ("lon", "lat")
    if not {lon, lat, "lea_id"} <= set(schools):
        return {}
    middle = schools.groupby("lea_id")[[lon, lat]].median().dropna()
    return {str(lea): (float(x), float(y)) for lea, (x, y) in zip(middle.index, np.asarray(middle), strict=True)}
