"""Before any search: is there room for everyone? A flow of quantities, members divisible, tiers and prices left out.

Where that has no answer, no award has one, and the duals name why: members who can only go to certain bids, and what those
bids (or their providers' shares) hold.
"""

from typing import Final

import numpy as np
import scipy.sparse as sp

from infraplan.procurement.pooling.inputs import Inputs
from infraplan.procurement.pooling.model import Facts
from infraplan.solve import Arrays, Floats, Relaxation

NAMED: Final = 8
EPS: Final = 1e-6


def shortage(given: Facts) -> str | None:
    """Return, in words, who cannot be served for lack of room; None if there is room for all."""
    must = np.flatnonzero(~np.isfinite(given.keep))
    if not len(must):
        return None
    capacities, limits = _limits(given)
    linear = Relaxation(_flow(given, must, capacities, limits))
    if not linear.run() or linear.objective <= EPS * float(given.quantity.sum()):
        return None
    _, _, duals = linear.solution()
    stuck = must[duals[: len(must)] > EPS]
    full = np.flatnonzero(duals[len(must) :] < -EPS)
    return _words(given.inputs, stuck, full, limits, given)


def _pairs(given: Facts) -> tuple[np.ndarray, np.ndarray]:
    """Each itemized bid and demand once."""
    bids = len(given.inputs.bids)
    code = np.unique(given.options.demand * bids + given.options.bid)
    return code // bids, code % bids


def _limits(given: Facts) -> tuple[sp.csr_array, Floats]:
    """Rows over pairs: each bid's capacity, then each provider's share of each service; and their right sides."""
    demand, bid = _pairs(given)
    size, bids = given.quantity[demand], len(given.inputs.bids)
    own = sp.csr_array((size, (bid, np.arange(len(bid)))), shape=(bids, len(bid)))
    share = given.inputs.policy.max_share_per_provider
    if share is None:
        return own, given.capacity
    key: dict[tuple[str, str], int] = {}
    total = given.inputs.asked()
    pairs = zip(demand.tolist(), bid.tolist(), strict=True)
    names = [(given.inputs.bids[b].provider_id, given.inputs.demands[d].service) for d, b in pairs]
    rows = np.array([key.setdefault(name, len(key)) for name in names], dtype=np.int64)
    joint = sp.csr_array((size, (rows, np.arange(len(rows)))), shape=(len(key), len(rows)))
    most = np.array([share * total[service] for _, service in key])
    return sp.csr_array(sp.vstack([own, joint])), np.concatenate((given.capacity, most))


def _flow(given: Facts, must: np.ndarray, capacities: sp.csr_array, limits: Floats) -> Arrays:
    """Least quantity left unserved: columns are pairs, bundles, and what is left of each demand that must be served."""
    demand, _ = _pairs(given)
    place = np.full(len(given.keep), -1)
    place[must] = np.arange(len(must))
    asked = np.flatnonzero(place[demand] >= 0)
    serve = sp.csr_array((np.ones(len(asked)), (place[demand[asked]], asked)), shape=(len(must), len(demand)))
    named = [(int(place[d]), at) for at, group in enumerate(given.bundles.values()) for d in group if place[d] >= 0]
    pairs = np.array(named, dtype=np.int64).reshape(-1, 2)
    bundles = sp.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(must), len(given.bundles)))
    top = sp.hstack([serve, bundles, sp.eye_array(len(must))])
    low = sp.hstack([capacities, sp.csr_array((len(limits), len(given.bundles) + len(must)))])
    rows, count = sp.csr_array(sp.vstack([top, low])), len(demand) + len(given.bundles) + len(must)
    cost = np.concatenate((np.zeros(len(demand) + len(given.bundles)), np.maximum(given.quantity[must], EPS)))
    return Arrays(
        [], cost, np.zeros(count), np.ones(count), np.zeros(count, dtype=bool), [],
        np.concatenate((np.ones(len(must)), np.full(len(limits), -np.inf))),
        np.concatenate((np.full(len(must), np.inf), limits)),
        rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data,
    )  # fmt: skip


def _words(inputs: Inputs, stuck: np.ndarray, full: np.ndarray, limits: Floats, given: Facts) -> str:
    bids = len(inputs.bids)
    holds = [f"bid {inputs.bids[row].bid_id} serves at most {limits[row]:g}" for row in full.tolist() if row < bids]
    if any(row >= bids for row in full.tolist()):
        holds.append(f"no provider holds above {inputs.policy.max_share_per_provider:g} of a service's quantity")
    who = [inputs.demands[index].label for index in stuck.tolist()]
    return "\n".join(
        [
            f"  - {len(who)} demands, {float(given.quantity[stuck].sum()):,.0f} in quantity, must be served: {_few(who)}",
            f"  - but those who price them have too little room: {_few(holds)}",
            "  mend:  ask for more capacity, or let members keep their contracts (may_keep_current), or raise the shares",
        ]
    )


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
