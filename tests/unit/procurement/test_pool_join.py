"""Open enrollment: may a member join an awarded contract, what would it pay, what does that do for the others?"""

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from infraplan.cli import main
from infraplan.errors import BadInput, NoAnswer
from infraplan.procurement.pooling import contract, joining
from infraplan.procurement.pooling.terms import last_funding_year
from infraplan.schemas import Schema

USD = Decimal
FILES = {
    "demand.csv": (
        "lea_id,service,quantity,current_usd_month,c1_rate,named_in_470,loa_through_fy\n"
        "A,internet,100,1000,80,yes,2029\nB,internet,100,1000,60,yes,2029\n"
    ),
    "bids.csv": (
        "bid_id,provider_id,service,kind,usd_fixed,usd_month,capacity\n"
        "a,p,internet,itemized,600,,300\nb,q,internet,itemized,0,,100\n"
    ),
    "prices.csv": (
        "bid_id,lea_id,usd_month,usd_once\na,A,500,0\na,B,500,0\na,C,500,100\nb,A,490,0\nb,C,450,0\nb,D,450,0\n"
    ),
    "tiers.csv": "bid_id,from_quantity,factor\na,200,0.8\na,300,0.7\n",
    "policy.toml": "horizon_months = 36\nstart_date = 2026-07-01\n",
    "rfp.toml": 'award_date = 2026-02-01\npartial_awards = true\nform_470 = "260000001"\n',
    "theirs.csv": (
        "lea_id,service,quantity,current_usd_month,c1_rate,named_in_470,loa_through_fy\n"
        "C,internet,100,900,90,no,2027\nD,internet,100,900,90,yes,2029\nE,internet,150,200,90,,\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def pool(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*arguments: str) -> tuple[int, str]:
        words = [str(folder / told) if told.endswith((".csv", ".toml")) else told for told in arguments]
        try:
            main(["procurement", "pool", *words])
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def award(folder: Path, pool: Callable[..., tuple[int, str]]) -> Path:
    """A wins both members at 500 x 0.8; b is not awarded."""
    code, said = pool(
        "--demand", "demand.csv", "--bids", "bids.csv", "--bid-prices", "prices.csv", "--bid-tiers", "tiers.csv",
        "--policy", "policy.toml", "--rfp", "rfp.toml", "--gap", "0", "-o", str(folder / "award"),
    )  # fmt: skip
    assert code == 0, said
    return folder / "award" / "contract"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def joined(folder: Path, award: Path, member: str, **more: object) -> joining.Joining:
    told = {"today": date(2026, 3, 1), "quotes": None, **more}
    return joining.join(contract.load(award), member, folder / "theirs.csv", **told)  # type: ignore[arg-type]


def test_the_contract_is_a_folder_of_what_was_awarded_and_reads_back(award: Path) -> None:
    told = contract.load(award / "contract.toml")
    assert [bid.bid_id for bid in told.inputs.bids] == ["a"]
    assert (told.form_470, told.award_date, told.open_to) == ("260000001", date(2026, 2, 1), "named")
    assert told.award.pre_discount == 2 * 36 * 400 + 600
    assert {row["lea_id"] for row in rows(award / "bid_prices.csv")} == {"A", "B"}


def test_a_member_that_reaches_the_next_tier_lowers_everyones_bill(folder: Path, award: Path) -> None:
    (folder / "quotes.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,C,500,100\n")
    table = joined(folder, award, "C", quotes=folder / "quotes.csv").table()
    assert list(table.columns) == list(Schema.load("pool_join").columns)
    mine, *others = table.to_dict("records")
    assert (mine["lea_id"], mine["joins"], mine["bid_id"], mine["factor"]) == ("C", "yes", "a", USD("0.7"))
    assert mine["pre_discount_usd"] == 36 * 350 + 100 + 200  # the tier from 300, its price once, a third of 600
    assert mine["applicant_usd"] == USD("1290.00")  # a tenth of 12,900
    assert mine["applicant_before_usd"] == USD("3240.00")  # a tenth of 36 x 900
    # A paid 36 x 400 + 300 at 80 percent: 2,940; now 36 x 350 + 200: 2,560
    assert [row["difference_usd"] for row in others] == [USD("-380.00"), USD("-760.00")]


def test_who_was_not_named_needs_its_own_form_470_and_28_days(folder: Path, award: Path) -> None:
    (folder / "quotes.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,C,500,100\n")
    told = joined(folder, award, "C", quotes=folder / "quotes.csv")
    assert told.may == "to do"
    assert "2026-03-29" in told.questions[0].because  # 1 March + 28 days
    posted = joined(folder, award, "C", quotes=folder / "quotes.csv", own_470=date(2026, 2, 1))
    assert posted.questions[0].answer == "yes"
    late = joined(folder, award, "C", quotes=folder / "quotes.csv", own_470=date(2026, 2, 2))
    assert late.questions[0].answer == "to do"
    assert told.questions[0].cite is not None
    assert "54.503" in told.questions[0].cite


def test_a_contract_the_state_bid_for_all_needs_no_form_470_of_ones_own(folder: Path, award: Path) -> None:
    path = award / "contract.toml"
    path.write_text(path.read_text().replace('"consortium"', '"state"').replace('"named"\n', '"state"\n'))
    (folder / "quotes.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,C,500,100\n")
    told = joined(folder, award, "C", quotes=folder / "quotes.csv")
    assert (told.questions[0].answer, told.may) == ("yes", "yes")
    assert "the state posted" in told.questions[0].because


def test_a_letter_that_ends_before_the_contract_is_said_where_the_lead_files(folder: Path, award: Path) -> None:
    path = award / "policy.toml"
    path.write_text(path.read_text().replace('"separate"', '"consortium_equal"'))
    (folder / "quotes.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,C,500,100\na,E,500,0\n")
    told = joined(folder, award, "C", quotes=folder / "quotes.csv")
    (letter,) = [one for one in told.questions if "letter" in one.question]
    assert "its letter ends with FY2027, the contract with FY2028" in letter.because


def test_what_the_files_do_not_say_is_unknown_and_a_present_contract_that_is_cheaper_is_kept(
    folder: Path, award: Path
) -> None:
    (folder / "quotes.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,E,500,0\n")
    with pytest.raises(NoAnswer, match="no awarded bid that prices it has room left"):
        joined(folder, award, "E", quotes=folder / "quotes.csv")  # 150 more than the 100 left
    text = (folder / "theirs.csv").read_text().replace("E,internet,150", "E,internet,100")
    (folder / "theirs.csv").write_text(text)
    told = joined(folder, award, "E", quotes=folder / "quotes.csv")
    assert told.may == "unknown"
    assert told.table().to_dict("records")[0]["bid_id"] == "current"


def test_no_price_no_row_and_a_buyer_already_are_refused_in_words(folder: Path, award: Path) -> None:
    with pytest.raises(NoAnswer, match="no awarded bid prices it"):
        joined(folder, award, "D")
    with pytest.raises(BadInput, match=r"theirs.csv has no row of X"):
        joined(folder, award, "X")
    (folder / "theirs.csv").write_text(FILES["demand.csv"])
    with pytest.raises(NoAnswer, match="A buys internet under this contract already"):
        joined(folder, award, "A")


def test_the_command_answers_first_whether_then_how_much(
    folder: Path, award: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    (folder / "quotes.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,C,500,100\n")
    code, said = pool(
        "--join", "C", "--contract", str(award), "--demand", "theirs.csv", "--bid-prices", "quotes.csv",
        "--as-of", "2026-03-01", "-o", str(folder / "join"),
    )  # fmt: skip
    assert code == 0, said
    assert said.startswith("C may join once this is done:")
    assert "it brings bid a to its next volume tier" in said
    assert "$1,140.00 less in all" in said
    questions = rows(folder / "join/may_join.csv")
    assert list(questions[0]) == list(Schema.load("pool_may_join").columns)
    assert list(rows(folder / "join/mini_bid.csv")[0]) == list(Schema.load("pool_mini_bid").columns)
    assert json.loads((folder / "join/solution.json").read_text())["may_join"] == "to do"


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("contract.toml", 'open_to = "named"', 'open_to = "all"', "expected named or state"),
        ("contract.toml", "form_470", "form470", "form470 is not a setting of a contract"),
        ("contract.toml", "2026-02-01", '"soon"', "expected a date"),
        ("assignments.csv", "A,internet,a", "A,internet,z", "buys from z, which the contract does not price"),
    ],
)
def test_a_contract_that_does_not_hold_together_is_refused(
    file: str, old: str, new: str, words: str, award: Path
) -> None:
    path = award / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=words):
        contract.load(award)


def test_join_and_contract_go_together_and_a_pool_needs_its_bids(pool: Callable[..., tuple[int, str]]) -> None:
    code, said = pool("--join", "C", "--demand", "theirs.csv", "-o", "x")
    assert (code, "Missing option --contract" in said) == (2, True)
    code, said = pool("--demand", "theirs.csv", "-o", "x")
    assert (code, "Missing option --bids, --bid-prices" in said) == (2, True)


def test_an_award_for_planning_only_is_no_contract(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    (folder / "policy.toml").write_text('horizon_months = 36\nobjective = "non_discount_share"\n')
    code, said = pool(
        "--demand", "demand.csv", "--bids", "bids.csv", "--bid-prices", "prices.csv", "--policy", "policy.toml",
        "-o", str(folder / "plan"),
    )  # fmt: skip
    assert code == 0, said
    assert not (folder / "plan/contract").exists()


def test_papers_that_are_missing_are_said_with_the_award(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    text = FILES["demand.csv"].replace("80,yes,2029", "80,no,2027").replace("60,yes,2029", "60,,")
    (folder / "demand.csv").write_text(text)
    code, said = pool(
        "--demand", "demand.csv", "--bids", "bids.csv", "--bid-prices", "prices.csv", "--policy", "policy.toml",
        "-o", str(folder / "out"),
    )  # fmt: skip
    assert code == 0, said
    assert "A is not named in the joint Form 470" in said
    assert "whether B is named in the joint Form 470 is not said" in said
    assert "no letter of agency is on file for B" in said
    assert "FY2028: A" in said


def test_a_bid_for_one_lot_wins_no_member_of_another(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    (folder / "demand.csv").write_text(
        "lea_id,service,quantity,current_usd_month,c1_rate,lot_id\nA,internet,100,1000,80,north\nB,internet,100,1000,60,south\n"
    )
    (folder / "bids.csv").write_text(
        "bid_id,provider_id,service,kind,usd_fixed,usd_month,capacity,lot_id\na,p,internet,itemized,0,,,north\n"
    )
    (folder / "prices.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,A,500,0\na,B,500,0\n")
    code, said = pool(
        "--demand", "demand.csv", "--bids", "bids.csv", "--bid-prices", "prices.csv", "-o", str(folder / "out"),
    )  # fmt: skip
    assert code == 0, said
    assert "1 prices are for members outside the lot" in said
    assert {row["lea_id"]: row["bid_id"] for row in rows(folder / "out/assignments.csv")} == {"A": "a", "B": "current"}


def test_the_last_funding_year_of_a_term_is_that_of_its_last_month() -> None:
    assert last_funding_year(date(2026, 7, 1), 12) == 2026
    assert last_funding_year(date(2026, 7, 1), 36) == 2028
    assert last_funding_year(date(2027, 1, 15), 7) == 2027


def test_what_one_service_takes_of_a_bid_is_no_room_for_the_next(folder: Path, award: Path) -> None:
    bids = (award / "bids.csv").read_text()
    (award / "bids.csv").write_text(bids.replace("a,p,internet,", "a,p,,"))
    (folder / "theirs.csv").write_text(
        "lea_id,service,quantity,current_usd_month,c1_rate,named_in_470,loa_through_fy\n"
        "F,internet,60,900,90,yes,2029\nF,wan,60,900,90,yes,2029\n"
    )
    (folder / "quotes.csv").write_text("bid_id,lea_id,service,usd_month,usd_once\na,F,internet,10,0\na,F,wan,10,0\n")
    with pytest.raises(NoAnswer, match=r"F \(wan\) cannot join: no awarded bid that prices it has room left"):
        joined(folder, award, "F", quotes=folder / "quotes.csv")
    (folder / "theirs.csv").write_text((folder / "theirs.csv").read_text().replace("wan,60", "wan,40"))
    told = joined(folder, award, "F", quotes=folder / "quotes.csv")
    assert [(row["bid_id"], row["factor"]) for row in told.table().to_dict("records")][:2] == [("a", USD("0.7"))] * 2


def test_an_awarded_bid_that_nobody_buys_from_yet_may_be_joined(folder: Path, award: Path) -> None:
    for name, row in (("bids.csv", "z,r,internet,itemized,0,,,\n"), ("bid_prices.csv", "z,C,internet,300,0\n")):
        (award / name).write_text((award / name).read_text() + row)
    told = joined(folder, award, "C")
    assert told.table().to_dict("records")[0]["bid_id"] == "z"


def test_whole_numbers_stay_whole_in_the_contract_where_some_are_blank(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    path = folder / "demand.csv"
    path.write_text(path.read_text().replace("B,internet,100,1000,60,yes,2029", "B,internet,100,1000,60,yes,"))
    code, said = pool(
        "--demand", "demand.csv", "--bids", "bids.csv", "--bid-prices", "prices.csv", "--bid-tiers", "tiers.csv",
        "--policy", "policy.toml", "--rfp", "rfp.toml", "-o", str(folder / "award"),
    )  # fmt: skip
    assert code == 0, said
    told = rows(folder / "award" / "contract" / "demand.csv")
    assert [row["loa_through_fy"] for row in told] == ["2029", ""]
    assert [row["quantity"] for row in told] == ["100.0", "100.0"]
