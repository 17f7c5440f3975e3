"""Where a location counts: its district, county or state, by block relation file or by the center of its grid cell."""

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import h3
import numpy as np
import pandas as pd

from infraplan import geo, states
from infraplan.errors import InfraplanError, NoTable
from infraplan.resources import data_path
from infraplan.workspace import Workspace

By = Literal["district", "county", "state"]
Method = Literal["h3_center", "block_relation"]
LEAST_BLOCK_MATCH = 0.95
_OWN_ORDER = ("unified", "elementary", "unknown", "secondary")
_FIPS_DIGITS = 2
_COUNTY_DIGITS = 5


@dataclass(frozen=True)
class Placement:
    """Which keys (grid cells or blocks) lie in which areas.

    `inside` has columns `key, area_id`: every pair, for counts inside an area. `own` has the same columns with each
    key at most once, for counts that add up to the state's. `names` has `area_id, name` of every area, also empty
    ones. `key` is the location column that `key` refers to.
    """

    key: str
    method: Method
    inside: pd.DataFrame
    own: pd.DataFrame
    names: pd.DataFrame
    notes: tuple[str, ...] = ()


def district_shapes(workspace: Workspace) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The boundaries that count: named layers where there are any, else those of unknown layer; without unions.

    Returns them sorted by area, smallest first, and notes on what was left aside. Raises NoTable if none is loaded.
    """
    shapes = workspace.geoframe("district_shapes")
    notes = []
    named = shapes["area_layer"] != "unknown"
    if named.any() and not named.all():
        notes.append(
            f"{int((~named).sum())} boundaries of unknown layer are set aside: boundaries with layers are loaded"
        )
        shapes = shapes[named]
    unions = shapes["area_layer"] == "administrative"
    if unions.any() and not unions.all():
        notes.append(
            f"{int(unions.sum())} supervisory unions are set aside: they administer districts, they are no places"
        )
        shapes = shapes[~unions]
    return shapes.sort_values(["land_square_meters", "lea_id"], ignore_index=True), notes


def boundaries(workspace: Workspace) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The districts to draw (area_id, name, area_layer, geometry), with notes.

    Without boundaries each district is a point in the middle of its schools. Raises NoTable where there is neither.
    """
    if not workspace.has("district_shapes"):
        return _middles(workspace)
    shapes, notes = district_shapes(workspace)
    return shapes.rename(columns={"lea_id": "area_id"})[["area_id", "name", "area_layer", "geometry"]], notes


def _middles(workspace: Workspace) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Districts at the median longitude and latitude of their schools; raises NoTable without schools that have a place."""
    schools = workspace.frame("schools").dropna(subset=["lea_id", "lon", "lat"]) if workspace.has("schools") else None
    if schools is None or schools.empty:
        raise NoTable(
            "no district boundaries are loaded, so there is nothing to draw on\n  mend:  infraplan data add "
            "tl_2025_23_unsd.zip (Census TIGER/Line or NCES EDGE), or the school points (NCES EDGE) to draw districts as circles"
        )
    each = schools.groupby("lea_id", sort=True)
    names = (
        each["lea_name"].first() if "lea_name" in schools else pd.Series(None, index=each.size().index, dtype=object)
    )
    middle = each[["lon", "lat"]].median()
    frame = pd.DataFrame(
        {"area_id": middle.index, "name": names.reindex(middle.index).to_numpy(), "area_layer": "unknown"}
    )
    frame["name"] = frame["name"].fillna(frame["area_id"])
    points = gpd.points_from_xy(middle["lon"], middle["lat"])
    note = "No district boundaries are loaded: each district stands in the middle of its schools; homes cannot be placed in it."
    return gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326"), [note]


def by_cells(workspace: Workspace, cells: pd.Series) -> Placement:
    """Place grid cells in districts by their center; edge error of 3 to 4 % of locations measured against blocks."""
    shapes, notes = district_shapes(workspace)
    # a list: going through a column of text one by one costs as much as finding the centers
    centers = np.array([h3.cell_to_latlng(cell) for cell in cells.tolist()], dtype=np.float64).reshape(-1, 2)
    pairs = geo.containing(centers[:, 1], centers[:, 0], shapes.geometry)
    inside = pd.DataFrame(
        {
            "key": cells.to_numpy()[pairs["point"]],
            "area_id": shapes["lea_id"].to_numpy()[pairs["shape"]],
            "layer": shapes["area_layer"].to_numpy()[pairs["shape"]],
        }
    )
    return Placement(
        "h3_res8_id",
        "h3_center",
        inside[["key", "area_id"]].drop_duplicates(ignore_index=True),
        _own(inside),
        _district_names(workspace, shapes),
        tuple(notes),
    )


def by_blocks(workspace: Workspace, blocks: pd.Series) -> Placement:
    """Place blocks in districts by the loaded relation file; refuses relations that know too few of the blocks."""
    relation = workspace.frame("block_districts")[["block_geoid", "lea_id", "area_layer"]].dropna(subset=["lea_id"])
    known = relation["block_geoid"].isin(blocks)
    share = float(blocks.isin(relation["block_geoid"]).mean()) if len(blocks) else 1.0
    if share < LEAST_BLOCK_MATCH:
        raise InfraplanError(
            f"the block relation file knows {share:.1%} of the blocks with locations, less than {LEAST_BLOCK_MATCH:.0%}: it "
            "may be of another census (2010 against 2020 blocks)\n  mend:  load the relation file for 2020 blocks, or "
            "drop it with `infraplan data drop` to place locations by their grid cell"
        )
    inside = relation[known].rename(columns={"block_geoid": "key", "lea_id": "area_id", "area_layer": "layer"})
    names = _district_names(workspace, relation)
    note = f"{share:.1%} of blocks with locations are in the block relation file"
    return Placement(
        "block_geoid",
        "block_relation",
        inside[["key", "area_id"]].drop_duplicates(ignore_index=True),
        _own(inside),
        names,
        (note,),
    )


def by_number(workspace: Workspace, blocks: pd.Series, by: By) -> Placement:
    """Place blocks in counties or the state by the first digits of their number."""
    digits = _COUNTY_DIGITS if by == "county" else _FIPS_DIGITS
    inside = pd.DataFrame({"key": blocks, "area_id": blocks.str[:digits]}).reset_index(drop=True)
    ids = sorted(inside["area_id"].unique())
    if by == "state":
        known = {state.fips: state.name for state in states.every()}
    else:
        known = county_names(workspace)
    # text also where there is none: nothing to count is no reason to stumble
    names = pd.DataFrame({"area_id": ids, "name": [known.get(area) for area in ids]}, dtype="str")
    return Placement("block_geoid", "block_relation", inside, inside, names)


def county_names(workspace: Workspace) -> dict[str, str]:
    """County names by FIPS: the shipped list of 2020 and 2022, and those of the loaded coverage summary."""
    shipped = pd.read_csv(data_path("codes", "counties.csv"), dtype=str)
    known = dict(zip(shipped["county_fips"], shipped["name"], strict=True))
    if workspace.has("coverage_summary"):
        published = workspace.frame("coverage_summary").query("geography_type == 'County'")
        known = dict(zip(published["geography_id"], published["name"], strict=True)) | known
    return known


def place(workspace: Workspace, keys: pd.DataFrame, by: By) -> Placement:
    """Place locations' blocks and cells (`keys` has block_geoid and h3_res8_id) in areas of the kind asked for.

    Districts are placed by block relation file where one is loaded, else by grid cell. Raises NoTable if neither
    relation nor boundaries are loaded.
    """
    if by != "district":
        return by_number(workspace, keys["block_geoid"].drop_duplicates(ignore_index=True), by)
    if workspace.has("block_districts"):
        return by_blocks(workspace, keys["block_geoid"].drop_duplicates(ignore_index=True))
    if not workspace.has("district_shapes"):
        raise NoTable(
            "no district boundaries are loaded\n  mend:  infraplan data add tl_2025_23_unsd.zip (Census TIGER/Line "
            "or NCES EDGE), or ask --by county"
        )
    return by_cells(workspace, keys["h3_res8_id"].drop_duplicates(ignore_index=True))


def _own(inside: pd.DataFrame) -> pd.DataFrame:
    """Each key's own area: unified, else elementary, else the smallest of unknown layer, else secondary.

    Rows come smallest boundary first, so that the first row of the best layer is the smallest.
    """
    ranks = {layer: rank for rank, layer in enumerate(_OWN_ORDER)}
    ranked = inside.assign(rank=inside["layer"].map(ranks).fillna(len(ranks)), order=range(len(inside)))
    first = ranked.sort_values(["key", "rank", "order"]).drop_duplicates("key")
    return first[["key", "area_id"]].reset_index(drop=True)


def _district_names(workspace: Workspace, areas: pd.DataFrame) -> pd.DataFrame:
    names = areas[["lea_id"]].drop_duplicates().rename(columns={"lea_id": "area_id"})
    known: dict[str, str] = {}
    for table in ("district_shapes", "districts"):
        if workspace.has(table):
            frame = workspace.frame(table, ["lea_id", "name"]).dropna(subset=["name"])
            known |= dict(zip(frame["lea_id"], frame["name"], strict=True))
    return names.assign(name=names["area_id"].map(known)).sort_values("area_id", ignore_index=True)
