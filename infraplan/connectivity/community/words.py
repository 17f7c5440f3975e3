"""Why a site is chosen or not, and why students stay unreached, in words without figures of people."""

from typing import Final

import numpy as np

from infraplan.connectivity.community.choice import NOTHING, Choice
from infraplan.connectivity.community.inputs import Inputs

STAMP: Final = "ESTIMATE: WHO COULD BE REACHED, NOT WHO HAS BROADBAND AT HOME"
MADE_UP: Final = "ILLUSTRATIVE: MADE-UP SITES OR COSTS"
ASSUMED: Final = (
    "students within a site's radius (a straight line) could use it; those beyond it could not",
    "a student counts as reached by a Wi-Fi site, a bus, a hotspot or help with the bill alike, and once at most",
    "capacity is the number of students served in a typical week; opening hours and mobile coverage are not looked at",
    "outreach for Lifeline reaches only students whose home is offered broadband and does not have it",
    "costs are those of the file of measures; what the file does not name is not counted",
)
ONLY: Final = "reaches students whom nothing else in the plan reaches"
ROOM: Final = "gives room to students whom the rest of the plan is too full to serve"
CHEAPER: Final = "costs less for each student than what else could serve them"
EXISTS: Final = "is there already"
IDLE: Final = "is there already, and no unreached student is within its reach"
NOBODY: Final = "no unreached student is within its reach"
DEAR: Final = "costs more than the whole budget"
COVERED: Final = "everyone in its reach is reached by what is in the plan"
ELSEWHERE: Final = "would reach more students, but the money reaches more elsewhere"
AWAY: Final = "out of reach of every site, bus and program"
UNPAID: Final = "what reaches them is not paid for"
FULL: Final = "what reaches them is full"
SPENT: Final = "what reaches them costs more for each student than the budget has left"
NO_USE: Final = "not everyone in reach would take part"


def of_measures(choice: Choice) -> list[str]:
    """One reason for each measure, in the order of the file."""
    inputs = choice.inputs
    point, measure = inputs.pairs["point"].to_numpy(int), inputs.pairs["measure"].to_numpy(int)
    active = _active(choice)
    helpers = np.bincount(point[active[measure]], minlength=len(inputs.points))
    left = inputs.students() - choice.serving.by_point
    reasons = []
    for number, told in enumerate(inputs.measures):
        mine = measure == number
        here = point[mine & (inputs.most() > NOTHING)]
        served = point[mine & (choice.serving.by_pair > NOTHING)]
        if told.existing:
            reasons.append(EXISTS if len(here) else IDLE)
        elif number in choice.chosen:
            alone = bool((helpers[served] == 1).any())
            reasons.append(ONLY if alone else ROOM if _full_elsewhere(choice, number, served) else CHEAPER)
        elif not len(here):
            reasons.append(NOBODY)
        elif told.fixed_net > inputs.budget:
            reasons.append(DEAR)
        else:
            reasons.append(COVERED if left[here].sum() <= NOTHING * len(here) else ELSEWHERE)
    return reasons


def _active(choice: Choice) -> np.ndarray:
    """Which measures exist or are chosen."""
    inputs = choice.inputs
    return np.array([told.existing or n in choice.chosen for n, told in enumerate(inputs.measures)])


def _full(inputs: Inputs, choice: Choice) -> np.ndarray:
    """Which measures serve as many as they can."""
    room = np.array([np.inf if told.capacity is None else told.capacity for told in inputs.measures])
    return np.asarray(choice.serving.by_measure >= room - NOTHING)


def _full_elsewhere(choice: Choice, number: int, served: np.ndarray) -> bool:
    """Whether some other active measure that reaches its students is full."""
    inputs = choice.inputs
    point, measure = inputs.pairs["point"].to_numpy(int), inputs.pairs["measure"].to_numpy(int)
    others = np.isin(point, served) & (measure != number) & _active(choice)[measure]
    return bool(_full(inputs, choice)[measure[others]].any())


def of_points(choice: Choice) -> list[str | None]:
    """Why students of each point stay unreached; None where all are reached."""
    inputs = choice.inputs
    point, measure = inputs.pairs["point"].to_numpy(int), inputs.pairs["measure"].to_numpy(int)
    active, full = _active(choice), _full(inputs, choice)
    dear = np.array([not told.existing and told.each_net > 0 for told in inputs.measures])
    usable = inputs.most() > NOTHING
    open_here = usable & active[measure]
    spare = open_here & (choice.serving.by_pair < inputs.most() - NOTHING)

    def count(which: np.ndarray) -> np.ndarray:
        return np.bincount(point[which], minlength=len(inputs.points)) > 0

    any_here, any_open = count(usable), count(open_here)
    short, crowded = count(spare & dear[measure] & ~full[measure]), count(spare & full[measure])
    left = inputs.students() - choice.serving.by_point
    reasons: list[str | None] = []
    for place in range(len(inputs.points)):
        if left[place] <= 10 * NOTHING:
            reasons.append(None)
        elif not any_here[place]:
            reasons.append(AWAY)
        elif not any_open[place]:
            reasons.append(UNPAID)
        elif crowded[place]:
            reasons.append(FULL)
        else:
            reasons.append(SPENT if short[place] else NO_USE)
    return reasons
