"""The workspace: one directory, one state, tables with vintages, answers."""

import errno
import json
from pathlib import Path

import pandas as pd
import pytest
from publishers import Offer, add, bdc, start

from infraplan.errors import InfraplanError, NoTable, NoWorkspace
from infraplan.workspace import SETTINGS, Partition, Workspace


def parts(where: Workspace, *told: tuple[str, str | None, str | None]) -> Workspace:
    """A catalog with partitions of one table, given as (series, as_of, revision)."""
    catalog = [Partition("circuits", f"p{n}", 1, f"r{n}", *one) for n, one in enumerate(told)]
    where._save(catalog)
    return where


def current(where: Workspace, as_of: str | None = None) -> list[str]:
    return [part.path for part in where.partitions("circuits", as_of=as_of)]


def test_a_new_workspace_has_its_folders_and_settings(tmp_path: Path) -> None:
    made = start(tmp_path / "plan", "me")
    assert (made.config.state, made.config.funding_year, made.config.fips) == ("ME", 2026, "23")
    assert {path.name for path in made.folder.iterdir()} == {"infraplan.toml", "data", "maps", "reports", "site"}


def test_the_same_init_again_changes_nothing_and_another_state_is_refused(tmp_path: Path) -> None:
    start(tmp_path / "plan")
    text = (tmp_path / "plan" / SETTINGS).read_text(encoding="utf-8")
    assert start(tmp_path / "plan").config.state == "ME"
    assert (tmp_path / "plan" / SETTINGS).read_text(encoding="utf-8") == text
    with pytest.raises(InfraplanError, match="already plans ME"):
        start(tmp_path / "plan", "RI")


def test_a_directory_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(InfraplanError, match="not empty"):
        start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_directory_that_is_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace, match="infraplan init"):
        Workspace.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('state = "ME"\n', "funding_year is missing"),
        ('state = "ME"\nfunding_year = 2026\nstat = 1\n', "unknown setting stat"),
        ('state = "ME"\nfunding_year = "soon"\n', "must be a year"),
        ('state = "XX"\nfunding_year = 2026\n', "no state with the postal code XX"),
        ("state = \n", "not valid TOML"),
    ],
)
def test_broken_settings_are_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / SETTINGS).write_text(text, encoding="utf-8")
    with pytest.raises(InfraplanError, match=words):
        Workspace.open(tmp_path)


def test_of_a_series_the_newest_counts_and_other_series_stay(maine: Workspace) -> None:
    parts(maine, ("a", "2022-06-30", None), ("a", "2023-06-30", None), ("b", "2022-06-30", None))
    assert current(maine) == ["p1", "p2"]


def test_of_one_date_the_latest_revision_counts(maine: Workspace) -> None:
    parts(
        maine, ("a", "2025-06-30", "2026-02-03"), ("a", "2025-06-30", "2025-11-22"), ("a", "2024-12-31", "2026-03-01")
    )
    assert current(maine) == ["p0"]


def test_an_unknown_date_is_the_oldest(maine: Workspace) -> None:
    parts(maine, ("a", None, None), ("a", "2022", None))
    assert current(maine) == ["p1"]


def test_parts_of_one_date_stand_side_by_side(maine: Workspace) -> None:
    parts(maine, ("a", "2022", None), ("a", "2022", None))
    assert current(maine) == ["p0", "p1"]


def test_a_date_can_be_asked_for(maine: Workspace) -> None:
    parts(maine, ("a", "2022", None), ("a", "2023", None))
    assert current(maine, as_of="2022") == ["p0"]
    assert current(maine, as_of="2021") == []


def test_a_table_that_is_not_loaded_is_named_with_what_to_do(maine: Workspace) -> None:
    with pytest.raises(NoTable, match="infraplan data add FILE"):
        maine.frame("circuits")
    assert maine.table_or_empty("circuits").count().to_pyarrow().as_py() == 0


def test_a_file_is_dropped_by_name_or_receipt_and_only_by_one_that_is_its_own(maine: Workspace, tmp_path: Path) -> None:
    with maine.writing(), pytest.raises(InfraplanError, match=r"no file x\.csv was added"):
        maine.drop("x.csv")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    add(maine, bdc(tmp_path / "a" / "x.csv", Offer(1)), bdc(tmp_path / "b" / "x.csv", Offer(2)))
    with maine.writing(), pytest.raises(InfraplanError, match=r"2 files were added under the name x\.csv"):
        maine.drop("x.csv")
    first = maine.receipts()[0]
    with maine.writing():
        maine.drop(first.receipt_id)
    assert maine.frame("availability")["location_id"].tolist() == ["1000000002"]
    assert len(list((maine.data / "tables").rglob("*.parquet"))) == 1
    assert [path.stem for path in (maine.data / "receipts").iterdir()] == [maine.receipts()[0].receipt_id]


def test_an_answer_is_kept_with_what_it_was_made_from(maine: Workspace) -> None:
    with pytest.raises(NoTable, match="has not been computed"):
        maine.answer("home_gaps")
    maine.put_answer("home_gaps", pd.DataFrame({"area_id": ["23"]}), {"title": "T", "receipts": ["a"]})
    frame, about = maine.answer("home_gaps")
    assert frame["area_id"].tolist() == ["23"]
    assert (about["table"], about["title"], about["receipts"]) == ("home_gaps", "T", ["a"])


def test_scratch_and_lock_holder_are_gone_after_writing(maine: Workspace) -> None:
    def fail() -> None:
        with maine.writing() as scratch:
            (scratch / "half.parquet").write_bytes(b"x")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert not (maine.data / "tmp").exists()
    assert not (maine.data / ".lock-holder").exists()


def test_the_catalog_is_plain_json_in_the_order_of_adding(maine: Workspace, tmp_path: Path) -> None:
    add(maine, bdc(tmp_path / "x.csv", Offer(1)))
    (entry,) = json.loads((maine.data / "catalog.json").read_text(encoding="utf-8"))
    assert entry["table"] == "availability"
    assert entry["rows"] == 1
    assert (maine.data / entry["path"]).is_file()


def test_a_workspace_that_may_only_be_read_says_which_folder_and_why(
    maine: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bdc(tmp_path / "x.csv", Offer(1))

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "somewhere")

    monkeypatch.setattr("filelock.FileLock.acquire", refused)
    with pytest.raises(InfraplanError, match="data cannot be written: read-only file system\n  mend:"):
        add(maine, path)
    monkeypatch.setattr("infraplan.workspace.atomic", refused)
    with pytest.raises(InfraplanError, match="answers cannot be written"):
        maine.put_answer("home_gaps", pd.DataFrame({"a": [1]}), {})


def test_a_full_disk_is_not_told_as_a_missing_right(maine: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    monkeypatch.setattr("infraplan.workspace.atomic", full)
    with pytest.raises(OSError, match="No space left"):
        maine.put_answer("home_gaps", pd.DataFrame({"a": [1]}), {})
