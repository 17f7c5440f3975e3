"""Letters to business officers: what each part says, who gets one, and the page it becomes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from infraplan.cli.procurement.letters import letter
from infraplan.errors import NoAnswer
from infraplan.procurement import c2_left, calendar, letters, places, prices, reconcile
from infraplan.workspace import Workspace

LINE = {
    "ben": "7", "filed_by": "7", "line_id": "1.001", "service": "internet", "mbps": 100.0, "circuits": 1.0, "usd_month": 150.0,
    "usd_mbps_month": 1.5, "peers": "Internet with circuit, 100 to 250 Mbps, rural, IA", "n": 11, "percentile": 50.0,
    "p10_usd_mbps_month": 1.1, "median_usd_mbps_month": 1.5, "p90_usd_mbps_month": 1.9, "outlier": None,
}  # fmt: skip
APPLICATION = {
    "application_number": "A", "funding_year": 2025, "ben": "7", "name": "Elm <b>Creek</b>", "applicant_type": "School District",
    "students": 200, "nslp_students": 99, "urban_rural": "Rural", "c1_rate": Decimal(80), "c2_rate": Decimal(80),
}  # fmt: skip
REQUEST = {
    "frn": "1", "application_number": "A", "ben": "7", "status": "Funded", "category": "C1",
    "monthly_eligible_usd": Decimal(100), "commitment_usd": Decimal(960), "disbursed_usd": Decimal(160),
}  # fmt: skip


def desk(*, spending: pd.DataFrame | None = None, historic: bool = False, **application: object) -> letters.Desk:
    applications = pd.DataFrame([APPLICATION | application])
    return letters.Desk(
        applications=applications,
        found=prices.Benchmark(pd.DataFrame([LINE]), (), (), historic),
        dates=calendar.calendar({"requests": pd.DataFrame([REQUEST]), "applications": applications}, date(2026, 10, 1)),
        opening=reconcile.opening({"applications": applications}),
        c2_spending=spending,
    )


def part(one: letters.Letter, heading: str) -> str:
    return " ".join(next(found for found in one.parts if found.heading.startswith(heading)).sentences)


def test_a_letter_opens_with_how_our_figures_compare() -> None:
    assert letters.write("7", desk()).opening.startswith(
        "Compared with the published figures: Category One rates 1 of 1 equal"
    )


def test_prices_say_how_many_like_lines_pay_less_and_never_a_bare_mean() -> None:
    told = part(letters.write("7", desk()), "What you pay")
    assert "100 Mbps: $150.00 a month a circuit, $1.50 per Mbps (line 1.001)" in told
    assert "Of 11 like lines" in told
    assert "50 percent pay less per Mbps; half pay under $1.50" in told


def test_the_rate_is_reckoned_again_and_the_next_band_is_counted_in_students() -> None:
    told = part(letters.write("7", desk()), "Your discount rate")
    assert "80 percent on Category One and 80 on Category Two for FY2025; reckoned again, it is the same." in told
    assert (
        "The next band starts at 75 percent: 50 more eligible students out of 200 would reach it." in told
    )  # 149 / 200


def test_a_rate_that_differs_says_so() -> None:
    told = part(letters.write("7", desk(c1_rate=Decimal(70), c2_rate=Decimal(70))), "Your discount rate")
    assert "it is 80 and 80: ask which count USAC used" in told


def test_the_sum_can_be_redone_by_hand() -> None:
    told = part(letters.write("7", desk()), "One sum")
    assert "99 eligible students / 200 students x 100 = 49.50, rounded to 50 percent" in told
    assert "54.505" in told


@pytest.mark.parametrize("eligible", [4, 195])
def test_counts_of_few_people_are_not_printed(eligible: int) -> None:
    one = letters.write("7", desk(nslp_students=eligible))
    text = " ".join(sentence for found in one.parts for sentence in found.sentences)
    assert "Counts of people under 10 are not printed" in text
    assert f"{eligible} eligible" not in text
    assert "more eligible students" not in text


def test_dates_and_dollars_at_stake_are_listed() -> None:
    assert "2026-10-28: invoice deadline (request 1), $800.00 at stake." in part(
        letters.write("7", desk()), "Dates, as of"
    )


def test_category_two_is_given_where_it_is_loaded_and_its_absence_is_said() -> None:
    row = {"ben": "7", "cycle": "FY2026-2030", "budget_usd": Decimal(30175), "available_usd": Decimal(175)}
    assert "left: $175.00" in part(letters.write("7", desk(spending=pd.DataFrame([row]))), "Category Two")
    assert "not loaded" in part(letters.write("7", desk()), "Category Two")


def test_historic_prices_stamp_the_letter() -> None:
    assert letters.write("7", desk(historic=True)).stamps == ("HISTORIC: prices more than two funding years old",)


def test_an_applicant_that_filed_nothing_has_no_letter() -> None:
    with pytest.raises(NoAnswer, match="no application of BEN 8"):
        letters.write("8", desk())


def test_a_district_number_is_looked_up_in_the_crosswalk() -> None:
    assert letters.ben_of("1903090", {"7": "1903090", "8": "1900001"}) == "7"
    with pytest.raises(NoAnswer, match="no BEN is known of district 9"):
        letters.ben_of("9", {"7": "1903090"})
    with pytest.raises(NoAnswer, match=r"2 BENs are known \(7, 8\)"):
        letters.ben_of("1", {"7": "1", "8": "1"})


def report(folder: Path) -> list[str]:
    """USAC's three tables with one district, as files."""
    tables = {
        "basic": ("report_state,Application Number,Funding Year,Billed Entity Number,Billed Entity Name,Applicant Type,"
                  "Fulltime Enrollment,NSLP Count,Urban/ Rural Status,Category One Discount Rate,Category Two Discount Rate",
                  "IA,A,2025,7,Elm <b>Creek</b>,School District,200,99,Rural,80,80"),
        "frn": ("Application Number,BEN,FRN,FRN Status,Service Type,Pricing Confidentiality,Total Monthly Eligible Charges,"
                "Total Pre-Discount Charges,Discount Rate,Funding Commitment Request",
                "A,7,1,Funded,Data Transmission and/or Internet Access,No,100,1200,80,960"),
        "lines": ("FRN,Line Item,Function,Type of Product,Purpose,Download Speed,Download Speed Units,"
                  "Monthly Recurring Unit Eligible Costs,Monthly Quantity",
                  f"1,1.001,Fiber,Ethernet,{dict(prices._codes()['purpose'])['internet']},100,Mbps,100,1"),
    }  # fmt: skip
    words = []
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        words += ["--form-471", str(path)]
    return words


def test_the_command_writes_one_escaped_page_per_applicant_with_its_sources(tmp_path: Path) -> None:
    words = [*report(tmp_path), "--all", "--funding-year", "2026", "--as-of", "2026-10-01", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(letter, words, catch_exceptions=False)
    assert done.exit_code == 0
    page = (tmp_path / "out" / "letter_7.html").read_text(encoding="utf-8")
    assert "Elm &lt;b&gt;Creek&lt;/b&gt;: E-Rate at a glance, FY2026" in page
    assert "<b>Creek" not in page
    assert "frn.csv" in page
    assert "Planning figures, not legal advice" in page


def test_the_command_wants_exactly_one_way_to_name_the_recipients(tmp_path: Path) -> None:
    common = ["--funding-year", "2026", "-o", str(tmp_path)]
    assert CliRunner().invoke(letter, common).exit_code == 2
    assert CliRunner().invoke(letter, ["--ben", "7", "--all", *common]).exit_code == 2
    missing = CliRunner().invoke(letter, ["--lea", "1903090", *report(tmp_path), *common])
    assert "--crosswalk" in str(missing.exception)


def test_the_basic_information_alone_makes_a_letter(tmp_path: Path) -> None:
    words = [*report(tmp_path)[:2], "--ben", "7", "--funding-year", "2026", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(letter, words, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "out" / "letter_7.html").read_text(encoding="utf-8")
    assert "No circuit of yours with a price and a speed is loaded." in page
    assert "No deadline or contract end of yours is ahead in what is loaded." in page
    assert "You filed 80 percent on Category One" in page
    assert "prices need the Form 471 tables" in done.stderr


def test_the_letters_year_is_the_workspaces_where_none_is_given(tmp_path: Path) -> None:
    words = [*report(tmp_path), "--ben", "7", "--as-of", "2026-10-01", "-o", str(tmp_path / "out")]
    plan = Workspace.create(tmp_path / "plan", state="IA", funding_year=2027)
    done = CliRunner().invoke(letter, [*words, "--workspace", str(plan.folder)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "at a glance, FY2027" in (tmp_path / "out" / "letter_7.html").read_text(encoding="utf-8")
    none = CliRunner().invoke(letter, [*words, "--workspace", str(tmp_path)])
    assert none.exit_code == 2
    assert "give --funding-year" in none.stderr


def test_the_threshold_of_the_workspace_holds_on_its_letters(tmp_path: Path) -> None:
    plan = Workspace.create(tmp_path / "plan", state="IA", funding_year=2026).folder
    settings = plan / "infraplan.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("threshold = 10", "threshold = 100"), encoding="utf-8"
    )
    words = [
        *report(tmp_path),
        "--ben",
        "7",
        "--as-of",
        "2026-10-01",
        "--workspace",
        str(plan),
        "-o",
        str(tmp_path / "out"),
    ]
    assert CliRunner().invoke(letter, words, catch_exceptions=False).exit_code == 0
    page = (tmp_path / "out" / "letter_7.html").read_text(encoding="utf-8")
    assert "Counts of people under 100 are not printed" in page
    assert "99 eligible students" not in page


@pytest.mark.parametrize("blank", [None, pd.NA, float("nan")])
def test_without_the_eligible_students_no_rate_is_made_up(blank: object) -> None:
    one = letters.write("7", desk(nslp_students=blank))
    for heading in ("Your discount rate", "One sum"):
        assert part(one, heading) == (
            "The eligible students are not in the tables loaded, so a rate cannot be reckoned here."
        )
    assert "Category One rates" not in one.opening


def test_an_application_without_its_year_makes_no_letter() -> None:
    with pytest.raises(NoAnswer, match="with its enrollment and year"):
        letters.write("7", desk(funding_year=None))


def test_the_quotient_is_printed_with_as_many_places_as_its_rounding_needs() -> None:
    text = part(letters.write("7", desk(students=25000, nslp_students=12374)), "One sum")
    assert "x 100 = 49.496, rounded to 49 percent" in text
    assert "x 100 = 49.50, rounded to 50 percent" in part(letters.write("7", desk()), "One sum")


def test_a_district_is_found_by_the_code_usac_publishes_or_its_applicant_filed() -> None:
    entities = pd.DataFrame([("7", "School District", "1903090")], columns=["entity_id", "kind", "lea_id"])
    assert places.filed_crosswalk({"erate_entities": entities}, "1903090") == {"7": "1903090"}
    sites = pd.DataFrame(
        [("8", "School District", "1900021")], columns=["parent_ben", "parent_type", "parent_nces_code"]
    )
    tables = {"erate_entities": entities, "applicant_sites": sites}
    assert places.filed_crosswalk(tables, "1900021") == {"7": "1903090", "8": "1900021"}
    assert places.filed_crosswalk({}, "1900021") == {}


def test_category_two_left_is_reckoned_from_the_counts_filed_where_usacs_tool_is_not_loaded() -> None:
    row = {
        "ben": "7",
        "c2_left_usd": 25000.0,
        "c2_budget_usd": 30175.0,
        "c2_cycle": "FY2026 to FY2030",
        "c2_basis": "reckoned",
        "c2_counts": "FY2025",
    }
    told = part(letters.write("7", replace(desk(), c2_reckoned=pd.DataFrame([row]))), "Category Two")
    assert (
        "by the counts of FY2025, a budget of $30,175.00 before discount, and $25,000.00 left after the requests"
        in told
    )
    assert "not known here" in part(letters.write("7", desk()), "Category Two")


def test_of_usacs_budget_tool_only_the_years_cycle_is_told_and_the_counts_stand_in_for_what_it_lacks() -> None:
    rows = [{"ben": "7", "cycle": "FY2021-2025", "budget_usd": Decimal(9), "available_usd": Decimal(1)},
            {"ben": "7", "cycle": "FY2026-2030", "budget_usd": Decimal(30175), "available_usd": None},
            {"ben": "9", "cycle": "FY2026-2030", "budget_usd": Decimal(30175), "available_usd": Decimal(5)}]  # fmt: skip
    spending = c2_left.of_cycle({"c2_spending": pd.DataFrame(rows)}, 2026)
    told = part(letters.write("7", desk(spending=spending)), "Category Two")
    assert told == (
        "FY2026-2030: budget $30,175.00 before discount; left: not published. What is not requested in the cycle lapses."
    )
    assert spending is not None
    left = {
        "ben": "7",
        "c2_left_usd": 25.0,
        "c2_budget_usd": 30175.0,
        "c2_cycle": "FY2026 to FY2030",
        "c2_counts": "FY2025",
    }
    beside = replace(desk(spending=spending[spending["ben"] != "7"]), c2_reckoned=pd.DataFrame([left]))
    told = part(letters.write("7", beside), "Category Two")
    assert told.startswith(
        "USAC's Category Two budget tool, as loaded, has no budget of this cycle under this number. FY2026"
    )
    assert "$25.00 left" in told


def test_without_the_rates_filed_the_reckoned_ones_are_told() -> None:
    told = part(letters.write("7", desk(c1_rate=None, c2_rate=None)), "Your discount rate")
    assert told.startswith("By the counts filed for FY2025 it is 80 percent on Category One and 80 on Category Two.")


def test_a_status_that_is_not_loaded_is_never_taken_for_urban() -> None:
    one = letters.write("7", desk(urban_rural=None))
    for heading in ("Your discount rate", "One sum"):
        assert "urban or rural status is not in the tables loaded" in part(one, heading)
    assert one.opening.startswith("Not compared with published figures: there is nothing to compare")
