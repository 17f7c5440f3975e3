"""Hand a PuLP problem to HiGHS and say honestly what came back.

Models are stated in PuLP and solved by HiGHS. PuLP's own bridge adds one row at a time, loses the objective's
constant and reports a run that hit its time limit as "Optimal"; this module passes the whole model at once
(variables, bounds, integrality, names and constant intact) and reads both the incumbent and HiGHS's own bound.

    problem -> Arrays -> HiGHS -> Result(status, objective, bound, gap, values)

`Status` has six words: `optimal` (the bound meets the objective within 1e-9), `within_gap` (proved within the asked
gap), `stopped_feasible` (a limit struck; the answer stands, unproved), `stopped_empty` (a limit struck before any
answer), `infeasible`, `unbounded`. The last three carry no values. The same model, seed and threads give the same
answer unless a time limit strikes.
"""

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import Any, Final

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from infraplan.errors import InfraplanError, NoAnswer

PROVEN_GAP: Final = 1e-9
"""Relative gap at or under which an answer counts as proved optimal."""
QUIET_SECONDS: Final = 5.0
"""A run shorter than this says nothing about its progress."""
REPEAT_SECONDS: Final = 10.0
"""How long a run says nothing when nothing has changed."""
TOLERANCE: Final = 2e-6
"""Twice the tolerance of HiGHS: where it calls an answer optimal, figures nearer than this are the same figure."""
ROW_WISE: Final = 2
WITHOUT_ENUMERATION: Final = 1 << 16
"""Presolve without its rule "enumeration": up to HiGHS 1.15 it may lose a row `sum = 1`, so that an answer is passed over or
a model that has answers is called infeasible (https://github.com/ERGO-Code/HiGHS/issues/3216)."""
SECOND_LOOK_SECONDS: Final = 5.0
"""How long a model that presolve calls infeasible is looked at without it."""
BROKEN: Final = 1e-7
"""Share of its largest coefficient by which a relaxed row must be broken to count as broken."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class Status(StrEnum):
    """What a run of the solver established; written as is to `solution.json`."""

    optimal = "optimal"
    within_gap = "within_gap"
    stopped_feasible = "stopped_feasible"
    stopped_empty = "stopped_empty"
    infeasible = "infeasible"
    unbounded = "unbounded"

    @property
    def answered(self) -> bool:
        """Whether there are values to write (the command exits 0)."""
        return self in (Status.optimal, Status.within_gap, Status.stopped_feasible)


@dataclass(frozen=True)
class Limits:
    """When to stop and how to run.

    `gap` is relative (0 asks for a proved optimum), `time_limit` is in seconds, `threads` None or 0 leaves the number
    to HiGHS. `close` is a distance between answer and bound, in units of the objective, at which to stop whatever the gap.
    """

    gap: float = 0.001
    time_limit: float | None = None
    seed: int = 0
    threads: int | None = None
    quiet: bool = True
    close: float = 0.0

    def after(self, seconds: float) -> "Limits":
        """Return the same limits with `seconds` of the time already spent (at least a tenth of a second stays)."""
        if self.time_limit is None:
            return self
        return replace(self, time_limit=max(0.1, self.time_limit - seconds))


@dataclass(frozen=True)
class Result:
    """What came back: the answer and what is proved about it.

    `bound` is the best value any answer could have, `gap` its relative distance from `objective` (inf where unknown).
    `objective` is nan and `values` empty unless `status.answered`. Integer variables are whole numbers in `values`.
    """

    status: Status
    objective: float
    bound: float
    gap: float
    seconds: float
    solver: str
    values: Mapping[str, float] = field(default_factory=dict, repr=False)
    nodes: int = 0

    def value(self, name: str) -> float:
        """Return the value of one variable by its name (0 for a variable that occurs in no row and no objective)."""
        return self.values.get(name, 0.0)


@dataclass(frozen=True)
class Arrays:
    """A whole model as arrays: `lower <= x <= upper`, `row_lower <= A x <= row_upper`, A stored by rows."""

    names: Sequence[str]
    cost: Floats
    lower: Floats
    upper: Floats
    whole: NDArray[np.bool_]
    row_names: Sequence[str]
    row_lower: Floats
    row_upper: Floats
    starts: Ints
    columns: Ints
    coefficients: Floats
    offset: float = 0.0
    maximize: bool = False


def solve(problem: pulp.LpProblem, limits: Limits | None = None, *, start: Mapping[str, float] | None = None) -> Result:
    """Solve a PuLP problem with HiGHS; also sets each variable's `varValue` (None where there is no answer).

    `start` gives values by variable name as a first answer; it need not name every variable, and a start that breaks a
    constraint is only a hint. Raises InfraplanError if HiGHS itself fails.
    """
    model = arrays(problem)
    result = solve_arrays(model, limits or Limits(), start=start)
    for variable in problem.variables():
        variable.varValue = result.values.get(variable.name) if result.status.answered else None
    problem.assignStatus(*_pulp_status(result.status))
    return result


def arrays(problem: pulp.LpProblem) -> Arrays:
    """Turn a PuLP problem into arrays, in PuLP's own order: variables by name, constraints as they were added.

    Raises ValueError for two variables of one name, special ordered sets, or a coefficient that is not a finite number.
    """
    if problem.sos1 or problem.sos2:
        raise ValueError("special ordered sets are not handed over; state them with binary variables")
    variables, rows = problem.variables(), problem.constraints()
    names = [variable.name for variable in variables]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})[:3]
        raise ValueError(f"two variables have one name: {', '.join(twice)}")
    place = {id(variable): index for index, variable in enumerate(variables)}
    columns = np.fromiter(map(place.__getitem__, map(id, chain.from_iterable(rows))), dtype=np.int32)
    coefficients = np.fromiter(chain.from_iterable(row.values() for row in rows), dtype=float)
    lengths = np.fromiter(map(len, rows), dtype=np.int64)
    objective = problem.objective or {}
    cost = np.zeros(len(variables))
    cost[[place[id(variable)] for variable in objective]] = list(objective.values())
    if not (np.isfinite(coefficients).all() and np.isfinite(cost).all()):
        raise ValueError("a coefficient of the model is not a finite number")
    return _without_zeros(
        Arrays(
            names=names,
            cost=cost,
            lower=_bounds((variable.lowBound for variable in variables), -np.inf),
            upper=_bounds((variable.upBound for variable in variables), np.inf),
            whole=np.array([variable.cat == pulp.LpInteger for variable in variables], dtype=bool),
            row_names=[row.name or f"_C{index + 1}" for index, row in enumerate(rows)],
            row_lower=_bounds((row.getLb() for row in rows), -np.inf),
            row_upper=_bounds((row.getUb() for row in rows), np.inf),
            starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
            columns=columns,
            coefficients=coefficients,
            offset=float(getattr(objective, "constant", 0.0)),
            maximize=problem.sense == pulp.LpMaximize,
        )
    )


def _bounds(values: Iterator[float | None], absent: float) -> Floats:
    return np.array([absent if value is None else value for value in values], dtype=float)


def _without_zeros(model: Arrays) -> Arrays:
    """Drop stored zeros, which HiGHS would warn about."""
    kept = model.coefficients != 0
    if kept.all():
        return model
    before = np.concatenate(([0], np.cumsum(kept)))
    return replace(
        model,
        starts=before[model.starts].astype(np.int32),
        columns=model.columns[kept],
        coefficients=model.coefficients[kept],
    )


def solve_arrays(model: Arrays, limits: Limits, *, start: Mapping[str, float] | None = None) -> Result:
    """Solve a model given as arrays; see `solve`."""
    if not len(model.names):
        return _empty_model(model)
    result = _solved(model, limits, start)
    if result.status == Status.infeasible and result.nodes <= 1 and model.whole.any():
        return _second_look(model, limits, result)
    return result


def _second_look(model: Arrays, limits: Limits, first: Result) -> Result:
    """The same without presolve, for some seconds, where presolve alone says that a model has no answer.

    HiGHS 1.15's probing may lose answers of a model without an objective; where it did, the answer found without it stands.
    """
    left = limits.after(first.seconds)
    short = min(SECOND_LOOK_SECONDS, left.time_limit or SECOND_LOOK_SECONDS)
    second = _solved(model, replace(left, time_limit=short), presolve="off")
    if second.status == Status.stopped_feasible:
        second = _solved(model, left.after(second.seconds), second.values, presolve="off")
    contradicted = second.status.answered or second.status == Status.unbounded
    return replace(second if contradicted else first, seconds=first.seconds + second.seconds)


def _solved(
    model: Arrays, limits: Limits, start: Mapping[str, float] | None = None, *, presolve: str = "choose"
) -> Result:
    began = time.perf_counter()
    solver = loaded(model)
    _set_options(solver, limits, presolve)
    if start:
        _pass_start(solver, model, start)
    _run(solver, limits, began)
    result = _read(solver, model, limits, time.perf_counter() - began)
    if solver.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        return _infeasible_or_unbounded(model, limits, result)
    return result


def _highs() -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("log_to_console", False)  # noqa: FBT003 - not output_flag, which silences its callbacks too
    return solver


def solver_name() -> str:
    """Return the solver and its version, as written to `solution.json`."""
    return f"HiGHS {_highs().version()}"


def loaded(model: Arrays) -> highspy.Highs:
    """A HiGHS instance that holds the model, names and all, not run yet; raises InfraplanError where it refuses a figure."""
    solver = _highs()
    status = solver.passModel(
        len(model.cost),
        len(model.row_lower),
        len(model.columns),
        ROW_WISE,
        int(highspy.ObjSense.kMaximize if model.maximize else highspy.ObjSense.kMinimize),
        model.offset,
        model.cost,
        model.lower,
        model.upper,
        model.row_lower,
        model.row_upper,
        model.starts,
        model.columns,
        model.coefficients,
        model.whole.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise InfraplanError(
            "The solver refused the model: a bound or a figure in it is out of reach (larger than 1e20?)."
        )
    for index, name in enumerate(model.names):
        solver.passColName(index, name)
    for index, name in enumerate(model.row_names):
        solver.passRowName(index, name)
    return solver


def _set_options(solver: highspy.Highs, limits: Limits, presolve: str) -> None:
    options: dict[str, Any] = {
        "presolve": presolve,
        "mip_rel_gap": limits.gap,
        "mip_abs_gap": limits.close,
        "random_seed": limits.seed,
        "threads": limits.threads or 0,
        "presolve_rule_off": WITHOUT_ENUMERATION,
    }
    if limits.time_limit is not None:
        options["time_limit"] = float(limits.time_limit)
    for name, value in options.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise InfraplanError(f"The solver does not accept {value} for {name}.")


def _pass_start(solver: highspy.Highs, model: Arrays, start: Mapping[str, float]) -> None:
    place = {name: index for index, name in enumerate(model.names)}
    known = sorted((place[name], float(value)) for name, value in start.items() if name in place)
    index = np.array([pair[0] for pair in known], dtype=np.int32)
    solver.setSolution(len(known), index, np.array([pair[1] for pair in known]))


def _run(solver: highspy.Highs, limits: Limits, began: float) -> None:
    """Run HiGHS in a thread of its own, so that Ctrl-C is heard and each run gets the number of threads it asked for.

    HiGHS keeps its pool of workers per calling thread and silently solves nothing when a later call asks for another
    number.
    """
    if not limits.quiet:
        tell = progress(began)
        solver.cbMipLogging.subscribe(
            lambda event: tell(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)
        )
    failure: list[BaseException] = []

    def run() -> None:
        try:
            solver.run()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failure.append(error)

    worker = threading.Thread(target=run, name="highs", daemon=True)
    worker.start()
    worker.join()
    if failure:
        raise failure[0]


def progress(began: float, unit: str = "") -> Callable[[float, float], None]:
    """Return a function that says, on standard error, the best answer so far and what is proved about it.

    It says nothing in the first seconds after `began` (of `time.perf_counter`), and nothing twice within ten seconds.
    """
    said, when = "", 0.0

    def tell(best: float, bound: float) -> None:
        nonlocal said, when
        seconds = time.perf_counter() - began
        line = progress_line(seconds, best, bound, unit)
        words = line.partition(" s: ")[2]
        if seconds >= QUIET_SECONDS and (words != said or seconds >= when + REPEAT_SECONDS):
            said, when = words, seconds
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    return tell


def progress_line(seconds: float, best: float, bound: float, unit: str = "") -> str:
    """Return one line of progress in plain words.

    >>> progress_line(12.3, 1010.0, 1000.0)
    '   12 s: best so far 1,010, proved within 0.99 % of the best possible'
    >>> progress_line(6.0, float("inf"), 1000.0)
    '    6 s: no answer yet'
    """
    if not math.isfinite(best) or abs(best) >= highspy.kHighsInf:
        return f"{seconds:5.0f} s: no answer yet"
    gap = relative_gap(best, bound)
    proof = f"proved within {100 * gap:.2f} % of the best possible" if math.isfinite(gap) else "nothing proved yet"
    return f"{seconds:5.0f} s: best so far {best:,.0f}{unit and f' {unit}'}, {proof}"


def relative_gap(objective: float, bound: float) -> float:
    """Return |objective - bound| / |objective|: 0.0 where they agree, inf where either is unknown.

    >>> relative_gap(100.0, 99.0)
    0.01
    """
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    distance = abs(objective - bound)
    if distance <= PROVEN_GAP:
        return 0.0
    return distance / abs(objective) if objective else math.inf


def _read(solver: highspy.Highs, model: Arrays, limits: Limits, seconds: float) -> Result:
    """Read HiGHS's status, incumbent and bound together; no one of them alone can be trusted."""
    info, told = solver.getInfo(), solver.getModelStatus()
    kinds = highspy.HighsModelStatus
    version = f"HiGHS {solver.version()}"
    nodes = max(0, int(info.mip_node_count))
    if told in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return Result(Status.infeasible, math.nan, math.nan, math.inf, seconds, version, nodes=nodes)
    if told == kinds.kUnbounded:
        return Result(Status.unbounded, math.nan, math.nan, math.inf, seconds, version)
    if told in (
        kinds.kNotset,
        kinds.kLoadError,
        kinds.kModelError,
        kinds.kPresolveError,
        kinds.kSolveError,
        kinds.kPostsolveError,
    ):
        raise InfraplanError(
            f"The solver failed ({solver.modelStatusToString(told)}); this is a fault of the model or the solver."
        )
    mixed = bool(model.whole.any())
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    bound = (
        float(info.mip_dual_bound)
        if mixed
        else (float(info.objective_function_value) if told == kinds.kOptimal else math.nan)
    )
    if not math.isfinite(bound):
        bound = math.inf if model.maximize else -math.inf
    if not feasible:
        return Result(Status.stopped_empty, math.nan, bound, math.inf, seconds, version, nodes=nodes)
    objective = float(info.objective_function_value)
    if told == kinds.kOptimal and abs(objective - bound) <= TOLERANCE:
        bound = objective
    gap = relative_gap(objective, bound)
    status = _proved(gap, limits.gap, finished=told == kinds.kOptimal)
    return Result(status, objective, bound, gap, seconds, version, _values(solver, model), nodes)


def _proved(gap: float, asked: float, *, finished: bool) -> Status:
    if gap <= PROVEN_GAP:
        return Status.optimal
    if gap <= asked * (1 + 1e-9) or finished:  # HiGHS divides by its own choice of the two figures
        return Status.within_gap
    return Status.stopped_feasible


def _values(solver: highspy.Highs, model: Arrays) -> dict[str, float]:
    values = np.array(solver.getSolution().col_value)
    values[model.whole] = np.round(values[model.whole])
    return dict(zip(model.names, (values + 0.0).tolist(), strict=True))


def _empty_model(model: Arrays) -> Result:
    """A model without variables: its rows either hold or they do not."""
    version = f"HiGHS {_highs().version()}"
    if (model.row_lower > PROVEN_GAP).any() or (model.row_upper < -PROVEN_GAP).any():
        return Result(Status.infeasible, math.nan, math.nan, math.inf, 0.0, version)
    return Result(Status.optimal, model.offset, model.offset, 0.0, 0.0, version)


def _infeasible_or_unbounded(model: Arrays, limits: Limits, result: Result) -> Result:
    """HiGHS's presolve may say "either"; the same rows without an objective tell which."""
    feasible = solve_arrays(replace(model, cost=np.zeros(len(model.names)), offset=0.0), limits)
    if feasible.status.answered:
        return replace(result, status=Status.unbounded)
    return replace(result, status=feasible.status)


def _pulp_status(status: Status) -> tuple[int, int]:
    """The pair of statuses PuLP keeps: what the solver did, and what kind of solution there is."""
    return {
        Status.optimal: (pulp.LpStatusOptimal, pulp.LpSolutionOptimal),
        Status.within_gap: (pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible),
        Status.stopped_feasible: (pulp.LpStatusNotSolved, pulp.LpSolutionIntegerFeasible),
        Status.stopped_empty: (pulp.LpStatusNotSolved, pulp.LpSolutionNoSolutionFound),
        Status.infeasible: (pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible),
        Status.unbounded: (pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded),
    }[status]


def explain_infeasible(problem: pulp.LpProblem, groups: Mapping[str, str], limits: Limits | None = None) -> list[str]:
    """Return the words of a smallest set of constraints that cannot hold together.

    `groups` maps constraint names to words; constraints with the same words are one condition, and constraints not
    named are taken as given. Found by elastic relaxation (every named constraint may be broken at a price; those that
    must be are kept, the rest let go, until nothing can hold), thinned until each remaining condition is needed, and
    checked against the irreducible subset HiGHS finds where the contradiction is already in the linear part. In the
    order of `groups`; empty if the problem has an answer or if the constraints taken as given contradict each other on
    their own.
    """
    search = _Conflict(arrays(problem), groups, replace(limits or Limits(), gap=0.1, quiet=True))
    kept = search.thinned(search.forced())
    narrower = set(search.irreducible(kept))
    return [words for words in dict.fromkeys(groups.values()) if words in (narrower or kept)]


class _Conflict:
    """The elastic form of an infeasible model: each named row gets a slack per direction, in units of the row."""

    def __init__(self, model: Arrays, groups: Mapping[str, str], limits: Limits) -> None:
        self.model, self.limits = model, limits
        self.words = [groups.get(name) for name in model.row_names]
        self.slack_row: list[int] = []
        self.slack_sign: list[float] = []
        for row, words in enumerate(self.words):
            if words is not None:
                directions = ((model.row_lower[row], 1.0), (model.row_upper[row], -1.0))
                for sign in (sign for limit, sign in directions if math.isfinite(limit)):
                    self.slack_row.append(row)
                    self.slack_sign.append(sign)
        self.slack_words = [str(self.words[row]) for row in self.slack_row]

    def forced(self) -> set[str]:
        """Conditions that hold a contradiction between them: what must be broken is made hard until nothing can."""
        hard: set[str] = set()
        while True:
            result = self._solved(hard)
            if not result.status.answered:
                return hard if result.status == Status.infeasible else set()
            broken = {words for index, words in enumerate(self.slack_words) if result.value(f"slack {index}") > BROKEN}
            if not broken - hard:
                return set()
            hard |= broken

    def thinned(self, hard: set[str]) -> set[str]:
        """The same with every condition dropped that the contradiction does not need."""
        for words in sorted(hard):
            if self._solved(hard - {words}).status == Status.infeasible:
                hard = hard - {words}
        return hard

    def irreducible(self, kept: set[str]) -> list[str]:
        """The kept conditions in HiGHS's own irreducible subset; empty where the linear part can hold."""
        rows = [row for row, words in enumerate(self.words) if words is None or words in kept]
        solver = loaded(_only_rows(self.model, rows))
        solver.setOptionValue(
            "iis_strategy",
            int(highspy.IisStrategy.kIisStrategyFromLp) + int(highspy.IisStrategy.kIisStrategyIrreducible),
        )
        status, iis = solver.getIis()
        if status != highspy.HighsStatus.kOk or not iis.valid_:
            return []
        return sorted({words for index in iis.row_index_ if (words := self.words[rows[index]]) is not None})

    def _solved(self, hard: set[str]) -> Result:
        return solve_arrays(self._elastic(hard), self.limits)

    def _elastic(self, hard: set[str]) -> Arrays:
        model, count = self.model, len(self.slack_row)
        lengths = np.diff(model.starts)
        row_of = np.concatenate((np.repeat(np.arange(len(lengths)), lengths), np.array(self.slack_row, dtype=int)))
        scale = [self._scale(row) for row in self.slack_row]
        columns = np.concatenate((model.columns, len(model.names) + np.arange(count)))
        coefficients = np.concatenate((model.coefficients, np.array(self.slack_sign) * scale))
        order = np.argsort(row_of, kind="stable")
        open_to = np.array([0.0 if words in hard else np.inf for words in self.slack_words])
        return replace(
            model,
            names=[*model.names, *(f"slack {index}" for index in range(count))],
            cost=np.concatenate((np.zeros(len(model.names)), np.ones(count))),
            lower=np.concatenate((model.lower, np.zeros(count))),
            upper=np.concatenate((model.upper, open_to)),
            whole=np.concatenate((model.whole, np.zeros(count, dtype=bool))),
            starts=np.concatenate(([0], np.cumsum(np.bincount(row_of, minlength=len(lengths))))).astype(np.int32),
            columns=columns[order].astype(np.int32),
            coefficients=coefficients[order],
            offset=0.0,
            maximize=False,
        )

    def _scale(self, row: int) -> float:
        held = self.model.coefficients[self.model.starts[row] : self.model.starts[row + 1]]
        return float(np.abs(held).max()) if len(held) else 1.0


def _only_rows(model: Arrays, rows: Sequence[int]) -> Arrays:
    """The model's linear part with some of its rows."""
    pieces = [slice(model.starts[row], model.starts[row + 1]) for row in rows]
    lengths = [piece.stop - piece.start for piece in pieces]
    return replace(
        model,
        whole=np.zeros(len(model.names), dtype=bool),
        row_names=[model.row_names[row] for row in rows],
        row_lower=model.row_lower[rows],
        row_upper=model.row_upper[rows],
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
        columns=np.concatenate([model.columns[piece] for piece in pieces] or [model.columns[:0]]),
        coefficients=np.concatenate([model.coefficients[piece] for piece in pieces] or [model.coefficients[:0]]),
    )


def refuse_unanswered(result: Result, *, what: str, reasons: Sequence[str] = ()) -> None:
    """Raise NoAnswer, in words, unless there is an answer; `reasons` are those of `explain_infeasible`.

    `what` names what was sought, for example "an award of every service".
    """
    if result.status.answered:
        return
    if result.status == Status.stopped_empty:
        raise NoAnswer(
            f"No answer: the time limit struck after {result.seconds:.0f} s before {what} was found.\n"
            "  mend:  give more time (--time-limit) or a wider gap (--gap); no files were written"
        )
    if result.status == Status.unbounded:
        raise NoAnswer(
            f"No answer: nothing limits {what}; a cost, benefit or limit is missing from the input (status: unbounded)."
        )
    lines = [f"No answer: {what} is impossible as asked (status: infeasible)."]
    if reasons:
        lines += [
            "These cannot hold together; giving up any one of them removes this contradiction:",
            *(f"  - {why}" for why in reasons),
        ]
    raise NoAnswer("\n".join(lines))


class Relaxation:
    """The linear part of a model, kept warm: bounds change, rows and columns are added, and it is solved again.

    For searches that generate rows and columns themselves. Values are read after `run` returned True.
    """

    def __init__(self, model: Arrays, threads: int | None = 1) -> None:
        self._solver = loaded(replace(model, whole=np.zeros(len(model.cost), dtype=bool), names=[], row_names=[]))
        self._solver.setOptionValue("threads", threads or 1)
        self.rows, self.columns = len(model.row_lower), len(model.cost)

    def run(self, time_limit: float | None = None) -> bool:
        """Solve; False where no values satisfy the rows (or the limit struck: then `stopped` is True)."""
        if time_limit is not None:
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + max(0.01, time_limit))
        self._solver.run()
        self.stopped = self._solver.getModelStatus() == highspy.HighsModelStatus.kTimeLimit
        return bool(self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    @property
    def objective(self) -> float:
        """The value of the last run."""
        return float(self._solver.getInfo().objective_function_value)

    def solution(self) -> tuple[Floats, Floats, Floats]:
        """Column values, reduced costs of columns and duals of rows of the last run."""
        told = self._solver.getSolution()
        return np.array(told.col_value), np.array(told.col_dual), np.array(told.row_dual)

    def bound_columns(self, first: int, lower: Floats, upper: Floats) -> None:
        """Set the bounds of consecutive columns from `first`."""
        index = np.arange(first, first + len(lower), dtype=np.int32)
        self._solver.changeColsBounds(len(index), index, lower, upper)

    def bound_rows(self, first: int, lower: Floats, upper: Floats) -> None:
        """Set the bounds of consecutive rows from `first`."""
        index = np.arange(first, first + len(lower), dtype=np.int32)
        self._solver.changeRowsBounds(len(index), index, lower, upper)  # type: ignore[attr-defined]

    def add_rows(self, upper: Floats, starts: Ints, columns: Ints, coefficients: Floats) -> None:
        """Add rows `A x <= upper`."""
        lower = np.full(len(upper), -highspy.kHighsInf)
        self._solver.addRows(len(upper), lower, upper, len(columns), starts, columns, coefficients)
        self.rows += len(upper)

    def add_columns(self, cost: Floats, starts: Ints, rows: Ints, coefficients: Floats) -> None:
        """Add columns between 0 and infinity."""
        lower, upper = np.zeros(len(cost)), np.full(len(cost), highspy.kHighsInf)
        self._solver.addCols(len(cost), cost, lower, upper, len(rows), starts, rows, coefficients)
        self.columns += len(cost)
