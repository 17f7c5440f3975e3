"""What a license lets a school do with paper: print, have printed, sell. Facts and court cases, not legal advice."""

from dataclasses import dataclass

from infraplan.oer.license_book import License, table


@dataclass(frozen=True)
class Printing:
    """`print_for_school` and `sell_at_profit` in yes | no | review | unknown, with the reasons and citations."""

    print_for_school: str
    sell_at_profit: str
    why: tuple[str, ...]
    citations: tuple[str, ...]


def printing(license_: License) -> Printing:
    """May a school print this, a paid copy shop included, for its own use; may copies be sold at a profit?

    >>> from infraplan.oer.license_book import by_spdx
    >>> printing(by_spdx("CC-BY-NC-SA-4.0")).print_for_school
    'yes'
    """
    book = table("printing")
    kind = _kind(license_)
    own = book["print_for_school"][kind]
    told = [own]
    sell = license_.terms.commercial
    if kind == "noncommercial":
        told.append(book["sell_at_profit"]["noncommercial"])
        sell = told[-1]["answer"]
    cites = dict.fromkeys(cite for fact in told for cite in fact["cite"])
    return Printing(
        own["answer"], sell, tuple(fact["why"] for fact in told), tuple(book["cite"][cite]["title"] for cite in cites)
    )


def _kind(license_: License) -> str:
    if not license_.known:
        return "unknown"
    if license_.group in {"closed", "custom"}:
        return license_.group
    return "noncommercial" if license_.terms.commercial == "no" else "open"


def duties(license_: License) -> tuple[str, ...]:
    """What the user must do, in the license's order: credit, no sale, share alike, no changes."""
    book = table("creative_commons")
    asked = [element for element in book["written"]["order"] if element in license_.elements]
    return tuple(book["element"][element]["duty"] for element in asked)
