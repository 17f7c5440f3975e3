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
    titles = [_text_of(license_) if cite == "license" else str(book["cite"][cite]["title"]) for cite in cites]
    return Printing(own["answer"], sell, tuple(fact["why"] for fact in told), tuple(filter(None, titles)))


def _text_of(license_: License) -> str:
    """The text that says so: the legal codes for Creative Commons, else the license's own; none where none was given."""
    if license_.group in {"creative_commons", "public_domain"}:
        return str(table("printing")["cite"]["license"]["title"])
    return "" if license_.group in {"closed", "unknown"} else f"the text of {license_.name}"


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


def asked_by(license_: License) -> tuple[str, ...]:
    """The names of what the license asks, in its order: Attribution, NonCommercial, ShareAlike, NoDerivatives.

    A license that is not of that kind asks what it says itself; only the public domain asks nothing.

    >>> from infraplan.oer.license_book import by_spdx
    >>> asked_by(by_spdx("CC-BY-SA-4.0")), asked_by(by_spdx("CC0-1.0"))
    (('Attribution', 'ShareAlike'), ())
    """
    book = table("creative_commons")
    if not license_.elements and license_.group != "public_domain":
        alike = ("ShareAlike",) if license_.terms.share_alike == "yes" else ()
        return (*alike, f"what {license_.name} says: read it")
    return tuple(book["element"][one]["name"] for one in book["written"]["order"] if one in license_.elements)


def deed(license_: License) -> str:
    """The address of a Creative Commons license or tool; blank for others and where the version is not stated.

    >>> from infraplan.oer.license_book import by_spdx
    >>> deed(by_spdx("CC-BY-NC-SA-3.0-US"))
    'https://creativecommons.org/licenses/by-nc-sa/3.0/us/'
    """
    book = table("creative_commons")
    tools = {"CC0": "zero", "CC-PDM": "mark"}
    if license_.family in tools:
        return str(book["deed"][tools[license_.family]])
    if not license_.elements or license_.version is None or license_.parts:
        return ""
    elements = "-".join(element for element in book["written"]["order"] if element in license_.elements)
    port = f"{license_.jurisdiction}/" if license_.jurisdiction else ""
    return str(book["deed"]["address"].format(elements=elements, version=license_.version, port=port))


def attribution(title: str, license_: License, *, author: str = "", url: str = "") -> str:
    """A line to paste under copies: title, author, source, license with its address; what is missing is marked.

    >>> from infraplan.oer.license_book import by_spdx
    >>> attribution("Biology 2e", by_spdx("CC-BY-4.0"), author="OpenStax")
    '"Biology 2e" by OpenStax [add the address of the source] is licensed under CC BY 4.0, https://creativecommons.org/licenses/by/4.0/.'
    """
    by = f"by {author}" if author else "[add the author]"
    source = url or "[add the address of the source]"
    if license_.group == "public_domain":
        return f'"{title}" {by}, {source}, is in the public domain ({license_.name}).'
    address = deed(license_)
    name = license_.license_id
    if license_.elements:
        elements = "-".join(e.upper() for e in table("creative_commons")["written"]["order"] if e in license_.elements)
        parts = ["CC", elements, license_.version or "[add the version]", (license_.jurisdiction or "").upper()]
        name = " ".join(part for part in parts if part)
    return f'"{title}" {by} {source} is licensed under {name}{f", {address}" if address else ""}.'
