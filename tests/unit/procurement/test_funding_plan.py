"""A funding plan: by hand, in words, and what is written."""

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from infraplan.cli.procurement.funding import fund
from infraplan.errors import InfraplanError, NoRule
from infraplan.procurement.funding import answer, brief, files, inputs
from infraplan.solve import Limits, Status

PROJECTS = "project_id,lea_id,category,kind,pre_discount_usd,rate,students,benefit"
FUNDS = "fund_id,kind,year,usd,lea_id,may_pay_for,authority_cite,match_eligible"
PROVED = Limits(gap=0, threads=1)


def put(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def found(
    folder: Path, projects: list[str], funds: list[str], *, years: str = "2026", c2: list[str] | None = None,
    head: str = PROJECTS, policy: str = "",
) -> answer.Answer:  # fmt: skip
    told = inputs.read(
        put(folder, "projects.csv", head, *projects),
        put(folder, "funds.csv", FUNDS, *funds),
        inputs.parse_years(years),
        put(folder, "c2_budgets.csv", "lea_id,cycle_start,available_usd", *c2) if c2 is not None else None,
        put(folder, "policy.toml", policy) if policy else None,
    )
    return answer.find(told, PROVED)


def refusal(folder: Path, projects: list[str], funds: list[str] | None = None, **more: str) -> str:
    with pytest.raises(InfraplanError) as why:
        found(folder, projects, funds or [MATCH], **more)  # type: ignore[arg-type]
    return str(why.value)


FIBER = "fiber,1,C1,special_construction,1000,60,10,10"
MATCH = "m,state_match,2026,100,,C1,act 1,yes"
GRANT = "g,state_grant,2026,200,,C1 C2,act 2,no"


def test_a_match_of_ten_points_draws_ten_more_from_erate(tmp_path: Path) -> None:
    # 1,000 at 60 percent leaves 400: 100 of match draws 100 more, 200 of the grant pays the rest
    table = files.funding(found(tmp_path, [FIBER], [MATCH, GRANT]))
    assert table["fund_id"].tolist() == ["m", "g"]
    assert table["erate_usd"].tolist() == [Decimal("700.00"), Decimal("0.00")]
    assert table["match_usd"].tolist() == [Decimal("100.00"), Decimal("0.00")]
    assert table["state_usd"].tolist() == [Decimal("100.00"), Decimal("200.00")]
    assert table[["erate_usd", "state_usd", "local_usd"]].to_numpy().sum() == Decimal("1000.00")


def test_without_the_match_the_same_money_does_not_reach(tmp_path: Path) -> None:
    answered = found(tmp_path, [FIBER], [MATCH.replace("yes", ""), GRANT])
    assert answered.starts == {}
    assert files.unfunded(answered)["reason"].tolist() == [
        "its share is more than all funds of 2026 together that may pay for it"
    ]


def test_a_project_no_fund_reaches_in_any_year_names_no_single_year(tmp_path: Path) -> None:
    funds = [MATCH, MATCH.replace("2026", "2027")]
    answered = found(tmp_path, [FIBER], funds, years="2026-2027")
    assert files.unfunded(answered)["reason"].tolist() == [
        "its share is more than all funds of any year together that may pay for it"
    ]


def test_a_service_without_money_in_the_last_year_names_that_year(tmp_path: Path) -> None:
    service = "svc,1,C1,recurring,100,60,10,10"
    answered = found(tmp_path, [service], [GRANT], years="2026-2027")
    assert files.unfunded(answered)["reason"].tolist() == ["no fund of 2027 has money that may pay for it"]
    longer = found(tmp_path, [service], [GRANT], years="2026-2028")
    assert files.unfunded(longer)["reason"].tolist() == ["no fund of 2028 has money that may pay for it"]


def test_a_rate_above_the_highest_of_the_year_is_said(tmp_path: Path) -> None:
    switch = "switch,1,C2,equipment,100,90,10,10"
    notes = " ".join(found(tmp_path, [switch, FIBER], [GRANT]).inputs.notes)
    assert "1 project has a rate above the highest of FY2026 (Category One 90 %, Category Two 85 %)" in notes
    assert "their E-Rate money may be too high (switch)" in notes
    assert "above the highest" not in " ".join(
        found(tmp_path, [f"{switch},yes"], [GRANT], head=f"{PROJECTS},tribal").inputs.notes
    )


def test_funds_of_other_years_are_told_in_one_line(tmp_path: Path) -> None:
    notes = found(tmp_path, [FIBER], [GRANT, GRANT.replace("2026", "2030"), MATCH.replace("2026", "2031")]).inputs.notes
    assert notes[0] == "2 funds are left out: their years are not in the plan (g (2030), m (2031))"


def test_state_money_that_stays_unspent_is_told_by_kind_of_fund(tmp_path: Path) -> None:
    # at 60 percent 400 are left: 100 of match, 100 that it draws, 200 of 250 of the grant
    answered = found(tmp_path, [FIBER], [MATCH, GRANT.replace("200", "250")])
    told = "of the $350 in the state's funds $50 stays unspent (state_grant $50)"
    assert told in " ".join(files.summary(answered))
    assert told in " ".join(brief.brief(answered, [answered], 10).notes)


def test_at_ninety_percent_the_match_is_half_of_what_is_left(tmp_path: Path) -> None:
    table = files.funding(found(tmp_path, [FIBER.replace(",60,", ",90,")], [MATCH]))
    assert table["erate_usd"].tolist() == [Decimal("950.00")]
    assert table["state_usd"].tolist() == [Decimal("50.00")]


def test_money_is_not_matched_on_equipment_or_service(tmp_path: Path) -> None:
    service = "svc,1,C1,recurring,400,60,10,10"
    table = files.funding(found(tmp_path, [service], [MATCH, GRANT]))
    assert table["match_usd"].sum() == 0
    assert table["erate_usd"].sum() == 240


def test_recurring_service_is_paid_to_the_last_year(tmp_path: Path) -> None:
    service = "svc,1,C1,recurring,100,50,10,10"
    funds = ["a,local,2026,50,,C1,vote,no", "b,local,2027,50,,C1,vote,no", "c,local,2028,50,,C1,vote,no"]
    answered = found(tmp_path, [service], funds, years="2026-2028")
    assert files.funding(answered)["year"].tolist() == [2026, 2027, 2028]
    assert files.funding(answered)["benefit"].tolist() == [10, 0, 0]
    assert found(tmp_path, [service], funds[:2], years="2026-2028").starts == {}
    late = found(tmp_path, [service], funds[1:], years="2026-2028")
    assert late.starts == {0: 2027}


def test_category_two_is_held_to_the_budget_of_five_years(tmp_path: Path) -> None:
    projects = ["a,1,C2,equipment,600,80,10,10", "b,1,C2,equipment,500,80,9,9"]
    funds = ["g,state_grant,2026,900,,C2,act,no", "h,state_grant,2027,900,,C2,act,no"]
    assert found(tmp_path, projects, funds, years="2026-2027", c2=["1,2026,1000"]).starts.keys() == {0}
    assert found(tmp_path, projects, funds, years="2026-2027", c2=["1,2026,1100"]).starts.keys() == {0, 1}
    without = found(tmp_path, projects, funds, years="2026-2027", c2=["2,2026,1000"])
    assert without.starts == {}
    assert "1 district with Category Two projects has no budget" in " ".join(without.inputs.notes)


def test_a_project_waits_for_what_it_requires(tmp_path: Path) -> None:
    head = PROJECTS + ",requires,earliest_year"
    projects = ["fiber,1,C1,special_construction,100,80,10,0,,2027", "svc,1,C1,recurring,100,80,10,10,fiber,2026"]
    funds = [f"f{year},local,{year},100,,C1,vote,no" for year in (2026, 2027)]
    assert found(tmp_path, projects, funds, years="2026-2027", head=head).starts == {0: 2027, 1: 2027}


def test_of_two_that_exclude_each_other_the_better_is_funded(tmp_path: Path) -> None:
    head = PROJECTS + ",excludes"
    projects = ["a,1,C1,recurring,100,80,10,10,b", "b,1,C1,recurring,100,80,10,11,"]
    answered = found(tmp_path, projects, ["f,local,2026,1000,,C1,vote,no"], head=head)
    assert answered.starts == {1: 2026}
    assert files.unfunded(answered)["reason"].tolist() == ["excluded by b, which is funded"]


def test_need_weights_count_and_are_zero_unless_given(tmp_path: Path) -> None:
    projects, one = ["a,1,C1,recurring,100,80,10,10", "b,2,C1,recurring,100,80,10,12"], ["f,local,2026,20,,C1,vote,no"]
    plain = found(tmp_path, projects, one)
    assert plain.starts == {1: 2026}
    assert "every student counts the same" in " ".join(plain.inputs.notes)
    head = PROJECTS + ",need_weight"
    weighted = found(tmp_path, [projects[0] + ",0.5", projects[1] + ","], one, head=head)
    assert weighted.starts == {0: 2026}
    assert weighted.result.objective == 15


def test_tribal_money_matches_for_tribal_applicants_only(tmp_path: Path) -> None:
    head, tribe = PROJECTS + ",tribal", "t,tribal,2026,100,,C1,resolution,yes"
    rest = "l,local,2026,200,,C1,vote,no"
    assert found(tmp_path, [FIBER + ",yes"], [tribe, rest], head=head).starts == {0: 2026}
    assert found(tmp_path, [FIBER + ",no"], [tribe, rest], head=head).starts == {}


def test_a_fund_without_an_authority_is_left_out_and_said(tmp_path: Path) -> None:
    answered = found(tmp_path, [FIBER], [MATCH.replace("act 1", ""), GRANT])
    assert answered.starts == {}
    assert "fund m (2026) is left out: no authority is cited for spending it" in answered.inputs.notes


def test_a_budget_of_zero_funds_nothing_and_is_an_answer(tmp_path: Path) -> None:
    answered = found(tmp_path, [FIBER], [MATCH.replace(",100,", ",0,")])
    assert answered.result.status == Status.optimal
    assert answered.worth == 0
    assert files.funding(answered).empty


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a,1,C1,recurring,100,80,10,10,a,", "project a requires itself"),
        ("a,1,C1,recurring,100,80,10,10,z,", "requires z, which is not in projects.csv"),
        ("a,1,C1,recurring,100,80,10,10,,a", "project a excludes itself"),
        ("a,1,C2,special_construction,100,80,10,10,,", "special construction is Category One"),
        ("a,1,C1,recurring,100,180,10,10,,", "rate is '180'"),
    ],
)
def test_faults_of_projects_are_told_in_words(tmp_path: Path, line: str, words: str) -> None:
    assert words in refusal(tmp_path, [line], head=PROJECTS + ",requires,excludes")


def test_projects_that_wait_for_each_other_are_named(tmp_path: Path) -> None:
    lines = ["a,1,C1,recurring,1,80,1,1,b", "b,1,C1,recurring,1,80,1,1,c", "c,1,C1,recurring,1,80,1,1,a"]
    told = refusal(tmp_path, lines, head=PROJECTS + ",requires")
    assert "projects wait for each other: a requires b requires c requires a" in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("f,lottery,2026,1,,C1,act,no", "expected one of state_match, state_grant, local, tribal, oer_savings"),
        ("f,local,2026,1,,C1,vote,yes", "only state money is matched"),
        ("f,local,2026,1,,C3,vote,no", "may_pay_for of fund f (2026) is C3"),
    ],
)
def test_faults_of_funds_are_told_in_words(tmp_path: Path, line: str, words: str) -> None:
    assert words in refusal(tmp_path, [FIBER], [line])


def test_years_outside_the_rules_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRule, match="the newest present is"):
        found(tmp_path, [FIBER], [MATCH], years="2090-2091")
    with pytest.raises(InfraplanError, match="as 2026-2030"):
        inputs.parse_years("2030-2026")
    with pytest.raises(InfraplanError, match="more than 30 years"):
        inputs.parse_years("2026-20260")


def test_a_fair_share_needs_regions(tmp_path: Path) -> None:
    assert "fiber has no region" in refusal(tmp_path, [FIBER], policy='fair_share = "floor"\n')
    assert "did you mean fair_share?" in refusal(tmp_path, [FIBER], policy='fairshare = "floor"\n')


def run(folder: Path, *more: str) -> Result:
    projects = put(folder, "projects.csv", PROJECTS, FIBER, "wifi,2,C2,equipment,500,80,5,5")
    funds = put(folder, "funds.csv", FUNDS, MATCH, GRANT.replace(",200,", ",300,"))
    words = ["--projects", str(projects), "--funds", str(funds), "--years", "2026", "-o", str(folder / "out"), *more]
    return CliRunner().invoke(fund, words)


def test_the_command_writes_the_declared_files(tmp_path: Path) -> None:
    assert run(tmp_path, "--gap", "0").exit_code == 0
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "brief.html", "frontier.csv", "funding.csv", "solution.json", "unfunded.csv"
    ]  # fmt: skip
    told = json.loads((out / "solution.json").read_text(encoding="utf-8"))
    assert (told["status"], told["objective"], told["bound"]) == ("optimal", 15.0, 15.0)
    assert told["objective_unit"] == "students brought to target, weighted by need"
    assert (told["state_usd"], told["erate_usd"]) == (400.0, 1100.0)


@pytest.mark.parametrize("usd", ["nan", "inf", "-1"])
def test_an_amount_that_is_no_number_is_a_wrong_usage(tmp_path: Path, usd: str) -> None:
    told = run(tmp_path, "--state-usd", usd)
    assert told.exit_code == 2
    assert "--state-usd" in told.output


def test_stamps_in_the_rows_of_the_files_travel_to_the_page(tmp_path: Path) -> None:
    put(tmp_path, "old.csv", f"{PROJECTS},stamp", f"{FIBER},HISTORIC: requests of 2016")
    assert run(tmp_path, "--projects", str(tmp_path / "old.csv")).exit_code == 0
    told = json.loads((tmp_path / "out" / "solution.json").read_text(encoding="utf-8"))
    assert told["stamps"] == ["HISTORIC: requests of 2016"]
    assert "HISTORIC: requests of 2016" in (tmp_path / "out" / "brief.html").read_text(encoding="utf-8")


def test_the_frontier_says_what_other_amounts_of_state_money_buy(tmp_path: Path) -> None:
    assert run(tmp_path, "--gap", "0", "--state-usd", "0", "--state-usd", "100", "--state-usd", "300").exit_code == 0
    table = pd.read_csv(tmp_path / "out" / "frontier.csv")
    assert table["state_usd"].tolist() == [0, 100, 300]
    assert table["benefit"].tolist() == [0, 5, 10]
    assert table["status"].tolist() == ["optimal"] * 3


def test_the_brief_says_what_money_buys_and_withholds_small_counts(tmp_path: Path) -> None:
    assert run(tmp_path, "--gap", "0").exit_code == 0
    page = (tmp_path / "out" / "brief.html").read_text(encoding="utf-8")
    assert "$400 of state money brings 15 students to target in 2 projects" in page
    assert "Without state money it would be 0 students and $0." in page
    assert "$1,000.00 before discount. E-Rate pays 60 % = $600.00, which leaves $400.00" in page
    assert "fewer than 10" in page  # a quarter of the money brings five students
    assert "frontier" not in page.lower()


def test_the_brief_names_who_is_left_out_and_why(tmp_path: Path) -> None:
    answered = found(tmp_path, [FIBER, "big,2,C1,recurring,90000,60,40,40"], [MATCH, GRANT])
    told = brief.brief(answered, [answered], 11)
    assert told.left[["lea_id", "students", "projects"]].to_numpy().tolist() == [["2", 40.0, 1]]
    assert "brings fewer than 11 students to target" in told.lead
    assert told.left["why"].tolist() == ["its share is more than all funds of 2026 together that may pay for it"]
    assert brief.brief(found(tmp_path, [FIBER], []), [], 11).example == (
        "No project is funded, so there is nothing to recompute.",
    )
