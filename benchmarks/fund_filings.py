"""Plan three state budgets for what twelve states asked for in FY2016: special construction and Category Two.

usage: python benchmarks/fund_filings.py DIR [STATE...]

Needs the shared data ($INFRAPLAN_SHARED_DATA, or ../shared/data). HISTORIC: the requests are those of Form 471 for
FY2016; ILLUSTRATIVE: the funds are made up. How filings become projects:

project      one per funding request with Category Two service or special construction, whatever became of it
cost         its eligible amount before discount, as filed; a request of maintenance is paid once, as filed
rate         the applicant's Category One or Two rate on the application, without what a match added
students     the applicant's enrollment on the application (libraries and others without students are left out)
benefit      its students, divided among its requests by their cost: all of them together count each student once
budget       by applicant, the FY2016 rule for each school site named on its applications (without sites: for all its
             students as one); nothing is taken as spent
funds        three years; $20 million of state money, three tenths of it match for special construction; local money for
             a tenth of what all applicants would have to pay
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from infraplan import rules

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
INFRAPLAN = Path(sys.executable).with_name("infraplan")
YEARS = (2016, 2017, 2018)
STATE_USD = 20_000_000
HISTORIC = "HISTORIC: requests of Form 471, FY2016"
ILLUSTRATIVE = "ILLUSTRATIVE: made-up funds"
BUDGETS = (0, 1_000_000, 5_000_000, 20_000_000)
C2_SERVICES = (
    "Internal Connections",
    "Basic Maintenance of Internal Connections",
    "Managed Internal Broadband Services",
)


def main() -> None:
    """Write the inputs, run the command, print what it says."""
    folder, states = Path(sys.argv[1]), [word.upper() for word in sys.argv[2:]]
    folder.mkdir(parents=True, exist_ok=True)
    filed = SHARED / "erate" / "fy2016_form471"
    if not filed.is_dir():
        print("the shared filings are not here: set INFRAPLAN_SHARED_DATA to their folder")
        return
    projects = projects_of(filed, states)
    projects.assign(stamp=HISTORIC).to_csv(folder / "projects.csv", index=False)
    funds_for(projects).assign(stamp=ILLUSTRATIVE).to_csv(folder / "funds.csv", index=False)
    budgets(filed, projects).to_csv(folder / "c2_budgets.csv", index=False)
    print(projects.groupby("kind").agg(requests=("project_id", "size"), usd=("pre_discount_usd", "sum")).to_string())
    begun = time.perf_counter()
    words = [str(INFRAPLAN), "procurement", "fund", "--years", f"{YEARS[0]}-{YEARS[-1]}", "-o", str(folder / "plan")]
    words += ["--workspace", str(folder)]
    for name in ("projects", "funds"):
        words += [f"--{name}", str(folder / f"{name}.csv")]
    words += ["--c2-budgets", str(folder / "c2_budgets.csv"), "--time-limit", "300"]
    for usd in BUDGETS:
        words += ["--state-usd", str(usd)]
    subprocess.run(words, check=True)
    print(f"{time.perf_counter() - begun:.1f} s in all")
    print((folder / "plan" / "frontier.csv").read_text(encoding="utf-8"))


def projects_of(filed: Path, states: list[str]) -> pd.DataFrame:
    """One row per request."""
    requests = pd.read_csv(filed / "frn.csv.gz", dtype=str)
    basics = pd.read_csv(filed / "basic_information.csv.gz", dtype=str).drop_duplicates("Application Number")
    merged = requests.merge(
        basics[
            ["Application Number", "Fulltime Enrollment", "Category One Discount Rate", "Category Two Discount Rate"]
        ],
        on="Application Number",
    )
    construction = merged["Fiber Sub-type"] == "Special Construction"
    merged = merged[(construction | merged["Service Type"].isin(C2_SERVICES))].copy()
    if states:
        merged = merged[merged["report_state"].isin(states)]
    construction = merged["Fiber Sub-type"] == "Special Construction"
    once, cost = (
        numbers(merged["Total Eligible Pre-Discount One- Time Charges"]),
        numbers(merged["Total Pre-Discount Charges"]),
    )
    rate = numbers(merged["Category One Discount Rate"]).where(
        construction, numbers(merged["Category Two Discount Rate"])
    )
    table = pd.DataFrame(
        {
            "project_id": merged["FRN"],
            "lea_id": merged["BEN"],
            "name": merged["Billed Entity Name"].str.title() + ", " + merged["report_state"],
            "category": construction.map({True: "C1", False: "C2"}),
            "kind": construction.map({True: "special_construction", False: "equipment"}),
            "pre_discount_usd": once.where(construction, cost).round(2),
            "rate": rate,
            "students": numbers(merged["Fulltime Enrollment"]).astype(int),
            "region": merged["report_state"],
        }
    )
    table = table[(table["pre_discount_usd"] > 0) & (table["students"] > 0) & (table["rate"] > 0)]
    table["students"] = table.groupby("lea_id")["students"].transform("max")
    share = table["pre_discount_usd"] / table.groupby("lea_id")["pre_discount_usd"].transform("sum")
    return table.assign(benefit=(table["students"] * share).round(2)).sort_values("project_id", ignore_index=True)


def funds_for(projects: pd.DataFrame) -> pd.DataFrame:
    """Made-up money of three years."""
    owed = float((projects["pre_discount_usd"] * (100 - projects["rate"]) / 100).sum())
    rows = []
    for year in YEARS:
        for kind, usd, uses, match in (
            ("state_match", 0.3 * STATE_USD, "C1", "yes"),
            ("state_grant", 0.7 * STATE_USD, "C1 C2", "no"),
            ("local", 0.1 * owed, "C1 C2", "no"),
        ):
            rows.append((f"{kind}-{year}", kind, year, round(usd / len(YEARS)), uses, "ILLUSTRATIVE: made up", match))
    return pd.DataFrame(
        rows, columns=["fund_id", "kind", "year", "usd", "may_pay_for", "authority_cite", "match_eligible"]
    )


def budgets(filed: Path, projects: pd.DataFrame) -> pd.DataFrame:
    """Category Two budgets: each school site's, added up by applicant."""
    book = rules.load("erate", YEARS[0], "category_two")
    each, floor = float(book.value("school.usd_per_student")), float(book.value("floor.usd_per_site"))
    sites = pd.read_csv(filed / "discount_calculations.csv.gz", dtype=str)
    own = sites["BEN.1"].isna()
    table = pd.DataFrame(
        {
            "lea_id": sites["BEN"],
            "site": sites["BEN.1"].where(~own, sites["BEN"]),
            "students": numbers(sites["Number of Students.1"]).where(~own, numbers(sites["Number of Students"])),
        }
    )
    table = table[table["lea_id"].isin(projects["lea_id"]) & (table["students"] > 0)]
    lacking = projects[~projects["lea_id"].isin(table["lea_id"])].drop_duplicates("lea_id")
    table = pd.concat([table, lacking[["lea_id", "students"]].assign(site=lacking["lea_id"])], ignore_index=True)
    most = pd.DataFrame(table.groupby(["lea_id", "site"], as_index=False)["students"].max())
    most["available_usd"] = (most["students"] * each).clip(lower=floor)
    whole = pd.DataFrame(most.groupby("lea_id", as_index=False)["available_usd"].sum())
    return whole.round(2).assign(cycle_start=int(book.value("cycle.first_year")))


def numbers(cells: pd.Series) -> pd.Series:
    """Cells as numbers, blank as nothing."""
    return pd.to_numeric(cells, errors="coerce").fillna(0.0)


if __name__ == "__main__":
    main()
