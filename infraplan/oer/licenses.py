"""What a catalog or list writes about rights, as one license with its terms.

`read` takes the text of a cell (words, an address, markup, a fragment) and optionally an address beside it. An address
beats the words; a version is never guessed; nothing that only sounds open becomes a license; a conflict between two
statements is kept and shown. Knowledge of licenses is data (`data/licenses/`); this module decides between findings.
"""

import html
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from urllib.parse import unquote

import pandas as pd
from license_expression import ExpressionError, get_spdx_licensing

from infraplan.oer.license_addresses import Found, read_addresses
from infraplan.oer.license_book import FIELDS, License, by_spdx, family, table, together
from infraplan.oer.license_names import bare
from infraplan.oer.license_words import read_words
from infraplan.oer.rights import printing

COLUMNS = (
    "raw",
    "license_id",
    "family",
    "version",
    "jurisdiction",
    "spdx_id",
    *FIELDS,
    "print_for_school",
    "sell_at_profit",
    "rule",
    "conflict",
    "note",
)
_MOST_CHARACTERS = 4_000
_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
_TAGGED = re.compile(
    r"^\s*(?:license[:@ ]*)?([a-z]+\d{0,2})[\s+;,]*licen[sc]e-?version[:@ ]*(\d)\.?(\d)\s*$", re.IGNORECASE
)
_LINK = re.compile(r"(?:href|src|resource)\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFF0D), "-") | {
    0x2019: "'",
    0x2018: "'",
    0xA0: " ",
    0xAD: "",
}


@dataclass(frozen=True)
class Reading:
    """One license statement read: the license, the rule that decided, what else was stated and disagrees."""

    raw: str
    license: License
    rule: str
    conflict: str = ""


@lru_cache(maxsize=65_536)
def read(raw: str, url: str = "") -> Reading:
    """Read one statement about rights.

    >>> read("CC BY-NC-SA 3.0 DE").license.license_id
    'CC-BY-NC-SA-3.0-DE'
    >>> read("Open access").license.terms.oer
    'unknown'
    """
    beside, rest = read_addresses(_fold(url)[0])
    beside += read_words(rest, rest)
    lower, cased = _fold(raw)
    told_beside, told_inside = _decide(beside, ""), _decide(_findings(lower, cased), lower)
    if told_beside is None or not told_beside[0].known:
        license_, rule, conflict = told_inside or (family("LicenseRef-Unknown"), "nothing stated", "")
        return Reading(raw, license_, rule, conflict)
    license_, rule, conflict = told_beside
    if told_inside is not None and told_inside[0].known:
        license_, disagreement = _prefer(license_, told_inside[0], "the address")
        conflict = "; ".join(part for part in (conflict, disagreement) if part)
    return Reading(raw, license_, "address beside the words" if rule == "address" else rule, conflict)


def _fold(raw: str) -> tuple[str, str]:
    """Lower-case and own-case text without accents, markup or odd dashes; both of one length."""
    text = html.unescape(str(raw))[:_MOST_CHARACTERS].replace("\\/", "/")
    if "%2f" in text.lower():
        text = unquote(text)
    text = _TAGGED.sub(_words_of_tags, text)
    text = re.sub(r"(?is)<(script|style)\b.*?(?:</\1\s*>|$)", " ", text)
    text = _TAG.sub(_address_of, text)
    text = text.translate(_DASHES)
    text = re.sub(r"\s+", " ", bare(text)).strip()
    lower = text.lower()
    return lower, text if len(lower) == len(text) else lower


def _words_of_tags(tags: re.Match[str]) -> str:
    """The two tags that a LibreTexts page has for its license, as one name with its version."""
    version = f" {tags[2]}.{tags[3]}" if tags[1].lower().startswith(("cc", "gnu")) else ""
    return f"{'gnu gpl' if tags[1].lower() == 'gnu' and version else tags[1]}{version}"


def _address_of(tag: re.Match[str]) -> str:
    """What a tag of markup says: the address it links to, else nothing."""
    if re.match("<https?:", tag[0], re.IGNORECASE):
        return f" {tag[0][1:-1]} "
    linked = _LINK.search(tag[0])
    return f" {linked[1]} " if linked else " "


def _findings(lower: str, cased: str) -> list[Found]:
    expression = _expression(cased)
    if expression is not None:
        return [Found(expression, "closed" if expression.group == "closed" else "license", "SPDX id", 0, len(lower))]
    at, rest = read_addresses(lower)
    return at + read_words(rest, cased)


def _expression(text: str) -> License | None:
    """An SPDX id or expression, exactly; plain English words that are also ids ("Fair", "Intel") are not taken."""
    if not re.fullmatch(r"\(?\w[\w.+-]*(?:\)?\s+(?:AND|OR)\s+\(?[A-Za-z][\w.+-]*\)?)*\)?", text):
        return None
    words = re.findall(r"[\w.+-]+", text)
    if len(words) == 1:
        return by_spdx(text) if re.search(r"[\d-]", text) or text in _plain_ids() else None
    try:
        get_spdx_licensing().parse(text)
    except (ExpressionError, ValueError):
        return None
    parts = [by_spdx(word) for word in words if word not in {"AND", "OR"}]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return together(known, choice=" OR " in text)


@cache
def _plain_ids() -> frozenset[str]:
    """Ids of the table that look like words and are taken only in their own case ("Zlib", "PostgreSQL")."""
    told = table("families")["spdx_others"]
    return frozenset([*told["permissive"], *told["copyleft"]])


def _decide(found: list[Found], text: str) -> tuple[License, str, str] | None:
    """The license among findings, the rule, and any conflict; None if nothing was found."""
    granted = [one for one in found if one.kind == "license"]
    at = [one for one in granted if one.rule == "address"]
    closed = [one for one in found if one.kind == "closed"]
    if at:
        return _from_addresses(at, [one for one in granted if one.rule != "address"] + closed)
    if granted:
        return _from_words(granted, closed, text)
    for kind in ("closed", "hint", "notice", "weak"):
        same = [one for one in found if one.kind == kind]
        if same:
            return _unlicensed(kind, same, found)
    return None


def _unlicensed(kind: str, same: list[Found], found: list[Found]) -> tuple[License, str, str]:
    if kind == "weak":
        same = sorted(same, key=lambda one: one.license.family != "LicenseRef-CC-unspecified")
    unnamed = [one for one in found if one.kind == "weak" and one.license.family != "LicenseRef-Unknown"]
    if kind == "notice" and unnamed:
        same = unnamed
    rule = {
        "closed": "rights reserved",
        "hint": "some use permitted, no license named",
        "notice": "copyright line only",
        "weak": "no license named",
    }[kind]
    return same[0].license, same[0].rule if same[0].rule == "negated" else rule, ""


def _from_addresses(at: list[Found], others: list[Found]) -> tuple[License, str, str]:
    chosen = together([one.license for one in _distinct(at)], choice=False)
    conflicts = []
    for one in others:
        chosen, disagreement = _prefer(chosen, one.license, "the address")
        conflicts.append(disagreement)
    return chosen, "address", "; ".join(dict.fromkeys(part for part in conflicts if part))


def _prefer(chosen: License, other: License, why: str) -> tuple[License, str]:
    """The chosen license, completed by the other's version where it has none; and what disagrees."""
    if chosen.elements and chosen.elements == other.elements and chosen.version is None:
        return other, ""
    agrees = chosen.family == other.family and other.version in {None, chosen.version}
    same_freedom = other.family in {"LicenseRef-PublicDomain", "LicenseRef-Mixed"} and chosen.group == "public_domain"
    if agrees or same_freedom:
        return chosen, ""
    return chosen, f"also stated: {other.license_id}; {why} decides ({chosen.license_id})"


def _distinct(found: list[Found]) -> list[Found]:
    """One finding per license: a plain family gives way to the same family with a version."""
    out: dict[tuple[str, str | None, str | None], Found] = {}
    for one in found:
        out.setdefault((one.license.family, one.license.version, one.license.jurisdiction), one)
    return [
        one
        for key, one in out.items()
        if key[1] is not None or key[2] is not None or not any(other[0] == key[0] and other != key for other in out)
    ]


def _from_words(granted: list[Found], closed: list[Found], text: str) -> tuple[License, str, str]:
    parts = _distinct([one for one in granted if not _shadowed(one, granted)])
    if closed:
        merged = together([*(one.license for one in parts), closed[0].license], choice=False)
        return merged, "words", f"stated together: {merged.license_id}"
    if len(parts) == 1:
        return parts[0].license, "words", ""
    merged = together([one.license for one in parts], choice=_offers_choice(parts, text))
    return merged, "words", f"stated together: {merged.license_id}"


def _offers_choice(parts: list[Found], text: str) -> bool:
    told = table("phrases")["choice"]
    # a name may begin before the other ("Licensed under GFDL or CC BY-SA"): then what is left of it behind the other counts
    between = (text[one.end : two.start] or text[two.end : one.end] for one, two in pairwise(parts))
    return re.search(told["anywhere"], text) is not None or any(re.search(told["between"], gap) for gap in between)


def _shadowed(one: Found, granted: list[Found]) -> bool:
    """A bare "public domain" beside the tool that makes it so says nothing of its own."""
    bare = "LicenseRef-PublicDomain"
    return one.license.family == bare and any(
        other.license.group == "public_domain" and other.license.family != bare for other in granted
    )


def license_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The table `license_facts`: one row per row of `frame` (columns `raw`, optional `url`), in its order."""
    urls = frame["url"] if "url" in frame else pd.Series("", index=frame.index)
    rows = [_row(read(str(raw), str(url))) for raw, url in zip(frame["raw"], urls, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(reading: Reading) -> tuple[str, ...]:
    told = reading.license
    paper = printing(told)
    return (
        reading.raw,
        told.license_id,
        told.family,
        told.version or "",
        told.jurisdiction or "",
        told.spdx_id or "",
        *told.terms.answers(),
        paper.print_for_school,
        paper.sell_at_profit,
        reading.rule,
        reading.conflict,
        told.note,
    )


def outcome_counts(facts: pd.DataFrame) -> str:
    """How many statements are OER, closed, custom and unknown, in one sentence for the person at the keyboard."""
    counts = facts["oer"].value_counts()
    words = {"yes": "openly licensed (OER)", "no": "not OER", "review": "to be read by a person", "unknown": "unknown"}
    parts = [f"{int(counts.get(answer, 0)):,} {said}" for answer, said in words.items()]
    conflicts = int((facts["conflict"] != "").sum())
    return f"{len(facts):,} statements: {', '.join(parts)}; {conflicts:,} with statements that disagree"
