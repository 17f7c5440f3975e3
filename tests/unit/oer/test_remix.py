"""Which licenses mix, and what the adaptation may carry."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.oer.license_book import License, creative_commons, family
from infraplan.oer.licenses import read
from infraplan.oer.remix import explained, remix
from infraplan.oer.rights import duties, printing

CASES = list(csv.DictReader((Path(__file__).parent / "remix_cases.csv").read_text(encoding="utf-8").splitlines()))
ELEMENTS = [("by",), ("by", "sa"), ("by", "nc"), ("by", "nc", "sa"), ("by", "nd"), ("by", "nc", "nd")]
LICENSES = st.one_of(
    st.builds(creative_commons, st.sampled_from(ELEMENTS), st.sampled_from([None, "1.0", "2.0", "2.5", "3.0", "4.0"])),
    st.sampled_from(
        [
            "CC0",
            "CC-PDM",
            "MIT",
            "GFDL",
            "GPL",
            "ODbL",
            "LicenseRef-CK12",
            "LicenseRef-TX-31.075",
            "LicenseRef-AllRightsReserved",
            "LicenseRef-Unknown",
            "LicenseRef-Mixed",
        ]
    ).map(family),
)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['a']} + {case['b']}" for case in CASES])
def test_a_pair_mixes_as_the_chart_says_in_both_orders(case: dict[str, str]) -> None:
    a, b = read(case["a"]).license, read(case["b"]).license
    assert remix(a, b) == remix(b, a)
    assert remix(a, b).answer == case["answer"]
    assert remix(a, b).carries[:1] == ((case["carries"],) if case["carries"] else ())


@given(LICENSES, LICENSES)
def test_mixing_does_not_depend_on_the_order(a: License, b: License) -> None:
    assert remix(a, b) == remix(b, a)


@given(LICENSES)
def test_no_derivatives_never_mixes(other: License) -> None:
    assert remix(creative_commons(("by", "nd"), "4.0"), other).answer == "no"


@given(LICENSES)
def test_public_domain_mixes_with_whatever_allows_adaptation(other: License) -> None:
    answer = remix(family("CC0"), other).answer
    assert answer == {"yes": "yes", "no": "no", "review": "review", "unknown": "unknown"}[other.terms.adapt] or (
        other.group == "custom" and answer == "review"
    )


@given(LICENSES, LICENSES)
def test_noncommercial_never_gets_lost_in_a_mix(a: License, b: License) -> None:
    found = remix(a, b)
    if "no" in {a.terms.commercial, b.terms.commercial} and found.answer == "yes":
        assert all("-NC" in carried for carried in found.carries)


@given(LICENSES, LICENSES)
def test_a_mix_that_is_possible_names_what_it_may_carry(a: License, b: License) -> None:
    found = remix(a, b)
    assert bool(found.carries) == (found.answer == "yes")
    assert found.why


def test_the_first_word_of_the_explanation_is_the_answer() -> None:
    text = explained(read("CC BY 4.0").license, read("CC BY-NC-SA 4.0").license)
    assert text.split()[0] == "yes"
    assert "CC-BY-NC-SA-4.0" in text
    assert "not legal advice" in text


def test_a_school_may_have_noncommercial_material_printed_but_not_sell_it() -> None:
    told = printing(read("CC BY-NC-SA 4.0").license)
    assert (told.print_for_school, told.sell_at_profit) == ("yes", "no")
    assert any("Great Minds v. FedEx" in title for title in told.citations)


@pytest.mark.parametrize(
    ("raw", "answer"),
    [("CC BY-ND 4.0", "yes"), ("All rights reserved", "no"), ("ck12", "review"), ("Free", "unknown"), ("CC0", "yes")],
)
def test_printing_for_the_school_follows_the_license(raw: str, answer: str) -> None:
    assert printing(read(raw).license).print_for_school == answer


def test_duties_are_those_of_the_elements() -> None:
    assert [duty.split()[0] for duty in duties(read("CC BY-NC-SA").license)] == ["credit", "no", "an"]
    assert duties(read("CC0").license) == ()


def test_versions_of_software_licenses_decide_where_the_families_do_not() -> None:
    apache, two, three = (read(raw).license for raw in ("Apache 2.0", "GPL-2.0-only", "GPL-3.0-only"))
    assert (remix(apache, two).answer, remix(two, apache).answer, remix(apache, three).answer) == ("no", "no", "yes")


def test_of_a_choice_of_licenses_the_one_that_mixes_counts() -> None:
    found = remix(read("CC BY-SA 4.0").license, read("Licensed under GFDL 1.3 or CC BY-SA 3.0").license)
    assert (found.answer, found.carries) == ("yes", ("CC-BY-SA-4.0",))


def test_creative_commons_texts_are_cited_for_their_own_licenses_only() -> None:
    assert not any("Creative Commons" in title for title in printing(read("GPL v3").license).citations)
    assert printing(read("").license).citations == ()
    assert "()" not in explained(read("").license, read("CC BY 4.0").license)


def test_only_what_may_be_shared_unchanged_may_stand_in_a_collection() -> None:
    mine = read("CC BY 4.0").license
    assert "collection" in remix(mine, read("CC BY-ND 4.0").license).why
    assert "collection" not in remix(mine, read("All rights reserved").license).why
