"""Ranges, the futures drawn from them, and who works on them."""

import sys
from functools import partial
from pathlib import Path
from typing import Any, Self

import click
import joblib
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as some

from infraplan import scenarios
from infraplan.cli import options
from infraplan.errors import BadInput, InfraplanError
from infraplan.scenarios import Future, Range, Ranges, running
from infraplan.solve import Limits

NAMES: scenarios.Names = {
    "price": {f"p{number}": (f"p{number}", "fiber" if number < 3 else "equipment") for number in range(9)},
    "withdrawal": {"acme": ("acme",), "zenith": ("zenith",)},
}


def told(folder: Path, text: str) -> Ranges:
    (folder / "ranges.toml").write_text(text, encoding="utf-8")
    return scenarios.read_ranges(folder / "ranges.toml")


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadInput) as why:
        told(folder, text)
    return str(why.value)


def double(offset: float, future: Future) -> tuple[int, float]:
    """A stand-in for a solve."""
    return future.number, offset + 2 * future.factor("price", "p1")


def stumble(future: Future) -> int:
    if future.number == 3:
        raise InfraplanError("the third future is out of order")
    return future.number


def test_a_spread_is_a_low_and_a_high_end(tmp_path: Path) -> None:
    found = told(tmp_path, "[price]\nspread = 0.25\nbase = 2\n").of("price", ["p1"])
    assert found == Range(1.5, 2.0, 2.5)


def test_the_nearest_name_of_a_key_decides(tmp_path: Path) -> None:
    ranges = told(
        tmp_path, "[price]\nspread = 0\n[price.fiber]\nlow = 2\nbase = 2\nhigh = 2\n[price.p1]\nspread=0\nbase=3\n"
    )
    drawn = scenarios.draw(ranges, 1, 0, NAMES)[0]
    assert [drawn.factor("price", key) for key in ("p0", "p1", "p2", "p3")] == [2, 3, 2, 1]


def test_a_quantity_that_was_not_varied_keeps_its_figure(tmp_path: Path) -> None:
    ranges = told(tmp_path, "[take_up]\nlow = 0.5\nhigh = 1\n")
    assert ranges.unused(NAMES) == ["take-up"]
    assert scenarios.draw(ranges, 2, 0, NAMES)[1].factor("price", "p1") == 1.0


def test_the_first_futures_of_many_are_those_of_few() -> None:
    ranges = scenarios.read_ranges(None)
    assert scenarios.draw(ranges, 20, 7, NAMES)[:5] == scenarios.draw(ranges, 5, 7, NAMES)
    assert scenarios.draw(ranges, 5, 7, NAMES) != scenarios.draw(ranges, 5, 8, NAMES)


def test_draws_stay_in_their_range_and_fill_it(tmp_path: Path) -> None:
    ranges = told(tmp_path, "[price]\nlow = 0.5\nbase = 0.6\nhigh = 2\n[withdrawal]\nprobability = 0.5\n")
    drawn = scenarios.draw(ranges, 400, 1, NAMES)
    factors = [future.factor("price", "p4") for future in drawn]
    assert 0.5 <= min(factors) < 0.6
    assert 1.8 < max(factors) <= 2
    # the mean of a triangle is the mean of its corners
    assert sum(factors) / len(factors) == pytest.approx((0.5 + 0.6 + 2) / 3, abs=0.05)
    assert 150 < sum("acme" in future.gone for future in drawn) < 250


@given(shared=some.sampled_from([0.0, 1.0]), seed=some.integers(0, 50))
def test_shared_luck_moves_all_keys_together(shared: float, seed: int) -> None:
    ranges = Ranges({"price": {"": Range(0.5, 1.0, 1.5, shared=shared)}})
    drawn = scenarios.draw(ranges, 3, seed, NAMES)
    together = all(len(set(future.factors["price"].values())) == 1 for future in drawn)
    assert together == (shared == 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[prices]\nspread = 0.1\n", "did you mean [price]?"),
        ("price = 3\n", "price is not a section of ranges"),
        ("[price]\nspread = 1.5\n", "spread of price is 1.5, expected a fraction from 0 to 1"),
        ("[price]\nlow = 0.9\n", "price has no ends"),
        ("[price]\nlow = 1.2\nhigh = 1.5\n", "price runs from 1.2 to 1.5 with 1 as most likely"),
        ("[price]\nlow = 0.9\nhigh = 1.5\nspread = 0.1\n", "both a spread and its ends"),
        ("[price]\nlow = 'few'\nhigh = 1.5\n", "low of price is 'few', expected a number"),
        ("[price]\nlow = nan\nhigh = 1.5\n", "low of price is nan, expected a number"),
        ("[price]\nhihg = 1.5\n", "did you mean high?"),
        ("[price]\nspread = 0.1\nsource = 3\n", "source of price is 3, expected words"),
        ("[withdrawal]\nsource = 'a survey'\n", "withdrawal has no probability"),
        ("[withdrawal.acme]\nprobability = 5\n", "probability of withdrawal.acme is 5, expected a fraction"),
        ("", "says nothing about price, take_up, enrollment, withdrawal"),
        ("[price", "is not valid TOML"),
    ],
)
def test_a_range_that_cannot_be_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, text)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[price]\nlow = 2\nhigh = 1\n[take_up]\nspread = 9\n").endswith(
        "2 faults in all; nothing with a fault was taken."
    )


def test_a_name_that_no_input_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    ranges = told(tmp_path, "[withdrawal.acmee]\nprobability = 0.5\n")
    with pytest.raises(BadInput, match=r"no input has a withdrawal named acmee\n(.*\n)*.*did you mean acme"):
        scenarios.draw(ranges, 1, 0, NAMES)


def test_what_is_assumed_is_called_assumed_and_a_source_is_named(tmp_path: Path) -> None:
    assert all("(assumed: " in line for line in scenarios.read_ranges(None).words())
    given = told(tmp_path, "[price]\nspread = 0.2\nsource = 'bids of 2025'\n")
    assert given.words() == ["price: 0.8 to 1.2 times the figure given (most likely 1) (source: bids of 2025)"]
    assert "no source was given" in told(tmp_path, "[price]\nspread = 0.2\n").words()[0]


def test_the_answer_is_the_same_whoever_works_on_it() -> None:
    futures = scenarios.draw(scenarios.read_ranges(None), 8, 0, NAMES)
    heard: list[tuple[int, int]] = []
    alone = scenarios.run(partial(double, 1.0), futures, workers=1, tell=lambda done, of: heard.append((done, of)))
    assert scenarios.run(partial(double, 1.0), futures, workers=2) == alone
    assert [number for number, _ in alone] == list(range(1, 9))
    assert heard == [(done, 8) for done in range(1, 9)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_in_one_future_is_heard(workers: int) -> None:
    futures = [Future(number) for number in range(1, 6)]
    with pytest.raises(InfraplanError, match="the third future is out of order"):
        scenarios.run(stumble, futures, workers=workers)


def test_no_future_at_all_is_no_result() -> None:
    assert scenarios.run(stumble, []) == []


def test_without_dask_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "find_spec", lambda _: None)
    with pytest.raises(InfraplanError, match="pip install 'infraplan\\[cluster\\]'"):
        scenarios.run(stumble, [Future(1)], backend="dask")


def test_futures_go_to_the_cluster_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for `distributed`: its client is opened and closed, and joblib told to use its backend."""
    seen: list[object] = []

    class Client:
        def __init__(self, address: str | None = None, **more: object) -> None:
            seen.append(address or more)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            seen.append("closed")

        def scheduler_info(self) -> dict[str, object]:
            return {"workers": {"a": 1, "b": 2}}

    monkeypatch.setitem(sys.modules, "distributed", type(sys)("distributed"))
    monkeypatch.setattr(sys.modules["distributed"], "Client", Client, raising=False)
    monkeypatch.setattr(running, "find_spec", lambda _: True)
    used, configure = list[str](), joblib.parallel_config

    def configured(backend: str) -> Any:
        used.append(backend)
        return configure(backend="sequential")

    monkeypatch.setattr(joblib, "parallel_config", configured)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://head:8786")
    futures = [Future(number) for number in range(1, 30)]
    assert scenarios.run(partial(double, 0.0), futures, backend="dask") == [double(0.0, one) for one in futures]
    assert (used, seen) == (["dask"], ["tcp://head:8786", "closed"])


def test_each_solve_gets_one_thread_and_its_part_of_the_time() -> None:
    assert scenarios.inner(Limits(time_limit=100, threads=8), 50, 2) == Limits(time_limit=2, threads=1)
    assert scenarios.inner(Limits(), 50).time_limit is None


@click.command()
@options.optimizer
@options.scenarios
def command(sweep: options.Sweep | None, **_: object) -> None:
    click.echo(repr(sweep))


def test_a_command_hears_of_futures_only_if_asked() -> None:
    run = CliRunner().invoke
    assert run(command, []).output == "None\n"
    assert (
        "count=9, ranges=None, backend='local', workers=2"
        in run(command, ["--scenarios", "9", "--workers", "2"]).output
    )
    wrong = run(command, ["--ranges", "r.toml"])
    assert (wrong.exit_code, "--ranges is for --scenarios" in wrong.output) == (2, True)
