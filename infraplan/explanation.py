"""The trail behind one figure, in words: value, meaning, formula, rule and citation, source files, file rows."""

import numbers
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from infraplan import rules, tablefiles
from infraplan.answers import sha256
from infraplan.errors import InfraplanError, NoRule
from infraplan.schemas import Column, Schema
from infraplan.workspace import Workspace

_SHORT_HASH = 12
_MOST_NAMED = 6
_WIDTH = 110
_MOST_ROWS = 12


class Evidence(Protocol):
    """What a domain knows about a figure of its answers."""

    @property
    def arithmetic(self) -> tuple[str, ...]:
        """Lines with the numbers in."""

    @property
    def rows(self) -> pd.DataFrame:
        """The rows used, with their files."""

    @property
    def told(self) -> str:
        """What the rows are."""


Giver = Callable[[Workspace, str, Mapping[str, Any], str, Mapping[str, Any]], Evidence]
Rows = Callable[[Workspace, str, str, str, list[str] | None], pd.DataFrame]


def words(
    workspace: Workspace, table: str, identifier: str, column: str, givers: Mapping[str, Giver], core_rows: Rows
) -> str:
    """Explain one figure of an answer (`givers` by table) or of a loaded table; raises InfraplanError if there is none."""
    workspace = workspace.embedded()
    schema = Schema.load(table)
    if column not in schema.columns:
        raise InfraplanError(f"{table} has no column {column}\n  mend:  use one of {', '.join(schema.columns)}")
    if schema.layer == "core":
        return _core(workspace, schema, identifier, schema.columns[column], core_rows)
    row, about = _answer_row(workspace, schema, identifier)
    lines = [
        *_heading(schema, schema.columns[column], identifier, row),
        "",
        f"made by   {schema.source}: {about['title']}",
    ]
    if schema.columns[column].formula:
        lines.append(f"formula   {schema.columns[column].formula}")
    lines += _rules(schema.columns[column], about.get("funding_year"))
    if "rule" in about:
        lines.append(f"rule      {about['rule_id']}: {about['rule']}")
        lines += [f"cite      {cite}" for cite in about.get("citations", ())]
    if "target_title" in about:
        lines.append(f"target    {about['target_title']}")
    if table in givers:
        found = givers[table](workspace, table, row, column, about)
        lines += ["", "arithmetic", *[f"  {line}" for line in found.arithmetic]] if found.arithmetic else []
        lines += ["", f"file rows: {found.told}", _indented(found.rows)]
    else:
        lines += [
            "",
            "the row",
            *_beside(row, column),
            *_beneath(workspace, identifier.split("/", maxsplit=1)[0], about, core_rows),
        ]
    lines += ["", "sources", *_sources(workspace, about.get("receipts", ())), *_given(about)]
    lines += [f"note      {note}" for note in about.get("notes", ())]
    return "\n".join(lines)


def _answer_row(workspace: Workspace, schema: Schema, identifier: str) -> tuple[dict[str, Any], dict[str, Any]]:
    newest: Exception | None = None
    for suffix in ("", *(f"_{kind}" for kind in schema.apart)):
        try:
            frame, about = workspace.answer(f"{schema.name}{suffix}")
        except InfraplanError as missing:
            newest = newest or missing
            continue
        match = _matching(frame, schema, identifier)
        if len(match) > 1 and len(schema.key) > 1:
            raise InfraplanError(_several(match, schema, identifier))
        if len(match):
            return {str(name): cell for name, cell in match.iloc[0].items()}, about
        newest = InfraplanError(
            f"{schema.name} has no row {identifier or '(blank)'}\n"
            f"  mend:  run {schema.source} for the areas you mean, then ask again"
        )
    raise newest or InfraplanError(f"{schema.name} has not been computed")


def _matching(frame: pd.DataFrame, schema: Schema, identifier: str) -> pd.DataFrame:
    """Rows of an id; of a key of several columns the others may follow after slashes."""
    whole = frame[frame[schema.key[0]].fillna("").astype(str) == identifier]
    if len(whole) or "/" not in identifier:
        return whole
    for name, part in zip(schema.key, identifier.split("/"), strict=False):
        frame = frame[frame[name].fillna("").astype(str) == part]
    return frame


def _several(match: pd.DataFrame, schema: Schema, identifier: str) -> str:
    here = [name for name in schema.key if name in match]
    named = ["/".join(str(cell) for cell in row) for row in match[here].head(_MOST_NAMED).itertuples(index=False)]
    return f"{schema.name} has {len(match):,} rows of {identifier}\n  mend:  name one of them: {', '.join(named)}" + (
        " ..." if len(match) > len(named) else ""
    )


def _rules(column: Column, funding_year: int | None) -> list[str]:
    """The dated figures behind a column, each with its citation; the year must be known."""
    program, _, rest = (column.rule or "").partition("/")
    topic, _, names = rest.partition(": ")
    if not names or funding_year is None:
        return [f"rule      {column.rule}"] if column.rule else []
    lines = []
    for name in names.split(", "):
        try:
            found = rules.figure(program, funding_year, topic, name)
        except NoRule:  # a name of several figures, or one that this year does not have
            lines.append(f"rule      {topic}, {name}: `infraplan rules show {funding_year}`")
            continue
        lines.append(f"rule      {topic}, {name}: {found.words()}")
        if found.cite:
            lines.append(f"cite      {found.cite.words()}")
    return lines


def _beside(row: Mapping[str, Any], column: str) -> list[str]:
    return [f"  {name} = {cell}" for name, cell in row.items() if name != column and not pd.isna(cell) and str(cell)]


def _beneath(workspace: Workspace, identifier: str, about: Mapping[str, Any], core_rows: Rows) -> list[str]:
    """File rows of the same id, out of loaded tables and of the files that the command was given."""
    found = [
        core_rows(workspace, table, key, identifier, None)
        for table, key in about.get("tables", {}).items()
        if workspace.has(table)
    ]
    found += [_rows_of(Path(given["path"]), identifier) for given in about.get("files", ()) if _unchanged(given)]
    held = [rows for rows in found if not rows.empty]
    lines = [
        textwrap.fill(f"{one.file}, row {one.row}: {one.cells}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
        for rows in held
        for one in rows.itertuples(index=False)
    ]
    return ["", "file rows", *lines] if lines else []


def _rows_of(path: Path, identifier: str) -> pd.DataFrame:
    frame = tablefiles.read_text(path)
    match = frame[(frame == identifier).any(axis=1)].head(_MOST_ROWS)
    cells = ["; ".join(f"{name} = {cell}" for name, cell in row.items() if cell) for _, row in match.iterrows()]
    return pd.DataFrame({"file": path.name, "row": list(match.index), "cells": cells})


def _unchanged(given: Mapping[str, str]) -> bool:
    path = Path(given["path"])
    return path.is_file() and sha256(path) == given["sha256"]


def _given(about: Mapping[str, Any]) -> list[str]:
    """The files a command was given, and whether they are still what they were."""
    return [
        f"  {Path(one['path']).name}, SHA-256 {one['sha256'][:_SHORT_HASH]}"
        + ("" if _unchanged(one) else "; it has changed or gone since: its rows are not shown")
        for one in about.get("files", ())
    ]


def _heading(schema: Schema, column: Column, identifier: str, row: Mapping[str, Any]) -> list[str]:
    if column.name not in row:
        raise InfraplanError(
            f"{column.name} was not computed with {schema.name}\n  mend:  run {schema.source} with the option that makes it"
        )
    value = row[column.name]
    shown = f"{value:,}" if isinstance(value, numbers.Real) else str(value)  # also NumPy's own integers
    shown = f"blank: {column.null or 'not known'}" if pd.isna(value) else f"{shown} {column.unit or ''}".rstrip()
    bare = str(row["name"]).strip("()") if isinstance(row.get("name"), str) else ""
    name = f" ({bare})" if bare else ""
    return [
        f"{schema.name} {identifier}{name}, {column.name} = {shown}",
        f"meaning   {column.about}",
    ]


def _core(workspace: Workspace, schema: Schema, identifier: str, column: Column, core_rows: Rows) -> str:
    asked_first = [column.name, *(name for name in schema.columns if name != column.name)]
    rows = core_rows(workspace, schema.name, schema.key[0], identifier, asked_first)
    if rows.empty:
        raise InfraplanError(f"{schema.name} has no row whose {schema.key[0]} is {identifier}")
    receipts = [one.receipt_id for one in workspace.receipts_of(schema.name) if one.file in set(rows["file"])]
    return "\n".join(
        [
            f"{schema.name} {identifier}, {column.name}: as filed",
            f"meaning   {column.about}",
            *([f"unit      {column.unit}"] if column.unit else []),
            *([f"blank     {column.null}"] if column.null else []),
            "",
            "file rows",
            _indented(rows),
            "",
            "sources",
            *_sources(workspace, receipts),
        ]
    )


def _sources(workspace: Workspace, receipt_ids: tuple[str, ...] | list[str]) -> list[str]:
    here = {part.receipt_id for part in workspace.catalog}
    lines = []
    for receipt_id in receipt_ids:
        if receipt_id not in here:
            lines.append(f"  a file that has since been dropped ({receipt_id}); compute the answer again")
            continue
        one = workspace.receipt(receipt_id)
        lines.append(
            f"  {one.file}: {one.title}, {one.publisher}, as of {one.as_of or 'unknown date'}, "
            f"{one.rows_read:,} rows, SHA-256 {one.sha256[:_SHORT_HASH]}"
        )
    return lines


def _indented(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "  none"
    return "\n".join(f"  {line}" for line in rows.to_string(index=False, max_colwidth=70).splitlines())
