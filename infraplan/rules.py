"""Rules as data: dated figures of law and price under `data/rules`, each with its citation.

A rule file is TOML, one per program, edition (a funding year, or the name of a rule) and topic. A figure is any table
with a `value`, or with `pending = true` where the figure is announced or remembered and its source has not been read.
Citations stand under `[cite.KEY]`, with `seen = "text"` where the passage itself was read; worked examples under
`[[case]]` with `of`, `name`, `given`, `expect` and `because`. Nothing carries over from one year to the next: a year
without its file is refused, and the newest year present is named.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from infraplan.errors import BadInput, Fault, NoRule
from infraplan.resources import data_path, read_toml

Evaluator = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Works out a case: the edition and what is given, to the results by name."""

PROGRAM_NAMES = {
    "erate": "E-Rate, funding year",
    "home_programs": "home programs,",
    "connectivity": "connectivity rule",
}
_NOT_FIGURES = {"cite", "case"}
TEXT, EXCERPT = "text", "excerpt"


@dataclass(frozen=True)
class Citation:
    """Where a figure was read. `dated` is the document's own date, `read_on` the day it was read.

    `seen` is "text" where the passage that states the figure was read where the citation says, else "excerpt": it was met
    in an excerpt or in another's report, and wants confirming before anybody relies on it alone.
    """

    key: str
    title: str
    url: str | None = None
    dated: date | None = None
    read_on: date | None = None
    seen: str = EXCERPT

    def words(self) -> str:
        """The citation as one line."""
        when = f", {self.dated}" if self.dated else ""
        how = "read" if self.seen == TEXT else "an excerpt was read"
        return f"{self.title}{when}" + (f" ({how} {self.read_on})" if self.read_on else "")


@dataclass(frozen=True)
class Figure:
    """One figure of a rule, named by its dotted path in the file (`floor.school`, `band.0.urban`)."""

    name: str
    value: Any
    cite: Citation | None = None
    unit: str | None = None
    about: str | None = None
    pending: bool = False
    needs: str | None = None

    def words(self) -> str:
        """Value and unit as a person writes them.

        >>> Figure("floor", Decimal("30175"), unit="USD").words()
        '$30,175'
        """
        if self.pending:
            return f"pending ({self.needs})"
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if self.unit and self.unit.startswith("USD") and isinstance(self.value, int | Decimal):
            return f"${self.value:,}{self.unit.removeprefix('USD')}"
        return f"{self.value} {self.unit}" if self.unit else str(self.value)


@dataclass(frozen=True)
class Case:
    """A worked example beside a rule: what is given, what must come out, and the arithmetic in words."""

    name: str
    of: str
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    because: str = ""


@dataclass(frozen=True)
class RuleFile:
    """One rule file as read: its figures by name, in the file's order."""

    program: str
    edition: str
    topic: str | None
    title: str
    figures: Mapping[str, Figure]
    citations: Mapping[str, Citation]
    cases: tuple[Case, ...]
    path: Path

    @property
    def label(self) -> str:
        """What the file is called in messages."""
        return (
            "/".join([self.program, self.edition, self.topic] if self.topic else [self.program, self.edition]) + ".toml"
        )

    def figure(self, name: str) -> Figure:
        """One figure; raises NoRule if the file has none of that name, or has it pending."""
        found = self.figures.get(name)
        if found is None:
            raise NoRule(
                f"the rules of {_edition_words(self.program, self.edition)} have no figure {name}\n"
                f"  where: {self.label}\n  mend:  `infraplan rules show {self.edition}` lists what there is"
            )
        if found.pending:
            raise NoRule(
                f"{found.about or name} of {_edition_words(self.program, self.edition)} is pending: {found.needs}\n"
                f"  where: {self.label}, figure {name}\n  mend:  add its value and citation to that file"
            )
        return found

    def value(self, name: str) -> Any:  # noqa: ANN401 - a figure may be a number, a word or a date
        """The value of one figure; raises as `figure` does."""
        return self.figure(name).value

    def has(self, name: str) -> bool:
        """Whether the file states this figure (a pending one counts: it exists, unread)."""
        return name in self.figures


def load(program: str, edition: str | int, topic: str | None = None) -> RuleFile:
    """Read one rule file: `load("erate", 2026, "discounts")`, `load("connectivity", "bead-2022")`.

    Raises NoRule if there is no such file, naming the newest edition that has the topic; BadInput if it is faulty.
    """
    return _load(program, str(edition), topic)


def figure(program: str, edition: str | int, topic: str | None, name: str) -> Figure:
    """One figure by its dotted name; raises NoRule for an absent year, an absent figure or a pending one."""
    return load(program, edition, topic).figure(name)


def programs() -> list[str]:
    """Programs that have rules here, sorted."""
    return sorted(path.name for path in data_path("rules").iterdir() if path.is_dir())


def editions(program: str, topic: str | None = None) -> list[str]:
    """Editions of a program (all, or those that have `topic`), oldest first."""
    root = data_path("rules", program)
    if topic is not None:
        return sorted(path.parent.name for path in root.glob(f"*/{topic}.toml"))
    return sorted({path.name for path in root.iterdir() if path.is_dir()} | {path.stem for path in root.glob("*.toml")})


def files(program: str, edition: str | int) -> list[RuleFile]:
    """Every rule file of one edition, by topic; raises NoRule if there is none."""
    folder = data_path("rules", program, str(edition))
    topics: list[str | None] = [path.stem for path in sorted(folder.glob("*.toml"))]
    if folder.with_suffix(".toml").is_file() or data_path("rules", program, f"{edition}.toml").is_file():
        topics.append(None)
    if not topics:
        raise _no_edition(program, str(edition), None)
    return [load(program, edition, topic) for topic in topics]


def every_file() -> Iterator[RuleFile]:
    """Every rule file that ships, in order of program, edition and topic."""
    for program in programs():
        for edition in editions(program):
            yield from files(program, edition)


# --- reading --------------------------------------------------------------------------------------------------------


@cache
def _load(program: str, edition: str, topic: str | None) -> RuleFile:
    path = (
        data_path("rules", program, f"{edition}.toml")
        if topic is None
        else data_path("rules", program, edition, f"{topic}.toml")
    )
    if not path.is_file():
        raise _no_edition(program, edition, topic)
    told = read_toml(path, exact=True)
    citations = {
        key: Citation(
            key=key,
            title=str(facts.get("title", "")),
            url=facts.get("url"),
            dated=facts.get("dated"),
            read_on=facts.get("read_on"),
            seen=str(facts.get("seen", EXCERPT)),
        )
        for key, facts in told.get("cite", {}).items()
    }
    found = {name: _figure(name, facts, citations) for name, facts in _figure_tables(told)}
    cases = tuple(
        Case(
            name=str(case.get("name", "")),
            of=str(case.get("of", "")),
            given=case.get("given", {}),
            expect=case.get("expect", {}),
            because=str(case.get("because", "")),
        )
        for case in told.get("case", [])
    )
    return RuleFile(
        program=program,
        edition=edition,
        topic=topic,
        title=str(told.get("title", topic or edition)),
        figures=found,
        citations=citations,
        cases=cases,
        path=path,
    )


def _figure_tables(told: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, inner in told.items():
        if not under and key in _NOT_FIGURES:
            continue
        name = f"{under}{key}"
        if isinstance(inner, Mapping):
            if "value" in inner or "pending" in inner:
                yield name, inner
            else:
                yield from _figure_tables(inner, f"{name}.")
        elif isinstance(inner, list):
            tables = {str(at): item for at, item in enumerate(inner) if isinstance(item, Mapping)}
            yield from _figure_tables(tables, f"{name}.")


def _figure(name: str, facts: Mapping[str, Any], citations: Mapping[str, Citation]) -> Figure:
    return Figure(
        name=name,
        value=facts.get("value"),
        cite=citations.get(str(facts.get("cite", ""))),
        unit=facts.get("unit"),
        about=facts.get("about"),
        pending=bool(facts.get("pending", False)),
        needs=facts.get("needs"),
    )


def _edition_words(program: str, edition: str) -> str:
    return f"{PROGRAM_NAMES.get(program, program)} {edition}"


def _no_edition(program: str, edition: str, topic: str | None) -> NoRule:
    what = f" for {topic.replace('_', ' ')}" if topic else ""
    if not data_path("rules", program).is_dir():
        return NoRule(f"there are no rules of a program named {program}; there are: {', '.join(programs())}")
    present = editions(program, topic)
    if topic and not present:
        known = sorted({one.topic for one in every_file() if one.program == program and one.topic})
        told = f"; its topics are: {', '.join(known)}" if known else "; its rules are not divided into topics"
        return NoRule(f"the rules of {program} have no topic {topic}{told}")
    newest = f"the newest present is {present[-1]} (present: {', '.join(present)})" if present else "none is present"
    return NoRule(
        f"there are no rules{what} of {_edition_words(program, edition)}; {newest}; nothing carries over from "
        "another year\n  mend:  give a year that is present, or add the year's file with its citations"
    )


# --- checking -------------------------------------------------------------------------------------------------------


def check(evaluators: Mapping[str, Evaluator], only: Sequence[str] = ()) -> tuple[int, int]:
    """Prove that every figure is cited and every case holds; returns the counts of figures and of cases.

    `evaluators` gives for each word that a case's `of` may be the function that works it out; `only` names the programs
    to look at (none: all). Raises BadInput with
    every figure without citation, every citation without title or date, and every case that fails.
    """
    faults: list[Fault] = []
    figures = cases = 0
    for one in every_file():
        if only and one.program not in only:
            continue
        figures += len(one.figures)
        cases += len(one.cases)
        faults += _uncited(one)
        faults += [fault for case in one.cases if (fault := _case_fault(one, case, evaluators))]
    if faults:
        raise BadInput(faults)
    return figures, cases


@dataclass(frozen=True)
class Standing:
    """How well the figures of some rule files are known, in counts that add up to all figures."""

    confirmed: int
    excerpt: int
    pending: int


def standing(found: Iterable[RuleFile]) -> Standing:
    """Count figures whose passage was read, those met in an excerpt or report only, and those pending."""
    figures = [figure for one in found for figure in one.figures.values()]
    pending = sum(figure.pending for figure in figures)
    confirmed = sum(not f.pending and f.cite is not None and f.cite.seen == TEXT for f in figures)
    return Standing(confirmed, len(figures) - confirmed - pending, pending)


def _uncited(one: RuleFile) -> list[Fault]:
    where = str(one.label)
    faults = [
        Fault(
            kind="NoCitation",
            what=f"figure {found.name} has no citation",
            file=where,
            mend="add cite = KEY and the [cite.KEY] table",
        )
        for found in one.figures.values()
        if found.cite is None and not found.pending
    ]
    faults += [
        Fault(
            kind="NoReason",
            what=f"figure {found.name} is pending and does not say what is needed",
            file=where,
            mend='add needs = "..."',
        )
        for found in one.figures.values()
        if found.pending and not found.needs
    ]
    faults += [
        Fault(
            kind="BadCitation",
            what=f"citation {cited.key} lacks a title, or both its date and the day it was read",
            file=where,
            mend="add title, and dated or read_on",
        )
        for cited in one.citations.values()
        if not cited.title or not (cited.dated or cited.read_on)
    ]
    faults += [
        Fault(
            kind="UnknownCode",
            what=f"citation {cited.key} is seen = {cited.seen!r}, expected {TEXT} or {EXCERPT}",
            file=where,
            mend=f'write seen = "{TEXT}" only where the passage itself was read',
        )
        for cited in one.citations.values()
        if cited.seen not in {TEXT, EXCERPT}
    ]
    return faults


def _case_fault(one: RuleFile, case: Case, evaluators: Mapping[str, Evaluator]) -> Fault | None:
    evaluate = evaluators.get(case.of)
    if evaluate is None:
        return Fault(
            kind="UnknownCase",
            what=f'case "{case.name}" is of {case.of!r}; no arithmetic has that name',
            file=one.label,
            mend=f"use one of {', '.join(sorted(evaluators))}",
        )
    got = evaluate(one.edition, case.given)
    wrong = [
        f"{name} is {got.get(name)}, expected {want}"
        for name, want in case.expect.items()
        if not _same(got.get(name), want)
    ]
    if not wrong:
        return None
    return Fault(
        kind="CaseFails",
        what=f'case "{case.name}" does not hold: {"; ".join(wrong)} ({case.because})',
        file=one.label,
        mend="correct the figure, the case or the arithmetic",
    )


def _same(got: object, want: object) -> bool:
    if isinstance(got, int | Decimal) and isinstance(want, int | Decimal):
        return Decimal(got) == Decimal(want)
    return got == want


# --- comparing ------------------------------------------------------------------------------------------------------


def differences(program: str, old: str | int, new: str | int) -> list[str]:
    """What changed between two editions, one sentence per figure; raises NoRule if either is absent."""
    before = {one.topic: one for one in files(program, old)}
    after = {one.topic: one for one in files(program, new)}
    lines = []
    for topic in sorted(before.keys() | after.keys(), key=str):
        one, two = before.get(topic), after.get(topic)
        if one is None or two is None:
            lines.append(f"{topic}: only in {new if one is None else old}")
            continue
        names = list(dict.fromkeys([*one.figures, *two.figures]))
        lines += [
            line for name in names if (line := _difference(two.title, one.figures.get(name), two.figures.get(name)))
        ]
    return lines


def _difference(title: str, old: Figure | None, new: Figure | None) -> str | None:
    told = new or old
    if told is None or (old and new and (old.value, old.pending) == (new.value, new.pending)):
        return None
    what = told.about or told.name.replace("_", " ").replace(".", ", ")
    if old is None and new is not None:
        line = f"{what}: new, {new.words()}"
    elif new is None and old is not None:
        line = f"{what}: no longer ({old.words()} before)"
    else:
        line = f"{what}: {old.words() if old else ''} becomes {new.words() if new else ''}{_change(old, new)}"
    source = f" [{new.cite.title}]" if new and new.cite else ""
    return f"{title.split(',', maxsplit=1)[0]}: {line}{source}"


def _change(old: Figure | None, new: Figure | None) -> str:
    """The change in percent where both figures are numbers above zero that are not themselves dates or years."""
    if old is None or new is None or old.pending or new.pending or not (new.unit or "").startswith("USD"):
        return ""
    percent = (Decimal(new.value) / Decimal(old.value) - 1) * 100
    return f" ({'up' if percent > 0 else 'down'} {abs(percent):.1f} percent)"
