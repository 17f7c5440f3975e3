"""The file of entities whose discount rate is asked (`discounts_in`): read, and checked row by row and across rows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault
from infraplan.schemas import Schema

Mask = npt.NDArray[np.bool_]
_OPTIONAL_TEXT = ("urban_rural", "parent_id", "member_of")
_OPTIONAL_COUNTS = ("nslp_students", "schools", "rural_schools", "identified_students")
_SAME = [
    "kind",
    "students",
    "nslp_students",
    "urban_rural",
    "schools",
    "rural_schools",
    "parent_id",
    "cep",
    "identified_students",
    "tribal",
]
_MOST_EXAMPLES = 200
LONG_FILE = 20_000
"""Rows from which parsing each different cell once is worth its trouble."""


def read(path: Path) -> pd.DataFrame:
    """Read a file of the table `discounts_in`, typed, every optional column present.

    Raises BadInput with the faults of single cells and those of whole rows together.
    """
    text = tablefiles.with_rows(tablefiles.read_text(path), path.name)
    schema = _columns_here(Schema.load("discounts_in"), text)
    missing = _missing_shares(text, path.name)
    try:
        frame = _complete(typed(text, schema, file=path.name))
    except BadInput as why:
        raise BadInput([*why.faults, *missing, *_faults_of_sound_rows(text, schema, path.name, why)]) from why
    if missing:
        raise BadInput(missing)
    return frame


def typed(text: pd.DataFrame, schema: Schema, *, file: str) -> pd.DataFrame:
    """The typed table; of a long file each different cell is parsed once, since counts and statuses repeat.

    Returns what `tablefiles.typed` returns, without undeclared columns; raises BadInput as it does.
    """
    ids = [name for name in ("entity_id", "parent_id") if name in text]
    rest = [name for name in schema.columns if name in text and name not in ids]
    if len(text) < LONG_FILE or not rest or "entity_id" not in text:
        return tablefiles.typed(text, schema, file=file)
    codes, uniques = zip(*(pd.factorize(text[name]) for name in rest), strict=True)
    most = max(len(values) for values in uniques)
    short = {
        name: np.resize(np.asarray(values, dtype=object), most) for name, values in zip(rest, uniques, strict=True)
    }
    try:
        parsed = tablefiles.typed(pd.DataFrame({**short, **dict.fromkeys(ids, "1")}), schema, file=file)
    except BadInput:  # the whole file tells in which rows
        return tablefiles.typed(text, schema, file=file)
    trimmed = {name: text[name].str.strip() for name in ids}
    if (trimmed["entity_id"] == "").any():
        return tablefiles.typed(text, schema, file=file)
    columns = {name: cells.where(cells != "", None) for name, cells in trimmed.items()}
    columns |= {name: parsed[name].take(code).set_axis(text.index) for name, code in zip(rest, codes, strict=True)}
    return pd.DataFrame(columns, index=text.index)


def _columns_here(schema: Schema, text: pd.DataFrame) -> Schema:
    """The declaration without the optional columns that the file lacks: a million blanks need no parsing."""
    here = {name: column for name, column in schema.columns.items() if name in text or name in schema.required}
    return replace(schema, columns=here)


def _missing_shares(text: pd.DataFrame, file: str) -> list[Fault]:
    if "nslp_students" in text or {"cep", "identified_students"} <= set(text.columns):
        return []
    return [
        Fault(
            kind="MissingColumn",
            what="column nslp_students is missing",
            file=file,
            column="nslp_students",
            mend=f"add it, or cep and identified_students for CEP schools; found: {', '.join(text.columns)[:300]}",
        )
    ]


def _faults_of_sound_rows(text: pd.DataFrame, schema: Schema, file: str, why: BadInput) -> list[Fault]:
    """What is wrong with the rows whose cells can be read, so that a person meets every fault at once."""
    rows = {fault.row for fault in why.faults}
    if None in rows:
        return []
    try:
        sound = _complete(tablefiles.typed(text.drop(index=list(rows)), schema, file=file))
    except BadInput:  # more faulty rows than are listed: those listed come first
        return []
    named = set(text["member_of"].str.strip()) if "member_of" in text else set()
    empty = [one for one in consortium_faults(sound, file) if one.kind != "EmptyConsortium" or one.value not in named]
    return [*row_faults(sound, file), *duplicate_faults(sound[sound["kind"] != "consortium"], file), *empty]


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    absent = {name: pd.Series(None, index=frame.index, dtype=object) for name in _OPTIONAL_TEXT if name not in frame}
    counts = {
        name: pd.Series(pd.NA, index=frame.index, dtype="Int64") for name in _OPTIONAL_COUNTS if name not in frame
    }
    flags = {name: pd.Series(data=False, index=frame.index) for name in ("cep", "tribal") if name not in frame}
    return frame.assign(**absent, **counts, **flags)


def mask(cells: pd.Series) -> Mask:
    """A yes/no column as an array; blank is no."""
    return np.asarray(cells.fillna(value=False), dtype=np.bool_)


def examples(
    frame: pd.DataFrame, wrong: Mask, *, kind: str, column: str, file: str, what: Callable[[pd.Series], str], mend: str
) -> list[Fault]:
    """One fault for each wrong row, up to 200; the last stands for the rest.

    >>> table = pd.DataFrame({"students": [0, 5]}, index=[2, 3])
    >>> [f.row for f in examples(table, np.array([True, False]), kind="Zero", column="students", file="a.csv",
    ...     what=lambda row: f"students is {row.students}", mend="give the enrollment")]
    [2]
    """
    rows = frame.index[wrong]
    shown = rows[:_MOST_EXAMPLES]
    faults = []
    for at, line in enumerate(shown):
        row = frame.loc[line]
        rest = len(rows) - len(shown) if at == len(shown) - 1 else 0
        value = row[column]
        faults.append(
            Fault(
                kind=kind,
                what=what(row),
                file=file,
                row=int(line),
                column=column,
                mend=mend,
                count=1 + rest,
                value=None if pd.isna(value) else str(value),
            )
        )
    return faults


# --- one row at a time ----------------------------------------------------------------------------------------------


def row_faults(frame: pd.DataFrame, file: str) -> list[Fault]:
    """Faults that one row shows by itself: no students, more eligible than enrolled, no share, no status."""
    body = frame[frame["kind"] != "consortium"]
    return [
        *_count_faults(body, file),
        *_share_faults(body, file),
        *_status_faults(body, file),
        *_parent_kind_faults(body, file),
    ]


def _named(row: pd.Series) -> str:
    return f"entity {row['entity_id']}"


def _count_faults(body: pd.DataFrame, file: str) -> list[Fault]:
    alone = ~((body["kind"] == "school") & body["parent_id"].notna()).to_numpy()
    cep = mask(body["cep"])
    return [
        *examples(
            body,
            mask(body["students"] == 0) & alone,
            kind="NoStudents",
            column="students",
            file=file,
            what=lambda row: f"students is 0 ({_named(row)}); a share of nobody cannot be taken",
            mend="give the enrollment, or leave the entity out",
        ),
        *examples(
            body,
            mask(body["nslp_students"] > body["students"]) & ~cep,
            kind="MoreEligibleThanEnrolled",
            column="nslp_students",
            file=file,
            mend="correct the one or the other: eligible students are among those enrolled",
            what=lambda row: f"nslp_students is {row['nslp_students']} and students {row['students']} ({_named(row)})",
        ),
        *examples(
            body,
            mask(body["identified_students"] > body["students"]) & cep,
            kind="MoreIdentifiedThanEnrolled",
            column="identified_students",
            file=file,
            mend="correct the one or the other: identified students are among those enrolled",
            what=lambda row: (
                f"identified_students is {row['identified_students']} and students {row['students']} ({_named(row)})"
            ),
        ),
        *examples(
            body,
            mask(body["rural_schools"] > body["schools"]),
            kind="MoreRuralThanSchools",
            column="rural_schools",
            file=file,
            mend="correct the one or the other",
            what=lambda row: f"rural_schools is {row['rural_schools']} and schools {row['schools']} ({_named(row)})",
        ),
    ]


def _share_faults(body: pd.DataFrame, file: str) -> list[Fault]:
    told, cep = body["students"].notna().to_numpy(), mask(body["cep"])
    no_nslp = told & ~cep & body["nslp_students"].isna().to_numpy()
    no_identified = told & cep & body["identified_students"].isna().to_numpy()
    orphan = ~told & body["parent_id"].isna().to_numpy() & (body["kind"] != "district").to_numpy()
    half = ~told & (body["nslp_students"].notna() | body["identified_students"].notna()).to_numpy()
    return [
        *examples(
            body,
            no_nslp,
            kind="NoShare",
            column="nslp_students",
            file=file,
            what=lambda row: f"nslp_students is blank ({_named(row)})",
            mend="give the eligible students, or cep = yes and identified_students",
        ),
        *examples(
            body,
            no_identified,
            kind="NoIdentified",
            column="identified_students",
            file=file,
            what=lambda row: f"cep is yes and identified_students is blank ({_named(row)})",
            mend="give the directly certified students, or cep = no and nslp_students",
        ),
        *examples(
            body,
            orphan | half,
            kind="NoEnrollment",
            column="students",
            file=file,
            what=lambda row: f"students is blank ({_named(row)})",
            mend="give the enrollment; only a district whose schools are listed, or a school or library that takes its "
            "parent's share, may leave it blank, and then eligible students too",
        ),
    ]


def _status_faults(body: pd.DataFrame, file: str) -> list[Fault]:
    takes_parents = ((body["kind"] == "school") & body["parent_id"].notna()).to_numpy()
    from_schools = ((body["kind"] == "district") & body["students"].isna()).to_numpy()
    unknown = body["urban_rural"].isna().to_numpy() & (body["schools"].isna() | body["rural_schools"].isna()).to_numpy()
    # a district with its own figures may still list its schools; that is looked at across rows
    alone = (body["kind"] != "district").to_numpy()
    return examples(
        body,
        unknown & ~takes_parents & ~from_schools & alone,
        kind="NoStatus",
        column="urban_rural",
        file=file,
        what=lambda row: f"urban_rural is blank ({_named(row)})",
        mend="give USAC's status, Urban or Rural (not the NCES locale), or schools and rural_schools",
    )


def _parent_kind_faults(body: pd.DataFrame, file: str) -> list[Fault]:
    nested = (body["parent_id"].notna() & (body["kind"] == "district")).to_numpy()
    own = (body["parent_id"] == body["entity_id"]).to_numpy()
    return examples(
        body,
        nested | own,
        kind="NestedParent",
        column="parent_id",
        file=file,
        what=lambda row: f"{row['kind']} {row['entity_id']} has parent_id {row['parent_id']}",
        mend="only a school or a library belongs to a district; leave parent_id blank (a consortium goes into "
        "member_of)",
    )


# --- across rows ----------------------------------------------------------------------------------------------------


def duplicate_faults(body: pd.DataFrame, file: str) -> list[Fault]:
    """Faults for an entity given twice with different figures, or a district's school given twice (summed twice)."""
    again = body["entity_id"].duplicated(keep="first")
    if not again.any():
        return []
    repeated = body[body["entity_id"].isin(body.loc[again, "entity_id"])]
    kinds = repeated.astype(object).where(repeated.notna(), "").groupby("entity_id", sort=False)[_SAME].nunique()
    differ = set(kinds.index[(kinds > 1).any(axis=1)])
    summed = (body["kind"] == "school") & body["parent_id"].notna()
    wrong = again & (body["entity_id"].isin(differ) | summed)
    first = body[~again].reset_index().set_index("entity_id").iloc[:, 0]
    return examples(
        body,
        wrong.to_numpy(),
        kind="DuplicateKey",
        column="entity_id",
        file=file,
        what=lambda row: f"entity_id {row['entity_id']} stands in row {first[row['entity_id']]} already",
        mend="keep one row (a member of two consortia may stand twice, with the same figures)",
    )


def consortium_faults(frame: pd.DataFrame, file: str) -> list[Fault]:
    """Faults for consortium rows that no entity names in member_of, and for those that are a member themselves."""
    declared = (frame["kind"] == "consortium").to_numpy()
    empty = declared & ~frame["entity_id"].isin(frame["member_of"].dropna()).to_numpy()
    return [
        *examples(
            frame,
            empty,
            kind="EmptyConsortium",
            column="entity_id",
            file=file,
            what=lambda row: f"consortium {row['entity_id']} has no members; a rate cannot be averaged over none",
            mend="name the consortium in member_of of each member",
        ),
        *examples(
            frame,
            declared & frame["member_of"].notna().to_numpy(),
            kind="NestedConsortium",
            column="member_of",
            file=file,
            what=lambda row: f"consortium {row['entity_id']} is called a member of {row['member_of']}",
            mend="a rate is averaged over districts, schools and libraries: leave member_of blank here, and name "
            "the wider consortium in member_of of each of them (a row for each consortium of an entity)",
        ),
    ]
