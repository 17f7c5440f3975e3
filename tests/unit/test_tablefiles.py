"""Tables in and out of files: read as text, checked with all faults at once, written whole or not at all."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from infraplan import tablefiles
from infraplan.errors import BadInput
from infraplan.schemas import Column, Schema
from infraplan.tablefiles import delimited
from infraplan.wholefiles import atomic

BIDS = Schema(
    name="t",
    title="T",
    layer="core",
    grain="one row per id",
    key=("id",),
    source="s",
    columns={
        "id": Column("id", "string", pattern=r"^\d{7}$", pad=7),
        "kind": Column("kind", "string", codes=("itemized", "bundle")),
        "rate": Column("rate", "integer", low=0, high=100),
        "usd": Column("usd", "decimal", low=0, null="none"),
        "open": Column("open", "boolean", null="not given"),
        "due": Column("due", "date", null="not given"),
        "weight": Column("weight", "number", default=1.5),
        "note": Column("note", "string", required=False, null="none"),
    },
)
HEADER = "id,kind,rate,usd,open,due,weight\n"
FRAME = pd.DataFrame({"lea_id": ["0100005", "2300001"], "name": ["Ecole, Saint-Éloi", 'The "Old" School'], "n": [1, 2]})


def typed(text: str) -> pd.DataFrame:
    rows = list(csv.reader(io.StringIO(text)))
    frame = pd.DataFrame(rows[1:], columns=rows[0], index=pd.RangeIndex(2, len(rows) + 1), dtype=object)
    return tablefiles.typed(frame, BIDS, file="bids.csv")


def refused(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        typed(text)
    return caught.value


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.zip", "t.json", "t.jsonl", "t.parquet", "t.xlsx"])
def test_every_format_is_read_as_the_same_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = FRAME.to_csv(index=False)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.pdf", b"%PDF")
            archive.writestr("t.csv", text)
    elif name.endswith(".tsv"):
        path.write_text(FRAME.to_csv(index=False, sep="\t"), encoding="utf-8")
    elif name.endswith(".csv"):
        path.write_text(text, encoding="utf-8")
    else:
        tablefiles.write(FRAME, path)
    found = tablefiles.read_text(path)
    assert found.astype(str).to_numpy().tolist() == FRAME.astype(str).to_numpy().tolist()
    assert found.index.tolist() == [2, 3]


def test_a_byte_order_mark_is_no_part_of_the_first_columns_name(tmp_path: Path) -> None:
    path = tmp_path / "acs.csv"
    path.write_bytes(b"\xef\xbb\xbfGEO_ID,NAME\r\n1,a\r\n")
    assert list(tablefiles.read_text(path).columns) == ["GEO_ID", "NAME"]


def test_latin_1_is_read_where_a_file_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "ccd.csv"
    path.write_bytes("name\nCañon City\n".encode("latin-1"))
    assert tablefiles.read_text(path)["name"].tolist() == ["Cañon City"]


def test_separators_and_line_breaks_inside_quotes_are_kept_and_rows_counted_as_a_spreadsheet_does(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    path.write_text('brand,n\n"Pine, Inc.",1\n"Two\nLines",2\n\n"The ""Best""",3\n', encoding="utf-8")
    found = tablefiles.read_text(path)
    assert found["brand"].tolist() == ["Pine, Inc.", "Two\nLines", 'The "Best"']
    assert found.index.tolist() == [2, 3, 5]


@pytest.mark.parametrize("separator", [";", "|", "\t"])
def test_other_separators_are_seen_in_the_header(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(separator.join("ab") + "\n" + separator.join(["1,5", "2"]) + "\n", encoding="utf-8")
    assert tablefiles.read_text(path).to_numpy().tolist() == [["1,5", "2"]]


def test_every_row_with_more_cells_than_the_header_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n1,2,3\n1,2,,\n1\n4,5,6\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        tablefiles.read_text(path)
    assert [fault.row for fault in caught.value.faults] == [3, 6]


def test_short_rows_and_empty_cells_behind_the_header_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,,\n1,2,,\n1\n", encoding="utf-8")
    assert tablefiles.read_text(path).to_numpy().tolist() == [["1", "2"], ["1", ""]]


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,a\n1,2,3\n", encoding="utf-8")
    with pytest.raises(BadInput, match="column a occurs twice"):
        tablefiles.read_text(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"<!DOCTYPE html><html>Down for maintenance</html>", "web page"),
        ("t.csv", b"\n  \n", "is empty"),
        ("t.csv", b"PK\x03\x04\0\0\0", "not a readable zip archive"),
        ("t.csv", b"a,b\0c\n", "not a text table"),
        ("t.xlsx", b"not a workbook", "cannot be read as a table"),
        ("t.zip", b"not a zip", "cannot be read as a table"),
        ("t.csv.gz", b"not a gzip", "cannot be read as a table"),
        ("t.json", b'{"error": "login"}', "list of records"),
        ("t.json", b"{", "cannot be read as a table"),
        ("t.parquet", b"PAR0", "cannot be read as a table"),
    ],
)
def test_what_is_not_a_table_is_refused_in_words(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        tablefiles.read_text(path)


def test_a_missing_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file"):
        tablefiles.read_text(tmp_path / "none.csv")


def test_an_archive_of_several_tables_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")
    with pytest.raises(BadInput, match=r"2 tables, expected one: a\.csv, b\.csv"):
        tablefiles.read_text(tmp_path / "t.zip")


def test_a_sheet_with_titles_above_its_header_is_read_from_the_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Poverty Estimates"],
        ["2024"],
        ["District ID", "Name", "Count"],
        ["00005", "A", 12.0],
        [None, "B", 3],
    ):
        sheet.append(row)
    book.save(tmp_path / "saipe.xlsx")
    found = tablefiles.read_text(tmp_path / "saipe.xlsx", header_row=3)
    assert found.to_numpy().tolist() == [["00005", "A", "12"], ["", "B", "3"]]
    assert found.index.tolist() == [4, 5]


# --- checking -------------------------------------------------------------------------------------------------------


def test_cells_become_the_declared_types() -> None:
    row = typed(HEADER + '2300001,Bundle,"85","$1,234.50",Y,06/30/2026,\n').iloc[0]
    assert row["kind"] == "bundle"
    assert row["rate"] == 85
    assert row["usd"] == Decimal("1234.50")
    assert bool(row["open"]) is True
    assert row["due"] == pd.Timestamp("2026-06-30")
    assert row["weight"] == 1.5


def test_all_faults_of_a_file_are_told_at_once_with_row_column_and_value() -> None:
    text = HEADER + "2300001,itemized,104,x,maybe,2026-02-30,1\n230000,other,,-1,no,,inf\n"
    faults = {(fault.row, fault.column): fault for fault in refused(text).faults}
    assert set(faults) == {
        (2, "rate"),
        (2, "usd"),
        (2, "open"),
        (2, "due"),
        (3, "id"),
        (3, "kind"),
        (3, "rate"),
        (3, "usd"),
        (3, "weight"),
    }
    assert faults[2, "rate"].value == "104"
    assert faults[3, "rate"].kind == "Blank"
    assert all(fault.file == "bids.csv" and fault.mend for fault in faults.values())


def test_a_number_that_lost_its_zeros_is_told_how_to_mend() -> None:
    (fault,) = refused(HEADER + "100005,bundle,1,,,,\n").faults
    assert fault.mend == "the number lost its leading zeros: 0100005; format the column as text"


def test_a_percent_sign_is_told_how_to_mend() -> None:
    (fault,) = refused(HEADER + "2300001,bundle,85%,,,,\n").faults
    assert fault.mend == "give the number without the percent sign"


def test_whole_numbers_beside_blanks_stay_whole() -> None:
    frame = pd.DataFrame({"year": pd.Series([2030, None, 7], dtype=object)})
    assert tablefiles.to_csv_text(frame).split() == ["year", "2030", '""', "7"]


def test_every_missing_column_is_named_and_a_near_miss_suggested() -> None:
    faults = refused("ID,kind\n2300001,bundle\n").faults
    assert [fault.column for fault in faults] == ["id", "rate", "usd", "open", "due"]
    assert faults[0].mend == "rename column ID to id"


@pytest.mark.parametrize("told", ["Bid ID", "bid-id", "BidId"])
def test_a_missing_column_names_the_one_that_is_only_written_otherwise(told: str) -> None:
    (fault,) = [
        one for one in tablefiles.missing_columns([told], Schema.load("bid_tiers"), "t.csv") if one.column == "bid_id"
    ]
    assert fault.mend == f"rename column {told} to bid_id"


def test_a_repeated_key_is_a_fault_only_where_rows_must_be_unique() -> None:
    (fault,) = refused(HEADER + "2300001,bundle,1,,,,\n2300001,bundle,2,,,,\n").faults
    assert (fault.kind, fault.row, fault.value) == ("DuplicateKey", 3, "2300001")


def test_extra_columns_are_kept_as_text_in_row_order() -> None:
    found = typed(HEADER.strip() + ",extra\n2300002,bundle,1,,,,,x\n2300001,bundle,2,,,,,=y\n")
    assert found["id"].tolist() == ["2300002", "2300001"]
    assert found["extra"].tolist() == ["x", "=y"]


# --- writing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_cell_is_written_that_a_spreadsheet_would_run(tmp_path: Path, cell: str, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    tablefiles.write(pd.DataFrame({"name": [cell]}), path)
    assert tablefiles.read_text(path)["name"].tolist()[0].startswith("'")


@pytest.mark.parametrize("cell", ["-12.5", "+1", "-1,234", "School", "a=b", "-5%"])
def test_numbers_and_plain_words_are_written_as_they_are(cell: str) -> None:
    assert tablefiles.neutral(cell) == cell


def test_markup_is_escaped_in_html(tmp_path: Path) -> None:
    tablefiles.write(pd.DataFrame({"name": ["<script>alert(1)</script>"]}), tmp_path / "t.html")
    page = (tmp_path / "t.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_yes_and_no_blanks_and_exact_amounts_are_written_for_people() -> None:
    frame = pd.DataFrame(
        {
            "cep": pd.array([True, False, None], dtype="boolean"),
            "usd": [Decimal("0.10"), Decimal(2), None],
            "n": pd.array([1, None, 3], dtype="Int64"),
        }
    )
    assert tablefiles.to_csv_text(frame).splitlines() == ["cep,usd,n", "yes,0.10,1", "no,2,", ",,3"]
    stream = io.StringIO()
    tablefiles.write_stream(frame, stream, "jsonl")
    assert json.loads(stream.getvalue().splitlines()[0]) == {"cep": "yes", "usd": "0.10", "n": 1}


def test_shapes_are_written_to_map_formats_and_refused_without_geometry(tmp_path: Path) -> None:
    shapes = gpd.GeoDataFrame({"lea_id": ["2300001"]}, geometry=[shapely.box(-70, 45, -69, 46)], crs="EPSG:4326")
    for ending in ("geojson", "gpkg"):
        tablefiles.write(shapes, tmp_path / f"t.{ending}")
        again = gpd.read_file(tmp_path / f"t.{ending}")
        assert again["lea_id"].tolist() == ["2300001"]
        assert again.geometry.iloc[0].equals(shapes.geometry.iloc[0])
    tablefiles.write(shapes, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "lea_id\n2300001\n"
    with pytest.raises(BadInput, match="no shapes"):
        tablefiles.write(FRAME, tmp_path / "plain.geojson")


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="csv, json, jsonl, parquet, xlsx, geojson, gpkg, html"):
        tablefiles.write(FRAME, tmp_path / "t.doc")
    tablefiles.write(FRAME, tmp_path / "t.dat", "csv")
    assert (tmp_path / "t.dat").read_text(encoding="utf-8").startswith("lea_id,name,n\n0100005,")


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "geojson", "gpkg"])
def test_formats_that_need_a_file_are_not_written_to_the_screen(kind: str) -> None:
    with pytest.raises(BadInput, match="give -o FILE"):
        tablefiles.write_stream(FRAME, io.StringIO(), kind)


@contextmanager
def broken_writing(path: Path) -> Iterator[Path]:
    with atomic(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")
        yield temporary


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match="No space left"), broken_writing(path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text(encoding="utf-8") == "old"


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=12).map(str.strip)


ROWS = st.tuples(st.from_regex(r"[0-9]{7}", fullmatch=True), CELLS, st.integers(0, 10**9))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=6))
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_is_written_is_read_back(
    ending: str, rows: list[tuple[str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("round") / f"t.{ending}"
    frame = pd.DataFrame(rows, columns=["lea_id", "name", "n"])
    tablefiles.write(frame, path)
    again = tablefiles.read_text(path)
    names = [str(tablefiles.neutral(name)) for name in frame["name"]] if ending == "csv" else frame["name"].tolist()
    assert again["lea_id"].tolist() == frame["lea_id"].tolist()
    assert again["name"].tolist() == names
    assert again["n"].tolist() == [str(n) for n in frame["n"]]


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_money_goes_through_csv_to_the_cent(amount: Decimal) -> None:
    text = tablefiles.to_csv_text(pd.DataFrame({"usd": [amount]})).splitlines()[1]
    assert typed(HEADER + f"2300001,bundle,1,{text},,,\n")["usd"].iloc[0] == amount


ODD_ENDS = [
    "", "\n", "\n\n", "x\n", "x,y,z,\n", "x,y,z,w\n", '"x"y,1,2\n', 'x"y,1,2\n', '"open,1,2\n', "x\ry,1,2\n", ',"a",\n',
]  # fmt: skip
CELLS = st.sampled_from(["", "a", " b ", "0012", 'say "x"', "one,two", "two\nlines", "é", "\t", "1;2"])


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    extra=st.sampled_from(ODD_ENDS),
)
def test_a_long_file_is_read_in_columns_as_it_would_be_row_by_row(
    rows: list[list[str]], end: str, quoting: Any, extra: str
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=end, quoting=quoting).writerows([["x", "y", "z"], *rows])
    content = (stream.getvalue() + extra).encode()
    with pytest.MonkeyPatch.context() as patch:
        answers: list[object] = []
        for long_text in (10**9, 0):
            patch.setattr(delimited, "_LONG_TEXT", long_text)
            try:
                answers.append(delimited.read_delimited(content, "t.csv", 1))
            except BadInput as why:
                answers.append(why.faults)
    if isinstance(answers[0], pd.DataFrame):
        assert isinstance(answers[1], pd.DataFrame)
        pd.testing.assert_frame_equal(answers[0], answers[1])
    else:
        assert answers[0] == answers[1]


def test_a_plain_long_file_is_read_in_columns_and_a_ragged_one_is_not() -> None:
    assert delimited.read_plain('x,y\n1,"a,b"\n2,\n', ",") is not None
    assert delimited.read_plain("x,y\n1\n2,3\n", ",") is None
    assert delimited.read_plain('x,y\n1,"a\nb"\n', ",") is None


def test_a_doubtful_figure_is_kept_and_a_person_is_asked_to_look_at_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "speeds.csv"
    path.write_text(
        "lea_id,mbps,students\n2300001,4400900,10\n2300002,100,2000000\n2300003,1000000,\n", encoding="utf-8"
    )
    with caplog.at_level("INFO", logger="infraplan"):
        found = tablefiles.read_declared(path, "circuits")
    assert found["mbps"].tolist() == [4_400_900, 100, 1_000_000]
    assert caplog.messages == [
        "speeds.csv: mbps is outside 0 to 1,000,000 Mbps in 1 rows (row 2: 4,400,900); taken as it stands, please check",
        "speeds.csv: students is outside 0 to 1,200,000 students in 1 rows (row 3: 2,000,000); taken as it stands, "
        "please check",
    ]
    path.write_text("lea_id,mbps,students\n2300001,1,1000000000000\n", encoding="utf-8")
    with pytest.raises(BadInput, match="expected a whole number from 0 to 400,000,000"):
        tablefiles.read_declared(path, "circuits")


def test_a_blank_part_of_a_key_that_stands_twice_is_told_as_blank(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("bid_id,lea_id,usd_month,usd_once\na,A,1,0\na,A,1,0\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"\(blank\)"):
        tablefiles.read_declared(path, "bid_prices")
