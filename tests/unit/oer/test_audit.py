"""The audit for a board: denominators, duties, questions for counsel, a workbook that recalculates, hostile cells."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from infraplan.cli import infraplan
from infraplan.oer import workbook
from infraplan.oer.audit import Audit, audit, coverage_record, dollars
from infraplan.oer.funding import assess, rules
from infraplan.oer.licenses import read
from infraplan.oer.matching import match
from infraplan.oer.rights import asked_by, attribution
from infraplan.oer.savings import CASES, estimate, worked_example
from infraplan.oer.sources.lists import LIST_COLUMNS, read_catalogs, read_list
from infraplan.oer.standing import with_standing

LIST = """item_id,title,isbn,course,price_usd,students,publisher
a,Anatomy and Physiology,9781938168130,Honors Anatomy and Physiology,0,40,OpenStax
b,Myers' Psychology for AP [3rd ed.],9781319070502,AP Psychology,108.00,120,BFW
c,Biology,,Biology,95.50,200,Pearson
d,NO TEXTBOOK,,Physics,,,
e,Illustrative Mathematics Grade 6,,,30,90,Kendall Hunt
f,Statistics,,AP Statistics,"79.99, 80.50",60,BFW
"""
CATALOG = """resource_id,title,license,program,grades
r1,Anatomy and Physiology 2e,CC BY 4.0,,
r2,Psychology 2e,CC BY 4.0,,
r3,Biology 2e,CC BY 4.0,,
r4,Illustrative Mathematics Grade 6 Mathematics,CC BY,Illustrative Mathematics,6
r5,Introductory Statistics,CC BY-NC-SA 4.0,,
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "catalog.csv").write_text(CATALOG, encoding="utf-8")
    return tmp_path / "list.csv", tmp_path / "catalog.csv"


@pytest.fixture
def told(files: tuple[Path, Path]) -> Audit:
    items, catalog = read_list(files[0]), read_catalogs([files[1]])
    matched = match(items, catalog)
    return audit(items, catalog, matched, estimate(items, matched))


def part(told: Audit, name: str) -> pd.DataFrame:
    return next(one for one in told.parts if one.file == name).table


def test_the_summary_says_how_many_of_how_many(told: Audit) -> None:
    rows = {row["what"]: (row["number"], row["of"]) for row in part(told, "summary").to_dict("records")}
    assert rows["rows that name a material"] == (5, 6)
    assert rows["already openly licensed"] == (1, 5)
    assert rows["with an open text of the same course and level (quality not judged)"] == (2, 5)
    assert rows["with an open text that fits in part"] == (1, 5)
    assert rows["for a person to look at"] == (1, 5)
    assert rows["without an open text"] == (0, 5)


def test_every_row_of_the_list_stands_in_exactly_one_part(told: Audit) -> None:
    named = [
        set(part(told, name)["item_id"]) for name in ("already_open", "alternatives", "for_a_person", "not_assessed")
    ]
    assert sorted(item for group in named for item in group) == ["a", "b", "c", "d", "e", "f"]


def test_an_alternative_says_what_its_license_asks_and_how_to_credit_it(told: Audit) -> None:
    row = next(r for r in part(told, "duties").to_dict("records") if r["resource_title"] == "Introductory Statistics")
    assert (row["duties"], row["print"], row["sell"]) == ("Attribution, NonCommercial, ShareAlike", "yes", "no")
    assert "CC BY-NC-SA 4.0, https://creativecommons.org/licenses/by-nc-sa/4.0/" in row["attribution"]


def test_only_the_public_domain_asks_nothing() -> None:
    assert asked_by(read("CC0").license) == ()
    assert asked_by(read("GFDL 1.3").license)[0] == "ShareAlike"
    assert all(
        asked_by(read(raw).license) for raw in ("GFDL", "Open Government Licence 3.0", "MIT", "All rights reserved")
    )


def test_an_attribution_line_marks_what_is_missing() -> None:
    line = attribution("A Book", read("CC BY").license)
    assert "[add the author]" in line
    assert "[add the version]" in line
    assert "public domain" in attribution("Old Book", read("CC0").license, author="N. N.", url="https://example.org")


def evaluated(formula: str, book: openpyxl.Workbook, sheet: str) -> Decimal:
    """A formula of the savings sheet, worked out with exact decimals."""

    def value(match: re.Match[str]) -> str:
        name, cell = (match[1] or sheet).strip("!"), match[2].replace("$", "")
        return f"Decimal('{book[name][cell].value}')"

    text = re.sub(r"(assumptions!)?(\$?[A-Z]\$?\d+)", value, formula.removeprefix("="))
    text = re.sub(r"(?<![\d'.])(\d+)(?=\)|,|$)", r"\1", text)

    def rounded(number: Decimal, places: int) -> Decimal:
        return number.quantize(Decimal(1).scaleb(-places), rounding="ROUND_HALF_UP")

    def up(number: Decimal, places: int) -> Decimal:
        return number.quantize(Decimal(1).scaleb(-places), rounding="ROUND_UP")

    return Decimal(eval(text, {"__builtins__": {}}, {"Decimal": Decimal, "ROUND": rounded, "ROUNDUP": up}))  # noqa: S307


def test_the_workbooks_formulas_give_the_figures_of_the_report(told: Audit, tmp_path: Path) -> None:
    workbook.write(tmp_path / "audit.xlsx", told)
    book = openpyxl.load_workbook(tmp_path / "audit.xlsx")
    assert book.sheetnames == [one.file for one in told.parts]
    sheet = book["savings"]
    lines = {sheet.cell(line, 1).value: line for line in range(1, sheet.max_row + 1)}
    counted = told.savings.table[told.savings.table["counted"] == "yes"]
    assert len(counted) == 2
    for row in counted.to_dict("records"):
        line = lines[row["item_id"]]
        for place, case in enumerate(CASES):
            yearly, first = sheet.cell(line, 7 + place).value, sheet.cell(line, 10 + place).value
            assert evaluated(str(yearly), book, "savings") == row[f"saving_{case}_usd_year"]
            assert evaluated(str(first), book, "savings") == row[f"year_one_{case}_usd"]
    assert str(sheet.cell(lines["Total"], 7).value).startswith("=SUM(G")


def test_a_hostile_cell_is_text_in_every_file(tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://x","Biology")'
    with (tmp_path / "list.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerows(
            [
                ["item_id", "title", "course"],
                ["a", f"{hostile} <script>alert(1)</script>", "AP Biology"],
                ["b", "=1+1", "x"],
            ]
        )
    (tmp_path / "catalog.csv").write_text(
        "resource_id,title,license\nr,Biology 2e,<script>CC BY</script>\n", encoding="utf-8"
    )
    done = CliRunner().invoke(infraplan, ["oer", "audit", "--list", str(tmp_path / "list.csv"), "--catalog",
                                          str(tmp_path / "catalog.csv"), "-o", str(tmp_path / "out")])  # fmt: skip
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    for sheet in openpyxl.load_workbook(tmp_path / "out" / "audit.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or str(cell.value).startswith(("=SUM(", "=ROUND("))
    for table in (tmp_path / "out").glob("*.csv"):
        assert not re.search(r'(?m)(^|,)"?=', table.read_text(encoding="utf-8")), table.name


def test_a_page_withholds_small_numbers_of_students(files: tuple[Path, Path], tmp_path: Path) -> None:
    files[0].write_text(LIST.replace("108.00,120", "108.00,7"), encoding="utf-8")
    done = CliRunner().invoke(
        infraplan,
        ["oer", "audit", "--list", str(files[0]), "--catalog", str(files[1]), "-o", str(tmp_path / "o"), "-q"],
    )
    assert done.exit_code == 0, done.output
    page = (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    assert "fewer than 10" in page
    assert "withheld" in page


def test_an_alternative_says_what_is_known_of_access_and_privacy_and_what_is_not(files: tuple[Path, Path]) -> None:
    catalog_file = files[1]
    catalog_file.write_text(
        "resource_id,title,license,author,url,wcag_conformance,wcag_url\n"
        "r3,Biology 2e,CC BY 4.0,Clark et al.,https://example.org/b,AA,https://example.org/acr\n",
        encoding="utf-8",
    )
    items, catalog = read_list(files[0]), read_catalogs([catalog_file])
    matched = with_standing(match(items, catalog), catalog, None, state_adopts=False)
    told = audit(items, catalog, matched, estimate(items, matched))
    row = part(told, "access").iloc[0]
    assert (row["wcag_conformance"], row["wcag_url"]) == ("AA", "https://example.org/acr")
    assert set(row.drop(["resource_title", "wcag_conformance", "wcag_url"])) == {"unknown"}
    row = part(told, "duties").iloc[0]
    assert row["attribution"] == (
        '"Biology 2e" by Clark et al. https://example.org/b is licensed under CC BY 4.0, '
        "https://creativecommons.org/licenses/by/4.0/."
    )


def test_a_text_of_which_nothing_is_stated_is_counted_as_unknown(told: Audit) -> None:
    access = next(one for one in told.parts if one.file == "access")
    assert access.table.empty
    assert "Of 3 texts, the catalogs and lists given say something of 0" in access.words[0]


def test_fund_sources_are_options_with_a_source_and_no_amount_is_claimed(told: Audit) -> None:
    funds = next(one for one in told.parts if one.file == "funds")
    assert "not claims" in funds.words[0]
    assert any("Title IV-A" in name for name in funds.table["name"])
    assert (funds.table["source"] != "").all()
    assert all(column.kind == "text" for column in funds.columns)


def test_the_worked_example_can_be_redone_on_a_calculator(told: Audit) -> None:
    words = worked_example(told.savings)[0]
    row = told.savings.table[told.savings.table["counted"] == "yes"].iloc[0]
    amounts = [Decimal(text.replace(",", "")) for text in re.findall(r"= \$(-?[\d,]+\.\d\d)", words)]
    bought, printed, once, state = amounts
    assert abs(bought - printed - once + state - row["saving_middle_usd_year"]) <= Decimal("0.02")
    assert f"{row['saving_middle_usd_year']:,} USD a year" in words


def test_without_a_counted_row_there_is_no_example(files: tuple[Path, Path]) -> None:
    items = pd.DataFrame([dict.fromkeys(LIST_COLUMNS, "") | {"item_id": "a", "title": "Biology"}])
    assert worked_example(estimate(items, match(items, read_catalogs([files[1]])))) == ()


def test_the_next_report_says_what_changed(files: tuple[Path, Path], tmp_path: Path) -> None:
    base = ["oer", "audit", "--list", str(files[0]), "--catalog", str(files[1]), "-q"]
    assert CliRunner().invoke(infraplan, [*base, "-o", str(tmp_path / "one")]).exit_code == 0
    (tmp_path / "d.csv").write_text(
        "item_id,resource_id,outcome,by,decided_on,why\nc,r3,good,N. N.,2026-01-02,we read it\n", encoding="utf-8"
    )
    again = ["--decisions", str(tmp_path / "d.csv"), "--previous", str(tmp_path / "one" / "matches.csv")]
    done = CliRunner().invoke(infraplan, [*base, *again, "-o", str(tmp_path / "two")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "two" / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in ("list.csv", "catalog.csv", "d.csv", "matches.csv"))  # the files behind it
    rows = pd.read_csv(tmp_path / "two" / "changes.csv").to_dict("records")
    assert rows == [{"item_id": "c", "title": "Biology", "resource_id": "r3", "was": "partial", "now": "good"}]


def test_programs_stand_side_by_side_on_a_sheet_of_their_own(files: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("code,course\n3.NF.A.1,G3\n3.NF.A.2,G3\n3.NF.A.3,G3\n", encoding="utf-8")
    (tmp_path / "al.csv").write_text(
        "resource_id,code,program\nx,3.nf.1,One\nx,3.nf.2,One\ny,3.nf.3,Two\n", encoding="utf-8"
    )
    cover = ["oer", "coverage", "--standards", str(tmp_path / "s.csv"), "--alignments", str(tmp_path / "al.csv")]
    assert (
        CliRunner().invoke(infraplan, [*cover, "--course", "G3", "-o", str(tmp_path / "Grade 3 [math]")]).exit_code == 0
    )
    done = CliRunner().invoke(infraplan, ["oer", "audit", "--list", str(files[0]), "--catalog", str(files[1]),
                                          "--coverage", str(tmp_path / "Grade 3 [math]"), "-o", str(tmp_path / "o")])  # fmt: skip
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(tmp_path / "o" / "audit.xlsx")["standards_g3"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert rows == [["Standard", "One", "Two"], ["3.NF.A.1", 1, 0], ["3.NF.A.2", 1, 0], ["3.NF.A.3", 0, 1]]
    covered = pd.read_csv(tmp_path / "o" / "coverage.csv").iloc[0]
    assert (covered["lead"], covered["alone"], covered["supplements"], covered["covered"]) == ("One", 2, "y", 3)


def test_an_answer_is_named_by_its_course_and_two_for_one_course_by_their_folders_too(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("code,course\nA-SSE.1,Algebra 1\n", encoding="utf-8")
    (tmp_path / "codes.csv").write_text("code\nA-SSE.1\n", encoding="utf-8")
    (tmp_path / "al.csv").write_text("resource_id,code,program\nx,A-SSE.1,One\n", encoding="utf-8")
    cover = ["oer", "coverage", "--standards", str(tmp_path / "s.csv"), "--alignments", str(tmp_path / "al.csv")]
    for folder, asked in (
        ("led", ["--course", "Algebra 1"]),
        ("mixed", ["--course", "Algebra 1", "--mix"]),
        ("own", ["--codes", str(tmp_path / "codes.csv")]),
    ):
        done = CliRunner().invoke(infraplan, [*cover, *asked, "-o", str(tmp_path / folder)])
        assert done.exit_code == 0, done.output
    assert [coverage_record(tmp_path / one)["name"] for one in ("led", "own")] == ["Algebra 1", "own"]

    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "catalog.csv").write_text(CATALOG, encoding="utf-8")
    items, catalog = read_list(tmp_path / "list.csv"), read_catalogs([tmp_path / "catalog.csv"])
    matched = match(items, catalog)
    covers = [coverage_record(tmp_path / one) for one in ("led", "mixed", "own")]
    both = part(audit(items, catalog, matched, estimate(items, matched), covers), "coverage")
    assert both["course"].tolist() == ["Algebra 1 (led)", "Algebra 1 (mixed)", "own"]
    alone = part(audit(items, catalog, matched, estimate(items, matched), covers[:1]), "coverage").iloc[0]
    assert (alone["course"], alone["sced"]) == ("Algebra 1", "02052")


def test_who_paid_is_read_below_rows_that_stand_above_the_header(files: tuple[Path, Path], tmp_path: Path) -> None:
    files[0].write_text(
        "Approved materials,,,\ntitle,course,funding_source,grant_date\nBiology,AP Biology,EIR,2020-01-01\n",
        encoding="utf-8",
    )
    done = CliRunner().invoke(
        infraplan,
        ["oer", "audit", "--list", str(files[0]), "--catalog", str(files[1]), "-o", str(tmp_path / "o"), "-q"],
    )
    assert done.exit_code == 0, done.output
    asked = pd.read_csv(tmp_path / "o" / "questions.csv")
    assert asked[["title", "answer"]].to_numpy().tolist() == [["Biology", "question for counsel"]]


def test_amounts_are_written_as_people_write_them() -> None:
    assert dollars(Decimal("-1234.5")) == "-$1,234.50"
    assert dollars(Decimal(0)) == "$0.00"


# --- public money --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "day", "license_", "answer"),
    [
        ("US Department of Education EIR grant", "2019-10-01", "CC BY-ND 4.0", "question for counsel"),
        ("ED competitive grant", "2019-10-01", "All rights reserved", "question for counsel"),
        ("ED competitive grant", "2019-10-01", "CC BY 4.0", "pass"),
        ("ED competitive grant", "2012-10-01", "All rights reserved", "pass"),
        ("ED competitive grant", "", "All rights reserved", "not assessed"),
        (
            "Title IV-A formula grant, Department of Education grant",
            "2019-10-01",
            "All rights reserved",
            "not assessed",
        ),
        ("District general fund", "2019-10-01", "All rights reserved", "not assessed"),
        ("", "", "All rights reserved", "not assessed"),
        ("", "", "CC BY 4.0", "not assessed"),
    ],
)
def test_publicly_paid_material_is_a_question_a_pass_or_not_assessed(
    source: str, day: str, license_: str, answer: str
) -> None:
    row = {
        "id": "a",
        "title": "T",
        "license": license_,
        "funding_source": source,
        "grant_number": "1",
        "grant_date": day,
    }
    assert assess(pd.DataFrame([row]))["answer"].tolist() == [answer]


def test_a_question_carries_its_grant_rule_and_checklist() -> None:
    row = {
        "id": "a",
        "title": "T",
        "license": "CC BY-ND",
        "funding_source": "EIR",
        "grant_number": "S411B1",
        "grant_date": "2020-01-01",
    }
    told = assess(pd.DataFrame([row])).iloc[0]
    assert told["grant_number"] == "S411B1"
    assert "2 CFR 3474.20" in told["rule"]
    assert "exception" in told["checklist"] or "excepted" in told["checklist"]
    assert all(rule.citation and rule.checklist for rule in rules())


def test_what_is_open_already_is_not_listed_with_alternatives(told: Audit) -> None:
    assert "a" in set(part(told, "already_open")["item_id"])
    assert "a" not in set(part(told, "alternatives")["item_id"])


@pytest.mark.parametrize(
    ("source", "day", "license_", "answer"),
    [
        ("US Department of Labor competitive award", "2018-01-01", "All rights reserved", "question for counsel"),
        ("US Department of Labor competitive award", "2018-01-01", "CC BY-NC 4.0", "question for counsel"),
        ("US Department of Labor competitive award", "2018-01-01", "CC BY 4.0", "pass"),
        ("US Department of Labor TAACCCT", "2012-10-01", "All rights reserved", "not assessed"),
        ("National Science Foundation competitive grant", "2018-01-01", "All rights reserved", "not assessed"),
    ],
)
def test_each_agencys_money_is_read_by_its_own_rule(source: str, day: str, license_: str, answer: str) -> None:
    row = {
        "id": "1",
        "title": "A",
        "license": license_,
        "funding_source": source,
        "grant_number": "",
        "grant_date": day,
    }
    assert assess(pd.DataFrame([row]))["answer"].tolist() == [answer]
