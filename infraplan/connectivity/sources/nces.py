"""NCES files: district and school directories (CCD), school points (EDGE), district boundaries (EDGE and TIGER)."""

import re
import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from infraplan.arrivals import Arrival
from infraplan.errors import BadInput, Fault, NoCrs
from infraplan.geo import SQUARE_METERS_PER_SQUARE_MILE, overlap_square_meters
from infraplan.identifiers import LEA_DIGITS, SCHOOL_DIGITS, counts, mended
from infraplan.intake import Desk, Load, Loader, Piece, rows_as_text

NOT_DEFINED = "99997"
_LAYER_COLUMNS = {"UNSDLEA": "unified", "ELSDLEA": "elementary", "SCSDLEA": "secondary", "SDADMLEA": "administrative"}
_AREA_CHANGE_WORTH_SAYING = 0.001
# American Samoa lies at 14 degrees south, Point Barrow at 71 north; the Aleutians cross 180
_FURTHEST_EAST, _FURTHEST_SOUTH, _FURTHEST_NORTH = 180.0, -15.0, 72.0
EXPORTER = "the state (shapes exported from a workspace)"


def district_shapes(arrival: Arrival, desk: Desk) -> Load:
    """District boundaries: TIGER/Line or EDGE, one layer or the composite, or any polygons with GEOID and NAME.

    Also those that `data export` wrote, perhaps edited since: the areas are measured anew.
    Shapes are made valid and kept in longitude and latitude; the "not defined" polygon and other states' are left
    out. Raises NoCrs if the file does not say its reference system, BadInput if it holds no district of the state.
    """
    exported = arrival.column("GEOID") is None
    shapes = as_published(read_shapes(arrival)) if exported else read_shapes(arrival)
    read = len(shapes)
    ids, mends = mended(text_of(shapes, "GEOID"), LEA_DIGITS)
    frame = pd.DataFrame(
        {
            "lea_id": ids,
            "name": text_of(shapes, "NAME").replace("", None),
            "area_layer": _layers(shapes, arrival),
            "grade_low": text_of(shapes, "LOGRADE").replace("", None),
            "grade_high": text_of(shapes, "HIGRADE").replace("", None),
            "source_row": np.arange(1, read + 1),
        }
    )
    undefined = frame["lea_id"].str.endswith(NOT_DEFINED)
    other = ~frame["lea_id"].str.startswith(desk.state.fips) & ~undefined
    kept = ~undefined & ~other
    if not kept.any():
        raise BadInput([other_state(arrival, desk)])
    geometry, notes = cleaned(shapes.geometry[kept.to_numpy()], desk.state.crs, frame.loc[kept, "area_layer"])
    frame = frame[kept].assign(geometry=geometry.to_wkb(), land_square_meters=_areas(geometry, desk.state.crs))
    if mends:
        notes.append(f"{mends:,} district numbers had lost their leading zero; mended")
    layers = "+".join(sorted(frame["area_layer"].unique()))
    series = f"{desk.state.fips}/{layers if layers in _LAYER_COLUMNS.values() else 'all'}"
    refused = {"not a district (area not defined)": int(undefined.sum()), "districts of other states": int(other.sum())}
    return Load(
        [Piece("district_shapes", frame, series=series)],
        read,
        desk.as_of or year_of(shapes, arrival),
        None,
        refused,
        notes,
        title=f"School district boundaries, {layers} ({len(frame):,})",
        publisher=EXPORTER if exported else None,
    )


def tract_shapes(arrival: Arrival, desk: Desk) -> Load:
    """TIGER/Line census tracts of the workspace's state."""
    exported = arrival.column("GEOID") is None
    shapes = as_published(read_shapes(arrival)) if exported else read_shapes(arrival)
    ids = text_of(shapes, "GEOID")
    own = ids.str.startswith(desk.state.fips)
    if not own.any():
        raise BadInput([other_state(arrival, desk)])
    geometry, notes = cleaned(shapes.geometry[own.to_numpy()], desk.state.crs)
    frame = pd.DataFrame(
        {
            "tract_geoid": ids[own],
            "geometry": geometry.to_wkb(),
            "source_row": np.arange(1, len(shapes) + 1)[own.to_numpy()],
        }
    )
    return Load(
        [Piece("tract_shapes", frame, series=desk.state.fips)],
        len(shapes),
        desk.as_of or year_of(shapes, arrival),
        None,
        {"tracts of other states": int((~own).sum())},
        notes,
        publisher=EXPORTER if exported else None,
    )


def lea_directory(arrival: Arrival, desk: Desk) -> Load:
    """CCD district directory, all agencies of the workspace's state, closed and future ones too (see status)."""
    raw = rows_as_text(arrival).rename(columns=str.upper)
    own = raw["FIPST"].str.zfill(2) == desk.state.fips
    _need_rows(arrival, desk, own)
    rows = raw[own]
    ids, mends = mended(rows["LEAID"], LEA_DIGITS)
    frame = pd.DataFrame(
        {
            "lea_id": ids,
            "name": rows["LEA_NAME"].str.strip(),
            "state_lea_id": rows["ST_LEAID"].replace("", None),
            "lea_type": counts(rows["LEA_TYPE"]),
            "status": counts(rows["SY_STATUS"]),
            "charter": _optional(rows, "CHARTER_LEA"),
            "grade_low": _optional(rows, "GSLO"),
            "grade_high": _optional(rows, "GSHI"),
            "operational_schools": counts(rows["OPERATIONAL_SCHOOLS"]),
            "school_year": rows["SCHOOL_YEAR"].replace("", None),
            "source_row": rows.index,
        }
    )
    notes = [f"{mends:,} district numbers had lost their leading zero; mended"] if mends else []
    return Load(
        [Piece("districts", frame, series=desk.state.fips)],
        len(raw),
        desk.as_of or _school_year(rows),
        None,
        {"agencies of other states": int((~own).sum())},
        notes,
    )


def school_directory(arrival: Arrival, desk: Desk) -> Load:
    """CCD school directory; it has no points and no enrollment, the EDGE file does."""
    raw = rows_as_text(arrival).rename(columns=str.upper)
    own = raw["FIPST"].str.zfill(2) == desk.state.fips
    _need_rows(arrival, desk, own)
    rows = raw[own]
    frame = _school_frame(rows, name="SCH_NAME")
    closed = rows["SY_STATUS"].isin(["2", "6", "7"])
    frame = frame[~closed]
    return Load(
        [Piece("schools", frame, series=f"{desk.state.fips}/ccd")],
        len(raw),
        desk.as_of or _school_year(rows),
        None,
        {"schools of other states": int((~own).sum()), "closed, inactive or future": int(closed.sum())},
    )


def school_points(arrival: Arrival, desk: Desk) -> Load:
    """EDGE public school points (locations, or characteristics with enrollment), GeoJSON, shapefile or CSV.

    Negative enrollment codes (-1 missing, -2 not applicable, -9 suppressed) become null, never zero.
    """
    raw = _attributes(arrival)
    name = "SCH_NAME" if "SCH_NAME" in raw else "NAME"
    state = raw["STFIP"].str.zfill(2) if "STFIP" in raw else raw["NCESSCH"].str.zfill(SCHOOL_DIGITS).str[:2]
    own = state == desk.state.fips
    _need_rows(arrival, desk, own)
    rows = raw[own]
    frame = _school_frame(rows, name=name)
    lon, lat = ("LONCOD", "LATCOD") if "LONCOD" in rows else ("LON", "LAT")
    frame["lon"] = pd.to_numeric(rows[lon], errors="coerce")
    frame["lat"] = pd.to_numeric(rows[lat], errors="coerce")
    nowhere = (frame["lon"].abs() < 1) & (frame["lat"].abs() < 1)
    frame.loc[nowhere, ["lon", "lat"]] = np.nan
    notes = [f"{int(nowhere.sum())} schools have no point (0, 0)"] if nowhere.any() else []
    return Load(
        [Piece("schools", frame, series=f"{desk.state.fips}/edge")],
        len(raw),
        desk.as_of or _school_year(rows),
        None,
        {"schools of other states": int((~own).sum())},
        notes,
    )


LOADERS: dict[str, Loader] = {
    "census_tiger_districts": district_shapes,
    "census_tiger_tracts": tract_shapes,
    "nces_ccd_lea": lea_directory,
    "nces_edge_districts": district_shapes,
    "nces_ccd_school": school_directory,
    "nces_edge_schools": school_points,
}


# --- parts ----------------------------------------------------------------------------------------------------------


def read_shapes(arrival: Arrival) -> gpd.GeoDataFrame:
    """A shape file in longitude and latitude (WGS 84), column names in capitals.

    Raises NoCrs, or BadInput if a geometry is not a polygon.
    """
    with warnings.catch_warnings():
        # old files carry rings that the driver itself repairs and warns about; we make valid and report areas below
        warnings.simplefilter("ignore", RuntimeWarning)
        shapes = gpd.read_file(arrival.local, layer=arrival.sheet or None)
    if shapes.crs is None:
        raise NoCrs(
            f"{arrival.name} does not say which reference system its coordinates are in\n"
            "  mend:  put its .prj file beside the .shp, or save it as GeoPackage with a reference system"
        )
    faults = _shape_faults(shapes.geometry, arrival)
    if faults:
        raise BadInput(faults)
    capitals = {name: str(name).upper() for name in shapes.columns if name != shapes.geometry.name}
    _refuse_same_names(capitals.values(), arrival)
    whole = shapes.rename(columns=capitals).to_crs("EPSG:4326")
    _refuse_other_coordinates(whole.total_bounds.tolist(), arrival)
    return whole


def _shape_faults(geometry: gpd.GeoSeries, arrival: Arrival) -> list[Fault]:
    faults = []
    kinds = set(geometry.geom_type.dropna()) - {"Polygon", "MultiPolygon", "GeometryCollection"}
    if kinds:
        faults.append(
            Fault(
                kind="NotAPolygon",
                what=f"{arrival.name} has shapes that are not polygons: {', '.join(sorted(map(str, kinds)))}",
                file=arrival.name,
                mend="give the boundary file, not points or lines",
            )
        )
    missing = np.flatnonzero(geometry.isna() | geometry.is_empty)
    if len(missing):
        faults.append(
            Fault(
                kind="NoShape",
                what=f"{len(missing):,} of {len(geometry):,} rows of {arrival.name} have no shape",
                file=arrival.name,
                row=int(missing[0]) + 1,
                mend="export the layer again with its shapes, or without these rows",
            )
        )
    return faults


def _refuse_other_coordinates(bounds: list[float], arrival: Arrival) -> None:
    """Coordinates that cannot be where they are said to be: meters called degrees, or latitude before longitude."""
    west, south, east, north = bounds
    if -_FURTHEST_EAST <= west <= east <= _FURTHEST_EAST and _FURTHEST_SOUTH <= south <= north <= _FURTHEST_NORTH:
        return
    raise BadInput(
        [
            Fault(
                kind="NotInTheCountry",
                what=f"the shapes of {arrival.name} do not lie in the United States: by its reference system they reach "
                f"from {west:,.5g} to {east:,.5g} east and from {south:,.5g} to {north:,.5g} north",
                file=arrival.name,
                mend="its coordinates are in another reference system than it says (a GeoJSON without one is read as "
                "longitude, latitude in degrees); export it again as GeoPackage, or in WGS 84",
            )
        ]
    )


def as_published(exported: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Shapes that `data export` wrote, under the columns of the publisher's file they came from."""
    ours = {
        "LEA_ID": "GEOID",
        "TRACT_GEOID": "GEOID",
        "LEGISLATIVE_ID": "GEOID",
        "GRADE_LOW": "LOGRADE",
        "GRADE_HIGH": "HIGRADE",
        "SESSION_YEAR": "LSY",
    }
    return exported.rename(columns=ours)


def _refuse_same_names(capitals: Iterable[str], arrival: Arrival) -> None:
    """Two columns that differ only in capitals cannot be told apart; raises BadInput naming them."""
    twice = sorted(name for name, count in Counter(capitals).items() if count > 1)
    if twice:
        raise BadInput(
            [
                Fault(
                    kind="DuplicateColumn",
                    what=f"column {name} occurs twice in {arrival.name}",
                    file=arrival.name,
                    column=name,
                    mend="rename or remove one of them",
                )
                for name in twice
            ]
        )


def _attributes(arrival: Arrival) -> pd.DataFrame:
    if arrival.kind != "shapes":
        raw = rows_as_text(arrival).rename(columns=str.upper)
        _refuse_same_names(raw.columns, arrival)
        return raw
    table = gpd.read_file(arrival.local, layer=arrival.sheet or None, ignore_geometry=True)
    frame = pd.DataFrame(table).rename(columns=str.upper)
    _refuse_same_names(frame.columns, arrival)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame.astype(object).map(lambda cell: "" if pd.isna(cell) else str(cell).strip())


def _school_frame(rows: pd.DataFrame, *, name: str) -> pd.DataFrame:
    school, _ = mended(rows["NCESSCH"], SCHOOL_DIGITS)
    lea, _ = mended(rows["LEAID"], LEA_DIGITS)
    members = next((column for column in ("MEMBER", "TOTAL") if column in rows), None)
    virtual = rows["VIRTUAL"].str.upper() if "VIRTUAL" in rows else None
    return pd.DataFrame(
        {
            "ncessch": school,
            "lea_id": lea,
            "name": rows[name],
            "lea_name": _optional(rows, "LEA_NAME"),
            "lon": np.nan,
            "lat": np.nan,
            "locale": _locale(rows["ULOCALE" if "ULOCALE" in rows else "LOCALE"])
            if {"ULOCALE", "LOCALE"} & set(rows.columns)
            else None,
            "students": counts(rows[members]) if members else np.nan,
            "virtual": None if virtual is None else virtual.map(_is_virtual),
            "school_year": _optional(
                rows, next((c for c in ("SCHOOLYEAR", "SURVYEAR", "SCHOOL_YEAR") if c in rows), "")
            ),
            "source_row": rows.index,
        },
        index=rows.index,
    )


def _locale(cells: pd.Series) -> pd.Series:
    """The two digits of a locale, written bare or with their words.

    >>> _locale(pd.Series(["43", "43-Rural: Remote", "", "-1"])).tolist()
    ['43', '43', None, None]
    """
    code = cells.str.extract(r"^\s*([1-4][1-3])(?!\d)", expand=False).astype(object)
    return code.where(code.notna(), None)


def _is_virtual(text: str) -> bool | None:
    """NCES writes FULLVIRTUAL, FACEVIRTUAL, SUPPVIRTUAL, NOTVIRTUAL, or MISSING."""
    if text in {"FULLVIRTUAL", "A VIRTUAL SCHOOL", "YES", "1"}:
        return True
    return None if text in {"", "MISSING", "-1", "-2", "M", "N"} else False


def text_of(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column as trimmed text; blank where the file has no such column."""
    if column not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].astype(object).map(lambda cell: "" if pd.isna(cell) else str(cell).strip())


def _optional(rows: pd.DataFrame, column: str) -> pd.Series:
    if column not in rows:
        return pd.Series(None, index=rows.index, dtype=object)
    return rows[column].replace("", None)


def _layers(shapes: gpd.GeoDataFrame, arrival: Arrival) -> pd.Series:
    """The layer of each shape: by which district column is filled, else by what the full GEOID says, else unknown."""
    if "AREA_LAYER" in shapes and not any(arrival.column(column) for column in _LAYER_COLUMNS):
        return text_of(shapes, "AREA_LAYER").replace("", "unknown").reset_index(drop=True)
    layers = pd.Series("unknown", index=shapes.index, dtype=object)
    for column, layer in _LAYER_COLUMNS.items():
        if arrival.column(column):
            layers[text_of(shapes, column) != ""] = layer
    for prefix, layer in (("95", "elementary"), ("96", "secondary"), ("97", "unified")):
        layers[(layers == "unknown") & text_of(shapes, "GEOIDFQ").str.startswith(prefix)] = layer
    return layers.reset_index(drop=True)


def cleaned(
    given: gpd.GeoSeries | pd.Series, crs: str, layers: pd.Series | None = None
) -> tuple[gpd.GeoSeries, list[str]]:
    """Valid polygons, and in words what was wrong with them: invalid rings, area changed, overlaps in one layer.

    `layers` names each shape's layer, in the order of the shapes, where a file has several: those overlap by nature.
    """
    notes = []
    geometry = gpd.GeoSeries(given, crs="EPSG:4326")
    mixed = geometry.geom_type == "GeometryCollection"
    if mixed.any():
        geometry = gpd.GeoSeries(geometry.map(_polygonal), crs="EPSG:4326")
        notes.append(f"{int(mixed.sum())} shapes mixed polygons with stray lines or points; only the polygons are kept")
    invalid = ~geometry.is_valid
    if invalid.any():
        fixed = gpd.GeoSeries(geometry.make_valid().map(_polygonal), crs="EPSG:4326")
        before, after = _areas(geometry, crs)[invalid].sum(), _areas(fixed, crs)[invalid].sum()
        words = f"{int(invalid.sum())} shapes had rings that cross themselves; mended"
        if before and abs(after / before - 1) > _AREA_CHANGE_WORTH_SAYING:
            words += f" (their area changed by {after / before - 1:+.1%})"
        notes.append(words)
        geometry = fixed
    plane = geometry.to_crs(crs)
    apart = [plane] if layers is None else [each for _, each in plane.groupby(layers.to_numpy())]
    overlap = sum(overlap_square_meters(gpd.GeoSeries(each)) for each in apart) / SQUARE_METERS_PER_SQUARE_MILE
    if overlap > 1:
        notes.append(
            f"shapes of this file overlap each other by {overlap:,.0f} square miles; a location in an overlap "
            "counts once as the smaller district's own"
        )
    return geometry, notes


def _polygonal(shape: Any) -> Any:  # noqa: ANN401 - shapely's base class declares no geom_type
    """The polygons of a mended shape, without the stray lines and points that mending leaves."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [part for part in getattr(shape, "geoms", []) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()


def _areas(geometry: gpd.GeoSeries, crs: str) -> pd.Series:
    return geometry.to_crs(crs).area


def year_of(shapes: pd.DataFrame, arrival: Arrival) -> str | None:
    """The year of a shape file: a column that says it, else its name; None if neither does."""
    for column in ("GEO_YEAR", "SCHOOLYEAR"):
        if column in shapes and shapes[column].notna().any():
            return str(shapes[column].dropna().iloc[0])[:4]
    found = re.search(r"(?:^|\D)((?:19|20)\d{2})(?:\D|$)", arrival.bare_name)
    return found[1] if found else None


def _school_year(rows: pd.DataFrame) -> str | None:
    """The autumn year of a school year written as 2024-2025, 2024-25 or 24-25."""
    for column in ("SCHOOLYEAR", "SURVYEAR", "SCHOOL_YEAR"):
        if column in rows and (rows[column] != "").any():
            return str(rows[column][rows[column] != ""].iloc[0])[:4]
    return None


def _need_rows(arrival: Arrival, desk: Desk, own: pd.Series) -> None:
    if not own.any():
        raise BadInput([other_state(arrival, desk)])


def other_state(arrival: Arrival, desk: Desk) -> Fault:
    """That a file holds nothing of the workspace's state."""
    return Fault(
        kind="OtherState",
        what=f"{arrival.name} has nothing of {desk.state.name} (FIPS {desk.state.fips})",
        file=arrival.name,
        mend="add the file of this workspace's state",
    )
