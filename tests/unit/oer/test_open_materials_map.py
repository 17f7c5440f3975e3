"""The map of open materials: shares and savings by district, unknown never zero, few students never shown."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import shapely
from commandline import Said
from publishers import add, shapes

from infraplan import schemas
from infraplan.errors import InfraplanError, NoAnswer, NoTable
from infraplan.oer.layers import DistrictMap, district_map
from infraplan.oer.sources.lists import read_list
from infraplan.outputs.layers import load_layer
from infraplan.workspace import Workspace

BUSY, LONE, BARE, NEXT = "2300001", "2300002", "2300003", "2300004"
LIST = f"""item_id,title,course,price_usd,students,district
a,Biology 2e,AP Biology,0,40,{BUSY}
b,Campbell Biology,AP Biology,100,120,{BUSY}
c,Chemistry,Chemistry,90,50,{BUSY}.0
d,NO TEXTBOOK,Physics,,,{BUSY}
e,Physics,AP Physics,80,7,East Town School District
f,Algebra,Algebra 1,80,70,
g,Chemistry,AP Chemistry,80,20,{NEXT}
"""
MATCHES = """item_id,resource_id,outcome
a,r1,same_open
b,r1,good
b,r9,review
c,,no
d,,no
e,r2,good
f,r3,good
g,r2,good
"""
SAVINGS = """item_id,counted,students,saving_low_usd_year,saving_middle_usd_year,saving_high_usd_year
a,no,40,,,
b,yes,120,-100.10,1200.25,1500.00
c,no,50,,,
d,no,,,,
e,yes,7,-50.00,-20.00,10.00
f,yes,70,1.00,2.00,3.00
g,yes,20,-5.00,-4.00,-3.00
"""


@pytest.fixture
def plan(maine: Workspace, tmp_path: Path) -> Workspace:
    add(maine, shapes(
        tmp_path / "tl_2025_23_unsd.geojson",
        (BUSY, "West Town School District", shapely.box(-70, 44, -69, 45)),
        (LONE, "East Town School District", shapely.box(-69, 44, -68, 45)),
        (BARE, "Bare Town School District", shapely.box(-68, 44, -67, 45)),
        (NEXT, "Next Town School District", shapely.box(-69, 45, -68, 46)),
    ))  # fmt: skip
    return maine


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    paths = tmp_path / "list.csv", tmp_path / "matches.csv", tmp_path / "savings.csv"
    for path, text in zip(paths, (LIST, MATCHES, SAVINGS), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def mapped(plan: Workspace, files: tuple[Path, Path, Path], *, savings: bool = True) -> DistrictMap:
    items = read_list(files[0])
    matched, saved = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in files[1:])
    return district_map(plan, items, matched, saved if savings else None)


def row_of(page: str, lea: str) -> list[str]:
    """The cells of a district's row in the page's table, after its name and number."""
    row = next(row for row in re.findall(r"<tr>(.*?)(?=<tr>|</tbody>)", page, re.DOTALL) if f">{lea}" in row)
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.split(r"<t[dh][^>]*>", row)[3:]]


def test_a_district_is_judged_by_its_own_rows_and_by_the_best_match_of_each(
    plan: Workspace, files: tuple[Path, Path, Path]
) -> None:
    told = mapped(plan, files).table.set_index("area_id")
    counts = told[["materials", "open_now", "open_alternative", "for_a_person"]]
    assert counts.to_dict("index")[BUSY] == {
        "materials": 3, "open_now": 1, "open_alternative": 1, "for_a_person": 0}  # fmt: skip
    assert told.loc[BUSY, "open_share"] == pytest.approx(1 / 3)
    assert told.loc[BUSY, "saving_middle_usd_year"] == Decimal("1200.25")
    assert told.loc[BUSY, "students"] == 120
    assert told.loc[LONE, "open_share"] == 0


def test_the_saving_of_the_map_is_that_of_the_rows_on_it(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    total = mapped(plan, files).table["saving_middle_usd_year"].sum()
    assert total == Decimal("1200.25") - 20 - 4  # row f names no district


def test_a_district_that_the_list_does_not_name_is_blank_never_zero(
    plan: Workspace, files: tuple[Path, Path, Path]
) -> None:
    bare = mapped(plan, files).areas.set_index("area_id").loc[BARE]
    assert bare[["materials", "open_share", "saving_middle_usd_year"]].isna().all()


def test_a_saving_that_nobody_could_reckon_is_blank_never_zero(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    files[2].write_text(SAVINGS.replace("yes,120", "no,120"), encoding="utf-8")
    busy = mapped(plan, files).table.set_index("area_id").loc[BUSY]
    assert busy["counted"] == 0
    assert busy[["students", "saving_middle_usd_year"]].isna().all()
    assert busy["open_share"] > 0


def test_districts_are_known_by_number_without_its_zero_and_by_name_and_the_rest_is_said(
    plan: Workspace, files: tuple[Path, Path, Path]
) -> None:
    with files[0].open("a", encoding="utf-8") as more:
        more.write("h,Art,Art,10,10,Nowhere School District\ni,Art,Art,10,10,2309999\n")
    for place, text in ((1, "h,,no\ni,,no\n"), (2, "h,no,,,,\ni,no,,,,\n")):
        files[place].write_text((MATCHES, SAVINGS)[place - 1] + text, encoding="utf-8")
    notes = " ".join(mapped(plan, files).notes)
    assert "1 rows of the list name no district" in notes
    assert "Nowhere School District" in notes
    assert "have no boundary here and are not on the map: 2309999" in notes
    assert "3 of 4 districts are on the list" in notes


def test_without_savings_there_is_one_view(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    shown = mapped(plan, files, savings=False)
    assert shown.layers == ("oer_open_share",)
    assert "saving_middle_usd_year" not in shown.areas


def test_matches_of_another_list_are_refused(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    files[1].write_text(MATCHES.replace("f,r3", "z,r3"), encoding="utf-8")
    with pytest.raises(InfraplanError, match="not of this list"):
        mapped(plan, files)


def test_savings_in_another_order_are_refused(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    files[2].write_text("\n".join([SAVINGS.splitlines()[0], *reversed(SAVINGS.splitlines()[1:])]), encoding="utf-8")
    with pytest.raises(InfraplanError, match="another order"):
        mapped(plan, files)


def test_a_list_without_districts_has_no_map(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    files[0].write_text(re.sub(r",[^,\n]*$", ",", LIST, flags=re.MULTILINE), encoding="utf-8")
    files[0].write_text(
        files[0].read_text(encoding="utf-8").replace("students,", "students,district", 1), encoding="utf-8"
    )
    with pytest.raises(NoAnswer, match="--columns district=NAME"):
        mapped(plan, files)


def test_a_list_of_another_state_has_no_map(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    told = re.sub(r",(23\d{5}(\.0)?|East.*)$", ",4400030", LIST, flags=re.MULTILINE)
    files[0].write_text(told, encoding="utf-8")
    with pytest.raises(NoAnswer, match=r"no district that the list names has a boundary(.|\n)*4400030"):
        mapped(plan, files)


def test_a_workspace_without_boundaries_has_no_map(maine: Workspace, files: tuple[Path, Path, Path]) -> None:
    with pytest.raises(NoTable, match="data add"):
        mapped(maine, files)


def test_the_page_has_the_numbers_and_withholds_what_few_students_would_give_away(
    plan: Workspace, files: tuple[Path, Path, Path], infraplan: Callable[..., Said]
) -> None:
    said = infraplan("oer", "map", "--list", files[0], "--matches", files[1], "--savings", files[2],
                     "--workspace", plan.folder)  # fmt: skip
    assert said.code == 0, said.err
    page = (plan.folder / "maps" / "materials.html").read_text(encoding="utf-8")
    assert row_of(page, BUSY) == ["33.3", "1", "1", "0", "3", "1,200", "-100", "1,500", "1", "120"]
    assert row_of(page, BARE) == [*["not assessed"] * 5, *["not reckoned"] * 3, "not assessed", "not reckoned"]
    assert row_of(page, LONE) == ["0.0", "0", "1", "0", "1", *["withheld"] * 3, "1", "fewer than 10"]
    assert row_of(page, NEXT)[5:8] == ["withheld"] * 3  # else the state's total less the others gives it away
    classes = json.loads(re.search(r'id="?map-settings"?[^>]*>(.*?)</script>', page, re.DOTALL)[1])["layers"]  # type: ignore[index]
    assert [one["id"] for one in classes] == ["oer_open_share", "oer_saving"]
    assert {"list.csv", "matches.csv", "savings.csv"} <= set(re.findall(r"\w+\.csv", page))
    assert infraplan("explain", "oer_districts", BUSY, "open_share", "--workspace", plan.folder).code == 0


def test_the_answer_is_the_declared_table(plan: Workspace, files: tuple[Path, Path, Path]) -> None:
    declared = schemas.Schema.load("oer_districts").columns
    shown = mapped(plan, files)
    assert list(shown.table) == list(declared)
    for name in shown.layers:
        assert {one.column for one in load_layer(name).fields} <= set(declared)
