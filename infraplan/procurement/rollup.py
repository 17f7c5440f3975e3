"""The district roll-up as a workbook that can be audited: every figure is a live formula on the schools."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from infraplan import tablefiles
from infraplan.procurement.discounts import Rules

BOLD = Font(bold=True)
_FIRST = 2  # the first row under the header


def write(schools: pd.DataFrame, ours: pd.DataFrame, year: Rules, path: Path) -> None:
    """Write sheets `districts`, `schools` and `matrix`; `ours` (table `discounts`) stands beside the formulas.

    The formulas follow the arithmetic of `discounts`: whole-percent shares rounded half up, rural if more than half the
    schools are, Category Two at most its highest rate. CEP is reckoned with the multiplier in percent, so that a
    spreadsheet's binary fractions cannot round a whole number up.
    """
    book = Workbook()
    districts = book.active
    assert isinstance(districts, Worksheet)  # noqa: S101 - a new workbook has one sheet
    districts.title = "districts"
    sheet, matrix = book.create_sheet("schools"), book.create_sheet("matrix")
    last = _schools(sheet, schools)
    _matrix(matrix, year)
    _districts(districts, schools, ours, last, end=len(year.band_from) + 1)
    for one in (districts, sheet, matrix):
        one.freeze_panes = "A2"
        for at, cell in enumerate(one[1], start=1):
            cell.font = BOLD
            one.column_dimensions[get_column_letter(at)].width = max(12, len(str(cell.value)) + 2)
    book.save(path)


def _schools(sheet: Worksheet, schools: pd.DataFrame) -> int:
    """One row per school with its eligible students as a formula; returns the last row."""
    sheet.append(
        [
            "ben",
            "parent_ben",
            "students",
            "nslp_students",
            "cep",
            "identified_students",
            "urban_rural",
            "eligible_students",
        ]
    )
    for at, row in enumerate(schools.itertuples(), start=_FIRST):
        eligible = f'=IF(E{at}="yes",MIN(C{at},ROUNDUP(F{at}*matrix!$H$2/100,0)),D{at})'
        sheet.append(
            [
                _text(row.ben),
                _text(row.parent_ben or row.ben),
                _number(row.students),
                _number(row.nslp_students),
                "yes" if row.cep else "no",
                _number(row.identified_students),
                row.urban_rural,
                eligible,
            ]
        )
    return len(schools) + 1


def _matrix(sheet: Worksheet, year: Rules) -> None:
    sheet.append(
        [
            "nslp_from_percent",
            "urban_rate",
            "rural_rate",
            "",
            "c2_highest_rate",
            "rural_above_percent",
            "",
            "cep_multiplier_percent",
        ]
    )
    extra = [None, year.c2_highest, year.rural_above, None, int(year.cep_multiplier * 100)]
    for at, (low, urban, rural) in enumerate(zip(year.band_from, year.urban, year.rural, strict=True)):
        sheet.append([int(low), int(urban), int(rural), *(extra if at == 0 else [])])


def _districts(sheet: Worksheet, schools: pd.DataFrame, ours: pd.DataFrame, last: int, end: int) -> None:
    sheet.append(
        [
            "parent_ben",
            "schools",
            "rural_schools",
            "students",
            "eligible_students",
            "nslp_percent",
            "urban_rural",
            "c1_rate",
            "c2_rate",
            "ours_c1_rate",
            "ours_c2_rate",
            "agrees",
        ]
    )
    rates = {row.entity_id: (int(row.c1_rate), int(row.c2_rate)) for row in _typed_rows(ours)}

    def column(letter: str) -> str:
        return f"schools!${letter}${_FIRST}:${letter}${last}"

    names = list(dict.fromkeys(row.parent_ben or row.ben for row in schools.itertuples()))
    for at, name in enumerate(names, start=_FIRST):
        band = f"MATCH(F{at},matrix!$A$2:$A${end},1)"
        sheet.append(
            [
                _text(name),
                f"=COUNTIF({column('B')},A{at})",
                f'=COUNTIFS({column("B")},A{at},{column("G")},"Rural")',
                f"=SUMIF({column('B')},A{at},{column('C')})",
                f"=SUMIF({column('B')},A{at},{column('H')})",
                f"=ROUND(100*E{at}/D{at},0)",
                f'=IF(100*C{at}>matrix!$F$2*B{at},"Rural","Urban")',
                f'=INDEX(matrix!$B$2:$C${end},{band},IF(G{at}="Rural",2,1))',
                f"=MIN(H{at},matrix!$E$2)",
                *rates[name],
                f'=IF(AND(H{at}=J{at},I{at}=K{at}),"yes","NO")',
            ]
        )


def _typed_rows(frame: pd.DataFrame) -> Iterator[Any]:
    return iter(frame.itertuples(index=False))


def _text(value: object) -> object:
    return tablefiles.neutral(str(value))


def _number(value: Any) -> int | None:  # noqa: ANN401 - a frame's cell
    return None if pd.isna(value) else int(value)
