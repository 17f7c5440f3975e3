"""A map without boundaries in a real browser: districts are circles that open by a click, by search and by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from chromium import Browser, executable

from infraplan.outputs.maps import draw_map, load_layer

pytestmark = pytest.mark.skipif(executable() is None, reason="Chromium is not installed here")

COUNT = 9


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    places = [shapely.Point(-93 + number / 4, 41 + number / 9) for number in range(COUNT)]
    frame = gpd.GeoDataFrame(
        {
            "area_id": [f"19{number:05d}" for number in range(COUNT + 1)],
            "name": [f"District {number}" for number in range(COUNT + 1)],
            "area_layer": "unknown",
            "c1_rate": [40.0 + 5 * number for number in range(COUNT)] + [90.0],
        },
        geometry=np.array([*places, None], dtype=object),
        crs="EPSG:4326",
    )
    target = tmp_path_factory.mktemp("page") / "erate.html"
    return draw_map(
        target, title="Iowa", areas=frame, points=None, layers=[load_layer("erate_discount_rate")], sources=[]
    )


@pytest.fixture
def browser(page: Path, tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as one:
        one.open(page)
        yield one


def test_districts_are_circles_colored_by_class_and_open_by_a_click(browser: Browser) -> None:
    paths = "Array.from(document.querySelectorAll('.leaflet-overlay-pane path'), path => path.getAttribute('fill'))"
    fills = browser.run(paths)
    assert len(fills) == COUNT
    assert len(set(fills)) > 2
    browser.run("document.querySelector('.folium-map').scrollIntoView()")
    spot = browser.run("""(() => { const box = document.querySelector('.folium-map').getBoundingClientRect();
        const at = map_picture.latLngToContainerPoint([41 + 4 / 9, -92]);
        return [box.left + at.x, box.top + at.y]; })()""")
    browser.click(*spot)
    text = browser.run("document.querySelector('.leaflet-popup-content').textContent")
    assert "District 4" in text
    assert "60" in text
    assert browser.complaints() == []


def test_search_goes_to_a_circle_and_says_where_there_is_none(browser: Browser) -> None:
    browser.run("document.getElementById('search-box').focus()")
    browser.write("district 7")
    browser.press("Enter")
    assert browser.run("document.querySelector('.leaflet-popup h3').textContent") == "District 7"
    assert browser.run("document.getElementById('map-status').textContent") == "District 7 is on the map."
    browser.press("Escape")
    browser.run("document.getElementById('search-box').value = ''")
    browser.write("district 9")
    browser.press("Enter")
    assert "District 9 is not on the map" in browser.run("document.getElementById('map-status').textContent")
