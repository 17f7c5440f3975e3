"""The whole FY2016 filings of twelve states: every table loads, every filed figure is reckoned again."""

import csv
import gzip
import os
from pathlib import Path

import pandas as pd
import pytest

from infraplan import arrivals
from infraplan.procurement import reconcile
from infraplan.procurement.sources import usac

SHARED = Path(os.environ.get("INFRAPLAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FILES = sorted((SHARED / "erate" / "fy2016_form471").glob("*.csv.gz"))
pytestmark = pytest.mark.skipif(not FILES, reason="the shared Form 471 tables are not here")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return usac.read_all(FILES)


def test_all_six_tables_load_whole(tables: dict[str, pd.DataFrame]) -> None:
    rows = {name: len(frame) for name, frame in tables.items()}
    assert rows == {
        "applications": 5488,
        "requests": 13745,
        "request_lines": 25678,
        "line_recipients": 81670,
        "applicant_sites": 38972,
        "site_speeds": 29298,
    }


def test_every_filed_figure_is_reckoned_again(tables: dict[str, pd.DataFrame]) -> None:
    counts = reconcile.filings(tables).counts()
    assert counts["c1_rate"] == (5430, 0, 0)
    assert counts["c2_rate"] == (5430, 0, 0)
    assert counts["urban_rural"] == (3578, 0, 0)
    assert counts["consortium_c1_rate"] == (58, 0, 0)
    assert counts["consortium_c2_rate"] == (58, 0, 0)
    assert counts["commitment_usd"] == (13320, 2, 398)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])
def test_each_table_under_field_names_is_known_and_reads_the_same(path: Path, tmp_path: Path) -> None:
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines(keepends=True)[:2001]
    header = next(csv.reader([lines[0]]))
    report, fields = tmp_path / "report.csv", tmp_path / "fields.csv"
    report.write_text("".join(lines), encoding="utf-8")
    fields.write_text(",".join(map(usac.field_name, header)) + "\n" + "".join(lines[1:]), encoding="utf-8")
    one, two = usac.read(report), usac.read(fields)
    assert one.table == two.table
    pd.testing.assert_frame_equal(one.frame, two.frame)
    with arrivals.opened(fields, tmp_path) as (arrival,):
        found = arrivals.recognize(arrival)
    assert found is not None
    assert (found[0].tables, found[1]) == ((one.table,), "report, as field names")
