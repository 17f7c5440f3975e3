"""The import rules: cli -> statewide, outputs, domains -> floor; and who alone may do what.

A rule is tried against the import graph of the package; what a graph cannot see (a call, a submodule of the standard
library) is read from the syntax trees.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

import infraplan

DOMAINS = ("connectivity", "procurement", "oer")
PACKAGE = Path(infraplan.__file__).parent
UPPER = ("cli", "statewide", "outputs", *DOMAINS)
NETWORK = {"requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "socket", "ftplib", "smtplib"}
SOLVERS = {"highspy", "scipy.optimize"}
DATABASE_CALLS = {"connect"}
DATABASE_OWNERS = {"duckdb", "sqlite3", "ibis"}
HEAVY = (
    "pandas",
    "geopandas",
    "numpy",
    "pyarrow",
    "folium",
    "duckdb",
    "ibis",
    "pulp",
    "highspy",
    "shapely",
    "requests",
    "rich",
)

VOCABULARY = {"infraplan.oer.titles"}  # how titles are spelled: words that reading and matching share, no analysis


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("infraplan", include_external_packages=True, cache_dir=None)


@cache
def trees() -> dict[str, ast.Module]:
    """Every module's syntax tree by dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def part_of(module: str) -> str:
    """The part of the package a module belongs to: a domain, cli, outputs, ..., or the floor module itself."""
    return module.split(".")[1] if "." in module else ""


def importers(external: str) -> set[str]:
    """Modules of ours that import an outside package."""
    known = graph()
    return known.find_modules_that_directly_import(external) if external in known.modules else set()


def imported(tree: ast.Module) -> Iterator[str]:
    """Every dotted name a module imports, with the names taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def direct(module: str) -> set[str]:
    return {name for name in graph().find_modules_directly_imported_by(module) if name.startswith("infraplan.")}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_imports_no_other_domain_nor_cli_nor_outputs(domain: str) -> None:
    barred = set(UPPER) - {domain}
    found = {
        (module, other)
        for module in graph().modules
        if part_of(module) == domain
        for other in direct(module)
        if part_of(other) in barred
    }
    assert not found


def test_the_floor_imports_nothing_above_it() -> None:
    found = {
        (module, other)
        for module in graph().modules
        if module.startswith("infraplan.") and part_of(module) not in UPPER
        for other in direct(module)
        if part_of(other) in UPPER
    }
    assert not found


def test_outputs_import_neither_cli_nor_a_domain() -> None:
    found = {
        (module, other)
        for module in graph().modules
        if part_of(module) == "outputs"
        for other in direct(module)
        if part_of(other) in {"cli", "statewide", *DOMAINS}
    }
    assert not found


def test_nothing_imports_cli_but_cli() -> None:
    found = {
        (module, other)
        for module in graph().modules
        if part_of(module) != "cli"
        for other in direct(module)
        if part_of(other) == "cli"
    }
    assert not found


@pytest.mark.parametrize("domain", DOMAINS)
def test_sources_never_import_an_analysis(domain: str) -> None:
    inside = f"infraplan.{domain}.sources"
    own = {module for module in graph().modules if part_of(module) == domain and not module.startswith(inside)}
    analyses = own - VOCABULARY - {f"infraplan.{domain}"}
    chains = {
        (module, other)
        for module in graph().modules
        if module.startswith(inside)
        for other in direct(module)
        if other in analyses
    }
    assert not chains


def test_only_cli_imports_click() -> None:
    users = importers("click")
    assert users
    assert {part_of(module) for module in users} == {"cli"}


def test_only_outputs_import_folium() -> None:
    users = importers("folium") | importers("branca")
    assert users
    assert {part_of(module) for module in users} == {"outputs"}


def test_only_solve_starts_a_solver() -> None:
    named = {
        (module, name)
        for module, tree in trees().items()
        for name in imported(tree)
        if name in SOLVERS or name.split(".")[0] == "highspy"
    }
    assert {module for module, _ in named} == {"infraplan.solve"}


def test_only_solve_calls_a_pulp_solver() -> None:
    found = set()
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pulp":
                name = node.attr
                if name.isupper() or name.endswith(("_CMD", "_API")) or name in {"HiGHS", "getSolver", "listSolvers"}:
                    found.add((module, name))
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "solve"
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in {"problem", "model"}
            ):
                found.add((module, "solve"))
    assert {module for module, _ in found} <= {"infraplan.solve"}


def test_only_engine_and_workspace_open_databases() -> None:
    found = set()
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value).split(".")[0]
            if node.func.attr in DATABASE_CALLS and owner in DATABASE_OWNERS:
                found.add(module)
    assert found == {"infraplan.engine"}
    assert importers("duckdb") <= {"infraplan.engine", "infraplan.workspace"}


def test_only_fetch_opens_outgoing_connections() -> None:
    users = {module for module, tree in trees().items() for name in imported(tree) if name in NETWORK}
    assert users <= {"infraplan.fetch"}


def test_the_rules_would_notice_a_breach() -> None:
    """The graph knows our modules and the outside packages that the rules name: an empty graph would pass them all."""
    known = graph().modules
    assert {"infraplan.connectivity.homes", "infraplan.errors", "infraplan.cli.data", "click", "folium"} <= known
    assert "infraplan.connectivity.areas" in direct("infraplan.connectivity.homes")


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\nfrom infraplan.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('heavy:', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "connectivity" in done.stdout
    assert done.stdout.splitlines()[-1] == "heavy: []"
