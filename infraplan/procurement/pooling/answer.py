"""Find the award: solve the model, add what an answer breaks, and say what is proved.

Only the objective `non_discount_share` and fairness depend on E-Rate, so a consortium's average rate matters only
there. It depends on who buys together and is rounded to a whole percent, so each possible average is one linear model:
the first solve leaves the average open, which bounds them all; the averages are then tried in turn, nearest first,
until one meets that bound.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, partial
from itertools import product
from typing import Final

import numpy as np

from infraplan import solve
from infraplan.errors import NoAnswer
from infraplan.procurement.pooling import at_average, average_boxes, covers, exchange, quantities, sharing, standing
from infraplan.procurement.pooling import model as models
from infraplan.procurement.pooling.bills import CURRENT, Award, Baseline, averages, baselines, members, worse_off
from infraplan.procurement.pooling.branching import Search as Branching
from infraplan.procurement.pooling.branching import Tiers
from infraplan.procurement.pooling.fairness import Fairness
from infraplan.procurement.pooling.inputs import ZERO, Inputs
from infraplan.procurement.pooling.model import Facts, Model, Row
from infraplan.procurement.pooling.policy import WORDS
from infraplan.procurement.pooling.relaxation import INFINITE, Tree
from infraplan.procurement.pooling.shortage import shortage
from infraplan.procurement.pooling.stability import Stability, stabilize
from infraplan.scenarios import Summary
from infraplan.solve import Limits, Result, Status

MOST_ROUNDS: Final = 200
"""Rounds of fairness rows before giving up; a round takes in every member that is worse off."""
MOST_LINES: Final = 20
WHAT: Final = "an award that serves every member within the policy"
EXPLAIN_SECONDS: Final = 30.0
LARGE: Final = 2_000
"""Options (member, bid and tier) beyond which the search over tiers is faster than the whole model."""
LARGE_EXACT: Final = 15_000
"""The same where a proof finer than `LEAST_GAP` is asked: the search then gives the whole model its start and bound."""
LARGE_FEW: Final = 60_000
"""The same where few may win, without tiers: the whole model closes at once from a good start, the search does not."""
LARGE_OWN: Final = 5_000
"""Options beyond which members' own costs are bounded by the search alone, shared fixed costs taken from below."""
LEAST_GAP: Final = 1e-4
PART_OF_GAP: Final = 0.1
MOST_BARRED: Final = 40
"""Awards that break a limit by a hair that are barred one by one before limits are narrowed instead."""
MANY: Final = 1_000
TINY_USD: Final = 1e-6
MOST_SINGLE: Final = 40
"""Awards ruled out one by one under the proportional form before members are."""
SMALL: Final = 500
"""Options up to which as many as `MOST_SINGLE_SMALL` awards are ruled out one by one."""
MOST_SINGLE_SMALL: Final = 100


@dataclass(frozen=True)
class Answer:
    """An award with what is proved about it; `base` is the baseline of each demand."""

    award: Award
    result: Result
    base: tuple[Baseline | None, ...]
    notes: tuple[str, ...] = ()
    stability: Stability | None = None
    trial: Summary | None = None


def objective(award: Award) -> Decimal:
    """Return what the policy minimizes, exactly: the pre-discount cost, or the applicants' own."""
    if award.inputs.policy.objective == "pre_discount":
        return award.pre_discount
    return sum(award.applicant(), ZERO)


def find(inputs: Inputs, limits: Limits | None = None) -> Answer:
    """Find the best award under the policy. Raises NoAnswer, in words, if there is none or time ran out before one."""
    limits = limits or Limits()
    # a group's gain is measured to the gap asked for, so the awards compared are worked out more finely
    finer = replace(limits, gap=limits.gap * PART_OF_GAP) if inputs.policy.stable else limits
    search = Search(inputs, tuple(baselines(inputs)), finer)
    award, result = search.checked()
    found = Answer(award, result, tuple(search.base), (*inputs.notes, *standing.notes(inputs), *search.notes))
    if not inputs.policy.stable:
        return found
    return replace(found, stability=stabilize(award, search.base, limits.after(search.spent()), _best))


def _best(inputs: Inputs, limits: Limits) -> Award:
    """The best award of a part of the pool."""
    return Search(inputs, tuple(baselines(inputs)), limits).checked()[0]


def _refuse_unserved(inputs: Inputs) -> None:
    """Say at once which members no bid can serve and which have nothing to keep."""
    served = {offer.demand for offer in inputs.offers if _fits(inputs, offer.bid, offer.demand)}
    priced = {offer.demand for offer in inputs.offers}
    lines = []
    for index, demand in enumerate(inputs.demands):
        if index in served or (demand.current is not None and inputs.policy.may_keep_current):
            continue
        why = "every bid that prices it is too small for its quantity" if index in priced else "no bid prices it"
        kept = "has no present contract" if demand.current is None else "may not keep its contract (may_keep_current)"
        lines.append(f"  - {demand.label}: {why}, and it {kept}")
    if lines:
        more = [f"  ... and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        raise NoAnswer(
            "\n".join([f"No answer: {WHAT} is impossible (status: infeasible).", *lines[:MOST_LINES], *more])
        )


def _refuse_too_few(inputs: Inputs) -> None:
    """Say at once that fewer bid than the policy wants to award to."""
    least = inputs.policy.min_providers
    if least is None:
        return
    offers = [offer for offer in inputs.offers if _fits(inputs, offer.bid, offer.demand)]
    bidders = sorted({inputs.bids[offer.bid].provider_id for offer in offers})
    if len(bidders) < least:
        named = ", ".join(bidders[:MOST_LINES]) or "nobody"
        why = f"{len(bidders)} bid for what is asked, with room for a member: {named}"
    elif len(inputs.demands) < least:
        why = f"there are {len(inputs.demands)} demands to award, each of them whole"
    else:
        return
    raise NoAnswer(
        f"No answer: {WHAT} is impossible (status: infeasible).\n"
        f"  - the policy asks for {WORDS['min_providers'].format(least)}, but {why}\n"
        f"  mend:  lower min_providers to {min(len(bidders), len(inputs.demands))} or less, or leave it out"
    )


def _fits(inputs: Inputs, bid: int, demand: int) -> bool:
    return inputs.bids[bid].has_room(inputs.demands[demand].quantity)


@dataclass
class Search:
    """One search under one policy."""

    inputs: Inputs
    base: Sequence[Baseline | None]
    limits: Limits
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    given: Facts | None = None
    """The figures of the model, where only some of its options are open."""

    def checked(self) -> tuple[Award, Result]:
        """Say at once what can be seen to be impossible; else solve. Raises NoAnswer."""
        _refuse_unserved(self.inputs)
        _refuse_too_few(self.inputs)
        short = shortage(self.facts)
        if short is not None:
            raise NoAnswer(f"No answer: {WHAT} is impossible (status: infeasible).\n{short}")
        return self.run()

    def run(self) -> tuple[Award, Result]:
        """Solve under the policy's filing form; a consortium's average only where it decides anything."""
        policy = self.inputs.policy
        decides = policy.no_district_worse_off or policy.objective == "non_discount_share"
        if policy.filing == "separate" or not decides:
            return self.finished(*self.solved(Case()))
        return self.finished(*self._consortium())

    def spent(self) -> float:
        """Seconds since the search began."""
        return time.perf_counter() - self.began

    def finished(self, award: Award, result: Result) -> tuple[Award, Result]:
        """Give the result with the exact objective."""
        return award, exact(award, result, self.limits.gap, self.spent())

    @cached_property
    def facts(self) -> Facts:
        """The figures of the model."""
        return self.given or models.facts(self.inputs)

    def solved(self, case: "Case") -> tuple[Award, Result]:
        """Solve one linear case; fairness rows are added until no member is worse off. Raises NoAnswer."""
        fair = self.inputs.policy.no_district_worse_off and not case.let_be
        fairness = Fairness(self.facts, self.base, case.average)
        if fair:
            options, keep = fairness.possible()
            fairness = replace(fairness, given=replace(self.facts, options=options, keep=keep))
            if case.pinned and not case.alone and at_average.is_out(fairness, options, keep):
                raise Never(str(Status.infeasible))
        start, known = case.start, -math.inf
        if self._is_large(case):
            found_so_far = self._branched(fairness, case, fair=fair)
            if found_so_far and (found_so_far[1].status == Status.within_gap or self._out_of_time()):
                return found_so_far
            if self._cannot_be_whole(case) and not (case.alone and found_so_far is None):
                return self._or_no_better(found_so_far, case)
            if found_so_far is None and self._out_of_time():
                solve.refuse_unanswered(_nothing(self.spent()), what=WHAT)
            # whole members may be what keeps the proof open: the whole model decides
            start, known = (found_so_far[0], found_so_far[1].bound) if found_so_far else (None, known)
        start = start or self._where_few_win(fairness, case, fair=fair)
        return self._whole(fairness, case, start, known, fair=fair)

    def _whole(
        self, fairness: Fairness, case: "Case", start: Award | None, known: float, *, fair: bool
    ) -> tuple[Award, Result]:
        """Solve the whole model, with what its answers break added, until one breaks nothing; `known` is a bound."""
        rows, barred = list(case.rows), 0
        for _ in range(MOST_ROUNDS):
            model = self._model(fairness, rows, case, tight=barred > MOST_BARRED)
            begin = model.start(start) if start else None
            result = solve.solve(model.problem, self.limits.after(self.spent()), start=begin)
            if not result.status.answered:
                self._say_who_may_not_keep(model, fairness)
                self._refuse(model, result, alone=case.alone, tight=barred > MOST_BARRED)
            award = Award(self.inputs, model.choice())
            if close := covers.broken(self.facts, award, model.billed(), len(rows)):
                barred += 1
                rows += close
                known = max(known, result.bound) if barred > MOST_BARRED else known
                continue
            found = covers.unfair(fairness, award, model.billed(), len(rows)) if fair else []
            if not found:
                return award, self._proved_of(result, known, tight=barred > MOST_BARRED)
            rows += found
        raise NoAnswer(f"No answer: after {MOST_ROUNDS} rounds some member was still worse off in every award found.")

    def _proved_of(self, result: Result, known: float, *, tight: bool) -> Result:
        """The result with the better bound; of a model that is too narrow (`tight`) only the bound known before it."""
        if not tight:
            return replace(result, bound=max(known, result.bound))
        gap = solve.relative_gap(result.objective, known)
        status = Status.within_gap if gap <= self.limits.gap * (1 + 1e-9) else Status.stopped_feasible
        return replace(result, bound=known, gap=gap, status=status)

    def _model(self, fairness: Fairness, rows: Sequence[Row], case: "Case", *, tight: bool = False) -> Model:
        eased = quantities.TIGHT if tight else quantities.EASED
        model = models.build(fairness.given, fairness.given.options, rows, eased=eased)
        if self.inputs.policy.objective == "non_discount_share":
            sharing.own_cost(model, fairness)
        if case.pinned:
            sharing.average_is(model, case.average)
        if case.ceiling is not None:
            sharing.at_most(model, case.ceiling)
        return model

    def _is_large(self, case: "Case") -> bool:
        """Whether to search over the tiers rather than hand the whole model over."""
        plain = not case.rows and (not case.pinned or sharing.average_rows(self.inputs, case.average) is not None)
        most = LARGE if self.limits.gap >= LEAST_GAP or not self._by_price() else LARGE_EXACT
        if self._by_price() and exchange.few(self.facts) and not self.facts.options.level.any():
            most = LARGE_FEW
        return plain and len(self.facts.options.cost) > most

    def _where_few_win(self, fairness: Fairness, case: "Case", *, fair: bool) -> Award | None:
        """An award of few bids to start the whole model from, where their number is limited and price alone decides."""
        if case.pinned or case.rows or not self._by_price():
            return None
        for tiers in exchange.few(fairness.given):
            return self._completed(fairness.given, fairness if fair else None, tiers, (), [])[0]
        return None

    def _by_price(self) -> bool:
        return self.inputs.policy.objective == "pre_discount"

    def _cannot_be_whole(self, case: "Case") -> bool:
        """Whether the whole model would be of no use: too large with own costs, or one average of many."""
        return case.pinned or (not self._by_price() and len(self.facts.options.cost) > LARGE_OWN)

    def _or_no_better(self, found: tuple[Award, Result] | None, case: "Case") -> tuple[Award, Result]:
        if found is None or (case.ceiling is not None and float(objective(found[0])) > case.ceiling):
            raise NotBetter(case.bound if found is None else found[1].bound)
        return found

    def _out_of_time(self) -> bool:
        return self.limits.time_limit is not None and self.spent() >= self.limits.time_limit

    def _branched(self, fairness: Fairness, case: "Case", *, fair: bool) -> tuple[Award, Result] | None:
        """Search over the tiers; each set of tiers is completed by the model, fairness rows going back to the bound.

        Where own costs decide, the search runs on a price that is never above them; awards are judged exactly.
        """
        given = fairness.given if self._by_price() else sharing.own_figures(fairness)
        trees = (Tree(given), Tree(given))
        awards: list[Award] = []
        rows = (sharing.average_rows(self.inputs, case.average) or []) if case.pinned else []
        for tree in trees:
            tree.add(rows)

        def complete(tiers: Tiers) -> float:
            award, cost = self._completed(given, fairness if fair else None, tiers, trees, rows)
            if award is None:
                return INFINITE
            awards.append(award)
            return cost

        deadline = math.inf if self.limits.time_limit is None else self.began + self.limits.time_limit
        tell = None if self.limits.quiet else solve.progress(self.began)
        search = Branching(
            trees, complete, max(self.limits.gap, LEAST_GAP), deadline, parallel=self.limits.threads != 1, tell=tell,
            first=exchange.few(given), best=INFINITE if case.ceiling is None else case.ceiling / (1 - self.limits.gap),
        )  # fmt: skip
        case.bound = search.run()
        if not awards:
            return None
        award = min(awards, key=objective)
        cost = float(objective(award))
        proved = cost - case.bound <= self.limits.gap * cost * (1 + 1e-9)
        status = Status.within_gap if proved else Status.stopped_feasible
        return award, Result(status, cost, case.bound, 0.0, self.spent(), solve.solver_name(), nodes=search.count)

    def _completed(
        self, given: Facts, fairness: Fairness | None, tiers: Tiers, trees: Sequence[Tree], rows: list[Row]
    ) -> tuple[Award | None, float]:
        """The best award of whole members at these tiers; what it breaks is added to `rows` and to the bounds."""
        wanted = np.array(tiers, dtype=np.int64).reshape(-1, 2)
        code = given.options.bid * MANY + given.options.level
        options = given.options.where(np.isin(code, wanted[:, 0] * MANY + wanted[:, 1]))
        limits = replace(self.limits.after(self.spent()), gap=max(self.limits.gap, LEAST_GAP) * PART_OF_GAP, quiet=True)
        barred = 0
        while True:
            model = models.build(given, options, rows)
            for tier in tiers:
                if tier in model.wins:
                    model.add([(model.wins[tier], 1.0)], models.GE, 1.0, f"open_{tier[0]}_{tier[1]}")
            result = solve.solve(model.problem, limits)
            if not result.status.answered:
                return None, INFINITE
            award = Award(self.inputs, model.choice())
            if close := covers.broken(self.facts, award, model.billed(), len(rows)):
                barred += 1
                if barred > MOST_BARRED:
                    return None, INFINITE
                rows.extend(close)
                continue
            found = covers.unfair(fairness, award, model.billed(), len(rows)) if fairness else []
            if not found:
                return award, float(award.pre_discount) if self._by_price() else result.objective
            rows.extend(found)
            for tree in trees:
                tree.add(found)

    def _say_who_may_not_keep(self, model: Model, fairness: Fairness) -> None:
        """Name the rule where it took a member's present contract, or bids, out of the model."""
        lost = np.bincount(self.facts.options.demand, minlength=len(self.facts.keep)) > np.bincount(
            fairness.given.options.demand, minlength=len(self.facts.keep)
        )
        lost |= np.isfinite(self.facts.keep) & ~np.isfinite(fairness.given.keep)
        for index in np.flatnonzero(lost).tolist():
            if f"served_{index}" in model.words:
                model.words[f"served_{index}"] += " at no higher cost of its own than alone (no_district_worse_off)"

    def _refuse(self, model: Model, result: Result, *, alone: bool, tight: bool) -> None:
        """Raise NoAnswer; a case that is one of many is not explained, since another may have an answer."""
        if tight and result.status == Status.infeasible:
            raise NoAnswer(
                f"No answer: {WHAT} was found only where a capacity or share is exceeded by a hair, or a tier missed by "
                "one (status: stopped_empty); change these a little."
            )
        if not alone:
            kinds: dict[Status, type[NoAnswer]] = {Status.stopped_empty: Stopped, Status.infeasible: Never}
            raise kinds.get(result.status, NoAnswer)(str(result.status))
        reasons: list[str] = []
        if result.status == Status.infeasible and len(model.award) <= LARGE:
            limits = replace(self.limits, time_limit=EXPLAIN_SECONDS)
            reasons = solve.explain_infeasible(model.problem, model.words, limits)
        solve.refuse_unanswered(result, what=WHAT, reasons=reasons)

    def _consortium(self) -> tuple[Award, Result]:
        """Bound all averages at once, then try each; the proportional form's fairness by leaving members out."""
        policy = self.inputs.policy
        rates = self._rates()
        proportional = policy.filing == "consortium_proportional"
        if (best := self._in_boxes(rates, let_be=proportional)) is not None:
            return self._leaving_out(*best) if self.worse(best[0]) else best
        award, result = self.solved(Case(average={name: told[-1] for name, told in rates.items()}, let_be=True))
        if policy.objective != "pre_discount" or not proportional:
            if policy.objective == "pre_discount" and not self.worse(award):
                return award, result
            award, result = self._each_average(rates, award, result.bound, let_be=proportional)
        return self._leaving_out(award, result) if self.worse(award) else (award, result)

    def _rates(self) -> dict[str, list[int]]:
        rates: dict[str, set[int]] = {}
        for demand in self.inputs.demands:
            rates.setdefault(demand.category, set()).add(demand.rate)
        return {category: sorted(told) for category, told in sorted(rates.items())}

    def _each_average(
        self, rates: Mapping[str, Sequence[int]], near: Award, bound: float, *, let_be: bool
    ) -> tuple[Award, Result]:
        """One linear case per average of each category, nearest to a known award's first; each must beat the best."""
        best = self._first_of_all(near)
        least, stopped, proved = math.inf, False, True
        for average in self._nearest_first(rates, near):
            if self._out_of_time():
                least, stopped = bound, True
                break
            case = Case(average, pinned=True, let_be=let_be, ceiling=self._ceiling(best), alone=False)
            try:
                award, result = self.solved(case)
            except Stopped:
                least, stopped = bound, True
                break
            except NotBetter as told:
                least = min(least, told.bound)
                proved &= told.bound >= INFINITE
                continue
            except NoAnswer as told:
                proved &= isinstance(told, Never)
                continue
            least = min(least, result.bound)
            if best is None or objective(award) < objective(best[0]):
                best = (award, result)
        if best is None:
            after = self.spent() if stopped or self._out_of_time() else None
            raise NoAnswer(at_average.none(self.inputs, rates, near, self.worse(near), stopped=after, proved=proved))
        return best[0], self._at_best(best, max(bound, least))

    def _in_boxes(self, rates: Mapping[str, Sequence[int]], *, let_be: bool) -> tuple[Award, Result] | None:
        """The best of all averages of a large purchase by own costs, spans of them bounded at once; None: not found so."""
        if self._by_price() or not self._is_large(Case(average_boxes.whole(rates)[1], pinned=True)):
            return None
        found: list[tuple[Award, Result]] = []

        def ceiling() -> float | None:
            return self._ceiling(min(found, key=lambda told: objective(told[0]), default=None))

        def solve_at(average: Mapping[str, int]) -> float:
            try:
                found.append(self.solved(Case(average, pinned=True, let_be=let_be, ceiling=ceiling(), alone=False)))
            except NotBetter as told:
                return told.bound
            except NoAnswer as told:
                return math.inf if isinstance(told, Never) else -math.inf
            return found[-1][1].bound

        def enough() -> float:
            return INFINITE if (now := ceiling()) is None else now

        bound = average_boxes.search(
            rates, partial(self._least_between, let_be=let_be), solve_at, enough, self._out_of_time
        )
        if not found:
            return None
        best = min(found, key=lambda told: objective(told[0]))
        return best[0], self._at_best(best, bound)

    def _least_between(self, least: Mapping[str, int], most: Mapping[str, int], *, let_be: bool) -> float:
        """What no award costs its members less than, at any average of a span: quick, without the rows `award <= wins`."""
        fairness = Fairness(self.facts, self.base, most)
        if self.inputs.policy.no_district_worse_off and not let_be:
            options, keep = fairness.possible()
            fairness = replace(fairness, given=replace(self.facts, options=options, keep=keep))
        tree = Tree(sharing.own_figures(fairness))
        tree.add(sharing.average_rows(self.inputs, most, least) or [])
        return tree.bound((), -INFINITE)[0]

    def _nearest_first(self, rates: Mapping[str, Sequence[int]], near: Award) -> list[dict[str, int]]:
        """Every average of each category, those nearest to an award's own first."""
        known = averages(self.inputs, near.choice)
        spans = [range(told[0], told[-1] + 1) for told in rates.values()]
        middle = [float(known.get(category, told[0])) for category, told in rates.items()]
        order = sorted(product(*spans), key=lambda tried: sum(abs(a - b) for a, b in zip(tried, middle, strict=True)))
        return [dict(zip(rates, percents, strict=True)) for percents in order]

    def _ceiling(self, best: tuple[Award, Result] | None) -> float | None:
        """What an award has to cost less than to be worth finding."""
        return None if best is None else float(objective(best[0])) * (1 - self.limits.gap) - TINY_USD

    def _first_of_all(self, near: Award) -> tuple[Award, Result] | None:
        """The award found with the average left open, where it may stand: something to beat."""
        if self.worse(near):
            return None
        cost = float(objective(near))
        return near, Result(Status.stopped_feasible, cost, -math.inf, math.inf, self.spent(), solve.solver_name())

    def _at_best(self, best: tuple[Award, Result], bound: float) -> Result:
        """The result of trying every average: those passed over could not beat the best by more than the gap."""
        found = float(objective(best[0]))
        bound = min(bound, found * (1 - self.limits.gap) if self.limits.gap else found)
        proved = found - bound <= rounding(self.inputs) + TINY_USD
        near = Status.within_gap if found - bound <= self.limits.gap * found * (1 + 1e-9) else Status.stopped_feasible
        return replace(best[1], bound=bound, objective=found, status=Status.optimal if proved else near)

    def _leaving_out(self, near: Award, result: Result) -> tuple[Award, Result]:
        """The proportional form, whose shares depend on everyone: awards that leave somebody worse off are ruled out.

        Members' own cost is linear at one average only, so each average is searched; in a large purchase only that of
        `near`, the best award without this rule, whose bound stands.
        """
        best: tuple[Award, Result] | None = None
        least, stopped = math.inf, False
        cases, sure = self._proportional(near)
        out = _RuledOut(MOST_SINGLE_SMALL if len(self.facts.options.cost) <= SMALL else MOST_SINGLE)
        for case in cases:
            case.ceiling = self._ceiling(best)
            if best is not None and out.left < 0:
                break
            try:
                best = self._fair_at(case, near if self._by_price() else None, out)
            except Stopped:
                stopped = True
                break
            except NoAnswer as told:
                sure &= isinstance(told, Never | NotBetter)
                continue
            least = min(least, best[1].bound)
        sure &= out.left >= 0 and not stopped
        best = best or (None if sure else self._fair_otherwise())
        if best is None:
            raise NoAnswer(at_average.none_fair(near, self.worse(near), self.spent() if stopped else None, proved=sure))
        if sure:
            return best if self._by_price() else (best[0], self._at_best(best, max(result.bound, least)))
        self.notes.append(
            "under consortium_proportional a member's discount depends on everyone's bills; nobody is worse off here, "
            "and how close it is to the best is measured against awards without that condition"
        )
        return best[0], replace(best[1], bound=result.bound, status=Status.stopped_feasible)

    def _proportional(self, near: Award) -> "tuple[list[Case], bool]":
        """The cases to search for an award that leaves nobody worse off, and whether they are all there are."""
        if self._by_price():
            return [Case(let_be=True, alone=False)], True
        order = self._nearest_first(self._rates(), near)
        every = len(self.facts.options.cost) <= LARGE
        told = [Case(average, pinned=True, let_be=True, alone=False) for average in order]
        return told[: None if every else 1], every

    def _fair_at(self, case: "Case", unfair: Award | None, out: "_RuledOut") -> tuple[Award, Result]:
        """The best award of a case that leaves nobody worse off; `unfair` is known not to.

        Ruling out single awards keeps the proof; when none are `out.left` whatever left a member worse off is forbidden it.
        """
        rows = [_not_again(self.facts, unfair, 0)] if unfair else []
        while True:
            award, result = self.solved(replace(case, rows=tuple(rows)))
            if not self.worse(award):
                return award, result
            out.left -= 1
            rows += [_not_again(self.facts, award, len(rows))] if out.left >= 0 else self._forbidden(award, len(rows))

    def _fair_otherwise(self) -> tuple[Award, Result] | None:
        """An award that leaves nobody worse off if filed in another form, where it does so in this one, too."""
        for form in ("separate", "consortium_equal"):
            inputs = replace(self.inputs, policy=replace(self.inputs.policy, filing=form))
            try:
                choice = Search(inputs, self.base, self.limits.after(self.spent())).run()[0].choice
            except NoAnswer:
                continue
            award = Award(self.inputs, choice)
            if not self.worse(award):
                cost = float(objective(award))
                return award, Result(Status.stopped_feasible, cost, 0.0, 1.0, self.spent(), solve.solver_name())
        return None

    def _forbidden(self, award: Award, number: int) -> list[Row]:
        places = [index for member in self.worse(award) for index in members(self.inputs)[member]]
        return [_forbid(self.facts, index, award.choice[index], number + more) for more, index in enumerate(places)]

    def worse(self, award: Award) -> Mapping[str, Decimal]:
        """Members worse off, where the policy minds; else none."""
        return worse_off(award, self.base) if self.inputs.policy.no_district_worse_off else {}


def _nothing(seconds: float) -> Result:
    """The result of a search that time cut short before any award."""
    return Result(Status.stopped_empty, math.nan, -math.inf, math.inf, seconds, solve.solver_name())


@dataclass
class _RuledOut:
    """How many awards may still be ruled out one by one; below zero: more than that were."""

    left: int


class Stopped(NoAnswer):
    """Time ran out before an answer."""


class Never(NoAnswer):
    """A case that has no answer, for certain."""


class NotBetter(NoAnswer):
    """No award of a case is better than one known; `bound` is the least that any of them costs."""

    def __init__(self, bound: float) -> None:
        super().__init__("no better award in this case")
        self.bound = bound


@dataclass
class Case:
    """One linear case: `average` per category at which awards are discounted, `pinned` if members must average to it."""

    average: Mapping[str, int] = field(default_factory=dict)
    pinned: bool = False
    let_be: bool = False
    ceiling: float | None = None
    rows: tuple[Row, ...] = ()
    start: Award | None = None
    alone: bool = True
    bound: float = -math.inf
    """What no award of the case beats, once it was searched."""


def averages_of(award: Award) -> dict[str, int]:
    """The average rate of each category in an award, as whole percents."""
    return {category: int(percent) for category, percent in averages(award.inputs, award.choice).items()}


def _forbid(given: Facts, index: int, choice: int, number: int) -> Row:
    """A demand may not be served this way."""
    name, words = f"out_{number}", f"{given.inputs.demands[index].lea_id} is not worse off (no_district_worse_off)"
    if choice == CURRENT:
        return Row(name, words, {}, 0.0, keeps={index: 1.0})
    if choice in given.bundles:
        return Row(name, words, {}, 0.0, bundles={choice: 1.0})
    return Row(name, words, {(index, choice, level): 1.0 for level in given.levels[choice]}, 0.0)


def _not_again(given: Facts, award: Award, number: int) -> Row:
    """This very award is ruled out: at least one demand is served in another way."""
    terms: dict[tuple[int, int, int], float] = {}
    keeps: dict[int, float] = {}
    bundles: dict[int, float] = {}
    for index, choice in enumerate(award.choice):
        if choice == CURRENT:
            keeps[index] = 1.0
        elif choice in given.bundles:
            bundles[choice] = 1.0
        else:
            terms |= {(index, choice, level): 1.0 for level in given.levels[choice]}
    most = len(keeps) + len(bundles) + sum(choice >= 0 and choice not in bundles for choice in award.choice) - 1
    return Row(f"not_again_{number}", "nobody is worse off (no_district_worse_off)", terms, float(most), keeps, bundles)


def rounding(inputs: Inputs) -> float:
    """How far the model may be from the exact objective, in USD: discounts and shared costs are rounded to cents."""
    return 0.0 if inputs.policy.objective == "pre_discount" else 0.02 * len(inputs.demands)


def exact(award: Award, result: Result, asked: float, seconds: float) -> Result:
    """Return the result with the objective recomputed exactly; the bound is kept, and never above it."""
    found = float(objective(award))
    bound = min(result.bound, found) if math.isfinite(result.bound) else result.bound
    if result.status == Status.optimal:
        # the solver's own figures agree to its tolerance, own costs to rounding; the exact one takes their place
        near = 1e-6 * max(1.0, abs(found)) + rounding(award.inputs)
        bound = found if abs(found - result.objective) <= near else bound
    gap = solve.relative_gap(found, bound)
    status = (
        Status.optimal
        if gap <= solve.PROVEN_GAP
        else Status.within_gap
        if gap <= asked * (1 + 1e-9)
        else Status.stopped_feasible
    )
    if result.status == Status.within_gap and status == Status.stopped_feasible:
        status = Status.within_gap
    return replace(result, status=status, objective=found, bound=bound, gap=gap, seconds=seconds, values={})
