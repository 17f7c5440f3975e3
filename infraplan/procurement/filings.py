"""Form 471 tables for the analyses, out of a workspace or straight from USAC's files."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd

from infraplan import tablefiles
from infraplan.errors import BadInput, Fault, NoAnswer
from infraplan.identifiers import LEA_DIGITS
from infraplan.procurement.sources import usac
from infraplan.schemas import Schema
from infraplan.workspace import Workspace

DISTRICT_DIGITS = 5
TABLES = (
    "applications",
    "requests",
    "request_lines",
    "line_recipients",
    "applicant_sites",
    "site_speeds",
    "c2_spending",
    "erate_entities",
    "disbursements",
)


def tables(files: Sequence[Path], workspace: Path) -> dict[str, pd.DataFrame]:
    """The tables of the files, or where none is given those loaded in the workspace, repeats once.

    Raises BadInput for files that are not USAC's, NoWorkspace where there is neither.
    """
    if files:
        return usac.read_all(files)
    here = Workspace.open(workspace)
    found = {name: here.frame(name).drop(columns="source_row", errors="ignore") for name in TABLES if here.has(name)}
    return _with_payments(
        _with_kinds({name: frame.drop_duplicates(ignore_index=True) for name, frame in found.items()})
    )


def _with_kinds(found: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Applications whose file does not say what the applicant is take it from USAC's published entities."""
    if not {"applications", "erate_entities"} <= found.keys() or "applicant_type" not in found["applications"]:
        return found
    kinds = found["erate_entities"].drop_duplicates("entity_id").set_index("entity_id")["kind"]
    applications = found["applications"]
    kind = applications["applicant_type"].fillna(applications["ben"].map(kinds))
    return found | {"applications": applications.assign(applicant_type=kind)}


def _with_payments(found: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Requests whose file does not say what was disbursed take it from the invoices, summed by request.

    Of a year with invoices, a request without any has had nothing paid; of a year without, it is not known. Where both are
    known they are kept side by side as `payments` (frn, invoices_usd, told_usd), to be compared.
    """
    if not {"requests", "disbursements"} <= found.keys():
        return found
    invoices, requests = found["disbursements"], found["requests"]
    paid: dict[str, Decimal] = {}
    for frn, usd in zip(invoices["frn"], invoices["approved_usd"], strict=True):
        paid[frn] = paid.get(frn, Decimal(0)) + (Decimal(0) if usd is None or pd.isna(usd) else Decimal(str(usd)))
    covered = {int(year) for year in invoices["funding_year"].dropna()}
    years = years_of(requests, found.get("applications"))
    known = requests.get("disbursed_usd", pd.Series(None, index=requests.index, dtype=object))
    summed = [
        paid.get(frn, Decimal(0) if not pd.isna(year) and int(year) in covered else None)
        for frn, year in zip(requests["frn"], years, strict=True)
    ]
    told = [mine if pd.isna(usd) else usd for mine, usd in zip(summed, known, strict=True)]
    both = pd.DataFrame({"frn": requests["frn"], "invoices_usd": summed, "told_usd": known}, dtype=object).dropna()
    return found | {
        "requests": requests.assign(disbursed_usd=pd.Series(told, index=requests.index, dtype=object)),
        "payments": both.reset_index(drop=True),
    }


_FRN_OF_YEAR = r"^(\d\d)99\d{6}$"
FIRST_NUMBERED_YEAR = 2016


def years_of(requests: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """The funding year of each request: its own where the file says it, else its application's, else that of its number.

    Since FY2016 a request's number starts with the year's last digits and 99; of another number the year stays blank.
    """
    own = requests["funding_year"] if "funding_year" in requests else pd.Series(pd.NA, index=requests.index)
    years: dict[str, object] = {}
    if applications is not None:
        years = dict(zip(applications["application_number"], applications["funding_year"], strict=True))
    filed = own.astype("Int64").fillna(requests["application_number"].map(years).astype("Int64"))
    if not filed.isna().any() or "frn" not in requests:
        return filed
    numbered = 2000 + pd.to_numeric(requests["frn"].astype("string").str.extract(_FRN_OF_YEAR)[0]).astype("Int64")
    return filed.fillna(numbered.where(numbered >= FIRST_NUMBERED_YEAR))


BEN = ("ben", "entity_number", "Entity Number")
LEA = ("lea_id", "nces_cd")
_NCES_PARTS = ("nces_public_state_code", "nces_public_district_code")


def crosswalk(path: Path) -> dict[str, str]:
    """NCES district numbers by BEN, from a file with ben and nces_cd (or lea_id); raises BadInput.

    USAC's supplemental entity information (7i5i-83qf) is such a file: it has the state's and the district's part apart.
    """
    text = tablefiles.read_text(path)
    ben = next((name for name in BEN if name in text), None)
    lea = next((name for name in LEA if name in text), None)
    parts = lea is None and set(_NCES_PARTS) <= set(text.columns)
    if ben is None or not (lea or parts):
        missing = "ben" if ben is None else "lea_id"
        raise BadInput(
            [
                Fault(
                    kind="MissingColumn",
                    what=f"column {missing} is missing",
                    file=path.name,
                    column=missing,
                    mend="give ben and lea_id (or nces_cd), or USAC's supplemental entity information; found: "
                    f"{', '.join(text.columns)[:200]}",
                )
            ]
        )
    if lea is None:
        state, district = (text[name].str.strip() for name in _NCES_PARTS)
        numbers = state.str.zfill(LEA_DIGITS - DISTRICT_DIGITS) + district.str.zfill(DISTRICT_DIGITS)
        known = (state != "") & (district != "")
    else:
        numbers, known = text[lea].str.strip().str.zfill(LEA_DIGITS), text[lea].str.strip() != ""
    return dict(zip(text.loc[known, ben].str.strip(), numbers[known], strict=True))


def needed(found: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """One table out of those loaded; raises NoAnswer naming it where it is not."""
    if name not in found:
        about = Schema.load(name)
        raise NoAnswer(
            f"the table {name} ({about.title.lower()}) is not loaded\n  mend:  infraplan data add the download of "
            f"{about.source}"
        )
    return found[name]
