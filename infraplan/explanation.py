"""The trail behind one figure, in words: value, meaning, formula, rule and citation, source files, file rows."""

import numbers
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pandas as pd

from infraplan.errors import InfraplanError
from infraplan.schemas import Column, Schema
from infraplan.workspace import Workspace

_SHORT_HASH = 12


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
Rows = Callable[[Workspace, str, str, str, list[str]], pd.DataFrame]


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
    if "rule" in about:
        lines.append(f"rule      {about['rule_id']}: {about['rule']}")
        lines += [f"cite      {cite}" for cite in about.get("citations", ())]
    if "target_title" in about:
        lines.append(f"target    {about['target_title']}")
    if table in givers:
        found = givers[table](workspace, table, row, column, about)
        lines += ["", "arithmetic", *[f"  {line}" for line in found.arithmetic]] if found.arithmetic else []
        lines += ["", f"file rows: {found.told}", _indented(found.rows)]
    lines += ["", "sources", *_sources(workspace, about.get("receipts", ()))]
    lines += [f"note      {note}" for note in about.get("notes", ())]
    return "\n".join(lines)


def _answer_row(workspace: Workspace, schema: Schema, identifier: str) -> tuple[dict[str, Any], dict[str, Any]]:
    key = schema.key[0]
    newest: Exception | None = None
    for suffix in ("", *(f"_{kind}" for kind in schema.apart)):
        try:
            frame, about = workspace.answer(f"{schema.name}{suffix}")
        except InfraplanError as missing:
            newest = newest or missing
            continue
        match = frame[frame[key].fillna("").astype(str) == identifier]
        if len(match):
            return {str(name): cell for name, cell in match.iloc[0].items()}, about
        newest = InfraplanError(
            f"{schema.name} has no row {identifier or '(blank)'}\n"
            f"  mend:  run {schema.source} for the areas you mean, then ask again"
        )
    raise newest or InfraplanError(f"{schema.name} has not been computed")


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
