"""Numbers on the command line: nan and inf are no numbers."""

import click
import pytest
from click.testing import CliRunner

from infraplan.cli import options


@click.command()
@options.optimizer
def solve(gap: float, time_limit: float | None, seed: int, threads: int | None) -> None:
    click.echo(f"{gap} {time_limit} {seed} {threads}")


@pytest.mark.parametrize("words", [["--gap", "nan"], ["--time-limit", "nan"], ["--time-limit", "inf"], ["--gap", "2"]])
def test_what_is_no_number_is_a_wrong_usage(words: list[str]) -> None:
    told = CliRunner().invoke(solve, words)
    assert told.exit_code == 2
    assert words[0] in told.output


def test_a_number_in_its_range_is_taken() -> None:
    assert CliRunner().invoke(solve, ["--gap", "0.02", "--time-limit", "1.5"]).output == "0.02 1.5 0 None\n"
