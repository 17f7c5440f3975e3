"""The gap map in a real browser with the network cut: drawn, switched, searched, sorted, by mouse and by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from chromium import Browser, executable

from infraplan.outputs.maps import SourceNote, draw_map, load_layer

pytestmark = pytest.mark.skipif(executable() is None, reason="Chromium is not installed here")

LAYERS = ("homes_unserved_share", "homes_unserved", "children_without_access", "schools_no_fiber_near")
SIDE = 5
NASTY = "<img src=x onerror=\"document.title='broken'\">"


def districts() -> gpd.GeoDataFrame:
    """Five by five squares, one secondary district over four of them, one charter without a boundary."""
    count = SIDE * SIDE + 2
    squares = [
        shapely.box(-72 + x / 5, 41 + y / 5, -71.8 + x / 5, 41.2 + y / 5) for y in range(SIDE) for x in range(SIDE)
    ]
    rows = np.arange(count)
    unserved = (rows * 37 % 100).astype("float64")
    children = np.full(count, 1000.0)
    without = np.where(rows % 5 == 0, 3.0, 20.0 + rows)
    return gpd.GeoDataFrame(
        {
            "area_id": [f"99{row:05d}" for row in rows],
            "name": [NASTY, *(f"District {row:02d}" for row in rows[1:])],
            "area_layer": ["unified"] * (count - 2) + ["secondary", "unknown"],
            "locations": 1000.0,
            "unserved": unserved,
            "unserved_share": unserved / 1000,
            "children": children,
            "without_access": without,
            "without_access_share": without / children,
            "low": without - 1,
            "high": without + 1,
        },
        geometry=np.array([*squares, shapely.box(-72, 41, -71.6, 41.4), None]),
        crs="EPSG:4326",
    )


def schools() -> gpd.GeoDataFrame:
    places = [shapely.Point(-71.95 + 0.1 * number, 41.05 + 0.09 * number) for number in range(9)]
    return gpd.GeoDataFrame(
        {
            "school_id": [f"9900001{number:05d}" for number in range(9)],
            "lea_id": "9900001",
            "name": [f"School {number}" for number in range(9)],
            "lea_name": "District 01",
            "near_fiber": ["yes", "no", "unknown"] * 3,
        },
        geometry=places,
        crs="EPSG:4326",
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = SourceNote(title="Availability", publisher="FCC", as_of="2022-06-30", file="a.zip", sha256="0" * 64)
    return draw_map(
        tmp_path_factory.mktemp("page") / "gaps.html",
        title="Gaps of Franklin",
        areas=districts(),
        points=schools(),
        layers=[load_layer(name) for name in LAYERS],
        sources=[source],
        stamps=["SYNTHETIC"],
    )


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser, page: Path) -> Browser:
    chromium.open(page)
    return chromium


def choose(browser: Browser, layer: str) -> None:
    browser.run(f"document.querySelector('input[value={layer}]').click()")


def fills(browser: Browser) -> list[str]:
    paths = "document.querySelectorAll('.leaflet-overlay-pane path')"
    found: list[str] = browser.run(f"Array.from({paths}, path => path.getAttribute('fill'))")
    return found


def first_cells(browser: Browser, column: str) -> list[str]:
    found: list[str] = browser.run(f"""(() => {{
        const table = document.getElementById('table-area-home_gaps');
        const head = table.querySelector('th[data-column={column}]');
        return Array.from(table.tBodies[0].rows, row => row.cells[head.cellIndex].textContent.trim()); }})()""")
    return found


def test_every_district_is_drawn_and_nothing_is_asked_of_anyone(browser: Browser, page: Path) -> None:
    assert len(fills(browser)) == SIDE * SIDE
    assert browser.requests() == [page.resolve().as_uri()]
    assert browser.complaints() == []


def test_a_name_with_markup_stays_text(browser: Browser) -> None:
    assert browser.run("document.title") == "[SYNTHETIC] Gaps of Franklin"
    assert browser.run("document.querySelectorAll('main img, footer img').length") == 0


def test_the_policy_stops_a_script_that_is_not_the_pages_own(browser: Browser) -> None:
    browser.run("""(() => { const s = document.createElement('script'); s.textContent = 'window.foreign = 1';
                document.body.append(s); })()""")
    assert browser.run("window.foreign") is None
    assert any("Content Security Policy" in line for line in browser.complaints())


def test_the_layer_switch_recolors_the_same_polygons(browser: Browser) -> None:
    before = fills(browser)
    choose(browser, "children_without_access")
    after = fills(browser)
    assert len(after) == len(before)
    assert after != before
    assert "url(#dots)" in after
    heading = browser.run("document.querySelector('.legend:not([hidden]) h3').textContent")
    assert heading == "Children without access (children, estimate)"


def test_schools_are_circles_that_open_by_a_click(browser: Browser) -> None:
    choose(browser, "schools_no_fiber_near")
    assert browser.run("document.querySelectorAll('.leaflet-schools-pane canvas').length") == 1
    browser.run("document.querySelector('.folium-map').scrollIntoView()")
    spot = browser.run("""(() => { const box = document.querySelector('.folium-map').getBoundingClientRect();
        const at = map_picture.latLngToContainerPoint([41.05 + 0.36, -71.95 + 0.4]);
        return [box.left + at.x, box.top + at.y]; })()""")
    browser.click(*spot)
    text = browser.run("document.querySelector('.leaflet-popup-content').textContent")
    assert "School 4" in text
    assert "Fiber offered nearby (a proxy)no" in text


def test_a_click_on_a_district_shows_its_numbers_unit_source_and_date(browser: Browser) -> None:
    browser.run("document.querySelector('.folium-map').scrollIntoView()")
    spot = browser.run("""(() => { const box = document.querySelector('.folium-map').getBoundingClientRect();
        const at = map_picture.latLngToContainerPoint([41.5, -71.5]); return [box.left + at.x, box.top + at.y]; })()""")
    browser.click(*spot)
    text = browser.run("document.querySelector('.leaflet-popup-content').textContent")
    assert "District 12" in text
    assert "Unserved (% of locations counted)4.4" in text
    assert "Availability, FCC, as of 2022-06-30" in text
    assert browser.run("document.querySelectorAll('tr.picked').length") == 2


def test_search_by_keyboard_opens_the_district_marks_its_row_and_escape_goes_back(browser: Browser) -> None:
    browser.run("document.getElementById('search-box').focus()")
    browser.write("district 07")
    browser.press("Enter")
    assert browser.run("document.activeElement.closest('.leaflet-popup') !== null")
    assert browser.run("document.querySelector('.leaflet-popup h3').textContent") == "District 07"
    row = "document.querySelector('#table-area-home_gaps tr[aria-current=true]')"
    assert browser.run(f"{row}.cells[0].textContent") == "District 07"
    assert browser.run("document.getElementById('map-status').textContent") == "District 07 is on the map."
    browser.press("Escape")
    assert browser.run("document.querySelector('.leaflet-popup')") is None
    assert browser.run("document.activeElement.id") == "search-box"


def test_search_for_nothing_known_says_so(browser: Browser) -> None:
    browser.run("document.getElementById('search-box').focus()")
    browser.write("Atlantis")
    browser.press("Enter")
    assert "No district" in browser.run("document.getElementById('map-status').textContent")


def test_search_for_a_district_without_boundary_marks_its_row(browser: Browser) -> None:
    browser.run("document.getElementById('search-box').focus()")
    browser.write("9900026")
    browser.press("Enter")
    assert "is not on the map" in browser.run("document.getElementById('map-status').textContent")
    assert browser.run("document.querySelectorAll('tr.picked').length") == 2


def test_search_for_a_secondary_district_switches_to_those(browser: Browser) -> None:
    browser.run("document.getElementById('search-box').focus()")
    browser.write("District 25")
    browser.press("Enter")
    assert browser.run("document.querySelector('input[name=sheet]:checked').value") == "1"
    assert browser.run("document.querySelector('.leaflet-popup h3').textContent") == "District 25"


def test_enter_on_the_map_opens_the_district_in_its_middle(browser: Browser) -> None:
    browser.run("document.querySelector('.folium-map').scrollIntoView()")
    browser.run("document.querySelector('.folium-map').focus()")
    browser.press("Enter")
    assert browser.run("document.querySelector('.leaflet-popup h3').textContent") == "District 12"
    assert browser.run("document.activeElement.className") == "figures"


def test_a_row_opens_its_district_and_arrows_walk_the_rows(browser: Browser) -> None:
    browser.run("document.querySelector('#table-area-home_gaps button.show').focus()")
    browser.press("ArrowDown")
    assert browser.run("document.activeElement.textContent") == "District 01"
    browser.press("Enter")
    assert browser.run("document.querySelector('.leaflet-popup h3').textContent") == "District 01"


def test_a_header_sorts_its_column_both_ways_and_says_so(browser: Browser) -> None:
    header = "document.querySelector('#table-area-home_gaps th[data-column=unserved]')"
    browser.run(f"{header}.firstElementChild.focus()")
    browser.press("Enter")
    numbers = [int(text) for text in first_cells(browser, "unserved")]
    assert numbers == sorted(numbers, reverse=True)
    assert browser.run(f"{header}.getAttribute('aria-sort')") == "descending"
    browser.press("Enter")
    numbers = [int(text) for text in first_cells(browser, "unserved")]
    assert numbers == sorted(numbers)
    assert browser.run(f"{header}.getAttribute('aria-sort')") == "ascending"


def test_popups_tell_the_right_numbers_after_sorting(browser: Browser) -> None:
    browser.run("document.querySelector('#table-area-home_gaps th[data-column=unserved] button').click()")
    browser.run("document.getElementById('search-box').focus()")
    browser.write("District 12")
    browser.press("Enter")
    assert "Unserved (% of locations counted)4.4" in browser.run("document.querySelector('.leaflet-popup').textContent")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 450)])
def test_narrow_windows_and_double_zoom_need_no_sideways_scrolling(
    browser: Browser, page: Path, width: int, height: int
) -> None:
    browser.open(page, width, height, 2, mobile=True)
    assert browser.run("document.documentElement.scrollWidth") == width
    assert browser.run("document.querySelector('.folium-map').clientWidth") <= width


def test_on_a_phone_a_popup_fits_into_the_map(browser: Browser, page: Path) -> None:
    browser.open(page, 320, 640, 2, mobile=True)
    browser.run("document.querySelector('#search-box').value = 'District 12'")
    browser.run("document.querySelector('#search button').click()")
    inside = browser.run("""(() => { const outer = document.querySelector('.folium-map').getBoundingClientRect();
        const inner = document.querySelector('.leaflet-popup').getBoundingClientRect();
        const stamp = document.querySelector('.map-stamp').getBoundingClientRect();
        return inner.left >= outer.left && inner.right <= outer.right && inner.top >= stamp.bottom; })()""")
    assert inside


def test_controls_can_be_hit_with_a_finger(browser: Browser) -> None:
    sizes = browser.run("""Array.from(
        document.querySelectorAll('main button:not(.show), fieldset label, .leaflet-bar a, nav a'),
        e => e.getBoundingClientRect()).filter(r => r.width).map(r => Math.min(r.width, r.height))""")
    assert min(sizes) >= 24


def test_a_printed_page_shows_map_legend_and_whole_tables(browser: Browser) -> None:
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
        assert browser.run("getComputedStyle(document.querySelector('.scroller')).maxHeight") == "none"
        assert browser.run("document.querySelector('.legend:not([hidden])').offsetHeight") > 50
        assert browser.run("document.querySelector('.folium-map').offsetHeight") > 300
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")
