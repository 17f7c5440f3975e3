"""Tables as they may be published: small counts of people blanked by the rules of `suppression`."""

import pandas as pd

from infraplan.outputs import suppression
from infraplan.outputs.tables import Field
from infraplan.schemas import Schema


def fields_of(table: str) -> list[Field]:
    """The columns of a declared table as suppression sees them."""
    return [
        Field(
            column=column.name,
            label=column.name,
            people=column.people,
            part_of=column.part_of,
            derived_from=column.derived_from,
        )
        for column in Schema.load(table).columns.values()
    ]


def publishable(frame: pd.DataFrame, table: str, threshold: int) -> tuple[pd.DataFrame, int]:
    """The frame with counts of people below `threshold`, and what gives them away, blank; and how many cells."""
    words = suppression.withheld(frame, fields_of(table), threshold)
    count = sum(word is not None for column in words.values() for word in column)
    return suppression.cleared(frame, words), count
