"""Publicly paid material and its license: a question for counsel, a pass, or not assessed.

Known funding under a rule, with a license that is not open, is a question with its grant, date, rule and checklist.
Funding that nobody states never passes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import pandas as pd
from dateutil import parser as dates

from infraplan.oer.licenses import read
from infraplan.resources import data_path, read_toml

COLUMNS = (
    "id",
    "title",
    "funding_source",
    "grant_number",
    "grant_date",
    "license_id",
    "answer",
    "why",
    "rule",
    "checklist",
)


YEAR_END = datetime(2000, 12, 31)  # noqa: DTZ001 - only its month and day are used


@dataclass(frozen=True)
class Rule:
    """One rule: whose money it reads in a funding source, from when, what it asked, what to check.

    `asks` is the answer of a license that must be yes.
    """

    rule_id: str
    pattern: re.Pattern[str]
    exempt: re.Pattern[str] | None
    starts: date
    what: str
    checklist: tuple[str, ...]
    citation: str
    asks: str = "oer"


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of `data/codes/public_funding.toml`."""
    told = read_toml(data_path("codes", "public_funding.toml"))
    return tuple(
        Rule(
            entry["id"],
            re.compile(entry["pattern"], re.IGNORECASE),
            re.compile(entry["not_pattern"], re.IGNORECASE) if "not_pattern" in entry else None,
            entry["starts"],
            entry["what"],
            tuple(entry["checklist"]),
            told["cite"][entry["cite"]]["title"],
            entry.get("asks", "oer"),
        )
        for entry in told["rule"]
    )


def assess(materials: pd.DataFrame) -> pd.DataFrame:
    """One row per material: columns `id, title, license` and, where known, `funding_source, grant_number, grant_date`.

    The answer is `question for counsel`, `pass` or `not assessed`.
    """
    return pd.DataFrame(
        [_assess({str(k): str(v) for k, v in row.items()}) for row in materials.to_dict("records")],
        columns=list(COLUMNS),
    )


def _assess(row: Mapping[str, str]) -> tuple[str, ...]:
    license_ = read(row.get("license", "")).license
    source, number, day = (row.get(name, "").strip() for name in ("funding_source", "grant_number", "grant_date"))
    head = (row["id"], row["title"], source, number, day, license_.license_id)
    if not source:
        return (*head, "not assessed", "who paid for it is not stated", "", "")
    rule = next(
        (one for one in rules() if one.pattern.search(source) and not (one.exempt and one.exempt.search(source))), None
    )
    if rule is None:
        return (*head, "not assessed", "no rule of this table reads on that money; others may", "", "")
    told = (rule.citation, "; ".join(rule.checklist))
    if getattr(license_.terms, rule.asks) == "yes":
        return (*head, "pass", "its license is open", *told)
    paid_on = _day(day)
    if paid_on is None:
        return (
            *head,
            "not assessed",
            f"{rule.what}, from {rule.starts.isoformat()}; the date of the grant is not stated",
            *told,
        )
    if paid_on < rule.starts:
        return (*head, "pass", f"the grant is older than the rule ({rule.starts.isoformat()})", *told)
    seen = f"the license seen is: {license_.name}" if license_.known else "no license is seen"
    return (*head, "question for counsel", f"{rule.what}; {seen}", *told)


def _day(written: str) -> date | None:
    """The day a cell names; a bare year or month means its end, so that a rule of that year is asked about."""
    try:
        return dates.parse(written, default=YEAR_END).date() if written else None
    except (ValueError, OverflowError):
        return None
