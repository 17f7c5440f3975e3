"""The audit as a workbook: one sheet per question, and savings that recalculate when an assumption is changed."""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from infraplan import tablefiles
from infraplan.oer.audit import Audit, Part
from infraplan.oer.savings import CASES, Savings
from infraplan.wholefiles import atomic

_HEAD = PatternFill("solid", fgColor="DDE6F0")
_WIDTHS = {"text": 28, "count": 12, "usd": 16}
_CASE_COLUMNS = dict(zip(CASES, "CDE", strict=True))
_USD = '"$"#,##0.00;[Red]-"$"#,##0.00'


def write(path: Path, told: Audit, stamp: str = "") -> None:
    """Write the workbook whole or not at all. Texts are never formulas; figures of the savings sheet always are.

    A `stamp` (SYNTHETIC, ...) stands on a first sheet of its own and above every printed page.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    for part in told.parts:
        if part.file == "savings":
            _savings_sheet(book.create_sheet("savings"), told.savings, part)
        elif part.file == "assumptions":
            _assumptions_sheet(book.create_sheet("assumptions"), told.savings)
        else:
            _part_sheet(book.create_sheet(part.file), part)
    if stamp:
        book.create_sheet("SYNTHETIC", 0)["A1"] = stamp
    for sheet in book.worksheets:  # on paper: as wide as the page, however many pages long
        sheet.page_setup.orientation = "landscape"
        if stamp and sheet.oddHeader is not None:
            sheet.oddHeader.center.text = stamp
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    with atomic(path) as temporary:
        book.save(temporary)


def _part_sheet(sheet: Worksheet, part: Part) -> None:
    _heading(sheet, part)
    _head(sheet, [column.heading for column in part.columns], len(part.words) + 3)
    for place, column in enumerate(part.columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS[column.kind]
    for line, row in enumerate(part.table.itertuples(index=False), len(part.words) + 4):
        for place, (column, value) in enumerate(zip(part.columns, row, strict=True), 1):
            if column.kind != "text" and str(value) not in {"", "None", "nan"}:
                sheet.cell(line, place, float(value) if column.kind == "usd" else int(value))
            else:
                _text(sheet, line, place, str(value))


def _heading(sheet: Worksheet, part: Part) -> None:
    _text(sheet, 1, 1, part.heading)
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for line, words in enumerate(part.words, 2):
        _text(sheet, line, 1, words)


def _text(sheet: Worksheet, line: int, place: int, written: str) -> None:
    """A cell of text that no spreadsheet will run, whatever it begins with."""
    cell = sheet.cell(line, place, str(tablefiles.neutral(_clean(written))))
    cell.data_type = "s"
    cell.alignment = Alignment(wrap_text=line > 1 and place > 1, vertical="top")


def _clean(written: str) -> str:
    """Text without the control characters a workbook may not hold."""
    return "".join(character for character in written if character >= " " or character in "\n\t")[:32_000]


def _head(sheet: Worksheet, headings: list[str], line: int) -> None:
    for place, heading in enumerate(headings, 1):
        _text(sheet, line, place, heading)
        sheet.cell(line, place).font = Font(bold=True)
        sheet.cell(line, place).fill = _HEAD
    sheet.freeze_panes = f"A{line + 1}"


def _assumptions_sheet(sheet: Worksheet, saved: Savings) -> None:
    _text(sheet, 1, 1, "What the savings assume: change a figure and the sheet savings follows")
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    _head(sheet, ["Assumption", "Meaning", "Low saving", "Middle", "High saving", "Unit", "Source", "Our judgment"], 3)
    for line, one in enumerate(saved.assumptions, 4):
        for place, written in (
            (1, one.name),
            (2, one.about),
            (6, one.unit),
            (7, one.source or "none found"),
            (8, one.ours),
        ):
            _text(sheet, line, place, written)
        for case, letter in _CASE_COLUMNS.items():
            sheet.cell(line, "ABCDE".index(letter) + 1, float(one.amounts[case]))
    for letter, width in zip("ABCDEFGH", (22, 50, 12, 12, 12, 18, 60, 40), strict=True):
        sheet.column_dimensions[letter].width = width


def cells(saved: Savings, case: str) -> dict[str, str]:
    """Where each assumption stands on its sheet, for one case."""
    return {one.name: f"assumptions!${_CASE_COLUMNS[case]}${line}" for line, one in enumerate(saved.assumptions, 4)}


def formulas(saved: Savings, case: str, line: int) -> tuple[str, str]:
    """The yearly saving and the first year's cash of one row: students in D, price in E, first use of its text in F."""
    at = cells(saved, case)
    pay = at["pay_usd_hour"]
    teachers = f"ROUNDUP(D{line}/{at['students_per_teacher']},0)"
    once = f"{teachers}*({at['training_usd_teacher']}+{at['teacher_hours']}*{pay})"
    once += f"+F{line}*({at['review_hours']}*{pay}+{at['accessibility_usd']})"
    bought, state = f"D{line}*E{line}", f"D{line}*{at['state_print_usd']}"
    printed = f"D{line}*{at['share_printed']}*{at['print_cost_usd']}"
    years = at["years_kept"]
    yearly = f"=ROUND({bought}/{years}-{printed}/{at['copy_lasts']}-({once})/{years}+{state},2)"
    return yearly, f"=ROUND({bought}-{printed}-({once})+{state},2)"


def _savings_sheet(sheet: Worksheet, saved: Savings, part: Part) -> None:
    _heading(sheet, part)
    start = len(part.words) + 3
    yearly, first = (
        [f"{case.capitalize()} a year" for case in CASES],
        [f"{case.capitalize()}, year one" for case in CASES],
    )
    _head(
        sheet, ["Row", "On the list", "Open text", "Students", "Price", "First use of the text", *yearly, *first], start
    )
    line = start
    for line, row in enumerate(part.frame.to_dict("records"), start + 1):
        for place, name in enumerate(("item_id", "title", "resource_title"), 1):
            _text(sheet, line, place, str(row[name]))
        sheet.cell(line, 4, int(row["students"]))
        sheet.cell(line, 5, float(row["price_usd"]))
        sheet.cell(line, 6, int(str(row["item_id"]) in saved.first_uses))
        for place, case in enumerate(CASES):
            sheet.cell(line, 7 + place).value, sheet.cell(line, 10 + place).value = formulas(saved, case, line)
    _totals(sheet, start, line)


def _totals(sheet: Worksheet, start: int, last: int) -> None:
    _text(sheet, last + 1, 1, "Total")
    for place in range(7, 13):
        letter = get_column_letter(place)
        sheet.cell(last + 1, place).value = f"=SUM({letter}{start + 1}:{letter}{last})" if last > start else 0
        for line in range(start + 1, last + 2):
            sheet.cell(line, place).number_format = _USD
    for place, width in enumerate((12, 40, 40, 10, 10, 12, *[16] * 6), 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
