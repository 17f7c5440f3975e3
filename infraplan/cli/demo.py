"""`infraplan sample` and `infraplan demo`: the fictional state of Franklin as files, and everything done with it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.sample import SampleFile

FUNDING_YEAR = "2026"
LOADED = "connectivity"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--districts", type=int, default=60, show_default=True, help="Districts with a boundary, 20 to 3,000.")
@click.option("--locations", type=int, default=40_000, show_default=True, help="Homes and businesses.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same files.")
@options.quiet
def sample(folder: Path, districts: int, locations: int, seed: int) -> None:
    """Write the fictional state of Franklin as publishers' files, SYNTHETIC throughout.

    Example:


    \b
        infraplan sample franklin_files --districts 60 --locations 40000 --seed 1
    """
    from infraplan import sample as franklin

    files = franklin.make(folder, districts=districts, locations=locations, seed=seed)
    for file in files:
        options.say(f"{file.path}: {file.what}")
    options.say(f"{len(files)} files; SYNTHETIC: nothing in them is real")


@click.command()
@click.argument(
    "folder", metavar="[DIR]", required=False, default="franklin", type=click.Path(path_type=Path, file_okay=False)
)
@click.option("--districts", type=int, default=60, show_default=True, help="Districts with a boundary, 20 to 3,000.")
@click.option("--locations", type=int, default=40_000, show_default=True, help="Homes and businesses.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same state.")
@options.quiet
def demo(folder: Path, districts: int, locations: int, seed: int) -> None:
    """Make the fictional state, load it as a real one would be, and run everything there is.

    Prints each command before running it, so that you can do the same with your own files.

    Example:


    \b
        infraplan demo franklin
    """
    from infraplan import sample as franklin

    files_folder, workspace = folder / "files", folder / "plan"
    _show(
        ["sample", str(files_folder), "--districts", str(districts), "--locations", str(locations), "--seed", str(seed)]
    )
    files = franklin.make(files_folder, districts=districts, locations=locations, seed=seed)
    options.say(f"{len(files)} files; SYNTHETIC: nothing in them is real")
    for arguments in commands(files, workspace):
        _show(arguments)
        _run(arguments)
    page = (workspace / "maps" / "gaps.html").resolve()
    click.echo(
        f"\nDone. Open this page in a browser:\n  {page}\n"
        f"Tables are in {workspace / 'reports'}; what is loaded:  infraplan status --workspace {workspace}"
    )


def commands(files: "list[SampleFile]", workspace: Path) -> list[list[str]]:
    """The commands of the demo, in order, as a planner would type them."""
    where = ["--workspace", str(workspace)]
    reports = workspace / "reports"
    plain = [str(file.path) for file in files if file.role == LOADED and not file.add_options]
    mapped = [
        ["data", "add", str(file.path), *_options(file), *where]
        for file in files
        if file.role == LOADED and file.add_options
    ]
    return [
        ["init", str(workspace), "--state", "FK", "--funding-year", FUNDING_YEAR],
        ["data", "add", *plain, *where],
        *mapped,
        ["connectivity", "homes", "--by", "district", *where, "-o", str(reports / "home_gaps.csv")],
        ["connectivity", "homes", "--by", "county", "--detail", "needs", *where, "-o", str(reports / "home_needs.csv")],
        ["connectivity", "children", *where, "--publish", "-o", str(reports / "child_gaps.csv")],
        ["connectivity", "schools", "--growth", "25", *where, "--publish", "-o", str(reports / "school_gaps.csv")],
        [
            "connectivity",
            "schools",
            "--detail",
            "equity",
            *where,
            "--publish",
            "-o",
            str(reports / "school_equity.csv"),
        ],
        ["connectivity", "map", *where],
    ]


def _options(file: "SampleFile") -> list[str]:
    """The file's options, with a bare file name among them made a path beside the file."""
    beside = file.path.parent
    return [str(beside / option) if (beside / option).is_file() else option for option in file.add_options]


def _show(arguments: list[str]) -> None:
    shown = " ".join(shlex.quote(argument) for argument in arguments)
    options.say(f"\n$ infraplan {shown}")


def _run(arguments: list[str]) -> None:
    from infraplan.cli import infraplan

    quiet = ["--quiet"] if click.get_current_context().meta.get("infraplan.quiet") else []
    infraplan.main(args=[*arguments, *quiet], prog_name="infraplan", standalone_mode=False)
