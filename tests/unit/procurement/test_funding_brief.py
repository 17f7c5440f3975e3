"""The legislator's page says what the tables say: dollars rounded alike, rates as they were given, counts with their noun."""

from decimal import Decimal

import pytest

from infraplan.errors import InfraplanError
from infraplan.procurement.funding import answer, brief
from infraplan.procurement.funding.inputs import Fund, Inputs, Project, parse_years
from infraplan.solve import Limits

PROVED = Limits(gap=0, threads=1)


def page(cost: int, erate: int, funded: int = 1) -> brief.Brief:
    """A plan of two projects of one district, of which the fund pays for one or both."""
    projects = [
        Project(
            f"p{at}", "1", "C1", "recurring", cost, erate, 0, (2026,), Decimal(20 - at), Decimal(0)
        )
        for at in range(2)
    ]  # fmt: skip
    fund = Fund("f", "state_grant", 2026, funded * (cost - erate), None, frozenset({"C1"}), match=False)
    told = Inputs((2026,), tuple(projects), (fund,), None, {2026: 2026})
    best = answer.find(told, PROVED)
    return brief.brief(best, [best], 10)


def test_half_a_dollar_is_rounded_alike_in_the_first_sentence_and_in_the_table() -> None:
    told = page(60_500, 40_050)
    assert told.lead.startswith("$205 of state money brings 20 students to target in 1 project and draws $401 of")
    assert told.amounts[["erate_usd", "spent_usd"]].to_numpy().tolist() == [[401.0, 205.0]]


def test_the_example_tells_the_rate_that_was_given() -> None:
    # 25 percent of 73.82 is 18.455, paid as 18.46: to the cent 25.01 percent, which nobody gave
    assert (
        page(7_382, 1_846)
        .example[0]
        .startswith("Project p0 in 2026: $73.82 before discount. E-Rate pays 25 % = $18.46, which leaves $55.36.")
    )
    assert "E-Rate pays 85.5 % = $855.00" in page(100_000, 85_500).example[0]


def test_one_district_has_projects_that_are_not_funded() -> None:
    assert page(60_000, 40_000).left_words == "1 district has projects that are not funded."
    assert page(60_000, 40_000, 2).left_words == "Every project that brings students to target is funded."


@pytest.mark.parametrize("years", ["2026-", "-2026", "FY2026", "2026--2027"])
def test_half_a_span_of_years_is_refused(years: str) -> None:
    with pytest.raises(InfraplanError, match="give the first and last funding year"):
        parse_years(years)
