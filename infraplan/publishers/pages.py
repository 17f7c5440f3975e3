"""Catalogs that give no list: a sitemap names their pages, and each page carries its record as JSON-LD.

`[fetch]` says where the sitemap is (an index of sitemaps is followed), which addresses are `page`s of records and at which
`host`, where in the JSON-LD the `records` stand, and our columns as in `catalogs`. A page without a record is left out and
said; if that happens to more than one in twenty, the publisher's pages have changed.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from infraplan.asks import Ask, NotPublished, SourceChanged
from infraplan.fetch import Http
from infraplan.publishers import Fetchable, Place, Plan
from infraplan.publishers.catalogs import Records, as_one_file
from infraplan.records import at

_LOCATION = re.compile(r"<loc>\s*(.*?)\s*</loc>", re.IGNORECASE | re.DOTALL)
_SCRIPT = re.compile(
    r"<script\b[^>]*type\s*=\s*[\"']?application/ld\+json[\"']?[^>]*>(.*?)</script", re.IGNORECASE | re.DOTALL
)
_MOST_SITEMAPS = 50
_MOST_LEFT_OUT = 0.05


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """All pages that the sitemap names, as one file; raises SourceChanged where it names none."""
    first = Ask(address=place.address(one.settings["address"]), pause=one.pause)
    pages = sorted({address for address in _named(one, place, http, first) if one.settings["page"] in address})
    if not pages:
        raise SourceChanged(
            f"{one.source.title}: the sitemap names no page of a record ({one.settings['page']})\n"
            f"  where: {first.public}\n  mend:  correct `address` or `page` in data/sources/{one.id}.toml"
        )
    return as_one_file(one, first, lambda http: _records(http, one, place, pages), len(pages))


def _named(one: Fetchable, place: Place, http: Http, first: Ask) -> Iterator[str]:
    """The addresses that a sitemap names, those of sitemaps it names looked into; others' hosts are passed over."""
    waiting, seen = [first], {first.public}
    while waiting:
        ask = waiting.pop()
        text = http.text(ask)
        if "<sitemapindex" not in text and "<urlset" not in text:
            raise SourceChanged(f"{ask.host} sent something that is not a sitemap\n  where: {ask.public}")
        for told in _LOCATION.findall(text):
            address = html.unescape(told)
            if "<sitemapindex" not in text:
                if _hosts(one) >= {urlsplit(address).netloc}:
                    yield address
                continue
            following = Ask(address=place.address(address), pause=one.pause)
            if urlsplit(address).netloc in _hosts(one) and following.public not in seen and len(seen) < _MOST_SITEMAPS:
                seen.add(following.public)
                waiting.append(following)


def _hosts(one: Fetchable) -> set[str]:
    return {urlsplit(one.settings[name]).netloc for name in ("address", "host")}


def _records(http: Http, one: Fetchable, place: Place, pages: list[str]) -> Records:
    without: list[str] = []
    for page in pages:
        ask = Ask(address=place.address(page), pause=one.pause)
        try:
            found = list(_in_page(http.text(ask), one))
        except NotPublished:
            found = []
        if not found:
            without.append(page)
            if len(without) > max(1, _MOST_LEFT_OUT * len(pages)):
                raise SourceChanged(
                    f"{one.source.title}: pages have no record any more ({len(without)} so far)\n  where: {page}\n"
                    f"  mend:  the publisher's pages may have changed; tell the makers of infraplan"
                )
        for record in found:
            yield record, ask
    if without:
        http.tell(f"{one.id}: {len(without)} of {len(pages)} pages have no record and are left out: {without[0]}")


def _in_page(text: str, one: Fetchable) -> Iterator[Mapping[str, Any]]:
    """The records in a page's JSON-LD; a page's other scripts, and those that are no JSON, are passed over."""
    for script in _SCRIPT.findall(text):
        try:
            told = json.loads(script)
        except ValueError:
            continue
        for each in told if isinstance(told, list) else [told]:
            found = at(each, one.settings["records"]) or (
                each if at(each, one.settings["fields"]["title"][0]) else None
            )
            for record in found if isinstance(found, list) else [found]:
                if isinstance(record, dict):
                    yield record
