"""Licenses read from words: names, codes, misspellings, other languages, and phrases that only sound open."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from infraplan.oer.license_addresses import Found
from infraplan.oer.license_book import License, creative_commons, family, is_port, table, without_by
from infraplan.oer.license_names import ELEMENTS, bare, between, in_latin, port_of, refuses, scanner

_CONTEXT = 60
_OFFICIAL = frozenset({"international", "unported", "generic"})


@dataclass
class _Segment:
    """A stretch of text that may be one Creative Commons license."""

    start: int
    end: int = 0
    named: bool = False
    elements: set[str] = field(default_factory=set)
    versions: list[str] = field(default_factory=list)
    port: str | None = None
    license_word: bool = False
    spelled: bool = False
    versioned: bool = False
    last_spelled: bool = False  # the last token was an element in words
    official: bool = False  # "International", "Unported": words only names of licenses have
    unread: bool = False  # a part of the name is not known


def read_words(text: str, cased: str) -> list[Found]:
    """Licenses named in a lower-case text without accents; `cased` is the same text in its own case.

    Phrases that grant something come first, then Creative Commons names, then what reserves rights or only sounds open;
    what one reader took, the next does not see.
    """
    found: list[Found] = []
    early, late = _phrases()
    text = _take(early, text, found)
    for one in _creative_commons(text, cased):
        found.append(one)
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    _take(late, text, found)
    return sorted(found, key=lambda one: one.start)


@cache
def _phrases() -> tuple[list[tuple[re.Pattern[str], str, str]], list[tuple[re.Pattern[str], str, str]]]:
    early: list[tuple[re.Pattern[str], str, str]] = []
    late: list[tuple[re.Pattern[str], str, str]] = []
    grants_to_come = sum(phrase["kind"] == "license" for phrase in table("phrases")["phrase"])
    for phrase in table("phrases")["phrase"]:
        grants_to_come -= phrase["kind"] == "license"
        side = early if phrase["kind"] == "license" or grants_to_come else late
        side += [(re.compile(bare(pattern)), phrase["family"], phrase["kind"]) for pattern in phrase["patterns"]]
    return early, late


def _take(phrases: list[tuple[re.Pattern[str], str, str]], text: str, found: list[Found]) -> str:
    for pattern, name, kind in phrases:
        for match in pattern.finditer(text):
            if not match[0].strip():
                continue
            if kind != "weak" and _negated(text, match.start(), match.end()):
                found.append(Found(family("LicenseRef-Unknown"), "weak", "negated", match.start(), match.end()))
            else:
                license_ = _named(name, match.groupdict().get("version"), match[0])
                found.append(Found(license_, kind, "words", match.start(), match.end()))
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    return text


def _named(name: str, version: str | None, written: str) -> License:
    """The license a phrase stands for: one of the families, or the elements of a Creative Commons license."""
    if name in table("families")["family"]:
        return family(name, version, written)
    return creative_commons(name.lower().split("-")[1:], version)


@cache
def _negations() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    told = table("phrases")["negated"]
    return re.compile("|".join(told["before"])), re.compile(told["clause_ends"]), re.compile(told["behind"])


def _negated(text: str, start: int, end: int) -> bool:
    """Whether the clause before a name takes it back or doubts it ("not licensed under ..."), or a question mark does."""
    negation, ends, doubt = _negations()
    if doubt.match(text, end):
        return True
    before = text[max(0, start - _CONTEXT) : start]
    clause = ends.split(before)[-1]
    return negation.search(clause.rstrip()) is not None


def _creative_commons(text: str, cased: str) -> Iterator[Found]:
    segments, strangers = _segments(text, cased)
    merged = _merge(segments)
    read = [_license_of(segment, alone=not strangers and len(merged) == 1) for segment in merged]
    named = [segment for segment, license_ in zip(merged, read, strict=True) if license_ is not None]
    granted: set[str] = set().union(*(segment.elements for segment in named))
    for segment, own in zip(merged, read, strict=True):
        license_ = own
        limits = segment.elements & {"nc", "nd"} - granted
        if own is None and "by" in granted and limits and (segment.spelled or segment.start > named[0].start):
            # "CC BY 4.0 but NC for images": a part of the work carries more limits than the license named
            license_ = creative_commons(granted | segment.elements)
        if license_ is None:
            continue
        kind = "weak" if license_.group == "unknown" else "license"
        rule = "words"
        if _negated(text, segment.start, segment.end):
            license_, kind, rule = family("LicenseRef-Unknown"), "weak", "negated"
        yield Found(license_, kind, rule, segment.start, segment.end)


def _license_of(segment: _Segment, *, alone: bool) -> License | None:
    """The license of a segment; None where its words are ordinary English ("by", "attribution" without a context)."""
    if not segment.elements:
        if not segment.named:
            return None
        return family("LicenseRef-CC-unspecified" if segment.license_word else "LicenseRef-Unknown")
    versions = list(dict.fromkeys(segment.versions))
    official = segment.official and segment.spelled and len(versions) == 1
    telling = "by" in segment.elements and (len(segment.elements) > 1 or official)
    retired = segment.spelled and len(versions) == 1 and without_by(versions[0], segment.port)
    whole = alone and ((segment.spelled or bool(versions)) if "by" in segment.elements else retired)
    if not (segment.named or telling or whole):
        return None
    if segment.unread:
        return family("LicenseRef-CC-unspecified")
    if len(versions) > 1:
        license_ = creative_commons(segment.elements)
        return License(**{**vars(license_), "note": "versions " + " and ".join(versions) + " are both named"})
    return creative_commons(segment.elements, versions[0] if versions else None, segment.port)


def _segments(text: str, cased: str) -> tuple[list[_Segment], bool]:
    """Runs of tokens that can belong to a license's name, and whether other words stand in the text."""
    segments: list[_Segment] = []
    current: _Segment | None = None
    strangers = False
    for match in scanner().finditer(text):
        kind = match.lastgroup or ""
        stranger = kind == "word" and match[0] not in between() and not _ports_it(match, text, cased, current)
        if stranger or kind in {"stop", "ordinal"}:
            strangers |= stranger
            if stranger and current is not None:
                current.unread |= _goes_on(current, match, text)
            _close(segments, current, match if stranger else None, cased)
            current = None
            continue
        if _starts_another(match, kind, current):
            _close(segments, current, None, cased)
            current = None
        if current is None and kind in {"word", "between"} and not match[0].startswith(("licen", "lizen")):
            continue
        current = current or _Segment(match.start(), match.end())
        _grow(current, match, kind, text, cased)
    _close(segments, current, None, cased)
    return segments, strangers


def _goes_on(segment: _Segment, match: re.Match[str], text: str) -> bool:
    """Whether a name goes on behind its last element with a part that is not known ("Attribution-Foo", "... - sans foo")."""
    gap = text[segment.end : match.start()]
    joined = gap == "-" or (gap.strip() == "-" and refuses().fullmatch(match[0]) is not None)
    return segment.last_spelled and joined


def _close(segments: list[_Segment], current: _Segment | None, follower: re.Match[str] | None, cased: str) -> None:
    """Keep a finished segment; "photo cc by John" is a credit, not a license."""
    if current is None:
        return
    credit = (
        follower is not None
        and current.elements == {"by"}
        and not current.versions
        and cased[current.end - 2 : current.end] == "by"
        and cased[follower.start()].isupper()
    )
    if credit:
        current.elements.clear()
    segments.append(current)


def _starts_another(match: re.Match[str], kind: str, current: _Segment | None) -> bool:
    if current is None or not current.elements:
        return False
    if kind == "cc" or (kind == "code" and match[0].startswith("c")):
        return True
    return current.versioned and (kind == "by" or (kind == "code" and match[0].startswith("by")))


def _grow(segment: _Segment, match: re.Match[str], kind: str, text: str, cased: str) -> None:
    if kind == "cc":
        segment.named = True
    elif kind == "code":
        segment.named |= match[0].startswith("c")
        segment.elements |= set(re.findall(r"by|nc|sa|nd", match[0]))
    elif kind in ELEMENTS:
        segment.elements.add(kind)
        segment.spelled |= in_latin(match[0])
    elif kind == "version":
        _add_version(segment, match[0])
    elif kind == "place":
        segment.port = port_of(match[0])
    elif kind == "word":
        if _ports_it(match, text, cased, segment):
            segment.port = match[0]
        elif match[0].startswith(("licen", "lizen")):
            segment.license_word = True
        else:
            segment.official |= match[0] in _OFFICIAL
            return
    elif kind in {"number", "between"}:
        return
    segment.last_spelled = kind in ELEMENTS
    segment.end = match.end()


def _add_version(segment: _Segment, written: str) -> None:
    if written.isdigit() and not (segment.named or segment.elements):
        return  # "Chapter 4", "grade 3": a whole number that no license stands before is no version
    digits = written.replace(",", ".")
    if "." not in digits:
        digits = f"{digits}.0" if len(digits) == 1 else f"{digits[0]}.{digits[1]}"
    segment.versions.append(digits)
    segment.versioned = bool(segment.elements)


def _ports_it(match: re.Match[str], text: str, cased: str, segment: _Segment | None) -> bool:
    """Whether a word right behind a version is a jurisdiction code ("3.0 DE", "2.0-fr", "2.5/scotland")."""
    if segment is None or not segment.versions:
        return False
    code = match[0]
    if not is_port(code):
        return False
    gap = text[segment.end : match.start()]
    if gap.strip(" -_/,()") or not text[: segment.end].rstrip()[-1:].isdigit():
        return False
    joined = bool(gap.strip()) or not gap
    last = not text[match.end() :].strip(" .)-_")
    return joined or last or cased[match.start() : match.end()].isupper()


def _merge(segments: list[_Segment]) -> list[_Segment]:
    """Join what belongs together: a version or "Creative Commons" beside the elements, one license named twice."""
    out: list[_Segment] = []
    for segment in (one for one in segments if one.named or one.elements or one.versions):
        last = out[-1] if out else None
        if last and _compatible(last, segment):
            last.named |= segment.named
            last.elements |= segment.elements
            last.versions += [v for v in segment.versions if v not in last.versions]
            last.port = last.port or segment.port
            last.license_word |= segment.license_word
            last.spelled |= segment.spelled
            last.end = segment.end
        else:
            out.append(segment)
    return out


def _compatible(last: _Segment, segment: _Segment) -> bool:
    same = last.elements == segment.elements
    elements_fit = same or not last.elements or not segment.elements
    versions_fit = same or not last.versions or not segment.versions or last.versions == segment.versions
    return segment.start - last.end <= _CONTEXT and elements_fit and versions_fit
