"""Tables and pages as HTML: escaped, units in the headers, one policy, nothing from elsewhere."""

import base64
import hashlib
import html as entities
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from infraplan.outputs import pages
from infraplan.outputs.pages import Page, Section, SourceNote
from infraplan.outputs.tables import Field, Format, table
from infraplan.outputs.templating import script_safe, to_json

NASTY = '</script><script>alert("x")</script> & \u2028 O\'Brien'
NOTE = SourceNote(
    title="Availability", publisher="FCC", as_of="2022-06-30", file=NASTY, sha256="0123456789abcdef" * 4, rows=1234
)


def page_of(**changes: object) -> str:
    parts: dict[str, object] = {
        "title": "Gaps",
        "lead": "Read this.",
        "sources": [NOTE],
        "sections": [Section(anchor="one", heading="One", body=Markup("<p>Body</p>"))],
    }
    return pages.html(Page(**(parts | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("count", 1234567.0, "1,234,567"),
        ("count", 0.2, "under 1"),
        ("count", 0, "0"),
        ("count", None, "unknown"),
        ("share", 0.12345, "12.3"),
        ("share", 0.0001, "under 0.1"),
        ("share", 1, "100.0"),
        ("percent", 45.25, "45.2"),
        ("number", -3.14159, "-3.1"),
        ("number", -0.01, "0.0"),
        ("usd", 1234.5, "$1,234.50"),
        ("usd", -5492.88, "-$5,492.88"),
        ("usd", -0.001, "$0.00"),
    ],
)
def test_numbers_have_separators_and_fixed_decimals(form: Format, value: float | None, text: str) -> None:
    assert Field(column="x", label="X", format=form).texts(pd.Series([value])) == [text]


def test_codes_are_put_into_words_and_blanks_named() -> None:
    item = Field(column="x", label="X", format="text", words={"filed": "as filed"}, missing="not said")
    assert item.texts(pd.Series(["filed", "other", "", None])) == ["as filed", "other", "not said", "not said"]


def test_a_table_has_caption_units_scopes_and_buttons() -> None:
    fields = [
        Field(column="name", label="District", format="text"),
        Field(column="x", label="Unserved", unit="locations"),
    ]
    markup = table(pd.DataFrame({"name": ["A"], "x": [1200]}), fields, caption="Homes", table_id="t")
    assert '<caption id="t-caption">Homes' in markup
    assert '<th scope="col" data-column="x" class="n"><button type="button">Unserved <span class="unit">(loca' in markup
    assert "<tr><th scope=row>A<td class=n>1,200" in markup


def test_a_withheld_figure_is_replaced_by_its_word() -> None:
    fields = [Field(column="name", label="District", format="text"), Field(column="x", label="Children")]
    frame = pd.DataFrame({"name": ["A", "B"], "x": [7, 77]})
    markup = table(frame, fields, caption="c", table_id="t", hidden={"x": ["fewer than 10", None]})
    assert ">fewer than 10" in markup
    assert ">77" in markup
    assert ">7\n" not in markup


def test_an_empty_table_says_that_it_is() -> None:
    fields = [Field(column="name", label="N", format="text")]
    markup = table(pd.DataFrame({"name": []}), fields, caption="c", table_id="t")
    assert "(0 rows)" in markup
    assert "<th scope=row>" not in markup


@given(st.text())
def test_text_of_a_cell_never_becomes_markup(text: str) -> None:
    fields = [Field(column="name", label="N", format="text", missing="blank")]
    markup = table(pd.DataFrame({"name": [text]}, dtype="object"), fields, caption="c", table_id="t")
    cell = markup.split("<th scope=row>")[1].split("\n</tbody>")[0]
    assert "<" not in cell
    assert entities.unescape(cell) == entities.unescape(str(Markup.escape(text or "blank")))


@given(st.text())
def test_text_in_a_data_block_cannot_end_it(text: str) -> None:
    encoded = to_json({"x": text})
    assert not set("<>&\u2028\u2029") & set(encoded)
    assert not set("<>&\u2028\u2029") & set(script_safe(text))


def test_every_script_is_allowed_by_its_hash_and_no_other() -> None:
    text = page_of(scripts=["console.log('mine');"])
    policy = entities.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])  # type: ignore[index]
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts}
    assert set(re.search(r"script-src ([^;]*);", policy)[1].split()) == hashes  # type: ignore[index]
    assert "default-src 'none'" in policy


def test_stamps_are_in_the_title_and_on_the_page() -> None:
    text = page_of(stamps=["SYNTHETIC", "PLANNING ONLY"])
    assert "<title>[SYNTHETIC] [PLANNING ONLY] Gaps</title>" in text
    assert text.index("<li>SYNTHETIC</li>") < text.index('<main id="main"')


def test_a_page_has_language_landmarks_and_a_way_past_the_header() -> None:
    text = page_of()
    for part in ('<html lang="en-US">', 'class="skip" href="#main"', '<main id="main"', "<header>", "<nav ", "<footer"):
        assert part in text
    assert text.count("<h1>") == 1
    assert "maximum-scale" not in text


def test_sources_are_named_with_date_and_fingerprint() -> None:
    text = page_of()
    assert "2022-06-30" in text
    assert "0123456789ab" in text
    assert "0123456789abc" not in text
    assert "1,234" in text


def test_a_page_without_sources_says_so() -> None:
    assert "No source files were named" in page_of(sources=[])


def test_markup_in_names_stays_text_everywhere() -> None:
    text = page_of(
        title=NASTY,
        lead=NASTY,
        stamps=[NASTY],
        notes=[NASTY],
        method=[(NASTY, NASTY)],
        disclaimer=NASTY,
        data={"d": to_json(NASTY)},
    )
    assert "<script>alert" not in text


def test_dates_stay_in_one_piece() -> None:
    frame = pd.DataFrame({"name": ["A", "B"], "x": ["2022-06-30", "a well-known long-winded file"]})
    fields = [Field(column="name", label="N", format="text"), Field(column="x", label="X", format="text")]
    markup = table(frame, fields, caption="c", table_id="t")
    assert "<td class=k>2022-06-30" in markup
    assert "<td>a well-known" in markup
