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


def test_what_is_allowed_but_wants_a_sentence_is_to_be_looked_at(tmp_path: Path) -> None:
    answer = checked(
        tmp_path, PRICES, "factor,Price,40,yes,yes,40,38", "factor,Experience,30,no,no,10,30", "factor,Fit,20,no,,20,20"
    )
    assert found(answer) == [("price_formula", "look"), ("disclosed", "look"), ("weights", "look"), ("dearer", "look")]


def test_ties_and_single_bids_are_named(tmp_path: Path) -> None:
    tie = checked(tmp_path, "factor,Price,60,yes,yes,60,60", "factor,Fit,40,no,yes,20,20")
    assert found(tie) == [("award", "look")]
    assert tie.words()[0].endswith("Ann and Bob tie")
    one = checked(tmp_path, "factor,Price,60,yes,yes,60", "factor,Fit,40,no,yes,20", header=HEADER.removesuffix(",Bob"))
    assert found(one) == [("one_bid", "look")]


def test_faults_of_the_file_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        checked(tmp_path, "factor,Price,,yes,yes,forty,32", "eligible_usd,,,,,cheap,1")
    assert [(fault.kind, fault.row) for fault in refusal.value.faults] == [
        ("Blank", 2),
        ("BadValue", 2),
        ("BadValue", 3),
    ]


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


def test_money_is_read_as_people_write_it(tmp_path: Path) -> None:
    answer = checked(tmp_path, 'eligible_usd,,,,,"$1,000.00",1250', *SOUND[1:])
    assert answer.matrix.eligible_usd["Ann"] == Decimal("1000.00")
