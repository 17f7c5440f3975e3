"""Ctrl-C is told as what it is, wherever it falls; and a program collects seldom, and not at all as it ends."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infraplan.workspace import Workspace

Run = Callable[..., Any]


def test_ctrl_c_while_a_library_is_imported_is_not_told_as_a_fault_of_the_tool(
    infraplan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> Workspace:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr(Workspace, "create", stopped)
    said = infraplan("init", tmp_path / "plan", "--state", "ME", "--funding-year", "2026")
    assert (said.code, said.err) == (1, "stopped; the workspace is as it was before this command\n")


def test_an_import_that_fails_by_itself_is_a_fault_of_the_tool(
    infraplan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Workspace:
        raise ImportError("no such library")

    monkeypatch.setattr(Workspace, "create", broken)
    said = infraplan("init", tmp_path / "plan", "--state", "ME", "--funding-year", "2026")
    assert said.code == 1
    assert "this is a fault of infraplan" in said.err


@pytest.mark.parametrize(("arguments", "collects_seldom"), [("", True), ("[]", False)])
def test_only_the_program_itself_collects_seldom(arguments: str, collects_seldom: bool) -> None:
    program = f"import gc, sys; sys.argv = ['infraplan']; from infraplan.cli import main; main({arguments})"
    code = f"{program}; print(gc.get_threshold()[0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (int(done.stdout.splitlines()[-1]) > 10_000) == collects_seldom
