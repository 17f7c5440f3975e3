"""The network to build as a linear model: directed cuts, stated in PuLP, solved by `infraplan.solve`.

Sets
    a   arcs: every edge in both directions, radios and towers in theirs only, none into the root (all points of presence
        as one)
    v   vertices; t terminals: vertices with sites that have to be, or may be, connected
    W   sets of vertices that hold a terminal and not the root
Given
    cost[a]    USD to build the edge of a, once however many sites use it
    prize[t]   USD that leaving t as it is costs (its sites' alternatives); none where it has to be connected
Decisions
    use[a]     arc a is built, leading away from the root        (0 or 1)
    leave[t]   t stays as it is                                  (0 or 1; only where it may)
Objective
    sum cost[a] use[a] + sum prize[t] leave[t]
Constraints
    one way in       sum of use into t + leave[t] = 1
    no dead end      sum of use into v <= sum of use out of v                    (v no terminal)
    nothing from     use[a] <= sum of use into the tail of a, except back along a        (added where broken)
    nowhere
    cuts             sum of use into W + leave[t] >= 1 for every W around t      (added where broken)

The cuts a dual ascent raised are there from the start: with them the linear relaxation is close to, and often is, the
answer. Others are found by maximum flow from the root to each terminal over the values of `use`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from infraplan.connectivity.network.ascent import Arcs
from infraplan.connectivity.network.graph import MUST, Graph
from infraplan.solve import Result

CENTS: Final = 100
SCALE: Final = 1_000_000
"""Flow is counted in millionths."""
BROKEN: Final = 500
"""Millionths by which a cut must be broken to be added."""
CREEP: Final = 1
"""Millionths that every arc lets through, so that of equal cuts the one with the fewest arcs is found."""
NESTED: Final = 5
"""Cuts behind each other that are looked for around one terminal."""
WHOLE: Final = 1e-6


@dataclass
class Model:
    """The PuLP problem with the constraints found so far."""

    problem: pulp.LpProblem
    graph: Graph
    arcs: Arcs
    use: dict[int, pulp.LpVariable] = field(default_factory=dict)
    leave: dict[int, pulp.LpVariable] = field(default_factory=dict)
    known: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)
    inward: set[int] = field(default_factory=set)

    def add(self, terms: Iterable[tuple[pulp.LpVariable, float]], sense: int, rhs: float, name: str) -> None:
        """Add one named constraint."""
        self.problem += pulp.LpConstraint(pulp.LpAffineExpression(list(terms)), sense, name, rhs)

    def into(self, v: int) -> list[int]:
        """Return the usable arcs into a vertex."""
        return [arc for arc in self.arcs.into[v] if arc in self.use]

    def add_cut(self, terminal: int, inside: Collection[int]) -> bool:
        """Ask that something enters `inside`, which holds the terminal and not the root; False if it is known."""
        tail = self.arcs.tail
        crossing = sorted(arc for v in inside for arc in self.into(v) if tail[arc] not in inside)
        key = (terminal if terminal in self.leave else -1, tuple(crossing))
        if key in self.known:
            return False
        self.known.add(key)
        terms = [(self.use[arc], 1.0) for arc in crossing]
        if terminal in self.leave:
            terms.append((self.leave[terminal], 1.0))
        self.add(terms, pulp.LpConstraintGE, 1.0, f"cut_{len(self.known)}")
        return True


def build(graph: Graph, arcs: Arcs, cuts: Iterable[tuple[int, Collection[int]]], shut: NDArray[np.bool_]) -> Model:
    """State the linear relaxation with the cuts of a dual ascent; arcs that are `shut` are left out."""
    model = Model(pulp.LpProblem("build", pulp.LpMinimize), graph, arcs)
    _decisions(model, shut)
    _least_cost(model)
    _one_way_in(model)
    _no_dead_end(model)
    for terminal, inside in cuts:
        model.add_cut(terminal, inside)
    return model


def _decisions(model: Model, shut: NDArray[np.bool_]) -> None:
    add = model.problem.add_variable
    model.use = {
        arc: add(f"use_{arc}", 0, 1)
        for arc, head in enumerate(model.arcs.head)
        if head != model.graph.root and not shut[arc]
    }
    model.leave = {v: add(f"leave_{v}", 0, 1) for v, prize in sorted(model.graph.prize.items()) if prize < MUST}


def _least_cost(model: Model) -> None:
    graph, cost = model.graph, model.arcs.cost
    terms = [(variable, cost[arc] / CENTS) for arc, variable in model.use.items()]
    terms += [(variable, graph.prize[v] / CENTS) for v, variable in model.leave.items()]
    model.problem += pulp.LpAffineExpression(terms, constant=graph.base / CENTS)


def _one_way_in(model: Model) -> None:
    for v in sorted(model.graph.prize):
        terms = [(model.use[arc], 1.0) for arc in model.into(v)]
        if v in model.leave:
            terms.append((model.leave[v], 1.0))
        model.add(terms, pulp.LpConstraintEQ, 1.0, f"in_{v}")


def _no_dead_end(model: Model) -> None:
    for v, told in enumerate(model.graph.near):
        if not told or v == model.graph.root or v in model.graph.prize:
            continue
        terms = [(model.use[arc], 1.0) for arc in model.into(v)]
        terms += [(model.use[arc ^ 1], -1.0) for arc in model.arcs.into[v] if arc ^ 1 in model.use]
        model.add(terms, pulp.LpConstraintLE, 0.0, f"on_{v}")


def whole(model: Model) -> None:
    """Make every decision yes or no."""
    for variable in (*model.use.values(), *model.leave.values()):
        variable.cat = pulp.LpInteger


def start(model: Model, tree: Sequence[tuple[int, int, int]]) -> dict[str, float]:
    """Return values for the decisions that say the same as a tree of (parent, child, edge)."""
    steps = {(parent, child) for parent, child, _ in tree}
    reached = {child for _, child, _ in tree}
    arcs = model.arcs
    values = {variable.name: float((arcs.tail[arc], arcs.head[arc]) in steps) for arc, variable in model.use.items()}
    return values | {variable.name: float(v not in reached) for v, variable in model.leave.items()}


@dataclass(frozen=True)
class Values:
    """The decisions of a solved model: `use` by arc, `leave` by terminal, all between 0 and 1."""

    use: NDArray[np.float64]
    leave: dict[int, float]

    @classmethod
    def of(cls, model: Model, result: Result) -> "Values":
        """Read the decisions."""
        use = np.zeros(len(model.arcs.tail))
        for arc, variable in model.use.items():
            use[arc] = result.value(variable.name)
        return cls(use.clip(0, 1), {v: result.value(variable.name) for v, variable in model.leave.items()})

    def whole(self) -> bool:
        """Whether every decision is yes or no."""
        return bool((np.minimum(self.use, 1 - self.use) <= WHOLE).all())


def tighten(model: Model, values: Values) -> int:
    """Add the constraints that the values break; returns how many."""
    return _nothing_from_nowhere(model, values) + _broken_cuts(model, values)


def _nothing_from_nowhere(model: Model, values: Values) -> int:
    arcs, use, added = model.arcs, values.use, 0
    for arc in np.flatnonzero(use > WHOLE).tolist():
        v = arcs.tail[arc]
        if v == model.graph.root or arc in model.inward:
            continue
        inward = [other for other in model.into(v) if other != arc ^ 1]
        if use[arc] > sum(use[other] for other in inward) + BROKEN / SCALE:
            model.inward.add(arc)
            terms = [(model.use[arc], 1.0), *((model.use[other], -1.0) for other in inward)]
            model.add(terms, pulp.LpConstraintLE, 0.0, f"from_{arc}")
            added += 1
    return added


def _broken_cuts(model: Model, values: Values) -> int:
    """For each terminal, cuts that let too little through, nearest to it and to the root, and again behind those.

    A terminal inside a cut found for another waits for the next round: most often that cut mends it too.
    """
    arcs, root, size = model.arcs, model.graph.root, len(model.graph.near)
    usable = np.array(sorted(model.use), dtype=np.int64)
    tail, head = np.array(arcs.tail)[usable], np.array(arcs.head)[usable]
    order = np.lexsort((head, tail))
    usable, tail, head = usable[order], tail[order], head[order]
    room = np.round(values.use[usable] * SCALE).astype(np.int32)
    used = room > 0
    thin = csr_array((room[used], (tail[used], head[used])), shape=(size, size))
    wide = csr_array((room + CREEP, (tail, head)), shape=(size, size))
    added = 0
    helped = np.zeros(size, dtype=bool)
    for terminal in sorted(model.graph.prize):
        asked = SCALE - round(values.leave.get(terminal, 0.0) * SCALE)
        if asked <= BROKEN or helped[terminal] or maximum_flow(thin, root, terminal).flow_value >= asked - BROKEN:
            continue
        wide.data[:] = room + CREEP
        for _ in range(NESTED):
            flow = maximum_flow(wide, root, terminal)
            if flow.flow_value >= asked - BROKEN:
                break
            near, far = _sides(csr_array(wide - csr_array(flow.flow)), root, terminal)
            helped |= near
            added += model.add_cut(terminal, set(np.flatnonzero(near).tolist()))
            added += model.add_cut(terminal, set(np.flatnonzero(far).tolist()))
            wide.data[(near[head] & ~near[tail]) | (far[head] & ~far[tail])] = SCALE
    return added


def _sides(rest: csr_array, root: int, terminal: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The smallest and the largest set of vertices that a flow's remaining room cuts off with the terminal."""
    rest.data = np.maximum(rest.data, 0)
    rest.eliminate_zeros()
    near = np.zeros(rest.shape[0], dtype=bool)
    near[breadth_first_order(csr_array(rest.T), terminal, return_predecessors=False)] = True
    far = np.ones(rest.shape[0], dtype=bool)
    far[breadth_first_order(rest, root, return_predecessors=False)] = False
    return near, far
