"""One drawing function: a table of districts, a table of schools and descriptions of layers in, one Folium page out.

The page opens from a disk with no network: Leaflet is inside it, there are no tiles unless asked for, and its policy
forbids every request. Boundaries are there once, as one GeoJSON layer that the layer switch restyles; schools are one
GeoJSON layer of circles. What a click shows is read from the tables under the map, so that the two cannot differ.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from infraplan.errors import InfraplanError, NoAnswer
from infraplan.outputs import canvas, pages, shapes
from infraplan.outputs.classes import Classed, classify
from infraplan.outputs.layers import Layer, load_layer
from infraplan.outputs.pages import Page, Section, SourceNote, sentence_of
from infraplan.outputs.suppression import cleared, withheld
from infraplan.outputs.tables import Field, table
from infraplan.outputs.templating import render, script_safe, static, to_json
from infraplan.outputs.themes import Theme, load_theme

__all__ = ["Layer", "SourceNote", "draw_map", "load_layer"]

# Which districts are drawn together; secondary and administrative ones lie over the others.
SHEETS = {"unified": 0, "elementary": 0, "unknown": 0, "secondary": 1, "administrative": 2}
SHEET_NAMES = ("Unified and elementary districts", "Secondary districts", "Administrative units")
SELF_CONTAINED = "Drawn with Folium and Leaflet; this file asks no server for anything."
NO_PICTURE = Markup(
    "<p>There is no picture: none of these districts has a boundary or a place in the files that are loaded. "
    "Every number is in the tables below.</p>"
)
NO_COLLECTION = '{"type":"FeatureCollection","features":[]}'


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What the two kinds of places have of their own: districts and schools."""

    name: str
    noun: str
    needed: tuple[str, ...]
    fixed: tuple[Field, ...]


AREA = _Kind(
    name="area",
    noun="district",
    needed=("area_id", "name", "area_layer"),
    fixed=(
        Field(column="name", label="District", format="text"),
        Field(column="area_id", label="NCES id", format="text"),
        Field(column="area_layer", label="Kind", format="text"),
    ),
)
POINT = _Kind(
    name="point",
    noun="school",
    needed=("school_id", "name", "lea_id"),
    fixed=(
        Field(column="name", label="School", format="text"),
        Field(column="school_id", label="NCES id", format="text"),
        Field(column="lea_name", label="District", format="text"),
    ),
)


@dataclass(frozen=True)
class _Side:
    """The districts or the schools, ready to be shown: withheld figures already gone from `frame`."""

    kind: _Kind
    frame: pd.DataFrame
    words: Mapping[str, Sequence[str | None]]
    classed: Mapping[str, Classed]
    layers: Sequence[Layer] = ()

    def fields(self, layers: Sequence[Layer]) -> list[Field]:
        """The columns that the layers show, each once; a column that is blank throughout only if it colors the map."""
        colored = {layer.column for layer in layers}
        items = {item.column: item for layer in layers for item in layer.fields if item.column in self.frame.columns}
        return [
            item
            for column, item in items.items()
            if column in colored or column in self.words or self.frame[column].notna().any()
        ]


@dataclass(frozen=True)
class _Picture:
    """Everything on the map."""

    districts: _Side
    schools: _Side
    layers: Sequence[Layer]
    outlines: shapes.Drawn | None
    circles: NDArray[np.float64]
    sources: Sequence[SourceNote]

    def side(self, layer: Layer) -> _Side:
        """The places that a layer colors."""
        return self.districts if layer.kind == "area" else self.schools

    @property
    def placeless(self) -> bool:
        """Whether no district has a boundary or a point, and no school a point: there is nothing to draw on."""
        return not (self.outlines and self.outlines.order) and not np.isfinite(self.circles).all(axis=1).any()

    @property
    def sheets(self) -> list[int]:
        """For each district, with which others it is drawn."""
        return [SHEETS.get(str(name), 0) for name in self.districts.frame["area_layer"]]


def draw_map(
    path: Path,
    *,
    title: str,
    areas: gpd.GeoDataFrame | None,
    points: gpd.GeoDataFrame | None,
    layers: Sequence[Layer],
    sources: Sequence[SourceNote],
    lead: str = "",
    stamps: Sequence[str] = (),
    notes: Sequence[str] = (),
    threshold: int = 10,
    tiles: bool = False,
    outlines: shapes.Drawn | None = None,
) -> Path:
    """Draw the layers on one map and write it, with its tables and sources, as one HTML file; returns `path`.

    `areas`: one row per district (`area_id, name, area_layer`, geometry with its reference system, value columns;
    NaN = unknown; a point is drawn as a circle, and where nothing at all has a place the page has its tables only);
    `points`: one row per school (`school_id, name, lea_id`, optional `lea_name`, value columns).
    A layer whose column is in neither is left out, and the page says so. Counts of people below `threshold` are
    withheld (see `suppression`). `tiles` adds a street map, which asks a third party's server for pictures while the
    page is open. `outlines` are the boundaries simplified beforehand, `simplified(in_order(areas))`, for a caller that
    had it done while the figures were counted. Raises NoAnswer where no layer has data, InfraplanError where a needed
    column is missing, NoCrs.
    """
    theme = load_theme("plain")
    areas, points = _in_order(areas, AREA), _in_order(points, POINT)
    districts = _side(AREA, areas, [layer for layer in layers if layer.kind == "area"], theme, threshold)
    schools = _side(POINT, points, [layer for layer in layers if layer.kind == "point"], theme, threshold)
    shown = [layer for layer in layers if layer.id in districts.classed or layer.id in schools.classed]
    if not shown:
        raise NoAnswer(
            "there is nothing to draw: no layer's column is in the tables given "
            f"({', '.join(layer.column for layer in layers) or 'no layers'})"
        )
    picture = _Picture(
        districts,
        schools,
        shown,
        _outlines(areas, outlines),
        shapes.point_coordinates(points) if points is not None else np.empty((0, 2)),
        sources,
    )
    absent = [layer for layer in layers if layer not in shown]
    plain = Page(
        title=title,
        lead=lead,
        stamps=stamps,
        sources=sources,
        sections=[*_table_sections(districts), *_table_sections(schools)],
        notes=[*notes, *_notes(picture, absent, threshold)],
        method=[(layer.heading, f"{layer.about} {layer.computed}") for layer in shown],
    )
    return pages.write(path, _pictured(plain, picture, theme, tiles=tiles), theme)


def _pictured(page: Page, picture: _Picture, theme: Theme, *, tiles: bool) -> Page:
    """The page with its map above the tables; with the reason there is none where no district has a place."""
    if picture.placeless:
        return replace(page, sections=[Section(anchor="map", heading="Map", body=NO_PICTURE), *page.sections])
    element, script = canvas.rendered(tiles=tiles)
    return replace(
        page,
        lead=" ".join(filter(None, (page.lead, _lead(picture.layers)))),
        sections=[_map_section(picture, element, page.stamps, theme), *page.sections],
        styles=[canvas.leaflet_css(), static("map.css")],
        scripts=[canvas.leaflet_js(), static("map.js"), script],
        data={
            "areas": _areas_json(picture),
            "points": _points_json(picture),
            "map-settings": to_json(_settings(picture)),
        },
        images_from=canvas.TILES_HOST if tiles else "",
        colophon=canvas.TILES_CREDIT if tiles else SELF_CONTAINED,
    )


def _in_order(frame: gpd.GeoDataFrame | None, kind: _Kind) -> gpd.GeoDataFrame | None:
    """Rows by name, the order of the tables; an empty table is none."""
    if frame is None or not len(frame):
        return None
    missing = [column for column in kind.needed if column not in frame.columns]
    if missing:
        raise InfraplanError(f"the table of {kind.noun}s to draw has no column {', '.join(missing)}")
    return shapes.in_order(frame, kind.needed[0])


def _outlines(areas: gpd.GeoDataFrame | None, drawn: shapes.Drawn | None) -> shapes.Drawn | None:
    if areas is None:
        return None
    if drawn is None:
        return shapes.simplified(areas)
    if len(drawn.geojson) != len(areas):
        raise ValueError(f"{len(drawn.geojson)} outlines for {len(areas)} districts")
    return drawn


def _side(kind: _Kind, frame: gpd.GeoDataFrame | None, layers: Sequence[Layer], theme: Theme, threshold: int) -> _Side:
    if frame is None:
        return _Side(kind, pd.DataFrame(columns=list(kind.needed)), {}, {})
    mine = [layer for layer in layers if layer.column in frame.columns]
    values = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    words = withheld(values, [item for layer in mine for item in layer.fields], threshold)
    values = cleared(values, words)
    classed = {layer.id: classify(layer, values, words.get(layer.column), theme, threshold) for layer in mine}
    return _Side(kind, values, words, classed, mine)


def _lead(layers: Sequence[Layer]) -> str:
    choice = f"Choose one of {len(layers)} views" if len(layers) > 1 else "One view"
    return f"{choice}; click a district or find it by name. The same numbers are in the tables under the map."


def _map_section(picture: _Picture, element: Markup, stamps: Sequence[str], theme: Theme) -> Section:
    legends = [
        (layer, picture.side(layer).kind.noun, picture.side(layer).classed[layer.id].legend) for layer in picture.layers
    ]
    sheets = [(number, SHEET_NAMES[number]) for number in sorted(set(picture.sheets))]
    body = render(
        "map.html",
        legends=legends,
        stamps=stamps,
        element=element,
        colors=theme.colors,
        sheets=sheets,
        searchable=len(picture.districts.frame) > 0,
    )
    return Section(anchor="map", heading="Map", body=body)


def _table_sections(side: _Side) -> list[Section]:
    groups = list(dict.fromkeys(layer.table for layer in side.layers))
    if not groups and len(side.frame):
        return [_table_section(side, "list", [])]
    return [_table_section(side, name, [layer for layer in side.layers if layer.table == name]) for name in groups]


def _table_section(side: _Side, name: str, layers: Sequence[Layer]) -> Section:
    fixed = [item for item in side.kind.fixed if item.column in side.frame.columns]
    if side.kind is AREA and len(set(side.frame["area_layer"])) == 1:
        fixed = [item for item in fixed if item.column != "area_layer"]
    title = layers[0].table_title if layers else f"{side.kind.noun.capitalize()}s"
    table_id = _table_id(side.kind, name)
    markup = table(side.frame, [*fixed, *side.fields(layers)], caption=title, table_id=table_id, hidden=side.words)
    if side.kind is POINT:
        folded = Markup("<details><summary>Show all {:,} schools as a table</summary>{}</details>")
        markup = folded.format(len(side.frame), markup)
    return Section(anchor=f"{table_id}-section", heading=title, body=markup)


def _table_id(kind: _Kind, name: str) -> str:
    return f"table-{kind.name}-{name}"


def _areas_json(picture: _Picture) -> str:
    """The boundaries, widest first, so that a district inside another one can still be clicked."""
    if picture.outlines is None:
        return NO_COLLECTION
    sheets, texts = picture.sheets, picture.outlines.geojson
    features = (
        f'{{"type":"Feature","id":{row},"properties":{{"sheet":{sheets[row]}}},"geometry":{texts[row]}}}'
        for row in picture.outlines.order
    )
    return script_safe(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}')


def _points_json(picture: _Picture) -> str:
    if not picture.schools.layers:
        return NO_COLLECTION
    features = (
        f'{{"type":"Feature","id":{row},"properties":{{}},"geometry":'
        f'{{"type":"Point","coordinates":[{lon:.5f},{lat:.5f}]}}}}'
        for row, (lon, lat) in enumerate(picture.circles.tolist())
        if math.isfinite(lon) and math.isfinite(lat)
    )
    return script_safe(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}')


def _settings(picture: _Picture) -> dict[str, Any]:
    boxes = [picture.outlines.bounds] if picture.outlines else []
    known = picture.circles[np.isfinite(picture.circles).all(axis=1)]
    if picture.schools.layers and len(known):
        west, south = known.min(axis=0).tolist()
        east, north = known.max(axis=0).tolist()
        boxes.append((west, south, east, north))
    west, south, east, north = shapes.box_around(boxes)
    return {
        "bounds": [[south, west], [north, east]],
        "layers": [_layer_settings(layer, picture) for layer in picture.layers],
    }


def _layer_settings(layer: Layer, picture: _Picture) -> dict[str, Any]:
    side = picture.side(layer)
    classed = side.classed[layer.id]
    behind = [note for note in picture.sources if not note.tables or layer.table in note.tables]
    looks = {
        str(entry.code): {"color": entry.color, "pattern": entry.pattern, "radius": entry.radius}
        for entry in classed.legend
    }
    return {
        "id": layer.id,
        "heading": layer.heading,
        "kind": layer.kind,
        "table": _table_id(side.kind, layer.table),
        "columns": [item.column for item in side.fields([layer])],
        "codes": classed.codes.tolist(),
        "classes": looks,
        "labels": {str(entry.code): entry.label for entry in classed.legend if entry.code >= 0} if layer.labels else {},
        "source": sentence_of(behind),
    }


def _notes(picture: _Picture, absent: Sequence[Layer], threshold: int) -> list[str]:
    notes = list(picture.outlines.notes) if picture.outlines else []
    notes += [f"Not on this map, because nothing was loaded for it: {layer.heading}." for layer in absent]
    blank = {
        item.heading: item.missing
        for side in (picture.districts, picture.schools)
        for layer in side.layers
        for item in layer.fields
        if item not in side.fields([layer])
    }
    notes += [f"Not shown, because it is blank in every row: {heading} ({why})." for heading, why in blank.items()]
    count = sum(
        word is not None
        for side in (picture.districts, picture.schools)
        for words in side.words.values()
        for word in words
    )
    if count:
        notes.append(
            f"{count:,} figures are withheld: a count of people above zero and under {threshold:,}, or a "
            "figure from which such a count could be computed with what is shown here or published elsewhere. "
            "They are nowhere in this file."
        )
    return notes
