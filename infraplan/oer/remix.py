"""Can two licensed works be mixed into one adaptation, and what may that adaptation carry?

Two licenses mix if there is a license that an adaptation of either may carry. What an adaptation may carry follows from
the terms: public domain and attribution licenses accept anything that keeps their conditions, NonCommercial must stay,
ShareAlike asks for the same elements (since version 2.0 also in a later version or another port), NoDerivatives
forbids shared adaptations. Where a part is unknown or custom the answer says so: no > unknown > review > yes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from infraplan.oer.license_book import License, by_spdx, creative_commons, table
from infraplan.oer.rights import duties, printing

PRECEDENCE = ("no", "unknown", "review", "yes")


@dataclass(frozen=True)
class Remix:
    """The answer for a pair: yes | no | review | unknown, the licenses an adaptation may carry, and why."""

    answer: str
    carries: tuple[str, ...]
    why: str


def remix(a: License, b: License) -> Remix:
    """Whether adaptations of `a` and `b` can be one shared work. Symmetric.

    >>> remix(by_spdx("CC-BY-4.0"), by_spdx("CC-BY-SA-4.0")).carries
    ('CC-BY-SA-4.0',)
    """
    if a.parts or b.parts:
        return _of_parts(a, b)
    first, second = sorted((a, b), key=lambda one: one.license_id)
    return _barred(first, second) or _unclear(first, second) or _mixed(first, second)


def _of_parts(a: License, b: License) -> Remix:
    """A combination: with a choice the best part counts, without one every part must mix."""
    pairs = [remix(x, y) for x, y in product(a.parts or (a,), b.parts or (b,))]
    choice = all(one.choice for one in (a, b) if one.parts)
    order = PRECEDENCE[::-1] if choice else PRECEDENCE
    return min(pairs, key=lambda pair: order.index(pair.answer))


def _barred(a: License, b: License) -> Remix | None:
    for one in sorted((a, b), key=lambda one: one.group != "closed"):
        if one.terms.adapt == "no":
            if one.group == "closed":
                return Remix(
                    "no", (), f"{one.license_id}: no license to copy or adapt was given; ask whoever holds the rights."
                )
            why = "it may be shared only unchanged (NoDerivatives)"
            return Remix("no", (), f"{one.license_id}: {why}. {table('compatibility')['words']['collection']}")
    return None


def _unclear(a: License, b: License) -> Remix | None:
    for one in (a, b):
        if not one.known:
            return Remix("unknown", (), f"{one.license_id}: {one.note or 'the license is not known'}")
    for one in (a, b):
        if one.group == "custom" or one.terms.adapt == "review":
            return Remix("review", (), f"{one.license_id}: custom terms, a person must read them. {one.note}".strip())
    return None


def _mixed(a: License, b: License) -> Remix:
    """The pair as versions allow; a version that is not written is tried as each it could be, and must not matter."""
    tried = {
        remixed.answer: remixed for remixed in (_versioned(x, y) for x, y in product(_possible(a, b), _possible(b, a)))
    }
    if len(tried) == 1:
        only = next(iter(tried.values()))
        loose = [one.family for one in (a, b) if one.version is None and one.terms.share_alike == "yes"]
        if only.answer == "yes" and loose:
            why = f"{only.why}; the version of {loose[0]} is not stated, keep it"
            return Remix("yes", tuple(dict.fromkeys(loose)), why)
        return only
    without = " and ".join(one.license_id for one in (a, b) if one.version is None)
    return Remix("review", (), f"the answer depends on the version, which {without} does not state: look it up")


def _possible(one: License, other: License) -> tuple[License, ...]:
    """The versions a license without one could have, where that can change the answer."""
    matters = one.terms.share_alike == "yes" and other.terms.share_alike == "yes"
    if one.group != "creative_commons" or one.version is not None or not matters:
        return (one,)
    return tuple(creative_commons(one.elements, version) for version in _from_version(None))


def _versioned(a: License, b: License) -> Remix:
    for rule in table("compatibility")["never"]:
        named = {_stem(a), _stem(b)}, {a.license_id, b.license_id}
        listed = any(
            (x.family, y.license_id) in product([rule.get("one")], rule.get("others", ())) for x, y in ((a, b), (b, a))
        )
        if set(rule.get("families", ())) == named[0] or set(rule.get("licenses", ())) == named[1] or listed:
            return Remix("no", (), rule["why"])
    carried = [target for target in _targets(a, b) if _accepts(a, target) and _accepts(b, target)]
    if carried:
        ids = tuple(dict.fromkeys(target.license_id for target in carried))
        return Remix("yes", ids, _why_yes(a, b, ids))
    if _both_unsure(a, b):
        return Remix("review", (), "both ask that adaptations carry their own license; read both")
    return Remix("no", (), _why_no(a, b))


def _stem(one: License) -> str:
    return "GFDL" if one.group == "gfdl" else one.family


def _both_unsure(a: License, b: License) -> bool:
    """Share-alike licenses of the software world, whose mutual clauses are not in the table."""
    sides = {a.group, b.group}
    noncommercial = "no" in {a.terms.commercial, b.terms.commercial}
    return not noncommercial and ("copyleft" in sides or (sides == {"gpl"} and a.family != b.family))


def _targets(a: License, b: License) -> Iterator[License]:
    """Licenses an adaptation might carry, the ones nearest to the parts first."""
    for one in (a, b):
        if one.terms.share_alike == "yes":
            yield one
            if one.group == "creative_commons":
                yield from (creative_commons(one.elements, version) for version in _from_version(one.version))
    reached = {a.license_id, b.license_id} | _later_of(a, b)
    for rule in table("compatibility")["also"]:
        target = by_spdx(rule["to"]) if rule["from"] in {a.family, b.family} and rule["to"] in reached else None
        if target is not None:
            yield target
    if "yes" not in {a.terms.share_alike, b.terms.share_alike}:
        yield from _free_targets(a, b)


def _free_targets(a: License, b: License) -> Iterator[License]:
    """Where neither part asks for its own license: what both carry already, and the newest of Creative Commons."""
    if a.license_id == b.license_id:
        yield a
    if {a.group, b.group} == {"public_domain"}:
        yield from (one for one in (a, b) if one.license_id == "CC0-1.0")
    newest = table("creative_commons")["versions"]["all"][-1]
    for elements in ("by", "by nc", "by nc sa", "by sa"):
        yield creative_commons(elements.split(), newest)


def _later_of(a: License, b: License) -> set[str]:
    """What "or later" in a GPL id reaches."""
    later = [one for one in (a, b) if one.group == "gpl" and one.license_id.endswith("or-later")]
    loose = [one for one in (a, b) if one.license_id == "GPL"]
    return {"GPL-3.0-only"} if any(one.family == "GPL" for one in [*later, *loose]) else set()


def _from_version(version: str | None) -> list[str]:
    book = table("creative_commons")["versions"]
    versions = [v for v in book["all"] if v not in book["only_ported"]]
    return versions if version is None else [v for v in versions if v >= version]


def _accepts(part: License, target: License) -> bool:
    """Whether an adaptation of `part` may be shared under `target`."""
    if part.license_id == target.license_id or part.group == "public_domain":
        return True
    for rule in table("compatibility")["also"]:
        if (part.family, part.version) == (rule["from"], rule["version"]) and target.license_id == rule["to"]:
            return True
    if part.terms.share_alike == "yes":
        return _accepts_alike(part, target)
    noncommercial_kept = part.terms.commercial == "yes" or target.terms.commercial == "no"
    attribution_named = not target.elements or "by" in target.elements or not part.elements
    return noncommercial_kept and attribution_named and target.group != "public_domain"


def _accepts_alike(part: License, target: License) -> bool:
    if part.group == "creative_commons":
        later_from = table("compatibility")["share_alike"]["later_from"]
        if part.elements != target.elements or part.version is None or target.version is None:
            return False
        return part.version >= later_from and target.version >= part.version
    if part.group in {"gfdl", "gpl"} and part.family == target.family:
        open_ended = part.version is None or part.license_id.endswith("or-later")
        return open_ended and (part.version is None or (target.version or "") >= part.version)
    return False


def _why_yes(a: License, b: License, ids: tuple[str, ...]) -> str:
    for rule in table("compatibility")["also"]:
        if rule["to"] == ids[0] and rule["from"] in {a.family, b.family} and {a.family, b.family} != {rule["from"]}:
            return str(rule["why"])
    if "yes" in {a.terms.share_alike, b.terms.share_alike}:
        return "ShareAlike decides: the adaptation carries that license" + (
            ", in the later version or another port, as licenses since 2.0 allow"
            if a.license_id != b.license_id and a.family == b.family and a.terms.share_alike == "yes"
            else ""
        )
    if "no" in {a.terms.commercial, b.terms.commercial}:
        return "NonCommercial stays with the adaptation; credit both"
    if {a.group, b.group} == {"public_domain"}:
        return "neither asks for anything; the adaptation may carry any license"
    return "credit what asks for credit; the adaptation may carry any of these"


def _why_no(a: License, b: License) -> str:
    alike = [one for one in (a, b) if one.terms.share_alike == "yes"]
    noncommercial = [one for one in (a, b) if one.terms.commercial == "no"]
    if (
        alike
        and noncommercial
        and len(alike) + len(noncommercial) <= len({a.license_id, b.license_id}) + 1
        and any(one.terms.commercial == "yes" for one in alike)
    ):
        open_one = next(one for one in alike if one.terms.commercial == "yes")
        return (
            f"{open_one.license_id} asks that adaptations carry it and so allow sale; "
            f"{noncommercial[0].license_id} forbids sale. {table('compatibility')['words']['collection']}"
        )
    if a.family == b.family:
        return "an older version without a later-version clause asks for exactly itself"
    return f"each asks that adaptations carry itself. {table('compatibility')['words']['collection']}"


def explained(a: License, b: License) -> str:
    """The answer in words, its first word the answer itself; then what was understood, may be carried, must be done."""
    found = remix(a, b)
    lines = [found.answer, f"  mixing:  {a.license_id} ({a.name}) with {b.license_id} ({b.name})"]
    if found.carries:
        lines.append(f"  carries: {', '.join(found.carries)}")
    lines.append(f"  why:     {found.why}")
    done = dict.fromkeys(duty for one in (a, b) for duty in duties(one))
    lines.extend(f"  duty:    {duty}" for duty in done)
    printed = {one.license_id: printing(one) for one in (a, b)}
    lines.extend(
        f"  print:   {name}: school's own use {told.print_for_school}, sale at a profit {told.sell_at_profit}"
        + (f" ({'; '.join(told.citations)})" if told.citations else "")
        for name, told in printed.items()
    )
    return "\n".join([*lines, "Planning information, not legal advice."])
