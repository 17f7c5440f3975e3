"""The command line: `infraplan` and its groups. Thin: arguments in, library calls, one message for every refusal."""

import atexit
import gc
import importlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from infraplan.errors import InfraplanError

DOORS = """\
infraplan plans a state's infrastructure of learning. Three ways in:

  State broadband or E-Rate office   who lacks broadband, what the programs pay
      infraplan init maine --state ME --funding-year 2026

  School district                    your gaps, your prices, "do I gain if I join?"
      infraplan connectivity map --workspace DIR      (the directory your state office gave you)

  Curriculum office                  where openly licensed material can replace what is bought
      infraplan oer match --list approved_list.csv --catalog catalog.csv -o matches.csv

New here?  infraplan demo        the whole tool on a fictional state, in a minute
Help:      infraplan --help      every command;  infraplan COMMAND --help  shows an example
"""


_OBJECTS_BETWEEN_COLLECTIONS = 500_000


class LazyGroup(click.Group):
    """A group whose commands are imported only when one of them runs, so that `--help` is quick.

    `lazy` maps a command's name to where it lives ("module:attribute") and its one-line help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order declared."""
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.lazy[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the short helps declared, importing nothing."""
        rows = [(name, about) for name, (_, about) in self.lazy.items()]
        for name in super().list_commands(ctx):
            command = super().get_command(ctx, name)
            if command is not None:
                rows.append((name, command.get_short_help_str(limit=90)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    lazy={
        "status": ("infraplan.cli.workspaces:status", "What is loaded, how old, what it can answer."),
        "demo": ("infraplan.cli.demo:demo", "Everything on the fictional sample state."),
        "sample": ("infraplan.cli.demo:sample", "Write the fictional state as publishers' files."),
        "init": ("infraplan.cli.workspaces:init", "Start a workspace for one state."),
        "data": ("infraplan.cli.data:data", "Add, list, check and export a workspace's data."),
        "connectivity": ("infraplan.cli.connectivity:connectivity", "Who lacks broadband, at home and at school."),
        "procurement": ("infraplan.cli.procurement:procurement", "E-Rate discounts and budgets, pooled purchasing."),
        "oer": ("infraplan.cli.oer:oer", "Openly licensed materials: licenses, matches, coverage."),
        "rules": ("infraplan.cli.rules:rules", "The dated, cited rules behind the figures."),
        "explain": ("infraplan.cli.workspaces:explain", "Inputs, formula and rule behind one published figure."),
        "tables": ("infraplan.cli.workspaces:tables", "The data dictionary."),
    },
)
@click.version_option(package_name="infraplan")
@click.pass_context
def infraplan(ctx: click.Context) -> None:
    """Plan a state's infrastructure of learning.

    Example:

    \b
        infraplan demo
    """
    _speak_for_the_library(ctx)
    if ctx.invoked_subcommand is None:
        click.echo(DOORS)


class _Words(logging.Handler):
    """What the library notes while it reads (the sheet taken, a doubtful figure), said to the person at the keyboard.

    It may be noted by a thread, which knows no command: whether to be quiet stands in what all contexts share.
    """

    shared: Mapping[str, Any] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Say one note, unless the command is quiet."""
        if not self.shared.get("infraplan.quiet", False):
            click.echo(f"  {record.getMessage()}", err=True)


def _speak_for_the_library(ctx: click.Context) -> None:
    notes = logging.getLogger("infraplan")
    words = next((handler for handler in notes.handlers if isinstance(handler, _Words)), None)
    if words is None:
        words = _Words()
        notes.addHandler(words)
        notes.setLevel(logging.INFO)
    words.shared = ctx.meta


def _collect_seldom() -> None:
    """Look for unreachable objects seldom while a command runs, and not at all as it ends.

    Importing the libraries makes some hundred thousand objects that all stay: combing through them again and again, and
    once more at the end, cost a quarter of a second of each command.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    atexit.register(gc.freeze)


def _say_stopped() -> None:
    click.echo("stopped; the workspace is as it was before this command", err=True)


def _was_stopped(fault: BaseException | None) -> bool:
    """Whether a fault comes of Ctrl-C: a library stopped while it is imported says that it cannot be imported."""
    while fault is not None:
        if isinstance(fault, KeyboardInterrupt):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the `infraplan` command: exit 0 done, 1 refused or no answer, 2 wrong usage."""
    if arguments is None:
        _collect_seldom()
    try:
        infraplan.main(
            args=list(arguments) if arguments is not None else None, prog_name="infraplan", standalone_mode=False
        )
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except click.exceptions.Abort:
        _say_stopped()
        sys.exit(1)
    except InfraplanError as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    except BrokenPipeError:
        # the reader of a pipe (head, less) has gone: that is not a fault of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as why:
        click.echo(
            f"the operating system refused: {why.strerror or why}\n"
            + (f"  where: {why.filename}\n" if why.filename else "")
            + "  mend:  check the path, its permissions and the free disk space, then run the command again",
            err=True,
        )
        sys.exit(1)
    except Exception as fault:
        if _was_stopped(fault):
            _say_stopped()
            sys.exit(1)
        if os.environ.get("INFRAPLAN_DEBUG"):
            raise
        click.echo(
            f"infraplan stumbled over something it does not know ({type(fault).__name__}: {fault})\n"
            "  mend:  this is a fault of infraplan, not of your files; run the command again with\n"
            "         INFRAPLAN_DEBUG=1 before it and report what it prints. The workspace is as it was.",
            err=True,
        )
        sys.exit(1)
