"""Single works (plays, novels, epics) that a list reads in a course and a catalog has in an open edition.

The name of a work decides, not its course. A person still compares the text, the translation and the notes, so an open
edition of the whole is for `review`; one of a passage in its own language, with commentary, serves in part.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from infraplan.oer.sources.wording import fold
from infraplan.oer.titles import work_key

WHOLE = "a work of this name in an open edition: compare the text, the translation and the notes"
PASSAGE = "an open edition of a part of the work, in its own language with commentary"
_PASSAGE = re.compile(r"^[^,]+,\s*'?(?P<work>[^,('.:;]+)\b.*\b(?:latin|greek) text\b")


def passage_of(title: str) -> frozenset[str]:
    """The words of the work that a passage in its own language is from; none for other titles.

    >>> sorted(passage_of("Virgil, Aeneid, 4.1-299. Latin Text, Study Questions, Commentary"))
    ['aeneid']
    """
    found = _PASSAGE.match(fold(title))
    return frozenset(work_key(found["work"]).split()) if found else frozenset()


def editions(items: Mapping[int, str], titles: Iterable[tuple[int, str, str]]) -> dict[int, dict[int, tuple[str, str]]]:
    """Item -> resource -> (outcome, reason), by position.

    `items` are the titles that are no text of a known course; `titles` the position, title and work of open resources.
    """
    whole: dict[str, list[int]] = defaultdict(list)
    passages: list[tuple[int, frozenset[str]]] = []
    for place, title, work in titles:
        words = passage_of(title)
        if words:
            passages.append((place, words))
        elif work:
            whole[work].append(place)
    out: dict[int, dict[int, tuple[str, str]]] = {}
    for position, title in items.items():
        work = work_key(title)
        named = set(work.split()) | {word.removesuffix("'s") for word in work.split()}
        found = {place: ("partial", PASSAGE) for place, words in passages if words <= named}
        found |= {place: ("review", WHOLE) for place in whole.get(work, ()) if work}
        if found:
            out[position] = found
    return out
