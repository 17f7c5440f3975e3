"""What a plan may aim at: figures that a state may want more of, one after the other or weighed against each other.

`benefit` is students brought to target times 1 + need weight; `students` counts each once; `student_years` counts them
for every year of the plan from the project's start on, so that sooner is better; `federal_usd` is E-Rate money drawn, a
match included; `state_usd_unspent` is state money left over.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from infraplan.units import CENT

if TYPE_CHECKING:
    from infraplan.procurement.funding.inputs import Inputs
    from infraplan.procurement.funding.payments import Payment
    from infraplan.procurement.funding.policy import Policy

WEIGHTED: Final = "weighted"
UNITS: Final = {
    "benefit": "students brought to target, weighted by need",
    "students": "students brought to target",
    "student_years": "student-years at target within the plan",
    "federal_usd": "USD of E-Rate money",
    "state_usd_unspent": "USD of state money left over",
    WEIGHTED: "points, by the weights of the policy",
}
GOALS: Final = tuple(name for name in UNITS if name != WEIGHTED)


def aims(policy: "Policy") -> tuple[str, ...]:
    """The goals of a policy in their order; the one weighted sum where it gives weights."""
    return (WEIGHTED,) if policy.weights else policy.order


def worths(policy: "Policy", goal: str) -> Mapping[str, Decimal]:
    """What a unit of each goal counts for an aim."""
    return policy.weights if goal == WEIGHTED else {goal: Decimal(1)}


def scale(inputs: "Inputs", goal: str) -> float:
    """A power of ten that brings an aim to the size of the money it is weighed with, for the solver: 1 or more.

    A student weighed against millions of dollars makes a dollar count a millionth or less, which is below what a solver
    tells from nothing: it would leave a match undrawn.
    """
    if goal != WEIGHTED:
        return 1.0
    last, projects = inputs.years[-1], inputs.projects
    most = {
        "benefit": sum((told.worth for told in projects), Decimal(0)),
        "students": sum((told.benefit for told in projects), Decimal(0)),
        "student_years": sum((told.benefit * (last - min(told.years) + 1) for told in projects if told.years), Decimal(0)),
        "federal_usd": CENT * sum(told.erate + told.most_match for told in projects),
        "state_usd_unspent": CENT * inputs.state_cents,
    }  # fmt: skip
    points = sum((each * most[name] for name, each in inputs.policy.weights.items()), Decimal(0))
    money = CENT * sum(fund.cents for fund in inputs.funds)
    return float(Decimal(10) ** max(0, (money / points).adjusted())) if points and money else 1.0


def value(inputs: "Inputs", goal: str, starts: Mapping[int, int], payments: Iterable["Payment"]) -> Decimal:
    """How much of an aim a plan reaches, exactly."""
    figures = values(inputs, starts, payments)
    return sum((each * figures[name] for name, each in worths(inputs.policy, goal).items()), Decimal(0))


def values(inputs: "Inputs", starts: Mapping[int, int], payments: Iterable["Payment"]) -> dict[str, Decimal]:
    """Every figure a plan may aim at, exactly."""
    projects, spent, drawn = inputs.projects, 0, 0
    for told in payments:
        drawn += projects[told.project].erate + told.match
        spent += sum(cents for fund, cents in told.funds.items() if inputs.funds[fund].state)
    last = inputs.years[-1]
    return {
        "benefit": sum((projects[index].worth for index in starts), Decimal(0)),
        "students": sum((projects[index].benefit for index in starts), Decimal(0)),
        "student_years": sum(
            (projects[index].benefit * (last - year + 1) for index, year in starts.items()), Decimal(0)
        ),
        "federal_usd": CENT * drawn,
        "state_usd_unspent": CENT * (inputs.state_cents - spent),
    }
