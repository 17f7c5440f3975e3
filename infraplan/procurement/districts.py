"""USAC's numbers and NCES's: which district with a boundary an applicant is, by a crosswalk or by the codes it filed."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from infraplan.identifiers import LEA_DIGITS, SCHOOL_DIGITS

_KINDS = ("School District", "School")


@dataclass(frozen=True)
class Match:
    """NCES district numbers by BEN, with how many applicants each way found, and what was found of either side."""

    leas: Mapping[str, str]
    by_crosswalk: int
    by_filed_codes: int
    applicants: int
    districts: int

    def words(self) -> str:
        """The match rate as a sentence."""
        here = len(set(self.leas.values()))
        return (
            f"{len(self.leas):,} of {self.applicants:,} district applicants are matched to a district with a boundary "
            f"({self.by_crosswalk:,} by the crosswalk, {self.by_filed_codes:,} by the NCES codes they filed); "
            f"{here:,} of {self.districts:,} districts have an applicant"
        )


def match(
    tables: Mapping[str, pd.DataFrame], known: Collection[str], fips: str, crosswalk: Mapping[str, str] | None = None
) -> Match:
    """Match districts and schools that applied to the districts `known` (NCES numbers) of the state `fips`.

    The crosswalk goes first, then the codes filed, and of these the applicant's own before those of its schools. The
    rate counts districts; a school outside a district counts among the found only.
    """
    kinds = _applicants(tables)
    filed = _filed(tables.get("applicant_sites"), fips, frozenset(known))
    told = {ben: lea for ben, lea in (crosswalk or {}).items() if ben in kinds and lea in known}
    by_code = {ben: lea for ben, lea in filed.items() if ben in kinds and ben not in told}
    districts = {ben for ben, kind in kinds.items() if kind == _KINDS[0]}
    found = {**told, **by_code}
    # a school's code names the district it lies in: only a district applicant may stand for the whole district
    leas = {ben: lea for ben, lea in sorted(found.items()) if ben in districts or ben in told}
    return Match(
        leas,
        len(told),
        len(leas.keys() - told.keys()),
        len(districts | leas.keys()),
        len(set(known)),
    )


def _applicants(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """What each applicant or consortium member is, by BEN: districts and schools only."""
    kinds: dict[str, str] = {}
    for name, ben, kind in (("applicant_sites", "parent_ben", "parent_type"), ("applications", "ben", "applicant_type"),
                            ("c2_spending", "ben", "applicant_type")):  # fmt: skip
        if name in tables and kind in tables[name]:
            some = tables[name][tables[name][kind].isin(_KINDS)].sort_values(kind, kind="stable")
            kinds |= dict(zip(some[ben], some[kind], strict=True))
    return kinds


def _filed(sites: pd.DataFrame | None, fips: str, known: Collection[str]) -> dict[str, str]:
    """The district that most of an applicant's filed codes name; none where two are named as often."""
    if sites is None:
        return {}
    found: dict[str, str] = {}
    for column in ("nces_code", "parent_nces_code"):  # the applicant's own code overrules its schools'
        if column not in sites:
            continue
        pairs = sites.loc[sites[column].notna(), ["parent_ben", column]].drop_duplicates()
        votes: dict[str, Counter[str]] = {}
        for ben, code in pairs.itertuples(index=False):
            lea = next((one for one in candidates(str(code), fips) if one in known), None)
            if lea is not None:
                votes.setdefault(ben, Counter())[lea] += 1
        for ben, counter in votes.items():
            first, *rest = counter.most_common(2)
            if not rest or first[1] > rest[0][1]:
                found[ben] = first[0]
    return found


def candidates(code: str, fips: str) -> list[str]:
    """District numbers of a state that a filed NCES code may mean: whole, a school's, without a zero or the state.

    >>> candidates("0807350", "08"), candidates("08062701101", "08"), candidates("14700", "23"), candidates("1", "23")
    (['0807350'], ['0806270'], ['2314700'], [])
    """
    digits = re.sub(r"\D", "", code)
    district, school = LEA_DIGITS - len(fips), SCHOOL_DIGITS - LEA_DIGITS
    found = []
    if len(digits) in (district, district + school):
        found.append(fips + digits[:district])
    whole = [length for length in (LEA_DIGITS, SCHOOL_DIGITS) if len(digits) in (length, length - 1)]
    found += [digits.zfill(length)[:LEA_DIGITS] for length in whole]
    if len(digits) == SCHOOL_DIGITS - 1:  # the school's part lost a zero, not the state's
        found.append(digits[:LEA_DIGITS])
    return [lea for lea in dict.fromkeys(found) if lea.startswith(fips)]
