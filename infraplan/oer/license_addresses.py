"""Licenses read from addresses: creativecommons.org in every form it is written, SPDX, GNU, rights statements."""

import re
from dataclasses import dataclass
from functools import cache

from infraplan.oer.license_book import License, by_spdx, creative_commons, family, is_port, table


@dataclass(frozen=True)
class Found:
    """A license named between `start` and `end` of a text. `kind`: license | closed | notice | hint | weak."""

    license: License
    kind: str
    rule: str
    start: int
    end: int


_REST = r"(?=[/\s?#\"'<>),;.]|$)"
_GENERIC = re.compile(r"(?:h?ttps?|htpp|hhtp)s?:?\s?/{1,3}\S+|www\.\S+", re.IGNORECASE)


@cache
def _cc_address() -> re.Pattern[str]:
    domain = table("creative_commons")["domain"]
    host = rf"(?:{domain}|licensebuttons\.net)(?::\d+)?"
    where = r"(?:licen[sc]es?|l|presskit/buttons/88x31/(?:svg|png))"
    code = r"(?P<code>(?:by|nc|nd|sa)(?:[-_ +]*(?:by|nc|nd|sa))*)"
    tail = r"(?:\.(?:svg|png|eu\.svg))?(?:(?:\s*/+\s*v?|-)(?P<version>\d(?:\.\d+)?))?(?:\s*/+\s*(?P<port>[a-z]{2,8}))?"
    return re.compile(rf"{host}\s*/+\s*(?:{where}\s*/+\s*)?{code}(?![a-z]){tail}")


@cache
def _tools() -> tuple[tuple[re.Pattern[str], str], ...]:
    domain = table("creative_commons")["domain"]
    tools = table("creative_commons")["tool"]
    told = [(rf"(?:{domain})(?::\d+)?\s*/+\s*(?:{tool['path']}){_REST}", tool["family"]) for tool in tools]
    told += [(rf"licensebuttons\.net/p/(?:{kind}/1\.0)", name) for kind, name in (("zero", "CC0"), ("mark", "CC-PDM"))]
    told += [(rf"(?:{domain})/p/{kind}/1\.0", name) for kind, name in (("zero", "CC0"), ("mark", "CC-PDM"))]
    return tuple((re.compile(pattern), name) for pattern, name in told)


@cache
def _others() -> tuple[tuple[re.Pattern[str], str | None], ...]:
    return tuple((re.compile(entry["pattern"]), entry.get("family")) for entry in table("addresses")["address"])


@cache
def _bare() -> re.Pattern[str]:
    return re.compile(rf"(?:https?:?//)?(?:[a-z]+\.)?(?:{table('creative_commons')['domain']})[^\s\"'<>]*")


def read_addresses(text: str) -> tuple[list[Found], str]:
    """Licenses at the addresses in a lower-case text, and the text with those addresses blanked out.

    Of an address of no known license only its last word (fragment or file) stays in the text, because repositories
    write `...licenses#cc_by-nc-nd_2.0`.
    """
    found: list[Found] = []
    for reader in (_read_tools, _read_cc, _read_others):
        new, text = reader(text)
        found += new
    bare = [
        Found(family("LicenseRef-Unknown"), "weak", "address without a license", m.start(), m.end())
        for m in _bare().finditer(text)
    ]
    text = _bare().sub(_blank, text)
    return sorted(found + bare, key=lambda one: one.start), _GENERIC.sub(_last_word, text)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _last_word(match: re.Match[str]) -> str:
    last = re.split(r"[/#?=]", match[0].rstrip("/"))[-1]
    return last.rjust(len(match[0])) if re.search(r"cc|by[-_]", last) else " " * len(match[0])


def _read_tools(text: str) -> tuple[list[Found], str]:
    found = []
    for pattern, name in _tools():
        for match in pattern.finditer(text):
            license_ = family(name, match.groupdict().get("version"))
            found.append(Found(license_, "license", "address", match.start(), match.end()))
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    return found, _wipe(text, found)


def _wipe(text: str, found: list[Found]) -> str:
    """Blank the rest of each address found (scheme before it, deed or legalcode behind it)."""
    for one in found:
        start = len(re.sub(r"(?:https?|htpp)?\s*:?\s*/*(?:[a-z]+\.)*$", "", text[: one.start]))
        tail = re.match(r"[^\s\"'<>),;|]*", text[one.end :])
        end = one.end + (tail.end() if tail else 0)
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _read_cc(text: str) -> tuple[list[Found], str]:
    found = []
    for match in _cc_address().finditer(text):
        elements = re.findall(r"by|nc|nd|sa", match["code"])
        version, port = match["version"], match["port"]
        port = port if port is not None and is_port(port) else None
        version = f"{version}.0" if version and "." not in version else version
        found.append(Found(creative_commons(elements, version, port), "license", "address", match.start(), match.end()))
    return found, _wipe(text, found)


def _read_others(text: str) -> tuple[list[Found], str]:
    found: list[Found] = []
    for pattern, name in _others():
        new = []
        for match in pattern.finditer(text):
            groups = match.groupdict()
            version = (groups.get("version") or "").replace("-", ".") or None
            license_ = family(name, version) if name else by_spdx(groups["spdx"] or "")
            if license_ is None:
                continue
            kind = {"closed": "closed", "unknown": "weak"}.get(license_.group, "license")
            new.append(Found(license_, kind, "address", match.start(), match.end()))
        text = _wipe(text, new)
        found += new
    return found, text
