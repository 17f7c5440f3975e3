"""License statements as catalogs and lists write them, and what the tool makes of them."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.oer.license_book import ANSWERS, FIELDS, by_spdx, creative_commons, family, table
from infraplan.oer.licenses import license_table, outcome_counts, read
from infraplan.oer.sources.lists import read_statements

HERE = Path(__file__).parent
CASES = list(csv.DictReader((HERE / "license_cases.csv").read_text(encoding="utf-8").splitlines()))
ELEMENTS = [("by",), ("by", "sa"), ("by", "nc"), ("by", "nc", "sa"), ("by", "nd"), ("by", "nc", "nd")]
VERSIONS = ["1.0", "2.0", "2.5", "3.0", "4.0"]


@pytest.mark.parametrize("case", CASES, ids=[case["raw"][:60] or "empty" for case in CASES])
def test_a_statement_is_read_as_the_license_it_names(case: dict[str, str]) -> None:
    found = read(case["raw"]).license
    told = {"license_id": found.license_id, **dict(zip(FIELDS, found.terms.answers(), strict=True))}
    assert {key: told[key] for key in ("license_id", "oer", "adapt", "commercial", "share_alike")} == {
        key: case[key] for key in ("license_id", "oer", "adapt", "commercial", "share_alike")
    }


def test_an_address_beats_the_words_and_the_conflict_is_kept() -> None:
    told = read("CC BY 4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/")
    assert told.license.license_id == "CC-BY-NC-ND-4.0"
    assert told.rule == "address beside the words"
    assert "CC-BY-4.0" in told.conflict


def test_an_address_without_a_version_takes_the_one_the_words_state() -> None:
    assert read("CC BY-SA 3.0", "https://creativecommons.org/licenses/by-sa/").license.license_id == "CC-BY-SA-3.0"


def test_an_address_that_says_nothing_leaves_the_words_to_decide() -> None:
    assert read("CC BY 4.0", "https://example.org/book").license.license_id == "CC-BY-4.0"


def test_two_versions_in_the_words_leave_the_version_open() -> None:
    told = read("CC BY-SA 3.0 or 4.0").license
    assert told.version is None
    assert "3.0" in told.note
    assert "4.0" in told.note


def test_a_version_creative_commons_never_issued_is_dropped_and_named() -> None:
    told = read("CC BY 5.0").license
    assert told.version is None
    assert "5.0" in told.note


def test_polish_3_0_has_no_spdx_id_but_keeps_version_and_jurisdiction() -> None:
    told = read("CC BY 3.0 PL").license
    assert (told.spdx_id, told.version, told.jurisdiction) == (None, "3.0", "pl")


def test_noncommercial_is_oer_but_not_open_by_the_open_definition() -> None:
    terms = read("CC BY-NC 4.0").license.terms
    assert (terms.oer, terms.open_definition) == ("yes", "no")


def test_gfdl_asks_a_person_about_invariant_sections() -> None:
    assert read("GFDL").license.terms.open_definition == "review"
    assert read("GFDL-1.3-no-invariants-only").license.terms.open_definition == "yes"


@given(
    st.sampled_from(ELEMENTS),
    st.sampled_from(VERSIONS),
    st.tuples(
        st.sampled_from(["http://", "https://", "https://www.", ""]),
        st.sampled_from(["licenses", "licences"]),
        st.sampled_from(["", "/", "/legalcode", "/deed.fr", "/deed.en_US", "/rdf"]),
    ),
    st.booleans(),
)
def test_every_form_of_an_address_names_the_same_license(
    elements: tuple[str, ...], version: str, form: tuple[str, str, str], shouted: bool
) -> None:
    scheme, folder, tail = form
    address = f"{scheme}creativecommons.org/{folder}/{'-'.join(elements)}/{version}{tail}"
    found = read(address.upper() if shouted else address).license
    assert (found.elements, found.version, found.jurisdiction) == (frozenset(elements), version, None)


@given(
    st.sampled_from(ELEMENTS),
    st.sampled_from([None, *VERSIONS]),
    st.sampled_from(["-", " ", "_"]),
    st.sampled_from(["cc", "CC", "Creative Commons"]),
)
def test_every_spelling_of_a_code_names_the_same_license(
    elements: tuple[str, ...], version: str | None, joint: str, lead: str
) -> None:
    found = read(joint.join([lead, *elements, *([version] if version else [])])).license
    assert (found.elements, found.version) == (frozenset(elements), version)


@given(st.text(max_size=80))
def test_any_text_at_all_gets_an_answer(raw: str) -> None:
    told = read(raw)
    assert set(told.license.terms.answers()) <= set(ANSWERS)


SOUNDS_OPEN = [
    "open",
    "free",
    "access",
    "online",
    "gratis",
    "resource",
    "shared",
    "teachers",
    "commons",
    "creative",
    "rights",
    "some",
    "read",
    "download",
    "public",
    "license",
    "account",
    "0",
    "textbook",
    "to",
    "for",
    "the",
]


CC0_IN_WORDS = "creative commons 0"


@given(st.lists(st.sampled_from(SOUNDS_OPEN), max_size=6).map(" ".join).filter(lambda raw: CC0_IN_WORDS not in raw))
def test_what_only_sounds_open_is_never_open(raw: str) -> None:
    assert read(raw).license.terms.oer != "yes"


@pytest.mark.parametrize("elements", ELEMENTS)
def test_no_derivatives_is_never_oer_and_noncommercial_never_sold(elements: tuple[str, ...]) -> None:
    terms = creative_commons(elements, "4.0").terms
    assert (terms.oer == "no") == ("nd" in elements)
    assert (terms.commercial == "no") == ("nc" in elements)
    assert (terms.share_alike == "yes") == ("sa" in elements)


@pytest.mark.parametrize("name", sorted(table("families")["family"]))
def test_every_family_of_the_table_can_be_read_back_by_its_id(name: str) -> None:
    license_id = family(name).license_id
    if name not in {"LicenseRef-SPDX-other", "LicenseRef-Invalid"}:
        found = by_spdx(license_id)
        assert found is not None
        assert found.family == name


def test_every_citation_named_in_the_license_files_is_declared() -> None:
    for name in ("families", "creative_commons", "compatibility", "printing"):
        book = table(name)
        cited = set(_cites(book))
        assert cited <= set(book["cite"]), name


def _cites(node: object) -> list[str]:
    if isinstance(node, dict):
        own = node.get("cite")
        here = [own] if isinstance(own, str) else own if isinstance(own, list) else []
        return here + [cite for key, value in node.items() if key != "cite" for cite in _cites(value)]
    return [cite for value in node for cite in _cites(value)] if isinstance(node, list) else []


def test_the_table_keeps_row_order_duplicates_and_blanks() -> None:
    facts = license_table(pd.DataFrame({"raw": ["CC BY", "", "CC BY", "Free"]}))
    assert facts["raw"].tolist() == ["CC BY", "", "CC BY", "Free"]
    assert facts["oer"].tolist() == ["yes", "unknown", "yes", "unknown"]


def test_the_summary_counts_each_outcome() -> None:
    facts = license_table(pd.DataFrame({"raw": ["CC BY", "CC BY-ND", "ck12", ""]}))
    assert outcome_counts(facts).startswith(
        "4 statements: 1 openly licensed (OER), 1 not OER, 1 to be read by a person, 1 unknown"
    )


@pytest.mark.parametrize(
    "raw", ["<a href=" * 600, "creative commons " * 300, "by-nc-" * 700, "( " * 2000, "no " * 1500]
)
def test_a_long_or_hostile_cell_is_read_to_its_end(raw: str) -> None:
    # a pattern that tries every way to split such a cell would not come back within a lifetime
    assert read(raw).license.license_id


@pytest.mark.parametrize(
    ("raw", "license_id"),
    [
        ("http://creativecommons.org:80/licenses/by-sa/2.5/ch/deed.de", "CC-BY-SA-2.5-CH"),
        ("https://creativecommons.org:443/publicdomain/zero/1.0/", "CC0-1.0"),
        ("OGL 1.0a", "LicenseRef-Unknown"),
        ("Open Game License v1.0a", "LicenseRef-Unknown"),
        ("OGL 3.0", "OGL-UK-3.0"),
        ("GNU Free Documentation License 1.3 or any later version", "GFDL-1.3-or-later"),
        ("GFDL 1.2+", "GFDL-1.2-or-later"),
        ("Licensed under GFDL 1.3 or CC BY-SA 3.0", "CC-BY-SA-3.0 OR GFDL-1.3-only"),
        ("GFDL 1.2 or any later version; CC BY-SA 3.0", "GFDL-1.2-or-later AND CC-BY-SA-3.0"),
    ],
)
def test_network_ports_choices_and_later_versions_are_told_apart(raw: str, license_id: str) -> None:
    assert read(raw).license.license_id == license_id


@pytest.mark.parametrize(
    ("raw", "license_id"),
    [
        ("Chapter 4 CC BY-SA", "CC-BY-SA"),
        ("CC BY (unit 3)", "CC-BY"),
        ("Version 3 of the book is CC BY", "CC-BY"),
        ("CC BY license, 2nd edition", "CC-BY"),
        ("CC BY-NC-SA for grade 4", "CC-BY-NC-SA"),
        ("CC BY, version 4", "CC-BY-4.0"),
        ("Creative Commons Attribution License 3", "CC-BY-3.0"),
    ],
)
def test_a_number_of_a_chapter_grade_or_edition_is_no_version(raw: str, license_id: str) -> None:
    assert read(raw).license.license_id == license_id


@pytest.mark.parametrize(
    ("header", "license_id"),
    [
        ("License,license_url", "CC-BY-NC-ND-4.0"),
        ("rights,Rights URL", "CC-BY-NC-ND-4.0"),
        ("raw,license_url", "CC-BY-NC-ND-4.0"),
        ("raw,url", "CC-BY-NC-ND-4.0"),
        ("raw,homepage", "CC-BY"),
    ],
)
def test_a_catalogs_own_columns_are_read_and_an_address_in_them_is_never_passed_over(
    tmp_path: Path, header: str, license_id: str
) -> None:
    row = "CC BY,https://creativecommons.org/licenses/by-nc-nd/4.0/"
    (tmp_path / "catalog.csv").write_text(f"title,{header}\nBiology,{row}\n", encoding="utf-8")
    assert license_table(read_statements(tmp_path / "catalog.csv"))["license_id"].tolist() == [license_id]
