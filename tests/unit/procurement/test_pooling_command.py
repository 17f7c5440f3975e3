"""`infraplan procurement pool` on small files: what it writes, and how it refuses."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from infraplan.cli import main

FILES = {
    "demand.csv": (
        "lea_id,service,quantity,current_usd_month,c1_rate\n2300001,internet,60,900,50\n2300000,internet,100,,80\n"
    ),
    "bids.csv": (
        "bid_id,provider_id,service,kind,usd_fixed,usd_month,capacity\na,a,internet,itemized,600,,\n"
        "b,b,internet,itemized,0,,90\n"
    ),
    "prices.csv": (
        "bid_id,lea_id,usd_month,usd_once\na,2300000,1000,0\na,2300001,1000,0\nb,2300000,700,0\nb,2300001,850,0\n"
    ),
    "tiers.csv": "bid_id,from_quantity,factor\na,150,0.8\n",
    "policy.toml": "horizon_months = 12\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def pool(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*more: str) -> tuple[int, str]:
        arguments = ["procurement", "pool", "--demand", folder / "demand.csv", "--bids", folder / "bids.csv"]
        arguments += ["--bid-prices", folder / "prices.csv", "--bid-tiers", folder / "tiers.csv"]
        arguments += ["--policy", folder / "policy.toml", "-o", folder / "out", *more]
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return code, capsys.readouterr().err

    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_answer_is_written_whole_and_its_bills_sum(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    code, said = pool("--gap", "0")
    assert code == 0, said
    told = json.loads((folder / "out/solution.json").read_text())
    assert (told["status"], told["objective_usd"], told["bound_usd"], told["gap"]) == ("optimal", 19800, 19800, 0)
    assert told["policy"]["no_district_worse_off"] is True
    assert set(told["inputs"]) == {"demand", "bids", "bid_prices", "bid_tiers", "policy"}
    assigned = rows(folder / "out/assignments.csv")
    assert [row["lea_id"] for row in assigned] == ["2300001", "2300000"], "in the order of the demand file"
    assert sum(Decimal(row["pre_discount_usd"]) for row in assigned) == 19800
    assert all(
        Decimal(row["applicant_usd"]) + Decimal(row["erate_usd"]) == Decimal(row["pre_discount_usd"])
        for row in assigned
    )
    (award,) = rows(folder / "out/awards.csv")
    assert (award["bid_id"], award["members"], award["factor"], award["usd_month"]) == ("a", "2", "0.8", "1600.00")
    assert "paid by the members" in said


def test_the_saving_is_against_the_cheaper_of_contract_and_bid_alone(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    pool("--gap", "0")
    second, first = rows(folder / "out/assignments.csv")
    assert (first["baseline"], first["saving_pre_discount_usd"]) == ("a", "2625.00")  # 12,600 alone, 9,975 pooled
    assert (second["baseline"], second["saving_applicant_usd"]) == ("b", "187.50")  # half of 10,200 less half of 9,825


def test_the_three_filing_forms_stand_side_by_side(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    pool("--gap", "0")
    high, low = rows(folder / "out/filings.csv")
    assert (high["lea_id"], high["own_rate"], high["average_rate"]) == ("2300000", "C1 80", "C1 65")
    assert (high["separate_usd"], high["consortium_equal_usd"]) == ("1995.00", "3491.25")
    assert "must reflect its use and its discount" in high["warning"]
    assert low["warning"] == ""
    total = sum(Decimal(row["consortium_proportional_usd"]) for row in (high, low))
    assert total == Decimal(19800) - Decimal("12870.00")


def test_bids_not_yet_awarded_are_stamped_and_an_undisclosed_rule_makes_it_planning_only(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    change(folder / "policy.toml", "12\n", "12\nmax_providers = 1\n")
    (folder / "rfp.toml").write_text(
        "award_date = 2020-01-01\npartial_awards = true\n[factors]\nprice = 40\nservice = 60\n"
    )
    pool("--gap", "0")
    assert [stamp.split(":")[0] for stamp in json.loads((folder / "out/solution.json").read_text())["stamps"]] == [
        "PROCUREMENT SENSITIVE"
    ]
    code, said = pool("--gap", "0", "--rfp", str(folder / "rfp.toml"))
    assert code == 0, said
    (stamp,) = json.loads((folder / "out/solution.json").read_text())["stamps"]
    assert stamp == "PLANNING ONLY: the request for proposals does not disclose at most 1 providers (max_providers)"


def test_the_memo_lists_every_bid_and_who_came_second(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    change(folder / "bids.csv", "capacity\n", "capacity,disqualified\n")
    change(
        folder / "bids.csv",
        "b,b,internet,itemized,0,,90\n",
        'b,b,internet,itemized,0,,90,\nz,z,internet,itemized,0,,,"=late()"\n',
    )
    (folder / "rfp.toml").write_text("[factors]\nprice = 40\nservice = 60\n")
    code, said = pool("--gap", "0", "--rfp", str(folder / "rfp.toml"))
    assert code == 0, said
    book = load_workbook(folder / "out/award_memo.xlsx")
    bids = {row[0]: row for row in book["Bids"].iter_rows(min_row=2, values_only=True)}
    assert [bids[name][7] for name in "abz"] == ["awarded", "not awarded", "disqualified"]
    assert bids["z"][8] == "'=late()", "a cell from a file never runs"
    proved = "the award of least cost found within the policy (proved the best possible)"
    assert [bids[name][8] for name in "ab"] == [f"part of {proved}", f"not part of {proved}"]
    members = list(book["Members"].iter_rows(min_row=2, max_row=3, values_only=True))
    assert [row[6] for row in members] == ["b", None]
    assert any("not the most heavily weighted" in str(row[0]) for row in book["Factors"].iter_rows(values_only=True))
    assert any(str(row[0]) == "Approved by:" for row in book["Award"].iter_rows(values_only=True))


def test_what_each_rule_costs_is_answered_on_request(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    change(folder / "policy.toml", "12\n", "12\nmax_awards = 1\n")
    code, said = pool("--gap", "0", "--explain")
    assert code == 0, said
    told = {row["question"]: row for row in rows(folder / "out/questions.csv")}
    assert float(told["without the rule: at most 1 awards (max_awards)"]["difference_usd"]) == 0
    assert "is impossible" in told["if bid a were withdrawn"]["answer"]


def test_an_answer_with_nothing_to_say_is_silent(pool: Callable[..., tuple[int, str]]) -> None:
    assert pool("--quiet") == (0, "")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("prices.csv", "a,2300000,1000,0", "a,2300000,-5,0", "usd_month is '-5', expected an amount of 0 or more"),
        (
            "prices.csv",
            "b,2300001,850,0\n",
            "b,2300001,850,0\nb,2300001,80,0\n",
            "bid_id + lea_id + service must be unique",
        ),
        ("prices.csv", "b,2300001", "c,2300001", "bid c is not in bids.csv"),
        ("prices.csv", "b,2300001,850", "b,2300001,", "itemized bid b has no price for 2300001"),
        ("bids.csv", "a,a,internet,itemized,600,,", "a,a,internet,bundle,600,,", "bundle a has no usd_month"),
        ("bids.csv", "b,b,internet,itemized,0,,90", "b,b,internet,itemized,0,5,90", "itemized bid b has a usd_month"),
        ("bids.csv", "b,b,", "current,b,", "bid_id is 'current'"),
        ("tiers.csv", "a,150,0.8\n", "a,150,0.8\na,200,0.9\n", "bid a costs more from quantity 200"),
        ("tiers.csv", "a,150,0.8\n", "a,150,0.8\na,150,0.7\n", "bid_id + from_quantity must be unique"),
        ("demand.csv", "2300001,internet,60", "2300000,internet,60", "lea_id + service must be unique"),
        ("demand.csv", "2300001,internet,60", "2300001,internet,many", "quantity is 'many'"),
        ("demand.csv", "900,50\n", "900,50\n2300001,wan,5,10,60\n", "2300001 has two rates for C1: 50 and 60"),
        ("policy.toml", "12\n", "12\nmax_provider = 2\n", "did you mean max_providers?"),
        ("policy.toml", "12\n", "12\nmin_providers = 2\nmax_awards = 1\n", "no award can keep both"),
        ("policy.toml", "12\n", "0\n", "horizon_months is 0, expected a whole number of months"),
        ("policy.toml", "12\n", "12\nfiling = 'joint'\n", "expected separate or consortium_equal"),
        ("demand.csv", "2300000,internet,100", "2300000,wan,100", "2300000 (wan): no bid prices it"),
        (
            "bids.csv",
            "a,a,internet,itemized,600,,",
            "a,a,internet,itemized,600,,50",
            "every bid that prices it is too small",
        ),
    ],
)
def test_bad_input_is_refused_in_words_and_nothing_is_written(
    file: str, old: str, new: str, words: str, folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    change(folder / file, old, new)
    code, said = pool()
    assert code == 1
    assert words in said
    assert not (folder / "out").exists()


def test_a_bundle_naming_an_unknown_member_is_refused(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    change(folder / "bids.csv", "b,b,internet,itemized,0,,90", "b,b,internet,bundle,0,1500,")
    change(folder / "prices.csv", "b,2300000,700,0\nb,2300001,850,0", "b,2300000,,0\nb,9999999,,0")
    code, said = pool()
    assert (code, "bundle b names 9999999, who asks for no internet" in said) == (1, True)


def test_capacity_too_small_for_all_is_explained_by_the_bids_and_members(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    change(folder / "bids.csv", "a,a,internet,itemized,600,,", "a,a,internet,itemized,600,,120")
    change(folder / "bids.csv", "itemized,0,,90", "itemized,0,,50")
    change(folder / "policy.toml", "12\n", "12\nmay_keep_current = false\nno_district_worse_off = false\n")
    code, said = pool()
    assert code == 1
    assert "2 demands, 160 in quantity, must be served: 2300000 (internet), 2300001 (internet)" in said
    assert "bid a serves at most 120" in said


def test_room_that_whole_members_cannot_use_is_explained_by_the_smallest_contradiction(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    names = ("2300000", "2300001", "2300002")
    (folder / "demand.csv").write_text(
        "lea_id,service,quantity,current_usd_month,c1_rate\n" + "".join(f"{name},internet,60,,50\n" for name in names)
    )
    (folder / "prices.csv").write_text(
        "bid_id,lea_id,usd_month,usd_once\n" + "".join(f"{bid},{name},100,0\n" for bid in "ab" for name in names)
    )
    change(folder / "bids.csv", "a,a,internet,itemized,600,,", "a,a,internet,itemized,600,,90")
    code, said = pool()
    assert code == 1
    assert "giving up any one of them" in said
    assert all(f"{name} (internet) is served by a bid" in said for name in names)
    assert "bid a serves at most 90" in said
    assert "bid b serves at most 90" in said


def test_more_providers_asked_for_than_bid_are_counted_and_named(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    change(folder / "policy.toml", "12\n", "12\nmin_providers = 3\n")
    code, said = pool()
    assert code == 1
    assert "at least 3 providers (min_providers), but 2 bid for what is asked, with room for a member: a, b" in said
    assert "lower min_providers to 2 or less" in said
    assert not (folder / "out").exists()


def test_a_contract_dearer_than_a_bid_alone_is_not_offered_as_a_way_out(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    (folder / "demand.csv").write_text(
        "lea_id,service,quantity,current_usd_month,c1_rate\nA,internet,60,5000,50\nB,internet,60,,50\n"
    )
    (folder / "prices.csv").write_text("bid_id,lea_id,usd_month,usd_once\na,A,100,0\na,B,100,0\n")
    change(folder / "bids.csv", "a,a,internet,itemized,600,,", "a,a,internet,itemized,600,,90")
    code, said = pool()
    assert code == 1
    assert "A (internet) is served by a bid at no higher cost of its own than alone (no_district_worse_off)" in said
    assert "B (internet) is served by a bid\n" in said


def test_a_bid_without_a_price_for_anyone_who_asks_is_named(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    change(folder / "bids.csv", "b,b,", "z,z,internet,bundle,0,900,\nb,b,")
    code, said = pool()
    assert code == 0
    assert "no price in prices.csv lets these bids serve anybody who asks: z" in said


def test_faults_of_all_files_are_reported_at_once(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    change(folder / "demand.csv", "internet,60", "internet,x")
    change(folder / "prices.csv", "a,2300000,1000,0", "a,2300000,-5,0")
    change(folder / "policy.toml", "12\n", "'x'\n")
    _, said = pool()
    assert all(words in said for words in ("quantity is 'x'", "usd_month is '-5'", "horizon_months is 'x'"))


def test_the_order_of_rows_changes_nothing_but_the_order_of_rows(
    folder: Path, pool: Callable[..., tuple[int, str]]
) -> None:
    pool("--gap", "0")
    before = sorted(map(str, rows(folder / "out/assignments.csv")))
    for name in ("demand.csv", "bids.csv", "prices.csv"):
        head, *lines = (folder / name).read_text().splitlines()
        (folder / name).write_text("\n".join([head, *reversed(lines)]) + "\n")
    pool("--gap", "0")
    assert sorted(map(str, rows(folder / "out/assignments.csv"))) == before
    assert [row["lea_id"] for row in rows(folder / "out/assignments.csv")] == ["2300000", "2300001"]


def test_one_more_bid_never_costs_more(folder: Path, pool: Callable[..., tuple[int, str]]) -> None:
    pool("--gap", "0")
    before = json.loads((folder / "out/solution.json").read_text())["objective_usd"]
    change(folder / "bids.csv", "b,b,", "c,c,internet,itemized,0,,\nb,b,")
    change(folder / "prices.csv", "b,2300000", "c,2300000,790,0\nb,2300000")
    pool("--gap", "0")
    assert json.loads((folder / "out/solution.json").read_text())["objective_usd"] <= before


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    main(["procurement", "pool", "--help"])
    assert "Example:" in capsys.readouterr().out


def test_a_workspace_that_is_not_there_is_refused_before_anything_is_written(
    pool: Callable[..., tuple[int, str]], folder: Path
) -> None:
    code, words = pool("--workspace", str(folder / "nowhere"))
    assert code == 1
    assert "is not an infraplan workspace" in words
    assert not (folder / "out").exists()


def test_a_member_has_one_category_two_budget_for_all_its_services(
    pool: Callable[..., tuple[int, str]], folder: Path
) -> None:
    head = "lea_id,service,quantity,current_usd_month,category,c2_rate,c2_available_usd\n"
    (folder / "demand.csv").write_text(head + "2300000,internet,10,100,C2,80,1000\n2300000,wan,10,100,C2,80,\n")
    code, said = pool()
    assert code == 0, said
    # 12 x 100 each: the first service uses up the 1,000 left, of the second nothing is discounted
    assert [row["erate_usd"] for row in rows(folder / "out" / "assignments.csv")] == ["800.00", "0.00"]
    change(folder / "demand.csv", "C2,80,\n", "C2,80,500\n")
    code, said = pool()
    assert code == 1
    assert "2300000 has two Category Two budgets: 1000 and 500" in said
    assert "row 3" in said
