"""Files on their way in: which loader reads each source, and what a file became, told."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.intake import Loader, Taken


class _Loaders(Mapping[str, "Loader"]):
    """The loaders by source, imported with all that they need when a file asks for one that those before do not have."""

    def __getitem__(self, source_id: str) -> "Loader":
        from infraplan.connectivity.sources import fcc

        if source_id in fcc.LOADERS:
            return fcc.LOADERS[source_id]
        from infraplan.connectivity.sources import nces

        return nces.LOADERS[source_id] if source_id in nces.LOADERS else self._every[source_id]

    def __iter__(self) -> "Iterator[str]":
        return iter(self._every)

    def __len__(self) -> int:
        return len(self._every)

    @cached_property
    def _every(self) -> "Mapping[str, Loader]":
        from infraplan import columnmaps
        from infraplan.connectivity import sources as connectivity
        from infraplan.oer.sources import catalogs
        from infraplan.procurement import sources as procurement

        return {**columnmaps.LOADERS, **connectivity.LOADERS, **procurement.LOADERS, **catalogs.LOADERS}


def loaders() -> "Mapping[str, Loader]":
    """The loaders of every domain and of a state's own files, by source."""
    return _Loaders()


def _tell_note(note: str, file: str) -> None:
    """A note; of a list of matched names those that a person should look at, the rest counted."""
    from infraplan.columnmaps import BOTH

    head, *lines = note.splitlines()
    options.say(f"  {head}")
    plain = [line for line in lines if line.endswith(f"(by {BOTH})")]
    for line in lines:
        if line not in plain:
            options.say(f"  {line}")
    if plain:
        options.say(f"    {len(plain)} agree in number and name; `infraplan data receipts {file}` lists them")


def tell(taken: "Taken") -> None:
    """Say what became of one file, with its notes and what it replaces."""
    if taken.already:
        there = "" if taken.given in {"", taken.receipt.file} else f" under the name {taken.receipt.file}"
        options.say(f"{taken.given or taken.receipt.file}: already here{there}, nothing changed")
        return
    options.say(taken.receipt.line())
    for note in taken.receipt.notes:
        _tell_note(note, taken.receipt.file)
    if taken.replaces:
        options.say(
            f"  now current in place of {', '.join(taken.replaces)}, which stays until `infraplan data drop` names it"
        )
    if taken.older:
        options.say("  older than what is loaded: kept, but the newer file stays current")
