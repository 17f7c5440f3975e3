"""How titles, courses and column names are spelled: one spelling for what lists write in several ways."""

import re
import unicodedata
from functools import cache
from typing import Any

from infraplan.resources import data_path, read_toml


@cache
def words() -> dict[str, Any]:
    """The words of `title_words.toml`."""
    return read_toml(data_path("codes", "title_words.toml"))


def fold(text: str) -> str:
    """Lower case, no accents or marks, one spelling for what lists spell in several ways."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()
    text = re.sub(r"[\u00ae\u00a9\u2122\u00ad]", "", text).replace("\u2019", "'").replace("&", " and ")
    text = re.sub(r"\bu\.?\s?s\.?(?:\s?a\.?)?(?=\s|$|,|:)", "us", text)
    text = re.sub(r"\bpre[\s-]*(calculus|algebra)\b", r"pre\1", text)
    text = re.sub(r"\bpre[\s-]*k(?:indergarten)?\b", "prek", text)
    return re.sub(r"\s+", " ", text).strip()
