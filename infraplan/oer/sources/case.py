"""CASE packages (1EdTech Competencies and Academic Standards Exchange): the items that have a code, and their course."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan.errors import BadInput, Fault


def read_case(path: Path) -> pd.DataFrame | None:
    """The standards of a CASE file as `code, framework, course, grade`; None if the file holds no package.

    Raises BadInput if the file is no JSON or none of its items has a code.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as why:
        raise BadInput(
            [
                Fault(
                    kind="BadJson",
                    what=f"{path.name} is not valid JSON: {why}",
                    file=str(path),
                    mend="download the package again",
                )
            ]
        ) from why
    packages = [one for one in _packages(told) if one.get("CFItems")]
    if not packages:
        return None
    rows = [row for package in packages for row in _items(package)]
    if not rows:
        raise BadInput(
            [
                Fault(
                    kind="NoCodes",
                    what=f"none of the {sum(len(one['CFItems']) for one in packages):,} items of {path.name} has a code",
                    file=str(path),
                    mend="ask the publisher for a package with human coding schemes, or use a CSV",
                )
            ]
        )
    return pd.DataFrame(rows, columns=["code", "framework", "course", "grade"])


def _packages(told: object) -> list[dict[str, Any]]:
    """The packages of a file: one, one inside its envelope, or a list of them."""
    if isinstance(told, list):
        return [package for one in told for package in _packages(one)]
    if not isinstance(told, dict):
        return []
    inside = [told[name] for name in ("CFPackage", "CFPackages", "package") if name in told]
    return [told] if "CFItems" in told else [package for one in inside for package in _packages(one)]


def _items(package: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Code, framework, course and grades of each item of a package that has a code."""
    framework = str((package.get("CFDocument") or {}).get("title") or "")
    items = {str(item.get("identifier", number)): item for number, item in enumerate(package["CFItems"])}
    above = {
        _uri(link, "originNodeURI"): _uri(link, "destinationNodeURI")
        for link in package.get("CFAssociations") or ()
        if link.get("associationType") == "isChildOf"
    }
    return [
        (str(item["humanCodingScheme"]), framework, _course(name, items, above), _levels(item.get("educationLevel")))
        for name, item in items.items()
        if item.get("humanCodingScheme")
    ]


def _uri(link: Mapping[str, Any], end: str) -> str:
    told = link.get(end)
    return str(told.get("identifier", "")) if isinstance(told, dict) else str(told or "").rstrip("/").split("/")[-1]


def _levels(told: object) -> str:
    return ";".join(map(str, told)) if isinstance(told, list) else str(told or "")


def _course(name: str, items: Mapping[str, Mapping[str, Any]], above: Mapping[str, str]) -> str:
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        item = items.get(name, {})
        kind = str(item.get("CFItemType") or "").strip().casefold()
        if kind in {"course", "grade", "grade level", "grade band", "subject"}:
            return str(item.get("abbreviatedStatement") or item.get("fullStatement") or "").strip()
        name = above.get(name, "")
    return ""
