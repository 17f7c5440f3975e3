"""`infraplan data fetch`: publishers' files over the network, into the workspace."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infraplan.cli import options
from infraplan.cli.arriving import loaders, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from infraplan.fetch import Http
    from infraplan.publishers import Fetchable, Place
    from infraplan.publishers.errands import Planned
    from infraplan.workspace import Workspace

PLANNED = ["source", "file", "vintage", "rows", "bytes", "here", "address"]
_FIRST_MONTH = 7  # of a funding year
_BIG_BYTES, _BIG_ROWS = 2_000_000_000, 20_000_000


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything one state needs.")
@click.option("--state", metavar="ST", help="The state's postal code; starts the workspace if there is none.")
@click.option("--as-of", metavar="DATE", help="An FCC release other than the newest (2025-06-30).")
@click.option("--dry-run", is_flag=True, help="Print what would be fetched and how large; fetch nothing.")
@click.option("--offline", is_flag=True, help="Use only what was downloaded before.")
@click.option("--update", is_flag=True, help="Ask about what is loaded already, and fetch what changed.")
@click.option(
    "--host", "hosts", metavar="NAME=ADDRESS", multiple=True, help="Use another address in place of a publisher's host."
)
@options.output
@options.workspace
@options.quiet
def fetch(
    sources: tuple[str, ...],
    everything: bool,
    state: str | None,
    as_of: str | None,
    dry_run: bool,
    offline: bool,
    update: bool,
    hosts: tuple[str, ...],
    output: options.Output,
    workspace: Path,
) -> None:
    """Fetch publishers' files and add them, as `data add` would; every file leaves a receipt with its address.

    Accounts come from the environment alone: FCC_USERNAME and FCC_HASH_VALUE, CENSUS_API_KEY; where one has them,
    SOCRATA_APP_TOKEN and CASE_AUTHORIZATION (the whole header, as "Bearer TOKEN"). With --all, what comes only by name
    and what no publisher has is said at the end; without a SOURCE and without --all the sources are named. Downloads
    are kept in the workspace, or in $INFRAPLAN_CACHE for several.

    Example:

    \b
        infraplan data fetch --all --state ME --dry-run --workspace maine
        infraplan data fetch fcc_bdc_fixed census_acs --workspace maine
    """
    import pandas as pd

    from infraplan import publishers
    from infraplan.publishers import errands

    if not sources and not everything and not update:
        raise click.UsageError(f"name sources, or give --all; known are {', '.join(publishers.fetchable())}")
    others = _others(hosts)
    chosen = publishers.chosen(sources, everything=everything or (update and not sources))
    _need_release(as_of, chosen)
    with _workspace(workspace, state, dry_run=dry_run) as here, _http(here, offline=offline) as http:
        if update:
            chosen = errands.loaded(here, chosen)
        else:
            chosen, left = errands.needed(here, chosen, sources)
            for words in left:
                _say(words)
        plans = []
        for each in errands.planned(chosen, _place(here, as_of, others), http):
            plans.append(each)
            _tell_plan(each)
        records = errands.outline(plans, here, http)
        _tell_size(records)
        if dry_run:
            output.write(pd.DataFrame(records, columns=PLANNED).astype({"rows": "Int64", "bytes": "Int64"}))
            errands.refuse_unplanned(plans, http)
            return
        try:
            taken = errands.bring(plans, here, http, loaders(), told=tell)
        finally:
            if everything:
                for words in (*errands.only_by_name(here, sources), *errands.unanswered(here)):
                    _say(words)
    new = sum(not one.already for one in taken)
    options.say(f"{new} new file{'' if new == 1 else 's'} added, {len(taken) - new} already here")


def _need_release(as_of: str | None, chosen: "list[Fetchable]") -> None:
    """Refuse an --as-of that is no day, or that would silently be left aside by every source asked for."""
    from datetime import date

    if as_of is None:
        return
    try:
        told = date.fromisoformat(as_of).isoformat()
    except ValueError:
        told = ""
    if told != as_of:
        raise click.UsageError(f"--as-of is {as_of}, expected a day as 2025-06-30")
    if all(one.settings["by"] != "fcc_bdc" for one in chosen):
        names = ", ".join(one.id for one in chosen)
        raise click.UsageError(f"--as-of chooses a release of the FCC's data; of {names} only the newest can be had")


def check_publishers(here: "Workspace", hosts: tuple[str, ...], output: options.Output) -> None:
    """Ask the publisher of each loaded file what changed; raises NotFetched at the end if one could not be asked."""
    import dataclasses

    import pandas as pd

    from infraplan import publishers
    from infraplan.asks import NotFetched
    from infraplan.errors import NoAnswer
    from infraplan.publishers import watch

    asked, findings = watch.watched(here, list(publishers.fetchable().values()))
    if not asked and not findings:
        raise NoAnswer(
            "no publisher's file is loaded\n  mend:  infraplan data fetch --all, or `infraplan data add` files"
        )
    place = _place(here, None, _others(hosts))
    with _http(here, offline=False) as http:
        for one in asked:
            findings += watch.look(one, place, http, here)
    for each in findings:
        _say(each.words())
    output.write(pd.DataFrame([dataclasses.asdict(each) for each in findings], columns=watch.COLUMNS))
    different = {each.source for each in findings if each.change not in (watch.SAME, watch.BY_HAND, *watch.NOT_ASKED)}
    silent = sorted({each.source for each in findings if each.change in watch.NOT_ASKED})
    options.say(f"{len(asked)} publishers asked: {len(different)} have something new, {len(silent)} could not be asked")
    if silent:
        raise NotFetched(f"{', '.join(silent)} could not be asked; that does not mean that anything changed there")


@contextmanager
def _workspace(folder: Path, state: str | None, *, dry_run: bool) -> "Iterator[Workspace]":
    """The workspace, started for `state` if there is none; of a dry run nothing stays."""
    import tempfile

    from infraplan.errors import InfraplanError
    from infraplan.workspace import SETTINGS, Workspace

    if state is None or (folder / SETTINGS).is_file():
        here = Workspace.open(folder)
        if state is not None and here.config.state != state.upper():
            raise InfraplanError(
                f"{folder} plans {here.config.state}, not {state.upper()}\n"
                "  mend:  leave out --state, or give another --workspace"
            )
        yield here
    elif dry_run:
        with tempfile.TemporaryDirectory() as nowhere:
            yield Workspace.create(Path(nowhere) / "plan", state=state, funding_year=_this_funding_year())
    else:
        here = Workspace.create(folder, state=state, funding_year=_this_funding_year())
        options.say(f"{folder}: a workspace for {here.config.state}, funding year {here.config.funding_year}")
        yield here


def _this_funding_year() -> int:
    """The funding year under way: July to June, named by its first year."""
    from datetime import UTC, datetime

    today = datetime.now(UTC)
    return today.year if today.month >= _FIRST_MONTH else today.year - 1


def _others(hosts: tuple[str, ...]) -> dict[str, str]:
    """What `--host` says: host name -> address in its place."""
    others = {}
    for told in hosts:
        name, _, address = told.partition("=")
        if not name or not address.startswith(("http://", "https://")):
            raise click.UsageError(
                f"--host is {told}, expected NAME=ADDRESS as opendata.usac.org=https://datahub.usac.org"
            )
        others[name] = address
    return others


def _place(here: "Workspace", as_of: str | None, hosts: dict[str, str]) -> "Place":
    import os

    from infraplan import states
    from infraplan.errors import NoAnswer
    from infraplan.intake import SYNTHETIC_FIPS
    from infraplan.publishers import Place

    if here.config.fips == SYNTHETIC_FIPS:
        raise NoAnswer(
            f"{here.folder} plans a state that is made up: no publisher has anything of it\n"
            "  mend:  start a workspace of your own state with `infraplan data fetch --all --state ME --workspace maine`"
        )
    return Place(
        state=states.by_usps(here.config.state),
        funding_year=here.config.funding_year,
        as_of=as_of,
        environ=dict(os.environ),
        hosts=hosts,
    )


@contextmanager
def _http(here: "Workspace", *, offline: bool) -> "Iterator[Http]":
    from infraplan.downloads import Cache, cache_folder
    from infraplan.fetch import Http

    folder = cache_folder(here.data)
    folder.mkdir(parents=True, exist_ok=True)
    with _bars() as progress, Http(Cache(folder), offline=offline, told=_say, progress=progress) as http:
        yield http


@contextmanager
def _bars() -> "Iterator[Callable[[str, int, int | None], None]]":
    """Progress bars on standard error: one for each file; none with --quiet or where standard error is not a screen."""
    import sys

    quiet = click.get_current_context().meta.get("infraplan.quiet", False)
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def progress(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)
            if total is not None and done >= total:
                bars.remove_task(tasks.pop(name))

        yield progress


def _say(words: str) -> None:
    options.say(f"  {words}")


def _tell_plan(each: "Planned") -> None:
    for note in each.plan.notes if each.plan is not None else ():
        _say(f"{each.one.id}: {note}")


def _tell_size(records: list[dict[str, Any]]) -> None:
    from infraplan.publishers.errands import whole_size

    size, rows, untold = whole_size(records)
    told = f"{len(records)} files; to come: {size / 1e6:,.1f} MB in files of known size, {rows:,} rows in others"
    options.say(told + (f", {untold} of unknown size" if untold else ""))
    if size > _BIG_BYTES or rows > _BIG_ROWS:
        options.say("  that is much: it may take hours; a broken download goes on where it stopped")
