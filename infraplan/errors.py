"""The error tree: every refusal says what is wrong, where, and how to mend it.

The library raises these; the command line turns any of them into one plain message on standard error and exit code 1.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

MOST_EXAMPLES_SHOWN = 5
MOST_GROUPS_SHOWN = 40
MOST_OF_A_COLUMN = 200
"""Faults kept of one column or kind; a file with more is wrong as a whole."""


class InfraplanError(Exception):
    """Base of all refusals; its text is a message for a planner."""


class BadInput(InfraplanError):  # noqa: N818 - faults are nouns in this project
    """One or more input files cannot be used; carries every fault found, not only the first."""

    def __init__(self, faults: "Iterable[Fault]") -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(describe(self.faults))


class NoAnswer(InfraplanError):  # noqa: N818
    """The question is well put and has no answer (infeasible, nothing found in time, nothing loaded)."""


class NoRule(InfraplanError):  # noqa: N818
    """A rule for that program, year or figure does not exist here, or is announced and not yet sourced."""


class NoTable(NoAnswer):
    """A command needs a table that no file has been loaded for."""


class NoWorkspace(InfraplanError):  # noqa: N818
    """The directory is not an infraplan workspace."""


class WorkspaceBusy(InfraplanError):  # noqa: N818
    """Another command is writing to the workspace."""


class NoCrs(InfraplanError):  # noqa: N818
    """A geometry file does not say which reference system its coordinates are in."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with an input.

    `kind` is a noun (MissingColumn, UnknownCode, OutOfRange, DuplicateKey, ...); faults of one kind, file and
    column are printed together. `row` is the line number as a spreadsheet shows it, the header being line 1. `count` is how many
    rows this fault stands for where only an example is given; `line` is the row as its author wrote it. `about` says that
    the row could not be found again in the file and may be some lines off.
    """

    kind: str
    what: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    mend: str | None = None
    count: int = 1
    line: str | None = None
    about: bool = False


def in_their_words(faults: Iterable[Fault], names: Mapping[str, str]) -> list[Fault]:
    """Faults of cells with the file's own header before ours, which `names` gives by ours.

    >>> fault = Fault(kind="OutOfRange", what="down_mbps is -1, expected 0 or more", column="down_mbps")
    >>> in_their_words([fault], {"down_mbps": "MaxAdDown"})[0].what
    'MaxAdDown is -1, expected 0 or more'
    """
    told = []
    for fault in faults:
        theirs = names.get(fault.column or "")
        if theirs is None or theirs == fault.column:
            told.append(fault)
            continue
        what = re.sub(rf"\b{re.escape(fault.column or '')}\b", lambda _, theirs=theirs: theirs, fault.what, count=1)  # type: ignore[misc]
        told.append(replace(fault, what=what, column=f"{theirs} (our {fault.column})"))
    return told


@dataclass
class Faults:
    """A list of faults under way: gather with `add`, then `raise_if_any`."""

    found: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Keep one more fault."""
        self.found.append(fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Keep several more faults."""
        self.found.extend(faults)

    def raise_if_any(self) -> None:
        """Raise BadInput with everything gathered, or return if nothing was."""
        if self.found:
            raise BadInput(self.found)


def describe(faults: Sequence[Fault]) -> str:
    """All faults as text: one block per kind, file and column, with counts and the first examples.

    >>> print(describe([Fault(kind="OutOfRange", what="rate is 104, expected 0 to 100", file="a.csv", row=17,
    ...     column="rate", value="104", mend="give whole percent")]))
    rate is 104, expected 0 to 100
      where: a.csv, row 17, column rate
      mend:  give whole percent
    """
    groups: dict[tuple[str | None, ...], list[Fault]] = {}
    for fault in faults:
        # faults of cells are examples of one another; any other two are alike only if they say the same
        alike = None if fault.column else fault.what
        groups.setdefault((fault.kind, fault.file, fault.column, alike), []).append(fault)
    blocks = [_block(group) for group in list(groups.values())[:MOST_GROUPS_SHOWN]]
    if len(groups) > MOST_GROUPS_SHOWN:
        blocks.append(f"... and {len(groups) - MOST_GROUPS_SHOWN} more kinds of fault")
    total = sum(fault.count for fault in faults)
    if total > 1:
        blocks.append(f"{total:,} faults in all; nothing with a fault was taken.")
    return "\n".join(blocks)


def _block(group: list[Fault]) -> str:
    total = sum(fault.count for fault in group)
    lines = [group[0].what]
    if total > 1:
        lines[0] += f" ({total:,} such rows)"
    told = group[0].what
    for fault in group[:MOST_EXAMPLES_SHOWN]:
        if place := _place(fault, told):
            lines.append(f"  where: {place}")
        if fault.line:
            lines.append(f"         the line reads: {fault.line}")
    if len(group) > MOST_EXAMPLES_SHOWN:
        lines.append(f"  ... and {total - MOST_EXAMPLES_SHOWN:,} more")
    mends = dict.fromkeys(fault.mend for fault in group if fault.mend)
    lines.extend(f"  mend:  {mend}" for mend in mends)
    return "\n".join(lines)


def _place(fault: Fault, told: str) -> str:
    """Where a fault is, with its value where the sentence `told` does not hold it."""
    parts = []
    if fault.file:
        parts.append(fault.file)
    if fault.row is not None:
        parts.append(f"{'about ' if fault.about else ''}row {fault.row:,}")
    if fault.column:
        parts.append(f"column {fault.column}")
    place = ", ".join(parts)
    return f"{place}: {fault.value!r}" if fault.value is not None and fault.value not in told else place
