"""The pages say what the program does: commands exist, links lead somewhere, the reference is the code's own."""

import glob
import gzip
import importlib.util
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from infraplan import schemas
from infraplan.cli import infraplan as top
from infraplan.columnmaps import _KEYS
from infraplan.connectivity.homes import home_rule
from infraplan.procurement.pooling.policy import Policy

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fenced(page: Path, *languages: str) -> list[str]:
    """The text of a page's fenced blocks of some languages."""
    return [text for language, text in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def typed_in(page: Path) -> Iterator[list[str]]:
    """The words of every `infraplan ...` line in a page's blocks of commands, continued lines joined."""
    for block in fenced(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["infraplan"]:
                yield words[1:]


def understood(words: list[str]) -> None:
    """Let click parse a command as typed, without running it; raises click's own errors."""
    command: click.Command = top
    ctx = click.Context(top, info_name="infraplan")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(ctx, name)
        if found is None:
            raise click.UsageError(f"there is no command {ctx.command_path} {name}")
        command, ctx = found, click.Context(found, info_name=name, parent=ctx)
    command.make_context(ctx.info_name, list(words), parent=ctx.parent)


def made() -> ModuleType:
    """The script that writes the reference, as a module."""
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [ROOT / "README.md", *TUTORIALS, ROOT / "CONTRIBUTING.md"], ids=name_of)
def test_every_command_on_a_page_is_one_that_infraplan_takes(page: Path) -> None:
    for words in typed_in(page):
        try:
            understood(words)
        except click.UsageError as wrong:
            if isinstance(wrong, click.BadParameter) and wrong.message.endswith("does not exist."):
                continue  # a file that an earlier command of the page would have written
            pytest.fail(f"infraplan {shlex.join(words)}: {wrong.format_message()}")


@pytest.mark.parametrize(
    "words", ["conectivity homes", "connectivity homes --bye county", "connectivity homes --by town"]
)
def test_a_command_that_does_not_exist_would_be_noticed(words: str) -> None:
    with pytest.raises(click.UsageError):
        understood(words.split())


def test_the_readme_and_every_tutorial_but_that_on_errors_show_commands() -> None:
    silent = [name_of(page) for page in [ROOT / "README.md", *TUTORIALS] if not list(typed_in(page))]
    assert silent == ["docs/tutorial/errors.md"]


def test_the_readme_goes_from_real_files_to_a_map_in_five_commands() -> None:
    maine = [words for words in typed_in(ROOT / "README.md") if "maine" in words]
    assert len(maine) == 5
    assert maine[0][0] == "init"
    assert maine[-1][:2] == ["connectivity", "map"]


Run = Callable[..., Any]
NOT_RUN = ("valid-file", "--matrix")
"""Commands that need a file which the fictional state does not have."""


def run_all(run: Run, commands: Iterable[list[str]]) -> str:
    """Run commands one after another in the present directory, `*` spelled out; their words and data as one text."""
    told = []
    for words in commands:
        if any(name in words for name in NOT_RUN):
            continue
        spelled = [name for word in words for name in (sorted(glob.glob(word)) if "*" in word else [word])]  # noqa: PTH207
        said = run(*spelled)
        assert said.code == 0, f"infraplan {shlex.join(words)}\n{said.err}"
        told.append(said.out + said.err)
    return "\n".join(told)


def put_examples(page: Path, folder: Path) -> None:
    """The small files a page shows, under the names it gives them."""
    blocks = fenced(page, "", "toml")
    starts = {"request_id,": "requests.csv", "raw,url": "statements.csv", "horizon_months": "policy.toml"}
    for text in blocks:
        for start, name in starts.items():
            if text.startswith(start):
                (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["e-rate", "buying-together", "money", "networks", "open-materials"])
def test_a_tutorial_on_the_fictional_state_runs_as_written(
    name: str, infraplan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ROOT / "docs" / "tutorial" / f"{name}.md"
    monkeypatch.chdir(tmp_path)
    put_examples(page, tmp_path)
    run_all(infraplan, typed_in(page))


def test_the_readme_s_commands_for_maine_give_the_totals_it_names(
    infraplan: Run, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "downloads").mkdir()
    for file in (real_data / "connectivity" / "maine").iterdir():
        if file.name.endswith(("063022.zip", ".gpkg", "S2802-Data.csv")):
            (tmp_path / "downloads" / file.name).symlink_to(file)
    told = run_all(infraplan, (words for words in typed_in(ROOT / "README.md") if "maine" in words))
    told += run_all(infraplan, [["connectivity", "homes", "--by", "state", "--workspace", "maine"]])
    plain = told.replace(",", "")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for total in ("585,632", "516,485", "15,702", "53,445"):
        assert total in readme
        assert total.replace(",", "") in plain
    assert (tmp_path / "maine" / "maps" / "gaps.html").is_file()


def test_the_readme_s_commands_for_rhode_island_run_with_the_column_maps_shown(
    infraplan: Run, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    maps = fenced(ROOT / "docs" / "tutorial" / "column-maps.md", "toml")
    (tmp_path / "enrollment_map.toml").write_text(maps[0], encoding="utf-8")
    (tmp_path / "bandwidth_map.toml").write_text(maps[1], encoding="utf-8")
    (tmp_path / "schools").mkdir()
    files = real_data / "connectivity"
    for file in [*(files / "rhode_island").glob("[te][ld]*"), *files.glob("us/ccd_lea*"), *files.glob("us/ussd*")]:
        (tmp_path / "schools" / file.name).symlink_to(file)
    (tmp_path / "ri_enrollment.csv").symlink_to(files / "rhode_island" / "ri_enrollment_by_lea_2024-10-01.csv")
    bandwidth = gzip.decompress((real_data / "erate" / "esh_2015_2017" / "districts_us_fy2015.csv.gz").read_bytes())
    (tmp_path / "district_bandwidth.csv").write_bytes(bandwidth)
    told = run_all(infraplan, (words for words in typed_in(ROOT / "README.md") if "ri" in words))
    assert "64 of 64 names matched to NCES numbers" in told
    assert (tmp_path / "ri" / "maps" / "gaps.html").is_file()


# --- settings files -------------------------------------------------------------------------------------------------


def test_the_column_maps_shown_name_tables_columns_and_settings_that_exist() -> None:
    maps = [tomllib.loads(text) for text in fenced(ROOT / "docs" / "tutorial" / "column-maps.md", "toml")]
    assert {told["table"] for told in maps} == {"enrollment", "circuits"}
    for told in maps:
        schema = schemas.Schema.load(told["table"])
        ours = told["columns"].keys() | told.get("constants", {}).keys() | told.get("codes", {}).keys()
        assert ours <= {*schema.columns, "state_lea_id"}
        assert told.keys() <= _KEYS
        for column, codes in told.get("codes", {}).items():
            allowed = schema.columns[column].codes
            assert allowed is None or set(codes.values()) <= set(allowed)


def test_every_setting_of_a_column_map_is_explained() -> None:
    text = (ROOT / "docs" / "tutorial" / "column-maps.md").read_text(encoding="utf-8")
    assert [key for key in sorted(_KEYS) if f"`{key}`" not in text and f"`[{key}" not in text] == []


def test_the_own_rule_shown_is_one_that_is_read(tmp_path: Path) -> None:
    (text,) = fenced(ROOT / "docs" / "tutorial" / "own-rule.md", "toml")
    path = tmp_path / "fiber_rule.toml"
    path.write_text(text, encoding="utf-8")
    rule = home_rule("own", path)
    assert (rule.served_mbps, rule.underserved_mbps) == ((100, 100), (50, 10))
    assert rule.citations == ("Example Broadband Act of 2025, section 3",)


def test_the_policy_shown_has_only_settings_of_a_policy() -> None:
    (text,) = fenced(ROOT / "docs" / "tutorial" / "buying-together.md", "toml")
    assert tomllib.loads(text).keys() <= vars(Policy()).keys()


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(target)
    assert dead == []


def test_every_page_that_a_message_sends_people_to_exists() -> None:
    named = {
        page
        for path in (ROOT / "infraplan").rglob("*.py")
        for page in re.findall(r"docs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert "docs/tutorial/column-maps.md" in named
    assert [page for page in sorted(named) if not (ROOT / page).is_file()] == []


def test_every_page_can_be_reached_from_the_list_of_pages() -> None:
    listed = set(LINK.findall((ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert pages - listed == set()


# --- the reference --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["commands.md", "rules.md", "sources.md", "tables.md"])
def test_the_reference_is_what_the_code_says(name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == made().pages()[name], "run `make docs` and commit docs/reference"


def test_the_reference_has_no_other_pages() -> None:
    assert {path.name for path in (ROOT / "docs" / "reference").iterdir()} == set(made().pages())


def test_every_setting_of_a_declaration_is_explained() -> None:
    module = made()
    assert set(module.TABLE_SETTINGS) == schemas._TABLE_KEYS
    assert set(module.COLUMN_SETTINGS) == schemas._COLUMN_KEYS
