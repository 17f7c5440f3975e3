"""The pool's part of a letter, and the tables its maps draw, out of the files of an answer."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box

from infraplan.errors import InfraplanError, NoAnswer
from infraplan.outputs.layers import load_layer, named
from infraplan.procurement import pool_layers, pool_letters

ASSIGNMENTS = """lea_id,service,bid_id,usd_month,usd_once,usd_fixed_share,pre_discount_usd,erate_usd,applicant_usd,baseline,\
saving_pre_discount_usd,saving_applicant_usd,like_for_like,baseline_pre_discount_usd,baseline_applicant_usd
A,internet,n1,100,50,200,3850.00,3080.00,770.00,current,3350.00,670.00,yes,7200.00,1440.00
A,wan,current,60,0,0,2160.00,1728.00,432.00,current,0.00,0.00,yes,2160.00,432.00
B,internet,n1,300,0,400,11200.00,6720.00,4480.00,n2,,,no,10000.00,4000.00
C,internet,n2,90,0,0,3240.00,0.00,3240.00,,,,no,,
"""
AWARDS = "bid_id,provider_id\nn1,plains\nn2,bell\n"
FILINGS = """lea_id,separate_usd,consortium_equal_usd,consortium_proportional_usd,own_rate
A,1202.00,1803.00,1150.25,C1 80
"""
DEMAND = """lea_id,service,quantity,current_usd_month,ben,current_quantity,named_in_470,loa_through_fy
A,internet,100,200,777,100,yes,2029
A,wan,2,60,777,2,yes,2029
B,internet,300,250,,200,no,
C,internet,50,,,,,
"""
SAID = {
    "policy": {"horizon_months": 36, "start_date": "2027-07-01", "filing": "separate"},
    "stamps": ["PROCUREMENT SENSITIVE: bids are not public before the award"],
    "proved": "proved the best possible",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contract").mkdir()
    for name, text in (("assignments.csv", ASSIGNMENTS), ("awards.csv", AWARDS), ("filings.csv", FILINGS),
                       ("contract/demand.csv", DEMAND), ("contract/contract.toml", "award_date = 2027-02-19\n"),
                       ("solution.json", json.dumps(SAID))):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def words(folder: Path, member: str, heading: str, desk: pool_letters.Desk | None = None) -> str:
    told = pool_letters.parts(pool_letters.read(folder), member, desk or pool_letters.Desk())
    return " ".join(next(part for part in told if part.heading.startswith(heading)).sentences)


def test_a_monthly_price_that_a_volume_tier_left_with_parts_of_a_cent_is_told_whole(folder: Path) -> None:
    path = folder / "assignments.csv"
    path.write_text(path.read_text().replace("A,internet,n1,100,", "A,internet,n1,99.9951,"), encoding="utf-8")
    assert "in the pool $99.9951 a month from plains" in words(folder, "A", "The pool")


def test_the_letter_says_todays_bill_the_pools_and_who_pays_what(folder: Path) -> None:
    told = words(folder, "A", "The pool")
    assert (
        "Internet, quantity 100: Today $200.00 a month before discount; in the pool $100.00 a month from plains" in told
    )
    assert "and $50.00 once, and $200.00 as your share of the fixed cost" in told
    assert "$3,850.00 before discount, $3,080.00 of it expected from E-Rate, $770.00 from you" in told
    assert "WAN, quantity 2: Today $60.00 a month before discount; in the pool you keep that contract" in told


def test_who_keeps_its_contract_is_in_no_file_of_the_contract_and_its_letter_says_todays_bill(folder: Path) -> None:
    path = folder / "contract" / "demand.csv"
    path.write_text(path.read_text().replace("A,wan,2,60,777,2,yes,2029\n", ""), encoding="utf-8")
    assert "WAN: Today $60.00 a month before discount; in the pool you keep that contract" in words(
        folder, "A", "The pool"
    )
    path.write_text(path.read_text().replace("A,internet,100,200,777,100,yes,2029\n", ""), encoding="utf-8")
    table = folder / "assignments.csv"
    table.write_text(table.read_text().replace("A,internet,n1,100,", "A,internet,current,100,"), encoding="utf-8")
    told = " ".join(words(folder, "A", heading) for heading in ("The pool", "If you say no", "When"))
    assert "Internet: Today $100.00 a month before discount" in told
    for wrong in ("No contract today", "not known", "not on file", "A bid taken alone"):
        assert wrong not in told


def test_a_price_above_todays_says_why(folder: Path) -> None:
    assert "more a month" not in words(folder, "A", "The pool")
    path = folder / "assignments.csv"
    path.write_text(path.read_text().replace("A,wan,current,60,0,0,2160.00,1728.00,432.00,current,",
                                             "A,wan,n1,75,0,0,2700.00,2160.00,540.00,n2,"), encoding="utf-8")  # fmt: skip
    told = words(folder, "A", "The pool")
    assert "WAN, quantity 2: Today $60.00" in told
    assert "E-Rate is paid on your present contract only to its end and extensions unless it is bid again" in told


def test_the_three_ways_to_file_stand_side_by_side(folder: Path) -> None:
    told = words(folder, "A", "The pool")
    assert "$1,202.00 if each files its own at its own rate (C1 80 percent)" in told
    assert "$1,150.25 in one consortium request divided by cost and own rate" in told
    assert "$1,803.00 in one request with the same rate for all" in told
    assert "stand on each filing its own." in told


def test_saying_no_is_told_in_dollars_of_the_member_itself(folder: Path) -> None:
    told = words(folder, "A", "If you say no")
    assert (
        "your present contract. You would pay $1,440.00 yourself over the term, $670.00 more than in the pool." in told
    )
    assert "the same as in the pool" in told


def test_another_quantity_is_never_called_a_saving(folder: Path) -> None:
    assert "(for quantity 200, not quantity 300)" in words(folder, "B", "The pool")
    told = words(folder, "B", "If you say no")
    assert "$480.00 less than in the pool. It buys another quantity, so the difference is no saving." in told


def test_a_member_with_nothing_to_go_back_to_is_told_so(folder: Path) -> None:
    assert "No contract today that we know of" in words(folder, "C", "The pool")
    assert "we cannot say what saying no would cost" in words(folder, "C", "If you say no")


def test_dates_contact_and_a_line_to_sign_on(folder: Path) -> None:
    told = words(folder, "A", "When", pool_letters.Desk("Ann, 555-0100", date(2027, 3, 5)))
    assert "Award: 2027-02-19. Service starts 2027-07-01, for 36 months (to the end of June 2030)." in told
    assert "Please answer by 2027-03-05." in told
    assert "You are named in the joint Form 470. Your letter of agency runs through FY2029." in told
    assert "You are not named in the joint Form 470" in words(folder, "B", "When")
    answer = words(folder, "A", "Your answer", pool_letters.Desk("Ann, 555-0100"))
    assert "Questions: Ann, 555-0100" in answer
    assert "Signature ____" in answer


def test_members_are_found_by_the_ben_of_the_demand_then_by_the_crosswalk(folder: Path) -> None:
    assert pool_letters.read(folder).by_ben({"888": "B"}) == {"777": "A", "888": "B", "C": "C"}


def test_a_stranger_and_a_folder_without_an_award_are_refused_in_words(folder: Path) -> None:
    with pytest.raises(NoAnswer, match="Z is not in the pool"):
        words(folder, "Z", "When")
    (folder / "contract" / "contract.toml").unlink()
    with pytest.raises(InfraplanError, match=r"no awarded pool: contract\.toml is not there"):
        pool_letters.read(folder)


# --- maps -----------------------------------------------------------------------------------------------------------


def test_the_maps_table_sums_services_and_says_what_leaving_costs(folder: Path) -> None:
    told = pool_layers.pool(folder).table.set_index("lea_id")
    assert told.loc["A", "provider"] == "plains"
    assert told.loc["A", "all_providers"] == "internet: plains; wan: the present contract"
    assert list(told.loc["A", ["saving_applicant_usd", "leaving_usd"]]) == [670.0, 670.0]
    assert told.loc["A", "saving_year_usd"] == pytest.approx(670 / 3)
    assert list(told.loc["A", ["saving_class", "leaving_class"]]) == ["to_1000", "to_1000"]


def test_a_member_with_another_quantity_has_no_saving_but_a_cost_of_leaving(folder: Path) -> None:
    told = pool_layers.pool(folder).table.set_index("lea_id").astype(object)
    told = told.where(told.notna(), None)
    assert list(told.loc["B", ["saving_class", "leaving_class", "leaving_usd"]]) == [None, "less", -480.0]
    assert list(told.loc["C", ["saving_class", "leaving_class", "leaving_usd"]]) == [None, None, None]


def test_members_without_a_boundary_stay_in_the_table(folder: Path) -> None:
    shapes = gpd.GeoDataFrame(
        {"area_id": ["A", "X"], "name": ["Alder", "Xenia"], "area_layer": "unified"},
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs="EPSG:4326",
    )  # fmt: skip
    areas = pool_layers.areas(shapes, [pool_layers.pool(folder)])
    assert areas["area_id"].tolist() == ["A", "X", "B", "C"]
    assert areas.geometry.isna().tolist() == [False, False, True, True]
    with pytest.raises(NoAnswer, match="no member of the answer"):
        pool_layers.areas(shapes.assign(area_id=["Y", "X"]), [pool_layers.pool(folder)])


def test_a_folder_without_an_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InfraplanError, match="holds no answer"):
        pool_layers.lots(tmp_path)


def test_names_get_colors_in_order_and_the_rest_are_others() -> None:
    layer = load_layer("pool_provider")
    many = [f"p{number}" for number in range(9)]
    told = named(layer, [*many, "current"])
    assert [code.code for code in told.codes] == [*many[:7], "other", "current"]
    assert len({code.color for code in told.codes}) == 9
    few = named(replace(layer, labels=True), ["current", "bell"])
    assert [(code.code, code.label) for code in few.codes] == [
        ("bell", "bell"),
        ("current", "keeps the present contract"),
    ]


def test_layers_of_lots_start_again_from_the_first_color() -> None:
    told = named(load_layer("lots_lot"), [f"lot-{number}" for number in range(1, 11)])
    assert told.codes[0].color == told.codes[8].color
