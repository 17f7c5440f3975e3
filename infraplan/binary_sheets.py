"""The old binary workbooks (.xls): error cells and percents, which the reading library does not tell.

The container is the compound file of [MS-CFB], the records those of [MS-XLS]; only what is needed of each is read.
Formulas in these files always have a stored value.
"""

import struct
from collections.abc import Iterator

_SECTOR_FREE = 0xFFFFFFFA
_HEADER_SECTORS = 109
_ENTRY_BYTES = 128
_SMALL_STREAM = 4096
_SHIFTS = {(9, 6), (12, 6)}
"""Sizes of sectors as powers of two, large and small: those of versions 3 and 4."""
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_PERCENT_FORMATS = {9, 10}
_BOF, _EOF, _SHEET, _FORMAT, _XF = 0x0809, 0x000A, 0x0085, 0x041E, 0x00E0
_NUMBER, _RK, _MULRK, _FORMULA, _BOOLERR = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_FORMULA_ERROR = 2
_BIFF8_XF_BYTES = 20

Place = tuple[int, int]


def oddities(content: bytes, number: int) -> tuple[dict[Place, str], set[Place]]:
    """Error cells with their text, and cells shown as percent, of the sheet with this number in the workbook.

    Places are (row, column) from zero. Raises ValueError where the container is broken.
    """
    try:
        book = workbook_stream(content)
        percent_formats, styles, starts = _globals(book)
        if number >= len(starts):
            return {}, set()
        percent_styles = {place for place, code in enumerate(styles) if code in percent_formats}
        return _cells(book, starts[number], percent_styles)
    except (struct.error, IndexError) as why:
        raise ValueError(f"the workbook is cut short: {why}") from why


def _globals(book: bytes) -> tuple[set[int], list[int], list[int]]:
    """Numbers of the percent formats, the format of each style, and where each sheet starts."""
    percent, styles, starts = set(_PERCENT_FORMATS), [], []
    for kind, body in _records(book, 0):
        if kind == _SHEET:
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == _FORMAT and b"%" in body[2:]:
            percent.add(struct.unpack_from("<H", body)[0])
        elif kind == _XF and len(body) >= _BIFF8_XF_BYTES:
            styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _EOF:
            break
    return percent, styles, starts


def _cells(book: bytes, start: int, percent_styles: set[int]) -> tuple[dict[Place, str], set[Place]]:
    errors: dict[Place, str] = {}
    percents: set[Place] = set()
    for kind, body in _records(book, start):
        if kind == _EOF:
            break
        if kind not in {_NUMBER, _RK, _MULRK, _FORMULA, _BOOLERR}:
            continue
        row, column, style = struct.unpack_from("<HHH", body)
        error = _error_of(kind, body)
        if error is not None:
            errors[row, column] = error
        elif kind == _MULRK:
            several = [struct.unpack_from("<H", body, at)[0] for at in range(4, len(body) - 7, 6)]
            percents |= {(row, column + at) for at, one in enumerate(several) if one in percent_styles}
        elif style in percent_styles and kind != _BOOLERR:
            percents.add((row, column))
    return errors, percents


def _error_of(kind: int, body: bytes) -> str | None:
    """The text of a cell that shows an error: stored as such, or as what a formula came to; else None."""
    if kind == _BOOLERR and body[7]:
        return _ERRORS.get(body[6], "#N/A")
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == _FORMULA_ERROR:  # the value is not a number
        return _ERRORS.get(body[8], "#N/A")
    return None


def _records(book: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    at = start
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


# --- the container --------------------------------------------------------------------------------------------------


def workbook_stream(content: bytes) -> bytes:
    """The stream `Workbook` (or `Book`) of a compound file, all of whose chains of sectors are gone through.

    Raises ValueError where the container is broken: the reading library would break down over it.
    """
    try:
        shift, small_shift = struct.unpack_from("<HH", content, 30)
        if (shift, small_shift) not in _SHIFTS:
            raise ValueError("its container has sectors of an odd size")
        size, small_size = 1 << shift, 1 << small_shift
        first_entry, first_small, first_more = (struct.unpack_from("<I", content, at)[0] for at in (48, 60, 68))
        table = _sector_table(content, size, first_more)
        small_table = _numbers(_chain(content, table, first_small, size))
        entries = _entries(_chain(content, table, first_entry, size))
        small = _chain(content, table, next(iter(entries.values()))[0], size)
    except (struct.error, IndexError, StopIteration) as why:
        raise ValueError("the workbook is cut short or damaged") from why
    for name in ("Workbook", "Book"):
        if name in entries:
            first, length = entries[name]
            if length < _SMALL_STREAM:
                return _chain(small, small_table, first, small_size, header=0)[:length]
            return _chain(content, table, first, size)[:length]
    raise ValueError("it holds no workbook")


def _entries(content: bytes) -> dict[str, tuple[int, int]]:
    """The streams by name, the root first: where each begins and how long it is."""
    found: dict[str, tuple[int, int]] = {}
    if len(content) % _ENTRY_BYTES:
        raise ValueError("its list of contents is cut short")
    for at in range(0, len(content), _ENTRY_BYTES):
        length = struct.unpack_from("<H", content, at + 64)[0]
        name = content[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", errors="replace")
        found.setdefault(name, struct.unpack_from("<II", content, at + 116))
    return found


def _sector_table(content: bytes, size: int, first_more: int) -> list[int]:
    sectors = list(struct.unpack_from(f"<{_HEADER_SECTORS}I", content, 76))
    more, seen = first_more, set()
    while more < _SECTOR_FREE and more not in seen:
        seen.add(more)
        block = _numbers(content[(more + 1) * size : (more + 2) * size])
        sectors += block[:-1]
        more = block[-1]
    table: list[int] = []
    for sector in sectors:
        if sector < _SECTOR_FREE:
            table += _numbers(content[(sector + 1) * size : (sector + 2) * size])
    return table


def _chain(content: bytes, table: list[int], first: int, size: int, *, header: int = 1) -> bytes:
    """The bytes of a chain of sectors, from its first; raises ValueError where it runs in a circle or out of the file."""
    parts, seen, sector = [], set(), first
    while sector < _SECTOR_FREE:
        part = content[(sector + header) * size : (sector + header + 1) * size]
        if sector in seen or not part or sector >= len(table):
            raise ValueError("the parts of the workbook do not hang together")
        seen.add(sector)
        parts.append(part)
        sector = table[sector]
    return b"".join(parts)


def _numbers(block: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4]))
