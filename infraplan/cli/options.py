"""Option bundles shared by the commands, and how words and data leave them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from infraplan.cli.figures import Finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from infraplan.outputs.pages import SourceNote
    from infraplan.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
PLANNING = "Planning figures, not legal advice; USAC decides."
FORMATS = ("csv", "json", "jsonl", "parquet", "xlsx", "geojson", "gpkg", "html")
SYNTHETIC = "SYNTHETIC: a fictional state; no figure here is about a real place"


@dataclass(frozen=True)
class Output:
    """Where a command's table goes: a file by its ending, or standard output."""

    path: Path | None
    format: str | None

    def write(
        self, frame: "pd.DataFrame", workspace: "Workspace | Path | None" = None, *, about: "Sequence[str]" = ()
    ) -> None:
        """Write the table; words about it go to standard error, and `about` into workbooks and pages, too.

        A table of the fictional state carries a last column that says so, wherever it travels.
        """
        from infraplan import tablefiles

        if isinstance(workspace, Path):
            workspace = _workspace_in(workspace)
        if (workspace is not None and stamps(workspace)) or from_the_sample():
            frame = frame.assign(stamp="SYNTHETIC")
        if self.path is None:
            tablefiles.write_stream(frame, sys.stdout, self.format)
            return
        tablefiles.write(frame, self.path, self.format, about=about)
        say(f"wrote {self.path} ({len(frame):,} rows)")


def from_the_sample() -> bool:
    """Whether a file given to the command lies in a folder of the fictional state, whose README.txt says so."""
    ctx = click.get_current_context(silent=True)
    given = [value for value in (ctx.params.values() if ctx else ()) if isinstance(value, Path | tuple)]
    paths = [path for value in given for path in (value if isinstance(value, tuple) else (value,))]
    from infraplan.tablefiles import of_the_sample

    return of_the_sample(path for path in paths if isinstance(path, Path) and path.is_file())


def _workspace_in(folder: Path) -> "Workspace | None":
    """The workspace in a directory, or None where a command ran on plain files outside any."""
    from infraplan.workspace import SETTINGS, Workspace

    return Workspace.open(folder) if (folder / SETTINGS).is_file() else None


def workspace(function: F) -> F:
    """Add --workspace DIR, given as a Path; the command opens it."""
    return click.option(
        "--workspace",
        "workspace",
        type=click.Path(path_type=Path, file_okay=False),
        default=".",
        show_default=True,
        metavar="DIR",
        help="The workspace directory.",
    )(function)


def output(function: F) -> F:
    """Add -o FILE and --format, given to the command as one `output`."""

    def joined(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Output:
        ending = value.suffix.lower().lstrip(".") if value is not None else ""
        if value is not None and ending not in FORMATS and not ctx.meta.get("infraplan.format"):
            raise click.BadParameter(
                f"no format is known by the ending of {value.name}; use one of {', '.join(FORMATS)}, or --format",
                ctx=ctx,
                param=parameter,
            )
        return Output(value, ctx.meta.get("infraplan.format"))

    function = click.option(
        "-o",
        "--output",
        "output",
        type=click.Path(path_type=Path, dir_okay=False),
        default=None,
        metavar="FILE",
        callback=joined,
        help="Write here instead of standard output; the ending gives the format.",
    )(function)
    return click.option(
        "--format",
        "format_name",
        type=click.Choice(FORMATS),
        default=None,
        is_eager=True,
        expose_value=False,
        help="Format, where the ending does not say.",
        callback=_keep,
    )(function)


def _keep(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    ctx.meta["infraplan.format"] = value
    return value


def publish(function: F) -> F:
    """Add --publish: withhold counts of people below the workspace's threshold from the table written."""
    return click.option("--publish", is_flag=True, help="Withhold counts of people below the workspace's threshold.")(
        function
    )


def published(frame: "pd.DataFrame", table: str, threshold: int, *, asked: bool) -> "pd.DataFrame":
    """The table as it may be published, if `--publish` asks for it; says how many cells were withheld."""
    if not asked:
        return frame
    from infraplan.outputs.publication import publishable

    kept, count = publishable(frame, table, threshold)
    say(f"  {count:,} cells withheld: counts of people below {threshold}, and what would give them away")
    return kept


def out_dir(function: F) -> F:
    """Add the required -o DIR of commands that write several files."""
    return click.option(
        "-o",
        "--output",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        metavar="DIR",
        help="Directory for the answer's files.",
    )(function)


def quiet(function: F) -> F:
    """Add --quiet: no words, no progress."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta["infraplan.quiet"] = value

    return click.option(
        "--quiet",
        "-q",
        is_flag=True,
        expose_value=False,
        callback=remember,
        is_eager=True,
        help="Say nothing on standard error but faults.",
    )(function)


def funding_year(function: F) -> F:
    """Add --funding-year Y, the year in which the funding year starts (2026 = July 2026 to June 2027)."""
    return click.option(
        "--funding-year",
        type=click.IntRange(1998, 2100),
        default=None,
        metavar="YEAR",
        help="Funding year, named by its first year; default: the workspace's.",
    )(function)


def funding_year_of(given: int | None, folder: Path) -> int:
    """The funding year given, else the workspace's, which is then told; a usage error where there is neither."""
    if given is not None:
        return given
    here = _workspace_in(folder)
    if here is None:
        message = "give --funding-year YEAR: there is no workspace here to take it from"
        raise click.UsageError(message)
    say(f"funding year {here.config.funding_year}, the workspace's")
    return here.config.funding_year


def optimizer(function: F) -> F:
    """Add --gap, --time-limit, --seed and --threads."""
    bundle: tuple[Callable[[F], F], ...] = (
        click.option("--threads", type=click.IntRange(min=1), default=None, help="Solver threads."),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Solver seed."),
        click.option(
            "--time-limit",
            type=Finite(min=0, min_open=True),
            default=None,
            metavar="S",
            help="Stop after S seconds with the best answer found.",
        ),
        click.option(
            "--gap",
            type=Finite(0, 1),
            default=0.001,
            show_default=True,
            metavar="F",
            help="Stop when proved within this share of the best; 0 = proven best.",
        ),
    )
    for option in bundle:
        function = option(function)
    return function


@dataclass(frozen=True)
class Sweep:
    """How many possible futures a plan is to be tried against, drawn from which ranges, on what."""

    count: int
    ranges: Path | None
    backend: Literal["local", "dask"]
    workers: int | None


def scenarios(function: F) -> F:
    """Add --scenarios, --ranges, --backend and --workers, given to the command as one `sweep` (None: not asked)."""

    @wraps(function)
    def joined(*, scenarios: int | None, ranges: Path | None, backend: Any, workers: int | None, **more: Any) -> Any:  # noqa: ANN401
        if scenarios is None and ranges is not None:
            raise click.UsageError("--ranges is for --scenarios: say how many futures to try, as --scenarios 100")
        return function(**more, sweep=None if scenarios is None else Sweep(scenarios, ranges, backend, workers))

    bundle: tuple[Callable[[Any], Any], ...] = (
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            default=None,
            help="Processes for --scenarios; default: one per core.",
        ),
        click.option(
            "--backend",
            type=click.Choice(["local", "dask"]),
            default="local",
            show_default=True,
            help="Where futures are solved: this machine's processes, or a Dask cluster (DASK_SCHEDULER_ADDRESS).",
        ),
        click.option(
            "--ranges",
            type=click.Path(path_type=Path, dir_okay=False),
            default=None,
            metavar="FILE.toml",
            help="Ranges of price, take_up, enrollment and withdrawal; default: assumed ones, which are told.",
        ),
        click.option(
            "--scenarios",
            type=click.IntRange(1, 100_000),
            default=None,
            metavar="N",
            help="Try the plan against N possible futures, drawn by --seed.",
        ),
    )
    for option in bundle:
        joined = option(joined)
    return joined  # type: ignore[return-value]


def counted(what: str) -> Callable[[int, int], None]:
    """Return a teller of progress for `scenarios.run`: a line for every tenth done."""

    def tell(done: int, count: int) -> None:
        if done == count or done * 10 // count > (done - 1) * 10 // count:
            say(f"  {done:,} of {count:,} {what}")

    return tell


def say(text: str) -> None:
    """Words for the person at the keyboard: to standard error, silent with --quiet."""
    ctx = click.get_current_context(silent=True)
    if ctx is None or not ctx.meta.get("infraplan.quiet", False):
        click.echo(text, err=True)


def state_name(workspace: "Workspace") -> str:
    """The name of the workspace's state."""
    from infraplan import states

    return states.by_usps(workspace.config.state).name


def stamps(workspace: "Workspace") -> list[str]:
    """The stamps that every page of this workspace must carry."""
    synthetic = any(receipt.synthetic for receipt in workspace.receipts())
    return [SYNTHETIC] if synthetic else []


def source_notes(workspace: "Workspace", receipt_tables: "Mapping[str, tuple[str, ...]]") -> "list[SourceNote]":
    """The sources under a page, one per receipt, with the answers that stand on each."""
    from infraplan.outputs.pages import SourceNote

    notes = []
    for receipt_id, tables in receipt_tables.items():
        one = workspace.receipt(receipt_id)
        notes.append(
            SourceNote(
                title=one.title,
                publisher=one.publisher,
                as_of=one.as_of or "unknown date",
                file=one.file,
                sha256=one.sha256,
                rows=one.rows_read,
                tables=tuple(dict.fromkeys(tables)),
            )
        )
    return notes
