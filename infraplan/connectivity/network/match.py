"""What E-Rate, the state and the applicant pay of a site's share of special construction, by the year's dated rule."""

from dataclasses import dataclass
from decimal import Decimal

from infraplan import rules
from infraplan.errors import NoRule
from infraplan.units import half_up

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Shares:
    """Who pays what, in USD to the cent; `rate_applied` is the discount with the points a state match adds, percent."""

    rate_applied: Decimal
    erate: Decimal
    state: Decimal
    applicant: Decimal


def split(usd: Decimal, rate: Decimal | None, state_percent: Decimal, funding_year: int | None) -> Shares | None:
    """Split one site's share of construction; None where the site has no rate.

    The state adds `state_percent` of the cost; E-Rate adds as many points, at most those of the funding year's rule, and
    both together pay at most what the rule says. Raises NoRule where a match is given and the year is not, or has none.
    """
    if rate is None:
        return None
    applied = rate
    if state_percent > 0:
        if funding_year is None:
            raise NoRule(
                "a state match is given, and its rule depends on the year\n"
                "  mend:  give --funding-year, or leave state_match_percent blank"
            )
        told = rules.load("erate", funding_year, "special_construction")
        most, total = Decimal(told.value("match.most_points")), Decimal(told.value("match.most_total"))
        applied += min(most, state_percent, max(Decimal(0), total - rate - state_percent))
    erate = min(half_up(usd * applied / HUNDRED, 2), usd)
    state = min(half_up(usd * state_percent / HUNDRED, 2), usd - erate)
    return Shares(applied, erate, state, usd - erate - state)
