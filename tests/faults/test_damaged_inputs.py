"""Every file a command reads by itself, damaged at random: it is read, or refused in words, never a traceback.

The publishers' files are damaged in tests/sources/fetch; here are those that planners write: tables of every declared
kind as text, workbook, records and packed, lists through a column map, and settings in TOML.
"""

import contextlib
import csv
import gzip
import io
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from damage import CELLS as ALL_CELLS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infraplan import intake, schemas, tablefiles
from infraplan.cli.arriving import loaders
from infraplan.connectivity import homes
from infraplan.connectivity.network import costs
from infraplan.errors import InfraplanError
from infraplan.oer import savings
from infraplan.oer.sources import lists, standards
from infraplan.procurement import budgets, commitments, entities, evaluation, filings, reconcile, valid_file
from infraplan.procurement.funding import policy as funding_policy
from infraplan.procurement.pooling import policy as pooling_policy
from infraplan.scenarios import ranges
from infraplan.schemas import Column, Schema
from infraplan.workspace import Workspace

KNOWN = loaders()
CELLS = [
    *ALL_CELLS,
    "#REF!",
    "46203",
    "65%",
    "1,5",
    "true",
    " ",
    "٣",
    "9-12",
    "[]",
    "{}",
    "'",
    "12/31/9999",
    "-0",
    "1e-400",
]
VALUES = {
    "string": "a",
    "integer": "3",
    "number": "2.5",
    "decimal": "12.34",
    "boolean": "yes",
    "date": "2026-06-30",
    "geometry": "",
}
PATTERNS = {
    r"^\d{7}$": "2300001",
    r"^\d{12}$": "230000100001",
    r"^\d{15}$": "230010101001000",
    r"^\d{10,13}$": "1000000001",
    r"^88[0-9a-f]{13}$": "882ba9933dfffff",
    r"^\d{6}$": "130077",
    r"^\d{11}$": "23001010100",
    r"^\d{13}$": "9781234567897",
    r"^\d{2}$": "13",
    r"^\d{2,11}$": "23001010100",
}


def cell(column: Column, row: int) -> str:
    """A cell that the column's declaration takes."""
    if column.codes:
        return column.codes[row % len(column.codes)]
    if column.pattern:
        value = PATTERNS.get(column.pattern, "1")
        return value[:-1] + str(row) if value[-1].isdigit() else value
    if column.type in {"integer", "number", "decimal"} and column.low is not None:
        return f"{max(column.low, 0) + (row if column.high is None or column.high > row else 0):g}"
    return f"{VALUES[column.type]}{row}" if column.type in {"string", "integer", "decimal"} else VALUES[column.type]


OWN: Mapping[str, str] = {
    "commitments_in": "request_id,pre_discount_usd,rate,state_match_percent\n1,1000.00,80,5\n2,250.50,90,\n",
    "bid_matrix": "factor,kind,max_points,price,disclosed,A,B\nPrice,factor,40,yes,yes,40,30\n"
    "Quality,factor,30,no,yes,20,30\nTotal,total,,,,1000.00,1200\n",
}
"""Tables whose columns hang together more than their declaration says."""


def rows(table: str) -> tuple[list[str], list[list[str]]]:
    """A header and some rows of a declared table."""
    if table in OWN:
        header, *body = csv.reader(io.StringIO(OWN[table]))
        return header, body
    columns = [column for column in Schema.load(table).columns.values() if column.type != "geometry"]
    return [column.name for column in columns], [[cell(column, row) for column in columns] for row in (1, 2, 3)]


def text_of(header: list[str], body: list[list[str]]) -> str:
    return tablefiles.to_csv_text(pd.DataFrame(body, columns=header))


def workbook_of(header: list[str], body: list[list[str]], luck: random.Random) -> bytes:
    """A workbook of these rows with a few cells that workbooks have: numbers, formulas, errors, percents, days."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [header, *body]:
        sheet.append(row)
    for _ in range(luck.randint(0, 3)):
        place = sheet.cell(luck.randint(1, 4), luck.randint(1, len(header)))
        place.value = luck.choice(["=1/0", "#N/A", 0.65, 46203, True, None, "=A1", 1e300, *CELLS[:9]])
        place.number_format = luck.choice(["General", "0%", "yyyy-mm-dd", "@"])
    if luck.random() < 0.3:
        book.create_sheet("Notes").append(["see also"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def damaged(content: bytes, luck: random.Random) -> bytes:
    """A content with bytes changed, cut out, doubled, or with a cell in place of another."""
    spoiled = bytearray(content)
    for _ in range(luck.randint(1, 3)):
        at = luck.randint(0, max(0, len(spoiled) - 1))
        how = luck.choice(["flip", "cut", "end", "double", "cell", "cell", "cell", "cell"])
        if how == "flip" and spoiled:
            spoiled[at] ^= 1 << luck.randint(0, 7)
        elif how == "cut":
            del spoiled[at : at + luck.randint(1, 60)]
        elif how == "end":
            del spoiled[at:]
        elif how == "double":
            spoiled[at:at] = spoiled[at : at + 300]
        else:
            end = next((n for n in range(at, len(spoiled)) if spoiled[n] in b",|\n="), len(spoiled))
            spoiled[at:end] = luck.choice(CELLS).encode()
    return bytes(spoiled)


def packed(header: list[str], body: list[list[str]], luck: random.Random) -> tuple[bytes, str]:
    """The rows in one of the forms in which planners send tables, damaged or with cells of another kind."""
    form = luck.choice(["csv", "csv", "csv", "csv", "xlsx", "json", "csv.gz", "txt"])
    if form == "xlsx":
        content = workbook_of(header, body, luck)
        return (content if luck.random() < 0.7 else damaged(content, luck)), form
    if form == "json":
        content = json.dumps([dict(zip(header, row, strict=True)) for row in body], indent=1).encode()
    else:
        content = text_of(header, body).encode(luck.choice(["utf-8", "utf-8", "latin-1", "utf-16"]))
    content = damaged(content, luck)
    return (gzip.compress(content, mtime=0) if form.endswith("gz") else content), form


MAP = 'table = "{table}"\ntitle = "Count"\nas_of = 2025-10-01\n{more}[columns]\n{columns}\n'


def through_a_map(path: Path, table: str, more: str = "") -> None:
    """Add a list to a workspace by a column map; refused, it must leave nothing there."""
    columns = "\n".join(f'{name} = "{name}"' for name in rows(table)[0])
    mapping = path.with_name("map.toml")
    mapping.write_text(MAP.format(table=table, more=more, columns=columns), encoding="utf-8")
    added(path, mapping)


def added(path: Path, mapping: Path | None) -> None:
    here = Workspace.create(path.with_name("plan"), state="ME", funding_year=2026)
    try:
        intake.add(here, [path], KNOWN, column_map=mapping)
    except InfraplanError:
        assert here.catalog == []
        raise
    finally:
        assert not (here.data / "tmp").exists()


TABLES: Mapping[str, tuple[str, Callable[[Path], Any]]] = {
    "commitments": ("commitments_in", lambda path: commitments.from_file(path, 2026)),
    "budgets": ("c2_sites", lambda path: budgets.from_file(path, 2026)),
    "discounts": ("discounts_in", entities.read),
    "evaluation": ("bid_matrix", evaluation.read),
    "reconcile": ("discounts", lambda path: reconcile.files(path, path)),
    "valid file": ("valid_file", lambda path: valid_file.lint(path, 2026)),
    "crosswalk": ("demand", filings.crosswalk),
    "material list": ("materials", lists.read_list),
    "approved list": ("materials", lists.read_approved),
    "catalog": ("open_resources", lambda path: lists.read_catalogs([path])),
    "statements": ("license_statements", lists.read_statements),
    "standards": ("standards", standards.read_standards),
    "alignments": ("alignments", standards.read_alignments),
    "enrollment through a map": ("enrollment", lambda path: through_a_map(path, "enrollment")),
    "sums through a map": ("enrollment", lambda path: through_a_map(path, "enrollment", "sum = true\n")),
    "bandwidth through a map": ("circuits", lambda path: through_a_map(path, "circuits", "all_states = true\n")),
    "our own table": ("circuits", lambda path: added(path, None)),
    "funded locations": ("funded_locations", lambda path: added(path, None)),
}
SETTINGS: Mapping[str, tuple[str, Callable[[Path], Any]]] = {
    "pooling policy": (
        'horizon_months = 36\nobjective = "pre_discount"\nmax_providers = 3\nstable = true\nmax_share_per_provider = 0.6\n',
        pooling_policy.read_policy,
    ),
    "rfp": (
        'form_470 = "260001234"\naward_date = 2026-03-01\nmax_providers = 3\nbundles = true\n',
        pooling_policy.read_rfp,
    ),
    "funding policy": (
        'order = ["benefit", "students"]\nfloor_share = 0.5\n',
        funding_policy.read_policy,
    ),
    "costs": ('laying = "aerial"\nhorizon_years = 20\nusd_per_foot = [4.0, 6.5, 9]\ndetour = 1.4\n', costs.read),
    "own rule": (
        'title = "Ours"\ntechnologies = [40, 50]\nlow_latency = true\nserved_mbps = [100, 20]\nunderserved_mbps = [25, 3]\n',
        lambda path: homes.home_rule("own", path),
    ),
    "assumptions": (
        "[years_kept]\nlow = 4\nvalue = 5\nhigh = 6\n[print_cost_usd]\nvalue = 10.50\n",
        savings.read_assumptions,
    ),
    "ranges": ("[price]\nlow = 0.9\nhigh = 1.2\n", ranges.read_ranges),
    "column map": (
        'table = "enrollment"\nas_of = 2025-10-01\nsum = true\n[columns]\nlea_id = "lea_id"\nstudents = "students"\n'
        '[exclude]\nname = ["Total"]\n[constants]\nname = "x"\n[codes.name]\na = "b"\n',
        lambda path: with_map(path),  # noqa: PLW0108 - defined below
    ),
}


def with_map(mapping: Path) -> None:
    path = mapping.with_name("count.csv")
    path.write_text("lea_id,name,students\n2300001,a,10\n2300002,b,20\n", encoding="utf-8")
    added(path, mapping)


@cache
def declared() -> tuple[str, ...]:
    """Tables that a file may hold."""
    return tuple(name for name in schemas.names() if Schema.load(name).required)


def trial(seed: int) -> None:
    """Damage one input, chosen by the seed, and read it as its command does."""
    luck = random.Random(seed)  # noqa: S311 - damage, not secrets
    room = Path(tempfile.mkdtemp())
    try:
        kind = luck.choice(["declared", "declared", "reader", "reader", "settings"])
        if kind == "settings":
            content, reading = SETTINGS[luck.choice(sorted(SETTINGS))]
            path = room / "given.toml"
            path.write_bytes(damaged(content.encode(), luck))
        else:
            table = luck.choice(declared())
            reading = lambda path: tablefiles.read_declared(path, table)  # noqa: E731
            if kind == "reader":
                table, reading = TABLES[luck.choice(sorted(TABLES))]
            content_, form = packed(*rows(table), luck)
            path = room / f"given.{form}"
            path.write_bytes(content_)
        with contextlib.suppress(InfraplanError):  # refused in words; anything else is a fault of ours
            reading(path)
    finally:
        shutil.rmtree(room)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_a_damaged_input_is_read_or_refused_in_words(seed: int) -> None:
    trial(seed)
