"""Openly licensed alternatives for the items of a list, with reasons in words.

The course, the grades, the volume or period and the level are gates; the license decides whether a text of the same
course counts as open; the words of the title only order what passed. What is alike is judged once: items and resources
are grouped by what they say, so that a state's list against every catalog takes seconds.

Outcomes: `same_open` (this edition, or this work of the open publisher), `good` (same course and level, open license;
quality not judged), `partial`, `review` (a person must look: license not seen, open parent of a paid imprint), `no`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from infraplan.oer.gates import Judgment, Offer, Want
from infraplan.oer.items import Item, read_item
from infraplan.oer.offered import Resource, read_resource, with_conflicts
from infraplan.oer.programs import Imprint
from infraplan.oer.series import Verdict, covered, judge_row, with_program
from infraplan.oer.titles import courses, work_key
from infraplan.oer.works import editions

OUTCOMES = ("same_open", "good", "partial", "review", "no")
COLUMNS = ("item_id", "resource_id", "outcome", "score", "reasons", "license_id", "license_from", "paying_for")
_TITLE_WEIGHT = 0.1
_PARENT = "open parent exists"
_SAME_EDITION, _ANOTHER_EDITION = 0.99, 0.98
_WORK_FOUND = 0.5
ANCIENT = frozenset({"latin"})  # languages whose courses read one author after another
_SAME = "the same work of an open publisher"


def match(items: pd.DataFrame, catalog: pd.DataFrame) -> pd.DataFrame:
    """Every item of a list with every resource that could replace it: the columns of COLUMNS, in the list's order.

    `items` and `catalog` come from `sources.lists`. An item with no candidate has one row with outcome `no` and a blank
    `resource_id`, and says why.
    """
    wanted = [read_item(row) for row in _rows(items)]
    offered = with_conflicts([read_resource(row) for row in _rows(catalog)])
    pairs = _pairs(wanted, offered, items["title"].tolist(), catalog["title"].tolist())
    return _table(pairs, wanted, offered, items, catalog)


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(key): str(cell) for key, cell in row.items()} for row in frame.to_dict("records")]


# --- pairs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """Items and resources (by position) that one judgment covers; `similarity` by token order, 0-1."""

    items: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    resources: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    outcome: str
    score: float
    reasons: str
    similarity: "np.ndarray[tuple[int], np.dtype[np.float64]]"


def _pairs(wanted: list[Item], offered: list[Resource], titles: list[str], offered_titles: list[str]) -> list[_Block]:
    """All pairs that are not `no`, in blocks of one judgment each; the same work takes precedence over the course."""
    same = list(_same_open(wanted, offered))
    settled = {(int(i), int(r)) for block in same for i, r in zip(block.items, block.resources, strict=True)}
    blocks = same
    offers: dict[Offer, list[int]] = defaultdict(list)
    for position, resource in enumerate(offered):
        offers[resource.offer].append(position)
    by_course: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        for course in offer.courses:
            by_course[course].append(offer)
    wants: dict[Want, list[int]] = defaultdict(list)
    for position, item in enumerate(wanted):
        if item.want is not None:
            wants[item.want].append(position)
    for want, items in wants.items():
        near = dict.fromkeys(offer for course in want.reachable() for offer in by_course[course])
        told = {offer: judge_row(want, offer) for offer in near}
        for judged, resources in _by_program(want, told, offers, offered):
            blocks.append(_block(items, resources, judged, titles, offered_titles, settled))
    blocks += _works(wanted, offered, titles, offered_titles)
    return [block for block in blocks if len(block.items)]


def _works(wanted: list[Item], offered: list[Resource], titles: list[str], offered_titles: list[str]) -> list[_Block]:
    """Items that are a single work, or for a language whose authors are read, with open editions of that work."""
    single = {
        i: titles[i]
        for i, item in enumerate(wanted)
        if item.single_work or (item.want is not None and set(item.want.courses) <= ANCIENT)
    }
    openly = ((r, offered_titles[r], one.work) for r, one in enumerate(offered) if one.offer.openness == "open")
    return [
        _Block(np.array([i]), np.array([r]), outcome, _WORK_FOUND, why, np.array([1.0]))
        for i, found in (editions(single, openly) if single else {}).items()
        for r, (outcome, why) in found.items()
    ]


def _by_program(
    want: Want, told: Mapping[Offer, Verdict], offers: Mapping[Offer, list[int]], offered: list[Resource]
) -> Iterator[tuple[Judgment, list[int]]]:
    """The judgments that are not `no`, each with its resources; texts of one program may cover a row's grades together."""
    fits = covered((one, {offered[r].series for r in offers[offer]}) for offer, one in told.items() if one.fits)
    for offer, one in told.items():
        if one.judgment.outcome == "no":
            continue
        alike: dict[Judgment, list[int]] = defaultdict(list)
        for place in offers[offer]:
            series = offered[place].series if one.fits else ""
            alike[with_program(want, one, series, fits.get(series, frozenset()))].append(place)
        yield from alike.items()


def _block(
    items: list[int],
    resources: list[int],
    judged: Judgment,
    titles: list[str],
    offered_titles: list[str],
    settled: set[tuple[int, int]],
) -> _Block:
    likeness = (
        process.cdist(
            [work_key(titles[i]) for i in items],
            [work_key(offered_titles[r]) for r in resources],
            scorer=fuzz.token_sort_ratio,
            dtype=np.float64,
        ).ravel()
        / 100
    )
    left, right = np.repeat(items, len(resources)), np.tile(resources, len(items))
    if settled:
        keep = np.fromiter(((int(i), int(r)) not in settled for i, r in zip(left, right, strict=True)), bool, len(left))
        left, right, likeness = left[keep], right[keep], likeness[keep]
    return _Block(left, right, judged.outcome, judged.score, judged.words, likeness)


def _same_open(wanted: list[Item], offered: list[Resource]) -> Iterator[_Block]:
    """Items that are an open publisher's own work, and items whose very ISBN a catalog lists."""
    by_work: dict[str, list[int]] = defaultdict(list)
    by_isbn: dict[str, list[int]] = defaultdict(list)
    for position, resource in enumerate(offered):
        by_work[resource.work].append(position)
        for isbn in resource.isbns:
            by_isbn[isbn].append(position)
    for position, item in enumerate(wanted):
        found = {r: "the same ISBN" for isbn in item.isbns for r in by_isbn.get(isbn, ())}
        if item.openly_published and item.work:
            # what another body adapted is no longer the publisher's own; the course's gates judge it
            own = [r for r in by_work.get(item.work, ()) if r not in found and not offered[r].adapted]
            found |= dict.fromkeys(own, _SAME)
        for place, why in found.items():
            openness = offered[place].offer.openness
            outcome = "same_open" if openness == "open" else "review"
            told = [
                why,
                "the edition may differ" if why == _SAME else "",
                "" if openness == "open" else "but the license seen is not open: look at the copy",
            ]
            score = (
                1.0 if why != _SAME else _SAME_EDITION if offered[place].edition == item.edition else _ANOTHER_EDITION
            )
            yield _Block(
                np.array([position]), np.array([place]), outcome, score, "; ".join(filter(None, told)), np.array([1.0])
            )


# --- the table -----------------------------------------------------------------------------------------------------


def _table(
    blocks: list[_Block], wanted: list[Item], offered: list[Resource], items: pd.DataFrame, catalog: pd.DataFrame
) -> pd.DataFrame:
    ids = items["item_id"].to_numpy(dtype=object)
    frame = pd.DataFrame(
        {
            "item": np.concatenate([block.items for block in blocks]) if blocks else np.array([], dtype=np.int64),
            "resource": np.concatenate([block.resources for block in blocks])
            if blocks
            else np.array([], dtype=np.int64),
            "likeness": np.concatenate([block.similarity for block in blocks]) if blocks else np.array([]),
        }
    )
    sizes = [len(block.items) for block in blocks]
    frame["outcome"] = np.repeat(np.array([block.outcome for block in blocks], dtype=object), sizes)
    frame["score"] = np.repeat(np.array([block.score for block in blocks], dtype=float), sizes)
    frame["reasons"] = np.repeat(np.array([block.reasons for block in blocks], dtype=object), sizes)
    frame["score"] = (frame["score"] * (1 - _TITLE_WEIGHT) + frame["likeness"] * _TITLE_WEIGHT).round(3)
    frame = _with_notes(_with_imprints(frame, wanted, offered), wanted)
    rank = ranks(frame)
    resource_ids = catalog["resource_id"].to_numpy(dtype=object)
    frame["resource_id"] = resource_ids[frame["resource"].to_numpy()] if len(frame) else ""
    frame["license_id"] = [offered[r].license.license_id for r in frame["resource"]]
    frame["license_from"] = [offered[r].license_from for r in frame["resource"]]
    frame = frame.assign(rank=rank)
    frame = pd.concat([frame, _parents_elsewhere(frame, wanted)], ignore_index=True)
    frame = pd.concat([frame, _without(frame, wanted, catalog, offered)], ignore_index=True)
    frame["item_id"] = ids[frame["item"].to_numpy()]
    frame["paying_for"] = [wanted[i].paying_for for i in frame["item"]]
    frame = frame.drop_duplicates(["item", "resource_id", "rank"])
    frame = frame.sort_values(
        ["item", "rank", "score", "resource_id"], ascending=[True, True, False, True], kind="stable"
    )
    return frame[list(COLUMNS)].reset_index(drop=True)


def ranks(frame: pd.DataFrame) -> pd.Series:
    """Order of the rows of one item: an open parent of what is bought first, then by outcome."""
    order = frame["outcome"].map({outcome: k for k, outcome in enumerate(OUTCOMES)})
    return order.where(~frame["reasons"].str.startswith(_PARENT), -1)


def _with_imprints(frame: pd.DataFrame, wanted: list[Item], offered: list[Resource]) -> pd.DataFrame:
    """An item sold under an imprint of an open program: the program's own resources become `review`, with the reason."""
    flagged = {i: item.imprint for i, item in enumerate(wanted) if item.imprint is not None}
    if not flagged or frame.empty:
        return frame
    for position, imprint in flagged.items():
        rows = frame.index[frame["item"] == position]
        parent = [offered[r].program == imprint.parent_program for r in frame.loc[rows, "resource"]]
        for row, is_parent in zip(rows, parent, strict=True):
            if imprint.relation == "imprint" and is_parent:
                frame.loc[row, "outcome"] = "review"
                frame.loc[row, "reasons"] = f"{_parent_of(wanted[position], imprint)}; compare the editions"
            elif imprint.relation == "lookalike":
                frame.loc[row, "reasons"] = f"{frame.loc[row, 'reasons']}; mind the name: {imprint.note}"
    return frame


def _parent_of(item: Item, imprint: Imprint) -> str:
    return f"{_PARENT}: {imprint.note} ({imprint.source}); what is paid for is {item.paying_for}"


def _parents_elsewhere(frame: pd.DataFrame, wanted: list[Item]) -> pd.DataFrame:
    """A `review` row for each item under an imprint whose open parent none of the catalogs lists.

    Other open texts of the course do not settle what is paid for, and what is paid for may be open already.
    """
    settled = frame["reasons"].str.startswith(_PARENT) | (frame["outcome"] == "same_open")
    seen = set(frame.loc[settled, "item"])
    sold = {
        i: item.imprint
        for i, item in enumerate(wanted)
        if item.imprint is not None and item.imprint.relation == "imprint" and i not in seen and item.want is not None
    }
    return pd.DataFrame(
        {
            "item": pd.Series(list(sold), dtype="int64"),
            "resource_id": "",
            "outcome": "review",
            "score": 0.0,
            "license_id": "",
            "license_from": "",
            "rank": -1,
            "reasons": [
                "; ".join(
                    [
                        _parent_of(wanted[i], imprint),
                        f"the catalogs given do not list {imprint.parent_program}",
                        *wanted[i].notes,
                    ]
                )
                for i, imprint in sold.items()
            ],
        }
    )


def _with_notes(frame: pd.DataFrame, wanted: list[Item]) -> pd.DataFrame:
    """What is wrong with an item's own cells (a refused ISBN, an ISBN of another publisher) beside each candidate."""
    told = {i: f"; {'; '.join(item.notes)}" for i, item in enumerate(wanted) if item.notes}
    return frame.assign(reasons=frame["reasons"] + frame["item"].map(told).fillna("")) if told else frame


def _without(frame: pd.DataFrame, wanted: list[Item], catalog: pd.DataFrame, offered: list[Resource]) -> pd.DataFrame:
    """One row for each item that has no candidate, with the reason."""
    present = set(frame["item"])
    missing = [i for i in range(len(wanted)) if i not in present]
    closed: dict[str, int] = defaultdict(int)
    for resource in offered:
        if resource.offer.openness == "closed" and resource.offer.strict:
            for course in resource.offer.courses:
                closed[course] += 1
    return pd.DataFrame(
        {
            "item": pd.Series(missing, dtype="int64"),
            "resource_id": "",
            "outcome": "no",
            "score": 0.0,
            "license_id": "",
            "license_from": "",
            "rank": len(OUTCOMES),
            "reasons": [_why_none(wanted[i], closed, len(catalog)) for i in missing],
        }
    )


def _why_none(item: Item, closed: Mapping[str, int], searched: int) -> str:
    if item.refusal:
        parts = [item.refusal]
    elif item.want is None:
        parts = ["the course is not known"]
    else:
        names = " or ".join(courses()[course].name for course in item.want.courses)
        parts = [f"no openly licensed text for {names} at this level among {searched:,} resources"]
        readable = sum(closed.get(course, 0) for course in item.want.courses)
        if readable:
            parts.append(f"{readable} may be read but not adapted (NoDerivatives or all rights reserved)")
    if item.imprint is not None:
        parts.append(f"{item.imprint.note} ({item.imprint.source})")
    return "; ".join([*parts, *item.notes])


def counts(matched: pd.DataFrame) -> str:
    """Items by the outcome of their first row, in one sentence."""
    found = matched.drop_duplicates("item_id")["outcome"].value_counts()
    named = {
        "same_open": "already open",
        "good": "with a text of the same course and level (quality not judged)",
        "partial": "with a partial match",
        "review": "for a person to look at",
        "no": "without",
    }
    told = ", ".join(f"{int(found.get(outcome, 0)):,} {said}" for outcome, said in named.items())
    return f"{matched['item_id'].nunique():,} items: {told}"
