"""A plan tried against possible futures, for the commands of connectivity: draw, run with progress, sum up."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.outputs.pages import Section
    from infraplan.scenarios import Future, Names, Outcome, Ranges, Summary, Unit
    from infraplan.solve import Limits

Drawn = tuple["Ranges", Sequence["Future"]]


def drawn(sweep: options.Sweep, names: "Names", seed: int) -> Drawn:
    """The ranges that concern a plan, and the futures drawn from them; says which ranges change nothing."""
    from infraplan import scenarios

    ranges = scenarios.read_ranges(sweep.ranges)
    for quantity in ranges.unused(names):
        options.say(f"note: this plan has no figure that {quantity} could change")
    return ranges.used(names), scenarios.draw(ranges, sweep.count, seed, names)


def inner(sweep: options.Sweep, limits: "Limits") -> "Limits":
    """Limits for each solve of a trial."""
    from infraplan import scenarios

    return scenarios.inner(limits, sweep.count, sweep.workers)


def tried(
    sweep: options.Sweep,
    told: Drawn,
    face: "Callable[[Future], Outcome]",
    base: Mapping[str, str],
    seed: int,
    unit: "Unit",
) -> "Summary":
    """Try a plan with the decisions `base` against the futures; `face` must be picklable."""
    from infraplan import scenarios

    ranges, futures = told
    outcomes = scenarios.run(face, futures, sweep.backend, sweep.workers, options.counted("futures"))
    return scenarios.summary(base, outcomes, futures, ranges, seed, unit)


def section(tried: "Summary") -> "Section":
    """What a page says of a trial: the findings, and how often each decision holds."""
    from markupsafe import Markup

    from infraplan.outputs.pages import Section
    from infraplan.outputs.tables import Field, table

    fields = [
        Field(column="decision", label="Decision", format="text"),
        Field(column="choice", label="In this plan", format="text"),
        Field(
            column="held_share", label="The best plan does the same in", unit="% of futures", format="share", decimals=0
        ),
        Field(column="else_choice", label="Else most often", format="text", missing="nothing else"),
        Field(column="else_share", label="in", unit="% of futures", format="share", decimals=0),
    ]
    lines = Markup("").join(Markup("<li>{}</li>").format(line) for line in tried.words())
    body = table(tried.decisions, fields, caption="Decisions, the least certain first", table_id="table-futures")
    return Section(anchor="futures", heading="In possible futures", body=Markup("<ul>{}</ul>{}").format(lines, body))
