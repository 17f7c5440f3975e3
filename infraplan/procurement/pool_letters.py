"""What a letter says of a pool to one member: today's bill, the pool's, what saying no costs, dates, who to ask, a signature.

It is read from the files of the pool's answer, so that the letter and the award cannot differ.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from infraplan import tablefiles
from infraplan.errors import InfraplanError, NoAnswer
from infraplan.procurement.letters import Part
from infraplan.units import half_up

CURRENT: Final = "current"
MONTHS_PER_YEAR: Final = 12
LINE: Final = "_" * 34
FORMS: Final = {
    "separate": "each filing its own",
    "consortium_equal": "one request with the same rate for all",
    "consortium_proportional": "one request divided by cost and own rate",
}
_RATE: Final = re.compile(r"(?<=\d)(?=;|,|$)")
_SHORT_NAME: Final = 3
TABLES: Final = ("assignments", "awards", "filings", "contract/demand")


@dataclass(frozen=True)
class Pool:
    """An awarded pool as its files say it: rows of each table by member, and what solution.json and the contract say."""

    rows: Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]
    providers: Mapping[str, str]
    said: Mapping[str, Any]
    terms: Mapping[str, Any]
    files: tuple[Path, ...] = ()

    @property
    def members(self) -> list[str]:
        """Member ids."""
        return list(self.rows["assignments"])

    @property
    def stamps(self) -> tuple[str, ...]:
        """The stamps of the award, which every letter about it carries."""
        return tuple(str(one) for one in self.said.get("stamps", ()))

    @property
    def months(self) -> int:
        """Months of the term."""
        return int(self.said.get("policy", {}).get("horizon_months", MONTHS_PER_YEAR))

    def by_ben(self, crosswalk: Mapping[str, str]) -> dict[str, str]:
        """Member ids by BEN: as the demand says, else by the crosswalk, else the member's id is a BEN."""
        told = {lea: ben for ben, lea in sorted(crosswalk.items(), reverse=True)}
        found = {}
        for member in self.members:
            ben = next((row["ben"] for row in self.rows["contract/demand"].get(member, ()) if row.get("ben")), None)
            found[ben or told.get(member, member)] = member
        return found


@dataclass(frozen=True)
class Desk:
    """Who answers questions and until when members reply; blank lines to fill in where that is not given."""

    contact: str = ""
    reply_by: date | None = None


def read(folder: Path) -> Pool:
    """Read the answer of `procurement pool -o DIR`. Raises InfraplanError where it is not an awarded pool."""
    paths = {name: folder / f"{name}.csv" for name in TABLES}
    solution, contract = folder / "solution.json", folder / "contract" / "contract.toml"
    missing = [path.name for path in (*paths.values(), solution, contract) if not path.is_file()]
    if missing:
        raise InfraplanError(
            f"{folder} is no awarded pool: {', '.join(missing)} is not there\n  mend:  name the directory given with -o to "
            "procurement pool; an answer made with --scenarios awards nothing"
        )
    tables = {name: tablefiles.read_text(path).to_dict("records") for name, path in paths.items()}
    by_member: dict[str, dict[str, list[dict[str, str]]]] = {name: {} for name in tables}
    for name, rows in tables.items():
        told = [{str(key): str(value) for key, value in row.items()} for row in rows]
        for row in told:
            by_member[name].setdefault(row.get("lea_id", ""), []).append(row)
    providers = {str(row["bid_id"]): str(row["provider_id"]) for row in tables["awards"]}
    said = json.loads(solution.read_text(encoding="utf-8"))
    terms = tomllib.loads(contract.read_text(encoding="utf-8"))
    return Pool(by_member, providers, said, terms, (*paths.values(), solution))


def parts(pool: Pool, member: str, desk: Desk) -> tuple[Part, ...]:
    """The parts of one member's letter; raises NoAnswer if it is not in the pool."""
    if member not in pool.rows["assignments"]:
        raise NoAnswer(f"{member} is not in the pool\n  mend:  check the number; {len(pool.members):,} members are")
    return (
        Part("The pool: what you pay today, and in it", tuple(_bills(pool, member))),
        Part("If you say no", tuple(_no(pool, member))),
        Part("When", tuple(_dates(pool, member, desk))),
        Part("Your answer", tuple(_answer(desk))),
    )


def _bills(pool: Pool, member: str) -> Iterator[str]:
    asked = {row["service"]: row for row in pool.rows["contract/demand"].get(member, ())}
    for row in pool.rows["assignments"][member]:
        told, kept = asked.get(row["service"], {}), row["bid_id"] == CURRENT
        # the contract has only those who buy: what others pay today is the bill they keep
        now = _money(row["usd_month"] if kept else told.get("current_usd_month"))
        today = f"Today ${now:,.2f} a month before discount" if now is not None else "No contract today that we know of"
        if told.get("current_quantity") and _money(told["current_quantity"]) != _money(told.get("quantity")):
            today += f" (for {_quantity(told['current_quantity'])}, not {_quantity(told.get('quantity'))})"
        who = pool.providers.get(row["bid_id"], row["bid_id"])
        if kept:
            then = "in the pool you keep that contract: in the award of least cost found for all, no bid is yours"
        else:
            then = f"in the pool ${_monthly(row['usd_month'])} a month from {who}"
            extra = [
                (_money(row["usd_once"]), "once"),
                (_money(row["usd_fixed_share"]), "as your share of the fixed cost"),
            ]
            then += "".join(f", and ${amount:,.2f} {words}" for amount, words in extra if amount)
        yield (
            f"{_service(row)}{_of_quantity(told)}: {today}; {then}. Over {pool.months} months: "
            f"${_shown(row['pre_discount_usd'])} before discount, ${_shown(row['erate_usd'])} of it expected from E-Rate, "
            f"${_shown(row['applicant_usd'])} from you.{_dearer(pool, row, now)}"
        )
    filing = str(pool.said.get("policy", {}).get("filing", "separate"))
    for row in pool.rows["filings"].get(member, ()):
        own = _RATE.sub(" percent", row["own_rate"])
        yield (
            f"What you pay depends on how the request is filed: ${_shown(row['separate_usd'])} if each files its own at its own "
            f"rate ({own}), ${_shown(row['consortium_proportional_usd'])} in one consortium request divided by cost and own "
            f"rate, ${_shown(row['consortium_equal_usd'])} in one request with the same rate for all. These figures stand on "
            f"{FORMS.get(filing, filing)}."
        )


def _of_quantity(told: Mapping[str, str]) -> str:
    """The quantity after the service, where it is told."""
    return f", {_quantity(told['quantity'])}" if told.get("quantity") else ""


def _service(row: Mapping[str, str]) -> str:
    """The service as a sentence begins with it: Internet, WAN."""
    name = row["service"]
    return name.upper() if len(name) <= _SHORT_NAME else name[:1].upper() + name[1:]


def _dearer(pool: Pool, row: Mapping[str, str], now: Decimal | None) -> str:
    """Why a member should pay more a month than today, which is the first thing it will ask."""
    month = _money(row["usd_month"])
    if now is None or month is None or month <= now or row["like_for_like"] != "yes":
        return ""
    if not pool.said.get("policy", {}).get("may_keep_current", True):
        return " That is more a month than today, and present contracts cannot be kept in this pool."
    if row["baseline"] in ("", CURRENT):
        return " That is more a month than today."
    return (
        " That is more a month than today, but E-Rate is paid on your present contract only to its end and extensions "
        "unless it is bid again: kept for the term, it would cost you more."
    )


def _no(pool: Pool, member: str) -> Iterator[str]:
    rows = pool.rows["assignments"][member]
    for row in rows:
        alone, here = _money(row["baseline_applicant_usd"]), _money(row["applicant_usd"])
        service = _service(row)
        if alone is None or here is None:
            yield f"{service}: we know of nothing you could do alone, so we cannot say what saying no would cost."
            continue
        who = pool.providers.get(row["baseline"])
        bid = f"the bid of {who}" if who else f"the bid numbered {row['baseline']}"
        what = (
            "your present contract"
            if row["baseline"] == CURRENT
            else f"{bid}, taken by you alone with all its fixed cost"
        )
        note = "" if row["like_for_like"] == "yes" else " It buys another quantity, so the difference is no saving."
        yield (
            f"{service}: the best left to you is {what}. You would pay ${half_up(alone, 2):,.2f} yourself over the term, "
            f"{_beside(half_up(alone, 2) - half_up(here, 2))}.{note}"
        )
    if any(row["baseline"] not in ("", CURRENT) for row in rows):
        yield "A bid taken alone must still be offered to you, after a bidding of your own."
    if any(row["bid_id"] == CURRENT for row in rows):
        yield "A present contract earns E-Rate to its end and its extensions, after that only if it was bid again."


def _beside(more: Decimal) -> str:
    if not more:
        return "the same as in the pool"
    return f"${abs(more):,.2f} {'more' if more > 0 else 'less'} than in the pool"


def _dates(pool: Pool, member: str, desk: Desk) -> Iterator[str]:
    start = pool.said.get("policy", {}).get("start_date")
    award = pool.terms.get("award_date")
    told = [f"Award: {award}." if award else "Award: not dated yet."]
    if start:
        first = date.fromisoformat(str(start))
        last = (first.year * MONTHS_PER_YEAR + first.month - 1 + pool.months) - 1
        told.append(f"Service starts {first}, for {pool.months} months (to the end of {_month(last)}).")
    else:
        told.append(f"Term: {pool.months} months.")
    if desk.reply_by is not None:
        told.append(f"Please answer by {desk.reply_by}.")
    yield " ".join(told)
    row = next(iter(pool.rows["contract/demand"].get(member, ())), None)
    if row is None:  # who keeps its contracts signs nothing
        return
    named = {"yes": "You are named in the joint Form 470.",
             "no": "You are not named in the joint Form 470: you need one of your own before you sign."}  # fmt: skip
    loa = row.get("loa_through_fy")
    words = [
        named.get(str(row.get("named_in_470")), "Whether you are named in the joint Form 470 is not on file here.")
    ]
    words.append(f"Your letter of agency runs through FY{loa}." if loa else "No letter of agency is on file here.")
    yield " ".join(words)


def _month(months: int) -> str:
    year, month = divmod(months, MONTHS_PER_YEAR)
    return f"{date(year, month + 1, 1):%B %Y}"


def _answer(desk: Desk) -> Iterator[str]:
    yield f"Questions: {desk.contact or LINE}"
    yield "[  ] We join.   [  ] We do not join.   [  ] We have questions; please call."
    yield f"Name and title {LINE} Signature {LINE} Date {LINE[:14]}"


def _money(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def _shown(text: str) -> str:
    amount = _money(text)
    return "not known" if amount is None else f"{half_up(amount, 2):,.2f}"


def _monthly(text: str) -> str:
    """A monthly price with every digit a volume tier left it, so that months times price is the bill."""
    amount = _money(text)
    return _shown(text) if amount is None or amount == half_up(amount, 2) else f"{amount.normalize():,f}"


def _quantity(text: str | None) -> str:
    amount = _money(text)
    return "quantity not known" if amount is None else f"quantity {float(amount):,g}"
