"""Where a workspace stands: files and their age, the rule year, what it can answer, what is missing and where to get it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from infraplan import rules, states
from infraplan.arrivals import sources
from infraplan.errors import NoRule
from infraplan.receipts import Receipt
from infraplan.resources import data_path, read_toml
from infraplan.workspace import Workspace

_OLD_MONTHS = 24
_MONTHS_IN_YEAR = 12


@dataclass(frozen=True)
class Capability:
    """A question that a workspace may answer: `needs` are groups of tables, one of each group is enough."""

    id: str
    question: str
    command: str
    needs: tuple[tuple[str, ...], ...]

    def missing(self, workspace: Workspace) -> list[tuple[str, ...]]:
        """The groups of which no table is loaded."""
        return [group for group in self.needs if not any(workspace.has(table) for table in group)]


def capabilities() -> list[Capability]:
    """Every question, in the order of `data/capabilities.toml`."""
    told = read_toml(data_path("capabilities.toml"))["capability"]
    return [
        Capability(one["id"], one["question"], one["command"], tuple(tuple(group) for group in one["needs"]))
        for one in told
    ]


def words(workspace: Workspace) -> str:
    """The whole status as text."""
    state = states.by_usps(workspace.config.state)
    lines = [
        f"{state.name} ({state.usps}), funding year {workspace.config.funding_year}, in {workspace.folder}",
        f"rules     {_rule_words(workspace)}",
        f"deadline  {next_deadline(workspace.config.funding_year, datetime.now().astimezone().date())}",
        "",
        *_file_lines(workspace),
        "",
        *_answer_lines(workspace),
    ]
    return "\n".join(lines)


def _rule_words(workspace: Workspace) -> str:
    year = workspace.config.funding_year
    try:
        files = rules.files("erate", year)
    except NoRule as missing:
        return str(missing).splitlines()[0]
    pending = sum(figure.pending for one in files for figure in one.figures.values())
    more = f", {pending} figures pending (`infraplan rules show {year}`)" if pending else ""
    return f"E-Rate funding year {year}{more}; homes: bead-2022, terrestrial"


def next_deadline(funding_year: int, today: date) -> str:
    """The next dated deadline in the rules of this funding year and the one after it, in words."""
    ahead: list[tuple[date, str]] = []
    waiting: list[str] = []
    for year in (funding_year, funding_year + 1):
        try:
            calendar = rules.load("erate", year, "calendar")
        except NoRule:
            continue
        for figure in calendar.figures.values():
            about = f"FY{year}: {figure.about or figure.name}"
            if figure.pending:
                waiting.append(about)
            elif isinstance(figure.value, date) and figure.value >= today:
                ahead.append((figure.value, about))
    if ahead:
        when, about = min(ahead)
        return f"{when}, {about}"
    more = f"; not announced or not sourced yet: {waiting[0]}" if waiting else ""
    return f"none known in the rules of FY{funding_year} and FY{funding_year + 1}{more}"


def _file_lines(workspace: Workspace) -> list[str]:
    receipts = workspace.receipts()
    if not receipts:
        return ["no files yet: infraplan data add FILE..."]
    current = {part.receipt_id for part in workspace.catalog if workspace.is_current(part)}
    lines = [f"{len(receipts)} files"]
    for one in receipts:
        rows = ", ".join(f"{count:,} {table}" for table, count in one.tables.items())
        lines.append(
            f"  {one.file}: {rows}; as of {one.as_of or 'unknown date'}{_age(one)}"
            f"{'' if one.receipt_id in current else '; not current, a newer file counts'}"
        )
    return lines


def _age(receipt: Receipt) -> str:
    months = age_months(receipt.as_of, date.fromisoformat(receipt.added_at[:10]))
    return (
        f" ({months // _MONTHS_IN_YEAR} years old when added)" if months is not None and months >= _OLD_MONTHS else ""
    )


def age_months(as_of: str | None, today: date) -> int | None:
    """Whole months between a date (or a year, or a month) and today; None where it is not known.

    >>> age_months("2024", date(2026, 3, 1)), age_months("2025-12-31", date(2026, 1, 15))
    (26, 0)
    """
    if not as_of:
        return None
    parts = [int(part) for part in as_of.split("-")]
    year, month, day = (*parts, 1, 1)[0], (*parts[1:], 1)[0], (*parts[2:], 1)[0]
    months = (today.year - year) * _MONTHS_IN_YEAR + today.month - month - (today.day < day)
    return max(0, months)


def _answer_lines(workspace: Workspace) -> list[str]:
    ready, lacking = [], []
    for one in capabilities():
        missing = one.missing(workspace)
        if missing:
            lacking.append(f"  {one.question}")
            lacking += [f"      needs {_group_words(group)}" for group in missing]
        else:
            ready.append(f"  {one.question}\n      {one.command}")
    lines = ["can be answered now", *(ready or ["  nothing yet"])]
    if lacking:
        lines += ["", "not yet", *lacking]
    return lines


def _group_words(group: Sequence[str]) -> str:
    return ", or ".join(_table_words(table) for table in group)


def _table_words(table: str) -> str:
    source = next((one for one in sources().values() if table in one.tables), None)
    if source is None:
        return f"{table} (a file of the state's own: infraplan tables {table})"
    where = f": {source.landing}" if source.landing else ""
    return f"{source.title}{where}"
