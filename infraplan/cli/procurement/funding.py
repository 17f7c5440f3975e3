"""`infraplan procurement fund`."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from infraplan.cli import options

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from infraplan.outputs.pages import SourceNote
    from infraplan.outputs.tables import Field
    from infraplan.procurement.funding.brief import Brief

FEWEST_PEOPLE: Final = 10
"""Counts of people below this are withheld on the page."""
WIDE, HIGH, EDGE = 640, 260, 90
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--projects", type=_FILE, required=True, metavar="FILE", help="Candidate projects.")
@click.option("--funds", type=_FILE, required=True, metavar="FILE", help="Funds by year, and what they may pay for.")
@click.option("--c2-budgets", type=_FILE, metavar="FILE", help="Category Two budgets left, by district and cycle.")
@click.option("--policy", type=_FILE, metavar="FILE.toml", help="The state's rules: fair shares of regions.")
@click.option("--years", required=True, metavar="Y1-Y2", help="First and last funding year of the plan.")
@click.option(
    "--state-usd", "amounts", type=click.FloatRange(min=0), multiple=True, metavar="USD",
    help="What would this much state money buy? Repeat for several; default: none, quarters, all.",
)  # fmt: skip
@options.out_dir
@options.optimizer
@options.quiet
def fund(
    projects: Path, funds: Path, c2_budgets: Path | None, policy: Path | None, years: str, amounts: tuple[float, ...],
    folder: Path, gap: float, time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Choose which projects to fund, in which year, with whose money.

    Brings the most students to target, weighted by need. Writes funding.csv, unfunded.csv, frontier.csv (what other
    amounts of state money would buy), brief.html (one page for a legislator) and solution.json to DIR.

    Example:

    \b
        infraplan procurement fund --projects projects.csv --funds funds.csv \\
            --c2-budgets c2_budgets.csv --years 2026-2030 -o plan
    """
    import time

    from infraplan.procurement.funding import answer, brief, files, inputs
    from infraplan.solve import Limits

    began = time.perf_counter()
    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    told = inputs.read(projects, funds, inputs.parse_years(years), c2_budgets, policy)
    limits = Limits(gap, time_limit, seed, threads, quiet=quiet)
    best = answer.find(told, limits)
    asked = [round(Decimal(str(usd)) * 100) for usd in amounts] or answer.quarters(told)
    points = answer.frontier(best, asked, limits.after(time.perf_counter() - began))
    missing = len(set(asked)) - len(points)
    more = [f"time ran out before {missing:,} amounts of state money were tried"] if missing else []
    page = brief.brief(best, points, FEWEST_PEOPLE)
    files.write(best, points, folder, more, {"brief.html": lambda path: _draw(path, page, told.files.values())})
    for line in (*more, *files.summary(best)):
        options.say(line)
    options.say(f"wrote {folder}")


def _draw(path: Path, told: "Brief", given: Iterable[Path]) -> None:
    """Draw the page for a legislator."""
    from infraplan.outputs import pages
    from infraplan.outputs.tables import Field

    amounts = [
        Field(column="state", label="State money", format="text"),
        Field(column="students", label="Students brought to target", people=True),
        Field(column="projects", label="Projects"),
        Field(column="erate_usd", label="Federal E-Rate money drawn", format="usd", decimals=0),
        Field(column="spent_usd", label="State money spent", format="usd", decimals=0),
        Field(column="proved", label="How good the plan is", format="text"),
    ]
    left = [
        Field(column="lea_id", label="District", format="text"),
        Field(column="students", label="Students its unfunded projects would bring", people=True),
        Field(column="projects", label="Unfunded projects"),
        Field(column="why", label="Most common reason", format="text"),
    ]
    sections = [
        pages.Section(
            anchor="amounts",
            heading="What each amount of state money buys",
            body=_chart(told.amounts) + _table(told.amounts, amounts, "State money and students"),
        ),
        pages.Section(
            anchor="left", heading="Who stays unserved",
            body=_words([told.left_words]) + _table(told.left, left, "Districts with projects that are not funded"),
        ),
        pages.Section(anchor="example", heading="One project, on a calculator", body=_words(told.example)),
    ]  # fmt: skip
    pages.write(
        path,
        pages.Page(title=told.title, lead=told.lead, sections=sections, sources=_sources(given), notes=told.notes),
    )


def _table(frame: "pd.DataFrame", fields: "list[Field]", caption: str) -> "Markup":
    from infraplan.outputs import suppression, tables

    hidden = suppression.withheld(frame, fields, FEWEST_PEOPLE)
    name = caption.lower().replace(" ", "-")
    return tables.table(suppression.cleared(frame, hidden), fields, caption=caption, table_id=name, hidden=hidden)


def _words(lines: Iterable[str]) -> "Markup":
    from markupsafe import Markup, escape

    return Markup("").join(Markup("<p>") + escape(line) + Markup("</p>") for line in lines)


def _chart(amounts: "pd.DataFrame") -> "Markup":
    """A line of students over state money; the table under it has the same figures."""
    from markupsafe import Markup

    shown = amounts[amounts["students"] >= FEWEST_PEOPLE]
    if len(shown) < 2:  # noqa: PLR2004 - a line has two ends
        return Markup("")
    most_usd, most_students = float(shown["state_usd"].max()) or 1.0, float(shown["students"].max())
    right, floor = WIDE - EDGE // 2, HIGH - EDGE // 2
    points = [
        (EDGE + (right - EDGE) * usd / most_usd, floor - (floor - EDGE // 2) * count / most_students)
        for usd, count in zip(shown["state_usd"], shown["students"], strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1f5fa8"/>' for x, y in points)
    label = f"Students brought to target rise to {most_students:,.0f} as state money rises to ${most_usd:,.0f}"
    return Markup(  # noqa: S704 - numbers only
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDE} {HIGH}" style="max-width:40rem;width:100%">'
        f'<path d="M{EDGE},{EDGE // 2}V{floor}H{right}" fill="none" stroke="#666"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>{dots}'
        f'<text x="{EDGE - 4}" y="{EDGE // 2 + 4}" text-anchor="end" font-size="12">{most_students:,.0f}</text>'
        f'<text x="{EDGE - 4}" y="{floor + 4}" text-anchor="end" font-size="12">0</text>'
        f'<text x="{EDGE}" y="{HIGH - 8}" font-size="12">$0</text>'
        f'<text x="{right}" y="{HIGH - 8}" text-anchor="end" font-size="12">${most_usd:,.0f} of state money</text>'
        f'<text x="{EDGE}" y="16" font-size="12">Students brought to target</text></svg>'
    )


def _sources(given: Iterable[Path]) -> "list[SourceNote]":
    """The files a person gave, as sources of the page."""
    import hashlib

    from infraplan.outputs.pages import SourceNote

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
