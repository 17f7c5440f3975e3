"""Lines and places on one map: routes with who shares them, sites, points of presence, districts beneath.

The page is made like the gap map (`maps.draw_map`): Leaflet inside it, no request to anybody, everything drawn is one
GeoJSON layer, and what a click shows is read from the tables under the map. Each kind of thing (`Things`) has one layer
description (`maps/layers/*.toml`, kind `line` or `point`), one legend and one table; all are shown together and each can
be switched off. A class is told by width or size as well as by color.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup

from infraplan.errors import InfraplanError, NoAnswer
from infraplan.outputs import canvas, pages, shapes
from infraplan.outputs.classes import WITHHELD, Entry, classify
from infraplan.outputs.layers import Layer
from infraplan.outputs.pages import Page, Section, SourceNote, sentence_of
from infraplan.outputs.suppression import cleared, withheld
from infraplan.outputs.tables import Field, table
from infraplan.outputs.templating import render, script_safe, static, to_json
from infraplan.outputs.themes import Theme, load_theme

DIGITS: Final = 5
"""Decimals of a degree: about a yard."""
THINNEST, WIDER = 2.0, 1.5
SMALLEST, LARGER = 3.0, 1.5
MANY, FEWER = 300, 0.7
"""Rows above which things are drawn smaller, and by how much."""
FOLDED: Final = 400
"""Rows above which a table is folded."""


@dataclass(frozen=True, kw_only=True)
class Things:
    """One kind of thing on the map: rows with a line or a point (in longitude and latitude; None = not drawn).

    `noun` names one of them in the legend; `off` leaves them hidden at first. The first field of the layer is the name.
    """

    layer: Layer
    frame: gpd.GeoDataFrame
    noun: str
    off: bool = False


@dataclass(frozen=True)
class _Line:
    """One line of a legend: `size` is the width of a line or the radius of a circle, in pixels."""

    label: str
    color: str
    size: float
    count: int
    dashed: bool


@dataclass(frozen=True)
class _Shown:
    """Things ready to be shown: withheld figures already gone from `frame`, columns blank throughout from `fields`."""

    layer: Layer
    fields: Sequence[Field]
    noun: str
    off: bool
    frame: pd.DataFrame
    words: Mapping[str, Sequence[str | None]]
    places: np.ndarray
    codes: list[int]
    looks: Mapping[int, _Line]

    @property
    def entries(self) -> list[_Line]:
        """The legend, in order."""
        return list(self.looks.values())

    @property
    def table_id(self) -> str:
        """The id of its table."""
        return f"table-{self.layer.id}"


def draw_lines(
    path: Path,
    *,
    title: str,
    things: Sequence[Things],
    beneath: gpd.GeoDataFrame | None = None,
    beneath_name: str = "District boundaries",
    sections: Sequence[Section] = (),
    sources: Sequence[SourceNote] = (),
    lead: str = "",
    stamps: Sequence[str] = (),
    notes: Sequence[str] = (),
    threshold: int = 10,
) -> Path:
    """Draw things on one map and write it, with a table of each, as one HTML file; returns `path`.

    `things` are drawn in their order, the last on top. `beneath` are district boundaries (`area_layer`, geometry).
    `sections` follow the tables. Counts of people below `threshold` are withheld (see `suppression`). Raises NoAnswer
    where nothing has a place, InfraplanError where a needed column is missing, NoCrs.
    """
    theme = load_theme("plain")
    shown = [_shown(one, theme, threshold) for one in things if len(one.frame)]
    outlines = shapes.simplified(beneath) if beneath is not None and len(beneath) else None
    bounds = _bounds(shown)
    if bounds is None:
        raise NoAnswer("there is nothing to draw: nothing in the tables has a place")
    element, script = canvas.rendered(tiles=False)
    body = render(
        "lines.html", things=shown, beneath=beneath_name if outlines else "", element=element, stamps=stamps,
        colors=theme.colors,
    )  # fmt: skip
    page = Page(
        title=title,
        lead=lead,
        stamps=stamps,
        sources=sources,
        sections=[Section(anchor="map", heading="Map", body=body), *(_table(one) for one in shown), *sections],
        notes=[*notes, *_notes(shown, threshold)],
        method=[(one.layer.heading, f"{one.layer.about} {one.layer.computed}") for one in shown],
        styles=[canvas.leaflet_css(), static("map.css"), static("lines.css")],
        scripts=[canvas.leaflet_js(), static("lines.js"), script],
        data={
            "areas": _areas(outlines),
            "points": _features(shown),
            "map-settings": to_json({"bounds": bounds, "things": [_settings(one, sources) for one in shown]}),
        },
        colophon="Drawn with Folium and Leaflet; this file asks no server for anything.",
    )
    return pages.write(path, page, theme)


def _shown(one: Things, theme: Theme, threshold: int) -> _Shown:
    layer = one.layer
    missing = [item.column for item in layer.fields if item.column not in one.frame.columns]
    if missing:
        raise InfraplanError(f"the table of {one.noun}s to draw has no column {', '.join(missing)}")
    frame = one.frame.reset_index(drop=True)
    values = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    words = withheld(values, layer.fields, threshold)
    values = cleared(values, words)
    classed = classify(layer, values, words.get(layer.column), theme, threshold)
    looks = {
        entry.code: _line(layer, entry, place, many=len(frame) > MANY) for place, entry in enumerate(classed.legend)
    }
    places = np.array(frame.geometry.to_crs("EPSG:4326").array, dtype=object)
    fields = [
        item
        for item in layer.fields
        if item.column == layer.column or item.column in words or values[item.column].notna().any()
    ]
    return _Shown(layer, fields, one.noun, one.off, values, words, places, classed.codes.tolist(), looks)


def _line(layer: Layer, entry: Entry, place: int, *, many: bool) -> _Line:
    """Size grows with the class; codes state their own; unknown and withheld are small and dashed.

    Lines and circles are thinner and smaller where there are many.
    """
    least, step = (THINNEST, WIDER) if layer.kind == "line" else (SMALLEST, LARGER)
    size = (float(entry.radius) if layer.codes else least + step * place) * (FEWER if many else 1.0)
    return _Line(entry.label, entry.color, least if entry.code < 0 else round(size, 2), entry.count, entry.code < 0)


def _table(one: _Shown) -> Section:
    markup = table(one.frame, one.fields, caption=one.layer.table_title, table_id=one.table_id, hidden=one.words)
    if len(one.frame) > FOLDED:
        folded = Markup("<details><summary>Show all {:,} {}s as a table</summary>{}</details>")
        markup = folded.format(len(one.frame), one.noun, markup)
    return Section(anchor=f"{one.table_id}-section", heading=one.layer.table_title, body=markup)


def _areas(outlines: shapes.Drawn | None) -> str:
    texts = [] if outlines is None else [outlines.geojson[row] for row in outlines.order]
    features = (f'{{"type":"Feature","properties":{{}},"geometry":{text}}}' for text in texts)
    return script_safe(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}')


def _features(shown: Sequence[_Shown]) -> str:
    """Everything drawn as one collection: each feature knows its kind of thing and its row."""
    found = []
    for thing, one in enumerate(shown):
        rounded = shapely.transform(one.places, lambda places: np.round(places, DIGITS))
        for row, text in enumerate(shapely.to_geojson(rounded).tolist()):
            if text is not None and not shapely.is_empty(one.places[row]):
                found.append(f'{{"type":"Feature","properties":{{"thing":{thing},"row":{row}}},"geometry":{text}}}')
    return script_safe(f'{{"type":"FeatureCollection","features":[{",".join(found)}]}}')


def _settings(one: _Shown, sources: Sequence[SourceNote]) -> dict[str, Any]:
    behind = [note for note in sources if not note.tables or one.layer.table in note.tables]
    return {
        "heading": one.layer.heading,
        "table": one.table_id,
        "codes": one.codes,
        "classes": {
            str(code): {"color": look.color, "size": look.size, "dashed": look.dashed}
            for code, look in one.looks.items()
        },
        "source": sentence_of(behind),
    }


def _bounds(shown: Sequence[_Shown]) -> list[list[float]] | None:
    """South-west and north-east corner around everything that has a place."""
    boxes = [shapely.total_bounds(one.places) for one in shown]
    boxes = [box for box in boxes if all(math.isfinite(edge) for edge in box)]
    if not boxes:
        return None
    west, south, east, north = shapes.box_around([tuple(box.tolist()) for box in boxes])
    return [[south, west], [north, east]]


def _notes(shown: Sequence[_Shown], threshold: int) -> list[str]:
    notes = []
    for one in shown:
        absent = int((shapely.is_missing(one.places) | shapely.is_empty(one.places)).sum())
        if absent:
            notes.append(f"Without a place, in the table but not on the map: {absent:,} {one.noun}s.")
        blank = [item for item in one.layer.fields if item not in one.fields]
        notes += [f"Not shown, because it is blank in every row: {item.heading} ({item.missing})." for item in blank]
    count = sum(word is not None for one in shown for words in one.words.values() for word in words)
    if count or any(WITHHELD in one.codes for one in shown):
        notes.append(
            f"{count:,} figures are withheld: a count of people above zero and under {threshold:,}, or a figure from which "
            "such a count could be computed with what is shown here. They are nowhere in this file."
        )
    return notes
