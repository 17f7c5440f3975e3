"""The one page for a legislator that `infraplan procurement fund` writes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
from markupsafe import Markup, escape

from infraplan.outputs import pages, suppression, tables
from infraplan.outputs.pages import SourceNote
from infraplan.outputs.tables import Field
from infraplan.procurement.funding.brief import Brief

FEWEST_PEOPLE: Final = 10
"""Counts of people below this are withheld on the page."""
WIDE, HIGH = 660, 220
LEFT, RIGHT, TOP, FLOOR = 76, 630, 28, 176
TICK: Final = 60
"""Units of the drawing that a label under the axis needs."""
ONE_SHEET: Final = """
@media print{
@page{size:letter;margin:.35in}
html{font-size:7.4pt;line-height:1.25}
h1{font-size:13pt;margin:0}
h2{font-size:10pt;margin:.35rem 0 .05rem}
p,ul,.lead,#notes li{margin:.1rem 0;max-width:none}
main,section{margin:0;padding:0}
svg{max-height:1.15in}
.stamps{margin:.15rem 0}
.stamps li{padding:.1rem .4rem}
caption{padding:.1rem .4rem}
#sources,#notes{font-size:6.6pt}
#notes ul{columns:2;column-gap:.3in}
tbody th,tbody td{line-height:1.1;padding:.03rem .3rem}
thead th button{padding:.05rem .3rem;line-height:1.1}
footer{margin:.2rem 0 0;padding:.1rem 0 0}
}
"""
"""Print styles that keep the page one sheet of letter paper."""
_AMOUNTS: Final = [
    Field(column="state", label="State money", format="text"),
    Field(column="students", label="Students brought to target", people=True),
    Field(column="projects", label="Projects"),
    Field(column="erate_usd", label="Federal money drawn", format="usd", decimals=0),
    Field(column="spent_usd", label="State money spent", format="usd", decimals=0),
    Field(
        column="each_usd", label="State $ per added student", format="usd", missing="none added",
        derived_from=("students",),
    ),
    Field(column="proved", label="How good", format="text"),
]  # fmt: skip
_LEFT: Final = [
    Field(column="name", label="District", format="text"),
    Field(column="students", label="Students left", people=True),
    Field(column="projects", label="Unfunded projects"),
    Field(column="why", label="Most common reason", format="text"),
]
_PLACES: Final = [
    Field(column="place", label="Legislative district", format="text"),
    Field(column="students_left", label="Students left", people=True),
    Field(column="students_reached", label="Students reached", people=True),
    Field(column="projects_funded", label="Projects funded there"),
    Field(column="projects_left", label="Projects left there"),
    Field(column="erate_usd", label="Federal money drawn", format="usd", decimals=0),
    Field(column="state_usd", label="State money", format="usd", decimals=0),
]


def draw(path: Path, told: Brief, given: Iterable[Path], stamps: Sequence[str]) -> None:
    """Draw the page; `given` are the files it stands on."""
    left = _words([told.left_words]) + _table(told.left, _LEFT, "Districts with projects that are not funded")
    if told.places is not None:
        left = (
            _words([told.places_words])
            + _table(told.places, _PLACES, "Legislative districts, by students left (estimated)")
            + left
        )
    sections = [
        pages.Section(
            anchor="amounts",
            heading="What each amount of state money buys",
            body=_chart(told.curve, whole=told.whole) + _table(told.amounts, _AMOUNTS, "State money and students"),
        ),
        pages.Section(anchor="left", heading="Who stays unserved", body=left),
        *([pages.Section(anchor="sure", heading="If things turn out otherwise", body=_words(told.sure))] * bool(told.sure)),
        pages.Section(anchor="example", heading="One project, on a calculator", body=_words(told.example)),
    ]  # fmt: skip
    pages.write(
        path,
        pages.Page(
            title=told.title,
            lead=told.lead,
            sections=sections,
            sources=_sources(given),
            notes=told.notes,
            stamps=stamps,
            styles=[ONE_SHEET],
        ),
    )


def _table(frame: pd.DataFrame, fields: list[Field], caption: str) -> Markup:
    hidden = suppression.withheld(frame, fields, FEWEST_PEOPLE)
    name = caption.split(",", maxsplit=1)[0].lower().replace(" ", "-")
    return tables.table(suppression.cleared(frame, hidden), fields, caption=caption, table_id=name, hidden=hidden)


def _words(lines: Iterable[str]) -> Markup:
    return Markup("").join(Markup("<p>") + escape(line[:1].upper() + line[1:]) + Markup("</p>") for line in lines)


def _chart(amounts: pd.DataFrame, *, whole: bool) -> Markup:
    """Students over state money: dots for the amounts tried, joined; or, where every step is known, a stair.

    The table under it has the same figures; counts that are withheld there are not drawn.
    """
    shown = amounts[(amounts["students"] >= FEWEST_PEOPLE) | (amounts["students"] == 0)]
    if len(shown) < 2:  # noqa: PLR2004 - a line has two ends
        return Markup("")
    usd, students = shown["state_usd"].tolist(), shown["students"].tolist()
    most_usd, most_students = max(usd) or 1.0, max(students) or 1.0
    x = [LEFT + (RIGHT - LEFT) * value / most_usd for value in usd]
    y = [FLOOR - (FLOOR - TOP) * value / most_students for value in students]
    path = f"M{x[0]:.1f},{y[0]:.1f}" + "".join(
        (f"H{at:.1f}V{up:.1f}" if whole else f"L{at:.1f},{up:.1f}") for at, up in zip(x[1:], y[1:], strict=True)
    )
    dots = "".join(f'<circle cx="{at:.1f}" cy="{up:.1f}" r="4"/>' for at, up in zip(x, y, strict=True))
    label = (
        f"Students brought to target by state money: {students[0]:,.0f} at {_usd(usd[0])}, rising to "
        f"{most_students:,.0f} at {_usd(most_usd)}; every figure is in the table below"
    )
    return Markup(  # noqa: S704 - numbers only
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDE} {HIGH}" style="max-width:44rem;width:100%">'
        f'<text x="{LEFT - 64}" y="14" font-size="13">Students brought to target</text>'
        f"{_grid(most_students)}{_ticks(x, usd)}"
        f'<path d="M{LEFT},{TOP}V{FLOOR}H{RIGHT}" fill="none" stroke="#555"/>'
        f'<path d="{path}" fill="none" stroke="#1f5fa8" stroke-width="2.5"/>'
        f'<g fill="#1f5fa8">{"" if whole else dots}</g>'
        f'<text x="{(LEFT + RIGHT) // 2}" y="{HIGH - 4}" text-anchor="middle" font-size="13">State money over all years'
        "</text></svg>"
    )


def _grid(most: float) -> str:
    parts = [(part, FLOOR - (FLOOR - TOP) * part / 4) for part in range(5)]
    return "".join(
        f'<path d="M{LEFT},{y:.1f}H{RIGHT}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="12">{most * part / 4:,.0f}</text>'
        for part, y in parts
    )


def _ticks(x: Sequence[float], usd: Sequence[float]) -> str:
    """Amounts under the axis, the ends always, between them those that have room."""
    told, last = "", -float(TICK)
    for number, (at, value) in enumerate(zip(x, usd, strict=True)):
        end = number == len(x) - 1
        if (at - last >= TICK and x[-1] - at >= TICK) or end or not number:
            told += f'<path d="M{at:.1f},{FLOOR}v5" stroke="#555"/>'
            told += f'<text x="{at:.1f}" y="{FLOOR + 19}" text-anchor="middle" font-size="12">{_usd(value)}</text>'
            last = at
    return told


def _usd(value: float) -> str:
    """Dollars as an axis says them.

    >>> [_usd(value) for value in (0, 950, 12500, 5_000_000, 37_412_250)]
    ['$0', '$950', '$12.5K', '$5M', '$37.4M']
    """
    for size, letter in ((1e6, "M"), (1e3, "K")):
        if value >= size:
            return f"${value / size:.1f}".removesuffix(".0") + letter
    return f"${value:.0f}"


def _sources(given: Iterable[Path]) -> list[SourceNote]:
    """The files a person gave, as sources of the page."""
    import hashlib

    return [
        SourceNote(
            title=file.name,
            publisher="given by you",
            as_of="as given",
            file=file.name,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        )
        for file in given
    ]
