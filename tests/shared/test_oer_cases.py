"""Real license strings, remix pairs, catalogs and an adopted list: what one person judged right must come out."""

import os
from pathlib import Path

import pandas as pd
import pytest

from infraplan import solve
from infraplan.oer.coverage import cover, inputs_from
from infraplan.oer.licenses import license_table, read
from infraplan.oer.matching import match
from infraplan.oer.remix import remix
from infraplan.oer.sources.lists import read_catalogs, read_list
from infraplan.oer.sources.standards import read_alignments, read_code

SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
OER = SHARED / "oer"
pytestmark = pytest.mark.skipif(not OER.is_dir(), reason="the shared catalogs and cases are not here")


def table(name: str) -> pd.DataFrame:
    sep = "\t" if name.endswith(".tsv") else ","
    return pd.read_csv(OER / name, sep=sep, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_every_license_string_is_read_as_judged() -> None:
    cases = table("cases/licences.csv")
    told = license_table(cases[["raw"]])
    for column in ("oer", "adapt", "commercial", "share_alike"):
        assert told[column].tolist() == cases[column].tolist(), column


def test_every_remix_pair_is_judged_alike_in_both_orders() -> None:
    for case in table("cases/compat.csv").to_dict("records"):
        a, b = read(case["a"]).license, read(case["b"]).license
        assert remix(a, b).answer == remix(b, a).answer == case["can_remix"], case["id"]


def test_every_creative_commons_record_has_the_terms_of_its_elements() -> None:
    records = table("licences/cc_licences.csv")
    for row in records.to_dict("records"):
        if row["jurisdiction"] == "scotland" or "sampling" in row["identifier"]:
            continue  # the Scottish records leave out adaptations, which those licenses allow; sampling grants parts only
        terms = read(row["url"]).license.terms
        assert terms.adapt == ("yes" if "DerivativeWorks" in row["permits"] else "no"), row["url"]
        assert terms.commercial == ("no" if "CommercialUse" in row["prohibits"] else "yes"), row["url"]
        assert terms.share_alike == ("yes" if "ShareAlike" in row["requires"] else "no"), row["url"]


def test_the_openness_of_doab_is_what_its_licenses_say() -> None:
    doab = table("catalogs/doab_2017.csv").rename(columns={"License": "raw"})
    counts = license_table(doab[["raw"]])["oer"].value_counts().to_dict()
    assert counts == {"unknown": 3715, "no": 3313, "yes": 3830}


def test_pairs_judged_by_a_person_are_found(tmp_path: Path) -> None:
    pairs = table("cases/pairs.csv")
    frames = []
    for name, file in (
        ("OTL", "jf_open_textbook_library.tsv"),
        ("BC", "jf_bc_open_collection.tsv"),
        ("OS", "openstax_titles.tsv"),
    ):
        rows = table(f"catalogs/{file}")
        frames.append(
            rows.assign(resource_id=name + ":" + rows["key"], program="")[
                ["resource_id", "title", "license", "program"]
            ]
        )
    frames.append(table("catalogs/engageny_courses.csv")[["resource_id", "title", "license", "program"]])
    offered = pd.concat(frames)
    offered.to_csv(tmp_path / "catalog.csv", index=False)
    wanted = pairs[["adopted_title", "adopted_isbn", "course"]].drop_duplicates().reset_index(drop=True)
    wanted.columns = pd.Index(["title", "isbn", "course"])
    wanted.assign(item_id=[f"i{k}" for k in wanted.index]).to_csv(tmp_path / "list.csv", index=False)
    found = match(read_list(tmp_path / "list.csv"), read_catalogs([tmp_path / "catalog.csv"]))
    titles = offered.drop_duplicates("resource_id").set_index("resource_id")["title"].str.strip().str.lower()
    said = {
        (row["item_id"], row["resource_id"].split(":")[0], titles[row["resource_id"]])
        for row in found.to_dict("records")
        if row["outcome"] in {"same_open", "good"}
    }
    ids = {(row["title"], row["isbn"], row["course"]): f"i{k}" for k, row in wanted.iterrows()}
    hit = pairs.apply(
        lambda p: (
            (ids[p["adopted_title"], p["adopted_isbn"], p["course"]], p["catalog"], p["catalog_title"].strip().lower())
            in said
        ),
        axis=1,
    )
    true = pairs["label"].isin(["same_open", "good"])
    assert (hit & true).sum() / hit.sum() >= 0.85
    assert (hit & true).sum() / true.sum() >= 0.80


def test_real_exercises_cover_the_common_core_exactly_as_counted(tmp_path: Path) -> None:
    exercises = table("standards/khan_exercise_ccss.csv")
    aligned = exercises.rename(columns={"slug": "resource_id", "standard": "code"})[["resource_id", "code"]]
    aligned.loc[aligned["code"] == "missing standard", "code"] = ""
    aligned.to_csv(tmp_path / "alignments.csv", index=False)
    every = table("standards/standardx_all_standards.csv")
    math = every[every["set"] == "Common Core Math"]
    wanted = pd.DataFrame(
        {"code": math["code"], "framework": math["set"], "course": math["grade"], "grade": math["grade"]}
    )
    inputs = inputs_from(wanted, read_alignments(tmp_path / "alignments.csv"), codes=wanted["code"].tolist(), mix=True)
    answer = cover(inputs, solve.Limits(gap=0.0))
    assert inputs.unreadable == 148
    assert (len(inputs.wanted), len(inputs.coverable), len(answer.uncovered)) == (517, 391, 126)
    assert answer.result.status == solve.Status.optimal
    assert answer.cost <= answer.greedy_cost


def test_codes_of_two_files_of_one_framework_meet_on_one_key() -> None:
    every = table("standards/standardx_all_standards.csv")
    short = {read_code(code).key for code in every.loc[every["set"] == "Common Core Math", "code"]}
    long = {
        read_code(code).key
        for code in table("standards/ccss_identifiers.csv")["Dot notation"]
        if ".Math.Content." in code
    }
    assert len(short & long) / len(short) > 0.97
