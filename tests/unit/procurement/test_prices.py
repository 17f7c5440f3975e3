"""Prices against peers: which lines count, groups and their widening, the scale, outliers, consortia, history."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from infraplan.errors import NoAnswer
from infraplan.procurement import prices

INTERNET = dict(prices._codes()["purpose"])["internet"]


def filing(
    number: int, mbps: float, usd: float, *, state: str = "IA", status: str = "Rural", **other: object
) -> dict[str, dict[str, object]]:
    """One application with one request and one line of Internet."""
    application = {"application_number": f"A{number}", "funding_year": 2016, "report_state": state, "ben": f"B{number}",
                   "name": f"District {number}", "applicant_type": "School District",
                   "students": 100, "urban_rural": status}  # fmt: skip
    request = {"frn": f"F{number}", "application_number": f"A{number}", "ben": f"B{number}", "status": "Funded",
               "confidential": False}  # fmt: skip
    line = {"line_id": f"F{number}.001", "frn": f"F{number}", "function": "Fiber", "purpose": INTERNET, "down_mbps": mbps,
            "usd_month": Decimal(str(usd)), "quantity": 1.0}  # fmt: skip
    told = {"application": application, "request": request, "line": line}
    for name, value in other.items():
        next(row for row in told.values() if name in row)[name] = value
    return told


def tables(*filings: dict[str, dict[str, object]]) -> dict[str, pd.DataFrame]:
    names = {"application": "applications", "request": "requests", "line": "request_lines"}
    return {name: pd.DataFrame([one[part] for one in filings]) for part, name in names.items()}


def many(count: int, start: int = 0, **other: object) -> list[dict[str, dict[str, object]]]:
    """`count` filings at 100 Mbps with prices 100, 110, 120, ..."""
    return [filing(start + at, 100, 100 + 10 * at, **other) for at in range(count)]  # type: ignore[arg-type]


def test_a_price_stands_beside_its_peers_with_quantiles_and_percentile() -> None:
    table = prices.benchmark(tables(*many(11)), funding_year=2016).table
    middle = table[table["ben"] == "B5"].iloc[0]
    assert middle["usd_mbps_month"] == 1.5
    assert (middle["p10_usd_mbps_month"], middle["median_usd_mbps_month"], middle["p90_usd_mbps_month"]) == (
        1.1,
        1.5,
        1.9,
    )
    assert (middle["n"], middle["percentile"], middle["widened"]) == (11, 50.0, False)
    assert middle["peers"] == "Internet with circuit, 100 to 250 Mbps, rural, IA"


def test_a_small_group_is_widened_and_says_so() -> None:
    found = prices.benchmark(
        tables(*many(9), *many(3, 100, status="Urban"), *many(8, 200, state="KS")), funding_year=2016
    )
    urban, kansas = (found.table[found.table["ben"] == ben].iloc[0] for ben in ("B100", "B200"))
    assert (urban["peers"], urban["n"], urban["widened"]) == ("Internet with circuit, 100 to 250 Mbps, IA", 12, True)
    assert kansas["peers"] == "Internet with circuit, 100 to 250 Mbps, rural, all states loaded"
    assert kansas["n"] == 17


def test_a_price_without_enough_peers_anywhere_has_no_quantiles() -> None:
    table = prices.benchmark(tables(*many(5)), funding_year=2016).table
    assert set(table["peers"]) == {"no group is large enough"}
    assert table["median_usd_mbps_month"].isna().all()


@pytest.mark.parametrize(
    ("other", "why"),
    [({"confidential": True}, "confidential"), ({"status": "Denied"}, "not funded"), ({"function": "Cabling"}, "for no circuit"),
     ({"usd_month": Decimal(0)}, "without a monthly price"), ({"down_mbps": np.nan}, "without a monthly price"),
     ({"purpose": "Other words"}, "purpose unknown")],
)  # fmt: skip
def test_lines_without_a_usable_price_stay_out_and_are_counted(other: dict[str, object], why: str) -> None:
    told = tables(*many(3), *([filing(50, 100, 5)]))
    for name, value in other.items():
        frame = told["requests"] if name in {"confidential", "status"} else told["request_lines"]
        frame[name] = [*frame[name][:-1], value]
    found = prices.benchmark(told, funding_year=2016)
    assert "B50" not in set(found.table["ben"])
    assert any(note.startswith("left out: 1 line ") and why in note for note in found.notes)


def test_a_line_is_counted_once_however_many_schools_receive_it() -> None:
    told = tables(*many(11))
    told["line_recipients"] = pd.DataFrame(
        {"line_id": ["F0.001"] * 40, "entity_id": [str(at) for at in range(40)], "quantity": np.nan, "amount_usd": None}
    )
    assert len(prices.benchmark(told, funding_year=2016).table) == 11


def consortium(recipients: pd.DataFrame) -> dict[str, pd.DataFrame]:
    told = tables(*many(11), filing(50, 100, 1000, applicant_type="Consortium", quantity=10.0))
    told["line_recipients"] = recipients.assign(line_id="F50.001")
    told["applicant_sites"] = pd.DataFrame({
        "application_number": "A50", "site_ben": ["S1", "S2", "S3"], "parent_ben": ["M1", "M1", "M2"],
        "parent_name": ["One", "One", "Two"],
    })  # fmt: skip
    return told


def test_a_consortiums_line_is_split_over_its_members_by_the_quantity_filed() -> None:
    recipients = pd.DataFrame({"entity_id": ["S1", "S2", "S3"], "quantity": [1.0, 2.0, 1.0], "amount_usd": None})
    table = prices.benchmark(consortium(recipients), funding_year=2016).table
    led = table[table["filed_by"] == "B50"].set_index("ben")
    assert led["circuits"].to_dict() == {"M1": 7.5, "M2": 2.5}
    assert led["name"].to_dict() == {"M1": "One", "M2": "Two"}


def test_without_quantities_amounts_split_and_without_both_recipients_count_equally() -> None:
    by_amount = pd.DataFrame(
        {"entity_id": ["S1", "S3"], "quantity": [np.nan] * 2, "amount_usd": [Decimal(90), Decimal(10)]}
    )
    equally = pd.DataFrame({"entity_id": ["S1", "S2", "S3"], "quantity": [np.nan] * 3, "amount_usd": [None] * 3})
    for recipients, expected in ((by_amount, 9.0), (equally, 20 / 3)):
        table = prices.benchmark(consortium(recipients), funding_year=2016).table
        assert table[table["ben"] == "M1"]["circuits"].iloc[0] == pytest.approx(expected)


def test_prices_older_than_two_funding_years_are_historic() -> None:
    told = tables(*many(11))
    assert not prices.benchmark(told, funding_year=2018).historic
    old = prices.benchmark(told, funding_year=2019)
    assert old.historic
    assert set(old.table["stamp"]) == {"HISTORIC"}
    assert old.notes[0].startswith("HISTORIC: prices of FY2016")


def test_prices_of_a_year_that_nobody_filed_are_not_taken_for_recent() -> None:
    told = tables(*many(11, funding_year=None))
    unknown = prices.benchmark(told, funding_year=2016)
    assert set(unknown.table["stamp"]) == {"HISTORIC"}
    assert unknown.notes[0].startswith("HISTORIC: prices of a year that was not filed, used for FY2016")
    requests = told["requests"].assign(funding_year=2016)
    assert not prices.benchmark(told | {"requests": requests}, funding_year=2016).historic, "the request says its year"


def scale_of(exponent: float, factor: float = 50.0, noise: float = 0.1) -> list[dict[str, dict[str, object]]]:
    chance = np.random.default_rng(1)
    speeds = np.exp(chance.uniform(np.log(10), np.log(5000), 200))
    usd = factor * speeds**exponent * np.exp(chance.normal(0, noise, 200))
    return [
        filing(at, float(mbps), round(float(price), 2))
        for at, (mbps, price) in enumerate(zip(speeds, usd, strict=True))
    ]


def test_the_price_scale_finds_the_exponent_and_its_interval_holds_it() -> None:
    scale = prices.benchmark(tables(*scale_of(0.5)), funding_year=2016).scales[0]
    assert scale.low < 0.5 < scale.high
    assert scale.exponent == pytest.approx(0.5, abs=0.02)
    assert "twice the speed costs 4" in scale.words()


def test_lines_far_from_the_scale_are_named_with_the_cell_that_may_cause_it() -> None:
    odd = [
        filing(900, 50, 14, quantity=50.0), filing(901, 39812, 40), filing(902, 100, 20000), filing(903, 1000, 3, quantity=270.0),
    ]  # fmt: skip
    table = prices.benchmark(tables(*scale_of(0.5), *odd), funding_year=2016).table
    why = table[table["outlier"].notna()].set_index("ben")["outlier"]
    assert "quantity equals the speed" in why["B900"]
    assert "kbps" in why["B901"]
    assert "above the usual price" in why["B902"]
    assert "270 units" in why["B903"]
    assert len(why) == 4


def test_a_crosswalk_gives_nces_numbers_and_the_match_is_counted() -> None:
    found = prices.benchmark(tables(*many(11)), funding_year=2016, crosswalk={"B3": "1900003"})
    assert found.table.set_index("ben")["lea_id"]["B3"] == "1900003"
    assert any("1 of 11 rows have an NCES number" in note for note in found.notes)


def test_missing_tables_are_named() -> None:
    with pytest.raises(NoAnswer, match="applications"):
        prices.benchmark({"requests": pd.DataFrame(), "request_lines": pd.DataFrame()}, funding_year=2016)


def test_requests_that_do_not_say_what_is_confidential_are_remarked_on() -> None:
    told = tables(*many(11))
    told["requests"]["confidential"] = None
    assert "do not say which prices are confidential" in " ".join(prices.benchmark(told, funding_year=2016).notes)


def test_peers_are_of_one_year_and_each_applicant_stands_with_its_newest() -> None:
    old = [filing(at, 100, 1000 + 10 * at, funding_year=2016) for at in range(11)]
    new = [filing(at, 100, 100 + 10 * at, funding_year=2018, application_number=f"N{at}") for at in range(10)]
    for at, one in enumerate(new):
        one["request"] |= {"frn": f"G{at}", "application_number": f"N{at}"}
        one["line"] |= {"line_id": f"G{at}.001", "frn": f"G{at}"}
    found = prices.benchmark(tables(*old, *new), funding_year=2019)
    table = found.table.set_index("ben")
    assert len(table) == 11
    assert list(table.loc["B9", ["line_id", "median_usd_mbps_month", "n", "peers"]]) == [
        "G9.001", 1.45, 10, "Internet with circuit, 100 to 250 Mbps, rural, IA, FY2018",
    ]  # fmt: skip
    assert table.loc["B10", "peers"] == "Internet with circuit, 100 to 250 Mbps, rural, IA, FY2016"
    assert table["stamp"].fillna("").tolist().count("HISTORIC") == 1, "only the price that is old"
    assert any(note.startswith("left out: 10 rows of years before the applicant's newest") for note in found.notes)
    before = prices.benchmark(tables(*old, *new), funding_year=2017)
    assert set(before.table["line_id"].str[0]) == {"F"}
    assert any(note == "left out: 10 lines of years after FY2017" for note in before.notes)
