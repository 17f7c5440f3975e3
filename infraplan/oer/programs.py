"""Open programs known by name: their licenses where a source was read, the imprints that sell them, open publishers' works."""

import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from infraplan.oer.license_book import License, by_spdx, family
from infraplan.oer.sources.wording import fold
from infraplan.oer.titles import work_key
from infraplan.resources import data_path

SOURCED = ("verified", "secondary")


@dataclass(frozen=True)
class Program:
    """An open program: license id with its source, how sure (verified | secondary | recalled), grades."""

    program: str
    license: License
    confidence: str
    source: str
    as_of: str
    note: str
    grades: tuple[int, int]

    @property
    def sourced(self) -> bool:
        """Whether the license may be used: somebody read a source for it."""
        return self.confidence in SOURCED


@dataclass(frozen=True)
class Imprint:
    """A commercial name for an open program (`imprint`), or a name that only sounds like one (`lookalike`)."""

    parent_program: str
    relation: str
    note: str
    source: str


@cache
def _programs() -> tuple[tuple[re.Pattern[str], Program], ...]:
    told = pd.read_csv(data_path("codes", "programs.csv"), dtype=str, keep_default_na=False)
    return tuple(
        (
            re.compile(row["pattern"]),
            Program(
                row["program"],
                by_spdx(row["license_id"]) or family("LicenseRef-Unknown"),
                row["confidence"],
                row["source"],
                row["as_of"],
                row["note"],
                (int(row["low_grade"]), int(row["high_grade"])),
            ),
        )
        for row in told.to_dict("records")
    )


@cache
def program_named(text: str) -> Program | None:
    """The program a name means; the first pattern of the table that fits."""
    folded = _spaced(text)
    return next((program for pattern, program in _programs() if pattern.search(folded)), None) if folded else None


def _spaced(text: str) -> str:
    """Folded, with hyphens, commas and slashes as spaces: "6-8" and "6 8" are one name."""
    return re.sub(r"[-\u2013,/]", " ", fold(text.replace("\u00b2", " 2")))


@cache
def _imprints() -> tuple[tuple[re.Pattern[str], Imprint], ...]:
    told = pd.read_csv(data_path("codes", "imprints.csv"), dtype=str, keep_default_na=False)
    return tuple(
        (re.compile(row["pattern"]), Imprint(row["parent_program"], row["relation"], row["note"], row["source"]))
        for row in told.to_dict("records")
    )


@cache
def imprint_named(text: str) -> Imprint | None:
    """The imprint of an open program that a publisher and title name, if any."""
    folded = _spaced(text)
    return next((imprint for pattern, imprint in _imprints() if pattern.search(folded)), None)


@cache
def open_works() -> dict[str, str]:
    """Works of open publishers by their key (see `titles.work_key`), with their level."""
    told = pd.read_csv(data_path("codes", "open_works.csv"), dtype=str)
    return {work_key(title): level for title, level in zip(told["title"], told["level"], strict=True)}


@cache
def open_publishers() -> frozenset[str]:
    """Names of publishers whose own works are openly licensed, folded."""
    told = pd.read_csv(data_path("codes", "open_works.csv"), dtype=str)
    return frozenset(fold(name) for name in told["publisher"].unique())
