"""Our figures beside the published: counts, causes, and refusals."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from infraplan.errors import BadInput, NoAnswer
from infraplan.procurement import reconcile


def put(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def causes(answer: reconcile.Reconciliation) -> list[tuple[str, str, str]]:
    table = answer.table
    return list(zip(table["entity_id"], table["figure"], table["likely_cause"], strict=True))


def test_a_table_of_ours_is_compared_with_usacs_names(tmp_path: Path) -> None:
    ours = put(
        tmp_path / "ours.csv",
        "entity_id,budget_usd,available_usd",
        "1,100785.00,5",
        "2,30175.00,0",
        "3,50000.00,0",
        "9,1,1",
    )
    usac = put(
        tmp_path / "usac.csv",
        "ben,c2_budget,available_c2_budget_amount",
        "1,83500,5.00",
        "2,60350.00,0",
        "3,50201.57,0",
        "4,7,",
    )
    answer = reconcile.files(ours, usac, 2026)
    budget = [row for row in causes(answer) if row[1] == "budget_usd"]
    assert budget == [
        ("1", "budget_usd", "the figures of the cycle FY2021 to FY2025"),
        ("2", "budget_usd", "1 site more, each at the floor"),
        ("3", "budget_usd", "1 student more"),
        ("9", "budget_usd", "not published"),
        ("4", "budget_usd", "published, and not among ours"),
    ]
    assert answer.counts()["available_usd"] == (3, 0, 1)


def test_published_shares_are_read_as_percent(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours.csv", "entity_id,c1_rate", "1,80")
    usac = put(tmp_path / "usac.csv", "entity_number,category_one_discount_rate", "1,0.8")
    assert reconcile.files(ours, usac).counts() == {"c1_rate": (1, 0, 0)}


def test_a_column_is_of_shares_or_of_percents_as_a_whole_and_shares_of_students_are_whole_percents(
    tmp_path: Path,
) -> None:
    ours = put(tmp_path / "ours.csv", "entity_id,nslp_percent,c1_rate", "1,1,50", "2,58,80", "3,0,20")
    shares = put(tmp_path / "usac.csv", "ben,nslp_percentage,c1_rate", "1,0.0100,50%", "2,0.5784,80 %", "3,0.004,20")
    answer = reconcile.files(ours, shares)
    assert answer.counts() == {"c1_rate": (3, 0, 0), "nslp_percent": (3, 0, 0)}
    one = put(tmp_path / "percent.csv", "ben,c1_rate", "1,1", "2,80")
    assert reconcile.files(ours, one).table["difference"].iloc[0] == -49


def test_what_is_published_and_not_ours_is_not_called_unpublished(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours.csv", "entity_id,c1_rate", "1,80", "2,80")
    usac = put(tmp_path / "usac.csv", "ben,c1_rate", "1,80", "3,50", "4,50")
    said = reconcile.files(ours, usac).first_line()
    assert "1 of 1 equal, 1 not published or nothing committed, 2 published and not among ours." in said


def test_files_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours.csv", "entity_id,c1_rate", "1,80")
    with pytest.raises(BadInput, match="no common figure"):
        reconcile.files(ours, put(tmp_path / "usac.csv", "ben,size", "1,0.8"))
    with pytest.raises(BadInput, match="no common key"):
        reconcile.files(ours, put(tmp_path / "usac2.csv", "who,c1_rate", "1,0.8"))


def application(
    number: str, kind: str, students: int, eligible: int, status: str, c1: int, c2: int
) -> dict[str, object]:
    return {"application_number": number, "funding_year": 2016, "ben": f"B{number}", "applicant_type": kind, "students": students,
            "nslp_students": eligible, "urban_rural": status, "c1_rate": Decimal(c1), "c2_rate": Decimal(c2)}  # fmt: skip


def test_filed_rates_that_differ_get_their_likely_cause() -> None:
    table = pd.DataFrame([
        application("1", "School District", 200, 99, "Rural", 80, 80),
        application("2", "School District", 200, 99, "Rural", 70, 70),  # 49.5 percent not rounded
        application("3", "School", 100, 40, "Rural", 60, 60),  # the urban rate
        application("4", "School", 100, 40, "Rural", 90, 85),
    ])  # fmt: skip
    answer = reconcile.filings({"applications": table})
    found = [cause for _, figure, cause in causes(answer) if figure == "c1_rate"]
    assert found[0] == ""
    assert found[1] == "the share was not rounded before the band was looked up"
    assert found[2] == "the rate of the other urban or rural status"
    assert found[3].startswith("the rate of another band than our 40 percent")
    assert "Category One rates 1 of 4 equal" in answer.first_line()


def test_statuses_and_consortia_are_reckoned_from_their_members() -> None:
    table = pd.DataFrame([
        application("1", "School District", 100, 40, "Urban", 60, 60), application("2", "Consortium", 0, 0, "Urban", 71, 70)
    ])  # fmt: skip
    names = ["application_number", "parent_ben", "site_ben", "site_type", "urban_rural", "c1_rate", "c2_rate"]
    schools = [("1", "B1", site, "School", "Rural", None, None) for site in ("S1", "S2")]
    rated = (("X", 90), ("Y", 85), ("Z", 40), ("W", 70), ("W", 70))
    members = [("2", ben, None, None, None, Decimal(rate), Decimal(min(rate, 85))) for ben, rate in rated]
    sites = pd.DataFrame([*schools, *members], columns=names)
    counts = reconcile.filings({"applications": table, "applicant_sites": sites}).counts()
    assert counts["urban_rural"] == (0, 1, 0)
    assert counts["consortium_c1_rate"] == (1, 0, 0)
    assert counts["consortium_c2_rate"] == (1, 0, 0)  # (85 + 85 + 40 + 70) / 4


def test_commitments_of_denied_requests_are_not_counted_as_differences() -> None:
    names = ["frn", "status", "pre_discount_usd", "rate", "commitment_usd"]
    rows = [("1", "Funded", "10.01", 50, "5.01"), ("2", "Denied", "100", 50, "0"), ("3", "Funded", "100", 50, "40")]
    told = [(frn, status, Decimal(cost), Decimal(rate), Decimal(filed)) for frn, status, cost, rate, filed in rows]
    requests = pd.DataFrame(told, columns=names)
    answer = reconcile.filings({"requests": requests})
    assert answer.counts() == {"commitment_usd": (1, 1, 1)}
    assert list(answer.table["likely_cause"]) == ["", "nothing committed: the request is denied", "reduced in review"]


def test_nothing_loaded_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="nothing to compare"):
        reconcile.filings({})


def test_of_a_published_budget_the_cycle_of_the_year_counts_and_is_asked_for_where_unclear(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours.csv", "entity_id,budget_usd", "1,30175.00")
    usac = put(tmp_path / "usac.csv", "ben,c2_budget,c2_budget_cycle", "1,30175,FY2026-2030", "1,25000,FY2021-2025")
    assert reconcile.files(ours, usac, 2026).counts() == {"budget_usd": (1, 0, 0)}
    with pytest.raises(BadInput, match="several cycles: FY2021-2025, FY2026-2030"):
        reconcile.files(ours, usac)


def test_the_current_version_of_a_request_counts_and_repeats_that_differ_are_said(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours.csv", "request_id,commitment_usd", "9,960.00")
    head = "funding_request_number,funding_commitment_request,form_version"
    usac = put(tmp_path / "frn.csv", head, "9,960,Current", "9,1200,Original")
    assert reconcile.files(ours, usac).counts() == {"commitment_usd": (1, 0, 0)}
    twice = put(tmp_path / "twice.csv", "frn,commitment_usd", "9,1", "9,2")
    assert causes(reconcile.files(ours, twice))[0][2] == "published 2 times, with different figures"


def test_budgets_by_counts_filed_stand_beside_usacs_budget_tool() -> None:
    site = {"application_number": "1", "parent_type": "School District", "parent_ben": "B1", "site_type": "School",
            "site_ben": "S1", "students": 300, "square_feet": None, "urban_rural": "Rural", "parent_students": None,
            "parent_square_feet": None, "c1_rate": Decimal(80), "c2_rate": Decimal(80)}  # fmt: skip
    rows = [{"ben": "B1", "cycle": "FY2026-2030", "budget_usd": Decimal("60471.00")},
            {"ben": "B1", "cycle": "FY2021-2025", "budget_usd": Decimal(1)}]  # fmt: skip
    tables = {
        "applications": pd.DataFrame([application("1", "School District", 300, 150, "Rural", 80, 80) | {"funding_year": 2026}]),
        "applicant_sites": pd.DataFrame([site]), "c2_spending": pd.DataFrame(rows),
    }  # fmt: skip
    assert reconcile.filings(tables).counts()["budget_usd"] == (1, 0, 0)
    tables["c2_spending"]["budget_usd"] = pd.Series([Decimal("60672.57"), Decimal(1)], dtype=object)
    assert [cause for _, figure, cause in causes(reconcile.filings(tables)) if figure == "budget_usd"] == [
        "1 student more"
    ]


def test_points_for_state_money_that_the_filed_rate_lacks_are_named() -> None:
    row = {"frn": "1", "status": "Funded", "pre_discount_usd": Decimal(1000), "rate": Decimal(70),
           "commitment_usd": Decimal(800), "state_match_percent": Decimal(10)}  # fmt: skip
    ((_, _, cause),) = causes(reconcile.filings({"requests": pd.DataFrame([row])}))
    assert cause.startswith("the points for state money")


def test_each_comparison_says_whose_it_is(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours.csv", "request_id,commitment_usd", "9,960.00", "8,1.00")
    usac = put(tmp_path / "frn.csv", "frn,ben,funding_commitment_request", "9,77,960.00")
    assert reconcile.files(ours, usac).table["ben"].fillna("").tolist() == ["77", ""]
    budgets = put(tmp_path / "budgets.csv", "entity_id,budget_usd", "5,30175.00")
    assert reconcile.files(budgets, budgets).table["ben"].tolist() == ["5"]
