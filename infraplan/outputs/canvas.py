"""The Folium map itself: Leaflet from an installed package, no foreign scripts or styles, nothing named at random."""

from functools import cache
from pathlib import Path

import folium
from branca.element import Figure
from folium.template import Template
from markupsafe import Markup
from xstatic.pkg import leaflet

TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
TILES_HOST = "https://tile.openstreetmap.org"
TILES_CREDIT = "Base map: OpenStreetMap contributors"


class PlainMap(folium.Map):
    """A Folium map without links to foreign scripts and styles, and without a viewport that forbids zooming."""

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


class Features(folium.GeoJson):
    """A Folium GeoJSON layer whose features stand in a data block of the page, `block`, not in its script."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = infraplan.features({{ this._id|tojson }}, {{ this._parent.get_name() }});
        {% endmacro %}
    """)

    def __init__(self, block: str) -> None:
        super().__init__({"type": "FeatureCollection", "features": []})
        self._name, self._id = "features", block


class Controls(folium.MacroElement):
    """Layer switch, search, popups and legend: `map.js` put to work on the map."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            infraplan.start({{ this._parent.get_name() }}, features_areas, features_points);
        {% endmacro %}
    """)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "controls", "controls"


def plain_map(*, tiles: bool) -> PlainMap:
    """The map with its layers `areas` and `points`; the same every time: the same tables must give the same file."""
    base = PlainMap(
        location=[0.0, 0.0],
        zoom_start=1,
        tiles=None,
        max_zoom=14,
        zoom_snap=0.25,
        zoom_delta=0.5,
        zoom_control=False,
        attribution_control=tiles,
        zoom_animation=False,
        fade_animation=False,
        marker_zoom_animation=False,
        inertia=False,
    )
    base._id = "picture"  # noqa: SLF001 - Folium names its elements at random
    if tiles:
        street = folium.TileLayer(TILES, attr=TILES_CREDIT, name="streets")
        street._id = "streets"  # noqa: SLF001
        base.add_child(street)
    for block in ("areas", "points"):
        base.add_child(Features(block))
    base.add_child(Controls())
    return base


@cache
def rendered(*, tiles: bool) -> tuple[Markup, str]:
    """The map's element and its script, as Folium writes them; nothing of a user's is in either."""
    figure = plain_map(tiles=tiles).get_root()
    if not isinstance(figure, Figure):
        raise TypeError(type(figure))
    figure.render()
    return Markup(figure.html.render()), figure.script.render()  # noqa: S704


@cache
def leaflet_js() -> str:
    """Leaflet's code, without the line for which a browser's developer tools would ask for a further file."""
    return _leaflet("leaflet.js").split("//# sourceMappingURL")[0]


@cache
def leaflet_css() -> str:
    """Leaflet's styles without its pictures, which lie in files beside it; circles and lines need none."""
    return "\n".join("" if "url(images/" in line else line for line in _leaflet("leaflet.css").splitlines())


def _leaflet(name: str) -> str:
    return (Path(leaflet.BASE_DIR) / name).read_text(encoding="utf-8").replace("\r\n", "\n")
