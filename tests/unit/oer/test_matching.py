"""Alternatives for the items of a list: the outcome of every gate, each with a pair that could have fooled a title match."""

from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from infraplan.errors import BadInput
from infraplan.oer.matching import COLUMNS, counts, match
from infraplan.oer.sources.lists import is_placeholder, read_approved, read_catalogs, read_list
from infraplan.oer.sources.prices import read_price
from infraplan.oer.standing import UNLISTED, changed, changes, decided, read_decisions, with_changes, with_standing


def adopted(tmp_path: Path, *rows: dict[str, str]) -> pd.DataFrame:
    path = tmp_path / "list.csv"
    table = pd.DataFrame([{"item_id": f"i{k}"} | row for k, row in enumerate(rows)]).fillna("")
    table.to_csv(path, index=False)
    return read_list(path)


def catalog(tmp_path: Path, *rows: dict[str, str]) -> pd.DataFrame:
    path = tmp_path / "catalog.csv"
    table = pd.DataFrame([{"resource_id": f"r{k}", "license": "CC BY 4.0"} | row for k, row in enumerate(rows)]).fillna(
        ""
    )
    table.to_csv(path, index=False)
    return read_catalogs([path])


def one(tmp_path: Path, item: dict[str, str], resource: dict[str, str]) -> pd.Series:
    found = match(adopted(tmp_path, item), catalog(tmp_path, resource))
    assert len(found) == 1
    return found.iloc[0]


PAIRS = [
    # course
    ("Enduring Vision: concise  [7th ed.]", "AP US History", "9781111838256", "U.S. History", "good"),
    ("Algebra 1", "Algebra 1", "9780618370917", "Linear Algebra", "no"),
    ("Algebra 1", "Algebra 1", "9780618370917", "Elementary Algebra 2e", "partial"),
    ("Precalculus with Limits", "Pre-Calculus", "9781111427641", "Calculus One", "no"),
    ("Precalculus with Limits", "Pre-Calculus", "9781111427641", "College Algebra 2e", "partial"),
    ("Algebra 2", "Algebra II", "", "Advanced Algebra", "partial"),
    ("Chemistry", "AP Chemistry", "", "General Chemistry: Principles, Patterns, and Applications", "good"),
    ("Economics for AP", "AP Microeconomics", "", "Principles of Economics 3e", "good"),
    ("Economics", "Economics", "", "Principles of Macroeconomics", "partial"),
    # level
    ("Biology", "AP Biology", "", "Biology 2e", "good"),
    ("Biology", "Honors Biology", "", "Biology 2e", "good"),
    ("Biology", "Biology", "", "Biology 2e", "partial"),
    ("Psychology", "Psychology", "", "Introduction to Psychology", "good"),
    ("Chemistry", "AP Chemistry", "", "Introductory Chemistry", "partial"),
    ("Physics", "Physics", "", "College Physics for AP Courses 2e", "partial"),
    # part
    ("World Societies, volume 2: Since 1450", "World History", "", "World History to 1500", "no"),
    ("World Societies, volume 2: Since 1450", "World History", "", "World History, Volume 2: From 1400", "good"),
    ("World History", "World History", "", "World History Volume 1: to 1500", "partial"),
    ("Calculus", "AP Calculus BC", "", "Calculus Volume 1", "partial"),
    ("Calculus", "AP Calculus AB", "", "Calculus Volume 1", "good"),
    ("Fundamentals of Physics", "AP Physics C: Mechanics", "", "University Physics Volume 1", "good"),
    ("Fundamentals of Physics", "AP Physics C: Mechanics", "", "University Physics Volume 2", "no"),
    ("Fundamentals of Physics", "AP Physics C: E&M", "", "University Physics Volume 2", "good"),
    ("The Americans", "US History 1", "", "American History to 1877", "good"),
    ("The Americans", "US History 2", "", "American History to 1877", "no"),
    ("Chemistry", "AP Chemistry", "", "Chemistry Unit 3", "partial"),
    ("Inspire Science: Physics Student Bundle", "", "", "Physics", "good"),
    ("Teacher Edition: Chemistry", "Chemistry", "", "Chemistry", "no"),
    ("Chemistry Student and Teacher Edition Bundle", "AP Chemistry", "", "Chemistry 2e", "good"),
    ("Autentico Level 1", "", "", "Elementary Spanish 1", "partial"),
    # another field of the same name, and names lists shorten
    ("Psychology for AP", "AP Psychology", "", "Educational Psychology", "no"),
    ("The Cultural Landscape", "AP Human Geo", "", "Physical Geography", "no"),
    ("America's History", "APUSH", "", "U.S. History", "good"),
    ("Into Geometry", "Geom", "", "Geometry for High School", "good"),
    ("Our World", "Physics", "", "Physical Science", "no"),
    # language level
    ("Temas [2nd ed.]", "AP Spanish", "9781543301380", "Spanish I: Beginning Spanish Language and Culture", "no"),
    ("Integrated Chinese Vol. 1", "Chinese 1", "", "Elementary Chinese I", "partial"),
    # not a course text
    ("Cambridge Latin Workbook", "Latin 1", "", "Latin 1", "no"),
    ("The Great Gatsby", "English 11", "9780743273565", "American Literature I", "no"),
    ("America's Reconstruction", "AP US History", "9780807122341", "U.S. History", "no"),
    ("Anatomy & Physiology", "Anatomy and Physiology", "", "Anatomy and Physiology Lab Manual", "no"),
    ("Practice of Statistics [6th ed.]", "AP Statistics", "", "Technical Writing and Simple Statistics", "no"),
]


@pytest.mark.parametrize(("title", "course", "isbn", "offered", "outcome"), PAIRS)
def test_the_gates_decide_a_pair(
    tmp_path: Path, title: str, course: str, isbn: str, offered: str, outcome: str
) -> None:
    found = one(tmp_path, {"title": title, "course": course, "isbn": isbn}, {"title": offered})
    assert found["outcome"] == outcome
    assert found["reasons"]
    assert (found["resource_id"] == "") == (outcome == "no")


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("CC BY-NC-SA", "good"),
        ("CC BY-NC-ND 4.0", "no"),
        ("All rights reserved", "no"),
        ("", "review"),
        ("Free", "review"),
        ("ck12", "review"),
    ],
)
def test_only_a_license_that_was_seen_and_is_open_can_be_good(tmp_path: Path, written: str, outcome: str) -> None:
    item = {"title": "Geometry", "course": "Geometry", "grades": "9-10"}
    found = one(tmp_path, item, {"title": "High School Geometry", "license": written})
    assert found["outcome"] == outcome


def test_a_blank_license_comes_from_the_sourced_program_table_and_says_so(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        {"title": "Geometry", "course": "Geometry"},
        {"title": "Geometry", "license": "", "program": "EngageNY"},
    )
    assert (found["outcome"], found["license_id"]) == ("good", "CC-BY-NC-SA")
    assert found["license_from"].startswith("program table: EngageNY")


def test_a_program_without_a_source_lends_no_license(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        {"title": "Geometry", "course": "Geometry"},
        {"title": "Geometry", "license": "", "program": "OpenSciEd"},
    )
    assert found["outcome"] == "review"
    assert "no source" in found["license_from"]


def test_an_open_publishers_isbn_makes_it_the_same_work(tmp_path: Path) -> None:
    item = {"title": "Anatomy and Physiology", "course": "Honors Anatomy and Physiology", "isbn": "9781938168130"}
    found = one(tmp_path, item, {"title": "Anatomy And Physiology 2E"})
    assert found["outcome"] == "same_open"


def test_the_open_title_with_another_publishers_isbn_is_the_same_work_with_a_conflict(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        {"title": "College Physics 2e", "course": "Physics", "isbn": "9780544817739"},
        {"title": "College Physics 2E"},
    )
    assert found["outcome"] == "same_open"
    assert "ISBN conflict" in found["reasons"]


def test_an_identical_title_alone_is_not_the_same_work(tmp_path: Path) -> None:
    item = {"title": "Multivariable Calculus", "course": "Multivariable Calculus", "isbn": "9780547209975"}
    assert one(tmp_path, item, {"title": "Multivariable Calculus"})["outcome"] == "good"


def test_the_very_isbn_of_a_catalog_record_is_the_same_work_if_its_license_is_open(tmp_path: Path) -> None:
    item = {"title": "Something Else", "isbn": "9781943536290"}
    assert one(tmp_path, item, {"title": "Any", "isbn": "978-1-943536-29-0"})["outcome"] == "same_open"
    assert one(tmp_path, item, {"title": "Any", "isbn": "978-1-943536-29-0", "license": ""})["outcome"] == "review"


def test_a_commercial_imprint_of_an_open_program_is_for_review_and_says_what_is_paid_for(tmp_path: Path) -> None:
    item = {
        "title": "Illustrative Mathematics Grade 6",
        "publisher": "Kendall Hunt",
        "grades": "6",
        "subject": "Mathematics",
    }
    found = one(
        tmp_path,
        item,
        {
            "title": "Illustrative Mathematics: Grade 6 Mathematics",
            "program": "Illustrative Mathematics",
            "grades": "6",
        },
    )
    assert (found["outcome"], found["paying_for"]) == ("review", "unknown")
    assert "open parent exists" in found["reasons"]


def test_a_name_that_only_sounds_like_the_open_program_is_pointed_out(tmp_path: Path) -> None:
    item = {"title": "Eureka Math\u00b2 Grade 3 Mathematics", "publisher": "Great Minds", "grades": "3"}
    found = one(tmp_path, item, {"title": "Grade 3 Mathematics", "program": "EngageNY", "license": ""})
    assert "mind the name" in found["reasons"]


def test_a_row_for_several_grades_is_matched_in_part_by_each_grade(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "enVisionMATH", "course": "K-5"}),
        catalog(tmp_path, {"title": "Grade 3 Mathematics"}, {"title": "Grade 7 Mathematics"}),
    )
    assert found["outcome"].tolist() == ["partial"]
    assert found["reasons"].tolist() == [
        "same course and level for grade 3; quality not judged; the row's grades K, 1, 2, 4, 5 need their own"
    ]


SERIES = {"title": "Ready Mathematics", "publisher": "Curriculum Associates", "subject": "Mathematics"}


@pytest.mark.parametrize(
    ("title", "grades"),
    [
        ("Ready Mathematics", "6-8"),
        ("Ready Mathematics", "6/7/8"),
        ("Ready Mathematics", "6\u20138"),
        ("Ready Mathematics", "6, 7 and 8"),
        ("Open Up Mathematics 6-8", ""),
        ("Math 6, 7, 8", ""),
        ("Math Course 1-3", ""),
        ("Course 1-3", ""),
    ],
)
def test_a_row_for_three_grades_is_split_however_it_is_written(tmp_path: Path, title: str, grades: str) -> None:
    item = SERIES | {"title": title, "grades": grades}
    found = match(
        adopted(tmp_path, item), catalog(tmp_path, *({"title": f"Grade {grade} Mathematics"} for grade in range(1, 10)))
    )
    assert found["item_id"].tolist() == ["i0"] * 3, "one row per item and candidate, under the list's own id"
    assert dict(zip(found["resource_id"], found["reasons"], strict=True)) == {
        "r5": "same course and level for grade 6; quality not judged; the row's grades 7, 8 need their own",
        "r6": "same course and level for grade 7; quality not judged; the row's grades 6, 8 need their own",
        "r7": "same course and level for grade 8; quality not judged; the row's grades 6, 7 need their own",
    }
    assert set(found["outcome"]) == {"partial"}


@pytest.mark.parametrize("named", ["Open Up Resources 6-8 Math", "Our Own Series", ""])
def test_a_text_for_one_grade_stays_partial_and_says_where_its_program_has_the_others(
    tmp_path: Path, named: str
) -> None:
    texts = [{"title": f"Grade {grade} Mathematics", "program": named} for grade in (6, 7, 8)]
    found = match(adopted(tmp_path, SERIES | {"grades": "6-8"}), catalog(tmp_path, *texts))
    assert found["outcome"].tolist() == ["partial"] * 3
    if named:
        assert found["reasons"].iloc[0] == (
            f"same course and level for grade 6; quality not judged; its program ({named}) has open texts "
            "for the row's grades 7, 8"
        )


@pytest.mark.parametrize(
    "changed",
    [{"program": "Another"}, {"license": "CC BY-ND 4.0"}, {"license": ""}, {"title": "Grade 8 Mathematics Workbook"}],
)
def test_a_program_lacking_an_open_text_for_one_grade_serves_the_row_in_part(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    texts = [{"title": f"Grade {grade} Mathematics", "program": "Our Own Series"} for grade in (6, 7, 8)]
    found = match(adopted(tmp_path, SERIES | {"grades": "6-8"}), catalog(tmp_path, *texts[:2], texts[2] | changed))
    assert "good" not in set(found["outcome"])
    assert found["outcome"].tolist()[:2] == ["partial"] * 2


def test_one_text_for_all_the_grades_of_a_row_is_good_and_a_text_for_two_says_which(tmp_path: Path) -> None:
    offered = [{"title": "Mathematics", "subject": "Mathematics", "grades": grades} for grades in ("K-8", "7-9")]
    found = match(adopted(tmp_path, SERIES | {"grades": "6-8"}), catalog(tmp_path, *offered))
    assert found["outcome"].tolist() == ["good", "partial"]
    assert found["reasons"].tolist() == [
        "same course and level; quality not judged",
        "same course and level for grades 7, 8; quality not judged; the row's grade 6 needs its own",
    ]


@pytest.mark.parametrize(
    ("item", "grades"),
    [({"title": "English", "grades": "9-12"}, (9, 12)), ({"title": "Mathematics", "grades": "6-12"}, (6, 12))],
)
def test_a_row_that_reaches_into_high_school_is_not_split(
    tmp_path: Path, item: dict[str, str], grades: tuple[int, int]
) -> None:
    texts = [{"title": f"{item['title']} Grade {grade}", "program": "P"} for grade in range(grades[0], grades[1] + 1)]
    found = match(adopted(tmp_path, item), catalog(tmp_path, *texts))
    assert set(found["outcome"]) == {"partial"}
    assert found["reasons"].str.startswith(f"the row spans grades {grades[0]}-{grades[1]}, this covers").all()


def test_placeholder_rows_are_kept_and_say_so(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "NO TEXTBOOK", "course": "Biology"}, {"title": "", "course": "Biology"}),
        catalog(tmp_path, {"title": "Biology 2e"}),
    )
    assert found["outcome"].tolist() == ["no", "no"]
    assert found["reasons"].str.startswith("placeholder row").all()


def test_readable_but_closed_texts_are_counted_in_the_reason(tmp_path: Path) -> None:
    found = one(tmp_path, {"title": "Geometry", "course": "Geometry"}, {"title": "Geometry", "license": "CC BY-ND"})
    assert "1 may be read but not adapted" in found["reasons"]


def test_the_table_keeps_the_lists_order_and_its_columns(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Physics"}, {"title": "Geometry"}, {"title": "Physics"}),
        catalog(tmp_path, {"title": "College Physics 2e"}),
    )
    assert found["item_id"].tolist() == ["i0", "i1", "i2"]
    assert list(found.columns) == list(COLUMNS)
    assert counts(found).startswith("3 items: 0 already open, 2 with a text of the same course")


def test_an_empty_list_and_an_empty_catalog_are_answered(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("resource_id,title,license\nx,Poems,CC BY\n", encoding="utf-8")
    found = match(adopted(tmp_path, {"title": "Physics"}), read_catalogs([tmp_path / "empty.csv"]))
    assert found["outcome"].tolist() == ["no"]


# --- lists as they come --------------------------------------------------------------------------------------------


def test_usual_column_names_are_found_and_others_can_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Book Title,ISBN-13,Price,Werk\nBiology,9781938168130,$20,B\n", encoding="utf-8")
    assert read_list(tmp_path / "a.csv")["isbn"].tolist() == ["9781938168130"]
    assert read_list(tmp_path / "a.csv", {"title": "Werk"})["title"].tolist() == ["B"]


def test_a_list_without_a_title_column_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Unnamed,Spring 2026\nx,y\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"(?s)no column for title.*--columns title=NAME") as refused:
        read_list(tmp_path / "a.csv", {"isbn": "ISBN"})
    assert len(refused.value.faults) == 2


def test_rows_above_the_column_names_are_passed_over(tmp_path: Path) -> None:
    above = [["State of Franklin", "", ""], ["Approved materials 2026", "", ""], ["Subject", "Book Title", "ISBN"]]
    sheet = pd.DataFrame([*above, ["Science", "Biology", "9781938168130"]])
    sheet.to_excel(tmp_path / "list.xlsx", index=False, header=False, sheet_name="2026")
    told = read_list(tmp_path / "list.xlsx", sheet="2026")
    assert told[["subject", "title", "isbn"]].to_numpy().tolist() == [["Science", "Biology", "9781938168130"]]


def test_a_program_of_a_grade_band_serves_a_row_of_one_grade(tmp_path: Path) -> None:
    item = {"title": "Ready Mathematics", "publisher": "Curriculum Associates", "subject": "Mathematics", "grades": "4"}
    resource = {
        "title": "EngageNY Mathematics",
        "program": "EngageNY Mathematics",
        "license": "",
        "grades": "PK-12",
        "subject": "Mathematics",
    }
    assert one(tmp_path, item, resource)["outcome"] == "good"
    assert one(tmp_path, {"title": "Math 6", "course": "Math 6"}, resource | {"grades": "7-8"})["outcome"] == "no"


def test_an_elementary_reading_program_is_no_novel(tmp_path: Path) -> None:
    item = {"title": "Wonders", "publisher": "McGraw-Hill", "subject": "English language arts", "grades": "K-5"}
    found = one(
        tmp_path,
        item,
        {
            "title": "EL Education K-8 Language Arts",
            "license": "CC BY",
            "subject": "English language arts",
            "grades": "K-8",
        },
    )
    assert found["outcome"] == "good"


def test_the_open_parent_of_what_is_bought_stands_first(tmp_path: Path) -> None:
    item = {
        "title": "Illustrative Mathematics 6-8",
        "publisher": "Kendall Hunt",
        "subject": "Mathematics",
        "grades": "6-8",
    }
    shared = {"grades": "6-8", "subject": "Mathematics"}
    found = match(
        adopted(tmp_path, item),
        catalog(
            tmp_path,
            {"title": "Grades 6-8 Mathematics"} | shared,
            {"title": "Illustrative Mathematics", "program": "Illustrative Mathematics"} | shared,
        ),
    )
    assert found["outcome"].tolist() == ["review", "good"]
    assert counts(found) == (
        "1 items: 0 already open, 0 with a text of the same course and level (quality not judged), "
        "0 with a partial match, 1 for a person to look at, 0 without"
    )


def test_records_of_one_title_that_disagree_on_the_license_say_so(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Calculus", "course": "AP Calculus AB"}),
        catalog(tmp_path, {"title": "Calculus Volume 1"}, {"title": "Calculus, Volume 1", "license": "CC BY-NC-SA"}),
    )
    told = dict(zip(found["resource_id"], found["license_from"], strict=True))
    assert told == {
        "r0": "catalog record; other records of this title state CC-BY-NC-SA",
        "r1": "catalog record; other records of this title state CC-BY",
    }


@pytest.mark.parametrize(
    "title", ["NO TEXTBOOK", "No text required", "See English listings", "TBD", "n/a", "", "Teacher provided"]
)
def test_placeholders_are_recognized(title: str) -> None:
    assert is_placeholder(title)


@pytest.mark.parametrize("title", ["Seeing the Story of Biology", "None Like It Hot", "Nobel Texts"])
def test_titles_that_only_begin_like_placeholders_are_kept(title: str) -> None:
    assert not is_placeholder(title)


@pytest.mark.parametrize(
    ("cell", "price", "doubt"),
    [
        ("79.99, 80.50", "79.99", "2 prices"),
        ("$1,250.00", "1250.00", ""),
        ("", "", ""),
        ("call", "", "not a price"),
        ("1.234", "1.23", "parts of a cent"),
        ("79,99", "79.99", ""),
        ("1.079,99", "1079.99", ""),
        ("79,99 \u20ac", "", "not in US dollars"),
        ("CAD 90", "", "not in US dollars"),
        ("C$90", "", "not in US dollars"),
        ("-5", "", "not a price"),
        ("(5.00)", "", "not a price"),
        ("6-year license, $90", "90.00", ""),
        ("Class set of 30: $2,400.00", "2400.00", ""),
        ("79.99-80.50", "79.99", "2 prices"),
        ("80 USD", "80.00", ""),
        ("79.99 per student", "79.99", ""),
    ],
)
def test_prices_are_read_and_doubts_said(cell: str, price: str, doubt: str) -> None:
    found, said = read_price(cell)
    assert found == price
    assert doubt in said


# --- standing and decisions ----------------------------------------------------------------------------------------


def test_a_candidate_on_the_approved_list_says_until_when_and_others_need_review(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Physics"}),
        offered := catalog(tmp_path, {"title": "College Physics 2e", "isbn": "9781947172173"}, {"title": "Physics"}),
    )
    (tmp_path / "ok.csv").write_text("title,isbn,expires\nCollege Physics,9781947172173,2031-06-30\n", encoding="utf-8")
    told = with_standing(found, offered, read_list(tmp_path / "ok.csv"), state_adopts=True)
    by_resource = {row["resource_id"]: row for row in told.to_dict("records")}
    assert (by_resource["r0"]["on_state_list"], by_resource["r0"]["list_expires"]) == ("yes", "2031-06-30")
    assert by_resource["r1"]["on_state_list"] == "no"
    assert UNLISTED in by_resource["r1"]["reasons"]
    assert UNLISTED not in by_resource["r0"]["reasons"]


def test_what_a_catalog_does_not_say_is_unknown(tmp_path: Path) -> None:
    offered = catalog(
        tmp_path,
        {"title": "College Physics 2e", "wcag_conformance": "AA"},
        {"title": "Physics", "wcag_conformance": ""},
    )
    told = with_standing(match(adopted(tmp_path, {"title": "Physics"}), offered), offered, None, state_adopts=False)
    assert told.set_index("resource_id")["wcag_conformance"].to_dict() == {"r0": "AA", "r1": "unknown"}
    assert set(told["nimas"]) == {"unknown"}


def test_what_the_state_knows_stands_beside_what_the_catalog_says(tmp_path: Path) -> None:
    offered = catalog(
        tmp_path,
        {"title": "College Physics 2e", "isbn": "9781947172173", "wcag": "AA", "Student_Login": "no", "language": "en"},
    )
    (tmp_path / "ok.csv").write_text(
        "title,isbn,wcag_conformance,nimas,language\nCollege Physics,9781947172173,partial,yes,en\n", encoding="utf-8"
    )
    found = match(adopted(tmp_path, {"title": "Physics"}), offered)
    told = with_standing(found, offered, read_approved(tmp_path / "ok.csv"), state_adopts=False).iloc[0]
    assert told["wcag_conformance"] == "catalog: AA; state list: partial"
    assert (told["nimas"], told["languages"]) == ("yes", "en")
    assert told["needs_student_login"] == "no"
    assert told["collects_student_data"] == "unknown"


def test_what_is_on_the_approved_list_comes_first_among_equals(tmp_path: Path) -> None:
    titles = ("Psychology", "Introduction to Psychology", "General Psychology")
    offered = catalog(tmp_path, *({"title": one, "publisher": "P"} for one in titles))
    found = match(adopted(tmp_path, {"title": "Psychology for AP"}), offered)
    assert set(found["outcome"]) == {"good"}
    last = found["resource_id"].iloc[-1]
    (tmp_path / "ok.csv").write_text(f"title,publisher\n{titles[int(last[1])]},P\n", encoding="utf-8")
    told = with_standing(found, offered, read_approved(tmp_path / "ok.csv"), state_adopts=False)
    assert told["resource_id"].iloc[0] == last
    assert told["on_state_list"].tolist() == ["yes", "no", "no"]


def test_an_isbn_that_is_none_is_said_beside_every_candidate(tmp_path: Path) -> None:
    row = one(tmp_path, {"title": "Physics", "isbn": "978-0-000000-00-2"}, {"title": "College Physics 2e"})
    assert row["outcome"] == "good"
    assert "978-0-000000-00-2 is a bookstore placeholder" in row["reasons"]


def test_a_catalog_without_numbers_is_known_by_file_and_row(tmp_path: Path) -> None:
    (tmp_path / "doab.csv").write_text("Title,License\nPhysics,CC BY\nBiology,CC BY\n", encoding="utf-8")
    assert read_catalogs([tmp_path / "doab.csv"])["resource_id"].tolist() == ["doab row 2", "doab row 3"]


def workbook_of(path: Path, *rows: tuple[str | None, ...], merged: tuple[str, ...] = ()) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(path)
    return path


def test_merged_rows_above_the_header_are_passed_over(tmp_path: Path) -> None:
    path = workbook_of(
        tmp_path / "l.xlsx",
        ("Approved materials 2026", None, None),
        ("Text", None, "Purchase"),
        ("Title", "Course", "Price"),
        ("Biology", "AP Biology", "79.99, 80.50"),
        merged=("A1:C1", "A2:B2"),
    )
    assert read_list(path)[["item_id", "title", "course", "price_usd"]].to_numpy().tolist() == [
        ["row 4", "Biology", "AP Biology", "79.99, 80.50"]
    ]


def test_a_header_over_two_rows_is_one_header(tmp_path: Path) -> None:
    path = workbook_of(
        tmp_path / "l.xlsx",
        ("Subject", "Material", None, "Price"),
        (None, "Title", "Course", None),
        ("Science", "Biology", "AP Biology", "95"),
        merged=("A1:A2", "B1:C1", "D1:D2"),
    )
    told = read_list(path)
    assert told[["subject", "title", "course", "price_usd"]].to_numpy().tolist() == [
        ["Science", "Biology", "AP Biology", "95"]
    ]


def test_a_book_called_resource_is_no_second_header(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("title,course\nResource,Physics\n", encoding="utf-8")
    assert read_list(tmp_path / "l.csv")["title"].tolist() == ["Resource"]


def test_every_changed_outcome_is_listed_with_what_it_was(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Physics"}),
        catalog(tmp_path, {"title": "College Physics 2e"}, {"title": "Physics"}),
    )
    before = pd.DataFrame(
        [("i0", "r0", "review"), ("i0", "gone", "good")], columns=["item_id", "resource_id", "outcome"]
    )
    now = dict(zip(found["resource_id"], found["outcome"], strict=True))
    assert changed(found, before).to_numpy().tolist() == [
        ["i0", "gone", "good", ""],
        ["i0", "r0", "review", now["r0"]],
        ["i0", "r1", "", now["r1"]],
    ]
    assert changed(found, found).empty


def decisions(tmp_path: Path, *rows: str) -> pd.DataFrame:
    path = tmp_path / "decisions.csv"
    path.write_text("item_id,resource_id,outcome,by,decided_on,why\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return read_decisions(path)


def test_a_person_overrules_the_tool_and_the_row_says_so(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Biology", "course": "Biology"}), catalog(tmp_path, {"title": "Biology 2e"})
    )
    told = decided(found, decisions(tmp_path, "i0,r0,good,M. Rivera,2026-09-01,we read it"))
    assert told["outcome"].tolist() == ["good"]
    assert "M. Rivera" in told["reasons"].iloc[0]
    assert "the tool said partial" in told["reasons"].iloc[0]


def test_a_refused_candidate_leaves_one_row_without_a_resource(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Physics"}),
        catalog(tmp_path, {"title": "College Physics 2e"}, {"title": "Physics"}),
    )
    told = decided(found, decisions(tmp_path, "i0,r0,no,A,2026-09-01,old", "i0,r1,no,A,2026-09-01,old"))
    assert told[["outcome", "resource_id"]].to_numpy().tolist() == [["no", ""]]


def test_a_decision_about_an_unknown_item_is_refused(tmp_path: Path) -> None:
    found = match(adopted(tmp_path, {"title": "Physics"}), catalog(tmp_path, {"title": "Physics"}))
    with pytest.raises(BadInput, match="item i9, which the list does not have"):
        decided(found, decisions(tmp_path, "i9,r0,good,A,2026-09-01,x"))


def test_what_changed_since_the_last_run_is_said(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Physics"}),
        catalog(tmp_path, {"title": "College Physics 2e"}, {"title": "Physics"}),
    )
    before = found.assign(
        outcome=["review", found["outcome"].iloc[1]], resource_id=["gone", found["resource_id"].iloc[1]]
    )
    assert changes(found, before) == "since the last report: 1 rows new, 0 with another outcome, 1 gone"
    assert with_changes(found, before)["change"].tolist() == ["new", ""]


def test_a_novel_listed_with_trade_publisher_and_grade_is_for_a_person_not_good(tmp_path: Path) -> None:
    text = {"title": "English Language Arts Grade 9", "grades": "9", "subject": "English"}
    item = {"course": "English 9", "grades": "9"}
    novel = one(tmp_path, {**item, "title": "To Kill a Mockingbird", "publisher": "Harper"}, text)
    series = one(tmp_path, {**item, "title": "Collections", "publisher": "Houghton Mifflin Harcourt"}, text)
    assert (novel["outcome"], series["outcome"]) == ("review", "good")


def test_a_bundle_listed_under_one_of_its_courses_is_matched_in_part(tmp_path: Path) -> None:
    item = {"title": "Algebra 1 and Algebra 2", "course": "Algebra I", "publisher": "Any", "grades": "9-11"}
    found = one(tmp_path, item, {"title": "Algebra 1", "grades": "9"})
    assert found["outcome"] == "partial"
    assert "several courses" in found["reasons"]


def test_an_imprint_whose_open_parent_no_catalog_lists_is_for_review_before_other_texts(tmp_path: Path) -> None:
    item = {"title": "Illustrative Mathematics Grade 6", "publisher": "Kendall Hunt", "grades": "6", "subject": "Math"}
    found = match(
        adopted(tmp_path, item),
        catalog(tmp_path, {"title": "Grade 6 Mathematics", "program": "EngageNY", "grades": "6"}),
    )
    assert found["outcome"].tolist() == ["review", "good"]
    assert found["resource_id"].iloc[0] == ""
    assert "do not list Illustrative Mathematics" in found["reasons"].iloc[0]


def test_a_decision_for_a_text_answers_the_question_about_the_imprint(tmp_path: Path) -> None:
    item = {"title": "Illustrative Mathematics Grade 6", "publisher": "Kendall Hunt", "grades": "6", "subject": "Math"}
    found = match(
        adopted(tmp_path, item),
        catalog(tmp_path, {"title": "Grade 6 Mathematics", "program": "EngageNY", "grades": "6"}),
    )
    settled = decided(found, decisions(tmp_path, "i0,r0,good,A,2026-09-01,we pay for print"))
    refused = decided(found, decisions(tmp_path, "i0,r0,no,A,2026-09-01,old"))
    assert settled["outcome"].tolist() == ["good"]
    assert refused["outcome"].tolist() == ["review"]


def test_open_up_resources_own_books_are_for_review_whatever_their_title_says(tmp_path: Path) -> None:
    item = {"title": "Grade 6", "publisher": "Open Up Resources", "course": "Grade 6 Math", "grades": "6"}
    found = one(tmp_path, item, {"title": "Grade 6 Math", "program": "Open Up Resources 6-8 Math", "grades": "6"})
    assert (found["outcome"], found["paying_for"]) == ("review", "unknown")


def test_the_grades_of_a_row_are_read_as_lists_write_them(tmp_path: Path) -> None:
    item = {"title": "Wonders", "publisher": "McGraw-Hill", "course": "ELA", "grades": "Kindergarten\u2013Grade 2"}
    found = one(tmp_path, item, {"title": "Language Arts", "course": "English Language Arts", "grades": "K"})
    assert "grades 1, 2" in found["reasons"]


def test_one_id_for_two_materials_is_told_apart_by_the_row_and_repeats_of_one_are_kept(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("item_id,title\nA,Algebra 1\nA,Biology\nA,algebra 1\n", encoding="utf-8")
    assert read_list(tmp_path / "list.csv")["item_id"].tolist() == ["A", "A (row 3)", "A"]


def test_a_person_may_decide_about_an_item_itself(tmp_path: Path) -> None:
    found = match(
        adopted(tmp_path, {"title": "Physics", "course": "Physics"}, {"title": "Basket Weaving"}),
        catalog(tmp_path, {"title": "Physics"}, {"title": "College Physics 2e"}),
    )
    told = decided(
        found, decisions(tmp_path, "i0,,no,A,2026-09-01,none fits", "i1,,same_open,A,2026-09-01,state's own")
    )
    assert told[["item_id", "resource_id", "outcome"]].to_numpy().tolist() == [
        ["i0", "", "no"],
        ["i1", "", "same_open"],
    ]
    assert "none fits" in told["reasons"].iloc[0]
    with pytest.raises(BadInput, match="names no resource"):
        decided(found, decisions(tmp_path, "i0,,good,A,2026-09-01,x"))


def test_another_bodys_adaptation_is_not_the_open_publishers_own_and_the_same_edition_comes_first(
    tmp_path: Path,
) -> None:
    offered = catalog(
        tmp_path,
        {"title": "Psychology - 1st Canadian Edition (Thompson Rivers University)", "license": "CC BY-NC-SA 4.0"},
        {"title": "Psychology - H5P Edition (BCcampus)"},
        {"title": "Psychology"},
        {"title": "Psychology 2e"},
    )
    item = {"title": "Psychology 2e", "course": "AP Psychology", "isbn": "9781975076450", "publisher": "OpenStax"}
    found = match(adopted(tmp_path, item), offered)
    same = found[found["outcome"] == "same_open"]
    assert same["resource_id"].tolist() == ["r3", "r2"]


@pytest.mark.parametrize(
    ("title", "course", "offered", "outcome"),
    [
        ("The Scarlet Letter", "English 11", "The Scarlet Letter", "review"),
        ("Hamlet", "Senior Seminar: Stay, Illusion", "Hamlet", "review"),
        (
            "Vergil's Aeneid: Expanded Collection",
            "AP Latin",
            "Virgil, Aeneid, 4.1-299. Latin Text, Commentary",
            "partial",
        ),
        ("Aeneid", "AP Latin", "Virgil, Aeneid, 4.1-299. Latin Text, Commentary", "partial"),
        ("Hamlet Study Guide", "English 12", "Hamlet", "no"),
        ("Latin for Americans", "Latin 1", "Virgil, Aeneid, 4.1-299. Latin Text, Commentary", "no"),
    ],
)
def test_a_single_work_is_met_by_an_open_edition_of_it_for_a_person_to_compare(
    tmp_path: Path, title: str, course: str, offered: str, outcome: str
) -> None:
    item = {"title": title, "course": course, "isbn": "9780743273565"}
    assert one(tmp_path, item, {"title": offered, "license": "Public domain"})["outcome"] == outcome


@pytest.mark.parametrize(
    ("grades", "offered", "outcome"), [("9-12", "9", "good"), ("8", "9", "partial"), ("6", "9", "no")]
)
def test_a_course_that_has_no_grade_of_its_own_is_the_same_course_wherever_the_grades_meet(
    tmp_path: Path, grades: str, offered: str, outcome: str
) -> None:
    item = {"title": "Algebra 1", "course": "Algebra 1", "grades": grades, "publisher": "Savvas"}
    resource = {"title": "Algebra 1", "course": "Algebra 1", "grades": offered, "program": "A program"}
    assert one(tmp_path, item, resource)["outcome"] == outcome


def test_the_format_of_a_copy_does_not_make_it_another_work(tmp_path: Path) -> None:
    item = {"title": "Biology 2e (OpenStax) print", "course": "AP Biology", "publisher": "OpenStax"}
    assert one(tmp_path, item, {"title": "Biology 2e"})["outcome"] == "same_open"
