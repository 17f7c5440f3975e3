"""Layers and themes are data: every shipped one can be drawn, read without color, and faults are told all at once."""

from typing import Any

import pandas as pd
import pytest

from infraplan.errors import BadInput, InfraplanError
from infraplan.outputs.classes import UNKNOWN, WITHHELD, classify
from infraplan.outputs.layers import Layer, edges, layer_from, layer_names, load_layer
from infraplan.outputs.themes import load_theme

THEME = load_theme("plain")
SHIPPED = layer_names()


def luminance(color: str) -> float:
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def description(**changes: Any) -> dict[str, Any]:
    base = {
        "title": "Homes",
        "unit": "%",
        "kind": "area",
        "table": "t",
        "table_title": "T",
        "column": "x",
        "about": "a",
        "computed": "c",
        "breaks": [0, 10, 100],
        "palette": "orange",
        "zero": "none",
        "field": [{"column": "x", "label": "X", "format": "percent"}],
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


def layer(**changes: Any) -> Layer:
    return layer_from("homes", description(**changes))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_layer_loads_with_a_legend_of_distinct_colors(name: str) -> None:
    shipped = load_layer(name)
    assert shipped.about.endswith(".")
    assert shipped.computed.endswith(".")
    colors = [code.color for code in shipped.codes] or THEME.ramp(shipped.palette, len(edges(shipped, 10)))
    assert len(set(colors)) == len(colors)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_shipped_layer_speaks_the_analysts_jargon(name: str) -> None:
    shipped = load_layer(name)
    words = " ".join(
        [shipped.heading, shipped.about, shipped.computed, shipped.missing, *(item.heading for item in shipped.fields)]
    ).lower()
    assert not [word for word in ("universe", "h3", "frontier", "regret") if word in words]


@pytest.mark.parametrize("name", ["children_without_access", "children_without_access_share"])
def test_what_gives_a_count_of_children_away_is_declared(name: str) -> None:
    fields = {item.column: item for item in load_layer(name).fields}
    assert fields["without_access"].people
    assert fields["without_access"].part_of == "children"
    assert set(fields["without_access_share"].derived_from) == {"without_access", "children"}
    assert "without_access" in fields["low"].derived_from
    assert "without_access" in fields["high"].derived_from


@pytest.mark.parametrize("palette", sorted(THEME.palettes))
def test_a_palette_runs_from_light_to_dark_and_shows_the_border(palette: str) -> None:
    shades = [luminance(color) for color in THEME.palettes[palette]]
    assert shades == sorted(shades, reverse=True)
    assert all(contrast(color, THEME.colors["border"]) >= 3 for color in THEME.palettes[palette])


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "ground"),
        ("quiet", "ground"),
        ("text", "panel"),
        ("quiet", "panel"),
        ("link", "ground"),
        ("text", "picked"),
        ("link", "picked"),
        ("quiet", "picked"),
        ("stamp-text", "stamp-ground"),
    ],
)
def test_text_can_be_read(text: str, ground: str) -> None:
    assert contrast(THEME.colors[text], THEME.colors[ground]) >= 4.5


@pytest.mark.parametrize(
    ("mark", "ground"),
    [
        ("line", "ground"),
        ("focus", "ground"),
        ("focus", "water"),
        ("border", "water"),
        ("hatch", "ground"),
        ("line", "water"),
    ],
)
def test_borders_and_focus_can_be_seen(mark: str, ground: str) -> None:
    assert contrast(THEME.colors[mark], THEME.colors[ground]) >= 3


def test_all_faults_of_a_description_are_told_together() -> None:
    with pytest.raises(BadInput) as caught:
        layer(
            column="y",
            breaks=[3, 1],
            field=[{"column": "x", "label": "X", "format": "share", "people": True, "derived_from": ["z"]}],
        )
    assert len(caught.value.faults) == 4


def test_a_description_that_lacks_keys_names_each() -> None:
    with pytest.raises(BadInput, match=r"about(.|\n)*computed"):
        layer(about=None, computed=None)


def test_an_unknown_layer_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InfraplanError, match="homes_unserved_share"):
        load_layer("nothing")


def test_more_classes_than_colors_is_refused() -> None:
    with pytest.raises(InfraplanError, match="9 classes"):
        THEME.ramp("orange", 9)


def test_the_legend_says_where_each_class_begins_and_ends() -> None:
    assert edges(layer(), 10) == ["none", "over 0 to under 10", "10 to 100"]
    assert edges(layer(breaks=[0, 0.5, float("inf")], zero=None), 10) == ["0 to under 0.5", "0.5 or more"]


def test_a_legend_of_people_begins_at_the_threshold() -> None:
    people = [{"column": "x", "label": "X", "people": True}]
    assert edges(layer(breaks=[0, 50, float("inf")], field=people), 10) == ["none", "10 to under 50", "50 or more"]


def test_a_value_falls_in_the_class_of_the_number_that_is_shown() -> None:
    frame = pd.DataFrame({"x": [0, 0.0001, 9.94, 9.96, 100, None, 250]})
    classed = classify(layer(), frame, None, THEME, 10)
    assert classed.codes.tolist() == [0, 1, 1, 2, 2, UNKNOWN, 2]
    assert [(entry.label, entry.count, entry.pattern) for entry in classed.legend] == [
        ("none", 1, ""),
        ("over 0 to under 10", 2, ""),
        ("10 to 100", 3, ""),
        ("unknown", 1, "hatch"),
    ]


def test_withheld_is_a_class_of_its_own() -> None:
    classed = classify(layer(), pd.DataFrame({"x": [None, 5]}), ["fewer than 10", None], THEME, 10)
    assert classed.codes.tolist() == [WITHHELD, 1]
    assert classed.legend[-1].pattern == "dots"


def test_where_less_is_worse_the_lowest_class_is_the_darkest() -> None:
    colors = [entry.color for entry in classify(layer(reverse=True), pd.DataFrame({"x": [5]}), None, THEME, 10).legend]
    assert luminance(colors[0]) < luminance(colors[-1])


def test_codes_have_their_own_colors_and_an_unseen_code_is_unknown() -> None:
    codes = layer(breaks=None, zero=None, code=[{"code": "yes", "label": "near", "color": "#000000"}])
    classed = classify(codes, pd.DataFrame({"x": ["yes", "perhaps", None]}), None, THEME, 10)
    assert classed.codes.tolist() == [0, UNKNOWN, UNKNOWN]


def test_booleans_are_the_codes_yes_and_no() -> None:
    codes = layer(
        breaks=None,
        zero=None,
        code=[{"code": "no", "label": "far", "color": "#000000"}, {"code": "yes", "label": "near", "color": "#ffffff"}],
    )
    frame = pd.DataFrame({"x": pd.array([True, False, None], dtype="boolean")})
    assert classify(codes, frame, None, THEME, 10).codes.tolist() == [1, 0, UNKNOWN]
