"""The map of routes in a real browser with the network cut: switched, searched, opened by mouse and by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from chromium import Browser, executable

from infraplan.outputs.layers import load_layer
from infraplan.outputs.lines import Things, draw_lines

pytestmark = pytest.mark.skipif(executable() is None, reason="Chromium is not installed here")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    count = 6
    routes = gpd.GeoDataFrame(
        {
            "route": [f"x{k} to x{k + 1}" for k in range(count)],
            "kind": "fiber",
            "sites": range(count, 0, -1),
            "usd": 1000.0,
            "miles": 2.0,
            "pop": "pop0",
            "site_ids": "A B",
            "shared": ["4", "4", "4", "2", "2", "1"],
        },
        geometry=[shapely.LineString([(-72 + k / 5, 41), (-71.8 + k / 5, 41 + k / 20)]) for k in range(count)],
        crs="EPSG:4326",
    )
    pops = gpd.GeoDataFrame(
        {"node": ["pop0"], "what": ["point of presence"], "sites": [6]},
        geometry=[shapely.Point(-72, 41)],
        crs="EPSG:4326",
    )
    return draw_lines(
        tmp_path_factory.mktemp("page") / "map.html",
        title="A network for 6 sites",
        things=[
            Things(layer=load_layer("build_routes"), frame=routes, noun="link"),
            Things(layer=load_layer("build_pops"), frame=pops, noun="place"),
        ],
        stamps=["BUDGET ESTIMATE, NOT A DESIGN"],
    )


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_it_is_drawn_without_a_request_or_a_complaint(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    assert chromium.run("document.querySelectorAll('.folium-map canvas').length") == 1
    assert chromium.requests() == [page.resolve().as_uri()]
    assert chromium.complaints() == []


def test_a_name_in_the_table_opens_its_route(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    chromium.run("document.querySelectorAll('#table-build_routes button.show')[3].click()")
    chromium.wait("document.querySelector('.leaflet-popup h3') !== null")
    assert chromium.run("document.querySelector('.leaflet-popup h3').textContent") == "x3 to x4"
    assert "$1,000" in chromium.run("document.querySelector('.leaflet-popup').textContent")
    assert chromium.run("document.querySelector('tr.picked th').textContent") == "x3 to x4"
    chromium.press("Escape")
    assert chromium.run("document.querySelector('.leaflet-popup')") is None
    assert chromium.run("document.activeElement.textContent") == "x3 to x4"


def test_enter_on_the_map_opens_what_is_nearest_to_its_middle(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    chromium.run("document.querySelector('.folium-map').focus()")
    chromium.press("Enter")
    chromium.wait("document.querySelector('.leaflet-popup h3') !== null")
    assert chromium.run("document.querySelector('.leaflet-popup h3').textContent") in {"x2 to x3", "x3 to x4"}


def test_finding_by_name_says_so_and_what_is_not_there_too(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    chromium.run("document.getElementById('search-box').focus()")
    chromium.write("pop0")
    chromium.wait("document.getElementById('map-status').textContent.includes('is on the map')")
    chromium.run(
        "document.getElementById('search-box').value = 'nowhere'; document.querySelector('#search button').click()"
    )
    assert "Nothing here is called" in chromium.run("document.getElementById('map-status').textContent")


def test_what_is_switched_off_is_not_named_any_more(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    assert "Routes" in chromium.run("document.querySelector('.folium-map').getAttribute('aria-label')")
    chromium.run("document.querySelector('input[name=thing]').click()")
    assert "Routes" not in chromium.run("document.querySelector('.folium-map').getAttribute('aria-label')")


def test_on_a_phone_nothing_is_wider_than_the_screen(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=360, height=740, mobile=True)
    assert chromium.run("document.documentElement.scrollWidth") <= 360
