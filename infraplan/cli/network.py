"""`infraplan connectivity build`."""

from pathlib import Path

import click

from infraplan.cli import options

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--sites", type=_FILE, required=True, metavar="FILE", help="Sites to connect, and their alternatives.")
@click.option("--network", type=_FILE, metavar="FILE", help="Links that could be built; made from points if absent.")
@click.option("--nodes", type=_FILE, metavar="FILE", help="Where the nodes are; needed for a map.")
@click.option("--costs", type=_FILE, metavar="FILE.toml", help="The state's own cost figures.")
@click.option("--terrain", type=_FILE, metavar="FILE", help="Heights of the ground, for line of sight of wireless.")
@click.option("--pop", "pops", multiple=True, metavar="NODE", help="A point of presence; repeat for several.")
@click.option(
    "--funding-year", type=click.IntRange(1998, 2100), metavar="YEAR",
    help="Funding year whose match rule applies; needed where a state match is given.",
)  # fmt: skip
@options.out_dir
@options.optimizer
@options.quiet
def build(
    sites: Path, network: Path | None, nodes: Path | None, costs: Path | None, terrain: Path | None,
    pops: tuple[str, ...],
    funding_year: int | None, folder: Path, gap: float, time_limit: float | None, seed: int, threads: int | None,
) -> None:  # fmt: skip
    """Choose which links to build so that sites are reached at least cost.

    Links are paid once however many sites share them. A site with an alternative is connected only where that is
    cheaper. Writes routes.csv, sites.csv, solution.json, and routes.geojson where nodes have places, to DIR. A budget
    estimate, not a design.

    Example:


    \b
        infraplan connectivity build --sites build_sites.csv --network build_network.csv \\
            --nodes build_nodes.csv --pop pop0 --pop pop1 -o build
    """
    from infraplan.connectivity.network import files, inputs, plan
    from infraplan.solve import Limits

    quiet = bool(click.get_current_context().meta.get("infraplan.quiet", False))
    told = inputs.read(sites, network, nodes, pops, costs, terrain)
    found = plan.find(told, Limits(gap, time_limit, seed, threads, quiet=quiet))
    files.write(found, folder, funding_year)
    for line in files.summary(found):
        options.say(line)
    options.say(f"wrote {folder}")
