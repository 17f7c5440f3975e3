"""The grades column of a list."""

import pytest

from infraplan.oer.grades import read_grade_cell


@pytest.mark.parametrize(
    ("cell", "grades"),
    [
        ("9th-12th", (9, 12)),
        ("9\u201310", (9, 10)),
        ("Grades 9, 10, 11, 12", (9, 12)),
        ("Kindergarten\u2013Grade 2", (0, 2)),
        ("Kindergarten - 2nd", (0, 2)),
        ("6th/7th/8th", (6, 8)),
        ("Sixth Grade", (6, 6)),
        ("Grade Six", (6, 6)),
        ("Middle School", (6, 8)),
        ("9-12 (high school)", (9, 12)),
        ("11th & 12th", (11, 12)),
        ("K through 5", (0, 5)),
        ("1.0", (1, 1)),
        ("KG", (0, 0)),
        ("TK-2", (-1, 2)),
        ("10+", (10, 12)),
        ("1;2;3;5;6", (1, 6)),
        ("Grade 3 Mathematics", (3, 3)),
        ("9-14", (9, 12)),
        ("Adult", None),
        ("13", None),
        ("Geometry", None),
        ("", None),
    ],
)
def test_a_grade_cell_is_read_whole(cell: str, grades: tuple[int, int] | None) -> None:
    assert read_grade_cell(cell) == grades
