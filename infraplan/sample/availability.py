"""FCC availability files of the sample state, one archive per technology, and the export of served locations.

Rows are assembled as Arrow strings, a provider at a time, and streamed into their archives: no Python loop sees a row,
and the memory needed grows with the locations, not with the rows.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infraplan.sample.files import SampleFile, csv_text, member, zipped
from infraplan.sample.ground import Ground, Ints
from infraplan.sample.homes import Homes
from infraplan.sample.names import told
from infraplan.sample.offers import Offers, all_offers

SPEED_STEPS = ((0.2, 0.2), (10, 1), (25, 3), (100, 20), (250, 25), (1000, 100))
"""Mbps down and up from which an offer counts in each column of the FCC's summary."""
RELEASE = "D25_17mar2026"
OLD_RELEASE = "063022"
RELIABLE = "All Wired and Licensed Fixed Wireless"
_COPPER = 10
_SLICE = 250_000
_CODES = ("B", "R", "X")


@dataclass
class Reached:
    """What the offers written so far reach: best speed step per location and technology.

    Step 0 is no offer, 1 an offer below the first of SPEED_STEPS, 2 the first of them, and so on.
    """

    locations: int
    step: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, offers: Offers) -> None:
        """Count one provider's offers."""
        technology = offers.provider.technology
        best = self.step.setdefault(technology, np.zeros(self.locations, dtype=np.uint8))
        step = np.ones(len(offers.home), dtype=np.uint8)
        for k, (down, up) in enumerate(SPEED_STEPS, start=2):
            step[(offers.down >= down) & (offers.up >= up)] = k
        np.maximum.at(best, offers.home, step)
        self.rows[technology] += len(offers.home)

    def of(self, group: str) -> NDArray[np.uint8]:
        """Best speed step per location over a technology group of the FCC's summary."""
        best = np.zeros(self.locations, dtype=np.uint8)
        for technology in told("fcc")["group"][group]:
            if technology in self.step:
                np.maximum(best, self.step[technology], out=best)
        return best

    def at(self, group: str, down: float, up: float) -> NDArray[np.bool_]:
        """Which locations one offer of a group reaches at one of SPEED_STEPS."""
        return np.asarray(self.of(group) >= SPEED_STEPS.index((down, up)) + 2)


class Text:
    """The columns of a location as ready text, made once for all files."""

    def __init__(self, homes: Homes) -> None:
        self.location = pa.array(homes.location_id).cast(pa.string())
        self.block = pa.array(homes.block).cast(pa.string())
        cells, place = np.unique(homes.hexagon, return_inverse=True)
        names = pa.array([f"{cell:x}" for cell in cells.tolist()])
        self.hexagon = names.take(pa.array(place))
        self.tail = pc.binary_join_element_wise(",FK,", self.block, ",", self.hexagon, "\n", "")


def write_availability(
    folder: Path, ground: Ground, homes: Homes, text: Text, seed: int, offers_per_location: float | None
) -> tuple[list[SampleFile], Reached]:
    """Write the current availability files, an archive per technology, and an old release of copper."""
    files: list[SampleFile] = []
    reached = Reached(len(homes))
    streams: dict[int, IO[bytes]] = {}
    old = f"bdc_99_Copper_fixed_broadband_{OLD_RELEASE}"
    with ExitStack() as files_open:
        for technology, name in told("providers")["technology"].items():
            stem = f"bdc_99_{name}_fixed_broadband_{RELEASE}"
            streams[int(technology)] = _opened(files_open, folder, stem, "current")
            files.append(SampleFile(folder / f"{stem}.zip", f"FCC BDC fixed availability, {name}, December 2025"))
        first_release = _opened(files_open, folder, old, "first_release")
        for offers in all_offers(ground, homes, seed, offers_per_location):
            reached.take(offers)
            for lines in _lines(offers, text):
                streams[offers.provider.technology].write(lines)
            if offers.provider.technology == _COPPER:
                for lines in _old_lines(offers, text):
                    first_release.write(lines)
    what = "FCC BDC fixed availability, Copper, first release of June 2022 (11 columns)"
    return [*files, SampleFile(folder / f"{old}.zip", what, role="older")], reached


def _opened(files_open: ExitStack, folder: Path, stem: str, header: str) -> IO[bytes]:
    """Open the one member of an archive and write its header; it is closed with `files_open`."""
    archive = files_open.enter_context(zipped(folder / f"{stem}.zip"))
    stream = files_open.enter_context(member(archive, f"{stem}.csv"))
    stream.write((",".join(told("fcc")[header]) + "\n").encode())
    return stream


def _quoted(text: str) -> str:
    """A CSV cell, quoted where it must be.

    >>> _quoted("Acme, Inc.")
    '"Acme, Inc."'
    """
    return csv_text([text], []).rstrip("\n")


def _kinds(offers: Offers) -> tuple[list[tuple[int, int, str]], Ints]:
    """The few different speeds and codes (Mbps down, Mbps up, B/R/X) of a provider, and which of them each row has."""
    values, place = np.unique((offers.down * 10_000 + offers.up) * 3 + offers.code, return_inverse=True)
    return [(k // 30_000, k // 3 % 10_000, _CODES[k % 3]) for k in values.tolist()], place


def _lines(offers: Offers, text: Text) -> Iterator[memoryview]:
    """The rows of one provider as CSV text, a slice at a time."""
    p = offers.provider
    head = f"{p.frn},{p.number},{_quoted(p.brand)},"
    kinds, place = _kinds(offers)
    middle = pa.array([f",{p.technology},{down},{up},{p.latency},{code}" for down, up, code in kinds], pa.string())
    for start in range(0, len(offers.home), _SLICE):
        home = pa.array(offers.home[start : start + _SLICE])
        kind = middle.take(pa.array(place[start : start + _SLICE]))
        yield _bytes(pc.binary_join_element_wise(head, text.location.take(home), kind, text.tail.take(home), ""))


def _old_lines(offers: Offers, text: Text) -> Iterator[memoryview]:
    """Two rows in three as the release of June 2022 had them: other names and order, identifiers and speeds in quotes."""
    p = offers.provider
    head = f'"{p.number}","{p.frn}",{_quoted(p.brand)},"'
    kinds, place = _kinds(offers)
    words = [f',{p.technology},"{down}","{up}","{p.latency}",{code}\n' for down, up, code in kinds]
    end = pa.array(words, pa.string())
    some = np.flatnonzero(np.arange(len(offers.home)) % 3)
    for start in range(0, len(some), _SLICE):
        rows = some[start : start + _SLICE]
        home = pa.array(offers.home[rows])
        ids = pc.binary_join_element_wise(head, text.location.take(home), '","', text.block.take(home), '",', "")
        yield _bytes(pc.binary_join_element_wise(ids, text.hexagon.take(home), end.take(pa.array(place[rows])), ""))


def _bytes(rows: Any) -> memoryview:  # noqa: ANN401 - pyarrow has no types
    """The bytes of an Arrow string array whose elements are whole lines: already the text of the file."""
    offsets = np.frombuffer(rows.buffers()[1], dtype=np.int32)[rows.offset : rows.offset + len(rows) + 1]
    return memoryview(rows.buffers()[2])[int(offsets[0]) : int(offsets[-1])]


def write_served(folder: Path, homes: Homes, text: Text, reached: Reached) -> SampleFile:
    """The export of served and unserved locations: every location of the state, also those without any offer."""
    flags = [reached.at(group, 100, 20).astype(int) for group in ("Any Technology", "All Wired", "Any Terrestrial")]
    kind = flags[0] * 4 + flags[1] * 2 + flags[2]
    words = pa.array([f",{k >> 2},{k >> 1 & 1},{k & 1}\n" for k in range(8)])
    stem = f"bdc_99_ServedUnserved_fixed_broadband_{RELEASE}"
    with ExitStack() as files_open:
        stream = _opened(files_open, folder, stem, "served")
        for start in range(0, len(homes), _SLICE):
            part = slice(start, start + _SLICE)
            columns = (
                text.location[part],
                ",",
                text.block[part],
                ",",
                text.hexagon[part],
                words.take(pa.array(kind[part])),
            )
            stream.write(_bytes(pc.binary_join_element_wise(*columns, "")))
    return SampleFile(folder / f"{stem}.zip", "FCC BDC served and unserved locations, December 2025")
