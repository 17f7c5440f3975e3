"""`infraplan oer coverage`: the standards open resources cover."""

from pathlib import Path

import click

from infraplan.cli import options
from infraplan.cli.figures import Finite
from infraplan.cli.oer.inputs import FILE


@click.command()
@click.option(
    "--standards",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Standards: code, framework, course, grade; or a CASE package (JSON).",
)
@click.option(
    "--alignments",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Alignments: resource_id, code; optionally program, cost, framework, license.",
)
@click.option("--course", default=None, metavar="ID", help="Cover the whole standard set of this course (assumed).")
@click.option(
    "--codes", type=FILE, default=None, metavar="FILE", help="Cover these codes: the adopted item's correlation."
)
@click.option(
    "--mix", is_flag=True, help="Mix resources of all programs at the least cost, instead of one lead program."
)
@click.option("--budget", type=Finite(min=0), default=None, help="Cover as much as this total cost allows.")
@click.option("--remixable", is_flag=True, help="What is chosen must be allowed to be remixed together.")
@options.out_dir
@options.optimizer
@options.quiet
def coverage(
    standards: Path,
    alignments: Path,
    course: str | None,
    codes: Path | None,
    mix: bool,
    budget: float | None,
    remixable: bool,
    folder: Path,
    gap: float,
    time_limit: float | None,
    seed: int,
    threads: int | None,
) -> None:
    """Find which open resources cover the standards of a course, what stays uncovered, and why.

    Leads with the one program that covers most, and the fewest supplements that close its gaps. Writes cover.csv,
    uncovered.csv, programs.csv (up to four programs side by side) and solution.json.

    Example:

    \b
        infraplan oer coverage --standards ccss.csv --alignments alignments.csv --course "Algebra 1" -o algebra_1
    """
    from infraplan import solve, tablefiles
    from infraplan.oer import coverage as covering
    from infraplan.oer.sources import standards as codes_of

    if (course is None) == (codes is None):
        raise click.UsageError("give either --course or --codes")
    listed = tablefiles.read_declared(codes, "wanted_codes")["code"].tolist() if codes is not None else None
    inputs = covering.inputs_from(
        codes_of.read_standards(standards),
        codes_of.read_alignments(alignments),
        course=course,
        codes=listed,
        mix=mix,
        budget=budget,
        remixable=remixable,
    )
    answer = covering.cover(inputs, solve.Limits(gap=gap, time_limit=time_limit, seed=seed, threads=threads))
    files = {"standards": standards, "alignments": alignments} | ({"codes": codes} if codes is not None else {})
    covering.write(folder, inputs, answer, files)
    options.say(covering.summary(inputs, answer))
