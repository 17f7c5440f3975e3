"""`infraplan sample` and `infraplan demo`: the fictional state of Franklin as files, and everything done with it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infraplan.cli import options

if TYPE_CHECKING:
    from infraplan.sample import SampleFile

FUNDING_YEAR = "2026"
LOADED = "connectivity"
FILINGS = "form471"
YEARS = "2026-2028"
AS_OF = "2026-11-22"  # the day the fictional state is reckoned from, so that its files are always the same


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--districts", type=int, default=60, show_default=True, help="Districts with a boundary, 20 to 3,000.")
@click.option("--locations", type=int, default=40_000, show_default=True, help="Homes and businesses.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same files.")
@options.quiet
def sample(folder: Path, districts: int, locations: int, seed: int) -> None:
    """Write the fictional state of Franklin as publishers' files, SYNTHETIC throughout.

    Example:


    \b
        infraplan sample franklin_files --districts 60 --locations 40000 --seed 1
    """
    from infraplan import sample as franklin

    files = franklin.make(folder, districts=districts, locations=locations, seed=seed)
    for file in files:
        options.say(f"{file.path}: {file.what}")
    options.say(f"{len(files)} files; SYNTHETIC: nothing in them is real")


@click.command()
@click.argument(
    "folder", metavar="[DIR]", required=False, default="franklin", type=click.Path(path_type=Path, file_okay=False)
)
@click.option("--districts", type=int, default=60, show_default=True, help="Districts with a boundary, 20 to 3,000.")
@click.option("--locations", type=int, default=40_000, show_default=True, help="Homes and businesses.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same state.")
@options.quiet
def demo(folder: Path, districts: int, locations: int, seed: int) -> None:
    """Make the fictional state, load it as a real one would be, and run everything there is.

    Prints each command before running it, so that you can do the same with your own files.

    Example:


    \b
        infraplan demo franklin
    """
    from infraplan import sample as franklin

    files_folder, workspace = folder / "files", folder / "plan"
    _show(
        ["sample", str(files_folder), "--districts", str(districts), "--locations", str(locations), "--seed", str(seed)]
    )
    files = franklin.make(files_folder, districts=districts, locations=locations, seed=seed)
    options.say(f"{len(files)} files; SYNTHETIC: nothing in them is real")
    for arguments in commands(files, files_folder, workspace):
        _show(arguments)
        _run(arguments)
    page, reports = (workspace / "maps" / "gaps.html").resolve(), (workspace / "reports").resolve()
    click.echo(
        f"\nDone. Open this page in a browser:\n  {page}\n"
        f"and these:\n  {page.with_name('erate.html')}    rates, prices, contracts by district\n"
        f"  {page.with_name('pool.html')}    who is asked for together, who buys from whom, what it saves\n"
        f"  {page.with_name('materials.html')}    open materials by district\n"
        f"  {reports / 'funding' / 'brief.html'}    what state money buys, one page\n"
        f"  {reports / 'network' / 'map.html'}    a network to build, with its routes\n"
        f"  {reports / 'community' / 'map.html'}    students reached beyond the school door\n"
        f"  {reports / 'materials' / 'report.html'}    audit of a materials list\n"
        f"  {reports / 'letters'}    a letter for each district\n"
        f"Tables are beside them; what is loaded:  infraplan status --workspace {workspace}"
    )


def commands(files: "list[SampleFile]", folder: Path, workspace: Path) -> list[list[str]]:
    """The commands of the demo, in order, as a planner would type them."""
    lines = [
        f"init {_q(workspace)} --state FK --funding-year {FUNDING_YEAR}",
        *_loading(files, workspace),
        *_connectivity(workspace),
        *_procurement(folder / "erate", folder / "bids", workspace),
        *_beyond(folder / "beyond", workspace),
        *_oer(folder / "oer", workspace),
    ]
    return [shlex.split(line) for line in lines]


def _loading(files: "list[SampleFile]", workspace: Path) -> list[str]:
    plain = [file for file in files if file.role == LOADED and not file.add_options]
    mapped = [file for file in files if file.role == LOADED and file.add_options]
    filed = [file for file in files if file.path.parent.name.endswith(FILINGS)]
    where = f"--workspace {_q(workspace)}"
    return [
        f"data add {_q(*[file.path for file in plain])} {where}",
        *[f"data add {_q(file.path)} {_q(*_options(file))} {where}" for file in mapped],
        f"data add {_q(*[file.path for file in filed])} {where}",
    ]


def _connectivity(workspace: Path) -> list[str]:
    where, reports = f"--workspace {_q(workspace)}", workspace / "reports"
    return [
        f"connectivity homes --by district {where} -o {_q(reports / 'home_gaps.csv')}",
        f"connectivity homes --by county --detail needs {where} -o {_q(reports / 'home_needs.csv')}",
        f"connectivity children {where} --publish -o {_q(reports / 'child_gaps.csv')}",
        f"connectivity schools --growth 25 {where} --publish -o {_q(reports / 'school_gaps.csv')}",
        f"connectivity schools --detail equity {where} --publish -o {_q(reports / 'school_equity.csv')}",
        f"connectivity map {where}",
    ]


def _beyond(folder: Path, workspace: Path) -> list[str]:
    return [
        f"connectivity community --measures {_q(folder / 'measures.csv')} --stops {_q(folder / 'stops.csv')} "
        f"--budget 400000 --workspace {_q(workspace)} -o {_q(workspace / 'reports' / 'community')}"
    ]


def _procurement(erate: Path, bids: Path, workspace: Path) -> list[str]:
    where, reports = f"--workspace {_q(workspace)}", workspace / "reports"
    year = f"--funding-year {FUNDING_YEAR}"
    bid_files = f"--demand {_q(bids / 'demand.csv')} --bids {_q(bids / 'bids.csv')}"
    return [
        f"procurement discounts --from {_q(erate / 'discounts_in.csv')} {year} {where} -o {_q(reports / 'discounts.csv')}",
        f"procurement budgets --from {_q(erate / 'c2_budgets_in.csv')} {year} {where} -o {_q(reports / 'c2_budgets.csv')}",
        f"procurement commitments {where} -o {_q(reports / 'commitments.csv')}",
        f"procurement prices {year} {where} -o {_q(reports / 'prices.xlsx')}",
        f"procurement calendar --as-of {AS_OF} {where} -o {_q(reports / 'deadlines.xlsx')}",
        f"procurement map --crosswalk {_q(erate / 'ben_nces_crosswalk.csv')} {year} --as-of {AS_OF} {where}",
        f"procurement lots --demand {_q(bids / 'demand.csv')} --policy {_q(bids / 'lots.toml')} "
        f"--lots 2-4 --gap 0.02 --time-limit 60 {where} -o {_q(reports / 'lots')}",
        f"procurement pool {bid_files} --bid-prices {_q(bids / 'bid_prices.csv')} --bid-tiers {_q(bids / 'bid_tiers.csv')} "
        f"--policy {_q(bids / 'policy.toml')} --rfp {_q(bids / 'rfp.toml')} {where} -o {_q(reports / 'pool')}",
        f"procurement pool --join franklin-library --contract {_q(reports / 'pool' / 'contract')} "
        f"--demand {_q(bids / 'join_demand.csv')} --bid-prices {_q(bids / 'join_prices.csv')} --as-of {AS_OF} "
        f"-o {_q(reports / 'pool_join')}",
        f"procurement map --lots {_q(reports / 'lots')} --pool {_q(reports / 'pool')} {where}",
        f"procurement letter --all --pool {_q(reports / 'pool')} {year} --as-of {AS_OF} {where} -o {_q(reports / 'letters')}",
        f"procurement fund --projects {_q(bids / 'projects.csv')} --funds {_q(bids / 'funds.csv')} "
        f"--c2-budgets {_q(bids / 'c2_budgets.csv')} --years {YEARS} {where} --scenarios 20 -o {_q(reports / 'funding')}",
        f"connectivity build --sites {_q(bids / 'build_sites.csv')} --network {_q(bids / 'build_network.csv')} "
        f"--nodes {_q(bids / 'build_nodes.csv')} --towers {_q(bids / 'build_towers.csv')} "
        f"--terrain {_q(bids / 'build_terrain.csv')} --costs {_q(bids / 'build_costs.toml')} --pop pop0 --pop pop1 "
        f"{where} -o {_q(reports / 'network')}",
    ]


def _oer(oer: Path, workspace: Path) -> list[str]:
    reports, listed = workspace / "reports", f"--list {_q(oer / 'materials_list.csv')}"
    lists = f"{listed} --catalog {_q(oer / 'oer_catalog.csv')}"
    found = f"{listed} --matches {_q(reports / 'matches.csv')}"
    return [
        f"oer match {lists} -o {_q(reports / 'matches.csv')}",
        f"oer savings {found} --on {AS_OF} -o {_q(reports / 'oer_savings.csv')}",
        f"oer map {found} --savings {_q(reports / 'oer_savings.csv')} --workspace {_q(workspace)}",
        f"oer coverage --standards {_q(oer / 'standards.csv')} --alignments {_q(oer / 'alignments.csv')} "
        f"--course 'Algebra 1' -o {_q(reports / 'algebra_1')}",
        f"oer audit {lists} --title 'SYNTHETIC: materials list of a fictional state' "
        f"--coverage {_q(reports / 'algebra_1')} --on {AS_OF} -o {_q(reports / 'materials')}",
    ]


def _q(*words: Path | str) -> str:
    """Words as a shell takes them."""
    return " ".join(shlex.quote(str(word)) for word in words)


def _options(file: "SampleFile") -> list[str]:
    """The file's options, with a bare file name among them made a path beside the file."""
    beside = file.path.parent
    return [str(beside / option) if (beside / option).is_file() else option for option in file.add_options]


def _show(arguments: list[str]) -> None:
    shown = " ".join(shlex.quote(argument) for argument in arguments)
    options.say(f"\n$ infraplan {shown}")


def _run(arguments: list[str]) -> None:
    from infraplan.cli import infraplan

    quiet = ["--quiet"] if click.get_current_context().meta.get("infraplan.quiet") else []
    infraplan.main(args=[*arguments, *quiet], prog_name="infraplan", standalone_mode=False)
