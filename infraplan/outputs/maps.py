"""One drawing function: a table of districts, a table of schools and descriptions of layers in, one Folium page out.

The page opens from a disk with no network: Leaflet is inside it, there are no tiles unless asked for, and its policy forbids
every request. Boundaries are there once, as one GeoJSON layer that the layer switch restyles; schools are one GeoJSON layer of
circles. What a click shows is read from the tables under the map, so that the two cannot differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from branca.element import Figure
from folium.template import Template
from markupsafe import Markup
from numpy.typing import NDArray
from xstatic.pkg import leaflet

from infraplan.errors import InfraplanError, NoAnswer
from infraplan.outputs import pages, shapes
from infraplan.outputs.classes import Classed, classify
from infraplan.outputs.layers import Layer, load_layer
from infraplan.outputs.pages import Page, Section, SourceNote
from infraplan.outputs.suppression import cleared, withheld
from infraplan.outputs.tables import Field, table
from infraplan.outputs.templating import render, script_safe, static, to_json
from infraplan.outputs.themes import Theme, load_theme

__all__ = ["Layer", "SourceNote", "draw_map", "load_layer"]

AREA_COLUMNS = ("area_id", "name", "area_layer")
POINT_COLUMNS = ("school_id", "name", "lea_id")
AREA_FIELDS = (Field(column="name", label="District", format="text"),
               Field(column="area_id", label="NCES id", format="text"),
               Field(column="area_layer", label="Kind", format="text"))
POINT_FIELDS = (Field(column="name", label="School", format="text"),
                Field(column="school_id", label="NCES id", format="text"),
                Field(column="lea_name", label="District", format="text"))
# Which districts are drawn together; secondary and administrative ones lie over the others.
SHEETS = {"unified": 0, "elementary": 0, "unknown": 0, "secondary": 1, "administrative": 2}
SHEET_NAMES = ("Unified and elementary districts", "Secondary districts", "Administrative units")
TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
TILES_HOST = "https://tile.openstreetmap.org"
TILES_CREDIT = "Base map: OpenStreetMap contributors"


class PlainMap(folium.Map):  # type: ignore[misc]
    """A Folium map without foreign scripts, styles, or a viewport that forbids zooming."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - Folium's own class attributes
    default_css: list[tuple[str, str]] = []  # noqa: RUF012
    _template = Template("""
        {% macro html(this, kwargs) %}
            <div class="folium-map" id="{{ this.get_name() }}" role="region" aria-describedby="map-keys"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {{ this.options|tojavascript }});
        {% endmacro %}
    """)


class Outlines(folium.GeoJson):  # type: ignore[misc]
    """A Folium GeoJSON layer whose features stand in a data block of the page, not in a script."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = infraplan.features({{ this.block|tojson }}, {{ this._parent.get_name() }});
        {% endmacro %}
    """)

    def __init__(self, block: str) -> None:
        super().__init__({"type": "FeatureCollection", "features": []})
        self._name, self._id, self.block = "features", block, block


class Controls(folium.MacroElement):  # type: ignore[misc]
    """Layer switch, search, popups and legend: `map.js` put to work on a map."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            infraplan.start({{ this._parent.get_name() }}, features_areas, features_points);
        {% endmacro %}
    """)


@dataclass(frozen=True)
class _Side:
    """One of the two tables of a map, districts or schools, ready to be shown."""

    frame: pd.DataFrame
    words: Mapping[str, Sequence[str | None]]
    layers: Sequence[Layer]
    classed: Mapping[str, Classed]


def draw_map(path: Path, *, title: str, areas: gpd.GeoDataFrame | None, points: gpd.GeoDataFrame | None,
             layers: Sequence[Layer], sources: Sequence[SourceNote], stamps: Sequence[str] = (),
             notes: Sequence[str] = (), threshold: int = 10, tiles: bool = False) -> Path:
    """Draw the layers on one map and write it, with its tables and sources, as one HTML file.

    `areas`: one row per district (`area_id, name, area_layer`, EPSG:4326 geometry, value columns; NaN = unknown); `points`:
    one row per school (`school_id, name, lea_id`, optional `lea_name`, value columns). A layer whose column is in neither is
    left out, and the page says so. Counts of people below `threshold` are withheld (see `suppression`).
    `tiles` adds a street map, which asks a third party's server for pictures while the page is open.
    Returns `path`. Raises NoAnswer where no layer has data, InfraplanError where a needed column is missing.
    """
    theme = load_theme("plain")
    areas, points = _in_order(areas, ["name", "area_id"]), _in_order(points, ["name", "school_id"])
    districts = _side(areas, "area", AREA_COLUMNS, layers, theme, threshold)
    schools = _side(points, "point", POINT_COLUMNS, layers, theme, threshold)
    drawn_layers = [layer for layer in layers if layer.id in districts.classed or layer.id in schools.classed]
    if not drawn_layers:
        raise NoAnswer("there is nothing to draw: no layer's column is in the tables given "
                       f"({', '.join(layer.column for layer in layers) or 'no layers'})")
    outlines = shapes.simplified(areas) if areas is not None else None
    circles = shapes.point_coordinates(points) if points is not None else np.empty((0, 2))
    absent = [f"Not on this map, because nothing was loaded for it: {layer.heading}."
              for layer in layers if layer not in drawn_layers]
    page = Page(
        title=title, lead=_lead(drawn_layers), stamps=stamps, sources=sources,
        sections=[_map_section(districts, schools, drawn_layers, stamps, tiles=tiles), *_tables(districts, schools)],
        notes=[*notes, *(outlines.notes if outlines else ()), *absent, *_suppression_note(districts, schools, threshold)],
        method=[(layer.heading, f"{layer.about} {layer.computed}") for layer in drawn_layers],
        styles=[_leaflet_css(), static("map.css")],
        scripts=[_leaflet_js(), static("map.js"), _folium_script(tiles=tiles)],
        data={"areas": _areas_json(districts, outlines), "points": _points_json(schools, circles),
              "map-settings": to_json(_settings(districts, schools, drawn_layers, sources, outlines, circles))},
        images_from=TILES_HOST if tiles else "",
        colophon="Drawn with Folium and Leaflet; this file asks no server for anything." if not tiles else TILES_CREDIT)
    return pages.write(path, page, theme)


def _in_order(frame: gpd.GeoDataFrame | None, by: list[str]) -> gpd.GeoDataFrame | None:
    """Rows by name, the order of the tables; an empty table is none."""
    if frame is None or not len(frame):
        return None
    return frame.sort_values([column for column in by if column in frame.columns], kind="stable", ignore_index=True)


def _side(frame: gpd.GeoDataFrame | None, kind: str, needed: Sequence[str], layers: Sequence[Layer], theme: Theme,
          threshold: int) -> _Side:
    if frame is None:
        return _Side(pd.DataFrame(columns=list(needed)), {}, (), {})
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise InfraplanError(f"the table of {kind}s to draw has no column {', '.join(missing)}")
    mine = [layer for layer in layers if layer.kind == kind and layer.column in frame.columns]
    values = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    words = withheld(values, [item for layer in mine for item in layer.fields], threshold)
    values = cleared(values, words)
    classed = {layer.id: classify(layer, values, words.get(layer.column), theme, threshold) for layer in mine}
    return _Side(values, words, mine, classed)


def _lead(layers: Sequence[Layer]) -> str:
    count = "one picture" if len(layers) == 1 else f"{len(layers)} pictures"
    return (f"{count[0].upper()}{count[1:]} of the same places. Choose what the map shows, click a district or find it by name; "
            "the same numbers are in the tables under the map.")


def _map_section(districts: _Side, schools: _Side, layers: Sequence[Layer], stamps: Sequence[str], *,
                 tiles: bool) -> Section:
    legends = [(layer, (districts if layer.kind == "area" else schools).classed[layer.id].legend) for layer in layers]
    sheets = _sheets(districts.frame)
    body = render("map.html", legends=legends, stamps=stamps, canvas=_canvas(tiles=tiles), hatch=load_theme("plain").colors,
                  sheets=[(number, SHEET_NAMES[number]) for number in sorted(set(sheets))], searchable=len(districts.frame) > 0)
    return Section(anchor="map", heading="Map", body=body)


def _tables(districts: _Side, schools: _Side) -> list[Section]:
    sections = []
    for kind, side, fixed in (("area", districts, AREA_FIELDS), ("point", schools, POINT_FIELDS)):
        groups = dict.fromkeys(layer.table for layer in side.layers)
        if not groups and len(side.frame):
            sections.append(_table_section(kind, side, fixed, "list", [], "Districts" if kind == "area" else "Schools"))
        for name in groups:
            mine = [layer for layer in side.layers if layer.table == name]
            sections.append(_table_section(kind, side, fixed, name, mine, mine[0].table_title))
    return sections


def _table_section(kind: str, side: _Side, fixed: Sequence[Field], name: str, layers: Sequence[Layer],
                   title: str) -> Section:
    fields = {item.column: item for item in fixed if item.column in side.frame.columns}
    if kind == "area" and side.frame["area_layer"].nunique() < 2:  # noqa: PLR2004 - one kind only says nothing
        fields.pop("area_layer")
    for layer in layers:
        fields |= {item.column: item for item in layer.fields if item.column in side.frame.columns}
    table_id = _table_id(kind, name)
    markup = table(side.frame, list(fields.values()), caption=title, table_id=table_id, hidden=side.words)
    if kind == "point":
        markup = Markup("<details><summary>Show all {:,} schools as a table</summary>{}</details>").format(len(side.frame), markup)
    return Section(anchor=f"{table_id}-section", heading=title, body=markup)


def _table_id(kind: str, name: str) -> str:
    return f"table-{kind}-{name}"


def _sheets(frame: pd.DataFrame) -> list[int]:
    return [SHEETS.get(str(name), 0) for name in frame["area_layer"]] if len(frame) else []


def _areas_json(districts: _Side, outlines: shapes.Drawn | None) -> str:
    """The boundaries, widest first, so that a district inside another one can still be clicked."""
    if outlines is None:
        return to_json({"type": "FeatureCollection", "features": []})
    sheets = _sheets(districts.frame)
    features = [f'{{"type":"Feature","id":{row},"properties":{{"sheet":{sheets[row]}}},"geometry":{outlines.geojson[row]}}}'
                for row in outlines.order]
    return script_safe(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}')


def _points_json(schools: _Side, circles: NDArray[np.float64]) -> str:
    features = [f'{{"type":"Feature","id":{row},"properties":{{}},"geometry":{{"type":"Point","coordinates":[{lon:.5f},{lat:.5f}]}}}}'
                for row, (lon, lat) in enumerate(circles.tolist()) if lon == lon and lat == lat] if schools.layers else []  # noqa: PLR0124
    return script_safe(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}')


def _settings(districts: _Side, schools: _Side, layers: Sequence[Layer], sources: Sequence[SourceNote],
              outlines: shapes.Drawn | None, circles: NDArray[np.float64]) -> dict[str, Any]:
    boxes = [outlines.bounds] if outlines else []
    if schools.layers and np.isfinite(circles).all(axis=1).any():
        boxes.append((*np.nanmin(circles, axis=0).tolist(), *np.nanmax(circles, axis=0).tolist()))
    west, south, east, north = shapes.merged_bounds(boxes)
    return {"bounds": [[south, west], [north, east]],
            "layers": [_layer_settings(layer, districts if layer.kind == "area" else schools, sources) for layer in layers]}


def _layer_settings(layer: Layer, side: _Side, sources: Sequence[SourceNote]) -> dict[str, Any]:
    classed = side.classed[layer.id]
    behind = [note.sentence for note in sources if not note.tables or layer.table in note.tables]
    return {"id": layer.id, "heading": layer.heading, "kind": layer.kind, "table": _table_id(layer.kind, layer.table),
            "columns": [item.column for item in layer.fields if item.column in side.frame.columns],
            "codes": classed.codes.tolist(), "source": "; ".join(behind),
            "classes": {str(entry.code): {"color": entry.color, "pattern": entry.pattern, "radius": entry.radius,
                                          "label": entry.label} for entry in classed.legend}}


def _suppression_note(districts: _Side, schools: _Side, threshold: int) -> list[str]:
    count = sum(word is not None for side in (districts, schools) for words in side.words.values() for word in words)
    if not count:
        return []
    return [f"{count:,} figures are withheld: a count of people above zero and under {threshold:,}, or a figure from which such a "
            "count could be computed with what is shown or published elsewhere. They are not in this file."]


def _folium_map(*, tiles: bool) -> PlainMap:
    base = PlainMap(location=[0.0, 0.0], zoom_start=1, tiles=None, attribution_control=tiles, zoom_snap=0.25, zoom_delta=0.5,
                    zoom_animation=False, fade_animation=False, marker_zoom_animation=False, inertia=False, max_zoom=14)
    base._id = "picture"  # noqa: SLF001 - Folium names elements at random; the same tables must give the same file
    if tiles:
        street = folium.TileLayer(TILES, attr=TILES_CREDIT, name="streets")
        street._id = "streets"  # noqa: SLF001
        base.add_child(street)
    for block in ("areas", "points"):
        base.add_child(Outlines(block))
    base.add_child(Controls())
    return base


@cache
def _rendered(*, tiles: bool) -> tuple[str, str]:
    """The map's element and its script, as Folium writes them."""
    base = _folium_map(tiles=tiles)
    figure = base.get_root()
    if not isinstance(figure, Figure):
        raise TypeError(type(figure))
    figure.render()
    return figure.html.render(), figure.script.render()


def _canvas(*, tiles: bool) -> Markup:
    return Markup(_rendered(tiles=tiles)[0])  # noqa: S704 - Folium's own element, no text of ours in it


def _folium_script(*, tiles: bool) -> str:
    return _rendered(tiles=tiles)[1]


@cache
def _leaflet_js() -> str:
    text = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    return text.split("//# sourceMappingURL")[0]  # a browser's developer tools would ask for that file


@cache
def _leaflet_css() -> str:
    """Leaflet's styles without its pictures, which lie in files beside it; circles and lines need none."""
    lines = (Path(leaflet.BASE_DIR) / "leaflet.css").read_text(encoding="utf-8").splitlines()
    return "\n".join("" if "url(images/" in line else line for line in lines)
