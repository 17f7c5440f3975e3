"""What is known of a candidate beside its match: on an approved list, reviewed, accessible, private; people's decisions.

Nothing here is invented: a blank in a list or catalog is `unknown`, and unknown is never a pass.
"""

from pathlib import Path

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import Fault, Faults
from infraplan.oer.isbns import read_isbns
from infraplan.oer.matching import ranks
from infraplan.oer.sources.lists import QUALITY_COLUMNS
from infraplan.oer.titles import work_key

UNLISTED = "not on the state's list: needs state review"


def with_standing(
    matched: pd.DataFrame, catalog: pd.DataFrame, approved: pd.DataFrame | None, *, state_adopts: bool
) -> pd.DataFrame:
    """The matches with what is known beside them: QUALITY_COLUMNS and, where an approved list is given, its own.

    Quality is what the catalog or the state's list says, else `unknown`. `on_state_list` and `list_expires` come with
    the list, and what is on it comes first among candidates of one outcome.
    `approved` is a list as `sources.lists.read_approved` gives it; a resource is on it by ISBN or by work and course. Where
    the state adopts, a candidate that is not on the list says "needs state review".
    """
    out = matched.copy()
    records = catalog.drop_duplicates("resource_id").set_index("resource_id")
    listed = _listings(records, approved) if approved is not None else {}
    candidate = out["resource_id"] != ""
    for column in QUALITY_COLUMNS:
        told = _known(records[column], {one: row.get(column, "") for one, row in listed.items()})
        known = out["resource_id"].map(told) if told else pd.Series(None, index=out.index, dtype=object)
        out[column] = known.fillna("unknown").where(candidate, "")
    if approved is None:
        return out
    expires = out["resource_id"].map({one: row["expires"] for one, row in listed.items()})
    out["on_state_list"] = expires.notna().map({True: "yes", False: "no"}).where(candidate, "")
    out["list_expires"] = expires.fillna("").where(expires != "", "unknown").where(expires.notna(), "")
    if state_adopts:
        unlisted = candidate & expires.isna()
        out.loc[unlisted, "reasons"] = out.loc[unlisted, "reasons"] + f"; {UNLISTED}"
    return _listed_first(out)


def _known(stated: pd.Series, state: dict[str, str]) -> dict[str, str]:
    """resource_id -> what the catalog and the state's list say of it; both where they differ; absent where neither does."""
    told = {str(one): cell for one, cell in stated[stated != ""].items()}
    for one, cell in state.items():
        if cell:
            catalog = told.get(one, cell)
            told[one] = cell if catalog == cell else f"catalog: {catalog}; state list: {cell}"
    return told


def _listed_first(out: pd.DataFrame) -> pd.DataFrame:
    """Among the candidates of one item and outcome, those on the approved list come first."""
    position = {item: k for k, item in enumerate(dict.fromkeys(out["item_id"]))}
    keys = pd.DataFrame(
        {"item": out["item_id"].map(position), "rank": ranks(out), "listed": (out["on_state_list"] == "yes") * -1}
    )
    order = keys.sort_values(["item", "rank", "listed"], kind="stable").index
    return out.loc[order].reset_index(drop=True)


def _listings(records: pd.DataFrame, approved: pd.DataFrame) -> dict[str, dict[str, str]]:
    """resource_id -> its row of the approved list (the one that expires last), found by ISBN or by work and publisher."""
    rows = [{str(key): str(cell) for key, cell in row.items()} for row in approved.to_dict("records")]
    by_isbn = {isbn: row for row in rows for isbn in read_isbns(row["isbn"]).valid}
    by_work = {
        (work_key(row["title"]), row["publisher"].strip().lower()): row for row in rows if row["publisher"].strip()
    }
    out: dict[str, dict[str, str]] = {}
    for resource_id, record in records.iterrows():
        hits = [by_isbn[one] for one in read_isbns(str(record["isbn"])).valid if one in by_isbn]
        work = (work_key(str(record["title"])), str(record["publisher"]).strip().lower())
        hits += [by_work[work]] if work in by_work else []
        if hits:
            out[str(resource_id)] = max(hits, key=lambda row: row["expires"])
    return out


def read_decisions(path: Path | str) -> pd.DataFrame:
    """People's decisions: `item_id, resource_id, outcome, by, decided_on, why`, checked against `oer_decisions`."""
    told = tablefiles.read_declared(path, "oer_decisions")
    return told.assign(resource_id=told["resource_id"].fillna(""))


def decided(matched: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """The matches as people decided them; every overruled row says by whom, when and why.

    A decision about an item the list does not have is a fault, all of them at once. A decided `no` removes the candidate;
    without a resource it removes all of the item's, and `same_open` without one says that the item itself is open.
    """
    faults = Faults()
    known = set(matched["item_id"])
    for line, item in zip(decisions.index, decisions["item_id"], strict=True):
        if item not in known:
            faults.add(
                Fault(
                    kind="UnknownItem",
                    what=f"a decision names item {item}, which the list does not have",
                    row=int(line),
                    column="item_id",
                    value=str(item),
                    mend="correct the id, or remove the decision",
                )
            )
    nameless = decisions[(decisions["resource_id"] == "") & ~decisions["outcome"].isin(["same_open", "no"])]
    for line, outcome in zip(nameless.index, nameless["outcome"], strict=True):
        faults.add(
            Fault(
                kind="NoResource",
                what=f"a decision {outcome} names no resource",
                row=int(line),
                column="resource_id",
                mend="name the resource; only same_open and no may be said of an item itself",
            )
        )
    faults.raise_if_any()
    out = matched.copy()
    for row in decisions.to_dict("records"):
        said = f"decided {row['outcome']} by {row['by']} on {pd.Timestamp(row['decided_on']).date()}: {row['why']}"
        whole = row["resource_id"] == "" and row["outcome"] == "no"
        here = (out["item_id"] == row["item_id"]) & (whole | (out["resource_id"] == row["resource_id"]))
        if here.any():
            out.loc[here, "reasons"] = said + " (the tool said " + out.loc[here, "outcome"] + ")"
            out.loc[here, "outcome"] = row["outcome"]
        else:
            new = dict.fromkeys(out.columns, "") | {
                "item_id": row["item_id"],
                "resource_id": row["resource_id"],
                "outcome": row["outcome"],
                "score": 1.0,
                "reasons": said,
            }
            out = pd.concat([out, pd.DataFrame([new])], ignore_index=True)
    return _tidy(_without_questions(out, decisions), matched)


def _without_questions(out: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """A question about an item itself (`review`, no resource) is answered once a person decided for one of its texts."""
    answered = set(decisions.loc[decisions["outcome"].isin(["same_open", "good", "partial"]), "item_id"])
    question = (out["resource_id"] == "") & (out["outcome"] == "review") & out["item_id"].isin(answered)
    return out[~question].reset_index(drop=True)


def _tidy(out: pd.DataFrame, matched: pd.DataFrame) -> pd.DataFrame:
    """Order as before; an item keeps exactly one `no` row if nothing else is left, and none otherwise."""
    position = {item: k for k, item in enumerate(dict.fromkeys(matched["item_id"]))}
    out = out.assign(_item=out["item_id"].map(position), _rank=ranks(out))
    alive = set(out.loc[out["outcome"] != "no", "item_id"])
    refused = out["outcome"] == "no"
    out = out[~(refused & out["item_id"].isin(alive))].copy()
    gone = out["outcome"] == "no"
    out.loc[gone, ["resource_id", "license_id", "license_from"]] = ""
    out.loc[gone, "score"] = 0.0
    spare = out[gone].duplicated("item_id")
    out = out.drop(spare[spare].index)
    out = out.sort_values(
        ["_item", "_rank", "score", "resource_id"], ascending=[True, True, False, True], kind="stable"
    )
    return out.drop(columns=["_item", "_rank"]).reset_index(drop=True)


def with_changes(matched: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """The matches with a column `change`: new, was <outcome>, or blank; candidates that went away are said by `changes`."""
    before = {(row["item_id"], row["resource_id"]): row["outcome"] for row in previous.to_dict("records")}
    told = []
    for item, resource, outcome in zip(matched["item_id"], matched["resource_id"], matched["outcome"], strict=True):
        was = before.get((item, resource))
        told.append("new" if was is None else "" if was == outcome else f"was {was}")
    return matched.assign(change=told)


def changed(matched: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Every pair whose outcome is not that of the last run: item_id, resource_id, was, now (blank: not there)."""
    key = ["item_id", "resource_id"]
    before, after = (frame[[*key, "outcome"]].drop_duplicates(key) for frame in (previous, matched))
    both = after.merge(before, on=key, how="outer", suffixes=("_now", "_was"), sort=False).fillna("")
    both = both.rename(columns={"outcome_was": "was", "outcome_now": "now"})
    both = both[both["was"] != both["now"]]
    return both.sort_values(key, kind="stable", ignore_index=True)[[*key, "was", "now"]]


def changes(matched: pd.DataFrame, previous: pd.DataFrame) -> str:
    """What changed since the last run, in one sentence."""
    marked = with_changes(matched, previous)
    now = set(zip(matched["item_id"], matched["resource_id"], strict=True))
    gone = sum((row["item_id"], row["resource_id"]) not in now for row in previous.to_dict("records"))
    new, other = int((marked["change"] == "new").sum()), int(marked["change"].str.startswith("was").sum())
    return f"since the last report: {new:,} rows new, {other:,} with another outcome, {gone:,} gone"
