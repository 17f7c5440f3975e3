"""Units, states, identifiers, geometry and receipts: the small modules everything stands on."""

from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from infraplan import geo, resources, states, units
from infraplan.errors import BadInput, InfraplanError
from infraplan.identifiers import counts, mended, plain_code, plain_name
from infraplan.receipts import Receipt, sha256_of
from infraplan.standing import age_months


@pytest.mark.parametrize(
    ("text", "amount"),
    [("$1,234.50", "1234.50"), (" 12 ", "12"), ("(3.10)", "-3.10"), ("-4", "-4"), ("0.005", "0.005")],
)
def test_money_is_read_as_people_write_it(text: str, amount: str) -> None:
    assert units.money(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "n/a", "NaN", "Infinity", "12 USD", "1.2.3"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert units.money(text) is None


def test_halves_are_rounded_up_exactly() -> None:
    assert units.half_up("2.675", 2) == Decimal("2.68")
    assert units.half_up("0.125", 2) == Decimal("0.13")
    assert units.half_up("-0.5") == Decimal(-1)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_rounding_to_cents_keeps_whole_cents(cents: int) -> None:
    amount = Decimal(cents) / 100
    assert units.half_up(amount, 2) == amount


def test_a_state_is_known_by_postal_code_in_any_case() -> None:
    assert states.by_usps("me") == states.by_usps("ME")
    assert states.by_usps("AL").fips == "01"
    with pytest.raises(InfraplanError, match="no state with the postal code XX"):
        states.by_usps("XX")


def test_fips_numbers_are_two_digits_and_unique() -> None:
    numbers = [state.fips for state in states.every()]
    assert len(set(numbers)) == len(numbers)
    assert all(len(number) == 2 and number.isdigit() for number in numbers)
    assert states.by_fips("23") == states.by_usps("ME")
    assert states.by_fips("03") is None


@pytest.mark.parametrize("usps", ["ME", "RI", "AK", "HI", "PR", "GU", "AS", "FK"])
def test_a_state_is_measured_in_a_projection_in_meters(usps: str) -> None:
    crs = gpd.GeoSeries([shapely.Point(0, 0)], crs=states.by_usps(usps).crs).crs
    assert crs is not None
    assert crs.is_projected
    assert {axis.unit_name for axis in crs.axis_info} == {"metre"}


def test_areas_are_measured_equal_and_not_in_web_mercator() -> None:
    """A degree square at Rhode Island's latitude: web mercator calls it 1.8 to 1.9 times its size."""
    square = gpd.GeoSeries([shapely.box(-72, 41, -71, 42).segmentize(0.01)], crs="EPSG:4326")
    equal = float(square.to_crs(states.by_usps("RI").crs).area.iloc[0])
    on_the_sphere = 111_195.0**2 * np.cos(np.radians(41.5))
    assert equal == pytest.approx(on_the_sphere, rel=0.01)
    assert float(square.to_crs("EPSG:3857").area.iloc[0]) / equal == pytest.approx(1.78, abs=0.05)


# --- identifiers ----------------------------------------------------------------------------------------------------


def test_a_lost_leading_zero_is_put_back_where_length_and_state_make_it_certain() -> None:
    ids, count = mended(pd.Series(["100006", "0100007", "100008.0"]), 7)
    assert ids.tolist() == ["0100006", "0100007", "0100008"]
    assert count == 2


@pytest.mark.parametrize("text", ["99", "300006", "ABCDEF", "2302220", "", "23022200"])
def test_what_is_not_certain_is_left_for_the_checks_to_name(text: str) -> None:
    """03 is no state, two digits lost are no single zero, and letters are no number."""
    assert mended(pd.Series([text]), 7)[0].tolist() == [text]


@given(st.from_regex(r"\d{7}", fullmatch=True))
def test_a_whole_number_is_never_changed(text: str) -> None:
    ids, count = mended(pd.Series([text]), 7)
    assert ids.tolist() == [text]
    assert count == 0


@pytest.mark.parametrize("code", ["-1", "-2", "-3", "-9"])
def test_a_negative_nces_code_is_null_and_never_zero(code: str) -> None:
    assert counts(pd.Series([code, "0", "3,294"])).isna().tolist() == [True, False, False]


@pytest.mark.parametrize("mark", ["", "*", "-", "n<10", "M"])
def test_a_suppressed_count_is_null(mark: str) -> None:
    assert counts(pd.Series([mark])).isna().all()


def test_names_are_compared_without_punctuation_and_usual_words() -> None:
    assert plain_name("R.I. Sch. for the Deaf") == plain_name("RI SCH FOR THE DEAF")
    assert plain_name("Saint Agatha & Frenchville") == plain_name("St Agatha and Frenchville")
    assert plain_name("Bristol Warren", short=True) == plain_name("Bristol-Warren Regional School District", short=True)
    assert plain_name("Portland", short=True) != plain_name("South Portland", short=True)


@pytest.mark.parametrize("code", ["1", "01", "001", "RI-01", "1.00", "ri-1"])
def test_a_states_own_number_is_compared_without_zeros_and_prefix(code: str) -> None:
    assert plain_code(code, "RI") == "1"


def test_a_number_of_zeros_alone_stays_something() -> None:
    assert plain_code("000") == "000"


# --- geometry -------------------------------------------------------------------------------------------------------


def test_a_point_in_two_shapes_is_paired_with_both() -> None:
    shapes = gpd.GeoSeries([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.Polygon()])
    pairs = geo.containing(np.array([1.5, 0.5, 9.0]), np.array([1.5, 0.5, 9.0]), shapes)
    assert pairs.to_numpy().tolist() == [[0, 0], [0, 1], [1, 0]]


def test_a_point_on_a_shared_border_is_in_both_and_in_nothing_else() -> None:
    shapes = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 0, 6, 1)])
    assert geo.containing(np.array([1.0]), np.array([0.5]), shapes)["shape"].tolist() == [0, 1]


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=30))
def test_containing_agrees_with_asking_every_pair(points: list[tuple[float, float]]) -> None:
    shapes = gpd.GeoSeries([shapely.box(-1, -1, 1, 1), shapely.Point(1, 1).buffer(1.5), shapely.box(2, 2, 3, 3)])
    lon, lat = (np.array(values, dtype=np.float64) for values in zip(*points, strict=True))
    pairs = geo.containing(lon, lat, shapes)
    asked = {(p, s) for p in range(len(points)) for s in range(3) if shapely.intersects_xy(shapes[s], lon[p], lat[p])}
    assert set(map(tuple, pairs.to_numpy().tolist())) == asked


def test_a_part_is_shared_by_the_area_that_lies_in_each_whole() -> None:
    part = gpd.GeoSeries([shapely.box(-70.2, 45.0, -69.8, 45.1)], crs="EPSG:4326")
    wholes = gpd.GeoSeries(
        [shapely.box(-70.2, 45.0, -70.1, 45.2), shapely.box(-70.1, 45.0, -69.8, 45.2)], crs="EPSG:4326"
    )
    shares = geo.shares_by_area(part, wholes, "EPSG:5070")
    assert shares["whole"].tolist() == [0, 1]
    assert shares["share"].tolist() == pytest.approx([0.25, 0.75], abs=1e-4)


def test_area_covered_twice_is_measured_once_for_each_pair() -> None:
    shapes = gpd.GeoSeries([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(3, 0, 4, 1)])
    assert geo.overlap_square_meters(shapes) == pytest.approx(1.0)
    assert geo.overlap_square_meters(gpd.GeoSeries([shapes[0], shapes[2]])) == 0.0


# --- receipts and resources -----------------------------------------------------------------------------------------


def test_a_receipt_comes_back_from_its_record_and_says_itself_in_a_line() -> None:
    receipt = Receipt(
        receipt_id="ab",
        file="x.csv",
        sha256="cd",
        bytes=3,
        added_at="2026-01-01T00:00:00+00:00",
        source="s",
        title="T",
        publisher="P",
        rows_read=1200,
        tables={"schools": 1100},
        refused={"schools of other states": 100},
        notes=("n",),
    )
    assert Receipt.from_record(receipt.record()) == receipt
    assert receipt.line() == (
        "x.csv: T, as of unknown date; read 1,200, kept 1,100 rows of schools; left out 100: schools of other states"
    )


def test_the_hash_of_a_set_depends_on_every_file_of_it(tmp_path: Path) -> None:
    one, two = tmp_path / "a.shp", tmp_path / "a.dbf"
    one.write_bytes(b"shapes")
    two.write_bytes(b"table")
    before = sha256_of([one, two])
    two.write_bytes(b"tablE")
    assert sha256_of([one, two]) != before
    assert sha256_of([one]) != before


def test_a_broken_toml_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text('title = "a"\nvalue = = 3\n', encoding="utf-8")
    with pytest.raises(BadInput, match="line 2"):
        resources.read_toml(path)
    with pytest.raises(BadInput, match="cannot be read"):
        resources.read_toml(tmp_path / "none.toml")


@pytest.mark.parametrize("digits", [20, 400, 5_000])
def test_a_number_that_no_machine_holds_is_refused_in_toml(tmp_path: Path, digits: int) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(f'title = "x"\n[a]\nb = [1, {"9" * digits}]\n', encoding="utf-8")
    with pytest.raises(BadInput, match="digits"):
        resources.read_toml(path)


def test_a_byte_order_mark_before_toml_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "rule.toml").write_text("a = 1\n", encoding="utf-8-sig")
    assert resources.read_toml(tmp_path / "rule.toml") == {"a": 1}


def test_age_is_counted_in_whole_months() -> None:
    today = pd.Timestamp("2026-03-15").date()
    assert age_months("2026-02-15", today) == 1
    assert age_months("2026-02-16", today) == 0
    assert age_months("2024", today) == 26
    assert age_months(None, today) is None
    assert age_months("2027", today) == 0
