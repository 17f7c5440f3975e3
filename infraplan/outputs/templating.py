"""The one place that renders templates: escaping on, an unknown name is an error, static files read beside it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

_FOLDER = Path(__file__).resolve().parent / "templates"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )


def render(template: str, **values: Any) -> Markup:  # noqa: ANN401 - whatever the template names
    """Render a template of this package; text is escaped, only Markup passes as it is."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704 - the environment escapes


@cache
def static(name: str) -> str:
    """Text of a style sheet or script of this package."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def script_safe(text: str) -> str:
    r"""JSON text that may stand inside a script element: no tag, comment or line separator can end it.

    >>> script_safe('{"name": "</script>"}')
    '{"name": "\\u003c/script\\u003e"}'
    """
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def to_json(value: object) -> str:
    """Compact JSON of plain values, safe inside a script element; NaN is refused."""
    return script_safe(json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")))
