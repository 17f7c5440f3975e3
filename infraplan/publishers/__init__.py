"""How each publisher's listing becomes a list of files to fetch: planning and pages over `fetch.Http`, no tables here.

A source that can be fetched says how in the `[fetch]` table of its `data/sources/<id>.toml`: `by` names a planner below,
the other settings are the planner's. A planner asks the publisher what there is and returns a `Plan`; nothing large
moves until a `Wanted` file is got. See data/sources for addresses, vintages and expected columns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from infraplan.arrivals import Source, sources
from infraplan.asks import Ask, NoCredential, SourceChanged
from infraplan.downloads import Kept
from infraplan.errors import InfraplanError
from infraplan.fetch import Http
from infraplan.resources import data_path, read_toml
from infraplan.states import State


@dataclass(frozen=True, kw_only=True)
class Place:
    """For whom is fetched: the state, its funding year, the release asked for (None: the newest), and the environment.

    `hosts` sends what is meant for one host to another address (a mirror, a test): host name -> base address.
    """

    state: State
    funding_year: int
    as_of: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: Mapping[str, str] = field(default_factory=dict)

    def address(self, address: str) -> str:
        """An address of a publisher, or the one that stands in for its host."""
        parts = urlsplit(address)
        other = self.hosts.get(parts.netloc)
        return address if other is None else other.rstrip("/") + address.split(parts.netloc, 1)[1]

    def fill(self, template: str, **more: str) -> str:
        """A template with the state's number and letters put in, and more by name."""
        known = {"fips": self.state.fips, "usps": self.state.usps, "usps_lower": self.state.usps.lower(), **more}
        return template.format(**known)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One file to fetch: what it will be called and hold, and how to get it whole into the cache.

    `vintage` is the publisher's word for which issue it is, `bytes` and `rows` what the publisher says of its size,
    `as_of` the date where neither the file nor its name carries one, `members` a pattern of the archive's parts to use,
    `version` the publisher's mark of this issue, `etag` the server's mark of the file.
    """

    source: str
    name: str
    address: str
    vintage: str
    get: Callable[[Http], Kept]
    bytes: int | None = None
    rows: int | None = None
    as_of: str | None = None
    members: str | None = None
    version: str | None = None
    etag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """How a publisher's interface looks: its columns, what it says of rights, and what it calls the layer or dataset."""

    columns: tuple[str, ...] = ()
    license: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a source would fetch now, what is worth saying about it, and how the publisher's interface looks."""

    wanted: tuple[Wanted, ...]
    notes: tuple[str, ...] = ()
    portrait: Portrait = field(default_factory=Portrait)


class ColumnsLost(SourceChanged):
    """A publisher no longer has columns that are expected; `new` are those it has beside the expected ones."""

    def __init__(self, message: str, missing: list[str], new: list[str]) -> None:
        super().__init__(message)
        self.missing = missing
        self.new = new


@dataclass(frozen=True)
class Fetchable:
    """A source with its `[fetch]` settings."""

    source: Source
    settings: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The source's id."""
        return self.source.id

    @property
    def by_name(self) -> str:
        """Why `--all` leaves it and it comes only by name; blank where it is among what one state needs."""
        return str(self.settings.get("by_name", ""))

    @property
    def pause(self) -> float:
        """Least seconds between two calls."""
        return 60.0 / float(self.settings["calls_per_minute"]) if "calls_per_minute" in self.settings else 0.2

    def credentials(self, place: Place) -> dict[str, str]:
        """The credentials that the source's settings name, out of the environment: their use -> value.

        Raises NoCredential naming the missing variables and where to get an account.
        """
        told: Mapping[str, str] = self.settings.get("credentials", {})
        missing = [name for name in told.values() if not place.environ.get(name)]
        if missing and not self.settings.get("credentials_optional", False):
            raise NoCredential(
                f"{self.source.title} wants an account: {' and '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} not set in the environment\n"
                f"  mend:  {self.settings['credentials_from']}; or download the file at {self.source.landing} "
                "and `infraplan data add` it"
            )
        return {use: place.environ[name] for use, name in told.items() if place.environ.get(name)}


Planner = Callable[[Fetchable, Place, Http], Plan]


@cache
def fetchable() -> Mapping[str, Fetchable]:
    """Every source that can be fetched, by id."""
    found = {}
    for source_id, source in sources().items():
        settings = read_toml(data_path("sources", f"{source_id}.toml")).get("fetch")
        if settings is not None:
            found[source_id] = Fetchable(source, settings)
    return found


def chosen(ids: tuple[str, ...], *, everything: bool) -> list[Fetchable]:
    """The sources asked for, `everything` being all that one state needs; raises InfraplanError naming the known ones."""
    known = fetchable()
    unknown = [name for name in ids if name not in known]
    if unknown:
        cannot = [name for name in unknown if name in sources()]
        raise InfraplanError(
            f"{', '.join(unknown)} cannot be fetched"
            + (f"; get it at {sources()[cannot[0]].landing} and `infraplan data add` it" if cannot else "")
            + f"\n  mend:  use --all, or of {', '.join(sorted(known))}"
        )
    return [one for name, one in known.items() if name in ids or (everything and not one.by_name)]


def plan(one: Fetchable, place: Place, http: Http) -> Plan:
    """Ask a source's publisher what there is; raises NotFetched and its kin."""
    from infraplan.publishers import arcgis, case, catalogs, census, fcc, files, pages, socrata, urban  # noqa: PLC0415

    planners: Mapping[str, Planner] = {
        "files": files.plan,
        "fcc_bdc": fcc.plan_bdc,
        "fcc_funding": fcc.plan_funding,
        "census_acs": census.plan_acs,
        "arcgis": arcgis.plan,
        "socrata": socrata.plan,
        "catalog": catalogs.plan,
        "pages": pages.plan,
        "case": case.plan,
        "urban": urban.plan,
    }
    try:
        return planners[one.settings["by"]](one, place, http)
    except NoCredential as why:
        lacks = [name for name in one.settings.get("credentials", {}).values() if not place.environ.get(name)]
        if not lacks or "credentials_from" not in one.settings or not one.settings.get("credentials_optional"):
            raise
        raise NoCredential(
            f"{str(why).partition('  mend:')[0].rstrip()}\n"
            f"  mend:  set {' and '.join(lacks)} in the environment: {one.settings['credentials_from']}"
        ) from None


def need_columns(one: Fetchable, there: list[str], where: str) -> None:
    """Raise ColumnsLost naming the expected columns that a publisher no longer has, and those that may stand for them."""
    wanted = [str(name) for name in one.settings.get("columns", ())]
    here = {name.lower() for name in there}
    missing = [name for name in wanted if name.lower() not in here]
    if missing:
        new = [name for name in there if name.lower() not in {column.lower() for column in wanted}]
        raise ColumnsLost(
            f"{one.source.title}: the publisher no longer has the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)}\n  where: {where}\n"
            f"  mend:  see whether one of these stands for it: {', '.join(new)[:300] or 'none is new'}; "
            f"then correct `columns` in data/sources/{one.id}.toml",
            missing,
            new,
        )


def downloading(ask: Ask) -> Callable[[Http], Kept]:
    """How to get a file that is one download."""
    return lambda http: http.download(ask)
