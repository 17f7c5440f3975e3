"""One report for a board: what is open, what could be, what licenses ask, what it would save, what nobody could tell.

`audit` gathers the parts as tables with words; pages and workbooks are drawn from them elsewhere. Every part says how many
of how many, and whatever was left out stands in the last part with its reason.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pandas as pd

from infraplan.oer.course_codes import caution, in_words, sced_of
from infraplan.oer.funding import assess
from infraplan.oer.licenses import read
from infraplan.oer.rights import asked_by, attribution, printing
from infraplan.oer.savings import CASES, Savings, worked_example
from infraplan.oer.sources.lists import FUNDING_COLUMNS, is_placeholder
from infraplan.oer.titles import read_title
from infraplan.resources import data_path, read_toml

MOST_CANDIDATES = 3
STANDING = ("on_state_list", "list_expires")
LEGAL = "Planning information, not legal advice; your counsel and your state's agency decide."
KNOWN_BESIDE = {
    "review_instrument": "Reviewed with",
    "review_result": "Result",
    "review_date": "On",
    "review_url": "Review",
    "wcag_conformance": "WCAG",
    "wcag_url": "WCAG report",
    "nimas": "NIMAS file",
    "languages": "Languages",
    "needs_student_login": "Student login",
    "collects_student_data": "Student data",
    "offline_mb": "Offline, MB",
}
CREDIT = ("resource_title", "resource_author", "resource_url")
_LONGEST_NAME = 20


@dataclass(frozen=True)
class Column:
    """One column of a part: its heading, how its cells are written (text | count | usd), and whether they count people."""

    name: str
    heading: str
    kind: Literal["text", "count", "usd"] = "text"
    people: bool = False


@dataclass(frozen=True)
class Part:
    """One question of the report: words, then a table. `file` names the CSV and the sheet."""

    file: str
    heading: str
    words: tuple[str, ...]
    columns: tuple[Column, ...]
    frame: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """The columns shown, in order."""
        return self.frame[[column.name for column in self.columns]]


@dataclass(frozen=True)
class Audit:
    """All parts in the order of the report, and the savings behind the workbook's formulas."""

    parts: tuple[Part, ...]
    savings: Savings
    lead: str


def audit(
    items: pd.DataFrame,
    catalog: pd.DataFrame,
    matched: pd.DataFrame,
    saved: Savings,
    covers: Sequence[dict[str, object]] = (),
    funded: pd.DataFrame | None = None,
    since: pd.DataFrame | None = None,
) -> Audit:
    """All parts of the report for a list, its catalogs, matches and savings.

    `covers` are the records of `oer coverage` answers, `funded` materials with their funding (see `funding.assess`),
    `since` what changed since the last report (see `standing.changed`).
    """
    listed = items[["item_id", "title", "course", "publisher"]].assign(
        course=items["course"].map(in_words), sced=_sced(items)
    )
    told = (
        matched.merge(listed, on="item_id", how="left")
        .merge(_records(catalog), on="resource_id", how="left")
        .fillna("")
    )
    parts = [_summary(items, told, saved), _already_open(told), *_alternatives(told), _for_a_person(told)]
    parts += [_changes(since, items)] if since is not None else []
    parts += [_coverage(_told_apart(covers)), *_programs(_told_apart(covers))] if covers else []
    parts += [_savings(saved, catalog), _assumptions(saved), _funds(), _public_money(funded), _not_assessed(told)]
    best = _best(told)
    open_now = int((best["outcome"] == "same_open").sum())
    could = int((best["outcome"] == "good").sum())
    lead = (
        f"Of {len(items):,} rows, {open_now:,} are openly licensed already and {could:,} more have an openly licensed text of "
        "the same course and level; its quality was not judged."
    )
    return Audit(tuple(parts), saved, lead)


def _records(catalog: pd.DataFrame) -> pd.DataFrame:
    first = catalog.drop_duplicates("resource_id")
    author = first["author"].where(first["author"] != "", first["publisher"])  # who is credited
    return (
        first[["resource_id", "title", "license", "url"]]
        .assign(resource_author=author)
        .rename(columns={"title": "resource_title", "license": "license_stated", "url": "resource_url"})
    )


def _sced(items: pd.DataFrame) -> pd.Series:
    """The SCED code of each row's course; of its title where the list names no course and the title says nothing else."""
    by_title = items["title"].map(lambda title: sced_of(title) if read_title(title).strict else "")
    return items["course"].map(sced_of).where(items["course"].str.strip() != "", by_title)


def _best(told: pd.DataFrame) -> pd.DataFrame:
    return told.drop_duplicates("item_id")


# --- parts ---------------------------------------------------------------------------------------------------------


def _summary(items: pd.DataFrame, told: pd.DataFrame, saved: Savings) -> Part:
    placeholders = int(items["title"].map(is_placeholder).sum())
    materials = len(items) - placeholders
    outcome = _best(told)["outcome"].value_counts()
    counted = int((saved.table["counted"] == "yes").sum())
    priced = int((saved.table["price_usd"] != "").sum())
    rows = [
        ("rows of the list", len(items), len(items)),
        ("rows that name a material", materials, len(items)),
        ("rows with a price", priced, materials),
        ("already openly licensed", int(outcome.get("same_open", 0)), materials),
        ("with an open text of the same course and level (quality not judged)", int(outcome.get("good", 0)), materials),
        ("with an open text that fits in part", int(outcome.get("partial", 0)), materials),
        ("for a person to look at", int(outcome.get("review", 0)), materials),
        ("without an open text", int(outcome.get("no", 0)) - placeholders, materials),
        ("counted in the savings", counted, materials),
    ]
    columns = (Column("what", "What"), Column("number", "Number", "count"), Column("of", "Of", "count"))
    return Part("summary", "In short", (LEGAL,), columns, pd.DataFrame(rows, columns=["what", "number", "of"]))


def _already_open(told: pd.DataFrame) -> Part:
    frame = told[told["outcome"] == "same_open"].drop_duplicates("item_id")
    words = (
        f"{len(frame):,} {'row is' if len(frame) == 1 else 'rows are'} an open publisher's own work. Nothing is saved by "
        "replacing them; check the edition."
        if len(frame)
        else "No row is seen to be an open publisher's own work.",
    )
    columns = (
        Column("item_id", "Row"),
        Column("title", "On the list"),
        Column("resource_title", "Open work"),
        Column("license_id", "License"),
        Column("reasons", "Why"),
    )
    return Part("already_open", "Already open", words, columns, frame)


def _alternatives(told: pd.DataFrame) -> list[Part]:
    """The alternatives, what the license of each open text asks, and what is known of its access; the last two by text."""
    open_already = told.loc[told["outcome"] == "same_open", "item_id"]
    may = told["outcome"].isin(["good", "partial"]) & ~told["item_id"].isin(open_already)
    frame = told[may].groupby("item_id", sort=False).head(MOST_CANDIDATES)
    standing = tuple(Column(name, name.replace("_", " ").capitalize()) for name in STANDING if name in frame)
    columns = (
        Column("item_id", "Row"),
        Column("title", "On the list"),
        Column("course", "Course"),
        Column("sced", "SCED code"),
        Column("outcome", "Fit"),
        Column("resource_title", "Open text"),
        Column("license_id", "License"),
        Column("license_from", "License seen in"),
        *standing,
        Column("reasons", "Why"),
    )
    words = (
        f'Up to {MOST_CANDIDATES} texts for each of {frame["item_id"].nunique():,} rows. "good" means the same course and '
        'level and an open license; quality was not judged. What is not known is written "unknown", which is never a pass.',
        *([caution()] if (frame["sced"] != "").any() else []),
    )
    texts = frame.drop_duplicates("resource_id")
    return [Part("alternatives", "Open alternatives", words, columns, frame), _duties(texts), _access(texts)]


def _duties(texts: pd.DataFrame) -> Part:
    facts = [
        _license_facts(*map(str, cells))
        for cells in zip(*(texts[name] for name in ("license_id", *CREDIT)), strict=True)
    ]
    extra = pd.DataFrame(facts, columns=["duties", "print", "sell", "attribution"], index=texts.index)
    columns = (
        Column("resource_title", "Open text"),
        Column("license_id", "License"),
        Column("duties", "What it asks"),
        Column("print", "Print for school"),
        Column("sell", "Sell at a profit"),
        Column("attribution", "Attribution line to paste"),
    )
    words = (
        "A school may have a copy shop print for its own use. [Brackets] in an attribution line are still to be filled.",
    )
    return Part("duties", "What their licenses ask", words, columns, pd.concat([texts, extra], axis=1))


def _access(texts: pd.DataFrame) -> Part:
    """Texts of which a catalog or list says anything beyond the license; the others are counted in the words."""
    named = [*KNOWN_BESIDE]
    stated = {name: texts[name].replace("", "unknown") if name in texts else "unknown" for name in named}
    frame = texts.assign(**stated)
    known = frame[(frame[named] != "unknown").any(axis=1)]
    words = (
        f"Of {len(frame):,} texts, the catalogs and lists given say something of {len(known):,}. Of the others nothing is "
        "stated: reviews, WCAG conformance, NIMAS files, languages, student login, student data and offline size are "
        "unknown, which is never a pass; ask the publisher before you adopt.",
    )
    columns = (
        Column("resource_title", "Open text"),
        *(Column(name, heading) for name, heading in KNOWN_BESIDE.items()),
    )
    return Part("access", "Review, access and privacy", words, columns, known)


def _license_facts(license_id: str, title: str, author: str, url: str) -> tuple[str, str, str, str]:
    license_ = read(license_id).license
    paper = printing(license_)
    return (
        ", ".join(asked_by(license_)) or "nothing",
        paper.print_for_school,
        paper.sell_at_profit,
        attribution(title, license_, author=author, url=url),
    )


def _for_a_person(told: pd.DataFrame) -> Part:
    frame = _best(told)
    frame = frame[frame["outcome"] == "review"]
    words = (
        f"{_rows(len(frame))} a person: a paid imprint of an open program, or a license nobody saw. A paid service on "
        "open content is not waste; find out what is paid for.",
    )
    columns = (
        Column("item_id", "Row"),
        Column("title", "On the list"),
        Column("publisher", "Publisher"),
        Column("resource_title", "Open text"),
        Column("paying_for", "Paying for"),
        Column("reasons", "Why"),
    )
    return Part("for_a_person", "For a person to look at", words, columns, frame)


def _rows(number: int) -> str:
    return "1 row needs" if number == 1 else f"{number:,} rows need"


def _changes(since: pd.DataFrame, items: pd.DataFrame) -> Part:
    frame = since.merge(items[["item_id", "title"]].drop_duplicates("item_id"), on="item_id", how="left").fillna("")
    frame = frame.assign(was=frame["was"].replace("", "not there"), now=frame["now"].replace("", "not there"))
    words = (f"{len(frame):,} outcomes of {frame['item_id'].nunique():,} rows are not those of the last report.",)
    columns = (
        Column("item_id", "Row"),
        Column("title", "On the list"),
        Column("resource_id", "Open text"),
        Column("was", "Was"),
        Column("now", "Is now"),
    )
    return Part("changes", "What changed since the last report", words, columns, frame)


def _told_apart(covers: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Answers for one course (a lead program, a mixture) are told apart by their folders."""
    times = Counter(str(one.get("name", "")) for one in covers)
    return [
        one | {"name": f"{one['name']} ({one['folder']})"} if times[str(one.get("name", ""))] > 1 else one
        for one in covers
    ]


def _coverage(covers: Sequence[dict[str, object]]) -> Part:
    rows = [
        (
            str(one.get("name", "")),
            sced_of(str(one.get("name", ""))),
            str(one.get("lead_program") or "a mixture"),
            one.get("lead_covers", ""),
            str(one.get("supplements", "")),
            one.get("standards_covered"),
            one.get("standards_wanted"),
            str(one.get("wanted_set", "")),
            _proof(one),
            str(one.get("uncovered", "")),
        )
        for one in covers
    ]
    names = ["course", "sced", "lead", "alone", "supplements", "covered", "wanted", "set", "proof", "uncovered"]
    columns = (
        Column("course", "Course"),
        Column("sced", "SCED code"),
        Column("lead", "Led by"),
        Column("alone", "It covers", "count"),
        Column("supplements", "Supplements that close its gaps"),
        Column("covered", "Standards covered", "count"),
        Column("wanted", "Of", "count"),
        Column("set", "Which standards"),
        Column("proof", "How sure"),
        Column("uncovered", "Not covered"),
    )
    words = (
        'An alignment to one framework is not an alignment to another. "assumed" means that the course\'s whole standard set '
        "was taken, because the item's own correlation was not given.",
    )
    return Part("coverage", "Standards covered", words, columns, pd.DataFrame(rows, columns=names))


def _programs(covers: Sequence[dict[str, object]]) -> list[Part]:
    """For each course a table of its standards by program, up to four programs side by side."""
    parts: list[Part] = []
    for one in covers:
        table = one.get("programs")
        if not isinstance(table, pd.DataFrame) or len(table.columns) == 1:
            continue
        name = re.sub(r"[^a-z0-9]+", "_", str(one.get("name", "")).lower()).strip("_")[:_LONGEST_NAME]
        file = f"standards_{name}"
        taken = sum(part.file.startswith(file) for part in parts)
        words = (
            "How many resources of each program cover a standard; 0 is a gap of that program. Programs that cover most "
            "come first.",
        )
        columns = (Column("code", "Standard"), *(Column(str(c), str(c), "count") for c in table.columns[1:]))
        heading = f"Standards by program: {one.get('name', '')}"
        parts.append(Part(f"{file}_{taken + 1}" if taken else file, heading, words, columns, table))
    return parts


def _proof(one: dict[str, object]) -> str:
    gap = one.get("gap")
    if one.get("status") == "optimal" or not isinstance(gap, float | int):
        return "proved best" if one.get("status") == "optimal" else "not proved"
    return f"proved within {gap:.1%} of the best"


def _savings(saved: Savings, catalog: pd.DataFrame) -> Part:
    yearly = " / ".join(dollars(saved.yearly[case]) for case in CASES)
    first = " / ".join(dollars(saved.year_one[case]) for case in CASES)
    words = (
        f"Net saving a year, low / middle / high: {yearly}. Net cash of the first year: {first}. A negative figure is a cost.",
        *(f"Break-even, {name.replace('_', ' ')}: {said}." for name, said in saved.break_even),
        *worked_example(saved),
    )
    money = [Column(f"saving_{case}_usd_year", f"{case.capitalize()} a year", "usd") for case in CASES]
    money += [Column(f"year_one_{case}_usd", f"{case.capitalize()}, year one", "usd") for case in CASES]
    columns = (
        Column("item_id", "Row"),
        Column("title", "On the list"),
        Column("resource_title", "Open text"),
        Column("students", "Students", "count", people=True),
        Column("price_usd", "Price", "usd"),
        *money,
    )
    titles = catalog.drop_duplicates("resource_id").set_index("resource_id")["title"]
    frame = saved.table[saved.table["counted"] == "yes"]
    frame = frame.assign(resource_title=frame["resource_id"].map(titles).fillna(frame["resource_id"]))
    return Part("savings", "What it would save", words, columns, frame)


def dollars(amount: Decimal) -> str:
    """An amount as people write it.

    >>> dollars(Decimal("-1234.5"))
    '-$1,234.50'
    """
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def _assumptions(saved: Savings) -> Part:
    rows = [
        (
            one.name.replace("_", " "),
            one.about,
            *(str(one.amounts[case]) for case in CASES),
            one.unit,
            one.source or "none found",
            one.ours or "",
        )
        for one in saved.assumptions
    ]
    names = ["name", "about", *CASES, "unit", "source", "ours"]
    columns = (
        Column("name", "Assumption"),
        Column("about", "Meaning"),
        Column("low", "Low saving"),
        Column("middle", "Middle"),
        Column("high", "High saving"),
        Column("unit", "Unit"),
        Column("source", "Source"),
        Column("ours", "Our judgment"),
    )
    return Part(
        "assumptions",
        "What the savings assume",
        ("Replace any of these with your own: --assumptions FILE.toml.",),
        columns,
        pd.DataFrame(rows, columns=names),
    )


def _funds() -> Part:
    told = read_toml(data_path("codes", "oer_funds.toml"))
    rows = [(one["name"], one["may_pay_for"], one["mind"], told["cite"][one["cite"]]["title"]) for one in told["fund"]]
    columns = (
        Column("name", "Fund"),
        Column("may_pay_for", "May pay for"),
        Column("mind", "Mind"),
        Column("source", "Source"),
    )
    words = ("Options to ask about, not claims: none of this is counted above, and the program's officer decides.",)
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    return Part("funds", "Money to ask about", words, columns, frame)


def _public_money(funded: pd.DataFrame | None) -> Part:
    frame = assess(funded) if funded is not None else assess(pd.DataFrame(columns=["id", "title", "license"]))
    asked = int((frame["answer"] == "question for counsel").sum())
    known = frame[frame["funding_source"] != ""]
    words = (
        f"{asked:,} questions for counsel among {len(known):,} materials whose funding is stated; {len(frame) - len(known):,} "
        "are not assessed, because who paid is not stated. Unknown funding never passes.",
    )
    columns = (
        Column("id", "Material"),
        Column("title", "Title"),
        Column("answer", "Answer"),
        Column("why", "Why"),
        Column("funding_source", "Paid by"),
        Column("grant_number", "Grant"),
        Column("grant_date", "Date"),
        Column("license_id", "License"),
        Column("rule", "Rule"),
        Column("checklist", "To check"),
    )
    return Part("questions", "Publicly paid, not openly licensed: questions for counsel", words, columns, known)


def _not_assessed(told: pd.DataFrame) -> Part:
    frame = _best(told)
    frame = frame[frame["outcome"] == "no"]
    words = (f"{len(frame):,} rows have no open alternative here, or could not be assessed.",)
    columns = (
        Column("item_id", "Row"),
        Column("title", "On the list"),
        Column("course", "Course"),
        Column("sced", "SCED code"),
        Column("reasons", "Why"),
    )
    return Part("not_assessed", "Without an alternative, or not assessed", words, columns, frame)


def material_funding(rows: pd.DataFrame) -> pd.DataFrame:
    """The materials of a list with who paid for them, from its rows as `sources.lists.read_funding` gives them."""
    named = rows[~rows["title"].map(is_placeholder)]
    return named.rename(columns={"item_id": "id"})[["id", "title", *FUNDING_COLUMNS]]


def coverage_record(folder: Path) -> dict[str, object]:
    """What `oer coverage` wrote into a folder, with the standards left uncovered in one cell.

    `name` is the course the answer is for; the folder's where an item's own correlation was covered and no course is named.
    """
    told: dict[str, object] = json.loads((folder / "solution.json").read_text(encoding="utf-8"))
    left, used, programs = (
        pd.read_csv(folder / name, dtype=str, keep_default_na=False).drop(columns="stamp", errors="ignore")
        for name in ("uncovered.csv", "cover.csv", "programs.csv")
    )
    lead = told.get("lead_program")
    alone = int((programs[lead] != "0").sum()) if lead in programs else ""
    return told | {
        "name": str(told.get("course") or folder.name),
        "folder": folder.name,
        "uncovered": ", ".join(left["code"]) or "none",
        "supplements": ", ".join(used.loc[used["role"] == "supplement", "resource_id"]) or "none",
        "lead_covers": alone,
        "programs": programs,
    }
