"""Every kind of file, damaged at random: it is read or refused in words, never a traceback, never half a table."""

import io
import json
import random
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import publishers
import pytest
from damage import CELLS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetch.maine_online import zipped
from infraplan import intake
from infraplan.cli.arriving import loaders
from infraplan.errors import BadInput, InfraplanError
from infraplan.workspace import Workspace

KNOWN = loaders()


class Originals(dict[str, bytes]):
    """Every fetched file by name; short in words, since a failing example is printed with them."""

    def __repr__(self) -> str:
        return f"<{len(self)} fetched files>"


@pytest.fixture(scope="module")
def originals(fetched_once: Path) -> Originals:
    """Every fetched file, the same bytes at whatever time the test runs: drivers stamp shapes with the clock."""
    cache = fetched_once / "data" / "cache"
    found = Originals()
    for path in sorted((cache / "index").glob("*.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        content = (cache / "objects" / about["sha256"][:2] / about["sha256"]).read_bytes()
        found[about["name"]] = timeless(content) if content.startswith(b"PK") else content
    assert len(found) >= 15
    return found


def timeless(archive: bytes) -> bytes:
    """A zip archive (a workbook is one) packed again with one date, dates inside blanked."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    for name, content in members.items():
        if name.endswith(".dbf"):
            members[name] = content[:1] + b"\x7e\x01\x01" + content[4:]  # the header's date of last update
        elif name == "docProps/core.xml":
            members[name] = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-01-01T00:00:00Z", content)
    return zipped(members)


def damaged(content: bytes, luck: random.Random) -> bytes:
    """A content with bytes changed, cut out, doubled, or with a cell in place of another."""
    spoiled = bytearray(content)
    for _ in range(luck.randint(1, 4)):
        at = luck.randint(0, max(0, len(spoiled) - 1))
        how = luck.choice(["flip", "cut", "end", "double", "cell", "cell", "cell"])
        if how == "flip" and spoiled:
            spoiled[at] ^= 1 << luck.randint(0, 7)
        elif how == "cut":
            del spoiled[at : at + luck.randint(1, 200)]
        elif how == "end":
            del spoiled[at:]
        elif how == "double":
            spoiled[at:at] = spoiled[at : at + 500]
        else:
            end = next((n for n in range(at, len(spoiled)) if spoiled[n] in b",|\n"), len(spoiled))
            spoiled[at:end] = luck.choice(CELLS).encode()
    return bytes(spoiled)


def outcome(here: Workspace, path: Path) -> str | None:
    """What a person is told of a refused file; None if it was added. Any other exception is a fault of ours."""
    try:
        intake.add(here, [path], KNOWN)
    except InfraplanError as why:
        return str(why)
    return None


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")  # damaged shapes warn once, and only once
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_a_damaged_file_is_read_or_refused_in_words(seed: int, originals: Originals) -> None:
    luck = random.Random(seed)  # noqa: S311 - damage, not secrets
    name = luck.choice(sorted(originals))
    content = originals[name]
    if name.endswith(".zip") and luck.random() < 0.7:  # inside the archive, which stays sound
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {item: archive.read(item) for item in archive.namelist()}
        inside = luck.choice(sorted(members))
        content = zipped({**members, inside: damaged(members[inside], luck)})
    else:
        content = damaged(content, luck)
    room = Path(tempfile.mkdtemp())
    try:
        here = Workspace.create(room / "plan", state="ME", funding_year=2026)
        (room / name).write_bytes(content)
        told = outcome(here, room / name)
        if told is not None:
            assert told.strip()
            assert here.catalog == []
            assert not list((here.data / "tables").rglob("*.parquet"))
        else:
            intake.check(here)
        assert not (here.data / "tmp").exists()
    finally:
        shutil.rmtree(room)


def shapefile(prj: bytes) -> bytes:
    """A TIGER zip whose .prj reads so."""
    with tempfile.TemporaryDirectory() as folder:
        path = publishers.two_districts(Path(folder))
        with zipfile.ZipFile(path) as archive:
            members = {item: archive.read(item) for item in archive.namelist()}
    return zipped({name: prj if name.endswith(".prj") else content for name, content in members.items()})


SCHOOL_COLUMNS = ("NCESSCH", "LEAID", "LEA_NAME", "SCH_NAME", "LATCOD", "LONCOD", "SURVYEAR", "VIRTUAL")
SUMMARY = (
    b"area_data_type,geography_type,geography_id,geography_desc,geography_desc_full,total_units,biz_res,technology,"
    b"speed_02_02,speed_10_1,speed_25_3,speed_100_20,speed_250_25,speed_1000_100"
)
KNOWN_DAMAGE = {
    "tl_2025_23_unsd.zip": shapefile(b'GEOGCS["GCS_North_American_1983",DATUM["D_Nor'),
    "tl_2025_23_scsd.zip": shapefile(b'GEOGCS["GCS_North_American_1983",DATUM["D_Nor\xf4h_American_1983"'),
    "BlockAssign_ST23_ME_SDUNI.txt": b"BLOCKID|DISTRIcT\n",
    "nces_edge_schools_ME_2024-25.geojson": json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [-70.1, 45.1]},
                    "properties": dict.fromkeys(SCHOOL_COLUMNS, "1") | {"VIrTUAL": "NOTVIRTUAL"},
                }
            ],
        }
    ).encode(),
    "ACSDT5Y2023.B28002-district-ME.csv": b"GEO_ID,NA\rE,B28002_001E,B28002_001M,B28002_004E,B28002_004M\n"
    b"9700000US2300001,West,1,1,1,1\n",
    "bdc_us_fixed_broadband_summary_by_geography_D25_17mar2026.csv": SUMMARY
    + b"\nTotal,County,23001,X,X County,100,R,,1,1,0.5,0.5,0,0\nTotal,County,,X,X,100,R,Any Terrestrial,1,1,1,1,0,0\n",
    "bdc_23_Copper_fixed_broadband_D25_17mar2026.csv": ",".join(publishers.BDC_12)
    .replace("provider_id", "provider_id\ufeff")
    .encode()
    + b"\n0001234567,130077,Pine,1000000001,10,10,1,1,R,ME,230010101001000,882bad298dfffff\n",
    "usac_request_lines_ME_2025.csv": b"application_number,state,form_version,form_471_line_item_number,"
    b"funding_request_number,form_471_function_name,form_471_purpose_name,monthly_recurring_unit_eligible_costs,"
    b"pre_discount_extended_eligible_line_item_costs\n261000001,ME speed,Current,1,2,Fiber,Internet,1,1\n",
    "usac_request_lines.csv": b"form_471_line_item_number,form_471_function_name,form_471_purpose_name,"
    b"monthly_recurring_unit_eligible_costs,pre_discount_extended_eligible_line_item_costs\n1,Fiber,Internet,1,1\n",
    "bdc_23_Cable_fixed_broadband_D25_17mar2026.csv": b",".join(name.encode() for name in publishers.BDC_12)
    + b'\n"unclosed\n' * 3
    + b'0001234567,1,"x"y",1\n',
}


@pytest.mark.parametrize("name", KNOWN_DAMAGE)
def test_damage_that_a_reading_library_gives_up_on_is_told_in_words(name: str, tmp_path: Path) -> None:
    here = Workspace.create(tmp_path / "plan", state="ME", funding_year=2026)
    (tmp_path / name).write_bytes(KNOWN_DAMAGE[name])
    told = outcome(here, tmp_path / name)
    assert told is not None
    assert name in told
    assert "mend:" in told
    assert here.catalog == []


def test_blank_cells_of_a_summary_are_named_by_row_and_the_publishers_column(tmp_path: Path) -> None:
    here = Workspace.create(tmp_path / "plan", state="ME", funding_year=2026)
    path = tmp_path / "bdc_us_fixed_broadband_summary_by_geography_D25_17mar2026.csv"
    path.write_bytes(KNOWN_DAMAGE[path.name])
    with pytest.raises(BadInput) as caught:
        intake.add(here, [path], KNOWN)
    assert {(one.kind, one.row, one.column) for one in caught.value.faults} == {
        ("Blank", 2, "technology (our technology_group)"),
        ("Blank", 3, "geography_id"),
    }
