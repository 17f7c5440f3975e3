"""Counts in sentences that people read, one and many."""


def so_many(count: int, noun: str) -> str:
    """A count and its noun.

    >>> so_many(1, "more line"), so_many(2600, "library")
    ('1 more line', '2,600 libraries')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"
