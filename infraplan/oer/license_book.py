"""What is known of each license: read from `data/licenses/`, asked by the readers of words and addresses.

A license here is a family (CC-BY-NC-SA, GFDL, ...), a version or None, a jurisdiction or None, and five answers in
yes | no | review | unknown. Nothing is guessed: a version that is not written stays None.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from license_expression import get_spdx_licensing

from infraplan.resources import data_path, read_toml

ANSWERS = ("yes", "no", "review", "unknown")
FIELDS = ("oer", "open_definition", "adapt", "commercial", "share_alike")
UNKNOWN = "LicenseRef-Unknown"


@dataclass(frozen=True)
class Terms:
    """Five answers: is it OER, open by the Open Definition, may one adapt it, sell it, must one share alike."""

    oer: str
    open_definition: str
    adapt: str
    commercial: str
    share_alike: str

    def answers(self) -> tuple[str, ...]:
        """The five in the order of FIELDS."""
        return (self.oer, self.open_definition, self.adapt, self.commercial, self.share_alike)


@dataclass(frozen=True)
class License:
    """One license. `parts` holds the licenses a combination is made of; `elements` those of Creative Commons."""

    license_id: str
    family: str
    terms: Terms
    name: str
    group: str
    version: str | None = None
    jurisdiction: str | None = None
    spdx_id: str | None = None
    elements: frozenset[str] = frozenset()
    note: str = ""
    parts: tuple["License", ...] = ()
    choice: bool = False

    @property
    def known(self) -> bool:
        """Whether a license was seen at all."""
        return self.group != "unknown"


@cache
def _table(name: str) -> dict[str, Any]:
    return read_toml(data_path("licenses", f"{name}.toml"))


def table(name: str) -> dict[str, Any]:
    """One file of `data/licenses/`, read once."""
    return _table(name)


@cache
def spdx_ids() -> Mapping[str, str]:
    """Every SPDX id the license-expression library knows, keyed by its lower-case form."""
    known: Mapping[str, object] = get_spdx_licensing().known_symbols
    return {key.lower(): key for key in known if not key.startswith("LicenseRef-")}


def _terms(told: str | Mapping[str, str]) -> Terms:
    answers = table("families")["terms"][told] if isinstance(told, str) else told
    return Terms(**answers)


def creative_commons(elements: Iterable[str], version: str | None = None, port: str | None = None) -> License:
    """The Creative Commons license of these elements.

    A version or port that Creative Commons never issued is dropped and named in the note. Elements without `by` belong
    to version 1.0 (and Japan's 2.0); elsewhere every license has `by`, so it is added and the note says so.
    """
    book = table("creative_commons")
    found, notes = set(elements), []
    if {"nd", "sa"} <= found:
        return family("LicenseRef-CC-impossible")
    if version is not None and version not in book["versions"]["all"]:
        notes.append(f"Creative Commons has no version {version}")
        version = port = None
    if port is not None and (version is None or port not in book["ports"].get(version, ())):
        notes.append(f"there is no port {port.upper()} of version {version or 'unknown'}")
        port = None
    if "by" not in found and not without_by(version, port):
        found.add("by")
        notes.append("Attribution is not written; every license since 2004 has it")
    order = [element for element in book["written"]["order"] if element in found]
    name = "CC-" + "-".join(element.upper() for element in order)
    return _cc_license(name, frozenset(found), version, port, "; ".join(notes))


def without_by(version: str | None, port: str | None) -> bool:
    """Whether this version, or this port of it, had licenses without Attribution."""
    rule = table("creative_commons")["without_by"]
    return version in rule["versions"] or (version is not None and port in rule["ports"].get(version, ()))


def _cc_license(name: str, elements: frozenset[str], version: str | None, port: str | None, note: str) -> License:
    told = dict(table("families")["terms"]["permissive"])
    for element in sorted(elements):
        told |= table("creative_commons")["element"][element].get("terms", {})
    full = "-".join([name, *([version] if version else []), *([port.upper()] if port else [])])
    spdx = spdx_ids().get(full.lower()) if version else None
    listed = "by" in elements or spdx is not None
    return License(
        license_id=full if listed else f"LicenseRef-{full}",
        family=name,
        terms=Terms(**told),
        name=_cc_name(elements, version, port),
        group="creative_commons",
        version=version,
        jurisdiction=port,
        spdx_id=spdx,
        elements=elements,
        note=note,
    )


def _cc_name(elements: frozenset[str], version: str | None, port: str | None) -> str:
    book = table("creative_commons")
    words = "-".join(book["element"][element]["name"] for element in book["written"]["order"] if element in elements)
    return " ".join(["Creative Commons", words, *([version] if version else []), *([port.upper()] if port else [])])


def family(name: str, version: str | None = None, written: str = "") -> License:
    """A license of `families.toml`; `written` is the source's own text, read for "or later" and "only"."""
    told = table("families")["family"][name]
    version = told.get("version") or _version(version, told.get("versions", ()))
    spdx = _spdx_of(name, told, version, written)
    base = spdx or told.get("id") or (f"{name}-{version}" if version and "versions" in told else name)
    return License(
        license_id=base,
        family=name,
        terms=_terms(told["terms"]),
        name=told["name"],
        group=told["group"],
        version=version,
        jurisdiction=told.get("jurisdiction"),
        spdx_id=spdx,
        note=told.get("note", ""),
    )


def _version(version: str | None, known: Iterable[str]) -> str | None:
    if version is None:
        return None
    full = version if "." in version else f"{version}.0"
    return full if full in known else None


def _spdx_of(name: str, told: Mapping[str, Any], version: str | None, written: str) -> str | None:
    if "spdx" in told:
        return str(told["spdx"])
    if version is None:
        return None
    if told["group"] in {"gfdl", "gpl"}:
        later = re.search(r"or[ -](?:any[ -])?later|\+", written) is not None
        stem, _, tail = name.partition("-")
        form = "-".join([stem, version, *([tail] if tail else []), "or-later" if later else "only"])
    else:
        form = told.get("spdx_form", "").format(version=version)
    return spdx_ids().get(form.lower())


def by_spdx(identifier: str) -> License | None:
    """The license of an SPDX id or of an id this tool writes, in any case; None if there is no such id.

    >>> by_spdx("cc-by-nc-nd-3.0-de").terms.adapt
    'no'
    """
    key = identifier.lower().rstrip("/")
    creative = re.fullmatch(r"(?:licenseref-)?cc((?:-(?:by|nc|nd|sa))+)(?:-(\d\.\d))?(?:-([a-z]{2,8}))?", key)
    if creative and (creative[3] is None or is_port(creative[3])):
        return creative_commons(creative[1][1:].split("-"), creative[2], creative[3])
    free = re.fullmatch(r"(gfdl|gpl|lgpl|agpl)-(\d\.\d)(-no-invariants|-invariants)?(-only|-or-later|\+)?", key)
    if free:
        return family(free[1].upper() + (free[3] or ""), free[2], free[4] or "")
    return _named(key) or _listed(key)


def is_port(code: str) -> bool:
    """Whether Creative Commons ever ported a license to this jurisdiction code."""
    return any(code in ports for ports in table("creative_commons")["ports"].values() if isinstance(ports, list))


def _named(key: str) -> License | None:
    for name, told in table("families")["family"].items():
        if key in {name.lower(), str(told.get("spdx", "")).lower(), str(told.get("id", "")).lower()}:
            return family(name)
        for version in told.get("versions", ()):
            if key in {f"{name}-{version}".lower(), told.get("spdx_form", "").format(version=version).lower()}:
                return family(name, version)
    return None


def _listed(key: str) -> License | None:
    spdx = spdx_ids().get(key)
    if spdx is None:
        return None
    others = table("families")["spdx_others"]
    kind = next((kind for kind in ("permissive", "copyleft") if spdx in others[kind]), None)
    base = family("LicenseRef-SPDX-other")
    if kind is None:
        return replace(base, license_id=spdx, family=spdx, spdx_id=spdx)
    return replace(base, license_id=spdx, family=spdx, spdx_id=spdx, name=spdx, group=kind, terms=_terms(kind))


def together(licenses: Iterable[License], *, choice: bool) -> License:
    """Several licenses stated for one thing, as one answer.

    With a `choice` (dual license, "or") the user takes the best: each answer is the most permissive. Without one, an
    answer stands where all agree, and is `review` where they differ.
    """
    parts = tuple({part.license_id: part for part in licenses}.values())
    if len(parts) == 1:
        return parts[0]
    joiner = " OR " if choice else " AND "
    merged = Terms(
        *(_merge(answers, choice=choice) for answers in zip(*(part.terms.answers() for part in parts), strict=True))
    )
    if choice:
        merged = replace(merged, share_alike="yes" if all(p.terms.share_alike == "yes" for p in parts) else "no")
    listed = all(part.spdx_id for part in parts)
    return License(
        license_id=joiner.join(part.license_id for part in parts),
        family="several",
        terms=merged,
        name=joiner.lower().join(part.name for part in parts),
        group="custom",
        choice=choice,
        parts=parts,
        spdx_id=joiner.join(str(part.spdx_id) for part in parts) if listed else None,
        note="take either" if choice else "several licenses are stated; see which part each covers",
    )


def _merge(answers: tuple[str, ...], *, choice: bool) -> str:
    if len(set(answers)) == 1:
        return answers[0]
    if choice:
        return next(answer for answer in ("yes", "review", "unknown", "no") if answer in answers)
    return "review"
