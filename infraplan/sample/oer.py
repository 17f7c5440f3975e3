"""Instructional materials of the sample state: a list with its dirt, a catalog of open resources, standards, alignments."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infraplan.sample.files import SampleFile, write_records
from infraplan.sample.luck import chance
from infraplan.sample.names import told
from infraplan.sample.people import People

Row = dict[str, object]
LIST_COLUMNS = (
    "item_id",
    "title",
    "isbn",
    "course",
    "grades",
    "subject",
    "publisher",
    "price_usd",
    "students",
    "adopted",
    "expires",
    "district",
)


@dataclass(frozen=True)
class _Open:
    """One resource of the open catalog."""

    row: Row
    isbn: str
    course: str


def write_materials(folder: Path, people: People, seed: int) -> list[SampleFile]:
    """Write the materials list, the open catalog, standards and alignments."""
    rng = np.random.default_rng([seed, 101])
    catalog = _catalog(rng)
    materials = _materials(people, catalog, rng)
    standards, alignments = _standards(catalog, rng)
    return [
        SampleFile(
            write_records(folder / "materials_list.csv", materials, LIST_COLUMNS),
            "Approved instructional materials list",
            role="oer",
        ),
        SampleFile(
            write_records(folder / "oer_catalog.csv", [one.row for one in catalog]),
            "Catalog of open resources",
            role="oer",
        ),
        SampleFile(write_records(folder / "standards.csv", standards), "Standards by course", role="oer"),
        SampleFile(
            write_records(folder / "alignments.csv", alignments), "Standards each open resource covers", role="oer"
        ),
    ]


def isbn13(number: int) -> str:
    """An ISBN-13 with a right check digit, 978-1-99 and six digits of `number`.

    >>> isbn13(0)
    '9781990000003'
    """
    body = f"978199{number % 10**6:06d}"
    check = -sum(int(digit) * (1 if k % 2 == 0 else 3) for k, digit in enumerate(body)) % 10
    return f"{body}{check}"


def _catalog(rng: np.random.Generator) -> list[_Open]:
    """One to four open resources per course, licenses written as catalogs write them; a program per publisher and subject."""
    lists = told("oer")
    words, often = zip(*lists["license"], strict=True)
    share = np.array(often, dtype=float) / sum(often)
    catalog: list[_Open] = []
    for course, subject, grades in lists["course"]:
        for k in rng.permutation(len(lists["open"]))[: int(rng.integers(1, 5))].tolist():
            number = len(catalog)
            publisher = lists["open_publisher"][int(rng.integers(0, len(lists["open_publisher"])))]
            name = course.removeprefix("AP ")
            isbn = isbn13(500_000 + 37 * number) if chance(rng, 0.7) else ""
            catalog.append(
                _Open(
                    {
                        "resource_id": f"open-{number + 1:03d}",
                        "title": lists["open"][k].format(course=name),
                        "license": words[int(rng.choice(len(words), p=share))],
                        "isbn": isbn,
                        "course": course,
                        "grades": grades,
                        "subject": subject,
                        "publisher": publisher,
                        "program": f"{publisher} {subject}",
                        "url": f"https://open.example.org/books/{number + 1}",
                        "price_usd": 0,
                    },
                    isbn,
                    course,
                )
            )
    return catalog


def _materials(people: People, catalog: list[_Open], rng: np.random.Generator) -> list[Row]:
    """Three titles per course from commercial publishers, some already open, then the rows that make lists hard to read."""
    lists = told("oer")
    districts = [lea for lea in people.leas if lea.schools]
    rows: list[Row] = []
    for course, subject, grades in lists["course"]:
        for k in rng.permutation(len(lists["adopted"]))[: int(rng.integers(2, 4))].tolist():
            lea = districts[int(rng.integers(0, len(districts)))]
            adopted = int(rng.integers(2018, 2026))
            title = (
                lists["adopted"][k].format(course=course) + lists["suffix"][int(rng.integers(0, len(lists["suffix"])))]
            )
            students = max(6, round(lea.students / 13 * float(rng.uniform(0.7, 1.1))))
            rows.append(
                {
                    "title": title,
                    "isbn": isbn13(1_000 + 61 * len(rows)),
                    "course": course,
                    "grades": grades,
                    "subject": subject,
                    "publisher": lists["publisher"][int(rng.integers(0, 5))],
                    "price_usd": f"{float(rng.lognormal(4.3, 0.45)):.2f}",
                    "students": students,
                    "adopted": adopted,
                    "expires": adopted + 6,
                    "district": lea.lea_id,
                }
            )
    rows += _already_open(catalog, districts[0].lea_id, rng)
    _soil(rows, rng)
    return [{"item_id": f"fk-{k + 1:03d}", **row} for k, row in enumerate(rows)]


def _already_open(catalog: list[_Open], district: str, rng: np.random.Generator) -> list[Row]:
    """Items that are open already: by their ISBN, and one under a commercial imprint with the same title."""
    with_isbn = [one for one in catalog if one.isbn]
    some = [with_isbn[k] for k in np.sort(rng.choice(len(with_isbn), 4, replace=False)).tolist()]
    kept = ("title", "isbn", "course", "grades", "subject", "publisher")
    bought: Row = {"price_usd": "0", "students": 120, "adopted": 2024, "expires": 2030, "district": district}
    rows: list[Row] = [{**{name: one.row[name] for name in kept}, **bought} for one in some]
    rows[-1].update(publisher="Pencross Education", isbn=isbn13(77_777), price_usd="38.50")
    return rows


def _soil(rows: list[Row], rng: np.random.Generator) -> None:
    """Make the list as real ones are: placeholders, two ISBNs or prices in a cell, Excel's .0, a row for three grades, blanks."""
    spots = rng.choice(len(rows), 12, replace=False).tolist()
    first, second, third, fourth, fifth, sixth = (rows[k] for k in spots[:6])
    first["isbn"] = f"{first['isbn']} / {isbn13(88_123)}"
    second["price_usd"] = "79.99, 80.50"
    third["isbn"] = f"{third['isbn']}.0"
    fourth.update(price_usd="", students="")
    fifth["isbn"] = "-".join(
        (
            str(fifth["isbn"])[:3],
            str(fifth["isbn"])[3:4],
            str(fifth["isbn"])[4:9],
            str(fifth["isbn"])[9:12],
            str(fifth["isbn"])[12:],
        )
    )
    sixth["isbn"] = str(sixth["isbn"])[:-1] + str((int(str(sixth["isbn"])[-1]) + 1) % 10)
    for k in spots[6:9]:
        rows[k]["isbn"] = ""
    blank: Row = {
        "isbn": "",
        "publisher": "",
        "price_usd": "",
        "students": "",
        "adopted": "",
        "expires": "",
        "district": rows[0]["district"],
    }
    for k, words in enumerate(told("oer")["placeholder"]):
        course, subject, grades = told("oer")["course"][7 + 3 * k]
        rows.append({**blank, "title": words, "course": course, "grades": grades, "subject": subject})
    rows.append({**rows[0], "title": "Prairie Readers Anthology", "isbn": "978-0-000000-02-6", "course": "English 9"})
    rows.append(
        {
            **rows[1],
            "title": "Integrated Mathematics, Courses 1-2-3",
            "isbn": isbn13(90_001),
            "course": "Middle school mathematics",
            "grades": "6;7;8",
        }
    )
    rows.append({**rows[2], "title": '=HYPERLINK("http://example.org")', "isbn": isbn13(90_002)})


def _standards(catalog: list[_Open], rng: np.random.Generator) -> tuple[list[Row], list[Row]]:
    """Standards of two courses, and which each open resource covers; a few codes nobody covers, written in three notations."""
    standards: list[Row] = []
    alignments: list[Row] = []
    for course, facts in told("oer")["standard"].items():
        codes = facts["code"]
        standards += [
            {
                "code": f"CCSS.Math.Content.{code}",
                "framework": "CCSS Mathematics",
                "course": course,
                "grade": facts["grade"],
            }
            for code in codes
        ]
        covered = codes[: len(codes) - 2]
        related = [
            one for one in catalog if one.course == course or (one.row["subject"] == "Mathematics" and chance(rng, 0.4))
        ]
        for one in related:
            whole = one.course == course
            some = [code for code in covered if chance(rng, 0.75 if whole else 0.25)]
            forms = ("{0}", "CCSS.Math.Content.{0}", "CCSS.MATH.CONTENT.{0}")
            form = forms[int(rng.integers(0, 3))]
            alignments += [
                {
                    "resource_id": one.row["resource_id"],
                    "code": form.format(code),
                    "program": one.row["program"],
                    "cost": 3 if whole else 1,
                }
                for code in some
            ]
    return standards, alignments
