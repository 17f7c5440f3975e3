"""Content decides, not the ending: what can be read is read under any name, the rest is refused for what it is."""

import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from publishers import EAST, EAST_BOX, WEST, WEST_BOX, Offer, add, bdc, ccd_lea, ccd_lea_row, two_districts

from infraplan import contents, tablefiles
from infraplan.errors import BadInput
from infraplan.workspace import Workspace

ROWS = "lea_id,mbps,name\n2300001,100,Saint-Éloi\n2300002,200,East\n"
CELLS = [["2300001", "100", "Saint-Éloi"], ["2300002", "200", "East"]]
PAGE = b"\xef\xbb\xbf \n<!DOCTYPE html>\n<html><head><title>Down for maintenance</title></head></html>"
NAMES = ("t.csv", "t.xls", "t.xlsx", "t.zip", "t.gz", "t.csv.gz", "t.parquet", "t.json", "t.dat", "t")


def frame() -> pd.DataFrame:
    return pd.DataFrame(CELLS, columns=["lea_id", "mbps", "name"])


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [["lea_id", "mbps", "name"], *CELLS]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    frame().to_parquet(out, index=False)
    return out.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


TABLES: dict[str, Callable[[], bytes]] = {
    "text": ROWS.encode,
    "latin-1": lambda: ROWS.encode("latin-1"),
    "utf-8 with a mark": lambda: ROWS.encode("utf-8-sig"),
    "utf-16": lambda: ROWS.encode("utf-16"),
    "utf-16 without a mark": lambda: ROWS.encode("utf-16-le"),
    "tabs in utf-16": lambda: ROWS.replace(",", "\t").encode("utf-16"),
    "workbook": workbook,
    "parquet": parquet,
    "gzip": lambda: gzip.compress(ROWS.encode()),
    "gzip of a workbook": lambda: gzip.compress(workbook()),
    "zip": lambda: zipped({"t.csv": ROWS.encode()}),
    "zip of a workbook": lambda: zipped({"t.xlsx": workbook()}),
    "zip of a name that says nothing": lambda: zipped({"table": ROWS.encode()}),
}
RECORDS = [dict(zip(["lea_id", "mbps", "name"], row, strict=True)) for row in CELLS]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_under_any_name(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(TABLES[kind]())
    assert tablefiles.read_text(tmp_path / name).to_numpy().tolist() == CELLS
    assert tablefiles.read_declared(tmp_path / name, "circuits")["mbps"].tolist() == [100, 200]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", ["t.csv", "t.dat", "t.xls"])
def test_a_table_is_added_under_any_name(maine: Workspace, tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(TABLES[kind]())
    add(maine, tmp_path / name)
    assert maine.frame("circuits")["mbps"].tolist() == [100, 200]
    assert maine.frame("circuits")["name"].tolist() == ["Saint-Éloi", "East"]


@pytest.mark.parametrize("name", ["t.json", "t.txt", "t.jsonl", "t.json.gz"])
def test_records_are_read_and_added_under_any_name(maine: Workspace, tmp_path: Path, name: str) -> None:
    text = "\n".join(map(json.dumps, RECORDS)) if "jsonl" in name else json.dumps(RECORDS)
    content = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert tablefiles.read_text(tmp_path / name).to_numpy().tolist() == CELLS
    add(maine, tmp_path / name)
    assert maine.frame("circuits")["mbps"].tolist() == [100, 200]


@pytest.mark.parametrize("name", ["b.geojson", "b.json", "b.txt", "b.csv", "b.geojson.gz", "b"])
def test_shapes_in_geojson_are_added_under_any_name(maine: Workspace, tmp_path: Path, name: str) -> None:
    made = tmp_path / "made.geojson"
    districts(made)
    content = made.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    add(maine, tmp_path / name)
    assert sorted(maine.frame("district_shapes")["lea_id"]) == [WEST, EAST]


@pytest.mark.parametrize("name", ["b.db", "b.sqlite", "b.csv", "b.zip"])
def test_a_geopackage_is_added_under_any_name(maine: Workspace, tmp_path: Path, name: str) -> None:
    made = tmp_path / "made.gpkg"
    districts(made)
    made.rename(tmp_path / name)
    add(maine, tmp_path / name)
    assert sorted(maine.frame("district_shapes")["lea_id"]) == [WEST, EAST]


def districts(path: Path) -> None:
    gpd.GeoDataFrame(
        {"GEOID": [WEST, EAST], "NAME": ["W", "E"], "UNSDLEA": ["00001", "00002"]},
        geometry=[WEST_BOX, EAST_BOX],
        crs="EPSG:4326",
    ).to_file(path)


def test_publishers_archives_are_known_under_other_names(maine: Workspace, tmp_path: Path) -> None:
    two_districts(tmp_path).rename(tmp_path / "districts.download")
    (tmp_path / "cable").write_bytes(gzip.compress(bdc(tmp_path / "x.csv", Offer(1)).read_bytes()))
    (tmp_path / "ccd.csv").write_bytes(zipped({"inner.zip": zipped({"ccd.csv": directory(tmp_path)})}))
    add(maine, tmp_path / "districts.download", tmp_path / "cable", tmp_path / "ccd.csv")
    assert {part.table for part in maine.catalog} == {"district_shapes", "availability", "districts"}


def directory(folder: Path) -> bytes:
    return ccd_lea(folder / "made.csv", ccd_lea_row(WEST, "West")).read_bytes()


REFUSED = {
    "is a web page, not a table": PAGE,
    "is a PDF document": b"%PDF-1.7\n1 0 obj",
    "is a Word document": zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
    "is a presentation": zipped({"[Content_Types].xml": b"<Types/>", "ppt/slides.xml": b"<p/>"}),
    "is an XML document": b'<?xml version="1.0"?><kml><Document/></kml>',
    "is a workbook locked with a password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    + b"\0" * 600
    + "EncryptedPackage\0".encode("utf-16-le"),
    "is an archive of a kind that is not read here": lzma.compress(b"lea_id,mbps\n"),
    "is a picture": b"\x89PNG\r\n\x1a\n\0\0",
    "is a database": b"SQLite format 3\0" + b"\0" * 200,
    "is empty": b" \r\n\r\n",
    "is not a text table": b"a,b\n\0\1\2\3",
}
ENDINGS = ("csv", "xls", "xlsx", "zip", "geojson", "csv.gz", "gpkg", "parquet", "json", "shp")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_table_is_refused_for_what_it_is_under_any_name(
    maine: Workspace, tmp_path: Path, what: str, ending: str
) -> None:
    path = tmp_path / f"t.{ending}"
    path.write_bytes(REFUSED[what])
    for reading in (lambda: tablefiles.read_text(path), lambda: add(maine, path)):
        with pytest.raises(BadInput, match=rf"^t\.{ending} {what}.*\n  where: .*\n  mend:  ."):
            reading()
    assert maine.catalog == []


def test_a_page_inside_an_archive_is_refused_too(maine: Workspace, tmp_path: Path) -> None:
    for name, content in (
        ("a.zip", zipped({"t.csv": PAGE})),
        ("b.gz", gzip.compress(PAGE)),
        ("c.csv", zipped({"t.xls": PAGE})),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match="web page"):
            add(maine, tmp_path / name)
        with pytest.raises(BadInput, match="web page"):
            tablefiles.read_text(tmp_path / name)


def test_archives_in_archives_end_somewhere(maine: Workspace, tmp_path: Path) -> None:
    content = zipped({"t.csv": ROWS.encode()})
    for _ in range(5):
        content = zipped({"t.zip": content})
    (tmp_path / "deep.zip").write_bytes(content)
    with pytest.raises(BadInput, match="archives in archives"):
        add(maine, tmp_path / "deep.zip")
    with pytest.raises(BadInput, match="another archive"):
        tablefiles.read_text(tmp_path / "deep.zip")


def test_a_map_layer_given_to_a_command_says_where_it_belongs(tmp_path: Path) -> None:
    districts(tmp_path / "b.gpkg")
    with pytest.raises(BadInput, match=r"is a map layer, not a table\n.*\n.*infraplan data add"):
        tablefiles.read_text(tmp_path / "b.gpkg")


def test_a_stream_is_left_at_its_start() -> None:
    stream = contents.stream_of(workbook())
    assert contents.kind_of(stream) == "xlsx"
    assert stream.tell() == 0


@pytest.mark.parametrize("name", ["[dbo].[lea], name\n1,2\n", "<none>;b\n1;2\n", "{a};b\n1;2\n"])
def test_odd_headers_are_still_text(name: str) -> None:
    assert contents.kind_of(contents.stream_of(name.encode())) in {"text", "markup"}
    assert contents.kind_of(contents.stream_of(b"{a};b\n1;2\n")) == "text"


def test_an_old_workbook_cut_short_and_an_opendocument_one_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "cut.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    with pytest.raises(BadInput, match=r"is an old workbook without its end(.|\n)*download it again"):
        tablefiles.read_text(tmp_path / "cut.xls")
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(BadInput, match=r"is an OpenDocument spreadsheet(.|\n)*save it as XLSX"):
        tablefiles.read_text(tmp_path / "t.ods")
