"""Declared tables: every shipped declaration is whole, and what the sources and questions name exists."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infraplan import arrivals, schemas, standing
from infraplan.cli.arriving import loaders
from infraplan.errors import BadInput, InfraplanError
from infraplan.resources import data_path
from infraplan.schemas import Schema

GROUND = {
    *(table for source in arrivals.sources().values() for table in source.tables),
    *("home_gaps", "child_gaps", "school_gaps"),
}
ALL = [Schema.load(name) for name in schemas.names()]


@pytest.fixture
def own_declarations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of declarations in place of the shipped ones."""
    monkeypatch.setattr(schemas, "data_path", lambda *parts: tmp_path.joinpath(*parts[1:]))
    schemas._load.cache_clear()
    yield tmp_path
    schemas._load.cache_clear()


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_a_shipped_declaration_says_what_each_column_is(schema: Schema) -> None:
    assert schema.layer in {"core", "in", "out"}
    assert schema.title
    assert schema.grain.startswith("one row per")
    assert schema.source
    if schema.name in GROUND:
        assert [name for name, column in schema.columns.items() if not column.about] == []


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_what_a_column_leans_on_is_a_column_of_the_table(schema: Schema) -> None:
    for column in schema.columns.values():
        leans = {*column.derived_from, *([column.part_of] if column.part_of else [])}
        assert leans <= set(schema.columns), column.name
        assert {name.split(".")[0] for name in column.inputs if "." in name} <= set(schemas.names()), column.name


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_identifiers_are_text_and_amounts_are_exact(schema: Schema) -> None:
    for column in schema.columns.values():
        if column.name in {"lea_id", "ncessch", "block_geoid", "h3_res8_id", "ben", "frn", "isbn13"}:
            assert column.type == "string", column.name
        if column.low is not None and column.high is not None:
            assert column.low <= column.high


def test_every_table_of_a_source_is_declared_and_every_source_has_a_loader() -> None:
    known = set(schemas.names())
    for source in arrivals.sources().values():
        assert set(source.tables) <= known, source.id
    named = {one for one in arrivals.sources() if not one.startswith("usac_")}
    assert named <= set(loaders())


def test_every_table_of_a_question_is_declared() -> None:
    known = set(schemas.names())
    for question in standing.capabilities():
        for group in question.needs:
            assert set(group) <= known, question.id


def test_a_question_names_a_command_that_there_is() -> None:
    for question in standing.capabilities():
        assert question.command.startswith("infraplan ")


def test_an_unknown_table_is_refused_and_says_where_to_look() -> None:
    with pytest.raises(InfraplanError, match="infraplan tables"):
        Schema.load("no_such_table")


def test_a_declaration_with_unknown_settings_is_refused_with_all_its_faults(own_declarations: Path) -> None:
    own_declarations.joinpath("odd.toml").write_text(
        'title = "Odd"\nlayer = "core"\ngrain = "one row per x"\nkey = ["nowhere"]\nsource = "us"\ncolour = "red"\n'
        '[column.a]\ntype = "text"\n[column.b]\ntype = "string"\nmandatory = true\n',
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as refused:
        Schema.load("odd")
    told = str(refused.value)
    for words in ("colour", "'text'", "b.mandatory", "key column nowhere"):
        assert words in told


def test_a_column_says_in_words_what_a_cell_must_be() -> None:
    words = {name: column.expectation() for name, column in Schema.load("availability").columns.items()}
    assert words["block_geoid"] == "15 digits"
    assert words["down_mbps"] == "a whole number from 0 to 1,000,000"
    assert words["business_residential"] == "one of B, R, X"
    assert words["low_latency"] == "yes or no"
    assert Schema.load("enrollment").columns["students"].expectation() == "a whole number from 0 to 400,000,000"
    assert Schema.load("c2_sites").columns["square_feet"].expectation().endswith("of 0 or more")


def test_a_column_with_a_meaning_of_blank_or_a_default_may_be_blank() -> None:
    circuits = Schema.load("circuits").columns
    assert circuits["mbps"].nullable
    assert circuits["service"].nullable
    assert not circuits["lea_id"].nullable
    assert Schema.load("circuits").required == ("lea_id", "mbps")


def test_shipped_files_are_found_from_a_checkout() -> None:
    assert data_path("schemas", "availability.toml").is_file()
