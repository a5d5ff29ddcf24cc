"""Update rules: which variant each library has, what makes libraries agree, mistakes planted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...adapters.update_libraries import LIBRARIES, Cell, installed
from ...derivations.rules import VARIANTS, family_of
from ...updates.planted import planted
from ...updates.validate import validate_update
from ..records import HERE
from ..tables import CODE, FORMULA, NUMBER, VERDICT, Column, Table
from .recorded_updates import note, recorded, recorded_mistakes
from .section import Part, Rows, Section, plural

MATRIX_COLUMNS = (
    "rule",
    "library",
    "variant",
    "formula",
    "verdict",
    "arguments",
    "differs by",
    "power",
    "budgets",
)
CANNOT = "not installed here"
ABSENT = ("none", CANNOT)


def matrix_rows(
    seed: int = 0,
    quick: bool = False,
    dtype: str = "float64",
    libraries: Iterable[str] = (),
    names: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """One row for each library of every variant that some library implements.

    Where a library has no arguments that make it so, `verdict` is "none" and `differs by` says
    which of the same rule's variants it has instead.  `quick` judges one run for each, not two.
    """
    return [
        _row(name, library, seed, 1 if quick else 2, dtype)
        for name in names or implemented()
        for library in libraries or LIBRARIES
    ]


def implemented() -> list[str]:
    """The variants that some library implements, in the order of the table of variants."""
    met = {cell.variant for cells in LIBRARIES.values() for cell in cells}
    return [name for name in VARIANTS if name in met]


def agreements() -> list[dict[str, str]]:
    """For each of those variants the arguments by library; empty where there are none."""
    return [
        {"variant": name} | {lib: _arguments(name, lib) for lib in LIBRARIES}
        for name in implemented()
    ]


def catalogue() -> list[dict[str, str]]:
    """Every variant: its rule, formula in words and in LaTeX, and reference."""
    return [
        {
            "rule": v.family,
            "variant": v.name,
            "words": v.formula,
            "formula": v.latex,
            "reference": v.reference,
            "exact": "fractions" if v.rational else "balls",
        }
        for v in VARIANTS.values()
    ]


def mistakes(
    seed: int = 0, quick: bool = False, names: Iterable[str] = (), every: int = 9
) -> list[dict[str, Any]]:
    """Rows of the kill table: each mistake in each variant, whether it was caught and named.

    `quick` plants one mistake in `every`, at one run.
    """
    every, cases = (every, 1) if quick else (1, 2)
    return [
        one._asdict()
        for name in names or VARIANTS
        for one in planted(name, cases=cases, seed=seed, every=every)
    ]


def place(name: str) -> int:
    """Where a variant stands in the table of variants."""
    return list(VARIANTS).index(name)


def cell_of(name: str, library: str) -> Cell | None:
    return next((cell for cell in LIBRARIES[library] if cell.variant == name), None)


def _arguments(name: str, library: str) -> str:
    cell = cell_of(name, library)
    return cell.arguments if cell else ""


def _row(name: str, library: str, seed: int, cases: int, dtype: str) -> dict[str, Any]:
    variant, cell = VARIANTS[name], cell_of(name, library)
    row = {
        "rule": variant.family,
        "library": library,
        "variant": name,
        "formula": variant.latex,
        "arguments": cell.arguments if cell else "",
        "power": None,
        "budgets": None,
    }
    if cell is None:
        return row | {"verdict": "none", "differs by": _instead(name, library)}
    if not installed(library):
        return row | {"verdict": CANNOT, "differs by": ""}
    fixed: dict[str, Any] = dict(cell.fixed)
    finding = validate_update(cell.make, against=name, dtype=dtype, cases=cases, seed=seed, **fixed)
    differs = "" if finding.verdict == "correct" else _reason(finding)
    return row | {
        "verdict": str(finding.verdict),
        "differs by": differs,
        "power": max(finding.power.values(), default=None),
        "budgets": finding.worst.budgets if finding.worst else None,
    }


def _reason(finding) -> str:
    said = finding.explanation[0] if finding.explanation else None
    return str(said) if said else finding.reason.rpartition("; ")[2]


def _instead(name: str, library: str) -> str:
    """The variants of the same rule that a library does have."""
    return ", ".join(_others(name, library)) or f"{library} has no such rule"


def _others(name: str, library: str) -> Iterator[str]:
    for variant in family_of(name):
        if cell_of(variant.name, library):
            yield f"has {variant.name}: {variant.formula}"


CORRECT = "correct"
PLANTED = "mistakes in "
EVERY = 6  # of a variant's mistakes, one in so many is planted
IN = ("momentum", "adam")  # the variants that mistakes are planted in here
ASKED = ("momentum", "momentum_rate_inside", "adam", "adam_eps_hat")  # and that libraries are asked
FIRST, SAME = "first", "same rule"
MATRIX = (
    Column("rule", "Rule"),
    *(Column(library, library) for library in LIBRARIES),
)
ARGUMENTS = (
    Column("rule", "Rule"),
    Column("variant", "Variant"),
    Column("library", "Library"),
    Column("verdict", "Verdict", VERDICT),
    Column("arguments", "With", CODE),
    Column("budgets", "Error in budgets", NUMBER),
    Column("power", "Power", NUMBER),
    Column("differs by", "Differs by"),
    Column("seen", "Seen in"),
)
VARIANT_COLUMNS = (
    Column("rule", "Rule"),
    Column("variant", "Variant"),
    Column("formula", "Formula", FORMULA),
    Column("words", "In words"),
    Column("reference", "Reference"),
    Column("none", "In none of"),
)
MISTAKES = (
    Column("rule", "Variant"),
    Column("fault", "Mistake"),
    Column("description", "What it does"),
    Column("verdict", "Verdict", VERDICT),
    Column("named", "Named"),
    Column("also", "Cannot be told from"),
)
LEAD = (
    "The same name stands for different rules in different libraries. Each library's optimizers "
    "are run on gradients that tell the variants apart: the rate changes on the way; gradients "
    "vanish, change sign, are tiny and huge. Each cell has the variants that the library has."
)
ARGUMENTS_LEAD = (
    "The arguments with which a library computes a variant. Two libraries agree if both are given "
    "the arguments of the same variant. r is the rate, b a decay, e epsilon, l the weight decay."
)
VARIANTS_LEAD = (
    "Every variant with its name. In none of: the libraries that have no arguments for it."
)
MISTAKES_LEAD = (
    "Some of the catalogue's mistakes, planted in the variants and judged like any other rule. "
    "Named: first, if the first explanation is this mistake; same rule, if it is proven to be the "
    "same rule under another name; tied, if these runs cannot tell the two apart."
)


def work(part: str, seed: int, quick: bool) -> Part:
    """One library's cells, or mistakes in one variant."""
    if part in LIBRARIES:
        asked = matrix_rows(seed, True, libraries=(part,), names=ASKED)
        here = [cell(row) | {"seen": HERE} for row in asked if row["verdict"] not in ABSENT]
        known = {row["variant"] for row in here}
        return Part([*here, *map(cell, recorded(part, but=known))])
    name = part.removeprefix(PLANTED)
    return Part([mistake(row) for row in mistakes(seed, True, [name], EVERY)])


def cell(row: Mapping[str, Any]) -> dict[str, Any]:
    """A library's row; where we say that it implements a variant, it must, digits aside."""
    if row["verdict"] in ("wrong", "rejected"):
        return {**row, "act": f"its arguments were said to make it {row['variant']}"}
    return dict(row)


def mistake(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {column.key: row[column.key] for column in MISTAKES}
    kept |= {"named": named(row), "also": ", ".join(row["also"])}
    return kept if row["caught"] else kept | {"act": "a planted mistake survived"}


def named(row: Mapping[str, Any]) -> str:
    """How the mistake was named; what is named in its place is said."""
    if row["named"] and row["first"] == row["fault"]:
        return FIRST
    if row["same"]:
        return f"{SAME}: {row['first']}"
    return "tied" if row["named"] else "no"


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    cells = [row for library in LIBRARIES for row in parts[library].rows]
    rules = list(dict.fromkeys(row["rule"] for row in catalogue()))
    judged = sorted(cells, key=lambda row: place(row["variant"]))  # libraries in their order
    return (
        Table(
            "update-rules", "Update rules", LEAD, MATRIX, matrix(rules, judged), "", notes(judged)
        ),
        Table(
            "update-rules-arguments",
            "Arguments that agree",
            ARGUMENTS_LEAD,
            ARGUMENTS,
            tuple(judged),
            "rule",
        ),
        Table("update-variants", "Variants", VARIANTS_LEAD, VARIANT_COLUMNS, variants(), "rule"),
        planted_table([row for name in IN for row in parts[PLANTED + name].rows]),
    )


def matrix(rules: list[str], judged: Rows) -> tuple[dict[str, Any], ...]:
    has = lambda rule, library: ", ".join(
        row["variant"] + ("" if row["verdict"] == CORRECT else f" ({row['verdict']})")
        for row in judged
        if (row["rule"], row["library"]) == (rule, library)
    )
    return tuple({"rule": rule} | {lib: has(rule, lib) for lib in LIBRARIES} for rule in rules)


def notes(judged: Rows) -> tuple[str, ...]:
    names = {row["variant"] for row in judged}
    asked = sum(row["seen"] == HERE for row in judged)
    return (
        f"{len(names)} of the {len(implemented())} variants that some library implements; "
        f"{asked} of {len(judged)} cells were run now, the others are recorded.",
        note(),
    )


def variants() -> tuple[dict[str, Any], ...]:
    lacking = lambda row: ", ".join(
        library for library in LIBRARIES if not cell_of(row["variant"], library)
    )
    return tuple({**row, "none": lacking(row)} for row in catalogue())


def planted_table(rows: Rows) -> Table:
    first = sum(row["named"] == FIRST for row in rows)
    same = sum(row["named"].startswith(SAME) for row in rows)
    said = f"Of {plural(len(rows), 'mistake')} {first} named first, {same} as the same rule."
    notes = tuple(filter(None, (said, recorded_mistakes())))
    title = "Wrong update rules"
    return Table("wrong-update-rules", title, MISTAKES_LEAD, MISTAKES, tuple(rows), "", notes)


SECTION = Section((*LIBRARIES, *(PLANTED + name for name in IN)), work, tables)
