"""Workbooks as a person sees them: sheets chosen aloud, errors and formulas refused, percents and days read right."""

import base64
import datetime as dt
import random
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from publishers import add

from infraplan import tablefiles, workbooks
from infraplan.errors import BadInput
from infraplan.schemas import Column, Schema
from infraplan.workbooks import DayCell, FormulaCell, PercentCell, Workbook
from infraplan.workspace import Workspace

# a workbook of the old binary kind: a sheet Note, and a sheet Data with percents and a formula that divides by zero
OLD = zlib.decompress(
    base64.b85decode(
        "c-rk)U2Gdg5T3oe*yl7qPMSbTTXPiB{5c^%2*OW^o21Z6K&n!Hgd(Mmb4g5H+p=A$L4vxJzMxhD^`RhDLKQ(mLgH6~2S6lml>os@A3z|beFBvS"
        "gFvVfiJ6&QJJ;Z#*r||cJ=V9oH@AB`yE8kp<8QyITR8VY(?wW8_k#{gSr51zJb|dpJ$L~$#aqf|vpIIQO#drdR5j_)K>bx9Nat>ZiSQ`>ZcufZ"
        "t}ogLG5n>#f?W{BIsr3K4Bdnl<NV%Q#w@L|-&(0Wf9dm+|0X}KBUU^A<n!tLS0SnqHHcan0-z32kJyN4Ks2&V0Njk&gt!IKgxHMOg4l}iA#O!j"
        "h}#g`5Vs@lKr|z^D;Zl=P3XY3AJM6JcVgXL_DSm|kBM4zRluj!Uy;gL_ZQJ3-Z$piE-oQPAx^e26pVzd|B41#hM*uB=FmuY2m@_ZgR_Vlc#rv?"
        "ak+!-4=Dgvzq0A4wE#<hipy<W)?g{%6CU$Db9&Gce_%U*g^z&%w-|yTL?8^~=n2EvqY2K_2|LO?=zNHs{Dyk1=dI7Ef>}Cc58F{Y5sdf@H@rns"
        "bvG~YL7Ig>vX<k}&RN8#FERi3wehtg`EbMWXL0We?Q@6hpIOOoTZQjmh2Opk-&2qeXap>evCKcM;X@j-RD07p*L7(Z*Y#<G>y2qQ*A3~4>;X3M"
        "6X>q1$(!S+9*d=HdY*U5=iy)~coOJ9378iq0$~3s0hiJ2(XnTq;h9|--WO8_2Mv}l{KC=hgAExvfL~xo6OIWC80MS^U>N}4uU;84Obi_+h6M9Z"
        "j2eHzK@KgZ3>SM7c08D{C#>-qD>ZFf$y6|9qo5HxI2NA3fzf0nJ{GqVAv>DFG0D{732Y_t?DY0^BlYB4z4=yOzI9g?<Ch6X4H>^eW+P%*-Hoc&"
        "D9A}?=)KArR^dt~a97BA)bXml__@xZEtfCd-83-9{4^|ov6-|5esK)n%p2`IqJzs9xo<8=9%tT5TyD>g|7oDb(QeJRGXrgo_BnKE9+V1LgBs4}"
        "7n`bF$L9|$4CHD7Pv9F9p66wQc-gE~E3L@~ep#BDSGE0$SqqCQ(UW6-fxWZ?ncZ^r88bKDpdNarn|m6WR_1#$-U62n4JvsYjUlsqP^*WJUD9s@"
        "Jix1=>p?ABTV6nbDKwlZ)A=EhyXf3#I^*Na`;*g|?$8<WL;;>wfTtJW87p|pHb5--BzRYIPnyyeJqc+8SiYcD@){d4oRU7a@_K2Un=h+!NpA27"
        "x(T{yu*QRFd7oo6*Ld)k%=^%wX{e9R&o0$R=RQ-+8+7IR82s#3LKrM=FGwK_7D7@(ATNXlJ{@$Yg<DPwH%qW^(_!JTehdFs5_kjFD`gJgH8mMB"
        "<g171&i!aOl!zr`lPPQ0k&qp+?!BjTe{kH6L~P#5!SLi{|9Wx{AtOP_w3G!lj{@I?g%fZ5c4cJR`_8K-bhLc*9Vy{8m755)t)%hYDo+_z8#b--"
        "m6Xa^(kgE`slwLJi!ukHF|oKEjn5p3fXYiWl~)8Dvizf6|N4FVp8HWa+t+&i9Bwasec^1^X7A}UxPJeYcZbOZtl*8RJS!KLy^b|LqMQY&T#MfK"
        "tM>s%7^l738IM0{Cz9b<^y)pL{q5`Ofihj6bS?k?Vf$O*g9?oyn+#OR_ER`}0xyK)EXTp3<)>(&DLc&;@xRKOo}8Z<!g&v2hC6~XJX_NIy5m2X"
        "wTx*&?8*DN5zGedlJ!Tiv)KQC+SGqF@=EbI9LDt@!mN~ZzXz>gl669y6lSY2<g8AuYW|8M_P-r*K0p63&Jbc5Y_`DS<moSA{auK+%m4o|{SEL+"
        "DUJ"
    )
)

RATES = Schema(
    "rates",
    "Rates",
    "core",
    "one row per district",
    ("lea_id",),
    "the tests",
    {
        "lea_id": Column("lea_id", "string", pattern=r"^\d{7}$"),
        "nslp_percent": Column("nslp_percent", "number", unit="percent", low=0, high=100, null="not known"),
        "share": Column("share", "number", unit="fraction", low=0, high=1, null="not known", required=False),
        "students": Column("students", "integer", unit="students", low=0, null="not known", required=False),
        "grades": Column("grades", "string", null="not given", required=False),
        "ends": Column("ends", "date", null="not given", required=False),
    },
)
HEADER = ["lea_id", "nslp_percent", "share", "students", "grades", "ends"]
Rows = Sequence[Sequence[object]]


def book(path: Path, sheets: Mapping[str, Rows], percents: Sequence[str] = (), hidden: Sequence[str] = ()) -> Path:
    """A workbook with these sheets; the cells named (Data!B2) are shown as percents."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    for place in percents:
        sheet_name, cell = place.split("!")
        made[sheet_name][cell].number_format = "0.0%"
    made.save(path)
    return path


def typed(path: Path) -> tuple[list[list[object]], list[str]]:
    text = tablefiles.text_of(path, wanted=RATES.required)
    frame, remarks = tablefiles.converted(text, RATES, file=path.name)
    return frame.to_numpy(dtype=object).tolist(), remarks


def refused(path: Path) -> dict[tuple[int | None, str | None], str]:
    with pytest.raises(BadInput) as caught:
        tablefiles.typed(tablefiles.read_text(path), RATES, file=path.name)
    return {(one.row, one.column): one.what for one in caught.value.faults}


def test_an_error_cell_and_an_uncomputed_formula_are_refused_by_their_cell_and_never_blank(tmp_path: Path) -> None:
    rows: Rows = [
        HEADER,
        ["2300001", "#DIV/0!", None, "=SUM(A1:A9)", "#N/A", None],
        ["2300002", 4, 0.5, 7, "K-8", None],
    ]
    path = book(tmp_path / "x.xlsx", {"Data": rows})
    assert refused(path) == {
        (2, "nslp_percent"): "nslp_percent shows the error #DIV/0!",
        (2, "students"): "students is the formula '=SUM(A1:A9)' without its result",
        (2, "grades"): "grades shows the error #N/A",
    }


def test_errors_in_columns_that_no_one_reads_refuse_nothing(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", {"Data": [["lea_id", "nslp_percent", "check"], ["2300001", 5, "=1/0"]]})
    assert typed(path)[0][0][:2] == ["2300001", 5]


def test_a_percent_is_read_as_it_is_shown_where_the_unit_is_percent_and_says_so(tmp_path: Path) -> None:
    rows: Rows = [HEADER, ["2300001", 0.65, 0.65, None, None, None], ["2300002", 12.5, 0.2, None, None, None]]
    path = book(tmp_path / "x.xlsx", {"Data": rows}, ["Data!B2", "Data!C2"])
    found, remarks = typed(path)
    assert [row[1:3] for row in found] == [[65, 0.65], [12.5, 0.2]]
    assert remarks == [
        "x.xlsx: 1 cells of nslp_percent are percents in the workbook and were read as shown (row 2: 65 %)"
    ]


def test_a_percent_where_none_can_be_meant_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", {"Data": [HEADER, ["2300001", 5, None, 0.5, None, None]]}, ["Data!D2"])
    assert refused(path) == {(2, "students"): "students is shown as 50.0 %, expected a whole number of 0 or more"}


def test_a_text_that_the_spreadsheet_made_a_day_is_refused_and_a_day_among_days_is_read(tmp_path: Path) -> None:
    day = dt.date(2026, 9, 12)
    path = book(tmp_path / "x.xlsx", {"Data": [HEADER, ["2300001", 5, None, None, day, day]]})
    (what,) = refused(path).values()
    assert "grades is the day 2026-09-12: a spreadsheet makes days of texts such as 9-12" in what
    path = book(tmp_path / "y.xlsx", {"Data": [HEADER, ["2300001", 5, None, None, "9-12", day]]})
    assert str(typed(path)[0][0][5]).startswith("2026-09-12")


def test_a_days_serial_number_is_refused_with_the_day_it_stands_for(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", {"Data": [HEADER, ["2300001", 5, None, None, None, 46203]]})
    with pytest.raises(BadInput, match="46203 is a spreadsheet's number for the day 2026-06-30"):
        tablefiles.typed(tablefiles.read_text(path), RATES, file="x.xlsx")


def test_of_several_sheets_the_one_with_the_columns_is_read_and_the_others_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data: Rows = [HEADER, ["2300001", 5, None, None, None, None]]
    sheets: dict[str, Rows] = {"Notes": [["See also", "the web"], ["a", "b"]], "Data": data, "Blank": [], "Old": data}
    path = book(tmp_path / "x.xlsx", sheets, hidden=["Old"])
    with caplog.at_level("INFO", logger="infraplan"):
        found = tablefiles.read_text(path, wanted=RATES.required)
    assert found["lea_id"].tolist() == ["2300001"]
    assert caplog.messages == ["x.xlsx: the sheet 'Data' was read; not read: 'Notes'"]
    assert tablefiles.read_text(path, sheet="Old")["lea_id"].tolist() == ["2300001"]
    with pytest.raises(BadInput, match=r"no sheet 'New'\n.*\n  mend:  its sheets are: 'Notes', 'Data', 'Blank', 'Old'"):
        tablefiles.read_text(path, sheet="New")


def test_without_columns_to_go_by_a_table_is_read_and_not_the_note_before_it(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", {"Read me": [["Prepared in May"]], "Data": [["a", "b"], [1, 2]]})
    assert tablefiles.read_text(path).columns.tolist() == ["a", "b"]


def test_the_old_binary_kind_is_read_by_the_same_rules(tmp_path: Path) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(OLD)
    assert refused(path) == {(2, "students"): "students shows the error #DIV/0!"}
    sheet = Workbook(path, "old.xls").read(wanted=["lea_id"])
    assert sheet.remark("old.xls") == "old.xls: the sheet 'Data' was read; not read: 'Note'"
    assert [type(cell) for cell in sheet.cells[1]] == [str, PercentCell, PercentCell, PercentCell, str]


@pytest.mark.parametrize("cut", [600, 1500, 3000, 5000])
def test_an_old_workbook_cut_short_is_read_or_refused_in_words(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(OLD[:cut])
    with pytest.raises(BadInput, match=r"old\.xls .*\n.*\n  mend:"):
        tablefiles.read_text(path)


def test_numbers_are_those_that_the_sheet_shows(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", {"Data": [["a", "b", "c"], [0.1 + 0.2, 1234567890123.0, 1e-7]]})
    assert tablefiles.read_text(path).iloc[0].tolist() == ["0.3", "1234567890123", "1e-07"]


def test_marked_cells_are_still_text() -> None:
    assert [workbooks.cell_text(value) for value in (dt.date(2026, 1, 2), True, None, 2.0)] == [
        "2026-01-02",
        "True",
        "",
        "2",
    ]
    assert isinstance(workbooks.cell_text(dt.datetime(2026, 1, 2, 3, 4)), DayCell)  # noqa: DTZ001 - as a sheet has it
    assert FormulaCell("=A1") == "=A1"


def test_a_column_map_chooses_the_sheet_and_the_receipt_says_what_was_read(maine: Workspace, tmp_path: Path) -> None:
    rows: Rows = [["NCES", "Total"], ["2300001", 12], ["2300002", 30]]
    path = book(tmp_path / "count.xlsx", {"2024": rows, "2025": [["NCES", "Total"], ["2300001", 13]]})
    mapping = 'table = "enrollment"\ntitle = "Count"\n[columns]\nlea_id = "NCES"\nstudents = "Total"\n'
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    receipt = add(maine, path, column_map=tmp_path / "map.toml")[0].receipt
    assert "the sheet '2024' was read; not read: '2025'" in receipt.notes
    (tmp_path / "new.toml").write_text(f'sheet = "2025"\nas_of = 2025-10-01\n{mapping}', encoding="utf-8")
    add(maine, path, column_map=tmp_path / "new.toml")
    assert maine.frame("enrollment")["students"].tolist() == [13]
    (tmp_path / "none.toml").write_text(f'sheet = "2026"\n{mapping}', encoding="utf-8")
    with pytest.raises(BadInput, match="no sheet '2026'"):
        add(maine, path, column_map=tmp_path / "none.toml")


def test_a_cell_that_is_no_number_is_not_lost_in_a_sum(maine: Workspace, tmp_path: Path) -> None:
    rows: Rows = [["NCES", "Total"], ["2300001", 12], ["2300001", "#REF!"], ["2300002", "n/a"]]
    path = book(tmp_path / "count.xlsx", {"Data": rows})
    (tmp_path / "map.toml").write_text(
        'table = "enrollment"\nsum = true\n[columns]\nlea_id = "NCES"\nstudents = "Total"\n', encoding="utf-8"
    )
    with pytest.raises(BadInput) as caught:
        add(maine, path, column_map=tmp_path / "map.toml")
    assert {(one.row, one.value) for one in caught.value.faults} == {(3, "#REF!"), (4, "n/a")}


def test_an_old_workbook_damaged_anywhere_is_read_or_refused_and_the_reader_never_breaks_down(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    luck = random.Random(1)  # noqa: S311 - damage, not secrets
    path = tmp_path / "old.xls"
    outcomes = set()
    for _ in range(250):
        content = bytearray(OLD)
        for _ in range(luck.randint(1, 3)):
            at = luck.randrange(len(content))
            content[at : at + luck.choice([0, 1, 4, 200])] = luck.randbytes(luck.choice([0, 1, 4]))
        path.write_bytes(content)
        try:
            tablefiles.read_text(path)
            outcomes.add("read")
        except BadInput as why:
            outcomes.add("refused" if "mend:" in str(why) else "refused without a way on")
    assert outcomes == {"read", "refused"}
    assert "panicked" not in capfd.readouterr().err
