"""Bid evaluations: what would be challenged, what is to be looked at, who wins, and the empty matrix."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from infraplan.cli.procurement.evaluation import evaluate
from infraplan.errors import BadInput
from infraplan.procurement import evaluation
from infraplan.workspace import Workspace

HEADER = "kind,factor,max_points,price,disclosed,Ann,Bob"
PRICES = "eligible_usd,,,,,1000,1250"
SOUND = (PRICES, "factor,Price,40,yes,yes,40,32", "factor,Experience,30,no,yes,20,30", "factor,Fit,30,no,yes,30,15",
         "total,,,,,90,77", "award,,,,,x,")  # fmt: skip


def checked(tmp_path: Path, *rows: str, header: str = HEADER, **days: date) -> evaluation.Evaluation:
    path = tmp_path / "matrix.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return evaluation.evaluate(evaluation.read(path), 2026, **days)


def found(answer: evaluation.Evaluation) -> list[tuple[str, str]]:
    return list(zip(answer.table["check"], answer.table["verdict"], strict=True))


def test_a_sound_matrix_has_no_findings_and_names_the_winner(tmp_path: Path) -> None:
    answer = checked(tmp_path, *SOUND)
    assert found(answer) == []
    assert answer.words()[0] == "points: Ann 90, Bob 77; Ann wins"


@pytest.mark.parametrize(("weight", "word"), [("40", "as much as"), ("50", "more than")])
def test_price_must_be_the_single_heaviest_factor(tmp_path: Path, weight: str, word: str) -> None:
    rows = [row.replace("Experience,30", f"Experience,{weight}") for row in SOUND]
    answer = checked(tmp_path, *rows)
    assert ("price_heaviest", "challenge") in found(answer)
    assert word in answer.table["what"].iloc[0]
    assert "54.511" in answer.table["rule"].iloc[0]


def test_a_matrix_without_a_price_factor_or_with_two_would_be_challenged(tmp_path: Path) -> None:
    none = [row.replace(",yes,yes", ",no,yes") for row in SOUND]
    two = [row.replace("Fit,30,no", "Fit,30,yes") for row in SOUND]
    assert "no factor is the price" in checked(tmp_path, *none).table["what"].iloc[0]
    assert "2 factors are marked" in checked(tmp_path, *two).table["what"].iloc[0]


def test_a_swapped_price_score_is_found(tmp_path: Path) -> None:
    rows = [row.replace("yes,yes,40,32", "yes,yes,32,40") for row in SOUND if not row.startswith(("total", "award"))]
    answer = checked(tmp_path, *rows)
    assert ("price_order", "challenge") in found(answer)
    assert "Bob ($1,250.00) has 40 price points, Ann ($1,000.00) only 32: swapped?" in set(answer.table["what"])


THREE = f"{HEADER},Cyd"


def test_a_dearer_bid_is_held_against_every_cheaper_one_and_not_its_neighbor_only(tmp_path: Path) -> None:
    rows = ("eligible_usd,,,,,100,110,200", "factor,Price,60,yes,yes,10,60,30", "factor,Fit,40,no,yes,1,1,1")
    answer = checked(tmp_path, *rows, header=THREE)
    told = answer.table.loc[answer.table["check"] == "price_order", "what"]
    assert list(told) == [
        "Bob ($110.00) has 60 price points, Ann ($100.00) only 10: swapped?",
        "Cyd ($200.00) has 30 price points, Ann ($100.00) only 10: swapped?",
    ]


def test_a_bid_of_the_same_price_does_not_hide_a_cheaper_one(tmp_path: Path) -> None:
    rows = ("eligible_usd,,,,,100,200,200", "factor,Price,60,yes,yes,20,10,30", "factor,Fit,40,no,yes,1,1,1")
    answer = checked(tmp_path, *rows, header=THREE)
    assert "Cyd ($200.00) has 30 price points, Ann ($100.00) only 20: swapped?" in set(answer.table["what"])


def test_bids_of_one_price_must_have_the_same_price_points(tmp_path: Path) -> None:
    answer = checked(tmp_path, "eligible_usd,,,,,100,100", "factor,Price,60,yes,yes,55,60", "factor,Fit,40,no,yes,1,1")
    assert found(answer)[0] == ("price_order", "challenge")
    assert answer.table["what"][0] == "Bob and Ann have the same price ($100.00), and 60 and 55 price points"


def test_price_points_without_a_price_are_remarked_on(tmp_path: Path) -> None:
    factors = ("factor,Price,60,yes,yes,60,60", "factor,Fit,40,no,yes,20,10")
    assert found(checked(tmp_path, *factors)) == [("priced", "look")]
    one = checked(tmp_path, "eligible_usd,,,,,100,", *factors)
    assert list(one.table["what"]) == [
        "no price of the eligible services is written for Bob: its price points could not be checked"
    ]


def test_a_disqualified_bid_takes_no_part_in_the_ranking_and_its_reason_must_have_been_disclosed(
    tmp_path: Path,
) -> None:
    rows = ("eligible_usd,,,,,100,50", "factor,Price,60,yes,yes,60,", "factor,Fit,40,no,yes,20,")
    out = checked(tmp_path, *rows, "disqualified,,,,,,no SPIN by the due date", "total,,,,,80,0")
    assert out.words()[0] == "points: Ann 80; Ann wins"
    assert found(out) == [("disqualified", "look"), ("one_bid", "look")]
    assert "no SPIN by the due date" in out.table["what"][0]
    wrong = checked(tmp_path, *rows, "disqualified,,,,,,late", "award,,,,,,x")
    assert found(wrong)[0] == ("award", "challenge")
    none = checked(tmp_path, *rows, "disqualified,,,,,late,late")
    assert none.words()[0] == "no bid is left to rank: all are disqualified"


def test_a_column_for_a_bidder_that_did_not_come_is_no_bid(tmp_path: Path) -> None:
    rows = [f"{row}," for row in SOUND if not row.startswith("total")]
    answer = checked(tmp_path, *rows, "total,,,,,90,77,0", header=THREE)
    assert found(answer) == []
    assert answer.matrix.bidders == ("Ann", "Bob")


def test_a_wrong_total_and_a_winner_with_fewer_points_are_found(tmp_path: Path) -> None:
    rows = [row.replace("total,,,,,90,77", "total,,,,,90,97").replace("award,,,,,x,", "award,,,,,,x") for row in SOUND]
    answer = checked(tmp_path, *rows)
    assert [one for one in found(answer) if one[1] == "challenge"] == [("totals", "challenge"), ("award", "challenge")]
    assert "written as 97, its points add up to 77" in answer.table["what"].iloc[0]


def test_points_beyond_the_weight_or_missing_are_found(tmp_path: Path) -> None:
    rows = [
        row.replace("Fit,30,no,yes,30,15", "Fit,30,no,yes,31,")
        for row in SOUND
        if row.startswith(("eligible", "factor"))
    ]
    assert found(checked(tmp_path, *rows)) == [("points", "challenge"), ("points", "challenge")]


def test_choosing_before_twenty_eight_days_is_challenged_and_on_the_day_is_not(tmp_path: Path) -> None:
    early = checked(tmp_path, *SOUND, posted=date(2026, 1, 5), chosen=date(2026, 2, 1))
    assert found(early) == [("waiting", "challenge")]
    assert "2026-02-02 is the first day allowed" in early.table["what"].iloc[0]
    assert found(checked(tmp_path, *SOUND, posted=date(2026, 1, 5), chosen=date(2026, 2, 2))) == []
    before = checked(tmp_path, *SOUND, posted=date(2026, 1, 5), chosen=date(2026, 1, 2))
    assert before.table["what"][0].startswith("chosen on 2026-01-02, before 2026-01-05")
    alone = checked(tmp_path, *SOUND, posted=date(2026, 1, 5))
    assert list(alone.table["what"]) == ["posted on 2026-01-05: a bid may be chosen from 2026-02-02 on"]


def test_what_is_allowed_but_wants_a_sentence_is_to_be_looked_at(tmp_path: Path) -> None:
    answer = checked(
        tmp_path, PRICES, "factor,Price,40,yes,yes,40,38", "factor,Experience,30,no,no,10,30", "factor,Fit,20,no,,20,20"
    )
    assert found(answer) == [("price_formula", "look"), ("disclosed", "look"), ("weights", "look"), ("dearer", "look")]


def test_ties_and_single_bids_are_named(tmp_path: Path) -> None:
    tie = checked(tmp_path, "eligible_usd,,,,,9,9", "factor,Price,60,yes,yes,60,60", "factor,Fit,40,no,yes,20,20")
    assert found(tie) == [("award", "look")]
    assert tie.words()[0].endswith("Ann and Bob tie")
    rows = ("eligible_usd,,,,,9", "factor,Price,60,yes,yes,60", "factor,Fit,40,no,yes,20")
    one = checked(tmp_path, *rows, header=HEADER.removesuffix(",Bob"))
    assert found(one) == [("one_bid", "look")]


def test_faults_of_the_file_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        checked(tmp_path, "factor,Price,,yes,yes,forty,32", "eligible_usd,,,,,cheap,1")
    assert [(fault.kind, fault.row) for fault in refusal.value.faults] == [
        ("Blank", 2),
        ("BadValue", 2),
        ("BadValue", 3),
    ]


def test_formulas_that_were_never_worked_out_are_told_how_to_be(tmp_path: Path) -> None:
    evaluation.blank(tmp_path / "matrix.xlsx", 2)
    with pytest.raises(BadInput, match="open the file in a spreadsheet and save it"):
        evaluation.read(tmp_path / "matrix.xlsx")


def test_a_file_without_bidders_or_factors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no column holds a bidder's points(.|\n)*no row has kind = factor"):
        checked(tmp_path, "total,,,,", header="kind,factor,max_points,price,disclosed")


def test_the_empty_matrix_has_price_heaviest_and_live_formulas(tmp_path: Path) -> None:
    target = tmp_path / "matrix.xlsx"
    evaluation.blank(target, 2)
    sheet = load_workbook(target)["matrix"]
    assert [cell.value for cell in sheet[1]][-2:] == ["Bidder 1", "Bidder 2"]
    weights = [(int(str(row[2].value)), row[1].value) for row in sheet.iter_rows() if row[0].value == "factor"]
    assert max(weights)[1] == "Price of eligible services"
    assert sum(weight for weight, _ in weights) == 100
    assert sheet["F4"].value == '=IF(F$2="","",ROUND($C4*MIN($F$2:$G$2)/F$2,1))'
    assert sheet["G9"].value == "=SUM(G4:G8)"


def test_the_command_says_the_outcome_and_writes_the_findings(tmp_path: Path) -> None:
    path = tmp_path / "matrix.csv"
    path.write_text("\n".join([HEADER, *SOUND]) + "\n", encoding="utf-8")
    done = CliRunner().invoke(evaluate, ["--matrix", str(path), "--funding-year", "2026"])
    assert done.exit_code == 0
    assert "Ann wins\n0 findings would be challenged, 0 to look at" in done.stderr
    assert done.stdout == "check,verdict,bidder,factor,what,rule\n"


def test_the_command_needs_a_matrix_or_blank() -> None:
    assert CliRunner().invoke(evaluate, []).exit_code == 2
    assert CliRunner().invoke(evaluate, ["--blank"]).exit_code == 2


def test_the_command_takes_the_year_of_the_workspace(tmp_path: Path) -> None:
    path = tmp_path / "matrix.csv"
    path.write_text("\n".join([HEADER, *SOUND]) + "\n", encoding="utf-8")
    refused = CliRunner().invoke(evaluate, ["--matrix", str(path), "--workspace", str(tmp_path)])
    assert refused.exit_code == 2
    Workspace.create(tmp_path / "state", state="ME", funding_year=2026)
    done = CliRunner().invoke(evaluate, ["--matrix", str(path), "--workspace", str(tmp_path / "state")])
    assert done.exit_code == 0
    assert "funding year 2026, the workspace's" in done.stderr


def test_money_is_read_as_people_write_it(tmp_path: Path) -> None:
    answer = checked(tmp_path, 'eligible_usd,,,,,"$1,000.00",1250', *SOUND[1:])
    assert answer.matrix.eligible_usd["Ann"] == Decimal("1000.00")
