"""Which open resources cover the standards of a course: one lead program and the fewest supplements, or a mixture.

Sets          K  standards wanted and covered by some resource;  R  resources;  P  programs (R is split among them)
Given         cost_r  adoption effort of resource r;  covers_rk  whether r is aligned to k;  license_r
Decisions     x_r in {0,1}  resource r is used;  z_k in [0,1]  standard k is covered;  y_l in {0,1}  license l is used
Objective     full form: the least total cost;  budget form: the most standards, then the least cost that keeps them
Constraints   covered:    sum of x_r over r covering k >= z_k, and z_k = 1 in the full form
              lead:       without a mixture, a standard the lead program covers is covered by it, any other by supplements
              budget:     total cost <= budget
              remixable:  x_r <= y_license(r), and y_l + y_m <= 1 for licenses that do not mix; of a license that does
                          not surely mix with itself (its version is not stated) at most one resource

The lead is the program that covers most of the wanted standards (then the cheaper, then the first by name). What no
resource is aligned to is left out of the model and named. Greedy (most new standards per cost) is the stated baseline.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pandas as pd
import pulp

from infraplan import answers, solve, tablefiles
from infraplan.errors import NoAnswer
from infraplan.oer.licenses import read
from infraplan.oer.remix import remix
from infraplan.oer.sources.standards import OWN, Code, read_code, split_codes

MOST_PROGRAMS = 4


@dataclass(frozen=True)
class Resource:
    """One resource: what it covers of the wanted, its program (blank: none), cost and license."""

    resource_id: str
    covers: frozenset[str]
    program: str = ""
    cost: float = 1.0
    license_id: str = ""


@dataclass(frozen=True)
class Inputs:
    """What is asked. `wanted` maps keys to the codes as written; `reasons` says why a key is not coverable."""

    wanted: Mapping[str, str]
    resources: tuple[Resource, ...]
    reasons: Mapping[str, str]
    mix: bool = False
    budget: float | None = None
    remixable: bool = False
    assumed: bool = False
    unreadable: int = 0
    course: str = ""

    @property
    def coverable(self) -> frozenset[str]:
        """Wanted keys that some resource covers."""
        return frozenset(key for resource in self.resources for key in resource.covers)


@dataclass(frozen=True)
class Cover:
    """The answer: resources used with their role (program | supplement | resource) and what each is used for."""

    result: solve.Result
    lead: str
    used: tuple[tuple[Resource, str], ...]
    uncovered: Mapping[str, str]
    greedy_cost: float
    programs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """Total cost of what is used."""
        return sum(resource.cost for resource, _ in self.used)


# --- inputs --------------------------------------------------------------------------------------------------------


def inputs_from(
    standards: pd.DataFrame,
    alignments: pd.DataFrame,
    *,
    course: str | None = None,
    codes: Sequence[str] | None = None,
    mix: bool = False,
    budget: float | None = None,
    remixable: bool = False,
) -> Inputs:
    """What to cover, and what covers it.

    `codes` is the adopted item's own correlation; without it the whole standard set of `course` is taken, and flagged as
    assumed. Raises NoAnswer if the course has no standards or nothing wanted is aligned to anything.
    """
    wanted = _wanted(standards, course, codes)
    aligned = [(row, read_code(row["code"], row["framework"])) for row in _rows(alignments) if row["code"].strip()]
    resources = _resources(aligned, wanted, alignments)
    covered = {key for resource in resources for key in resource.covers}
    reasons = {key: _why_not(key, code, aligned) for key, code in wanted.items() if key not in covered}
    if not covered:
        raise NoAnswer(
            f"No answer: none of the {len(wanted):,} standards wanted is aligned to any of the resources.\n"
            f"  mend:  {next(iter(reasons.values()))}"
        )
    return Inputs(
        wanted=wanted,
        resources=resources,
        reasons=reasons,
        mix=mix,
        budget=budget,
        remixable=remixable,
        assumed=codes is None,
        unreadable=int((alignments["code"].str.strip() == "").sum()),
        course=(course or "").strip(),
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(key): str(cell) for key, cell in row.items()} for row in frame.to_dict("records")]


def _wanted(standards: pd.DataFrame, course: str | None, codes: Sequence[str] | None) -> dict[str, str]:
    known = {read_code(row["code"], row["framework"]): row["code"] for row in _rows(standards)}
    if codes is not None:
        frameworks = {code.key: code.framework for code in known}
        named = [(read_code(code), code) for cell in codes for code in split_codes(cell) if code]
        return {_full(Code(frameworks.get(code.key, code.framework), code.key)): written for code, written in named}
    told = course or ""
    chosen = standards[standards["course"].str.strip().str.casefold() == told.strip().casefold()]
    if chosen.empty:
        there = sorted({name.strip() for name in standards["course"] if name.strip()})
        listed = f"the file has: {', '.join(there[:20])}" if there else "the file names no course; use --codes"
        raise NoAnswer(f"No answer: there are no standards for course {told!r}.\n  mend:  {listed}")
    return {_full(read_code(row["code"], row["framework"])): row["code"] for row in _rows(chosen)}


def _full(code: Code) -> str:
    return f"{code.framework}|{code.key}"


def _resources(
    aligned: list[tuple[dict[str, str], Code]], wanted: Mapping[str, str], alignments: pd.DataFrame
) -> tuple[Resource, ...]:
    covers: dict[str, set[str]] = defaultdict(set)
    for row, code in aligned:
        key = _full(code)
        own = f"{OWN}|{code.key}"
        hit = key if key in wanted else own if own in wanted else ""
        if hit:
            covers[row["resource_id"]].add(hit)
    first = alignments.drop_duplicates("resource_id")
    facts = {row["resource_id"]: row for row in _rows(first)}
    return tuple(
        Resource(
            name,
            frozenset(keys),
            facts[name]["program"].strip(),
            float(facts[name]["cost"]),
            read(facts[name]["license"]).license.license_id,
        )
        for name, keys in sorted(covers.items())
    )


def _why_not(key: str, written: str, aligned: list[tuple[dict[str, str], Code]]) -> str:
    framework, _, code = key.partition("|")
    codes = {one.key for _, one in aligned if one.framework == framework}
    if not codes:
        others = sorted({one.framework for _, one in aligned})
        return (
            f"nothing is aligned to {framework if framework != OWN else 'this framework'}; the alignments are to "
            f"{', '.join(others) or 'nothing'}, and alignment to one framework is not alignment to another"
        )
    parent = Code(framework, code).parent
    if parent != code and parent in codes:
        return f"only the whole standard {parent} is aligned, not its part {written}"
    parts = sorted(one for one in codes if one != code and Code(framework, one).parent == code)
    if parts:
        return f"only parts of it are aligned: {', '.join(parts)}"
    return "no resource is aligned to it"


# --- the model -----------------------------------------------------------------------------------------------------


@dataclass
class Model:
    """The problem with its decisions by resource, standard and license."""

    problem: pulp.LpProblem
    uses: dict[str, pulp.LpVariable]
    covered: dict[str, pulp.LpVariable]
    licensed: dict[str, pulp.LpVariable]


def build(inputs: Inputs, lead: str, *, least_covered: float | None = None) -> Model:
    """The model of the module's docstring; with `least_covered`, the second step of the budget form."""
    most = (inputs.budget is not None or inputs.remixable) and least_covered is None
    problem = pulp.LpProblem("coverage", pulp.LpMaximize if most else pulp.LpMinimize)
    model = Model(problem, {}, {}, {})
    for index, resource in enumerate(inputs.resources):
        model.uses[resource.resource_id] = problem.add_variable(f"uses_{index}", cat="Binary")
    whole = inputs.budget is None and not inputs.remixable
    for index, key in enumerate(sorted(inputs.coverable)):
        model.covered[key] = problem.add_variable(f"covered_{index}", lowBound=1 if whole else 0, upBound=1)
    _objective(model, inputs, most=most)
    _every_standard_is_covered_by_its_side(model, inputs, lead)
    if inputs.budget is not None:
        problem.addConstraint(_cost(model, inputs) <= inputs.budget, "budget")
    if inputs.remixable:
        _only_licenses_that_mix(model, inputs)
    if least_covered is not None:
        problem.addConstraint(pulp.lpSum(model.covered.values()) >= least_covered, "least_covered")
    return model


def _cost(model: Model, inputs: Inputs) -> pulp.LpAffineExpression:
    return pulp.lpSum(resource.cost * model.uses[resource.resource_id] for resource in inputs.resources)


def _objective(model: Model, inputs: Inputs, *, most: bool) -> None:
    model.problem.setObjective(pulp.lpSum(model.covered.values()) if most else _cost(model, inputs))


def _every_standard_is_covered_by_its_side(model: Model, inputs: Inputs, lead: str) -> None:
    for index, key in enumerate(sorted(inputs.coverable)):
        able = [model.uses[resource.resource_id] for resource in _side(inputs, lead, key)]
        model.problem.addConstraint(pulp.lpSum(able) >= model.covered[key], f"cover_{index}")


def _side(inputs: Inputs, lead: str, key: str) -> list[Resource]:
    """Who may cover a standard: the lead where it can, else anyone."""
    able = [resource for resource in inputs.resources if key in resource.covers]
    led = [resource for resource in able if lead and resource.program == lead]
    return led or able


def _only_licenses_that_mix(model: Model, inputs: Inputs) -> None:
    ids = sorted({resource.license_id for resource in inputs.resources})
    for index, license_id in enumerate(ids):
        model.licensed[license_id] = model.problem.add_variable(f"license_{index}", cat="Binary")
    for index, resource in enumerate(inputs.resources):
        model.problem.addConstraint(
            model.uses[resource.resource_id] <= model.licensed[resource.license_id], f"carries_{index}"
        )
    for index, (a, b) in enumerate(combinations(ids, 2)):
        if remix(read(a).license, read(b).license).answer != "yes":
            model.problem.addConstraint(model.licensed[a] + model.licensed[b] <= 1, f"mix_{index}")
    for index, license_id in enumerate(ids):
        told = read(license_id).license
        if told.terms.adapt != "yes" or not told.known:
            model.problem.addConstraint(model.licensed[license_id] <= 0, f"adapts_{index}")
        elif remix(told, told).answer != "yes":  # a version that is not stated: one work of it, no two
            same = [model.uses[r.resource_id] for r in inputs.resources if r.license_id == license_id]
            model.problem.addConstraint(pulp.lpSum(same) <= 1, f"alone_{index}")


# --- solving -------------------------------------------------------------------------------------------------------


def cover(inputs: Inputs, limits: solve.Limits | None = None) -> Cover:
    """Solve; in the budget form and where the chosen must mix, first for the most standards, then for the least cost."""
    lead = "" if inputs.mix else lead_program(inputs)
    two_steps = inputs.budget is not None or inputs.remixable
    model = build(inputs, lead)
    result = solve.solve(model.problem, limits)
    solve.refuse_unanswered(result, what="a cover of these standards")
    if two_steps:
        reached = round(sum(variable.varValue or 0.0 for variable in model.covered.values()))
        if reached == 0:
            raise NoAnswer(_why_nothing(inputs))
        model = build(inputs, lead, least_covered=reached)
        result = solve.solve(model.problem, limits)
        solve.refuse_unanswered(result, what="a cover of these standards")
    chosen = [resource for resource in inputs.resources if (model.uses[resource.resource_id].varValue or 0.0) > 0.5]  # noqa: PLR2004
    met = {key for resource in chosen for key in resource.covers}
    left = dict.fromkeys(inputs.coverable - met, _why_left(inputs))
    return Cover(
        result=result,
        lead=lead,
        used=tuple((resource, _role(resource, lead)) for resource in chosen),
        uncovered=dict(inputs.reasons) | left,
        greedy_cost=greedy_cost(inputs, lead),
        programs=side_by_side(inputs),
    )


def _why_nothing(inputs: Inputs) -> str:
    if inputs.remixable and all(read(r.license_id).license.terms.adapt != "yes" for r in inputs.resources):
        return (
            "No answer: no resource has a license that is seen to allow adaptation, so nothing can be remixed.\n"
            "  mend:  give the column license in the alignments, or leave --remixable out"
        )
    return "No answer: the budget is less than the cost of any resource.\n  mend:  give a larger --budget"


def _role(resource: Resource, lead: str) -> str:
    if not lead:
        return "resource"
    return "program" if resource.program == lead else "supplement"


def lead_program(inputs: Inputs) -> str:
    """The program that covers most of the wanted standards; blank if no resource belongs to a program."""
    ranked = ranked_programs(inputs)
    return ranked[0] if ranked else ""


def ranked_programs(inputs: Inputs) -> list[str]:
    """Programs by standards covered (most first), then by cost, then by name."""
    covers: dict[str, set[str]] = defaultdict(set)
    costs: dict[str, float] = defaultdict(float)
    for resource in inputs.resources:
        if resource.program:
            covers[resource.program] |= resource.covers
            costs[resource.program] += resource.cost
    return sorted(covers, key=lambda program: (-len(covers[program]), costs[program], program))


def side_by_side(inputs: Inputs) -> dict[str, dict[str, int]]:
    """For each wanted standard, how many resources of the (up to four) best programs cover it."""
    best = ranked_programs(inputs)[:MOST_PROGRAMS]
    return {
        key: {program: sum(key in r.covers for r in inputs.resources if r.program == program) for program in best}
        for key in inputs.wanted
    }


def _why_left(inputs: Inputs) -> str:
    """Why a standard that something is aligned to stays uncovered: the limits that were given."""
    money = f"beyond the budget of {inputs.budget:g}" if inputs.budget is not None else ""
    mixing = "what covers it may not be remixed with what was chosen" if inputs.remixable else ""
    return ", or ".join(filter(None, (money, mixing)))


def greedy_cost(inputs: Inputs, lead: str) -> float:
    """Cost of taking, again and again, the resource with the most new standards per cost; the baseline of a full cover."""
    may = {
        resource.resource_id: frozenset(key for key in resource.covers if resource in _side(inputs, lead, key))
        for resource in inputs.resources
    }
    left, total = set(inputs.coverable), 0.0
    while left:
        best = max(inputs.resources, key=lambda r: (len(may[r.resource_id] & left) / max(r.cost, 1e-9), r.resource_id))
        left -= may[best.resource_id]
        total += best.cost
    return total


# --- tables --------------------------------------------------------------------------------------------------------


def cover_table(inputs: Inputs, answer: Cover) -> pd.DataFrame:
    """`cover.csv`: the resources used, what each covers of the wanted, its cost, program and role."""
    rows = [
        (
            resource.resource_id,
            ";".join(sorted(inputs.wanted[key] for key in resource.covers)),
            resource.cost,
            resource.program,
            role,
        )
        for resource, role in answer.used
    ]
    rows.sort(key=lambda row: ({"program": 0, "supplement": 1, "resource": 2}[row[4]], row[0]))
    return pd.DataFrame(rows, columns=["resource_id", "codes", "cost", "program", "role"])


def uncovered_table(inputs: Inputs, answer: Cover) -> pd.DataFrame:
    """`uncovered.csv`: wanted standards that the answer does not cover, with the reason."""
    rows = sorted((inputs.wanted[key], reason) for key, reason in answer.uncovered.items())
    return pd.DataFrame(rows, columns=["code", "reason"])


def programs_table(inputs: Inputs, answer: Cover) -> pd.DataFrame:
    """`programs.csv`: standard by program, the number of resources of each that cover it."""
    best = ranked_programs(inputs)[:MOST_PROGRAMS]
    rows = [(inputs.wanted[key], *(answer.programs[key][program] for program in best)) for key in inputs.wanted]
    return pd.DataFrame(sorted(rows), columns=["code", *best])


def summary(inputs: Inputs, answer: Cover) -> str:
    """The answer in words: share covered, the lead, supplements, the proof, what was assumed."""
    covered = len(inputs.wanted) - len(answer.uncovered)
    parts = [f"{covered:,} of {len(inputs.wanted):,} standards covered ({covered / len(inputs.wanted):.0%})"]
    if answer.lead:
        led = len({key for r in inputs.resources if r.program == answer.lead for key in r.covers})
        extra = sum(role == "supplement" for _, role in answer.used)
        added = {0: "no supplement", 1: "1 supplement"}.get(extra, f"{extra:,} supplements")
        parts.append(f"{answer.lead} leads: alone it could cover {led:,}; {added} beside it")
    number = "1 resource" if len(answer.used) == 1 else f"{len(answer.used):,} resources"
    limited = inputs.budget is not None or inputs.remixable
    baseline = "greedy, all that can be covered without these limits," if limited else "greedy"
    parts.append(f"{number}, cost {answer.cost:g} ({baseline} {answer.greedy_cost:g})")
    parts.append(
        "proved best"
        if answer.result.status == solve.Status.optimal
        else f"proved within {answer.result.gap:.1%} of the best"
    )
    if inputs.assumed:
        parts.append("assumed: the item covers its course's whole standard set")
    return "; ".join(parts)


def write(folder: Path, inputs: Inputs, answer: Cover, files: Mapping[str, Path]) -> None:
    """Write the answer's files into `folder`, whole or not at all."""
    with answers.answer_folder(folder) as fresh:
        tablefiles.write(cover_table(inputs, answer), fresh / "cover.csv")
        tablefiles.write(uncovered_table(inputs, answer), fresh / "uncovered.csv")
        tablefiles.write(programs_table(inputs, answer), fresh / "programs.csv")
        covered = len(inputs.wanted) - len(answer.uncovered)
        policy = {"mix": inputs.mix, "budget": inputs.budget, "remixable": inputs.remixable}
        answers.write_record(
            fresh,
            answers.record(
                answer.result,
                policy=policy,
                inputs=files,
                unit="adoption effort",
                course=inputs.course or None,
                lead_program=answer.lead or None,
                standards_wanted=len(inputs.wanted),
                standards_coverable=len(inputs.coverable),
                standards_covered=covered,
                wanted_set="assumed: the course's whole standard set" if inputs.assumed else "the item's correlation",
                greedy_cost=answer.greedy_cost,
                alignment_rows_without_a_code=inputs.unreadable,
            ),
        )
