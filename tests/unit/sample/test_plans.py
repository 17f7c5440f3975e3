"""E-Rate filings, bids, projects, a network and materials of the sample state agree with themselves."""

import tomllib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import isbnlib
import pandas as pd
import pytest

from infraplan.sample.form471 import TABLES
from infraplan.sample.names import told


def filing(franklin: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(franklin / f"erate/fy2026_form471/{name}.csv", dtype=str, keep_default_na=False)


def plain(franklin: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(franklin / f"{name}.csv", dtype=str, keep_default_na=False)


def money(cells: pd.Series) -> pd.Series:
    return cells.map(Decimal)


@pytest.mark.parametrize("name", TABLES)
def test_form_471_tables_have_the_display_names_of_the_reports(franklin: Path, name: str) -> None:
    frame = filing(franklin, name)
    assert list(frame.columns) == told("form471")[name]
    assert len(frame) > 20


def test_line_items_add_up_to_requests_and_requests_to_applications(franklin: Path) -> None:
    lines, requests, basic = (filing(franklin, name) for name in ("frn_line_items", "frn", "basic_information"))
    by_request = money(lines["Pre-Discount Extended Eligible Line Item Cost"]).groupby(lines["FRN"]).sum()
    asked = money(requests.set_index("FRN")["Total Pre-Discount Charges"])
    assert by_request.sort_index().tolist() == asked.sort_index().tolist()
    by_application = asked.groupby(requests.set_index("FRN")["Application Number"]).sum()
    filed = money(basic.set_index("Application Number")["Total Funding Year Pre-Discount Eligible Amount"])
    assert by_application.sort_index().tolist() == filed.sort_index().tolist()


def test_commitments_are_the_rate_times_the_cost_to_the_cent(franklin: Path) -> None:
    frame = filing(franklin, "frn")
    frame = frame[frame["FRN Status"].isin(["Funded", "Pending"]) & (frame["Fiber Type"] == "")]
    cost, rate = money(frame["Total Pre-Discount Charges"]), money(frame["Discount Rate"])
    want = [(c * r / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) for c, r in zip(cost, rate, strict=True)]
    assert money(frame["Funding Commitment Request"]).tolist() == want


def test_the_consortium_files_at_the_plain_mean_of_its_members(franklin: Path) -> None:
    basic, members = filing(franklin, "basic_information"), filing(franklin, "discount_calculations")
    consortium = basic[basic["Applicant Type"] == "Consortium"].iloc[0]
    each = members[members["Application Number"] == consortium["Application Number"]].drop_duplicates("BEN")
    rates = [int(rate) for rate in each["Category One Discount Rate"]]
    mean = (Decimal(sum(rates)) / len(rates)).quantize(Decimal(1), ROUND_HALF_UP)
    assert int(consortium["Category One Discount Rate"]) == int(mean)


def test_recipients_belong_to_line_items_that_exist(franklin: Path) -> None:
    recipients, lines = filing(franklin, "recipients_of_service"), filing(franklin, "frn_line_items")
    assert set(recipients["Line Item"]) == set(lines["Line Item"])


def test_most_filers_are_in_the_crosswalk(franklin: Path) -> None:
    filers = set(filing(franklin, "basic_information")["Billed Entity Number"])
    known = set(plain(franklin, "erate/ben_nces_crosswalk")["ben"])
    assert 0.8 < len(filers & known) / len(filers) < 1


def test_entities_of_the_discount_file_have_parents_and_no_more_lunches_than_students(franklin: Path) -> None:
    frame = plain(franklin, "erate/discounts_in")
    assert set(frame["parent_id"]) - {""} <= set(frame["entity_id"])
    both = frame[(frame["students"] != "") & (frame["nslp_students"] != "")].astype(
        {"students": int, "nslp_students": int}
    )
    assert (both["nslp_students"] <= both["students"]).all()
    assert (frame["cep"] == "yes").any()
    assert set(frame["kind"]) == {"district", "school", "library"}
    assert (frame["member_of"] != "").sum() > 1


def test_every_member_can_be_served_or_keeps_what_it_has(franklin: Path) -> None:
    demand, prices = plain(franklin, "bids/demand"), plain(franklin, "bids/bid_prices")
    offered = set(zip(prices["lea_id"], prices["service"], strict=True))
    assert all(row["current_usd_month"] or (row["lea_id"], row["service"]) in offered for _, row in demand.iterrows())
    assert (demand["current_usd_month"] == "").any()


def test_bids_have_tiers_capacities_bundles_and_one_that_is_out(franklin: Path) -> None:
    bids, prices, tiers = (plain(franklin, f"bids/{name}") for name in ("bids", "bid_prices", "bid_tiers"))
    assert set(prices["bid_id"]) == set(bids["bid_id"])
    assert set(tiers["bid_id"]) <= set(bids.loc[bids["kind"] == "itemized", "bid_id"])
    assert not tiers.duplicated(["bid_id", "from_quantity"]).any()
    assert (bids["kind"] == "bundle").any()
    assert (bids["capacity"] != "").any()
    assert (bids["disqualified"] != "").sum() == 1
    bundled = prices[prices["bid_id"].isin(bids.loc[bids["kind"] == "bundle", "bid_id"])]
    assert (bundled["usd_month"] == "").all()


def test_the_request_for_proposals_discloses_what_the_policy_limits(franklin: Path) -> None:
    policy, rfp = (tomllib.loads((franklin / f"bids/{name}.toml").read_text()) for name in ("policy", "rfp"))
    assert rfp["max_awards"] == policy["max_awards"]
    assert rfp["objective"] == policy["objective"]
    assert max(rfp["factors"], key=rfp["factors"].get).startswith("price")


def test_projects_name_projects_that_exist_and_one_fund_has_no_authority(franklin: Path) -> None:
    projects, funds = plain(franklin, "bids/projects"), plain(franklin, "bids/funds")
    known = set(projects["project_id"])
    assert (set(projects["requires"]) | set(projects["excludes"])) - {""} <= known
    assert set(projects["kind"]) == {"special_construction", "recurring", "equipment"}
    assert set(funds.loc[funds["authority_cite"] == "", "kind"]) == {"tribal"}
    assert set(funds.loc[funds["match_eligible"] == "yes", "kind"]) == {"state_match"}


def test_every_site_can_be_reached_from_a_point_of_presence(franklin: Path) -> None:
    sites, nodes, edges = (plain(franklin, f"bids/build_{name}") for name in ("sites", "nodes", "network"))
    neighbors: dict[str, set[str]] = {node: set() for node in nodes["node"]}
    for a, b in zip(edges["a"], edges["b"], strict=True):
        neighbors[a].add(b)
        neighbors[b].add(a)
    seen, edge = {"pop0"}, ["pop0"]
    while edge:
        fresh = neighbors[edge.pop()] - seen
        seen |= fresh
        edge += fresh
    assert set(sites["node"]) <= seen
    assert (sites["alternative_usd"] == "").any()


def test_the_materials_list_has_the_dirt_of_real_lists(franklin: Path) -> None:
    frame = plain(franklin, "oer/materials_list")
    assert 60 <= len(frame) <= 150
    assert frame["title"].isin(told("oer")["placeholder"]).sum() == 4
    assert frame["isbn"].str.startswith("978-0-000000").any()
    assert frame["isbn"].str.contains("/").any()
    assert frame["isbn"].str.endswith(".0").any()
    assert (frame["price_usd"] == "79.99, 80.50").any()
    assert (frame["grades"] == "6;7;8").any()
    assert frame["title"].str.contains(r"\[").any()
    assert frame["item_id"].is_unique


def test_most_isbns_check_and_some_titles_are_already_open(franklin: Path) -> None:
    frame, catalog = plain(franklin, "oer/materials_list"), plain(franklin, "oer/oer_catalog")
    valid = frame["isbn"].map(lambda cell: bool(isbnlib.is_isbn13(cell)))
    assert 0.7 < valid.mean() < 1
    assert (catalog["isbn"].isin(["", *frame["isbn"]]) & (catalog["isbn"] != "")).sum() == 3
    assert catalog["license"].nunique() > 8
    assert (catalog["license"] == "").any()


def test_alignments_leave_some_standards_uncovered(franklin: Path) -> None:
    standards, alignments = plain(franklin, "oer/standards"), plain(franklin, "oer/alignments")
    bare = alignments["code"].str.replace("CCSS.Math.Content.", "", case=False)
    wanted = standards["code"].str.removeprefix("CCSS.Math.Content.")
    assert 2 <= len(set(wanted) - set(bare)) < 15
    assert set(bare) <= set(wanted)
    assert set(alignments["resource_id"]) <= set(plain(franklin, "oer/oer_catalog")["resource_id"])
