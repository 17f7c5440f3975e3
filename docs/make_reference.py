"""Write docs/reference from the code and the shipped tables, so that the pages cannot say something else.

`make docs` runs it; a test fails where the committed pages differ from what it writes. The pages are a matter of the
checkout alone: no clock, no path, no order that could change.
"""  # noqa: INP001 - a script beside the pages, not a package

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from infraplan import rules, schemas
from infraplan.arrivals import Source, sources
from infraplan.cli import infraplan
from infraplan.resources import data_path
from infraplan.rules import Figure, RuleFile
from infraplan.schemas import Column, Schema

HERE = Path(__file__).resolve().parent / "reference"
MADE = "Made by `make docs` from the code and the files it ships; edits here are lost."
WIDTH = 100
COMMANDS_START = """\
Data go to standard output or to `-o FILE`, words to standard error. Exit code 0: done; 1: refused, or no answer; 2: the
command was not typed as it should be."""
SOURCES_START = """\
A file is known by its header, not by its name: it is taken for the source whose columns it has, and where several fit,
for the one that names most columns. `--as SOURCE` overrules. Upper and lower case in headers make no difference."""
RULES_START = """\
A figure of law or price stands in `data/rules`, never in the program. Nothing carries over: a year without its file is
refused. A pending figure is announced and not yet read in its source; what needs it is refused too."""

TABLE_SETTINGS = {
    "title": "what the table is called in messages and on pages",
    "layer": "`core`: facts as filed, in added files and in files that a command reads. `out`: answers",
    "grain": "what one row stands for",
    "key": "the columns that tell rows apart",
    "unique": "`false` where two rows may have the same key; else that is a fault",
    "source": "the source (`core`), or the command that makes the table (`out`)",
    "about": "one sentence more, where the title is not enough",
    "apart": "kinds of area whose answer is kept beside that by district, under the table's name with `_county` or `_state`",
    "series": "the columns whose values tell series apart, where newer rows take the place of older ones",
    "column": "one section for each column, `[column.NAME]`",
}
COLUMN_SETTINGS = {
    "type": "`string`, `integer`, `number`, `decimal` (exact, for money), `boolean` (yes or no), `date`, `geometry`",
    "unit": "the unit of every cell",
    "doubt": "the range outside which a cell is kept, and a person is asked to look at it",
    "range": "the least and the greatest value allowed; `inf` leaves an end open",
    "codes": "the only values allowed",
    "pattern": "the form of a text, as a regular expression",
    "null": "that a blank is allowed, and what it means; without it a blank is a fault",
    "default": "what a missing column or cell counts as",
    "required": "`false` where a file may lack the column",
    "about": "what the column says",
    "people": "`true` for a count of people: withheld where it is small, on maps, pages and reports",
    "part_of": "the count of people that this one is a part of; withheld with it",
    "derived_from": "the counts that this figure would give away; withheld with them",
    "publish": "`false` where the column never goes on a page",
    "formula": "how the figure comes about",
    "rule": "the rule it follows",
    "inputs": "the tables it is made from",
    "pad": "the digits of a number that may have lost its leading zero",
}


def main() -> None:
    """Write every page."""
    HERE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The text of each page by file name."""
    return {
        "commands.md": commands_page(),
        "rules.md": rules_page(),
        "sources.md": sources_page(),
        "tables.md": tables_page(),
    }


# --- commands -------------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Every command with its help, arguments and options."""
    found = list(_commands(infraplan, "infraplan", None))
    lines = ["# Commands", "", MADE, "", COMMANDS_START, ""]
    lines += [f"- [`{ctx.command_path}`](#{_anchor(ctx.command_path)})" for ctx in found]
    for ctx in found:
        lines += ["", *_command_lines(ctx)]
    return _page(lines)


def _commands(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    ctx = click.Context(command, info_name=name, parent=parent, max_content_width=WIDTH)
    yield ctx
    if isinstance(command, click.Group):
        for inner in command.list_commands(ctx):
            found = command.get_command(ctx, inner)
            if found is not None and not found.hidden:
                yield from _commands(found, inner, ctx)


def _command_lines(ctx: click.Context) -> list[str]:
    words, example = _help_parts(ctx.command.help or "")
    usage = " ".join(ctx.command.collect_usage_pieces(ctx))
    lines = [f"## {ctx.command_path}", "", words, "", "```sh", f"{ctx.command_path} {usage}", "```"]
    if example:
        lines += ["", "Example:", "", "```sh", *example, "```"]
    records = [record for item in ctx.command.get_params(ctx) if (record := item.get_help_record(ctx))]
    options = [record for record in records if not record[0].endswith("--help")]
    if options:
        lines += ["", *_table(("option", "meaning"), [(f"`{name}`", about) for name, about in options])]
    return lines


def _help_parts(text: str) -> tuple[str, list[str]]:
    """A command's help without its example, and the example's lines."""
    plain = inspect.cleandoc(text).replace("\b", "").split("\f")[0]
    words, _, example = plain.partition("Example:")
    told = "\n\n".join(" ".join(part.split()) for part in words.strip().split("\n\n"))
    return told, inspect.cleandoc("\n" + example.strip("\n")).splitlines()


# --- tables ---------------------------------------------------------------------------------------------------------


def tables_page() -> str:
    """Every declared table with its columns, and what the settings of a declaration mean."""
    found = [Schema.load(name) for name in schemas.names()]
    lines = ["# Tables", "", MADE, "", "`infraplan tables` and `infraplan tables TABLE` show the same.", ""]
    for layer, about in (
        ("core", "Facts as filed, in added files and in files that a command reads"),
        ("out", "Answers"),
    ):
        lines += [f"{about}:", ""]
        lines += [f"- [`{one.name}`](#{one.name}): {one.title}" for one in found if one.layer == layer]
        lines += [""]
    lines += ["## Settings of a declaration", "", "A table is one file, `data/schemas/<table>.toml`. Of the table:", ""]
    lines += _table(("setting", "meaning"), [(f"`{name}`", about) for name, about in TABLE_SETTINGS.items()])
    lines += ["", "Of a column:", ""]
    lines += _table(("setting", "meaning"), [(f"`{name}`", about) for name, about in COLUMN_SETTINGS.items()])
    for one in found:
        lines += ["", *_schema_lines(one)]
    return _page(lines)


def _schema_lines(one: Schema) -> list[str]:
    key = ", ".join(f"`{name}`" for name in one.key) or "none"
    repeats = "" if one.unique else " (may repeat)"
    lines = [f"## {one.name}", "", f"{one.title}: {one.grain}. Key: {key}{repeats}. From: {one.source}.", ""]
    if one.about:
        lines += [one.about, ""]
    columns = [
        (f"`{column.name}`", column.expectation(), column.unit or "", _blank(column), _about(column))
        for column in one.columns.values()
    ]
    return [*lines, *_table(("column", "expected", "unit", "blank", "about"), columns)]


def _blank(column: Column) -> str:
    if column.null is not None:
        return column.null
    if column.default is not None:
        return f"counts as {column.default}"
    return "not allowed"


def _about(column: Column) -> str:
    parts = [column.about.rstrip(".")] if column.about else []
    parts += [f"formula: {column.formula}"] if column.formula else []
    parts += ["a file may lack it"] if not column.required else []
    parts += ["a count of people"] if column.people else []
    return "; ".join(parts)


# --- sources --------------------------------------------------------------------------------------------------------


def sources_page() -> str:
    """Every file that `data add` knows, with its page and its header."""
    lines = ["# Sources", "", MADE, "", SOURCES_START]
    for one in sources().values():
        lines += ["", *_source_lines(one)]
    return _page(lines)


def _source_lines(one: Source) -> list[str]:
    facts = [("publisher", one.publisher), ("page", f"<{one.landing}>" if one.landing else "")]
    facts += [("license", one.license), ("issued", one.cadence)]
    facts += [
        ("tables", ", ".join(f"[`{name}`](tables.md#{name})" for name in one.tables)),
        ("forms", ", ".join(one.kinds)),
    ]
    lines = [f"## {one.id}", "", f"{one.title}.", "", *[f"- {name}: {value}" for name, value in facts if value]]
    for header in one.headers:
        name = f" ({header['name']})" if header.get("name") else ""
        lines += [f"- known by{name}: {', '.join(f'`{column}`' for column in header['columns'])}"]
    return lines


# --- rules ----------------------------------------------------------------------------------------------------------


def rules_page() -> str:
    """Every figure of every rule by edition, with where it was read."""
    lines = ["# Rules", "", MADE, "", RULES_START]
    topics: dict[tuple[str, str], list[RuleFile]] = {}
    for one in rules.every_file():
        topics.setdefault((one.program, one.topic or one.edition), []).append(one)
    for (program, topic), found in topics.items():
        lines += ["", *_topic_lines(program, topic, found)]
    return _page(lines)


def _topic_lines(program: str, topic: str, found: Sequence[RuleFile]) -> list[str]:
    files = [f"`data/{one.path.relative_to(data_path()).as_posix()}`" for one in found]
    where = files[0] if len(files) == 1 else f"{files[0]} to {files[-1]}"
    cites = {cite.title: cite for one in found for cite in one.citations.values()}
    numbers = {title: at for at, title in enumerate(cites, start=1)}
    lines = [f"## {program}: {topic.replace('_', ' ')}", "", f"{_title(found)}. In {where}.", ""]
    names = dict.fromkeys(name for one in found for name in one.figures)
    rows = [(f"`{name}`", *_figure_cells(name, found, numbers)) for name in names]
    lines += _table(("figure", "meaning", "value", "read in"), rows)
    lines += [""]
    for title, cite in cites.items():
        link = f" <{cite.url}>" if cite.url else ""
        lines.append(f"{numbers[title]}. {cite.words()}{link}")
    return lines


def _title(found: Sequence[RuleFile]) -> str:
    """The title of the newest file; without its year where it stands for several."""
    return found[-1].title if len(found) == 1 else re.sub(r",? FY\d{4}$", "", found[-1].title)


def _figure_cells(name: str, found: Sequence[RuleFile], numbers: Mapping[str, int]) -> tuple[str, str, str]:
    has = [(one.edition, one.figures[name]) for one in found if name in one.figures]
    about = next((figure.about for _, figure in reversed(has) if figure.about), "") or ""
    values = [(edition, _value(figure)) for edition, figure in has]
    if len(found) == 1:
        value = values[0][1]
    else:
        value = "; ".join(f"{years}: {text}" for years, text in _runs(values))
    read = sorted({numbers[figure.cite.title] for _, figure in has if figure.cite})
    return about, value, ", ".join(map(str, read))


def _value(figure: Figure) -> str:
    if isinstance(figure.value, list):
        return ", ".join(str(item) for item in figure.value)
    return figure.words()


def _runs(values: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Years of equal value together.

    >>> _runs([("2015", "a"), ("2016", "a"), ("2017", "b")])
    [('2015 to 2016', 'a'), ('2017', 'b')]
    """
    runs: list[tuple[list[str], str]] = []
    for edition, text in values:
        if runs and runs[-1][1] == text and int(runs[-1][0][-1]) + 1 == int(edition):
            runs[-1][0].append(edition)
        else:
            runs.append(([edition], text))
    return [(years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}", text) for years, text in runs]


# --- markdown -------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *[_row(cells) for cells in rows]]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _page(lines: Sequence[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    main()
