"""Many futures at once: this machine's processes by default, a Dask cluster on request. Nothing distributed is home-made."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, TypeVar

import joblib
from joblib.externals.loky import get_reusable_executor

from infraplan.errors import InfraplanError
from infraplan.solve import Limits

Backend = Literal["local", "dask"]
T = TypeVar("T")
R = TypeVar("R")


def inner(limits: Limits, count: int, workers: int | None = None, *, solves: int = 2) -> Limits:
    """Limits for each solve of a trial: one thread, no words, and an equal part of the time that is left."""
    if limits.time_limit is None:
        return replace(limits, threads=1, quiet=True)
    part = limits.time_limit * min(count, workers or cores()) / max(1, count * solves)
    return replace(limits, threads=1, quiet=True, time_limit=max(0.1, part))


def cores() -> int:
    """Processor cores that this process may use."""
    return joblib.cpu_count()  # type: ignore[no-any-return]


def run(
    function: Callable[[T], R], futures: Sequence[T], backend: Backend = "local", workers: int | None = None,
    tell: Callable[[int, int], object] | None = None,
) -> list[R]:  # fmt: skip
    """Return `function` of each future, in order, whatever the number of workers.

    `function` must be picklable (a function of a module, or `functools.partial` of one) and should solve with the
    limits of `inner`. `tell` hears how many are done, of how many. The Dask backend uses the cluster at
    DASK_SCHEDULER_ADDRESS, else one on this machine; raises InfraplanError if Dask is not installed.
    """
    if backend == "dask":
        with _dask(workers) as width:
            return _gathered(function, futures, width, tell, chunk=math.ceil(len(futures) / (4 * width)))
    width = min(workers or cores(), max(1, len(futures)))
    if width == 1:
        return list(_counted(map(function, futures), len(futures), tell))
    finished = False
    try:
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
            found = _gathered(function, futures, width, tell, chunk=1)
        finished = True
    finally:  # a fault or Ctrl-C must not leave workers solving
        get_reusable_executor().shutdown(wait=finished, kill_workers=not finished)
    return found


def _gathered(
    function: Callable[[T], R], futures: Sequence[T], width: int, tell: Callable[[int, int], object] | None, chunk: int
) -> list[R]:
    parts = [futures[at : at + chunk] for at in range(0, len(futures), chunk)]
    done = joblib.Parallel(n_jobs=width, return_as="generator")(joblib.delayed(_each)(function, part) for part in parts)
    return list(_counted((one for part in done for one in part), len(futures), tell))


def _each(function: Callable[[T], R], futures: Sequence[T]) -> list[R]:
    return [function(one) for one in futures]


def _counted(results: Iterable[R], count: int, tell: Callable[[int, int], object] | None) -> Iterator[R]:
    for number, one in enumerate(results, start=1):
        if tell is not None:
            tell(number, count)
        yield one


def ready(backend: Backend) -> None:
    """Refuse a backend that is not there, before anything is solved; raises InfraplanError."""
    if backend == "dask" and find_spec("distributed") is None:
        raise InfraplanError(
            "Dask is not installed, so futures cannot be sent to a cluster.\n"
            "  mend:  pip install 'infraplan[cluster]', or leave out --backend dask to use this machine's processes"
        )


@contextmanager
def _dask(workers: int | None) -> Iterator[int]:
    """A Dask cluster for the time of a trial, and how many workers it has."""
    ready("dask")
    distributed = import_module("distributed")

    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    client = (
        distributed.Client(address)
        if address
        else distributed.Client(n_workers=workers or cores(), threads_per_worker=1, dashboard_address=None)
    )
    with client:
        width = max(1, len(client.scheduler_info()["workers"]))
        with joblib.parallel_config(backend="dask"):
            yield width
