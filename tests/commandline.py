"""The command line as a person types it, run in the test's own process."""

from dataclasses import dataclass

import pytest

from infraplan.cli import main


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, its data and its words."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *words: object) -> Said:
    """Run `infraplan ...`."""
    capsys.readouterr()
    code = 0
    try:
        main([str(word) for word in words])
    except SystemExit as done:
        code = int(done.code or 0)
    told = capsys.readouterr()
    return Said(code, told.out, told.err)
